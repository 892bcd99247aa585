"""`report` and `send`."""

import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpdesk_kpi.cli.app_context import AppContext, config_option, log_access
from helpdesk_kpi.cli.output import on_terminal
from helpdesk_kpi.cli.views.stale_data import build_before_reading
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.private import write_private
from helpdesk_kpi.translations import list_languages

if TYPE_CHECKING:
    from helpdesk_kpi.cli.send_report import SentReport
    from helpdesk_kpi.report.render import Rendered

#: format -> (part of a rendering, file ending)
FORMATS = {"html": ("page", "html"), "text": ("text", "txt"), "json": ("json", "json"), "slack": ("slack", "json")}


@click.command()
@click.argument("name")
@click.option("--period", help="2026-W47, 2026-11, last-week, ... (default: the newest complete one)")
@click.option("--as-of", "as_of", help="As known at this time (ISO 8601 with zone).")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="html", show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="File to write (default: standard output; on a terminal, HTML goes into NAME-PERIOD.html).",
)
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
@click.option("--locale", type=click.Choice(list_languages()))
@config_option
@click.pass_obj
def report(
    desk: AppContext,
    *,
    name: str,
    period: str | None,
    as_of: str | None,
    form: str,
    out: Path | None,
    show: bool,
    locale: str | None,
) -> None:
    """Render a report: an entry of [reports], or a template."""
    from helpdesk_kpi.report.prepare import as_of_for, folds, get_report_config, period_of, prepare_report  # noqa: PLC0415

    loaded, now = desk.config, desk.now()
    wanted = get_report_config(loaded, name)
    span = period_of(wanted, period, loaded.config.timezone, now)
    part, ending = FORMATS[form]
    requested = desk.as_of(as_of) if as_of else None
    with desk.store() as store:
        build_before_reading(store, loaded.config, extra=folds(loaded, wanted))
        log_access(store, now, f"report {name} {span.label}")
        when = requested if requested is not None else as_of_for(store, loaded.config, span, now, wanted.wait)
        early = min(now, now if requested is None else when) < span.end
        chosen = frozenset({part})
        made = list(
            prepare_report(
                store, loaded, name, period=span, as_of=when, locale=locale, parts=chosen, is_preliminary=early
            )
        )
    if out is None and (show or (form == "html" and on_terminal())):  # a page is nothing to read in a terminal
        out = Path(f"{_file_name(name)}-{span.label}.{ending}")
    if len(made) > 1 and out is None:
        raise UsageError(f"{name} is made for each team: give --out, and one file a team is written")
    for one in made:
        content = _content(one.rendered, part, name)
        path = out if out is None or len(made) == 1 else out.with_stem(f"{out.stem}-{_file_name(one.team or 'all')}")
        _put(content, path, show=show)


def _content(rendered: "Rendered", part: str, name: str) -> bytes:
    content = getattr(rendered, part)
    if content is None:
        raise UsageError(f"{name} has no template for this format")
    return content if isinstance(content, bytes) else str(content).encode()


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "_." else "-" for c in name)


def _put(content: bytes, path: Path | None, *, show: bool) -> None:
    if path is None:
        sys.stdout.buffer.write(content + (b"" if content.endswith(b"\n") else b"\n"))
        sys.stdout.flush()
        return
    write_private(path, content)
    click.echo(f"wrote {path}", err=True)
    if show:
        webbrowser.open(path.resolve().as_uri())


@click.command()
@click.argument("name")
@click.option("--period", help="2026-W47, 2026-11, last-week, ... (default: the newest complete one)")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and to whom; send nothing.")
@click.option("--again", is_flag=True, help="Send another preliminary report of an incomplete period.")
@config_option
@click.pass_obj
def send(desk: AppContext, *, name: str, period: str | None, dry_run: bool, again: bool) -> None:
    """Render a report and send it to its channels. Recipients who already have it do not get it again.

    While the period is not over it is marked as preliminary, and the complete report goes out when it is due.
    """
    from helpdesk_kpi.cli.jobs import report_rule  # noqa: PLC0415
    from helpdesk_kpi.cli.send_report import edition_of, preview, send_report  # noqa: PLC0415
    from helpdesk_kpi.report.prepare import get_report_config, period_of  # noqa: PLC0415

    loaded, now = desk.config, desk.now()
    wanted = get_report_config(loaded, name)
    if not wanted.to:
        raise loaded.error(f"reports.{name}.to", "no channels: name some of [channels]")
    span = period_of(wanted, period, loaded.config.timezone, now)
    with desk.store() as store:
        edition = edition_of(store, loaded, name, span, now, rule=report_rule(desk, name), again=again)
        if again and not edition.is_preliminary:
            raise UsageError(f"{span.label} is complete and is sent once; `deliveries resend` sends one delivery again")
        if dry_run:
            shown, problems = preview(store, loaded, edition, now)
            click.echo(shown)
            sys.exit(3 if problems else 0)
        sent = send_report(store, loaded, edition, desk.now)
    _tell(sent)


def _tell(sent: "SentReport") -> None:
    from helpdesk_kpi.cli.send_report import format_outcome, problem_line  # noqa: PLC0415

    for line in [*map(format_outcome, sent.outcomes), *map(problem_line, sent.problems)]:
        click.echo(line)
    if sent.edition.is_preliminary and not any(outcome.tried for outcome in sent.outcomes):
        click.echo("this preliminary report was sent before; `--again` sends a newer one", err=True)
    arrived = [outcome.is_delivered for outcome in sent.outcomes]
    sys.exit(0 if sent.has_arrived else 3 if any(arrived) else 1)
