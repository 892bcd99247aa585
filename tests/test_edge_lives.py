"""Odd lives of tickets that wrong people, each by every definition that the catalogue has; minutes since creation.

`edge_cases.toml` says which case each test is about.
"""

from typing import Any

import msgspec
import pytest
from story_fixtures import (
    ANN,
    BOB,
    CUSTOMER,
    LEAVER,
    ROBOT,
    apart,
    at,
    desk,
    did,
    each,
    measured,
    minutes,
    rated,
    said,
    story,
    talked,
)
from test_kpi_resolution import rating

from helpdesk_kpi.config import Tickets
from helpdesk_kpi.measure.desk import STATES
from helpdesk_kpi.measure.rows import EventRow
from helpdesk_kpi.measure.timeline import Timeline

FRT, NRT = "first_reply_time", "next_reply_time"
FIRST, FULL = "first_resolution_time", "full_resolution_time"
OPEN = did(0, CUSTOMER, "status", None, "new")
MINE = did(0, None, "assignee", None, BOB)
AUTO = {"via": "rule", "rule": "an automation"}


def status(minute: float, who: int | None, before: str, after: str, **more: Any) -> EventRow:
    return did(minute, who, "status", before, after, **more)


def resolved(ticket: Timeline) -> list[dict[str, list[Any]]]:
    return [each(ticket, FIRST), each(ticket, FULL)]


def solvers(ticket: Timeline) -> list[int | None]:
    return [o.agent for o in measured(ticket, "solved_tickets")]


# --- replies


def test_many_messages_of_one_chat_are_one_reply() -> None:
    # The chat begins at 2 with Ann; she writes again at 3 and 4, and by mail at 40. Contact is at 2, and nothing waits
    # afterwards. The helpdesks' own figures know of mails only: 40.
    ticket = story(*(talked(minute, ANN, "chat") for minute in (2, 3, 4)), said(40, ANN), channel="native_messaging")
    by_mail = [40.0]
    assert each(ticket, FRT) == apart(FRT, [2.0], zendesk=by_mail, freshdesk=by_mail, jira=by_mail, fivetran=by_mail)
    assert each(ticket, NRT) == apart(NRT, [])


def test_what_a_bot_resolved_and_a_customer_reopened_was_never_answered_the_first_time() -> None:
    # The robot answers at 1 and solves at 10; "it does not work" reopens it at 60, Ann answers at 90, solves at 100.
    ticket = story(
        OPEN, said(1, ROBOT), status(10, ROBOT, "new", "solved"), said(60, CUSTOMER),
        status(60, CUSTOMER, "solved", "open"), said(90, ANN), status(100, ANN, "open", "solved"),
    )  # fmt: skip
    # Strict: the first wait ended at 10 without a person's word. Zendesk's and Freshdesk's wait for Ann; Jira's promise
    # ends with the solve; the dbt package takes the robot for an agent.
    expected = apart(FRT, ["solved_without_reply 10"], zendesk=[90.0], freshdesk=[90.0], jira=[10.0], fivetran=[1.0])
    assert each(ticket, FRT) == expected
    assert each(ticket, NRT) == apart(NRT, [30.0])  # 60 to 90
    assert [(o.value, o.facet) for o in measured(ticket, "reopen_rate")] == [(1, "not_fixed"), (0, "")]


def test_solved_without_a_word_and_reopened_days_later_is_not_answered_days_late() -> None:
    # Solved silently at 97; reopened at 5000; first words at 5984. Nobody waited 5984 minutes for a first reply: the
    # wait ended at 97 unanswered, and a second one went from 5000 to 5984.
    ticket = story(
        OPEN, status(97, ANN, "new", "solved"), said(5000, CUSTOMER), status(5000, CUSTOMER, "solved", "open"),
        said(5984, BOB),
    )  # fmt: skip
    late = [5984.0]
    expected = apart(FRT, ["solved_without_reply 97"], zendesk=late, freshdesk=late, jira=[97.0], fivetran=late)
    assert each(ticket, FRT) == expected
    assert each(ticket, NRT) == apart(NRT, [984.0])
    assert minutes(ticket, "accepted_resolution_time") == ["running"]  # accepted at 97, reopened since


def test_thanks_that_reopen_and_are_not_answered_cost_nobody_anything_but_the_last_solve() -> None:
    # Replied at 30, solved at 100, thanked at 200, which reopens it; solved again at 205 without a word.
    ticket = story(
        OPEN, said(30, ANN), status(100, ANN, "new", "solved"), said(200, CUSTOMER, is_thanks=1),
        status(200, CUSTOMER, "solved", "open"), status(205, ANN, "open", "solved"),
    )  # fmt: skip
    assert each(ticket, NRT) == apart(NRT, [])  # thanks ask for no answer
    assert [(o.value, o.facet) for o in measured(ticket, "reopen_rate")] == [(1, "thanks"), (0, "")]
    assert resolved(ticket) == [apart(FIRST, [100.0]), apart(FULL, [205.0])]  # the last solve is the last solve
    assert [(o.at, o.agent) for o in measured(ticket, "solved_tickets")] == [(at(205), ANN)]


