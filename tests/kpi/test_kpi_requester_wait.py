"""Whose a wait is, minute by minute; on stories short enough to be worked out in the head."""

from typing import Any

import pytest
from timeline_fixtures import ANN, BOB, CUSTOMER, MINUTE, ROBOT, at, did, measured, said, story

from helpdesk_kpi.measure.tickets.timeline import Timeline

FRT, NRT = "first_reply_time", "next_reply_time"


def owned(ticket: Timeline, kpi: str = NRT, *, as_of: float | None = None) -> list[tuple[Any, ...]]:
    """(whose, minutes that it was theirs up to as_of, share) of each part."""
    now = 1 << 62 if as_of is None else at(as_of)
    return [
        (o.agent, sum(max(min(b, now) - a, 0) for a, b in o.pieces) / MINUTE, pytest.approx(o.share))
        for o in measured(ticket, kpi, "owner", as_of=as_of)
    ]


GIVEN = did(5, ANN, "assignee", None, ANN)
#: Ann's at 5, she replies at 10; the customer writes at 100; to Bob at 130; back to Ann at 150; Bob answers at 180.
PASSED = (
    GIVEN, said(10, ANN), said(100, CUSTOMER), did(130, ANN, "assignee", ANN, BOB), did(150, BOB, "assignee", BOB, ANN),
    said(180, BOB),
)  # fmt: skip


def test_a_wait_belongs_to_those_who_had_the_ticket_by_the_time_that_they_had_it() -> None:
    # 80 minutes: Ann 100 to 130 and 150 to 180, Bob 130 to 150. Strict gives all of it to Bob, who answered.
    ticket = story(*PASSED)
    assert owned(ticket) == [(ANN, 60, 60 / 80), (BOB, 20, 20 / 80)]
    assert [(o.agent, o.end) for o in measured(ticket, NRT)] == [(BOB, at(180))]


def test_the_time_before_anybody_had_it_is_the_queues() -> None:
    # Created at 0, taken over at 5, answered at 10: half of the first wait is nobody's.
    assert owned(story(*PASSED), FRT) == [(None, 5, 0.5), (ANN, 5, 0.5)]


def test_as_long_as_a_wait_runs_it_is_theirs_who_have_the_ticket() -> None:
    ticket = story(*PASSED)
    seen = {minute: owned(ticket, as_of=minute) for minute in (99, 100, 120, 140, 160, 179)}
    assert seen == {
        99: [],
        100: [(ANN, 0, 1)],
        120: [(ANN, 20, 1)],
        140: [(BOB, 10, 1)],
        160: [(ANN, 40, 1)],  # 100 to 130, and 150 on
        179: [(ANN, 59, 1)],
    }
    assert owned(story(GIVEN, said(10, ANN), said(100, CUSTOMER)), as_of=130) == [(ANN, 30, 1)]


def test_who_answers_and_takes_it_over_in_one_save_did_not_have_it_before() -> None:
    ticket = story(did(40, BOB, "assignee", None, BOB), said(40, BOB))
    assert owned(ticket, FRT) == [(None, 40, 1)]


def test_a_wait_that_took_no_time_is_its_owners_whole() -> None:
    ticket = story(did(0, None, "assignee", None, ANN), said(0, CUSTOMER), said(0, ANN, seq=1))
    assert owned(ticket, FRT) == [(ANN, 0, 1)]


def test_what_is_given_to_a_robot_waits_in_the_queue() -> None:
    ticket = story(did(0, None, "assignee", None, ROBOT), did(30, ANN, "assignee", ROBOT, ANN), said(40, ANN))
    assert owned(ticket, FRT) == [(None, 30, 0.75), (ANN, 10, 0.25)]


def test_a_wait_that_a_solve_ended_stays_unanswered_for_all_of_its_owners() -> None:
    ticket = story(GIVEN, said(10, ANN), said(50, CUSTOMER), did(75, BOB, "assignee", ANN, BOB),
                   did(100, BOB, "status", "open", "solved"))  # fmt: skip
    assert owned(ticket) == [(ANN, 25, 0.5), (BOB, 25, 0.5)]
    assert {o.stop for o in measured(ticket, NRT, "owner")} == {"solved_without_reply"}


@pytest.mark.parametrize("kpi", [FRT, NRT, "first_resolution_time"])
def test_nobody_has_answered_before_they_did(kpi: str) -> None:
    """As of an earlier moment, a figure of one person must not know of what they did later."""
    ticket = story(said(10, ANN), said(50, CUSTOMER), said(90, BOB), did(95, BOB, "status", "open", "solved"))
    before = {FRT: 9, NRT: 89, "first_resolution_time": 94}[kpi]
    assert [(o.agent, o.end) for o in measured(ticket, kpi, as_of=before)] == [(None, None)]
    assert [o.agent for o in measured(ticket, kpi)] == [ANN if kpi == FRT else BOB]
