"""The units of all people of a comparison, and what each person's would have come to with the others."""

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
    """Units of the reference window and of the period after it."""

    kind: UnitKind
    units: Units
    at: Ints
    parent: Ints  # by cell: its group
    first: int  # start of the reference window
    start: int  # start of the period
    last: int  # end of the period, or of what is known

    @property
    def present(self) -> Bools:
        """Units of the period."""
        now: Bools = self.at >= self.start
        return now

    @property
    def with_period(self) -> bool:
        """Whether the reference window has too few units, so that the others' work in the period is used too."""
        return float(self.units.weight[~self.present].sum()) < FEW

    def observed_expected(self, subject: int) -> tuple[Expected, ObservedExpected] | None:
        """One person's period against the others. None: they or the others have no units."""
        known = self.present | True if self.with_period else ~self.present
        mine = self.units.subject == subject
        return self._against(mine & self.present, ~mine & known)

    def expected_over_window(self, subject: int) -> Expected | None:
        """One person's whole window against that of the others. None: no units on either side."""
        mine = self.units.subject == subject
        found = self._against(mine, ~mine)
        return None if found is None else found[0]

    def size(self, mine: Bools) -> float:
        """Amount of work: credit; for counts the days of active weeks."""
        return self._days(mine) if self.kind == "count" else float(self.units.weight[mine].sum())

    def pooled_variance(self, mine: Bools) -> float:
        """Variance of the sum of a person's units, pooled over all units of their cells, including their own.

        For shares, half a success is added so that no success at all does not mean no variance.
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
        """The share of a person's units in cells of which they do over 80 % themselves."""
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
        """Expected counts: what the others did in as many days, cell by cell.

        The mix of work is part of what is counted, so it is not adjusted for; cells only show where a difference is.
        """
        days, all_days = self._days(mine), self._days(others)
        if not all_days:
            return None
        usual = self._amounts(others) * (days / all_days)
        e, spread = float(usual.sum()), self._spread(others)
        found = Expected(self._cells(mine), self._amounts(mine), usual, e * spread, e * spread * days / all_days)
        return found, compare_count_to_expected(found)

    def _spread(self, mask: Bools) -> float:
        """Overdispersion: variance / mean of a person's weekly amounts; at least 1."""
        weekly = self._by_week(mask, self.units.weight * self.units.value)[self._by_week(mask) > 0]
        return max(float(weekly.var(ddof=1) / weekly.mean()), 1.0) if weekly.size > 1 and weekly.mean() > 0 else 1.0

    def _days(self, mask: Bools) -> float:
        """Person-days of weeks with any work, so that absence does not count as low output."""
        begin = (np.nonzero(self._by_week(mask))[1] - self._weeks_before) * WEEK + self.start
        return float((np.minimum(begin + WEEK, self.last) - np.maximum(begin, self.first)).sum() / DAY)

    def _by_week(self, mask: Bools, amounts: Floats | None = None) -> Floats:
        """Units, or amounts, by person and week, shape (people, weeks); weeks are aligned to the period's start."""
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
