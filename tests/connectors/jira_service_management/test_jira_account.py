"""Small Jira accounts, from rows to figures: histories that end elsewhere, names without ids, resolutions."""

from pathlib import Path
from typing import Any

import pytest
from jira_account import (
    ADMIN,
    AGENT,
    CLOSED,
    CUSTOMER,
    DONE,
    HIGH,
    MEDIUM,
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
    status,
)
from small_account import ServedAccount

from connectors.jira_service_management.settings import Credentials
from helpdesk_kpi.cli.checks.unmapped import to_finding
from helpdesk_kpi.identities.unmapped_values import UnmappedValue, find_unmapped_values
from helpdesk_kpi.measure.quality.conflicts import ending_elsewhere, unread

LATER = "2026-07-01T00:00:00Z"
HOUR = 3600


def account(folder: Path, *, now: str = LATER, rules: dict[str, Any] | None = None, **rows: Any) -> ServedAccount:
    """Synced once, without a stream that failed and without a row that was set aside."""
    found = ServedAccount(folder, JiraRows(**rows), **(rules or {}))
    results = found.sync(now)
    assert {r.outcome for r in results.values()} <= {"ok", "unavailable"}, results
    assert not sum(r.rejected for r in results.values())
    return found


def found_unmapped(desk: ServedAccount) -> list[UnmappedValue]:
    """Statuses of which a person should say what they mean."""
    with desk.store() as store:
        return [one for one in find_unmapped_values(store, desk.config) if one.why]


def by(desk: ServedAccount, kpi: str, as_of: str = LATER) -> dict[str, set[Any]]:
    """Ticket -> whom a KPI names for it."""
    found: dict[str, set[Any]] = {}
    for row in desk.list_observations(kpi, as_of):
        found.setdefault(row["ticket"], set()).add(row["agent"])
    return found


@pytest.mark.trap("jira 34")
def test_the_issue_itself_says_how_it_ended_where_its_history_does_not(tmp_path: Path) -> None:
    """Field case j_j01. 8101 was resolved at 14:00, six hours after 08:00; of 8103 the present holder is the row's."""
    desk = account(
        tmp_path,
        issues=[
            issue(8101, statuscategorychangedate=at("02 14:00"), resolutiondate=at("02 14:00")),
            issue(8102),
            issue(8103, WORKING, assignee=SECOND),
        ],
        histories=[
            changed(8101, "02 09:00", item("status", WAITING, WORKING)),
            changed(8102, "02 09:00", item("status", WAITING, WORKING)),
            changed(8102, "02 12:00", item("status", WORKING, RESOLVED)),
            changed(8103, "02 09:00", item("status", WAITING, WORKING), item("assignee", None, AGENT)),
        ],
        comments=[said(n, "02 09:00") for n in (8101, 8102, 8103)],
    )
    assert desk.list_running("backlog", "2026-04-02T00:00:00Z") == {"8103"}
    held = [row["agent"] for row in desk.list_observations("backlog", LATER) if row["reason"] == "running"]
    assert held == ["Agent Two"]
    with desk.store() as store:
        assert ending_elsewhere(store, desk.config) == {"acme": 2}  # 8101 by its status, 8103 by its assignee
    assert desk.list_values("full_resolution_time", LATER) == {
        "8101": [6 * HOUR],
        "8102": [4 * HOUR],
        "8103": ["running"],
    }


@pytest.mark.trap("jira 34")
def test_where_nothing_says_since_when_an_end_has_no_time(tmp_path: Path) -> None:
    """Neither date is given: solved, at a time that is not known; the priority of the row counts from its update."""
    desk = account(
        tmp_path,
        issues=[issue(1), issue(2, WORKING, priority=HIGH)],
        histories=[
            changed(1, "02 09:00", item("status", WAITING, WORKING)),
            changed(2, "02 09:00", item("priority", HIGH, MEDIUM), item("status", WAITING, WORKING)),
        ],
    )
    assert desk.list_values("full_resolution_time", LATER) == {"1": ["history_unknown"], "2": ["running"]}
    assert desk.list_running("backlog", LATER) == {"2"}
    levels = {row["start"]: row["severity"] for row in desk.list_observations("backlog", LATER) if row["ticket"] == "2"}
    assert levels["2026-03-02T20:00:00Z"] == "High"  # the update of the row; its history ended with Medium at 09:00
    assert levels["2026-03-02T09:00:00Z"] == "Medium"


