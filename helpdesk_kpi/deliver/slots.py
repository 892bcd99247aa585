"""What is due: one slot for each report and period, from the instant it becomes due until every part has an outcome.

A slot's parts are whom it must reach: each slice of the report (all, or one team), channel and recipient. They are
recorded before anything is rendered, so that a kill, a failing team or a new recipient leaves a part without an
outcome instead of a report that looks done. All functions take a plain connection outside of a transaction; times are
UTC epoch ms.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from helpdesk_kpi.deliver.ledger import write_transaction
from helpdesk_kpi.milliseconds import DAY, HOUR, MINUTE

DDL = """
CREATE TABLE due_slots (                   -- what was due, from then on
    id INTEGER PRIMARY KEY,
    report TEXT NOT NULL,                  -- its name in the configuration, without a slice
    period_start INTEGER NOT NULL,         -- ms, half-open [start, end)
    period_end INTEGER NOT NULL,
    due_at INTEGER NOT NULL,               -- ms; the newest instant at which the schedule asked for this period
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'missed')),
    tries INTEGER NOT NULL DEFAULT 0,      -- tries that left something to do
    next_try INTEGER,                      -- ms; null: at the next opportunity if open, else never
    detail TEXT,                           -- what is missing, or why it was given up; null: nothing to say
    created_at INTEGER NOT NULL,           -- ms
    finished_at INTEGER,                   -- ms; null: open
    UNIQUE (report, period_start, period_end)
) STRICT;

CREATE TABLE slot_parts (                  -- whom a slot must reach
    slot INTEGER NOT NULL REFERENCES due_slots (id),
    slice TEXT NOT NULL,                   -- as deliveries.report: "weekly", "weekly:EMEA"
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    is_dropped INTEGER NOT NULL DEFAULT 0, -- 1: the team or recipient went before it was reached
    PRIMARY KEY (slot, slice, channel, recipient)
) STRICT, WITHOUT ROWID;
"""

FIRST_PAUSE = 15 * MINUTE
LONGEST_PAUSE = 6 * HOUR
GIVEN_UP_AFTER = 7 * DAY  # from when it was recorded

Part = tuple[str, str, str]  # slice, channel, recipient

_COLUMNS = "id, report, period_start, period_end, due_at, state, tries, next_try, detail, created_at"
#: Parts of a slot without an outcome: no delivery yet, or one that is under way or waits for its next try.
_UNFINISHED = """
SELECT p.slice, p.channel, p.recipient FROM slot_parts p JOIN due_slots s ON s.id = p.slot
WHERE p.slot = ? AND NOT p.is_dropped AND NOT EXISTS (
    SELECT 1 FROM deliveries d
    WHERE d.report = p.slice AND d.period_start = s.period_start AND d.period_end = s.period_end
    AND d.channel = p.channel AND d.recipient = p.recipient
    AND d.variant NOT LIKE 'preliminary%' AND d.variant NOT LIKE 'test %'
    AND d.state IN ('sent', 'accepted', 'unknown', 'skipped', 'failed') AND d.next_try IS NULL)
