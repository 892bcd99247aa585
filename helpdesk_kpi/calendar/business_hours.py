"""Business time: weekly hours, holidays and make-up workdays, compiled to intervals in UTC.

`Hours` is what a person writes; `BusinessCalendar` measures with it. A calendar is compiled one year at a time, when a
span first reaches into that year; measuring is then two binary searches, for a whole array at once.

A shift belongs to the day on which it begins: 22:00-06:00 before a holiday is worked to its end, and one that would
begin on the holiday isn't. Hours are the wall clock's: where it jumps over an opening, work begins at the jump, and
where an opening or closing time occurs twice, the first counts.
"""

import datetime as dt
import difflib
import re
import zoneinfo
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

import holidays
import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpdesk_kpi.calendar.periods import get_zone, to_epoch_ms, to_local
from helpdesk_kpi.config import Hours
from helpdesk_kpi.errors import ConfigError

Ms = NDArray[np.int64]
Shift = tuple[int, int]  # minutes from the midnight that its day begins with; the end may pass 1440
Week = tuple[tuple[Shift, ...], ...]  # Monday first
Date = dt.date

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SHIFT = re.compile(r"(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)")
_YEARS = range(1990, 2101)  # an instant outside of them is a mistake of units
_CUSTOM = 10  # a country without make-up workdays in so many years has given up the custom


