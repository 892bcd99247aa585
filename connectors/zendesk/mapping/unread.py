"""Rows of calls, sessions and surveys that could not be read: of which tickets something is not known.

Such a call may have answered its ticket, and such a survey may have rated it. A later reading of the same row says so;
the audits of the ticket do not.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from connectors.zendesk import payloads as zd
from connectors.zendesk.mapping import surveys
from helpdesk_kpi.model import Unread
from helpdesk_kpi.pull.contract import RejectedRow
from helpdesk_kpi.pull.lenient_decode import UNREADABLE, id_of, raws, row
from helpdesk_kpi.store.unread import contact_row, rating_row, refused_contact, refused_rating


class UnreadRows(NamedTuple):
    """What is not known, and `gone` of a page: rows that are read well now and make no record."""

    unread: list[Unread]
    gone: dict[str, list[str]]


def list_unread_calls(raw: msgspec.Raw, good: Sequence[zd.Call], aside: Sequence[RejectedRow]) -> UnreadRows:
    """Calls that were set aside. One that is on no ticket any more is none of its former ticket's."""
    found = _list_unread(raw, aside, lambda ticket, own, why: refused_contact(ticket, f"call{own}", why))
    return UnreadRows(found, _list_gone(found, (contact_row(f"call{one.id}") for one in good if one.ticket_id is None)))


def list_unread_sessions(raw: msgspec.Raw, aside: Sequence[RejectedRow]) -> list[Unread]:
    """Messaging sessions that were set aside."""
    return _list_unread(
        raw, aside, lambda ticket, own, why: refused_contact(ticket, f"chat{own}", why), key="engagement_id"
    )


def list_unread_ratings(
    raw: msgspec.Raw, good: Sequence[zd.SatisfactionRating], aside: Sequence[RejectedRow]
) -> UnreadRows:
    """Answers to the older survey that were set aside, and those of which the score is on no list."""
    unknown = [one for rated in good if (one := surveys.find_unknown_score(rated)) is not None]
    found = [*_list_unread(raw, aside, refused_rating), *unknown]
    return UnreadRows(
        found, _list_gone(found, (rating_row(str(one.id)) for one in good if one.score == surveys.UNOFFERED))
    )


def list_unread_responses(
    raw: msgspec.Raw, good: Sequence[zd.SurveyResponse], aside: Sequence[RejectedRow]
) -> UnreadRows:
    """Responses to the newer survey that were set aside, whole or the answer that counts."""
    unreadable = [one for response in good if (one := surveys.find_unread_answer(response)) is not None]
    found = [*_list_unread(raw, aside, refused_rating, _get_subject_ticket), *unreadable]
    return UnreadRows(found, _list_gone(found, (rating_row(one.id) for one in good if surveys.get_ticket(one) is None)))


def _list_unread(
    raw: msgspec.Raw,
    aside: Sequence[RejectedRow],
    make: Callable[[str, str, str], Unread],
    ticket_of: Callable[[msgspec.Raw], str] = lambda one: id_of(one, "ticket_id"),
    key: str = "id",
) -> list[Unread]:
    """`make` is given the ticket, the row's id and what is wrong with it."""
    why = {one.id: one.reason for one in aside}
    named = [(id_of(one, key) or f"row {place}", one) for place, one in enumerate(raws(raw))] if why else []
    told = [(ticket_of(one), own) for own, one in named if own in why]
    return [make(ticket, own, why[own]) for ticket, own in told if ticket.isascii() and ticket.isdecimal()]


def _list_gone(found: Sequence[Unread], ids: Iterable[str]) -> dict[str, list[str]]:
    """An id that the same page refuses stays."""
    return {"unread": sorted({*ids} - {one.id for one in found})}


class _Subjects(msgspec.Struct):
    subjects: list[dict[str, msgspec.Raw]] | None = None


def _get_subject_ticket(response: msgspec.Raw) -> str:
    """The ticket of a response of which anything may be wrong; "" where that cannot be told."""
    try:
        subjects = row(response, _Subjects).subjects or []
    except UNREADABLE:
        return ""
    tickets = [one for one in subjects if bytes(one.get("type", b"")).strip() == b'"ticket"' and "id" in one]
    return id_of(msgspec.Raw(msgspec.json.encode(tickets[0]))) if tickets else ""
