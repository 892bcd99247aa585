"""Time that people wrote down in Jira: with the issue, issue by issue, and held beside Jira's own feed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from jira_client import API, ask, client, post, search
from jira_source import DAY, HOUR, NOW, Site, decode_body, issue, kept, pull, records, searches
from simulator_fixtures import ANN, BEN, amended, at, opened, said, spent, world

from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.mapping.worklogs import map_worklogs
from helpdesk_kpi.errors import PullError
from helpdesk_kpi.milliseconds import MINUTE
from helpdesk_kpi.model import Person, TimeEntry
from helpdesk_kpi.pull.contract import Finding, Page, Todo
from helpdesk_kpi.simulator.jira.issue_view import FIRST_ISSUE
from helpdesk_kpi.simulator.world.time_entries import entries
from helpdesk_kpi.simulator.world.world import World, generate

BEFORE = str(NOW - DAY)  # where the feed was read to


def worklog(number: int, *, minutes: int = 20, issue: int = 7, updated: str = "2026-05-20T10:00:00.000+0000",
            **more: Any) -> dict[str, Any]:  # fmt: skip
    author = {"accountId": "712020:7", "accountType": "atlassian", "displayName": "Ann"}
    return {
        "id": str(number), "issueId": str(issue), "author": author, "updateAuthor": author, "timeSpent": "20m",
        "started": "2026-05-20T09:30:00.000+0200", "updated": updated, "timeSpentSeconds": minutes * 60, **more,
    }  # fmt: skip


def worklog_page(*rows: dict[str, Any], total: int | None = None) -> dict[str, Any]:
    """As it stands in an issue, and as a page."""
    return {"startAt": 0, "maxResults": 20, "total": len(rows) if total is None else total, "worklogs": list(rows)}


# mapping


def decoded(*rows: dict[str, Any]) -> list[js.Worklog]:
    return [msgspec.convert(row, js.Worklog) for row in rows]


def test_a_worklog_is_time_of_its_author_on_the_day_of_the_work() -> None:
    """09:30 in a zone two hours ahead is 07:30Z, whenever it was written down; 1h 30m is what the seconds say."""
    made, aside, people = map_worklogs("7", decoded(worklog(1, minutes=90, timeSpent="0,2d")))
    assert made == [TimeEntry("1", "7", 1_779_262_200_000, 5_400_000, agent="712020:7")]
    assert (aside, [user.display_name for user in people]) == ([], ["Ann"])


@pytest.mark.trap("jira 15")
def test_whoever_wrote_it_may_be_gone() -> None:
    made, _, people = map_worklogs("7", decoded(worklog(1, author=None)))
    assert ([entry.agent for entry in made], people) == ([None], [])


def test_a_worklog_of_no_time_is_set_aside_and_the_others_stay() -> None:
    made, aside, _ = map_worklogs("7", decoded(worklog(1, started="yesterday"), worklog(2)))
    assert [entry.id for entry in made] == ["2"]
    assert [row.id for row in aside] == ["7 worklog 1"]


# with the issue


@pytest.mark.trap("jira 2", "jira 13")
def test_a_search_asks_for_worklogs_and_takes_those_of_an_issue_as_all_of_them() -> None:
    pages, requests = pull("issues", lambda _: {"issues": [issue(7, worklog=worklog_page(worklog(1), worklog(2)))]})
    assert "worklog" in searches(requests)[0]["fields"]
    assert [(entry.id, entry.ticket, entry.spent) for entry in records(pages, TimeEntry)] == [
        ("1", "7", 1_200_000), ("2", "7", 1_200_000),
    ]  # fmt: skip
    assert ("time_entry", "7") in pages[0].replaces
    assert "712020:7" in [person.id for person in records(pages, Person)]
    assert "worklogs" not in pages[0].todo


@pytest.mark.trap("jira 3")
def test_an_issue_with_more_worklogs_than_come_along_is_queued_and_loses_none_meanwhile() -> None:
    pages, _ = pull("issues", lambda _: {"issues": [issue(7, worklog=worklog_page(worklog(1), total=21))]})
    assert pages[0].todo["worklogs"] == [Todo(1_779_271_200_000, "7")]
    assert ("time_entry", "7") not in pages[0].replaces


def test_where_time_tracking_is_off_what_is_known_stays() -> None:
    pages, _ = pull("issues", lambda _: {"issues": [issue(7)]})
    assert ("time_entry", "7") not in pages[0].replaces
    assert "worklogs" not in pages[0].todo


# issue by issue


@pytest.mark.trap("jira 11", "jira 32")
def test_long_lists_are_read_page_by_page_and_each_worklog_once() -> None:
    """After the first page somebody writes down one that comes before all others."""

    def answers(request: httpx.Request) -> Any:
        assert request.url.path == "/rest/api/3/issue/7/worklog"
        start = int(request.url.params["startAt"])
        there = [0, 1, 2, 3, 4] if start == 0 else [9, 0, 1, 2, 3, 4]
        return worklog_page(*[worklog(n) for n in there[start : start + 2]], total=len(there))

    pages, requests = pull("worklogs", answers, todo=(Todo(5, "7"),))
    assert [entry.id for entry in records(pages, TimeEntry)] == ["0", "1", "2", "3", "4"]
    assert len([r for r in requests if r.url.path.endswith("/worklog")]) == 3
    assert pages[-1].replaces == [("time_entry", "7")]
    assert pages[-1].done == [Todo(5, "7")]


def test_an_issue_that_is_gone_is_settled_and_what_is_known_of_it_stays() -> None:
    pages, _ = pull("worklogs", lambda _: httpx.Response(404, json={}), todo=(Todo(5, "7"), Todo(6, "8")))
    assert [(page.done, page.replaces) for page in pages] == [([Todo(5, "7")], ()), ([Todo(6, "8")], ())]


def test_an_empty_queue_sends_no_request() -> None:
    _, requests = pull("worklogs", lambda _: pytest.fail("something was asked"))
    assert requests == []


# the feed


def feed(
    updated: list[tuple[int, int]], rows: list[dict[str, Any]], deleted: list[tuple[int, int]] | None = None
) -> Callable[[httpx.Request], Any]:
    """A site with a feed of (id, ms), in pages of two; the address of a next page is on the last one too."""

    def answers(request: httpx.Request) -> Any:
        how = request.url.path.rpartition("/")[2]
        if how == "configuration":
            return {"timeTrackingEnabled": True}
        if how == "list":
            return [row for row in rows if int(row["id"]) in decode_body(request)["ids"]]
        result = {"updated": updated, "deleted": deleted or []}[how]
        since = int(request.url.params["since"])
        found = sorted((ms, own) for own, ms in result if ms >= since)
        page = found[:2]
        return {
            "values": [{"worklogId": own, "updatedTime": ms, "properties": []} for ms, own in page], "since": since,
            "until": page[-1][0] if page else since, "nextPage": "https://evil.example/x",
            "lastPage": len(page) == len(found),
        }  # fmt: skip

    return answers


def wanted(pages: list[Page]) -> list[Todo]:
    return [todo for page in pages for todo in page.todo.get("worklogs", ())]


def test_the_first_run_leaves_the_feed_alone_since_everything_was_just_read() -> None:
    pages, requests = pull("worklog_feed", feed([], []))
    assert [r.url.path.rpartition("/")[2] for r in requests] == ["myself", "configuration"]
    assert kept(pages) == str(NOW - 10 * MINUTE)


def test_an_issue_that_did_not_move_with_its_worklog_is_read_alone_and_reported() -> None:
    """Issue 7 was read at 10:00, and its worklog is of 11:00; 8 moved with its own; 9 is nobody's here."""
    when = NOW - 6 * HOUR
    rows = [
        worklog(1, issue=7, updated="2026-06-01T04:00:00.000+0000"),
        worklog(2, issue=8, updated="2026-06-01T04:00:00.400+0000"),
        worklog(3, issue=9, updated="2026-06-01T04:00:00.000+0000"),
    ]
    found: list[Finding] = []
    pages, _ = pull(
        "worklog_feed", feed([(1, when), (2, when + 400), (3, when + 900)], rows), cursor=BEFORE,
        versions={"7": when - HOUR, "8": when}, found=found,
    )  # fmt: skip
    assert wanted(pages) == [Todo(when, "7")]
    assert kept(pages) == str(NOW - 10 * MINUTE)
    assert [f.text for f in found] == [
        "1 issues did not change with their worklogs: their worklogs are read separately"
    ]


