"""The review of the process and the page of data quality: what they say, by hand, and whom they may name."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from report_fixtures import EXAMINED, HOUR, QUESTIONS, FakeFigures, at, facts, week

from helpdesk_kpi.identities.unmapped_values import UnmappedValue
from helpdesk_kpi.measure.metrics.discovery import load_kpis
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.process.review import OURS
from helpdesk_kpi.measure.recurrence.threshold_tuning import DetectionQuality
from helpdesk_kpi.measure.tickets.stage_durations import STAGES
from helpdesk_kpi.report import labels
from helpdesk_kpi.report.context import RenderContext
from helpdesk_kpi.report.formatting import NBSP, Formatter
from helpdesk_kpi.report.metric_view import MetricView
from helpdesk_kpi.report.render import Rendered, render
from helpdesk_kpi.report.result_types import AgentAliases, DataQuality, PersonShare, Privacy, Question
from helpdesk_kpi.report.sections.caveats import list_caveats
from helpdesk_kpi.report.sections.process import build_process_section
from helpdesk_kpi.report.sections.quality import build_quality_section
from helpdesk_kpi.report.sections.tables import ListSection

ANN = AgentAliases("Ann Smith", ("360123456789",), ("ann.smith@acme.example",))
RATED = DetectionQuality(found=100, right=94, true=110, pairs=123, found_pairs=100, true_pairs=110)
RIGHTLY = "94.0% of the repeats found are real (87.5% to 97.2%), by 123 checked pairs of tickets"
NAMES = ("process_review", "data_quality")


def looked_into(**more: Any) -> FakeFigures:
    known = facts(agents=(ANN,), secret=b"kept in the store")
    return week(facts=known, **more)


def describe(about: Any, locale: str = "en", **more: Any) -> ListSection:
    figures = looked_into(**more)
    found: ListSection = about(RenderContext(figures, Formatter(locale, figures.zone)))
    return found


def rows(found: ListSection, title: str) -> list[list[str]]:
    table = next(one for one in found.tables if one.title == title)
    return [[cell.text.replace(NBSP, " ") for cell in row.cells] for row in table.rows]


# --- what they say


def test_a_bottleneck_is_a_sentence_with_what_it_costs() -> None:
    """22 h instead of 4 h on 26 tickets: 468 h."""
    found = describe(build_process_section)
    assert rows(found, "Bottlenecks")[0] == ["Hand-over to Billing takes 22 h a ticket, elsewhere 4 h", "468 h", "26"]
    assert rows(found, "Bottlenecks")[1][0] == "Work on export takes 5 h a ticket, elsewhere 4 h"
    assert found.headline.title.replace(NBSP, " ") == (
        "Week 47: hand-over to Billing takes 22 h a ticket, elsewhere 4 h"
    )
    text = found.headline.text.replace(NBSP, " ")
    assert text.startswith(
        "Over 26 tickets that makes 468 h more. Tickets spent most of their time with an agent (50%)"
    )
    assert "More new tickets than usual: export. " in text
    assert text.endswith("not judgements of people.")


def test_the_same_in_chinese() -> None:
    found = describe(build_process_section, "zh")
    assert rows(found, "瓶颈")[0] == ["转交给 Billing 后的等待平均每单 22 小时，其他为 4 小时", "468 小时", "26"]
    assert rows(found, "各阶段用时")[0] == ["排队等待", "30.0%", "2 小时", "600 小时", "300"]


def test_stages_have_their_share_and_their_mean_and_those_without_time_are_left_away() -> None:
    found = describe(build_process_section)
    assert rows(found, "Time by stage") == [
        ["In the queue", "30.0%", "2 h", "600 h", "300"],
        ["With an agent", "50.0%", "3 h 08 min", "1,000 h", "320"],
        ["Being handed over", "20.0%", "15 h 23 min", "400 h", "26"],
    ]
    bars = [row.cells[1].bar for row in found.tables[0].rows]
    assert bars == [0.6, 1.0, 0.4]  # beside the longest


def test_ways_back_and_what_grows() -> None:
    found = describe(build_process_section)
    assert rows(found, "Handovers between teams") == [["Technical → Billing", "12", "9"]]
    assert rows(found, "Growing topics") == [["export", "40", "20.6"]]


def test_what_comes_back_is_reported_once_a_kpi_tells_it() -> None:
    kpi = load_kpis()["reopen_rate"]
    known = facts(catalogue={"recurrence_rate": kpi})
    assert "Problems that come back" not in [one.title for one in describe(build_process_section).tables]
    figures = week(facts=known)
    found = build_process_section(RenderContext(figures, Formatter("en", figures.zone)))
    assert rows(found, "Problems that come back") == [["login", "6", "40", "15.0%"]]


def test_what_comes_back_is_reported_with_how_right_that_is() -> None:
    """94 of 100: the middle of the Wilson interval is (0.94 + 1.9208/100)/1.038416 = 0.9237, to each side of it lie
    1.96/1.038416 x sqrt(0.94 x 0.06/100 + 0.9604/10000) = 0.0485, which makes 87.5 % to 97.2 %.
    """
    kpi = load_kpis()["recurrence_rate"]
    rated = week(facts=facts(catalogue={"recurrence_rate": kpi}, repeats=RATED))
    for name, part in (("process_review", "html"), ("process_review", "text"), ("process_review", "page")):
        made = getattr(render(name, rated, parts=frozenset({part})), part)
        assert RIGHTLY in " ".join(re.sub(r"<[^>]+>", "", made).split())
    made = render("process_review", week(facts=facts(catalogue={"recurrence_rate": kpi})), parts=frozenset({"text"}))
    assert "repeats are detected automatically and have not been checked yet" in " ".join((made.text or "").split())


def test_so_is_the_share_of_what_comes_back_next_to_its_own_figure() -> None:
    kpi = load_kpis()["recurrence_rate"]
    figures = week(
        facts=facts(catalogue={"recurrence_rate": kpi}, repeats=RATED),
        values={
            ("recurrence_rate",): MetricValue(kpi="recurrence_rate", variant="strict", unit="share", n=90, value=0.1)
        },
    )
    scene = RenderContext(figures, Formatter("en", figures.zone))
    shown = MetricView(scene, kpi, figures.value("recurrence_rate", "strict"), "strict", {})
    assert list_caveats(shown, scene)[-1] == RIGHTLY


def test_what_makes_figures_wrong_comes_first() -> None:
    found = describe(build_quality_section)
    assert rows(found, "Missing data") == [
        ["The last sync failed: no right for ann.smith@acme.example", "1"],
        ["Tickets without a priority: a row of their own in every table", "170"],
    ]
    assert found.headline.title == "Week 47: 2 data problems found"  # the failed sync, a status
    assert "6 of 40 solves (15.0%) fell into the last four hours of the period; up to 4.0% is usual" in (
        found.headline.text
    )
    assert "In 15 pairs colleagues give back the ratings that they get: correlation 0.91, by chance up to 0.80" in (
        found.headline.text
    )
    words = next(one for one in found.tables if one.title == "Unmapped values")
    assert [row.cells[0].small for row in words.rows] == [
        'acme · counts as open · suggestion: "Vendor review" = "hold"',
        "acme",
    ]


def test_a_question_says_what_it_means_and_who_holds_out() -> None:
    found = describe(build_quality_section)
    table = next(one for one in found.tables if one.title == "Questions to look at")
    first = table.rows[0]
    assert [cell.text for cell in first.cells] == ["Was it opened again within the hour?", "15.5%", "90"]
    assert first.cells[0].small.startswith("Of the solves by people of the team, the share that was opened again")
    assert [line.text for line in first.below] == ["Ann Smith: 40.0% of 30, the others 3.3%"]
    assert first.below[0].links == [("#48102", "https://acme.zendesk.com/agent/tickets/48102"), ("#48103", "")]
    assert [row.cells[1].text for row in table.rows[1:]] == ["1.2%"]  # what never happened is not asked
    assert "none changes a score" in table.note


def test_an_urgent_ticket_that_was_overtaken_can_be_opened() -> None:
    found = describe(build_quality_section)
    [row] = next(one for one in found.tables if one.title == "Urgent tickets that were overtaken").rows
    assert (row.cells[0].text, row.cells[0].url, row.cells[1].text) == (
        "P1 #48140", "https://acme.zendesk.com/agent/tickets/48140", "2",
    )  # fmt: skip
    assert row.cells[0].small == "Billing · since 17 Nov 2026 · still waiting"


def test_a_whole_desk_says_so() -> None:
    figures = FakeFigures()
    scene = RenderContext(figures, Formatter("en", figures.zone))
    assert build_quality_section(scene).headline.title == "Week 47: no data problems found"
    assert build_process_section(scene).headline.title == "Week 47: no ticket was under way"
    assert all(
        table.none and not table.rows
        for reported in (build_quality_section(scene), build_process_section(scene))
        for table in reported.tables
    )


@pytest.mark.parametrize("about", [build_process_section, build_quality_section], ids=NAMES)
def test_a_time_before_history_is_not_reported_as_quiet(about: Any) -> None:
    figures = FakeFigures(facts=facts(history_from=at(2026, 12, 1)))
    found = about(RenderContext(figures, Formatter("en", figures.zone)))
    assert found.headline.title == "Week 47: no data for this time"
    assert "so its numbers are not known" in found.headline.text


# --- words


def test_every_stage_and_bottleneck_has_a_text() -> None:
    assert set(labels.STAGES) == set(STAGES)
    assert set(labels.BOTTLENECKS) == {f"{stage} {axis}" for stage in OURS for axis in ("team", "category")}


@pytest.mark.parametrize("name", NAMES)
def test_chinese_reports_hold_no_english_sentence(name: str) -> None:
    text = render(name, looked_into(), locale="zh", parts=frozenset({"text"})).text or ""
    kept = ("acme", "Vendor review", "Nice to have", "no right for ann.smith")  # the helpdesk's own words
    for known in kept:
        text = text.replace(known, "")
    assert re.findall(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", text) == []


# --- every format


class Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(dict(attrs).get("href") or "")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_mail_text_and_page_show_the_same_rows(name: str, locale: str) -> None:
    made = render(name, looked_into(), locale=locale)
    figures = looked_into()
    about = build_process_section if name == "process_review" else build_quality_section
    for table in about(RenderContext(figures, Formatter(locale, figures.zone))).tables:
        for row in table.rows:
            for cell in row.cells:
                for part in (made.html, made.page, made.text):
                    assert squeezed(cell.text) in squeezed(part or ""), (table.title, cell.text)


def squeezed(text: str) -> str:
    """Without tags, entities and spaces."""
    plain = re.sub(r"<[^>]+>", "", text).replace("&#34;", '"').replace("&#39;", "'").replace("&nbsp;", "")
    return re.sub(r"\s", "", plain)


def test_tickets_behind_a_question_can_be_opened() -> None:
    made = render("data_quality", looked_into())
    for part in (made.html, made.page):
        assert Links(part or "").found == [
            "https://acme.zendesk.com/agent/tickets/48102", "https://acme.zendesk.com/agent/tickets/48140",
        ]  # fmt: skip


def test_as_data_it_has_the_raw_figures() -> None:
    found = json.loads(render("process_review", looked_into(), parts=frozenset({"json"})).json or b"")
    assert found["process"]["bottlenecks"][0]["excess"] == 26 * 18 * HOUR
    found = json.loads(render("data_quality", looked_into(), parts=frozenset({"json"})).json or b"")
    assert found["questions"][1]["people"][0]["agent"] == "Ann Smith"
    assert found["solved_at_the_end"] == {"solves": 6, "of": 40, "usual_share_up_to": 0.04}
    assert found["rated_in_return"] == {"pairs": 15, "r": 0.914, "usual_r_up_to": 0.798}


def test_a_long_review_stays_a_mail_of_ordinary_size() -> None:
    """Gmail cuts messages from 102 KB on: https://developers.google.com/workspace/gmail/ampemail/tips."""
    many = [
        PersonShare(
            agent=f"Agent {i}", share=0.4, n=30, others=0.1, tickets=EXAMINED.questions[1].people[0].tickets * 10
        )
        for i in range(30)
    ]
    long = [Question(kpi=kpi, n=900, share=0.3, people=tuple(many)) for kpi in QUESTIONS.values()]
    words = [UnmappedValue("acme", "status", f"Status {i} " + "x" * 50, 3, "open", False, "hold") for i in range(300)]
    found = DataQuality(questions=tuple(long), unmapped=tuple(words), overtaken=EXAMINED.overtaken * 300)
    made = render("data_quality", week(found=found), parts=frozenset({"html"}))
    assert len((made.html or "").encode()) < 90_000


# --- whom they name


def everything(made: Rendered) -> str:
    parts = (made.subject, made.html or "", made.text or "", made.page or "", (made.json or b"").decode())
    return "\n".join(parts)


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("privacy", ["pseudonymous", "team_only"])
@pytest.mark.parametrize("name", NAMES)
def test_no_byte_names_an_agent(name: str, privacy: Privacy, locale: str) -> None:
    out = everything(render(name, looked_into(), privacy=privacy, locale=locale)).lower()
    assert [mark for mark in ("ann", "smith", "360123456789") if re.search(rf"(?<!\w){mark}(?!\w)", out)] == []


def test_a_pseudonym_holds_for_the_same_person_everywhere_and_nobody_for_nobody() -> None:
    given = everything(render("data_quality", looked_into(), privacy="pseudonymous"))
    assert len(set(re.findall(r"Agent [0-9a-f]{6}", given))) == 1
    assert "the others 3.3%" in given
    hidden = everything(render("data_quality", looked_into(), privacy="team_only"))
    assert "the others" not in hidden.replace("all others", "")
    assert "48103" not in hidden  # tickets would say whose they are
    assert "Ann Smith" in everything(render("data_quality", looked_into()))
