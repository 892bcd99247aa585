"""Process review without names: time by stage, bottlenecks, routes between teams, growing and recurring categories."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.measure.metrics.columns import NO_PERSON, Columns, Floats, Ints
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.measure.query.metric_store import MetricStore, filter_team
from helpdesk_kpi.measure.statistics.intervals import quantile
from helpdesk_kpi.measure.tickets.stage_durations import STAGES

#: What has to be built for the review, besides the KPIs of the catalogue.
EVIDENCE = (("time_in_stage", "strict"), ("team_moves", "strict"))
OURS = ("queue", "agent", "hand_over", "escalated")  # stages that the team can shorten
FEWEST = 10  # tickets of a cell; fewer are no bottleneck
BEFORE = 6  # periods before, for the usual number of a category
GROWN = 3.0  # standard deviations above the usual number
MOST = 10  # rows of each list
LONGEST = 0.95  # quantile at which times are cut


class StageTime(NamedTuple):
    """One stage over the period. Times are working ms by each ticket's calendar."""

    stage: str
    tickets: int
    total: float
    share: float  # of the time in all stages


class Bottleneck(NamedTuple):
    """A stage that takes longer in one team or category than elsewhere."""

    stage: str
    axis: str  # team, category
    name: str
    tickets: int
    mean: float  # ms a ticket
    elsewhere: float  # ms a ticket in the same stage of all others
    excess: float  # ms: (mean - elsewhere) x tickets


class Route(NamedTuple):
    """Moves of tickets from one team to another."""

    sender: str
    receiver: str
    tickets: int
    returned: int  # moves back to a team that had the ticket before


class CategoryGrowth(NamedTuple):
    """A category with more new tickets than before."""

    name: str
    tickets: int
    usual: float  # mean of the periods before


def measure_stages(reader: MetricStore, period: Period, as_of: int, team: str | None = None) -> list[StageTime]:
    """Time by stage, in the order of a ticket's progress. `team`: time in that team only."""
    rows, took = _stage_intervals(reader, period, as_of, team)
    whole = float(took.sum())
    found = []
    for stage in STAGES:
        here = rows.facet == rows.code(stage)
        total = float(took[here].sum())
        found.append(StageTime(stage, len(np.unique(rows.ticket[here])), total, total / whole if whole else 0.0))
    return found


def find_bottlenecks(reader: MetricStore, period: Period, as_of: int, team: str | None = None) -> list[Bottleneck]:
    """Stages with the largest excess time compared with the same stage elsewhere, largest first.

    `team`: that team compared with the others, and its categories with each other.
    """
    rows, took = _stage_intervals(reader, period, as_of)
    found = [one for one in _bottlenecks(reader, rows, took, "team") if team in {None, one.name}]
    if team is not None:
        rows, took = _stage_intervals(reader, period, as_of, team)
    found += _bottlenecks(reader, rows, took, "category")
    return sorted(found, key=lambda one: -one.excess)[:MOST]


def _bottlenecks(reader: MetricStore, rows: Columns, took: Floats, axis: str) -> Iterator[Bottleneck]:
    labels = reader.labels(rows, axis)
    for stage in OURS:
        here = (rows.facet == rows.code(stage)) & (labels != NO_PERSON)
        cells, times = _by_ticket(rows.ticket[here], labels[here], took[here])
        for code in np.unique(cells):
            mine, others = times[cells == code], times[cells != code]
            if min(len(mine), len(others)) >= FEWEST and mine.mean() > others.mean():
                mean, elsewhere = float(mine.mean()), float(others.mean())
                name = reader.label_name(rows, axis, int(code)) or ""
                yield Bottleneck(stage, axis, name, len(mine), mean, elsewhere, (mean - elsewhere) * len(mine))


def _by_ticket(tickets: Ints, labels: Ints, took: Floats) -> tuple[Ints, Floats]:
    """(label, time) of every ticket; times are cut at a quantile: one forgotten ticket is no bottleneck."""
    pairs, place = np.unique(np.stack([labels, tickets]), axis=1, return_inverse=True)
    times: Floats = np.bincount(place.reshape(-1), weights=took, minlength=pairs.shape[1]).astype(np.float64)
    longest = quantile(times, LONGEST)
    return pairs[0], times if longest is None else np.minimum(times, longest)


