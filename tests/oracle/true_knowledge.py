"""What the KPIs of knowledge truly count: on one ticket, and on one article."""

from collections.abc import Callable, Iterator

from helpdesk_kpi.simulator.world.articles import count_views
from oracle.observed_article import ObservedArticle, links
from oracle.observed_ticket import ObservedTicket
from oracle.true_observations import Rows, TrueObservation, text, true_observation


def _link_rate(told: ObservedTicket) -> Rows:
    if told.done and told.solves:
        last = told.solves[-1]
        yield true_observation(told, last.at, agent=told.solver(last), value=float(any(links(told))))


def _activity(told: ObservedArticle) -> Rows:
    for wrote in told.wrote:
        yield _of(told, wrote.at, wrote.author, facet=wrote.kind, value=float(wrote.kind != "minor"))


def _reuse(told: ObservedArticle) -> Rows:
    for linked in told.linked:
        for author, (share, last) in told.parts(linked.at).items():
            if author != linked.author:
                yield _of(told, last, author, ticket=linked.ticket, value=linked.worth, share=share)


def _quality(told: ObservedArticle) -> Rows:
    for at, good, bad in told.votes():
        for author, (share, _) in told.parts(at).items():
            for value, votes in ((1.0, good), (0.0, bad)):
                if votes:
                    yield _of(told, at, author, value=value, share=share * votes)


def _freshness(told: ObservedArticle) -> Rows:
    if told.gone_at is None or told.gone_at > told.as_of:
        last = told.wrote[-1].at
        yield _of(told, last, told.owner(last), start=last, value=1.0)


def _views(told: ObservedArticle) -> Rows:
    for before, look in told.spans():
        views = count_views(told.article, look) - (count_views(told.article, before) if before else 0)
        if views:
            yield _of(told, look, told.owner(look), value=float(views))


def _of(
    told: ObservedArticle, at: int, agent: int | None, *, value: float, ticket: int | None = None, facet: str = "",
    share: float = 1.0, start: int | None = None,
) -> TrueObservation:  # fmt: skip
    return TrueObservation(
        ticket=text(ticket) or "", article=str(told.article.id), at=at, agent=text(agent), facet=facet, value=value,
        share=share, start=start,
    )  # fmt: skip


#: As true_kpis.KPIS.
KPIS: dict[tuple[str, str], tuple[Callable[[ObservedTicket], Iterator[TrueObservation]], bool]] = {
    ("article_link_rate", "strict"): (_link_rate, False),
}
#: (KPI, variant) -> what gives the rows of one article.
ARTICLES: dict[tuple[str, str], Callable[[ObservedArticle], Iterator[TrueObservation]]] = {
    ("article_activity", "strict"): _activity,
    ("article_reuse", "strict"): _reuse,
    ("article_quality", "strict"): _quality,
    ("article_freshness", "strict"): _freshness,
    ("article_views", "strict"): _views,
}
