"""Small accounts: what is not known is never "none", and a list ends by its own end."""

from pathlib import Path
from typing import Any

import pytest
from small_account import Asking, ServedAccount
from zendesk_account import (
    AGENT,
    CUSTOMER,
    OTHER_AGENT,
    ZendeskRows,
    as_audit,
    change,
    comment,
    created,
    event,
    ordinary,
    session,
    ticket,
    user,
)  # fmt: skip

LATER = "2026-11-20T00:00:00Z"
PEOPLE = [user(AGENT, "agent"), user(OTHER_AGENT, "agent"), user(CUSTOMER)]


def day(clock: str) -> str:
    return f"2026-11-10T{clock}:00Z"


def synced(folder: Path, rows: ZendeskRows) -> ServedAccount:
    found = ServedAccount(folder, rows)
    results = found.sync(LATER)
    assert {r.outcome for r in results.values()} <= {"ok", "unavailable"}, results
    return found


# messaging


def conversation(number: int, start: str, end: str) -> list[dict[str, Any]]:
    """A private comment that makes the ticket; the words of the conversation are not in the comments."""
    return [
        event(number, start, CUSTOMER, comment(CUSTOMER, "Conversation with a visitor", public=False),
              *created(status="new"), via="Messaging"),
        event(number, end, AGENT, change("status", "new", "solved")),
    ]  # fmt: skip


CHANNELS = (
    "native_messaging", "whatsapp", "instagram_dm", "viber", "line", "telegram",
    "sunshine_conversations_facebook_messenger", "kakaotalk", "apple_business_chat", "a_channel_of_next_year",
)  # fmt: skip


@pytest.mark.trap("zendesk 24")
def test_messaging_without_engagements_is_not_known_by_the_flag_and_not_by_names(tmp_path: Path) -> None:
    """Field case 4: ten channels, one that does not exist yet, and a mail that was solved without a word."""
    flagged = {9401 + place: channel for place, channel in enumerate(CHANNELS)}
    rows = ZendeskRows(
        users=PEOPLE,
        tickets=[
            *(ticket(number, day("09:00"), day("10:00"), channel=channel, from_messaging_channel=True)
              for number, channel in flagged.items()),
            ticket(9411, day("09:00"), day("10:00")),
        ],
        ticket_events=[
            *(one for number in flagged for one in conversation(number, day("09:00"), day("10:00"))),
            *ordinary(9411, opened=day("09:00"), solved=day("10:00")),
        ],
        refused=("/engagements/", "/guide/", "/slas/", "/business_hours/"),
    )  # fmt: skip
    found = synced(tmp_path, rows).list_values("first_reply_time", LATER)
    assert found.pop("9411") == ["solved_without_reply"]
    assert found == {str(number): ["no_chat_data"] for number in flagged}


@pytest.mark.trap("zendesk 24")
def test_rows_without_the_flag_are_known_by_name_and_a_name_on_no_list_is_counted(tmp_path: Path) -> None:
    """As exports gave them before the flag was made."""
    tickets = []
    for number, channel in ((1, "viber"), (2, 83), (3, "email"), (4, "a_channel_of_next_year")):
        tickets.append(ticket(number, day("09:00"), day("10:00"), channel=channel))
        del tickets[-1]["from_messaging_channel"]
    events = [part for number in (1, 2, 3, 4) for part in conversation(number, day("09:00"), day("10:00"))]
    desk = synced(tmp_path, ZendeskRows(users=PEOPLE, tickets=tickets, ticket_events=events))
    result = dict(desk.rows("SELECT native, is_messaging FROM tickets"))
    assert result == {"1": 1, "2": 1, "3": 0, "4": None}  # 83 is Apple's, by Zendesk's numbers
    assert desk.rows("SELECT kind, word FROM unread") == [("channel", "a_channel_of_next_year")]


def sessions_of(count: int, first: int = 9801) -> list[tuple[int, str]]:
    """(ticket, start): ten a day, from 08:00 on, an hour apart."""
    return [(first + n, f"2026-11-{10 + n // 10}T{8 + n % 10:02}:00:00Z") for n in range(count)]


def messaging(count: int) -> ZendeskRows:
    """One messaging ticket for each session, made when it starts and solved half an hour later."""
    tickets, events, engagements = [], [], []
    for number, start in sessions_of(count):
        end = start.replace(":00:00Z", ":30:00Z")
        tickets.append(ticket(number, start, end, channel="native_messaging", from_messaging_channel=True))
        events += conversation(number, start, end)
        engagements.append(session(f"{number - 9800:032X}", number, start))
    return ZendeskRows(users=PEOPLE, tickets=tickets, ticket_events=events, engagements=engagements)


