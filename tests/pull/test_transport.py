"""The transport against small odd servers: what it asks, waits for, believes and refuses."""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable, Iterator
from email.utils import formatdate
from typing import Any

import httpx
import msgspec
import pytest

from helpdesk_kpi.errors import AccessError, ConfigError, HelpdeskKpiError, MissingError, PullError, UnavailableError
from helpdesk_kpi.pull.auth import Basic, ClientCredentials, NoAuth
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.secret import Secret

ACCOUNT = "https://acme.example.com"
NOW = 1_790_000_000.0


class Ticket(msgspec.Struct):
    id: int


class Tickets(msgspec.Struct):
    tickets: list[Ticket]


class Wall:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


Answer = httpx.Response | Exception
PAGE = {"tickets": [{"id": 7, "a_key_of_next_year": True}]}


def answering(*answers: Answer) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    """A server that gives these answers in turn, the last one for ever, and a list of what it was asked."""
    requested: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requested.append(request)
        given = answers[min(len(requested), len(answers)) - 1]
        if isinstance(given, Exception):
            raise given
        return httpx.Response(given.status_code, headers=given.headers, content=given.content)

    return httpx.MockTransport(answer), requested


def get(
    server: httpx.AsyncBaseTransport, *, path: str = "/api/tickets", kind: type[Any] = Tickets, **options: Any
) -> tuple[Any, Transport, Wall]:
    """One request; the answer or the error that came of it, the transport, and its clock."""
    wall = options.pop("wall", Wall())
    missing = options.pop("missing", "child")
    auth = options.pop("auth", NoAuth())

    async def run() -> tuple[Any, Transport, Wall]:
        async with Transport(ACCOUNT, auth=auth, http=server, sleep=wall.sleep, clock=wall, **options) as http:
            try:
                return await http.get(path, {"page": 1}, type=kind, endpoint="tickets", missing=missing), http, wall
            except HelpdeskKpiError as error:
                return error, http, wall

    return asyncio.run(run())


def ok(**headers: str) -> httpx.Response:
    return httpx.Response(200, json=PAGE, headers=headers)


def test_a_page_is_decoded_and_keys_that_nobody_knows_are_ignored() -> None:
    server, requested = answering(ok())
    page, http, _ = get(server)
    assert page == Tickets([Ticket(7)])
    assert str(requested[0].url) == "https://acme.example.com/api/tickets?page=1"
    assert http.requests == {"tickets": 1}


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [("7", 7.0), ("0", 0.0), (formatdate(NOW + 90, usegmt=True), 90.0), (formatdate(NOW - 90, usegmt=True), 0.0)],
)
def test_retry_after_is_kept_as_seconds_or_as_a_date(retry_after: str, wait: float) -> None:
    server, requested = answering(httpx.Response(429, headers={"Retry-After": retry_after}), ok())
    page, http, wall = get(server)
    assert isinstance(page, Tickets)
    assert (len(requested), wall.slept, http.waited) == (2, [wait], wait)


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}])
@pytest.mark.trap("zendesk 7")
def test_a_429_that_does_not_say_how_long_waits_a_minute(headers: dict[str, str]) -> None:
    text = "Number of allowed API requests per minute exceeded"
    server, _ = answering(httpx.Response(429, text=text, headers=headers), ok())
    _, _, wall = get(server)
    assert wall.slept == [60.0]


def test_a_503_with_retry_after_waits_as_long_as_it_says() -> None:
    server, _ = answering(httpx.Response(503, headers={"Retry-After": "33"}), ok())
    assert get(server)[2].slept == [33.0]


@pytest.mark.parametrize(
    "broken",
    [
        *(httpx.Response(status, html="<h1>Oops</h1>") for status in (409, 500, 502, 503, 504, 520, 524)),
        httpx.Response(200, html="<h1>Down for maintenance</h1>"),
    ],
    ids=["409", "500", "502", "503", "504", "520", "524", "html"],
)
@pytest.mark.trap("zendesk 16")
def test_what_may_pass_is_tried_again_with_growing_pauses(broken: Answer) -> None:
    server, requested = answering(broken, broken, broken, ok())
    page, _, wall = get(server)
    assert isinstance(page, Tickets)
    assert len(requested) == 4
    # 1, 2 and 4 seconds, each with up to a second of jitter
    assert [int(pause) for pause in wall.slept] == [1, 2, 4]


