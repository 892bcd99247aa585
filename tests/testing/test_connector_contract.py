"""Every connector keeps the contract: see `helpdesk_kpi.testing`. A connector that has no bench here fails."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from files_fixtures import write_world

from helpdesk_kpi.cli.app_context import iso
from helpdesk_kpi.pull.discovery import connector_names
from helpdesk_kpi.simulator.server.vendors import get_vendor
from helpdesk_kpi.simulator.world.support_desk import CLIENT_SECRET
from helpdesk_kpi.simulator.world.world import World, generate
from helpdesk_kpi.testing import ConnectorContract, HttpContract


@cache
def world(api: str, *, empty: bool = False) -> World:
    """One for each simulated API, because it may say what its helpdesk can provide."""
    return generate(5, tickets=30, weeks=4, empty=empty)


class SimulatorContract(HttpContract):
    """A helpdesk that the simulator imitates."""

    api: ClassVar[str]
    now = iso(world("").now)

    def app(self) -> Any:
        return get_vendor(self.api).app(world(self.api), limits=False)

    def empty(self) -> Any:
        return get_vendor(self.api).app(world(self.api, empty=True), limits=False)

    def table(self, url: str) -> Mapping[str, Any]:
        return get_vendor(self.api).settings(world(self.api), url)


class TestZendesk(SimulatorContract):
    connector = api = "zendesk"
    secrets = (CLIENT_SECRET,)
    enums: ClassVar = frozenset({"status", "priority", "channel", "role", "event_type", "via", "score", "state"})
    children = "/holidays$"
    spare = 4  # a token, the brands, the second page of calls, the editor of the article that was changed last


class TestJira(SimulatorContract):
    connector, api = "jira_service_management", "jira"
    secrets = ("simulated-api-token",)
    enums: ClassVar = frozenset({"accountType"})
    entrance = "/myself$"
    spare = 4  # who we are, and the spaces; whether time is kept, and which worklogs were deleted
    dates_roles = False
    given_with_related: ClassVar = frozenset(
        {"roles", "article.views"}
    )  # from whoever is met; from a stream that is off


class TestFreshdesk(SimulatorContract):
    connector = api = "freshdesk"
    secrets = ("simulated-api-key",)
    maps: ClassVar = frozenset({"business_hours", "choices", "ratings"})


class TestFiles(ConnectorContract):
    connector = "files"
    now = iso(world("").now)

    @contextmanager
    def open_account(self, folder: Path, *, empty: bool = False) -> Iterator[Mapping[str, Any]]:
        export = folder / "export"
        if empty:
            export.mkdir(parents=True)
            (export / "tickets.csv").write_text("id,created_at,status\n")
        else:
            write_world(world(""), export)
        yield {"path": str(export)}


def test_every_connector_is_under_test() -> None:
    benches = [kind for name, kind in globals().items() if name.startswith("Test")]
    assert set(connector_names()) - {bench.connector for bench in benches} == set()
