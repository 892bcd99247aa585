"""Who was of the team when: by roles that were seen, by the work that was done, by whose ticket it was."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from metric_store_fixtures import HOUR, MONDAY, Source, agent, customer, reader, reply, ticket
from timeline_fixtures import ANN, CREATED, PEOPLE, desk, measured, minutes, said, story

from helpdesk_kpi.config import Config, Tickets
from helpdesk_kpi.identities.agents import load_agents
from helpdesk_kpi.identities.source_rules import AccountFacts, load_source_rules
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.model import Event, Person
from helpdesk_kpi.store import Store, open_store

NINE, DAY = MONDAY + 9 * HOUR, 24 * HOUR
LATER = MONDAY + 9 * DAY
WHO = 7


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        Source(opened).put(agent("a", "Ann"), customer("c", "c@x.org"))
        yield opened


def contact(key: str, version: int = LATER, **more: Any) -> Person:
    return Person(key, "customer", "end-user", version, **more)


def given(number: str, at: int, who: str) -> Event:
    return Event(number, f"{number}-to-{who}", at, 1, "change", actor="a", field="assignee", before=None, after=who)


def replied_by(store: Store, who: str) -> list[str]:
    """The tickets of which somebody's reply is the first."""
    of = reader(store)
    rows = of.columns("first_reply_time")
    (key,) = store.rows("SELECT id FROM people WHERE native = ?", who)
    native = dict(store.rows("SELECT id, native FROM tickets"))
    return sorted({native[int(s)] for s, a in zip(rows.story, rows.agent, strict=True) if int(a) == key[0]})


def names(of: Any) -> set[str]:
    return {account.native for human in load_agents(of.store, of.config).all for account in human.accounts}


# --- the work tells


def test_who_became_a_contact_before_the_first_sync_was_an_agent_until_then(store: Store) -> None:
    # Dora had tickets 1 and 2 and answered them; the only row that was ever seen of her is a contact's, of day 9.
    # Her word of day 10, on somebody else's ticket, is a contact's.
    late = ticket("3", LATER)
    Source(store).put(
        contact("d"), ticket("1", NINE), given("1", NINE, "d"), reply("1", NINE + HOUR, "d"),
        ticket("2", NINE), given("2", NINE, "d"), reply("2", NINE + HOUR, "d"), late, reply("3", LATER + DAY, "d"),
    )  # fmt: skip
    assert replied_by(store, "d") == ["1", "2"]
    assert "d" in names(reader(store))


def test_work_after_a_date_that_says_customer_is_work(store: Store) -> None:
    # Her row was last changed on Monday before all of it: she was given tickets later, so she was of the team until
    # the last thing that she did on them, on day 2.
    Source(store).put(
        contact("d", MONDAY), ticket("1", NINE), given("1", NINE, "d"), reply("1", NINE + DAY, "d"),
        ticket("2", LATER), reply("2", LATER + DAY, "d"),
    )  # fmt: skip
    assert replied_by(store, "d") == ["1"]


def test_one_assignment_makes_no_agent_of_a_customer_who_asks(store: Store) -> None:
    # Carl asked for two things, and ticket 1 was given to him by mistake; on 2, of somebody else, he was copied in.
    Source(store).put(
        customer("k", "k@x.org"), ticket("8", NINE, requester="k"), ticket("9", NINE, requester="k"),
        ticket("1", NINE), given("1", NINE, "k"), reply("1", NINE + HOUR, "k"),
        ticket("2", NINE), reply("2", NINE + HOUR, "k"), reply("2", NINE + 2 * HOUR, "a"),
    )  # fmt: skip
    assert replied_by(store, "k") == []
    assert replied_by(store, "a") == ["2"]
    assert "k" not in names(reader(store))


def test_a_ticket_of_their_own_that_is_given_to_them_is_no_work_for_the_team(store: Store) -> None:
    Source(store).put(customer("k", None), ticket("1", NINE, requester="k"), given("1", NINE, "k"))
    of = reader(store)
    assert store.rows("SELECT * FROM standings") == []
    assert "k" not in names(of)


