"""Metric sets that Zendesk had not computed yet when their tickets were read."""

from collections.abc import AsyncIterator

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.mapping.tickets import map_native_metrics
from connectors.zendesk.streams.tickets import attach_metric_sets
from helpdesk_kpi.milliseconds import DAY
from helpdesk_kpi.pull.contract import Page, Start
from helpdesk_kpi.pull.lenient_decode import decode_rows, map_rows

COMPUTED_AFTER = 300_000  # ms after a change until a metric set is requested


GIVEN_UP_AFTER = 7 * DAY


MAX_SHOW_MANY = 100  # ids that /tickets/show_many takes


async def fetch_metric_sets(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch the metric sets of queued tickets."""
    ripe = [one for one in start.todo if one.version <= start.now - COMPUTED_AFTER]
    for first in range(0, len(ripe), MAX_SHOW_MANY):
        batch = ripe[first : first + MAX_SHOW_MANY]
        params = {"ids": ",".join(one.key for one in batch), "include": "metric_sets"}
        page = await account.http.get(
            "/api/v2/tickets/show_many", params, type=zd.ListPage, endpoint="tickets/show_many", missing="resource"
        )
        good, rejected = decode_rows(page.tickets, zd.Ticket)
        attach_metric_sets(good, page.metric_sets)
        without_metrics = {str(row.id) for row in good if row.metric_set is None}
        records, unmapped = map_rows(good, lambda row: [*map_native_metrics(str(row.id), row.metric_set)])
        yield Page(
            records=records,
            done=[one for one in batch if one.key not in without_metrics or one.version < start.now - GIVEN_UP_AFTER],
            rejected=[*rejected, *unmapped],
        )
    yield Page(complete_until=start.now)
