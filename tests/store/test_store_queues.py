"""What several helpdesks bring to the store: queues, censuses of tickets, promises' clocks, edits by language."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk_kpi.model import (
    Article,
    ArticleEdit,
    ArticleViews,
    Event,
    Rating,
    Replies,
    SlaCycle,
    SlaEvent,
    Ticket,
    TimeEntry,
)
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.store.page import Page, Todo
from helpdesk_kpi.store.write_page import get_source_key, load_todo, requeue, write_page


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


def ticket(number: str = "1", version: int = 1, **more: Any) -> Ticket:
    return Ticket(number, number, f"http://x/{number}", 1000, 2000, version, **{"status": "open", **more})


def put(store: Store, *records: Any, stream: str = "tickets", now: int = 5000, **page: Any) -> int:
    source = get_source_key(store, "acme", "freshdesk", "http://x", 0)
    write_page(store, source, stream, Page(records=records, **page), now=now)
    return source


# --- queues


def test_a_version_that_was_fetched_is_not_queued_again_and_a_newer_one_is(store: Store) -> None:
    source = put(store, todo={"replies": [Todo(20, "b"), Todo(10, "a")]})
    assert load_todo(store, source, "replies") == [Todo(10, "a"), Todo(20, "b")]
    put(store, stream="replies", done=[Todo(10, "a")])
    put(store, todo={"replies": [Todo(10, "a"), Todo(20, "b")]})  # named again, as overlaps do
    assert load_todo(store, source, "replies") == [Todo(20, "b")]
    put(store, todo={"replies": [Todo(11, "a")]})
    assert load_todo(store, source, "replies") == [Todo(11, "a"), Todo(20, "b")]


def test_a_deleted_ticket_stays_as_well_known_as_it_was_unless_it_was_still_to_be_read(store: Store) -> None:
    put(store, ticket(version=1, replies_known="pending"))
    put(store, ticket(version=2, replies_known="unreadable", deleted_at=3000))
    assert known(store) == "unreadable"
    put(store, ticket("1", 3, replies_known="pending"), Replies("1", 3))  # restored and read
    put(store, ticket(version=4, replies_known="unreadable", deleted_at=3000))
    assert known(store) == "yes"
    put(store, Replies("1", 4, "unreadable"))  # something was said after it had been read
    assert known(store) == "unreadable"


def test_what_moved_on_while_it_was_fetched_is_fetched_once_more(store: Store) -> None:
    source = put(store, todo={"replies": [Todo(10, "a")]})
    put(store, todo={"replies": [Todo(15, "a")]})
    put(store, stream="replies", done=[Todo(10, "a")])
    assert load_todo(store, source, "replies") == [Todo(15, "a")]


def test_a_full_sync_queues_everything_again(store: Store) -> None:
    source = put(store, todo={"replies": [Todo(10, "a")]})
    put(store, stream="replies", done=[Todo(10, "a")])
    requeue(store, source)
    assert load_todo(store, source, "replies") == [Todo(10, "a")]


def known(store: Store) -> str:
    return str(store.one("SELECT replies_known FROM tickets"))


def test_replies_are_pending_until_they_were_read_and_again_after_the_ticket_moved(store: Store) -> None:
    put(store, ticket(version=1, replies_known="pending"))
    assert known(store) == "pending"
    put(store, Replies("1", 1))
    assert known(store) == "yes"
    put(store, ticket(version=1, replies_known="pending"))  # listed again in an overlap
    assert known(store) == "yes"
    put(store, ticket(version=2, replies_known="pending"))
    assert known(store) == "pending"
    put(store, Replies("1", 1))  # of the version before
    assert known(store) == "pending"
    put(store, Replies("1", 2, "unreadable"))
    assert known(store) == "unreadable"


def test_a_ticket_received_again_without_changes_is_not_stale(store: Store) -> None:
    put(store, ticket(replies_known="pending"), Replies("1", 1))
    with store.transaction() as conn:
        conn.execute("DELETE FROM stale_subjects")
    put(store, ticket(replies_known="pending"), Replies("1", 1))
    assert store.one("SELECT count(*) FROM stale_subjects WHERE kind = 'ticket'") == 0


STEPS: list[Any] = [
    ticket("1", 1, replies_known="pending"), ticket("1", 2, replies_known="pending", status="solved"),
    ticket("2", 5, replies_known="pending"), Replies("1", 1), Replies("1", 2), Replies("2", 5, "unreadable"),
]  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(repeats=st.lists(st.integers(0, len(STEPS) - 1), max_size=10))
def test_replies_in_any_order_after_all_tickets_end_the_same(
    tmp_path_factory: pytest.TempPathFactory, repeats: list[int]
) -> None:
    with open_store(tmp_path_factory.mktemp("s") / "a.db") as store:
        put(store, *STEPS)
        for step in repeats:
            put(store, STEPS[step])
        rows = store.rows("SELECT native, status, replies_known FROM tickets ORDER BY 1")
        assert rows == [("1", "solved", "yes"), ("2", "open", "unreadable")]


# --- censuses of tickets


def gone(store: Store) -> list[tuple[Any, ...]]:
    return store.rows("SELECT native, missing_since, deleted_at FROM tickets ORDER BY 1")


def test_a_ticket_counts_as_deleted_only_when_two_censuses_missed_it(store: Store) -> None:
    put(store, ticket("1"), ticket("2"))
    put(store, present={"ticket": ["1"]}, now=6000)
    assert gone(store) == [("1", None, None), ("2", 6000, None)]
    put(store, present={"ticket": ["1"]}, now=6000)  # the same census, stored twice
    assert gone(store) == [("1", None, None), ("2", 6000, None)]
    put(store, present={"ticket": ["1"]}, now=7000)
    assert gone(store) == [("1", None, None), ("2", 6000, 6000)]


def test_a_ticket_that_is_met_again_was_never_deleted(store: Store) -> None:
    put(store, ticket("2"))
    for now in (6000, 7000):
        put(store, present={"ticket": []}, now=now)
    assert gone(store) == [("2", 6000, 6000)]
    put(store, present={"ticket": ["2"]}, now=8000)
    assert gone(store) == [("2", None, None)]


def test_a_census_of_one_project_says_nothing_of_the_others(store: Store) -> None:
    put(store, ticket("1", brand="A"), ticket("2", brand="B"))
    for now in (6000, 7000):
        put(store, present={"ticket": []}, within="A", now=now)
    assert gone(store) == [("1", 6000, 6000), ("2", None, None)]


def test_what_the_helpdesk_said_of_a_deletion_stays(store: Store) -> None:
    put(store, ticket("1", deleted_at=3000))
    for now in (6000, 7000):
        put(store, present={"ticket": []}, now=now)
    assert gone(store) == [("1", None, 3000)]


# --- promises' clocks and time


def test_a_finished_clock_run_that_changes_is_marked(store: Store) -> None:
    running = SlaCycle("1", "59", 0, "Time to resolution", 100, started_at=10, goal=1000, elapsed=90)
    over = SlaCycle("1", "59", 0, "Time to resolution", 200, started_at=10, stopped_at=150, goal=1000, elapsed=140)
    put(store, running, over)
    put(store, running)  # an older reading
    assert store.rows("SELECT elapsed, stopped_at, changed_at FROM sla_cycles") == [(140, 150, None)]
    put(store, SlaCycle("1", "59", 0, "Time to resolution", 300, started_at=10, stopped_at=150, goal=900, elapsed=130))
    assert store.rows("SELECT elapsed, goal, changed_at FROM sla_cycles") == [(130, 900, 300)]


def test_an_event_of_a_clock_that_is_taken_back_is_gone(store: Store) -> None:
    breach = SlaEvent("1", "77", "reply_time", 1, "breach", 9000)
    put(store, breach, SlaEvent("1", "78", "reply_time", 1, "activate", 1000))
    put(store, SlaEvent("1", "77", "reply_time", 1, "breach", 9000, is_deleted=True))
    assert store.rows("SELECT id FROM sla_events") == [("78",)]


def test_a_time_entry_that_still_grew_is_replaced(store: Store) -> None:
    put(store, TimeEntry("t", "1", 1000, 60_000, agent="7", is_running=True))
    put(store, TimeEntry("t", "1", 1000, 90_000, agent="7"))
    assert store.rows("SELECT spent, is_running FROM time_entries") == [(90_000, 0)]


def spent(store: Store) -> list[tuple[Any, ...]]:
    sql = "SELECT t.native, e.native, e.spent FROM time_entries e JOIN tickets t ON t.id = e.ticket ORDER BY 2"
    return store.rows(sql)


def test_entries_of_a_ticket_that_are_given_whole_replace_those_before_and_no_others(store: Store) -> None:
    put(store, *(TimeEntry(own, number, 1000, 60_000) for own, number in (("a", "1"), ("b", "1"), ("c", "2"))))
    put(store, TimeEntry("b", "1", 1000, 90_000), replaces=[("time_entry", "1"), ("time_entry", "3")])
    assert spent(store) == [("1", "b", 90_000), ("2", "c", 60_000)]


def test_an_entry_that_moved_to_another_ticket_is_there_once_in_whatever_order_the_two_are_read(store: Store) -> None:
    put(store, TimeEntry("a", "1", 1000, 60_000))
    put(store, TimeEntry("a", "2", 1000, 60_000), replaces=[("time_entry", "2")])
    put(store, replaces=[("time_entry", "1")])
    assert spent(store) == [("2", "a", 60_000)]


def test_a_page_older_than_the_ticket_takes_no_entry_away(store: Store) -> None:
    put(store, ticket(version=5), TimeEntry("a", "1", 1000, 60_000), replaces=[("time_entry", "1")])
    put(store, ticket(version=4), replaces=[("time_entry", "1")])
    assert spent(store) == [("1", "a", 60_000)]


def test_what_the_helpdesk_says_was_deleted_is_gone_and_only_of_that_source(store: Store) -> None:
    put(store, TimeEntry("a", "1", 1000, 60_000), TimeEntry("b", "1", 1000, 60_000))
    other = get_source_key(store, "other", "freshdesk", "http://y", 0)
    write_page(store, other, "time", Page(records=[TimeEntry("a", "1", 1000, 7)]), now=5000)
    put(store, gone={"time_entry": ["a", "never met"]})
    assert spent(store) == [("1", "a", 7), ("1", "b", 60_000)]


def test_only_known_children_can_be_replaced_or_deleted(store: Store) -> None:
    with pytest.raises(
        ValueError, match="a ticket's event, comment, time_entry, refused_row, refused_rating, not 'rating'"
    ):
        put(store, replaces=[("rating", "1")])
    with pytest.raises(ValueError, match="that a time_entry or unread is gone, not 'ticket'"):
        put(store, gone={"ticket": ["1"]})


def test_words_of_a_rating_that_one_of_two_streams_brings_stay(store: Store) -> None:
    plain, worded = (Rating("r", "1", 5, 7, category="good", answered_at=7, comment=c) for c in (None, "Fine."))
    for rows in ([plain], [worded], [plain]):
        put(store, *rows)
    assert store.rows("SELECT comment FROM ratings") == [("Fine.",)]
    put(store, Rating("r", "1", 5, 9, category="bad", answered_at=7))  # a later answer without words
    assert store.rows("SELECT category, comment FROM ratings") == [("bad", None)]


# --- articles


def article(at: int, digest: str | None, **more: Any) -> Article:
    return Article("9", "How to", "http://x/9", 500, at, at, edited_at=at, locale="en", digest=digest, **more)


def edits(store: Store) -> list[tuple[Any, ...]]:
    return store.rows(
        "SELECT e.locale, e.at, p.native, e.digest FROM article_edits e LEFT JOIN people p ON p.id = e.editor"
        " ORDER BY 1, 2"
    )


def test_a_text_that_did_not_change_is_no_edit_and_one_that_was_put_back_is(store: Store) -> None:
    put(store, article(1000, "a"))
    put(store, article(2000, "a"))  # touched: a label, the order
    put(store, article(3000, "b"))
    put(store, article(4000, "a"))
    assert [at for _, at, _, _ in edits(store)] == [1000, 3000, 4000]


def test_each_language_is_edited_for_itself_and_an_editor_may_become_known_later(store: Store) -> None:
    put(store, article(1000, "a"))
    put(store, ArticleEdit("9", 1000, "en", editor="7", digest="a"), ArticleEdit("9", 1500, "zh", digest="z"))
    put(store, ArticleEdit("9", 1500, "zh", editor="8", digest="z"))
    assert edits(store) == [("en", 1000, "7", "a"), ("zh", 1500, "8", "z")]


def test_versions_that_the_helpdesk_tells_are_all_edits(store: Store) -> None:
    put(store, Article("9", "How to", "http://x/9", 500, 500, 1))
    put(store, *(ArticleEdit("9", at, editor="7") for at in (500, 600, 700)))
    put(store, *(ArticleEdit("9", at, editor="7") for at in (600, 700)))
    assert [at for _, at, _, _ in edits(store)] == [500, 600, 700]


def test_views_are_kept_when_the_counter_moves(store: Store) -> None:
    put(store, article(1000, "a"))
    for now, views in ((1000, 5), (2000, 5), (3000, 8), (4000, 2)):  # the helpdesk began to count anew
        put(store, ArticleViews("9", views), now=now)
    assert store.rows("SELECT seen_at, views FROM article_views") == [(1000, 5), (3000, 8), (4000, 2)]


def test_comments_of_a_page_that_gives_them_all_take_the_place_of_those_before(store: Store) -> None:
    put(store, ticket(), *(Event("1", f"e{i}", 1000 + i, 0, "comment") for i in range(3)))
    put(store, Event("1", "e1", 1001, 0, "comment"), replaces=[("event", "1")])
    assert store.rows("SELECT id FROM events") == [("e1",)]
