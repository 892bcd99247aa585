"""Values that decode well and that no store may keep: each costs its own record, by name, and nothing beside it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from helpdesk_kpi.model import (
    AnyRecord,
    Changes,
    Engagement,
    Event,
    Holiday,
    Name,
    Person,
    Rating,
    Replies,
    Schedule,
    SlaCycle,
    Ticket,
    TimeEntry,
)
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.store.page import Page, Todo
from helpdesk_kpi.store.row_validation import reject_invalid_rows
from helpdesk_kpi.store.write_page import get_source_key, write_page

AT = 1_790_000_000_000  # in 2026
YEAR_9999, IN_SECONDS = 253_370_764_800_000, 1_790_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


def ticket(number: str = "1", **more: Any) -> Ticket:
    return replace(Ticket(number, number, "http://x", AT, AT, AT, "open"), **more)


def comment(own: str, number: str = "1", **more: Any) -> Event:
    return replace(Event(number, own, AT, 0, "comment"), **more)


def put(store: Store, *records: AnyRecord, **page: Any) -> Page:
    source = get_source_key(store, "acme", "zendesk", "http://x", 0)
    return write_page(store, source, "tickets", reject_invalid_rows(Page(records=records, **page)), now=AT)


def aside(store: Store) -> dict[str, str]:
    return dict(store.rows("SELECT id, reason FROM rejected_rows"))


@pytest.mark.parametrize("at", [0, -1, IN_SECONDS, YEAR_9999, 2**63, -(2**70)])
@pytest.mark.parametrize("name", ["created_at", "updated_at", "deleted_at"])
def test_a_ticket_with_an_impossible_time_is_set_aside_and_its_neighbours_stay(
    store: Store, at: int, name: str
) -> None:
    put(store, ticket("1"), ticket("2", **{name: at}), ticket("3"))
    assert store.rows("SELECT native FROM tickets WHERE created_at IS NOT NULL ORDER BY 1") == [("1",), ("3",)]
    assert aside(store) == {"ticket 2": f"{name} is no time between the years 1990 and 2100"}


def test_a_version_that_nothing_could_ever_replace_is_set_aside(store: Store) -> None:
    put(store, ticket("1"), ticket("1", version=YEAR_9999, status="solved"))
    assert store.rows("SELECT status FROM tickets") == [("open",)]
    assert list(aside(store)) == ["ticket 1"]


@pytest.mark.parametrize(
    ("good", "bad", "part"),
    [
        (ticket("1"), ticket("1", updated_at=YEAR_9999), ("ticket:1:row", "row")),
        (Engagement("c", "1", "call", AT), Engagement("c", "1", "call", YEAR_9999), ("contact:c:row", "row")),
        (Rating("r", "1", AT, AT), Rating("r", "1", YEAR_9999, AT), ("rating:r:row", "rating")),
    ],
)
def test_a_refused_row_leaves_its_ticket_unknown_until_that_row_is_kept(
    store: Store, good: AnyRecord, bad: AnyRecord, part: tuple[str, str]
) -> None:
    """Good rows of others with longer ids, and a history that is whole, say nothing of it."""

    def unread() -> list[tuple[Any, ...]]:
        sql = (
            "SELECT t.native, u.id, u.kind FROM unread u JOIN tickets t ON t.id = u.ticket WHERE word LIKE '%no time%'"
        )
        return store.rows(sql)

    put(store, ticket("1"), ticket("12"), bad)
    assert unread() == [("1", *part)]
    others: list[AnyRecord] = [ticket("12"), Engagement("c2", "1", "call", AT), Rating("r2", "1", AT, AT)]
    put(store, *others, Replies("1", AT), replaces=[("refused_row", "1")])
    assert unread() == [("1", *part)]
    put(store, good, bad)  # both on one page: the bad one is what is not known
    assert unread() == [("1", *part)]
    put(store, good)
    assert unread() == []


@pytest.mark.parametrize("bad", [comment("bad", at=None), comment("bad", at="noon"), ticket("2", version="new")])
def test_a_time_or_version_that_is_no_number_is_set_aside(store: Store, bad: AnyRecord) -> None:
    put(store, ticket("1"), bad, comment("a"))
    assert list(aside(store).values()) == ["a time or a version is no number"]
    assert store.rows("SELECT native FROM tickets WHERE created_at IS NOT NULL") == [("1",)]
    assert store.rows("SELECT id FROM events") == [("a",)]


def test_a_time_that_means_never_costs_only_itself(store: Store) -> None:
    put(
        store,
        Rating("r", "1", AT, AT, expires_at=YEAR_9999),
        SlaCycle("1", "s", 0, "First response", AT, started_at=AT, breach_at=YEAR_9999),
    )  # fmt: skip
    assert store.rows("SELECT expires_at FROM ratings") == [(None,)]
    assert store.rows("SELECT started_at, breach_at FROM sla_cycles") == [(AT, None)]
    assert aside(store) == {}


@pytest.mark.parametrize(
    "bad",
    [
        comment("bad", seq=2**63),
        comment("bad", length=-(2**64)),
        comment("bad", via="half \ud83d"),
        comment("half \ud83d"),
        comment("bad", seq=None),
        comment("bad", seq="first"),
    ],
    ids=["seq", "length", "text", "id", "null", "word"],
)
def test_what_sqlite_refuses_is_set_aside_and_the_rest_of_the_page_is_kept(store: Store, bad: Event) -> None:
    stored = put(store, ticket(), comment("a"), bad, comment("b"), cursor="c1", complete_until=AT)
    assert store.rows("SELECT id FROM events ORDER BY 1") == [("a",), ("b",)]
    assert store.one("SELECT cursor FROM cursors") == "c1"
    (name,) = aside(store)
    assert name.startswith("event ")
    assert name.endswith(" of ticket 1")
    assert len(stored.rejected) == 1
    assert store.one("PRAGMA integrity_check") == "ok"
    assert store.one("SELECT count(*) FROM pragma_foreign_key_check") == 0


def test_a_reason_repeats_nothing_of_the_record(store: Store) -> None:
    put(store, ticket(subject="My password is hunter2 \ud83d"))
    assert aside(store) == {"ticket 1": "a text or an id holds characters that are none"}


def test_where_a_comment_is_lost_the_older_ones_stay_and_the_replies_are_not_known(store: Store) -> None:
    put(store, ticket(), comment("a"), comment("b"))
    put(
        store, ticket(version=AT + 1), comment("b"), comment("c", seq=2**63), Replies("1", AT + 1),
        Changes("1", AT + 1), replaces=[("comment", "1")],
    )  # fmt: skip
    assert store.rows("SELECT id FROM events ORDER BY 1") == [("a",), ("b",)]  # "a" may or may not be there still
    assert store.rows("SELECT replies_known, changes_known FROM tickets") == [("unreadable", "yes")]


def test_where_a_comment_and_a_change_are_lost_neither_is_known(store: Store) -> None:
    bad = [replace(comment("c"), at=0), replace(comment("s"), at=0, kind="change", field="status", after="open")]
    put(store, ticket("1"), *bad, Replies("1", AT), Changes("1", AT))
    assert store.rows("SELECT replies_known, changes_known FROM tickets") == [("unreadable", "unreadable")]


def test_a_lost_comment_is_reported_until_it_is_stored_if_nothing_says_that_all_are_there(store: Store) -> None:
    # As an export of events gives them, without a word on whether a ticket's are whole.
    put(store, ticket("1"), replace(comment("c"), at=0), comment("d"), ticket("2"), comment("e", "2"))
    unread = "SELECT t.native, u.id, u.kind, u.word FROM unread u JOIN tickets t ON t.id = u.ticket"
    assert store.rows(unread) == [("1", "c:row", "row", "comment")]
    put(store, comment("d"))
    assert len(store.rows(unread)) == 1
    put(store, comment("c"))
    assert store.rows(unread) == []


def test_queues_keep_what_they_can(store: Store) -> None:
    todo = {"comments": [Todo(AT, "1"), Todo(2**64, "2"), Todo(AT, "nul \0")]}
    put(store, ticket(), comment("a", seq=2**63), todo=todo, complete_until=2**64)
    assert store.rows("SELECT key FROM todo") == [("1",)]
    assert store.one("SELECT complete_until FROM cursors") is None


HOURS = ((540, 1020),)


@pytest.mark.parametrize(
    "weekly", [((-1, 60),), ((540, 10_081),), ((600, 540),), ((0, 2**63),)], ids=["before", "after", "turned", "huge"]
)
def test_hours_outside_of_a_week_are_set_aside(store: Store, weekly: Any) -> None:
    put(store, Schedule("1", "Good", "Europe/Paris", HOURS), Schedule("2", "Bad", "Europe/Paris", weekly))
    assert store.rows("SELECT native FROM schedules") == [("1",)]
    assert aside(store) == {"schedule 2": "its hours do not lie within a week, or end before they begin"}


def test_a_schedule_twice_in_a_page_is_kept_as_it_came_last(store: Store) -> None:
    put(store, Schedule("1", "First", "Europe/Paris", HOURS), Schedule("1", "Last", "Europe/Paris", HOURS))
    assert store.rows("SELECT name FROM schedules") == [("Last",)]
    assert aside(store) == {}


@pytest.mark.parametrize(("first", "last"), [("soon", "2026-01-01"), ("2026-01-02", "2026-01-01"), ("0001-01-01",) * 2])
def test_holidays_that_are_no_days_are_set_aside(store: Store, first: str, last: str) -> None:
    put(store, Holiday("1", "a", "Good", "2026-01-01", "2026-01-01"), Holiday("1", "b", "Bad", first, last))
    assert store.rows("SELECT native FROM holidays") == [("a",)]
    assert list(aside(store)) == ["holiday b"]


def test_a_zone_that_does_not_exist_costs_a_person_the_zone_and_a_schedule_itself(store: Store) -> None:
    put(store, Person("7", "agent", "agent", AT, zone="Mars/Olympus"), Schedule("1", "Bad", "Mars/Olympus", HOURS))
    assert store.rows("SELECT native, zone FROM people") == [("7", None)]
    assert aside(store) == {"schedule 1": "its time zone is not known"}


def test_the_same_rows_twice_in_a_page_are_kept_once(store: Store) -> None:
    rows: list[AnyRecord] = [
        ticket(), comment("a"), Name("form", "1", "A"), Engagement("c", "1", "call", AT), TimeEntry("t", "1", AT, 1),
        Rating("r", "1", AT, AT), Person("7", "agent", "agent", AT),
    ]  # fmt: skip
    put(store, *rows, *rows)
    tables = ("tickets", "events", "names", "engagements", "time_entries", "ratings", "people")
    assert {table: store.one(f"SELECT count(*) FROM {table}") for table in tables} == dict.fromkeys(tables, 1)
    assert aside(store) == {}
