"""Observations of spans that end with a solve: one for each state of knowledge, each takes the place of the last."""

from collections.abc import Iterator

import msgspec

from helpdesk_kpi.measure.metrics.contract import Observation
from helpdesk_kpi.measure.tickets.acceptance import find_acceptance
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.measure.tickets.timeline_events import Solve


def spans_until_last_solve(ticket: Timeline, start: int) -> Iterator[Observation]:
    """Running until solved, and again after a reopen."""
    running_since: int | None = start
    for solve in ticket.solves:
        if solve.at < start:
            continue
        if running_since is not None and running_since < solve.at:
            yield spans_until_solve(ticket, start, None, since=running_since, until=solve.at)
        yield spans_until_solve(ticket, start, solve, since=solve.at, until=solve.reopened_at)
        running_since = solve.reopened_at
    if running_since is not None:
        yield spans_until_solve(ticket, start, None, since=running_since)


def spans_until_accepted_solve(ticket: Timeline, start: int, *, until_known: bool = False) -> Iterator[Observation]:
    """Running until the customer's acceptance of a solve is known; then to that solve, or to when it was known."""
    found = find_acceptance(ticket, start)
    if found is None:
        yield spans_until_solve(ticket, start, None, since=start)
        return
    if found.at > start:
        yield spans_until_solve(ticket, start, None, since=start, until=found.at)
    accepted = spans_until_solve(ticket, start, found.solve, since=found.at)
    end = found.at if until_known else found.solve.at
    yield msgspec.structs.replace(accepted, facet=found.how, end=end)


def spans_until_solve(
    ticket: Timeline, start: int, solve: Solve | None, *, since: int | None = None, until: int | None = None
) -> Observation:
    """One row; without a solve it runs."""
    created = ticket.created_at
    return Observation(
        at=created, start=start, end=solve.at if solve else None, agent=solve.agent if solve else None,
        team=ticket.team_at(created), severity=ticket.severity_at(start), since=since, until=until,
    )  # fmt: skip
