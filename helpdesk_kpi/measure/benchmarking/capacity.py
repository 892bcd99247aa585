"""Work per available hour: adjusts for leave and part-time.

Results are shown as a band around the team's median, without ranks.
"""

import datetime as dt
from statistics import median
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from helpdesk_kpi.calendar.business_hours import BusinessCalendar
from helpdesk_kpi.calendar.calendar_rules import CalendarRules
from helpdesk_kpi.calendar.periods import Period, local_midnight, to_local
from helpdesk_kpi.identities.agents import Agent
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.milliseconds import HOUR

DAY = dt.timedelta(days=1)
LOW, HIGH = 0.7, 1.3  # times the median: the usual band
FEWEST_DAYS = 20  # worked; with fewer a value gets no verdict


class Workload(NamedTuple):
    """One person's weighted volume and their available time."""

    name: str
    points: float
    hours: float | None  # None: working hours unknown
    days: int  # on which they were at work
    value: float | None  # points per hour
    band: Literal["within", "below", "above", "too few days", "hours not known"]


def workload_per_hour(
    reader: MetricStore, period: Period, as_of: int, variant: str = "strict"
) -> tuple[list[Workload], float | None]:
    """Workload of each person with points in the period.

    Returns:
        Workloads by name, and the median points per hour of people with enough days; None: no such person.
    """
    found = []
    query = build_query("weighted_volume", period, as_of, variant)
    for name in reader.names(query, "agent"):
        agent = next((h for h in reader.people.all if h.name == name), None)
        if name is not None and agent is not None:
            points = reader.compute(query.narrow(agent=name)).value or 0.0
            found.append((name, points, *is_at_work(agent, reader.clocks, period.start, min(period.end, as_of))))
    values = [points / hours for _, points, hours, days in found if hours and days >= FEWEST_DAYS]
    middle = median(values) if values else None
    return [_classify(*one, middle) for one in found], middle


def _classify(name: str, points: float, hours: float | None, days: int, middle: float | None) -> Workload:
    value = points / hours if hours else None
    if value is None:
        return Workload(name, points, hours, days, None, "hours not known" if hours is None else "too few days")
    if days < FEWEST_DAYS or not middle:
        return Workload(name, points, hours, days, value, "too few days")
    band = "below" if value < LOW * middle else "above" if value > HIGH * middle else "within"
    return Workload(name, points, hours, days, value, band)  # type: ignore[arg-type]  # one of three words


def is_at_work(agent: Agent, clocks: CalendarRules, start: int, end: int) -> tuple[float | None, int]:
    """(working hours, working days) of an agent in [start, end).

    Uses their own hours, else those of their team or helpdesk, from `joined` to `left`, without `away` and holidays.
    Hours are None if no working hours are configured.
    """
    calendar, zone = available_hours(agent, clocks, start), ZoneInfo(agent.zone)
    if clocks.is_always(calendar):
        return None, 0
    days = [day for day in _days(start, end, zone) if calendar.is_workday(day) and _is_employed(agent, day)]
    starts = np.array([max(local_midnight(day, zone), start) for day in days], np.int64)
    ends = np.array([min(local_midnight(day + DAY, zone), end) for day in days], np.int64)
    return float(calendar.between(starts, ends).sum()) / HOUR, len(days)


def available_hours(agent: Agent, clocks: CalendarRules, at: int) -> BusinessCalendar:
    """The calendar of an agent: their own, else that of their team or helpdesk."""
    if agent.settings is not None and agent.settings.hours is not None:
        return clocks.get(agent.settings.hours)
    return clocks.calendar(None, agent.team_at(at), agent.accounts[0].source if agent.accounts else "")


def _days(start: int, end: int, zone: ZoneInfo) -> list[dt.date]:
    first, last = to_local(start, zone).date(), to_local(max(start, end - 1), zone).date()
    return [first + i * DAY for i in range((last - first).days + 1)]


def _is_employed(agent: Agent, day: dt.date) -> bool:
    entry = agent.settings
    if entry is None:
        return True
    has_come = entry.joined is None or entry.joined <= day
    is_gone = entry.left is not None and entry.left < day
    return has_come and not is_gone and not any(away.first <= day <= away.last for away in entry.away)
