"""The stale subjects that the build in progress has taken (table `build_queue`).

A build takes all marks before it reads a subject. Whatever changes from then on marks its subject again in
`stale_subjects`, and the build removes only what it took: the subject stays stale for the next build. A build that is
killed leaves its queue, which the next one continues.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from helpdesk_kpi.model import SubjectKind
from helpdesk_kpi.store.database import Store
from helpdesk_kpi.store.staleness import DEPENDENTS


class Chunk(NamedTuple):
    """Subjects of one kind that are built together."""

    kind: SubjectKind
    subjects: list[int]
    metrics: tuple[int, ...] | None  # for which they are stale; None: for all


def take_stale(store: Store, kinds: Collection[str], metrics: Collection[int]) -> None:
    """Move all marks into the queue. Drop those of kinds and metrics that are not in use: a KPI that comes back is new.

    Tickets stay even where no KPI reads tickets: others follow from them.
    """
    with store.transaction() as conn:
        conn.execute("INSERT INTO build_queue SELECT * FROM stale_subjects WHERE true ON CONFLICT DO NOTHING")
        conn.execute("DELETE FROM stale_subjects")
        sql = "DELETE FROM build_queue WHERE {0} IS NOT NULL AND {0} NOT IN (SELECT value FROM json_each(?))"
        for column, in_use in (("kind", ["ticket", *kinds]), ("metric", list(metrics))):
            store.rows(sql.format(column), in_use)


def queue_tickets(store: Store, tickets: Collection[int]) -> None:
    """Add tickets to the queue; runs inside the caller's transaction."""
    store.conn.executemany(
        "INSERT INTO build_queue (kind, subject) VALUES ('ticket', ?) ON CONFLICT DO NOTHING", ((t,) for t in tickets)
    )


def queue_dependents(store: Store, kinds: Collection[str]) -> None:
    """Add the customers and articles that follow from the queue's tickets."""
    with store.transaction() as conn:
        for kind in kinds:
            if kind in DEPENDENTS:
                conn.execute(
                    f"INSERT INTO build_queue (kind, subject) SELECT '{kind}', * FROM ({DEPENDENTS[kind]}) WHERE true"
                    " ON CONFLICT DO NOTHING"
                )


def count_queue(store: Store, kind: str) -> int:
    """How many subjects of a kind the build in progress has still to build."""
    return int(store.one("SELECT count(DISTINCT subject) FROM build_queue WHERE kind = ?", kind))


def read_chunks(store: Store, kind: SubjectKind, size: int) -> Iterator[Chunk]:
    """The queue of a kind in order of the keys, in chunks of subjects that are stale for the same metrics."""
    sql = (
        "SELECT subject, iif(count(*) > count(metric), NULL, group_concat(metric)) FROM build_queue"
        " WHERE kind = ? AND subject > ? GROUP BY subject ORDER BY subject LIMIT ?"
    )
    waiting: dict[tuple[int, ...] | None, list[int]] = defaultdict(list)
    after = -1
    while rows := store.rows(sql, kind, after, size):
        for subject, stale_for in rows:
            metrics = None if stale_for is None else tuple(sorted(int(key) for key in str(stale_for).split(",")))
            waiting[metrics].append(subject)
            if len(waiting[metrics]) == size:
                yield Chunk(kind, waiting.pop(metrics), metrics)
        after = rows[-1][0]
    for metrics, subjects in waiting.items():
        yield Chunk(kind, subjects, metrics)


def remove_from_queue(store: Store, kind: str, subjects: Sequence[int]) -> None:
    """Remove what is built; runs inside the caller's transaction."""
    store.conn.executemany("DELETE FROM build_queue WHERE kind = ? AND subject = ?", ((kind, s) for s in subjects))


def count_stale(store: Store, kind: str = "ticket") -> int:
    """How many subjects of a kind are stale: marked, or in the queue of a build that has not ended."""
    return int(
        store.one(
            "SELECT count(*) FROM (SELECT subject FROM stale_subjects WHERE kind = ?1"
            " UNION SELECT subject FROM build_queue WHERE kind = ?1)",
            kind,
        )
    )
