"""What commands print for people: amounts, and tables that fit a terminal of any width."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from helpdesk_kpi.spreadsheet import write_records

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

NARROW = 90  # columns; below, what can stand in one cell shares it


def on_terminal() -> bool:
    return sys.stdout.isatty()


def console() -> "Console":
    """For a terminal only: what goes into a pipe is plain."""
    from rich.console import Console  # noqa: PLC0415 - only on a terminal

    return Console(highlight=False)


def table(*heads: str, numbers: Iterable[str] = (), whole: Iterable[str] = ()) -> "Table":
    """An empty table: a line below the heads and nothing else; `numbers` are the heads of columns of figures, `whole`
    of words that are not broken.
    """
    from rich import box  # noqa: PLC0415 - only on a terminal
    from rich.table import Table  # noqa: PLC0415

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for head in heads:
        is_whole = head in {*numbers, *whole}
        made.add_column(head, justify="right" if head in numbers else "left", no_wrap=is_whole, overflow="fold")
    return made


def emit(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: str) -> None:
    """As CSV or JSON, and nothing else."""
    if form == "json":
        click.echo(json.dumps(list(rows), ensure_ascii=False, indent=1))
        return
    write_records(sys.stdout, columns, ({c: _flat(row[c]) for c in columns} for row in rows))


def _flat(value: Any) -> Any:
    """A cell of CSV: counts by name as "phone_or_chat 3; merged 1"."""
    return "; ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
