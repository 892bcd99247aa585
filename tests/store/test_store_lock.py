"""Locks between real processes: the system frees them, and a process that waits says for which one."""

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpdesk_kpi.errors import BusyError
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.store.writer_lock import hold

#: Holds a lock until it gets a line.
HOLDER = """
import sys
from pathlib import Path
from helpdesk_kpi.store import open_store
from helpdesk_kpi.store.writer_lock import hold

with open_store(Path(sys.argv[1])) as store, hold(store, sys.argv[2]):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


@contextmanager
def holder(path: Path, job: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Another process that holds the lock."""
    words = [sys.executable, "-c", HOLDER, str(path), job]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield process
        finally:
            process.kill()


def test_an_error_gives_the_holder_of_a_lock_and_a_killed_process_frees_it(store: Store) -> None:
    with holder(store.path, "sync") as other:
        said = f"a.db is being synced by process {other.pid} on {socket.gethostname()}"
        with pytest.raises(BusyError, match=said), hold(store, "sync"):
            pass
        with hold(store, "build"):  # another job
            pass
        other.send_signal(signal.SIGKILL)
        other.wait()
        with hold(store, "sync"):
            pass


def test_a_lock_is_never_taken_from_a_process_that_lives_however_long_it_holds_it(store: Store) -> None:
    """A sync of days, on a machine whose clock was set meanwhile: what says since when has no meaning."""
    with holder(store.path, "sync") as other:
        for path in store.path.parent.glob("a.db.sync.*"):
            for at in (0, 2_000_000_000, 4_000_000_000):  # 1970, 2033, 2096
                os.utime(path, (at, at))
                with pytest.raises(BusyError, match=f"process {other.pid}"), hold(store, "sync"):
                    pass


def test_a_process_that_waits_says_so_once_and_continues_when_the_lock_is_free(store: Store) -> None:
    with holder(store.path, "build") as other:
        messages = []

        def tell(text: str) -> None:
            messages.append(text)
            assert other.stdin is not None
            other.stdin.write(b"\n")
            other.stdin.flush()

        with hold(store, "build", patience=60, waiting=tell):
            assert other.wait() == 0
    [text] = messages
    assert text.endswith(f"a.db is being measured by process {other.pid} on {socket.gethostname()}: waiting for it")


def test_patience_ends(store: Store) -> None:
    with (
        holder(store.path, "build"),
        pytest.raises(BusyError, match=r"for more than 0 s"),
        hold(store, "build", patience=0.01),
    ):
        pass


def test_a_link_to_a_store_has_its_lock(store: Store, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(store.path)
    with open_store(link) as alias, hold(alias, "sync"), pytest.raises(BusyError), hold(store, "sync"):
        pass


def test_lock_files_are_for_their_owner_only_and_say_who(store: Store) -> None:
    before = os.umask(0)
    try:
        with hold(store, "sync"):
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in store.path.parent.glob("a.db.*")}
            assert modes == {"a.db.sync.lock": 0o600, "a.db.sync.holder": 0o600}
            assert (store.path.parent / "a.db.sync.holder").read_text() == f"{os.getpid()} {socket.gethostname()}\n"
    finally:
        os.umask(before)
    left = {path.name for path in store.path.parent.glob("a.db.*")}
    assert left <= {"a.db.sync.lock"}


def test_a_lock_outlives_an_error(store: Store) -> None:
    """Whatever ends the work frees it, in the same process too."""
    with pytest.raises(KeyError), hold(store, "sync"):
        raise KeyError
    with hold(store, "sync"):
        pass
