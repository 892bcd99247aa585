"""Small Jira accounts: what is not known, words that are on no list, late ratings, and working time by hand.

Everything is asked on Monday 2 March 2026 at 08:00 UTC unless a test says otherwise.
"""

from pathlib import Path
from typing import Any

import pytest
from jira_account import (
    AGENT,
    DESK,
    FIELDS,
    PENDING,
    RATED,
    RATING,
    RESOLVED,
    STATUSES,
    WAITING,
    WORKING,
    JiraRows,
    at,
    changed,
    issue,
    item,
    said,
    status,
    user,
)
from knowledge_fixtures import FIRST, LATER, Site, page, written
from small_account import Asking, ServedAccount, SmallAccount, instant
from starlette.responses import JSONResponse

from helpdesk_kpi.measure.quality.calendar_usage import sla_clocks
from helpdesk_kpi.measure.quality.conflicts import strange_channels

NOW = "2026-03-10T00:00:00Z"
HOUR = 3600


# what is not known


@pytest.mark.trap("jira 47")
@pytest.mark.parametrize(
    "answer",
    [
        JSONResponse({"errorMessages": ["not found"]}, 404), {"comments": "none", "total": 3},
        {"comments": [{"id": "9", "created": "once", "author": AGENT}], "total": 1},
    ],
    ids=["missing", "of_another_shape", "with_an_odd_row"],
)  # fmt: skip
def test_a_conversation_that_cannot_be_read_is_not_known_and_not_unanswered(tmp_path: Path, answer: Any) -> None:
    """Of issue 1 the search says that there are three comments, and brings none; asked for by themselves, they cannot
    be read. It was solved at 11:00. Issue 2 was solved then too, and nobody wrote on it.
    """
    rows = JiraRows(
        issues=[issue(1), issue(2)],
        histories=[changed(n, "02 11:00", item("status", WAITING, RESOLVED)) for n in (1, 2)],
        odd=lambda asking: answer if asking.path.endswith("/issue/1/comment") else None,
    )  # fmt: skip
    whole = rows._comments
    rows._comments = lambda own: {**whole(own), "total": 3 if own == "1" else 0}  # type: ignore[method-assign]
    desk = ServedAccount(tmp_path, rows)
    desk.sync(NOW)
    assert desk.list_values("first_reply_time", NOW) == {"1": ["replies_unreadable"], "2": ["solved_without_reply"]}
    assert desk.list_values("full_resolution_time", NOW) == {"1": [3 * HOUR], "2": [3 * HOUR]}  # that is known


@pytest.mark.trap("jira 49")
def test_members_of_a_group_without_a_word_on_further_ones_are_an_error_that_names_the_list(tmp_path: Path) -> None:
    def members(asking: Asking) -> Any:
        return {"values": [AGENT], "startAt": 0} if asking.path.endswith("/group/member") else None

    rows = JiraRows(issues=[issue(1, WORKING)], agents=("group:support",), odd=members)
    results = ServedAccount(tmp_path, rows).sync(NOW)
    assert results["agents"].outcome == "failed"
    assert results["agents"].reason.startswith("group/member: rows came, and no word on whether more follow")


@pytest.mark.trap("jira 49")
@pytest.mark.parametrize(("how", "stamp"), [("updated", "updated worklogs"), ("deleted", "deleted worklogs")])
def test_a_feed_of_worklogs_that_does_not_say_whether_it_ends_is_an_error(tmp_path: Path, how: str, stamp: str) -> None:
    """The feed is looked at from the second sync on."""

    def feed(asking: Asking) -> Any:
        if asking.path.endswith("/configuration"):
            return {"timeTrackingEnabled": True}
        if asking.path.endswith("/worklog/list"):
            return []
        if "/worklog/" in asking.path:
            row = {"worklogId": 7, "updatedTime": instant("2026-03-10T00:30:00Z")}
            end = {} if asking.path.endswith(how) else {"lastPage": True}
            return {"values": [row], "until": instant("2026-03-10T00:40:00Z"), **end}
        return None

    desk = ServedAccount(tmp_path, JiraRows(issues=[issue(1, WORKING)], odd=feed))
    assert desk.sync(NOW)["worklog_feed"].outcome == "ok"
    result = desk.sync("2026-03-10T02:00:00Z")["worklog_feed"]
    assert (result.outcome, result.reason.partition(":")[0]) == ("failed", stamp)


# words that are on no list


@pytest.mark.trap("jira 48")
def test_words_that_are_on_no_list_drop_nothing(tmp_path: Path) -> None:
    """Issue 1 came by a channel, and is in a category of statuses, that nobody has heard of: it is open, answered after
    an hour. On issue 2 a comment at 08:30 is for a kind of readers that is new: no reply; the one at 09:00 is. Issue 3
    is asked by an account of a new kind, and given a value of a new field: answered after an hour.
    """
    parked = status("9", "Parked", "parked")
    ask = user("qm:site:c9", "hologram", "Customer B")
    squad = {"type": "squad", "value": "Blue"}
    first = issue(1, parked)
    first["properties"] = {"request.channel.type": {"value": "Hologram"}}
    rows = JiraRows(
        issues=[first, issue(2, WORKING), issue(3, WORKING, reporter=ask, creator=ask)],
        statuses=[*STATUSES, parked],
        histories=[changed(1, "02 09:10", item("status", WAITING, parked)),
                   changed(3, "02 09:10", item("customfield_99", None, {"id": "5", "name": "New"}))],
        comments=[said(1, "02 09:00"), said(2, "02 08:30", visibility=squad), said(2, "02 09:00"), said(3, "02 09:00")],
    )  # fmt: skip
    desk = ServedAccount(tmp_path, rows)
    assert not sum(r.rejected for r in desk.sync(NOW).values())
    assert desk.list_values("first_reply_time", NOW) == {"1": [HOUR], "2": [HOUR], "3": [HOUR]}
    assert desk.list_running("backlog", NOW) == {"1", "2", "3"}
    with desk.store() as store:
        assert [(found, words) for _, found, words in strange_channels(store)] == [(1, "hologram (1)")]