def test_it_gives_up_after_the_allowed_tries_and_says_what_it_saw() -> None:
    server, requested = answering(httpx.Response(503, json={"error": "overloaded"}))
    error, _, _ = get(server, attempts=3)
    assert isinstance(error, PullError)
    assert not error.permanent
    assert len(requested) == 3
    assert str(error) == (
        "GET acme.example.com/api/tickets: 503 Service Unavailable: overloaded (given up after 3 tries)"
    )


def test_a_helpdesk_that_asks_for_hours_is_not_waited_for() -> None:
    server, requested = answering(httpx.Response(503, headers={"Retry-After": "7200"}), ok())
    error, _, wall = get(server)
    assert isinstance(error, PullError)
    assert (len(requested), wall.slept) == (1, [])


@pytest.mark.parametrize(
    ("status", "missing", "kind"),
    [
        (401, "child", AccessError),
        (403, "child", UnavailableError),
        (404, "resource", UnavailableError),
        (404, "child", MissingError),
        (410, "child", MissingError),
        (400, "child", PullError),
        (422, "child", PullError),
    ],
)
def test_what_cannot_pass_is_said_at_once(status: int, missing: str, kind: type[PullError]) -> None:
    server, requested = answering(httpx.Response(status, json={"error": "No", "description": "Not for you"}))
    error, _, wall = get(server, missing=missing)
    assert type(error) is kind
    assert error.permanent
    assert "No; Not for you" in str(error)
    assert (len(requested), wall.slept) == (1, [])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"title": "Forbidden", "message": "Access is restricted."}}, "Forbidden; Access is restricted."),
        ({"errors": [{"code": "Forbidden", "status": "403", "title": "Access to it"}]}, "Access to it"),
        ({"description": "Missing the following required scopes: read"}, "required scopes: read"),
        ({"errorMessages": ["The value 'x' does not exist"]}, "The value 'x' does not exist"),
    ],
)
def test_every_envelope_of_an_error_is_read(body: dict[str, Any], words: str) -> None:
    error, _, _ = get(answering(httpx.Response(403, json=body))[0])
    assert str(error) == f"GET acme.example.com/api/tickets: 403 Forbidden: {words}" or words in str(error)
    assert "{" not in str(error)


def test_html_from_the_edge_is_not_repeated_in_an_error() -> None:
    error, _, _ = get(answering(httpx.Response(404, html="<html>" + "x" * 5000))[0])
    assert str(error) == "GET acme.example.com/api/tickets: 404 Not Found"


def test_another_shape_names_the_field_and_is_not_tried_again() -> None:
    server, requested = answering(httpx.Response(200, json={"tickets": [{"id": 1}, {"id": "two"}]}))
    error, _, _ = get(server)
    assert isinstance(error, PullError)
    assert "Expected `int`, got `str` - at `$.tickets[1].id`" in str(error)
    assert len(requested) == 1


def test_an_answer_over_the_size_limit_is_not_read_to_its_end() -> None:
    given = 0

    async def endless() -> Any:
        nonlocal given
        for _ in range(1000):
            given += 1
            yield b" " * 1000

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Type": "application/json"}, content=endless())

    error, _, _ = get(httpx.MockTransport(answer), max_bytes=10_000)
    assert "over 10,000 bytes" in str(error)
    assert given < 20


