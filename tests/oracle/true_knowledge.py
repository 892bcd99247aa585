"""True observations of the knowledge KPIs, per ticket and per article."""

from collections.abc import Callable, Iterator

from helpdesk_kpi.simulator.world.articles import count_views
from oracle.observed_article import ObservedArticle, links
from oracle.observed_ticket import ObservedTicket
from oracle.true_observations import Rows, TrueObservation, text, true_observation


def _link_rate(ticket: ObservedTicket) -> Rows:
    if ticket.done and ticket.solves:
        last = ticket.solves[-1]
        yield true_observation(ticket, last.at, agent=ticket.solver(last), value=float(any(links(ticket))))


def _activity(article: ObservedArticle) -> Rows:
    for wrote in article.wrote:
        yield _of(article, wrote.at, wrote.author, facet=wrote.kind, value=float(wrote.kind != "minor"))


def _reuse(article: ObservedArticle) -> Rows:
    for linked in article.linked:
        for author, (share, last) in article.parts(linked.at).items():
            if author != linked.author:
                yield _of(article, last, author, ticket=linked.ticket, value=linked.worth, share=share)


def _quality(article: ObservedArticle) -> Rows:
    for at, good, bad in article.votes():
        for author, (share, _) in article.parts(at).items():
            for value, votes in ((1.0, good), (0.0, bad)):
                if votes:
                    yield _of(article, at, author, value=value, share=share * votes)


def _freshness(article: ObservedArticle) -> Rows:
    if article.gone_at is None or article.gone_at > article.as_of:
        last = article.wrote[-1].at
        yield _of(article, last, article.owner(last), start=last, value=1.0)


def _views(article: ObservedArticle) -> Rows:
    for before, look in article.spans():
        views = count_views(article.article, look) - (count_views(article.article, before) if before else 0)
        if views:
            yield _of(article, look, article.owner(look), value=float(views))


def _of(
    article: ObservedArticle, at: int, agent: int | None, *, value: float, ticket: int | None = None, facet: str = "",
    share: float = 1.0, start: int | None = None,
) -> TrueObservation:  # fmt: skip
    return TrueObservation(
        ticket=text(ticket) or "", article=str(article.article.id), at=at, agent=text(agent), facet=facet, value=value,
        share=share, start=start,
    )  # fmt: skip


#: As true_kpis.KPIS.
KPIS: dict[tuple[str, str], tuple[Callable[[ObservedTicket], Iterator[TrueObservation]], bool]] = {
    ("article_link_rate", "strict"): (_link_rate, False),
}
#: (KPI, variant) -> the function that gives the rows of one article.
ARTICLES: dict[tuple[str, str], Callable[[ObservedArticle], Iterator[TrueObservation]]] = {
    ("article_activity", "strict"): _activity,
    ("article_reuse", "strict"): _reuse,
    ("article_quality", "strict"): _quality,
    ("article_freshness", "strict"): _freshness,
    ("article_views", "strict"): _views,
}
