"""Ticket events and audits as events: comments, field changes, survey answers, merges.

In the export a child event has the changed field as its key: `{"status": "solved", "previous_value": "open"}`. An audit
has `{"field_name": "status", "value": "solved"}`. Both give the same events.
https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
https://developer.zendesk.com/documentation/ticketing/reference-guides/ticket-audit-events-reference
"""

import functools
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from connectors.zendesk import payloads as zd
from connectors.zendesk.mapping import surveys, vocabulary
from connectors.zendesk.mapping.tickets import DELETED, text_id
from helpdesk_kpi.milliseconds import MINUTE, SECOND
from helpdesk_kpi.model import REFUSED_ROW, AnyRecord, Event, Replies, TicketLink, Unread
from helpdesk_kpi.pull.custom_fields import to_text
from helpdesk_kpi.pull.lenient_decode import check_time
from helpdesk_kpi.text.comment import extract_features, feature_fields

_SEQUENCE = 10**15  # larger ids do not fit into `seq`
_LONGEST_WORD = 100
_LAG = MINUTE  # delay with which Zendesk may write an audit
#: Field of Zendesk -> field of an event.
FIELDS = {
    "status": "status", "custom_status_id": "custom_status", "assignee_id": "assignee", "group_id": "team",
    "priority": "priority", "type": "type", "ticket_form_id": "form", "brand_id": "brand",
    "requester_id": "requester", "organization_id": "organization", "problem_id": "problem",
}  # fmt: skip
_IDS = frozenset({"custom_status", "assignee", "team", "form", "brand", "requester", "organization", "problem"})
_TYPES = frozenset({"problem", "incident", "question", "task"})
_SCORE = "satisfaction_score"  # field with the state of the older survey
_MACRO = "AgentMacroReference"
#: Undocumented and not in any recording. A ticket without it uses the default schedule.
_SCHEDULE = "ScheduleAssignment"


class Actor(msgspec.Struct, frozen=True):
    """Channel, rule and relation of a change."""

    via: str | None
    rule: str | None = None
    rel: str | None = None  # "merge", ...
    origin: Mapping[str, Any] = {}
    to: Mapping[str, Any] = {}
    is_outbound: bool = False  # a call that the team made


def map_events(
    row: zd.TicketEvent, fields: Mapping[int, str], hosts: Collection[str], thanks: tuple[str, ...] = ()
) -> list[AnyRecord]:
    """Records of one audit.

    Args:
        row: The audit.
        fields: Custom fields to keep: id -> the name that the configuration uses.
        hosts: Hosts of the account's help centres, to find links to articles.
        thanks: Further words of gratitude from the configuration.
    """
    return list(_Audit(row, fields, hosts, thanks).records())


