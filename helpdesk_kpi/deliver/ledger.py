"""What was sent, to whom, and what became of it. The tables that make a second try safe.

    planned -> claimed -> sending -> sent | accepted
       ^          |          |----> failed    (tried again at next_try, or for good)
       |          |          |----> unknown   (it may have arrived: only a person sends it again)
       |          |-> skipped                 (no longer a recipient)
       |<-- lease over: nothing had left

`sending` is committed before the network is touched and the outcome after it, so that a killed process leaves either
nothing or a row that says "unknown". Every change of state compares before it sets, so two processes never send the
same row. All functions take a plain `sqlite3.Connection` outside of a transaction; times are UTC epoch ms.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import msgspec

from helpdesk_kpi.deliver.clock_repair import rectify
from helpdesk_kpi.deliver.contract import Message
from helpdesk_kpi.errors import DeliveryError, UsageError

State = Literal["planned", "claimed", "sending", "sent", "accepted", "failed", "unknown", "skipped"]

DDL = """
CREATE TABLE frozen_messages (             -- rendered once; every try sends these bytes
    id INTEGER PRIMARY KEY,
    report TEXT NOT NULL,                  -- with its slice: "weekly", "weekly:EMEA"
    period_start INTEGER NOT NULL,         -- ms, half-open [start, end)
    period_end INTEGER NOT NULL,
    variant TEXT NOT NULL,                 -- "original", or the name of a correction
    hash TEXT NOT NULL,                    -- sha256 of body, hex
    body BLOB NOT NULL,                    -- msgpack of the Message
    created_at INTEGER NOT NULL,           -- ms
    UNIQUE (report, period_start, period_end, variant)
) STRICT;

CREATE TABLE deliveries (                  -- one row for each message, channel and recipient
    id INTEGER PRIMARY KEY,
    report TEXT NOT NULL,
    period_start INTEGER NOT NULL,         -- ms
    period_end INTEGER NOT NULL,
    channel TEXT NOT NULL,                 -- its name in the configuration
    recipient TEXT NOT NULL,               -- address, folder; "webhook" where the service knows the place
    variant TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('planned', 'claimed', 'sending', 'sent', 'accepted', 'failed', 'unknown', 'skipped')),
    next_try INTEGER,                      -- ms; only with 'failed'; null: not tried again
    deadline INTEGER NOT NULL,             -- ms; no try begins after it
    attempt INTEGER NOT NULL DEFAULT 0,    -- tries begun
    owner TEXT,                            -- the process of the last try; null: none yet
    lease_until INTEGER,                   -- ms; after it the owner is taken for dead; null: nobody works on it
    ref TEXT,                              -- the service's name for it (Message-ID, path); null: not sent
    detail TEXT,                           -- what the channel or a person said last; null: nothing
    created_at INTEGER NOT NULL,           -- ms
    updated_at INTEGER NOT NULL,           -- ms
    sent_at INTEGER,                       -- ms; null: not sent
    UNIQUE (report, period_start, period_end, channel, recipient, variant)
) STRICT;

CREATE INDEX deliveries_due ON deliveries (state, next_try);
"""

_COLUMNS = (
    "id, report, period_start, period_end, channel, recipient, variant, "
    "state, next_try, deadline, attempt, ref, detail, updated_at, sent_at"
)


class Delivery(msgspec.Struct, frozen=True):
    """One row of the ledger. `next_try` is None where nothing is tried again by itself."""

    id: int
    report: str
    start: int
    end: int
    channel: str
    recipient: str
    variant: str
    state: State
    next_try: int | None
    deadline: int
    attempt: int
    ref: str | None
    detail: str | None
    updated_at: int
    sent_at: int | None


@contextmanager
def write_transaction(db: sqlite3.Connection) -> Iterator[None]:
    """One transaction that holds the write lock from its beginning."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def plan_deliveries(
    db: sqlite3.Connection, message: Message, targets: Sequence[tuple[str, str]], *, now: int, deadline: int
) -> list[Delivery]:
    """Freeze the message and give each (channel, recipient) its row, unless they are there. Returns those rows.

    A message that was frozen before stays as it was; a row that was planned but never begun gets the new deadline.
    """
    key = (message.report, message.start, message.end)
    with write_transaction(db):
        _freeze(db, message, now)
        for channel, recipient in targets:
            db.execute(
                "INSERT INTO deliveries (report, period_start, period_end, channel, recipient, variant, state,"
                " deadline, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, 'planned', ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET deadline = excluded.deadline WHERE state = 'planned'",
                (*key, channel, recipient, message.variant, deadline, now, now),
            )
    rows = _select(db, "report = ? AND period_start = ? AND period_end = ? AND variant = ?", (*key, message.variant))
    return [row for row in rows if (row.channel, row.recipient) in set(targets)]


