"""Small Jira accounts, from rows to figures: issues that move, are hidden, archived, deleted or merged."""

from pathlib import Path
from typing import Any

import pytest
from jira_account import (
    AGENT,
    DEV,
    DONE,
    RESOLVED,
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
from small_account import ServedAccount
from test_jira_account import LATER, account, by

from helpdesk_kpi.pull.contract import Finding

HOUR = 3600
BUG = {"id": "10009", "name": "Bug", "subtask": False}


def support(**more: Any) -> JiraRows:
    """Field case j_j07, on 9 March: two requests, answered after an hour; the second was solved after seven."""
    return JiraRows(
        issues=[issue(8701, WORKING, updated=at("02 09:00")), issue(8702, updated=at("02 15:00"))],
        histories=[
            changed(8701, "02 09:00", item("status", WAITING, WORKING)),
            changed(8702, "02 09:00", item("status", WAITING, WORKING)),
            changed(8702, "02 15:00", item("status", WORKING, RESOLVED)),
        ],
        comments=[said(8701, "02 09:00"), said(8702, "02 09:00")],
        **more,
    )


def move(rows: JiraRows, number: int, when: str, after: dict[str, Any] = DEV, **fields: Any) -> None:
    """The issue goes to another project under the same id."""
    place = next(i for i, row in enumerate(rows.issues) if row["id"] == str(number))
    before = rows.issues[place]["fields"]
    rows.issues[place] = issue(number, before["status"], **{
        **{k: v for k, v in before.items() if k != "status"}, "project": after, "updated": at(when), **fields,
    })  # fmt: skip
    rows.histories.append({"id": f"9{number}", **changed(number, when, *moved(before["project"], after, number))})


def gone(desk: ServedAccount) -> list[tuple[Any, ...]]:
    return desk.rows("SELECT native, left_at IS NOT NULL, deleted_at IS NOT NULL FROM tickets ORDER BY native")


def new(desk: ServedAccount, as_of: str) -> dict[str, str]:
    """Ticket -> when it came in, of those that count."""
    return {row["ticket"]: row["at"] for row in desk.list_observations("channel_mix", as_of) if not row["reason"]}


@pytest.mark.trap("jira 37")
def test_an_issue_that_moved_away_keeps_its_past_and_leaves_the_backlog_on_that_day(tmp_path: Path) -> None:
    rows = support()
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-03-09T12:00:00Z")
    assert desk.list_running("backlog", "2026-03-09T12:00:00Z") == {"8701"}
    move(rows, 8701, "10 09:00", issuetype=BUG)
    desk.sync("2026-03-10T10:00:00Z")  # the first sync after the move knows it, long before the next census
    assert desk.list_running("backlog", "2026-03-09T12:00:00Z") == {"8701"}
    assert desk.list_running("backlog", "2026-03-10T09:30:00Z") == set()
    later = "2026-04-02T00:00:00Z"
    assert desk.list_running("backlog", later) == set()
    assert new(desk, later) == {"8701": "2026-03-02T08:00:00Z", "8702": "2026-03-02T08:00:00Z"}
    assert desk.list_values("first_reply_time", later) == {"8701": [HOUR], "8702": [HOUR]}
    assert by(desk, "first_reply_time", later) == {"8701": {"Agent One"}, "8702": {"Agent One"}}
    assert [row["ticket"] for row in desk.list_observations("solved_tickets", later) if not row["reason"]] == ["8702"]
    assert desk.list_values("full_resolution_time", later)["8702"] == [7 * HOUR]
    assert gone(desk) == [("8701", 1, 0), ("8702", 0, 0)]
    assert desk.rows("SELECT number, brand FROM tickets WHERE native = '8701'") == [("DEV-8701", "10100")]


def test_what_is_done_in_the_other_project_is_no_work_of_support(tmp_path: Path) -> None:
    """After the move it is solved and answered over there; two censuses later it is still not called deleted."""
    rows = support()
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-03-09T12:00:00Z")
    move(rows, 8701, "10 09:00", issuetype=BUG)
    rows.histories.append({"id": "99", **changed(8701, "11 09:00", item("status", WORKING, RESOLVED))})
    rows.comments.append({"id": "98", **said(8701, "11 10:00")})
    rows.issues[0] = issue(8701, RESOLVED, project=DEV, issuetype=BUG, updated=at("11 10:00"))
    for day in ("2026-03-12", "2026-03-20", "2026-03-28"):
        desk.sync(f"{day}T10:00:00Z")
    assert [row["ticket"] for row in desk.list_observations("solved_tickets", LATER) if not row["reason"]] == ["8702"]
    assert desk.list_values("first_reply_time", LATER) == {"8701": [HOUR], "8702": [HOUR]}
    assert gone(desk) == [("8701", 1, 0), ("8702", 0, 0)]
    assert desk.rows("SELECT status FROM tickets WHERE native = '8701'") == [("2",)]  # as it was when it left


def test_an_issue_that_was_solved_and_moved_then_is_found_by_the_census(tmp_path: Path) -> None:
    rows = support()
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-03-09T12:00:00Z")
    move(rows, 8702, "10 09:00")
    for day in ("2026-03-17", "2026-03-25", "2026-04-02"):
        desk.sync(f"{day}T10:00:00Z")
    assert gone(desk) == [("8701", 0, 0), ("8702", 1, 0)]
    assert desk.list_values("full_resolution_time", LATER)["8702"] == [7 * HOUR]
    assert desk.list_running("backlog", LATER) == {"8701"}


def test_an_issue_that_comes_back_is_in_the_backlog_again(tmp_path: Path) -> None:
    rows = support()
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-03-09T12:00:00Z")
    move(rows, 8701, "10 09:00", issuetype=BUG)
    desk.sync("2026-03-10T10:00:00Z")
    move(rows, 8701, "12 09:00", SUP)
    desk.sync("2026-03-12T10:00:00Z")
    assert gone(desk)[0] == ("8701", 0, 0)
    assert desk.list_running("backlog", "2026-03-12T10:00:00Z") == {"8701"}
    assert desk.list_values("first_reply_time", LATER)["8701"] == [HOUR]


@pytest.mark.trap("jira 44")
def test_an_issue_that_moved_in_counts_from_then_on(tmp_path: Path) -> None:
    """Made on 2 March in another project and answered there; it came on 10 March at 09:00, was answered at 09:30 and
    solved at 12:00.
    """
    desk = account(
        tmp_path,
        issues=[issue(1, updated=at("10 12:00"))],
        comments=[said(1, "02 08:10"), said(1, "10 09:30")],
        histories=[
            changed(1, "02 08:30", item("status", WAITING, RESOLVED)),
            changed(1, "03 08:30", item("status", RESOLVED, WORKING)),
            changed(1, "10 09:00", *moved(DEV, SUP, 1)),
            changed(1, "10 12:00", item("status", WORKING, RESOLVED)),
        ],
    )
    assert desk.list_values("first_reply_time", LATER) == {"1": [HOUR // 2]}
    assert desk.list_values("full_resolution_time", LATER) == {"1": [3 * HOUR]}
    assert new(desk, LATER) == {"1": "2026-03-10T09:00:00Z"}
    assert (
        len(desk.list_observations("solved_tickets", LATER)) == 1
    )  # the end of 2 March was over there, and so was its undoing
    assert [row["value"] for row in desk.list_observations("reopen_rate", LATER)] == [0]
    assert desk.list_running("backlog", "2026-03-05T00:00:00Z") == set()


def test_a_move_between_projects_that_are_read_ends_nothing_and_begins_nothing(tmp_path: Path) -> None:
    other = {"id": "10200", "key": "ORD", "name": "Orders", "projectTypeKey": "service_desk"}
    desk = account(
        tmp_path,
        projects=[SUP, other],
        issues=[issue(1, project=other)],
        comments=[said(1, "02 09:00")],
        histories=[changed(1, "02 10:00", *moved(SUP, other, 1)),
                   changed(1, "02 11:00", item("status", WAITING, RESOLVED))],
    )  # fmt: skip
    assert desk.list_values("first_reply_time", LATER) == {"1": [HOUR]}
    assert desk.list_values("full_resolution_time", LATER) == {"1": [3 * HOUR]}


@pytest.mark.trap("jira 44")
def test_what_comes_into_sight_without_a_new_date_is_read_by_the_next_census(tmp_path: Path) -> None:
    """A security level is lifted; the issue's update stays the one of 2 March."""
    rows = support(hidden=["8702"])
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-03-09T12:00:00Z")
    assert new(desk, LATER).keys() == {"8701"}
    rows.hidden.clear()
    desk.sync("2026-03-10T12:00:00Z")
    assert new(desk, LATER).keys() == {"8701"}
    desk.sync("2026-03-17T12:00:00Z")
    assert desk.list_values("full_resolution_time", LATER) == {"8701": ["running"], "8702": [7 * HOUR]}


@pytest.mark.trap("jira 37")
def test_what_is_hidden_and_what_is_deleted_look_alike_and_only_two_censuses_call_it_deleted(tmp_path: Path) -> None:
    rows = support()
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-03-09T12:00:00Z")
    rows.hidden.add("8701")
    found: list[Finding] = []
    for day in ("2026-03-10", "2026-03-17"):
        found += [f for r in desk.sync(f"{day}T12:00:00Z").values() for f in r.findings]
    assert gone(desk)[0] == ("8701", 0, 0)  # missed once
    assert [f.text for f in found if f.about == "issues"] == [
        "1 issues are not found by search or id: deleted, archived or hidden from this account",
    ]  # fmt: skip
    desk.sync("2026-03-25T12:00:00Z")
    assert gone(desk)[0] == ("8701", 0, 1)
    rows.hidden.clear()
    desk.sync("2026-04-02T12:00:00Z")
    assert gone(desk)[0] == ("8701", 0, 0)
    assert desk.list_running("backlog", "2026-04-02T12:00:00Z") == {"8701"}


def test_an_archived_issue_leaves_the_backlog_and_is_not_deleted(tmp_path: Path) -> None:
    """Data Center tells when: an issue's own resource still shows it, no search does."""
    rows = support()
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-03-09T12:00:00Z")
    archived = {**rows.issues[0], "fields": {**rows.issues[0]["fields"], "archiveddate": at("10 08:00")}}
    search = rows._search
    rows._search = lambda body: _without(search(body), "8701")  # type: ignore[method-assign]
    rows.issues[0] = archived
    for day in ("2026-03-10", "2026-03-18", "2026-03-26"):
        desk.sync(f"{day}T12:00:00Z")
    assert gone(desk)[0] == ("8701", 1, 0)
    assert desk.list_running("backlog", "2026-03-10T07:00:00Z") == {"8701"}
    assert desk.list_running("backlog", "2026-03-10T09:00:00Z") == set()


def _without(page: dict[str, Any], own: str) -> dict[str, Any]:
    return {**page, "issues": [row for row in page["issues"] if row["id"] != own]}


# merges

DUPLICATE = {"id": "10002", "name": "Duplicate"}


def duplicates(other: int, key: str = "SUP") -> dict[str, Any]:
    end = {"id": str(other), "key": f"{key}-{other}"}
    return {
        "issuelinks": [{"type": {"id": "10002", "name": "Duplicate"}, "outwardIssue": end}],
        "resolution": DUPLICATE,
    }


def closed(*numbers: int) -> list[dict[str, Any]]:
    return [changed(n, f"02 1{n}:00", item("resolution", None, DUPLICATE), item("status", WAITING, RESOLVED))
            for n in numbers]  # fmt: skip


@pytest.mark.trap("jira 45")
def test_a_merge_is_believed_with_evidence_only(tmp_path: Path) -> None:
    """1 was closed as a duplicate of 5. 2 and 3 duplicate each other: the older id of the two stays. 4 points to a
    project that is not read, and 6 was solved by the team with its own resolution.
    """
    desk = account(
        tmp_path,
        issues=[
            issue(1, **duplicates(5)), issue(2, **duplicates(3)), issue(3, **duplicates(2)),
            issue(4, **duplicates(41, "DEV")), issue(5), issue(6, **{**duplicates(5), "resolution": DONE}),
        ],
        histories=closed(1, 2, 3, 4, 5, 6),
    )  # fmt: skip
    result = desk.list_values("full_resolution_time", LATER)
    assert {ticket for ticket, values in result.items() if values == ["merged"]} == {"1", "3"}
    assert result["2"] == [4 * HOUR]  # 08:00 to 12:00
    assert result["4"] == [6 * HOUR]
    assert result["6"] == [8 * HOUR]


def test_a_duplicate_that_is_opened_again_is_a_ticket_again(tmp_path: Path) -> None:
    rows = JiraRows(issues=[issue(1, **duplicates(5)), issue(5)], histories=closed(1, 5))
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-03-03T00:00:00Z")
    assert desk.list_values("full_resolution_time", LATER)["1"] == ["merged"]
    rows.issues[0] = issue(1, WORKING, updated=at("04 09:00"))
    rows.histories.append({"id": "900", **changed(1, "04 09:00", item("resolution", DUPLICATE, None),
                                                  item("status", RESOLVED, WORKING), by=AGENT)})  # fmt: skip
    desk.sync("2026-03-05T00:00:00Z")
    assert desk.list_running("backlog", LATER) == {"1"}
