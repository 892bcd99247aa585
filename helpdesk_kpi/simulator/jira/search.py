"""Search, by token on Cloud and by offset on Data Center.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/
"""

import operator
from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from helpdesk_kpi.simulator.jira import jql
from helpdesk_kpi.simulator.jira.auth import error_response
from helpdesk_kpi.simulator.jira.history import SimulatedIssueHistory
from helpdesk_kpi.simulator.jira.issues import Issues
from helpdesk_kpi.simulator.jira.search_request import (
    Token,
    describe_issues,
    digest,
    parse_fields,
    parse_list,
    parse_request,
    size,
    token,
)
from helpdesk_kpi.simulator.jira.vocabulary import category
from helpdesk_kpi.simulator.server.faults import Faults
from helpdesk_kpi.simulator.server.gate import Json
from helpdesk_kpi.simulator.server.paging import BadRequestError
from helpdesk_kpi.simulator.world.clock import DAY, SECOND

TOKEN_LIVES = 7 * DAY // SECOND
PAGE, IDS_PAGE, SERVER_PAGE = 100, 5000, 100  # most rows: with fields, of ids alone, on Data Center
FETCHED = 100  # issues by id in one call
_LOST = "Issue does not exist or you do not have permission to see it."
_LONGEST = 8000  # characters of a query that is no body
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {">=": operator.ge, ">": operator.gt}
Key = tuple[int, ...]


