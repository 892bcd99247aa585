"""The simulated Jira API: issues with their comments and histories."""

from collections.abc import Iterator

import httpx
import pytest
from jira_client import API, DESK, OPT_IN, OURS, ask, client, histories, items, keys, post, search
from oracle.truth import truth
from simulator_fixtures import ANN, BEN, CAROL, OTHER, TEAM, at, did, opened, said
from simulator_fixtures import world as by_hand

from helpdesk_kpi.simulator.world.facts import SYSTEM, Answered, Comment, Created, Deleted, Offered, Update, Viewed
from helpdesk_kpi.simulator.world.world import World, generate


@pytest.fixture(scope="module")
def world() -> World:
    return generate(3, tickets=400)


@pytest.fixture(scope="module")
def api(world: World) -> Iterator[httpx.Client]:
    with client(world) as made:
        yield made


def test_embedded_comments_and_histories_are_cut_and_the_lists_are_not() -> None:
    talk = [
        said(f"tue {9 + i // 6:02}:{i % 6 * 10:02}", ANN, f"No. {i}", ticket=50, public=i % 2 == 0) for i in range(45)
    ]
    with client(by_hand(opened("mon 10:00", ticket=50), *talk)) as api:
        (issue,) = search(api, fields=["comment"], expand="changelog")
        embedded, log = issue["fields"]["comment"], issue["changelog"]
        assert (len(embedded["comments"]), embedded["total"]) == (20, 45)
        assert (len(log["histories"]), log["total"]) == (40, 45)
        times = [history["created"] for history in log["histories"]]
        assert times == sorted(times, reverse=True)
        path = f"{API}/issue/{issue['id']}/comment"
        found = [ask(api, path, startAt=start, maxResults=20) for start in (0, 20, 40)]
        comments = [comment for page in found for comment in page["comments"]]
        assert [page["total"] for page in found] == [45] * 3
        assert [c["body"]["content"][0]["content"][0]["text"] for c in comments] == [f"No. {i}" for i in range(45)]
        assert [comment["jsdPublic"] for comment in comments[:3]] == [True, False, True]
        assert not any("visibility" in comment for comment in comments)
        assert ask(api, path, orderBy="-created", maxResults=1)["comments"][0] == comments[-1]
        log = ask(api, f"{API}/issue/SUP-50/changelog", startAt=40)
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
    with client(made) as api:
        assert items(api, "100001") == [
            ("Support team", None, "Team 100"),
            ("status", "Waiting for support", "In progress"), ("assignee", None, "P1"),
            ("Support team", "Team 100", "Team 200"), ("assignee", "P1", "P2"), ("priority", "Medium", "High"),
            ("status", "In progress", "Resolved"), ("resolution", None, "Done"),
            ("status", "Resolved", "Closed"),  # from done to done: the resolution stays
            ("status", "Closed", "In progress"), ("resolution", "Done", None),
        ]  # fmt: skip
        found = histories(api, "100001")
        assert [history["author"]["displayName"] for history in found] == [
            "Automation for Jira", "P1", "P1", "P2", "Automation for Jira", "P9",
        ]  # fmt: skip
        assert [history["author"]["accountType"] for history in found[:2]] == ["app", "atlassian"]
        assert items(api, "100001", "assignee") == [("assignee", None, "P1"), ("assignee", "P1", "P2")]
        team = histories(api, "100001", fieldIds=["customfield_10200"])[1]["items"][0]
        assert (team["from"], team["to"], team["fieldtype"]) == ("100", "200", "custom")


def test_the_resolution_comes_with_done_and_goes_with_a_reopening() -> None:
    made = by_hand(
        opened("mon 10:00"), said("mon 13:00", ANN, status="solved"),
        did("fri 13:00", SYSTEM, status="closed", via="rule", rule="Close after 4 days"),
        said("mon2 14:00", CAROL, status="open"),
    )  # fmt: skip
    with client(made) as api:
        for now, solved in (("mon 12:00", False), ("mon 14:00", True), ("fri 14:00", True), ("tue2 14:00", False)):
            made.now = at(now)
            fields = ask(api, f"{API}/issue/SUP-1")["fields"]
            assert (fields["resolution"] or {}).get("name") == ("Done" if solved else None)
            # a little before the history that tells it
            assert fields["resolutiondate"] == ("2026-03-02T12:59:59.970+0000" if solved else None)
        made.now = at("fri 14:00")
        assert ask(api, f"{API}/issue/SUP-1")["fields"]["statuscategorychangedate"] == "2026-03-02T13:00:00.000+0000"


