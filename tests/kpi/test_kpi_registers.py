"""KPIs out of register entries, with the expected values worked out by hand."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from metric_store_fixtures import BERLIN, Source, agent, customer, ticket
from register_fixtures import COST, IMPROVEMENT, NOW, PEER, REVIEW, TRAINING, Book

from helpdesk_kpi.calendar.periods import parse_period
from helpdesk_kpi.config import PersonConfig
from helpdesk_kpi.measure.benchmarking.comparison import compare_people
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.explain.observation_export import export_observations
from helpdesk_kpi.measure.metrics.discovery import find_kpis, load_kpis
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.model import Team, TeamMember
from helpdesk_kpi.registers.writer import withdraw_entry
from helpdesk_kpi.store.register_entries import Written

HOUR = 3_600_000
STEPS: dict[str, Any] = {
    "accepted": "2026-09-30", "accepted_by": "Bob", "shipped": "2026-10-05", "evidence": "https://x.example/1",
    "measured": "2026-11-02", "verified_by": "Cem", "effect": "a third fewer questions back",
}  # fmt: skip


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(tmp_path / "a.db")
    yield made
    made.store.close()


def value(book: Book, kpi: str, period: str = "2026-Q4", variant: str = "strict", **where: str | None) -> MetricValue:
    build_stale(book.store, book.config, extra=[(kpi, variant)])
    span = parse_period(period, book.config.timezone, NOW)
    return MetricStore(book.store, book.config).get(build_query(kpi, span, max(span.end, NOW), variant, **where))


def local(*moment: int) -> int:
    return int(dt.datetime(*moment, tzinfo=BERLIN).timestamp() * 1000)  # type: ignore[arg-type,misc]  # y, m, d, h


# --- training


def test_training_counts_by_role_and_by_what_those_who_attended_gave(book: Book) -> None:
    """Ann: lead 1 x min(1, 4.5/4) = 1; co-lead 0.5 x 3/4 = 0.375; mentor 6 h x 0.1 = 0.6, no rating; 1.975 in all.
    Bob: mentor 10 h x 0.1 x 2/4 = 0.5.
    """
    bob = {**TRAINING, "subject": "Bob", "approved_by": "Cem"}
    book.put_all(
        ("training", TRAINING),
        ("training", {**TRAINING, "role": "co_lead", "rating": 3, "title": "Logs"}),
        ("training", {**TRAINING, "role": "mentor", "rating": "", "hours": 6}),
        ("training", {**bob, "role": "mentor", "rating": 2, "hours": 10}),
        ("training", {**TRAINING, "on": "2026-09-30"}),  # of the quarter before
    )
    ann = value(book, "training", agent="Ann")
    assert ann.value == pytest.approx(1.975, abs=1e-12)
    assert ann.facets == pytest.approx({"lead": 1, "co_lead": 0.375, "mentor": 0.6})
    assert value(book, "training", agent="Bob").value == pytest.approx(0.5)
    assert value(book, "training").value == pytest.approx(2.475)
    assert value(book, "training", "2026-Q3", agent="Ann").value == 1


def test_a_correction_replaces_the_value_and_a_withdrawal_takes_it_away(book: Book) -> None:
    first = book.put("training", **TRAINING)
    assert value(book, "training").value == 1
    second = book.put("training", **{**TRAINING, "rating": 2})
    assert (second.before, value(book, "training").value) == (first.id, 0.5)
    withdraw_entry(book.store, second.id, "called off", Written(NOW, "tester"))
    assert (value(book, "training").value, value(book, "training").n) == (0, 0)


def test_a_day_belongs_to_the_local_calendar(book: Book) -> None:
    """2026-10-01 in Berlin begins on 2026-09-30 at 22:00 UTC: it is of the fourth quarter all the same."""
    book.put("training", **{**TRAINING, "on": "2026-10-01"})
    assert [value(book, "training", q).value for q in ("2026-Q3", "2026-Q4")] == [0, 1]


# --- improvements


def test_each_step_of_an_improvement_counts_on_its_day_with_what_it_adds(book: Book) -> None:
    """Proposed in August 0, accepted on the last of September 1, shipped in October +2, measured in November +2."""
    book.put("improvement", **IMPROVEMENT, **STEPS)
    found = {p: value(book, "improvement", p).value for p in ("2026-08", "2026-Q3", "2026-10", "2026-11", "2026")}
    assert found == {"2026-08": 0, "2026-Q3": 1, "2026-10": 2, "2026-11": 2, "2026": 5}
    assert value(book, "improvement", "2026").facets == {"proposed": 0, "accepted": 1, "shipped": 2, "measured": 2}
    assert value(book, "improvement", "2026-08").n == 1  # a proposal is there, though it earns nothing yet


def test_authors_and_those_of_duplicates_share_the_credit(book: Book) -> None:
    """Ann and Bob proposed it, Cem proposed the same later: each has 5/3 of the five points; the team has 5."""
    steps = {**STEPS, "accepted_by": "王小明", "verified_by": "王小明"}
    book.put_all(
        ("improvement", {**IMPROVEMENT, **steps, "authors": "Ann; Bob"}),
        ("improvement", {**IMPROVEMENT, "id": "IMP-2", "authors": "Cem", "duplicate_of": "IMP-1"}),
    )
    shares = [value(book, "improvement", "2026", agent=name).value for name in ("Ann", "Bob", "Cem")]
    assert shares == pytest.approx([5 / 3] * 3)
    assert value(book, "improvement", "2026").value == pytest.approx(5)


def test_an_author_with_accounts_that_were_joined_later_is_one_author(book: Book) -> None:
    """Bob wrote one proposal by one account, and the same again by another: all of it is his."""
    Source(book.store, "beta").put(agent("b9", "Robert"))
    duplicate = {"id": "IMP-2", "authors": "Robert", "duplicate_of": "IMP-1"}
    steps = {**STEPS, "accepted_by": "Ann", "verified_by": "Ann"}
    book.put_all(
        ("improvement", {**IMPROVEMENT, **steps, "authors": "Bob"}), ("improvement", {**IMPROVEMENT, **duplicate})
    )
    assert value(book, "improvement", "2026", agent="Bob").value == 2.5
    joined = {"bob": PersonConfig(name="Bob", accounts=["acme:b", "beta:b9"])}
    book.config = msgspec.structs.replace(book.config, people=joined)
    assert value(book, "improvement", "2026", agent="Bob").value == pytest.approx(5)


# --- quality reviews


def test_a_review_is_the_weighted_mean_of_its_aspects_on_a_scale_of_a_hundred(book: Book) -> None:
    """Weights 3, 2, 2, 1. First: (5x3 + 4x2 + 4x2 + 3) / 8 = 34/8 = 4.25 of 1 to 5, so (4.25 - 1)/4 = 81.25.
    Second: no tone: (4x3 + 2x2 + 4) / 6 = 20/6, so (20/6 - 1)/4 = 58.33. Mean 69.79; sd 22.92/sqrt(2) = 16.2.
    """
    book.put_all(
        ("quality_review", REVIEW),
        ("quality_review", {**REVIEW, "by": "Cem", "solution": 4, "clarity": 2, "tone": "", "record": 4}),
    )
    found = value(book, "quality_review", agent="Ann")
    assert found.n == 2
    assert found.value == pytest.approx((81.25 + 175 / 3) / 2)
    assert found.sd == pytest.approx((81.25 - 175 / 3) / 2**0.5)
    assert value(book, "quality_review", agent="Ann", facet="tone").value == 75  # 4 of 1 to 5, of the first alone
    assert value(book, "quality_review", agent="Bob").n == 0


@pytest.mark.parametrize(("solution", "score"), [(2, 0), (3, 62.5), (1, 0)])
def test_a_critical_aspect_below_the_middle_fails_the_whole_review(book: Book, solution: int, score: float) -> None:
    """With 3, the middle: (3x3 + 4x2 + 4x2 + 3) / 8 = 28/8 = 3.5, so 62.5."""
    book.put("quality_review", **{**REVIEW, "solution": solution})
    assert value(book, "quality_review").value == score


def test_an_aspect_that_is_not_critical_fails_nothing(book: Book) -> None:
    """(5x3 + 4x2 + 1x2 + 3) / 8 = 28/8 = 3.5, so 62.5."""
    book.put("quality_review", **{**REVIEW, "tone": 1})
    assert value(book, "quality_review").value == 62.5


def test_the_interval_of_a_mean_ends_where_the_scale_does(book: Book) -> None:
    """0 (failed) and 81.25: s = 57.5, t(1) = 12.7, so 40.6 +- 516; of 0 to 100 that says nothing, and no -476 either.
    Peers 4.5, 4.5 and 1: mean 10/3, s = 2.02, t(2) = 4.30: 3.33 +- 5.02 on 1 to 5.
    """
    book.put_all(("quality_review", REVIEW), ("quality_review", {**REVIEW, "ticket": "18", "solution": 1}))
    found = value(book, "quality_review", agent="Ann")
    assert (found.value, found.low, found.high) == (40.625, 0, 100)
    for by, mark in (("Bob", 4.5), ("Cem", 4.5), ("王小明", 1)):
        book.put("peer_rating", **{**PEER, "by": by, "initiative": mark, "learning": mark})
    found = value(book, "peer_rating", "2026-Q3", agent="Ann")
    assert found.value == pytest.approx(10 / 3)
    assert (found.low, found.high) == (1, 5)


def test_an_adjusted_score_lies_on_the_scale(book: Book) -> None:
    """Ann's five are 100, Bob's 0 four times and once 100. Had Bob's been as Ann's, all would be 100; a fifth is 20.
    s = 44.7, t(4) = 2.776: 20 +- 55.5, of which there is nothing below 0.
    """
    best = {"solution": 5, "clarity": 5, "tone": 5, "record": 5}
    for number, by in (("17", "Cem"), ("18", "Cem"), ("17", "李娜"), ("18", "李娜"), ("17", "王小明")):
        given = {**REVIEW, **best, "ticket": number, "by": by}
        book.put("quality_review", **given)
        book.put("quality_review", **{**given, "subject": "Bob", "solution": 5 if by == "王小明" else 1})
    build_stale(book.store, book.config)
    span = parse_period("2026-Q4", book.config.timezone, NOW)
    found = compare_people(MetricStore(book.store, book.config), build_query("quality_review", span, span.end))
    ann, bob = found.subjects
    assert (found.centre, ann.adjusted, bob.adjusted) == pytest.approx((60, 100, 20))
    assert (bob.adjusted_low, bob.adjusted_high) == pytest.approx((0, 75.52), abs=0.01)


def test_answers_that_are_all_the_same_have_no_interval(book: Book) -> None:
    """Two reviews of 81.25 do not make it sure that the third will be one."""
    book.put_all(("quality_review", REVIEW), ("quality_review", {**REVIEW, "ticket": "18"}))
    found = value(book, "quality_review", agent="Ann")
    assert (found.n, found.value, found.low, found.high) == (2, 81.25, None, None)


def test_calibration_counts_for_nobody(book: Book) -> None:
    book.put("quality_review", **REVIEW, calibration="yes")
    assert value(book, "quality_review").n == 0
    book.put("quality_review", **REVIEW)
    assert value(book, "quality_review").n == 1


def test_a_review_opens_down_to_its_ticket(book: Book) -> None:
    book.put("quality_review", **REVIEW)
    value(book, "quality_review")
    found = list(export_observations(book.store, book.config, build_query("quality_review", None, NOW)))
    overall = next(row for row in found if row["facet"] == "overall")
    assert (overall["ticket"], overall["agent"], overall["url"]) == ("17", "Ann", "http://x/17")
    assert overall["value"] == 81.25


# --- what people say of people


def raters(book: Book, *names: str) -> None:
    for number, name in enumerate(names):
        book.put("peer_rating", **{**PEER, "by": name, "initiative": 3 + number, "learning": 5 - number})


def test_peers_are_shown_from_three_raters_on(book: Book) -> None:
    """Initiative 3, 4, 5: mean 4; learning 5, 4, 3: mean 4; each rating as a whole 4."""
    raters(book, "Bob", "Cem")
    two = value(book, "peer_rating", "2026-Q3", agent="Ann")
    assert (two.value, two.low, two.p90, two.excluded) == (None, None, None, {"too_few_raters": 2})
    raters(book, "Bob", "Cem", "wang")
    three = value(book, "peer_rating", "2026-Q3", agent="Ann")
    assert (three.value, three.n, three.excluded) == (4, 3, {})
    assert value(book, "peer_rating", "2026-Q3", agent="Ann", facet="initiative").value == 4


def test_two_accounts_that_are_joined_after_they_rated_are_one_rater(book: Book) -> None:
    for by in ("acme:b", "acme:e", "王小明"):
        book.put("peer_rating", **{**PEER, "by": by})
    assert value(book, "peer_rating", "2026-Q3", agent="Ann").value == 4.5
    bob = PersonConfig(name="Bob", accounts=["acme:b", "acme:e"])
    book.config = msgspec.structs.replace(book.config, people={**book.config.people, "bob": bob})
    found = value(book, "peer_rating", "2026-Q3", agent="Ann")  # of two people
    assert (found.value, found.excluded) == (None, {"too_few_raters": 3})


def test_one_rater_who_answers_three_times_stays_one(book: Book) -> None:
    """Three monthly answers of Bob's, read over a quarter."""
    for month in ("2026-07", "2026-08", "2026-09"):
        book.put("peer_rating", **{**PEER, "period": month})
    found = value(book, "peer_rating", "2026-Q3", agent="Ann")
    assert (found.value, found.excluded) == (None, {"too_few_raters": 3})


