"""Cases in which the clock wrongs people: each KPI that it drives, by every definition, out of a store.

`edge_cases.toml` says which case each test is about. All days are of 2026 unless the test says otherwise.
"""

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from reader_fixtures import HOUR, MONDAY, WEEK, Source, agent, reply, ticket

from helpdesk_kpi.config import Config, Hours, Severity
from helpdesk_kpi.measure.discovery import find_kpis, kpi_named
from helpdesk_kpi.measure.fold import measure
from helpdesk_kpi.measure.periods import containing, parse
from helpdesk_kpi.measure.reader import Reader
from helpdesk_kpi.model import Event, Person, Schedule, Team
from helpdesk_kpi.store import Store, open_store

MINUTE = 60_000
TIMES = ("first_reply_time", "first_resolution_time", "full_resolution_time")
OFFICE = {"mon-fri": ("09:00-17:00",)}
NINE_TO_FIVE = tuple((day * 1440 + 540, day * 1440 + 1020) for day in range(1, 6))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


def ms(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).timestamp() * 1000)


def solve(number: str, at: int, who: str) -> Event:
    return Event(number, f"{number}-{at}-s", at, 2, "change", actor=who, field="status", before="open", after="solved")


def answered(number: str, created: int, end: int, **more: Any) -> list[Any]:
    """A ticket that is answered and solved in one save."""
    made = ticket(number, created, **{"status": "solved", **more})
    return [made, reply(number, end, "a"), solve(number, end, "a")]


def read(store: Store, **config: Any) -> Reader:
    """All variants, measured."""
    settings = Config(**{"timezone": "Europe/Berlin", "sources": {"acme": {"connector": "zendesk"}}, **config})
    measure(store, settings, extra=[(kpi.id, variant) for kpi in find_kpis().values() for variant in kpi.variants])
    return Reader(store, settings)


def medians(of: Reader, created: int, zone: str = "Europe/Berlin", **where: str | None) -> set[float | None]:
    """In minutes, what every variant of every KPI of `TIMES` gives for the week of an instant."""
    period = containing("week", created, zone)
    found = [
        of.figure(kpi_named(kpi), period, created + 5 * WEEK, variant, **where)
        for kpi in TIMES
        for variant in kpi_named(kpi).variants
    ]
    assert len(found) >= 13
    return {None if value.median is None else value.median / MINUTE for value in found}


def test_a_weekend_on_which_clocks_change_costs_two_hours_and_not_three(store: Store) -> None:
    # London, nine to five. From Friday 27 March 16:00 to Monday 30 March 10:00 by the wall clock: one hour on Friday
    # and one on Monday, whatever happened on Sunday. By UTC the Monday begins an hour earlier.
    source = Source(store)
    created, end = ms("2026-03-27T16:00+00:00"), ms("2026-03-30T10:00+01:00")
    source.put(agent("a", "Ann"), *answered("1", created, end))
    of = read(store, timezone="Europe/London", hours={"default": Hours(weekly=OFFICE)})
    assert medians(of, created, "Europe/London") == {120}


def test_over_easter_only_the_hours_that_were_worked_count(store: Store) -> None:
    # Thursday 2 April 15:00 to Tuesday 7 April 09:00, with Good Friday and Easter Monday off: two hours of Thursday.
    source = Source(store)
    created, end = ms("2026-04-02T15:00+02:00"), ms("2026-04-07T09:00+02:00")
    source.put(agent("a", "Ann"), *answered("1", created, end))
    of = read(store, hours={"default": Hours(weekly=OFFICE, holidays="DE-BE")})
    assert medians(of, created) == {120}


def test_a_schedule_that_changes_while_a_ticket_runs_counts_in_its_own_time(store: Store) -> None:
    # Nine to five until Tuesday 00:00, around the clock from then on. Monday 16:00 to Tuesday 02:00: one hour of
    # Monday, two of Tuesday. By the last schedule it would have been ten, by the first one.
    source = Source(store)
    source.put(Schedule("s", "Office", "Europe/Berlin", NINE_TO_FIVE), now=MONDAY - WEEK)
    source.put(Schedule("s", "Office", "Europe/Berlin", ((0, 7 * 1440),)), now=MONDAY + 24 * HOUR)
    source.put(agent("a", "Ann"), *answered("1", MONDAY + 16 * HOUR, MONDAY + 26 * HOUR))
    assert medians(read(store), MONDAY) == {180}


def test_of_two_schedules_a_team_has_the_one_that_was_written_for_it(store: Store) -> None:
    # Both tickets run from Monday 08:00 to 12:00. The office opens at nine: three hours. The night shift ends at 10:00:
    # two hours.
    source = Source(store)
    source.put(agent("a", "Ann"), Team("t", "Office"), Team("n", "Nights"))
    for number, team in (("1", "t"), ("2", "n")):
        source.put(*answered(number, MONDAY + 8 * HOUR, MONDAY + 12 * HOUR, team=team))
    nights = Hours(weekly={"mon-sun": ("22:00-10:00",)}, teams=("Nights",))
    of = read(store, hours={"default": Hours(weekly=OFFICE), "nights": nights})
    assert medians(of, MONDAY, team="Office") == {180}
    assert medians(of, MONDAY, team="Nights") == {120}