def test_bulk_histories_come_in_order_and_one_issue_goes_over_pages() -> None:
    both = [(hour, ticket) for hour in range(11, 16) for ticket in (4, 6)]
    taken = [did(f"mon {hour}:00", ANN, ticket=ticket, assignee=(ANN, BEN)[hour % 2]) for hour, ticket in both]
    made = by_hand(opened("mon 10:00", ticket=4), opened("mon 10:00", ticket=6), *taken)
    with client(made) as api:
        ids = ["100004", "SUP-6", "100999"]  # the last one is not there, and nobody says so
        page = post(api, "changelog/bulkfetch", issueIdsOrKeys=ids, maxResults=3)
        assert [(log["issueId"], len(log["changeHistories"])) for log in page["issueChangeLogs"]] == [
            ("100004", 2), ("100006", 1),
        ]  # fmt: skip
        assert len(histories(api, *ids, maxResults=3)) == 10
        created = {type(history["created"]) for history in histories(api, "100004")}
        assert created == {int}  # as the vendor's own example has it
        assert histories(api, "100004")[0]["created"] == at("mon 11:00") // 1000
        assert histories(api, "100006")[0]["created"] == "2026-03-02T11:00:00.000+0000"
        wrongs: list[dict[str, object]] = [
            {"issueIdsOrKeys": []}, {"issueIdsOrKeys": ids * 400}, {"issueIdsOrKeys": ids, "fieldIds": ["a"] * 11},
            {"issueIdsOrKeys": ids, "maxResults": 10_001}, {"issueIdsOrKeys": ids, "nextPageToken": "no"},
        ]  # fmt: skip
        for wrong in wrongs:
            assert api.post(f"{API}/changelog/bulkfetch", json=wrong).status_code == 400


def test_links_to_elsewhere_are_noise_by_nobody(api: httpx.Client) -> None:
    noise = [h for h in histories(api, "101050") if h["items"][0]["field"] == "RemoteIssueLink"]
    assert len(noise) == 45
    assert not any("author" in history for history in noise)


def test_a_moved_issue_has_another_key_and_other_statuses_and_the_same_id() -> None:
    made = by_hand(opened("mon 10:00", ticket=17), did("mon 11:00", ANN, ticket=17, assignee=ANN),
                   said("tue 10:00", ANN, ticket=17))  # fmt: skip
    with client(made) as api:
        made.now = at("mon 12:00")
        before = ask(api, f"{API}/issue/ORDER-17")
        made.now = at("wed 10:00")
        for name in ("ORDER-17", "SUP-17", "100017"):
            after = ask(api, f"{API}/issue/{name}")
            assert (after["id"], after["key"]) == (before["id"], "SUP-17")
        was, now = before["fields"]["status"], after["fields"]["status"]
        assert was["name"] == now["name"]
        assert was["id"] != now["id"]
        assert was["scope"]["type"] == "PROJECT"
        assert items(api, "100017")[1:] == [
            ("status", "Waiting for support", "Waiting for support"), ("project", "Orders", "Support"),
            ("Key", "ORDER-17", "SUP-17"),
        ]  # fmt: skip
        assert (keys(api, 'project = "ORDER"'), keys(api, "project = SUP")) == ([], ["SUP-17"])


def test_a_deleted_issue_leaves_no_trace() -> None:
    made = by_hand(opened("mon 10:00", ticket=1), opened("mon 10:00", ticket=2),
                   Deleted(ticket=1, at=at("tue 10:00"), actor=ANN))  # fmt: skip
    with client(made) as api:
        made.now = at("mon 12:00")
        assert len(search(api)) == 2
        made.now = at("wed 10:00")
        assert keys(api, OURS) == ["SUP-2"]
        assert histories(api, "100001") == []
        gone = api.get(f"{API}/issue/SUP-1")
        assert (gone.status_code, gone.json()["errors"]) == (404, {})