class BusinessCalendar:
    """Working time as disjoint intervals. Make one with `of_hours`, `of_schedule` or `always`."""

    def __init__(self, zone: zoneinfo.ZoneInfo, shifts: Callable[[Date], Sequence[Shift]], code: str = "") -> None:
        self.zone = zone
        self._shifts = shifts
        self._code = code
        self._years: dict[int, list[tuple[int, int]]] = {}
        self._starts: Ms = np.empty(0, np.int64)
        self._ends: Ms = np.empty(0, np.int64)
        self._before: Ms = np.empty(0, np.int64)  # working ms before each interval

    @classmethod
    def always(cls, zone: str = "UTC") -> "BusinessCalendar":
        """Around the clock, every day; the zone only says what `is_workday` calls a day."""
        return _AroundTheClock(get_zone(zone), lambda _: ((0, 1440),))

    @classmethod
    def of_hours(cls, hours: Hours, zone: str = "UTC") -> "BusinessCalendar":
        """`zone` is the configuration's, for hours that name none. ConfigError says what is wrong with the hours."""
        week = _week(hours.weekly)
        makeup = week[0] if hours.makeup is None else tuple(map(shift_minutes, hours.makeup))
        known = _PublicHolidays(hours.holidays) if hours.holidays else None
        closed, workdays = frozenset(hours.closed), frozenset(hours.workdays)

        def shifts(day: Date) -> Sequence[Shift]:
            if day in workdays:
                return makeup
            if day in closed:
                return ()
            if known and known.is_makeup(day):
                return makeup
            return () if known and known.is_off(day) else week[day.weekday()]

        return cls(get_zone(hours.timezone or zone), shifts, hours.holidays or "")

    @classmethod
    def of_schedule(
        cls, intervals: Iterable[tuple[int, int]], zone: str, off: Iterable[tuple[Date, Date]] = ()
    ) -> "BusinessCalendar":
        """A helpdesk's own schedule: (start, end) in minutes since Sunday 00:00 local, and first and last day off."""
        days: list[list[Shift]] = [[] for _ in range(7)]
        for start, end in intervals:
            for day, opening, closing in _by_day(start, end):
                days[(day + 6) % 7].append((opening, closing))
        spans = tuple(off)

        def shifts(day: Date) -> Sequence[Shift]:
            return () if any(first <= day <= last for first, last in spans) else days[day.weekday()]

        return cls(get_zone(zone), shifts)

    @classmethod
    def from_versions(cls, parts: Sequence[tuple[int, "BusinessCalendar"]]) -> "BusinessCalendar":
        """Each calendar from its instant (ms) on, in order; the first one also before. The last decides on workdays."""
        return parts[0][1] if len(parts) == 1 else _VersionedCalendar(parts)

    def between(self, starts: ArrayLike, ends: ArrayLike) -> Ms:
        """Working ms within each [start, end); arrays of UTC epoch ms that broadcast. An end before its start gives 0.

        Raises ValueError for an instant that is not within the years 1990 to 2100.
        """
        first, last = np.broadcast_arrays(np.asarray(starts, np.int64), np.asarray(ends, np.int64))
        if not first.size:
            return np.zeros(first.shape, np.int64)
        self._reach(int(min(first.min(), last.min())), int(max(first.max(), last.max())))
        worked: Ms = np.maximum(self._business_ms_before(last) - self._business_ms_before(first), 0)
        return worked

    def is_workday(self, day: Date) -> bool:
        """Whether any work begins on that day.

        >>> week = BusinessCalendar.of_hours(Hours(weekly={"mon-fri": ("09:00-17:00",)}), "UTC")
        >>> week.is_workday(Date(2026, 11, 27)), week.is_workday(Date(2026, 11, 28))  # a Friday, a Saturday
        (True, False)
        """
        return bool(self._shifts(day))

    def warnings(self, years: Iterable[int] | None = None) -> list[str]:
        """Years, of those given or else measured so far, whose make-up workdays the library does not know yet."""
        years_used = sorted(self._years if years is None else set(years))
        known = (
            _PublicHolidays(self._code).makeup_years(years_used[0], years_used[-1])
            if self._code and years_used
            else set()
        )
        last = max(known, default=0)
        return [
            f"holidays of {self._code}: no make-up workdays are known for {year} (the last are of {last}); "
            f"until they are published, give them as `workdays` and `closed`"
            for year in years_used
            if last < year <= last + _CUSTOM
        ]

    def _business_ms_before(self, at: Ms) -> Ms:
        """Working ms from the beginning of the compiled years to each instant."""
        if not len(self._starts):
            return np.zeros(at.shape, np.int64)
        index = np.maximum(np.searchsorted(self._starts, at, side="right") - 1, 0)
        inside = np.clip(at - self._starts[index], 0, self._ends[index] - self._starts[index])
        worked: Ms = self._before[index] + inside
        return worked

    def _reach(self, first: int, last: int) -> None:
        """Compile the local years from one instant to another, and the year before, whose last shift may run on."""
        lowest, highest = (self._year(ms) for ms in (first, last))
        wanted = range(lowest - 1, highest + 1)
        if self._years:
            wanted = range(min(wanted[0], *self._years), max(highest, *self._years) + 1)
        new = [year for year in wanted if year not in self._years]
        if not new:
            return
        self._years.update({year: self._compile(year) for year in new})
        merged = np.array(_union([span for year in wanted for span in self._years[year]]), np.int64).reshape(-1, 2)
        self._starts, self._ends = merged[:, 0].copy(), merged[:, 1].copy()
        self._before = np.concatenate([[0], np.cumsum(self._ends - self._starts)])[:-1].astype(np.int64)

    def _compile(self, year: int) -> list[tuple[int, int]]:
        spans = []
        for day in map(Date.fromordinal, range(Date(year, 1, 1).toordinal(), Date(year + 1, 1, 1).toordinal())):
            base = dt.datetime.combine(day, dt.time())
            for opening, closing in self._shifts(day):
                start, end = (to_epoch_ms(base + dt.timedelta(minutes=at), self.zone) for at in (opening, closing))
                spans.append((start, end))
        return spans

    def _year(self, ms: int) -> int:
        year = to_local(ms, self.zone).year if abs(ms) < 10**13 else 0  # datetime ends at the year 9999
        if year not in _YEARS:
            raise ValueError(f"{ms} is not an instant of the years {_YEARS[0]} to {_YEARS[-1]} in UTC epoch ms")
        return year


class _VersionedCalendar(BusinessCalendar):
    """Hours that were changed: what was worked before is counted by the hours of its time."""

    def __init__(self, parts: Sequence[tuple[int, BusinessCalendar]]) -> None:
        last = parts[-1][1]
        super().__init__(last.zone, last._shifts)  # noqa: SLF001 - of its own kind
        self._parts = parts

    def between(self, starts: ArrayLike, ends: ArrayLike) -> Ms:
        first, last = np.broadcast_arrays(np.asarray(starts, np.int64), np.asarray(ends, np.int64))
        worked: Ms = np.zeros(first.shape, np.int64)
        borders = [at for at, _ in self._parts[1:]]
        for (_, calendar), begin, end in zip(self._parts, [None, *borders], [*borders, None], strict=True):
            worked += calendar.between(np.clip(first, begin, end), np.clip(last, begin, end))
        return worked


