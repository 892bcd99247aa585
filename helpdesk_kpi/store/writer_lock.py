"""One sync and one build of a store at a time: locks of the operating system, held by the process.

Each job has a lock file next to the store (`helpdesk.db.sync.lock`, `helpdesk.db.build.lock`), which stays there. The
system frees the lock when the process ends, however it ends. Who holds it stands in a second file, for messages only.
On a network drive the lock holds between machines only if the drive passes locks on (docs/store.md).
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from helpdesk_kpi.errors import BusyError, StoreError, WriteError
from helpdesk_kpi.private import MODE, touch_private, write_private
from helpdesk_kpi.store.database import Store

Job = Literal["sync", "build"]
DOES = {"sync": "synced", "build": "measured"}
POLL = 0.1  # s


@contextmanager
def hold(
    store: Store, job: Job, *, patience: float = 0, waiting: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold the lock of a job.

    Args:
        patience: seconds to wait while another process holds it.
        waiting: gets one sentence before the wait begins, which names the other process.

    Raises:
        BusyError: another process holds it still.
    """
    lock = _lock(store.path, job)
    try:
        _acquire(lock, store.path, job, patience, waiting)
    except (OSError, NotImplementedError) as error:
        raise StoreError(f"{lock.lock_file} cannot be locked: {error}") from error
    try:
        with suppress(WriteError):  # for messages only
            _say_who(store.path, job)
        yield
    finally:
        with suppress(OSError):
            _holder(store.path, job).unlink()
        lock.release()


def _acquire(lock: FileLock, path: Path, job: Job, patience: float, waiting: Callable[[str], None] | None) -> None:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        said = f"{path} is being {DOES[job]} by {_who(path, job)}"
        if not patience:
            raise BusyError(f"{said}: let it finish, or stop it") from None
        if waiting:
            waiting(f"{said}: waiting for it")
        try:
            lock.acquire(timeout=patience, poll_interval=POLL)
        except Timeout:
            raise BusyError(f"{said}, for more than {patience:.0f} s: let it finish, or stop it") from None


def _lock(path: Path, job: Job) -> FileLock:
    """Two names of one store (a link) have one lock."""
    place = _next_to(path, job, "lock")
    touch_private(place)  # so that it has this mode from the start, whichever version of the library opens it
    return FileLock(place, mode=MODE, thread_local=False)


def _holder(path: Path, job: Job) -> Path:
    return _next_to(path, job, "holder")


def _next_to(path: Path, job: Job, ending: str) -> Path:
    real = path.resolve()
    return real.with_name(f"{real.name}.{job}.{ending}")


def _say_who(path: Path, job: Job) -> None:
    write_private(_holder(path, job), f"{os.getpid()} {socket.gethostname()}\n")


def _who(path: Path, job: Job) -> str:
    """As the holder says; between its lock and its saying so, there is no answer."""
    try:
        pid, _, host = _holder(path, job).read_text("utf-8").strip().partition(" ")
    except (OSError, UnicodeDecodeError):
        return "another process"
    return f"process {pid} on {host}" if pid and host else "another process"
