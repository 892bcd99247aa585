"""Confidential answers: a score shows them in fixed groups, each of which has the fewest raters that may be shown.

Two figures whose answers differ by one give that one away: of two instants, of a month and a week in it, of a team and
its members. So the answers about one person (or team) are put into groups once, and every figure, of whatever period
or slice, counts the groups that lie in it as a whole. Whatever is added to or subtracted from what is shown is then a
sum over whole groups.

- Nothing is shown of a period that is not over.
- The answers of a month are a group when the month is over and they are of enough raters; what is left waits for its
  quarter, half-year and year.
- Answers that are written down later, when a figure may have been looked at already, wait until they are enough for a
  group of their own.
- Of aspects, a group counts where enough raters have answered exactly the same ones. If one has left out an aspect, the
  whole less the aspects would tell what this one has answered.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

import numpy as np

from helpdesk_kpi.calendar.periods import Kind, get_period_at
from helpdesk_kpi.measure.metrics.columns import NO_PERSON, Columns, Ints
from helpdesk_kpi.measure.query.metric_query import Bools
from helpdesk_kpi.model import MAIN
from helpdesk_kpi.store import Store

SPANS: tuple[Kind, ...] = ("month", "quarter", "half", "year")  # each of the first lies in one of the next
NO_GROUP = -1


class Answer(NamedTuple):
    """One answer: a story of a register."""

    story: int
    about: tuple[int, int]  # person and team; the team only of answers that are about no person
    rater: int
    at: int
    written: int


class RaterGroup(NamedTuple):
    """Answers that are shown together."""

    stories: frozenset[int]
    known: int  # the end of the span of these answers


class Confidential:
    """The groups of one variant of a score, over all that the store knows."""

    def __init__(self, store: Store, rows: Columns, about: tuple[Ints, Ints], *, fewest: int, zone: str) -> None:
        """`rows`: all of the variant; `about`: each row's person and team, by codes."""
        self.rows, self.fewest, self.zone = rows, fewest, zone
        self.groups = list(self._groups(_answers(store, rows, about)))
        self.of = {story: place for place, group in enumerate(self.groups) for story in group.stories}

    def shown(self, rows: Columns, as_of: int) -> Bools:
        """Which of some rows lie in groups that are among them as a whole, and of a span that is over at `as_of`."""
        group = self._places(rows)
        kept = np.zeros(len(rows), bool)
        for place in np.unique(group[group != NO_GROUP]):
            for facet in np.unique(rows.facet[group == place]):
                here = (group == place) & (rows.facet == facet)
                wanted = self._members.get((int(place), rows.words[facet]), 0)
                kept |= here & (int(here.sum()) == wanted and self.groups[place].known <= as_of)
        return kept

    def _places(self, rows: Columns) -> Ints:
        return np.array([self.of.get(story, NO_GROUP) for story in rows.story.tolist()], np.int64)

    @cached_property
    def _members(self) -> dict[tuple[int, str | None], int]:
        """How many rows a group has of each facet that may be shown."""
        found: dict[tuple[int, str | None], int] = {}
        group = self._places(self.rows)
        for place in range(len(self.groups)):
            here = self.rows.take(group == place)
            counts = Counter(here.words[code] for code in here.facet.tolist())
            shown = counts if self._is_even(here) else {MAIN: counts[MAIN]}
            found |= {(place, facet): n for facet, n in shown.items()}
        return found

    def _is_even(self, rows: Columns) -> bool:
        """Whether the answers of a group fall into enough raters for each choice of aspects."""
        answered: dict[int, set[int]] = defaultdict(set)
        rater = dict(zip(rows.story.tolist(), rows.rater.tolist(), strict=True))
        for story, facet in zip(rows.story.tolist(), rows.facet.tolist(), strict=True):
            answered[story].add(facet)
        alike: dict[frozenset[int], set[int]] = defaultdict(set)
        for story, aspects in answered.items():
            alike[frozenset(aspects)].add(rater[story])
        return all(len(raters) >= self.fewest for raters in alike.values())

    def _groups(self, answers: list[Answer]) -> Iterator[RaterGroup]:
        by_subject = groupby(sorted(answers, key=lambda a: (a.about, a.at, a.story)), key=lambda a: a.about)
        for _, own in by_subject:
            yield from self._of_one(list(own))

    def _of_one(self, waiting: list[Answer]) -> Iterator[RaterGroup]:
        """As time goes on: what is later written down changes no group that there was."""
        ends = {answer: [get_period_at(kind, answer.at, self.zone).end for kind in SPANS] for answer in waiting}
        moments = sorted({max(end, answer.written) for answer, own in ends.items() for end in own})
        for moment in moments:
            for level in range(len(SPANS)):
                over = [a for a in waiting if max(ends[a][level], a.written) <= moment]
                for end in sorted({ends[a][level] for a in over}):
                    of_span = [a for a in over if ends[a][level] == end]
                    if len({a.rater for a in of_span}) >= self.fewest:
                        group = RaterGroup(frozenset(a.story for a in of_span), end)
                        waiting = [a for a in waiting if a.story not in group.stories]
                        yield group


def _answers(store: Store, rows: Columns, about: tuple[Ints, Ints]) -> list[Answer]:
    """Each as it was first written down; a correction comes in its place."""
    main = np.flatnonzero(rows.facet == rows.code(MAIN)).tolist()
    sql = "SELECT subject, min(entered_at) FROM registers WHERE subject IN (SELECT value FROM json_each(?)) GROUP BY 1"
    written = dict(store.rows(sql, sorted({int(rows.story[i]) for i in main})))
    found = []
    for i in main:
        story, person, team = int(rows.story[i]), int(about[0][i]), int(about[1][i])
        whom = (person, NO_PERSON if person != NO_PERSON else team)
        found.append(Answer(story, whom, int(rows.rater[i]), int(rows.at[i]), written[story]))
    return found
