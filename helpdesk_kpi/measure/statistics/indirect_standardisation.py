"""What a person's work would have come to in the hands of everybody else: indirect standardisation.

Things are put into cells of like kind (severity, category, channel, shift). Each thing is expected to come to what
those of its cell come to with the others; observed by expected then tells a person's own part. Two people compared so
are each comparable with the others, not strictly with each other: their cells weigh differently. Fleiss, Levin, Paik,
Statistical Methods for Rates and Proportions, 3rd ed., chapter 19.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FEW = 30  # things of others, below which a cell leans on its parent


class Units(NamedTuple):
    """One entry per thing."""

    subject: Ints  # whose
    cell: Ints  # 0..cells - 1
    value: Floats
    weight: Floats  # credit


class Norm(NamedTuple):
    """By cell: what one thing comes to with the others."""

    mean: Floats
    variance: Floats  # of one thing about it
    behind: Floats  # how many things the mean rests on


class Expected(NamedTuple):
    """Of one person, by cell and in sum over `units`."""

    n: Floats  # by cell: credit
    observed: Floats  # by cell: sum of weight x value
    expected: Floats  # by cell: sum of weight x mean
    variance: float  # of the observed sum by chance
    unsure: float  # of the expected sum, which is an estimate itself

    @property
    def limit_factor(self) -> float:
        """Times that limits widen because the expectation is an estimate."""
        return float(np.sqrt(1 + self.unsure / self.variance)) if self.variance else 1.0


def fit_norm(others: Units, parent: Ints) -> Norm | None:
    """What things come to in the hands of `others`; `parent`: by cell, the code of the group that it belongs to.

    A cell with fewer than 30 things leans on its parent as if the parent gave the missing ones, and the parent so on
    all. None if there is no thing at all.

    Ten things in a cell of mean 0.4 whose parent has 60 of mean 0.1: (10 x 0.4 + 20 x 0.1)/30 = 0.2. One without things
    is its parent's.

    >>> value = np.array([1.0] * 4 + [0] * 6 + [1] * 2 + [0] * 48)
    >>> things = Units(np.zeros(60, int), np.array([0] * 10 + [1] * 50), value, np.ones(60))
    >>> fit_norm(things, np.zeros(3, int)).mean.round(6).tolist()
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
    """Means of the two moments, leaning on the parents' where there are few."""
    own = sums[1:] / np.where(sums[0] > 0, sums[0], 1.0)
    part = np.minimum(sums[0] / FEW, 1.0)
    means: Floats = part * own + (1 - part) * parents
    return means


def _sums(place: Ints, amounts: Floats, size: int) -> Floats:
    return np.bincount(place, weights=amounts, minlength=size).astype(np.float64)


def standardise(own: Units, norm: Norm) -> Expected:
    """Of one person's things.

    Of the others, 20 % of P1 and 5 % of P3 come back. Who solved 40 and 10 of them, of which 8 came back, has 8 where
    40 x 0.2 + 10 x 0.05 = 8.5 were to be expected: 0.94 as many.

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
    """The part of some things of a person, by cell, that lies in cells of which they do more than `most` themselves.

    Where that is much, nobody does like work to compare with. `own` and `everybodys` may be of a longer time.

    >>> without_peers(np.array([40.0, 60.0]), np.array([90.0, 150.0]), np.array([100.0, 1000.0]))
    0.4
    """
    whole = float(units.sum())
    return float(units[own > most * everybodys].sum()) / whole if whole else 0.0
