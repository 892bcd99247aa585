"""Which picture a number gets, with its texts; see `charts` for the geometry."""

from datetime import datetime
from typing import Protocol

from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.report.charts.geometry import Chart, ticks
from helpdesk_kpi.report.context import RenderContext
from helpdesk_kpi.report.plain_text import sanitise
from helpdesk_kpi.translations import gettext_noop

FEWEST = 3  # points; fewer make no line
MARKS = 4  # annotations that fit
# Fields: steps
TREND = gettext_noop("{title}: {value} now; {steps} before: {range}.")
SPARK = gettext_noop("{title}, {points} {steps} before: {range}; now {value}")


class ChartTexts(Protocol):
    """What a picture reads of a number."""

    value: MetricValue

    @property
    def anchor(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def ask(self) -> bool: ...
    def amount(self, value: float) -> str: ...
    def span(self, low: float, high: float) -> str: ...


def build_sparkline(number: ChartTexts, scene: RenderContext) -> Chart | None:
    """None while there is too little to draw."""
    points = _points(number)
    if sum(point is not None for point in points) < FEWEST:
        return None
    signal = number.value.signal
    return Chart(
        name=f"spark-{number.anchor}",
        kind="spark",
        points=points,
        alt=_alt(SPARK, number, scene),
        low=signal.low if signal else None,
        high=signal.high if signal else None,
        ask=number.ask,
    )


def build_trend(number: ChartTexts, scene: RenderContext) -> Chart | None:
    """None while there is too little to draw."""
    small = build_sparkline(number, scene)
    if small is None:
        return None
    kind = scene.kind
    labels = [point.period for point in number.value.history]
    shown = [v for v in (*small.points, small.low, small.high) if v is not None]
    marks = _marks([*labels, scene.figures.period.label], scene)
    marked = _annotation_texts(marks, [*labels, scene.figures.period.label], scene)
    return Chart(
        name=f"trend-{number.anchor}",
        kind="trend",
        points=small.points,
        alt=" ".join(part for part in (_alt(TREND, number, scene), marked) if part),
        low=small.low,
        high=small.high,
        ask=small.ask,
        last=number.amount(number.value.value) if number.value.value is not None else "",
        band=scene.words.gettext("usual range"),
        first_label=scene.words.axis(labels[0], kind) if labels else "",
        last_label=scene.words.axis(scene.figures.period.label, kind),
        ticks=tuple((at, number.amount(at)) for at in ticks(shown, number.value.unit)),
        marks=marks,
        marked=marked,
    )


def _points(number: ChartTexts) -> tuple[float | None, ...]:
    return (*(point.value for point in number.value.history), number.value.value)


def _alt(text: str, number: ChartTexts, scene: RenderContext) -> str:
    known = [point.value for point in number.value.history if point.value is not None]
    spread = number.span(min(known), max(known)) if known else ""
    count = len(number.value.history)
    steps = scene.words.step(scene.kind, count)
    return scene.words.gettext(text, title=number.name, value=number.text, points=count, steps=steps, range=spread)


def _marks(labels: list[str], scene: RenderContext) -> tuple[tuple[int, str], ...]:
    """Annotations by the period that they fall in; those outside the picture are left away."""
    kind = scene.kind
    placed = [(_label(scene.words.local(note.at), kind), note) for note in scene.figures.facts.annotations]
    found = [(labels.index(label), sanitise(note.title, 24)) for label, note in placed if label in labels]
    return tuple(sorted(found)[-MARKS:])


def _annotation_texts(marks: tuple[tuple[int, str], ...], labels: list[str], scene: RenderContext) -> str:
    words = scene.words
    items = [
        words.gettext("{title} ({period})", period=words.axis(labels[index], scene.kind), title=title)
        for index, title in marks
    ]
    return words.gettext("Marked: {items}", items=words.join_list(items)) if items else ""


def _label(day: datetime, kind: str) -> str:
    """The label of the period of this kind that a day falls in, as people type it."""
    iso = day.isocalendar()
    labels = {
        "day": f"{day:%Y-%m-%d}",
        "week": f"{iso.year}-W{iso.week:02d}",
        "month": f"{day:%Y-%m}",
        "quarter": f"{day.year}-Q{(day.month + 2) // 3}",
        "half": f"{day.year}-H{(day.month + 5) // 6}",
    }
    return labels.get(kind, str(day.year))
