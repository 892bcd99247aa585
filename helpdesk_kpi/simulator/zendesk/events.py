"""Ticket events (in bulk), audits and comments (by ticket) in Zendesk's form."""

from bisect import bisect_left, bisect_right
from typing import Any

from helpdesk_kpi.simulator.world.clock import SECOND, iso
from helpdesk_kpi.simulator.world.facts import SYSTEM, Amended, Answered, Call, Chat, Created, Deleted, Offered, Update
from helpdesk_kpi.simulator.world.ticket_history import TicketUpdate
from helpdesk_kpi.simulator.world.world import World
from helpdesk_kpi.simulator.zendesk import time_tracking as hours
from helpdesk_kpi.simulator.zendesk.tickets import HELD_BACK
from helpdesk_kpi.simulator.zendesk.vocabulary import (
    CUSTOM_STATUS,
    FIELDS,
    VIA_TYPE,
    author,
    body,
    channel,
    comment_via,
    first_author,
    html,
    rule_id,
    value,
    via,
)

FIRST_AUDIT = 31_000_000_000_000
STRIDE = 64
SYSTEM_DATA = {"client": "simulated", "location": "Berlin, BE, Germany", "latitude": 52.5, "longitude": 13.4}
OFFER_RULE = "Request customer satisfaction rating 24 hours after solved (4 days)"
Audit = TicketUpdate | Deleted | Offered | Answered | Amended
_FOLLOW_UP = "Closed ticket"  # how a follow-up came in, whatever the channel


