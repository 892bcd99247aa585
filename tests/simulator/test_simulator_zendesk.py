"""The simulated Zendesk API: paging and traps; nothing later than now is shown."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from simulator_fixtures import ANN, BOT, CAROL, LEO, LIGHT, at, did, opened, said
from simulator_fixtures import world as by_hand

from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.simulator.world.clock import DAY, MINUTE, SECOND, instant
from helpdesk_kpi.simulator.world.facts import (
    SYSTEM,
    Answered,
    Chat,
    Comment,
    Created,
    Deleted,
    Offered,
    Redacted,
    Update,
    Viewed,
)
from helpdesk_kpi.simulator.world.support_desk import CLIENT_ID, CLIENT_SECRET, EMAIL, TOKEN
from helpdesk_kpi.simulator.world.world import World, generate
from helpdesk_kpi.simulator.zendesk.app import app

BASIC = "Basic " + base64.b64encode(f"{EMAIL}/token:{TOKEN}".encode()).decode()
TICKETS = "/api/v2/incremental/tickets/cursor"
EVENTS = "/api/v2/incremental/ticket_events"


@contextmanager
def client(world: World, *, headers: dict[str, str] | None = None, **options: Any) -> Iterator[httpx.Client]:
    """Serve the API, and a client with the right token."""
    options.setdefault("limits", False)
    chosen = {"authorization": BASIC} if headers is None else headers
    with serve(app(world, **options)) as server, httpx.Client(base_url=server.url, headers=chosen) as asking:
        yield asking


@pytest.fixture(scope="module")
def world() -> World:
    return generate(3, tickets=400)


@pytest.fixture
def api(world: World) -> Iterator[httpx.Client]:
    with client(world) as made:
        yield made


def ask(api: httpx.Client, path: str, **query: object) -> Any:
    answer = api.get(path, params={name: str(value) for name, value in query.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()


def read(api: httpx.Client, path: str, key: str, **query: object) -> list[Any]:
    """All pages of a cursor export."""
    page = ask(api, path, start_time=0, **query)
    rows = list(page[key])
    while not page["end_of_stream"]:
        page = ask(api, path, cursor=page["after_cursor"], **query)
        rows += page[key]
    return rows


def test_a_token_is_given_for_the_right_secret_and_has_its_lifetime_only_on_request(world: World) -> None:
    with client(world, headers={}) as api:
        sent = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        silent = api.post("/oauth/tokens", json=sent).json()
        assert "expires_in" not in silent
        assert api.post("/oauth/tokens", json=sent | {"expires_in": 900}).json()["expires_in"] == 900
        assert api.post("/oauth/tokens", json=sent | {"client_secret": "no"}).status_code == 401
        bearer = {"authorization": f"Bearer {silent['access_token']}"}
        assert api.get("/api/v2/users/me", headers=bearer).json()["user"]["role"] == "admin"
        wrong = api.get("/api/v2/users/me", headers={"authorization": "Bearer no"})
        assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_token")
        assert api.get("/api/v2/users/me").json() == {"error": "Couldn't authenticate you"}


def test_tokens_end_after_their_life(world: World) -> None:
    seconds = [1000.0]
    with client(world, headers={}, clock=lambda: seconds[0]) as api:
        sent = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        token = api.post("/oauth/tokens", json=sent | {"expires_in": 300}).json()["access_token"]
        bearer = {"authorization": f"Bearer {token}"}
        assert api.get("/api/v2/groups", headers=bearer).status_code == 200
        seconds[0] += 301
        assert api.get("/api/v2/groups", headers=bearer).status_code == 401


def test_the_ticket_export_gives_every_ticket_once_except_for_repeats(api: httpx.Client, world: World) -> None:
    rows = read(api, TICKETS, "tickets", per_page=37, support_type_scope="all")
    assert {row["id"] for row in rows} == set(world.stories)
    assert len(rows) > len(world.stories)  # a page boundary repeats a row here and there
    stamps = [(row["generated_timestamp"], row["id"]) for row in rows]
    assert stamps == sorted(stamps)
    # 400 tickets in pages of 37 are 11 pages; a repeat may cost one more
    assert len(rows) < 37 * 12


def test_an_empty_poll_answers_with_a_null_cursor(api: httpx.Client) -> None:
    last = ask(api, TICKETS, start_time=0, per_page=1000)
    assert last["end_of_stream"]
    assert last["after_cursor"]
    empty = ask(api, TICKETS, cursor=last["after_cursor"])
    assert (empty["tickets"], empty["after_cursor"], empty["after_url"], empty["end_of_stream"]) == (
        [],
        None,
        None,
        True,
    )


def test_ai_agents_tickets_are_excluded_by_default(api: httpx.Client) -> None:
    usual = {row["id"] for row in read(api, TICKETS, "tickets")}
    everything = {row["id"]: row for row in read(api, TICKETS, "tickets", support_type_scope="all")}
    hidden = everything.keys() - usual
    assert hidden
    assert {everything[number]["support_type"] for number in hidden} == {"ai_agent"}


def test_the_last_minute_is_withheld_and_a_start_within_it_refused() -> None:
    made = by_hand(opened("mon 10:00"), said("tue 10:00", ANN))
    made.now = at("tue 10:00") + 30 * SECOND
    with client(made) as api:
        assert ask(api, TICKETS, start_time=0)["tickets"] == []  # its newest state is too new
        assert len(ask(api, EVENTS, start_time=0)["ticket_events"]) == 1  # of its two audits
        made.now += 45 * SECOND
        assert len(ask(api, TICKETS, start_time=0)["tickets"]) == 1
        assert len(ask(api, EVENTS, start_time=0)["ticket_events"]) == 2
        refused = api.get(TICKETS, params={"start_time": made.now // SECOND - 30})
        assert (refused.status_code, refused.json()["error"]) == (400, "StartTimeTooRecent")


def test_a_ticket_that_changes_while_it_is_paged_comes_again_with_a_newer_stamp(world: World) -> None:
    before = world.now
    try:
        world.now = before - 10 * DAY
        with client(world, faults="move:6h") as api:
            rows = read(api, TICKETS, "tickets", per_page=10, support_type_scope="all")
    finally:
        world.now = before
    stamps: dict[int, list[int]] = {}
    for row in rows:
        stamps.setdefault(row["id"], []).append(row["generated_timestamp"])
    again = [found for found in stamps.values() if len(set(found)) > 1]
    assert again
    assert all(found == sorted(found) for found in again)


def test_a_row_shows_the_ticket_as_of_now_and_system_writes_move_only_the_stamp() -> None:
    made = by_hand(
        opened("mon 10:00"),
        said("mon 11:00", ANN, status="solved", assignee=ANN, priority="high"),
        Viewed(ticket=1, at=at("wed 10:00")),
    )
    with client(made) as api:
        made.now = at("mon 10:30")
        row = ask(api, "/api/v2/tickets/1")["ticket"]
        assert (row["status"], row["assignee_id"], row["priority"]) == ("new", None, "normal")
        made.now = at("thu 10:00")
        row = ask(api, "/api/v2/tickets/1")["ticket"]
        assert (row["status"], row["assignee_id"], row["priority"]) == ("solved", ANN, "high")
        assert row["updated_at"] == "2026-03-02T11:00:00Z"
        assert row["generated_timestamp"] >= at("wed 10:00") // SECOND


def test_metric_sets_are_null_while_fresh_and_lacking_for_deleted_tickets() -> None:
    made = by_hand(
        opened("mon 10:00", ticket=1), said("mon 16:30", ANN, ticket=1, status="solved", assignee=ANN),
        opened("mon 10:00", ticket=2), Deleted(ticket=2, at=at("mon 11:00"), actor=ANN),
    )  # fmt: skip
    with client(made) as api:
        made.now = at("mon 16:30") + 2 * MINUTE
        rows = {row["id"]: row for row in ask(api, TICKETS, start_time=0, include="metric_sets")["tickets"]}
        assert rows[1]["metric_set"] is None
        assert "metric_set" not in rows[2]
        made.now = at("tue 10:00")
        rows = {row["id"]: row for row in ask(api, TICKETS, start_time=0, include="metric_sets")["tickets"]}
        metrics = rows[1]["metric_set"]
        # Monday 10:00 to 16:30: 390 minutes, all of them open hours
        assert metrics["reply_time_in_minutes"] == {"calendar": 390, "business": 390}
        assert metrics["first_resolution_time_in_minutes"] == {"calendar": 390, "business": 390}
        assert (metrics["replies"], metrics["reopens"], metrics["solved_at"]) == (1, 0, "2026-03-02T16:30:00Z")
        assert "metric_set" not in ask(api, TICKETS, start_time=0)["tickets"][0]


def test_a_deleted_ticket_is_reported_then_scrubbed_and_its_events_are_gone() -> None:
    made = by_hand(
        opened("mon 10:00"),
        Deleted(ticket=1, at=at("tue 10:00"), actor=ANN),
        Redacted(ticket=1, at=at("fri 10:00")),
    )
    with client(made) as api:
        made.now = at("wed 10:00")
        (row,) = ask(api, TICKETS, start_time=0)["tickets"]
        assert (row["status"], row["subject"], row["updated_at"]) == ("deleted", "Help", "2026-03-03T10:00:00Z")
        assert ask(api, "/api/v2/deleted_tickets")["deleted_tickets"][0]["previous_state"] == "new"
        assert len(ask(api, EVENTS, start_time=0)["ticket_events"]) == 2
        gone = api.get("/api/v2/tickets/1/audits")
        assert (gone.status_code, gone.json()["error"]) == (404, "RecordNotFound")
        assert ask(api, TICKETS, start_time=0, exclude_deleted="true")["tickets"] == []
        made.now = at("fri 12:00")
        (row,) = ask(api, TICKETS, start_time=0)["tickets"]
        assert (row["subject"], row["description"], row["assignee_id"]) == ("SCRUBBED", "X", None)
        assert row["updated_at"] == "2026-03-03T10:00:00Z"  # only the stamp moved
        assert ask(api, EVENTS, start_time=0)["ticket_events"] == []


def test_ticket_events_come_in_whole_seconds_and_next_page_never_ends(api: httpx.Client, world: World) -> None:
    page = ask(api, EVENTS, start_time=0, per_page=50)
    seen = {event["id"] for event in page["ticket_events"]}
    repeats = pages = 0
    while not page["end_of_stream"]:
        assert page["next_page"].endswith(f"start_time={page['end_time']}&per_page=50")
        page = ask(api, EVENTS, start_time=page["end_time"], per_page=50)
        new = {event["id"] for event in page["ticket_events"]}
        repeats, seen, pages = repeats + len(seen & new), seen | new, pages + 1
    assert page["next_page"]
    assert repeats >= pages  # the second of the boundary is there on both sides
    again = ask(api, EVENTS, start_time=page["end_time"])
    assert again["ticket_events"]
    assert again["end_time"] == page["end_time"]
    commented = sum(bool(save.fact.comment) for story in world.stories.values() for save in story.saves)
    assert len(seen) > commented / 2


def test_more_rows_than_a_page_of_one_second_come_together() -> None:
    made = by_hand(*(opened("mon 10:00", ticket=number) for number in range(1, 9)), opened("mon 11:00", ticket=9))
    with client(made) as api:
        page = ask(api, EVENTS, start_time=0, per_page=3)
        assert [event["ticket_id"] for event in page["ticket_events"]] == list(range(1, 9))
        second = ask(api, EVENTS, start_time=page["end_time"], per_page=3)
        assert second["end_time"] > page["end_time"]  # though every row of that second was on the page before


def test_children_tell_what_changed_by_whom_and_by_which_rule() -> None:
    made = by_hand(
        Created(ticket=1, at=at("mon 10:00"), requester=CAROL, subject="Help", comment=Comment("It broke."),
                category="login", by_trigger={"team": 100}),
        said("mon 11:00", ANN, status="pending", assignee=ANN),
        did("fri 11:00", SYSTEM, status="solved", via="rule", rule="Solve after 4 days"),
    )  # fmt: skip
    with client(made) as api:
        created, replied, solved = ask(api, EVENTS, start_time=0, include="comment_events")["ticket_events"]
    comment = created["child_events"][0]
    assert (comment["type"], comment["author_id"], comment["body"], comment["public"]) == (
        "Comment",
        CAROL,
        "It broke.",
        True,
    )
    assert comment["via"]["channel"] == "web"
    initial = {key: child for child in created["child_events"] for key in child}
    assert (initial["status"]["event_type"], initial["status"]["status"]) == ("Create", "new")
    assert initial["priority"]["priority"] is None
    assert initial["custom_ticket_fields"]["custom_ticket_fields"] == {"360001": "login"}
    by_trigger = initial["group_id"]
    assert (by_trigger["via"], by_trigger["event_type"], by_trigger["group_id"]) == ("Rule", "Change", "100")
    status = next(child for child in replied["child_events"] if "status" in child)
    assert (status["status"], status["previous_value"], replied["updater_id"]) == ("pending", "new", ANN)
    assert (solved["updater_id"], solved["via"]) == (SYSTEM, "Rule")


def test_without_the_side_load_a_comment_is_only_mentioned() -> None:
    with client(by_hand(opened("mon 10:00"))) as api:
        (event,) = ask(api, EVENTS, start_time=0)["ticket_events"]
    assert event["child_events"][0]["comment_present"] is True
    assert "body" not in event["child_events"][0]


def test_both_shapes_of_children_occur(api: httpx.Client) -> None:
    changes = [
        child
        for event in ask(api, EVENTS, start_time=0, include="comment_events")["ticket_events"]
        for child in event["child_events"]
        if "status" in child
    ]
    assert {"event_type" in child for child in changes} == {True, False}


def test_comments_audits_and_events_of_a_ticket_agree(api: httpx.Client) -> None:
    events = ask(api, EVENTS, start_time=0, include="comment_events")["ticket_events"]
    number = next(event["ticket_id"] for event in events if event["ticket_id"] % 5 == 3)
    audits = ask(api, f"/api/v2/tickets/{number}/audits")["audits"]
    mine = [event for event in events if event["ticket_id"] == number]
    assert [audit["id"] for audit in audits[: len(mine)]] == [event["id"] for event in mine]
    bodies = [e["body"] for audit in audits for e in audit["events"] if e["type"] in {"Comment", "VoiceComment"}]
    assert [comment["body"] for comment in ask(api, f"/api/v2/tickets/{number}/comments")["comments"]] == bodies


def test_merges_and_follow_ups_are_reported() -> None:
    made = by_hand(
        opened("mon 10:00", ticket=1),
        opened("mon 10:30", ticket=2),
        Update(ticket=2, at=at("mon 11:00"), actor=ANN, comment=Comment("Merged."), changes={"status": "closed"},
               add_tags=("closed_by_merge",), merged_into=1),
        Update(ticket=1, at=at("mon 11:00"), actor=ANN, comment=Comment("#2 merged.", public=False), merged_from=2),
        opened("mon 12:00", ticket=3, follow_up_of=2),
    )  # fmt: skip
    with client(made) as api:
        loser = ask(api, "/api/v2/tickets/2")["ticket"]
        assert (loser["status"], loser["tags"], loser["followup_ids"]) == ("closed", ["closed_by_merge"], [3])
        here = ask(api, "/api/v2/tickets/1/comments")["comments"][1]
        assert here["via"]["source"] == {"from": {"ticket_id": 2}, "to": {}, "rel": "merge"}
        follow_up = ask(api, "/api/v2/tickets/3")["ticket"]["via"]["source"]
        assert (follow_up["rel"], follow_up["from"]["ticket_id"]) == ("follow_up", 2)


def test_a_leaver_is_an_end_user_from_that_day_on_and_in_no_group() -> None:
    made = by_hand(opened("mon 10:00"))
    with client(made) as api:
        made.now = at("wed 10:00")
        assert _user(api, LEO)["role"] == "agent"
        made.now = at("fri 10:00")
        left = _user(api, LEO)
        assert (left["role"], left["updated_at"]) == ("end-user", "2026-03-05T12:00:00Z")
        assert (_user(api, LIGHT)["role"], _user(api, LIGHT)["role_type"]) == ("agent", 1)
        assert _user(api, BOT)["role"] == "agent"


def _user(api: httpx.Client, number: int) -> Any:
    return {user["id"]: user for user in ask(api, "/api/v2/incremental/users/cursor", start_time=0)["users"]}[number]


def test_a_rating_row_goes_from_offered_to_its_latest_score_and_its_changes_are_events() -> None:
    made = by_hand(
        opened("mon 10:00"),
        said("mon 11:00", ANN, status="solved", assignee=ANN),
        Offered(survey=5, ticket=1, at=at("tue 11:00")),
        Answered(survey=5, ticket=1, at=at("wed 11:00"), ratings={"overall": 5}, comment="Good"),
        Answered(survey=5, ticket=1, at=at("thu 11:00"), ratings={"overall": 1}),
    )
    with client(made) as api:
        made.now = at("tue 12:00")
        (row,) = ask(api, "/api/v2/satisfaction_ratings")["satisfaction_ratings"]
        assert (row["score"], row["assignee_id"]) == ("offered", ANN)
        made.now = at("fri 12:00")
        (row,) = ask(api, "/api/v2/satisfaction_ratings")["satisfaction_ratings"]
        assert (row["score"], row["created_at"], row["updated_at"]) == (
            "bad",
            "2026-03-03T11:00:00Z",
            "2026-03-05T11:00:00Z",
        )
        assert ask(api, "/api/v2/satisfaction_ratings", end_time=at("mon 12:00") // 1000)["satisfaction_ratings"] == []
        children = [c for e in ask(api, EVENTS, start_time=0)["ticket_events"] for c in e["child_events"]]
        assert [c["score"] for c in children if c.get("type") == "SatisfactionRating"] == ["good", "bad"]
        assert any(c.get("satisfaction_score") == "offered" for c in children)


def test_survey_responses_take_milliseconds_and_unanswered_ones_have_no_answers() -> None:
    made = by_hand(
        opened("mon 10:00", ticket=1), Offered(survey=5, ticket=1, at=at("tue 11:00"), new=True),
        Answered(survey=5, ticket=1, at=at("wed 11:00"), ratings={"overall": 3, "expertise": 5, "attitude": 1}),
        opened("mon 10:00", ticket=2), Offered(survey=6, ticket=2, at=at("wed 11:00"), new=True),
    )  # fmt: skip
    with client(made) as api:
        path, key = "/api/v2/guide/survey_responses", "survey_responses"
        first, second = ask(api, path)[key]
        assert second["answers"] == []
        assert [(a["question"]["sub_type"], a["rating"], a["rating_category"]) for a in first["answers"][:3]] == [
            ("customer_satisfaction", 3, "neutral"), ("other", 5, "good"), ("other", 1, "bad"),
        ]  # fmt: skip
        assert first["answers"][3]["type"] == "skipped"
        assert first["expires_at"] == "2026-03-31T11:00:00.000Z"
        # the first ten characters of a ULID are its ms in base 32; 32 letters without I, L, O, U
        letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        assert sum(letters.index(c) * 32 ** (9 - i) for i, c in enumerate(first["id"][:10])) == at("tue 11:00")
        assert [r["id"] for r in ask(api, path, **{"filter[created_at_start]": at("wed 00:00")})[key]] == [second["id"]]


def test_cursor_lists_go_by_a_hundred_and_have_a_next_link_even_at_the_end(api: httpx.Client) -> None:
    path, key = "/api/v2/satisfaction_ratings", "satisfaction_ratings"
    page = ask(api, path, **{"page[size]": 100})
    rows = list(page[key])
    while page["meta"]["has_more"]:
        page = ask(api, path, **{"page[size]": 100, "page[after]": page["meta"]["after_cursor"]})
        rows += page[key]
    assert page["links"]["next"]
    assert len({row["id"] for row in rows}) == len(rows) > 100
    for query in ({"page[size]": 101}, {"page[after]": "no"}):
        refused = api.get(path, params=query)
        assert (refused.status_code, refused.json()["error"]) == (400, "InvalidPaginationParameter")


def test_calls_never_end(api: httpx.Client) -> None:
    path = "/api/v2/channels/voice/stats/incremental/calls"
    page = ask(api, path, start_time=0)
    assert page["next_page"].endswith(f"start_time={page['end_time']}")
    assert "end_of_stream" not in page
    again = ask(api, path, start_time=page["end_time"])
    assert (again["count"], again["end_time"]) == (1, page["end_time"])
    answered = [call for call in page["calls"] if call["time_to_answer"] is not None]
    assert answered
    assert all(call["agent_id"] for call in answered)
    assert any(call["voicemail"] for call in page["calls"])


def test_engagements_go_on_by_the_last_start_and_id_and_end_with_has_more(api: httpx.Client, world: World) -> None:
    """The rule of a recording: https://github.com/facetoe/zenpy, tests/test_api/betamax (29 June 2025)."""
    page = ask(api, "/api/v2/engagements", start_time=0)
    found, pages = list(page["agent_engagement_data"]), [page]
    while page["has_more"]:
        following, last = httpx.URL(page["next_page_url"]), page["agent_engagement_data"][-1]
        assert following.host not in api.base_url.host
        assert following.params["engagement_id_cursor"] == last["engagement_id"]
        assert int(following.params["start_time_cursor"]) * SECOND == instant(last["engagement_start_time"])
        page = ask(api, "/api/v2/engagements", **following.params)
        pages.append(page)
        found += page["agent_engagement_data"]
    assert page["next_page_url"] is None
    assert [one["page_size"] for one in pages] == [10] * (len(pages) - 1) + [len(page["agent_engagement_data"])]
    ended = sum(chat.ended_at <= world.now for story in world.stories.values() for chat in story.chats)
    assert len({row["engagement_id"] for row in found}) == len(found) == ended > 10
    starts = [row["engagement_start_time"] for row in found]
    assert starts == sorted(starts)
    assert {len(start) for start in starts} == {len("2026-01-01T00:00:00")}