def test_who_was_made_an_agent_later_requested_as_a_customer_before(store: Store) -> None:
    # Erin asked on Monday, was seen as an agent on day 9, and answers others from day 10 on.
    Source(store).put(
        agent("e", "Erin", LATER), ticket("1", NINE, requester="e"), reply("1", NINE + HOUR, "a"),
        ticket("2", LATER + HOUR), reply("2", LATER + DAY, "e"),
        ticket("3", LATER + 2 * DAY, requester="e"), reply("3", LATER + 2 * DAY + HOUR, "a"),
    )  # fmt: skip
    assert replied_by(store, "a") == ["1", "3"]
    rows = reader(store).columns("first_reply_time")
    native = dict(store.rows("SELECT id, native FROM tickets"))
    stops = {native[int(s)]: rows.words[int(w)] or "" for s, w in zip(rows.story, rows.stop, strict=True)}
    assert stops == {"1": "", "2": "", "3": "internal"}


def test_who_worked_before_they_requested_was_of_the_team_all_along(store: Store) -> None:
    Source(store).put(
        agent("e", "Erin", LATER), ticket("2", NINE), reply("2", NINE + HOUR, "e"),
        ticket("1", NINE + DAY, requester="e"), reply("1", NINE + DAY + HOUR, "a"),
    )  # fmt: skip
    rows = reader(store).columns("first_reply_time")
    native = dict(store.rows("SELECT id, native FROM tickets"))
    assert {native[int(s)] for s, w in zip(rows.story, rows.stop, strict=True) if rows.words[int(w)]} == {"1"}


def test_more_work_that_comes_to_be_known_measures_the_tickets_again(store: Store) -> None:
    Source(store).put(contact("d"), ticket("9", NINE, requester="d"), ticket("1", NINE), given("1", NINE, "d"))
    Source(store).put(reply("1", NINE + HOUR, "d"), words=False)
    assert replied_by(store, "d") == []  # as many given as asked
    Source(store).put(ticket("2", NINE), given("2", NINE, "d"))
    assert replied_by(store, "d") == ["1"]


# --- deleted, suspended, made anonymous


def test_who_is_deleted_stays_who_they_were(store: Store) -> None:
    Source(store).put(ticket("1", NINE), reply("1", NINE + HOUR, "d"), agent("d", "Dora", NINE))
    Source(store).put(contact("d", name="Permanently deleted user", active=False))
    assert store.rows("SELECT kind, name, active FROM people WHERE native = 'd'") == [("agent", "Dora", 0)]
    assert replied_by(store, "d") == ["1"]
    Source(store).put(reply("1", LATER + HOUR, "d"))  # an act that is told late: as what they were
    (row,) = store.rows("SELECT count(*) FROM person_roles r JOIN people p ON p.id = r.person WHERE p.native = 'd'")
    assert row == (1,)


def test_who_was_seen_as_deleted_first_is_who_an_older_row_says(store: Store) -> None:
    Source(store).put(contact("d", active=False))
    Source(store).put(agent("d", "Dora", NINE))
    assert store.rows("SELECT kind FROM people WHERE native = 'd'") == [("agent",)]


# --- one actor on one ticket


def by(kind: str, *, has_worked: bool = False, **row: Any) -> Timeline:
    """They write at 10, Ann replies at 30, they write again at 40."""
    people = PEOPLE | {WHO: AccountFacts(kind, has_worked, (0,), (kind,))}
    the = msgspec.structs.replace(desk(), people=people, person_keys={"7": WHO})
    return story(said(10, WHO), said(30, ANN), said(40, WHO), the=the, **row)


def test_an_account_of_many_people_is_nobody() -> None:
    # Not a reply, no question of a customer either; and as a requester no colleague.
    assert minutes(by("nobody"), "first_reply_time") == [30.0]
    assert minutes(by("nobody"), "next_reply_time") == []
    assert by("nobody", requester=WHO).exclusion_reason == ""
    assert {t.who for t in by("nobody", requester=WHO).messages if t.person == WHO} == {"unknown"}


