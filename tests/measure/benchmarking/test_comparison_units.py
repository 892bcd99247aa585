"""The things that are compared are those that the figure is made of, for every statistic."""

from typing import Any

import numpy as np
import pytest

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.benchmarking.observed_expected import compare_to_expected
from helpdesk_kpi.measure.benchmarking.units import get_unit_kind, select_units
from helpdesk_kpi.measure.metrics.columns import NO_INSTANT, Columns, Floats, Ints
from helpdesk_kpi.measure.metrics.contract import (
    Attainment,
    Duration,
    Followup,
    Freshness,
    Kpi,
    Mix,
    Ratio,
    Score,
    Share,
    Statistic,
    Stock,
    Total,
    kpi,
)
from helpdesk_kpi.measure.query.aggregate import aggregate
from helpdesk_kpi.measure.query.metric_query import MetricQuery
from helpdesk_kpi.measure.query.observation_store import ObservationStore
from helpdesk_kpi.measure.statistics.indirect_standardisation import Expected, Norm, Units

DAY = 86_400_000
WORDS = (None, "spam", "solved_without_reply", "P1")
START, END, AS_OF = 10 * DAY, 40 * DAY, 45 * DAY


def a_kpi(statistic: Statistic) -> Kpi:
    def invented(_story: Any) -> Any:
        """Invented."""

    return kpi("Invented", unit="share", better="higher", statistic=statistic, anchor="solved", needs=(), revision=1)(
        invented
    )


def rows(seed: int, n: int = 400) -> Columns:
    """Of all kinds: excluded, superseded, not known yet, running, late."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.integers(5 * DAY, 44 * DAY, n))
    whole: dict[str, Any] = {name: np.zeros(n, np.int64) for name in Columns.__struct_fields__[:-1]}
    end = at + rng.integers(0, 9 * DAY, n)
    pieces = np.full(n, None, object)
    return Columns(
        **{
            **whole, "at": at, "known": at + rng.integers(0, 2, n) * DAY, "start": at, "pieces": pieces,
            "until": np.where(rng.random(n) < 0.1, at + DAY, NO_INSTANT), "ticket": rng.integers(1, 60, n),
            "end": np.where(rng.random(n) < 0.5, end, NO_INSTANT), "stop": rng.choice([0, 0, 0, 0, 1, 2], n),
            "value": rng.integers(0, 2, n).astype(float), "share": rng.choice([1, 0.5], n),
            "due": np.where(rng.random(n) < 0.5, at + 3 * DAY, NO_INSTANT),
        },
        words=WORDS,
    )  # fmt: skip


class CalendarObservations(ObservationStore):
    """Rows on calendar time. Targets and weights vary by ticket."""

    def __init__(self, rows: Columns) -> None:
        self.rows = rows

    def business_ms(self, rows: Columns, starts: Ints, ends: Ints) -> Ints:  # noqa: ARG002  # the calendar for all rows
        return ends - starts

    def targets(self, query: MetricQuery, rows: Columns) -> Ints:  # noqa: ARG002  # the same for all KPIs
        return np.where(rows.ticket % 3 == 0, -1, 4 * DAY)

    def clock_kind(self, rows: Columns) -> str:  # noqa: ARG002
        return "calendar"

    def followers(self, query: MetricQuery) -> Columns:  # noqa: ARG002
        return self.rows.take((self.rows.end != NO_INSTANT) & (self.rows.value >= 0.7))

    def weights(self, rows: Columns) -> Floats:
        return (1 + rows.ticket % 2).astype(np.float64)


PERIOD = Period("month", START, END, "days", "UTC")


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    "statistic",
    [Share(), Attainment(), Followup(7, "followed"), Followup(7, "unfollowed"), Score(), Total(), Total(within=3),
     Total(weighted=True), Mix()],
    ids=str,
)  # fmt: skip
def test_they_add_up_to_the_figure(statistic: Statistic, seed: int) -> None:
    everything, spec = rows(seed), a_kpi(statistic)
    query = MetricQuery(spec, "strict", PERIOD, AS_OF)
    counted = select_units(query, everything, CalendarObservations(everything))
    value = aggregate(query, everything, CalendarObservations(everything))
    assert value.n > 50
    assert counted.weight.sum() == pytest.approx(value.n)
    amount = float((counted.weight * counted.value).sum())
    assert (amount if isinstance(statistic, Total | Mix) else amount / value.n) == pytest.approx(value.value)


def test_durations_end_run_and_stop_as_in_the_figure() -> None:
    everything, spec = rows(4), a_kpi(Duration())
    query = MetricQuery(spec, "strict", PERIOD, AS_OF)
    counted = select_units(query, everything, CalendarObservations(everything))
    value = aggregate(query, everything, CalendarObservations(everything))
    assert (len(counted.value), int((~counted.running).sum())) == (value.n, value.ended)
    assert counted.value[~counted.running].mean() == pytest.approx(value.mean)
    assert value.censored["solved_without_reply"] > 0


@pytest.mark.parametrize("statistic", [Stock(), Freshness(180), Ratio("a", "b")], ids=str)
def test_a_kpi_without_single_units_is_refused(statistic: Statistic) -> None:
    with pytest.raises(UsageError, match=r"invented \(strict\) cannot be compared"):
        get_unit_kind(a_kpi(statistic), "strict")


def test_scores_are_compared_by_students_interval() -> None:
    # Four reviews of 70, 80, 90 and 80, mean 80, s^2 = 200/3, where others have 64: 80/64 = 1.25. Half of the interval
    # is t(3) s/sqrt 4 = 3.182 x 8.165/2 = 12.99. By the own spread, which is larger than the others', 16 points are
    # 16/sqrt(200/3/4) = 3.92 standard deviations.
    own = Units(np.zeros(4, int), np.zeros(4, int), np.array([70.0, 80, 90, 80]), np.ones(4))
    norm = Norm(np.array([64.0]), np.array([25.0]), np.array([100.0]))
    expected = Expected(np.array([4.0]), np.array([320.0]), np.array([256.0]), 100.0, 0.0)
    found = compare_to_expected("score", own, norm, expected)
    assert found[:3] == pytest.approx((1.25, (80 - 12.99) / 64, (80 + 12.99) / 64), abs=1e-3)
    assert found.z == pytest.approx(3.919, abs=1e-3)
