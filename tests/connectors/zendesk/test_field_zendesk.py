"""Small Zendesk accounts as real ones are: other shapes of the faults that were seen in the field.

Times are of 10 November 2026, UTC. Values are worked out by hand from the times in each test.
"""

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
    session,
    ticket,
    user,
)

LATER = "2026-11-20T00:00:00Z"
OTHER_CUSTOMER = 602
PEOPLE = [user(AGENT, "agent"), user(OTHER_AGENT, "agent"), user(CUSTOMER), user(OTHER_CUSTOMER)]
Row = dict[str, Any]


def day(clock: str, date: int = 10) -> str:
    return f"2026-11-{date:02}T{clock}:00Z"


def life(number: int, **given: Any) -> Row:
    return ticket(number, day("09:00"), day("18:00"), **given)


def taken(status: str = "solved", before: str = "new") -> list[Row]:
    return [change("status", before, status), change("assignee_id", None, AGENT)]


def synced(folder: Path, tickets: list[Row], events: list[Row], now: str = LATER, **rows: Any) -> ServedAccount:
    given = {"users": PEOPLE, **rows}
    found = ServedAccount(folder, ZendeskRows(tickets=tickets, ticket_events=events, **given))
    results = found.sync(now)
    assert {r.outcome for r in results.values()} <= {"ok", "unavailable"}, results
    return found


# who asked


@pytest.mark.trap("zendesk 46")
def test_the_first_requester_stays_the_customer_when_a_colleague_becomes_the_requester(tmp_path: Path) -> None:
    """Asked at 09:00 and answered at 10:00. At noon an agent puts themselves in the customer's place, to keep an eye on
    it: the row names a colleague now, who asked nothing.
    """
    events = [*ordinary(1, opened=day("09:00"), answered=day("10:00"), solved=day("11:00")),
              event(1, day("12:00"), AGENT, change("requester_id", CUSTOMER, AGENT))]  # fmt: skip
    account = synced(tmp_path, [life(1, requester_id=AGENT)], events)
    assert account.list_values("first_reply_time", LATER) == {"1": [3600]}
    assert account.list_values("solved_tickets", LATER) == {"1": [1]}


def test_a_forwarded_mail_is_the_customers_once_they_are_the_requester(tmp_path: Path) -> None:
    """Without Zendesk's reading of forwarded mails the agent is the author and the requester at first. Five minutes
    later the customer is named; the reply to them at 10:00 is the first one, an hour after the creation.
    """
    first = event(1, day("09:00"), AGENT, comment(AGENT, "FW: help"), *created(status="new", requester_id=AGENT),
                  via="Mail")  # fmt: skip
    names = event(1, day("09:05"), AGENT, change("requester_id", AGENT, CUSTOMER))
    answered = event(1, day("10:00"), AGENT, comment(AGENT), *taken())
    account = synced(tmp_path, [life(1, submitter_id=AGENT)], [first, names, answered])
    assert account.list_values("first_reply_time", LATER) == {"1": [3600]}
    assert account.list_values("replies_per_ticket", LATER) == {"1": [1]}


@pytest.mark.trap("zendesk 46")
def test_a_requester_who_is_changed_from_one_customer_to_another_leaves_both_customers(tmp_path: Path) -> None:
    """The first customer writes again at 11:00 as a copied reader: it is a customer's question, answered at 11:30."""
    events = [*ordinary(1, opened=day("09:00"), answered=day("10:00")),
              event(1, day("10:30"), AGENT, change("requester_id", CUSTOMER, OTHER_CUSTOMER)),
              event(1, day("11:00"), CUSTOMER, comment(CUSTOMER, "And what about the second one?"), via="Mail"),
              event(1, day("11:30"), AGENT, comment(AGENT), change("status", "open", "solved"))]  # fmt: skip
    account = synced(tmp_path, [life(1, requester_id=OTHER_CUSTOMER)], events)
    assert account.list_values("first_reply_time", LATER) == {"1": [3600]}
    assert account.list_values("next_reply_time", LATER) == {"1": [1800]}


