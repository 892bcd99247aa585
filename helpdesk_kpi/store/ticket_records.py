"""What of the store's rows a timeline reads. Structs that the garbage collector may ignore: there are millions."""

from collections.abc import Mapping, Sequence

import msgspec


class TicketRecord(msgspec.Struct, frozen=True, gc=False):
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
    direction: str | None = None
    issue_type: str | None = None
    association: str | None = None
    is_messaging: int | None = None
    is_imported: int = 0
    status_at: int | None = None
    left_at: int | None = None
    came_at: int | None = None
    resolution: str | None = None


class EventRecord(msgspec.Struct, frozen=True, gc=False):
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


class RatingRecord(msgspec.Struct, frozen=True, gc=False):
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


class SlaCycleRecord(msgspec.Struct, frozen=True, gc=False):
    """One run of a promise's clock, as the helpdesk tells it."""

    ticket: int
    sla: str
    number: int
    name: str
    read_at: int
    started_at: int | None
    stopped_at: int | None
    breach_at: int | None
    goal: int | None
    elapsed: int | None
    is_breached: int | None
    is_paused: int
    field: str | None = None


class SlaEventRecord(msgspec.Struct, frozen=True, gc=False):
    """One event of a promise's clock, where a helpdesk tells those."""

    ticket: int
    id: str
    metric: str
    instance: int
    kind: str
    at: int
    calendar: int | None
    business: int | None
    target: int | None
    in_business_hours: int | None
    policy: str | None


class ArticleLinkRecord(msgspec.Struct, frozen=True, gc=False):
    """An article that a public comment names."""

    ticket: int
    article: str  # native id
    at: int
    person: int | None


class TicketLinkRecord(msgspec.Struct, frozen=True, gc=False):
    """Another ticket that a helpdesk ties to this one."""

    ticket: int
    other: str  # native id
    kind: str


class TicketFlagRecord(msgspec.Struct, frozen=True, gc=False):
    """That a ticket tells nothing of how well one customer's problem was solved."""

    ticket: int
    reason: str  # incident, shared_sender, expected
    since: int


class MergeRow(msgspec.Struct, frozen=True, gc=False):
    """A ticket that is read and to which following `merged_into` leads, also over several steps."""

    ticket: int
    other: int
    created_at: int


class CopyRow(msgspec.Struct, frozen=True, gc=False):
    """Another ticket that is read, of which this one is an imported copy."""

    ticket: int
    other: int


class UnreadRow(msgspec.Struct, frozen=True, gc=False):
    """A part of a ticket that could not be read."""

    ticket: int
    kind: str
    word: str


class TicketRecords(msgspec.Struct, frozen=True):
    """What belongs to a ticket's story beside its row and its events."""

    ratings: Sequence[RatingRecord] = ()
    cycles: Sequence[SlaCycleRecord] = ()
    promises: Sequence[SlaEventRecord] = ()
    cited: Sequence[ArticleLinkRecord] = ()
    links: Sequence[TicketLinkRecord] = ()
    flags: Sequence[TicketFlagRecord] = ()
    merges: Sequence[MergeRow] = ()
    copies: Sequence[CopyRow] = ()
    unread: Sequence[UnreadRow] = ()
    accounts: Mapping[tuple[int, str], int] = {}  # those that histories name as requesters


NO_RECORDS = TicketRecords()


def _select(kind: type[msgspec.Struct], table: str) -> str:
    return f"SELECT {', '.join(kind.__struct_fields__)} FROM {table}"


TICKET = _select(TicketRecord, "tickets")
EVENT = _select(EventRecord, "events")
RECORD_QUERIES: dict[str, tuple[str, type[msgspec.Struct]]] = {
    "ratings": (_select(RatingRecord, "ratings"), RatingRecord),
    "cycles": (_select(SlaCycleRecord, "sla_cycles"), SlaCycleRecord),
    "promises": (_select(SlaEventRecord, "sla_events"), SlaEventRecord),
    "cited": (_select(ArticleLinkRecord, "article_links"), ArticleLinkRecord),
    "links": (_select(TicketLinkRecord, "ticket_links"), TicketLinkRecord),
    "flags": (_select(TicketFlagRecord, "ticket_flags"), TicketFlagRecord),
    "unread": (_select(UnreadRow, "unread"), UnreadRow),
}
