"""How lives end oddly: solved, closed, opened again, rated. Every variant by hand; minutes since creation.

`edge_cases.toml` says which case each test is about.
"""

from typing import Any

import msgspec
import pytest
from timeline_fixtures import (
    ANN,
    BOB,
    CUSTOMER,
    LIGHT,
    OPEN,
    ROBOT,
    WEEK,
    at,
    by_variant,
    counted,
    desk,
    did,
    measured,
    rated,
    rating,
    said,
    status,
    story,
)
from variant_fixtures import lengths, of_solves, variants_give

from helpdesk_kpi.identities.source_rules import STATES
from helpdesk_kpi.store.ticket_records import EventRecord

NRT, ACCEPTED = "next_reply_time", "accepted_resolution_time"
FIRST, FULL = "first_resolution_time", "full_resolution_time"
SOLVED, WEIGHTED, TOUCH, AGAIN = "solved_tickets", "weighted_volume", "one_touch", "recurrence_rate"
AUTO = {"via": "rule", "rule": "an automation"}


def back(minute: float, who: int | None = CUSTOMER) -> EventRecord:
    return status(minute, who, "solved", "open")


# --- solved and closed


def test_closed_without_ever_being_solved_ends_with_the_closing() -> None:
    # Ann closes it at 70, without a solve before: that is the solve, and the first that anybody did.
    ticket = story(OPEN, status(70, ANN, "open", "closed"))
    variants_give(FIRST, lengths(ticket), **by_variant(FIRST, [70.0]))
    variants_give(FULL, lengths(ticket), **by_variant(FULL, [70.0]))
    variants_give(ACCEPTED, lengths(ticket), strict=[0.0], confirmed=[0.0], at_confirmation=[0.0 + WEEK])
    one, none = [(70, ANN, 1)], [(70, ANN, 0)]
    variants_give(SOLVED, of_solves(ticket), strict=one, valid=one)
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=one)
    variants_give(TOUCH, of_solves(ticket), strict=none, zendesk=one, fivetran=none)  # without a reply
    variants_give(AGAIN, of_solves(ticket), strict=none, incl_reopen=none)


def test_closing_what_is_solved_moves_nothing() -> None:
    # Replied at 20, solved at 50, closed by the helpdesk at 5810: done is done at 50, and a rule confirms nothing.
    ticket = story(
        OPEN, said(20, ANN), status(50, ANN, "new", "solved"), status(5810, None, "solved", "closed", **AUTO)
    )
    variants_give(FIRST, lengths(ticket), **by_variant(FIRST, [50.0]))
    variants_give(FULL, lengths(ticket), **by_variant(FULL, [50.0]))
    variants_give(ACCEPTED, lengths(ticket), strict=[30.0], confirmed=[30.0], at_confirmation=[30.0 + WEEK])
    one, none = [(50, ANN, 1)], [(50, ANN, 0)]
    variants_give(SOLVED, of_solves(ticket), strict=one, valid=one)
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=one)
    variants_give(TOUCH, of_solves(ticket), strict=one, zendesk=one, fivetran=one)
    variants_give(AGAIN, of_solves(ticket), strict=none, incl_reopen=none)


def test_a_customer_who_closes_it_confirms_it() -> None:
    # Replied at 20, solved at 50, closed by the customer at 300.
    ticket = story(OPEN, said(20, ANN), status(50, ANN, "new", "solved"), status(300, CUSTOMER, "solved", "closed"))
    variants_give(ACCEPTED, lengths(ticket), strict=[30.0], confirmed=[30.0], at_confirmation=[280.0])
    variants_give(FULL, lengths(ticket), **by_variant(FULL, [50.0]))


def test_being_assigned_is_no_acceptance_and_the_first_human_act_is() -> None:
    # A rule gives it to Ann at 1, a robot answers at 2, Bob makes it urgent at 5; Ann writes a note at 20 and solves it
    # at 100.
    ticket = story(
        OPEN, did(1, None, "assignee", None, ANN, via="rule"), said(2, ROBOT),
        did(5, BOB, "priority", "normal", "urgent"), said(20, ANN, public=False), status(100, ANN, "new", "solved"),
    )  # fmt: skip
    variants_give(ACCEPTED, lengths(ticket), strict=[80.0], confirmed=[80.0], at_confirmation=[80.0 + WEEK])
    one = [(100, ANN, 1)]
    variants_give(SOLVED, of_solves(ticket), strict=one, valid=one)


