"""Where a ticket spends its time: in the queue, with an agent, being handed over, with others, with the customer."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from helpdesk_kpi.measure.timeline import Timeline

Stage = Literal["queue", "agent", "hand_over", "escalated", "third_party", "customer"]
STAGES: tuple[Stage, ...] = ("queue", "agent", "hand_over", "escalated", "third_party", "customer")
_BY_STATE: dict[str, Stage] = {"pending": "customer", "hold": "third_party"}


class Stay(NamedTuple):
    """A span [start, end) in one stage; `end` None: it goes on."""

    start: int
    end: int | None
    stage: Stage
    team: int | None
    assignee: int | None
    severity: str | None


def stays(ticket: Timeline) -> Iterator[Stay]:
    """The ticket's life until it is solved, cut wherever stage, team, assignee or severity change.

    A hand-over lasts from the moment when whoever had it gave it away until somebody else does something with it.
    """
    acts = _acts(ticket)
    holder: int | None = None  # who had it last and did not only receive it
    taken_at: int | None = 0  # when somebody else acted after it was given away; None: nobody yet; 0: it was not
    before: int | None = None
    for start, end, state, severity, team, assignee in ticket.spans():
        if holder is not None and assignee not in {before, holder}:
            taken_at = next((at for at, who in acts if _takes(at, who, start, assignee) and who != holder), None)
        elif assignee == holder:
            taken_at = 0
        before = assignee
        stage = _stage(ticket, state, team, assignee)
        cut = start if taken_at is not None and taken_at <= start else min(taken_at or end or 0, end or taken_at or 0)
        if stage not in {"queue", "agent"} or cut == start:
            yield Stay(start, end, stage, team, assignee, severity)
        else:
            ends = None if taken_at is None and end is None else cut
            yield Stay(start, ends, "hand_over", team, assignee, severity)
            if ends is not None and ends != end:
                yield Stay(ends, end, stage, team, assignee, severity)
        if assignee is not None and taken_at is not None and (end is None or taken_at <= end):
            holder = assignee


def _takes(at: int, who: int | None, given_at: int, assignee: int | None) -> bool:
    """In the moment of the change itself only who receives it can take it: the rest is part of giving it away."""
    return at > given_at or (at == given_at and who == assignee)


def _stage(ticket: Timeline, state: str, team: int | None, assignee: int | None) -> Stage:
    if state in _BY_STATE:
        return _BY_STATE[state]
    if team is not None and team in ticket.desk.escalation_teams:
        return "escalated"
    return "queue" if assignee is None else "agent"


def _acts(ticket: Timeline) -> list[tuple[int, int | None]]:
    """Words and changes of status of people of the team, and taking it over, in order."""
    found = [(t.at, t.person) for t in ticket.turns if t.who == "agent"]
    found += [(c.at, c.person) for c in ticket.changes if c.who == "agent" and ticket.is_act(c)]
    return sorted(found, key=lambda act: act[0])
