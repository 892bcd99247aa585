"""Ways to pull from Jira: one stream from a server with odd answers, and whole syncs from the simulated site."""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import msgspec
from desk_fixtures import open_test_store

from connectors.jira_service_management import JiraServiceManagement
from connectors.jira_service_management.errors import classify_response, limits
from connectors.jira_service_management.settings import Credentials, Settings
from helpdesk_kpi.pull.contract import Finding, Page, Start, Todo
from helpdesk_kpi.pull.source_config import SourceConfig
from helpdesk_kpi.pull.sync import StreamResult, sync
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.simulator.jira import app
from helpdesk_kpi.simulator.world.world import World
from helpdesk_kpi.store import Store

NOW = 1_780_308_000_000  # 2026-06-01T10:00:00Z
SINCE = NOW - 30 * 86_400_000
HOUR, DAY = 3_600_000, 86_400_000
CLOUD = Settings(url="https://acme.atlassian.net", auth=Credentials(email="ann@example.com", token="t0ken"))
DATA_CENTER = Settings(url="https://jira.acme.example", auth=Credentials(personal_token="pat-t0ken"))
HERE = "http://127.0.0.1:9"  # never reached: the application is called in this process
CSAT = "com.atlassian.servicedesk:sd-request-feedback"

Answers = Callable[[httpx.Request], Any]

FIELDS = [
    {"id": "customfield_10010", "name": "Request Type", "schema": {"custom": "com.atlassian.servicedesk:vp-origin"}},
    {"id": "customfield_10030", "name": "首次响应时间", "schema": {"custom": "com.atlassian.servicedesk:sd-sla-field"}},
    {"id": "customfield_10040", "name": "Zufriedenheit", "schema": {"custom": CSAT}},
    {"id": "customfield_10041", "name": "Datum", "schema": {"custom": f"{CSAT}-date"}},
    {"id": "customfield_10200", "name": "Support team", "schema": {"custom": "com.atlassian.jira.plugin:select"}},
    {"id": "status", "name": "Status", "schema": {"system": "status"}},
]
PROJECT = {"id": "10001", "key": "SUP", "name": "Support", "projectTypeKey": "service_desk"}


def issue(number: int, updated: str = "2026-05-20T10:00:00.000+0000", **fields: Any) -> dict[str, Any]:
    """A row of a search, with what every issue has."""
    whole = {
        "created": "2026-05-20T09:00:00.000+0000", "updated": updated, "project": PROJECT, "summary": f"No {number}",
        "status": {"id": "10101", "name": "Open", "statusCategory": {"key": "indeterminate"}},
        "comment": {"comments": [], "total": 0},
    }  # fmt: skip
    return {"id": str(number), "key": f"SUP-{number}", "fields": {**whole, **fields}}


def comment(number: int, created: str = "2026-05-20T09:30:00.000+0000", **more: Any) -> dict[str, Any]:
    author = {"accountId": "712020:7", "accountType": "atlassian"}
    return {"id": str(number), "created": created, "author": author, "body": None, "jsdPublic": True, **more}


def usual(request: httpx.Request) -> Any:
    """What a site answers to everything but its searches. Roles and permissions may not be read."""
    given = {
        "myself": {
            "accountId": "712020:1", "accountType": "atlassian", "displayName": "Ann", "timeZone": "Asia/Kolkata",
        },
        "project/search": {"values": [PROJECT], "isLast": True, "total": 1},
        "project": [PROJECT], "field": FIELDS, "status": [], "resolution": [], "priority": [],
        "priority/search": {"values": [], "isLast": True, "total": 0},
        "serverInfo": {"deploymentType": "Cloud", "version": "1001"},
    }  # fmt: skip
    path = request.url.path
    if path.endswith(("/role", "/user/permission/search")):
        return httpx.Response(403, json={"errorMessages": ["no right"]})
    return next((answer for end, answer in given.items() if path.endswith(f"/{end}")), None)


def asked_body(request: httpx.Request) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(request.content)
    return found


def is_probe(request: httpx.Request) -> bool:
    return request.method == "POST" and "/search" in request.url.path and asked_body(request).get("maxResults") == 1


def probed(request: httpx.Request) -> dict[str, Any]:
    """A site that takes epoch milliseconds: nothing is newer than 2100, and something than 1970."""
    return {"issues": [] if "4102444800000" in asked_body(request)["jql"] else [{"id": "1"}]}


async def no_sleep(_seconds: float) -> None:
    return


