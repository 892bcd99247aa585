"""Attribute a span of a ticket to its holders: each part belongs to the person who held the ticket then."""

from collections.abc import Iterator
from typing import NamedTuple

from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.milliseconds import FOREVER


class WaitShare(NamedTuple):
    """The part of a span that belongs to one person."""

    agent: int | None  # None: unassigned (queue time)
    pieces: tuple[tuple[int, int], ...]
    share: float  # of the span


class WaitInterval(NamedTuple):
    """From `at` on the ticket belongs to `agent`; `pieces` are all their parts of the span up to then."""

    at: int
    agent: int | None
    pieces: tuple[tuple[int, int], ...]  # the last one ends at FOREVER


def split_wait(ticket: Timeline, start: int, end: int) -> list[WaitShare]:
    """Split [start, end) among its holders, in order of first assignment; shares sum to 1."""
    if end <= start:
        return [WaitShare(_owner(ticket, start), ((start, start),), 1.0)]
    had: dict[int | None, list[tuple[int, int]]] = {}
    for agent, piece in _pieces(ticket, start, end):
        had.setdefault(agent, []).append(piece)
    return [
        WaitShare(agent, tuple(pieces), sum(b - a for a, b in pieces) / (end - start)) for agent, pieces in had.items()
    ]


def attribute_wait(ticket: Timeline, start: int, end: int | None) -> Iterator[WaitInterval]:
    """The holder of a running span over time; `end` None: it still runs."""
    had: dict[int | None, tuple[tuple[int, int], ...]] = {}
    for agent, piece in _pieces(ticket, start, FOREVER if end is None else end):
        before = had.get(agent, ())
        yield WaitInterval(piece[0], agent, (*before, (piece[0], FOREVER)))
        had[agent] = (*before, piece)


def _pieces(ticket: Timeline, start: int, end: int) -> Iterator[tuple[int | None, tuple[int, int]]]:
    """Cut [start, end) where the holder changes."""
    begun, owner = start, _owner(ticket, start)
    for at in sorted({c.at for c in ticket.changes if c.field == "assignee" and start < c.at < end}):
        following = _owner(ticket, at)
        if following != owner:
            yield owner, (begun, at)
            begun, owner = at, following
    if begun < end:
        yield owner, (begun, end)


def _owner(ticket: Timeline, instant: int) -> int | None:
    """The assignee; None: unassigned, or assigned to a bot and so still waiting for a person."""
    assignee = ticket.assignee_at(instant)
    return None if assignee in ticket.source_rules.bots else assignee
