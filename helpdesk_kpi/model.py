"""The records that connectors make and the store keeps: what a helpdesk says, in the trade's words.

Ids are the helpdesk's own, as text. Times are UTC epoch milliseconds. Nothing here is an opinion: severity, state,
actor class and exclusions are decided when the records are read (see `measure`).
"""

from typing import Literal

import msgspec

EventKind = Literal["comment", "change", "link", "survey", "call", "chat"]
#: member: a licensed colleague who may or may not be of the team; on tickets they ask for or take part in, a customer.
#: nobody: an account that stands for many people ("unknown", anonymous, former user): never of the team.
PersonKind = Literal["customer", "agent", "light_agent", "bot", "member", "nobody"]
Direction = Literal["inbound", "outbound"]
#: What a ticket is to other tickets; subtask, child and tracker are no requests of a customer.
Association = Literal["subtask", "child", "parent", "tracker", "related"]
Known = Literal["yes", "pending", "unreadable"]
#: What a KPI reads.
SubjectKind = Literal["ticket", "customer", "article", "entry"]
TITLED = "title:"  # prefix in `Event.articles` of a page that a link names by its title only


class Record(msgspec.Struct, frozen=True):
    """Base of every record."""


class Ticket(Record, frozen=True):
    """One ticket as it is now. `version` orders states of one ticket: an older one never overwrites a newer."""

    id: str
    number: str
    url: str
    created_at: int
    updated_at: int
    version: int
    status: str  # native, as its `Name` has it; "deleted" is told by deleted_at
    subject: str | None = None  # null: empty, or taken away by the helpdesk
    channel: str | None = None  # the helpdesk's word: "email", "voice", ...
    form: str | None = None
    type: str | None = None
    brand: str | None = None
    tags: tuple[str, ...] = ()
    fields: dict[str, str] = {}  # kept custom fields, by the configuration's word for them
    priority: str | None = None  # native, as its `Name` has it; null: nobody set one
    requester: str | None = None
    participants: tuple[str, ...] = ()  # further people who ask
    submitter: str | None = None
    organization: str | None = None
    team: str | None = None
    assignee: str | None = None
    follow_up_of: str | None = None
    problem: str | None = None
    merged_into: str | None = None  # "" when merged away, but not known into what
    tells_merges: bool = False  # without `merged_into` it is not merged, or not any more; else nothing is told
    deleted_at: int | None = None
    is_spam: bool = False
    is_scrubbed: bool = False  # the helpdesk blanked it: only text columns and deletion are taken from this row
    replies_known: Known = "yes"  # pending until a `Replies` of this version tells; see there
    changes_known: Known = "yes"  # pending until a `Changes` of this version tells; see there
    changes_known_from: int | None = None  # null: the history is known from the creation on
    sketch: bytes | None = None  # see pull.text.sketch
    tracks: tuple[str, ...] = ()  # attributes whose changes nobody tells: the store keeps what two versions differ in
    direction: Direction | None = None  # as the helpdesk says; null: it does not say
    issue_type: str | None = None  # name of the kind of issue
    association: Association | None = None
    is_messaging: bool | None = None  # a conversation in a messaging channel; null: not known
    is_imported: bool = False  # copied from another helpdesk: times and authors may be the import's
    external_id: str | None = None  # id in the system that it was copied from
    status_at: int | None = None  # since when `status` holds, as the helpdesk says
    left_at: int | None = None  # moved then to where nothing is read; what was before stays
    resolution: str | None = None  # how it ended; null: it has not, or the helpdesk has nothing beside the status


class Replies(Record, frozen=True):
    """Whether the comments of a ticket are known as of one of its versions, from a stream that reads them apart."""

    ticket: str
    version: int
    known: Literal["yes", "unreadable"] = "yes"
    merged_into: str | None = None  # where a comment says that it was merged away, and nothing else does


class Changes(Record, frozen=True):
    """Whether the history of a ticket is known as of one of its versions, from a stream that reads it apart."""

    ticket: str
    version: int
    known: Literal["yes", "unreadable"] = "yes"
    came_at: int | None = None  # it moved here then from where nothing is read; what was before is not ours


