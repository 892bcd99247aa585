"""Direct standardisation: two teams, or two months, on one common mix of work."""

import math

import numpy as np
from numpy.typing import ArrayLike

from helpdesk_kpi.measure.statistics.proportion import Z95


def share(successes: ArrayLike, n: ArrayLike, weights: ArrayLike, z: float = Z95) -> tuple[float, float, float] | None:
    """(share, low, high) that somebody would have if their cells had the `weights`, which are the same for all who are
    compared; keep them for a year. None where a cell with weight is empty: there is nothing to say of it then.

    The variance is the sum of weight^2 p(1 - p)/n, with p = (x + 1/2)/(n + 1) so that it is not 0 at none or all.
    Fleiss, Levin, Paik, Statistical Methods for Rates and Proportions, 3rd ed., section 19.3.

    10 of 50 and 10 of 200, both cells counting as much: (20 % + 5 %)/2, whatever the own mix.

    >>> round(share([10, 10], [50, 200], [1, 1])[0], 6), share([1, 0], [5, 0], [1, 1])
    (0.125, None)
    """
    x, size, weight = (np.asarray(part, np.float64) for part in (successes, n, weights))
    counts = weight > 0
    if not counts.any() or (size[counts] <= 0).any():
        return None
    x, size, weight = x[counts], size[counts], weight[counts] / weight[counts].sum()
    centre, near = float((weight * x / size).sum()), (x + 0.5) / (size + 1)
    half = z * math.sqrt(float((weight**2 * near * (1 - near) / size).sum()))
    return centre, max(centre - half, 0.0), min(centre + half, 1.0)
