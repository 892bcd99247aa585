"""What holds for every KPI that is found, whatever happens to tickets: made-up lives through store, fold and reader."""

from collections import defaultdict
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from metric_store_fixtures import WEEK
from property_fixtures import AFTER, MINUTE, MONTH, START, STRICT, VARIANTS, Act, Desk, Life, comment, lives, records

from helpdesk_kpi.calendar.periods import get_period_at
from helpdesk_kpi.measure.metrics.contract import (
    EXCLUDED,
    Attainment,
    Followup,
    Freshness,
    Mix,
    Ratio,
    Score,
    Share,
    Stock,
    Total,
)
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.measure.metrics.metric_value import MetricValue

few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def records_of(some: list[Life], shift: int = 0) -> list[Any]:
    return [record for life in some for record in records(life, shift)]


def differing(one: dict[tuple[str, str], MetricValue], other: dict[tuple[str, str], MetricValue]) -> dict[Any, Any]:
    return {key: (one[key], other[key]) for key in one if one[key] != other[key]}


@few
@given(some=lives(), weeks=st.integers(-20, 20))
def test_whole_weeks_later_everything_is_the_same(some: list[Life], weeks: int) -> None:
    """No clock changes and no holiday lies between: working hours are those of the same weekdays."""
    shift = weeks * WEEK
    later = type(MONTH)(MONTH.kind, MONTH.start + shift, MONTH.end + shift, "shifted", MONTH.zone)
    with Desk(records_of(some)) as here, Desk(records_of(some, shift)) as there:
        assert differing(here.figures(), there.figures(later, AFTER + shift)) == {}


#: What an internal note may move, and why.
MOVED_BY_NOTES = {
    "accepted_resolution_time": "a note is an act of a person, so the ticket is accepted with it",
    "weighted_volume": "credit goes by replies and notes",
    "transfers": "a note beside a hand-over makes it an escalation with a reason",
    "escalations": "the same",
    "solved_tickets valid": "a note is an act of a person, without which a solve is not valid",
    "weighted_volume valid": "the same",
}


@few
@given(some=lives(), minute=st.integers(1, 30_000), who=st.sampled_from("ab"))
def test_a_private_note_moves_nothing_that_customers_see(some: list[Life], minute: int, who: str) -> None:
    note = comment("1", _created(some) + minute * MINUTE, who, public=False)
    with Desk(records_of(some)) as without, Desk([*records_of(some), note]) as noted:
        moved = {f"{kpi} {variant}" for kpi, variant in differing(without.figures(), noted.figures())}
    assert {name for name in moved if name not in MOVED_BY_NOTES and name.split()[0] not in MOVED_BY_NOTES} == set()


def test_what_a_note_may_move_it_does_move() -> None:
    """Solved at 60 without a word: with a note at 20 it was accepted then, and took 40 minutes from there."""
    life = Life(600, "urgent", (_act(60, "solve"),))
    note = comment("1", _created([life]) + 20 * MINUTE, "b", public=False)
    with Desk(records_of([life])) as without, Desk([*records_of([life]), note]) as noted:
        found = [desk.figure("accepted_resolution_time").median for desk in (without, noted)]
    assert found == [0, 40 * MINUTE]


@few
@given(some=lives(), minute=st.integers(1, 30_000))
def test_a_bots_reply_moves_no_strict_figure(some: list[Life], minute: int) -> None:
    answer = comment("1", _created(some) + minute * MINUTE, "robot", public=True)
    with Desk(records_of(some)) as without, Desk([*records_of(some), answer]) as answered:
        moved = {kpi for kpi, variant in differing(without.figures(), answered.figures()) if variant == "strict"}
    assert moved == set()


def test_a_bots_reply_does_move_the_figure_of_the_package_that_takes_robots_for_agents() -> None:
    life = Life(600, "urgent", (_act(60, "reply"),))
    answer = comment("1", _created([life]) + MINUTE, "robot", public=True)
    with Desk([*records_of([life]), answer]) as desk:
        found = {variant: desk.figure("first_reply_time", variant).median for variant in ("strict", "fivetran")}
    assert found == {"strict": 60 * MINUTE, "fivetran": MINUTE}


@few
@given(some=lives(most=5))
def test_every_ticket_twice_gives_the_same_rates_with_more_certainty(some: list[Life]) -> None:
    """Twice the tickets, of twice the customers."""
    again = [life._replace(number=f"1{life.number}", customer=f"{life.customer}-2") for life in some]
    with Desk(records_of(some)) as once, Desk(records_of([*some, *again])) as twice:
        pairs = [(key, one, twice.figure(*key)) for key, one in once.figures().items()]
    for (kpi, variant), one, two in pairs:
        statistic = find_kpis()[kpi].statistic_of(variant)
        adds = isinstance(statistic, Total | Mix) or (isinstance(statistic, Stock) and statistic.of == "count")
        assert two.n == pytest.approx(2 * one.n, abs=1e-9) or isinstance(statistic, Ratio), (kpi, variant)
        assert (two.value or 0) == pytest.approx((one.value or 0) * (2 if adds else 1), abs=1e-9), (kpi, variant)
        assert two.median == pytest.approx(one.median), (kpi, variant)
        assert two.mean == pytest.approx(one.mean), (kpi, variant)
        if isinstance(statistic, Share | Followup | Attainment | Freshness | Score) and None not in (one.low, two.low):
            assert _width(two) <= _width(one) + 1e-12, (kpi, variant)


