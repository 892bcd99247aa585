"""From Zendesk's payloads to records: pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from connectors.zendesk import payloads as zd
from connectors.zendesk.mapping import vocabulary
from connectors.zendesk.payloads import ms
from helpdesk_kpi import model
from helpdesk_kpi.milliseconds import MINUTE, SECOND
from helpdesk_kpi.pull.custom_fields import to_text
from helpdesk_kpi.text.comment import fingerprint

DELETED = "deleted"
SCRUBBED = "SCRUBBED"  # the subject of what was deleted for good; the description becomes "X"
MERGED = "closed_by_merge"  # the tag of a ticket that was merged into another one


class FieldSelection(msgspec.Struct, frozen=True):
    """What of a ticket is kept, by the configuration."""

    account: str  # "https://acme.zendesk.com"
    since: int  # history before is not read
    fields: Mapping[int, str] = {}  # custom field's id -> the word the configuration uses for it
    sketch_key: bytes = b""
    made_at: int | None = None  # when the account was made; null: not known
    is_from_list: bool = False  # rows come from lists: their generated_timestamp may be old, and events are read apart


def text_id(number: int | str | None) -> str | None:
    """An id as text; -1 is Zendesk itself, and "" is nothing."""
    return None if number in (None, "", -1, "-1") else str(number)


def map_ticket(row: zd.Ticket, keep: FieldSelection) -> list[model.AnyRecord]:
    """The ticket, its links, and Zendesk's own figures for it.

    Zendesk has no mark for spam: marking a ticket so deletes it and suspends its requester, so it counts as deleted.
    https://support.zendesk.com/hc/en-us/articles/4408886879258
    """
    number = str(row.id)
    links = _map_links(row)
    created, updated = ms(row.created_at), ms(row.updated_at)
    channel = _get_channel(row.via)
    is_imported = channel == vocabulary.IMPORT or (keep.made_at is not None and created < keep.made_at)
    record = model.Ticket(
        id=number,
        number=number,
        url=f"{keep.account}/agent/tickets/{number}",
        created_at=created,
        updated_at=updated,
        version=get_version(row, is_from_list=keep.is_from_list),
        status=row.status,
        channel=channel,
        form=text_id(row.ticket_form_id),
        type=row.type,
        brand=text_id(row.brand_id),
        tags=tuple(row.tags or ()),
        priority=row.priority,
        requester=text_id(row.requester_id),
        submitter=text_id(row.submitter_id),
        organization=text_id(row.organization_id),
        team=text_id(row.group_id),
        assignee=text_id(row.assignee_id),
        follow_up_of=next((link.other for link in links if link.kind == "follow_up"), None),
        problem=text_id(row.problem_id),
        merged_into="" if _is_merged(row, links) else None,
        deleted_at=updated if row.status == DELETED else None,
        replies_known="pending" if keep.is_from_list else "yes",
        changes_known="unreadable" if is_imported else "yes",
        changes_known_from=keep.since if created < keep.since else None,
        direction="outbound" if _is_outbound(row.via) else None,
        association="child" if channel == vocabulary.SIDE_CONVERSATION else None,
        is_messaging=_is_messaging(row, channel),
        is_imported=is_imported,
        external_id=None if row.external_id in (None, "") else str(row.external_id),
        **_map_texts(row, keep),
    )
    return [record, *links, *map_native_metrics(number, row.metric_set), *_map_unread_channel(record)]


def get_version(row: zd.Ticket, *, is_from_list: bool = False) -> int:
    """Which state of the ticket this is. Lists repeat an old generated_timestamp sometimes."""
    written = (row.generated_timestamp or 0) * SECOND
    return max(written, ms(row.updated_at)) if is_from_list else written


def map_deletion(row: zd.DeletedTicket, account: str) -> model.Ticket:
    """A deleted ticket of which only that is told. Its words go at once, since nothing will tell that they were
    scrubbed.
    """
    number, at = str(row.id), ms(row.deleted_at)
    return model.Ticket(
        id=number, number=number, url=f"{account}/agent/tickets/{number}", created_at=at, updated_at=at, version=at,
        status=DELETED, deleted_at=at, is_scrubbed=True,
    )  # fmt: skip


def _is_merged(row: zd.Ticket, links: Sequence[model.TicketLink]) -> bool:
    """Merging closes a ticket and tags it; a follow-up inherits the tags of the ticket that it follows."""
    closed = row.status in {"closed", DELETED}
    return MERGED in (row.tags or ()) and closed and not any(link.kind == "follow_up" for link in links)


def _map_texts(row: zd.Ticket, keep: FieldSelection) -> dict[str, Any]:
    """What is taken from texts and custom fields; nothing of a row that was scrubbed."""
    if row.subject == SCRUBBED and row.status == DELETED:
        return {"is_scrubbed": True}
    fields = {
        keep.fields[f.id]: value for f in row.custom_fields or () if f.id in keep.fields and (value := to_text(f.value))
    }
    if row.support_type and row.support_type != "agent":  # people may want to leave out what AI agents did
        fields["support_type"] = row.support_type
    return {
        "subject": row.subject or None,
        "fields": fields,
        "sketch": fingerprint(row.subject, row.description, keep.sketch_key) or None if keep.sketch_key else None,
    }


def _get_channel(via: zd.Via | None) -> str | None:
    return None if via is None else vocabulary.map_channel(via.channel)


def _is_outbound(via: zd.Via | None) -> bool:
    return via is not None and vocabulary.is_outbound_call(via.channel, via.source.rel if via.source else None)


def _is_messaging(row: zd.Ticket, channel: str | None) -> bool | None:
    """What the row says; where it says nothing, what its channel's name says, if that is known."""
    if row.from_messaging_channel is not None:
        return row.from_messaging_channel
    if channel in vocabulary.MESSAGING:
        return True
    return False if channel in vocabulary.WAYS else None


