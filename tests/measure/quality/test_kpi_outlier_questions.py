"""Questions of data quality, by hand. Minutes since the ticket's creation; yes is 1."""

from typing import Any

import pytest
from timeline_fixtures import ANN, BOB, CUSTOMER, ROBOT, at, cycle, desk, did, measured, said, story

from helpdesk_kpi.measure.metrics.discovery import find_kpis, load_kpis
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.store.ticket_records import RatingRecord, TicketRecords


def answers(ticket: Timeline, question: str) -> list[tuple[int | None, float | None]]:
    return [(o.agent, o.value) for o in measured(ticket, question)]


def rating(minute: float, category: str) -> RatingRecord:
    fields: dict[str, Any] = dict.fromkeys(RatingRecord.__struct_fields__)
    values = {"ticket": 1, "native": "1", "question": "", "offered_at": at(minute), "answered_at": at(minute)}
    return RatingRecord(**fields | values | {"category": category, "rater": CUSTOMER, "origin": "customer"})


def solved(minute: float, who: int = ANN) -> Any:
    return did(minute, who, "status", "open", "solved")


def test_questions_are_separate_from_the_catalogue() -> None:
    questions = {name for name, kpi in load_kpis().items() if kpi.role == "question"}
    assert len(questions) >= 9
    assert questions.isdisjoint(find_kpis())
    assert all(load_kpis()[name].title.endswith("?") for name in questions)


def test_a_short_reply_with_a_second_one_held_the_line() -> None:
    short, long = dict[str, Any](length=40), dict[str, Any](length=300)
    assert answers(story(said(5, ANN, **short), said(9, ANN, **long)), "holding_first_replies") == [(ANN, 1)]
    assert answers(story(said(5, ANN, **long), said(9, ANN, **long)), "holding_first_replies") == [(ANN, 0)]
    between = story(said(5, ANN, **short), said(7, CUSTOMER), said(9, ANN, **long))
    assert answers(between, "holding_first_replies") == [(ANN, 0)]
    assert answers(story(), "holding_first_replies") == []


@pytest.mark.parametrize(("events", "then"), [
    ((said(5, ANN), did(6, ANN, "status", "open", "pending")), [(ANN, 0)]),  # we asked, and wait for the customer
    ((did(6, ANN, "status", "new", "pending"),), [(ANN, 1)]),  # only the customer has spoken
    ((said(5, ANN), said(6, CUSTOMER), did(7, BOB, "status", "open", "pending")), [(BOB, 1)]),
    ((said(5, ANN), said(6, BOB, public=False), did(7, BOB, "status", "open", "pending")), [(BOB, 0)]),
    ((did(6, ROBOT, "status", "open", "pending"),), []),  # no person did it
    ((did(6, ANN, "status", "open", "hold"),), []),  # the customer still waits for us then, and clocks say so
])  # fmt: skip
def test_a_ticket_that_was_parked_while_the_customer_waited(events: Any, then: Any) -> None:
    assert answers(story(*events), "parked_while_waiting") == then


def test_a_solve_without_a_word() -> None:
    assert answers(story(solved(5)), "solved_unanswered") == [(ANN, 1)]
    assert answers(story(said(4, ANN), solved(5)), "solved_unanswered") == [(ANN, 0)]
    assert answers(story(said(5, ANN), solved(5)), "solved_unanswered") == [(ANN, 0)]  # reply and solve in one save


@pytest.mark.parametrize(("minutes", "then"), [(59, 1), (60, 0)])
def test_a_solve_that_was_opened_again_within_the_hour(minutes: int, then: int) -> None:
    ticket = story(solved(5), said(5 + minutes, CUSTOMER), did(5 + minutes, CUSTOMER, "status", "solved", "open"))
    assert answers(ticket, "reopened_within_the_hour") == [(ANN, then)]


@pytest.mark.parametrize(("minute", "category", "then"), [(3, "bad", 1), (3, "good", 0), (7, "bad", 0)])
def test_a_ticket_that_was_merged_away_after_a_bad_rating(minute: int, category: str, then: int) -> None:
    ticket = story(did(5, BOB, "status", "open", "closed"), ratings=[rating(minute, category)], merged_into="2",
                   status="closed")  # fmt: skip
    assert answers(ticket, "merged_after_bad_rating") == [(BOB, then)]


