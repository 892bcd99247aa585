"""Confidential answers cannot be worked out by asking twice: at two instants, of two periods, of two slices."""

import datetime as dt
import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from metric_store_fixtures import Source, agent
from register_fixtures import PEER, Book
from synced_fixtures import Cli

from helpdesk_kpi.calendar.periods import parse_period
from helpdesk_kpi.config import PersonConfig
from helpdesk_kpi.measure.benchmarking.comparison import compare_people
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.explain.observation_export import export_observations
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.query.metric_query import build_query, select_rows
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.model import MAIN
from helpdesk_kpi.report.report_data import ReportData

TOGETHER = "collaboration_satisfaction"
RATERS = ("Zoe", "Yan", "Xu", "Vic", "Uma", "Tom", "Sue", "Rob")


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(tmp_path / "a.db")
    yield made
    made.store.close()


def ms(moment: str) -> int:
    return int(dt.datetime.fromisoformat(f"{moment}+00:00").timestamp() * 1000)


YEAR_OVER = ms("2027-01-01T12:00")


def answers(book: Book, *given: tuple[str, str, int], about: str = "Ann", now: int = YEAR_OVER) -> None:
    """(rater, day, how fast we are); written down together."""
    rows = ({"subject": about, "by": by, "on": day, "speed": mark} for by, day, mark in given)
    book.put_all(*((TOGETHER, row) for row in rows), now=now)


def value(book: Book, period: str, as_of: int = YEAR_OVER, *, kpi: str = TOGETHER, **where: str) -> MetricValue:
    build_stale(book.store, book.config)
    given: dict[str, Any] = where
    return MetricStore(book.store, book.config).get(
        build_query(kpi, parse_period(period, book.config.timezone, as_of), as_of, "strict", **given)
    )


def test_nothing_is_shown_of_a_period_that_is_not_over(book: Book) -> None:
    """5, 4, 3 by the 18th and 1 on the 25th: 4 and then 3.25 would give the last one away."""
    days = [("Zoe", "2026-11-16", 5), ("Yan", "2026-11-17", 4), ("Xu", "2026-11-18", 3), ("Vic", "2026-11-25", 1)]
    answers(book, *days, now=ms("2026-11-26T12:00"))
    for early in ("2026-11-19T12:00", "2026-11-26T12:00", "2026-11-30T12:00"):
        found = value(book, "2026-11", ms(early), agent="Ann")
        assert (found.value, found.n, found.excluded) == (None, 0, {"period_open": 4})
    assert value(book, "2026-Q4", ms("2026-12-02T12:00"), agent="Ann").value is None
    for as_of in (ms("2026-12-01T00:00"), YEAR_OVER):
        found = value(book, "2026-11", as_of, agent="Ann")
        assert (found.value, found.n, found.excluded) == (3.25, 4, {})


def test_a_week_that_leaves_too_few_of_its_month_is_not_shown(book: Book) -> None:
    """Three in week 47 and one in week 48, a month of four. A week that has a month's answers alone is shown."""
    answers(
        book, ("Zoe", "2026-11-16", 5), ("Yan", "2026-11-17", 4), ("Xu", "2026-11-18", 3), ("Vic", "2026-11-25", 1),
        ("Zoe", "2026-10-13", 2), ("Yan", "2026-10-14", 2), ("Xu", "2026-10-14", 5),
    )  # fmt: skip
    assert value(book, "2026-11").value == 3.25
    week = value(book, "2026-W47")
    assert (week.value, week.n, week.excluded) == (None, 0, {})  # nor when they answered
    assert value(book, "2026-W42").value == 3
    assert value(book, "2026-Q4").value == pytest.approx((13 + 9) / 7)


def test_a_quarter_never_differs_from_its_months_by_too_few(book: Book) -> None:
    """October 3 x 2, November 1: the quarter has October's. In June and November together there are two more: the
    year's rest is Vic, Uma and Tom, 1, 3 and 5.
    """
    answers(
        book, ("Zoe", "2026-10-13", 2), ("Yan", "2026-10-14", 2), ("Xu", "2026-10-14", 2), ("Vic", "2026-11-25", 1),
    )  # fmt: skip
    quarter = value(book, "2026-Q4")
    assert (quarter.value, quarter.n, quarter.excluded) == (2, 3, {"too_few_raters": 1})
    assert value(book, "2026-11").excluded == {"too_few_raters": 1}
    answers(book, ("Uma", "2026-06-10", 3), ("Tom", "2026-06-11", 5))
    assert value(book, "2026-H2").value == 2
    assert value(book, "2026-06").value is None
    year = value(book, "2026")
    assert (year.value, year.n) == (2.5, 6)  # (6 + 9) / 6