def _map_unread_channel(record: model.Ticket) -> list[model.Unread]:
    """A channel that is on no list, on a row that does not say whether it is one of messaging."""
    if record.channel is None or record.is_messaging is not None:
        return []
    return [model.Unread(record.id, "channel", "channel", record.channel, record.created_at)]


def _map_links(row: zd.Ticket) -> list[model.TicketLink]:
    number = str(row.id)
    links = [model.TicketLink(number, str(row.problem_id), "problem")] if row.problem_id else []
    source = row.via.source if row.via else None
    if source and source.rel == "follow_up" and (earlier := text_id((source.origin or {}).get("ticket_id"))):
        links.append(model.TicketLink(number, earlier, "follow_up"))
    return links


_DURATIONS = {  # Zendesk's key, its unit -> our name of the metric
    "reply_time_in_minutes": ("reply_time", MINUTE),
    "reply_time_in_seconds": ("reply_time_messaging", SECOND),
    "first_resolution_time_in_minutes": ("first_resolution_time", MINUTE),
    "full_resolution_time_in_minutes": ("full_resolution_time", MINUTE),
    "agent_wait_time_in_minutes": ("agent_wait_time", MINUTE),
    "requester_wait_time_in_minutes": ("requester_wait_time", MINUTE),
    "on_hold_time_in_minutes": ("on_hold_time", MINUTE),
}


def map_native_metrics(number: str, metric_set: zd.MetricSet | None) -> Iterable[model.NativeMetric]:
    """Zendesk's figures. Null says "not yet", so it is kept only where a reopen may have taken a figure back."""
    if metric_set is None:
        return
    for key, (metric, unit) in _DURATIONS.items():
        minutes: zd.Minutes | None = getattr(metric_set, key)
        if minutes is None or (minutes.calendar is None and minutes.business is None and not metric_set.reopens):
            continue
        yield model.NativeMetric(number, metric, _to_ms(minutes.calendar, unit), _to_ms(minutes.business, unit))
    for metric, count in (("reopens", metric_set.reopens), ("replies", metric_set.replies)):
        if count is not None:
            yield model.NativeMetric(number, metric, count=count)


def _to_ms(amount: int | None, unit: int) -> int | None:
    return None if amount is None else amount * unit
