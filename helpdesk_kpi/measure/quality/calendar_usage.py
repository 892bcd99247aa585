"""Calendars of the helpdesks, their use, and assumptions about them."""

from typing import NamedTuple

from helpdesk_kpi.calendar.calendar_rules import CalendarRules, VendorSchedule
from helpdesk_kpi.calendar.ticket_schedules import with_own_schedule
from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.source_rules import desks_by_name
from helpdesk_kpi.milliseconds import MINUTE
from helpdesk_kpi.store import Store

NEWEST_RUNS = 5000  # SLA runs that are compared


class CalendarUse(NamedTuple):
    """One calendar of a source."""

    source: str
    name: str
    zone: str
    is_default: bool
    teams: list[str]  # teams of the helpdesk with tickets on this calendar
    tickets: int  # tickets that were set to it
    is_overridden: bool  # the configuration gives this source hours of its own


class Assumed(NamedTuple):
    """A source with several schedules that does not report which one applies to most tickets."""

    source: str
    tickets: int  # for which the default schedule is assumed
    default: str  # its name
    schedules: list[str]  # names of all


class Unclear(NamedTuple):
    """An ambiguity that makes business time uncertain."""

    source: str
    kind: str  # no_default, several_defaults, missing
    names: list[str]  # of schedules, or of teams with a missing schedule


class SlaClock(NamedTuple):
    """Agreement of the configured hours with one SLA, for helpdesks that report runs but no calendars."""

    source: str
    sla: str
    runs: int  # finished runs with a reported duration
    same: int  # runs with the same duration by our hours


def calendars_in_use(store: Store, config: Config) -> list[CalendarUse]:
    """Every current schedule, the default one of each source first."""
    clocks = CalendarRules(store, config)
    found = []
    for source, schedules in clocks.known.items():
        first = clocks.default_of(source)
        teams, tickets = _teams(store, source), _tickets(store, source)
        overridden = any(source in hours.sources for hours in config.hours.values())
        live = sorted((s for s in schedules.values() if not s.is_gone), key=lambda s: (s is not first, s.name))
        found += [
            CalendarUse(
                source, one.name, one.zone, one is first, teams.get(one.native, []), tickets.get(one.native, 0),
                overridden,
            )
            for one in live
        ]  # fmt: skip
    return found


def assumed_schedules(store: Store, config: Config) -> list[Assumed]:
    """Sources where tickets use the default schedule because no other one is reported."""
    clocks = CalendarRules(store, config)
    found = []
    for key, source in store.rows("SELECT id, name FROM sources ORDER BY id"):
        live = [s for s in clocks.known.get(source, {}).values() if not s.is_gone]
        first = clocks.default_of(source)
        if first is None or len(live) < 2 or any(s.is_default is not None for s in live):
            continue
        if any(source in hours.sources for hours in config.hours.values()):
            continue
        all_tickets = int(store.one("SELECT count(*) FROM tickets WHERE source = ? AND created_at IS NOT NULL", key))
        if unnamed := all_tickets - with_own_schedule(store, key):
            found.append(Assumed(source, unnamed, first.name, sorted(s.name for s in live)))
    return found


def unclear_calendars(store: Store, config: Config) -> list[Unclear]:
    """Sources without a default schedule, with several defaults, or with teams on a missing schedule."""
    clocks = CalendarRules(store, config)
    found = []
    for source, schedules in clocks.known.items():
        live = [s for s in schedules.values() if not s.is_gone]
        if any(s.is_default is not None for s in live) and (kind := _doubt(live)):
            found.append(Unclear(source, kind, sorted(s.name for s in live if s.is_default or kind == "no_default")))
    for (source,) in store.rows("SELECT name FROM sources ORDER BY id"):
        known = clocks.known.get(source, {})
        lost = [name for native, names in _teams(store, source).items() if native not in known for name in names]
        if lost:
            found.append(Unclear(source, "missing", sorted(lost)))
    return found


def sla_clocks(store: Store, config: Config) -> list[SlaClock]:
    """Compare finished SLA runs with the configured hours; pauses of a clock cause legitimate differences.

    Jira reports the working time of runs, but no API has its calendars.
    """
    clocks = CalendarRules(store, config)
    sql = (
        "SELECT s.name, c.name, t.priority, g.name, c.started_at, c.stopped_at, c.elapsed FROM sla_cycles c"
        " JOIN tickets t ON t.id = c.ticket JOIN sources s ON s.id = t.source LEFT JOIN teams g ON g.id = t.team"
        " WHERE c.started_at IS NOT NULL AND c.stopped_at >= c.started_at AND c.elapsed IS NOT NULL"
        " ORDER BY c.stopped_at DESC LIMIT ?"
    )
    severities = {source: desk.severity for source, desk in desks_by_name(store, config).items()}
    counts: dict[tuple[str, str], list[int]] = {}
    for source, sla, priority, team, start, end, elapsed in store.rows(sql, NEWEST_RUNS):
        worked = clocks.calendar(severities[source](priority), team, source).between(start, end)
        count = counts.setdefault((source, sla), [0, 0])
        count[0] += 1
        count[1] += abs(int(worked) - elapsed) < MINUTE
    return [SlaClock(source, sla, runs, same) for (source, sla), (runs, same) in sorted(counts.items())]


def _doubt(live: list[VendorSchedule]) -> str:
    defaults = sum(bool(s.is_default) for s in live)
    return "" if defaults == 1 else "several_defaults" if defaults else "no_default"


def _teams(store: Store, source: str) -> dict[str, list[str]]:
    """Native id of a schedule -> its current teams."""
    sql = (
        "SELECT x.schedule, coalesce(t.name, t.native) FROM team_schedules x JOIN teams t ON t.id = x.team"
        " JOIN sources s ON s.id = t.source WHERE s.name = ? AND x.schedule IS NOT NULL AND x.since ="
        " (SELECT max(since) FROM team_schedules WHERE team = x.team) ORDER BY 2"
    )
    found: dict[str, list[str]] = {}
    for schedule, team in store.rows(sql, source):
        found.setdefault(schedule, []).append(team)
    return found


def _tickets(store: Store, source: str) -> dict[str, int]:
    """Native id of a schedule -> number of tickets that were set to it."""
    sql = (
        "SELECT e.after, count(DISTINCT e.ticket) FROM events e JOIN tickets t ON t.id = e.ticket"
        " JOIN sources s ON s.id = t.source WHERE e.field = 'schedule' AND s.name = ? AND e.after IS NOT NULL"
        " GROUP BY e.after"
    )
    return dict(store.rows(sql, source))
