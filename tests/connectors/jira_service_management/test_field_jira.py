"""Small Jira accounts as they come in the field, with values worked out by hand.

Everything is asked on Monday 2 March 2026 at 08:00 UTC unless a test says otherwise.
"""

from pathlib import Path
from typing import Any

import pytest
from jira_account import (
    ADMIN,
    AGENT,
    CUSTOMER,
    DEV,
    DONE,
    RATED,
    RATING,
    RESOLVED,
    SECOND,
    SUP,
    WAITING,
    WORKING,
    JiraRows,
    at,
    changed,
    issue,
    item,
    moved,
    said,
)
from knowledge_fixtures import Site, page
from small_account import Asking, ServedAccount, SmallAccount, instant
from starlette.responses import JSONResponse

from connectors.jira_service_management.settings import Credentials

LATER = "2026-07-01T00:00:00Z"
HOUR = 3600
TEAM = {"SUP": [AGENT]}
DUPLICATE = {"id": "10002", "name": "Duplicate"}


def synced(folder: Path, rows: JiraRows, now: str = LATER, **rules: Any) -> ServedAccount:
    """Synced once, without a stream that failed and without a row that was set aside."""
    desk = ServedAccount(folder, rows, **rules)
    again(desk, now)
    return desk


def again(desk: ServedAccount, now: str, *, full: bool = False) -> None:
    results = desk.sync(now, full=full)
    assert {r.outcome for r in results.values()} <= {"ok", "unavailable", "not_due"}, results
    assert not sum(r.rejected for r in results.values())


def solved(number: int, when: str, how: dict[str, Any] = DONE, **more: Any) -> dict[str, Any]:
    return changed(number, when, item("resolution", None, how), item("status", WAITING, RESOLVED), **more)


# words


def test_a_comment_for_a_group_with_only_an_identifier_is_no_reply(tmp_path: Path) -> None:
    """Names of groups change, so Jira gives `identifier`, and `value` may be null. The customer reads 08:30 first."""
    hidden = {"type": "group", "identifier": "276f955c-63d7-42c8-9520-92d01dca0625", "value": None}
    rows = JiraRows(
        issues=[issue(1, WORKING)], roles=TEAM, comments=[said(1, "02 08:10", visibility=hidden), said(1, "02 08:30")]
    )
    assert synced(tmp_path, rows).list_values("first_reply_time", LATER) == {"1": [1800]}


# duplicates


def duplicate_of(*keys: str) -> list[dict[str, Any]]:
    ends = [{"id": key.partition("-")[2], "key": key} for key in keys]
    return [{"type": {"id": "10002", "name": "Duplicate"}, "outwardIssue": end} for end in ends]


def test_a_duplicate_of_two_is_merged_into_the_one_that_is_read(tmp_path: Path) -> None:
    """1 duplicates a bug of a project that is not read, and the request 2; only the second link is a merge. Whatever
    the order of the links, 1 does not count beside 2.
    """
    rows = JiraRows(
        issues=[
            issue(1, resolution=DUPLICATE, issuelinks=duplicate_of("DEV-9", "SUP-2")),
            issue(2, resolution=DONE),
            issue(3, resolution=DUPLICATE, issuelinks=duplicate_of("SUP-2", "DEV-9")),
        ],
        histories=[solved(1, "02 09:00", DUPLICATE), solved(2, "02 11:00"), solved(3, "02 09:30", DUPLICATE)],
        roles=TEAM,
    )
    result = synced(tmp_path, rows).list_values("full_resolution_time", LATER)
    assert result == {"1": ["merged"], "2": [3 * HOUR], "3": ["merged"]}


def test_what_was_closed_as_a_duplicate_by_mistake_counts_once_it_is_solved_itself(tmp_path: Path) -> None:
    """Closed as a duplicate at 09:00, opened again at 12:00, solved as its own at 16:00; the link was left. It took
    08:00 to 16:00, whether the mistake was seen by a sync or not.
    """
    mistake = issue(1, resolution=DUPLICATE, issuelinks=duplicate_of("SUP-2"), updated=at("02 09:00"))
    mended = issue(1, resolution=DONE, issuelinks=duplicate_of("SUP-2"), updated=at("02 16:00"))
    lives = [
        solved(1, "02 09:00", DUPLICATE),
        changed(1, "02 12:00", item("resolution", DUPLICATE, None), item("status", RESOLVED, WAITING)),
        solved(1, "02 16:00"),
    ]
    for name, is_seen in (("seen", True), ("late", False)):
        (tmp_path / name).mkdir()
        rows = JiraRows(issues=[mistake, issue(2, WORKING)], histories=lives[:1], roles=TEAM)
        desk = ServedAccount(tmp_path / name, rows)
        if is_seen:
            again(desk, "2026-03-02T10:00:00Z")
        rows.issues[0] = mended
        rows.histories = [{"id": str(100 + place), **row} for place, row in enumerate(lives)]
        again(desk, LATER)
        assert desk.list_values("full_resolution_time", LATER)["1"] == [8 * HOUR], name
        assert desk.list_values("reopen_rate", LATER)["1"] == [1, 0], name


