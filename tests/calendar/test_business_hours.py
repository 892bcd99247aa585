"""Business time against cases that can be counted on fingers, and against a clock that walks minute by minute."""

import datetime as dt
import doctest
import zoneinfo

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk_kpi.calendar import business_hours
from helpdesk_kpi.calendar.business_hours import BusinessCalendar
from helpdesk_kpi.config import Hours
from helpdesk_kpi.errors import ConfigError

OFFICE = {"mon-fri": ("09:00-17:00",)}
MINUTE = 60_000
HOUR = 60 * MINUTE


def ms(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).timestamp()) * 1000


def minutes(calendar: BusinessCalendar, start: str, end: str) -> float:
    return int(calendar.between(ms(start), ms(end))) / MINUTE


def test_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(business_hours).failed == 0
    assert doctest.testmod(business_hours).attempted > 3


def test_a_weekend_with_the_change_to_summer_time_costs_no_business_minute() -> None:
    # London changes on Sunday 2025-03-30. Friday 16:00-17:00 is 16:00Z-17:00Z: 60 min; Monday 09:00Z is 10:00 there:
    # 60 min more.
    london = BusinessCalendar.of_hours(Hours(weekly=OFFICE), "Europe/London")
    assert minutes(london, "2025-03-28T16:00Z", "2025-03-31T09:00Z") == 120


def test_easter_leaves_two_hours_between_thursday_afternoon_and_tuesday_morning() -> None:
    # Thursday 2026-04-02 15:00-17:00 is 120 min; Good Friday, weekend, Easter Monday; Tuesday opens at 09:00.
    london = BusinessCalendar.of_hours(Hours(weekly=OFFICE, holidays="GB-ENG"), "Europe/London")
    assert minutes(london, "2026-04-02T15:00+01:00", "2026-04-07T09:00+01:00") == 120
    # Without the holidays Friday and Monday are 2 x 480 min more.
    plain = BusinessCalendar.of_hours(Hours(weekly=OFFICE), "Europe/London")
    assert minutes(plain, "2026-04-02T15:00+01:00", "2026-04-07T09:00+01:00") == 120 + 960


def test_the_lunch_break_does_not_count() -> None:
    berlin = BusinessCalendar.of_hours(Hours(weekly={"mon-fri": ("09:00-12:00", "13:00-18:00")}), "Europe/Berlin")
    # Monday 2026-11-23, 11:30 to 13:30 local: half an hour on each side.
    assert minutes(berlin, "2026-11-23T11:30+01:00", "2026-11-23T13:30+01:00") == 60
    assert minutes(berlin, "2026-11-23T00:00+01:00", "2026-11-24T00:00+01:00") == 480


def test_a_make_up_sunday_is_worked_with_mondays_hours_and_new_years_eve_is_not() -> None:
    weekly = {"mon": ("08:00-12:00",), "tue-fri": ("09:00-18:00",)}
    china = BusinessCalendar.of_hours(Hours(weekly=weekly, holidays="CN"), "Asia/Shanghai")
    assert china.is_workday(dt.date(2026, 1, 4))  # Sunday, in exchange for Friday 2026-01-02
    assert not china.is_workday(dt.date(2026, 1, 2))
    assert not china.is_workday(dt.date(2026, 2, 16))  # Monday, eve of the Spring Festival
    assert minutes(china, "2026-01-04T00:00+08:00", "2026-01-05T00:00+08:00") == 240  # Monday's 08:00-12:00
    assert minutes(china, "2026-02-16T00:00+08:00", "2026-02-17T00:00+08:00") == 0


def test_make_up_workdays_can_have_hours_of_their_own() -> None:
    china = BusinessCalendar.of_hours(Hours(weekly=OFFICE, holidays="CN", makeup=("10:00-15:00",)), "Asia/Shanghai")
    assert minutes(china, "2026-01-04T00:00+08:00", "2026-01-05T00:00+08:00") == 300


