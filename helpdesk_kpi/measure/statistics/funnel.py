"""Funnel limits: how far a share of n units deviates from the common one by chance alone."""

import math
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from helpdesk_kpi.measure.statistics.distributions import binomial_cdf

LOOK, REVIEW = 0.95, 0.998  # outside the first: look; outside the second: a signal, review the tickets
FEWEST = 10  # people needed to estimate the dispersion
Verdict = Literal["within", "look", "signal"]  # within: expected variation
_OUTSIDE: tuple[tuple[Verdict, float], ...] = (("signal", REVIEW), ("look", LOOK))


def limits(centre: float, n: float, confidence: float = REVIEW) -> tuple[float, float]:
    """(low, high) around the common share `centre`: a share below low or above high is outside.

    Exact binomial: equals fall outside with a probability of at most 1 - confidence, also at small n. A fractional
    n is rounded down. (0, 1) for n < 1. Spiegelhalter, Funnel plots, Statist. Med. 24 (2005) 1185, appendix A.1.1.

    Ten units at 0.5 and 95 %: P(X <= 1) = 11/1024 = 1.07 % is less than 2.5 %, P(X <= 2) = 5.5 % is not; so the
    usual range is 2 to 8.

    >>> limits(0.5, 10, LOOK)
    (0.2, 0.8)
    """
    units = math.floor(n + 1e-9)
    if units < 1:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    below = binomial_cdf(units, centre)
    low = int(np.searchsorted(below, tail, side="right"))  # the smallest k with P(X <= k) > tail
    high = int(np.searchsorted(below, 1 - tail, side="left"))  # the smallest k with P(X > k) <= tail
    return low / units, min(high, units) / units


def place(share: float, centre: float, n: float) -> Verdict:
    """Classify a share by the 95 % and 99.8 % limits.

    >>> place(0.5, 0.5, 10), place(0.1, 0.5, 10), place(0.0, 0.5, 10)
    ('within', 'look', 'signal')
    """
    for name, confidence in _OUTSIDE:
        low, high = limits(centre, n, confidence)
        if not low - 1e-9 <= share <= high + 1e-9:
            return name
    return "within"


def deviation(successes: float, n: float, centre: float) -> float:
    """The z value that is as rare as so few, or so many, successes of n; 0 in the middle.

    Consistent with the limits above: |z| > 3.09 exactly where `place` gives a signal. A fractional n is rounded down;
    fractional successes count as the less unusual integer.

    At most 1 of 10 at 0.5: 11/1024, as rare as 2.30 standard deviations.

    >>> round(deviation(1, 10, 0.5), 2), round(deviation(9, 10, 0.5), 2), deviation(5, 10, 0.5), deviation(0, 0, 0.5)
    (-2.3, 2.3, 0.0, 0.0)
    """
    units = math.floor(n + 1e-9)
    if units < 1 or centre <= 0 or centre >= 1:
        return 0.0
    x, below = successes * units / n, binomial_cdf(units, centre)
    few, many = math.ceil(x - 1e-9), math.floor(x + 1e-9)
    at_most = float(below[min(few, units)])
    at_least = float(binomial_cdf(units, 1 - centre)[min(units - many, units)])  # as many failures or fewer
    if min(at_most, at_least) >= 0.5:
        return 0.0
    return _normal(at_most) if at_most < at_least else -_normal(at_least)


def dispersion(deviations: ArrayLike, winsorised: float = 0.1) -> float:
    """phi: variance between people relative to chance, at least 1; limits widen by its square root.

    The mean square of the standardised deviations, winsorised by a tenth on either side so that a true outlier does not
    hide itself. Spiegelhalter, Statist. Med. 24 (2005) 1185, section 3.2.
    1 for fewer than ten people, since there is nothing to winsorise.

    Five at -2 and five at 2 vary four times as much.

    >>> dispersion([-2, 2] * 5), dispersion([0.1, -0.1] * 5), dispersion([9, -9])
    (4.0, 1.0, 1.0)
    """
    z = np.asarray(deviations, np.float64)
    if z.size < FEWEST:
        return 1.0
    low, high = np.quantile(z, [winsorised, 1 - winsorised])
    return max(float((z.clip(low, high) ** 2).mean()), 1.0)


def verdict(deviation: float) -> Verdict:
    """Classify a deviation that already accounts for everything that widens the limits.

    >>> verdict(1.9), verdict(-2.5), verdict(3.2)
    ('within', 'look', 'signal')
    """
    return next((name for name, level in _OUTSIDE if abs(deviation) > -_normal((1 - level) / 2)), "within")


def chance(deviation: float) -> float:
    """Two-sided p value of a standardised deviation.

    >>> round(chance(1.959964), 3), chance(0)
    (0.05, 1.0)
    """
    return 2 * NormalDist().cdf(-abs(deviation))


def wider(confidence: float, factor: float) -> float:
    """The confidence of limits that are `factor` times as many standard deviations away, for overdispersion.

    >>> round(wider(0.9545, 1.5), 4)  # from two standard deviations to three
    0.9973
    """
    return 1 - chance(_normal((1 - confidence) / 2) * factor)


def _normal(p: float) -> float:
    return NormalDist().inv_cdf(min(max(p, 1e-300), 1 - 1e-16))
