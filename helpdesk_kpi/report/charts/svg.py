"""Charts as inline SVG, for the browser page: colours come from its style sheet, so they follow light and dark."""

from markupsafe import Markup, escape

from helpdesk_kpi.report.charts.geometry import LEVEL, Chart, Frame, frame, marks, runs


def render_svg(chart: Chart) -> Markup:
    """An <svg> with a viewBox, named by the chart's words for those who cannot see it."""
    width, height = chart.size
    room = frame(chart)
    parts = [*_band(chart, room), *_axes(chart, room), *_lines(chart, room), *_last(chart, room), *_marks(chart, room)]
    head = Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">')
    return head.format(chart.kind, width, height, chart.alt) + Markup("").join(parts) + Markup("</svg>")


def _band(chart: Chart, room: Frame) -> list[Markup]:
    if chart.low is None or chart.high is None:
        return []
    top, bottom = room.y(chart.high), room.y(chart.low)
    shape = Markup('<rect class="band" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
        room.left, top, room.right - room.left, max(1.0, bottom - top)
    )
    middle = min(max((top + bottom) / 2, room.top), room.bottom)
    by_name = chart.kind == "trend" and abs(middle - _last_y(chart, room)) > 16
    return [shape, *([_text(room.right + 12, middle + 4, chart.band)] if by_name else [])]


def _last_y(chart: Chart, room: Frame) -> float:
    last = chart.points[-1] if chart.points else None
    return -1e9 if last is None else room.y(last)


def _axes(chart: Chart, room: Frame) -> list[Markup]:
    if chart.kind == "spark":
        return []
    line = Markup('<line class="grid" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>')
    lines = [line.format(room.left, room.right, room.y(at), room.y(at)) for at, _ in chart.ticks]
    names = [_text(room.left - 10, room.y(at) + 4, text, "end") for at, text in chart.ticks]
    ends = [
        _text(room.left, room.bottom + 24, chart.first_label, "start"),
        _text(room.right, room.bottom + 24, chart.last_label, "end"),
    ]
    return [*lines, *names, *ends]


def _lines(chart: Chart, room: Frame) -> list[Markup]:
    return [_stretch(stretch, room) for stretch in runs(chart.points)]


def _stretch(stretch: list[tuple[int, float]], room: Frame) -> Markup:
    if len(stretch) == 1:
        index, value = stretch[0]
        return Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="1.8"/>').format(room.x(index), room.y(value))
    path = " ".join(f"{room.x(index):.1f},{room.y(value):.1f}" for index, value in stretch)
    return Markup('<polyline class="line" points="{}"/>').format(path)


def _last(chart: Chart, room: Frame) -> list[Markup]:
    last = chart.points[-1] if chart.points else None
    if last is None:
        return []
    tone = "ask" if chart.ask else "dot"
    radius = 3.5 if chart.kind == "spark" else 5
    x, y = room.x(len(chart.points) - 1), room.y(last)
    dot = Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{}"/>').format(tone, x, y, radius)
    by_name = chart.kind == "trend"
    return [dot, *([_text(room.right + 12, y + 5, chart.last, "start", f"name {tone}")] if by_name else [])]


def _marks(chart: Chart, room: Frame) -> list[Markup]:
    line = Markup('<line class="mark" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>')
    drawn: list[Markup] = []
    for mark in marks(chart, room):
        side = (mark.x - 5, "end") if mark.late else (mark.x + 5, "start")
        above = room.top - mark.level * LEVEL
        drawn += [
            line.format(mark.x, mark.x, above - 12, room.bottom), _text(side[0], above - 4, mark.title, side[1]),
        ]  # fmt: skip
    return drawn


def _text(x: float, y: float, text: str, anchor: str = "start", tone: str = "") -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        tone, x, y, anchor, escape(text)
    )
