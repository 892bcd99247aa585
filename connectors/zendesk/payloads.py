"""The parts of Zendesk's payloads that are read. Unknown keys and enum values are accepted.

Ids are 64-bit numbers in Support; times are ISO 8601 in UTC, and UNIX seconds in exports.
https://developer.zendesk.com/api-reference/
"""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from helpdesk_kpi.pull.lenient_decode import check_time

NOTHING = Raw(b"[]")


def ms(moment: datetime) -> int:
    """UTC epoch ms. Times without a zone (engagements) are UTC.

    Raises:
        ValueError: The time is outside the years that a helpdesk can mean.
    """
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return check_time(round(aware.timestamp() * 1000))


class Meta(msgspec.Struct):
    has_more: bool | None = None  # null: not given
    after_cursor: str | None = None


class TicketsPage(msgspec.Struct):
    tickets: Raw
    after_cursor: str | None = None
    end_of_stream: bool | None = None  # null: not told
    metric_sets: Raw = NOTHING  # sideloaded, if the tickets do not embed them


class UsersPage(msgspec.Struct):
    users: Raw
    after_cursor: str | None = None
    end_of_stream: bool | None = None  # null: not told


class Minutes(msgspec.Struct):
    calendar: int | None = None
    business: int | None = None


class MetricSet(msgspec.Struct):
    ticket_id: int | None = None
    reopens: int | None = None
    replies: int | None = None
    reply_time_in_minutes: Minutes | None = None
    reply_time_in_seconds: Minutes | None = None  # messaging only
    first_resolution_time_in_minutes: Minutes | None = None
    full_resolution_time_in_minutes: Minutes | None = None
    agent_wait_time_in_minutes: Minutes | None = None
    requester_wait_time_in_minutes: Minutes | None = None
    on_hold_time_in_minutes: Minutes | None = None


class ViaSource(msgspec.Struct):
    rel: str | None = None
    origin: dict[str, Any] | None = msgspec.field(default=None, name="from")
    to: dict[str, Any] | None = None


class Via(msgspec.Struct):
    channel: str | int | None = None
    source: ViaSource | None = None


class CustomField(msgspec.Struct):
    id: int
    value: Any = None


class Ticket(msgspec.Struct):
    id: int
    created_at: datetime
    updated_at: datetime
    status: str
    generated_timestamp: int | None = None
    via: Via | None = None
    subject: str | None = None
    description: str | None = None
    type: str | None = None
    priority: str | None = None
    requester_id: int | None = None
    submitter_id: int | None = None
    assignee_id: int | None = None
    organization_id: int | None = None
    group_id: int | None = None
    problem_id: int | None = None
    ticket_form_id: int | None = None
    brand_id: int | None = None
    support_type: str | None = None  # "agent" or "ai_agent"
    from_messaging_channel: bool | None = None
    external_id: str | int | None = None
    satisfaction_rating: Any = None  # null, or an object with score and id
    tags: list[str] | None = None
    custom_fields: list[CustomField] | None = None
    metric_set: MetricSet | None = None  # null: not computed yet; absent: deleted


class DeletedTicket(msgspec.Struct):
    """A row of /deleted_tickets."""

    id: int
    deleted_at: datetime


class TicketEvent(msgspec.Struct):
    """One update of a ticket (an audit) in the export: children have the changed field as a key."""

    id: int
    ticket_id: int
    timestamp: int | None = None
    created_at: datetime | None = None
    updater_id: int | None = None
    via: Any = None
    child_events: list[dict[str, Any]] = []
    merged_ticket_ids: list[Any] | None = None


class Audit(msgspec.Struct):
    """One update of a ticket from /tickets/{id}/audits: events have the changed field in `field_name`."""

    id: int
    ticket_id: int
    created_at: datetime
    author_id: int | None = None
    via: Any = None
    events: list[dict[str, Any]] = []

    def as_event(self) -> TicketEvent:
        return TicketEvent(self.id, self.ticket_id, None, self.created_at, self.author_id, self.via, self.events)


class ExportPage(msgspec.Struct):
    """A page of a time-based export; one of the row keys is present."""

    end_time: int | None = None
    next_page: str | UnsetType | None = UNSET  # unset: this endpoint has no such word
    end_of_stream: bool | None = None
    ticket_events: Raw = NOTHING
    organizations: Raw = NOTHING
    calls: Raw = NOTHING
    articles: Raw = NOTHING
    ticket_metric_events: Raw = NOTHING


class EngagementsPage(msgspec.Struct):
    """A page of messaging sessions. `has_more` None: not given."""

    agent_engagement_data: Raw
    has_more: bool | None = None
    next_page_url: str | None = None


class ListPage(msgspec.Struct):
    """A page of a list by cursor (meta) or by page number (next_page); one of the row keys is present."""

    meta: Meta | None = None
    next_page: str | UnsetType | None = UNSET  # unset: this endpoint has no such word
    tickets: Raw = NOTHING
    metric_sets: Raw = NOTHING
    results: Raw = NOTHING  # of a search
    deleted_tickets: Raw = NOTHING
    audits: Raw = NOTHING
    organizations: Raw = NOTHING
    surveys: Raw = NOTHING
    users: Raw = NOTHING
    deleted_users: Raw = NOTHING
    groups: Raw = NOTHING
    group_memberships: Raw = NOTHING
    brands: Raw = NOTHING
    ticket_forms: Raw = NOTHING
    ticket_fields: Raw = NOTHING
    custom_statuses: Raw = NOTHING
    satisfaction_ratings: Raw = NOTHING
    survey_responses: Raw = NOTHING
    sla_policies: Raw = NOTHING
    schedules: Raw = NOTHING
    holidays: Raw = NOTHING
    articles: Raw = NOTHING
    translations: Raw = NOTHING


