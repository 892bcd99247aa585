"""Rows of a page, one by one: a row that can't be read is set aside, and the page goes on."""

import functools
from collections.abc import Sequence
from typing import Any, TypeVar, cast

import msgspec

from helpdesk_kpi.errors import PullError
from helpdesk_kpi.pull.contract import SetAside

T = TypeVar("T")


def rows(
    raw: msgspec.Raw,
    type: type[T],  # noqa: A002 - as in Transport.get
    id: str = "id",  # noqa: A002 - the name of the field
) -> tuple[list[T], list[SetAside]]:
    """Decode a JSON array of rows; what doesn't fit comes back with its id and the path of the field that is wrong.

    A page without a broken row is decoded in one go. PullError where there is no array at all.
    """
    if not raw:
        return [], []
    try:
        return _list_of(cast("Any", type)).decode(raw), []
    except msgspec.ValidationError:
        return _one_by_one(_rows_of(raw), type, id)


def _rows_of(raw: msgspec.Raw) -> list[msgspec.Raw]:
    try:
        return _raws.decode(raw)
    except msgspec.ValidationError as error:
        raise PullError(f"the answer has another shape: {error}", permanent=True) from None


def _one_by_one(raws: Sequence[msgspec.Raw], kind: type[T], key: str) -> tuple[list[T], list[SetAside]]:
    good: list[T] = []
    aside: list[SetAside] = []
    for position, raw in enumerate(raws):
        try:
            good.append(_one_of(cast("Any", kind)).decode(raw))
        except msgspec.ValidationError as error:
            aside.append(SetAside(_id_of(raw, key) or f"row {position}", str(error)))
    return good, aside


def _id_of(raw: msgspec.Raw, key: str) -> str:
    row = msgspec.json.decode(raw)
    return str(row.get(key) or "") if isinstance(row, dict) else ""


_raws = msgspec.json.Decoder(list[msgspec.Raw])


@functools.cache
def _list_of(kind: Any) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(list[kind])


@functools.cache
def _one_of(kind: Any) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(kind)
