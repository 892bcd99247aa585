"""When a customer accepted a solve, and the times that end there. Numbers are minutes since creation."""

from typing import Any

import pytest
from timeline_fixtures import (
    ANN,
    BOB,
    CUSTOMER,
    MINUTE,
    OPEN,
    WEEK,
    at,
    did,
    measured,
    minutes,
    rated,
    said,
    status,
    story,
)

from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.store.ticket_records import EventRecord, RatingRecord

CONFIRMED, ACCEPTED = "confirmed_resolution_time", "accepted_resolution_time"
THANKS = said(300, CUSTOMER, is_thanks=1)


def rating(answered: float, category: str, **more: Any) -> RatingRecord:
    fields: dict[str, Any] = dict.fromkeys(RatingRecord.__struct_fields__)
    fields |= {"ticket": 1, "native": "r1", "question": "", "offered_at": at(100), "category": category}
    fields |= {"answered_at": at(answered), "rater": CUSTOMER, "origin": "customer"} | more
    return RatingRecord(**fields)


def solved(*more: EventRecord, **row: Any) -> Timeline:
    """Ann took it at 20 with a note, and solved it at 100."""
    return story(OPEN, said(20, ANN, public=False), status(100, ANN, "new", "solved"), *more, **row)


def spans(ticket: Timeline, kpi: str = CONFIRMED, variant: str = "strict") -> list[tuple[Any, ...]]:
    """(minutes, how, known since) at the end of time."""
    return [
        (None if o.end is None or o.start is None else (o.end - o.start) / MINUTE, o.facet, known(o.since))
        for o in measured(ticket, kpi, variant)
    ]


def known(since: int | None) -> float:
    return ((since or at(0)) - at(0)) / MINUTE


@pytest.mark.parametrize(
    ("ticket", "how", "since"),
    [
        (solved(), "tacit", 100 + WEEK),
        (solved(status(300, CUSTOMER, "solved", "closed")), "confirmed_by_customer", 300),
        (solved(status(300, None, "solved", "closed", via="rule")), "tacit", 100 + WEEK),  # an automation says nothing
        (solved(status(300, ANN, "solved", "closed")), "tacit", 100 + WEEK),  # nor does the team
        (solved(ratings=[rating(300, "good")]), "rated_good", 300),
        (solved(ratings=[rating(300, "neutral")]), "tacit", 100 + WEEK),
        (solved(ratings=[rating(300, "bad")]), "tacit", 100 + WEEK),
        (solved(ratings=[rating(300, "good", origin="default")]), "tacit", 100 + WEEK),
        (solved(ratings=[rating(300, "good", origin="timeout")]), "tacit", 100 + WEEK),
        (solved(ratings=[rating(300, "good", rater=BOB)]), "tacit", 100 + WEEK),  # a colleague's
        (solved(ratings=[rating(300, "good", question="Was our tone right?")]), "tacit", 100 + WEEK),
        (solved(THANKS), "thanked", 300),
        (solved(said(300, CUSTOMER, is_thanks=1, public=False)), "tacit", 100 + WEEK),
        (solved(said(300, ANN, is_thanks=1)), "tacit", 100 + WEEK),
        (solved(THANKS, status(300, CUSTOMER, "solved", "open"), status(400, ANN, "open", "solved")), "thanked", 300),
        # What comes first counts.
        (solved(THANKS, ratings=[rating(200, "good")]), "rated_good", 200),
        (solved(THANKS, status(250, CUSTOMER, "solved", "closed")), "confirmed_by_customer", 250),
        (solved(ratings=[rating(100 + WEEK + 1, "good")]), "tacit", 100 + WEEK),
    ],
)
def test_a_solve_is_accepted_by_the_first_sign_of_it(ticket: Timeline, how: str, since: float) -> None:
    assert spans(ticket) == [(100.0, how, since)]
    # Known from then on, and not before.
    assert minutes(ticket, CONFIRMED, as_of=since - 1) == ["running"]
    assert minutes(ticket, CONFIRMED, as_of=since) == [100.0]


def test_a_customer_who_solves_it_has_accepted_it_at_once() -> None:
    ticket = story(OPEN, did(5, ANN, "assignee", None, ANN), said(30, ANN), status(80, CUSTOMER, "new", "solved"))
    assert spans(ticket) == [(80.0, "confirmed_by_customer", 80.0)]
    assert [o.agent for o in measured(ticket, CONFIRMED)] == [ANN]  # a customer's solve counts for the assignee then


REOPENED = (said(300, CUSTOMER), status(300, CUSTOMER, "solved", "open"), status(500, BOB, "open", "solved"))


