"""Changes of one second: what each leads from says in which order they came."""

from itertools import permutations

import pytest
from story_fixtures import ANN, CUSTOMER, did, minutes, said, status, story

from helpdesk_kpi.measure.chains import in_order
from helpdesk_kpi.measure.rows import EventRow


def step(before: str | None, after: str, *, at: float = 5, field: str = "status") -> EventRow:
    return did(at, ANN, field, before, after)


def way(changes: list[EventRow]) -> list[str | None]:
    return [change.after for change in changes]


@pytest.mark.parametrize("given", list(permutations([("new", "open"), ("open", "pending"), ("pending", "solved")])))
def test_changes_of_one_second_follow_what_each_leads_from(given: list[tuple[str, str]]) -> None:
    assert way(in_order([step(*one) for one in given])) == ["open", "pending", "solved"]


@pytest.mark.parametrize("field", ["status", "assignee", "team", "priority", "any other"])
def test_every_field_has_its_own_chain(field: str) -> None:
    told = [step("b", "c", field=field), step("x", "y", field="else"), step("a", "b", field=field)]
    assert way([c for c in in_order(told) if c.field == field]) == ["b", "c"]


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
