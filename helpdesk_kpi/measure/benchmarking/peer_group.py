"""The things of all people of a comparison side by side, and what each one's would have come to with the others."""

from typing import NamedTuple

import numpy as np

from helpdesk_kpi.measure.benchmarking.observed_expected import (
    ObservedExpected,
    compare_count_to_expected,
    compare_to_expected,
)
from helpdesk_kpi.measure.benchmarking.units import UnitKind
from helpdesk_kpi.measure.metrics.columns import Floats, Ints
from helpdesk_kpi.measure.query.metric_query import Bools
from helpdesk_kpi.measure.statistics.indirect_standardisation import (
    FEW,
    Expected,
    Units,
    fit_norm,
    standardise,
    without_peers,
)
from helpdesk_kpi.milliseconds import DAY, WEEK


class PeerGroup(NamedTuple):
    """Things of the reference window and of the period after it."""

    kind: UnitKind
    units: Units
    at: Ints
    parent: Ints  # by cell
    first: int  # the reference begins
    start: int  # the period begins
    last: int  # the period ends, or what is known of it

    @property
    def present(self) -> Bools:
        now: Bools = self.at >= self.start
        return now

    @property
    def with_period(self) -> bool:
        """Whether too little is known from before the period, so that the others' work in it is taken too."""
        return float(self.units.weight[~self.present].sum()) < FEW

    def observed_expected(self, subject: int) -> tuple[Expected, ObservedExpected] | None:
        """The period of one person. None: they, or the others, have done nothing."""
        known = self.present | True if self.with_period else ~self.present
        mine = self.units.subject == subject
        return self._against(mine & self.present, ~mine & known)

    def expected_over_window(self, subject: int) -> Expected | None:
        """All of one person's window against all of the others'."""
        mine = self.units.subject == subject
        found = self._against(mine, ~mine)
        return None if found is None else found[0]

    def size(self, mine: Bools) -> float:
        """How much was done: credit, or for counts the days of weeks in which anything was."""
        return self._days(mine) if self.kind == "count" else float(self.units.weight[mine].sum())

    def pooled_variance(self, mine: Bools) -> float:
        """Of the sum of one's things, by how all things of their kinds differ, the own ones too. None of many is taken
        for a half.
        """
        weight, value = self.units.weight, self.units.value
        alike = np.isin(self.units.cell, self.units.cell[mine])
        whole = float(weight[alike].sum())
        mean = float((weight * value)[alike].sum()) / whole
        one = float((weight * (value - mean) ** 2)[alike].sum()) / whole
        if self.kind == "share":
            some = (min(mean, 1 - mean) * whole + 0.5) / (whole + 1)
            one = some * (1 - some)
        return float((weight[mine] ** 2).sum()) * one

    def share_without_peers(self, subject: int) -> float:
        """The part of one person's things that lies in cells of which they do over 80 % themselves."""
        mine = self.units.subject == subject
        return without_peers(self._cells(mine & self.present), self._cells(mine), self._cells(mine | True))

    def _against(self, mine: Bools, others: Bools) -> tuple[Expected, ObservedExpected] | None:
        if not self.size(mine) > 0:
            return None
        if self.kind == "count":
            return self._counts(mine, others)
        usual = fit_norm(_select(self.units, others), self.parent)
        if usual is None:
            return None
        units = _select(self.units, mine)
        found = standardise(units, usual)
        return found, compare_to_expected(self.kind, units, usual, found)

    def _counts(self, mine: Bools, others: Bools) -> tuple[Expected, ObservedExpected] | None:
        """Of each kind, as many as the others did in as many days. How many of a kind one gets is part of what is
        counted, so nothing is adjusted for it; the cells only show where the difference lies.
        """
        days, all_days = self._days(mine), self._days(others)
        if not all_days:
            return None
        usual = self._amounts(others) * (days / all_days)
        e, spread = float(usual.sum()), self._spread(others)
        found = Expected(self._cells(mine), self._amounts(mine), usual, e * spread, e * spread * days / all_days)
        return found, compare_count_to_expected(found)

    def _spread(self, mask: Bools) -> float:
        """How many times more than Poisson's the variance of a person's week is; at least 1."""
        weekly = self._by_week(mask, self.units.weight * self.units.value)[self._by_week(mask) > 0]
        return max(float(weekly.var(ddof=1) / weekly.mean()), 1.0) if weekly.size > 1 and weekly.mean() > 0 else 1.0

    def _days(self, mask: Bools) -> float:
        """Person-days of the weeks in which somebody did anything: who is away is not behind."""
        begin = (np.nonzero(self._by_week(mask))[1] - self._weeks_before) * WEEK + self.start
        return float((np.minimum(begin + WEEK, self.last) - np.maximum(begin, self.first)).sum() / DAY)

    def _by_week(self, mask: Bools, amounts: Floats | None = None) -> Floats:
        """How many things, or how much, by person and week; weeks are counted from the period's start, both ways."""
        week = (self.at[mask] - self.start) // WEEK + self._weeks_before
        weeks = self._weeks_before + -(-(self.last - self.start) // WEEK) + 1
        people = int(self.units.subject.max(initial=0)) + 1
        place = self.units.subject[mask] * weeks + week
        sums = np.bincount(place, None if amounts is None else amounts[mask], minlength=people * weeks)
        return sums.reshape(people, weeks).astype(np.float64)

    @property
    def _weeks_before(self) -> int:
        return -(-(self.start - self.first) // WEEK)

    def _cells(self, mask: Bools) -> Floats:
        return self._by_cell(mask, self.units.weight)

    def _amounts(self, mask: Bools) -> Floats:
        return self._by_cell(mask, self.units.weight * self.units.value)

    def _by_cell(self, mask: Bools, amounts: Floats) -> Floats:
        sums = np.bincount(self.units.cell[mask], weights=amounts[mask], minlength=self.parent.size)
        return sums.astype(np.float64)


def _select(units: Units, mask: Bools) -> Units:
    return Units(units.subject[mask], units.cell[mask], units.value[mask], units.weight[mask])
