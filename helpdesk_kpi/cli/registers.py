"""`record`, `import`."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpdesk_kpi.cli.app_context import AppContext, account, config_option, log_access
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.spreadsheet import write_table

if TYPE_CHECKING:
    from helpdesk_kpi.registers.writer import InputRow, WriteResult

SAID = {"new": "new", "corrects": "corrects entry", "unchanged": "unchanged", "withdrawn": "stays withdrawn"}
#: All that is said of a confidential answer. Whether it is new or the same as before would give it away to a user who
#: tries every answer.
KEPT = "kept"
dry = click.option("--dry-run", is_flag=True, help="Check everything and show what would happen; store nothing.")


class RegisterCommands(click.Group):
    """`list` and `withdraw_entry`, and a command for each register."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from helpdesk_kpi.registers.register_types import REGISTERS  # noqa: PLC0415 - `--help` of others needs none

        return [*REGISTERS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from helpdesk_kpi.registers.register_types import REGISTERS  # noqa: PLC0415

        return _recorder(cmd_name) if cmd_name in REGISTERS else super().get_command(ctx, cmd_name)


@click.group(cls=RegisterCommands)
def record() -> None:
    """Enter what no helpdesk has: training, improvements, reviews, ratings, costs.

    Nothing is deleted. A new entry about the same subject corrects the earlier one, which is kept.
    """


def _recorder(register: str) -> click.Command:
    """The command that writes one entry of a register."""
    from helpdesk_kpi.config import Config  # noqa: PLC0415
    from helpdesk_kpi.registers.parser import list_columns  # noqa: PLC0415
    from helpdesk_kpi.registers.register_types import REGISTERS  # noqa: PLC0415

    fields = ", ".join(list_columns(Config(), REGISTERS[register]))
    written = f"Write FIELDS as name=value (docs/registers.md). Without forms of your own they are: {fields}."

    @click.command(register, help=f"{REGISTERS[register].__doc__}\n\n{written}")
    @click.argument("fields", nargs=-1, required=True, metavar="FIELDS...")
    @click.option(
        "--corrects", type=int, help="The entry that this one replaces, if that one has the wrong subject or day."
    )
    @dry
    @config_option
    @click.pass_obj
    def write(desk: AppContext, fields: tuple[str, ...], corrects: int | None, dry_run: bool) -> None:
        from helpdesk_kpi.registers.writer import InputRow  # noqa: PLC0415

        given = InputRow(register, REGISTERS[register], _row(fields), corrects)
        for kept in _keep(desk, [given], dry_run=dry_run):
            click.echo(_format_result(kept, dry_run=dry_run))

    return write


def _row(fields: Iterable[str]) -> dict[str, str]:
    row: dict[str, str] = {}
    for field in fields:
        name, sign, value = field.partition("=")
        if not sign or not name.strip():
            raise UsageError(f"{field!r}: write name=value, in quotation marks where there are spaces")
        if name.strip() in row:
            raise UsageError(f"{name.strip()} is given twice")
        row[name.strip()] = value
    return row


def _keep(desk: AppContext, given: "list[InputRow]", *, dry_run: bool) -> "list[WriteResult]":
    from helpdesk_kpi.registers.lookup import RegisterLookup  # noqa: PLC0415
    from helpdesk_kpi.registers.parser import EntryParser  # noqa: PLC0415
    from helpdesk_kpi.registers.writer import save_entries  # noqa: PLC0415
    from helpdesk_kpi.store.register_entries import Written  # noqa: PLC0415

    now = desk.now()
    with desk.store(create=True) as store:
        reading = EntryParser(RegisterLookup(store, desk.config.config), now)
        return save_entries(reading, given, Written(now, account()), dry_run=dry_run)


def _format_result(kept: "WriteResult", *, dry_run: bool) -> str:
    if kept.is_anonymous:
        return f"{kept.where}: {'fine' if dry_run else KEPT}"
    what = " ".join(map(str, filter(None, [SAID[kept.what], kept.before])))
    number = "" if dry_run and kept.what in {"new", "corrects"} else f" (entry {kept.id})"
    return f"{kept.where}: {what}{number}"


@record.command("list")
@click.argument("register")
@click.option("--all", "everything", is_flag=True, help="Include corrected and withdrawn entries.")
@click.option("--json", "as_json", is_flag=True)
@config_option
@click.pass_obj
def list_(desk: AppContext, register: str, everything: bool, as_json: bool) -> None:
    """Show the entries of REGISTER, with author and time.

    Raters of colleagues and departments are never shown, and neither is a single answer.
    """
    from helpdesk_kpi.registers.lookup import RegisterLookup  # noqa: PLC0415
    from helpdesk_kpi.registers.parser import get_register  # noqa: PLC0415
    from helpdesk_kpi.registers.render import format_entries, list_entries  # noqa: PLC0415

    kind, config = get_register(register), desk.config.config
    if kind.is_personal and config.privacy != "full":
        raise UsageError(f'privacy = "{config.privacy}": entries about people are not shown')
    with desk.store() as store:
        log_access(store, desk.now(), f"record list {register}")
        found = list_entries(RegisterLookup(store, config), kind, everything=everything)
    click.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else format_entries(found))


