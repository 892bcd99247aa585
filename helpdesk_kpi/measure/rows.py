"""What of the store's rows a timeline reads. Structs that the garbage collector may ignore: there are millions."""

import msgspec


class TicketRow(msgspec.Struct, frozen=True, gc=False):
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
    participants: str  # JSON
    changes_known: str = "yes"


class EventRow(msgspec.Struct, frozen=True, gc=False):
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


class RatingRow(msgspec.Struct, frozen=True, gc=False):
    ticket: int
    native: str
    question: str
    offered_at: int
    category: str | None
    answered_at: int | None
    changed_at: int | None
    agent: int | None
    rater: int | None
    origin: str


TICKET = f"SELECT {', '.join(TicketRow.__struct_fields__)} FROM tickets"
EVENT = f"SELECT {', '.join(EventRow.__struct_fields__)} FROM events"
RATING = f"SELECT {', '.join(RatingRow.__struct_fields__)} FROM ratings"
