"""Figures of waiting, holding and flow out of a store: whose hours, which pieces, which tickets were overtaken."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from metric_store_fixtures import HOUR, MONDAY, WEEK, Source, agent, period_of, reader, reply, ticket

from helpdesk_kpi.config import Config, Hours, PersonConfig, Severity
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.explain.explain import explain_metric
from helpdesk_kpi.measure.explain.observation_export import export_observations
from helpdesk_kpi.measure.metrics.discovery import get_kpi
from helpdesk_kpi.measure.quality.priority_inversions import PriorityInversion, find_priority_inversions
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.measure.statistics.distributions import student_quantile
from helpdesk_kpi.model import Event, Team
from helpdesk_kpi.store import Store, open_store

OFFICE = Hours(weekly={"mon-fri": ("09:00-17:00",)})
EARLY = Hours(weekly={"mon-fri": ("06:00-09:30",)})
ANN = PersonConfig(name="Ann Lee", accounts=["acme:a"], hours="early")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


def did(number: str, hour: float, field: str, before: str | None, after: str, *, by: str | None = None) -> Event:
    """A change so many hours after Monday's midnight."""
    at = MONDAY + int(hour * HOUR)
    return Event(number, f"{number}-{at}-{field}", at, 1, "change", actor=by, field=field, before=before, after=after)


def put(store: Store) -> None:
    """Ticket 1 comes in on Monday at 8 and is Ann's. It waits for the customer from 10 to 15 and is passed on to Ben at
    16, who solves it on Tuesday at 10.
    """
    Source(store).put(
        agent("a", "Ann"), agent("b", "Ben"),
        ticket("1", MONDAY + 8 * HOUR, priority="high", status="solved", assignee="b"),
        did("1", 8, "status", None, "new"), did("1", 8, "assignee", None, "a"),
        did("1", 10, "status", "new", "pending", by="a"), did("1", 15, "status", "pending", "open", by="c"),
        did("1", 16, "assignee", "a", "b", by="a"), did("1", 34, "status", "open", "solved", by="b"),
    )  # fmt: skip


def measured(store: Store, **config: Any) -> MetricStore:
    settings = Config(
        timezone="Europe/Berlin", sources={"acme": {"connector": "zendesk", "severity": {"high": "P1"}}},
        **{"hours": {"default": OFFICE, "early": EARLY}, **config},
    )  # fmt: skip
    build_stale(store, settings, extra=[("held_time", "rostered")])
    return MetricStore(store, settings)


def hours(of: MetricStore, kpi: str, variant: str = "strict", **where: str) -> Any:
    period, as_of = period_of()
    value = of.compute(build_query(kpi, period, as_of, variant, **where)).value
    return None if value is None else value / HOUR


def test_only_the_pieces_count_on_the_clock_of_the_office(store: Store) -> None:
    put(store)
    # In office hours (9 to 17): Monday 9 to 10 and 15 to 17, Tuesday 9 to 10.
    assert hours(measured(store), "requester_wait_time") == 4


def test_each_owners_part_is_read_on_the_office_clock_and_rostered_on_their_own(store: Store) -> None:
    put(store)
    of = measured(store, people={"ann": ANN})
    # Ann has it Monday 8 to 10 and 15 to 16: of that 9 to 10 and 15 to 16 in the office's hours; in her own
    # (6 to 9:30) 8 to 9:30. Ben, who has no hours of his own, has it Monday 16 to 17 and Tuesday 9 to 10 in both.
    assert [hours(of, "held_time", agent=name) for name in ("Ann Lee", "Ben")] == [2, 2]
    assert [hours(of, "held_time", "rostered", agent=name) for name in ("Ann Lee", "Ben")] == [1.5, 2]


def test_ones_own_hours_may_be_day_and_night(store: Store) -> None:
    put(store)
    late = PersonConfig(name="Ann Lee", accounts=["acme:a"], hours="always")
    of = measured(store, people={"ann": late})
    # Day and night: Monday 8 to 10 and 15 to 16.
    assert hours(of, "held_time", agent="Ann Lee") == 2
    assert hours(of, "held_time", "rostered", agent="Ann Lee") == 3


def test_ones_own_hours_win_over_the_clock_of_the_severity(store: Store) -> None:
    put(store)
    of = measured(store, people={"ann": ANN}, severity={"P1": Severity(hours="always")})
    # P1 runs day and night: Ann 2 + 1, Ben 16 to 24 and 0 to 10. Rostered, Ann's are hers: Monday 8 to 9:30.
    assert [hours(of, "held_time", agent=name) for name in ("Ann Lee", "Ben")] == [3, 18]
    assert [hours(of, "held_time", "rostered", agent=name) for name in ("Ann Lee", "Ben")] == [1.5, 18]


