"""Figures of amounts: shares, sums, mixtures, and means of scores."""

import math

import numpy as np

from helpdesk_kpi.measure.metrics.columns import NEVER, Columns, Floats, Ints
from helpdesk_kpi.measure.metrics.contract import Score, Share, Total
from helpdesk_kpi.measure.metrics.metric_value import Value
from helpdesk_kpi.measure.query.metric_query import Asked, Parts, Policy, by_facet
from helpdesk_kpi.measure.statistics.proportion import wilson
from helpdesk_kpi.measure.statistics.quantile import quantile
from helpdesk_kpi.measure.statistics.student import two_sided
from helpdesk_kpi.milliseconds import DAY


def share_parts(_asked: Asked, rows: Columns, _policy: Policy) -> Parts:
    return Parts(rows.share, rows.share * rows.value)


def share(asked: Asked, rows: Columns, policy: Policy) -> Value:
    """Good / all."""
    parts = share_parts(asked, rows, policy)
    low, high = wilson(parts.x, parts.n) if parts.n else (None, None)
    assert isinstance(asked.statistic, Share)
    is_low = asked.statistic.headline == "low"
    facets = by_facet(rows, parts.adds, parts.n) if asked.kpi.facet == "kind" and parts.n else {}
    return asked.value(
        n=parts.n, value=low if is_low else parts.share, low=low, high=high, facets=facets,
        mean=parts.share if is_low else None,
    )  # fmt: skip


def total_parts(asked: Asked, rows: Columns, policy: Policy) -> Parts:
    """As they are; where a story (or a customer) is capped, each of its rows counts less in proportion."""
    told, parts = asked.statistic, uncapped_parts(asked, rows, policy)
    assert isinstance(told, Total)
    return parts if told.cap is None else parts._replace(adds=_capped(getattr(rows, told.cap_of), parts.adds, told.cap))


def uncapped_parts(asked: Asked, rows: Columns, policy: Policy) -> Parts:
    """What came in time."""
    told = asked.statistic
    assert isinstance(told, Total)
    counts = rows.share
    if told.within is not None:
        counts = counts * ((rows.end == NEVER) | (rows.end - rows.at <= told.within * DAY))
    adds = counts * rows.value
    return Parts(counts, adds * policy.weights(rows) if told.weighted else adds)


def _capped(of: Ints, adds: Floats, cap: int) -> Floats:
    _, place = np.unique(of, return_inverse=True)
    sums = np.bincount(place.reshape(-1), weights=adds)
    return adds * np.minimum(1, cap / np.maximum(sums, 1e-300))[place.reshape(-1)] if len(of) else adds


def total(asked: Asked, rows: Columns, policy: Policy) -> Value:
    """The sum."""
    parts = total_parts(asked, rows, policy)
    facets = by_facet(rows, parts.adds, 1.0) if asked.kpi.facet == "kind" else {}
    return asked.value(n=parts.n, value=parts.x, facets=facets)


def mix(asked: Asked, rows: Columns, policy: Policy) -> Value:
    """The sum, and each facet's part of it."""
    parts = share_parts(asked, rows, policy)
    return asked.value(n=parts.n, value=parts.x, facets=by_facet(rows, parts.adds, parts.x) if parts.x else {})


def score(asked: Asked, rows: Columns, policy: Policy) -> Value:
    """The mean, weighted by share. Interval: mean +- t s/sqrt(n), Student's t with n - 1 degrees of freedom, as far as
    the scale goes. None where all say the same: how much others would differ cannot be told from that.
    """
    told = asked.statistic
    assert isinstance(told, Score)
    n = float(rows.share.sum())
    if not n or len(np.unique(rows.rater)) < told.fewest:
        return asked.value(n=n, value=None, excluded={"too_few_raters": len(rows)} if n else {})
    mean = float((rows.share * rows.value).sum()) / n
    squares = float((rows.share * (rows.value - mean) ** 2).sum())
    low = high = sd = None
    if n >= 2:
        sd = math.sqrt(squares / (n - 1))
        half = two_sided(0.05, int(n) - 1) * sd / math.sqrt(n)
        if np.ptp(rows.value) > 0:  # an answer may be of an older form, on another scale
            low = max(mean - half, min(policy.scale[0], float(rows.value.min())))
            high = min(mean + half, max(policy.scale[1], float(rows.value.max())))
    return asked.value(
        n=n, value=mean, mean=mean, sd=sd, low=low, high=high, p90=quantile(rows.value, 0.9),
    )  # fmt: skip
