"""Kaplan and Meier against hand-worked tables, complete data and a simulated truth."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_kpi.measure.statistics.intervals import quantile, wilson
from helpdesk_kpi.measure.statistics.survival import kaplan_meier


def test_a_small_table_worked_by_hand() -> None:
    # 6, 6, 6 end and 6+ runs, of 10: S(6) = 7/10. 7 ends, of 6: 7/10 x 5/6 = 7/12. 9+ runs. 10 ends, of 4: 7/16.
    # 11+, 17+, 19+ run.
    curve = kaplan_meier(
        [6, 6, 6, 6, 7, 9, 10, 11, 17, 19], [True, True, True, False, True, False, True, False, False, False]
    )
    assert curve.times.tolist() == [6, 7, 10]
    assert curve.survival == pytest.approx([7 / 10, 7 / 12, 7 / 16])
    # Greenwood: 3/(10 7), + 1/(6 5), + 1/(4 3).
    assert curve.greenwood == pytest.approx([0.042857, 0.076190, 0.159524], abs=1e-6)
    assert (curve.at(5), curve.at(6), curve.at(9.9), curve.at(1000)) == pytest.approx((1, 7 / 10, 7 / 12, 7 / 16))
    assert (curve.quantile(0.3), curve.quantile(0.5), curve.quantile(0.9)) == (6, 10, None)


def test_the_interval_of_that_table_on_the_log_log_scale() -> None:
    # At 10: log S = log(7/16) = -0.826679, sqrt(0.159524) = 0.399404, z times their ratio 0.946940, factor e^0.94694 =
    # 2.577808: low = exp(-0.826679 x 2.577808) = 0.118713, high = exp(-0.826679/2.577808) = 0.725670.
    curve = kaplan_meier(
        [6, 6, 6, 6, 7, 9, 10, 11, 17, 19], [True, True, True, False, True, False, True, False, False, False]
    )
    assert curve.interval_at(10) == pytest.approx((0.118713, 0.725670), abs=1e-4)
    assert curve.quantile_interval(0.5) == (6, None)  # low(6) = 0.329 <= 0.5, high never


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_so_few_leave_the_interval_of_their_median_open_whether_or_not_one_still_runs(n: int) -> None:
    # All n lie above the true median with a chance of 1/2^n, and 1/2^5 = 3.1 % is more than 2.5 %.
    times = [10 * (i + 1) for i in range(n)]
    for last in (True, False):
        assert kaplan_meier(times, [True] * (n - 1) + [last]).quantile_interval(0.5) == (None, None)


def test_what_was_lost_sight_of_before_the_first_end_makes_no_limit_surer() -> None:
    # Eighteen were seen for an hour; of the two that were seen longer one ended after 10, the other after 20.
    curve = kaplan_meier([1] * 18 + [10, 20], [False] * 18 + [True, True])
    assert (curve.quantile(0.5), curve.quantile_interval(0.5)) == (10, (None, None))


def test_nothing_ended_yet_is_not_reached_and_nothing_at_all_is_no_error() -> None:
    waiting = kaplan_meier([5, 6], [False, False])
    assert (waiting.quantile(0.5), waiting.at(10), waiting.quantile_interval(0.5)) == (None, 1.0, (None, None))
    assert waiting.interval_at(10) == (0.0, 1.0)  # nobody was seen that long
    assert kaplan_meier([], []).quantile(0.5) is None
    assert kaplan_meier([], []).interval_at(1) == (0.0, 1.0)


def test_lists_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"durations \(2,\) and ends \(1,\)"):
        kaplan_meier([1, 2], [True])


@given(values=st.lists(st.integers(0, 50), min_size=1, max_size=80), q=st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9]))
def test_of_complete_data_it_is_the_plain_quantile_and_share(values: list[int], q: float) -> None:
    curve = kaplan_meier(values, [True] * len(values))
    assert curve.quantile(q) == quantile(values, q)
    for t in (0, 10, 25, 50):
        longer = sum(v > t for v in values)
        assert curve.at(t) == pytest.approx(longer / len(values))
        assert curve.interval_at(t) == pytest.approx(wilson(longer, len(values)))


@given(spans=st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=60), order=st.randoms())
def test_the_order_of_the_spans_does_not_matter_and_the_curve_only_falls(
    spans: list[tuple[int, bool]], order: random.Random
) -> None:
    curve = kaplan_meier([d for d, _ in spans], [e for _, e in spans])
    order.shuffle(spans)
    again = kaplan_meier([d for d, _ in spans], [e for _, e in spans])
    assert curve.survival.tolist() == again.survival.tolist()
    low, high = curve.band()
    assert (np.diff(curve.survival) <= 0).all()
    assert ((low <= curve.survival + 1e-12) & (curve.survival <= high + 1e-12)).all()


def test_waiting_tickets_count_half_fast_and_half_slow_censored_by_a_week() -> None:
    # Half of the things take about 8 hours, half about 90; they began at random within a week and are looked at at its
    # end. Of those that are done the median is far too good; the estimate stays near the truth.
    rng = np.random.default_rng(5)
    truth = np.where(rng.random(20_000) < 0.5, rng.exponential(8, 20_000), rng.exponential(200, 20_000)) * 3_600_000
    seen = rng.uniform(0, 168, 20_000) * 3_600_000
    ended = truth <= seen
    assert 0.3 < 1 - ended.mean() < 0.45
    curve = kaplan_meier(np.minimum(truth, seen), ended)
    naive, exact = np.median(truth[ended]), np.median(truth)
    assert naive < 0.75 * exact
    found = curve.quantile(0.5)
    assert found is not None
    assert found == pytest.approx(exact, rel=0.05)


def test_the_intervals_cover_a_censored_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(6)
    hits_median = hits_share = 0
    for _ in range(1000):
        truth, seen = rng.exponential(1000, 80), rng.exponential(2000, 80)
        curve = kaplan_meier(np.minimum(truth, seen), truth <= seen)
        low, high = curve.quantile_interval(0.5)
        hits_median += (low is None or low <= 693.1) and (high is None or high >= 693.1)  # 1000 log 2
        share_low, share_high = curve.interval_at(500)
        hits_share += share_low <= np.exp(-0.5) <= share_high
    assert 0.925 <= hits_median / 1000 <= 0.975
    assert 0.925 <= hits_share / 1000 <= 0.975


def test_a_median_of_many_equal_durations_has_an_upper_limit() -> None:
    """100 that all took 5: had half of all things taken longer, that had no chance. Of five, all lie below the true
    median with a chance of 1/32, more than 2.5 %, so nothing is said; of six with 1/64.
    """
    assert kaplan_meier([5] * 100, [True] * 100).quantile_interval(0.5) == (5, 5)
    assert kaplan_meier([1] + [5] * 99, [True] * 100).quantile_interval(0.9) == (5, 5)
    assert kaplan_meier([5] * 5, [True] * 5).quantile_interval(0.5)[1] is None
    assert kaplan_meier([5] * 6, [True] * 6).quantile_interval(0.5)[1] == 5
