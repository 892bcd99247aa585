"""Planned faults: what an API does wrong, and when. Nothing is random.

A plan is words separated by spaces or commas:

    every:10              every tenth request fails, in rotation: 429 that says to wait 0 s, 429 that says 1 s,
                          429 that says nothing, 500, 503, a body cut short, an error page in HTML
    every:10:503          the same, always in this one way (429, 429-none, 500, 503, cut, html)
    forbid:NAME           this endpoint answers 403
    missing:NAME          this endpoint answers 404
    refuse                every credential is wrong
    slow:NAME:50ms        this endpoint waits first
    wrong-host            addresses of next pages lead to another host
    move:600s             the desk goes on by so much with each page of tickets
    expire:5              tokens are refused after five requests
    disguise              wrong credentials look like success: 200, an empty body, and a header that tells (Jira)
    quota:100             after a hundred requests the quota of the hour is used up
    lag:2h                what changed within the last two hours is not found by a search yet (Jira)
    zone:Asia/Kolkata     the account that asks lives in this zone (Jira)
"""

from typing import Any, Literal
from zoneinfo import available_timezones

import msgspec

Failure = Literal["429-0", "429", "429-none", "500", "503", "cut", "html"]
ROTATION: tuple[Failure, ...] = ("429-0", "429", "429-none", "500", "503", "cut", "html")
KNOWN = (
    "every:N[:WAY], forbid:NAME, missing:NAME, refuse, slow:NAME:TIME, wrong-host, move:TIME, expire:N, disguise, "
    "quota:N, lag:TIME, zone:NAME"
)
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, read. Times are in ms."""

    every: int = 0
    ways: tuple[Failure, ...] = ROTATION
    forbid: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    refuse: bool = False
    slow: dict[str, int] = {}
    wrong_host: bool = False
    move: int = 0
    expire: int = 0
    disguise: bool = False
    quota: int | None = None
    lag: int = 0
    zone: str | None = None

    def failure(self, number: int) -> Failure | None:
        """How the `number`-th request (from 1) fails; None: it does not."""
        if not self.every or number % self.every:
            return None
        return self.ways[(number // self.every - 1) % len(self.ways)]


def parse(text: str | Faults | None) -> Faults:
    """The plan that the words say. ValueError names a word that is none."""
    if isinstance(text, Faults):
        return text
    plan = Faults()
    for word in (text or "").replace(",", " ").split():
        plan = _with(plan, word)
    return plan


def _with(plan: Faults, word: str) -> Faults:
    name, *rest = ("quota:0" if word == "quota" else word).split(":")
    change: dict[str, Any] = {}
    match name, rest:
        case "every", [count]:
            change = {"every": int(count)}
        case "every", [count, way] if way in ROTATION:
            change = {"every": int(count), "ways": tuple(w for w in ROTATION if w == way)}
        case "slow", [endpoint, time]:
            change = {"slow": {**plan.slow, endpoint: _ms(time)}}
        case "forbid" | "missing", [endpoint]:
            change = {name: getattr(plan, name) | {endpoint}}
        case "refuse" | "wrong-host" | "disguise", []:
            change = {name.replace("-", "_"): True}
        case "expire" | "quota", [count]:
            change = {name: int(count)}
        case "move" | "lag", [time]:
            change = {name: _ms(time)}
        case "zone", [zone] if zone in available_timezones():
            change = {"zone": zone}
        case _:
            raise ValueError(f"no fault {word!r}; known are: {KNOWN}")
    return msgspec.structs.replace(plan, **change)


def _ms(text: str) -> int:
    """`50ms`, `2s`, `10m`, `1h`."""
    number = text.rstrip("msh")
    return int(number) * _UNITS[text[len(number) :]]
