"""Building blocks of generated pages."""

from collections.abc import Sequence

GENERATED = "This page is generated from the code: `pytest --update` rewrites it.\n"


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table, followed by an empty line."""
    lines = [f"| {' | '.join(map(cell, row))} |" for row in rows]
    return [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *lines, ""]
