"""What people write down for everybody, and how much of it is used."""

from collections.abc import Iterator

import msgspec

from helpdesk_kpi.measure.metrics.contract import Freshness, Observation, Score, Share, Total, kpi
from helpdesk_kpi.measure.metrics.families import rate
from helpdesk_kpi.measure.tickets.article import ArticleCitation, ArticleHistory
from helpdesk_kpi.measure.tickets.exclusions import mark_excluded
from helpdesk_kpi.measure.tickets.timeline import Timeline

BY_MACRO = 0.25  # of a use that may have come along with a prepared text


@kpi(
    "Articles written", unit="count", better="neither", statistic=Total(), anchor="edited",
    needs={"articles", "article.edits"}, subject="article", facet="kind", pair="article_reuse", dimension="knowledge",
    revision=2,
)  # fmt: skip
def article_activity(article: ArticleHistory) -> Iterator[Observation]:
    """Articles made in the period, and substantive edits of articles: those that move the length of the text by more
    than 50 characters or, where lengths are not told, that the helpdesk does not call minor. Minor edits are listed and
    count nothing, and so does everything that one account saved on more than ten articles within a minute (an import, a
    move). Each language of an article has its own edits. Drafts do not count while they are drafts.
    """
    if not article.is_published:
        return
    for edit in article.edits:
        yield Observation(at=edit.at, agent=edit.person, facet=edit.kind, value=0 if edit.kind == "minor" else 1)


@kpi(
    "Article reuse", unit="tickets", better="higher", statistic=Total(within=90, cap=20), anchor="edited",
    needs={"articles", "article.edits", "comments.public"}, subject="article", pair="article_activity",
    dimension="knowledge", level="agent", min_n=3, revision=2,
)  # fmt: skip
def article_reuse(article: ArticleHistory) -> Iterator[Observation]:
    """Tickets that somebody else answered with an article within 90 days after a person wrote on it: a link to it in a
    public comment, the first one of each ticket. Who wrote the article share the ticket by their parts of it (making
    it and substantive edits up to then); the part of whoever set the link is nobody's. It counts in the period in which
    the person last wrote on it before, for at most 20 tickets an article and period. Links by rules and robots do not
    count, nor do those on spam, test, internal, outbound, merged and deleted tickets, on drafts, or to an article that
    was not there. What a macro brought along (only Zendesk tells) is a quarter until the ticket is solved with it.
    """
    if not article.is_published:
        return
    for citation in article.citations:
        user = article.get_agent(citation.person)
        rows = [
            Observation(
                at=part.at, start=part.at, end=citation.at, since=since, until=until, agent=part.person, value=value,
                share=part.share, ticket=citation.ticket,
            )
            for since, until, value in _worth(citation)
            for part in article.parts(citation.at)
            if part.agent != user
        ]  # fmt: skip
        yield from mark_excluded(rows, citation.left_out, citation.since) if citation.left_out else rows


def _worth(citation: ArticleCitation) -> list[tuple[int, int | None, float]]:
    """(since, until, worth)"""
    at, solved = citation.at, citation.solved_at
    if not citation.by_macro or solved == at:
        return [(at, None, 1)]
    weak = (at, solved, BY_MACRO)
    return [weak] if solved is None else [weak, (solved, None, 1)]


@rate(
    "Tickets answered with an article", short="Answered with an article", anchor="solved",
    needs={"status.history", "comments.public"}, pair="article_reuse", dimension="knowledge", level="team", min_n=50,
    revision=3,
)  # fmt: skip
def article_link_rate(ticket: Timeline) -> Iterator[Observation]:
    """Of the tickets whose last solve lies in the period, the share in which somebody of the team pointed the customer
    to an article: a link in a public comment, also one that was written after the solve. No goal should be set on it:
    who has to link, links anything. A chat that cannot be read is left out, unless a comment has a link.
    """
    linked = min((cited.at for cited in ticket.citations), default=None)
    unknown = "no_chat_data" if ticket.lacks_chat else ""
    for solve in ticket.solves:
        yield from _link_observations(ticket.fact(solve.at, solve.agent), linked, solve.reopened_at, unknown)