def test_the_last_minutes_of_the_feed_wait_for_the_next_run() -> None:
    """The issue itself may still be on its way to us."""
    late = worklog(1, updated="2026-06-01T09:55:00.000+0000")
    pages, requests = pull("worklog_feed", feed([(1, NOW - 5 * MINUTE)], [late]), cursor=BEFORE, versions={"7": 5})
    assert wanted(pages) == []
    assert "list" not in [r.url.path.rpartition("/")[2] for r in requests]
    assert int(kept(pages) or 0) < NOW - 5 * MINUTE


@pytest.mark.trap("jira 13")
def test_deleted_worklogs_go_whatever_issue_they_were_of() -> None:
    pages, requests = pull(
        "worklog_feed", feed([], [], [(4, NOW - 9 * HOUR), (5, NOW - 8 * HOUR), (6, NOW - 7 * HOUR)]), cursor=BEFORE
    )
    gone = [own for page in pages for own in page.gone.get("time_entry", ())]
    assert sorted(set(gone)) == ["4", "5", "6"]
    assert {r.url.host for r in requests} == {"acme.atlassian.net"}


@pytest.mark.trap("jira 10")
def test_a_feed_that_does_not_move_on_is_an_error_and_no_loop() -> None:
    def answers(request: httpx.Request) -> Any:
        if not request.url.path.endswith("/updated"):
            return feed([], [])(request)
        values = [{"worklogId": 1, "updatedTime": int(BEFORE)}]
        return {"values": values, "until": int(BEFORE), "lastPage": False}

    with pytest.raises(PullError, match="updated worklogs: the cursor does not move on"):
        pull("worklog_feed", answers, cursor=BEFORE)


