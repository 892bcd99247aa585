"""From ticket events (audits in bulk) to events: comments, changes of fields, survey answers, merges.

A child event has the name of the changed field as its key: `{"status": "solved", "previous_value": "open"}`; in an
audit it says `{"field_name": "status", "value": "solved"}`. Both are read, so an event is the same over either way.
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
from helpdesk_kpi.pull.lenient_decode import plausible
from helpdesk_kpi.text.comment import RULES_VERSION, extract_features

_SEQUENCE = 10**15  # ids above would not fit into an order; within one instant the values before decide anyway
_LONGEST_WORD = 100
_LAG = MINUTE  # ms that Zendesk may take to write down an audit
#: Zendesk's key -> our word.
FIELDS = {
    "status": "status", "custom_status_id": "custom_status", "assignee_id": "assignee", "group_id": "team",
    "priority": "priority", "type": "type", "ticket_form_id": "form", "brand_id": "brand",
    "requester_id": "requester", "organization_id": "organization", "problem_id": "problem",
}  # fmt: skip
_IDS = frozenset({"custom_status", "assignee", "team", "form", "brand", "requester", "organization", "problem"})
_TYPES = frozenset({"problem", "incident", "question", "task"})
_SCORE = "satisfaction_score"  # a field that says how far the older survey has come
_MACRO = "AgentMacroReference"
#: Named by no page of Zendesk's and seen in no recording; what no ticket says is taken to be the default schedule.
_SCHEDULE = "ScheduleAssignment"


class Actor(msgspec.Struct, frozen=True):
    """Who did something and how."""

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
    """One audit being read: what its children share."""

    def __init__(
        self, row: zd.TicketEvent, fields: Mapping[int, str], hosts: Collection[str], thanks: tuple[str, ...]
    ) -> None:
        self.row, self.kept, self.hosts, self.thanks = row, fields, hosts, thanks
        self.ticket = str(row.ticket_id)
        self.at = get_audit_time(row)
        self.actor = get_actor(row.via, None) or Actor(None)
        self.seen: dict[str, int] = {}  # names of items already given, since one audit may change a field twice

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
        """Words of which nothing tells whether the customer saw them: what was said on the ticket is not known."""
        return Unread(self.ticket, self._id("unseen", counted=True), REFUSED_ROW, kind[:_LONGEST_WORD], self.at)

    def _comment(self, child: dict[str, Any], actor: Actor, seq: int, macro: Mapping[str, Any] | None) -> Event:
        """`macro`: what the audit says of the one that the agent applied, perhaps to write this."""
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
            length=features.length if features else None,
            is_thanks=features.is_thanks if features else None,
            is_question=features.is_question if features else None,
            text_rule=RULES_VERSION if features else None,
            articles=features.articles if features else (),
            codes=features.codes if features else (),
        )

    def _way(self, actor: Actor, at: int) -> str | None:
        """How a comment came: by a merge, by an import (its time is its own), by a call of ours, or as it is told."""
        if self._is_merge(actor):
            return vocabulary.MERGE
        if at < self.at:
            return vocabulary.IMPORT
        return vocabulary.OUTBOUND if actor.is_outbound else actor.via

    def _said_at(self, child: Mapping[str, Any]) -> int:
        """A comment that was imported has a time of its own; what brought it has the time of the import.

        Seconds that lie between a comment and its audit are no import.
        """
        text = child.get("created_at")
        try:
            written_at = zd.ms(msgspec.convert(text, datetime)) if isinstance(text, str) else self.at
        except (ValueError, msgspec.ValidationError):
            return self.at
        return written_at if written_at < self.at - _LAG else self.at

    def _call(self, child: dict[str, Any], actor: Actor, seq: int, comment: Event) -> Iterator[Event]:
        """A call as the ticket tells it: `comment` that were spoken and, where an agent took it, a contact.

        The export of calls tells when it was taken; this is written later, so that one goes before.
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
        """A merge is told by the comment it leaves: on the loser it names the winner, on the winner the loser."""
        if not self._is_merge(actor):
            return
        by = actor if actor.to or actor.origin else self.actor
        winner, loser = text_id(by.to.get("ticket_id")), text_id(by.origin.get("ticket_id"))
        if winner and winner != self.ticket:
            yield from self._merged_into(winner, actor, seq)
        elif loser and loser != self.ticket:
            yield from self._took_up(loser)
        elif any(child.get("status") == "closed" or child.get("value") == "closed" for child in self.row.child_events):
            yield from self._merged_into("", actor, seq)  # it was closed with it, and nothing says into what

    def _merged_into(self, winner: str, actor: Actor, seq: int) -> Iterator[AnyRecord]:
        """The version of 0 says that nothing but the merge is told: of replies it says nothing."""
        if winner:
            yield TicketLink(self.ticket, winner, "merge")
        yield Event(self.ticket, self._id("merge"), self.at, seq, "link", actor=text_id(self.row.updater_id),
                    via=actor.via, field="merge", after=winner or None)  # fmt: skip
        yield Replies(self.ticket, 0, merged_into=winner)

    def _took_up(self, loser: str) -> Iterator[AnyRecord]:
        yield TicketLink(loser, self.ticket, "merge")
        yield Replies(loser, 0, merged_into=self.ticket)

    def _merged_away(self) -> Iterator[AnyRecord]:
        """Tickets that this one took up, where the export says so beside the event."""
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
            if from_nothing and after is None:  # a creation writes the fields that nobody set, too
                continue
            if name == "status" and DELETED in {before, after}:  # `Ticket.deleted_at` tells it
                continue
            yield Event(self.ticket, self._id(key), self.at, seq, "change", actor=text_id(self.row.updater_id),
                        via=actor.via, rule=actor.rule, field=name, before=before, after=after)  # fmt: skip

    def _field_changes(self, child: dict[str, Any]) -> Iterator[tuple[str, str, str | None, str | None]]:
        """(key for the id, our word, before, after) of the fields that one child changes."""
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
            # Its number is in the id, since the configuration may call it otherwise one day.
            yield key, entry, to_text(before), to_text(after)

    def _id(self, item: str, *, counted: bool = False) -> str:
        n = self.seen.get(item, 0)
        self.seen[item] = n + 1
        return f"{self.row.id}:{item}{n}" if counted else f"{self.row.id}:{item}" + (f":{n + 1}" if n else "")


def get_audit_time(row: zd.TicketEvent) -> int:
    if row.timestamp is not None:
        return plausible(row.timestamp * SECOND)
    if row.created_at is not None:
        return zd.ms(row.created_at)
    raise ValueError("neither timestamp nor created_at")


def get_child_kind(child: Mapping[str, Any]) -> str:
    """`event_type`, or `type` where that isn't the ticket's; a comment without side-load has neither."""
    kind = child.get("event_type") or child.get("type")
    if "comment_present" in child:
        return "Comment"
    return str(kind) if kind and kind not in _TYPES else "Change"


def get_actor(via: Any, reference: Any) -> Actor | None:
    """How something was done; None: not told.

    `via` is a name with a reference to the rule in exports, and an object in comments and audits; it may be a number.
    """
    if isinstance(via, str | int) and not isinstance(via, bool):
        return _actor_from_via(via, text_id(reference))
    if not isinstance(via, dict):
        return None
    source = _get_object(via, "source")
    origin, to, rel = _get_object(source, "from"), _get_object(source, "to"), source.get("rel")
    channel = vocabulary.map_channel(via.get("channel"))
    is_rule = channel == "rule" or rel in {"trigger", "automation"}
    # The id, as exports tell it of changes; they have no titles there.
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
