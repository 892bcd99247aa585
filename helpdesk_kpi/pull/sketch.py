"""A fingerprint of a text by which two texts can be compared and from which neither can be read.

It is the bottom-k sketch of a set (E. Cohen and H. Kaplan, Summarizing data using bottom-k sketches, PODC 2007): of
all 4-grams of the text, hashed with a secret key, the 64 smallest hashes. Two sketches estimate how much of their
4-grams two texts have in common (Jaccard).
"""

import functools
import hashlib
import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

SIZE = 64  # hashes kept
GRAM = 4
_UPPER = np.uint64(32)
_LONGEST = 2000  # characters that count; a log pasted below a problem must not drown it

# What differs between two reports of one problem: addresses, ids, numbers.
_ADDRESS = re.compile(r"https?://\S+|\S+@\S+")
_NUMBERED = re.compile(r"[a-z0-9_-]*\d[a-z0-9_-]*")
_WORD = re.compile(r"[^\W\d_]+")
# What is said in every report, whatever the problem.
_EMPTY = frozenset({
    "hi", "hello", "hey", "dear", "please", "pls", "thanks", "thank", "you", "regards", "kind", "best", "team", "we",
    "i", "the", "a", "an", "our", "my", "is", "it", "to", "and", "of", "in", "on", "for", "with", "this", "that",
    "have", "hallo", "danke", "bitte", "bonjour", "merci", "hola", "gracias",
})  # fmt: skip
_EMPTY_HAN = re.compile("您好|你好|请问|谢谢|感谢|麻烦|帮忙|一下|我们|你们|请|我|了|的")
_HAN = re.compile(r" ?([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]) ?")


def sketch(subject: str | None, text: str | None, key: bytes) -> bytes:
    """Up to 64 sorted 32-bit hashes, little-endian; b"" for a text too short to compare.

    The key makes the sketch useless to who doesn't have it: without it, no guess at a text can be tried.
    """
    points = np.frombuffer(_normal(f"{subject or ''} {(text or '')[:_LONGEST]}").encode("utf-32-le"), "<u4")
    if points.size < GRAM:
        return b""
    # Multilinear hashing over 64 bits, of which the upper 32 are strongly universal (D. Lemire and O. Kaser, 2014).
    (a, b, c, d), offset = _factors(key)
    signs = points.astype(np.uint64)
    sums = signs[:-3] * a + signs[1:-2] * b + signs[2:-1] * c + signs[3:] * d + offset
    hashes = np.unique(sums >> _UPPER)[:SIZE]
    return hashes.astype("<u4").tobytes()


def similarity(a: bytes, b: bytes) -> float:
    """Estimate of the Jaccard similarity of two texts by their sketches, 0 to 1; 0 where one has no sketch."""
    if not a or not b:
        return 0.0
    left, right = np.frombuffer(a, "<u4"), np.frombuffer(b, "<u4")
    union = np.union1d(left, right)[:SIZE]  # the smallest hashes of both together are a fair sample of the union
    common = np.intersect1d(left, right, assume_unique=True)
    return float(np.isin(union, common, assume_unique=True).sum() / union.size)


def _normal(text: str) -> str:
    lower = (text if text.isascii() else unicodedata.normalize("NFKC", text)).lower()
    if "@" in lower or "://" in lower:
        lower = _ADDRESS.sub(" ", lower)
    if not lower.isascii():
        lower = _EMPTY_HAN.sub(" ", lower)
    words = [word for word in _WORD.findall(_NUMBERED.sub(" ", lower)) if word not in _EMPTY]
    # A Chinese character says about as much as two letters: standing for two, four symbols are a word of two of them.
    # Some put a space between it and Latin letters, some don't.
    return _HAN.sub("\\1\x00", " ".join(words)) if words else ""


@functools.lru_cache(maxsize=8)
def _factors(key: bytes) -> tuple[NDArray[np.uint64], np.uint64]:
    drawn = np.frombuffer(hashlib.blake2b(b"helpdesk-kpi sketch", key=key[:64], digest_size=40).digest(), "<u8")
    return drawn[:GRAM] | np.uint64(1), drawn[GRAM]
