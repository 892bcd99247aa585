"""The order of changes of one field that have the same time, and what a history that ends elsewhere means.

Helpdesks write whole seconds, and their ids are no order. What a change leads from says which one came before it.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Protocol, TypeVar


class Step(Protocol):
    """What of a change is read here."""

    @property
    def at(self) -> int: ...
    @property
    def field(self) -> str | None: ...
    @property
    def before(self) -> str | None: ...
    @property
    def after(self) -> str | None: ...


class Numbered(Step, Protocol):
    @property
    def seq(self) -> int: ...


S = TypeVar("S", bound=Step)
T = TypeVar("T", bound=Numbered)
MOST = 7  # changes of one field in one instant up to which all orders are tried


def in_order(changes: Sequence[S]) -> list[S]:
    """Put changes of one field and one instant into the order in which each leads on from the one before it.

    Args:
        changes: sorted by time; those of one instant in the order of their ids.

    Returns:
        The same changes. Where no order fits, they stay as they are.
    """
    if not _has_ties(changes):
        return list(changes)
    found = list(changes)
    places: dict[str | None, list[int]] = {}
    for place, change in enumerate(changes):
        places.setdefault(change.field, []).append(place)
    for mine in places.values():
        for place, change in zip(mine, _chained([changes[place] for place in mine]), strict=True):
            found[place] = change
    return found


def in_turn(changes: Iterable[T]) -> list[T]:
    """Put changes, in whatever order they are given, into the order in which they happened."""
    return in_order(sorted(changes, key=lambda change: (change.at, change.seq)))


def _has_ties(changes: Iterable[S]) -> bool:
    last: dict[str | None, int] = {}
    for change in changes:
        if last.get(change.field) == change.at:
            return True
        last[change.field] = change.at
    return False


def _chained(changes: Sequence[S]) -> Iterator[S]:
    """Of one field."""
    groups = [list(group) for _, group in groupby(changes, key=lambda change: change.at)]
    known: tuple[str | None, ...] = ()  # the value so far; (): not known
    for place, group in enumerate(groups):
        following = groups[place + 1] if place + 1 < len(groups) else ()
        ends = {change.before for change in following}
        ordered = _order(group, known, ends) if 1 < len(group) <= MOST else group
        yield from ordered
        known = (ordered[-1].after,)


def _order(group: list[S], known: tuple[str | None, ...], ends: set[str | None]) -> list[S]:
    """The first order in which each leads on from the one before: from the value so far to where the next one begins,
    else with as many of the two as can be had.
    """
    chains = list(_chains(group))
    for begins, leads_on in ((True, True), (True, False), (False, True), (False, False)):
        for chain in chains:
            fits = not begins or not known or chain[0].before == known[0]
            if fits and (not leads_on or not ends or chain[-1].after in ends):
                return chain
    return group


def _chains(rest: list[S], so_far: tuple[S, ...] = ()) -> Iterator[list[S]]:
    if not rest:
        yield list(so_far)
    for place, change in enumerate(rest):
        if not so_far or so_far[-1].after == change.before:
            yield from _chains([*rest[:place], *rest[place + 1 :]], (*so_far, change))
