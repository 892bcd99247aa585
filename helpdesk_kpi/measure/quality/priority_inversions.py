"""Priority inversions: urgent tickets that waited while less urgent ones of the same queue were answered.

They are questions, not verdicts: the person who answered may not have been able to help with the urgent ticket.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.config import suggest
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.metrics.columns import NO_PERSON, Columns, Ints
from helpdesk_kpi.measure.metrics.contract import EXCLUDED
from helpdesk_kpi.measure.query.metric_store import MetricStore

URGENT, ORDINARY = ("P0", "P1"), ("P2", "P3")


class PriorityInversion(NamedTuple):
    """An urgent ticket that waited while others were answered first."""

    source: str | None
    ticket: str  # as the helpdesk calls it
    url: str | None
    team: str | None
    severity: str
    created: int
    ended: int | None  # first reply, or solve without one; None: still waiting
    before: tuple[str, ...]  # less urgent tickets, created after it and answered before it, in order of their replies


def find_priority_inversions(
    reader: MetricStore, period: Period, as_of: int, team: str | None = None
) -> list[PriorityInversion]:
    """Urgent tickets of the period that waited while their team gave first replies to less urgent, later tickets.

    The ones with the most such tickets come first. `team`: one team only.
    """
    rows = _select_rows(reader.columns("first_reply_time"), period.start, as_of)
    teams = reader.labels(rows, "team")
    answered = (rows.end <= as_of) & (rows.stop == 0) & _severity(rows, ORDINARY) & _of_the_team(reader, rows, teams)
    urgent = _severity(rows, URGENT) & (rows.at < period.end) & (teams != NO_PERSON)
    if team is not None:
        urgent &= teams == _team(reader, team)
    names = dict(reader.store.rows("SELECT id, native FROM tickets"))
    found = []
    for i in np.flatnonzero(urgent):
        until = min(int(rows.end[i]), as_of)
        later = np.arange(*np.searchsorted(rows.at, [rows.at[i] + 1, until]))
        first = later[answered[later] & (teams[later] == teams[i]) & (rows.end[later] < until)]
        if len(first):
            first = first[np.argsort(rows.end[first], kind="stable")]
            before = tuple(names[int(t)] for t in rows.ticket[first])
            name = reader.team_names[int(teams[i])]
            found.append(_build_inversion(reader, rows, int(i), as_of, team=name, before=before))
    return sorted(found, key=lambda one: (-len(one.before), one.created, one.ticket))


def _team(reader: MetricStore, name: str) -> int:
    if name not in reader.team_names:
        raise UsageError(f"no team named {name!r}{suggest(name, reader.team_names)}")
    return reader.team_names.index(name)


def _select_rows(rows: Columns, since: int, as_of: int) -> Columns:
    """Known, counting first replies to tickets from `since` on, in order of the tickets' creation."""
    return rows.take((rows.at >= since) & rows.exist(as_of) & ~rows.has_stop_reason(EXCLUDED))


def _severity(rows: Columns, levels: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.isin(rows.severity, [rows.code(level) for level in levels])


def _of_the_team(reader: MetricStore, rows: Columns, teams: Ints) -> NDArray[np.bool_]:
    """Whether the replier belongs to the ticket's team: by `[people]`, else assumed since they replied there."""
    found = np.zeros(len(rows), bool)
    for i in np.flatnonzero((rows.agent != NO_PERSON) & (teams != NO_PERSON)):
        human = reader.people.of.get(int(rows.agent[i]))
        own = human.team_at(int(rows.end[i])) if human else None
        found[i] = human is not None and own in {None, reader.team_names[int(teams[i])]}
    return found


def _build_inversion(
    reader: MetricStore, rows: Columns, i: int, as_of: int, *, team: str, before: tuple[str, ...]
) -> PriorityInversion:
    key = int(rows.ticket[i])
    [(native, url)] = reader.store.rows("SELECT native, url FROM tickets WHERE id = ?", key)
    return PriorityInversion(
        source=reader.dimension_label("source", key), ticket=native, url=url, team=team,
        severity=str(rows.words[rows.severity[i]]),
        created=int(rows.at[i]), ended=int(rows.end[i]) if rows.end[i] <= as_of else None, before=before,
    )  # fmt: skip
