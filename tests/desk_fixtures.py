"""A simulated desk, synced over real HTTP into a store."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpdesk_kpi.cli.demo import config_text
from helpdesk_kpi.config import Loaded, load
from helpdesk_kpi.pull.source import Source, sources_of
from helpdesk_kpi.pull.sync import StreamResult, sync
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.simulator.serve import serve
from helpdesk_kpi.simulator.world import World
from helpdesk_kpi.simulator.zendesk import app
from helpdesk_kpi.store import Store, open_store


async def no_sleep(_: float) -> None:
    """Retries and rate limits without waiting; the clock of the limits is moved by nothing, so there are none."""


def impatient(source: Source) -> Transport:
    """The source's transport, which does not wait."""
    http = source.connector.transport(source.settings)
    http.sleep = no_sleep
    return http


class SyncedDesk:
    """A folder with a configuration and a store for one world."""

    def __init__(self, folder: Path, world: World, *, faults: str | None = None, more: str = "") -> None:
        self.folder, self.world, self.faults, self.more = folder, world, faults, more
        self.loaded: Loaded

    def configure(self, url: str) -> Loaded:
        path = self.folder / "helpdesk-kpi.toml"
        path.write_text(self.more + config_text(self.world, url, "en", own_folder=True), encoding="utf-8")
        (self.folder / "zendesk.key").write_text(self.world.for_config()["client_secret"])
        self.loaded = load(path)
        return self.loaded

    def sync(self, *, connect: Callable[[Source], Transport] = impatient, **options: Any) -> list[StreamResult]:
        served = app(self.world, faults=self.faults, limits=False)
        with serve(served) as server, open_store(self.configure(server.url).store_path) as store:
            sources = sources_of(self.loaded, (), store.hash_key)
            results = sync(store, sources, now=lambda: self.world.now, connect=connect, **options)
        self.requests = served.state.requests
        return results

    def store(self) -> Store:
        return open_store(self.loaded.store_path, create=False)
