"""Pictures: their geometry, and that they can be drawn everywhere."""

import io
import re
import xml.etree.ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from report_fixtures import HOUR, MINUTE

from helpdesk_kpi.report.charts.geometry import Chart, frame, in_blocks, limits, marks, runs, ticks
from helpdesk_kpi.report.charts.png import render_png
from helpdesk_kpi.report.charts.svg import render_svg

TREND = Chart(
    name="trend",
    kind="trend",
    points=(30.0, 27.0, None, 33.0, 41.0),
    alt="First reply: 41 min now",
    low=24,
    high=36,
    ask=True,
    last="41 min",
    band="usual range",
    first_label="W43",
    last_label="W47",
    ticks=((30, "30 min"), (40, "40 min")),
    marks=((3, "release 4.2"),),
)
CHINESE = msgspec.structs.replace(TREND, last="41 分钟", band="正常范围", first_label="第43周", marks=((1, "发布 🚀"),))


def test_a_gap_breaks_the_line() -> None:
    assert runs((1, 2, None, None, 3)) == [[(0, 1), (1, 2)], [(4, 3)]]
    assert str(render_svg(TREND)).count("<polyline") == 2


def test_values_lie_inside_the_frame() -> None:
    room = frame(TREND)
    assert room.top < room.y(41) < room.y(24) < room.bottom
    assert (room.x(0), room.x(4)) == (room.left, room.right)


@given(st.lists(st.none() | st.floats(-1e15, 1e15), max_size=30))
def test_a_frame_is_never_empty(values: list[float | None]) -> None:
    chart = msgspec.structs.replace(TREND, points=tuple(values), low=None, high=None, ticks=())
    low, high = limits(chart)
    assert low < high
    ET.fromstring(str(render_svg(chart)))


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        ([22 * MINUTE, 41 * MINUTE], "ms", [30 * MINUTE, 40 * MINUTE]),  # 19 min / 3 -> steps of 10 min
        ([18 * HOUR, 25 * HOUR], "ms", [18 * HOUR, 21 * HOUR, 24 * HOUR]),  # 7 h / 3 -> steps of 3 h
        ([0.82, 0.95], "share", [0.85, 0.9, 0.95]),  # 0.13 / 3 -> steps of 5 points
        ([0.97, 1.0], "share", [0.97, 0.98, 0.99, 1.0]),  # never above all
        ([110, 170], "tickets", [120, 140, 160]),
        ([3, 3], "tickets", [3]),
    ],
)
def test_ticks_are_round(values: list[float], unit: str, expected: list[float]) -> None:
    assert ticks(values, unit) == pytest.approx(expected)


@given(st.floats(1, 1e13), st.floats(0, 1e13), st.sampled_from(["ms", "tickets"]))
def test_there_are_always_some_ticks_and_never_many(low: float, span: float, unit: str) -> None:
    assert 1 <= len(ticks([low, low + span], unit)) <= 5


def test_sparklines_can_be_written_in_characters() -> None:
    assert in_blocks([0, 7, None, 3.5]) == "▁█ ▅"  # 3.5 of 7 is step 3.5, rounded to 4
    assert in_blocks([5, 5]) == "▁▁"
    assert in_blocks([None]) == ""


def size(picture: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(picture)).size


def test_pictures_are_twice_their_size_solid_and_small() -> None:
    picture = render_png(TREND)
    assert size(picture) == (2 * TREND.size[0], 2 * TREND.size[1])
    assert len(picture) < 100_000
    corner = Image.open(io.BytesIO(picture)).convert("RGBA").getpixel((0, 0))
    assert corner == (255, 255, 255, 255)


def test_the_same_chart_gives_the_same_bytes() -> None:
    assert render_png(TREND) == render_png(TREND)


def test_chinese_and_signs_that_no_font_has_are_drawn_without_warnings() -> None:
    """Warnings are errors here; matplotlib warns about each glyph that a font lacks."""
    assert render_png(CHINESE)
    assert render_png(msgspec.structs.replace(TREND, marks=((1, "\U000e0001 $x^2$ \u202e"),)))


def test_amber_is_only_drawn_where_something_is_to_be_requested() -> None:
    def amber(picture: bytes) -> int:
        image = Image.open(io.BytesIO(picture)).convert("RGB")
        counts = image.getcolors(maxcolors=1 << 24) or []
        return sum(int(count) for count, colour in counts if colour == (0xB4, 0x53, 0x0A))

    assert amber(render_png(TREND)) > 100
    assert amber(render_png(msgspec.structs.replace(TREND, ask=False))) == 0


def test_texts_in_svg_are_escaped() -> None:
    hostile = msgspec.structs.replace(TREND, alt='"><script>', last="<b>", marks=((1, "</svg><script>"),))
    drawn = str(render_svg(hostile))
    assert "<script>" not in drawn
    assert "<b>" not in drawn
    assert ET.fromstring(drawn).attrib["aria-label"] == '"><script>'


def test_annotations_close_together_stand_above_each_other_and_leave_the_plot_its_room() -> None:
    names = ((0, "release 4.1"), (1, "outage"), (25, "a new policy"), (26, "release"))
    close = msgspec.structs.replace(TREND, points=(30.0,) * 27, marks=names)
    room = frame(close)
    levels = {mark.title: mark.level for mark in marks(close, room)}
    assert levels == {"release 4.1": 1, "outage": 0, "a new policy": 0, "release": 1}
    assert room.top == frame(TREND).top + 18
    heights = re.findall(r'y="([\d.]+)"[^>]*>(?:release|outage|a new)', render_svg(close))
    assert len(heights) == 4
    assert len(set(heights)) == 2
    assert all(float(y) > 8 for y in heights)  # inside the picture
