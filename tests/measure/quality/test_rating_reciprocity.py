"""Reciprocity of peer ratings: a result for the team, never for a person."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from metric_store_fixtures import Source, agent
from register_fixtures import NOW, Book

from helpdesk_kpi.calendar.periods import parse_period
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.quality.outlier_questions import list_outlier_kpis
from helpdesk_kpi.measure.quality.rating_reciprocity import measure_reciprocity
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.report.sections.quality_data import filter_team, load_data_quality

TEAM = ("Wang", "Bob", "Cem", "Ann", "Eva", "Finn")


@pytest.fixture
def book(tmp_path: Path) -> Book:
    made = Book(tmp_path / "helpdesk.db", people={})
    Source(made.store).put(agent("v", "Eva"), agent("f", "Finn"))
    return made


def rate(book: Book, marks: dict[tuple[str, str], int]) -> None:
    """`marks`: (who rates, who is rated) -> 1 to 5."""
    period = {"period": "2026-Q3"}
    book.put_all(
        *(("peer_rating", {"subject": of, "by": by, **period, "initiative": n}) for (by, of), n in marks.items())
    )


def of_everybody(*, friends: int, others: int, team: Sequence[str] = TEAM) -> dict[tuple[str, str], int]:
    """Wang and Bob, Cem and Ann, Eva and Finn are friends."""
    place = {name: number // 2 for number, name in enumerate(team)}
    return {(a, b): friends if place[a] == place[b] else others for a in team for b in team if a != b}


def found(book: Book, label: str = "2026-Q3") -> Any:
    build_stale(book.store, book.config)
    return measure_reciprocity(
        MetricStore(book.store, book.config), parse_period(label, book.config.timezone, NOW), NOW
    )


def test_friends_who_praise_each_other_are_seen_as_a_team_that_does(book: Book) -> None:
    """All give 3, and 5 to their friend: everybody gives and gets the same in sum, so all of the difference is the
    pair's, and the same in both directions: a correlation of 1 in 6 x 5 / 2 = 15 pairs. Of 30 ratings, 11 numbers (6
    raters, 6 rated, less one) are common to them: 15 x 19/30 = 9.5 pairs count, and the limit is
    tanh(3.09 / sqrt(8)) = tanh(1.0925) = 0.798.
    """
    rate(book, of_everybody(friends=5, others=3))
    result = found(book)
    assert (result.pairs, result.r, result.limit) == (15, pytest.approx(1), pytest.approx(0.798, abs=0.0005))
    assert found(book, "2026-Q2") is None


def test_one_sided_praise_is_no_exchange(book: Book) -> None:
    """Each praises the next one in a circle, nobody is praised back: 1.6 meets -0.4 in 6 of 15 pairs, -0.4 meets -0.4
    in 9, which makes 2 x (6 x -0.64 + 9 x 0.16) / (6 x 2.72 + 9 x 0.32) = -0.25.
    """
    follows = dict(zip(TEAM, (*TEAM[1:], TEAM[0]), strict=True))
    rate(book, {(a, b): 5 if follows[a] == b else 3 for a in TEAM for b in TEAM if a != b})
    assert found(book) is None


def test_agreement_on_who_is_good_and_who_is_mild_is_no_exchange(book: Book) -> None:
    """What A gives B is A's mildness and B's merit, and nothing else."""
    mild = dict(zip(TEAM, (0, 1, 0, 1, 0, 1), strict=True))
    merit = dict(zip(TEAM, (2, 3, 4, 2, 3, 4), strict=True))
    rate(book, {(a, b): mild[a] + merit[b] for a in TEAM for b in TEAM if a != b})
    assert found(book) is None


def test_fewer_than_ten_pairs_say_nothing(book: Book) -> None:
    """Four people make six."""
    rate(book, of_everybody(friends=5, others=3, team=TEAM[:4]))
    assert found(book) is None


def test_the_result_has_no_names(book: Book) -> None:
    rate(book, of_everybody(friends=5, others=3))
    build_stale(book.store, book.config, extra=[(name, "strict") for name in list_outlier_kpis()])
    period = parse_period("2026-Q3", book.config.timezone, NOW)
    result = filter_team(load_data_quality(MetricStore(book.store, book.config), period, NOW))["rated_in_return"]
    assert result == {"pairs": 15, "r": pytest.approx(1), "usual_r_up_to": pytest.approx(0.798, abs=0.001)}
    assert not any(name in json.dumps(result) for name in TEAM)