def test_a_solve_that_was_taken_back_was_not_accepted() -> None:
    ticket = solved(*REOPENED)
    assert spans(ticket) == [(500.0, "tacit", 500 + WEEK)]
    assert [o.agent for o in measured(ticket, CONFIRMED)] == [BOB]
    assert [minutes(ticket, CONFIRMED, as_of=m) for m in (200, 400, 500 + WEEK - 1)] == [["running"]] * 3


def test_nothing_said_while_it_is_open_again_accepts_anything() -> None:
    assert spans(solved(*REOPENED, ratings=[rating(400, "good")])) == [(500.0, "tacit", 500 + WEEK)]
    assert spans(solved(*REOPENED, said(450, CUSTOMER, is_thanks=1))) == [(500.0, "tacit", 500 + WEEK)]


@pytest.mark.parametrize("by", [ANN, None])
def test_a_solve_that_the_team_or_a_rule_took_back_was_not_accepted_either(by: int | None) -> None:
    ticket = solved(status(200, by, "solved", "open", via=None if by else "rule"), status(260, ANN, "open", "solved"))
    assert spans(ticket) == [(260.0, "tacit", 260 + WEEK)]


def test_a_reopening_by_thanks_moves_the_full_resolution_and_not_the_confirmed_one() -> None:
    # The trap of thanks: they open the ticket again, and a rule solves it at 900. The customer had accepted the solve
    # at 100, whether or not somebody answers the thanks.
    for answer in ((), (said(350, ANN),)):
        ticket = solved(
            THANKS, status(300, CUSTOMER, "solved", "open"), *answer, status(900, None, "open", "solved", via="rule")
        )
        assert minutes(ticket, "full_resolution_time") == [900.0]
        assert spans(ticket) == [(100.0, "thanked", 300)]


def test_a_customer_who_comes_back_after_accepting_changes_nothing() -> None:
    late = 100 + WEEK + 60
    ticket = solved(
        said(late, CUSTOMER), status(late, CUSTOMER, "solved", "open"), status(late + 50, BOB, "open", "solved")
    )
    assert spans(ticket) == [(100.0, "tacit", 100 + WEEK)]


def test_a_changed_answer_accepts_when_it_becomes_good() -> None:
    changed = (rated(200, "bad"), rated(400, "good"))
    assert spans(solved(*changed, ratings=[rating(400, "good", changed_at=at(400))])) == [(100.0, "rated_good", 400)]


def test_a_ticket_that_is_still_open_is_waiting() -> None:
    assert minutes(story(OPEN), CONFIRMED, as_of=9999) == ["running"]


def test_since_acceptance_to_the_confirmed_solve_and_to_its_confirmation() -> None:
    # Taken at 20, solved at 100, thanked at 300: 80 to the solve, 280 to the thanks.
    ticket = solved(THANKS)
    assert minutes(ticket, ACCEPTED) == [80.0]
    assert spans(ticket, ACCEPTED, "confirmed") == [(80.0, "thanked", 300)]
    assert spans(ticket, ACCEPTED, "at_confirmation") == [(280.0, "thanked", 300)]
    # In silence it is confirmed a week after the solve.
    assert spans(solved(), ACCEPTED, "at_confirmation") == [(80.0 + WEEK, "tacit", 100 + WEEK)]


@pytest.mark.parametrize("variant", ["confirmed", "at_confirmation"])
def test_since_acceptance_is_not_before_anybody_accepted_it(variant: str) -> None:
    ticket = solved(THANKS)
    assert measured(ticket, ACCEPTED, variant, as_of=19) == []
    assert minutes(ticket, ACCEPTED, variant, as_of=20) == ["running"]
    untouched = story(OPEN, status(100, None, "new", "solved", via="rule"))
    assert measured(untouched, ACCEPTED, variant) == []


def test_a_solve_before_anybody_accepted_it_is_not_the_one() -> None:
    # A rule solves it at 50, the customer comes back, Ann replies at 90 and solves at 200.
    ticket = story(
        OPEN, status(50, None, "new", "solved", via="rule"), said(70, CUSTOMER), status(70, CUSTOMER, "solved", "open"),
        said(90, ANN), status(200, ANN, "open", "solved"),
    )  # fmt: skip
    assert spans(ticket, ACCEPTED, "confirmed") == [(110.0, "tacit", 200 + WEEK)]


def test_a_merged_ticket_is_left_out_by_name() -> None:
    ticket = story(OPEN, said(20, ANN), status(60, ANN, "new", "closed"), merged_into="2")
    assert [o.stop for o in measured(ticket, CONFIRMED)] == ["merged"]