def test_own_dates_win_over_the_library() -> None:
    hours = Hours(
        weekly=OFFICE,
        holidays="CN",
        closed=(dt.date(2026, 1, 4), dt.date(2026, 3, 3)),
        workdays=(dt.date(2026, 2, 16),),
    )
    china = BusinessCalendar.of_hours(hours, "Asia/Shanghai")
    assert not china.is_workday(dt.date(2026, 1, 4))
    assert not china.is_workday(dt.date(2026, 3, 3))  # a plain Tuesday
    assert china.is_workday(dt.date(2026, 2, 16))


def test_years_of_which_make_up_workdays_are_not_published_are_warned_of() -> None:
    china = BusinessCalendar.of_hours(Hours(weekly=OFFICE, holidays="CN"), "Asia/Shanghai")
    assert china.warnings() == []  # nothing measured yet
    china.between(ms("2025-05-01T00:00Z"), ms("2026-05-01T00:00Z"))
    assert china.warnings() == []
    far = max(business_hours._country("CN").weekend_workdays).year + 1
    china.between(ms("2026-05-01T00:00Z"), ms(f"{far}-05-01T00:00Z"))
    assert [str(far) in line for line in china.warnings()] == [True]
    assert china.warnings([2025]) == []
    germany = BusinessCalendar.of_hours(Hours(weekly=OFFICE, holidays="DE-BE"), "Europe/Berlin")
    assert germany.warnings([far]) == []


def test_a_part_of_a_country_has_its_own_holidays() -> None:
    womens_day = dt.date(2027, 3, 8)  # a Monday; a holiday in Berlin, not in Hamburg
    berlin = BusinessCalendar.of_hours(Hours(weekly=OFFICE, holidays="DE-BE"), "Europe/Berlin")
    hamburg = BusinessCalendar.of_hours(Hours(weekly=OFFICE, holidays="DE-HH"), "Europe/Berlin")
    assert (berlin.is_workday(womens_day), hamburg.is_workday(womens_day)) == (False, True)


def test_a_night_shift_belongs_to_the_day_on_which_it_begins() -> None:
    nights = BusinessCalendar.of_hours(
        Hours(weekly={"mon-fri": ("22:00-06:00",)}, closed=(dt.date(2026, 12, 25),)), "Europe/Berlin"
    )
    # Thursday 24th 22:00 to Friday 25th 06:00 is worked; the shift that would begin on the 25th is not.
    assert minutes(nights, "2026-12-24T12:00+01:00", "2026-12-26T12:00+01:00") == 480
    # A Friday's shift ends on Saturday morning.
    assert minutes(nights, "2026-12-05T00:00+01:00", "2026-12-06T00:00+01:00") == 360


def test_a_night_shift_is_an_hour_longer_in_autumn_and_shorter_in_spring() -> None:
    nights = BusinessCalendar.of_hours(Hours(weekly={"sat": ("22:00-06:00",)}), "Europe/Berlin")
    assert minutes(nights, "2026-10-24T12:00Z", "2026-10-25T12:00Z") == 9 * 60
    assert minutes(nights, "2026-03-28T12:00Z", "2026-03-29T12:00Z") == 7 * 60


def test_hours_inside_the_hour_that_is_skipped_do_not_exist_that_day() -> None:
    early = BusinessCalendar.of_hours(Hours(weekly={"sun": ("02:15-02:45", "02:30-03:30")}), "Europe/Berlin")
    # On 2026-03-29 the clock goes from 02:00 to 03:00; what is left is 03:00-03:30.
    assert minutes(early, "2026-03-29T00:00Z", "2026-03-30T00:00Z") == 30
    assert minutes(early, "2026-03-22T00:00Z", "2026-03-23T00:00Z") == 75  # 02:15-03:30


def test_a_shift_over_new_years_eve_is_found_by_a_span_of_the_new_year_only() -> None:
    nights = BusinessCalendar.of_hours(Hours(weekly={"mon-sun": ("22:00-06:00",)}), "UTC")
    assert minutes(nights, "2026-01-01T00:00Z", "2026-01-01T12:00Z") == 360


def test_all_day_every_day_equals_the_wall_clock() -> None:
    whole = BusinessCalendar.of_hours(Hours(weekly={"mon-sun": ("00:00-24:00",)}), "America/Sao_Paulo")
    start, end = ms("2017-01-01T00:00Z"), ms("2019-01-01T00:00Z")  # Brazil's clocks jumped at midnight then
    assert int(whole.between(start, end)) == end - start
    assert int(BusinessCalendar.always().between(start, end)) == end - start
    assert BusinessCalendar.always().is_workday(dt.date(2026, 11, 22))


