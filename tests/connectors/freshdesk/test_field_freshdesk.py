"""Small Freshdesk accounts as real ones are: other shapes of the faults that were seen in the field.

Times are of Monday 2 March 2026, UTC, unless a test says otherwise. Values are worked out by hand.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from freshdesk_account import NOW, ONE, TWO, Desk, Row, answer, list_values, on, ticket, words
from small_account import SmallAccount, at

EARLY = at("2026-03-03 12:00")


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("ACME_KEY", "a-key-of-the-account")
    return lambda answers: SmallAccount(tmp_path, "freshdesk", answers)


# who asked, and as what


@pytest.mark.trap("freshdesk 51")
def test_requests_of_a_former_colleague_stay_internal(made: Any) -> None:
    """Agent Two asks 2 on 2 March, and Agent One answers. Two leaves on the 6th; 2 gets a note on the 7th."""
    desk = Desk([ticket(1, agent=TWO), ticket(2, requester=TWO)], {1: [words("09:00", TWO)], 2: [words("10:00", ONE)]})
    account = made(desk)
    account.sync(EARLY)
    desk.agents = desk.agents[:1]
    desk.tickets = [desk.tickets[0], ticket(2, requester=TWO, updated_at=on("12:00", 7))]
    for full in (False, True):
        account.sync(NOW, full=full)
        assert list_values(account, "first_reply_time") == {"1": [3600], "2": ["internal"]}


@pytest.mark.trap("freshdesk 51")
def test_the_first_requester_is_the_customer(made: Any) -> None:
    """On 4 March an agent makes themselves the requester of 1, and a customer that of 2, which an agent typed in."""
    said: dict[int, Sequence[Row]] = {1: [words("09:00", ONE)], 2: [words("09:00", ONE)]}
    desk = Desk([ticket(1), ticket(2, requester=TWO)], said)
    account = made(desk)
    account.sync(EARLY)
    assert list_values(account, "first_reply_time", EARLY) == {"1": [3600], "2": ["internal"]}
    changed = on("12:00", 4)
    desk.tickets = [ticket(1, requester=TWO, updated_at=changed), ticket(2, requester=5002, updated_at=changed)]
    account.sync(NOW)
    assert list_values(account, "first_reply_time") == {"1": [3600], "2": [3600]}


# words and where they stand


def test_a_channel_of_messages_is_known_where_its_replies_are_comments(made: Any) -> None:
    """Freshdesk has no sessions: what was said in WhatsApp is in the conversation, or is not told at all."""
    tickets = [ticket(1, source=13), ticket(2, source=13), ticket(3, source=22)]
    account = made(Desk(tickets, {1: [words("09:00", ONE, source=13)], 3: [words("10:00", TWO, source=22)]}))
    account.sync(NOW)
    assert list_values(account, "first_reply_time") == {"1": [3600], "2": ["no_chat_data"], "3": [7200]}
    assert list_values(account, "replies_per_ticket") == {"1": [1], "2": ["no_chat_data"], "3": [1]}


def test_an_outbound_mail_that_was_answered_has_no_first_reply_in_freshdesks_own_figure(made: Any) -> None:
    """Recorded rows of such mails have no `first_responded_at`, though an agent wrote after the customer did."""
    said = [words("09:00", 5001, incoming=True, body_text="Why did you write?"), words("10:00", ONE)]
    account = made(Desk([ticket(1, source=10), ticket(2)], {1: said, 2: [words("09:00", ONE)]}))
    account.sync(NOW)
    assert list_values(account, "first_reply_time", variant="freshdesk") == {"2": [3600]}
    assert list_values(account, "first_reply_time") == {"1": ["outbound"], "2": [3600]}


def test_what_is_forwarded_automatic_private_or_a_survey_is_no_reply_and_no_question(made: Any) -> None:
    """Each has the agent's first real reply at 10:00, 7,200 s; 4 was answered at 09:00 and then rated."""
    said: dict[int, Sequence[Row]] = {
        1: [words("08:30", ONE, source=8), words("10:00", ONE)],
        2: [words("08:01", ONE, automation_id=55), words("10:00", ONE)],
        3: [words("08:30", ONE, source=2, private=True), words("10:00", ONE)],
        4: [words("09:00", ONE), words("10:30", 5004, incoming=True, source=6, category=7)],
        5: [words("08:30", 7777, incoming=True, source=2), words("10:00", ONE)],  # a copied reader
    }
    account = made(Desk([ticket(number) for number in said], said))
    account.sync(NOW)
    right = {"1": [7200], "2": [7200], "3": [7200], "4": [3600], "5": [7200]}
    assert (
        list_values(account, "first_reply_time")
        == list_values(account, "first_reply_time", variant="freshdesk")
        == right
    )
    assert list_values(account, "next_reply_time") == {}
    assert list_values(account, "replies_per_ticket") == {number: [1] for number in right}


