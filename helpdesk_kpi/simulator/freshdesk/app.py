"""A made-up desk behind Freshdesk's API v2: routes, plans, and the gate before them."""

import time
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from helpdesk_kpi.simulator.freshdesk import reference_data as lists
from helpdesk_kpi.simulator.freshdesk.api import FreshdeskApi
from helpdesk_kpi.simulator.freshdesk.auth import (
    KEY,
    TICKETS_LIST,
    FreshdeskAuth,
    error_response,
    missing_feature_response,
    not_found_response,
)
from helpdesk_kpi.simulator.freshdesk.routes_misc import MiscRoutes
from helpdesk_kpi.simulator.freshdesk.surveys import question_id
from helpdesk_kpi.simulator.server.faults import Faults, parse
from helpdesk_kpi.simulator.server.gate import Json, RequestGate
from helpdesk_kpi.simulator.world.world import World

SEVERITY = {"Urgent": "P0", "High": "P1", "Medium": "P2", "Low": "P3"}


def app(
    world: World,
    *,
    faults: str | Faults | None = None,
    limits: float | bool = True,
    clock: Callable[[], float] = time.monotonic,
    bulk: int = 0,
    archives: bool = True,
) -> Starlette:
    """Build the API. `limits`: False for none, a number to multiply them, True for those of the plan Pro.

    `bulk` adds so many tickets that were imported in one second. `archives` False: no ticket is ever archived.
    `app.state` has `requests` by endpoint, `world`, whose `now` may be moved, and `warm(url)`.
    """
    plan = parse(faults)
    gate = RequestGate(plan, FreshdeskAuth(limits if limits is not True else 1.0, clock), world)
    api = FreshdeskApi(world, plan, bulk=bulk, archives=archives)
    rooms = MiscRoutes(api)
    opened = gate.guard(
        "activities_file", _apply_plan(world, "activities_file", rooms.activities_file), open_to_all=True
    )
    routes = [Route("/api/v2/export/files/{day:str}.json", opened)]
    routes += [
        Route(f"/api/v2/{path}", gate.guard(name, _apply_plan(world, name, endpoint), bucket=bucket))
        for name, path, endpoint, bucket in (*_endpoints(api), *_misc_routes(rooms))
    ]
    served = Starlette(routes=routes, exception_handlers={404: _lost, 405: _bad_request})
    served.state.requests, served.state.world, served.state.warm = gate.requests, world, api.warm
    return served


def settings(world: World, url: str) -> dict[str, Any]:  # noqa: ARG001  # every API has the same signature
    """The table [sources.NAME] for this API, with secrets in clear."""
    return {
        "connector": "freshdesk",
        "url": url,
        "auth": {"key": KEY},
        "severity": dict(SEVERITY),
        "category": "cf_category",
        "rate_share": 1.0,
        "conversations_per_run": 0,
    }


def dimensions(world: World) -> dict[str, str]:
    """What [csat] dimensions says of the questions that have numbers only."""
    questions = [question for question in world.desk.words.survey_questions if question != "overall"]
    return {question_id(world, question).removeprefix("question_"): question for question in questions}


