"""Pulling a whole desk over HTTP into an empty store; requests by stream.

The floor asks for the same pages one after the other with http.client, decodes them with msgspec, and puts as many rows
with as many columns into bare tables: no keys, no meaning of texts and events, no repeats, no progress to resume from.
"""

import argparse
import http.client
import math
import sqlite3
import tempfile
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from isolated import Run, run_isolated
from making import configured
from msgspec.structs import astuple
from served import served

from helpdesk_kpi.config import load
from helpdesk_kpi.pull.source_config import load_sources
from helpdesk_kpi.pull.sync import sync
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.store import open_store

SEED, WEEKS = 1, 30
PAGES = {"tickets": 1_000, "ticket_events": 1_000, "users": 1_000}  # rows that an answer can have


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tickets", type=int, default=6_000)
    tickets = arguments.parse_args().tickets
    world = generate(SEED, tickets=tickets, weeks=WEEKS)
    with served(SEED, tickets, WEEKS) as desk, tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        configured(folder, world, desk.url)
        pulled(folder, world.now)  # not timed: the desk makes up its answers
        account = b64encode(f"{world.for_config()['email']}/token:{world.for_config()['token']}".encode()).decode()
        floor = run_isolated(bare, desk.url, desk.requested(), {"Authorization": f"Basic {account}"})
        run = run_isolated(pulled, folder, world.now)
    print_result(floor, run)
    requests(run.result, floor.result)


def print_result(floor: Run, run: Run) -> None:
    found, least = run.result, floor.result["seconds"]
    seconds, tickets, events = found["seconds"], found["tickets"], found["events"]
    print(f"{tickets:,} tickets, {events:,} events, {found['users']:,} people")
    print(f"floor {least:6.2f} s, {floor.cpu:.2f} s of a core, {floor.peak_mb:.0f} MB")
    print(
        f"sync  {seconds:6.2f} s, {run.cpu:.2f} s of a core, {run.peak_mb:.0f} MB, {tickets / seconds:,.0f} tickets/s,"
        f" {events / seconds:,.0f} events/s, {seconds / least:.1f} x the floor"
    )


def requests(found: dict[str, Any], floor: dict[str, Any]) -> None:
    sent: Counter[str] = found["requests"]
    print(f"{sent.total()} requests, {1000 * sent.total() / found['tickets']:.1f} per 1,000 tickets")
    rows = {"tickets": found["tickets"], "ticket_events": floor["audits"], "users": found["users"]}
    for stream, count in sent.most_common(8):
        full = f", full pages {math.ceil(rows[stream] / PAGES[stream])}" if stream in PAGES else ""
        print(f"  {stream} {count}{full}")


def pulled(folder: Path, now: int) -> dict[str, Any]:
    """Seconds, rows and requests of one pull into an empty store."""
    loaded = load(folder / "helpdesk-kpi.toml")
    with tempfile.TemporaryDirectory() as place, open_store(Path(place) / "helpdesk.db") as store:
        sources = load_sources(loaded, (), store.hash_key)
        began = time.perf_counter()
        results = sync(store, sources, now=lambda: now)
        seconds = time.perf_counter() - began
        rows = {n: store.one(f"SELECT count(*) FROM {t}") for n, t in ROWS.items()}
    return {"seconds": seconds, "requests": Counter({r.stream: r.requests for r in results}), **rows}


Row = tuple[Any, ...]
ROWS = {"tickets": "tickets", "events": "events", "users": "people"}


class Minutes(msgspec.Struct, frozen=True):
    calendar: int | None = None
    business: int | None = None


class Metrics(msgspec.Struct):
    ticket_id: int
    reply_time_in_minutes: Minutes = Minutes()
    first_resolution_time_in_minutes: Minutes = Minutes()
    full_resolution_time_in_minutes: Minutes = Minutes()
    agent_wait_time_in_minutes: Minutes = Minutes()
    requester_wait_time_in_minutes: Minutes = Minutes()
    on_hold_time_in_minutes: Minutes = Minutes()


class Ticket(msgspec.Struct):
    id: int
    url: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    generated_timestamp: int | None = None
    status: str | None = None
    subject: str | None = None
    type: str | None = None
    priority: str | None = None
    requester_id: int | None = None
    submitter_id: int | None = None
    assignee_id: int | None = None
    organization_id: int | None = None
    group_id: int | None = None
    brand_id: int | None = None
    ticket_form_id: int | None = None
    problem_id: int | None = None


class TicketWhole(Ticket):
    metric_set: Metrics | None = None


class Child(msgspec.Struct):
    id: int | None = None
    event_type: str | None = None
    author_id: int | None = None
    public: bool | None = None
    body: str | None = None
    status: str | None = None
    priority: str | None = None
    assignee_id: int | str | None = None
    group_id: int | str | None = None


class Audit(msgspec.Struct):
    id: int
    ticket_id: int
    timestamp: int
    updater_id: int | None = None
    child_events: list[Child] = []


class Answer(msgspec.Struct):
    tickets: list[TicketWhole] = []
    ticket_events: list[Audit] = []
    users: list[dict[str, Any]] = []
    satisfaction_ratings: list[dict[str, Any]] = []
    survey_responses: list[dict[str, Any]] = []


BARE = {
    "tickets": len(Ticket.__struct_fields__), "metrics": 4, "events": len(Child.__struct_fields__) + 5, "others": 2,
}  # fmt: skip


def bare(url: str, paths: list[str], secret: dict[str, str]) -> dict[str, Any]:
    began, audits = time.perf_counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        conn = sqlite3.connect(Path(folder) / "bare.db")
        conn.execute("PRAGMA journal_mode = WAL")
        for table, width in BARE.items():
            conn.execute(f"CREATE TABLE {table} ({', '.join(f'c{n}' for n in range(width))})")
        for answer in _answers(url, paths, secret):
            audits += len(answer.ticket_events)
            for table, rows in (("tickets", _tickets), ("metrics", _metrics), ("events", _events), ("others", _others)):
                conn.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * BARE[table])})", rows(answer))
            conn.commit()
        conn.close()
    return {"seconds": time.perf_counter() - began, "audits": audits}


def _answers(url: str, paths: list[str], secret: dict[str, str]) -> Iterator[Answer]:
    site = http.client.HTTPConnection(urlsplit(url).netloc)
    decode = msgspec.json.Decoder(Answer).decode
    for path in paths:
        site.request("GET", path, headers=secret)
        yield decode(site.getresponse().read())


def _tickets(answer: Answer) -> Iterator[Row]:
    width = BARE["tickets"]
    return (astuple(row)[:width] for row in answer.tickets)


def _metrics(answer: Answer) -> Iterator[Row]:
    found = (astuple(row.metric_set) for row in answer.tickets if row.metric_set)
    return ((ticket, n, m.calendar, m.business) for ticket, *metrics in found for n, m in enumerate(metrics))


def _events(answer: Answer) -> Iterator[Row]:
    for audit in answer.ticket_events:
        about = audit.id, audit.ticket_id, audit.timestamp, audit.updater_id
        for place, child in enumerate(audit.child_events):
            yield (*about, place, *astuple(child))


def _others(answer: Answer) -> Iterator[Row]:
    rows = (*answer.users, *answer.satisfaction_ratings, *answer.survey_responses)
    return ((row["id"], msgspec.json.encode(row)) for row in rows)


if __name__ == "__main__":
    main()
