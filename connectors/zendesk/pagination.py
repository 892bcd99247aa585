"""Pagination of Zendesk: cursor exports, time-based exports and lists, each with its stop rule.

`next_page`, `after_url` and `links.next` are never followed. They may have another host, and they are set even if
nothing follows. Only the cursor or the end time is used.
"""

from collections.abc import AsyncIterator, Mapping
from typing import TypeVar

from msgspec import UNSET, Raw

from connectors.zendesk.payloads import ExportPage, ListPage, TicketsPage, UsersPage
from helpdesk_kpi.errors import PullError
from helpdesk_kpi.milliseconds import SECOND
from helpdesk_kpi.pull.paging import PageWalk, cursor_error, has_rows
from helpdesk_kpi.pull.transport import Missing, Transport

EXPORT_LAG = 61  # seconds; exports exclude the last minute and refuse a start within it
Cursored = TypeVar("Cursored", TicketsPage, UsersPage)
LISTS_OF = tuple(name for name, kind in ListPage.__annotations__.items() if kind is Raw)
#: Lists without pagination fields: they are complete. The audits of an archived ticket are such a list too.
#: https://developer.zendesk.com/api-reference/ticketing/
WHOLE = frozenset({"custom_statuses", "schedules", "slas/policies", "ticket_forms", "tickets/audits"})


def get_latest_start(http: Transport, now: int) -> int:
    """The latest start that an export accepts, in UNIX seconds by Zendesk's clock. `now`: UNIX seconds by our clock."""
    return http.server_time(now * SECOND) // SECOND - EXPORT_LAG


async def fetch_by_cursor(
    http: Transport, path: str, params: Mapping[str, str | int | bool], kind: type[Cursored], *, cursor: str | None,
    start: int, endpoint: str,
) -> AsyncIterator[tuple[Cursored, str | None]]:  # fmt: skip
    """Fetch a cursor export until `end_of_stream`.

    Args:
        cursor: Cursor of the last run; None on the first run.
        start: UNIX seconds, used on the first run.

    Returns: Pages, each with the cursor to store. None: an empty page had no cursor, so the old one stays valid.
    """
    walk = PageWalk(endpoint, cursor)
    while True:
        place = {"cursor": cursor} if cursor else {"start_time": start}
        page = await http.get(path, {**params, **place}, type=kind, endpoint=endpoint, missing="resource")
        after = page.after_cursor or None
        found = page.tickets if isinstance(page, TicketsPage) else page.users
        more = None if page.end_of_stream is None else not page.end_of_stream
        yield page, after
        if not walk.advance(more=more, to=after, has_rows=has_rows(found)):
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
    """Fetch a time-based export until `end_of_stream`.

    Calls and articles have no `end_of_stream`. They end with a page that is empty or has nothing newer.

    Args:
        start: UNIX seconds of the first page.
        now: UNIX seconds by our clock.
        rows: Key of the rows in a page.
        ends_without_next: A null `next_page` ends the export too (articles).

    Returns: Pages, each with the UNIX second at which the next page starts.
    """
    start = max(0, min(start, get_latest_start(http, now)))
    walk = PageWalk(endpoint, start)
    while True:
        page = await http.get(
            path, {**params, "start_time": start}, type=ExportPage, endpoint=endpoint, missing="resource"
        )
        end = page.end_time if page.end_time is not None else start
        yield page, max(start, min(end, now))  # a future time would skip all rows until then
        has_end = page.end_of_stream is not None
        more = _has_more(
            page, start, has_end=has_end, has_found=has_rows(getattr(page, rows)), ends_without_next=ends_without_next
        )
        if not walk.advance(more=more, to=end, has_rows=has_rows(getattr(page, rows))):
            return
        if end < start:  # the server went back; a full page within one second repeats its end
            raise cursor_error(endpoint, start)
        if end > get_latest_start(http, now):  # nothing newer is exported; metric events may have future times
            return
        start = end


def _has_more(page: ExportPage, start: int, *, has_end: bool, has_found: bool, ends_without_next: bool) -> bool | None:
    """Whether another page follows; None: the response does not say."""
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
    """Fetch a list: by cursor if the resource supports it, else by page number, or all at once.

    `links.next` is set on the last page too, so `has_more` decides. One request may use one of the two ways only.
    """
    query: dict[str, str | int | bool] = {**(params or {}), "page[size]": size}
    walk = PageWalk(endpoint, 1)
    number = 1
    while True:
        page = await http.get(path, query, type=ListPage, endpoint=endpoint, missing=missing)
        yield page
        found = any(has_rows(getattr(page, name)) for name in LISTS_OF)
        if page.meta is not None and page.next_page in (None, UNSET):
            after = page.meta.after_cursor
            query = {**(params or {}), "page[size]": size, "page[after]": after or ""}
            if not walk.advance(more=page.meta.has_more, to=after, has_rows=found):
                return
            continue
        number += 1
        more = bool(page.next_page) if page.next_page is not UNSET else False if endpoint in WHOLE else None
        if not walk.advance(more=more, to=number, has_rows=found):
            return
        if number > 100:  # https://support.zendesk.com/hc/en-us/articles/5591904358938
            raise PullError(f"{endpoint}: more than 100 pages, which Zendesk doesn't give", permanent=True)
        query = {**(params or {}), "per_page": size, "page": number}