# ratings


@pytest.mark.trap("jira 50")
def test_a_vote_that_comes_late_and_moves_nothing_else_counts_on_its_day(tmp_path: Path) -> None:
    """Solved on 2 March, last changed then; five stars on 20 March. The next sync is on the 21st."""
    rows = JiraRows(
        issues=[issue(1)], histories=[changed(1, "02 11:00", item("status", WAITING, RESOLVED))],
        comments=[said(1, "02 09:00")],
    )  # fmt: skip
    desk = ServedAccount(tmp_path, rows)
    desk.sync(NOW)
    assert desk.list_values("csat", NOW) == {}
    stars: dict[str, Any] = {RATING: {"rating": 5}, RATED: at("20 10:00")}
    rows.issues = [issue(1, **stars)]
    desk.sync("2026-03-21T00:00:00Z")
    found = [(row["at"], row["value"]) for row in desk.list_observations("csat", "2026-03-21T00:00:00Z")]
    assert found == [("2026-03-20T10:00:00Z", 1)]


# the knowledge base


@pytest.mark.trap("jira 52")
@pytest.mark.parametrize("names", ["two", "unknown"])
def test_a_page_keeps_its_author_after_edits_and_a_new_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: str
) -> None:
    """Agent One made it on 2 March; on the 12th Agent Two edits it. From then on its author is told to be Agent Two, or
    "unknown", since the account of Agent One is deleted.
    """
    monkeypatch.setenv("ACME_KEY", "a-key-of-the-account")
    site = Site([page(1, ("2026-03-02", "ann"))])
    site.users.append({"accountId": "two", "accountType": "atlassian", "displayName": "Agent Two"})
    account = SmallAccount(tmp_path, "jira_service_management", site, own='agents = ["ann", "two"]')
    account.sync(FIRST)
    site.pages = [page(1, ("2026-03-02", "ann"), ("2026-03-12", "two"), made_by=names) | {"ownerId": "two"}]
    account.sync(LATER)
    assert written(account, LATER) == [("1", "Agent One", "created"), ("1", "Agent Two", "substantive")]


# working time

SLA = {
    "id": "customfield_10030",
    "name": "Time to first response",
    "schema": {"custom": f"{DESK}:sd-sla-field"},
}


def run(start: str, stop: str, hours: float, goal: float) -> dict[str, Any]:
    """One finished run that took so many hours by Jira's calendar."""
    ms = {key: {"epochMillis": instant(f"2026-03-{text.replace(' ', 'T')}:00Z")}
          for key, text in (("startTime", start), ("stopTime", stop))}  # fmt: skip
    took, allowed = ({"millis": round(n * HOUR * 1000)} for n in (hours, goal))
    return {"id": "5", "name": SLA["name"], "completedCycles": [
        {**ms, "elapsedTime": took, "goalDuration": allowed, "breached": hours > goal},
    ]}  # fmt: skip


@pytest.mark.trap("jira 71")
def test_working_time_by_our_hours_is_held_against_the_calendar_of_the_sla(tmp_path: Path) -> None:
    """The desk is open on weekdays from 9 to 17. Issue 1: asked Monday 08:00, answered Tuesday 10:00: 8 h on Monday and
    1 h on Tuesday, as Jira says. Issue 2: asked Friday 6 March 16:00, answered Monday 9 March 10:00: 1 h and 1 h; Jira
    says 3 h, by a calendar of its own that opens at 8. One of two runs fits. A goal of 8 h is broken by 1, kept by 2.
    """

    def fields(asking: Asking) -> Any:
        return [*FIELDS, SLA] if asking.path.endswith("/field") else None

    rows = JiraRows(
        issues=[
            issue(1, PENDING, customfield_10030=run("02 08:00", "03 10:00", 9, 8)),
            issue(2, PENDING, created=at("06 16:00"), updated=at("09 10:00"),
                  customfield_10030=run("06 16:00", "09 10:00", 3, 8)),
        ],
        comments=[said(1, "03 10:00"), said(2, "09 10:00")], odd=fields,
    )  # fmt: skip
    hours = {"desk": {"weekly": {"mon-fri": ["09:00-17:00"]}, "sources": ["acme"]}}
    desk = ServedAccount(tmp_path, rows, hours=hours)
    desk.sync(NOW)
    worked = {row["ticket"]: row["business_seconds"] for row in desk.list_observations("first_reply_time", NOW)}
    assert worked == {"1": 9 * HOUR, "2": 2 * HOUR}
    with desk.store() as store:
        assert [(one.sla, one.runs, one.same) for one in sla_clocks(store, desk.config)] == [(SLA["name"], 2, 1)]
    assert desk.list_values("sla_attainment", NOW) == {"1": [0], "2": [1]}
