"""Tickets that moved between places: the history here starts with the move in, and pauses while they are away."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from helpdesk_kpi.store.change_order import in_turn
from helpdesk_kpi.store.ticket_records import EventRecord, TicketRecord

AWAY = "away"  # field whose changes record moves to a place that is not read (a value) and back (None)
Stay = tuple[int, int]  # [left, came back)


def begun(row: TicketRecord) -> int:
    """When the ticket entered a place that is read."""
    return row.created_at if row.came_at is None else max(row.created_at, row.came_at)


def since_it_came(row: TicketRecord, events: Sequence[EventRecord]) -> Sequence[EventRecord]:
    """The events since the ticket came here.

    The first request counts from the move on; everything else before belongs to another desk.
    """
    at = begun(row)
    if at == row.created_at:
        return events
    first = next((e for e in events if e.kind == "comment" and e.at == row.created_at), None)
    request = [] if first is None else [msgspec.structs.replace(first, at=at)]
    return [*request, *(e for e in events if e.at >= at)]


def stays_away(events: Sequence[EventRecord]) -> list[Stay]:
    """Spans in which the ticket was elsewhere and came back. The row has the time of a final move."""
    found: list[Stay] = []
    left: int | None = None
    for e in in_turn(e for e in events if e.kind == "change" and e.field == AWAY):
        if e.after is None and left is not None:
            found.append((left, e.at))
        left = None if e.after is None else e.at if left is None else left
    return found


def without_what_was_away(events: Sequence[EventRecord], stays: Sequence[Stay]) -> Sequence[EventRecord]:
    """Drop events of the spans elsewhere. Values that fields got there apply from the return on, without an actor."""
    if not stays:
        return events
    here = [e for e in events if not any(left <= e.at < back for left, back in stays)]
    return [*here, *(e for stay in stays for e in _brought_back(events, stay))]


def _brought_back(events: Sequence[EventRecord], stay: Stay) -> Iterator[EventRecord]:
    left, back = stay
    changes: dict[Any, list[EventRecord]] = {}
    for e in in_turn(e for e in events if e.kind == "change" and e.field != AWAY):
        if left <= e.at < back:
            changes.setdefault(e.field, []).append(e)
    for mine in changes.values():
        if mine[0].before != mine[-1].after:
            yield msgspec.structs.replace(mine[-1], at=back, seq=-1, before=mine[0].before, actor=None)
