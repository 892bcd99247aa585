"""One ticket's facts in order, and its state at any instant."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import msgspec

from helpdesk_kpi.simulator.world.facts import (
    Amended,
    Answered,
    Call,
    Chat,
    Created,
    Deleted,
    Fact,
    Moved,
    Offered,
    Redacted,
    Spent,
    Update,
    Viewed,
)

DONE = frozenset({"solved", "closed"})
_FIELDS = ("status", "priority", "team", "assignee", "category", "type", "form", "brand", "schedule")


class TicketUpdate(msgspec.Struct, frozen=True):
    """One audit: the creation or an update, with what each change came from. `before` lacks unchanged fields."""

    at: int
    fact: Created | Update
    before: dict[str, Any]
    changes: dict[str, Any]


class TicketHistory:
    """The history of a ticket. Lists are in order of time, and within a second in the order of the facts."""

    def __init__(self, ticket: int, facts: list[Fact]) -> None:
        self.ticket = ticket
        self.facts = facts
        self.created = next(fact for fact in facts if isinstance(fact, Created))
        self.saves = list(_saves(self.created, [fact for fact in facts if isinstance(fact, Update)]))
        self.saved_at = [save.at for save in self.saves]
        self.calls = [fact for fact in facts if isinstance(fact, Call)]
        self.chats = [fact for fact in facts if isinstance(fact, Chat)]
        self.offered = [fact for fact in facts if isinstance(fact, Offered)]
        self.answered = [fact for fact in facts if isinstance(fact, Answered)]
        self.timed = [fact for fact in facts if isinstance(fact, Spent | Amended)]
        self.touched = [fact.at for fact in facts if isinstance(fact, Viewed)]
        self.deleted = next((fact for fact in facts if isinstance(fact, Deleted)), None)
        self.scrubbed_at = next((fact.at for fact in facts if isinstance(fact, Redacted)), None)
        self.merged_at = next((s.at for s in self.saves if isinstance(s.fact, Update) and s.fact.merged_into), None)

        self.moved_at = next((fact.at for fact in facts if isinstance(fact, Moved)), None)
        given = (s.at for s in self.saves if isinstance(s.fact, Update) and s.fact.to_people)
        self.people_since = next(given, None) if self.created.ai_agent else self.created.at

    def is_ai_agents(self, at: int) -> bool:
        """Whether an AI agent works on it then."""
        return self.people_since is None or at < self.people_since

    @property
    def deleted_at(self) -> int | None:
        return self.deleted.at if self.deleted else None

    def state(self, at: int) -> dict[str, Any]:
        """Field -> value with everything up to and including `at` applied."""
        return state_after(self.until(at))

    def until(self, at: int) -> list[TicketUpdate]:
        """The audits up to and including `at`."""
        return self.saves[: bisect_right(self.saved_at, at)]


def state_after(saves: list[TicketUpdate]) -> dict[str, Any]:
    """Field -> value after these audits."""
    now: dict[str, Any] = dict.fromkeys(_FIELDS)
    for save in saves:
        now.update(save.changes)
    return now


def _saves(created: Created, updates: list[Update]) -> Iterator[TicketUpdate]:
    first = {field: value for field in _FIELDS if (value := getattr(created, field, None)) is not None}
    first.update(created.by_trigger)
    yield TicketUpdate(created.at, created, {}, first)
    now = dict(first)
    for update in updates:
        changes = {field: value for field, value in update.changes.items() if now.get(field) != value}
        yield TicketUpdate(update.at, update, {field: now.get(field) for field in changes}, changes)
        now.update(changes)
