"""Lives in which it is easily taken for an answer what was none, or the other way round.

Every variant by hand; minutes since creation. `edge_cases.toml` says which case each test is about.
"""

from typing import Any

import pytest
from timeline_fixtures import (
    ANN,
    BOB,
    CUSTOMER,
    OPEN,
    ROBOT,
    WEEK,
    by_variant,
    desk,
    measured,
    said,
    status,
    story,
    talked,
)
from variant_fixtures import alike, lengths, of_solves, variants_give

from helpdesk_kpi.store.ticket_records import EventRecord

FRT, NRT, ACCEPTED = "first_reply_time", "next_reply_time", "accepted_resolution_time"
FIRST, FULL = "first_resolution_time", "full_resolution_time"
SOLVED, WEIGHTED, TOUCH, AGAIN = "solved_tickets", "weighted_volume", "one_touch", "recurrence_rate"


def solved(minute: float, who: int | None = ANN) -> EventRecord:
    return status(minute, who, "open", "solved")


def back(minute: float) -> EventRecord:
    return status(minute, CUSTOMER, "solved", "open")


@pytest.mark.trap("zendesk 23")
def test_a_private_note_accepts_and_is_work_and_no_reply() -> None:
    # Ann writes a note at 10, Bob replies at 45 and solves at 50.
    ticket = story(OPEN, said(10, ANN, public=False), said(45, BOB), solved(50, BOB))
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [45.0]))
    variants_give(ACCEPTED, lengths(ticket), strict=[40.0], confirmed=[40.0], at_confirmation=[40.0 + WEEK])
    one, halves = [(50, BOB, 1)], [(50, ANN, 0.5), (50, BOB, 0.5)]
    variants_give(TOUCH, of_solves(ticket), strict=one, zendesk=one, fivetran=one)
    variants_give(WEIGHTED, of_solves(ticket), strict=halves, valid=halves)


def test_a_phone_log_is_accepted_as_it_is_written_and_its_opening_comment_is_no_reply() -> None:
    # Ann writes down a call: she submits the ticket, its first comment is hers and public. Reply at 25, solve at 40.
    ticket = story(said(0, ANN), said(25, ANN), solved(40), submitter=ANN, channel="voice")
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [25.0]))
    variants_give(ACCEPTED, lengths(ticket), strict=[40.0], confirmed=[40.0], at_confirmation=[40.0 + WEEK])
    one, none = [(40, ANN, 1)], [(40, ANN, 0)]
    variants_give(TOUCH, of_solves(ticket), strict=one, zendesk=one, fivetran=none)  # dbt counts the opening one too
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=one)


def test_an_answered_call_is_contact_and_acceptance_and_no_written_reply() -> None:
    # Ann answers the call at 3; Bob writes at 40 and solves at 50. The helpdesks' own figures know of no calls.
    ticket = story(talked(3, ANN, "call"), said(40, BOB), solved(50, BOB), channel="voice")
    by_mail = alike([40.0], "zendesk", "freshdesk", "jira", "fivetran")
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [3.0], **by_mail))
    variants_give(ACCEPTED, lengths(ticket), strict=[47.0], confirmed=[47.0], at_confirmation=[47.0 + WEEK])
    one = [(50, BOB, 1)]
    variants_give(TOUCH, of_solves(ticket), strict=one, zendesk=one, fivetran=one)


def test_without_call_data_a_call_is_neither_answered_nor_late() -> None:
    # A telephone ticket of a source without calls: written to at 40, solved at 50. Nobody knows who picked up when,
    # so no first reply and no promise of one; the promise of a solution stands. The native figures know of mails only.
    ticket = story(said(40, ANN), solved(50), channel="voice", the=desk(lacks={"calls"}))
    by_mail = alike([40.0], "zendesk", "freshdesk", "jira", "fivetran")
    variants_give(FRT, lengths(ticket), **by_variant(FRT, ["no_call_data"], **by_mail))

    def promised(kpi: str, variant: str) -> list[tuple[str, str]]:
        return [(o.facet, o.stop) for o in measured(ticket, kpi, variant)]

    both = [(FRT, "no_call_data"), (FULL, "")]
    variants_give("sla_attainment", promised, strict=both, own=both)


