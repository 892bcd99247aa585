"""Resolution, reopening, volume, backlog and satisfaction on hand-written stories."""

import pytest
from timeline_fixtures import (
    ANN,
    BOB,
    CUSTOMER,
    LEAVER,
    OPEN,
    ROBOT,
    at,
    did,
    measured,
    minutes,
    rated,
    rating,
    said,
    status,
    story,
)

from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.store.ticket_records import EventRecord

# Solved at 100 by Ann, reopened at 200, solved again at 350 by Bob, closed by an automation four days later.
TWICE = (
    OPEN, said(30, ANN), status(30, ANN, "new", "open"), status(100, ANN, "open", "solved"), said(200, CUSTOMER),
    status(200, CUSTOMER, "solved", "open"), said(350, BOB), status(350, BOB, "open", "solved"),
    status(6110, None, "solved", "closed", via="rule"),
)  # fmt: skip


@pytest.mark.parametrize("variant", ["strict", "zendesk", "fivetran"])
def test_first_and_full_resolution_of_a_reopened_ticket(variant: str) -> None:
    ticket = story(*TWICE)
    assert minutes(ticket, "first_resolution_time", variant) == [100.0]
    assert minutes(ticket, "full_resolution_time", variant) == [350.0]


def test_what_was_known_at_each_moment() -> None:
    ticket = story(*TWICE)
    full = "full_resolution_time"
    assert [minutes(ticket, full, as_of=m) for m in (99, 100, 199, 200, 349, 350, 9999)] == [
        ["running"], [100.0], [100.0], ["running"], ["running"], [350.0], [350.0],
    ]  # fmt: skip
    assert [minutes(ticket, full, "zendesk", as_of=m) for m in (99, 100, 200, 350)] == [[], [100.0], [], [350.0]]


def test_acceptance_is_the_first_human_act() -> None:
    # A trigger assigns at 1, the robot answers at 2, Ann writes a note at 20, replies at 30, solves at 100.
    ticket = story(
        OPEN, did(1, None, "assignee", None, ANN, via="rule"), said(2, ROBOT), said(20, ANN, public=False),
        said(30, ANN), status(100, ANN, "open", "solved"),
    )  # fmt: skip
    assert minutes(ticket, "accepted_resolution_time") == [80.0]
    assert measured(ticket, "accepted_resolution_time", as_of=19) == []
    assert minutes(ticket, "accepted_resolution_time", as_of=20) == ["running"]


@pytest.mark.parametrize(
    ("act", "accepted"),
    [
        (did(15, ANN, "assignee", None, ANN), True),  # taking it over
        (did(15, BOB, "assignee", None, ANN), False),  # being given it
        (did(15, BOB, "status", "new", "open"), True),
        (did(15, BOB, "priority", "low", "high"), False),
    ],
)
def test_taking_over_and_a_status_accept_being_assigned_does_not(act: EventRecord, accepted: bool) -> None:
    ticket = story(OPEN, act, said(40, ANN), status(100, ANN, "open", "solved"))
    assert minutes(ticket, "accepted_resolution_time") == [85.0 if accepted else 60.0]


def test_what_a_ticket_is_made_with_is_no_act_of_the_login_that_made_it() -> None:
    # Ann forwards a mail: her login sets the status and takes the ticket, the words are the customer's. She replies at
    # 40 and solves at 100.
    made = did(0, ANN, "status", None, "open"), did(0, ANN, "assignee", None, ANN)
    ticket = story(said(0, CUSTOMER), *made, said(40, ANN), status(100, ANN, "open", "solved"), submitter=ANN)
    assert minutes(ticket, "accepted_resolution_time") == [60.0]


def test_a_solve_belongs_to_its_actor_and_an_automations_to_the_assignee_then() -> None:
    own = story(OPEN, did(0, None, "assignee", None, BOB), status(50, ANN, "open", "solved"))
    automatic = story(
        OPEN, did(0, None, "assignee", None, BOB), status(50, None, "pending", "solved", via="rule"),
        did(60, ANN, "assignee", BOB, ANN), assignee=ANN,
    )  # fmt: skip
    assert [o.agent for o in measured(own, "solved_tickets")] == [ANN]
    assert [o.agent for o in measured(automatic, "solved_tickets")] == [BOB]


