"""What the statistics promise, counted: by exact sums where there are any, else by seeded simulation."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from helpdesk_kpi.measure.metrics.metric_value import Point
from helpdesk_kpi.measure.statistics import beta, bootstrap, funnel, shrinkage
from helpdesk_kpi.measure.statistics.control_chart import ENOUGH, detect_signal
from helpdesk_kpi.measure.statistics.distributions import binomial_cdf
from helpdesk_kpi.measure.statistics.false_discovery import benjamini_hochberg
from helpdesk_kpi.measure.statistics.intervals import byar, jeffreys, wilson
from helpdesk_kpi.measure.statistics.reciprocity import reciprocity
from helpdesk_kpi.measure.statistics.survival import kaplan_meier

SHARES = np.linspace(0.01, 0.99, 99)
SIZES = (10, 15, 20, 30, 50, 80, 120, 200, 300)


def covered(limits: list[tuple[float, float]], p: float) -> float:
    """The exact chance that an interval, one for each possible count, holds the true share."""
    mass = np.diff(binomial_cdf(len(limits) - 1, p), prepend=0.0)
    return float(sum(m for m, (low, high) in zip(mass, limits, strict=True) if low <= p <= high))


@pytest.mark.parametrize("n", SIZES)
def test_wilson_covers_what_it_says_on_average_over_all_shares(n: int) -> None:
    limits = [wilson(k, n) for k in range(n + 1)]
    assert 0.945 <= np.mean([covered(limits, float(p)) for p in SHARES]) <= 0.957


@pytest.mark.parametrize("n", [10, 30, 100])
def test_jeffreys_covers_what_it_says_on_average_over_all_shares(n: int) -> None:
    limits = [jeffreys(k, n) for k in range(n + 1)]
    assert 0.94 <= np.mean([covered(limits, float(p)) for p in SHARES]) <= 0.96


def test_a_jeffreys_limit_leaves_its_tail_of_the_posterior() -> None:
    # For whole a and b it is P(X >= a) of a + b - 1 trials: the binomial sum is another way there.
    for a, b, p in ((3, 5, 0.3), (12, 1, 0.9), (40, 60, 0.35)):
        assert beta.cumulative(p, a, b) == pytest.approx(1 - binomial_cdf(a + b - 1, p)[a - 1], abs=1e-12)
    low, high = jeffreys(27, 30)
    assert beta.cumulative(low, 27.5, 3.5) == pytest.approx(0.025, abs=1e-9)
    assert beta.cumulative(high, 27.5, 3.5) == pytest.approx(0.975, abs=1e-9)


def test_byars_limits_are_nearly_the_exact_ones_of_a_count() -> None:
    def at_most(k: int, mean: float) -> float:
        return math.fsum(math.exp(i * math.log(mean) - mean - math.lgamma(i + 1)) for i in range(k + 1))

    for count in (3, 10, 40, 150):
        low, high = byar(count)
        assert 1 - at_most(count - 1, low) == pytest.approx(0.025, abs=0.002)
        assert at_most(count, high) == pytest.approx(0.025, abs=0.002)


# Shrinkage


@pytest.mark.parametrize("n", [10, 30, 90, 270])
def test_shrunken_shares_are_nearer_to_the_truth_than_raw_ones(n: int) -> None:
    # Twelve agents of a true share of 0.88, standard deviation 0.03.
    rng = np.random.default_rng(n)
    raw, drawn = [], []
    for _ in range(400):
        truth = rng.beta(0.88 * 116, 0.12 * 116, 12)
        good = rng.binomial(n, truth)
        raw.append((good / n - truth) ** 2)
        drawn.append((shrinkage.proportions(good, np.full(12, n)).values - truth) ** 2)
    errors = math.sqrt(np.mean(raw)), math.sqrt(np.mean(drawn))
    assert errors[0] == pytest.approx(math.sqrt((0.1056 - 0.0009) / n), rel=0.05)  # p(1 - p) - tau^2 of one answer
    assert errors[1] < errors[0] * (0.65 if n <= 30 else 0.95)


def test_shrunken_means_of_log_durations_are_nearer_to_the_truth_than_raw_ones() -> None:
    rng = np.random.default_rng(5)
    raw, drawn = [], []
    for _ in range(500):
        truth, n = rng.normal(4, 0.2, 12), rng.integers(10, 120, 12)
        means = truth + rng.standard_normal(12) * 1.2 / np.sqrt(n)
        raw.append((means - truth) ** 2)
        drawn.append((shrinkage.means(means, 1.44 / n).values - truth) ** 2)
    assert np.mean(drawn) < 0.75 * np.mean(raw)


def test_the_variance_between_people_is_found() -> None:
    rng = np.random.default_rng(6)
    variances = rng.uniform(0.5, 4, (2000, 12))
    values = rng.normal(0, 1.5, (2000, 12)) + rng.standard_normal((2000, 12)) * np.sqrt(variances)
    found = [shrinkage.between(v, s) for v, s in zip(values, variances, strict=True)]
    assert np.mean(found) == pytest.approx(2.25, rel=0.05)  # cutting at 0 adds next to nothing here


@pytest.mark.parametrize(
    ("between", "single", "half", "usual", "good"),
    [
        (0.02, 0.1056, 264, 616, 1057),
        (0.03, 0.1056, 118, 274, 470),
        (0.05, 0.21, 84, 196, 337),
        (0.03, 0.09, 101, 234, 401),
        (0.25, 1.44, 24, 54, 93),
    ],
)
def test_this_many_units_make_a_value_reliable(between: float, single: float, half: int, usual: int, good: int) -> None:
    # n = r/(1 - r) x single/between^2, rounded up; known values of satisfaction, first contact, reopens, log times.
    for wanted, n in ((0.5, half), (0.7, usual), (0.8, good)):
        assert shrinkage.reliability(between**2, single / n) >= wanted
        assert shrinkage.reliability(between**2, single / (n - 2)) < wanted


# Spans that still run


def test_kaplan_meiers_median_is_true_where_two_fifths_still_run() -> None:
    rng = np.random.default_rng(7)
    hours = np.exp(rng.normal(math.log(31), 1.1, 20_000))
    watched = np.exp(rng.normal(math.log(31) + 0.4, 1.1, 20_000))  # P(watched < hours) = Phi(-0.4/(1.1 sqrt 2)) = 0.40
    ended = hours <= watched
    assert 1 - ended.mean() == pytest.approx(0.40, abs=0.01)
    curve = kaplan_meier((np.minimum(hours, watched) * 3.6e6).astype(np.int64), ended)
    median = curve.quantile(0.5)
    assert median is not None
    assert median / 3.6e6 == pytest.approx(31, rel=0.05)
    assert np.median(hours[ended]) < 0.75 * 31  # what a median of the solved tickets alone would have said


def test_the_restricted_mean_and_the_share_done_cover_the_truth() -> None:
    # Exponential of mean 10 h until 12 h: mean 10 (1 - e^-1.2) = 6.988 h, done by then 1 - e^-1.2 = 0.6988.
    rng = np.random.default_rng(8)
    truth, hits = 10 * (1 - math.exp(-1.2)), np.zeros(2)
    for _ in range(400):
        hours, watched = rng.exponential(10, 150), rng.uniform(2, 30, 150)
        curve = kaplan_meier((np.minimum(hours, watched) * 3.6e6).astype(np.int64), hours <= watched)
        _, low, high = curve.restricted_mean(12 * 3.6e6)
        _, few, many = curve.done_by(12 * 3.6e6)
        hits += low <= truth * 3.6e6 <= high, few <= truth / 10 <= many
    assert (hits / 400 >= 0.92).all()
    assert (hits / 400 <= 0.98).all()


def test_what_still_runs_is_expected_to_take_what_longer_ones_took() -> None:
    # Exponential: whatever has run for t takes 10 h more. Watched for 60 h, nearly all of it is seen.
    rng = np.random.default_rng(9)
    curve = kaplan_meier((np.minimum(rng.exponential(10, 20_000), 60) * 3.6e6).astype(np.int64), [True] * 20_000)
    found = curve.beyond(np.array([0, 5, 15]) * 3.6e6, lambda ms: np.asarray(ms, np.float64)) / 3.6e6
    assert found == pytest.approx([10, 15, 25], rel=0.05)


# Who is called different


def equals(rng: np.random.Generator, n: NDArray[np.int64], p: float) -> list[float]:
    return [funnel.deviation(x, size, p) for x, size in zip(rng.binomial(n, p), n.tolist(), strict=True)]


@pytest.mark.parametrize("p", [0.05, 0.5, 0.88])
def test_equals_get_a_signal_in_less_than_one_of_two_hundred_cases(p: float) -> None:
    rng = np.random.default_rng(12)
    found = []
    for _ in range(150):
        z = equals(rng, rng.integers(8, 250, 12), p)
        found += [funnel.verdict(float(off) / math.sqrt(funnel.dispersion(z))) for off in z]
    assert found.count("signal") / len(found) < 0.005
    assert found.count("look") / len(found) < 0.05


def test_limits_widen_where_people_vary_more_than_by_chance() -> None:
    # True shares with a standard deviation of 0.05 about 0.8, of 400 things each: variance 0.0004 by chance and 0.0025
    # beyond it, so 7.25 times as much; the pulled-in tenths leave 68 % of a normal distribution's variance.
    rng = np.random.default_rng(13)
    z = [funnel.deviation(int(rng.binomial(400, p)), 400, 0.8) for p in rng.normal(0.8, 0.05, 2000).clip(0, 1)]
    assert funnel.dispersion(z) == pytest.approx(0.68 * 7.25, rel=0.15)
    narrow, wide = funnel.limits(0.8, 400), funnel.limits(0.8, 400, funnel.wider(funnel.REVIEW, 2.0))
    assert (0.8 - wide[0]) / (0.8 - narrow[0]) == pytest.approx(2, abs=0.15)  # whole things, and a skewed distribution


def test_one_true_outlier_does_not_hide_itself() -> None:
    rng = np.random.default_rng(14)
    z = [*equals(rng, np.full(11, 200), 0.9), funnel.deviation(130, 200, 0.9)]
    assert funnel.verdict(z[-1] / math.sqrt(funnel.dispersion(z))) == "signal"


def test_the_deviation_and_the_limits_say_the_same() -> None:
    for n, p in ((7, 0.3), (40, 0.88), (200, 0.05)):
        for x in range(n + 1):
            assert funnel.verdict(funnel.deviation(x, n, p)) == funnel.place(x / n, p, n)


def test_of_what_is_called_different_at_most_a_tenth_is_not() -> None:
    # Of 40 comparisons 10 are truly different, by 3.5 standard deviations.
    rng = np.random.default_rng(15)
    wrong, right = [], 0
    for _ in range(400):
        z = rng.standard_normal(40)
        z[:10] += 3.5
        found = benjamini_hochberg([funnel.chance(off) for off in z])
        wrong.append(found[10:].sum() / max(found.sum(), 1))
        right += int(found[:10].sum())
    assert np.mean(wrong) <= 0.1
    assert right / 4000 > 0.8


def test_a_stable_series_gives_a_signal_less_than_one_time_in_a_hundred() -> None:
    rng = np.random.default_rng(16)
    alarms = 0
    for series in rng.normal(100, 10, (1000, ENOUGH + 1)):
        *history, present = (Point("", float(np.exp(value / 20)) * 3.6e6, 150) for value in series)
        alarms += detect_signal(history, present, "duration", "lower").verdict == "signal"
    assert alarms / 1000 < 0.01


# Drawing customers


def test_drawing_customers_covers_the_truth_where_answers_come_in_clusters() -> None:
    # 60 customers answer five times each, each customer of a temper of their own: what looks like 300 is far fewer.
    rng = np.random.default_rng(17)
    of, hits, naive = np.repeat(np.arange(60), 5), 0, 0
    for number in range(200):
        good = rng.random(300) < rng.beta(1.6, 0.4, 60)[of]
        low, high = bootstrap.mean(good, np.ones(300), of, bootstrap.derive_seed("r", "csat", str(number)), draws=500)
        assert low is not None
        assert high is not None
        hits += low <= 0.8 <= high
        single = wilson(int(good.sum()), 300)
        naive += single[0] <= 0.8 <= single[1]
    assert 0.9 <= hits / 200 <= 0.99
    assert naive / 200 < 0.85


def test_a_drawn_median_is_that_of_the_curve_of_the_drawn_units() -> None:
    rng = np.random.default_rng(18)
    time, of = rng.integers(1, 12, 60), rng.integers(0, 12, 60)  # many end, and many are last seen, at the same time
    ended = rng.random(60) < 0.6
    medians = []
    for counts in bootstrap._draws(12, 60, 1, 200)[0]:
        again = np.repeat(np.arange(60), counts[of])
        found = kaplan_meier(time[again], ended[again]).quantile(0.5)
        medians.append(math.inf if found is None else found)
    low, high = sorted(medians)[4], sorted(medians)[194]  # the 5th and the 195th of 200: 2.5 and 97.5 %
    expected = low, None if high == math.inf else high
    assert bootstrap.quantile(time, ended, of, 0.5, 1, draws=200) == expected
    assert len(set(medians)) > 2


def test_what_ends_comes_before_what_is_last_seen_at_the_same_time() -> None:
    # Of ten, four end and two are last seen at 5: S(5) = 1 - 4/10, and S(6) = 0.6 x 3/4 = 0.45. The other order would
    # say S(5) = 1 - 4/8. Two customers with the same ten things: whichever are drawn, the curve is this one.
    time, ended = [5] * 6 + [6, 7, 8, 9], [True] * 4 + [False] * 2 + [True] * 4
    assert bootstrap.quantile(time * 2, ended * 2, [1] * 10 + [2] * 10, 0.5, 1) == (6, 6)


def test_the_same_report_draws_the_same_and_another_anew() -> None:
    values, of = np.arange(40) % 3 == 0, np.arange(40) // 2
    drawn = [
        bootstrap.mean(values, np.ones(40), of, bootstrap.derive_seed(report, "csat", "Ann"))
        for report in ("a", "a", "b")
    ]
    assert drawn[0] == drawn[1]
    assert bootstrap.derive_seed("a", "csat", "Ann") != bootstrap.derive_seed("b", "csat", "Ann")
    assert bootstrap.derive_seed("a", "bc", "d") != bootstrap.derive_seed("a", "b", "cd")


def test_few_durations_get_the_interval_of_order_statistics_and_running_ones_are_never_taken_for_ended() -> None:
    assert bootstrap.quantile(range(1, 11), [True] * 10, range(10), 0.5, 1) == (2, 9)
    time, ended = np.arange(1, 41), np.arange(1, 41) <= 16  # 60 % still run: the median is not reached
    low, high = bootstrap.quantile(time, ended, np.arange(40), 0.5, 1)
    assert high is None
    assert low is None or low > 10


# Ratings in return


@pytest.mark.parametrize("people", [6, 8, 12])
def test_people_who_rate_independently_seldom_seem_to_return_ratings(people: int) -> None:
    """Some rate mildly, some are liked by all, answers are whole points from 1 to 5; who is rated well gives no more
    for it. One in 1,000 is promised.
    """
    rng = np.random.default_rng(people)
    by, of = np.array([(a, b) for a in range(people) for b in range(people) if a != b]).T
    found = []
    for _ in range(1500):
        mild, liked = rng.normal(0, 0.5, people), rng.normal(0, 0.5, people)
        value = np.clip(np.round(3.5 + mild[by] + liked[of] + rng.normal(0, 0.7, len(by))), 1, 5)
        one = reciprocity(by, of, value)
        assert one is not None
        found.append(one.r > one.limit)
    assert np.mean(found) <= 0.003


def test_ratings_in_return_are_found_in_a_team_of_twelve() -> None:
    """Half of what a rating has of its own is the pair's, so that the true correlation is 0.5; the limit is 0.40."""
    rng = np.random.default_rng(12)
    by, of = np.array([(a, b) for a in range(12) for b in range(12) if a != b]).T
    found = []
    for _ in range(200):
        pair = rng.normal(size=(12, 12))
        one = reciprocity(by, of, (pair + pair.T)[by, of] / 2**0.5 + rng.normal(size=len(by)))
        assert one is not None
        assert one.limit == pytest.approx(0.40, abs=0.01)
        found.append(one.r > one.limit)
    assert np.mean(found) > 0.75
