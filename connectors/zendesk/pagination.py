"""Zendesk's three ways to hand out long lists, each with the rule when to stop.

None of them follows `next_page`, `after_url` or `links.next`: these name hosts of Zendesk's choosing, and are set when
there is nothing more. Only the cursor or the end time is taken.
"""

from collections.abc import AsyncIterator, Mapping
from typing import TypeVar

from msgspec import UNSET, Raw

from connectors.zendesk.payloads import ExportPage, ListPage, TicketsPage, UsersPage
from helpdesk_kpi.errors import PullError
from helpdesk_kpi.milliseconds import SECOND
from helpdesk_kpi.pull.paging import Walk, cursor_error, has_rows
from helpdesk_kpi.pull.transport import Missing, Transport

EXPORT_LAG = 61  # seconds; exports give nothing of the last minute and refuse a start within it
Cursored = TypeVar("Cursored", TicketsPage, UsersPage)
LISTS_OF = tuple(name for name, kind in ListPage.__annotations__.items() if kind is Raw)
#: Lists that Zendesk gives whole, without any word on pages; so it does with the audits of an archived ticket.
#: https://developer.zendesk.com/api-reference/ticketing/
WHOLE = frozenset({"custom_statuses", "schedules", "slas/policies", "ticket_forms", "tickets/audits"})


def get_latest_start(http: Transport, now: int) -> int:
    """The last second that an export may be asked for, by Zendesk's clock. `now` is UNIX seconds, by ours."""
    return http.server_time(now * SECOND) // SECOND - EXPORT_LAG


async def fetch_by_cursor(
    http: Transport, path: str, params: Mapping[str, str | int | bool], kind: type[Cursored], *, cursor: str | None,
    start: int, endpoint: str,
) -> AsyncIterator[tuple[Cursored, str | None]]:  # fmt: skip
    """Pages of a cursor export, with the cursor to keep; None where an empty poll gave none: the old one stays valid.

    It ends with `end_of_stream`. `start` is UNIX seconds, for the first run.
    """
    walk = Walk(endpoint, cursor)
    while True:
        place = {"cursor": cursor} if cursor else {"start_time": start}
        page = await http.get(path, {**params, **place}, type=kind, endpoint=endpoint, missing="resource")
        after = page.after_cursor or None
        found = page.tickets if isinstance(page, TicketsPage) else page.users
        more = None if page.end_of_stream is None else not page.end_of_stream
        yield page, after
        if not walk.goes_on(more=more, to=after, has_rows=has_rows(found)):
            return
        cursor = after


async def fetch_by_time(
    http: Transport,
    path: str,
    params: Mapping[str, str | int | bool],
    *,
    start: int,
    now: int,
    endpoint: str,
    rows: str,
    ends_without_next: bool = False,
) -> AsyncIterator[tuple[ExportPage, int]]:
    """Pages of a time-based export from UNIX second `start`, with the second from which the next one goes on.

    It ends with `end_of_stream`; where that is never told (calls, articles), with a page that is empty or brings
    nothing newer, or, `ends_without_next`, with a next page of null (articles). `now` is UNIX seconds, by our clock.
    """
    start = max(0, min(start, get_latest_start(http, now)))
    walk = Walk(endpoint, start)
    while True:
        page = await http.get(
            path, {**params, "start_time": start}, type=ExportPage, endpoint=endpoint, missing="resource"
        )
        end = page.end_time if page.end_time is not None else start
        yield page, max(start, min(end, now))  # a time to come would leave out all until then
        has_end = page.end_of_stream is not None
        more = _has_more(
            page, start, has_end=has_end, has_found=has_rows(getattr(page, rows)), ends_without_next=ends_without_next
        )
        if not walk.goes_on(more=more, to=end, has_rows=has_rows(getattr(page, rows))):
            return
        if end < start:  # a server that goes back; a whole page within one second repeats its place
            raise cursor_error(endpoint, start)
        if end > get_latest_start(http, now):  # nothing newer is given; and metric events may be announced for later
            return
        start = end


def _has_more(page: ExportPage, start: int, *, has_end: bool, has_found: bool, ends_without_next: bool) -> bool | None:
    """Whether more follows, as this export says it; None where it says nothing."""
    if has_end:
        return not page.end_of_stream
    if ends_without_next and page.next_page is None:
        return False
    return None if page.end_time is None else has_found and page.end_time > start


async def fetch_list(
    http: Transport,
    path: str,
    params: Mapping[str, str | int | bool] | None = None,
    *,
    endpoint: str,
    size: int = 100,
    missing: Missing = "resource",
) -> AsyncIterator[ListPage]:
    """Pages of an ordinary list: by cursor where the resource has that, by page number where not, or all at once.

    `links.next` is set on the last page too; `has_more` counts. The two ways exclude each other in one request.
    """
    query: dict[str, str | int | bool] = {**(params or {}), "page[size]": size}
    walk = Walk(endpoint, 1)
    number = 1
    while True:
        page = await http.get(path, query, type=ListPage, endpoint=endpoint, missing=missing)
        yield page
        found = any(has_rows(getattr(page, name)) for name in LISTS_OF)
        if page.meta is not None and page.next_page in (None, UNSET):
            after = page.meta.after_cursor
            query = {**(params or {}), "page[size]": size, "page[after]": after or ""}
            if not walk.goes_on(more=page.meta.has_more, to=after, has_rows=found):
                return
            continue
        number += 1
        more = bool(page.next_page) if page.next_page is not UNSET else False if endpoint in WHOLE else None
        if not walk.goes_on(more=more, to=number, has_rows=found):
            return
        if number > 100:  # https://support.zendesk.com/hc/en-us/articles/5591904358938
            raise PullError(f"{endpoint}: more than 100 pages, which Zendesk doesn't give", permanent=True)
        query = {**(params or {}), "per_page": size, "page": number}
