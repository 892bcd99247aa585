"""Figures of amounts: shares, sums, mixtures, and means of scores."""

import math

import numpy as np

from helpdesk_kpi.measure.asked import Asked, Policy, by_facet
from helpdesk_kpi.measure.columns import NEVER, Columns, Floats
from helpdesk_kpi.measure.contract import Score, Share, Total
from helpdesk_kpi.measure.statistics.proportion import wilson
from helpdesk_kpi.measure.statistics.quantile import quantile
from helpdesk_kpi.measure.statistics.student import two_sided
from helpdesk_kpi.measure.value import Value

DAY = 86_400_000


def share(asked: Asked, rows: Columns, _policy: Policy) -> Value:
    """Good / all."""
    good = rows.share * rows.value
    n, x = float(rows.share.sum()), float(good.sum())
    low, high = wilson(x, n) if n else (None, None)
    assert isinstance(asked.statistic, Share)
    headline = low if asked.statistic.headline == "low" else x / n if n else None
    facets = by_facet(rows, good, n) if asked.kpi.facet == "kind" and n else {}
    return asked.value(n=n, value=headline, low=low, high=high, facets=facets)


def total(asked: Asked, rows: Columns, policy: Policy) -> Value:
    """The sum, of what came in time."""
    told = asked.statistic
    assert isinstance(told, Total)
    if told.within is not None:
        rows = rows.take((rows.end == NEVER) | (rows.end - rows.at <= told.within * DAY))
    amounts = rows.share * rows.value
    if told.weighted:
        amounts = amounts * policy.weights(rows)
    facets = by_facet(rows, amounts, 1.0) if asked.kpi.facet == "kind" else {}
    return asked.value(n=float(rows.share.sum()), value=_capped(rows, amounts, told.cap), facets=facets)


def _capped(rows: Columns, amounts: Floats, cap: int | None) -> float:
    if cap is None:
        return float(amounts.sum())
    _, place = np.unique(rows.story, return_inverse=True)
    return float(np.minimum(np.bincount(place.reshape(-1), weights=amounts), cap).sum()) if len(rows) else 0.0


def mix(asked: Asked, rows: Columns, _policy: Policy) -> Value:
    """The sum, and each facet's part of it."""
    amounts = rows.share * rows.value
    whole = float(amounts.sum())
    return asked.value(n=float(rows.share.sum()), value=whole, facets=by_facet(rows, amounts, whole) if whole else {})


def score(asked: Asked, rows: Columns, _policy: Policy) -> Value:
    """The mean, weighted by share. Interval: mean +- t s/sqrt(n), Student's t with n - 1 degrees of freedom."""
    told = asked.statistic
    assert isinstance(told, Score)
    n = float(rows.share.sum())
    if not n or len(np.unique(rows.rater)) < told.fewest:
        return asked.value(n=n, value=None, excluded={"too_few_raters": len(rows)} if n else {})
    mean = float((rows.share * rows.value).sum()) / n
    squares = float((rows.share * (rows.value - mean) ** 2).sum())
    half = sd = None
    if n >= 2:
        sd = math.sqrt(squares / (n - 1))
        half = two_sided(0.05, int(n) - 1) * sd / math.sqrt(n)
    return asked.value(
        n=n, value=mean, mean=mean, sd=sd, low=None if half is None else mean - half,
        high=None if half is None else mean + half, p90=quantile(rows.value, 0.9),
    )  # fmt: skip
