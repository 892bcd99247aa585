"""The interval of a count of things that happen by themselves."""

import math

from helpdesk_kpi.measure.statistics.proportion import Z95


def byar(count: float, z: float = Z95, spread: float = 1.0) -> tuple[float, float]:
    """Byar's approximation to the exact limits of a Poisson mean; `count` may be a sum of credit.

    `spread`: how many times more than Poisson's the variance is; the limits are those of so many fewer things.
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
