"""What `check` of every helpdesk does alike, against single odd answers."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import TypeVar

import httpx

from helpdesk_kpi.pull import checks
from helpdesk_kpi.pull.auth import Basic
from helpdesk_kpi.pull.checks import SyncEstimate, estimate_first_sync
from helpdesk_kpi.pull.contract import Finding
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.secret import Secret

T = TypeVar("T")
NOW = 1_790_000_000.0
SECRET = "s3cret-t0ken"


def request(do: Callable[[Transport], Awaitable[T]], status: int, body: object = None, **headers: str) -> T:
    """What `do` makes of a helpdesk that always answers so."""

    async def run() -> T:
        server = httpx.MockTransport(lambda _: httpx.Response(status, json=body or {}, headers=headers))
        auth = Basic("ann@example.com", Secret(SECRET))
        async with Transport("https://acme.example.com", auth=auth, clock=lambda: NOW, http=server) as http:
            return await do(http)

    return asyncio.run(run())


async def _who(http: Transport) -> list[Finding]:
    return (await checks.check_sign_in(http.get("/me", type=dict, missing="resource")))[1]


async def _calls(http: Transport) -> list[Finding]:
    ask = http.get("/calls", type=dict, missing="resource")
    return await checks.probe_endpoint(ask, "calls", ("calls", "call.times"), gap="calls: not with this plan")


async def _clock(http: Transport) -> list[Finding]:
    await http.get("/me", type=dict)
    return checks.check_clock_skew(http, "Acme")


def test_wrong_credentials_are_one_error_that_does_not_repeat_them() -> None:
    (finding,) = request(_who, 401, {"error": f"{SECRET} is not known"})
    assert (finding.level, finding.about) == ("error", "credentials")
    assert SECRET not in finding.text


def test_an_address_that_is_no_helpdesk_asks_whether_it_is_right() -> None:
    (finding,) = request(_who, 404)
    assert (finding.level, finding.about) == ("error", "address")
    assert "url" in finding.text


def test_what_the_plan_lacks_narrows_every_need_that_fails_with_it() -> None:
    found = request(_calls, 403)
    assert [(f.level, f.need) for f in found] == [("warning", "calls"), ("warning", "call.times")]
    assert {f.provides.reason for f in found if f.provides} == {"calls: not with this plan"}
    assert [(f.level, f.text) for f in request(_calls, 200)] == [("ok", "readable")]


def test_a_broken_answer_is_an_error_and_narrows_nothing() -> None:
    (finding,) = request(_calls, 400)
    assert (finding.level, finding.need) == ("error", None)


def test_a_clock_that_is_off_says_by_how_much_and_what_to_do() -> None:
    (late,) = request(_clock, 200, Date=formatdate(NOW + 90))
    assert late.level == "warning"
    assert "90 s behind Acme's" in late.text
    assert "time server" in late.text
    (early,) = request(_clock, 200, Date=formatdate(NOW - 90))
    assert "90 s ahead of Acme's" in early.text
    (right,) = request(_clock, 200, Date=formatdate(NOW + 2))
    assert right.level == "ok"


def test_limits_are_reported_with_the_share_that_is_taken() -> None:
    async def reported(http: Transport) -> list[Finding]:
        await http.get("/me", type=dict)
        return checks.check_rate_limits(http)

    headers = {"X-Rate-Limit": "400", "X-Rate-Limit-Remaining": "399"}
    (finding,) = request(reported, 200, None, **headers)
    assert finding.text == "account: 400 a minute, of which 50% are used; 399 left now"


def test_a_token_about_to_end_warns_and_one_that_ended_is_an_error() -> None:
    today = dt.datetime.fromtimestamp(NOW, dt.UTC)
    ends = [(-1, "error"), (5, "warning"), (29, "warning"), (30, "ok"), (200, "ok")]
    for days, level in ends:
        (finding,) = checks.check_token_expiry(
            today + dt.timedelta(days=days, hours=1), NOW, "the token", "make a new one"
        )
        assert finding.level == level, days
        assert ("make a new one" in finding.text) == (level != "ok")
    assert checks.check_token_expiry(None, NOW, "the token", "make a new one") == []


def test_a_first_sync_is_as_slow_as_our_share_of_the_limit() -> None:
    """10,000 requests of one row each at half of 200 a minute: the first hundred at once, the rest in 99 minutes."""
    loads = [
        SyncEstimate(about="tickets", rows=10_000, page=100, a_minute=200),
        SyncEstimate(about="conversations", rows=10_000, page=1, a_minute=200),
    ]
    assert (
        estimate_first_sync(loads, 0.5).text == "about 10,100 requests, 100 minutes (10,000 of them for conversations)"
    )
    assert (
        estimate_first_sync(loads, 1.0).text == "about 10,100 requests, 85 minutes (10,000 of them for conversations)"
    )


def test_a_first_sync_without_limits_is_as_slow_as_the_helpdesk() -> None:
    assert (
        estimate_first_sync([SyncEstimate(about="tickets", rows=0, page=100)], 0.5).text
        == "about 1 request, less than a minute"
    )
    assert (
        estimate_first_sync([SyncEstimate(about="tickets", rows=9000, page=100, seconds=2)], 0.5).text
        == "about 90 requests, 3 minutes"
    )
