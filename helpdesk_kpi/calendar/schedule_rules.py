"""When something is due: rules of the wall clock, such as `monday 08:00` and `1st workday 09:00`.

A rule means local time. Where the clock jumps over it, it is due at the jump; where it occurs twice, it is due once,
the first time. This module knows no scheduler: it says which instants are due, and others see to it.
"""

import datetime as dt
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Literal, Protocol

import msgspec

from helpdesk_kpi.calendar.periods import (
    Kind,
    Period,
    get_last_complete_period,
    get_period_at,
    get_zone,
    to_epoch_ms,
    to_local,
)
from helpdesk_kpi.errors import UsageError

Policy = Literal["latest", "all", "none"]

ALLOWED = (
    "'every 15 minutes', 'every 2 hours', 'daily 07:30', 'weekdays 08:00', 'workdays 08:00', 'monday 08:00', "
    "'mon, thu 08:00', '2nd day 09:00', '1st workday 09:00', 'last workday 17:00', '1st monday 09:00', "
    "'1st workday of quarter 09:00' (or of month, half, year)"
)
LATE = 3_600_000  # ms; by the policy `none`, what is due is left out once it is later than this
MOST = 400  # runs that the policy `all` makes up for; whoever was away for longer does not want them all

_UNITS = {"minute": 60_000, "hour": 3_600_000}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EVERY = re.compile(r"every (?:(\d{1,4}) )?(minute|hour)s?")
_TIMED = re.compile(r"(.+?)(?: at)? (\d\d?):(\d\d)")
_NTH = re.compile(r"(?:(\d\d?)(?:st|nd|rd|th)|last) (.+?)(?: of (?:the )?(month|quarter|half|year))?")
_FOREVER = 40 * 366 * 86_400_000  # ms without a due instant, after which there will never be one

Fits = Callable[[dt.date], bool]


class Workdays(Protocol):
    """`helpdesk_kpi.calendar.business_hours.Calendar` is one."""

    def is_workday(self, day: dt.date, /) -> bool: ...


class DayRule(msgspec.Struct, frozen=True):
    """Days of each `span` on which something is due at `time`."""

    span: Kind
    fits: Fits
    nth: int | None  # counted from 1, or -1 for the last; None: all that fit
    time: dt.time
    period: Kind

    def of(self, span: Period) -> list[dt.date]:
        first, after = (to_local(at, get_zone(span.zone)).date().toordinal() for at in (span.start, span.end))
        fitting = [day for day in map(dt.date.fromordinal, range(first, after)) if self.fits(day)]
        if self.nth is None:
            return fitting
        # The 31st day of a month with 30 is its last: nobody's report skips a month.
        return fitting[-1:] if self.nth == -1 else fitting[: self.nth][-1:]