def test_a_refused_feed_is_reported_and_the_rest_continues() -> None:
    found: list[Finding] = []

    def answers(request: httpx.Request) -> Any:
        is_setting = request.url.path.endswith("/configuration")
        return {"timeTrackingEnabled": True} if is_setting else httpx.Response(403, json={})

    pages, _ = pull("worklog_feed", answers, cursor=BEFORE, found=found)
    assert "so some may be missing" in found[0].text
    assert kept(pages) == str(NOW - 10 * MINUTE)


def test_where_time_tracking_is_switched_off_nothing_is_promised() -> None:
    found: list[Finding] = []
    _, requests = pull("worklog_feed", lambda _: {"timeTrackingEnabled": False}, cursor=BEFORE, found=found)
    assert [(f.need, f.provides and f.provides.answer) for f in found] == [("time.entries", "no")]
    assert not [r for r in requests if "/worklog/" in r.url.path]


# the simulated site


def written(site: Site) -> list[tuple[Any, ...]]:
    return site.rows(
        "SELECT cast(t.native AS INTEGER), cast(e.native AS INTEGER), e.at, e.spent, p.native FROM time_entries e"
        " JOIN tickets t ON t.id = e.ticket JOIN people p ON p.id = e.agent ORDER BY 2"
    )


def true(made: World) -> list[tuple[Any, ...]]:
    """What the world says of tickets that are not deleted."""
    found = [
        (FIRST_ISSUE + number, entry.id, entry.at, entry.seconds * 1000, f"712020:{entry.agent}")
        for number, story in made.stories.items()
        for entry in entries(story, made.now)
        if entry.seconds
    ]
    return sorted(found, key=lambda row: row[1])


def day(*facts: Any, now: str = "fri 12:00") -> World:
    return world(opened("mon 09:00"), said("mon 10:00", ANN), spent("mon 10:00", ANN, 20), *facts, now=now)


