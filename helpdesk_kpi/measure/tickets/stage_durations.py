"""Where a ticket spends its time: in the queue, with an agent, being handed over, with others, with the customer."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.milliseconds import FOREVER

Stage = Literal["queue", "agent", "hand_over", "escalated", "third_party", "customer"]
STAGES: tuple[Stage, ...] = ("queue", "agent", "hand_over", "escalated", "third_party", "customer")
_BY_STATE: dict[str, Stage] = {"pending": "customer", "hold": "third_party"}


class StageInterval(NamedTuple):
    """A span [start, end) in one stage; `end` None: it goes on."""

    start: int
    end: int | None
    stage: Stage
    team: int | None
    assignee: int | None
    severity: str | None


def list_stage_intervals(ticket: Timeline) -> Iterator[StageInterval]:
    """The ticket's life until it is solved, cut wherever stage, team, assignee or severity change.

    A hand-over lasts from the moment when whoever had it gave it away until somebody else does something with it.
    """
    acts = _acts(ticket)
    holder: int | None = None  # who had it last and did not only receive it
    taken_at = 0  # when somebody else acted after it was given away; FOREVER: nobody yet; 0: it was not given away
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
    """In the moment of the change itself only who receives it can take it: the rest is part of giving it away."""
    return at > given_at or (at == given_at and who == assignee)


def _stage(ticket: Timeline, state: str, team: int | None, assignee: int | None) -> Stage:
    if state in _BY_STATE:
        return _BY_STATE[state]
    if team is not None and team in ticket.source_rules.escalation_teams:
        return "escalated"
    return "queue" if assignee is None else "agent"


def _acts(ticket: Timeline) -> list[tuple[int, int | None]]:
    """Words and changes of status of people of the team, and taking it over, in order."""
    found = [(t.at, t.person) for t in ticket.messages if t.who == "agent"]
    found += [(c.at, c.person) for c in ticket.changes if c.who == "agent" and ticket.is_act(c)]
    return sorted(found, key=lambda act: act[0])
