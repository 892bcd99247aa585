"""How Atlassian lets requests in: who may, how often, and its three ways of wording a refusal.

https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
"""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from helpdesk_kpi.simulator.jira.site import Kind
from helpdesk_kpi.simulator.server.faults import Faults
from helpdesk_kpi.simulator.server.gate import Json
from helpdesk_kpi.simulator.server.paging import BadRequestError
from helpdesk_kpi.simulator.world.support_desk import EMAIL, TOKEN

SCOPED_TOKEN, PERSONAL_TOKEN = "simulated-scoped-token", "simulated-personal-token"
Product = Literal["jira", "jsm", "confluence"]
BURST = 100  # requests a second, for each endpoint
_HOUR = 3600
_PAGE = "<html><head><title>429 Too Many Requests</title></head><body>Too Many Requests</body></html>"
_DENIED = "Client must be authenticated to access this resource."


class Passes:
    """What all doors of one site share: who got in how often. `clock` gives seconds; `scale` multiplies the limits."""

    def __init__(self, kind: Kind, faults: Faults, scale: float | bool, clock: Callable[[], float]) -> None:
        self.kind, self.faults, self.clock = kind, faults, clock
        self.most = max(1, int(BURST * scale)) if scale is not False else None
        self.uses = self.taken = self.refused = 0
        self.seconds: dict[str, tuple[int, int]] = {}

    def good(self, request: Request) -> bool:
        """Scoped tokens are good behind the gateway only. Data Center takes personal access tokens."""
        how, _, given = request.headers.get("authorization", "").partition(" ")
        if self.kind == "datacenter":
            known = (how, given) == ("Bearer", PERSONAL_TOKEN)
        else:
            tokens = [SCOPED_TOKEN, TOKEN] if request.url.path.startswith("/ex/") else [TOKEN]
            known = how == "Basic" and given in {_basic(token) for token in tokens}
        self.uses += known
        used_up = self.faults.expire and self.uses > self.faults.expire
        refused = self.faults.refuse or (self.faults.disguise and not self.faults.expire)
        return known and not used_up and not refused

    def take(self, name: str) -> tuple[Mapping[str, str], int]:
        """Headers of the answer, and the seconds to wait if the request is one too many."""
        now = self.clock()
        self.taken += 1
        if self.faults.quota is not None and self.taken > self.faults.quota:
            return {"ratelimit-reason": "jira-quota-tenant-based"}, int(_HOUR - now % _HOUR) or _HOUR
        if self.most is None:
            return {}, 0
        second, used = self.seconds.get(name, (int(now), 0))
        used = used + 1 if second == int(now) else 1
        self.seconds[name] = (int(now), used)
        left = max(0, self.most - used)
        resets = (datetime.now(UTC) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%MZ")
        headers = {"x-ratelimit-limit": str(self.most), "x-ratelimit-remaining": str(left), "x-ratelimit-reset": resets}
        headers |= {"x-ratelimit-nearlimit": "true"} if left * 5 < self.most else {}
        if used <= self.most:
            return headers, 0
        return headers | {"ratelimit-reason": "jira-burst-based"}, 1


class JiraAuth:
    """Authentication of one product; each has its own error format."""

    def __init__(self, product: Product, passes: Passes) -> None:
        self.product, self.passes = product, passes

    def refusal(self, request: Request, faults: Faults) -> Response | None:
        """Wrong credentials may also look like success. https://jira.atlassian.com/browse/JRA-41559"""
        if self.passes.good(request):
            return None
        headers = {"x-seraph-loginreason": "AUTHENTICATED_FAILED"}
        if faults.disguise:
            return Response(b"", 200, headers, "application/json")
        if request.url.path.startswith("/ex/"):
            return Json({"code": 401, "message": "Unauthorized; scope does not match"}, 401, headers)
        return error_response(self.product, 401, _DENIED, headers)

    def take(self, request: Request, bucket: str | None) -> tuple[Mapping[str, str], int]:
        return self.passes.take(bucket or request.url.path)

    def too_many(self, headers: Mapping[str, str]) -> Response:
        """The edge answers in HTML, and every second refusal is the edge's."""
        self.passes.refused += 1
        headers = {"ratelimit-reason": "jira-burst-based"} | dict(headers)
        if self.passes.refused % 2 == 0:
            return Response(_PAGE, 429, headers, "text/html")
        return error_response(self.product, 429, "Rate limit exceeded.", headers)

    def forbidden(self) -> Response:
        return error_response(self.product, 403, "You do not have permission to do that.")

    def not_found(self) -> Response:
        return error_response(self.product, 404, "It does not exist or you do not have permission to see it.")

    def bad_request(self, error: BadRequestError) -> Response:
        if self.product == "jira" and error.error:
            return Json({"errorMessages": [], "errors": {error.error: error.description}}, 400)
        return error_response(self.product, 400, error.description)


def error_response(
    product: Product, status: int, message: str, headers: Mapping[str, str] | None = None, *, key: str | None = None
) -> Response:
    """The platform's, the service desk's and Confluence's envelopes; `key` is the service desk's name for it."""
    match product:
        case "jira":
            return Json({"errorMessages": [message], "errors": {}}, status, headers)
        case "jsm":
            error: dict[str, object] = {"i18nKey": key, "parameters": []}
            return Json({"errorMessage": message, "i18nErrorMessage": error}, status, headers)
    seen = {"authorized": status not in {401, 403}, "valid": True, "errors": [], "successful": False}
    return Json({"statusCode": status, "data": seen, "message": message}, status, headers)


def _basic(token: str) -> str:
    return base64.b64encode(f"{EMAIL}:{token}".encode()).decode()
