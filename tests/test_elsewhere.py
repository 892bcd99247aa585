"""What other tickets say of one: merges that are believed, copies that count once, parts of other work."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from reader_fixtures import HOUR, MONDAY, Source, agent, customer, reader, reply, ticket, value

from helpdesk_kpi.config import Config, Exclude, Tickets
from helpdesk_kpi.measure.fold import measure
from helpdesk_kpi.model import Event, Ticket
from helpdesk_kpi.store import Store, open_store

NINE = MONDAY + 9 * HOUR


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        Source(opened).put(agent("a", "Ann"), customer("c", "c@x.org"))
        yield opened


def solved(number: str, created: int = NINE, **more: Any) -> list[Any]:
    """Answered by Ann after an hour, closed after two."""
    made: Ticket = ticket(number, created, **{"status": "closed", **more})
    end = created + 2 * HOUR
    closing = Event(number, f"{number}-end", end, 2, "change", actor="a", field="status", before="open", after="closed")
    return [made, reply(number, created + HOUR, "a"), closing]


def left_out(store: Store, **config: Any) -> dict[str, str]:
    """Ticket -> why it counts in no first reply; "" where it counts."""
    rows = reader(store, **config).columns("first_reply_time")
    native = dict(store.rows("SELECT id, native FROM tickets"))
    final = rows.take(rows.exist(MONDAY + 40 * 24 * HOUR))
    return {native[int(s)]: final.words[int(w)] or "" for s, w in zip(final.story, final.stop, strict=True)}


# --- merges


def test_a_merge_into_a_ticket_that_is_read_is_believed(store: Store) -> None:
    Source(store).put(*solved("1"), *solved("2", merged_into="1"))
    assert left_out(store) == {"1": "", "2": "merged"}


def test_of_two_requests_that_duplicate_each_other_the_older_counts(store: Store) -> None:
    Source(store).put(*solved("1", merged_into="2"), *solved("2", NINE + HOUR, merged_into="1"))
    assert left_out(store) == {"1": "", "2": "merged"}


def test_of_three_in_a_circle_the_oldest_counts(store: Store) -> None:
    circle = [
        *solved("1", NINE + HOUR, merged_into="2"), *solved("2", NINE + 2 * HOUR, merged_into="3"),
        *solved("3", NINE, merged_into="1"),
    ]  # fmt: skip
    Source(store).put(*circle)
    assert left_out(store) == {"1": "merged", "2": "merged", "3": ""}


def test_a_link_to_what_is_not_read_merges_nothing_until_it_is_read(store: Store) -> None:
    Source(store).put(*solved("2", merged_into="1"))
    assert left_out(store) == {"2": ""}
    Source(store).put(*solved("1"))
    assert left_out(store) == {"1": "", "2": "merged"}


def test_a_ticket_that_is_open_was_not_merged_away(store: Store) -> None:
    Source(store).put(*solved("1"), ticket("2", NINE, merged_into="1"), reply("2", NINE + HOUR, "a"))
    assert left_out(store) == {"1": "", "2": ""}


def test_a_link_to_a_ticket_that_was_solved_a_day_before_merges_nothing(store: Store) -> None:
    linked = Event("2", "link", NINE + 30 * HOUR, 3, "link", field="merge", after="1")
    Source(store).put(*solved("1"), *solved("2", merged_into="1"), linked)
    assert left_out(store) == {"1": "", "2": ""}


def test_a_follow_up_can_be_merged(store: Store) -> None:
    Source(store).put(*solved("1"), *solved("2", merged_into="1", follow_up_of="1"))
    assert left_out(store) == {"1": "", "2": "merged"}


def test_a_merge_that_nothing_proves_is_no_evidence_of_a_repeat(store: Store) -> None:
    Source(store).put(*solved("1"), ticket("2", NINE + 24 * HOUR, merged_into="1"))
    assert len(reader(store).columns("repeat_contacts")) == 0


# --- copies


def test_a_copy_of_a_ticket_of_the_helpdesk_before_counts_once(store: Store) -> None:
    Source(store, "before").put(agent("a", "Ann"), *solved("77"))
    Source(store).put(*solved("1", external_id="77", is_imported=True))
    found = left_out(store, sources={"acme": {"connector": "zendesk"}, "before": {"connector": "freshdesk"}})
    assert found == {"77": "", "1": "imported_copy"}


def test_an_order_number_that_is_some_tickets_id_makes_no_copy(store: Store) -> None:
    Source(store, "before").put(agent("a", "Ann"), *solved("77", NINE - 300 * HOUR))
    Source(store).put(*solved("1", external_id="77"))
    assert left_out(store)["1"] == ""


def test_what_was_imported_twice_counts_once_and_one_order_with_two_tickets_twice(store: Store) -> None:
    Source(store).put(*solved("1", external_id="9", is_imported=True), *solved("2", external_id="9", is_imported=True))
    Source(store).put(*solved("3", external_id="order 5"), *solved("4", NINE + 5 * HOUR, external_id="order 5"))
    # Another customer's ticket with the same number is another one.
    Source(store).put(customer("k", "k@x.org"), *solved("5", external_id="9", is_imported=True, requester="k"))
    assert left_out(store) == {"1": "", "2": "imported_copy", "3": "", "4": "", "5": ""}


def test_without_an_id_of_the_other_system_the_same_customers_ticket_of_that_second_is_the_original(
    store: Store,
) -> None:
    Source(store, "before").put(agent("a", "Ann"), customer("k", "c@x.org"), *solved("77", requester="k"))
    Source(store, "before").put(*solved("78", NINE + HOUR, requester="k"))
    Source(store).put(*solved("1", is_imported=True), *solved("2", NINE + 2 * HOUR, is_imported=True))
    # It has an id of a third system, and so another original.
    Source(store).put(*solved("3", NINE + HOUR, external_id="X-9", is_imported=True))
    found = left_out(store)
    assert (found["1"], found["2"], found["3"]) == ("imported_copy", "", "")


def test_a_copy_is_left_out_once_its_original_is_read(store: Store) -> None:
    Source(store).put(*solved("1", external_id="77", is_imported=True))
    assert left_out(store) == {"1": ""}
    Source(store, "before").put(agent("a", "Ann"), *solved("77"))
    assert left_out(store)["1"] == "imported_copy"


# --- parts of other work


@pytest.mark.parametrize(
    ("association", "reason"),
    [("subtask", "subtask"), ("child", "child"), ("tracker", "tracker"), ("parent", ""), ("related", ""), (None, "")],
)
def test_parts_of_the_work_on_a_request_are_no_requests(store: Store, association: Any, reason: str) -> None:
    Source(store).put(*solved("1", association=association))
    assert left_out(store) == {"1": reason}


def test_which_parts_and_kinds_are_left_out_can_be_chosen_and_is_counted(store: Store) -> None:
    Source(store).put(*solved("1", association="child"), *solved("2", association="parent"))
    Source(store).put(*solved("3", issue_type="Epic"), *solved("4", issue_type="Task"))
    tickets = Tickets(exclude=Exclude(associations=("parent",), issue_types=["epic"]))
    assert left_out(store, tickets=tickets) == {"1": "", "2": "parent", "3": "issue_type", "4": ""}
    assert value(reader(store, tickets=tickets), "first_reply_time").excluded == {"parent": 1, "issue_type": 1}


def test_a_change_of_what_is_left_out_measures_again(store: Store) -> None:
    Source(store).put(*solved("1", association="child"))
    measure(store, Config(sources={"acme": {"connector": "zendesk"}}))
    tickets = Tickets(exclude=Exclude(associations=()))
    assert measure(store, Config(sources={"acme": {"connector": "zendesk"}}, tickets=tickets)) == 1