def test_given_by_one_and_taken_over_by_another_is_accepted_when_it_is_taken() -> None:
    # Bob gives it to Ann at 5, which is nothing that Ann did, nor anything with the ticket itself; she puts it to
    # "open" at 40 and solves it at 100.
    ticket = story(
        OPEN, did(5, BOB, "assignee", None, ANN), status(40, ANN, "new", "open"), status(100, ANN, "open", "solved")
    )
    variants_give(ACCEPTED, lengths(ticket), strict=[60.0], confirmed=[60.0], at_confirmation=[60.0 + WEEK])


# --- opened again


def test_thanks_that_reopen_and_are_not_answered_cost_nobody_anything_but_the_last_solve() -> None:
    # Replied at 30, solved at 100, thanked at 200, which reopens it; solved again at 205 without a word.
    ticket = story(
        OPEN, said(30, ANN), status(100, ANN, "new", "solved"), said(200, CUSTOMER, is_thanks=1), back(200),
        status(205, ANN, "open", "solved"),
    )  # fmt: skip
    variants_give(NRT, lengths(ticket), strict=[], owner=[])  # thanks ask for no answer
    assert [(o.value, o.facet) for o in measured(ticket, "reopen_rate")] == [(1, "thanks"), (0, "")]
    variants_give(FIRST, lengths(ticket), **by_variant(FIRST, [100.0]))
    variants_give(FULL, lengths(ticket), **by_variant(FULL, [205.0]))  # the last solve is the last solve
    # Accepted at 30: 175 to the last solve, 70 to the one that was thanked for, 170 to the thanks.
    variants_give(ACCEPTED, lengths(ticket), strict=[175.0], confirmed=[70.0], at_confirmation=[170.0])
    one, none = [(205, ANN, 1)], [(205, ANN, 0)]
    variants_give(SOLVED, of_solves(ticket), strict=one, valid=one)
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=one)
    variants_give(TOUCH, of_solves(ticket), strict=one, zendesk=one, fivetran=one)  # one reply, and nothing else asked
    variants_give(AGAIN, of_solves(ticket), strict=none, incl_reopen=[(100, ANN, 0), (205, ANN, 0)])


def test_thanks_that_reopen_and_are_answered_were_a_question() -> None:
    # As before, but Ann writes at 220 before she solves it again at 230: there was something to say.
    ticket = story(
        OPEN, said(30, ANN), status(100, ANN, "new", "solved"), said(200, CUSTOMER, is_thanks=1), back(200),
        said(220, ANN), status(230, ANN, "open", "solved"),
    )  # fmt: skip
    assert [(o.value, o.facet) for o in measured(ticket, "reopen_rate")] == [(1, "followup_question"), (0, "")]
    variants_give(NRT, lengths(ticket), strict=[], owner=[])  # still no wait: they had thanked
    variants_give(FIRST, lengths(ticket), **by_variant(FIRST, [100.0]))
    variants_give(FULL, lengths(ticket), **by_variant(FULL, [230.0]))
    # They thanked for the solve at 100, whatever was said afterwards.
    variants_give(ACCEPTED, lengths(ticket), strict=[200.0], confirmed=[70.0], at_confirmation=[170.0])
    one, none = [(230, ANN, 1)], [(230, ANN, 0)]
    variants_give(SOLVED, of_solves(ticket), strict=one, valid=one)  # a question is no "not fixed"
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=one)
    variants_give(TOUCH, of_solves(ticket), strict=none, zendesk=none, fivetran=none)  # two replies
    variants_give(AGAIN, of_solves(ticket), strict=none, incl_reopen=[(100, ANN, 1), (230, ANN, 0)])


