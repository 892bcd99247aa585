"""Transfers and escalations: who passed on what to whom, and when it is held against nobody. Values by hand, in minutes
since creation.
"""

from typing import Any

import msgspec
import pytest
from timeline_fixtures import (
    ANN,
    BOB,
    CUSTOMER,
    LEAVER,
    LIGHT,
    ROBOT,
    TEAM,
    at,
    desk,
    did,
    measured,
    said,
    status,
    story,
)

from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.store.ticket_records import TicketLinkRecord

DAY = 24 * 60
OPEN = said(0, CUSTOMER)
SECOND_LEVEL = 51
DESK = msgspec.structs.replace(desk(), escalation_teams=frozenset({SECOND_LEVEL}))


def given(minute: float, who: int | None, before: int | None, after: int | None, **more: Any) -> Any:
    return did(minute, who, "assignee", before, after, **more)


def moved(
    minute: float, who: int | None, before: int | None = TEAM, after: int | None = SECOND_LEVEL, **more: Any
) -> Any:
    return did(minute, who, "team", before, after, **more)


MINE = given(5, ANN, None, ANN)


def passed(ticket: Timeline, as_of: float | None = None) -> list[tuple[Any, ...]]:
    """(whose, 1: passed on, how) of every station."""
    return [(o.agent, o.value, o.facet) for o in measured(ticket, "transfers", as_of=as_of)]


def test_a_station_that_is_not_passed_on_is_one_without_a_transfer() -> None:
    assert passed(story(OPEN, MINE, status(50, ANN, "open", "solved"))) == [(ANN, 0, "")]
    assert passed(story(OPEN, status(50, ANN, "open", "solved"))) == []  # nobody ever had it


def test_a_transfer_counts_for_who_passes_it_on_and_not_for_who_gets_it() -> None:
    ticket = story(OPEN, MINE, given(100, ANN, ANN, BOB))
    assert passed(ticket, as_of=99) == [(ANN, 0, "")]
    assert passed(ticket) == [(ANN, 1, "handover"), (BOB, 0, "")]


def test_a_dispatcher_who_moves_it_passed_it_on_and_not_the_holder() -> None:
    assert passed(story(OPEN, MINE, given(50, LEAVER, ANN, BOB)))[0] == (LEAVER, 1, "handover")


def test_a_rule_or_a_robot_passes_on_what_the_holder_had() -> None:
    ruled = story(OPEN, MINE, given(100, None, ANN, BOB, rule="Route"))
    robots = story(OPEN, MINE, given(100, ROBOT, ANN, BOB))
    assert [passed(t)[0] for t in (ruled, robots)] == [(ANN, 1, "handover")] * 2


def test_who_takes_over_from_a_colleague_has_passed_nothing_on() -> None:
    assert passed(story(OPEN, MINE, given(100, BOB, ANN, BOB))) == [(ANN, 1, "handover"), (BOB, 0, "")]


def test_the_first_assignment_is_no_transfer() -> None:
    assert passed(story(OPEN, given(5, LEAVER, None, ANN))) == [(ANN, 0, "")]


def test_to_its_team_within_the_first_hour_is_routing_and_later_a_handover() -> None:
    def sent(minute: float) -> Any:
        return passed(story(OPEN, MINE, moved(minute, ANN), given(minute, ANN, ANN, None)))[0][2]

    assert (sent(59), sent(60)) == ("routing", "handover")
    assert passed(story(OPEN, MINE, given(30, ANN, ANN, BOB)))[0][2] == "handover"  # of the same team


def test_back_to_a_person_or_a_team_that_had_it_is_ping_pong() -> None:
    person = story(OPEN, MINE, given(100, ANN, ANN, BOB), given(200, BOB, BOB, ANN))
    assert passed(person) == [(ANN, 1, "handover"), (BOB, 1, "pingpong"), (ANN, 0, "")]
    # The other team's queue never had anybody of them; Bob sends it back to the team, to nobody.
    team = story(OPEN, MINE, moved(100, ANN), given(100, ANN, ANN, None), given(150, BOB, None, BOB),
                 moved(200, BOB, SECOND_LEVEL, TEAM), given(200, BOB, BOB, None))  # fmt: skip
    assert passed(team) == [(ANN, 1, "handover"), (BOB, 1, "pingpong")]


