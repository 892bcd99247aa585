"""One KPI over one slice of the period, as readers see it. Nothing here computes a figure: it only says it."""

import shlex
from collections.abc import Mapping, Sequence

from helpdesk_kpi.measure.metrics.contract import Awaited, Kpi
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.milliseconds import DAY
from helpdesk_kpi.report.charts.builder import build_sparkline, build_trend
from helpdesk_kpi.report.charts.geometry import Chart
from helpdesk_kpi.report.context import HISTORY, RenderContext
from helpdesk_kpi.report.deprecated_names import DeprecatedNames
from helpdesk_kpi.report.plain_text import sanitise
from helpdesk_kpi.report.result_types import Axis, TicketLine
from helpdesk_kpi.translations import ngettext_noop

UNITS = {"tickets": ngettext_noop("ticket", "tickets"), "points": ngettext_noop("point", "points")}
_UNANSWERED = ngettext_noop(
    "{n} of the new tickets still waits for a reply, past target",
    "{n} of the new tickets still wait for a reply, past target",
)
_OPEN = ngettext_noop(
    "{n} of the new tickets is still open, past target", "{n} of the new tickets are still open, past target"
)
#: How many wait past their target, in a line of its own, by what they wait for; of a stock, all of it waits.
ALERTS = {"reply": _UNANSWERED, "next_reply": _UNANSWERED, "solve": _OPEN, "acceptance": _OPEN}
STOCK_ALERT = ngettext_noop("{n} of all open tickets is past target", "{n} of all open tickets are past target")
FEW = 5  # below, shares are told as "2 of 3" and nothing is compared


