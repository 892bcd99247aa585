"""The binomial distribution, exact."""

import numpy as np
from numpy.typing import NDArray


def cumulative(n: int, p: float) -> NDArray[np.float64]:
    """P(X <= k) for k = 0..n, shape (n + 1,); n trials with chance p.

    Two fair coins: 1/4, 3/4, 1.

    >>> cumulative(2, 0.5).round(6).tolist()
    [0.25, 0.75, 1.0]
    >>> cumulative(3, 0.0).tolist(), cumulative(3, 1.0).tolist()
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
