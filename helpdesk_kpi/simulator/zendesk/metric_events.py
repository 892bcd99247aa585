"""Metric events of Zendesk's SLA clocks.

A breach is written when its promise begins, with a time to come, and marked as deleted once the promise is kept. Some
events become visible only twelve minutes after their time.
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metric_events/
"""

from collections.abc import Iterator
from itertools import count
from typing import Any

import msgspec

from helpdesk_kpi.simulator.world.clock import MINUTE, SECOND, iso
from helpdesk_kpi.simulator.world.support_desk import BASE
from helpdesk_kpi.simulator.world.ticket_history import DONE, TicketHistory, TicketUpdate
from helpdesk_kpi.simulator.world.world import World
from helpdesk_kpi.simulator.zendesk.reference_data import TARGETS, policy
from helpdesk_kpi.simulator.zendesk.tickets import HELD_BACK, is_agent_reply

LATE = 12 * MINUTE
FIRST = 54_000_000_000_000
_STRIDE = 128  # ids of one ticket


class WrittenEvent(msgspec.Struct):
    """One event: its time, when it becomes visible, and when it was withdrawn (a breach that did not happen)."""

    id: int
    ticket: int
    metric: str
    instance: int
    kind: str
    at: int
    visible_at: int
    taken_back_at: int | None = None
    more: dict[str, Any] = {}

    def row(self, now: int) -> dict[str, Any]:
        gone = self.taken_back_at is not None and self.taken_back_at <= now
        return {
            "id": self.id, "ticket_id": self.ticket, "metric": self.metric, "instance_id": self.instance,
            "type": self.kind, "time": iso(self.at), "deleted": gone, **self.more,
        }  # fmt: skip


class MetricEvents:
    """All metric events of a world in order of their time."""

    def __init__(self, world: World) -> None:
        self.world = world
        made = [event for story in world.stories.values() for event in _Clock(world, story).events()]
        self.events = sorted(made, key=lambda event: (event.at, event.id))
        self.of_ticket: dict[int, list[WrittenEvent]] = {}
        for event in self.events:
            self.of_ticket.setdefault(event.ticket, []).append(event)
        self._exported: tuple[int, list[WrittenEvent]] = (-1, [])

    def export(self) -> list[WrittenEvent]:
        """What the export shows now, in order of time; events announced for later are last."""
        now = self.world.now
        if self._exported[0] != now:
            visible = [event for event in self.events if event.visible_at <= now - HELD_BACK and self._shows(event)]
            self._exported = now, visible
        return self._exported[1]

    def of(self, ticket: int) -> dict[str, list[dict[str, Any]]]:
        """What /tickets/{id}/metric_events shows: a list for each metric."""
        found: dict[str, list[dict[str, Any]]] = {}
        for event in self.of_ticket.get(ticket, ()):
            if event.visible_at <= self.world.now:
                found.setdefault(event.metric, []).append(event.row(self.world.now))
        return found

    def _shows(self, event: WrittenEvent) -> bool:
        scrubbed = self.world.stories[event.ticket].scrubbed_at
        return scrubbed is None or scrubbed > self.world.now


class _Clock:
    """The clocks of one ticket: its first reply, and its resolution once more after each reopening."""

    def __init__(self, world: World, story: TicketHistory) -> None:
        self.world, self.story = world, story
        self.ids = count(FIRST + story.ticket * _STRIDE)

    def events(self) -> Iterator[WrittenEvent]:
        replies = [save.at for save in self.story.saves[1:] if is_agent_reply(self.world, save)]
        yield self._event("reply_time", 0, "measure", self.story.created.at)
        yield from self._run("reply_time", 1, self.story.created.at, replies[0] if replies else None, 0)
        yield self._event("resolution_time", 0, "measure", self.story.created.at)
        start, turns = self.story.created.at, [s for s in self.story.saves if "status" in s.before]
        for instance in range(1, 9):
            solve = next((s.at for s in turns if s.at >= start and _turn(s) == (False, True)), None)
            yield from self._run("resolution_time", instance, start, solve, 1)
            reopened = next((s.at for s in turns if solve and s.at >= solve and _turn(s) == (True, False)), None)
            if reopened is None:
                return
            start = reopened

    def _run(self, metric: str, instance: int, start: int, end: int | None, place: int) -> Iterator[WrittenEvent]:
        yield self._event(metric, instance, "activate", start)
        priority = self.story.state(start)["priority"]
        if instance == 1 and priority in TARGETS:
            minutes, in_hours = TARGETS[priority][place], priority != "urgent"
            work = minutes * MINUTE
            due = self.world.hours_of(self.story, start).after(start, work) if in_hours else start + work
            sla = {"target": minutes, "target_in_seconds": minutes * 60, "business_hours": in_hours,
                   "policy": policy(self.world)}  # fmt: skip
            yield self._event(metric, instance, "apply_sla", start, sla=sla)
            breach = self._event(metric, instance, "breach", due // SECOND * SECOND)
            breach.visible_at = start
            breach.taken_back_at = end if end is not None and end < due else None
            yield breach
        if end is not None:
            worked = self.world.hours_of(self.story, end).between(start, end)
            spent = {"calendar": (end - start) // MINUTE, "business": worked // MINUTE}
            yield self._event(metric, instance, "fulfill", end)
            yield self._event(metric, instance, "update_status", end, status=spent)

    def _event(self, metric: str, instance: int, kind: str, at: int, **more: Any) -> WrittenEvent:
        late = LATE if self.story.ticket % 7 == 3 else 0
        return WrittenEvent(next(self.ids), self.story.ticket, metric, instance, kind, at, at + late, more=more)


def _turn(save: TicketUpdate) -> tuple[bool, bool]:
    return save.before["status"] in DONE, save.changes["status"] in DONE


assert BASE < FIRST  # ids of metric events are none of the desk's own
