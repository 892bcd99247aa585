"""Tickets with unreadable rows of calls, sessions and surveys.

Such a call may have answered its ticket, and such a survey may have rated it. Only a later version of the same row
shows it; the audits of the ticket do not.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from connectors.zendesk import payloads as zd
from connectors.zendesk.mapping import surveys
from helpdesk_kpi.model import Unread
from helpdesk_kpi.pull.contract import RejectedRow
from helpdesk_kpi.pull.lenient_decode import UNREADABLE_ERRORS, decode_row, find_id, split_rows
from helpdesk_kpi.store.unread import contact_row, rating_row, refused_contact, refused_rating


class UnreadRows(NamedTuple):
    """Unread rows, and `gone` of the page: rows that are readable now and give no record."""

    unread: list[Unread]
    gone: dict[str, list[str]]


def list_unread_calls(raw: msgspec.Raw, good: Sequence[zd.Call], rejected: Sequence[RejectedRow]) -> UnreadRows:
    """Rejected calls. A call without a ticket no longer concerns its former ticket."""
    found = _list_unread(raw, rejected, lambda ticket, row_id, reason: refused_contact(ticket, f"call{row_id}", reason))
    return UnreadRows(found, _list_gone(found, (contact_row(f"call{row.id}") for row in good if row.ticket_id is None)))


def list_unread_sessions(raw: msgspec.Raw, rejected: Sequence[RejectedRow]) -> list[Unread]:
    """Rejected messaging sessions."""
    return _list_unread(
        raw,
        rejected,
        lambda ticket, row_id, reason: refused_contact(ticket, f"chat{row_id}", reason),
        key="engagement_id",
    )


def list_unread_ratings(
    raw: msgspec.Raw, good: Sequence[zd.SatisfactionRating], rejected: Sequence[RejectedRow]
) -> UnreadRows:
    """Rejected answers to the older survey, and answers with an unknown score."""
    unknown = [one for rated in good if (one := surveys.find_unknown_score(rated)) is not None]
    found = [*_list_unread(raw, rejected, refused_rating), *unknown]
    return UnreadRows(
        found, _list_gone(found, (rating_row(str(one.id)) for one in good if one.score == surveys.UNOFFERED))
    )


def list_unread_responses(
    raw: msgspec.Raw, good: Sequence[zd.SurveyResponse], rejected: Sequence[RejectedRow]
) -> UnreadRows:
    """Rejected responses to the newer survey, and responses with an unreadable main answer."""
    unreadable = [one for response in good if (one := surveys.find_unread_answer(response)) is not None]
    found = [*_list_unread(raw, rejected, refused_rating, _get_subject_ticket), *unreadable]
    return UnreadRows(found, _list_gone(found, (rating_row(one.id) for one in good if surveys.get_ticket(one) is None)))


def _list_unread(
    raw: msgspec.Raw,
    rejected: Sequence[RejectedRow],
    build: Callable[[str, str, str], Unread],
    ticket_of: Callable[[msgspec.Raw], str] = lambda raw_row: find_id(raw_row, "ticket_id"),
    key: str = "id",
) -> list[Unread]:
    """Unread rows of a page. `build` takes the ticket, the id of the row and the reason."""
    reasons = {raw_row.id: raw_row.reason for raw_row in rejected}
    ids = (
        [(find_id(raw_row, key) or f"row {position}", raw_row) for position, raw_row in enumerate(split_rows(raw))]
        if reasons
        else []
    )
    tickets = [(ticket_of(raw_row), row_id) for row_id, raw_row in ids if row_id in reasons]
    return [
        build(ticket, row_id, reasons[row_id]) for ticket, row_id in tickets if ticket.isascii() and ticket.isdecimal()
    ]


def _list_gone(found: Sequence[Unread], ids: Iterable[str]) -> dict[str, list[str]]:
    """Ids that are no longer unread, without those that the same page rejects."""
    return {"unread": sorted({*ids} - {one.id for one in found})}


class _Subjects(msgspec.Struct):
    subjects: list[dict[str, msgspec.Raw]] | None = None


def _get_subject_ticket(response: msgspec.Raw) -> str:
    """The ticket of a response that could not be decoded; "" if unknown."""
    try:
        subjects = decode_row(response, _Subjects).subjects or []
    except UNREADABLE_ERRORS:
        return ""
    tickets = [one for one in subjects if bytes(one.get("type", b"")).strip() == b'"ticket"' and "id" in one]
    return find_id(msgspec.Raw(msgspec.json.encode(tickets[0]))) if tickets else ""