def test_one_person_more_does_not_tell_what_was_said_of_them(book: Book) -> None:
    """Ann has three answers, Bob two, both of one team: the team's is Ann's."""
    book.config = book.config.__class__(
        timezone="Europe/Berlin",
        sources=book.config.sources,
        people={
            "ann": PersonConfig(name="Ann", accounts=["acme:n"], team="First line"),
            "bob": PersonConfig(name="Bob", accounts=["acme:b"], team="First line"),
        },
    )
    answers(book, ("Zoe", "2026-11-16", 5), ("Yan", "2026-11-17", 4), ("Xu", "2026-11-18", 3))
    answers(book, ("Zoe", "2026-11-16", 1), ("Yan", "2026-11-17", 1), about="Bob")
    slices: list[dict[str, Any]] = [{"agent": "Ann"}, {"team": "First line"}, {}]
    for where in slices:
        found = value(book, "2026-11", **where)
        assert (found.value, found.n) == (4, 3)
    assert value(book, "2026-11", agent="Bob").excluded == {"too_few_raters": 2}
    assert value(book, "2026-11", team="First line").excluded == {"too_few_raters": 2}


def test_answers_that_come_after_a_look_wait_until_they_are_enough(book: Book) -> None:
    """5, 4, 3: 4. A fourth (1) changes nothing; with a fifth and sixth (2, 3) it is (12 + 6) / 6 = 3."""
    marks = (5, 4, 3, 1, 2, 3)
    given = [{**PEER, "by": by, "initiative": mark, "learning": mark} for by, mark in zip(RATERS, marks, strict=False)]

    def put(*rows: dict[str, Any], day: int) -> MetricValue:
        book.put_all(*(("peer_rating", row) for row in rows), now=ms(f"2026-11-{day:02}T12:00"))
        return value(book, "2026-Q3", kpi="peer_rating", agent="Ann")

    assert put(*given[:3], day=2).value == 4
    late = put(given[3], day=3)
    assert (late.value, late.n, late.excluded) == (4, 3, {"too_few_raters": 1})
    assert put(given[4], day=4).value == 4
    last = put(given[5], day=5)
    assert (last.value, last.n, last.excluded) == (3, 6, {})


def test_answers_written_before_the_period_is_over_are_one_group(book: Book) -> None:
    """Nobody could look before."""
    for number, by in enumerate(RATERS[:4]):
        row = {**PEER, "by": by, "initiative": 1 + number, "learning": 1 + number}
        book.put("peer_rating", **row, now=ms(f"2026-09-{20 + number}T12:00"))
    found = value(book, "2026-Q3", kpi="peer_rating", agent="Ann")
    assert (found.value, found.n) == (2.5, 4)


def test_a_correction_comes_in_its_answers_place(book: Book) -> None:
    answers(
        book, ("Zoe", "2026-11-16", 5), ("Yan", "2026-11-17", 4), ("Xu", "2026-11-18", 3), now=ms("2026-12-01T12:00")
    )
    answers(book, ("Zoe", "2026-11-16", 2), now=ms("2026-12-05T12:00"))
    found = value(book, "2026-11")
    assert (found.value, found.n) == (3, 3)


def test_aspects_are_shown_where_enough_have_rated_the_same_ones(book: Book) -> None:
    """Vic has left out initiative: as a whole they are 4.5, 4.5, 4.5 and 5. Twice the whole's sum, 37, less that of
    learning, 20, and that of initiative, 12, would be Vic's 5. With two more who left it out, it is of three.
    """
    for by in RATERS[:4]:
        book.put("peer_rating", **{**PEER, "by": by, **({"initiative": ""} if by == "Vic" else {})})

    def of(aspect: str = MAIN) -> MetricValue:
        return value(book, "2026-Q3", kpi="peer_rating", agent="Ann", facet=aspect)

    assert (of().value, of().n) == (18.5 / 4, 4)
    for aspect in ("learning", "initiative"):
        assert (of(aspect).value, of(aspect).excluded["too_few_raters"] > 0) == (None, True)
    for by in RATERS[4:6]:
        book.put("peer_rating", **{**PEER, "by": by, "initiative": ""})
    assert (of("learning").value, of("learning").n) == (5, 6)
    assert (of("initiative").value, of("initiative").n) == (4, 3)


