"""Whose turn it was, on stories short enough to be worked out in the head. Numbers are minutes since creation."""

import msgspec
import pytest
from timeline_fixtures import (
    ANN,
    BOB,
    CUSTOMER,
    MINUTE,
    OPEN,
    ROBOT,
    TEAM,
    at,
    counted,
    desk,
    did,
    measured,
    said,
    status,
    story,
)

from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.store.ticket_records import EventRecord

WAIT, HELD = "requester_wait_time", "held_time"


def given(minute: float, before: int | None, after: int | None, by: int | None = None) -> EventRecord:
    return did(minute, by or after, "assignee", before, after)


#: New to 30, open to 50, waiting for the customer to 200, open to 230, on hold to 300, open to 320, solved by Ann.
WHOLE = (
    OPEN, given(30, None, ANN), status(30, ANN, "new", "open"), status(50, ANN, "open", "pending"),
    status(200, CUSTOMER, "pending", "open"), status(230, ANN, "open", "hold"), status(300, ANN, "hold", "open"),
    status(320, ANN, "open", "solved"),
)  # fmt: skip


def test_a_customer_does_not_wait_while_an_answer_of_theirs_is_awaited() -> None:
    # 30 new + 20 open + 30 open + 70 on hold + 20 open; the 150 in pending are the customer's own
    assert counted(story(*WHOLE), WAIT) == [(ANN, 170.0, False)]


@pytest.mark.parametrize(
    ("minute", "waited", "runs"),
    [(40, 40, True), (50, 50, True), (199, 50, True), (210, 60, True), (319, 169, True), (320, 170, False)],
)
def test_an_open_ticket_has_waited_at_least_as_long_as_it_has(minute: int, waited: int, runs: bool) -> None:
    assert [row[1:] for row in counted(story(*WHOLE), WAIT, as_of=minute)] == [(waited, runs)]


def test_hold_counts_whatever_the_helpdesk_calls_it() -> None:
    # Zendesk's API says "hold", some exports "on-hold"; a status of one's own is what the configuration says of it.
    for name, means in (("on-hold", "hold"), ("With the supplier", "hold")):
        known = {**desk().states, name.casefold(): means}
        the = msgspec.structs.replace(desk(), states=known)
        ticket = story(OPEN, status(10, ANN, "new", name), status(100, ANN, name, "solved"), the=the)
        assert counted(ticket, WAIT) == [(ANN, 100.0, False)], name


def test_days_until_a_rule_solves_what_is_pending_are_no_wait() -> None:
    # Asked back after 60 minutes; five days later a rule gives up. The full resolution time is 60 + 7200.
    ticket = story(
        OPEN, given(60, None, ANN), said(60, ANN), status(60, ANN, "new", "pending"),
        status(7260, None, "pending", "solved", via="rule"),
    )  # fmt: skip
    assert counted(ticket, WAIT) == [(ANN, 60.0, False)]
    assert counted(ticket, "full_resolution_time") == [(ANN, 7260.0, False)]


def test_a_ticket_that_never_waited_for_the_team_waited_no_time() -> None:
    # It came in as pending, and was solved: nothing of its life counts, which is not the same as all of it.
    ticket = story(did(0, ANN, "status", None, "pending"), status(90, ANN, "pending", "solved"))
    assert counted(ticket, WAIT) == [(ANN, 0.0, False)]
    assert counted(ticket, WAIT, as_of=45) == [(None, 0.0, True)]


def test_time_between_a_solve_and_a_reopening_is_no_wait() -> None:
    # Open to 100, solved to 200, open to 260.
    ticket = story(
        OPEN, status(100, ANN, "new", "solved"), said(200, CUSTOMER), status(200, CUSTOMER, "solved", "open"),
        status(260, BOB, "open", "solved"),
    )  # fmt: skip
    seen = [counted(ticket, WAIT, as_of=m) for m in (99, 150, 230, 300)]
    assert seen == [[(None, 99.0, True)], [(ANN, 100.0, False)], [(None, 130.0, True)], [(BOB, 160.0, False)]]


def test_two_seconds_are_two_seconds() -> None:
    ticket = story(OPEN, status(2 / 60, ANN, "new", "solved"))
    [row] = measured(ticket, WAIT)
    assert row.pieces == ((at(0), at(0) + 2000),)


def test_the_severity_is_that_of_the_start_and_a_raise_later_does_not_change_it() -> None:
    ticket = story(OPEN, did(0, CUSTOMER, "priority", None, "low"), did(50, BOB, "priority", "low", "urgent"))
    assert [o.severity for o in measured(ticket, WAIT)] == ["P3"]


# Held time