def test_a_reply_in_the_second_of_the_creation_is_one_after_no_time() -> None:
    # The customer and Ann both write at 0, Ann again at 30; solved at 40. dbt wants a later time than the creation's.
    ticket = story(said(0, CUSTOMER), said(0, ANN, seq=1), said(30, ANN), solved(40))
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [0.0], fivetran=[30.0]))
    variants_give(ACCEPTED, lengths(ticket), strict=[40.0], confirmed=[40.0], at_confirmation=[40.0 + WEEK])
    none = [(40, ANN, 0)]  # two replies
    variants_give(TOUCH, of_solves(ticket), strict=none, zendesk=none, fivetran=none)


def test_two_seconds_are_two_seconds_and_not_a_minute() -> None:
    # Answered two seconds after the minute began, solved two seconds later.
    ticket = story(OPEN, said(2 / 60, ANN), solved(4 / 60))
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [2 / 60]))
    variants_give(FIRST, lengths(ticket), **by_variant(FIRST, [4 / 60]))
    variants_give(FULL, lengths(ticket), **by_variant(FULL, [4 / 60]))


def test_what_a_merge_brings_in_of_before_the_ticket_was_there_is_no_part_of_its_life() -> None:
    # Another ticket's conversation of 30 and 20 minutes before came in with a merge. This one: Ann at 30, solved at 40.
    ticket = story(said(-30, CUSTOMER), said(-20, BOB), said(0, CUSTOMER), said(30, ANN), solved(40))
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [30.0]))
    variants_give(NRT, lengths(ticket), strict=[], owner=[])
    variants_give(ACCEPTED, lengths(ticket), strict=[10.0], confirmed=[10.0], at_confirmation=[10.0 + WEEK])
    one = [(40, ANN, 1)]
    variants_give(TOUCH, of_solves(ticket), strict=one, zendesk=one, fivetran=one)
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=one)


def test_never_answered_and_open_it_runs_and_has_no_value_elsewhere() -> None:
    ticket = story(said(10, CUSTOMER))
    none: dict[str, list[Any]] = {variant: [] for variant in ("zendesk", "freshdesk", "jira", "fivetran")}
    variants_give(FRT, lengths(ticket), **by_variant(FRT, ["running"], **none))
    variants_give(FIRST, lengths(ticket), **by_variant(FIRST, ["running"], zendesk=[], fivetran=[]))
    variants_give(FULL, lengths(ticket), **by_variant(FULL, ["running"], zendesk=[], freshdesk=[], fivetran=[]))
    variants_give(ACCEPTED, lengths(ticket), strict=[], confirmed=[], at_confirmation=[])  # nobody took it on


# --- solved without a word


def test_a_solve_without_a_word_is_one_touch_for_zendesk_only() -> None:
    # Ann solves silently at 97: something that she did, so it is valid, and accepted in that moment.
    ticket = story(OPEN, solved(97))
    variants_give(ACCEPTED, lengths(ticket), strict=[0.0], confirmed=[0.0], at_confirmation=[0.0 + WEEK])
    one, none = [(97, ANN, 1)], [(97, ANN, 0)]
    variants_give(TOUCH, of_solves(ticket), strict=none, zendesk=one, fivetran=none)
    variants_give(SOLVED, of_solves(ticket), strict=one, valid=one)
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=one)


