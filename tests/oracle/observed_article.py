"""The history of one article up to an instant, as far as periodic polls can observe it.

With `world.looks` empty the observation is continuous and complete.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

import msgspec

from helpdesk_kpi.simulator.world.facts import ArticleFact
from helpdesk_kpi.simulator.world.world import World
from oracle.observed_ticket import ObservedTicket, exists


class ObservedEdit(msgspec.Struct, frozen=True):
    """The creation or an edit; `author` None: unknown."""

    at: int
    author: int | None
    kind: str  # created, substantive, minor


class ObservedLink(msgspec.Struct, frozen=True):
    """The first comment of a ticket that sends a customer to the article."""

    at: int
    author: int
    ticket: int
    worth: float  # a quarter, where it was a prepared text and has solved nothing yet


class ObservedArticle:
    """An article as of `as_of`."""

    def __init__(self, world: World, article: ArticleFact, as_of: int, linked: list[ObservedLink]) -> None:
        self.world, self.article, self.as_of = world, article, as_of
        end = article.archived_at
        self.looks = [at for at in world.looks if article.created_at <= at and (end is None or at < end)]
        known_at = (at for at in world.looks if end is not None and at >= end)
        self.gone_at = min(known_at, default=None) if world.looks else end
        self.wrote = [wrote for wrote in self._wrote() if wrote.at <= as_of]
        here = (one for one in linked if article.created_at <= one.at < (self.gone_at or one.at + 1))
        self.linked = list({one.ticket: one for one in sorted(here, key=lambda one: -one.at)}.values())

    @property
    def is_visible(self) -> bool:
        """Drafts are hidden; an article that came and went between two polls was never observed."""
        article, end = self.article, self.article.archived_at
        seen = bool(self.looks) if self.world.looks else end is None or end > article.created_at
        return seen and not article.draft and article.created_at <= self.as_of

    def _wrote(self) -> Iterator[ObservedEdit]:
        article = self.article
        yield ObservedEdit(article.created_at, article.author, "created")
        last = self.looks[-1] if self.looks else article.archived_at or self.as_of
        if self.world.tells_edits == "all":
            for at, who in article.edits:
                if at <= last:
                    yield ObservedEdit(at, who, self._kind([at]))
            return
        for before, look in pairwise([None, *self.looks]):
            assert look is not None
            between = [edit for edit in article.edits if (before or 0) < edit[0] <= look]
            if between and self.world.tells_edits == "last":
                # How much the first text that is seen was changed is unknown.
                kind = "substantive" if before is None else self._kind([at for at, _ in between])
                yield ObservedEdit(*between[-1], kind)
            elif between and before is not None:
                yield ObservedEdit(between[-1][0], None, self._kind([at for at, _ in between]))

    def _kind(self, edits: list[int]) -> str:
        return "minor" if all(at in self.article.minor for at in edits) else "substantive"

    def parts(self, at: int) -> dict[int | None, tuple[float, int]]:
        """Author -> (share of the creation and substantive edits up to `at`, time of the last one)."""
        wrote = [one for one in self.wrote if one.kind != "minor" and one.at <= at]
        shares = Counter(one.author for one in wrote)
        return {who: (n / len(wrote), max(w.at for w in wrote if w.author == who)) for who, n in shares.items()}

    def owner(self, at: int) -> int | None:
        known = {who: share for who, (share, _) in self.parts(at).items() if who is not None}
        return max(known, key=lambda who: known[who], default=None)

    def votes(self) -> Iterator[tuple[int, int, int]]:
        """(time of the poll that saw them, votes for, votes against)."""
        if not self.world.looks:
            yield from ((at, int(vote > 0), int(vote < 0)) for at, _, vote in self.article.votes if at <= self.as_of)
        for before, look in self.spans():
            found = [vote for at, _, vote in self.article.votes if before < at <= look]
            if found:
                yield look, found.count(1), found.count(-1)

    def spans(self) -> Iterator[tuple[int, int]]:
        """Intervals between polls up to `as_of`. The age of what the very first poll saw is unknown."""
        starts = [0] if self.article.created_at > min(self.world.looks, default=0) else []
        yield from (pair for pair in pairwise([*starts, *self.looks]) if pair[1] <= self.as_of)


def observe_articles(world: World, as_of: int) -> Iterator[ObservedArticle]:
    linked = _collect_links(world, as_of)
    for article in world.desk.articles:
        observed = ObservedArticle(world, article, as_of, linked[article.id])
        if observed.is_visible:
            yield observed


def _collect_links(world: World, as_of: int) -> dict[int, list[ObservedLink]]:
    """Article id -> links that people of the team made on tickets that count."""
    found: dict[int, list[ObservedLink]] = defaultdict(list)
    for story in world.stories.values():
        if exists(story, as_of) and not (ticket := ObservedTicket(world, story, as_of)).excluded():
            for place, article in links(ticket):
                save = ticket.saves[place]
                found[article].append(ObservedLink(save.at, ticket.actor(save), story.ticket, _worth(ticket, place)))
    return found


def links(ticket: ObservedTicket) -> Iterator[tuple[int, int]]:
    """(place of the save, which article) of public comments of people of the team."""
    for place, save in enumerate(ticket.saves):
        comment = save.fact.comment
        if comment and comment.article and comment.public and ticket.by(save) == "agent":
            yield place, comment.article


def _worth(ticket: ObservedTicket, place: int) -> float:
    comment = ticket.saves[place].fact.comment
    if not (ticket.world.tells_macros and comment and comment.macro):
        return 1.0
    next_reply = min((said.place for said in ticket.replies() if said.place > place), default=len(ticket.saves))
    return 1.0 if any(place <= solve.place < next_reply for solve in ticket.solves) else 0.25
