"""Figures of amounts: shares, sums, mixtures, and means of scores."""

import math

import numpy as np

from helpdesk_kpi.measure.metrics.columns import NO_INSTANT, Columns, Floats, Ints
from helpdesk_kpi.measure.metrics.contract import Score, Share, Total
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.query.metric_query import Contributions, MetricQuery, Policy, group_by_facet
from helpdesk_kpi.measure.statistics.distributions import student_quantile
from helpdesk_kpi.measure.statistics.intervals import quantile, wilson
from helpdesk_kpi.milliseconds import DAY


def share_contributions(_asked: MetricQuery, rows: Columns, _policy: Policy) -> Contributions:
    return Contributions(rows.share, rows.share * rows.value)


def aggregate_share(asked: MetricQuery, rows: Columns, policy: Policy) -> MetricValue:
    """Good / all."""
    parts = share_contributions(asked, rows, policy)
    low, high = wilson(parts.x, parts.n) if parts.n else (None, None)
    assert isinstance(asked.statistic, Share)
    is_low = asked.statistic.headline == "low"
    facets = group_by_facet(rows, parts.adds, parts.n) if asked.kpi.facet == "kind" and parts.n else {}
    return asked.value(
        n=parts.n, value=low if is_low else parts.share, low=low, high=high, facets=facets,
        mean=parts.share if is_low else None,
    )  # fmt: skip


def total_contributions(asked: MetricQuery, rows: Columns, policy: Policy) -> Contributions:
    """As they are; where a story (or a customer) is capped, each of its rows counts less in proportion."""
    told, parts = asked.statistic, uncapped_contributions(asked, rows, policy)
    assert isinstance(told, Total)
    return (
        parts if told.cap is None else parts._replace(adds=_apply_cap(getattr(rows, told.cap_of), parts.adds, told.cap))
    )


def uncapped_contributions(asked: MetricQuery, rows: Columns, policy: Policy) -> Contributions:
    """What came in time."""
    told = asked.statistic
    assert isinstance(told, Total)
    counts = rows.share
    if told.within is not None:
        counts = counts * ((rows.end == NO_INSTANT) | (rows.end - rows.at <= told.within * DAY))
    adds = counts * rows.value
    return Contributions(counts, adds * policy.weights(rows) if told.weighted else adds)


def _apply_cap(of: Ints, adds: Floats, cap: int) -> Floats:
    _, place = np.unique(of, return_inverse=True)
    sums = np.bincount(place.reshape(-1), weights=adds)
    return adds * np.minimum(1, cap / np.maximum(sums, 1e-300))[place.reshape(-1)] if len(of) else adds


def aggregate_total(asked: MetricQuery, rows: Columns, policy: Policy) -> MetricValue:
    """The sum."""
    parts = total_contributions(asked, rows, policy)
    facets = group_by_facet(rows, parts.adds, 1.0) if asked.kpi.facet == "kind" else {}
    return asked.value(n=parts.n, value=parts.x, facets=facets)


def aggregate_mix(asked: MetricQuery, rows: Columns, policy: Policy) -> MetricValue:
    """The sum, and each facet's part of it."""
    parts = share_contributions(asked, rows, policy)
    return asked.value(n=parts.n, value=parts.x, facets=group_by_facet(rows, parts.adds, parts.x) if parts.x else {})


def aggregate_score(asked: MetricQuery, rows: Columns, policy: Policy) -> MetricValue:
    """The mean, weighted by share. Interval: mean +- t s/sqrt(n), Student's t with n - 1 degrees of freedom, as far as
    the scale goes. None where all say the same: how much others would differ cannot be told from that.
    """
    told = asked.statistic
    assert isinstance(told, Score)
    n = float(rows.share.sum())
    if not n or len(np.unique(rows.rater)) < told.min_raters:
        return asked.value(n=n, value=None, excluded={"too_few_raters": len(rows)} if n else {})
    mean = float((rows.share * rows.value).sum()) / n
    squares = float((rows.share * (rows.value - mean) ** 2).sum())
    low = high = sd = None
    if n >= 2:
        sd = math.sqrt(squares / (n - 1))
        half = student_quantile(0.05, int(n) - 1) * sd / math.sqrt(n)
        if np.ptp(rows.value) > 0:  # an answer may be of an older form, on another scale
            low = max(mean - half, min(policy.scale[0], float(rows.value.min())))
            high = min(mean + half, max(policy.scale[1], float(rows.value.max())))
    return asked.value(
        n=n, value=mean, mean=mean, sd=sd, low=low, high=high, p90=quantile(rows.value, 0.9),
    )  # fmt: skip
