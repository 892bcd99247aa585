"""Laney's p' chart, for shares of so large n that a plain p chart would call every week unusual."""

import math

import msgspec
import numpy as np
from numpy.typing import ArrayLike


class LaneyChart(msgspec.Struct, frozen=True):
    """Centre and relative spread of a series of shares."""

    centre: float  # all successes / all units
    sigma: float  # spread of the series relative to sampling alone

    def limits(self, n: float, sigmas: float = 3.0) -> tuple[float, float]:
        """The usual range of the share of a period with n units, within 0..1; n may be fractional.

        A share of 0.5 with sigma 2 and n = 100: 0.5 +- 3 x 2 x 0.05 = 0.5 +- 0.3.

        >>> [round(limit, 6) for limit in LaneyChart(0.5, 2.0).limits(100)]
        [0.2, 0.8]
        """
        half = sigmas * self.sigma * math.sqrt(self.centre * (1 - self.centre) / n)
        return max(self.centre - half, 0.0), min(self.centre + half, 1.0)


def chart(shares: ArrayLike, n: ArrayLike) -> LaneyChart | None:
    """Fit a chart to shares (0..1) in order of time with their n (> 0, may be fractional). None below two shares.

    sigma is the mean moving range of z = (share - centre)/sqrt(centre (1 - centre)/n), by 1.128. Laney, Improved
    control charts for attributes, Quality Engineering 14 (2002) 531.

    0.4, 0.6, 0.5 of 100 each: centre 0.5, z = -2, 2, 0, ranges 4 and 2, mean 3; 3/1.128 = 2.6596.

    >>> found = chart([0.4, 0.6, 0.5], [100, 100, 100])
    >>> found.centre, round(found.sigma, 4)
    (0.5, 2.6596)
    """
    share, size = np.asarray(shares, np.float64), np.asarray(n, np.float64)
    if share.size < 2:
        return None
    centre = float((share * size).sum() / size.sum())
    spread = np.sqrt(centre * (1 - centre) / size)
    if not spread.all():
        return LaneyChart(centre, 0.0)  # all or nothing, every time
    return LaneyChart(centre, float(np.abs(np.diff((share - centre) / spread)).mean()) / 1.128)
