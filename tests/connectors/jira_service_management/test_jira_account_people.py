"""Small Jira accounts, from rows to figures: who is of the team, who asks, who only brings requests in."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from jira_account import (
    ADMIN,
    AGENT,
    FORM,
    RATED,
    RATING,
    RESOLVED,
    RULE,
    SECOND,
    WAITING,
    WORKING,
    JiraRows,
    at,
    changed,
    issue,
    item,
    said,
    user,
)
from small_account import Asking, ServedAccount
from starlette.responses import Response
from test_jira_account import LATER, account, by

from connectors.jira_service_management import JiraServiceManagement
from connectors.jira_service_management.settings import Credentials
from helpdesk_kpi.identities.agents import load_agents
from helpdesk_kpi.pull.contract import Finding
from helpdesk_kpi.pull.transport import Transport

EMPLOYEE, BOSS = user("5b-emp", name="Employee One"), user("5b-boss", name="Approver One")
ONE, TWO = user("5b-c1", name="Customer One"), user("5b-c2", name="Customer Two")
APPROVAL: list[Any] = [{
    "id": "1", "name": "Approval", "finalDecision": "approved",
    "approvers": [{"approver": BOSS, "approverDecision": "approved"}, {"approver": None}, "odd"],
}]  # fmt: skip


def licensed(folder: Path, **more: Any) -> ServedAccount:
    """Field case j_j09: an approver and a colleague of the customer, both licensed, write before the agent does."""
    return account(
        folder,
        issues=[
            issue(8901, reporter=EMPLOYEE, creator=EMPLOYEE, customfield_10060=APPROVAL),
            issue(8902, WORKING, reporter=ONE, creator=ONE, customfield_10002=[{"id": "7", "name": "Customer Ltd"}]),
        ],
        comments=[
            said(8901, "02 08:10", BOSS), said(8901, "02 09:30"), said(8902, "02 08:05", TWO), said(8902, "02 10:00"),
        ],
        histories=[
            changed(8901, "02 09:35", item("status", WAITING, RESOLVED)),
            changed(8902, "02 10:00", item("status", WAITING, WORKING)),
        ],
        **more,
    )  # fmt: skip


def team_of(desk: ServedAccount) -> set[str]:
    with desk.store() as store:
        return {human.name for human in load_agents(store, desk.config).all}


@pytest.mark.trap("jira 39")
@pytest.mark.parametrize(
    "known",
    [{"roles": {"SUP": [AGENT]}}, {"agents": ("5b-agent",)}, {}],
    ids=["by the role", "by the configuration", "by the work alone"],
)
def test_a_licence_makes_no_agent(tmp_path: Path, known: dict[str, Any]) -> None:
    """08:00 to 09:30 and to 10:00; without any list the agent is who was given the tickets."""
    desk = licensed(tmp_path, **known)
    assert desk.list_values("first_reply_time", LATER) == {"8901": [5400], "8902": [7200]}
    assert by(desk, "first_reply_time") == {"8901": {"Agent One"}, "8902": {"Agent One"}}
    assert desk.list_values("replies_per_ticket", LATER) == {"8901": [1]}  # 8902 is not solved
    assert team_of(desk) == {"Agent One"}


def by_permission(asking: Asking) -> Any:
    """The roles may not be read, and the permission may be asked for; the site has fewer than a thousand users."""
    if asking.path.endswith("user/permission/search"):
        assert asking.query["permissions"] == "SERVICEDESK_AGENT"
        return [AGENT]
    return [] if asking.path.endswith("users/search") else None


def test_who_has_the_agents_permission_is_of_the_team(tmp_path: Path) -> None:
    desk = licensed(tmp_path, odd=by_permission)
    assert desk.rows("SELECT native, kind FROM people WHERE kind IN ('agent', 'member') ORDER BY native") == [
        ("5b-agent", "agent"), ("5b-boss", "member"), ("5b-c1", "member"), ("5b-c2", "member"), ("5b-emp", "member"),
    ]  # fmt: skip
    assert desk.list_values("first_reply_time", LATER) == {"8901": [5400], "8902": [7200]}


def test_an_agent_of_the_list_answers_without_ever_being_given_a_ticket(tmp_path: Path) -> None:
    """The second agent is in the role and was assigned nothing: the reply of 08:20 is the first."""
    rows: dict[str, Any] = {"issues": [issue(1, WORKING)], "comments": [said(1, "02 08:20", SECOND)]}
    (tmp_path / "listed").mkdir()
    listing = account(tmp_path / "listed", roles={"SUP": [AGENT, SECOND]}, **rows)
    assert listing.list_values("first_reply_time", LATER) == {"1": [1200]}
    guessed = account(tmp_path, **rows)  # nothing tells whether that was a colleague of the customer
    assert guessed.list_values("first_reply_time", LATER) == {"1": ["running"]}


@pytest.mark.trap("jira 53")
def test_what_becomes_known_of_the_team_holds_for_before_and_what_is_lost_for_later(tmp_path: Path) -> None:
    """First the roles cannot be read; then they can: the reply of 08:20 was an agent's. The agent who leaves the role
    keeps the replies of before.
    """
    rows = JiraRows(issues=[issue(1, WORKING)], comments=[said(1, "02 08:20", SECOND)])
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-03-03T00:00:00Z")
    rows.roles = {"SUP": [AGENT, SECOND]}
    desk.sync("2026-03-04T00:00:00Z")
    assert desk.list_values("first_reply_time", LATER) == {"1": [1200]}
    rows.roles = {"SUP": [AGENT]}
    rows.issues = [issue(1, WORKING, updated=at("05 09:00"))]
    rows.comments.append({"id": "900", **said(1, "05 09:00", SECOND)})
    desk.sync("2026-03-06T00:00:00Z")
    assert desk.list_values("first_reply_time", LATER) == {"1": [1200]}
    assert desk.rows("SELECT r.kind FROM person_roles r JOIN people p ON p.id = person WHERE native = '5b-two'"
                     " ORDER BY at") == [("agent",), ("member",)]  # fmt: skip


@pytest.mark.trap("jira 38")
def test_who_typed_a_request_says_nothing_of_who_asks(tmp_path: Path) -> None:
    """Field case j_j10: by portal, by an app in the customer's name, and by an app for nobody. 8004 is typed by an
    agent on the telephone.
    """
    rated: dict[str, Any] = {RATING: {"rating": 4}, RATED: at("02 15:00")}
    desk = account(
        tmp_path,
        issues=[
            issue(8001, **rated),
            issue(8002, creator=FORM, **rated),
            issue(8003, creator=FORM, reporter=FORM),
            issue(8004, creator=AGENT),
        ],
        comments=[said(n, "02 08:45") for n in (8001, 8002, 8003, 8004)],
        histories=[changed(n, "02 11:00", item("status", WAITING, RESOLVED)) for n in (8001, 8002, 8003, 8004)],
    )
    for kpi, value in (("first_reply_time", 2700), ("full_resolution_time", 10800), ("solved_tickets", 1)):
        result = desk.list_values(kpi, LATER)
        assert (result["8001"], result["8002"], result["8004"]) == ([value], [value], [value]), kpi
        assert result["8003"] == ["internal"], kpi
    assert sorted(row["ticket"] for row in desk.list_observations("csat", LATER) if not row["reason"]) == [
        "8001",
        "8002",
    ]


@pytest.mark.trap("jira 15")
def test_a_shared_account_is_not_in_the_team(tmp_path: Path) -> None:
    """Even where tickets were given to "unknown": the reply that counts is the agent's. A deleted account keeps its id,
    its name and what it did.
    """
    many = {"accountId": "unknown", "displayName": "Former user"}
    rows = JiraRows(
        issues=[issue(n, WORKING, assignee=many if n < 4 else SECOND) for n in (1, 2, 3, 4)],
        comments=[said(1, "02 08:10", many), said(1, "02 09:00"), said(4, "02 08:30", SECOND)],
        roles={"SUP": [AGENT, SECOND]},
    )
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-03-03T00:00:00Z")
    gone = {"accountId": SECOND["accountId"], "displayName": "Former user", "active": False}
    rows.roles = {"SUP": [AGENT]}
    rows.issues.append(issue(5, WORKING, assignee=None, updated=at("05 09:00")))
    rows.comments.append({"id": "900", **said(5, "02 08:30", gone)})
    desk.sync("2026-03-06T00:00:00Z")
    result = desk.list_values("first_reply_time", LATER)
    assert (result["1"], result["4"]) == ([3600], [1800])
    assert desk.rows("SELECT kind FROM people WHERE native = 'unknown'") == [("nobody",)]
    assert team_of(desk) == {"Agent One", "Agent Two"}


def one_person(**settings: Any) -> JiraRows:
    """Data Center: one account is named by key and name, by name alone, and by key alone."""
    whole = {"key": "JIRAUSER10100", "name": "ann", "displayName": "Ann", "active": True}
    by_name = {"name": "ann", "displayName": "Ann", "active": True}
    asker = {"key": "JIRAUSER20000", "name": "kim", "displayName": "Kim", "active": True}
    ask: dict[str, Any] = {"reporter": asker, "creator": asker}

    def users(asking: Asking) -> Any:
        if not asking.path.endswith("/user"):
            return None
        return {"ann": whole, "kim": asker}.get(asking.query.get("username", ""))

    internal = [{"key": "sd.public.comment", "value": {"internal": False}}]
    public: dict[str, Any] = {"jsdPublic": None, "properties": internal}
    status_item = item("status", WAITING, RESOLVED)
    status_item.pop("fieldId")
    assigned = {"field": "assignee", "fieldtype": "jira", "from": None, "to": "ann", "toString": "Ann"}
    return JiraRows(
        issues=[issue(1, assignee=by_name, **ask), issue(2, assignee=whole, **ask)],
        comments=[said(1, "02 08:30", by_name, **public), said(2, "02 08:40", whole, **public)],
        histories=[
            changed(1, "02 09:00", status_item, assigned, by={"key": "JIRAUSER10100"}),
            changed(2, "02 09:00", status_item, by=by_name),
        ],
        odd=users, auth=Credentials(personal_token="pat"), **settings,
    )  # fmt: skip


@pytest.mark.trap("jira 43")
@pytest.mark.parametrize(
    "known", [{"agents": ("ann",)}, {"roles": {"SUP": [{"name": "ann", "displayName": "Ann"}]}}], ids=["named", "role"]
)
def test_a_person_known_by_key_and_by_name_is_one(tmp_path: Path, known: dict[str, Any]) -> None:
    desk = ServedAccount(tmp_path, one_person(**known))
    results = desk.sync(LATER)
    assert {r.outcome for r in results.values()} <= {"ok"}, results
    assert desk.rows("SELECT native FROM people ORDER BY native") == [("JIRAUSER10100",), ("JIRAUSER20000",)]
    assert desk.list_values("first_reply_time", LATER) == {"1": [1800], "2": [2400]}
    assert by(desk, "solved_tickets") == {"1": {"Ann"}, "2": {"Ann"}}
    assert desk.rows("SELECT after FROM events WHERE field = 'assignee'") == [("JIRAUSER10100",)]


def checked(rows: JiraRows) -> list[Finding]:
    """What `check` finds of the team."""
    url = "https://acme.example"

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        given = rows.answer(Asking(request.method, "acme.example", request.url.path, dict(request.url.params), body))
        if isinstance(given, Response):
            return httpx.Response(given.status_code, content=bytes(given.body))
        return httpx.Response(404 if given is None else 200, json=given)

    async def run() -> list[Finding]:
        settings = rows.settings(url)
        async with Transport(url, auth=settings.auth.auth(), http=httpx.MockTransport(answer)) as http:
            return list(await JiraServiceManagement(http, settings).check())

    return [one for one in asyncio.run(run()) if one.about == "team" and one.level != "note"]


@pytest.mark.parametrize(
    ("known", "level", "text"),
    [
        ({"roles": {"SUP": [AGENT, SECOND]}}, "ok", "2 with the role Service Desk Team in SUP"),
        ({"agents": ("5b-agent",)}, "ok", "1 named in `agents`"),
        ({}, "warning", "set agents ="),
        ({"roles": {"SUP": []}}, "warning", "no account has the role Service Desk Team in SUP"),
    ],
)
def test_check_says_how_many_are_of_the_team_and_why(known: dict[str, Any], level: str, text: str) -> None:
    found = checked(JiraRows(issues=[issue(1)], **known))[0]
    assert found.level == level
    assert text in found.text


@pytest.mark.trap("jira 41")
def test_a_sub_task_is_no_request_and_its_kind_is_kept(tmp_path: Path) -> None:
    """1: a sub-task. 2: an issue below an epic that nobody asked for. 3: a request that somebody put below an epic."""
    sub = {"id": "10003", "name": "Sub-task", "subtask": True}
    parent = {"id": "900", "key": "SUP-900"}
    desk = account(
        tmp_path,
        issues=[
            issue(1, issuetype=sub, parent=parent, customfield_10010=None),
            issue(2, parent=parent, customfield_10010=None),
            issue(3, parent=parent),
        ],
        histories=[changed(n, "02 11:00", item("status", WAITING, RESOLVED)) for n in (1, 2, 3)],
    )
    assert desk.list_values("full_resolution_time", LATER) == {"1": ["subtask"], "2": ["child"], "3": [10800]}
    assert desk.rows("SELECT issue_type, association FROM tickets ORDER BY native") == [
        ("Sub-task", "subtask"), ("Service Request", "child"), ("Service Request", None),
    ]  # fmt: skip


def test_an_app_and_the_admin_do_no_work_of_the_team(tmp_path: Path) -> None:
    """What they write in public answers nobody, and the agent's reply of 09:00 does."""
    desk = account(
        tmp_path,
        issues=[issue(1, WORKING)],
        comments=[said(1, "02 08:05", RULE), said(1, "02 08:10", ADMIN), said(1, "02 09:00")],
    )
    assert desk.list_values("first_reply_time", LATER) == {"1": [3600]}


