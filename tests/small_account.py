"""A small account of a helpdesk, from rows to figures: served in memory, synced into a real store, and measured.

Give what the vendor's API would answer; everything else (paging, queues, the store, the build) is the product's own.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from helpdesk_kpi.config import LoadedConfig, load
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.explain.observation_export import Asked, export_observations
from helpdesk_kpi.pull.source_config import SourceConfig, load_sources
from helpdesk_kpi.pull.sync import StreamResult, sync
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.store import Store, open_store

Answers = Callable[[httpx.Request], Any]
#: The tables of the sources that need least.
SOURCES = {
    "zendesk": 'url = "https://acme.zendesk.com"\nauth = { email = "a@acme.example", token = { env = "ACME_KEY" } }',
    "jira_service_management": (
        'url = "https://acme.atlassian.net"\nauth = { email = "a@acme.example", token = { env = "ACME_KEY" } }'
    ),
    "files": 'path = "export"',
    "freshdesk": 'url = "https://acme.freshdesk.com"\nauth = { key = { env = "ACME_KEY" } }',
}


class SmallAccount:
    """One source named "acme". `answers` gives rows (sent as JSON), a response, or None (404)."""

    def __init__(
        self, folder: Path, connector: str, answers: Answers, *, since: str = "2026-01-01", own: str = "",
        more: str = "",
    ) -> None:  # fmt: skip
        """`own` is added to the source's table, `more` to the configuration."""
        self.answers = answers
        self.asked: list[httpx.Request] = []
        path = folder / "helpdesk-kpi.toml"
        source = f'[sources.acme]\nconnector = "{connector}"\nsince = {since}\n{SOURCES[connector]}\n{own}\n'
        path.write_text(f'timezone = "UTC"\nstore = "helpdesk.db"\n{source}\n{more}\n', encoding="utf-8")
        self.loaded: LoadedConfig = load(path)

    def sync(self, now: int, *, full: bool = False) -> list[StreamResult]:
        """One sync at an instant (epoch ms)."""

        def connect(source: SourceConfig) -> Transport:
            http = source.connector.transport(source.settings)
            http._client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
            slept = [0.0]

            async def sleep(seconds: float) -> None:
                slept[0] += seconds

            http.sleep, http.clock = sleep, lambda: now / 1000 + slept[0]
            return http

        with open_store(self.loaded.store_path) as store:
            sources = load_sources(self.loaded, (), store.hash_key)
            return sync(store, sources, now=lambda: now, connect=connect, full=full)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        assert len(self.asked) < 3000, "it goes round in circles"
        given = self.answers(request)
        if given is None:
            return httpx.Response(404, json={"message": "not found"})
        return given if isinstance(given, httpx.Response) else httpx.Response(200, json=given)

    def store(self) -> Store:
        return open_store(self.loaded.store_path, create=False)

    def observations(self, kpi: str, *, as_of: int, variant: str = "strict") -> list[dict[str, Any]]:
        """What `observations` prints, as rows."""
        with self.store() as store:
            build_stale(store, self.loaded.config, extra=[(kpi, variant)])
            return list(export_observations(store, self.loaded.config, Asked(kpi, variant, as_of)))

    def by_ticket(self, kpi: str, column: str, *, as_of: int, variant: str = "strict") -> Mapping[str, Any]:
        """One column of a KPI that has one observation a ticket."""
        rows = self.observations(kpi, as_of=as_of, variant=variant)
        found = {row["ticket"]: row[column] for row in rows}
        assert len(found) == len(rows), "a ticket has several observations"
        return found


def at(moment: str) -> int:
    """Epoch ms of "2026-03-02 08:00" in UTC."""
    return int(time.mktime(time.strptime(moment, "%Y-%m-%d %H:%M")) - time.timezone) * 1000