class _AroundTheClock(BusinessCalendar):
    """No table to compile: all time is working time."""

    @classmethod
    def from_versions(cls, parts: Sequence[tuple[int, "BusinessCalendar"]]) -> "BusinessCalendar":
        """Each calendar from its instant (ms) on, in order; the first one also before. The last decides on workdays."""
        return parts[0][1] if len(parts) == 1 else _VersionedCalendar(parts)

    def between(self, starts: ArrayLike, ends: ArrayLike) -> Ms:
        elapsed: Ms = np.maximum(np.asarray(ends, np.int64) - np.asarray(starts, np.int64), 0)
        return elapsed


class _PublicHolidays:
    """Public holidays and make-up workdays of a country or a part of it, by the `holidays` library."""

    def __init__(self, code: str) -> None:
        self._days = _country(code)

    def is_off(self, day: Date) -> bool:
        return day in self._days

    def is_makeup(self, day: Date) -> bool:
        """A day of the weekend that is worked in exchange for another."""
        self._learn([day.year])
        return day in self._days.weekend_workdays

    def makeup_years(self, first: int, last: int) -> set[int]:
        """Years with make-up workdays, from some time before `first` to `last`."""
        self._learn(range(first - _CUSTOM, last + 1))
        return {day.year for day in self._days.weekend_workdays if day.year <= last}

    def _learn(self, years: Iterable[int]) -> None:
        for year in years:
            _ = Date(year, 1, 1) in self._days  # asking for a day makes the library work out its year


@cache
def _country(code: str) -> holidays.HolidayBase:
    country, _, part = code.partition("-")
    known = holidays.list_supported_countries()
    if country not in known:
        raise ConfigError(
            f"holidays: no country {country!r}{_near(country, known)}; an ISO code is allowed, such as CN"
        )
    if part and part not in known[country]:
        parts = ", ".join(known[country]) or "no parts"
        raise ConfigError(f"holidays: {country} has no part {part!r}; allowed are {parts}")
    return holidays.country_holidays(country, subdiv=part or None)


def _week(weekly: Mapping[str, Iterable[str]]) -> Week:
    days: list[list[Shift]] = [[] for _ in WEEKDAYS]
    for key, shifts in weekly.items():
        for day in _weekdays(key):
            days[day] += map(shift_minutes, shifts)
    if not any(days):
        raise ConfigError('weekly: no hours at all; for example { mon-fri = ["09:00-17:30"] }')
    return tuple(map(tuple, days))


def _weekdays(key: str) -> list[int]:
    """
    >>> _weekdays("mon-wed, sat"), _weekdays("fri-mon")
    ([0, 1, 2, 5], [4, 5, 6, 0])
    """
    found = []
    for part in key.lower().split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        last = last if dash else first
        if first not in WEEKDAYS or last not in WEEKDAYS:
            raise ConfigError(
                f"weekly: no weekday {key!r}; allowed are {', '.join(WEEKDAYS)}, mon-fri, and lists of them"
            )
        start = WEEKDAYS.index(first)
        many = (WEEKDAYS.index(last) - start) % 7 + 1
        found += [(start + n) % 7 for n in range(many)]
    return found


def shift_minutes(text: str) -> Shift:
    """Hours as a person writes them, in minutes from midnight. ConfigError if they are none.

    >>> shift_minutes("09:00-17:30"), shift_minutes("22:00-06:00"), shift_minutes("00:00-24:00")
    ((540, 1050), (1320, 1800), (0, 1440))
    """
    found = _SHIFT.fullmatch(text.strip())
    hour, minute, to_hour, to_minute = map(int, found.groups()) if found else (99, 0, 0, 0)
    start, end = hour * 60 + minute, to_hour * 60 + to_minute
    if hour > 23 or max(minute, to_minute) > 59 or end > 1440 or start == end:
        raise ConfigError(f"weekly: {text!r} are no hours; allowed are 09:00-17:30, 22:00-06:00 and 00:00-24:00")
    return start, end if end > start else end + 1440


def _by_day(start: int, end: int) -> Iterable[tuple[int, int, int]]:
    """(day, opening, closing) for each day that an interval in minutes of a week touches."""
    for day in range(start // 1440, -(-end // 1440)):
        base = day * 1440
        yield day, max(start - base, 0), min(end - base, 1440)


def _union(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Disjoint spans in order; those that touch or overlap become one.

    >>> _union([(5, 7), (0, 2), (2, 3), (6, 9), (4, 4)])
    [(0, 3), (5, 9)]
    """
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if start >= end:  # hours that lie within the hour that a clock skips
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word.upper(), known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
