"""The jobs of `run`: one sync, and one for each report with a schedule."""

from functools import partial
from typing import TYPE_CHECKING

from helpdesk_kpi.cli.desk import Desk
from helpdesk_kpi.cli.sending import all_channels, send_report
from helpdesk_kpi.config import duration
from helpdesk_kpi.deliver import ledger
from helpdesk_kpi.deliver.sending import deliver_pending
from helpdesk_kpi.deliver.tables import prepare
from helpdesk_kpi.errors import DeliveryError, PullError
from helpdesk_kpi.measure.fold import measure
from helpdesk_kpi.measure.hours import Clocks
from helpdesk_kpi.pull.source import sources_of
from helpdesk_kpi.pull.sync import locked_out, sync
from helpdesk_kpi.report.make import KINDS
from helpdesk_kpi.report.reading import fresh_to
from helpdesk_kpi.schedule import Rule
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.lock import hold

if TYPE_CHECKING:
    from scheduler import Job, Turn

RETRIES = "deliveries"
ASK_AGAIN = 15 * 60_000  # ms, while a report waits for data
LATE = 3_600_000  # ms; a report that is new in the configuration looks back no further


def jobs_of(desk: Desk) -> list["Job"]:
    """The sync first, so that reports that are due with it find its data."""
    import scheduler  # noqa: PLC0415 - found by the path

    config = desk.loaded.config
    _check_secrets(desk)
    every = Rule.parse(config.sync_every, config.timezone)
    jobs = [scheduler.Job(name="sync", rule=every, run=lambda _: _sync(desk), done_until=lambda: _synced(desk))]
    if config.channels:
        often = Rule.parse("every 5 minutes", config.timezone)
        jobs.append(scheduler.Job(name=RETRIES, rule=often, run=partial(_retry, desk), done_until=lambda: None))
    for name, report in config.reports.items():
        rule = report_rule(desk, name)
        if rule is not None:
            jobs.append(
                scheduler.Job(
                    name=name, rule=rule, policy=report.catch_up,
                    run=partial(_report, desk, name, rule), done_until=partial(_sent_until, desk, name, rule),
                )
            )  # fmt: skip
    return jobs


def _check_secrets(desk: Desk) -> None:
    """Settings and secrets of sources and channels are looked at before anything runs, not when it is due at night."""
    with desk.store(create=True) as store:
        sources_of(desk.loaded, (), store.hash_key)
    all_channels(desk.loaded)


def report_rule(desk: Desk, name: str) -> Rule | None:
    """When a report is due; None: only on request."""
    config = desk.loaded.config
    every = config.reports[name].every
    if every is None:
        return None
    with desk.store(create=True) as store:
        clocks = Clocks(store, config)
        own = clocks.default if "default" in config.hours else next(iter(clocks.schedules.values()), None)
        return Rule.parse(every, config.timezone, own)  # without any, workdays are Monday to Friday


def said(turn: "Turn") -> str:
    """One line for the log; "" for what is not worth one."""
    if turn.job == RETRIES and not turn.error:
        return ""
    if turn.error:
        return f"{turn.job}: {turn.error}"
    return f"{turn.job}: {'waits for data' if turn.again is not None else 'done'}"


def _sync(desk: Desk) -> int | None:
    with desk.store(create=True) as store:
        with hold(store, "sync"):
            sources = sources_of(desk.loaded, (), store.hash_key)
            results = sync(store, sources, now=desk.now)
        measure(store, desk.loaded.config)
        closed = locked_out(results)  # said once for a source, not for each of its streams
        names = {r.source for r in closed}
        failed = [*closed, *(r for r in results if r.outcome == "failed" and r.source not in names)]
        if failed:
            raise PullError("; ".join(f"{r.source} {r.stream}: {r.reason}" for r in failed), permanent=True)
    return None


def _retry(desk: Desk, _due: int) -> None:
    """Send again what failed in passing and is due, and what a dead process had planned."""
    with desk.store(create=True) as store:
        prepare(store.db)
        bad = [o.delivery for o in deliver_pending(store.conn, all_channels(desk.loaded), desk.now) if not o.arrived]
    if bad:
        raise DeliveryError("; ".join(f"{d.report}: {d.recipient}: {d.detail or d.state}" for d in bad), permanent=True)


def _synced(desk: Desk) -> int | None:
    with desk.store(create=True) as store:
        newest = store.one("SELECT max(ended) FROM syncs")
        return None if newest is None else int(newest)


def _report(desk: Desk, name: str, rule: Rule, due: int) -> int | None:
    """Send what is due, or wait until the data are whole."""
    report = desk.loaded.config.reports[name]
    period = rule.due_period(due, KINDS.get(report.template))
    with desk.store(create=True) as store:
        whole = min((until or 0 for until in fresh_to(store, desk.loaded.config).values()), default=0)
        if whole < period.end and desk.now() < due + duration(report.wait):
            return desk.now() + ASK_AGAIN
        outcomes = send_report(store, desk.loaded, name, period, desk.now)
    bad = [o.delivery for o in outcomes if not o.arrived]
    if bad:
        text = "; ".join(f"{d.channel} -> {d.recipient}: {d.state} {d.detail or ''}".strip() for d in bad)
        raise DeliveryError(text, permanent=all(d.next_try is None for d in bad))
    return None


def _sent_until(desk: Desk, name: str, rule: Rule) -> int | None:
    """The newest due instant that is done: its period has rows in the ledger, none of which is still to be tried."""
    with desk.store(create=True) as store:
        prepare(store.db)
        rows = [r for r in ledger.listed(store.conn) if r.report.partition(":")[0] == name]
        waiting = {r.end for r in rows if r.state in {"planned", "claimed"} or r.next_try is not None}
        done = max((r.end for r in rows if r.end not in waiting), default=None)
        held_from = _known_since(store, name, desk.now()) - LATE
    return held_from if done is None else max(rule.next_after(done - 1), held_from)


def _known_since(store: Store, name: str, now: int) -> int:
    """When `run` first met this report: a new one does not look back."""
    key = f"report_known_since:{name}"
    found = store.one("SELECT CAST(value AS TEXT) FROM meta WHERE key = ?", key)
    if found is not None:
        return int(found)
    with store.writing() as conn:
        conn.execute("INSERT INTO meta VALUES (?, CAST(? AS BLOB))", (key, str(now)))
    return now
