"""What is not known of a ticket because a row could not be read: it stays so until that row is read well.

Each such part has an id that the same row gets again, so that reading it clears exactly that one.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from connectors.freshdesk import payloads as fd
from helpdesk_kpi.model import AnyRecord, Rating, Unread
from helpdesk_kpi.pull.contract import RejectedRow
from helpdesk_kpi.pull.lenient_decode import id_of, raws
from helpdesk_kpi.store.unread import refused_rating

#: What a row can leave: all of it, a code that nobody knows, or one answer of several.
_PARTS = {"ticket": ("row", "association", "status"), "rating": ("row", "answer")}


def list_unread_ratings(
    page: msgspec.Raw,
    rejected: Sequence[RejectedRow],
    rows: Sequence[fd.SatisfactionRating],
    unmapped: Sequence[RejectedRow],
    records: Iterable[Rating],
) -> list[Unread]:
    """Tickets whose rating is not known. Of an answer of which a part was `records`, the other parts are only counted.

    Args:
        page: the rows as they came.
        aside: those that could not be decoded.
        read: those that were.
        worse: rows among these without a time, and single questions whose answer is none.
        given: what could be read.
    """
    tickets = {str(row.id): str(row.ticket_id) for row in rows}
    if rejected:
        ids = [(id_of(raw) or f"row {place}", id_of(raw, "ticket_id")) for place, raw in enumerate(raws(page))]
        tickets = dict(ids) | tickets
    partly_read = {rating.id for rating in records}
    rating_ids = [(bad, bad.id.partition(" ")[0]) for bad in (*rejected, *unmapped)]
    return [
        Unread(ticket, f"rating:{rating_id}:answer", "answer", bad.reason)
        if rating_id in partly_read
        else refused_rating(ticket, rating_id, bad.reason)
        for bad, rating_id in rating_ids
        if rating_id and (ticket := tickets.get(bad.id) or tickets.get(rating_id))
    ]


def list_cleared(
    kind: Literal["ticket", "rating"], rows: Iterable[fd.Ticket | fd.SatisfactionRating], records: Iterable[AnyRecord]
) -> list[str]:
    """Beginnings of ids that these rows clear: what a row can leave, without what is among the records of the page."""
    kept_ids = {record.id for record in records if isinstance(record, Unread)}
    cleared: list[str] = []
    for prefix in (f"{kind}:{row.id}:" for row in rows):
        parts = [f"{prefix}{part}" for part in _PARTS[kind]]
        absent = [part for part in parts if part not in kept_ids]
        cleared += [prefix] if absent == parts else absent
    return cleared
