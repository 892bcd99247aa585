"""Work per available hour: whoever is on leave or works part-time is not lazy.

It is shown as a band around the team's median and is no race.
"""

import datetime as dt
from statistics import median
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from helpdesk_kpi.calendar.business_hours import Calendar
from helpdesk_kpi.calendar.calendar_rules import Clocks
from helpdesk_kpi.calendar.periods import Period, midnight, wall
from helpdesk_kpi.identities.agents import Human
from helpdesk_kpi.measure.metrics.discovery import kpi_named
from helpdesk_kpi.measure.query.metric_store import Reader
from helpdesk_kpi.milliseconds import HOUR

DAY = dt.timedelta(days=1)
LOW, HIGH = 0.7, 1.3  # of the median: the band in which nobody asks
FEWEST_DAYS = 20  # worked, below which a value is shown and not judged


class PerHour(NamedTuple):
    """One person's weighted volume beside the time that they had for it."""

    name: str
    points: float
    hours: float | None  # null: nothing tells when they work
    days: int  # on which they were at work
    value: float | None  # points per hour
    band: Literal["within", "below", "above", "too few days", "hours not known"]


def per_hour(reader: Reader, period: Period, as_of: int, variant: str = "strict") -> tuple[list[PerHour], float | None]:
    """Everybody who has points in the period, in the order of their names; and the median of those with enough days."""
    found = []
    for name in reader.names("weighted_volume", "agent", period, as_of, variant):
        human = next((h for h in reader.people.all if h.name == name), None)
        if name is not None and human is not None:
            points = reader.figure(kpi_named("weighted_volume"), period, as_of, variant, agent=name).value or 0.0
            found.append((name, points, *at_work(human, reader.clocks, period.start, min(period.end, as_of))))
    values = [points / hours for _, points, hours, days in found if hours and days >= FEWEST_DAYS]
    middle = median(values) if values else None
    return [_judged(*one, middle) for one in found], middle


def _judged(name: str, points: float, hours: float | None, days: int, middle: float | None) -> PerHour:
    value = points / hours if hours else None
    if value is None:
        return PerHour(name, points, hours, days, None, "hours not known" if hours is None else "too few days")
    if days < FEWEST_DAYS or not middle:
        return PerHour(name, points, hours, days, value, "too few days")
    band = "below" if value < LOW * middle else "above" if value > HIGH * middle else "within"
    return PerHour(name, points, hours, days, value, band)  # type: ignore[arg-type]  # one of three words


def at_work(human: Human, clocks: Clocks, start: int, end: int) -> tuple[float | None, int]:
    """(hours, days) for which somebody was there in [start, end): by their own hours, else by those of their team or
    helpdesk, from `joined` to `left`, without the days of `away` and holidays. No hours where nothing tells them.
    """
    calendar, zone = hours_of(human, clocks, start), ZoneInfo(human.zone)
    if clocks.is_always(calendar):
        return None, 0
    days = [day for day in _days(start, end, zone) if calendar.is_workday(day) and _is_there(human, day)]
    starts = np.array([max(midnight(day, zone), start) for day in days], np.int64)
    ends = np.array([min(midnight(day + DAY, zone), end) for day in days], np.int64)
    return float(calendar.between(starts, ends).sum()) / HOUR, len(days)


def hours_of(human: Human, clocks: Clocks, at: int) -> Calendar:
    if human.told is not None and human.told.hours is not None:
        return clocks.named(human.told.hours)
    return clocks.calendar(None, human.team_at(at), human.accounts[0].source if human.accounts else "")


def _days(start: int, end: int, zone: ZoneInfo) -> list[dt.date]:
    first, last = wall(start, zone).date(), wall(max(start, end - 1), zone).date()
    return [first + i * DAY for i in range((last - first).days + 1)]


def _is_there(human: Human, day: dt.date) -> bool:
    told = human.told
    if told is None:
        return True
    has_come = told.joined is None or told.joined <= day
    is_gone = told.left is not None and told.left < day
    return has_come and not is_gone and not any(away.first <= day <= away.last for away in told.away)
