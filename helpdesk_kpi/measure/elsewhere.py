"""What other tickets say of a ticket: where its merges lead, and of which it is an imported copy."""

from collections.abc import Sequence
from itertools import groupby
from typing import TypeVar

from helpdesk_kpi.measure.rows import CopyRow, MergeRow
from helpdesk_kpi.milliseconds import MINUTE, SECOND
from helpdesk_kpi.store import Store

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
#: The same ticket on the helpdesk that it was copied from; the same import twice; and, where the copy has no id of the
#: other system, the same customer's ticket of the same second. An id alone is no evidence: it may be an order's.
#: CROSS JOIN keeps SQLite from walking over all tickets (https://www.sqlite.org/optoverview.html#crossjoin).
_COPIES = f"""
SELECT t.id, o.id FROM tickets t CROSS JOIN sources s ON s.id != t.source
CROSS JOIN tickets o ON o.source = s.id AND o.native = t.external_id
WHERE t.id IN (SELECT value FROM json_each(?1)) AND t.external_id IS NOT NULL AND o.created_at IS NOT NULL
AND (t.is_imported OR abs(t.created_at - o.created_at) <= {MINUTE})
UNION
SELECT t.id, o.id FROM tickets t JOIN tickets o ON o.external_id = t.external_id AND o.source = t.source
WHERE t.id IN (SELECT value FROM json_each(?1)) AND t.external_id IS NOT NULL AND o.created_at IS NOT NULL
AND (o.created_at, o.id) < (t.created_at, t.id) AND o.requester IS t.requester
AND ((t.is_imported AND o.is_imported) OR abs(t.created_at - o.created_at) <= {MINUTE})
UNION
SELECT t.id, o.id FROM tickets t CROSS JOIN people p ON p.id = t.requester CROSS JOIN sources s ON s.id != t.source
CROSS JOIN tickets o ON o.source = s.id AND o.created_at BETWEEN t.created_at - {SECOND} AND t.created_at + {SECOND}
JOIN people q ON q.id = o.requester AND q.email_hash = p.email_hash
WHERE t.id IN (SELECT value FROM json_each(?1)) AND t.is_imported AND NOT o.is_imported AND t.external_id IS NULL
ORDER BY 1
"""

R = TypeVar("R", MergeRow, CopyRow)


def merges(store: Store, tickets: str) -> dict[int, list[MergeRow]]:
    """By ticket. `tickets`: their keys as JSON."""
    return _grouped([MergeRow(*row) for row in store.rows(_MERGES, tickets)])


def copies(store: Store, tickets: str) -> dict[int, list[CopyRow]]:
    return _grouped([CopyRow(*row) for row in store.rows(_COPIES, tickets)])


def _grouped(rows: Sequence[R]) -> dict[int, list[R]]:
    return {ticket: list(group) for ticket, group in groupby(rows, key=lambda row: row.ticket)}


def is_evident(merges: Sequence[MergeRow], ticket: int, created_at: int) -> bool:
    """Whether a merge leads to a ticket that counts in this one's place.

    The other one has to be read. Where merges lead back to this ticket, the oldest of the circle counts.
    """
    if not merges:
        return False
    circle = [(row.created_at, row.other) for row in merges]
    return ticket not in {row.other for row in merges} or min(circle) != (created_at, ticket)
