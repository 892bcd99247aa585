"""Jira's endpoints for single issues and small lists, as of the world's now."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from helpdesk_kpi.simulator.jira import reference_data as lists
from helpdesk_kpi.simulator.jira.auth import error_response
from helpdesk_kpi.simulator.jira.issue_view import FIELDS
from helpdesk_kpi.simulator.jira.issues import Issues
from helpdesk_kpi.simulator.jira.site import Kind, SimulatedSite
from helpdesk_kpi.simulator.jira.vocabulary import AGENTS, CLOUD_ID
from helpdesk_kpi.simulator.server.faults import Faults
from helpdesk_kpi.simulator.server.gate import Json
from helpdesk_kpi.simulator.server.paging import BadRequestError
from helpdesk_kpi.simulator.world.world import World

_LOST = "Issue does not exist or you do not have permission to see it."
_REMOVED = (
    "The requested API has been removed. Please migrate to the {} API. A full migration guideline is available at "
    "https://developer.atlassian.com/changelog/#CHANGE-2046"
)


class JiraApi:
    """All endpoints of the platform that are no long lists. Everything is of the one site that it serves."""

    def __init__(self, world: World, kind: Kind, faults: Faults) -> None:
        self.world, self.kind, self.faults = world, kind, faults
        self._issues: Issues | None = None

    def issues(self, request: Request) -> Issues:
        if self._issues is None:
            self.warm(str(request.base_url).rstrip("/"), rows=False)
        assert self._issues is not None
        return self._issues

    def site(self, request: Request) -> SimulatedSite:
        return self.issues(request).site

    def warm(self, base: str, *, rows: bool = True) -> None:
        """Make every row beforehand, so that a measurement measures who asks. `base` is the site's address."""
        self._issues = Issues(SimulatedSite(self.world, self.kind, self.faults.zone, base))
        for number in self._issues.tracks if rows else ():
            if self._issues.tracks[number].there(self.world.now):
                self._issues.fields(number, FIELDS)

    def address(self, request: Request) -> str:
        return "https://other.example" if self.faults.wrong_host else self.site(request).base

    # --- one issue

    async def issue(self, request: Request) -> Response:
        issues = self.issues(request)
        number = issues.find(request.path_params["issue"])
        if number is None:
            return error_response("jira", 404, _LOST)
        view, query = issues.view(number), request.query_params
        names = [name for name in query.get("fields", "*all").split(",") if name in FIELDS]
        shown = view.head() | {"fields": issues.fields(number, names or FIELDS)}
        if "changelog" in query.get("expand", ""):
            shown["changelog"] = view.changelog()
        for name in query.get("properties", "").split(","):
            if (value := view.property(name)) is not None:
                shown.setdefault("properties", {})[name] = value
        return Json(shown)

    async def comments(self, request: Request) -> Response:
        """https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/"""
        issues, query = self.issues(request), request.query_params
        number = issues.find(request.path_params["issue"])
        if number is None:
            return error_response("jira", 404, _LOST)
        view, start, size = (
            issues.view(number),
            number_of(query, "startAt", 0),
            min(number_of(query, "maxResults", 100), 100),
        )
        said = view.public_comments()[::-1] if query.get("orderBy", "").startswith("-") else view.public_comments()
        properties = "properties" in query.get("expand", "")
        rows = [view.comment(one, properties=properties) for one in said[start : start + size]]
        return Json({"startAt": start, "maxResults": size, "total": len(said), "comments": rows})

    async def changelog(self, request: Request) -> Response:
        issues = self.issues(request)
        number = issues.find(request.path_params["issue"])
        if number is None or self.kind == "datacenter":
            return error_response("jira", 404, _LOST)
        return self._paged(request, issues.view(number).histories(), 100)

    # --- lists

    def list_response(self, rows: Callable[[SimulatedSite], Any]) -> Callable[[Request], Awaitable[Response]]:
        """A whole list, or a single object, in one answer."""

        async def respond(request: Request) -> Response:
            return Json(rows(self.site(request)))

        return respond

    def page_response(self, rows: Callable[[SimulatedSite], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            return self._paged(request, rows(self.site(request)), 50)

        return respond

    async def projects(self, request: Request) -> Response:
        """Of all kinds unless one is requested; archived ones only on request."""
        query, insight = request.query_params, "insight" in request.query_params.get("expand", "")
        rows = lists.projects(self.issues(request), insight=insight)
        wanted = "archived" in query.getlist("status")
        rows = [row for row in rows if bool(row.get("archived")) == wanted]
        if kinds := query.get("typeKey"):
            rows = [row for row in rows if row["projectTypeKey"] in kinds.split(",")]
        if keys := query.getlist("keys"):
            rows = [row for row in rows if row["key"] in keys]
        return self._paged(request, rows, 50)

    async def all_projects(self, request: Request) -> Response:
        return Json([row for row in lists.projects(self.issues(request)) if "archived" not in row])

    async def project(self, request: Request) -> Response:
        rows = lists.projects(self.issues(request))
        found = [row for row in rows if request.path_params["project"] in {row["id"], row["key"]}]
        return Json(found[0]) if found else error_response("jira", 404, "No project could be found with that key.")

    async def users(self, request: Request) -> Response:
        """https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-users/"""
        query = request.query_params
        start, size = number_of(query, "startAt", 0), min(number_of(query, "maxResults", 50), 1000)
        return Json(lists.people(self.site(request))[start : start + size])

    async def users_bulk(self, request: Request) -> Response:
        wanted = request.query_params.getlist("accountId")
        if not 1 <= len(wanted) <= 200:
            raise BadRequestError("accountId", "Between 1 and 200 accountId are needed")
        rows = [row for row in lists.people(self.site(request)) if row.get("accountId") in wanted]
        return self._paged(request, rows, 10)

    async def user(self, request: Request) -> Response:
        query = request.query_params
        wanted = {query.get("accountId"), query.get("key"), query.get("username")} - {None}
        for row in lists.people(self.site(request)):
            if {row.get("accountId"), row.get("key"), row.get("name")} & wanted:
                return Json(row)
        return error_response("jira", 404, "Specified user does not exist or you do not have required permissions")

    async def members(self, request: Request) -> Response:
        """Members of the agents' group. Leavers appear only with inactive ones.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-groups/#api-rest-api-3-group-member-get
        """
        query, site = request.query_params, self.site(request)
        if not {query.get("groupId"), query.get("groupname")} & set(AGENTS):
            return error_response("jira", 404, "The group does not exist.")
        rows = [site.person(number) for number in lists.agents(site)]
        everybody = query.get("includeInactiveUsers") == "true"
        return self._paged(request, [row for row in rows if everybody or row["active"]], 50)

    def _paged(self, request: Request, rows: list[Any], usual: int) -> Response:
        """A page bean. https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#pagination"""
        query = request.query_params
        start, size = number_of(query, "startAt", 0), min(number_of(query, "maxResults", usual), 100)
        page, base = rows[start : start + size], f"{self.address(request)}{request.url.path}"
        others = [(name, text) for name, text in query.multi_items() if name not in {"startAt", "maxResults"}]
        shown = {"self": f"{base}?{urlencode([*others, ('startAt', start), ('maxResults', size)])}",
                 "maxResults": size, "startAt": start, "total": len(rows),
                 "isLast": start + size >= len(rows), "values": page}  # fmt: skip
        if start + size < len(rows):
            shown["nextPage"] = f"{base}?{urlencode([*others, ('startAt', start + size), ('maxResults', size)])}"
        return Json(shown)

    # --- what needs no site

    async def gone_response(self, _request: Request) -> Response:
        """https://developer.atlassian.com/changelog/#CHANGE-2046"""
        return error_response("jira", 410, _REMOVED.format("/rest/api/3/search/jql"))

    async def tenant(self, _request: Request) -> Response:
        return Json({"cloudId": CLOUD_ID})


def number_of(query: Mapping[str, str], name: str, usual: int) -> int:
    given = query.get(name, str(usual))
    if not given.isdigit():
        raise BadRequestError(name, f"{name} must be a number that is not negative")
    return int(given)
