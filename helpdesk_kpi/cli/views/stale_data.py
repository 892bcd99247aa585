"""What a command that reads does about stale subjects: it says so on standard error, and builds them first."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import click

from helpdesk_kpi.errors import BusyError

if TYPE_CHECKING:
    from helpdesk_kpi.config import Config
    from helpdesk_kpi.measure.build.build import StaleCounts
    from helpdesk_kpi.model import SubjectKind
    from helpdesk_kpi.store import Store

NOUNS: "dict[SubjectKind, tuple[str, str]]" = {
    "ticket": ("ticket", "tickets"),
    "customer": ("customer", "customers"),
    "article": ("article", "articles"),
    "entry": ("register entry", "register entries"),
}


def build_before_reading(store: "Store", config: "Config", extra: Iterable[tuple[str, str]] = ()) -> None:
    """Build what is stale, with the (kpi, variant) pairs in `extra`, and announce it.

    While another process builds, the command reads what is stored, and says so.
    """
    from helpdesk_kpi.measure.build.build import build_stale  # noqa: PLC0415 - `--help` needs none

    try:
        build_stale(store, config, extra=extra, patience=0, announce=_announce)
    except BusyError as error:
        _announce_busy(store, error)


def _announce(counts: "StaleCounts") -> None:
    click.echo(f"{format_counts(counts.subjects)} not up to date: measuring them{format_estimate(counts)}", err=True)


def _announce_busy(store: "Store", error: BusyError) -> None:
    from helpdesk_kpi.store.build_queue import count_stale  # noqa: PLC0415

    stale = {kind: count_stale(store, kind) for kind in NOUNS}
    busy = str(error).partition(": let it finish")[0]
    rest = f"; {format_counts(stale)} not up to date" if any(stale.values()) else ""
    click.echo(f"{busy}: reading what is stored{rest}", err=True)


def format_counts(counts: "Mapping[SubjectKind, int]") -> str:
    """For example "1 ticket, 20 customers and 3 articles are"."""
    parts = [f"{n:,} {NOUNS[kind][n != 1]}" for kind, n in counts.items() if n]
    text = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return f"{text} {'is' if sum(counts.values()) == 1 else 'are'}"


def format_estimate(counts: "StaleCounts") -> str:
    """The estimated time; "" if none is known."""
    if counts.seconds is None:
        return ""
    return f" takes about {max(1, round(counts.seconds)):,} s"
