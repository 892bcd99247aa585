"""What a report says: the finding, the figures, the rows, the footer."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from report_fixtures import (
    CATALOGUE,
    CHINESE,
    HOUR,
    MINUTE,
    SEVERITIES,
    WAITS,
    FakeFigures,
    at,
    facts,
    figure,
    points,
    signal,
    usual,
    wave,
    week,
    week_values,
)

from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.metrics.contract import Followup, Kpi, Ratio
from helpdesk_kpi.measure.statistics.control_chart import Signal
from helpdesk_kpi.report import deprecated_names
from helpdesk_kpi.report.context import RenderContext
from helpdesk_kpi.report.formatting import NBSP, Formatter
from helpdesk_kpi.report.metric_view import MetricView
from helpdesk_kpi.report.render import render
from helpdesk_kpi.report.report import Report
from helpdesk_kpi.report.result_types import Annotation


def report(figures: FakeFigures, locale: str = "en") -> Report:
    return Report("weekly_digest", RenderContext(figures, Formatter(locale, figures.zone)))


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


def test_the_finding_comes_first_with_what_against_what_and_where() -> None:
    reported = report(week()).headline
    assert reported.title == "Week 47: first replies for P1 got slower"
    assert plain(reported.text) == (
        "Half of the P1 tickets waited 41 min or longer for a first reply, 29 min the week before; usual: "
        "22 min to 36 min (last 26 weeks). It shows most clearly in Billing. Everything else stayed within "
        "its usual range. In time: first reply 88%."
    )
    assert reported.ask


def test_the_finding_reads_as_chinese() -> None:
    reported = report(week(zone="Asia/Shanghai", period=CHINESE), "zh").headline
    assert reported.title == "2026年第47周：P1 首次响应时间变长"
    assert plain(reported.text) == (
        "P1 首次响应时间中位数由上周的 29 分钟升至 41 分钟，明显变慢；按此前 26 周的波动，正常范围为 "
        "22 分钟～36 分钟。主要出现在 Billing。其余指标均属正常波动。达标率：首响 88%。"
    )


def test_nothing_unusual_is_said_in_words() -> None:
    quiet = {key: msgspec.structs.replace(value, signal=usual(0, 1e12)) for key, value in week_values().items()}
    reported = report(week(values=quiet)).headline
    assert reported.title == "Week 47: nothing unusual"
    assert reported.text.startswith("All measures are within their usual range")
    assert not reported.ask


def test_bad_news_comes_before_good_news() -> None:
    values = {
        ("first_reply_time",): figure("first_reply_time", HOUR, signal=signal("better", 2 * HOUR, 3 * HOUR)),
        ("csat",): figure("csat", 0.7, 200, signal=signal("worse", 0.8, 0.95)),
        ("backlog",): figure("backlog", 10, 10, signal=usual(5, 15)),
    }
    reported = report(week(values=values)).headline
    assert reported.title == "Week 47: satisfaction fell"
    assert "Also outside the usual range: First reply time 1 h (faster than usual)" in plain(reported.text)


def test_a_signal_that_lasts_is_reported_as_lasting() -> None:
    """Two of the points before lie above 36 min too, so this is the third in a row."""
    history = points([*[v * MINUTE for v in wave(29, 0.1, 24)], 40 * MINUTE, 39 * MINUTE])
    value = figure("first_reply_time", 41 * MINUTE, history=history, signal=signal("worse", 22 * MINUTE, 36 * MINUTE))
    reported = report(week(values={("first_reply_time",): value}))
    assert reported.kpi("first_reply_time").streak == 3
    assert "That makes 3 weeks in a row" in reported.headline.text


def test_an_empty_week_is_reported_as_empty_not_as_good() -> None:
    reported = report(FakeFigures())
    assert reported.headline.title == "Week 47: no new tickets"
    assert [card.number.text for card in reported.cards] == ["none"] * 4
    assert all(card.number.verdict == "" for card in reported.cards)


def test_the_time_before_history_is_not_reported_as_quiet() -> None:
    reported = report(FakeFigures(facts=facts(history_from=at(2026, 12, 1)))).headline
    assert reported.title == "Week 47: no data for this time"
    assert "so its numbers are not known" in reported.text


def test_too_little_history_is_said_with_how_much_there_is() -> None:
    early = Signal("too_little_history", None, None, None, 3)
    values = {("first_reply_time",): figure("first_reply_time", HOUR, signal=early)}
    reported = report(FakeFigures(values=values))
    assert reported.headline.title == "Week 47: too early to say what is unusual"
    assert reported.headline.text.startswith("There are 3 weeks of history; a usual range needs 26.")
    assert reported.kpi("first_reply_time").verdict == "no usual range yet: 3 of 26 weeks"


def test_a_provisional_value_is_no_news() -> None:
    value = figure("reopen_rate", 0.1, signal=Signal("provisional"), provisional=True)
    reported = report(FakeFigures(values={("reopen_rate",): value}))
    number = reported.kpi("reopen_rate")
    assert number.verdict == "provisional: still changing"
    assert not number.ask
    assert "provisional: still changing" in reported.notes(number)


def test_never_replied_and_still_open_stand_next_to_the_median() -> None:
    reply, resolution = (card.notes for card in report(week()).cards[:2])
    assert "18 not answered yet · 5 solved without a reply" in map(plain, reply)
    assert "412 tickets · business hours (P0: around the clock)" in map(plain, reply)
    assert "90% within 7 h 10 min · mean of the 394 answered 2 h 44 min" in map(plain, reply)
    assert "week before 1 h 31 min" in map(plain, reply)
    assert "88% in time · 6 late and still waiting" in map(plain, reply)
    assert "including 64 still open" in map(plain, resolution)
    assert "90th percentile not reached: more than a tenth still open · mean of the 348 solved 26 h 24 min" in map(
        plain, resolution
    )


def test_the_same_lines_in_chinese() -> None:
    reply, resolution, csat, backlog = (card.notes for card in report(week(), "zh").cards)
    assert "达标率 88% · 另有 6 单已超时仍未回复" in map(plain, reply)
    assert "18 单尚未回复 · 5 单未回复即解决" in map(plain, reply)
    assert "412 单 · 按工作时间计（P0 按 7×24 小时计）" in map(plain, reply)
    assert "90 分位值未得出：未满九成解决 · 平均值 26 小时 24 分钟（仅 348 单已解决）" in map(plain, resolution)
    assert "收到评价 75 条；本周发出邀请 318 份，已答 75 份，参评率 23.6%" in csat  # 75 / 318 = 0.2358
    assert "其中 9 单已超时" in backlog


def test_shares_within_target_stand_next_to_those_before() -> None:
    """The first one names the period before, the others only its share."""
    values = {
        ("first_reply_time",): figure("first_reply_time", HOUR, within=0.66, signal=usual(0, 9 * HOUR),
                                      previous=figure("first_reply_time", HOUR, within=0.81)),
        ("full_resolution_time",): figure("full_resolution_time", HOUR, within=0.7, signal=usual(0, 9 * HOUR),
                                          previous=figure("full_resolution_time", HOUR, within=0.74)),
    }  # fmt: skip
    english, chinese = (report(FakeFigures(values=values), locale).headline.text for locale in ("en", "zh"))
    assert "In time: first reply 66% (81% the week before), resolution 70% (74%)." in english
    assert "达标率：首响 66%（上周 81%）、最终解决 70%（上周 74%）。" in chinese


def test_a_severity_alone_says_what_of_it_is_late() -> None:
    serious = report(week()).severities[1]
    assert [one.alert for one in serious.numbers] == [
        "2 of the new tickets still wait for a reply, past target", "", "4 of all open tickets are past target",
    ]  # fmt: skip


def test_the_ages_of_the_backlog_name_their_clock() -> None:
    value = figure("backlog", 73, 73, median=12 * HOUR, p90=33 * HOUR, clock="mixed")
    reported = report(FakeFigures(values={("backlog",): value}))
    notes = [plain(note) for note in reported.notes(reported.kpi("backlog"))]
    assert "half have been open over 12 h; one in ten over 33 h · business hours (P0: around the clock)" in notes


def test_the_command_behind_a_list_names_the_severity() -> None:
    reported = report(week())
    assert reported.kpi("backlog").command == "helpdesk-kpi observations backlog --period 2026-W47"
    assert reported.kpi("backlog", severity="P1").command.endswith("--period 2026-W47 --severity P1")


def test_satisfaction_is_never_reported_without_its_response_rate() -> None:
    card = report(week()).cards[2]
    assert card.number.text == "90.7%"
    # 318 surveys of which 75 were answered; 90.7 - 90.0 = 0.7 points.
    assert list(card.notes) == [
        "95% interval 82.0% to 95.3%", "75 answers; of the 318 surveys offered this week 75 answered so far",
        "week before 90.0% · 0.7 points up",
    ]  # fmt: skip


def test_few_answers_are_reported_as_counts() -> None:
    values = {("csat",): figure("csat", 2 / 3, 3, low=0.2, high=0.94)}
    number = report(FakeFigures(values=values)).kpi("csat")
    assert number.text == "2 of 3"


def test_a_median_that_was_not_reached_is_not_a_blank() -> None:
    values = {("full_resolution_time",): figure("full_resolution_time", None, 4, running=4)}
    assert report(FakeFigures(values=values)).kpi("full_resolution_time").text == "over half still open"


def test_what_a_source_cannot_give_is_said_in_place_of_the_value() -> None:
    lacking = facts(gaps={"csat": "this site asks no satisfaction question"})
    card = next(card for card in report(FakeFigures(facts=lacking)).cards if card.number.id == "csat")
    assert card.number.text == "not known"
    assert list(card.notes) == ["not known: this site asks no satisfaction question"]


def test_severities_come_in_their_order_and_tickets_without_one_last() -> None:
    rows = report(week()).severities
    assert [row.level for row in rows] == ["P0", "P1", "P2", "P3", ""]
    assert rows[-1].title == "No priority"
    assert [row.first_reply.within if row.first_reply else "" for row in rows] == ["100%", "71%", "93%", "96%", ""]


def test_a_quiet_severity_keeps_its_row() -> None:
    rows = report(FakeFigures()).severities
    assert [row.level for row in rows] == [severity.level for severity in SEVERITIES]


def test_a_level_that_nobody_configured_has_its_row() -> None:
    values = {("first_reply_time", ("severity", "P7")): figure("first_reply_time", HOUR)}
    assert [row.level for row in report(FakeFigures(values=values)).severities] == ["P0", "P1", "P2", "P3", "P7"]


def test_without_any_severity_there_is_no_table() -> None:
    values = {("first_reply_time", ("severity", None)): figure("first_reply_time", HOUR)}
    assert report(FakeFigures(values=values, facts=facts(severities=()))).severities == []


def test_who_waits_is_reported_with_why_and_for_whom() -> None:
    first, second, third = report(week()).waiting()
    assert plain(first.waited) == "26 h"  # business time, so no days
    assert first.facts == "P1 · Billing · unassigned · since 18 Nov 2026"
    assert (first.overdue, second.overdue, third.overdue) == (True, True, False)  # the third has no target
    assert first.share == 1
    assert third.share == pytest.approx((11 / 26) ** 0.5)


def test_lists_are_cut_to_what_was_requested_for() -> None:
    many = report(week(waits=WAITS * 10))
    assert len(many.waiting(4)) == 4
    assert many.waiting_rest(4) == "and 26 more"
    assert many.waiting_rest(30) == ""
    assert report(week(waits=WAITS * 20)).waiting_rest(8) == "and at least 52 more"


def test_bad_answers_that_are_not_shown_are_counted() -> None:
    """68 of 75 answers are good, so 7 are not."""
    assert report(week()).bad_rest(2) == "and 5 more"
    assert report(week(), "zh").bad_rest(2) == "还有 5 条"
    assert report(week()).bad_rest(7) == ""


def test_links_that_no_browser_should_follow_are_left_away() -> None:
    bad = msgspec.structs.replace(WAITS[0], url="javascript:alert(1)")
    assert report(week(waits=[bad])).waiting()[0].url == ""


def test_one_team_alone_gives_no_table_of_teams() -> None:
    assert [row.name for row in report(week()).teams] == ["Billing", "Platform"]
    assert report(week(team="Billing")).teams == []


def test_a_report_asks_for_any_number_by_name() -> None:
    reported = report(week())
    assert reported.kpi("first_reply_time", severity="P1").text == f"41{NBSP}min"
    assert reported.kpi("first_reply_time").by("team")["Billing"].n == "120"
    with pytest.raises(UsageError, match="no KPI named 'frt'"):
        reported.kpi("frt")
    with pytest.raises(UsageError, match="did you mean first_reply_time"):
        reported.kpi("first_reply_tme")
    with pytest.raises(UsageError, match="csat has no variant 'zendsk'; there are strict"):
        reported.kpi("csat", "zendsk")


def test_data_that_end_too_early_are_reported_before_the_figures() -> None:
    early = facts(sources={"acme": at(2026, 11, 20, 12), "other": None})
    assert report(FakeFigures(facts=early)).notices == [
        "No data pulled yet from other",
        "Data is complete only to Fri 20 Nov 2026, 12:00 CET. What happened later is not in this report",
    ]
    assert report(week()).notices == []


def test_the_footer_tells_what_was_left_out_and_what_is_not_known() -> None:
    foot = report(week()).footer
    assert foot.left_out == "21 spam, 8 merged, 4 test"
    assert foot.not_known == [("Next reply time", "the telephone source gives no call times")]
    assert len(foot.definitions) == len(CATALOGUE)


def test_annotations_stand_at_the_week_they_fall_in() -> None:
    """W47 is the 27th point (index 26) and W40 seven before it; an annotation of January is outside the picture."""
    noted = facts(annotations=(Annotation(at(2026, 9, 30), "release 4.2"), Annotation(at(2026, 1, 5), "long ago")))
    trend = report(week(facts=noted)).trend
    assert trend is not None
    assert trend.marks == ((19, "release 4.2"),)
    assert (trend.first_label, trend.last_label) == ("W21", "W47")


def test_the_picture_shows_what_the_finding_is_about() -> None:
    pictured = report(week()).pictured
    assert pictured is not None
    assert pictured.name == "First reply time (P1)"
    assert pictured.ask


def test_too_few_points_make_no_picture() -> None:
    value = figure("first_reply_time", HOUR, history=points([HOUR]))
    number = report(FakeFigures(values={("first_reply_time",): value})).kpi("first_reply_time")
    assert number.spark is None
    assert number.trend is None


# --- the whole catalogue, and when figures are final


def followed(**more: Any) -> dict[str, Kpi]:
    """What comes back within 14 days, and within 7 and 30."""
    statistic = Followup(14, of="followed", also=(7, 30))
    kpi = replace(CATALOGUE["reopen_rate"], id="came_back", title="Came back", statistic=statistic, matures=14)
    return {**CATALOGUE, "came_back": replace(kpi, dimension="quality", **more)}


def came_back(value: float | None, n: float, **more: Any) -> MetricView:
    reported = replace(figure("reopen_rate", value, n, **more), kpi="came_back")
    return report(week(facts=facts(catalogue=followed()), values={("came_back",): reported})).kpi("came_back")


def test_a_figure_that_matures_says_when_it_is_final() -> None:
    """The week ends on 23 November at midnight, fourteen days later is 7 December."""
    number = came_back(0.1, 200, provisional=True)
    assert number.final == "provisional: final on 7 Dec 2026"
    assert number.final in report(week()).notes(number)
    assert came_back(0.1, 200).final == ""


def test_a_figure_that_changes_without_a_day_to_end_says_that_it_changes() -> None:
    assert report(week()).kpi("reopen_rate").final == "provisional: still changing"
    for made in (render("monthly_summary", week()), render("weekly_digest", week())):
        assert "provisional: still changing" in (made.html or "")
        assert "provisional: still changing" in (made.text or "")


def test_other_windows_stand_next_to_and_what_is_not_over_is_counted() -> None:
    number = came_back(0.1, 200, running=34, also={"7 d": 0.041, "30 d": None})
    reported = report(week()).notes(number)
    assert "within 7 days 4.1%" in reported
    assert "34 not counted yet: their 14 days are not over" in reported
    waiting = came_back(None, 0, running=1, provisional=True)
    assert (waiting.text, waiting.is_uninformative) == ("none", False)
    assert "1 not counted yet: its 14 days are not over" in report(week()).notes(waiting)


def test_the_page_lists_what_has_something_to_say_by_dimension() -> None:
    catalogue = followed()
    values = week_values() | {("came_back",): replace(figure("reopen_rate", 0.1, 20), kpi="came_back")}
    groups = report(week(facts=facts(catalogue=catalogue), values=values)).groups
    assert [group.title for group in groups] == ["Quality", "Your own"]
    assert [number.id for number in groups[0].numbers] == ["came_back"]
    silent = report(week(facts=facts(catalogue=catalogue))).groups
    assert [group.title for group in silent] == ["Your own"]
    page = render("weekly_digest", week(facts=facts(catalogue=catalogue), values=values)).page or ""
    assert "<h3>Quality</h3>" in page
    assert "Came back" not in (
        render("weekly_digest", week(facts=facts(catalogue=catalogue), values=values)).html or ""
    )


@pytest.mark.parametrize(
    ("unit", "value", "english", "chinese"),
    [("points", 1.0, "1 point", "1 点"), ("points", 3.5, "3.5 points", "3.5 点"), ("score", 4.25, "4.2", "4.2"),
     ("money", 12.5, "12.5", "12.5"), ("count", 3.0, "3", "3"), ("tickets", 7.0, "7 tickets", "7 单")],
)  # fmt: skip
def test_every_unit_has_its_word(unit: Any, value: float, english: str, chinese: str) -> None:
    kpi = replace(CATALOGUE["solved_tickets"], unit=unit)
    figures = week(
        facts=facts(catalogue={"solved_tickets": kpi}),
        values={("solved_tickets",): replace(figure("solved_tickets", value, 9), unit=unit)},
    )
    assert report(figures).kpi("solved_tickets").headline == english
    assert report(figures, "zh").kpi("solved_tickets").headline == chinese


def test_what_nobody_wrote_down_is_nothing_rather_than_not_reached() -> None:
    kpi = replace(CATALOGUE["solved_tickets"], unit="money", statistic=Ratio("a", "b"))
    value = replace(figure("solved_tickets", None, 34), unit="money")
    number = report(week(facts=facts(catalogue={"solved_tickets": kpi}), values={("solved_tickets",): value})).kpi(
        "solved_tickets"
    )
    assert (number.text, number.is_uninformative) == ("none", True)


def test_an_old_name_in_a_template_works_and_the_log_gives_the_new_one(caplog: pytest.LogCaptureFixture) -> None:
    number = report(week()).kpi("solved_tickets")
    deprecated_names._warn_once.cache_clear()
    for old, new in number.renamed.items():
        assert getattr(number, old) == getattr(number, new)
        assert getattr(number, old) == getattr(number, new)  # and says so once
    assert [record.args for record in caplog.records] == list(number.renamed.items())
    with pytest.raises(AttributeError, match="no attribute 'never_there'"):
        _ = number.never_there
