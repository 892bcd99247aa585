"""The Freshdesk face on a port, and somebody who asks it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from helpdesk_kpi.simulator.freshdesk.app import app
from helpdesk_kpi.simulator.freshdesk.auth import KEY
from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.simulator.world.world import World

EVER = "1970-01-01T00:00:00Z"
ALL = {"updated_since": EVER, "order_by": "updated_at", "order_type": "asc", "per_page": "100"}


@contextmanager
def client(world: World, *, key: str = KEY, **options: Any) -> Iterator[httpx.Client]:
    """The face on a port, and somebody with the right key in front of it."""
    options.setdefault("limits", False)
    with (
        serve(app(world, **options)) as server,
        httpx.Client(base_url=f"{server.url}/api/v2", auth=(key, "X")) as asking,
    ):
        yield asking


def ask(face: httpx.Client, path: str, **query: object) -> Any:
    answer = face.get(path, params={name: str(value) for name, value in query.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(face: httpx.Client, path: str, **query: object) -> tuple[int, str, str]:
    """Status, field and code of a refusal."""
    answer = face.get(path, params={name: str(value) for name, value in query.items()})
    (wrong,) = answer.json()["errors"]
    return answer.status_code, wrong["field"], wrong["code"]


def pages(face: httpx.Client, path: str, **query: object) -> list[list[Any]]:
    """All pages, as their Link headers lead."""
    answer = face.get(path, params={name: str(value) for name, value in query.items()})
    found = [answer.json()]
    while "link" in answer.headers:
        address, _, rel = answer.headers["link"].partition(">; ")
        assert (address[:2], rel) == ("< ", 'rel="next"')
        answer = face.get(address[2:])
        found.append(answer.json())
    return found


def flat(rows: list[list[Any]]) -> list[Any]:
    return [row for page in rows for row in page]


def ids(rows: list[Any]) -> list[Any]:
    return [row["id"] for row in rows]