def test_an_engagement_without_a_reply_has_a_reply_time_of_zero_and_waits_as_long_as_it_lasts() -> None:
    chat = Chat(id=7, ticket=1, at=at("mon 09:00"), agent=ANN, ended_at=at("mon 09:05"))
    with client(by_hand(opened("mon 08:59"), chat)) as api:
        [row] = ask(api, "/api/v2/engagements", start_time=0, ticket_id=1)["agent_engagement_data"]
        assert ask(api, "/api/v2/engagements", start_time=0, ticket_id=2)["agent_engagement_data"] == []
        later = at("mon 09:00") // SECOND + 1
        assert ask(api, "/api/v2/engagements", start_time=later)["agent_engagement_data"] == []
        assert api.get("/api/v2/engagements", params={"start_time": "x"}).status_code == 400
    assert (row["assignment_to_first_reply_time_seconds"], row["agent_replies_count"]) == (0, 0)
    assert row["total_requester_wait_time_seconds"] == 5 * 60


def test_lists_honour_the_filters_that_are_documented(api: httpx.Client, world: World) -> None:
    """https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_ratings/ and the like."""
    ratings = ask(api, "/api/v2/satisfaction_ratings", score="received")["satisfaction_ratings"]
    assert {row["score"] for row in ratings} == {"good", "bad"}
    team = api.get("/api/v2/users", params={"role[]": ["agent", "admin"]}).json()["users"]
    assert {row["role"] for row in team} == {"agent", "admin"}
    open_ones = ask(api, "/api/v2/custom_statuses", status_categories="open,hold")["custom_statuses"]
    assert sorted(row["status_category"] for row in open_ones) == ["hold", "open"]
    assert ask(api, "/api/v2/custom_statuses", active="false")["custom_statuses"] == []
    assert len(ask(api, "/api/v2/ticket_forms", active="true")["ticket_forms"]) == 2
    gone = ask(api, "/api/v2/deleted_tickets", sort_by="deleted_at", sort_order="desc")["deleted_tickets"]
    times = [row["deleted_at"] for row in gone]
    assert times == sorted(times, reverse=True)
    assert api.get("/api/v2/search/export", params={"query": "status:closed"}).status_code == 400


