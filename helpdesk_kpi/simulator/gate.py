"""What every request passes: counting, planned faults, credentials, rate limits. Errors as Zendesk words them."""

import asyncio
import base64
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from helpdesk_kpi.simulator.desk import CLIENT_ID, CLIENT_SECRET, EMAIL, TOKEN
from helpdesk_kpi.simulator.faults import Failure, Faults
from helpdesk_kpi.simulator.limits import Limits
from helpdesk_kpi.simulator.pages import BadRequestError

Endpoint = Callable[[Request], Awaitable[Response]]
_PAGE = "<!DOCTYPE html><html><body><h1>We are down for maintenance</h1></body></html>"
_LONGEST, _USUAL = 172_800, 1800


class Json(Response):
    """A body encoded by msgspec; headers are added by the gate."""

    def __init__(self, content: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        super().__init__(msgspec.json.encode(content), status, headers, "application/json")


class Cut(Response):
    """A body that ends before its announced length."""

    def __init__(self, whole: Response) -> None:
        super().__init__(whole.body, whole.status_code, media_type="application/json")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # Starlette's shape
        served = "spec_version" in scope["asgi"]  # a real server closes the connection; in-process there is none
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": half, "more_body": served})


class Gate:
    """Stands before all endpoints of one face. `clock` gives seconds, for limits and the lives of tokens."""

    def __init__(self, faults: Faults, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.faults, self.limits, self.clock = faults, limits, clock
        self.requests: Counter[str] = Counter()
        self.tokens: dict[str, float] = {}
        self.uses: Counter[str] = Counter()

    def guard(self, name: str, endpoint: Endpoint, *, bucket: str | None = None, open_to_all: bool = False) -> Endpoint:
        """The endpoint behind the gate, counted under `name`."""

        async def guarded(request: Request) -> Response:
            self.requests[name] += 1
            await asyncio.sleep(self.faults.slow.get(name, 0) / 1000)
            failure = self.faults.failure(self.requests.total())
            if failure is not None and failure != "cut":
                return failed(failure)
            if not open_to_all and (refusal := self._refusal(request)):
                return refusal
            if name in self.faults.forbid:
                return forbidden()
            if name in self.faults.missing:
                return not_found()
            answer = await self._limited(request, endpoint, bucket)
            return Cut(answer) if failure == "cut" else answer

        return guarded

    async def _limited(self, request: Request, endpoint: Endpoint, bucket: str | None) -> Response:
        headers, wait = self.limits.take(bucket, help_centre="/help_center/" in request.url.path)
        if wait:
            return too_many(headers | {"retry-after": str(wait)})
        try:
            answer = await endpoint(request)
        except BadRequestError as error:
            answer = Json({"error": error.error, "description": error.description}, 400)
        answer.headers.update(headers)
        return answer

    def _refusal(self, request: Request) -> Response | None:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind == "Basic" and given == base64.b64encode(f"{EMAIL}/token:{TOKEN}".encode()).decode():
            return None if not self.faults.refuse else Json({"error": "Couldn't authenticate you"}, 401)
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

    async def token(self, request: Request) -> Response:
        """POST /oauth/tokens. The answer tells the token's life only to who asks for one.

        https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
        """
        asked = await _asked(request)
        known = asked.get("client_id") == CLIENT_ID and asked.get("client_secret") == CLIENT_SECRET
        if asked.get("grant_type") != "client_credentials":
            return Json(
                {"error": "unsupported_grant_type", "error_description": "This grant type is not supported."}, 400
            )
        if not known or self.faults.refuse:
            return Json({"error": "invalid_client", "error_description": "Client authentication failed."}, 401)
        life = int(asked.get("expires_in") or _USUAL)
        if not 300 <= life <= _LONGEST:
            return Json({"error": "invalid_request", "error_description": "expires_in is out of range"}, 400)
        token = f"simulated-{len(self.tokens) + 1}"
        self.tokens[token] = self.clock() + life
        told = {"expires_in": life} if asked.get("expires_in") else {}
        return Json({"access_token": token, "token_type": "bearer", "scope": asked.get("scope", "read")} | told)


async def _asked(request: Request) -> dict[str, Any]:
    if "json" in request.headers.get("content-type", ""):
        sent: dict[str, Any] = msgspec.json.decode(await request.body())
        return sent
    pairs = (part.partition("=") for part in (await request.body()).decode().split("&"))
    return {name: text for name, _, text in pairs}


def failed(how: Failure) -> Response:
    """An answer that has nothing of what was asked."""
    match how:
        case "429-0":
            return too_many({"retry-after": "0"})
        case "429":
            return too_many({"retry-after": "1"})
        case "429-none":
            return Response("Number of allowed API requests per minute exceeded", 429, media_type="text/plain")
        case "500":
            return Json({"error": "InternalError", "description": "Something went wrong"}, 500)
        case "503":
            return Response("<html><body>Service Unavailable</body></html>", 503, media_type="text/html")
        case _:
            return Response(_PAGE, 200, media_type="text/html")


def too_many(headers: dict[str, str]) -> Response:
    described = "Number of allowed incremental requests per minute exceeded"
    return Json({"error": "APIRateLimitExceeded", "description": described}, 429, headers)


def forbidden() -> Response:
    """The plan or the rights do not include it; `error` is an object here."""
    message = "Access to this resource is restricted. Please contact the account administrator for assistance."
    return Json({"error": {"title": "Forbidden", "message": message}}, 403)


def not_found() -> Response:
    return Json({"error": "RecordNotFound", "description": "Not found"}, 404)
