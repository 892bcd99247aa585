"""A made-up desk behind Jira Service Management and Confluence: routes, plans, and the gates before them."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from helpdesk_kpi.simulator.jira import reference_data as lists
from helpdesk_kpi.simulator.jira.api import JiraApi
from helpdesk_kpi.simulator.jira.auth import PERSONAL_TOKEN, SCOPED_TOKEN, JiraAuth, Passes, Product, error_response
from helpdesk_kpi.simulator.jira.changelogs import Changelogs
from helpdesk_kpi.simulator.jira.confluence import Confluence
from helpdesk_kpi.simulator.jira.roles import Roles
from helpdesk_kpi.simulator.jira.search import Search
from helpdesk_kpi.simulator.jira.service_desk import Requests
from helpdesk_kpi.simulator.jira.site import Kind, SimulatedSite, account_id
from helpdesk_kpi.simulator.jira.vocabulary import (
    AGENTS,
    CATEGORY,
    CLOUD_ID,
    FIRST_RESPONSE,
    INTAKE,
    OLD_STATUSES,
    PRIORITIES,
    RESOLUTION,
    SUPPORT,
    TEAM,
    names,
    status_id,
)
from helpdesk_kpi.simulator.jira.worklogs import Worklogs
from helpdesk_kpi.simulator.server.faults import Faults, parse
from helpdesk_kpi.simulator.server.gate import RequestGate
from helpdesk_kpi.simulator.world.facts import SYSTEM
from helpdesk_kpi.simulator.world.support_desk import EMAIL, TOKEN
from helpdesk_kpi.simulator.world.world import World

Endpoint = tuple[str, str, str, Any]
"""Methods, path below the product, name, endpoint."""
#: Knobs of a world without events that Jira cannot show. It never shows to whom a survey was offered.
TELLABLE: dict[str, Any] = dict.fromkeys(
    ("api_reply", "call", "missed_call", "voicemail", "messaging", "unanswered_chat", "changed_answer"), 0.0
) | {"csat": "legacy"}
_OPEN = frozenset({"server_info", "info", "tenant_info"})


def app(
    world: World,
    *,
    faults: str | Faults | None = None,
    limits: float | bool = True,
    clock: Callable[[], float] = time.monotonic,
    kind: Kind = "cloud",
    analytics: bool = False,
) -> Starlette:
    """Build the API. `limits`: False for none, a number to multiply them, True for Atlassian's own. `clock` gives
    seconds.

    `analytics`: the plan tells how often pages were read. On Cloud everything is also there behind the gateway for
    scoped tokens. `app.state.requests` counts requests by endpoint; `app.state.world` is the world, whose `now` may be
    moved; `app.state.warm(url)` makes all rows beforehand.
    """
    plan = parse(faults)
    passes = Passes(kind, plan, limits, clock)
    api = JiraApi(world, kind, plan)
    search, changelogs = Search(api.issues, plan, clock), Changelogs(api.issues, clock)
    requests: Counter[str] = Counter()
    routes: list[Route] = []
    for product, root, gateway, endpoints in _products(api, search, changelogs, kind, analytics=analytics):
        gate = RequestGate(plan, JiraAuth(product, passes), world)
        gate.requests = requests
        for methods, path, name, endpoint in endpoints:
            planned = _apply_plan(world, product, name, endpoint)
            guarded = gate.guard(name, planned, bucket=name, open_to_all=name in _OPEN)
            prefixes = (root, f"{gateway}{root}") if gateway else (root,)
            routes += [Route(f"{prefix}/{path}", guarded, methods=methods.split()) for prefix in prefixes]
    served = Starlette(routes=routes, exception_handlers={404: _lost})
    served.state.requests, served.state.world, served.state.warm = requests, world, api.warm
    return served


def settings(world: World, url: str, *, kind: str = "cloud") -> dict[str, Any]:
    """The table [sources.NAME] for this API, with secrets in clear.

    `kind` is cloud, gateway (a scoped token, good behind the gateway only) or datacenter.
    """
    labels = names(world.desk.words)
    auth = {"cloud": {"email": EMAIL, "token": TOKEN}, "gateway": {"email": EMAIL, "token": SCOPED_TOKEN}}
    settings_of_source = {
        "connector": "jira_service_management",
        "url": url,
        "auth": auth.get(kind, {"personal_token": PERSONAL_TOKEN}),
        "severity": {labels[PRIORITIES[priority]]: level for priority, level in world.desk.severity.items()},
        "category": CATEGORY,
        "team_field": TEAM,
        "keep_fields": [CATEGORY],
        "agents": [f"group:{AGENTS[0] if kind != 'datacenter' else AGENTS[1]}"],
        "sla": {FIRST_RESPONSE: "first_response", RESOLUTION: "resolution"},
        "rate_share": 1.0,
    }
    return settings_of_source | ({"gateway": url} if kind == "gateway" else {})


def statuses(world: World | None = None) -> dict[str, str]:
    """[tickets] statuses: categories do not say who has to act, and do not separate solved from closed.

    In a world that had others once, what those meant.
    """
    mapped = ("pending", "hold", "closed")
    old = OLD_STATUSES if world is not None and world.plan.old_statuses else {}
    now = {status_id(status, where): status for where in (SUPPORT, INTAKE) for status in mapped}
    return now | {status_id(name, SUPPORT): status for status, name in old.items()}


def account_of(number: int) -> str:
    """The id of an agent's account."""
    return account_id(number)


