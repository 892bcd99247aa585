"""Tickets as records: the ticket, its first comment, status changes from its times, and SLA cycles."""

import hashlib
from collections.abc import Collection, Iterator, Mapping

import msgspec

from connectors.freshdesk import payloads as fd
from connectors.freshdesk.codes import (
    ASSOCIATIONS,
    BY_THE_TEAM,
    CLOSED,
    DONE,
    ON_THE_PHONE,
    OPEN,
    OUTBOUND,
    RESOLVED,
    STANDING,
    STATUSES,
    WEB_CHAT,
    channel,
    to_code,
)
from connectors.freshdesk.payloads import ms, text_id
from helpdesk_kpi import model
from helpdesk_kpi.pull.custom_fields import to_text
from helpdesk_kpi.text.comment import extract_features, feature_fields, fingerprint, strip_markup

_SAMPLES = 50  # highest number of a sample ticket in a new account
_FRESHDESK = "@freshdesk.com"
#: Fields without a history in the API: the store records differences between syncs.
_TRACKED = ("priority", "team", "assignee", "requester")


class FreshdeskFields(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of a ticket by the configuration, and the account's own codes."""

    url: str
    fields: Mapping[str, str] = {}  # name of a custom field -> entry of `keep_fields`
    sources: Mapping[str, str] = {}  # the account's own sources: code -> label
    statuses: Collection[str] = ()  # codes of the account's own statuses
    agents: frozenset[str] = frozenset()
    sketch_key: bytes = b""


def map_ticket(row: fd.Ticket, keep: FreshdeskFields, *, removed_by: str = "") -> list[model.AnyRecord]:
    """Map one row of a ticket.

    Args:
        row: The ticket.
        keep: What is stored of it.
        removed_by: The list of the row, "deleted" or "spam"; "": the normal list.

    Conversations of deleted tickets cannot be read: https://developers.freshdesk.com/api/#list_all_ticket_notes
    """
    number = str(row.id)
    created, updated = ms(row.created_at), ms(row.updated_at)
    if created is None or updated is None:
        raise ValueError(f"created_at {row.created_at!r}, updated_at {row.updated_at!r}: no times")
    stats = row.stats or fd.Stats()
    record = model.Ticket(
        id=number,
        number=number,
        url=f"{keep.url}/a/tickets/{number}",
        created_at=created,
        updated_at=updated,
        version=updated,
        status=str(row.status),
        channel=channel(row.source, keep.sources),
        type=row.type or None,
        brand=text_id(row.product_id),
        tags=tuple(row.tags or ()),
        fields=_map_fields(row, keep),
        priority=to_code(row.priority),
        requester=text_id(row.requester_id),
        submitter=_get_author(row) if to_code(row.source) != ON_THE_PHONE else None,
        organization=text_id(row.company_id),
        team=text_id(row.group_id),
        assignee=text_id(row.responder_id),
        subject=row.subject or None,
        deleted_at=updated if removed_by == "deleted" else None,
        is_spam=removed_by == "spam" or bool(row.spam),
        replies_known="unreadable" if removed_by else "pending",
        sketch=_build_fingerprint(row, keep),
        direction="outbound" if to_code(row.source) == OUTBOUND else None,
        association=ASSOCIATIONS.get(to_code(row.association_type) or ""),
        tracks=_TRACKED if ms(stats.status_updated_at) else ("status", *_TRACKED),
    )
    return [
        record,
        *_map_requester(row, keep, updated),
        *([] if row.company is None else _map_company(row.company)),
        *_map_description(row, number, created),
        *_map_unread_codes(row, number, keep, updated),
        *map_status_changes(row, number, stats),
        *_map_sla_cycles(row, number, created, updated, stats),
        *_map_native_metrics(row, number, created, stats),
    ]


def find_missed_replies(row: fd.Ticket, version: int | None) -> model.Replies | None:
    """Report replies on a deleted ticket after its stored `version`: they can no longer be read."""
    stats, updated = row.stats or fd.Stats(), ms(row.updated_at)
    reply_times = [
        at for time in (stats.agent_responded_at, stats.requester_responded_at) if (at := ms(time)) is not None
    ]
    if version is None or updated is None or max(reply_times, default=version) <= version:
        return None
    return model.Replies(str(row.id), updated, "unreadable")


def is_sample(row: fd.Ticket) -> bool:
    """Whether this is a sample ticket of a new account: a low number and a requester at Freshdesk."""
    mail = (row.requester.email if row.requester else None) or ""
    return mail.casefold().endswith(_FRESHDESK) and str(row.id).isdecimal() and int(row.id) <= _SAMPLES


def build_queue_key(row: fd.Ticket) -> str:
    """Key of a ticket in the queue of conversations: its number; for a web chat also the digest of its description.

    The first message of a web chat is the description and repeats as a conversation.
    """
    if to_code(row.source) != WEB_CHAT:
        return str(row.id)
    return f"{row.id}:{text_digest(row.description_text, row.description)}"


def text_digest(text: str | None, html: str | None) -> str:
    content = " ".join(strip_markup(text or html or "").split())
    return hashlib.blake2b(content.encode(), digest_size=8).hexdigest()


def _map_fields(row: fd.Ticket, keep: FreshdeskFields) -> dict[str, str]:
    values = row.custom_fields or {}
    return {entry: value for name, entry in keep.fields.items() if (value := to_text(values.get(name))) is not None}


def _build_fingerprint(row: fd.Ticket, keep: FreshdeskFields) -> bytes | None:
    text = row.description_text or (strip_markup(row.description) if row.description else None)
    return fingerprint(row.subject, text, keep.sketch_key) or None if keep.sketch_key else None


def _get_author(row: fd.Ticket) -> str | None:
    """Author of the description: the customer, or an agent on outbound mail and internal tasks.

    Freshdesk does not say which agent; the assignee is the most likely.
    """
    return text_id(row.responder_id if to_code(row.source) in BY_THE_TEAM else row.requester_id)


def _map_requester(row: fd.Ticket, keep: FreshdeskFields, updated: int) -> Iterator[model.Person]:
    """Map the requester as a customer at the ticket's last update, unless they are a current agent."""
    requester = row.requester
    number = text_id(row.requester_id if requester is None else requester.id)
    if number is None or number in keep.agents:
        return
    name, email = (None, None) if requester is None else (requester.name, requester.email)
    company = text_id(row.company_id)
    yield model.Person(number, "customer", "contact", updated, name, email, organization=company)


def _map_company(row: fd.Company) -> Iterator[model.Name]:
    if row.id is not None and row.name:
        yield model.Name("organization", str(row.id), row.name)


def _map_description(row: fd.Ticket, number: str, created: int) -> Iterator[model.Event]:
    """Map the description: the comment that created the ticket."""
    features = extract_features(row.description_text, row.description)
    yield model.Event(
        ticket=number,
        id="created",
        at=created,
        seq=0,
        kind="comment",
        actor=_get_author(row),
        public=True,
        via=None if to_code(row.source) in BY_THE_TEAM else channel(row.source, {}),
        **feature_fields(features),
    )


def _map_unread_codes(row: fd.Ticket, number: str, keep: FreshdeskFields, at: int) -> Iterator[model.Unread]:
    """Report unknown codes. An unknown status counts as open, an unknown association as a request."""
    association, status = to_code(row.association_type), str(row.status)
    if association is not None and association not in ASSOCIATIONS:
        yield model.Unread(number, f"ticket:{number}:association", "association", association, at)
    if status not in STATUSES and status not in keep.statuses:
        yield model.Unread(number, f"ticket:{number}:status", "status", status, at)


def map_status_changes(row: fd.Ticket, number: str, stats: fd.Stats) -> Iterator[model.Event]:
    """Derive status changes from the times of a row, with ids that later rows repeat.

    `stats` has the last time of each kind, so the history grows row by row. A reopening proves an earlier solve. If
    that is unknown, it is dated just before the reopening: the last solve, the backlog and the reopening are right, and
    only the first solve is too late.
    """
    reopened, resolved, closed = ms(stats.reopened_at), ms(stats.resolved_at), ms(stats.closed_at)
    status, pending = ms(stats.status_updated_at), ms(stats.pending_since)
    changes: list[tuple[str, int | None, str | None, str]] = [
        ("resolved", resolved, None, RESOLVED),
        ("closed", closed, None, CLOSED),
        ("solved-before", reopened and reopened - 1, None, RESOLVED),
        ("reopened", reopened, RESOLVED, OPEN),
        ("pending", pending, None, "3"),
        ("status", status, None, str(row.status)),
    ]
    for seq, (name, at, before, after) in enumerate(changes):
        if at is None or (name not in {"status", "reopened"} and (at, after) == (status, changes[-1][3])):
            continue
        yield model.Event(
            ticket=number, id=f"{name}:{at // 1000}", at=at, seq=100 + seq, kind="change", field="status",
            before=before, after=after, precision="between" if name == "solved-before" else "exact",
        )  # fmt: skip


def _map_sla_cycles(
    row: fd.Ticket, number: str, created: int, updated: int, stats: fd.Stats
) -> Iterator[model.SlaCycle]:
    """Map SLA clocks with their current due times. They move with priority, group or policy, and after a pause."""
    done = str(row.status) in DONE
    solved_at = (ms(stats.resolved_at) or ms(stats.closed_at)) if done else None
    requested_at, responded_at = ms(stats.requester_responded_at), ms(stats.agent_responded_at)
    first, due = ms(row.fr_due_by), ms(row.due_by)
    if first is not None:
        is_late = True if row.fr_escalated else None  # set by a job some time later, or never
        stopped_at = ms(stats.first_responded_at)
        yield model.SlaCycle(
            number, "first_response", 0, "First response", updated, created, stopped_at, first, is_breached=is_late
        )
    if (next_due := ms(row.nr_due_by)) is not None and requested_at is not None:
        stopped_at = responded_at if responded_at is not None and responded_at >= requested_at else None
        yield model.SlaCycle(
            number,
            "next_response",
            requested_at // 1000,
            "Next response",
            updated,
            requested_at,
            stopped_at,
            next_due,
            is_breached=True if row.nr_escalated else None,
        )
    if due is not None:
        is_paused = str(row.status) in STANDING  # the due time moves after the pause
        yield model.SlaCycle(
            number, "resolution", 0, "Resolution", updated, created, solved_at, due, is_paused=is_paused
        )


def _map_native_metrics(row: fd.Ticket, number: str, created: int, stats: fd.Stats) -> Iterator[model.NativeMetric]:
    """Map Freshdesk's metrics in calendar time; business time is not in the API.

    A response before the creation is from an older ticket that was merged into this one, so it gives no value.
    """
    replied = ms(stats.first_responded_at)
    if replied is not None and replied >= created:
        yield model.NativeMetric(number, "reply_time", replied - created)
    solved = (ms(stats.resolved_at) or ms(stats.closed_at)) if str(row.status) in DONE else None
    if solved is not None and solved >= created:
        yield model.NativeMetric(number, "full_resolution_time", solved - created)
    elif ms(stats.reopened_at) is not None:
        yield model.NativeMetric(number, "full_resolution_time")
