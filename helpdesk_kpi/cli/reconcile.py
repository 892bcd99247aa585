"""`reconcile`: our values compared with the helpdesk's own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from helpdesk_kpi.cli.app_context import AppContext, config_option, log_access
from helpdesk_kpi.cli.output import emit, on_terminal
from helpdesk_kpi.cli.views.reconcile import print_differences, print_summaries
from helpdesk_kpi.config import suggest
from helpdesk_kpi.errors import UsageError

if TYPE_CHECKING:
    from helpdesk_kpi.measure.reconcile.reconciler import Reconciler, Summary
    from helpdesk_kpi.measure.reconcile.ticket_diff import TicketDifference

SUMMARY = (
    "source",
    "metric",
    "kpi",
    "clock",
    "compared",
    "agree",
    "left_out",
    "unexplained",
    "reasons",
    "largest",
    "largest_url",
)
#: Durations in seconds. `same_definition` is ours by the helpdesk's definition, `ours` what reports print.
DIFFERENCES = (
    "source", "metric", "kpi", "clock", "ticket", "native", "ours", "same_definition", "difference", "reason", "says",
    "url",
)  # fmt: skip


@click.command()
@click.argument("source", required=False)
@click.option("--metric", help="Only this metric: the helpdesk's name, or a KPI.")
@click.option("--differences", is_flag=True, help="List all differences with their reasons, one row each.")
@click.option("--limit", type=click.IntRange(1), help="At most this many differences, the largest first.")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), help="Default: a table on a terminal, else CSV.")
@config_option
@click.pass_obj
def reconcile(
    desk: AppContext, *, source: str | None, metric: str | None, differences: bool, limit: int | None, form: str | None
) -> None:
    """Compare our values with the helpdesk's own, ticket by ticket, with a reason for each difference."""
    from helpdesk_kpi.measure.reconcile.causes import AGREE  # noqa: PLC0415
    from helpdesk_kpi.measure.reconcile.reconciler import Reconciler, summarise  # noqa: PLC0415

    if limit is not None and not differences:
        raise UsageError("--limit goes with --differences")
    with desk.store() as store:
        made = Reconciler(store, desk.config.config)
        _check_source(made, source, metric)
        log_access(store, desk.now(), f"reconcile {source or 'all'} {metric or ''}".strip())
        rows = made.rows(source, metric)
        if differences:
            _print_differences(_sort_by_difference([row for row in rows if row.reason not in AGREE])[:limit], form)
        else:
            _print_summaries(summarise(rows), form)


def _check_source(made: "Reconciler", source: str | None, metric: str | None) -> None:
    from helpdesk_kpi.measure.reconcile.vendor_metrics import VENDOR_METRICS  # noqa: PLC0415

    source_names = dict(made.sources.values())
    if not source_names:
        raise UsageError("no source of the store has figures of its own to hold ours beside")
    if source is not None and source not in source_names:
        raise UsageError(f"no source named {source!r} with figures of its own{suggest(source, source_names)}")
    of = [source_names[source]] if source else source_names.values()
    metrics = {word: None for connector in of for m in VENDOR_METRICS[connector] for word in (m.name, m.kpi) if word}
    if metric is not None and metric not in metrics:
        raise UsageError(f"no figure named {metric!r}{suggest(metric, metrics)}; there are {', '.join(metrics)}")


def _sort_by_difference(rows: "Sequence[TicketDifference]") -> "list[TicketDifference]":
    from helpdesk_kpi.measure.reconcile.causes import UNEXPLAINED  # noqa: PLC0415

    return sorted(rows, key=lambda row: (row.reason != UNEXPLAINED, -abs(row.difference or 0)))


# one row for each difference


def _print_differences(rows: "Sequence[TicketDifference]", form: str | None) -> None:
    if form is None and on_terminal():
        print_differences(rows)
    else:
        emit([_difference(row) for row in rows], DIFFERENCES, form or "csv")


def _difference(row: "TicketDifference") -> dict[str, Any]:
    from helpdesk_kpi.measure.reconcile.causes import SENTENCES  # noqa: PLC0415

    return {
        "source": row.source, "metric": row.metric, "kpi": row.kpi, "clock": row.clock, "ticket": row.ticket,
        "native": _amount(row, row.native), "ours": _amount(row, row.ours),
        "same_definition": _amount(row, row.same), "difference": _amount(row, row.difference), "reason": row.reason,
        "says": SENTENCES[row.reason], "url": row.url,
    }  # fmt: skip


def _amount(row: "TicketDifference | Summary", value: int | None) -> float | None:
    return value if value is None or row.clock == "count" else value / 1000


# one row for each metric


def _print_summaries(found: "Sequence[Summary]", form: str | None) -> None:
    if form is None and on_terminal():
        print_summaries(found)
    else:
        emit([_summary(one) for one in found], SUMMARY, form or "csv")


def _summary(one: "Summary") -> dict[str, Any]:
    largest = one.largest
    return {
        "source": one.source, "metric": one.metric, "kpi": one.kpi, "clock": one.clock, "compared": one.compared,
        "agree": one.agree, "left_out": one.left_out, "unexplained": one.unexplained, "reasons": dict(one.reasons),
        "largest": _amount(one, largest.difference) if largest else None,
        "largest_url": largest.url if largest else None,
    }  # fmt: skip
