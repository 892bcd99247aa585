"""What a wrong clock left in the ledger. No stored instant may lie in the future: it would block what comes.

A process that ran while the clock was years ahead wrote leases, retries and due instants of those years. Once the clock
is right they are brought back to now. A report that went out before its period began or ended was not the complete one:
it becomes preliminary, so that the complete one goes out when it is due.
"""

import hashlib
import sqlite3

import msgspec

from helpdesk_kpi.deliver import variants
from helpdesk_kpi.deliver.contract import Message
from helpdesk_kpi.milliseconds import MINUTE

TOLERANCE = MINUTE  # another process may have read the clock a little later

#: A message that was frozen or sent before its period was over.
EARLY = """
SELECT DISTINCT m.id FROM frozen_messages m LEFT JOIN deliveries d
ON (d.report, d.period_start, d.period_end, d.variant) = (m.report, m.period_start, m.period_end, m.variant)
WHERE m.created_at < m.period_end OR d.sent_at < d.period_end
"""


def rectify(db: sqlite3.Connection, now: int) -> None:
    """Bring back what lies in the future. Call it inside a transaction."""
    late = now + TOLERANCE
    times = {"now": now, "late": late}
    ahead = db.execute(
        "SELECT (SELECT count(*) FROM deliveries WHERE max(created_at, updated_at, coalesce(sent_at, 0)) > :late)"
        " + (SELECT count(*) FROM frozen_messages WHERE created_at > :late)"
        " + (SELECT count(*) FROM due_slots WHERE max(due_at, created_at, coalesce(finished_at, 0)) > :late)",
        times,
    ).fetchone()[0]
    if ahead:
        _bring_back(db, times)


def _bring_back(db: sqlite3.Connection, times: dict[str, int]) -> None:
    db.execute("DELETE FROM slot_parts WHERE slot IN (SELECT id FROM due_slots WHERE due_at > :late)", times)
    db.execute("DELETE FROM due_slots WHERE due_at > :late", times)
    db.execute(
        "UPDATE due_slots SET created_at = min(created_at, :now), finished_at = min(finished_at, :now),"
        " next_try = CASE WHEN next_try IS NULL THEN NULL ELSE :now END"
        " WHERE max(created_at, coalesce(finished_at, 0)) > :late",
        times,
    )
    # A lease of the future has no owner: `sweep`, which comes next, settles what it held.
    db.execute(
        "UPDATE deliveries SET created_at = min(created_at, :now), updated_at = min(updated_at, :now),"
        " sent_at = min(sent_at, :now), lease_until = min(lease_until, :now - 1),"
        " next_try = min(next_try, :now), deadline = CASE WHEN next_try IS NULL THEN deadline ELSE :now + 7200000 END"
        " WHERE max(created_at, updated_at, coalesce(sent_at, 0)) > :late",
        times,
    )
    db.execute("UPDATE frozen_messages SET created_at = min(created_at, :now)", times)
    make_preliminary(db)


def make_preliminary(db: sqlite3.Connection) -> None:
    """Rename what was made or sent before its period was over. Call it inside a transaction."""
    for (number,) in db.execute(EARLY).fetchall():
        report, start, end, variant, body = db.execute(
            "SELECT report, period_start, period_end, variant, body FROM frozen_messages WHERE id = ?", (number,)
        ).fetchone()
        if variants.is_complete(variant):
            _rename(db, number, (report, start, end, variant), body)


def _rename(db: sqlite3.Connection, number: int, key: tuple[str, int, int, str], body: bytes) -> None:
    report, start, end, variant = key
    where = "report = ? AND period_start = ? AND period_end = ?"
    taken = {name for (name,) in db.execute(f"SELECT variant FROM frozen_messages WHERE {where}", key[:3])}
    name = variants.preliminary(variants.newest_number(taken) + 1, "full" if variant == "original" else variant)
    message = msgspec.structs.replace(msgspec.msgpack.decode(body, type=Message), variant=name)
    renamed = msgspec.msgpack.encode(message)
    db.execute(
        "UPDATE frozen_messages SET variant = ?, body = ?, hash = ? WHERE id = ?",
        (name, renamed, hashlib.sha256(renamed).hexdigest(), number),
    )
    db.execute(f"UPDATE deliveries SET variant = ? WHERE {where} AND variant = ?", (name, report, start, end, variant))
