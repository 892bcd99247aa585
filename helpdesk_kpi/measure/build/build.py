"""Build: stale subjects -> stored observations."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.agents import save_identities
from helpdesk_kpi.identities.past_roles import keep_standings
from helpdesk_kpi.identities.source_rules import load_source_rules
from helpdesk_kpi.measure.build.local import Builder, BuiltSubject, build_chunks
from helpdesk_kpi.measure.build.stored_metrics import register_metrics
from helpdesk_kpi.measure.build.subjects import SUBJECT_LOADERS
from helpdesk_kpi.measure.recurrence.ticket_flags import flag_settings, update_ticket_flags
from helpdesk_kpi.model import SubjectKind
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.build_queue import Chunk, count_queue, queue_dependents, remove_from_queue, take_stale
from helpdesk_kpi.store.staleness import mark_changed_settings, mark_everything, mark_one
from helpdesk_kpi.store.writer_lock import hold

PATIENCE = 600.0  # s to wait while another process builds
RATES = "build_rates"  # in meta: JSON, kind -> subjects per second and process at the last build
MIN_TIMED = 100  # subjects of which a rate is known
log = logging.getLogger("helpdesk-kpi")


class StaleCounts(NamedTuple):
    """What a build is about to do."""

    subjects: Mapping[SubjectKind, int]
    seconds: float | None  # estimate; None: no build has been timed yet


def build_stale(
    store: Store,
    config: Config,
    *,
    everything: bool = False,
    extra: Iterable[tuple[str, str]] = (),
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
    announce: Callable[[StaleCounts], None] | None = None,
    patience: float = PATIENCE,
) -> int:
    """Build the observations of all stale subjects.

    Args:
        everything: build the subjects that are not stale too.
        extra: further (kpi, variant) pairs to store from now on.
        progress: gets the number of tickets that are built, and of all that are stale, after each chunk.
        announce: gets what is stale before it is built; not called if nothing is.
        patience: seconds to wait while another process builds this store.

    Returns:
        How many tickets were built.

    Raises:
        BusyError: another process is still building.
    """
    with hold(store, "build", patience=patience, waiting=log.warning):
        kinds = _take(store, config, everything=everything, extra=extra)
        counts = {kind: count_queue(store, kind) for kind in kinds}
        if announce and any(counts.values()):
            announce(StaleCounts(counts, _estimate(store, counts, jobs)))
        builder = Builder(store, config)
        for kind in kinds:
            started = time.monotonic()
            is_timed = _build_kind(builder, kind, counts[kind], jobs, progress if kind == "ticket" else None)
            if is_timed:
                _save_rate(store, kind, counts[kind], (time.monotonic() - started) * jobs)
        return counts.get("ticket", 0)


def _take(store: Store, config: Config, *, everything: bool, extra: Iterable[tuple[str, str]]) -> list[SubjectKind]:
    """Mark what the configuration and the KPIs make stale, and take all marks; returns the kinds in use."""
    metrics = register_metrics(store, extra)
    rules = _ticket_rules(store, config)
    with store.transaction() as conn:
        mark_changed_settings(conn, "ticket_rules", rules)
        if everything:
            mark_everything(conn)
    keep_standings(store, config)
    save_identities(store, config)  # after the standings, by which it counts former colleagues
    people = _people_and_teams(store, config)
    with store.transaction() as conn:
        mark_changed_settings(conn, "people_and_teams", people)
    in_use = {metric.kpi.subject for metric in metrics}
    kinds = [kind for kind in SUBJECT_LOADERS if kind in in_use]
    take_stale(store, kinds, [metric.id for metric in metrics])
    update_ticket_flags(store, config)
    queue_dependents(store, kinds)
    return kinds


def _ticket_rules(store: Store, config: Config) -> list[Any]:
    """The settings that decide how tickets are read."""
    valid = config.tickets.valid.categories
    sources = {name: (table.get("severity"), table.get("agents")) for name, table in config.sources.items()}
    settings = [config.tickets, flag_settings(config.recurrence), sources]
    by_source = [
        (
            sorted(rules.missing_capabilities),
            rules.states,
            rules.labels,
            rules.dimensions,
            rules.sla_names,
            rules.has_sla,
            sorted(rules.escalation_teams),
            sorted(rules.intake),
            {brand: sorted(people) for brand, people in rules.local.items()},
            rules.category * bool(valid),
        )
        for rules in load_source_rules(store, config).values()
    ]
    return [settings, by_source]


def _people_and_teams(store: Store, config: Config) -> list[Any]:
    """Which accounts are one person, and who is in which team when."""
    memberships = store.rows("SELECT team, person, first_seen, gone_at FROM team_members ORDER BY 1, 2, 3")
    teams, identities = (store.rows(f"SELECT * FROM {table} ORDER BY 1") for table in ("teams", "identities"))
    return [config.timezone, config.people, memberships, teams, identities]


def _build_kind(
    builder: Builder, kind: SubjectKind, total: int, jobs: int, progress: Callable[[int, int], None] | None
) -> bool:
    """Build the queue of a kind. Returns whether its time says how long a build of all metrics takes."""
    store = builder.context.store
    done, is_whole = 0, True
    for chunk, built in build_chunks(builder, kind, total, jobs):
        _write(store, chunk, built)
        done += len(chunk.subjects)
        is_whole = is_whole and chunk.metrics is None
        if progress:
            progress(done, total)
    return is_whole


def _write(store: Store, chunk: Chunk, built: list[BuiltSubject]) -> None:
    """Store a chunk. Its marks were taken before it was read: a subject that has changed since has a new one."""
    with store.transaction():
        if chunk.metrics is None:
            _replace(store, chunk, built)
        else:
            _merge(store, chunk, built)
        remove_from_queue(store, chunk.kind, chunk.subjects)


def _replace(store: Store, chunk: Chunk, built: list[BuiltSubject]) -> None:
    """A customer may be stored under another account than the one that is stale."""
    gone = {*chunk.subjects, *(row.subject for row in built)}
    sql = "DELETE FROM stored_observations WHERE kind = ? AND subject = ?"
    store.conn.executemany(sql, ((chunk.kind, subject) for subject in gone))
    sql = "INSERT INTO stored_observations (kind, subject, base, last, body) VALUES (?, ?, ?, ?, ?)"
    store.conn.executemany(sql, ((chunk.kind, *row) for row in built))


def _merge(store: Store, chunk: Chunk, built: list[BuiltSubject]) -> None:
    """Replace the observations of some metrics, and keep those of the others."""
    replaced = {str(metric) for metric in chunk.metrics or ()}
    new = {row.subject: row for row in built}
    sql = (
        "SELECT subject, base, last, body FROM stored_observations"
        " WHERE kind = ? AND subject IN (SELECT value FROM json_each(?))"
    )
    stored = {row[0]: BuiltSubject(*row) for row in store.rows(sql, chunk.kind, [*{*chunk.subjects, *new}])}
    rows = []
    for subject in sorted({*chunk.subjects, *new}):
        before, after = stored.get(subject), new.get(subject)
        if before is None:
            rows += [after] if after else []
        elif after and after.base != before.base:  # it has changed since its other metrics were built
            mark_one(store.conn, chunk.kind, subject)
        elif merged := _merge_row(before, after, replaced):
            rows.append(merged)
    sql = (
        "INSERT INTO stored_observations (kind, subject, base, last, body) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (kind, subject) DO UPDATE SET last = excluded.last, body = excluded.body"
    )
    store.conn.executemany(sql, ((chunk.kind, *row) for row in rows))


def _merge_row(before: BuiltSubject, after: BuiltSubject | None, replaced: set[str]) -> BuiltSubject | None:
    """The stored row with the new observations of the replaced metrics; None if it stays as it is."""
    old = _BODY.decode(before.body)
    new = _BODY.decode(after.body) if after else {}
    if not new and not replaced & old.keys():
        return None
    both = {key: rows for key, rows in old.items() if key not in replaced} | new
    body = msgspec.json.encode({key: both[key] for key in sorted(both, key=int)}).decode()
    times = (before.last, after.last if after else 0)
    last = None if None in times else max(at for at in times if at is not None)
    return before._replace(last=last, body=body)


_BODY = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _estimate(store: Store, counts: Mapping[SubjectKind, int], jobs: int) -> float | None:
    """Seconds of the build. A kind that was never timed counts at the slowest known rate."""
    rates = _load_rates(store)
    if not rates:
        return None
    slowest = min(rates.values())
    return sum(count / (rates.get(kind, slowest) * jobs) for kind, count in counts.items())


def _save_rate(store: Store, kind: SubjectKind, built: int, seconds: float) -> None:
    if built < MIN_TIMED or seconds <= 0:
        return
    rates = {**_load_rates(store), kind: round(built / seconds, 1)}
    with store.transaction() as conn:
        conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (RATES, msgspec.json.encode(rates)))


def _load_rates(store: Store) -> dict[str, float]:
    stored = store.one("SELECT value FROM meta WHERE key = ?", RATES)
    return msgspec.json.decode(stored, type=dict[str, float]) if stored else {}