def test_a_team_that_had_it_unassigned_counts_as_having_had_it() -> None:
    ticket = story(OPEN, moved(2, None, TEAM, SECOND_LEVEL, rule="Route"), given(5, ANN, None, ANN),
                   moved(30, ANN, SECOND_LEVEL, TEAM), given(30, ANN, ANN, None))  # fmt: skip
    assert passed(ticket) == [(ANN, 1, "pingpong")]


def test_back_into_the_queue_is_passed_on_when_somebody_else_takes_it() -> None:
    back = (OPEN, MINE, given(100, ANN, ANN, None))
    assert passed(story(*back)) == [(ANN, 0, "")]
    ticket = story(*back, given(200, BOB, None, BOB))
    assert passed(ticket, as_of=199) == [(ANN, 0, "")]
    assert passed(ticket) == [(ANN, 1, "handover"), (BOB, 0, "")]
    assert passed(story(*back, given(200, ANN, None, ANN))) == [
        (ANN, 0, "")
    ]  # the same person again: nobody else had it


def test_what_is_done_after_the_solve_is_no_handover() -> None:
    """Zendesk gives the solved tickets of somebody who leaves to an admin."""
    done = (OPEN, MINE, status(100, ANN, "open", "solved"), given(200, None, ANN, BOB, rule="Agent left"))
    assert passed(story(*done)) == [(ANN, 0, "")]
    # Opened again, it is Bob's, and Ann never passed it on.
    assert passed(story(*done, status(300, CUSTOMER, "solved", "open"))) == [(ANN, 0, ""), (BOB, 0, "")]


def test_reopened_into_the_queue_and_taken_by_another_was_not_passed_on_by_who_solved_it() -> None:
    ticket = story(OPEN, MINE, status(100, ANN, "open", "solved"), status(300, CUSTOMER, "solved", "open"),
                   given(300, None, ANN, None, rule="Requeue"), given(400, BOB, None, BOB))  # fmt: skip
    assert passed(ticket) == [(ANN, 0, ""), (BOB, 0, "")]


def test_a_robots_station_is_nobodys() -> None:
    ticket = story(OPEN, given(1, None, None, ROBOT, rule="AI"), given(9, ROBOT, ROBOT, ANN))
    assert passed(ticket) == [(ANN, 0, "")]


def test_a_station_lies_in_the_period_and_the_team_in_which_it_began() -> None:
    ticket = story(OPEN, MINE, did(0, None, "team", None, TEAM), given(100, ANN, ANN, BOB))
    assert [(o.at, o.team, o.severity) for o in measured(ticket, "transfers")] == [
        (at(5), TEAM, "P2"),
        (at(100), TEAM, "P2"),
    ]


# --- escalations


def escalated(*, note: float | None = 100, minute: float = 100, by: int = ANN, after: tuple[Any, ...] = ()) -> Timeline:
    """Ann takes it at 5, and it goes to the second level."""
    said_why = [] if note is None else [said(note, by, public=False)]
    return story(OPEN, MINE, *said_why, moved(minute, by), given(minute, by, ANN, None), *after, the=DESK)


def test_an_escalation_in_time_with_a_reason_is_no_transfer_against_anybody() -> None:
    assert passed(escalated()) == [(ANN, 0, "escalation")]
    assert escalated().well_escalated_at == at(100)


@pytest.mark.parametrize(("note", "has_reason"), [(90, True), (110, True), (89, False), (111, False), (None, False)])
def test_a_reason_is_a_note_of_the_sender_within_ten_minutes(note: float | None, *, has_reason: bool) -> None:
    ticket = escalated(note=note)
    assert (passed(ticket)[0] == (ANN, 0, "escalation")) is has_reason
    assert (ticket.well_escalated_at is not None) is has_reason


def test_somebody_elses_note_and_a_reply_are_no_reason() -> None:
    for other in (said(100, BOB, public=False), said(100, LIGHT, public=False), said(100, ANN)):
        ticket = story(OPEN, MINE, other, moved(100, ANN), given(100, ANN, ANN, None), the=DESK)
        assert passed(ticket) == [(ANN, 1, "handover")]


@pytest.mark.parametrize(("minute", "in_time"), [(5 + DAY, True), (6 + DAY, False)])
def test_in_time_is_within_a_day_of_getting_it(minute: float, *, in_time: bool) -> None:
    ticket = escalated(note=minute, minute=minute)
    assert (ticket.well_escalated_at is not None) is in_time
    assert passed(ticket) == [(ANN, 0, "escalation") if in_time else (ANN, 1, "handover")]


