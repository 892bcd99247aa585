"""Answers to surveys that a ticket's events tell and the list of ratings lacks: each witness counts."""

from collections.abc import Sequence

import msgspec

from helpdesk_kpi.measure.rows import EventRow, RatingRow

ANSWERS = frozenset({"good", "bad"})


def with_told(ratings: Sequence[RatingRow], surveys: Sequence[EventRow]) -> Sequence[RatingRow]:
    """The ratings of a ticket, with the answers that only its events tell.

    Events tell of one question only. Where ratings have questions of their own, they are told by those.
    """
    answers = [e for e in surveys if e.after in ANSWERS]
    if not answers or any(r.question for r in ratings):
        return ratings
    found = [_answered(r, _within(r, ratings, answers)) for r in ratings]
    first = min((r.offered_at for r in ratings), default=None)
    before = [e for e in answers if first is None or e.at < first]
    return [_made(before, surveys), *found] if before else found


def _within(rating: RatingRow, ratings: Sequence[RatingRow], answers: Sequence[EventRow]) -> list[EventRow]:
    """The answers from a rating's offer until the next one's."""
    end = min((r.offered_at for r in ratings if r.offered_at > rating.offered_at), default=None)
    return [e for e in answers if e.at >= rating.offered_at and (end is None or e.at < end)]


def _answered(rating: RatingRow, answers: Sequence[EventRow]) -> RatingRow:
    if not answers or rating.answered_at is not None or rating.origin != "customer":
        return rating
    return msgspec.structs.replace(
        rating, category=answers[-1].after, answered_at=answers[0].at, changed_at=answers[-1].at,
        rater=rating.rater if rating.rater is not None else answers[0].actor,
    )  # fmt: skip


def _made(answers: Sequence[EventRow], surveys: Sequence[EventRow]) -> RatingRow:
    """A rating of which no list tells. It was offered when the events say so, else when it was answered."""
    first = answers[0]
    offers = [e.at for e in surveys if e.after == "offered" and e.at <= first.at]
    return RatingRow(
        ticket=first.ticket, native=f"event {first.at}", question="", offered_at=offers[-1] if offers else first.at,
        category=answers[-1].after, answered_at=first.at, changed_at=answers[-1].at, agent=None, rater=first.actor,
        origin="customer",
    )  # fmt: skip
