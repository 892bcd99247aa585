"""Values of amounts: shares, sums, mixtures, and means of scores."""

import math

import numpy as np

from helpdesk_kpi.measure.metrics.columns import NO_INSTANT, Columns, Floats, Ints
from helpdesk_kpi.measure.metrics.contract import Score, Share, Total
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.query.metric_query import Contributions, MetricQuery, group_by_facet
from helpdesk_kpi.measure.query.observation_store import ObservationStore
from helpdesk_kpi.measure.statistics.distributions import student_quantile
from helpdesk_kpi.measure.statistics.intervals import quantile, wilson
from helpdesk_kpi.milliseconds import DAY


def share_contributions(_query: MetricQuery, rows: Columns, _store: ObservationStore) -> Contributions:
    return Contributions(rows.share, rows.share * rows.value)


def aggregate_share(query: MetricQuery, rows: Columns, store: ObservationStore) -> MetricValue:
    """Good / all."""
    parts = share_contributions(query, rows, store)
    low, high = wilson(parts.x, parts.n) if parts.n else (None, None)
    assert isinstance(query.statistic, Share)
    is_low = query.statistic.headline == "low"
    facets = group_by_facet(rows, parts.adds, parts.n) if query.kpi.facet == "kind" and parts.n else {}
    return query.value(
        n=parts.n, value=low if is_low else parts.share, low=low, high=high, facets=facets,
        mean=parts.share if is_low else None,
    )  # fmt: skip


def total_contributions(query: MetricQuery, rows: Columns, store: ObservationStore) -> Contributions:
    """As they are; where a subject (or a customer) is capped, each of its rows counts less in proportion."""
    statistic, parts = query.statistic, uncapped_contributions(query, rows, store)
    assert isinstance(statistic, Total)
    if statistic.cap is None:
        return parts
    return parts._replace(adds=_apply_cap(getattr(rows, statistic.cap_of), parts.adds, statistic.cap))


def uncapped_contributions(query: MetricQuery, rows: Columns, store: ObservationStore) -> Contributions:
    """What came in time."""
    statistic = query.statistic
    assert isinstance(statistic, Total)
    counts = rows.share
    if statistic.within is not None:
        counts = counts * ((rows.end == NO_INSTANT) | (rows.end - rows.at <= statistic.within * DAY))
    adds = counts * rows.value
    return Contributions(counts, adds * store.weights(rows) if statistic.weighted else adds)


def _apply_cap(of: Ints, adds: Floats, cap: int) -> Floats:
    _, place = np.unique(of, return_inverse=True)
    sums = np.bincount(place.reshape(-1), weights=adds)
    return adds * np.minimum(1, cap / np.maximum(sums, 1e-300))[place.reshape(-1)] if len(of) else adds


def aggregate_total(query: MetricQuery, rows: Columns, store: ObservationStore) -> MetricValue:
    """The sum."""
    parts = total_contributions(query, rows, store)
    facets = group_by_facet(rows, parts.adds, 1.0) if query.kpi.facet == "kind" else {}
    return query.value(n=parts.n, value=parts.x, facets=facets)


def aggregate_mix(query: MetricQuery, rows: Columns, store: ObservationStore) -> MetricValue:
    """The sum, and each facet's part of it."""
    parts = share_contributions(query, rows, store)
    return query.value(n=parts.n, value=parts.x, facets=group_by_facet(rows, parts.adds, parts.x) if parts.x else {})


def aggregate_score(query: MetricQuery, rows: Columns, store: ObservationStore) -> MetricValue:
    """The mean, weighted by share. Interval: mean +- t s/sqrt(n), Student's t with n - 1 degrees of freedom, as far as
    the scale goes. None where all say the same: how much others would differ cannot be statistic from that.
    """
    statistic = query.statistic
    assert isinstance(statistic, Score)
    n = float(rows.share.sum())
    if not n or len(np.unique(rows.rater)) < statistic.min_raters:
        return query.value(n=n, value=None, excluded={"too_few_raters": len(rows)} if n else {})
    mean = float((rows.share * rows.value).sum()) / n
    squares = float((rows.share * (rows.value - mean) ** 2).sum())
    low = high = sd = None
    scale = store.score_scale(query)
    if n >= 2:
        sd = math.sqrt(squares / (n - 1))
        half = student_quantile(0.05, int(n) - 1) * sd / math.sqrt(n)
        if np.ptp(rows.value) > 0:  # an answer may be of an older form, on another scale
            low = max(mean - half, min(scale[0], float(rows.value.min())))
            high = min(mean + half, max(scale[1], float(rows.value.max())))
    return query.value(
        n=n, value=mean, mean=mean, sd=sd, low=low, high=high, p90=quantile(rows.value, 0.9),
    )  # fmt: skip