SOLVED, ON_HOLD = ({"id": "70", "name": "Solved"}, {"id": "71", "name": "On hold"})


def deleted(
    folder: Path, solved: dict[str, str] = SOLVED, hold: dict[str, str] = ON_HOLD, **more: Any
) -> ServedAccount:
    """Field case j_j02: statuses 70 and 71 were deleted in June, and an admin's move took 8201 out of 70."""
    return account(
        folder,
        issues=[issue(8201), issue(8202)],
        histories=[
            changed(8201, "02 20:00", item("status", WAITING, solved)),
            changed(8201, "06-01 18:00", item("status", solved, RESOLVED), by=ADMIN),
            changed(8202, "02 10:00", item("status", WAITING, hold)),
            changed(8202, "02 20:00", item("status", hold, RESOLVED)),
        ],
        comments=[said(8201, "02 09:00"), said(8202, "02 09:00")],
        **more,
    )


def right(desk: ServedAccount) -> None:
    """Both were solved after twelve hours by the agent, and nothing was opened again."""
    assert desk.list_values("full_resolution_time", LATER) == {"8201": [12 * HOUR], "8202": [12 * HOUR]}
    assert by(desk, "solved_tickets") == {"8201": {"Agent One"}, "8202": {"Agent One"}}
    assert desk.list_running("backlog", LATER) == set()
    assert {row["value"] for row in desk.list_observations("reopen_rate", LATER)} == {0}


@pytest.mark.trap("jira 35")
def test_a_status_that_was_deleted_keeps_its_name_and_its_meaning(tmp_path: Path) -> None:
    desk = deleted(tmp_path)
    right(desk)
    assert desk.rows("SELECT native, name FROM names WHERE kind = 'status' AND detail IS NULL ORDER BY native") == [
        ("70", "Solved"), ("71", "On hold"),
    ]  # fmt: skip
    result = {one.name: one for one in found_unmapped(desk)}
    assert result.keys() == {"Solved", "On hold"}
    assert (result["Solved"].counts_as, result["On hold"].counts_as) == ("solved", "hold")
    assert "moved to 'Resolved'" in result["Solved"].why
    assert (result["Solved"].tickets, result["Solved"].line) == (1, 'Solved = "solved"')
    assert to_finding(result["On hold"]).text == (
        "acme: status 'On hold' is in the histories of 1 ticket and in no list any more (deleted?): it counts as hold,"
        ' by its name; to say it for good, or otherwise: "On hold" = "hold"'
    )


@pytest.mark.trap("jira 35")
def test_what_a_deleted_status_meant_follows_from_where_its_tickets_went(tmp_path: Path) -> None:
    """The same with names that say nothing: the admin's move into a done status tells what 70 was, and the agent's own
    step out of 71 tells nothing of it.
    """
    desk = deleted(tmp_path, {"id": "70", "name": "Zeta"}, {"id": "71", "name": "Theta"})
    right(desk)
    assert {one.name: one.counts_as for one in found_unmapped(desk)} == {"Zeta": "solved", "Theta": "open"}