def test_each_holder_gets_their_own_part() -> None:
    # Nobody to 30, Ann to 120, Bob to 200; nothing of Ann's is Bob's, though Bob solves it.
    ticket = story(
        OPEN, given(30, None, ANN), status(30, ANN, "new", "open"), given(120, ANN, BOB, by=ANN),
        status(200, BOB, "open", "solved"),
    )  # fmt: skip
    assert counted(ticket, HELD) == [(ANN, 90.0, False), (BOB, 80.0, False)]
    assert {(o.at, o.team) for o in measured(ticket, HELD)} == {(at(0), TEAM)}


def test_what_waits_for_the_customer_or_for_others_is_held_by_nobody() -> None:
    # Of Ann's time from 30 on: open 30 to 50, 200 to 230 and 300 to 320.
    assert counted(story(*WHOLE), HELD) == [(ANN, 70.0, False)]


def test_it_runs_while_the_ticket_is_theirs_and_not_solved() -> None:
    ticket = story(*WHOLE)
    assert counted(ticket, HELD, as_of=29) == []
    assert [counted(ticket, HELD, as_of=m) for m in (40, 100, 250, 319)] == [
        [(ANN, 10.0, True)], [(ANN, 20.0, True)], [(ANN, 50.0, True)], [(ANN, 69.0, True)],
    ]  # fmt: skip


def test_who_passes_it_on_is_done_with_it_until_it_comes_back() -> None:
    # Ann 0 to 60, Bob to 100, Ann again to 130.
    ticket = story(
        OPEN, given(0, None, ANN), given(60, ANN, BOB, by=ANN), given(100, BOB, ANN, by=BOB),
        status(130, ANN, "new", "solved"),
    )  # fmt: skip
    of_ann = [[row[1:] for row in counted(ticket, HELD, as_of=m) if row[0] == ANN] for m in (59, 80, 110, 130)]
    assert of_ann == [[(59.0, True)], [(60.0, False)], [(70.0, True)], [(90.0, False)]]


def test_who_had_it_only_while_it_was_pending_held_nothing() -> None:
    ticket = story(
        OPEN, given(0, None, ANN), status(10, ANN, "new", "pending"), given(20, ANN, BOB, by=ANN),
        given(50, BOB, ANN, by=BOB), status(90, CUSTOMER, "pending", "open"), status(95, ANN, "open", "solved"),
    )  # fmt: skip
    assert counted(ticket, HELD) == [(ANN, 15.0, False)]
    # At 30 it is Bob's, so Ann's part is over; at 60 it is hers again and waits for the customer.
    assert [counted(ticket, HELD, as_of=m) for m in (30, 60)] == [[(ANN, 10.0, False)], [(ANN, 10.0, True)]]


def test_who_gets_it_as_pending_begins_with_the_customers_answer() -> None:
    ticket = story(
        OPEN, status(10, ANN, "new", "pending"), given(20, None, BOB, by=ANN), status(80, CUSTOMER, "pending", "open"),
        did(85, BOB, "priority", "normal", "urgent"),
    )  # fmt: skip
    assert counted(ticket, HELD, as_of=50) == []
    assert counted(ticket, HELD, as_of=90) == [(BOB, 10.0, True)]
    assert [o.start for o in measured(ticket, HELD)] == [at(80)]


def test_a_robot_holds_nothing() -> None:
    ticket = story(OPEN, given(0, None, ROBOT), given(40, ROBOT, ANN), status(70, ANN, "new", "solved"))
    assert counted(ticket, HELD) == [(ANN, 30.0, False)]


def test_the_row_is_for_the_team_in_which_they_first_had_it() -> None:
    ticket = story(
        OPEN, did(0, None, "team", None, 50), given(0, None, ANN), did(40, ANN, "team", 50, 51),
        given(40, ANN, BOB, by=ANN), status(70, BOB, "new", "solved"),
    )  # fmt: skip
    assert [(o.agent, o.team) for o in measured(ticket, HELD)] == [(ANN, 50), (BOB, 51)]


def test_a_merged_ticket_was_held_until_it_was_merged() -> None:
    def merged() -> Timeline:
        return story(OPEN, given(0, None, ANN), status(60, ANN, "new", "closed"), merged_into="2")

    assert counted(merged(), HELD, as_of=59) == [(ANN, 59.0, True)]
    assert [o.stop for o in measured(merged(), HELD)] == ["merged"]


def test_a_persons_own_row_says_where_it_ended() -> None:
    # Ann's last piece ended at 50, when it was passed on as pending; the solve at 300 is none of hers.
    ticket = story(
        OPEN, given(0, None, ANN), status(50, ANN, "new", "pending"), given(70, ANN, BOB, by=ANN),
        status(300, BOB, "pending", "solved"),
    )  # fmt: skip
    [row] = measured(ticket, HELD)
    assert (row.agent, row.end) == (ANN, at(0) + 50 * MINUTE)
