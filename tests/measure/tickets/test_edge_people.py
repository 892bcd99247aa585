"""Lives in which it is easily taken for somebody's work what was not, or for nobody's what was somebody's.

Every variant by hand; minutes since creation. `edge_cases.toml` says which case each test is about.
"""

from typing import Any

from timeline_fixtures import (
    ANN,
    BOB,
    CUSTOMER,
    LEAVER,
    LIGHT,
    OPEN,
    ROBOT,
    WEEK,
    by_variant,
    desk,
    did,
    measured,
    rating,
    said,
    story,
)
from variant_fixtures import lengths, of_solves, variants_give

from helpdesk_kpi.store.ticket_records import EventRecord

FRT, NRT, ACCEPTED = "first_reply_time", "next_reply_time", "accepted_resolution_time"
FIRST, FULL = "first_resolution_time", "full_resolution_time"
SOLVED, WEIGHTED, TOUCH, AGAIN = "solved_tickets", "weighted_volume", "one_touch", "recurrence_rate"
BOBS = did(0, None, "assignee", None, BOB)
AUTO = {"via": "rule", "rule": "an automation"}


def solved(minute: float, who: int | None = ANN, before: str = "new", **more: Any) -> EventRecord:
    return did(minute, who, "status", before, "solved", **more)


# --- robots and rules


def test_what_a_robot_with_an_agents_role_answers_is_no_reply_no_acceptance_and_no_work() -> None:
    # The robot answers after 20 seconds; Ann replies at 180 and solves at 240. The dbt package takes the robot for an
    # agent: answered at once, and with two replies it is no one-touch ticket.
    ticket = story(OPEN, said(1 / 3, ROBOT), said(180, ANN), solved(240))
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [180.0], fivetran=[1 / 3]))
    # Accepted by Ann's reply: 240 - 180; tacitly confirmed a week after the solve.
    variants_give(ACCEPTED, lengths(ticket), strict=[60.0], confirmed=[60.0], at_confirmation=[60.0 + WEEK])
    one, none = [(240, ANN, 1)], [(240, ANN, 0)]
    variants_give(TOUCH, of_solves(ticket), strict=one, zendesk=one, fivetran=none)
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=one)


def test_what_is_written_through_the_api_in_an_agents_name_is_a_robots_word() -> None:
    # In Bob's name at 5; Ann herself at 60, who solves at 90. Zendesk and the dbt package go by Bob's role.
    events = (OPEN, said(5, BOB, via="api"), said(60, ANN), solved(90))
    ticket = story(*events)
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [60.0], zendesk=[5.0], fivetran=[5.0]))
    variants_give(ACCEPTED, lengths(ticket), strict=[30.0], confirmed=[30.0], at_confirmation=[30.0 + WEEK])
    one, none = [(90, ANN, 1)], [(90, ANN, 0)]
    variants_give(TOUCH, of_solves(ticket), strict=one, zendesk=none, fivetran=none)
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=one)


def test_where_agents_write_through_the_api_it_is_their_word() -> None:
    # The same with api_comments = "agent": Bob replied at 5, accepted it by that, and did half of the work.
    ticket = story(OPEN, said(5, BOB, via="api"), said(60, ANN), solved(90), the=desk(api_comments="agent"))
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [5.0]))
    variants_give(ACCEPTED, lengths(ticket), strict=[85.0], confirmed=[85.0], at_confirmation=[85.0 + WEEK])
    none, halves = [(90, ANN, 0)], [(90, BOB, 0.5), (90, ANN, 0.5)]
    variants_give(TOUCH, of_solves(ticket), strict=none, zendesk=none, fivetran=none)
    variants_give(WEIGHTED, of_solves(ticket), strict=halves, valid=halves)


def test_what_a_trigger_or_a_macro_by_a_rule_writes_nobody_wrote() -> None:
    # A rule writes at 1, another at 2 in Bob's name; Ann replies at 90 and solves at 120.
    ticket = story(
        OPEN, said(1, None, via="rule", rule="received"), said(2, BOB, rule="macro by trigger"), said(90, ANN),
        solved(120),
    )  # fmt: skip
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [90.0]))
    variants_give(ACCEPTED, lengths(ticket), strict=[30.0], confirmed=[30.0], at_confirmation=[30.0 + WEEK])
    one = [(120, ANN, 1)]
    variants_give(TOUCH, of_solves(ticket), strict=one, zendesk=one, fivetran=one)
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=one)


