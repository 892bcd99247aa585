"""Funnel limits: how far the share of someone with n things strays from the common one by chance alone."""

import math

import numpy as np

from helpdesk_kpi.measure.statistics.binomial import cumulative

LOOK, REVIEW = 0.95, 0.998  # outside the first: look; outside the second: a signal, review the tickets


def limits(centre: float, n: float, confidence: float = REVIEW) -> tuple[float, float]:
    """(low, high) around the common share `centre`: a share below low or above high is outside.

    Exact binomial, so that equals are called unequal at most 1 - confidence of the time, also at small n. A fractional
    n is rounded down. (0, 1) for n < 1. Spiegelhalter, Funnel plots, Statist. Med. 24 (2005) 1185, appendix A.1.1.

    Ten things at 0.5 and 95 %: P(X <= 1) = 11/1024 = 1.07 % is less than 2.5 %, P(X <= 2) = 5.5 % is not; so 2 is the
    least that is usual, and 8 the most.

    >>> limits(0.5, 10, LOOK)
    (0.2, 0.8)
    """
    things = math.floor(n + 1e-9)
    if things < 1:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    below = cumulative(things, centre)
    low = int(np.searchsorted(below, tail, side="right"))  # the smallest k with P(X <= k) > tail
    high = int(np.searchsorted(below, 1 - tail, side="left"))  # the smallest k with P(X > k) <= tail
    return low / things, min(high, things) / things


def place(share: float, centre: float, n: float) -> str:
    """`usual`, `look` or `signal`: by the 95 % and 99.8 % limits.

    >>> place(0.5, 0.5, 10), place(0.1, 0.5, 10), place(0.0, 0.5, 10)
    ('usual', 'look', 'signal')
    """
    for name, confidence in (("signal", REVIEW), ("look", LOOK)):
        low, high = limits(centre, n, confidence)
        if not low - 1e-9 <= share <= high + 1e-9:
            return name
    return "usual"
