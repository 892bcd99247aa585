"""Whose a span of a ticket's life was, over time: what lies between two instants belongs to those who had it then."""

from collections.abc import Iterator
from typing import NamedTuple

from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.milliseconds import FOREVER


class WaitShare(NamedTuple):
    """What of a span was one person's."""

    agent: int | None  # None: nobody's, so the queue's
    pieces: tuple[tuple[int, int], ...]
    share: float  # of the span


class WaitInterval(NamedTuple):
    """From an instant on, the ticket is somebody's; `pieces` are all that they have had of the span by then."""

    at: int
    agent: int | None
    pieces: tuple[tuple[int, int], ...]  # the last one still runs


def split_wait(ticket: Timeline, start: int, end: int) -> list[WaitShare]:
    """Each owner's part of [start, end), in the order in which they first had it; their shares sum to 1."""
    if end <= start:
        return [WaitShare(_owner(ticket, start), ((start, start),), 1.0)]
    had: dict[int | None, list[tuple[int, int]]] = {}
    for agent, piece in _pieces(ticket, start, end):
        had.setdefault(agent, []).append(piece)
    return [
        WaitShare(agent, tuple(pieces), sum(b - a for a, b in pieces) / (end - start)) for agent, pieces in had.items()
    ]


def attribute_wait(ticket: Timeline, start: int, end: int | None) -> Iterator[WaitInterval]:
    """Whose the span has been, from when on, as long as it runs."""
    had: dict[int | None, tuple[tuple[int, int], ...]] = {}
    for agent, piece in _pieces(ticket, start, FOREVER if end is None else end):
        before = had.get(agent, ())
        yield WaitInterval(piece[0], agent, (*before, (piece[0], FOREVER)))
        had[agent] = (*before, piece)


def _pieces(ticket: Timeline, start: int, end: int) -> Iterator[tuple[int | None, tuple[int, int]]]:
    """[start, end) cut where it passed from one owner to another."""
    begun, owner = start, _owner(ticket, start)
    for at in sorted({c.at for c in ticket.changes if c.field == "assignee" and start < c.at < end}):
        following = _owner(ticket, at)
        if following != owner:
            yield owner, (begun, at)
            begun, owner = at, following
    if begun < end:
        yield owner, (begun, end)


def _owner(ticket: Timeline, instant: int) -> int | None:
    """What is given to a bot waits for a person all the same."""
    assignee = ticket.assignee_at(instant)
    return None if assignee in ticket.source_rules.bots else assignee
