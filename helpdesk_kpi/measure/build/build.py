"""Folding: every stale story through every KPI in use, into one compact row."""

import hashlib
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import NamedTuple

import msgspec

from helpdesk_kpi.config import Config
from helpdesk_kpi.errors import StoreError
from helpdesk_kpi.identities.agents import save_identities
from helpdesk_kpi.identities.past_roles import keep_standings
from helpdesk_kpi.identities.source_rules import load_source_rules
from helpdesk_kpi.measure.build.subjects import (
    SUBJECT_LOADERS,
    BuildContext,
    Subject,
    Taken,
    mark_all,
    mark_entries,
    mark_others,
    take_marks,
)
from helpdesk_kpi.measure.metrics.contract import Followup, Kpi, Ratio, SubjectKind, Variant
from helpdesk_kpi.measure.metrics.discovery import load_kpis
from helpdesk_kpi.measure.metrics.encoding import encode_observations, last_instant
from helpdesk_kpi.measure.recurrence.ticket_flags import flag_settings, update_ticket_flags
from helpdesk_kpi.measure.tickets.exclusions import apply_exclusions
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.store.database import failure
from helpdesk_kpi.store.writer_lock import hold

CHUNK = 500  # stories at a time: bounds memory
PATIENCE = 600.0  # s for which another process may measure before a report gives up
log = logging.getLogger("helpdesk-kpi")


class StoredMetric(NamedTuple):
    """One KPI variant in use and its key in the store."""

    id: int
    kpi: Kpi
    variant: Variant


class BuiltSubject(NamedTuple):
    story: int
    base: int
    last: int | None
    body: str


def register_metrics(store: Store, extra: Iterable[tuple[str, str]] = ()) -> list[StoredMetric]:
    """Make sure that every KPI's strict variant, what they join, and the `extra` (kpi, variant) pairs are kept; return
    all kept ones. Questions and other evidence are kept from when they are first asked for.

    A variant that is new, or whose revision moved, makes every story stale.
    """
    kpis = load_kpis()
    with store.transaction() as conn:
        changed = 0
        for kpi, variant in [*((kpi, "strict") for kpi in list_default_metrics()), *extra]:
            changed += conn.execute(
                "INSERT INTO folds (kpi, variant, revision) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET revision = excluded.revision WHERE revision != excluded.revision",
                (kpi, variant, kpis[kpi].revision),
            ).rowcount
        if changed:
            mark_all(store)
    return _load_stored_metrics(store)


def list_default_metrics() -> list[str]:
    """The KPIs of the catalogue, and the evidence that they join or are ratios of."""
    kpis = load_kpis()
    told = [kpi.statistic_of(name) for kpi in kpis.values() if kpi.role == "kpi" for name in kpi.variants]
    joined = {one.joined for one in told if isinstance(one, Followup)}
    joined |= {part for one in told if isinstance(one, Ratio) for part in (one.a, one.b)}
    return [name for name, kpi in kpis.items() if kpi.role == "kpi" or name in joined]


def _load_stored_metrics(store: Store) -> list[StoredMetric]:
    kpis = load_kpis()
    rows = store.rows("SELECT id, kpi, variant FROM folds ORDER BY id")
    return [StoredMetric(i, kpis[k], kpis[k].variants[v]) for i, k, v in rows if k in kpis and v in kpis[k].variants]


def rules_changed(store: Store, config: Config) -> bool:
    """Whether the reading of tickets is configured differently than at the last fold; then every ticket is stale."""
    valid = config.tickets.valid.categories
    sources = {name: (table.get("severity"), table.get("agents")) for name, table in config.sources.items()}
    reading = [config.tickets, flag_settings(config.recurrence), sources]
    desks = [
        (
            sorted(d.missing_capabilities),
            d.states,
            d.labels,
            d.dimensions,
            d.sla_names,
            d.has_sla,
            sorted(d.escalation_teams),
            sorted(d.intake),
            {brand: sorted(people) for brand, people in d.local.items()},
            d.category * bool(valid),
        )
        for d in load_source_rules(store, config).values()
    ]
    return _changed(store, "fold_rules", [reading, desks], mark_all)


def _people_changed(store: Store, config: Config) -> None:
    """Whose accounts are whose, and who is in which team when, decides what register entries are folded to."""
    memberships = store.rows("SELECT team, person, first_seen, gone_at FROM team_members ORDER BY 1, 2, 3")
    teams, identities = (store.rows(f"SELECT * FROM {table} ORDER BY 1") for table in ("teams", "identities"))
    _changed(store, "fold_people", [config.timezone, config.people, memberships, teams, identities], mark_entries)


def _changed(store: Store, key: str, told: object, mark: Callable[[Store], None]) -> bool:
    """Whether what is told differs from what was at the last fold; False at the first one. If so, or at the first, what
    hangs on it is marked as stale.
    """
    digest = hashlib.sha256(msgspec.json.encode(told, order="sorted")).digest()
    before = store.one("SELECT value FROM meta WHERE key = ?", key)
    if before == digest:
        return False
    with store.transaction() as conn:
        conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, digest))
        mark(store)
    return before is not None


