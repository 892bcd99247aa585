"""One article's life: who wrote how much of it and when, which tickets it was used on, what readers said of it.

A KPI function gets an Article and reads it like a story. Every instant is UTC epoch ms; people are keys.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Literal, NamedTuple

import msgspec

from helpdesk_kpi.identities.source_rules import SourceRules
from helpdesk_kpi.registers.checklists import Checklist

TYPO = 50  # characters: a text whose length moves by no more was corrected, and not rewritten
MANY = 10  # articles that one account saved within a minute: nobody writes that fast


class ArticleRecord(msgspec.Struct, frozen=True, gc=False):
    id: int
    source: int
    native: str
    created_at: int
    edited_at: int | None
    author: int | None
    locale: str | None
    draft: int
    gone_at: int | None
    at_once: int  # articles that the author made around that minute
    drafted_at: int | None = None


class TextRecord(msgspec.Struct, frozen=True, gc=False):
    """A text as somebody left it."""

    article: int
    locale: str
    at: int
    editor: int | None
    digest: str | None
    length: int | None
    is_minor: int | None
    at_once: int  # articles that the editor saved around that minute


class CountRecord(msgspec.Struct, frozen=True, gc=False):
    """What a helpdesk counted of an article, as one sync saw it."""

    article: int
    seen_at: int
    numbers: tuple[int, ...]  # votes for and against; views


class ArticleLink(NamedTuple):
    """A ticket on which somebody of the team pointed a customer to the article."""

    at: int
    person: int
    ticket: int
    by_macro: bool = False
    solved_at: int | None = None  # when the ticket was solved with it; None: not yet
    left_out: str = ""  # why the ticket is no support work; "" if it is
    since: int | None = None  # from when on; None: it never was


class Edit(NamedTuple):
    """The creation, or a text that somebody saved."""

    at: int
    person: int | None  # None: not known
    kind: Literal["created", "substantive", "minor"]
    is_bulk: bool = False  # one of many articles that were saved at once


class Contribution(NamedTuple):
    """What one human has written of an article."""

    agent: int | None  # one of their accounts, always the same; None: not known who
    person: int | None  # the account of their latest contribution
    at: int  # when that was
    share: float


class Article:
    """One article of one helpdesk. `agents`: whose account is whose; `counted_from`: the helpdesk's first counts."""

    def __init__(
        self,
        desk: SourceRules,
        row: ArticleRecord,
        texts: Sequence[TextRecord] = (),
        *,
        citations: Sequence[ArticleLink] = (),
        votes: Sequence[CountRecord] = (),
        views: Sequence[CountRecord] = (),
        checklists: Sequence[Checklist] = (),
        agents: Mapping[int, int] | None = None,
        counted_from: tuple[int, int] = (0, 0),
    ) -> None:
        self.desk, self.row = desk, row
        self.created_at = row.created_at
        #: From when on no customer could read it: it vanished, or became a draft again.
        self.gone_at = min((at for at in (row.gone_at, row.drafted_at) if at is not None), default=None)
        self._texts, self._links = texts, citations
        self._votes, self._views, self._counted_from = votes, views, counted_from
        self._agents = agents or {}
        self.checklists = checklists

    @property
    def is_published(self) -> bool:
        """Whether it ever was. When one was published is not told: from then on all of its life counts, also of one
        that was taken back into a draft later.
        """
        return not self.row.draft or self.row.drafted_at is not None

    def get_agent(self, person: int | None) -> int | None:
        return None if person is None else self._agents.get(person, person)

    # Who wrote it

    @cached_property
    def edits(self) -> list[Edit]:
        """The creation and what people saved since, in order of time. Robots write nothing of it."""
        is_bulk = self.row.at_once > MANY
        found = [Edit(self.created_at, self.row.author, "minor" if is_bulk else "created", is_bulk)]
        before: dict[str, TextRecord] = {}
        for text in sorted(self._texts, key=lambda text: text.at):
            if text.at > self.created_at and self._is_edit(text, before.get(text.locale)):
                kind = self._kind(text, before.get(text.locale))
                found.append(Edit(text.at, text.editor, kind, text.at_once > MANY))
            before[text.locale] = text
        return [edit for edit in found if edit.person not in self.desk.bots and not self._is_hidden(edit.at)]

    def _is_hidden(self, at: int) -> bool:
        """What is written on it while it is a draft again counts once it is published."""
        return self.row.drafted_at is not None and at > self.row.drafted_at

    def _is_edit(self, text: TextRecord, before: TextRecord | None) -> bool:
        """A text that a sync saw is an edit if an earlier one differs; the first one, if it is a translation or if the
        helpdesk tells when the text was edited (else its time may be that of a vote).
        """
        own = self.row.locale or ""
        return text.digest is None or before is not None or text.locale != own or self.row.edited_at is not None

    def _kind(self, text: TextRecord, before: TextRecord | None) -> Literal["substantive", "minor"]:
        lengths = (text.length, before.length if before else None)
        if text.is_minor or text.at_once > MANY:
            return "minor"
        if lengths[0] is None or lengths[1] is None:
            return "substantive"
        return "substantive" if abs(lengths[0] - lengths[1]) > TYPO else "minor"

    def parts(self, instant: int) -> list[Contribution]:
        """Who had written which part by then: of the creation and the substantive edits. The shares sum to 1."""
        wrote = [edit for edit in self.edits if edit.kind != "minor" and edit.at <= instant]
        if not wrote:
            return [Contribution(None, None, self.created_at, 1.0)]
        counts = Counter(self.get_agent(edit.person) for edit in wrote)
        last = {self.get_agent(edit.person): edit for edit in wrote}
        return [Contribution(agent, last[agent].person, last[agent].at, n / len(wrote)) for agent, n in counts.items()]

    def owner(self, instant: int) -> int | None:
        """Who had written most of it by then, of those who are known; of equals, who wrote first."""
        known = [part for part in self.parts(instant) if part.agent is not None]
        return max(known, key=lambda part: part.share).person if known else None

    # What came of it

    @cached_property
    def citations(self) -> list[ArticleLink]:
        """The first time that each ticket was answered with it, while it was there."""
        first: dict[int, ArticleLink] = {}
        for citation in sorted(self._links, key=lambda citation: citation.at):
            if self.created_at <= citation.at < (self.gone_at or citation.at + 1):
                first.setdefault(citation.ticket, citation)
        return list(first.values())

    def votes(self) -> list[tuple[int, tuple[int, ...]]]:
        """(when a sync saw them, (for, against)) of votes that are new."""
        return _new(self._votes, self.created_at, self._counted_from[0])

    def views(self) -> list[tuple[int, tuple[int, ...]]]:
        """(when a sync saw them, (how many,)) of views that are new."""
        return _new(self._views, self.created_at, self._counted_from[1])


def _new(counts: Sequence[CountRecord], made: int, counted_from: int) -> list[tuple[int, tuple[int, ...]]]:
    """What came since the count before. When it came that was there at the first sync of all, nobody knows.

    A count that falls (a vote taken back, a counter set to zero) is counted from anew.
    """
    found = []
    before: tuple[int, ...] | None = None
    for row in sorted(counts, key=lambda row: row.seen_at):
        if before is None and made > counted_from:
            before = (0,) * len(row.numbers)
        if before is not None:
            found.append((row.seen_at, tuple(max(0, n - b) for n, b in zip(row.numbers, before, strict=True))))
        before = row.numbers
    return [(at, numbers) for at, numbers in found if any(numbers)]
