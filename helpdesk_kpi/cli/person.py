"""`person`."""

import json

import click

from helpdesk_kpi.cli.app_context import Desk, config_option, log_access
from helpdesk_kpi.errors import UsageError


@click.group()
def person() -> None:
    """Show what is known of a person of the team."""


@person.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True)
@config_option
@click.pass_obj
def show(desk: Desk, name: str, as_json: bool) -> None:
    """Whose accounts are NAME's, how they were joined, their roles over time, their team, tier and manager.

    NAME is a name as reports have it, the NAME of [people.NAME], an address, or an account as source:id.
    """
    from helpdesk_kpi.cli.views.person import known, printed  # noqa: PLC0415
    from helpdesk_kpi.identities.agents import read_humans  # noqa: PLC0415

    config = desk.loaded.config
    if config.privacy != "full":
        raise UsageError(f'privacy = "{config.privacy}": nothing is shown of one person')
    with desk.store() as store:
        log_access(store, desk.now(), f"person show {name}")
        found = [known(store, human, desk.now()) for human in read_humans(store, config).named(name)]
    click.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else "\n\n".join(map(printed, found)))