@pytest.mark.parametrize(("solved", "hold"), [("已解决", "挂起"), ("Done", "Waiting for reply")])
def test_a_deleted_status_that_people_left_one_by_one_means_what_its_name_says(
    tmp_path: Path, solved: str, hold: str
) -> None:
    """The customer asked again, so the ticket left 70 by the agent's hand before it was deleted: 08:00 to 10:00 for the
    first solve, until 16:00 for the last; and it was opened again once.
    """
    old, waiting = {"id": "70", "name": solved}, {"id": "71", "name": hold}
    desk = account(
        tmp_path,
        issues=[issue(1)],
        histories=[
            changed(1, "02 09:00", item("status", WAITING, waiting)),
            changed(1, "02 10:00", item("status", waiting, old)),
            changed(1, "02 12:00", item("status", old, WORKING)),
            changed(1, "02 16:00", item("status", WORKING, RESOLVED)),
        ],
        comments=[said(1, "02 11:00", CUSTOMER)],
    )
    assert desk.list_values("full_resolution_time", LATER) == {"1": [8 * HOUR]}
    assert [row["value"] for row in desk.list_observations("reopen_rate", LATER)] == [1, 0]
    assert desk.list_values("first_resolution_time", LATER) == {"1": [2 * HOUR]}


def test_the_configuration_says_what_a_deleted_status_meant_by_its_text(tmp_path: Path) -> None:
    rules = {"tickets": {"statuses": {"Solved": "solved", "On hold": "pending"}}}
    desk = deleted(tmp_path, rules=rules)
    right(desk)
    assert found_unmapped(desk) == []


def test_what_a_status_meant_while_a_list_had_it_stays_known(tmp_path: Path) -> None:
    """First synced while status 70 existed; it is deleted later, and its name says nothing."""
    zeta = status("70", "Zeta", "done")
    rows = JiraRows(
        issues=[issue(1)], histories=[changed(1, "02 10:00", item("status", WAITING, zeta))],
        statuses=[WAITING, WORKING, RESOLVED, zeta],
    )  # fmt: skip
    rows.issues[0]["fields"]["status"] = zeta
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-03-03T00:00:00Z")
    rows.statuses.remove(zeta)
    rows.issues = [issue(1, WORKING, updated=at("04 10:00"))]
    rows.histories.append({"id": "900", **changed(1, "04 10:00", item("status", zeta, WORKING))})
    desk.sync("2026-03-05T00:00:00Z")
    assert desk.rows("SELECT name, detail FROM names WHERE native = '70' AND kind = 'status'") == [("Zeta", "solved")]
    assert desk.list_values("first_resolution_time", LATER) == {"1": [2 * HOUR]}


@pytest.mark.trap("jira 35")
def test_a_priority_that_was_deleted_keeps_its_name(tmp_path: Path) -> None:
    """Its severity is found by the name that only the history has."""
    blocker = {"id": "9", "name": "Blocker"}
    desk = account(
        tmp_path, rules={"sources": {"acme": {"connector": JiraRows.connector, "severity": {"blocker": "P0"}}}},
        issues=[issue(1)],
        histories=[
            changed(1, "02 09:30", item("priority", blocker, MEDIUM)),
            changed(1, "02 12:00", item("status", WAITING, RESOLVED)),
        ],
        comments=[said(1, "02 09:00")],
    )  # fmt: skip
    assert [row["severity"] for row in desk.list_observations("first_reply_time", LATER)] == ["P0"]


@pytest.mark.trap("jira 36")
def test_a_change_without_ids_is_read_by_its_names(tmp_path: Path) -> None:
    """Field case j_j03: 08:00 to 11:00 for both."""
    desk = account(
        tmp_path,
        issues=[issue(8301), issue(8302)],
        histories=[
            changed(8301, "02 09:00", item("status", WAITING, WORKING, to=None)),
            changed(8301, "02 11:00", item("status", WORKING, RESOLVED, to=None, **{"from": None})),
            changed(8302, "02 11:00", item("status", WAITING, RESOLVED)),
        ],
        comments=[said(8301, "02 09:00"), said(8302, "02 09:00")],
    )
    assert desk.list_values("full_resolution_time", LATER) == {"8301": [3 * HOUR], "8302": [3 * HOUR]}
    assert len(desk.list_observations("solved_tickets", LATER)) == 2
    assert desk.list_running("backlog", LATER) == set()
    assert desk.rows("SELECT count(*) FROM unread") == [(0,)]


