"""What `status` shows."""

from collections.abc import Iterator
from typing import Any

from helpdesk_kpi.calendar.periods import format_label
from helpdesk_kpi.cli.app_context import AppContext, iso
from helpdesk_kpi.cli.jobs import report_rule
from helpdesk_kpi.deliver import ledger, slots, variants
from helpdesk_kpi.deliver.ledger_migrations import migrate_ledger
from helpdesk_kpi.identities.survey_dimensions import find_unmapped_questions
from helpdesk_kpi.pull.reading_version import find_sources_read_by_earlier_versions
from helpdesk_kpi.report.report_data import complete_until
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.build_queue import count_stale
from helpdesk_kpi.text.rules_version import custom_gratitude, find_outdated_sources


def collect_status(desk: AppContext, store: Store) -> dict[str, Any]:
    """Freshness, streams, reports and their problems, as plain values."""
    migrate_ledger(store.db)
    fresh = complete_until(store, desk.config.config)
    return {
        "store": str(store.path),
        "tickets": store.one("SELECT count(*) FROM tickets WHERE created_at IS NOT NULL"),
        "stale": count_stale(store),
        "sources": {name: {"whole_to": iso(fresh[name]) or None, "streams": _streams(store, name)} for name in fresh},
        "questions_without_dimension": {
            one.label: one.answers for one in find_unmapped_questions(store, desk.config.config)
        },
        "read_with_other_words": find_outdated_sources(store, custom_gratitude(desk.config.config)),
        "read_by_earlier_version": find_sources_read_by_earlier_versions(store, desk.config.config),
        "reports": {name: _report(desk, store, name) for name in desk.config.config.reports},
    }


def _streams(store: Store, source: str) -> dict[str, Any]:
    rows = store.rows(
        "SELECT c.stream, c.state, c.reason, c.ran_at, c.complete_until, (SELECT count(*) FROM rejected_rows a"
        " WHERE a.source = c.source AND a.stream = c.stream) FROM cursors c JOIN sources s ON s.id = c.source"
        " WHERE s.name = ? ORDER BY c.stream",
        source,
    )
    return {
        stream: {
            "state": state, "reason": reason, "ran_at": iso(ran_at) or None, "whole_to": iso(until) or None,
            "set_aside": aside,
        }
        for stream, state, reason, ran_at, until, aside in rows
    }  # fmt: skip


def _report(desk: AppContext, store: Store, name: str) -> dict[str, Any]:
    rows = [r for r in ledger.list_deliveries(store.conn) if r.report.partition(":")[0] == name]
    rule = report_rule(desk, name)
    unwell = [r for r in rows if r.state in {"unknown", "failed"}]
    whole = [r.sent_at for r in rows if r.sent_at and variants.is_complete(r.variant)]
    return {
        "last_sent": iso(max(whole, default=None)) or None,
        "next": iso(rule.next_after(desk.now())) if rule else None,
        "problems": [
            *(f"delivery {r.id} to {r.recipient} is {r.state}: {r.detail or 'no answer'}" for r in unwell),
            *_slots(desk, store, name),
        ],
    }


def _slots(desk: AppContext, store: Store, name: str) -> Iterator[str]:
    """What was due and is not done."""
    for slot in slots.list_slots(store.conn, name):
        label = format_label(slot.start, slot.end, desk.config.config.timezone)
        if slot.state == "missed":
            yield f"{label} was given up: {slot.detail}"
        elif slot.state == "open" and slot.detail:
            again = f"; tried again at {iso(slot.next_try)}" if slot.next_try else ""
            yield f"{label} is not done: {slot.detail}{again}"
