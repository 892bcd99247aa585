"""`init` and `check`."""

import asyncio
import json
import sys

import click

from helpdesk_kpi.cli.app_context import AppContext, config_option
from helpdesk_kpi.cli.output import on_terminal
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.private import write_private


@click.command()
@config_option
@click.pass_obj
def init(desk: AppContext) -> None:
    """Write a configuration to start from: every setting, with a comment on each."""
    from helpdesk_kpi.paths import extend_path  # noqa: PLC0415

    if desk.path.exists():
        raise UsageError(f"{desk.path} is already there: it was left as it is")
    example = extend_path() / "config.example.toml"
    write_private(desk.path, example.read_text(encoding="utf-8"))
    click.echo(f"wrote {desk.path}: fill in [sources.acme], then run `helpdesk-kpi check`")


@click.command()
@click.option("--people", is_flag=True, help="List who counts as a member of the team, and why.")
@click.option("--json", "as_json", is_flag=True)
@config_option
@click.pass_obj
def check(desk: AppContext, people: bool, as_json: bool) -> None:
    """Check the configuration, and ask the helpdesks what your plan and rights provide for each KPI."""
    from helpdesk_kpi.cli.checks.findings import CheckResult, ask_sources, config_findings, list_capabilities  # noqa: PLC0415
    from helpdesk_kpi.cli.views.check import as_data, format_findings, print_check  # noqa: PLC0415

    own = config_findings(desk, people=people)
    answers = asyncio.run(ask_sources(desk))
    found = CheckResult(own, answers, list_capabilities(desk, answers))
    if as_json:
        click.echo(json.dumps(as_data(found), ensure_ascii=False, indent=2))
    elif on_terminal():
        print_check(found)
    else:
        click.echo("\n".join(format_findings(found)))
    sys.exit(1 if found.has_errors else 0)