@pytest.mark.trap("jira 36")
def test_every_field_with_a_history_is_read_by_name(tmp_path: Path) -> None:
    """An assignee by the account's name, a priority, and a status that two projects have: the issue's own counts."""
    no_ids: dict[str, Any] = {"from": None, "to": None}
    twin = status("44", "In progress", "done", scope={"type": "PROJECT", "project": {"id": "10200"}})
    desk = account(
        tmp_path,
        issues=[issue(1, assignee=SECOND, priority=HIGH)],
        histories=[
            changed(1, "02 09:00", item("assignee", AGENT, SECOND, **no_ids), item("priority", MEDIUM, HIGH, **no_ids)),
            changed(1, "02 09:30", item("status", WAITING, WORKING, **no_ids)),
            changed(1, "02 11:00", item("status", WORKING, RESOLVED, **no_ids)),
        ],
        statuses=[WAITING, WORKING, RESOLVED, twin],
        comments=[said(1, "02 08:30", AGENT)],
    )
    result = desk.rows("SELECT field, before, after FROM events WHERE kind = 'change' ORDER BY at, field")
    assert result == [
        ("assignee", "5b-agent", "5b-two"),
        ("priority", "3", "2"),
        ("status", "1", "2"),
        ("status", "2", "4"),
    ]
    assert desk.list_values("full_resolution_time", LATER) == {"1": [3 * HOUR]}


@pytest.mark.trap("jira 36")
def test_a_name_that_nothing_has_is_counted_and_not_dropped(tmp_path: Path) -> None:
    desk = account(
        tmp_path,
        issues=[issue(1, WORKING)],
        histories=[changed(1, "02 11:00", item("assignee", {"name": "Left Long Ago"}, AGENT))],
    )
    with desk.store() as store:
        assert list(unread(store)) == [("acme", 1, "assignee Left Long Ago (1)")]
    assert desk.rows("SELECT before, after FROM events WHERE field = 'assignee'") == [("Left Long Ago", "5b-agent")]


FIXED = status("5", "Resolved", "indeterminate")  # the admin left it in the category In progress


def ended(number: int, when: str, before: dict[str, Any]) -> dict[str, Any]:
    return changed(number, when, item("resolution", None, DONE), item("status", before, FIXED))


@pytest.mark.trap("jira 40")
def test_a_resolution_that_is_set_ends_an_issue_in_any_status(tmp_path: Path) -> None:
    """Field case j_j16. 8161: 08:00 to 10:00 by the agent, whatever the automation does five days later. 8162: opened
    again at 13:00, ended at 16:00 for the last time.
    """
    desk = account(
        tmp_path,
        statuses=[WAITING, WORKING, FIXED, CLOSED],
        issues=[
            issue(8161, CLOSED, resolution=DONE, resolutiondate=at("02 10:00"), updated=at("07 10:00")),
            issue(8162, FIXED, resolution=DONE, resolutiondate=at("02 16:00")),
        ],
        histories=[
            ended(8161, "02 10:00", WAITING),
            changed(8161, "07 10:00", item("status", FIXED, CLOSED), by=RULE),
            ended(8162, "02 10:00", WAITING),
            changed(8162, "02 13:00", item("resolution", DONE, None), item("status", FIXED, WORKING), by=RULE),
            ended(8162, "02 16:00", WORKING),
        ],
        comments=[said(8161, "02 08:30"), said(8162, "02 08:30"), said(8162, "02 12:59", CUSTOMER)],
    )
    assert desk.list_values("full_resolution_time", LATER) == {"8161": [2 * HOUR], "8162": [8 * HOUR]}
    assert by(desk, "solved_tickets") == {"8161": {"Agent One"}, "8162": {"Agent One"}}
    again = [(row["ticket"], row["value"]) for row in desk.list_observations("reopen_rate", LATER)]
    assert sorted(again) == [("8161", 0), ("8162", 0), ("8162", 1)]
    assert desk.list_running("backlog", "2026-03-20T00:00:00Z") == set()
    (result,) = found_unmapped(desk)
    assert (result.name, result.tickets, result.line) == ("Resolved", 3, 'Resolved = "solved"')  # set in it three times


