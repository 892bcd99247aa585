"""Kaplan and Meier's estimate: durations of which some still run, so that waiting tickets are not left out.

A mean or median of the tickets that are done is too good while the slow ones are open. S(t) is the share of things
that are not over after t. Kaplan and Meier, JASA 53 (1958) 457; Greenwood's variance on the log(-log) scale, which
keeps the interval within 0..1, as in Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 1.4.
"""

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpdesk_kpi.measure.statistics.proportion import Z95, wilson

Floats = NDArray[np.float64]
_ROUNDING = 1e-9  # S is a product of fractions: 0.5 may come out as 0.5 + 1e-16


class Curve(msgspec.Struct, frozen=True):
    """S as a step function. All arrays have one entry per distinct time at which something ended."""

    times: NDArray[np.int64]  # ms, ascending
    survival: Floats  # S just after each of the times
    greenwood: Floats  # variance of log S; infinite once S is 0
    running: NDArray[np.int64]  # ms, ascending: when each of the rest was last seen
    n: int  # things, ended or not

    def quantile(self, q: float) -> int | None:
        """The smallest t (ms) with S(t) <= 1 - q; None if the curve does not come down so far: not reached yet.

        Without censoring this is the smallest value with at least a share q of all values up to it: the median of an
        even number is the lower of the two in the middle.

        >>> kaplan_meier([10, 20, 30, 40], [True] * 4).quantile(0.5)
        20
        """
        return _first_at_most(self.times, self.survival, 1 - q)

    def quantile_interval(self, q: float, z: float = Z95) -> tuple[int | None, int | None]:
        """Where the two limits of S come down to 1 - q; None on a side where a limit does not.

        Brookmeyer and Crowley, Biometrics 38 (1982) 29, with the limits of `band`.
        """
        low, high = self.band(z)
        return _first_at_most(self.times, low, 1 - q), _first_at_most(self.times, high, 1 - q)

    def at(self, t: float) -> float:
        """S(t), t in ms: the share that takes longer than t. The share within a target is 1 - at(target).

        >>> kaplan_meier([10, 20, 30, 40], [True] * 4).at(20)
        0.5
        """
        index = self._index(t)
        return 1.0 if index < 0 else float(self.survival[index])

    def interval_at(self, t: float, z: float = Z95) -> tuple[float, float]:
        """The interval of S(t). While nothing was lost sight of it is a share, and its interval Wilson's.

        Wilson's over what was seen until t is also taken where S is 1 or 0, for which Greenwood's has no width.

        >>> low, high = kaplan_meier([10] * 20, [True] * 20).interval_at(5)  # all 20 take longer than 5
        >>> round(low, 3), high
        (0.839, 1.0)
        """
        lost = int(np.searchsorted(self.running, t, side="right"))
        share = self.at(t)
        if lost == 0 or share in (0, 1):
            return wilson(share * (self.n - lost), self.n - lost, z)
        low, high = self.band(z)
        index = self._index(t)
        return float(low[index]), float(high[index])

    def band(self, z: float = Z95) -> tuple[Floats, Floats]:
        """Lower and upper limit of S at each of the times: S^exp(+-z sqrt(greenwood)/|log S|).

        Where S is 0 the lower limit is 0 and the upper one stays what it was.
        """
        inside = (self.survival > 0) & (self.survival < 1)
        log = np.log(self.survival, out=np.full_like(self.survival, -1.0), where=inside)
        variance = np.where(inside, self.greenwood, 0.0)
        factor = np.exp(z * np.sqrt(variance) / -log)
        low = np.where(inside, np.exp(log * factor), self.survival)
        high = np.where(inside, np.exp(log / factor), 1.0)
        return np.minimum.accumulate(low), np.minimum.accumulate(high)

    def _index(self, t: float) -> int:
        return int(np.searchsorted(self.times, t, side="right")) - 1


def kaplan_meier(durations: ArrayLike, ended: ArrayLike) -> Curve:
    """`durations`: ms, shape (n,), >= 0. `ended`: bool, shape (n,): False for what still ran then.

    What ends and what is censored at the same time: the end came first. Raises ValueError on unequal shapes.

    By hand, 3 still running: S(1) = 4/5, S(2) = 4/5 x 3/4 = 3/5, and of the two left after 3, S(4) = 3/5 x 1/2 = 3/10.

    >>> curve = kaplan_meier([1, 2, 3, 4, 5], [True, True, False, True, False])
    >>> curve.times.tolist(), curve.survival.round(6).tolist(), curve.quantile(0.5), curve.quantile(0.9)
    ([1, 2, 4], [0.8, 0.6, 0.3], 4, None)
    """
    time, event = np.asarray(durations, np.int64), np.asarray(ended, np.bool_)
    if time.shape != event.shape or time.ndim != 1:
        raise ValueError(f"durations {time.shape} and ends {event.shape} must be two lists of one length")
    times, deaths = np.unique(time[event], return_counts=True)
    at_risk = time.size - np.searchsorted(np.sort(time), times, side="left")
    survivors = at_risk - deaths
    with np.errstate(divide="ignore"):
        terms = deaths / (at_risk * survivors.astype(np.float64))
    survival: Floats = np.cumprod(survivors / at_risk, dtype=np.float64)
    greenwood: Floats = np.cumsum(terms, dtype=np.float64)
    return Curve(times, survival, greenwood, np.sort(time[~event]), time.size)


def _first_at_most(times: NDArray[np.int64], curve: Floats, level: float) -> int | None:
    """The first time at which a curve that only falls is at most `level`."""
    index = int(np.searchsorted(-curve, -(level + _ROUNDING), side="left"))
    return int(times[index]) if index < times.size else None
