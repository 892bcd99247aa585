"""Articles loaded from a store: rebuilds, sources, addresses and authors."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from metric_store_fixtures import HOUR, MONDAY, WEEK, Source, agent, customer, period_of, reader, ticket, value
from register_fixtures import Book

from helpdesk_kpi.config import Config, PersonConfig
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.explain.explain import explain_metric, format_explanation
from helpdesk_kpi.measure.explain.observation_export import export_observations
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.model import Article, ArticleEdit, Event
from helpdesk_kpi.store import Store, open_store

MADE = MONDAY + HOUR
LATER = MONDAY + 3 * WEEK
SETTINGS = Config(timezone="Europe/Berlin", sources={"acme": {"connector": "zendesk"}})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store.db") as opened:
        yield opened


def article(native: str = "900", author: str = "ann", **more: Any) -> Article:
    return Article(native, "How to reset", f"http://x/hc/{native}", MADE, MADE, 1, author=author, **more)


def answer(number: str, at: int, who: str, *articles: str) -> Event:
    return Event(number, f"{number}-{at}", at, 1, "comment", actor=who, public=True, length=100, articles=articles)


def desk(store: Store, name: str = "acme") -> Source:
    """Ann wrote an article; Bob answered a ticket with it two hours later."""
    source = Source(store, name)
    source.put(
        agent("ann", "Ann"), agent("bob", "Bob"), customer("c", None), article(), ticket("1", MONDAY),
        answer("1", MADE + 2 * HOUR, "bob", "900"),
    )  # fmt: skip
    return source


def export(store: Store, kpi: str, config: Config = SETTINGS) -> list[dict[str, Any]]:
    build_stale(store, config)
    return list(export_observations(store, config, build_query(kpi, None, LATER)))


def test_a_row_of_an_article_has_its_helpdesk_and_its_address_and_a_ticket_where_it_is_about_one(store: Store) -> None:
    desk(store)
    (written,), (used,) = export(store, "article_activity"), export(store, "article_reuse")
    assert [written[name] for name in ("source", "ticket", "agent", "url", "facet", "value")] == [
        "acme", None, "Ann", "http://x/hc/900", "created", 1,
    ]  # fmt: skip
    assert [used[name] for name in ("source", "ticket", "agent", "url", "share")] == [
        "acme", "1", "Ann", "http://x/hc/900", 1,
    ]  # fmt: skip


def test_values_of_articles_can_be_queried_by_helpdesk_and_person(store: Store) -> None:
    desk(store)
    two = desk(store, "other")
    two.put(article("901"))
    sources = {"acme": {"connector": "zendesk"}, "other": {"connector": "zendesk"}}
    store_reader = reader(store, sources=sources, people={})
    assert value(store_reader, "article_activity").value == 3
    assert [value(store_reader, "article_activity", source=name).value for name in ("acme", "other")] == [1, 2]
    assert value(store_reader, "article_activity", source="acme", agent="Ann (1)").value == 1


def test_a_ticket_that_is_merged_later_takes_its_use_of_an_article_back(store: Store) -> None:
    source = desk(store)
    assert export(store, "article_reuse")[0]["reason"] == ""
    source.put(ticket("1", MONDAY, merged_into="2", status="closed"), ticket("2", MONDAY))
    source.put(
        Event("1", "m", MADE + 5 * HOUR, 9, "change", actor="bob", field="status", before="open", after="closed")
    )
    assert [row["reason"] for row in export(store, "article_reuse")] == ["merged"]


def test_a_link_by_title_finds_its_article(store: Store) -> None:
    source = desk(store)
    source.put(ticket("2", MONDAY), answer("2", MADE + HOUR, "bob", "title:How to reset", "title:Another"))
    assert sorted(row["ticket"] for row in export(store, "article_reuse")) == ["1", "2"]


def test_whoever_turns_out_to_be_the_author_under_another_account_loses_the_use(store: Store) -> None:
    desk(store)
    assert len(export(store, "article_reuse")) == 1
    one = Config(
        timezone="Europe/Berlin", sources=SETTINGS.sources,
        people={"ann": PersonConfig(name="Ann", accounts=["acme:ann", "acme:bob"])},
    )  # fmt: skip
    assert export(store, "article_reuse", one) == []


def test_an_import_of_many_articles_by_one_account_is_no_work_of_theirs(store: Store) -> None:
    source = desk(store)
    source.put(*(article(str(n), "bob") for n in range(20, 31)))  # eleven within a minute
    source.put(*(ArticleEdit("900", MADE + n * HOUR, editor="ann") for n in (5, 6)))
    rows = [(row["agent"], row["facet"]) for row in export(store, "article_activity")]
    assert sorted(rows) == sorted([("Ann", "created"), *[("Ann", "substantive")] * 2, *[("Bob", "minor")] * 11])


def test_an_article_is_built_again_only_when_something_about_it_changed(store: Store) -> None:
    source = desk(store)
    export(store, "article_reuse")
    assert store.one("SELECT count(*) FROM stale_subjects WHERE kind = 'article'") == 0
    source.put(article())
    source.put(ticket("3", MONDAY))
    assert store.one("SELECT count(*) FROM stale_subjects WHERE kind = 'article'") == 0
    source.put(article(votes_up=1, votes_down=0))
    assert store.rows("SELECT kind FROM stale_subjects WHERE kind != 'ticket'") == [("article",)]


def test_no_more_than_twenty_tickets_of_an_article_count_in_a_period(store: Store) -> None:
    source = desk(store)
    numbers = [str(n) for n in range(100, 125)]
    source.put(*(ticket(n, MONDAY) for n in numbers), *(answer(n, MADE + 3 * HOUR, "bob", "900") for n in numbers))
    found = value(reader(store), "article_reuse")
    assert (found.n, found.value) == (26, pytest.approx(20))


def test_a_use_after_ninety_days_does_not_count(store: Store) -> None:
    source = desk(store)
    for number, days in (("4", 90), ("5", 91)):
        source.put(ticket(number, MONDAY), answer(number, MADE + days * 24 * HOUR, "bob", "900"))
    store_reader, (period, _) = reader(store), period_of()
    found = store_reader.compute(build_query("article_reuse", period, MADE + 100 * 24 * HOUR))
    assert (found.n, found.value) == (2, 2)  # tickets 1 and 4


def test_checklists_out_of_the_register_are_a_mean_of_their_own(tmp_path: Path) -> None:
    book = Book(tmp_path / "book.db")  # kb1 is Bob's; Ann finds one of two aspects met, Cem both
    for by, complete in (("Ann", 0), ("Cem", 1)):
        book.put("article_review", article="kb1", by=by, on="2026-11-18", title=1, complete=complete)
    build_stale(book.store, book.config, extra=[("article_quality", "checklist")])
    period, as_of = period_of()
    found = explain_metric(
        book.store, book.config, build_query("article_quality", period, as_of, "checklist", agent="Bob")
    )
    assert (found["value"]["n"], found["value"]["value"]) == (2, 0.75)
    assert [row["url"] for row in found["observations"]] == ["http://x/kb/kb1"] * 2


def test_an_articles_number_is_opened_down_to_the_article(store: Store) -> None:
    source = desk(store)
    source.put(article(votes_up=0, votes_down=0), now=MONDAY)
    source.put(article("901", votes_up=3, votes_down=1), now=MADE + HOUR)
    build_stale(store, SETTINGS)
    period, as_of = period_of()
    opened = format_explanation(
        explain_metric(store, SETTINGS, build_query("article_activity", period, as_of, agent="Ann"))
    )
    assert opened.splitlines()[3].startswith("value 2   n 2")
    assert len([line for line in opened.splitlines() if " - " in line and "created http://x/hc/" in line]) == 2
    # 3 of 4: the centre is (3 + 1.92) / (4 + 3.84) = 0.628, half of the width 0.327
    explanation = explain_metric(store, SETTINGS, build_query("article_quality", period, as_of))
    assert explanation["value"]["value"] == pytest.approx(0.30064, abs=1e-5)
    assert explanation["formula"] == "lower end of the 95 % interval (Wilson) of 3 / 4"
