"""Survey questions and their dimensions, and ratings that are no customer's answer; values worked out by hand."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from metric_store_fixtures import HOUR, MONDAY, WEEK, Source, agent, period_of, reader, reply, ticket, value
from report_fixtures import facts, week, week_values
from synced_fixtures import Cli

from helpdesk_kpi.cli.app_context import AppContext
from helpdesk_kpi.cli.checks.findings import config_findings
from helpdesk_kpi.config import Csat
from helpdesk_kpi.measure.explain.observation_export import export_observations
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.model import Name, Person, Rating
from helpdesk_kpi.report.render import render
from helpdesk_kpi.report.report_data import ReportData
from helpdesk_kpi.report.result_types import AgentAliases
from helpdesk_kpi.store import Store, open_store

KIND = Name("question", "36001", "Was the agent kind?", "kindness")  # id, text, alias


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


def answer(number: str, category: Any, question: str = "", at: int = MONDAY + 2 * HOUR, **more: Any) -> Rating:
    """An answer to survey s of a ticket, by its customer by default."""
    given = {"category": category, "answered_at": at, "rater": "c", **more}
    return Rating(f"s{number}", number, MONDAY, 1, question=question, **given)


def put_surveys(source: Source, *ratings: Rating) -> None:
    """The ratings of tickets that Ann had replied to."""
    people = [agent("a", "Ann"), agent("b", "Bob"), Person("c", "customer", "end-user", 1)]
    numbers = sorted({r.ticket for r in ratings})
    records = [record for n in numbers for record in (ticket(n, MONDAY), reply(n, MONDAY + HOUR, "a"))]
    source.put(*people, *records, *ratings)


def mapped(store: Store, **dimensions: str) -> MetricStore:
    return reader(store, csat=Csat(dimensions=dimensions))


def share(of: MetricStore, dimension: str) -> tuple[float, float | None]:
    """How many answers there are, and the share that is good."""
    found = value(of, "csat", facet=dimension)
    return found.n, found.value


# --- dimensions


@pytest.mark.parametrize(
    "key",
    ["36001", "kindness", "Was the agent kind?", "WAS THE AGENT KIND?", "acme:36001", "Acme:kindness",
     "acme:Was the agent kind?"],
)  # fmt: skip
def test_a_question_is_configured_by_its_id_its_alias_or_its_text(store: Store, key: str) -> None:
    source = Source(store)
    source.put(KIND)
    put_surveys(source, answer("1", "good"), answer("1", "bad", "36001"))
    of = mapped(store, **{key: "attitude"})
    assert (share(of, "attitude"), share(of, "overall")) == ((1, 0), (1, 1))


def test_what_is_said_of_one_source_holds_there_only_and_goes_before_what_is_said_of_all(store: Store) -> None:
    for name, category in (("acme", "good"), ("beta", "bad")):
        source = Source(store, name)
        source.put(KIND)
        put_surveys(source, answer("1", category, "36001"))
    assert share(mapped(store, **{"beta:36001": "expertise"}), "expertise") == (1, 0)
    both = mapped(store, **{"kindness": "attitude", "beta:Was the agent kind?": "expertise"})
    assert (share(both, "attitude"), share(both, "expertise")) == ((1, 1), (1, 0))


def test_a_question_that_is_called_like_a_known_dimension_needs_no_mapping(store: Store) -> None:
    source = Source(store)
    source.put(Name("question", "7", "Did they know their trade?", "Expertise"))
    put_surveys(source, answer("1", "good", "7"), answer("1", "bad", "attitude"))
    of = mapped(store)
    assert (share(of, "expertise"), share(of, "attitude")) == ((1, 1), (1, 0))
    assert ReportData(of, *period_of(), {}).facts.questions == ()


def test_a_text_that_comes_later_maps_what_was_measured_before(store: Store) -> None:
    source = Source(store)
    put_surveys(source, answer("1", "good", "36001"))
    assert share(mapped(store, kindness="attitude"), "attitude") == (0, None)
    source.put(KIND)
    assert share(mapped(store, kindness="attitude"), "attitude") == (1, 1)


def test_two_questions_of_one_survey_about_the_same_have_one_voice(store: Store) -> None:
    """Survey 1 says good and bad, survey 2 good twice: 1.5 of 2, not 3 of 4."""
    put_surveys(
        Source(store), answer("1", "good", "q1"), answer("1", "bad", "q2"), answer("2", "good", "q1"),
        answer("2", "good", "q2"),
    )  # fmt: skip
    of = mapped(store, q1="attitude", q2="attitude")
    assert share(of, "attitude") == (2, 0.75)
    rows = [
        r
        for r in export_observations(store, of.config, build_query("csat", None, MONDAY + WEEK))
        if r["facet"] == "attitude"
    ]
    assert [r["share"] for r in rows] == [0.5] * 4


def test_a_second_question_that_was_skipped_takes_nothing_from_the_first(store: Store) -> None:
    put_surveys(Source(store), answer("1", "bad", "q1"), answer("1", None, "q2", answered_at=None))
    assert share(mapped(store, q1="attitude", q2="attitude"), "attitude") == (1, 0)


def test_two_surveys_of_one_ticket_are_two_voices(store: Store) -> None:
    again = Rating("t1", "1", MONDAY, 1, question="q1", category="bad", answered_at=MONDAY + 5 * HOUR, rater="c")
    put_surveys(Source(store), answer("1", "good", "q1"), again)
    assert share(mapped(store, q1="attitude"), "attitude") == (2, 0.5)


def test_the_halves_are_shared_by_those_who_replied(store: Store) -> None:
    source = Source(store)
    put_surveys(source, answer("1", "good", "q1"), answer("1", "bad", "q2"))
    source.put(reply("1", MONDAY + HOUR + 1000, "b"))
    of = mapped(store, q1="attitude", q2="attitude")
    found = [value(of, "csat", facet="attitude", agent=name) for name in ("Ann", "Bob")]
    assert [(one.n, one.value) for one in found] == [(0.5, 0.5), (0.5, 0.5)]


# --- what is no answer


def test_a_neutral_answer_counts_and_is_not_good(store: Store) -> None:
    put_surveys(Source(store), answer("1", "good"), answer("2", "neutral"), answer("3", "neutral"), answer("4", "bad"))
    assert share(mapped(store), "overall") == (4, 0.25)


NONE = {
    "1": answer("1", "good", origin="default"),
    "2": answer("2", "good", origin="timeout", rater=None),
    "3": answer("3", "bad", origin="internal"),
    "4": answer("4", "good", rater="b"),  # a colleague
    "5": answer("5", None, origin="timeout", answered_at=None),  # the helpdesk gave up waiting, and gave no value
}


def test_defaults_time_outs_and_colleagues_are_counted_separately_and_in_no_n(store: Store) -> None:
    put_surveys(Source(store), *NONE.values(), answer("6", "bad"))
    of = mapped(store)
    found = value(of, "csat")
    assert (found.n, found.value) == (1, 0)
    assert found.excluded == {"rating_default": 1, "rating_timeout": 2, "rating_internal": 2}
    assert value(of, "csat", agent="Ann").n == 1
    # Of six surveys one was answered.
    rate = value(of, "csat_response_rate")
    assert (rate.n, rate.value) == (6, pytest.approx(1 / 6))


def test_observations_list_what_is_no_answer_with_its_reason(store: Store) -> None:
    put_surveys(Source(store), *NONE.values(), answer("6", "bad"))
    rows = list(export_observations(store, mapped(store).config, build_query("csat", None, MONDAY + WEEK)))
    assert {row["ticket"]: (row["reason"], row["value"]) for row in rows} == {
        "1": ("rating_default", None), "2": ("rating_timeout", None), "3": ("rating_internal", None),
        "4": ("rating_internal", None), "5": ("rating_timeout", None), "6": ("", 0),
    }  # fmt: skip


def test_a_bad_rating_that_nobody_gave_is_not_shown_with_its_words(store: Store) -> None:
    source = Source(store)
    put_surveys(
        source, answer("1", "bad", comment="Three people asked me the same"), answer("2", "bad", origin="default")
    )
    later = Rating("z1", "1", MONDAY, 1, category="bad", answered_at=MONDAY + 9 * HOUR, origin="internal", comment="x")
    source.put(later)
    bad = ReportData(mapped(store), *period_of(), {}).bad_ratings(5)
    assert [(row.number, row.comment) for row in bad] == [("1", "Three people asked me the same")]


def test_a_customers_own_rating_counts_though_they_were_hired_since(store: Store) -> None:
    source = Source(store)
    put_surveys(source, answer("1", "good"))
    source.put(Person("c", "agent", "agent", MONDAY + HOUR, name="Carl"))
    assert share(mapped(store), "overall") == (1, 1)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "Not counted as answers: 3 set by default, 1 by the team itself"),
        ("zh", "不是用户作答，未计入：系统默认评价 3 条、内部人员评价 1 条"),
    ],
)
def test_what_is_no_answer_is_counted_next_to_satisfaction(locale: str, said: str) -> None:
    values = week_values()
    counted = {"rating_default": 3, "rating_internal": 1, "spam": 2}
    values["csat",] = msgspec.structs.replace(values["csat",], excluded=counted)
    made = render("weekly_digest", week(values=values), locale=locale)
    for text in (made.text, made.html, made.page):
        assert text is not None
        assert said in text.replace("\n", " ").replace("\xa0", " ")
    assert said not in (render("weekly_digest", week(), locale=locale).text or "")


# --- what has no dimension


def test_questions_without_a_dimension_are_shown_with_their_answers_of_the_period(store: Store) -> None:
    source = Source(store)
    source.put(KIND)
    put_surveys(
        source, answer("1", "good", "36001"), answer("2", "bad", "36001"), answer("3", "bad", "36001", rater="c"),
        answer("1", "good", "speed"), answer("2", "good", "speed", at=MONDAY + 8 * WEEK), answer("3", "good", "q1"),
        answer("1", "good"), answer("4", "good", "speed", origin="default"),
    )  # fmt: skip
    figures = ReportData(mapped(store, q1="expertise"), *period_of(), {})
    assert figures.facts.questions == (("acme: 36001 (Was the agent kind?)", 3), ("acme: speed", 1))


@pytest.mark.parametrize("template", ["weekly_digest", "monthly_summary"])
@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "Survey questions without a dimension ([csat.dimensions]): acme: 36001, 3 answers"),
        ("zh", "未归入维度的问卷题目（[csat.dimensions]）：acme: 36001，3 条评价"),
    ],
)
def test_a_report_names_them_at_its_end_in_every_format(template: str, locale: str, said: str) -> None:
    unmapped = (("acme: 36001", 3), *((f"acme: q{n}", 1) for n in range(9)))
    made = render(template, week(facts=facts(questions=unmapped)), locale=locale)
    formats = (made.text, made.html, made.page, json.dumps(json.loads(made.slack or b""), ensure_ascii=False))
    for text in formats:
        assert text is not None
        assert said in re.sub(r"\s+", " ", re.sub("<.*?>", "", text))
        assert "q8" not in text
    assert json.loads(made.json or b"")["questions_without_dimension"]["acme: 36001"] == 3
    plain = render(template, week(), locale=locale)
    assert "csat.dimensions" not in (plain.text or "") + (plain.html or "") + (plain.page or "")


@pytest.mark.parametrize("privacy", ["pseudonymous", "team_only"])
def test_a_question_that_names_an_agent_does_not_give_them_away(privacy: Any) -> None:
    report_facts = facts(
        questions=(("acme: How was Ann Smith?", 3),), agents=(AgentAliases("Ann Smith"),), secret=b"kept"
    )
    made = render("weekly_digest", week(facts=report_facts), privacy=privacy)
    assert "acme: How was" in (made.text or "")
    assert "Smith" not in f"{made.text}{made.html}{made.page}{made.json!r}{made.slack!r}"


CONFIG = """\
[sources.acme]
connector = "zendesk"
url = "http://127.0.0.1:9"
since = 2026-01-01
auth = { client_id = "x", client_secret = { env = "NOT_NEEDED" } }

