"""Rows that could not be read and are no part of a ticket's history: its own row, a call or session, a survey's answer.

Each has the id of the record that it would have become. Once such a record is kept, its row counts as read well; a
history that is read whole says nothing of it.
"""

import json
from collections.abc import Iterable

from helpdesk_kpi import model
from helpdesk_kpi.model import REFUSED_RATING, REFUSED_ROW, Unread
from helpdesk_kpi.store.page import RejectedRow
from helpdesk_kpi.store.page_writer import PageWriter

#: SQL: refused rows that a whole history of their ticket replaces.
OF_HISTORY = f"kind = '{REFUSED_ROW}' AND id NOT GLOB 'ticket:*' AND id NOT GLOB 'contact:*'"
_LONGEST = 200


def refused_ticket(ticket: str, why: str) -> Unread:
    """The row of a ticket: what is kept of the ticket may be out of date."""
    return Unread(ticket, _ticket(ticket), REFUSED_ROW, why[:_LONGEST])


def refused_tickets(aside: Iterable[RejectedRow]) -> list[Unread]:
    """Rows of a list of tickets that were set aside, where their ids are known; `row 3` is none."""
    return [refused_ticket(one.id, one.reason) for one in aside if one.id.isascii() and one.id.isdecimal()]


def refused_contact(ticket: str, contact: str, why: str) -> Unread:
    """The row of a call or session. `contact`: the id that its `Engagement` would have."""
    return Unread(ticket, contact_row(contact), REFUSED_ROW, why[:_LONGEST])


def refused_rating(ticket: str, rating: str, why: str) -> Unread:
    """The row of a survey, or its answer. `rating`: the id that its `Rating` would have."""
    return Unread(ticket, rating_row(rating), REFUSED_RATING, why[:_LONGEST])


def _ticket(ticket: str) -> str:
    return f"ticket:{ticket}:row"


def contact_row(contact: str) -> str:
    return f"contact:{contact}:row"


def rating_row(rating: str) -> str:
    return f"rating:{rating}:row"


def refused(record: model.AnyRecord, why: str) -> Unread | None:
    """What is unread where the store does not keep a record; None where its ticket's history says so."""
    match record:
        case model.Ticket():
            return refused_ticket(record.id, why)
        case model.Engagement():
            return refused_contact(record.ticket, record.id, why)
        case model.Rating():
            return refused_rating(record.ticket, record.id, why)
    return None


def read_well(page: PageWriter, rows: Iterable[model.AnyRecord]) -> None:
    """Forget that the rows of these records were refused once. What the same page refuses is written afterwards."""
    ids = {unread.id for row in rows if (unread := refused(row, ""))}
    page.conn.execute(
        "DELETE FROM unread WHERE id IN (SELECT value FROM json_each(?1)) AND (kind = ?2 OR kind = ?3)"
        " AND (SELECT source FROM tickets WHERE id = unread.ticket) = ?4",
        (json.dumps(sorted(ids)), REFUSED_ROW, REFUSED_RATING, page.source),
    )
