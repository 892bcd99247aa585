"""The store: whose file it is, and pages that may come repeated, overlapping or out of order."""

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk_kpi.errors import StoreError
from helpdesk_kpi.model import Article, Changes, Event, Person, Rating, Replies, Ticket
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.store.page import Page, RejectedRow
from helpdesk_kpi.store.write_page import get_source_key, load_versions, write_page


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


def ticket(number: str = "1", version: int = 1, **more: Any) -> Ticket:
    return Ticket(number, number, f"http://x/{number}", 1000, 2000, version, **{"status": "open", **more})


def put(store: Store, *records: Any, **page: Any) -> int:
    source = get_source_key(store, "acme", "zendesk", "http://x", 0)
    write_page(store, source, "tickets", Page(records=records, **page), now=5000)
    return source


def test_the_file_is_for_its_owner_only(store: Store) -> None:
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE theirs (x)")
    theirs.close()
    with pytest.raises(StoreError, match="some other program"):
        open_store(path)


def test_a_text_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database at all, but long enough to be looked at" * 20)
    with pytest.raises(StoreError, match=r"notes\.txt"):
        open_store(path)


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with open_store(tmp_path / "a.db") as store, store.transaction() as conn:
        conn.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('helpdesk_kpi', 'm9', '')"
        )
    with pytest.raises(StoreError, match="newer"):
        open_store(tmp_path / "a.db")


def test_a_missing_store_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="helpdesk-kpi sync"):
        open_store(tmp_path / "none.db", create=False)


def test_a_failing_page_leaves_nothing(store: Store) -> None:
    """A census of something unknown is a mistake of the connector's, and no bad value: it is raised."""
    put(store, ticket(), cursor="c1")
    with pytest.raises(ValueError, match="a census tells of"):
        put(store, ticket("2"), present={"moon": ["1"]}, cursor="c2")
    assert store.rows("SELECT native FROM tickets") == [("1",)]
    assert store.one("SELECT cursor FROM cursors") == "c1"


@pytest.mark.trap("zendesk 25")
def test_a_null_cursor_keeps_the_stored_one(store: Store) -> None:
    put(store, cursor="c1", complete_until=7)
    put(store, cursor=None, complete_until=None)
    put(store, cursor=None, complete_until=3)
    assert store.rows("SELECT cursor, complete_until FROM cursors") == [("c1", 7)]


def test_an_older_state_never_overwrites_a_newer_one(store: Store) -> None:
    put(store, ticket(version=2, status="solved"))
    put(store, ticket(version=1, status="open"))
    assert store.one("SELECT status FROM tickets") == "solved"


@pytest.mark.trap("zendesk 29")
def test_scrubbing_takes_the_words_and_keeps_the_rest(store: Store) -> None:
    put(store, ticket(version=1, subject="Printer", assignee="7", status="closed"))
    put(store, ticket(version=2, subject="SCRUBBED", status="deleted", deleted_at=9000, is_scrubbed=True))
    row = store.rows("SELECT subject, status, deleted_at, assignee IS NOT NULL FROM tickets")
    assert row == [(None, "closed", 9000, 1)]


def test_a_restored_ticket_is_no_longer_deleted(store: Store) -> None:
    put(store, ticket(version=1, deleted_at=3000))
    put(store, ticket(version=2, deleted_at=4000))
    assert store.one("SELECT deleted_at FROM tickets") == 3000
    put(store, ticket(version=3))
    assert store.one("SELECT deleted_at FROM tickets") is None


def test_an_event_may_come_before_its_ticket(store: Store) -> None:
    put(store, Event("1", "e1", 1000, 0, "comment", actor="5", public=True))
    assert store.rows("SELECT native, created_at FROM tickets") == [("1", None)]
    put(store, ticket(requester="5"))
    assert store.one("SELECT count(*) FROM tickets") == 1
    assert store.one("SELECT e.actor = t.requester FROM events e JOIN tickets t ON t.id = e.ticket") == 1


def test_customers_names_and_addresses_are_not_kept(store: Store) -> None:
    put(store, Person("5", "customer", "end-user", 1, name="Bo Customer", email="Bo@Example.org"))
    put(store, Person("7", "agent", "agent", 1, name="Ann Agent", email="ann@acme.com"))
    rows = store.rows("SELECT name, email, domain, length(email_hash) FROM people ORDER BY native")
    assert rows == [(None, None, "example.org", 16), ("Ann Agent", "ann@acme.com", "acme.com", 16)]
    store.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"Bo Customer" not in store.path.read_bytes()


@pytest.mark.trap("zendesk 22")
def test_roles_are_kept_over_time(store: Store) -> None:
    put(store, Person("7", "agent", "admin", 100))
    put(store, Person("7", "agent", "admin", 200))
    put(store, Person("7", "customer", "end-user", 300))
    put(store, Person("7", "agent", "admin", 150))
    assert store.rows("SELECT at, kind FROM person_roles") == [(100, "agent"), (300, "customer")]


def test_a_change_makes_its_ticket_stale_and_no_change_does_not(store: Store) -> None:
    page = [ticket(), Event("1", "e1", 1, 0, "comment"), Rating("r", "1", 5, 1, category="good", answered_at=6)]
    put(store, *page)
    with store.transaction() as conn:
        conn.execute("DELETE FROM stale_subjects")
    put(store, *page)
    assert store.one("SELECT count(*) FROM stale_subjects WHERE kind = 'ticket'") == 0
    put(store, Rating("r", "1", 5, 2, category="bad", answered_at=6))
    assert store.one("SELECT count(*) FROM stale_subjects WHERE kind = 'ticket'") == 1