def test_solved_without_a_word_and_reopened_days_later_is_not_answered_days_late() -> None:
    # Solved silently at 97; reopened at 5000; first words at 5984. Nobody waited 5984 minutes for a first reply: the
    # wait ended at 97 unanswered, and a second one went from 5000 to 5984.
    ticket = story(OPEN, status(97, ANN, "new", "solved"), said(5000, CUSTOMER), back(5000), said(5984, BOB))
    late = [5984.0]
    silent = ["solved_without_reply 97"]
    variants_give(
        FRT, lengths(ticket), **by_variant(FRT, silent, zendesk=late, freshdesk=late, jira=[97.0], fivetran=late)
    )
    variants_give(NRT, lengths(ticket), strict=[984.0], owner=[984.0])
    # Accepted at 97, reopened within the week as not fixed: nothing is confirmed.
    variants_give(ACCEPTED, lengths(ticket), strict=["running"], confirmed=["running"], at_confirmation=["running"])
    variants_give(SOLVED, of_solves(ticket), strict=[], valid=[(97, ANN, "reopened_not_fixed")])
    variants_give(WEIGHTED, of_solves(ticket), strict=[], valid=[(97, ANN, "reopened_not_fixed")])
    variants_give(TOUCH, of_solves(ticket), strict=[(97, ANN, 0)], zendesk=[], fivetran=[])
    variants_give(AGAIN, of_solves(ticket), strict=[], incl_reopen=[(97, ANN, 1)])


def test_what_a_bot_resolved_and_a_customer_reopened_was_never_answered_the_first_time() -> None:
    # The robot answers at 1 and solves at 10; "it does not work" reopens it at 60, Ann answers at 90, solves at 100.
    ticket = story(
        OPEN, said(1, ROBOT), status(10, ROBOT, "new", "solved"), said(60, CUSTOMER), back(60), said(90, ANN),
        solved(100),
    )  # fmt: skip
    # Strict: the first wait ended at 10 without a person's word. Zendesk's and Freshdesk's wait for Ann; Jira's promise
    # ends with the solve; the dbt package takes the robot for an agent.
    native = {"zendesk": [90.0], "freshdesk": [90.0], "jira": [10.0], "fivetran": [1.0]}
    variants_give(FRT, lengths(ticket), **by_variant(FRT, ["solved_without_reply 10"], **native))
    variants_give(NRT, lengths(ticket), strict=[30.0], owner=[30.0])  # 60 to 90
    assert [(o.value, o.facet) for o in measured(ticket, "reopen_rate")] == [(1, "not_fixed"), (0, "")]
    variants_give(FIRST, lengths(ticket), **by_variant(FIRST, [10.0]))
    variants_give(FULL, lengths(ticket), **by_variant(FULL, [100.0]))
    # Nobody accepted it before Ann replied at 90.
    variants_give(ACCEPTED, lengths(ticket), strict=[10.0], confirmed=[10.0], at_confirmation=[10.0 + WEEK])
    one, none = [(100, ANN, 1)], [(100, ANN, 0)]
    variants_give(SOLVED, of_solves(ticket), strict=one, valid=one)
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=one)
    # It was opened again before, which Zendesk does not mind; dbt counts the robot's reply as a second one.
    variants_give(TOUCH, of_solves(ticket), strict=none, zendesk=one, fivetran=none)
    variants_give(AGAIN, of_solves(ticket), strict=none, incl_reopen=[(10, None, 1), (100, ANN, 0)])


# --- many messages


def test_many_messages_of_one_chat_are_one_reply() -> None:
    # The chat begins at 2 with Ann; she writes again at 3 and 4, and by mail at 40. Contact is at 2, and nothing waits
    # afterwards. The helpdesks' own figures know of mails only: 40.
    ticket = story(*(talked(minute, ANN, "chat") for minute in (2, 3, 4)), said(40, ANN), channel="native_messaging")
    by_mail = alike([40.0], "zendesk", "freshdesk", "jira", "fivetran")
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [2.0], **by_mail))
    variants_give(NRT, lengths(ticket), strict=[], owner=[])


def test_a_chat_alone_is_one_touch_except_where_mails_are_counted() -> None:
    # Sources tell a session by its first message, here at 2; solved at 30. No mail: fewer than two for Zendesk, none
    # for dbt.
    ticket = story(talked(2, ANN, "chat"), solved(30), channel="native_messaging")
    one, none = [(30, ANN, 1)], [(30, ANN, 0)]
    variants_give(TOUCH, of_solves(ticket), strict=one, zendesk=one, fivetran=none)
    variants_give(ACCEPTED, lengths(ticket), strict=[28.0], confirmed=[28.0], at_confirmation=[28.0 + WEEK])


