"""Checklists of articles, for the KPIs that are told articles."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from helpdesk_kpi.registers.lookup import Names
from helpdesk_kpi.registers.register_types import ArticleReview, decoded
from helpdesk_kpi.store.register_entries import IN_FORCE, rows


class Checklist(NamedTuple):
    """One look at an article by somebody who did not write it."""

    at: int
    score: float  # 0 to 1: the aspects by their weights; a critical one below the middle of the scale makes it 0


def checklists(names: Names, articles: Sequence[int]) -> Mapping[int, list[Checklist]]:
    """Those in force, by article, the oldest first."""
    found: dict[int, list[Checklist]] = defaultdict(list)
    sql = f"register = 'article_review' AND article IN (SELECT value FROM json_each(?)) AND {IN_FORCE}"
    for row in rows(names.store, sql, list(articles)):
        review = decoded(row)
        assert isinstance(review, ArticleReview)
        score = 0.0 if review.fails else review.fraction(review.mean)
        found[row.article or 0].append(Checklist(review.at(names.config.timezone), score))
    return {article: sorted(of) for article, of in found.items()}
