"""Rules against the calendars of awkward zones, and a real scheduler that makes up for what was missed."""

import datetime as dt
import doctest
import logging
import threading
import zoneinfo
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scheduler
from helpdesk_kpi.calendar import schedule_rules
from helpdesk_kpi.calendar.business_hours import BusinessCalendar
from helpdesk_kpi.calendar.periods import to_local
from helpdesk_kpi.calendar.schedule_rules import Policy, ScheduleRule, find_missed_runs
from helpdesk_kpi.config import Hours
from helpdesk_kpi.errors import AccessError, PullError, UsageError
from scheduler import Job, JobRun, WallClockTrigger

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "America/Santiago"]
TEXTS = [
    "every 15 minutes",
    "every 2 hours",
    "daily 02:30",
    "daily 00:00",
    "weekdays 08:00",
    "monday 08:00",
    "mon, thu 2:15",
    "sat-sun 23:30",
    "1st workday 09:00",
    "2nd day 09:00",
    "31st day 09:00",
    "last workday 17:00",
    "last sunday 02:15",
    "1st workday of quarter 09:00",
    "last day of year at 23:59",
]


def ms(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).timestamp()) * 1000


def iso(at: int) -> str:
    return dt.datetime.fromtimestamp(at / 1000, dt.UTC).isoformat(timespec="minutes").replace("+00:00", "Z")


def following(rule: ScheduleRule, start: str, many: int) -> list[str]:
    at, found = ms(start), []
    for _ in range(many):
        at = rule.next_after(at)
        found.append(iso(at))
    return found


def test_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(schedule_rules).failed == 0
    assert doctest.testmod(schedule_rules).attempted > 4


@pytest.mark.parametrize(
    ("text", "dues"),
    [
        # Berlin is one hour ahead of UTC in winter; 2026-11-23 is a Monday.
        ("every 15 minutes", ["2026-11-23T12:15Z", "2026-11-23T12:30Z"]),
        ("every 2 hours", ["2026-11-23T14:00Z", "2026-11-23T16:00Z"]),
        ("every hour", ["2026-11-23T13:00Z", "2026-11-23T14:00Z"]),
        ("day 07:30", ["2026-11-24T06:30Z", "2026-11-25T06:30Z"]),
        ("Daily at 7:30", ["2026-11-24T06:30Z", "2026-11-25T06:30Z"]),
        ("monday 08:00", ["2026-11-30T07:00Z", "2026-12-07T07:00Z"]),
        ("fridays 08:00", ["2026-11-27T07:00Z", "2026-12-04T07:00Z"]),
        ("mon , thu 08:00", ["2026-11-26T07:00Z", "2026-11-30T07:00Z"]),
        ("fri-sun 08:00", ["2026-11-27T07:00Z", "2026-11-28T07:00Z"]),
        ("weekdays 14:00", ["2026-11-23T13:00Z", "2026-11-24T13:00Z"]),
        ("1st workday 09:00", ["2026-12-01T08:00Z", "2027-01-01T08:00Z"]),
        ("2nd day 09:00", ["2026-12-02T08:00Z", "2027-01-02T08:00Z"]),
        ("31st day 09:00", ["2026-11-30T08:00Z", "2026-12-31T08:00Z"]),
        ("last workday 17:00", ["2026-11-30T16:00Z", "2026-12-31T16:00Z"]),
        ("1st monday 09:00", ["2026-12-07T08:00Z", "2027-01-04T08:00Z"]),
        ("1st workday of quarter 09:00", ["2027-01-01T08:00Z", "2027-04-01T07:00Z"]),
        ("3rd workday of the half 09:00", ["2027-01-05T08:00Z", "2027-07-05T07:00Z"]),  # 1st, 4th, 5th; 1st, 2nd, 5th
        ("last day of year 09:00", ["2026-12-31T08:00Z", "2027-12-31T08:00Z"]),
    ],
)
def test_a_rule_is_due_by_the_local_clock(text: str, dues: list[str]) -> None:
    assert following(ScheduleRule.parse(text, "Europe/Berlin"), "2026-11-23T12:00Z", 2) == dues


