"""Planned faults, rate limits, and the server itself."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from simulator_fixtures import opened, world

from helpdesk_kpi.simulator.server.faults import ROTATION, Faults, parse
from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.simulator.world.support_desk import EMAIL, TOKEN
from helpdesk_kpi.simulator.zendesk.app import app

BASIC = "Basic " + base64.b64encode(f"{EMAIL}/token:{TOKEN}".encode()).decode()
GROUPS = "/api/v2/groups"


@contextmanager
def client(**options: Any) -> Iterator[httpx.Client]:
    made = app(world(opened("mon 10:00")), **({"limits": False} | options))
    with serve(made) as server, httpx.Client(base_url=server.url, headers={"authorization": BASIC}) as asking:
        yield asking


def test_a_plan_is_read_word_by_word() -> None:
    plan = parse("every:10:503, forbid:calls forbid:users slow:tickets:50ms move:2m wrong-host")
    assert plan == Faults(
        every=10, ways=("503",), forbid=frozenset({"calls", "users"}), slow={"tickets": 50}, move=120_000,
        wrong_host=True
    )  # fmt: skip
    plan = parse("disguise quota:3 lag:2h zone:Asia/Tokyo")
    assert (plan.disguise, plan.quota, plan.lag, plan.zone) == (True, 3, 7_200_000, "Asia/Tokyo")
    assert parse("quota").quota == 0
    assert parse("") == parse(None) == Faults()


@pytest.mark.parametrize("word", ["sometimes", "every", "every:x:y", "forbid", "every:10:418", "zone:Nowhere"])
def test_an_unknown_fault_is_reported_with_the_known_ones(word: str) -> None:
    with pytest.raises(ValueError, match=rf"no fault '{word}'; known are: every:N"):
        parse(word)


def test_every_nth_request_fails_in_rotation() -> None:
    plan = parse("every:3")
    failures = [plan.failure(number) for number in range(1, 25)]
    assert failures[2::3] == [*ROTATION, ROTATION[0]]
    assert set(failures[0::3] + failures[1::3]) == {None}


def test_the_ways_of_failing_look_as_they_do_out_there() -> None:
    with client(faults="every:1:429-0") as api:
        assert (api.get(GROUPS).status_code, api.get(GROUPS).headers["retry-after"]) == (429, "0")
    with client(faults="every:1:429-none") as api:
        answer = api.get(GROUPS)
        assert (answer.status_code, "retry-after" in answer.headers) == (429, False)
        assert "json" not in answer.headers["content-type"]
    with client(faults="every:1:html") as api:
        answer = api.get(GROUPS)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    with client(faults="every:1:500") as api:
        assert api.get(GROUPS).status_code == 500
    with client(faults="every:1:503") as api:
        assert api.get(GROUPS).status_code == 503


def test_a_cut_body_breaks_off_the_connection() -> None:
    with client(faults="every:2:cut") as api:
        whole = api.get(GROUPS)
        assert whole.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            api.get(GROUPS)
        assert api.get(GROUPS).content == whole.content


@pytest.mark.filterwarnings("error")
async def _in_process(path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app(world(opened("mon 10:00")), faults="every:1:cut", limits=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as asking:
        return await asking.get(path, headers={"authorization": BASIC})


def test_a_cut_body_in_process_is_shorter_than_announced() -> None:
    import asyncio

    answer = asyncio.run(_in_process(GROUPS))
    assert len(answer.content) < int(answer.headers["content-length"])


def test_refused_credentials_and_forbidden_and_missing_endpoints() -> None:
    with client(faults="refuse") as api:
        assert api.get(GROUPS).status_code == 401
        assert api.post("/oauth/tokens", json={"grant_type": "client_credentials"}).status_code == 401
    with client(faults="forbid:groups missing:brands") as api:
        refused = api.get(GROUPS)
        assert (refused.status_code, refused.json()["error"]["title"]) == (403, "Forbidden")
        assert api.get("/api/v2/brands").status_code == 404
        assert api.get("/api/v2/users/me").status_code == 200


def test_addresses_of_next_pages_may_lead_elsewhere() -> None:
    with client(faults="wrong-host") as api:
        page = api.get("/api/v2/incremental/ticket_events?start_time=0").json()
        assert page["next_page"].startswith("https://other.example/api/v2/incremental/ticket_events")


def test_a_full_bucket_refuses_until_its_minute_is_over() -> None:
    seconds = [0.0]
    with client(limits=1.0, clock=lambda: seconds[0]) as api:
        path = "/api/v2/incremental/ticket_events?start_time=0"
        answers = [api.get(path) for _ in range(11)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429]
        assert answers[0].headers["zendesk-ratelimit-incremental-exports"] == "total=10; remaining=9; resets=61"
        assert answers[10].headers["retry-after"] == "61"
        assert answers[10].headers["x-rate-limit"] == answers[10].headers["ratelimit-limit"] == "700"
        assert api.get(GROUPS).status_code == 200  # other endpoints have other buckets
        seconds[0] = 60
        assert api.get(path).status_code == 200


def test_the_help_centre_has_a_bucket_of_its_own_and_fewer_headers() -> None:
    with client(limits=1.0) as api:
        api.get(GROUPS)
        answer = api.get("/api/v2/help_center/articles")
        assert answer.headers["x-rate-limit-remaining"] == "699"
        assert "ratelimit-reset" not in answer.headers


def test_requests_are_counted_by_endpoint() -> None:
    made = app(world(opened("mon 10:00")), limits=False)
    with serve(made) as server, httpx.Client(base_url=server.url, headers={"authorization": BASIC}) as api:
        for path in (GROUPS, GROUPS, "/api/v2/tickets/1"):
            api.get(path).raise_for_status()
        assert made.state.requests == {"groups": 2, "ticket": 1}


def test_a_stopped_server_is_gone() -> None:
    with serve(app(world(opened("mon 10:00")), limits=False)) as server:
        url = server.url
        httpx.get(url + GROUPS, headers={"authorization": BASIC}).raise_for_status()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url + GROUPS)
