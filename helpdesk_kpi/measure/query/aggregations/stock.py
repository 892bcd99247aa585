"""Figures of an instant: what is open then, how old it is, how fresh."""

import numpy as np

from helpdesk_kpi.measure.metrics.columns import Columns
from helpdesk_kpi.measure.metrics.contract import Freshness, Stock
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.query.metric_query import Contributions, MetricQuery, Policy, group_by_facet
from helpdesk_kpi.measure.statistics.intervals import quantile, wilson
from helpdesk_kpi.milliseconds import DAY


def aggregate_stock(asked: MetricQuery, rows: Columns, policy: Policy) -> MetricValue:
    """How many, or how old since the story began."""
    told = asked.statistic
    assert isinstance(told, Stock)
    ages = policy.between(rows, rows.created, np.full(len(rows), asked.instant))
    targets = policy.targets(rows)
    median = quantile(ages, 0.5)
    return asked.value(
        n=float(len(rows)),
        value=float(len(rows)) if told.of == "count" else median,
        median=median,
        p90=quantile(ages, 0.9),
        oldest=float(ages.max()) if len(ages) else None,
        running=len(rows),
        overdue=int(((targets >= 0) & (ages > targets)).sum()),
        facets=group_by_facet(rows, rows.share * rows.value, 1.0),
        clock=policy.clock(rows),
    )


def stock_contributions(_asked: MetricQuery, rows: Columns, _policy: Policy) -> Contributions:
    return Contributions(np.ones(len(rows)), np.ones(len(rows)))


def freshness_contributions(asked: MetricQuery, rows: Columns, _policy: Policy) -> Contributions:
    """What began lately enough, by calendar days."""
    assert isinstance(asked.statistic, Freshness)
    return Contributions(rows.share, rows.share * (asked.instant - rows.start <= asked.statistic.days * DAY))


def aggregate_freshness(asked: MetricQuery, rows: Columns, policy: Policy) -> MetricValue:
    """The share of what is fresh."""
    parts = freshness_contributions(asked, rows, policy)
    low, high = wilson(parts.x, parts.n) if parts.n else (None, None)
    return asked.value(n=parts.n, value=parts.share, low=low, high=high)
