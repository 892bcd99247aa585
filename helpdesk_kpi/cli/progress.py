"""Progress on a terminal (one line per stream, in place) or in a log (one line per page)."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from helpdesk_kpi.pull.sync import Progress


@contextmanager
def sync_progress() -> Iterator[Callable[["Progress"], None]]:
    """A callable to tell of every page."""
    if not sys.stderr.isatty():
        said: list[str] = [""]

        def say(p: "Progress") -> None:
            if p.note:
                click.echo(f"{p.source}: {p.note}", err=True)
                return
            requests = "1 request" if p.requests == 1 else f"{p.requests} requests"
            line = f"{p.source} {p.stream}: {requests}, {p.records:,} records"
            if line != said[0]:  # a stream's last page is often empty
                click.echo(line, err=True)
            said[0] = line

        yield say
        return
    from rich.console import Console  # noqa: PLC0415 - only on a terminal
    from rich.progress import Progress as Bars  # noqa: PLC0415
    from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:>9,.0f} records"),
        TextColumn("{task.fields[rate]:>9}"),
        TextColumn("{task.fields[requests]:>5} requests"),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:
        rows: dict[tuple[str, str], TaskID] = {}

        def finish() -> None:
            for task in rows.values():
                bars.update(task, total=bars.tasks[task].completed)

        def tell(p: "Progress") -> None:
            if p.note:
                bars.console.print(f"{p.source}: {p.note}", markup=False, highlight=False)
                return
            key = (p.source, p.stream)
            if key not in rows:
                finish()
                rows[key] = bars.add_task(f"{p.source} {p.stream}", total=None, requests=0, rate="")
            elapsed = bars.tasks[rows[key]].elapsed or 0.0
            rate = f"{p.records / elapsed:,.0f}/s" if elapsed > 1 else ""
            bars.update(rows[key], completed=p.records, requests=p.requests, rate=rate)

        yield tell
        finish()


@contextmanager
def measure_progress() -> Iterator[Callable[[int, int], None]]:
    """A callable to tell how many tickets are measured."""
    if not sys.stderr.isatty():
        yield lambda done, total: click.echo(f"measured {done:,} of {total:,} tickets", err=True)
        return
    from rich.console import Console  # noqa: PLC0415 - only on a terminal
    from rich.progress import Progress as Bars  # noqa: PLC0415

    with Bars(console=Console(stderr=True)) as bars:
        task = bars.add_task("measure", total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
