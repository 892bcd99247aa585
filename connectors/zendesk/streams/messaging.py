"""Messaging sessions, with their own pagination.

Recorded in facetoe/zenpy, tests/test_api/betamax: ten rows a page by start; `has_more` ends the list. `next_page_url`
has the position of the next page and an internal host.
"""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.mapping import unread
from connectors.zendesk.mapping.contacts import map_engagement
from connectors.zendesk.streams.export import WHOLE_AFTER, max_cursor
from connectors.zendesk.streams.export_or_list import export_cursor
from helpdesk_kpi.milliseconds import SECOND
from helpdesk_kpi.pull.contract import Page, Start
from helpdesk_kpi.pull.lenient_decode import decode_rows, map_rows
from helpdesk_kpi.pull.paging import PageWalk, has_rows

PATH, ENDPOINT = "/api/v2/engagements", "engagements"
OVERLAP = 86_400  # seconds that are read again: a session appears under its start, but only once it has ended
PLACE = ("start_time_cursor", "engagement_id_cursor")


async def fetch_engagements(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch sessions by start. The cursor is the last start, in UNIX seconds."""
    cursor, first = export_cursor(start), start.since // SECOND
    now = start.now // SECOND  # a future time would skip all rows until then
    begin = max(min(int(cursor), now) - OVERLAP, first) if cursor else first
    async for page in _fetch_pages(account, begin):
        good, rejected = decode_rows(page.agent_engagement_data, zd.Engagement, "engagement_id")
        records, unmapped = map_rows(good, map_engagement, id="engagement_id")
        last = max((zd.ms(row.engagement_start_time) // SECOND for row in good), default=begin)
        cursor = max_cursor(cursor, min(last, now))
        rejected += unmapped
        unread_rows = unread.list_unread_sessions(page.agent_engagement_data, rejected)
        yield Page(records=[*records, *unread_rows], cursor=cursor, rejected=rejected)
    yield Page(complete_until=start.now - WHOLE_AFTER)


async def _fetch_pages(account: ZendeskAccountState, begin: int) -> AsyncIterator[zd.EngagementsPage]:
    """Fetch all pages from UNIX second `begin` on."""
    place: tuple[str, ...] | None = None
    walk = PageWalk(ENDPOINT)
    while True:
        params = {"start_time": str(begin), **dict(zip(PLACE, place or (), strict=False))}
        page = await account.http.get(PATH, params, type=zd.EngagementsPage, endpoint=ENDPOINT, missing="resource")
        yield page
        place = _parse_next_page(page.next_page_url)
        if not walk.advance(more=page.has_more, to=place, has_rows=has_rows(page.agent_engagement_data)):
            return


def _parse_next_page(address: str | None) -> tuple[str, ...] | None:
    """Position of the next page; None: not given. Only the query is used, because the host is internal."""
    try:
        query = parse_qs(urlsplit(address or "").query)
    except ValueError:
        return None
    return tuple(query[name][0] for name in PLACE) if all(name in query for name in PLACE) else None
