"""Zendesk's three ways to hand out long lists, each with the rule when to stop.

None of them follows `next_page`, `after_url` or `links.next`: these name hosts of Zendesk's choosing, and are set when
there is nothing more. Only the cursor or the end time is taken.
"""

from collections.abc import AsyncIterator, Mapping
from typing import TypeVar

from connectors.zendesk.payloads import ExportPage, ListPage, TicketsPage, UsersPage
from helpdesk_kpi.errors import PullError
from helpdesk_kpi.pull.transport import Missing, Transport

SECOND = 1_000
HELD_BACK = 61  # seconds; exports give nothing of the last minute and refuse a start within it
Cursored = TypeVar("Cursored", TicketsPage, UsersPage)


def stuck(endpoint: str, place: object) -> PullError:
    return PullError(
        f"{endpoint}: the cursor does not move on from {place}, though more is said to come", permanent=True
    )


async def by_cursor(
    http: Transport, path: str, params: Mapping[str, str | int | bool], kind: type[Cursored], *, cursor: str | None,
    start: int, endpoint: str,
) -> AsyncIterator[tuple[Cursored, str | None]]:  # fmt: skip
    """Pages of a cursor export, with the cursor to keep; None where an empty poll gave none: the old one stays valid.

    It ends with `end_of_stream`. `start` is UNIX seconds, for the first run.
    """
    seen = {cursor}
    while True:
        place = {"cursor": cursor} if cursor else {"start_time": start}
        page = await http.get(path, {**params, **place}, type=kind, endpoint=endpoint, missing="resource")
        after = page.after_cursor or None
        yield page, after
        if page.end_of_stream:
            return
        if after is None or after in seen:
            raise stuck(endpoint, cursor)
        seen.add(after)
        cursor = after


async def by_time(
    http: Transport,
    path: str,
    params: Mapping[str, str | int | bool],
    *,
    start: int,
    now: int,
    endpoint: str,
    rows: str,
) -> AsyncIterator[tuple[ExportPage, int]]:
    """Pages of a time-based export from UNIX second `start`, with the second from which the next one goes on.

    It ends with `end_of_stream`; where that is never told (calls, articles), with a page that is empty,
    brings nothing newer, or says that none follows. `now` is UNIX seconds.
    """
    start = max(0, min(start, now - HELD_BACK))
    while True:
        page = await http.get(
            path, {**params, "start_time": start}, type=ExportPage, endpoint=endpoint, missing="resource"
        )
        end = page.end_time if page.end_time is not None else start
        yield page, max(start, end)
        if page.end_of_stream:
            return
        told = page.end_of_stream is not None  # false: more is said to come
        if not told and (end <= start or page.next_page is None or getattr(page, rows) == b"[]"):
            return
        if end <= start:  # a whole page within one second, or a server that repeats itself
            raise stuck(endpoint, start)
        if end > now - HELD_BACK:  # nothing newer is given; and metric events may be announced for later
            return
        start = end


async def by_list(
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
    asked: dict[str, str | int | bool] = {**(params or {}), "page[size]": size}
    seen: set[str] = set()
    number = 1
    while True:
        page = await http.get(path, asked, type=ListPage, endpoint=endpoint, missing=missing)
        yield page
        if page.meta is not None:
            if not page.meta.has_more:
                return
            after = page.meta.after_cursor
            if after is None or after in seen:
                raise stuck(endpoint, after)
            seen.add(after)
            asked = {**(params or {}), "page[size]": size, "page[after]": after}
        elif page.next_page:
            number += 1
            if number > 100:  # https://support.zendesk.com/hc/en-us/articles/5591904358938
                raise PullError(f"{endpoint}: more than 100 pages, which Zendesk doesn't give", permanent=True)
            asked = {**(params or {}), "per_page": size, "page": number}
        else:
            return
