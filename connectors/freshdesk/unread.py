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
    aside: Sequence[RejectedRow],
    read: Sequence[fd.SatisfactionRating],
    worse: Sequence[RejectedRow],
    given: Iterable[Rating],
) -> list[Unread]:
    """Tickets whose rating is not known. Of an answer of which a part was `given`, the other parts are only counted.

    Args:
        page: the rows as they came.
        aside: those that could not be decoded.
        read: those that were.
        worse: rows among these without a time, and single questions whose answer is none.
        given: what could be read.
    """
    tickets = {str(row.id): str(row.ticket_id) for row in read}
    if aside:
        told = [(id_of(raw) or f"row {place}", id_of(raw, "ticket_id")) for place, raw in enumerate(raws(page))]
        tickets = dict(told) | tickets
    in_part = {rating.id for rating in given}
    named = [(bad, bad.id.partition(" ")[0]) for bad in (*aside, *worse)]
    return [
        Unread(ticket, f"rating:{own}:answer", "answer", bad.reason)
        if own in in_part
        else refused_rating(ticket, own, bad.reason)
        for bad, own in named
        if own and (ticket := tickets.get(bad.id) or tickets.get(own))
    ]


def list_cleared(
    kind: Literal["ticket", "rating"], found: Iterable[fd.Ticket | fd.SatisfactionRating], told: Iterable[AnyRecord]
) -> list[str]:
    """Beginnings of ids that these rows clear: what a row can leave, without what is among the records of the page."""
    here = {one.id for one in told if isinstance(one, Unread)}
    cleared: list[str] = []
    for own in (f"{kind}:{row.id}:" for row in found):
        parts = [f"{own}{part}" for part in _PARTS[kind]]
        left = [part for part in parts if part not in here]
        cleared += [own] if left == parts else left
    return cleared