def bots(world: World, kind: Kind = "cloud") -> list[str]:
    """Ids of bots, including rules. Cloud has a kind of account for them, Data Center does not."""
    site = SimulatedSite(world, kind, None, "")
    return [site.person_id(number) for number in (SYSTEM, *(a.id for a in world.desk.accounts if a.bot))]


def _products(
    api: JiraApi, search: Search, changelogs: Changelogs, kind: Kind, *, analytics: bool
) -> Iterator[tuple[Product, str, str, list[Endpoint]]]:
    """Product, where it is on the site, its gateway, its endpoints."""
    pages = Confluence(api, analytics=analytics)
    if kind == "datacenter":
        yield "jira", "/rest/api/2", "", [*_platform(api), *_datacenter(api, search)]
        yield "jsm", "/rest/servicedeskapi", "", _service_desk_routes(Requests(api))
        yield "confluence", "/rest/api", "", _content(pages)
        return
    jira, confluence = f"/ex/jira/{CLOUD_ID}", f"/ex/confluence/{CLOUD_ID}"
    yield "jira", "/rest/api/3", jira, [*_platform(api), *_cloud(api, search, changelogs)]
    yield (
        "jira",
        "/rest/api/2",
        jira,
        [("GET POST", "search", "search_removed", api.gone_response), _server_info(api)],
    )
    yield "jira", "/_edge", "", [("GET", "tenant_info", "tenant_info", api.tenant)]
    yield "jsm", "/rest/servicedeskapi", jira, _service_desk_routes(Requests(api))
    yield "confluence", "/wiki/api/v2", confluence, _wiki(pages)
    yield "confluence", "/wiki/rest/api", confluence, [("GET", "analytics/content/{page}/views", "views", pages.views)]


def _server_info(api: JiraApi) -> Endpoint:
    return ("GET", "serverInfo", "server_info", api.list_response(lists.server_info))


def _platform(api: JiraApi) -> list[Endpoint]:
    """Alike on Cloud and Data Center."""
    worklogs, roles = Worklogs(api), Roles(api)
    return [
        ("GET", "myself", "myself", api.list_response(lists.myself)),
        _server_info(api),
        ("GET", "field", "fields", api.list_response(lists.fields)),
        ("GET", "status", "statuses", api.list_response(lists.statuses)),
        ("GET", "priority", "priorities", api.list_response(lists.priorities)),
        ("GET", "resolution", "resolutions", api.list_response(lists.plain_resolutions)),
        ("GET", "issuetype", "issue_types", api.list_response(lists.issue_types)),
        ("GET", "project", "projects", api.all_projects),
        ("GET", "user", "user", api.user),
        ("GET", "group/member", "members", api.members),
        ("GET", "project/{project}/role", "roles", roles.of_project),
        ("GET", "project/{project}/role/{role}", "role", roles.single),
        ("GET", "issue/{issue}", "issue", api.issue),
        ("GET", "issue/{issue}/comment", "comments", api.comments),
        ("GET", "issue/{issue}/worklog", "issue_worklogs", worklogs.of_issue),
        ("GET", "worklog/updated", "worklogs_updated", worklogs.updated),
        ("GET", "worklog/deleted", "worklogs_deleted", worklogs.deleted),
        ("POST", "worklog/list", "worklogs_by_id", worklogs.by_id),
        ("GET", "configuration", "configuration", worklogs.configuration),
    ]


