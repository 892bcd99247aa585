"""What is not known of a ticket because a row could not be read: it stays so until that row is read well.

Each such part has an id that the same row gets again, so that reading it clears exactly that one.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from connectors.freshdesk import payloads as fd
from helpdesk_kpi.model import REFUSED_RATING, REFUSED_ROW, AnyRecord, Rating, Unread
from helpdesk_kpi.pull.contract import SetAside
from helpdesk_kpi.pull.rows import id_of, raws

_PARTS = ("row", "association", "status")  # of a ticket's row: all of it, or a code that nobody knows


def lost_tickets(aside: Iterable[SetAside]) -> list[Unread]:
    """Tickets of which a newer row was refused: what the store has of them is old. A row without an id is of none."""
    return [Unread(bad.id, f"ticket:{bad.id}:row", REFUSED_ROW, bad.reason) for bad in aside if bad.id.isdecimal()]


def known_tickets(found: Sequence[fd.Ticket], told: Iterable[AnyRecord]) -> list[str]:
    """Beginnings of ids that these rows clear: what a row can leave, without what is among the records of the page."""
    here = {one.id for one in told if isinstance(one, Unread)}
    doubtful = {one.ticket for one in told if isinstance(one, Unread)}
    whole = [f"ticket:{row.id}:" for row in found if str(row.id) not in doubtful]
    parts = [f"ticket:{row.id}:{part}" for row in found if str(row.id) in doubtful for part in _PARTS]
    return [*whole, *(part for part in parts if part not in here)]


def lost_ratings(
    page: msgspec.Raw, aside: Sequence[SetAside], read: Sequence[fd.SatisfactionRating], worse: Sequence[SetAside],
    given: Iterable[Rating],
) -> list[Unread]:  # fmt: skip
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
    return [
        Unread(ticket, _rating_row(number), "answer" if number in in_part else REFUSED_RATING, bad.reason)
        for bad in (*aside, *worse)
        if (number := bad.id.partition(" ")[0]) and (ticket := tickets.get(bad.id) or tickets.get(number))
    ]


def known_ratings(found: Iterable[fd.SatisfactionRating], worse: Iterable[SetAside]) -> Iterator[str]:
    refused = {bad.id.partition(" ")[0] for bad in worse}
    return (_rating_row(str(row.id)) for row in found if str(row.id) not in refused)


def _rating_row(number: str) -> str:
    return f"rating:{number}:row"
