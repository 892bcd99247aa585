"""What every command starts from: the configuration, the store, the one clock of the program."""

import datetime as dt
import getpass
import os
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpdesk_kpi.errors import UsageError

if TYPE_CHECKING:
    from helpdesk_kpi.calendar.periods import Period
    from helpdesk_kpi.config import LoadedConfig
    from helpdesk_kpi.store import Store


def config_option(command: click.decorators.FC) -> click.decorators.FC:
    """`--config` and `--verbose` after the command too, where people look for them."""

    def take_config(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
        if value is not None:
            ctx.obj = AppContext(value)

    def take_verbose(_: click.Context, __: click.Parameter, value: bool) -> None:
        if value:
            import logging  # noqa: PLC0415 - the root command's affair otherwise

            logging.getLogger().setLevel(logging.INFO)

    path = click.Path(path_type=Path)
    command = click.option("--verbose", is_flag=True, expose_value=False, callback=take_verbose, hidden=True)(command)
    return click.option(
        "--config", type=path, expose_value=False, callback=take_config, is_eager=True, help="Configuration file."
    )(command)


class AppContext:
    """Loaded when it is asked for. `now` is UTC epoch ms; HELPDESK_KPI_NOW (ISO 8601) sets it, for tests."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def config(self) -> "LoadedConfig":
        from helpdesk_kpi.cli.checks.config_names import validate_references  # noqa: PLC0415 - `--help` needs none
        from helpdesk_kpi.config import load  # noqa: PLC0415

        loaded = load(self.path)
        validate_references(loaded)
        return loaded

    def now(self) -> int:
        fixed = os.environ.get("HELPDESK_KPI_NOW")
        return instant(fixed) if fixed else int(time.time() * 1000)

    def as_of(self, text: str) -> int:
        """The instant that `--as-of` names. One of the future has no figures yet."""
        if (found := instant(text)) > (now := self.now()):
            raise UsageError(f"--as-of {text} lies in the future: it is {iso(now)} now")
        return found

    def period(self, text: str) -> "Period":
        """The period that `--period` names; one that has begun."""
        from helpdesk_kpi.calendar.periods import parse_period  # noqa: PLC0415 - `--help` needs none

        if (found := parse_period(text, self.config.config.timezone, now := self.now())).start > now:
            raise UsageError(f"--period {text}: {found.label} has not begun yet")
        return found

    def store(self, *, create: bool = False) -> "Store":
        from helpdesk_kpi.store import open_store  # noqa: PLC0415 - `--help` needs none

        return open_store(self.config.store_path, create=create)


def instant(text: str) -> int:
    """UTC epoch ms of an ISO 8601 time with a zone."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no time; write it like 2026-11-23T06:00:00Z") from None
    if moment.tzinfo is None:
        raise UsageError(f"{text!r} has no zone; write it like 2026-11-23T06:00:00Z or ...+01:00")
    return int(moment.timestamp() * 1000)


def iso(ms: int | None) -> str:
    """ISO 8601 with Z; "" for None."""
    from helpdesk_kpi.calendar import periods  # noqa: PLC0415 - `--help` needs none

    return "" if ms is None else periods.format_iso(ms)


def log_access(store: "Store", now: int, what: str) -> None:
    """People's figures were looked at or taken out: who, when, what."""
    with store.transaction() as conn:
        conn.execute("INSERT INTO access_log (at, who, what) VALUES (?, ?, ?)", (now, account(), what))


def account() -> str:
    """Who runs this; in a container the account may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
