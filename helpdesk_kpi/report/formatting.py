"""Everything that a report says, in the reader's language: words, numbers, dates, durations.

Numbers and their unit are joined by a no-break space; plain-text formats turn it into a space at the end (see
`plain.spaces`). Babel writes numbers and single dates. Ranges of dates and durations are ours: Babel's ranges change
with its version, and its durations keep one unit only ("2 h" for 2 h 15 min).
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from types import ModuleType
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, get_timezone_name
from babel.numbers import format_decimal, format_percent

from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.metrics.contract import Kpi
from helpdesk_kpi.milliseconds import HOUR, MINUTE, SECOND
from helpdesk_kpi.report.result_types import Period

LANGUAGES = ("en", "zh")
NBSP = "\u00a0"
LONG_HOURS = 100  # from here on minutes are noise


class Formatter:
    """One language in one zone."""

    def __init__(self, locale: str, zone: str) -> None:
        """Raises UsageError on a language that is not there; "zh-CN" and "en_US" count as "zh" and "en"."""
        name = locale.replace("-", "_").split("_")[0].lower()
        if name not in LANGUAGES:
            raise UsageError(f"no language {locale!r}; there are {', '.join(LANGUAGES)}")
        self.locale = name
        self.language: ModuleType = import_module(f"helpdesk_kpi.report.languages.{name}")
        self.babel = Locale.parse(self.language.LOCALE)
        self.zone = ZoneInfo(zone)

    def say(self, key: str, /, *, n: float = 1, **parts: object) -> str:
        """A text with its parts put in. `n` chooses between one and many, and is a part if the text names it."""
        text = self.language.WORDS[key]
        if isinstance(text, tuple):
            text = text[0 if n == 1 else 1]
        return str(text).format(n=self.number(n), **parts)

    def join_list(self, items: "list[str] | tuple[str, ...]") -> str:
        return str(self.language.JOIN.join(items))

    def sentences(self, parts: "list[str]") -> str:
        """Join sentences that come without their full stop."""
        stop = self.language.STOP
        return "".join(part + stop for part in parts if part).strip()

    # KPIs

    def title(self, entry: Kpi) -> str:
        return str(self.language.TITLES.get(entry.id, entry.title))

    def name(self, entry: Kpi) -> str:
        """The title for running text: abbreviations in brackets stand in titles only."""
        return re.sub(r"（[A-Z]+）", "", self.title(entry))

    def short(self, entry: Kpi) -> str:
        """For table heads and cards."""
        return str(self.language.SHORT.get(entry.id) or self.title(entry))

    def definition(self, entry: Kpi, variant: str = "strict") -> str:
        """The docstring, or its translation; other variants exist in English only."""
        if variant == "strict" and entry.id in self.language.DEFINITIONS:
            return str(self.language.DEFINITIONS[entry.id])
        return entry.variants[variant].definition

    def inside(self, title: str) -> str:
        """A title inside a sentence: "first reply"; abbreviations keep their capitals."""
        return title if title[1:2].isupper() else title[:1].lower() + title[1:]

    def first(self, text: str) -> str:
        """A text at the beginning of a line."""
        return text[:1].upper() + text[1:]

    def statistic(self, entry: Kpi) -> str:
        """Which statistic the headline is: "median"; "" where there is only one."""
        return str(self.language.STATISTICS[type(entry.statistic).__name__])

    def format_signal(self, entry: Kpi, direction: str, who: str) -> str:
        """The signal as a title: "first replies for P1 got slower"."""
        texts: Mapping[str, str] = self.language.FINDINGS.get(entry.id) or self.language.FINDINGS[""]
        text = texts.get(direction) or self.language.FINDINGS[""][direction]
        return text.format(who=who, title=self.title(entry) if self.locale == "zh" else self.title(entry).lower())

    def verdict(self, kind: str, direction: str) -> str:
        """`kind`: slower, faster, higher, lower."""
        return str(self.language.VERDICTS[kind].format(direction=self.language.DIRECTIONS[direction]))

    def reason(self, code: str) -> str:
        """A reason, state or facet by its code; codes without a translation are shown as they are."""
        return str(self.language.REASONS.get(code, code.replace("_", " ")))

    def shares(self, kpi: str) -> tuple[str, str]:
        """What 1 and 0 of a share mean for one ticket: "good", "bad"."""
        both: Mapping[str, tuple[str, str]] = self.language.SHARES
        return both.get(kpi, both[""])

    def why(self, code: str) -> str:
        return str(self.language.WHY[code])

    def stage(self, code: str) -> str:
        """Of a ticket's way: "in the queue"."""
        return str(self.language.STAGES[code])

    def bottleneck(self, stage: str, axis: str, name: str) -> str:
        """ "Hand-over to Billing"."""
        return str(self.language.BOTTLENECKS[stage, axis].format(name=name))

    def gap(self, code: str, text: str, detail: str) -> str:
        """What the store lacks; English unless this language has words of its own."""
        own = self.language.GAPS.get(code)
        return str(own).format(detail=detail) if own else text

    # numbers

    def number(self, value: float) -> str:
        """At most one decimal; none from 100 on."""
        return str(format_decimal(value, "#,##0" if abs(value) >= 100 else "#,##0.#", locale=self.babel))

    def percent(self, share: float, digits: int = 1) -> str:
        """0.9 -> 90.0%. All and nothing have no decimals, and only they read 100% and 0%."""
        if share in (0, 1):
            return str(format_percent(share, "#,##0%", locale=self.babel))
        step = 10 ** -(digits + 2)
        shown = min(max(share, step), 1 - step)
        pattern = "#,##0." + "0" * digits + "%" if digits else "#,##0%"
        return str(format_percent(shown, pattern, locale=self.babel))

    def points(self, difference: float) -> str:
        """A difference of two shares, in percentage points."""
        text = format_decimal(abs(difference) * 100, "#,##0.0", locale=self.babel)
        return self.say("points_up" if difference > 0 else "points_down", points=text)

    def duration(self, ms: float, clock: str = "calendar") -> str:
        """Two units at most; a line may break between them only. Business time is never told in days: a working day has
        no 24 hours.
        """
        return " ".join(f"{number}{NBSP}{unit}" for number, unit in self.duration_pieces(ms, clock))

    def duration_pieces(self, ms: float, clock: str = "calendar") -> list[tuple[str, str]]:
        """[("2", "h"), ("05", "min")], for figures whose units are set smaller."""
        return [(number, self.language.UNITS[unit]) for number, unit in self._spans(ms, clock)]

    def _spans(self, ms: float, clock: str) -> list[tuple[str, str]]:
        whole = max(0, math.floor(ms + 0.5))
        if _round_to_unit(whole, SECOND) < MINUTE and whole:
            return [(str(max(1, _round_to_unit(whole, SECOND) // SECOND)), "s")]
        minutes = _round_to_unit(whole, MINUTE) // MINUTE
        if minutes < 60:
            return [(str(minutes), "min")]
        if clock != "calendar" or minutes < 24 * 60:
            return self._hours(minutes)
        days, hours = divmod(_round_to_unit(whole, HOUR) // HOUR, 24)
        return [(self.number(days), "d"), *([(str(hours), "h")] if hours else [])]

    def _hours(self, minutes: int) -> list[tuple[str, str]]:
        hours, rest = divmod(minutes, 60)
        if hours >= LONG_HOURS:
            return [(self.number((minutes + 30) // 60), "h")]
        pad = "02" if self.language.PAD_MINUTES else ""
        return [(self.number(hours), "h"), *([(format(rest, pad), "min")] if rest else [])]

    def amount(self, value: float, unit: str, clock: str = "calendar") -> str:
        """A KPI's value in its unit: a duration, a share, or a count."""
        if unit == "ms":
            return self.duration(value, clock)
        return self.percent(value) if unit == "share" else self.number(value)

    def range(self, low: float, high: float, unit: str, clock: str = "calendar") -> str:
        return str(self.language.RANGE.format(low=self.amount(low, unit, clock), high=self.amount(high, unit, clock)))

    # time

    def local(self, at: int) -> datetime:
        return (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at)).astimezone(self.zone)

    def date(self, at: int) -> str:
        return str(format_date(self.local(at), "d MMM y" if self.locale == "en" else "long", locale=self.babel))

    def moment(self, at: int) -> str:
        """With the zone named: a report is read in other places than it was written for."""
        local = self.local(at)
        if self.locale == "zh":
            return f"{self.date(at)} {local:%H:%M}（{self._zone_name(local)}）"
        return f"{format_date(local, 'EEE d MMM y', locale=self.babel)}, {local:%H:%M} {self._zone_name(local)}"

    def _zone_name(self, local: datetime) -> str:
        if self.locale == "zh" and self.zone.key in ("Asia/Shanghai", "Asia/Chongqing", "PRC"):
            return "北京时间"
        if self.locale == "zh":
            return str(get_timezone_name(local, locale=self.babel))
        name = local.tzname() or ""
        return name if name.isalpha() else f"UTC{name}"

    def period(self, period: Period) -> str:
        """Week 47, November 2026, Q4 2026; 2026年第47周."""
        start = self.local(period.start)
        iso = start.isocalendar()
        number = {"week": iso.week, "quarter": (start.month + 2) // 3, "half": (start.month + 5) // 6}
        text = self.language.PERIODS.get(period.kind, period.label)
        half = "上" if start.month < 7 else "下"
        month = format_date(start, "LLLL", locale=self.babel) if self.locale == "en" else start.month
        return str(
            text.format(
                start=self.date(period.start), year=iso.year if period.kind == "week" else start.year, month=month,
                day=start.day, number=number.get(period.kind, ""), half=half,
            )
        )  # fmt: skip

    def dates(self, period: Period) -> str:
        """The days that the period covers, the last one included: 16–22 Nov 2026."""
        first, last = self.local(period.start).date(), self.local(period.end - 1).date()
        return _chinese_days(first, last) if self.locale == "zh" else _english_days(first, last, self.babel)

    def step(self, kind: str, n: float) -> str:
        """ "week" or "weeks"."""
        one, many = self.language.STEPS.get(kind, self.language.STEPS["day"])
        return str(one if n == 1 else many)

    def this(self, kind: str) -> str:
        """ "this week"."""
        return str(self.language.THIS.get(kind, self.language.THIS["day"]))

    def before(self, kind: str) -> str:
        """ "week before"."""
        return str(self.language.PREVIOUS.get(kind, self.language.PREVIOUS["day"]))

    def axis(self, label: str, kind: str) -> str:
        """A period's label under a trend, as short as can be: W47, Nov 2026."""
        if kind == "week" and "-W" in label:
            return str(self.language.AXIS_WEEK.format(number=int(label.rpartition("-W")[2])))
        if kind == "month":
            return str(format_date(date.fromisoformat(f"{label}-01"), self.language.AXIS_MONTH, locale=self.babel))
        return label


def _round_to_unit(ms: int, unit: int) -> int:
    return (ms + unit // 2) // unit * unit


def _english_days(first: date, last: date, locale: Locale) -> str:
    """16–22 Nov 2026; months and years only where they change.

    Not Babel's `format_interval`: its dash has thin spaces (U+2009) around it or none, which differs between versions
    of Babel, and a thin space is no character for plain text.
    """
    end = str(format_date(last, "d MMM y", locale=locale))
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{end}"
    start = format_date(first, "d MMM" if first.year == last.year else "d MMM y", locale=locale)
    return f"{start} – {end}"


def _chinese_days(first: date, last: date) -> str:
    """11月16日至22日; months and years only where they change."""
    start, end = f"{first.month}月{first.day}日", f"{last.month}月{last.day}日"
    if first == last:
        return start
    if first.year != last.year:
        return f"{first.year}年{start}至{last.year}年{end}"
    return f"{start}至{last.day}日" if first.month == last.month else f"{start}至{end}"