def test_spans_are_measured_as_one_array_and_the_range_grows_both_ways() -> None:
    berlin = BusinessCalendar.of_hours(Hours(weekly=OFFICE), "Europe/Berlin")
    monday = ms("2026-11-23T09:00+01:00")
    starts = np.array([monday, monday, monday + HOUR])
    ends = np.array([monday + HOUR, monday + 24 * HOUR, monday])
    assert berlin.between(starts, ends).tolist() == [HOUR, 8 * HOUR, 0]  # the last one ends before it starts
    earlier, later = ms("2020-06-15T09:00+02:00"), ms("2031-06-16T09:00+02:00")  # both Mondays
    assert (
        berlin.between([earlier, monday, later], [earlier + HOUR, monday + HOUR, later + HOUR]).tolist() == [HOUR] * 3
    )
    assert berlin.between([], []).tolist() == []


def test_seconds_taken_for_milliseconds_are_noticed() -> None:
    berlin = BusinessCalendar.of_hours(Hours(weekly=OFFICE), "Europe/Berlin")
    with pytest.raises(ValueError, match="not an instant of the years 1990 to 2100"):
        berlin.between(1_764_000_000, 1_764_000_001)
    with pytest.raises(ValueError, match="not an instant"):
        berlin.between(ms("2026-01-01T00:00Z"), ms("2026-01-01T00:00Z") * 1000)


def test_a_helpdesks_schedule_counts_from_sunday_and_its_holidays_are_inclusive() -> None:
    # Monday 09:00-17:00 is minutes 1440+540 to 1440+1020; Sunday 10:00-12:00 is 600 to 720.
    desk = BusinessCalendar.of_schedule(
        [(1980, 2460), (600, 720)], "Europe/Berlin", [(dt.date(2026, 11, 23), dt.date(2026, 11, 24))]
    )
    assert minutes(desk, "2026-11-15T00:00+01:00", "2026-11-22T00:00+01:00") == 600  # Sunday 15th to Saturday 21st
    assert minutes(desk, "2026-11-22T00:00+01:00", "2026-11-29T00:00+01:00") == 120  # its Monday is off
    assert desk.warnings([2026]) == []


def test_a_schedule_around_the_clock_may_come_as_one_interval() -> None:
    desk = BusinessCalendar.of_schedule([(0, 10080)], "Europe/Berlin")
    assert minutes(desk, "2026-03-23T00:00Z", "2026-03-30T00:00Z") == 7 * 24 * 60


def test_the_same_hours_measure_the_same_however_they_are_written() -> None:
    ours = BusinessCalendar.of_hours(
        Hours(weekly={"mon-fri": ("09:00-17:30",)}, timezone="Europe/London"), "Asia/Shanghai"
    )
    theirs = BusinessCalendar.of_schedule([(d * 1440 + 540, d * 1440 + 1050) for d in range(1, 6)], "Europe/London")
    starts = ms("2026-01-01T00:00Z") + np.arange(0, 300 * 24) * HOUR
    assert (ours.between(starts, starts + 31 * HOUR) == theirs.between(starts, starts + 31 * HOUR)).all()


