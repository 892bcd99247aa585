"""Intervals and limits against hand-worked values, exact sums and simulated coverage."""

import doctest
import importlib
import math
import pkgutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_kpi.measure import statistics as package
from helpdesk_kpi.measure.statistics import funnel, intervals, laney
from helpdesk_kpi.measure.statistics.distributions import binomial_cdf, student_quantile
from helpdesk_kpi.measure.statistics.intervals import mean, wilson

MODULES = [f"{package.__name__}.{found.name}" for found in pkgutil.iter_modules(package.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_the_docstrings_hold(name: str) -> None:
    module = importlib.import_module(name)
    result = doctest.testmod(module)
    assert result.failed == 0
    assert result.attempted > 0 or name.endswith("control_chart")


def test_nine_of_ten_says_little() -> None:
    # z^2 = 3.8415: centre (0.9 + 0.19207)/1.38415 = 0.78898; half 1.96 sqrt(0.009 + 0.0096037)/1.38415 = 0.19314.
    assert wilson(9, 10) == pytest.approx((0.59585, 0.98212), abs=1e-4)


def test_an_interval_of_nothing_or_everything_ends_there() -> None:
    # 0 of 20: the upper limit is z^2/(n + z^2) = 3.8415/23.8415.
    assert wilson(0, 20) == pytest.approx((0.0, 0.16113), abs=1e-4)
    assert wilson(20, 20)[1] == 1.0
    assert wilson(20, 20)[0] == pytest.approx(1 - 0.16113, abs=1e-4)


def test_split_credit_narrows_the_interval_by_its_sum() -> None:
    low, high = wilson(4.5, 7.5)
    assert wilson(4, 7)[0] < low < 0.6 < high < wilson(5, 7)[1]


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5), (1, 0)])
def test_what_is_no_share_is_refused(successes: float, n: float) -> None:
    with pytest.raises(ValueError, match="is no share"):
        wilson(successes, n)


def test_wilson_covers_the_truth_about_as_often_as_it_says() -> None:
    # Exactly, by summing the binomial: averaged over 50 shares, since the coverage of one share jumps with n.
    n = 60
    covered = []
    for p in np.linspace(0.05, 0.95, 50):
        mass = np.diff(binomial_cdf(n, float(p)), prepend=0.0)
        inside = [low <= p <= high for low, high in (wilson(k, n) for k in range(n + 1))]
        covered.append(float(mass[inside].sum()))
    assert np.mean(covered) == pytest.approx(0.95, abs=0.01)


@given(n=st.integers(0, 300), p=st.floats(0.001, 0.999))
def test_the_binomial_sum_is_exact(n: int, p: float) -> None:
    k = n // 3
    exact = math.fsum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))
    assert binomial_cdf(n, p)[k] == pytest.approx(exact, abs=1e-9)


@given(n=st.integers(1, 400), q=st.sampled_from([0.25, 0.5, 0.9]))
def test_ranks_hold_the_quantile_with_at_least_the_confidence_and_no_narrower_ones_do_on_a_side(
    n: int, q: float
) -> None:
    low, high = intervals.ranks(n, q)
    below = [0.0, *binomial_cdf(n, q).tolist()]  # below[l] = P(X <= l - 1)
    if low is not None:
        assert below[low] <= 0.025 + 1e-8
        assert below[low + 1] > 0.025
    if high is not None:
        assert 1 - below[high] <= 0.025 + 1e-8
        assert 1 - below[high - 1] > 0.025
    assert (low is None) == (below[1] > 0.025 + 1e-9)


def test_the_order_statistics_cover_the_true_90th_percentile() -> None:
    rng = np.random.default_rng(11)
    truth = math.exp(1.2 * 1.281552)
    hits = 0
    for sample in np.exp(1.2 * rng.standard_normal((2000, 120))):
        low, high = intervals.interval(sample, 0.9)
        assert low is not None
        assert high is not None
        hits += low <= truth <= high
    assert 0.945 <= hits / 2000 <= 0.985  # at least 95 %: whole ranks cannot hit it exactly


@given(values=st.lists(st.integers(0, 10**9), min_size=1, max_size=60), q=st.sampled_from([0.1, 0.5, 0.75, 0.9]))
def test_the_quantile_is_the_smallest_value_that_enough_values_do_not_exceed(values: list[int], q: float) -> None:
    found = intervals.quantile(values, q)
    assert found in values
    assert sum(v <= found for v in values) >= len(values) * q - 1e-6
    assert sum(v < found for v in values) < len(values) * q


def test_the_mean_has_no_interval_below_twenty_values() -> None:
    assert mean([1.0] * 19) == (1.0, None, None)
    assert mean([1.0] * 20) == (1.0, 1.0, 1.0)


def test_students_limits_are_those_of_the_tables() -> None:
    assert student_quantile(0.05, 1) == pytest.approx(12.706, abs=1e-3)
    assert student_quantile(0.01, 24) == pytest.approx(2.797, abs=1e-3)
    assert student_quantile(0.05, 1000) == pytest.approx(1.962, abs=1e-3)


def test_laneys_limits_widen_where_a_plain_chart_would_cry_wolf() -> None:
    rng = np.random.default_rng(3)
    n = np.full(300, 5000.0)
    shares = rng.binomial(5000, rng.beta(450, 50, 300)) / 5000  # real weeks differ by more than sampling does
    found = laney.chart(shares, n)
    assert found is not None
    low, high = found.limits(5000)
    assert np.mean((shares < low) | (shares > high)) < 0.01
    plain_low, plain_high = laney.LaneyChart(found.centre, 1.0).limits(5000)
    assert np.mean((shares < plain_low) | (shares > plain_high)) > 0.1


def test_laney_says_nothing_of_one_week_and_bears_perfect_ones() -> None:
    assert laney.chart([0.5], [10]) is None
    perfect = laney.chart([1, 1, 1], [5, 5, 5])
    assert perfect is not None
    assert perfect.limits(5) == (1.0, 1.0)


def test_equals_are_called_unequal_less_than_one_time_in_two_hundred() -> None:
    rng = np.random.default_rng(4)
    for p, n in ((0.9, 12), (0.9, 150), (0.05, 60)):
        low, high = funnel.limits(p, n)
        shares = rng.binomial(n, p, 20_000) / n
        assert np.mean((shares < low - 1e-9) | (shares > high + 1e-9)) < 0.005


def test_a_funnel_narrows_with_n_and_a_real_outlier_is_outside() -> None:
    wide, narrow = funnel.limits(0.88, 20), funnel.limits(0.88, 400)
    assert wide[0] < narrow[0] < 0.88 < narrow[1] < wide[1]
    assert funnel.place(0.75, 0.88, 400) == "signal"
    assert funnel.place(0.75, 0.88, 20) == "within"
    assert funnel.limits(0.88, 0.5) == (0.0, 1.0)