def test_thanks_that_reopen_and_are_answered_were_a_question() -> None:
    # As before, but Ann writes at 220 before she solves it again at 230: there was something to say.
    ticket = story(
        OPEN, said(30, ANN), status(100, ANN, "new", "solved"), said(200, CUSTOMER, is_thanks=1),
        status(200, CUSTOMER, "solved", "open"), said(220, ANN), status(230, ANN, "open", "solved"),
    )  # fmt: skip
    assert [(o.value, o.facet) for o in measured(ticket, "reopen_rate")] == [(1, "followup_question"), (0, "")]
    assert each(ticket, NRT) == apart(NRT, [])  # still no wait: they had thanked
    assert resolved(ticket) == [apart(FIRST, [100.0]), apart(FULL, [230.0])]


def test_an_outbound_ticket_is_counted_apart_even_from_the_customers_first_message_on() -> None:
    # Ann writes first at 0, the customer answers at 25, Ann replies at 70. Strict leaves all of it out, the second wait
    # too (25 to 70); the native figures count from creation to the second public reply.
    ticket = story(said(0, ANN), said(25, CUSTOMER), said(70, ANN), submitter=ANN)
    assert {o.stop for kpi in (FRT, NRT, FIRST, FULL, "solved_tickets") for o in measured(ticket, kpi)} <= {"outbound"}
    native = [70.0]
    expected = apart(FRT, ["outbound 70"], zendesk=native, freshdesk=native, jira=native, fivetran=native)
    assert each(ticket, FRT) == expected


# --- resolutions


def test_closed_without_ever_being_solved_ends_with_the_closing() -> None:
    # Closed at 70, without a solve before: that is the solve, and for every definition.
    ticket = story(OPEN, status(70, ANN, "open", "closed"))
    assert resolved(ticket) == [apart(FIRST, [70.0]), apart(FULL, [70.0])]
    assert minutes(ticket, "accepted_resolution_time") == [0.0]  # the closing is the first that anybody did
    assert solvers(ticket) == [ANN]


def test_closing_what_is_solved_moves_nothing() -> None:
    # Solved at 50, closed by the helpdesk at 5810: done is done at 50.
    ticket = story(
        OPEN, said(20, ANN), status(50, ANN, "new", "solved"), status(5810, None, "solved", "closed", **AUTO)
    )
    assert resolved(ticket) == [apart(FIRST, [50.0]), apart(FULL, [50.0])]
    assert [o.at for o in measured(ticket, "solved_tickets")] == [at(50)]


def test_what_an_automation_solved_is_its_assignees_of_that_moment() -> None:
    # Bob has it and waits for the customer; an automation solves it at 7200; Ann is given it at 7300.
    ticket = story(
        OPEN, MINE, said(10, BOB), status(10, BOB, "new", "pending"), status(7200, None, "pending", "solved", **AUTO),
        did(7300, ANN, "assignee", BOB, ANN), assignee=ANN,
    )  # fmt: skip
    assert resolved(ticket) == [apart(FIRST, [7200.0]), apart(FULL, [7200.0])]
    assert minutes(ticket, "accepted_resolution_time") == [7190.0]
    assert solvers(ticket) == [BOB]


def test_who_is_unassigned_by_the_solve_keeps_the_solve_and_its_rating() -> None:
    # A rule solves Bob's ticket at 50 and takes it from him in the same instant; the rating comes at 500.
    ticket = story(
        OPEN, MINE, status(50, None, "pending", "solved", **AUTO), did(50, None, "assignee", BOB, None, **AUTO),
        ratings=[rating(500, "good")],
    )  # fmt: skip
    assert solvers(ticket) == [BOB]
    assert [o.agent for o in measured(ticket, "reopen_rate")] == [BOB]
    assert [(o.agent, o.value, o.share) for o in measured(ticket, "csat")] == [(BOB, 1, 1.0)]
    assert [o.agent for o in measured(ticket, "csat_response_rate")] == [BOB]


def test_a_leavers_solved_tickets_stay_theirs_though_the_helpdesk_gives_them_to_another() -> None:
    # The leaver solves at 30, is gone at 60, and at 61 the helpdesk hands the solved ticket to Ann.
    ticket = story(
        OPEN, did(0, None, "assignee", None, LEAVER), said(20, LEAVER), status(30, LEAVER, "new", "solved"),
        did(61, None, "assignee", LEAVER, ANN, **AUTO), assignee=ANN, ratings=[rating(500, "good")],
    )  # fmt: skip
    assert solvers(ticket) == [LEAVER]
    assert [(o.agent, o.value) for o in measured(ticket, "csat")] == [(LEAVER, 1)]
    assert each(ticket, FRT) == apart(FRT, [20.0], fivetran=[])  # the package looks at today's role


