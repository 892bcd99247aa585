"""Histories that end at another value than the ticket has now: the ticket's value wins, once it is known."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from helpdesk_kpi.identities.source_rules import DONE_STATES, SourceRules
from helpdesk_kpi.measure.tickets.timeline_events import Change
from helpdesk_kpi.store.ticket_records import TicketRecord


class FinalValue(NamedTuple):
    """The missing last change from a history to the present value."""

    change: Change
    is_dated: bool  # the time is known; else it is that of the ticket's last update


def ends_elsewhere(desk: SourceRules, row: TicketRecord, changes: Sequence[Change]) -> list[FinalValue]:
    """Find the changes that are missing at the end of a history, at most one per field.

    Deleted or moved tickets have no present value. A history that is newer than the row is complete.
    """
    if row.deleted_at is not None or row.left_at is not None or row.changes_known != "yes":
        return []
    last = {c.field: c for c in changes if c.field in {"status", "priority", "team", "assignee"}}
    return [*_status(desk, row, last.get("status")), *_others(desk, row, last)]


def _status(desk: SourceRules, row: TicketRecord, last: Change | None) -> Iterator[FinalValue]:
    now, then = desk.state(row.status), desk.state(last.after) if last else "open"
    if (last is None and now not in DONE_STATES) or _is_newer(last, row) or now == then or {now, then} <= DONE_STATES:
        return
    # Closing comes later than solving: since when a ticket is closed does not say when it was solved.
    dated = row.status_at is not None and now != "closed" and row.status_at >= (last.at if last else row.created_at)
    if last is None and not dated:
        return
    at = row.status_at if dated and row.status_at is not None else max(row.updated_at, last.at if last else 0)
    change = Change(at, "status", last.after if last else None, row.status, "unknown", None)
    yield FinalValue(change, is_dated=dated or _is_at_once(last, row))


def _others(desk: SourceRules, row: TicketRecord, last: Mapping[str, Change]) -> Iterator[FinalValue]:
    ways: tuple[tuple[str, Any, Callable[[str | None], Any]], ...] = (
        ("priority", desk.severity(row.priority), desk.severity),
        ("team", row.team, lambda native: desk.team_keys.get(native or "")),
        ("assignee", row.assignee, lambda native: desk.person_keys.get(native or "")),
    )
    for field, now, read in ways:
        change = last.get(field)
        if change is None or _is_newer(change, row) or read(change.after) == now:
            continue
        native = row.priority if field == "priority" else _native(desk, field, now)
        if native is not None or now is None:
            at = max(row.updated_at, change.at)
            following = Change(at, field, change.after, native, "unknown", None)
            yield FinalValue(following, is_dated=_is_at_once(change, row))


def _is_newer(change: Change | None, row: TicketRecord) -> bool:
    return change is not None and change.at > row.updated_at


def _is_at_once(change: Change | None, row: TicketRecord) -> bool:
    """Whether the last known change is at the last update: the missing one happened in the same instant."""
    return change is not None and change.at == row.updated_at


def _native(desk: SourceRules, field: str, key: int | None) -> str | None:
    keys = desk.team_keys if field == "team" else desk.person_keys
    return next((native for native, other in keys.items() if other == key), None)