def get_frozen_message(db: sqlite3.Connection, row: Delivery) -> Message:
    """The message of a row as it was rendered. Raises DeliveryError when its bytes are not those that were frozen."""
    found = db.execute(
        "SELECT hash, body FROM frozen_messages"
        " WHERE report = ? AND period_start = ? AND period_end = ? AND variant = ?",
        (row.report, row.start, row.end, row.variant),
    ).fetchone()
    if found is None or hashlib.sha256(found[1]).hexdigest() != found[0]:
        raise DeliveryError(f"the frozen message of {row.report!r} is missing or damaged", permanent=True)
    return msgspec.msgpack.decode(found[1], type=Message)


def sweep(db: sqlite3.Connection, now: int) -> None:
    """Settle what dead owners and wrong clocks left: a claim is free again, a sending is unknown. Give up what is past
    its deadline.
    """
    with write_transaction(db):
        rectify(db, now)
        db.execute(
            "UPDATE deliveries SET state = 'planned', lease_until = NULL, updated_at = :now"
            " WHERE state = 'claimed' AND lease_until < :now",
            {"now": now},
        )
        db.execute(
            "UPDATE deliveries SET state = 'unknown', lease_until = NULL, updated_at = :now,"
            " detail = 'the program ended while it was sending; it may have arrived'"
            " WHERE state = 'sending' AND lease_until < :now",
            {"now": now},
        )
        db.execute(
            "UPDATE deliveries SET state = 'failed', next_try = NULL, updated_at = :now,"
            " detail = coalesce(detail || '; ', '') || 'given up at its deadline'"
            " WHERE deadline < :now AND (state = 'planned' OR (state = 'failed' AND next_try IS NOT NULL))",
            {"now": now},
        )


def claim(db: sqlite3.Connection, row: Delivery, owner: str, *, now: int, lease_until: int) -> Delivery | None:
    """Take a row that is due. None when it is not, or when somebody else was faster."""
    with write_transaction(db):
        taken = db.execute(
            "UPDATE deliveries SET state = 'claimed', owner = ?, lease_until = ?, attempt = attempt + 1, updated_at = ?"
            " WHERE id = ? AND (state = 'planned' OR (state = 'failed' AND next_try <= ?))",
            (owner, lease_until, now, row.id, now),
        ).rowcount
    return get_delivery(db, row.id) if taken else None


def start(db: sqlite3.Connection, row: Delivery, owner: str, *, now: int, lease_until: int) -> bool:
    """Commit `sending`, after which the network may be touched. False: the claim was lost, do not send."""
    with write_transaction(db):
        changed = db.execute(
            "UPDATE deliveries SET state = 'sending', next_try = NULL, lease_until = ?, updated_at = ?"
            " WHERE id = ? AND state = 'claimed' AND owner = ? AND attempt = ?",
            (lease_until, now, row.id, owner, row.attempt),
        ).rowcount
    return bool(changed)


def record_outcome(
    db: sqlite3.Connection, row: Delivery, owner: str, state: State, *, now: int,
    next_try: int | None = None, ref: str | None = None, detail: str = "",
) -> Delivery:  # fmt: skip
    """Commit the outcome of a claim. One that comes after its lease still counts, unless a person has resolved it."""
    with write_transaction(db):
        db.execute(
            "UPDATE deliveries SET state = ?, next_try = ?, ref = ?, detail = ?, lease_until = NULL, updated_at = ?,"
            " sent_at = ? WHERE id = ? AND owner = ? AND attempt = ? AND state IN ('claimed', 'sending', 'unknown')",
            (state, next_try, ref, detail or None, now, now if state in {"sent", "accepted"} else None,
             row.id, owner, row.attempt),
        )  # fmt: skip
    return get_delivery(db, row.id)


