"""The transport where nothing answers: how long it tries, what it says meanwhile, and what it becomes."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator

import httpx
import pytest
from test_transport import ACCOUNT, Answer, Tickets, Wall, answering, ok

from helpdesk_kpi.errors import BrokenError, PullError, UnreachedError
from helpdesk_kpi.pull.auth import NoAuth
from helpdesk_kpi.pull.transport import Transport

Ask = Callable[[Transport], Awaitable[object]]
QUICK = httpx.Timeout(0.2)  # seconds of real time that a test waits for a server that never answers


def request(http: Transport, *paths: str) -> list[object]:
    """What comes of each path in turn: the answer, or the error."""

    async def one(path: str) -> object:
        try:
            return await http.get(path, type=Tickets, endpoint=path)
        except PullError as error:
            return error

    async def run() -> list[object]:
        async with http:
            return [await one(path) for path in paths]

    return asyncio.run(run())


@pytest.fixture
def closed_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        port: int = place.getsockname()[1]
        return port


@pytest.fixture
def mute_port() -> Iterator[int]:
    """A port that takes connections, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        yield place.getsockname()[1]


def test_a_closed_port_ends_the_source_after_three_tries_and_says_so_meanwhile(closed_port: int) -> None:
    wall, heard = Wall(), list[str]()
    address = f"http://127.0.0.1:{closed_port}"
    http = Transport(address, auth=NoAuth(), sleep=wall.sleep, clock=wall, on_delay=heard.append)
    first, second = request(http, "/a", "/b")
    text = f"GET 127.0.0.1:{closed_port}/a: it cannot be reached: Connection refused"
    assert isinstance(first, UnreachedError)
    assert str(first) == f"{text} (given up after 3 tries)"
    assert heard == [f"still trying {text}"] * 2
    assert [int(pause) for pause in wall.slept] == [1, 2]
    assert second is first  # no other path is tried
    assert http.requests == {"/a": 3}


def test_a_server_that_never_answers_is_left_after_two_tries(mute_port: int) -> None:
    wall = Wall()
    http = Transport(
        f"http://127.0.0.1:{mute_port}", auth=NoAuth(), sleep=wall.sleep, clock=wall, first_timeout=QUICK
    )  # fmt: skip
    (error,) = request(http, "/a")
    assert isinstance(error, UnreachedError)
    assert "no answer within 0.2 s (given up after 2 tries)" in str(error)


def test_a_name_that_does_not_exist_and_a_wrong_certificate_end_the_source() -> None:
    """`.invalid` is never registered (RFC 2606). Trying does not mend a certificate, so there is one try only."""

    def refuse(_: httpx.Request) -> httpx.Response:
        cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
        cause.verify_message = "certificate has expired"
        raise httpx.ConnectError("certificate verify failed") from cause

    wall = Wall()
    by_name = Transport("https://acme.invalid", auth=NoAuth(), sleep=wall.sleep, clock=wall)
    expired = Transport(ACCOUNT, auth=NoAuth(), sleep=wall.sleep, clock=wall, http=httpx.MockTransport(refuse))
    (unknown,), (wrong,) = request(by_name, "/a"), request(expired, "/a")
    assert isinstance(unknown, UnreachedError)
    assert isinstance(wrong, UnreachedError)
    assert str(wrong).endswith("its certificate is not valid (certificate has expired)")
    assert expired.requests == {"/a": 1}


GONE = [
    httpx.ConnectError("refused"),
    httpx.ReadTimeout("slow"),
    httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
]


@pytest.mark.parametrize("gone", GONE, ids=["connect", "timeout", "protocol"])
def test_once_it_has_answered_a_silence_of_three_tries_is_survived(gone: Answer) -> None:
    server, sent = answering(ok(), gone, gone, gone, ok())
    wall = Wall()
    found = request(Transport(ACCOUNT, auth=NoAuth(), sleep=wall.sleep, clock=wall, http=server), "/a", "/b")
    assert [type(one) for one in found] == [Tickets, Tickets]
    assert len(sent) == 5
    assert [int(pause) for pause in wall.slept] == [1, 2, 4]


@pytest.mark.parametrize(
    ("gone", "ends"), [(GONE[0], 1), (GONE[1], 2), (GONE[2], 2)], ids=["connect", "timeout", "protocol"]
)  # fmt: skip
def test_a_host_that_dies_meanwhile_ends_the_source(gone: Answer, ends: int) -> None:
    """At once where nothing can be connected to; one endpoint that is too slow fails alone, a second one is the host.
    `ends`: after how many requests, of four tries each.
    """
    server, sent = answering(ok(), gone)
    wall = Wall()
    found = request(
        Transport(ACCOUNT, auth=NoAuth(), sleep=wall.sleep, clock=wall, http=server), "/a", "/b", "/c", "/d"
    )  # fmt: skip
    assert [isinstance(one, UnreachedError) for one in found] == [False] + [n >= ends for n in (1, 2, 3)]
    assert len(sent) == 1 + 4 * ends


def test_broken_json_is_read_twice_and_not_waited_for_any_longer() -> None:
    """A second is the pause before the second reading; the same broken bytes are not read a third time."""
    json = {"Content-Type": "application/json"}
    cut = httpx.Response(200, content=b'{"tickets": [{"id"', headers=json)
    server, sent = answering(cut, ok())
    wall = Wall()
    (mended,) = request(Transport(ACCOUNT, auth=NoAuth(), sleep=wall.sleep, clock=wall, http=server), "/a")
    assert isinstance(mended, Tickets)
    for broken in (cut, httpx.Response(200, content=b"", headers=json)):
        server, sent = answering(broken)
        wall = Wall()
        (error,) = request(Transport(ACCOUNT, auth=NoAuth(), sleep=wall.sleep, clock=wall, http=server), "/a")
        assert isinstance(error, BrokenError)
        assert len(sent) == 2
        assert sum(wall.slept) < 2