@pytest.mark.parametrize(
    ("kind", "events"),
    [
        ("not_fixed", (said(200, CUSTOMER), back(200))),
        ("not_fixed", (back(200),)),  # the customer opens it again on the portal, without a word
        ("followup_question", (said(200, CUSTOMER, is_question=1), back(200))),
        ("agent", (back(200, ANN),)),
        ("agent", (back(200, LIGHT),)),
        ("automation", (status(200, None, "solved", "open", **AUTO),)),
    ],
)
def test_what_each_kind_of_reopening_takes_away(kind: str, events: tuple[EventRecord, ...]) -> None:
    # Replied at 30, solved at 100, opened again at 200, solved again at 300 without a word. Of thanks see above.
    ticket = story(OPEN, said(30, ANN), status(100, ANN, "new", "solved"), *events, status(300, ANN, "open", "solved"))
    assert [(o.value, o.facet) for o in measured(ticket, "reopen_rate")] == [(1, kind), (0, "")]
    # Whoever opens it again takes the first solve back: 270 from the acceptance at 30, and a week.
    variants_give(ACCEPTED, lengths(ticket), strict=[270.0], confirmed=[270.0], at_confirmation=[270.0 + WEEK])
    # Only what was not fixed was no valid solve; the second one is.
    one, none = [(300, ANN, 1)], [(300, ANN, 0)]
    valid = [(100, ANN, "reopened_not_fixed"), *one] if kind == "not_fixed" else one
    variants_give(SOLVED, of_solves(ticket), strict=one, valid=valid)
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=valid)
    # One reply is one reply for the helpdesks; for us it was more than one touch, whoever opened it.
    variants_give(TOUCH, of_solves(ticket), strict=none, zendesk=one, fivetran=one)
    # The problem came back where the customer said so.
    came_back = int(kind in {"not_fixed", "followup_question"})
    variants_give(AGAIN, of_solves(ticket), strict=none, incl_reopen=[(100, ANN, came_back), *none])


def test_a_solve_that_comes_back_after_more_than_a_week_was_valid_and_accepted() -> None:
    # Replied at 30, solved at 100; eight days after it "broken again" opens it, and Bob solves it an hour later.
    late = 100 + 8 * 1440
    ticket = story(
        OPEN, said(30, ANN), status(100, ANN, "new", "solved"), said(late, CUSTOMER), back(late),
        status(late + 60, BOB, "open", "solved"),
    )  # fmt: skip
    variants_give(ACCEPTED, lengths(ticket), strict=[late + 60.0 - 30], confirmed=[70.0], at_confirmation=[70.0 + WEEK])
    bobs, none = [(late + 60, BOB, 1)], [(late + 60, BOB, 0)]
    # Strict counts the last solve alone. Ann's was valid while it was the last one, and is not held against her.
    variants_give(SOLVED, of_solves(ticket), strict=bobs, valid=bobs)
    variants_give(TOUCH, of_solves(ticket), strict=none, zendesk=bobs, fivetran=bobs)
    variants_give(AGAIN, of_solves(ticket), strict=none, incl_reopen=[(100, ANN, 1), *none])  # 8 days are within 14


def test_on_hold_is_hold_however_it_is_spelled() -> None:
    # New 0 to 10, on hold 10 to 250, open from then on. Lost as "open" it would look as if nobody held it up.
    the = msgspec.structs.replace(desk(), states=STATES)
    for word in ("hold", "on-hold", "On-Hold"):
        ticket = story(OPEN, status(10, ANN, "new", word), status(250, ANN, word, "open"), the=the)
        spans = [(o.facet, o.start, o.end) for o in measured(ticket, "backlog")]
        assert spans == [("new", at(0), at(10)), ("hold", at(10), at(250)), ("open", at(250), None)]
        # The customer waits for the team all the while.
        assert counted(ticket, "requester_wait_time", as_of=300) == [(None, 300, True)]


