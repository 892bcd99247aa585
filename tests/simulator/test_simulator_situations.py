"""The situations of real accounts: what the truth says of them, worked out by hand, and how helpdesks show them."""

from collections import Counter
from typing import Any

import httpx
import pytest
from jira_client import API, histories, keys
from jira_client import ask as ask_jira
from jira_client import client as jira
from oracle.truth import truth, truth_excluded
from simulator_fixtures import ANN, BEN, BOT, CAROL, LEO, at, did, hours, only, opened, said
from simulator_fixtures import world as by_hand
from simulator_freshdesk_fixtures import ask as ask_freshdesk
from simulator_freshdesk_fixtures import client as freshdesk
from test_simulator_zendesk import EVENTS, TICKETS
from test_simulator_zendesk import ask as ask_zendesk
from test_simulator_zendesk import client as zendesk

from helpdesk_kpi.simulator.world.facts import Comment, Moved, Update
from helpdesk_kpi.simulator.world.plan import REAL, real
from helpdesk_kpi.simulator.world.situations import SCENARIOS
from helpdesk_kpi.simulator.world.support_desk import FORM_APP, LATE_SCHEDULE, LATE_TEAM
from helpdesk_kpi.simulator.world.world import World, generate

LATE: dict[str, Any] = {
    "late_weekly": dict.fromkeys(range(5), ((12 * 60, 20 * 60),))
}  # the second calendar: 12:00 to 20:00


# --- the truth


def test_words_that_a_login_brought_in_are_the_customers() -> None:
    """Ann's login brings it in at 10:00; she answers at 11:00, which is when she accepts it."""
    made = by_hand(opened("mon 10:00", submitter=ANN, writer=CAROL, channel="email"), said("mon 11:00", ANN))
    assert truth_excluded(made) == {}
    assert hours(only(made, "first_reply_time").business_ms) == 1
    assert only(made, "accepted_resolution_time").start == at("mon 11:00")


def test_what_an_agent_writes_to_a_customer_first_is_outbound_and_what_they_put_down_is_not() -> None:
    outbound = by_hand(opened("mon 10:00", submitter=ANN))
    assert truth_excluded(outbound) == {"outbound": 1}
    dictated = by_hand(opened("mon 10:00", submitter=ANN, writer=ANN, is_dictated=True), said("mon 11:00", BEN))
    assert truth_excluded(dictated) == {}
    assert only(dictated, "accepted_resolution_time").start == at("mon 10:00")  # whoever puts it down has accepted it
    dictated.tells_writers = False
    assert only(dictated, "accepted_resolution_time").start == at("mon 11:00")


@pytest.mark.parametrize(("by", "worked"), [("", 7), ("ticket", 8), ("team", 5)])
def test_working_time_is_that_of_the_calendar_on_which_a_ticket_runs(by: Any, worked: float) -> None:
    """Asked Monday 10:00, answered 18:00; open 9:00 to 17:00: 7 h. On the second calendar from 13:00 on, as the
    ticket says: 3 h before and 5 h after. With the late team until 14:00: 12:00 to 14:00, then 14:00 to 17:00.
    """
    made = by_hand(
        opened("mon 10:00", team=LATE_TEAM), did("mon 13:00", BOT, schedule=LATE_SCHEDULE),
        did("mon 14:00", BEN, team=100), said("mon 18:00", ANN), **LATE,
    )  # fmt: skip
    made.calendars_by = by
    assert hours(only(made, "first_reply_time").business_ms) == worked


def test_what_happened_before_an_issue_moved_away_stays_and_what_runs_on_does_not() -> None:
    made = by_hand(
        opened("mon 10:00", assignee=ANN), said("mon 11:00", ANN), Moved(ticket=1, at=at("mon 15:00"), actor=ANN),
        opened("mon 12:00", ticket=2), Moved(ticket=2, at=at("mon 15:00"), actor=ANN),
    )  # fmt: skip
    assert len(truth(made, "backlog")) == 2  # a helpdesk without projects has both
    made.has_projects = True
    assert truth(made, "backlog") == []
    assert len(truth(made, "backlog", as_of=at("mon 14:59"))) == 2
    assert [row.ticket for row in truth(made, "first_reply_time")] == ["1"]
    assert truth(made, "full_resolution_time") == []
    assert hours(only(made, "held_time").calendar_ms) == 5  # Ann had it from 10:00 until it went


# --- the facts


def test_situations_change_nothing_of_the_other_tickets() -> None:
    plain, full = generate(4, tickets=200, weeks=10), generate(4, tickets=200, weeks=10, **REAL)
    assert {n: s.facts for n, s in full.stories.items() if n in plain.stories} == {
        n: s.facts for n, s in plain.stories.items()
    }
    assert len(full.stories) - len(plain.stories) == 2 * (len(SCENARIOS) - 2) + 4 + 4  # 2 % of 200 are 4, less is 2
    assert not plain.desk.late_weekly
    assert FORM_APP not in plain.accounts


