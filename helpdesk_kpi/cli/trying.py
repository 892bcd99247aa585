"""`demo` and `simulate`."""

from pathlib import Path

import click

from helpdesk_kpi.errors import UsageError

HELPDESKS = ("zendesk", "jira", "freshdesk")


@click.command()
@click.option("--helpdesk", type=click.Choice([*HELPDESKS, "all"]), default="zendesk", show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for everything (default: helpdesk-kpi-demo, or helpdesk-kpi-demo-zh).",
)
@click.option("--locale", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--no-open", is_flag=True, help="Do not open the digest in the browser.")
def demo(*, helpdesk: str, out: Path | None, locale: str, seed: int, no_open: bool) -> None:
    """Try everything on an invented desk: a helpdesk behind its real API is synced, measured and reported on."""
    from helpdesk_kpi.cli.demo import run  # noqa: PLC0415

    _only_zendesk(helpdesk)
    run(out or Path(f"helpdesk-kpi-demo{'-zh' if locale == 'zh' else ''}"), locale, seed, show=not no_open)


@click.command()
@click.argument("helpdesk", type=click.Choice(HELPDESKS))
@click.option("--port", default=8800, show_default=True)
@click.option("--tickets", default=600, show_default=True, type=click.IntRange(0))
@click.option("--seed", default=1, show_default=True)
@click.option("--locale", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@click.option("--faults", help='Planned faults: "every:10", "forbid:satisfaction_ratings", "refuse", ...')
def simulate(*, helpdesk: str, port: int, tickets: int, seed: int, locale: str, faults: str | None) -> None:
    """Serve an invented helpdesk behind its real API on this machine, until stopped."""
    from helpdesk_kpi.cli.demo import config_text  # noqa: PLC0415
    from helpdesk_kpi.simulator.faults import parse  # noqa: PLC0415
    from helpdesk_kpi.simulator.serve import run  # noqa: PLC0415
    from helpdesk_kpi.simulator.world import generate  # noqa: PLC0415
    from helpdesk_kpi.simulator.zendesk import app  # noqa: PLC0415

    _only_zendesk(helpdesk)
    try:
        plan = parse(faults)
    except ValueError as error:
        raise UsageError(f"--faults: {error}") from None
    world = generate(seed, tickets=tickets, locale=locale, empty=tickets == 0)  # type: ignore[arg-type]
    click.echo(f"# a configuration for this desk (secret: {world.for_config()['client_secret']})", err=True)
    click.echo(config_text(world, f"http://127.0.0.1:{port}", locale), err=True)
    run(app(world, faults=plan), port)


def _only_zendesk(helpdesk: str) -> None:
    if helpdesk != "zendesk":
        raise UsageError(f"{helpdesk}: this version has the Zendesk connector only; Jira and Freshdesk follow")
