"""The command line. A command's modules are imported when it runs."""

import importlib
import keyword
import logging
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from helpdesk_kpi import __version__
from helpdesk_kpi.cli.app_context import AppContext
from helpdesk_kpi.config import DEFAULT_NAME
from helpdesk_kpi.errors import HelpdeskKpiError, UsageError

#: command -> (module, one line of help), in the order in which a newcomer needs them
COMMANDS = {
    "demo": ("demo", "Try everything on a simulated support desk."),
    "init": ("setup", "Write a configuration to start from."),
    "check": ("setup", "Check the configuration and what the helpdesks provide."),
    "sync": ("sync", "Bring the store up to date with the helpdesks."),
    "measure": ("metrics", "Compute the KPIs of changed tickets."),
    "report": ("report", "Render a report."),
    "send": ("report", "Render a report and send it to its channels."),
    "run": ("run", "Sync, measure and send on schedule, until stopped."),
    "status": ("run", "Show how fresh the data are, and what was sent."),
    "kpis": ("metrics", "List the KPIs with their definitions and variants."),
    "observations": ("metrics", "Print the observations behind a KPI, one row each."),
    "explain": ("metrics", "Explain a number: formula, tickets, links."),
    "doctor": ("doctor", "Examine the store: data gaps and open questions."),
    "reconcile": ("reconcile", "Compare our values with the helpdesk's own."),
    "recurrence": ("recurrence", "Label whether tickets are about the same problem."),
    "record": ("registers", "Enter what no helpdesk has: training, reviews, ratings, costs."),
    "import": ("registers", "Import the entries of a file into the registers."),
    "weights": ("weights", "Learn and show how much work each kind of ticket is."),
    "person": ("person", "Show the accounts, roles and teams of a person."),
    "deliveries": ("run", "List deliveries, and settle unclear ones."),
    "simulate": ("demo", "Serve a simulated helpdesk behind its real API."),
}


class Lazy(click.Group):
    """Imports a command's module when the command runs, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"helpdesk_kpi.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "config", type=click.Path(path_type=Path), help=f"Configuration (default: {DEFAULT_NAME}).")
@click.option("--verbose", is_flag=True, help="Print more about what happens.")
@click.version_option(__version__, prog_name="helpdesk-kpi")
@click.pass_context
def cli(ctx: click.Context, config: Path | None, verbose: bool) -> None:
    """Fair, explained KPIs of a support team, computed from its helpdesk."""
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(name)s: %(message)s", stream=sys.stderr)
    ctx.obj = AppContext(config or Path(DEFAULT_NAME))


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line. Exit status 0: fine, 1: failed, 2: usage or configuration, 3: partly."""
    try:
        try:
            cli(arguments, prog_name="helpdesk-kpi", standalone_mode=False)
        finally:
            sys.stdout.flush()  # a disk may be full
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except HelpdeskKpiError as error:
        _fail(str(error), 2 if isinstance(error, UsageError) else 1)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:  # no permission, no such folder, a full disk
        logging.getLogger(__name__).info("in detail", exc_info=True)  # with --verbose
        _drop_output()
        prefix = f"{error.filename}: " if error.filename else ""
        _fail(f"{prefix}{error.strerror or error}", 1)


def _fail(text: str, status: int) -> None:
    click.echo(f"helpdesk-kpi: {text}", err=True)
    sys.exit(status)


def _drop_output() -> None:
    """Where the output cannot be written, Python would complain once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            sys.stdout.close()
