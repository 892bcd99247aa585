"""Bounds of a share under missing data, and the share with each customer counted once.

Repeat contacts are detected by their wording, so a problem described in other words is missed; the upper bound takes
every later ticket of the same customer and category for the same problem. The satisfaction of customers who did not
answer is unknown; the bounds assume that all, or none, of them are satisfied (C. F. Manski, American Economic Review 80
(1990) 319). With each customer counted once, the share is the mean of the customers' own shares.
"""

from typing import NamedTuple

import numpy as np

from helpdesk_kpi.measure.benchmarking.customer_clusters import load_clusters
from helpdesk_kpi.measure.metrics.columns import NO_PERSON, Columns, Ints
from helpdesk_kpi.measure.metrics.contract import EXCLUDED, Followup
from helpdesk_kpi.measure.metrics.discovery import get_kpi
from helpdesk_kpi.measure.query.aggregate import list_contributions
from helpdesk_kpi.measure.query.metric_query import Bools, Contributions, MetricQuery, select_rows
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.measure.recurrence.pair_labelling import uses_recurrence
from helpdesk_kpi.milliseconds import DAY


class ShareBounds(NamedTuple):
    """Lower and upper bound, and the mean of the customers' own shares."""

    low: float
    high: float
    each_customer_once: float


def share_bounds(reader: MetricStore, query: MetricQuery) -> ShareBounds | None:
    """Bounds of CSAT and of recurrence rates; None: another KPI, or no rows."""
    statistic = query.statistic
    is_recurrence = isinstance(statistic, Followup) and statistic.of == "followed" and uses_recurrence(statistic)
    if not is_recurrence and query.kpi.id != "csat":
        return None
    rows, exists = select_rows(query, reader.query_slice(query))
    rows = rows.take(exists & ~rows.has_stop_reason(EXCLUDED))
    parts = list_contributions(query, rows, reader)
    if parts is None or parts.share is None:
        return None
    own = load_clusters(reader.store, rows)
    if isinstance(statistic, Followup):
        again = _wrote_again(reader, rows, own, statistic.days, query.as_of)
        low, high = parts.share, float(np.where(again, parts.counts, parts.adds).sum()) / parts.n
    else:
        low, high = _bounds_with_nonresponse(reader, parts.share, query)
    return ShareBounds(low, high, _count_customers_once(own, parts))


def _count_customers_once(own: Ints, parts: Contributions) -> float:
    _, of = np.unique(own, return_inverse=True)
    counts, adds = np.bincount(of, parts.counts), np.bincount(of, parts.adds)
    return float((adds[counts > 0] / counts[counts > 0]).mean())


def _bounds_with_nonresponse(reader: MetricStore, share: float, query: MetricQuery) -> tuple[float, float]:
    """The share of all surveyed customers if the others were all dissatisfied, or all satisfied.

    If the source does not report who was surveyed, the bounds are 0 and 1.
    """
    where = {axis: name for axis, name in query.where.items() if axis != "facet"}
    answered = reader.compute(query.replace(kpi=get_kpi("csat_response_rate"), variant="strict", where=where))
    rate = answered.value or 0.0
    return share * rate, share * rate + 1 - rate


def _wrote_again(reader: MetricStore, rows: Columns, own: Ints, days: int, as_of: int) -> Bools:
    """Rows after which the customer opened another ticket of the same category within `days`."""
    made = reader.columns("channel_mix")  # one row for every ticket, when it was opened
    made = made.take(made.exist(as_of) & ~made.has_stop_reason(EXCLUDED))
    wrote, about = load_clusters(reader.store, made), reader.labels(made, "category")
    opened: dict[tuple[int, int], list[int]] = {}
    for customer, category, at in zip(wrote.tolist(), about.tolist(), made.at.tolist(), strict=True):
        opened.setdefault((customer, category), []).append(at)
    found = np.zeros(len(rows), bool)
    categories = reader.labels(rows, "category").tolist()
    for i, (customer, category, at) in enumerate(zip(own.tolist(), categories, rows.at.tolist(), strict=True)):
        is_known = customer >= 0 and category != NO_PERSON
        found[i] = is_known and any(at < one <= at + days * DAY for one in opened.get((customer, category), ()))
    return found
