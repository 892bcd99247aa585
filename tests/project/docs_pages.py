"""What pages that the code writes have in common."""

from collections.abc import Sequence

GENERATED = "This page is written by the code; `pytest --update` rewrites it.\n"


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table with an empty line behind it."""
    lines = [f"| {' | '.join(map(cell, row))} |" for row in rows]
    return [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *lines, ""]