@pytest.mark.parametrize(
    ("weekly", "words"),
    [
        ({"mo-fr": ("09:00-17:00",)}, "no weekday 'mo-fr'; allowed are mon, tue"),
        ({"mon-": ("09:00-17:00",)}, "no weekday 'mon-'"),
        ({"mon": ("9-17",)}, "'9-17' are no hours; allowed are 09:00-17:30"),
        ({"mon": ("24:00-25:00",)}, "are no hours"),
        ({"mon": ("09:60-10:00",)}, "are no hours"),
        ({"mon": ("09:00-09:00",)}, "are no hours"),
        ({}, "no hours at all"),
        ({"mon": ()}, "no hours at all"),
    ],
)
def test_hours_that_cannot_be_read_say_what_is_allowed(weekly: dict[str, tuple[str, ...]], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        BusinessCalendar.of_hours(Hours(weekly=weekly))


@pytest.mark.parametrize(
    ("code", "words"), [("XX", "no country 'XX'"), ("de", "did you mean DE"), ("DE-XX", "allowed are BB, BE")]
)
def test_a_holiday_code_that_is_not_known_says_what_is(code: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        BusinessCalendar.of_hours(Hours(weekly=OFFICE, holidays=code))


def test_hours_are_read_from_a_configuration_table() -> None:
    table = {"weekly": {"mon-fri": ["09:00-17:00"]}, "closed": [dt.date(2026, 12, 24)], "holidays": "DE-BE"}
    assert msgspec.convert(table, Hours).closed == (dt.date(2026, 12, 24),)
    with pytest.raises(msgspec.ValidationError, match="unknown field `wekly`"):
        msgspec.convert({"weekly": {}, "wekly": {}}, Hours)


ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "America/Santiago"]


@given(points=st.lists(st.integers(0, 365 * 24 * 60), min_size=3, max_size=3), weeks=st.integers(-40, 40))
def test_business_time_adds_up_and_is_the_same_some_weeks_later(points: list[int], weeks: int) -> None:
    hours = Hours(weekly={"mon-fri": ("09:00-12:00", "13:00-18:00"), "sat": ("22:00-02:00",)})
    a, b, c = (ms("2026-01-01T00:00Z") + minute * MINUTE for minute in sorted(points))
    plain = BusinessCalendar.of_hours(hours, "Asia/Shanghai")  # no daylight saving there, and no holidays here
    first, second, both = plain.between([a, b, a], [b, c, c]).tolist()
    assert first + second == both
    shift = weeks * 7 * 24 * HOUR
    assert int(plain.between(a + shift, c + shift)) == both


@settings(deadline=None)  # walks four days in quarter hours
@given(
    zone=st.sampled_from(ZONES),
    opening=st.integers(0, 95),
    length=st.integers(1, 95),
    start=st.integers(0, 365 * 96),
    span=st.integers(0, 4 * 96),
)
def test_business_time_equals_a_walk_in_quarter_hours(
    zone: str, opening: int, length: int, start: int, span: int
) -> None:
    closing = opening + length
    weekly = {"mon-sat": (f"{opening // 4:02}:{opening % 4 * 15:02}-{closing % 96 // 4:02}:{closing % 4 * 15:02}",)}
    place = zoneinfo.ZoneInfo(zone)
    first = ms("2026-01-01T00:00Z") + start * 15 * MINUTE
    walked = 0
    for at in range(first, first + span * 15 * MINUTE, 15 * MINUTE):
        local = dt.datetime.fromtimestamp(at / 1000, place)
        quarter = local.hour * 4 + local.minute // 15
        today = local.weekday() < 6 and opening <= quarter < closing
        yesterday = (local.weekday() - 1) % 7 < 6 and quarter + 96 < closing
        walked += today or yesterday
    measured = int(BusinessCalendar.of_hours(Hours(weekly=weekly), zone).between(first, first + span * 15 * MINUTE))
    # A walk by the wall clock sees a repeated half of a shift twice; ours ends at the first occurrence of its end.
    tolerance = 4 if _repeats(place, first, first + span * 15 * MINUTE) else 0
    assert abs(measured - walked * 15 * MINUTE) <= tolerance * 15 * MINUTE


def _repeats(zone: zoneinfo.ZoneInfo, start: int, end: int) -> bool:
    before, after = (dt.datetime.fromtimestamp(at / 1000, zone).utcoffset() or dt.timedelta() for at in (start, end))
    return after < before


def test_a_schedule_without_hours_never_works() -> None:
    nothing = BusinessCalendar.of_schedule([], "UTC")
    assert minutes(nothing, "2026-01-01T00:00Z", "2027-01-01T00:00Z") == 0


def test_a_december_weekend_may_be_worked_for_a_holiday_of_the_next_year() -> None:
    china = BusinessCalendar.of_hours(Hours(weekly=OFFICE, holidays="CN"), "Asia/Shanghai")
    assert china.is_workday(dt.date(2006, 12, 30))  # a Saturday, in exchange for 2007-01-02