def test_an_aspect_that_only_two_have_rated_stays_hidden(book: Book) -> None:
    raters(book, "Bob", "Cem")
    book.put("peer_rating", subject="Ann", by="wang", period="2026-Q3", learning=4)
    assert value(book, "peer_rating", "2026-Q3", agent="Ann").value is not None
    assert value(book, "peer_rating", "2026-Q3", agent="Ann", facet="initiative").value is None


def test_single_answers_of_peers_are_in_no_list(book: Book) -> None:
    raters(book, "Bob", "Cem", "wang")
    value(book, "peer_rating")
    found = list(export_observations(book.store, book.config, build_query("peer_rating", None, NOW)))
    assert len(found) == 9  # three answers: as a whole, and two aspects each
    assert {(row["agent"], row["value"]) for row in found} == {(None, None)}


def test_a_rating_counts_at_the_end_of_the_period_that_it_is_about(book: Book) -> None:
    """Written in November about the third quarter: (4 + 2) / 2 = 3."""
    given: dict[str, Any] = {"subject": "王小明", "by": "李娜", "period": "2026-Q3", "initiative": 4, "reliability": 2}
    book.put("manager_rating", **given)
    found = {p: value(book, "manager_rating", p, agent="王小明").value for p in ("2026-Q3", "2026-09", "2026-10")}
    assert found == {"2026-Q3": 3, "2026-09": 3, "2026-10": None}


