"""The interval of a share."""

import math

Z95 = 1.959964  # two-sided 95 % of the normal distribution


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
    # At no successes, and at nothing else, the limit is the share itself; rounding must not say otherwise.
    return (0.0 if share == 0 else max(low, 0.0)), (1.0 if share == 1 else min(high, 1.0))
