"""Metric events: the runs of SLA clocks.

Zendesk writes a breach in advance with a future time, and marks it `deleted` when the target is met. An event can
become visible 15 minutes after its time. So the last hour is read again on each run.
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metric_events/
"""

from collections.abc import AsyncIterator
from datetime import datetime

import msgspec

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.mapping.tickets import text_id
from connectors.zendesk.pagination import fetch_by_time, get_latest_start
from connectors.zendesk.streams.export import max_cursor
from connectors.zendesk.streams.export_or_list import export_cursor
from connectors.zendesk.streams.per_ticket import TicketDetails, fetch_per_ticket
from helpdesk_kpi.errors import MissingError
from helpdesk_kpi.milliseconds import MINUTE, SECOND
from helpdesk_kpi.model import SlaEvent
from helpdesk_kpi.pull.contract import Page, RejectedRow, Start, Todo
from helpdesk_kpi.pull.lenient_decode import decode_rows, join_rows, map_rows, split_rows

OVERLAP = 3_600  # seconds


class Policy(msgspec.Struct):
    id: int | None = None


class Target(msgspec.Struct):
    target: int | None = None  # minutes
    target_in_seconds: int | None = None
    business_hours: bool | None = None
    policy: Policy | None = None


class MetricEvent(msgspec.Struct):
    id: int
    ticket_id: int
    metric: str
    type: str
    time: datetime
    instance_id: int = 0  # number of the run of a clock; 0: the whole ticket ("measure")
    deleted: bool = False
    status: zd.Minutes | None = None
    sla: Target | None = None
    group_sla: Target | None = None


def map_sla_event(row: MetricEvent) -> SlaEvent:
    sla_target = row.sla or row.group_sla or Target()
    seconds = sla_target.target_in_seconds
    minutes = None if sla_target.target is None else sla_target.target * MINUTE
    elapsed = row.status or zd.Minutes()
    return SlaEvent(
        ticket=str(row.ticket_id),
        id=str(row.id),
        metric=row.metric,
        instance=row.instance_id,
        kind=row.type,
        at=zd.ms(row.time),
        calendar=_to_ms(elapsed.calendar),
        business=_to_ms(elapsed.business),
        target=minutes if seconds is None else seconds * SECOND,
        in_business_hours=sla_target.business_hours,
        policy=text_id(sla_target.policy.id) if sla_target.policy else None,
        is_deleted=row.deleted,
    )


def _to_ms(minutes: int | None) -> int | None:
    return None if minutes is None else minutes * MINUTE


async def fetch_metric_events(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch the export. Its end time may be in the future (announced breaches); the cursor never is."""
    cursor, now = export_cursor(start), start.now // SECOND
    first = max(int(cursor) - OVERLAP, start.since // SECOND) if cursor else start.since // SECOND
    pages = fetch_by_time(
        account.http, "/api/v2/incremental/ticket_metric_events", {},
        start=first, now=now, endpoint="incremental/ticket_metric_events", rows="ticket_metric_events",
    )  # fmt: skip
    async for page, end in pages:
        good, rejected = decode_rows(page.ticket_metric_events, MetricEvent)
        records, unmapped = map_rows(good, lambda row: [map_sla_event(row)])
        reached = min(end, get_latest_start(account.http, now))
        yield Page(records=records, cursor=max_cursor(cursor, reached), rejected=[*rejected, *unmapped])
    yield Page(complete_until=start.now - OVERLAP * SECOND)


async def fetch_metric_events_by_list(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch the events of each changed ticket: an object with a list for each metric.

    A ticket that changed within the last hour stays in the queue, because its events may become visible later.
    """

    async def fetch(todo: Todo) -> TicketDetails:
        path = f"/api/v2/tickets/{todo.key}/metric_events"
        try:
            lists = await account.http.get(path, type=dict[str, msgspec.Raw], endpoint="tickets/metric_events")
        except MissingError:  # deleted meanwhile
            return TicketDetails([])
        return TicketDetails(*_map_metric_lists(lists))

    settled = start.now - OVERLAP * SECOND
    async for page in fetch_per_ticket(start, fetch, map_exported=lambda _: ()):
        yield msgspec.structs.replace(page, done=[todo for todo in page.done if todo.version < settled])


def _map_metric_lists(by_metric: dict[str, msgspec.Raw]) -> tuple[list[SlaEvent], list[RejectedRow]]:
    lists = [split_rows(found) for found in by_metric.values() if bytes(found).lstrip().startswith(b"[")]
    good, rejected = decode_rows(join_rows(row for found in lists for row in found), MetricEvent)
    records, unmapped = map_rows(good, lambda row: [map_sla_event(row)])
    return records, [*rejected, *unmapped]
