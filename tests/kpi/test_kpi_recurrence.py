"""Recurrence and first contact resolution of one ticket: which rows there are, and what follows them."""

from typing import Any

import msgspec
import pytest
from timeline_fixtures import ANN, BOB, CREATED, CUSTOMER, ROBOT, at, desk, did, measured, said, story, talked

from helpdesk_kpi.measure.metrics.contract import Observation
from helpdesk_kpi.measure.metrics.discovery import get_kpi
from helpdesk_kpi.measure.recurrence.contact_history import CustomerContacts, RepeatContact
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.store.ticket_records import TicketFlagRecord


def solved(minute: float, who: int | None = ANN, **more: Any) -> Any:
    return did(minute, who, "status", "open", "solved", **more)


def reopened(minute: float, who: int | None = CUSTOMER) -> Any:
    return did(minute, who, "status", "solved", "open")


def base(found: list[Observation]) -> list[tuple[float, float | None, str]]:
    """(minute, value, stop) of what could be followed."""
    return [((o.at - CREATED) / 60_000, o.value, o.stop) for o in found if o.end is None]


def followers(found: list[Observation]) -> list[tuple[float, str]]:
    """(minute, kind)."""
    return [((o.end - CREATED) / 60_000, o.facet) for o in found if o.end is not None]


def first_contact(*events: Any, **row: Any) -> list[Observation]:
    return measured(story(*events, **row), "first_contact_resolution")


# --- first contact resolution


def test_one_answer_and_a_solve_is_resolved_at_first_contact() -> None:
    assert base(first_contact(said(10, ANN), solved(20))) == [(20, 1, "")]


def test_several_answers_are_one_contact_as_long_as_the_customer_is_silent() -> None:
    assert base(first_contact(said(10, ANN), said(15, BOB), solved(20))) == [(20, 1, "")]


def test_what_the_customer_adds_before_the_first_answer_counts_for_nothing() -> None:
    assert base(first_contact(said(5, CUSTOMER), said(10, ANN), solved(20))) == [(20, 1, "")]


def test_a_message_between_the_first_answer_and_the_solve_is_a_second_contact() -> None:
    assert base(first_contact(said(10, ANN), said(15, CUSTOMER), solved(20))) == [(20, 0, "")]


def test_thanks_are_no_second_contact() -> None:
    assert base(first_contact(said(10, ANN), said(15, CUSTOMER, is_thanks=1), solved(20))) == [(20, 1, "")]


def test_an_answered_call_is_a_first_contact() -> None:
    assert base(first_contact(talked(10, ANN, "call"), solved(20))) == [(20, 1, "")]


def test_an_internal_note_is_no_answer() -> None:
    assert base(first_contact(said(10, ANN, public=False), said(12, CUSTOMER), said(14, ANN), solved(20))) == [
        (20, 1, "")
    ]


def test_a_solve_without_an_answer_resolves_nothing_at_first_contact() -> None:
    assert base(first_contact(solved(20))) == [(20, 0, "")]


def test_what_a_bot_solves_alone_is_left_out_by_name() -> None:
    assert base(first_contact(said(1, ROBOT), solved(20, ROBOT))) == [(20, 0, "solved_by_bot")]


def test_what_a_rule_solves_after_a_person_answered_is_the_persons() -> None:
    assigned = did(5, ANN, "assignee", None, ANN)
    found = first_contact(assigned, said(10, ANN), solved(20, None, rule="solve what is pending"))
    assert base(found) == [(20, 1, "")]
    assert [o.agent for o in found] == [ANN]


def test_a_ticket_that_was_escalated_in_time_and_with_a_reason_is_not_eligible() -> None:
    """First level cannot solve it; without a reason it could have, as far as anybody can tell."""
    tiers = desk(escalation_teams=["Experts"])
    tiers = msgspec.structs.replace(tiers, escalation_teams=frozenset({51}))
    taken = did(5, ANN, "assignee", None, ANN)
    moved, note = did(15, ANN, "team", 50, 51), said(15, ANN, public=False)
    answered, done = said(30, BOB), solved(40, BOB)
    assert base(first_contact(taken, note, moved, answered, done, the=tiers)) == [(40, 1, "escalated")]
    assert base(first_contact(taken, moved, answered, done, the=tiers)) == [(40, 1, "")]


