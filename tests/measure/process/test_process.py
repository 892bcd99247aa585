"""The review of the process: stages by hand, and a bottleneck that was planted. Minutes since the creation."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from synced_fixtures import SyncedDesk
from timeline_fixtures import ANN, BOB, CUSTOMER, TEAM, at, desk, did, measured, said, story

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.process.review import (
    EVIDENCE,
    find_bottlenecks,
    find_growing_categories,
    list_routes,
    measure_stages,
)
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.simulator.world.support_desk import TEAMS
from helpdesk_kpi.simulator.world.world import World, generate

SOLVED = did(100, ANN, "status", "open", "solved")


def spent(*events: Any, **row: Any) -> list[tuple[str, float, float | None]]:
    ticket = story(*events, **row)
    return [
        (o.facet, minute(o.start), None if o.end is None else minute(o.end)) for o in measured(ticket, "time_in_stage")
    ]


def minute(instant: int | None) -> float:
    assert instant is not None
    return (instant - at(0)) / 60_000


def test_a_ticket_waits_in_the_queue_until_somebody_has_it() -> None:
    taken = did(10, ANN, "assignee", None, ANN)
    assert spent(taken, SOLVED, assignee=ANN) == [("queue", 0, 10), ("agent", 10, 100)]


def test_a_hand_over_lasts_until_the_next_one_does_something() -> None:
    """Ann gives it to Bob at 20, who replies at 50."""
    events = (did(10, ANN, "assignee", None, ANN), did(20, ANN, "assignee", ANN, BOB), said(50, BOB), SOLVED)
    assert spent(*events, assignee=BOB) == [
        ("queue", 0, 10), ("agent", 10, 20), ("hand_over", 20, 50), ("agent", 50, 100),
    ]  # fmt: skip


def test_what_is_given_to_a_queue_is_handed_over_until_somebody_takes_it() -> None:
    """Ann gives it back at 20, Bob takes it at 60, which is an act."""
    events = (
        did(10, ANN, "assignee", None, ANN), did(20, ANN, "assignee", ANN, None), did(60, BOB, "assignee", None, BOB),
        SOLVED,
    )  # fmt: skip
    assert spent(*events, assignee=BOB) == [
        ("queue", 0, 10), ("agent", 10, 20), ("hand_over", 20, 60), ("agent", 60, 100),
    ]  # fmt: skip


def test_who_takes_it_over_needs_no_hand_over() -> None:
    events = (did(10, ANN, "assignee", None, ANN), did(20, BOB, "assignee", ANN, BOB), SOLVED)
    assert spent(*events, assignee=BOB) == [("queue", 0, 10), ("agent", 10, 20), ("agent", 20, 100)]


def test_a_note_of_who_gives_it_away_takes_nothing_over() -> None:
    events = (
        did(10, ANN, "assignee", None, ANN), said(20, ANN, public=False), did(20, ANN, "assignee", ANN, BOB),
        said(30, ANN, public=False), said(50, BOB), SOLVED,
    )  # fmt: skip
    assert spent(*events, assignee=BOB)[2] == ("hand_over", 20, 50)


def test_what_comes_back_untouched_was_never_taken_over() -> None:
    """Ann gives it to Bob at 20 and takes it back at 40."""
    events = (
        did(10, ANN, "assignee", None, ANN), did(20, ANN, "assignee", ANN, BOB), did(40, ANN, "assignee", BOB, ANN),
        SOLVED,
    )  # fmt: skip
    assert spent(*events, assignee=ANN)[1:] == [("agent", 10, 20), ("hand_over", 20, 40), ("agent", 40, 100)]


def test_the_customers_time_and_a_third_partys_are_theirs() -> None:
    events = (
        did(10, ANN, "assignee", None, ANN), did(20, ANN, "status", "open", "pending"),
        did(50, CUSTOMER, "status", "pending", "open"), did(60, ANN, "status", "open", "hold"),
        did(90, ANN, "status", "hold", "open"), SOLVED,
    )  # fmt: skip
    assert spent(*events, assignee=ANN, status="solved") == [
        ("queue", 0, 10), ("agent", 10, 20), ("customer", 20, 50), ("agent", 50, 60), ("third_party", 60, 90),
        ("agent", 90, 100),
    ]  # fmt: skip


def test_what_is_with_a_team_of_escalation_is_escalated() -> None:
    the = replace(desk(), escalation_teams=frozenset({51}))
    events = (did(10, ANN, "team", TEAM, 51), SOLVED)
    assert spent(*events, the=the, team=51) == [("queue", 0, 10), ("escalated", 10, 100)]


def test_an_open_ticket_stays_where_it_is() -> None:
    assert spent() == [("queue", 0, None)]
    given = (did(10, ANN, "assignee", None, ANN), did(20, ANN, "assignee", ANN, BOB))
    assert spent(*given, assignee=BOB)[2] == ("hand_over", 20, None)


def test_a_way_back_is_distinguished_from_a_way_on() -> None:
    events = (did(10, ANN, "team", TEAM, 51), did(20, BOB, "team", 51, TEAM))
    found = [(o.facet, o.value) for o in measured(story(*events, team=TEAM), "team_moves")]
    assert found == [("50>51", 0), ("51>50", 1)]


# --- a desk in which one thing is slow


class Reviewed:
    def __init__(self, folder: Path, world: World) -> None:
        desk = SyncedDesk(folder, world)
        desk.sync()
        self.store = desk.store()
        build_stale(self.store, desk.loaded.config, extra=EVIDENCE)
        self.reader = MetricStore(self.store, desk.loaded.config)
        self.whole = Period("year", world.desk.start, world.now, "2026", "UTC")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewed]:
    """Whatever is handed over to the third team waits there four days longer."""
    made = Reviewed(tmp_path_factory.mktemp("slow"), generate(5, tickets=500, weeks=10, slow_hand_over=4.0))
    yield made
    made.store.close()


def test_a_bottleneck_that_was_planted_comes_first(planted: Reviewed) -> None:
    first = find_bottlenecks(planted.reader, planted.whole, planted.whole.end)[0]
    team = dict(planted.store.rows("SELECT native, name FROM teams"))[str(TEAMS[2])]
    assert (first.stage, first.axis, first.name) == ("hand_over", "team", team)
    assert first.mean > 3 * first.elsewhere


def test_nothing_is_lost_between_the_stages(planted: Reviewed) -> None:
    """Shares add up, and every ticket was in the queue or with somebody."""
    stages = measure_stages(planted.reader, planted.whole, planted.whole.end)
    assert sum(one.share for one in stages) == pytest.approx(1)
    assert all(one.total > 0 for one in stages if one.stage in {"queue", "agent", "hand_over", "customer"})


def test_ways_name_both_teams_and_come_back_ones_first(planted: Reviewed) -> None:
    found = list_routes(planted.reader, planted.whole, planted.whole.end)
    names = {name for (name,) in planted.store.rows("SELECT name FROM teams")}
    assert found
    assert all({one.sender, one.receiver} <= names and one.returned <= one.tickets for one in found)
    assert [one.returned for one in found] == sorted((one.returned for one in found), reverse=True)


def test_a_category_that_grows_is_found(tmp_path: Path) -> None:
    """In the last week ten times as many tickets about one thing as before."""
    world = generate(6, tickets=300, weeks=8, stable=True)
    made = Reviewed(tmp_path, world)
    week = Period("week", world.now - 7 * 86_400_000, world.now, "2026-W47", "UTC")
    assert find_growing_categories(made.reader, week, week.end) == []
    with made.store.transaction() as conn:
        conn.execute(
            "UPDATE tickets SET fields = json_set(fields, '$.' || (SELECT key FROM json_each(fields) LIMIT 1), 'boom')"
            " WHERE created_at >= ?", (week.start,),
        )  # fmt: skip
    again = MetricStore(made.store, made.reader.config)
    [one] = find_growing_categories(again, week, week.end)
    assert one.name == "boom"
    assert one.tickets > 20
    made.store.close()
