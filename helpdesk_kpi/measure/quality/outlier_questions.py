"""Outlier questions: people with unusual shares that deserve a look. They are questions, not penalties.

Each question is a share of actions of the team (see `kpi/outlier_questions.py`). A person is reported only outside the
99.8 % limits around the share of all others, so that hardly anybody is reported among equals.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.measure.metrics.columns import NO_PERSON, Columns, Floats, Ints
from helpdesk_kpi.measure.metrics.contract import Kpi
from helpdesk_kpi.measure.metrics.discovery import load_kpis
from helpdesk_kpi.measure.metrics.metric_value import Point
from helpdesk_kpi.measure.query.metric_query import Bools
from helpdesk_kpi.measure.query.metric_store import HISTORY_PERIODS, MetricStore, filter_team
from helpdesk_kpi.measure.statistics.control_chart import detect_signal
from helpdesk_kpi.measure.statistics.funnel import place
from helpdesk_kpi.milliseconds import HOUR

FEWEST = 10  # units of one person; fewer are not tested
LAST_HOURS = 4 * HOUR
LAST_PART = 10  # the last tenth of a period is its end
PICKED, SPLIT, AT_THE_END = "taken_from_queue", "opened_for_customer", "written_at_the_end"


class OutlierPerson(NamedTuple):
    """A person with an unusual share."""

    agent: str
    share: float
    n: float
    others: float  # share of all others
    tickets: Sequence[int]  # that count, newest first
    articles: Sequence[int] = ()  # for questions about articles


class OutlierQuestion(NamedTuple):
    """A question over a period, with its outliers."""

    kpi: Kpi
    n: float
    share: float | None
    people: Sequence[OutlierPerson]


def list_outlier_kpis() -> dict[str, Kpi]:
    return {name: found for name, found in load_kpis().items() if found.role == "question"}


def find_outliers(
    reader: MetricStore, period: Period, as_of: int, team: str | None = None
) -> Iterator[OutlierQuestion]:
    """Evaluate every question for a period as known at `as_of`. `team`: one team only."""
    for name, kpi in list_outlier_kpis().items():
        rows = _select_rows(reader.slice(name, "strict", **filter_team(team)), period, as_of)
        yield _build_question(reader, kpi, rows, _counts(reader, name, rows, period, as_of).astype(float))


def _counts(reader: MetricStore, question: str, rows: Columns, period: Period, as_of: int) -> Bools:
    """Rows that answer the question with yes; some questions need other tickets or the period."""
    if question == PICKED:
        return count_taken_over_older(reader, rows, as_of)
    if question == SPLIT:
        return split_people(reader, rows, as_of)
    if question == AT_THE_END:
        at_the_end: Bools = rows.at >= period.end - (period.end - period.start) // LAST_PART
        return at_the_end
    yes: Bools = rows.value == 1
    return yes


def split_people(reader: MetricStore, opened: Columns, as_of: int) -> Bools:
    """Tickets created within an hour of another one of the same customer about the same problem."""
    repeats = reader.repeats(as_of)
    sql = "SELECT id, created_at FROM tickets WHERE id IN (SELECT value FROM json_each(?))"
    begun = dict(reader.store.rows(sql, repeats.ticket.tolist()))
    soon = {
        int(end)
        for end, earlier in zip(repeats.end, repeats.ticket, strict=True)
        if end - begun.get(int(earlier), 0) <= HOUR
    }
    return np.isin(opened.created, sorted(soon))


def _select_rows(rows: Columns, period: Period, as_of: int) -> Columns:
    here = rows.between(period.start, period.end)
    return here.take(here.exist(as_of) & (here.stop == 0))


def _build_question(reader: MetricStore, kpi: Kpi, rows: Columns, counts: Floats) -> OutlierQuestion:
    people = []
    labels = reader.labels(rows, "agent")
    n, x = float(len(rows)), float(counts.sum())
    for code in np.unique(labels[labels != NO_PERSON]):
        mine = labels == code
        mine_n, mine_x = float(mine.sum()), float(counts[mine].sum())
        if mine_n < FEWEST or n - mine_n < FEWEST:
            continue
        others, share = (x - mine_x) / (n - mine_n), mine_x / mine_n
        if share > others and place(share, others, mine_n) == "signal":
            newest = np.flatnonzero(mine & (counts == 1))[::-1]
            name = reader.label_name(rows, "agent", int(code)) or ""
            people.append(OutlierPerson(name, share, mine_n, others, *_about(rows.take(newest), kpi)))
    return OutlierQuestion(kpi, n, x / n if n else None, sorted(people, key=lambda p: -p.share))


def _about(rows: Columns, kpi: Kpi) -> tuple[list[int], list[int]]:
    """Keys of the tickets, and of the articles, of these rows."""
    tickets = [key for key in rows.ticket.tolist() if key != NO_PERSON]
    return (tickets, []) if tickets or kpi.subject != "article" else ([], rows.story.tolist())


def count_taken_over_older(reader: MetricStore, taken: Columns, as_of: int) -> Bools:
    """Tickets taken while an older one of at least the same severity was unassigned in the same queue."""
    found = np.zeros(len(taken), bool)
    if not len(taken):
        return found
    open_ = reader.columns("backlog")
    free = (open_.agent == NO_PERSON) & (open_.known <= as_of) & (open_.stop == 0)
    free &= (open_.start < taken.at.max()) & (open_.end > taken.at.min())
    waiting = open_.take(free)
    order = sorted({word for rows in (waiting, taken) for word in rows.words if word is not None})
    levels = _levels(waiting, order), _levels(taken, order)
    teams = reader.labels(waiting, "team"), reader.labels(taken, "team")
    for i in range(len(taken)):
        older = (waiting.start <= taken.at[i]) & (waiting.end > taken.at[i]) & (waiting.created < taken.created[i])
        older &= (teams[0] == teams[1][i]) & (levels[0] <= levels[1][i]) & (waiting.ticket != taken.ticket[i])
        found[i] = bool(older.any())
    return found


def _levels(rows: Columns, order: Sequence[str]) -> Ints:
    """Rank of each row's severity: P0 before P1, by name; rows without a severity last."""
    rank = np.array([len(order) if word is None else order.index(word) for word in rows.words], np.int64)
    place_of: Ints = rank[rows.severity]
    return place_of


def share_solved_at_end(
    reader: MetricStore, period: Period, as_of: int, team: str | None = None
) -> tuple[float, float, float | None] | None:
    """(solves in the period's last four hours, all solves, usual upper limit); None: not unusually many."""
    rows = reader.slice("solved_tickets", "strict", **filter_team(team))
    points = []
    for back in range(HISTORY_PERIODS, -1, -1):
        span = period.shift_back(back) if back else period
        here = _select_rows(rows, span, min(as_of, span.end + max(as_of - period.end, 0)))
        late = float((here.at >= span.end - LAST_HOURS).sum())
        points.append(Point(span.label, late / len(here) if len(here) else None, float(len(here))))
    verdict = detect_signal(tuple(points[:-1]), points[-1], "share", "neither")
    now = points[-1]
    if verdict.verdict != "signal" or verdict.direction != "more" or now.value is None:
        return None
    return now.value * now.n, now.n, verdict.high