@pytest.mark.trap("zendesk 33")
def test_messaging_sessions_are_read_page_by_page_and_a_day_later_the_new_ones_too(tmp_path: Path) -> None:
    """Field case 8: pages of 10, 10 and 3, then two more sessions; each agent replied after 45 s."""
    desk = ServedAccount(tmp_path, messaging(23))
    assert desk.sync("2026-11-13T00:00:00Z")["engagements"].outcome == "ok"
    assert desk.rows("SELECT count(*) FROM engagements") == [(23,)]
    assert sum(a.path == "/api/v2/engagements" for a in desk.requests) == 3
    desk.helpdesk = messaging(25)
    assert desk.sync("2026-11-14T00:00:00Z")["engagements"].outcome == "ok"
    assert desk.rows("SELECT count(*) FROM engagements") == [(25,)]
    replies = desk.list_values("first_reply_time", "2026-11-14T00:00:00Z")
    assert replies == {str(number): [45] for number, _ in sessions_of(25)}
    assert all(a.host.startswith("127.0.0.1:") for a in desk.requests)  # else a stream would have failed


def test_a_session_tells_the_first_reply_of_a_ticket_without_any_event(tmp_path: Path) -> None:
    rows = messaging(12)
    rows.ticket_events = []
    assert synced(tmp_path, rows).list_values("first_reply_time", LATER) == {str(n): [45] for n, _ in sessions_of(12)}


def test_a_session_of_a_time_to_come_keeps_no_other_from_being_read(tmp_path: Path) -> None:
    rows = messaging(3)
    rows.engagements[2]["engagement_start_time"] = "2098-01-01T08:00:00Z"
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-11-11T00:00:00Z")
    desk.helpdesk = messaging(12)
    desk.sync("2026-11-12T00:00:00Z")
    result = desk.list_values("first_reply_time", "2026-11-12T00:00:00Z")
    assert {number for number, took in result.items() if took == [45]} == {str(n) for n, _ in sessions_of(12)}


def test_sessions_without_a_reply_or_without_a_person_are_no_contact(tmp_path: Path) -> None:
    """As recorded: no reply, and yet a time of 0. The second one an AI agent had. The third has a reply after 0 s."""
    rows = messaging(3)
    unanswered = {"agent_replies_count": 0, "agent_messages_count": 0, "assignment_to_first_reply_time_seconds": 0}
    rows.engagements[0] |= unanswered
    rows.engagements[1] |= {"agent_id": None}
    rows.engagements[2] |= {"assignment_to_first_reply_time_seconds": 0}
    found = synced(tmp_path, rows).list_values("first_reply_time", LATER)
    assert found == {"9801": ["solved_without_reply"], "9802": ["solved_without_reply"], "9803": [0]}


@pytest.mark.trap("zendesk 33")
def test_sessions_without_a_word_on_what_follows_end_the_stream_with_an_error_that_names_it(tmp_path: Path) -> None:
    class Silent(ZendeskRows):
        def answer(self, asking: Asking) -> Any:
            given = super().answer(asking)
            if asking.path.endswith("/engagements"):
                return {"agent_engagement_data": given["agent_engagement_data"]}
            return given

    rows = Silent(users=PEOPLE, engagements=messaging(12).engagements)
    results = ServedAccount(tmp_path, rows).sync(LATER)
    assert results["engagements"].outcome == "failed"
    assert results["engagements"].reason.startswith("engagements: ")
    assert results["satisfaction_ratings"].outcome == "ok"  # the streams after it are read


@pytest.mark.trap("zendesk 47")
@pytest.mark.parametrize("kind", ["call", "chat"])
def test_a_call_or_a_session_that_moves_to_another_ticket_leaves_the_first_one(tmp_path: Path, kind: str) -> None:
    """Both asked at 09:00 in writing; 20 s into the session, and 30 s into the call, an agent was there. It was on 1
    first, and then on 2. Nothing else answered either, and both were solved at 10:00.
    """
    call = {"id": 77, "created_at": day("09:00"), "updated_at": day("09:30"), "agent_id": AGENT, "direction": "inbound",
            "time_to_answer": 30, "talk_time": 60, "duration": 100, "voicemail": False, "ticket_id": 1}  # fmt: skip
    chat = session("A" * 32, 1, day("09:00"), assignment_to_first_reply_time_seconds=20)
    rows = ZendeskRows(
        users=PEOPLE,
        tickets=[ticket(number, day("09:00"), day("10:00")) for number in (1, 2)],
        ticket_events=[e for number in (1, 2) for e in ordinary(number, opened=day("09:00"), solved=day("10:00"))],
        calls=[call] if kind == "call" else [],
        engagements=[chat] if kind == "chat" else [],
    )
    desk = synced(tmp_path, rows)
    took = 30 if kind == "call" else 20
    assert desk.list_values("first_reply_time", LATER) == {"1": [took], "2": ["solved_without_reply"]}
    call["ticket_id"] = chat["ticket_id"] = 2
    desk.sync("2026-11-20T00:05:00Z", full=True)
    assert desk.list_values("first_reply_time", LATER) == {"1": ["solved_without_reply"], "2": [took]}
    assert desk.rows("SELECT t.native FROM engagements e JOIN tickets t ON t.id = e.ticket") == [("2",)]


