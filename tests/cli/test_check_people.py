"""What `check` and `person show` say of people: who may be one, which accounts are doubtful, what is known of one."""

import datetime as dt
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from metric_store_fixtures import MONDAY, Source, agent, customer, verified

from helpdesk_kpi.cli.checks.people import find_people_issues
from helpdesk_kpi.cli.views.person import describe_person, format_person
from helpdesk_kpi.config import Config, NumberSince, PersonConfig
from helpdesk_kpi.identities.agents import load_agents
from helpdesk_kpi.identities.duplicate_accounts import find_duplicate_accounts, name_words
from helpdesk_kpi.model import Person
from helpdesk_kpi.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


# --- suggestions


def suggested(store: Store, **people: PersonConfig) -> list[tuple[str, ...]]:
    """Reason, and the accounts."""
    found = find_duplicate_accounts(load_agents(store, Config(people=people)))
    return [(one.why, *(a.account_ref for h in one.humans for a in h.accounts)) for one in found]


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (agent("1", "Ann Smith"), agent("7", "ann smith"), "same name"),
        (agent("1", "Schmidt, Änne"), agent("7", "Änne Schmidt"), "same name"),
        (agent("1", "Anne Schmidt"), agent("7", "Änne  SCHMIDT"), "same name"),
        (agent("1", "王小明"), agent("7", "王小明"), "same name"),
        (agent("1", "A. Schmidt"), agent("7", "Anna Schmidt"), "similar name"),
        (agent("1", "Anna Maria Schmidt"), agent("7", "Anna Schmidt"), "similar name"),
        (agent("1", "Ann", email="a@x.org"), verified("7", "Smith", "A@x.org"), "same address, not verified"),
        (verified("1", "Desk", "support@x.org"), verified("7", "Desk", "support@x.org"), "same shared mailbox"),
    ],
    ids=lambda v: v if isinstance(v, str) else v.name,
)
def test_what_may_be_one_person_is_suggested_and_not_joined(store: Store, one: Person, other: Person, why: str) -> None:
    Source(store).put(one)
    Source(store, "beta").put(other)
    assert suggested(store) == [(why, "acme:1", "beta:7")]
    assert len(load_agents(store, Config()).all) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna Schmidt", "Andrea Schmidt"),
        ("Anna Schmidt", "B. Schmidt"),
        ("Anna", "Anna Schmidt"),
        ("王小明", "王小红"),
        ("Ann Lee", "Bob Lee"),
    ],
)
def test_names_that_contradict_each_other_are_not_suggested(store: Store, one: str, other: str) -> None:
    Source(store).put(agent("1", one))
    Source(store, "beta").put(agent("7", other))
    assert suggested(store) == []


def test_two_accounts_of_one_name_on_one_helpdesk_are_two_people(store: Store) -> None:
    Source(store).put(agent("1", "Ann Smith"), agent("2", "Ann Smith"))
    assert suggested(store) == []


def test_one_name_on_three_helpdesks_is_one_suggestion_and_twice_on_one_of_them_is_pairs(store: Store) -> None:
    for source in ("acme", "beta", "gamma"):
        Source(store, source).put(agent("1", "Ann Smith"))
    assert suggested(store) == [("same name", "acme:1", "beta:1", "gamma:1")]
    Source(store).put(agent("2", "Ann Smith"))
    assert {accounts[1:] for accounts in suggested(store)} == {
        ("acme:1", "beta:1"), ("acme:1", "gamma:1"), ("beta:1", "gamma:1"), ("beta:1", "acme:2"), ("gamma:1", "acme:2"),
    }  # fmt: skip


def test_what_a_person_said_is_not_suggested_again(store: Store) -> None:
    Source(store).put(agent("1", "Ann Smith"))
    Source(store, "beta").put(agent("7", "Ann Smith"))
    ann, other = PersonConfig(accounts=["acme:1"]), PersonConfig(accounts=["beta:7"])
    assert suggested(store, ann=PersonConfig(accounts=["acme:1", "beta:7"])) == []
    assert suggested(store, ann=ann, other=other) == []
    assert suggested(store, ann=ann) == [("same name", "acme:1", "beta:7")]


def test_robots_are_not_suggested_as_people(store: Store) -> None:
    Source(store).put(Person("1", "bot", "agent", 1, name="Answer Bot"))
    Source(store, "beta").put(agent("7", "Answer Bot"))
    assert suggested(store) == []


def test_the_words_of_a_name() -> None:
    assert name_words("O'Neill-Schmidt,  Änne B.") == ["o", "neill", "schmidt", "anne", "b"]
    assert name_words(None) == []


# --- what check says of the configuration's accounts


