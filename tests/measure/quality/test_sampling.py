"""Tickets sampled for review, and checklists of articles as input of article KPIs."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from metric_store_fixtures import HOUR, MONDAY, Source, ticket
from register_fixtures import NOW, Book
from synced_fixtures import Cli

from helpdesk_kpi.calendar.periods import parse_period
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.quality.sampling import SampledTicket, sample_tickets
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.model import Event
from helpdesk_kpi.registers.checklists import checklists
from helpdesk_kpi.registers.lookup import RegisterLookup
from helpdesk_kpi.registers.writer import withdraw_entry
from helpdesk_kpi.store.register_entries import Written

#: What Ann solved in week 47: four of P1 and sixteen of P3; Bob solved two.
PRIORITIES = {**{f"a{n}": ("n", "high") for n in range(4)}, **{f"b{n}": ("n", "low") for n in range(16)},
              "c0": ("b", "low"), "c1": ("b", "high")}  # fmt: skip


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(tmp_path / "a.db")
    for number, (key, (who, priority)) in enumerate(PRIORITIES.items()):
        solve(made, key, who, priority, MONDAY + number * HOUR)
    yield made
    made.store.close()


def solve(book: Book, key: str, who: str, priority: str, at: int, **more: str) -> None:
    change = Event(key, f"{key}s", at + 60_000, 1, "change", actor=who, field="status", before="open", after="solved")
    Source(book.store).put(ticket(key, at, requester="cust", status="solved", priority=priority, **more), change)


def draw(book: Book, each: int, period: str = "2026-W47") -> list[SampledTicket]:
    build_stale(book.store, book.config)
    return list(
        sample_tickets(MetricStore(book.store, book.config), parse_period(period, "Europe/Berlin", NOW), NOW, each)
    )


def test_of_each_person_every_severity_in_proportion(book: Book) -> None:
    """Ten of Ann's twenty: 10 x 4/20 = 2 of P1 and 8 of P3; both of Bob's, since there are no more."""
    found = draw(book, 10)
    assert Counter((one.person, one.severity) for one in found) == {
        ("Ann", "high"): 2, ("Ann", "low"): 8, ("Bob", "high"): 1, ("Bob", "low"): 1
    }  # fmt: skip
    assert len({one.ticket for one in found}) == len(found)


def test_drawn_again_the_same_come_and_another_stores_others(book: Book, tmp_path: Path) -> None:
    first = draw(book, 5)
    assert draw(book, 5) == first
    with book.store.transaction() as conn:
        conn.execute("UPDATE meta SET value = ? WHERE key = 'hash_key'", (b"another key, of another store...",))
    assert draw(book, 5) != first


def test_more_of_each_keeps_those_that_were_drawn(book: Book) -> None:
    assert {one.ticket for one in draw(book, 5)} <= {one.ticket for one in draw(book, 10)}


def test_what_does_not_count_and_what_others_solved_is_not_drawn(book: Book) -> None:
    solve(book, "x1", "n", "low", MONDAY - 24 * HOUR)  # the week before
    solve(book, "x2", "n", "low", MONDAY + HOUR, channel="internal_task")
    found = {one.ticket for one in draw(book, 100)}
    assert len(found) == len(PRIORITIES)
    assert not {"http://x/x1", "http://x/x2"} & found


def test_the_sheet_can_be_filled_in_and_imported(
    book: Book, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "helpdesk-kpi.toml"
    config.write_text('timezone = "Europe/Berlin"\nstore = "a.db"\n', encoding="utf-8")
    cli = Cli(capfd, monkeypatch)
    cli.at(NOW)
    ran = cli("record", "draw", "--period", "2026-W47", "--each", "3", "--config", config)
    rows = list(csv.DictReader(ran.out.splitlines()))
    assert Counter(row["subject"] for row in rows) == {"Ann": 3, "Bob": 2}
    filled = tmp_path / "quality_review.csv"
    with filled.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "by": "Cem", "on": "2026-11-24", "solution": "4"} for row in rows)
    ran = cli("import", filled, "--config", config)
    assert ran.out.endswith("5 rows: 5 new, 0 corrected, 0 unchanged, 0 withdrawn before\n"), ran.err
    config.write_text('timezone = "Europe/Berlin"\nstore = "a.db"\nprivacy = "team_only"\n', encoding="utf-8")
    ran = cli("record", "draw", "--period", "2026-W47", "--config", config)
    assert (ran.status, ran.out) == (2, "")


# --- checklists of articles


def test_a_checklist_scores_an_article_by_the_aspects_that_are_met(book: Book) -> None:
    """Ann: title and complete met, one_issue not: 2/3. Cem: everything met: 1. Ann's is corrected, then withdrawn."""
    names = RegisterLookup(book.store, book.config)
    key = book.store.one("SELECT id FROM articles")
    given: dict[str, Any] = {"article": "http://x/kb/kb1", "on": "2026-11-18", "title": 1, "complete": 1}
    first = book.put("article_review", by="Ann", one_issue=0, **given)
    book.put("article_review", by="Cem", **given)
    day = parse_period("2026-11-18", "Europe/Berlin", NOW).start
    assert checklists(names, [key, 99]) == {key: [(day, pytest.approx(2 / 3)), (day, 1)]}
    second = book.put("article_review", by="Ann", one_issue=1, **given)
    assert second.before == first.id
    assert checklists(names, [key]) == {key: [(day, 1), (day, 1)]}
    withdraw_entry(book.store, second.id, "another article", Written(NOW, "tester"))
    assert checklists(names, [key]) == {key: [(day, 1)]}


def test_checklists_are_a_variant_of_the_quality_of_articles(book: Book) -> None:
    """2/3 and 1 of Bob's article, mean 5/6."""
    given: dict[str, Any] = {"article": "kb1", "on": "2026-11-18", "title": 1, "complete": 1}
    book.put_all(("article_review", {**given, "by": "Ann", "one_issue": 0}), ("article_review", {**given, "by": "Cem"}))
    build_stale(book.store, book.config, extra=[("article_quality", "checklist")])
    period = parse_period("2026-11", "Europe/Berlin", NOW)
    found = MetricStore(book.store, book.config).get(
        build_query("article_quality", period, NOW, "checklist", agent="Bob")
    )
    assert found.n == 2
    assert found.value == pytest.approx(5 / 6)


def test_a_checklist_makes_its_article_stale(book: Book) -> None:
    with book.store.transaction() as conn:
        conn.execute("DELETE FROM stale_subjects")
    book.put("article_review", article="kb1", by="Ann", on="2026-11-18", title=1)
    assert ("article", 1) in book.store.rows("SELECT kind, subject FROM stale_subjects")
