"""The simulated Jira API: its search, as strict as Jira's."""

from collections.abc import Iterator

import httpx
import pytest
from jira_client import API, DESK, OURS, ask, client, keys, pages, post, search
from simulator_fixtures import ANN, at, opened, said
from simulator_fixtures import world as by_hand

from helpdesk_kpi.simulator.world.clock import DAY
from helpdesk_kpi.simulator.world.world import World, generate


@pytest.fixture(scope="module")
def world() -> World:
    return generate(3, tickets=400)


@pytest.fixture(scope="module")
def api(world: World) -> Iterator[httpx.Client]:
    with client(world) as made:
        yield made


def test_a_search_gives_every_issue_once_and_only_ids_by_default(api: httpx.Client, world: World) -> None:
    found = pages(api, maxResults=37)
    issues = [issue for page in found for issue in page["issues"]]
    assert {frozenset(issue) for issue in issues} == {frozenset({"id"})}
    seen = [story for story in world.stories.values() if story.deleted_at is None or story.deleted_at > world.now]
    assert len({issue["id"] for issue in issues}) == len(issues) == len(seen)
    assert {len(page["issues"]) for page in found[:-1]} == {37, 36}  # now and then fewer than asked
    last = [page.get("isLast") for page in found]
    assert None in last
    assert True in last[:-1]  # wrong: there was a token


def test_a_search_gives_the_requested_fields(api: httpx.Client) -> None:
    params = {"fields": ["summary", "status", "nonsense"], "expand": "names,schema", "maxResults": 1}
    page = post(api, "search/jql", jql=OURS, **params)
    (issue,) = page["issues"]
    assert set(issue["fields"]) == {"summary", "status"}
    assert page["schema"]["status"]["type"] == "status"
    assert set(page["names"]) == {"summary", "status"}
    everything = post(api, "search/jql", jql=OURS, fields=["*all", "-comment"], maxResults=1)["issues"][0]["fields"]
    assert "comment" not in everything
    assert {"customfield_10010", "customfield_10031", "customfield_10200"} <= set(everything)
    params = {"jql": OURS, "fields": "summary,status", "maxResults": "1"}
    assert ask(api, f"{API}/search/jql", **params)["issues"][0]["fields"] == issue["fields"]


def test_a_page_has_at_most_a_hundred_rows_with_fields_and_thousands_of_ids(api: httpx.Client) -> None:
    assert len(post(api, "search/jql", jql=OURS, maxResults=5000)["issues"]) > 300
    assert len(post(api, "search/jql", jql=OURS, maxResults=5000, fields=["summary"])["issues"]) == 100


def test_a_token_belongs_to_its_query_and_ends_after_a_week(world: World) -> None:
    seconds = [1000.0]
    with client(world, clock=lambda: seconds[0]) as api:
        token = post(api, "search/jql", jql=f"{OURS} AND updated >= 1", maxResults=5)["nextPageToken"]
        for jql, wait in ((f"{OURS} AND updated >= 2", 0), (f"{OURS} AND updated >= 1", 8 * 86400)):
            seconds[0] += wait
            refused = api.post(f"{API}/search/jql", json={"jql": jql, "nextPageToken": token})
            assert (refused.status_code, "token" in refused.json()["errorMessages"][0]) == (400, True)


