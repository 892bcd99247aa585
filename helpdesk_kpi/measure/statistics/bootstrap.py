"""Cluster bootstrap: intervals by resampling customers, so that fifty tickets of one customer are not fifty customers.

Percentile intervals: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 8 and 13. Running spans
stay censored: customers are drawn, then each draw gets its Kaplan-Meier curve.
"""

import hashlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpdesk_kpi.measure.statistics import intervals
from helpdesk_kpi.measure.statistics.survival import kaplan_meier

Floats = NDArray[np.float64]
DRAWS = 2000
ENOUGH = 20  # durations; with fewer, bootstrap quantiles jump between values and order statistics are better
_CELLS = 2_000_000  # draws x units in memory at a time
_ROUNDING = 1e-9


def derive_seed(report: str, kpi: str, subject: str) -> int:
    """Derive a seed: the same for the same report, KPI and subject, different for others.

    >>> derive_seed("weekly", "csat", "Ann") == derive_seed("weekly", "csat", "Ann")
    True
    >>> derive_seed("weekly", "csat", "Ann") != derive_seed("weekly", "csat", "Bob")
    True
    """
    key = f"{report}\0{kpi}\0{subject}".encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:8], "big")


def mean(
    values: ArrayLike, weights: ArrayLike, clusters: ArrayLike, seed: int, *, draws: int = DRAWS
) -> tuple[float | None, float | None]:
    """The 95 % interval of sum(weight x value)/sum(weight): a share, or a mean score. (None, None) below two clusters.

    Two customers, one with all good and one with all bad: a quarter of the draws has only the one, a quarter the other.

    >>> mean([1, 1, 0, 0], [1, 1, 1, 1], [7, 7, 8, 8], seed=1)
    (0.0, 1.0)
    """
    value, weight = np.asarray(values, np.float64), np.asarray(weights, np.float64)
    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    if names.size < 2:
        return None, None
    above = np.bincount(place, weights=weight * value)
    below = np.bincount(place, weights=weight)
    parts = [drawn @ np.column_stack([above, below]) for drawn in _draws(names.size, names.size, seed, draws)]
    sums = np.concatenate(parts)
    return _percentiles(sums[:, 0] / np.where(sums[:, 1] > 0, sums[:, 1], np.nan))


def quantile(
    durations: ArrayLike, ended: ArrayLike, clusters: ArrayLike, q: float, seed: int, *, draws: int = DRAWS
) -> tuple[float | None, float | None]:
    """The 95 % interval of a quantile of durations, of which some still run (`ended` False). None: not reached.

    Below 20 durations or two clusters: order statistics, or Greenwood's interval if some still run.

    >>> quantile([3, 1, 2, 4, 5, 6, 10, 9, 8, 7], [True] * 10, range(10), 0.5, seed=1)
    (2.0, 9.0)
    """
    time, event = np.asarray(durations, np.int64), np.asarray(ended, np.bool_)
    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    if time.size < ENOUGH or names.size < 2:
        return intervals.interval(time, q) if event.all() else kaplan_meier(time, event).quantile_interval(q)
    order = np.lexsort((~event, time))
    time, event, place = time[order], event[order], place[order]
    found = [_time_of_quantile(time, event, drawn[:, place], q) for drawn in _draws(names.size, time.size, seed, draws)]
    return _percentiles(np.concatenate(found))


def _draws(clusters: int, units: int, seed: int, draws: int) -> list[NDArray[np.int64]]:
    """How often each cluster is drawn, shape (draws, clusters), in chunks that fit into memory."""
    rng = np.random.default_rng(seed)
    at_a_time = max(_CELLS // units, 1)
    sizes = [min(at_a_time, draws - first) for first in range(0, draws, at_a_time)]
    return [rng.multinomial(clusters, np.full(clusters, 1 / clusters), size) for size in sizes]


def _time_of_quantile(time: NDArray[np.int64], event: NDArray[np.bool_], weight: NDArray[np.int64], q: float) -> Floats:
    """When each draw's curve falls to 1 - q; infinite if it does not.

    Input is sorted by time, ended spans before running ones. Processing ties one by one gives the same curve.
    """
    at_risk = np.cumsum(weight[:, ::-1], axis=1)[:, ::-1]
    left = np.where(event, 1 - weight / np.maximum(at_risk, 1), 1.0)
    down = np.cumprod(left, axis=1) <= 1 - q + _ROUNDING
    return np.where(down.any(axis=1), time[down.argmax(axis=1)], np.inf)


def _percentiles(drawn: Floats) -> tuple[float | None, float | None]:
    low, high = np.quantile(drawn[~np.isnan(drawn)], [0.025, 0.975], method="inverted_cdf")  # never between two draws
    return (float(low) if np.isfinite(low) else None), (float(high) if np.isfinite(high) else None)