def build_stale(
    store: Store,
    config: Config,
    *,
    everything: bool = False,
    extra: Iterable[tuple[str, str]] = (),
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
    patience: float = PATIENCE,
) -> int:
    """Fold what is stale (or everything); returns how many tickets were folded.

    `patience`: seconds to wait while another process measures this store; then BusyError.
    """
    with hold(store, "build", patience=patience, waiting=log.warning):
        kinds = _take(store, config, everything=everything, extra=extra)
        work = Builder(store, config)
        done = {kind: _measure(work, kind, jobs, progress) for kind in kinds}
        return done["ticket"]


def _take(store: Store, config: Config, *, everything: bool, extra: Iterable[tuple[str, str]]) -> list[SubjectKind]:
    """Mark what the configuration and the KPIs make stale, and take all marks; returns the kinds of stories in use."""
    folds = register_metrics(store, extra)
    rules_changed(store, config)
    save_identities(store, config)
    _people_changed(store, config)
    if everything:
        with store.transaction():
            mark_all(store)
    keep_standings(store, config)
    kinds = [kind for kind in SUBJECT_LOADERS if any(fold.kpi.subject == kind for fold in folds)]
    take_marks(store, kinds)
    update_ticket_flags(store, config)
    with store.transaction():
        mark_others(store, kinds)
    return kinds


def _measure(work: "Builder", kind: SubjectKind, jobs: int, progress: Callable[[int, int], None] | None) -> int:
    store = work.reading.store
    total = Taken(kind).count(store)
    done = 0
    for stories, folded in _build_chunks(work, kind, total, jobs):
        _write(store, kind, stories, folded)
        done += len(stories)
        if progress and kind == "ticket":
            progress(done, total)
    return done


def _build_chunks(
    work: "Builder", kind: SubjectKind, total: int, jobs: int
) -> Iterator[tuple[list[int], list[BuiltSubject]]]:
    store, config = work.reading.store, work.reading.config
    chunks = Taken(kind).chunks(store, CHUNK)
    if jobs <= 1 or total < 2 * CHUNK:
        for stories in chunks:
            yield stories, work.build(kind, stories)
        return
    try:
        with ProcessPoolExecutor(
            jobs, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(store.path, config)
        ) as pool:
            found = list(chunks)
            yield from zip(found, pool.map(_build_chunk, [kind] * len(found), found), strict=True)
    except BrokenProcessPool:
        raise StoreError("a process that measures was ended, perhaps for want of memory: try fewer --jobs") from None


def _write(store: Store, kind: SubjectKind, stories: list[int], folded: list[BuiltSubject]) -> None:
    """Store a chunk. Its marks were taken before it was read; a story that changed since has a new one."""
    with store.transaction() as conn:
        gone = {*stories, *(f.story for f in folded)}
        conn.executemany("DELETE FROM folded WHERE kind = ? AND story = ?", ((kind, s) for s in gone))
        conn.executemany(
            "INSERT INTO folded (kind, story, base, last, body) VALUES (?, ?, ?, ?, ?)", ((kind, *f) for f in folded)
        )
        Taken(kind).done(store, stories)


class Builder:
    """Reads chunks of stories and folds them; one per process."""

    def __init__(self, store: Store, config: Config) -> None:
        self.reading = BuildContext(store, config)
        self.folds = _load_stored_metrics(store)

    def build(self, kind: SubjectKind, stories: list[int]) -> list[BuiltSubject]:
        """All of a chunk is read from one state of the file."""
        folds = [fold for fold in self.folds if fold.kpi.subject == kind]
        with self.reading.store.reading():
            return [_build_subject(told, folds) for told in SUBJECT_LOADERS[kind](self.reading, stories)]


def _build_subject(told: Subject, folds: Iterable[StoredMetric]) -> BuiltSubject:
    by_fold = {f.id: list(apply_exclusions(told.story, f.kpi, f.variant)) for f in folds}
    by_fold = {key: rows for key, rows in by_fold.items() if rows}
    last = last_instant([o for rows in by_fold.values() for o in rows])
    return BuiltSubject(told.key, told.began, last, encode_observations(by_fold, told.began))


_worker: Builder | None = None


def _start_worker(path: Path, config: Config) -> None:
    global _worker  # noqa: PLW0603 - a pool's process has no other place for what it opens once
    threading.Thread(target=_end_with_parent, daemon=True).start()
    store = open_store(path, create=False)
    store.conn.execute("PRAGMA cache_size = -8192")  # 8 MB: it reads every page once
    _worker = Builder(store, config)


def _end_with_parent() -> None:
    """A pool's processes wait for work for ever when the one that gives it is killed; so they watch it."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _build_chunk(kind: SubjectKind, stories: list[int]) -> list[BuiltSubject]:
    assert _worker is not None
    try:
        return _worker.build(kind, stories)
    except sqlite3.Error as error:  # its code would be lost on the way to the parent
        raise failure(error, _worker.reading.store.path) or error from error
