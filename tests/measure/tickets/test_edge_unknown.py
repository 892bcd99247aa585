"""What is not known is neither "none" nor "never".

Every variant by hand; minutes since creation. `edge_cases.toml` says which case each test is about.
"""

from typing import Any

import pytest
from timeline_fixtures import (
    ANN,
    BOB,
    CUSTOMER,
    at,
    by_variant,
    counted,
    desk,
    did,
    measured,
    minutes,
    said,
    status,
    story,
)
from variant_fixtures import lengths, of_solves, variants_give

from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.store.ticket_records import EventRecord

FRT, NRT, ACCEPTED = "first_reply_time", "next_reply_time", "accepted_resolution_time"
FIRST, FULL, SOLVED, TOUCH = "first_resolution_time", "full_resolution_time", "solved_tickets", "one_touch"
NO_NATIVE: dict[str, list[Any]] = {"zendesk": [], "freshdesk": [], "jira": [], "fivetran": []}


# --- events that did not arrive


@pytest.mark.parametrize("now", ["open", "solved"])
def test_a_ticket_without_any_event_is_neither_unanswered_nor_waiting(now: str) -> None:
    ticket = story(words=False, status=now)
    reason = "first_message_unknown"
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [reason], **NO_NATIVE))
    assert [o.stop for o in measured(ticket, "sla_attainment")] == [reason, reason]
    variants_give(SOLVED, of_solves(ticket), strict=[], valid=[])
    first = ["history_unknown"]
    variants_give(FIRST, lengths(ticket), **by_variant(FIRST, first, zendesk=[], fivetran=[]))
    variants_give(FULL, lengths(ticket), **by_variant(FULL, first, zendesk=[], freshdesk=[], fivetran=[]))


def test_an_open_ticket_without_any_event_is_in_the_backlog_as_its_row_says() -> None:
    assert counted(story(words=False, status="open"), "backlog", as_of=90) == [(None, 90.0, True)]
    assert counted(story(words=False, status="solved"), "backlog", as_of=90) == []


def test_replies_without_the_message_that_they_answer_are_not_known() -> None:
    # Ann's reply at 30 is known, the customer's request is not: there may have been more before.
    ticket = story(said(30, ANN), status(60, ANN, "open", "solved"), words=False)
    variants_give(FRT, lengths(ticket), **by_variant(FRT, ["first_message_unknown 30"]))
    out = [(60, ANN, "first_message_unknown")]
    variants_give(TOUCH, of_solves(ticket), strict=out, zendesk=out, fivetran=out)
    assert measured(ticket, "first_contact_resolution")[0].stop == "first_message_unknown"
    assert measured(ticket, "replies_per_ticket")[0].stop == "first_message_unknown"
    variants_give(SOLVED, of_solves(ticket), strict=[(60, ANN, 1)], valid=out)


def test_a_first_message_that_is_written_a_moment_after_the_ticket_is_known() -> None:
    ticket = story(said(1, CUSTOMER), said(30, ANN), words=False)
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [30.0]))


# --- conversations that cannot be read


def in_a_channel(channel: str | None, flag: int | None) -> Timeline:
    """Solved by Ann at 60 without a written word, on an account without chat data."""
    solved = status(60, ANN, "open", "solved")
    return story(solved, channel=channel, is_messaging=flag, the=desk(lacks=["chats"]))


@pytest.mark.parametrize(
    ("channel", "flag"),
    [("native_messaging", 1), ("whatsapp", None), ("sunshine_conversations_api", 1), ("a_new_one", 1), (None, 1)],
)
def test_a_conversation_that_cannot_be_read_is_not_unanswered_whatever_its_channel_is_called(
    channel: str | None, flag: int | None
) -> None:
    ticket, out = in_a_channel(channel, flag), "no_chat_data"
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [out], **NO_NATIVE | {"jira": [60.0]}))
    variants_give(ACCEPTED, lengths(ticket), strict=[out], confirmed=[out], at_confirmation=[out])
    rows = [(60, ANN, out)]
    variants_give(TOUCH, of_solves(ticket), strict=rows, zendesk=rows, fivetran=rows)
    assert [o.stop for o in measured(ticket, "first_contact_resolution")] == [out]
    assert [o.stop for o in measured(ticket, "replies_per_ticket")] == [out]


