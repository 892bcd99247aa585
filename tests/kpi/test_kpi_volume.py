"""Volume and effort: what counts as solved and valid, whose it is, how many replies it took. Values by hand, in minutes
since creation.
"""

from typing import Any

import msgspec
import pytest
from timeline_fixtures import (
    ANN,
    BOB,
    CREATED,
    CUSTOMER,
    LEAVER,
    LIGHT,
    MINUTE,
    ROBOT,
    at,
    desk,
    did,
    measured,
    said,
    status,
    story,
    talked,
)

from helpdesk_kpi.config import Valid
from helpdesk_kpi.measure.metrics.contract import Observation
from helpdesk_kpi.measure.tickets.timeline import Timeline

DAY = 24 * 60
OPEN = said(0, CUSTOMER)


def solved(minute: float, who: int | None = ANN, **more: Any) -> Any:
    return status(minute, who, "open", "solved", **more)


def back(minute: float, who: int | None = CUSTOMER) -> Any:
    return status(minute, who, "solved", "open")


def rows_of(ticket: Timeline, kpi: str, variant: str = "strict", as_of: float | None = None) -> list[tuple[Any, ...]]:
    return [(o.agent, o.value, o.stop) for o in measured(ticket, kpi, variant, as_of=as_of)]


# --- valid tickets


def test_a_valid_ticket_needs_something_that_a_person_did() -> None:
    # A rule closes what nobody ever touched: it counts as solved, and is nobody's valid ticket.
    ticket = story(OPEN, solved(100, None, rule="Solve what is out of date"))
    assert rows_of(ticket, "solved_tickets") == [(None, 1, "")]
    assert rows_of(ticket, "solved_tickets", "valid") == [(None, None, "no_human_act")]


def test_a_note_a_status_or_taking_it_over_is_something_done_and_being_given_it_is_not() -> None:
    rule = solved(100, None, rule="Solve")
    noted = story(OPEN, said(10, ANN, public=False), rule)
    parked = story(OPEN, status(10, ANN, "new", "open"), rule)
    taken = story(OPEN, did(10, ANN, "assignee", None, ANN), rule)
    given = story(OPEN, did(10, None, "assignee", None, ANN, rule="Route"), rule)
    robots = story(OPEN, said(10, ROBOT), rule)
    stops = [rows_of(t, "solved_tickets", "valid")[0][2] for t in (noted, parked, taken, given, robots)]
    assert stops == ["", "", "", "no_human_act", "no_human_act"]


def test_what_is_done_after_the_solve_does_not_make_it_valid() -> None:
    ticket = story(OPEN, solved(100, None, rule="Solve"), said(200, ANN, public=False))
    assert rows_of(ticket, "solved_tickets", "valid") == [(None, None, "no_human_act")]


def test_a_solve_that_came_back_as_not_fixed_within_seven_days_is_left_out_from_then_on() -> None:
    ticket = story(OPEN, said(50, ANN), solved(100), said(3 * DAY, CUSTOMER), back(3 * DAY), solved(4 * DAY, BOB))
    assert rows_of(ticket, "solved_tickets", "valid", as_of=2 * DAY) == [(ANN, 1, "")]
    assert rows_of(ticket, "solved_tickets", "valid", as_of=3 * DAY) == [(ANN, None, "reopened_not_fixed")]
    # Solved again, it is Bob's; that Ann's solve did not hold stays counted.
    assert rows_of(ticket, "solved_tickets", "valid") == [(ANN, None, "reopened_not_fixed"), (BOB, 1, "")]


@pytest.mark.parametrize(("minute", "left_out"), [(100 + 7 * DAY, 1), (101 + 7 * DAY, 0)])
def test_seven_days_are_seven_days(minute: float, left_out: int) -> None:
    ticket = story(OPEN, said(50, ANN), solved(100), said(minute, CUSTOMER), back(minute))
    assert [o.stop for o in measured(ticket, "solved_tickets", "valid")] == ["reopened_not_fixed"] * left_out


