"""Survey answers from a ticket's events that are missing in the helpdesk's list of ratings."""

from collections.abc import Iterator, Sequence

import msgspec

from helpdesk_kpi.store.ticket_records import EventRecord, RatingRecord

ANSWERS = frozenset({"good", "bad"})
NEAR = 10_000  # ms by which a survey's events may precede its rating: vendors write them with different clocks


def with_event_answers(ratings: Sequence[RatingRecord], surveys: Sequence[EventRecord]) -> Sequence[RatingRecord]:
    """The ratings of a ticket, completed with answers that only its events have.

    Events cover one question only. If ratings have questions of their own, they are returned unchanged.

    Args:
        surveys: survey events of the ticket, in order of time.
    """
    answers = [e for e in surveys if e.after in ANSWERS]
    if not answers or any(r.question for r in ratings):
        return ratings
    made = [_made(offered, given) for offered, given in _unlisted(ratings, surveys) if not _is_kept(given, ratings)]
    found = [*made, *ratings]
    return [_answered(r, given_in(r, found, answers)) for r in found]


def given_in(
    rating: RatingRecord, ratings: Sequence[RatingRecord], answers: Sequence[EventRecord]
) -> list[EventRecord]:
    """The answers between a rating's offer and the next rating's offer."""
    end = min((r.offered_at for r in ratings if r.offered_at > rating.offered_at), default=None)
    return [e for e in answers if e.at + NEAR >= rating.offered_at and (end is None or e.at + NEAR < end)]


def _unlisted(
    ratings: Sequence[RatingRecord], surveys: Sequence[EventRecord]
) -> Iterator[tuple[int | None, list[EventRecord]]]:
    """(when it was offered, its answers) of each survey without a rating; None: the offer is unknown.

    A survey begins with a rating's offer, or with an offer in the events after an answer.
    """
    starts = sorted((r.offered_at - NEAR for r in ratings), reverse=True)
    is_rated, offered = False, None
    given: list[EventRecord] = []
    for e in surveys:
        begins = bool(starts) and starts[-1] <= e.at
        if (begins or e.after == "offered") and given:
            if not is_rated:
                yield offered, given
            is_rated, offered, given = False, None, []
        while starts and starts[-1] <= e.at:
            starts.pop()
        is_rated = is_rated or begins
        if e.after == "offered":
            offered = e.at
        elif e.after in ANSWERS:
            given.append(e)
    if given and not is_rated:
        yield offered, given


def _is_kept(answers: Sequence[EventRecord], ratings: Sequence[RatingRecord]) -> bool:
    """Whether a rating has this answer as its latest state: some helpdesks overwrite the one before."""
    first, last = answers[0], answers[-1]
    changed = ((r, r.changed_at or r.answered_at) for r in ratings)
    return any(
        r.offered_at < first.at and r.category == last.after and (at or 0) + NEAR >= last.at for r, at in changed
    )


def _answered(rating: RatingRecord, answers: Sequence[EventRecord]) -> RatingRecord:
    if not answers or rating.answered_at is not None or rating.origin != "customer":
        return rating
    return msgspec.structs.replace(
        rating, category=answers[-1].after, answered_at=answers[0].at, changed_at=answers[-1].at,
        rater=rating.rater if rating.rater is not None else answers[0].actor,
    )  # fmt: skip


def _made(offered: int | None, answers: Sequence[EventRecord]) -> RatingRecord:
    """Build a rating from events. Without an offer in the events, the first answer's time counts as the offer."""
    first = answers[0]
    offered = first.at if offered is None else offered
    return RatingRecord(
        ticket=first.ticket, native=f"event {first.at}", question="", offered_at=offered,
        category=answers[-1].after, answered_at=first.at, changed_at=answers[-1].at, agent=None, rater=first.actor,
        origin="customer",
    )  # fmt: skip
