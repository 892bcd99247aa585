"""Freshdesk on real accounts: who spoke, what a ticket is to others, what a refused row leaves unknown.

Small accounts, synced and measured whole. Times are of Monday 2 March 2026, UTC.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from freshdesk_account import LEFT, NOW, ONE, TWO, Desk, Row, first_replies, synced, team, ticket, words
from small_account import SmallAccount

Read = Callable[..., SmallAccount]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    monkeypatch.setenv("ACME_KEY", "a-key-of-the-account")

    def made(tickets: Sequence[Row], said: dict[int, Sequence[Row]], more: str = "") -> SmallAccount:
        return synced(tmp_path, Desk(tickets, said), more=more)

    return made


@pytest.mark.trap("freshdesk 41")
def test_words_in_the_requesters_own_name_are_the_customers_whatever_the_flag_says(read: Read) -> None:
    """A channel connector posts the customer's second message as a public note, which the API marks as not incoming.
    711 has it so and 712 by mail; both were answered at 10:00, 7,200 s after they were asked, with one reply.
    """
    said = {
        711: [words("08:15", 5711, source=2), words("10:00", ONE)],
        712: [words("08:15", 5712, incoming=True), words("10:00", ONE)],
    }
    account = read([ticket(711), ticket(712)], said)
    assert first_replies(account) == {"711": (7200, "Agent One", ""), "712": (7200, "Agent One", "")}
    assert account.by_ticket("replies_per_ticket", "value", as_of=NOW) == {"711": 1, "712": 1}
    assert team(account) == {"Agent One", "Agent Two"}


@pytest.mark.trap("freshdesk 48")
def test_one_outgoing_line_does_not_make_an_agent_of_somebody_who_asks_elsewhere(read: Read) -> None:
    """5722 asks on 722, and an integration names them as the author of a line on 721, which is no reply of the team."""
    said = {721: [words("08:15", 5722, source=2), words("10:00", ONE)], 722: [words("09:00", ONE)]}
    account = read([ticket(721), ticket(722)], said)
    assert first_replies(account) == {"721": (7200, "Agent One", ""), "722": (3600, "Agent One", "")}
    assert team(account) == {"Agent One", "Agent Two"}


@pytest.mark.trap("freshdesk 48")
def test_who_answered_others_and_had_tickets_was_an_agent_though_a_contact_today(read: Read) -> None:
    """109 answered 731 at 09:00 when they had it, left, and asks on 732 as a customer."""
    said = {731: [words("09:00", LEFT)], 732: [words("08:30", LEFT, incoming=True), words("10:00", ONE)]}
    account = read([ticket(731, agent=LEFT), ticket(732, requester=LEFT)], said)
    found = first_replies(account)
    assert found["731"][0] == 3600
    assert found["732"] == (7200, "Agent One", "")


def test_an_agents_words_are_the_teams_though_an_integration_marked_them_as_incoming(read: Read) -> None:
    account = read([ticket(741)], {741: [words("09:00", TWO, incoming=True, source=2)]})
    assert first_replies(account) == {"741": (3600, "Agent Two", "")}


@pytest.mark.trap("freshdesk 47")
def test_a_mail_that_the_team_writes_first_is_outbound_and_a_phone_call_that_an_agent_types_is_not(read: Read) -> None:
    """Of the call itself nothing can be had, so that the first reply to 752 is not known; it counts as a request."""
    tickets = [ticket(751, source=10), ticket(752, source=3)]
    account = read(tickets, {751: [], 752: [words("09:00", ONE)]})
    found = first_replies(account)
    assert {number: reason for number, (_, _, reason) in found.items()} == {"751": "outbound", "752": "no_call_data"}
    assert account.by_ticket("channel_mix", "reason", as_of=NOW) == {"751": "outbound", "752": ""}


@pytest.mark.trap("freshdesk 42")
def test_a_conversation_that_cannot_be_read_leaves_the_replies_unknown_and_names_its_ticket(read: Read) -> None:
    """The row that is refused may have been the reply; nothing says that 761 was never answered."""
    bad = words("09:00", ONE) | {"created_at": "no time"}
    account = read([ticket(761), ticket(762)], {761: [bad], 762: [words("09:00", ONE)]})
    found = first_replies(account)
    assert found["761"][2] == "replies_unreadable"
    assert found["762"] == (3600, "Agent One", "")
    with account.store() as store:
        [reason] = [reason for (reason,) in store.rows("SELECT reason FROM rejected_rows")]
    assert "ticket 761" in reason


@pytest.mark.trap("freshdesk 50")
def test_what_a_ticket_is_to_others_is_kept_and_a_kind_that_nobody_knows_is_counted(read: Read) -> None:
    tickets = [ticket(770 + kind, association_type=kind) for kind in range(1, 6)]
    account = read(tickets, {})
    with account.store() as store:
        kept = dict(store.rows("SELECT native, association FROM tickets ORDER BY native"))
        unread = store.rows("SELECT t.native, u.kind, u.word FROM unread u JOIN tickets t ON t.id = u.ticket")
    assert kept == {"771": "parent", "772": "child", "773": "tracker", "774": "related", "775": None}
    assert unread == [("775", "association", "5")]


@pytest.mark.trap("freshdesk 53")
def test_children_and_trackers_are_the_teams_own_work_and_no_requests(read: Read) -> None:
    tickets = [ticket(770 + kind, association_type=kind) for kind in range(1, 5)]
    account = read(tickets, {770 + kind: [words("09:00", ONE)] for kind in range(1, 5)})
    reasons = {number: reason for number, (_, _, reason) in first_replies(account).items()}
    assert reasons["771"] == reasons["774"] == ""
    assert reasons["772"]
    assert reasons["773"]


@pytest.mark.trap("freshdesk 43")
@pytest.mark.parametrize(("solved", "reason"), [("11:00", "merged"), ("08:40", "")])
def test_a_note_merges_a_ticket_only_if_the_ticket_was_closed_by_it(read: Read, solved: str, reason: str) -> None:
    """The note comes at 11:00. A ticket that was solved at 08:40 and whose note mentions the merge later counts."""
    note = words("11:00", ONE, source=2, private=True, body_text="This ticket is merged into ticket 782")
    stamp = f"2026-03-02T{solved}:00Z"
    loser = ticket(781, stats={"resolved_at": stamp, "status_updated_at": stamp})
    account = read([loser, ticket(782)], {781: [words("08:30", ONE), note], 782: [words("09:00", ONE)]})
    assert first_replies(account)["781"][2] == reason


def test_a_note_about_a_ticket_that_does_not_exist_here_merges_nothing(read: Read) -> None:
    note = words("11:00", ONE, source=2, private=True, body_text="This ticket is merged into ticket 999")
    account = read([ticket(791)], {791: [words("08:30", ONE), note]})
    assert first_replies(account)["791"] == (1800, "Agent One", "")
