"""Similarity thresholds for repeat contacts: shipped, learned or configured."""

from typing import NamedTuple

import numpy as np

from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.metrics.columns import Columns
from helpdesk_kpi.measure.recurrence.evidence import TEXT
from helpdesk_kpi.store import Store


class Thresholds(NamedTuple):
    """Smallest similarity of two tickets of the same category, and of any two."""

    same_category: float
    any_category: float
    origin: str = "shipped"  # configured, learned, shipped


#: Chosen on one half of the labelled pairs in the tests, tested on the other half.
SHIPPED = Thresholds(0.3, 0.34)


def load_thresholds(store: Store, config: Config) -> Thresholds:
    """The configured thresholds, else the learned ones (`recurrence label`), else the shipped ones."""
    sql = "SELECT same_category, any_category FROM repeat_thresholds ORDER BY at DESC LIMIT 1"
    learned = [Thresholds(same, other, "learned") for same, other in store.rows(sql)]
    usual, own = (learned or [SHIPPED])[0], config.recurrence
    if own.same_category is None and own.any_category is None:
        return usual
    same = usual.same_category if own.same_category is None else own.same_category
    other = usual.any_category if own.any_category is None else own.any_category
    return Thresholds(same, max(same, other), "configured")


def confidence(rows: Columns, least: Thresholds) -> Columns:
    """Replace the value of evidence rows by their confidence; texts below the threshold get 0."""
    value = rows.value.copy()
    for reason, sure in TEXT.items():
        mask = rows.facet == rows.code(reason)
        value[mask] = np.where(value[mask] >= getattr(least, reason), sure, 0.0)
    parts = {name: getattr(rows, name) for name in rows.__struct_fields__}
    return Columns(**{**parts, "value": value})


def save_thresholds(store: Store, found: Thresholds, now: int) -> None:
    """Save learned thresholds; they apply to every query from now on."""
    with store.transaction() as conn:
        row = (now, found.same_category, found.any_category)
        conn.execute("INSERT OR REPLACE INTO repeat_thresholds VALUES (?, ?, ?)", row)