# Data Center


def test_a_name_that_was_given_to_somebody_else_after_a_renaming_stays_two_people(tmp_path: Path) -> None:
    """Ann Smith's key is "ann", from the time when it was her name too; she is ann.smith today, and the name "ann" is
    that of a newcomer, whose key is JIRAUSER200. Histories give keys, roles give names. Smith answers 1, Jones 2.
    """
    smith = {"key": "ann", "name": "ann.smith", "displayName": "Ann Smith", "active": True}
    jones = {"key": "JIRAUSER200", "name": "ann", "displayName": "Ann Jones", "active": True}
    kim = {"key": "JIRAUSER300", "name": "kim", "displayName": "Kim", "active": True}
    names = {"ann": jones, "ann.smith": smith, "kim": kim}
    keyed = {"ann": smith, "JIRAUSER200": jones, "JIRAUSER300": kim}

    def users(asking: Asking) -> Any:
        if not asking.path.endswith("/user"):
            return None
        return keyed[asking.query["key"]] if "key" in asking.query else names[asking.query["username"]]

    public: dict[str, Any] = {"jsdPublic": None, "properties": [{"key": "sd.public.comment", "value": {}}]}
    assigned = item("assignee", None, {"id": "ann", "name": "Ann Smith"})
    ask: dict[str, Any] = {"reporter": kim, "creator": kim}
    rows = JiraRows(
        issues=[issue(1, assignee=smith, **ask), issue(2, assignee=jones, **ask)],
        comments=[said(1, "02 09:00", smith, **public), said(2, "02 09:30", jones, **public)],
        histories=[changed(1, "02 08:20", assigned, by=smith), solved(1, "02 10:00", by=smith),
                   solved(2, "02 11:00", by=jones)],
        roles={"SUP": [{"name": "ann.smith", "displayName": "Ann Smith"}, {"name": "ann", "displayName": "Ann Jones"}]},
        odd=users, auth=Credentials(personal_token="pat"),
    )  # fmt: skip
    desk = synced(tmp_path, rows)
    people = desk.rows("SELECT native, kind, name FROM people WHERE kind = 'agent' ORDER BY native")
    assert people == [("JIRAUSER200", "agent", "Ann Jones"), ("ann", "agent", "Ann Smith")]
    result = {
        (r["ticket"], r["agent"], r["calendar_seconds"]) for r in desk.list_observations("first_reply_time", LATER)
    }
    assert result == {("1", "Ann Smith", 3600), ("2", "Ann Jones", 5400)}
    assert desk.rows("SELECT after FROM events WHERE field = 'assignee'") == [("ann",)]


# who asked


@pytest.mark.trap("jira 51")
def test_a_request_stays_the_customers_when_an_agent_becomes_its_reporter(tmp_path: Path) -> None:
    """The customer's account is closed on 10 March, and an admin names the agent as the reporter. 1 was read before,
    2 afterwards only; both were asked by the customer, answered after an hour, solved after three, and rated. 3 was
    typed by the agent under their own name and given to the customer at 08:05.
    """
    given = item("reporter", CUSTOMER, AGENT)
    stars: dict[str, Any] = {RATING: {"rating": 5}, RATED: at("03 10:00")}
    rows = JiraRows(
        issues=[issue(1, **stars)], histories=[solved(1, "02 11:00")], comments=[said(1, "02 09:00")], roles=TEAM
    )
    desk = synced(tmp_path, rows, "2026-03-04T00:00:00Z")
    rows.issues = [issue(n, reporter=AGENT, updated=at("10 11:00"), **stars) for n in (1, 2)] + [issue(3, WORKING)]
    rows.histories += [
        {"id": str(900 + place), **row} for place, row in enumerate([
            changed(1, "10 11:00", given, by=ADMIN), solved(2, "02 11:00"), changed(2, "10 11:00", given, by=ADMIN),
            changed(3, "02 08:05", item("reporter", AGENT, CUSTOMER)),
        ])
    ]  # fmt: skip
    rows.comments += [{"id": "802", **said(2, "02 09:00")}, {"id": "803", **said(3, "02 09:00")}]
    again(desk, "2026-03-11T00:00:00Z")
    assert desk.list_values("first_reply_time", LATER) == {"1": [HOUR], "2": [HOUR], "3": [HOUR]}
    assert desk.list_values("full_resolution_time", LATER) == {"1": [3 * HOUR], "2": [3 * HOUR], "3": ["running"]}
    assert desk.list_values("csat", LATER) == {"1": [1], "2": [1]}