def test_a_ticket_that_changed_hands_around_a_bad_rating() -> None:
    own = story(said(1, ANN), did(9, ANN, "assignee", ANN, BOB), ratings=[rating(5, "bad")], assignee=BOB)
    assert answers(own, "reassigned_around_rating") == [(ANN, 1)]
    by_lead = story(said(1, ANN), did(9, BOB, "assignee", ANN, BOB), ratings=[rating(5, "bad")], assignee=BOB)
    assert answers(by_lead, "reassigned_around_rating") == [(ANN, 0)]
    later = story(did(5 + 24 * 60 + 1, ANN, "assignee", ANN, BOB), ratings=[rating(5, "bad")], assignee=BOB)
    assert answers(later, "reassigned_around_rating") == [(ANN, 0)]
    assert answers(story(said(1, ANN), ratings=[rating(5, "good")]), "reassigned_around_rating") == []


def test_a_solve_after_which_no_survey_went_out() -> None:
    assert answers(story(solved(5)), "survey_not_offered") == [(ANN, 1)]
    assert answers(story(solved(5), ratings=[rating(6, "good")]), "survey_not_offered") == [(ANN, 0)]
    assert answers(story(solved(5), the=desk(lacks=("survey.offered",))), "survey_not_offered") == []


@pytest.mark.parametrize(("minute", "then"), [(29, 0), (30, 1), (90, 1), (91, 0)])
def test_a_priority_that_was_changed_when_time_ran_out(minute: int, then: int) -> None:
    """The deadline lies at minute 60."""
    ticket = story(
        did(minute, ANN, "priority", "high", "low"), the=desk(has_sla=True),
        related=TicketRecords(cycles=(cycle(0, 200, 60, is_breached=1),)),
    )  # fmt: skip
    assert answers(ticket, "priority_changed_near_breach") == [(ANN, then)]


def test_taking_from_the_queue_is_seen_and_being_given_is_not() -> None:
    assert answers(story(did(5, ANN, "assignee", None, ANN), assignee=ANN), "taken_from_queue") == [(ANN, 0)]
    assert answers(story(did(5, BOB, "assignee", None, ANN), assignee=ANN), "taken_from_queue") == []
    assert answers(story(did(5, ANN, "assignee", BOB, ANN), assignee=ANN), "taken_from_queue") == []


def test_a_merge_is_held_against_solves() -> None:
    assert answers(story(solved(5)), "merged_away") == [(ANN, 0)]
    merged = story(did(5, BOB, "status", "open", "closed"), merged_into="2", status="closed")
    assert answers(merged, "merged_away") == [(BOB, 1)]


def test_a_ticket_that_was_written_down_in_a_customers_name_is_seen_but_not_a_phone_call() -> None:
    note = said(0, ANN, public=False)
    assert answers(story(note, submitter=ANN, channel="web"), "opened_for_customer") == [(ANN, 0)]
    assert answers(story(said(0, ANN), submitter=ANN, channel="email"), "opened_for_customer") == [(ANN, 0)]
    assert answers(story(note, submitter=ANN, channel="phone"), "opened_for_customer") == []
    assert answers(story(), "opened_for_customer") == []


def test_who_submitted_a_ticket_did_not_write_it_down() -> None:
    """A mail that Ann forwarded, or a form that has her login, is in the customer's own words."""
    assert answers(story(said(0, CUSTOMER), submitter=ANN), "opened_for_customer") == []
    assert answers(story(said(0, BOB, public=False), submitter=CUSTOMER), "opened_for_customer") == [(BOB, 0)]


def test_a_letter_to_a_customer_is_no_request_of_theirs() -> None:
    assert answers(story(said(0, ANN), submitter=ANN, channel="web"), "opened_for_customer") == []


def test_a_ticket_without_known_first_words_raises_no_question() -> None:
    assert answers(story(submitter=ANN, words=False), "opened_for_customer") == []
