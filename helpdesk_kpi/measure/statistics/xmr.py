"""The chart of individual values and moving ranges (XmR): what a series does when nothing happens."""

import math
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import ArrayLike

SIGMAS = 2.66  # 3/1.128: three standard deviations, from the mean range of two neighbours
RANGE = 3.268  # upper limit of the moving range
Hint = Literal["run", "near"]


class Limits(msgspec.Struct, frozen=True):
    """In the unit of the values."""

    centre: float
    low: float
    high: float
    range_high: float  # the largest step from one value to the next that is still usual


def limits(values: ArrayLike, floor: float = -math.inf) -> Limits | None:
    """Mean +- 2.66 x the mean moving range, in order of time; `floor` is what the values cannot be below.

    None for fewer than two values. Shewhart's chart as in Wheeler, Understanding Variation, and ISO 7870-2.

    10, 12, 11, 13: mean 11.5; ranges 2, 1, 2, mean 5/3; 11.5 +- 4.4333; 3.268 x 5/3 = 5.4467.

    >>> found = limits([10, 12, 11, 13])
    >>> found.centre, round(found.low, 4), round(found.high, 4), round(found.range_high, 4)
    (11.5, 7.0667, 15.9333, 5.4467)
    >>> limits([1, 0, 2, 0], floor=0).low
    0.0
    """
    series = np.asarray(values, np.float64)
    if series.size < 2:
        return None
    centre, step = float(series.mean()), float(np.abs(np.diff(series)).mean())
    return Limits(centre, max(centre - SIGMAS * step, float(floor)), centre + SIGMAS * step, RANGE * step)


def hints(values: ArrayLike, chart: Limits) -> tuple[Hint, ...]:
    """What the latest points of a series suggest without being a signal: `run`, the last eight lie on one side of the
    centre; `near`, three of the last four are nearer to one limit than to the centre. Wheeler, Understanding Variation.

    >>> chart = Limits(centre=10, low=4, high=16, range_high=7)
    >>> hints([9, 11, 12, 11, 11, 12, 11, 12, 11], chart), hints([10, 14, 9, 15, 14], chart), hints([9, 11, 12], chart)
    (('run',), ('near',), ())
    """
    off = np.asarray(values, np.float64) - chart.centre
    run, last = off[-8:], off[-4:]
    found: list[Hint] = []
    if run.size == 8 and (np.all(run > 0) or np.all(run < 0)):
        found.append("run")
    above, below = last > (chart.high - chart.centre) / 2, last < (chart.low - chart.centre) / 2
    if last.size == 4 and max(above.sum(), below.sum()) >= 3:
        found.append("near")
    return tuple(found)
