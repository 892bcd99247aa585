"""What a figure is asked for, and the policy that it is read under."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from helpdesk_kpi.measure.metrics.columns import Columns, Floats, Ints
from helpdesk_kpi.measure.metrics.contract import UNBOUNDED, Kpi, Statistic
from helpdesk_kpi.measure.metrics.metric_value import MetricValue

Bools = NDArray[np.bool_]


class MetricQuery(NamedTuple):
    """What is asked for: a variant of a KPI, over the period [start, end), as known at `as_of`."""

    kpi: Kpi
    variant: str
    start: int
    end: int
    as_of: int

    @property
    def instant(self) -> int:
        """The last instant of the period that is known."""
        return min(self.end, self.as_of)

    @property
    def statistic(self) -> Statistic:
        return self.kpi.statistic_of(self.variant)

    def value(self, **told: Any) -> MetricValue:
        """A figure of this KPI."""
        return MetricValue(kpi=self.kpi.id, variant=self.variant, unit=self.kpi.unit, **told)


class Policy(NamedTuple):
    """What is not in the observations: calendars, targets, weights, followers. Each speaks of all rows of a slice."""

    between: Callable[[Columns, Ints, Ints], Ints]  # working ms of spans
    targets: Callable[[Columns], Ints]  # each row's own target (ms, -1: none)
    clock: Callable[[Columns], str]  # calendar, business or mixed
    followers: Callable[[], Columns]  # what may follow the rows of this KPI, sure enough to count
    weights: Callable[[Columns], Floats]  # how much work each row's kind of ticket is
    scale: tuple[float, float] = UNBOUNDED  # of scores: the least and the most


class Contributions(NamedTuple):
    """What each row of a slice is of a figure, which is sum(adds) / sum(counts), or sum(adds) where it is a sum."""

    counts: Floats
    adds: Floats

    @property
    def n(self) -> float:
        return float(self.counts.sum())

    @property
    def x(self) -> float:
        return float(self.adds.sum())

    @property
    def share(self) -> float | None:
        return self.x / self.n if self.n else None


def select_rows(asked: MetricQuery, rows: Columns) -> tuple[Columns, Bools]:
    """The rows of the period, or all where what is alive at its end counts; and which of them are there at `as_of`."""
    if asked.kpi.is_instant:
        return rows, (rows.at <= asked.instant) & (rows.end > asked.instant) & rows.exist(asked.as_of)
    here = rows.between(asked.start, asked.end)
    return here, here.exist(asked.as_of)


def count_stop_reasons(rows: Columns, reasons: frozenset[str], among: Bools) -> tuple[Bools, dict[str, int]]:
    """Rows that stopped for one of the reasons, and how many `among` the rows for each."""
    codes = {code: word for code, word in enumerate(rows.words) if word in reasons}
    return rows.has_stop_reason(reasons), {
        str(word): int((among & (rows.stop == code)).sum()) for code, word in codes.items()
    }


def group_by_facet(rows: Columns, amounts: Floats, whole: float) -> dict[str, float]:
    """Sums of the amounts by facet, as parts of `whole`."""
    found = {}
    for code, word in enumerate(rows.words):
        mask = rows.facet == code
        if word is not None and mask.any():
            found[word] = float(amounts[mask].sum()) / whole
    return found
