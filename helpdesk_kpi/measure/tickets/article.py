"""One article's history: who wrote it and when, which tickets link to it, and readers' votes and views.

KPI functions for articles receive an Article. Instants are UTC epoch ms; people are keys of the store.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Literal, NamedTuple

import msgspec

from helpdesk_kpi.identities.source_rules import SourceRules
from helpdesk_kpi.registers.checklists import Checklist

TYPO = 50  # characters: an edit that changes the length by no more is minor
MANY = 10  # articles saved by one account within a minute; more is a bulk edit


class ArticleRecord(msgspec.Struct, frozen=True, gc=False):
    """A row of `articles`."""

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
    """A saved version of an article's text."""

    article: int
    locale: str
    at: int
    editor: int | None
    digest: str | None
    length: int | None
    is_minor: int | None
    at_once: int  # articles that the editor saved around that minute


class CountRecord(msgspec.Struct, frozen=True, gc=False):
    """The helpdesk's counters of an article, as one sync read them."""

    article: int
    seen_at: int
    numbers: tuple[int, ...]  # votes for and against; views


class ArticleCitation(NamedTuple):
    """A ticket on which a team member linked the article in a public comment."""

    at: int
    person: int
    ticket: int
    by_macro: bool = False
    solved_at: int | None = None  # when the ticket was solved with it; None: not yet
    left_out: str = ""  # why the ticket is excluded; "": it counts
    since: int | None = None  # the exclusion starts here; None: it always applies


class Edit(NamedTuple):
    """The creation of the article, or a saved text."""

    at: int
    person: int | None  # None: unknown
    kind: Literal["created", "substantive", "minor"]
    is_bulk: bool = False  # one of many articles saved within a minute


class Contribution(NamedTuple):
    """The share of an article that one agent has written."""

    agent: int | None  # the first of their accounts; None: unknown
    person: int | None  # the account of their latest contribution
    at: int  # when that was
    share: float


class ArticleHistory:
    """One article of one helpdesk.

    Args:
        desk: rules of the source.
        row: the article's row.
        texts: saved versions, in any order.
        citations: links from tickets, in any order.
        votes, views: the helpdesk's counters as syncs read them.
        checklists: reviews of the article.
        agents: account -> first account of the same agent, for agents with several accounts.
        counted_from: when the source's first vote and view counts were read.
    """

    def __init__(
        self,
        desk: SourceRules,
        row: ArticleRecord,
        texts: Sequence[TextRecord] = (),
        *,
        citations: Sequence[ArticleCitation] = (),
        votes: Sequence[CountRecord] = (),
        views: Sequence[CountRecord] = (),
        checklists: Sequence[Checklist] = (),
        agents: Mapping[int, int] | None = None,
        counted_from: tuple[int, int] = (0, 0),
    ) -> None:
        self.desk, self.row = desk, row
        self.created_at = row.created_at
        #: When customers lost access: the article was removed, or became a draft again. None: never.
        self.gone_at = min((at for at in (row.gone_at, row.drafted_at) if at is not None), default=None)
        self._texts, self._links = texts, citations
        self._votes, self._views, self._counted_from = votes, views, counted_from
        self._agents = agents or {}
        self.checklists = checklists

    @property
    def is_published(self) -> bool:
        """Whether it ever was published.

        Helpdesks do not report when. Once published, all of its history counts, even if it becomes a draft later.
        """
        return not self.row.draft or self.row.drafted_at is not None

    def get_agent(self, person: int | None) -> int | None:
        """The first account of the agent behind an account."""
        return None if person is None else self._agents.get(person, person)

    # Who wrote it

    @cached_property
    def edits(self) -> list[Edit]:
        """The creation and later edits by people, in order of time. Edits by bots are excluded."""
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
        """Whether `at` is in a later draft phase; such edits count once the article is published again."""
        return self.row.drafted_at is not None and at > self.row.drafted_at

    def _is_edit(self, text: TextRecord, before: TextRecord | None) -> bool:
        """Whether a saved text is an edit.

        A text is an edit if an earlier one exists. The first one is an edit if it is a translation, or if the helpdesk
        reports when the text was edited (otherwise its time may be that of a vote).
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
        """Shares of the creation and the substantive edits up to `instant`, by agent. They sum to 1."""
        wrote = [edit for edit in self.edits if edit.kind != "minor" and edit.at <= instant]
        if not wrote:
            return [Contribution(None, None, self.created_at, 1.0)]
        counts = Counter(self.get_agent(edit.person) for edit in wrote)
        last = {self.get_agent(edit.person): edit for edit in wrote}
        return [Contribution(agent, last[agent].person, last[agent].at, n / len(wrote)) for agent, n in counts.items()]

    def owner(self, instant: int) -> int | None:
        """The latest account of the agent with the largest known share; of equal shares, the first author."""
        known = [part for part in self.parts(instant) if part.agent is not None]
        return max(known, key=lambda part: part.share).person if known else None

    # Use

    @cached_property
    def citations(self) -> list[ArticleCitation]:
        """The first link of each ticket while the article was available."""
        first: dict[int, ArticleCitation] = {}
        for citation in sorted(self._links, key=lambda citation: citation.at):
            if self.created_at <= citation.at < (self.gone_at or citation.at + 1):
                first.setdefault(citation.ticket, citation)
        return list(first.values())

    def votes(self) -> list[tuple[int, tuple[int, ...]]]:
        """(time of the sync, (new votes for, new votes against))."""
        return _new(self._votes, self.created_at, self._counted_from[0])

    def views(self) -> list[tuple[int, tuple[int, ...]]]:
        """(time of the sync, (new views,))."""
        return _new(self._views, self.created_at, self._counted_from[1])


def _new(counts: Sequence[CountRecord], made: int, counted_from: int) -> list[tuple[int, tuple[int, ...]]]:
    """Differences between successive counts.

    The first count of an article that is older than the source's first count has no known time and is dropped. After a
    count that falls (a withdrawn vote, a reset counter) counting starts again from the lower value.
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
