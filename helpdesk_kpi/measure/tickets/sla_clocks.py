"""What a helpdesk promised on a ticket: runs of its promises' clocks, whatever form it tells them in."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from helpdesk_kpi.milliseconds import DAY
from helpdesk_kpi.store.ticket_records import SlaCycleRecord, SlaEventRecord

#: What helpdesks call a promise -> the KPI whose span it is about. What stands here under no name keeps its own.
KPI_OF = {
    "reply_time": "first_reply_time",  # Zendesk's metric; from the second run on, it is about the next reply
    "resolution_time": "full_resolution_time",
    "requester_wait_time": "requester_wait_time",
    "first_response": "first_reply_time",
    "next_response": "next_reply_time",
    "resolution": "full_resolution_time",
}
NOT_YET = 100 * 365 * DAY  # a deadline that nobody knows lies so far ahead


class SlaRun(NamedTuple):
    """One run of a promise's clock."""

    metric: str  # a KPI's id, or the helpdesk's own word
    start: int
    end: int | None  # None: it still runs
    due: int  # late is what ends after it, or still runs then


def list_sla_runs(
    cycles: Iterable[SlaCycleRecord], events: Sequence[SlaEventRecord], roles: Mapping[str, str]
) -> list[SlaRun]:
    """All runs of one ticket's promises. `roles`: what the configuration says of a promise, by its id or its field."""
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
    """The instant of the breach; where the helpdesk's verdict on a run says otherwise, the verdict holds."""
    if row.stopped_at is None:
        if row.breach_at is not None and (row.is_breached or not row.is_paused):
            return row.breach_at
        return row.read_at if row.is_breached else start + NOT_YET  # while it stands, its deadline moves
    if row.is_breached is None:
        if row.breach_at is not None:
            return row.breach_at
        late = row.goal is not None and row.elapsed is not None and row.elapsed > row.goal
        return row.stopped_at - 1 if late else row.stopped_at
    due = row.stopped_at if row.breach_at is None else row.breach_at
    return min(due, row.stopped_at - 1) if row.is_breached else max(due, row.stopped_at)


def _of_events(metric: str, instance: int, events: Sequence[SlaEventRecord]) -> Iterator[SlaRun]:
    """A run without a target is no promise. A breach that was taken back is not in the store."""
    began = next((e.at for e in events if e.kind == "activate"), None)
    if began is None or not any(e.kind in {"apply_sla", "apply_group_sla", "breach"} for e in events):
        return
    end = next((e.at for e in events if e.kind == "fulfill"), None)
    due = min((e.at for e in events if e.kind == "breach"), default=began + NOT_YET if end is None else end)
    later = metric == "reply_time" and instance > 1
    yield SlaRun("next_reply_time" if later else KPI_OF.get(metric, metric), began, end, due)
