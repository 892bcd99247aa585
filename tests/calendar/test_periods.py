"""Periods in zones whose days are not all of 24 hours."""

import datetime as dt
import doctest
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_kpi.calendar import periods
from helpdesk_kpi.calendar.periods import (
    Kind,
    get_last_complete_period,
    get_period_at,
    parse_period,
    to_epoch_ms,
    to_local,
)
from helpdesk_kpi.errors import UsageError

HOUR = 3_600_000
NOW = int(dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC).timestamp()) * 1000  # a Monday
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "America/Santiago"]
KINDS: list[Kind] = ["day", "week", "month", "quarter", "half", "year"]


def iso(ms: int) -> str:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).isoformat(timespec="minutes").replace("+00:00", "Z")


def test_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(periods).failed == 0
    assert doctest.testmod(periods).attempted > 4


@pytest.mark.parametrize(
    ("text", "kind", "label", "start", "end"),
    [
        ("2026-W47", "week", "2026-W47", "2026-11-15T23:00Z", "2026-11-22T23:00Z"),
        ("2026-w1", "week", "2026-W01", "2025-12-28T23:00Z", "2026-01-04T23:00Z"),  # begins in 2025
        ("2026-11", "month", "2026-11", "2026-10-31T23:00Z", "2026-11-30T23:00Z"),
        ("2026-Q4", "quarter", "2026-Q4", "2026-09-30T22:00Z", "2026-12-31T23:00Z"),
        ("2026-H2", "half", "2026-H2", "2026-06-30T22:00Z", "2026-12-31T23:00Z"),
        ("2026", "year", "2026", "2025-12-31T23:00Z", "2026-12-31T23:00Z"),
        (" 2026-11-23 ", "day", "2026-11-23", "2026-11-22T23:00Z", "2026-11-23T23:00Z"),
    ],
)
def test_a_period_runs_from_local_midnight_to_local_midnight(
    text: str, kind: str, label: str, start: str, end: str
) -> None:
    period = parse_period(text, "Europe/Berlin", NOW)
    assert (period.kind, period.label, iso(period.start), iso(period.end)) == (kind, label, start, end)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("today", "2026-11-23"),
        ("yesterday", "2026-11-22"),
        ("last-day", "2026-11-22"),
        ("this-week", "2026-W48"),
        ("last-week", "2026-W47"),
        ("this-month", "2026-11"),
        ("Last-Month", "2026-10"),
        ("last-quarter", "2026-Q3"),
        ("last-half", "2026-H1"),
        ("this-year", "2026"),
        ("last-year", "2025"),
    ],
)
def test_words_count_from_now(text: str, label: str) -> None:
    assert parse_period(text, "Europe/Berlin", NOW).label == label


def test_words_count_from_the_day_of_the_zone() -> None:
    late = int(dt.datetime(2026, 11, 22, 23, 30, tzinfo=dt.UTC).timestamp()) * 1000
    assert parse_period("last-week", "Europe/Berlin", late).label == "2026-W47"  # Monday 00:30 there
    assert parse_period("last-week", "UTC", late).label == "2026-W46"  # still Sunday


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-23", 24)],
)
def test_a_day_on_which_the_clocks_change_is_shorter_or_longer(day: str, hours: int) -> None:
    period = parse_period(day, "Europe/Berlin", NOW)
    assert period.end - period.start == hours * HOUR


def test_a_day_without_a_midnight_begins_when_its_clock_jumps() -> None:
    # Santiago 2026-09-06: 00:00 becomes 01:00 at 04:00Z; the day ends at 03:00Z and has 23 hours.
    period = parse_period("2026-09-06", "America/Santiago", NOW)
    assert (iso(period.start), iso(period.end)) == ("2026-09-06T04:00Z", "2026-09-07T03:00Z")
    assert period.previous().end == period.start


@pytest.mark.parametrize(
    ("text", "one", "thirteen"),
    [
        ("2026-W01", "2025-W52", "2025-W40"),
        ("2027-W01", "2026-W53", "2026-W41"),  # 2026 has 53 weeks
        ("2026-01", "2025-12", "2024-12"),
        ("2026-Q1", "2025-Q4", "2022-Q4"),
        ("2026-H1", "2025-H2", "2019-H2"),
        ("2026", "2025", "2013"),
        ("2026-03-01", "2026-02-28", "2026-02-16"),
    ],
)
def test_going_back_crosses_years(text: str, one: str, thirteen: str) -> None:
    period = parse_period(text, "Asia/Shanghai", NOW)
    assert (period.previous().label, period.shift_back(13).label) == (one, thirteen)
    assert period.shift_back(0) == period
    assert period.previous().next() == period


@pytest.mark.parametrize(
    "text", ["", "2026-W54", "2026-13", "2026-Q5", "2026-H3", "2026-02-30", "26-11", "last", "next-week", "last-decade"]
)
def test_what_is_no_period_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(UsageError, match=f"no period '{text}'; allowed are 2026-11-23, 2026-W47"):
        parse_period(text, "UTC", NOW)


def test_a_zone_that_is_not_known_is_refused() -> None:
    for name in ("Europe/Berlln", "../etc/passwd", ""):
        with pytest.raises(UsageError, match="no time zone named"):
            parse_period("2026", name, NOW)


@given(ms=st.integers(0, 4_102_444_800_000), kind=st.sampled_from(KINDS), zone=st.sampled_from(ZONES))
def test_periods_of_a_kind_tile_the_time(ms: int, kind: Kind, zone: str) -> None:
    period = get_period_at(kind, ms, zone)
    assert period.start <= ms < period.end
    assert parse_period(period.label, zone, NOW) == period
    assert period.previous().end == period.start
    assert get_last_complete_period(kind, ms, zone) == period.previous()


@given(
    local=st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1)).map(lambda at: at.replace(microsecond=0)),  # noqa: DTZ001
    zone=st.sampled_from(ZONES).map(zoneinfo.ZoneInfo),
)
def test_an_instant_is_the_first_at_which_the_clock_has_come_so_far(
    local: dt.datetime, zone: zoneinfo.ZoneInfo
) -> None:
    at = to_epoch_ms(local, zone)
    assert to_local(at, zone) >= local
    assert to_local(at - 1000, zone) < local
    assert to_local(at, zone) - local <= dt.timedelta(hours=1)
