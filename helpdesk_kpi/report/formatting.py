"""Everything that a report says, in the reader's language: words, numbers, dates, durations.

Numbers and their unit are joined by a no-break space; plain-text formats turn it into a space at the end (see
`plain.spaces`). Babel writes numbers and single dates. Ranges of dates and durations are ours: Babel's ranges change
with its version, and its durations keep one unit only ("2 h" for 2 h 15 min).
"""

import math
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, get_timezone_name
from babel.numbers import format_decimal, format_percent

from helpdesk_kpi.measure.metrics.contract import YES_NO, Kpi
from helpdesk_kpi.measure.quality import gaps
from helpdesk_kpi.milliseconds import HOUR, MINUTE, SECOND
from helpdesk_kpi.report import labels
from helpdesk_kpi.report.result_types import ReportPeriod
from helpdesk_kpi.translations import FOLDER, Translator, ngettext_noop, pgettext_noop

NBSP = "\u00a0"
LONG_HOURS = 100  # from here on minutes are noise
STEPS = {
    "day": ngettext_noop("day", "days"),
    "week": ngettext_noop("week", "weeks"),
    "month": ngettext_noop("month", "months"),
    "quarter": ngettext_noop("quarter", "quarters"),
    "half": ngettext_noop("half-year", "half-years"),
    "year": ngettext_noop("year", "years"),
}
PERIODS = {
    "day": pgettext_noop("period", "{day:d MMM y}"),
    # Fields: year
    "week": pgettext_noop("period", "Week {number}"),
    "month": pgettext_noop("period", "{day:LLLL y}"),
    "quarter": pgettext_noop("period", "Q{number} {day:y}"),
    "half 1": pgettext_noop("period", "Half-year 1, {day:y}"),
    "half 2": pgettext_noop("period", "Half-year 2, {day:y}"),
    "year": pgettext_noop("period", "{day:y}"),
}
#: Zones that have a name of their own in some language.
ZONES = {
    "Asia/Shanghai": pgettext_noop("time zone", "Asia/Shanghai"),
    "Asia/Chongqing": pgettext_noop("time zone", "Asia/Chongqing"),
    "PRC": pgettext_noop("time zone", "PRC"),
}
CJK = frozenset({"Hans", "Hant", "Jpan", "Kore"})  # scripts with square characters, which need higher lines


class Day:
    """A date in a text: "{day:d MMM y}" writes it by a pattern of Babel."""

    def __init__(self, day: date, locale: Locale) -> None:
        self._day = day
        self._locale = locale

    def __format__(self, pattern: str) -> str:
        return str(format_date(self._day, pattern, locale=self._locale))


