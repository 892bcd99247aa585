"""A made-up desk behind Jira Service Management and Confluence: routes, plans, and the gates before them."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from helpdesk_kpi.simulator import jira_lists as lists
from helpdesk_kpi.simulator.desk import EMAIL, TOKEN
from helpdesk_kpi.simulator.faults import Faults, parse
from helpdesk_kpi.simulator.gate import Gate
from helpdesk_kpi.simulator.jira_door import PERSONAL_TOKEN, SCOPED_TOKEN, JiraDoor, Passes, Product, refused
from helpdesk_kpi.simulator.jira_face import Face
from helpdesk_kpi.simulator.jira_search import Search
from helpdesk_kpi.simulator.jira_site import Kind
from helpdesk_kpi.simulator.jira_words import CATEGORY, CLOUD_ID, PRIORITIES, TEAM, names
from helpdesk_kpi.simulator.world import World

Endpoint = tuple[str, str, str, Any]
"""Methods, path below the product, name, endpoint."""
_OPEN = frozenset({"server_info", "info", "tenant_info"})


def app(
    world: World,
    *,
    faults: str | Faults | None = None,
    limits: float | bool = True,
    clock: Callable[[], float] = time.monotonic,
    kind: Kind = "cloud",
) -> Starlette:
    """The face. `limits`: False for none, a number to multiply them, True for Atlassian's own. `clock` gives seconds.

    On Cloud everything is also there behind the gateway of scoped tokens. `app.state.requests` counts requests by
    endpoint; `app.state.world` is the world, whose `now` may be moved; `app.state.warm(url)` makes all rows beforehand.
    """
    plan = parse(faults)
    passes = Passes(kind, plan, limits, clock)
    face = Face(world, kind, plan)
    search = Search(face.issues, plan, clock)
    requests: Counter[str] = Counter()
    routes: list[Route] = []
    for product, root, gateway, endpoints in _products(face, search, kind):
        gate = Gate(plan, JiraDoor(product, passes))
        gate.requests = requests
        for methods, path, name, endpoint in endpoints:
            planned = _planned(world, product, name, endpoint)
            guarded = gate.guard(name, planned, bucket=name, open_to_all=name in _OPEN)
            prefixes = (root, f"{gateway}{root}") if gateway else (root,)
            routes += [Route(f"{prefix}/{path}", guarded, methods=methods.split()) for prefix in prefixes]
    served = Starlette(routes=routes, exception_handlers={404: _lost})
    served.state.requests, served.state.world, served.state.warm = requests, world, face.warm
    return served


def settings(world: World, url: str, *, kind: str = "cloud") -> dict[str, Any]:
    """What a configuration says of this desk; `kind` is cloud, gateway (a scoped token) or datacenter."""
    labels = names(world.desk.words)
    told = {
        "connector": "jira_service_management",
        "url": url,
        "auth": {"email": EMAIL, "token": SCOPED_TOKEN if kind == "gateway" else TOKEN},
        "severity": {labels[PRIORITIES[priority]]: level for priority, level in world.desk.severity.items()},
        "team_field": TEAM,
        "keep_fields": {"category": CATEGORY},
        "rate_share": 1.0,
    }
    if kind == "gateway":
        return told | {"cloud_id": CLOUD_ID, "gateway": url}
    return told | {"auth": {"token": PERSONAL_TOKEN}} if kind == "datacenter" else told


def _products(face: Face, search: Search, kind: Kind) -> Iterator[tuple[Product, str, str, list[Endpoint]]]:
    """Product, where it is on the site, its gateway, its endpoints."""
    jira = f"/ex/jira/{CLOUD_ID}"
    if kind == "datacenter":
        yield "jira", "/rest/api/2", "", [*_platform(face), *_datacenter(face, search)]
    else:
        yield "jira", "/rest/api/3", jira, [*_platform(face), *_cloud(face, search)]
        old = [("GET POST", "search", "search_removed", face.removed), _SERVER_INFO(face)]
        yield "jira", "/rest/api/2", jira, old
        yield "jira", "/_edge", "", [("GET", "tenant_info", "tenant_info", face.tenant)]


def _SERVER_INFO(face: Face) -> Endpoint:  # noqa: N802
    return ("GET", "serverInfo", "server_info", face.listed(lists.server_info))


def _platform(face: Face) -> list[Endpoint]:
    """Alike on Cloud and Data Center."""
    return [
        ("GET", "myself", "myself", face.listed(lists.myself)),
        _SERVER_INFO(face),
        ("GET", "field", "fields", face.listed(lists.fields)),
        ("GET", "status", "statuses", face.listed(lists.statuses)),
        ("GET", "priority", "priorities", face.listed(lists.priorities)),
        ("GET", "resolution", "resolutions", face.listed(lists.resolutions)),
        ("GET", "issuetype", "issue_types", face.listed(lists.issue_types)),
        ("GET", "project", "projects", face.all_projects),
        ("GET", "user", "user", face.user),
        ("GET", "issue/{issue}", "issue", face.issue),
        ("GET", "issue/{issue}/comment", "comments", face.comments),
    ]


def _cloud(face: Face, search: Search) -> list[Endpoint]:
    return [
        ("GET POST", "search/jql", "search", search.search),
        ("POST", "search/approximate-count", "count", search.count),
        ("GET POST", "search", "search_removed", face.removed),
        ("POST", "changelog/bulkfetch", "changelogs", search.changelogs),
        ("GET", "issue/{issue}/changelog", "changelog", face.changelog),
        ("GET", "priority/search", "priorities", face.paged(lists.priorities)),
        ("GET", "resolution/search", "resolutions", face.paged(lists.resolutions)),
        ("GET", "project/search", "projects", face.projects),
        ("GET", "project/{project}", "project", face.project),
        ("GET", "users/search", "users", face.users),
        ("GET", "users", "users", face.users),
        ("GET", "user/bulk", "users_bulk", face.users_bulk),
    ]


def _datacenter(face: Face, search: Search) -> list[Endpoint]:
    return [
        ("GET POST", "search", "search", search.offset),
        ("GET", "project/{project}", "project", face.project),
    ]


#: Parts of a plan, and what they bring.
_PLANS: dict[str, set[str]] = {"feedback": {"csat"}, "sla": {"slas"}}


def _planned(world: World, product: Product, name: str, endpoint: Any) -> Any:
    """403 where the plan lacks it; any endpoint's own name works too."""

    async def asked(request: Request) -> Response:
        parts = _PLANS.get(name, set()) | {name} | ({"guide"} if product == "confluence" else set())
        if world.plan_without & parts:
            return refused(product, 403, "You do not have permission to do that.")
        answer: Response = await endpoint(request)
        return answer

    return asked


async def _lost(_request: Request, _error: Exception) -> Response:
    return refused("jira", 404, "null for uri")
