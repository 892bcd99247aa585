"""Thousands of answers with something wrong in them: a sync brings results, stores what it can, and never ends.

Each sync of a simulated account meets many of them, among sound ones. Beside it a second source is read, which nothing
of that may touch; and what was stored can be measured. `--size full` does it until some 6,000 bodies were changed.
"""

import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
import test_connector_contract as benches
from test_sync_sources import Given, source

from helpdesk_kpi.config import load
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.pull.sync import StreamResult, sync
from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.testing.account import FakeClock, TestAccount
from helpdesk_kpi.testing.http_faults import FaultProxy
from helpdesk_kpi.testing.mutation import mutated
from helpdesk_kpi.testing.store_snapshot import open_test_store

SEED = 10
SHARE = 0.4  # of the answers
OTHER = [f"other{n}" for n in range(5)]  # tickets of the source beside it
DESKS: dict[str, type[benches.SimulatorContract]] = {
    "zendesk": benches.TestZendesk, "jira": benches.TestJira, "freshdesk": benches.TestFreshdesk,
}  # fmt: skip


def synced(account: TestAccount) -> list[StreamResult]:
    """The account and the source beside it, in one sync of one store."""
    with open_test_store(account.store_path) as store:
        own = account.source(store.hash_key)
        wall = FakeClock()
        related = source("beside", one=OTHER, two=["last"])
        results = sync(
            store, [own, related], now=lambda: account.ms,
            connect=lambda s: wall.patient(s.connector.transport(s.settings)) if s is own else Given.transport(None),
        )  # fmt: skip
    assert sum(wall.slept) < 600, "it waited for long"
    return results


def check(account: TestAccount, results: Sequence[StreamResult], streams: Sequence[str]) -> None:
    mine = [r for r in results if r.source == "account"]
    assert [r.stream for r in mine] == list(streams)  # each had its turn
    assert {r.outcome for r in mine} <= {"ok", "failed", "unavailable"}
    assert not [r.reason for r in mine if "Error" in r.reason or "object has no" in r.reason]
    assert [(r.stream, r.outcome) for r in results if r.source == "beside"] == [("one", "ok"), ("two", "ok")]
    with open_test_store(account.store_path) as store:
        sql = "SELECT t.native FROM tickets t JOIN sources s ON s.id = t.source WHERE s.name = 'beside' ORDER BY 1"
        assert [native for (native,) in store.rows(sql)] == sorted([*OTHER, "last"])
        assert store.one("PRAGMA integrity_check") == "ok"
        assert store.rows("PRAGMA foreign_key_check") == []
        build_stale(store, load(account.path).config)


@pytest.mark.parametrize("name", DESKS)
def test_mutated_answers_never_end_a_sync(name: str, tmp_path: Path, full_size: bool) -> None:
    desk = DESKS[name]()
    bodies: list[str] = []
    wanted = 2000 if full_size else 60
    with serve(sky := FaultProxy(desk.app())) as server:
        account = desk.account(tmp_path, desk.table(server.url))
        streams = [stream.name for stream in account.streams()]
        turn, began = 0, time.monotonic()
        while len(bodies) < wanted:
            turn += 1
            sky.change = mutated(random.Random(f"{SEED} {name} {turn}"), SHARE, bodies)
            fresh = account.afresh(str(turn))
            try:
                check(fresh, synced(fresh), streams)
            except BaseException as error:
                error.add_note(f"seed {SEED}, {name}, sync {turn}")
                raise
    shapes = Counter(path.split("/")[-1].strip("0123456789") for path in bodies)
    print(f"{name}: {len(bodies)} bodies in {turn} syncs, {time.monotonic() - began:.0f} s; {dict(shapes)}")  # noqa: T201
