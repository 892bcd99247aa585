"""Charts as PNG, for mail: twice the size for sharp screens, on a solid ground, with fonts that can write the text.

matplotlib is imported here and nowhere else; its Figure is used without pyplot, so no state stays behind.
"""

import io
from functools import cache

from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font

from helpdesk_kpi.report.charts.geometry import LEVEL, Chart, Frame, frame, marks, runs
from helpdesk_kpi.report.plain_text import spaces

GROUND, BLUE, AMBER, BAND, INK, GRID = "#ffffff", "#1d5c99", "#b4530a", "#dde8f3", "#5b6675", "#e4e8ed"
DPI = 144  # two pixels per point at 72
LATIN = ("Inter", "Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans")
CHINESE = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC", "Hiragino Sans GB",
    "Microsoft YaHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "SimHei", "Noto Sans CJK JP", "Arial Unicode MS",
)  # fmt: skip


def render_png(chart: Chart) -> bytes:
    """The picture's bytes, the same for the same chart."""
    width, height = chart.size
    picture = Figure(figsize=(width / 72, height / 72), dpi=DPI, facecolor=GROUND)
    FigureCanvasAgg(picture)
    axes = picture.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    _draw(axes, chart, frame(chart))
    out = io.BytesIO()
    picture.savefig(out, format="png", dpi=DPI, facecolor=GROUND, metadata={"Software": None})
    return out.getvalue()


def _draw(axes: Axes, chart: Chart, room: Frame) -> None:
    if chart.low is not None and chart.high is not None:
        axes.fill_between([room.left, room.right], room.y(chart.low), room.y(chart.high), color=BAND, linewidth=0)
    if chart.kind == "trend":
        _scale(axes, chart, room)
    for stretch in runs(chart.points):
        xs, ys = [room.x(i) for i, _ in stretch], [room.y(v) for _, v in stretch]
        alone = len(stretch) == 1
        axes.plot(xs, ys, color=BLUE, linewidth=1.6, solid_capstyle="round", solid_joinstyle="round",
                  marker="o" if alone else None, markersize=2)  # fmt: skip
    _last(axes, chart, room)


def _scale(axes: Axes, chart: Chart, room: Frame) -> None:
    for at, text in chart.ticks:
        axes.hlines(room.y(at), room.left, room.right, color=GRID, linewidth=0.8, zorder=0.5)
        _write(axes, room.left - 10, room.y(at), text, ha="right")
    _write(axes, room.left, room.bottom + 20, chart.first_label)
    _write(axes, room.right, room.bottom + 20, chart.last_label, ha="right")
    for mark in marks(chart, room):
        above = room.top - mark.level * LEVEL
        axes.vlines(mark.x, above - 12, room.bottom, color=INK, linewidth=0.9, linestyle=(0, (2, 2)))
        _write(
            axes, mark.x - 5 if mark.late else mark.x + 5, above - 9, mark.title, ha="right" if mark.late else "left"
        )


def _last(axes: Axes, chart: Chart, room: Frame) -> None:
    last = chart.points[-1] if chart.points else None
    y = None if last is None else room.y(last)
    trend = chart.kind == "trend"
    if y is not None:
        tone = AMBER if chart.ask else BLUE
        axes.plot([room.x(len(chart.points) - 1)], [y], marker="o", markersize=8 if trend else 5.5, color=tone)
        if trend:
            _write(axes, room.right + 12, y, chart.last, color=tone, size=14, weight="bold")
    if trend and chart.low is not None and chart.high is not None:
        middle = min(max((room.y(chart.low) + room.y(chart.high)) / 2, room.top), room.bottom)
        if y is None or abs(middle - y) > 16:
            _write(axes, room.right + 12, middle, chart.band)


def _write(
    axes: Axes, x: float, y: float, text: str, *, ha: str = "left", color: str = INK, size: float = 12.5,
    weight: str = "normal",
) -> None:  # fmt: skip
    font, shown = _fit_font(text)
    axes.text(x, y, shown, ha=ha, va="center", color=color, fontsize=size, family=font, weight=weight,
              parse_math=False)  # fmt: skip


def _fit_font(text: str) -> tuple[str, str]:
    """A font for this text, and the text without what no installed font can draw (no boxes, no warnings)."""
    shown = spaces(text)
    fonts = (*LATIN, *CHINESE) if shown.isascii() else (*CHINESE, *LATIN)
    installed = [font for font in fonts if font in _list_fonts()]
    for font in installed:
        if all(ord(letter) in _letters(font) for letter in shown):
            return font, shown
    fallback = installed[-1] if shown.isascii() or not installed else installed[0]
    return fallback, "".join(letter for letter in shown if ord(letter) in _letters(fallback))


@cache
def _list_fonts() -> dict[str, str]:
    """Font family -> file; DejaVu Sans comes with matplotlib."""
    return {entry.name: entry.fname for entry in font_manager.fontManager.ttflist}


@cache
def _letters(font: str) -> frozenset[int]:
    """What the font can draw, by the file that matplotlib would take."""
    return frozenset(FT2Font(font_manager.findfont(font)).get_charmap())
