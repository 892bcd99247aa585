"""Requests of a first sync and of a daily sync, per endpoint, compared with the minimum that the page sizes allow.

Rows are counted as they leave the helpdesk's API: the longest list of a response, each id once. An endpoint without a
page size here is a pass: requested a fixed number of times, whatever the number of tickets.
"""

import argparse
import math
import re
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from helpdesk_kpi.cli.demo_config import DemoSource, build_demo_config
from helpdesk_kpi.config import load
from helpdesk_kpi.pull.source_config import SourceConfig, load_sources
from helpdesk_kpi.pull.sync import connect, sync
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.simulator.server.vendors import NAMES, get_vendor
from helpdesk_kpi.simulator.world.world import World, generate
from helpdesk_kpi.store import open_store

SEED, WEEKS, DAY = 1, 12, 86_400_000
#: Endpoint, as the transport counts it -> (its path, rows per response). The connectors cite the vendors' pages.
#: If the path has an id, each object is requested by itself and has pages of its own.
PAGES: dict[str, dict[str, tuple[str, int]]] = {
    "zendesk": {
        "incremental/tickets": ("/incremental/tickets/cursor", 1_000),
        "incremental/ticket_events": ("/incremental/ticket_events", 1_000),
        "incremental/ticket_metric_events": ("/incremental/ticket_metric_events", 1_000),
        "incremental/users": ("/incremental/users/cursor", 1_000),
        "satisfaction_ratings": ("/satisfaction_ratings", 100),
        "guide/survey_responses": ("/guide/survey_responses", 100),
        "channels/voice/stats/incremental/calls": ("/incremental/calls", 1_000),
    },
    "jira": {
        "issues": ("/search/jql", 100),
        "changes": ("/changelog/bulkfetch", 1_000),
        "comments": (r"/issue/\d+/comment", 100),
        "feedback": (r"/request/\d+/feedback", 1),
        "articles": ("/wiki/api/v2/pages", 250),
        "article_versions": (r"/pages/\d+/versions", 50),
    },
    "freshdesk": {
        "tickets": ("/api/v2/tickets", 100),
        "conversations": (r"/tickets/\d+/conversations", 100),
        "satisfaction_ratings": ("/surveys/satisfaction_ratings", 100),
        "articles": (r"/folders/\d+/articles", 100),
    },
}


class Counted:
    """An API whose responses are counted: different rows by path."""

    def __init__(self, served: ASGIApp) -> None:
        self.served = served
        self.answers: list[int] = []
        self.seen: defaultdict[str, set[str]] = defaultdict(set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()

        async def note(message: Message) -> None:
            if message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
            await send(message)

        await self.served(scope, receive, note)
        if scope["type"] == "http":
            self._count(scope["path"], bytes(body))

    def _count(self, path: str, body: bytes) -> None:
        try:
            content = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return
        self.seen[path] |= {str(row.get("id") or row.get("issueId") or i) for i, row in enumerate(_rows(content))}


def _rows(content: Any) -> list[dict[str, Any]]:
    """The longest list of objects in a response."""
    lists = [content] if isinstance(content, list) else list(content.values()) if isinstance(content, dict) else []
    found = [part for part in lists if isinstance(part, list) and part and isinstance(part[0], dict)]
    return max(found, key=len, default=[])


class Turn:
    """One counted sync of one support desk."""

    def __init__(self, folder: Path, helpdesk: str, world: World) -> None:
        self.folder, self.helpdesk, self.world = folder, helpdesk, world

    def run(self) -> tuple[Counter[str], dict[str, int], int]:
        """(requests by endpoint, rows by path, records) of a sync as of the world's now."""
        transports: list[Transport] = []

        def watched(source: SourceConfig) -> Transport:
            transports.append(connect(source))
            return transports[-1]

        counted = Counted(get_vendor(self.helpdesk).app(self.world, limits=False))
        with serve(counted) as server:
            shown = DemoSource("demo", self.helpdesk, self.world, server.url)
            path = self.folder / "helpdesk-kpi.toml"
            path.write_text(build_demo_config([shown], "en", own_folder=True), encoding="utf-8")
            (self.folder / shown.key_file).write_text(shown.secret)
            loaded = load(path)
            with open_store(loaded.store_path) as store:
                sources = load_sources(loaded, (), store.hash_key)
                results = sync(store, sources, now=lambda: self.world.now, connect=watched)
        failed = [f"{r.stream}: {r.reason}" for r in results if r.outcome == "failed"]
        if failed:
            raise SystemExit("\n".join(failed))
        rows = {path: len(ids) for path, ids in counted.seen.items()}
        return transports[0].requests, rows, sum(r.records for r in results)


def print_requests(name: str, helpdesk: str, requests: Counter[str], rows: dict[str, int], records: int) -> None:
    print(f"\n{helpdesk}, {name}: {requests.total():,} requests for {records:,} records")
    paged = PAGES[helpdesk]
    sent = least = 0
    for endpoint, count in sorted(requests.items(), key=lambda pair: (pair[0] not in paged, -pair[1], pair[0])):
        if endpoint not in paged:
            print(f"  {endpoint:48} {count:6,}   a pass")
            continue
        path, most = paged[endpoint]
        found = [many for requested, many in rows.items() if re.search(rf"{path}(\.json)?$", requested)]
        full = sum(max(1, math.ceil(many / most)) for many in found) or 1
        sent, least = sent + count, least + full
        print(f"  {endpoint:48} {count:6,}   {sum(found):8,} rows of at most {most:9,}: {full:5,} full pages")
    print(f"  paged: {sent:,} for {least:,} full pages: {sent / least:.2f} x; passes: {requests.total() - sent:,}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tickets", type=int, default=6_000)
    arguments.add_argument("--helpdesk", choices=NAMES, action="append")
    options = arguments.parse_args()
    for helpdesk in options.helpdesk or NAMES:
        world = generate(SEED, tickets=options.tickets, weeks=WEEKS)
        end = world.now
        with tempfile.TemporaryDirectory() as made:
            turn = Turn(Path(made), helpdesk, world)
            world.now = end - DAY
            print_requests("first sync", helpdesk, *turn.run())
            world.now = end
            print_requests("a day later", helpdesk, *turn.run())
            print_requests("and at once again", helpdesk, *turn.run())


if __name__ == "__main__":
    main()
