"""A simulated desk, synced over real HTTP into a store; and the store's contents, told without our own keys."""

import os
import re
import sqlite3
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
from helpdesk_kpi.cli.desk import iso
from helpdesk_kpi.cli.invented import Shown, configuration
from helpdesk_kpi.config import Loaded, load
from helpdesk_kpi.pull.source import Source, sources_of
from helpdesk_kpi.pull.sync import StreamResult, sync
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.simulator.faces import face
from helpdesk_kpi.simulator.serve import serve
from helpdesk_kpi.simulator.world import World
from helpdesk_kpi.store import Store, open_store

ROOT = Path(__file__).parent.parent
HASH_KEY = bytes(range(32))  # the same in every store of these tests, so that keyed hashes can be compared


def impatient(source: Source) -> Transport:
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
        self.loaded: Loaded
        self.requests: Mapping[str, int] = {}

    @property
    def path(self) -> Path:
        return self.folder / "helpdesk-kpi.toml"

    def configure(self, url: str, locale: str = "en") -> Loaded:
        shown = Shown("demo", self.helpdesk, self.world, url)
        text = configuration([shown], locale, own_folder=True)
        if self.helpdesk == "zendesk":
            text = text.replace("rate_share = 1.0", f"rate_share = 1.0\npage_size = {self.page_size}")
        self.path.write_text(self.edit(self.more + text), encoding="utf-8")
        (self.folder / shown.key_file).write_text(shown.secret)
        self.loaded = load(self.path)
        return self.loaded

    def app(self) -> Starlette:
        return face(self.helpdesk).app(self.world, faults=self.faults, limits=False, **self.options)

    @contextmanager
    def served(self) -> Iterator[Starlette]:
        """The world behind its API, and a configuration that points there."""
        face = self.app()
        with serve(face) as server:
            self.configure(server.url)
            yield face

    def sync(self, *, connect: Callable[[Source], Transport] = impatient, **options: Any) -> list[StreamResult]:
        with self.served() as face, known_store(self.loaded.store_path) as store:
            sources = sources_of(self.loaded, (), store.hash_key)
            results = sync(store, sources, now=lambda: self.world.now, connect=connect, **options)
        self.requests = face.state.requests
        return results

    def store(self) -> Store:
        return open_store(self.loaded.store_path, create=False)

    def canonical(self) -> dict[str, list[str]]:
        with self.store() as store:
            return canonical(store.conn)


def known_store(path: Path) -> Store:
    """A store with the tests' own hash key."""
    is_new = not path.exists()
    store = open_store(path)
    if is_new:
        with store.writing() as conn:
            conn.execute("UPDATE meta SET value = ? WHERE key = 'hash_key'", (HASH_KEY,))
    return store


# --- what a store says

#: Tables that tell of the runs and not of the helpdesk.
OF_RUNS = frozenset({"syncs", "lease", "access_log", "meta", "folds", "folded", "sqlite_sequence"})
#: Columns that say when somebody looked.
OF_LOOKS = frozenset({
    ("cursors", "ran_at"), ("cursors", "cursor"), ("cursors", "complete_until"), ("team_members", "first_seen"),
    ("schedules", "first_seen"),
})  # fmt: skip


def canonical(
    db: sqlite3.Connection, *, skip: frozenset[tuple[str, str]] = frozenset(), without: frozenset[str] = frozenset()
) -> dict[str, list[str]]:
    """Every table's rows, sorted, with the helpdesk's ids in place of our integer keys. `skip`: (table, column)."""
    names = [n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
    wanted = [n for n in names if n not in OF_RUNS | without and not n.startswith("_")]
    return {name: _rows(db, name, skip) for name in wanted}


def differences(found: Mapping[str, list[str]], wanted: Mapping[str, list[str]]) -> dict[str, Any]:
    """Table -> rows that only one side has; {} when both say the same."""
    return {
        table: {"only found": left, "only wanted": right}
        for table in {*found, *wanted}
        if (left := sorted({*found.get(table, ())} - {*wanted.get(table, ())})[:5])
        + (right := sorted({*wanted.get(table, ())} - {*found.get(table, ())})[:5])
    } | {
        f"{table} (count)": (len(found[table]), len(wanted[table]))
        for table in found
        if len(found[table]) != len(wanted.get(table, ()))
    }


def _rows(db: sqlite3.Connection, table: str, skip: frozenset[tuple[str, str]]) -> list[str]:
    points_to = {row[3]: row[2] for row in db.execute(f"PRAGMA foreign_key_list({table})")}
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    own_key = ("id" in columns and "native" in columns) or table == "sources"
    told = [
        _native(points_to[c], f"x.{c}") if c in points_to else f"x.{c}"
        for c in columns
        if (table, c) not in skip and not (c == "id" and own_key)
    ]
    rows = map(repr, db.execute(f"SELECT {', '.join(told)} FROM {table} x"))
    return sorted(re.sub(r"http://127\.0\.0\.1:\d+", "http://desk", row) for row in rows)


def _native(table: str, key: str) -> str:
    name = "name" if table == "sources" else "native"
    return f"(SELECT p.{name} FROM {table} p WHERE p.id = {key})"


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
