"""Small accounts: what was so at its time, whatever is so today, and whoever tells it."""

import json
from pathlib import Path
from typing import Any

import pytest
from small_account import Asking, ServedAccount
from starlette.responses import Response
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
    ticket,
    user,
)

LATER = "2026-11-20T00:00:00Z"
TEAM = [user(AGENT, "agent"), user(OTHER_AGENT, "agent")]
PEOPLE = [*TEAM, user(CUSTOMER)]


def day(clock: str) -> str:
    return f"2026-11-10T{clock}:00Z"


def synced(folder: Path, now: str = LATER, **rows: Any) -> ServedAccount:
    found = ServedAccount(folder, ZendeskRows(**rows))
    results = found.sync(now)
    assert {r.outcome for r in results.values()} <= {"ok", "unavailable"}, results
    return found


# ratings


def rating(score: str, at: str) -> dict[str, Any]:
    return {"id": 88, "ticket_id": 9950, "assignee_id": AGENT, "group_id": None, "requester_id": CUSTOMER,
            "reason": None, "comment": None, "score": score, "created_at": "2026-07-03T09:00:00Z",
            "updated_at": at}  # fmt: skip


def late(score: str, updated: str, status: str) -> dict[str, Any]:
    result = {"score": score, "id": 88}
    return ticket(9950, "2026-07-01T09:00:00Z", updated, status=status, satisfaction_rating=result)


def lives(*, answered: bool) -> list[dict[str, Any]]:
    """Asked 1 July, solved 2 July, survey offered 3 July, reopened 4 July, solved 18 November, answered 20 November."""
    found = [
        *ordinary(9950, opened="2026-07-01T09:00:00Z"),
        event(9950, "2026-07-02T09:00:00Z", AGENT, comment(AGENT), change("status", "new", "solved"),
              change("assignee_id", None, AGENT)),
        event(9950, "2026-07-03T09:00:00Z", -1, change("satisfaction_score", "unoffered", "offered"), via="Rule"),
        event(9950, "2026-07-04T09:00:00Z", CUSTOMER, comment(CUSTOMER), change("status", "solved", "open"),
              via="Mail"),
    ]  # fmt: skip
    later = [
        event(9950, "2026-11-18T09:00:00Z", AGENT, comment(AGENT), change("status", "open", "solved")),
        event(9950, "2026-11-20T08:00:00Z", CUSTOMER, change("satisfaction_score", "offered", "bad")),
    ]
    return [*found, *later] if answered else found


DECEMBER = "2026-12-01T00:00:00Z"


@pytest.mark.trap("zendesk 39")
@pytest.mark.parametrize("events_say_it", [True, False])
@pytest.mark.parametrize("ratings_by", ["created_at", "updated_at"])
def test_an_answer_to_an_old_survey_counts_whatever_the_lists_start_means(
    tmp_path: Path, ratings_by: str, *, events_say_it: bool
) -> None:
    """Field case 18: one answer, bad, on 20 November at 08:00."""
    rows = ZendeskRows(
        users=PEOPLE, tickets=[late("offered", "2026-07-04T09:00:00Z", "open")], ticket_events=lives(answered=False),
        satisfaction_ratings=[rating("offered", "2026-07-03T09:00:00Z")], ratings_by=ratings_by,
    )  # fmt: skip
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-09-01T00:00:00Z")
    assert desk.list_values("csat", "2026-09-01T00:00:00Z") == {}
    rows.tickets = [late("bad", "2026-11-20T08:00:00Z", "solved")]
    rows.lists["satisfaction_ratings"] = [rating("bad", "2026-11-20T08:00:00Z")]
    rows.ticket_events = [e for e in lives(answered=True) if events_say_it or e["timestamp"] < 1795161600]
    desk.sync(DECEMBER)
    found = [(row["at"], row["value"], row["agent"]) for row in desk.list_observations("csat", DECEMBER)]
    assert found == [("2026-11-20T08:00:00Z", 0, f"Person {AGENT}")]
    requests = sum(a.path == "/api/v2/satisfaction_ratings/88" for a in desk.requests)
    assert requests == (1 if ratings_by == "created_at" else 0)
    desk.sync("2026-12-01T01:00:00Z")
    assert sum(a.path == "/api/v2/satisfaction_ratings/88" for a in desk.requests) == requests


