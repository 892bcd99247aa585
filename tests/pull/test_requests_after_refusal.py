"""What is asked at the same time: after a refusal nothing more is sent, as the server counts it."""

import asyncio

import httpx
import pytest

from helpdesk_kpi.errors import AccessError, MissingError, PullError, UnavailableError
from helpdesk_kpi.pull.auth import Basic, Bearer, NoAuth
from helpdesk_kpi.pull.concurrency import gather_all
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.secret import Secret

TICKETS = 20
AT_ONCE = 4


def refusing_from(third: int, status: int) -> tuple[httpx.MockTransport, list[str]]:
    """A server that answers so many requests, and refuses the next and all that follow; what it was asked."""
    requested: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        requested.append(request.url.path)
        place = len(requested)
        await asyncio.sleep(0)  # the others that are sent at the same time are on their way now
        return httpx.Response(status if place > third else 200, json={})

    return httpx.MockTransport(answer), requested


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AccessError), (403, UnavailableError), (404, MissingError), (400, PullError)],
)
def test_after_a_refusal_nothing_more_is_sent(status: int, kind: type[PullError]) -> None:
    """Of 20, the third is refused. Four may be on their way at once: the two before it, its neighbours, and what took
    the places of the two that were answered; so 6 at most were sent before the refusal came back.
    """
    server, requested = refusing_from(2, status)
    http = Transport(
        "https://acme.example.com", auth=Basic("a", Secret("b")), http=server, concurrency=AT_ONCE, rate_share=1.0
    )  # fmt: skip

    async def run() -> None:
        async with http:
            await gather_all(http.get(f"/tickets/{n}", type=dict, endpoint="tickets") for n in range(TICKETS))

    with pytest.raises(kind):
        asyncio.run(run())
    assert len(requested) <= 2 + AT_ONCE


def test_once_the_credentials_are_refused_no_later_request_is_sent() -> None:
    server, requested = refusing_from(0, 401)

    async def run(http: Transport) -> list[BaseException | None]:
        async def one(path: str) -> BaseException | None:
            try:
                await http.get(path, type=dict)
            except AccessError as error:
                return error
            return None

        async with http:
            return [await one(path) for path in ("/a", "/b", "/c")]

    http = Transport("https://acme.example.com", auth=Bearer(Secret("no")), http=server)
    found = asyncio.run(run(http))
    assert all(isinstance(error, AccessError) for error in found)
    assert requested == ["/a"]


def test_results_come_in_the_order_in_which_they_were_requested_for() -> None:
    async def later(number: int) -> int:
        for _ in range(10 - number):
            await asyncio.sleep(0)
        return number

    assert asyncio.run(gather_all(later(n) for n in range(10))) == list(range(10))


def test_what_ends_the_source_is_raised_before_anything_else() -> None:
    async def fail() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise PullError("slow", permanent=True) from None

    async def refused() -> None:
        await asyncio.sleep(0)
        raise AccessError("refused")

    async def run() -> None:
        await gather_all([fail(), refused()])

    with pytest.raises(AccessError):
        asyncio.run(run())


@pytest.mark.parametrize("token", ["tökèn", "two\nlines", "two words", "\ud83d"])
def test_a_token_that_no_header_can_carry_is_refused_without_being_repeated(token: str) -> None:
    async def run() -> None:
        server = httpx.MockTransport(lambda _: httpx.Response(200, json={}))
        async with Transport(
            "https://acme.example.com", auth=Bearer(Secret(token), advice="Make one."), http=server
        ) as http:
            await http.get("/a", type=dict)

    with pytest.raises(AccessError) as caught:
        asyncio.run(run())
    assert token not in str(caught.value)
    assert str(caught.value).endswith("can be. Make one.")


def test_no_auth_asks_on_after_a_refusal_of_one_item() -> None:
    server, requested = refusing_from(0, 404)

    async def run() -> None:
        async with Transport("https://acme.example.com", auth=NoAuth(), http=server) as http:
            for path in ("/a", "/b"):
                with pytest.raises(MissingError):
                    await http.get(path, type=dict)

    asyncio.run(run())
    assert requested == ["/a", "/b"]
