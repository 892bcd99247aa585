"""Freshdesk's payloads, as far as we read them. Keys and codes that nobody knows are let through.

Ids are numbers, and since 2026 text on some lists: they are taken as either and kept as text. Times are text here,
since a bad one (documented samples have them) must cost one field and not the row.
https://developers.freshdesk.com/api/
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from helpdesk_kpi.pull.lenient_decode import check_time

Id = int | str


def ms(text: str | None) -> int | None:
    """UTC epoch ms of "2026-01-31T08:00:00Z", with an offset or with fractions; None for what is no time that a
    helpdesk can mean.
    """
    try:
        moment = datetime.fromisoformat(text) if text else None
        if moment is None:
            return None
        return check_time(round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000))
    except (ValueError, OverflowError):
        return None


def text_id(value: Id | None) -> str | None:
    return None if value in (None, "") else str(value)


class Contact(msgspec.Struct):
    name: str | None = None
    email: str | None = None
    active: bool | None = None
    time_zone: str | None = None  # Rails' name


class Agent(msgspec.Struct):
    id: Id
    updated_at: str | None = None
    created_at: str | None = None
    type: str | None = None  # support_agent, field_agent, collaborator
    ticket_scope: int | None = None  # 1: all tickets; 2: of the groups; 3: own ones
    deactivated: bool | None = None
    contact: Contact | None = None


class Group(msgspec.Struct):
    id: Id
    name: str
    agent_ids: list[Id] | None = None
    business_hour_id: Id | None = None
    auto_ticket_assign: Any = None  # false, true, or a number


class Requester(msgspec.Struct):
    id: Id
    name: str | None = None
    email: str | None = None


class Company(msgspec.Struct):
    id: Id | None = None
    name: str | None = None


class Stats(msgspec.Struct):
    agent_responded_at: str | None = None  # the last one
    requester_responded_at: str | None = None  # the last one; survey feedback counts
    first_responded_at: str | None = None
    status_updated_at: str | None = None
    reopened_at: str | None = None  # the last one
    resolved_at: str | None = None  # the last one
    closed_at: str | None = None
    pending_since: str | None = None


class Ticket(msgspec.Struct):
    id: Id
    created_at: str
    updated_at: str
    status: Id
    priority: Id | None = None
    source: Id | None = None
    subject: str | None = None
    type: str | None = None
    requester_id: Id | None = None
    responder_id: Id | None = None
    group_id: Id | None = None
    company_id: Id | None = None
    product_id: Id | None = None
    spam: bool | None = None
    association_type: Id | None = None
    deleted: bool | None = None  # only there when true
    tags: list[str] | None = None
    custom_fields: dict[str, Any] | None = None
    due_by: str | None = None
    fr_due_by: str | None = None
    nr_due_by: str | None = None
    is_escalated: bool | None = None
    fr_escalated: bool | None = None
    nr_escalated: bool | None = None
    description: str | None = None
    description_text: str | None = None
    requester: Requester | None = None
    company: Company | None = None
    stats: Stats | None = None


class Conversation(msgspec.Struct):
    id: Id
    created_at: str
    user_id: Id | None = None
    incoming: bool | None = None
    private: bool | None = None
    source: Id | None = None
    category: Id | None = None
    body: str | None = None
    body_text: str | None = None
    automation_id: Id | None = None
    auto_response: bool | None = None


class Question(msgspec.Struct):
    id: Id
    label: str | None = None
    accepted_ratings: list[Any] | None = None  # points; anything else among them is passed over
    default: bool | None = None


class Survey(msgspec.Struct):
    id: Id
    title: str | None = None
    questions: list[Question] | None = None


class SatisfactionRating(msgspec.Struct):
    id: Id
    ticket_id: Id
    created_at: str
    survey_id: Id | None = None
    user_id: Id | None = None
    agent_id: Id | None = None  # whose ticket it was when it was rated
    updated_at: str | None = None
    feedback: str | None = None
    ratings: dict[str, Any] | None = None  # question -> a point, or null: not answered


class TicketField(msgspec.Struct):
    id: Id
    name: str
    label: str | None = None
    type: str | None = None
    choices: Any = None  # another shape for each type


class TimeEntry(msgspec.Struct):
    id: Id
    ticket_id: Id
    agent_id: Id | None = None
    billable: bool | None = None
    timer_running: bool | None = None
    time_spent: str | None = None  # "hh:mm", also above 24 hours
    time_spent_in_seconds: int | None = None
    executed_at: str | None = None
    start_time: str | None = None
    created_at: str | None = None


class Slot(msgspec.Struct):
    start_time: str
    end_time: str


class DaySlots(msgspec.Struct):
    day: str
    time_slots: list[Slot] | None = None


class SourceHours(msgspec.Struct):
    business_hours_type: str | None = None
    is_default: bool | None = None
    business_hours: list[DaySlots] | None = None


class BusinessHours(msgspec.Struct):
    id: Id
    name: str
    time_zone: str | None = None  # Rails' name
    is_default: bool | None = None
    business_hours: dict[str, Slot] | None = None
    source_business_hours: list[SourceHours] | None = None


class SlaPolicy(msgspec.Struct):
    id: Id
    name: str
    position: int | None = None


class Category(msgspec.Struct):
    id: Id


class Folder(msgspec.Struct):
    id: Id
    articles_count: int | None = None
    sub_folders_count: int | None = None


class Article(msgspec.Struct):
    id: Id
    title: str
    created_at: str
    updated_at: str
    agent_id: Id | None = None  # the author, which may be set at will; nobody tells who edited
    status: int | None = None  # 1: draft, 2: published
    description: str | None = None
    thumbs_up: int | None = None
    thumbs_down: int | None = None
    hits: int | None = None


class Activity(msgspec.Struct):
    ticket_id: Id
    performed_at: str  # "31-01-2026 08:00:00 +0000": the day first
    performer_type: str | None = None
    performer_id: Id | None = None
    activity: dict[str, Any] = {}


class Account(msgspec.Struct):
    timezone: str | None = None
