"""Builds chunks of subjects, in this process or in several."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import NamedTuple

from helpdesk_kpi.config import Config
from helpdesk_kpi.errors import StoreError
from helpdesk_kpi.measure.build.stored_metrics import StoredMetric, load_stored_metrics
from helpdesk_kpi.measure.build.subjects import SUBJECT_LOADERS, BuildContext, Subject
from helpdesk_kpi.measure.metrics.encoding import encode_observations, last_instant
from helpdesk_kpi.measure.tickets.exclusions import apply_exclusions
from helpdesk_kpi.model import SubjectKind
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.store.build_queue import Chunk, read_chunks
from helpdesk_kpi.store.database import failure

CHUNK = 500  # subjects at a time: limits memory


class BuiltSubject(NamedTuple):
    """A row of `stored_observations`, without its kind."""

    subject: int
    base: int
    last: int | None
    body: str


class Builder:
    """Loads chunks of subjects and calls the KPI functions; one per process."""

    def __init__(self, store: Store, config: Config) -> None:
        self.context = BuildContext(store, config)
        self.metrics = load_stored_metrics(store)

    def build(self, chunk: Chunk) -> list[BuiltSubject]:
        """Build a chunk. All of it is read from one state of the file."""
        metrics = [
            metric
            for metric in self.metrics
            if metric.kpi.subject == chunk.kind and (chunk.metrics is None or metric.id in chunk.metrics)
        ]
        load = SUBJECT_LOADERS[chunk.kind]
        with self.context.store.reading():
            return [_build_subject(subject, metrics) for subject in load(self.context, chunk.subjects)]


def _build_subject(subject: Subject, metrics: list[StoredMetric]) -> BuiltSubject:
    by_metric = {m.id: list(apply_exclusions(subject.value, m.kpi, m.variant)) for m in metrics}
    by_metric = {key: rows for key, rows in by_metric.items() if rows}
    last = last_instant([o for rows in by_metric.values() for o in rows])
    return BuiltSubject(subject.key, subject.began, last, encode_observations(by_metric, subject.began))


def build_chunks(
    builder: Builder, kind: SubjectKind, total: int, jobs: int
) -> Iterator[tuple[Chunk, list[BuiltSubject]]]:
    """Build the queue of a kind, of `total` subjects, with `jobs` processes if it is long enough."""
    store, config = builder.context.store, builder.context.config
    chunks = read_chunks(store, kind, CHUNK)
    if jobs <= 1 or total < 2 * CHUNK:
        for chunk in chunks:
            yield chunk, builder.build(chunk)
        return
    try:
        with ProcessPoolExecutor(
            jobs, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(store.path, config)
        ) as pool:
            found = list(chunks)
            yield from zip(found, pool.map(_build_chunk, found), strict=True)
    except BrokenProcessPool:
        raise StoreError("a process that measures was ended, perhaps for want of memory: try fewer --jobs") from None


_worker: Builder | None = None


def _start_worker(path: Path, config: Config) -> None:
    global _worker  # noqa: PLW0603 - a pool's process has no other place for what it opens once
    threading.Thread(target=_end_with_parent, daemon=True).start()
    store = open_store(path, create=False)
    store.conn.execute("PRAGMA cache_size = -8192")  # 8 MB: it reads every page once
    _worker = Builder(store, config)


def _end_with_parent() -> None:
    """End this process with its parent: the processes of a pool whose parent was killed wait for work without end."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _build_chunk(chunk: Chunk) -> list[BuiltSubject]:
    assert _worker is not None
    try:
        return _worker.build(chunk)
    except sqlite3.Error as error:  # its code would be lost on the way to the parent
        raise failure(error, _worker.context.store.path) or error from error
