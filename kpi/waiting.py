"""Whose turn it was, and for how long."""

from collections.abc import Iterator

import msgspec

from helpdesk_kpi.measure.metrics.contract import Observation
from helpdesk_kpi.measure.metrics.families import speed
from helpdesk_kpi.measure.tickets.holding_intervals import HoldingInterval, list_holding_intervals, list_waiting_spans
from helpdesk_kpi.measure.tickets.resolution_spans import spans_until_last_solve
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.milliseconds import FOREVER


@speed("Requester wait time", short="Waited for us", needs={"status.history"}, pair="full_resolution_time", revision=2)
def requester_wait_time(ticket: Timeline) -> Iterator[Observation]:
    """How long the customer waited for the team in all, from creation to the last solve: the time in which the ticket
    was new, open or on hold. Time in which an answer of theirs was awaited does not count. Tickets that are still open
    are counted as waiting at least as long as they have.
    """
    pieces = list_waiting_spans(ticket)
    for row in spans_until_last_solve(ticket, ticket.created_at):
        yield msgspec.structs.replace(row, pieces=pieces or ((ticket.created_at, ticket.created_at),))


@speed(
    "Held time", short="Held", needs={"status.history", "assignee.history"}, pair="reopen_rate", level="agent",
    min_n=50, revision=2,
)  # fmt: skip
def held_time(ticket: Timeline) -> Iterator[Observation]:
    """How long a person had a ticket while it was up to them: it was assigned to them, and new or open. Everybody is
    told their own part and no one else's, for the team in which they first had it. It runs while the ticket is
    theirs and not solved, and goes on when it comes back to them.
    """
    for hold in list_holding_intervals(ticket):
        yield from _observe_hold(ticket, hold)


def _observe_hold(ticket: Timeline, hold: HoldingInterval) -> Iterator[Observation]:
    """One row per state of knowledge: running while they have it, then to the end of their last piece."""
    start = hold.pieces[0][0]
    row = Observation(
        at=ticket.created_at, start=start, agent=hold.agent, team=ticket.team_at(start),
        severity=ticket.severity_at(start), pieces=hold.pieces,
    )  # fmt: skip
    again = [*(begun for begun, _ in hold.had[1:]), None]
    for (begun, over), following in zip(hold.had, again, strict=True):
        if over <= start:  # it was theirs before there was anything for them to do
            continue
        runs = over == FOREVER
        yield msgspec.structs.replace(row, since=max(begun, start), until=None if runs else over)
        if not runs:
            last = max(end for _, end in hold.pieces if end <= over)
            yield msgspec.structs.replace(row, end=last, since=over, until=following)


@held_time.variant("rostered", hours="owner")
def _held_in_own_hours(ticket: Timeline) -> Iterator[Observation]:
    """As strict, in the hours that the person works (`hours` in their table of `[people]`); without such hours, as
    strict.
    """
    yield from held_time.variants["strict"].function(ticket)