def test_only_the_first_solve_counts_and_what_comes_after_it_follows() -> None:
    found = first_contact(said(10, ANN), solved(20), said(30, CUSTOMER), reopened(30), said(40, ANN), solved(50))
    assert base(found) == [(20, 1, "")]
    assert followers(found) == [(30, "not_fixed")]


def test_a_question_that_opens_nothing_again_follows_too() -> None:
    found = first_contact(said(10, ANN), solved(20), said(30, CUSTOMER, is_question=1), said(35, CUSTOMER, is_thanks=1))
    assert followers(found) == [(30, "asked_again")]


def test_opening_it_again_for_thanks_or_by_the_team_follows_nothing() -> None:
    found = first_contact(
        said(10, ANN), solved(20), said(30, CUSTOMER, is_thanks=1), reopened(30), solved(31), reopened(40, ANN)
    )
    assert followers(found) == []


# --- recurrence


def test_a_ticket_counts_from_its_last_solve_and_not_while_it_is_open_again() -> None:
    ticket = story(said(10, ANN), solved(20), said(30, CUSTOMER), reopened(30), solved(50, BOB))
    assert base(measured(ticket, "recurrence_rate", as_of=25)) == [(20, 1, "")]
    assert base(measured(ticket, "recurrence_rate", as_of=40)) == []
    assert base(measured(ticket, "recurrence_rate")) == [(50, 1, "")]


def test_with_reopenings_every_solve_counts_and_what_was_not_fixed_has_come_back() -> None:
    ticket = story(said(10, ANN), solved(20), said(30, CUSTOMER), reopened(30), solved(50, BOB), reopened(60, None))
    found = measured(ticket, "recurrence_rate", "incl_reopen")
    assert base(found) == [(20, 1, ""), (50, 1, "")]
    assert followers(found) == [(30, "not_fixed")]
    assert [o.agent for o in found if o.end is None] == [ANN, BOB]


def with_flag(ticket: Timeline, reason: str, minute: float) -> Timeline:
    ticket.flag = TicketFlagRecord(1, reason, at(minute))
    return ticket


@pytest.mark.parametrize("kpi", ["recurrence_rate", "first_contact_resolution"])
def test_a_ticket_of_an_incident_is_left_out_from_when_that_is_known(kpi: str) -> None:
    ticket = with_flag(story(said(10, ANN), solved(20)), "incident", 60)
    assert [stop for *_, stop in base(measured(ticket, kpi, as_of=59))] == [""]
    assert [stop for *_, stop in base(measured(ticket, kpi, as_of=60))] == ["incident"]
    assert [stop for *_, stop in base(measured(with_flag(ticket, "shared_sender", -5), kpi))] == ["shared_sender"]


def test_a_spam_ticket_is_left_out_of_both() -> None:
    ticket = story(said(10, ANN), solved(20), is_spam=1)
    assert [o.stop for o in measured(ticket, "recurrence_rate")] == ["spam"]
    assert [o.stop for o in measured(ticket, "first_contact_resolution")] == ["spam"]


# --- the evidence


def test_a_repeat_is_evidence_about_the_earlier_ticket_from_the_later_ones_creation_on() -> None:
    repeat = RepeatContact(earlier=1, later=2, at=500, reason="same_category", value=0.42, until=900)
    spec = get_kpi("repeat_contacts")
    [found] = spec.variants["strict"].function(CustomerContacts(7, (), (repeat,)))
    assert (found.ticket, found.at, found.end, found.until) == (1, 500, 500, 900)
    assert (found.facet, found.value) == ("same_category", 0.42)
    assert spec.role == "evidence"
