"""The simulated Jira API: authentication and lists; nothing later than now is shown."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from jira_client import API, BASIC, DESK, ask, client, histories, search
from simulator_fixtures import LEO, at, opened, said
from simulator_fixtures import world as by_hand

from helpdesk_kpi.simulator.jira.app import TELLABLE, app, bots, settings, statuses
from helpdesk_kpi.simulator.jira.auth import PERSONAL_TOKEN, SCOPED_TOKEN
from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.simulator.world.clock import DAY
from helpdesk_kpi.simulator.world.support_desk import EMAIL
from helpdesk_kpi.simulator.world.world import World, generate


@pytest.fixture(scope="module")
def world() -> World:
    return generate(3, tickets=400)


@pytest.fixture(scope="module")
def api(world: World) -> Iterator[httpx.Client]:
    with client(world) as made:
        yield made


# --- who may come in


def test_a_wrong_token_is_refused_and_the_server_says_what_it_is_to_anybody(world: World) -> None:
    with client(world, auth=httpx.BasicAuth(EMAIL, "no")) as api:
        refused = api.get(f"{API}/myself")
        assert (refused.status_code, refused.headers["x-seraph-loginreason"]) == (401, "AUTHENTICATED_FAILED")
        assert refused.json()["errorMessages"]
        assert api.get(f"{DESK}/organization").json()["errorMessage"]
        assert api.get("/wiki/api/v2/spaces").json()["statusCode"] == 401
        assert ask(api, f"{API}/serverInfo")["deploymentType"] == "Cloud"
        assert ask(api, "/_edge/tenant_info") == {"cloudId": "simulated-cloud"}


def test_a_scoped_token_is_good_behind_the_gateway_and_nowhere_else(world: World) -> None:
    with client(world, auth=httpx.BasicAuth(EMAIL, SCOPED_TOKEN)) as api:
        assert [api.get(path).status_code for path in (f"{API}/myself", f"{DESK}/servicedesk")] == [401, 401]
        for path in ("jira/simulated-cloud/rest/api/3/myself", "jira/simulated-cloud/rest/servicedeskapi/servicedesk",
                     "confluence/simulated-cloud/wiki/api/v2/spaces"):  # fmt: skip
            assert api.get(f"/ex/{path}").status_code == 200


def test_a_disguised_refusal_looks_like_success(world: World) -> None:
    with client(world, faults="disguise expire:2") as api:
        assert [api.get(f"{API}/myself").content != b"" for _ in range(3)] == [True, True, False]
        hidden = api.post(f"{API}/search/jql", json={"jql": "project = SUP"})
        assert (hidden.status_code, hidden.content) == (200, b"")
        assert hidden.headers["x-seraph-loginreason"] == "AUTHENTICATED_FAILED"


def test_bursts_are_refused_with_a_reason_and_every_second_time_in_html(world: World) -> None:
    seconds = [5.0]
    with client(world, limits=0.03, clock=lambda: seconds[0]) as api:
        answers = [api.get(f"{API}/myself") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert answers[2].headers["x-ratelimit-remaining"] == "0"
        assert {answer.headers["ratelimit-reason"] for answer in answers[3:]} == {"jira-burst-based"}
        assert [answer.headers["retry-after"] for answer in answers[3:]] == ["1", "1"]
        assert "json" in answers[3].headers["content-type"]
        assert "<html>" in answers[4].text
        assert api.get(f"{API}/status").status_code == 200  # each endpoint has its own
        seconds[0] += 1
        assert api.get(f"{API}/myself").status_code == 200


def test_a_used_up_quota_lasts_until_the_hour_is_over(world: World) -> None:
    with client(world, faults="quota:2", clock=lambda: 3000.0) as api:
        answers = [api.get(f"{API}/myself") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].headers["ratelimit-reason"] == "jira-quota-tenant-based"
        assert answers[2].headers["retry-after"] == "600"


def test_what_is_forbidden_is_refused_in_the_words_of_its_product(world: World) -> None:
    with client(world, faults="forbid:search forbid:organizations missing:pages") as api:
        refused = api.post(f"{API}/search/jql", json={"jql": "project = SUP"})
        assert (refused.status_code, set(refused.json())) == (403, {"errorMessages", "errors"})
        refused = api.get(f"{DESK}/organization")
        assert (refused.status_code, set(refused.json())) == (403, {"errorMessage", "i18nErrorMessage"})
        refused = api.get("/wiki/api/v2/pages")
        assert (refused.status_code, set(refused.json())) == (404, {"statusCode", "data", "message"})


def test_the_old_search_is_gone(api: httpx.Client) -> None:
    for path in (f"{API}/search", "/rest/api/2/search"):
        for gone in (api.get(path), api.post(path, json={"jql": "project = SUP"})):
            assert (gone.status_code, "CHANGE-2046" in gone.json()["errorMessages"][0]) == (410, True)


# --- people, fields, statuses


def test_people_are_known_by_their_kind_of_account(world: World) -> None:
    with client(world) as api:
        people = ask(api, f"{API}/users/search", maxResults=1000)
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
    with client(made) as api:
        for now, active in (("wed 10:00", True), ("fri 10:00", False)):
            made.now = at(now)
            (comment,) = ask(api, f"{API}/issue/SUP-1/comment")["comments"]
            leo = comment["author"]
            assert (leo["active"], leo["accountType"]) == (active, "atlassian")
            (shown,) = search(api, fields=["comment"])
            assert shown["fields"]["comment"]["comments"][0]["author"] == leo
            assert ask(api, f"{API}/user", accountId=leo["accountId"])["active"] is active
            bulk = ask(api, f"{API}/user/bulk", accountId=leo["accountId"])["values"]
            assert [person["displayName"] for person in bulk] == ["P3"]


def test_fields_are_known_by_their_kind_and_some_names_mislead(world: World) -> None:
    with client(generate(3, tickets=12, locale="zh")) as api:
        chinese = {row["id"]: row for row in ask(api, f"{API}/field")}
        assert {row["name"] for row in ask(api, f"{API}/status")} >= {"等待客户", "已解决"}
    with client(world) as api:
        fields = {row["id"]: row for row in ask(api, f"{API}/field")}
    kind = "com.atlassian.servicedesk:sd-sla-field"
    slas = [row for row in fields.values() if row["schema"].get("custom") == kind]
    assert [row["name"] for row in slas if "resolution" in row["name"]] == [
        "Time to resolution", "Time to close after resolution", "Time to vendor resolution",
    ]  # fmt: skip
    assert chinese["customfield_10031"]["name"] == "解决时间"
    assert chinese["customfield_10031"]["schema"] == fields["customfield_10031"]["schema"]
    assert "cf[10041]" in fields["customfield_10041"]["clauseNames"]


def test_a_team_managed_project_has_statuses_with_the_same_names(api: httpx.Client) -> None:
    rows = ask(api, f"{API}/status")
    assert len({row["name"] for row in rows}) * 2 == len({row["id"] for row in rows}) == len(rows)
    assert {row["name"]: row["statusCategory"]["key"] for row in rows} == {
        "Waiting for support": "new", "In progress": "indeterminate", "Waiting for customer": "indeterminate",
        "Pending": "indeterminate", "Resolved": "done", "Closed": "done",
    }  # fmt: skip


def test_odd_values_occur(api: httpx.Client) -> None:
    found = [issue["fields"] for issue in search(api, fields=["customfield_10300", "customfield_10034"])]
    values = {fields.get("customfield_10300", "absent") for fields in found}
    assert values == {None, "absent", "51502-10-05T02:00:00.000+0200"}
    assert ask(api, f"{API}/priority/search")["total"] == 5
    assert len(ask(api, f"{API}/resolution")) == ask(api, f"{API}/resolution/search")["total"] == 3
    assert ask(api, f"{API}/issuetype")


# --- the whole


def test_settings_name_the_connector_and_hold_the_secrets() -> None:
    made = by_hand(opened("mon 10:00"))
    cloud = settings(made, "http://here")
    assert (cloud["connector"], cloud["url"]) == ("jira_service_management", "http://here")
    assert cloud["severity"] == {"Highest": "P0", "High": "P1", "Medium": "P2", "Low": "P3"}
    assert settings(made, "http://here", kind="gateway")["auth"]["token"] != cloud["auth"]["token"]
    assert settings(made, "http://here", kind="gateway")["gateway"] == "http://here"
    assert settings(made, "http://here", kind="datacenter")["auth"] == {"personal_token": PERSONAL_TOKEN}
    with client(made) as api:
        fields = {row["id"] for row in ask(api, f"{API}/field")}
        assert {cloud["team_field"], cloud["category"], *cloud["keep_fields"], *cloud["sla"]} <= fields
        group = cloud["agents"][0].removeprefix("group:")
        made.now = at("fri 12:00")
        for everybody, names in (("true", ["P1", "P2", "P3"]), ("false", ["P1", "P2"])):
            params = {"groupId": group, "includeInactiveUsers": everybody}
            members = ask(api, f"{API}/group/member", **params)["values"]
            assert [member["displayName"] for member in members] == names
        assert api.get(f"{API}/group/member", params={"groupId": "other"}).status_code == 404
        labels = {row["id"]: row["name"] for row in ask(api, f"{API}/status")}
        assert {(labels[own], state) for own, state in statuses().items()} == {
            ("Waiting for customer", "pending"), ("Pending", "hold"), ("Closed", "closed"),
        }  # fmt: skip


def test_bots_are_configured_and_a_world_can_be_shown_completely() -> None:
    made = by_hand(opened("mon 10:00"))
    with client(made) as api:
        apps = [row["accountId"] for row in ask(api, f"{API}/users/search") if row["accountType"] == "app"]
    assert bots(made) == apps
    assert bots(made, "datacenter")[1:] == ["JIRAUSER4"]
    world = generate(1, tickets=300, **TELLABLE)
    assert {story.created.channel for story in world.stories.values() if not story.created.ai_agent} == {
        "email", "web", "api",
    }  # fmt: skip
    assert not any(story.calls or story.chats or len(story.answered) > 1 for story in world.stories.values())


def test_an_empty_desk_answers_everywhere() -> None:
    with client(generate(1, tickets=10, empty=True)) as api:
        assert search(api) == []
        assert histories(api, "100001") == []
        for path in ("field", "status", "users/search", "project/search?expand=insight"):
            api.get(f"{API}/{path}").raise_for_status()


def test_nothing_later_than_now_is_shown(world: World) -> None:
    before, early = world.now, world.desk.start + 60 * DAY
    try:
        world.now = early
        with client(world, faults="zone:UTC") as api:
            found = search(api, fields=["*all"], maxResults=100)
            log = histories(api, *(issue["id"] for issue in found))
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
    rows = []
    for is_warm in (False, True):
        made = app(world, limits=False)
        with serve(made) as server, httpx.Client(base_url=server.url, auth=BASIC) as asking:
            if is_warm:
                made.state.warm(server.url)
            rows.append(str(search(asking, fields=["*all"], maxResults=100)).replace(server.url, "http://desk"))
        assert made.state.requests["search"] >= 4
        assert made.state.world is world
    assert rows[0] == rows[1]
