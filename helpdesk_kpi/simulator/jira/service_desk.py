"""The service desk API, request by request: what the platform's search does not contain.

https://developer.atlassian.com/cloud/jira/service-desk/rest/intro/
"""

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from helpdesk_kpi.simulator.jira import sla
from helpdesk_kpi.simulator.jira.api import JiraApi
from helpdesk_kpi.simulator.jira.auth import error_response
from helpdesk_kpi.simulator.jira.issue_view import IssueView
from helpdesk_kpi.simulator.jira.payload_shapes import organization as shown_organization
from helpdesk_kpi.simulator.jira.payload_shapes import request_type
from helpdesk_kpi.simulator.jira.site import SimulatedSite
from helpdesk_kpi.simulator.jira.vocabulary import PROJECTS
from helpdesk_kpi.simulator.server.gate import Json
from helpdesk_kpi.simulator.server.paging import BadRequestError
from helpdesk_kpi.simulator.world.support_desk import FORMS, organization

_ROOT = "/rest/servicedeskapi"
_DESKS = [project for project in PROJECTS if project.desk and not project.archived]
_LOST = "The issue does not exist or you do not have permission to see it."


class Requests:
    """Endpoints under /rest/servicedeskapi."""

    def __init__(self, api: JiraApi) -> None:
        self.api = api

    # --- lists

    async def info(self, request: Request) -> Response:
        site = self.api.site(request)
        version = "1001.0.0-SNAPSHOT" if site.cloud else "5.12.4"
        return Json({"version": version, "platformVersion": version, "buildDate": site.date(site.world.desk.start),
                     "buildChangeSet": "0" * 40, "isLicensedForUse": True,
                     "_links": {"self": f"{site.base}{_ROOT}/info"}})  # fmt: skip

    async def service_desks(self, request: Request) -> Response:
        site = self.api.site(request)
        rows = [
            {"id": desk.desk, "projectId": desk.id, "projectName": desk.name, "projectKey": desk.key,
             "_links": {"self": f"{site.base}{_ROOT}/servicedesk/{desk.desk}"}}
            for desk in _DESKS
        ]  # fmt: skip
        return self._paged(request, rows, 100)

    async def request_types(self, request: Request) -> Response:
        """Of one desk, or of all of them, which is an experiment."""
        wanted, site = request.path_params.get("desk"), self.api.site(request)
        if wanted is None and not _opted(request):
            return _experimental()
        desks = [desk for desk in _DESKS if wanted in {None, desk.desk}]
        if not desks:
            return error_response(
                "jsm", 404, "The service desk does not exist or you do not have permission to see it."
            )
        return self._paged(
            request, [request_type(site, form, None, desk) for desk in desks for form in (None, *FORMS)], 100
        )

    async def organizations(self, request: Request) -> Response:
        site = self.api.site(request)
        rows = [shown_organization(site, organization(i)) for i in range(len(site.words.organizations))]
        return self._paged(request, rows, 50)

    # --- one request

    async def request(self, request: Request) -> Response:
        view = self._view(request)
        if isinstance(view, Response):
            return view
        kind, site = view.request_type(), view.site
        return Json({
            "_expands": ["participant", "status", "sla", "requestType", "serviceDesk", "comment"],
            "issueId": view.id, "issueKey": view.key, "requestTypeId": kind["requestType"]["id"],
            "serviceDeskId": view.project.desk, "createdDate": site.date(view.story.created.at),
            "reporter": _person(site, view.story.created.requester), "requestFieldValues": _values(view),
            "currentStatus": kind["currentStatus"], "_links": kind["_links"],
        })  # fmt: skip

    async def sla(self, request: Request) -> Response:
        """Those that apply; for agents only."""
        view = self._view(request)
        if isinstance(view, Response):
            return view
        rows = [row for field in sla.SLAS if (row := view.sla(field)) is not None]
        return self._paged(request, rows, 50)

    async def feedback(self, request: Request) -> Response:
        """The last answer, without time and name (experimental); empty for a request without an answer."""
        if not _opted(request):
            return _experimental()
        view = self._view(request)
        if isinstance(view, Response):
            return view
        answer = view.answer()
        if answer is None:
            return error_response("jsm", 404, "No feedback was found for this request.")
        return Json({"type": "csat", "rating": answer.ratings["overall"]}
                    | ({"comment": {"body": answer.comment}} if answer.comment else {}))  # fmt: skip

    async def comments(self, request: Request) -> Response:
        view, query = self._view(request), request.query_params
        if isinstance(view, Response):
            return view
        wanted = {True: query.get("public") != "false", False: query.get("internal") != "false"}
        rows = [
            {"_expands": ["attachment", "renderedBody"], "id": str(said.id), "body": view.site.wiki(said.comment),
             "public": said.comment.public, "author": _person(view.site, said.author),
             "created": view.site.date(said.at),
             "_links": {"self": f"{view.site.base}{_ROOT}/request/{view.id}/comment/{said.id}"}}
            for said in view.public_comments()
            if wanted[said.comment.public]
        ]  # fmt: skip
        return self._paged(request, rows, 50)

    async def participants(self, request: Request) -> Response:
        """No participants: the simulated desk has no copies."""
        view = self._view(request)
        return view if isinstance(view, Response) else self._paged(request, [], 50)

    def _view(self, request: Request) -> IssueView | Response:
        """What an agent made without the portal is no request; and a project may be no desk."""
        issues = self.api.issues(request)
        number = issues.find(request.path_params["issue"])
        if number is None:
            return error_response("jsm", 404, _LOST)
        view = issues.view(number)
        if view.project.desk is None:
            return error_response("jsm", 403, "You do not have permission to see this request.")
        if view.request_type() is None:
            return error_response(
                "jsm", 404, "The issue is not a request.", key="sd.customerview.error.vpOriginMissing"
            )
        return view

    def _paged(self, request: Request, rows: list[Any], usual: int) -> Response:
        """The service desk's envelope; a page may have fewer rows than its limit and not be the last one."""
        query = request.query_params
        start, limit = int(query.get("start", 0)), min(int(query.get("limit", usual)), usual)
        if limit < 1:
            raise BadRequestError("", "limit must be positive")
        page = rows[start : start + (limit - 1 if 1 < limit <= len(rows) - start else limit)]
        over = start + len(page) >= len(rows)
        base, path = f"{self.api.address(request)}{_ROOT}", request.url.path.split(_ROOT)[1]
        others = [(name, text) for name, text in query.multi_items() if name not in {"start", "limit"}]
        links = {"base": base, "context": "", "self": f"{base}{path}"}
        if not over:
            links["next"] = f"{base}{path}?{urlencode([*others, ('start', start + len(page)), ('limit', limit)])}"
        return Json({"_expands": [], "size": len(page), "start": start, "limit": limit, "isLastPage": over,
                     "_links": links, "values": page})  # fmt: skip


def _opted(request: Request) -> bool:
    return request.headers.get("x-experimentalapi") == "opt-in"


def _experimental() -> Response:
    """https://developer.atlassian.com/cloud/jira/service-desk/rest/intro/#experimental"""
    return error_response(
        "jsm", 412, "This method is experimental; opt in with the header 'X-ExperimentalApi: opt-in'."
    )


def _person(site: SimulatedSite, number: int) -> dict[str, Any]:
    """Here customers have a name and a key too, which are the account's id again."""
    shown = site.person(number)
    own = shown.get("accountId") or shown["key"]
    links = {"jiraRest": shown.pop("self"), "avatarUrls": shown.pop("avatarUrls"), "self": ""}
    shown.pop("accountType", None)
    return {"name": own, "key": own} | shown | {"_links": links | {"self": links["jiraRest"]}}


def _values(view: IssueView) -> list[dict[str, Any]]:
    created = view.story.created
    return [{"fieldId": "summary", "label": "Summary", "value": created.subject},
            {"fieldId": "description", "label": "Description", "value": created.comment.text}]  # fmt: skip
