"""SLA fields as SLA cycles. Elapsed time is working time of the goal's calendar, without pauses.

https://developer.atlassian.com/cloud/jira/service-desk/rest/api-group-request/#api-rest-servicedeskapi-request-issueidorkey-sla-get
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from connectors.jira_service_management import payloads as js
from helpdesk_kpi.model import AnyRecord, NativeMetric, SlaCycle
from helpdesk_kpi.pull.lenient_decode import UNREADABLE_ERRORS

KIND = "com.atlassian.servicedesk:sd-sla-field"
METRICS = {"first_response": "sla_first_response", "resolution": "sla_resolution"}


def map_sla(
    issue_id: str, custom: Mapping[str, msgspec.Raw], names: Mapping[str, str], roles: Mapping[str, str], read_at: int
) -> Iterator[AnyRecord]:
    """Map all cycles, and Jira's own metric for each role: elapsed time of the first or last cycle."""
    elapsed: dict[str, int] = {}
    for field, name in names.items():
        value = decode_sla(custom.get(field))
        if value is None:
            continue
        runs = map_cycles(issue_id, field, value, name, read_at)
        yield from runs
        role = get_role(get_sla_id(value, field), field, roles)
        done = [run.elapsed for run in runs if run.stopped_at is not None and run.elapsed is not None]
        if role in METRICS and done:
            elapsed.setdefault(role, done[0] if role == "first_response" else done[-1])
    for role, duration in elapsed.items():
        yield NativeMetric(issue_id, METRICS[role], business=duration)


def decode_sla(raw: msgspec.Raw | None) -> js.Sla | None:
    """Decode an SLA; None: it does not apply, the account is no agent of the project, or the format is unknown."""
    try:
        return None if raw is None else msgspec.json.decode(raw, type=js.Sla | None)
    except UNREADABLE_ERRORS:
        return None


def get_sla_id(value: js.Sla, field: str) -> str:
    """Id of an SLA: its id, else the end of its link, else the number of its field."""
    if value.id is not None:
        return str(value.id)
    tail = str(value.links.get("self") or "").rstrip("/").rpartition("/")[2]
    return tail if tail.isdecimal() else field.removeprefix("customfield_")


def get_role(sla_id: str, field: str, roles: Mapping[str, str]) -> str:
    return next((roles[k] for k in (sla_id, field, field.removeprefix("customfield_")) if k in roles), "other")


def map_cycles(issue_id: str, field: str, value: js.Sla, name: str, read_at: int) -> list[SlaCycle]:
    """Map completed cycles in order of start, then the ongoing one."""
    sla_id = get_sla_id(value, field)
    rows = sorted(value.completed_cycles, key=lambda c: (c.start_time and c.start_time.ms) or 0)
    all_rows: Sequence[js.Cycle] = [*rows, *([value.ongoing_cycle] if value.ongoing_cycle else [])]
    return [
        SlaCycle(
            ticket=issue_id,
            sla=sla_id,
            number=number,
            name=value.name or name,
            read_at=read_at,
            started_at=row.start_time.ms if row.start_time else None,
            stopped_at=row.stop_time.ms if row.stop_time else None,
            breach_at=row.breach_time.ms if row.breach_time else None,
            goal=row.goal_duration.millis if row.goal_duration else None,
            elapsed=row.elapsed_time.millis if row.elapsed_time else None,
            is_breached=row.breached,
            is_paused=row.paused,
            field=field,
        )
        for number, row in enumerate(all_rows)
    ]
