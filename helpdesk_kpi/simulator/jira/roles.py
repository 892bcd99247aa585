"""Who has which role in a project: the agents by their group, their lead also by name, and customers by nothing.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-project-roles/
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from helpdesk_kpi.simulator.jira.api import JiraApi
from helpdesk_kpi.simulator.jira.auth import error_response
from helpdesk_kpi.simulator.jira.reference_data import agents
from helpdesk_kpi.simulator.jira.site import SimulatedSite
from helpdesk_kpi.simulator.jira.vocabulary import AGENTS, PROJECTS, REPORTS, Project
from helpdesk_kpi.simulator.server.gate import Json

SERVICE = "service_desk"
ADMINISTRATORS, CUSTOMERS, TEAM = "10002", "10050", "10051"
_NAMES = {ADMINISTRATORS: "Administrators", CUSTOMERS: "Service Desk Customers", TEAM: "Service Desk Team"}
_OF_DESKS = frozenset({CUSTOMERS, TEAM})
_FIRST_ACTOR = 10_240


class Roles:
    """The roles of each project; who is no desk has no team."""

    def __init__(self, api: JiraApi) -> None:
        self.api = api

    async def of_project(self, request: Request) -> Response:
        """Name -> address."""
        site, where = self.api.site(request), self._project(request)
        if where is None:
            return error_response("jira", 404, "No project could be found with that key.")
        return Json({_NAMES[own]: self._address(site, where, own) for own in _known(where)})

    async def single(self, request: Request) -> Response:
        site, where, own = self.api.site(request), self._project(request), request.path_params["role"]
        if where is None or own not in _known(where):
            return error_response("jira", 404, "Can not retrieve project role.")
        people = {ADMINISTRATORS: [REPORTS], TEAM: agents(site)[:1]}.get(own, [])
        actors = [_user(site, number, _FIRST_ACTOR + i) for i, number in enumerate(people)]
        actors += [_group(site, _FIRST_ACTOR + 9)] if own == TEAM else []
        return Json({"self": self._address(site, where, own), "name": _NAMES[own], "id": int(own),
                     "description": "A project role", "actors": actors})  # fmt: skip

    def _project(self, request: Request) -> Project | None:
        wanted = request.path_params["project"]
        return next((one for one in PROJECTS if wanted in {one.id, one.key}), None)

    def _address(self, site: SimulatedSite, where: Project, own: str) -> str:
        return f"{site.api}/project/{where.id}/role/{own}"


def _known(where: Project) -> list[str]:
    return [own for own in _NAMES if own not in _OF_DESKS or where.kind == SERVICE]


def _user(site: SimulatedSite, number: int, place: int) -> dict[str, Any]:
    """Data Center gives the login, Cloud the account."""
    person = site.person(number)
    shown = {"id": place, "displayName": person["displayName"], "type": "atlassian-user-role-actor"}
    return shown | ({"actorUser": {"accountId": person["accountId"]}} if site.cloud else {"name": person["name"]})


def _group(site: SimulatedSite, place: int) -> dict[str, Any]:
    own, name = AGENTS
    shown = {"id": place, "displayName": name, "name": name, "type": "atlassian-group-role-actor"}
    return shown | ({"actorGroup": {"displayName": name, "groupId": own, "name": name}} if site.cloud else {})
