"""Tickets by the incremental export."""

from collections.abc import AsyncIterator, Sequence

import msgspec

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.mapping import surveys
from connectors.zendesk.mapping.tickets import DELETED, get_version, map_ticket
from connectors.zendesk.pagination import fetch_by_cursor
from connectors.zendesk.streams.export import WHOLE_AFTER
from connectors.zendesk.streams.export_or_list import export_cursor
from helpdesk_kpi.milliseconds import SECOND
from helpdesk_kpi.pull.contract import Page, Start, Todo
from helpdesk_kpi.pull.lenient_decode import decode_rows, map_rows
from helpdesk_kpi.store.unread import refused_tickets

METRICS = "ticket_metrics"  # the stream that fetches metric sets later


async def fetch_tickets_incremental(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch tickets in the order in which Zendesk wrote them, with deleted ones and those of AI agents.

    AI agents' tickets need `support_type_scope=all`. With `exclude_deleted` deletions would stay unknown.
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
        good, rejected = decode_rows(page.tickets, zd.Ticket)
        attach_metric_sets(good, page.metric_sets)
        records, unmapped = map_rows(good, lambda row: map_ticket(row, keep))
        last = max((row.generated_timestamp or 0 for row in good), default=0) * SECOND - SECOND
        until = start.now - WHOLE_AFTER
        complete_until = until if page.end_of_stream else min(max(last, 0), until) or None
        yield Page(
            records=[*records, *refused_tickets([*rejected, *unmapped])], cursor=cursor, complete_until=complete_until,
            rejected=[*rejected, *unmapped], todo={**queue_missing_metrics(good), **surveys.queue_answers(good)},
        )  # fmt: skip


def queue_missing_metrics(tickets: Sequence[zd.Ticket], *, is_from_list: bool = False) -> dict[str, list[Todo]]:
    """Queue tickets without a metric set: Zendesk computes it some minutes after a change."""
    without_metrics = [row for row in tickets if row.metric_set is None and row.status != DELETED]
    return (
        {METRICS: [Todo(get_version(row, is_from_list=is_from_list), str(row.id)) for row in without_metrics]}
        if without_metrics
        else {}
    )


def attach_metric_sets(tickets: Sequence[zd.Ticket], metric_sets: msgspec.Raw) -> None:
    """Attach sideloaded metric sets to the tickets. Exports embed them, lists sideload them."""
    by_ticket = {m.ticket_id: m for m in decode_rows(metric_sets, zd.MetricSet, "ticket_id")[0]}
    for row in tickets:
        row.metric_set = row.metric_set or by_ticket.get(row.id)
