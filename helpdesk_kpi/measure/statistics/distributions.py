"""Exact distributions: binomial, and Student's for whole degrees of freedom."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray


def binomial_cdf(n: int, p: float) -> NDArray[np.float64]:
    """P(X <= k) for k = 0..n, shape (n + 1,); n trials with chance p.

    Two fair coins: 1/4, 3/4, 1.

    >>> binomial_cdf(2, 0.5).round(6).tolist()
    [0.25, 0.75, 1.0]
    >>> binomial_cdf(3, 0.0).tolist(), binomial_cdf(3, 1.0).tolist()
    ([1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 1.0])
    """
    k = np.arange(n + 1)
    if p in (0, 1):
        return (k >= n * p).astype(np.float64)
    factorials = np.concatenate([[0.0], np.cumsum(np.log(k[1:]))])  # logarithms: 200! is too large for a float
    chosen = factorials[n] - factorials - factorials[::-1]
    mass = np.exp(chosen + k * np.log(p) + (n - k) * np.log1p(-p))
    sums: NDArray[np.float64] = np.minimum(np.cumsum(mass), 1.0)
    return sums


def student_probability(t: float, freedom: int) -> float:
    """P(|T| <= t). Abramowitz and Stegun 26.7.3 and 26.7.4: a finite sum for a whole number of degrees of freedom.

    With one degree it is 2/pi arctan t, with two t/sqrt(2 + t^2).

    >>> round(student_probability(1, 1), 6), round(student_probability(1, 2), 6) == round(1 / math.sqrt(3), 6)
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
def student_quantile(chance: float, freedom: int) -> float:
    """The t that |T| exceeds with probability `chance`.

    >>> round(student_quantile(0.05, 10), 3), round(student_quantile(0.001, 25), 3)  # as in every table
    (2.228, 3.725)
    """
    low, high = 0.0, 1.0
    while 1 - student_probability(high, freedom) > chance:
        high *= 2
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if 1 - student_probability(middle, freedom) > chance else (low, middle)
    return high