def resend(db: sqlite3.Connection, number: int, *, now: int, deadline: int) -> Delivery:
    """A person asks for another try, with the same bytes. Raises UsageError for a row that arrived or is under way."""
    again: tuple[State, ...] = ("failed", "unknown", "skipped")
    return _decide(db, number, "planned", again, words="sent again by hand", now=now, deadline=deadline)


def resolve(db: sqlite3.Connection, number: int, outcome: Literal["sent", "failed"], *, now: int) -> Delivery:
    """A person says what became of a row that is unknown. Raises UsageError for any other row."""
    return _decide(db, number, outcome, ("unknown",), words=f"resolved as {outcome} by hand", now=now)


def get_delivery(db: sqlite3.Connection, number: int) -> Delivery:
    """The row with this number. Raises UsageError when there is none."""
    found = _select(db, "id = ?", (number,))
    if not found:
        raise UsageError(f"no delivery {number}; `deliveries list` shows them")
    return found[0]


def list_deliveries(db: sqlite3.Connection, *, state: State | None = None, report: str | None = None) -> list[Delivery]:
    """The ledger, newest period first."""
    rows = _select(db, "(?1 IS NULL OR state = ?1) AND (?2 IS NULL OR report = ?2)", (state, report))
    return sorted(rows, key=lambda row: (-row.end, row.report, row.channel, row.recipient))


def variants_of(db: sqlite3.Connection, report: str, start: int, end: int) -> list[str]:
    """Of which variants a report of a period was planned, whole or for single teams ("REPORT:TEAM")."""
    sql = (
        "SELECT DISTINCT variant FROM deliveries WHERE period_start = ?2 AND period_end = ?3"
        " AND (report = ?1 OR substr(report, 1, length(?1) + 1) = ?1 || ':')"
    )
    return [variant for (variant,) in db.execute(sql, (report, start, end))]


def list_due(db: sqlite3.Connection, now: int) -> list[Delivery]:
    """What can be tried now, oldest first."""
    return _select(db, "state = 'planned' OR (state = 'failed' AND next_try <= ?)", (now,))


def next_due(db: sqlite3.Connection) -> int | None:
    """When the next waiting retry is due (ms); None when nothing waits."""
    found: int | None = db.execute("SELECT min(next_try) FROM deliveries WHERE state = 'failed'").fetchone()[0]
    return found


def _freeze(db: sqlite3.Connection, message: Message, now: int) -> None:
    body = msgspec.msgpack.encode(message)
    db.execute(
        "INSERT INTO frozen_messages (report, period_start, period_end, variant, hash, body, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (message.report, message.start, message.end, message.variant, hashlib.sha256(body).hexdigest(), body, now),
    )


def _decide(
    db: sqlite3.Connection, number: int, state: State, allowed: Sequence[State], *,
    words: str, now: int, deadline: int | None = None,
) -> Delivery:  # fmt: skip
    row = get_delivery(db, number)
    with write_transaction(db):
        changed = db.execute(
            "UPDATE deliveries SET state = ?, next_try = NULL, lease_until = NULL, updated_at = ?,"
            " deadline = coalesce(?, deadline), sent_at = ?, detail = ? || coalesce('; before: ' || detail, '')"
            " WHERE id = ? AND state IN (SELECT value FROM json_each(?))",
            (state, now, deadline, now if state == "sent" else None, words, number, json.dumps(allowed)),
        ).rowcount
    if not changed:
        raise UsageError(f"delivery {number} is {row.state}; this is for deliveries that are {' or '.join(allowed)}")
    return get_delivery(db, number)


def _select(db: sqlite3.Connection, where: str, values: Sequence[object]) -> list[Delivery]:
    sql = f"SELECT {_COLUMNS} FROM deliveries WHERE {where} ORDER BY id"
    return [Delivery(*row) for row in db.execute(sql, values)]