def test_an_issue_behind_a_security_level_is_away_for_two_days() -> None:
    made = by_hand(opened("mon 10:00", ticket=23))
    with client(made) as api:
        for now, seen in (("thu 09:00", True), ("thu 11:00", False), ("sat 09:00", False), ("sat 11:00", True)):
            made.now = at(now)
            assert bool(keys(api, OURS)) is seen
            assert (api.get(f"{API}/issue/SUP-23").status_code == 200) is seen
        assert keys(api, f"{OURS} AND updated >= {at('sat 10:00')}") == ["SUP-23"]
        assert items(api, "SUP-23") == [("security", None, "Confidential"), ("security", "Confidential", None)]


def test_touching_moves_updated_and_a_rating_does_not() -> None:
    made = by_hand(
        opened("mon 10:00"), said("mon 11:00", ANN, status="solved"), Viewed(ticket=1, at=at("mon 15:00")),
        Offered(survey=5, ticket=1, at=at("tue 11:00")),
        Answered(survey=5, ticket=1, at=at("wed 11:00"), ratings={"overall": 5}, comment="Good"),
        Answered(survey=5, ticket=1, at=at("thu 11:00"), ratings={"overall": 1}),
    )  # fmt: skip
    with client(made) as api:
        made.now = at("fri 11:00")
        fields = ask(api, f"{API}/issue/SUP-1")["fields"]
        assert fields["updated"] == "2026-03-02T15:00:00.000+0000"
        assert fields["customfield_10040"] == {"rating": 1, "scale": 5}  # the last answer wins
        assert fields["customfield_10041"] == "2026-03-05T11:00:00.000+0000"
        assert keys(api, f"{OURS} AND cf[10041] >= {at('thu 10:00')}") == ["SUP-1"]
        assert keys(api, f"{OURS} AND cf[10041] > {at('thu 11:00')}") == []
        path = f"{DESK}/request/SUP-1/feedback"
        made.now = at("wed 12:00")
        assert api.get(path).status_code == 412
        feedback = api.get(path, headers=OPT_IN).json()
        assert feedback == {"type": "csat", "rating": 5, "comment": {"body": "Good"}}
        made.now = at("tue 12:00")
        assert api.get(path, headers=OPT_IN).status_code == 404
        made.plan_without = {"csat"}
        assert api.get(path, headers=OPT_IN).status_code == 403
        made.now = at("fri 11:00")
        assert ask(api, f"{API}/issue/SUP-1")["fields"]["customfield_10041"] is None


def test_the_channel_is_a_property() -> None:
    made = by_hand(opened("mon 10:00", ticket=1, channel="email"), opened("mon 10:00", ticket=2),
                   opened("mon 10:00", ticket=3, submitter=ANN, channel="email"))  # fmt: skip
    with client(made) as api:
        found = search(api, properties=["request.channel.type", "other"], fields=["reporter", "creator"])
        assert [issue["properties"] for issue in found] == [
            {"request.channel.type": {"value": way}} for way in ("email", "portal", "jira")
        ]
        sent = found[2]["fields"]
        assert (sent["reporter"]["displayName"], sent["creator"]["displayName"]) == ("P9", "P1")
        assert api.post(f"{API}/search/jql", json={"jql": OURS, "fields": ["id", "key"], "properties": ["x"] * 6}
                         ).status_code == 400  # fmt: skip


def test_a_merge_is_a_duplicate_and_an_incident_has_its_problem() -> None:
    made = by_hand(
        opened("mon 10:00", ticket=1), opened("mon 10:30", ticket=2),
        Update(ticket=2, at=at("mon 11:00"), actor=ANN, comment=Comment("Merged."), changes={"status": "closed"},
               merged_into=1),
        opened("mon 12:00", ticket=3, problem=1),
    )  # fmt: skip
    with client(made) as api:
        lost = ask(api, f"{API}/issue/SUP-2")["fields"]
        assert lost["resolution"]["name"] == "Duplicate"
        (link,) = lost["issuelinks"]
        assert (link["type"]["outward"], link["outwardIssue"]["key"]) == ("duplicates", "SUP-1")
        (link,) = ask(api, f"{API}/issue/SUP-3")["fields"]["issuelinks"]
        assert (link["type"]["inward"], link["inwardIssue"]["key"]) == ("is caused by", "SUP-1")