class _Audit:
    """Maps one audit. Holds what its child events share."""

    def __init__(
        self, row: zd.TicketEvent, fields: Mapping[int, str], hosts: Collection[str], thanks: tuple[str, ...]
    ) -> None:
        self.row, self.kept, self.hosts, self.thanks = row, fields, hosts, thanks
        self.ticket = str(row.ticket_id)
        self.at = get_audit_time(row)
        self.actor = get_actor(row.via, None) or Actor(None)
        self.seen: dict[str, int] = {}  # counts of used ids; one audit may change a field twice

    def records(self) -> Iterator[AnyRecord]:
        macro = next((c for c in self.row.child_events if get_child_kind(c) == _MACRO), None)
        for position, child in enumerate(self.row.child_events):
            seq = self.row.id % _SEQUENCE * 1000 + min(position, 999)
            actor = get_actor(child.get("via"), child.get("via_reference_id")) or self.actor
            kind = get_child_kind(child)
            if vocabulary.is_call(kind, child):
                yield from self._call(child, actor, seq, self._comment(child, actor, seq, None))
            elif vocabulary.is_comment(kind, child):
                comment = self._comment(child, actor, seq, macro)
                yield comment
                yield from self._merge(actor, seq)
                if comment.public is None and not self._is_merge(actor):
                    yield self._may_be_a_reply(kind)
            elif kind == "SatisfactionRating" or _SCORE in child or child.get("field_name") == _SCORE:
                yield from self._survey(child, actor, seq)
            else:
                changes = [*self._changes(child, actor, seq)]
                yield from changes
                if not changes and kind not in vocabulary.SILENT:
                    yield Unread(self.ticket, self._id("unread", counted=True), "event", kind[:_LONGEST_WORD], self.at)
        yield from self._merged_away()

    def _may_be_a_reply(self, kind: str) -> Unread:
        """Report a comment of unknown visibility: the replies of the ticket are not known."""
        return Unread(self.ticket, self._id("unseen", counted=True), REFUSED_ROW, kind[:_LONGEST_WORD], self.at)

    def _comment(self, child: dict[str, Any], actor: Actor, seq: int, macro: Mapping[str, Any] | None) -> Event:
        """Map a comment. `macro`: the macro reference of the audit, which the agent may have used for this comment."""
        body, html = child.get("body"), child.get("html_body")
        has_text = isinstance(body or html, str)
        features = extract_features(body, html, hosts=self.hosts, thanks=self.thanks) if has_text else None
        public, at = child.get("public", child.get("comment_public")), self._said_at(child)
        return Event(
            ticket=self.ticket,
            id=self._id("c", counted=True),
            at=at,
            seq=seq,
            kind="comment",
            actor=text_id(child.get("author_id", self.row.updater_id)),
            via=self._way(actor, at),
            rule=actor.rule,
            field="macro" if macro else None,
            after=to_text(macro.get("macro_id")) if macro else None,
            public=None if public is None else bool(public),
            **feature_fields(features),
        )

    def _way(self, actor: Actor, at: int) -> str | None:
        """Channel of a comment: a merge, an import (it is older than its audit), an outbound call, or the given one."""
        if self._is_merge(actor):
            return vocabulary.MERGE
        if at < self.at:
            return vocabulary.IMPORT
        return vocabulary.OUTBOUND if actor.is_outbound else actor.via

    def _said_at(self, child: Mapping[str, Any]) -> int:
        """When the comment was written. An imported comment is older than its audit.

        A difference of up to a minute is no import.
        """
        text = child.get("created_at")
        try:
            written_at = zd.ms(msgspec.convert(text, datetime)) if isinstance(text, str) else self.at
        except (ValueError, msgspec.ValidationError):
            return self.at
        return written_at if written_at < self.at - _LAG else self.at

    def _call(self, child: dict[str, Any], actor: Actor, seq: int, comment: Event) -> Iterator[Event]:
        """Map a call in an audit: the comment, and a contact if an agent answered.

        The export of calls has the time of the answer and takes precedence; the audit is written later.
        """
        payload = child.get("data")
        data: Mapping[str, Any] = payload if isinstance(payload, dict) else {}
        is_outbound = data.get("outbound") is True or self.actor.is_outbound or actor.is_outbound
        yield msgspec.structs.replace(comment, via=vocabulary.OUTBOUND if is_outbound else "voice")
        if not is_outbound and (agent := text_id(data.get("answered_by_id"))):
            yield Event(self.ticket, self._id("call", counted=True), comment.at, seq, "call", actor=agent, via="voice",
                        public=True)  # fmt: skip

    def _is_merge(self, actor: Actor) -> bool:
        return vocabulary.MERGE in {actor.rel, actor.via, self.actor.rel, self.actor.via}

    def _merge(self, actor: Actor, seq: int) -> Iterator[AnyRecord]:
        """Map a merge by the comment that it leaves: on the loser it links the winner, on the winner the loser."""
        if not self._is_merge(actor):
            return
        by = actor if actor.to or actor.origin else self.actor
        winner, loser = text_id(by.to.get("ticket_id")), text_id(by.origin.get("ticket_id"))
        if winner and winner != self.ticket:
            yield from self._merged_into(winner, actor, seq)
        elif loser and loser != self.ticket:
            yield from self._took_up(loser)
        elif any(child.get("status") == "closed" or child.get("value") == "closed" for child in self.row.child_events):
            yield from self._merged_into("", actor, seq)  # closed by a merge of unknown target

    def _merged_into(self, winner: str, actor: Actor, seq: int) -> Iterator[AnyRecord]:
        """Map a merge on the loser. Version 0 of `Replies`: it reports the merge only."""
        if winner:
            yield TicketLink(self.ticket, winner, "merge")
        yield Event(self.ticket, self._id("merge"), self.at, seq, "link", actor=text_id(self.row.updater_id),
                    via=actor.via, field="merge", after=winner or None)  # fmt: skip
        yield Replies(self.ticket, 0, merged_into=winner)

    def _took_up(self, loser: str) -> Iterator[AnyRecord]:
        yield TicketLink(loser, self.ticket, "merge")
        yield Replies(loser, 0, merged_into=self.ticket)

    def _merged_away(self) -> Iterator[AnyRecord]:
        """Map the tickets that were merged into this one, from `merged_ticket_ids` of the export."""
        for other in self.row.merged_ticket_ids or ():
            if (loser := text_id(other)) and loser != self.ticket:
                yield from self._took_up(loser)

    def _survey(self, child: dict[str, Any], actor: Actor, seq: int) -> Iterator[Event]:
        score = to_text(child.get("score") or child.get(_SCORE) or child.get("value"))
        if score is None:
            return
        before = to_text(child.get("previous_value"))
        score, before = surveys.parse_category(score) or score, surveys.parse_category(before) or before
        yield Event(self.ticket, self._id("csat"), self.at, seq, "survey", actor=text_id(self.row.updater_id),
                    via=actor.via, rule=actor.rule, field="satisfaction", before=before, after=score)  # fmt: skip

    def _changes(self, child: dict[str, Any], actor: Actor, seq: int) -> Iterator[Event]:
        from_nothing = get_child_kind(child) == "Create" or child.get("previous_value", "untold") is None
        for key, name, before, after in self._field_changes(child):
            if from_nothing and after is None:  # a creation lists unset fields too
                continue
            if name == "status" and DELETED in {before, after}:  # in `Ticket.deleted_at`
                continue
            yield Event(self.ticket, self._id(key), self.at, seq, "change", actor=text_id(self.row.updater_id),
                        via=actor.via, rule=actor.rule, field=name, before=before, after=after)  # fmt: skip

    def _field_changes(self, child: dict[str, Any]) -> Iterator[tuple[str, str, str | None, str | None]]:
        """(key for the id, field of the event, before, after) of the fields that one child changes."""
        previous = child.get("previous_value")
        if get_child_kind(child) == _SCHEDULE:
            before, after = text_id(child.get("previous_schedule_id")), text_id(child.get("new_schedule_id"))
            yield "schedule", "schedule", before, after
            return
        if "field_name" in child:
            yield from self._field(str(child["field_name"]), previous, child.get("value"))
        for key, after in child.items():
            if key == "custom_ticket_fields" and isinstance(after, dict):
                for number, value in after.items():
                    was = previous.get(number) if isinstance(previous, dict) else previous
                    yield from self._field(number, was, value)
            elif key != "type" or after in _TYPES:
                yield from self._field(key, previous, after)

    def _field(self, key: str, before: Any, after: Any) -> Iterator[tuple[str, str, str | None, str | None]]:
        name = FIELDS.get(key)
        if name:
            convert = text_id if name in _IDS else to_text
            yield name, name, convert(before), convert(after)
        elif key.isdecimal() and (entry := self.kept.get(int(key))):
            # The number is in the id, because the name in the configuration may change.
            yield key, entry, to_text(before), to_text(after)

    def _id(self, item: str, *, counted: bool = False) -> str:
        n = self.seen.get(item, 0)
        self.seen[item] = n + 1
        return f"{self.row.id}:{item}{n}" if counted else f"{self.row.id}:{item}" + (f":{n + 1}" if n else "")


