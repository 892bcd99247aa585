"""Two looks at a share of problems that come back: what it could be at most, and each customer counted once.

Words are compared with care, so a problem that is told anew in other words is missed: had every later ticket of the
same customer and category been the same problem, the share would be its upper bound. And a customer with many tickets
weighs as much as they have: each counted once, the share is the mean of the customers' own.
"""

from typing import NamedTuple

import numpy as np

from helpdesk_kpi.measure.asked import Asked, Bools, existing
from helpdesk_kpi.measure.columns import NOBODY, Columns, Ints
from helpdesk_kpi.measure.contract import EXCLUDED, Kpi, Within
from helpdesk_kpi.measure.fairness.customers import customers
from helpdesk_kpi.measure.periods import Period
from helpdesk_kpi.measure.reader import Reader
from helpdesk_kpi.measure.windows import within_parts
from helpdesk_kpi.milliseconds import DAY


class Bounds(NamedTuple):
    at_most: float
    each_customer_once: float


def bounds(reader: Reader, kpi: Kpi, variant: str, period: Period, as_of: int, **where: str | None) -> Bounds | None:
    """Of a share of what is followed by another ticket; None where nothing is over yet."""
    told = kpi.statistic_of(variant)
    assert isinstance(told, Within)
    asked = Asked(kpi, variant, period.start, period.end, as_of)
    rows, exists = existing(asked, reader.slice(kpi.id, variant, **where))
    rows = rows.take(exists & ~rows.stopped(EXCLUDED))
    parts = within_parts(asked, rows, reader.policy(kpi, variant))
    if not parts.n:
        return None
    own = customers(reader.store, rows)
    again = _wrote_again(reader, rows, own, told.days, as_of)
    at_most = float(np.where(again, parts.counts, parts.adds).sum()) / parts.n
    _, of = np.unique(own, return_inverse=True)
    counts, adds = np.bincount(of, parts.counts), np.bincount(of, parts.adds)
    return Bounds(at_most, float((adds[counts > 0] / counts[counts > 0]).mean()))


def _wrote_again(reader: Reader, rows: Columns, own: Ints, days: int, as_of: int) -> Bools:
    """After which rows their customer opened another ticket of the same category within so many days."""
    made = reader.columns("channel_mix")  # one row for every ticket, when it was opened
    made = made.take(made.exist(as_of) & ~made.stopped(EXCLUDED))
    wrote, about = customers(reader.store, made), reader.labels(made, "category")
    opened: dict[tuple[int, int], list[int]] = {}
    for customer, category, at in zip(wrote.tolist(), about.tolist(), made.at.tolist(), strict=True):
        opened.setdefault((customer, category), []).append(at)
    found = np.zeros(len(rows), bool)
    categories = reader.labels(rows, "category").tolist()
    for i, (customer, category, at) in enumerate(zip(own.tolist(), categories, rows.at.tolist(), strict=True)):
        is_known = customer >= 0 and category != NOBODY
        found[i] = is_known and any(at < one <= at + days * DAY for one in opened.get((customer, category), ()))
    return found
