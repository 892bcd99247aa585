"""Time that people wrote down on issues: with the issue, issue by issue, and as a feed of what changed.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-worklogs/
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from helpdesk_kpi.simulator.jira.api import JiraApi, number_of
from helpdesk_kpi.simulator.jira.auth import error_response
from helpdesk_kpi.simulator.jira.search_request import parse_request
from helpdesk_kpi.simulator.server.gate import Json
from helpdesk_kpi.simulator.server.paging import BadRequestError
from helpdesk_kpi.simulator.world.clock import MINUTE
from helpdesk_kpi.simulator.world.time_entries import TimeEntryFact

PAGE = 1000
HELD_BACK = MINUTE  # the feed leaves out the last minute
PART = "worklogs"
"""What a plan lacks where time tracking is switched off."""
_GONE = "Issue does not exist or you do not have permission to see it."


class Worklogs:
    def __init__(self, api: JiraApi) -> None:
        self.api, self.world = api, api.world

    async def of_issue(self, request: Request) -> Response:
        """Oldest first, up to 5,000 a page; Data Center knows no pages."""
        issues, query = self.api.issues(request), request.query_params
        number = issues.find(request.path_params["issue"])
        if number is None or PART in self.world.plan_without:
            return error_response("jira", 404, _GONE)
        view, cloud = issues.view(number), self.api.kind == "cloud"
        rows = view.worklogs()
        start = number_of(query, "startAt", 0) if cloud else 0
        size = min(number_of(query, "maxResults", 5000), 5000) if cloud else len(rows)
        page = [view.worklog(entry) for entry in rows[start : start + size]]
        return Json({"startAt": start, "maxResults": size, "total": len(rows), "worklogs": page})

    async def updated(self, request: Request) -> Response:
        return self._feed(request, [entry for entry in self._all(request) if entry.seconds])

    async def deleted(self, request: Request) -> Response:
        return self._feed(request, [entry for entry in self._all(request) if not entry.seconds])

    async def by_id(self, request: Request) -> Response:
        """Up to a thousand; invisible ones are excluded."""
        body = await parse_request(request, frozenset({"ids"}))
        wanted = {int(own) for own in body.get("ids") or ()}
        if not 1 <= len(wanted) <= PAGE:
            raise BadRequestError("ids", "Between 1 and 1000 ids are needed")
        issues = self.api.issues(request)
        found = [entry for entry in self._all(request) if entry.id in wanted and entry.seconds]
        return Json([issues.view(entry.ticket).worklog(entry) for entry in found])

    async def configuration(self, _request: Request) -> Response:
        """https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-jira-settings/"""
        on = PART not in self.world.plan_without
        units: dict[str, Any] = {"workingHoursPerDay": 8.0, "workingDaysPerWeek": 5.0, "timeFormat": "pretty",
                                 "defaultUnit": "minute"}  # fmt: skip
        configuration: dict[str, Any] = {"votingEnabled": True, "issueLinkingEnabled": True, "timeTrackingEnabled": on}
        return Json(configuration | ({"timeTrackingConfiguration": units} if on else {}))

    def _all(self, request: Request) -> list[TimeEntryFact]:
        issues, now = self.api.issues(request), self.world.now
        there = [number for number, track in issues.tracks.items() if track.there(now)]
        return [entry for number in there for entry in issues.view(number).all_worklogs()]

    def _feed(self, request: Request, found: list[TimeEntryFact]) -> Response:
        """From `since` on, which may repeat the last one of the page before; the address of a next page is always
        there.
        """
        since, path = number_of(request.query_params, "since", 0), request.url.path
        newest = self.world.now - HELD_BACK
        rows = sorted((e.changed_at, e.id) for e in found if since <= e.changed_at <= newest)
        page, base = rows[:PAGE], f"{self.api.address(request)}{path}"
        until = page[-1][0] if page else since
        values = [{"worklogId": own, "updatedTime": at, "properties": []} for at, own in page]
        return Json({"values": values, "since": since, "until": until, "self": f"{base}?since={since}",
                     "nextPage": f"{base}?since={until}", "lastPage": len(page) == len(rows)})  # fmt: skip
