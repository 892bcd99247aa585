"""Cluster units by customer, and bootstrap intervals over customers."""

import numpy as np

from helpdesk_kpi.identities.customer_identity import load_customer_identities
from helpdesk_kpi.measure.benchmarking.units import UnitKind, UnitRows
from helpdesk_kpi.measure.metrics.columns import NO_PERSON, Columns, Ints
from helpdesk_kpi.measure.statistics import bootstrap
from helpdesk_kpi.store import Store

Interval = tuple[float | None, float | None]


def load_clusters(store: Store, rows: Columns) -> Ints:
    """Row -> customer of its ticket, merged across helpdesks; rows without a requester are clusters of their own."""
    tickets = np.unique(rows.ticket[rows.ticket != NO_PERSON])
    sql = "SELECT t.id, t.requester FROM json_each(?) j JOIN tickets t ON t.id = j.value WHERE t.requester IS NOT NULL"
    same = load_customer_identities(store)
    requesters = {ticket: same[requester] for ticket, requester in store.rows(sql, tickets.tolist())}
    alone = -2 - np.arange(len(rows))
    return np.array([requesters.get(int(t), int(a)) for t, a in zip(rows.ticket, alone, strict=True)], np.int64)


def cluster_bootstrap(kind: UnitKind, counted: UnitRows, of: Ints, seed: int) -> Interval:
    """The 95 % interval of a share, mean score or median duration; (None, None) for counts."""
    if kind == "duration":
        return bootstrap.quantile(counted.value, ~counted.running, of, 0.5, seed)
    return (None, None) if kind == "count" else bootstrap.mean(counted.value, counted.weight, of, seed)
