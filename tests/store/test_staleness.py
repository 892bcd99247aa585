"""The causes of stale subjects: each trigger fires for its change, and for no other."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk_kpi.errors import StoreError
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.store.staleness import CAUSES, create_triggers, mark_metrics, trigger_statements

Marks = set[tuple[str, int]]

#: A source, a customer with two tickets, of which one cites an article, an article, and an entry of a register.
ROWS = """
INSERT INTO sources (id, name, connector, url, since) VALUES (1, 'acme', 'zendesk', 'https://acme.example', 1000);
INSERT INTO people (id, source, native) VALUES (7, 1, '7'), (8, 1, '8');
INSERT INTO tickets (id, source, native, created_at, requester) VALUES (1, 1, '1', 500, 7), (2, 1, '2', 5000000, 7);
INSERT INTO articles (id, source, native, title, url, kind, created_at, updated_at, draft, version)
VALUES (3, 1, '30', 'How to', '', 'article', 1, 1, 0, 1), (4, 1, '40', 'Why', '', 'article', 1, 1, 0, 1);
INSERT INTO registers (id, register, key, subject, at, body, entered_at, entered_by, article)
VALUES (5, 'training', 'a', 5, 1, '{}', 1, 'ann', 3);
INSERT INTO events (ticket, id, at, seq, kind) VALUES (1, 'a', 1, 0, 'comment');
DELETE FROM stale_subjects;
"""
LINK = "INSERT INTO article_links (ticket, event, article, at) VALUES (1, 'a', '{}', 1)"
LABEL = """
INSERT INTO repeat_labels (earlier, later, at, who, verdict, weight, similarity) VALUES (1, 2, 1, 'ann', 'yes', 0, 0)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        opened.conn.executescript(ROWS)
        yield opened


def marks(store: Store) -> Marks:
    assert store.rows("SELECT * FROM stale_subjects WHERE metric IS NOT NULL") == []
    return set(store.rows("SELECT kind, subject FROM stale_subjects"))


@pytest.mark.parametrize(
    ("change", "stale"),
    [
        ("UPDATE tickets SET subject = 'new' WHERE id = 1", {("ticket", 1)}),
        ("UPDATE tickets SET requester = 8 WHERE id = 1", {("ticket", 1), ("customer", 7)}),
        ("UPDATE events SET at = 2", {("ticket", 1)}),
        ("DELETE FROM events", {("ticket", 1)}),
        ("INSERT INTO ticket_links VALUES (2, '1', 'follow_up')", {("ticket", 2)}),
        ("UPDATE sources SET since = 100", {("ticket", 1)}),
        ("UPDATE sources SET since = 2000", set()),
        ("UPDATE sources SET url = ''", set()),
        ("UPDATE articles SET title = 'new' WHERE id = 3", {("article", 3)}),
        ("UPDATE articles SET url = 'new' WHERE id = 3", set()),
        ("INSERT INTO article_votes VALUES (4, 1, 1, 0)", {("article", 4)}),
        (LINK.format("30"), {("ticket", 1), ("article", 3)}),
        (LINK.format("title:Why"), {("ticket", 1), ("article", 4)}),
        ("UPDATE registers SET withdrawn_at = 2", {("entry", 5), ("article", 3)}),
        ("UPDATE registers SET subject = 4", {("entry", 4), ("entry", 5), ("article", 3)}),
        ("UPDATE people SET name = 'Ann' WHERE id = 7", set()),
        (LABEL, {("ticket", 1), ("ticket", 2)}),
        ("INSERT INTO holidays VALUES (1, '1', '1', 'May Day', '2026-05-01', '2026-05-01', NULL)", set()),
    ],
)  # fmt: skip
def test_a_change_marks_what_it_makes_stale(store: Store, change: str, stale: Marks) -> None:
    with store.transaction() as conn:
        conn.execute(change)
    assert marks(store) == stale
    with store.transaction() as conn:
        conn.execute("UPDATE tickets SET subject = 'twice'")
        conn.execute("UPDATE OR REPLACE tickets SET subject = 'thrice'")
    assert marks(store) == stale | {("ticket", 1), ("ticket", 2)}  # once each, whatever was stale


