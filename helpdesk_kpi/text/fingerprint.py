"""A fingerprint of a text by which two texts can be compared and from which neither can be read.

It is the bottom-k sketch of a set (E. Cohen and H. Kaplan, Summarizing data using bottom-k sketches, PODC 2007): of
all 3-grams of the text, hashed with a secret key, the 128 smallest hashes. Two sketches estimate how much of its
3-grams one text has in common with another. Before the hashes stands one byte: the version of the rules, and what the
text is after (see `opening`). Texts that were read under different versions have nothing in common.
"""

import functools
import hashlib
import re
import unicodedata
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helpdesk_kpi.text.intent import Intent, detect_intent, mentions_recurrence

VERSION = 2  # of every rule here and in opening.py, 0 to 15; in version 1 no byte stood before 64 hashes of 4-grams
SIZE = 128  # hashes kept: mails are seldom longer
GRAM = 3
_FEW = 20  # grams: a text with fewer must not be found in every other one
_AIMS: tuple[Intent | None, ...] = (None, "fault", "wish")
_AGAIN = 4
_UPPER = np.uint64(32)
_LONGEST = 2000  # characters that count; a log pasted below a problem must not drown it

# What differs between two reports of one problem: addresses, ids, numbers.
_ADDRESS = re.compile(r"https?://\S+|\S+@\S+")
_NUMBERED = re.compile(r"[a-z0-9_-]*\d[a-z0-9_-]*")
_WORD = re.compile(r"[^\W\d_]+")
# What is said in every report, whatever the problem: courtesy, and that it is there, and since when.
_EMPTY = frozenset({
    "hi", "hello", "hey", "dear", "please", "pls", "thanks", "thank", "you", "regards", "kind", "best", "team", "we",
    "i", "the", "a", "an", "our", "my", "is", "it", "to", "and", "of", "in", "on", "for", "with", "this", "that",
    "have", "has", "re", "fw", "fwd", "aw", "wg", "tr", "urgent", "problem", "problems", "issue", "issues", "again",
    "same", "still", "happened", "happens", "happening", "before", "as", "exactly", "back", "today", "yesterday",
    "since", "now", "other", "day", "last", "week", "month", "morning", "monday", "new",
    "hallo", "danke", "bitte", "wieder", "immer", "noch", "heute", "gestern", "seit", "bonjour", "merci", "encore",
    "toujours", "hola", "gracias", "otra", "vez",
})  # fmt: skip
_EMPTY_HAN = re.compile(
    "您好|你好|请问|谢谢|感谢|麻烦|帮忙|尽快|处理|一下|紧急|加急|回复|转发|我们|你们|请|我|了|的|又|再次|还是|仍然|依然|同样|一样"
    "|问题|上次|之前|出现|反馈|完全|今天|昨天|前几天|早上|刚才|开始|一直|现在"
)
# What a helpdesk writes by itself over a call or a chat: it names who it was and not what for.
_AUTOMATIC = re.compile(
    r"^[ \t]*(?:(?:inbound|outbound|incoming|missed|abandoned|phone)? ?call|voicemail|conversation|chat|anruf|appel"
    r"|llamada) (?:from|with|to|von|mit|de|avec|con)\b[^\n:]*:?"
    r"|^[ \t]*(?:与|和)[^\n：:]{1,300}的(?:会话|对话|聊天)[:：]?"
    r"|^[^\n：:]{1,300}(?:的(?:未接来电|来电|语音留言|电话)|来电)[:：]?",
    re.MULTILINE,
)
_HAN = re.compile(r" ?([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]) ?")


def fingerprint(subject: str | None, text: str | None, key: bytes) -> bytes:
    """A byte and up to 128 sorted 32-bit hashes, little-endian; b"" for a text too short to compare.

    The key makes the sketch useless to who doesn't have it: without it, no guess at a text can be tried.
    """
    said = f"{subject or ''}\n{_without_log((text or '')[:_LONGEST])}"
    points = np.frombuffer(_normal(said).encode("utf-32-le"), "<u4")
    if points.size < GRAM:
        return b""
    # Multilinear hashing over 64 bits, of which the upper 32 are strongly universal (D. Lemire and O. Kaser, 2014).
    (a, b, c), offset = _factors(key)
    signs = points.astype(np.uint64)
    sums = signs[:-2] * a + signs[1:-1] * b + signs[2:] * c + offset
    hashes = np.unique(sums >> _UPPER)[:SIZE]
    return bytes([_encode_flags(said.lower())]) + hashes.astype("<u4").tobytes()