def test_the_seconds_of_a_shown_row_are_those_of_its_pieces(store: Store) -> None:
    put(store)
    of = measured(store)
    [row] = export_observations(store, of.config, build_query("requester_wait_time", None, MONDAY + 100 * HOUR))
    # By the wall clock 8 to 10 and 15 to 34; start and end are those of the whole.
    assert (row["calendar_seconds"], row["business_seconds"], row["value"]) == (21 * 3600, 4 * 3600, 4 * 3600)
    assert (row["start"], row["end"]) == ("2026-11-16T07:00:00Z", "2026-11-17T09:00:00Z")


def test_a_running_row_is_cut_where_it_is_read(store: Store) -> None:
    put(store)
    of = measured(store)
    requested = build_query("held_time", None, MONDAY + int(16.5 * HOUR))
    rows = {
        r["agent"]: (r["calendar_seconds"], r["business_seconds"], r["reason"])
        for r in export_observations(store, of.config, requested)
    }
    assert rows == {"Ann": (3 * 3600, 2 * 3600, ""), "Ben": (1800, 1800, "running")}


def test_the_backlogs_age_is_the_median_of_what_is_open_by_the_office_clock(store: Store) -> None:
    source = Source(store)
    for number, day in (("1", 0), ("2", 1), ("3", 4)):
        source.put(ticket(number, MONDAY + (24 * day + 9) * HOUR), did(number, 24 * day + 9, "status", None, "new"))
    of = measured(store)
    period, as_of = period_of()
    value = of.compute(build_query("backlog_age", period, as_of))
    # Five, four and one office day of 8 hours up to the end of Sunday.
    assert (value.n, (value.value or 0) / HOUR, (value.oldest or 0) / HOUR) == (3, 32, 40)
    # Read a week later it is the same, and its rows say each ticket's age.
    requested = build_query("backlog_age", period, as_of + WEEK)
    assert [row["value"] / 3600 for row in export_observations(store, of.config, requested)] == [40, 32, 8]
    reported = explain_metric(store, of.config, requested)
    assert reported["formula"] == "median age of the 3 that are open at the end of the period"


def test_net_flow_is_what_came_less_what_went(store: Store) -> None:
    source = Source(store)
    put(store)
    for number in ("2", "3", "4"):
        source.put(ticket(number, MONDAY + 30 * HOUR), did(number, 30, "status", None, "new"))
    for hour, before, after in ((40, "new", "solved"), (50, "solved", "open"), (60, "open", "solved")):
        source.put(did("2", hour, "status", before, after))
    value = measured(store).compute(build_query("net_flow", *period_of()))
    # Four created, one reopened, three solves.
    assert (value.value, dict(value.facets)) == (2, {"created": 4, "solved": -3, "reopened": 1})


def test_more_may_go_than_came(store: Store) -> None:
    source = Source(store)
    source.put(ticket("1", MONDAY - 30 * HOUR, status="solved"), did("1", -30, "status", None, "new"))
    source.put(did("1", 5, "status", "new", "solved"))
    assert measured(store).compute(build_query("net_flow", *period_of())).value == -1


def test_net_flow_is_rated_also_where_more_goes_than_comes(store: Store) -> None:
    # For 27 weeks one comes, goes, comes again and goes; then thirty come and none goes. The usual is Student's limit
    # (26 points) on a spread of sqrt(30), and of the history's mean, 26 weeks with n of 4.
    source = Source(store)
    for week in range(-27, 0):
        name, at = f"w{week}", week * 7 * 24 + 10
        source.put(ticket(name, MONDAY + at * HOUR, status="solved"), did(name, at, "status", None, "new"))
        for hour, before, after in ((1, "new", "solved"), (2, "solved", "open"), (3, "open", "solved")):
            source.put(did(name, at + hour, "status", before, after))
    for number in range(30):
        source.put(ticket(f"n{number}", MONDAY + HOUR), did(f"n{number}", 1, "status", None, "new"))
    period, as_of = period_of()
    found = measured(store).get(build_query("net_flow", period, as_of))
    assert ({p.value for p in found.history}, found.value) == ({0}, 30)
    assert found.signal is not None
    assert (found.signal.verdict, found.signal.direction) == ("signal", "more")
    assert found.signal.low == pytest.approx(-student_quantile(0.0003, 25) * (30 + 4 / 26) ** 0.5)


def test_how_solves_were_accepted_is_reported_in_parts_and_is_final_after_a_week(store: Store) -> None:
    source = Source(store)
    source.put(agent("a", "Ann"))
    for number in ("1", "2", "3", "4"):
        source.put(
            ticket(number, MONDAY + HOUR, status="solved"), did(number, 1, "status", None, "new"),
            did(number, 3, "status", "new", "solved", by="a"),
        )  # fmt: skip
    source.put(did("1", 5, "status", "solved", "closed", by="c"))
    of = measured(store, hours={})
    kpi, period = "confirmed_resolution_time", period_of()[0]
    young, old = (of.get(build_query(kpi, period, at)) for at in (period.end + HOUR, period.end + WEEK))
    # At the end of the week the six days after Monday have not said anything of three of them.
    assert (young.provisional, young.ended, young.running, dict(young.facets)) == (
        True, 1, 3, {"confirmed_by_customer": 1.0},
    )  # fmt: skip
    assert (old.provisional, old.value, old.ended) == (False, 2 * HOUR, 4)
    assert dict(old.facets) == {"confirmed_by_customer": 0.25, "tacit": 0.75}
    assert of.get(build_query("accepted_resolution_time", period, period.end + HOUR)).provisional is False
    assert get_kpi("accepted_resolution_time").matures_of("confirmed") == 7