def test_a_mean_is_shown_without_what_gives_few_answers_away(book: Book) -> None:
    """Of three answers the mean, the deviation and the 90th percentile are all three."""
    answers(book, ("Zoe", "2026-11-16", 5), ("Yan", "2026-11-17", 4), ("Xu", "2026-11-18", 2))
    found = value(book, "2026-11")
    assert (found.sd, found.p90) == (None, None)


def test_lists_say_neither_when_nor_on_which_ticket(book: Book) -> None:
    book.put_all(
        *((TOGETHER, {"subject": "Ann", "by": by, "on": "2026-11-18", "speed": 4, "ticket": "17"}) for by in RATERS[:3])
    )
    book.put(TOGETHER, subject="Bob", by="Zoe", on="2026-11-18", speed=1, ticket="17")
    build_stale(book.store, book.config)
    found = list(export_observations(book.store, book.config, build_query(TOGETHER, None, YEAR_OVER)))
    assert len(found) == 6  # of Ann's: the whole, and one aspect each; Bob's one is in no list
    said = {key for row in found for key, reported in row.items() if reported is not None}
    assert said == {"kpi", "variant", "facet", "share", "censored", "reason"}
    early = build_query(TOGETHER, None, ms("2026-11-20T12:00"))
    assert list(export_observations(book.store, book.config, early)) == []
    span = parse_period("2026-11", "Europe/Berlin", 0)
    figures = ReportData(MetricStore(book.store, book.config), span, YEAR_OVER, {})
    assert list(figures.ticket_rows(TOGETHER, 10)) == []


def test_a_comparison_knows_no_more_than_the_figures(book: Book) -> None:
    """Bob's two answers are in no comparison, neither as his nor as what is expected of Ann."""
    answers(book, ("Zoe", "2026-11-16", 5), ("Yan", "2026-11-17", 4), ("Xu", "2026-11-18", 3))
    answers(book, ("Zoe", "2026-11-16", 1), ("Yan", "2026-11-17", 1), about="Bob")
    build_stale(book.store, book.config)
    query = build_query(TOGETHER, parse_period("2026-11", "Europe/Berlin", 0), YEAR_OVER)
    found = compare_people(MetricStore(book.store, book.config), query)
    assert [person.name for person in found.subjects] == ["Ann"]


