"""Periods of a report, and the one place where a wall clock's reading becomes an instant.

A period is half-open, `[start, end)`, in UTC epoch ms, and begins and ends at local midnights: a day of a zone that
changes its clocks has 23 or 25 hours. Weeks are ISO 8601's, from Monday on.
"""

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

import msgspec

from helpdesk_kpi.errors import UsageError

Kind = Literal["day", "week", "month", "quarter", "half", "year"]

ALLOWED = (
    "2026-11-23, 2026-W47, 2026-11, 2026-Q4, 2026-H2, 2026, today, yesterday, "
    "this-week, last-week, and so with month, quarter, half, year"
)
EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001  # naive as the wall clocks it is compared with
_MS = dt.timedelta(milliseconds=1)


def get_zone(name: str) -> zoneinfo.ZoneInfo:
    """Raise UsageError when the IANA database has no such zone."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"no time zone named {name!r}; IANA names are allowed, such as Europe/Berlin") from error


def to_local(ms: int, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """What the wall clock of `zone` reads at an instant, without its zone."""
    return (dt.datetime.fromtimestamp(ms // 1000, zone) + ms % 1000 * _MS).replace(tzinfo=None, fold=0)


def to_epoch_ms(local: dt.datetime, zone: zoneinfo.ZoneInfo) -> int:
    """The first instant (ms) at which the wall clock of `zone` reads `local`, or later if it never reads that.

    A time that occurs twice in autumn means its first occurrence; a time that is skipped in spring means the moment at
    which the clock jumps over it.

    >>> berlin = get_zone("Europe/Berlin")
    >>> to_local(to_epoch_ms(dt.datetime(2026, 3, 29, 2, 30), berlin), berlin)  # skipped: 02:00 becomes 03:00
    datetime.datetime(2026, 3, 29, 3, 0)
    >>> dt.datetime.fromtimestamp(to_epoch_ms(dt.datetime(2026, 10, 25, 2, 30), berlin) / 1000, dt.UTC).hour  # twice
    0
    """
    high = _stamp(local, zone, fold=0)
    if to_local(high, zone) == local:
        return high
    low = _stamp(local, zone, fold=1)  # in a gap, fold=1 lies before the jump and fold=0 after it
    while high - low > 1000:  # clocks jump at whole seconds
        middle = (low + high) // 2000 * 1000
        low, high = (low, middle) if to_local(middle, zone) >= local else (middle, high)
    return high


def format_iso(ms: int) -> str:
    """ISO 8601 in UTC with Z; milliseconds only where there are any.

    >>> format_iso(1795392000000), format_iso(1795392000500)  # day 20,780 of the epoch
    ('2026-11-23T00:00:00Z', '2026-11-23T00:00:00.500Z')
    """
    moment = dt.datetime.fromtimestamp(ms / 1000, dt.UTC)
    text = moment.isoformat(timespec="milliseconds" if ms % 1000 else "seconds")
    return text.replace("+00:00", "Z")


def local_midnight(day: dt.date, zone: zoneinfo.ZoneInfo) -> int:
    """The first instant (ms) of a local day; not at 00:00 where the clock jumps over midnight."""
    return to_epoch_ms(dt.datetime.combine(day, dt.time()), zone)


class Period(msgspec.Struct, frozen=True):
    """A span that a report is about. `label` is its name, `2026-W47`, and together with `zone` says everything."""

    kind: Kind
    start: int
    end: int
    label: str
    zone: str

    def shift_back(self, n: int) -> "Period":
        """The period of the same kind `n` steps earlier; a negative `n` goes forward."""
        return _period(self.kind, _read(self.label)[1] - n, self.zone)

    def previous(self) -> "Period":
        return self.shift_back(1)

    def next(self) -> "Period":
        return self.shift_back(-1)


def parse_period(text: str, zone: str, now: int) -> Period:
    """Read what a person typed; words such as `last-week` count from `now`. UsageError says what is allowed.

    >>> parse_period("2026-Q4", "UTC", 0).previous().label
    '2026-Q3'
    >>> parse_period("last-week", "Europe/Berlin", 1795390200000).label  # Monday 2026-11-23
    '2026-W47'
    """
    given = text.strip()
    word = given.lower()
    if word in _DAYS:
        return get_period_at("day", now, zone).shift_back(_DAYS[word])
    which, _, kind = word.partition("-")
    if which in ("this", "last") and kind in _SHAPES:
        return get_period_at(kind, now, zone).shift_back(int(which == "last"))  # type: ignore[arg-type]  # a key of _SHAPES is a Kind
    try:
        return _period(*_read(given), zone)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"no period {text!r}; allowed are {ALLOWED}") from error


def get_period_at(kind: Kind, ms: int, zone: str) -> Period:
    """The period of a kind in which an instant lies.

    >>> get_period_at("week", 1798761600000, "UTC").label  # Friday 2027-01-01 belongs to a week of 2026
    '2026-W53'
    """
    return _period(kind, _SHAPES[kind].number(to_local(ms, get_zone(zone)).date()), zone)


def format_label(start: int, end: int, zone: str) -> str:
    """The name of the period between two instants; of one that is none of ours, its first day.

    >>> format_label(1793487600000, 1796079600000, "Europe/Berlin")
    '2026-11'
    """
    for kind in get_args(Kind):
        period = get_period_at(kind, start, zone)
        if (period.start, period.end) == (start, end):
            return period.label
    return to_local(start, get_zone(zone)).date().isoformat()


def get_last_complete_period(kind: Kind, ms: int, zone: str) -> Period:
    """The newest period of a kind that is over at `ms`."""
    return get_period_at(kind, ms, zone).previous()


class _Shape(NamedTuple):
    """How the periods of one kind are numbered without gaps, so that going back is a subtraction."""

    pattern: re.Pattern[str]
    first: Callable[[int], dt.date]  # the number's first day
    number: Callable[[dt.date], int]  # of the period that a day lies in
    label: Callable[[dt.date], str]  # by the first day
    read: Callable[..., dt.date]  # the pattern's groups to some day of the period


def _month(n: int) -> dt.date:
    return dt.date(n // 12, n % 12 + 1, 1)


def _months(many: int) -> tuple[Callable[[int], dt.date], Callable[[dt.date], int]]:
    return lambda n: _month(n * many), lambda day: (day.year * 12 + day.month - 1) // many


def _part(year: int, part: int, months: int) -> dt.date:
    return dt.date(year, (part - 1) * months + 1, 1)


_DAYS = {"today": 0, "yesterday": 1}
_SHAPES: dict[str, _Shape] = {
    "day": _Shape(
        re.compile(r"(\d{4})-(\d\d)-(\d\d)"), dt.date.fromordinal, dt.date.toordinal, dt.date.isoformat, dt.date
    ),
    "week": _Shape(
        re.compile(r"(\d{4})-[Ww](\d\d?)"),
        lambda n: dt.date.fromordinal(n * 7 + 1),  # 0001-01-01 was a Monday
        lambda day: (day.toordinal() - 1) // 7,
        lambda day: "{}-W{:02}".format(*day.isocalendar()[:2]),
        lambda year, week: dt.date.fromisocalendar(year, week, 1),
    ),
    "month": _Shape(
        re.compile(r"(\d{4})-(\d\d)"), *_months(1), lambda day: f"{day:%Y-%m}", lambda y, m: _part(y, m, 1)
    ),
    "quarter": _Shape(
        re.compile(r"(\d{4})-[Qq]([1-4])"),
        *_months(3),
        lambda day: f"{day.year:04}-Q{(day.month + 2) // 3}",
        lambda y, q: _part(y, q, 3),
    ),
    "half": _Shape(
        re.compile(r"(\d{4})-[Hh]([12])"),
        *_months(6),
        lambda day: f"{day.year:04}-H{(day.month + 5) // 6}",
        lambda y, h: _part(y, h, 6),
    ),
    "year": _Shape(re.compile(r"(\d{4})"), *_months(12), lambda day: f"{day.year:04}", lambda y: _part(y, 1, 12)),
}


def _read(label: str) -> tuple[Kind, int]:
    """Kind and number of a label; ValueError if it is none."""
    for kind, shape in _SHAPES.items():
        if found := shape.pattern.fullmatch(label):
            return kind, shape.number(shape.read(*map(int, found.groups())))  # type: ignore[return-value]  # a key of _SHAPES is a Kind
    raise ValueError(label)


def _period(kind: Kind, number: int, zone: str) -> Period:
    shape, place = _SHAPES[kind], get_zone(zone)
    first = shape.first(number)
    return Period(
        kind, local_midnight(first, place), local_midnight(shape.first(number + 1), place), shape.label(first), zone
    )


def _stamp(local: dt.datetime, zone: zoneinfo.ZoneInfo, *, fold: int) -> int:
    seconds, rest = divmod((local - EPOCH) // _MS, 1000)
    aware = (EPOCH + dt.timedelta(seconds=seconds)).replace(tzinfo=zone, fold=fold)
    return int(aware.timestamp()) * 1000 + rest