def test_workdays_are_those_of_the_teams_calendar() -> None:
    china = BusinessCalendar.of_hours(Hours(weekly={"mon-fri": ("09:00-18:00",)}, holidays="CN"), "Asia/Shanghai")
    rule = ScheduleRule.parse("1st workday 09:00", "Asia/Shanghai", china)
    # Sunday 2026-01-04 is worked; Monday 2026-02-02; 09:00 in Shanghai is 01:00Z.
    assert following(rule, "2025-12-31T16:00Z", 2) == ["2026-01-04T01:00Z", "2026-02-02T01:00Z"]
    # From the eve of the Spring Festival, Monday 2026-02-16, to the 23rd nobody works.
    every = ScheduleRule.parse("workdays 09:00", "Asia/Shanghai", china)
    assert following(every, "2026-02-15T16:00Z", 1) == ["2026-02-24T01:00Z"]


def test_a_calendar_without_workdays_is_an_error_and_not_an_endless_search() -> None:
    class Never:
        def is_workday(self, _: dt.date, /) -> bool:
            return False

    rule = ScheduleRule.parse("1st workday of year 09:00", "UTC", Never())
    with pytest.raises(UsageError, match="'1st workday of year 09:00' is never due"):
        rule.next_after(ms("2026-01-01T00:00Z"))
    with pytest.raises(UsageError, match="is never due"):
        rule.previous_at_or_before(ms("2026-01-01T00:00Z"))


def test_a_time_that_is_skipped_is_due_at_the_jump_and_one_that_repeats_only_once() -> None:
    rule = ScheduleRule.parse("daily 02:30", "Europe/Berlin")
    assert following(rule, "2026-03-28T12:00Z", 2) == ["2026-03-29T01:00Z", "2026-03-30T00:30Z"]
    assert following(rule, "2026-10-24T12:00Z", 2) == ["2026-10-25T00:30Z", "2026-10-26T01:30Z"]


@pytest.mark.parametrize(
    ("text", "kind", "label"),
    [
        ("every 15 minutes", "day", "2026-11-22"),
        ("daily 07:30", "day", "2026-11-22"),
        ("monday 08:00", "week", "2026-W47"),
        ("mon, thu 08:00", "day", "2026-11-22"),
        ("1st workday 09:00", "month", "2026-10"),
        ("1st workday of quarter 09:00", "quarter", "2026-Q3"),
        ("1st workday of half 09:00", "half", "2026-H1"),
        ("2nd day of year 09:00", "year", "2025"),
    ],
)
def test_a_rule_reports_on_the_period_that_is_over(text: str, kind: str, label: str) -> None:
    rule = ScheduleRule.parse(text, "Europe/Berlin")
    period = rule.due_period(ms("2026-11-23T07:00Z"))
    assert (period.kind, period.label) == (kind, label)
    assert rule.due_period(ms("2026-11-23T07:00Z"), "month").label == "2026-10"


