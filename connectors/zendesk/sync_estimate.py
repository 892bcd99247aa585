"""Estimate of the first sync: number of requests, and duration within our share of the rate limits."""

import math

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import ZendeskAccountState
from helpdesk_kpi.errors import PullError
from helpdesk_kpi.pull.contract import Finding

EVENTS_PER_TICKET, METRIC_EVENTS_PER_TICKET = (
    12,
    12,
)  # of a usual ticket; an estimate
#: Requests a minute if no response has given the limit yet: the lowest documented limits.
#: https://developer.zendesk.com/api-reference/introduction/rate-limits/
_EXPORTS, _PEOPLE, _ACCOUNT = 10, 20, 200


async def estimate_first_sync(account: ZendeskAccountState) -> list[Finding]:
    """Estimate from the number of tickets and users that a search counts. Empty if it cannot count."""
    tickets, people = await _count_rows(account, "type:ticket"), await _count_rows(account, "type:user")
    if tickets is None or people is None:
        return []
    requests, minutes = (_estimate_lists if account.reads_lists else _estimate_exports)(account, tickets, people)
    text = (
        f"{tickets:,} tickets and {people:,} people take about {requests:,} requests and {_format_minutes(minutes)};"
        " later syncs read changes only"
    )
    return [Finding(level="ok", about="first sync", text=text)]


async def _count_rows(account: ZendeskAccountState, query: str) -> int | None:
    try:
        count = await account.http.get("/api/v2/search/count", {"query": query}, type=zd.Count, endpoint="search/count")
    except PullError:
        return None
    return count.number()


def _estimate_exports(account: ZendeskAccountState, tickets: int, people: int) -> tuple[int, float]:
    size = account.settings.page_size
    of_tickets = (
        math.ceil(tickets / size)
        + math.ceil(tickets * EVENTS_PER_TICKET / size)
        + math.ceil(tickets * METRIC_EVENTS_PER_TICKET / 1000)
    )
    of_people = math.ceil(people / size)
    minutes = of_tickets / _get_requests_per_minute(account, "incremental-exports", _EXPORTS)
    return of_tickets + of_people, minutes + of_people / _get_requests_per_minute(
        account, "incremental-exports-cursor", _PEOPLE
    )


def _estimate_lists(account: ZendeskAccountState, tickets: int, people: int) -> tuple[int, float]:
    """Two requests for each ticket: its audits and its metric events."""
    requests = 2 * tickets + 2 * math.ceil(tickets / 100) + math.ceil(people / 100)
    return requests, requests / _get_requests_per_minute(account, "account", _ACCOUNT)


def _get_requests_per_minute(account: ZendeskAccountState, bucket: str, least: int) -> float:
    allowance = account.http.limits.by_bucket.get(bucket)
    return max(1, int((allowance.total if allowance else least) * account.settings.rate_share))


def _format_minutes(minutes: float) -> str:
    if minutes < 90:
        return f"{round(minutes)} minutes" if minutes >= 1.5 else "a minute"
    return f"{minutes / 60:.1f} hours"
