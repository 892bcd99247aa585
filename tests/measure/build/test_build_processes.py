"""Several processes fold what one folds, and leave nothing behind when they are killed."""

import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from project_paths import ROOT
from synced_fixtures import SyncedDesk

from helpdesk_kpi.config import LoadedConfig, load
from helpdesk_kpi.errors import BusyError
from helpdesk_kpi.measure.build import build
from helpdesk_kpi.measure.build.local import CHUNK
from helpdesk_kpi.model import Event, Person, Team, Ticket
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.store.build_queue import count_stale, take_stale
from helpdesk_kpi.store.page import Page
from helpdesk_kpi.store.write_page import get_source_key, write_page
from helpdesk_kpi.store.writer_lock import hold

HOUR = 3_600_000
BEGIN = 1_767_225_600_000  # 2026-01-01
OWN_CODE = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
TICKETS = 2 * CHUNK + 7  # fewer are folded in one process, whatever is asked for
CONFIG = 'timezone = "UTC"\nstore = "helpdesk.db"\n[tickets]\ncategory = "type"\n'


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedConfig:
    """A store of many short tickets, not measured yet."""
    path = tmp_path / "helpdesk-kpi.toml"
    path.write_text(CONFIG, encoding="utf-8")
    loaded = load(path)
    with open_store(loaded.store_path) as store:
        source = get_source_key(store, "acme", "zendesk", "https://acme.example", BEGIN)
        people = [Person("1", "agent", "agent", BEGIN, name="Ann"), Person("2", "customer", "end-user", BEGIN)]
        records = [*people, Team("5", "First line"), *(r for n in range(TICKETS) for r in ticket(n))]
        write_page(store, source, "tickets", Page(records=records), now=BEGIN)
    return loaded


def ticket(number: int) -> Iterator[Ticket | Event]:
    """Asked at BEGIN and `number` hours, answered an hour later; every third one is solved at once, too."""
    key, at, done = str(number), BEGIN + number * HOUR, number % 3 == 0
    yield Ticket(
        key, key, "", at, at + HOUR, at, "solved" if done else "open", requester="2", submitter="2", team="5",
        assignee="1",
    )  # fmt: skip
    yield Event(key, "a", at, 0, "comment", actor="2", public=True, length=90)
    yield Event(key, "b", at + HOUR, 1, "comment", actor="1", public=True, length=90)
    if done:
        yield Event(key, "c", at + HOUR, 2, "change", actor="1", field="status", before="open", after="solved")


def folded(store: Store) -> list[tuple[object, ...]]:
    return store.rows("SELECT kind, subject, base, last, body FROM stored_observations ORDER BY kind, subject")


def test_two_processes_fold_the_same_bytes_as_one(loaded: LoadedConfig) -> None:
    with open_store(loaded.store_path) as store:
        assert build.build_stale(store, loaded.config, jobs=1) == TICKETS
        alone = folded(store)
        assert len(alone) == TICKETS
        assert build.build_stale(store, loaded.config, everything=True, jobs=2) == TICKETS
        assert folded(store) == alone
        assert store.one("SELECT count(*) FROM stale_subjects WHERE kind = 'ticket'") == 0


MEASURE = """
import sys
from pathlib import Path
from helpdesk_kpi.config import load
from helpdesk_kpi.measure.build import build
from helpdesk_kpi.store import open_store

if __name__ == "__main__":
    loaded = load(Path(sys.argv[1]))
    with open_store(loaded.store_path) as store:
        build.build_stale(store, loaded.config, jobs=2, progress=lambda done, total: print(done, flush=True))
"""


def test_a_measure_killed_between_its_chunks_leaves_whole_tickets_and_no_process(loaded: LoadedConfig) -> None:
    """After the first chunk the parent is killed. What is folded is no longer stale; a second run does the rest."""
    script = loaded.path.parent / "measuring.py"
    script.write_text(MEASURE)
    started = [sys.executable, str(script), str(loaded.path)]
    with subprocess.Popen(started, stdout=subprocess.PIPE, start_new_session=True, env=OWN_CODE) as parent:
        assert parent.stdout is not None
        assert int(parent.stdout.readline()) == CHUNK
        os.kill(parent.pid, signal.SIGKILL)
        try:
            parent.communicate(timeout=20)  # ends when nobody holds the pipe any more: no child of it is left
        finally:
            with suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)
    with open_store(loaded.store_path) as store:
        done = int(store.one("SELECT count(*) FROM stored_observations"))
        assert done in {CHUNK, 2 * CHUNK, TICKETS}
        assert count_stale(store) == TICKETS - done
        build.build_stale(store, loaded.config)
        resumed = folded(store)
        build.build_stale(store, loaded.config, everything=True)
        assert folded(store) == resumed