def test_reassigning_after_a_bad_rating_moves_nothing() -> None:
    # Ann replies and solves, is rated bad at 500, and gives the ticket to Bob at 510.
    ticket = story(
        OPEN, did(0, None, "assignee", None, ANN), said(20, ANN), status(30, ANN, "new", "solved"),
        did(510, ANN, "assignee", ANN, BOB), assignee=BOB, ratings=[rating(500, "bad", agent=BOB)],
    )  # fmt: skip
    assert [(o.agent, o.value) for o in measured(ticket, "csat")] == [(ANN, 0)]
    assert [o.agent for o in measured(ticket, "csat_response_rate")] == [ANN]
    assert solvers(ticket) == [ANN]


def test_a_rating_that_was_changed_from_bad_to_good_is_good_from_the_change_on() -> None:
    # Bad at 500, good at 700: one answer, in the period of the first, with the score that holds at each moment.
    ticket = story(
        OPEN, said(5, ANN), rated(500, "bad"), rated(700, "good"),
        ratings=[rating(700, "good", changed_at=at(700))],
    )  # fmt: skip
    seen = {m: [(o.at, o.value) for o in measured(ticket, "csat", as_of=m)] for m in (499, 500, 699, 700)}
    assert seen == {499: [], 500: [(at(500), 0)], 699: [(at(500), 0)], 700: [(at(500), 1)]}


def test_on_hold_is_hold_however_it_is_spelled() -> None:
    # New 0 to 10, on hold 10 to 250, open from then on. Lost as "open" it would look as if nobody held it up.
    the = msgspec.structs.replace(desk(), states=STATES)
    for word in ("hold", "on-hold", "On-Hold"):
        ticket = story(OPEN, status(10, ANN, "new", word), status(250, ANN, word, "open"), the=the)
        spans = [(o.facet, o.start, o.end) for o in measured(ticket, "backlog")]
        assert spans == [("new", at(0), at(10)), ("hold", at(10), at(250)), ("open", at(250), None)]


# --- what is left out


def test_a_merged_ticket_is_in_nothing_but_the_backlog_of_before() -> None:
    # New until 50, when Ann merges it away, which closes it. The native figures take the closing for a solve.
    ticket = story(OPEN, status(50, ANN, "new", "closed"), merged_into="9")
    assert each(ticket, FULL) == apart(FULL, ["merged 50"], zendesk=[50.0], freshdesk=[50.0], fivetran=[50.0])
    assert {o.stop for o in measured(ticket, "solved_tickets")} == {"merged"}
    assert [(o.start, o.end) for o in measured(ticket, "backlog")] == [(at(0), at(50))]


def test_a_deleted_ticket_keeps_a_tombstone_and_counts_up_to_its_deletion() -> None:
    # Answered at 10, solved at 60, deleted at 100: until then it was a solved ticket, afterwards it is a reason.
    ticket = story(OPEN, said(10, ANN), status(60, ANN, "new", "solved"), deleted_at=at(100))
    for kpi, before in ((FRT, [10.0]), (FIRST, [60.0]), (FULL, [60.0])):
        assert each(ticket, kpi, as_of=99) == apart(kpi, before)
        assert {o.stop for o in measured(ticket, kpi)} == {"deleted"}
    assert [o.stop for o in measured(ticket, "solved_tickets", as_of=99)] == [""]
    assert [o.stop for o in measured(ticket, "solved_tickets")] == ["deleted"]


@pytest.mark.parametrize(
    ("reason", "row", "rules"),
    [
        ("spam", {"is_spam": 1}, {}),
        ("test", {"tags": '["test"]'}, {"exclude": {"tags": ["test"]}}),
        ("test", {"brand": "sandbox"}, {"exclude": {"brands": ["sandbox"]}}),
        ("internal", {"requester": ANN, "submitter": ANN}, {}),
        ("internal", {"requester": ANN, "submitter": ANN, "channel": "side_conversation"}, {}),
    ],
    ids=["spam", "test_tag", "test_brand", "a_colleagues", "a_side_conversation_of_an_agent"],
)
def test_what_is_no_support_work_counts_by_native_definitions_only(
    reason: str, row: dict[str, Any], rules: dict[str, Any]
) -> None:
    # Bob replies at 10 and solves at 40. Strict leaves it out by name; the helpdesks' own figures know no such thing.
    the = msgspec.structs.replace(desk(), rules=msgspec.convert(rules, Tickets))
    ticket = story(OPEN, said(10, BOB), status(40, BOB, "new", "solved"), the=the, **row)
    ten, out = [10.0], f"{reason} "
    native = {"zendesk": ten, "freshdesk": ten, "jira": ten, "fivetran": ten}
    assert each(ticket, FRT) == apart(FRT, [f"{out}10"], **native)
    assert each(ticket, FIRST) == apart(FIRST, [f"{out}40"], zendesk=[40.0], fivetran=[40.0])
    assert [o.stop for o in measured(ticket, "solved_tickets")] == [reason]
    assert [o.stop for o in measured(ticket, "reopen_rate")] == [reason]