def _width(value: MetricValue) -> float:
    return (value.high or 0.0) - (value.low or 0.0)


@few
@given(some=lives())
def test_who_is_called_otherwise_has_the_same_figures_under_the_other_name(some: list[Life]) -> None:
    """Ann and Bob change their names: each figure goes with the person, and those of all stay."""
    with Desk(records_of(some)) as here, Desk(records_of(some), {"a": "Bob", "b": "Ann"}) as there:
        assert differing(here.figures(), there.figures()) == {}
        assert differing(here.figures(agent="Ann"), there.figures(agent="Bob")) == {}
        assert differing(here.figures(agent="Bob"), there.figures(agent="Ann")) == {}
        assert differing(here.figures(agent=None), there.figures(agent=None)) == {}


@few
@given(some=lives(most=6))
def test_the_weeks_of_a_month_add_up_to_the_month(some: list[Life]) -> None:
    weeks = [get_period_at("week", MONTH.start, "UTC").shift_back(-n) for n in range(4)]
    assert (weeks[0].start, weeks[-1].end) == (MONTH.start, MONTH.end)
    assert all(a.end == b.start for a, b in pairwise(weeks))
    with Desk(records_of(some)) as desk:
        for kpi, variant in VARIANTS:
            spec = find_kpis()[kpi]
            statistic = spec.statistic_of(variant)
            if spec.is_instant or isinstance(statistic, Ratio):  # of the month's last instant; of two figures
                continue
            month, parts = desk.figure(kpi, variant), [desk.figure(kpi, variant, week) for week in weeks]
            assert month.n == pytest.approx(sum(part.n for part in parts)), (kpi, variant)
            assert month.ended == sum(part.ended for part in parts), (kpi, variant)
            assert month.running == sum(part.running for part in parts), (kpi, variant)
            if isinstance(statistic, Total | Mix) and getattr(statistic, "cap", None) is None:
                assert month.value == pytest.approx(sum(part.value or 0 for part in parts)), (kpi, variant)


@few
@given(some=lives(), day=st.integers(0, 60))
def test_the_shares_of_one_unit_sum_to_one(some: list[Life], day: int) -> None:
    """At any moment: of one wait, solve or rating each, those who are credited have one whole of it together."""
    with Desk(records_of(some)) as desk:
        for (kpi, variant), as_of in product(VARIANTS, (START + day * 1440 * MINUTE, AFTER)):
            for unit, whole in _credit(desk, kpi, variant, as_of).items():
                assert whole == pytest.approx(1), (kpi, variant, unit)


def _credit(desk: Desk, kpi: str, variant: str, as_of: int) -> dict[tuple[int, ...], float]:
    rows = desk.reader.columns(kpi, variant)
    rows = rows.take((rows.known <= as_of) & (rows.until > as_of))
    found: dict[tuple[int, ...], float] = defaultdict(float)
    for i in range(len(rows)):
        if rows.words[rows.stop[i]] not in EXCLUDED:
            found[tuple(int(part[i]) for part in (rows.ticket, rows.at, rows.start, rows.facet))] += rows.share[i]
    return found


def test_several_repliers_do_share_one_rating() -> None:
    """Ann replies twice and Bob once, so that the shares of the test above are not all whole."""
    life = Life(600, None, (_act(5, "reply"), _act(5, "reply"), _act(5, "reply", "b"), _act(5, "solve")), "good")
    with Desk(records_of([life])) as desk:
        assert [desk.figure("csat", agent=name).n for name in ("Ann", "Bob")] == pytest.approx([2 / 3, 1 / 3])


def test_there_are_figures_to_compare() -> None:
    """The generated desks are not empty: one of them gives most KPIs a value."""
    life = Life(600, "normal", (_act(5, "take"), _act(60, "reply"), _act(60, "writes"), _act(60, "reply"),
                                _act(60, "solve"), _act(60, "writes"), _act(60, "solve")), "good")  # fmt: skip
    with Desk(records_of([life])) as desk:
        found = {kpi: desk.figure(kpi, variant).n for kpi, variant in STRICT}
    of_tickets = {kpi for kpi in found if find_kpis()[kpi].subject == "ticket"}
    assert {kpi for kpi in of_tickets if not found[kpi]} <= {
        kpi for kpi in found if find_kpis()[kpi].is_instant
    }  # solved


def _created(some: list[Life]) -> int:
    return START + some[0].begins * MINUTE


def _act(gap: int, what: str, who: str = "a") -> Act:
    return Act(gap, what, who)
