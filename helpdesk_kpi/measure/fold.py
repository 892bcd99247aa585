"""Folding: every stale ticket's story through every KPI in use, into one compact row."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby, starmap
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.compact import encode, last_instant
from helpdesk_kpi.measure.contract import EXCLUDED, Kpi, Observation, Stock, Variant
from helpdesk_kpi.measure.desk import HISTORY, Desk, read_desks
from helpdesk_kpi.measure.discovery import find_kpis
from helpdesk_kpi.measure.humans import keep_identities
from helpdesk_kpi.measure.rows import EVENT, RATING, TICKET, EventRow, RatingRow, TicketRow
from helpdesk_kpi.measure.timeline import Timeline
from helpdesk_kpi.store import Store, open_store

CHUNK = 2000  # tickets at a time: bounds memory


class Fold(NamedTuple):
    """One KPI variant in use and its key in the store."""

    id: int
    kpi: Kpi
    variant: Variant


class Folded(NamedTuple):
    story: int
    base: int
    last: int | None
    body: str


def in_use(store: Store, extra: Iterable[tuple[str, str]] = ()) -> list[Fold]:
    """Make sure that every KPI's strict variant and the `extra` (kpi, variant) pairs are kept; return all kept ones.

    A variant that is new, or whose revision moved, makes every ticket stale.
    """
    kpis = find_kpis()
    with store.writing() as conn:
        changed = 0
        for kpi, variant in [*((k, "strict") for k in kpis), *extra]:
            changed += conn.execute(
                "INSERT INTO folds (kpi, variant, revision) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET revision = excluded.revision WHERE revision != excluded.revision",
                (kpi, variant, kpis[kpi].revision),
            ).rowcount
        if changed:
            _all_stale(store)
    return _kept(store)


def _kept(store: Store) -> list[Fold]:
    kpis = find_kpis()
    rows = store.rows("SELECT id, kpi, variant FROM folds ORDER BY id")
    return [Fold(i, kpis[k], kpis[k].variants[v]) for i, k, v in rows if k in kpis and v in kpis[k].variants]


def rules_changed(store: Store, config: Config) -> bool:
    """Whether the reading of tickets is configured differently than at the last fold; then every ticket is stale."""
    reading = [config.tickets, {n: s.get("severity") for n, s in config.sources.items()}]
    desks = [(sorted(d.lacks), d.states, d.labels, d.dimensions) for d in read_desks(store, config).values()]
    digest = hashlib.sha256(msgspec.json.encode([reading, desks], order="sorted")).digest()
    before = store.one("SELECT value FROM meta WHERE key = 'fold_rules'")
    if before == digest:
        return False
    with store.writing() as conn:
        conn.execute("INSERT OR REPLACE INTO meta VALUES ('fold_rules', ?)", (digest,))
        _all_stale(store)
    return before is not None


def _all_stale(store: Store) -> None:
    store.conn.execute("INSERT OR IGNORE INTO stale SELECT id FROM tickets")


def measure(
    store: Store,
    config: Config,
    *,
    everything: bool = False,
    extra: Iterable[tuple[str, str]] = (),
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Fold what is stale (or everything); returns how many tickets were folded."""
    in_use(store, extra)
    rules_changed(store, config)
    keep_identities(store, config)
    if everything:
        with store.writing():
            _all_stale(store)
    total = int(store.one("SELECT count(*) FROM stale"))
    done = 0
    version = _version(store)
    for stories, folded in _bodies(store, config, total, jobs):
        version = _write(store, stories, folded, version)
        done += len(stories)
        if progress:
            progress(done, total)
    return done


def _bodies(store: Store, config: Config, total: int, jobs: int) -> Iterator[tuple[list[int], list[Folded]]]:
    chunks = _chunks(store)
    if jobs <= 1 or total < 2 * CHUNK:
        work = Worker(store, config)
        for stories in chunks:
            yield stories, work.fold(stories)
        return
    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(store.path, config)
    ) as pool:
        yield from zip(chunks := list(chunks), pool.map(_fold_chunk, chunks), strict=True)  # type: ignore[assignment]


def _chunks(store: Store) -> Iterator[list[int]]:
    after = -1
    while True:
        sql = "SELECT ticket FROM stale WHERE ticket > ? ORDER BY ticket LIMIT ?"
        stories = [ticket for (ticket,) in store.rows(sql, after, CHUNK)]
        if not stories:
            return
        yield stories
        after = stories[-1]


def _write(store: Store, stories: list[int], folded: list[Folded], version: int) -> int:
    """Store a chunk that was read at `version` of the file or later; returns the version now.

    If another process has written since, it may have told something new of these tickets: they stay stale.
    """
    with store.writing() as conn:
        conn.executemany("DELETE FROM folded WHERE kind = 'ticket' AND story = ?", ((s,) for s in stories))
        conn.executemany("INSERT INTO folded (kind, story, base, last, body) VALUES ('ticket', ?, ?, ?, ?)", folded)
        now = _version(store)
        if now == version:
            conn.executemany("DELETE FROM stale WHERE ticket = ?", ((s,) for s in stories))
    return now


def _version(store: Store) -> int:
    """Moves whenever another connection commits, not with our own: https://www.sqlite.org/pragma.html"""
    return int(store.one("PRAGMA data_version"))


