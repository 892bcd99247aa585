"""Small accounts: who wrote, who answered, what is words and what is a call."""

from pathlib import Path
from typing import Any

import pytest
from small_account import ServedAccount
from zendesk_account import (
    AGENT,
    CUSTOMER,
    OTHER_AGENT,
    ZendeskRows,
    change,
    comment,
    created,
    event,
    ordinary,
    ticket,
    user,
)  # fmt: skip

LATER = "2026-11-20T00:00:00Z"
FORM, BOT = 590, 591


def day(clock: str) -> str:
    return f"2026-11-10T{clock}:00Z"


def account(folder: Path, *, rules: dict[str, Any] | None = None, **rows: Any) -> ServedAccount:
    """Synced once, without a stream that failed and without a row that was set aside."""
    found = ServedAccount(folder, ZendeskRows(**rows), **(rules or {}))
    results = found.sync(LATER)
    assert {r.outcome for r in results.values()} <= {"ok", "unavailable"}, results
    assert not sum(r.rejected for r in results.values())
    return found


TEAM = [user(AGENT, "agent"), user(OTHER_AGENT, "agent")]


@pytest.mark.trap("zendesk 31", "zendesk 35")
def test_tickets_and_their_events_are_requested_in_the_same_scope(tmp_path: Path) -> None:
    """Field case 1: the second ticket was taken by an AI agent first."""
    desk = account(
        tmp_path,
        users=[*TEAM, user(601), user(602)],
        tickets=[
            ticket(9101, day("09:00"), day("10:30")),
            ticket(9102, day("09:00"), day("10:00"), requester_id=602, submitter_id=602, support_type="ai_agent"),
        ],
        ticket_events=[
            *ordinary(9101, opened=day("09:00"), answered=day("09:45"), solved=day("10:30")),
            *ordinary(9102, opened=day("09:00"), answered=day("09:20"), solved=day("10:00"), customer=602),
        ],
    )
    assert desk.list_values("first_reply_time", LATER) == {"9101": [2700], "9102": [1200]}
    assert desk.list_values("full_resolution_time", LATER) == {"9101": [5400], "9102": [3600]}
    assert desk.list_values("solved_tickets", LATER).keys() == {"9101", "9102"}
    assert desk.list_running("backlog", LATER) == desk.list_running("requester_wait_time", LATER) == set()
    requests = {a.path: a.query["support_type_scope"] for a in desk.requests if "support_type_scope" in a.query}
    assert requests == {"/api/v2/incremental/tickets/cursor": "all", "/api/v2/incremental/ticket_events": "all"}


# who wrote, and not who submitted


def form_ticket(number: int, customer: int, submitter: int = FORM, **given: Any) -> dict[str, Any]:
    return ticket(
        number, day("08:00"), day("11:00"), channel="api", requester_id=customer, submitter_id=submitter, **given
    )


def by_form(number: int, author: int = FORM, via: Any = "Web Service") -> list[dict[str, Any]]:
    """Asked at 08:00 through an account of the form, answered at 08:30, solved at 11:00."""
    _, *later = ordinary(number, opened=day("08:00"), answered=day("08:30"), solved=day("11:00"))
    return [event(number, day("08:00"), author, comment(author, "It has not come."), *created(status="new"), via=via),
            *later]  # fmt: skip


def written_first(number: int, via: Any = "Web form") -> list[dict[str, Any]]:
    """An agent writes at 08:00, and solves the ticket at 11:00."""
    made = created(status="open", assignee_id=AGENT)
    return [event(number, day("08:00"), AGENT, comment(AGENT, "Your card was refused."), *made, via=via),
            event(number, day("11:00"), AGENT, change("status", "open", "solved"))]  # fmt: skip


@pytest.mark.trap("zendesk 37")
def test_what_a_contact_form_brings_is_a_request_and_what_an_agent_writes_first_is_outbound(tmp_path: Path) -> None:
    """Field case 2: the form's account has an agent's seat and is the author of the first words."""
    desk = account(
        tmp_path,
        users=[*TEAM, user(FORM, "agent", name="Contact form"), user(603), user(604), user(605)],
        tickets=[
            form_ticket(9201, 603), form_ticket(9202, 604),
            ticket(9203, day("08:00"), day("11:00"), channel="web", requester_id=605, submitter_id=AGENT),
        ],
        ticket_events=[*by_form(9201), *by_form(9202), *written_first(9203)],
    )  # fmt: skip
    assert desk.list_values("first_reply_time", LATER) == {"9201": [1800], "9202": [1800], "9203": ["outbound"]}
    solved = desk.list_values("solved_tickets", LATER)
    assert (solved["9201"], solved["9202"], solved["9203"]) == ([1], [1], ["outbound"])


