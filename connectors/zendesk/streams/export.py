"""Streams of users and tickets: the exports."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import msgspec

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import AccountState
from connectors.zendesk.mapping import surveys, tickets
from connectors.zendesk.mapping.unread import UnreadRows
from connectors.zendesk.pagination import SECOND, fetch_by_cursor, fetch_by_time
from connectors.zendesk.streams.export_or_list import export_cursor
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.contract import Page, RejectedRow, Start, Todo
from helpdesk_kpi.pull.lenient_decode import decode_rows, map_rows
from helpdesk_kpi.store.unread import refused_tickets

WHOLE_AFTER = 75 * SECOND  # ms that exports lag behind; a minute is documented, 75 s were measured
METRICS = "ticket_metrics"  # the stream that asks again for metric sets
OVERLAP = 600  # seconds of events that are read again, since some become visible late


async def fetch_users_incremental(account: AccountState, start: Start) -> AsyncIterator[Page]:
    """Everyone, from the beginning: who answered in the period may have been made long before it."""
    params = {"per_page": account.settings.page_size}
    pages = fetch_by_cursor(
        account.http, "/api/v2/incremental/users/cursor", params, zd.UsersPage,
        cursor=export_cursor(start), start=0, endpoint="incremental/users",
    )  # fmt: skip
    async for page, cursor in pages:
        good, aside = decode_rows(page.users, zd.User)
        records, worse = map_rows(good, lambda row: [tickets.map_person(row)])
        whole = start.now - WHOLE_AFTER if page.end_of_stream else None
        yield Page(records=records, cursor=cursor, complete_until=whole, rejected=[*aside, *worse])


async def fetch_tickets_incremental(account: AccountState, start: Start) -> AsyncIterator[Page]:
    """Tickets in the order in which Zendesk wrote them, deleted ones and those of AI agents too.

    Without `support_type_scope=all` the latter are left out, and with `exclude_deleted` nobody learns of deletions.
    """
    keep = await account.keep(start.since)
    params: dict[str, str | int | bool] = {
        "per_page": account.settings.page_size,
        "include": "metric_sets",
        "exclude_deleted": "false",
        "support_type_scope": "all",
    }
    pages = fetch_by_cursor(
        account.http, "/api/v2/incremental/tickets/cursor", params, zd.TicketsPage,
        cursor=export_cursor(start), start=start.since // SECOND, endpoint="incremental/tickets",
    )  # fmt: skip
    async for page, cursor in pages:
        good, aside = decode_rows(page.tickets, zd.Ticket)
        attach_metric_sets(good, page.metric_sets)
        records, worse = map_rows(good, lambda row: tickets.map_ticket(row, keep))
        last = max((row.generated_timestamp or 0 for row in good), default=0) * SECOND - SECOND
        until = start.now - WHOLE_AFTER
        whole = until if page.end_of_stream else min(max(last, 0), until) or None
        yield Page(
            records=[*records, *refused_tickets([*aside, *worse])], cursor=cursor, complete_until=whole,
            rejected=[*aside, *worse], todo={**queue_missing_metrics(good), **surveys.queue_answers(good)},
        )  # fmt: skip


def queue_missing_metrics(found: Sequence[zd.Ticket], *, listed: bool = False) -> dict[str, list[Todo]]:
    """Zendesk works a metric set out some minutes after a change; until then it is null, and is asked for later."""
    late = [row for row in found if row.metric_set is None and row.status != tickets.DELETED]
    return {METRICS: [Todo(tickets.get_version(row, listed=listed), str(row.id)) for row in late]} if late else {}


def attach_metric_sets(found: Sequence[zd.Ticket], metric_sets: msgspec.Raw) -> None:
    """Metric sets stand inside the tickets in exports, and beside them in lists."""
    beside = {m.ticket_id: m for m in decode_rows(metric_sets, zd.MetricSet, "ticket_id")[0]}
    for row in found:
        row.metric_set = row.metric_set or beside.get(row.id)


ListUnread = Callable[[msgspec.Raw, Sequence[Any], Sequence[RejectedRow]], UnreadRows]


def _no_unread(_raw: msgspec.Raw, _good: Sequence[Any], _aside: Sequence[RejectedRow]) -> UnreadRows:
    return UnreadRows([], {})


async def fetch_export(
    account: AccountState,
    start: Start,
    *,
    path: str,
    key: str,
    kind: type[Any],
    make: Callable[[Any], Sequence[AnyRecord]],
    everything: bool = False,
    refused: ListUnread = _no_unread,
) -> AsyncIterator[Page]:
    """A time-based export of rows that are told again when they change; `everything`: also from before `since`.
    `refused`: what to say of rows that cannot be read.
    """
    begin, cursor = 0 if everything else start.since // SECOND, export_cursor(start)
    first = max(int(cursor) - OVERLAP, begin) if cursor else begin
    pages = fetch_by_time(account.http, path, {}, start=first, now=start.now // SECOND, endpoint=path[8:], rows=key)
    end = first
    async for page, end in pages:
        good, aside = decode_rows(getattr(page, key), kind)
        records, worse = map_rows(good, make)
        aside += worse
        lost = refused(getattr(page, key), good, aside)
        yield Page(records=[*records, *lost.unread], cursor=max_cursor(cursor, end), rejected=aside, gone=lost.gone)
    yield Page(complete_until=start.now - WHOLE_AFTER)


def max_cursor(cursor: str | None, end: int) -> str:
    """The later of two ends; an overlap must not move the cursor back."""
    return str(max(int(cursor or 0), end))