class ScheduleRule(msgspec.Struct, frozen=True):
    """When something is due, in a zone. Made by `Rule.parse`."""

    text: str
    zone: str
    when: DayRule | int  # an int: whenever the epoch ms are a multiple of it

    @classmethod
    def parse(cls, text: str, zone: str, workdays: Workdays | None = None) -> "ScheduleRule":
        """Read a rule; UsageError names the text and what is allowed. Without `workdays` these are Monday to Friday.

        2027 begins on a Friday:

        >>> rule = ScheduleRule.parse("1st workday 09:00", "UTC")
        >>> dt.datetime.fromtimestamp(rule.next_after(1798761600000) / 1000, dt.UTC).isoformat()
        '2027-01-01T09:00:00+00:00'
        >>> rule.due_period(1798794000000).label
        '2026-12'
        """
        get_zone(zone)
        words = ",".join(" ".join(part.split()) for part in text.lower().split(","))
        if every := _EVERY.fullmatch(words):
            step = int(every[1] or 1) * _UNITS[every[2]]
            if 0 < step <= 24 * _UNITS["hour"]:
                return cls(text, zone, step)
        if timed := _TIMED.fullmatch(words):
            hour, minute = int(timed[2]), int(timed[3])
            if hour < 24 and minute < 60 and (when := _days(timed[1], dt.time(hour, minute), workdays)):
                return cls(text, zone, when)
        raise UsageError(f"no schedule {text!r}; allowed are {ALLOWED}")

    @property
    def period(self) -> Kind:
        """What such a rule usually reports on: `monday 08:00` on weeks, `1st workday of quarter 09:00` on quarters."""
        return "day" if isinstance(self.when, int) else self.when.period

    def next_after(self, ms: int) -> int:
        """The first due instant later than `ms`."""
        if isinstance(self.when, int):
            return (ms // self.when + 1) * self.when
        return next(at for at in self._dues(self.when, ms, step=-1) if at > ms)

    def previous_at_or_before(self, ms: int) -> int:
        """The newest due instant that is not later than `ms`."""
        if isinstance(self.when, int):
            return ms // self.when * self.when
        return next(at for at in self._dues(self.when, ms, step=1) if at <= ms)

    def due_period(self, due: int, kind: Kind | None = None) -> Period:
        """What is reported on at a due instant: the newest period that is over by then."""
        return get_last_complete_period(kind or self.period, due, self.zone)

    def _dues(self, days: DayRule, ms: int, *, step: int) -> Iterator[int]:
        """Due instants from the span of `ms` on (step -1, steps going back) or back (1)."""
        zone, span = get_zone(self.zone), get_period_at(days.span, ms, self.zone)
        while abs(span.start - ms) < _FOREVER:
            dues = [to_epoch_ms(dt.datetime.combine(day, days.time), zone) for day in days.of(span)]
            yield from dues[::-step]
            span = span.shift_back(step)
        raise UsageError(f"{self.text!r} is never due: its calendar has no such day")


def find_missed_runs(rule: ScheduleRule, done_until: int | None, now: int, policy: Policy) -> list[int]:
    """What is due at `now` and not done, oldest first. `done_until` is the newest due instant that is done.

    After downtime `latest` leaves only the newest, `all` leaves all (the newest 400), `none` leaves the newest and only
    if it is not an hour late. `done_until` of None means never: it counts as one that is missed, so give the instant
    from which the rule holds if a new rule must not look back.

    >>> day = 86_400_000
    >>> rule = ScheduleRule.parse("daily 00:00", "UTC")
    >>> [find_missed_runs(rule, 1 * day, 4 * day + 7_200_000, policy) for policy in ("latest", "all", "none")] == [
    ...     [4 * day], [2 * day, 3 * day, 4 * day], []]
    True
    """
    newest = rule.previous_at_or_before(now)
    if done_until is not None and newest <= done_until:
        return []
    if policy == "none":
        return [newest] if now - newest <= LATE else []
    if policy == "latest" or done_until is None:
        return [newest]
    found = [newest]
    while len(found) < MOST and (before := rule.previous_at_or_before(found[-1] - 1)) > done_until:
        found.append(before)
    return found[::-1]


def _days(words: str, time: dt.time, workdays: Workdays | None) -> DayRule | None:
    """None if the words say no days."""
    if nth := _NTH.fullmatch(words):
        number, what, span = int(nth[1]) if nth[1] else -1, nth[2], nth[3] or "month"
        fits = _fits(what, workdays)
        return DayRule(span, fits, number, time, span) if fits and number else None  # type: ignore[arg-type]  # of the pattern
    if fits := _fits(words, workdays):
        return DayRule("week", fits, None, time, "week" if words in _names() else "day")
    return None


def _fits(words: str, workdays: Workdays | None) -> Fits | None:
    if words in {"day", "daily", "every day"}:
        return lambda _: True
    if words in {"workday", "workdays"} and workdays:
        return workdays.is_workday
    if words in {"workday", "workdays", "weekday", "weekdays"}:
        return lambda day: day.weekday() < 5
    names = _names()
    chosen: set[int] = set()
    for part in words.split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if first not in names or last not in names:
            return None
        many = (names[last] - names[first]) % 7 + 1
        chosen |= {(names[first] + n) % 7 for n in range(many)}
    return lambda day: day.weekday() in chosen


def _names() -> dict[str, int]:
    """Weekdays by name, plural and first three letters."""
    return dict(
        itertools.chain.from_iterable(((name, n), (f"{name}s", n), (name[:3], n)) for n, name in enumerate(_WEEKDAYS))
    )
