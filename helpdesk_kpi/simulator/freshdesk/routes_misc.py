"""Endpoints other than tickets and lists: surveys, the knowledge base, the export of activities."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from helpdesk_kpi.simulator.freshdesk import activity_export as activities
from helpdesk_kpi.simulator.freshdesk import solutions, surveys
from helpdesk_kpi.simulator.freshdesk.api import FreshdeskApi
from helpdesk_kpi.simulator.freshdesk.auth import not_found_response, wrong
from helpdesk_kpi.simulator.freshdesk.paging import answer, moment
from helpdesk_kpi.simulator.freshdesk.reference_data import language
from helpdesk_kpi.simulator.server.gate import Json
from helpdesk_kpi.simulator.world import time_entries as hours
from helpdesk_kpi.simulator.world.clock import instant, iso

_FAR = 1 << 62


class MiscRoutes:
    """`api` has the world and its addresses."""

    def __init__(self, api: FreshdeskApi) -> None:
        self.api, self.world = api, api.world

    def _list_response(self, request: Request, rows: list[Any]) -> Response:
        return answer(request, rows, self.api.address(request))

    # --- surveys

    async def surveys(self, request: Request) -> Response:
        state = request.query_params.get("state")
        rows = [row for row in surveys.surveys(self.world) if state is None or row["active"] == (state == "active")]
        return self._list_response(request, rows)

    async def ratings(self, request: Request) -> Response:
        """By time of creation only: a changed rating is not found by the time of its change."""
        query = request.query_params
        since = moment(query, "created_since") or 0
        rows = [
            row
            for row in surveys.ratings(self.world, list(self.world.stories.values()))
            if instant(row["created_at"][:-1]) >= since and query.get("user_id") in {None, str(row["user_id"])}
        ]
        return self._list_response(request, rows)

    async def ticket_ratings(self, request: Request) -> Response:
        rows = self.api.tickets_of(request)
        story = rows.there(request.path_params["ticket"])
        if story is None or rows.place(story):
            return not_found_response()
        return self._list_response(request, surveys.ratings(self.world, [story]))

    # --- time that agents wrote down

    async def time_entries(self, request: Request) -> Response:
        """Of all tickets or of one; by the day of the work only. https://developers.freshdesk.com/api/#list_all_time_entries"""
        query, number = request.query_params, request.path_params.get("ticket")
        since, until = moment(query, "executed_after") or 0, moment(query, "executed_before") or _FAR
        stories = [s for own, s in self.world.stories.items() if number in {None, own}]
        found = [entry for story in stories for entry in hours.entries(story, self.world.now)]
        found.sort(key=lambda entry: entry.id)
        rows = [_time_entry(entry) for entry in found if entry.seconds and since <= entry.at < until]
        wanted = {name: query[name] for name in ("agent_id", "company_id", "billable") if name in query}
        return self._list_response(
            request, [row for row in rows if all(_is(row[name], wanted[name]) for name in wanted)]
        )

    # --- the knowledge base

    async def categories(self, request: Request) -> Response:
        return self._in_language(request, solutions.categories(self.world))

    async def folders(self, request: Request) -> Response:
        if request.path_params["id"] != solutions.CATEGORY:
            return not_found_response()
        return self._in_language(request, solutions.folders(self.world))

    async def subfolders(self, request: Request) -> Response:
        if request.path_params["id"] not in solutions.FOLDERS:
            return not_found_response()
        return self._in_language(request, solutions.subfolders(self.world, request.path_params["id"]))

    async def articles(self, request: Request) -> Response:
        folder = request.path_params["id"]
        if folder not in solutions.FOLDERS:
            return not_found_response()
        rows = [solutions.article(self.world, known) for known in solutions.here(self.world, folder)]
        return self._in_language(request, rows)

    async def article(self, request: Request) -> Response:
        number = request.path_params["id"]
        known = next((a for a in solutions.here(self.world) if a.id == number), None)
        if known is None or not self._spoken(request):
            return not_found_response()
        return Json(solutions.article(self.world, known))

    async def search(self, request: Request) -> Response:
        term = request.query_params.get("term")
        if not term:
            raise wrong("term", "It should be a/an String", "missing_field")
        return self._list_response(request, solutions.search(self.world, term))

    def _in_language(self, request: Request, rows: list[Any]) -> Response:
        return self._list_response(request, rows) if self._spoken(request) else not_found_response()

    def _spoken(self, request: Request) -> bool:
        """The desk has one language; a path with another one leads nowhere."""
        requested: str = request.path_params.get("language", language(self.world))
        return requested == language(self.world)

    # --- activities

    async def activities(self, request: Request) -> Response:
        """Where the file of a day is."""
        try:
            day = activities.day_of(self.world, request.query_params.get("created_at", ""))
        except ValueError:
            raise wrong("created_at", "It should be a Date in the format YYYY-MM-DD") from None
        if not activities.is_available(self.world, day):
            return Json({"export": []})
        return Json(activities.export(day, f"{self.api.base(request)}/api/v2/export/files/{day.isoformat()}.json"))

    async def activities_file(self, request: Request) -> Response:
        """The address alone opens it, as with files kept elsewhere."""
        try:
            day = activities.day_of(self.world, request.path_params["day"])
        except ValueError:
            return not_found_response()
        return (
            Json(activities.file(self.world, day)) if activities.is_available(self.world, day) else not_found_response()
        )


def _is(value: Any, wanted: str) -> bool:
    """Whether a value is what a query asks for."""
    return str(value).casefold() == wanted.casefold()


def _time_entry(entry: hours.TimeEntryFact) -> dict[str, Any]:
    """Hours and minutes are truncated; seconds are not."""
    minutes = entry.seconds // 60
    return {
        "billable": True, "note": None, "timer_running": False, "id": entry.id, "agent_id": entry.agent,
        "ticket_id": entry.ticket, "company_id": None, "time_spent": f"{minutes // 60:02}:{minutes % 60:02}",
        "time_spent_in_seconds": entry.seconds, "executed_at": iso(entry.at), "start_time": iso(entry.at),
        "created_at": iso(entry.at), "updated_at": iso(entry.changed_at),
    }  # fmt: skip
