"""Reciprocity: whether people who rate each other return the ratings that they get.

Mild raters and people whom all like are no evidence of an exchange, so rater and subject effects are removed first. The
residuals of "A rates B" and "B rates A" are independent unless the two ratings answer each other (dyadic
reciprocity: Warner, Kenny and Stoto, Journal of Personality and Social Psychology 37 (1979) 1742).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEWEST = 10  # pairs of people who rated each other
Z = 3.09  # one-sided 99.9 %, as the 99.8 % limits of a funnel


class Reciprocity(NamedTuple):
    """Correlation of mutual ratings."""

    pairs: int
    r: float  # -1 to 1; 0: independent
    limit: float  # about one of 1,000 teams with independent ratings is above


def reciprocity(rater: ArrayLike, subject: ArrayLike, value: ArrayLike) -> Reciprocity | None:
    """Measure reciprocity of ratings.

    Args:
        rater, subject: codes of people, the same in both.
        value: the ratings.

    Returns:
        None with fewer than ten pairs of people who rated each other.

    r is the intraclass correlation of the pairs, its limit that of Fisher's z, whose standard error is
    1/sqrt(n - 3/2) with n pairs (Statistical Methods for Research Workers, 1925, section 38); n is lessened by the
    part of all ratings that went into what raters and rated have in common.

    Of six people who rate everybody, the two of each pair of friends praise each other:

    >>> who = [(a, b) for a in range(6) for b in range(6) if a != b]
    >>> friends = [5 if a // 2 == b // 2 else 3 for a, b in who]
    >>> found = reciprocity([a for a, _ in who], [b for _, b in who], friends)
    >>> found.pairs, round(found.r, 9), found.r > found.limit
    (15, 1.0, True)
    >>> reciprocity([1, 2], [2, 1], [5, 5]) is None
    True
    """
    by, of = np.asarray(rater, np.int64), np.asarray(subject, np.int64)
    left, free = _own(by, of, np.asarray(value, np.float64))
    given = _mean_given(by, of, left)
    both = np.array([(left, given[b, a]) for (a, b), left in given.items() if a < b and (b, a) in given])
    n = len(both) * free / max(len(left), 1)
    if len(both) < FEWEST or n <= 2.5 or not both.any():
        return None
    r = float(2 * both.prod(axis=1).sum() / (both**2).sum())
    return Reciprocity(len(both), r, math.tanh(Z / math.sqrt(n - 1.5)))


def _own(by: NDArray[np.int64], of: NDArray[np.int64], value: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Residuals of the ratings after rater and subject effects, and their degrees of freedom."""
    columns = [(who == one).astype(np.float64) for who in (by, of) for one in np.unique(who)]
    if not columns:
        return value, 0
    common = np.stack(columns, axis=1)
    fitted, _, rank, _ = np.linalg.lstsq(common, value, rcond=None)
    left = value - common @ fitted
    left[np.abs(left) < 1e-9] = 0
    return left, len(value) - int(rank)


def _mean_given(
    by: NDArray[np.int64], of: NDArray[np.int64], left: NDArray[np.float64]
) -> dict[tuple[int, int], float]:
    """(rater, subject) -> mean residual."""
    found: dict[tuple[int, int], list[float]] = {}
    for a, b, one in zip(by.tolist(), of.tolist(), left.tolist(), strict=True):
        found.setdefault((a, b), []).append(one)
    return {pair: sum(ones) / len(ones) for pair, ones in found.items()}
