"""Estimates with their confidence intervals: shares, counts, means and quantiles of complete data."""

import math

import numpy as np
from numpy.typing import ArrayLike

from helpdesk_kpi.measure.statistics import beta
from helpdesk_kpi.measure.statistics.distributions import binomial_cdf

Z95 = 1.959964  # two-sided 95 % of the normal distribution
MIN_VALUES_FOR_MEAN = 20  # below, the means of skewed durations are too far from normal for the interval to hold
_ROUNDING = 1e-9


def wilson(successes: float, n: float, z: float = Z95) -> tuple[float, float]:
    """Wilson's score interval of successes/n. Both may be fractional: credit that is split among agents.

    Nothing measured (n = 0) gives (0, 1). Raises ValueError unless 0 <= successes <= n.
    Formula: Wilson, JASA 22 (1927) 209; for small n recommended by Brown, Cai, DasGupta, Statist. Sci. 16 (2001) 101.

    With z = 2, 8 of 16: centre (0.5 + 4/32)/(1 + 4/16) = 0.5, half-width 2 sqrt(0.25/16 + 4/1024)/1.25 = 0.2236.

    >>> [round(limit, 4) for limit in wilson(8, 16, z=2)]
    [0.2764, 0.7236]
    >>> [round(limit, 3) for limit in wilson(27, 30)]
    [0.744, 0.965]
    >>> wilson(0, 0)
    (0.0, 1.0)
    """
    if not 0 <= successes <= n * (1 + 1e-9):  # sums of credit carry rounding
        raise ValueError(f"{successes} of {n} is no share")
    if n == 0:
        return 0.0, 1.0
    share = min(successes / n, 1.0)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    centre, scale = share + z * z / (2 * n), 1 + z * z / n
    low, high = (centre - spread) / scale, (centre + spread) / scale
    # Only without successes (or failures) the limit is the share itself; avoid rounding errors there.
    return (0.0 if share == 0 else max(low, 0.0)), (1.0 if share == 1 else min(high, 1.0))