def test_the_self_rating_is_shown_and_never_scored(book: Book) -> None:
    book.put("self_rating", subject="Ann", period="2026-Q3", initiative=5)
    assert value(book, "self_rating", "2026-Q3", agent="Ann").value == 5
    assert find_kpis()["self_rating"].level == "shown"


def test_collaboration_is_read_by_direction_and_from_three_people_on(book: Book) -> None:
    """Received: 5, 4, 3, mean 4. Given: two answers, hidden."""
    given: dict[str, Any] = {"team": "First line", "on": "2026-11-18"}
    for number, who in enumerate(["Zoe", "Yan", "Xu"]):
        book.put("collaboration_satisfaction", **given, by=who, speed=5 - number)
    for who in ("Ann", "Bob"):
        book.put("collaboration_satisfaction", **given, by=who, speed=1, direction="given")
    found = value(book, "collaboration_satisfaction", team="First line")
    assert (found.value, found.n) == (4, 3)
    assert value(book, "collaboration_satisfaction", variant="given").excluded == {"too_few_raters": 2}


# --- whose team


def test_a_person_counts_for_their_team_of_that_day(tmp_path: Path) -> None:
    """Ann is in one team by the helpdesk, 王小明 by [people]; Bob is in two, so in none that could be named."""
    book = Book(tmp_path / "b.db", people={"wang": PersonConfig(accounts=["acme:a"], team="Second line")})
    members = [TeamMember("5", "n"), TeamMember("5", "b"), TeamMember("6", "b")]
    Source(book.store).put(Team("6", "Second line"), *members)
    for subject in ("Ann", "wang", "Bob"):
        book.put("training", **{**TRAINING, "subject": subject, "approved_by": "Cem"})
    found = {team: value(book, "training", team=team).n for team in ("First line", "Second line", None)}
    assert found == {"First line": 1, "Second line": 1, None: 1}


