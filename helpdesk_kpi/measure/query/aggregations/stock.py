"""Figures of an instant: what is open then, how old it is, how fresh."""

import numpy as np

from helpdesk_kpi.measure.metrics.columns import Columns
from helpdesk_kpi.measure.metrics.contract import Fresh, Stock
from helpdesk_kpi.measure.metrics.metric_value import Value
from helpdesk_kpi.measure.query.metric_query import Asked, Parts, Policy, by_facet
from helpdesk_kpi.measure.statistics.proportion import wilson
from helpdesk_kpi.measure.statistics.quantile import quantile
from helpdesk_kpi.milliseconds import DAY


def stock(asked: Asked, rows: Columns, policy: Policy) -> Value:
    """How many, or how old since the story began."""
    told = asked.statistic
    assert isinstance(told, Stock)
    ages = policy.between(rows, rows.created, np.full(len(rows), asked.instant))
    targets = policy.targets(rows)
    median = quantile(ages, 0.5)
    return asked.value(
        n=float(len(rows)), value=float(len(rows)) if told.of == "count" else median,
        median=median, p90=quantile(ages, 0.9), oldest=float(ages.max()) if len(ages) else None, running=len(rows),
        overdue=int(((targets >= 0) & (ages > targets)).sum()), facets=by_facet(rows, rows.share * rows.value, 1.0),
        clock=policy.clock(rows),
    )  # fmt: skip


def count_parts(_asked: Asked, rows: Columns, _policy: Policy) -> Parts:
    return Parts(np.ones(len(rows)), np.ones(len(rows)))


def fresh_parts(asked: Asked, rows: Columns, _policy: Policy) -> Parts:
    """What began lately enough, by calendar days."""
    assert isinstance(asked.statistic, Fresh)
    return Parts(rows.share, rows.share * (asked.instant - rows.start <= asked.statistic.days * DAY))


def fresh(asked: Asked, rows: Columns, policy: Policy) -> Value:
    """The share of what is fresh."""
    parts = fresh_parts(asked, rows, policy)
    low, high = wilson(parts.x, parts.n) if parts.n else (None, None)
    return asked.value(n=parts.n, value=parts.share, low=low, high=high)
