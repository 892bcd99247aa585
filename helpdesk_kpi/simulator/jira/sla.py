"""SLA cycles as Jira Service Management counts them, with the simulator's own clock.

A cycle starts, pauses and stops on conditions; elapsed and remaining time are working time of the goal's calendar and
always add up to the goal. https://support.atlassian.com/jira-service-management-cloud/docs/create-sla-conditions/
"""

from collections.abc import Iterator
from typing import Any, Protocol

import msgspec

from helpdesk_kpi.simulator.jira.site import SimulatedSite
from helpdesk_kpi.simulator.jira.vocabulary import FIRST_RESPONSE, RESOLUTION, TO_CLOSE, VENDOR
from helpdesk_kpi.simulator.world.clock import MINUTE, DeskHours
from helpdesk_kpi.simulator.world.facts import Created
from helpdesk_kpi.simulator.world.ticket_history import DONE, TicketHistory, TicketUpdate

#: Priority -> minutes to the first response and to the resolution; what is urgent has a clock that never stops.
GOALS = {"urgent": (15, 240), "high": (60, 480), "normal": (240, 1440), "low": (480, 2400)}
_CLOSE_WITHIN = 7200
SLAS = (FIRST_RESPONSE, RESOLUTION, TO_CLOSE, VENDOR)


class Calendar(Protocol):
    def between(self, start: int, end: int) -> int: ...

    def after(self, at: int, work: int) -> int: ...


class AllDay:
    def between(self, start: int, end: int) -> int:
        return end - start

    def after(self, at: int, work: int) -> int:
        return at + work


class SimulatedCycle(msgspec.Struct, frozen=True):
    """`active` are the spans in which the clock ran, the last one up to the stop or to now."""

    start: int
    stop: int | None
    active: tuple[tuple[int, int], ...]
    paused: bool
    goal: int
    calendar: Calendar

    @property
    def elapsed(self) -> int:
        return sum(self.calendar.between(a, b) for a, b in self.active)

    @property
    def breach_at(self) -> int:
        """When the goal is used up; pauses move it."""
        left, last = self.goal, self.start
        for a, b in self.active:
            spent = self.calendar.between(a, b)
            if spent >= left:
                return self.calendar.after(a, left)
            left, last = left - spent, b
        return self.calendar.after(last, left)


def cycles(site: SimulatedSite, story: TicketHistory, field: str) -> list[SimulatedCycle] | None:
    """In order; only the last one may be going on. None: the SLA does not apply to this ticket."""
    if field == VENDOR:
        return []
    if story.state(site.world.now)["priority"] is None:
        return None
    turns = {FIRST_RESPONSE: _first_response, RESOLUTION: _resolution, TO_CLOSE: _to_close}[field](site, story)
    return list(_cycles(site, story, field, turns))


Turn = tuple[int, str]
"""When, and one of start, stop, pause, go."""


def _first_response(site: SimulatedSite, story: TicketHistory) -> Iterator[Turn]:
    """Until a public comment by an agent, or the resolution."""
    yield story.created.at, "start"
    for save in story.until(site.world.now)[1:]:
        if _answers(site, story, save) or save.changes.get("status") in DONE:
            yield save.at, "stop"
            return


def _resolution(site: SimulatedSite, story: TicketHistory) -> Iterator[Turn]:
    """From the creation, and again from each reopening; it waits while the customer is waited for."""
    yield story.created.at, "start"
    was = story.created.status
    for save in story.until(site.world.now)[1:]:
        status = save.changes.get("status", was)
        if status != was and status in DONE:
            yield from [(save.at, "stop")] if was not in DONE else []
        elif status != was:
            yield from [(save.at, "start")] if was in DONE else []
            yield save.at, "pause" if status == "pending" else "go"
        was = status


def _to_close(site: SimulatedSite, story: TicketHistory) -> Iterator[Turn]:
    for save in story.until(site.world.now)[1:]:
        status = save.changes.get("status")
        if status == "closed" or (status is not None and save.before["status"] in DONE):
            yield save.at, "stop"
        elif status == "solved":
            yield save.at, "start"


