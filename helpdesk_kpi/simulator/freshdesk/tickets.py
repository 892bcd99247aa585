"""Tickets as Freshdesk shows them, and which of its lists each is in."""

from bisect import bisect_left, bisect_right
from typing import Any, Literal

import msgspec

from helpdesk_kpi.simulator.freshdesk.bulk_import import Bulk
from helpdesk_kpi.simulator.freshdesk.conversations import entries
from helpdesk_kpi.simulator.freshdesk.sla import FAR, FIRST, Sla
from helpdesk_kpi.simulator.freshdesk.ticket_stats import stats
from helpdesk_kpi.simulator.freshdesk.trackers import Trackers
from helpdesk_kpi.simulator.freshdesk.vocabulary import (
    EMAIL,
    MERGE_TAG,
    OUTBOUND,
    PRIORITIES,
    RELATED,
    TYPES,
    body,
    html,
    source,
    status,
)
from helpdesk_kpi.simulator.world.clock import DAY, SECOND, iso
from helpdesk_kpi.simulator.world.facts import Answered, Created, Update
from helpdesk_kpi.simulator.world.support_desk import organization
from helpdesk_kpi.simulator.world.ticket_history import TicketHistory, TicketUpdate, state_after
from helpdesk_kpi.simulator.world.world import World

Shelf = Literal["", "deleted", "spam", "archived"]
ARCHIVED_AFTER = 120 * DAY  # closed, and nothing happened since
INCLUDES = ("stats", "requester", "description", "company")
_BRIEF = (
    "id", "group_id", "priority", "requester_id", "responder_id", "source", "company_id", "status", "subject",
    "product_id", "type", "due_by", "fr_due_by", "is_escalated", "created_at", "updated_at",
)  # fmt: skip
_encode = msgspec.json.Encoder().encode