def test_the_time_runs_from_the_senders_own_station() -> None:
    # Ann had it for two days; Bob escalates within an hour of getting it.
    ticket = story(OPEN, MINE, given(2 * DAY, ANN, ANN, BOB), said(2 * DAY + 60, BOB, public=False),
                   moved(2 * DAY + 60, BOB), given(2 * DAY + 60, BOB, BOB, None), the=DESK)  # fmt: skip
    assert passed(ticket) == [(ANN, 1, "handover"), (BOB, 0, "escalation")]


def test_how_long_is_in_time_is_configured() -> None:
    the = msgspec.structs.replace(desk(escalate_within="2h"), escalation_teams=frozenset({SECOND_LEVEL}))
    for minute, kind in ((125, "escalation"), (126, "handover")):
        ticket = story(OPEN, MINE, said(minute, ANN, public=False), moved(minute, ANN), given(minute, ANN, ANN, None),
                       the=the)  # fmt: skip
        assert passed(ticket)[0][2] == kind


def test_a_good_escalation_back_to_the_second_level_is_no_ping_pong() -> None:
    # The second level asks for something and gives it back; Ann sends it up again with a note.
    after = (given(150, BOB, None, BOB), moved(200, BOB, SECOND_LEVEL, TEAM), given(200, BOB, BOB, ANN),
             said(300, ANN, public=False), moved(300, ANN), given(300, ANN, ANN, None))  # fmt: skip
    assert passed(escalated(after=after)) == [(ANN, 0, "escalation"), (BOB, 1, "pingpong"), (ANN, 0, "escalation")]


def test_an_escalation_from_the_queue_counts_from_creation() -> None:
    ticket = story(OPEN, said(60, ANN, public=False), moved(60, ANN), the=DESK)
    assert ticket.well_escalated_at == at(60)
    assert passed(ticket) == []


def rate(ticket: Timeline, as_of: float | None = None) -> list[tuple[Any, ...]]:
    return [(o.agent, o.value, o.facet) for o in measured(ticket, "escalations", as_of=as_of)]


SOLVED = status(500, BOB, "open", "solved")


def test_an_escalated_ticket_counts_at_its_last_solve_for_who_escalated_it() -> None:
    ticket = escalated(after=(SOLVED,))
    assert rate(ticket, as_of=499) == []
    assert rate(ticket) == [(ANN, 1, "with_reason")]
    assert rate(escalated(note=None, after=(SOLVED,))) == [(ANN, 1, "without_reason")]
    assert rate(story(OPEN, MINE, SOLVED, the=DESK)) == [(BOB, 0, "")]


def test_a_late_escalation_has_its_reason_all_the_same() -> None:
    minute = 3 * DAY
    done = status(4 * DAY, BOB, "open", "solved")
    assert rate(escalated(note=minute, minute=minute, after=(done,))) == [(ANN, 1, "with_reason")]


def test_what_a_rule_escalates_from_the_queue_is_the_solvers() -> None:
    ticket = story(OPEN, moved(60, None, rule="Escalate"), SOLVED, the=DESK)
    assert rate(ticket) == [(BOB, 1, "without_reason")]


def test_tickets_that_begin_at_the_second_level_are_not_the_first_levels() -> None:
    assert rate(story(OPEN, MINE, SOLVED, team=SECOND_LEVEL, the=DESK)) == []
    routed = story(OPEN, did(0, None, "team", None, SECOND_LEVEL, rule="Route"), MINE, SOLVED, the=DESK)
    assert rate(routed) == []


def test_an_escalation_after_the_solve_is_none_of_that_solve() -> None:
    ticket = story(OPEN, MINE, status(50, ANN, "open", "solved"), moved(60, ANN), the=DESK)
    assert rate(ticket) == [(ANN, 0, "")]


def test_a_linked_issue_of_development_is_an_escalation_by_the_solver() -> None:
    ticket = story(OPEN, MINE, SOLVED, the=DESK)
    ticket.links = [TicketLinkRecord(1, "10500", "development")]
    assert rate(ticket) == [(BOB, 1, "development")]
    ticket.links = [TicketLinkRecord(1, "10500", "problem")]
    assert rate(ticket) == [(BOB, 0, "")]


def test_without_configured_teams_nothing_is_escalated() -> None:
    ticket = story(OPEN, MINE, said(100, ANN, public=False), moved(100, ANN), SOLVED)
    assert rate(ticket) == [(BOB, 0, "")]
    assert passed(ticket)[0] == (ANN, 1, "handover")
