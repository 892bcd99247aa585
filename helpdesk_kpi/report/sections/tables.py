"""Lists in words: what a template needs to draw one in any format, so that a new list needs no new macro."""

from collections.abc import Sequence

import msgspec

from helpdesk_kpi.report.context import RenderContext
from helpdesk_kpi.report.sections.footnotes import Footnotes
from helpdesk_kpi.report.sections.headline import Headline, unknown


class TableCell(msgspec.Struct, frozen=True):
    """A text, ready to print."""

    text: str
    small: str = ""  # under it
    url: str = ""
    bar: float | None = None  # 0..1, drawn under it
    ask: bool = False  # worth asking about


class Below(msgspec.Struct, frozen=True):
    """A line under a row, with the tickets that it speaks of: (text, address)."""

    text: str
    links: Sequence[tuple[str, str]] = ()


class TableRow(msgspec.Struct, frozen=True):
    """The first cell is text, the others are numbers."""

    cells: Sequence[TableCell]
    below: Sequence[Below] = ()


class ReportTable(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    note: str  # what it means, and what it does not mean
    head: Sequence[str]  # one for each cell; the first may be ""
    rows: Sequence[TableRow]
    none: str  # what is said where there are no rows


class ListSection(msgspec.Struct, frozen=True):
    """A report that consists of lists."""

    headline: Headline
    tables: Sequence[ReportTable]
    footer: Footnotes


def build_section_headline(found: tuple[str, list[str]], scene: RenderContext) -> Headline:
    """What was found, title and sentences, unless the store knows nothing of the period."""
    title, parts = unknown(scene) or found
    whole = scene.words.gettext("{period}: {finding}", period=scene.words.period(scene.figures.period), finding=title)
    return Headline(whole, scene.words.sentences(parts))
