"""Opening the store: whose file it is, its migrations, and the pragmas that it needs."""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import msgspec
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from helpdesk_kpi.errors import BusyError, StoreError
from helpdesk_kpi.private import touch_private
from helpdesk_kpi.store.staleness import create_triggers, drop_triggers

APPLICATION_ID = 0x484B5049  # "HKPI"
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables

BUSY = 30  # s to wait for another connection's transaction

#: What can be wrong with the file. Other codes are bugs. https://www.sqlite.org/rescode.html
FAILURES = {
    sqlite3.SQLITE_BUSY: "is locked by another program: try again when it is through",
    sqlite3.SQLITE_LOCKED: "is locked by another program: try again when it is through",
    sqlite3.SQLITE_READONLY: "cannot be written: the file or its folder is read-only for this account",
    sqlite3.SQLITE_PERM: "cannot be opened by this account",
    sqlite3.SQLITE_AUTH: "cannot be opened by this account",
    sqlite3.SQLITE_CANTOPEN: "or a file next to it cannot be opened",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk says no",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full",
    sqlite3.SQLITE_CORRUPT: "is damaged: restore a backup, or move it away and run `helpdesk-kpi sync`",
    sqlite3.SQLITE_NOTADB: "is no database: `store` must name a file of its own",
}

migrations = Migrations("helpdesk_kpi")


@migrations()
def m0001_first(db: Database) -> None:
    """The tables of version 0.1.0."""
    _run(db, "schema.sql")
    db.conn.execute("INSERT INTO meta VALUES ('hash_key', ?)", (secrets.token_bytes(32),))


@migrations()
def m0002_several_helpdesks(db: Database) -> None:
    """What version 0.2.0 adds."""
    _run(db, "schema_0002.sql")


@migrations()
def m0003_other_stories(db: Database) -> None:
    """What version 0.3.0 adds."""
    _run(db, "schema_0003.sql")


@migrations()
def m0004_hours_by_ticket(db: Database) -> None:
    """What version 0.4.0 adds."""
    _run(db, "schema_0004.sql")


@migrations()
def m0005_real_accounts(db: Database) -> None:
    """What version 0.5.0 adds."""
    _run(db, "schema_0005.sql")


@migrations()
def m0006_plain_names(db: Database) -> None:
    """What version 0.6.0 changes: names of tables and columns, stale subjects by metric, generated triggers."""
    drop_triggers(db.conn)
    _run(db, "schema_0006.sql")
    create_triggers(db.conn)


def _run(db: Database, script: str) -> None:
    for statement in statements((Path(__file__).parent / script).read_text(encoding="utf-8")):
        db.conn.execute(statement)


class Store:
    """One open store. `db` is for tables and transactions, `conn` for the hot paths on the same connection."""

    def __init__(self, db: Database, path: Path) -> None:
        self.db = db
        self.path = path
        self.conn: sqlite3.Connection = db.conn

    def close(self) -> None:
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Close it. What is wrong with the file while it is used is an expected failure: StoreError."""
        self.close()
        if (expected := failure(error, self.path)) is not None:
            raise expected from error

    @property
    def hash_key(self) -> bytes:
        """The key of every keyed hash in this file."""
        return bytes(self.one("SELECT value FROM meta WHERE key = 'hash_key'"))

    def one(self, sql: str, *parameters: object) -> Any:
        """The first column of the first row, or None."""
        row = self.conn.execute(sql, _plain(parameters)).fetchone()
        return row[0] if row else None

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """A list among the parameters stands for all that it holds: `IN (SELECT value FROM json_each(?))`."""
        return self.conn.execute(sql, _plain(parameters)).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing. It waits for its turn before it reads what it will change."""
        self.conn.execute("BEGIN IMMEDIATE")
        try:
            yield self.conn
        except BaseException:
            self.conn.rollback()
            raise
        self.conn.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One transaction in which every read sees the same state of the file."""
        self.conn.execute("BEGIN")
        try:
            yield self.conn
        finally:
            self.conn.rollback()


def failure(error: BaseException | None, path: Path) -> StoreError | None:
    """The expected failure of a file that cannot be used; None for anything else, which is a bug."""
    if not isinstance(error, sqlite3.Error):
        return None
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF  # the rest of an extended code says more
    if code not in FAILURES:
        return None
    kind = BusyError if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} else StoreError
    return kind(f"{path} {FAILURES[code]} ({error})")


def _plain(parameters: tuple[object, ...]) -> list[object]:
    return [msgspec.json.encode(one).decode() if isinstance(one, list) else one for one in parameters]


def open_store(path: Path, *, create: bool = True) -> Store:
    """Open the store at `path`, bringing an older one up to date.

    Raises StoreError when the file is missing (and `create` is false), is not ours, or is of a newer version.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old: 3.37 or newer is needed")
    if not path.exists():
        if not create:
            raise StoreError(f"there is no store at {path} yet: run `helpdesk-kpi sync` first")
        _create(path)
    try:
        return _connect(path)
    except sqlite3.DatabaseError as error:
        raise failure(error, path) or StoreError(f"{path} cannot be opened as a store: {error}") from error


def _create(path: Path) -> None:
    if not path.parent.is_dir():
        raise StoreError(f"the folder {path.parent} for the store does not exist")
    touch_private(path)  # SQLite gives the -wal and -shm files the mode of the database


def _connect(path: Path) -> Store:
    conn = sqlite3.connect(path, timeout=float(os.environ.get("HELPDESK_KPI_BUSY", BUSY)))  # the variable is for tests
    try:
        _claim(conn, path)
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA synchronous = NORMAL")  # with WAL a crash of the process loses nothing
        conn.execute("PRAGMA cache_size = -65536")  # 64 MB
        db = Database(conn, execute_plugins=False)
        _migrate(db, path)
    except BaseException:
        conn.close()
        raise
    return Store(db, path)


def _claim(conn: sqlite3.Connection, path: Path) -> None:
    """Refuse somebody else's file, and mark an empty one as ours before anything else: a crash while the tables are
    made leaves a file that is known as ours.
    """
    (application_id,) = conn.execute("PRAGMA application_id").fetchone()
    (tables,) = conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application_id != APPLICATION_ID and tables:
        raise StoreError(f"{path} is a database of some other program; `store` must name a file of its own")
    if application_id != APPLICATION_ID:
        conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _migrate(db: Database, path: Path) -> None:
    known = {m.name for m in migrations.pending(db)} | {m.name for m in migrations.applied(db)}
    newer = {m.name for m in migrations.applied(db)} - {m.name for m in migrations._migrations}  # noqa: SLF001 - no public list of a set's migrations
    if newer:
        raise StoreError(f"{path} was written by a newer helpdesk-kpi ({', '.join(sorted(newer))}): please update")
    if known and migrations.pending(db):
        migrations.apply(db)


def statements(script: str) -> Iterator[str]:
    """Split a script into statements, so that they run inside the migration's transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
