"""What all people of a comparison say together: how much they truly differ, and who stands out."""

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
    """The people of a period, by the codes of their axis."""

    def __init__(self, peers: PeerGroup, subjects: Iterable[int]) -> None:
        self.peers = peers
        self.compared = {s: found for s in subjects if (found := peers.observed_expected(s)) is not None}

    @cached_property
    def dispersion(self) -> float:
        return funnel.dispersion([comparison.z for _, comparison in self.compared.values()])

    def deviation(self, subject: int) -> float:
        """Standard deviations from what was expected, of those by which people vary anyway."""
        return self.compared[subject][1].z / math.sqrt(self.dispersion)

    def without(self, centre: float, expected: Expected) -> float:
        """The team's value, had one person's things come to what was expected of them."""
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
        """Who differs also when all comparisons are seen together."""
        found = benjamini_hochberg([funnel.chance(self.deviation(s)) for s in self.compared])
        return frozenset(s for s, is_one in zip(self.compared, found, strict=True) if is_one)

    @cached_property
    def between(self) -> float | None:
        """The variance of what one thing truly comes to with different people, beyond their mix; None of fewer than 2.

        It takes all of the window, in which more is known of each. Who is part of all lies nearer to all than to the
        others, by the own part.
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
        """The part of the differences between people that is not chance, for as many things as this one has."""
        if self.between is None or subject not in self.compared:
            return None
        mine = self.peers.present & (self.peers.units.subject == subject)
        # With the others all alike, their spread would say that there is no chance at all.
        variance = self.compared[subject][0].variance or self.peers.pooled_variance(mine)
        return reliability(self.between, variance / self.peers.size(mine) ** 2) if variance else None


def difference(expected: Expected) -> float:
    return float((expected.observed - expected.expected).sum())
