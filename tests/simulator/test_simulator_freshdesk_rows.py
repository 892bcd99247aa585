"""The simulated Freshdesk API: its rows, compared with recorded ones; nothing later than now is shown."""

import json
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from project_paths import TESTS
from simulator_fixtures import ANN, BOT, CAROL, LEO, LIGHT, amended, at, did, opened, said, spent
from simulator_fixtures import world as by_hand
from simulator_freshdesk_fixtures import ALL, ask, client, flat, ids, pages, refused

from helpdesk_kpi.simulator.freshdesk.api import FreshdeskApi
from helpdesk_kpi.simulator.freshdesk.app import _endpoints, _misc_routes, app, settings
from helpdesk_kpi.simulator.freshdesk.auth import KEY
from helpdesk_kpi.simulator.freshdesk.routes_misc import MiscRoutes
from helpdesk_kpi.simulator.server.faults import Faults
from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.simulator.world.clock import DAY, instant, iso
from helpdesk_kpi.simulator.world.facts import SYSTEM, Answered, Comment, Offered, Update
from helpdesk_kpi.simulator.world.world import World, generate

HERE = TESTS


@pytest.fixture(scope="module")
def world() -> World:
    return generate(3, tickets=400)


@pytest.fixture(scope="module")
def api(world: World) -> Iterator[httpx.Client]:
    with client(world) as made:
        yield made


# --- conversations


