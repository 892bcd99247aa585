"""Sensitivity of weighted volume to the basis of the weights: rank changes between bases."""

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.measure.metrics.contract import EXCLUDED
from helpdesk_kpi.measure.query.complexity_weights import ComplexityWeights, ConfiguredWeights
from helpdesk_kpi.measure.query.metric_store import MetricStore


class RankChange(NamedTuple):
    """Ranks by one basis against ranks by another."""

    one: str
    other: str
    people: int
    moved: int  # people with another rank
    most: int  # largest change of rank


def find_rank_changes(by_basis: Mapping[str, Mapping[str, float]]) -> list[RankChange]:
    """Compare every two bases (person -> weighted volume). Equal volumes share the better rank.

    >>> find_rank_changes({"time": {"Ann": 9, "Bob": 8, "Eve": 1}, "equal": {"Ann": 5, "Bob": 6, "Eve": 2}})
    [RankChange(one='time', other='equal', people=3, moved=2, most=1)]
    """
    places = {basis: _places(volumes) for basis, volumes in by_basis.items()}
    return [_compare_ranks(one, other, places[one], places[other]) for one, other in combinations(places, 2)]


def _places(volumes: Mapping[str, float]) -> dict[str, int]:
    return {name: 1 + sum(other > own for other in volumes.values()) for name, own in volumes.items()}


def _compare_ranks(one: str, other: str, a: Mapping[str, int], b: Mapping[str, int]) -> RankChange:
    steps = [abs(a[name] - b[name]) for name in a if name in b]
    return RankChange(one, other, len(steps), sum(step > 0 for step in steps), max(steps, default=0))


def rank_by_basis(
    reader: MetricStore, period: Period, as_of: int, variant: str = "strict"
) -> dict[str, dict[str, float]]:
    """Basis -> person -> weighted volume: newest version of each basis, configured table, and equal weights."""
    rows = reader.columns("weighted_volume", variant).between(period.start, period.end)
    rows = rows.take(rows.exist(as_of) & ~rows.has_stop_reason(EXCLUDED))
    newest = {version.basis: version for version in reader.complexity_weights.versions}
    bases: dict[str, ComplexityWeights] = {
        basis: ComplexityWeights([version], ConfiguredWeights()) for basis, version in newest.items()
    }
    if (table := reader.complexity_weights.table).basis == "configured":
        bases["configured"] = ComplexityWeights([], table)
    bases["equal"] = ComplexityWeights([], ConfiguredWeights())
    codes = reader.labels(rows, "agent")
    found = {}
    for basis, weighing in bases.items():
        places = np.full(len(rows), len(weighing.versions) - 1)
        amounts = rows.share * rows.value * reader.apply_weights(rows, places, weighing)
        names = {int(code): reader.label_name(rows, "agent", int(code)) for code in np.unique(codes)}
        found[basis] = {name: float(amounts[codes == code].sum()) for code, name in names.items() if name is not None}
    return found