def test_without_a_scope_the_events_of_ai_agents_tickets_are_left_out_as_the_tickets_are() -> None:
    facts = [opened("mon 09:00"), opened("mon 10:00", ticket=2, ai_agent=True)]
    with client(by_hand(*facts)) as api:
        for path, key, name in ((TICKETS, "tickets", "id"), (EVENTS, "ticket_events", "ticket_id")):
            for scope, expected in (({}, [1]), ({"support_type_scope": "all"}, [1, 2]),
                                    ({"support_type_scope": "ai_agent"}, [2])):  # fmt: skip
                assert [row[name] for row in ask(api, path, start_time=0, **scope)[key]] == expected
            assert api.get(path, params={"start_time": "0", "support_type_scope": "bots"}).status_code == 400


def test_articles_show_edits_votes_and_the_last_editor_and_archived_ones_vanish(
    api: httpx.Client, world: World
) -> None:
    shown = ask(api, "/api/v2/help_center/incremental/articles.json", start_time=0)
    assert (shown["next_page"], "end_of_stream" in shown) == (None, False)
    gone = [article for article in world.desk.articles if article.archived_at is not None]
    assert gone
    assert len(shown["articles"]) == len(world.desk.articles) - len(gone)
    edited = next(article for article in world.desk.articles if article.edits and article not in gone)
    (translation,) = ask(api, f"/api/v2/help_center/articles/{edited.id}/translations")["translations"]
    assert translation["updated_by_id"] == edited.edits[-1][1]
    votes = ask(api, f"/api/v2/help_center/articles/{edited.id}/votes")["votes"]
    row = next(row for row in shown["articles"] if row["id"] == edited.id)
    assert (row["vote_count"], row["vote_sum"]) == (len(votes), sum(vote["value"] for vote in votes))
    linked = [
        story for story in world.stories.values() if any(s.fact.comment and s.fact.comment.article for s in story.saves)
    ]
    bodies = [comment["body"] for comment in ask(api, f"/api/v2/tickets/{linked[0].ticket}/comments")["comments"]]
    assert any("/hc/en-us/articles/" in body for body in bodies)