@pytest.mark.trap("zendesk 39")
def test_an_answer_that_only_the_events_tell_counts(tmp_path: Path) -> None:
    """Neither list nor id gives the rating: these rights do not read them."""
    desk = synced(
        tmp_path, DECEMBER, users=PEOPLE, tickets=[late("bad", "2026-11-20T08:00:00Z", "solved")],
        ticket_events=lives(answered=True), satisfaction_ratings=[],
    )  # fmt: skip
    assert [(row["at"], row["value"]) for row in desk.list_observations("csat", DECEMBER)] == [
        ("2026-11-20T08:00:00Z", 0)
    ]


# people


@pytest.mark.trap("zendesk 22")
def test_who_left_the_team_answered_as_an_agent_and_asks_as_a_customer(tmp_path: Path) -> None:
    """502 was an agent until 15 November. The reply of 10 November (1,800 s) stays a reply, seen in both syncs; what
    502 asks on 18 November is a request, answered after 600 s.
    """
    rows = ZendeskRows(
        users=PEOPLE,
        tickets=[ticket(1, day("08:00"), day("10:00"), assignee_id=OTHER_AGENT)],
        ticket_events=ordinary(1, opened=day("08:00"), answered=day("08:30"), solved=day("10:00"), agent=OTHER_AGENT),
    )
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-11-12T00:00:00Z")
    rows.users = [user(AGENT, "agent"), user(OTHER_AGENT, updated_at="2026-11-15T00:00:00Z"), user(CUSTOMER)]
    eighteenth = [f"2026-11-18T{clock}:00Z" for clock in ("08:00", "08:10", "09:00")]
    rows.tickets.append(ticket(2, eighteenth[0], eighteenth[2], requester_id=OTHER_AGENT, submitter_id=OTHER_AGENT))
    rows.ticket_events += ordinary(
        2, opened=eighteenth[0], answered=eighteenth[1], solved=eighteenth[2], customer=OTHER_AGENT
    )
    desk.sync(LATER)
    assert desk.list_values("first_reply_time", LATER) == {"1": [1800], "2": [600]}


def test_who_left_before_the_first_sync_answered_as_an_agent(tmp_path: Path) -> None:
    """As above, and only the end user is known of 502: the ticket was theirs."""
    desk = synced(
        tmp_path,
        users=[user(AGENT, "agent"), user(OTHER_AGENT, updated_at="2026-11-15T00:00:00Z"), user(CUSTOMER)],
        tickets=[ticket(1, day("08:00"), day("10:00"), assignee_id=OTHER_AGENT)],
        ticket_events=ordinary(1, opened=day("08:00"), answered=day("08:30"), solved=day("10:00"), agent=OTHER_AGENT),
    )
    assert desk.list_values("first_reply_time", LATER) == {"1": [1800]}


def test_who_joins_the_team_was_a_customer_before(tmp_path: Path) -> None:
    """502 asked on 10 November, was answered after 1,800 s, and became an agent on 15 November."""
    rows = ZendeskRows(
        users=[user(AGENT, "agent"), user(OTHER_AGENT)],
        tickets=[ticket(1, day("08:00"), day("10:00"), requester_id=OTHER_AGENT, submitter_id=OTHER_AGENT)],
        ticket_events=ordinary(
            1, opened=day("08:00"), answered=day("08:30"), solved=day("10:00"), customer=OTHER_AGENT
        ),
    )
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-11-12T00:00:00Z")
    rows.users = [user(AGENT, "agent"), user(OTHER_AGENT, "agent", updated_at="2026-11-15T00:00:00Z")]
    desk.sync(LATER)
    assert desk.list_values("first_reply_time", LATER) == {"1": [1800]}