@record.command()
@click.argument("entry", type=int)
@click.option("--why", required=True, help="The reason; it is stored.")
@config_option
@click.pass_obj
def withdraw(desk: AppContext, entry: int, why: str) -> None:
    """Withdraw ENTRY. It is kept, with the reason."""
    from helpdesk_kpi.registers.writer import withdraw_entry as take_back  # noqa: PLC0415
    from helpdesk_kpi.store.register_entries import Written  # noqa: PLC0415

    with desk.store() as store:
        row = take_back(store, entry, why, Written(desk.now(), account()))
    click.echo(f"{row.register}: entry {entry} is withdrawn")


@record.command()
@click.option("--period", required=True, help="2026-Q4, 2026-11, last-quarter, ...: when the tickets were solved.")
@click.option("--each", default=10, show_default=True, type=click.IntRange(1), help="Tickets per person.")
@config_option
@click.pass_obj
def draw(desk: AppContext, period: str, each: int) -> None:
    """Draw tickets for quality reviews: a CSV file to fill in and import.

    It draws from the tickets that each person solved in the period, of every severity in proportion. Drawing again
    gives the same tickets.
    """
    from helpdesk_kpi.measure.build.build import build_stale  # noqa: PLC0415
    from helpdesk_kpi.measure.quality.sampling import render_review_sheet, sample_tickets  # noqa: PLC0415
    from helpdesk_kpi.measure.query.metric_store import MetricStore  # noqa: PLC0415
    from helpdesk_kpi.registers.parser import list_columns  # noqa: PLC0415
    from helpdesk_kpi.registers.register_types import QualityReview  # noqa: PLC0415

    config, now = desk.config.config, desk.now()
    if config.privacy != "full":
        raise UsageError(f'privacy = "{config.privacy}": nothing is shown of one person')
    span = desk.period(period)
    with desk.store() as store:
        build_stale(store, config)
        log_access(store, now, f"record draw {span.label}, {each} each")
        found = list(sample_tickets(MetricStore(store, config), span, now, each))
    write_table(sys.stdout, render_review_sheet(found, list_columns(config, QualityReview)))


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--register", help="The register; default: from the file's name or its column `register`.")
@dry
@config_option
@click.pass_obj
def import_(desk: AppContext, file: Path, register: str | None, dry_run: bool) -> None:
    """Import the entries of FILE (CSV or TOML) into the registers.

    If any row is wrong, all errors are reported and nothing is stored. A file may be imported again: known rows change
    nothing, and rows that differ correct the known entry.
    """
    from helpdesk_kpi.registers.import_files import read_rows  # noqa: PLC0415

    kept = _keep(desk, read_rows(file, desk.config.config, register), dry_run=dry_run)
    open_ones = [one for one in kept if not one.is_anonymous]
    for one in open_ones:
        if one.what != "unchanged":
            click.echo(_format_result(one, dry_run=dry_run))
    counts = ", ".join(f"{sum(k.what == what for k in open_ones)} {word}" for what, word in COUNTED.items())
    if len(open_ones) < len(kept):
        counts += f", {len(kept) - len(open_ones)} confidential answers {'fine' if dry_run else KEPT}"
    click.echo(f"{len(kept)} rows: {counts}{'; nothing was kept (--dry-run)' if dry_run else ''}")


COUNTED = {"new": "new", "corrects": "corrected", "unchanged": "unchanged", "withdrawn": "withdrawn before"}