def _cloud(api: JiraApi, search: Search, changelogs: Changelogs) -> list[Endpoint]:
    return [
        ("GET POST", "search/jql", "search", search.search),
        ("POST", "search/approximate-count", "count", search.count),
        ("POST", "issue/bulkfetch", "issues_by_id", search.by_id),
        ("GET POST", "search", "search_removed", api.gone_response),
        ("POST", "changelog/bulkfetch", "changelogs", changelogs.page),
        ("GET", "issue/{issue}/changelog", "changelog", api.changelog),
        ("GET", "priority/search", "priorities", api.page_response(lists.priorities)),
        ("GET", "resolution/search", "resolutions", api.page_response(lists.resolutions)),
        ("GET", "project/search", "projects", api.projects),
        ("GET", "project/{project}", "project", api.project),
        ("GET", "users/search", "users", api.users),
        ("GET", "users", "users", api.users),
        ("GET", "user/bulk", "users_bulk", api.users_bulk),
    ]


def _datacenter(api: JiraApi, search: Search) -> list[Endpoint]:
    return [
        ("GET POST", "search", "search", search.offset),
        ("GET", "project/{project}", "project", api.project),
    ]


def _service_desk_routes(requests: Requests) -> list[Endpoint]:
    return [
        ("GET", "info", "info", requests.info),
        ("GET", "servicedesk", "service_desks", requests.service_desks),
        ("GET", "servicedesk/{desk}/requesttype", "request_types", requests.request_types),
        ("GET", "requesttype", "request_types", requests.request_types),
        ("GET", "organization", "organizations", requests.organizations),
        ("GET", "request/{issue}", "request", requests.request),
        ("GET", "request/{issue}/sla", "sla", requests.sla),
        ("GET", "request/{issue}/feedback", "feedback", requests.feedback),
        ("GET", "request/{issue}/comment", "request_comments", requests.comments),
        ("GET", "request/{issue}/participant", "participants", requests.participants),
    ]


def _wiki(pages: Confluence) -> list[Endpoint]:
    return [
        ("GET", "spaces", "spaces", pages.spaces),
        ("GET", "pages", "pages", pages.pages),
        ("GET", "pages/{page}", "page", pages.page),
        ("GET", "pages/{page}/versions", "versions", pages.versions),
        ("GET", "pages/{page}/likes/count", "likes", pages.likes),
        ("POST", "users-bulk", "wiki_users", pages.users),
    ]


def _content(pages: Confluence) -> list[Endpoint]:
    return [
        ("GET", "space", "spaces", pages.content_spaces),
        ("GET", "content", "pages", pages.content),
        ("GET", "content/{page}/version", "versions", pages.content_versions),
    ]


#: Parts of a plan, and what they bring.
_PLANS: dict[str, set[str]] = {"feedback": {"csat"}, "sla": {"slas"}}


def _apply_plan(world: World, product: Product, name: str, endpoint: Any) -> Any:
    """403 where the plan lacks it; any endpoint's own name works too."""

    async def respond(request: Request) -> Response:
        parts = _PLANS.get(name, set()) | {name} | ({"guide"} if product == "confluence" else set())
        if world.plan_without & parts:
            return error_response(product, 403, "You do not have permission to do that.")
        answer: Response = await endpoint(request)
        return answer

    return respond


async def _lost(request: Request, _error: Exception) -> Response:
    return error_response("jira", 404, f"null for uri: {request.url.path}")
