"""Local days and working hours, computed day by day.

It shares nothing with the program's clock, on purpose.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
_EPOCH = date(1970, 1, 1).toordinal()

Minutes = tuple[int, int]
Week = Mapping[int, Sequence[Minutes]]
"""Weekday (Monday 0) -> half-open spans in minutes since local midnight."""


def instant(text: str, zone: str = "UTC") -> int:
    """Epoch ms of a local wall-clock time, e.g. `instant("2026-11-23 06:00", "Europe/Berlin")`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * SECOND)


def local_date(at: int, zone: str) -> date:
    return datetime.fromtimestamp(at / SECOND, ZoneInfo(zone)).date()


def iso(at: int) -> str:
    """`2026-11-23T06:00:00Z`."""
    days, rest = divmod(at // SECOND, 86_400)
    hours, rest = divmod(rest, 3600)
    return f"{_day(days)}T{hours:02}:{rest // 60:02}:{rest % 60:02}Z"


@lru_cache(maxsize=4096)
def _day(days: int) -> str:
    return date.fromordinal(_EPOCH + days).isoformat()


class DeskHours:
    """Working time as half-open windows [start, end) of epoch ms, in order."""

    def __init__(self, windows: Iterable[tuple[int, int]]) -> None:
        self.windows = sorted(windows)
        self.starts = [start for start, _ in self.windows]
        self.worked = [0, *accumulate(end - start for start, end in self.windows)]

    def until(self, at: int) -> int:
        """Working ms before `at`, since the first window."""
        n = bisect_right(self.starts, at)
        if n == 0:
            return 0
        start, end = self.windows[n - 1]
        return self.worked[n - 1] + min(at, end) - start

    def between(self, start: int, end: int) -> int:
        """Working ms in [start, end)."""
        return self.until(end) - self.until(start)

    def after(self, at: int, work: int) -> int:
        """The instant at which `work` ms have been worked since `at`; past the last window, plain time goes on."""
        target = self.until(at) + work
        n = bisect_right(self.worked, target) - 1
        if n >= len(self.windows):
            last = self.windows[-1][1] if self.windows else at
            return max(last, at) + target - self.worked[-1]
        return self.windows[n][0] + target - self.worked[n]


def windows(
    week: Week, zone: str, first: date, last: date, *, off: Iterable[date] = (), extra: Iterable[date] = ()
) -> Iterable[tuple[int, int]]:
    """Working windows of every local day; `off` are holidays, `extra` make-up workdays with Monday's hours."""
    place, closed, made_up = ZoneInfo(zone), frozenset(off), frozenset(extra)
    day = first
    while day <= last:
        spans = week.get(0 if day in made_up else day.weekday(), ())
        if day not in closed or day in made_up:
            for start, end in spans:
                yield _instant(day, start, place), _instant(day, end, place)
        day += timedelta(days=1)


def _instant(day: date, minute: int, place: ZoneInfo) -> int:
    if minute == 24 * 60:
        day, minute = day + timedelta(days=1), 0
    return int(datetime.combine(day, time(minute // 60, minute % 60), place).timestamp()) * SECOND