def test_an_account_that_was_merged_away_since_still_wrote_as_the_customer(tmp_path: Path) -> None:
    """601 was merged into 602, which the row names, and no list has 601 any more. It asked back at 12:00; answered an
    hour later.
    """
    events = [event(1, day("09:00"), CUSTOMER, comment(CUSTOMER), *created(status="new", requester_id=CUSTOMER)),
              *ordinary(1, opened=day("09:00"), answered=day("10:00"), solved=day("11:00"))[1:],
              event(1, day("12:00"), CUSTOMER, comment(CUSTOMER, "It is broken."), change("status", "solved", "open")),
              event(1, day("13:00"), AGENT, comment(AGENT), change("status", "open", "solved"))]  # fmt: skip
    people = [user(AGENT, "agent"), user(OTHER_CUSTOMER)]
    account = synced(tmp_path, [life(1, requester_id=OTHER_CUSTOMER)], events, users=people)
    assert account.list_values("first_reply_time", LATER) == {"1": [3600]}
    assert account.list_values("next_reply_time", LATER) == {"1": [3600]}


# who belongs to the team

SHARED_AGENT = 910


@pytest.mark.parametrize("role", ["agent", "end-user"])
def test_words_of_another_account_that_shares_a_ticket_are_not_the_teams(tmp_path: Path, role: str) -> None:
    """Ticket sharing: at 09:10 somebody of the other account writes in public. Our agent answers at 10:00 (3,600 s),
    the other account asks back at 10:10, which is no customer's question; Zendesk counts none of it either.
    https://support.zendesk.com/hc/en-us/articles/4408821871642
    """
    events = [
        event(1, day("09:00"), CUSTOMER, comment(CUSTOMER), *created(status="new"), via="Mail"),
        event(1, day("09:10"), SHARED_AGENT, comment(SHARED_AGENT), via="Ticket sharing"),
        event(1, day("10:00"), AGENT, comment(AGENT), *taken("pending")),
        event(1, day("10:10"), SHARED_AGENT, comment(SHARED_AGENT, "Can you look again?"), via="Ticket sharing"),
        event(1, day("11:00"), AGENT, change("status", "pending", "solved")),
    ]
    people = [*PEOPLE, user(SHARED_AGENT, role, shared_agent=True)]
    account = synced(tmp_path, [life(1)], events, users=people)
    assert account.list_values("first_reply_time", LATER) == {"1": [3600]}
    assert account.list_values("first_reply_time", LATER, "zendesk") == {"1": [3600]}
    assert account.list_values("next_reply_time", LATER) == {}
    assert account.rows("SELECT kind FROM people WHERE native = ?", str(SHARED_AGENT)) == [("customer",)]


# unknown is never none


def conversation(number: int, *, given: bool = True, by_robot: bool = False) -> list[Row]:
    """Begun at 09:00, given to an agent at 09:05, solved at 11:00; its words are not in the comments."""
    found = [event(number, day("09:00"), CUSTOMER, comment(CUSTOMER, "Conversation", public=False),
                   *created(status="new"), via="Messaging")]  # fmt: skip
    if given:
        found.append(event(number, day("09:05"), -1, *taken("open"), via="Rule"))
    ended = change("status", "open" if given else "new", "solved")
    who, via = (-1, "Rule") if by_robot else (AGENT, "Web form")
    return [*found, event(number, day("11:00"), who, ended, via=via)]


def messages(number: int, assignee: int | None = AGENT) -> Row:
    return life(number, channel="native_messaging", from_messaging_channel=True, assignee_id=assignee)


def test_a_conversation_that_somebody_had_and_no_session_tells_is_not_known(tmp_path: Path) -> None:
    """Sessions are listed once they have ended, and not for ever. 1 has one with a reply after 45 s; 2 has none though
    an agent had it; 3 has one in which nobody replied; 4 was given to nobody and ended by a rule.
    """
    tickets = [messages(1), messages(2), messages(3), messages(4, None)]
    events = [*conversation(1), *conversation(2), *conversation(3), *conversation(4, given=False, by_robot=True)]
    silent = session("s3", 3, day("09:00"), agent_replies_count=0, agent_messages_count=0,
                     assignment_to_first_reply_time_seconds=0)  # fmt: skip
    account = synced(tmp_path, tickets, events, engagements=[session("s1", 1, day("09:00")), silent])
    assert account.list_values("first_reply_time", LATER) == {
        "1": [45], "2": ["no_chat_data"], "3": ["solved_without_reply"], "4": ["solved_without_reply"],
    }  # fmt: skip
    assert account.list_values("replies_per_ticket", LATER)["2"] == ["no_chat_data"]
    assert account.list_values("solved_tickets", LATER) == {str(number): [1] for number in (1, 2, 3, 4)}