class FreshdeskTickets:
    """All tickets as of the world's now. `base` is the API's address."""

    def __init__(self, world: World, base: str, bulk: Bulk, *, archives: bool = True) -> None:
        self.world, self.base, self.bulk, self.archives = world, base, bulk, archives
        self.bumps = {number: _bumps(world, story) for number, story in world.stories.items()}
        self.trackers = Trackers(world)
        self.companies = {organization(i): name for i, (name, _) in enumerate(world.desk.words.organizations)}
        self._at: int | None = None
        self._shelves: dict[Shelf, list[tuple[int, int]]] = {}
        self._numbers: dict[Shelf, list[int]] = {}
        self._rows: dict[tuple[int, tuple[str, ...]], tuple[int, msgspec.Raw]] = {}

    # --- lists

    def shelf(self, name: Shelf) -> list[tuple[int, int]]:
        """(second of the last update, id) of what is in a list now, in that order; made once for each now."""
        if self._at != self.world.now:
            self._shelves = {
                "": [*self.bulk.index(), *self.trackers.index()],
                "deleted": [],
                "spam": [],
                "archived": [],
            }
            for number, story in self.world.stories.items():
                if story.created.at <= self.world.now and not self._scrubbed(story):
                    self._shelves[self.place(story)].append((self.updated(story) // SECOND, number))
            for rows in self._shelves.values():
                rows.sort()
            self._numbers = {shelf: [number for _, number in rows] for shelf, rows in self._shelves.items()}
            self._at = self.world.now
        return self._shelves[name]

    def since(self, name: Shelf, second: int) -> list[int]:
        """Ids of what was updated then or later, by time of update."""
        first = bisect_left(self.shelf(name), (second, 0))
        return self._numbers[name][first:]

    def there(self, number: int) -> TicketHistory | None:
        """The ticket, if it exists by now and was not deleted for good."""
        story = self.world.stories.get(number)
        if story is None or story.created.at > self.world.now or self._scrubbed(story):
            return None
        return story

    def place(self, story: TicketHistory) -> Shelf:
        now = self.world.now
        if story.deleted_at is not None and story.deleted_at <= now:
            return "spam" if story.created.spam else "deleted"
        idle = now - self.updated(story) >= ARCHIVED_AFTER
        closed = idle and story.state(now)["status"] == "closed"
        return "archived" if closed and self.archives else ""

    def _scrubbed(self, story: TicketHistory) -> bool:
        return story.scrubbed_at is not None and story.scrubbed_at <= self.world.now

    def updated(self, story: TicketHistory) -> int:
        """In ms. Replies, notes, changes, feedback and the job that marks late tickets move it; touches do not."""
        times = self.bumps[story.ticket]
        return times[bisect_right(times, self.world.now) - 1]

    def storyless(self, number: int) -> Bulk | Trackers | None:
        """What has a ticket that is none of the world's stories."""
        return next((one for one in (self.bulk, self.trackers) if one.has(number)), None)

    def _storyless(self, number: int) -> Bulk | Trackers:
        return self.trackers if self.trackers.has(number) else self.bulk

    def created(self, number: int) -> int:
        story = self.world.stories.get(number)
        return story.created.at if story else self._storyless(number).created(number)

    def due(self, number: int) -> int:
        story = self.world.stories.get(number)
        if story is None:
            return self._storyless(number).created(number)
        return self._sla(story, story.until(self.world.now)).due_by

    def code(self, number: int) -> int:
        story = self.world.stories.get(number)
        if story is None:
            return self._storyless(number).code(number)
        return self._status(story, story.state(self.world.now))

    def _status(self, story: TicketHistory, state: dict[str, Any]) -> int:
        return status(state, is_ai_agents=story.is_ai_agents(self.world.now))

    # --- rows

    def row(self, number: int, includes: tuple[str, ...]) -> msgspec.Raw:
        """One ticket of a list in JSON, made once for each state of it."""
        story = self.world.stories.get(number)
        if story is None:
            return self._storyless(number).row(number, includes)
        stamp = bisect_right(self.bumps[number], self.world.now)
        kept = self._rows.get((number, includes))
        if kept and kept[0] == stamp and story.created.type != "problem":
            return kept[1]
        raw = msgspec.Raw(_encode(self.ticket(story, includes)))
        self._rows[number, includes] = (stamp, raw)
        return raw

    def ticket(self, story: TicketHistory, includes: tuple[str, ...]) -> dict[str, Any]:
        saves = story.until(self.world.now)
        state = state_after(saves)
        shown = self._plain(story, saves, state) | self._times(story, saves)
        place = self.place(story)
        shown |= {"deleted": True} if place == "deleted" else {"archived": True} if place == "archived" else {}
        if "description" in includes:
            text = body(story.created.comment, self.world, self.base)
            shown |= {"description": html(text), "description_text": text}
        if "requester" in includes:
            shown["requester"] = self._requester(story)
        if "stats" in includes:
            shown["stats"] = stats(self.world, story, saves, entries(self.world, story, self.world.now))
        if "company" in includes:
            shown["company"] = self._company(story)
        return shown

    def brief(self, number: int) -> dict[str, Any]:
        """As an associated ticket is shown."""
        story = self.world.stories.get(number)
        whole = self.ticket(story, ()) if story else self._storyless(number).ticket(number, ())
        return {name: whole[name] for name in _BRIEF}

    def _plain(self, story: TicketHistory, saves: list[TicketUpdate], state: dict[str, Any]) -> dict[str, Any]:
        created, by = story.created, source(self.world, story.created)
        mail = by in {EMAIL, OUTBOUND}
        desk = f"support@{self.world.desk.words.domain}"
        none: list[str] | None = [] if mail else None
        return {
            "cc_emails": none, "fwd_emails": none, "reply_cc_emails": none, "ticket_cc_emails": none,
            "ticket_bcc_emails": none, "spam": self.place(story) == "spam", "email_config_id": None,
            "group_id": state["team"], "priority": PRIORITIES[state["priority"]], "requester_id": created.requester,
            "responder_id": state["assignee"], "source": by,
            "company_id": self.world.accounts[created.requester].organization, "status": self._status(story, state),
            "subject": created.subject, "support_email": desk if mail else None, "to_emails": [desk] if mail else None,
            "product_id": state["brand"], "id": story.ticket, "type": TYPES.get(state["type"] or "", state["type"]),
            "custom_fields": {"cf_category": state["category"]}, "tags": _tags(story, saves), "source_info": None,
            "structured_description": None, "sentiment_score": None, "initial_sentiment_score": None,
            "form_id": state["form"],
        } | self._associated(story)  # fmt: skip

    def _associated(self, story: TicketHistory) -> dict[str, Any]:
        """What customers ask about one fault hangs on a tracker, which an agent makes: the first report does, too."""
        kind = RELATED if self.trackers.of(story) else None
        return {"association_type": kind, "associated_tickets_count": None}

    def _times(self, story: TicketHistory, saves: list[TicketUpdate]) -> dict[str, Any]:
        sla = self._sla(story, saves)
        nr_due = sla.nr_due_by
        return {
            "due_by": iso(sla.due_by), "fr_due_by": iso(sla.fr_due_by or sla.due_by),
            "nr_due_by": iso(nr_due) if nr_due is not None else None, "fr_escalated": sla.was_late(FIRST),
            "nr_escalated": sla.next_is_late(), "is_escalated": bool(sla.late), "created_at": iso(story.created.at),
            "updated_at": iso(self.updated(story)),
        }  # fmt: skip

    def _sla(self, story: TicketHistory, saves: list[TicketUpdate]) -> Sla:
        return Sla(self.world, story, saves, self.world.now + 1)

    def _requester(self, story: TicketHistory) -> dict[str, Any]:
        who = self.world.accounts[story.created.requester]
        return {"id": who.id, "name": who.name, "email": who.email, "mobile": None, "phone": None}

    def _company(self, story: TicketHistory) -> dict[str, Any]:
        number = self.world.accounts[story.created.requester].organization
        if number is None:
            return {}
        return {"id": number, "name": self.companies.get(number)}


def _bumps(world: World, story: TicketHistory) -> list[int]:
    """When updated_at moves: a comment, a change, an answer to a survey, the deletion, and being found late."""
    times = [fact.at for fact in story.facts if isinstance(fact, Created | Update | Answered)]
    times += [at for at, _ in Sla(world, story, story.saves, FAR).late]
    times += [story.deleted_at] if story.deleted_at is not None else []
    return sorted(times)


def _tags(story: TicketHistory, saves: list[TicketUpdate]) -> list[str]:
    added = [tag for save in saves[1:] for tag in getattr(save.fact, "add_tags", ())]
    return [tag for tag in dict.fromkeys([*story.created.tags, *added]) if tag != MERGE_TAG]
