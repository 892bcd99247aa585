"""How much work a kind of ticket is: complexity weights by severity, category and channel, the average ticket 1.

Weights are learned per kind and never per ticket: what somebody writes on a ticket does not make it count more. Two
rules see to it that it does not come back by a detour either. A version holds only from after the tickets that it was
learned from, and for the tickets of a person it is worked out from those in which that person had no part.

A kind with few tickets borrows the missing ones, up to 30, from its severity, and that one from all tickets.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property
from typing import Literal

import msgspec
import numpy as np

from helpdesk_kpi import config
from helpdesk_kpi.measure.metrics.columns import Floats, Ints
from helpdesk_kpi.store import Store

FEWEST = 30  # tickets that a kind's own mean is made of; those that lack are its severity's
Basis = Literal["time", "effort"]
Kind = tuple[str | None, str | None, str | None]  # severity, category, channel
Sum = tuple[int, float]  # tickets, and what they cost together; logarithms of ms where the basis is time
NOTHING: Sum = (0, 0.0)


class WeightCell(msgspec.Struct, frozen=True, array_like=True):
    """What the tickets of one kind cost, and the part of it in which each person had a hand."""

    severity: str | None
    category: str | None
    channel: str | None
    n: int
    sum: float
    people: dict[int, Sum] = {}  # the store's key -> their tickets

    @property
    def kind(self) -> Kind:
        return self.severity, self.category, self.channel

    def without(self, people: Iterable[int]) -> Sum:
        left = [self.people[p] for p in people if p in self.people]
        return self.n - sum(n for n, _ in left), self.sum - sum(s for _, s in left)


class WeightVersion(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Weights that hold from `since` on."""

    version: int
    since: int
    learned_at: int
    basis: Basis
    first: int
    last: int
    cells: tuple[WeightCell, ...]

    def weight(self, kind: Kind, without: frozenset[int] = frozenset()) -> float:
        """Of a kind of ticket; learned from what others than `without` did, if they have solved enough."""
        return self._costs(kind, without) / self._mean

    @cached_property
    def _mean(self) -> float:
        """What the average ticket of all costs."""
        return sum(c.n * self._costs(c.kind, frozenset()) for c in self.cells) / sum(c.n for c in self.cells)

    def _costs(self, kind: Kind, without: frozenset[int]) -> float:
        sums = self._sums(without)
        if sums[()][0] < FEWEST:  # somebody who does all of it is measured by all of it
            sums = self._sums(frozenset())
        n, s = sums[()]
        found = shrunk(sums.get(kind, NOTHING), shrunk(sums.get(kind[:1], NOTHING), s / n))
        return math.exp(found) if self.basis == "time" else found

    @cached_property
    def _sums(self) -> Callable[[frozenset[int]], dict[tuple[str | None, ...], Sum]]:
        """By people left out: the sums of each kind, of each severity, and of all."""

        def made(without: frozenset[int]) -> dict[tuple[str | None, ...], Sum]:
            found: dict[tuple[str | None, ...], Sum] = {(): NOTHING}
            for cell in self.cells:
                n, s = cell.without(without)
                for key in ((), (cell.severity,), cell.kind):
                    more, cost = found.get(key, NOTHING)
                    found[key] = (n + more, s + cost)
            return found

        return cache(made)


def shrunk(own: Sum, parent: float) -> float:
    """The mean of what there is, filled up to 30 tickets with the parent's mean.

    >>> shrunk((10, 30.0), 1.5), shrunk((60, 180.0), 1.5)  # (10 x 3 + 20 x 1.5) / 30
    (2.0, 3.0)
    """
    n, s = own
    return (s + max(FEWEST - n, 0) * parent) / max(n, FEWEST)


def load_weight_versions(store: Store) -> list[WeightVersion]:
    """In order of time."""
    rows = store.rows("SELECT version, since, learned_at, basis, first, last, cells FROM weights ORDER BY since")
    return [
        WeightVersion(version=v, since=since, learned_at=at, basis=basis, first=first, last=last,
                cells=msgspec.json.decode(cells, type=tuple[WeightCell, ...]))
        for v, since, at, basis, first, last, cells in rows
    ]  # fmt: skip


def save_weight_version(store: Store, made: WeightVersion) -> None:
    with store.transaction() as conn:
        conn.execute(
            "INSERT INTO weights (version, since, learned_at, basis, first, last, cells) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (made.version, made.since, made.learned_at, made.basis, made.first, made.last,
             msgspec.json.encode(made.cells).decode()),
        )  # fmt: skip


class ConfiguredWeights(msgspec.Struct, frozen=True):
    """What the configuration says, for the time before anything was learned."""

    weights: config.Weights = config.Weights()

    @property
    def basis(self) -> str:
        return "configured" if self.weights.severity or self.weights.category else "equal"

    def weight(self, kind: Kind, _without: frozenset[int] = frozenset()) -> float:
        """The level's points times the category's factor; 1 where nothing is said."""
        severity, category, _ = kind
        return self.weights.severity.get(severity or "", 1.0) * self.weights.category.get(category or "", 1.0)


class ComplexityWeights:
    """Which weights hold when."""

    def __init__(self, versions: Sequence[WeightVersion], table: ConfiguredWeights) -> None:
        self.versions = versions
        self.table = table

    def places(self, instants: Ints) -> Ints:
        """Which of the versions held at each instant; -1: none yet."""
        begin = np.array([version.since for version in self.versions], np.int64)
        return np.searchsorted(begin, instants, side="right") - 1

    def bases(self, start: int, end: int) -> str:
        """What held in [start, end), in words."""
        first, last = self.places(np.array([start, max(start, end - 1)]))
        return ", ".join(dict.fromkeys(self.label(place) for place in range(int(first), int(last) + 1)))

    def at(self, place: int) -> WeightVersion | ConfiguredWeights:
        """The weights in force, by their place among the versions; -1: before all of them."""
        return self.table if place < 0 else self.versions[place]

    def label(self, place: int) -> str:
        held = self.at(place)
        return held.basis if isinstance(held, ConfiguredWeights) else f"{held.basis} v{held.version}"


def match_weights(
    weighing: ComplexityWeights,
    places: Ints,
    labels: Mapping[str, Ints],
    names: Mapping[str, Mapping[int, str | None]],
    accounts: Mapping[str | None, frozenset[int]],
) -> Floats:
    """Each row's weight, computed once for every kind of ticket and agent.

    Args:
        places: each row's version; -1: the configured table
        labels: each row's code by axis (severity, category, channel, agent, in this order)
        names: the name of each code by axis
        accounts: the accounts of each agent, whose own tickets do not count for the weights of their work
    """
    if not len(places):
        return np.ones(0)
    kinds, of = np.unique(np.stack([places, *labels.values()], axis=1), axis=0, return_inverse=True)
    found = np.empty(len(kinds))
    for i, (place, *codes) in enumerate(kinds.tolist()):
        severity, category, channel, agent = (names[axis][code] for axis, code in zip(labels, codes, strict=True))
        found[i] = weighing.at(place).weight((severity, category, channel), accounts.get(agent, frozenset()))
    return found[of.reshape(-1)]
