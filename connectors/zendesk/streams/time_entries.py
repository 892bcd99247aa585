"""Time entries of the Time Tracking app, from changes of its two ticket fields in audits.

An entry is the difference of two totals. The field of the last update is not enough: the same time twice in a row does
not change it, and corrections change the total. So entries add up to the total of the app; a correction is an entry
that may be negative.
https://support.zendesk.com/hc/en-us/articles/4408822487450

A follow-up starts with the fields of its earlier ticket. We assume that the audit of its creation shows this
(https://support.zendesk.com/hc/en-us/articles/8421655952026): that time belongs to the earlier ticket.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import TimeFields, ZendeskAccountState
from connectors.zendesk.mapping.events import get_actor, get_audit_time, get_child_kind
from connectors.zendesk.mapping.tickets import text_id
from connectors.zendesk.streams.audits import fetch_audits
from connectors.zendesk.streams.per_ticket import TICKETS_PER_PAGE, TicketDetails, build_page
from helpdesk_kpi.errors import MissingError
from helpdesk_kpi.milliseconds import SECOND
from helpdesk_kpi.model import TimeEntry
from helpdesk_kpi.pull.contract import Page, RejectedRow, Start, Todo
from helpdesk_kpi.pull.lenient_decode import UNREADABLE_ERRORS, map_rows

QUEUE = "time_entries"
_UNKNOWN = object()
_FOLLOW_UP = ("follow_up", "closed_ticket")  # a relation, and the name of a channel


class TimeStep(msgspec.Struct, frozen=True):
    """One change of the total, in seconds. `was` None: the previous total is unknown."""

    was: int | None
    now: int
    rule: str | None


def map_time_entries(row: zd.TicketEvent, fields: TimeFields) -> list[TimeEntry]:
    """Time entries of one audit; empty if the previous total is unknown (see `has_unknown_total`)."""
    entries = []
    for position, step in enumerate(_list_steps(row, fields)):
        if step.was is not None and step.now != step.was:
            entries.append(
                TimeEntry(
                    id=f"{row.id}:{position}", ticket=str(row.ticket_id), at=get_audit_time(row),
                    spent=(step.now - step.was) * SECOND, agent=None if step.rule else text_id(row.updater_id),
                )
            )  # fmt: skip
    return entries


def has_unknown_total(row: zd.TicketEvent, fields: TimeFields) -> bool:
    """Whether the total changed from an unknown total: some exports omit previous values."""
    try:
        return any(step.was is None for step in _list_steps(row, fields))
    except UNREADABLE_ERRORS:  # not a number: `map_time_entries` rejects it
        return False


def _list_steps(row: zd.TicketEvent, fields: TimeFields) -> list[TimeStep]:
    changed = list(_list_changes(row, fields.total))
    if not changed:
        return []
    audit_actor = get_actor(row.via, None)
    if audit_actor and not {audit_actor.rel, audit_actor.via}.isdisjoint(_FOLLOW_UP):
        return []
    last = next((_parse_seconds(now) for _, now, _ in _list_changes(row, fields.last)), None)
    steps = []
    for previous, now, child in changed:
        total = _parse_seconds(now)
        before = _parse_seconds(previous) if previous is not _UNKNOWN else None if last is None else total - last
        actor = get_actor(child.get("via"), child.get("via_reference_id")) or audit_actor
        steps.append(TimeStep(before, total, actor.rule if actor else None))
    return steps


def _list_changes(row: zd.TicketEvent, field: int | None) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
    """(before, after, child) of each change of a field. Exports have its id as a key, directly or in an object."""
    if field is None:
        return
    name = str(field)
    for child in row.child_events:
        custom = child.get("custom_ticket_fields")
        if name in child:
            yield _get_previous(child), child[name], child
        elif str(child.get("field_name")) == name:
            yield _get_previous(child), child.get("value"), child
        elif isinstance(custom, dict) and name in custom:
            was = _get_previous(child)
            yield was.get(name) if isinstance(was, dict) else was, custom[name], child


def _get_previous(child: dict[str, Any]) -> Any:
    return None if get_child_kind(child) == "Create" else child.get("previous_value", _UNKNOWN)


def _parse_seconds(value: Any) -> int:
    """Seconds of a field value.

    Raises:
        ValueError: It is not a number.
    """
    if value in (None, ""):
        return 0
    if isinstance(value, int | float | str):
        return round(float(value))
    raise ValueError(f"no number of seconds: {str(value)[:40]!r}")


async def fetch_unsure_entries(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch the audits of tickets with an unknown previous total: audits always have it."""
    fields = await account.time_fields()

    async def fetch(todo: Todo) -> TicketDetails:
        try:
            events, rejected = await fetch_audits(account, todo.key, start.since)
        except MissingError:  # deleted meanwhile
            return TicketDetails([])
        entries, unmapped = map_rows(events, lambda row: map_time_entries(row, fields))
        unknown = [
            RejectedRow(str(row.id), "time spent changed from an unknown total")
            for row in events
            if has_unknown_total(row, fields)
        ]
        return TicketDetails(entries, [*rejected, *unmapped, *unknown])

    for first in range(0, len(start.todo), TICKETS_PER_PAGE):
        yield await build_page(start.todo[first : first + TICKETS_PER_PAGE], fetch)
    yield Page(complete_until=start.now)
