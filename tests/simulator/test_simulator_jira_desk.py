"""The simulated Jira API: service level agreements, the service desk's own API, and Data Center."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jira_client import API, DESK, OPT_IN, ask, client, keys, search
from simulator_fixtures import ANN, BEN, BOT, CAROL, at, did, opened, said
from simulator_fixtures import world as by_hand

from helpdesk_kpi.simulator.jira.auth import PERSONAL_TOKEN
from helpdesk_kpi.simulator.world.clock import HOUR
from helpdesk_kpi.simulator.world.world import World, generate


@pytest.fixture(scope="module")
def world() -> World:
    return generate(3, tickets=400)


@pytest.fixture(scope="module")
def api(world: World) -> Iterator[httpx.Client]:
    with client(world) as made:
        yield made


# --- service level agreements


def sla(api: httpx.Client, field: str, ticket: int = 1) -> Any:
    return ask(api, f"{API}/issue/SUP-{ticket}", fields=field)["fields"][field]


def cycle(given: Any) -> tuple[float, float, float]:
    """Hours of goal, elapsed and remaining time."""
    goal, elapsed, remaining = (
        given[name]["millis"] / HOUR for name in ("goalDuration", "elapsedTime", "remainingTime")
    )
    return goal, elapsed, remaining


def test_a_cycle_counts_working_time_and_a_pause_moves_its_breach() -> None:
    made = by_hand(
        opened("mon 10:00"), said("mon 11:00", ANN, status="pending", assignee=ANN),
        said("mon 13:00", CAROL, status="open"), said("mon 14:00", ANN, status="solved"),
    )  # fmt: skip
    with client(made) as api:
        (first,) = sla(api, "customfield_10030")["completedCycles"]
        assert cycle(first) == (4, 1, 3)
        (solved,) = sla(api, "customfield_10031")["completedCycles"]
        assert cycle(solved) == (24, 2, 22)
        # 24 hours of work from Monday 10:00 end on Thursday 10:00; two hours were waited
        assert solved["breachTime"]["epochMillis"] == at("thu 12:00")
        assert solved["stopTime"]["epochMillis"] == at("mon 14:00")
        made.now = at("mon 12:00")
        waiting = sla(api, "customfield_10031")
        assert waiting["completedCycles"] == []
        assert waiting["ongoingCycle"]["paused"] is True
        assert cycle(waiting["ongoingCycle"]) == (24, 1, 23)
        made.now = at("mon 13:30")
        assert cycle(sla(api, "customfield_10031")["ongoingCycle"]) == (24, 1.5, 22.5)


def test_a_reopening_starts_another_cycle_and_lateness_is_reported() -> None:
    made = by_hand(
        opened("mon 10:00", priority="high"), said("mon 12:00", ANN, status="solved"),
        said("tue 10:00", CAROL, status="open"), said("thu 12:00", ANN, status="solved"),
        said("thu 13:00", CAROL, status="open"),
    )  # fmt: skip
    with client(made) as api:
        made.now = at("thu 15:00")
        shown = sla(api, "customfield_10031")
        # Tuesday 10:00 to 17:00, Wednesday 9:00 to 17:00, Thursday 9:00 to 12:00
        assert [cycle(one) for one in shown["completedCycles"]] == [(8, 2, 6), (8, 18, -10)]
        assert [one["breached"] for one in shown["completedCycles"]] == [False, True]
        assert cycle(shown["ongoingCycle"]) == (8, 2, 6)
        (first,) = sla(api, "customfield_10030")["completedCycles"]
        assert (cycle(first), first["breached"]) == ((1, 2, -1), True)


def test_what_is_urgent_has_a_clock_that_never_stops_and_robots_are_no_answer() -> None:
    made = by_hand(opened("mon 18:00", priority="urgent"), said("mon 18:01", BOT), said("mon 20:00", ANN))
    with client(made) as api:
        (first,) = sla(api, "customfield_10030")["completedCycles"]
        assert cycle(first) == (0.25, 2, -1.75)


def test_slas_may_not_apply_or_never_start_and_lack_fields() -> None:
    made = by_hand(
        opened("mon 10:00", ticket=1, priority=None), opened("mon 10:00", ticket=2), opened("mon 10:00", ticket=3),
        said("mon 11:00", ANN, ticket=2, status="solved"),
    )  # fmt: skip
    with client(made) as api:
        assert sla(api, "customfield_10031", 1) is None
        (solved,) = sla(api, "customfield_10031", 2)["completedCycles"]
        assert set(solved["breachTime"]) == {"jira", "friendly"}
        assert solved["breachTime"]["jira"] == "2026-03-05T10:00:00.000+0000"
        vendor = sla(api, "customfield_10033", 3)
        assert (vendor["completedCycles"], "ongoingCycle" in vendor) == ([], False)
        assert "id" not in vendor
        assert vendor["_links"]["self"].endswith("/100003/sla/10033")
        rows = ask(api, f"{DESK}/request/SUP-2/sla")["values"]
        assert [row["id"] for row in rows] == ["10030", "10031", "10032", "10033"]
        made.plan_without = {"slas"}
        assert sla(api, "customfield_10031", 2) is None
        assert api.get(f"{DESK}/request/SUP-2/sla").status_code == 403


def test_elapsed_and_remaining_time_make_up_the_goal_everywhere(api: httpx.Client) -> None:
    found = search(api, fields=[f"customfield_{number}" for number in range(10030, 10034)])
    values = [value for issue in found for value in issue["fields"].values() if value]
    cycles = [one for value in values for one in value["completedCycles"]]
    cycles += [value["ongoingCycle"] for value in values if "ongoingCycle" in value]
    assert len(cycles) > 500
    for one in cycles:
        goal, elapsed, remaining = (one[name]["millis"] for name in ("goalDuration", "elapsedTime", "remainingTime"))
        assert elapsed + remaining == goal
        assert one["breached"] is (remaining < 0)
    assert any(len(value["completedCycles"]) > 1 for value in values)
    assert any(value.get("ongoingCycle", {}).get("paused") for value in values)


# --- the service desk's own API


def test_the_service_desks_envelope_has_fewer_rows_than_its_limit(api: httpx.Client) -> None:
    rows: list[Any] = []
    path = f"{DESK}/organization?limit=3"
    while path:
        page = api.get(path).json()
        assert page["size"] == len(page["values"])
        rows, path = rows + page["values"], "" if page["isLastPage"] else page["_links"]["next"]
    assert len({row["id"] for row in rows}) == len(rows) == 8
    assert [desk["projectKey"] for desk in ask(api, f"{DESK}/servicedesk")["values"]] == ["SUP", "ORDER"]
    assert api.get(f"{DESK}/requesttype").status_code == 412
    assert len(api.get(f"{DESK}/requesttype", headers=OPT_IN).json()["values"]) == 6
    assert api.get(f"{DESK}/servicedesk/9/requesttype").status_code == 404
    assert api.get(f"{DESK}/servicedesk?limit=0").json()["errorMessage"] == "limit must be positive"
    assert httpx.get(f"{api.base_url}{DESK}/info").json()["isLicensedForUse"] is True


def test_what_an_agent_made_is_no_request_and_another_project_is_no_desk() -> None:
    made = by_hand(
        opened("mon 10:00", ticket=1, submitter=ANN), opened("mon 10:00", ticket=2, form=7),
        said("mon 11:00", ANN, ticket=2), said("mon 12:00", BEN, "Note", ticket=2, public=False),
    )  # fmt: skip
    with client(made) as api:
        for path in ("request/SUP-1", "request/SUP-1/sla", "request/SUP-1/comment"):
            refused = api.get(f"{DESK}/{path}")
            key = refused.json()["i18nErrorMessage"]["i18nKey"]
            assert (refused.status_code, key) == (404, "sd.customerview.error.vpOriginMissing")
        (other, *_) = keys(api, "project = DEV")
        assert api.get(f"{DESK}/request/{other}").status_code == 403
        assert api.get(f"{DESK}/request/SUP-99").status_code == 404
        shown = ask(api, f"{DESK}/request/SUP-2")
        assert (shown["issueId"], shown["requestTypeId"], shown["currentStatus"]["statusCategory"]) == (
            "100002",
            "7",
            "NEW",
        )
        field = ask(api, f"{API}/issue/SUP-2")["fields"]["customfield_10010"]
        assert field["requestType"]["id"] == "7"
        assert ask(api, f"{API}/issue/SUP-1")["fields"]["customfield_10010"] is None
        comments = ask(api, f"{DESK}/request/SUP-2/comment")["values"]
        assert [comment["public"] for comment in comments] == [True, False]
        assert len(ask(api, f"{DESK}/request/SUP-2/comment", internal="false")["values"]) == 1
        assert ask(api, f"{DESK}/request/SUP-2/participant")["values"] == []


# --- Data Center


def test_data_center_pages_by_offset_and_embeds_everything() -> None:
    talk = [
        said(f"tue {9 + i // 6:02}:{i % 6 * 10:02}", ANN, f"No. {i}", ticket=50, public=i % 2 == 0) for i in range(45)
    ]
    talk.append(did("wed 10:00", ANN, ticket=50, assignee=ANN))
    rest = [opened("mon 10:00", ticket=number) for number in range(100, 250)]
    auth = {"authorization": f"Bearer {PERSONAL_TOKEN}"}
    with client(by_hand(opened("mon 10:00", ticket=50), *talk, *rest), kind="datacenter", auth=None) as api:
        assert api.get("/rest/api/2/myself").status_code == 401
        api.headers.update(auth)
        info = ask(api, "/rest/api/2/serverInfo")
        assert info["deploymentType"] == "Server"
        query = {"jql": "project = SUP ORDER BY id ASC", "fields": ["comment", "assignee", "reporter"],
                 "expand": ["changelog"], "maxResults": 1000}  # fmt: skip
        first = api.post("/rest/api/2/search", json=query).json()
        assert (first["startAt"], first["maxResults"], first["total"], len(first["issues"])) == (0, 100, 148, 100)
        second = api.post("/rest/api/2/search", json=query | {"startAt": 100}).json()
        refused = api.post("/rest/api/2/search", json={"jql": f"project = SUP AND updated >= {at('mon 10:00')}"})
        assert (refused.status_code, "invalid" in refused.json()["errorMessages"][0]) == (400, True)
        late = api.post("/rest/api/2/search", json={"jql": 'updated >= "2026-03-03 08:00"', "fields": ["id"]}).json()
        assert {"SUP-50", "SUP-100"} & {issue["key"] for issue in late["issues"]} == {"SUP-50"}
        assert len(second["issues"]) == 48  # three of the 151 are in the other project
        issue = first["issues"][0]
        comments = issue["fields"]["comment"]
        assert len(comments["comments"]) == comments["total"] == 45
        assert (comments["comments"][3]["body"], "jsdPublic" in comments["comments"][3]) == ("No. 3", False)
        assert len(issue["changelog"]["histories"]) == issue["changelog"]["total"] == 46
        assert issue["changelog"]["histories"][-1]["items"] == [
            {"field": "assignee", "fieldtype": "jira", "from": None, "fromString": None, "to": "JIRAUSER1",
             "toString": "P1"},
        ]  # fmt: skip
        times = [history["created"] for history in issue["changelog"]["histories"]]
        assert times == sorted(times)
        reporter = issue["fields"]["reporter"]
        assert ("accountId" in reporter, reporter["key"], reporter["name"]) == (False, "JIRAUSER9", "p9@x.example")
        page = ask(api, "/rest/api/2/issue/SUP-50/comment", expand="properties", maxResults=2)
        assert [comment["properties"][0]["value"]["internal"] for comment in page["comments"]] == [False, True]
        assert {project["key"] for project in ask(api, "/rest/api/2/project")} == {"SUP", "ORDER", "DEV"}
        for path in ("search/jql", "changelog/bulkfetch", "project/search"):
            assert api.get(f"/rest/api/2/{path}").status_code in {404, 405}
        assert api.get(f"{API}/search/jql").status_code == 404
        assert {"statuscategorychangedate", "description"} & set(first["issues"][0]["fields"]) == set()
