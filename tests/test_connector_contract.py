"""Every connector keeps the contract: see `helpdesk_kpi.testing`. A connector that has no bench here fails."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from files_fixtures import write_world

from helpdesk_kpi.cli.desk import iso
from helpdesk_kpi.pull.discovery import connector_names
from helpdesk_kpi.simulator import zendesk
from helpdesk_kpi.simulator.desk import CLIENT_SECRET
from helpdesk_kpi.simulator.world import generate
from helpdesk_kpi.testing import Contract, HttpContract

WORLD = generate(5, tickets=30, weeks=4)
EMPTY = generate(5, tickets=30, weeks=4, empty=True)


class TestZendesk(HttpContract):
    connector = "zendesk"
    now = iso(WORLD.now)
    secrets = (CLIENT_SECRET,)
    enums: ClassVar = frozenset({"status", "priority", "channel", "role", "event_type", "via", "score", "state"})
    children = "/holidays$"
    spare = 4  # a token, the brands, the second page of calls, the editor of the article that was changed last

    def app(self) -> Any:
        return zendesk.app(WORLD, limits=False)

    def empty(self) -> Any:
        return zendesk.app(EMPTY, limits=False)

    def table(self, url: str) -> Mapping[str, Any]:
        given = WORLD.for_config()
        auth = {"client_id": given["client_id"], "client_secret": given["client_secret"]}
        return {"url": url, "auth": auth, "rate_share": 1.0}


class TestFiles(Contract):
    connector = "files"
    now = iso(WORLD.now)

    @contextmanager
    def opened(self, folder: Path, *, empty: bool = False) -> Iterator[Mapping[str, Any]]:
        export = folder / "export"
        if empty:
            export.mkdir(parents=True)
            (export / "tickets.csv").write_text("id,created_at,status\n")
        else:
            write_world(WORLD, export)
        yield {"path": str(export)}


def test_every_connector_is_under_test() -> None:
    benches = [kind for name, kind in globals().items() if name.startswith("Test")]
    assert set(connector_names()) - {bench.connector for bench in benches} == set()
