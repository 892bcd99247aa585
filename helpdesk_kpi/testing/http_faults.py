"""What lies between a connector and a helpdesk: answers that are refused, delayed, broken or changed on their way."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from typing import Any, NamedTuple

import msgspec

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]  # as ASGI has it


class RecordedRequest(NamedTuple):
    """One request."""

    method: str
    path: str
    query: str
    credentials: str  # the Authorization header; "" of a request that asks for a token
    before: int  # how often this path was asked before

    @property
    def shape(self) -> str:
        """The path without ids: "/tickets/17/notes" is "/tickets/*/notes"."""
        return re.sub(r"[^/]*\d[^/]*", "*", self.path)


class FakeResponse(NamedTuple):
    status: int = 200
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @classmethod
    def json(cls, status: int, content: Any, **headers: str) -> "FakeResponse":
        by_name = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(status, {"content-type": "application/json", **by_name}, msgspec.json.encode(content))


#: What is answered instead of the helpdesk; None: the helpdesk itself.
Instead = Callable[[RecordedRequest], FakeResponse | None]
#: What becomes of the helpdesk's own answer.
Change = Callable[[RecordedRequest, FakeResponse], FakeResponse]


class FaultProxy:
    """An ASGI application before another one. It counts and keeps what was asked."""

    def __init__(self, app: App, *, instead: Instead | None = None, change: Change | None = None) -> None:
        self.app, self.instead, self.change = app, instead, change
        self.requests: list[RecordedRequest] = []
        self._times: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        requested = self._record(scope)
        self.requests.append(requested)
        answer = self.instead(requested) if self.instead else None
        if answer is None:
            answer = await self._own(scope, receive)
            answer = self.change(requested, answer) if self.change else answer
        await _say(answer, send)

    def _record(self, scope: Scope) -> RecordedRequest:
        headers = {name.decode().lower(): text.decode("latin-1") for name, text in scope["headers"]}
        path, query = scope["path"], scope["query_string"].decode("latin-1")
        self._times[path] += 1
        return RecordedRequest(scope["method"], path, query, headers.get("authorization", ""), self._times[path] - 1)

    async def _own(self, scope: Scope, receive: Receive) -> FakeResponse:
        """The helpdesk's answer, whole."""
        reported: dict[str, Any] = {}
        parts: list[bytes] = []

        async def keep(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                reported.update(message)
            else:
                parts.append(message.get("body", b""))

        await self.app(scope, receive, keep)
        headers = {name.decode().lower(): text.decode("latin-1") for name, text in reported["headers"]}
        return FakeResponse(reported["status"], headers, b"".join(parts))


async def _say(answer: FakeResponse, send: Send) -> None:
    headers = {**answer.headers, "content-length": str(len(answer.body))}
    pairs = [(name.encode(), text.encode("latin-1")) for name, text in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
    await send({"type": "http.response.body", "body": answer.body})


# --- kinds of weather


def once(make: Callable[[RecordedRequest], FakeResponse]) -> Instead:
    """The first time that a path is asked with credentials."""
    return lambda requested: make(requested) if requested.credentials and not requested.before else None


def always(make: Callable[[RecordedRequest], FakeResponse]) -> Instead:
    """Every time that something is asked with credentials."""
    return lambda requested: make(requested) if requested.credentials else None


def cut(requested: RecordedRequest, answer: FakeResponse) -> FakeResponse:
    """The first answer of each path ends in the middle."""
    if requested.before or not requested.credentials:
        return answer
    return answer._replace(body=answer.body[: len(answer.body) // 2])


def in_objects(change: Callable[[dict[str, Any]], dict[str, Any]], maps: Collection[str] = ()) -> Change:
    """Change every JSON object in what was asked with credentials, the innermost first.

    Objects under the keys in `maps` are left alone: their keys are content.
    """

    def walked(part: Any, key: str = "") -> Any:
        if isinstance(part, list):
            return [walked(item, key) for item in part]
        if not isinstance(part, dict):
            return part
        inner = {name: walked(item, name) for name, item in part.items()}
        return inner if key in maps else change(inner)

    def changed(requested: RecordedRequest, answer: FakeResponse) -> FakeResponse:
        if not requested.credentials or "json" not in answer.headers.get("content-type", "") or answer.status != 200:
            return answer
        return answer._replace(body=msgspec.json.encode(walked(msgspec.json.decode(answer.body))))

    return changed
