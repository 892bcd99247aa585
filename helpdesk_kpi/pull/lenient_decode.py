"""Rows of a page, one by one: a row that can't be read is set aside, and the page goes on."""

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, cast

import msgspec

from helpdesk_kpi.errors import BrokenError, PullError
from helpdesk_kpi.model import Record
from helpdesk_kpi.store.page import RejectedRow
from helpdesk_kpi.store.row_validation import EARLIEST, LATEST

T = TypeVar("T")
V = TypeVar("V")
R = TypeVar("R", bound=Record)

#: What reading a value raises that is not as it should be. Anything else is a mistake of ours, and is raised.
UNREADABLE_ERRORS = (
    ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError, OSError,
    msgspec.MsgspecError, PullError,
)  # fmt: skip
_MAX_REASON = 200  # characters of a reason
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_PLAIN_ID = re.compile(r"[\w.:/@+=-]{1,80}")


def decode_rows(
    raw: msgspec.Raw,
    type: type[T],  # noqa: A002 - as in Transport.get
    id: str = "id",  # noqa: A002 - the name of the field
) -> tuple[list[T], list[RejectedRow]]:
    """Decode a JSON array of rows; what doesn't fit comes back with its id and the path of the field that is wrong.

    A page without a broken row is decoded in one go. BrokenError where there is no array at all.
    """
    if not raw:
        return [], []
    try:
        return _list_decoder(cast("Any", type)).decode(raw), []
    except (msgspec.DecodeError, RecursionError):
        return _decode_individually(split_rows(raw), type, id)


def split_rows(raw: msgspec.Raw) -> list[msgspec.Raw]:
    """The rows of a JSON array, each as it stands there. BrokenError where there is no array."""
    if not raw:
        return []
    try:
        return _decode_raw_list.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BrokenError(f"the answer has another shape: {error}") from None


def join_rows(found: Iterable[msgspec.Raw]) -> msgspec.Raw:
    """Rows from several places as one array."""
    return msgspec.Raw(b"[" + b",".join(bytes(one) for one in found) + b"]")


def decode_row(raw: msgspec.Raw | bytes, type: type[T]) -> T:  # noqa: A002 - as in Transport.get
    """Decode one value. One of the errors in UNREADABLE where it doesn't fit."""
    return cast("T", _value_decoder(cast("Any", type)).decode(raw))


def map_rows(
    found: Iterable[T],
    make: Callable[[T], Iterable[R]],
    *,
    id: str = "id",  # noqa: A002 - the field's name
) -> tuple[list[R], list[RejectedRow]]:
    """Records of rows; a row whose meaning can't be worked out is set aside."""
    records: list[R] = []
    aside: list[RejectedRow] = []
    for one in found:
        try:
            records.extend([*make(one)])
        except UNREADABLE_ERRORS as error:
            aside.append(RejectedRow(str(getattr(one, id, "?")), get_reason(error)))
    return records, aside


def read_each(
    found: Iterable[T],
    read: Callable[[T], V],
    *,
    id: str = "id",  # noqa: A002 - the field's name
) -> tuple[list[tuple[T, V]], list[RejectedRow]]:
    """Rows with what is read of each; one of which it cannot be read is set aside."""
    good: list[tuple[T, V]] = []
    aside: list[RejectedRow] = []
    for one in found:
        try:
            good.append((one, read(one)))
        except UNREADABLE_ERRORS as error:
            aside.append(RejectedRow(str(getattr(one, id, "?")), get_reason(error)))
    return good, aside


def get_reason(error: BaseException) -> str:
    """Why a row was set aside, without what stands in it.

    >>> get_reason(ValueError("created_at 'Ann was here' is no time")), get_reason(RecursionError())
    ('created_at … is no time', 'nested too deep')
    """
    match error:
        case PullError():
            text = str(error)
        case RecursionError():
            text = "nested too deep"
        case OverflowError():
            text = "a number or a time is out of range"
        case ValueError() | msgspec.MsgspecError():
            text = _QUOTED.sub("…", str(error))
        case _:
            text = "a value is of another kind than it should be"
    return text[:_MAX_REASON]


def check_time(at: int) -> int:
    """The time in UTC epoch ms; ValueError where it lies outside of the years 1990 to 2100."""
    if not EARLIEST <= at < LATEST:
        raise ValueError("a time outside of the years 1990 to 2100")
    return at


def _decode_individually(found: Sequence[msgspec.Raw], kind: type[T], key: str) -> tuple[list[T], list[RejectedRow]]:
    good: list[T] = []
    aside: list[RejectedRow] = []
    for position, raw in enumerate(found):
        try:
            good.append(decode_row(raw, kind))
        except (msgspec.DecodeError, RecursionError) as error:
            aside.append(RejectedRow(find_id(raw, key) or f"row {position}", get_reason(error)))
    return good, aside


def find_id(raw: msgspec.Raw, key: str = "id") -> str:
    """The id of a row that may have anything wrong with it; "" where it has none that can be told."""
    try:
        own = msgspec.json.decode(_decode_raw_object.decode(raw)[key], type=str | int)
    except (msgspec.DecodeError, RecursionError, KeyError):
        return ""
    return str(own) if _PLAIN_ID.fullmatch(str(own)) else ""


_decode_raw_list = msgspec.json.Decoder(list[msgspec.Raw])
_decode_raw_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


@functools.cache
def _list_decoder(kind: Any) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(list[kind])


@functools.cache
def _value_decoder(kind: Any) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(kind)