def test_the_schedule_counts_minutes_from_sunday_in_a_zone_of_rails(api: httpx.Client) -> None:
    (schedule,) = ask(api, "/api/v2/business_hours/schedules")["schedules"]
    # Monday 9:00 is 1440 + 540 minutes after Sunday midnight
    assert (schedule["time_zone"], schedule["intervals"][0]) == ("Berlin", {"start_time": 1980, "end_time": 2490})
    holidays = ask(api, f"/api/v2/business_hours/schedules/{schedule['id']}/holidays.json")["holidays"]
    assert any((h["start_date"], h["end_date"]) == ("2026-12-25", "2026-12-26") for h in holidays)
    assert api.get("/api/v2/business_hours/schedules/1/holidays").status_code == 404


def test_organisations_repeat_their_last_row_for_ever(api: httpx.Client) -> None:
    path = "/api/v2/incremental/organizations"
    page = ask(api, path, start_time=0)
    again = ask(api, path, start_time=page["end_time"])
    assert 1 <= again["count"] < page["count"]
    assert again["end_time"] == page["end_time"]


def test_deleted_groups_are_shown_on_request_only(api: httpx.Client) -> None:
    assert not any(group["deleted"] for group in ask(api, "/api/v2/groups")["groups"])
    assert any(group["deleted"] for group in ask(api, "/api/v2/groups", exclude_deleted="false")["groups"])


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ("schedules", "business_hours/schedules"),
        ("slas", "slas/policies"),
        ("csat", "satisfaction_ratings"),
        ("surveys", "guide/survey_responses"),
        ("guide", "help_center/articles"),
        ("ticket_forms", "ticket_forms"),
    ],
)
def test_what_the_plan_lacks_is_forbidden_and_the_rest_is_not(part: str, path: str) -> None:
    made = by_hand(opened("mon 10:00"))
    with client(made) as api:
        assert api.get(f"/api/v2/{path}").status_code == 200
        made.plan_without = {part}
        refused = api.get(f"/api/v2/{path}")
        assert (refused.status_code, refused.json()["error"]["title"]) == (403, "Forbidden")
        assert api.get("/api/v2/groups").status_code == 200