# events that never arrived


def without_events() -> ZendeskRows:
    """Field case 20: of 9971, solved, and 9973, open, no event ever came."""
    return ZendeskRows(
        users=PEOPLE,
        tickets=[
            ticket(9971, day("09:00"), day("11:00")),
            ticket(9972, day("09:00"), day("11:00")),
            ticket(9973, day("09:00"), status="open"),
        ],
        ticket_events=ordinary(9972, opened=day("09:00"), answered=day("09:30"), solved=day("11:00")),
    )


@pytest.mark.trap("zendesk 42")
def test_a_ticket_without_its_events_is_unknown_and_never_unanswered(tmp_path: Path) -> None:
    desk = synced(tmp_path, without_events())
    assert dict(desk.rows("SELECT native, replies_known FROM tickets")) == {
        "9971": "unreadable", "9972": "yes", "9973": "unreadable",
    }  # fmt: skip
    unknown = {"9971": ["replies_unreadable"], "9973": ["replies_unreadable"]}
    assert desk.list_values("first_reply_time", LATER) == {"9972": [1800], **unknown}
    assert desk.list_running("requester_wait_time", LATER) == desk.list_running("first_reply_time", LATER) == set()


@pytest.mark.trap("zendesk 42")
def test_audits_of_such_a_ticket_are_requested_and_complete_the_export(tmp_path: Path) -> None:
    """Asked at 09:00, answered at 09:20: 1,200 s. A second sync asks no more."""
    rows = without_events()
    web = {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}}
    rows.audits[9971] = [
        {"id": 1, "ticket_id": 9971, "created_at": day("09:00"), "author_id": CUSTOMER, "via": {"channel": "email"},
         "events": [{**comment(CUSTOMER), "id": 2}]},
        {"id": 4, "ticket_id": 9971, "created_at": day("09:20"), "author_id": AGENT, "via": web,
         "events": [{**comment(AGENT), "id": 5}, {"id": 6, "type": "Change", "field_name": "status", "value": "solved",
                                                  "previous_value": "new"}]},
    ]  # fmt: skip
    desk = synced(tmp_path, rows)
    assert desk.list_values("first_reply_time", LATER)["9971"] == [1200]
    requests = [a.path for a in desk.requests if a.path.endswith("/audits")]
    assert sorted(requests) == ["/api/v2/tickets/9971/audits", "/api/v2/tickets/9973/audits"]
    desk.sync("2026-11-20T01:00:00Z")
    assert [a.path for a in desk.requests if a.path.endswith("/audits")] == requests


def test_a_ticket_that_is_made_in_this_minute_is_given_time_to_tell_its_words(tmp_path: Path) -> None:
    """Exports hold back what is younger than a minute: at 09:00:30 nothing is wrong with a ticket of 09:00."""
    rows = ZendeskRows(users=PEOPLE, tickets=[ticket(1, day("09:00"), status="new")])
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-11-10T09:00:30Z")
    assert desk.rows("SELECT replies_known FROM tickets") == [("yes",)]
    rows.ticket_events = ordinary(1, opened=day("09:00"))
    desk.sync(day("09:30"))
    assert desk.rows("SELECT replies_known FROM tickets") == [("yes",)]
    assert desk.list_running("first_reply_time", day("09:30")) == {"1"}


