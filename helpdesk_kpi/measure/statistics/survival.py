"""The Kaplan-Meier estimate: quantiles of durations with running spans included.

A mean or median of finished tickets alone is too low while slow ones are still open. S(t) is the share of units that
have not ended after t. Kaplan and Meier, JASA 53 (1958) 457; Greenwood's variance on the log(-log) scale, which
keeps the interval within 0..1, as in Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 1.4.
"""

from collections.abc import Callable
from statistics import NormalDist

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpdesk_kpi.measure.statistics.intervals import Z95, ranks, wilson

Floats = NDArray[np.float64]
_ROUNDING = 1e-9  # S is a product of fractions: 0.5 may come out as 0.5 + 1e-16


class Curve(msgspec.Struct, frozen=True):
    """S as a step function. `times`, `survival` and `greenwood` have one entry per distinct end time."""

    times: NDArray[np.int64]  # ms, ascending
    survival: Floats  # S just after each of the times
    greenwood: Floats  # variance of log S; infinite once S is 0
    running: NDArray[np.int64]  # ms, ascending: observed durations of running units
    n: int  # units, ended or running

    def quantile(self, q: float) -> int | None:
        """The smallest t (ms) with S(t) <= 1 - q; None if the curve does not fall so far: not reached yet.

        Without censoring this is the smallest value with at least a share q of all values up to it: the median of an
        even number is the lower of the two in the middle.

        >>> kaplan_meier([10, 20, 30, 40], [True] * 4).quantile(0.5)
        20
        """
        return _first_at_most(self.times, self.survival, 1 - q)

    def quantile_interval(self, q: float, z: float = Z95) -> tuple[int | None, int | None]:
        """Where the two limits of S fall to 1 - q; None on a side where a limit does not.

        Brookmeyer and Crowley, Biometrics 38 (1982) 29, with the limits of `band`. Those hold for many units. Also None
        on a side where so few units leave the limit open even without running ones (at risk at the first end).

        All of three are above the median one time in eight, so the smallest of them is no lower limit.

        >>> kaplan_meier([10, 20, 30], [True, True, False]).quantile_interval(0.5)
        (None, None)
        """
        if not self.times.size:
            return None, None
        there = self.n - int(np.searchsorted(self.running, self.times[0], side="left"))
        exact = ranks(there, q, 2 * NormalDist().cdf(z) - 1)
        low, high = (
            None if place is None else _first_at_most(self.times, limit, 1 - q)
            for place, limit in zip(exact, self.band(z), strict=True)
        )
        return low, high

    def at(self, t: float) -> float:
        """S(t), t in ms: the share that takes longer than t. The share within a target is 1 - at(target).

        >>> kaplan_meier([10, 20, 30, 40], [True] * 4).at(20)
        0.5
        """
        index = self._index(t)
        return 1.0 if index < 0 else float(self.survival[index])

    def interval_at(self, t: float, z: float = Z95) -> tuple[float, float]:
        """The interval of S(t): Wilson's while nothing is censored before t, since S(t) is then a plain share.

        Wilson's interval of the units observed until t is also used where S is 1 or 0 and Greenwood's has no width.

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

    def done_by(self, target: float, z: float = Z95) -> tuple[float, float, float]:
        """(share done by the target in ms, low, high): compares groups more readably than whole curves do.

        >>> kaplan_meier([10, 20, 30, 40], [True] * 4).done_by(20)[0]
        0.5
        """
        low, high = self.interval_at(target, z)
        return 1 - self.at(target), 1 - high, 1 - low

    def restricted_mean(self, to: float, z: float = Z95) -> tuple[float, float, float]:
        """(restricted mean up to `to`, low, high), in ms: longer durations count as `to`.

        The area under S up to `to`; its variance is the sum over the ends before it of the squared remaining area
        times that end's term of Greenwood's variance. Klein and Moeschberger, Survival Analysis, 2nd ed., 4.5. If
        nothing was observed as long as `to`, the curve stays at its last value, so the mean is rather too high.

        Two durations, 10 and 30, until 20: 10 with both and 10 with half, 15. Variance (10 x 0.5)^2 x 1/(2 x 1) = 12.5.

        >>> [round(ms, 3) for ms in kaplan_meier([10, 30], [True, True]).restricted_mean(20, z=1)]
        [15.0, 11.464, 18.536]
        """
        before = self.times < to
        steps = np.concatenate([[0.0], self.times[before], [to]])
        areas = np.diff(steps) * np.concatenate([[1.0], self.survival[before]])
        left = np.cumsum(areas[::-1])[::-1][1:]  # after each end
        terms = np.diff(self.greenwood[before], prepend=0.0)
        inside = left > 0
        mean, half = float(areas.sum()), z * float((left[inside] ** 2 * terms[inside]).sum()) ** 0.5
        return mean, max(mean - half, 0.0), min(mean + half, float(to))

    def beyond(self, elapsed: ArrayLike, scale: Callable[[ArrayLike], Floats]) -> Floats:
        """The mean of scale(T) given T > `elapsed` (ms), for each; the curve's remaining mass ends at its last time.

        This is the imputation of running spans by Buckley and James, Biometrika 66 (1979) 429. At least scale(elapsed).

        Of 10, 20, 30, 40 those above 10 have the mean 30, those above 30 40, and above 50 there are none.

        >>> kaplan_meier([10, 20, 30, 40], [True] * 4).beyond([10, 30, 50], np.float64).tolist()
        [30.0, 40.0, 50.0]
        """
        last = max([*self.times[-1:], *self.running[-1:]])
        times = np.append(self.times, last)
        mass = -np.diff(np.concatenate([[1.0], self.survival, [0.0]]))
        after = np.searchsorted(times, np.asarray(elapsed), side="right")
        sums = np.append(np.cumsum((mass * scale(times))[::-1])[::-1], 0.0)[after]
        masses = np.append(np.cumsum(mass[::-1])[::-1], 0.0)[after]
        own = scale(elapsed)
        found: Floats = np.maximum(np.divide(sums, masses, out=own.copy(), where=masses > _ROUNDING), own)
        return found

    def band(self, z: float = Z95) -> tuple[Floats, Floats]:
        """Lower and upper limit of S at each of the times: S^exp(+-z sqrt(greenwood)/|log S|).

        Where S is 0 Greenwood's has no width: the lower limit is 0, the upper one that of none of all that ended
        (Clopper and Pearson, Biometrika 26 (1934) 404) or what it was before, if that is less.

        Of 100 that all took 5, at 2.5 % still at most 1 - 0.025^(1/100) = 3.6 % take longer; of two, 84 %.

        >>> [round(float(kaplan_meier([5] * n, [True] * n).band()[1][0]), 3) for n in (100, 2)]
        [0.036, 0.842]
        """
        inside = (self.survival > 0) & (self.survival < 1)
        log = np.log(self.survival, out=np.full_like(self.survival, -1.0), where=inside)
        variance = np.where(inside, self.greenwood, 0.0)
        factor = np.exp(z * np.sqrt(variance) / -log)
        low = np.where(inside, np.exp(log * factor), self.survival)
        tail, ended = NormalDist().cdf(-z), self.n - self.running.size
        none = 1 - tail ** (1 / ended) if ended else 1.0
        high = np.where(inside, np.exp(log / factor), np.where(self.survival > 0, 1.0, none))
        return np.minimum.accumulate(low), np.minimum.accumulate(high)

    def _index(self, t: float) -> int:
        return int(np.searchsorted(self.times, t, side="right")) - 1


def kaplan_meier(durations: ArrayLike, ended: ArrayLike) -> Curve:
    """Fit the curve. At equal times ends come before censoring.

    Args:
        durations: ms, shape (n,), >= 0.
        ended: bool, shape (n,); False: still running.

    Raises:
        ValueError: the shapes differ.

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
    """The first time at which a falling curve is at most `level`."""
    index = int(np.searchsorted(-curve, -(level + _ROUNDING), side="left"))
    return int(times[index]) if index < times.size else None
