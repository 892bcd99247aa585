"""How much a helpdesk lets us ask, read from its answers, and how long to wait before asking more."""

import re
from collections.abc import Callable, Iterable, Mapping

import msgspec

WINDOW = 60.0  # seconds; what vendors count in where they do not say when the count starts anew
_BUCKET = re.compile(r"^zendesk-rate-?limit-(?P<name>.+)$")
_NUMBER = re.compile(r"\d{1,12}(\.\d+)?")  # Freshdesk says "50.0"
_PART = re.compile(r"(?P<key>total|remaining|resets)\s*=\s*(?P<value>\d{1,12})(?!\d)")


class Allowance(msgspec.Struct, frozen=True):
    """One line of a helpdesk's rate limit: of `total` requests `remaining` are left, anew after `resets` seconds."""

    bucket: str
    total: int
    remaining: int
    resets: float = WINDOW
    cost: int = 1  # of it, what the request took that this came with


#: Reads the allowances out of an answer's headers (names in lower case).
Reader = Callable[[Mapping[str, str]], Iterable[Allowance]]


def read_common(headers: Mapping[str, str]) -> Iterable[Allowance]:
    """X-Rate-Limit, RateLimit-*, Freshdesk's X-RateLimit-* and Zendesk's bucket headers; any may be absent.

    https://developer.zendesk.com/api-reference/introduction/rate-limits/
    https://developers.freshdesk.com/api/#ratelimit
    """
    account = _account(headers)
    if account:
        yield account
    for name, text in headers.items():
        match = _BUCKET.match(name)
        parts = {m["key"]: int(m["value"]) for m in _PART.finditer(text)} if match else {}
        if match and "total" in parts and "remaining" in parts:
            yield Allowance(match["name"], parts["total"], parts["remaining"], parts.get("resets", WINDOW))


def _account(headers: Mapping[str, str]) -> Allowance | None:
    def first(*names: str) -> int | None:
        return next((int(float(headers[n])) for n in names if _NUMBER.fullmatch(headers.get(n, ""))), None)

    total = first("x-rate-limit", "ratelimit-limit", "rate-limit-limit", "x-ratelimit-limit", "x-ratelimit-total")
    left = first("x-rate-limit-remaining", "ratelimit-remaining", "rate-limit-remaining", "x-ratelimit-remaining")
    if total is None or left is None:
        return None
    resets = first("ratelimit-reset", "rate-limit-reset")
    cost = first("x-ratelimit-used-currentrequest")
    return Allowance("account", total, left, WINDOW if resets is None else resets, 1 if cost is None else cost)


class _Bucket:
    """What we know of one limit in its present window."""

    def __init__(self) -> None:
        self.total = 0  # 0: not told yet
        self.remaining = 1
        self.resets_at = 0.0
        self.used = 0  # by us, in this window

    def roll(self, now: float) -> None:
        if now >= self.resets_at:
            self.used = 0
            self.remaining = max(self.total, 1)

    def learn(self, allowance: Allowance, now: float) -> None:
        fresh = now >= self.resets_at
        if fresh:  # asked in the last window, answered in this one
            self.used = min(self.used, 1)
        self.used += allowance.cost - 1  # one was counted when it was sent
        self.total, self.remaining = allowance.total, allowance.remaining
        # A helpdesk that always says "60 s" would push the end of the window away for ever: the earlier one holds.
        self.resets_at = now + allowance.resets if fresh else min(self.resets_at, now + allowance.resets)

    def wait(self, share: float, now: float) -> float:
        self.roll(now)
        spent = self.total and self.used >= max(1, int(self.total * share))
        return self.resets_at - now if spent or self.remaining <= 0 else 0.0


class RateLimits:
    """Keeps our requests within `share` of what each bucket allows, so that other integrations keep theirs.

    Which endpoint draws on which bucket is learned from its answers. Hosts are apart: a Help Center counts for itself.
    """

    def __init__(self, share: float) -> None:
        self.share = share
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._drawn: dict[tuple[str, str], set[str]] = {}
        self.by_bucket: dict[str, Allowance] = {}  # the latest by bucket, for `check`

    def wait(self, host: str, endpoint: str, now: float) -> float:
        """Seconds until one more request to this endpoint stays within our share; 0: now."""
        return max((b.wait(self.share, now) for b in self._of(host, endpoint)), default=0.0)

    def spend(self, host: str, endpoint: str, now: float) -> None:
        for bucket in self._of(host, endpoint):
            bucket.roll(now)
            bucket.used += 1

    def learn(self, host: str, endpoint: str, allowances: Iterable[Allowance], now: float) -> None:
        names = self._drawn.setdefault((host, endpoint), set())
        for allowance in allowances:
            bucket = self._buckets.setdefault((host, allowance.bucket), _Bucket())
            if allowance.bucket not in names:  # the request that taught us was not counted yet
                names.add(allowance.bucket)
                bucket.roll(now)
                bucket.used += 1
            bucket.learn(allowance, now)
            self.by_bucket[allowance.bucket] = allowance

    def exhaust(self, host: str, endpoint: str, until: float) -> None:
        """The helpdesk refused (429): nothing more through these buckets until then."""
        for bucket in self._of(host, endpoint):
            bucket.remaining, bucket.resets_at = 0, until

    def _of(self, host: str, endpoint: str) -> list[_Bucket]:
        return [self._buckets[host, name] for name in self._drawn.get((host, endpoint), ())]