def test_thanks_a_question_or_the_team_itself_take_no_ticket_from_anybody() -> None:
    thanks = story(OPEN, said(50, ANN), solved(100), said(200, CUSTOMER, is_thanks=1), back(200), solved(201))
    question = story(OPEN, said(50, ANN), solved(100), said(200, CUSTOMER, is_question=1), back(200), solved(300))
    own = story(OPEN, said(50, ANN), solved(100), back(200, ANN), solved(300))
    for ticket in (thanks, question, own):
        assert rows_of(ticket, "solved_tickets", "valid") == [(ANN, 1, "")]


def test_what_the_configuration_names_is_left_out_and_counted() -> None:
    events = (OPEN, said(50, ANN), solved(100))
    cases: tuple[tuple[Valid, dict[str, Any]], ...] = (
        (Valid(tags=["script"]), {"tags": '["vip","script"]'}),
        (Valid(forms=["77"]), {"form": "77"}),
        (Valid(channels=["api"]), {"channel": "api"}),
        (Valid(categories=["noise"]), {"fields": '{"cf_topic":"noise"}'}),
    )
    for valid, row in cases:
        the = msgspec.structs.replace(desk(valid=valid), category="cf_topic")
        for kpi in ("solved_tickets", "weighted_volume"):
            assert rows_of(story(*events, the=the, **row), kpi, "valid") == [(ANN, None, "not_valid")]
            assert rows_of(story(*events, the=the, **row), kpi) == [(ANN, 1, "")]
            assert rows_of(story(*events, the=the), kpi, "valid") == [(ANN, 1, "")]


def test_where_replies_are_not_known_nothing_is_said_of_who_did_something() -> None:
    ticket = story(OPEN, solved(100, None, rule="Solve"), replies_known="pending")
    assert rows_of(ticket, "solved_tickets", "valid") == [(None, None, "replies_pending")]
    assert rows_of(ticket, "solved_tickets") == [(None, 1, "")]


# --- credit


def shares(ticket: Timeline, kpi: str = "weighted_volume", variant: str = "strict") -> dict[int | None, float]:
    return {o.agent: round(o.share, 4) for o in measured(ticket, kpi, variant)}


def test_a_ticket_is_shared_by_replies_and_notes_up_to_the_solve() -> None:
    # Ann: a reply and a note; Bob: two replies; what is written after the solve is no work on it.
    ticket = story(OPEN, said(10, ANN), said(20, ANN, public=False), said(30, BOB), said(40, BOB), solved(50, BOB),
                   said(60, ANN, public=False))  # fmt: skip
    assert shares(ticket) == {ANN: 0.5, BOB: 0.5}


def test_of_one_person_at_most_five_messages_count() -> None:
    # Ann writes 20 and counts 5, Bob 1: 5/6 and 1/6.
    ticket = story(OPEN, *(said(minute, ANN) for minute in range(1, 21)), said(30, BOB), solved(50))
    assert shares(ticket) == {ANN: 0.8333, BOB: 0.1667}


def test_customers_robots_rules_and_light_agents_have_no_part() -> None:
    ticket = story(OPEN, said(5, CUSTOMER), said(6, ROBOT), said(7, ANN, rule="Macro"), said(8, LIGHT, public=False),
                   said(9, BOB), said(10, ANN, via="api"), solved(50))  # fmt: skip
    assert shares(ticket) == {BOB: 1}


def test_without_a_word_it_is_the_solvers_or_the_assignees_where_a_rule_solved() -> None:
    assert shares(story(OPEN, solved(50, BOB))) == {BOB: 1}
    ticket = story(OPEN, did(10, ANN, "assignee", None, ANN), solved(50, None, rule="Solve"))
    assert shares(ticket) == {ANN: 1}


def test_somebody_who_leaves_keeps_their_part() -> None:
    assert shares(story(OPEN, said(30, LEAVER), said(100, ANN), solved(120))) == {LEAVER: 0.5, ANN: 0.5}


def test_the_message_that_an_agent_wrote_to_open_it_is_no_work_on_it() -> None:
    ticket = story(said(0, ANN, public=False), said(10, BOB), solved(50), submitter=ANN, channel="voice")
    assert shares(ticket) == {BOB: 1}