def jeffreys(successes: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Jeffreys's interval: equal tails of Beta(successes + 1/2, n - successes + 1/2), and 0 or 1 where none or all
    succeeded. (0, 1) if n is 0. Brown, Cai, DasGupta, Statist. Sci. 16 (2001) 101, section 3.2.

    One of two: Beta(3/2, 3/2) is even about 1/2. Its density is 8/pi sqrt(x(1 - x)), a half circle; at 0.0612 lie
    (t - sin t)/2 pi of it with cos(t/2) = 1 - 2 x 0.0612: t = 1.0001, so 2.52 %.

    >>> [round(limit, 3) for limit in jeffreys(1, 2)]
    [0.061, 0.939]
    >>> jeffreys(0, 0), jeffreys(0, 4)[0], jeffreys(4, 4)[1]
    ((0.0, 1.0), 0.0, 1.0)
    """
    if not 0 <= successes <= n * (1 + 1e-9):
        raise ValueError(f"{successes} of {n} is no share")
    failures, tail = max(n - successes, 0.0), (1 - confidence) / 2
    a, b = successes + 0.5, failures + 0.5
    low = 0.0 if successes == 0 else beta.quantile(tail, a, b)
    return low, 1.0 if failures == 0 else beta.quantile(1 - tail, a, b)


def byar(count: float, z: float = Z95, spread: float = 1.0) -> tuple[float, float]:
    """Byar's approximation to the exact limits of a Poisson mean; `count` may be a sum of credit.

    `spread`: overdispersion, variance / mean; the limits are those of count / spread, scaled back.
    Breslow and Day, Statistical Methods in Cancer Research II (1987), section 2.3.

    Ten: 10 (1 - 1/90 - 1.96/(3 sqrt 10))^3 = 10 x 0.7823^3, and 11 (1 - 1/99 + 1.96/(3 sqrt 11))^3 = 11 x 1.1869^3; the
    exact limits are 4.795 and 18.390.

    >>> [round(limit, 2) for limit in byar(10)], byar(0)[0]
    ([4.79, 18.39], 0.0)
    """
    if count < 0 or spread <= 0:
        raise ValueError(f"{count} with a spread of {spread} is no count")
    few = count / spread
    low = few * max(1 - 1 / (9 * few) - z / (3 * math.sqrt(few)), 0.0) ** 3 if few else 0.0
    more = few + 1
    return low * spread, more * (1 - 1 / (9 * more) + z / (3 * math.sqrt(more))) ** 3 * spread


def mean(values: ArrayLike, z: float = Z95) -> tuple[float | None, float | None, float | None]:
    """(mean, low, high) in the unit of the values; None for no values, and no interval below 20 of them.

    Interval: mean +- z s/sqrt(n). It is too narrow for very skewed durations, a reason to lead with the median.

    Twenty values, ten 0 and ten 2: mean 1, s^2 = 20/19, half-width 2 sqrt(20/19/20) = 0.4588 with z = 2.

    >>> [round(number, 4) for number in mean([0, 2] * 10, z=2)]
    [1.0, 0.5412, 1.4588]
    >>> mean([1, 3]), mean([])
    ((2.0, None, None), (None, None, None))
    """
    data = np.asarray(values, np.float64)
    if not data.size:
        return None, None, None
    centre = float(data.mean())
    if data.size < MIN_VALUES_FOR_MEAN:
        return centre, None, None
    half = z * float(data.std(ddof=1)) / math.sqrt(data.size)
    return centre, centre - half, centre + half


def rank(n: int, q: float) -> int:
    """The 1-based rank of the q-quantile among n sorted values: the smallest k with k/n >= q.

    The median of an even number of values is the lower of the two in the middle, as in the Kaplan-Meier estimate.

    >>> rank(4, 0.5), rank(5, 0.5), rank(10, 0.9), rank(1, 0.9)
    (2, 3, 9, 1)
    """
    return max(int(np.ceil(n * q - _ROUNDING)), 1)


def quantile(values: ArrayLike, q: float) -> float | None:
    """The q-quantile, always one of the values (any unit); None without values.

    >>> quantile([30, 10, 40, 20], 0.5), quantile([], 0.5)
    (20.0, None)
    """
    data = np.asarray(values, np.float64)
    return float(np.partition(data, rank(data.size, q) - 1)[rank(data.size, q) - 1]) if data.size else None


def ranks(n: int, q: float, confidence: float = 0.95) -> tuple[int | None, int | None]:
    """1-based ranks of the two values that hold the true q-quantile between them with at least this confidence.

    The number of values below the true quantile is binomial (n, q); each tail gets half of the error. None where n is
    too small for a limit on that side. Formula: Conover, Practical Nonparametric Statistics, 3rd ed., section 3.2.

    For the median of 10 values: P(X <= 1) = 11/1024 = 1.07 % fits into 2.5 %, P(X <= 2) = 5.5 % does not; so the 2nd
    and, by symmetry, the 9th. Of 5 values even the extremes leave 1/32 = 3.1 % on each side.

    >>> ranks(10, 0.5), ranks(5, 0.5)
    ((2, 9), (None, None))
    """
    tail = (1 - confidence) / 2 + _ROUNDING
    below = binomial_cdf(n, q)  # below[k] = P(X <= k)
    low = int(np.searchsorted(below, tail, side="right"))  # the largest l with P(X <= l - 1) <= tail
    high = int(np.searchsorted(below, 1 - tail, side="left")) + 1  # the smallest u with P(X >= u) <= tail
    return (low if low >= 1 else None), (high if high <= n else None)


def interval(values: ArrayLike, q: float, confidence: float = 0.95) -> tuple[float | None, float | None]:
    """The values at `ranks`; None on a side with too few values for a limit.

    >>> interval([3, 1, 2, 4, 5, 6, 10, 9, 8, 7], 0.5)
    (2.0, 9.0)
    """
    data = np.sort(np.asarray(values, np.float64))
    low, high = ranks(data.size, q, confidence) if data.size else (None, None)
    return (None if low is None else float(data[low - 1])), (None if high is None else float(data[high - 1]))