def test_a_session_that_appears_later_makes_its_conversation_known(tmp_path: Path) -> None:
    account = synced(tmp_path, [messages(1)], conversation(1), day("12:00"))
    assert account.list_values("first_reply_time", day("12:00")) == {"1": ["no_chat_data"]}
    assert isinstance(account.helpdesk, ZendeskRows)
    account.helpdesk.engagements = [session("s1", 1, day("09:00"))]
    account.sync(LATER)
    assert account.list_values("first_reply_time", LATER) == {"1": [45]}


@pytest.mark.parametrize("is_given", [True, False])
def test_words_of_which_nothing_tells_whether_they_were_seen_leave_the_reply_unknown(
    tmp_path: Path, *, is_given: bool
) -> None:
    """They may have been the reply. Of 2, which has nothing odd, it is known that nobody wrote."""
    said = comment(AGENT) | {"public": None}
    if not is_given:
        del said["public"]
    requests = [event(n, day("09:00"), CUSTOMER, comment(CUSTOMER), *created(status="new"), via="Mail") for n in (1, 2)]
    events = [*requests, event(1, day("10:00"), AGENT, said, *taken()), event(2, day("10:00"), AGENT, *taken())]
    account = synced(tmp_path, [life(1), life(2)], events)
    assert account.list_values("first_reply_time", LATER) == {
        "1": ["replies_unreadable"],
        "2": ["solved_without_reply"],
    }


# ratings

OFFERED = event(1, day("12:00"), -1, change("satisfaction_score", "unoffered", "offered"), via="Rule")


@pytest.mark.parametrize("words", ["", "withcomment", "_with_comment"])
@pytest.mark.parametrize("list_is_refused", [True, False])
def test_an_answer_with_words_is_the_same_answer(tmp_path: Path, words: str, *, list_is_refused: bool) -> None:
    """Bad on 10 November, changed to good on the 12th. Zendesk has a word of its own for each answer with a comment.
    As of the 11th it is bad, as of the 20th good; once, whether the list of ratings can be read or not.
    """
    first = event(1, day("13:00"), CUSTOMER, change("satisfaction_score", "offered", f"bad{words}"))
    second = event(1, day("13:00", 12), CUSTOMER, change("satisfaction_score", f"bad{words}", f"good{words}"))
    rated = {"id": 88, "ticket_id": 1, "assignee_id": AGENT, "group_id": None, "requester_id": CUSTOMER, "reason": None,
             "comment": None, "score": "good", "created_at": day("12:00"), "updated_at": day("13:00", 12)}  # fmt: skip
    events = [*ordinary(1, opened=day("09:00"), answered=day("10:00"), solved=day("11:00")), OFFERED, first, second]
    refused = ("/guide/", "/slas/", "/business_hours/", "/help_center/")
    more = {"refused": (*refused, "/satisfaction_ratings/")} if list_is_refused else {"satisfaction_ratings": [rated]}
    account = synced(tmp_path, [life(1)], events, **more)
    assert account.list_values("csat", day("13:00", 11)) == {"1": [0]}
    assert account.list_values("csat", LATER) == {"1": [1]}


def rated(score: str, updated: str, **given: Any) -> Row:
    return {"id": 88, "ticket_id": 1, "assignee_id": AGENT, "group_id": None, "requester_id": CUSTOMER, "reason": None,
            "comment": None, "score": score, "created_at": day("12:00"), "updated_at": updated, **given}  # fmt: skip


@pytest.mark.parametrize(("score", "value"), [("bad", 0), ("good", 1)])
def test_an_answer_keeps_its_date_whatever_is_edited(tmp_path: Path, score: str, value: int) -> None:
    """Bad on 10 November at 13:00; on the 14th a comment is added, or the answer is changed to good. Nothing but the
    list tells of it, and it gives the time of the last edit only.
    """
    events = ordinary(1, opened=day("09:00"), answered=day("10:00"), solved=day("11:00"))
    account = synced(tmp_path, [life(1)], events, day("20:00"), satisfaction_ratings=[rated("bad", day("13:00"))])
    assert isinstance(account.helpdesk, ZendeskRows)
    account.helpdesk.lists["satisfaction_ratings"] = [rated(score, day("13:00", 14), comment="Still.")]
    for full in (False, True):
        account.sync(LATER, full=full)
        assert [(row["at"], row["value"]) for row in account.list_observations("csat", LATER)] == [
            (day("13:00"), value)
        ]
        assert account.list_values("csat", day("13:00", 11)) == {"1": [value]}


