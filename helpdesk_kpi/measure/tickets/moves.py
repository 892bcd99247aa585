"""Tickets that moved: their life here begins with the move that brought them, and pauses while they were away."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from helpdesk_kpi.store.change_order import in_turn
from helpdesk_kpi.store.ticket_records import EventRecord, TicketRecord

AWAY = "away"  # a field whose changes say that a ticket left for where nothing is read (a value), and came back (none)
Stay = tuple[int, int]  # from when until when it was away


def begun(row: TicketRecord) -> int:
    """When it became a ticket that is read."""
    return row.created_at if row.came_at is None else max(row.created_at, row.came_at)


def since_it_came(row: TicketRecord, events: Sequence[EventRecord]) -> Sequence[EventRecord]:
    """What happened here. The first request counts from the day of the move; the rest of what was
    before is another desk's.
    """
    at = begun(row)
    if at == row.created_at:
        return events
    first = next((e for e in events if e.kind == "comment" and e.at == row.created_at), None)
    request = [] if first is None else [msgspec.structs.replace(first, at=at)]
    return [*request, *(e for e in events if e.at >= at)]


def stays_away(events: Sequence[EventRecord]) -> list[Stay]:
    """When it was somewhere else and came back. What never came back has left, which its row says."""
    found: list[Stay] = []
    left: int | None = None
    for e in in_turn(e for e in events if e.kind == "change" and e.field == AWAY):
        if e.after is None and left is not None:
            found.append((left, e.at))
        left = None if e.after is None else e.at if left is None else left
    return found


def without_what_was_away(events: Sequence[EventRecord], stays: Sequence[Stay]) -> Sequence[EventRecord]:
    """What was said and done somewhere else is another desk's. What a field had become there, it is from the return on,
    by nobody here.
    """
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