def test_all_smaller_lists_answer(api: httpx.Client) -> None:
    keys = ["group_memberships", "brands", "custom_statuses", "ticket_fields", "ticket_forms", "groups"]
    assert all(ask(api, f"/api/v2/{key}.json")[key] for key in keys)
    assert ask(api, "/api/v2/slas/policies")["sla_policies"]
    lost = api.get("/api/v2/macros")
    assert (lost.status_code, lost.json()["error"]) == (404, "InvalidEndpoint")


def test_an_empty_desk_answers_everywhere() -> None:
    with client(generate(1, tickets=10, empty=True)) as api:
        assert ask(api, TICKETS, start_time=0)["tickets"] == []
        page = ask(api, EVENTS, start_time=7)
        assert (page["ticket_events"], page["end_time"], page["end_of_stream"]) == ([], 7, True)
        for path in ("satisfaction_ratings", "guide/survey_responses", "deleted_tickets"):
            api.get(f"/api/v2/{path}").raise_for_status()
        assert ask(api, "/api/v2/channels/voice/stats/incremental/calls", start_time=0)["count"] == 0
        assert ask(api, "/api/v2/engagements", start_time=0) == {
            "agent_engagement_data": [], "next_page_url": None, "has_more": False, "page_size": 0,
        }  # fmt: skip


def test_nothing_later_than_now_is_shown(world: World) -> None:
    before, early = world.now, world.desk.start + 60 * DAY
    try:
        world.now = early
        with client(world) as api:
            rows = read(api, TICKETS, "tickets", support_type_scope="all", include="metric_sets")
            page = ask(api, EVENTS, start_time=0, include="comment_events", per_page=1000)
            surveys = ask(api, "/api/v2/satisfaction_ratings")["satisfaction_ratings"]
    finally:
        world.now = before
    assert 50 < len(rows) < len(world.stories)
    limit = early // SECOND
    assert max(row["generated_timestamp"] for row in rows) <= limit
    assert max(event["timestamp"] for event in page["ticket_events"]) <= limit
    assert max(instant(row["updated_at"].rstrip("Z")) for row in surveys) <= early
