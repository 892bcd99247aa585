"""Comparisons read out of a store, with expected values worked out by hand."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from comparison_fixtures import BEFORE, DURING, MINUTE, SmallDesk, person
from metric_store_fixtures import HOUR, WEEK

from helpdesk_kpi.calendar.periods import parse_period
from helpdesk_kpi.errors import ConfigError, UsageError
from helpdesk_kpi.measure.benchmarking.result import PersonResult
from helpdesk_kpi.measure.statistics.funnel import place
from helpdesk_kpi.measure.statistics.intervals import wilson
from helpdesk_kpi.model import Rating, Team
from helpdesk_kpi.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


@pytest.fixture
def desk(store: Store) -> SmallDesk:
    """Of the others, Cid and Dan, 20 % of 100 P1 and 5 % of 100 P3 came back before the quarter."""
    found = SmallDesk(store, ["Ann", "Bob", "Cid", "Dan"])
    for name in ("Cid", "Dan"):
        found.many(name, 50, 10, BEFORE, priority="high")
    found.many("Cid", 50, 3, BEFORE, priority="low")
    found.many("Dan", 50, 2, BEFORE, priority="low")
    return found


@pytest.fixture
def bare(store: Store) -> SmallDesk:
    return SmallDesk(store, ["Ann", "Bob", "Cid", "Dan"])


def as_in_the_example(desk: SmallDesk) -> None:
    # Ann: 40 P1 and 10 P3, 8 come back. 40 x 0.20 + 10 x 0.05 = 8.5 were to be expected, so O/E is 0.94.
    # Bob: 5 P1 and 45 P3, 5 come back. 5 x 0.20 + 45 x 0.05 = 3.25, so 1.54.
    desk.many("Ann", 40, 7, DURING, priority="high")
    desk.many("Ann", 10, 1, DURING, priority="low")
    desk.many("Bob", 5, 1, DURING, priority="high")
    desk.many("Bob", 45, 4, DURING, priority="low")


def test_who_looks_bad_may_be_as_expected_and_who_looks_good_may_not(desk: SmallDesk) -> None:
    as_in_the_example(desk)
    found = desk.compare("reopen_rate")
    ann, bob = person(found, "Ann"), person(found, "Bob")
    assert (ann.n, ann.value, ann.observed, bob.n, bob.value, bob.observed) == (50, 0.16, 8, 50, 0.1, 5)
    assert (ann.expected, bob.expected) == pytest.approx((8.5, 3.25))
    assert (ann.ratio, bob.ratio) == pytest.approx((0.941, 1.538), abs=1e-3)
    # 13 of the team's 100 came back. Had Ann's 8 been the expected 8.5 it would be 13.5, had Bob's 5 been 3.25 it would
    # be 11.25; so 8/8.5 x 13.5 % and 5/3.25 x 11.25 %.
    assert (ann.adjusted, bob.adjusted) == pytest.approx((0.127059, 0.173077), abs=1e-6)
    assert [one.name for one in found.subjects] == ["Ann", "Bob"]


def test_with_like_work_the_adjusted_value_is_the_own_value_also_of_two(bare: SmallDesk) -> None:
    # Both ratios are to the other one alone: 20/10 and 10/20. Of the team's 15 % they would make 30 % and 7.5 %, though
    # the work is the same and nothing is to be adjusted.
    bare.many("Ann", 100, 20, DURING)
    bare.many("Bob", 100, 10, DURING)
    found = bare.compare("reopen_rate")
    ann, bob = person(found, "Ann"), person(found, "Bob")
    assert (found.centre, ann.ratio, bob.ratio) == pytest.approx((0.15, 2, 0.5))
    assert (ann.adjusted, bob.adjusted) == pytest.approx((0.2, 0.1))
    assert (ann.adjusted_low, ann.adjusted_high) == pytest.approx((ann.low, ann.high))


def test_an_adjusted_count_is_the_own_count_where_days_are_the_same(bare: SmallDesk) -> None:
    bare.many("Ann", 60, 0, DURING)
    bare.many("Bob", 30, 0, DURING)  # a mean of 45; twice that is 90, which nobody solved
    found = bare.compare("solved_tickets")
    assert [one.adjusted for one in found.subjects] == pytest.approx([60, 30])


def test_an_adjusted_duration_lies_as_far_off_the_team_as_the_own_part_lets_it(bare: SmallDesk) -> None:
    # 1 h and 4 h for two who do as much: on the logarithmic scale each moves the team by half of their ratio, so from
    # the team's 1 h (the lower of the two in the middle) they lie a factor of 2 off either way. Compared a minute up.
    bare.many("Ann", 50, 0, DURING, took=HOUR)
    bare.many("Bob", 50, 0, DURING, took=4 * HOUR)
    found = bare.compare("full_resolution_time")
    half = math.sqrt(241 / 61)
    assert found.centre == HOUR
    assert [one.adjusted for one in found.subjects] == pytest.approx([HOUR / half, HOUR * half])


def test_the_interval_of_a_ratio_is_that_of_the_observed_share(desk: SmallDesk) -> None:
    as_in_the_example(desk)
    ann = person(desk.compare("reopen_rate"), "Ann")
    low, high = wilson(8, 50)
    assert (ann.low, ann.high) == (low, high)
    assert (ann.ratio_low, ann.ratio_high) == pytest.approx((low * 50 / 8.5, high * 50 / 8.5))


def test_the_mix_of_work_adds_up_and_names_what_makes_the_difference(desk: SmallDesk) -> None:
    as_in_the_example(desk)
    bob = person(desk.compare("reopen_rate"), "Bob")
    low, high = bob.mix
    assert [(cell.severity, cell.shift, cell.n, cell.observed) for cell in bob.mix] == [
        ("P3", "all day", 45, 4), ("P1", "all day", 5, 1)
    ]  # fmt: skip
    assert (low.expected, low.gap, high.expected) == pytest.approx((2.25, 1.75, 1))
    assert bob.driving == (low,)
    assert sum(cell.n for cell in bob.mix) == bob.n
    assert sum(cell.expected for cell in bob.mix) == pytest.approx(bob.expected)


def test_equals_with_hard_and_easy_work_differ_and_then_are_within_expected_variation(desk: SmallDesk) -> None:
    # Ann has only P1, of which 20 % come back with anybody; Bob only P3 with 5 %.
    desk.many("Ann", 300, 60, DURING, priority="high")
    desk.many("Bob", 300, 15, DURING, priority="low")
    found = desk.compare("reopen_rate")
    ann, bob = person(found, "Ann"), person(found, "Bob")
    assert [place(one.value or 0, found.centre or 0, one.n) for one in (ann, bob)] == ["signal", "signal"]  # raw
    assert [(one.verdict, one.is_outlier) for one in (ann, bob)] == [("within", False), ("within", False)]
    assert (ann.ratio, bob.ratio) == pytest.approx((1, 1))
    assert ann.adjusted == pytest.approx(bob.adjusted) == found.centre == 0.125


def test_who_does_worse_on_the_same_work_is_a_signal(desk: SmallDesk) -> None:
    # 80 of 200 at 20 %: standard deviation sqrt(200 x 0.2 x 0.8) = 5.7, so 7 of them.
    desk.many("Ann", 200, 80, DURING, priority="high")
    desk.many("Bob", 200, 10, DURING, priority="low")
    found = desk.compare("reopen_rate")
    ann, bob = person(found, "Ann"), person(found, "Bob")
    assert (ann.verdict, ann.direction, ann.is_outlier) == ("signal", "worse", True)
    assert ann.ratio == pytest.approx(2)
    assert (bob.verdict, bob.direction, bob.is_outlier) == ("within", "", False)


def test_nobody_is_measured_by_their_own_past(desk: SmallDesk) -> None:
    as_in_the_example(desk)
    before = person(desk.compare("reopen_rate"), "Ann")
    desk.many("Ann", 300, 300, BEFORE + WEEK, priority="high")
    after = person(desk.compare("reopen_rate"), "Ann")
    assert after.expected == pytest.approx(before.expected) == pytest.approx(8.5)


def test_work_from_more_than_twelve_months_before_says_nothing(desk: SmallDesk) -> None:
    as_in_the_example(desk)
    desk.many("Cid", 100, 100, DURING - 56 * WEEK, priority="high")
    assert person(desk.compare("reopen_rate"), "Ann").expected == pytest.approx(8.5)


def test_a_kind_of_work_that_others_have_seldom_leans_on_its_severity(desk: SmallDesk) -> None:
    # Ten P1 by phone, of which 8 came back; with the 100 others P1 28 of 110. (10 x 0.8 + 20 x 28/110)/30 = 0.4364.
    desk.many("Cid", 10, 8, BEFORE, priority="high", channel="phone")
    desk.many("Ann", 20, 8, DURING, priority="high", channel="phone")
    assert person(desk.compare("reopen_rate"), "Ann").expected == pytest.approx(20 * 0.4364, abs=1e-3)


def test_a_young_desk_is_compared_by_the_work_of_the_period_itself(bare: SmallDesk) -> None:
    bare.many("Ann", 40, 10, DURING)
    bare.many("Bob", 40, 4, DURING)
    found = bare.compare("reopen_rate")
    assert person(found, "Ann").expected == pytest.approx(4)
    assert person(found, "Bob").expected == pytest.approx(10)
    quarter = parse_period("2026-Q4", "Europe/Berlin", DURING)
    assert found.reference[1] == quarter.end


def test_who_is_alone_has_nothing_to_be_compared_with(bare: SmallDesk) -> None:
    bare.many("Ann", 200, 10, DURING)
    ann = person(bare.compare("reopen_rate"), "Ann")
    assert (ann.value, ann.ratio, ann.shrunken, ann.verdict) == (0.05, None, None, None)
    assert ann.standing == ("not_scored", "no_comparison")


@pytest.mark.parametrize("kpi", ["csat", "first_reply_time", "solved_tickets"])
def test_where_nothing_happened_nobody_is_compared(bare: SmallDesk, kpi: str) -> None:
    found = bare.compare(kpi, report="weekly")
    assert (found.subjects, found.between, found.team.n) == ((), None, 0)


def test_work_that_nobody_else_does_is_flagged(desk: SmallDesk) -> None:
    # 40 of 100 tickets are P0, of which she had 90 % in all; the rest is everybody's.
    desk.many("Bob", 10, 1, BEFORE, priority="urgent")
    desk.many("Ann", 50, 5, BEFORE, priority="urgent")
    desk.many("Ann", 40, 5, DURING, priority="urgent")
    desk.many("Ann", 60, 5, DURING, priority="high")
    desk.many("Bob", 60, 5, DURING, priority="high")
    found = desk.compare("reopen_rate")
    assert (person(found, "Ann").overlap, person(found, "Ann").no_like_work) == (0.4, True)
    assert (person(found, "Bob").overlap, person(found, "Bob").no_like_work) == (0, False)


# What may be shown and scored


def test_what_is_hidden_tells_nothing(desk: SmallDesk) -> None:
    desk.many("Ann", 4, 4, DURING)
    ann = person(desk.compare("reopen_rate"), "Ann")
    assert ann == PersonResult(name="Ann", n=4, standing=ann.standing)
    assert ann.standing == ("hidden", "too_few_to_show")


def test_below_the_least_number_a_value_is_shown_and_not_scored(desk: SmallDesk) -> None:
    desk.many("Ann", 99, 20, DURING)
    ann = person(desk.compare("reopen_rate"), "Ann")
    assert ann.standing == ("not_scored", "below_min_n")  # reopen_rate asks for 100
    assert ann.value == 20 / 99


def test_where_people_truly_differ_they_are_scored_and_drawn_a_little(bare: SmallDesk) -> None:
    # Of 400 each, 4, 12, 20 and 28 % come back. Against the other three together, which are 20, 17.33, 14.67 and 12 %,
    # they lie -16 to 16 points off; against all, three quarters of it: -12, -4, 4, 12 points, s^2 = 320/3 points^2. By
    # chance it is p q/400 = 3.4 points^2; about 103 are left, so about 0.97 of a difference is real.
    for name, again in (("Ann", 16), ("Bob", 48), ("Cid", 80), ("Dan", 112)):
        bare.many(name, 400, again, DURING)
    found = bare.compare("reopen_rate")
    ann, dan = person(found, "Ann"), person(found, "Dan")
    assert found.between == pytest.approx(math.sqrt(0.0103), rel=0.02)
    assert {one.standing.verdict for one in found.subjects} == {"scored"}
    for one in (ann, dan):
        assert one.reliability == pytest.approx(0.97, abs=0.01)
        assert one.adjusted is not None
        assert one.shrunken == pytest.approx(0.16 + (one.reliability or 0) * (one.adjusted - 0.16))
    assert (ann.verdict, ann.direction, dan.verdict, dan.direction) == ("signal", "better", "signal", "worse")


def test_where_the_others_are_all_alike_little_is_not_taken_for_sure(bare: SmallDesk) -> None:
    # None of the others' 120 P3 came back, so by their spread Ann's 1 of 6 would be no chance at all: reliability 1.
    # With her own it is 1 of 126, with a half for what was not seen 1.5/127 = 0.0118: of 6 the variance of
    # the share is 0.0118 x 0.9882/6 = 0.00195.
    for name, again in (("Ann", 4), ("Bob", 12), ("Cid", 2)):
        bare.many(name, 40, again, BEFORE, priority="high")
    for name in ("Bob", "Cid"):
        bare.many(name, 60, 0, BEFORE, priority="low")
    bare.many("Ann", 6, 1, DURING, priority="low")
    found = bare.compare("reopen_rate")
    assert found.between is not None
    true = found.between**2
    assert person(found, "Ann").reliability == pytest.approx(true / (true + 0.001945), rel=0.01)
    assert true / (true + 0.001945) < 0.7


def test_where_people_differ_by_chance_alone_nobody_is_scored(bare: SmallDesk) -> None:
    for name, again in (("Ann", 19), ("Bob", 20), ("Cid", 21), ("Dan", 20)):
        bare.many(name, 200, again, DURING)
    found = bare.compare("reopen_rate")
    assert found.between == 0
    assert {one.standing for one in found.subjects} == {("not_scored", "mostly_chance")}
    assert {one.shrunken for one in found.subjects} == {0.1}


def test_a_kpi_of_teams_scores_no_person(bare: SmallDesk) -> None:
    for name in ("Ann", "Bob"):
        bare.many(name, 120, 0, DURING)
    found = bare.compare("full_resolution_time")
    assert {one.standing for one in found.subjects} == {("not_scored", "only_for_teams")}
    assert {one.standing.reason for one in bare.compare("csat_response_rate").subjects} <= {"only_shown"}


# Durations and counts


def test_durations_are_compared_by_their_ratio_on_like_work(bare: SmallDesk) -> None:
    # Everybody takes 119 min for P3 and 14 for P1; plus the minute of the scale 120 and 15. Ann 299: 300/120 = 2.5.
    for name in ("Bob", "Cid"):
        bare.many(name, 40, 0, BEFORE, priority="low", took=119 * MINUTE)
        bare.many(name, 40, 0, BEFORE, priority="high", took=14 * MINUTE)
    bare.many("Ann", 10, 0, DURING, priority="low", took=299 * MINUTE)
    bare.many("Ann", 10, 0, DURING, priority="high", took=14 * MINUTE)
    ann = person(bare.compare("full_resolution_time", config={}), "Ann")
    # Mean of the logs of ten 2.5 and ten 1: sqrt 2.5. Observed geometric mean sqrt(300 x 15), expected sqrt(120 x 15).
    assert ann.ratio == pytest.approx(math.sqrt(2.5))
    assert ann.observed == pytest.approx((math.sqrt(4500) - 1) * MINUTE)
    assert ann.expected == pytest.approx((math.sqrt(1800) - 1) * MINUTE)
    assert [(cell.severity, round(cell.gap, 4)) for cell in ann.driving] == [("P3", round(10 * math.log(2.5), 4))]


def test_a_ticket_that_is_kept_open_gains_nothing(bare: SmallDesk) -> None:
    # Both teams take 119 min; the second has ten more that are still open 60 days later, longer than any other took.
    bare.source.put(Team("1", "First"), Team("2", "Second"))
    for team, who in (("1", "Ann"), ("2", "Bob")):
        bare.many(who, 40, 0, BEFORE, took=119 * MINUTE, team=team)
        bare.many(who, 40, 0, DURING, took=119 * MINUTE, team=team)
    for i in range(10):
        bare.ticket(DURING + i * MINUTE, team="2")
    as_of = DURING + 60 * 24 * HOUR
    second = person(bare.compare("full_resolution_time", axis="team", as_of=as_of), "Second")
    # Nothing was ever longer than the oldest of them, so each of the ten counts as that one; 120 min are expected.
    longest = (as_of - DURING) / MINUTE + 1
    assert second.n == 50
    assert second.ratio == pytest.approx((longest / 120) ** (10 / 50))
    assert (second.direction, second.verdict) == ("worse", "signal")


def test_a_ticket_that_has_just_begun_says_nothing_against_anybody(bare: SmallDesk) -> None:
    bare.source.put(Team("1", "First"), Team("2", "Second"))
    for team, who in (("1", "Ann"), ("2", "Bob")):
        bare.many(who, 40, 0, BEFORE, took=119 * MINUTE, team=team)
        bare.many(who, 40, 0, DURING, took=119 * MINUTE, team=team)
    as_of = DURING + 3 * 24 * HOUR
    for i in range(10):
        bare.ticket(as_of - HOUR + i * MINUTE, team="2")
    second = person(bare.compare("full_resolution_time", axis="team", as_of=as_of), "Second")
    assert (second.n, second.verdict) == (50, "within")
    assert second.ratio == pytest.approx(1)


def test_counts_are_those_of_others_in_as_many_days_of_work(bare: SmallDesk) -> None:
    # Cid and Dan solve 10 a week for three weeks, one of them P3. Ann solves 12 in one week, then she is away.
    for name in ("Cid", "Dan"):
        for week in range(3):
            bare.many(name, 9, 0, BEFORE + week * WEEK, priority="high")
            bare.many(name, 1, 0, BEFORE + week * WEEK, priority="low")
    bare.many("Ann", 12, 0, DURING, priority="high")
    ann = person(bare.compare("solved_tickets"), "Ann")
    assert (ann.value, ann.observed) == (12, 12)
    assert (ann.expected, ann.ratio) == pytest.approx((10, 1.2))
    assert (ann.verdict, ann.direction) == ("within", "")
    assert [cell.severity for cell in ann.driving] == ["P1"]
    assert ann.driving[0].gap == pytest.approx(3)


def test_what_nobody_did_raises_nobodys_adjusted_count(bare: SmallDesk) -> None:
    # Ann and Bob solve 10 each in the same week; an automation solves 20 that nobody had. A person's mean is 10.
    for name in ("Ann", "Bob"):
        bare.many(name, 10, 0, DURING)
    for i in range(20):
        ticket = bare.ticket(DURING + i * MINUTE)
        bare.event(ticket, DURING + HOUR, "change", field="status", before="open", after="solved")
    found = bare.compare("solved_tickets")
    assert found.team.value == 40
    assert found.centre == 10
    assert [person(found, name).adjusted for name in ("Ann", "Bob")] == pytest.approx([10, 10])


# Shifts, slices, and what cannot be compared


def test_nights_are_compared_with_nights(bare: SmallDesk) -> None:
    # At night 40 of 100 came back, by day 10 of 100. Noon in Berlin is early, twelve hours later night.
    for name in ("Bob", "Cid"):
        bare.many(name, 50, 20, BEFORE + 12 * HOUR)
        bare.many(name, 50, 5, BEFORE)
    bare.many("Ann", 20, 8, DURING + 12 * HOUR)
    eight_hours = {"shifts": {"early": "06:00-14:00", "late": "14:00-22:00", "night": "22:00-06:00"}}
    found = bare.compare("reopen_rate", config=eight_hours)
    ann = person(found, "Ann")
    assert ann.mix[0].shift == "night"
    assert ann.expected == pytest.approx(8)


def test_the_shift_is_the_one_in_which_a_ticket_came_in(bare: SmallDesk) -> None:
    eight_hours = {"shifts": {"early": "06:00-14:00", "late": "14:00-22:00"}}
    bare.many("Ann", 10, 1, DURING + 90 * MINUTE)  # came at 13:30, solved at 14:30
    bare.many("Bob", 10, 1, DURING + 90 * MINUTE)
    ann = person(bare.compare("reopen_rate", config=eight_hours), "Ann")
    assert [cell.shift for cell in ann.mix] == ["early"]


def test_invalid_hours_are_quoted(bare: SmallDesk) -> None:
    bare.many("Ann", 10, 1, DURING)
    with pytest.raises(ConfigError, match=r"shifts\.late: '2 pm' are no hours; allowed are"):
        bare.compare("reopen_rate", config={"shifts": {"late": "2 pm"}})


def test_a_slice_is_compared_within_itself(desk: SmallDesk) -> None:
    as_in_the_example(desk)
    found = desk.compare("reopen_rate", severity="P1")
    assert person(found, "Ann").n == 40
    assert person(found, "Ann").expected == pytest.approx(8)
    assert found.team.n == 45


@pytest.mark.parametrize("kpi", ["backlog"])
def test_what_is_alive_at_an_instant_is_not_compared(bare: SmallDesk, kpi: str) -> None:
    bare.many("Ann", 10, 1, DURING)
    with pytest.raises(UsageError, match=f"{kpi} .* cannot be compared"):
        bare.compare(kpi)
    with pytest.raises(UsageError, match="no comparison by 'channel'; allowed are agent, team"):
        bare.compare("reopen_rate", axis="channel")


def test_one_customer_with_many_answers_makes_an_interval_wider(bare: SmallDesk) -> None:
    # Forty answers, half of them good, from two customers: one always pleased, one never. Or from forty customers.
    for number in range(80):
        few = "pleased" if number % 2 else "never"
        ticket = bare.solved("Ann" if number < 40 else "Bob", DURING + number * MINUTE,
                             requester=few if number < 40 else f"c{number}")  # fmt: skip
        answered = DURING + 2 * HOUR + number * MINUTE
        good: Literal["good", "bad"] = "good" if number % 2 else "bad"
        bare.records.append(Rating(ticket, ticket, DURING + HOUR, 1, category=good, answered_at=answered))
    once, again = bare.compare("csat", report="weekly"), bare.compare("csat", report="weekly")
    ann, bob = person(once, "Ann"), person(once, "Bob")
    assert (ann.value, bob.value) == (0.5, 0.5)
    assert ann.by_customer == (0, 1)  # a quarter of the draws has only the one, a quarter only the other
    assert bob.by_customer[0] == pytest.approx(wilson(20, 40)[0], abs=0.05)
    assert once == again
    assert person(bare.compare("csat"), "Ann").by_customer == (None, None)
