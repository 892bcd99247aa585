"""What `check` of every helpdesk looks at in the same way: signing in, what answers, limits, clocks, ends of tokens,
and how long a first sync will take.

Each function gives findings; what is wrong says what to do about it. Texts of errors come from the transport, which
keeps secrets out of them.
"""

import datetime as dt
from collections.abc import Awaitable, Iterable, Sequence
from typing import TypeVar

import msgspec

from helpdesk_kpi.errors import AccessError, PullError, UnavailableError
from helpdesk_kpi.pull.contract import Finding, no
from helpdesk_kpi.pull.rate_limits import WINDOW
from helpdesk_kpi.pull.transport import Transport

T = TypeVar("T")
SKEW = 30  # seconds of clock difference that do no harm
SOON = 30  # days before a token's end in which somebody should act
FIRST_SYNC = "first sync"  # what the estimate is about; `check` ends with it


async def check_sign_in(ask: Awaitable[T]) -> tuple[T | None, list[Finding]]:
    """The answer to "who am I?", or what keeps us out: then there is nothing more to ask."""
    try:
        return await ask, []
    except AccessError as error:
        return None, [Finding(level="error", about="credentials", text=str(error))]
    except PullError as error:
        return None, [Finding(level="error", about="address", text=f"{error}; is `url` right?")]


async def probe_endpoint(
    ask: Awaitable[object], about: str, needs: Sequence[str] = (), *, gap: str = "", ok_text: str = "readable"
) -> list[Finding]:
    """Whether something can be read: `ask` is one cheap request for it. What the plan or the rights lack narrows the
    `needs` that fail with it, with `gap` as the reason that reports print.
    """
    try:
        await ask
    except UnavailableError as error:
        lost = no(gap or f"{about}: not with this plan or these rights")
        text = f"{str(error).rstrip('.')}: an admin of the account can tell whether the plan or the rights lack it"
        narrowed = [Finding(level="warning", about=about, text=text, need=need, provides=lost) for need in needs]
        return narrowed or [Finding(level="warning", about=about, text=text)]
    except PullError as error:
        return [Finding(level="error", about=about, text=str(error))]
    return [Finding(level="ok", about=about, text=ok_text)]


def check_clock_skew(http: Transport, vendor: str) -> list[Finding]:
    """How far this machine's clock is from the helpdesk's, by its latest answer."""
    if http.skew is None:
        return []
    if abs(http.skew) <= SKEW:
        return [Finding(level="ok", about="clock", text=f"this machine's clock agrees with {vendor}'s")]
    side = "behind" if http.skew > 0 else "ahead of"
    text = (
        f"this machine's clock is {abs(http.skew):.0f} s {side} {vendor}'s; the newest changes may be missed:"
        " have it set by a time server"
    )
    return [Finding(level="warning", about="clock", text=text)]


def check_time_zone(name: str | None, owner: str) -> list[Finding]:
    """In which zone the helpdesk's own reports count days; `check` holds it beside the configuration's `timezone`."""
    if not name:
        return []
    return [Finding(level="ok", about="time zone", text=f"{owner} is in {name}", zone=name)]


def check_rate_limits(http: Transport) -> list[Finding]:
    """Every rate limit that the helpdesk has told of so far."""
    share = http.limits.share
    return [
        Finding(
            level="ok", about="rate limit",
            text=f"{a.bucket}: {a.total:,} a minute, of which {share:.0%} are used; {a.remaining:,} left now",
        )
        for a in http.limits.by_bucket.values()
    ]  # fmt: skip


def check_token_expiry(end: dt.datetime | None, now: float, what: str, advice: str) -> list[Finding]:
    """When a credential stops working. `now`: epoch seconds. None: it is not known, or it has no end."""
    if end is None:
        return []
    days = (end - dt.datetime.fromtimestamp(now, dt.UTC)).days
    if days < 0:
        return [Finding(level="error", about="credentials", text=f"{what} ended on {end:%Y-%m-%d}: {advice}")]
    level = "warning" if days < SOON else "ok"
    text = f"{what} ends on {end:%Y-%m-%d}, in {days} days" + (f": {advice}" if days < SOON else "")
    return [Finding(level=level, about="credentials", text=text)]  # type: ignore[arg-type]  # one of the two


class SyncEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a first sync has to ask for of one kind; kinds come one after the other."""

    about: str  # "tickets", "conversations", ...
    rows: int  # or things, where each needs a request of its own (page = 1)
    page: int  # rows that one request brings at most
    a_minute: int | None = None  # requests that the helpdesk allows for it; None: not limited, or not told
    seconds: float = 0.5  # that one request takes

    @property
    def requests(self) -> int:
        """
        >>> SyncEstimate(about="tickets", rows=1001, page=1000).requests
        2
        >>> SyncEstimate(about="teams", rows=0, page=100).requests
        1
        """
        return max(1, -(-self.rows // self.page))

    def took(self, share: float) -> float:
        """Seconds: as fast as the helpdesk answers, or as our share of its limit lets us; the first window's share can
        be spent at once.

        >>> SyncEstimate(about="conversations", rows=10_000, page=1, a_minute=200).took(0.5) / 60
        99.0
        """
        windows = -(-self.requests // max(1, int(self.a_minute * share))) if self.a_minute else 1
        return max(self.requests * self.seconds, (windows - 1) * WINDOW)


def get_allowed_rate(http: Transport, *buckets: str) -> int | None:
    """Requests a minute that the strictest of these buckets allows, as far as the helpdesk has told."""
    return min((http.limits.by_bucket[b].total for b in buckets if b in http.limits.by_bucket), default=None)


def estimate_first_sync(loads: Iterable[SyncEstimate], share: float) -> Finding:
    """The last line of `check`: what the first sync will cost."""
    parts = list(loads)
    total, seconds = sum(p.requests for p in parts), sum(p.took(share) for p in parts)
    text = f"about {total:,} request{'s' * (total != 1)}, {format_duration(seconds)}"
    largest = max(parts, key=lambda p: p.requests)
    if len(parts) > 1 and total > 100 and largest.requests * 2 > total:
        text += f" ({largest.requests:,} of them for {largest.about})"
    return Finding(level="ok", about=FIRST_SYNC, text=text)


def format_duration(seconds: float) -> str:
    """
    >>> format_duration(20), format_duration(61), format_duration(720), format_duration(8 * 3600 + 120)
    ('less than a minute', '2 minutes', '12 minutes', '8 hours')
    """
    minutes = -(-int(seconds) // 60)
    if minutes <= 1:
        return "less than a minute"
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"
