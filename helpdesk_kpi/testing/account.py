"""One account, its configuration and its store, synced as often as a test wants."""

import datetime as dt
import functools
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from helpdesk_kpi.config import load
from helpdesk_kpi.pull.contract import Connector, Finding, Page, Start, Stream
from helpdesk_kpi.pull.source_config import SourceConfig, load_sources
from helpdesk_kpi.pull.sync import StreamResult, sync
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.testing.store_snapshot import OF_ROLES, VOLATILE_COLUMNS, canonical, open_test_store

DAY = 86_400_000
OF_WORK = frozenset({"stale_subjects"})  # what is to be built again


class TestAccount:
    """A folder with a configuration and a store. `table` is what [sources.account] says, `secrets` in clear;
    `dates_roles`: whether the helpdesk says since when a role holds.
    """

    __test__ = False  # not a test class: pytest collects by name

    def __init__(
        self, folder: Path, table: Mapping[str, Any], now: str, secrets: Sequence[str] = (), *, dates_roles: bool = True
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.now = folder, now
        self.table, self.secrets, self.dates_roles = table, secrets, dates_roles
        self.path = folder / "helpdesk-kpi.toml"
        self.store_path = folder / "helpdesk.db"
        self._configure()
        self.pages: list[tuple[str, Page]] = []  # of the latest sync
        self.wall = FakeClock()

    def afresh(self, name: str) -> "TestAccount":
        """The same account with a store of its own."""
        return TestAccount(self.folder / name, self.table, self.now, self.secrets, dates_roles=self.dates_roles)

    def _configure(self) -> None:
        """The configuration; each secret is a file of its own, since it may not stand in there."""
        lines = [f"{key} = {toml(value)}" for key, value in self.table.items()]
        for number, secret in enumerate(self.secrets):
            place = self.folder / f"secret{number}"
            place.write_text(secret, encoding="utf-8")
            lines = [line.replace(toml(secret), toml({"file": place.name})) for line in lines]
        self.path.write_text("\n".join(["[sources.account]", *lines, ""]), encoding="utf-8")

    @property
    def ms(self) -> int:
        return int(dt.datetime.fromisoformat(self.now).timestamp() * 1000)

    def source(self, hash_key: bytes) -> SourceConfig:
        (source,) = load_sources(load(self.path), (), hash_key)
        return source

    def sync(self, *, full: bool = False, later: int = 0) -> list[StreamResult]:
        """Sync at `now`, or `later` ms after it. Nothing waits in earnest."""
        self.pages, self.wall = [], FakeClock()
        now = self.ms + later
        with open_test_store(self.store_path) as store:
            source = self.source(store.hash_key)
            watched = replace(source, connector=_record_pages(source.connector, self.pages))
            return sync(store, [watched], now=lambda: now, full=full, connect=self._connect)

    async def check(self) -> Sequence[Finding]:
        with open_test_store(self.store_path) as store:
            source = self.source(store.hash_key)
        async with self._connect(source) as http:
            http.wall = lambda: self.ms / 1000
            return await source.connector(http, source.settings).check()

    def streams(self) -> list[Stream]:
        with open_test_store(self.store_path) as store:
            source = self.source(store.hash_key)
        return list(source.connector(self._connect(source), source.settings).streams())

    def now_there(self) -> float:
        """The time of the latest sync's connection, in seconds."""
        return self.wall.now()

    def _connect(self, source: SourceConfig) -> Transport:
        return self.wall.patient(source.connector.transport(source.settings))

    def dump_store(self, *, looks: bool = False) -> dict[str, list[str]]:
        """What the store says; `looks`: its cursors too."""
        seen = VOLATILE_COLUMNS if self.dates_roles else VOLATILE_COLUMNS | OF_ROLES
        with open_test_store(self.store_path) as store:
            return canonical(store.conn, skip=frozenset() if looks else seen, without=OF_WORK)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with open_test_store(self.store_path) as store:
            return store.rows(sql)

    def mark_clean(self) -> None:
        """As after measuring: nothing is stale."""
        with open_test_store(self.store_path) as store, store.transaction() as conn:
            conn.execute("DELETE FROM stale_subjects")

    def dump(self) -> str:
        """All of the store as text."""
        with open_test_store(self.store_path) as store, closing(store.conn.cursor()):
            return "\n".join(store.conn.iterdump())


class FakeClock:
    """The time of a connection: sleeping moves it, and takes none."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> float:
        return time.time() + sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def patient(self, http: Transport) -> Transport:
        http.sleep, http.clock = self.sleep, self.now
        return http


def _record_pages(connector: type[Connector], pages: list[tuple[str, Page]]) -> type[Connector]:
    """The same connector, whose pages are kept as they pass."""

    async def kept(stream: Stream, start: Start) -> AsyncIterator[Page]:
        async for page in stream.pages(start):
            pages.append((stream.name, page))
            yield page

    class Watched(connector):  # type: ignore[misc,valid-type]
        def streams(self) -> Sequence[Stream]:
            return [replace(stream, pages=functools.partial(kept, stream)) for stream in super().streams()]

    return Watched


def toml(value: Any) -> str:
    """A value as TOML has it."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{toml(str(k))} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dt.date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)
