"""Every request of a sync and of a check is one that Atlassian's own descriptions of its APIs allow.

These are not part of this repository; HELPDESK_KPI_PAYLOADS names the folder that holds `jira_service_management/`.
"""

import functools
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jira_source import HERE, Site, decode_body
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from helpdesk_kpi.simulator.world.world import generate

ROOT = os.environ.get("HELPDESK_KPI_PAYLOADS")
pytestmark = pytest.mark.skipif(not ROOT, reason="HELPDESK_KPI_PAYLOADS names no folder of recorded payloads")

#: What a path begins with -> the description, and where that API is.
SPECS = {
    "/rest/api/3/": ("jira_platform_v3_2025-12.json", ""),
    "/rest/servicedeskapi/": ("jsm_servicedeskapi_ballerina.json", ""),
    "/wiki/api/v2/": ("confluence_v2_2025-02.json", "/wiki/api/v2"),
    "/wiki/rest/api/": ("confluence_v1_search_analytics_subset.json", ""),
}
GATEWAY = re.compile(r"^/ex/(?:jira|confluence)/[^/]+")


class Described:
    """One API, as its vendor describes it."""

    def __init__(self, name: str, base: str) -> None:
        path = Path(ROOT or "") / "jira_service_management/openapi" / name
        self.base = base
        self.spec = {"openapi": "3.0.1", **json.loads(path.read_text()), "servers": [{"url": HERE + base}]}
        # Who may ask is not what is tested, and this library does not know Atlassian's schemes.
        for operations in self.spec["paths"].values():
            for operation in operations.values():
                if isinstance(operation, dict):
                    operation.pop("security", None)
        self.spec.pop("security", None)
        # The descriptions have faults of their own in places that no request of ours comes near.
        self.api = OpenAPI.from_dict(self.spec, config=Config(spec_validator_cls=None))

    def complaints(self, request: httpx.Request) -> Iterator[str]:
        requests = SpecRequest(request)
        try:
            self.api.validate_request(requests)
        except OpenAPIError as error:
            yield f"{request.method} {requests.path}: {error}"
            return
        unheard = set(dict(requests.parameters.query)) - self._known(requests)
        yield from (f"{request.method} {requests.path}: no parameter {name!r}" for name in unheard)

    def _known(self, requests: "SpecRequest") -> set[str]:
        for path, operations in self.spec["paths"].items():
            parts = re.split(r"(\{.*?\})", path)
            shape = "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts)
            if requests.method in operations and re.fullmatch(self.base + shape, requests.path):
                return {p["name"] for p in operations[requests.method].get("parameters", []) if p.get("in") == "query"}
        raise AssertionError(requests.path)


class SpecRequest:
    """A request in the library's shape, at the site's own address."""

    def __init__(self, request: httpx.Request) -> None:
        self.host_url, self.method = HERE, request.method.lower()
        self.path = GATEWAY.sub("", request.url.path)
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(request.url.params.multi_items()), header=Headers(request.headers.multi_items()),
            cookie=ImmutableMultiDict(), path={},
        )  # fmt: skip
        self.body = request.content or None
        self.content_type = request.headers.get("content-type", "")


@functools.cache
def described(prefix: str) -> Described:
    return Described(*SPECS[prefix])


def complaints(request: httpx.Request) -> list[str]:
    path = GATEWAY.sub("", request.url.path)
    for prefix in SPECS:
        if path.startswith(prefix):
            return list(described(prefix).complaints(request))
    return [] if path == "/_edge/tenant_info" else [f"{path}: of no API that is described"]


@pytest.fixture(scope="module", params=["cloud", "gateway"])
def sent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[httpx.Request]:
    """Everything that is asked when everything is switched on, at first, later, and by `check`."""
    world = generate(5, tickets=120, hours=0.9)
    world.silent_hours = True  # so that some issues' worklogs are read apart
    end = world.now
    more: dict[str, Any] = {"include_ratings_comment": True, "views": True, "page_size": 50}
    site = Site(tmp_path_factory.mktemp(request.param), world, kind=request.param, **more)
    for world.now in (end - 20 * 86_400_000, end):
        site.sync()
    site.check()
    names = Site(tmp_path_factory.mktemp("named"), world, kind=request.param, spaces=("KB", "TEAM"), projects=("SUP",))
    names.sync()
    return [*site.sent, *names.sent]


def test_every_request_is_allowed_by_the_vendors_description(sent: list[httpx.Request]) -> None:
    paths = {re.sub(r"\d{3,}", "N", GATEWAY.sub("", r.url.path)) for r in sent}
    assert len(paths) >= 21, paths  # all that the connector can ask for
    assert [text for request in sent for text in complaints(request)] == []


def test_searches_keep_to_what_the_description_says_in_words(sent: list[httpx.Request]) -> None:
    """At most 5,000 rows of ids, at most five properties, and a query that is bounded."""
    bodies = [decode_body(r) for r in sent if r.url.path.endswith("/search/jql")]
    assert len(bodies) > 10
    for body in bodies:
        assert body["maxResults"] <= (5000 if body["fields"] == ["id"] else 100)
        assert len(body.get("properties", ())) <= 5
        assert body["jql"].startswith("project in (")
        assert body["fields"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("search/jql", {"jql": "x", "startAt": 0}),
        ("search/jql", {"jql": "x", "expand": ["changelog"]}),
        ("changelog/bulkfetch", {"issueIdsOrKeys": ["1"], "fieldIds": [str(n) for n in range(11)]}),
        ("changelog/bulkfetch", {"issueIdsOrKeys": []}),
    ],
    ids=["startAt", "expand_as_a_list", "eleven_fields", "no_issues"],
)
def test_a_wrong_body_would_be_noticed(path: str, body: dict[str, Any]) -> None:
    headers = {"Authorization": "Basic eDp5"}
    assert complaints(httpx.Request("POST", f"{HERE}/rest/api/3/{path}", json=body, headers=headers))


@pytest.mark.parametrize(
    "address",
    [
        "/rest/api/3/project/search?maxResults=101",
        "/rest/api/3/myself?since=5",
        "/wiki/api/v2/pages?limit=251",
        "/rest/api/3/x",
    ],
)
def test_a_wrong_address_would_be_noticed(address: str) -> None:
    assert complaints(httpx.Request("GET", HERE + address, headers={"Authorization": "Basic eDp5"}))
