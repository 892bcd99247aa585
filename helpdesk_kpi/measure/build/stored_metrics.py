"""Which KPI variants have stored observations (table `metrics`)."""

from collections.abc import Iterable
from typing import NamedTuple

from helpdesk_kpi.measure.metrics.contract import Followup, Kpi, Ratio, Variant
from helpdesk_kpi.measure.metrics.discovery import load_kpis
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.staleness import mark_metrics, mark_subjects

NOT_INSTALLED = -1  # instead of a revision


class StoredMetric(NamedTuple):
    """A KPI variant and its key in the store."""

    id: int
    kpi: Kpi
    variant: Variant


def register_metrics(store: Store, extra: Iterable[tuple[str, str]] = ()) -> list[StoredMetric]:
    """Make sure that the default metrics and the `extra` (kpi, variant) pairs are stored from now on; return all.

    A metric that is new or has a new revision makes the subjects of its kind stale, for this metric only; if that is
    most of the metrics of the kind, for all of them. One that is no longer installed counts as new when it comes back.
    """
    kpis = load_kpis()
    wanted = dict.fromkeys([*((kpi, "strict") for kpi in list_default_metrics()), *extra])
    with store.transaction() as conn:
        stored = {(kpi, variant): (key, at) for key, kpi, variant, at in store.rows("SELECT * FROM metrics")}
        changed: dict[str, list[int]] = {}
        for kpi, variant in {**wanted, **stored}:
            is_installed = kpi in kpis and variant in kpis[kpi].variants
            revision = kpis[kpi].revision if is_installed else NOT_INSTALLED
            key, before = stored.get((kpi, variant), (None, None))
            if before == revision:
                continue
            sql = (
                "INSERT INTO metrics (kpi, variant, revision) VALUES (?, ?, ?)"
                " ON CONFLICT (kpi, variant) DO UPDATE SET revision = excluded.revision"
            )
            inserted = conn.execute(sql, (kpi, variant, revision)).lastrowid
            if is_installed:
                changed.setdefault(kpis[kpi].subject, []).append(key or int(inserted or 0))
        kinds: list[str] = [kpis[kpi].subject for kpi, variant in {**wanted, **stored} if kpi in kpis]
        for kind, metrics in changed.items():
            if 2 * len(metrics) > kinds.count(kind):  # a mark for each metric and subject would cost more than it saves
                mark_subjects(conn, [kind])
            else:
                mark_metrics(conn, kind, metrics)
    return load_stored_metrics(store)


def list_default_metrics() -> list[str]:
    """The KPIs of the catalogue, and the evidence that they join or are ratios of."""
    kpis = load_kpis()
    statistics = [kpi.statistic_of(name) for kpi in kpis.values() if kpi.role == "kpi" for name in kpi.variants]
    joined = {statistic.joined for statistic in statistics if isinstance(statistic, Followup)}
    joined |= {part for statistic in statistics if isinstance(statistic, Ratio) for part in (statistic.a, statistic.b)}
    return [name for name, kpi in kpis.items() if kpi.role == "kpi" or name in joined]


def load_stored_metrics(store: Store) -> list[StoredMetric]:
    """All stored metrics whose KPI is installed."""
    kpis = load_kpis()
    rows = store.rows("SELECT id, kpi, variant FROM metrics ORDER BY id")
    return [StoredMetric(i, kpis[k], kpis[k].variants[v]) for i, k, v in rows if k in kpis and v in kpis[k].variants]
