"""Senders behind whom stands no single customer: shared mailboxes, and monitoring that writes by itself."""

import hashlib
from collections.abc import Collection, Mapping, Sequence

from helpdesk_kpi.milliseconds import WEEK
from helpdesk_kpi.store import Store


def load_configured_senders(store: Store, configured: Sequence[str]) -> frozenset[int]:
    """The accounts that the configuration names: by address, "@domain" or "source:id"."""
    words = [word.strip().casefold() for word in configured]
    hashes = [hashlib.blake2b(w.encode(), key=store.hash_key, digest_size=16).hexdigest() for w in words]
    sql = (
        "SELECT p.id FROM people p JOIN sources s ON s.id = p.source WHERE"
        " lower(hex(p.email_hash)) IN (SELECT value FROM json_each(?1))"
        " OR '@' || p.domain IN (SELECT value FROM json_each(?2))"
        " OR lower(s.name || ':' || p.native) IN (SELECT value FROM json_each(?2))"
    )
    return frozenset(key for (key,) in store.rows(sql, hashes, words)) if words else frozenset()


def find_shared_senders(
    tickets: Mapping[int, Sequence[tuple[int, int]]], configured: Collection[int], most: int
) -> dict[int, tuple[str, int]]:
    """The tickets of shared senders, with since when that is known.

    `tickets`: customer -> (ticket, creation). A sender that is named always was one; another since the instant in
    which more than `most` tickets lay within a week, and all of its tickets with it.
    """
    found: dict[int, tuple[str, int]] = {}
    for customer, theirs in tickets.items():
        known = 0 if customer in configured else count_busiest_week([at for _, at in theirs], most)
        if known is not None:
            found |= {ticket: ("shared_sender", max(known, at)) for ticket, at in theirs}
    return found


def count_busiest_week(times: Sequence[int], most: int) -> int | None:
    """When for the first time more than `most` of these instants lay within a week; None: never.

    >>> from helpdesk_kpi.milliseconds import DAY
    >>> count_busiest_week([0, DAY, 2 * DAY], 2) == 2 * DAY
    True
    >>> count_busiest_week([0, DAY, 8 * DAY], 2) is None
    True
    """
    ordered = sorted(times)
    return next((last for first, last in zip(ordered, ordered[most:], strict=False) if last - first < WEEK), None)
