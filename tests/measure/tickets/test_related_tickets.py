"""What other tickets say of one: merges that are believed, copies that count once, parts of other work."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from metric_store_fixtures import HOUR, MONDAY, Source, agent, customer, reader, reply, ticket, value

from helpdesk_kpi.config import Config, Exclude, Tickets
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.tickets.related_tickets import _COPIES
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

TWO = {"acme": {"connector": "zendesk"}, "before": {"connector": "freshdesk"}}


def before(store: Store, *records: Any) -> None:
    """Put records into the helpdesk of before; its customer k has the address of c."""
    Source(store, "before").put(agent("a", "Ann"), customer("k", "c@x.org"), customer("z", "z@x.org"), *records)


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
    before(store)
    Source(store).put(*solved("1", external_id="77", is_imported=True))
    assert left_out(store, sources=TWO) == {"1": ""}
    before(store, *solved("77"))
    assert left_out(store, sources=TWO)["1"] == "imported_copy"


def test_an_id_alone_makes_no_copy_of_an_import(store: Store) -> None:
    before(store, *solved("77", NINE - 300 * HOUR, requester="z"))  # another customer's, twelve days earlier
    Source(store).put(*solved("1", external_id="77", is_imported=True))
    assert left_out(store, sources=TWO) == {"77": "", "1": ""}


@pytest.mark.parametrize(
    ("evidence", "original"),
    [
        ("address", {"created": NINE - 300 * HOUR, "requester": "k"}),
        ("minute", {"created": NINE - 60_000, "requester": "z"}),
        ("ids", {"created": NINE - 300 * HOUR, "requester": "z", "external_id": "1"}),
    ],
)
def test_an_id_with_other_evidence_makes_a_copy(store: Store, evidence: str, original: Any) -> None:
    before(store, *solved("77", **original))
    Source(store).put(*solved("1", external_id="77", is_imported=True))
    assert left_out(store, sources=TWO) == {"77": "", "1": "imported_copy"}, evidence


@pytest.mark.parametrize("imported", ["neither", "both", "one"])
def test_of_two_tickets_that_are_copies_of_each_other_one_counts(store: Store, imported: str) -> None:
    # A tie goes to the one that was not imported, else to the older one: both say the ticket of before.
    before(store, *solved("77", NINE - 1000, external_id="1", requester="k", is_imported=imported == "both"))
    Source(store).put(*solved("1", external_id="77", is_imported=imported != "neither"))
    assert left_out(store, sources=TWO) == {"77": "", "1": "imported_copy"}


def test_of_three_helpdesks_that_copy_from_each_other_in_a_circle_one_counts(store: Store) -> None:
    Source(store).put(*solved("1", NINE, external_id="77"))
    before(store, *solved("77", NINE + 1000, external_id="900"))
    Source(store, "third").put(agent("a", "Ann"), *solved("900", NINE + 2000, external_id="1"))
    found = left_out(store, sources={**TWO, "third": {"connector": "zendesk"}})
    assert found == {"1": "", "77": "imported_copy", "900": "imported_copy"}


@pytest.mark.parametrize("gone", [{"deleted_at": NINE + 50 * HOUR}, {"is_spam": True}])
def test_a_copy_counts_once_its_original_is_gone(store: Store, gone: Any) -> None:
    before(store, *solved("77", requester="k"))
    Source(store).put(*solved("1", external_id="77", is_imported=True))
    assert left_out(store, sources=TWO)["1"] == "imported_copy"
    before(store, msgspec.structs.replace(solved("77", requester="k")[0], version=2, **gone))
    assert left_out(store, sources=TWO)["1"] == ""


def test_a_copy_without_an_id_is_left_out_once_its_original_is_read(store: Store) -> None:
    before(store)
    Source(store).put(*solved("1", is_imported=True))
    assert left_out(store, sources=TWO) == {"1": ""}
    before(store, *solved("77", requester="k"))
    assert left_out(store, sources=TWO) == {"1": "imported_copy", "77": ""}


@pytest.mark.parametrize("external_id", [None, "77"])
def test_a_copy_is_left_out_once_the_address_of_its_originals_customer_is_read(store: Store, external_id: Any) -> None:
    created = NINE if external_id is None else NINE - 300 * HOUR
    Source(store).put(*solved("1", external_id=external_id, is_imported=True))
    Source(store, "before").put(agent("a", "Ann"), *solved("77", created, requester="k"))
    assert left_out(store, sources=TWO)["1"] == ""
    Source(store, "before").put(customer("k", "c@x.org"))
    assert left_out(store, sources=TWO)["1"] == "imported_copy"


def test_a_ticket_counts_again_once_the_one_that_names_it_as_original_is_its_copy(store: Store) -> None:
    # 1 was made first, and is taken for the original when 77 turns out to be copied from it.
    before(store, *solved("77", NINE + 1000, requester="k"))
    Source(store).put(*solved("1", NINE, external_id="77"))
    assert left_out(store, sources=TWO) == {"77": "", "1": "imported_copy"}
    before(store, msgspec.structs.replace(solved("77", NINE + 1000, requester="k")[0], version=2, external_id="1"))
    assert left_out(store, sources=TWO) == {"77": "imported_copy", "1": ""}


def test_no_account_with_many_tickets_makes_the_search_for_copies_long(store: Store) -> None:
    """Each ticket is found by its id of the other system: not by walking over its requester's or its source's."""
    plan = [row[3] for row in store.rows(f"EXPLAIN QUERY PLAN {_COPIES}", [1])]
    walks = [step for step in plan if "INDEX tickets_" in step]
    assert [step.partition(" (")[2].rstrip(")") for step in walks] == [
        "external_id=?", "source=? AND created_at>? AND created_at<?",  # within a second
    ]  # fmt: skip


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
    build_stale(store, Config(sources={"acme": {"connector": "zendesk"}}))
    tickets = Tickets(exclude=Exclude(associations=()))
    assert build_stale(store, Config(sources={"acme": {"connector": "zendesk"}}, tickets=tickets)) == 1
