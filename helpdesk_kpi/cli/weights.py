"""`weights`."""

import datetime as dt
import json
from typing import TYPE_CHECKING, Any, Literal

import click

from helpdesk_kpi.cli.app_context import AppContext, config_option
from helpdesk_kpi.errors import UsageError

if TYPE_CHECKING:
    from helpdesk_kpi.measure.query.complexity_weights import WeightVersion

YEAR = dt.timedelta(days=365)
DAY = dt.timedelta(days=1)
_DATE = click.DateTime(["%Y-%m-%d"])


@click.group()
def weights() -> None:
    """Learn and show how much work each kind of ticket is."""


@weights.command()
@click.option(
    "--from",
    "first",
    type=_DATE,
    metavar="DAY",
    help="First day of the solved tickets (default: a year before the last).",
)
@click.option("--to", "last", type=_DATE, metavar="DAY", help="Last day (default: yesterday).")
@click.option("--since", type=_DATE, metavar="DAY", help="First day to which they apply (default: today).")
@click.option("--basis", type=click.Choice(["time", "effort"]), help="Default: time, if there are enough time entries.")
@config_option
@click.pass_obj
def learn(
    desk: AppContext,
    first: dt.datetime | None,
    last: dt.datetime | None,
    since: dt.datetime | None,
    basis: Literal["time", "effort"] | None,
) -> None:
    """Learn weights by severity, category and channel from solved tickets.

    They hold from a day on, after the tickets that they were learned from; earlier days keep what held for them.
    """
    from helpdesk_kpi.calendar.periods import get_zone, local_midnight, to_local  # noqa: PLC0415
    from helpdesk_kpi.measure.benchmarking.fit_weights import fit_weights  # noqa: PLC0415
    from helpdesk_kpi.measure.query.complexity_weights import save_weight_version  # noqa: PLC0415

    config, now = desk.config.config, desk.now()
    zone = get_zone(config.timezone)
    today = to_local(now, zone).date()
    end = last.date() + DAY if last else today
    if last and last.date() > today:
        raise UsageError(f"--to {last.date()} lies in the future: it is {today} now")
    begin = first.date() if first else end - YEAR
    if begin >= end:
        raise UsageError(f"--from {begin} is after --to {end - DAY}")
    holds = since.date() if since else max(today, end)
    with desk.store() as store:
        made = fit_weights(
            store,
            config,
            first=local_midnight(begin, zone),
            last=local_midnight(end, zone),
            since=local_midnight(holds, zone),
            now=now,
            basis=basis,
        )
        save_weight_version(store, made)
    click.echo(format_version(describe_version(made, config.timezone)))


@weights.command()
@click.option("--version", "number", type=int, help="An earlier version.")
@click.option("--json", "as_json", is_flag=True)
@config_option
@click.pass_obj
def show(desk: AppContext, number: int | None, as_json: bool) -> None:
    """Show the present weights by severity, category and channel, and their basis."""
    from helpdesk_kpi.measure.query.complexity_weights import load_weight_versions  # noqa: PLC0415

    config = desk.config.config
    with desk.store() as store:
        versions = load_weight_versions(store)
    found = [version for version in versions if number in {None, version.version}]
    if number is not None and not found:
        known = ", ".join(str(version.version) for version in versions) or "none"
        raise UsageError(f"no version {number} of the weights; there are {known}")
    version = describe_version(found[-1], config.timezone) if found else _weights_from_config(config.weights)
    click.echo(json.dumps(version, indent=2, ensure_ascii=False) if as_json else format_version(version))


def describe_version(version: "WeightVersion", timezone: str) -> dict[str, Any]:
    """A version as plain values; days by the wall clock."""
    from helpdesk_kpi.calendar.periods import get_zone, to_local  # noqa: PLC0415
    from helpdesk_kpi.measure.benchmarking.fit_weights import EFFORT  # noqa: PLC0415

    def day(ms: int) -> str:
        return to_local(ms, get_zone(timezone)).date().isoformat()

    return {
        "version": version.version,
        "since": day(version.since),
        "basis": version.basis,
        "from": day(version.first),
        "to": day(version.last - 1),
        "learned_at": day(version.learned_at),
        "points": EFFORT if version.basis == "effort" else {},
        "kinds": [
            {
                "severity": cell.severity,
                "category": cell.category,
                "channel": cell.channel,
                "tickets": cell.n,
                "weight": round(version.weight(cell.kind), 3),
            }
            for cell in version.cells
        ],
    }


def _weights_from_config(table: Any) -> dict[str, Any]:
    return {"version": None, "severity": table.severity, "category": table.category}


def format_version(version: dict[str, Any]) -> str:
    """For a terminal."""
    if version["version"] is None:
        points = [f"{name} {value:g}" for part in ("severity", "category") for name, value in version[part].items()]
        return "Nothing is learned yet: " + (
            f"[weights] holds: {', '.join(points)}" if points else "every ticket counts 1. `weights learn` learns them."
        )
    learned_from = f"learned from {version['from']} to {version['to']} by {version['basis']}"
    lines = [f"version {version['version']}, in force from {version['since']}; {learned_from}"]
    if version["points"]:
        lines.append("points: " + ", ".join(f"{name} {points:g}" for name, points in version["points"].items()))
    lines += ["", f"{'weight':>6}  {'tickets':>7}  {'severity':<9} {'channel':<16} category"]
    lines += [
        f"{kind['weight']:>6.2f}  {kind['tickets']:>7}  {kind['severity'] or '-':<9} {kind['channel'] or '-':<16}"
        f" {kind['category'] or '-'}"
        for kind in version["kinds"]
    ]
    return "\n".join(lines)
