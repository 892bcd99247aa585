"""Tickets, their links and native metrics as records: pure functions."""

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
SCRUBBED = "SCRUBBED"  # subject of a ticket that was deleted permanently; its description is "X"
MERGED = "closed_by_merge"  # the tag of a ticket that was merged into another one


class ZendeskFields(msgspec.Struct, frozen=True):
    """What is stored of a ticket, by the configuration."""

    account: str  # "https://acme.zendesk.com"
    since: int  # history before is not read
    fields: Mapping[int, str] = {}  # id of a custom field -> entry of `keep_fields`
    sketch_key: bytes = b""
    made_at: int | None = None  # when the account was created; None: unknown
    is_from_list: bool = False  # rows are from lists: generated_timestamp may be old, events are fetched separately


def text_id(number: int | str | None) -> str | None:
    """An id as text; None for -1 (Zendesk itself), "" and None."""
    return None if number in (None, "", -1, "-1") else str(number)


def map_ticket(row: zd.Ticket, keep: ZendeskFields) -> list[model.AnyRecord]:
    """Map a ticket with its links and Zendesk's native metrics.

    Zendesk has no field for spam: marking a ticket as spam deletes it and suspends its requester.
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
    """Version of the row, epoch ms. Lists may repeat an old generated_timestamp, so the later time counts there."""
    written = (row.generated_timestamp or 0) * SECOND
    return max(written, ms(row.updated_at)) if is_from_list else written


def map_deletion(row: zd.DeletedTicket, account: str) -> model.Ticket:
    """Map a row of /deleted_tickets.

    Its texts are removed at once, because no later row reports that they were scrubbed.
    """
    number, at = str(row.id), ms(row.deleted_at)
    return model.Ticket(
        id=number, number=number, url=f"{account}/agent/tickets/{number}", created_at=at, updated_at=at, version=at,
        status=DELETED, deleted_at=at, is_scrubbed=True,
    )  # fmt: skip


def _is_merged(row: zd.Ticket, links: Sequence[model.TicketLink]) -> bool:
    """Whether the ticket was merged: closed with a tag. A follow-up inherits that tag, so it does not count."""
    closed = row.status in {"closed", DELETED}
    return MERGED in (row.tags or ()) and closed and not any(link.kind == "follow_up" for link in links)


def _map_texts(row: zd.Ticket, keep: ZendeskFields) -> dict[str, Any]:
    """Fields of the record from texts and custom fields; none of a scrubbed row."""
    if row.subject == SCRUBBED and row.status == DELETED:
        return {"is_scrubbed": True}
    fields = {
        keep.fields[f.id]: value for f in row.custom_fields or () if f.id in keep.fields and (value := to_text(f.value))
    }
    if row.support_type and row.support_type != "agent":  # so that tickets of AI agents can be excluded
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
    """Whether the ticket is a messaging conversation: by the row, else by its channel. None: unknown channel."""
    if row.from_messaging_channel is not None:
        return row.from_messaging_channel
    if channel in vocabulary.MESSAGING:
        return True
    return False if channel in vocabulary.WAYS else None


def _map_unread_channel(record: model.Ticket) -> list[model.Unread]:
    """Report an unknown channel, if the row does not say whether it is messaging."""
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
    """Map Zendesk's metrics. Null means "not yet"; it is stored only if a reopen may have withdrawn a value."""
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