def test_the_parts_of_a_ticket_sum_to_one_after_each_solve() -> None:
    ticket = story(OPEN, said(10, ANN), solved(20), said(30, CUSTOMER), back(30), said(40, BOB), said(41, BOB),
                   said(42, LEAVER), solved(80, BOB))  # fmt: skip
    for as_of in (25, 90):
        assert sum(o.share for o in measured(ticket, "weighted_volume", as_of=as_of)) == pytest.approx(1)
    assert measured(ticket, "weighted_volume", as_of=35) == []
    assert shares(ticket) == {ANN: 0.25, BOB: 0.5, LEAVER: 0.25}


def test_weighted_valid_tickets_are_shared_and_what_is_left_out_is_one_ticket() -> None:
    ticket = story(OPEN, said(10, ANN), said(20, BOB), solved(50), said(60, CUSTOMER), back(60), solved(90, BOB))
    rows = measured(ticket, "weighted_volume", "valid")
    assert [(o.agent, o.share, o.stop) for o in rows if o.stop] == [(ANN, 1, "reopened_not_fixed")]
    assert {o.agent: o.share for o in rows if not o.stop} == {ANN: 0.5, BOB: 0.5}


# --- replies per ticket


def replies(ticket: Timeline, as_of: float | None = None) -> list[tuple[Any, Any]]:
    return [(o.agent, o.value) for o in measured(ticket, "replies_per_ticket", as_of=as_of)]


def test_replies_are_those_of_people_up_to_the_last_solve() -> None:
    ticket = story(OPEN, said(1, ROBOT), said(2, ANN, rule="Macro"), said(3, ANN, public=False), said(4, ANN),
                   talked(5, ANN, "call"), solved(10, BOB), said(20, CUSTOMER), back(20), said(30, BOB),
                   solved(40, BOB), said(50, ANN))  # fmt: skip
    assert replies(ticket, as_of=15) == [(BOB, 1)]
    assert replies(ticket, as_of=25) == []
    assert replies(ticket) == [(BOB, 2)]


def test_a_ticket_solved_without_a_word_has_no_reply_and_counts() -> None:
    assert replies(story(OPEN, solved(10))) == [(ANN, 0)]


def test_a_chat_is_one_reply_and_unknown_where_chats_are() -> None:
    events = (OPEN, talked(2, ANN, "chat"), said(20, ANN), solved(30))
    assert replies(story(*events, channel="messaging")) == [(ANN, 2)]
    unread = story(OPEN, solved(30), channel="messaging", the=desk(lacks=["chats"]))
    rows = measured(unread, "replies_per_ticket")
    assert [o.stop for o in rows] == ["no_chat_data"]
    # A channel's name alone hides nothing: where the team's replies are comments, they are known.
    assert replies(story(OPEN, said(20, ANN), solved(30), channel="messaging", the=desk(lacks=["chats"]))) == [(ANN, 1)]


# --- one touch


def touch(ticket: Timeline, variant: str = "strict", as_of: float | None = None) -> list[Any]:
    """The values of the tickets themselves; the reopenings that take them away are `followers`."""
    return [o.value for o in measured(ticket, "one_touch", variant, as_of=as_of) if o.end is None]


def followers(ticket: Timeline, as_of: float | None = None) -> list[Observation]:
    return [o for o in measured(ticket, "one_touch", as_of=as_of) if o.end is not None]


def test_one_reply_that_solves_it_is_one_touch_and_none_or_two_are_not() -> None:
    none, one = story(OPEN, solved(10)), story(OPEN, said(5, ANN), solved(10))
    two = story(OPEN, said(5, ANN), said(6, ANN), solved(10))
    robots = story(OPEN, said(1, ROBOT), said(2, LIGHT, public=False), said(5, ANN), solved(10))
    assert [touch(t) for t in (none, one, two, robots)] == [[0], [1], [0], [1]]
    # Explore counts what is solved without a reply too; the auto-reply of a configured robot does not count there.
    assert [touch(t, "zendesk") for t in (none, one, two, robots)] == [[1], [1], [0], [1]]
    # dbt wants exactly one, and takes the robot's for one.
    assert [touch(t, "fivetran") for t in (none, one, two, robots)] == [[0], [1], [0], [0]]


