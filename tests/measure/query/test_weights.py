"""Complexity weights: learned per kind and never from one's own tickets, each version in its time. Values by hand."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from metric_store_fixtures import HOUR, MONDAY, WEEK, Source, agent, period_of, value
from timeline_fixtures import ANN, BOB, CUSTOMER, at, did, said, story
from weights_fixtures import CONFIG, DAY, learn, solved

from helpdesk_kpi import config
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.benchmarking.fit_weights import EFFORT, estimate_effort, fit_weights
from helpdesk_kpi.measure.benchmarking.weight_sensitivity import find_rank_changes, rank_by_basis
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.query.complexity_weights import WeightCell, WeightVersion, load_weight_versions
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.model import TimeEntry
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.store.ticket_records import TicketLinkRecord

NOBODY: frozenset[int] = frozenset()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "w.db") as opened:
        yield opened


@pytest.fixture
def source(store: Store) -> Source:
    made = Source(store)
    made.put(agent("a", "Ann"), agent("b", "Bob"), agent("e", "Eve"))
    return made


def version(*cells: WeightCell, basis: Any = "effort", **more: Any) -> WeightVersion:
    reported = {"version": 1, "since": 0, "learned_at": 0, "first": 0, "last": 0, **more}
    return WeightVersion(basis=basis, cells=cells, **reported)


# --- one version


def test_the_average_ticket_counts_one() -> None:
    # 60 tickets at 1 point and 30 at 4: the mean is 2, the weights 0.5 and 2.
    made = version(WeightCell("P2", "how to", "email", 60, 60.0), WeightCell("P0", "outage", "email", 30, 120.0))
    assert made.weight(("P2", "how to", "email")) == 0.5
    assert made.weight(("P0", "outage", "email")) == 2
    assert (60 * 0.5 + 30 * 2) / 90 == 1


def test_a_kind_with_few_tickets_borrows_from_its_severity() -> None:
    cells = (WeightCell("P2", "how to", "email", 90, 90.0), WeightCell("P2", "rare", "email", 10, 90.0))
    # P2: 180 / 100 = 1.8 points. Rare: 10 tickets at 9 and 20 borrowed at 1.8: 126 / 30 = 4.2.
    # The mean: (90 x 1 + 10 x 4.2) / 100 = 1.32.
    made = version(*cells)
    assert made.weight(("P2", "rare", "email")) == pytest.approx(4.2 / 1.32)
    # A kind that was never seen is its severity; a severity that was never seen is any ticket.
    assert made.weight(("P2", "new", "chat")) == pytest.approx(1.8 / 1.32)
    assert made.weight(("P9", None, None)) == pytest.approx(1.8 / 1.32)


def test_of_hours_the_middle_ticket_counts_and_not_the_one_that_took_a_week() -> None:
    # Times of 1 h and 100 h alike: the mean of the logarithms is that of 10 h.
    logs = 15 * math.log(1 * HOUR) + 15 * math.log(100 * HOUR)
    made = version(
        WeightCell("P1", None, None, 30, logs), WeightCell("P2", None, None, 30, 30 * math.log(10 * HOUR)), basis="time"
    )
    assert made.weight(("P1", None, None)) == pytest.approx(made.weight(("P2", None, None)))


def test_the_weight_for_a_person_is_learned_from_the_tickets_of_others() -> None:
    # Ann (1) wrote five times as much on her 40 tickets of the kind as others on their 40: 5 points against 1.
    cells = (
        WeightCell("P2", "x", "email", 80, 240.0, {1: (40, 200.0), 2: (40, 40.0)}),
        WeightCell("P2", "y", "email", 80, 80.0, {2: (40, 40.0), 3: (40, 40.0)}),
    )
    made, kind = version(*cells), ("P2", "x", "email")
    # The mean of all is (80 x 3 + 80 x 1) / 160 = 2.
    assert made.weight(kind) == 1.5
    assert made.weight(kind, frozenset({1})) == 0.5
    assert made.weight(kind, frozenset({2})) == 2.5
    assert made.weight(kind, frozenset({3})) == 1.5


def test_who_does_everything_alone_is_measured_by_everything() -> None:
    made = version(WeightCell("P2", "x", "email", 40, 80.0, {1: (40, 80.0)}))
    assert made.weight(("P2", "x", "email"), frozenset({1})) == 1


# --- effort


def test_effort_is_counted_in_published_points() -> None:
    # Ann replies three times and writes a note, hands over to Bob, who replies once and solves; the customer's words,
    # and what comes after the solve, are no effort.
    ticket = story(
        said(0, CUSTOMER), did(1, ANN, "assignee", None, ANN), said(2, ANN), said(3, ANN), said(4, ANN),
        said(5, ANN, public=False), said(6, CUSTOMER), did(7, ANN, "assignee", ANN, BOB), said(8, BOB),
        did(9, BOB, "status", "open", "solved"), said(10, BOB), said(11, BOB, public=False),
    )  # fmt: skip
    points = 0.5 + math.log1p(4) + 0.3 * 1 + 0.5 * 1 + 0.5 * 1
    assert estimate_effort(ticket, at(9)) == pytest.approx(points)
    ticket.links = [TicketLinkRecord(1, "77", "development")]
    assert estimate_effort(ticket, at(9)) == pytest.approx(points + 1)
    assert set(EFFORT) == {"ticket", "replies", "notes", "stations", "people", "development"}


# --- learning


def desk_of_two_kinds(source: Source, first: int, *, timed: int = 0, count: int = 80) -> None:
    """From `first` on, an hour apart: as many easy tickets with one reply as hard ones with seven; Bob's and Eve's."""
    for i in range(count):
        hard, who = i % 2, "b" if i % 4 < 2 else "e"
        replies, kind, hours = (7, "incident", 4) if hard else (1, "question", 1)
        spent = hours * HOUR if i < timed else 0
        solved(source, 1000 + i, first + i * HOUR, who, replies=replies, type=kind, spent=spent)


EASY, HARD = ("P2", "question", "email"), ("P2", "incident", "email")


def test_weights_are_learned_from_effort_where_nobody_writes_hours_down(store: Store, source: Source) -> None:
    desk_of_two_kinds(source, MONDAY - 20 * WEEK)
    made = learn(store, MONDAY - 20 * WEEK, MONDAY - 10 * WEEK)
    # 0.5 + ln 2 and 0.5 + ln 8 points, half of the tickets each.
    easy, hard = 0.5 + math.log(2), 0.5 + math.log(8)
    assert (made.basis, [cell.n for cell in made.cells]) == ("effort", [40, 40])
    assert made.weight(EASY) == pytest.approx(2 * easy / (easy + hard))
    assert made.weight(HARD) == pytest.approx(2 * hard / (easy + hard))
    assert load_weight_versions(store) == [made]


@pytest.mark.parametrize(("timed", "basis"), [(40, "time"), (38, "effort")])
def test_hours_are_taken_where_half_of_the_tickets_have_them(
    store: Store, source: Source, timed: int, basis: str
) -> None:
    desk_of_two_kinds(source, MONDAY - 20 * WEEK, timed=timed)
    made = learn(store, MONDAY - 20 * WEEK, MONDAY - 10 * WEEK)
    assert made.basis == basis
    if basis == "time":  # 20 tickets of 2^0 h and 20 of 2^2 h, each kind with 10 borrowed at 2^1 h: 2^(1/3) and 2^(5/3)
        assert made.weight(HARD) / made.weight(EASY) == pytest.approx(2 ** (4 / 3))


def test_what_was_taken_back_counts_and_a_ticket_with_nothing_left_has_no_hours(store: Store, source: Source) -> None:
    """Hard ones: 4 h written down, 3 taken back. One easy one: an hour taken back that was written down before the
    first day that was read.
    """
    desk_of_two_kinds(source, MONDAY - 20 * WEEK, timed=80)
    taken = [(1000 + i, 3) for i in range(1, 80, 2)] + [(1000, 2)]
    source.put(*(TimeEntry(f"less{n}", str(n), MONDAY - 12 * WEEK, -hours * HOUR, agent="b") for n, hours in taken))
    made = learn(store, MONDAY - 20 * WEEK, MONDAY - 10 * WEEK)
    assert (made.basis, sorted(cell.n for cell in made.cells)) == ("time", [39, 40])
    assert made.weight(HARD) == pytest.approx(made.weight(EASY))


def test_only_tickets_that_were_solved_in_time_and_count_are_learned_from(store: Store, source: Source) -> None:
    first, last = MONDAY - 20 * WEEK, MONDAY - 10 * WEEK
    desk_of_two_kinds(source, first)
    solved(source, 1, last + HOUR, "b", replies=50)
    solved(source, 2, first - HOUR, "b", replies=50)
    solved(source, 3, first + HOUR, "b", replies=50, deleted_at=first + 2 * HOUR)
    solved(source, 4, first + HOUR, "b", replies=50, channel="internal_task")
    made = learn(store, first, last)
    assert sum(cell.n for cell in made.cells) == 80


def test_a_version_holds_only_from_after_the_tickets_that_it_was_learned_from(store: Store, source: Source) -> None:
    """So that what somebody writes on a ticket never makes that ticket count more."""
    first, last = MONDAY - 20 * WEEK, MONDAY - 10 * WEEK
    desk_of_two_kinds(source, first)
    with pytest.raises(UsageError, match="only from after the tickets"):
        fit_weights(store, CONFIG, first=first, last=last, since=last - 1, now=MONDAY)
    learn(store, first, last)
    with pytest.raises(UsageError, match="version 1 already holds"):
        fit_weights(store, CONFIG, first=first, last=last, since=last, now=MONDAY)


def test_too_few_tickets_teach_nothing(store: Store, source: Source) -> None:
    for i in range(29):
        solved(source, i, MONDAY - WEEK + i * HOUR, "b")
    with pytest.raises(UsageError, match=r"only 29 tickets .* 30 are needed"):
        learn(store, MONDAY - WEEK, MONDAY)
    with pytest.raises(UsageError, match="only 0 tickets tell what they cost by time"):
        learn(store, MONDAY - WEEK, MONDAY, basis="time")


# --- reading


def read(store: Store, settings: config.Config = CONFIG) -> MetricStore:
    build_stale(store, settings)
    return MetricStore(store, settings)


def test_until_weights_are_learned_every_ticket_counts_one_and_the_figure_says_so(store: Store, source: Source) -> None:
    solved(source, 1, MONDAY + HOUR, "a", type="incident")
    solved(source, 2, MONDAY + HOUR, "a", priority="urgent", type="question")
    found = value(read(store), "weighted_volume")
    assert (found.value, found.n, found.basis) == (2, 2, "equal")


def test_the_configured_table_holds_until_weights_are_learned(store: Store, source: Source) -> None:
    solved(source, 1, MONDAY + HOUR, "a", type="incident")
    solved(source, 2, MONDAY + HOUR, "a", priority="urgent", type="question")
    solved(source, 3, MONDAY + HOUR, "a", priority=None, type=None)
    table = config.Weights(severity={"P0": 3, "P2": 1.5}, category={"incident": 2})
    found = value(read(store, config.Config(**{**_fields(CONFIG), "weights": table})), "weighted_volume")
    assert (found.value, found.basis) == (1.5 * 2 + 3 + 1, "configured")


def _fields(of: config.Config) -> dict[str, Any]:
    return {name: getattr(of, name) for name in of.__struct_fields__}


def test_each_ticket_counts_by_what_held_when_it_was_solved(store: Store, source: Source) -> None:
    first = MONDAY - 20 * WEEK
    desk_of_two_kinds(source, first)
    learn(store, first, first + WEEK, since=MONDAY + 2 * DAY)
    for number, when in ((1, MONDAY + DAY), (2, MONDAY + 3 * DAY)):
        solved(source, number, when, "a", type="incident")
    found = value(of := read(store), "weighted_volume", agent="Ann")
    hard = 2 * (0.5 + math.log(8)) / (1 + math.log(16))
    assert found.value == pytest.approx(1 + hard)
    assert found.basis == "equal, effort v1"
    # A later version leaves what is past as it is.
    learn(store, first, first + WEEK, since=MONDAY + 6 * DAY, basis="effort")
    again = value(MetricStore(store, of.config), "weighted_volume", agent="Ann")
    assert (again.value, again.basis) == (found.value, "equal, effort v1, effort v2")


def test_nobody_makes_their_own_tickets_weigh_more_by_writing_more(store: Store, source: Source) -> None:
    """Ann and Bob solve the same tickets, and Ann writes ten times as much on each, for half a year."""
    first = MONDAY - 20 * WEEK
    for i in range(120):
        who = "abe"[i % 3]
        solved(source, 1000 + i, first + i * HOUR, who, replies=10 if who == "a" else 1)
    solved(source, 1, MONDAY + HOUR, "a", replies=30)
    solved(source, 2, MONDAY + HOUR, "b", replies=1)
    made = learn(store, first, MONDAY - WEEK)
    of = read(store)
    ann, bob = (value(of, "weighted_volume", agent=name).value for name in ("Ann", "Bob"))
    # Two thirds of the tickets cost 0.5 + ln 2, and Ann's 0.5 + ln 11. For Ann the others' count, for Bob hers too.
    low, high = 0.5 + math.log(2), 0.5 + math.log(11)
    mean = (2 * low + high) / 3
    assert made.weight(EASY) == pytest.approx(1)
    assert (ann, bob) == (pytest.approx(low / mean), pytest.approx((low + high) / 2 / mean))
    assert ann < bob


def test_a_shared_ticket_counts_for_each_by_their_part(store: Store, source: Source) -> None:
    solved(source, 1, MONDAY + HOUR, "a", replies=3, others=("b",), priority="urgent")
    table = config.Weights(severity={"P0": 4})
    of = read(store, config.Config(**{**_fields(CONFIG), "weights": table}))
    assert [value(of, "weighted_volume", agent=name).value for name in ("Ann", "Bob")] == [3, 1]
    assert value(of, "weighted_volume").value == 4


# --- how much depends on the basis


def test_places_by_one_basis_against_places_by_another() -> None:
    time, equal = {"Ann": 9.0, "Bob": 8.0, "Eve": 1.0}, {"Ann": 2.0, "Bob": 3.0, "Eve": 3.0}
    # By time: Ann, Bob, Eve. Equal: Bob and Eve share the first place, Ann is third.
    [changed] = find_rank_changes({"time": time, "equal": equal})
    assert (changed.people, changed.moved, changed.most) == (3, 3, 2)
    [same] = find_rank_changes({"time": time, "effort": {name: 2 * x for name, x in time.items()}})
    assert (same.moved, same.most) == (0, 0)
    assert find_rank_changes({"time": time}) == []


def test_everybodys_volume_by_every_basis_that_there_is(store: Store, source: Source) -> None:
    first = MONDAY - 20 * WEEK
    desk_of_two_kinds(source, first, timed=128, count=128)
    learn(store, first, MONDAY - 10 * WEEK)
    for number in range(3):
        solved(source, number, MONDAY + HOUR, "a")
    solved(source, 8, MONDAY + HOUR, "b", type="incident")
    solved(source, 9, MONDAY + HOUR, "b", type="incident")
    period, as_of = period_of()
    found = rank_by_basis(read(store), period, as_of)
    # Of 1 h and 4 h the mean is 2.5: Ann's three easy ones weigh 0.4 each, Bob's hard ones 1.6 each; for Bob they are
    # learned from Eve's 32 of each kind, which cost the same.
    assert found == {
        "time": {"Ann": pytest.approx(1.2), "Bob": pytest.approx(3.2)},
        "equal": {"Ann": 3, "Bob": 2},
    }
    assert [(c.one, c.other, c.moved) for c in find_rank_changes(found)] == [("time", "equal", 2)]