class Event(Record, frozen=True):
    """Something that happened on a ticket. `id` is the audit's id and the item, the same over every transport."""

    ticket: str
    id: str
    at: int
    seq: int  # order among events of the same instant
    kind: EventKind
    actor: str | None = None  # null: the helpdesk itself
    via: str | None = None  # "web", "email", "api", "rule", ...
    rule: str | None = None  # title or id of the trigger or automation
    field: str | None = None  # changes: status, priority, team, schedule, a kept custom field; comments: "macro"
    before: str | None = None
    after: str | None = None
    public: bool | None = None  # null where it has no meaning
    precision: Literal["exact", "between"] = "exact"  # between: seen as a difference of two syncs
    length: int | None = None  # characters of the comment, quotes and signature not counted
    is_thanks: bool | None = None  # nothing but gratitude; null: no text
    is_question: bool | None = None  # asks something; null: no text
    text_rule: int | None = None  # version of the rules behind the two above
    articles: tuple[str, ...] = ()  # ids of knowledge-base articles that the comment links to
    codes: tuple[str, ...] = ()  # error codes and the like
    formerly: str | None = None  # an id under which an earlier version kept the same event


class Person(Record, frozen=True):
    """An account on the helpdesk. The address of a customer is kept as a keyed hash and its domain, never in clear."""

    id: str
    kind: PersonKind
    role: str  # native
    version: int
    name: str | None = None
    email: str | None = None
    email_verified: bool = False
    active: bool = True
    zone: str | None = None
    organization: str | None = None


class Team(Record, frozen=True):
    id: str
    name: str
    deleted: bool = False
    schedule: str | None = None  # on which its tickets run; null: the helpdesk's default one


class TeamMember(Record, frozen=True):
    team: str
    person: str


class Name(Record, frozen=True):
    """What a native id is called: kind is status, priority, brand, form, field, custom_status, question, organization.

    A status's detail is its state: new, open, pending, hold, solved or closed. A question's name is its text, its
    detail its alias, or its number where ratings tell the alias. The detail of agents is a JSON list: the ids of those
    who may answer in the brand of that id; null: not told.
    """

    kind: str
    id: str
    name: str
    detail: str | None = None  # status: its state; custom_status: its category; brand: its help centre's address


class Rating(Record, frozen=True):
    """One question of one survey. Offered and not answered: score and answered_at are null."""

    id: str
    ticket: str
    offered_at: int
    version: int
    question: str = ""  # "" for a helpdesk with a single question
    value: str | None = None  # native
    scale: str | None = None  # native: "good/bad", "1-5"
    origin: Literal["customer", "default", "timeout", "internal"] = "customer"  # only a customer's is an answer
    category: Literal["good", "neutral", "bad"] | None = None
    score: float | None = None  # 0..1
    answered_at: int | None = None
    changed_at: int | None = None
    expires_at: int | None = None
    agent: str | None = None  # whom the helpdesk names
    rater: str | None = None
    reason: str | None = None
    comment: str | None = None  # kept only where configured


class Article(Record, frozen=True):
    id: str
    title: str
    url: str
    created_at: int
    updated_at: int
    version: int
    kind: Literal["article", "faq", "solution"] = "article"
    author: str | None = None  # where it may be changed later, the first one that is seen stays
    author_known: bool = False  # the author is who made it, by a record that nobody can change
    editor: str | None = None  # null: not known
    edited_at: int | None = None
    locale: str | None = None
    draft: bool = False
    digest: str | None = None  # hash of the body, to tell an edit from a touch
    length: int | None = None
    votes_up: int | None = None
    votes_down: int | None = None


class ArticleEdit(Record, frozen=True):
    """A text of the knowledge base as somebody left it: a version that the helpdesk tells, or one that was seen.

    With a digest it is an edit only where the text differs from the one before it in the same language.
    """

    article: str
    at: int
    locale: str = ""
    editor: str | None = None  # null: not known
    digest: str | None = None  # of title and text; null: the helpdesk says itself that this was an edit
    length: int | None = None
    is_minor: bool | None = None  # null: the helpdesk has no such mark


