"""What is not known of a ticket because a row could not be read: it stays so until that row is read well.

Each such part has an id that the same row gets again, so that reading it clears exactly that one.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from connectors.freshdesk import payloads as fd
from helpdesk_kpi.model import REFUSED_RATING, REFUSED_ROW, Unread
from helpdesk_kpi.pull.contract import SetAside
from helpdesk_kpi.pull.rows import id_of, raws


def lost_tickets(aside: Iterable[SetAside]) -> list[Unread]:
    """Tickets of which a newer row was refused: what the store has of them is old. A row without an id is of none."""
    return [Unread(bad.id, _row_of(bad.id), REFUSED_ROW, bad.reason) for bad in aside if bad.id.isdecimal()]


def known_tickets(found: Sequence[fd.Ticket], aside: Iterable[SetAside]) -> list[str]:
    """Ids of parts that these rows clear; a ticket of which the same page has a refused row too stays unknown."""
    refused = {bad.id for bad in aside}
    return [_row_of(str(row.id)) for row in found if str(row.id) not in refused]


def _row_of(ticket: str) -> str:
    return f"ticket:{ticket}:row"


def lost_ratings(
    page: msgspec.Raw, aside: Sequence[SetAside], read: Iterable[fd.SatisfactionRating], worse: Sequence[SetAside]
) -> list[Unread]:
    """Tickets whose rating is not known. `aside`: rows that could not be decoded; `worse`: those that were, and have an
    answer or a time that is none.
    """
    tickets = {str(row.id): str(row.ticket_id) for row in read}
    if aside:
        told = [(id_of(raw) or f"row {place}", id_of(raw, "ticket_id")) for place, raw in enumerate(raws(page))]
        tickets = dict(told) | tickets
    return [
        Unread(ticket, rating_row(number), REFUSED_RATING, bad.reason)
        for bad in (*aside, *worse)
        if (number := bad.id.partition(" ")[0]) and (ticket := tickets.get(bad.id) or tickets.get(number))
    ]


def known_ratings(found: Iterable[fd.SatisfactionRating], worse: Iterable[SetAside]) -> Iterator[str]:
    refused = {bad.id.partition(" ")[0] for bad in worse}
    return (rating_row(str(row.id)) for row in found if str(row.id) not in refused)


def rating_row(number: str) -> str:
    return f"rating:{number}:row"
