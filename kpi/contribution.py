"""What people do for the team beside tickets: training, and improvements of how the work is done."""

from collections.abc import Iterator
from functools import partial

from helpdesk_kpi.measure.build.register_subjects import RegisterSubject
from helpdesk_kpi.measure.metrics.contract import Observation, Total, kpi
from helpdesk_kpi.registers.register_types import Improvement, Training

SESSION = {"lead": 1.0, "co_lead": 0.5}  # points of a session by role
MENTORING = 0.1  # points of an hour
SATISFIED = 4  # from this mean rating of those who attended on, a session counts in full
STEPS = {"proposed": 0, "accepted": 1, "shipped": 2, "measured": 2}  # what each step adds: 0, 1, 3, 5 points in all


in_points = partial(
    kpi,
    unit="points",
    better="higher",
    statistic=Total(),
    anchor="recorded",
    needs=(),
    subject="entry",
    facet="kind",
    dimension="contribution",
    level="agent",
    min_n=1,
)


@in_points("Training and sharing", revision=1)
def training(reported: RegisterSubject) -> Iterator[Observation]:
    """Points for training that a person gave: 1 for a session as its lead, 0.5 as co-lead, 0.1 for an hour of
    mentoring; times the mean rating of those who attended divided by 4, at most 1. Somebody else has approved each
    entry, and there is evidence of it.
    """
    for session in reported.of(Training):
        points = SESSION[session.role] if session.hours is None else MENTORING * session.hours
        rated = 1.0 if session.rating is None else min(1.0, session.rating / SATISFIED)
        yield reported.fact(session.at(reported.zone), session.subject, facet=session.role, value=points * rated)


@in_points("Improvements", revision=1)
def improvement(reported: RegisterSubject) -> Iterator[Observation]:
    """Points for proposals and what became of them: 1 once accepted, 3 once shipped, 5 once somebody other than the
    authors has measured the effect; each step counts on its day with what it adds. Authors share the credit in equal
    parts, and so do those of duplicates.
    """
    entries = list(reported.of(Improvement))
    authors = dict.fromkeys(reported.person(author) for entry in entries for author in entry.authors)
    for entry in entries:
        for step, day in entry.steps if entry.duplicate_of is None else ():
            for author in authors if day else ():
                yield reported.fact(reported.day(day), author, facet=step, value=STEPS[step], share=1 / len(authors))