@pytest.mark.trap("jira 40")
def test_a_resolution_ends_what_a_workflow_leaves_open(tmp_path: Path) -> None:
    """1: set apart from the status, an hour earlier. 2: the status leaves a done one, and nobody clears the resolution:
    it is open again. 3: a resolution called Unresolved is none. 4: set as it was made, by a default, it ended nothing.
    """
    none = {"id": "10009", "name": "Unresolved"}
    desk = account(
        tmp_path,
        issues=[
            issue(1, resolution=DONE, resolutiondate=at("02 11:00")),
            issue(2, WORKING, resolution=DONE, resolutiondate=at("02 11:00")),
            issue(3, WORKING, resolution=none, resolutiondate=at("02 11:00")),
            issue(4, WORKING, resolution=DONE, resolutiondate=at("02 08:00")),
        ],
        histories=[
            changed(1, "02 11:00", item("resolution", None, DONE)),
            changed(1, "02 12:00", item("status", WAITING, RESOLVED), by=RULE),
            changed(2, "02 11:00", item("status", WAITING, RESOLVED), item("resolution", None, DONE)),
            changed(2, "02 13:00", item("status", RESOLVED, WORKING)),
            changed(3, "02 11:00", item("resolution", None, none), item("status", WAITING, WORKING)),
            changed(4, "02 09:00", item("status", WAITING, WORKING)),
        ],
    )
    result = desk.list_values("full_resolution_time", LATER)
    assert result == {"1": [3 * HOUR], "2": ["running"], "3": ["running"], "4": ["running"]}
    assert desk.list_running("backlog", LATER) == {"2", "3", "4"}


def test_a_status_that_the_configuration_calls_open_stays_open_with_a_resolution(tmp_path: Path) -> None:
    desk = account(
        tmp_path,
        rules={"tickets": {"statuses": {"Resolved": "pending"}}},
        statuses=[WAITING, WORKING, FIXED, CLOSED],
        issues=[issue(1, FIXED, resolution=DONE, resolutiondate=at("02 10:00"))],
        histories=[ended(1, "02 10:00", WAITING)],
    )
    assert desk.list_running("backlog", LATER) == {"1"}


@pytest.mark.trap("jira 42")
def test_changes_of_one_instant_follow_what_each_leads_from(tmp_path: Path) -> None:
    """Three steps within one millisecond, with ids in the wrong order: it ends resolved."""
    moment = "02 10:00"
    desk = account(
        tmp_path,
        issues=[issue(1)],
        histories=[
            {"id": "30", **changed(1, moment, item("status", WAITING, WORKING))},
            {"id": "10", **changed(1, moment, item("status", WORKING, CLOSED))},
            {"id": "20", **changed(1, moment, item("status", CLOSED, RESOLVED))},
        ],
    )
    assert desk.list_values("full_resolution_time", LATER) == {"1": [2 * HOUR]}
    assert desk.list_running("backlog", LATER) == set()


@pytest.mark.trap("jira 3")
def test_a_history_that_the_server_cuts_is_not_known(tmp_path: Path) -> None:
    """Data Center says that there are three and gives one, by search and by the issue itself."""
    rows = JiraRows(
        issues=[issue(1)], histories=[changed(1, "02 09:00", item("status", WAITING, WORKING))],
        auth=Credentials(personal_token="pat"),
    )  # fmt: skip
    whole = rows._changelog
    rows._changelog = lambda own: {**whole(own), "total": 3}  # type: ignore[method-assign]
    desk = ServedAccount(tmp_path, rows)
    desk.sync(LATER)
    assert desk.rows("SELECT changes_known FROM tickets") == [("unreadable",)]
    assert desk.list_values("full_resolution_time", LATER) == {"1": ["history_unknown"]}
