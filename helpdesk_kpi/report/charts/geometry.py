"""Charts as plain descriptions, with their geometry; `svg` and `png` only draw them.

Two kinds: a sparkline beside a figure, and one trend with its usual range, annotations and its last point named.
"""

import math
from collections.abc import Sequence
from typing import Literal

import msgspec

from helpdesk_kpi.report.plain_text import width

SPARK_SIZE = (264, 44)
TREND_SIZE = (656, 232)
BLOCKS = "▁▂▃▄▅▆▇█"


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a drawing needs, in the reader's words. `points` are oldest first; None is a gap."""

    name: str  # unique in a report; the Content-ID in mail
    kind: Literal["spark", "trend"]
    points: tuple[float | None, ...]
    alt: str  # what the picture says, in words
    low: float | None = None  # usual range
    high: float | None = None
    ask: bool = False  # the last point is worth asking about
    last: str = ""  # the last point, written
    band: str = ""  # "usual range"
    first_label: str = ""
    last_label: str = ""
    ticks: tuple[tuple[float, str], ...] = ()
    marks: tuple[tuple[int, str], ...] = ()  # annotations: index of the point, text
    marked: str = ""  # the same in words, for those who see no picture: "W46 release 4.2"

    @property
    def size(self) -> tuple[int, int]:
        return SPARK_SIZE if self.kind == "spark" else TREND_SIZE

    @property
    def blocks(self) -> str:
        """The same in characters, for plain text and chat."""
        return in_blocks(self.points)


class Frame(msgspec.Struct, frozen=True):
    """Where values lie in a picture of `width` x `height` pixels, y growing downwards."""

    left: float
    right: float
    top: float
    bottom: float
    floor: float
    ceiling: float
    count: int

    def x(self, index: float) -> float:
        return self.left + (self.right - self.left) * (index / max(1, self.count - 1))

    def y(self, value: float) -> float:
        return self.bottom - (self.bottom - self.top) * (value - self.floor) / (self.ceiling - self.floor)


def frame(chart: Chart) -> Frame:
    """Room for axis labels and the last point's name is kept on the trend only."""
    wide, height = chart.size
    floor, ceiling = limits(chart)
    if chart.kind == "spark":
        return Frame(4, wide - 8, 6, height - 6, floor, ceiling, len(chart.points))
    room = Frame(100, wide - 128, 28, height - 32, floor, ceiling, len(chart.points))
    highest = max((mark.level for mark in marks(chart, room)), default=0)
    return msgspec.structs.replace(room, top=room.top + highest * LEVEL)


LEVEL = 18  # between texts of annotations; enough for the larger letters of narrow screens
LETTER = 9  # the widest that a letter gets there


class Mark(msgspec.Struct, frozen=True):
    """An annotation in the picture. Its text stands beside its line, so many levels above the plot."""

    x: float
    title: str
    late: bool  # in the right half: the text ends at the line
    level: int


def marks(chart: Chart, room: Frame) -> list[Mark]:
    """Texts that would run into each other stand above each other, and none is crossed by another one's line."""
    middle = (room.left + room.right) / 2
    placed = [(room.x(index), title) for index, title in sorted(chart.marks)]
    early = [one for one in placed if one[0] <= middle]
    late = [one for one in placed if one[0] > middle]
    taken: list[tuple[float, float, int]] = []
    found = []
    for x, title in [*reversed(early), *late]:
        long = width(title) * LETTER
        start, end = (x - long, x) if x > middle else (x, x + long)
        level = 1 + max((at for left, right, at in taken if left < end and start < right), default=-1)
        taken.append((start, end, level))
        found.append(Mark(x, title, x > middle, level))
    return found


def limits(chart: Chart) -> tuple[float, float]:
    """Lowest and highest value shown, with air; never an empty range."""
    shown = [v for v in (*chart.points, chart.low, chart.high, *(t for t, _ in chart.ticks)) if v is not None]
    low, high = min(shown, default=0.0), max(shown, default=1.0)
    air = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return low - air, high + air


def runs(points: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """Unbroken stretches of known points: a gap stays a gap."""
    stretches: list[list[tuple[int, float]]] = [[]]
    for index, value in enumerate(points):
        if value is None:
            stretches.append([])
        else:
            stretches[-1].append((index, value))
    return [stretch for stretch in stretches if stretch]


def ticks(values: Sequence[float], unit: str) -> list[float]:
    """Two to five round values: 0, 30 min, 1 h for times, 70%, 80%, 90% for shares."""
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0
    step = _step(span / 3, unit)
    first = math.ceil(low / step - 1e-9)
    found = [index * step for index in range(first, math.floor(high / step + 1e-9) + 1)]
    return [tick for tick in found if unit != "share" or tick <= 1] or [high]


_TIMES = [n * 1_000 for n in (1, 2, 5, 10, 30)]
_TIMES += [n * 60_000 for n in (1, 2, 5, 10, 15, 30)]
_TIMES += [n * 3_600_000 for n in (1, 2, 3, 6, 12, 24, 48, 96, 240, 480)]


def _step(least: float, unit: str) -> float:
    if unit == "ms":
        longer = [step for step in _TIMES if step >= least]
        return float(longer[0]) if longer else math.ceil(least / 86_400_000) * 86_400_000.0
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= least - 1e-12)
    return step if unit == "share" else max(1.0, step)


def in_blocks(points: Sequence[float | None]) -> str:
    """▁▃▅: a sparkline in characters; a gap is a space, a flat line stays low."""
    known = [point for point in points if point is not None]
    if not known:
        return ""
    low, span = min(known), max(known) - min(known)
    scale = (len(BLOCKS) - 1) / span if span else 0.0
    return "".join(" " if p is None else BLOCKS[round((p - low) * scale)] for p in points)