def test_a_leaver_keeps_what_they_solved() -> None:
    ticket = story(OPEN, did(0, None, "assignee", None, LEAVER), status(50, None, "pending", "solved", via="rule"))
    assert [o.agent for o in measured(ticket, "solved_tickets")] == [LEAVER]


def test_a_reopened_ticket_leaves_the_solved_ones_until_it_is_solved_again() -> None:
    ticket = story(*TWICE)
    seen = [[(o.at, o.agent) for o in measured(ticket, "solved_tickets", as_of=m)] for m in (99, 150, 250, 400)]
    assert seen == [[], [(at(100), ANN)], [], [(at(350), BOB)]]


def test_closed_without_being_solved_counts_as_solved_once() -> None:
    ticket = story(OPEN, status(70, ANN, "open", "closed"))
    assert minutes(ticket, "first_resolution_time") == [70.0]
    assert len(measured(ticket, "reopen_rate")) == 1


AGAIN = status(200, CUSTOMER, "solved", "open")


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        ((said(200, CUSTOMER), AGAIN), "not_fixed"),
        ((said(200, CUSTOMER, is_question=1), AGAIN), "followup_question"),
        ((said(200, CUSTOMER, is_thanks=1), AGAIN, status(260, ANN, "open", "solved")), "thanks"),
        ((said(200, CUSTOMER, is_thanks=1), AGAIN, said(220, ANN)), "followup_question"),
        ((status(200, ANN, "solved", "open"),), "agent"),
        ((status(200, None, "solved", "open", via="rule"),), "automation"),
        ((status(200, ROBOT, "solved", "open", via="api"),), "automation"),
        # A rule that acts on a message a moment later, as Jira's do; hours later it acts on something else.
        ((said(199.5, CUSTOMER), status(200, None, "solved", "open", via="rule")), "not_fixed"),
        ((said(199, CUSTOMER, is_question=1), status(200, ROBOT, "solved", "open")), "followup_question"),
        ((said(140, CUSTOMER), status(200, None, "solved", "open", via="rule")), "automation"),
        ((said(199.5, CUSTOMER), status(200, ANN, "solved", "open")), "agent"),
    ],
)  # fmt: skip
def test_kinds_of_reopening(events: tuple[EventRecord, ...], kind: str) -> None:
    ticket = story(OPEN, said(30, ANN), status(100, ANN, "open", "solved"), *events)
    first = measured(ticket, "reopen_rate")[0]
    assert (first.at, first.agent, first.value, first.facet) == (at(100), ANN, 1, kind)


@pytest.mark.parametrize("replies", ["pending", "unreadable"])
def test_why_it_was_opened_again_is_unknown_where_the_words_are(replies: str) -> None:
    """Who did it, the team or not, is known all the same."""
    begun = (OPEN, status(100, ANN, "open", "solved"))
    for who, kind in ((CUSTOMER, "unknown"), (ROBOT, "unknown"), (ANN, "agent")):
        ticket = story(*begun, status(200, who, "solved", "open"), replies_known=replies)
        assert [(o.value, o.facet) for o in measured(ticket, "reopen_rate")] == [(1, kind)]


def test_a_solve_is_not_reopened_before_it_is() -> None:
    ticket = story(*TWICE)
    assert [(o.value, o.facet) for o in measured(ticket, "reopen_rate", as_of=150)] == [(0, "")]
    assert [(o.value, o.facet) for o in measured(ticket, "reopen_rate", as_of=400)] == [(1, "not_fixed"), (0, "")]


def test_thanks_are_thanks_until_somebody_answers_them() -> None:
    ticket = story(
        OPEN, status(100, ANN, "open", "solved"), said(200, CUSTOMER, is_thanks=1),
        status(200, CUSTOMER, "solved", "open"), said(220, ANN), status(230, ANN, "open", "solved"),
    )  # fmt: skip
    assert [o.facet for o in measured(ticket, "reopen_rate", as_of=210)] == ["thanks"]
    assert [o.facet for o in measured(ticket, "reopen_rate", as_of=225)] == ["followup_question"]


def alive(ticket: Timeline, minute: float) -> list[tuple[object, ...]]:
    """The backlog's spans that are alive at an instant."""
    rows = measured(ticket, "backlog")
    return [
        (o.facet, o.severity, o.agent)
        for o in rows
        if not o.stop and o.start is not None and o.start <= at(minute) and (o.end is None or o.end > at(minute))
    ]