def test_statuses_and_resolutions_show_solves_as_they_happened(api: httpx.Client, world: World) -> None:
    """Every way into done of every issue that can be seen, against what the world knows of itself."""
    done = {row["id"] for row in ask(api, f"{API}/status") if row["statusCategory"]["key"] == "done"}
    ids = [issue["id"] for issue in search(api)]
    log = [item for history in histories(api, *ids, fieldIds=["status"], maxResults=997) for item in history["items"]]
    solves = sum(item["to"] in done and item["from"] not in done for item in log)
    resolved = [item for h in histories(api, *ids, fieldIds=["resolution"]) for item in h["items"]]
    assert sum(item["to"] is not None for item in resolved) == solves
    seen = [s for s in world.stories.values() if s.deleted_at is None or s.deleted_at > world.now]
    assert solves == sum(
        save.changes.get("status") in {"solved", "closed"} and save.before.get("status") not in {"solved", "closed"}
        for story in seen
        for save in story.saves
        if save.at <= world.now
    )
    assert solves >= len({row.ticket for row in truth(world, "full_resolution_time") if row.end}) > 250


def test_a_single_issue_gives_what_a_search_gives(api: httpx.Client) -> None:
    (row,) = search(api, "id = SUP-1003", fields=["*all"], expand="changelog", properties=["request.channel.type"])
    single = ask(api, f"{API}/issue/{row['id']}", expand="changelog", properties="request.channel.type")
    assert single == row
    assert set(ask(api, f"{API}/issue/SUP-1003", fields="summary")["fields"]) == {"summary"}
    for path in ("issue/NO-1", "issue/NO-1/comment", "issue/NO-1/changelog", "project/NO"):
        assert api.get(f"{API}/{path}").status_code == 404
    assert ask(api, f"{API}/project/ORDER")["style"] == "next-gen"


def test_kinds_and_forms_of_tickets_are_types_and_request_types() -> None:
    made = by_hand(
        opened("mon 10:00", type="question", form=7), did("mon 11:00", ANN, type="incident"),
        did("mon 12:00", ANN, form=8), did("mon 13:00", ANN, type=None, category="odd"), did("mon 14:00", ANN, brand=3),
    )  # fmt: skip
    with client(made) as api:
        assert items(api, "100001") == [
            ("issuetype", "Service request", "Incident"), ("Request Type", "Form 7", "Form 8"),
            ("issuetype", "Incident", "Service request"), ("Category", None, "odd"),
        ]  # fmt: skip
        fields = ask(api, f"{API}/issue/SUP-1")["fields"]
        assert (fields["issuetype"]["name"], fields["customfield_10201"]["value"]) == ("Service request", "odd")
        assert fields["customfield_10010"]["requestType"]["name"] == "Form 8"


def test_some_closings_by_the_rules_do_not_say_who_it_was() -> None:
    solved = [said("mon 13:00", ANN, ticket=n, status="solved") for n in (7, 8)]
    closed = [did("fri 13:00", SYSTEM, ticket=n, status="closed", via="rule", rule="Close") for n in (7, 8)]
    with client(by_hand(opened("mon 10:00", ticket=7), opened("mon 10:00", ticket=8), *solved, *closed)) as api:
        assert ["author" in h for h in histories(api, "SUP-7")] == [True, False]
        assert ["author" in h for h in histories(api, "SUP-8")] == [True, True]


def test_a_rule_may_write_and_an_empty_text_has_no_body() -> None:
    made = by_hand(
        Created(ticket=1, at=at("mon 10:00"), requester=CAROL,
                comment=Comment("One\ntwo\n\nthree", dressing="\n\n-- \nCarol")),
        Update(ticket=1, at=at("mon 11:00"), actor=SYSTEM, via="rule", rule="Say hello", comment=Comment("")),
    )  # fmt: skip
    with client(made) as api:
        (comment,) = ask(api, f"{API}/issue/SUP-1/comment")["comments"]
        assert (comment["body"], comment["author"]["displayName"]) == (None, "Automation for Jira")
        text = ask(api, f"{API}/issue/SUP-1")["fields"]["description"]
        assert [block["content"] for block in text["content"]] == [
            [{"type": "text", "text": "One"}, {"type": "hardBreak"}, {"type": "text", "text": "two"}],
            [{"type": "text", "text": "three"}],
            [{"type": "text", "text": "-- "}, {"type": "hardBreak"}, {"type": "text", "text": "Carol"}],
        ]  # fmt: skip
