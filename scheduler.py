"""What runs when: an APScheduler that is built from the configuration at every start.

It keeps nothing. A job says when it was last done, by the ledger or the store, and whatever is due since then is run;
so a restart, a suspended laptop and `run --once` under cron all come to the same. APScheduler only wakes us up: its
cron trigger runs twice in the hour that autumn repeats and counts weekdays from Monday.
"""

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from helpdesk_kpi.calendar.periods import get_zone, to_local
from helpdesk_kpi.calendar.schedule_rules import Policy, ScheduleRule, find_missed_runs
from helpdesk_kpi.errors import HelpdeskKpiError

Clock = Callable[[], int]  # UTC epoch ms

RETRY = 15 * 60_000  # ms after which a job is asked again that failed in a way that may pass
BACK = 60_000  # ms by which a clock has to go back to be taken for one that was wrong
HEARTBEAT = 60.0  # s; a suspended machine's timers stand still, so the wall clock is looked at this often
log = logging.getLogger(__name__)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is due by a rule. Its functions are called in a thread of the scheduler, one job at a time."""

    name: str
    rule: ScheduleRule
    run: Callable[[int], int | None]  # gets the due instant (ms); returns when to be asked again, None: done
    done_until: Callable[[], int | None]  # the newest due instant that is done (see schedule.missed)
    policy: Policy = "latest"  # what to make up for after downtime
    unfinished: Callable[[], Sequence[int]] = tuple  # due instants before `done_until` that are to be tried again now
    next_try: Callable[[], int | None] = lambda: None  # when an unfinished one is to be tried (ms); None: none waits


class JobRun(NamedTuple):
    """One run of a job. `again`: it waits, for data or a retry, and wants to be asked at that instant (ms)."""

    job: str
    due: int
    again: int | None = None
    error: Exception | None = None

    @property
    def is_bug(self) -> bool:
        """Whether it failed in a way that nobody foresaw."""
        return self.error is not None and not isinstance(self.error, HelpdeskKpiError)

    @property
    def may_pass(self) -> bool:
        return self.error is not None and not getattr(self.error, "permanent", True)


class WallClockTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler is not typed
    """A rule as APScheduler asks for it. Of several instants that were slept through, it gives only the newest."""

    __slots__ = ("rule",)

    def __init__(self, rule: ScheduleRule) -> None:
        self.rule = rule

    def get_next_fire_time(self, previous_fire_time: dt.datetime | None, now: dt.datetime) -> dt.datetime:
        if previous_fire_time is None:
            return _utc(self.rule.next_after(_ms(now) - 1))
        newest, before = self.rule.previous_at_or_before(_ms(now)), _ms(previous_fire_time)
        if before > _ms(now) + BACK:  # the clock was ahead, and is right again
            return _utc(self.rule.next_after(_ms(now)))
        return _utc(newest if newest > before else self.rule.next_after(before))

    def __repr__(self) -> str:
        return f"WallClock({self.rule.text!r}, {self.rule.zone!r})"


def run_job(job: Job, now: int) -> Iterator[JobRun]:
    """Run what is due of one job, oldest first, until one has to wait or fails in passing: later ones follow it.

    Whatever fails is a turn with its error, bugs too: no job stops another. The traceback is logged at INFO.
    """
    try:
        dues = sorted({*job.unfinished(), *find_missed_runs(job.rule, job.done_until(), now, job.policy)})
    except Exception as error:  # noqa: BLE001 - as below
        yield _failed(job, now, error)
        return
    for due in dues:
        try:
            turn = JobRun(job.name, due, again=job.run(due))
        except Exception as error:  # noqa: BLE001 - the turn holds it, and whoever asked hears of it
            turn = _failed(job, due, error)
        yield turn
        if turn.again is not None or turn.may_pass:
            return


def _failed(job: Job, due: int, error: Exception) -> JobRun:
    turn = JobRun(job.name, due, error=error)
    if turn.is_bug:
        log.info("%s: unexpected error", job.name, exc_info=error)
    return turn


def run_due(jobs: Sequence[Job], now: int) -> list[JobRun]:
    """One pass over all jobs, in their order, as `run --once` does it; then whatever calls it may call again."""
    return [turn for job in jobs for turn in run_job(job, now)]


def build(
    jobs: Sequence[Job], zone: str, now: Clock, on_run: Callable[[JobRun], None] | None = None
) -> BackgroundScheduler:
    """A scheduler that is not started yet. Each job has its first turn at once, which makes up for what was missed.

    `told` hears of every turn, in the scheduler's thread. Bugs in a job are logged, and the other jobs go on.
    """
    scheduler = BackgroundScheduler(
        timezone=get_zone(zone),
        executors={"default": ThreadPoolExecutor(1)},  # the store has one writer
        # However late it is woken, a job decides by its policy what still has to be done.
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for place, job in enumerate(jobs):
        turns_of = _JobRunner(scheduler, job, now, on_run or _log)
        # Jobs that are due together are taken in the order of these times, and of ids: a sync before its reports.
        at_once = _utc(place)
        scheduler.add_job(turns_of.take, WallClockTrigger(job.rule), id=f"{place:04} {job.name}", next_run_time=at_once)
    return scheduler


def run_forever(
    jobs: Sequence[Job],
    zone: str,
    now: Clock,
    stop: threading.Event,
    on_run: Callable[[JobRun], None] | None = None,
    *,
    beat: float = HEARTBEAT,
) -> None:
    """Run jobs until `stop` is set; then wait for the one that is running."""
    scheduler, seen = build(jobs, zone, now, on_run), now()
    scheduler.start()
    try:
        while not stop.wait(beat):
            if now() < seen - BACK:
                _ask_all(scheduler)
            seen = now()
            scheduler.wakeup()
    finally:
        scheduler.shutdown(wait=True)


def _ask_all(scheduler: BackgroundScheduler) -> None:
    """The clock went back: no job waits for the instant at which it would have been due by the wrong one."""
    for place, entry in enumerate(sorted(scheduler.get_jobs(), key=lambda entry: entry.id)):
        entry.modify(next_run_time=_utc(place))


class _JobRunner(NamedTuple):
    """A job's turns in a running scheduler."""

    scheduler: BackgroundScheduler
    job: Job
    now: Clock
    on_run: Callable[[JobRun], None]

    def take(self) -> None:
        waits: list[int] = []
        for turn in run_job(self.job, self.now()):
            self.on_run(turn)
            waits += [self.now() + RETRY] if turn.may_pass else [] if turn.again is None else [turn.again]
        waits += [] if (again := self.job.next_try()) is None else [again]
        if waits:
            self._ask(min(waits))

    def _ask(self, at: int) -> None:
        self.scheduler.add_job(
            self.take, "date", run_date=_utc(at), id=f"{self.job.name} again", replace_existing=True
        )  # fmt: skip


def _log(turn: JobRun) -> None:
    due = to_local(turn.due, get_zone("UTC"))
    if turn.error:
        log.error("%s, due %sZ: %s", turn.job, due, turn.error, exc_info=turn.error if turn.is_bug else None)
    else:
        log.info("%s, due %sZ: %s", turn.job, due, "waits" if turn.again is not None else "done")


def _utc(ms: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC)


def _ms(at: dt.datetime) -> int:
    return round(at.timestamp() * 1000)
