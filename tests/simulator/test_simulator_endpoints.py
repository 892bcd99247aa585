"""Every request that a connector sends while it syncs and checks is one whose answer is compared with samples."""

import asyncio
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sample_fixtures as samples
from jira_source import Site
from project_paths import ROOT
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send
from synced_fixtures import SyncedDesk, impatient

from helpdesk_kpi.pull.source_config import load_sources
from helpdesk_kpi.simulator.world.clock import DAY
from helpdesk_kpi.simulator.world.world import World, generate
from helpdesk_kpi.testing.store_snapshot import open_test_store

_ELSEWHERE = {"/oauth/tokens"}  # a token is asked for, and no data


class Log:
    """Keeps the paths that are asked for."""

    def __init__(self, app: ASGIApp, paths: set[str]) -> None:
        self.app, self.paths = app, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.paths.add(scope["path"])
        await self.app(scope, receive, send)


def invented() -> World:
    return generate(3, tickets=80, weeks=30, csat="both", hours=0.9)


class WatchedDesk(SyncedDesk):
    """A desk that knows what it was asked."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(folder, invented(), **options)
        self.paths: set[str] = set()

    def app(self) -> Starlette:
        made = super().app()
        made.add_middleware(Log, paths=self.paths)
        return made

    def check(self) -> None:
        with self.served(), open_test_store(self.loaded.store_path) as store:
            [source] = load_sources(self.loaded, (), store.hash_key)

            async def ask() -> None:
                async with impatient(source) as http:
                    await source.connector(http, source.settings).check()

            asyncio.run(ask())


def patterns(helpdesk: str) -> list[re.Pattern[str]]:
    """Paths of the data files; what stands in braces is any one step."""
    found = {urlsplit(ask).path.removesuffix(".json") for answer in samples.answers(helpdesk) for ask in answer.ask}
    steps = (re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) for path in found)
    return [re.compile(rf"(/ex/\w+/[^/]+)?{path}(\.json)?") for path in steps]


def unlisted(paths: set[str], helpdesk: str) -> list[str]:
    known = patterns(helpdesk)
    return sorted(path for path in paths - _ELSEWHERE if not any(one.fullmatch(path) for one in known))


def sync_twice_and_check(desk: WatchedDesk | Site) -> None:
    """The second sync comes a week later, since some things are asked for only then."""
    end = desk.world.now
    desk.world.now = end - 7 * DAY
    desk.sync()
    desk.world.now = end
    desk.sync()
    desk.check()


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
def test_every_request_of_a_connector_has_a_line(helpdesk: str, tmp_path: Path) -> None:
    desk = WatchedDesk(tmp_path, helpdesk=helpdesk)
    sync_twice_and_check(desk)
    assert len(desk.paths) > 10
    assert unlisted(desk.paths, helpdesk) == []


@pytest.mark.parametrize("kind", ["cloud", "gateway", "datacenter"])
def test_every_request_to_jira_has_a_line(kind: str, tmp_path: Path) -> None:
    more: dict[str, Any] = {} if kind == "datacenter" else {"analytics": True}
    site = Site(tmp_path, invented(), kind=kind, **more)
    sync_twice_and_check(site)
    paths = {request.url.path for request in site.sent}
    assert len(paths) > 10
    assert unlisted(paths, "jira_service_management") == []


def test_every_request_where_zendesk_denies_its_exports_has_a_line(tmp_path: Path) -> None:
    desk = WatchedDesk(tmp_path)
    desk.world.plan_without = {"incremental"}
    sync_twice_and_check(desk)
    assert any(path.endswith("/audits") for path in desk.paths)
    assert unlisted(desk.paths, "zendesk") == []


#: Paths as the connectors' code writes them: whole ones, and those that `api(...)` of a Jira site completes.
WRITTEN = re.compile(r'"(/(?:api|rest|wiki)/[^"]+)"|\bapi\(f?["\']([^"\']+)["\']')
_BEGINNINGS = {"/api/v2/", "/api/v2/solutions"}  # of paths that are put together


@pytest.mark.parametrize("helpdesk", samples.HELPDESKS)
def test_every_path_in_the_code_of_a_connector_has_a_line_or_is_documented_as_not_served(helpdesk: str) -> None:
    """Also what is asked for in situations that no invented desk has."""
    code = "".join(path.read_text() for path in sorted((ROOT / "connectors" / helpdesk).glob("*.py")))
    paths = {whole or f"/rest/api/3/{part}" for whole, part in WRITTEN.findall(code)} - _BEGINNINGS
    assert len(paths) > 5
    lines = {urlsplit(ask).path.removesuffix(".json") for one in samples.answers(helpdesk) for ask in one.ask}
    page = (ROOT / "docs" / "simulator.md").read_text()
    missing = [path for path in paths if not any(map(_written(path).fullmatch, lines)) and f"`{path}`" not in page]
    assert missing == []


def _written(path: str) -> re.Pattern[str]:
    """What stands in braces is any one step; Data Center has version 2."""
    steps = (re.escape(part) for part in re.split(r"\{[^}]*\}?", path))
    return re.compile("[^/]+".join(steps).replace("/rest/api/3/", "/rest/api/[23]/"))
