"""Student's distribution, exact for whole degrees of freedom."""

import math
from functools import cache


def within(t: float, freedom: int) -> float:
    """P(|T| <= t). Abramowitz and Stegun 26.7.3 and 26.7.4: a finite sum for a whole number of degrees of freedom.

    With one degree it is 2/pi arctan t, with two t/sqrt(2 + t^2).

    >>> round(within(1, 1), 6), round(within(1, 2), 6) == round(1 / math.sqrt(3), 6)
    (0.5, True)
    """
    angle = math.atan(t / math.sqrt(freedom))
    square = math.cos(angle) ** 2
    odd = freedom % 2
    term, total = (math.cos(angle), 0.0) if odd else (1.0, 0.0)
    for k in range(2 + odd, freedom + 1, 2):  # cos^(k-2) with (1 3 5 ...)/(2 4 6 ...), or (2 4 ...)/(3 5 ...) if odd
        total += term
        term *= square * (k - 1) / k
    return 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total


@cache
def two_sided(chance: float, freedom: int) -> float:
    """The t that |T| exceeds with that chance.

    >>> round(two_sided(0.05, 10), 3), round(two_sided(0.001, 25), 3)  # as in every table
    (2.228, 3.725)
    """
    low, high = 0.0, 1.0
    while 1 - within(high, freedom) > chance:
        high *= 2
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if 1 - within(middle, freedom) > chance else (low, middle)
    return high