# one second


def test_a_message_of_the_second_in_which_it_was_solved_and_opened_again_waits(tmp_path: Path) -> None:
    """Solved at 11:00, and in that second the customer writes again, which opens it: what they wrote came later."""
    solved = event(1, day("11:00"), AGENT, change("status", "open", "solved"))
    again = event(1, day("11:00"), CUSTOMER, comment(CUSTOMER, "It does not work."), change("status", "solved", "open"),
                  via="Mail")  # fmt: skip
    solved["id"], again["id"] = again["id"], solved["id"]
    events = [*ordinary(1, opened=day("09:00"), answered=day("10:00")), solved, again]
    account = synced(tmp_path, [life(1, status="open")], events)
    assert account.list_running("next_reply_time", LATER) == {"1"}
    assert account.list_running("backlog", LATER) == {"1"}
    assert account.list_values("reopen_rate", LATER) == {"1": [1]}


# what was right


def test_a_chain_of_merges_leaves_one_request(tmp_path: Path) -> None:
    """1 goes into 2 at 10:00, 2 into 3 at 10:30, and 3 is answered at 11:10, 7,800 s after 09:00. Notes of merges are
    no replies.
    """

    def note(**place: int) -> Row:
        source = {"from": {}, "to": {}, "rel": "merge", **{k: {"ticket_id": v} for k, v in place.items()}}
        return comment(AGENT, "merged", via={"channel": "web", "source": source})

    requests = [
        event(n, day("09:00"), CUSTOMER, comment(CUSTOMER), *created(status="new"), via="Mail") for n in (1, 2, 3)
    ]
    events = [
        *requests,
        event(1, day("10:00"), AGENT, note(to=2), *taken("closed")), event(2, day("10:00"), AGENT, note(**{"from": 1})),
        event(2, day("10:30"), AGENT, note(to=3), *taken("closed")), event(3, day("10:30"), AGENT, note(**{"from": 2})),
        event(3, day("11:10"), AGENT, comment(AGENT), *taken()),
    ]  # fmt: skip
    merged = {"status": "closed", "tags": ["closed_by_merge"]}
    account = synced(tmp_path, [life(1, **merged), life(2, **merged), life(3)], events)
    assert account.list_values("first_reply_time", LATER) == {"1": ["merged"], "2": ["merged"], "3": [7800]}
    assert account.list_values("solved_tickets", LATER) == {"1": ["merged"], "2": ["merged"], "3": [1]}


def test_a_reply_by_an_integration_counts_for_zendesk_and_not_for_us_and_by_hand_for_both(tmp_path: Path) -> None:
    """One agent's token writes at 09:10 through the API, the same agent by hand at 10:00."""
    events = [event(1, day("09:00"), CUSTOMER, comment(CUSTOMER), *created(status="new"), via="Mail"),
              event(1, day("09:10"), AGENT, comment(AGENT), via="Web service"),
              event(1, day("10:00"), AGENT, comment(AGENT), *taken())]  # fmt: skip
    account = synced(tmp_path, [life(1)], events)
    assert account.list_values("first_reply_time", LATER) == {"1": [3600]}
    assert account.list_values("first_reply_time", LATER, "zendesk") == {"1": [600]}


def test_a_light_agents_and_a_rules_public_words_are_no_replies(tmp_path: Path) -> None:
    light = 503
    by_rule = {"channel": "rule", "source": {"from": {"id": 5, "title": "Thanks"}, "to": {}, "rel": "trigger"}}
    events = [event(1, day("09:00"), CUSTOMER, comment(CUSTOMER), *created(status="new"),
                    comment(AGENT, "We got it.", via=by_rule), via="Mail"),
              event(1, day("09:30"), light, comment(light), via="Mail"),
              event(1, day("10:00"), AGENT, comment(AGENT), *taken())]  # fmt: skip
    account = synced(tmp_path, [life(1)], events, users=[*PEOPLE, user(light, "agent", role_type=1)])
    assert account.list_values("first_reply_time", LATER) == {"1": [3600]}
    assert account.list_values("replies_per_ticket", LATER) == {"1": [1]}
