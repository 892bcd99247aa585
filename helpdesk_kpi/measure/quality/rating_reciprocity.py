"""Reciprocity of peer ratings: a question about a team, never about two people.

Individual ratings are confidential: keyed hashes of raters are compared with those of the team's people, and only one
number for ten pairs or more leaves this module.
"""

import numpy as np

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.measure.metrics.columns import Columns, Ints
from helpdesk_kpi.measure.query.metric_query import build_query, select_rows
from helpdesk_kpi.measure.query.metric_store import MetricStore, filter_team
from helpdesk_kpi.measure.statistics.reciprocity import Reciprocity, reciprocity
from helpdesk_kpi.model import MAIN
from helpdesk_kpi.registers.lookup import RegisterLookup


def measure_reciprocity(reader: MetricStore, period: Period, as_of: int, team: str | None = None) -> Reciprocity | None:
    """Reciprocity of the period's peer ratings; None: not more than chance, or too few pairs."""
    query = build_query("peer_rating", period, as_of, "strict", **filter_team(team), facet=MAIN)
    rows, exists = select_rows(query, reader.query_slice(query))
    rows = reader.shown(query, rows.take(exists))
    found = reciprocity(_raters(reader, rows), reader.labels(rows, "agent"), rows.value)
    return found if found is not None and found.r > found.limit else None


def _raters(reader: MetricStore, rows: Columns) -> Ints:
    """Raters as codes of the rated people; unknown raters get codes of their own."""
    names = RegisterLookup(reader.store, reader.config)
    place = {name: code for code, name in enumerate(reader.agent_names)}
    known = {int(names.first_hash(human), 16): place[human.name] for human in names.agents.all}
    return np.array([known.get(rater, -rater) for rater in rows.rater.tolist()], np.int64)
