"""Answers with something wrong in them: other types, poison, missing keys, repeated rows, bodies that end too early."""

import random
from collections.abc import Callable, Collection, Iterator
from typing import Any

import msgspec

from helpdesk_kpi.testing.http_faults import Change, FakeResponse, RecordedRequest, in_objects

#: What may stand in place of any value, as it comes over the wire.
POISON = (
    b"null", b"true", b"0", b"-1", b"1.5", b'""', b"[]", b"{}", b"[null]", b'{"id": null}', b"NaN", b"-Infinity",
    b"1e999", str(2**63).encode(), str(-(2**63) - 1).encode(), str(2**70).encode(), b'"%d"' % 2**70, b"9" * 400,
    rb'"half \ud83d"', rb'"\udc00"', rb'"nul \u0000"', b'"caf\xe9"', b'"line\nbreak"', b'"' + b"x" * 70_000 + b'"',
    b"[" * 3000 + b"]" * 3000, b'{"a":' * 500 + b"1" + b"}" * 500,
    b'"9999-12-31T23:59:59Z"', b'"0001-01-01T00:00:00+14:00"', b'"0000-00-00T00:00:00Z"', b'"1970-01-01T00:00:00Z"',
    b"1790000000", b"1790000000000000", b'"Mars/Olympus"', b'"http://["', b'"//user:pass@elsewhere/"', b'"no url"',
    b'"<html>"', b'"12:99"', b'"25:00"', b'"-1"', b'"\'; DROP TABLE tickets; --"',
)  # fmt: skip
_MARK = "@@{}@@"
_JSON = "application/json"

Body = Callable[[random.Random, bytes], bytes]


def mutated(rng: random.Random, share: float, log: list[str] | None = None) -> Change:
    """A `share` of the JSON answers to requests with credentials, changed. `log`: the paths of those."""

    def change(requested: RecordedRequest, answer: FakeResponse) -> FakeResponse:
        is_json = "json" in answer.headers.get("content-type", "") and answer.status == 200
        if not (requested.credentials and is_json and answer.body) or rng.random() >= share:
            return answer
        if log is not None:
            log.append(requested.path)
        return answer._replace(body=mutate(rng, answer.body))

    return change


_HALF = "@@half@@"
_WORDS = 4  # spaces in what is certainly a text, and not a time or a code


def broken_texts(maps: Collection[str] = ()) -> Change:
    """Half a character behind every text that people wrote; names of time zones are none."""

    def broken(row: dict[str, Any]) -> dict[str, Any]:
        return {
            key: f"{value}{_HALF}"
            if isinstance(value, str) and value.count(" ") >= _WORDS and "zone" not in key.lower()
            else value
            for key, value in row.items()
        }

    whole = in_objects(broken, maps)

    def change(requested: RecordedRequest, answer: FakeResponse) -> FakeResponse:
        found = whole(requested, answer)
        return found._replace(body=found.body.replace(_HALF.encode(), rb"\ud83d"))

    return change


def mutate(rng: random.Random, body: bytes) -> bytes:
    """A JSON body with one to three things wrong in it."""
    if rng.random() < 0.05:
        return rng.choice(
            [b"", b"null", b"[]", b"{}", b"<html></html>", body[: len(body) // 2], body + body, b"\xff" + body]
        )
    reported = msgspec.json.decode(body)
    poison: dict[str, bytes] = {}
    for number in range(rng.randint(1, 3)):
        places = list(_places(reported))
        if not places:
            break
        _change(rng, *rng.choice(places if rng.random() < 0.8 else places[:8]), number, poison)
    found = msgspec.json.encode(reported)
    for mark, value in poison.items():
        found = found.replace(msgspec.json.encode(mark), value)
    return found


def _change(rng: random.Random, inside: Any, key: Any, number: int, poison: dict[str, bytes]) -> None:
    how = rng.random()
    if how < 0.7:
        mark = _MARK.format(number)
        poison[mark] = rng.choice(POISON)
        inside[key] = mark
    elif how < 0.85 or not isinstance(inside, list):
        del inside[key]
    elif how < 0.95:
        inside.insert(key, inside[key])
    else:
        inside[key] = (
            rng.choice([inside, list(inside), str(inside[key])[:50]]) if isinstance(inside, dict) else [inside[key]]
        )


def _places(part: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a decoded body, the outer ones first."""
    waiting = [part]
    while waiting:
        one = waiting.pop(0)
        keys = one if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        for key in keys:
            yield one, key
            if isinstance(one[key], dict | list):
                waiting.append(one[key])
