"""What `check` says of the helpdesks' business hours: which calendars there are, what uses them, what is assumed."""

from collections.abc import Iterator

from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.quality.calendar_usage import (
    Assumed,
    CalendarUse,
    SlaClock,
    Unclear,
    assumed_schedules,
    calendars_in_use,
    sla_clocks,
    unclear_calendars,
)
from helpdesk_kpi.pull.contract import Finding
from helpdesk_kpi.store import Store

ABOUT = "business hours"
ENOUGH = 10  # finished runs of an SLA, from which on hours that fit less than half of them are likely the wrong ones


def calendar_findings(store: Store, config: Config) -> Iterator[Finding]:
    """One line for each calendar of a helpdesk, and what leaves business time in doubt."""
    for use in calendars_in_use(store, config):
        yield Finding(
            level="ok", about=ABOUT, text=f"{use.source}: calendar {use.name!r} ({use.zone}), {_used_by(use)}"
        )
    for assumed in assumed_schedules(store, config):
        yield Finding(level="warning", about=ABOUT, text=assumption(assumed))
    for unclear in unclear_calendars(store, config):
        yield Finding(level="warning", about=ABOUT, text=doubt(unclear))
    for clock in sla_clocks(store, config):
        is_other = clock.runs >= ENOUGH and clock.same < clock.runs / 2
        yield Finding(level="warning" if is_other else "note", about=ABOUT, text=agreement(clock))


def _used_by(use: CalendarUse) -> str:
    if use.is_overridden:
        return "not used: [hours] in the configuration gives this source hours of its own"
    users = ["everything that names no other calendar"] if use.is_default else []
    if use.teams:
        users.append(f"tickets of {', '.join(use.teams)}")
    if use.tickets:
        users.append(f"{use.tickets:,} ticket{'s' * (use.tickets != 1)} by their own history")
    return f"used by {' and by '.join(users)}" if users else "used by nothing that is known so far"


def assumption(assumed: Assumed) -> str:
    """Why business time of some tickets rests on an assumption, and the line that replaces it."""
    return (
        f"{assumed.source}: {len(assumed.schedules)} calendars, and {assumed.tickets:,} tickets do not say which one"
        f" is theirs; their business time assumes {assumed.default!r}. To say it for a team:"
        ' [hours.NAME] weekly = { mon-fri = ["09:00-17:00"] }, teams = ["TEAM"]'
    )


def doubt(unclear: Unclear) -> str:
    names = ", ".join(unclear.names)
    if unclear.kind == "missing":
        return (
            f"{unclear.source}: {names} run on a calendar that the helpdesk's list does not have;"
            " durations of their tickets in business hours are left out"
        )
    count = "no calendar" if unclear.kind == "no_default" else "more than one calendar"
    return f"{unclear.source}: the helpdesk calls {count} the default one ({names}); the oldest one is used"


def agreement(clock: SlaClock) -> str:
    """Whether our hours are those of an SLA, whose calendar no API gives."""
    return (
        f"{clock.source}: {clock.same:,} of {clock.runs:,} finished runs of {clock.sla!r} took as long by our hours as"
        " by the helpdesk's own calendar; the others were paused, or the calendar has other hours than [hours]"
    )
