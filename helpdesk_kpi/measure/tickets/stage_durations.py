"""Time of a ticket by stage: queue, agent, handover, escalated, third party, customer."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.milliseconds import FOREVER

Stage = Literal["queue", "agent", "hand_over", "escalated", "third_party", "customer"]
STAGES: tuple[Stage, ...] = ("queue", "agent", "hand_over", "escalated", "third_party", "customer")
_BY_STATE: dict[str, Stage] = {"pending": "customer", "hold": "third_party"}


class StageInterval(NamedTuple):
    """A span [start, end) in one stage; `end` None: it still runs."""

    start: int
    end: int | None
    stage: Stage
    team: int | None
    assignee: int | None
    severity: str | None


def list_stage_intervals(ticket: Timeline) -> Iterator[StageInterval]:
    """Cut the ticket's open time wherever stage, team, assignee or severity change.

    A handover lasts from the moment when the holder gives the ticket away until another person acts on it.
    """
    acts = _acts(ticket)
    holder: int | None = None  # last holder who acted on it
    taken_at = (
        0  # when another person acted after the handover; 0: not handed over; FOREVER: handed over, not picked up yet
    )
    before: int | None = None
    for start, end, state, severity, team, assignee in ticket.spans():
        if holder is not None and assignee not in {before, holder}:
            took = (at for at, who in acts if _takes(at, who, start, assignee) and who != holder)
            taken_at = next(took, FOREVER)
        elif assignee == holder:
            taken_at = 0
        before = assignee
        stage, until = _stage(ticket, state, team, assignee), FOREVER if end is None else end
        cut = min(max(taken_at, start), until) if stage in {"queue", "agent"} else start
        if cut > start:
            yield StageInterval(start, None if cut == FOREVER else cut, "hand_over", team, assignee, severity)
        if cut < until:
            yield StageInterval(cut, end, stage, team, assignee, severity)
        if assignee is not None and taken_at < FOREVER and taken_at <= until:
            holder = assignee


def _takes(at: int, who: int | None, given_at: int, assignee: int | None) -> bool:
    """Whether an act picks the ticket up. At the instant of the handover only the receiver can."""
    return at > given_at or (at == given_at and who == assignee)


def _stage(ticket: Timeline, state: str, team: int | None, assignee: int | None) -> Stage:
    if state in _BY_STATE:
        return _BY_STATE[state]
    if team is not None and team in ticket.source_rules.escalation_teams:
        return "escalated"
    return "queue" if assignee is None else "agent"


def _acts(ticket: Timeline) -> list[tuple[int, int | None]]:
    """(time, person) of messages, status changes and self-assignments of agents, in order."""
    found = [(t.at, t.person) for t in ticket.messages if t.who == "agent"]
    found += [(c.at, c.person) for c in ticket.changes if c.who == "agent" and ticket.is_act(c)]
    return sorted(found, key=lambda act: act[0])
