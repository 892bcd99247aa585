"""Spans of a ticket that count for a clock: while it waits for the team, or while a person holds it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.milliseconds import FOREVER

Span = tuple[int, int]
FOR_THE_TEAM = frozenset({"new", "open", "hold"})
FOR_THE_OWNER = frozenset({"new", "open"})


class HoldingInterval(NamedTuple):
    """The spans in which one person held a ticket."""

    agent: int
    had: tuple[Span, ...]  # assigned to them and not done
    pieces: tuple[Span, ...]  # the part in which they had to act


def list_waiting_spans(ticket: Timeline) -> tuple[Span, ...]:
    """Spans in which the customer waits for the team: new, open or on hold."""
    return _merge_spans((start, end) for start, end, state, *_ in ticket.spans() if state in FOR_THE_TEAM)


def list_holding_intervals(ticket: Timeline) -> Iterator[HoldingInterval]:
    """One entry per person who held the ticket while there was something to do, in order of first assignment."""
    had: dict[int, list[Span]] = {}
    pieces: dict[int, list[Span]] = {}
    for start, end, state, _, _, assignee in ticket.spans():
        if assignee is None or assignee in ticket.source_rules.bots:
            continue
        span = (start, FOREVER if end is None else end)
        had.setdefault(assignee, []).append(span)
        if state in FOR_THE_OWNER:
            pieces.setdefault(assignee, []).append(span)
    for agent, of_agent in had.items():
        if agent in pieces:
            yield HoldingInterval(agent, _merge_spans(of_agent), _merge_spans(pieces[agent]))


def _merge_spans(spans: Iterable[tuple[int, int | None]]) -> tuple[Span, ...]:
    """Merge adjacent spans; None as an end becomes FOREVER."""
    found: list[Span] = []
    for start, until in spans:
        end = FOREVER if until is None else until
        if found and found[-1][1] == start:
            found[-1] = found[-1][0], end
        else:
            found.append((start, end))
    return tuple(found)
