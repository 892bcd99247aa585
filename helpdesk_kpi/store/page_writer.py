"""What the writing of one page shares: the transaction, the source, the instant, and the keys of native ids."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

Row = tuple[Any, ...]


class PageWriter(msgspec.Struct, frozen=True):
    """One page being written."""

    conn: sqlite3.Connection
    source: int
    now: int
    hash_key: bytes

    def keys(self, table: str, natives: Iterable[str | None]) -> dict[str | None, int]:
        """The integer keys of native ids; an id that was not met before gets a row that says no more than the id."""
        wanted = {n for n in natives if n is not None}
        found = self.find_keys(table, wanted)
        missing = sorted(wanted - found.keys())
        if missing:
            self.conn.executemany(
                f"INSERT INTO {table} (source, native) VALUES (?, ?)",
                ((self.source, native) for native in missing),
            )
            found |= self.find_keys(table, set(missing))
        return dict[str | None, int](found.items())

    def find_keys(self, table: str, natives: set[str]) -> dict[str, int]:
        return dict(
            self.conn.execute(
                f"SELECT native, id FROM {table} WHERE source = ? AND native IN (SELECT value FROM json_each(?))",
                (self.source, json.dumps(list(natives))),
            )
        )


def upsert(table: str, columns: str, where: str, special: Mapping[str, str] | None = None) -> str:
    """An upsert that takes a row only `where` it may; `special` says how some columns come about."""
    names = [c.strip() for c in columns.split(",")]
    assignments = ", ".join(f"{n} = {(special or {}).get(n, f'excluded.{n}')}" for n in names if n not in _KEY)
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT DO UPDATE SET {assignments} WHERE {where}"


def differs(columns: str) -> str:
    """True where any of the columns has another value than the row that is there."""
    return " OR ".join(f"{n.strip()} IS NOT excluded.{n.strip()}" for n in columns.split(",") if n.strip() not in _KEY)


_KEY = {"source", "native", "question", "ticket", "id"}
