"""A small Freshdesk that answers what a test says, and rows of the shapes that Freshdesk's have."""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec

from connectors.freshdesk import Freshdesk
from connectors.freshdesk.settings import Credentials, Settings
from helpdesk_kpi.errors import PullError
from helpdesk_kpi.pull.contract import Finding, Page, Start, Todo

NOW = 1_780_308_000_000  # 2026-06-01T10:00:00Z
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
SINCE = NOW - 30 * DAY
KEY = "the-api-key"
SETTINGS = Settings(url="acme", auth=Credentials(key=KEY))
NEXT = '< https://elsewhere.example/api/v2/x?page=9>; rel="next"'
AGENT, CUSTOMER = 67013469919, 67042965499

Answers = Callable[[httpx.Request], Any]


def iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Pulled:
    """What one stream brought, what was asked for it, and what it found."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.asked: list[httpx.Request] = []
        self.found: list[Finding] = []
        self.slept: list[float] = []

    def of(self, kind: type[Any]) -> list[Any]:
        return [record for page in self.pages for record in page.records if isinstance(record, kind)]

    @property
    def cursor(self) -> str | None:
        """What would be stored after these pages: a null keeps the one before."""
        return next((page.cursor for page in reversed(self.pages) if page.cursor is not None), None)

    @property
    def aside(self) -> list[str]:
        return [one.id for page in self.pages for one in page.rejected]

    def queries(self, path: str = "/tickets") -> list[dict[str, str]]:
        return [dict(r.url.params) for r in self.asked if r.url.path == f"/api/v2{path}"]


def with_settings(**given: Any) -> Settings:
    return msgspec.structs.replace(SETTINGS, **given)


def connected(answers: Answers, told: Pulled, settings: Settings = SETTINGS, most: int = 3000) -> Freshdesk:
    """The connector in front of a server that answers with what `answers` gives: rows, a response, or an empty list."""

    def answer(request: httpx.Request) -> httpx.Response:
        told.asked.append(request)
        assert len(told.asked) < most, "it goes round in circles"
        given = answers(request)
        given = [] if given is None else given
        return given if isinstance(given, httpx.Response) else httpx.Response(200, json=given)

    async def sleep(seconds: float) -> None:
        told.slept.append(seconds)

    http = Freshdesk.transport(settings)
    http._client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    http.sleep, http.clock = sleep, lambda: NOW / 1000 + sum(told.slept)
    return Freshdesk(http, settings)


def pull(
    stream: str,
    answers: Answers,
    *,
    cursor: str | None = None,
    settings: Settings = SETTINGS,
    todo: Sequence[Todo] = (),
    since: int = SINCE,
    is_whole: bool = True,
    versions: Mapping[str, int] | None = None,
) -> Pulled:
    """One stream, once; what came before an error, unless it is to be `is_whole`."""
    told = Pulled()

    async def run() -> None:
        connector = connected(answers, told, settings)
        async with connector.http:
            found = next(s for s in connector.streams() if s.name == stream)
            known = versions or {}
            start = Start(cursor=cursor, since=since, now=NOW, todo=todo, versions=lambda _kind, _ids: known)
            told.found = connector.findings
            async for page in found.pages(start):
                told.pages.append(page)

    with nullcontext() if is_whole else suppress(PullError):
        asyncio.run(run())
    return told


def refused(status: int, code: str, message: str = "no") -> httpx.Response:
    return httpx.Response(status, json={"code": code, "message": message})


def paged(request: httpx.Request, rows: Sequence[Any], *, most: int = 100) -> httpx.Response:
    """One page of a list, with a Link where there is more; the address in it leads elsewhere."""
    page, size = int(request.url.params["page"]), min(int(request.url.params["per_page"]), most)
    here = list(rows[(page - 1) * size : page * size])
    link = {"link": NEXT} if page * size < len(rows) else {}
    return httpx.Response(200, json=here, headers=link)


def tickets_list(rows: Sequence[dict[str, Any]]) -> Answers:
    """The list of tickets as Freshdesk gives it: since an update, in order of updates, and 300 pages of it."""
    ordered = sorted(rows, key=lambda row: (row["updated_at"], row["id"]))
    times, written = [row["updated_at"] for row in ordered], [msgspec.json.encode(row) for row in ordered]

    def answers(request: httpx.Request) -> Any:
        query = request.url.params
        if request.url.path != "/api/v2/tickets" or "filter" in query:
            return []
        if int(query["page"]) > 300:
            told = {"field": "page", "message": "You cannot access tickets beyond the 300th page.", "code": "invalid"}
            return httpx.Response(400, json={"description": "Validation failed", "errors": [told]})
        size = int(query["per_page"])
        end = bisect_left(times, query["updated_since"]) + int(query["page"]) * size
        headers = {"content-type": "application/json"} | ({"link": NEXT} if end < len(times) else {})
        return httpx.Response(200, content=b"[" + b",".join(written[end - size : end]) + b"]", headers=headers)

    return answers


def ticket(number: int, updated: int = NOW - DAY, **given: Any) -> dict[str, Any]:
    """A row of the list with everything included; `stats` are added to those of an open ticket."""
    created = given.pop("created", updated)
    stats = {
        "agent_responded_at": None, "requester_responded_at": None, "first_responded_at": None,
        "status_updated_at": iso(created), "reopened_at": None, "resolved_at": None, "closed_at": None,
        "pending_since": None,
    } | given.pop("stats", {})  # fmt: skip
    return {
        "id": number, "status": 2, "priority": 2, "source": 1, "subject": "Printer", "type": "Question",
        "requester_id": CUSTOMER, "responder_id": AGENT, "group_id": 77, "company_id": None, "product_id": None,
        "spam": False, "tags": [], "custom_fields": {}, "due_by": iso(created + 3 * DAY),
        "fr_due_by": iso(created + DAY), "is_escalated": False, "fr_escalated": False, "nr_due_by": None,
        "created_at": iso(created), "updated_at": iso(updated), "description": "<p>It does not print</p>",
        "description_text": "It does not print", "company": {}, "association_type": None,
        "requester": {"id": CUSTOMER, "name": "Carol", "email": "carol@customer.example", "mobile": None},
        "stats": stats,
    } | given  # fmt: skip


def said(number: int, at: int, **given: Any) -> dict[str, Any]:
    """A conversation: a reply of an agent if nothing else is said."""
    return {
        "id": number, "ticket_id": 1, "user_id": AGENT, "incoming": False, "private": False, "source": 0,
        "category": 3, "body": "<p>Please try again.</p>", "body_text": "Please try again.", "created_at": iso(at),
        "updated_at": iso(at), "automation_id": None, "automation_type_id": None, "auto_response": False,
        "to_emails": [], "from_email": None, "source_additional_info": None,
    } | given  # fmt: skip
