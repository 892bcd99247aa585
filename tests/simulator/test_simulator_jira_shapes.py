"""Responses of the simulated Jira API, compared with Atlassian's OpenAPI schemas and example responses.

They are looked for in HELPDESK_KPI_PAYLOADS; without it there is nothing to compare with.
"""

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from jira_client import API, DESK, OPT_IN, OURS, ask, client, post, search

from helpdesk_kpi.simulator.world.world import World, generate

_GIVEN = Path(os.environ.get("HELPDESK_KPI_PAYLOADS", "/nowhere")) / "jira_service_management"
pytestmark = pytest.mark.skipif(not _GIVEN.is_dir(), reason="HELPDESK_KPI_PAYLOADS has no jira_service_management")
PLATFORM, DESK_API = "jira_platform_v3_2025-12", "jsm_servicedeskapi_ballerina"
WIKI_2, WIKI_1 = "confluence_v2_2025-02", "confluence_v1_search_analytics_subset"


@pytest.fixture(scope="module")
def world() -> World:
    return generate(3, tickets=300, hours=0.5, amended=0.2)


@pytest.fixture(scope="module")
def api(world: World) -> Iterator[httpx.Client]:
    with client(world, analytics=True) as made:
        yield made


@cache
def spec(name: str) -> Any:
    return json.loads((_GIVEN / "openapi" / f"{name}.json").read_text(encoding="utf-8"))


def refusals(product: str, path: str, method: str, answer: Any) -> list[str]:
    """What the published schema of an endpoint's answer has against ours.

    Real answers have nulls and names that the schemas do not know, so these are no fault.
    """
    validators = pytest.importorskip("openapi_schema_validator")
    whole = spec(product)
    content = whole["paths"][path][method]["responses"]["200"]["content"]
    schema = next(iter(content.values()))["schema"] | {"components": whole.get("components", {})}
    found = [e for e in validators.OAS30Validator(schema).iter_errors(answer) if e.instance is not None]
    found = [error for error in found if error.validator != "additionalProperties"]
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in found]


@pytest.mark.parametrize(
    ("product", "path", "ours"),
    [
        (PLATFORM, "/rest/api/3/myself", f"{API}/myself"),
        (PLATFORM, "/rest/api/3/serverInfo", f"{API}/serverInfo"),
        (PLATFORM, "/rest/api/3/field", f"{API}/field"),
        (PLATFORM, "/rest/api/3/configuration", f"{API}/configuration"),
        (PLATFORM, "/rest/api/3/worklog/updated", f"{API}/worklog/updated?since=0"),
        (PLATFORM, "/rest/api/3/worklog/deleted", f"{API}/worklog/deleted?since=0"),
        (PLATFORM, "/rest/api/3/issue/{issueIdOrKey}/worklog", f"{API}/issue/TICKET/worklog"),
        (PLATFORM, "/rest/api/3/status", f"{API}/status"),
        (PLATFORM, "/rest/api/3/priority", f"{API}/priority"),
        (PLATFORM, "/rest/api/3/priority/search", f"{API}/priority/search"),
        (PLATFORM, "/rest/api/3/resolution/search", f"{API}/resolution/search"),
        (PLATFORM, "/rest/api/3/issuetype", f"{API}/issuetype"),
        (PLATFORM, "/rest/api/3/project/search", f"{API}/project/search?expand=insight&maxResults=2"),
        (PLATFORM, "/rest/api/3/users/search", f"{API}/users/search"),
        (PLATFORM, "/rest/api/3/issue/{issueIdOrKey}/comment", f"{API}/issue/TICKET/comment"),
        (PLATFORM, "/rest/api/3/issue/{issueIdOrKey}/changelog", f"{API}/issue/TICKET/changelog"),
        (DESK_API, "/rest/servicedeskapi/info", f"{DESK}/info"),
        (DESK_API, "/rest/servicedeskapi/servicedesk", f"{DESK}/servicedesk?limit=1"),
        (DESK_API, "/rest/servicedeskapi/organization", f"{DESK}/organization"),
        (DESK_API, "/rest/servicedeskapi/servicedesk/{serviceDeskId}/requesttype", f"{DESK}/servicedesk/1/requesttype"),
        (DESK_API, "/rest/servicedeskapi/request/{issueIdOrKey}", f"{DESK}/request/TICKET"),
        (DESK_API, "/rest/servicedeskapi/request/{issueIdOrKey}/sla", f"{DESK}/request/TICKET/sla"),
        (DESK_API, "/rest/servicedeskapi/request/{issueIdOrKey}/comment", f"{DESK}/request/TICKET/comment"),
        (WIKI_2, "/spaces", "/wiki/api/v2/spaces"),
        (WIKI_2, "/pages", "/wiki/api/v2/pages?limit=2&body-format=storage"),
        (WIKI_2, "/pages/{id}/versions", "/wiki/api/v2/pages/PAGE/versions"),
        (WIKI_2, "/pages/{id}/likes/count", "/wiki/api/v2/pages/PAGE/likes/count"),
        (WIKI_1, "/wiki/rest/api/analytics/content/{contentId}/views", "/wiki/rest/api/analytics/content/PAGE/views"),
    ],
)
def test_an_answer_has_the_published_shape(api: httpx.Client, world: World, product: str, path: str, ours: str) -> None:
    page = next(article for article in world.desk.articles if article.edits and article.archived_at is None)
    (rated, *_) = search(api, f"{OURS} AND cf[10041] >= 0 ORDER BY id ASC", fields=["key"])
    answer = ask(api, ours.replace("TICKET", rated["key"]).replace("PAGE", str(page.id)))
    assert refusals(product, path, "get", answer) == []