# The order of priorities


def wait(source: Source, number: str, created: float, priority: str, answered: float | None, *, by: str = "a") -> None:
    """A ticket of the team of its own name's first letter: x1 of team x."""
    start = MONDAY + int(created * HOUR)
    source.put(ticket(number, start, priority=priority, team=number[0]), did(number, created, "status", None, "new"))
    if answered is not None:
        source.put(reply(number, MONDAY + int(answered * HOUR), by))


def question(
    store: Store, people: dict[str, PersonConfig] | None = None, team: str | None = None
) -> list[PriorityInversion]:
    levels = {"urgent": "P0", "high": "P1", "normal": "P2", "low": "P3"}
    sources = {"acme": {"connector": "zendesk", "severity": levels}}
    of = reader(store, sources=sources, people=people or {})
    return find_priority_inversions(of, *period_of(), team=team)


def queue(store: Store) -> Source:
    source = Source(store)
    source.put(agent("a", "Ann"), agent("b", "Ben"), Team("x", "Billing"), Team("y", "API"))
    return source


def describe(found: list[PriorityInversion]) -> list[tuple[Any, ...]]:
    return [(one.ticket, one.severity, one.team, one.before) for one in found]


def test_an_urgent_ticket_that_waited_while_later_ordinary_ones_were_answered_is_identified(store: Store) -> None:
    source = queue(store)
    wait(source, "x1", 10, "high", 20)
    wait(source, "x2", 11, "low", 15)  # came later, was answered first
    wait(source, "x3", 12, "normal", 13)  # this too, and before the other
    wait(source, "x4", 9, "low", 14)  # came before
    wait(source, "x5", 12, "urgent", 13)  # is urgent itself, and nobody came between
    wait(source, "x6", 12, "normal", 21)  # was answered after
    wait(source, "y1", 11, "low", 12)  # of another queue
    wait(source, "x7", 13, "low", None)  # is not answered at all
    found = question(store)
    assert describe(found) == [("x1", "P1", "Billing", ("x3", "x2"))]
    assert (found[0].created, found[0].ended, found[0].url) == (MONDAY + 10 * HOUR, MONDAY + 20 * HOUR, "http://x/x1")


def test_the_one_that_was_overtaken_most_often_comes_first_and_may_still_wait(store: Store) -> None:
    source = queue(store)
    wait(source, "x1", 10, "high", 14)
    wait(source, "x2", 10.5, "urgent", None)
    wait(source, "x3", 11, "low", 12)
    wait(source, "x4", 11, "low", 16)
    found = question(store)
    assert describe(found) == [("x2", "P0", "Billing", ("x3", "x4")), ("x1", "P1", "Billing", ("x3",))]
    assert [one.ended for one in found] == [None, MONDAY + 14 * HOUR]


def test_answers_of_people_of_another_team_overtake_nothing(store: Store) -> None:
    source = queue(store)
    wait(source, "x1", 10, "high", 20)
    wait(source, "x2", 11, "low", 12, by="b")
    assert describe(question(store)) == [("x1", "P1", "Billing", ("x2",))]
    ben = {"ben": PersonConfig(accounts=["acme:b"], team="API")}
    assert question(store, ben) == []
    here = {"ben": PersonConfig(accounts=["acme:b"], team="Billing")}
    assert describe(question(store, here)) == [("x1", "P1", "Billing", ("x2",))]


def test_it_is_requested_of_one_team_and_of_the_period_alone(store: Store) -> None:
    source = queue(store)
    for name in ("x", "y"):
        wait(source, f"{name}1", 10, "high", 20)
        wait(source, f"{name}2", 11, "low", 12)
    wait(source, "x8", -10, "urgent", 30)  # of the week before
    assert [one.ticket for one in question(store)] == ["x1", "y1"]
    assert [one.ticket for one in question(store, team="API")] == ["y1"]
    with pytest.raises(UsageError, match="no team named 'APJ'; did you mean API"):
        question(store, team="APJ")


def test_what_was_solved_without_a_reply_waited_until_then(store: Store) -> None:
    source = queue(store)
    wait(source, "x1", 10, "high", None)
    source.put(did("x1", 13, "status", "new", "solved", by="a"))
    wait(source, "x2", 11, "low", 12)
    wait(source, "x3", 11, "low", 14)
    assert [(one.before, one.ended) for one in question(store)] == [(("x2",), MONDAY + 13 * HOUR)]
