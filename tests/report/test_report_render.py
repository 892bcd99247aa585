"""Every template over every kind of week: what arrives can be drawn, read and sent, whatever the tickets say."""

import json
import re
import unicodedata
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from report_fixtures import (
    CATALOGUE,
    CHINESE,
    HOUR,
    MINUTE,
    MONTH,
    RATINGS,
    ROWS,
    WAITS,
    FakeFigures,
    at,
    facts,
    figure,
    monthly,
    week,
    week_values,
)

from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.statistics.control_chart import Signal
from helpdesk_kpi.report.render import Rendered, render
from helpdesk_kpi.report.result_types import Annotation, SeverityFacts
from helpdesk_kpi.report.templates import get_template, list_templates

HOSTILE = (
    '<script>alert(1)</script> "quoted" =HYPERLINK("http://x.example") <!channel> @here ``` *bold* '
    "{{ 7 * 7 }} \u202egnp.exe\r\n1\u2009–\u20092\u202fkg Bcc: victim@x.example " + "W" * 300
)
LONG = "Bartholomew Maximilian Featherstonehaugh " * 5


def larger(value: MetricValue) -> MetricValue:
    """Millions of tickets and years of waiting."""
    times = {"ms": 997, "tickets": 12_345}.get(value.unit, 1)
    grown = {
        name: None if getattr(value, name) is None else getattr(value, name) * times
        for name in ("value", "low", "high", "median", "p90", "mean")
    }
    counts = {"n": value.n * 12_345, "running": value.running * 12_345, "overdue": value.overdue * 12_345}
    return msgspec.structs.replace(value, **grown, **counts)


def worst() -> FakeFigures:
    """Fifteen severities, long names, hostile texts and large numbers everywhere."""
    values = {key: larger(value) for key, value in week_values().items()}
    for level in range(15):
        for kpi in ("first_reply_time", "full_resolution_time", "backlog"):
            values[kpi, ("severity", f"P{level}")] = larger(week_values()[kpi, ("severity", "P1")])
    for team in range(40):
        for kpi in ("first_reply_time", "full_resolution_time", "backlog"):
            values[kpi, ("team", f"{LONG[:190]} {team}")] = larger(week_values()[kpi, ("severity", "P2")])
    targets = {"first_reply_time": 15 * MINUTE}
    waits = [
        msgspec.structs.replace(
            WAITS[0], subject=HOSTILE, assignee=LONG, category=LONG, waited=10**12,
            url="javascript:alert(1)" if row % 2 else f"{WAITS[0].url}?{'x' * 300}&a=1",
        )
        for row in range(60)
    ]  # fmt: skip
    return week(
        values=values, team=LONG, waits=waits, ratings=[msgspec.structs.replace(RATINGS[0], comment=HOSTILE * 3)] * 60,
        rows=[msgspec.structs.replace(row, subject=HOSTILE, agent=LONG) for row in ROWS * 5],
        facts=facts(
            severities=tuple(SeverityFacts(f"P{level}", LONG, LONG * 2, targets) for level in range(15)),
            sources={f"{LONG}{number}": at(2026, 11, 20) for number in range(6)},
            gaps=dict.fromkeys(CATALOGUE, HOSTILE * 3), excluded={f"reason_{n}": 10**6 for n in range(20)},
        ),
    )  # fmt: skip


def one_ticket() -> FakeFigures:
    early = Signal("too_little_history", points=2)
    values = {
        ("first_reply_time",): figure("first_reply_time", 50 * MINUTE, 1, median=50 * MINUTE, ended=1, signal=early),
        ("first_reply_time", ("severity", None)): figure("first_reply_time", 50 * MINUTE, 1, median=50 * MINUTE),
        ("full_resolution_time",): figure("full_resolution_time", None, 1, running=1, signal=early),
        ("backlog",): figure("backlog", 1, 1, facets={"open": 1}, signal=early),
        ("csat",): figure("csat", 1.0, 1, low=0.2, high=1),
    }
    return FakeFigures(values=values, facts=facts(severities=()), rows=ROWS[:1])


