"""Answers to surveys that a ticket's events tell and the list of ratings lacks."""

from typing import Any

import pytest
from timeline_fixtures import ANN, BOB, CREATED, CUSTOMER, at, measured, rated, said, story

from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.store.ticket_records import EventRecord, RatingRecord


def rating(offered: float, **more: Any) -> RatingRecord:
    fields = {"ticket": 1, "native": f"r{offered}", "question": "", "offered_at": at(offered), "origin": "customer"}
    return RatingRecord(**{**dict.fromkeys(RatingRecord.__struct_fields__), **fields, **more})


def answers(ticket: Timeline) -> list[tuple[float, str]]:
    return [((a.at - CREATED) / 60_000, a.category) for response in ticket.answers() for a in response.answers]


def test_an_answer_that_only_the_events_tell_counts_when_it_was_given() -> None:
    # Offered at 100 and open in the list of ratings for ever; the events tell of the answer at 5000.
    ticket = story(said(30, ANN), rated(5000, "bad"), ratings=[rating(100)])
    assert answers(ticket) == [(5000, "bad")]
    [row] = measured(ticket, "csat")
    assert (row.at, row.value, row.agent, row.rater) == (at(5000), 0, ANN, CUSTOMER)
    assert [o.value for o in measured(ticket, "csat_response_rate")] == [1]


def test_an_answer_that_no_list_of_ratings_has_counts_once() -> None:
    ticket = story(said(30, ANN), rated(90, "offered"), rated(200, "good"))
    assert answers(ticket) == [(200, "good")]
    assert [(o.at, o.value) for o in measured(ticket, "csat_response_rate", as_of=300)] == [(at(90), 1)]


def test_an_answer_that_both_tell_counts_once_and_a_changed_one_keeps_its_first() -> None:
    row = rating(90, category="good", answered_at=at(200), changed_at=at(300))
    ticket = story(said(30, ANN), rated(200, "bad"), rated(300, "good"), ratings=[row])
    assert answers(ticket) == [(200, "bad"), (300, "good")]


def test_an_answer_that_only_the_events_tell_and_that_was_changed_keeps_when_it_was_given() -> None:
    ticket = story(said(30, ANN), rated(200, "bad"), rated(300, "good"), ratings=[rating(100)])
    assert answers(ticket) == [(200, "bad"), (300, "good")]
    [*_, last] = measured(ticket, "csat")
    assert (last.at, last.value) == (at(200), 1)
    assert [o.value for o in measured(ticket, "csat_response_rate", as_of=250)] == [1]


def test_an_answer_of_before_the_first_rating_of_the_list_is_one_of_its_own() -> None:
    later = rating(900, category="good", answered_at=at(950))
    ticket = story(said(30, ANN), rated(200, "bad"), rated(950, "good"), ratings=[later])
    assert sorted(answers(ticket)) == [(200, "bad"), (950, "good")]


def test_what_the_team_answers_itself_is_no_customers_answer() -> None:
    own = EventRecord(**{**{f: getattr(rated(200, "good"), f) for f in EventRecord.__struct_fields__}, "actor": BOB})
    ticket = story(said(30, ANN), own)
    assert answers(ticket) == []
    assert [o.stop for o in measured(ticket, "csat")] == ["rating_internal"]


def test_a_survey_with_questions_is_read_from_its_ratings_alone() -> None:
    row = rating(90, question="q1")
    assert answers(story(said(30, ANN), rated(200, "good"), ratings=[row])) == []


SECOND = 1 / 60  # in minutes


@pytest.mark.parametrize("ahead", [0, SECOND, 9 * SECOND])
@pytest.mark.parametrize("values", [{"category": "good", "answered_at": at(200), "changed_at": at(200)}, {}])
def test_an_answer_with_an_event_a_little_ahead_of_its_rating_counts_once(ahead: float, values: Any) -> None:
    ticket = story(said(30, ANN), rated(200 - ahead, "good"), ratings=[rating(200, **values)])
    assert answers(ticket) == [(200, "good")]
    assert [(o.at, o.value) for o in measured(ticket, "csat_response_rate")] == [(at(200), 1)]


def test_an_answer_a_little_ahead_of_the_second_rating_is_not_the_first_ones() -> None:
    second = rating(900, category="bad", answered_at=at(900), changed_at=at(900))
    ticket = story(said(30, ANN), rated(900 - SECOND, "bad"), ratings=[rating(100), second])
    assert answers(ticket) == [(900, "bad")]
    assert {(o.at, o.value) for o in measured(ticket, "csat_response_rate")} == {(at(100), 0), (at(900), 1)}


def test_two_surveys_that_only_the_events_tell_are_two() -> None:
    """Offered at 90 and 900, answered at 200 and 950; the first answer is changed at 300, which is no third survey."""
    events = [rated(90, "offered"), rated(200, "bad"), rated(300, "good"), rated(900, "offered"), rated(950, "bad")]
    ticket = story(said(30, ANN), *events)
    assert answers(ticket) == [(200, "bad"), (300, "good"), (950, "bad")]
    assert [(o.at, o.value) for o in measured(ticket, "csat_response_rate")] == [(at(90), 1), (at(900), 1)]


def test_a_survey_that_is_offered_twice_before_it_is_answered_is_one() -> None:
    ticket = story(said(30, ANN), rated(90, "offered"), rated(150, "offered"), rated(200, "good"))
    assert answers(ticket) == [(200, "good")]


def test_a_second_survey_that_the_list_lacks_is_no_changed_answer_of_the_first() -> None:
    first = rating(90, category="good", answered_at=at(200), changed_at=at(200))
    events = [rated(90, "offered"), rated(200, "good"), rated(900, "offered"), rated(950, "bad")]
    ticket = story(said(30, ANN), *events, ratings=[first])
    assert sorted(len(response.answers) for response in ticket.answers()) == [1, 1]
    assert sorted(answers(ticket)) == [(200, "good"), (950, "bad")]


def test_a_rating_that_was_written_over_keeps_its_second_answer() -> None:
    over = rating(90, category="bad", answered_at=at(200), changed_at=at(960))
    events = [rated(90, "offered"), rated(200, "good"), rated(900, "offered"), rated(950, "bad")]
    ticket = story(said(30, ANN), *events, ratings=[over])
    assert [len(response.answers) for response in ticket.answers()] == [2]
    assert answers(ticket) == [(200, "good"), (950, "bad")]
