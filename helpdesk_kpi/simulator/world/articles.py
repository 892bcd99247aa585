"""The simulated help centre: at least one article per topic, with edits and votes."""

from random import Random

import msgspec

from helpdesk_kpi.simulator.world.clock import DAY, SECOND, WEEK
from helpdesk_kpi.simulator.world.facts import ArticleFact
from helpdesk_kpi.simulator.world.support_desk import BASE, SupportDesk

FIRST_ARTICLE = BASE + 3001
SECTION = BASE + 501
MINOR = 0.35  # share of edits that are small
ADDED = 80  # characters that another edit adds at least


def add_articles(rng: Random, desk: SupportDesk) -> SupportDesk:
    """The desk with its articles; the one of the n-th topic has the n-th id."""
    topics = [topic.article for topic in desk.words.topics.values()]
    old = [_article(rng, desk, i, *text) for i, text in enumerate(topics)]
    more = [_article(rng, desk, len(old) + i, *solution) for i, solution in enumerate(_solutions(desk))]
    return msgspec.structs.replace(desk, articles=(*old, *more))


def _solutions(desk: SupportDesk) -> list[tuple[str, str]]:
    return [(topic.problems[0][0], topic.solutions[0]) for topic in desk.words.topics.values()]


def _article(rng: Random, desk: SupportDesk, i: int, title: str, body: str) -> ArticleFact:
    author = rng.choice(desk.workers)
    span = desk.end - desk.start
    older = i < len(desk.words.topics)  # there before the first ticket, so that agents can link to it
    created = desk.start - 20 * WEEK + i * DAY if older else desk.start + rng.randrange(span // SECOND) * SECOND
    return ArticleFact(
        id=FIRST_ARTICLE + i * 4, title=title, body=body, author=author.account, created_at=created, section=SECTION,
        edits=_edits(rng, desk, max(created, desk.start)), votes=_votes(rng, desk, max(created, desk.start)),
        draft=i % 11 == 8, archived_at=desk.start + span * 3 // 4 // SECOND * SECOND if i % 11 == 9 else None,
    )  # fmt: skip


def _edits(rng: Random, desk: SupportDesk, since: int) -> tuple[tuple[int, int], ...]:
    """Times and authors; never a person who has left."""
    people = [worker.account for worker in desk.workers if worker.left_at is None]
    times = sorted(_instant(rng, since, desk.end) for _ in range(rng.randrange(4)))
    return tuple((at, rng.choice(people)) for at in times)


def _votes(rng: Random, desk: SupportDesk, since: int) -> tuple[tuple[int, int, int], ...]:
    readers = [account.id for account in desk.accounts if account.roles[0][1] == "customer"]
    chosen = rng.sample(readers, min(len(readers), rng.randrange(12)))
    return tuple(sorted((_instant(rng, since, desk.end), reader, rng.choice((1, 1, 1, -1))) for reader in chosen))


def add_minor_edits(rng: Random, desk: SupportDesk) -> SupportDesk:
    """The desk with some of the edits being small ones."""
    articles = tuple(
        msgspec.structs.replace(article, minor=tuple(at for at, _ in article.edits if rng.random() < MINOR))
        for article in desk.articles
    )
    return msgspec.structs.replace(desk, articles=articles)


def paragraphs(article: ArticleFact, now: int) -> list[str]:
    """The text at that time: every edit adds to it, a minor one hardly anything."""
    texts = [article.body]
    for number, at in enumerate((at for at, _ in article.edits if at <= now), 1):
        more = "" if at in article.minor else " " + article.body * (ADDED // max(1, len(article.body)) + 1)
        texts.append(f"({number}){more}")
    return texts


def count_views(article: ArticleFact, now: int) -> int:
    """Views until then, made up from votes and days."""
    votes = sum(at <= now for at, _, _ in article.votes)
    return 10 * votes + (now - article.created_at) // DAY * (1 + article.id // 4 % 3)


def _instant(rng: Random, since: int, until: int) -> int:
    return since + rng.randrange(max(1, (until - since) // SECOND)) * SECOND
