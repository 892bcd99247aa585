"""How Freshdesk lets requests in: an API key, its limits as float strings, its words of refusal.

https://developers.freshdesk.com/api/#authentication and #ratelimit and #error
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from helpdesk_kpi.simulator.server.faults import Faults
from helpdesk_kpi.simulator.server.gate import Json
from helpdesk_kpi.simulator.server.paging import BadRequestError
from helpdesk_kpi.simulator.server.rate_limits import Bucket

KEY = "simulated-api-key"
TICKETS_LIST = "tickets-list"
ACCOUNT, LISTS = 400, 100  # a minute, on the plan Pro
_GENEROUS = 10_000
_ALWAYS = {"x-fw-ratelimiting-managed": "true", "x-freshdesk-api-version": "latest=v2; requested=v2"}


class FreshdeskAuth:
    """`scale` multiplies the limits; False: none is ever reached. `clock` gives seconds."""

    def __init__(self, scale: float | bool, clock: Callable[[], float]) -> None:
        factor = float(scale) if scale is not False else float(_GENEROUS)
        self.account = Bucket(max(1, int(ACCOUNT * factor)), clock)
        self.buckets = {TICKETS_LIST: Bucket(max(1, int(LISTS * factor)), clock)}

    def refusal(self, request: Request, faults: Faults) -> Response | None:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind == "Basic" and _user(given) == KEY and not faults.refuse:
            return None
        return error_response("invalid_credentials", "You have to be logged in to perform this action.", 401)

    def take(self, request: Request, bucket: str | None) -> tuple[Mapping[str, str], int]:
        """The separate limit of the tickets list is in no header: it shows only as a 429."""
        used = cost(request, bucket)
        fits = all(self.account.take() for _ in range(used))
        wait = 0 if fits else self.account.resets
        if bucket is not None and not self.buckets[bucket].take():
            wait = wait or self.buckets[bucket].resets
        headers = {
            "x-ratelimit-total": f"{float(self.account.total)}",
            "x-ratelimit-remaining": f"{float(self.account.remaining)}",
            "x-ratelimit-used-currentrequest": str(used),
        }
        return headers | _ALWAYS, wait

    def too_many(self, headers: Mapping[str, str]) -> Response:
        return Json({"message": "You have exceeded the limit of requests per minute"}, 429, headers)

    def forbidden(self) -> Response:
        return error_response("access_denied", "You are not authorized to perform this action.", 403)

    def not_found(self) -> Response:
        return not_found_response()

    def bad_request(self, error: BadRequestError) -> Response:
        field, _, code = error.error.partition(":")
        wrong = {"field": field, "message": error.description, "code": code or "invalid_value"}
        return Json({"description": "Validation failed", "errors": [wrong]}, 400)


def cost(request: Request, bucket: str | None) -> int:
    """Credits: each `include` costs two more on the list of tickets, one more on a single ticket."""
    includes = [word for word in request.query_params.get("include", "").split(",") if word]
    return 1 + len(includes) * (2 if bucket == TICKETS_LIST else 1)


def wrong(field: str, message: str, code: str = "invalid_value") -> BadRequestError:
    """A value that a request must not have."""
    return BadRequestError(f"{field}:{code}", message)


def error_response(code: str, message: str, status: int) -> Response:
    return Json({"code": code, "message": message}, status)


def missing_feature_response(feature: str) -> Response:
    """The plan lacks it."""
    message = f"The {feature} feature(s) is/are not supported in your plan. Please upgrade your account to use it."
    return error_response("require_feature", message, 403)


def not_found_response() -> Response:
    """There is no body at all."""
    return Response(status_code=404)


def _user(given: str) -> Any:
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[0]
    except ValueError:
        return None