def test_replies_notes_and_rules_are_distinguished() -> None:
    made = by_hand(
        opened("mon 10:00", channel="email"),
        said("mon 11:00", ANN, "Reply"),
        said("mon 12:00", LIGHT, "Note", public=False),
        said("mon 13:00", CAROL, "Thanks"),
        said("mon 14:00", SYSTEM, "We are closed", rule="Out of hours", via="rule"),
        said("mon 15:00", BOT, "Automatic answer", via="api"),
    )
    with client(made) as api:
        rows = ask(api, "/tickets/1/conversations")
    found = [(r["body_text"], r["source"], r["category"], r["incoming"], r["private"], r["user_id"]) for r in rows]
    assert found == [
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


def test_every_comment_of_the_desk_appears_once(api: httpx.Client, world: World) -> None:
    checked = 0
    for number in ids(ask(api, "/tickets", per_page=60)):
        story = world.stories[number]
        rows = flat(pages(api, f"/tickets/{number}/conversations", per_page=5))
        written = [(r["created_at"], r["private"]) for r in rows if r["source"] != 6]
        if story.created.channel == "native_messaging" and number % 2:
            written = written[1:]  # the first message of a chat is there twice
        comments = [(iso(save.at), save.fact.comment) for save in story.until(world.now)[1:]]
        assert written == [(when, not comment.public) for when, comment in comments if comment]
        checked += len(written)
    assert checked > 100


def test_who_has_left_wrote_as_an_agent_all_the_same() -> None:
    made = by_hand(opened("mon 10:00"), said("wed 11:00", LEO), now="fri 10:00")
    with client(made) as api:
        (row,) = ask(api, "/tickets/1/conversations")
        assert (row["user_id"], row["incoming"]) == (LEO, False)
        assert LEO not in ids(ask(api, "/agents"))
        assert LEO in ids(ask(api, "/contacts"))
        assert api.get(f"/agents/{LEO}").status_code == 404


def test_a_ticket_includes_its_ten_oldest_conversations_only() -> None:
    made = by_hand(opened("mon 10:00"), *(said(f"tue 10:{i:02}", ANN, f"No. {i}") for i in range(35)))
    with client(made) as api:
        included = ask(api, "/tickets/1", include="conversations")["conversations"]
        assert [row["body_text"] for row in included] == [f"No. {i}" for i in range(10)]
        found = pages(api, "/tickets/1/conversations")
        assert [len(page) for page in found] == [30, 5]
        assert [row["body_text"] for row in flat(found)] == [f"No. {i}" for i in range(35)]


def test_the_first_message_of_a_web_chat_comes_twice() -> None:
    made = by_hand(opened("mon 10:00", channel="native_messaging"), opened("mon 10:00", ticket=2), now="mon 12:00")
    with client(made) as api:
        chat, (doubled,) = ask(api, "/tickets/1"), ask(api, "/tickets/1/conversations")
        assert (chat["source"], chat["description_text"]) == (15, doubled["body_text"])
        assert (doubled["created_at"], doubled["incoming"]) == (chat["created_at"], True)
        assert ask(api, "/tickets/2/conversations") == []


def test_feedback_to_a_survey_looks_like_an_answer_of_the_customer() -> None:
    made = by_hand(
        opened("mon 10:00"),
        said("mon 11:00", ANN, status="solved"),
        Offered(survey=7, ticket=1, at=at("tue 11:00")),
        Answered(survey=7, ticket=1, at=at("tue 12:00"), ratings={"overall": 5}, comment="Great"),
    )
    with client(made) as api:
        row = ask(api, "/tickets/1/conversations")[-1]
        assert (row["source"], row["category"], row["incoming"], row["private"]) == (6, 7, True, False)
        assert (row["body_text"], row["user_id"]) == ("Great", CAROL)
        stats = ask(api, "/tickets/1", include="stats")["stats"]
        assert (stats["requester_responded_at"], stats["reopened_at"]) == ("2026-03-03T12:00:00Z", None)


def test_a_merged_ticket_is_a_closed_one_with_a_note() -> None:
    lost = Comment("See there", public=False)
    made = by_hand(
        opened("mon 10:00", ticket=1), opened("mon 10:30", ticket=2),
        Update(ticket=2, at=at("mon 11:00"), actor=ANN, comment=lost, changes={"status": "closed"},
               add_tags=("closed_by_merge",), merged_into=1),
    )  # fmt: skip
    with client(made) as api:
        row = ask(api, "/tickets/2")
        assert (row["status"], row["tags"], row["association_type"]) == (5, [], None)
        (note,) = ask(api, "/tickets/2/conversations")
        assert note["body_text"] == "This ticket is closed and merged into ticket #1"


# --- one ticket's row


def test_statuses_have_codes() -> None:
    codes = {"new": 2, "open": 2, "pending": 3, "hold": 7, "solved": 4, "closed": 5}
    made = by_hand(*(opened("mon 10:00", ticket=i, status=status) for i, status in enumerate(codes)))
    with client(made) as api:
        assert [ask(api, f"/tickets/{i}")["status"] for i in range(len(codes))] == list(codes.values())


def test_priorities_have_codes_and_there_is_no_ticket_without_one() -> None:
    codes = {"urgent": 4, "high": 3, "normal": 2, "low": 1, None: 1}
    made = by_hand(*(opened("mon 10:00", ticket=i, priority=priority) for i, priority in enumerate(codes)))
    with client(made) as api:
        assert [ask(api, f"/tickets/{i}")["priority"] for i in range(len(codes))] == list(codes.values())


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
    with client(made) as api:
        for number, (code, _) in codes.items():
            assert ask(api, f"/tickets/{number}")["source"] == code


def test_an_ai_agents_ticket_has_a_status_of_its_own() -> None:
    made = by_hand(opened("mon 10:00", ai_agent=True), did("mon 11:00", BOT, status="solved"))
    with client(made) as api:
        made.now = at("mon 10:30")
        assert ask(api, "/tickets/1")["status"] == 9000
        made.now = at("mon 12:00")
        assert ask(api, "/tickets/1")["status"] == 4


def test_stats_have_the_last_time_of_most_kinds_and_the_first_response() -> None:
    facts = (
        said("mon 10:10", ANN, public=False),
        said("mon 10:20", SYSTEM, rule="Hello"),
        said("mon 11:00", ANN, status="pending"),
        said("mon 12:00", CAROL, status="open"),
        said("mon 13:00", ANN, status="solved"),
        said("mon 14:00", CAROL, status="open"),
        said("mon 15:00", ANN, status="solved"),
        did("fri 15:00", SYSTEM, status="closed", rule="Close"),
    )
    with client(by_hand(opened("mon 10:00"), *facts)) as api:
        face_stats = ask(api, "/tickets/1", include="stats")["stats"]
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
    with client(by_hand(*facts)) as api:
        rows = [ask(api, f"/tickets/{n}", include="stats") for n in (1, 2)]
    assert [(row["status"], row["stats"]["reopened_at"]) for row in rows] == [(2, "2026-03-02T12:00:00Z")] * 2
    assert [row["stats"]["resolved_at"] for row in rows] == ["2026-03-02T11:00:00Z", None]


def test_a_ticket_closed_at_once_was_resolved_then_and_nobody_responds_to_an_outbound_one() -> None:
    made = by_hand(
        opened("mon 10:00", submitter=ANN, channel="email"), said("mon 11:00", ANN), did("mon 12:00", ANN,
        status="closed"),
    )  # fmt: skip
    with client(made) as api:
        stats = ask(api, "/tickets/1", include="stats")["stats"]
    assert stats["closed_at"] == stats["resolved_at"] == "2026-03-02T12:00:00Z"
    assert (stats["first_responded_at"], stats["agent_responded_at"]) == (None, None)


def test_what_customers_ask_about_one_fault_is_related() -> None:
    """The tracker that they hang on is made by an agent, and is none of them."""
    made = by_hand(
        opened("mon 10:00", type="problem"), opened("mon 10:10", ticket=2, type="incident", problem=1),
        opened("mon 10:20", ticket=3),
    )  # fmt: skip
    with client(made) as api:
        rows = [ask(api, f"/tickets/{n}") for n in (1, 2, 3)]
        assert [row["association_type"] for row in rows] == [4, 4, None]
        assert [row["associated_tickets_count"] for row in rows] == [None, None, None]
        [prime] = {ask(api, f"/tickets/{n}/prime_association")["id"] for n in (1, 2)}
        assert ids(ask(api, f"/tickets/{prime}/associated_tickets")["tickets"]) == [1, 2]
        tracker = ask(api, f"/tickets/{prime}", include="requester")
        assert (tracker["association_type"], tracker["associated_tickets_count"]) == (3, 2)
        assert tracker["requester"]["id"] in ids(ask(api, "/agents"))
        assert ids(ask(api, "/tickets", order_by="created_at", order_type="asc")) == [1, 2, prime, 3]
        assert ask(api, f"/tickets/{prime}/conversations") == []
        assert api.get("/tickets/3/prime_association").status_code == 404
        assert ask(api, "/tickets/3/associated_tickets") == {"tickets": []}


# --- surveys


def test_ratings_of_both_surveys_have_their_scales_and_keep_the_time_of_the_first_answer() -> None:
    ratings_given = {"overall": 4, "expertise": 1, "attitude": 3}
    made = by_hand(
        opened("mon 10:00"), said("mon 11:00", ANN, status="solved", assignee=ANN),
        Offered(survey=7, ticket=1, at=at("tue 11:00")),
        Answered(survey=7, ticket=1, at=at("tue 12:00"), ratings={"overall": 1}),
        did("tue 13:00", ANN, assignee=LEO),
        Answered(survey=7, ticket=1, at=at("tue 14:00"), ratings={"overall": 5}, comment="Better"),
        opened("mon 10:00", ticket=2), said("mon 12:00", ANN, ticket=2, status="solved", assignee=ANN),
        Offered(survey=8, ticket=2, at=at("wed 11:00"), new=True),
        Answered(survey=8, ticket=2, at=at("wed 12:00"), ratings=ratings_given),
        opened("mon 10:00", ticket=3), Offered(survey=9, ticket=3, at=at("wed 11:00")),
    )  # fmt: skip
    with client(made) as api:
        old, new = ask(api, "/surveys/satisfaction_ratings")
        surveys = {row["id"]: row for row in ask(api, "/surveys")}
        active = ask(api, "/surveys", state="active")
        since = ask(api, "/surveys/satisfaction_ratings", created_since="2026-03-03T13:00:00Z")
        own = ask(api, "/tickets/1/satisfaction_ratings")
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


def test_bots_are_agents_and_light_agents_are_collaborators(api: httpx.Client, world: World) -> None:
    kinds = {row["contact"]["name"]: row["type"] for row in flat(pages(api, "/agents", per_page=4))}
    assert kinds[world.desk.words.bot] == "support_agent"
    assert kinds[world.desk.words.light_agent] == "collaborator"
    assert len(kinds) == 11  # ten agents of whom one has left, the bot, the light agent
    assert ask(api, "/agents/me")["ticket_scope"] == 1


def test_groups_know_their_members_and_a_missing_calendar_is_the_default_one(api: httpx.Client) -> None:
    rows = ask(api, "/groups")
    assert [len(row["agent_ids"]) for row in rows] == [4, 3, 2]  # of five, three and two; one has left
    (hours,) = ask(api, "/business_hours")
    assert {row["business_hour_id"] for row in rows} == {int(hours["id"]), None}
    assert isinstance(hours["id"], str)
    assert all(isinstance(row["id"], str) for row in ask(api, "/sla_policies"))


def test_hours_have_an_older_shape_and_one_with_several_spans_a_day(api: httpx.Client) -> None:
    (older,) = ask(api, "/business_hours")
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


def test_policies_are_in_seconds_and_two_are_default_ones(api: httpx.Client) -> None:
    rows = ask(api, "/sla_policies")
    assert [(row["is_default"], row["position"]) for row in rows] == [(True, 1), (True, 2)]
    assert rows[1]["sla_target"]["priority_2"]["respond_within"] == 4 * 3600
    assert rows[0]["applicable_to"] == {"sources": [7, 15]}


def test_choices_of_fields_have_a_shape_for_each_type(api: httpx.Client) -> None:
    fields = {row["name"]: row.get("choices") for row in ask(api, "/ticket_fields")}
    assert fields["status"]["9000"][0] == "Assigned to AI Agent"
    assert (fields["priority"]["Urgent"], fields["ticket_type"][0], fields["subject"]) == (4, "Question", None)
    assert "billing" in fields["cf_category"]
    assert set(fields["group"].values()) == set(ids(ask(api, "/groups")))
    assert not any("choices" in row for row in ask(api, "/admin/ticket_fields"))


def test_some_times_have_an_offset(api: httpx.Client) -> None:
    (company, *_), (product, *_) = ask(api, "/companies"), ask(api, "/products")
    assert company["created_at"].endswith("Z")
    assert product["created_at"].endswith("+05:30")
    assert datetime.fromisoformat(product["created_at"]) == datetime.fromisoformat(company["created_at"])


def test_contacts_are_found_by_their_last_change_under_both_names(api: httpx.Client, world: World) -> None:
    everyone = ids(flat(pages(api, "/contacts", per_page=100)))
    blocked = ids(flat(pages(api, "/contacts", per_page=100, state="blocked")))
    assert blocked
    assert set(everyone).isdisjoint(blocked)
    assert world.leaver is not None
    left = world.leaver.roles[-1][0]
    since = f"{ask(api, f'/contacts/{world.leaver.id}')['updated_at']}"
    assert instant(since[:-1]) == left
    for name in ("updated_since", "_updated_since"):
        found = ids(flat(pages(api, "/contacts", **{"per_page": 100, name: since})))
        assert world.leaver.id in found
        assert len(found) < len(everyone)


def test_there_is_a_configuration_for_it(world: World) -> None:
    said_there = settings(world, "http://127.0.0.1:1")
    assert (said_there["connector"], said_there["auth"]) == ("freshdesk", {"key": "simulated-api-key"})
    assert said_there["category"] == "cf_category"
    assert said_there["severity"] == {"Urgent": "P0", "High": "P1", "Medium": "P2", "Low": "P3"}


# --- the knowledge base


def test_articles_lie_in_folders_within_folders(api: httpx.Client, world: World) -> None:
    (category,) = ask(api, "/solutions/categories")
    (top,) = ask(api, f"/solutions/categories/{category['id']}/folders")
    found: list[Any] = []
    folders = [top]
    while folders:
        folder = folders.pop()
        rows = ask(api, f"/solutions/folders/{folder['id']}/articles")
        assert folder["articles_count"] == len(rows)
        below = ask(api, f"/solutions/folders/{folder['id']}/subfolders")
        assert folder["sub_folders_count"] == len(below)
        found, folders = found + rows, folders + below
    here = [article for article in world.desk.articles if article.archived_at is None]
    assert sorted(ids(found)) == sorted(article.id for article in here)
    top_only = ask(api, f"/solutions/folders/{top['id']}/articles")
    assert 0 < len(top_only) < len(found)


def test_only_the_search_knows_who_changed_an_article(api: httpx.Client, world: World) -> None:
    edited = next(article for article in world.desk.articles if article.edits and article.archived_at is None)
    row = ask(api, f"/solutions/articles/{edited.id}")
    assert (row["agent_id"], "modified_by" in row) == (edited.author, False)
    assert instant(row["updated_at"][:-1]) == edited.edits[-1][0]
    up = [vote for _, _, vote in edited.votes if vote == 1]
    assert (row["thumbs_up"], row["thumbs_down"]) == (len(up), len(edited.votes) - len(up))
    (hit,) = [r for r in ask(api, "/search/solutions", term=edited.title) if r["id"] == edited.id]
    assert hit["modified_by"] == edited.edits[-1][1]
    assert refused(api, "/search/solutions") == (400, "term", "missing_field")


def test_hits_only_grow_and_texts_change_with_each_edit(world: World) -> None:
    edited = next(article for article in world.desk.articles if article.edits and article.archived_at is None)
    before = world.now
    try:
        with client(world) as api:
            world.now = edited.edits[0][0] - DAY
            first = ask(api, f"/solutions/articles/{edited.id}")
            world.now = edited.edits[0][0] + DAY
            second = ask(api, f"/solutions/articles/{edited.id}")
    finally:
        world.now = before
    assert second["hits"] > first["hits"]
    assert second["description"] != first["description"]


def test_a_path_with_a_language_that_is_not_spoken_leads_nowhere(world: World) -> None:
    with client(world) as api:
        assert ask(api, "/settings/helpdesk")["primary_language"] == "en"
        assert len(ask(api, "/solutions/categories/en")) == 1
        assert api.get("/solutions/categories/fr").status_code == 404
        before, world.plan_without = world.plan_without, {"multilingual"}
        try:
            assert api.get("/solutions/categories/en").json()["code"] == "require_feature"
            assert api.get("/solutions/categories").status_code == 200
        finally:
            world.plan_without = before


# --- the export of activities


def test_the_export_tells_each_change_of_a_day_in_labels_with_the_day_first() -> None:
    made = by_hand(
        opened("mon 10:00", submitter=ANN, channel="voice"), said("tue 11:00", ANN, status="pending", assignee=ANN),
        did("tue 12:00", SYSTEM, rule="Raise", priority="urgent"), now="wed 10:00",
    )  # fmt: skip
    with client(made) as api:
        days = {}
        for day in ("2026-03-02", "2026-03-03"):
            said_where = ask(api, "/export/ticket_activities", created_at=day)["export"]
            address = said_where[0]["url"] if isinstance(said_where, list) else said_where["url"]
            days[day] = httpx.get(address).json()  # no key: the address alone opens it
        assert isinstance(ask(api, "/export/ticket_activities", created_at="2026-03-02")["export"], list)
        assert isinstance(ask(api, "/export/ticket_activities", created_at="2026-03-03")["export"], dict)
    (created,) = days["2026-03-02"]["activities_data"]
    assert (created["performed_at"], created["performer_id"]) == ("02-03-2026 10:00:00 +0000", ANN)
    assert created["activity"] == {"new_ticket": True, "status": "Open", "priority": 2, "group": "100"}
    note, changed, raised = days["2026-03-03"]["activities_data"]
    assert list(note["activity"]) == ["note"]
    assert changed["activity"] == {"status": "Pending", "agent_id": ANN}
    assert (raised["performer_type"], raised["performer_id"]) == ("system", None)
    assert raised["activity"] == {"automation": {"rule": "Raise"}, "priority": 4}
    assert days["2026-03-03"]["metadata"]["activities_count"] == 3


def test_that_a_new_ticket_was_only_opened_is_no_change() -> None:
    made = by_hand(opened("mon 10:00"), did("mon 11:00", ANN, status="open"), now="tue 10:00")
    with client(made) as api:
        address = ask(api, "/export/ticket_activities", created_at="2026-03-02")["export"][0]["url"]
        (created,) = httpx.get(address).json()["activities_data"]
        (row,) = ask(api, "/tickets", updated_since="2026-03-01T00:00:00Z", include="stats")
    assert created["activity"]["status"] == "Open"
    assert row["stats"]["status_updated_at"] == "2026-03-02T10:00:00Z"


def test_files_are_there_for_thirty_days_that_are_over() -> None:
    made = by_hand(opened("mon 10:00"), now="tue 10:00")
    with client(made) as api:
        assert ask(api, "/export/ticket_activities", created_at="2026-03-03") == {"export": []}
        there = ask(api, "/export/ticket_activities", created_at="2026-03-02")["export"]
        made.now = at("mon 10:00") + 31 * DAY
        assert ask(api, "/export/ticket_activities", created_at="2026-03-02") == {"export": []}
        assert httpx.get(there[0]["url"]).status_code == 404
        assert refused(api, "/export/ticket_activities", created_at="yesterday")[1] == "created_at"


def test_the_files_of_a_month_have_every_change_of_status() -> None:
    labels = {"new": "Open", "open": "Open", "pending": "Pending", "hold": "Waiting on Third Party"}
    labels |= {"solved": "Resolved", "closed": "Closed"}
    made = generate(5, tickets=60, weeks=4, ai_agent=0.0, lossless=True)
    midnight = instant(f"{iso(made.now)[:10]} 00:00")  # the day of now is not over
    with client(made) as api:
        read: dict[int, list[str]] = {}
        for day in range(28, 0, -1):
            export = ask(api, "/export/ticket_activities", created_at=iso(made.now - day * DAY)[:10])["export"]
            address = export[0]["url"] if isinstance(export, list) else export["url"]
            for row in httpx.get(address).json()["activities_data"]:
                read.setdefault(row["ticket_id"], []).extend([row["activity"].get("status")])
    for story in made.stories.values():
        passed = [
            labels[save.changes["status"]] for save in story.saves if "status" in save.changes and save.at < midnight
        ]
        expected = [label for i, label in enumerate(passed) if not i or passed[i - 1] != label]
        assert [label for label in read.get(story.ticket, []) if label] == expected


# --- time


def test_time_entries_are_in_the_list_of_their_day_in_their_present_state() -> None:
    made = by_hand(
        opened("mon 09:00"), opened("mon 09:30", ticket=2), said("mon 10:00", ANN), spent("mon 10:00", ANN, 95, 1),
        said("tue 10:00", LEO, ticket=2), spent("tue 10:00", LEO, 5, 2, ticket=2),
        amended("tue 11:00", LEO, 7, 2, ticket=2),
        said("wed 10:00", ANN), spent("wed 10:00", ANN, 5, 3), amended("wed 11:00", ANN, 0, 3), now="thu 12:00",
    )  # fmt: skip
    with client(made) as api:
        assert [(row["id"], row["agent_id"], row["time_spent"]) for row in ask(api, "/time_entries")] == [
            (1, ANN, "01:35"), (2, LEO, "00:07"),
        ]  # fmt: skip
        [late] = ask(api, "/time_entries", executed_after=iso(at("tue 00:00")))
        early = ask(api, "/time_entries", executed_before=iso(at("tue 00:00")))
        assert ids([*early, late]) == ids(ask(api, "/time_entries"))
        assert (ids(ask(api, "/time_entries", agent_id=LEO)), ids(early)) == ([2], [1])
        assert ask(api, "/time_entries", billable="false") == []
        assert len(ask(api, "/time_entries", billable="true")) == len(early) + 1
        assert (late["executed_at"], late["updated_at"]) == (iso(at("tue 10:00")), iso(at("tue 11:00")))
        assert [row["time_spent_in_seconds"] for row in ask(api, "/tickets/2/time_entries")] == [420]


# --- as a whole


def test_an_empty_desk_answers_everywhere() -> None:
    with client(generate(1, tickets=10, empty=True)) as api:
        for path in ("tickets", "surveys/satisfaction_ratings", "time_entries"):
            assert ask(api, f"/{path}") == []
        for path in ("agents", "groups", "contacts", "companies", "products", "surveys", "account"):
            assert ask(api, f"/{path}")


def test_nothing_later_than_now_is_shown(world: World) -> None:
    before, early = world.now, world.desk.start + 60 * DAY
    limit = "2026-06-26T05:00:00Z"  # 60 days after the start, which is 30 weeks before the end
    try:
        world.now = early
        with client(world) as api:
            rows = flat(pages(api, "/tickets", **ALL, include="stats,description"))
            talk = [row for n in ids(rows) for row in ask(api, f"/tickets/{n}/conversations", per_page=100)]
            ratings = flat(pages(api, "/surveys/satisfaction_ratings"))
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
        with httpx.Client(base_url=f"{server.url}/api/v2", auth=(KEY, "X")) as api, client(world) as cold:
            query = ALL | {"include": "stats,requester,description"}
            assert ask(api, "/tickets", **query) == ask(cold, "/tickets", **query)
            assert served.state.requests == {"tickets": 1}


def test_a_share_of_tickets_without_a_priority_can_be_chosen() -> None:
    made = generate(4, tickets=200, weeks=10, no_priority=0.0)
    assert {story.created.priority for story in made.stories.values()} == {"urgent", "high", "normal", "low"}
    usual = generate(4, tickets=200, weeks=10)
    assert None in {story.created.priority for story in usual.stories.values()}


def test_the_page_about_the_simulator_names_every_endpoint(world: World) -> None:
    page = (HERE.parent / "docs" / "simulator.md").read_text(encoding="utf-8")
    mine = page.partition("## The Freshdesk API")[2].partition("Its endpoints are counted under:")[2]
    names_on_the_page = re.findall(r"`(\w+)`", mine.partition("The fault")[0])
    served = FreshdeskApi(world, Faults())
    names = {name for name, *_ in (*_endpoints(served), *_misc_routes(MiscRoutes(served)))}
    assert set(names_on_the_page) == names | {"activities_file"}


# --- shapes of the vendor's own samples and of recordings

PAYLOADS = os.environ.get("HELPDESK_KPI_PAYLOADS")
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


@pytest.mark.skipif(not PAYLOADS, reason="HELPDESK_KPI_PAYLOADS names no folder of recorded payloads")
@pytest.mark.parametrize(("sample", "path", "lacks"), SAMPLES, ids=[sample for sample, _, _ in SAMPLES])
def test_rows_have_all_that_recorded_ones_have(sample: str, path: str, lacks: set[str], api: httpx.Client) -> None:
    recorded = json.loads((Path(str(PAYLOADS)) / "freshdesk" / f"{sample}.json").read_text(encoding="utf-8"))
    recent = ids(ask(api, "/tickets", per_page=100))
    talked = next(number for number in recent if ask(api, f"/tickets/{number}/conversations"))
    (category,) = ask(api, "/solutions/categories")
    (folder,) = ask(api, f"/solutions/categories/{category['id']}/folders")
    ours = api.get(path.format(ticket=talked, folder=folder["id"], category=category["id"])).json()
    theirs = keys(recorded) - lacks
    assert theirs <= keys(ours)


def keys(rows: Any) -> set[str]:
    """Names of the fields that any of the rows has."""
    return set().union(*(row.keys() for row in (rows if isinstance(rows, list) else [rows])))


@pytest.mark.skipif(not PAYLOADS, reason="HELPDESK_KPI_PAYLOADS names no folder of recorded payloads")
def test_refusals_are_those_that_were_recorded(world: World) -> None:
    folder = Path(str(PAYLOADS)) / "freshdesk" / "errors"
    recorded = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    made = by_hand(opened("mon 10:00"))
    made.plan_without = {"surveys"}
    with client(made, faults="forbid:groups") as api:
        assert api.get("/tickets", params={"page": 301}).json() == recorded["page_over_300"]
        assert api.get("/groups").json() == recorded["access_denied"]
        assert api.get("/surveys").json() == recorded["require_feature_surveys"]
        assert api.get("/groups", auth=("no", "X")).json() == recorded["invalid_credentials"]
