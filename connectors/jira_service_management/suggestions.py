"""Suggestions of `check` for the configuration, by English names. A person decides."""

from collections.abc import Iterator, Mapping, Sequence

from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.mapping.labels import STATES
from connectors.jira_service_management.mapping.sla import get_role, get_sla_id
from helpdesk_kpi.milliseconds import HOUR
from helpdesk_kpi.pull.contract import Finding

_TEAM_KINDS = ("com.atlassian.teams:", "com.atlassian.jira.plugin.system.customfieldtypes:grouppicker")
_CHOICES = "com.atlassian.jira.plugin.system.customfieldtypes:select"
_DEFAULTS = {"time to first response": "first_response", "time to resolution": "resolution"}
_WAITING = ("waiting for customer", "waiting on customer", "awaiting customer", "pending customer", "等待客户")


def suggest_sla_roles(
    fields: Mapping[str, str], values: Sequence[tuple[str, js.Sla]], configured: Mapping[str, str]
) -> Iterator[Finding]:
    """Each unmapped SLA with its goals, and a line for the configuration. Only exact names get a role."""
    newest = dict(reversed(values))
    unmapped = []
    for field, name in fields.items():
        value = newest.get(field)
        sla_id = get_sla_id(value, field) if value else field.removeprefix("customfield_")
        if get_role(sla_id, field, configured) != "other" or sla_id in configured:
            continue
        goals = sorted({g for f, v in values if f == field for g in _list_goals(v)})
        goals_text = f" ({', '.join(f'{goal:g} h' for goal in goals[:4])})" if goals else ""
        unmapped.append((field.removeprefix("customfield_"), name, goals_text))
    if not unmapped:
        return
    line = ", ".join(f'"{sla_id}" = "{_DEFAULTS.get(name.casefold(), "other")}"' for sla_id, name, _ in unmapped)
    descriptions = "; ".join(f"{sla_id} is {name}{goals_text}" for sla_id, name, goals_text in unmapped)
    text = f"SLAs without a role: {descriptions}. A guess: sla = {{ {line} }}"
    yield Finding(level="note", about="SLA", text=text)


def _list_goals(value: js.Sla) -> list[float]:
    """Goals in hours of the goal's calendar."""
    runs = [*value.completed_cycles, *([value.ongoing_cycle] if value.ongoing_cycle else [])]
    return [run.goal_duration.millis / HOUR for run in runs if run.goal_duration and run.goal_duration.millis]


def suggest_status_states(found: Sequence[js.Status]) -> Finding:
    """Statuses by state. Jira has to do, in progress and done; a person has to say which wait for the customer."""
    states: dict[str, list[str]] = {}
    for row in found:
        names = states.setdefault(STATES.get(row.status_category.key, "open"), [])
        names += [] if row.name in names else [row.name]
    text_of_states = "; ".join(f"{state}: {', '.join(names)}" for state, names in states.items())
    waiting = [name for name in states.get("open", []) if name.casefold().startswith(_WAITING)]
    if not waiting:
        text = f"{text_of_states}; set in statuses of [tickets] which wait for the customer"
        return Finding(level="ok", about="statuses", text=text)
    line = ", ".join(f'"{name}" = "pending"' for name in waiting)
    return Finding(
        level="note", about="statuses", text=f"{text_of_states}. Likely: statuses = {{ {line} }} in [tickets]"
    )


def suggest_team_fields(found: Sequence[js.Field]) -> list[str]:
    """Fields of teams and groups, and choices with such a name."""
    return [
        f"{row.id} ({row.name})"
        for row in found
        if row.custom.startswith(_TEAM_KINDS)
        or (row.custom == _CHOICES and any(part in row.name.casefold() for part in ("team", "group", "团队", "组")))
    ]