@pytest.mark.parametrize(
    "text",
    [
        "", "monday", "08:00", "monday 24:00", "monday 08:60", "moonday 08:00", "every 0 minutes", "every 25 hours",
        "every 15 seconds", "0th day 09:00", "1st 09:00", "1st workday of week 09:00", "0 8 * * 1", "mon- 08:00",
        "first workday 09:00",
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        ScheduleRule.parse(text, "UTC")
    assert str(refused.value).startswith(f"no schedule {text!r}; allowed are 'every 15 minutes'")
    with pytest.raises(UsageError, match="no time zone named 'Mars/Olympus'"):
        ScheduleRule.parse("monday 08:00", "Mars/Olympus")


INSTANTS = st.integers(ms("2020-01-01T00:00Z"), ms("2032-01-01T00:00Z"))


@settings(deadline=None)
@given(text=st.sampled_from(TEXTS), zone=st.sampled_from(ZONES), at=INSTANTS)
def test_next_and_previous_agree_and_always_move(text: str, zone: str, at: int) -> None:
    rule = ScheduleRule.parse(text, zone)
    after, before = rule.next_after(at), rule.previous_at_or_before(at)
    assert before <= at < after
    assert rule.previous_at_or_before(after) == after
    assert rule.previous_at_or_before(after - 1) == before
    assert rule.next_after(before) == after


@settings(deadline=None)  # walks a year
@given(zone=st.sampled_from(ZONES), year=st.integers(2020, 2030), minute=st.integers(0, 1439))
def test_a_daily_rule_is_due_once_a_day_at_its_time_or_when_the_clock_jumps_over_it(
    zone: str, year: int, minute: int
) -> None:
    rule = ScheduleRule.parse(f"daily {minute // 60:02}:{minute % 60:02}", zone)
    place = zoneinfo.ZoneInfo(zone)
    at = rule.previous_at_or_before(ms(f"{year}-01-02T00:00Z"))
    days: list[dt.date] = []
    while len(days) < 370:
        local = to_local(at, place)
        days.append(local.date())
        wanted = dt.datetime.combine(local.date(), dt.time(minute // 60, minute % 60))
        assert local == wanted or (to_local(at - 1000, place) < wanted < local)
        at = rule.next_after(at)
    assert days == [days[0] + dt.timedelta(n) for n in range(370)]


@settings(deadline=None)
@given(text=st.sampled_from(TEXTS), zone=st.sampled_from(ZONES), at=INSTANTS, asleep=st.integers(0, 90 * DAY))
def test_the_trigger_wakes_once_for_all_that_was_slept_through(text: str, zone: str, at: int, asleep: int) -> None:
    rule = ScheduleRule.parse(text, zone)
    trigger = WallClockTrigger(rule)

    def when(instant: int) -> dt.datetime:
        return dt.datetime.fromtimestamp(instant / 1000, dt.UTC)

    first = rule.next_after(at)
    assert trigger.get_next_fire_time(None, when(first)) == when(first)
    woken = first + asleep
    fired = trigger.get_next_fire_time(when(first), when(woken))
    newest = rule.previous_at_or_before(woken)
    assert fired == when(newest if newest > first else rule.next_after(first))
    assert trigger.get_next_fire_time(when(newest), when(woken)) == when(rule.next_after(newest))


@pytest.mark.parametrize(
    ("policy", "now", "dues"),
    [
        ("latest", "2026-11-23T07:00Z", ["2026-11-23T07:00Z"]),
        ("all", "2026-11-23T07:00Z", ["2026-11-09T07:00Z", "2026-11-16T07:00Z", "2026-11-23T07:00Z"]),
        ("none", "2026-11-23T07:00Z", ["2026-11-23T07:00Z"]),
        ("none", "2026-11-23T08:00Z", ["2026-11-23T07:00Z"]),
        ("none", "2026-11-23T08:01Z", []),
        ("latest", "2026-11-23T06:59Z", ["2026-11-16T07:00Z"]),
    ],
)
def test_after_three_weeks_off_the_policy_says_what_is_made_up_for(policy: Policy, now: str, dues: list[str]) -> None:
    rule = ScheduleRule.parse("monday 08:00", "Europe/Berlin")
    assert [iso(due) for due in find_missed_runs(rule, ms("2026-11-02T07:00Z"), ms(now), policy)] == dues


@pytest.mark.parametrize("policy", ["latest", "all", "none"])
def test_what_is_done_is_not_due_even_if_the_clock_went_back(policy: Policy) -> None:
    rule = ScheduleRule.parse("monday 08:00", "Europe/Berlin")
    assert find_missed_runs(rule, ms("2026-11-23T07:00Z"), ms("2026-11-23T07:05Z"), policy) == []
    assert find_missed_runs(rule, ms("2026-11-23T07:00Z"), ms("2026-11-20T07:05Z"), policy) == []
    assert find_missed_runs(rule, None, ms("2026-11-23T07:05Z"), policy) == [ms("2026-11-23T07:00Z")]


def test_years_of_missed_minutes_are_not_all_made_up_for() -> None:
    rule = ScheduleRule.parse("every 15 minutes", "UTC")
    found = find_missed_runs(rule, ms("2020-01-01T00:00Z"), ms("2026-01-01T00:00Z"), "all")
    assert len(found) == schedule_rules.MOST
    assert iso(found[-1]) == "2026-01-01T00:00Z"


class Book:
    """What a ledger says: which due instants are done."""

    def __init__(self, done: int | None = None) -> None:
        self.done = done

    def until(self) -> int | None:
        return self.done

    def write(self, due: int) -> None:
        self.done = due


def job(name: str, text: str, run: Callable[[int], int | None], book: Book, policy: Policy = "latest") -> Job:
    return Job(name=name, rule=ScheduleRule.parse(text, "UTC"), run=run, done_until=book.until, policy=policy)


def test_one_pass_runs_what_is_due_and_a_second_one_nothing() -> None:
    book = Book(ms("2026-11-20T00:00Z"))
    jobs = [job("daily", "daily 00:00", book.write, book, "all")]
    now = ms("2026-11-22T12:00Z")
    assert [iso(turn.due) for turn in scheduler.run_due(jobs, now)] == ["2026-11-21T00:00Z", "2026-11-22T00:00Z"]
    assert scheduler.run_due(jobs, now) == []
    assert len(scheduler.run_due(jobs, now + DAY)) == 1


@pytest.mark.parametrize(
    ("error", "is_bug"),
    [(AccessError("acme refuses the token"), False), (ZeroDivisionError("a bug"), True)],
)
def test_whatever_fails_is_reported_and_stops_no_other_job(
    error: Exception, is_bug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    now, book = ms("2026-11-22T12:00Z"), Book(ms("2026-11-19T00:00Z"))

    def wrong(due: int) -> None:
        raise error

    done = Book(ms("2026-11-19T00:00Z"))
    jobs = [job("sync", "daily 00:00", wrong, book), job("report", "daily 00:00", done.write, done)]
    with caplog.at_level(logging.INFO):
        first, second = scheduler.run_due(jobs, now)
    assert (first.job, iso(first.due), first.error, first.is_bug) == ("sync", "2026-11-22T00:00Z", error, is_bug)
    assert (second.job, iso(second.due), second.error) == ("report", "2026-11-22T00:00Z", None)
    assert any(record.exc_info for record in caplog.records) == is_bug  # the traceback, for --verbose


def test_a_job_of_which_book_cannot_be_read_stops_no_other_job() -> None:
    now, done = ms("2026-11-22T12:00Z"), Book(ms("2026-11-19T00:00Z"))

    def torn() -> int | None:
        raise OSError("the disk is gone")

    broken = Job(name="sync", rule=ScheduleRule.parse("daily 00:00", "UTC"), run=done.write, done_until=torn)
    first, second = scheduler.run_due([broken, job("report", "daily 00:00", done.write, done)], now)
    assert (str(first.error), second.error) == ("the disk is gone", None)


@pytest.mark.parametrize(
    ("error", "tried"),
    [(PullError("no answer", permanent=False), 1), (PullError("no", permanent=True), 3), (KeyError("a bug"), 3)],
)
def test_only_what_fails_in_passing_holds_back_the_later_ones(error: Exception, tried: int) -> None:
    now, book = ms("2026-11-22T12:00Z"), Book(ms("2026-11-19T00:00Z"))

    def fail(due: int) -> None:
        raise error

    assert len(scheduler.run_due([job("report", "daily 00:00", fail, book, "all")], now)) == tried


def test_what_was_recorded_and_is_unfinished_is_run_again_before_what_is_due() -> None:
    now, book = ms("2026-11-22T12:00Z"), Book(ms("2026-11-21T00:00Z"))
    old = ms("2026-11-15T00:00Z")
    report = Job(
        name="report", rule=ScheduleRule.parse("daily 00:00", "UTC"), run=book.write, done_until=book.until,
        unfinished=lambda: [old] if book.done == ms("2026-11-21T00:00Z") else [],
    )  # fmt: skip
    assert [iso(turn.due) for turn in scheduler.run_due([report], now)] == ["2026-11-15T00:00Z", "2026-11-22T00:00Z"]
    assert scheduler.run_due([report], now) == []


def test_a_job_with_something_unfinished_is_requested_when_it_is_to_be_tried() -> None:
    now = ms("2076-11-23T12:00Z")  # far ahead of the machine's clock: what is to be tried stays on the list
    tried = threading.Event()
    wrong = Job(
        name="report", rule=ScheduleRule.parse("monday 08:00", "UTC"), run=lambda _: 1 // 0, done_until=Book().until,
        next_try=lambda: now + HOUR,
    )  # fmt: skip
    running = scheduler.build([wrong, job("last", "monday 08:00", lambda _: tried.set(), Book())], "UTC", lambda: now)
    running.start()
    try:
        assert tried.wait(10)
        entries = {entry.id: entry.next_run_time for entry in running.get_jobs()}
    finally:
        running.shutdown(wait=True)
    assert entries["report again"] == dt.datetime(2076, 11, 23, 13, 0, tzinfo=dt.UTC)


def test_a_clock_that_was_ahead_and_is_right_again_stops_no_job() -> None:
    """The scheduler starts in 2076; then the clock is set to 2026."""
    clock, stop = [ms("2076-11-23T12:00Z")], threading.Event()
    requested: list[int] = []

    def run(due: int) -> None:
        requested.append(due)
        if clock[0] < ms("2030-01-01T00:00Z"):
            stop.set()
        clock[0] = ms("2026-11-23T12:00Z")

    limit = threading.Timer(20, stop.set)
    limit.start()
    jobs = [job("sync", "every 15 minutes", run, Book())]
    scheduler.run_forever(jobs, "UTC", lambda: clock[0], stop, beat=0.01)
    limit.cancel()
    assert [iso(due) for due in requested] == ["2076-11-23T12:00Z", "2026-11-23T12:00Z"]


def test_the_trigger_forgets_a_due_instant_of_a_wrong_clock() -> None:
    trigger = WallClockTrigger(ScheduleRule.parse("monday 08:00", "UTC"))
    wrong, now = dt.datetime(2076, 11, 23, 8, tzinfo=dt.UTC), dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
    assert trigger.get_next_fire_time(wrong, now) == dt.datetime(2026, 11, 30, 8, tzinfo=dt.UTC)


def test_a_report_that_waits_for_data_holds_back_its_later_ones() -> None:
    now, book = ms("2026-11-22T12:00Z"), Book(ms("2026-11-19T00:00Z"))
    waiting = [job("report", "daily 00:00", lambda _: now + HOUR, book, "all")]
    assert scheduler.run_due(waiting, now) == [JobRun("report", ms("2026-11-20T00:00Z"), again=now + HOUR)]


def test_a_started_scheduler_makes_up_for_downtime_in_the_order_of_its_jobs() -> None:
    now = ms("2026-11-23T12:00Z")
    heard: list[str] = []
    both = threading.Event()
    sync, report = Book(), Book(ms("2026-11-02T08:00Z"))
    jobs = [job("sync", "every 24 hours", sync.write, sync), job("a report", "monday 08:00", report.write, report)]

    def reported(turn: JobRun) -> None:
        heard.append(f"{turn.job} {iso(turn.due)}")
        if len(heard) == 2:
            both.set()

    running = scheduler.build(jobs, "UTC", lambda: now, reported)
    running.start()
    try:
        assert both.wait(10)
    finally:
        running.shutdown(wait=True)
    assert heard == ["sync 2026-11-23T00:00Z", "a report 2026-11-23T08:00Z"]


def test_a_job_that_waits_is_requested_again() -> None:
    now = ms("2026-11-23T12:00Z")
    book, done, requested = Book(), threading.Event(), []

    def run(due: int) -> int | None:
        requested.append(due)
        if len(requested) < 3:
            return now + 1  # long past by the machine's clock: at once
        book.write(due)
        done.set()
        return None

    running = scheduler.build([job("report", "monday 08:00", run, book)], "UTC", lambda: now)
    running.start()
    try:
        assert done.wait(10)
    finally:
        running.shutdown(wait=True)
    assert requested == [ms("2026-11-23T08:00Z")] * 3


def test_a_failure_that_may_pass_is_tried_again_and_a_permanent_one_waits_for_its_next_turn() -> None:
    now = ms("2076-11-23T12:00Z")  # the machine's clock is far behind: what is to be tried again stays on the list
    tried = threading.Event()

    def fail(*, permanent: bool) -> Callable[[int], None]:
        def run(due: int) -> None:
            raise PullError("no answer", permanent=permanent)

        return run

    jobs = [
        job("passing", "monday 08:00", fail(permanent=False), Book()),
        job("lasting", "monday 08:00", fail(permanent=True), Book()),
        job("last", "monday 08:00", lambda _: tried.set(), Book()),
    ]
    running = scheduler.build(jobs, "UTC", lambda: now)
    running.start()
    try:
        assert tried.wait(10)
        entries = {entry.id: entry.next_run_time for entry in running.get_jobs()}
    finally:
        running.shutdown(wait=True)
    again = {name: at for name, at in entries.items() if name.endswith("again")}
    assert again == {"passing again": dt.datetime(2076, 11, 23, 12, 15, tzinfo=dt.UTC)}


def test_running_ends_when_it_is_reported_to_and_lets_the_running_job_finish() -> None:
    now = ms("2026-11-23T12:00Z")
    stop, book = threading.Event(), Book()

    def run(due: int) -> None:
        stop.set()
        book.write(due)

    scheduler.run_forever([job("sync", "every 15 minutes", run, book)], "UTC", lambda: now, stop)
    assert book.done == now
    assert [thread.name for thread in threading.enumerate() if "APScheduler" in thread.name] == []


def test_a_bug_in_one_job_is_logged_and_the_other_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    now = ms("2026-11-23T12:00Z")
    stop, book = threading.Event(), Book()

    def wrong(due: int) -> None:
        raise ZeroDivisionError("a bug")

    def run(due: int) -> None:
        book.write(due)
        stop.set()

    jobs = [job("wrong", "every 15 minutes", wrong, Book()), job("sync", "every 15 minutes", run, book)]
    with caplog.at_level(logging.ERROR):
        scheduler.run_forever(jobs, "UTC", lambda: now, stop)
    assert book.done == now
    assert any(record.exc_info and "a bug" in str(record.exc_info[1]) for record in caplog.records)
