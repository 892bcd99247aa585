"""Observations of spans that end with a solve: one per state of knowledge; each replaces the one before."""

from collections.abc import Iterator

import msgspec

from helpdesk_kpi.measure.metrics.contract import Observation
from helpdesk_kpi.measure.tickets.acceptance import find_acceptance
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.measure.tickets.timeline_events import Solve


def spans_until_last_solve(ticket: Timeline, start: int) -> Iterator[Observation]:
    """Spans that run until a solve, and again after a reopen."""
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
    """Spans that run until the acceptance of a solve is known.

    Then they end at that solve, or with `until_known` when the acceptance was known.
    """
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
    """Build one observation; without a solve it still runs."""
    created = ticket.created_at
    return Observation(
        at=created, start=start, end=solve.at if solve else None, agent=solve.agent if solve else None,
        team=ticket.team_at(created), severity=ticket.severity_at(start), since=since, until=until,
    )  # fmt: skip