class Events:
    """Every audit of the desk in order of time. The id of the n-th one is FIRST_AUDIT + n * STRIDE."""

    def __init__(self, world: World, base: str) -> None:
        self.world, self.base = world, base
        self.audits: list[tuple[int, int, Audit]] = [
            (audit.at, number, audit) for number, story in world.stories.items() for audit in _audits(world, number)
        ]
        self.audits.sort(key=lambda one: one[0])
        self.seconds = [at // SECOND for at, _, _ in self.audits]
        self.of_ticket: dict[int, list[int]] = {}
        for i, (_, number, _) in enumerate(self.audits):
            self.of_ticket.setdefault(number, []).append(i)

    def page(self, start: int, size: int) -> tuple[list[int], bool]:
        """Places of the audits from second `start` on, a last second always whole; and whether that is the end."""
        newest = bisect_right(self.seconds, (self.world.now - HELD_BACK) // SECOND)
        first = bisect_left(self.seconds, start, hi=newest)
        last = min(first + size, newest)
        if last < newest:
            last = min(bisect_right(self.seconds, self.seconds[last - 1]), newest)
        return [i for i in range(first, last) if not self._gone(i)], last >= newest

    def second(self, place: int) -> int:
        return self.seconds[place]

    def ticket(self, place: int) -> int:
        return self.audits[place][1]

    def _gone(self, place: int) -> bool:
        scrubbed = self.world.stories[self.audits[place][1]].scrubbed_at
        return scrubbed is not None and scrubbed <= self.world.now

    def event(self, place: int, *, comments: bool) -> dict[str, Any]:
        """One row of /incremental/ticket_events. Every fifth one has the plain children of older accounts."""
        at, number, audit = self.audits[place]
        number_of_audit = FIRST_AUDIT + place * STRIDE
        how = _channel(audit)
        children = self._children(audit, number_of_audit, comments=comments)
        for i, child in enumerate(children):
            child.pop("rule", None)
            if place % 5 == 4 and child.get("type") is None:
                for key in ("event_type", "previous_value"):
                    child.pop(key, None)
            else:
                child.setdefault("id", number_of_audit + 1 + i)
        return {
            "id": number_of_audit,
            "ticket_id": number,
            "timestamp": at // SECOND,
            "created_at": iso(at),
            "updater_id": _author(self.world, number, audit),
            "via": _FOLLOW_UP if _follows(audit) else VIA_TYPE.get(how, how),
            "system": dict(SYSTEM_DATA),
            "metadata": {},
            "event_type": "Audit",
            "child_events": children,
        }

    def _children(self, audit: Audit, number: int, *, comments: bool) -> list[dict[str, Any]]:
        if isinstance(audit, TicketUpdate):
            return self._saved(audit, number, comments=comments)
        if isinstance(audit, Deleted):
            was = self.world.stories[audit.ticket].state(audit.at)["status"]
            return [_child("web", "status", "deleted", was)]
        if isinstance(audit, Amended):
            return self._timed("web", hours.changes(self.world, self.world.stories[audit.ticket], audit))
        if isinstance(audit, Offered):
            return [_child("rule", "satisfaction_score", "offered", "unoffered", OFFER_RULE)]
        score = "good" if audit.ratings["overall"] > 3 else "bad"
        assignee = self.world.stories[audit.ticket].state(audit.at)["assignee"]
        rated = {"score": score, "assignee_id": assignee, "body": audit.comment}
        return [{"via": "Web form", "via_reference_id": None, "type": "SatisfactionRating",
                 "event_type": "SatisfactionRating"} | rated]  # fmt: skip

    def _saved(self, save: TicketUpdate, number: int, *, comments: bool) -> list[dict[str, Any]]:
        fact, created = save.fact, isinstance(save.fact, Created)
        children: list[dict[str, Any]] = []
        if fact.comment is not None:
            children.append(self.comment(save, number) if comments else _mention_event(save))
        for field, new in save.changes.items():
            if field == "schedule":
                children.append(_scheduled(save.before.get(field), new))
                continue
            by_trigger = isinstance(fact, Created) and field in fact.by_trigger
            rule = "Route by category" if by_trigger else getattr(fact, "rule", None)
            how = "rule" if rule else channel(fact)
            made = created and not by_trigger
            if field == "category" and created:
                child = _child(how, "custom_ticket_fields", {FIELDS[field]: new}, None, rule)
            else:
                child = _child(how, FIELDS[field], value(field, new), value(field, save.before.get(field)), rule)
            if made:
                child["event_type"] = "Create"
                child.pop("previous_value")
            children.append(child)
            if field == "status" and new in CUSTOM_STATUS:
                before = CUSTOM_STATUS.get(str(save.before.get("status")))
                children.append(_child(how, "custom_status_id", str(CUSTOM_STATUS[new]), str(before), rule))
                if made:
                    children[-1]["event_type"] = "Create"
                    children[-1].pop("previous_value")
        children += self._hours(save)
        children += _creation(fact) if isinstance(fact, Created) else _tag_event(fact)
        return [*children, _macro(save)] if fact.comment is not None and fact.comment.macro else children

    def _hours(self, save: TicketUpdate) -> list[dict[str, Any]]:
        if not self.world.keeps_time:
            return []
        if isinstance(save.fact, Created):
            return self._timed(channel(save.fact), hours.inherited_entries(self.world, save.fact), made=True)
        return self._timed("web", hours.changes(self.world, self.world.stories[save.fact.ticket], save))

    def _timed(self, how: str, changes: list[hours.Change], *, made: bool = False) -> list[dict[str, Any]]:
        """A creation has its values in one object; a later change is a key of its own."""
        if not made:
            return [_child(how, str(field), new, before) for field, new, before in changes]
        children = [_child(how, "custom_ticket_fields", {str(field): new}, None) for field, new, _ in changes]
        for child in children:
            child["event_type"] = "Create"
            child.pop("previous_value")
        return children

    def comment(self, save: TicketUpdate, number: int) -> dict[str, Any]:
        """A comment as the side-load `comment_events` gives it."""
        fact = save.fact
        assert fact.comment is not None
        words = self.world.desk.words
        text = body(fact.comment, self.base, words.help_centre_locale, words.read_more)
        kind = "VoiceComment" if isinstance(fact, Created) and fact.channel == "voice" else "Comment"
        writer = first_author(fact) if isinstance(fact, Created) else fact.actor
        return {
            "id": number + STRIDE - 1,
            "via": comment_via(save),
            "via_reference_id": None,
            "type": kind,
            "author_id": writer,
            "body": text,
            "html_body": html(text),
            "plain_body": text,
            "public": fact.comment.public,
            "attachments": [],
            "audit_id": number,
            "created_at": iso(save.at),
            "event_type": kind,
        }

    def comments_of(self, ticket: int) -> list[dict[str, Any]]:
        """Rows of /tickets/{id}/comments."""
        found = []
        for place in self.of(ticket):
            children = self._children(self.audits[place][2], FIRST_AUDIT + place * STRIDE, comments=True)
            for child in children:
                if child.get("type") in {"Comment", "VoiceComment"}:
                    kept = {
                        name: value for name, value in child.items() if name not in {"event_type", "via_reference_id"}
                    }
                    found.append(kept | {"metadata": {"system": dict(SYSTEM_DATA), "custom": {}}})
        return found

    def of(self, ticket: int) -> list[int]:
        """Places of one ticket's audits up to now."""
        return [i for i in self.of_ticket.get(ticket, ()) if self.audits[i][0] <= self.world.now]

    def audit(self, place: int) -> dict[str, Any]:
        """One audit of /tickets/{id}/audits, where events name their field instead of having it as a key."""
        at, number, audit = self.audits[place]
        number_of_audit = FIRST_AUDIT + place * STRIDE
        events = [_audit_event(child) for child in self._children(audit, number_of_audit, comments=True)]
        for i, event in enumerate(events):
            event.setdefault("id", number_of_audit + 1 + i)
        return {
            "id": number_of_audit,
            "ticket_id": number,
            "created_at": iso(at),
            "author_id": _author(self.world, number, audit),
            "metadata": {"system": dict(SYSTEM_DATA), "custom": {}},
            "via": _audit_via(audit),
            "events": events,
        }


def _audits(world: World, number: int) -> list[Audit]:
    story = world.stories[number]
    out: list[Audit] = list(story.saves)
    places = {id(fact): i for i, fact in enumerate(story.facts)}
    kinds = Deleted | Amended if "csat" in world.plan_without else Deleted | Offered | Answered | Amended
    out += [fact for fact in story.facts if isinstance(fact, kinds)]  # without the feature, no ticket has a score
    return sorted(out, key=lambda a: (a.at, places[id(a.fact if isinstance(a, TicketUpdate) else a)]))


def _channel(audit: Audit) -> str:
    if isinstance(audit, TicketUpdate):
        return "rule" if getattr(audit.fact, "rule", None) else channel(audit.fact)
    return "rule" if isinstance(audit, Offered) else "web"


def _audit_via(audit: Audit) -> dict[str, Any]:
    """`via` of the whole audit, because its events have none. Merges are here."""
    fact = getattr(audit, "fact", None)
    if isinstance(audit, TicketUpdate) and isinstance(fact, Update) and (fact.merged_from or fact.merged_into):
        return comment_via(audit)
    rule = getattr(fact, "rule", None)
    return via(_channel(audit), rule, {"rel": "follow_up"} if _follows(audit) else None)


def _follows(audit: Audit) -> bool:
    return isinstance(audit, TicketUpdate) and isinstance(audit.fact, Created) and audit.fact.follow_up_of is not None


def _author(world: World, number: int, audit: Audit) -> int:
    match audit:
        case TicketUpdate():
            return author(audit.fact)
        case Deleted():
            return audit.actor
        case Amended():
            return audit.agent
        case Offered():
            return SYSTEM
    return world.stories[number].created.requester


def _child(how: str, key: str, new: Any, before: Any, rule: str | None = None) -> dict[str, Any]:
    return {
        "via": VIA_TYPE.get(how, how),
        "via_reference_id": rule_id(rule) if rule else None,
        key: new,
        "event_type": "Change",
        "previous_value": before,
        "rule": rule,  # for audits, which name it
    }


def _creation(created: Created) -> list[dict[str, Any]]:
    """The rest of what a creation writes, nulls included."""
    initial = {"subject": created.subject, "requester_id": str(created.requester), "tags": list(created.tags)}
    if created.priority is None:
        initial["priority"] = None  # type: ignore[assignment]  # a null is written too
    return [
        {
            "via": VIA_TYPE.get(created.channel, created.channel),
            "via_reference_id": None,
            key: new,
            "event_type": "Create",
        }
        for key, new in initial.items()
    ]


def _tag_event(update: Update) -> list[dict[str, Any]]:
    if not update.add_tags:
        return []
    return [
        {"via": VIA_TYPE.get(update.via, update.via), "via_reference_id": None, "tags": list(update.add_tags),
         "added_tags": list(update.add_tags), "removed_tags": [], "event_type": "Change", "previous_value": []}
    ]  # fmt: skip


def _scheduled(before: Any, new: Any) -> dict[str, Any]:
    """What a trigger leaves that sets the schedule; not in Zendesk's list of events."""
    return {"type": "ScheduleAssignment", "event_type": "ScheduleAssignment", "previous_schedule_id": before,
            "new_schedule_id": new}  # fmt: skip


def _mention_event(save: TicketUpdate) -> dict[str, Any]:
    comment = save.fact.comment
    return {"via": VIA_TYPE.get(channel(save.fact), "Web form"), "via_reference_id": None, "comment_present": True,
            "comment_public": bool(comment and comment.public), "event_type": "Comment"}  # fmt: skip


def _macro(save: TicketUpdate) -> dict[str, Any]:
    """https://developer.zendesk.com/documentation/ticketing/reference-guides/ticket-audit-events-reference"""
    how = channel(save.fact)
    return {"via": VIA_TYPE.get(how, how), "via_reference_id": None, "macro_id": "360001", "macro_title": "Article",
            "type": "AgentMacroReference", "event_type": "AgentMacroReference"}  # fmt: skip


#: What a child of the export has and an event of an audit lacks: there the audit has it.
_OF_EXPORTS = frozenset({"event_type", "via", "via_reference_id", "created_at", "rule"})


def _audit_event(child: dict[str, Any]) -> dict[str, Any]:
    if child.get("type"):
        return {name: value for name, value in child.items() if name not in _OF_EXPORTS}
    kind = child.pop("event_type", "Change")
    before = child.pop("previous_value", None)
    child.pop("via_reference_id")
    child.pop("via")
    rule = child.pop("rule", None)
    (field, new), *_ = child.items()
    if field == "custom_ticket_fields":
        (field, new) = next(iter(new.items()))
    event = {"type": kind, "field_name": field, "value": new}
    if kind == "Change":
        event["previous_value"] = before
    if rule:
        event["via"] = via("rule", rule)
    return event


def calls(world: World) -> list[Call]:
    """Calls that are over, in the order of their last change."""
    found = [call for story in world.stories.values() for call in story.calls if call.ended_at <= world.now]
    return sorted(found, key=lambda call: (call.ended_at, call.id))


def chats(world: World) -> list[Chat]:
    found = [chat for story in world.stories.values() for chat in story.chats if chat.ended_at <= world.now]
    return sorted(found, key=lambda chat: (chat.ended_at, chat.id))
