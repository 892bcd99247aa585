"""`init` and `check`."""

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from helpdesk_kpi.cli.desk import Desk, config_option
from helpdesk_kpi.errors import UsageError

if TYPE_CHECKING:
    from helpdesk_kpi.pull.contract import Finding

MARKS = {"ok": "ok     ", "note": "note   ", "warning": "warning", "error": "error  "}


@click.command()
@config_option
@click.pass_obj
def init(desk: Desk) -> None:
    """Write a configuration to start from: every setting, with a word on each."""
    from helpdesk_kpi.paths import extend_path  # noqa: PLC0415

    if desk.path.exists():
        raise UsageError(f"{desk.path} is already there: it was left as it is")
    example = extend_path() / "config.example.toml"
    desk.path.write_text(example.read_text(encoding="utf-8"), encoding="utf-8")
    click.echo(f"wrote {desk.path}: fill in [sources.acme], then run `helpdesk-kpi check`")


@click.command()
@config_option
@click.pass_obj
def check(desk: Desk) -> None:
    """Check the configuration, and ask the helpdesks what these credentials can reach."""
    from helpdesk_kpi.cli.checking import config_findings, source_findings  # noqa: PLC0415

    findings = [("configuration", f) for f in config_findings(desk)]
    findings += asyncio.run(source_findings(desk))
    for where, finding in findings:
        click.echo(f"{MARKS[finding.level]}  {where}: {finding.about}: {finding.text}")
    sys.exit(1 if _worst(findings) == "error" else 0)


def _worst(findings: "list[tuple[str, Finding]]") -> str:
    return "error" if any(f.level == "error" for _, f in findings) else "ok"