class Search:
    """`issues` gives the rows of the requested site; `clock` gives seconds, for the lifetime of tokens."""

    def __init__(self, issues: Callable[[Request], Issues], faults: Faults, clock: Callable[[], float]) -> None:
        self.issues_of, self.faults, self.clock = issues, faults, clock
        self._found: dict[tuple[str, int], list[tuple[Key, int]]] = {}

    async def search(self, request: Request) -> Response:
        """A page; the token holds the query and where the page ended. No token: that was all."""
        if len(request.url.query) > _LONGEST:
            return error_response("jira", 414, "The request URI is too long.")
        body, issues = await parse_request(request), self.issues_of(request)
        text, names = str(body.get("jql", "")), parse_fields(body.get("fields"))
        rows = self._rows(issues, text, jql.read(text, issues.site))
        held = token(body.get("nextPageToken"), text, now=self.clock(), lives=TOKEN_LIVES)
        number = held.page if held else 0
        first = bisect_right(rows, held.last, key=lambda row: row[0]) if held else 0
        most = min(size(body, 50), PAGE if names else IDS_PAGE)
        page = rows[
            first : first + (most - 1 if number % 4 == 2 and most > 1 else most)
        ]  # sometimes fewer than requested
        answer: dict[str, Any] = {"issues": [self._row(issues, found, names, body) for _, found in page]}
        more = first + len(page) < len(rows)
        if more:
            answer["nextPageToken"] = Token(digest(text), page[-1][0], number + 1, self.clock()).text()
        if number % 3 != 1:  # sometimes missing or wrong, so only the token is reliable
            answer["isLast"] = not more or number % 5 == 2
        self._found = {key: kept for key, kept in self._found.items() if more and key[0] == text}
        issues.world.now += self.faults.move
        return Json(answer | describe_issues(issues, names, parse_list(body.get("expand"))))

    async def by_id(self, request: Request) -> Response:
        """Up to a hundred issues wherever they are now; what cannot be seen is an error that says nothing more.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-bulkfetch-post
        """
        known = frozenset({"issueIdsOrKeys", "fields", "fieldsByKeys", "expand", "properties"})
        body, issues = await parse_request(request, known), self.issues_of(request)
        ids = [str(one) for one in body.get("issueIdsOrKeys") or []]
        if not 1 <= len(ids) <= FETCHED:
            raise BadRequestError("issueIdsOrKeys", f"issueIdsOrKeys must have between 1 and {FETCHED} entries")
        found = {one: issues.find(one) for one in ids}
        names = parse_fields(body.get("fields") or ["*all"])
        shown = [
            self._row(issues, number, names, body) for number in sorted({n for n in found.values() if n is not None})
        ]
        lost = [{"id": one, "errorMessage": _LOST} for one, number in found.items() if number is None]
        return Json({"expand": "schema,names", "issues": shown, "issueErrors": lost})

    async def count(self, request: Request) -> Response:
        body, issues = await parse_request(request, frozenset({"jql"})), self.issues_of(request)
        text = str(body.get("jql", ""))
        return Json({"count": len(self._rows(issues, text, jql.read(text, issues.site)))})

    async def offset(self, request: Request) -> Response:
        """The search of Data Center: startAt, total, and a page that the server cuts without saying so.

        https://docs.atlassian.com/software/jira/docs/api/REST/9.12.0/#api/2/search
        """
        body, issues = await parse_request(request, None), self.issues_of(request)
        text, names = str(body.get("jql", "")), parse_fields(body.get("fields", ["*navigable"]))
        rows = self._rows(issues, text, jql.read(text, issues.site))
        first, most = int(body.get("startAt", 0)), min(size(body, 50), SERVER_PAGE)
        shown = [self._row(issues, found, names, body) for _, found in rows[first : first + most]]
        issues.world.now += self.faults.move
        return Json({"expand": "schema,names", "startAt": first, "maxResults": most, "total": len(rows),
                     "issues": shown} | describe_issues(issues, names, parse_list(body.get("expand"))))  # fmt: skip

    def _row(self, issues: Issues, number: int, names: list[str] | None, body: Mapping[str, Any]) -> dict[str, Any]:
        """Only its id, if no fields were requested; Data Center adds the key."""
        view = issues.view(number)
        if names is None:
            return {"id": view.id} if issues.site.cloud else view.head()
        row = view.head() | {"fields": issues.fields(number, names)}
        if "changelog" in parse_list(body.get("expand")):
            row["changelog"] = view.changelog()
        if properties := parse_list(body.get("properties")):
            if len(properties) > 5:
                raise BadRequestError("", "The maximum number of properties that can be requested is 5.")
            given = {name: view.property(name) for name in properties}
            row["properties"] = {name: value for name, value in given.items() if value is not None}
        return row

    def _rows(self, issues: Issues, text: str, query: jql.Query) -> list[tuple[Key, int]]:
        """Sort keys and ticket numbers of all that is found. The index may be behind what single issues show."""
        world = issues.world
        at = world.now - self.faults.lag
        if (text, world.now) not in self._found:
            numbers = {issues.find(one) for clause in query.clauses if clause.field == "id" for one in clause.values}
            found = [
                number
                for number, track in issues.tracks.items()
                if track.there(at)
                and track.there(world.now)
                and all(_fits(track, c, at, numbers) for c in query.clauses)
            ]
            keyed = [(_sort_key(issues, number, query, at), number) for number in found]
            self._found[text, world.now] = sorted(keyed)
        return self._found[text, world.now]


def _fits(track: SimulatedIssueHistory, clause: jql.Clause, at: int, numbers: Collection[int | None]) -> bool:
    """Whether the index of then has it; `named` are the tickets of a list of ids."""
    match clause.field:
        case "project":
            return track.project(at).id in clause.values
        case "category":
            now = category(track.story.state(at)["status"])[1]
            return (now in clause.values) != (clause.operator == "!=")
        case "id":
            return track.story.ticket in numbers
        case "rated":
            rated = [answer.at for answer in track.story.answered if answer.at <= at]
            return bool(rated) and _SIGNS[clause.operator](rated[-1], clause.values[0])
        case "created":
            return _SIGNS[clause.operator](track.story.created.at, clause.values[0])
    return _SIGNS[clause.operator](track.updated(at), clause.values[0])


def _sort_key(issues: Issues, number: int, query: jql.Query, at: int) -> Key:
    """Without an order the newest come first; equals keep the order of their ids."""
    track = issues.tracks[number]
    values = {"updated": track.updated(at), "created": track.story.created.at, "id": number}
    order = query.order or (("created", True),)
    return (*(-values[name] if down else values[name] for name, down in order), number)