def test_comments_that_only_some_may_see_answer_nobody(tmp_path: Path) -> None:
    role = {"type": "role", "value": "Service Desk Team"}
    desk = account(
        tmp_path,
        issues=[issue(1, WORKING)],
        comments=[said(1, "02 08:10", visibility=role), said(1, "02 08:20", jsdPublic=False), said(1, "02 08:30")],
    )
    assert desk.list_values("first_reply_time", LATER) == {"1": [1800]}


@pytest.mark.trap("jira 46")
def test_odd_rows_cost_only_themselves(tmp_path: Path) -> None:
    """Nulls, wrong types and missing keys: the second issue and what is whole of the others stay."""
    desk = ServedAccount(tmp_path, JiraRows(
        issues=[
            issue(1, status=None), issue(2), issue(3, issuelinks=[{"type": None}]), issue(4, priority=7),
            issue(5, customfield_10060="odd", customfield_10002=[None, 7], customfield_10010={"requestType": 3}),
        ],
        histories=[changed(n, "02 11:00", item("status", WAITING, RESOLVED)) for n in (1, 2, 5)],
    ))  # fmt: skip
    results = desk.sync(LATER)
    assert {r.outcome for r in results.values()} == {"ok"}, results
    assert sorted(row for (row,) in desk.rows("SELECT id FROM rejected_rows WHERE stream = 'issues'")) == [
        "1",
        "3",
        "4",
    ]
    assert desk.list_values("full_resolution_time", LATER) == {"2": [10800], "5": [10800]}