[csat.dimensions]
q1 = "expertise"
q9 = "attitude"
"acme:q8" = "attitude"
"""


def test_check_and_status_name_them_and_check_names_keys_that_match_no_question(
    store: Store, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(store)
    source.put(KIND)
    put_surveys(source, answer("1", "good", "36001"), answer("1", "good", "q1"))
    path = tmp_path / "helpdesk-kpi.toml"
    path.write_text(f'store = "{store.path}"\n{CONFIG}')
    cli = Cli(capfd, monkeypatch)
    cli.at(MONDAY + WEEK)
    found = [(f.level, f.text) for f in config_findings(AppContext(path)) if f.about == "csat.dimensions"]
    assert [level for level, _ in found] == ["note", "warning", "warning"]
    assert "acme: 36001 (Was the agent kind?), 1 answers, has no dimension" in found[0][1]
    assert ["'q9'" in found[1][1], "'acme:q8'" in found[2][1]] == [True, True]
    said = cli("status", "--config", path)
    assert "survey questions without a dimension: acme: 36001 (Was the agent kind?) (1 answers)" in said.out
    as_json = json.loads(cli("status", "--json", "--config", path).out)
    assert as_json["questions_without_dimension"] == {"acme: 36001 (Was the agent kind?)": 1}


def test_before_any_survey_has_questions_no_key_is_doubted(store: Store, tmp_path: Path) -> None:
    put_surveys(Source(store), answer("1", "good"))
    path = tmp_path / "helpdesk-kpi.toml"
    path.write_text(f'store = "{store.path}"\n{CONFIG}')
    assert [f for f in config_findings(AppContext(path)) if f.about == "csat.dimensions"] == []