def test_only_jira_has_projects_and_deleted_statuses() -> None:
    assert set(real("zendesk")) == set(real("freshdesk")) == set(REAL) - {"moved_away", "old_statuses"}
    assert set(real("jira")) == set(REAL)


@pytest.fixture(scope="module")
def full() -> World:
    return generate(4, tickets=200, weeks=10, **REAL)


def test_each_situation_is_what_it_says(full: World) -> None:
    stories = full.stories.values()
    created = [story.created for story in stories]
    people = full.accounts
    approvers = {n for n, account in people.items() if account.licensed}
    seen = Counter(
        contact_form=sum(c.submitter == FORM_APP and c.writer == c.requester for c in created),
        forwarded=sum(c.channel == "email" and c.writer == c.requester for c in created),
        dictated=sum(c.is_dictated and not c.comment.public for c in created),
        many_sessions=sum(len(s.chats) == 3 for s in stories),
        handed_on=sum(s.created.ai_agent and s.people_since is not None for s in stories),
        late_hours=sum(s.state(full.desk.end * 2)["schedule"] == LATE_SCHEDULE for s in stories),
        moved_away=sum(s.moved_at is not None for s in stories),
        old_statuses=sum(c.old_statuses for c in created),
        approved=sum(any(_by(x.fact) in approvers - {s.created.requester} for x in s.saves[1:]) for s in stories),
        own_name=sum(any(getattr(x.fact, "typed_by", None) == FORM_APP for x in s.saves) for s in stories),
    )
    assert seen.keys() == SCENARIOS.keys()
    assert seen == Counter(dict.fromkeys(SCENARIOS, 2) | {"contact_form": 4, "late_hours": 4})


def _by(fact: Any) -> int | None:
    return fact.actor if isinstance(fact, Update) and fact.comment else None


# --- the APIs


def test_zendesk_takes_what_comes_by_the_api_for_its_users_words_and_forwarded_mail_for_the_customers() -> None:
    made = by_hand(
        opened("mon 10:00", submitter=ANN, writer=CAROL, channel="api"),
        opened("mon 10:00", ticket=2, submitter=ANN, writer=CAROL, channel="email"),
        Update(ticket=2, at=at("mon 11:00"), actor=CAROL, via="api", typed_by=LEO, comment=Comment("More.")),
    )
    with zendesk(made) as api:
        rows = {row["id"]: row for row in ask_zendesk(api, TICKETS, start_time=0)["tickets"]}
        events = ask_zendesk(api, EVENTS, start_time=0, include="comment_events")["ticket_events"]
    assert {(row["submitter_id"], row["requester_id"]) for row in rows.values()} == {(ANN, CAROL)}
    authors = [
        (e["ticket_id"], e["updater_id"], c["author_id"]) for e in events for c in e["child_events"] if "body" in c
    ]
    assert authors == [(1, ANN, ANN), (2, ANN, CAROL), (2, LEO, CAROL)]


def test_an_ai_agents_ticket_is_in_the_scope_of_agents_once_it_was_handed_on() -> None:
    handed = Update(ticket=1, at=at("mon 12:00"), actor=BOT, via="api", to_people=True, changes={"status": "open"})
    made = by_hand(opened("mon 10:00", ai_agent=True), handed)
    for now, scope in (("mon 11:00", "ai_agent"), ("mon 13:00", "agent")):
        made.now = at(now)
        with zendesk(made) as api:
            seen = {s: ask_zendesk(api, TICKETS, start_time=0, support_type_scope=s)["tickets"]
                    for s in ("agent", "ai_agent")}  # fmt: skip
            events = ask_zendesk(api, EVENTS, start_time=0, support_type_scope=scope)["ticket_events"]
        assert {s: len(rows) for s, rows in seen.items()} == dict.fromkeys(seen, 0) | {scope: 1}
        assert seen[scope][0]["support_type"] == scope
        assert events
        with freshdesk(made) as api:
            assert ask_freshdesk(api, "tickets/1")["status"] == (9000 if scope == "ai_agent" else 2)


def test_a_schedule_is_set_in_an_audit_and_metrics_end_on_it() -> None:
    """From 13:00 on the late calendar; answered at 18:00. Zendesk counts it from 12:00 on: 6 h."""
    made = by_hand(opened("mon 10:00"), did("mon 13:00", BOT, schedule=LATE_SCHEDULE), said("mon 18:00", ANN), **LATE)
    with zendesk(made) as api:
        found = ask_zendesk(api, "/api/v2/business_hours/schedules")["schedules"]
        events = [e for a in ask_zendesk(api, "/api/v2/tickets/1/audits")["audits"] for e in a["events"]]
        (row,) = ask_zendesk(api, TICKETS, start_time=0, include="metric_sets")["tickets"]
    assert [one["id"] for one in found][1:] == [LATE_SCHEDULE]
    assert found[0]["created_at"] < found[1]["created_at"]  # the first one is the default
    (set_,) = [event for event in events if event["type"] == "ScheduleAssignment"]
    assert (set_["previous_schedule_id"], set_["new_schedule_id"]) == (None, LATE_SCHEDULE)
    assert row["metric_set"]["reply_time_in_minutes"] == {"calendar": 480, "business": 360}