def _endpoints(api: FreshdeskApi) -> list[tuple[str, str, Any, str | None]]:
    """Name, path, endpoint, bucket of the rate limits."""
    return [
        ("tickets", "tickets", api.tickets, TICKETS_LIST),
        ("archived_ticket", "tickets/archived/{ticket:int}", api.archived_ticket, None),
        ("archived_conversations", "tickets/archived/{ticket:int}/conversations", api.archived_conversations, None),
        ("ticket", "tickets/{ticket:int}", api.ticket, None),
        ("conversations", "tickets/{ticket:int}/conversations", api.conversations, None),
        ("associated_tickets", "tickets/{ticket:int}/associated_tickets", api.associated_tickets, None),
        ("prime_association", "tickets/{ticket:int}/prime_association", api.prime_association, None),
        ("me", "agents/me", api.whole(lists.me), None),
        ("agents", "agents", api.agents, None),
        ("agent", "agents/{id:int}", api.single(lists.agents), None),
        ("groups", "groups", api.list_response(lists.groups), None),
        ("contacts", "contacts", api.contacts, None),
        ("contact", "contacts/{id:int}", api.single(lists.contacts), None),
        ("companies", "companies", api.list_response(lists.companies), None),
        ("products", "products", api.list_response(lists.products), None),
        ("ticket_fields", "ticket_fields", api.whole(lists.ticket_fields), None),
        ("admin_ticket_fields", "admin/ticket_fields", api.whole(lists.admin_ticket_fields), None),
        ("business_hours", "business_hours", api.list_response(lists.business_hours), None),
        ("sla_policies", "sla_policies", api.list_response(lists.sla_policies), None),
        ("settings", "settings/helpdesk", api.whole(lists.settings), None),
        ("account", "account", api.account, None),
    ]


def _misc_routes(rooms: MiscRoutes) -> list[tuple[str, str, Any, str | None]]:
    """Routes other than tickets and lists. Parts of the knowledge base also have paths with a language."""
    base = [
        ("surveys", "surveys", rooms.surveys),
        ("satisfaction_ratings", "surveys/satisfaction_ratings", rooms.ratings),
        ("ticket_ratings", "tickets/{ticket:int}/satisfaction_ratings", rooms.ticket_ratings),
        ("time_entries", "time_entries", rooms.time_entries),
        ("ticket_time_entries", "tickets/{ticket:int}/time_entries", rooms.time_entries),
        ("search_solutions", "search/solutions", rooms.search),
        ("activities", "export/ticket_activities", rooms.activities),
    ]
    translated = [
        ("categories", "solutions/categories", rooms.categories),
        ("folders", "solutions/categories/{id:int}/folders", rooms.folders),
        ("subfolders", "solutions/folders/{id:int}/subfolders", rooms.subfolders),
        ("articles", "solutions/folders/{id:int}/articles", rooms.articles),
        ("article", "solutions/articles/{id:int}", rooms.article),
    ]
    base += translated + [(name, path + "/{language:str}", endpoint) for name, path, endpoint in translated]
    return [(name, path, endpoint, None) for name, path, endpoint in base]


#: Parts of a plan, and what they bring. An endpoint's own name works too.
_PLANS = {
    "satisfaction_ratings": {"surveys"}, "ticket_ratings": {"surveys"}, "ticket_time_entries": {"time_entries"},
    "activities_file": {"activities"}, "categories": {"solutions"}, "folders": {"solutions"},
    "subfolders": {"solutions"}, "articles": {"solutions"}, "article": {"solutions"},
    "search_solutions": {"solutions"},
}  # fmt: skip
SUSPENDED = "suspended"


def _apply_plan(world: World, name: str, endpoint: Any) -> Any:
    """403 where the plan lacks it, and everywhere if the account is suspended."""

    async def respond(request: Request) -> Response:
        if SUSPENDED in world.plan_without:
            return error_response("account_suspended", "Your account has been suspended.", 403)
        if lacks := world.plan_without & (_PLANS.get(name, set()) | {name}):
            return missing_feature_response(" ".join(min(lacks).split("_")).capitalize())
        if "language" in request.path_params and "multilingual" in world.plan_without:
            return missing_feature_response("Multi-language")
        accepts = request.headers.get("accept", "*/*")
        if "*/*" not in accepts and "application/json" not in accepts:
            return Response(status_code=406)
        answer: Response = await endpoint(request)
        return answer

    return respond


async def _lost(_request: Request, _error: Exception) -> Response:
    return not_found_response()


async def _bad_request(request: Request, _error: Exception) -> Response:
    message = f"{request.method} method is not allowed. It should be one of these method(s): GET"
    return Json({"message": message}, 405, {"allow": "GET"})
