"""The statistics that KPIs declare, by hand, over observations written down here. Days since an instant."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from timeline_fixtures import ANN, BOB

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.measure.metrics.columns import Columns, Floats, Ints, _MetricBuffer
from helpdesk_kpi.measure.metrics.contract import (
    Attainment,
    Duration,
    Followup,
    Freshness,
    Mix,
    Observation,
    Score,
    Share,
    Statistic,
    Stock,
    Total,
    kpi,
)
from helpdesk_kpi.measure.metrics.encoding import pack_observation
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.query.aggregate import aggregate, list_contributions
from helpdesk_kpi.measure.query.metric_query import MetricQuery
from helpdesk_kpi.measure.query.observation_store import ObservationStore

START = 1_790_000_000_000
DAY = 86_400_000


def day(number: float) -> int:
    return START + int(number * DAY)


def seen(at: float, **reported: Any) -> Observation:
    """An observation on a day; its other times are days too."""
    times = {k: day(v) for k, v in reported.items() if k in {"start", "end", "due", "since", "until"}}
    return Observation(at=day(at), **reported | times)


def columns(reported: Sequence[tuple[int, Observation]]) -> Columns:
    """(story, observation) pairs as the reader has them; every story began on day 0."""
    fold = _MetricBuffer(is_ticket=True)
    rows = [tuple(pack_observation(o, START)) for _, o in reported]
    fold.add(rows, np.array([s for s, _ in reported], np.int64), np.full(len(reported), START))
    return fold.columns()


def read(
    statistic: Statistic, *reported: tuple[int, Observation], as_of: float = 100, until: float = 10, facet: Any = "",
    targets: float = -1,
) -> MetricValue:  # fmt: skip
    """The figure of the period from day 0 to `until`, by the calendar; every row has the target, in days."""

    def example(_story: object) -> list[Observation]:
        """For a test."""
        return []

    make = kpi("Example", unit="share", better="higher", statistic=statistic, anchor="created", needs=(), revision=1,
               facet=facet)  # fmt: skip
    rows = columns(reported)
    goal = -1 if targets < 0 else int(targets * DAY)

    period = Period("day", day(0), day(until), "days", "UTC")
    query = MetricQuery(make(example), "strict", period, day(as_of))
    store = CalendarObservations(rows, goal)
    value = aggregate(query, rows, store)
    _check_parts(query, rows, store, value)
    return value


class CalendarObservations(ObservationStore):
    """Rows on calendar time, all with one target (ms). Tickets of P0 weigh 3, others 1."""

    def __init__(self, rows: Columns, target: int) -> None:
        self.rows, self.target = rows, target

    def business_ms(self, rows: Columns, starts: Ints, ends: Ints) -> Ints:  # noqa: ARG002  # the calendar for all rows
        return ends - starts

    def targets(self, query: MetricQuery, rows: Columns) -> Ints:  # noqa: ARG002  # one target for all KPIs
        return np.full(len(rows), self.target)

    def clock_kind(self, rows: Columns) -> str:  # noqa: ARG002
        return "calendar"

    def followers(self, query: MetricQuery) -> Columns:  # noqa: ARG002
        return self.rows.take(self.rows.end < day(1000))

    def weights(self, rows: Columns) -> Floats:
        return np.where(rows.severity == rows.code("P0"), 3.0, 1.0)


def _check_parts(query: MetricQuery, rows: Columns, store: ObservationStore, value: MetricValue) -> None:
    """Whatever has parts is made of them."""
    exists = (rows.known <= query.as_of) & (rows.until > query.as_of)
    if query.kpi.is_instant:
        here = rows.take(exists & (rows.at <= query.instant) & (rows.end > query.instant))
    else:
        here = rows.take(exists & (rows.at >= query.start) & (rows.at < query.end))
    parts = list_contributions(query, here, store)
    if parts is None or value.value is None or query.statistic == Share("low"):
        return
    is_sum = isinstance(query.statistic, Total | Mix | Stock)
    assert (parts.x if is_sum else parts.share) == pytest.approx(value.value)
    assert parts.n == pytest.approx(value.n)


def test_promises_kept_are_those_of_of_which_outcome_is_known() -> None:
    """Kept: 1. Missed: 2, which ended late, and 3, which runs past its deadline. Running within: 4."""
    value = read(
        Attainment(), (1, seen(1, start=1, end=2, due=3)), (2, seen(1, start=1, end=4, due=3)),
        (3, seen(1, start=1, due=50)), (4, seen(1, start=1, due=200)), as_of=100,
    )  # fmt: skip
    assert (value.value, value.n, value.running, value.overdue) == (1 / 3, 3, 1, 1)


def test_a_promise_is_read_as_of_then() -> None:
    """At day 2 nobody knows yet that it will end late."""
    row = (1, seen(1, start=1, end=4, due=3))
    assert [read(Attainment(), row, as_of=at).running for at in (2, 3, 4)] == [1, 1, 0]
    assert read(Attainment(), row, as_of=3.5).value == 0


def test_without_a_deadline_the_target_of_the_configuration_counts() -> None:
    """Target: 2 days. Took 1: kept. Took 3: missed. Runs for 99 days: missed."""
    rows = [
        (1, seen(1, start=1, end=2, facet="a")),
        (2, seen(1, start=1, end=4, facet="a")),
        (3, seen(1, start=1, facet="b")),
    ]
    value = read(Attainment(), *rows, targets=2, facet="kind")
    assert (value.value, value.n, dict(value.facets)) == (1 / 3, 3, {"a": 0.5, "b": 0.0})


def test_what_nobody_promised_is_left_out_and_counted_where_others_have_a_promise() -> None:
    value = read(
        Attainment(), (1, seen(1, start=1, end=2, due=3, facet="a")), (2, seen(1, start=1, end=2, facet="a")),
        (3, seen(1, start=1, end=2, facet="b")),
    )  # fmt: skip
    assert (value.n, dict(value.excluded)) == (1, {"no_target": 1})


PROBLEMS = [
    (1, seen(1, value=0)),  # came back after 5 days
    (1, seen(1, start=1, end=6, value=1, since=6, facet="same words")),
    (2, seen(2, value=0)),  # after 20
    (2, seen(2, start=2, end=22, value=1, since=22, facet="follow-up")),
    (3, seen(3, value=0)),  # never
    (4, seen(9, value=0)),  # its 14 days end on day 23
]


def test_what_follows_counts_within_the_window_and_only_when_the_window_is_over() -> None:
    value = read(Followup(14, "followed", also=(3, 30)), *PROBLEMS, as_of=22.5, facet="kind")
    assert (value.value, value.n, value.running) == (1 / 3, 3, 1)
    assert dict(value.facets) == {"same words": 1 / 3}
    assert value.also == {"3 d": 0.0, "30 d": None}  # no window of 30 days is over
    later = read(Followup(14, "followed", also=(3, 30)), *PROBLEMS, as_of=100)
    assert (later.value, later.n, later.also) == (1 / 4, 4, {"3 d": 0.0, "30 d": 2 / 4})


def test_what_is_not_known_yet_follows_nothing() -> None:
    """As of day 20 the ticket of day 22 does not exist; the windows of the first three are over at 15, 16 and 17."""
    assert read(Followup(14, "followed"), *PROBLEMS, as_of=20).value == 1 / 3
    assert read(Followup(4, "followed"), *PROBLEMS, as_of=5.5).n == 1


def test_a_follower_comes_after_the_row_and_concerns_its_own_ticket() -> None:
    """What came in the same instant or before followed nothing; ticket 2's follower is not ticket 1's."""
    rows = [
        (1, seen(5, value=0)), (1, seen(4, start=4, end=5, value=1)), (2, seen(5, value=0)),
        (2, seen(5, start=5, end=5.1, value=1)),
    ]  # fmt: skip
    value = read(Followup(14, "followed"), *rows)
    assert (value.value, value.n) == (0.5, 2)


def test_what_stayed_alone_counts_if_it_was_good_to_begin_with() -> None:
    """Good and alone: ticket 1. Good and followed: 2. Not good: 3."""
    rows = [
        (1, seen(1, value=1)), (2, seen(1, value=1)), (2, seen(1, start=1, end=2, value=1)), (3, seen(1, value=0)),
    ]  # fmt: skip
    assert read(Followup(14, "unfollowed"), *rows).value == 1 / 3


def test_a_sum_may_take_only_what_came_in_time_and_so_much_of_one_story() -> None:
    """Story 1: 2 + 3 within 90 days, 4 after 91; no more than 4 count. Story 2: 1."""
    rows = [
        (1, seen(1, end=50, value=2)), (1, seen(1, end=91, value=3)), (1, seen(1, end=92.5, value=4)),
        (2, seen(1, end=2, value=1)),
    ]  # fmt: skip
    assert read(Total(within=90), *rows).value == 6
    assert read(Total(within=90, cap=4), *rows).value == 5


def test_a_weighted_sum_counts_each_row_by_its_kind() -> None:
    """A P0 is three times the work here; of the second ticket the agent has a quarter."""
    rows = [(1, seen(1, value=1, severity="P0")), (2, seen(1, value=1, share=0.25))]
    assert read(Total(weighted=True), *rows).value == 3.25


def test_what_comes_and_goes_adds_up_with_its_parts() -> None:
    rows = [
        (1, seen(1, value=1, facet="created")),
        (2, seen(2, value=1, facet="created")),
        (1, seen(3, value=-1, facet="solved")),
    ]
    value = read(Total(), *rows, facet="kind")
    assert (value.value, dict(value.facets)) == (1, {"created": 2, "solved": -1})


def test_a_mixture_tells_the_part_of_each() -> None:
    rows = [
        (1, seen(1, value=1, facet="email")),
        (2, seen(2, value=1, facet="email")),
        (3, seen(3, value=1, facet="phone")),
    ]
    value = read(Mix(), *rows)
    assert (value.value, dict(value.facets)) == (3, {"email": 2 / 3, "phone": 1 / 3})


def test_a_score_is_a_mean_with_students_interval() -> None:
    """2, 4, 6: mean 4, s = 2; t(2) at 95 % is 4.303: half-width 4.303 x 2 / sqrt(3) = 4.968."""
    value = read(Score(), *((i, seen(1, value=v, rater=i)) for i, v in enumerate((2, 4, 6))))
    assert (value.value, value.sd, value.n) == (4, 2, 3)
    assert value.low == pytest.approx(-0.968, abs=1e-3)
    assert value.high == pytest.approx(8.968, abs=1e-3)
    assert read(Score(), (1, seen(1, value=5))).low is None


def test_a_score_of_too_few_raters_is_not_shown() -> None:
    reported = [(1, seen(1, value=3, rater=ANN)), (2, seen(1, value=5, rater=BOB)), (3, seen(1, value=5, rater=BOB))]
    value = read(Score(min_raters=3), *reported)
    assert (value.value, value.n, dict(value.excluded)) == (None, 3, {"too_few_raters": 3})
    assert read(Score(min_raters=2), *reported).value == 13 / 3


def test_ages_are_of_what_is_open_at_the_end() -> None:
    """All stories began on day 0; at day 10 two are open, and the one that ended on day 5 is not."""
    rows = [(1, seen(0, start=0, value=1)), (2, seen(3, start=3, value=1)), (3, seen(0, start=0, end=5, value=1))]
    value = read(Stock("age"), *rows, until=10)
    assert (value.n, value.value, value.oldest) == (2, 10 * DAY, 10 * DAY)
    assert read(Stock(), *rows, until=4).value == 3


def test_what_began_lately_enough_is_fresh() -> None:
    rows = [(1, seen(1, start=1, end=6)), (1, seen(6, start=6)), (2, seen(2, start=2))]
    assert read(Freshness(5), *rows, until=10).value == 0.5
    assert read(Freshness(5), *rows, until=5).value == 1.0


def test_a_share_may_lead_with_its_lower_bound() -> None:
    """Wilson for 27 of 30: 74.4 to 96.5 % (facts of the trade)."""
    rows = [(i, seen(1, value=int(i < 27))) for i in range(30)]
    assert read(Share("low"), *rows).value == pytest.approx(0.744, abs=5e-4)
    assert read(Share(), *rows).value == 0.9


def test_a_span_that_still_runs_counts_in_the_median_and_in_the_90th_percentile() -> None:
    """Of 15 spans, 14 ended after 1 to 14 days and one runs. Kaplan-Meier: (15 - k) / 15 survive day k. At most half
    survive from day 8 on, at most a tenth from day 14 on.
    """
    ended = [(k, seen(1, start=0, end=k)) for k in range(1, 15)]
    value = read(Duration(), *ended, (15, seen(1, start=0)), as_of=100)
    assert (value.value, value.p90, value.running) == (8 * DAY, 14 * DAY, 1)