class User(msgspec.Struct):
    id: int
    role: str | None
    updated_at: datetime
    name: str | None = None
    email: str | None = None
    verified: bool | None = None
    active: bool | None = None
    suspended: bool | None = None
    role_type: int | None = None
    custom_role_id: int | None = None
    only_private_comments: bool | None = None
    shared_agent: bool | None = None  # an agent of another account, which shares tickets with this one
    time_zone: str | None = None
    iana_time_zone: str | None = None
    organization_id: int | None = None


class Group(msgspec.Struct):
    id: int
    name: str
    deleted: bool = False


class GroupMembership(msgspec.Struct):
    group_id: int
    user_id: int


class Brand(msgspec.Struct):
    id: int
    name: str
    subdomain: str | None = None
    brand_url: str | None = None
    host_mapping: str | None = None
    has_help_center: bool = False


class NameRecord(msgspec.Struct):
    id: int
    name: str


class TicketField(msgspec.Struct):
    id: int
    title: str
    created_at: datetime | None = None


class CustomStatus(msgspec.Struct):
    id: int
    agent_label: str
    status_category: str


class SatisfactionRating(msgspec.Struct):
    """An older survey: one row that changes from offered to good or bad."""

    id: int
    ticket_id: int
    score: str
    updated_at: datetime
    created_at: datetime | None = None
    assignee_id: int | None = None
    requester_id: int | None = None
    comment: str | None = None
    reason: str | None = None


class OneRating(msgspec.Struct):
    satisfaction_rating: Raw  # a SatisfactionRating


class Question(msgspec.Struct):
    id: str
    type: str | None = None
    sub_type: str | None = None
    alias: str | None = None


class Answer(msgspec.Struct):
    type: str
    question: Question
    created_at: datetime | None = None
    updated_at: datetime | None = None
    rating: int | None = None
    rating_category: str | None = None
    value: Any = None


class Subject(msgspec.Struct):
    id: str | int
    type: str | None = None


class SurveyResponse(msgspec.Struct):
    """A newer survey with several questions. Its creation time is in the id, a ULID."""

    id: str
    expires_at: datetime | None = None
    responder_id: int | None = None
    subjects: list[Subject] | None = None
    answers: list[Any] | None = None  # each an Answer, where it can be read


class Interval(msgspec.Struct):
    start_time: int  # minutes since Sunday 00:00
    end_time: int


class Schedule(msgspec.Struct):
    id: int
    name: str
    time_zone: str  # Rails' name
    intervals: list[Interval] = []
    created_at: datetime | None = None


class Holiday(msgspec.Struct):
    id: int
    name: str
    start_date: str
    end_date: str  # inclusive


class SlaPolicy(msgspec.Struct):
    id: int
    title: str
    position: int | None = None


class Call(msgspec.Struct):
    id: int
    created_at: datetime
    updated_at: datetime | None = None
    ticket_id: int | None = None
    agent_id: int | None = None
    direction: str | None = None
    voicemail: bool | None = None
    completion_status: str | None = None
    time_to_answer: int | None = None  # seconds, as are the others
    wait_time: int | None = None
    talk_time: int | None = None
    duration: int | None = None


class Engagement(msgspec.Struct):
    engagement_id: str | int
    ticket_id: int
    engagement_start_time: datetime  # without a zone: UTC
    agent_id: int | None = None
    engagement_end_time: datetime | None = None
    assignment_to_first_reply_time_seconds: float | None = None
    agent_messages_count: int | None = None
    agent_replies_count: int | None = None


class Translation(msgspec.Struct):
    locale: str | None = None
    title: str | None = None
    body: str | None = None
    updated_at: datetime | None = None
    updated_by_id: int | None = None
    created_by_id: int | None = None
    source_id: int | None = None


class Article(msgspec.Struct):
    id: int
    title: str
    created_at: datetime
    updated_at: datetime
    html_url: str | None = None
    author_id: int | None = None
    edited_at: datetime | None = None
    locale: str | None = None
    draft: bool = False
    body: str | None = None
    vote_sum: int | None = None
    vote_count: int | None = None
    translations: list[Translation] = []


class Me(msgspec.Struct):
    user: User


class Localization(msgspec.Struct):
    time_zone: str | None = None  # Rails' name
    iana_time_zone: str | None = None


class AccountSettings(msgspec.Struct):
    localization: Localization | None = None


class SettingsPage(msgspec.Struct):
    settings: AccountSettings


class Count(msgspec.Struct):
    """A number, or an object with a value that may be some hours old."""

    count: Any = None

    def number(self) -> int | None:
        value = self.count.get("value") if isinstance(self.count, dict) else self.count
        return value if isinstance(value, int) else None
