"""Changes that nobody tells: the store keeps what two versions of a ticket differ in, in whatever order they come."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk_kpi.model import Event, Person, Replies, Ticket
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.store.page import Page
from helpdesk_kpi.store.write_page import get_source_key, write_page

T0, MINUTE = 1_790_000_000_000, 60_000
TRACKED = ("priority", "team", "assignee")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "s.db") as opened:
        yield opened


def put(store: Store, *records: Any) -> None:
    key = get_source_key(store, "shop", "freshdesk", "http://x", 0)
    write_page(store, key, "tickets", Page(records=records), now=T0)


def seen(minute: int, tracks: tuple[str, ...] = TRACKED, **given: Any) -> Ticket:
    """Ticket 1 as it was at its update of that minute."""
    at = T0 + minute * MINUTE
    fields: dict[str, Any] = {"status": "2", "priority": "1", "team": "10", "assignee": None} | given
    return Ticket("1", "1", "", T0, at, at, tracks=tracks, **fields)


def changes(store: Store) -> list[tuple[Any, ...]]:
    """(minute, field, before, after) of every change, those between two sightings with a mark."""
    sql = "SELECT (at - ?) / 60000, field, before, after, exact FROM events WHERE kind = 'change' ORDER BY at, field"
    return [(*row, *([] if exact else ["between"])) for *row, exact in store.rows(sql, T0)]


def changed(minute: int, field: str, after: str) -> Event:
    return Event("1", f"activity:{field}:{minute}", T0 + minute * MINUTE, 0, "change", field=field, after=after)


def test_what_two_syncs_differ_in_is_a_change_between_them(store: Store) -> None:
    put(store, seen(0))
    assert changes(store) == []
    put(store, seen(30, priority="4", assignee="9"))
    put(store, seen(60, priority="4", team="11", assignee="9"))
    assert changes(store) == [
        (30, "assignee", None, "9", "between"), (30, "priority", "1", "4", "between"),
        (60, "team", "10", "11", "between"),
    ]  # fmt: skip


VERSIONS = [seen(0), seen(10, priority="2"), seen(20, priority="2", team="11"), seen(30, team="11", assignee="9")]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_versions_in_any_order_give_the_same_changes(tmp_path: Path, order: tuple[int, ...]) -> None:
    wanted = [
        (10, "priority", "1", "2", "between"), (20, "team", "10", "11", "between"),
        (30, "assignee", None, "9", "between"), (30, "priority", "2", "1", "between"),
    ]  # fmt: skip
    with open_store(tmp_path / "s.db") as store:
        for number in order:
            put(store, VERSIONS[number])
        assert changes(store) == wanted
        assert store.rows("SELECT priority, updated_at FROM tickets") == [("1", T0 + 30 * MINUTE)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_pages_that_overlap_repeat_or_come_late_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    exact = [changed(9, "priority", "2"), changed(28, "assignee", "9")]
    records: list[Any] = [*VERSIONS, *exact]
    shuffled = data.draw(st.permutations([*records, *data.draw(st.lists(st.sampled_from(records), max_size=4))]))
    folder = tmp_path_factory.mktemp("s")
    with open_store(folder / "a.db") as straight, open_store(folder / "b.db") as mixed:
        put(straight, *records)
        while shuffled:
            size = data.draw(st.integers(1, len(shuffled)))
            put(mixed, *shuffled[:size])
            shuffled = shuffled[size:]
        assert changes(mixed) == changes(straight)
        assert changes(straight)[0] == (9, "priority", None, "2")


def test_an_exact_change_takes_the_place_of_a_difference_whenever_it_comes(store: Store) -> None:
    put(store, seen(0), changed(10, "priority", "4"))
    put(store, seen(30, priority="4", team="11"))
    assert changes(store) == [(10, "priority", None, "4"), (30, "team", "10", "11", "between")]
    put(store, changed(20, "team", "11"))
    assert changes(store) == [(10, "priority", None, "4"), (20, "team", None, "11")]


def test_an_exact_change_of_another_time_explains_nothing(store: Store) -> None:
    put(store, seen(0), seen(30, team="11"), changed(40, "team", "11"))
    assert changes(store)[0] == (30, "team", "10", "11", "between")


def test_fields_that_are_watched_only_now_and_then_make_no_change(store: Store) -> None:
    put(store, seen(0, tracks=("status", *TRACKED)), seen(10, status="4"), seen(20, ("status", *TRACKED), status="5"))
    assert changes(store) == []


def test_helpdesks_that_tell_changes_have_none_made_for_them(store: Store) -> None:
    put(store, seen(0, tracks=()), seen(30, tracks=(), priority="4"))
    assert changes(store) == []
    assert store.rows("SELECT * FROM ticket_snapshots") == []


def test_a_sighting_marks_the_ticket_to_be_measured_once(store: Store) -> None:
    put(store, seen(0), seen(30, priority="4"))
    with store.transaction() as conn:
        conn.execute("DELETE FROM stale_subjects")
    put(store, seen(30, priority="4"), seen(0))
    assert store.rows("SELECT * FROM stale_subjects WHERE kind = 'ticket'") == []
    put(store, seen(40, priority="3"))
    assert len(store.rows("SELECT * FROM stale_subjects WHERE kind = 'ticket'")) == 1


# what is changes of a ticket beside its row


def test_a_merge_that_a_comment_tells_stays_when_the_same_row_comes_again(store: Store) -> None:
    put(store, seen(0, replies_known="pending"))
    put(store, Replies("1", T0, "yes", "4711"))
    put(store, seen(0, replies_known="pending"))
    assert store.rows("SELECT merged_into, replies_known FROM tickets") == [("4711", "yes")]


def test_a_deleted_ticket_stays_as_well_known_as_it_was(store: Store) -> None:
    put(store, seen(0, replies_known="pending"))
    put(store, Replies("1", T0))
    put(store, seen(30, replies_known="unreadable", deleted_at=T0 + 30 * MINUTE))
    assert store.rows("SELECT replies_known, deleted_at FROM tickets") == [("yes", T0 + 30 * MINUTE)]


def test_one_that_was_deleted_before_we_came_is_unreadable(store: Store) -> None:
    put(store, seen(30, replies_known="unreadable", deleted_at=T0 + 30 * MINUTE))
    assert store.rows("SELECT replies_known FROM tickets") == [("unreadable",)]


def test_who_is_met_as_an_author_only_keeps_the_address_that_is_known(store: Store) -> None:
    put(store, Person("5", "customer", "contact", 10, email="carol@customer.example"))
    put(store, Person("5", "customer", "contact", 20))
    [(domain, has_hash)] = store.rows("SELECT domain, email_hash IS NOT NULL FROM people")
    assert (domain, has_hash) == ("customer.example", 1)