def get_audit_time(row: zd.TicketEvent) -> int:
    if row.timestamp is not None:
        return check_time(row.timestamp * SECOND)
    if row.created_at is not None:
        return zd.ms(row.created_at)
    raise ValueError("neither timestamp nor created_at")


def get_child_kind(child: Mapping[str, Any]) -> str:
    """Kind of a child: `event_type`, or `type` if it is not the ticket's. A comment without side-load has neither."""
    kind = child.get("event_type") or child.get("type")
    if "comment_present" in child:
        return "Comment"
    return str(kind) if kind and kind not in _TYPES else "Change"


def get_actor(via: Any, reference: Any) -> Actor | None:
    """Read `via`; None: not given.

    Args:
        via: A name or number in exports, an object in comments and audits.
        reference: Id of the rule, in exports.
    """
    if isinstance(via, str | int) and not isinstance(via, bool):
        return _actor_from_via(via, text_id(reference))
    if not isinstance(via, dict):
        return None
    source = _get_object(via, "source")
    origin, to, rel = _get_object(source, "from"), _get_object(source, "to"), source.get("rel")
    channel = vocabulary.map_channel(via.get("channel"))
    is_rule = channel == "rule" or rel in {"trigger", "automation"}
    # The id, as exports give for changes; they have no titles.
    return Actor(channel, str(origin.get("id") or origin.get("title") or "") or None if is_rule else None,
                rel if isinstance(rel, str) else None, origin, to,
                vocabulary.is_outbound_call(via.get("channel"), rel))  # fmt: skip


def _get_object(inside: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = inside.get(key)
    return found if isinstance(found, dict) else {}


@functools.lru_cache(maxsize=1024)
def _actor_from_via(via: str | int, reference: str | None) -> Actor:
    channel = vocabulary.map_channel(via)
    rel = vocabulary.MERGE if channel == vocabulary.MERGE else None
    return Actor(channel, reference if channel == "rule" else None, rel,
                is_outbound=vocabulary.is_outbound_call(via, None))  # fmt: skip
