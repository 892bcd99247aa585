"""Changes of one second: what each leads from says in which order they came."""

from itertools import pairwise, permutations
from pathlib import Path

import pytest
from metric_store_fixtures import HOUR, MONDAY, Source, ticket
from timeline_fixtures import ANN, CUSTOMER, did, minutes, said, status, story

from helpdesk_kpi.calendar.ticket_schedules import segments_of
from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.unmapped_values import find_unmapped_values
from helpdesk_kpi.measure.tickets.moves import stays_away, without_what_was_away
from helpdesk_kpi.model import Event, Name, Team
from helpdesk_kpi.store import open_store
from helpdesk_kpi.store.change_order import in_order
from helpdesk_kpi.store.ticket_records import EventRecord


def step(before: str | None, after: str, *, at: float = 5, field: str = "status") -> EventRecord:
    return did(at, ANN, field, before, after)


def way(changes: list[EventRecord]) -> list[str | None]:
    return [change.after for change in changes]


@pytest.mark.parametrize("given", list(permutations([("new", "open"), ("open", "pending"), ("pending", "solved")])))
def test_changes_of_one_second_follow_what_each_leads_from(given: list[tuple[str, str]]) -> None:
    assert way(in_order([step(*one) for one in given])) == ["open", "pending", "solved"]


@pytest.mark.parametrize("field", ["status", "assignee", "team", "priority", "any other"])
def test_every_field_has_its_own_chain(field: str) -> None:
    changes = [step("b", "c", field=field), step("x", "y", field="else"), step("a", "b", field=field)]
    assert way([c for c in in_order(changes) if c.field == field]) == ["b", "c"]


def test_where_the_chain_is_a_circle_what_was_before_and_what_comes_next_decide() -> None:
    # open -> solved and solved -> open in one second: before it was solved, so it was opened first.
    circle = [step("open", "solved"), step("solved", "open")]
    assert way(in_order([step("new", "solved", at=1), *circle])) == ["solved", "open", "solved"]
    # Nothing is known of before; the next change leads from open, so it was solved first.
    assert way(in_order([*reversed(circle), step("open", "hold", at=9)])) == ["solved", "open", "hold"]


def test_a_second_with_several_changes_goes_on_from_where_the_one_before_it_ended() -> None:
    # By the chain the first second ends at c, so in the circle of the next one c is left first.
    first, second = [step("b", "c"), step("a", "b")], [step("d", "c", at=6), step("c", "d", at=6)]
    assert way(in_order([*first, *second])) == ["b", "c", "d", "c"]


def test_where_no_order_fits_the_ids_are_all_there_is() -> None:
    assert way(in_order([step("a", "b"), step("c", "d")])) == ["b", "d"]


def test_a_solve_and_a_reopening_of_one_second_are_read_by_what_they_lead_from() -> None:
    # By the ids the reopening at 60 came before the solve; it leads from solved, and the ticket is open.
    solved, opened = status(60, ANN, "open", "solved", seq=2), status(60, CUSTOMER, "solved", "open", seq=1)
    ticket = story(said(30, ANN), status(20, ANN, "new", "open"), opened, solved, status="open")
    assert [(s.reopened_at is not None) for s in ticket.solves] == [True]
    assert minutes(ticket, "full_resolution_time") == ["running"]


# --- whatever else reads changes, by ids that are the other way round

NINE = MONDAY + 9 * HOUR


def backwards(field: str, *way: str | None, at: int = NINE + HOUR) -> list[Event]:
    """Changes of one second of ticket 1 along a way, numbered from the last one to the first."""
    steps = list(pairwise(way))
    return [
        Event("1", f"{field}{n}", at, len(steps) - n, "change", field=field, before=before, after=after)
        for n, (before, after) in enumerate(steps)
    ]


def test_the_schedule_of_a_ticket_is_the_last_one_of_a_second(tmp_path: Path) -> None:
    with open_store(tmp_path / "a.db") as store:
        Source(store).put(ticket("1", NINE), *backwards("schedule", "early", "late", "night"))
        assert segments_of(store, [1]) == {1: ((0, "early"), (NINE + HOUR, "night"))}


def test_the_schedule_of_the_team_that_had_a_ticket_last_in_a_second_counts(tmp_path: Path) -> None:
    teams = [Team("41", "East", schedule="e"), Team("42", "West", schedule="w"), Team("43", "Night", schedule="n")]
    with open_store(tmp_path / "a.db") as store:
        Source(store).put(*teams, ticket("1", NINE, team="43"), *backwards("team", "41", "42", "43"))
        assert segments_of(store, [1]) == {1: ((0, "e"), (NINE + HOUR, "n"))}


def test_a_resolution_is_set_in_the_last_status_of_its_second(tmp_path: Path) -> None:
    resolved = Event("1", "r", NINE + HOUR, 9, "change", field="resolution", after="Done")
    statuses = [Name("status", "20", "Review", "open"), Name("status", "30", "Waiting", "pending")]
    with open_store(tmp_path / "a.db") as store:
        Source(store).put(*statuses, ticket("1", NINE, status="30"), *backwards("status", "10", "20", "30"), resolved)
        found = find_unmapped_values(store, Config(sources={"acme": {"connector": "zendesk"}}))
        assert [one.name for one in found if "resolution" in one.why] == ["Waiting"]


def test_what_a_ticket_had_become_while_it_was_away_is_the_end_of_the_chain() -> None:
    left, back = did(10, ANN, "away", None, "OTHER"), did(50, ANN, "away", "OTHER", None)
    there = [did(20, ANN, "status", "pending", "solved", seq=1), did(20, ANN, "status", "open", "pending", seq=2)]
    events = [left, *there, back]
    [brought] = [e for e in without_what_was_away(events, stays_away(events)) if e.field == "status"]
    assert (brought.before, brought.after, brought.at) == ("open", "solved", back.at)


def test_a_ticket_that_leaves_and_comes_back_within_one_second_is_here() -> None:
    # By the ids it would have come back before it left, and be away until it comes back the next time.
    away = [did(10, ANN, "away", "OTHER", None, seq=1), did(10, ANN, "away", None, "OTHER", seq=2)]
    again = [did(40, ANN, "away", None, "OTHER"), did(50, ANN, "away", "OTHER", None)]
    assert stays_away([*away, *again]) == [(away[0].at, away[0].at), (again[0].at, again[1].at)]


def test_the_brand_that_a_ticket_had_first_is_where_the_chain_begins() -> None:
    moves = [did(5, ANN, "brand", "2", "3", seq=1), did(5, ANN, "brand", "1", "2", seq=2)]
    assert story(*moves, brand="3").brand == "1"
    assert story(did(9, ANN, "brand", "2", "3"), did(5, ANN, "brand", "1", "2"), brand="3").brand == "1"