@pytest.mark.parametrize("is_mapped", [True, False])
def test_a_status_of_the_accounts_own_is_what_the_configuration_says_and_else_open(is_mapped: bool) -> None:
    # Replied at 30, "Erledigt" at 100. Where nobody says that this is solved, nothing looks done that may not be.
    the = msgspec.structs.replace(desk(), states=STATES | ({"erledigt": "solved"} if is_mapped else {}))
    ticket = story(OPEN, said(30, ANN), status(100, ANN, "new", "Erledigt"), the=the)
    one = [(100, ANN, 1)] if is_mapped else []
    variants_give(SOLVED, of_solves(ticket), strict=one, valid=one)
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=one)
    variants_give(TOUCH, of_solves(ticket), strict=one, zendesk=one, fivetran=one)
    took: list[Any] = [100.0] if is_mapped else ["running"]
    none = took if is_mapped else []
    variants_give(FIRST, lengths(ticket), **by_variant(FIRST, took, zendesk=none, fivetran=none))
    variants_give(FULL, lengths(ticket), **by_variant(FULL, took, zendesk=none, freshdesk=none, fivetran=none))
    assert [o.end for o in measured(ticket, "backlog")][-1] == (at(100) if is_mapped else None)


# --- ratings


def test_reassigning_after_a_bad_rating_moves_nothing() -> None:
    # Ann replies and solves, is rated bad at 500, and gives the ticket to Bob at 510.
    ticket = story(
        OPEN, did(0, None, "assignee", None, ANN), said(20, ANN), status(30, ANN, "new", "solved"),
        did(510, ANN, "assignee", ANN, BOB), assignee=BOB, ratings=[rating(500, "bad", agent=BOB)],
    )  # fmt: skip
    assert [(o.agent, o.value) for o in measured(ticket, "csat")] == [(ANN, 0)]
    assert [o.agent for o in measured(ticket, "csat_response_rate")] == [ANN]
    one, none = [(30, ANN, 1)], [(30, ANN, 0)]
    variants_give(SOLVED, of_solves(ticket), strict=one, valid=one)
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=one)
    variants_give(TOUCH, of_solves(ticket), strict=one, zendesk=one, fivetran=one)  # what is done afterwards is no hand
    variants_give(AGAIN, of_solves(ticket), strict=none, incl_reopen=none)
    # A bad rating accepts nothing, and takes nothing back: a week of silence does.
    variants_give(ACCEPTED, lengths(ticket), strict=[10.0], confirmed=[10.0], at_confirmation=[10.0 + WEEK])


def test_a_rating_that_was_changed_from_bad_to_good_is_good_from_the_change_on() -> None:
    # Replied at 5, solved at 100. Bad at 500, good at 700: one answer, in the period of the first, with the score that
    # holds at each moment; and the solve is accepted with the change.
    ticket = story(
        OPEN, said(5, ANN), status(100, ANN, "new", "solved"), rated(500, "bad"), rated(700, "good"),
        ratings=[rating(700, "good", changed_at=at(700))],
    )  # fmt: skip
    seen = {m: [(o.at, o.value) for o in measured(ticket, "csat", as_of=m)] for m in (499, 500, 699, 700)}
    assert seen == {499: [], 500: [(at(500), 0)], 699: [(at(500), 0)], 700: [(at(500), 1)]}
    variants_give(ACCEPTED, lengths(ticket), strict=[95.0], confirmed=[95.0], at_confirmation=[695.0])
    variants_give(
        ACCEPTED, lengths(ticket, as_of=699), strict=[95.0], confirmed=["running"], at_confirmation=["running"]
    )


def test_a_rating_belongs_to_those_who_replied_and_a_ticket_to_those_who_worked_on_it() -> None:
    # Ann replies twice, Bob once, Bob solves at 100; rated at 500; what Bob says at 600 does not count any more.
    ticket = story(
        OPEN, said(30, ANN), said(60, BOB), said(90, ANN), status(100, BOB, "new", "solved"), said(600, BOB),
        ratings=[rating(500, "good")],
    )  # fmt: skip
    assert [(o.agent, o.share) for o in measured(ticket, "csat")] == [(ANN, 2 / 3), (BOB, 1 / 3)]
    parts, bobs, none = [(100, ANN, 2 / 3), (100, BOB, 1 / 3)], [(100, BOB, 1)], [(100, BOB, 0)]
    variants_give(WEIGHTED, of_solves(ticket), strict=parts, valid=parts)
    variants_give(SOLVED, of_solves(ticket), strict=bobs, valid=bobs)
    variants_give(TOUCH, of_solves(ticket), strict=none, zendesk=none, fivetran=none)
    variants_give(ACCEPTED, lengths(ticket), strict=[70.0], confirmed=[70.0], at_confirmation=[470.0])
