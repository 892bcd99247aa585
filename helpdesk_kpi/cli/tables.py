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


def shown(value: float | None, unit: str) -> str:
    """
    >>> shown(7_499_000, "ms"), shown(-61_000, "ms"), shown(0.25, "share"), shown(3, "tickets"), shown(None, "ms")
    ('2 h 05 min', '-1 min 01 s', '25.0%', '3', '-')
    """
    if value is None:
        return "-"
    if unit != "ms":
        return f"{value:.1%}" if unit == "share" else f"{value:g}"
    sign = "-" if value < 0 else ""
    whole = round(abs(value) / 1000)
    if whole < 3600:
        return f"{sign}{whole // 60} min {whole % 60:02} s"
    hours, minutes = divmod((whole + 30) // 60, 60)  # as reports round
    return f"{sign}{hours} h {minutes:02} min"


def machine_readable(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: str) -> None:
    """As CSV or JSON, and nothing else."""
    if form == "json":
        click.echo(json.dumps(list(rows), ensure_ascii=False, indent=1))
        return
    write_records(sys.stdout, columns, ({c: _flat(row[c]) for c in columns} for row in rows))


def _flat(value: Any) -> Any:
    """A cell of CSV: counts by name as "phone_or_chat 3; merged 1"."""
    return "; ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