def test_what_an_automation_solved_is_its_assignees_of_that_moment() -> None:
    # Bob has it and waits for the customer; an automation solves it at 7200; Ann is given it at 7300.
    ticket = story(
        OPEN, BOBS, said(10, BOB), did(10, BOB, "status", "new", "pending"), solved(7200, None, "pending", **AUTO),
        did(7300, ANN, "assignee", BOB, ANN), assignee=ANN,
    )  # fmt: skip
    variants_give(FIRST, lengths(ticket), **by_variant(FIRST, [7200.0]))
    variants_give(FULL, lengths(ticket), **by_variant(FULL, [7200.0]))
    # Accepted at 10. The solve is as good as any other: nobody takes it back, so it is confirmed a week later.
    variants_give(ACCEPTED, lengths(ticket), strict=[7190.0], confirmed=[7190.0], at_confirmation=[7190.0 + WEEK])
    bobs = [(7200, BOB, 1)]
    variants_give(SOLVED, of_solves(ticket), strict=bobs, valid=bobs)  # Bob did something: it is valid
    variants_give(WEIGHTED, of_solves(ticket), strict=bobs, valid=bobs)
    variants_give(TOUCH, of_solves(ticket), strict=bobs, zendesk=bobs, fivetran=bobs)  # given away after the solve
    stayed = [(7200, BOB, 0)]
    variants_give(AGAIN, of_solves(ticket), strict=stayed, incl_reopen=stayed)


def test_what_a_rule_solves_and_no_person_ever_touched_is_solved_and_nobodys_valid_work() -> None:
    # A rule gives it to Bob, another solves it at 100. Zendesk's one-touch counts what took no reply, the others don't.
    ticket = story(OPEN, BOBS, solved(100, None, **AUTO))
    silent = ["solved_without_reply 100"]
    variants_give(FRT, lengths(ticket), **by_variant(FRT, silent, zendesk=[], freshdesk=[], jira=[100.0], fivetran=[]))
    variants_give(ACCEPTED, lengths(ticket), strict=[], confirmed=[], at_confirmation=[])
    bobs, untouched = [(100, BOB, 1)], [(100, BOB, "no_human_act")]
    variants_give(SOLVED, of_solves(ticket), strict=bobs, valid=untouched)
    variants_give(WEIGHTED, of_solves(ticket), strict=bobs, valid=untouched)
    none = [(100, BOB, 0)]
    variants_give(TOUCH, of_solves(ticket), strict=none, zendesk=bobs, fivetran=none)
    variants_give(AGAIN, of_solves(ticket), strict=none, incl_reopen=none)


def test_who_is_unassigned_by_the_solve_keeps_the_solve_and_its_rating() -> None:
    # A rule solves Bob's ticket at 50 and takes it from him in the same instant; the rating comes at 500.
    ticket = story(
        OPEN, BOBS, solved(50, None, "pending", **AUTO), did(50, None, "assignee", BOB, None, **AUTO),
        ratings=[rating(500, "good")],
    )  # fmt: skip
    bobs, untouched = [(50, BOB, 1)], [(50, BOB, "no_human_act")]  # he had it and did nothing with it
    variants_give(SOLVED, of_solves(ticket), strict=bobs, valid=untouched)
    variants_give(WEIGHTED, of_solves(ticket), strict=bobs, valid=untouched)
    none = [(50, BOB, 0)]
    variants_give(TOUCH, of_solves(ticket), strict=none, zendesk=bobs, fivetran=none)  # no reply
    variants_give(AGAIN, of_solves(ticket), strict=none, incl_reopen=none)
    assert [o.agent for o in measured(ticket, "reopen_rate")] == [BOB]
    assert [(o.agent, o.value, o.share) for o in measured(ticket, "csat")] == [(BOB, 1, 1.0)]
    assert [o.agent for o in measured(ticket, "csat_response_rate")] == [BOB]


# --- roles


def test_a_light_agent_replies_accepts_and_works_on_nothing() -> None:
    # A light agent writes at 10, Bob replies at 45 and solves at 60.
    ticket = story(OPEN, said(10, LIGHT), said(45, BOB), solved(60, BOB))
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [45.0]))
    variants_give(ACCEPTED, lengths(ticket), strict=[15.0], confirmed=[15.0], at_confirmation=[15.0 + WEEK])
    one = [(60, BOB, 1)]
    variants_give(TOUCH, of_solves(ticket), strict=one, zendesk=one, fivetran=one)
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=one)