RAISED = Event("1", "raise", MONDAY + 10 * HOUR, 3, "change", actor="a", field="priority", before="normal",
               after="urgent")  # fmt: skip
LEVELS = {
    "P0": Severity(hours="always", targets={"first_reply_time": "15m"}),
    "P2": Severity(targets={"first_reply_time": "4h"}),
}
MAPPED = {"acme": {"connector": "zendesk", "severity": {"urgent": "P0", "normal": "P2"}}}


def test_a_raised_priority_changes_neither_the_promise_nor_the_clock_of_what_had_begun(store: Store) -> None:
    # Created Monday 09:00 as P2, promised within 4 working hours; raised to P0 at 10:00, answered at 12:00: 3 hours,
    # kept. By P0's promise of 15 minutes it would be broken, before anybody could know of it.
    source = Source(store)
    source.put(agent("a", "Ann"), *answered("1", MONDAY + 9 * HOUR, MONDAY + 12 * HOUR, priority="urgent"), RAISED)
    of = read(store, hours={"default": Hours(weekly=OFFICE)}, severity=LEVELS, sources=MAPPED)
    period = parse("2026-W47", "Europe/Berlin", MONDAY)
    for variant in kpi_named("first_reply_time").variants:
        value = of.figure(kpi_named("first_reply_time"), period, period.end, variant, severity="P2")
        assert (value.n, value.median, value.within) == (1, 180 * MINUTE, 1.0), variant
        assert of.figure(kpi_named("first_reply_time"), period, period.end, variant, severity="P0").n == 0


def test_a_p0_runs_around_the_clock_and_a_p2_in_working_hours(store: Store) -> None:
    # Both from Monday 16:00 to Tuesday 10:00: eighteen hours for the P0, one of each day for the P2.
    source = Source(store)
    source.put(agent("a", "Ann"))
    for number, priority in (("1", "urgent"), ("2", "normal")):
        source.put(*answered(number, MONDAY + 16 * HOUR, MONDAY + 34 * HOUR, priority=priority))
    of = read(store, hours={"default": Hours(weekly=OFFICE)}, severity=LEVELS, sources=MAPPED)
    assert medians(of, MONDAY, severity="P0") == {18 * 60}
    assert medians(of, MONDAY, severity="P2") == {120}


def test_a_follow_up_is_a_ticket_of_its_own_and_reopens_nothing(store: Store) -> None:
    # Solved and closed at 10:00; the customer writes again at 14:00, which makes a ticket that follows it, solved at
    # 15:00. Two tickets solved in 60 minutes each, none reopened.
    source = Source(store)
    source.put(agent("a", "Ann"), *answered("1", MONDAY + 9 * HOUR, MONDAY + 10 * HOUR))
    source.put(*answered("2", MONDAY + 14 * HOUR, MONDAY + 15 * HOUR, follow_up_of="1"))
    of = read(store, hours={"default": Hours(weekly=OFFICE)})
    period = parse("2026-W47", "Europe/Berlin", MONDAY)
    assert medians(of, MONDAY) == {60}
    assert of.value("solved_tickets", period, period.end).value == 2
    reopened = of.value("reopen_rate", period, period.end)
    assert (reopened.n, reopened.value) == (2, 0)


def test_somebody_who_lost_their_role_since_replied_as_an_agent(store: Store) -> None:
    # Ann replies after 20 minutes as an agent and is made an end-user two weeks later; Bob replies after 300. Read anew
    # afterwards it is still her reply; only the dbt package, which looks at today's roles, sees 300.
    source = Source(store)
    source.put(agent("a", "Ann"), agent("b", "Bob"), ticket("1", MONDAY + 9 * HOUR))
    source.put(reply("1", MONDAY + 9 * HOUR + 20 * MINUTE, "a"), reply("1", MONDAY + 14 * HOUR, "b"))
    source.put(Person("a", "customer", "end-user", MONDAY + 2 * WEEK, name="Ann"), now=MONDAY + 2 * WEEK)
    of = read(store, timezone=str(zoneinfo.ZoneInfo("Europe/Berlin")))
    period = parse("2026-W47", "Europe/Berlin", MONDAY)
    found = {
        variant: of.figure(kpi_named("first_reply_time"), period, period.end, variant).median
        for variant in kpi_named("first_reply_time").variants
    }
    assert found.pop("fivetran") == 300 * MINUTE
    assert set(found.values()) == {20 * MINUTE}
