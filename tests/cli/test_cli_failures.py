"""What a person meets when something is wrong with the store, a file or a time: one line, and no traceback."""

import ctypes
import os
import pty
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from project_paths import ROOT
from synced_fixtures import COMMAND, Cli, SyncedDesk

from helpdesk_kpi.cli.app_context import iso
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.store import open_store
from helpdesk_kpi.store.writer_lock import hold

WEEK = "2026-W47"
#: Every command that opens the store, as somebody would type it.
COMMANDS = {
    "kpis": ["kpis"],
    "check": ["check"],
    "sync": ["sync"],
    "measure": ["measure"],
    "report": ["report", "weekly_digest", "--format", "text"],
    "send": ["send", "weekly", "--dry-run"],
    "run": ["run", "--once"],
    "status": ["status"],
    "observations": ["observations", "csat"],
    "explain": ["explain", "csat", "--period", WEEK],
    "doctor": ["doctor"],
    "reconcile": ["reconcile"],
    "recurrence": ["recurrence", "label", "--sample", "0"],
    "record": ["record", "cost", "period=2026-10", "amount=5"],
    "record list": ["record", "list", "cost"],
    "record draw": ["record", "draw", "--period", "2026-10"],
    "record withdraw": ["record", "withdraw", "1", "--why", "wrong"],
    "weights learn": ["weights", "learn"],
    "weights show": ["weights", "show"],
    "person show": ["person", "show", "Ann"],
    "deliveries list": ["deliveries", "list"],
    "deliveries resend": ["deliveries", "resend", "1"],
    "deliveries resolve": ["deliveries", "resolve", "1", "--as", "sent"],
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> SyncedDesk:
    made = SyncedDesk(tmp_path_factory.mktemp("failures"), generate(5, tickets=60, weeks=5))
    made.sync()
    return made


@pytest.fixture
def place(desk: SyncedDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a copy of it; nobody waits for a lock."""
    monkeypatch.setenv("HELPDESK_KPI_BUSY", "0")
    return Path(shutil.copytree(desk.folder, tmp_path / "desk"))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """By another connection that lets nobody read either."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE meta SET value = value")
        yield


@contextmanager
def being_written(path: Path) -> Iterator[None]:
    """By another connection that lets others read."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def no_database(path: Path) -> Iterator[None]:
    path.write_bytes(b"no database, but long enough to be taken for one\n" * 500)
    yield


@contextmanager
def damaged(path: Path) -> Iterator[None]:
    """Its tables' pages hold something else; the first one, with the list of tables, is there."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    yield


@contextmanager
def too_new(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('helpdesk_kpi', 'm9', '')"
        )
    yield


@contextmanager
def a_folder(path: Path) -> Iterator[None]:
    path.unlink()
    path.mkdir()
    yield


def failed(cli: Cli, words: list[str], folder: Path) -> str:
    """The one line that a command ends with. A traceback would be raised here."""
    ran = cli(*words, "--config", folder / "helpdesk-kpi.toml")
    lines = ran.err.splitlines() or ran.out.splitlines()  # `run --once` tells how each job ended
    assert ran.status in {1, 3}, ran
    assert lines
    assert "Traceback" not in ran.err
    return lines[-1]


@pytest.mark.parametrize("command", sorted(COMMANDS))
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (locked, "locked"),
        (no_database, "is no database"),
        (damaged, "is damaged"),
        (too_new, "newer"),
        (a_folder, "cannot be opened"),
    ],
    ids=["locked", "no database", "damaged", "too new", "a folder"],
)
def test_a_store_that_cannot_be_used_is_one_line(
    cli: Cli, place: Path, command: str, spoil: Callable[[Path], "ExitStack"], said: str
) -> None:
    with spoil(place / "helpdesk.db"):
        line = failed(cli, COMMANDS[command], place)
    assert said in line
    assert "helpdesk.db" in line


@pytest.mark.parametrize("command", ["explain", "observations", "report", "measure", "record", "doctor", "sync"])
def test_a_store_that_another_program_writes_is_one_line(cli: Cli, place: Path, command: str) -> None:
    with being_written(place / "helpdesk.db"):
        assert "locked by another program" in failed(cli, COMMANDS[command], place)