class Formatter(Translator):
    """One language in one zone."""

    def __init__(self, locale: str, zone: str, folder: Path = FOLDER) -> None:
        """`folder` holds the catalogues. Raises UsageError without a catalogue; "zh-CN" counts as "zh"."""
        super().__init__(locale, folder)
        self.zone = ZoneInfo(zone)

    @property
    def is_cjk(self) -> bool:
        """Whether the language is written in square characters."""
        likely = get_global("likely_subtags").get(str(self.babel), str(self.babel))
        return (self.babel.script or Locale.parse(likely).script) in CJK

    @property
    def tag(self) -> str:
        """For HTML: "en", "zh-CN"."""
        return self.pgettext("HTML language", "en")

    def label(self, context: str, code: str) -> str:
        """The text for a code; see `labels`."""
        return self.pgettext(context, labels.TABLES[context][code])

    def join_list(self, items: "list[str] | tuple[str, ...]") -> str:
        return self.pgettext("between items of a list", ", ").join(items)

    def sentences(self, parts: "list[str]") -> str:
        """Join sentences that come without their full stop."""
        stop = self.pgettext("after a sentence", ". ")
        return "".join(part + stop for part in parts if part).strip()

    # KPIs

    def title(self, entry: Kpi) -> str:
        context = f"kpi.{entry.id}"
        return self.pgettext(context, entry.title)

    def name(self, entry: Kpi) -> str:
        """The title for running text: abbreviations in brackets are for titles only."""
        return re.sub(r"（[A-Z]+）", "", self.title(entry))

    def short(self, entry: Kpi) -> str:
        """For table heads and cards."""
        context = f"kpi.{entry.id}.short"  # a short title may be the title in English and another text elsewhere
        return self.pgettext(context, entry.short or entry.title)

    def count(self, entry: Kpi, n: float) -> str:
        """n with its noun: "397 tickets", "74 answers"."""
        one, many = entry.counts
        return self.ngettext(f"{{count}} {one}", f"{{count}} {many}", n=n, count=self.number(n))

    def definition(self, entry: Kpi, variant: str = "strict") -> str:
        """The docstring, or its translation."""
        context = f"kpi.{entry.id}"
        return self.pgettext(context, entry.variants[variant].definition)

    def inside(self, title: str) -> str:
        """A title inside a sentence: "first reply"; abbreviations keep their capitals."""
        return title if title[1:2].isupper() else title[:1].lower() + title[1:]

    def first(self, text: str) -> str:
        """A text at the beginning of a line."""
        return text[:1].upper() + text[1:]

    def statistic(self, entry: Kpi) -> str:
        """Which statistic the headline is: "median"; "" where there is only one."""
        name = type(entry.statistic).__name__
        return self.label("statistic", name) if name in labels.STATISTICS else ""

    def format_signal(self, entry: Kpi, direction: str, who: str) -> str:
        """The signal as a title: "first replies for P1 got slower"."""
        context, text = ("signal", labels.SIGNALS[direction])
        for declared, own in entry.headlines.items():
            if declared == direction:
                context, text = (f"kpi.{entry.id}", own)
        title = self.title(entry)
        return self.pgettext(context, text, who=who, title=title, lower=title.lower())

    def verdict(self, kind: str, direction: str) -> str:
        """`kind`: slower, faster, higher, lower."""
        return self.pgettext("verdict", labels.VERDICTS[kind], direction=self.label("direction", direction))

    def reason(self, code: str) -> str:
        """A reason, state or facet by its code; codes without a translation are shown as they are."""
        return self.label("reason", code) if code in labels.REASONS else code.replace("_", " ")

    def outcomes(self, entry: Kpi) -> tuple[str, str]:
        """What 1 and 0 of a share mean for one ticket: "good", "bad"."""
        context = "share" if entry.outcomes == YES_NO else f"kpi.{entry.id}"
        yes, no = entry.outcomes
        return self.pgettext(context, yes), self.pgettext(context, no)

    def why(self, code: str) -> str:
        return self.label("waiting", code)

    def stage(self, code: str) -> str:
        """Of a ticket's way: "in the queue"."""
        return self.label("stage", code)

    def bottleneck(self, stage: str, axis: str, name: str) -> str:
        """ "Hand-over to Billing"."""
        return self.pgettext("bottleneck", labels.BOTTLENECKS[f"{stage} {axis}"], name=name)

    def gap(self, code: str, detail: str) -> str:
        """What the store lacks."""
        return self.pgettext("gap", gaps.TEXTS[code], detail=detail).strip()

    # numbers

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
        if difference > 0:
            return self.gettext("{points} points up", points=text)
        return self.gettext("{points} points down", points=text)

    def duration(self, ms: float, clock: str = "calendar") -> str:
        """Two units at most; a line may break between them only. Business time is never told in days: a working day has
        no 24 hours.
        """
        return " ".join(f"{number}{NBSP}{unit}" for number, unit in self.duration_pieces(ms, clock))

    def duration_pieces(self, ms: float, clock: str = "calendar") -> list[tuple[str, str]]:
        """[("2", "h"), ("05", "min")], for figures whose units are set smaller."""
        return [(number, self.label("unit", unit)) for number, unit in self._spans(ms, clock)]

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
        padded = self.pgettext("minutes after hours", "{minutes:02}").format(minutes=rest)
        return [(self.number(hours), "h"), *([(padded, "min")] if rest else [])]

    def amount(self, value: float, unit: str, clock: str = "calendar") -> str:
        """A KPI's value in its unit: a duration, a share, or a count."""
        if unit == "ms":
            return self.duration(value, clock)
        return self.percent(value) if unit == "share" else self.number(value)

    def range(self, low: float, high: float, unit: str, clock: str = "calendar") -> str:
        return self.gettext("{low} to {high}", low=self.amount(low, unit, clock), high=self.amount(high, unit, clock))

    # time

    def local(self, at: int) -> datetime:
        return (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at)).astimezone(self.zone)

    def _day(self, at: "int | date") -> Day:
        return Day(self.local(at).date() if isinstance(at, int) else at, self.babel)

    def date(self, at: int) -> str:
        return self.pgettext("date", "{day:d MMM y}", day=self._day(at))

    def moment(self, at: int) -> str:
        """With the zone named: a report is read in other places than it was written for."""
        local = self.local(at)
        parts = {"day": self._day(at), "time": f"{local:%H:%M}", "zone": self._zone_name(local)}
        return self.pgettext("moment", "{day:EEE d MMM y}, {time} {zone}", **parts)

    def _zone_name(self, local: datetime) -> str:
        own = self.pgettext(*ZONES.get(self.zone.key, ("time zone", self.zone.key)))
        if own != self.zone.key:
            return own
        if self.pgettext("names of time zones: short or long", "short") == "long":
            return str(get_timezone_name(local, locale=self.babel))
        name = local.tzname() or ""
        return name if name.isalpha() else f"UTC{name}"

    def period(self, period: ReportPeriod) -> str:
        """Week 47, November 2026, Q4 2026; 2026年第47周."""
        start = self.local(period.start)
        iso = start.isocalendar()
        kind = f"half {(start.month + 5) // 6}" if period.kind == "half" else period.kind
        if kind not in PERIODS:
            return period.label
        number = {"week": iso.week, "quarter": (start.month + 2) // 3}.get(kind, 0)
        return self.pgettext(*PERIODS[kind], day=self._day(period.start), number=number, year=str(iso.year))

    def dates(self, period: ReportPeriod) -> str:
        """The days that the period covers, the last one included: 16–22 Nov 2026; months and years where they change.

        Not Babel's `format_interval`: its dash has thin spaces (U+2009) around it or none, which differs between
        versions of Babel, and a thin space is no character for plain text.
        """
        first, last = self.local(period.start).date(), self.local(period.end - 1).date()
        days = {"first": self._day(first), "last": self._day(last)}
        if first == last:  # Fields: first
            return self.pgettext("days", "{last:d MMM y}", **days)
        if (first.year, first.month) == (last.year, last.month):
            return self.pgettext("days", "{first:d}–{last:d MMM y}", **days)
        if first.year == last.year:
            return self.pgettext("days", "{first:d MMM} – {last:d MMM y}", **days)
        return self.pgettext("days", "{first:d MMM y} – {last:d MMM y}", **days)

    def step(self, kind: str, n: float) -> str:
        """ "week" or "weeks"."""
        return self.ngettext(*STEPS.get(kind, STEPS["day"]), n=n)

    def this(self, kind: str) -> str:
        """ "this week"."""
        return self.label("this period", kind if kind in labels.THIS else "day")

    def before(self, kind: str) -> str:
        """ "week before"."""
        return self.label("previous period", kind if kind in labels.PREVIOUS else "day")

    def axis(self, label: str, kind: str) -> str:
        """A period's label under a trend, as short as can be: W47, Nov 2026."""
        if kind == "week" and "-W" in label:
            return self.pgettext("axis", "W{number}", number=int(label.rpartition("-W")[2]))
        if kind == "month":
            return self.pgettext("axis", "{day:MMM y}", day=self._day(date.fromisoformat(f"{label}-01")))
        return label


def _round_to_unit(ms: int, unit: int) -> int:
    return (ms + unit // 2) // unit * unit
