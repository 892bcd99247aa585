"""Somebody in front of the Jira face, and the ways to ask it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from helpdesk_kpi.simulator.jira.app import app
from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.simulator.world.support_desk import EMAIL, TOKEN
from helpdesk_kpi.simulator.world.world import World

BASIC = httpx.BasicAuth(EMAIL, TOKEN)
API, DESK = "/rest/api/3", "/rest/servicedeskapi"
OURS = 'project in (SUP, "ORDER")'
OPT_IN = {"X-ExperimentalApi": "opt-in"}


@contextmanager
def client(world: World, *, auth: httpx.Auth | None = BASIC, **options: Any) -> Iterator[httpx.Client]:
    """The face on a port, and somebody with the right token in front of it."""
    options.setdefault("limits", False)
    with serve(app(world, **options)) as server, httpx.Client(base_url=server.url, auth=auth) as asking:
        yield asking


def ask(face: httpx.Client, path: str, **query: object) -> Any:
    answer = face.get(path, params={name: str(value) for name, value in query.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(face: httpx.Client, path: str, **body: Any) -> Any:
    answer = face.post(f"{API}/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def pages(face: httpx.Client, jql: str = f"{OURS} ORDER BY updated ASC, id ASC", **body: Any) -> list[Any]:
    """All pages of a search; only a missing token ends it."""
    found = [post(face, "search/jql", jql=jql, **body)]
    while token := found[-1].get("nextPageToken"):
        found.append(post(face, "search/jql", jql=jql, nextPageToken=token, **body))
    return found


def search(face: httpx.Client, jql: str = f"{OURS} ORDER BY updated ASC, id ASC", **body: Any) -> list[Any]:
    return [issue for page in pages(face, jql, **body) for issue in page["issues"]]


def keys(face: httpx.Client, jql: str) -> list[str]:
    return [issue["key"] for issue in search(face, jql, fields=["key"])]


def histories(face: httpx.Client, *ids: str, **body: Any) -> list[Any]:
    found: list[Any] = []
    token: dict[str, str] = {}
    while True:
        page = post(face, "changelog/bulkfetch", issueIdsOrKeys=list(ids), **body, **token)
        found += [history for log in page["issueChangeLogs"] for history in log["changeHistories"]]
        if "nextPageToken" not in page:
            return found
        token = {"nextPageToken": page["nextPageToken"]}


def items(face: httpx.Client, issue: str, *fields: str) -> list[tuple[str, str | None, str | None]]:
    """What changed, by the names that people see."""
    only = {"fieldIds": list(fields)} if fields else {}
    return [
        (item["field"], item["fromString"], item["toString"])
        for history in histories(face, issue, **only)
        for item in history["items"]
    ]
