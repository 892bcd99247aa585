"""Durations on the scale on which they are compared, also of what still runs."""

import numpy as np
from numpy.typing import ArrayLike

from helpdesk_kpi.measure.benchmarking.strata import Strata
from helpdesk_kpi.measure.benchmarking.units import Counted
from helpdesk_kpi.measure.metrics.columns import Floats
from helpdesk_kpi.measure.statistics.indirect_standardisation import FEW
from helpdesk_kpi.measure.statistics.survival import Curve, kaplan_meier
from helpdesk_kpi.milliseconds import MINUTE


def scale(durations: ArrayLike) -> Floats:
    """Milliseconds as logarithms, on which scale chance is even. A minute more: below it nothing is slow."""
    logs: Floats = np.log(np.asarray(durations, np.float64) + MINUTE)
    return logs


def back(log: float) -> float:
    """Of the scale, in milliseconds.

    >>> round(back(float(scale(5000))), 6)
    5000.0
    """
    return max(float(np.exp(log)) - MINUTE, 0.0)


def logarithms(counted: Counted, found: Strata) -> Floats:
    """The durations on the scale, where a running span counts as what longer spans of its cell came to.

    That is never less than it has run, so that nobody gains by a ticket that is kept open; and one that has only just
    begun says nothing against anybody. Cells with fewer than 30 ends take the curve of their severity, or of all.
    """
    values = scale(counted.value)
    for place in np.unique(found.cell[counted.running]):
        mask = counted.running & (found.cell == place)
        values[mask] = _curve(counted, found, int(place)).beyond(counted.value[mask], scale)
    return values


def _curve(counted: Counted, found: Strata, place: int) -> Curve:
    everything = np.ones(len(counted.value), np.bool_)
    for alike in (found.cell == place, found.parent[found.cell] == found.parent[place], everything):
        if (alike & ~counted.running).sum() >= FEW:
            break
    return kaplan_meier(counted.value[alike].astype(np.int64), ~counted.running[alike])