# hosts


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example.org/api/tickets",
        "//evil.example.org/api/tickets",
        "http://acme.example.com/api/tickets",
        "https://acme.example.com:8443/api/tickets",
        "https://acme.example.com.evil.example.org/",
        "https://acme.example.com@evil.example.org/",
        "https://user:pw@acme.example.com/api/tickets",
    ],
)
@pytest.mark.trap("zendesk 32")
def test_no_other_host_is_ever_requested(path: str) -> None:
    server, requested = answering(ok())
    error, _, _ = get(server, path=path, auth=Basic("ann", Secret("pw")))
    assert isinstance(error, PullError)
    assert "refused to ask" in str(error)
    assert "https://acme.example.com" in str(error)
    assert requested == []


def test_a_redirect_to_another_host_is_not_followed() -> None:
    server, requested = answering(httpx.Response(302, headers={"Location": "https://evil.example.org/login"}))
    error, _, _ = get(server, auth=Basic("ann", Secret("pw")))
    assert "refused to ask 'evil.example.org'" in str(error)
    assert len(requested) == 1


def test_a_redirect_within_the_account_is_followed_and_circles_end() -> None:
    moved = httpx.Response(301, headers={"Location": "/api/v2/tickets"})
    server, requested = answering(moved, ok())
    page, _, _ = get(server)
    assert isinstance(page, Tickets)
    assert requested[1].url.path == "/api/v2/tickets"
    error, _, _ = get(answering(moved)[0])
    assert "redirects in a circle" in str(error)


def test_a_declared_host_is_requested_with_the_same_credentials() -> None:
    server, requested = answering(ok())
    page, _, _ = get(
        server, path="https://help.example.com/hc", hosts=["help.example.com"], auth=Basic("ann", Secret("pw"))
    )
    assert isinstance(page, Tickets)
    assert requested[0].headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize("url", ["http://acme.example.com", "ftp://acme.example.com", "https://a:b@acme.example.com"])
def test_an_address_that_would_leak_credentials_is_a_config_error(url: str) -> None:
    with pytest.raises(ConfigError):
        Transport(url, auth=NoAuth())


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:9"])
def test_http_is_allowed_to_this_machine(url: str) -> None:
    assert repr(Transport(url, auth=NoAuth())) == f"Transport('{url}')"


# credentials


def test_refused_credentials_end_with_the_advice_and_without_the_secret() -> None:
    server, requested = answering(httpx.Response(401, json={"error": "Couldn't authenticate you with s3cret-t0ken"}))
    auth = Basic("ann@example.com/token", Secret("s3cret-t0ken"), advice="Tokens end after 30 idle days")
    error, _, _ = get(server, auth=auth)
    assert isinstance(error, AccessError)
    assert str(error).endswith("Couldn't authenticate you with ***. Tokens end after 30 idle days")
    assert len(requested) == 1
    pair = base64.b64encode(b"ann@example.com/token:s3cret-t0ken").decode()
    assert requested[0].headers["authorization"] == f"Basic {pair}"


def oauth_server(*, accepted: set[str], grants: Iterator[dict[str, Any]]) -> tuple[httpx.MockTransport, list[Any]]:
    """Gives these grants in turn and takes only the accepted tokens."""
    bodies: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/tokens":
            assert "authorization" not in request.headers
            bodies.append(msgspec.json.decode(request.content))
            return httpx.Response(200, json=next(grants))
        token = request.headers["authorization"].removeprefix("Bearer ")
        return ok() if token in accepted else httpx.Response(401, json={"error": "invalid_token"})

    return httpx.MockTransport(answer), bodies


@pytest.mark.trap("zendesk 18")
def test_client_credentials_ask_for_a_lifetime_and_use_the_token_once_given() -> None:
    server, bodies = oauth_server(accepted={"one"}, grants=iter([{"access_token": "one", "expires_in": 1800}]))
    page, _, _ = get(server, auth=ClientCredentials("kpi", Secret("s3cret")))
    assert isinstance(page, Tickets)
    assert bodies == [
        {"grant_type": "client_credentials", "client_id": "kpi", "client_secret": "s3cret", "scope": "read",
         "expires_in": 1800},
    ]  # fmt: skip