def test_one_that_was_passed_on_took_more_than_one_hand() -> None:
    mine = did(1, ANN, "assignee", None, ANN)
    passed = story(OPEN, mine, did(2, ANN, "assignee", ANN, BOB), said(5, BOB), solved(10, BOB))
    routed = story(OPEN, did(1, None, "assignee", None, BOB, rule="Route"), said(5, BOB), solved(10, BOB))
    assert (touch(passed), touch(routed)) == ([0], [1])
    assert touch(passed, "zendesk") == touch(passed, "fivetran") == [1]


def test_a_reopening_follows_the_solve_before_it_and_thanks_do_not() -> None:
    ticket = story(OPEN, said(5, ANN), solved(10), said(DAY, CUSTOMER), back(DAY))
    assert touch(ticket) == [1]
    assert [(o.start, o.end, o.facet, o.value) for o in followers(ticket)] == [(at(10), at(DAY), "not_fixed", 1)]
    assert followers(ticket, as_of=DAY - 1) == []
    thanks = story(OPEN, said(5, ANN), solved(10), said(DAY, CUSTOMER, is_thanks=1), back(DAY), solved(DAY + 1))
    assert (touch(thanks), followers(thanks)) == ([1], [])
    # dbt counts the reopened one as well, once it is solved again.
    again = story(OPEN, said(5, ANN), solved(10), said(DAY, CUSTOMER), back(DAY), solved(DAY + 60))
    assert touch(again, "fivetran") == [1]


def test_thanks_that_are_answered_were_more_than_thanks_from_the_answer_on() -> None:
    ticket = story(OPEN, said(5, ANN), solved(10), said(20, CUSTOMER, is_thanks=1), back(20), said(30, ANN), solved(40))
    assert (touch(ticket, as_of=25), followers(ticket, as_of=25)) == ([1], [])
    assert [(o.facet, o.since) for o in followers(ticket, as_of=35)] == [("followup_question", at(30))]
    assert touch(ticket) == [0]


def test_solved_again_without_a_word_it_is_still_no_one_touch() -> None:
    ticket = story(OPEN, said(5, ANN), solved(10), said(DAY, CUSTOMER), back(DAY), solved(2 * DAY))
    assert touch(ticket) == [0]
    assert [o.at for o in measured(ticket, "one_touch") if o.end is None] == [at(2 * DAY)]


def test_the_natives_of_a_reopened_ticket_have_no_value_until_it_is_solved_again() -> None:
    ticket = story(OPEN, said(5, ANN), solved(10), said(DAY, CUSTOMER), back(DAY))
    assert touch(ticket, "zendesk") == touch(ticket, "fivetran") == []


def test_dbt_counts_an_agents_opening_message_and_forgets_who_left() -> None:
    opened = story(said(0, ANN), solved(10), submitter=ANN, channel="voice")
    assert (touch(opened, "fivetran"), touch(opened, "zendesk")) == ([1], [1])
    assert touch(story(OPEN, said(30, LEAVER), solved(40)), "fivetran") == [0]
    assert touch(story(OPEN, said(30, LEAVER), solved(40)), "strict") == [1]


# --- channels


@pytest.mark.parametrize(
    ("channel", "facet"),
    [("email", "email"), ("portal", "web"), ("web", "web"), ("web_form", "web"), ("voice", "phone"), ("phone", "phone"),
     ("native_messaging", "chat"), ("whatsapp", "whatsapp"), (None, "unknown")],
)  # fmt: skip
def test_what_helpdesks_call_differently_is_one_channel(channel: str | None, facet: str) -> None:
    [row] = measured(story(OPEN, channel=channel), "channel_mix")
    assert (row.facet, row.at, row.value) == (facet, CREATED, 1)


def test_a_deleted_ticket_came_in_until_it_was_deleted() -> None:
    ticket = story(OPEN, deleted_at=CREATED + 60 * MINUTE)
    assert [[o.stop for o in measured(ticket, "channel_mix", as_of=minute)] for minute in (59, 60)] == [
        [""],
        ["deleted"],
    ]
