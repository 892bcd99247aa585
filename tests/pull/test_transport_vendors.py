"""What single helpdesks need of the transport: verdicts of their own, headers of answers, files kept elsewhere."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from helpdesk_kpi.errors import AccessError, HelpdeskKpiError, MissingError, PullError, UnavailableError
from helpdesk_kpi.pull.auth import Basic
from helpdesk_kpi.pull.rate_limits import read_common
from helpdesk_kpi.pull.transport import Classification, Transport
from helpdesk_kpi.secret import Secret

ACCOUNT = "https://acme.example.com"
Say = Callable[[httpx.Request], httpx.Response]


def request(say: Say, ask: Callable[[Transport], Any], **options: Any) -> tuple[Any, list[httpx.Request], list[float]]:
    """What came of it (an answer or an error), what the server was asked, and how long was slept."""
    requests: list[httpx.Request] = []
    slept: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return say(request)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def run() -> Any:
        auth = Basic("key", Secret("X"))
        wall = lambda: 1_790_000_000.0 + sum(slept)  # noqa: E731 - the clock that sleeping moves
        server = httpx.MockTransport(answer)
        async with Transport(ACCOUNT, auth=auth, http=server, sleep=sleep, clock=wall, **options) as http:
            try:
                return await ask(http)
            except HelpdeskKpiError as error:
                return error

    return asyncio.run(run()), requests, slept


def suspended(status: int, headers: Mapping[str, str], content: bytes) -> Classification | None:
    if b"account_suspended" in content:
        return Classification(kind="access", text="the account is suspended")
    if headers.get("x-seraph-loginreason") == "AUTHENTICATED_FAILED":
        return Classification(kind="access", text="the token is refused")
    if status == 429 and headers.get("ratelimit-reason", "").startswith("jira-quota"):
        return Classification(kind="failed", text="the hour's quota is used up")
    if status == 403 and b"require_feature" in content:
        return Classification(kind="unavailable", text="not on this plan")
    if status == 400 and b"gone" in content:
        return Classification(kind="missing", text="gone")
    return Classification(kind="again", text="soon", wait=2.0) if b"soon" in content else None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(403, json={"code": "account_suspended"}), AccessError),
        (httpx.Response(200, headers={"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}), AccessError),
        (httpx.Response(403, json={"code": "require_feature"}), UnavailableError),
        (httpx.Response(403, json={"code": "access_denied"}), UnavailableError),
        (httpx.Response(400, json={"code": "gone"}), MissingError),
        (httpx.Response(429, headers={"RateLimit-Reason": "jira-quota-tenant-based", "Retry-After": "9"}), PullError),
    ],
)
def test_a_helpdesks_own_way_to_refuse_is_understood(answer: httpx.Response, kind: type[PullError]) -> None:
    error, requests, slept = request(lambda _: answer, lambda http: http.get("/x", type=dict), classifier=suspended)
    assert type(error) is kind
    assert error.permanent
    assert (len(requests), slept) == (1, [])


def test_a_verdict_may_ask_for_another_try() -> None:
    answers = iter([httpx.Response(200, json={"say": "soon"}), httpx.Response(200, json={"id": 1})])
    body, requests, slept = request(
        lambda _: next(answers), lambda http: http.get("/x", type=dict), classifier=suspended
    )
    assert (body, len(requests), slept) == ({"id": 1}, 2, [2.0])


def test_headers_of_an_answer_come_along_and_ours_go_out() -> None:
    link = '< https://acme.example.com/x?page=2>; rel="next"'
    answer, requests, _ = request(
        lambda _: httpx.Response(200, json=[], headers={"Link": link}),
        lambda http: http.get_response("/x", type=list),
        headers={"X-ExperimentalApi": "opt-in"},
    )
    assert (answer.body, answer.headers["link"]) == ([], link)
    assert requests[0].headers["x-experimentalapi"] == "opt-in"


def test_a_file_elsewhere_is_fetched_without_credentials_and_with_any_media_type() -> None:
    def say(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b'{"n": 1}', headers={"content-type": "binary/octet-stream"})

    url = "https://files.example.net/export.json?Signature=abc"
    body, requests, _ = request(say, lambda http: http.download(url, type=dict, endpoint="export"))
    assert body == {"n": 1}
    assert "authorization" not in requests[0].headers


@pytest.mark.parametrize(
    "url", ["http://files.example.net/a", "https://me:pw@files.example.net/a", "ftp://x.example/a"]
)
def test_a_file_is_not_fetched_over_an_open_line(url: str) -> None:
    error, requests, _ = request(
        lambda _: httpx.Response(200), lambda http: http.download(url, type=dict, endpoint="e")
    )
    assert isinstance(error, PullError)
    assert "refused to download" in str(error)
    assert requests == []


def test_a_download_that_is_sent_on_stays_on_https() -> None:
    moved = httpx.Response(302, headers={"Location": "http://elsewhere.example/a"})
    error, requests, _ = request(
        lambda _: moved, lambda http: http.download("https://files.example.net/a", type=dict, endpoint="export")
    )
    assert isinstance(error, PullError)
    assert [request.url.host for request in requests] == ["files.example.net"]


def test_waits_with_a_fraction_are_kept_and_endless_ones_are_not_believed() -> None:
    for said, waited in (("1.5", 1.5), ("inf", 60.0), ("1e9", 60.0), ("-3", 60.0), ("nan", 60.0)):
        answers = iter([httpx.Response(429, headers={"Retry-After": said}), httpx.Response(200, json={})])
        body, _, slept = request(lambda _, given=answers: next(given), lambda http: http.get("/x", type=dict))  # type: ignore[misc]
        assert (body, slept) == ({}, [waited]), said


def test_limits_written_as_floats_are_read() -> None:
    (allowance,) = read_common({"x-ratelimit-total": "50.0", "x-ratelimit-remaining": "10.0"})
    assert (allowance.total, allowance.remaining) == (50, 10)