@pytest.mark.parametrize(("channel", "flag"), [("email", 0), ("email", None), ("a_new_one", None)])
def test_a_mail_that_was_solved_without_a_word_is_unanswered(channel: str, flag: int | None) -> None:
    ticket = in_a_channel(channel, flag)
    silent = ["solved_without_reply 60"]
    variants_give(FRT, lengths(ticket), **by_variant(FRT, silent, **NO_NATIVE | {"jira": [60.0]}))


def test_a_customers_comment_next_to_a_conversation_waits_for_nobody_who_is_known() -> None:
    ticket = story(said(30, ANN), said(40, CUSTOMER), is_messaging=1, the=desk(lacks=["chats"]))
    variants_give(NRT, lengths(ticket), strict=["no_chat_data"], owner=["no_chat_data"])


# --- histories that end at another value than the ticket has


def cut(**row: Any) -> Timeline:
    """Ann takes it at 10 and works on it; that it was solved is in no history. Last touched at 500."""
    taken, begun = did(10, ANN, "assignee", None, ANN), status(20, ANN, "new", "open")
    return story(taken, begun, said(30, ANN), **{"status": "solved", "assignee": ANN, "updated_at": at(500), **row})


def test_a_solve_that_the_helpdesk_dates_is_one_at_that_time() -> None:
    # Since 360 it has its status, says the helpdesk: solved after 360 minutes, by whoever had it. It never runs on.
    ticket = cut(status_at=at(360))
    variants_give(FIRST, lengths(ticket), **by_variant(FIRST, [360.0]))
    variants_give(FULL, lengths(ticket), **by_variant(FULL, [360.0]))
    one = [(360, ANN, 1)]
    variants_give(SOLVED, of_solves(ticket), strict=one, valid=one)
    assert [(o.start, o.end) for o in measured(ticket, "backlog")] == [
        (at(0), at(10)), (at(10), at(20)), (at(20), at(360)),
    ]  # fmt: skip


@pytest.mark.parametrize("closed", [False, True])
def test_a_solve_that_nothing_dates_is_not_known_and_never_runs_on(*, closed: bool) -> None:
    # When it was closed says nothing of when it was solved. From its last update on it is in no backlog.
    ticket = cut(status="closed", status_at=at(400)) if closed else cut()
    assert [str(length).split()[0] for length in minutes(ticket, FULL)] == ["history_unknown"]
    assert [o.stop for o in measured(ticket, SOLVED)] == ["history_unknown"]
    assert counted(ticket, "backlog", as_of=501) == [(None, 10.0, False), (ANN, 10.0, False), (ANN, 480.0, False)]
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [30.0], owner=[10.0, 20.0]))


def test_a_solve_of_the_last_update_is_one_at_that_time_though_its_change_is_missing() -> None:
    # The last change that is known and the last update are both at 20: what is missing happened then.
    ticket = story(did(10, ANN, "assignee", None, ANN), status(20, ANN, "new", "open"), said(15, ANN),
                   status="solved", assignee=ANN, updated_at=at(20))  # fmt: skip
    assert minutes(ticket, FULL) == [20.0]


def test_who_has_it_now_has_it_though_nothing_says_since_when() -> None:
    # The history ends with Ann, the ticket is Bob's: held by Bob, and nobody's time is told.
    ticket = story(did(10, ANN, "assignee", None, ANN), said(30, ANN), assignee=BOB, updated_at=at(500))
    assert ticket.assignee_at(at(499)) == ANN
    assert ticket.assignee_at(at(500)) == BOB
    assert {o.stop for o in measured(ticket, "held_time")} == {"history_unknown"}
    assert counted(ticket, "backlog", as_of=600)[-1] == (BOB, 100.0, True)
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [30.0], owner=[10.0, 20.0]))