def test_a_holding_reply_stops_strict_and_is_a_second_reply_of_none_but_substantive() -> None:
    # 30 characters at 5, 400 at 60, solved at 70.
    ticket = story(OPEN, said(5, ANN, length=30), said(60, ANN, length=400), solved(70))
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [5.0], substantive=[60.0]))
    none = [(70, ANN, 0)]
    variants_give(TOUCH, of_solves(ticket), strict=none, zendesk=none, fivetran=none)
    variants_give(ACCEPTED, lengths(ticket), strict=[65.0], confirmed=[65.0], at_confirmation=[65.0 + WEEK])


def test_a_run_of_messages_is_one_wait_from_its_first() -> None:
    # The customer writes at 100 and 110, Bob answers at 160: 60. At 200, Ann at 230: 30. Nobody has the ticket.
    ticket = story(
        said(10, ANN), said(100, CUSTOMER), said(110, CUSTOMER), said(160, BOB), said(200, CUSTOMER), said(230, ANN)
    )
    variants_give(NRT, lengths(ticket), strict=[60.0, 30.0], owner=[60.0, 30.0])
    assert [o.agent for o in measured(ticket, NRT)] == [BOB, ANN]


def test_mere_thanks_opens_no_wait() -> None:
    ticket = story(said(10, ANN), said(50, CUSTOMER, is_thanks=1), said(90, ANN))
    variants_give(NRT, lengths(ticket), strict=[], owner=[])


def test_a_solve_ends_a_wait_without_a_reply() -> None:
    # The customer writes at 50, Bob solves at 75 without a word.
    ticket = story(said(10, ANN), said(50, CUSTOMER), solved(75, BOB))
    silent = ["solved_without_reply 25"]
    variants_give(NRT, lengths(ticket), strict=silent, owner=silent)


@pytest.mark.trap("zendesk 23")
def test_an_outbound_ticket_is_excluded_even_from_the_customers_first_message_on() -> None:
    # Ann writes first at 0, the customer answers at 25, Ann replies at 70; again 75 and 78; solved at 80. Strict leaves
    # all of it out, the second wait too; the native figures count from creation to the second public reply.
    ticket = story(
        said(0, ANN, via="web"), said(25, CUSTOMER), said(70, ANN), said(75, CUSTOMER), said(78, ANN), solved(80),
        submitter=ANN,
    )  # fmt: skip
    native = alike([70.0], "zendesk", "freshdesk", "jira", "fivetran")
    variants_give(FRT, lengths(ticket), **by_variant(FRT, ["outbound 70"], **native))
    variants_give(NRT, lengths(ticket), strict=["outbound 3"], owner=["outbound 3"])
    variants_give(FIRST, lengths(ticket), **by_variant(FIRST, ["outbound 80"], zendesk=[80.0], fivetran=[80.0]))
    solve = alike([80.0], "zendesk", "freshdesk", "fivetran")
    variants_give(FULL, lengths(ticket), **by_variant(FULL, ["outbound 80"], **solve))
    to_solve, to_confirmation = ["outbound 80"], [f"outbound {80 + WEEK}"]
    variants_give(ACCEPTED, lengths(ticket), strict=to_solve, confirmed=to_solve, at_confirmation=to_confirmation)
    out, none = [(80, ANN, "outbound")], [(80, ANN, 0)]
    variants_give(SOLVED, of_solves(ticket), strict=out, valid=out)
    variants_give(WEIGHTED, of_solves(ticket), strict=out, valid=out)
    variants_give(TOUCH, of_solves(ticket), strict=out, zendesk=none, fivetran=none)  # two replies; three public words
    variants_give(AGAIN, of_solves(ticket), strict=out, incl_reopen=out)
