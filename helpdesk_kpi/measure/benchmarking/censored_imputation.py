"""Durations on a log scale, with running spans imputed."""

import numpy as np
from numpy.typing import ArrayLike

from helpdesk_kpi.measure.benchmarking.strata import Strata
from helpdesk_kpi.measure.benchmarking.units import UnitRows
from helpdesk_kpi.measure.metrics.columns import Floats
from helpdesk_kpi.measure.statistics.indirect_standardisation import FEW
from helpdesk_kpi.measure.statistics.survival import Curve, kaplan_meier
from helpdesk_kpi.milliseconds import MINUTE


def to_log_scale(durations: ArrayLike) -> Floats:
    """Logarithms of ms + 1 minute: symmetric errors, and no weight on differences below a minute."""
    logs: Floats = np.log(np.asarray(durations, np.float64) + MINUTE)
    return logs


def from_log_scale(log: float) -> float:
    """Convert back to milliseconds.

    >>> round(from_log_scale(float(to_log_scale(5000))), 6)
    5000.0
    """
    return max(float(np.exp(log)) - MINUTE, 0.0)


def log_durations(counted: UnitRows, found: Strata) -> Floats:
    """Log durations; a running span gets the mean of the longer spans of its cell (Buckley and James).

    That is never less than its present age, so keeping a ticket open gains nothing, and a new ticket counts against
    nobody. Cells with fewer than 30 ended spans use the curve of their severity, or of all spans.
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
