"""The Freshdesk face: its lists, paging, limits and refusals, and that nothing later than now is shown."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from simulator_fixtures import ANN, BOT, CAROL, LEO, LIGHT, at, did, opened, said
from simulator_fixtures import world as by_hand

from helpdesk_kpi.simulator.clock import DAY, SECOND, instant
from helpdesk_kpi.simulator.facts import SYSTEM, Answered, Comment, Deleted, Offered, Scrubbed, Touched, Update
from helpdesk_kpi.simulator.freshdesk import app, settings
from helpdesk_kpi.simulator.freshdesk_door import KEY
from helpdesk_kpi.simulator.serve import serve
from helpdesk_kpi.simulator.world import World, generate

EVER = "1970-01-01T00:00:00Z"
ALL = {"updated_since": EVER, "order_by": "updated_at", "order_type": "asc", "per_page": "100"}


@contextmanager
def client(world: World, *, key: str = KEY, **options: Any) -> Iterator[httpx.Client]:
    """The face on a port, and somebody with the right key in front of it."""
    options.setdefault("limits", False)
    with (
        serve(app(world, **options)) as server,
        httpx.Client(base_url=f"{server.url}/api/v2", auth=(key, "X")) as asking,
    ):
        yield asking


@pytest.fixture(scope="module")
def world() -> World:
    return generate(3, tickets=400)


@pytest.fixture(scope="module")
def face(world: World) -> Iterator[httpx.Client]:
    with client(world) as made:
        yield made


def ask(face: httpx.Client, path: str, **query: object) -> Any:
    answer = face.get(path, params={name: str(value) for name, value in query.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(face: httpx.Client, path: str, **query: object) -> tuple[int, str, str]:
    """Status, field and code of a refusal."""
    answer = face.get(path, params={name: str(value) for name, value in query.items()})
    (wrong,) = answer.json()["errors"]
    return answer.status_code, wrong["field"], wrong["code"]


def pages(face: httpx.Client, path: str, **query: object) -> list[list[Any]]:
    """All pages, as their Link headers lead."""
    answer = face.get(path, params={name: str(value) for name, value in query.items()})
    found = [answer.json()]
    while "link" in answer.headers:
        address, _, rel = answer.headers["link"].partition(">; ")
        assert (address[:2], rel) == ("< ", 'rel="next"')
        answer = face.get(address[2:])
        found.append(answer.json())
    return found


def flat(rows: list[list[Any]]) -> list[Any]:
    return [row for page in rows for row in page]


def ids(rows: list[Any]) -> list[Any]:
    return [row["id"] for row in rows]


# --- the door


def test_the_key_is_the_user_and_any_password_will_do(world: World) -> None:
    with client(world, key="no") as face:
        answer = face.get("/agents/me")
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
        assert face.get("/agents/me", auth=(KEY, "whatever")).json()["contact"]["name"] == world.desk.words.agents[0][0]


def test_limits_are_told_as_floats_in_text_and_an_include_costs_two_more(world: World) -> None:
    with client(world, limits=True) as face:
        plain = face.get("/tickets").headers
        assert (plain["x-ratelimit-total"], plain["x-ratelimit-remaining"]) == ("400.0", "399.0")
        assert (plain["x-ratelimit-used-currentrequest"], "retry-after" in plain) == ("1", False)
        more = face.get("/tickets", params={"include": "stats,requester,description"}).headers
        assert (more["x-ratelimit-used-currentrequest"], more["x-ratelimit-remaining"]) == ("7", "392.0")
        number = face.get("/tickets").json()[0]["id"]
        one = face.get(f"/tickets/{number}", params={"include": "conversations"}).headers
        assert one["x-ratelimit-used-currentrequest"] == "2"


def test_the_limit_of_the_tickets_list_shows_only_as_a_429(world: World) -> None:
    seconds = [0.0]
    with client(world, limits=0.05, clock=lambda: seconds[0]) as face:  # 20 a minute, 5 of them lists
        answers = [face.get("/tickets") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert (answers[5].headers["x-ratelimit-remaining"], answers[5].headers["retry-after"]) == ("14.0", "61")
        assert face.get("/groups").status_code == 200
        seconds[0] = 61.0
        assert face.get("/tickets").status_code == 200


def test_there_are_three_reasons_for_a_403() -> None:
    made = by_hand(opened("mon 10:00"))
    with client(made, faults="forbid:groups") as face:
        assert (face.get("/groups").status_code, face.get("/groups").json()["code"]) == (403, "access_denied")
        made.plan_without = {"surveys", "activities"}
        for path in ("/surveys", "/surveys/satisfaction_ratings", "/tickets/1/satisfaction_ratings"):
            lacks = face.get(path)
            assert (lacks.status_code, lacks.json()["code"]) == (403, "require_feature")
        assert "Surveys feature" in face.get("/surveys").json()["message"]
        assert face.get("/export/ticket_activities").json()["code"] == "require_feature"
        assert face.get("/tickets").status_code == 200
        made.plan_without = {"suspended"}
        assert face.get("/tickets").json()["code"] == "account_suspended"


def test_what_is_not_there_has_no_body_and_other_verbs_are_refused(face: httpx.Client) -> None:
    lost = face.get("/skills")
    assert (lost.status_code, lost.content) == (404, b"")
    assert face.get("/tickets/999999").status_code == 404
    assert face.post("/tickets").status_code == 405
    assert face.get("/tickets", headers={"accept": "text/html"}).status_code == 406


# --- the list of tickets


def test_every_ticket_comes_once_and_some_pages_in_the_middle_are_short(face: httpx.Client, world: World) -> None:
    found = pages(face, "/tickets", **(ALL | {"per_page": 10}))
    assert {len(page) for page in found[:-1]} == {9, 10}
    rows = flat(found)
    archived = {n for n in world.stories if face.get(f"/tickets/archived/{n}").status_code == 200}
    hidden = {s.ticket for s in world.stories.values() if s.deleted_at is not None}
    assert archived
    assert sorted(ids(rows)) == sorted(set(world.stories) - archived - hidden)
    stamps = [row["updated_at"] for row in rows]
    assert stamps == sorted(stamps)


def test_a_page_is_refused_beyond_the_300th_and_above_100_rows(face: httpx.Client) -> None:
    assert refused(face, "/tickets", page=301) == (400, "page", "invalid_value")
    assert refused(face, "/tickets", per_page=101) == (400, "per_page", "invalid_value")
    assert refused(face, "/tickets", page=0) == (400, "page", "datatype_mismatch")
    assert len(ask(face, "/tickets", updated_since=EVER)) == 30


@pytest.mark.parametrize("text", ["2026-01-01", "2026-01-01T00:00:00", "01/01/2026", "2026-13-01T00:00:00Z", "0"])
def test_a_time_that_is_not_written_out_is_refused(face: httpx.Client, text: str) -> None:
    assert refused(face, "/tickets", updated_since=text) == (400, "updated_since", "invalid_value")


def test_unknown_words_in_a_query_are_refused(face: httpx.Client) -> None:
    assert refused(face, "/tickets", updated_sinse=EVER) == (400, "updated_sinse", "invalid_field")
    assert refused(face, "/tickets", include="conversations")[1] == "include"
    assert refused(face, "/tickets", order_by="id")[1] == "order_by"
    assert refused(face, "/tickets", order_type="up")[1] == "order_type"
    assert refused(face, "/tickets", filter="closed")[1] == "filter"


def test_without_a_start_only_tickets_of_the_last_thirty_days_are_listed_newest_first() -> None:
    made = by_hand(opened("mon 10:00"), opened("tue 10:00", ticket=2), opened("wed 10:00", ticket=3))
    made.now = at("tue 10:00") + 30 * DAY - SECOND
    with client(made) as face:
        assert ids(ask(face, "/tickets")) == [3, 2]
        assert ids(ask(face, "/tickets", **ALL)) == [1, 2, 3]


def test_the_start_counts_itself() -> None:
    made = by_hand(opened("mon 10:00"))
    made.now = at("mon 10:01")
    with client(made) as face:
        assert ids(ask(face, "/tickets", updated_since="2026-03-02T10:00:00Z")) == [1]
        assert ids(ask(face, "/tickets", updated_since="2026-03-02T10:00:01Z")) == []
        assert ids(ask(face, "/tickets", updated_since="2026-03-02T12:00:00+02:00")) == [1]


def test_texts_people_and_times_come_only_if_they_are_asked_for(face: httpx.Client) -> None:
    plain = ask(face, "/tickets")[0]
    assert {"description", "requester", "stats", "company"}.isdisjoint(plain)
    more = ask(face, "/tickets", include="stats,requester,description,company")[0]
    assert {"description", "description_text", "requester", "stats", "company"} <= more.keys()
    assert more["requester"]["id"] == more["requester_id"]
    one = ask(face, f"/tickets/{plain['id']}")
    assert ("description" in one, "stats" in one) == (True, False)


def test_rows_that_change_while_they_are_paged_come_twice_or_not_at_all() -> None:
    tickets = [opened(f"mon 10:0{i}", ticket=i) for i in range(1, 7)]
    made = by_hand(*tickets, said("mon 11:05", ANN, ticket=1), now="mon 11:00")
    with client(made, faults="move:10m") as face:
        found = pages(face, "/tickets", **(ALL | {"per_page": 2}))
    # after the first page ticket 1 goes to the end and all others move up; the third page is short
    assert [ids(page) for page in found] == [[1, 2], [4, 5], [6], [1]]


def test_next_pages_may_be_said_to_be_elsewhere(world: World) -> None:
    with client(world, faults="wrong-host") as face:
        assert face.get("/tickets", params=ALL).headers["link"].startswith("< https://other.example/api/v2/tickets?")


def test_thirty_thousand_tickets_of_one_second_cannot_all_be_reached() -> None:
    made = by_hand(opened("mon 10:00"))
    with client(made, bulk=30_001) as face:
        last = face.get("/tickets", params=ALL | {"page": "300"})
        assert (len(last.json()), "link" in last.headers) == (100, True)
        stamps = {row["updated_at"] for row in [*ask(face, "/tickets", **ALL)[1:], *last.json()]}
        assert len(stamps) == 1
        assert refused(face, "/tickets", **(ALL | {"page": 301}))[0] == 400
        again = ask(face, "/tickets", **(ALL | {"updated_since": stamps.pop()}))
        assert again[0]["id"] in ids(ask(face, "/tickets", **ALL))
        number = again[0]["id"]
        assert ask(face, f"/tickets/{number}/conversations") == []
        assert ask(face, f"/tickets/{number}", include="stats")["stats"]["closed_at"] == again[0]["created_at"]


def test_the_list_may_be_narrowed_and_ordered() -> None:
    made = by_hand(
        opened("mon 10:00"),
        opened("tue 10:00", ticket=2, priority="urgent"),
        opened("wed 10:00", ticket=3, requester=ANN, status="pending"),
        now="thu 10:00",
    )
    with client(made) as face:
        assert ids(ask(face, "/tickets", filter="new_and_my_open")) == [2, 1]
        assert ids(ask(face, "/tickets", filter="watching")) == []
        assert ids(ask(face, "/tickets", requester_id=ANN)) == [3]
        assert ids(ask(face, "/tickets", email="p9@x.example")) == [2, 1]
        # due: the urgent one four hours after Tuesday 10:00, the others 24 working hours after they came
        assert ids(ask(face, "/tickets", order_by="due_by", order_type="asc")) == [2, 1, 3]
        assert ids(ask(face, "/tickets", order_by="status")) == [3, 2, 1]


# --- what moves a ticket, and where it goes


def test_replies_notes_changes_and_answers_move_the_update_but_touches_do_not() -> None:
    made = by_hand(
        opened("mon 10:00"),
        said("mon 11:00", ANN),
        said("tue 10:00", ANN, public=False),
        did("tue 11:00", ANN, status="solved"),
        Offered(survey=7, ticket=1, at=at("wed 11:00")),
        Touched(ticket=1, at=at("wed 11:30")),
        Answered(survey=7, ticket=1, at=at("wed 12:00"), ratings={"overall": 5}, comment="Thanks!"),
        Touched(ticket=1, at=at("thu 10:00")),
    )
    shown = []
    with client(made) as face:
        for when in ("mon 10:30", "mon 11:00", "tue 10:30", "tue 11:30", "wed 11:45", "thu 12:00"):
            made.now = at(when)
            shown.append(ask(face, "/tickets/1")["updated_at"][8:16])
    assert shown == ["02T10:00", "02T11:00", "03T10:00", "03T11:00", "03T11:00", "04T12:00"]


def test_a_job_marks_late_tickets_some_minutes_after_they_are_due_and_that_moves_the_update() -> None:
    made = by_hand(opened("mon 10:00"), said("mon 16:00", ANN))
    with client(made) as face:
        made.now = at("mon 14:01")
        row = ask(face, "/tickets/1")
        # normal: four working hours to respond; 24 to resolve: Monday 7, Tuesday and Wednesday 8, Thursday 1
        assert (row["fr_due_by"], row["due_by"]) == ("2026-03-02T14:00:00Z", "2026-03-05T10:00:00Z")
        assert (row["fr_escalated"], row["updated_at"]) == (False, "2026-03-02T10:00:00Z")
        made.now = at("mon 14:10")
        row = ask(face, "/tickets/1")
        assert (row["fr_escalated"], row["is_escalated"]) == (True, True)
        assert "2026-03-02T14:01:00Z" < row["updated_at"] < "2026-03-02T14:05:00Z"
        made.now = at("fri 10:00")
        assert ask(face, "/tickets/1")["updated_at"] > "2026-03-05T10:01:00Z"


def test_waiting_for_others_moves_the_due_time() -> None:
    made = by_hand(
        opened("mon 10:00"), said("mon 11:00", ANN, status="pending"), said("tue 11:00", CAROL, status="open"),
        now="tue 12:00",
    )  # fmt: skip
    with client(made) as face:
        row = ask(face, "/tickets/1")
    # pending from Monday 11:00 to Tuesday 11:00 are 8 working hours: Thursday 10:00 becomes Friday 10:00
    assert (row["due_by"], row["fr_due_by"]) == ("2026-03-06T10:00:00Z", "2026-03-02T14:00:00Z")
    assert row["nr_due_by"] == "2026-03-03T15:00:00Z"


def test_deleted_and_spam_tickets_have_lists_of_their_own_until_they_are_gone_for_good() -> None:
    made = by_hand(
        opened("mon 10:00"), said("mon 11:00", ANN), Deleted(ticket=1, at=at("tue 10:00"), actor=ANN),
        Scrubbed(ticket=1, at=at("fri 10:00")),
        opened("mon 10:00", ticket=2, spam=True), Deleted(ticket=2, at=at("tue 10:00"), actor=ANN),
    )  # fmt: skip
    with client(made) as face:
        made.now = at("mon 12:00")
        assert ids(ask(face, "/tickets", **ALL)) == [2, 1]
        made.now = at("wed 10:00")
        assert ask(face, "/tickets", **ALL) == []
        (gone,) = ask(face, "/tickets", **ALL, filter="deleted")
        assert (gone["id"], gone["deleted"], gone["updated_at"]) == (1, True, "2026-03-03T10:00:00Z")
        (spam,) = ask(face, "/tickets", **ALL, filter="spam")
        assert (spam["id"], spam["spam"], "deleted" in spam) == (2, True, False)
        assert ask(face, "/tickets/1")["deleted"]
        assert [face.get(f"/tickets/{n}/conversations").status_code for n in (1, 2)] == [404, 404]
        made.now = at("fri 12:00")
        assert ask(face, "/tickets", **ALL, filter="deleted") == []
        assert face.get("/tickets/1").status_code == 404


def test_a_closed_ticket_is_archived_when_nothing_happened_for_120_days() -> None:
    made = by_hand(opened("mon 10:00"), said("mon 11:00", ANN, status="solved"), did("fri 11:00", SYSTEM,
                   status="closed"))  # fmt: skip
    made.now = at("fri 11:00") + 120 * DAY - SECOND
    with client(made) as face:
        assert ids(ask(face, "/tickets", **ALL)) == [1]
        assert face.get("/tickets/archived/1").status_code == 404
        made.now += SECOND
        assert ask(face, "/tickets", **ALL) == []
        assert face.get("/tickets/1").status_code == 404
        assert face.get("/tickets/1/conversations").status_code == 404
        assert ask(face, "/tickets/archived/1")["archived"]
        assert len(ask(face, "/tickets/archived/1/conversations")) == 1
    with client(made, archives=False) as face:
        assert ids(ask(face, "/tickets", **ALL)) == [1]


# --- conversations


def test_replies_notes_and_rules_are_told_apart() -> None:
    made = by_hand(
        opened("mon 10:00", channel="email"),
        said("mon 11:00", ANN, "Reply"),
        said("mon 12:00", LIGHT, "Note", public=False),
        said("mon 13:00", CAROL, "Thanks"),
        said("mon 14:00", SYSTEM, "We are closed", rule="Out of hours", via="rule"),
        said("mon 15:00", BOT, "Automatic answer", via="api"),
    )
    with client(made) as face:
        rows = ask(face, "/tickets/1/conversations")
    told = [(r["body_text"], r["source"], r["category"], r["incoming"], r["private"], r["user_id"]) for r in rows]
    assert told == [
        ("Reply", 0, 3, False, False, ANN),
        ("Note", 2, 2, False, True, LIGHT),
        ("Thanks", 0, 1, True, False, CAROL),
        ("We are closed", 0, 3, False, False, None),
        ("Automatic answer", 0, 3, False, False, BOT),
    ]
    assert [row["auto_response"] for row in rows] == [False, False, False, True, False]
    assert [row["automation_id"] is None for row in rows] == [True, True, True, False, True]
    assert rows[2]["from_email"] == "p9@x.example"
    assert len(set(ids(rows))) == 5


def test_who_has_left_wrote_as_an_agent_all_the_same() -> None:
    made = by_hand(opened("mon 10:00"), said("wed 11:00", LEO), now="fri 10:00")
    with client(made) as face:
        (row,) = ask(face, "/tickets/1/conversations")
        assert (row["user_id"], row["incoming"]) == (LEO, False)
        assert LEO not in ids(ask(face, "/agents"))
        assert LEO in ids(ask(face, "/contacts"))
        assert face.get(f"/agents/{LEO}").status_code == 404


def test_a_ticket_includes_its_ten_oldest_conversations_only() -> None:
    made = by_hand(opened("mon 10:00"), *(said(f"tue 10:{i:02}", ANN, f"No. {i}") for i in range(35)))
    with client(made) as face:
        included = ask(face, "/tickets/1", include="conversations")["conversations"]
        assert [row["body_text"] for row in included] == [f"No. {i}" for i in range(10)]
        found = pages(face, "/tickets/1/conversations")
        assert [len(page) for page in found] == [30, 5]
        assert [row["body_text"] for row in flat(found)] == [f"No. {i}" for i in range(35)]


def test_the_first_message_of_a_web_chat_comes_twice() -> None:
    made = by_hand(opened("mon 10:00", channel="native_messaging"), opened("mon 10:00", ticket=2), now="mon 12:00")
    with client(made) as face:
        chat, (doubled,) = ask(face, "/tickets/1"), ask(face, "/tickets/1/conversations")
        assert (chat["source"], chat["description_text"]) == (15, doubled["body_text"])
        assert (doubled["created_at"], doubled["incoming"]) == (chat["created_at"], True)
        assert ask(face, "/tickets/2/conversations") == []


def test_feedback_to_a_survey_looks_like_an_answer_of_the_customer() -> None:
    made = by_hand(
        opened("mon 10:00"),
        said("mon 11:00", ANN, status="solved"),
        Offered(survey=7, ticket=1, at=at("tue 11:00")),
        Answered(survey=7, ticket=1, at=at("tue 12:00"), ratings={"overall": 5}, comment="Great"),
    )
    with client(made) as face:
        row = ask(face, "/tickets/1/conversations")[-1]
        assert (row["source"], row["category"], row["incoming"], row["private"]) == (6, 7, True, False)
        assert (row["body_text"], row["user_id"]) == ("Great", CAROL)
        stats = ask(face, "/tickets/1", include="stats")["stats"]
        assert (stats["requester_responded_at"], stats["reopened_at"]) == ("2026-03-03T12:00:00Z", None)


def test_a_merged_ticket_is_a_closed_one_with_a_note() -> None:
    lost = Comment("See there", public=False)
    made = by_hand(
        opened("mon 10:00", ticket=1), opened("mon 10:30", ticket=2),
        Update(ticket=2, at=at("mon 11:00"), actor=ANN, comment=lost, changes={"status": "closed"},
               add_tags=("closed_by_merge",), merged_into=1),
    )  # fmt: skip
    with client(made) as face:
        row = ask(face, "/tickets/2")
        assert (row["status"], row["tags"], row["association_type"]) == (5, [], None)
        (note,) = ask(face, "/tickets/2/conversations")
        assert note["body_text"] == "This ticket is closed and merged into ticket #1"


# --- one ticket's row


def test_statuses_have_codes() -> None:
    codes = {"new": 2, "open": 2, "pending": 3, "hold": 7, "solved": 4, "closed": 5}
    made = by_hand(*(opened("mon 10:00", ticket=i, status=status) for i, status in enumerate(codes)))
    with client(made) as face:
        assert [ask(face, f"/tickets/{i}")["status"] for i in range(len(codes))] == list(codes.values())


def test_priorities_have_codes_and_there_is_no_ticket_without_one() -> None:
    codes = {"urgent": 4, "high": 3, "normal": 2, "low": 1, None: 1}
    made = by_hand(*(opened("mon 10:00", ticket=i, priority=priority) for i, priority in enumerate(codes)))
    with client(made) as face:
        assert [ask(face, f"/tickets/{i}")["priority"] for i in range(len(codes))] == list(codes.values())


def test_channels_have_codes() -> None:
    codes: dict[int, tuple[int, dict[str, Any]]] = {
        1: (1, {"channel": "email"}),
        2: (2, {"channel": "web"}),
        3: (2, {"channel": "api"}),
        4: (3, {"channel": "voice", "submitter": ANN}),
        6: (7, {"channel": "native_messaging"}),
        7: (15, {"channel": "native_messaging"}),
        8: (10, {"channel": "email", "submitter": ANN}),
    }
    made = by_hand(*(opened("mon 10:00", ticket=number, **more) for number, (_, more) in codes.items()))
    with client(made) as face:
        for number, (code, _) in codes.items():
            assert ask(face, f"/tickets/{number}")["source"] == code


def test_an_ai_agents_ticket_has_a_status_of_its_own() -> None:
    made = by_hand(opened("mon 10:00", ai_agent=True), did("mon 11:00", BOT, status="solved"))
    with client(made) as face:
        made.now = at("mon 10:30")
        assert ask(face, "/tickets/1")["status"] == 9000
        made.now = at("mon 12:00")
        assert ask(face, "/tickets/1")["status"] == 4


def test_stats_tell_the_last_of_most_things_and_the_first_response() -> None:
    told = (
        said("mon 10:10", ANN, public=False),
        said("mon 10:20", SYSTEM, rule="Hello"),
        said("mon 11:00", ANN, status="pending"),
        said("mon 12:00", CAROL, status="open"),
        said("mon 13:00", ANN, status="solved"),
        said("mon 14:00", CAROL, status="open"),
        said("mon 15:00", ANN, status="solved"),
        did("fri 15:00", SYSTEM, status="closed", rule="Close"),
    )
    with client(by_hand(opened("mon 10:00"), *told)) as face:
        face_stats = ask(face, "/tickets/1", include="stats")["stats"]
    assert {name: when and when[8:16] for name, when in face_stats.items()} == {
        "first_responded_at": "02T11:00", "agent_responded_at": "02T15:00", "requester_responded_at": "02T14:00",
        "status_updated_at": "06T15:00", "reopened_at": "02T14:00", "resolved_at": "02T15:00",
        "closed_at": "06T15:00", "pending_since": None,
    }  # fmt: skip


def test_a_reopened_ticket_keeps_its_resolution_or_loses_it() -> None:
    facts = [
        fact
        for n in (1, 2)
        for fact in (
            opened("mon 10:00", ticket=n),
            said("mon 11:00", ANN, ticket=n, status="solved"),
            said("mon 12:00", CAROL, ticket=n, status="open"),
        )
    ]
    with client(by_hand(*facts)) as face:
        rows = [ask(face, f"/tickets/{n}", include="stats") for n in (1, 2)]
    assert [(row["status"], row["stats"]["reopened_at"]) for row in rows] == [(2, "2026-03-02T12:00:00Z")] * 2
    assert [row["stats"]["resolved_at"] for row in rows] == ["2026-03-02T11:00:00Z", None]


def test_a_ticket_closed_at_once_was_resolved_then_and_nobody_responds_to_an_outbound_one() -> None:
    made = by_hand(
        opened("mon 10:00", submitter=ANN, channel="email"), said("mon 11:00", ANN), did("mon 12:00", ANN,
        status="closed"),
    )  # fmt: skip
    with client(made) as face:
        stats = ask(face, "/tickets/1", include="stats")["stats"]
    assert stats["closed_at"] == stats["resolved_at"] == "2026-03-02T12:00:00Z"
    assert (stats["first_responded_at"], stats["agent_responded_at"]) == (None, None)


def test_incidents_hang_on_a_tracker() -> None:
    made = by_hand(
        opened("mon 10:00", type="problem"), opened("mon 10:10", ticket=2, type="incident", problem=1),
        opened("mon 10:20", ticket=3),
    )  # fmt: skip
    with client(made) as face:
        rows = [ask(face, f"/tickets/{n}") for n in (1, 2, 3)]
        assert [row["association_type"] for row in rows] == [3, 4, None]
        assert [row["associated_tickets_count"] for row in rows] == [1, None, None]
        assert ids(ask(face, "/tickets/1/associated_tickets")["tickets"]) == [2]
        assert ask(face, "/tickets/2/prime_association")["id"] == 1
        assert face.get("/tickets/3/prime_association").status_code == 404


# --- surveys


def test_ratings_of_both_surveys_have_their_scales_and_keep_the_time_of_the_first_answer() -> None:
    asked = {"overall": 4, "expertise": 1, "attitude": 3}
    made = by_hand(
        opened("mon 10:00"), said("mon 11:00", ANN, status="solved", assignee=ANN),
        Offered(survey=7, ticket=1, at=at("tue 11:00")),
        Answered(survey=7, ticket=1, at=at("tue 12:00"), ratings={"overall": 1}),
        did("tue 13:00", ANN, assignee=LEO),
        Answered(survey=7, ticket=1, at=at("tue 14:00"), ratings={"overall": 5}, comment="Better"),
        opened("mon 10:00", ticket=2), said("mon 12:00", ANN, ticket=2, status="solved", assignee=ANN),
        Offered(survey=8, ticket=2, at=at("wed 11:00"), new=True),
        Answered(survey=8, ticket=2, at=at("wed 12:00"), ratings=asked),
        opened("mon 10:00", ticket=3), Offered(survey=9, ticket=3, at=at("wed 11:00")),
    )  # fmt: skip
    with client(made) as face:
        old, new = ask(face, "/surveys/satisfaction_ratings")
        surveys = {row["id"]: row for row in ask(face, "/surveys")}
        active = ask(face, "/surveys", state="active")
        since = ask(face, "/surveys/satisfaction_ratings", created_since="2026-03-03T13:00:00Z")
        own = ask(face, "/tickets/1/satisfaction_ratings")
    assert (old["ratings"], old["agent_id"], old["feedback"]) == ({"default_question": 1}, ANN, "Better")
    assert (old["created_at"], old["updated_at"]) == ("2026-03-03T12:00:00Z", "2026-03-03T14:00:00Z")
    assert list(new["ratings"].values()) == [102, -103, 100]
    classic, newer = surveys[old["survey_id"]], surveys[new["survey_id"]]
    assert classic["questions"][0]["accepted_ratings"] == [1, 2, 3]
    assert [question["id"] for question in newer["questions"]] == list(new["ratings"])
    assert (classic["active"], ids(active)) == (False, [newer["id"]])
    assert ids(since) == [new["id"]]  # though the older one was changed later than that
    assert ids(own) == [old["id"]]


# --- people, settings


def test_bots_are_agents_and_light_agents_are_collaborators(face: httpx.Client, world: World) -> None:
    kinds = {row["contact"]["name"]: row["type"] for row in flat(pages(face, "/agents", per_page=4))}
    assert kinds[world.desk.words.bot] == "support_agent"
    assert kinds[world.desk.words.light_agent] == "collaborator"
    assert len(kinds) == 11  # ten agents of whom one has left, the bot, the light agent
    assert ask(face, "/agents/me")["ticket_scope"] == 1


def test_groups_know_their_members_and_a_missing_calendar_is_the_default_one(face: httpx.Client) -> None:
    rows = ask(face, "/groups")
    assert [len(row["agent_ids"]) for row in rows] == [4, 3, 2]  # of five, three and two; one has left
    (hours,) = ask(face, "/business_hours")
    assert {row["business_hour_id"] for row in rows} == {int(hours["id"]), None}
    assert isinstance(hours["id"], str)
    assert all(isinstance(row["id"], str) for row in ask(face, "/sla_policies"))


def test_hours_have_an_older_shape_and_one_with_several_spans_a_day(face: httpx.Client) -> None:
    (older,) = ask(face, "/business_hours")
    assert (older["time_zone"], "source_business_hours" in older) == ("Berlin", False)
    assert older["business_hours"]["monday"] == {"start_time": "9:00 am", "end_time": "5:30 pm"}
    assert "saturday" not in older["business_hours"]
    with client(generate(1, tickets=10, weeks=2, locale="zh")) as chinese:
        (newer,) = ask(chinese, "/business_hours")
    (week,) = newer["source_business_hours"]
    assert newer["time_zone"] == "Beijing"
    assert newer["business_hours"]["monday"] == {"start_time": "09:00:00 am", "end_time": "06:00:00 pm"}
    assert week["business_hours"][0] == {
        "day": "monday",
        "time_slots": [{"start_time": "09:00", "end_time": "12:00"}, {"start_time": "13:30", "end_time": "18:00"}],
    }


def test_policies_are_in_seconds_and_two_are_default_ones(face: httpx.Client) -> None:
    rows = ask(face, "/sla_policies")
    assert [(row["is_default"], row["position"]) for row in rows] == [(True, 1), (True, 2)]
    assert rows[1]["sla_target"]["priority_2"]["respond_within"] == 4 * 3600
    assert rows[0]["applicable_to"] == {"sources": [7, 15]}


def test_choices_of_fields_have_a_shape_for_each_type(face: httpx.Client) -> None:
    fields = {row["name"]: row.get("choices") for row in ask(face, "/ticket_fields")}
    assert fields["status"]["9000"][0] == "Assigned to AI Agent"
    assert (fields["priority"]["Urgent"], fields["ticket_type"][0], fields["subject"]) == (4, "Question", None)
    assert "billing" in fields["cf_category"]
    assert set(fields["group"].values()) == set(ids(ask(face, "/groups")))
    assert not any("choices" in row for row in ask(face, "/admin/ticket_fields"))


def test_contacts_are_found_by_their_last_change_under_both_names(face: httpx.Client, world: World) -> None:
    everyone = ids(flat(pages(face, "/contacts", per_page=100)))
    blocked = ids(flat(pages(face, "/contacts", per_page=100, state="blocked")))
    assert blocked
    assert set(everyone).isdisjoint(blocked)
    assert world.leaver is not None
    left = world.leaver.roles[-1][0]
    since = f"{ask(face, f'/contacts/{world.leaver.id}')['updated_at']}"
    assert instant(since[:-1]) == left
    for name in ("updated_since", "_updated_since"):
        found = ids(flat(pages(face, "/contacts", **{"per_page": 100, name: since})))
        assert world.leaver.id in found
        assert len(found) < len(everyone)


def test_there_is_a_configuration_for_it(world: World) -> None:
    said_there = settings(world, "http://127.0.0.1:1")
    assert (said_there["connector"], said_there["auth"]) == ("freshdesk", {"key": "simulated-api-key"})
    assert said_there["severity"] == {"Urgent": "P0", "High": "P1", "Medium": "P2", "Low": "P3"}


# --- the knowledge base


def test_articles_lie_in_folders_within_folders(face: httpx.Client, world: World) -> None:
    (category,) = ask(face, "/solutions/categories")
    (top,) = ask(face, f"/solutions/categories/{category['id']}/folders")
    found: list[Any] = []
    folders = [top]
    while folders:
        folder = folders.pop()
        rows = ask(face, f"/solutions/folders/{folder['id']}/articles")
        assert folder["articles_count"] == len(rows)
        below = ask(face, f"/solutions/folders/{folder['id']}/subfolders")
        assert folder["sub_folders_count"] == len(below)
        found, folders = found + rows, folders + below
    here = [article for article in world.desk.articles if article.archived_at is None]
    assert sorted(ids(found)) == sorted(article.id for article in here)
    top_only = ask(face, f"/solutions/folders/{top['id']}/articles")
    assert 0 < len(top_only) < len(found)


def test_only_the_search_knows_who_changed_an_article(face: httpx.Client, world: World) -> None:
    edited = next(article for article in world.desk.articles if article.edits and article.archived_at is None)
    row = ask(face, f"/solutions/articles/{edited.id}")
    assert (row["agent_id"], "modified_by" in row) == (edited.author, False)
    assert instant(row["updated_at"][:-1]) == edited.edits[-1][0]
    up = [vote for _, _, vote in edited.votes if vote == 1]
    assert (row["thumbs_up"], row["thumbs_down"]) == (len(up), len(edited.votes) - len(up))
    (hit,) = [r for r in ask(face, "/search/solutions", term=edited.title) if r["id"] == edited.id]
    assert hit["modified_by"] == edited.edits[-1][1]
    assert refused(face, "/search/solutions") == (400, "term", "missing_field")


def test_hits_only_grow_and_texts_change_with_each_edit(world: World) -> None:
    edited = next(article for article in world.desk.articles if article.edits and article.archived_at is None)
    before = world.now
    try:
        with client(world) as face:
            world.now = edited.edits[0][0] - DAY
            first = ask(face, f"/solutions/articles/{edited.id}")
            world.now = edited.edits[0][0] + DAY
            second = ask(face, f"/solutions/articles/{edited.id}")
    finally:
        world.now = before
    assert second["hits"] > first["hits"]
    assert second["description"] != first["description"]


def test_a_path_with_a_language_that_is_not_spoken_leads_nowhere(world: World) -> None:
    with client(world) as face:
        assert ask(face, "/settings/helpdesk")["primary_language"] == "en"
        assert len(ask(face, "/solutions/categories/en")) == 1
        assert face.get("/solutions/categories/fr").status_code == 404
        before, world.plan_without = world.plan_without, {"multilingual"}
        try:
            assert face.get("/solutions/categories/en").json()["code"] == "require_feature"
            assert face.get("/solutions/categories").status_code == 200
        finally:
            world.plan_without = before


# --- the export of activities


def test_the_export_tells_each_change_of_a_day_in_labels_with_the_day_first() -> None:
    made = by_hand(
        opened("mon 10:00", submitter=ANN, channel="voice"), said("tue 11:00", ANN, status="pending", assignee=ANN),
        did("tue 12:00", SYSTEM, rule="Raise", priority="urgent"), now="wed 10:00",
    )  # fmt: skip
    with client(made) as face:
        days = {}
        for day in ("2026-03-02", "2026-03-03"):
            said_where = ask(face, "/export/ticket_activities", created_at=day)["export"]
            address = said_where[0]["url"] if isinstance(said_where, list) else said_where["url"]
            days[day] = httpx.get(address).json()  # no key: the address alone opens it
        assert isinstance(ask(face, "/export/ticket_activities", created_at="2026-03-02")["export"], list)
        assert isinstance(ask(face, "/export/ticket_activities", created_at="2026-03-03")["export"], dict)
    (created,) = days["2026-03-02"]["activities_data"]
    assert (created["performed_at"], created["performer_id"]) == ("02-03-2026 10:00:00 +0000", ANN)
    assert created["activity"] == {"new_ticket": True, "status": "Open", "priority": 2, "group": "100"}
    note, changed, raised = days["2026-03-03"]["activities_data"]
    assert list(note["activity"]) == ["note"]
    assert changed["activity"] == {"status": "Pending", "agent_id": ANN}
    assert (raised["performer_type"], raised["performer_id"]) == ("system", None)
    assert raised["activity"] == {"automation": {"rule": "Raise"}, "priority": 4}
    assert days["2026-03-03"]["metadata"]["activities_count"] == 3


def test_files_are_there_for_thirty_days_that_are_over() -> None:
    made = by_hand(opened("mon 10:00"), now="tue 10:00")
    with client(made) as face:
        assert ask(face, "/export/ticket_activities", created_at="2026-03-03") == {"export": []}
        there = ask(face, "/export/ticket_activities", created_at="2026-03-02")["export"]
        made.now = at("mon 10:00") + 31 * DAY
        assert ask(face, "/export/ticket_activities", created_at="2026-03-02") == {"export": []}
        assert httpx.get(there[0]["url"]).status_code == 404
        assert refused(face, "/export/ticket_activities", created_at="yesterday")[1] == "created_at"


# --- as a whole


def test_an_empty_desk_answers_everywhere() -> None:
    with client(generate(1, tickets=10, empty=True)) as face:
        for path in ("tickets", "surveys/satisfaction_ratings", "time_entries"):
            assert ask(face, f"/{path}") == []
        for path in ("agents", "groups", "contacts", "companies", "products", "surveys", "account"):
            assert ask(face, f"/{path}")


def test_nothing_that_is_later_than_now_is_told(world: World) -> None:
    before, early = world.now, world.desk.start + 60 * DAY
    limit = "2026-06-26T05:00:00Z"  # 60 days after the start, which is 30 weeks before the end
    try:
        world.now = early
        with client(world) as face:
            rows = flat(pages(face, "/tickets", **ALL, include="stats,description"))
            talk = [row for n in ids(rows) for row in ask(face, f"/tickets/{n}/conversations", per_page=100)]
            ratings = flat(pages(face, "/surveys/satisfaction_ratings"))
    finally:
        world.now = before
    assert 50 < len(rows) < len(world.stories)
    times = [row["updated_at"] for row in [*rows, *talk, *ratings]]
    times += [when for row in rows for when in row["stats"].values() if when]
    assert instant(limit[:-1]) == early
    assert max(times) <= limit


def test_rows_are_the_same_when_they_were_made_beforehand(world: World) -> None:
    with serve(served := app(world, limits=False)) as server:
        served.state.warm(server.url)
        with httpx.Client(base_url=f"{server.url}/api/v2", auth=(KEY, "X")) as face, client(world) as cold:
            query = ALL | {"include": "stats,requester,description"}
            assert ask(face, "/tickets", **query) == ask(cold, "/tickets", **query)
            assert served.state.requests == {"tickets": 1}


def test_a_share_of_tickets_without_a_priority_can_be_chosen() -> None:
    made = generate(4, tickets=200, weeks=10, no_priority=0.0)
    assert {story.created.priority for story in made.stories.values()} == {"urgent", "high", "normal", "low"}
    usual = generate(4, tickets=200, weeks=10)
    assert None in {story.created.priority for story in usual.stories.values()}


# --- shapes of the vendor's own samples and of recordings

ROOT = os.environ.get("HELPDESK_KPI_PAYLOADS")
#: Folder and file -> our path, and what ours lacks on purpose.
SAMPLES: list[tuple[str, str, set[str]]] = [
    ("airbyte_recorded_2022/tickets", "/tickets?include=stats,requester,description", set()),
    ("airbyte_recorded_2022/conversations", "/tickets/{ticket}/conversations", set()),
    ("airbyte_recorded_2022/agents", "/agents", set()),
    ("airbyte_recorded_2022/business_hours", "/business_hours", set()),
    ("airbyte_recorded_2022/contacts", "/contacts", set()),
    ("airbyte_recorded_2022/groups_trimmed", "/groups", set()),
    ("airbyte_recorded_2022/satisfaction_ratings", "/surveys/satisfaction_ratings", set()),
    ("airbyte_recorded_2022/settings_helpdesk", "/settings/helpdesk", set()),
    ("airbyte_recorded_2022/sla_policies_trimmed", "/sla_policies", {"escalation"}),
    ("airbyte_recorded_2022/solution_articles_trimmed", "/solutions/folders/{folder}/articles", set()),
    ("airbyte_recorded_2022/surveys", "/surveys", set()),
    ("official_docs_samples/ticket_view", "/tickets/{ticket}", set()),
    ("official_docs_samples/ticket_fields", "/ticket_fields", {"portal_cc", "portal_cc_to", "nested_ticket_fields"}),
    ("official_docs_samples/companies", "/companies", set()),
    ("official_docs_samples/solution_articles_of_folder", "/solutions/folders/{folder}/articles", set()),
    ("official_docs_samples/solution_categories", "/solutions/categories", set()),
    ("official_docs_samples/solution_folders_of_category", "/solutions/categories/{category}/folders", {"company_ids"}),
    ("official_docs_samples/solution_subfolders", "/solutions/folders/{folder}/subfolders", {"company_ids"}),
    ("official_docs_samples/search_solutions_item", "/search/solutions?term=a", set()),
    ("activities_export/activities_file", "/export/files/2026-11-19.json", set()),
]


@pytest.mark.skipif(not ROOT, reason="HELPDESK_KPI_PAYLOADS names no folder of recorded payloads")
@pytest.mark.parametrize(("sample", "path", "lacks"), SAMPLES, ids=[sample for sample, _, _ in SAMPLES])
def test_rows_have_all_that_recorded_ones_have(sample: str, path: str, lacks: set[str], face: httpx.Client) -> None:
    recorded = json.loads((Path(str(ROOT)) / "freshdesk" / f"{sample}.json").read_text(encoding="utf-8"))
    recent = ids(ask(face, "/tickets", per_page=100))
    talked = next(number for number in recent if ask(face, f"/tickets/{number}/conversations"))
    (category,) = ask(face, "/solutions/categories")
    (folder,) = ask(face, f"/solutions/categories/{category['id']}/folders")
    ours = face.get(path.format(ticket=talked, folder=folder["id"], category=category["id"])).json()
    theirs = keys(recorded) - lacks
    assert theirs <= keys(ours)


def keys(rows: Any) -> set[str]:
    """Names of the fields that any of the rows has."""
    return set().union(*(row.keys() for row in (rows if isinstance(rows, list) else [rows])))


@pytest.mark.skipif(not ROOT, reason="HELPDESK_KPI_PAYLOADS names no folder of recorded payloads")
def test_refusals_are_those_that_were_recorded(world: World) -> None:
    folder = Path(str(ROOT)) / "freshdesk" / "errors"
    recorded = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    made = by_hand(opened("mon 10:00"))
    made.plan_without = {"surveys"}
    with client(made, faults="forbid:groups") as face:
        assert face.get("/tickets", params={"page": 301}).json() == recorded["page_over_300"]
        assert face.get("/groups").json() == recorded["access_denied"]
        assert face.get("/surveys").json() == recorded["require_feature_surveys"]
        assert face.get("/groups", auth=("no", "X")).json() == recorded["invalid_credentials"]
