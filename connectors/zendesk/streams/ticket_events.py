"""Comments and changes of tickets: by the export or, if it is denied, by the audits of each ticket."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple

import msgspec

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.mapping.events import get_audit_time, map_events
from connectors.zendesk.pagination import fetch_by_time
from connectors.zendesk.streams import time_entries
from connectors.zendesk.streams.audits import fetch_audits
from connectors.zendesk.streams.export import OVERLAP, WHOLE_AFTER, max_cursor
from connectors.zendesk.streams.export_or_list import export_cursor
from connectors.zendesk.streams.per_ticket import TicketDetails, fetch_per_ticket
from helpdesk_kpi.errors import MissingError
from helpdesk_kpi.milliseconds import SECOND
from helpdesk_kpi.model import REFUSED_ROW, AnyRecord, Changes, Event, Replies, Unread
from helpdesk_kpi.pull.contract import Page, RejectedRow, Start, Todo
from helpdesk_kpi.pull.lenient_decode import decode_rows, find_id, map_rows, read_each, split_rows

MISSING = "missing_events"  # the queue of tickets without exported comments
#: Maps events of tickets.
AuditReader = Callable[[Sequence[zd.TicketEvent]], "AuditRecords"]


class AuditRecords(NamedTuple):
    records: list[AnyRecord]
    rejected: list[RejectedRow]  # rows that could not be read
    untimed: list[RejectedRow]  # rows with unreadable time entries only


async def _build_reader(account: ZendeskAccountState) -> AuditReader:
    """Build the mapping of events for this account.

    Time entries are mapped separately, so that an invalid time does not affect the comment of the same row.
    """
    keep_fields, hosts, fields = await account.fields(), await account.article_hosts(), await account.time_fields()

    def read_events(events: Sequence[zd.TicketEvent]) -> AuditRecords:
        records, rejected = map_rows(events, lambda row: map_events(row, keep_fields, hosts, account.settings.thanks))
        time_entries_read, without_time = map_rows(events, lambda row: time_entries.map_time_entries(row, fields))
        rejected_ids = {one.id for one in rejected}
        return AuditRecords(
            [*records, *time_entries_read], rejected, [one for one in without_time if one.id not in rejected_ids]
        )

    return read_events


async def fetch_ticket_events(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch comments and changes by the export, also of archived tickets. The cursor is the end time in seconds."""
    read_events = await _build_reader(account)
    seen_ids: set[int] = set()  # of the last page: a page repeats the last second of the previous page
    params: dict[str, str | int | bool] = {
        "per_page": account.settings.page_size,
        "include": "comment_events",
        "support_type_scope": "all",  # as with tickets, to include AI agents' tickets
    }
    cursor = export_cursor(start)
    first = max(int(cursor) - OVERLAP, start.since // SECOND) if cursor else start.since // SECOND
    pages = fetch_by_time(
        account.http, "/api/v2/incremental/ticket_events", params,
        start=first, now=start.now // SECOND, endpoint="incremental/ticket_events", rows="ticket_events",
    )  # fmt: skip
    async for page, end in pages:
        good, rejected = decode_rows(page.ticket_events, zd.TicketEvent)
        fresh = [row for row in good if row.id not in seen_ids]
        seen_ids = {row.id for row in good}
        records, unmapped, without_time = read_events(fresh)
        unread_rows = _list_unread_events(page.ticket_events, rejected, fresh, unmapped)
        until = start.now - WHOLE_AFTER
        complete_until = until if page.end_of_stream else min(end * SECOND - SECOND, until)
        yield Page(
            records=[*records, *unread_rows], cursor=max_cursor(cursor, end), complete_until=complete_until,
            rejected=[*rejected, *unmapped, *without_time], todo=await _queue_unknown_totals(account, fresh),
        )  # fmt: skip
    # Tickets without comments after the export's delay, or with unread events: they may have been answered.
    silent = [
        todo for todo in start.without_comments(first * SECOND, MISSING) if todo.version <= start.now - WHOLE_AFTER
    ]
    if silent:
        yield Page(records=[gap for todo in silent for gap in _map_gaps(todo)], todo={MISSING: silent})


def _map_gaps(todo: Todo) -> list[AnyRecord]:
    return [Replies(todo.key, todo.version, "unreadable"), Changes(todo.key, todo.version, "unreadable")]


def _list_unread_events(
    raw: msgspec.Raw, rejected: Sequence[RejectedRow], rows: Sequence[zd.TicketEvent], unmapped: Sequence[RejectedRow]
) -> list[AnyRecord]:
    """Unread events by ticket. A row without a readable ticket id is only rejected."""
    rejected_ids = {one.id for one in rejected}
    ids = (
        [(find_id(row, "ticket_id"), find_id(row) or f"row {i}") for i, row in enumerate(split_rows(raw))]
        if rejected_ids
        else []
    )
    unread = [(ticket, event) for ticket, event in ids if event in rejected_ids]
    unmapped_ids = {one.id for one in unmapped}
    unread += [(str(row.ticket_id), str(row.id)) for row in rows if str(row.id) in unmapped_ids]
    return [Unread(ticket, f"{event}:row", REFUSED_ROW, "ticket_event") for ticket, event in unread if ticket]


async def _queue_unknown_totals(
    account: ZendeskAccountState, events: Sequence[zd.TicketEvent]
) -> dict[str, list[Todo]]:
    """Queue tickets with an unknown previous total: their audits have it."""
    fields = await account.time_fields()  # cached
    dated, _ = read_each(
        [row for row in events if time_entries.has_unknown_total(row, fields)], get_audit_time
    )  # set aside with its events
    todos = [Todo(at, str(row.ticket_id)) for row, at in dated]
    return {time_entries.QUEUE: todos} if todos else {}


async def fetch_audits_of_changed(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch the audits of each changed ticket. They give the same events as the export."""
    read_events = await _build_reader(account)

    async def fetch(todo: Todo) -> TicketDetails:
        try:
            events, rejected = await fetch_audits(account, todo.key, start.since)
        except MissingError:  # deleted meanwhile
            return TicketDetails(gap(todo))
        records, unmapped, without_time = read_events(events)
        is_whole = not rejected and not unmapped
        state = [Replies(todo.key, todo.version)] if is_whole else gap(todo)
        return TicketDetails([*records, *state], [*rejected, *unmapped, *without_time], is_whole=is_whole)

    def gap(todo: Todo) -> list[AnyRecord]:
        unread = Unread(todo.key, "audits:row", REFUSED_ROW, "audit")  # until all audits are read
        return [Replies(todo.key, todo.version, "unreadable"), unread]

    def known_already(todo: Todo) -> list[AnyRecord]:
        return [Replies(todo.key, todo.version)]

    async for page in fetch_per_ticket(start, fetch, map_exported=known_already, gap=gap):
        yield page


async def fetch_missing_audits(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch the audits of tickets without exported comments. If they have none either, replies stay unknown."""
    read_events = await _build_reader(account) if start.todo else None

    async def fetch(todo: Todo) -> TicketDetails:
        assert read_events is not None
        try:
            events, rejected = await fetch_audits(account, todo.key, start.since)
        except MissingError:
            return TicketDetails([])
        records, unmapped, without_time = read_events(events)
        has_words = any(isinstance(record, Event) and record.kind == "comment" for record in records)
        is_whole = has_words and not rejected and not unmapped
        state: list[AnyRecord] = [Replies(todo.key, todo.version), Changes(todo.key, todo.version)] if is_whole else []
        return TicketDetails([*records, *state], [*rejected, *unmapped, *without_time], is_whole=is_whole)

    async for page in fetch_per_ticket(start, fetch, map_exported=lambda _: ()):
        yield page
