"""The jobs of `run`: one sync, and one for each report with a schedule."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from helpdesk_kpi.calendar.calendar_rules import CalendarRules
from helpdesk_kpi.calendar.periods import Period, format_label, parse_period
from helpdesk_kpi.calendar.schedule_rules import ScheduleRule
from helpdesk_kpi.cli.app_context import AppContext
from helpdesk_kpi.cli.send_report import edition_of, load_channels, problem_line, send_report, unexpected
from helpdesk_kpi.config import duration
from helpdesk_kpi.deliver import ledger, slots
from helpdesk_kpi.deliver.delivery import Problem, retry_pending
from helpdesk_kpi.deliver.ledger_migrations import migrate_ledger
from helpdesk_kpi.deliver.slots import Slot
from helpdesk_kpi.errors import DeliveryError, HelpdeskKpiError, PullError
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.pull.source_config import load_sources
from helpdesk_kpi.pull.sync import find_ended_sources, sync, synced_until
from helpdesk_kpi.report.prepare import KINDS
from helpdesk_kpi.report.report_data import complete_until
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.writer_lock import hold

if TYPE_CHECKING:
    from scheduler import Job, JobRun

RETRIES = "deliveries"
ASK_AGAIN = 15 * 60_000  # ms, while a report waits for data
LATE = 3_600_000  # ms; a report that is new in the configuration looks back no further


def jobs_of(desk: AppContext) -> list["Job"]:
    """The sync first, so that reports that are due with it find its data."""
    import scheduler  # noqa: PLC0415 - found by the path

    config = desk.config.config
    _check_secrets(desk)
    every = ScheduleRule.parse(config.sync_every, config.timezone)
    jobs = [scheduler.Job(name="sync", rule=every, run=lambda _: _sync(desk), done_until=lambda: _last_sync(desk))]
    if config.channels:
        often = ScheduleRule.parse("every 5 minutes", config.timezone)
        jobs.append(scheduler.Job(name=RETRIES, rule=often, run=partial(_retry, desk), done_until=lambda: None))
    for name, report in config.reports.items():
        rule = report_rule(desk, name)
        if rule is not None:
            jobs.append(
                scheduler.Job(
                    name=name, rule=rule, policy=report.catch_up,
                    run=partial(_report, desk, name, rule), done_until=partial(_recorded_until, desk, name),
                    unfinished=partial(_unfinished, desk, name), next_try=partial(_next_try, desk, name),
                )
            )  # fmt: skip
    return jobs


def _check_secrets(desk: AppContext) -> None:
    """Settings and secrets of sources and channels are looked at before anything runs, not when it is due at night."""
    with desk.store(create=True) as store:
        load_sources(desk.config, (), store.hash_key)
    load_channels(desk.config)


def report_rule(desk: AppContext, name: str) -> ScheduleRule | None:
    """When a report is due; None: only on request."""
    config = desk.config.config
    every = config.reports[name].every
    if every is None:
        return None
    with desk.store(create=True) as store:
        clocks = CalendarRules(store, config)
        own = clocks.default if "default" in config.hours else next(iter(clocks.schedules.values()), None)
        return ScheduleRule.parse(every, config.timezone, own)  # without any, workdays are Monday to Friday


def format_run(turn: "JobRun") -> str:
    """One line for the log; "" for what is not worth one."""
    if turn.job == RETRIES and not turn.error:
        return ""
    if turn.error:
        expected = isinstance(turn.error, HelpdeskKpiError)
        return f"{turn.job}: {turn.error if expected else unexpected(turn.error)}"
    return f"{turn.job}: {'waits for data' if turn.again is not None else 'done'}"


def _sync(desk: AppContext) -> int | None:
    with desk.store(create=True) as store:
        with hold(store, "sync"):
            sources = load_sources(desk.config, (), store.hash_key)
            results = sync(store, sources, now=desk.now)
        build_stale(store, desk.config.config)
        closed = find_ended_sources(results)  # said once for a source, not for each of its streams
        names = {r.source for r in closed}
        failed = [*closed, *(r for r in results if r.outcome == "failed" and r.source not in names)]
        if failed:
            raise PullError("; ".join(f"{r.source} {r.stream}: {r.reason}" for r in failed), permanent=True)
    return None


def _retry(desk: AppContext, _due: int) -> None:
    """Send again what failed in passing and is due, and what a dead process had planned."""
    problems: list[Problem] = []
    with desk.store(create=True) as store:
        migrate_ledger(store.db)
        outcomes = retry_pending(store.conn, load_channels(desk.config), desk.now, problems=problems)
    bad = [o.delivery for o in outcomes if not o.is_delivered]
    if bad or problems:
        lines = [f"{d.report}: {d.recipient}: {d.detail or d.state}" for d in bad]
        raise DeliveryError("; ".join([*lines, *map(problem_line, problems)]), permanent=True)


def _last_sync(desk: AppContext) -> int | None:
    with desk.store(create=True) as store:
        return synced_until(store, list(desk.config.config.sources), desk.now())


def _report(desk: AppContext, name: str, rule: ScheduleRule, due: int) -> int | None:
    """Send what is due, or wait until the data are whole."""
    report, now = desk.config.config.reports[name], desk.now()
    with desk.store(create=True) as store:
        migrate_ledger(store.db)
        slot, period = _slot(store, desk, name, rule, due)
        if slot.state != "open":
            return None
        if _is_over(slot, _newest(desk, name, rule), report.catch_up, now):
            why = slots.give_up(store.conn, slot, now=now)
            raise DeliveryError(f"{period.label} is given up: {why}", permanent=True)
        whole = min((until or 0 for until in complete_until(store, desk.config.config).values()), default=0)
        if whole < period.end and now < due + duration(report.wait):
            return now + ASK_AGAIN
        with _noted(store, desk, slot):
            edition = edition_of(store, desk.config, name, period, now, rule=rule)
            sent = send_report(store, desk.config, edition, desk.now, slot=slot)
        missing = [problem_line(one) for one in sent.problems]
        if report.to and not sent.outcomes and not missing:
            missing = ["there is no team to report on yet"]
        slots.finish(store.conn, slot, now=desk.now(), detail="; ".join(missing))
    if missing or not sent.has_arrived:
        bad = [o.delivery for o in sent.outcomes if not o.is_delivered]
        lines = [f"{d.channel} -> {d.recipient}: {d.state} {d.detail or ''}".strip() for d in bad]
        raise DeliveryError("; ".join([*lines, *missing]), permanent=all(d.next_try is None for d in bad))
    return None


def _slot(store: Store, desk: AppContext, name: str, rule: ScheduleRule, due: int) -> tuple[Slot, Period]:
    """What is due at an instant, recorded from now on."""
    zone = desk.config.config.timezone
    if (slot := slots.at_due(store.conn, name, due)) is None:
        period = rule.due_period(due, KINDS.get(desk.config.config.reports[name].template))
        return slots.record(store.conn, name, period.start, period.end, due=due, now=desk.now()), period
    return slot, parse_period(format_label(slot.start, slot.end, zone), zone, desk.now())


def _newest(desk: AppContext, name: str, rule: ScheduleRule) -> Period:
    """What is due now."""
    kind = KINDS.get(desk.config.config.reports[name].template)
    return rule.due_period(rule.previous_at_or_before(desk.now()), kind)


def _is_over(slot: Slot, newest: Period, policy: str, now: int) -> bool:
    """Whether it is too late for a slot: the next one is due, or where all are wanted, a week has passed."""
    if policy == "all":
        return slot.tries > 0 and now > slot.created_at + slots.GIVEN_UP_AFTER
    return newest.start >= slot.end


@contextmanager
def _noted(store: Store, desk: AppContext, slot: Slot) -> Iterator[None]:
    """Keep in the slot why nothing could be sent."""
    try:
        yield
    except Exception as error:
        words = str(error) if isinstance(error, HelpdeskKpiError) else unexpected(error)
        slots.finish(store.conn, slot, now=desk.now(), detail=words)
        raise


def _unfinished(desk: AppContext, name: str) -> list[int]:
    """Due instants that were recorded, have parts without an outcome, and are to be tried again by now."""
    with desk.store(create=True) as store:
        migrate_ledger(store.db)
        ledger.sweep(store.conn, desk.now())
        return [slot.due_at for slot in slots.open_slots(store.conn, name, desk.now())]


def _next_try(desk: AppContext, name: str) -> int | None:
    with desk.store(create=True) as store:
        migrate_ledger(store.db)
        return slots.next_try(store.conn, name)


def _recorded_until(desk: AppContext, name: str) -> int | None:
    """The newest due instant that has its slot; what is left to do in there is `unfinished`."""
    with desk.store(create=True) as store:
        migrate_ledger(store.db)
        now = desk.now()
        recorded = slots.recorded_until(store.conn, name, now)
        return max(recorded or 0, _first_seen(store, name, now) - LATE)


def _first_seen(store: Store, name: str, now: int) -> int:
    """When `run` first met this report: a new one does not look back. An instant of the future was a wrong clock's."""
    key = f"report_known_since:{name}"
    found = store.one("SELECT CAST(value AS TEXT) FROM meta WHERE key = ?", key)
    if found is not None and int(found) <= now:
        return int(found)
    with store.transaction() as conn:
        conn.execute("INSERT OR REPLACE INTO meta VALUES (?, CAST(? AS BLOB))", (key, str(now)))
    return now