def transport(
    answers: Answers, asked: list[httpx.Request], settings: Settings, *, probes: bool = False, fields: Any = None,
    odd: Any = None, **more: Any,
) -> Transport:  # fmt: skip
    """`probes`: these are answered by `answers` too. `fields`: of the site. `odd` may answer before all others."""
    fields = FIELDS if fields is None else fields

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        assert len(asked) < 200, "it goes round in circles"
        given = odd(request) if odd else None
        if given is None:
            given = fields if request.url.path.endswith("/field") else usual(request)
        if given is None:
            given = probed(request) if is_probe(request) and not probes else answers(request)
        return given if isinstance(given, httpx.Response) else httpx.Response(200, json=given)

    hosts = [settings.gateway_url] if settings.gateway_url else []
    options: dict[str, Any] = {"attempts": 1, "judge": classify_response, "limits": limits, "sleep": no_sleep, **more}
    return Transport(settings.url, auth=settings.auth.auth(), hosts=hosts, http=httpx.MockTransport(answer), **options)


def pull(
    stream: str,
    answers: Answers,
    *,
    settings: Settings = CLOUD,
    cursor: str | None = None,
    todo: tuple[Todo, ...] = (),
    versions: Mapping[str, int] | None = None,
    found: list[Finding] | None = None,
    store: Callable[[Page], None] = lambda _: None,
    into: list[Page] | None = None,
    **more: Any,
) -> tuple[list[Page], list[httpx.Request]]:
    """All pages of one stream, from a server that answers with what `answers` gives, and what it was asked."""
    asked: list[httpx.Request] = []
    known = versions or {}

    async def run() -> list[Page]:
        async with transport(answers, asked, settings, **more) as http:
            connector = JiraServiceManagement(http, settings)
            named = next(s for s in connector.streams() if s.name == stream)
            start = Start(cursor=cursor, since=SINCE, now=NOW, todo=todo, versions=lambda _kind, _ids: known)
            pages = into if into is not None else []
            async for page in named.pages(start):
                pages.append(page)
                store(page)
            if found is not None:
                found.extend(connector.findings)
            return pages

    return asyncio.run(run()), asked


def searches(asked: list[httpx.Request]) -> list[dict[str, Any]]:
    """Bodies of the searches that were no probes."""
    return [asked_body(r) for r in asked if "/search" in r.url.path and r.method == "POST" and not is_probe(r)]


def records(pages: list[Page], kind: type[Any]) -> list[Any]:
    return [record for page in pages for record in page.records if isinstance(record, kind)]


def kept(pages: list[Page]) -> str | None:
    return next((page.cursor for page in reversed(pages) if page.cursor is not None), None)


# the simulated site


class Wall:
    """Sleeping moves it, so that nothing waits."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class Site:
    """The simulated site with a store beside it, in this process."""

    def __init__(
        self, folder: Path, world: World, *, faults: str | None = None, kind: Any = "cloud", **more: Any
    ) -> None:
        self.world, self.faults, self.kind, self.folder = world, faults, kind, folder
        own = {name: more.pop(name) for name in list(more) if name in Settings.__struct_fields__}
        told = {k: v for k, v in app.settings(world, HERE, kind=kind).items() if k in Settings.__struct_fields__}
        self.settings = msgspec.convert(told | {"sketch_key": b"k"} | own, Settings)
        self.more = more
        self.sent: list[httpx.Request] = []
        self.app: Any = None

    def connect(self, _source: SourceConfig | None = None) -> Transport:
        wall = Wall()
        self.app = app.app(
            self.world, faults=self.faults, limits=False, clock=wall,
            kind="datacenter" if self.kind == "datacenter" else "cloud", **self.more,
        )  # fmt: skip
        http = httpx.ASGITransport(self.app)
        noted = Noted(http, self.sent)
        return Transport(
            HERE,
            auth=self.settings.auth.auth(),
            http=noted,
            sleep=wall.sleep,
            clock=wall,
            judge=classify_response,
            limits=limits,
        )

    def store(self) -> Store:
        return open_test_store(self.folder / "a.db")

    def sync(self, **options: Any) -> dict[str, StreamResult]:
        source = SourceConfig("demo", JiraServiceManagement, self.settings, HERE, self.world.desk.start)
        with self.store() as store:
            results = sync(store, [source], now=lambda: self.world.now, connect=self.connect, **options)
        return {result.stream: result for result in results}

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.store() as store:
            return store.rows(sql)

    def check(self) -> list[Finding]:
        async def run() -> list[Finding]:
            async with self.connect() as http:
                http.wall = lambda: self.world.now / 1000
                return list(await JiraServiceManagement(http, self.settings).check())

        return asyncio.run(run())


class Noted(httpx.AsyncBaseTransport):
    """Keeps what was asked."""

    def __init__(self, inner: httpx.AsyncBaseTransport, sent: list[httpx.Request]) -> None:
        self.inner, self.sent = inner, sent

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return await self.inner.handle_async_request(request)