def test_who_lost_the_role_replied_accepted_and_solved_as_an_agent() -> None:
    # The leaver replies at 20, solves at 30 and becomes an end-user at 60; Ann writes at 300. Only the dbt package goes
    # by the role of today: answered at 300, and no reply at all when it was solved.
    ticket = story(OPEN, said(20, LEAVER), solved(30, LEAVER), said(300, ANN))
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [20.0], fivetran=[300.0]))
    variants_give(ACCEPTED, lengths(ticket), strict=[10.0], confirmed=[10.0], at_confirmation=[10.0 + WEEK])
    one, none = [(30, LEAVER, 1)], [(30, LEAVER, 0)]
    variants_give(TOUCH, of_solves(ticket), strict=one, zendesk=one, fivetran=none)
    variants_give(SOLVED, of_solves(ticket), strict=one, valid=one)
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=one)


def test_a_leavers_solved_tickets_stay_theirs_though_the_helpdesk_gives_them_to_another() -> None:
    # The leaver solves at 30, is gone at 60, and at 61 the helpdesk hands the solved ticket to Ann.
    ticket = story(
        OPEN, did(0, None, "assignee", None, LEAVER), said(20, LEAVER), solved(30, LEAVER),
        did(61, None, "assignee", LEAVER, ANN, **AUTO), assignee=ANN, ratings=[rating(500, "good")],
    )  # fmt: skip
    one, none = [(30, LEAVER, 1)], [(30, LEAVER, 0)]
    variants_give(SOLVED, of_solves(ticket), strict=one, valid=one)
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=one)
    variants_give(AGAIN, of_solves(ticket), strict=none, incl_reopen=none)
    # Whoever gets it after the solve is no second hand; the package finds no reply of somebody who is gone.
    variants_give(TOUCH, of_solves(ticket), strict=one, zendesk=one, fivetran=none)
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [20.0], fivetran=[]))
    # Accepted at 20, solved at 30, rated good at 500.
    variants_give(ACCEPTED, lengths(ticket), strict=[10.0], confirmed=[10.0], at_confirmation=[480.0])
    assert [(o.agent, o.value) for o in measured(ticket, "csat")] == [(LEAVER, 1)]


# --- several people


def test_a_wait_that_lay_with_several_is_answered_by_one_and_owned_by_all_of_them() -> None:
    # Ann takes it at 5 and replies at 10. The customer writes at 100; it goes to Bob at 130, back to Ann at 150; Bob
    # answers at 180. By owner: 5 of the queue and 5 of Ann; then 30 + 30 of Ann and 20 of Bob.
    ticket = story(
        did(5, ANN, "assignee", None, ANN), said(10, ANN), said(100, CUSTOMER), did(130, ANN, "assignee", ANN, BOB),
        did(150, BOB, "assignee", BOB, ANN), said(180, BOB),
    )  # fmt: skip
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [10.0], owner=[5.0, 5.0]))
    variants_give(NRT, lengths(ticket), strict=[80.0], owner=[60.0, 20.0])


def test_a_ticket_that_several_worked_on_is_a_part_of_each_and_solved_by_one() -> None:
    # Ann writes seven replies, of which five count; Bob one note and one reply, and solves at 60: 5/7 and 2/7.
    ticket = story(OPEN, *(said(minute, ANN) for minute in range(10, 17)), said(20, BOB, public=False), said(30, BOB),
                   solved(60, BOB))  # fmt: skip
    parts = [(60, ANN, 5 / 7), (60, BOB, 2 / 7)]
    variants_give(WEIGHTED, of_solves(ticket), strict=parts, valid=parts)
    bobs = [(60, BOB, 1)]
    variants_give(SOLVED, of_solves(ticket), strict=bobs, valid=bobs)


def test_a_ticket_that_was_passed_on_took_more_than_one_hand_except_where_replies_are_counted() -> None:
    # Ann takes it at 1 and gives it to Bob at 2, who replies at 5 and solves at 10.
    ticket = story(OPEN, did(1, ANN, "assignee", None, ANN), did(2, ANN, "assignee", ANN, BOB), said(5, BOB),
                   solved(10, BOB))  # fmt: skip
    one, none = [(10, BOB, 1)], [(10, BOB, 0)]
    variants_give(TOUCH, of_solves(ticket), strict=none, zendesk=one, fivetran=one)
    variants_give(ACCEPTED, lengths(ticket), strict=[9.0], confirmed=[9.0], at_confirmation=[9.0 + WEEK])
    assert [(o.agent, o.value) for o in measured(ticket, "transfers")] == [(ANN, 1), (BOB, 0)]
