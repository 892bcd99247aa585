"""Durations on the scale on which they are compared, also of what still runs."""

import numpy as np
from numpy.typing import ArrayLike

from helpdesk_kpi.measure.benchmarking.strata import Strata
from helpdesk_kpi.measure.benchmarking.units import UnitRows
from helpdesk_kpi.measure.metrics.columns import Floats
from helpdesk_kpi.measure.statistics.indirect_standardisation import FEW
from helpdesk_kpi.measure.statistics.survival import Curve, kaplan_meier
from helpdesk_kpi.milliseconds import MINUTE


def to_log_scale(durations: ArrayLike) -> Floats:
    """Milliseconds as logarithms, on which scale chance is even. A minute more: below it nothing is slow."""
    logs: Floats = np.log(np.asarray(durations, np.float64) + MINUTE)
    return logs


def from_log_scale(log: float) -> float:
    """Of the scale, in milliseconds.

    >>> round(from_log_scale(float(to_log_scale(5000))), 6)
    5000.0
    """
    return max(float(np.exp(log)) - MINUTE, 0.0)


def log_durations(counted: UnitRows, found: Strata) -> Floats:
    """The durations on the scale, where a running span counts as what longer spans of its cell came to.

    That is never less than it has run, so that nobody gains by a ticket that is kept open; and one that has only just
    begun says nothing against anybody. Cells with fewer than 30 ends take the curve of their severity, or of all.
    """
    values = to_log_scale(counted.value)
    for place in np.unique(found.cell[counted.running]):
        mask = counted.running & (found.cell == place)
        values[mask] = _curve(counted, found, int(place)).beyond(counted.value[mask], to_log_scale)
    return values


def _curve(counted: UnitRows, found: Strata, place: int) -> Curve:
    everything = np.ones(len(counted.value), np.bool_)
    for alike in (found.cell == place, found.parent[found.cell] == found.parent[place], everything):
        if (alike & ~counted.running).sum() >= FEW:
            break
    return kaplan_meier(counted.value[alike].astype(np.int64), ~counted.running[alike])
