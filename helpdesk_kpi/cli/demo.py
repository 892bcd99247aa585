"""`demo` and `simulate`."""

import contextlib
import threading
from pathlib import Path

import click

from helpdesk_kpi.cli.app_context import AppContext
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
    """Try everything on a simulated support desk: it is synced from its real API, measured and reported on."""
    from helpdesk_kpi.cli.demo_run import run_demo  # noqa: PLC0415

    kind = "" if helpdesk == "zendesk" else f"-{helpdesk}"
    folder = Path(f"helpdesk-kpi-demo{kind}{'-zh' if locale == 'zh' else ''}")
    run_demo(out or folder, locale, seed, show=not no_open, helpdesk=helpdesk)  # type: ignore[arg-type]


@click.command()
@click.argument("helpdesk", type=click.Choice(HELPDESKS), required=False)
@click.option("--demo", "folder", type=click.Path(path_type=Path), help="Serve the helpdesks of this demo again.")
@click.option("--port", default=8800, show_default=True)
@click.option("--tickets", default=600, show_default=True, type=click.IntRange(0))
@click.option("--seed", default=1, show_default=True)
@click.option("--locale", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@click.option("--faults", help='Planned faults: "every:10", "forbid:satisfaction_ratings", "refuse", ...')
@click.option("--plain", is_flag=True, help="Without forms, AI agents, second calendars and the like.")
@click.pass_obj
def simulate(
    own: AppContext,
    *,
    helpdesk: str | None,
    folder: Path | None,
    port: int,
    tickets: int,
    seed: int,
    locale: str,
    faults: str | None,
    plain: bool,
) -> None:
    """Serve a simulated helpdesk behind its real API on this machine, until stopped.

    Its events end on a fixed Monday. From then on its time is that of this machine.
    """
    if folder is not None:
        _serve_demo(own, folder)
        return
    if helpdesk is None:
        raise UsageError(f"name a helpdesk ({', '.join(HELPDESKS)}), or the folder of a demo with --demo")
    from helpdesk_kpi.cli.demo_config import DemoSource, build_demo_config  # noqa: PLC0415
    from helpdesk_kpi.simulator.server.faults import parse  # noqa: PLC0415
    from helpdesk_kpi.simulator.server.serve import run  # noqa: PLC0415
    from helpdesk_kpi.simulator.server.vendors import get_vendor  # noqa: PLC0415
    from helpdesk_kpi.simulator.world.plan import real  # noqa: PLC0415
    from helpdesk_kpi.simulator.world.world import generate  # noqa: PLC0415

    try:
        plan = parse(faults)
    except ValueError as error:
        raise UsageError(f"--faults: {error}") from None
    situations = {} if plain else real(helpdesk)
    world = generate(seed, tickets=tickets, locale=locale, empty=tickets == 0, **situations)  # type: ignore[arg-type]
    desk = DemoSource("demo", helpdesk, world, f"http://127.0.0.1:{port}")
    click.echo(f"# a configuration for this desk (secret: {desk.secret})", err=True)
    click.echo(build_demo_config([desk], locale), err=True)
    run(get_vendor(helpdesk).app(world, faults=plan), port, lambda: own.now() / 1000)


def _serve_demo(own: AppContext, folder: Path) -> None:
    from helpdesk_kpi.cli.demo_run import serve_demo  # noqa: PLC0415

    with serve_demo(folder, lambda: own.now() / 1000) as urls:
        click.echo(f"serving {', '.join(urls)}; Ctrl-C ends it", err=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
