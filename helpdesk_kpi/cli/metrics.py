"""`measure`, `kpis`, `observations`, `explain`."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from helpdesk_kpi.cli.app_context import AppContext, config_option, log_access
from helpdesk_kpi.cli.views.stale_data import build_before_reading
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.spreadsheet import write_records


@click.command()
@click.option("--all", "everything", is_flag=True, help="Measure all tickets again, not only changed ones.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1), help="Number of processes.")
@config_option
@click.pass_obj
def measure(desk: AppContext, everything: bool, jobs: int) -> None:
    """Compute the KPIs of changed tickets."""
    from helpdesk_kpi.cli.progress import measure_progress  # noqa: PLC0415
    from helpdesk_kpi.measure.build.build import build_stale as run  # noqa: PLC0415

    with desk.store() as store, measure_progress() as progress:
        done = run(store, desk.config.config, everything=everything, jobs=jobs, progress=progress, patience=0)
    click.echo(f"measured {done:,} tickets", err=True)


@click.command()
@click.option("--json", "as_json", is_flag=True)
@config_option
@click.pass_obj
def kpis(desk: AppContext, as_json: bool) -> None:
    """List the KPIs: id, variants, unit, definition, and which sources provide them."""
    from helpdesk_kpi.cli.views.kpi_catalogue import format_catalogue, list_catalogue  # noqa: PLC0415

    entries = list_catalogue(desk)
    click.echo(json.dumps(entries, indent=2, ensure_ascii=False) if as_json else format_catalogue(entries))


@click.command()
@click.argument("kpi")
@click.option("--variant", default="strict", show_default=True)
@click.option("--period", help="2026-W47, 2026-11, 2026-Q4, last-week, ... (default: everything)")
@click.option("--source", help="Only this source.")
@click.option("--severity", help="Only this severity.")
@click.option("--as-of", "as_of", help="As known at this time (ISO 8601 with zone).")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@config_option
@click.pass_obj
def observations(
    desk: AppContext,
    *,
    kpi: str,
    variant: str,
    period: str | None,
    source: str | None,
    severity: str | None,
    as_of: str | None,
    form: str,
) -> None:
    """Print the observations behind a KPI, one row each."""
    from helpdesk_kpi.measure.explain.observation_export import COLUMNS, export_observations  # noqa: PLC0415
    from helpdesk_kpi.measure.metrics.discovery import get_kpi, get_variant  # noqa: PLC0415
    from helpdesk_kpi.measure.query.metric_query import build_query  # noqa: PLC0415
    from helpdesk_kpi.report.report_data import complete_until  # noqa: PLC0415

    get_variant(get_kpi(kpi), variant)
    config, now = desk.config.config, desk.now()
    span = desk.period(period) if period else None
    reported = desk.as_of(as_of) if as_of else None
    with desk.store() as store:
        when = (
            reported if reported is not None else min([now, *(u for u in complete_until(store, config).values() if u)])
        )
        if source is not None and source not in {name for (name,) in store.rows("SELECT name FROM sources")}:
            raise UsageError(f"no source named {source!r} in the store")
        build_before_reading(store, config, extra=[(kpi, variant)])
        log_access(store, now, f"observations {kpi}/{variant}")
        where = {axis: name for axis, name in (("source", source), ("severity", severity)) if name is not None}
        rows = export_observations(store, config, build_query(kpi, span, when, variant, **where))
        _print(COLUMNS, rows, form)


def _print(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], form: str) -> None:
    if form == "json":
        click.echo(json.dumps(list(rows), ensure_ascii=False, indent=1))
        return
    write_records(sys.stdout, columns, rows)


@click.command()
@click.argument("kpi")
@click.option("--agent", help="Only this person.")
@click.option("--team", help="Only this team.")
@click.option("--severity", help="Only this severity.")
@click.option("--period", required=True, help="2026-W47, 2026-11, last-week, ...")
@click.option("--variant", default="strict", show_default=True)
@click.option("--as-of", "as_of", help="As known at this time (ISO 8601 with zone).")
@click.option("--json", "as_json", is_flag=True)
@config_option
@click.pass_obj
def explain(
    desk: AppContext,
    *,
    kpi: str,
    agent: str | None,
    team: str | None,
    severity: str | None,
    period: str,
    variant: str,
    as_of: str | None,
    as_json: bool,
) -> None:
    """Explain a number: the formula, the observations, and links to the tickets."""
    from helpdesk_kpi.measure.explain.explain import explain_metric, format_explanation  # noqa: PLC0415
    from helpdesk_kpi.measure.metrics.discovery import get_kpi, get_variant  # noqa: PLC0415
    from helpdesk_kpi.measure.query.metric_query import build_query  # noqa: PLC0415
    from helpdesk_kpi.report.prepare import as_of_for  # noqa: PLC0415

    get_variant(get_kpi(kpi), variant)
    config, now = desk.config.config, desk.now()
    if agent is not None and config.privacy != "full":
        raise UsageError(f'privacy = "{config.privacy}": no figure of one person is shown; ask for a --team')
    where = {axis: name for axis, name in (("agent", agent), ("team", team), ("severity", severity)) if name}
    span = desk.period(period)
    reported = desk.as_of(as_of) if as_of else None
    with desk.store() as store:
        build_before_reading(store, config, extra=[(kpi, variant)])
        log_access(store, now, f"explain {kpi}/{variant} {where} {span.label}")
        when = reported if reported is not None else as_of_for(store, config, span, now)
        found = explain_metric(store, config, build_query(kpi, span, when, variant, **where))
    click.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else format_explanation(found))
