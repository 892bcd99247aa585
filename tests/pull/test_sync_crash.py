"""Killed at any moment (SIGKILL), the program goes on where it stopped, and nothing is lost or told twice.

What lies on the disk changes by SQL statements only. So a process that is killed before its n-th statement, for many
n, meets every state that a crash can leave; others are killed by the clock, wherever they are.
"""

import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from project_paths import ROOT
from synced_fixtures import SyncedDesk

from helpdesk_kpi.cli.app_context import iso
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.testing import crashes
from helpdesk_kpi.testing.crashes import KILLED, ProcessEnd
from helpdesk_kpi.testing.store_snapshot import canonical, differences, open_test_store

#: Opening a store: a child dies before each of its statements in turn, then the parent opens the file.
OPENING = """
import os, sys
from pathlib import Path
from helpdesk_kpi.store import open_store
from helpdesk_kpi.testing.crashes import StatementCounter
folder, number, statements = Path(sys.argv[1]), 0, StatementCounter()
while True:
    number += 1
    path = folder / f"{number}.db"
    child = os.fork()
    if not child:
        statements.last, statements.done = number, 0
        open_store(path).close()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    open_store(path).close()
    if not os.WIFSIGNALED(status):
        break
print(number)
"""


def test_a_store_of_which_making_was_interrupted_is_made_whole(tmp_path: Path) -> None:
    """Before any of its statements: what is left over is still ours, and is finished by who comes next."""
    run = subprocess.run(
        [sys.executable, "-c", OPENING, tmp_path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.stderr == ""
    assert int(run.stdout) > 30  # so many moments were tried
    with open_store(tmp_path / "whole.db") as whole:
        wanted = _made(whole)
    assert len(wanted) > 30
    for path in tmp_path.glob("[0-9]*.db"):
        with open_store(path) as store:
            assert _made(store) == wanted
            assert len(store.hash_key) == 32


def _made(store: Store) -> list[tuple[str, str]]:
    """Our tables, indexes, triggers and views; sqlite-utils' own index is made once only, and nothing leans on it."""
    sql = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE '%_sqlite_migrations%' ORDER BY 1"
    return store.rows(sql)


class Interrupted:
    """A desk behind its API for the whole module, an undisturbed sync of it, and processes that sync it."""

    def __init__(self, desk: SyncedDesk) -> None:
        self.desk = desk
        self.store_path = desk.loaded.store_path
        self.afresh()
        (self.whole,) = self.tries("sync", {})
        assert self.whole.status == 0
        self.wanted = self.snapshot()
        self.saved = desk.folder / "saved.db"
        with closing(sqlite3.connect(self.store_path)) as db:
            db.execute("VACUUM INTO ?", (str(self.saved),))

    def afresh(self, saved: Path | None = None) -> None:
        for path in self.desk.folder.glob("helpdesk.db*"):
            path.unlink()
        if saved:
            shutil.copy(saved, self.store_path)
        else:
            open_test_store(self.store_path).close()

    def tries(self, command: str, *tries: dict[str, float]) -> list[ProcessEnd]:
        return crashes.run_killed("zendesk", command, self.desk.path, iso(self.desk.world.now), *tries)

    def snapshot(self) -> dict[str, list[str]]:
        with closing(sqlite3.connect(self.store_path)) as db:
            return canonical(db)


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interrupted]:
    desk = SyncedDesk(tmp_path_factory.mktemp("crash"), generate(5, tickets=60, weeks=4), page_size=60)
    with desk.served():
        yield Interrupted(desk)


@pytest.fixture(scope="session")
def kills(full_size: bool) -> int:
    return 200 if full_size else 20


@pytest.mark.trap("zendesk 11")
def test_a_sync_killed_anywhere_and_resumed_ends_with_the_same_store(interrupted: Interrupted, kills: int) -> None:
    """Kills before a random statement and at a random time in turn; five in a row before a sync is let be."""
    rng = random.Random(20261123)
    whole, died = interrupted.whole, 0
    assert whole.statements > 1000
    while died < kills:
        interrupted.afresh()
        by_statement: list[dict[str, float]] = [{"before": rng.randint(1, whole.statements // 2)} for _ in range(3)]
        by_clock: list[dict[str, float]] = [{"after": rng.uniform(0, whole.seconds / 2)} for _ in range(2)]
        *killed, last = interrupted.tries("sync", *rng.sample(by_statement + by_clock, 5), {})
        died += sum(end.status == KILLED for end in killed)
        assert {end.status for end in killed} <= {KILLED, 0}
        assert last.status == 0
        assert differences(interrupted.snapshot(), interrupted.wanted) == {}


def test_a_measure_killed_anywhere_and_repeated_gives_the_same_observations(
    interrupted: Interrupted, kills: int
) -> None:
    interrupted.afresh(interrupted.saved)
    (whole,) = interrupted.tries("measure", {})
    wanted = _folded(interrupted.store_path)
    assert len(wanted) > 40
    rng = random.Random(7)
    for _ in range(kills // 5):
        interrupted.afresh(interrupted.saved)
        killed, last = interrupted.tries("measure", {"before": rng.randint(1, whole.statements)}, {})
        assert (killed.status, last.status) == (KILLED, 0)
        assert _folded(interrupted.store_path) == wanted


def _folded(path: Path) -> list[tuple[int, int, int | None, str]]:
    """Keys of tickets and people are the same here, since the store is a copy."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM stale_subjects WHERE kind = 'ticket'").fetchone() == (0,)
        return db.execute("SELECT subject, base, last, body FROM stored_observations ORDER BY subject").fetchall()