def test_a_licence_is_no_role() -> None:
    # An approver with a licence writes in public before the agent does: the customers' side.
    ticket = by("member")
    assert minutes(ticket, "first_reply_time") == [30.0]
    assert minutes(ticket, "next_reply_time") == ["running"]
    assert [o.value for o in measured(ticket, "replies_per_ticket")] == []


def test_a_licensed_colleague_who_was_given_tickets_is_of_the_team_except_on_their_own() -> None:
    assert minutes(by("member", has_worked=True), "first_reply_time") == [10.0]
    assert minutes(by("member", has_worked=True, requester=WHO, submitter=WHO), "first_reply_time") == [30.0]
    assert minutes(by("member", has_worked=True, participants='["7"]'), "first_reply_time") == [30.0]


def test_a_list_of_the_team_is_complete(store: Store) -> None:
    # Mia has a licence, and ticket 1 is given to her. Without a list her reply is the team's.
    Source(store).put(Person("m", "member", "atlassian", 0), ticket("1", NINE), given("1", NINE, "m"))
    Source(store).put(reply("1", NINE + HOUR, "m"), words=False)
    assert replied_by(store, "m") == ["1"]
    reported = {"acme": {"connector": "jira_service_management", "agents": ["a"]}}
    of = reader(store, sources=reported)
    assert store.rows("SELECT * FROM standings") == []
    assert names(of) == {"a"}


def test_a_private_note_of_a_licensed_colleague_is_a_colleagues() -> None:
    people = PEOPLE | {WHO: AccountFacts("member", False, (0,), ("member",))}
    the = msgspec.structs.replace(desk(), people=people)
    ticket = story(said(10, WHO, public=False), said(30, ANN), the=the)
    assert [t.who for t in ticket.messages] == ["customer", "light_agent", "agent"]


def test_no_list_of_the_team_names_customers_members_or_accounts_of_many(store: Store) -> None:
    Source(store).put(
        Person("m", "member", "atlassian", 0, name="Mia"), Person("n", "nobody", "unknown", 0, name="Former user"),
        ticket("1", NINE, requester="n"), reply("1", NINE + HOUR, "m"),
    )  # fmt: skip
    assert names(reader(store)) == {"a"}


def test_tickets_of_an_account_of_many_repeat_nothing(store: Store) -> None:
    Source(store).put(Person("n", "nobody", "unknown", 0))
    for number, at in (("1", NINE), ("2", NINE + DAY)):
        made = ticket(number, at, requester="n", status="solved", follow_up_of="1" if number == "2" else None)
        end = Event(number, f"{number}-end", at + 2 * HOUR, 2, "change", actor="a", field="status", before="open",
                    after="solved")  # fmt: skip
        Source(store).put(made, reply(number, at + HOUR, "a"), end)
    rows = reader(store).columns("recurrence_rate")
    assert {rows.words[int(w)] for w in rows.stop} == {"shared_sender"}


def test_people_of_before_are_known_by_their_spans() -> None:
    facts = AccountFacts("customer", False, (CREATED, CREATED + 100), ("agent", "customer"))
    assert [facts.kind_at(CREATED + n) for n in (-5, 50, 100)] == ["agent", "agent", "customer"]


def test_the_accounts_that_bring_requests_in_are_found_by_address_id_or_name(store: Store) -> None:

    Source(store).put(agent("f", "Form App", email="form@acme.com"), customer("k", "gate@acme.com"))
    (form,), (gate,) = (store.rows("SELECT id FROM people WHERE native = ?", key) for key in "fk")
    for mark in ("f", "acme:f", "FORM@acme.com", "form app"):
        (found,) = load_source_rules(store, Config(tickets=Tickets(intake=[mark]))).values()
        assert found.intake == {form[0]}, mark
    (found,) = load_source_rules(store, Config(tickets=Tickets(intake=["gate@acme.com"]))).values()
    assert found.intake == {gate[0]}
