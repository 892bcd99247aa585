"""Shrinkage: separate true differences between people from chance (empirical Bayes).

A value of few units varies much by chance alone. The variation of all values beyond chance estimates the true variation
between people; each value is then shrunk toward the centre by the part that chance explains. Its reliability is the
other part: 1 without chance, 0 if everything is chance.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Shrunk(NamedTuple):
    """Arrays have one entry per person."""

    centre: float  # target of the shrinkage
    between: float  # standard deviation of the true values
    values: Floats
    reliability: Floats  # weight of the own value, 0..1


def between(values: ArrayLike, variances: ArrayLike) -> float:
    """The variance of the true values; `variances` are those by chance. 0 if chance explains everything.

    Moments with inverse-variance weights: DerSimonian and Laird, Controlled Clinical Trials 7 (1986) 177. With
    equal variances it is s^2 - variance.

    0, 1, 2 have s^2 = 1; of variance 0.25 each, 0.75 is left.

    >>> round(between([0, 1, 2], [0.25] * 3), 9), between([0, 1, 2], [4] * 3), between([5], [1])
    (0.75, 0.0, 0.0)
    """
    value, weight = np.asarray(values, np.float64), 1 / np.asarray(variances, np.float64)
    if value.size < 2:
        return 0.0
    whole = float(weight.sum())
    off = float((weight * (value - (weight * value).sum() / whole) ** 2).sum())
    return max((off - (value.size - 1)) / (whole - float((weight**2).sum()) / whole), 0.0)


def reliability(between: float, variance: float) -> float:
    """between/(between + variance); 0 if both are 0.

    A satisfaction of 88 % whose true values have a standard deviation of 3 points, out of 274 answers:
    0.0009/(0.0009 + 0.1056/274) = 0.70.

    >>> round(reliability(0.03**2, 0.88 * 0.12 / 274), 2)
    0.7
    """
    return between / (between + variance) if between else 0.0


def means(values: ArrayLike, variances: ArrayLike) -> Shrunk:
    """Shrink values that are normal about their true ones, such as means of log durations; `variances` by chance, > 0.

    The shrinkage factor is B = variance/(between + variance): Efron and Morris, JASA 70 (1975) 311. The centre weighs
    each value by 1/(between + variance).

    As above, 0, 1, 2 of variance 0.25: B = 0.25/(0.75 + 0.25), so each moves a quarter of its way to 1.

    >>> means([0, 1, 2], [0.25] * 3).values.round(6).tolist()
    [0.25, 1.0, 1.75]
    """
    value, variance = np.asarray(values, np.float64), np.asarray(variances, np.float64)
    spread = between(value, variance)
    weight = 1 / (spread + variance)
    centre = float((weight * value).sum() / weight.sum())
    own = np.array([reliability(spread, float(v)) for v in variance])
    return Shrunk(centre, spread**0.5, centre + own * (value - centre), own)


def proportions(successes: ArrayLike, n: ArrayLike) -> Shrunk:
    """Shrink shares; both may be fractional, n > 0. Beta-binomial by moments, as in Kleinman, JASA 68 (1973) 46.

    4, 5, 6 of 10: p = 0.5, s^2 = 0.01, by chance 0.025: nothing is left, all are 0.5. Of 1000 chance is 0.00025, so
    between = 0.00975, kappa = 0.25/0.00975 - 1 = 24.64, and 400/1000 becomes (400 + 12.32)/1024.64 = 0.40240.

    >>> proportions([4, 5, 6], [10] * 3).values.tolist()
    [0.5, 0.5, 0.5]
    >>> round(float(proportions([400, 500, 600], [1000] * 3).values[0]), 5)
    0.4024
    """
    x, size = np.asarray(successes, np.float64), np.asarray(n, np.float64)
    p = float(x.sum() / size.sum())
    if p in (0, 1):
        return Shrunk(p, 0.0, np.full(x.size, p), np.zeros(x.size))
    spread = between(x / size, p * (1 - p) / size)
    kappa = strength(p, spread**0.5)
    own = size / (size + kappa)
    values = np.array([toward(float(a), float(b), p, kappa) for a, b in zip(x, size, strict=True)])
    return Shrunk(p, spread**0.5, values, own)


def strength(p: float, between: float) -> float:
    """kappa: the number of units that the common share p counts for, given the standard deviation of true shares.

    >>> round(strength(0.88, 0.03))  # 0.1056/0.0009 - 1
    116
    """
    return max(p * (1 - p) / between**2 - 1, 0.0) if between else np.inf


def toward(successes: float, n: float, p: float, kappa: float) -> float:
    """A share shrunk toward p, as if it had kappa more units with share p.

    27 of 30 and 9 of 10 are both 90 %: (27 + 102.08)/146 and (9 + 102.08)/126.

    >>> round(toward(27, 30, 0.88, 116), 3), round(toward(9, 10, 0.88, 116), 3)
    (0.884, 0.882)
    """
    return p if kappa == np.inf else (successes + kappa * p) / (n + kappa)