@pytest.mark.trap("zendesk 22")
def test_who_joined_before_the_first_sync_was_a_customer_before(tmp_path: Path) -> None:
    """502 asked on 10 November, joined on 15 November, and answered another's ticket on the 16th after 1,200 s. What is
    known of 502 at the first sync is an agent's role, as of the 15th.
    """
    sixteenth = [f"2026-11-16T{clock}:00Z" for clock in ("08:00", "08:20", "09:00")]
    desk = synced(
        tmp_path,
        users=[user(AGENT, "agent"), user(OTHER_AGENT, "agent", updated_at="2026-11-15T00:00:00Z"), user(CUSTOMER)],
        tickets=[
            ticket(1, day("08:00"), day("10:00"), requester_id=OTHER_AGENT, submitter_id=OTHER_AGENT),
            ticket(2, sixteenth[0], sixteenth[2], assignee_id=OTHER_AGENT),
        ],
        ticket_events=[
            *ordinary(1, opened=day("08:00"), answered=day("08:30"), solved=day("10:00"), customer=OTHER_AGENT),
            *ordinary(2, opened=sixteenth[0], answered=sixteenth[1], solved=sixteenth[2], agent=OTHER_AGENT),
        ],
    )
    assert desk.list_values("first_reply_time", LATER) == {"1": [1800], "2": [1200]}


@pytest.mark.trap("zendesk 43")
def test_people_who_were_deleted_stay_who_they_were_without_exports_too(tmp_path: Path) -> None:
    """603 was merged into 601, who has their ticket now; the words stay 603's. Agent 502 was deleted later."""
    desk = synced(
        tmp_path,
        users=[user(AGENT, "agent"), user(CUSTOMER)],
        deleted_users=[user(603, active=False), user(OTHER_AGENT, "agent", active=False)],
        tickets=[ticket(1, day("08:00"), day("10:00"), status="open", assignee_id=None)],
        audits={1: [as_audit(e) for e in ordinary(1, opened=day("08:00"), answered=day("08:30"), customer=603,
                                                  agent=OTHER_AGENT)]},
        refused=("/incremental/", "/guide/", "/slas/", "/business_hours/", "/engagements/"),
    )  # fmt: skip
    result = {native: (kind, active) for native, kind, active in desk.rows("SELECT native, kind, active FROM people")}
    assert (result["603"], result["502"]) == (("customer", 0), ("agent", 0))
    assert desk.list_values("first_reply_time", LATER) == {"1": [1800]}
    assert desk.list_values("replies_per_ticket", LATER) == {}  # it is not solved


# copies of another helpdesk


AGE = [{"id": 1, "title": "Subject", "created_at": "2026-06-01T00:00:00Z"}]


@pytest.mark.trap("zendesk 44")
def test_an_imported_comment_has_its_own_time_and_an_imported_history_none(tmp_path: Path) -> None:
    """Asked on 2 March at 09:00 and answered at 09:40 on another helpdesk; imported on 5 June, closed."""
    imported = "2026-06-05T12:00:00Z"
    events = [
        event(1, imported, AGENT, comment(CUSTOMER, created_at="2026-03-02T09:00:00Z"),
              comment(AGENT, created_at="2026-03-02T09:40:00Z"), *created(status="closed"), via="Web Service"),
    ]  # fmt: skip
    row = ticket(1, "2026-03-02T09:00:00Z", imported, channel="api", status="closed", external_id="OLD-1")
    desk = synced(tmp_path, users=PEOPLE, tickets=[row], ticket_events=events, ticket_fields=AGE)
    [result] = desk.rows("SELECT is_imported, external_id, changes_known FROM tickets")
    assert result == (1, "OLD-1", "unreadable")
    assert desk.list_values("first_reply_time", LATER) == {"1": [2400]}
    assert desk.list_values("full_resolution_time", LATER) == {"1": ["history_unknown"]}


