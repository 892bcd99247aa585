"""`sync`."""

import sys
from typing import TYPE_CHECKING

import click

from helpdesk_kpi.cli.app_context import AppContext, config_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from helpdesk_kpi.pull.sync import StreamResult


@click.command()
@click.argument("source", nargs=-1)
@click.option("--full", is_flag=True, help="Read everything again from the first day.")
@config_option
@click.pass_obj
def sync(desk: AppContext, source: tuple[str, ...], full: bool) -> None:
    """Bring the store up to date with all helpdesks, or with the given sources."""
    from helpdesk_kpi.cli.progress import sync_progress  # noqa: PLC0415
    from helpdesk_kpi.pull.reading_version import find_sources_read_by_earlier_versions  # noqa: PLC0415
    from helpdesk_kpi.pull.source_config import load_sources  # noqa: PLC0415
    from helpdesk_kpi.pull.sync import exit_status, find_ended_sources, needs_full_sync  # noqa: PLC0415
    from helpdesk_kpi.pull.sync import sync as run  # noqa: PLC0415
    from helpdesk_kpi.store.writer_lock import hold  # noqa: PLC0415
    from helpdesk_kpi.text.rules_version import custom_gratitude, find_outdated_sources, resync_hint  # noqa: PLC0415

    with desk.store(create=True) as store, hold(store, "sync"):
        sources = load_sources(desk.config, source, store.hash_key)
        with sync_progress() as progress:
            results = run(store, sources, now=desk.now, full=full, progress=progress)
        earlier, otherwise = (
            needs_full_sync(store, sources),
            find_outdated_sources(store, custom_gratitude(desk.config.config)),
        )
        lacking = find_sources_read_by_earlier_versions(store, desk.config.config)
    for name in earlier:
        click.echo(f"{name}: `since` has moved back: `helpdesk-kpi sync --full {name}` reads from there", err=True)
    for name in otherwise:
        click.echo(resync_hint(name), err=True)
    for text in lacking.values():
        click.echo(text, err=True)
    for refused in find_ended_sources(results):
        click.echo(f"{refused.source}: {refused.reason}", err=True)
    closed = {refused.source for refused in find_ended_sources(results)}
    for result in results:
        _tell(result, is_reported=result.source in closed)
    if {r.source for r in results} - closed:
        click.echo(_summary(results), err=True)
    sys.exit(exit_status(results))


def _tell(result: "StreamResult", *, is_reported: bool) -> None:
    """What a person has to know of one stream. `told`: that its whole source is locked out was said before."""
    if result.outcome == "unavailable":
        click.echo(f"{result.source}: {result.stream} is not available: {result.reason}", err=True)
    elif result.outcome == "failed" and not is_reported:
        click.echo(f"{result.source}: {result.stream} failed: {result.reason}", err=True)
    for finding in result.findings:
        if finding.level != "ok":
            click.echo(f"{result.source}: {finding.about}: {finding.text}", err=True)
    if result.rejected:
        click.echo(f"{result.source}: {result.stream}: {result.rejected} rows set aside (see status)", err=True)


def _summary(results: "Sequence[StreamResult]") -> str:
    records, requests = sum(r.records for r in results), sum(r.requests for r in results)
    unwell = sum(r.outcome in {"failed", "unavailable"} for r in results)
    return f"{records:,} records in {requests:,} requests" + (f"; {unwell} streams did not come" if unwell else "")
