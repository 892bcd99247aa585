"""What of the store's rows a timeline reads."""

from typing import NamedTuple


class TicketRow(NamedTuple):
    id: int
    source: int
    created_at: int
    updated_at: int
    status: str
    channel: str | None
    form: str | None
    type: str | None
    brand: str | None
    tags: str  # JSON
    fields: str  # JSON
    priority: str | None
    requester: int | None
    submitter: int | None
    team: int | None
    assignee: int | None
    merged_into: str | None
    deleted_at: int | None
    is_spam: int
    replies_known: str
    changes_known_from: int | None


class EventRow(NamedTuple):
    ticket: int
    at: int
    seq: int
    kind: str
    actor: int | None
    via: str | None
    rule: str | None
    field: str | None
    before: str | None
    after: str | None
    public: int | None
    length: int | None
    is_thanks: int | None
    is_question: int | None


class RatingRow(NamedTuple):
    ticket: int
    native: str
    question: str
    offered_at: int
    category: str | None
    answered_at: int | None
    changed_at: int | None
    agent: int | None
    rater: int | None


TICKET = f"SELECT {', '.join(TicketRow._fields)} FROM tickets"
EVENT = f"SELECT {', '.join(EventRow._fields)} FROM events"
RATING = f"SELECT {', '.join(RatingRow._fields)} FROM ratings"
