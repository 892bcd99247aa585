"""Customers who come back, and tickets that look as if they did: (tickets that count, the share that came back) of
strict and with reopenings. Every ticket of `put` is answered after an hour and solved after two; days of 14 are over.

`edge_cases.toml` says which case each test is about.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from edge_fixtures import OFFICE, answered, kept, medians, read
from edge_fixtures import put as put_records
from metric_store_fixtures import HOUR, MONDAY, Source, agent, ticket
from recurrence_fixtures import BROKEN_AGAIN, DAY, OTHER, START, crowd, pair, put, rate
from timeline_fixtures import by_variant
from variant_fixtures import VariantResult, variants_give

from helpdesk_kpi.config import Exclude, Hours, Recurrence, Tickets
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.measure.recurrence.pair_labelling import PairLabel, save_label
from helpdesk_kpi.model import Event
from helpdesk_kpi.store import Store, open_store

AGAIN = "recurrence_rate"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


def came_back(of: MetricStore, **how: Any) -> VariantResult:
    def result_of(kpi: str, variant: str) -> tuple[float, float | None]:
        value = rate(of, kpi, variant=variant, **how)
        return value.n, value.value

    return result_of


def read_all(store: Store, **config: Any) -> MetricStore:
    return read(store, people={}, severity={}, **config)


def status(number: str, day: float, before: str, after: str, who: str = "1") -> Event:
    at = int(START + day * DAY)
    return Event(number, f"{number}-{day}", at, 9, "change", actor=who, field="status", before=before, after=after)


# --- what comes back


def test_a_follow_up_is_a_ticket_of_its_own_that_reopens_nothing_and_comes_back(store: Store) -> None:
    # Solved and closed at 10:00; the customer writes again at 14:00, which makes a ticket that follows it, solved at
    # 15:00. Two tickets solved in 60 minutes each, none reopened; the problem of the first came back.
    nine, two = MONDAY + 9 * HOUR, MONDAY + 14 * HOUR
    put_records(store, *answered("1", nine, nine + HOUR), *answered("2", two, two + HOUR, follow_up_of="1"))
    of = read(store, hours={"default": Hours(weekly=OFFICE)})
    took, counted = medians(of, nine), kept(of, nine)
    variants_give("first_reply_time", took, **by_variant("first_reply_time", 60))
    variants_give("first_resolution_time", took, **by_variant("first_resolution_time", 60))
    variants_give("full_resolution_time", took, **by_variant("full_resolution_time", 60))
    # Both a week later at the same hour: an hour, and five days of eight hours.
    variants_give("accepted_resolution_time", took, strict=60, confirmed=60, at_confirmation=60 + 5 * 480)
    variants_give("solved_tickets", counted, strict=(2, 2), valid=(2, 2))
    variants_give("weighted_volume", counted, strict=(2, 2), valid=(2, 2))
    variants_give("one_touch", counted, strict=(2, 1), zendesk=(2, 1), fivetran=(2, 1))
    variants_give(AGAIN, counted, strict=(2, 0.5), incl_reopen=(2, 0.5))
    assert counted("reopen_rate", "strict") == (2, 0)


def test_what_is_merged_into_the_old_ticket_is_no_ticket_and_comes_back(store: Store) -> None:
    # The second is merged into the first on day 3: one ticket, and it came back.
    put(store, "1", 0)
    put(store, "2", 3, OTHER, merged_into="1")
    of = read_all(store)
    variants_give(AGAIN, came_back(of), strict=(1, 1), incl_reopen=(1, 1))


def test_what_is_opened_again_has_come_back_with_reopenings_only(store: Store) -> None:
    # Solved on day 0, "broken again" on day 5, solved on day 6: strict counts the last solve, after which nothing came;
    # with reopenings both solves count, and after the first it came back.
    put(store, "1", 0)
    said = Event("1", "1-again", int(START + 5 * DAY), 8, "comment", actor="c", public=True, length=90)
    Source(store).put(said, status("1", 5, "solved", "open", "c"), status("1", 6, "open", "solved"))
    of = read_all(store)
    variants_give(AGAIN, came_back(of), strict=(1, 0), incl_reopen=(2, 0.5))


def test_a_problem_that_comes_back_on_another_helpdesk_comes_back(store: Store) -> None:
    # The same address on both, three days later.
    put(store, "1", 0)
    put(store, "7", 3, BROKEN_AGAIN, source="beta", requester="other id")
    variants_give(AGAIN, came_back(read_all(store)), strict=(2, 0.5), incl_reopen=(2, 0.5))


def test_a_problem_that_comes_back_is_theirs_who_solved_the_earlier_ticket(store: Store) -> None:
    # Ann solves the first, Bob the one that comes back on day 3.
    put(store, "1", 0)
    put(store, "2", 3, BROKEN_AGAIN)
    solve = Event("2", "2-2", int(START + 3 * DAY + 2 * HOUR), 2, "change", actor="b", field="status", before="open",
                  after="solved")  # fmt: skip
    Source(store).put(agent("b", "Bob"), solve)
    of = read_all(store)
    variants_give(AGAIN, came_back(of, agent="Ann"), strict=(1, 1), incl_reopen=(1, 1))
    variants_give(AGAIN, came_back(of, agent="Bob"), strict=(1, 0), incl_reopen=(1, 0))


# --- what only looks so


def test_what_was_written_before_the_solve_is_a_duplicate(store: Store) -> None:
    # An hour after the first, which is solved after two.
    put(store, "1", 0)
    put(store, "2", 1 / 24, BROKEN_AGAIN)
    variants_give(AGAIN, came_back(read_all(store)), strict=(2, 0), incl_reopen=(2, 0))


def test_a_window_that_is_not_over_says_nothing(store: Store) -> None:
    # Solved on day 0 and day 10; 14 days after the first solve, the second one's days still run.
    put(store, "1", 0)
    put(store, "2", 10, BROKEN_AGAIN)
    of = read_all(store)
    variants_give(AGAIN, came_back(of, until=14), strict=(0, None), incl_reopen=(0, None))
    variants_give(AGAIN, came_back(of, until=15), strict=(1, 1), incl_reopen=(1, 1))
    variants_give(AGAIN, came_back(of), strict=(2, 0.5), incl_reopen=(2, 0.5))


def test_two_people_with_one_problem_are_no_repeat(store: Store) -> None:
    put(store, "1", 0)
    put(store, "2", 3, BROKEN_AGAIN, requester="d", address="d@x.org")
    variants_give(AGAIN, came_back(read_all(store)), strict=(2, 0), incl_reopen=(2, 0))


@pytest.mark.parametrize(
    "later",
    [{"is_spam": True}, {"tags": ("test",)}, {"merged_into": "5"}, {"channel": "outbound_email"}],
    ids=["spam", "test", "merged into a third", "written by the team"],
)
def test_a_later_ticket_that_is_no_contact_brings_nothing_back(store: Store, later: Any) -> None:
    # It is no ticket of its own either: one counts.
    put(store, "1", 0)
    Source(store).put(ticket("5", START, requester="9"))  # another customer's, which is open
    put(store, "2", 3, BROKEN_AGAIN, **later)
    of = read_all(store, tickets=Tickets(exclude=Exclude(tags=["test"])))
    variants_give(AGAIN, came_back(of), strict=(1, 0), incl_reopen=(1, 0))


def test_a_pair_that_a_person_labelled_otherwise_did_not_come_back(store: Store) -> None:
    # A follow-up about something else, says the lead: none of two.
    put(store, "1", 0)
    put(store, "2", 3, OTHER, follow_up_of="1")
    of = read_all(store)
    variants_give(AGAIN, came_back(of), strict=(2, 0.5), incl_reopen=(2, 0.5))
    save_label(store, pair(store, of.config), PairLabel("no", "lead", 1, "two different things"))
    variants_give(AGAIN, came_back(read_all(store)), strict=(2, 0), incl_reopen=(2, 0))


# --- what stands apart


def test_a_shared_mailbox_is_not_one_customer(store: Store) -> None:
    # Two tickets of a named sender, one of somebody else.
    put(store, "1", 0)
    put(store, "2", 3, BROKEN_AGAIN)
    put(store, "3", 3, requester="d", address="d@y.org")
    of = read_all(store, recurrence=Recurrence(senders=["c@x.org"]))
    variants_give(AGAIN, came_back(of), strict=(1, 0), incl_reopen=(1, 0))
    assert rate(of).excluded == {"shared_sender": 2}


def test_a_monitoring_that_writes_every_day_is_no_customer(store: Store) -> None:
    # Six tickets on six days, five a week are allowed.
    for number in range(6):
        put(store, str(number + 1), number)
    of = read_all(store, recurrence=Recurrence(sender_week=5))
    variants_give(AGAIN, came_back(of), strict=(0, None), incl_reopen=(0, None))
    assert rate(of).excluded == {"shared_sender": 6}


def test_a_request_that_comes_by_right_comes_back_by_nobodys_fault(store: Store) -> None:
    put(store, "1", 0, type="Monthly report")
    put(store, "2", 3, BROKEN_AGAIN, type="Monthly report")
    of = read_all(store, recurrence=Recurrence(expected=["monthly report"]))
    variants_give(AGAIN, came_back(of), strict=(0, None), incl_reopen=(0, None))
    assert rate(of).excluded == {"expected": 2}


def test_a_fault_of_the_product_that_hits_many_is_no_solve_of_anybodys_that_failed(store: Store) -> None:
    # Five customers with one fault on day 20, one of whom writes again on day 21.9; and one with something else.
    put(store, "1", 0, OTHER, requester="early", address="early@x.org")
    crowd(store, 5, 20)
    put(store, "2", 21.9, BROKEN_AGAIN, requester="p100", address="p100@x.org")
    of = read_all(store)
    variants_give(AGAIN, came_back(of), strict=(2, 0), incl_reopen=(2, 0))
    assert rate(of).excluded == {"incident": 5}
