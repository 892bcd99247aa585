"""Values of an instant: what is open then, how old it is, how fresh."""

import numpy as np

from helpdesk_kpi.measure.metrics.columns import Columns
from helpdesk_kpi.measure.metrics.contract import Freshness, Stock
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.query.metric_query import Contributions, MetricQuery, group_by_facet
from helpdesk_kpi.measure.query.observation_store import ObservationStore
from helpdesk_kpi.measure.statistics.intervals import quantile, wilson
from helpdesk_kpi.milliseconds import DAY


def aggregate_stock(query: MetricQuery, rows: Columns, store: ObservationStore) -> MetricValue:
    """How many, or how old since the subject began."""
    statistic = query.statistic
    assert isinstance(statistic, Stock)
    ages = store.business_ms(rows, rows.created, np.full(len(rows), query.instant))
    targets = store.targets(query, rows)
    median = quantile(ages, 0.5)
    return query.value(
        n=float(len(rows)),
        value=float(len(rows)) if statistic.of == "count" else median,
        median=median,
        p90=quantile(ages, 0.9),
        oldest=float(ages.max()) if len(ages) else None,
        running=len(rows),
        overdue=int(((targets >= 0) & (ages > targets)).sum()),
        facets=group_by_facet(rows, rows.share * rows.value, 1.0),
        clock=store.clock_kind(rows),
    )


def stock_contributions(_query: MetricQuery, rows: Columns, _store: ObservationStore) -> Contributions:
    return Contributions(np.ones(len(rows)), np.ones(len(rows)))


def freshness_contributions(query: MetricQuery, rows: Columns, _store: ObservationStore) -> Contributions:
    """What began lately enough, by calendar days."""
    assert isinstance(query.statistic, Freshness)
    return Contributions(rows.share, rows.share * (query.instant - rows.start <= query.statistic.days * DAY))


def aggregate_freshness(query: MetricQuery, rows: Columns, store: ObservationStore) -> MetricValue:
    """The share of what is fresh."""
    parts = freshness_contributions(query, rows, store)
    low, high = wilson(parts.x, parts.n) if parts.n else (None, None)
    return query.value(n=parts.n, value=parts.share, low=low, high=high)
