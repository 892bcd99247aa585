"""The registers' rows: written once, corrected by a further row, withdrawn with a reason; never changed or deleted."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from helpdesk_kpi.store.database import Store

ACTIVE_SQL = "superseded_by IS NULL AND withdrawn_at IS NULL"


class RegisterRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table; see there."""

    id: int
    register: str
    key: str
    subject: int
    at: int
    person: int | None = None
    ticket: int | None = None
    article: int | None = None
    body: str
    entered_at: int
    entered_by: str
    superseded_by: int | None = None
    withdrawn_at: int | None = None
    withdrawn_by: str | None = None
    why: str | None = None

    @property
    def is_in_force(self) -> bool:
        return self.superseded_by is None and self.withdrawn_at is None


class Fact(NamedTuple):
    """What an entry says, before it has a row."""

    register: str
    key: str
    at: int
    body: str
    person: int | None = None
    ticket: int | None = None
    article: int | None = None


class Written(NamedTuple):
    """Who writes, and when."""

    at: int
    by: str


def load_rows(store: Store, condition: str = "true", *parameters: object) -> Iterator[RegisterRow]:
    """In the order in which they were written."""
    fields = RegisterRow.__struct_fields__
    for row in store.rows(f"SELECT {', '.join(fields)} FROM registers WHERE {condition} ORDER BY id", *parameters):
        yield RegisterRow(**dict(zip(fields, row, strict=True)))


def row_of(store: Store, entry: int) -> RegisterRow | None:
    return next(load_rows(store, "id = ?", entry), None)


def load_active(store: Store, register: str, key: str) -> RegisterRow | None:
    return next(load_rows(store, f"register = ? AND key = ? AND {ACTIVE_SQL}", register, key), None)


def insert_row(
    store: Store, fact: Fact, written: Written, *, corrects: RegisterRow | None = None, subject: int | None = None
) -> int:
    """Write an entry down, in place of the one that it corrects; runs inside the caller's transaction.

    `subject`: None for one of its own.
    """
    conn = store.conn
    new = 1 + int(store.one("SELECT coalesce(max(id), 0) FROM registers"))  # rows are never deleted
    if corrects is not None:
        conn.execute("UPDATE registers SET superseded_by = ? WHERE id = ?", (new, corrects.id))
    conn.execute(
        "INSERT INTO registers (id, register, key, subject, at, person, ticket, article, body, entered_at, entered_by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            new,
            fact.register,
            fact.key,
            subject or new,
            fact.at,
            fact.person,
            fact.ticket,
            fact.article,
            fact.body,
            *written,
        ),
    )
    return new


def withdraw_row(store: Store, entry: int, why: str, written: Written) -> None:
    """Take an entry out of force; runs inside the caller's transaction."""
    store.conn.execute(
        "UPDATE registers SET withdrawn_at = ?, withdrawn_by = ?, why = ? WHERE id = ?", (*written, why, entry)
    )