@pytest.mark.trap("zendesk 44")
def test_an_import_without_times_of_its_own_is_not_known_at_all(tmp_path: Path) -> None:
    imported = "2026-06-05T12:00:00Z"
    events = [event(1, imported, AGENT, comment(CUSTOMER), comment(AGENT), *created(status="closed"), via="Import")]
    row = ticket(1, "2026-03-02T09:00:00Z", imported, channel=39, status="closed")
    desk = synced(tmp_path, users=PEOPLE, tickets=[row], ticket_events=events)
    assert desk.rows("SELECT channel, is_imported FROM tickets") == [("import", 1)]
    assert desk.list_values("first_reply_time", LATER) == {"1": ["first_message_unknown"]}
    assert desk.list_values("full_resolution_time", LATER) == {"1": ["history_unknown"]}


def test_a_ticket_of_the_accounts_own_is_not_imported_though_it_has_an_external_id(tmp_path: Path) -> None:
    desk = synced(
        tmp_path, users=PEOPLE, ticket_fields=AGE,
        tickets=[ticket(1, day("08:00"), day("11:00"), external_id="ORDER-5")],
        ticket_events=ordinary(1, opened=day("08:00"), answered=day("08:30"), solved=day("11:00")),
    )  # fmt: skip
    assert desk.rows("SELECT is_imported, external_id FROM tickets") == [(0, "ORDER-5")]
    assert desk.list_values("full_resolution_time", LATER) == {"1": [10_800]}


# order, merges, states


@pytest.mark.trap("zendesk 38")
@pytest.mark.parametrize("ids", [(3, 2, 1), (1, 2, 3), (2, 3, 1)])
def test_changes_of_one_second_follow_the_values_before_and_not_their_ids(
    tmp_path: Path, ids: tuple[int, int, int]
) -> None:
    """new, open, pending and solved at 09:00: solved once, after 3,600 s, and never opened again."""
    steps = [("new", "open"), ("open", "pending"), ("pending", "solved")]
    events = ordinary(1, opened=day("08:00"))
    events += [
        event(1, day("09:00"), AGENT, change("status", *step)) | {"id": 60_000_000_000 + number}
        for number, step in zip(ids, steps, strict=True)
    ]
    desk = synced(tmp_path, users=PEOPLE, tickets=[ticket(1, day("08:00"), day("09:00"))], ticket_events=events)
    assert desk.list_values("full_resolution_time", LATER) == {"1": [3600]}
    assert desk.list_values("reopen_rate", LATER) == {"1": [0]}


@pytest.mark.trap("zendesk 45")
def test_a_history_that_ends_elsewhere_gives_way_to_the_row(tmp_path: Path) -> None:
    """The last change of 1 leads to open, and its row is solved; the last one of 2 gives it to 502, and its row to 501.
    Neither says since when: 1 waits for nobody, and 2 is held by 501.
    """
    taken = change("assignee_id", None, OTHER_AGENT)
    desk = synced(
        tmp_path, users=PEOPLE,
        tickets=[ticket(1, day("08:00"), day("14:00")), ticket(2, day("08:00"), day("14:00"), status="open")],
        ticket_events=[
            *ordinary(1, opened=day("08:00"), answered=day("08:30")),
            *ordinary(2, opened=day("08:00")),
            event(2, day("09:00"), OTHER_AGENT, comment(OTHER_AGENT), change("status", "new", "open"), taken),
        ],
    )  # fmt: skip
    assert desk.list_running("backlog", LATER) == {"2"}
    holders = {row["agent"] for row in desk.list_observations("backlog", LATER) if row["reason"] == "running"}
    assert holders == {f"Person {AGENT}"}
    assert desk.list_values("full_resolution_time", LATER)["1"] == ["history_unknown"]
    assert desk.list_values("first_reply_time", LATER) == {"1": [1800], "2": [3600]}