def said(own: str, **more: Any) -> Event:
    return Event("1", own, 1000, 0, **{"kind": "comment", **more})


def events(store: Store) -> list[str]:
    return [own for (own,) in store.rows("SELECT id FROM events ORDER BY id")]


def test_a_conversation_given_whole_takes_away_only_the_comments_that_are_gone(store: Store) -> None:
    put(store, ticket(), said("created"), said("a"), said("b"), said("c", kind="change"))
    put(store, Replies("1", 1), said("b"), replaces=[("comment", "1")])
    assert events(store) == ["b", "c", "created"]
    put(store, said("b"), replaces=[("event", "1")])
    assert events(store) == ["b"]


def test_an_older_page_takes_no_comment_away(store: Store) -> None:
    put(store, ticket(version=5), said("a"), said("b"))
    put(store, ticket(version=4), said("a"), replaces=[("comment", "1")])
    put(store, Replies("1", 4), said("a"), replaces=[("comment", "1")])
    assert events(store) == ["a", "b"]
    put(store, ticket(version=5), said("a"), replaces=[("comment", "1")])
    assert events(store) == ["a"]


def test_only_what_hangs_on_a_ticket_can_be_replaced(store: Store) -> None:
    with pytest.raises(ValueError, match="not 'rating'"):
        put(store, replaces=[("rating", "1")])


def test_a_history_that_was_read_stays_known_until_the_ticket_moves_on(store: Store) -> None:
    def known() -> str:
        return str(store.one("SELECT changes_known FROM tickets"))

    put(store, ticket(version=2, changes_known="pending"))
    put(store, Changes("1", 1))  # of an earlier version
    assert known() == "pending"
    put(store, Changes("1", 2))
    put(store, ticket(version=2, changes_known="pending"))  # listed again, as overlaps do
    assert known() == "yes"
    put(store, ticket(version=3, changes_known="pending"))
    assert known() == "pending"


def test_the_stored_versions_can_be_queried(store: Store) -> None:
    source = put(store, ticket("1", 7), ticket("2", 8), Article("5", "How", "http://x/5", 1, 2, 3))
    assert load_versions(store, source, "ticket", ["1", "2", "9"]) == {"1": 7, "2": 8}
    assert load_versions(store, source, "article", ["5"]) == {"5": 3}


def test_a_rejected_row_is_stored_with_its_reason(store: Store) -> None:
    put(store, rejected=[RejectedRow("9", "no created_at")])
    put(store, rejected=[RejectedRow("9", "no created_at")])
    assert store.rows("SELECT id, reason FROM rejected_rows") == [("9", "no created_at")]


RECORDS: list[Any] = [
    *(
        ticket(n, v, status=s, assignee=a)
        for n in "12"
        for v, s, a in ((1, "new", None), (2, "open", "7"), (3, "solved", "8"))
    ),
    *(Event(n, f"e{i}", 1000 + i, 0, "comment", actor="5", public=True) for n in "123" for i in range(3)),
    *(Person("7", k, k, v, name="Ann", email="a@b.c") for v, k in ((1, "agent"), (2, "customer"))),  # type: ignore[arg-type]
    *(Rating("r1", "1", 1, v, category=c, answered_at=v) for v, c in ((1, "good"), (2, "bad"))),  # type: ignore[arg-type]
]


def canonical(store: Store) -> list[Any]:
    """What the store says, without our own keys, which depend on the order of arrival."""
    return [
        store.rows(
            "SELECT native, status, version, (SELECT native FROM people WHERE id = assignee) FROM tickets ORDER BY 1"
        ),
        store.rows("SELECT t.native, e.id, e.at FROM events e JOIN tickets t ON t.id = e.ticket ORDER BY 1, 2"),
        store.rows("SELECT native, kind, name, was_assigned FROM people ORDER BY 1"),
        store.rows("SELECT native, category, version FROM ratings"),
    ]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(RECORDS))), repeats=st.lists(st.integers(0, len(RECORDS) - 1), max_size=12))
def test_pages_shuffled_repeated_and_overlapping_give_the_same_store(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], repeats: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("stores")
    with open_store(folder / "straight.db") as straight, open_store(folder / "shuffled.db") as shuffled:
        put(straight, *RECORDS)
        chosen = [*order, *repeats]
        for start in range(0, len(chosen), 5):
            put(shuffled, *(RECORDS[i] for i in chosen[max(0, start - 2) : start + 5]))
        assert canonical(shuffled) == canonical(straight)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 2), (1, 3, 2)])
def test_who_rated_stays_whoever_the_requester_is_later(store: Store, order: tuple[int, ...]) -> None:
    """Named when it was offered to c, answered while d was the requester; e is so since."""
    offered = Rating("r", "1", 5, 1, rater="c")
    answered = Rating("r", "1", 5, 2, category="good", answered_at=6, rater="d")
    later = msgspec.structs.replace(answered, version=3, category="bad", rater="e")
    versions = {1: offered, 2: answered, 3: later}
    put(store, ticket())
    for version in order:
        put(store, versions[version])
    [(rater, category)] = store.rows("SELECT p.native, r.category FROM ratings r JOIN people p ON p.id = r.rater")
    assert (rater, category) == ("d", "bad")
