"""The ledger's tables in the store, brought up to date like the store's own."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from helpdesk_kpi.deliver import ledger, slots
from helpdesk_kpi.deliver.clock_repair import make_preliminary
from helpdesk_kpi.store.database import statements

#: Slots of what was sent before there were any: open where something still waits for a try.
EARLIER_SLOTS = """
INSERT INTO due_slots (report, period_start, period_end, due_at, state, created_at, finished_at)
SELECT name, period_start, period_end, period_end, CASE WHEN max(waits) THEN 'open' ELSE 'done' END,
    min(created_at), CASE WHEN max(waits) THEN NULL ELSE max(updated_at) END
FROM (
    SELECT CASE instr(report, ':') WHEN 0 THEN report ELSE substr(report, 1, instr(report, ':') - 1) END AS name,
        period_start, period_end, created_at, updated_at,
        state IN ('planned', 'claimed', 'sending') OR next_try IS NOT NULL AS waits
    FROM deliveries WHERE variant NOT LIKE 'preliminary%' AND variant NOT LIKE 'test %')
GROUP BY name, period_start, period_end
"""

migrations = Migrations("helpdesk_kpi.deliver")


@migrations()
def m0001_first(db: Database) -> None:
    """The ledger of version 0.1.0."""
    _run(db, ledger.DDL)


@migrations()
def m0002_slots(db: Database) -> None:
    """What version 0.5.0 adds: slots. What was sent before its period was over is preliminary; the rest was done."""
    _run(db, slots.DDL)
    make_preliminary(db.conn)
    db.conn.execute(EARLIER_SLOTS)


def _run(db: Database, script: str) -> None:
    for statement in statements(script):
        db.conn.execute(statement)


def migrate_ledger(db: Database) -> None:
    """Make sure that the ledger is there; called before anything is sent or listed."""
    if migrations.pending(db):
        migrations.apply(db)
    # Else a power cut may forget that a message was being sent, and it would be sent once more.
    db.conn.execute("PRAGMA synchronous = FULL")
