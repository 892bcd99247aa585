"""How old the backlog is, and what flows in and out. Numbers are minutes since creation."""

import pytest
from timeline_fixtures import ANN, BOB, CUSTOMER, OPEN, at, did, measured, said, status, story

from helpdesk_kpi.measure.tickets.timeline import Timeline

AGE, FLOW = "backlog_age", "net_flow"


#: Solved at 100 by Ann, reopened at 200, pending from 250, solved again at 350 by Bob, closed later.
TWICE = (
    OPEN, status(100, ANN, "new", "solved"), said(200, CUSTOMER), status(200, CUSTOMER, "solved", "open"),
    status(250, BOB, "open", "pending"), status(350, BOB, "pending", "solved"), status(6110, None, "solved", "closed"),
)  # fmt: skip


def alive(ticket: Timeline, minute: float) -> int:
    """How many spans of the backlog's age are alive at an instant, as known then."""
    return sum(
        not o.stop and o.at <= at(minute) and (o.end is None or o.end > at(minute))
        for o in measured(ticket, AGE, as_of=minute)
    )


@pytest.mark.parametrize(
    ("minute", "is_open"), [(0, 1), (99, 1), (100, 0), (150, 0), (200, 1), (300, 1), (350, 0), (9999, 0)]
)
def test_a_ticket_is_of_the_backlog_while_it_is_not_solved_also_when_pending(minute: int, is_open: int) -> None:
    ticket = story(*TWICE)
    assert alive(ticket, minute) == is_open
    # What flowed in less what flowed out is what is there.
    assert sum(o.value or 0 for o in measured(ticket, FLOW, as_of=minute)) == is_open


def test_created_solved_and_reopened_flow_with_who_solved() -> None:
    found = [(o.facet, o.at, o.value, o.agent) for o in measured(story(*TWICE), FLOW)]
    assert found == [
        ("created", at(0), 1, None), ("solved", at(100), -1, ANN), ("reopened", at(200), 1, None),
        ("solved", at(350), -1, BOB),
    ]  # fmt: skip


def test_a_solve_in_the_period_counts_though_the_ticket_was_opened_again_later() -> None:
    # solved_tickets takes the solve at 100 back at 200; the flow was there all the same.
    assert [o.at for o in measured(story(*TWICE), "solved_tickets", as_of=300)] == []
    assert [o.facet for o in measured(story(*TWICE), FLOW, as_of=300)] == ["created", "solved", "reopened"]


def test_what_is_solved_as_it_is_created_flows_in_and_out() -> None:
    # A call that an agent writes down when it is over; the customer comes back at 60.
    ticket = story(did(0, ANN, "status", None, "solved"), said(60, CUSTOMER), status(60, CUSTOMER, "solved", "open"))
    assert [(o.facet, o.value) for o in measured(ticket, FLOW, as_of=59)] == [("created", 1), ("solved", -1)]
    assert [(o.facet, o.value) for o in measured(ticket, FLOW)][2:] == [("reopened", 1)]
    assert [alive(ticket, m) for m in (30, 90)] == [0, 1]


def test_each_flows_with_the_team_and_severity_of_its_moment() -> None:
    ticket = story(
        OPEN, did(0, None, "team", None, 50), did(0, None, "priority", None, "low"), did(40, ANN, "team", 50, 51),
        did(40, ANN, "priority", "low", "urgent"), status(90, BOB, "new", "solved"),
    )  # fmt: skip
    assert [(o.team, o.severity) for o in measured(ticket, FLOW)] == [(50, "P3"), (51, "P0")]


@pytest.mark.parametrize(
    ("ticket", "reason"),
    [
        (story(OPEN, deleted_at=at(100)), "deleted"),
        (story(OPEN, status(100, ANN, "new", "closed"), merged_into="2"), "merged"),
    ],
)
def test_what_is_gone_leaves_the_backlog_and_the_flow_in_the_same_moment(ticket: Timeline, reason: str) -> None:
    assert (alive(ticket, 99), [o.value for o in measured(ticket, FLOW, as_of=99)]) == (1, [1])
    assert alive(ticket, 100) == 0
    assert {o.stop for o in measured(ticket, FLOW, as_of=100)} == {reason}


def test_spam_is_of_neither() -> None:
    ticket = story(OPEN, is_spam=1)
    assert alive(ticket, 50) == 0
    assert {o.stop for o in measured(ticket, FLOW)} == {"spam"}
