"""The Jira face: its search, its caps and oddities, and that nothing later than now is shown."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from jira_client import API, BASIC, DESK, OPT_IN, OURS, ask, client, histories, items, keys, pages, post, search
from simulator_fixtures import ANN, BEN, CAROL, LEO, OTHER, TEAM, at, did, opened, said
from simulator_fixtures import world as by_hand

from helpdesk_kpi.simulator.clock import DAY
from helpdesk_kpi.simulator.desk import EMAIL
from helpdesk_kpi.simulator.facts import SYSTEM, Answered, Comment, Deleted, Offered, Touched, Update
from helpdesk_kpi.simulator.jira import app, settings, statuses
from helpdesk_kpi.simulator.jira_door import PERSONAL_TOKEN, SCOPED_TOKEN
from helpdesk_kpi.simulator.serve import serve
from helpdesk_kpi.simulator.truth import truth
from helpdesk_kpi.simulator.world import World, generate


@pytest.fixture(scope="module")
def world() -> World:
    return generate(3, tickets=400)


@pytest.fixture(scope="module")
def face(world: World) -> Iterator[httpx.Client]:
    with client(world) as made:
        yield made


# --- who may come in


def test_a_wrong_token_is_refused_and_the_server_says_what_it_is_to_anybody(world: World) -> None:
    with client(world, auth=httpx.BasicAuth(EMAIL, "no")) as face:
        refused = face.get(f"{API}/myself")
        assert (refused.status_code, refused.headers["x-seraph-loginreason"]) == (401, "AUTHENTICATED_FAILED")
        assert refused.json()["errorMessages"]
        assert face.get(f"{DESK}/organization").json()["errorMessage"]
        assert face.get("/wiki/api/v2/spaces").json()["statusCode"] == 401
        assert ask(face, f"{API}/serverInfo")["deploymentType"] == "Cloud"
        assert ask(face, "/_edge/tenant_info") == {"cloudId": "simulated-cloud"}


def test_a_scoped_token_is_good_behind_the_gateway_and_nowhere_else(world: World) -> None:
    with client(world, auth=httpx.BasicAuth(EMAIL, SCOPED_TOKEN)) as face:
        assert [face.get(path).status_code for path in (f"{API}/myself", f"{DESK}/servicedesk")] == [401, 401]
        for path in ("jira/simulated-cloud/rest/api/3/myself", "jira/simulated-cloud/rest/servicedeskapi/servicedesk",
                     "confluence/simulated-cloud/wiki/api/v2/spaces"):  # fmt: skip
            assert face.get(f"/ex/{path}").status_code == 200


def test_a_disguised_refusal_looks_like_success(world: World) -> None:
    with client(world, faults="disguise expire:2") as face:
        assert [face.get(f"{API}/myself").content != b"" for _ in range(3)] == [True, True, False]
        hidden = face.post(f"{API}/search/jql", json={"jql": "project = SUP"})
        assert (hidden.status_code, hidden.content) == (200, b"")
        assert hidden.headers["x-seraph-loginreason"] == "AUTHENTICATED_FAILED"


def test_bursts_are_refused_with_a_reason_and_every_second_time_in_html(world: World) -> None:
    seconds = [5.0]
    with client(world, limits=0.03, clock=lambda: seconds[0]) as face:
        answers = [face.get(f"{API}/myself") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert answers[2].headers["x-ratelimit-remaining"] == "0"
        assert {answer.headers["ratelimit-reason"] for answer in answers[3:]} == {"jira-burst-based"}
        assert [answer.headers["retry-after"] for answer in answers[3:]] == ["1", "1"]
        assert "json" in answers[3].headers["content-type"]
        assert "<html>" in answers[4].text
        assert face.get(f"{API}/status").status_code == 200  # each endpoint has its own
        seconds[0] += 1
        assert face.get(f"{API}/myself").status_code == 200


def test_a_used_up_quota_lasts_until_the_hour_is_over(world: World) -> None:
    with client(world, faults="quota:2", clock=lambda: 3000.0) as face:
        answers = [face.get(f"{API}/myself") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].headers["ratelimit-reason"] == "jira-quota-tenant-based"
        assert answers[2].headers["retry-after"] == "600"


def test_what_is_forbidden_is_refused_in_the_words_of_its_product(world: World) -> None:
    with client(world, faults="forbid:search forbid:organizations missing:pages") as face:
        refused = face.post(f"{API}/search/jql", json={"jql": "project = SUP"})
        assert (refused.status_code, set(refused.json())) == (403, {"errorMessages", "errors"})
        refused = face.get(f"{DESK}/organization")
        assert (refused.status_code, set(refused.json())) == (403, {"errorMessage", "i18nErrorMessage"})
        refused = face.get("/wiki/api/v2/pages")
        assert (refused.status_code, set(refused.json())) == (404, {"statusCode", "data", "message"})


def test_the_old_search_is_gone(face: httpx.Client) -> None:
    for path in (f"{API}/search", "/rest/api/2/search"):
        for gone in (face.get(path), face.post(path, json={"jql": "project = SUP"})):
            assert (gone.status_code, "CHANGE-2046" in gone.json()["errorMessages"][0]) == (410, True)


# --- search


def test_a_search_gives_every_issue_once_and_nothing_but_ids_unless_asked(face: httpx.Client, world: World) -> None:
    found = pages(face, maxResults=37)
    issues = [issue for page in found for issue in page["issues"]]
    assert {frozenset(issue) for issue in issues} == {frozenset({"id"})}
    seen = [story for story in world.stories.values() if story.deleted_at is None or story.deleted_at > world.now]
    assert len({issue["id"] for issue in issues}) == len(issues) == len(seen)
    assert {len(page["issues"]) for page in found[:-1]} == {37, 36}  # now and then fewer than asked
    last = [page.get("isLast") for page in found]
    assert None in last
    assert True in last[:-1]  # wrong: there was a token


def test_a_search_gives_the_fields_that_were_asked_for(face: httpx.Client) -> None:
    asked = {"fields": ["summary", "status", "nonsense"], "expand": "names,schema", "maxResults": 1}
    page = post(face, "search/jql", jql=OURS, **asked)
    (issue,) = page["issues"]
    assert set(issue["fields"]) == {"summary", "status"}
    assert page["schema"]["status"]["type"] == "status"
    assert set(page["names"]) == {"summary", "status"}
    everything = post(face, "search/jql", jql=OURS, fields=["*all", "-comment"], maxResults=1)["issues"][0]["fields"]
    assert "comment" not in everything
    assert {"customfield_10010", "customfield_10031", "customfield_10200"} <= set(everything)
    asked = {"jql": OURS, "fields": "summary,status", "maxResults": "1"}
    assert ask(face, f"{API}/search/jql", **asked)["issues"][0]["fields"] == issue["fields"]


def test_a_page_has_at_most_a_hundred_rows_with_fields_and_thousands_of_ids(face: httpx.Client) -> None:
    assert len(post(face, "search/jql", jql=OURS, maxResults=5000)["issues"]) > 300
    assert len(post(face, "search/jql", jql=OURS, maxResults=5000, fields=["summary"])["issues"]) == 100


def test_a_token_belongs_to_its_query_and_ends_after_a_week(world: World) -> None:
    seconds = [1000.0]
    with client(world, clock=lambda: seconds[0]) as face:
        token = post(face, "search/jql", jql=f"{OURS} AND updated >= 1", maxResults=5)["nextPageToken"]
        for jql, wait in ((f"{OURS} AND updated >= 2", 0), (f"{OURS} AND updated >= 1", 8 * 86400)):
            seconds[0] += wait
            refused = face.post(f"{API}/search/jql", json={"jql": jql, "nextPageToken": token})
            assert (refused.status_code, "token" in refused.json()["errorMessages"][0]) == (400, True)


@pytest.mark.parametrize(
    ("jql", "named"),
    [
        ("", "Unbounded"),
        ("ORDER BY updated ASC", "Unbounded"),
        ("project = ORDER", "'ORDER' is a reserved JQL word"),
        ("project = NOPE", "'NOPE'"),
        ("project = OLD", "'OLD'"),  # archived
        ("project = SUP OR project = ORDER", "'OR'"),
        ("project = SUP AND updated <= 5", "<="),
        ('project = SUP AND updated >= "2026-11-23 10:15:30"', "10:15:30"),
        ('project = SUP AND updated >= "2026-11-23 10:15 +0000"', "+0000"),
        ("project = SUP AND cf[10030] >= -1d", "cf[10030]"),
        ("project = SUP AND assignee = 5", "assignee"),
        ("project in SUP", "list in parentheses"),
        ("project = SUP ORDER BY rank", "rank"),
        ("project = SUP ORDER BY " + ", ".join(["id"] * 8), "7 fields"),
        ('project = "SUP', "cannot be read"),
    ],
)
def test_a_query_that_is_not_understood_is_an_error_that_names_it(face: httpx.Client, jql: str, named: str) -> None:
    for answer in (
        face.post(f"{API}/search/jql", json={"jql": jql}),
        face.post(f"{API}/search/approximate-count", json={"jql": jql}),
    ):
        assert answer.status_code == 400
        assert named in answer.json()["errorMessages"][0]


def test_words_that_the_search_does_not_know_are_refused(face: httpx.Client) -> None:
    for extra in ({"startAt": 50}, {"expand": ["names"]}, {"validateQuery": True}):
        answer = face.post(f"{API}/search/jql", json={"jql": OURS, **extra})
        assert (answer.status_code, "payload" in answer.json()["errorMessages"][0]) == (400, True)


def test_times_in_a_query_are_epoch_or_spans_or_minutes_in_the_zone_of_who_asks() -> None:
    made = by_hand(opened("mon 10:00", ticket=1), opened("mon 10:30", ticket=2), opened("mon 11:00", ticket=3))
    made.now = at("mon 12:00")
    with client(made, faults="zone:Asia/Kolkata") as face:
        assert ask(face, f"{API}/myself")["timeZone"] == "Asia/Kolkata"
        row = search(face, "id = SUP-2", fields=["updated"])[0]
        assert row["fields"]["updated"] == "2026-03-02T16:00:00.000+0530"
        two = ["SUP-2", "SUP-3"]
        # 16:00 in Kolkata is 10:30 UTC
        for time in (at("mon 10:30"), '"2026-03-02 16:00"', '"2026/03/02 16:00"', "-90m", '"-90m"'):
            assert keys(face, f"{OURS} AND updated >= {time} ORDER BY id ASC") == two
        assert keys(face, f"{OURS} AND updated >= 4102444800000") == []
        assert keys(face, f'{OURS} AND created > "2026-03-02 16:00"') == ["SUP-3"]
        assert keys(face, f"{OURS} AND updated >= 0 ORDER BY updated DESC") == ["SUP-3", "SUP-2", "SUP-1"]
        assert post(face, "search/approximate-count", jql=f"{OURS} AND updated >= -90m") == {"count": 2}


def test_a_query_filters_by_category_of_status_and_by_ids() -> None:
    made = by_hand(
        opened("mon 10:00", ticket=1),
        opened("mon 10:00", ticket=2), said("mon 11:00", ANN, ticket=2, status="pending"),
        opened("mon 10:00", ticket=3), said("mon 11:00", ANN, ticket=3, status="solved"),
    )  # fmt: skip
    with client(made) as face:
        assert keys(face, f"{OURS} AND statusCategory != Done ORDER BY id ASC") == ["SUP-1", "SUP-2"]
        assert keys(face, f'{OURS} AND statusCategory = "To Do"') == ["SUP-1"]
        assert keys(face, "id in (100001, 100003, 999) ORDER BY id ASC") == ["SUP-1", "SUP-3"]


def test_an_issue_that_changes_while_it_is_paged_comes_again(world: World) -> None:
    before = world.now
    try:
        world.now = before - 10 * DAY
        with client(world, faults="move:6h") as face:
            found = search(face, fields=["updated"], maxResults=10)
    finally:
        world.now = before
    stamps: dict[str, list[str]] = {}
    for issue in found:
        stamps.setdefault(issue["id"], []).append(issue["fields"]["updated"])
    assert any(len(set(times)) > 1 for times in stamps.values())


def test_the_index_lags_behind_what_single_issues_show() -> None:
    made = by_hand(opened("mon 10:00", ticket=1), said("mon 15:00", ANN, ticket=1), opened("mon 15:00", ticket=2))
    with client(made, faults="lag:2h") as face:
        made.now = at("mon 16:00")
        assert keys(face, f"{OURS} AND updated >= {at('mon 14:00')}") == []
        assert ask(face, f"{API}/issue/SUP-2")["fields"]["updated"].startswith("2026-03-02T15:00")
        made.now = at("mon 17:00")
        assert keys(face, f"{OURS} AND updated >= {at('mon 14:00')} ORDER BY id ASC") == ["SUP-1", "SUP-2"]


def test_a_project_that_is_no_desk_has_issues_of_its_own(face: httpx.Client) -> None:
    assert len(keys(face, "project = DEV")) == 2
    assert len(search(face, "updated >= 0")) == len(search(face)) + 2
    desks = ask(face, f"{API}/project/search", typeKey="service_desk")["values"]
    assert [project["key"] for project in desks] == ["SUP", "ORDER"]
    kinds = {project["key"]: project["projectTypeKey"] for project in ask(face, f"{API}/project/search")["values"]}
    assert kinds["DEV"] == "software"
    assert [p["key"] for p in ask(face, f"{API}/project/search", status="archived")["values"]] == ["OLD"]
    insight = ask(face, f"{API}/project/search", keys="DEV", expand="insight")["values"][0]["insight"]
    assert insight["totalIssueCount"] == 2
    first = ask(face, f"{API}/project/search", maxResults=2)
    second = face.get(first["nextPage"]).json()
    assert [len(first["values"]), first["isLast"], len(second["values"]), second["isLast"]] == [2, False, 1, True]


# --- issues, comments, histories


def test_embedded_comments_and_histories_are_cut_and_the_lists_are_not() -> None:
    talk = [
        said(f"tue {9 + i // 6:02}:{i % 6 * 10:02}", ANN, f"No. {i}", ticket=50, public=i % 2 == 0) for i in range(45)
    ]
    with client(by_hand(opened("mon 10:00", ticket=50), *talk)) as face:
        (issue,) = search(face, fields=["comment"], expand="changelog")
        embedded, log = issue["fields"]["comment"], issue["changelog"]
        assert (len(embedded["comments"]), embedded["total"]) == (20, 45)
        assert (len(log["histories"]), log["total"]) == (40, 45)
        times = [history["created"] for history in log["histories"]]
        assert times == sorted(times, reverse=True)
        path = f"{API}/issue/{issue['id']}/comment"
        found = [ask(face, path, startAt=start, maxResults=20) for start in (0, 20, 40)]
        comments = [comment for page in found for comment in page["comments"]]
        assert [page["total"] for page in found] == [45] * 3
        assert [c["body"]["content"][0]["content"][0]["text"] for c in comments] == [f"No. {i}" for i in range(45)]
        assert [comment["jsdPublic"] for comment in comments[:3]] == [True, False, True]
        assert not any("visibility" in comment for comment in comments)
        assert ask(face, path, orderBy="-created", maxResults=1)["comments"][0] == comments[-1]
        log = ask(face, f"{API}/issue/SUP-50/changelog", startAt=40)
        assert (len(log["values"]), log["total"], log["isLast"]) == (5, 45, True)


def test_histories_tell_what_changed_and_not_what_it_was_at_first() -> None:
    made = by_hand(
        opened("mon 10:00", by_trigger={"team": TEAM}, category="login"),
        said("mon 11:00", ANN, status="open", assignee=ANN),
        did("mon 12:00", ANN, team=OTHER, assignee=BEN, priority="high"),
        said("mon 13:00", BEN, status="solved"),
        did("fri 13:00", SYSTEM, status="closed", via="rule", rule="Close after 4 days"),
        said("fri 14:00", CAROL, status="open"),
    )
    with client(made) as face:
        assert items(face, "100001") == [
            ("Support team", None, "Team 100"),
            ("status", "Waiting for support", "In progress"), ("assignee", None, "P1"),
            ("Support team", "Team 100", "Team 200"), ("assignee", "P1", "P2"), ("priority", "Medium", "High"),
            ("status", "In progress", "Resolved"), ("resolution", None, "Done"),
            ("status", "Resolved", "Closed"),  # from done to done: the resolution stays
            ("status", "Closed", "In progress"), ("resolution", "Done", None),
        ]  # fmt: skip
        found = histories(face, "100001")
        assert [history["author"]["displayName"] for history in found] == [
            "Automation for Jira", "P1", "P1", "P2", "Automation for Jira", "P9",
        ]  # fmt: skip
        assert [history["author"]["accountType"] for history in found[:2]] == ["app", "atlassian"]
        assert items(face, "100001", "assignee") == [("assignee", None, "P1"), ("assignee", "P1", "P2")]
        team = histories(face, "100001", fieldIds=["customfield_10200"])[1]["items"][0]
        assert (team["from"], team["to"], team["fieldtype"]) == ("100", "200", "custom")


def test_the_resolution_comes_with_done_and_goes_with_a_reopening() -> None:
    made = by_hand(
        opened("mon 10:00"), said("mon 13:00", ANN, status="solved"),
        did("fri 13:00", SYSTEM, status="closed", via="rule", rule="Close after 4 days"),
        said("mon2 14:00", CAROL, status="open"),
    )  # fmt: skip
    with client(made) as face:
        for now, solved in (("mon 12:00", False), ("mon 14:00", True), ("fri 14:00", True), ("tue2 14:00", False)):
            made.now = at(now)
            fields = ask(face, f"{API}/issue/SUP-1")["fields"]
            assert (fields["resolution"] or {}).get("name") == ("Done" if solved else None)
            # a little before the history that tells it
            assert fields["resolutiondate"] == ("2026-03-02T12:59:59.970+0000" if solved else None)
        made.now = at("fri 14:00")
        assert ask(face, f"{API}/issue/SUP-1")["fields"]["statuscategorychangedate"] == "2026-03-02T13:00:00.000+0000"


def test_bulk_histories_come_in_order_and_one_issue_goes_over_pages() -> None:
    both = [(hour, ticket) for hour in range(11, 16) for ticket in (4, 6)]
    taken = [did(f"mon {hour}:00", ANN, ticket=ticket, assignee=(ANN, BEN)[hour % 2]) for hour, ticket in both]
    made = by_hand(opened("mon 10:00", ticket=4), opened("mon 10:00", ticket=6), *taken)
    with client(made) as face:
        ids = ["100004", "SUP-6", "100999"]  # the last one is not there, and nobody says so
        page = post(face, "changelog/bulkfetch", issueIdsOrKeys=ids, maxResults=3)
        assert [(log["issueId"], len(log["changeHistories"])) for log in page["issueChangeLogs"]] == [
            ("100004", 2), ("100006", 1),
        ]  # fmt: skip
        assert len(histories(face, *ids, maxResults=3)) == 10
        created = {type(history["created"]) for history in histories(face, "100004")}
        assert created == {int}  # as the vendor's own example has it
        assert histories(face, "100004")[0]["created"] == at("mon 11:00") // 1000
        assert histories(face, "100006")[0]["created"] == "2026-03-02T11:00:00.000+0000"
        wrongs: list[dict[str, object]] = [
            {"issueIdsOrKeys": []}, {"issueIdsOrKeys": ids * 400}, {"issueIdsOrKeys": ids, "fieldIds": ["a"] * 11},
            {"issueIdsOrKeys": ids, "maxResults": 10_001}, {"issueIdsOrKeys": ids, "nextPageToken": "no"},
        ]  # fmt: skip
        for wrong in wrongs:
            assert face.post(f"{API}/changelog/bulkfetch", json=wrong).status_code == 400


def test_links_to_elsewhere_are_noise_by_nobody(face: httpx.Client) -> None:
    noise = [h for h in histories(face, "101050") if h["items"][0]["field"] == "RemoteIssueLink"]
    assert len(noise) == 45
    assert not any("author" in history for history in noise)


def test_a_moved_issue_has_another_key_and_other_statuses_and_the_same_id() -> None:
    made = by_hand(opened("mon 10:00", ticket=17), did("mon 11:00", ANN, ticket=17, assignee=ANN),
                   said("tue 10:00", ANN, ticket=17))  # fmt: skip
    with client(made) as face:
        made.now = at("mon 12:00")
        before = ask(face, f"{API}/issue/ORDER-17")
        made.now = at("wed 10:00")
        for name in ("ORDER-17", "SUP-17", "100017"):
            after = ask(face, f"{API}/issue/{name}")
            assert (after["id"], after["key"]) == (before["id"], "SUP-17")
        was, now = before["fields"]["status"], after["fields"]["status"]
        assert was["name"] == now["name"]
        assert was["id"] != now["id"]
        assert was["scope"]["type"] == "PROJECT"
        assert items(face, "100017")[1:] == [
            ("status", "Waiting for support", "Waiting for support"), ("project", "Orders", "Support"),
            ("Key", "ORDER-17", "SUP-17"),
        ]  # fmt: skip
        assert (keys(face, 'project = "ORDER"'), keys(face, "project = SUP")) == ([], ["SUP-17"])


def test_a_deleted_issue_leaves_no_trace() -> None:
    made = by_hand(opened("mon 10:00", ticket=1), opened("mon 10:00", ticket=2),
                   Deleted(ticket=1, at=at("tue 10:00"), actor=ANN))  # fmt: skip
    with client(made) as face:
        made.now = at("mon 12:00")
        assert len(search(face)) == 2
        made.now = at("wed 10:00")
        assert keys(face, OURS) == ["SUP-2"]
        assert histories(face, "100001") == []
        gone = face.get(f"{API}/issue/SUP-1")
        assert (gone.status_code, gone.json()["errors"]) == (404, {})


def test_an_issue_behind_a_security_level_is_away_for_two_days() -> None:
    made = by_hand(opened("mon 10:00", ticket=23))
    with client(made) as face:
        for now, seen in (("thu 09:00", True), ("thu 11:00", False), ("sat 09:00", False), ("sat 11:00", True)):
            made.now = at(now)
            assert bool(keys(face, OURS)) is seen
            assert (face.get(f"{API}/issue/SUP-23").status_code == 200) is seen
        assert keys(face, f"{OURS} AND updated >= {at('sat 10:00')}") == ["SUP-23"]
        assert items(face, "SUP-23") == [("security", None, "Confidential"), ("security", "Confidential", None)]


def test_touching_moves_updated_and_a_rating_does_not() -> None:
    made = by_hand(
        opened("mon 10:00"), said("mon 11:00", ANN, status="solved"), Touched(ticket=1, at=at("mon 15:00")),
        Offered(survey=5, ticket=1, at=at("tue 11:00")),
        Answered(survey=5, ticket=1, at=at("wed 11:00"), ratings={"overall": 5}, comment="Good"),
        Answered(survey=5, ticket=1, at=at("thu 11:00"), ratings={"overall": 1}),
    )  # fmt: skip
    with client(made) as face:
        made.now = at("fri 11:00")
        fields = ask(face, f"{API}/issue/SUP-1")["fields"]
        assert fields["updated"] == "2026-03-02T15:00:00.000+0000"
        assert fields["customfield_10040"] == {"rating": 1, "scale": 5}  # the last answer wins
        assert fields["customfield_10041"] == "2026-03-05T11:00:00.000+0000"
        assert keys(face, f"{OURS} AND cf[10041] >= {at('thu 10:00')}") == ["SUP-1"]
        assert keys(face, f"{OURS} AND cf[10041] > {at('thu 11:00')}") == []
        path = f"{DESK}/request/SUP-1/feedback"
        made.now = at("wed 12:00")
        assert face.get(path).status_code == 412
        told = face.get(path, headers=OPT_IN).json()
        assert told == {"type": "csat", "rating": 5, "comment": {"body": "Good"}}
        made.now = at("tue 12:00")
        assert face.get(path, headers=OPT_IN).status_code == 404
        made.plan_without = {"csat"}
        assert face.get(path, headers=OPT_IN).status_code == 403
        made.now = at("fri 11:00")
        assert ask(face, f"{API}/issue/SUP-1")["fields"]["customfield_10041"] is None


def test_the_channel_is_a_property() -> None:
    made = by_hand(opened("mon 10:00", ticket=1, channel="email"), opened("mon 10:00", ticket=2),
                   opened("mon 10:00", ticket=3, submitter=ANN, channel="email"))  # fmt: skip
    with client(made) as face:
        found = search(face, properties=["request.channel.type", "other"], fields=["reporter", "creator"])
        assert [issue["properties"] for issue in found] == [
            {"request.channel.type": {"value": way}} for way in ("email", "portal", "jira")
        ]
        sent = found[2]["fields"]
        assert (sent["reporter"]["displayName"], sent["creator"]["displayName"]) == ("P9", "P1")
        assert face.post(f"{API}/search/jql", json={"jql": OURS, "fields": ["id", "key"], "properties": ["x"] * 6}
                         ).status_code == 400  # fmt: skip


def test_a_merge_is_a_duplicate_and_an_incident_has_its_problem() -> None:
    made = by_hand(
        opened("mon 10:00", ticket=1), opened("mon 10:30", ticket=2),
        Update(ticket=2, at=at("mon 11:00"), actor=ANN, comment=Comment("Merged."), changes={"status": "closed"},
               merged_into=1),
        opened("mon 12:00", ticket=3, problem=1),
    )  # fmt: skip
    with client(made) as face:
        lost = ask(face, f"{API}/issue/SUP-2")["fields"]
        assert lost["resolution"]["name"] == "Duplicate"
        (link,) = lost["issuelinks"]
        assert (link["type"]["outward"], link["outwardIssue"]["key"]) == ("duplicates", "SUP-1")
        (link,) = ask(face, f"{API}/issue/SUP-3")["fields"]["issuelinks"]
        assert (link["type"]["inward"], link["inwardIssue"]["key"]) == ("is caused by", "SUP-1")


def test_solves_are_told_by_statuses_and_resolutions_as_they_happened(face: httpx.Client, world: World) -> None:
    """Every way into done of every issue that can be seen, against what the world knows of itself."""
    done = {row["id"] for row in ask(face, f"{API}/status") if row["statusCategory"]["key"] == "done"}
    ids = [issue["id"] for issue in search(face)]
    log = [item for history in histories(face, *ids, fieldIds=["status"], maxResults=997) for item in history["items"]]
    solves = sum(item["to"] in done and item["from"] not in done for item in log)
    resolved = [item for h in histories(face, *ids, fieldIds=["resolution"]) for item in h["items"]]
    assert sum(item["to"] is not None for item in resolved) == solves
    seen = [s for s in world.stories.values() if s.deleted_at is None or s.deleted_at > world.now]
    assert solves == sum(
        save.changes.get("status") in {"solved", "closed"} and save.before.get("status") not in {"solved", "closed"}
        for story in seen
        for save in story.saves
        if save.at <= world.now
    )
    assert solves >= len({row.ticket for row in truth(world, "full_resolution_time") if row.end}) > 250


# --- people, fields, statuses


def test_people_are_known_by_their_kind_of_account(world: World) -> None:
    with client(world) as face:
        people = ask(face, f"{API}/users/search", maxResults=1000)
    kinds = {person["accountType"] for person in people}
    assert kinds == {"atlassian", "app", "customer"}
    assert {True, False} == {person["active"] for person in people}
    assert {True, False} == {"emailAddress" in person for person in people}
    portal = [person for person in people if person["accountId"].startswith("qm:")]
    assert portal
    assert {person["accountType"] for person in portal} == {"customer"}
    assert len({person["accountId"] for person in people}) == len(people)


def test_who_has_left_is_still_there_and_not_active() -> None:
    made = by_hand(opened("mon 10:00", ticket=1), said("mon 11:00", LEO, ticket=1))
    with client(made) as face:
        for now, active in (("wed 10:00", True), ("fri 10:00", False)):
            made.now = at(now)
            (comment,) = ask(face, f"{API}/issue/SUP-1/comment")["comments"]
            leo = comment["author"]
            assert (leo["active"], leo["accountType"]) == (active, "atlassian")
            (shown,) = search(face, fields=["comment"])
            assert shown["fields"]["comment"]["comments"][0]["author"] == leo
            assert ask(face, f"{API}/user", accountId=leo["accountId"])["active"] is active
            bulk = ask(face, f"{API}/user/bulk", accountId=leo["accountId"])["values"]
            assert [person["displayName"] for person in bulk] == ["P3"]


def test_fields_are_known_by_their_kind_and_some_names_mislead(world: World) -> None:
    with client(generate(3, tickets=12, locale="zh")) as face:
        chinese = {row["id"]: row for row in ask(face, f"{API}/field")}
        assert {row["name"] for row in ask(face, f"{API}/status")} >= {"等待客户", "已解决"}
    with client(world) as face:
        fields = {row["id"]: row for row in ask(face, f"{API}/field")}
    kind = "com.atlassian.servicedesk:sd-sla-field"
    slas = [row for row in fields.values() if row["schema"].get("custom") == kind]
    assert [row["name"] for row in slas if "resolution" in row["name"]] == [
        "Time to resolution", "Time to close after resolution", "Time to vendor resolution",
    ]  # fmt: skip
    assert chinese["customfield_10031"]["name"] == "解决时间"
    assert chinese["customfield_10031"]["schema"] == fields["customfield_10031"]["schema"]
    assert "cf[10041]" in fields["customfield_10041"]["clauseNames"]


def test_a_team_managed_project_has_statuses_with_the_same_names(face: httpx.Client) -> None:
    rows = ask(face, f"{API}/status")
    assert len({row["name"] for row in rows}) * 2 == len({row["id"] for row in rows}) == len(rows)
    assert {row["name"]: row["statusCategory"]["key"] for row in rows} == {
        "Waiting for support": "new", "In progress": "indeterminate", "Waiting for customer": "indeterminate",
        "Pending": "indeterminate", "Resolved": "done", "Closed": "done",
    }  # fmt: skip


def test_odd_values_occur(face: httpx.Client) -> None:
    found = [issue["fields"] for issue in search(face, fields=["customfield_10300", "customfield_10034"])]
    values = {fields.get("customfield_10300", "absent") for fields in found}
    assert values == {None, "absent", "51502-10-05T02:00:00.000+0200"}
    assert ask(face, f"{API}/priority/search")["total"] == 5
    assert len(ask(face, f"{API}/resolution")) == ask(face, f"{API}/resolution/search")["total"] == 3
    assert ask(face, f"{API}/issuetype")


# --- the whole


def test_settings_name_the_connector_and_hold_the_secrets() -> None:
    made = by_hand(opened("mon 10:00"))
    cloud = settings(made, "http://here")
    assert (cloud["connector"], cloud["url"]) == ("jira_service_management", "http://here")
    assert cloud["severity"] == {"Highest": "P0", "High": "P1", "Medium": "P2", "Low": "P3"}
    assert settings(made, "http://here", kind="gateway")["auth"]["token"] != cloud["auth"]["token"]
    assert settings(made, "http://here", kind="gateway")["gateway"] == "http://here"
    assert settings(made, "http://here", kind="datacenter")["auth"] == {"personal_token": PERSONAL_TOKEN}
    with client(made) as face:
        fields = {row["id"] for row in ask(face, f"{API}/field")}
        assert {cloud["team_field"], cloud["category"], *cloud["keep_fields"], *cloud["sla"]} <= fields
        group = cloud["agents"][0].removeprefix("group:")
        made.now = at("fri 12:00")
        for everybody, names in (("true", ["P1", "P2", "P3"]), ("false", ["P1", "P2"])):
            asked = {"groupId": group, "includeInactiveUsers": everybody}
            members = ask(face, f"{API}/group/member", **asked)["values"]
            assert [member["displayName"] for member in members] == names
        assert face.get(f"{API}/group/member", params={"groupId": "other"}).status_code == 404
        labels = {row["id"]: row["name"] for row in ask(face, f"{API}/status")}
        assert {(labels[own], state) for own, state in statuses().items()} == {
            ("Waiting for customer", "pending"), ("Pending", "hold"), ("Closed", "closed"),
        }  # fmt: skip


def test_an_empty_desk_answers_everywhere() -> None:
    with client(generate(1, tickets=10, empty=True)) as face:
        assert search(face) == []
        assert histories(face, "100001") == []
        for path in ("field", "status", "users/search", "project/search?expand=insight"):
            face.get(f"{API}/{path}").raise_for_status()


def test_nothing_that_is_later_than_now_is_told(world: World) -> None:
    before, early = world.now, world.desk.start + 60 * DAY
    try:
        world.now = early
        with client(world, faults="zone:UTC") as face:
            found = search(face, fields=["*all"], maxResults=100)
            log = histories(face, *(issue["id"] for issue in found))
    finally:
        world.now = before
    assert 50 < len(found) < len(world.stories)
    stamps = [issue["fields"]["updated"] for issue in found]
    stamps += [comment["created"] for issue in found for comment in issue["fields"]["comment"]["comments"]]
    stamps += [history["created"] for history in log if isinstance(history["created"], str)]
    assert max(stamps) <= _utc(early)
    assert {type(history["created"]) for history in log} == {int, str}
    assert max(history["created"] for history in log if isinstance(history["created"], int)) <= early // 1000


def _utc(instant: int) -> str:
    return datetime.fromtimestamp(instant / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def test_warming_makes_the_same_rows(world: World) -> None:
    made = app(world, limits=False)
    with serve(made) as server, httpx.Client(base_url=server.url, auth=BASIC) as cold:
        first = search(cold, fields=["*all"])
    made = app(world, limits=False)
    with serve(made) as server, httpx.Client(base_url=server.url, auth=BASIC) as warm:
        made.state.warm(server.url)
        assert [i["id"] for i in search(warm, fields=["*all"])] == [i["id"] for i in first]
        assert made.state.requests["search"] >= 4
        assert made.state.world is world
