"""Checklists of articles, for the KPIs that are told articles."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from helpdesk_kpi.registers.lookup import RegisterLookup
from helpdesk_kpi.registers.register_types import ArticleReview, decode_entry
from helpdesk_kpi.store.register_entries import ACTIVE_SQL, load_rows


class Checklist(NamedTuple):
    """One look at an article by somebody who did not write it."""

    at: int
    score: float  # 0 to 1: the aspects by their weights; a critical one below the middle of the scale makes it 0


def checklists(names: RegisterLookup, articles: Sequence[int]) -> Mapping[int, list[Checklist]]:
    """Those in force, by article, the oldest first."""
    found: dict[int, list[Checklist]] = defaultdict(list)
    sql = f"register = 'article_review' AND article IN (SELECT value FROM json_each(?)) AND {ACTIVE_SQL}"
    for row in load_rows(names.store, sql, list(articles)):
        review = decode_entry(row)
        assert isinstance(review, ArticleReview)
        score = 0.0 if review.fails else review.fraction(review.mean)
        found[row.article or 0].append(Checklist(review.at(names.config.timezone), score))
    return {article: sorted(of) for article, of in found.items()}
