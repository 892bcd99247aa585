"""What people say of each other's work and behaviour, as they write it into the registers."""

from collections.abc import Iterator
from functools import partial

from helpdesk_kpi.measure.build.register_subjects import RegisterSubject
from helpdesk_kpi.measure.metrics.contract import Observation, Score, kpi
from helpdesk_kpi.model import MAIN
from helpdesk_kpi.registers.entry import RatedEntry
from helpdesk_kpi.registers.register_types import (
    CollaborationSatisfaction,
    ManagerRating,
    PeerRating,
    QualityReview,
    RegisterRating,
    SelfRating,
)

rated = partial(kpi, unit="score", anchor="recorded", needs=(), subject="entry", facet="dimension")


@rated(
    "Quality review", better="higher", statistic=Score(scale=(0.0, 100.0)), pair="solved_tickets",
    dimension="quality", level="agent", min_n=10, revision=1,
)  # fmt: skip
def quality_review(reported: RegisterSubject) -> Iterator[Observation]:
    """The mean of the reviews of a person's tickets, 0 to 100: the aspects of the form by their weights, from the worst
    answer on the scale (0) to the best (100). A critical aspect below the middle of the scale fails the whole review:
    it counts 0. Reviews by which reviewers compare how they judge (calibration) count for nobody. Counted on the day of
    the review.
    """
    for review in reported.of(QualityReview):
        if not review.calibration:
            overall = 0.0 if review.fails else 100 * review.fraction(review.mean)
            yield from _facts(reported, review, review.subject, overall, percent=True)


@rated(
    "Satisfaction with collaboration", better="higher", statistic=Score(min_raters=3, form="collaboration"),
    pair="escalations", dimension="quality", level="agent", min_n=3, revision=2,
)  # fmt: skip
def collaboration_satisfaction(reported: RegisterSubject) -> Iterator[Observation]:
    """What other departments (development, product) think of working with the team: the mean of their answers about
    speed, handover, completeness and attitude, on the form's scale. Shown only in groups of at least three people, of
    periods that are over; nobody is told who they are.
    """
    yield from _collaboration(reported, "received")


@collaboration_satisfaction.variant("given")
def _give_rating(reported: RegisterSubject) -> Iterator[Observation]:
    """The other direction: what the team thinks of working with the other department."""
    yield from _collaboration(reported, "given")


def _collaboration(reported: RegisterSubject, direction: str) -> Iterator[Observation]:
    for answer in reported.of(CollaborationSatisfaction):
        if answer.direction == direction:
            yield from _facts(reported, answer, answer.subject, answer.mean, team=answer.team)


@rated(
    "Manager's rating", better="higher", statistic=Score(form="behaviour"), pair="peer_rating", dimension="behaviour",
    level="agent", min_n=1, revision=1,
)  # fmt: skip
def manager_rating(reported: RegisterSubject) -> Iterator[Observation]:
    """What the manager says of a person's behaviour by the described levels of each aspect, on the form's scale; not of
    what is measured anyway. Counted at the end of the period that it is about.
    """
    yield from _ratings(reported, ManagerRating)


@rated(
    "Peers' rating", better="higher", statistic=Score(min_raters=3, form="behaviour"), pair="manager_rating",
    dimension="behaviour", level="agent", min_n=3, revision=2,
)  # fmt: skip
def peer_rating(reported: RegisterSubject) -> Iterator[Observation]:
    """What colleagues who work with a person say of their behaviour, by the same levels as the manager: the mean of
    all. Shown only in groups of at least three people, of periods that are over; nobody is told who they are. Counted
    at the end of the period that it is about.
    """
    yield from _ratings(reported, PeerRating)


@rated(
    "Self-rating", better="neither", statistic=Score(form="behaviour"), pair="manager_rating", dimension="behaviour",
    min_n=1, revision=1,
)  # fmt: skip
def self_rating(reported: RegisterSubject) -> Iterator[Observation]:
    """What a person says of their own behaviour, by the same levels. Never scored: where it differs from what others
    say, that is something to talk about. Counted at the end of the period that it is about.
    """
    yield from _ratings(reported, SelfRating)


def _ratings(reported: RegisterSubject, kind: type[RegisterRating]) -> Iterator[Observation]:
    for rating in reported.of(kind):
        yield from _facts(reported, rating, rating.subject, rating.mean)


def _facts(
    reported: RegisterSubject, entry: RatedEntry, subject: str | None, overall: float, *, team: str | None = None,
    percent: bool = False,
) -> Iterator[Observation]:  # fmt: skip
    """The judgement as a whole, and of each aspect."""
    at, rater = entry.at(reported.zone), None if isinstance(entry, SelfRating) else reported.rater(entry)
    yield reported.fact(at, subject, team=team, facet=MAIN, value=overall, rater=rater)
    for aspect, mark in entry.marks.items():
        value = 100 * entry.fraction(mark.value) if percent else mark.value
        yield reported.fact(at, subject, team=team, facet=aspect, value=value, rater=rater)
