"""What a store says, told without our own keys and without when somebody looked."""

import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpdesk_kpi.store import Store, open_store

HASH_KEY = bytes(range(32))  # the same in every store of a test, so that keyed hashes can be compared

#: Tables that tell of the runs and not of the helpdesk.
OF_RUNS = frozenset({
    "identities", "standings", "syncs", "build_queue", "access_log", "meta", "metrics", "stored_observations",
    "sqlite_sequence", "ticket_flags", "repeat_labels", "repeat_thresholds", "due_slots", "slot_parts",
})  # fmt: skip
#: Columns that say when somebody looked.
VOLATILE_COLUMNS = frozenset({
    ("cursors", "ran_at"), ("cursors", "cursor"), ("cursors", "complete_until"), ("team_members", "first_seen"),
    ("schedules", "first_seen"), ("team_schedules", "since"), ("sla_cycles", "read_at"),
})  # fmt: skip
#: The same for roles, where a helpdesk does not date them: when one was seen.
OF_ROLES = frozenset({("people", "version"), ("person_roles", "at")})


def open_test_store(path: Path) -> Store:
    """A store with the tests' own hash key."""
    is_new = not path.exists()
    store = open_store(path)
    if is_new:
        with store.transaction() as conn:
            conn.execute("UPDATE meta SET value = ? WHERE key = 'hash_key'", (HASH_KEY,))
    return store


def canonical(
    db: sqlite3.Connection, *, skip: frozenset[tuple[str, str]] = frozenset(), without: frozenset[str] = frozenset()
) -> dict[str, list[str]]:
    """Every table's rows, sorted, with the helpdesk's ids in place of our integer keys. `skip`: (table, column)."""
    names = [n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
    wanted = [n for n in names if n not in OF_RUNS | without and not n.startswith("_")]
    return {name: _rows(db, name, skip) for name in wanted}


def differences(found: Mapping[str, list[str]], wanted: Mapping[str, list[str]]) -> dict[str, Any]:
    """Table -> rows that only one side has; {} when both say the same."""
    return {
        table: {"only found": left, "only wanted": right}
        for table in {*found, *wanted}
        if (left := sorted({*found.get(table, ())} - {*wanted.get(table, ())})[:5])
        + (right := sorted({*wanted.get(table, ())} - {*found.get(table, ())})[:5])
    } | {
        f"{table} (count)": (len(found[table]), len(wanted[table]))
        for table in found
        if len(found[table]) != len(wanted.get(table, ()))
    }


def _rows(db: sqlite3.Connection, table: str, skip: frozenset[tuple[str, str]]) -> list[str]:
    points_to = {row[3]: row[2] for row in db.execute(f"PRAGMA foreign_key_list({table})")}
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    own_key = ("id" in columns and "native" in columns) or table == "sources"
    reported = [
        _native(points_to[c], f"x.{c}") if c in points_to else f"x.{c}"
        for c in columns
        if (table, c) not in skip and not (c == "id" and own_key)
    ]
    if table == "stale_subjects":
        cases = " ".join(f"WHEN '{kind}' THEN {_native(of, 'x.subject')}" for kind, of in _KEYED.items())
        reported[columns.index("subject")] = f"CASE x.kind {cases} ELSE x.subject END"
    rows = map(repr, db.execute(f"SELECT {', '.join(reported)} FROM {table} x"))
    return sorted(re.sub(r"http://127\.0\.0\.1:\d+", "http://desk", row) for row in rows)


_KEYED = {"ticket": "tickets", "customer": "people", "article": "articles"}


def _native(table: str, key: str) -> str:
    name = "name" if table == "sources" else "native"
    return f"(SELECT p.{name} FROM {table} p WHERE p.id = {key})"
