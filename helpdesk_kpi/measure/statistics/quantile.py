"""Quantiles of complete data, and their intervals without any assumption about the distribution."""

import numpy as np
from numpy.typing import ArrayLike

from helpdesk_kpi.measure.statistics.binomial import cumulative

_ROUNDING = 1e-9


def rank(n: int, q: float) -> int:
    """The place, from 1 on, of the q-quantile among n values in order: the smallest k with k/n >= q.

    The median of an even number is the lower of the two in the middle, as Kaplan and Meier's is.

    >>> rank(4, 0.5), rank(5, 0.5), rank(10, 0.9), rank(1, 0.9)
    (2, 3, 9, 1)
    """
    return max(int(np.ceil(n * q - _ROUNDING)), 1)


def quantile(values: ArrayLike, q: float) -> float | None:
    """The q-quantile, always one of the values (any unit); None of no values.

    >>> quantile([30, 10, 40, 20], 0.5), quantile([], 0.5)
    (20.0, None)
    """
    data = np.asarray(values, np.float64)
    return float(np.partition(data, rank(data.size, q) - 1)[rank(data.size, q) - 1]) if data.size else None


def ranks(n: int, q: float, confidence: float = 0.95) -> tuple[int | None, int | None]:
    """Places of the two values, from 1 on, that hold the true q-quantile between them with at least that confidence.

    The number of values below the true quantile is binomial (n, q); each tail gets half of the error. None where n is
    too small for a limit on that side. Formula: Conover, Practical Nonparametric Statistics, 3rd ed., section 3.2.

    For the median of 10 values: P(X <= 1) = 11/1024 = 1.07 % fits into 2.5 %, P(X <= 2) = 5.5 % does not; so the 2nd
    and, by symmetry, the 9th. Of 5 values even the extremes leave 1/32 = 3.1 % on each side.

    >>> ranks(10, 0.5), ranks(5, 0.5)
    ((2, 9), (None, None))
    """
    tail = (1 - confidence) / 2 + _ROUNDING
    below = cumulative(n, q)  # below[k] = P(X <= k)
    low = int(np.searchsorted(below, tail, side="right"))  # the largest l with P(X <= l - 1) <= tail
    high = int(np.searchsorted(below, 1 - tail, side="left")) + 1  # the smallest u with P(X >= u) <= tail
    return (low if low >= 1 else None), (high if high <= n else None)


def interval(values: ArrayLike, q: float, confidence: float = 0.95) -> tuple[float | None, float | None]:
    """The values at `ranks`; None on a side that too few values leave open.

    >>> interval([3, 1, 2, 4, 5, 6, 10, 9, 8, 7], 0.5)
    (2.0, 9.0)
    """
    data = np.sort(np.asarray(values, np.float64))
    low, high = ranks(data.size, q, confidence) if data.size else (None, None)
    return (None if low is None else float(data[low - 1])), (None if high is None else float(data[high - 1]))