# links, lists, states


@pytest.mark.trap("freshdesk 53")
def test_a_child_that_is_no_longer_linked_is_a_request_again(made: Any) -> None:
    desk = Desk([ticket(1, association_type=2)], {1: [words("09:00", ONE)]})
    account = made(desk)
    account.sync(EARLY)
    assert list_values(account, "first_reply_time", EARLY) == {"1": ["child"]}
    desk.tickets = [ticket(1, association_type=None, updated_at=on("12:00", 4))]
    account.sync(NOW)
    assert list_values(account, "first_reply_time") == {"1": [3600]}


def test_what_is_deleted_leaves_the_backlog_and_comes_back_when_it_is_restored(made: Any) -> None:
    row = ticket(1, status=2, updated_at=on("09:00", 2), stats={"resolved_at": None, "status_updated_at": None})
    desk = Desk([row], {1: [words("09:00", ONE)]})
    account = made(desk)
    account.sync(at("2026-03-02 10:00"))
    desk.tickets, desk.gone = [], [{**row, "updated_at": on("10:30", 2)}]
    account.sync(at("2026-03-02 11:00"))
    assert list_values(account, "backlog", at("2026-03-02 11:00")) == {"1": [9000]}  # from 08:00 to 10:30
    desk.tickets, desk.gone = [{**row, "updated_at": on("12:00", 2)}], []
    account.sync(NOW)
    assert list_values(account, "backlog") == {"1": ["running"]}
    assert list_values(account, "first_reply_time") == {"1": [3600]}


def test_of_tickets_merged_into_each_other_one_counts(made: Any) -> None:
    """1 goes into 2 at 09:00 and 2 into 3 at 10:00; 3 is answered at 10:30, 9,000 s after it was asked."""

    def merged(number: int, into: int, moment: str) -> tuple[Row, Row]:
        stats = dict.fromkeys(("resolved_at", "closed_at", "status_updated_at"), on(moment, 2))
        note = words(moment, ONE, source=2, private=True, body_text=f"This ticket is merged into ticket {into}")
        return ticket(number, status=5, stats=stats, updated_at=on(moment, 2)), note

    (one, first), (two, second) = merged(1, 2, "09:00"), merged(2, 3, "10:00")
    account = made(Desk([one, two, ticket(3)], {1: [first], 2: [second], 3: [words("10:30", ONE)]}))
    account.sync(NOW)
    assert list_values(account, "first_reply_time") == {"1": ["merged"], "2": ["merged"], "3": [9000]}
    assert list_values(account, "backlog") == {"1": [3600], "2": [7200], "3": [10800]}


# surveys


@pytest.mark.trap("freshdesk 51")
def test_an_answer_that_was_changed_keeps_its_date_and_another_one_is_its_own(made: Any) -> None:
    """Bad on 2 March at 12:00, changed to good on the 5th; a second survey is answered on the 6th, neutral."""
    answers = [answer(1, -103, on("12:00", 2))]
    account = made(Desk([ticket(1)], {1: [words("09:00", ONE)]}, satisfaction_ratings=answers))
    account.sync(EARLY)
    assert list_values(account, "csat", EARLY) == {"1": [0]}
    answers[:] = [answer(1, 103, on("12:00", 2), on("12:00", 5)), answer(2, 100, on("12:00", 6))]
    account.sync(NOW)
    assert list_values(account, "csat") == {"1": [1, 0]}
    assert list_values(account, "csat", EARLY) == {"1": [1]}  # on 2 March, and by now it is good
