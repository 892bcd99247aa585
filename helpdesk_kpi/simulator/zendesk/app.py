"""A made-up desk behind Zendesk's API: routes, plans, and the gate before them."""

import time
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from helpdesk_kpi.simulator.server.faults import Faults, parse
from helpdesk_kpi.simulator.server.gate import Json, RequestGate
from helpdesk_kpi.simulator.server.rate_limits import Limits
from helpdesk_kpi.simulator.world.support_desk import CATEGORY_FIELD, CLIENT_ID, CLIENT_SECRET
from helpdesk_kpi.simulator.world.world import World
from helpdesk_kpi.simulator.zendesk import reference_data as lists
from helpdesk_kpi.simulator.zendesk.api import ZendeskApi
from helpdesk_kpi.simulator.zendesk.auth import ZendeskAuth, forbidden, not_found
from helpdesk_kpi.simulator.zendesk.lists import ListRoutes

EXPORTS = "incremental-exports"


def app(
    world: World,
    *,
    faults: str | Faults | None = None,
    limits: float | bool = True,
    clock: Callable[[], float] = time.monotonic,
) -> Starlette:
    """Build the API. `limits`: False for none, a number to multiply them, True for Zendesk's own. `clock` gives
    seconds.

    `app.state.requests` counts requests by endpoint; `app.state.world` is the world, whose `now` may be moved;
    `app.state.warm(url)` makes all rows beforehand.
    """
    plan = parse(faults)
    door = ZendeskAuth(plan, Limits(limits if limits is not True else 1.0, clock), clock)
    gate = RequestGate(plan, door, world)
    api = ZendeskApi(world, plan)
    routes = [Route("/oauth/tokens", gate.guard("oauth", door.token, open_to_all=True), methods=["POST"])]
    for name, path, endpoint, bucket in _endpoints(api):
        guarded = gate.guard(name, _apply_plan(world, plan, name, path, endpoint), bucket=bucket)
        routes += [Route(f"/api/v2/{path}{dot}", guarded) for dot in (".json", "")]
    served = Starlette(routes=routes, exception_handlers={404: _lost})
    served.state.requests, served.state.world, served.state.warm = gate.requests, world, api.warm
    return served


def settings(world: World, url: str) -> dict[str, Any]:
    """The table [sources.NAME] for this API, with secrets in clear."""
    return {
        "connector": "zendesk",
        "url": url,
        "auth": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
        "severity": dict(world.desk.severity),
        "category": str(CATEGORY_FIELD),
        "rate_share": 1.0,
    }


_STATUS_FILTERS = {"active": "active", "default": "default", "status_categories": "status_category"}
_FORM_FILTERS = {"active": "active", "end_user_visible": "end_user_visible"}


def _endpoints(api: ZendeskApi) -> list[tuple[str, str, Any, str | None]]:
    """Name, path, endpoint, bucket of the rate limits."""
    plain = ListRoutes(api)
    return [
        ("tickets", "incremental/tickets/cursor", api.tickets, EXPORTS),
        ("ticket_events", "incremental/ticket_events", api.ticket_events, EXPORTS),
        ("users", "incremental/users/cursor", api.users, "incremental-exports-cursor"),
        ("organizations", "incremental/organizations", api.organizations, EXPORTS),
        ("ticket_metric_events", "incremental/ticket_metric_events", api.metric_events, EXPORTS),
        ("tickets_list", "tickets", plain.tickets, "tickets-index"),
        ("show_many", "tickets/show_many", plain.show_many, None),
        ("search", "search/export", plain.search, None),
        ("search_count", "search/count", plain.count, None),
        ("users_list", "users", plain.users, None),
        ("deleted_users", "deleted_users", api.cursor_list("deleted_users", lists.deleted_users), None),
        ("organizations_list", "organizations", plain.organizations, None),
        ("account_settings", "account/settings", plain.settings, None),
        ("groups", "groups", api.groups, None),
        (
            "group_memberships",
            "group_memberships",
            api.cursor_list("group_memberships", lists.group_memberships),
            None,
        ),
        ("brands", "brands", api.cursor_list("brands", lists.brands), None),
        (
            "custom_statuses",
            "custom_statuses",
            api.whole_list("custom_statuses", lists.custom_statuses, _STATUS_FILTERS),
            None,
        ),
        (
            "ticket_fields",
            "ticket_fields",
            api.cursor_list("ticket_fields", lists.ticket_fields),
            "ticket-fields-index",
        ),
        ("ticket_forms", "ticket_forms", api.whole_list("ticket_forms", lists.ticket_forms, _FORM_FILTERS), None),
        ("satisfaction_ratings", "satisfaction_ratings", api.satisfaction_ratings, None),
        ("satisfaction_rating", "satisfaction_ratings/{rating:int}", api.satisfaction_rating, None),
        ("survey_responses", "guide/survey_responses", api.survey_responses, None),
        ("surveys", "guide/surveys", api.surveys, None),
        ("schedules", "business_hours/schedules", api.schedules, None),
        ("holidays", "business_hours/schedules/{schedule:int}/holidays", api.holidays, None),
        ("sla_policies", "slas/policies", api.sla_policies, None),
        ("articles", "help_center/incremental/articles", api.incremental_articles, None),
        ("articles", "help_center/articles", api.articles, None),
        ("translations", "help_center/articles/{article:int}/translations", api.translations, None),
        ("votes", "help_center/articles/{article:int}/votes", api.votes, None),
        ("calls", "channels/voice/stats/incremental/calls", api.calls, EXPORTS),
        ("engagements", "engagements", api.engagements, None),
        ("deleted_tickets", "deleted_tickets", api.deleted_tickets, "deleted-tickets-index"),
        ("me", "users/me", api.me, None),
        ("ticket", "tickets/{ticket:int}", api.ticket, None),
        ("audits", "tickets/{ticket:int}/audits", api.audits, None),
        ("metric_events", "tickets/{ticket:int}/metric_events", api.metrics_of, None),
        ("comments", "tickets/{ticket:int}/comments", api.comments, None),
    ]


#: Parts of a plan, and what they bring.
_PLANS = {
    "satisfaction_ratings": {"csat"}, "satisfaction_rating": {"csat"}, "survey_responses": {"csat", "surveys"},
    "surveys": {"csat"}, "schedules": {"schedules"}, "holidays": {"schedules"}, "sla_policies": {"slas"},
    "articles": {"guide"}, "translations": {"guide"}, "votes": {"guide"},
}  # fmt: skip


def _apply_plan(world: World, faults: Faults, name: str, path: str, endpoint: Any) -> Any:
    """403 where the helpdesk's plan lacks it; any endpoint's own name works too, and "incremental" for all exports."""
    parts = _PLANS.get(name, set()) | {name} | ({"incremental"} if path.startswith("incremental/") else set())

    async def respond(request: Request) -> Response:
        if (world.plan_without | faults.forbid) & parts:
            return forbidden()
        if faults.missing & parts:
            return not_found()
        answer: Response = await endpoint(request)
        return answer

    return respond


async def _lost(_request: Request, _error: Exception) -> Response:
    return Json({"error": "InvalidEndpoint", "description": "Not found"}, 404)