def test_searches_and_histories_have_the_published_shape(api: httpx.Client) -> None:
    page = post(api, "search/jql", jql=OURS, fields=["*all"], expand="changelog,names,schema",
                properties=["request.channel.type"])  # fmt: skip
    assert refusals(PLATFORM, "/rest/api/3/search/jql", "post", page) == []
    ids = [issue["id"] for issue in page["issues"]]
    log = post(api, "changelog/bulkfetch", issueIdsOrKeys=ids, maxResults=50)
    assert refusals(PLATFORM, "/rest/api/3/changelog/bulkfetch", "post", log) == []
    changed = ask(api, f"{API}/worklog/updated", since=0)["values"]
    worklogs = post(api, "worklog/list", ids=[row["worklogId"] for row in changed])
    assert worklogs
    assert refusals(PLATFORM, "/rest/api/3/worklog/list", "post", worklogs) == []
    count = post(api, "search/approximate-count", jql=OURS)
    assert refusals(PLATFORM, "/rest/api/3/search/approximate-count", "post", count) == []


def example(name: str) -> Any:
    return json.loads((_GIVEN / "examples" / f"{name}.json").read_text(encoding="utf-8"))["_example"]


def differences(ours: Any, theirs: Any, where: str = "") -> list[str]:
    """Keys that both have and whose values are of another kind; of lists the first rows are compared."""
    if ours is None or theirs is None or theirs == {} or ours == {}:
        return []
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [d for key in ours.keys() & theirs.keys() for d in differences(ours[key], theirs[key], f"{where}/{key}")]
    if isinstance(ours, list) and isinstance(theirs, list):
        return differences(ours[0], theirs[0], f"{where}[]") if ours and theirs else []
    return [] if type(ours) is type(theirs) else [f"{where}: {ours!r} is not like {theirs!r}"]


@pytest.mark.parametrize(
    ("name", "ours", "lacking"),
    [
        ("jira_get_getComments", f"{API}/issue/TICKET/comment", set()),
        ("jira_get_getChangeLogs", f"{API}/issue/TICKET/changelog?maxResults=1", set()),
        ("jira_get_getCurrentUser", f"{API}/myself", {"key", "name"}),
        ("jira_get_getFields", f"{API}/field", set()),
        ("jira_get_getStatuses", f"{API}/status", set()),
        ("jira_get_searchProjects", f"{API}/project/search?expand=insight&maxResults=1", set()),
        ("jira_get_getServerInfo", f"{API}/serverInfo", set()),
        ("jsm_get_getSlaInformation", f"{DESK}/request/TICKET/sla?limit=2", set()),
        ("jsm_get_getRequestComments", f"{DESK}/request/TICKET/comment", set()),
        ("jsm_get_getOrganizations", f"{DESK}/organization?limit=2", set()),
        ("jsm_get_getServiceDesks", f"{DESK}/servicedesk?limit=1", set()),
        ("jsm_get_getRequestTypes", f"{DESK}/servicedesk/1/requesttype", set()),
        ("jsm_get_getCustomerRequestByIdOrKey", f"{DESK}/request/TICKET", set()),
        ("jsm_get_getFeedback", f"{DESK}/request/TICKET/feedback", set()),
        ("jsm_get_getInfo", f"{DESK}/info", set()),
    ],
)
def test_an_answer_is_like_the_example(api: httpx.Client, name: str, ours: str, lacking: set[str]) -> None:
    """Same kinds of values under the same names, and all names of the outermost object but those of old APIs."""
    api.headers.update(OPT_IN)
    (rated, *_) = search(api, f"{OURS} AND cf[10041] >= 0 ORDER BY id ASC", fields=["key"])
    answer, theirs = ask(api, ours.replace("TICKET", rated["key"])), example(name)
    assert differences(answer, theirs) == []
    if isinstance(theirs, dict):
        optional = {"nextPage", "comment"}
        assert theirs.keys() - answer.keys() <= lacking | optional


def test_a_wrong_kind_would_be_noticed() -> None:
    assert differences({"a": [{"b": 1}]}, {"a": [{"b": "1"}]}) == ["/a[]/b: 1 is not like '1'"]
    assert refusals(PLATFORM, "/rest/api/3/search/approximate-count", "post", {"count": "many"})