def test_the_backlog_at_any_instant_with_state_severity_and_assignee_then() -> None:
    ticket = story(
        OPEN, did(0, CUSTOMER, "priority", None, "low"), did(10, ANN, "assignee", None, ANN),
        status(10, ANN, "new", "open"), status(40, ANN, "open", "pending"), did(50, BOB, "priority", "low", "urgent"),
        status(90, ANN, "pending", "solved"), status(120, CUSTOMER, "solved", "open"),
    )  # fmt: skip
    assert alive(ticket, 5) == [("new", "P3", None)]
    assert alive(ticket, 45) == [("pending", "P3", ANN)]
    assert alive(ticket, 60) == [("pending", "P0", ANN)]
    assert alive(ticket, 100) == []
    assert alive(ticket, 500) == [("open", "P0", ANN)]


def test_a_deleted_or_merged_ticket_was_in_the_backlog_before() -> None:
    deleted = story(OPEN, deleted_at=at(100))
    merged = story(OPEN, status(100, ANN, "new", "closed"), merged_into="")
    for ticket in (deleted, merged):
        assert len(alive(ticket, 99)) == 1
        assert alive(ticket, 100) == []


def test_satisfaction_is_credited_by_replies_before_the_answer() -> None:
    # Ann replied twice, Bob once before the answer at 500; what Bob said later does not count.
    ticket = story(
        OPEN, said(30, ANN), said(60, BOB), said(90, ANN), status(100, BOB, "open", "solved"), said(600, BOB),
        ratings=[rating(500, "good")],
    )  # fmt: skip
    rows = measured(ticket, "csat")
    assert {o.agent: o.share for o in rows} == {ANN: pytest.approx(2 / 3), BOB: pytest.approx(1 / 3)}
    assert sum(o.share for o in rows) == pytest.approx(1)
    assert {(o.at, o.value, o.facet) for o in rows} == {(at(500), 1, "overall")}


def test_without_a_reply_the_rating_goes_to_the_solver() -> None:
    ticket = story(OPEN, status(100, BOB, "open", "solved"), ratings=[rating(500, "bad")])
    assert [(o.agent, o.value) for o in measured(ticket, "csat")] == [(BOB, 0)]


def test_neutral_is_not_satisfied() -> None:
    ticket = story(OPEN, said(5, ANN), ratings=[rating(500, "neutral")])
    assert [o.value for o in measured(ticket, "csat")] == [0]


def test_a_changed_answer_replaces_the_first_from_the_change_on() -> None:
    ticket = story(
        OPEN, said(5, ANN), rated(500, "bad"), rated(700, "good"), ratings=[rating(700, "good", changed_at=at(700))]
    )
    assert [(o.at, o.value) for o in measured(ticket, "csat", as_of=600)] == [(at(500), 0)]
    assert [(o.at, o.value) for o in measured(ticket, "csat", as_of=700)] == [(at(500), 1)]


def test_a_survey_counts_as_answered_once_it_is() -> None:
    ticket = story(OPEN, said(5, ANN), status(100, ANN, "open", "solved"), ratings=[rating(500, "good")])
    rate = "csat_response_rate"
    assert [(o.at, o.value, o.agent) for o in measured(ticket, rate, as_of=499)] == [(at(400), 0, ANN)]
    assert [(o.at, o.value, o.agent) for o in measured(ticket, rate, as_of=500)] == [(at(400), 1, ANN)]


@pytest.mark.parametrize("submitter", [CUSTOMER, ANN, None])
def test_the_status_that_a_ticket_is_made_with_accepts_nothing_whoever_set_it(submitter: int | None) -> None:
    """Ann forwarded a mail: her login made the ticket, and the helpdesk may call the customer its submitter. Bob
    replies after 30 minutes and solves after 60.
    """
    made = did(0, ANN, "status", None, "open")
    solved = did(60, BOB, "status", "open", "solved")
    ticket = story(said(0, CUSTOMER, via="email"), made, said(30, BOB), solved, submitter=submitter)
    assert minutes(ticket, "accepted_resolution_time") == [30]


def test_who_takes_over_a_ticket_as_another_makes_it_has_accepted_it() -> None:
    taken = did(0, BOB, "assignee", None, BOB)
    solved = did(60, BOB, "status", "new", "solved")
    assert minutes(story(said(0, CUSTOMER), taken, said(30, BOB), solved), "accepted_resolution_time") == [60]