def test_a_token_that_ended_early_is_renewed_once_after_a_401() -> None:
    grants = iter([{"access_token": "old", "expires_in": 1800}, {"access_token": "new", "expires_in": 1800}])
    server, bodies = oauth_server(accepted={"new"}, grants=grants)
    page, _, _ = get(server, auth=ClientCredentials("kpi", Secret("s3cret")))
    assert isinstance(page, Tickets)
    assert len(bodies) == 2


def test_a_client_of_which_new_token_is_refused_too_is_locked_out() -> None:
    server, bodies = oauth_server(accepted=set(), grants=iter([{"access_token": str(n)} for n in range(9)]))
    error, _, _ = get(server, auth=ClientCredentials("kpi", Secret("s3cret")))
    assert isinstance(error, AccessError)
    assert len(bodies) == 2


def test_a_wrong_client_secret_is_an_access_error_that_does_not_show_it() -> None:
    server, requested = answering(
        httpx.Response(400, json={"error": "invalid_client", "error_description": "bad s3cret"})
    )
    error, _, _ = get(server, auth=ClientCredentials("kpi", Secret("s3cret")))
    assert isinstance(error, AccessError)
    assert "invalid_client" in str(error)
    assert "s3cret" not in str(error)
    assert len(requested) == 1


def test_many_requests_share_one_renewal_and_a_token_is_renewed_a_minute_before_it_ends() -> None:
    grants: Iterator[dict[str, Any]] = iter(
        [{"access_token": "a", "expires_in": 300}, {"access_token": "b", "token_type": "bearer"}]
    )
    server, bodies = oauth_server(accepted={"a", "b"}, grants=grants)
    now = 0.0
    auth = ClientCredentials("kpi", Secret("s3cret"), clock=lambda: now)

    async def run() -> None:
        nonlocal now
        async with Transport(ACCOUNT, auth=auth, http=server) as http:
            await asyncio.gather(*(http.get("/api/tickets", type=Tickets) for _ in range(5)))
            assert len(bodies) == 1
            now = 239.0  # 300 - 60: not yet
            await http.get("/api/tickets", type=Tickets)
            assert len(bodies) == 1
            now = 240.0
            await asyncio.gather(*(http.get("/api/tickets", type=Tickets) for _ in range(5)))
            assert len(bodies) == 2

    asyncio.run(run())


def test_secrets_do_not_show_themselves() -> None:
    auth = Basic("ann", Secret("s3cret"))
    shown = f"{Secret('s3cret')!r} {Secret('s3cret')} {vars(auth)}"
    assert "s3cret" not in shown
    assert base64.b64encode(b"ann:s3cret").decode() not in shown


