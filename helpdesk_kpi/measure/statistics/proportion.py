"""The interval of a share: Wilson's where it is printed, Jeffreys's where it is a belief that is reckoned with."""

import math

from helpdesk_kpi.measure.statistics import beta

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


def jeffreys(successes: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """The middle of the posterior Beta(successes + 1/2, n - successes + 1/2), equal tails; 0 and 1 where none or all
    succeeded. (0, 1) of nothing. Brown, Cai, DasGupta, Statist. Sci. 16 (2001) 101, section 3.2.

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
