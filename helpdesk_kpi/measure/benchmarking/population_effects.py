"""All people of a comparison together: true variation between them, reliability and outliers."""

import math
from collections.abc import Iterable
from functools import cached_property

import numpy as np

from helpdesk_kpi.measure.benchmarking.peer_group import PeerGroup
from helpdesk_kpi.measure.statistics import funnel
from helpdesk_kpi.measure.statistics.false_discovery import benjamini_hochberg
from helpdesk_kpi.measure.statistics.indirect_standardisation import Expected
from helpdesk_kpi.measure.statistics.shrinkage import between, reliability


class Population:
    """The people of a period, by their codes on the axis.

    `compared`: code -> (expected, observed against expected), for people with an expectation.
    """

    def __init__(self, peers: PeerGroup, subjects: Iterable[int]) -> None:
        self.peers = peers
        self.compared = {s: found for s in subjects if (found := peers.observed_expected(s)) is not None}

    @cached_property
    def dispersion(self) -> float:
        """Overdispersion between people, at least 1."""
        return funnel.dispersion([comparison.z for _, comparison in self.compared.values()])

    def deviation(self, subject: int) -> float:
        """Deviation from the expectation, in standard deviations that include the overdispersion."""
        return self.compared[subject][1].z / math.sqrt(self.dispersion)

    def without(self, centre: float, expected: Expected) -> float:
        """The team's value if one person's units had come to their expectation."""
        units, present = self.peers.units, self.peers.present
        weight, deviation = units.weight[present], difference(expected)
        if self.peers.kind == "duration":
            return centre * math.exp(-deviation / float(weight.sum()))
        if self.peers.kind == "count":  # in proportion, since the team's value may be capped
            whole = float((weight * units.value[present]).sum())
            return centre * (1 - deviation / whole) if whole else centre
        return centre - deviation / float(weight.sum())

    @cached_property
    def outliers(self) -> frozenset[int]:
        """People who differ also by all comparisons together (Benjamini-Hochberg)."""
        found = benjamini_hochberg([funnel.chance(self.deviation(s)) for s in self.compared])
        return frozenset(s for s, is_one in zip(self.compared, found, strict=True) if is_one)

    @cached_property
    def between(self) -> float | None:
        """True variance between people per unit, beyond case mix and chance; None: fewer than two people.

        Uses the whole window, with more data per person. Differences to the others are reduced by the own share, since
        each person is part of the whole.
        """
        subject = self.peers.units.subject
        people = {
            int(s): found for s in np.unique(subject) if (found := self.peers.expected_over_window(int(s))) is not None
        }
        sizes = {s: self.peers.size(subject == s) for s in people}
        usable = [s for s, found in people.items() if sizes[s] > 0 and found.variance > 0]
        if len(usable) < 2:
            return None
        whole = sum(sizes.values())
        deviation = [difference(people[s]) / sizes[s] * (1 - sizes[s] / whole) for s in usable]
        return between(deviation, [people[s].variance / sizes[s] ** 2 for s in usable])

    def reliability(self, subject: int) -> float | None:
        """Reliability (0..1) of a person's value: true variance / total variance, for their number of units."""
        if self.between is None or subject not in self.compared:
            return None
        mine = self.peers.present & (self.peers.units.subject == subject)
        # If all others are equal, their variance is 0 and would mean that there is no chance variation.
        variance = self.compared[subject][0].variance or self.peers.pooled_variance(mine)
        return reliability(self.between, variance / self.peers.size(mine) ** 2) if variance else None


def difference(expected: Expected) -> float:
    """Observed minus expected sum."""
    return float((expected.observed - expected.expected).sum())
