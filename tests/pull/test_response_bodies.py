"""Bodies of answers: unpacked within bounds, and repaired so that one bad value costs no page."""

import asyncio
import gzip
import json
import tracemalloc
import zlib
from typing import Any

import httpx
import msgspec
import pytest
from test_transport import ACCOUNT, Wall

from helpdesk_kpi.errors import BrokenError, PullError
from helpdesk_kpi.pull.auth import NoAuth
from helpdesk_kpi.pull.lenient_decode import decode_rows
from helpdesk_kpi.pull.response_body import TooLargeError, Unpacker, clean, mend
from helpdesk_kpi.pull.transport import Transport

MOST = 100_000  # bytes of an answer in these tests


def answer_to(body: bytes, *, kind: Any = dict, **headers: Any) -> Any:
    """What a transport makes of a body that comes over a real socket; or its error."""
    head = "".join(f"{name.replace('_', '-')}: {text}\r\n" for name, text in headers.items())
    start = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{head}\r\n"
    wall = Wall()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start.encode() + body)
        await writer.drain()
        writer.close()

    async def run() -> Any:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, Transport(url, auth=NoAuth(), sleep=wall.sleep, clock=wall, max_bytes=MOST) as http:
            try:
                return await http.get("/x", type=kind)
            except PullError as error:
                return error

    return asyncio.run(run())


# --- characters


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (rb'"Printer \ud83d broken"', "Printer \ufffd broken"),
        (rb'"Printer \ud83d\ude00 works"', "Printer \U0001f600 works"),
        (rb'"\ude00\ud83d"', "\ufffd\ufffd"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
        (rb'"C:\\ud83d"', r"C:\ud83d"),  # an escaped backslash, and then letters
        (rb'"C:\\\ud83d"', "C:\\\ufffd"),
        (rb'"\\ud83d\udc00"', "\\ud83d\ufffd"),  # the half behind it is one
        (rb'"a\u0000b"', "a\ufffdb"),
        (b'"caf\xe9"', "caf\ufffd"),
        (b'"\xed\xa0\xbd"', "\ufffd\ufffd\ufffd"),  # a half of a character in UTF-8, which has no such thing
        ('"café"'.encode(), "café"),
        (b'"line\nbreak\x01"', "line\nbreak\ufffd"),
    ],
)
def test_a_broken_character_is_replaced_and_a_whole_one_stays(sent: bytes, text: str) -> None:
    assert answer_to(b'{"subject": ' + sent + b', "id": 7}') == {"subject": text, "id": 7}


def test_a_mark_of_the_byte_order_is_passed_over() -> None:
    assert answer_to(b'\xef\xbb\xbf{"id": 7}') == {"id": 7}


# --- values


@pytest.mark.parametrize("sent", [b"NaN", b"-NaN", b"Infinity", b"-Infinity", b"[" * 5000 + b"]" * 5000])
def test_what_is_no_json_value_becomes_null_and_the_rest_is_read(sent: bytes) -> None:
    found = answer_to(b'{"odd": {"in": [' + sent + b']}, "even": "NaN [Infinity]"}')
    assert found["even"] == "NaN [Infinity]"
    depth, inner = 0, found["odd"]["in"]
    while isinstance(inner, list):
        depth, inner = depth + 1, inner[0]
    assert inner is None
    assert depth <= 200


def test_a_number_that_is_too_large_costs_its_row() -> None:
    class Row(msgspec.Struct):
        id: int
        seconds: float

    class Page(msgspec.Struct):
        rows: msgspec.Raw

    page = answer_to(b'{"rows": [{"id": 1, "seconds": 2}, {"id": 5, "seconds": 1e999}]}', kind=Page)
    good, aside = decode_rows(page.rows, Row)
    assert [row.id for row in good] == [1]
    assert [row.id for row in aside] == ["5"]


def test_mending_changes_nothing_in_sound_json() -> None:
    deep: Any = 1
    for _ in range(150):
        deep = [deep, {"a\\": '"[{', "é": "\\ NaN"}]
    sound = json.dumps(deep).encode()
    assert mend(sound) == sound
    assert clean(sound) == sound


# --- sizes


def test_packed_bodies_are_unpacked() -> None:
    plain = b'{"id": 7}'
    assert answer_to(gzip.compress(plain), content_encoding="gzip") == {"id": 7}
    assert answer_to(zlib.compress(plain), content_encoding="deflate") == {"id": 7}


@pytest.mark.parametrize("packed", [True, False])
def test_a_body_that_is_too_large_is_not_read_on(packed: bool) -> None:
    """A megabyte of zeros is a kilobyte when packed."""
    large = b"0" * 1_000_000
    error = answer_to(gzip.compress(large), content_encoding="gzip") if packed else answer_to(large)
    assert isinstance(error, BrokenError)
    assert "over 100,000 bytes" in str(error)


def test_a_bomb_takes_no_more_memory_than_an_answer_may() -> None:
    bomb = gzip.compress(bytes(300_000_000), compresslevel=1)
    unpacker = Unpacker("gzip", 10_000_000)
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        unpacker.feed(bomb)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 30_000_000


@pytest.mark.parametrize("coding", ["gzip, gzip", "br", "compress"])
def test_a_packing_that_was_not_requested_for_is_refused(coding: str) -> None:
    error = answer_to(gzip.compress(b'{"id": 7}'), content_encoding=coding)
    assert isinstance(error, BrokenError)
    assert "packed in a way that was not requested" in str(error)


@pytest.mark.parametrize("body", [b"no gzip at all", gzip.compress(b'{"id": 7}', mtime=0)[:-9]], ids=["none", "cut"])
def test_a_packed_body_that_is_broken_is_an_expected_error(body: bytes) -> None:
    assert isinstance(answer_to(body, content_encoding="gzip"), BrokenError)


# --- addresses and headers


@pytest.mark.parametrize(
    "address", ["", "no url", "http://[::1", "https://exa mple/\x00", "https://", "//", "\ufffd:/x"]
)
def test_a_download_address_that_is_none_is_an_expected_error(address: str) -> None:
    async def run() -> None:
        async with Transport(ACCOUNT, auth=NoAuth(), http=httpx.MockTransport(lambda _: httpx.Response(500))) as http:
            await http.download(address, type=dict, endpoint="file")

    with pytest.raises(PullError, match=r"file|refused to download"):
        asyncio.run(run())


@pytest.mark.parametrize(
    "headers",
    [
        {"Date": "Mon, 32 Foo 0000 99:99:99 -0000"},
        {"Retry-After": "9" * 500},
        {"X-RateLimit-Total": "9" * 500, "X-RateLimit-Remaining": "9" * 500},
        {"Zendesk-RateLimit-x": f"total={'9' * 500}; remaining=1; resets={'9' * 500}"},
    ],
)
def test_headers_that_say_nothing_sensible_are_passed_over(headers: dict[str, str]) -> None:
    assert answer_to(b'{"id": 7}', **headers) == {"id": 7}