def _answers(site: SimulatedSite, story: TicketHistory, save: TicketUpdate) -> bool:
    fact = save.fact
    if isinstance(fact, Created) or not fact.comment or not fact.comment.public:
        return False
    account = site.world.accounts.get(fact.actor)
    person = account is not None and not account.bot and account.role_at(save.at) != "customer"
    return person and fact.actor != story.created.requester


def _cycles(site: SimulatedSite, story: TicketHistory, field: str, turns: Iterator[Turn]) -> Iterator[SimulatedCycle]:
    start: int | None = None
    since: int | None = None
    active: list[tuple[int, int]] = []

    def cycle(at: int, stop: int | None) -> SimulatedCycle | None:
        spans = (*active, (since, at)) if since is not None else tuple(active)
        goal = _goal(site, story, field, at)
        return goal and SimulatedCycle(start or 0, stop, spans, since is None, *goal)

    for at, turn in turns:
        if turn == "start":
            start, since, active = at, at, []
        elif start is None:
            continue
        elif turn == "stop":
            done = cycle(at, at)
            yield from [done] if done else []
            start = since = None
        elif turn == "pause" and since is not None:
            active.append((since, at))
            since = None
        elif turn == "go" and since is None:
            since = at
    if start is not None and (running := cycle(site.world.now, None)):
        yield running


def _goal(site: SimulatedSite, story: TicketHistory, field: str, at: int) -> tuple[int, Calendar] | None:
    """By the priority of then; a completed cycle keeps its goal."""
    priority = story.state(at)["priority"]
    if priority is None:
        return None
    minutes = _CLOSE_WITHIN if field == TO_CLOSE else GOALS[priority][field == RESOLUTION]
    hours: DeskHours = site.world.hours
    return minutes * MINUTE, AllDay() if priority == "urgent" else hours


def value(site: SimulatedSite, story: TicketHistory, field: str, self_url: str) -> dict[str, Any] | None:
    """The field of an issue, or a row of /request/{id}/sla; some come without their id."""
    found = cycles(site, story, field)
    if found is None:
        return None
    number = field.removeprefix("customfield_")
    link = f"{self_url}/sla/{number}"
    shown: dict[str, Any] = {} if story.ticket % 4 == 3 else {"id": number}
    shown |= {"name": site.names[field], "_links": {"self": link}, "completedCycles": []}
    for cycle in found:
        if cycle.stop is None:
            shown["ongoingCycle"] = _ongoing(site, story, cycle)
        else:
            shown["completedCycles"].append(_completed(site, story, cycle))
    return shown | {"slaDisplayFormat": "NEW_SLA_FORMAT"}


def _completed(site: SimulatedSite, story: TicketHistory, cycle: SimulatedCycle) -> dict[str, Any]:
    assert cycle.stop is not None
    return {
        "startTime": site.date(cycle.start), "stopTime": site.date(cycle.stop),
        "breachTime": _breach(site, story, cycle), "breached": cycle.elapsed > cycle.goal,
    } | _spans(site, cycle)  # fmt: skip


def _ongoing(site: SimulatedSite, story: TicketHistory, cycle: SimulatedCycle) -> dict[str, Any]:
    """As of now; a paused clock has no due time."""
    now = site.world.now
    until = {} if cycle.paused else {"breachTime": _breach(site, story, cycle)}
    return {
        "startTime": site.date(cycle.start), **until, "breached": cycle.elapsed > cycle.goal, "paused": cycle.paused,
        "withinCalendarHours": cycle.calendar.between(now, now + 1) > 0,
    } | _spans(site, cycle)  # fmt: skip


def _spans(site: SimulatedSite, cycle: SimulatedCycle) -> dict[str, Any]:
    return {
        "goalDuration": site.span(cycle.goal), "elapsedTime": site.span(cycle.elapsed),
        "remainingTime": site.span(cycle.goal - cycle.elapsed),
    }  # fmt: skip


def _breach(site: SimulatedSite, story: TicketHistory, cycle: SimulatedCycle) -> dict[str, Any]:
    """On some sites it lacks the plain forms."""
    shown = site.date(cycle.breach_at)
    return {name: shown[name] for name in ("jira", "friendly")} if story.ticket % 6 == 2 else shown