def test_no_log_line_at_debug_shows_the_credentials(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    get(answering(httpx.Response(429, headers={"Retry-After": "1"}), ok())[0], auth=Basic("ann", Secret("s3cret")))
    assert "again in 1.0 s" in caplog.text
    assert base64.b64encode(b"ann:s3cret").decode() not in caplog.text
    assert not logging.getLogger("hpack.hpack").isEnabledFor(logging.DEBUG)


# limits


def pull(server: httpx.AsyncBaseTransport, times: int, *, endpoint: str = "tickets", **options: Any) -> Wall:
    wall = Wall()

    async def run() -> None:
        async with Transport(ACCOUNT, auth=NoAuth(), http=server, sleep=wall.sleep, clock=wall, **options) as http:
            for _ in range(times):
                await http.get("/api/tickets", type=Tickets, endpoint=endpoint)

    asyncio.run(run())
    return wall


def counting(total: int, window: float, header: Callable[[int, int], dict[str, str]]) -> httpx.MockTransport:
    left = total

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal left
        left -= 1
        return httpx.Response(200, json=PAGE, headers=header(left, int(window)))

    return httpx.MockTransport(answer)


@pytest.mark.parametrize(
    "header",
    [
        lambda left, window: {"zendesk-ratelimit-incremental-exports": f"total=10; remaining={left}; resets={window}"},
        lambda left, window: {"Zendesk-Rate-Limit-Exports": f"total=10; remaining={left}; resets={window}"},
        lambda left, window: {
            "RateLimit-Limit": "10",
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(window),
        },
    ],
    ids=["bucket", "older spelling", "account"],
)
def test_half_of_a_bucket_is_left_to_others(header: Callable[[int, int], dict[str, str]]) -> None:
    # A bucket of 10 and a share of a half: five requests go at once, the sixth waits for the window's end, 40 s after
    # the first, then five more.
    assert pull(counting(10, 40, header), 5).slept == []
    assert pull(counting(10, 40, header), 6).slept == [40.0]
    assert pull(counting(100, 40, header), 11).slept == [40.0, 40.0]


def test_the_whole_bucket_is_ours_where_the_configuration_says_so() -> None:
    def header(left: int, window: int) -> dict[str, str]:
        return {"zendesk-ratelimit-incremental-exports": f"total=10; remaining={left}; resets={window}"}

    assert pull(counting(10, 40, header), 10, rate_share=1.0).slept == []


def test_a_bucket_that_others_emptied_is_waited_for_even_within_our_share() -> None:
    server, _ = answering(ok(**{"X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "0", "RateLimit-Reset": "9"}), ok())
    assert pull(server, 2).slept == [9.0]


def test_a_helpdesk_that_does_not_say_when_the_window_ends_is_given_a_minute() -> None:
    server, _ = answering(ok(**{"X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "0"}), ok())
    assert pull(server, 2).slept == [60.0]


def test_two_endpoints_on_one_bucket_share_it_and_others_are_not_held() -> None:
    wall = Wall()

    def answer(request: httpx.Request) -> httpx.Response:
        if "exports" in request.url.path:
            return ok(**{"zendesk-ratelimit-exports": "total=4; remaining=3; resets=50"})
        return ok()

    async def run() -> None:
        server = httpx.MockTransport(answer)
        async with Transport(ACCOUNT, auth=NoAuth(), http=server, sleep=wall.sleep, clock=wall) as http:
            await http.get("/exports/tickets", type=Tickets, endpoint="tickets")
            await http.get("/exports/events", type=Tickets, endpoint="events")
            for _ in range(5):
                await http.get("/groups", type=Tickets, endpoint="groups")
            assert wall.slept == []
            await http.get("/exports/tickets", type=Tickets, endpoint="tickets")  # the third of two
            assert wall.slept == [50.0]

    asyncio.run(run())


def test_the_clock_of_the_helpdesk_is_compared_with_ours() -> None:
    _, http, _ = get(answering(ok(Date=formatdate(NOW + 125, usegmt=True)))[0])
    assert http.skew == 125.0


def test_no_more_requests_run_at_once_than_allowed() -> None:
    running = most = 0

    async def slow(_: httpx.Request) -> httpx.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _turn in range(5):
            await asyncio.sleep(0)
        running -= 1
        return ok()

    async def run() -> None:
        async with Transport(ACCOUNT, auth=NoAuth(), http=httpx.MockTransport(slow), concurrency=3) as http:
            await asyncio.gather(*(http.get("/x", type=Tickets) for _ in range(12)))

    asyncio.run(run())
    assert most == 3


# a real connection

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def over_a_socket(replies: list[bytes]) -> tuple[Any, Wall]:
    """One request to a server on loopback that sends these raw replies in turn and hangs up after each."""
    wall = Wall()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(replies.pop(0))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def run() -> Any:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with (
            server,
            Transport(f"http://127.0.0.1:{port}", auth=NoAuth(), sleep=wall.sleep, clock=wall) as http,
        ):
            return await http.get("/api/tickets", type=Tickets)

    return asyncio.run(run()), wall


@pytest.mark.trap("zendesk 16")
def test_a_body_that_is_cut_on_the_wire_is_requested_for_again() -> None:
    body = msgspec.json.encode(PAGE)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(body)
    page, wall = over_a_socket([head + body[:5], b"", head + body])
    assert page == Tickets([Ticket(7)])
    assert len(wall.slept) == 2