def test_another_team_in_the_configuration_moves_what_was_folded(book: Book) -> None:
    Source(book.store).put(Team("6", "Second line"))
    book.put("training", **{**TRAINING, "subject": "wang"})
    assert value(book, "training", team="First line").n == 1
    moved = {"wang": PersonConfig(accounts=["acme:a"], team="Second line")}
    book.config = msgspec.structs.replace(book.config, people=moved)
    assert [value(book, "training", team=team).n for team in ("First line", "Second line")] == [0, 1]


def test_measuring_again_writes_nothing(book: Book) -> None:
    book.put("training", **TRAINING)
    value(book, "training")
    before = book.store.conn.total_changes
    build_stale(book.store, book.config)
    assert book.store.conn.total_changes == before


# --- cost


def put_surveys(book: Book, *instants: int) -> None:
    """A customer's tickets."""
    Source(book.store).put(
        customer("c", "carol@post.example"),
        *(ticket(f"t{n}", at, team="5", channel="voice" if n else "email") for n, at in enumerate(instants)),
    )


def test_cost_per_contact_is_the_months_amount_by_the_tickets_opened_in_it(book: Book) -> None:
    """31,000 in October, two tickets: one by telephone. The tickets of the fixture are of November."""
    book.put("cost", **COST)
    put_surveys(book, local(2026, 10, 1), local(2026, 10, 31, 23))
    assert value(book, "cost_per_contact", "2026-10").value == pytest.approx(15_500)
    assert value(book, "contacts", "2026-10").value == 2


