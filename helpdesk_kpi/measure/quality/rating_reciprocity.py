"""Whether colleagues who rate each other give back what they get: a question about a team, never about two people.

Who rated whom stays nobody's business: the keyed hashes are compared with those of the team's people, and nothing but
one number for ten pairs or more leaves this file.
"""

import numpy as np

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.measure.metrics.columns import Columns, Ints
from helpdesk_kpi.measure.metrics.discovery import get_kpi
from helpdesk_kpi.measure.query.metric_query import MetricQuery, select_rows
from helpdesk_kpi.measure.query.metric_store import MetricStore, filter_team
from helpdesk_kpi.measure.statistics.reciprocity import Reciprocity, reciprocity
from helpdesk_kpi.model import MAIN
from helpdesk_kpi.registers.lookup import RegisterLookup


def measure_reciprocity(reader: MetricStore, period: Period, as_of: int, team: str | None = None) -> Reciprocity | None:
    """Of the period's ratings by colleagues, where they answer each other by more than chance; else None."""
    query = MetricQuery(get_kpi("peer_rating"), "strict", period.start, period.end, as_of)
    rows, exists = select_rows(query, reader.slice("peer_rating", "strict", **filter_team(team), facet=MAIN))
    rows = reader.shown(query, rows.take(exists))
    found = reciprocity(_raters(reader, rows), reader.labels(rows, "agent"), rows.value)
    return found if found is not None and found.r > found.limit else None


def _raters(reader: MetricStore, rows: Columns) -> Ints:
    """Who rated, by the codes of those who are rated; people of whom nothing else is known have codes of their own."""
    names = RegisterLookup(reader.store, reader.config)
    place = {name: code for code, name in enumerate(reader.agent_names)}
    known = {int(names.first_hash(human), 16): place[human.name] for human in names.agents.all}
    return np.array([known.get(rater, -rater) for rater in rows.rater.tolist()], np.int64)