@pytest.mark.trap("zendesk 37")
@pytest.mark.parametrize("names", [(), ("590",)], ids=["not_named", "named_as_a_bot"])
@pytest.mark.parametrize("channel", ["api", "whatsapp", "any_channel"])
def test_a_chat_app_that_creates_tickets_asks_for_the_customer(
    tmp_path: Path, channel: str, names: tuple[str, ...]
) -> None:
    """The app's words are no reply either: one reply, at 08:30."""
    rules = {"tickets": {"bots": list(names)}}
    made = form_ticket(1, 603) | {"via": {"channel": channel, "source": {"from": {}, "to": {}, "rel": None}}}
    events = by_form(1, via="Web Service" if channel == "api" else channel)
    desk = account(
        tmp_path, rules=rules, users=[*TEAM, user(FORM, "agent"), user(603)], tickets=[made], ticket_events=events
    )
    assert desk.list_values("first_reply_time", LATER) == {"1": [1800]}
    assert desk.list_values("replies_per_ticket", LATER) == {"1": [1]}


@pytest.mark.trap("zendesk 37")
def test_a_mail_that_an_agent_forwards_is_the_customers(tmp_path: Path) -> None:
    """https://support.zendesk.com/hc/en-us/articles/4408836514202: the customer is requester and first author."""
    forwarded = ticket(1, day("08:00"), day("11:00"), submitter_id=OTHER_AGENT)
    _, *later = ordinary(1, opened=day("08:00"), answered=day("08:20"), solved=day("11:00"))
    first = event(1, day("08:00"), OTHER_AGENT, comment(CUSTOMER), *created(status="new"), via="Mail")
    desk = account(tmp_path, users=[*TEAM, user(CUSTOMER)], tickets=[forwarded], ticket_events=[first, *later])
    assert desk.list_values("first_reply_time", LATER) == {"1": [1200]}  # 08:00 to 08:20


def test_a_request_that_an_agent_types_in_for_a_customer_with_a_note_is_a_request(tmp_path: Path) -> None:
    """The first words are private, so nobody wrote to the customer: 08:00 to the first public reply at 09:10."""
    made = created(status="open", assignee_id=AGENT)
    events = [
        event(1, day("08:00"), AGENT, comment(AGENT, "Called about the invoice.", public=False), *made),
        event(1, day("09:10"), AGENT, comment(AGENT), change("status", "open", "solved")),
    ]
    row = ticket(1, day("08:00"), day("09:10"), channel="web", submitter_id=AGENT, is_public=False)
    desk = account(tmp_path, users=[*TEAM, user(CUSTOMER)], tickets=[row], ticket_events=events)
    assert desk.list_values("first_reply_time", LATER) == {"1": [4200]}


# calls


def spoken(author: int, **data: Any) -> dict[str, Any]:
    """A call as a comment, which is public and by an agent more often than not."""
    data = {"call_id": 7, "call_duration": 120, "recording_url": None, "transcription_text": None, **data}
    return comment(author, "Call to the customer.", type="VoiceComment", data=data)


def test_a_call_that_the_team_made_is_outbound_by_the_row_or_by_the_call_itself(tmp_path: Path) -> None:
    made = created(status="open", assignee_id=AGENT)
    calls = {
        1: ticket(1, day("08:00"), day("11:00"), channel="voice", rel="outbound", submitter_id=AGENT),
        2: ticket(2, day("08:00"), day("11:00"), channel="voice", submitter_id=AGENT),
        3: ticket(3, day("08:00"), day("11:00"), channel=35, submitter_id=AGENT),
        4: ticket(4, day("08:00"), day("11:00"), channel="voice", rel="outbound", submitter_id=AGENT),
    }
    note = comment(AGENT, "Called about the invoice.", public=False)  # of 4, where only the row says it
    events = [
        part
        for number in calls
        for part in (
            event(number, day("08:00"), AGENT, note if number == 4 else spoken(AGENT, outbound=True), *made),
            event(number, day("11:00"), AGENT, change("status", "open", "solved")),
        )
    ]
    desk = account(tmp_path, users=[*TEAM, user(CUSTOMER)], tickets=list(calls.values()), ticket_events=events)
    assert desk.list_values("first_reply_time", LATER) == {str(number): ["outbound"] for number in calls}


@pytest.mark.trap("zendesk 40")
@pytest.mark.parametrize("kind", ["VoiceComment", "TpeVoiceComment"])
def test_a_call_is_no_written_reply_though_it_comes_as_a_public_comment_of_an_agent(tmp_path: Path, kind: str) -> None:
    """Asked 08:00; called back at 08:10; answered in writing at 09:00: 3,600 s, one reply."""
    events = ordinary(1, opened=day("08:00"), answered=day("09:00"), solved=day("10:00"))
    called = event(1, day("08:10"), AGENT, spoken(AGENT, outbound=True) | {"type": kind, "event_type": kind},
                   via="Phone call (outbound)")  # fmt: skip
    events.insert(1, called)
    desk = account(
        tmp_path, users=[*TEAM, user(CUSTOMER)], tickets=[ticket(1, day("08:00"), day("10:00"))], ticket_events=events
    )
    assert desk.list_values("first_reply_time", LATER) == {"1": [3600]}
    assert desk.list_values("replies_per_ticket", LATER) == {"1": [1]}


