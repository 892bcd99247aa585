"""Parts of a layout, each with its files and a function to read them."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from connectors.files.readers import FileLine
from connectors.files.settings import Settings
from helpdesk_kpi.model import REFUSED_ROW, AnyRecord, Unread
from helpdesk_kpi.pull.contract import RejectedRow

ReadFile = Callable[[Path, Settings], Iterator[list[AnyRecord] | RejectedRow]]


class LayoutPart(NamedTuple):
    """One stream. If one of `related_files` changes, all `files` are read again."""

    name: str
    files: tuple[Path, ...]
    read: ReadFile
    gives: frozenset[str] = frozenset()
    related_files: tuple[Path, ...] = ()
    known: frozenset[str] = frozenset()  # its columns
    lacks: str = ""  # why it has no comments despite a file of events; ""


class Occurrences:
    """Counts keys on disk, so that a large file is read in flat memory."""

    def __init__(self) -> None:
        self.db = sqlite3.connect("")  # "": a file that SQLite makes and removes itself
        self.db.execute("CREATE TABLE met (key TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID")

    def count(self, key: str) -> int:
        """Count a key. Returns how often it occurred before."""
        sql = "INSERT INTO met VALUES (?, 0) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n"
        return int(self.db.execute(sql, (key,)).fetchone()[0])

    def close(self) -> None:
        self.db.close()


def build_rejected(path: Path, line: int, reason: str) -> RejectedRow:
    return RejectedRow(f"{path.name}:{line}", reason)


def reject_line(
    path: Path, line: FileLine, reason: str, column: str = "", kind: str = REFUSED_ROW
) -> Iterator[list[AnyRecord] | RejectedRow]:
    """Reject a line, and mark its ticket as incomplete. `column`: the column with the ticket's id; "": none."""
    rejected = build_rejected(path, line.number, reason)
    yield rejected
    if column and (tickets := line.ids(column)):
        yield [Unread(ticket, rejected.id, kind, reason[:200]) for ticket in tickets]
