"""What people write: articles of several authors, and what is noted in registers. Every variant by hand.

`edge_cases.toml` says which case each test is about.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from article_fixtures import EVE, article, counts, days, observe, on, text
from metric_store_fixtures import BERLIN
from register_fixtures import NOW, Book
from timeline_fixtures import ANN, BOB
from variant_fixtures import VariantResult, variants_give

from helpdesk_kpi.calendar.periods import parse_period
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.measure.tickets.article import ArticleHistory
from helpdesk_kpi.registers.checklists import Checklist

QUALITY, TOGETHER, SELF_SERVICE = "article_quality", "collaboration_satisfaction", "self_service_ratio"


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(tmp_path / "a.db")
    yield made
    made.store.close()


# --- articles: votes (strict) and checklists, as (day, whose, value, how much of it)


def quality_of(of: ArticleHistory) -> VariantResult:
    return lambda kpi, variant: [(days(o.at), o.agent, o.value, o.share) for o in observe(of, kpi, variant)]


def test_an_article_is_theirs_who_wrote_it_and_not_the_last_editors() -> None:
    # Ann makes it, Bob rewrites it on day 5, Eve corrects a comma on day 8. Two votes for it on day 9, a full checklist
    # on day 10: half of each is Ann's and half Bob's, nothing Eve's.
    of = article(text(5, BOB), text(8, EVE, is_minor=1), votes=counts((9, 2, 0)), checklists=[Checklist(on(10), 1.0)])
    variants_give(
        QUALITY,
        quality_of(of),
        strict=[(9, ANN, 1, 1), (9, BOB, 1, 1)],
        checklist=[(10, ANN, 1, 0.5), (10, BOB, 1, 0.5)],
    )


def test_who_writes_after_a_judgement_has_no_part_in_it() -> None:
    # A vote against on day 3, a checklist of 0.4 on day 4; Bob rewrites it on day 5.
    of = article(text(5, BOB), votes=counts((3, 0, 1)), checklists=[Checklist(on(4), 0.4)])
    variants_give(QUALITY, quality_of(of), strict=[(3, ANN, 0, 1)], checklist=[(4, ANN, 0.4, 1)])


def test_what_was_imported_with_many_others_was_written_by_nobody_then() -> None:
    # Bob's account saves five hundred articles at once on day 5: it stays Ann's.
    of = article(text(5, BOB, at_once=500), votes=counts((9, 1, 0)), checklists=[Checklist(on(10), 0.8)])
    variants_give(QUALITY, quality_of(of), strict=[(9, ANN, 1, 1)], checklist=[(10, ANN, 0.8, 1)])


def test_each_language_of_an_article_is_written_by_who_translates_it() -> None:
    # Ann makes it, Bob adds the German text on day 5: half of what comes after is his.
    of = article(text(5, BOB, locale="de"), votes=counts((9, 2, 0)), checklists=[Checklist(on(10), 1.0)])
    variants_give(
        QUALITY,
        quality_of(of),
        strict=[(9, ANN, 1, 1), (9, BOB, 1, 1)],
        checklist=[(10, ANN, 1, 0.5), (10, BOB, 1, 0.5)],
    )


def test_a_draft_gets_no_votes() -> None:
    of = article(draft=1, votes=counts((9, 1, 0)), checklists=[Checklist(on(10), 1.0)])
    variants_give(QUALITY, quality_of(of), strict=[], checklist=[])


def test_votes_of_before_the_first_look_have_no_time_and_a_checklist_has() -> None:
    # 20 votes are there at the first look of all, on day 3, and one more on day 9.
    of = article(votes=counts((3, 20, 4), (9, 21, 4)), checklists=[Checklist(on(2), 1.0)], first_look=3)
    variants_give(QUALITY, quality_of(of), strict=[(9, ANN, 1, 1)], checklist=[(2, ANN, 1, 1)])


# --- registers: (n, value)


def written(book: Book, period: str, **where: str | None) -> VariantResult:
    def read(kpi: str, variant: str) -> tuple[float, float | None]:
        build_stale(book.store, book.config, extra=[(kpi, variant)])
        span = parse_period(period, book.config.timezone, NOW)
        value = MetricStore(book.store, book.config).get(build_query(kpi, span, max(span.end, NOW), variant, **where))
        return value.n, value.value

    return read


def value_of(of: VariantResult) -> VariantResult:
    return lambda kpi, variant: of(kpi, variant)[1]


def local(*moment: int) -> int:
    return int(dt.datetime(*moment, tzinfo=BERLIN).timestamp() * 1000)  # type: ignore[arg-type,misc]  # y, m, d, h


def answers(book: Book, marks: dict[str, int], **more: Any) -> None:
    for who, mark in marks.items():
        book.put(TOGETHER, team="First line", on="2026-11-18", by=who, speed=mark, **more)


def test_two_directions_of_working_together_are_two_figures(book: Book) -> None:
    # Development of us: 5, 4, 3. We of development: 1, 2, 3.
    answers(book, {"Zoe": 5, "Yan": 4, "Xu": 3})
    answers(book, {"Ann": 1, "Bob": 2, "Cem": 3}, direction="given")
    variants_give(TOGETHER, written(book, "2026-Q4", team="First line"), strict=(3, 4), given=(3, 2))


def test_fewer_than_three_who_answered_are_not_shown_in_either_direction(book: Book) -> None:
    answers(book, {"Zoe": 5, "Yan": 4})
    answers(book, {"Ann": 1, "Bob": 2}, direction="given")
    variants_give(TOGETHER, written(book, "2026-Q4", team="First line"), strict=(2, None), given=(2, None))


def test_one_who_answers_three_times_is_one_in_either_direction(book: Book) -> None:
    for day in (16, 17, 18):
        for who, direction in (("Zoe", "received"), ("Ann", "given")):
            book.put(TOGETHER, team="First line", on=f"2026-11-{day}", by=who, speed=5, direction=direction)
    variants_give(TOGETHER, written(book, "2026-Q4", team="First line"), strict=(3, None), given=(3, None))


# The book's two tickets are of November, of one customer.


def test_self_service_is_missing_without_visitors_and_views(book: Book) -> None:
    # Fewer tickets are not more self-service, and there is no number of visitors to be guessed from anything.
    variants_give(SELF_SERVICE, value_of(written(book, "2026-11")), strict=None, views=None)


def test_visitors_are_held_against_customers_and_views_against_tickets(book: Book) -> None:
    # 600 visitors of November for the one customer who wrote, though twice. Views: 10 at the first look, and nobody
    # knows of when; then 90 more, for two tickets.
    book.put("help_centre_visits", period="2026-11", visitors=600)
    with book.store.transaction() as conn:
        seen = [(local(2026, 11, 18), 10), (local(2026, 11, 19), 100)]
        conn.executemany("INSERT INTO article_views (article, seen_at, views) VALUES (1, ?, ?)", seen)
    by_hand = {"strict": pytest.approx(600), "views": pytest.approx(45)}
    variants_give(SELF_SERVICE, value_of(written(book, "2026-11")), **by_hand)