CASES = {
    "a week": week,
    "a week in China": lambda: week(zone="Asia/Shanghai", period=CHINESE),
    "a month": lambda: week(period=MONTH, values=monthly(week_values())),
    "an empty week": FakeFigures,
    "an empty store": lambda: FakeFigures(facts=facts(sources={"a": None}, history_from=None, severities=())),
    "one ticket": one_ticket,
    "no KPI at all": lambda: FakeFigures(facts=facts(catalogue={})),
    "the worst": worst,
}
NAMES = sorted(list_templates())


@pytest.fixture(params=[(name, locale, case) for name in NAMES for locale in ("en", "zh") for case in CASES], ids=str)
def made(request: pytest.FixtureRequest) -> Rendered:
    return rendered(*request.param)


@cache
def rendered(name: str, locale: str, case: str) -> Rendered:
    return render(name, CASES[case](), locale=locale, page_url="https://kpi.example/2026-W47.html")


class Tags(HTMLParser):
    """Tags with their attributes, and the text outside <style> and <head>'s title."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"br", "img", "meta", "rect", "line", "circle", "polyline"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"rect", "line", "circle", "polyline"}:
            assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & set(self.open):
            self.words.append(data)

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def test_built_in_reports_are_found() -> None:
    assert {"weekly_digest", "monthly_summary", "process_review", "data_quality"} <= set(NAMES)


def test_subjects_are_one_short_line(made: Rendered) -> None:
    assert made.subject
    assert len(made.subject) <= 150
    assert made.subject.isprintable()


def test_mail_is_made_of_what_mail_readers_draw(made: Rendered) -> None:
    if made.html is None:
        pytest.skip("no mail in this template")
    assert len(made.html.encode()) < 90_000  # Gmail cuts mails off at about 102 KB
    found = Tags(made.html)
    assert found.open == []
    assert not {tag for tag, _ in found.tags} & {"script", "svg", "link", "iframe", "object", "form", "picture"}
    assert not re.search(r"url\(|@import|display:(flex|grid)|position:", made.html)
    assert all("on" not in name[:2] for _, attributes in found.tags for name in attributes)


def test_no_table_head_of_a_mail_breaks_within_a_word(made: Rendered) -> None:
    """Mails allow breaks anywhere, for long addresses; a narrow column then wrote "Ne" over "w"."""
    heads = re.findall(r"<th ([^>]*)>[^<\s]", made.html or "")
    assert [head for head in heads if "white-space:nowrap" not in head and "overflow-wrap:normal" not in head] == []


def test_mail_pictures_travel_with_the_mail(made: Rendered) -> None:
    pictures = Tags(made.html or "").all("img")
    assert {str(one["src"]).removeprefix("cid:") for one in pictures} == set(made.images)
    for one in pictures:
        assert str(one["src"]).startswith("cid:")
        assert one["alt"]
        assert int(one["width"] or 0) > 0
        assert int(one["height"] or 0) > 0
    assert all(picture.startswith(b"\x89PNG") and len(picture) < 100_000 for picture in made.images.values())


def test_links_lead_to_web_pages_only(made: Rendered) -> None:
    for text in (made.html, made.page):
        assert all(str(link["href"]).startswith("https://") for link in Tags(text or "").all("a"))


def test_the_page_asks_nobody_for_anything(made: Rendered) -> None:
    if made.page is None:
        pytest.skip("no page in this template")
    found = Tags(made.page)
    assert found.open == []
    assert not {tag for tag, _ in found.tags} & {"script", "link", "img", "iframe", "object", "form"}
    assert not re.search(r"url\(|@import", made.page)
    assert all("src" not in attributes for _, attributes in found.tags)


def odd_spaces(text: str) -> set[str]:
    """Spaces of other widths than the plain one, and those that no line breaks at."""
    return {letter for letter in text if unicodedata.category(letter) == "Zs"} - {" "}


def test_text_has_neither_markup_nor_strange_characters(made: Rendered) -> None:
    text = made.text or ""
    assert odd_spaces(text) == odd_spaces(made.subject) == odd_spaces((made.slack or b"").decode()) == set()
    assert "&amp;" not in text
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert "\n\n\n" not in text


def test_slack_messages_are_whole_and_within_its_limits(made: Rendered) -> None:
    if made.slack is None:
        pytest.skip("no Slack message in this template")
    message = json.loads(made.slack)
    assert message["text"]
    assert len(message["blocks"]) <= 50
    for block in message["blocks"]:
        for text in texts(block):
            limit = {"header": 150, "section": 3000, "context": 2000}[block["type"]]
            assert 0 < len(text) <= (2000 if "fields" in block else limit)
            assert "<!" not in text
            assert text.count("```") in {0, 2}
            assert all(link.startswith("<https://") for link in re.findall(r"<[^>]*>", text))
        assert len(block.get("fields", [])) <= 10
    assert sum(len(text) for block in message["blocks"] for text in texts(block)) < 12_000


def texts(block: dict[str, Any]) -> list[str]:
    parts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
    return [part["text"] for part in parts if part]


def test_nothing_from_a_ticket_becomes_markup(made: Rendered) -> None:
    for text in (made.html, made.page):
        assert "<script" not in (text or "")
        assert "\u202e" not in (text or "")


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d[\d,.]*\d%?|\d%?", re.sub(r"https?://\S+", "", text)))


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("name", NAMES)
def test_text_and_html_tell_the_same_numbers(name: str, locale: str) -> None:
    made = render(name, week(), locale=locale)
    assert made.html
    assert made.text
    html = numbers(" ".join(Tags(made.html).words))
    assert numbers(made.text) == html
    assert len(html) > (25 if made.slack is None else 50)  # those for chat are of figures


def test_the_page_opens_every_number_down_to_its_tickets() -> None:
    page = render("weekly_digest", week()).page or ""
    found = Tags(page)
    # Four figures, five severities, and nine measures in the table.
    assert len(found.all("details")) == 4 + 5 + 9
    assert page.count('href="https://acme.zendesk.com/agent/tickets/48000"') > 10


def test_json_has_raw_numbers_under_stable_keys() -> None:
    reported = json.loads(render("weekly_digest", week()).json or b"")
    assert list(reported) == [
        "version", "report", "title", "locale", "privacy", "team", "preliminary", "period", "as_of", "zone",
        "headline", "notices", "measures", "severities", "waiting", "bad_ratings", "left_out", "follow_ups",
        "own_figures", "not_known", "settings_to_check", "repeats_found",
        "questions_without_dimension", "data_whole_to", "history_from", "definitions",
    ]  # fmt: skip
    assert reported["as_of"] == "2026-11-23T05:00:00Z"  # 06:00 in Berlin
    reply = reported["measures"]["first_reply_time"]
    assert (reply["value"], reply["n"], reply["running"], reply["within"]) == (98 * MINUTE, 412, 18, 0.884)
    assert reply["previous"]["value"] == 91 * MINUTE
    assert reported["severities"][1]["full_resolution_time"]["value"] == pytest.approx(9.67 * HOUR)
    assert reported["severities"][-1]["level"] is None
    assert reported["headline"] | {"text": ""} == {
        "title": "Week 47: first replies for P1 got slower", "text": "", "kpi": "first_reply_time",
        "where": {"severity": "P1"}, "ask": True,
    }  # fmt: skip
    assert reported["left_out"] == {"spam": 21, "merged": 8, "test": 4}


def test_only_what_is_requested_for_is_made() -> None:
    made = render("weekly_digest", week(), parts=frozenset({"text"}))
    assert made.text
    assert (made.html, made.page, made.json, made.slack, made.images) == (None, None, None, None, {})


def test_the_same_figures_give_the_same_bytes() -> None:
    assert render("weekly_digest", week()) == render("weekly_digest", week())


def test_an_unknown_report_is_identified_with_the_one_that_was_meant() -> None:
    with pytest.raises(UsageError, match="no report template named 'weekly_diget'; did you mean weekly_digest"):
        get_template("weekly_diget")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "subject.txt.j2").write_text("{{ report.kpi('csat').text }}")
    return tmp_path


def test_a_folder_with_templates_is_a_report(own: Path) -> None:
    (own / "mine" / "body.html.j2").write_text("<p>{{ report.waiting()[0].subject }}</p>")
    figures = week(waits=[msgspec.structs.replace(WAITS[0], subject="<b>&")])
    made = render("mine", figures, own=own)
    assert made.subject == "90.7%"
    assert made.html == "<p>&lt;b&gt;&amp;</p>"
    assert (made.text, made.page, made.slack) == (None, None, None)


def test_an_own_report_of_the_same_name_comes_first(own: Path) -> None:
    (own / "mine").rename(own / "weekly_digest")
    assert render("weekly_digest", week(), own=own).subject == "90.7%"


def test_own_templates_can_use_our_parts(own: Path) -> None:
    (own / "mine" / "body.html.j2").write_text(
        '{% import "_parts/mail.html.j2" as mail %}{{ mail.cards(report, image) }}'
    )
    made = render("mine", week(), own=own)
    assert "Customer satisfaction" in (made.html or "")
    assert len(made.images) == 4


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("{{ report.nothing }}", "has no attribute 'nothing'"),
        ("one\n{% if %}", "line 2"),
        ("{{ report.__class__.__mro__ }}", "unsafe"),
        ("{{ report._scene.figures }}", "unsafe"),
        ("{{ words.babel.__class__.__mro__ }}", "unsafe"),
    ],
)
def test_a_mistake_in_an_own_template_names_the_file(own: Path, text: str, mistake: str) -> None:
    (own / "mine" / "body.txt.j2").write_text(text)
    with pytest.raises(UsageError, match=mistake) as raised:
        render("mine", week(), own=own)
    assert str(own / "mine" / "body.txt.j2") in str(raised.value)


def test_own_chat_messages_that_are_no_json_are_refused(own: Path) -> None:
    (own / "mine" / "slack.json.j2").write_text('{"text": {{ report.title }}')
    with pytest.raises(UsageError, match=r"slack\.json\.j2: not JSON"):
        render("mine", week(), own=own)


def test_whatever_a_ticket_says_json_templates_stay_json(own: Path) -> None:
    (own / "mine" / "slack.json.j2").write_text('{"text": {{ report.waiting()[0].subject }}, "n": {{ 3 }}}')
    made = render("mine", week(waits=[msgspec.structs.replace(WAITS[0], subject='"}], \\ "<')]), own=own)
    assert json.loads(made.slack or b"") == {"text": '"}], \\ "<', "n": 3}


def test_a_list_is_called_the_first_only_when_there_are_more() -> None:
    """The fake desk has 40 tickets behind every number: a figure shows 40 of them, a severity 20."""
    page = render("weekly_digest", week(), parts=frozenset({"page"})).page
    assert page is not None
    assert "The first 40" not in page
    assert "The first 20. All of them: helpdesk-kpi observations backlog --period 2026-W47 --severity P1" in page
    more = render("weekly_digest", week(rows=[*ROWS, ROWS[0]]), parts=frozenset({"page"})).page
    assert more is not None
    assert "The first 40. All of them: helpdesk-kpi observations backlog --period 2026-W47<" in more


def test_slack_names_every_severity_whole_and_counts_what_it_does_not_show() -> None:
    """Seven answers are not good, one of the two newest has a comment; three of the thirty who wait are named."""
    message = (render("weekly_digest", week(waits=WAITS * 10), parts=frozenset({"slack"})).slack or b"").decode()
    assert "No priority" in message
    assert "and 6 more" in message
    assert "and 27 more" in message


def test_chinese_messages_have_chinese_commas_and_no_double_brackets() -> None:
    figures = week(zone="Asia/Shanghai", period=CHINESE)
    reported = render("weekly_digest", figures, locale="zh", parts=frozenset({"slack", "text"}))
    line = "首响：41 分钟，明显变慢，正常范围 22 分钟～36 分钟"
    assert line in (reported.slack or b"").decode()
    assert "）（" not in (reported.text or "")


@pytest.mark.parametrize(
    ("locale", "reported"), [("en", "Marked: release 4.2 (W45)"), ("zh", "标注：release 4.2（第45周）")]
)
def test_annotations_are_reported_wherever_a_trend_is(locale: str, reported: str) -> None:
    known = facts(annotations=(Annotation(at(2026, 11, 3), "release 4.2"), Annotation(at(2020, 1, 1), "long ago")))
    made = render("weekly_digest", week(facts=known), locale=locale)
    assert reported in (made.text or "")
    assert reported in (made.html or "")  # beside the picture, and in the words that stand for it
    assert reported in str(json.loads(made.slack or b"")["blocks"])
    page = made.page or ""
    trends = re.findall(r'<svg class="trend".*?</svg>', page, re.DOTALL)
    assert len(trends) > 5
    assert all("release 4.2</text>" in trend and "long ago" not in trend for trend in trends)
    assert numbers(made.text or "") == numbers(" ".join(Tags(made.html or "").words))
