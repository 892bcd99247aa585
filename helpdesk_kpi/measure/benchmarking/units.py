"""The rows behind a metric value as units to compare, with value and weight."""

from typing import Literal, NamedTuple

import numpy as np

from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.metrics.columns import Columns, Floats
from helpdesk_kpi.measure.metrics.contract import (
    CENSORED,
    EXCLUDED,
    Attainment,
    Duration,
    Followup,
    Kpi,
    Mix,
    Score,
    Share,
    Total,
)
from helpdesk_kpi.measure.query.aggregate import CONTRIBUTIONS
from helpdesk_kpi.measure.query.aggregations.amounts import uncapped_contributions
from helpdesk_kpi.measure.query.metric_query import Bools, MetricQuery
from helpdesk_kpi.measure.query.observation_store import ObservationStore

UnitKind = Literal["share", "duration", "score", "count"]


class UnitRows(NamedTuple):
    """The rows that count. `value`: 1 or 0, a score, an amount, or ms so far."""

    rows: Columns
    value: Floats
    weight: Floats
    running: Bools  # durations that have not ended

    def take(self, mask: Bools) -> "UnitRows":
        return UnitRows(self.rows.take(mask), self.value[mask], self.weight[mask], self.running[mask])


def get_unit_kind(kpi: Kpi, variant: str) -> UnitKind:
    """The kind of a KPI's units. Raises UsageError if rows are no single units: states at an instant, ratios."""
    statistic = kpi.statistic_of(variant)
    for found, kinds in _KINDS.items():
        if isinstance(statistic, kinds):
            return found
    raise UsageError(f"{kpi.id} ({variant}) cannot be compared: it is no share, duration, score or sum of single units")


def select_units(query: MetricQuery, rows: Columns, store: ObservationStore) -> UnitRows:
    """Select the units of a query by the rules of the metric value itself."""
    here = rows.between(query.start, query.end)
    here = here.take(here.exist(query.as_of) & ~here.has_stop_reason(EXCLUDED))
    if isinstance(query.statistic, Duration):
        return _durations(query, here, store)
    # A cap is one of a period, and these may be of many.
    made = uncapped_contributions if isinstance(query.statistic, Total) else CONTRIBUTIONS[type(query.statistic)]
    counts, adds = made(query, here, store)
    some = counts > 0
    n = int(some.sum())
    return UnitRows(here.take(some), adds[some] / counts[some], counts[some], np.zeros(n, np.bool_))


def _durations(query: MetricQuery, rows: Columns, store: ObservationStore) -> UnitRows:
    took = store.business_ms(rows, rows.start, np.minimum(rows.end, query.as_of))
    running = (rows.end > query.as_of) | rows.has_stop_reason(CENSORED)
    return UnitRows(rows, took.astype(np.float64), np.ones(len(rows)), running)


_KINDS: dict[UnitKind, tuple[type, ...]] = {
    "share": (Share, Attainment, Followup),
    "duration": (Duration,),
    "score": (Score,),
    "count": (Total, Mix),
}
