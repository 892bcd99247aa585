"""`person`."""

import json

import click

from helpdesk_kpi.cli.app_context import AppContext, config_option, log_access
from helpdesk_kpi.errors import UsageError


@click.group()
def person() -> None:
    """Show the accounts, roles and teams of a person."""


@person.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True)
@config_option
@click.pass_obj
def show(desk: AppContext, name: str, as_json: bool) -> None:
    """Show the accounts of NAME, how they were joined, and roles, team, tier and manager over time.

    NAME is a name as reports have it, the NAME of [people.NAME], an address, or an account as source:id.
    """
    from helpdesk_kpi.cli.views.person import describe_person, format_person  # noqa: PLC0415
    from helpdesk_kpi.identities.agents import load_agents  # noqa: PLC0415

    config = desk.config.config
    if config.privacy != "full":
        raise UsageError(f'privacy = "{config.privacy}": nothing is shown of one person')
    with desk.store() as store:
        log_access(store, desk.now(), f"person show {name}")
        found = [describe_person(store, human, desk.now()) for human in load_agents(store, config).find(name)]
    click.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else "\n\n".join(map(format_person, found)))
