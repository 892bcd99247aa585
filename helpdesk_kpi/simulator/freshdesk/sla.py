"""Freshdesk's due times, and the job that marks what is late.

Targets run in the desk's working time, those of urgent tickets around the clock. While a ticket is pending, waits for a
third party or is resolved, the clock of its resolution stands still, and `due_by` moves on by as much afterwards.
https://support.freshdesk.com/support/solutions/articles/37626
"""

from typing import Any

from helpdesk_kpi.simulator.freshdesk.vocabulary import PRIORITIES, URGENT, is_agent, outbound
from helpdesk_kpi.simulator.world.clock import MINUTE, SECOND, DeskHours
from helpdesk_kpi.simulator.world.facts import Created
from helpdesk_kpi.simulator.world.support_desk import LATE_TEAM
from helpdesk_kpi.simulator.world.ticket_history import TicketHistory, TicketUpdate
from helpdesk_kpi.simulator.world.world import World

RESPOND = {URGENT: 15 * MINUTE, 3: 60 * MINUTE, 2: 240 * MINUTE, 1: 480 * MINUTE}
RESOLVE = {URGENT: 240 * MINUTE, 3: 480 * MINUTE, 2: 1440 * MINUTE, 1: 2400 * MINUTE}
FIRST, NEXT, RESOLUTION = "first", "next", "resolution"
_RUNNING = frozenset({"new", "open"})
FAR = 1 << 62


class Sla:
    """The due times after some saves, and what the job found late until `until`: (when, which)."""

    def __init__(self, world: World, story: TicketHistory, saves: list[TicketUpdate], until: int) -> None:
        self.world, self.created = world, story.created
        self.lag = MINUTE + story.ticket * 37 % 180 * SECOND
        self.due_by = self.fr_due_by = 0
        self.waiting: int | None = None
        self.responded = outbound(world, story.created)  # then no first response is due
        self.late: list[tuple[int, str]] = []
        self.state: dict[str, Any] = {}
        self.paused, self.stood = 0, 0
        ends = [save.at for save in saves[1:]] + [until]
        for save, end in zip(saves, ends, strict=True):
            self._saved(save)
            self._wait(save.at, min(end, story.deleted_at or FAR))

    @property
    def hours(self) -> DeskHours:
        """Of the group that has the ticket."""
        late = self.world.desk.late_weekly and self.state.get("team") == LATE_TEAM
        return self.world.late_hours if late else self.world.hours

    @property
    def level(self) -> int:
        return PRIORITIES[self.state.get("priority")]

    @property
    def nr_due_by(self) -> int | None:
        return None if self.waiting is None else self._after(self.waiting, RESPOND[self.level])

    def _after(self, at: int, work: int) -> int:
        return at + work if self.level == URGENT else self.hours.after(at, work)

    def _saved(self, save: TicketUpdate) -> None:
        before = self.state.get("status", "new")
        self.state.update(save.changes)
        after = self.state["status"]
        if before in _RUNNING and after not in _RUNNING:
            self.stood = save.at
        elif before not in _RUNNING and after in _RUNNING:
            self.paused += self._span(self.stood, save.at)
        if not self.responded:
            self.fr_due_by = self._after(self.created.at, RESPOND[self.level])
        self.due_by = self._after(self.created.at, RESOLVE[self.level] + self.paused)
        if responds(self.world, save):
            self.responded, self.waiting = True, None
        elif self.responded and self.waiting is None and asks(self.world, save):
            self.waiting = save.at

    def _span(self, start: int, end: int) -> int:
        return end - start if self.level == URGENT else self.hours.between(start, end)

    def _wait(self, since: int, until: int) -> None:
        """What becomes late between two saves."""
        if self.state["status"] not in _RUNNING:
            return
        dues = {RESOLUTION: self.due_by} | ({} if self.responded else {FIRST: self.fr_due_by})
        if self.waiting is not None:
            dues[NEXT] = self.nr_due_by or 0
        for which, due in dues.items():
            job = max(due, since) + self.lag
            is_known = self.next_is_late() if which == NEXT else self.was_late(which)
            if job < until and not is_known:
                self.late.append((job, which))

    def was_late(self, which: str) -> bool:
        return any(found == which for _, found in self.late)

    def next_is_late(self) -> bool:
        """The response that is still owed now."""
        waiting = self.waiting
        return waiting is not None and any(which == NEXT and at > waiting for at, which in self.late)


def responds(world: World, save: TicketUpdate) -> bool:
    """A public comment by an agent after the creation; rules and private notes are no response."""
    fact = save.fact
    if isinstance(fact, Created) or fact.comment is None or not fact.comment.public or fact.rule is not None:
        return False
    return is_agent(world, fact.actor, save.at)


def asks(world: World, save: TicketUpdate) -> bool:
    """A public comment after the creation by a person who is not an agent."""
    fact = save.fact
    if isinstance(fact, Created) or fact.comment is None or not fact.comment.public or fact.rule is not None:
        return False
    return fact.actor in world.accounts and not is_agent(world, fact.actor, save.at)
