"""From a ticket's row to records: the ticket, its first comment, what its times prove, its promises."""

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
from helpdesk_kpi.text.comment import RULES_VERSION, extract_features, fingerprint, strip_markup

_SAMPLES = 50  # numbers; the tickets that a new account is filled with come first
_FRESHDESK = "@freshdesk.com"
#: What nobody tells the history of, so that the store keeps the difference of two syncs.
_TRACKED = ("priority", "team", "assignee", "requester")


class FieldSelection(msgspec.Struct, frozen=True, kw_only=True):
    """What of a ticket is kept, by the configuration, and what the account says beside."""

    url: str
    fields: Mapping[str, str] = {}  # custom field's name -> the word that the configuration uses for it
    sources: Mapping[str, str] = {}  # the account's own sources: code -> label
    statuses: Collection[str] = ()  # codes of the account's own statuses
    agents: frozenset[str] = frozenset()
    sketch_key: bytes = b""


def map_ticket(row: fd.Ticket, keep: FieldSelection, *, removed_by: str = "") -> list[model.AnyRecord]:
    """Everything that one row tells. `removed_by`: the list that it came from, "deleted" or "spam".

    What was gone before we met it can never be read: https://developers.freshdesk.com/api/#list_all_ticket_notes
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
    """Of a ticket that is gone: whether something was said after the version that is `version`."""
    stats, updated = row.stats or fd.Stats(), ms(row.updated_at)
    reply_times = [
        at for time in (stats.agent_responded_at, stats.requester_responded_at) if (at := ms(time)) is not None
    ]
    if version is None or updated is None or max(reply_times, default=version) <= version:
        return None
    return model.Replies(str(row.id), updated, "unreadable")


def is_sample(row: fd.Ticket) -> bool:
    """One of the tickets that a new account is filled with: of the first ones, by somebody of Freshdesk's."""
    mail = (row.requester.email if row.requester else None) or ""
    return mail.casefold().endswith(_FRESHDESK) and str(row.id).isdecimal() and int(row.id) <= _SAMPLES


def build_queue_key(row: fd.Ticket) -> str:
    """What a ticket's conversations are queued under: its number; of a web chat also which text not to count twice.

    The first message of a web chat is the description, and comes as a conversation too.
    """
    if to_code(row.source) != WEB_CHAT:
        return str(row.id)
    return f"{row.id}:{text_digest(row.description_text, row.description)}"


def text_digest(text: str | None, html: str | None) -> str:
    content = " ".join(strip_markup(text or html or "").split())
    return hashlib.blake2b(content.encode(), digest_size=8).hexdigest()


def _map_fields(row: fd.Ticket, keep: FieldSelection) -> dict[str, str]:
    values = row.custom_fields or {}
    return {entry: value for name, entry in keep.fields.items() if (value := to_text(values.get(name))) is not None}


def _build_fingerprint(row: fd.Ticket, keep: FieldSelection) -> bytes | None:
    text = row.description_text or (strip_markup(row.description) if row.description else None)
    return fingerprint(row.subject, text, keep.sketch_key) or None if keep.sketch_key else None


def _get_author(row: fd.Ticket) -> str | None:
    """Who wrote the description: the customer, and on outbound mail and internal tasks an agent.

    Which one is not told; the ticket's agent is the likeliest.
    """
    return text_id(row.responder_id if to_code(row.source) in BY_THE_TEAM else row.requester_id)


def _map_requester(row: fd.Ticket, keep: FieldSelection, updated: int) -> Iterator[model.Person]:
    """The requester, if they are no agent of today: a customer as of the ticket's last update."""
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
    """The description is the comment that made the ticket."""
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
        length=features.length,
        is_thanks=features.is_thanks,
        is_question=features.is_question,
        text_rule=RULES_VERSION,
        articles=features.articles,
        codes=features.codes,
    )


def _map_unread_codes(row: fd.Ticket, number: str, keep: FieldSelection, at: int) -> Iterator[model.Unread]:
    """Codes that nobody knows: a ticket of such a status counts as open, and one that is so associated as a request."""
    association, status = to_code(row.association_type), str(row.status)
    if association is not None and association not in ASSOCIATIONS:
        yield model.Unread(number, f"ticket:{number}:association", "association", association, at)
    if status not in STATUSES and status not in keep.statuses:
        yield model.Unread(number, f"ticket:{number}:status", "status", status, at)


def map_status_changes(row: fd.Ticket, number: str, stats: fd.Stats) -> Iterator[model.Event]:
    """The changes of status that a row's times prove, each under a name that every later row gives it too.

    `stats` keeps the last time of each kind, so row by row a history comes together. A reopening proves a solve before
    it. Where none is known, it is taken to have been just then: the last solve, the backlog and the reopening are
    right, and only the first solve seems later than it was.
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
    """Due times as they are now: they move when priority, group or policy change, or while the clock stands."""
    done = str(row.status) in DONE
    solved_at = (ms(stats.resolved_at) or ms(stats.closed_at)) if done else None
    requested_at, responded_at = ms(stats.requester_responded_at), ms(stats.agent_responded_at)
    first, due = ms(row.fr_due_by), ms(row.due_by)
    if first is not None:
        is_late = True if row.fr_escalated else None  # a job sets it some time after, or never
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
        is_paused = str(row.status) in STANDING  # its due time moves on only afterwards
        yield model.SlaCycle(
            number, "resolution", 0, "Resolution", updated, created, solved_at, due, is_paused=is_paused
        )


def _map_native_metrics(row: fd.Ticket, number: str, created: int, stats: fd.Stats) -> Iterator[model.NativeMetric]:
    """Freshdesk's own times, by the calendar; its business times are not in the API.

    A response before the creation comes about when an older ticket is merged into this one: no figure.
    """
    replied = ms(stats.first_responded_at)
    if replied is not None and replied >= created:
        yield model.NativeMetric(number, "reply_time", replied - created)
    solved = (ms(stats.resolved_at) or ms(stats.closed_at)) if str(row.status) in DONE else None
    if solved is not None and solved >= created:
        yield model.NativeMetric(number, "full_resolution_time", solved - created)
    elif ms(stats.reopened_at) is not None:
        yield model.NativeMetric(number, "full_resolution_time")