def test_a_change_that_is_rolled_back_marks_nothing(store: Store) -> None:
    store.conn.execute("BEGIN")
    store.conn.execute("UPDATE tickets SET subject = 'new'")
    assert marks(store)
    store.conn.rollback()
    assert marks(store) == set()


def test_every_cause_has_its_triggers_and_the_store_no_others(store: Store) -> None:
    found = dict(store.rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    assert sorted(found.values()) == sorted(trigger_statements())
    assert len(found) == sum(len(cause.on) for cause in CAUSES)
    with store.transaction() as conn:
        create_triggers(conn)
    assert dict(store.rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")) == found


def test_a_metric_marks_what_is_not_stale_for_all(store: Store) -> None:
    with store.transaction() as conn:
        conn.execute("UPDATE tickets SET subject = 'new' WHERE id = 1")
        mark_metrics(conn, "ticket", [3, 4])
        mark_metrics(conn, "ticket", [4])
        mark_metrics(conn, "customer", [5])
    assert set(store.rows("SELECT * FROM stale_subjects")) == {
        ("ticket", 1, None), ("ticket", 2, 3), ("ticket", 2, 4), ("customer", 7, 5),
    }  # fmt: skip


GOLDEN = Path(__file__).parents[1] / "golden"


def test_a_migration_keeps_marks_flags_and_register_rows(tmp_path: Path) -> None:
    """Written into a store of 0.5.0 under the old names."""
    path = tmp_path / "old.db"
    path.write_bytes((GOLDEN / "store-0.5.0.db").read_bytes())
    db = sqlite3.connect(path)
    observed = db.execute("SELECT * FROM v_observations ORDER BY 1, 2, 3, 4, 5, 6, 7").fetchall()
    db.executescript("""
    DELETE FROM stale; DELETE FROM stale_stories; DELETE FROM measuring; DELETE FROM apart;
    INSERT INTO apart VALUES (5, 'incident', 10);
    INSERT INTO set_aside VALUES (1, 'tickets', '99', 'no id');
    INSERT INTO sightings VALUES (5, 1, 2, '{}');
    INSERT INTO narrowed VALUES (1, 'calls', 'no', 'plan');
    INSERT INTO registers (id, register, key, story, at, subject, body, entered_at, entered_by, why)
    VALUES (8, 'training', 'k', 8, 1, 2, '{}', 3, 'ann', 'because'),
        (9, 'training', 'l', 8, 1, NULL, '{}', 3, 'bob', NULL);
    DELETE FROM stale_stories;
    INSERT INTO stale VALUES (5);
    INSERT INTO stale_stories VALUES ('article', 6);
    INSERT INTO measuring VALUES ('customer', 7);
    """)
    db.close()
    with open_store(path) as store:
        assert store.rows("SELECT * FROM ticket_flags") == [(5, "incident", 10)]
        assert (1, "tickets", "99", "no id") in store.rows("SELECT * FROM rejected_rows")
        assert (5, 1, 2, "{}") in store.rows("SELECT * FROM ticket_snapshots")
        assert (1, "calls", "no", "plan") in store.rows("SELECT * FROM limited_capabilities")
        assert set(store.rows("SELECT * FROM stale_subjects")) == {("ticket", 5, None), ("article", 6, None)}
        assert store.rows("SELECT * FROM build_queue") == [("customer", 7, None)]
        kept = store.rows("SELECT id, key, subject, person, entered_by, why FROM registers ORDER BY id")
        assert kept == [(8, "k", 8, 2, "ann", "because"), (9, "l", 8, None, "bob", None)]
        assert store.rows("SELECT * FROM v_observations ORDER BY 1, 2, 3, 4, 5, 6, 7") == observed
        assert observed


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with open_store(path) as store, store.transaction() as conn:
        sql = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('helpdesk_kpi', 'm0099', '')"
        conn.execute(sql)
    with pytest.raises(StoreError, match=r"written by a newer helpdesk-kpi \(m0099\): please update"):
        open_store(path)