@pytest.mark.trap("jira 13", "jira 27")
@pytest.mark.parametrize("silent", [False, True], ids=["issues_move", "issues_do_not_move"])
def test_what_is_corrected_or_deleted_later_is_so_in_the_store(tmp_path: Path, silent: bool) -> None:
    """Read on Tuesday, Wednesday and Thursday; if issues stay as they were, the feed tells of it an hour later."""
    made = day(
        said("tue 09:00", BEN), spent("tue 09:00", BEN, 7, 2), amended("tue 15:00", ANN, 35),
        spent("wed 09:00", BEN, 3, 3), amended("wed 16:00", BEN, 0, 2),
    )  # fmt: skip
    made.silent_hours = silent
    site = Site(tmp_path, made)
    seen, result = [], []
    for made.now in (at("tue 12:00"), at("wed 12:00"), at("thu 12:00")):
        results = site.sync()
        assert {r.outcome for r in results.values()} <= {"ok", "not_due"}
        seen.append([(own, spent // MINUTE) for _, own, _, spent, _ in written(site)])
        result += [f.text for f in results["worklog_feed"].findings]
    assert seen == [[(1, 20), (2, 7)], [(1, 35), (2, 7), (3, 3)], [(1, 35), (3, 3)]]
    assert written(site) == true(made)
    assert len(result) == (1 if silent else 0)


@pytest.mark.trap("jira 3")
@pytest.mark.parametrize("kind", ["cloud", "datacenter"])
def test_an_issue_with_many_worklogs_has_them_all_and_forgets_the_deleted_one(tmp_path: Path, kind: str) -> None:
    many = [spent(f"tue {8 + n // 60:02}:{n % 60:02}", BEN, n + 1, 100 + n) for n in range(25)]
    made = day(said("tue 08:00", BEN), *many, amended("wed 09:00", BEN, 0, 103), now="tue 12:00")
    site = Site(tmp_path, made, kind=kind)
    site.sync()
    assert len(written(site)) == 26
    made.now = at("wed 12:00")
    site.sync()
    assert [row[:4] for row in written(site)] == [row[:4] for row in true(made)]
    assert len(written(site)) == 25


def test_worklogs_that_cost_nothing_more_are_read_with_the_issues(tmp_path: Path) -> None:
    made = generate(5, tickets=60, hours=0.9)
    site = Site(tmp_path, made)
    site.sync()
    with_hours = dict(site.app.state.requests)
    assert written(site)
    plain = Site(tmp_path / "plain", generate(5, tickets=60))
    plain.folder.mkdir()
    plain.sync()
    assert with_hours == dict(plain.app.state.requests)


def test_time_that_is_not_tracked_is_said_by_check_and_by_sync_and_stays_said(tmp_path: Path) -> None:
    made = generate(5, tickets=20)
    made.plan_without = {"worklogs"}
    site = Site(tmp_path, made)
    [finding] = [f for f in site.check() if f.need == "time.entries"]
    assert (finding.level, finding.text) == ("note", "time tracking is off on this site")
    for later in (0, 20 * MINUTE):  # the second time the feed is not due
        made.now += later
        results = site.sync()
        assert site.rows("SELECT need, answer FROM limited_capabilities WHERE need = 'time.entries'") == [
            ("time.entries", "no")
        ]
    assert results["worklog_feed"].outcome == "not_due"
    made.plan_without = set()
    made.now += HOUR
    site.sync()
    assert site.rows("SELECT need FROM limited_capabilities WHERE need = 'time.entries'") == []


def test_check_says_that_worklogs_come(tmp_path: Path) -> None:
    [finding] = [f for f in Site(tmp_path, generate(5, tickets=20)).check() if f.about == "time"]
    assert finding.level == "ok"


# the simulator


def test_the_site_embeds_twenty_and_says_how_many_there_are() -> None:
    with client(day(*[spent(f"tue 08:{n:02}", BEN, 5, 100 + n) for n in range(24)])) as api:
        [row] = search(api, fields=["worklog"])
        embedded = row["fields"]["worklog"]
        assert (len(embedded["worklogs"]), embedded["total"], embedded["maxResults"]) == (20, 25, 20)
        assert set(embedded["worklogs"][0]) == {
            "self", "author", "updateAuthor", "created", "updated", "started", "timeSpent", "timeSpentSeconds", "id",
            "issueId",
        }  # fmt: skip
        page = ask(api, f"{API}/issue/{row['id']}/worklog", startAt=20, maxResults=3)
        assert [one["id"] for one in page["worklogs"]] == ["119", "120", "121"]
        assert page["total"] == 25
        assert "worklog" not in search(api, fields=["*navigable"])[0]["fields"]


def test_the_feed_has_pages_of_a_thousand_and_keeps_the_last_minute_back() -> None:
    base = at("tue 08:00")
    many = [spent("tue 08:00", BEN, 5, 100 + n) for n in range(1100)]
    many = [msgspec.structs.replace(fact, at=base + n * 1000) for n, fact in enumerate(many)]
    made = day(*many)
    made.now = base + 1099 * 1000 + 30_000
    with client(made) as api:
        first = ask(api, f"{API}/worklog/updated", since=base)
        assert (len(first["values"]), first["lastPage"], first["until"]) == (1000, False, base + 999_000)
        second = ask(api, f"{API}/worklog/updated", since=first["until"])
        assert second["values"][0] == first["values"][-1]
        assert (second["lastPage"], second["until"]) == (True, base + 1_069_000)
        assert ask(api, f"{API}/worklog/deleted", since=0)["values"] == []
        [found] = post(api, "worklog/list", ids=[100, 9999])
        assert (found["id"], found["timeSpentSeconds"], found["issueId"]) == ("100", 300, str(FIRST_ISSUE + 1))
        assert api.post(f"{API}/worklog/list", json={"ids": list(range(1001))}).status_code == 400
        assert ask(api, f"{API}/configuration")["timeTrackingEnabled"] is True
