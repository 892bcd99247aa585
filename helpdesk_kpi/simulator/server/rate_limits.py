"""Rate limits as Zendesk keeps them: a number of requests per minute, for the account and for single endpoints.

Headers as recorded from live accounts: x-rate-limit*, ratelimit-* and zendesk-ratelimit-<bucket>.
https://developer.zendesk.com/api-reference/introduction/rate-limits/
"""

from collections.abc import Callable

WINDOW = 60.0
ACCOUNT = 700  # Suite Enterprise
BUCKETS = {
    "incremental-exports": 10,
    "incremental-exports-cursor": 20,
    "deleted-tickets-index": 10,
    "tickets-index": 100_000,
    "ticket-fields-index": 20,
}
_GENEROUS = 10_000


class Bucket:
    """One limit within fixed minutes. `clock` gives seconds."""

    def __init__(self, total: int, clock: Callable[[], float]) -> None:
        self.total, self.clock = total, clock
        self.began, self.used = clock(), 0

    def take(self) -> bool:
        """Count one request; False: it is one too many."""
        if self.clock() - self.began >= WINDOW:
            self.began, self.used = self.clock(), 0
        self.used += 1
        return self.used <= self.total

    @property
    def remaining(self) -> int:
        return max(0, self.total - self.used)

    @property
    def resets(self) -> int:
        """Seconds until the next minute, rounded up."""
        return max(1, int(WINDOW - (self.clock() - self.began)) + 1)


class Limits:
    """All buckets of an account. `scale` multiplies every limit; False: none is ever reached."""

    def __init__(self, scale: float | bool, clock: Callable[[], float]) -> None:
        factor = float(scale) if scale is not False else float(_GENEROUS)
        self.account = Bucket(max(1, int(ACCOUNT * factor)), clock)
        self.help_centre = Bucket(max(1, int(ACCOUNT * factor)), clock)
        self.buckets = {name: Bucket(max(1, int(total * factor)), clock) for name, total in BUCKETS.items()}

    def take(self, bucket: str | None, *, help_centre: bool) -> tuple[dict[str, str], int]:
        """Headers of the answer, and the seconds to wait if it is one too many (else 0)."""
        main = self.help_centre if help_centre else self.account
        wait = 0 if main.take() else main.resets
        headers = {"x-rate-limit": str(main.total), "x-rate-limit-remaining": str(main.remaining)}
        if not help_centre:
            headers |= {
                "ratelimit-limit": str(main.total),
                "ratelimit-remaining": str(main.remaining),
                "ratelimit-reset": str(main.resets),
            }
        if bucket is not None:
            own = self.buckets[bucket]
            wait = wait if own.take() else own.resets
            said = f"total={own.total}; remaining={own.remaining}; resets={own.resets}"
            headers[f"zendesk-ratelimit-{bucket}"] = said
        return headers, wait