class ArticleViews(Record, frozen=True):
    """How often an article was looked at since it was made, as the helpdesk counts it now."""

    article: str
    views: int


class Schedule(Record, frozen=True):
    """Business hours of the helpdesk: minutes since Sunday 00:00 in `zone`, half-open."""

    id: str
    name: str
    zone: str  # IANA
    weekly: tuple[tuple[int, int], ...]
    is_default: bool | None = None  # it counts where nothing names another; null: the helpdesk does not say
    created_at: int | None = None


class Holiday(Record, frozen=True):
    schedule: str
    id: str
    name: str
    first: str  # ISO date, inclusive
    last: str  # ISO date, inclusive


class SlaPolicy(Record, frozen=True):
    id: str
    title: str
    position: int
    body: str  # the vendor's JSON


class SlaCycle(Record, frozen=True):
    """One run of a promise's clock on a ticket, as the helpdesk keeps it. What runs is as of `read_at`."""

    ticket: str
    sla: str  # the helpdesk's id of the promise
    number: int  # 0, 1, ... in order of start
    name: str  # native, for people to read: it may be in any language
    read_at: int
    started_at: int | None = None
    stopped_at: int | None = None  # null: it still runs
    breach_at: int | None = None  # the wall-clock instant of the breach; null: paused, or no such instant
    goal: int | None = None  # ms of the promise's own clock
    elapsed: int | None = None  # ms of the promise's own clock, pauses not counted
    is_breached: bool | None = None  # as the helpdesk says; null: it doesn't
    is_paused: bool = False
    field: str | None = None  # the helpdesk's field that holds it, where it has one


class SlaEvent(Record, frozen=True):
    """One event of a promise's clock, where a helpdesk tells those (Zendesk's metric events)."""

    ticket: str
    id: str
    metric: str  # "reply_time", ...
    instance: int
    kind: str  # activate, pause, fulfill, apply_sla, breach, update_status, ...
    at: int  # a breach is told before it happens: it counts only once its time has come
    calendar: int | None = None  # ms so far, of update_status
    business: int | None = None
    target: int | None = None  # ms, of apply_sla
    in_business_hours: bool | None = None
    policy: str | None = None
    is_deleted: bool = False


class TimeEntry(Record, frozen=True):
    """Time that an agent wrote down for a ticket."""

    id: str
    ticket: str
    at: int
    spent: int  # ms; below zero: takes back what was written down before
    agent: str | None = None
    is_billable: bool | None = None
    is_running: bool = False  # still growing


class NativeMetric(Record, frozen=True):
    """The helpdesk's own figure for one ticket, in milliseconds or a count, to hold beside ours."""

    ticket: str
    metric: str
    calendar: int | None = None
    business: int | None = None
    count: int | None = None


class Engagement(Record, frozen=True):
    """A call or a messaging session between an agent and a customer."""

    id: str
    ticket: str
    kind: Literal["call", "chat"]
    started_at: int
    agent: str | None = None
    answered_at: int | None = None  # first human contact; null: none
    ended_at: int | None = None


#: Kinds of an `Unread` that is a whole row which could not be read. It may have been anything that such a row tells.
REFUSED_ROW, REFUSED_RATING = "row", "rating"


class Unread(Record, frozen=True):
    """A part of a ticket that no rule can read (an event type, a channel, a role that is new): counted, not dropped."""

    ticket: str
    id: str
    kind: str  # event, channel, role, status, ..., or one of a refused row
    word: str  # the helpdesk's word for it; of a refused row, what is wrong with it
    at: int | None = None


class TicketLink(Record, frozen=True):
    ticket: str
    other: str
    kind: str  # follow_up, merge, problem, duplicate, development, ...


AnyRecord = (
    Ticket | Replies | Changes | Event | Person | Team | TeamMember | Name | Rating | Article | ArticleEdit
    | ArticleViews | Schedule | Holiday | SlaPolicy | SlaCycle | SlaEvent | TimeEntry | NativeMetric | Engagement
    | TicketLink | Unread
)  # fmt: skip


MAIN = "overall"  # the dimension that a figure without any speaks of