DAYS = [dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in range(0, 365, 3)]
PERIODS = [
    *(f"2026-{month:02}" for month in range(1, 13)), *(f"2026-Q{n}" for n in range(1, 5)), "2026-H1", "2026-H2", "2026",
    *(f"2026-W{week:02}" for week in range(1, 54)), *(day.isoformat() for day in DAYS),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_no_sum_or_difference_of_what_is_shown_is_of_fewer_than_three(tmp_path: Path, seed: int) -> None:
    """Every period, slice and instant that can be asked for is asked for. Each figure is an equation over the answers.
    Could any one answer, or two together, be worked out from them, its unit vector would be a sum of the equations.
    """
    rng = random.Random(seed)
    book = Book(tmp_path / "a.db")
    Source(book.store).put(agent("v", "Eva"))
    for batch in range(6):
        day = ms(f"2026-{1 + 2 * batch + rng.randrange(2):02}-15T12:00")
        rows: dict[tuple[str, str, str], dict[str, Any]] = {}
        for _ in range(rng.randrange(4, 12)):
            subject, by = rng.choice(["Ann", "Bob", "Eva"]), rng.choice(RATERS[:6])
            on = str(rng.choice([d for d in DAYS if ms(f"{d}T12:00") <= day]))
            rows[subject, by, on] = {"subject": subject, "by": by, "speed": rng.randrange(1, 6), "on": on}
        book.put_all(*((TOGETHER, row) for row in rows.values()), now=day)
    build_stale(book.store, book.config)
    reader = MetricStore(book.store, book.config)
    everything = reader.slice(TOGETHER, "strict", facet=MAIN)
    place = {story: i for i, story in enumerate(everything.story.tolist())}
    equations: set[tuple[int, ...]] = set()
    for label, who in itertools.product(PERIODS, [None, "Ann", "Bob", "Eva"]):
        span = parse_period(label, "Europe/Berlin", 0)
        where: dict[str, Any] = {} if who is None else {"agent": who}
        for as_of in (span.start + 40 * 3_600_000, span.end - 1, span.end, YEAR_OVER):
            query = build_query(TOGETHER, span, as_of, "strict", facet=MAIN, **where)
            here, exists = select_rows(query, reader.query_slice(query))
            shown = reader.shown(query, here.take(exists))
            found = reader.compute(build_query(TOGETHER, span, as_of, "strict", **where))
            assert (found.value is not None) == bool(len(shown))
            if len(shown):
                assert found.value == pytest.approx(float(shown.value.mean()))
                equations.add(tuple(sorted(place[story] for story in shown.story.tolist())))
    assert len(equations) > 3
    matrix = np.zeros((len(equations), len(place)))
    for number, members in enumerate(equations):
        matrix[number, list(members)] = 1
    basis = np.linalg.svd(matrix.T, full_matrices=False)[0][:, : np.linalg.matrix_rank(matrix)]
    for few in [*itertools.combinations(range(len(place)), 1), *itertools.combinations(range(len(place)), 2)]:
        for signs in itertools.product((1, -1), repeat=len(few)):
            vector = np.zeros(len(place))
            vector[list(few)] = signs
            assert np.linalg.norm(vector - basis @ (basis.T @ vector)) > 0.1, few
    book.store.close()


# --- from the command line


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    path = tmp_path / "helpdesk-kpi.toml"
    path.write_text(
        'timezone = "Europe/Berlin"\nstore = "a.db"\n[sources.acme]\nconnector = "zendesk"\n'
        'url = "https://acme.zendesk.com"\nemail = "a@example.org"\ntoken = { env = "TOKEN" }\n',
        encoding="utf-8",
    )
    Book(tmp_path / "a.db").store.close()
    return path


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    made = Cli(capfd, monkeypatch)
    made.at(YEAR_OVER)
    return made


def test_trying_all_answers_tells_nothing(cli: Cli, desk: Path) -> None:
    """`record` and `import` say the same whether an answer is new, known or another one."""
    row = ["record", "peer_rating", "subject=Ann", "period=2026-Q3"]
    first = cli(*row, "by=Bob", "initiative=4", "--config", desk)
    assert first.status == 0, first.err
    for dry in ([], ["--dry-run"]):
        said = {
            cli(*row, f"by={who}", f"initiative={mark}", *dry, "--config", desk).out
            for who in ("Bob", "Cem")
            for mark in (3, 4)
        }
        assert len(said) == 1
    sheet = desk.parent / "peer_rating.csv"
    said = set()
    for who, mark in itertools.product(("Bob", "王小明"), (3, 4)):
        sheet.write_text(f"subject,by,period,initiative\nAnn,{who},2026-Q3,{mark}\n", encoding="utf-8")
        said.add(cli("import", sheet, "--dry-run", "--config", desk).out)
    assert len(said) == 1


def test_explain_says_nothing_of_a_period_that_is_not_over(cli: Cli, desk: Path) -> None:
    for by, mark in (("Bob", 5), ("Cem", 4), ("Zoe", 3)):
        fields = ["subject=Ann", f"by={by}", "on=2026-11-18", f"speed={mark}"]
        assert cli("record", TOGETHER, *fields, "--config", desk).status == 0
    words = ["explain", TOGETHER, "--agent", "Ann", "--period", "2026-11", "--json", "--config", desk]
    early = json.loads(cli(*words, "--as-of", "2026-11-20T00:00:00Z").out)
    assert (early["value"]["value"], early["observations"]) == (None, [])
    late = json.loads(cli(*words, "--as-of", "2026-12-01T00:00:00Z").out)
    assert (late["value"]["value"], late["value"]["p90"], late["value"]["sd"]) == (4, None, None)
