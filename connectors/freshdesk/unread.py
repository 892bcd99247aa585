"""Parts of tickets that are unknown because of unreadable rows, until the rows are readable.

Each part has an id that depends on its row only, so that a readable row clears exactly its parts.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from connectors.freshdesk import payloads as fd
from helpdesk_kpi.model import AnyRecord, Rating, Unread
from helpdesk_kpi.pull.contract import RejectedRow
from helpdesk_kpi.pull.lenient_decode import find_id, split_rows
from helpdesk_kpi.store.unread import refused_rating

#: Parts of a row that can be unread: the whole row, an unknown code, or one of several answers.
_PARTS = {"ticket": ("row", "association", "status"), "rating": ("row", "answer")}


def list_unread_ratings(
    page: msgspec.Raw,
    rejected: Sequence[RejectedRow],
    rows: Sequence[fd.SatisfactionRating],
    unmapped: Sequence[RejectedRow],
    records: Iterable[Rating],
) -> list[Unread]:
    """Tickets with an unknown rating. If a part of an answer was read, its other parts are only counted.

    Args:
        page: The raw rows.
        rejected: Rows that could not be decoded.
        rows: Decoded rows.
        unmapped: Decoded rows without a time, and answers that are no point of a scale.
        records: Ratings that could be read.
    """
    tickets = {str(row.id): str(row.ticket_id) for row in rows}
    if rejected:
        ids = [
            (find_id(raw) or f"row {place}", find_id(raw, "ticket_id")) for place, raw in enumerate(split_rows(page))
        ]
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
    """Prefixes of unread ids that these rows clear, without those that the same page reports.

    The store clears the row of each stored record itself. This also covers rows that give no record (a sample ticket, a
    survey without answers), unknown codes and single answers.
    """
    kept_ids = {record.id for record in records if isinstance(record, Unread)}
    cleared: list[str] = []
    for prefix in (f"{kind}:{row.id}:" for row in rows):
        parts = [f"{prefix}{part}" for part in _PARTS[kind]]
        absent = [part for part in parts if part not in kept_ids]
        cleared += [prefix] if absent == parts else absent
    return cleared
