"""Signals: rarely of nothing, soon of something, and always in line with the range that is printed."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_kpi.measure.metrics.metric_value import Point
from helpdesk_kpi.measure.statistics.control_chart import Better, Kind, detect_signal
from helpdesk_kpi.measure.statistics.distributions import student_quantile

HOUR = 3_600_000.0


def points(values: "list[float] | np.ndarray[tuple[int, ...], np.dtype[np.float64]]", n: float = 150) -> list[Point]:
    return [Point(f"week {place}", float(value), n) for place, value in enumerate(values)]


def hours(log: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", n: float = 150) -> list[Point]:
    return points(np.exp(log) * HOUR, n)


def test_twenty_five_points_are_too_few() -> None:
    found = detect_signal(points([HOUR] * 25), Point("now", 9 * HOUR, 150), "duration", "lower")
    assert (found.verdict, found.points, found.low) == ("too_little_history", 25, None)
    assert detect_signal(points([HOUR] * 26), Point("now", 9 * HOUR, 150), "duration", "lower").verdict == "signal"


def test_weeks_without_a_value_are_no_history() -> None:
    history = [*points([HOUR] * 25), Point("holiday", None, 0), Point("not reached", None, 40)]
    assert detect_signal(history, Point("now", HOUR, 150), "duration", "lower").verdict == "too_little_history"


def test_a_value_that_is_not_reached_yet_is_provisional_and_has_a_usual_range() -> None:
    found = detect_signal(points([HOUR] * 26), Point("now", None, 150), "duration", "lower")
    assert found.verdict == "provisional"
    assert found.low is not None
    assert found.high is not None
    assert found.low < HOUR < found.high


def test_the_limits_of_one_point_are_students() -> None:
    # Counts c with 2 sqrt(c + 3/8) = 38 and 42, thirteen each, in turn: mean 40, s = 2 sqrt(26/25) = 2.0396 > 1.
    # 0.03 % two-sided, 25 degrees of freedom; limits 40 +- t s sqrt(1 + 1/26), back by (y/2)^2 - 3/8.
    history = points([(y / 2) ** 2 - 0.375 for y in (38.0, 42.0)] * 13)
    half = student_quantile(0.0003, 25) * 2 * math.sqrt(26 / 25) * math.sqrt(1 + 1 / 26)
    found = detect_signal(history, Point("now", 400, 400), "count", "neither")
    assert found.low == pytest.approx(((40 - half) / 2) ** 2 - 0.375)
    assert found.high == pytest.approx(((40 + half) / 2) ** 2 - 0.375)
    assert found.verdict == "usual"


def test_a_difference_of_counts_may_be_negative_and_is_no_steadier_than_counts_are() -> None:
    # -2 and 2 in turn, of four tickets each: off by -1 and 1 of their sqrt(4), s = sqrt(26/25) > 1. The mean is known
    # to 1/(26/4); a week with sixteen tickets has twice the spread of one with four.
    history = points([-2.0, 2.0] * 13, n=4)
    for n, spread in ((4, 2.0), (16, 4.0)):
        half = student_quantile(0.0003, 25) * math.sqrt(26 / 25) * math.sqrt(spread**2 + 4 / 26)
        found = detect_signal(history, Point("now", -3, n), "difference", "neither")
        assert found.low == pytest.approx(-half)
        assert found.high == pytest.approx(half)
        assert found.verdict == "usual"
        assert detect_signal(history, Point("now", -half - 1, n), "difference", "neither").direction == "less"


@pytest.mark.parametrize(
    ("better", "up", "down"),
    [("lower", "worse", "better"), ("higher", "better", "worse"), ("neither", "more", "less")],
)
def test_the_direction_says_whether_that_is_good(better: Better, up: str, down: str) -> None:
    history = points([100, 110, 90, 105, 95] * 6)
    assert detect_signal(history, Point("now", 300, 300), "count", better).direction == up
    assert detect_signal(history, Point("now", 10, 10), "count", better).direction == down


def test_two_moderate_weeks_are_a_signal_where_each_alone_is_not() -> None:
    # Log hours +-0.1 in turn: s about 0.1. 0.3 is about three deviations off: usual alone, not twice running.
    calm = [0.1, -0.1] * 14
    alone = detect_signal(hours(np.array(calm)), Point("now", math.exp(0.3) * HOUR, 150), "duration", "lower")
    twice = detect_signal(
        hours(np.array([*calm[1:], 0.3])), Point("now", math.exp(0.3) * HOUR, 150), "duration", "lower"
    )
    back = detect_signal(hours(np.array([*calm[1:], 0.3])), Point("now", HOUR, 150), "duration", "lower")
    assert (alone.verdict, twice.verdict, twice.direction, back.verdict) == ("usual", "signal", "worse", "usual")


def test_a_week_back_to_normal_after_a_terrible_one_is_no_signal() -> None:
    log = np.array([*([0.1, -0.1] * 14), 2.0])
    assert detect_signal(hours(log), Point("now", HOUR, 150), "duration", "lower").verdict == "usual"


def test_a_backlog_that_carries_over_is_not_tested_in_pairs() -> None:
    calm = [100.0, 120.0] * 14  # on the scale of roots 20.04 and 21.94; 145 is 24.11, three deviations off
    alone = detect_signal(points(calm), Point("now", 145, 145), "count", "lower")
    twice = detect_signal(points([*calm[1:], 145]), Point("now", 145, 145), "count", "lower")
    assert (alone.verdict, twice.verdict) == ("usual", "usual")


def test_a_week_of_few_tickets_has_a_wider_range() -> None:
    rng = np.random.default_rng(1)
    history = hours(0.1 * rng.standard_normal(26))
    many, few = (detect_signal(history, Point("now", 1.6 * HOUR, n), "duration", "lower") for n in (150, 10))
    assert (many.verdict, few.verdict) == ("signal", "usual")
    shares = points(rng.binomial(100, 0.9, 26) / 100, 100)
    many, few = (detect_signal(shares, Point("now", 0.7, n), "share", "higher") for n in (100, 10))
    assert (many.verdict, many.direction, few.verdict) == ("signal", "worse", "usual")


@pytest.mark.parametrize(
    ("kind", "same", "near", "far"),
    [("share", 1.0, 0.98, 0.7), ("share", 0.0, 0.02, 0.3), ("count", 0.0, 2.0, 30.0), ("duration", 0.0, 1000.0, HOUR)],
)
def test_a_series_that_never_moved_is_not_upset_by_a_little(kind: Kind, same: float, near: float, far: float) -> None:
    history = points([same] * 26, 100)
    assert detect_signal(history, Point("now", near, 100), kind, "lower").verdict == "usual"
    assert detect_signal(history, Point("now", far, 100), kind, "lower").verdict == "signal"


def test_weeks_with_a_count_of_nothing_are_history() -> None:
    assert detect_signal([Point("", 0.0, 0)] * 26, Point("now", 0.0, 0), "count", "lower").verdict == "usual"


@given(
    kind=st.sampled_from(["duration", "share", "count"]),
    values=st.lists(st.floats(0, 1), min_size=27, max_size=60),
    sizes=st.lists(st.integers(1, 500), min_size=60, max_size=60),
)
def test_a_signal_is_outside_of_the_printed_range_and_nothing_else_is(
    kind: Kind, values: list[float], sizes: list[int]
) -> None:
    scale = {"duration": 20 * HOUR, "share": 1.0, "count": 300.0}[kind]
    series = [Point("", value * scale, n) for value, n in zip(values, sizes, strict=False)]
    found = detect_signal(series[:-1], series[-1], kind, "lower")
    value = series[-1].value
    assert value is not None
    assert found.low is not None
    assert found.high is not None
    slack = 1e-6 * (1 + value)
    if found.verdict == "signal":
        assert value < found.low + slack or value > found.high - slack
    else:
        assert found.low - slack <= value <= found.high + slack


def _alarms(series: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", n: float, kind: Kind) -> float:
    """Share of weeks that are signals, over rows of consecutive weeks."""
    verdicts = [
        detect_signal(weeks[now - 26 : now], weeks[now], kind, "lower").verdict
        for weeks in (points(row, n) for row in series)
        for now in range(26, len(weeks))
    ]
    return verdicts.count("signal") / len(verdicts)


def test_a_stable_world_gives_a_false_signal_about_once_in_a_thousand_weeks() -> None:
    rng = np.random.default_rng(7)
    shape = (150, 78)  # 7,800 weeks are judged: 8 false signals at 0.1 %, more than 16 has a chance of 0.4 %
    medians = np.median(np.exp(14 + 1.2 * rng.standard_normal((*shape, 61))), axis=2)
    assert _alarms(medians, 61, "duration") <= 16 / 7800
    assert _alarms(rng.binomial(80, 0.9, shape) / 80, 80, "share") <= 16 / 7800
    assert _alarms(rng.poisson(40, shape).astype(np.float64), 40, "count") <= 16 / 7800


def test_a_rise_of_thirty_percent_is_signalled_within_two_weeks_where_tickets_are_many() -> None:
    rng = np.random.default_rng(8)
    found = 0
    for _ in range(100):
        medians = np.median(np.exp(14 + 1.2 * rng.standard_normal((28, 601))), axis=1)
        medians[26:] *= 1.3
        weeks = points(medians, 601)
        seen = [detect_signal(weeks[now - 26 : now], weeks[now], "duration", "lower") for now in (26, 27)]
        found += any(one.direction == "worse" for one in seen)
    assert found >= 85  # 95 of 100 are expected


def test_a_lower_rate_of_false_alarms_widens_the_range() -> None:
    history = hours(0.1 * np.random.default_rng(9).standard_normal(26))
    usual = detect_signal(history, Point("now", HOUR, 150), "duration", "lower")
    strict = detect_signal(history, Point("now", HOUR, 150), "duration", "lower", false_alarms=0.0001)
    assert strict.high is not None
    assert usual.high is not None
    assert strict.high > usual.high


def test_scores_of_a_few_points_have_a_range_of_their_own_size() -> None:
    """Between 3.1 and 3.3 replies a ticket for half a year: 6 are news, 3.2 are none."""
    history = points([3.1, 3.2, 3.3, 3.2] * 7)
    found = detect_signal(history, Point("now", 3.2, 150), "level", "lower")
    assert found.verdict == "usual"
    assert found.low is not None
    assert found.high is not None
    assert 2.5 < found.low < 3.1
    assert 3.3 < found.high < 4
    found = detect_signal(history, Point("now", 6.0, 150), "level", "lower")
    assert (found.verdict, found.direction) == ("signal", "worse")
