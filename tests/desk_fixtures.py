"""A simulated desk, synced over real HTTP into a store; and the store's contents, told without our own keys."""

import csv
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from starlette.applications import Starlette

from helpdesk_kpi.cli import main
from helpdesk_kpi.cli.app_context import iso
from helpdesk_kpi.cli.demo_config import DemoSource, build_demo_config
from helpdesk_kpi.config import LoadedConfig, load
from helpdesk_kpi.pull.source_config import SourceConfig, load_sources
from helpdesk_kpi.pull.sync import StreamResult, sync
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.simulator.server.vendors import get_vendor
from helpdesk_kpi.simulator.world.world import World
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.testing.store_snapshot import (
    HASH_KEY,
    OF_RUNS,
    VOLATILE_COLUMNS,
    canonical,
    differences,
    open_test_store,
)

__all__ = ["HASH_KEY", "OF_RUNS", "VOLATILE_COLUMNS", "canonical", "differences", "open_test_store"]

ROOT = Path(__file__).parent.parent


def impatient(source: SourceConfig) -> Transport:
    """The source's transport with a clock that sleeping moves, so that no retry takes time."""
    http = source.connector.transport(source.settings)
    slept = [0.0]

    async def skip(seconds: float) -> None:
        slept[0] += seconds

    http.sleep = skip
    http.clock = lambda: time.time() + slept[0]
    return http


class SyncedDesk:
    """A folder with a configuration and a store for one world. `more` comes before the configuration's text."""

    def __init__(
        self, folder: Path, world: World, *, faults: str | None = None, more: str = "", page_size: int = 1000,
        edit: Callable[[str], str] = str, helpdesk: str = "zendesk", **options: Any,
    ) -> None:  # fmt: skip
        self.folder, self.world, self.faults, self.more = folder, world, faults, more
        self.helpdesk, self.options = helpdesk, options
        self.page_size, self.edit = page_size, edit
        self.loaded: LoadedConfig
        self.requests: Mapping[str, int] = {}

    @property
    def path(self) -> Path:
        return self.folder / "helpdesk-kpi.toml"

    def configure(self, url: str, locale: str = "en") -> LoadedConfig:
        shown = DemoSource("demo", self.helpdesk, self.world, url)
        text = build_demo_config([shown], locale, own_folder=True)
        if self.helpdesk == "zendesk":
            text = text.replace("rate_share = 1.0", f"rate_share = 1.0\npage_size = {self.page_size}")
        self.path.write_text(self.edit(self.more + text), encoding="utf-8")
        (self.folder / shown.key_file).write_text(shown.secret)
        self.loaded = load(self.path)
        return self.loaded

    def app(self) -> Starlette:
        return get_vendor(self.helpdesk).app(self.world, faults=self.faults, limits=False, **self.options)

    @contextmanager
    def served(self) -> Iterator[Starlette]:
        """The world behind its API, and a configuration that points there."""
        face = self.app()
        with serve(face) as server:
            self.configure(server.url)
            yield face

    def sync(self, *, connect: Callable[[SourceConfig], Transport] = impatient, **options: Any) -> list[StreamResult]:
        with self.served() as face, open_test_store(self.loaded.store_path) as store:
            sources = load_sources(self.loaded, (), store.hash_key)
            results = sync(store, sources, now=lambda: self.world.now, connect=connect, **options)
        self.requests = face.state.requests
        return results

    def store(self) -> Store:
        return open_store(self.loaded.store_path, create=False)

    def canonical(self) -> dict[str, list[str]]:
        with self.store() as store:
            return canonical(store.conn)


# --- the command line


class Ran(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


class Cli:
    """Runs commands inside this process, as somebody would type them at the world's time."""

    def __init__(self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capfd, self.monkeypatch = capfd, monkeypatch

    def at(self, now: int) -> None:
        """What the program's one clock says from now on."""
        self.monkeypatch.setenv("HELPDESK_KPI_NOW", iso(now))

    def __call__(self, *words: object) -> Ran:
        self.capfd.readouterr()
        try:
            main([str(word) for word in words])
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        sys.stdout.flush()
        out, err = self.capfd.readouterr()
        return Ran(status, out, err)


def rows_of(text: str) -> list[dict[str, str]]:
    """What a command printed as CSV."""
    return list(csv.DictReader(io.StringIO(text)))


#: What the installed command does.
COMMAND = "import sys\nfrom helpdesk_kpi.cli import main\nmain(sys.argv[1:])"


def start(*words: object, now: int | None = None, script: str = COMMAND, **more: str) -> subprocess.Popen[str]:
    """The command line as a process of its own; `more` are further variables of its environment."""
    told = {} if now is None else {"HELPDESK_KPI_NOW": iso(now)}
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **told, **more},
    )  # fmt: skip


def finished(process: subprocess.Popen[str]) -> Ran:
    with process:
        out, err = process.communicate(timeout=120)
    return Ran(process.returncode, out, err)
