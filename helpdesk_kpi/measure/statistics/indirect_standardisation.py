"""Indirect standardisation: what a person's work would have come to if the others had done it.

Units are put into cells of similar work (severity, category, channel, shift). The expected value of a unit is the mean
of its cell among the others; observed / expected is the person's own part. Each person is comparable with the others,
but two people are not strictly comparable with each other: their cells have different weights. Fleiss, Levin, Paik,
Statistical Methods for Rates and Proportions, 3rd ed., chapter 19.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FEW = 30  # units of others; cells with fewer are shrunk toward their parent


class Units(NamedTuple):
    """One entry per unit."""

    subject: Ints  # code of the person
    cell: Ints  # 0..cells - 1
    value: Floats
    weight: Floats  # credit


class Norm(NamedTuple):
    """By cell: mean and variance of a unit among the others."""

    mean: Floats
    variance: Floats  # of one unit about the mean
    behind: Floats  # number of units behind the mean


class Expected(NamedTuple):
    """Observed and expected values of one person, by cell and in total."""

    n: Floats  # by cell: credit
    observed: Floats  # by cell: sum of weight x value
    expected: Floats  # by cell: sum of weight x mean
    variance: float  # of the observed sum by chance
    unsure: float  # variance of the expected sum, which is an estimate

    @property
    def limit_factor(self) -> float:
        """Factor by which limits widen because the expectation is an estimate."""
        return float(np.sqrt(1 + self.unsure / self.variance)) if self.variance else 1.0


def fit_norm(others: Units, parent: Ints) -> Norm | None:
    """Fit the mean and variance of each cell to the units of the others.

    A cell with fewer than 30 units is filled up to 30 with its parent's mean, and a parent with the overall mean.

    Args:
        parent: by cell, the code of its group.

    Returns:
        None if there are no units.

    Ten units in a cell of mean 0.4 with a parent of 60 units and mean 0.1: (10 x 0.4 + 20 x 0.1)/30 = 0.2. A cell
    without units gets its parent's mean.

    >>> value = np.array([1.0] * 4 + [0] * 6 + [1] * 2 + [0] * 48)
    >>> units = Units(np.zeros(60, int), np.array([0] * 10 + [1] * 50), value, np.ones(60))
    >>> fit_norm(units, np.zeros(3, int)).mean.round(6).tolist()
    [0.2, 0.04, 0.1]
    """
    if not others.weight.sum() > 0:
        return None
    w, y = others.weight, others.value
    cells = np.stack([_sums(others.cell, amounts, parent.size) for amounts in (w, w * y, w * y * y)])
    groups = np.stack([_sums(parent, amounts, int(parent.max()) + 1) for amounts in cells])
    whole = cells.sum(axis=1, keepdims=True)
    of_groups = _shrink_to_parent(groups, whole[1:] / whole[0])
    moments = _shrink_to_parent(cells, of_groups[:, parent])
    behind = np.maximum(cells[0], np.minimum(groups[0][parent], FEW)).clip(min=1.0)
    return Norm(moments[0], (moments[1] - moments[0] ** 2).clip(min=0.0), behind)


def _shrink_to_parent(sums: Floats, parents: Floats) -> Floats:
    """Means of the two moments, shrunk toward the parents' for small cells."""
    own = sums[1:] / np.where(sums[0] > 0, sums[0], 1.0)
    part = np.minimum(sums[0] / FEW, 1.0)
    means: Floats = part * own + (1 - part) * parents
    return means


def _sums(place: Ints, amounts: Floats, size: int) -> Floats:
    return np.bincount(place, weights=amounts, minlength=size).astype(np.float64)


def standardise(own: Units, norm: Norm) -> Expected:
    """Observed and expected values of one person's units.

    With the others, 20 % of P1 and 5 % of P3 come back. A person who solved 40 and 10 of them, of which 8 came
    back, has 8 against an expectation of 40 x 0.2 + 10 x 0.05 = 8.5: 0.94 times as many.

    >>> others = Norm(np.array([0.2, 0.05]), np.array([0.16, 0.0475]), np.array([400.0, 400.0]))
    >>> own = Units(np.zeros(50, int), np.repeat([0, 1], [40, 10]), np.repeat([1.0, 0.0], [8, 42]), np.ones(50))
    >>> found = standardise(own, others)
    >>> float(found.observed.sum()), round(float(found.expected.sum()), 6), round(found.variance, 3)
    (8.0, 8.5, 6.875)
    """
    size = norm.mean.size
    n, squares = _sums(own.cell, own.weight, size), _sums(own.cell, own.weight**2, size)
    observed = _sums(own.cell, own.weight * own.value, size)
    variance = float((squares * norm.variance).sum())
    return Expected(n, observed, n * norm.mean, variance, float((n**2 * norm.variance / norm.behind).sum()))


def without_peers(units: Floats, own: Floats, everybodys: Floats, most: float = 0.8) -> float:
    """The share of a person's units in cells of which they do more than `most` themselves.

    If it is large, nobody does similar work to compare with. `own` and `everybodys` may cover a longer time.

    >>> without_peers(np.array([40.0, 60.0]), np.array([90.0, 150.0]), np.array([100.0, 1000.0]))
    0.4
    """
    whole = float(units.sum())
    return float(units[own > most * everybodys].sum()) / whole if whole else 0.0