def _link_observations(fact: Observation, linked: int | None, gone: int | None, unknown: str) -> Iterator[Observation]:
    """Without a link until there is one; until the solve is no longer the last one. `unknown`: why it is not known that
    there was none.
    """
    replace = msgspec.structs.replace
    if linked is None or linked > fact.at:
        until = min((t for t in (linked, gone) if t is not None), default=None)
        yield replace(fact, value=None if unknown else 0, stop=unknown, until=until)
    if linked is not None and (gone is None or linked < gone):
        yield replace(fact, value=1, since=linked if linked > fact.at else None, until=gone)


@rate(
    "Articles found helpful", counts=("vote", "votes"), statistic=Share(headline="low"), anchor="answered",
    needs={"articles", "article.votes"}, subject="article", pair="article_views", dimension="knowledge",
    level="agent", revision=2,
)  # fmt: skip
def article_quality(article: ArticleHistory) -> Iterator[Observation]:
    """Of the votes on articles that came in in the period, the share for them; the headline is the lower end of its
    95 % interval, so that few votes make no good article. Who wrote an article share its votes by their parts of it.
    Votes have the time of the sync that first saw them; those that were there at the first sync of all have none and
    do not count. Helpdesks tell sums only: votes by employees are among them, and a vote taken back is not missed.
    """
    if not article.is_published:
        return
    for at, (good, bad) in article.votes():
        for part in article.parts(at):
            for value, votes in ((1, good), (0, bad)):
                if votes:
                    yield Observation(at=at, agent=part.person, value=value, share=part.share * votes)


@article_quality.variant("checklist", statistic=Score(scale=(0.0, 1.0)))
def _checklist(article: ArticleHistory) -> Iterator[Observation]:
    """The mean of the checklists of articles (the register article_review) of the period, 0 to 1: the aspects that are
    met, by their weights; a critical one that is not met makes it 0. Who had written an article share its checklists by
    their parts of it.
    """
    if article.is_published:
        for review in article.checklists:
            for part in article.parts(max(review.at, article.created_at)):
                yield Observation(at=review.at, agent=part.person, value=review.score, share=part.share)


@rate(
    "Fresh articles", counts=("article", "articles"), statistic=Freshness(180), anchor="instant",
    needs={"articles", "article.edits"}, subject="article", pair="article_reuse", dimension="knowledge", level="team",
    revision=2,
)  # fmt: skip
def article_freshness(article: ArticleHistory) -> Iterator[Observation]:
    """Of the articles that are there at the end of the period, the share that somebody made or edited within the 180
    days before; a minor edit will do, since it shows that somebody looked. What is saved on many articles at once will
    not. An article is its owner's: of those who have written most of it.
    """
    if not article.is_published:
        return
    seen = sorted({article.created_at, *(e.at for e in article.edits if not e.is_bulk)})
    gone = article.gone_at
    for start, following in zip(seen, [*seen[1:], None], strict=True):
        if gone is None or start < gone:
            end = following if gone is None else min(gone, following or gone)
            yield Observation(at=start, start=start, end=end, agent=article.owner(start), value=1)


@kpi(
    "Article views", unit="count", better="neither", statistic=Total(), anchor="recorded",
    needs={"articles", "article.views"}, subject="article", pair="article_quality", dimension="knowledge", revision=2,
)  # fmt: skip
def article_views(article: ArticleHistory) -> Iterator[Observation]:
    """How often articles were looked at in the period, as the helpdesk counts it. Views have the time of the sync that
    first saw them; those from before the first sync of all do not count. They are shown with whoever has written most
    of the article, and never scored.
    """
    if not article.is_published:
        return
    for at, (views,) in article.views():
        yield Observation(at=at, agent=article.owner(at), value=views)