#: As MEASURE. A worker that has read the last chunk says so, on the output that it shares with its parent (the workers
#: run the lines above `if`, too). After the first chunk is written, the parent waits for a line.
WATCHED = """
import os
import sys
from pathlib import Path
from helpdesk_kpi.config import load
from helpdesk_kpi.measure.build import build, subjects
from helpdesk_kpi.measure.build.local import CHUNK
from helpdesk_kpi.store import open_store

read = subjects.SUBJECT_LOADERS["ticket"]

def watched(reading, keys):
    found = list(read(reading, keys))
    if len(keys) < CHUNK:
        os.write(1, b"read\\n")
    return iter(found)

subjects.SUBJECT_LOADERS["ticket"] = watched

def progress(done, total):
    print(done, flush=True)
    if done == CHUNK:
        sys.stdin.readline()

if __name__ == "__main__":
    loaded = load(Path(sys.argv[1]))
    with open_store(loaded.store_path) as store:
        build.build_stale(store, loaded.config, jobs=2, progress=progress)
"""


def test_what_another_process_writes_after_a_worker_has_read_stays_stale(loaded: LoadedConfig) -> None:
    """The last chunk is read, then one of its tickets changes, then two more chunks are written: the ticket's new mark
    outlives the build, and the next one sees the change.
    """
    script = loaded.path.parent / "watched.py"
    script.write_text(WATCHED)
    words = [sys.executable, str(script), str(loaded.path)]
    with (
        open_store(loaded.store_path) as store,
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=OWN_CODE) as measuring,
    ):
        assert measuring.stdin is not None
        assert measuring.stdout is not None
        said = {measuring.stdout.readline(), measuring.stdout.readline()}
        assert said == {b"read\n", f"{CHUNK}\n".encode()}
        last = store.one("SELECT max(id) FROM tickets")
        with store.transaction() as conn:
            conn.execute("UPDATE events SET at = at + 60000 WHERE ticket = ? AND id = 'b'", (last,))
        measuring.communicate(b"go on\n", timeout=60)
        assert measuring.returncode == 0
        assert store.rows("SELECT subject FROM stale_subjects") == [(last,)]
        assert store.rows("SELECT * FROM build_queue") == []
        assert build.build_stale(store, loaded.config) == 1
        after = folded(store)
        build.build_stale(store, loaded.config, everything=True)
        assert folded(store) == after


def test_two_processes_build_next_to_a_writer_and_lose_no_change(loaded: LoadedConfig) -> None:
    """A thread changes one ticket after the other, as a sync does, from before the build until after it."""
    ended, changed = threading.Event(), threading.Event()

    def write() -> None:
        with open_store(loaded.store_path) as store:
            for number in itertools.cycle(range(1, TICKETS + 1)):
                with store.transaction() as conn:
                    conn.execute("UPDATE events SET at = at + 60000 WHERE ticket = ? AND id = 'b'", (number,))
                changed.set()
                if ended.is_set():
                    return

    writer = threading.Thread(target=write)
    with open_store(loaded.store_path) as store:
        writer.start()
        try:
            changed.wait()
            build.build_stale(store, loaded.config, jobs=2)
        finally:
            ended.set()
            writer.join()
        assert store.rows("SELECT * FROM build_queue") == []
        assert count_stale(store) > 0
        assert build.build_stale(store, loaded.config) > 0
        after = folded(store)
        build.build_stale(store, loaded.config, everything=True)
        assert folded(store) == after


def test_a_build_takes_the_marks_that_a_killed_one_has_left(tmp_path: Path) -> None:
    """As if it had been killed between taking the marks and writing the first chunk."""
    desk = SyncedDesk(tmp_path, generate(2, tickets=40, weeks=3))
    desk.sync()
    with desk.store() as store:
        build.build_stale(store, desk.loaded.config)
        whole = folded(store)
        with store.transaction() as conn:
            conn.execute("DELETE FROM stored_observations")
            conn.execute("INSERT INTO stale_subjects SELECT 'ticket', id, NULL FROM tickets")
        take_stale(store, ["ticket", "customer"], [])
        assert store.one("SELECT count(*) FROM stale_subjects WHERE kind = 'ticket'") == 0
        assert count_stale(store) == store.one("SELECT count(*) FROM tickets")
        build.build_stale(store, desk.loaded.config)
        tickets = [row for row in whole if row[0] in {"ticket", "customer"}]
        assert [row for row in folded(store) if row[0] in {"ticket", "customer"}] == tickets
        assert count_stale(store) == 0


def test_a_store_is_measured_by_one_process_at_a_time(tmp_path: Path) -> None:
    """Synced it may be meanwhile."""
    desk = SyncedDesk(tmp_path, generate(2, tickets=40, weeks=3))
    desk.sync()
    with desk.store() as store, desk.store() as other:
        with hold(other, "build"), pytest.raises(BusyError, match=f"is being measured by process {os.getpid()} on"):
            build.build_stale(store, desk.loaded.config, patience=0)
        with hold(other, "sync"):
            assert build.build_stale(store, desk.loaded.config, patience=0) == store.one("SELECT count(*) FROM tickets")
