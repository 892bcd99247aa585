"""`run`, `status`, `deliveries`."""

import datetime as dt
import json
import signal
import sys
import threading
import zoneinfo
from typing import TYPE_CHECKING, Any, Literal

import click

from helpdesk_kpi.cli.app_context import AppContext, config_option, iso

if TYPE_CHECKING:
    from scheduler import JobRun


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now and stop, for cron and systemd timers.")
@config_option
@click.pass_obj
def run(desk: AppContext, once: bool) -> None:
    """Sync, measure and send on schedule, until stopped. After downtime, a missed report is sent once."""
    from helpdesk_kpi.cli.jobs import format_run, jobs_of  # noqa: PLC0415
    from helpdesk_kpi.paths import extend_path  # noqa: PLC0415

    extend_path()
    import scheduler  # noqa: PLC0415 - found by the path

    jobs = jobs_of(desk)
    if once:
        turns = [turn for turn in scheduler.run_due(jobs, desk.now()) if format_run(turn)]
        click.echo("\n".join(map(format_run, turns)) or "nothing is due")
        failed = [t for t in turns if t.error]
        sys.exit(0 if not failed else 1 if len(failed) == len(turns) else 3)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    click.echo(f"running {len(jobs)} jobs; stop with Ctrl-C", err=True)

    def tell(turn: "JobRun") -> None:
        if line := format_run(turn):
            click.echo(line)

    scheduler.run_forever(jobs, desk.config.config.timezone, desk.now, stop, tell)


@click.command()
@click.option("--json", "as_json", is_flag=True)
@config_option
@click.pass_obj
def status(desk: AppContext, as_json: bool) -> None:
    """Show how fresh the data are, what failed, what was sent and what is next."""
    from helpdesk_kpi.cli.views.status import collect_status  # noqa: PLC0415

    with desk.store() as store:
        found = collect_status(desk, store)
    click.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else _format_status(found, desk))


def _format_status(found: dict[str, Any], desk: AppContext) -> str:
    from helpdesk_kpi.text.rules_version import resync_hint  # noqa: PLC0415

    zone = zoneinfo.ZoneInfo(desk.config.config.timezone)

    def local(text: str | None) -> str:
        return dt.datetime.fromisoformat(text).astimezone(zone).strftime("%Y-%m-%d %H:%M") if text else "never"

    lines = [f"store {found['store']}: {found['tickets']:,} tickets, {found['stale']:,} to be measured"]
    for name, source in found["sources"].items():
        lines += ["", f"{name}: whole to {local(source['whole_to'])}"]
        for stream, s in source["streams"].items():
            aside = f"; {s['set_aside']} rows set aside" if s["set_aside"] else ""
            reason = f": {s['reason']}" if s["reason"] else ""
            lines.append(f"  {stream:<22} {s['state']:<12} {local(s['ran_at'])}{aside}{reason}")
    for name in found["read_with_other_words"]:
        lines += ["", resync_hint(name)]
    for text in found["read_by_earlier_version"].values():
        lines += ["", text]
    if unmapped := found["questions_without_dimension"]:
        questions = ", ".join(f"{question} ({n:,} answers)" for question, n in list(unmapped.items())[:5])
        lines += ["", f"survey questions without a dimension: {questions}{', ...' if len(unmapped) > 5 else ''}"]
    lines += ["", "reports"]
    for name, report in found["reports"].items():
        lines.append(f"  {name:<22} last {local(report['last_sent'])}   next {local(report['next'])}")
        lines += [f"    {problem}" for problem in report["problems"]]
    return "\n".join(lines)


@click.group()
def deliveries() -> None:
    """List deliveries, and settle unclear ones."""


@deliveries.command("list")
@click.option("--json", "as_json", is_flag=True)
@config_option
@click.pass_obj
def list_(desk: AppContext, as_json: bool) -> None:
    """List all deliveries, newest last."""
    from helpdesk_kpi.calendar.periods import format_label  # noqa: PLC0415
    from helpdesk_kpi.deliver import ledger  # noqa: PLC0415
    from helpdesk_kpi.deliver.ledger_migrations import migrate_ledger  # noqa: PLC0415

    with desk.store() as store:
        migrate_ledger(store.db)
        rows = ledger.list_deliveries(store.conn)
    zone = desk.config.config.timezone
    entries = [
        {
            "id": r.id, "report": r.report, "period": format_label(r.start, r.end, zone), "start": iso(r.start),
            "end": iso(r.end), "channel": r.channel,
            "recipient": r.recipient, "variant": r.variant, "state": r.state, "sent_at": iso(r.sent_at),
            "detail": r.detail,
        }
        for r in rows
    ]  # fmt: skip
    if as_json:
        click.echo(json.dumps(entries, indent=2, ensure_ascii=False))
        return
    for e in entries:
        detail = f"  {e['sent_at'] if e['state'] == 'sent' else e['detail'] or ''}".rstrip()
        what = f"{e['report']} {e['period']}" + ("" if e["variant"] == "original" else f" ({e['variant']})")
        click.echo(f"{e['id']:>5}  {e['state']:<9} {what}  {e['channel']} -> {e['recipient']}{detail}")


@deliveries.command()
@click.argument("number", type=int)
@config_option
@click.pass_obj
def resend(desk: AppContext, number: int) -> None:
    """Send the same bytes of delivery NUMBER again, if it failed or its outcome is unknown."""
    from helpdesk_kpi.cli.send_report import format_outcome, load_channels, problem_line  # noqa: PLC0415
    from helpdesk_kpi.deliver import delivery, ledger  # noqa: PLC0415
    from helpdesk_kpi.deliver.ledger_migrations import migrate_ledger  # noqa: PLC0415

    with desk.store() as store:
        migrate_ledger(store.db)
        now = desk.now()
        ledger.resend(store.conn, number, now=now, deadline=now + delivery.PATIENCE)
        problems: list[delivery.Problem] = []
        for outcome in delivery.retry_pending(store.conn, load_channels(desk.config), desk.now, problems=problems):
            click.echo(format_outcome(outcome))
    for problem in problems:
        click.echo(problem_line(problem))
    if problems:
        sys.exit(3)


@deliveries.command()
@click.argument("number", type=int)
@click.option("--as", "outcome", type=click.Choice(["sent", "failed"]), required=True)
@config_option
@click.pass_obj
def resolve(desk: AppContext, number: int, outcome: Literal["sent", "failed"]) -> None:
    """Set the outcome of delivery NUMBER, if it is unknown."""
    from helpdesk_kpi.deliver import ledger  # noqa: PLC0415
    from helpdesk_kpi.deliver.ledger_migrations import migrate_ledger  # noqa: PLC0415

    with desk.store() as store:
        migrate_ledger(store.db)
        ledger.resolve(store.conn, number, outcome, now=desk.now())
    click.echo(f"delivery {number}: {outcome}")