def doubts(store: Store, people: dict[str, PersonConfig], **config: Any) -> list[tuple[str, str, str]]:
    found = find_people_issues(store, Config(people=people, **config))
    return [(f.level, f.about, f.text) for f in found if f.level == "warning"]


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("acme:99", "matches no account of the team"),
        ("acne:1", "no source named 'acne'; did you mean acme?"),
        ("gone@x.org", '"source:id" names an account too'),
        ("carol@post.example", "is the address of a customer's account only"),
        ("acme:9", "is acme:9, a robot's account"),
    ],
)
def test_an_account_that_is_nobodys_is_warned_of(store: Store, mark: str, said: str) -> None:
    Source(store).put(
        agent("1", "Ann"), Person("9", "bot", "agent", 1, name="Bot"), customer("c", "carol@post.example")
    )
    ((level, about, text),) = doubts(store, {"ann": PersonConfig(accounts=["acme:1", mark])})
    assert (level, about) == ("warning", "people.ann.accounts")
    assert repr(mark) in text
    assert said in text


def test_an_account_that_two_entries_claim_is_reported_with_of_which_it_is(store: Store) -> None:
    Source(store).put(agent("1", "Ann", email="ann@x.org"))
    people = {"ann": PersonConfig(accounts=["ann@x.org"]), "bob": PersonConfig(accounts=["acme:1"])}
    said = "'ann@x.org' is acme:1, which people.bob names by its id: it counts as theirs"
    assert doubts(store, people) == [("warning", "people.ann.accounts", said)]
    (bob,) = load_agents(store, Config(people=people)).all
    assert bob.name == "bob"


def test_before_anything_was_read_no_account_is_doubted(store: Store) -> None:
    assert doubts(store, {"ann": PersonConfig(accounts=["ann@x.org"])}) == []


def notes(store: Store, **people: PersonConfig) -> list[str]:
    return [f.text for f in find_people_issues(store, Config(people=people)) if f.level == "note"]


def test_a_suggestion_is_an_entry_to_paste_with_a_name_of_its_own(store: Store) -> None:
    Source(store).put(agent("1", "Ann Smith"), agent("2", '王"小明'))
    Source(store, "beta").put(agent("7", "ann smith"), agent("8", '王"小明'))
    pasted: dict[str, Any] = {}
    for text in notes(store, ann_smith=PersonConfig(accounts=["acme:99"])):
        pasted |= tomllib.loads("\n".join(text.splitlines()[1:]))["people"]
    assert pasted == {
        "ann_smith_2": {"accounts": ["acme:1", "beta:7"], "name": "Ann Smith"},
        "王_小明": {"accounts": ["acme:2", "beta:8"], "name": '王"小明'},
    }


def test_to_somebody_who_has_an_entry_the_further_account_is_added(store: Store) -> None:
    Source(store).put(agent("1", "Ann Smith", email="ann@x.org"))
    Source(store, "beta").put(agent("7", "Ann Smith"))
    (text,) = notes(store, ann=PersonConfig(accounts=["ann@x.org"]))
    assert "change their entry to" in text
    assert tomllib.loads("\n".join(text.splitlines()[1:])) == {"people": {"ann": {"accounts": ["ann@x.org", "beta:7"]}}}


def test_a_shared_mailbox_is_suggested_with_care(store: Store) -> None:
    Source(store).put(verified("1", "Desk", "support@x.org"))
    Source(store, "beta").put(verified("7", "Desk", "support@x.org"))
    (text,) = notes(store)
    assert "several people may use it: look before you join" in text


# --- what person show says


def test_person_show_tells_roles_over_time_and_what_is_dated(store: Store) -> None:
    source = Source(store)
    source.put(verified("1", "Ann Smith", "ann@x.org"))
    source.put(Person("1", "customer", "end-user", MONDAY, name="Ann Smith", email="ann@x.org"))
    ann = PersonConfig(
        accounts=["acme:1"], name="Ann Smith", manager="bob", left=dt.date(2026, 11, 16),
        tier=(NumberSince(value=1), NumberSince(value=2, since=dt.date(2026, 7, 1))),
    )  # fmt: skip
    (human,) = load_agents(store, Config(people={"ann": ann})).all
    found = describe_person(store, human, MONDAY)
    assert (found["tier"], found["manager"], found["left"], found["entry"]) == (2, "bob", "2026-11-16", "ann")
    assert found["over_time"]["tier"] == [{"value": 1, "since": None}, {"value": 2, "since": "2026-07-01"}]
    (account,) = found["accounts"]
    assert (account["joined_by"], account["kind"]) == ("configured", "customer")
    assert [span["role"] for span in account["roles"]] == ["agent", "end-user"]
    assert format_person(found).splitlines() == [
        "Ann Smith  [people.ann]",
        "  tier      1, 2 since 2026-07-01",
        "  manager   bob",
        "  left      2026-11-16",
        "  acme:1  Ann Smith, ann@x.org (not verified)",
        "    configured; customer",
        "    agent (agent) seen since 1970-01-01T00:00:00.001Z",
        "    customer (end-user) seen since 2026-11-15T23:00:00Z",
    ]
