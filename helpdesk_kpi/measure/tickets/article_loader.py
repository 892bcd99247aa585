"""Load articles with their texts, counters and links from tickets."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from helpdesk_kpi.identities.source_rules import SourceRules
from helpdesk_kpi.measure.tickets.article import ArticleCitation, ArticleHistory, ArticleRecord, CountRecord, TextRecord
from helpdesk_kpi.measure.tickets.exclusions import find_exclusion
from helpdesk_kpi.measure.tickets.timeline import Tickets
from helpdesk_kpi.milliseconds import MINUTE
from helpdesk_kpi.model import TITLED
from helpdesk_kpi.registers.checklists import Checklist
from helpdesk_kpi.store import Store

TICKETS = 1000  # timelines in memory at a time

_ARTICLES = f"""
SELECT id, source, native, created_at, edited_at, author, locale, draft, gone_at,
       (SELECT count(*) FROM articles o WHERE o.author = a.author
        AND o.created_at BETWEEN a.created_at - {MINUTE} AND a.created_at + {MINUTE}), drafted_at
FROM articles a WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id
"""
_TEXTS = f"""
SELECT article, locale, at, editor, digest, length, is_minor,
       (SELECT count(DISTINCT o.article) FROM article_edits o WHERE o.editor = e.editor
        AND o.at BETWEEN e.at - {MINUTE} AND e.at + {MINUTE})
FROM article_edits e WHERE article IN (SELECT value FROM json_each(?))
"""
_VOTES = "SELECT article, seen_at, up, down FROM article_votes WHERE article IN (SELECT value FROM json_each(?))"
_VIEWS = "SELECT article, seen_at, views FROM article_views WHERE article IN (SELECT value FROM json_each(?))"
#: The first count of each source.
_FIRST = "SELECT a.source, min(c.seen_at) FROM {} c JOIN articles a ON a.id = c.article GROUP BY a.source"
#: CROSS JOIN keeps the order, in which the index on links serves: https://www.sqlite.org/optoverview.html#crossjoin
_CITING = f"""
SELECT a.id, l.ticket FROM articles a
CROSS JOIN article_links l ON l.article IN (a.native, '{TITLED}' || a.title)
CROSS JOIN tickets t ON t.id = l.ticket AND t.source = a.source
WHERE a.id IN (SELECT value FROM json_each(?)) GROUP BY a.id, l.ticket
"""
Reviews = Mapping[int, Sequence[Checklist]]


def load_articles(
    store: Store, desks: Mapping[int, SourceRules], keys: Sequence[int], tickets: Tickets, reviews: Reviews
) -> Iterator[ArticleHistory]:
    """Load articles in order of their keys.

    Args:
        desks: source key -> its rules.
        keys: articles.
        tickets: loads timelines by key.
        reviews: article -> checklists about it.
    """
    wanted = list(keys)
    texts = _group_by_article(TextRecord(*row) for row in store.rows(_TEXTS, wanted))
    votes, views = (
        _group_by_article(CountRecord(article, at, tuple(numbers)) for article, at, *numbers in store.rows(sql, wanted))
        for sql in (_VOTES, _VIEWS)
    )
    first = [dict(store.rows(_FIRST.format(table))) for table in ("article_votes", "article_views")]
    rows = [ArticleRecord(*row) for row in store.rows(_ARTICLES, wanted)]
    citations = _citations(store, rows, tickets)
    agents = _load_agent_keys(store)
    for row in rows:
        yield ArticleHistory(
            desks[row.source], row, texts[row.id], citations=citations[row.id], votes=votes[row.id],
            views=views[row.id], checklists=reviews.get(row.id, ()), agents=agents,
            counted_from=(first[0].get(row.source, 0), first[1].get(row.source, 0)),
        )  # fmt: skip


def _group_by_article(rows: Iterator[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.article].append(row)
    return found


def _citations(store: Store, rows: Sequence[ArticleRecord], tickets: Tickets) -> dict[int, list[ArticleCitation]]:
    """Article -> links from tickets, with the exclusion of the ticket."""
    of_ticket: dict[int, list[int]] = defaultdict(list)
    names = {row.id: row.native for row in rows}
    for article, ticket in store.rows(_CITING, [*names]):
        of_ticket[ticket].append(article)
    titles = dict(store.rows("SELECT id, title FROM articles WHERE id IN (SELECT value FROM json_each(?))", [*names]))
    found: dict[int, list[ArticleCitation]] = defaultdict(list)
    citing = sorted(of_ticket)
    for place in range(0, len(citing), TICKETS):
        for ticket in tickets(citing[place : place + TICKETS]):
            left_out, since = find_exclusion(ticket)
            for article in of_ticket[ticket.row.id]:
                marks = (names[article], TITLED + titles[article])
                found[article] += [
                    ArticleCitation(c.at, c.person, ticket.row.id, c.by_macro, c.solved_at, left_out, since)
                    for c in ticket.citations
                    if c.article in marks
                ]
    return found


def _load_agent_keys(store: Store) -> dict[int, int]:
    """Account -> first account of the same agent, for agents with several accounts."""
    first: dict[str, int] = {}
    return {
        person: first.setdefault(human, person)
        for person, human in store.rows("SELECT person, human FROM identities ORDER BY person")
    }
