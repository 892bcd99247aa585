"""Search, and the histories in bulk: Jira's two long lists.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/
"""

import base64
import hashlib
import operator
from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from helpdesk_kpi.simulator import jira_jql as jql
from helpdesk_kpi.simulator.clock import DAY, SECOND
from helpdesk_kpi.simulator.faults import Faults
from helpdesk_kpi.simulator.gate import Json
from helpdesk_kpi.simulator.jira_history import Track
from helpdesk_kpi.simulator.jira_issues import FIELDS, Issues, issue_id
from helpdesk_kpi.simulator.jira_lists import fields as field_list
from helpdesk_kpi.simulator.jira_words import category
from helpdesk_kpi.simulator.pages import BadRequestError

TOKEN_LIVES = 7 * DAY // SECOND
PAGE, IDS_PAGE, SERVER_PAGE = 100, 5000, 100  # most rows: with fields, of ids alone, on Data Center
_ASKED = {"jql", "nextPageToken", "maxResults", "fields", "expand", "properties", "fieldsByKeys", "failFast",
          "reconcileIssues"}  # fmt: skip
_NAVIGABLE = [name for name in FIELDS if name not in {"comment", "description"}]
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {">=": operator.ge, ">": operator.gt}
Key = tuple[Any, ...]


class Search:
    """`issues` gives the rows of the site that was asked; `clock` seconds, for the lives of tokens."""

    def __init__(self, issues: Callable[[Request], Issues], faults: Faults, clock: Callable[[], float]) -> None:
        self.issues_of, self.faults, self.clock = issues, faults, clock
        self._found: dict[tuple[str, int], list[tuple[Key, int]]] = {}

    # --- search

    async def search(self, request: Request) -> Response:
        """A page; the token holds the query and where the page ended. No token: that was all."""
        asked, issues = await _asked(request), self.issues_of(request)
        text, wanted = str(asked.get("jql", "")), _wanted(asked.get("fields"))
        rows = self._rows(issues, text, jql.read(text, issues.site))
        first, number = self._after(asked.get("nextPageToken"), text, rows)
        most = min(_size(asked, 50), PAGE if wanted else IDS_PAGE)
        size = most - 1 if number % 4 == 2 and most > 1 else most  # fewer than asked, now and then
        page = rows[first : first + size]
        answer: dict[str, Any] = {"issues": [self._row(issues, found, wanted, asked) for _, found in page]}
        more = first + size < len(rows)
        if more:
            answer["nextPageToken"] = self._token(text, page[-1][0], number + 1)
        if number % 3 != 1:  # missing at times, and wrong at times, so only the token tells
            answer["isLast"] = not more or number % 5 == 2
        self._found = {key: kept for key, kept in self._found.items() if more and key[0] == text}
        issues.world.now += self.faults.move
        return Json(answer | _described(issues, wanted, _listed(asked.get("expand"))))

    async def count(self, request: Request) -> Response:
        asked, issues = await _asked(request, {"jql"}), self.issues_of(request)
        text = str(asked.get("jql", ""))
        return Json({"count": len(self._rows(issues, text, jql.read(text, issues.site)))})

    async def offset(self, request: Request) -> Response:
        """The search of Data Center: startAt, total, and a page that the server cuts without saying so.

        https://docs.atlassian.com/software/jira/docs/api/REST/9.12.0/#api/2/search
        """
        asked, issues = await _asked(request, None), self.issues_of(request)
        text, wanted = str(asked.get("jql", "")), _wanted(asked.get("fields", ["*navigable"]))
        rows = self._rows(issues, text, jql.read(text, issues.site))
        first, size = int(asked.get("startAt", 0)), min(_size(asked, 50), SERVER_PAGE)
        shown = [self._row(issues, found, wanted, asked) for _, found in rows[first : first + size]]
        issues.world.now += self.faults.move
        return Json({"expand": "schema,names", "startAt": first, "maxResults": size, "total": len(rows),
                     "issues": shown} | _described(issues, wanted, _listed(asked.get("expand"))))  # fmt: skip

    def _row(self, issues: Issues, number: int, wanted: list[str] | None, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Only its id, if no fields were asked for."""
        if wanted is None:
            return {"id": issue_id(number)}
        view = issues.view(number)
        row = view.head() | {"fields": issues.fields(number, wanted)}
        if "changelog" in _listed(asked.get("expand")):
            row["changelog"] = view.changelog()
        if properties := _listed(asked.get("properties")):
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
            named = {issues.find(one) for clause in query.clauses if clause.field == "id" for one in clause.values}
            found = [
                number
                for number, track in issues.tracks.items()
                if track.there(at) and track.there(world.now) and all(_fits(track, c, at, named) for c in query.clauses)
            ]
            keyed = [(_sort_key(issues, number, query, at), number) for number in found]
            self._found[text, world.now] = sorted(keyed)
        return self._found[text, world.now]

    # --- tokens

    def _token(self, text: str, last: Key, number: int) -> str:
        held = {"query": _digest(text), "last": last, "page": number, "at": self.clock()}
        return base64.urlsafe_b64encode(msgspec.json.encode(held)).decode()

    def _after(self, token: Any, text: str, rows: Sequence[tuple[Key, int]]) -> tuple[int, int]:
        """Where the page begins, and which one it is."""
        if not token:
            return 0, 0
        held = _held(token)
        if held["query"] != _digest(text) or self.clock() - held["at"] > TOKEN_LIVES:
            raise BadRequestError("", "The provided next page token is invalid or expired.")
        last = tuple(held["last"])
        return bisect_right(rows, last, key=lambda row: row[0]), held["page"]

    # --- histories

    async def changelogs(self, request: Request) -> Response:
        """Histories of up to a thousand issues, by time and issue; those of one issue may go over a page.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-changelog-bulkfetch-post
        """
        asked = await _asked(request, {"issueIdsOrKeys", "fieldIds", "maxResults", "nextPageToken"})
        issues = self.issues_of(request)
        ids, only = asked.get("issueIdsOrKeys") or [], asked.get("fieldIds") or []
        size = int(asked.get("maxResults", 1000))
        if not 1 <= len(ids) <= 1000:
            raise BadRequestError("issueIdsOrKeys", "issueIdsOrKeys must have between 1 and 1000 entries")
        if len(only) > 10 or not 1 <= size <= 10_000:
            raise BadRequestError("fieldIds", "At most 10 fieldIds, and maxResults between 1 and 10000")
        rows = self._histories(issues, [str(one) for one in ids], only)
        text = _digest(repr((sorted(map(str, ids)), sorted(only))))
        first = _place(asked.get("nextPageToken"), text)
        answer: dict[str, Any] = {"issueChangeLogs": _grouped(rows[first : first + size])}
        if first + size < len(rows):
            held = {"query": text, "last": [first + size], "page": 0, "at": self.clock()}
            answer["nextPageToken"] = base64.urlsafe_b64encode(msgspec.json.encode(held)).decode()
        return Json(answer)

    def _histories(self, issues: Issues, ids: list[str], only: list[str]) -> list[tuple[str, dict[str, Any]]]:
        """Issues that cannot be seen are silently left out. On every ninth issue the time is a number of seconds."""
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


def _place(token: Any, text: str) -> int:
    if not token:
        return 0
    held = _held(token)
    if held["query"] != text:
        raise BadRequestError("nextPageToken", "The provided next page token is invalid or expired.")
    return int(held["last"][0])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _held(token: Any) -> dict[str, Any]:
    try:
        held: dict[str, Any] = msgspec.json.decode(base64.urlsafe_b64decode(str(token)))
    except ValueError:
        raise BadRequestError("nextPageToken", "The provided next page token is invalid or expired.") from None
    return held


# --- what is asked


async def _asked(request: Request, known: set[str] | None = _ASKED) -> dict[str, Any]:
    """The body, or the query; a word that the endpoint does not know is refused, as `startAt` is."""
    if request.method == "GET":
        asked: dict[str, Any] = dict(request.query_params)
    else:
        try:
            asked = msgspec.json.decode(await request.body() or b"{}", type=dict[str, Any])
        except msgspec.DecodeError:
            raise BadRequestError(
                "", "There was an error parsing JSON. Check that your request body is valid."
            ) from None
    if known is not None and (set(asked) - known or not isinstance(asked.get("expand", ""), str)):
        raise BadRequestError("", "Invalid request payload. Refer to the REST API documentation and try again.")
    return asked


def _listed(given: Any) -> list[str]:
    """A list, or words with commas between them."""
    return given if isinstance(given, list) else [word for word in str(given or "").split(",") if word]


def _size(asked: Mapping[str, Any], usual: int) -> int:
    size = int(asked.get("maxResults", usual))
    if size < 1:
        raise BadRequestError("maxResults", "maxResults must be positive")
    return size


def _wanted(given: Any) -> list[str] | None:
    """Names of the fields to show; None: nothing but the id, which is also what no list means."""
    words = [word.strip() for word in _listed(given)] or ["id"]
    if set(words) <= {"id"}:
        return None
    chosen = [name for word in words for name in _NAMED.get(word, [word] if word in FIELDS else [])]
    return [name for name in dict.fromkeys(chosen) if f"-{name}" not in words]


_NAMED: dict[str, list[str]] = {"*all": list(FIELDS), "*navigable": _NAVIGABLE}


def _described(issues: Issues, wanted: list[str] | None, expand: list[str]) -> dict[str, Any]:
    rows = {row["id"]: row for row in field_list(issues.site) if row["id"] in (wanted or [])}
    described: dict[str, Any] = {}
    if "names" in expand:
        described["names"] = {name: row["name"] for name, row in rows.items()}
    if "schema" in expand:
        described["schema"] = {name: row["schema"] for name, row in rows.items()}
    return described


# --- what is found


def _fits(track: Track, clause: jql.Clause, at: int, named: Collection[int | None]) -> bool:
    """Whether the index of then has it; `named` are the tickets of a list of ids."""
    match clause.field:
        case "project":
            return track.project(at).id in clause.values
        case "category":
            now = category(track.story.state(at)["status"])[1]
            return (now in clause.values) != (clause.operator == "!=")
        case "id":
            return track.story.ticket in named
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
