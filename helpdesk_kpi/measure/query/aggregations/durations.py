"""Values of spans: how long they took, and whether SLA targets were met."""

import numpy as np

from helpdesk_kpi.measure.metrics.columns import NO_INSTANT, Columns, Ints
from helpdesk_kpi.measure.metrics.contract import CENSORED
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.query.metric_query import (
    Bools,
    Contributions,
    MetricQuery,
    count_stop_reasons,
    group_by_facet,
)
from helpdesk_kpi.measure.query.observation_store import ObservationStore
from helpdesk_kpi.measure.statistics.intervals import interval, mean, quantile, wilson
from helpdesk_kpi.measure.statistics.survival import kaplan_meier


def aggregate_duration(query: MetricQuery, rows: Columns, store: ObservationStore) -> MetricValue:
    over = rows.end <= query.as_of
    stopped, censored = count_stop_reasons(rows, CENSORED, over)
    ended, stopped = over & ~stopped, over & stopped
    running = ~over
    took = store.business_ms(rows, rows.start, np.minimum(rows.end, query.as_of))
    low = high = median = p90 = None
    if ended.all():
        median, p90 = quantile(took, 0.5), quantile(took, 0.9)
        low, high = interval(took, 0.5)
    elif len(rows):
        curve = kaplan_meier(took, ended)
        median, p90 = curve.quantile(0.5), curve.quantile(0.9)
        low, high = curve.quantile_interval(0.5)
    target, within, n_within, overdue = _within(took, store.targets(query, rows), ended, running)
    bounds = wilson(within, n_within) if n_within else (None, None)
    how = (
        group_by_facet(rows.take(ended), np.ones(int(ended.sum())), float(ended.sum()))
        if query.kpi.facet == "kind"
        else {}
    )
    return query.value(
        n=float(len(rows)), value=median, low=low,
        high=high,
        median=median, p90=p90, mean=mean(took[ended])[0], ended=int(ended.sum()), running=int(running.sum()),
        censored={r: n for r, n in censored.items() if n}, target=target,
        within=within / n_within if n_within else None, within_low=bounds[0], within_high=bounds[1], overdue=overdue,
        clock=store.clock_kind(rows), facets=how,
    )  # fmt: skip


def _within(took: Ints, targets: Ints, ended: Bools, running: Bools) -> tuple[float | None, int, int, int]:
    """(the common target, met, met + missed, running past target).

    Missed: ended late, or not answered by the target. Still running within target, or ended otherwise before it: not
    known, so in neither.
    """
    has = targets >= 0
    common = float(targets[0]) if len(targets) and has.all() and (targets == targets[0]).all() else None
    met = has & ended & (took <= targets)
    missed = has & (took > targets)
    return common, int(met.sum()), int((met | missed).sum()), int((running & missed).sum())


def attainment_contributions(query: MetricQuery, rows: Columns, store: ObservationStore) -> Contributions:
    kept, missed, _, _ = classify_attainment(query, rows, store)
    return _attainment_contributions(kept, missed)


def _attainment_contributions(kept: Bools, missed: Bools) -> Contributions:
    return Contributions((kept | missed).astype(float), kept.astype(float))


def aggregate_attainment(query: MetricQuery, rows: Columns, store: ObservationStore) -> MetricValue:
    """Kept / (kept + missed)."""
    kept, missed, known, ended = classify_attainment(query, rows, store)
    parts = _attainment_contributions(kept, missed)
    low, high = wilson(parts.x, parts.n) if parts.n else (None, None)
    no_target = int((~known & np.isin(rows.facet, rows.facet[known])).sum())  # others of their kind have one
    return query.value(
        n=parts.n, value=parts.share, low=low, high=high,
        running=int((known & ~kept & ~missed).sum()), overdue=int((missed & ~ended).sum()),
        facets=_attainment_by_facet(rows, kept, missed), excluded={"no_target": no_target} if no_target else {},
        clock=store.clock_kind(rows),
    )  # fmt: skip


def classify_attainment(
    query: MetricQuery, rows: Columns, store: ObservationStore
) -> tuple[Bools, Bools, Bools, Bools]:
    """(kept, missed, with a deadline, over). A row is late by its own deadline, or by the target of its kind."""
    targets, has_deadline = store.targets(query, rows), rows.due != NO_INSTANT
    ended = rows.end <= query.as_of
    took = store.business_ms(rows, rows.start, np.minimum(rows.end, query.as_of))
    late = np.where(has_deadline, np.minimum(rows.end, query.as_of) > rows.due, took > targets)
    known = has_deadline | (targets >= 0)
    return known & ended & ~late, known & late, known, ended


def _attainment_by_facet(rows: Columns, kept: Bools, missed: Bools) -> dict[str, float]:
    decided = rows.take(kept | missed)
    n = group_by_facet(decided, np.ones(len(decided)), 1.0)
    x = group_by_facet(rows.take(kept), np.ones(int(kept.sum())), 1.0)
    return {facet: x.get(facet, 0.0) / amount for facet, amount in n.items()}