class Worker:
    """Reads chunks of tickets and folds them; one per process."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store = store
        self.desks = read_desks(store, config)
        self.folds = _kept(store)

    def fold(self, stories: list[int]) -> list[Folded]:
        return [self._one(timeline) for timeline in timelines(self.store, self.desks, stories)]

    def _one(self, ticket: Timeline) -> Folded:
        by_fold = {f.id: list(observations(ticket, f.kpi, f.variant)) for f in self.folds}
        by_fold = {key: rows for key, rows in by_fold.items() if rows}
        base = ticket.created_at
        last = last_instant([o for rows in by_fold.values() for o in rows])
        return Folded(ticket.row.id, base, last, encode(by_fold, base))


_worker: Worker | None = None


def _start_worker(path: Path, config: Config) -> None:
    global _worker  # noqa: PLW0603 - a pool's process has no other place for what it opens once
    threading.Thread(target=_end_with_parent, daemon=True).start()
    store = open_store(path, create=False)
    store.conn.execute("PRAGMA cache_size = -8192")  # 8 MB: it reads every page once
    _worker = Worker(store, config)


def _end_with_parent() -> None:
    """A pool's processes wait for work for ever when the one that gives it is killed; so they watch it."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _fold_chunk(stories: list[int]) -> list[Folded]:
    assert _worker is not None
    return _worker.fold(stories)


def timelines(store: Store, desks: dict[int, Desk], stories: Sequence[int]) -> Iterator[Timeline]:
    """The timelines of some tickets, in order of their keys; ids known only by name have none."""
    wanted = msgspec.json.encode(stories).decode()
    events = _grouped(store, EVENT, EventRow, wanted)
    ratings = _grouped(store, RATING, RatingRow, wanted)
    sql = f"{TICKET} WHERE id IN (SELECT value FROM json_each(?)) AND created_at IS NOT NULL ORDER BY id"
    for row in starmap(TicketRow, store.rows(sql, wanted)):
        yield Timeline(desks[row.source], row, events.get(row.id, ()), ratings.get(row.id, ()))


def _grouped(store: Store, sql: str, kind: Any, wanted: str) -> dict[int, list[Any]]:
    rows = store.conn.execute(f"{sql} WHERE ticket IN (SELECT value FROM json_each(?)) ORDER BY ticket", (wanted,))
    return {ticket: list(starmap(kind, group)) for ticket, group in groupby(rows, key=lambda r: r[0])}


def observations(ticket: Timeline, kpi: Kpi, variant: Variant) -> Iterable[Observation]:
    """What a KPI says of a ticket, with what leaves the ticket out applied.

    A ticket that never counts gives its observations with the reason as `stop`; one that is left out later gives
    them twice: as they were until then, and with the reason since.
    """
    reason, since = _left_out(ticket, kpi, variant)
    found = variant.function(ticket)
    return _marked(found, reason, since) if reason else found


def _marked(found: Iterable[Observation], reason: str, since: int | None) -> Iterator[Observation]:
    for o in found:
        if o.stop in EXCLUDED:
            yield o
        elif since is None:
            yield _without(o, reason, o.since)
        elif o.until is not None and o.until <= since:
            yield o
        else:
            if max(o.at, o.since or 0) < since:
                yield msgspec.structs.replace(o, until=since)
            yield _without(o, reason, max(since, o.since or 0))


def _left_out(ticket: Timeline, kpi: Kpi, variant: Variant) -> tuple[str, int | None]:
    """(reason, from when on; None: always) or ("", None)."""
    if variant.population == "valid" and ticket.left_out:
        return ticket.left_out, None
    if reason := not_known(ticket, kpi.needs):
        return reason, None
    if isinstance(kpi.statistic, Stock):
        return "", None  # its spans end where the ticket is gone; before, it was there
    return _gone(ticket, variant)


def not_known(ticket: Timeline, needs: frozenset[str]) -> str:
    """Why what happened on the ticket is not known well enough for these needs; "" if it is."""
    if ticket.row.replies_known != "yes" and "comments.public" in needs:
        return f"replies_{ticket.row.replies_known}"
    if lacking := needs & ticket.desk.lacks & HISTORY:  # what cannot be read is not known; it is never "never"
        return "replies_unreadable" if "comments.public" in lacking else "history_unknown"
    is_cut = ticket.row.changes_known != "yes" or ticket.known_from > ticket.created_at
    return (
        "history_unknown"
        if (is_cut and not HISTORY.isdisjoint(needs)) or (ticket.has_holes and "status.history" in needs)
        else ""
    )


def _gone(ticket: Timeline, variant: Variant) -> tuple[str, int | None]:
    merged_at = ticket.merged_at if variant.population == "valid" else None
    if merged_at is None:
        return ("", None) if ticket.deleted_at is None else ("deleted", ticket.deleted_at)
    if ticket.deleted_at is not None and ticket.deleted_at <= merged_at:
        return "deleted", ticket.deleted_at
    return "merged", merged_at


def _without(o: Observation, reason: str, since: int | None) -> Observation:
    return msgspec.structs.replace(o, stop=reason, value=None, since=since)
