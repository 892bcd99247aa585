"""Values of cells. Errors say what is wrong and what is expected."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from helpdesk_kpi.pull.lenient_decode import check_time
from helpdesk_kpi.store.row_validation import MOST

#: Reads a cell that is not empty. Its ValueError does not have the name of the column.
ReadCell = Callable[[Any, ZoneInfo | None], Any]

_BY_A_SPREADSHEET = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}( .*)?|\d{1,4}[./]\d{1,2}[./]\d{1,4}( .*)?")
_SERIAL = re.compile(r"\d{4,5}([.,]\d+)?")
_ROUNDED = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)
#: TRUE and FALSE in the languages of spreadsheets, and plain words.
_YES = {
    "true", "yes", "1", "t", "y", "wahr", "ja", "vrai", "oui", "verdadero", "sí", "si", "vero", "sì", "verdadeiro",
    "sim", "waar", "sant", "sand", "sann", "tosi", "prawda", "tak", "pravda", "ano", "igaz", "adevărat", "doğru",
    "истина", "да", "真", "是", "참",
}  # fmt: skip
_NO = {
    "false", "no", "0", "f", "n", "falsch", "nein", "faux", "non", "falso", "não", "onwaar", "nee", "falskt", "falsk",
    "usann", "epätosi", "fałsz", "nie", "nepravda", "ne", "hamis", "fals", "yanlış", "ложь", "нет", "假", "否", "거짓",
}  # fmt: skip


class Column(NamedTuple):
    """One column of a layout."""

    read: ReadCell
    says: str  # what it holds, for docs/files.md
    required: bool = False


def read_text(cell: Any, _zone: ZoneInfo | None) -> str:
    if isinstance(cell, bool | dict | list):
        raise ValueError(f"expected text, got {msgspec.json.encode(cell).decode()}")  # noqa: TRY004 - of the cell
    return str(cell)


def read_id(cell: Any, _zone: ZoneInfo | None) -> str:
    """Read an id. An id that a spreadsheet has rounded is an error."""
    if isinstance(cell, float | bool | dict | list):
        raise ValueError(f"expected an id, as text, got {cell!r}")  # noqa: TRY004 - of the cell
    value = str(cell).strip()
    if _ROUNDED.fullmatch(value):
        raise ValueError(f"{value!r} is an id that a spreadsheet has rounded: export the column as text")
    return value


def read_time(cell: Any, zone: ZoneInfo | None) -> int:
    """Read ISO 8601 as UTC epoch ms. Without an offset it is local time of `zone`; None: an error."""
    value = str(cell).strip()
    if _BY_A_SPREADSHEET.fullmatch(value) or _SERIAL.fullmatch(value):
        raise ValueError(
            f"{value!r} is an ambiguous time of a spreadsheet; expected ISO 8601, like 2026-01-05T09:30:00Z"
        )
    try:
        moment = datetime.fromisoformat(value.removesuffix(" UTC") + ("Z" if value.endswith(" UTC") else ""))
    except ValueError:
        raise ValueError(f"{value!r} is not an ISO 8601 time like 2026-01-05T09:30:00Z") from None
    if moment.tzinfo is None:
        if zone is None:
            raise ValueError(f"{value!r} has no time zone: add Z or an offset, or set `timezone`")
        moment = moment.replace(tzinfo=zone)
    try:
        return check_time(round(moment.timestamp() * 1000))
    except (ValueError, OverflowError):
        raise ValueError(f"{value!r} is not between the years 1990 and 2100") from None


def read_boolean(cell: Any, _zone: ZoneInfo | None) -> bool:
    value = str(cell).strip().casefold()
    if value not in _YES | _NO:
        raise ValueError(f"{cell!r} is neither true nor false")
    return value in _YES


def read_integer(cell: Any, _zone: ZoneInfo | None) -> int:
    try:
        value = int(str(cell).strip())
    except ValueError:
        raise ValueError(f"{str(cell)[:80]!r} is not a whole number") from None
    if abs(value) > MOST:
        raise ValueError("the number is too large for the store")
    return value


def read_number(cell: Any, _zone: ZoneInfo | None) -> float:
    try:
        return float(str(cell).strip().replace(",", "."))
    except ValueError:
        raise ValueError(f"{cell!r} is not a number") from None


def read_share(cell: Any, zone: ZoneInfo | None) -> float:
    value = read_number(cell, zone)
    if not 0 <= value <= 1:
        raise ValueError(f"{cell!r} is not between 0 and 1")
    return value


def read_list(cell: Any, _zone: ZoneInfo | None) -> tuple[str, ...]:
    """Read "a, b" or a JSON list."""
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        try:
            cell = msgspec.json.decode(cell)
        except msgspec.DecodeError:
            raise ValueError(f"{cell!r} is not a valid JSON list") from None
    parts: Sequence[Any] = cell if isinstance(cell, list) else str(cell).split(",")
    return tuple(entry for part in parts if (entry := str(part).strip()))


class OneOf:
    """Reads one of the allowed words."""

    def __init__(self, *allowed: str) -> None:
        self.allowed = allowed

    def __call__(self, cell: Any, _zone: ZoneInfo | None) -> str:
        value = str(cell).strip()
        if value not in self.allowed:
            raise ValueError(f"{value!r} is not one of {', '.join(self.allowed)}")
        return value
