"""How Zendesk lets requests in: tokens, OAuth, its rate limits, its words of refusal."""

import base64
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from helpdesk_kpi.simulator.server.faults import Faults
from helpdesk_kpi.simulator.server.gate import Json
from helpdesk_kpi.simulator.server.paging import BadRequestError
from helpdesk_kpi.simulator.server.rate_limits import Limits
from helpdesk_kpi.simulator.world.support_desk import CLIENT_ID, CLIENT_SECRET, EMAIL, TOKEN

CODE = "simulated-code"
_LONGEST, _USUAL = 172_800, 1800


class ZendeskAuth:
    """`clock` gives seconds, for limits and the lifetime of tokens."""

    def __init__(self, faults: Faults, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.faults, self.limits, self.clock = faults, limits, clock
        self.tokens: dict[str, float] = {}
        self.pairs: dict[str, str] = {}  # refresh token -> its access token
        self.codes = {CODE: True}  # what a person got who has allowed the client in a browser
        self.count = 0
        self.uses: Counter[str] = Counter()

    def refusal(self, request: Request, faults: Faults) -> Response | None:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind == "Basic" and given == base64.b64encode(f"{EMAIL}/token:{TOKEN}".encode()).decode():
            return None if not faults.refuse else Json({"error": "Couldn't authenticate you"}, 401)
        if kind == "Bearer" and self._good(given):
            return None
        if kind == "Bearer":
            described = "The access token provided is expired, revoked, malformed or invalid for other reasons."
            return Json({"error": "invalid_token", "error_description": described}, 401)
        return Json({"error": "Couldn't authenticate you"}, 401)

    def _good(self, token: str) -> bool:
        self.uses[token] += 1
        used_up = self.faults.expire and self.uses[token] > self.faults.expire
        return not self.faults.refuse and not used_up and self.tokens.get(token, 0) > self.clock()

    def take(self, request: Request, bucket: str | None) -> tuple[Mapping[str, str], int]:
        return self.limits.take(bucket, help_centre="/help_center/" in request.url.path)

    def too_many(self, headers: Mapping[str, str]) -> Response:
        described = "Number of allowed incremental requests per minute exceeded"
        return Json({"error": "APIRateLimitExceeded", "description": described}, 429, headers)

    def forbidden(self) -> Response:
        return forbidden()

    def not_found(self) -> Response:
        return not_found()

    def bad_request(self, error: BadRequestError) -> Response:
        return Json({"error": error.error, "description": error.description}, 400)

    async def token(self, request: Request) -> Response:
        """POST /oauth/tokens. The response has the token's lifetime only on request.

        https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
        """
        form = await _parse_form(request)
        known = form.get("client_id") == CLIENT_ID and form.get("client_secret") == CLIENT_SECRET
        if form.get("grant_type") not in {"client_credentials", "authorization_code", "refresh_token"}:
            return _oauth_error("unsupported_grant_type", "This grant type is not supported.")
        if not known or self.faults.refuse:
            return Json({"error": "invalid_client", "error_description": "Client authentication failed."}, 401)
        life = int(form.get("expires_in") or _USUAL)
        if not 300 <= life <= _LONGEST:
            return _oauth_error("invalid_request", "expires_in is out of range")
        if form["grant_type"] != "client_credentials" and not self._was_allowed(form):
            return _oauth_error("invalid_grant", "The provided authorization grant is invalid, expired or revoked.")
        return Json(self._grant_token(form, life))

    def _was_allowed(self, form: Mapping[str, Any]) -> bool:
        """A code works once; so does a refresh token, and it takes its access token with it."""
        if form["grant_type"] == "authorization_code":
            return self.codes.pop(str(form.get("code")), False)
        access = self.pairs.pop(str(form.get("refresh_token")), None)
        self.tokens.pop(access or "", None)
        return access is not None

    def _grant_token(self, form: Mapping[str, Any], life: int) -> dict[str, Any]:
        self.count += 1
        token = f"simulated-{self.count}"
        self.tokens[token] = self.clock() + life
        grant = {"access_token": token, "token_type": "bearer", "scope": form.get("scope", "read")}
        if form["grant_type"] != "client_credentials":
            grant["refresh_token"] = f"simulated-refresh-{self.count}"
            self.pairs[grant["refresh_token"]] = token
        lives = {name: form[name] for name in ("refresh_token_expires_in",) if name in form}
        return grant | ({"expires_in": life} if form.get("expires_in") else {}) | lives


def _oauth_error(error: str, description: str) -> Response:
    return Json({"error": error, "error_description": description}, 400)


async def _parse_form(request: Request) -> dict[str, Any]:
    if "json" in request.headers.get("content-type", ""):
        sent: dict[str, Any] = msgspec.json.decode(await request.body())
        return sent
    pairs = (part.partition("=") for part in (await request.body()).decode().split("&"))
    return {name: text for name, _, text in pairs}


def forbidden() -> Response:
    """The plan or the rights do not include it; `error` is an object here."""
    message = "Access to this resource is restricted. Please contact the account administrator for assistance."
    return Json({"error": {"title": "Forbidden", "message": message}}, 403)


def not_found() -> Response:
    return Json({"error": "RecordNotFound", "description": "Not found"}, 404)