def test_an_issue_that_moved_away_is_in_no_search_of_the_desk_and_still_there() -> None:
    made = by_hand(opened("mon 10:00"), said("mon 11:00", ANN), Moved(ticket=1, at=at("mon 15:00"), actor=BEN))
    with jira(made) as api:
        assert keys(api, "project = SUP ORDER BY id ASC") == []
        issue = ask_jira(api, f"{API}/issue/SUP-1")  # an old key keeps leading to it
        (moved,) = [h for h in histories(api, issue["id"]) if any(i["field"] == "project" for i in h["items"])]
        made.now = at("mon 14:00")
        assert keys(api, "project = SUP ORDER BY id ASC") == ["SUP-1"]
    assert (issue["key"], issue["fields"]["customfield_10010"]) == ("DEV-1", None)
    assert [(i["field"], i["fromString"], i["toString"]) for i in moved["items"]] == [
        ("project", "Support", "Development"), ("Key", "SUP-1", "DEV-1"),
    ]  # fmt: skip


def test_statuses_are_deleted_when_the_last_issue_has_left_them_and_histories_keep_them() -> None:
    made = by_hand(
        opened("mon 10:00", old_statuses=True), said("mon 11:00", ANN, status="pending"),
        said("mon 12:00", CAROL, status="open"), did("mon 13:00", ANN, status="solved"),
        did("tue 13:00", BOT, status="closed"),
    )  # fmt: skip
    with jira(made) as api:
        changes = [i for h in histories(api, "SUP-1") for i in h["items"] if i["field"] == "status"]
        known = {row["id"] for row in ask_jira(api, f"{API}/status")}
        made.now = at("mon 14:00")
        before = {row["id"]: row["name"] for row in ask_jira(api, f"{API}/status")}
        now = ask_jira(api, f"{API}/issue/SUP-1")["fields"]["status"]
    ids = {i["to"]: i["toString"] for i in changes}
    assert (ids["10190"], ids["10191"], ids["10105"]) == ("Waiting", "Fixed", "Closed")
    assert not known & {"10190", "10191"}
    assert (before["10190"], before["10191"]) == ("Waiting", "Fixed")
    assert (now["id"], now["statusCategory"]["key"]) == ("10191", "done")


def test_a_role_of_the_project_says_who_the_agents_are_and_a_licence_does_not(full: World) -> None:
    approver = next(account for account in full.accounts.values() if account.licensed)
    with jira(full) as api:
        roles = ask_jira(api, f"{API}/project/SUP/role")
        actors = ask_jira(api, httpx.URL(roles["Service Desk Team"]).path)["actors"]
        person = ask_jira(api, f"{API}/user", accountId=f"712020:{approver.id}")
        assert api.get(f"{API}/project/DEV/role/10051").status_code == 404
    assert person["accountType"] == "atlassian"
    assert [actor["type"] for actor in actors] == ["atlassian-user-role-actor", "atlassian-group-role-actor"]


def test_freshdesk_shows_words_in_the_customers_name_as_a_note_from_inside() -> None:
    made = by_hand(
        opened("mon 10:00"),
        Update(ticket=1, at=at("mon 11:00"), actor=CAROL, via="api", typed_by=BOT, comment=Comment("More.")),
    )
    with freshdesk(made) as api:
        (note,) = ask_freshdesk(api, "tickets/1/conversations")
    assert (note["user_id"], note["incoming"], note["private"], note["source"]) == (CAROL, False, False, 2)


def test_freshdesks_third_group_has_the_second_calendar() -> None:
    with freshdesk(by_hand(opened("mon 10:00"), **LATE)) as api:
        groups = {row["id"]: row["business_hour_id"] for row in ask_freshdesk(api, "groups")}
        calendars = {row["id"]: row["is_default"] for row in ask_freshdesk(api, "business_hours")}
    assert groups[LATE_TEAM] == LATE_SCHEDULE
    assert calendars[str(LATE_SCHEDULE)] is False
    assert sorted(calendars.values()) == [False, True]


def test_deleted_people_are_in_a_list_of_their_own_and_were_there_before() -> None:
    full = generate(4, tickets=100, weeks=10, gone_people=0.5)
    gone = {account.id: account.deleted_at for account in full.accounts.values() if account.deleted_at is not None}
    assert gone
    first = min(at for at in gone.values() if at is not None)
    with zendesk(full) as api:
        deleted = {row["id"] for row in ask_zendesk(api, "/api/v2/deleted_users")["deleted_users"]}
        full.now, now = first - 1, full.now
        before = ask_zendesk(api, "/api/v2/deleted_users")["deleted_users"]
        full.now = now
    assert (deleted, before) == (set(gone), [])
