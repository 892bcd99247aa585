"""Zendesk's list of messaging sessions, which pages in a way of its own: no end time, no cursor, an internal host.

Recorded in facetoe/zenpy, tests/test_api/betamax, on 2025-06-29.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from helpdesk_kpi.simulator.server.paging import BadRequestError
from helpdesk_kpi.simulator.world.clock import DAY, SECOND
from helpdesk_kpi.simulator.world.facts import Chat
from helpdesk_kpi.simulator.world.world import World
from helpdesk_kpi.simulator.zendesk.events import chats
from helpdesk_kpi.simulator.zendesk.surveys import engagement, session_id

MOST = 10  # per page; whether more can be requested is not documented
RECENT = 90 * DAY  # how far the list goes back without a start
HOST = "https://pod.internal.example"


def page(world: World, query: Mapping[str, str], path: str) -> dict[str, Any]:
    """Sessions that have ended, by start; pages go on by the start and the id of the last row."""
    after = (_number(query, "start_time_cursor", -1), query.get("engagement_id_cursor", ""))
    later = [row for row in _chosen(world, query) if row[:2] > after]
    shown = later[: max(1, min(_number(query, "page_size", MOST), MOST))]
    more = len(later) > len(shown)
    following = None
    if more:
        kept = {name: query[name] for name in ("start_time", "ticket_id") if name in query}
        place = {"start_time_cursor": shown[-1][0], "engagement_id_cursor": shown[-1][1]}
        following = f"{HOST}{path}?{urlencode(kept | place | {'page_size': MOST, 'channel': 'MESSAGING'})}"
    rows = [engagement(world, fact) for _, _, fact in shown]
    return {"agent_engagement_data": rows, "next_page_url": following, "has_more": more, "page_size": len(rows)}


def _chosen(world: World, query: Mapping[str, str]) -> list[tuple[int, str, Chat]]:
    """(second of the start, id, session) of the requested sessions, in that order."""
    start = _number(query, "start_time", (world.now - RECENT) // SECOND)
    if query.get("channel", "MESSAGING") != "MESSAGING":
        return []
    found = [(fact.at // SECOND, session_id(fact), fact) for fact in chats(world)]
    return sorted(row for row in found if row[0] >= start and query.get("ticket_id") in {None, str(row[2].ticket)})


def _number(query: Mapping[str, str], name: str, usual: int) -> int:
    given = query.get(name, str(usual))
    if not given.removeprefix("-").isdigit():
        raise BadRequestError("InvalidValue", f"{name} is no number")
    return int(given)
