"""Histories in bulk.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-changelog-bulkfetch-post
"""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from helpdesk_kpi.simulator.jira.issues import Issues
from helpdesk_kpi.simulator.jira.search import TOKEN_LIVES
from helpdesk_kpi.simulator.jira.search_request import Token, digest, parse_request, token
from helpdesk_kpi.simulator.server.gate import Json
from helpdesk_kpi.simulator.server.paging import BadRequestError
from helpdesk_kpi.simulator.world.clock import SECOND


class Changelogs:
    def __init__(self, issues: Callable[[Request], Issues], clock: Callable[[], float]) -> None:
        self.issues_of, self.clock = issues, clock

    async def page(self, request: Request) -> Response:
        """Histories of up to a thousand issues, by time and issue; those of one issue may go over a page."""
        body = await parse_request(request, frozenset({"issueIdsOrKeys", "fieldIds", "maxResults", "nextPageToken"}))
        issues = self.issues_of(request)
        ids, only = body.get("issueIdsOrKeys") or [], body.get("fieldIds") or []
        size = int(body.get("maxResults", 1000))
        if not 1 <= len(ids) <= 1000:
            raise BadRequestError("issueIdsOrKeys", "issueIdsOrKeys must have between 1 and 1000 entries")
        if len(only) > 10 or not 1 <= size <= 10_000:
            raise BadRequestError("fieldIds", "At most 10 fieldIds, and maxResults between 1 and 10000")
        rows = self._histories(issues, [str(one) for one in ids], only)
        query = repr((sorted(map(str, ids)), sorted(only)))
        held = token(body.get("nextPageToken"), query, now=self.clock(), lives=TOKEN_LIVES)
        first = held.last[0] if held else 0
        answer: dict[str, Any] = {"issueChangeLogs": _grouped(rows[first : first + size])}
        if first + size < len(rows):
            answer["nextPageToken"] = Token(digest(query), (first + size,), 0, self.clock()).text()
        return Json(answer)

    def _histories(self, issues: Issues, ids: list[str], only: list[str]) -> list[tuple[str, dict[str, Any]]]:
        """Invisible issues are silently excluded. On every ninth issue the time is a number of seconds."""
        found = []
        for number in {n for one in ids if (n := issues.find(one)) is not None}:
            view = issues.view(number)
            for history in view.track.histories:
                items = [i for i in history.items if not only or i.get("fieldId", i["field"]) in only]
                if history.at <= view.now and items:
                    shown = view.history(history) | {"items": items}
                    shown |= {"created": history.at // SECOND} if number % 9 == 4 else {}
                    found.append((history.at, view.id, history.id, shown))
        found.sort(key=lambda row: row[:3])
        return [(own, shown) for _, own, _, shown in found]


def _grouped(rows: Sequence[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for own, shown in rows:
        groups.setdefault(own, []).append(shown)
    return [{"issueId": own, "changeHistories": histories} for own, histories in groups.items()]