# moves


def test_what_another_project_did_with_an_issue_that_came_back_is_no_work_of_support(tmp_path: Path) -> None:
    """Away from 10 to 14 March, closed and opened again over there, and read for the first time afterwards. It was in
    the backlog until it left and since it is back; nobody of support solved it or opened it again.
    """
    rows = JiraRows(
        issues=[issue(1, WORKING, updated=at("14 09:00")), issue(2, updated=at("14 09:00"))],
        histories=[
            *(changed(n, "02 09:00", item("status", WAITING, WORKING)) for n in (1, 2)),
            *(changed(n, "10 09:00", *moved(SUP, DEV, n)) for n in (1, 2)),
            *(changed(n, "11 09:00", item("status", WORKING, RESOLVED), by=ADMIN) for n in (1, 2)),
            changed(1, "13 09:00", item("status", RESOLVED, WORKING), by=ADMIN),
            *(changed(n, "14 09:00", *moved(DEV, SUP, n), by=ADMIN) for n in (1, 2)),
        ],
        comments=[said(1, "02 09:00"), said(1, "12 09:00", ADMIN), said(2, "02 09:00")],
        roles=TEAM,
    )
    desk = synced(tmp_path, rows)
    days = {day: desk.list_running("backlog", f"2026-03-{day}T12:00:00Z") for day in ("09", "12", "13", "15")}
    assert days == {"09": {"1", "2"}, "12": set(), "13": set(), "15": {"1"}}
    assert desk.list_values("first_reply_time", LATER) == {"1": [HOUR], "2": [HOUR]}
    assert desk.list_values("reopen_rate", LATER) == {"2": [0]}
    # 2 was closed over there, and is so since it is back: from 2 March 08:00 to 14 March 09:00, by nobody of support.
    assert desk.list_values("full_resolution_time", LATER) == {"1": ["running"], "2": [(12 * 24 + 1) * HOUR]}


@pytest.mark.trap("jira 54")
def test_what_an_import_did_before_the_issue_was_made_says_nothing_of_how_long_it_took(tmp_path: Path) -> None:
    """The issue was made by an import on 2 March, with a history and a comment of the day before. It is solved; how
    long that took is not known, and it was not solved without a reply. 2 is an ordinary one.
    """
    rows = JiraRows(
        issues=[issue(1), issue(2)],
        histories=[changed(1, "01 12:00", item("status", WAITING, RESOLVED)), solved(2, "02 12:00")],
        comments=[said(1, "01 11:00"), said(2, "02 09:00")],
        roles=TEAM,
    )
    desk = synced(tmp_path, rows)
    for kpi, right in (("first_reply_time", HOUR), ("full_resolution_time", 4 * HOUR), ("replies_per_ticket", 1)):
        assert desk.list_values(kpi, LATER) == {"1": ["history_unknown"], "2": [right]}, kpi
    assert desk.list_running("backlog", LATER) == set()


# ratings


@pytest.mark.trap("jira 50")
def test_a_rating_without_a_date_stays_where_it_was_first_seen(tmp_path: Path) -> None:
    """Five stars, and no date: by the update of 2 March. An edit on 20 March moves nothing. One star since 22 March is
    the same answer, changed: it counts where it was first given.
    """

    def rated(stars: int, updated: str) -> Any:
        return issue(1, updated=at(updated), **{RATING: {"rating": stars}})

    rows = JiraRows(issues=[rated(5, "02 20:00")], histories=[solved(1, "02 11:00")], comments=[said(1, "02 09:00")])
    desk = synced(tmp_path, rows, "2026-03-03T00:00:00Z")
    for stars, day, value in ((5, 20, 1), (1, 22, 0)):
        rows.issues = [rated(stars, f"{day} 20:00")]
        again(desk, f"2026-03-{day + 1}T00:00:00Z")
        assert [(row["at"], row["value"]) for row in desk.list_observations("csat", LATER)] == [
            ("2026-03-02T20:00:00Z", value)
        ]


# the team