def test_a_store_that_several_processes_read_is_one_line(cli: Cli, place: Path) -> None:
    with being_written(place / "helpdesk.db"):
        assert "locked" in failed(cli, ["measure", "--all", "--jobs", "2"], place)


# --- in a process of its own


def without_rights() -> None:
    """Even root opens only what the mode lets it (CAP_DAC_OVERRIDE is 1, CAP_DAC_READ_SEARCH 2)."""
    if os.getuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (1, 2):
            assert libc.prctl(24, capability, 0, 0, 0) == 0, "PR_CAPBSET_DROP"


def small_files() -> None:
    """A page is larger than this, and so is what measuring writes; what a report writes into the store is not."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000))


def ran_separate(
    desk: SyncedDesk,
    folder: Path,
    *words: object,
    before: Callable[[], None] | None = None,
    stdout: int = subprocess.PIPE,
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *map(str, words), "--config", str(folder / "helpdesk-kpi.toml")],
        cwd=folder, text=True, check=False, stdout=stdout, stderr=subprocess.PIPE, preexec_fn=before,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
            "HELPDESK_KPI_NOW": iso(desk.world.now),
        },
    )  # fmt: skip


def line_of(ran: "subprocess.CompletedProcess[str]") -> str:
    assert ran.returncode == 1, ran
    assert "Traceback" not in ran.stderr, ran.stderr
    assert "Exception ignored" not in ran.stderr, ran.stderr
    return ran.stderr.splitlines()[-1]


@pytest.mark.parametrize("command", ["explain", "report", "measure", "record", "sync"])
def test_a_read_only_store_is_one_line(desk: SyncedDesk, place: Path, command: str) -> None:
    (place / "helpdesk.db").chmod(0o400)
    place.chmod(0o500)
    try:
        line = line_of(ran_separate(desk, place, *COMMANDS[command], before=without_rights))
    finally:
        place.chmod(0o700)
    assert "helpdesk.db" in line


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("none/a.html", "No such file or directory"),
        ("locked/a.html", "Permission denied"),
        ("locked", "it is a folder"),
    ],
)
def test_a_place_that_cannot_be_written_is_one_line(desk: SyncedDesk, place: Path, out: str, said: str) -> None:
    (place / "locked").mkdir(mode=0o500)
    ran = ran_separate(desk, place, "report", "weekly_digest", "--out", place / out, before=without_rights)
    assert line_of(ran) == f"helpdesk-kpi: {place / out} cannot be written: {said}"


def test_a_full_disk_is_one_line_and_leaves_no_half_report(desk: SyncedDesk, place: Path) -> None:
    """The store is measured already, so that the report is the first thing that does not fit."""
    assert ran_separate(desk, place, "report", "weekly_digest", "--format", "json").returncode == 0
    with closing(sqlite3.connect(place / "helpdesk.db")) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ran = ran_separate(desk, place, "report", "weekly_digest", "--out", "a.html", before=small_files)
    assert "a.html cannot be written: File too large" in line_of(ran)
    assert list(place.glob("*a.html*")) == []


def test_a_full_disk_under_the_store_is_one_line(desk: SyncedDesk, place: Path) -> None:
    ran = ran_separate(desk, place, "measure", "--all", before=small_files)
    assert "helpdesk.db cannot be read or written" in line_of(ran)


def test_an_output_that_cannot_be_written_is_one_line(desk: SyncedDesk, place: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ran = ran_separate(desk, place, "observations", "csat", stdout=full.fileno())
    assert line_of(ran) == "helpdesk-kpi: No space left on device"


# --- times that nobody knows yet


@pytest.mark.parametrize(
    "words",
    [
        ["observations", "csat"],
        ["explain", "csat", "--period", WEEK],
        ["report", "weekly_digest", "--period", WEEK],
    ],
    ids=lambda words: words[0],
)
def test_a_future_as_of_is_refused(cli: Cli, place: Path, desk: SyncedDesk, words: list[str]) -> None:
    now, config = desk.world.now, ["--config", place / "helpdesk-kpi.toml"]
    ran = cli(*words, "--as-of", iso(now + 1000), *config)
    said = f"--as-of {iso(now + 1000)} lies in the future: it is {iso(now)} now"
    assert (ran.status, ran.err) == (2, f"helpdesk-kpi: {said}\n")
    assert cli(*words, "--as-of", iso(now), *config).status == 0


@pytest.mark.parametrize(
    "words",
    [
        ["observations", "csat"],
        ["explain", "csat"],
        ["report", "weekly_digest"],
        ["send", "weekly"],
        ["doctor"],
        ["record", "draw"],
    ],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("period", ["2027-W01", "2027", "2999-01"])
def test_a_period_that_lies_in_the_future_is_refused(cli: Cli, place: Path, words: list[str], period: str) -> None:
    ran = cli(*words, "--period", period, "--config", place / "helpdesk-kpi.toml")
    assert ran.status == 2
    assert "has not begun yet" in ran.err


def test_weights_are_not_learned_from_days_to_come(cli: Cli, place: Path) -> None:
    ran = cli("weights", "learn", "--to", "2027-01-01", "--config", place / "helpdesk-kpi.toml")
    assert ran.status == 2
    assert "--to 2027-01-01 lies in the future: it is 2026-" in ran.err


# --- on a terminal


def on_terminal(desk: SyncedDesk, folder: Path, *words: str) -> tuple[int, str]:
    """What a command prints on a terminal of its own, and its exit status."""
    here, there = pty.openpty()
    ran = ran_separate(desk, folder, *words, stdout=there)
    os.close(there)
    found = b""
    with os.fdopen(here, "rb", buffering=0) as terminal:
        try:
            while part := terminal.read(65536):
                found += part
        except OSError:  # Linux: the other end is closed
            pass
    return ran.returncode, found.decode() + ran.stderr


def test_a_page_goes_into_a_file_on_a_terminal(desk: SyncedDesk, place: Path) -> None:
    """Piped, it is printed as ever; a text is printed anywhere."""
    ran_separate(desk, place, "measure")
    status, said = on_terminal(desk, place, "report", "weekly_digest", "--period", WEEK)
    page = place / f"weekly_digest-{WEEK}.html"
    assert (status, said) == (0, f"wrote {page.name}\n")
    assert page.stat().st_mode & 0o777 == 0o600
    piped = ran_separate(desk, place, "report", "weekly_digest", "--period", WEEK)
    assert piped.stdout.rstrip() == page.read_text().rstrip()
    status, said = on_terminal(desk, place, "report", "weekly_digest", "--period", WEEK, "--format", "text")
    assert status == 0
    assert not said.startswith("wrote")
    assert len(said.splitlines()) > 10


# --- two at a time


@pytest.mark.parametrize("command", ["report", "explain"])
def test_a_read_command_reads_what_is_stored_while_another_process_builds(cli: Cli, place: Path, command: str) -> None:
    """The output is that of the last build, though a ticket has changed since; then it is built, and said so."""
    words = [*COMMANDS[command], "--config", place / "helpdesk-kpi.toml"]
    before = cli(*words)
    assert before.status == 0
    with open_store(place / "helpdesk.db") as store:
        with store.transaction() as conn:
            conn.execute("UPDATE tickets SET subject = 'changed' WHERE id = (SELECT min(id) FROM tickets)")
        with hold(store, "build"):
            ran = cli(*words)
        said = f"{store.path} is being measured by process {os.getpid()} on {socket.gethostname()}"
        assert ran == before._replace(err=f"{said}: reading what is stored; 1 ticket is not up to date\n")
        assert store.rows("SELECT kind FROM stale_subjects") == [("ticket",)]
        ran = cli(*words)
        assert (ran.status, ran.out) == (0, before.out)
        assert ran.err.startswith("1 ticket and 1 customer are not up to date: measuring them")
        assert store.rows("SELECT kind FROM stale_subjects") == []


def test_a_pass_of_run_tells_of_the_sync_that_another_process_does(cli: Cli, place: Path) -> None:
    with open_store(place / "helpdesk.db") as store, hold(store, "sync"):
        with store.transaction() as conn:
            conn.execute("DELETE FROM meta WHERE key GLOB 'synced:*'")  # so that a sync is due
        ran = cli("run", "--once", "--config", place / "helpdesk-kpi.toml")
    assert ran.status in {1, 3}
    assert f"sync: {store.path} is being synced by process {os.getpid()}" in ran.out
