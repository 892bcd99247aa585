"""Checks of every request: counting, planned faults, credentials, rate limits.

Each vendor words its refusals in its own way, so an API brings its `VendorAuth`.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from helpdesk_kpi.simulator.server.faults import Failure, Faults
from helpdesk_kpi.simulator.server.paging import BadRequestError
from helpdesk_kpi.simulator.world.clock import SECOND
from helpdesk_kpi.simulator.world.world import World

Endpoint = Callable[[Request], Awaitable[Response]]
_PAGE = "<!DOCTYPE html><html><body><h1>We are down for maintenance</h1></body></html>"


class VendorAuth(Protocol):
    """How one helpdesk lets requests in, limits and refuses them."""

    def refusal(self, request: Request, faults: Faults) -> Response | None:
        """The answer to credentials that are not good; None: they are."""
        ...

    def take(self, request: Request, bucket: str | None) -> tuple[Mapping[str, str], int]:
        """Count a request. Returns limit headers, and the seconds to wait if it is one too many (else 0)."""
        ...

    def too_many(self, headers: Mapping[str, str]) -> Response: ...

    def forbidden(self) -> Response: ...

    def not_found(self) -> Response: ...

    def bad_request(self, error: BadRequestError) -> Response: ...


class Json(Response):
    """A body encoded by msgspec; headers are added by the gate."""

    def __init__(self, content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
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


class RequestGate:
    """Wraps all endpoints of one API."""

    def __init__(self, faults: Faults, door: VendorAuth, world: World) -> None:
        self.faults, self.door, self.world = faults, door, world
        self.requests: Counter[str] = Counter()

    def guard(self, name: str, endpoint: Endpoint, *, bucket: str | None = None, open_to_all: bool = False) -> Endpoint:
        """The endpoint behind the gate, counted under `name`."""

        async def guarded(request: Request) -> Response:
            answer = await admitted(request)
            answer.headers["date"] = formatdate(self.world.now / SECOND, usegmt=True)  # the desk's clock is its own
            return answer

        async def admitted(request: Request) -> Response:
            self.requests[name] += 1
            await asyncio.sleep(self.faults.slow.get(name, 0) / 1000)
            failure = self.faults.failure(self.requests.total())
            if failure is not None and failure != "cut":
                return self._fault_response(failure)
            if not open_to_all and (refusal := self.door.refusal(request, self.faults)):
                return refusal
            if name in self.faults.forbid:
                return self.door.forbidden()
            if name in self.faults.missing:
                return self.door.not_found()
            answer = await self._rate_limit_response(request, endpoint, bucket)
            return Cut(answer) if failure == "cut" else answer

        return guarded

    async def _rate_limit_response(self, request: Request, endpoint: Endpoint, bucket: str | None) -> Response:
        headers, wait = self.door.take(request, bucket)
        if wait:
            return self.door.too_many({**headers, "retry-after": str(wait)})
        try:
            answer = await endpoint(request)
        except BadRequestError as error:
            answer = self.door.bad_request(error)
        answer.headers.update(headers)
        return answer

    def _fault_response(self, how: Failure) -> Response:
        """A response without the requested content."""
        match how:
            case "429-0":
                return self.door.too_many({"retry-after": "0"})
            case "429":
                return self.door.too_many({"retry-after": "1"})
            case "429-none":
                return Response("Number of allowed API requests per minute exceeded", 429, media_type="text/plain")
            case "500":
                return Json({"error": "InternalError", "description": "Something went wrong"}, 500)
            case "503":
                return Response("<html><body>Service Unavailable</body></html>", 503, media_type="text/html")
            case _:
                return Response(_PAGE, 200, media_type="text/html")