@pytest.mark.parametrize("names", ["5b-two", "ann@acme.example", "hidden@acme.example", "group:support", "group:276f"])
def test_agents_may_be_configured_by_id_address_and_group(tmp_path: Path, names: str) -> None:
    """Agent Two was given nothing and answers at 08:30; Agent One is not of the team, by a list that is complete."""
    whole = {"values": [SECOND], "isLast": True, "startAt": 0, "maxResults": 50, "total": 1}

    def lists(asking: Asking) -> Any:
        if asking.path.endswith("/group/member"):
            is_there = asking.query.get("groupId") == "276f" or asking.query.get("groupname") == "support"
            return whole if is_there else JSONResponse({"errorMessages": ["no such group"]}, status_code=404)
        if asking.path.endswith("/user/search"):  # whoever hides their address is found by it all the same
            shown = {**SECOND, "emailAddress": "ann@acme.example"}
            one = [SECOND] if asking.query["query"] == "hidden@acme.example" else [ADMIN, shown]
            return [*one] if "@" in asking.query["query"] else []
        return None

    rows = JiraRows(
        issues=[issue(1, WORKING, assignee=None)], comments=[said(1, "02 08:10"), said(1, "02 08:30", SECOND)],
        agents=(names,), odd=lists,
    )  # fmt: skip
    assert synced(tmp_path, rows).list_values("first_reply_time", LATER) == {"1": [1800]}


def test_an_agent_who_asks_does_not_answer_their_own_request(tmp_path: Path) -> None:
    """Agent One answers 1 at 08:30, asks 2 at 08:00 as a customer of the other project, and adds to it at 08:40: the
    reply on 2 is Agent Two's of 09:00.
    """
    people = {"id": "10500", "key": "HR", "name": "People", "projectTypeKey": "service_desk"}
    rows = JiraRows(
        issues=[issue(1, WORKING), issue(2, WORKING, project=people, reporter=AGENT, assignee=SECOND)],
        comments=[said(1, "02 08:30"), said(2, "02 08:40"), said(2, "02 09:00", SECOND)],
        roles={"SUP": [AGENT], "HR": [SECOND]}, projects=[SUP, people],
    )  # fmt: skip
    desk = synced(tmp_path, rows)
    assert desk.list_values("first_reply_time", LATER) == {"1": [1800], "2": [HOUR]}


def test_an_agent_of_one_project_is_a_customer_of_another(tmp_path: Path) -> None:
    """The roles were read in January. Agent One of Support asks People at 08:00 and adds to it at 08:40; Agent Two
    answers at 09:00. A request that Agent Two makes in People, where they answer, is the team's own.
    """
    people = {"id": "10500", "key": "HR", "name": "People", "projectTypeKey": "service_desk"}
    rows = JiraRows(issues=[], roles={"SUP": [AGENT], "HR": [SECOND]}, projects=[SUP, people])
    desk = synced(tmp_path, rows, "2026-01-10T00:00:00Z")
    own: dict[str, Any] = {"project": people, "assignee": SECOND}
    rows.issues = [issue(2, WORKING, reporter=AGENT, **own), issue(3, WORKING, reporter=SECOND, **own)]
    rows.comments = [
        {"id": str(place), **row}
        for place, row in enumerate([said(2, "02 08:40"), said(2, "02 09:00", SECOND), said(3, "02 09:00", SECOND)])
    ]
    again(desk, LATER)
    assert desk.list_values("first_reply_time", LATER) == {"2": [HOUR], "3": ["internal"]}
    assert desk.list_running("backlog", LATER) == {"2"}


# Confluence


def test_a_page_by_a_shared_account_has_no_author(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleted accounts are all "unknown": page 2 was written, and by nobody who could be listed beside Agent One. Page
    3 has no author any more; its only version still names who made it.
    """
    monkeypatch.setenv("ACME_KEY", "a-key-of-the-account")
    third = page(3, ("2026-03-04", "ann"))
    third["authorId"] = None
    site = Site([page(1, ("2026-03-02", "ann")), page(2, ("2026-03-03", "unknown"), made_by="unknown"), third])
    account = SmallAccount(tmp_path, "jira_service_management", site, own='agents = ["ann"]')
    account.sync(instant("2026-03-09T12:00:00Z"))
    rows = account.list_observations("article_activity", as_of=instant("2026-03-09T12:00:00Z"))
    result = sorted((row["url"].rpartition("/")[2], row["agent"]) for row in rows)
    assert result == [("1", "Agent One"), ("2", None), ("3", "Agent One")]
    with account.store() as store:
        assert store.rows("SELECT kind FROM people WHERE native = 'unknown'") == [("nobody",)]
