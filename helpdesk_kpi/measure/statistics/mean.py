"""The mean, which appraisals ask for and one old ticket moves; median and 90th percentile belong beside it."""

import math

import numpy as np
from numpy.typing import ArrayLike

from helpdesk_kpi.measure.statistics.proportion import Z95

ENOUGH = 20  # below, the means of skewed durations are too far from normal for the interval to hold


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
    if data.size < ENOUGH:
        return centre, None, None
    half = z * float(data.std(ddof=1)) / math.sqrt(data.size)
    return centre, centre - half, centre + half
