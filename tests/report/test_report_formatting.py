"""Words, numbers, dates and durations in both languages."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_fixtures import CHINESE, DAY, HOUR, MINUTE, MONTH, FakePeriod, at

from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.metrics.discovery import find_kpis, get_kpi
from helpdesk_kpi.report.cjk_nowrap import keep_units_together
from helpdesk_kpi.report.formatting import NBSP, Formatter
from helpdesk_kpi.translations import load_catalogue

ENGLISH = Formatter("en", "Europe/Berlin")
MANDARIN = Formatter("zh-CN", "Asia/Shanghai")


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("ms", "clock", "english", "chinese"),
    [
        (0, "calendar", "0 min", "0 分钟"),
        (400, "calendar", "1 s", "1 秒"),  # something is never told as nothing
        (45_000, "calendar", "45 s", "45 秒"),
        (59_700, "calendar", "1 min", "1 分钟"),  # 59.7 s rounds to 60 s
        (38 * MINUTE, "business", "38 min", "38 分钟"),
        (59.6 * MINUTE, "calendar", "1 h", "1 小时"),
        (135 * MINUTE, "business", "2 h 15 min", "2 小时 15 分钟"),
        (125 * MINUTE, "business", "2 h 05 min", "2 小时 5 分钟"),
        (3 * DAY + 4 * HOUR, "calendar", "3 d 4 h", "3 天 4 小时"),
        (3 * DAY + 4 * HOUR, "business", "76 h", "76 小时"),  # business time is never told in days
        (3 * DAY + 4 * HOUR, "mixed", "76 h", "76 小时"),
        (23 * HOUR + 59.8 * MINUTE, "calendar", "1 d", "1 天"),
        (99 * HOUR + 50 * MINUTE, "business", "99 h 50 min", "99 小时 50 分钟"),
        (1500 * HOUR + 35 * MINUTE, "business", "1,501 h", "1,501 小时"),  # from 100 h on minutes are noise
    ],
)
def test_durations_keep_two_units(ms: float, clock: str, english: str, chinese: str) -> None:
    assert plain(ENGLISH.duration(ms, clock)) == english
    assert plain(MANDARIN.duration(ms, clock)) == chinese


@given(st.integers(0, 400 * DAY), st.sampled_from(["calendar", "business", "mixed"]))
def test_a_duration_read_back_is_near_the_duration(ms: int, clock: str) -> None:
    units = {"d": DAY, "h": HOUR, "min": MINUTE, "s": 1000}
    pieces = [(int(number.replace(",", "")), unit) for number, unit in ENGLISH.duration_pieces(ms, clock)]
    reported = sum(number * units[unit] for number, unit in pieces)
    # Half of the smallest unit that this size is told in: of an hour for calendar days and from 100 h on, else of a
    # minute; below a minute 1 s.
    coarse = ms >= (DAY if clock == "calendar" else 100 * HOUR) - 30 * MINUTE
    near = 30 * MINUTE + 30_000 if coarse else 30_000 if ms >= 59_500 else 1000
    assert abs(reported - ms) <= near
    assert len(pieces) <= 2


@pytest.mark.parametrize(
    ("share", "reported"),
    [(0.9, "90.0%"), (1, "100%"), (0, "0%"), (0.99999, "99.9%"), (0.00001, "0.1%"), (0.744, "74.4%")],
)
def test_only_all_and_nothing_read_as_all_and_nothing(share: float, reported: str) -> None:
    assert ENGLISH.percent(share) == reported
    assert MANDARIN.percent(share) == reported


def test_a_difference_of_shares_is_in_points() -> None:
    assert ENGLISH.points(0.021) == "2.1 points up"
    assert MANDARIN.points(-0.021) == "下降 2.1 个百分点"


def test_counts_have_groups_and_at_most_one_decimal() -> None:
    assert [ENGLISH.number(value) for value in (0, 3.0, 2.25, 143, 12345.6)] == ["0", "3", "2.2", "143", "12,346"]


@pytest.mark.parametrize(
    ("period", "english", "chinese"),
    [
        (FakePeriod(), "Week 47", "2026年第47周"),
        (MONTH, "November 2026", "2026年11月"),
        (FakePeriod("quarter", "2026-Q4", at(2026, 10, 1), at(2027, 1, 1)), "Q4 2026", "2026年第4季度"),
        (FakePeriod("half", "2026-H2", at(2026, 7, 1), at(2027, 1, 1)), "Half-year 2, 2026", "2026年下半年"),
        (FakePeriod("year", "2026", at(2026, 1, 1), at(2027, 1, 1)), "2026", "2026年度"),
        (FakePeriod("day", "2026-11-16", at(2026, 11, 16), at(2026, 11, 17)), "16 Nov 2026", "2026年11月16日"),
    ],
)
def test_periods_are_identified(period: FakePeriod, english: str, chinese: str) -> None:
    assert ENGLISH.period(period) == english
    assert Formatter("zh", "Europe/Berlin").period(period) == chinese


def test_periods_under_a_trend_are_short() -> None:
    assert (ENGLISH.axis("2026-W07", "week"), MANDARIN.axis("2026-W07", "week")) == ("W7", "第7周")
    assert (ENGLISH.axis("2026-11", "month"), MANDARIN.axis("2026-11", "month")) == ("Nov 2026", "2026年11月")
    assert ENGLISH.axis("2026-Q4", "quarter") == "2026-Q4"


def test_the_last_day_of_a_period_is_reported_not_the_first_day_after() -> None:
    assert ENGLISH.dates(FakePeriod()) == "16–22 Nov 2026"
    assert MANDARIN.dates(CHINESE) == "11月16日至22日"


def test_a_range_of_days_says_months_and_years_once_and_has_plain_spaces_only() -> None:
    """Babel writes these with thin spaces, within a month since 2.19 only."""
    days = FakePeriod("day", "2026-11-16", at(2026, 11, 16), at(2026, 11, 17))
    months = FakePeriod("week", "2026-W40", at(2026, 9, 28), at(2026, 10, 5))
    years = FakePeriod("week", "2025-W01", at(2024, 12, 30), at(2025, 1, 6))
    assert ENGLISH.dates(days) == "16 Nov 2026"
    assert ENGLISH.dates(months) == "28 Sept – 4 Oct 2026"
    assert ENGLISH.dates(years) == "30 Dec 2024 – 5 Jan 2025"


def test_a_week_over_new_year_names_both_years_in_chinese() -> None:
    berlin = Formatter("zh", "Europe/Berlin")
    assert berlin.dates(FakePeriod("week", "2025-W01", at(2024, 12, 30), at(2025, 1, 6))) == (
        "2024年12月30日至2025年1月5日"
    )


def test_moments_name_their_zone() -> None:
    noon = at(2026, 11, 30, 18, zone="Asia/Shanghai")
    assert ENGLISH.moment(noon) == "Mon 30 Nov 2026, 11:00 CET"
    assert MANDARIN.moment(noon) == "2026年11月30日 18:00（北京时间）"
    assert Formatter("en", "America/Sao_Paulo").moment(noon) == "Mon 30 Nov 2026, 07:00 UTC-03"


def test_an_unknown_language_is_identified_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="no language 'fr'; there are en, zh"):
        Formatter("fr", "UTC")


def test_a_plug_in_without_translations_has_a_general_title() -> None:
    csat = get_kpi("csat")
    plug_in = msgspec.structs.replace(csat, id="asked_back", title="Questions", headlines={})
    assert MANDARIN.format_signal(plug_in, "worse", "") == "Questions转差"
    assert ENGLISH.format_signal(csat, "worse", " for P1") == "satisfaction for P1 fell"
    assert ENGLISH.count(csat, 1) == "1 answer"
    assert MANDARIN.count(csat, 1200) == "1,200 条评价"
    assert ENGLISH.outcomes(csat) == ("good", "bad")
    assert MANDARIN.outcomes(plug_in) == ("good", "bad")  # no translation: as declared


def test_chinese_uses_the_words_of_the_glossary() -> None:
    forbidden = (
        "中值",
        "均数",
        "P90",
        "样本容量",
        "信号",
        "异常",
        "预警",
        "变体",
        "删失",
        "临时",
        "客服",
        "排名",
    )
    texts = [form for (context, _), forms in load_catalogue("zh").messages.items() if not context for form in forms]
    assert [word for word in forbidden if word in "".join(texts)] == []


def test_titles_and_definitions_come_in_the_readers_language() -> None:
    reply = find_kpis()["first_reply_time"]
    assert ENGLISH.title(reply) == "First reply time"
    assert MANDARIN.title(reply) == "首次响应时间（FRT）"
    assert MANDARIN.name(reply) == "首次响应时间"
    assert ENGLISH.definition(reply) == reply.definition
    assert MANDARIN.definition(reply).startswith("从用户提出问题")


def test_chinese_units_are_held_whole_in_pages_and_mails() -> None:
    """Attributes, titles and drawings keep their text: no element may stand there."""
    reported = MANDARIN.duration(177 * MINUTE)
    held = '<span style="white-space:nowrap">2\u00a0小时</span> <span style="white-space:nowrap">57\u00a0分钟</span>'
    assert keep_units_together(f"<p>{reported}</p>") == f"<p>{held}</p>"
    kept = f'<title>{reported}</title><img alt="{reported}"><svg><text>{reported}</text></svg>'
    assert keep_units_together(kept) == kept