@pytest.mark.parametrize(
    ("jql", "problem"),
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
def test_a_query_that_is_not_understood_is_an_error_that_names_it(api: httpx.Client, jql: str, problem: str) -> None:
    for answer in (
        api.post(f"{API}/search/jql", json={"jql": jql}),
        api.post(f"{API}/search/approximate-count", json={"jql": jql}),
    ):
        assert answer.status_code == 400
        assert problem in answer.json()["errorMessages"][0]


def test_a_long_query_does_not_fit_into_an_address(api: httpx.Client) -> None:
    jql = f"id in ({', '.join(str(100_000 + n) for n in range(1200))})"
    assert api.get(f"{API}/search/jql", params={"jql": jql}).status_code == 414
    assert api.post(f"{API}/search/jql", json={"jql": jql}).status_code == 200


def test_addresses_may_lead_to_another_host(world: World) -> None:
    with client(world, faults="wrong-host") as api:
        assert ask(api, f"{API}/project/search", maxResults=1)["nextPage"].startswith("https://other.example/")
        links = ask(api, "/wiki/api/v2/pages", limit=1)["_links"]
        assert links["next"].startswith("https://other.example/wiki/")
        assert ask(api, f"{DESK}/organization", limit=2)["_links"]["next"].startswith("https://other.example/")


def test_words_that_the_search_does_not_know_are_refused(api: httpx.Client) -> None:
    for extra in ({"startAt": 50}, {"expand": ["names"]}, {"validateQuery": True}):
        answer = api.post(f"{API}/search/jql", json={"jql": OURS, **extra})
        assert (answer.status_code, "payload" in answer.json()["errorMessages"][0]) == (400, True)


def test_times_in_a_query_are_epoch_or_spans_or_minutes_in_the_zone_of_who_asks() -> None:
    made = by_hand(opened("mon 10:00", ticket=1), opened("mon 10:30", ticket=2), opened("mon 11:00", ticket=3))
    made.now = at("mon 12:00")
    with client(made, faults="zone:Asia/Kolkata") as api:
        assert ask(api, f"{API}/myself")["timeZone"] == "Asia/Kolkata"
        row = search(api, "id = SUP-2", fields=["updated"])[0]
        assert row["fields"]["updated"] == "2026-03-02T16:00:00.000+0530"
        two = ["SUP-2", "SUP-3"]
        # 16:00 in Kolkata is 10:30 UTC
        for time in (at("mon 10:30"), '"2026-03-02 16:00"', '"2026/03/02 16:00"', "-90m", '"-90m"'):
            assert keys(api, f"{OURS} AND updated >= {time} ORDER BY id ASC") == two
        assert keys(api, f"{OURS} AND updated >= 4102444800000") == []
        assert keys(api, f'{OURS} AND created > "2026-03-02 16:00"') == ["SUP-3"]
        assert keys(api, f"{OURS} AND updated >= 0 ORDER BY updated DESC") == ["SUP-3", "SUP-2", "SUP-1"]
        assert post(api, "search/approximate-count", jql=f"{OURS} AND updated >= -90m") == {"count": 2}


def test_a_query_filters_by_category_of_status_and_by_ids() -> None:
    made = by_hand(
        opened("mon 10:00", ticket=1),
        opened("mon 10:00", ticket=2), said("mon 11:00", ANN, ticket=2, status="pending"),
        opened("mon 10:00", ticket=3), said("mon 11:00", ANN, ticket=3, status="solved"),
    )  # fmt: skip
    with client(made) as api:
        assert keys(api, f"{OURS} AND statusCategory != Done ORDER BY id ASC") == ["SUP-1", "SUP-2"]
        assert keys(api, f'{OURS} AND statusCategory = "To Do"') == ["SUP-1"]
        assert keys(api, "id in (100001, 100003, 999) ORDER BY id ASC") == ["SUP-1", "SUP-3"]


def test_an_issue_that_changes_while_it_is_paged_comes_again(world: World) -> None:
    before = world.now
    try:
        world.now = before - 10 * DAY
        with client(world, faults="move:6h") as api:
            found = search(api, fields=["updated"], maxResults=10)
    finally:
        world.now = before
    stamps: dict[str, list[str]] = {}
    for issue in found:
        stamps.setdefault(issue["id"], []).append(issue["fields"]["updated"])
    assert any(len(set(times)) > 1 for times in stamps.values())


def test_the_index_lags_behind_what_single_issues_show() -> None:
    made = by_hand(opened("mon 10:00", ticket=1), said("mon 15:00", ANN, ticket=1), opened("mon 15:00", ticket=2))
    with client(made, faults="lag:2h") as api:
        made.now = at("mon 16:00")
        assert keys(api, f"{OURS} AND updated >= {at('mon 14:00')}") == []
        assert ask(api, f"{API}/issue/SUP-2")["fields"]["updated"].startswith("2026-03-02T15:00")
        made.now = at("mon 17:00")
        assert keys(api, f"{OURS} AND updated >= {at('mon 14:00')} ORDER BY id ASC") == ["SUP-1", "SUP-2"]


def test_a_project_that_is_no_desk_has_issues_of_its_own(api: httpx.Client) -> None:
    assert len(keys(api, "project = DEV")) == 2
    assert len(search(api, "updated >= 0")) == len(search(api)) + 2
    desks = ask(api, f"{API}/project/search", typeKey="service_desk")["values"]
    assert [project["key"] for project in desks] == ["SUP", "ORDER"]
    kinds = {project["key"]: project["projectTypeKey"] for project in ask(api, f"{API}/project/search")["values"]}
    assert kinds["DEV"] == "software"
    assert [p["key"] for p in ask(api, f"{API}/project/search", status="archived")["values"]] == ["OLD"]
    insight = ask(api, f"{API}/project/search", keys="DEV", expand="insight")["values"][0]["insight"]
    assert insight["totalIssueCount"] == 2
    first = ask(api, f"{API}/project/search", maxResults=2)
    second = api.get(first["nextPage"]).json()
    assert [len(first["values"]), first["isLast"], len(second["values"]), second["isLast"]] == [2, False, 1, True]


def test_a_body_that_is_no_json_and_a_size_that_is_none_are_refused(api: httpx.Client) -> None:
    broken = api.post(f"{API}/search/jql", content=b"{", headers={"content-type": "application/json"})
    assert (broken.status_code, "JSON" in broken.json()["errorMessages"][0]) == (400, True)
    refused = api.post(f"{API}/search/jql", json={"jql": OURS, "maxResults": 0})
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"maxResults"})
    refused = api.get(f"{API}/project/search", params={"startAt": "-1"})
    assert (refused.status_code, set(refused.json()["errors"])) == (400, {"startAt"})
