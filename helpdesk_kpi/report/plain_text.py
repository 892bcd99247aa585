"""Text that other people wrote, made fit to print: one line, no control characters, not endless."""

import textwrap
import unicodedata
from urllib.parse import urlsplit

#: Cc controls, Cf invisible and direction-changing marks, Cs lone surrogates, Zl and Zp line separators.
_UNPRINTED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
WORD = 60  # letters without a space
#: Spaces that typography knows beside the plain one: no-break, en, em, thin, hair, narrow no-break, mathematical.
#: The ideographic space (U+3000) is a character of Chinese text and stays.
_TYPOGRAPHIC = dict.fromkeys((0x00A0, *range(0x2000, 0x200B), 0x202F, 0x205F), " ")


def spaces(text: str) -> str:
    """Plain spaces for plain text: mails, Slack, the terminal.

    >>> spaces("16\\u2009–\\u200922 Nov, 2\\u00a0h")
    '16 – 22 Nov, 2 h'
    """
    return text.translate(_TYPOGRAPHIC)


def sanitise(text: str, limit: int = 80) -> str:
    """One line of at most `limit` characters, cut with an ellipsis; so are words that no line could break."""
    seen = "".join(" " if unicodedata.category(letter) in _UNPRINTED else letter for letter in text)
    line = " ".join(word if len(word) <= WORD else word[: WORD - 1] + "…" for word in seen.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def link(url: str | None) -> str:
    """The address if a browser may follow it (http, https), else ""."""
    try:
        parts = urlsplit((url or "").strip())
    except ValueError:
        return ""
    good = parts.scheme in ("http", "https") and parts.netloc
    return "".join((url or "").split()) if good else ""


def width(text: str) -> int:
    """Columns in a fixed-width font: Chinese characters take two."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """Fill with spaces to a width in columns."""
    room = " " * max(0, columns - width(text))
    return room + text if right else text + room


def truncate(text: str, columns: int) -> str:
    """At most so many columns wide."""
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 1:
        text = text[:-1]
    return text.rstrip() + "…"


def wrap(text: str, columns: int = 76) -> str:
    """Lines of at most so many columns. Chinese stays one line: it has no spaces to break at, and readers wrap it."""
    if width(text) > len(text):
        return text
    return "\n".join(textwrap.wrap(text, columns, break_long_words=False, break_on_hyphens=False))


def table(rows: "list[list[str]]", *, left: int = 1, gap: str = "  ") -> str:
    """Aligned columns; the first `left` columns to the left, numbers to the right. All rows are equally long."""
    if not rows:
        return ""
    widths = [max(width(row[index]) for row in rows) for index in range(len(rows[0]))]
    lines = (
        gap.join(pad(cell, widths[index], right=index >= left) for index, cell in enumerate(row)).rstrip()
        for row in rows
    )
    return "\n".join(lines)