@pytest.mark.trap("zendesk 41")
def test_a_note_that_mentions_a_merge_merges_nothing_and_a_follow_up_can_be_merged(tmp_path: Path) -> None:
    """3 follows an older ticket, with the tags of one that was merged: that is no merge. 4 does too, and was merged
    into 1 at 09:30.
    """

    def following(number: int, **given: Any) -> dict[str, Any]:
        row = ticket(number, day("09:00"), given.pop("updated"), status="closed", tags=["closed_by_merge"], **given)
        row["via"]["source"] = {"from": {"ticket_id": 2}, "to": {}, "rel": "follow_up"}
        return row

    merged: dict[str, Any] = {"via": {"channel": "web", "source": {"rel": "merge", "from": {}, "to": {"ticket_id": 1}}}}
    note = comment(AGENT, "This was merged into ticket #1", public=False)
    solved = event(3, day("10:00"), AGENT, note, change("status", "new", "closed"))
    desk = synced(
        tmp_path, users=PEOPLE,
        tickets=[ticket(1, day("08:00"), day("11:00")), following(3, updated=day("10:00")),
                 following(4, updated=day("09:30"))],
        ticket_events=[
            *ordinary(1, opened=day("08:00"), answered=day("08:30"), solved=day("11:00")),
            *ordinary(3, opened=day("09:00")), solved,
            *ordinary(4, opened=day("09:00")),
            event(4, day("09:30"), AGENT, comment(AGENT, "Merged.", **merged), change("status", "new", "closed")),
        ],
    )  # fmt: skip
    assert dict(desk.rows("SELECT native, merged_into FROM tickets WHERE created_at IS NOT NULL")) == {
        "1": None, "3": None, "4": "1",
    }  # fmt: skip
    found = desk.list_values("full_resolution_time", LATER)
    assert (found["1"], found["3"]) == ([10_800], [3600])
    assert found["4"][-1] == "merged"


@pytest.mark.trap("zendesk 51")
def test_a_side_conversation_that_became_a_ticket_is_a_part_of_another_one(tmp_path: Path) -> None:
    desk = synced(
        tmp_path, users=PEOPLE,
        tickets=[ticket(1, day("08:00"), day("11:00"), channel="side_conversation", requester_id=AGENT,
                        submitter_id=AGENT)],
        ticket_events=ordinary(1, opened=day("08:00"), answered=day("08:30"), solved=day("11:00"), customer=AGENT,
                               agent=OTHER_AGENT),
    )  # fmt: skip
    assert desk.rows("SELECT association FROM tickets") == [("child",)]
    assert desk.list_values("first_reply_time", LATER) == {"1": ["child"]}


# rows that are odd


@pytest.mark.trap("zendesk 91")
def test_a_row_that_is_odd_costs_only_itself(tmp_path: Path) -> None:
    """Half an emoji in a subject and a comment, a text where an id belongs, a user without a role, tags of null."""
    rows = ZendeskRows(
        users=[*PEOPLE, user(700, None)],
        tickets=[
            ticket(1, day("09:00"), day("10:00")),
            ticket(2, day("09:00"), day("10:00"), subject="Printer \ud83d broken", tags=None, custom_fields=None),
            ticket(3, day("09:00"), day("10:00")),
            ticket(4, day("09:00"), day("10:00"), requester_id="somebody"),
        ],
        ticket_events=[e for number in (1, 2, 3) for e in ordinary(number, opened=day("09:00"), answered=day("10:00"))],
    )
    rows.ticket_events[2]["child_events"][0]["body"] = "Printer \ud83d broken"
    desk = ServedAccount(tmp_path, AsText(rows))
    results = desk.sync(LATER)
    assert {r.outcome for r in results.values()} <= {"ok", "unavailable"}
    found = desk.list_values("first_reply_time", LATER)
    assert (found["1"], found["2"], found["3"]) == ([3600], [3600], [3600])
    assert sorted(desk.rows("SELECT stream, id FROM rejected_rows")) == [("tickets", "4"), ("users", "700")]


class AsText:
    """JSON as its senders write it: a surrogate alone stays an escape."""

    connector = "zendesk"

    def __init__(self, rows: ZendeskRows) -> None:
        self.rows = rows
        self.settings = rows.settings

    def answer(self, asking: Asking) -> Any:
        given = self.rows.answer(asking)
        if given is None or isinstance(given, Response):
            return given
        return Response(json.dumps(given), media_type="application/json")
