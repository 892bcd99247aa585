"""What a layout consists of: parts, each with its files and a way to read them."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from connectors.files.readers import Line
from connectors.files.settings import Settings
from helpdesk_kpi.model import REFUSED_ROW, AnyRecord, Unread
from helpdesk_kpi.pull.contract import RejectedRow

ReadFile = Callable[[Path, Settings], Iterator[list[AnyRecord] | RejectedRow]]


class LayoutPart(NamedTuple):
    """One stream. Files `beside` are looked at while the others are read: when they change, all is read again."""

    name: str
    files: tuple[Path, ...]
    read: ReadFile
    gives: frozenset[str] = frozenset()
    related_files: tuple[Path, ...] = ()
    known: frozenset[str] = frozenset()  # its columns
    lacks: str = ""  # why it does not give comments, though there is a file for them


class Occurrences:
    """Counts keys on disk, so that a large file is read in flat memory."""

    def __init__(self) -> None:
        self.db = sqlite3.connect("")  # "": a file that SQLite makes and removes itself
        self.db.execute("CREATE TABLE met (key TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID")

    def count(self, key: str) -> int:
        """How often the key was met before."""
        sql = "INSERT INTO met VALUES (?, 0) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n"
        return int(self.db.execute(sql, (key,)).fetchone()[0])

    def close(self) -> None:
        self.db.close()


def build_rejected(path: Path, line: int, reason: str) -> RejectedRow:
    return RejectedRow(f"{path.name}:{line}", reason)


def reject_line(
    path: Path, line: Line, reason: str, column: str = "", kind: str = REFUSED_ROW
) -> Iterator[list[AnyRecord] | RejectedRow]:
    """A line that cannot be read. What happened on its ticket, which `column` names, is not wholly known then."""
    rejected = build_rejected(path, line.number, reason)
    yield rejected
    if column and (tickets := line.ids(column)):
        yield [Unread(ticket, rejected.id, kind, reason[:200]) for ticket in tickets]
