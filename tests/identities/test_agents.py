"""Whose accounts are whose: joined by configuration and verified address, by nothing else; customers by their hash."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from metric_store_fixtures import (
    HOUR,
    MONDAY,
    Source,
    agent,
    customer,
    period_of,
    reader,
    reply,
    ticket,
    value,
    verified,
)

from helpdesk_kpi.config import Config, NumberSince, PersonConfig, TextSince, Tickets
from helpdesk_kpi.identities.agents import load_agents
from helpdesk_kpi.identities.customer_identity import load_customer_identities
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.model import Person
from helpdesk_kpi.report.privacy import HIDDEN, redact
from helpdesk_kpi.report.report_data import ReportData
from helpdesk_kpi.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


def joined(store: Store, config: Config | None = None, **people: PersonConfig) -> list[tuple[str, dict[str, str]]]:
    """Every human with their accounts, and how each came to them."""
    humans = load_agents(store, config or Config(people=people)).all
    return [(h.name, {a.account_ref: how for a, how in zip(h.accounts, h.how, strict=True)}) for h in humans]


# --- joining


def test_a_verified_address_joins_and_an_unverified_one_does_not(store: Store) -> None:
    Source(store).put(verified("1", "Ann Smith", "ann@x.org"), verified("2", "Bob Roe", "bob@x.org"))
    Source(store, "beta").put(verified("7", "A. Smith", "Ann@X.org "), agent("8", "Bob Roe", email="bob@x.org"))
    assert joined(store) == [
        ("Ann Smith", {"acme:1": "verified address", "beta:7": "verified address"}),
        ("Bob Roe (1)", {"acme:2": "single account"}),
        ("Bob Roe (2)", {"beta:8": "single account"}),
    ]


def test_somebody_who_is_met_once_more_without_an_address_is_still_who_they_were(store: Store) -> None:
    """Who left and wrote an old comment is told of by the comment alone."""
    Source(store).put(verified("1", "Ann Smith", "ann@x.org"))
    Source(store, "beta").put(verified("7", "A. Smith", "ann@x.org"), Person("7", "agent", "agent", version=9))
    assert joined(store) == [("Ann Smith", {"acme:1": "verified address", "beta:7": "verified address"})]


def test_the_configuration_joins_by_id_and_by_address_verified_or_not(store: Store) -> None:
    Source(store).put(agent("1", "Ann Smith"), agent("2", "Annie", email="ann@y.org"))
    Source(store, "beta").put(agent("7", "Smith, A."))
    ann = PersonConfig(name="Ann Smith", accounts=["ACME:1", "Ann@y.org", "beta:7"])
    assert joined(store, ann=ann) == [
        ("Ann Smith", {"acme:1": "configured", "acme:2": "configured", "beta:7": "configured"})
    ]


def test_an_account_with_the_verified_address_of_a_configured_one_is_the_same_persons(store: Store) -> None:
    Source(store).put(verified("1", "Ann", "ann@x.org"))
    Source(store, "beta").put(verified("7", "Ann", "ann@x.org"))
    found = joined(store, ann=PersonConfig(accounts=["acme:1"]))
    assert found == [("ann", {"acme:1": "configured", "beta:7": "verified address"})]


def test_two_entries_tell_two_people_with_one_verified_address_separate(store: Store) -> None:
    Source(store).put(verified("1", "Ann", "desk7@x.org"))
    Source(store, "beta").put(verified("7", "Ben", "desk7@x.org"))
    found = joined(store, ann=PersonConfig(accounts=["acme:1"]), ben=PersonConfig(accounts=["beta:7"]))
    assert found == [("ann", {"acme:1": "configured"}), ("ben", {"beta:7": "configured"})]


@pytest.mark.parametrize("address", ["support@x.org", "info@x.org", "No-Reply@x.org", "it2@x.org", "helpdesk@x.org"])
def test_a_mailbox_that_several_people_read_joins_nobody(store: Store, address: str) -> None:
    Source(store).put(verified("1", "Front desk", address))
    Source(store, "beta").put(verified("7", "Second line", address))
    assert [list(accounts.values()) for _, accounts in joined(store)] == [["single account"], ["single account"]]


def test_a_name_that_only_begins_like_a_shared_mailbox_is_a_persons(store: Store) -> None:
    Source(store).put(verified("1", "Itzel Team", "itzel@x.org"))
    Source(store, "beta").put(verified("7", "Itzel", "itzel@x.org"))
    assert len(joined(store)) == 1


def test_robots_join_nobody_whether_the_helpdesk_or_the_configuration_says_so(store: Store) -> None:
    Source(store).put(
        Person("1", "bot", "agent", 1, name="Flow", email="flow@x.org", email_verified=True),
        verified("2", "Importer", "import@x.org"),
    )
    Source(store, "beta").put(verified("7", "Flo", "flow@x.org"), verified("8", "Importer", "import@x.org"))
    config = Config(tickets=Tickets(bots=["import@x.org"]))
    assert [len(accounts) for _, accounts in joined(store, config)] == [1, 1, 1, 1]


def test_who_left_and_is_a_customer_now_keeps_their_accounts_together(store: Store) -> None:
    Source(store).put(verified("1", "Ann Smith", "ann@x.org"))
    Source(store).put(Person("1", "customer", "end-user", 9, name="Ann Smith", email="ann@x.org", email_verified=True))
    Source(store, "beta").put(verified("7", "Ann Smith", "ann@x.org"))
    assert [accounts for _, accounts in joined(store)] == [{"acme:1": "verified address", "beta:7": "verified address"}]


def test_names_and_numbers_do_not_depend_on_which_helpdesk_was_read_first(store: Store) -> None:
    """Sync reads them side by side; the order of the configuration decides."""
    Source(store, "beta").put(verified("7", "A. Smith", "ann@x.org"), agent("8", "Bob Roe"))
    Source(store, "acme").put(verified("1", "Ann Smith", "ann@x.org"), agent("2", "Bob Roe"))
    found = joined(store, Config(sources={"acme": {"connector": "zendesk"}, "beta": {"connector": "zendesk"}}))
    assert [(name, list(accounts)) for name, accounts in found] == [
        ("Ann Smith", ["acme:1", "beta:7"]), ("Bob Roe (1)", ["acme:2"]), ("Bob Roe (2)", ["beta:8"]),
    ]  # fmt: skip


# --- what holds since when


def instant(*day: int) -> int:
    return int(dt.datetime(*day, tzinfo=dt.UTC).timestamp() * 1000)  # type: ignore[arg-type,misc]  # y, m, d, ...


def test_team_tier_manager_and_role_hold_from_their_day_on_in_local_time(store: Store) -> None:
    Source(store).put(agent("1", "Ann"))
    ann = PersonConfig(
        accounts=["acme:1"], manager="bob",
        team=(TextSince(value="EMEA"), TextSince(value="APAC", since=dt.date(2026, 7, 1))),
        tier=(NumberSince(value=1, since=dt.date(2026, 1, 1)), NumberSince(value=2, since=dt.date(2026, 7, 1))),
    )  # fmt: skip
    (human,) = load_agents(store, Config(timezone="Europe/Berlin", people={"ann": ann})).all
    before, late = instant(2026, 6, 30, 21, 59), instant(2026, 6, 30, 22, 0)  # midnight in Berlin
    assert [human.team_at(t) for t in (0, before, late)] == ["EMEA", "EMEA", "APAC"]
    assert [human.tier_at(t) for t in (instant(2025, 12, 31), before, late)] == [None, 1, 2]
    assert (human.manager_at(0), human.role_at(late)) == ("bob", None)


def test_of_somebody_whom_the_configuration_does_not_name_nothing_is_said(store: Store) -> None:
    Source(store).put(agent("1", "Ann"))
    (human,) = load_agents(store, Config()).all
    assert (human.team_at(MONDAY), human.tier_at(MONDAY)) == (None, None)
    assert (human.manager_at(MONDAY), human.role_at(MONDAY)) == (None, None)


# --- in the store


def test_measuring_writes_down_of_which_account_it_is_and_sql_sees_the_human(store: Store) -> None:
    first, second = Source(store), Source(store, "beta")
    first.put(agent("a", "Support Hero 3"), ticket("1", MONDAY), reply("1", MONDAY + HOUR, "a"))
    second.put(agent("z", "M. Kowalska"), ticket("1", MONDAY), reply("1", MONDAY + HOUR, "z"))
    sql = "SELECT source, agent FROM v_observations WHERE kpi = 'first_reply_time' AND until IS NULL ORDER BY 1"
    kept = "SELECT native, human, entry, how FROM identities JOIN people ON id = person WHERE kind = 'agent'"
    marta = PersonConfig(name="Marta Kowalska", accounts=["acme:a", "beta:z"])
    reader(store)
    assert store.rows(sql) == [("acme", "Support Hero 3"), ("beta", "M. Kowalska")]
    reader(store, people={"marta": marta})
    assert store.rows(sql) == [("acme", "Marta Kowalska"), ("beta", "Marta Kowalska")]
    assert store.rows(kept) == [
        ("a", "Marta Kowalska", "marta", "configured"), ("z", "Marta Kowalska", "marta", "configured")
    ]  # fmt: skip


def test_measuring_again_writes_nothing_when_nobody_changed(store: Store) -> None:
    Source(store).put(agent("a", "Ann"))
    reader(store)
    before = store.conn.total_changes
    build_stale(store, reader(store).config)
    assert store.conn.total_changes == before


def test_figures_of_a_human_are_those_of_all_their_accounts(store: Store) -> None:
    first, second = Source(store), Source(store, "beta")
    for source, who, took in ((first, "a", 1), (second, "z", 3)):
        source.put(
            verified(who, f"Ann of {source.name}", "ann@x.org"), ticket("1", MONDAY + 9 * HOUR),
            reply("1", MONDAY + (9 + took) * HOUR, who),
        )  # fmt: skip
    of = reader(store)
    found = value(of, "first_reply_time", agent="Ann of acme")
    assert (found.n, found.mean) == (2, 2 * HOUR)
    assert value(of, "first_reply_time", agent="Ann of beta").n == 0


# --- customers


def test_customers_of_two_helpdesks_are_one_by_the_hash_of_their_address(store: Store) -> None:
    Source(store).put(customer("c1", "Carol@Post.example"), customer("c2", None), customer("c3", "dan@post.example"))
    Source(store, "beta").put(customer("k1", "carol@post.example"), customer("k2", None))
    found, key = load_customer_identities(store), dict(store.rows("SELECT native, id FROM people"))
    assert found[key["c1"]] == found[key["k1"]]
    assert len({found[key[native]] for native in ("c1", "c2", "c3", "k2")}) == 4
    assert "carol" not in str(store.rows("SELECT * FROM people")).casefold()


@pytest.mark.parametrize("left", [False, True])
def test_a_colleague_who_asks_as_a_customer_is_not_joined_to_their_work(store: Store, left: bool) -> None:
    Source(store).put(verified("a", "Ann Smith", "ann@x.org"))
    if left:
        Source(store).put(Person("a", "customer", "end-user", 9, name="Ann Smith", email="ann@x.org"))
    Source(store, "beta").put(customer("c", "ann@x.org"), ticket("1", MONDAY))
    found, key = load_customer_identities(store), dict(store.rows("SELECT native, id FROM people"))
    assert found[key["c"]] == key["c"]
    assert found[key["a"]] == key["a"]
    assert [accounts for _, accounts in joined(store)] == [{"acme:a": "single account"}]
    assert reader(store).agent_by_account == {key["a"]: "Ann Smith"}


# --- privacy


def describe(store: Store, privacy: Any, **config: Any) -> Any:
    of = reader(store, **config)
    return redact(ReportData(of, *period_of(), {}), privacy, "Agent")


def test_every_name_of_a_human_has_the_same_alias(store: Store) -> None:
    """Customers write the name that one helpdesk shows, the columns show the other's."""
    first, second = Source(store), Source(store, "beta")
    first.put(verified("a", "Ann Smith", "ann@x.org"))
    second.put(
        verified("z", "Hero Three", "ann@x.org"),
        ticket("1", MONDAY, subject="Hero Three was kind", assignee="z"), ticket("2", MONDAY, subject="Is Ann in?"),
    )  # fmt: skip
    first_row, second_row = sorted(describe(store, "pseudonymous").waiting(5), key=lambda row: row.number)
    assert first_row.subject == f"{first_row.assignee} was kind"
    assert first_row.assignee != "Ann Smith"
    assert second_row.subject == f"Is {first_row.assignee} in?"
    assert [row.subject for row in describe(store, "team_only").waiting(5)] == [
        f"{HIDDEN} was kind",
        f"Is {HIDDEN} in?",
    ]


def test_two_people_of_one_name_stay_two_aliases_and_their_common_name_is_hidden(store: Store) -> None:
    source = Source(store)
    source.put(
        agent("a", "Ann Smith"), agent("b", "Ann Smith"),
        ticket("1", MONDAY, assignee="a", subject="Ann Smith (1) and Ann Smith"),
        ticket("2", MONDAY, assignee="b", subject="see (1) above"),
    )  # fmt: skip
    rows = sorted(describe(store, "pseudonymous").waiting(5), key=lambda row: row.number)
    assert len({row.assignee for row in rows}) == 2
    assert [row.subject for row in rows] == [f"{rows[0].assignee} and {HIDDEN}", "see (1) above"]
