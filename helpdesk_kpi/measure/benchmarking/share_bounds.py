"""How far a share could be from what it says: its bounds, and what it is with each customer counted once.

What comes back is found by words, with care, so a problem that is told anew in other words is missed: the upper bound
is that every later ticket of the same customer and category is the same problem. Of those who were asked how satisfied
they are and did not answer, nothing is known: the bounds are that all, or none, of them are (C. F. Manski, American
Economic Review 80 (1990) 319). And a customer with many tickets weighs as much as they have: each counted once, the
share is the mean of the customers' own.
"""

from typing import NamedTuple

import numpy as np

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.measure.benchmarking.customer_clusters import load_clusters
from helpdesk_kpi.measure.metrics.columns import NO_PERSON, Columns, Ints
from helpdesk_kpi.measure.metrics.contract import EXCLUDED, Followup, Kpi
from helpdesk_kpi.measure.metrics.discovery import get_kpi
from helpdesk_kpi.measure.query.aggregate import list_contributions as parts_of
from helpdesk_kpi.measure.query.metric_query import Bools, Contributions, MetricQuery, select_rows
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.measure.recurrence.pair_labelling import uses_recurrence
from helpdesk_kpi.milliseconds import DAY


class ShareBounds(NamedTuple):
    low: float
    high: float
    each_customer_once: float


def share_bounds(
    reader: MetricStore, kpi: Kpi, variant: str, period: Period, as_of: int, **where: str | None
) -> ShareBounds | None:
    """Of satisfaction, and of the share of what comes back; None for other figures, and where there is nothing yet."""
    statistic = kpi.statistic_of(variant)
    comes_back = isinstance(statistic, Followup) and statistic.of == "followed" and uses_recurrence(statistic)
    if not comes_back and kpi.id != "csat":
        return None
    query = MetricQuery(kpi, variant, period.start, period.end, as_of)
    rows, exists = select_rows(query, reader.slice(kpi.id, variant, **where))
    rows = rows.take(exists & ~rows.has_stop_reason(EXCLUDED))
    parts = parts_of(query, rows, reader.policy(kpi, variant))
    if parts is None or parts.share is None:
        return None
    own = load_clusters(reader.store, rows)
    if isinstance(statistic, Followup):
        again = _wrote_again(reader, rows, own, statistic.days, as_of)
        low, high = parts.share, float(np.where(again, parts.counts, parts.adds).sum()) / parts.n
    else:
        low, high = _bounds_with_nonresponse(reader, parts.share, period, as_of, where)
    return ShareBounds(low, high, _count_customers_once(own, parts))


def _count_customers_once(own: Ints, parts: Contributions) -> float:
    _, of = np.unique(own, return_inverse=True)
    counts, adds = np.bincount(of, parts.counts), np.bincount(of, parts.adds)
    return float((adds[counts > 0] / counts[counts > 0]).mean())


def _bounds_with_nonresponse(
    reader: MetricStore, share: float, period: Period, as_of: int, where: dict[str, str | None]
) -> tuple[float, float]:
    """The share as it would be of everybody who was asked, if all the others were unhappy, or happy.

    Where nobody tells who was asked, nothing is known of the others: 0 to 1.
    """
    about = {axis: name for axis, name in where.items() if axis != "facet"}
    answered = reader.compute(get_kpi("csat_response_rate"), period, as_of, "strict", **about)
    rate = answered.value or 0.0
    return share * rate, share * rate + 1 - rate


def _wrote_again(reader: MetricStore, rows: Columns, own: Ints, days: int, as_of: int) -> Bools:
    """After which rows their customer opened another ticket of the same category within so many days."""
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