def _encode_flags(said: str) -> int:
    return VERSION << 4 | mentions_recurrence(said) * _AGAIN | _AIMS.index(detect_intent(said))


def similarity(a: bytes, b: bytes) -> float:
    """How much of the shorter of two texts is in the other, by their sketches: 0 to 1; 0 where they cannot be compared.

    Containment and not Jaccard: who writes again mostly writes less. A text of a few words is taken for longer, unless
    the other one has no more than they.
    """
    left, right = _parse(a), _parse(b)
    if not left.grams or not right.grams:
        return 0.0
    if len(left.grams) < SIZE and len(right.grams) < SIZE:
        common = len(left.grams & right.grams)
        shorter = max(_FEW, min(len(left.grams), len(right.grams)))
        return max(common / (len(left.grams) + len(right.grams) - common), min(1.0, common / shorter))
    return _estimate(np.frombuffer(a, "<u4", offset=1), np.frombuffer(b, "<u4", offset=1))


class _Parsed(NamedTuple):
    """What a sketch tells; nothing where it is none of the present rules."""

    aim: Intent | None
    says_again: bool
    grams: frozenset[int]


@functools.lru_cache(maxsize=1 << 13)
def _parse(kept: bytes) -> _Parsed:
    """Many are compared with many: each is taken apart once."""
    if _version(kept) != VERSION:
        return _Parsed(None, False, frozenset())
    grams = frozenset(np.frombuffer(kept, "<u4", offset=1).tolist())
    return _Parsed(_AIMS[kept[0] & 3], bool(kept[0] & _AGAIN), grams)


def _estimate(left: NDArray[np.uint32], right: NDArray[np.uint32]) -> float:
    """Of texts of which not every gram is kept."""
    # Both are sorted, and so is what they have in common; the smallest hashes of both are a fair sample of the union.
    both = np.sort(np.concatenate([left, right]))
    common = both[:-1][both[1:] == both[:-1]]
    jaccard = int((common <= _nth(both, SIZE)).sum()) / SIZE
    sizes = _grams(left), _grams(right)
    return min(1.0, jaccard / (1 + jaccard) * sum(sizes) / max(_FEW, min(sizes)))


def _nth(both: NDArray[np.uint32], n: int) -> int:
    """The n-th smallest of the different ones."""
    different = both[np.r_[True, both[1:] != both[:-1]]]
    return int(different[min(n, different.size) - 1])


def _grams(kept: NDArray[np.uint32]) -> float:
    """How many different grams the text has; where not all are kept, by how close together they lie."""
    return float(kept.size) if kept.size < SIZE else (SIZE - 1) * 2.0**32 / (float(kept[-1]) + 1)


def get_intent(kept: bytes) -> Intent | None:
    """Whether the text of a sketch reports a fault or asks for something; None: not known."""
    return _parse(kept).aim


def get_recurrence_mention(kept: bytes) -> bool:
    """Whether the text of a sketch says that it happened before."""
    return _parse(kept).says_again


def is_comparable(kept: bytes) -> bool:
    """Whether it is a sketch of a text, made by the present rules."""
    return _version(kept) == VERSION


def _version(kept: bytes) -> int:
    """0: no text. The first version had no byte before the hashes."""
    return (kept[0] >> 4 if len(kept) % 4 == 1 else 1) if kept else 0


# What a program writes while all is well says nothing of a problem, and is the same under every problem.
_CHATTER = re.compile(r"^.*\b(?:DEBUG|INFO|TRACE|NOTICE)\b.*$", re.MULTILINE)


def _without_log(text: str) -> str:
    return _CHATTER.sub("", text) if "INFO" in text or "DEBUG" in text or "TRACE" in text else text


def _normal(text: str) -> str:
    lower = (text if text.isascii() else unicodedata.normalize("NFKC", text)).lower()
    lower = _AUTOMATIC.sub(" ", lower)
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
