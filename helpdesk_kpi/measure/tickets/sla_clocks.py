"""Runs of a ticket's SLA clocks, from cycles (Jira, Freshdesk) or SLA events (Zendesk)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from helpdesk_kpi.milliseconds import DAY
from helpdesk_kpi.store.ticket_records import SlaCycleRecord, SlaEventRecord

#: Vendor's name of an SLA metric -> the KPI with the same span. Other names stay as they are.
KPI_OF = {
    "reply_time": "first_reply_time",  # Zendesk's metric; from the second run on, it is about the next reply
    "resolution_time": "full_resolution_time",
    "requester_wait_time": "requester_wait_time",
    "first_response": "first_reply_time",
    "next_response": "next_reply_time",
    "resolution": "full_resolution_time",
}
NOT_YET = 100 * 365 * DAY  # replaces an unknown deadline


class SlaRun(NamedTuple):
    """One run of an SLA clock."""

    metric: str  # a KPI's id, or the helpdesk's own word
    start: int
    end: int | None  # None: it still runs
    due: int  # the run is late if it ends after this, or still runs then


def list_sla_runs(
    cycles: Iterable[SlaCycleRecord], events: Sequence[SlaEventRecord], roles: Mapping[str, str]
) -> list[SlaRun]:
    """All SLA runs of one ticket, in order of their starts.

    Args:
        cycles: runs that the helpdesk reports as such.
        events: SLA events of the ticket.
        roles: id, field or name of an SLA, casefolded -> its metric, from the configuration.
    """
    found = [run for row in cycles if (run := _of_cycle(row, roles))]
    in_order = sorted(events, key=lambda e: (e.metric, e.instance, e.at))
    for (metric, instance), group in groupby(in_order, key=lambda e: (e.metric, e.instance)):
        found += _of_events(metric, instance, list(group))
    return sorted(found, key=lambda run: run.start)


def _of_cycle(row: SlaCycleRecord, roles: Mapping[str, str]) -> SlaRun | None:
    if row.started_at is None:
        return None
    role = next((roles[key] for k in (row.sla, row.field, row.name) if (key := (k or "").casefold()) in roles), row.sla)
    metric = KPI_OF.get(role, row.name)
    return SlaRun(metric, row.started_at, row.stopped_at, _due(row, row.started_at))


def _due(row: SlaCycleRecord, start: int) -> int:
    """The instant of the breach. If the helpdesk's own verdict on the run differs, the verdict wins."""
    if row.stopped_at is None:
        if row.breach_at is not None and (row.is_breached or not row.is_paused):
            return row.breach_at
        return row.read_at if row.is_breached else start + NOT_YET  # while the clock is paused, its deadline moves
    if row.is_breached is None:
        if row.breach_at is not None:
            return row.breach_at
        late = row.goal is not None and row.elapsed is not None and row.elapsed > row.goal
        return row.stopped_at - 1 if late else row.stopped_at
    due = row.stopped_at if row.breach_at is None else row.breach_at
    return min(due, row.stopped_at - 1) if row.is_breached else max(due, row.stopped_at)


def _of_events(metric: str, instance: int, events: Sequence[SlaEventRecord]) -> Iterator[SlaRun]:
    """Runs of one metric instance. A run without a target is no SLA; withdrawn breaches are not stored."""
    began = next((e.at for e in events if e.kind == "activate"), None)
    if began is None or not any(e.kind in {"apply_sla", "apply_group_sla", "breach"} for e in events):
        return
    end = next((e.at for e in events if e.kind == "fulfill"), None)
    due = min((e.at for e in events if e.kind == "breach"), default=began + NOT_YET if end is None else end)
    later = metric == "reply_time" and instance > 1
    yield SlaRun("next_reply_time" if later else KPI_OF.get(metric, metric), began, end, due)