def test_a_history_that_is_newer_than_the_ticket_is_right() -> None:
    ticket = story(status(60, ANN, "new", "solved"), status="new", updated_at=at(30))
    variants_give(FULL, lengths(ticket), **by_variant(FULL, [60.0]))
    assert ticket.ends == []


def test_closed_and_solved_are_both_an_end() -> None:
    ticket = story(status(60, ANN, "new", "solved"), status="closed", updated_at=at(5000))
    variants_give(FULL, lengths(ticket), **by_variant(FULL, [60.0]))
    assert ticket.ends == []


def test_a_reopening_that_no_history_tells_is_open_again_since_it_was_seen() -> None:
    ticket = story(status(60, ANN, "new", "solved"), status="open", updated_at=at(300), status_at=at(200))
    variants_give(
        FULL, lengths(ticket, as_of=400), **by_variant(FULL, ["running"], zendesk=[], freshdesk=[], fivetran=[])
    )
    assert [o.facet for o in measured(ticket, "reopen_rate")] == ["unknown"]
    assert counted(ticket, "backlog", as_of=400)[-1] == (None, 200.0, True)


# --- tickets that moved away


def test_what_happened_before_a_ticket_moved_away_stays_and_it_leaves_the_backlog_then() -> None:
    # Answered at 60, moved at 1000 while it was open: not solved, not deleted, and nobody's backlog any more.
    ticket = story(said(60, ANN), left_at=at(1000), status="done elsewhere", updated_at=at(2000))
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [60.0]))
    out = by_variant(FULL, ["moved"], zendesk=[], freshdesk=[], fivetran=[])
    variants_give(FULL, lengths(ticket), **out)
    running = by_variant(FULL, ["running"], zendesk=[], freshdesk=[], fivetran=[])
    variants_give(FULL, lengths(ticket, as_of=999), **running)
    assert counted(ticket, "backlog", as_of=999) == [(None, 1000.0, False)]
    assert [(o.start, o.end) for o in measured(ticket, "backlog")] == [(at(0), at(1000))]
    assert [(o.facet, o.stop) for o in measured(ticket, "net_flow")] == [("created", "")]


def test_what_was_solved_before_it_moved_away_counts_and_what_comes_later_does_not() -> None:
    solved, again = status(100, ANN, "new", "solved"), status(1500, ANN, "open", "solved")
    ticket = story(said(60, ANN), solved, status(1400, CUSTOMER, "solved", "open"), again, left_at=at(1000))
    variants_give(SOLVED, of_solves(ticket, as_of=1300), strict=[(100, ANN, 1)], valid=[(100, ANN, 1)])
    out = [(1500, ANN, "moved")]
    assert of_solves(ticket)(SOLVED, "strict")[-1:] == out


# --- copied from another helpdesk


def test_a_copy_with_its_own_times_is_a_ticket_like_others() -> None:
    events = (status(0, None, None, "new"), said(30, ANN), status(60, ANN, "new", "solved"))
    ticket = story(*events, is_imported=1)
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [30.0]))
    variants_give(FULL, lengths(ticket), **by_variant(FULL, [60.0]))


#: The events of a copy, and what its first reply is.
COPIED: dict[str, tuple[list[EventRecord], Any]] = {
    "at the creation": ([said(0, CUSTOMER), said(0, ANN, seq=1), status(0, None, None, "solved")], "history_unknown 0"),
    "when it was copied": (
        [said(900, CUSTOMER), said(900, ANN, seq=1), status(900, None, None, "solved")], "first_message_unknown 900",
    ),
    "the words with their times": ([said(0, CUSTOMER), said(30, ANN), status(900, None, None, "solved")], 30.0),
}  # fmt: skip


@pytest.mark.parametrize("how", COPIED)
def test_what_was_copied_without_its_times_is_not_known(how: str) -> None:
    events, replied = COPIED[how]
    ticket = story(*events, is_imported=1, words=False)
    assert minutes(ticket, FRT) == [replied]
    assert {o.stop for o in measured(ticket, FULL)} == {"history_unknown"}
    assert {o.stop for o in measured(ticket, SOLVED)} == {"history_unknown"}