def _stage_intervals(
    reader: MetricStore, period: Period, as_of: int, team: str | None = None
) -> tuple[Columns, Floats]:
    """Stage intervals that overlap the period, and their working ms within it."""
    rows = reader.slice("time_in_stage", "strict", **filter_team(team))
    end = min(period.end, as_of)
    here = (rows.start < end) & (rows.end > period.start) & rows.exist(as_of)
    rows = rows.take(here & (rows.stop == 0))
    took = reader.business_ms(rows, np.maximum(rows.start, period.start), np.minimum(rows.end, end))
    return rows, took.astype(np.float64)


def list_routes(reader: MetricStore, period: Period, as_of: int, team: str | None = None) -> list[Route]:
    """Routes between teams, those with most returns first. `team`: routes to it and from it."""
    rows = reader.columns("team_moves").between(period.start, min(period.end, as_of))
    rows = rows.take(rows.exist(as_of) & (rows.stop == 0))
    found = []
    for code in np.unique(rows.facet):
        word, mine = rows.words[code], rows.facet == code
        if word is not None:
            sender, receiver = (reader.teams.get(int(key), key) for key in word.split(">"))
            if team in {None, sender, receiver}:
                found.append(Route(sender, receiver, int(mine.sum()), int(rows.value[mine].sum())))
    return sorted(found, key=lambda one: (-one.returned, -one.tickets))[:MOST]


def find_growing_categories(
    reader: MetricStore, period: Period, as_of: int, team: str | None = None
) -> list[CategoryGrowth]:
    """Categories with significantly more new tickets than in the periods before, largest growth first.

    Counts are treated as Poisson: z = (n - m) / sqrt(m + m / k), with m the mean of k periods before.
    """
    now = _count_created(reader, period, as_of, team)
    known = reader.history_from or 0
    spans = [period.shift_back(n) for n in range(1, BEFORE + 1)]
    before = [
        _count_created(reader, span, span.end + as_of - period.end, team) for span in spans if span.start >= known
    ]
    found = []
    for name, n in now.items():
        usual = sum(counts.get(name, 0) for counts in before) / len(before) if before else 0.0
        if len(before) >= 2 and n - usual > GROWN * math.sqrt(max(usual, 1.0) * (1 + 1 / len(before))):
            found.append(CategoryGrowth(name, n, usual))
    return sorted(found, key=lambda one: one.usual - one.tickets)[:MOST]


def _count_created(reader: MetricStore, period: Period, as_of: int, team: str | None) -> dict[str, int]:
    """New tickets by category."""
    rows = reader.slice("first_reply_time", "strict", **filter_team(team)).between(period.start, min(period.end, as_of))
    rows = rows.take(rows.exist(as_of))
    labels = reader.labels(rows, "category")
    codes, counts = np.unique(labels[labels != NO_PERSON], return_counts=True)
    names = [reader.label_name(rows, "category", int(code)) or "" for code in codes]
    return dict(zip(names, counts.tolist(), strict=True))


class CategoryRecurrence(NamedTuple):
    """A category with repeat contacts."""

    name: str
    repeats: int  # solved tickets with a repeat contact
    solved: int  # solved tickets with a completed window


REPEATS = "recurrence_rate"


def recurrence_by_category(
    reader: MetricStore, period: Period, as_of: int, team: str | None = None
) -> list[CategoryRecurrence]:
    """Categories by the number of solved tickets with a repeat contact."""
    query = build_query(REPEATS, period, as_of, "strict", **filter_team(team))
    found = []
    for name in reader.names(query, "category"):
        value = reader.compute(query.narrow(category=name))
        if name is not None and (repeats := round((value.value or 0) * value.n)):
            found.append(CategoryRecurrence(name, repeats, round(value.n)))
    return sorted(found, key=lambda one: (-one.repeats, one.name))[:MOST]


class ProcessReview(NamedTuple):
    """All parts of the review."""

    stages: Sequence[StageTime]
    bottlenecks: Sequence[Bottleneck]
    routes: Sequence[Route]
    recurring: Sequence[CategoryRecurrence]
    growing: Sequence[CategoryGrowth]


def build_review(reader: MetricStore, period: Period, as_of: int, team: str | None = None) -> ProcessReview:
    of = (reader, period, as_of, team)
    return ProcessReview(
        measure_stages(*of),
        find_bottlenecks(*of),
        list_routes(*of),
        recurrence_by_category(*of),
        find_growing_categories(*of),
    )
