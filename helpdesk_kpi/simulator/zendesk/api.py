"""The endpoints of the Zendesk API, as of the world's now.

Shapes, paging and oddities follow recordings and the vendor's pages; the pages are named where they matter.
"""

import base64
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from helpdesk_kpi.simulator.server.faults import Faults
from helpdesk_kpi.simulator.server.gate import Json
from helpdesk_kpi.simulator.server.paging import BadRequestError, by_cursor, by_offset, whole_seconds
from helpdesk_kpi.simulator.world.clock import SECOND, instant
from helpdesk_kpi.simulator.world.world import World
from helpdesk_kpi.simulator.zendesk import reference_data as lists
from helpdesk_kpi.simulator.zendesk import sessions, surveys
from helpdesk_kpi.simulator.zendesk.auth import not_found
from helpdesk_kpi.simulator.zendesk.events import Events, calls
from helpdesk_kpi.simulator.zendesk.metric_events import MetricEvents
from helpdesk_kpi.simulator.zendesk.tickets import HELD_BACK, ZendeskTickets, deleted_tickets

_FAR = 1 << 62
_SCOPES = ("agent", "ai_agent", "all")


class ZendeskApi:
    """All endpoints. A name is what requests are counted under, and what faults and plans call an endpoint."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world, self.faults = world, faults
        self._tickets: ZendeskTickets | None = None
        self._events: Events | None = None
        self._promises: MetricEvents | None = None

    # --- exports

    async def tickets(self, request: Request) -> Response:
        """Cursor-based export; a poll that finds nothing answers with a null cursor.

        https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
        """
        query, rows = request.query_params, self.tickets_of(request)
        index = rows.index()
        first = self._from(query, index)
        size = min(int(query.get("per_page", "1000")), 1000)
        page = index[first : first + size]
        metric_sets = "metric_sets" in query.get("include", "")
        shown = [rows.row(number, metric_sets=metric_sets) for _, number in page if self._is_included(number, query)]
        over = first + size >= len(index)
        answer = self._cursor_response(request, "tickets", shown, page, over=over)
        self.world.now += self.faults.move
        return answer

    def _is_included(self, number: int, query: Any) -> bool:
        """Deleted ones are there unless refused."""
        story = self.world.stories[number]
        gone = story.deleted_at is not None and story.deleted_at <= self.world.now
        return self._in_scope(number, query) and not (gone and query.get("exclude_deleted") == "true")

    def _in_scope(self, number: int, query: Any) -> bool:
        """AI agents' tickets and their events are excluded by default."""
        scope = query.get("support_type_scope", "agent")
        if scope not in _SCOPES:
            raise BadRequestError("InvalidValue", f"support_type_scope must be one of {', '.join(_SCOPES)}")
        kind = "ai_agent" if self.world.stories[number].is_ai_agents(self.world.now) else "agent"
        return scope in {"all", kind}

    def _from(self, query: Any, index: list[tuple[int, int]]) -> int:
        """Where the page begins. A cursor in the middle repeats one row now and then, as boundaries do."""
        if "cursor" in query:
            stamp, number = _read_cursor(query["cursor"])
            first = bisect_right(index, (stamp, number))
            repeated = number % 7 == 0 and 0 < first < len(index) and index[first - 1] == (stamp, number)
            return first - 1 if repeated else first
        return bisect_left(index, (self._start(query), 0))

    def _start(self, query: Any, name: str = "start_time") -> int:
        if not query.get(name, "").isdigit():
            raise BadRequestError("InvalidValue", f"{name} is missing or no number")
        start = int(query[name])
        if start * SECOND > self.world.now - HELD_BACK:
            raise BadRequestError("StartTimeTooRecent", "Too recent start_time. Use a start_time older than 60 seconds")
        return start

    def _cursor_response(
        self, request: Request, key: str, rows: list[Any], page: list[tuple[int, int]], *, over: bool
    ) -> Response:
        after = _write_cursor(*page[-1]) if page else None
        kept = "".join(f"&{n}={v}" for n, v in request.query_params.items() if n not in {"cursor", "start_time"})
        follow = self.address(request)(f"{request.url.path}?cursor={after}{kept}") if after else None
        before = request.query_params.get("cursor")
        return Json({key: rows, "after_url": follow, "after_cursor": after, "before_url": None, "before_cursor": before,
                     "end_of_stream": over})  # fmt: skip

    async def users(self, request: Request) -> Response:
        base = self.base(request)
        rows = lists.users(self.world, base)
        index = [(lists.updated_at(self.world, self.world.accounts[row["id"]]) // SECOND, row["id"]) for row in rows]
        newest = bisect_right(index, ((self.world.now - HELD_BACK) // SECOND, _FAR))
        index = index[:newest]
        query = request.query_params
        first = self._from(query, index)
        size = min(int(query.get("per_page", "1000")), 1000)
        over = first + size >= newest
        last = min(first + size, newest)
        return self._cursor_response(request, "users", rows[first:last], index[first:last], over=over)

    async def ticket_events(self, request: Request) -> Response:
        """Time-based export: the last second of a page is always whole, next_page is never null."""
        query, events = request.query_params, self.events_of(request)
        start = self._start(query)
        size = min(int(query.get("per_page", "1000")), 1000)
        places, over = events.page(start, size)
        end = events.second(places[-1]) if places else start
        places = [place for place in places if self._in_scope(events.ticket(place), query)]
        comments = "comment_events" in query.get("include", "")
        rows = [events.event(place, comments=comments) for place in places]
        if not over and end <= start:
            end = start + 1
        self.world.now += self.faults.move
        return self._time_response(request, "ticket_events", rows, end, over=over)

    async def metric_events(self, request: Request) -> Response:
        """In order of their times, those announced for later too: so the end time may lie in the future."""
        found = self.sla_metric_events.export()
        stamps = [event.at // SECOND for event in found]
        return self._export(request, "ticket_metric_events", found, stamps, lambda event: event.row(self.world.now))

    async def organizations(self, request: Request) -> Response:
        """The end time is always that of the last row: every poll repeats at least one."""
        base = self.base(request)
        rows = sorted(lists.organizations(self.world, base), key=lambda row: (row["updated_at"], row["id"]))
        return self._export(request, "organizations", rows, [_second(row["updated_at"]) for row in rows])

    async def incremental_articles(self, request: Request) -> Response:
        """No end_of_stream here, and a null next_page at the end."""
        rows = lists.articles(self.world, self.base(request))
        stamps = [_second(row["updated_at"]) for row in rows]
        start = int(request.query_params.get("start_time", "0"))
        page, end, over = whole_seconds(rows, stamps, start, 1000)
        follow = self.address(request)(f"{request.url.path}?start_time={end}")
        return Json(
            {"articles": page, "count": len(page), "end_time": end or start, "next_page": None if over else follow}
        )

    async def calls(self, request: Request) -> Response:
        """Never ends by itself: next_page is always there."""
        found = calls(self.world)
        rows = [surveys.call(fact, self.world.stories[fact.ticket].created.requester) for fact in found]
        start = self._start(request.query_params)
        page, end, _ = whole_seconds(rows, [fact.ended_at // SECOND for fact in found], start, 1000)
        follow = self.address(request)(f"{request.url.path}?start_time={end or start}")
        return Json({"calls": page, "count": len(page), "end_time": end or start, "next_page": follow})

    async def engagements(self, request: Request) -> Response:
        return Json(sessions.page(self.world, request.query_params, request.url.path))

    def _export(
        self, request: Request, key: str, rows: list[Any], stamps: list[int], make: Callable[[Any], Any] | None = None
    ) -> Response:
        """`make` turns each of `rows` into its JSON."""
        start = self._start(request.query_params)
        size = min(int(request.query_params.get("per_page", "1000")), 1000)
        page, end, over = whole_seconds(rows, stamps, start, size)
        shown = [make(row) for row in page] if make else list(page)
        return self._time_response(request, key, shown, start if end is None else end, over=over)

    def _time_response(self, request: Request, key: str, rows: list[Any], end: int, *, over: bool) -> Response:
        kept = "".join(f"&{n}={v}" for n, v in request.query_params.items() if n != "start_time")
        follow = self.address(request)(f"{request.url.path}?start_time={end}{kept}")
        return Json({key: rows, "count": len(rows), "end_time": end, "next_page": follow, "end_of_stream": over})

    # --- lists

    def cursor_list(self, key: str, rows: Callable[[World, str], lists.Rows]) -> Any:
        async def respond(request: Request) -> Response:
            return self.list_response(request, key, rows(self.world, self.base(request)))

        return respond

    def whole_list(self, key: str, rows: Callable[[World, str], lists.Rows], filters: Mapping[str, str]) -> Any:
        """`filters`: parameter -> the key whose value it names; several values have commas between them."""

        async def respond(request: Request) -> Response:
            query = request.query_params
            found = rows(self.world, self.base(request))
            for name in filters.keys() & query.keys():
                found = [row for row in found if _text(row[filters[name]]) in query[name].split(",")]
            return Json({key: found, "count": len(found), "next_page": None, "previous_page": None})

        return respond

    def list_response(self, request: Request, key: str, rows: lists.Rows) -> Response:
        query = dict(request.query_params)
        shape = by_offset if "page" in query or "per_page" in query else by_cursor
        if shape is by_offset and any(name.startswith("page[") for name in query):
            raise BadRequestError("InvalidPaginationParameter", "page and page[size] exclude each other")
        return Json(shape(key, rows, query, request.url.path, self.address(request)))

    async def groups(self, request: Request) -> Response:
        hide = request.query_params.get("exclude_deleted", "true") != "false"
        rows = [row for row in lists.groups(self.world, self.base(request)) if not (hide and row["deleted"])]
        return self.list_response(request, "groups", rows)

    async def satisfaction_ratings(self, request: Request) -> Response:
        """Seconds here; https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_ratings/"""
        query = request.query_params
        start, end = int(query.get("start_time", "0")), int(query.get("end_time", str(_FAR)))
        rows = surveys.ratings(self.world, self.base(request), start, end)
        if score := query.get("score"):
            wanted = {"received": {"good", "bad"}}.get(score, {score})
            rows = [row for row in rows if row["score"] in wanted]
        return self.list_response(request, "satisfaction_ratings", rows)

    async def satisfaction_rating(self, request: Request) -> Response:
        number = request.path_params["rating"]
        rows = surveys.ratings(self.world, self.base(request), 0, _FAR)
        found = [row for row in rows if row["id"] == number]
        return Json({"satisfaction_rating": found[0]}) if found else not_found()

    async def survey_responses(self, request: Request) -> Response:
        """Milliseconds here; https://developer.zendesk.com/api-reference/help_center/help-center-api/csat_survey_responses/"""
        query = request.query_params
        start, end = (
            int(query.get("filter[created_at_start]", "0")),
            int(query.get("filter[created_at_end]", str(_FAR))),
        )
        return self.list_response(request, "survey_responses", surveys.survey_responses(self.world, start, end))

    async def surveys(self, request: Request) -> Response:
        """What the newer survey asks; https://developer.zendesk.com/api-reference/ticketing/ticket-management/csat_surveys/"""
        return self.list_response(request, "surveys", surveys.definitions(self.world))

    async def sla_policies(self, request: Request) -> Response:
        rows = lists.sla_policies(self.world, self.base(request))
        return Json(by_offset("sla_policies", rows, request.query_params, request.url.path, self.address(request)))

    async def schedules(self, _request: Request) -> Response:
        return Json({"schedules": lists.schedules(self.world), "url": "/api/v2/business_hours/schedules.json"})

    async def holidays(self, request: Request) -> Response:
        known = request.path_params["schedule"] in {row["id"] for row in lists.schedules(self.world)}
        return Json({"holidays": lists.holidays(self.world)}) if known else not_found()

    async def articles(self, request: Request) -> Response:
        """With translations and newest first, if requested."""
        query = request.query_params
        translated = "translations" in query.get("include", "")
        rows = lists.articles(self.world, self.base(request), translated=translated)
        if query.get("sort_by") == "updated_at" and query.get("sort_order") == "desc":
            rows.reverse()
        return self.list_response(request, "articles", rows)

    async def translations(self, request: Request) -> Response:
        found = self._article(request)
        return (
            not_found()
            if found is None
            else self.list_response(request, "translations", lists.translations(self.world, found))
        )

    async def votes(self, request: Request) -> Response:
        found = self._article(request)
        return not_found() if found is None else self.list_response(request, "votes", lists.votes(self.world, found))

    def _article(self, request: Request) -> Any:
        number = request.path_params["article"]
        return next((a for a in self.world.desk.articles if a.id == number and a.created_at <= self.world.now), None)

    async def deleted_tickets(self, request: Request) -> Response:
        query, rows = request.query_params, deleted_tickets(self.world)
        if (by := query.get("sort_by", "id")) in {"id", "subject", "deleted_at"}:
            rows.sort(key=lambda row: row[by], reverse=query.get("sort_order") == "desc")
        return self.list_response(request, "deleted_tickets", rows)

    async def me(self, request: Request) -> Response:
        accounts = self.world.desk.accounts
        admin = next((a for a in accounts if a.role_at(self.world.now) == "admin"), accounts[0])
        return Json({"user": lists.user(self.world, self.base(request), admin)})

    # --- one ticket

    async def ticket(self, request: Request) -> Response:
        number, rows = request.path_params["ticket"], self.tickets_of(request)
        if not self._there(number):
            return not_found()
        return Json({"ticket": rows.row(number, metric_sets=False)})

    async def audits(self, request: Request) -> Response:
        number, events = request.path_params["ticket"], self.events_of(request)
        if not self._there(number):
            return not_found()
        return self.list_response(request, "audits", [events.audit(place) for place in events.of(number)])

    async def comments(self, request: Request) -> Response:
        number, events = request.path_params["ticket"], self.events_of(request)
        if not self._there(number):
            return not_found()
        return self.list_response(request, "comments", events.comments_of(number))

    async def metrics_of(self, request: Request) -> Response:
        number = request.path_params["ticket"]
        return Json(self.sla_metric_events.of(number)) if self._there(number) else not_found()

    def _there(self, number: int) -> bool:
        story = self.world.stories.get(number)
        if story is None or story.created.at > self.world.now:
            return False
        return story.deleted_at is None or story.deleted_at > self.world.now

    # --- addresses and views

    def base(self, request: Request) -> str:
        return str(request.base_url).rstrip("/")

    def address(self, request: Request) -> Callable[[str], str]:
        base = "https://other.example" if self.faults.wrong_host else self.base(request)
        return lambda path: base + path

    def warm(self, base: str) -> None:
        """Build every row beforehand, so that a benchmark measures the client. `base` is the API's address."""
        self._tickets, self._events = ZendeskTickets(self.world, base), Events(self.world, base)
        for _, number in self._tickets.index():
            self._tickets.row(number, metric_sets=True)

    @property
    def sla_metric_events(self) -> MetricEvents:
        if self._promises is None:
            self._promises = MetricEvents(self.world)
        return self._promises

    def tickets_of(self, request: Request) -> ZendeskTickets:
        if self._tickets is None:
            self._tickets = ZendeskTickets(self.world, self.base(request))
        return self._tickets

    def events_of(self, request: Request) -> Events:
        if self._events is None:
            self._events = Events(self.world, self.base(request))
        return self._events


def _text(value: Any) -> str:
    """A value as a query has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _write_cursor(stamp: int, number: int) -> str:
    return base64.b64encode(f"{stamp}.0||{number}|".encode()).decode()


def _read_cursor(text: str) -> tuple[int, int]:
    try:
        stamp, number = base64.b64decode(text, validate=True).decode().rstrip("|").split(".0||")
        return int(stamp), int(number)
    except ValueError:
        raise BadRequestError("InvalidPaginationParameter", "cursor is not valid") from None


def _second(text: str) -> int:
    return instant(text.rstrip("Z")) // SECOND
