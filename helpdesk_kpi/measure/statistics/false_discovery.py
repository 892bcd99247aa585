"""Control of the false discovery rate in many comparisons."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def benjamini_hochberg(chances: ArrayLike, rate: float = 0.1) -> NDArray[np.bool_]:
    """Select p values so that at most `rate` of the selected ones are false discoveries.

    The largest k with the k-th smallest p at most k rate/n, and all that are no larger. Benjamini and Hochberg, J. R.
    Statist. Soc. B 57 (1995) 289.

    Of four at 10 % the limits are 0.025, 0.05, 0.075, 0.1: 0.06 is within the third, which takes the second, 0.055,
    along although it is above its own.

    >>> benjamini_hochberg([0.055, 0.5, 0.01, 0.06]).tolist()
    [True, False, True, True]
    >>> benjamini_hochberg([0.06, 0.3]).tolist(), benjamini_hochberg([]).tolist()
    ([False, False], [])
    """
    p = np.asarray(chances, np.float64)
    ordered = np.sort(p)
    within = np.flatnonzero(ordered <= rate * np.arange(1, p.size + 1) / max(p.size, 1))
    found: NDArray[np.bool_] = p <= ordered[within[-1]] if within.size else np.zeros(p.size, np.bool_)
    return found