@pytest.mark.trap("zendesk 42")
@pytest.mark.parametrize(
    "odd",
    [
        {"timestamp": "soon", "created_at": None}, {"child_events": [5]}, {"id": None},
        {"timestamp": 1_794_302_400_000}, {"timestamp": 0}
    ],
)  # fmt: skip
def test_an_event_that_cannot_be_read_leaves_its_ticket_unknown_until_its_audits_tell(
    tmp_path: Path, odd: dict[str, Any]
) -> None:
    """The agent's reply of 09:20 is the odd row; the audits have it: 1,200 s."""
    events = ordinary(1, opened=day("09:00"), answered=day("09:20"), solved=day("10:00"))
    good = dict(events[1])
    events[1] = {**events[1], **odd}
    rows = ZendeskRows(users=PEOPLE, tickets=[ticket(1, day("09:00"), day("10:00"))], ticket_events=events)
    desk = ServedAccount(tmp_path, Odd(rows, events.pop(1)))
    results = desk.sync(LATER)
    assert results["ticket_events"].rejected == 1
    assert desk.rows("SELECT replies_known, changes_known FROM tickets") == [("unreadable", "unreadable")]
    assert desk.list_values("first_reply_time", LATER) == {"1": ["replies_unreadable"]}
    web = {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}}
    rows.audits[1] = [
        {"id": e["id"], "ticket_id": 1, "created_at": e["created_at"], "author_id": e["updater_id"], "via": web,
         "events": [child for child in e["child_events"] if "body" in child]}
        for e in (events[0], good)
    ]  # fmt: skip
    rows.tickets[0] |= {"generated_timestamp": rows.tickets[0]["generated_timestamp"] + 864_000}  # it changes again
    for now in ("2026-11-21T00:00:00Z", "2026-11-21T01:00:00Z"):  # and it stays so
        desk.sync(now)
        assert desk.rows("SELECT replies_known, changes_known FROM tickets") == [("yes", "yes")]
    assert desk.list_values("first_reply_time", LATER) == {"1": [1200]}


def test_an_event_without_a_ticket_is_reported_by_id_and_affects_no_other(tmp_path: Path) -> None:
    """Nothing says of which ticket it was. The replies to the other ticket are known: 1,200 s."""
    events = [
        e for number in (1, 2)
        for e in ordinary(number, opened=day("09:00"), answered=day("09:20"), solved=day("10:00"))
    ]  # fmt: skip
    events[1]["ticket_id"] = 1.5
    odd = events.pop(1)
    rows = ZendeskRows(
        users=PEOPLE, tickets=[ticket(number, day("09:00"), day("10:00")) for number in (1, 2)], ticket_events=events
    )
    desk = ServedAccount(tmp_path, Odd(rows, odd))
    desk.sync(LATER)
    assert desk.rows("SELECT stream, id FROM rejected_rows") == [("ticket_events", str(odd["id"]))]
    assert desk.list_values("first_reply_time", LATER)["2"] == [1200]


class Odd:
    """Serves one row of the events as it is, as long as the first of the others is asked for."""

    connector = "zendesk"

    def __init__(self, rows: ZendeskRows, odd: dict[str, Any]) -> None:
        self.rows, self.odd, self.settings = rows, odd, rows.settings

    def answer(self, asking: Asking) -> Any:
        given = self.rows.answer(asking)
        if asking.path.endswith("/incremental/ticket_events") and int(asking.query["start_time"]) < 1794302400:
            given["ticket_events"].insert(1, self.odd)
        return given


def test_an_audit_that_cannot_be_read_leaves_the_states_unknown_too_until_it_can(tmp_path: Path) -> None:
    """Without exports. Solved at 10:00, opened again at 11:00 by the odd row, solved at 12:00: the last state fits, and
    taken by itself the first solve would be the last one. Read well: 3 hours, and one of two solves did not hold.
    """
    solved, opened, again = (as_audit(event(1, day(at), AGENT, change("status", *states))) for at, *states in (
        ("10:00", "new", "solved"), ("11:00", "solved", "open"), ("12:00", "open", "solved")))  # fmt: skip
    [requests] = map(as_audit, ordinary(1, opened=day("09:00")))
    rows = ZendeskRows(
        users=PEOPLE, tickets=[ticket(1, day("09:00"), day("12:00"))],
        audits={1: [requests, solved, {**opened, "author_id": "x"}, again]},
        refused=("/incremental/", "/guide/", "/slas/", "/business_hours/", "/engagements/"),
    )  # fmt: skip
    desk = ServedAccount(tmp_path, rows)
    desk.sync(LATER)
    for kpi in ("reopen_rate", "full_resolution_time"):
        assert set(desk.list_values(kpi, LATER).get("1", ["history_unknown"])) == {"history_unknown"}
    rows.audits[1] = [requests, solved, opened, again]
    rows.tickets[0]["updated_at"] = day("12:01")
    desk.sync("2026-11-21T00:00:00Z")
    assert desk.list_values("full_resolution_time", LATER) == {"1": [10_800]}
    assert sorted(desk.list_values("reopen_rate", LATER)["1"]) == [0, 1]