@pytest.mark.trap("zendesk 40")
def test_a_call_by_another_telephone_system_that_an_agent_took_is_a_contact(tmp_path: Path) -> None:
    """Zendesk's export of calls lacks it. It came at 08:00 and is written down at 08:05, which is 300 s."""
    voice = spoken(CUSTOMER, answered_by_id=AGENT, outbound=False)
    voice = voice | {"type": "TpeVoiceComment", "event_type": "TpeVoiceComment"}
    events = [
        event(1, day("08:00"), CUSTOMER, comment(CUSTOMER, "Inbound call"), *created(status="new"), via="Voicemail"),
        event(1, day("08:05"), AGENT, voice, change("status", "new", "open"), via="Phone call (incoming)"),
        event(1, day("10:00"), AGENT, change("status", "open", "solved")),
    ]
    row = ticket(1, day("08:00"), day("10:00"), channel="voice")
    desk = account(tmp_path, users=[*TEAM, user(CUSTOMER)], tickets=[row], ticket_events=events)
    assert desk.list_values("first_reply_time", LATER) == {"1": [300]}
    assert desk.list_values("replies_per_ticket", LATER) == {"1": [0]}


# kinds of words


def said_as(kind: str, number: int = 9701) -> list[dict[str, Any]]:
    """Asked at 12:00, answered at 12:40, solved at 13:30, in events of a kind."""
    extra: dict[str, Any] = {
        "data": {"type": "status", "via_zendesk": True},
        "graph_object_id": "1000_2000",
        "trusted": True,
    }
    taken = [change("status", "new", "open"), change("assignee_id", None, AGENT)]
    return [
        event(number, day("12:00"), CUSTOMER, comment(CUSTOMER, type=kind, **extra), *created(status="new"),
              via="Facebook Post"),
        event(number, day("12:40"), AGENT, comment(AGENT, type=kind, **extra), *taken),
        event(number, day("13:30"), AGENT, change("status", "open", "solved")),
    ]  # fmt: skip


@pytest.mark.trap("zendesk 36")
@pytest.mark.parametrize("kind", ["FacebookComment", "NewChannelComment", "AnyChannelComment", "Tweet"])
def test_words_are_words_by_their_shape_whatever_their_kind_is_called(tmp_path: Path, kind: str) -> None:
    """Field case 7."""
    row = ticket(9701, day("12:00"), day("13:30"), channel="facebook")
    desk = account(tmp_path, users=[*TEAM, user(CUSTOMER)], tickets=[row], ticket_events=said_as(kind))
    assert desk.list_values("first_reply_time", LATER) == {"9701": [2400]}
    assert desk.list_values("replies_per_ticket", LATER) == {"9701": [1]}


@pytest.mark.trap("zendesk 36")
def test_a_kind_of_event_that_no_rule_reads_is_counted_by_its_name(tmp_path: Path) -> None:
    events = ordinary(1, opened=day("08:00"), answered=day("08:30"), solved=day("11:00"))
    events[1]["child_events"] += [
        {"id": 5, "event_type": "HologramShown", "value": 3},
        {"id": 6, "event_type": "Notification", "recipients": [1]},
    ]
    desk = account(
        tmp_path, users=[*TEAM, user(CUSTOMER)], tickets=[ticket(1, day("08:00"), day("11:00"))], ticket_events=events
    )
    assert desk.rows("SELECT kind, word FROM unread") == [("event", "HologramShown")]
    assert desk.list_values("first_reply_time", LATER) == {"1": [1800]}


# merges


@pytest.mark.trap("zendesk 41")
@pytest.mark.parametrize("way", ["display_text", "object"])
def test_the_note_that_a_merge_leaves_is_no_reply(tmp_path: Path, way: str) -> None:
    """2 was merged into 1 at 08:10, with a public note by the agent in both; the reply on 1 is at 09:00: 3,600 s."""

    def note(**source: Any) -> dict[str, Any]:
        via: dict[str, Any] = {"via": {"channel": "web", "source": {"rel": "merge", "from": {}, "to": {}, **source}}}
        return comment(AGENT, "Merged.", **(via if way == "object" else {}))

    how = "Merge" if way == "display_text" else "Web form"
    kept = ordinary(1, opened=day("08:00"), answered=day("09:00"), solved=day("10:00"))
    kept.insert(1, event(1, day("08:10"), AGENT, note(**{"from": {"ticket_id": 2}}), via=how))
    lost = [
        *ordinary(2, opened=day("08:05")),
        event(2, day("08:10"), AGENT, note(to={"ticket_id": 1}), change("status", "new", "closed"), via=how),
    ]
    desk = account(
        tmp_path, users=[*TEAM, user(CUSTOMER)], ticket_events=[*kept, *lost],
        tickets=[ticket(1, day("08:00"), day("10:00")),
                 ticket(2, day("08:05"), day("08:10"), status="closed", tags=["closed_by_merge"])],
    )  # fmt: skip
    assert desk.list_values("first_reply_time", LATER)["1"] == [3600]
    assert desk.list_values("replies_per_ticket", LATER)["1"] == [1]
    assert desk.list_values("full_resolution_time", LATER)["2"][-1] == "merged"
