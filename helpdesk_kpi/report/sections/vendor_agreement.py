"""How far our first replies are the helpdesk's own: one line of a report's footer.

Most tickets agree, which a comparison of two columns shows; only the others' stories are read.
"""

import numpy as np
from numpy.typing import NDArray

from helpdesk_kpi.measure.metrics.columns import NO_INSTANT, Columns
from helpdesk_kpi.measure.metrics.contract import EXCLUDED
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.measure.reconcile.causes import AGREE, EXCLUDED_HERE, ONE_SIDED_REASONS
from helpdesk_kpi.measure.reconcile.reconciler import Reconciler
from helpdesk_kpi.measure.reconcile.vendor_metrics import VENDOR_METRICS, VendorMetric
from helpdesk_kpi.report.context import RenderContext
from helpdesk_kpi.report.formatting import Formatter
from helpdesk_kpi.report.plain_text import sanitise
from helpdesk_kpi.report.result_types import ReportPeriod, VendorAgreement

KPI = "first_reply_time"
VENDORS = {"zendesk": "Zendesk", "jira_service_management": "Jira", "freshdesk": "Freshdesk"}


def load_vendor_agreement(reader: MetricStore, period: ReportPeriod, rows: Columns) -> tuple[VendorAgreement, ...]:
    """One for each source that has a figure of its own for the tickets behind `rows`, which are of first replies."""
    here = rows.between(period.start, period.end)
    counted = here.take((here.until == NO_INSTANT) & ~here.has_stop_reason(EXCLUDED))
    reconciler = Reconciler(reader.store, reader.config)
    names = reader.labels(counted, "source")
    found = []
    for name, connector in reconciler.sources.values():
        own = counted.take(np.array([reader.label_name(counted, "source", int(c)) == name for c in names], bool))
        metric = next((m for m in VENDOR_METRICS[connector] if m.kpi == KPI), None)
        if metric is not None and len(own):
            found.append(_agreement(reconciler, name, VENDORS.get(connector, connector), metric, own))
    return tuple(one for one in found if one.compared)


def _agreement(
    reconciler: Reconciler, source: str, vendor: str, metric: VendorMetric, rows: Columns
) -> VendorAgreement:
    same = _same(reconciler, metric, rows)
    reasons: dict[str, int] = {}
    agree = int(same.sum())
    for row in reconciler.of(rows.story[~same].tolist(), metric.name):
        if row.clock == "business" or row.reason in ONE_SIDED_REASONS | EXCLUDED_HERE:
            continue
        agree += row.reason in AGREE
        if row.reason not in AGREE:
            reasons[row.reason] = reasons.get(row.reason, 0) + 1
    ordered = dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))
    return VendorAgreement(source=source, vendor=vendor, agree=agree, reasons=ordered)


def _same(reconciler: Reconciler, metric: VendorMetric, rows: Columns) -> NDArray[np.bool_]:
    """Which first replies took as long as the helpdesk says. A promise's clock is another one: there, none is known."""
    sql = (
        "SELECT ticket, calendar FROM native_metrics WHERE metric = ? AND calendar IS NOT NULL"
        " AND ticket IN (SELECT value FROM json_each(?))"
    )
    wanted = rows.story.tolist()
    reported = {} if metric.is_sla else dict(reconciler.store.rows(sql, metric.name, wanted))
    native = np.array([reported.get(int(story), NO_INSTANT) for story in rows.story], np.int64)
    ended = (rows.end != NO_INSTANT) & (rows.stop == 0) & (native != NO_INSTANT)
    took = np.where(ended, rows.end - rows.start, 0)
    same: NDArray[np.bool_] = ended & (np.abs(took - np.where(ended, native, 0)) <= metric.unit)
    return same


def format_vendor_agreement(scene: RenderContext) -> list[str]:
    """ "First reply time: ours equals Zendesk's own on 412 of 420 tickets; 6 differ (6 answered by phone or chat)"."""
    facts, words = scene.figures.facts, scene.words
    if KPI not in facts.catalogue:
        return []
    vendors = [one.vendor for one in facts.agreements]
    lines = []
    for one in facts.agreements:
        owner = one.vendor
        if vendors.count(owner) > 1:
            owner = words.gettext("{vendor} ({source})", vendor=owner, source=sanitise(one.source))
        parts = [
            words.ngettext(
                "{title}: the same as {owner} for {agree} of {count} ticket",
                "{title}: the same as {owner} for {agree} of {count} tickets",
                n=one.compared,
                title=words.name(facts.catalogue[KPI]),
                owner=owner,
                agree=one.agree,
                count=one.compared,
            )
        ]
        if reasons := _reasons(one, words):
            parts.append(
                words.ngettext(
                    "{n} differs ({reasons})", "{n} differ ({reasons})", n=sum(one.explained.values()), reasons=reasons
                )
            )
        if one.unexplained:
            parts.append(words.ngettext("{n} is unexplained", "{n} are unexplained", n=one.unexplained))
        lines.append(words.gettext("; ").join(parts))
    return lines


def _reasons(one: VendorAgreement, words: Formatter) -> str:
    """ "4 solved before the reply, 3 answered by a bot first"; a single one needs no count of its own."""
    if len(one.explained) == 1:
        return words.reason(next(iter(one.explained)))
    return words.join_list(
        [words.pgettext("tickets", "{n} {reason}", n=n, reason=words.reason(code)) for code, n in one.explained.items()]
    )