class MetricView(DeprecatedNames):
    """Templates read its attributes; texts are ready to print, raw figures are in `value`."""

    renamed = {  # noqa: RUF012 - the base class says ClassVar
        "told": "headline", "mean_told": "mean_text", "judged": "has_baseline", "silent": "is_uninformative",
    }  # fmt: skip

    def __init__(
        self,
        scene: RenderContext,
        entry: Kpi,
        value: MetricValue,
        variant: str = "strict",
        where: Mapping[str, str | None] = {},
    ) -> None:
        self._scene = scene
        self._words = scene.words
        self.entry = entry
        self.value = value
        self.variant = variant
        self.where = dict(where)

    # what it is

    @property
    def id(self) -> str:
        return self.entry.id

    @property
    def title(self) -> str:
        return self._words.title(self.entry)

    @property
    def name(self) -> str:
        """With its slice, for running text and charts: "First reply time (P1)"."""
        name = self._words.name(self.entry)
        return self._words.gettext("{title} ({slice})", title=name, slice=self.slice) if self.slice else name

    @property
    def short(self) -> str:
        return self._words.short(self.entry)

    @property
    def statistic(self) -> str:
        """Which statistic the headline is, in words; "" where there is only one."""
        return self._words.statistic(self.entry)

    @property
    def definition(self) -> str:
        return self._words.definition(self.entry, self.variant)

    @property
    def slice(self) -> str:
        """The slice in words: "P1"; "" for the whole."""
        by_name = [
            sanitise(name)
            if name
            else (self._words.gettext("No priority") if axis == "severity" else self._words.gettext("not set"))
            for axis, name in self.where.items()
        ]
        return " · ".join(by_name)

    @property
    def awaits(self) -> Awaited:
        """What its running spans wait for."""
        return self.entry.awaits_of(self.variant)

    @property
    def anchor(self) -> str:
        """Names this number inside a page."""
        where = "".join(f"-{axis}-{'none' if name is None else sanitise(name)}" for axis, name in self.where.items())
        return "n-" + "".join(letter if letter.isalnum() else "-" for letter in f"{self.id}{where}")

    @property
    def gap(self) -> str:
        """What the source lacks for this KPI; "" when nothing."""
        return sanitise(self._scene.figures.facts.gaps.get(self.id, ""), 300)

    # what it says

    @property
    def empty(self) -> bool:
        """Nothing was there, or nothing came of it: a cost that nobody wrote down. Durations may be not reached yet."""
        value = self.value
        return (value.n == 0 and not value.value) or (value.value is None and value.unit != "ms")

    @property
    def is_uninformative(self) -> bool:
        """Whether there is nothing at all to tell: no value, nothing that still runs, nothing left out."""
        return self.empty and not self.value.running and not self.value.excluded

    @property
    def text(self) -> str:
        """The headline: "1 h 38 min", "91.0%", "2 of 3", "143", or in words why there is none."""
        value = self.value
        if value.value is None or (self.empty and value.unit != "tickets"):
            return self._empty_text()
        if value.unit == "share" and value.n < FEW:
            part = self._words.number(value.value * value.n)
            return self._words.gettext("{part} of {all}", part=part, all=self._words.number(value.n))
        return self.amount(value.value)

    def _empty_text(self) -> str:
        if self.empty:
            return self._words.gettext("not known") if self.gap else self._words.gettext("none")
        return self._words.gettext("over half still open")

    @property
    def pieces(self) -> Sequence[tuple[str, str]]:
        """The headline as (number, unit) pairs, so that units can be set smaller."""
        if self.value.unit == "ms" and self.value.value is not None and not self.empty:
            return self._words.duration_pieces(self.value.value, self.value.clock)
        counted = self.value.unit in {"tickets", "points"} and self.value.value is not None
        return [(self.text, self._words.ngettext(*UNITS[self.value.unit], n=self.value.value or 0) if counted else "")]

    @property
    def headline(self) -> str:
        """The headline with its unit: "143 tickets"."""
        return " ".join(f"{amount} {unit}".strip() for amount, unit in self.pieces)

    @property
    def n(self) -> str:
        return self._words.number(self.value.n)

    @property
    def sample(self) -> str:
        """n with what is counted: "397 tickets", "74 answers"."""
        return self._words.count(self.entry, self.value.n)

    @property
    def has_sample(self) -> bool:
        """Whether n says something that the value does not: of a stock, they are the same."""
        return not (self.entry.is_instant and self.value.unit == "tickets")

    @property
    def range(self) -> str:
        """The 95 % interval, "" where there is none."""
        low, high = self.value.low, self.value.high
        return "" if low is None or high is None or self.value.value is None else self.span(low, high)

    @property
    def interval(self) -> str:
        return self._words.gettext("95% interval {range}", range=self.range) if self.range else ""

    @property
    def final(self) -> str:
        """When a value that still changes will be final, or that it changes; "" once it is final."""
        if not self.value.provisional:
            return ""
        days = self.entry.matures_of(self.variant)
        end = self._scene.figures.period.end + days * DAY
        if not days or end <= self._scene.figures.as_of:
            return self._words.gettext("provisional: still changing")
        return self._words.gettext("provisional: final on {date}", date=self._words.date(end))

    @property
    def windows(self) -> str:
        """The same within more or fewer days: "within 7 d 4.1% · within 30 d 9.0%"; "" without such windows."""
        words, shares = self._words, self.value.also.items()
        return " · ".join(
            words.gettext("within {days} days {value}", days=days.removesuffix(" d"), value=self.amount(share))
            for days, share in shares
            if share is not None
        )

    @property
    def timed(self) -> bool:
        """Whether it is a duration."""
        return self.value.unit == "ms"

    @property
    def mean(self) -> str:
        return self._optional(self.value.mean)

    @property
    def mean_text(self) -> str:
        """With the spans that it covers: "mean of the 96 solved 9 h 41 min"; "" without one."""
        if not self.mean:
            return ""
        words, values = self._words, {"value": self.mean, "ended": self._words.number(self.value.ended)}
        if self.awaits == "reply":
            return words.pgettext("tickets", "mean of the {ended} answered {value}", **values)
        if self.awaits == "next_reply":
            return words.pgettext("replies", "mean of the {ended} answered {value}", **values)
        return words.gettext("mean of the {ended} solved {value}", **values)

    @property
    def alert(self) -> str:
        """How many still wait past their target, with what is counted; "" when none."""
        late = self.value.overdue
        return (
            self._words.ngettext(*(STOCK_ALERT if self.entry.is_instant else ALERTS[self.awaits]), n=late)
            if late
            else ""
        )

    @property
    def median(self) -> str:
        return self._optional(self.value.median)

    @property
    def oldest(self) -> str:
        """Of what is open; "" where nothing is."""
        return self._optional(self.value.oldest)

    @property
    def p90(self) -> str:
        """Of durations, or of the ages of a stock; "not reached" while too many still wait."""
        if self.value.unit == "ms" and self.value.n and self.value.p90 is None:
            return self._words.gettext("over a tenth still open")
        return self._optional(self.value.p90)

    @property
    def within(self) -> str:
        """Share within target, "" without a target."""
        share = self.value.within
        return "" if share is None else self._words.percent(share, 0 if self.value.n < 1000 else 1)

    @property
    def within_before(self) -> str:
        """The same of the period before, "" when unknown."""
        before = self.value.previous
        return "" if before is None else MetricView(self._scene, self.entry, before, self.variant, self.where).within

    @property
    def target(self) -> str:
        return self._optional(self.value.target)

    @property
    def running(self) -> str:
        return self._words.number(self.value.running)

    @property
    def previous(self) -> str:
        """The period before at the same age, "" when there is none."""
        before = self.value.previous
        if before is None:
            return ""
        number = MetricView(self._scene, self.entry, before, self.variant, self.where)
        return "" if number.empty else number.text

    @property
    def left_out(self) -> str:
        """What is not in n, by reason; "" when nothing."""
        items = [
            self._words.pgettext("tickets", "{n} {reason}", n=count, reason=self._words.reason(reason))
            for reason, count in self.value.excluded.items()
        ]
        return self._words.join_list(items)

    @property
    def change(self) -> str:
        """Difference of two shares in points; "" for everything else, where both values stand side by side."""
        before = self.value.previous
        if self.value.unit != "share" or before is None or before.value is None or self.value.value is None:
            return ""
        difference = self.value.value - before.value
        return self._words.points(difference) if abs(difference) >= 0.0005 else ""

    # whether it is news

    @property
    def direction(self) -> str:
        """worse, better, more, less; "" when there is no signal."""
        signal = self.value.signal
        return (signal.direction or "more") if signal is not None and signal.verdict == "signal" else ""

    @property
    def ask(self) -> bool:
        """Worth asking about: a signal that is not simply good news."""
        return self.direction in ("worse", "more", "less")

    @property
    def has_baseline(self) -> bool:
        """Whether there was enough history to say anything."""
        return self.value.signal is not None and self.value.signal.verdict in ("signal", "usual")

    @property
    def verdict(self) -> str:
        """ "slower than usual", "within its usual range", "no usual range yet: 3 of 26 weeks"; "" when not asked."""
        signal = self.value.signal
        if signal is None or self.empty:
            return ""
        if signal.verdict == "signal":
            return self._words.verdict(self._kind(), self.direction)
        if signal.verdict == "too_little_history":
            return self._words.gettext(
                "no usual range yet: {n} of {needed} {steps}",
                n=signal.points,
                needed=HISTORY,
                steps=self._words.step(self._scene.kind, HISTORY),
            )
        if signal.verdict == "provisional":
            return self._words.gettext("provisional: still changing")
        return self._words.gettext("within its usual range")

    def _kind(self) -> str:
        up = self.direction == "more" or (self.direction == "worse") == (self.entry.better == "lower")
        if self.value.unit == "ms":
            return "slower" if up else "faster"
        return "higher" if up and self.direction != "less" else "lower"

    @property
    def verdict_and_usual(self) -> str:
        """The verdict, and for a signal the range that it left."""
        if not (self.direction and self.usual):
            return self.verdict
        return self._words.gettext("{verdict} ({usual})", verdict=self.verdict, usual=self.usual)

    @property
    def usual(self) -> str:
        """The usual range, "" when unknown."""
        signal = self.value.signal
        if signal is None or signal.low is None or signal.high is None:
            return ""
        return self.span(signal.low, signal.high)

    @property
    def streak(self) -> int:
        """How many periods in a row, this one included, lie outside on the same side."""
        signal = self.value.signal
        if not self.direction or signal is None or signal.low is None or signal.high is None:
            return 0
        above = (self.value.value or 0) > signal.high
        count = 1
        for point in reversed(self.value.history):
            out = point.value is not None and (point.value > signal.high if above else point.value < signal.low)
            if not out:
                break
            count += 1
        return count

    # what is behind it

    def by(self, axis: Axis) -> dict[str | None, "MetricView"]:
        """The same KPI for each value of an axis."""
        values = self._scene.figures.by(self.id, axis, self.variant, **self.where)
        return {
            name: MetricView(self._scene, self.entry, value, self.variant, {**self.where, axis: name})
            for name, value in values.items()
        }

    @property
    def command(self) -> str:
        """Prints every observation behind it: in a report about one team, those of the other teams too."""
        severity = self.where.get("severity")
        requested = ["helpdesk-kpi", "observations", self.id, "--period", self._scene.figures.period.label]
        return shlex.join(requested + (["--severity", sanitise(severity)] if severity else []))

    def tickets(self, limit: int) -> Sequence[TicketLine]:
        return self._scene.figures.ticket_rows(self.id, limit, self.variant, **self.where)

    @property
    def pair(self) -> "MetricView | None":
        """The KPI that keeps this one honest, over the same slice."""
        entry = self._scene.figures.facts.catalogue.get(self.entry.pair or "")
        if entry is None:
            return None
        return MetricView(
            self._scene, entry, self._scene.figures.value(entry.id, "strict", **self.where), where=self.where
        )

    @property
    def spark(self) -> Chart | None:
        return build_sparkline(self, self._scene)

    @property
    def trend(self) -> Chart | None:
        return build_trend(self, self._scene)

    # how it is written

    def amount(self, value: float) -> str:
        return self._words.amount(value, self.value.unit, self.value.clock)

    def span(self, low: float, high: float) -> str:
        return self._words.range(low, high, self.value.unit, self.value.clock)

    def _optional(self, ms: float | None) -> str:
        """Durations; a stock's are the ages of its tickets."""
        return "" if ms is None else self._words.duration(ms, self.value.clock)
