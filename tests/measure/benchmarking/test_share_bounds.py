"""Bounds of satisfaction; those of recurrence are tested in `test_recurrence.py`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from metric_store_fixtures import HOUR, MONDAY, Source, agent, customer, period_of, reader, reply, ticket

from helpdesk_kpi.measure.benchmarking.share_bounds import share_bounds
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.model import Rating
from helpdesk_kpi.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "helpdesk.db") as opened:
        Source(opened).put(agent("a", "Ann"), customer("c", "c@x.org"), customer("d", "d@y.org"))
        yield opened


def put_surveys(store: Store, first: int, requester: str, *answers: Any) -> None:
    """A ticket for each, which Ann answered, with a survey: good, bad, or None for no answer."""
    for number, answer in enumerate(answers, first):
        given = {"category": answer, "answered_at": MONDAY + 3 * HOUR} if answer else {}
        Source(store).put(
            ticket(str(number), MONDAY, requester=requester, assignee="a"), reply(str(number), MONDAY + HOUR, "a"),
            Rating(f"r{number}", str(number), MONDAY + 2 * HOUR, 1, rater=requester, **given),
        )  # fmt: skip


def bounds(store: Store, kpi: str = "csat", **where: str | None) -> Any:
    period, as_of = period_of()
    return share_bounds(reader(store), build_query(kpi, period, as_of, "strict", facet="overall", **where))


def test_whoever_did_not_answer_may_be_happy_or_not(store: Store) -> None:
    """3 of 4 answers are good, and 4 of 10 who were asked have answered: 3 of 10 are happy if nobody else is, and 9 of
    10 if all others are. By customers it is (2/3 + 1) / 2.
    """
    put_surveys(store, 1, "c", "good", "good", "bad", None, None, None)
    put_surveys(store, 7, "d", "good", None, None, None)
    assert bounds(store) == (pytest.approx(0.3), pytest.approx(0.9), pytest.approx(5 / 6))
    assert bounds(store, agent="Ann") == bounds(store)


def test_where_everybody_answered_nothing_is_open(store: Store) -> None:
    put_surveys(store, 1, "c", "good", "bad")
    low, high, _ = bounds(store)
    assert (low, high) == (0.5, 0.5)


def test_there_are_none_without_answers_or_of_other_figures(store: Store) -> None:
    put_surveys(store, 1, "c", None)
    assert bounds(store) is None
    period, as_of = period_of()
    assert share_bounds(reader(store), build_query("reopen_rate", period, as_of)) is None
