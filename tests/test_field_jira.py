"""Small Jira accounts as they come in the field, with values worked out by hand.

Everything is asked on Monday 2 March 2026 at 08:00 UTC unless a test says otherwise.
"""

from pathlib import Path
from typing import Any

from account_fixtures import Asking, SmallAccount
from jira_account import (
    AGENT,
    DONE,
    RESOLVED,
    WAITING,
    WORKING,
    JiraRows,
    at,
    changed,
    issue,
    item,
    said,
)

from connectors.jira_service_management.settings import Credentials

LATER = "2026-07-01T00:00:00Z"
HOUR = 3600
TEAM = {"SUP": [AGENT]}
DUPLICATE = {"id": "10002", "name": "Duplicate"}


def synced(folder: Path, rows: JiraRows, now: str = LATER, **rules: Any) -> SmallAccount:
    """Synced once, without a stream that failed and without a row that was set aside."""
    desk = SmallAccount(folder, rows, **rules)
    again(desk, now)
    return desk


def again(desk: SmallAccount, now: str, *, full: bool = False) -> None:
    results = desk.sync(now, full=full)
    assert {r.outcome for r in results.values()} <= {"ok", "unavailable"}, results
    assert not sum(r.set_aside for r in results.values())


def solved(number: int, when: str, how: dict[str, Any] = DONE, **more: Any) -> dict[str, Any]:
    return changed(number, when, item("resolution", None, how), item("status", WAITING, RESOLVED), **more)


# words


def test_a_comment_for_a_group_that_is_named_by_its_identifier_alone_is_no_reply(tmp_path: Path) -> None:
    """Names of groups change, so Jira gives `identifier`, and `value` may be null. The customer reads 08:30 first."""
    hidden = {"type": "group", "identifier": "276f955c-63d7-42c8-9520-92d01dca0625", "value": None}
    rows = JiraRows(
        issues=[issue(1, WORKING)], roles=TEAM, comments=[said(1, "02 08:10", visibility=hidden), said(1, "02 08:30")]
    )
    assert synced(tmp_path, rows).told("first_reply_time", LATER) == {"1": [1800]}


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
    told = synced(tmp_path, rows).told("full_resolution_time", LATER)
    assert told == {"1": ["merged"], "2": [3 * HOUR], "3": ["merged"]}


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
        desk = SmallAccount(tmp_path / name, rows)
        if is_seen:
            again(desk, "2026-03-02T10:00:00Z")
        rows.issues[0] = mended
        rows.histories = [{"id": str(100 + place), **row} for place, row in enumerate(lives)]
        again(desk, LATER)
        assert desk.told("full_resolution_time", LATER)["1"] == [8 * HOUR], name
        assert desk.told("reopen_rate", LATER)["1"] == [1, 0], name


# Data Center


def test_a_name_that_was_given_to_somebody_else_after_a_renaming_stays_two_people(tmp_path: Path) -> None:
    """Ann Smith's key is "ann", from the time when it was her name too; she is ann.smith today, and the name "ann" is
    that of a newcomer, whose key is JIRAUSER200. Histories give keys, roles give names. Smith answers 1, Jones 2.
    """
    smith = {"key": "ann", "name": "ann.smith", "displayName": "Ann Smith", "active": True}
    jones = {"key": "JIRAUSER200", "name": "ann", "displayName": "Ann Jones", "active": True}
    kim = {"key": "JIRAUSER300", "name": "kim", "displayName": "Kim", "active": True}
    named = {"ann": jones, "ann.smith": smith, "kim": kim}
    keyed = {"ann": smith, "JIRAUSER200": jones, "JIRAUSER300": kim}

    def users(asking: Asking) -> Any:
        if not asking.path.endswith("/user"):
            return None
        return keyed[asking.query["key"]] if "key" in asking.query else named[asking.query["username"]]

    public: dict[str, Any] = {"jsdPublic": None, "properties": [{"key": "sd.public.comment", "value": {}}]}
    assigned = item("assignee", None, {"id": "ann", "name": "Ann Smith"})
    ask = {"reporter": kim, "creator": kim}
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
    told = {(r["ticket"], r["agent"], r["calendar_seconds"]) for r in desk.listed("first_reply_time", LATER)}
    assert told == {("1", "Ann Smith", 3600), ("2", "Ann Jones", 5400)}
    assert desk.rows("SELECT after FROM events WHERE field = 'assignee'") == [("ann",)]
