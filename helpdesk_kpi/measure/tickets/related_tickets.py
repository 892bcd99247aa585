"""Relations to other tickets: merge targets, and originals of imported copies."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple, TypeVar

from helpdesk_kpi.milliseconds import MINUTE, SECOND
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.ticket_records import CopyRow, MergeRow

#: Every ticket that merges lead to. UNION ends the walk where they lead back.
_MERGES = """
WITH RECURSIVE walk (ticket, other) AS (
    SELECT t.id, o.id FROM tickets t JOIN tickets o ON o.source = t.source AND o.native = t.merged_into
    WHERE t.id IN (SELECT value FROM json_each(?)) AND t.merged_into IS NOT NULL
    UNION
    SELECT w.ticket, o.id FROM walk w JOIN tickets t ON t.id = w.other
    JOIN tickets o ON o.source = t.source AND o.native = t.merged_into WHERE t.merged_into IS NOT NULL
)
SELECT w.ticket, w.other, t.created_at FROM walk w JOIN tickets t ON t.id = w.other
WHERE t.created_at IS NOT NULL ORDER BY w.ticket
"""
#: The original is a ticket that is read and still counts.
_COUNTS = "o.created_at IS NOT NULL AND o.deleted_at IS NULL AND NOT o.is_spam"
#: The same ticket on the helpdesk that it was copied from; the same import twice; and, where the copy has no id of the
#: other system, the same customer's ticket of the same second. An id alone is no evidence: it may be an order's, or the
#: id of a ticket of a third helpdesk. Creation in the same minute is, and for an import the same customer's address, or
#: that each ticket has the other's id.
#: CROSS JOIN keeps SQLite from walking over all tickets (https://www.sqlite.org/optoverview.html), and a unary + from
#: walking over all of a requester, or of a source.
_COPIES = f"""
SELECT t.id, o.id, t.is_imported, t.created_at FROM tickets t CROSS JOIN sources s ON s.id != t.source
CROSS JOIN tickets o ON o.source = s.id AND o.native = t.external_id
LEFT JOIN people p ON p.id = t.requester LEFT JOIN people q ON q.id = o.requester
WHERE t.id IN (SELECT value FROM json_each(?1)) AND t.external_id IS NOT NULL AND {_COUNTS}
AND (abs(t.created_at - o.created_at) <= {MINUTE}
    OR (t.is_imported AND (p.email_hash = q.email_hash OR o.external_id = t.native)))
UNION
SELECT t.id, o.id, t.is_imported, t.created_at FROM tickets t
JOIN tickets o ON o.external_id = t.external_id AND +o.source = t.source
WHERE t.id IN (SELECT value FROM json_each(?1)) AND t.external_id IS NOT NULL AND {_COUNTS}
AND (+o.created_at, +o.id) < (t.created_at, t.id) AND +o.requester IS t.requester
AND ((t.is_imported AND o.is_imported AND t.requester IS NOT NULL) OR abs(t.created_at - o.created_at) <= {MINUTE})
UNION
SELECT t.id, o.id, t.is_imported, t.created_at FROM tickets t
CROSS JOIN people p ON p.id = t.requester CROSS JOIN sources s ON s.id != t.source
CROSS JOIN tickets o ON o.source = s.id AND o.created_at BETWEEN t.created_at - {SECOND} AND t.created_at + {SECOND}
JOIN people q ON q.id = o.requester AND q.email_hash = p.email_hash
WHERE t.id IN (SELECT value FROM json_each(?1)) AND t.is_imported AND NOT o.is_imported AND t.external_id IS NULL
AND {_COUNTS} ORDER BY 1
"""

R = TypeVar("R", MergeRow, "_Copied")


def merges(store: Store, tickets: str) -> dict[int, list[MergeRow]]:
    """Ticket -> all tickets that its merges lead to. `tickets`: keys as JSON."""
    return _grouped([MergeRow(*row) for row in store.rows(_MERGES, tickets)])


class _Copied(NamedTuple):
    ticket: int
    other: int
    is_imported: int
    created_at: int


def copies(store: Store, tickets: Sequence[int]) -> dict[int, list[CopyRow]]:
    """Copied ticket -> its originals.

    Where tickets refer to each other, the oldest one that was not imported is the original.
    """
    rows = _find_original_names(store, tickets)
    found = {}
    for ticket in rows.keys() & set(tickets):
        originals = _reached(rows, ticket)
        circle = {other for other in originals if ticket in _reached(rows, other)}
        if originals - circle or ticket != min(circle, key=lambda one: _rank(rows[one][0])):
            found[ticket] = [CopyRow(row.ticket, row.other) for row in rows[ticket]]
    return found


def _find_original_names(store: Store, tickets: Sequence[int]) -> dict[int, list[_Copied]]:
    """Ticket -> what it is copied from, followed recursively."""
    found: dict[int, list[_Copied]] = {}
    known, wanted = set(tickets), list(tickets)
    while wanted:
        rows = [_Copied(*row) for row in store.rows(_COPIES, wanted)]
        found |= _grouped(rows)
        wanted = sorted({row.other for row in rows} - known)
        known |= set(wanted)
    return found


def _reached(rows: Mapping[int, Sequence[_Copied]], ticket: int) -> set[int]:
    found: set[int] = set()
    wanted = {ticket}
    while wanted:
        wanted = {row.other for one in wanted for row in rows.get(one, ())} - found
        found |= wanted
    return found


def _rank(row: _Copied) -> tuple[int, int, int]:
    return row.is_imported, row.created_at, row.ticket


def _grouped(rows: Sequence[R]) -> dict[int, list[R]]:
    return {ticket: list(group) for ticket, group in groupby(rows, key=lambda row: row.ticket)}


def is_evident(merges: Sequence[MergeRow], ticket: int, created_at: int) -> bool:
    """Whether a merge leads to a stored ticket that counts instead of this one.

    Where merges lead back to this ticket, the oldest ticket of the circle counts.
    """
    if not merges:
        return False
    circle = [(row.created_at, row.other) for row in merges]
    return ticket not in {row.other for row in merges} or min(circle) != (created_at, ticket)