ORDER BY p.slice, p.channel, p.recipient
"""


class Slot(msgspec.Struct, frozen=True):
    """One report of one period that was due."""

    id: int
    report: str
    start: int
    end: int
    due_at: int
    state: Literal["open", "done", "missed"]
    tries: int
    next_try: int | None
    detail: str | None
    created_at: int


def record(db: sqlite3.Connection, report: str, start: int, end: int, *, due: int, now: int) -> Slot:
    """The slot of a period that is due, made if it is not there. A later due instant of the same period is noted."""
    with write_transaction(db):
        db.execute(
            "INSERT INTO due_slots (report, period_start, period_end, due_at, state, created_at)"
            " VALUES (?, ?, ?, ?, 'open', ?) ON CONFLICT DO UPDATE SET due_at = max(due_at, excluded.due_at)",
            (report, start, end, due, now),
        )
    [slot] = _select(db, "report = ? AND period_start = ? AND period_end = ?", (report, start, end))
    return slot


def expect(db: sqlite3.Connection, slot: Slot, parts: Iterable[Part]) -> None:
    """Say whom a slot must reach, as things are now. A part that was expected, not reached and is gone is dropped."""
    wanted = set(parts)
    gone = [part for part in unfinished(db, slot) if part not in wanted]
    with write_transaction(db):
        db.executemany(
            "INSERT INTO slot_parts (slot, slice, channel, recipient) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET is_dropped = 0",
            [(slot.id, *part) for part in sorted(wanted)],
        )
        db.executemany(
            "UPDATE slot_parts SET is_dropped = 1 WHERE slot = ? AND slice = ? AND channel = ? AND recipient = ?",
            [(slot.id, *part) for part in gone],
        )


def unfinished(db: sqlite3.Connection, slot: Slot) -> list[Part]:
    """The parts that have no outcome yet."""
    return db.execute(_UNFINISHED, (slot.id,)).fetchall()


def finish(db: sqlite3.Connection, slot: Slot, *, now: int, detail: str = "") -> bool:
    """Close the slot if every part has an outcome; otherwise note what is missing and when to try again."""
    missing = unfinished(db, slot)
    if not missing and not detail:
        _close(db, slot, "done", now)
        return True
    words = detail or f"{len(missing)} of its deliveries have no outcome yet"
    with write_transaction(db):
        db.execute(
            "UPDATE due_slots SET tries = tries + 1, next_try = ?, detail = ? WHERE id = ? AND state = 'open'",
            (now + pause(slot.tries + 1), words, slot.id),
        )
    return False


def give_up(db: sqlite3.Connection, slot: Slot, *, now: int) -> str:
    """Close a slot that could not be delivered; returns why."""
    why = slot.detail or "the next one is due"
    _close(db, slot, "missed", now, why)
    return why


def pause(tries: int) -> int:
    """Milliseconds until a slot is tried again: 15 minutes, doubled each time, up to 6 hours."""
    return int(min(FIRST_PAUSE * 2 ** min(tries - 1, 10), LONGEST_PAUSE))


def recorded_until(db: sqlite3.Connection, report: str, now: int) -> int | None:
    """The newest due instant of a report that is recorded; an instant of the future is a wrong clock's."""
    sql = "SELECT max(due_at) FROM due_slots WHERE report = ? AND due_at <= ?"
    found: int | None = db.execute(sql, (report, now)).fetchone()[0]
    return found


def open_slots(db: sqlite3.Connection, report: str, now: int) -> list[Slot]:
    """Slots that are to be tried now, oldest first."""
    sql = "report = ? AND state = 'open' AND due_at <= ? AND coalesce(next_try, 0) <= ?"
    return _select(db, sql, (report, now, now))


def at_due(db: sqlite3.Connection, report: str, due: int) -> Slot | None:
    """The slot that was recorded for a due instant, whatever the schedule says by now."""
    found = _select(db, "report = ? AND due_at = ?", (report, due))
    return found[-1] if found else None


def next_try(db: sqlite3.Connection, report: str) -> int | None:
    """When a report's next waiting slot is to be tried; None when none waits."""
    sql = "SELECT min(next_try) FROM due_slots WHERE report = ? AND state = 'open'"
    found: int | None = db.execute(sql, (report,)).fetchone()[0]
    return found


def list_slots(db: sqlite3.Connection, report: str) -> list[Slot]:
    """All slots of a report, oldest first."""
    return _select(db, "report = ?", (report,))


def _close(db: sqlite3.Connection, slot: Slot, state: str, now: int, detail: str | None = None) -> None:
    with write_transaction(db):
        db.execute(
            "UPDATE due_slots SET state = ?, next_try = NULL, detail = ?, finished_at = ? WHERE id = ?",
            (state, detail, now, slot.id),
        )


def _select(db: sqlite3.Connection, where: str, values: Sequence[object]) -> list[Slot]:
    return [Slot(*row) for row in db.execute(f"SELECT {_COLUMNS} FROM due_slots WHERE {where} ORDER BY due_at", values)]
