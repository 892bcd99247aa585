"""Entries for people to read: names for marks, and of anonymous answers only that they are there."""

import datetime as dt
import typing
from collections.abc import Sequence
from typing import Any

import msgspec

from helpdesk_kpi.calendar.periods import format_iso
from helpdesk_kpi.registers.entry import Entry, RatedEntry
from helpdesk_kpi.registers.lookup import RegisterLookup
from helpdesk_kpi.registers.parser import DERIVED, list_hints
from helpdesk_kpi.registers.register_types import ANONYMOUS, decode_entry
from helpdesk_kpi.store.register_entries import ACTIVE_SQL, RegisterRow, load_rows

#: All that is shown of an answer whose rater is nobody's business; what else there is could give them away.
NAMELESS = frozenset({"subject", "team", "period"})


def list_entries(names: RegisterLookup, kind: type[Entry], *, everything: bool = False) -> list[dict[str, Any]]:
    """The entries in force, or all that ever were, as plain values."""
    condition = "register = ?" if everything else f"register = ? AND {ACTIVE_SQL}"
    return [_render_entry(names, kind, row) for row in load_rows(names.store, condition, kind.register)]


def _render_entry(names: RegisterLookup, kind: type[Entry], row: RegisterRow) -> dict[str, Any]:
    entry = decode_entry(row)
    values: dict[str, Any] = {"entry": row.id, **_fields(names, kind, entry)}
    nameless = kind.register in ANONYMOUS
    if isinstance(entry, RatedEntry) and not nameless:
        values |= {aspect: mark.value for aspect, mark in entry.marks.items()}
    values["state"] = _state(row)
    if not nameless:
        values |= {"entered_at": format_iso(row.entered_at), "entered_by": row.entered_by}
    if row.withdrawn_at is not None:
        values |= {"withdrawn_at": format_iso(row.withdrawn_at), "withdrawn_by": row.withdrawn_by, "why": row.why}
    return values


def _state(row: RegisterRow) -> str:
    if row.superseded_by is not None:
        return f"corrected by {row.superseded_by}"
    return "in force" if row.withdrawn_at is None else "withdrawn"


def _fields(names: RegisterLookup, kind: type[Entry], entry: Entry) -> dict[str, Any]:
    shown = {}
    for name, hint in list_hints(kind).items():
        value = getattr(entry, name)
        if name in DERIVED or value is None or (kind.register in ANONYMOUS and name not in NAMELESS):
            continue
        shown[name] = _plain(names, value, hint)
    return shown


def _plain(names: RegisterLookup, value: Any, hint: Any) -> Any:
    words = {word for part in (hint, *typing.get_args(hint)) for word in getattr(part, "__metadata__", ())}
    if "people" in words:
        return [names.display_name(mark) for mark in value]
    if "person" in words:
        return names.display_name(value)
    return value.isoformat() if isinstance(value, dt.date) else msgspec.to_builtins(value)


def format_entries(found: Sequence[dict[str, Any]]) -> str:
    """One paragraph an entry, one line a field."""
    return (
        "\n\n".join("\n".join(f"{name:<14} {_text(value)}" for name, value in one.items()) for one in found) or "none"
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
