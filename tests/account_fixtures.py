"""A small account, from rows to figures: a server on this machine, a real sync into a store, and what is measured.

A helpdesk's own module says how its rows are served (`zendesk_account`); nothing here knows a helpdesk.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec
from desk_fixtures import impatient, open_test_store
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.explain.observation_export import Asked, export_observations
from helpdesk_kpi.measure.metrics.discovery import get_kpi
from helpdesk_kpi.pull.discovery import find_connector
from helpdesk_kpi.pull.source_config import SourceConfig
from helpdesk_kpi.pull.sync import StreamResult, sync
from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.testing.store_snapshot import HASH_KEY


class Asking(NamedTuple):
    """One request as the server saw it."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    body: Any


class Helpdesk(Protocol):
    """Serves the rows of one account. None is a 404; a Response is sent as it is; anything else is sent as JSON."""

    connector: str

    def settings(self, url: str) -> Any: ...

    def answer(self, asking: Asking) -> Any: ...


def instant(text: str) -> int:
    """UTC epoch ms of an ISO time.

    >>> instant("2026-11-10T09:00:00Z")
    1794301200000
    """
    return round(dt.datetime.fromisoformat(text).timestamp() * 1000)


class SmallAccount:
    """One source, its store and its figures.

    `since`: the first day that is read. `rules`: tables of the configuration, as `Config` takes them.
    """

    def __init__(self, folder: Path, helpdesk: Helpdesk, *, since: str = "2026-01-01T00:00:00Z", **rules: Any) -> None:
        self.helpdesk, self.since = helpdesk, instant(since)
        self.path = folder / "helpdesk.db"
        rules = {"timezone": "UTC", "sources": {"acme": {"connector": helpdesk.connector}}, **rules}
        self.config = msgspec.convert(rules, Config)
        self.asked: list[Asking] = []

    def sync(self, now: str, *, full: bool = False) -> dict[str, StreamResult]:
        """Read the account as it is, at an instant. Returns how each stream ended."""
        with serve(Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])) as server:
            self.url = server.url
            settings = self.helpdesk.settings(server.url)
            if "sketch_key" in settings.__struct_fields__:
                settings = msgspec.structs.replace(settings, sketch_key=HASH_KEY)
            source = SourceConfig("acme", find_connector(self.helpdesk.connector), settings, server.url, self.since)
            with open_test_store(self.path) as store:
                results = sync(store, [source], now=lambda: instant(now), full=full, connect=impatient)
        return {result.stream: result for result in results}

    async def _answer(self, request: Request) -> Response:
        body = await request.json() if request.method == "POST" else None
        asking = Asking(request.method, request.url.netloc, request.url.path, dict(request.query_params), body)
        self.asked.append(asking)
        given = self.helpdesk.answer(asking)
        if isinstance(given, Response):
            return given
        return JSONResponse(given) if given is not None else JSONResponse({"error": "NotFound"}, status_code=404)

    @contextmanager
    def store(self) -> Iterator[Store]:
        with open_store(self.path, create=False) as store:
            yield store

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self.store() as store:
            return store.rows(sql, *parameters)

    def listed(self, kpi: str, as_of: str, variant: str = "strict") -> list[dict[str, Any]]:
        """The observations of a KPI that exist at an instant, as `observations` prints them."""
        with self.store() as store:
            build_stale(store, self.config, extra=[(kpi, variant)])
            return list(export_observations(store, self.config, Asked(kpi, variant, instant(as_of))))

    def told(self, kpi: str, as_of: str, variant: str = "strict") -> dict[str, list[Any]]:
        """Ticket -> its observations in order: seconds of the clock, the value of what has no length, or the reason
        why it has neither.
        """
        is_length = get_kpi(kpi).unit == "ms"
        found: dict[str, list[Any]] = {}
        for row in self.listed(kpi, as_of, variant):
            value = row["calendar_seconds"] if is_length else row["value"]
            found.setdefault(row["ticket"], []).append(row["reason"] or value)
        return found

    def running(self, kpi: str, as_of: str) -> set[str]:
        """The tickets of which something runs on at an instant: what waits, what is not done."""
        return {row["ticket"] for row in self.listed(kpi, as_of) if row["reason"] == "running"}