def test_a_months_amount_is_spread_over_its_days(book: Book) -> None:
    """October has 31 days: 1,000 a day, the 25 hours of the 25th not more. Week 42 has seven: 7,000."""
    book.put("cost", **COST)
    found = {p: value(book, "operating_cost", p).value for p in ("2026-10", "2026-W42", "2026-10-25", "2026-09")}
    assert found == pytest.approx({"2026-10": 31_000, "2026-W42": 7000, "2026-10-25": 1000, "2026-09": 0})


def test_without_an_amount_or_without_tickets_there_is_no_cost_per_contact(book: Book) -> None:
    assert value(book, "cost_per_contact", "2026-11").value is None  # two tickets, no amount
    book.put("cost", **COST)
    assert value(book, "cost_per_contact", "2026-10").value is None  # an amount, no ticket


def test_cost_by_team(book: Book) -> None:
    book.put("cost", **COST, team="First line")
    put_surveys(book, local(2026, 10, 5))
    assert value(book, "cost_per_contact", "2026-10", team="First line").value == pytest.approx(31_000)
    assert value(book, "cost_per_contact", "2026-10", team="Second line").value is None


def test_visitors_are_held_against_customers_who_wrote_each_counted_once(book: Book) -> None:
    """620 visitors in October; one customer wrote twice and another once: 620 / 2."""
    book.put("help_centre_visits", period="2026-10", visitors=620)
    put_surveys(book, local(2026, 10, 1), local(2026, 10, 31, 23))
    Source(book.store).put(customer("d", None), ticket("t9", local(2026, 10, 9), requester="d"))
    assert value(book, "customers_writing", "2026-10").value == pytest.approx(2)
    assert value(book, "self_service_ratio", "2026-10").value == pytest.approx(310)
    assert value(book, "self_service_ratio", "2026-11").value is None  # two tickets, and nobody counted visitors


def test_views_of_articles_may_stand_for_visitors(book: Book) -> None:
    """The first look at the counts tells 10 views of nobody knows when, the next one 90 more; two tickets: 45."""
    assert value(book, "self_service_ratio", "2026-11", "views").value is None
    with book.store.transaction() as conn:
        counts = [(local(2026, 11, 18, 1), 10), (local(2026, 11, 19, 1), 100)]
        conn.executemany("INSERT INTO article_views (article, seen_at, views) VALUES (1, ?, ?)", counts)
    assert value(book, "self_service_ratio", "2026-11", "views").value == pytest.approx(45)


# --- the catalogue


def test_what_registers_give_is_in_the_catalogue_with_its_limits() -> None:
    rules = {k.id: (k.level, k.min_n) for k in find_kpis().values() if k.subject == "entry"}
    assert rules.items() >= {
        "quality_review": ("agent", 10), "peer_rating": ("agent", 3), "collaboration_satisfaction": ("agent", 3),
        "cost_per_contact": ("team", 30), "self_rating": ("shown", 1),
    }.items()  # fmt: skip
    assert {"operating_cost", "contacts", "help_centre_visitors", "customers_writing"} <= set(load_kpis()) - set(
        find_kpis()
    )


def test_a_kpi_of_entries_that_nobody_wrote_has_no_value(book: Book) -> None:
    for kpi in ("quality_review", "manager_rating", "peer_rating", "cost_per_contact"):
        assert value(book, kpi).value is None
