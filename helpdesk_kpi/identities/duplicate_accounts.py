"""Accounts that may be one person's, for a person to confirm: nothing here joins anything.

Suggested are humans of different helpdesks that share an address which nobody verified, or a name, or a name written
otherwise ("Schmidt, Anna", "A. Schmidt"). Two that `[people]` gives an entry each have been told apart, and are never
suggested again.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Literal

import msgspec

from helpdesk_kpi.identities.agents import Agent, AgentDirectory

Why = Literal["same address, not verified", "same shared mailbox", "same name", "similar name"]


class DuplicateCandidate(msgspec.Struct, frozen=True):
    """Some humans who may be one."""

    humans: tuple[Agent, ...]
    why: Why


def find_duplicate_accounts(humans: AgentDirectory) -> list[DuplicateCandidate]:
    """Strongest reason first; two humans are suggested once."""
    people = [h for h in humans.all if not any(a.is_bot for a in h.accounts)]
    found: list[DuplicateCandidate] = []
    seen: set[frozenset[str]] = set()
    for why, groups in (
        ("same address, not verified", _by_address(people, shared=False)),
        ("same shared mailbox", _by_address(people, shared=True)),
        ("same name", _by_name(people)),
        ("similar name", _similar(people)),
    ):
        for group in groups:
            for some in _split_ambiguous(group):
                pairs = {frozenset(pair) for pair in combinations(sorted(h.name for h in some), 2)}
                if not pairs <= seen:
                    found = [one for one in found if not set(one.humans) < set(some)]
                    found.append(DuplicateCandidate(some, why))  # type: ignore[arg-type]
                seen |= pairs
    return found


def _split_ambiguous(group: Sequence[Agent]) -> Iterator[tuple[Agent, ...]]:
    """The whole group if it has one human a helpdesk and at most one entry in [people]; else the pairs that may be."""
    configured = [h for h in group if h.key]
    sources = [source for h in group for source in {a.source for a in h.accounts}]
    if len(group) > 1 and len(configured) < 2 and len(sources) == len(set(sources)):
        yield tuple(group)
        return
    for one, other in combinations(group, 2):
        both_configured = one.key and other.key
        if not both_configured and _sources(one).isdisjoint(_sources(other)):
            yield one, other


def _sources(human: Agent) -> set[str]:
    return {a.source for a in human.accounts}


def _by_address(people: Iterable[Agent], *, shared: bool) -> Iterator[list[Agent]]:
    groups: dict[str, list[Agent]] = defaultdict(list)
    for human in people:
        for address in {a.address for a in human.accounts if a.address and a.is_shared == shared}:
            groups[address].append(human)
    return (group for group in groups.values() if len(group) > 1)


def _by_name(people: Iterable[Agent]) -> Iterator[list[Agent]]:
    groups: dict[frozenset[str], list[Agent]] = defaultdict(list)
    for human in people:
        for words in {frozenset(name_words(a.name)) for a in human.accounts if a.name}:
            if words:
                groups[words].append(human)
    return (group for group in groups.values() if len(group) > 1)


def _similar(people: Sequence[Agent]) -> Iterator[list[Agent]]:
    """Pairs that share a whole word of their names and do not contradict each other in the rest."""
    sharing: dict[str, list[int]] = defaultdict(list)
    names = [{tuple(name_words(a.name)) for a in human.accounts if a.name} for human in people]
    for place, of_one in enumerate(names):
        for word in {word for name in of_one for word in name if len(word) > 2}:
            sharing[word].append(place)
    pairs = {pair for places in sharing.values() for pair in combinations(places, 2)}
    for one, other in sorted(pairs):
        if any(_fit(a, b) for a in names[one] for b in names[other]):
            yield [people[one], people[other]]


def _fit(a: Sequence[str], b: Sequence[str]) -> bool:
    """Every word of the shorter name stands in the longer one, whole or as an initial: "a schmidt", "anna schmidt"."""
    short, long = sorted((list(a), list(b)), key=len)
    if len(short) < 2:  # a first name alone fits too many
        return False
    for word in sorted(short, key=len, reverse=True):
        match = next((w for w in long if w == word), None) or next(
            (w for w in long if min(len(w), len(word)) == 1 and w[0] == word[0]), None
        )
        if match is None:
            return False
        long.remove(match)
    return True


def name_words(name: str | None) -> list[str]:
    """The words of a name in lower case, without accents, commas and dots.

    >>> name_words("Schmidt, Änne")
    ['schmidt', 'anne']
    """
    plain = unicodedata.normalize("NFKD", name or "").casefold()
    bare = unicodedata.normalize("NFC", "".join(c for c in plain if not unicodedata.combining(c)))
    return re.findall(r"[^\W_]+", bare)
