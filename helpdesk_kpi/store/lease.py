"""One writer at a time: a row that says who writes. A dead owner's row is taken over."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from helpdesk_kpi.errors import StoreError
from helpdesk_kpi.store.file import Store

TERM = 3_600_000  # ms; renewed by every page, so only a silent owner on another machine is waited for


@contextmanager
def writer(store: Store) -> Iterator[Callable[[], None]]:
    """Hold the writer's lease; the yielded function renews it. Raises StoreError when somebody else writes."""
    owner = f"{socket.gethostname()} {os.getpid()}"
    _take(store, owner)
    try:
        yield lambda: _renew(store, owner)
    finally:
        with store.writing() as conn:
            conn.execute("DELETE FROM lease WHERE name = 'writer' AND owner = ?", (owner,))


def _take(store: Store, owner: str) -> None:
    with store.writing() as conn:
        conn.execute("DELETE FROM lease WHERE name = 'writer' AND expires < ?", (_now(),))
        held = conn.execute("SELECT owner FROM lease WHERE name = 'writer'").fetchone()
        if held and held[0] != owner and _alive(held[0]):
            host, pid = held[0].rsplit(" ", 1)
            raise StoreError(f"{store.path} is being written by process {pid} on {host}: let it finish, or stop it")
        conn.execute("INSERT OR REPLACE INTO lease VALUES ('writer', ?, ?)", (owner, _now() + TERM))


def _renew(store: Store, owner: str) -> None:
    with store.writing() as conn:
        conn.execute("UPDATE lease SET expires = ? WHERE name = 'writer' AND owner = ?", (_now() + TERM, owner))


def _alive(owner: str) -> bool:
    """Whether the owner may still be at work; of another machine nobody can tell."""
    host, pid = owner.rsplit(" ", 1)
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _now() -> int:
    return int(time.time() * 1000)
