"""Bodies of answers: unpacked within bounds, and repaired where a sender writes JSON more loosely than RFC 8259 allows.

A broken character becomes U+FFFD, and a value that is none becomes null: then it costs the field or the row that it
stands in, and not the page. What is not JSON even then is left as it is: the decoder says what is wrong with it.
"""

import re
import zlib

MAX_DEPTH = 200  # levels of nesting; what lies deeper was not written by a helpdesk, and would exhaust the stack
WINDOW_BITS = {
    "gzip": 31,
    "x-gzip": 31,
    "deflate": 47,
}  # a content coding -> window bits of zlib (47: with or without header)
_BLOCK = 1 << 20  # bytes that are unpacked at a time

#: An escaped character outside the basic plane, a half of one, NUL, or any other escape.
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\u0000)|\\."
)
#: Where a NUL or a half of a character probably stands. Quick, and may be wrong behind an escaped backslash: then the
#: body is gone through for nothing, or the decoder refuses it and `mend` repairs it.
_BROKEN = re.compile(
    rb"\\u(?:0000|[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u)[dD][c-fC-F][0-9a-fA-F]{2})"
)
#: A text, a word that is no JSON value, the begin or the end of something nested.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|(-?Infinity|-?NaN)\b|[\[{]|[\]}]', re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x1f]")
_SHORT_ESCAPES = {b"\n": rb"\n", b"\r": rb"\r", b"\t": rb"\t"}


class TooLargeError(Exception):
    """A body is larger than it may be."""


class UnknownCodingError(Exception):
    """A body is packed in a way that was not requested."""


class Unpacker:
    """Collects a body part by part. Neither the packed nor the unpacked bytes may be more than `most`."""

    def __init__(self, coding: str, max_bytes: int) -> None:
        coding = coding.strip().lower()
        if coding not in {"", "identity", *WINDOW_BITS}:
            raise UnknownCodingError(coding)
        self._zip = zlib.decompressobj(WINDOW_BITS[coding]) if coding in WINDOW_BITS else None
        self._max_bytes, self._packed, self._size = max_bytes, 0, 0
        self._parts: list[bytes] = []

    def feed(self, part: bytes) -> None:
        self._packed += len(part)
        if self._packed > self._max_bytes:
            raise TooLargeError
        if self._zip is None:
            self._append(part)
            return
        while part:
            self._append(self._zip.decompress(part, _BLOCK))
            part = self._zip.unconsumed_tail

    def body(self) -> bytes:
        """All of it. zlib.error where the packed bytes end too early."""
        if self._zip is not None:
            self._append(self._zip.flush())
            if self._packed and not self._zip.eof:
                raise zlib.error("the packed bytes end in the middle")
        return b"".join(self._parts)

    def _append(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._max_bytes:
            raise TooLargeError
        self._parts.append(part)


def clean(body: bytes) -> bytes:
    """The body as UTF-8 whose escapes are whole characters, none of them NUL. A body that is so already is not copied.

    >>> clean(rb'{"s": "a \\ud83d b"}'), clean(b'"caf\\xe9"').decode()
    (b'{"s": "a \\\\ufffd b"}', '"caf\ufffd"')
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError:
            body = body.decode(errors="replace").encode()
    if (b"\\ud" in body or b"\\uD" in body or b"\\u0000" in body) and _BROKEN.search(body):
        body = _replace_broken_escapes(body)
    return body


def _replace_broken_escapes(body: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)


def mend(body: bytes) -> bytes:
    """A body that a decoder refused, with null for what is no JSON value or nested too deep.

    >>> mend(b'{"a": NaN, "b": -Infinity, "c": "NaN"}')
    b'{"a": null, "b": null, "c": "NaN"}'
    """
    body = _replace_broken_escapes(body)
    parts: list[bytes] = []
    depth, done = 0, 0
    for found in _TOKEN.finditer(body):
        token, shallow = found[0], depth < MAX_DEPTH
        if token in b"[{":
            depth += 1
            if depth == MAX_DEPTH:
                parts += [body[done : found.start()], b"null"]
        elif token in b"]}":
            depth -= 1
            if depth == MAX_DEPTH - 1:
                done = found.end()
        elif shallow:
            parts += [body[done : found.start()], _escape_control_characters(token) if token[:1] == b'"' else b"null"]
            done = found.end()
    if depth < MAX_DEPTH:
        parts.append(body[done:])
    return b"".join(parts)


def _escape_control_characters(text: bytes) -> bytes:
    """A text whose control characters are escaped."""
    return _CONTROL.sub(lambda found: _SHORT_ESCAPES.get(found[0], rb"\ufffd"), text)
