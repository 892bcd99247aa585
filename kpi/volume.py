"""How much is done, and how much of it comes back."""

from collections.abc import Iterator

from helpdesk_kpi.measure.contract import Observation, Share, Stock, Total, kpi
from helpdesk_kpi.measure.timeline import Timeline


@kpi(
    "Solved tickets",
    unit="tickets",
    better="neither",
    statistic=Total(),
    anchor="solved",
    needs={"status.history"},
    revision=2,
    pair="reopen_rate",
    dimension="volume",
    level="agent",
)
def solved_tickets(ticket: Timeline) -> Iterator[Observation]:
    """Tickets whose last solve lies in the period. Spam, test, merged, deleted, internal and outbound tickets do not
    count. A ticket that is reopened leaves the count until it is solved again. It counts for the person who solved it;
    when an automation did, for the assignee of that moment.
    """
    for solve in ticket.solves:
        yield Observation(
            at=solve.at, agent=solve.agent, team=ticket.team_at(solve.at), severity=ticket.severity_at(solve.at),
            value=1, until=solve.reopened_at,
        )  # fmt: skip


@kpi(
    "Reopen rate",
    unit="share",
    better="lower",
    statistic=Share(),
    anchor="solved",
    needs={"status.history"},
    revision=3,
    facet="kind",
    pair="full_resolution_time",
    dimension="quality",
    level="agent",
    min_n=100,
)
def reopen_rate(ticket: Timeline) -> Iterator[Observation]:
    """Of the solves in the period, the share after which the ticket was opened again, by reason: not fixed, a
    follow-up question, mere thanks, an automation, or the team itself.
    """
    reopens = iter(ticket.reopens)
    for solve in ticket.solves:
        fact = Observation(
            at=solve.at, agent=solve.agent, team=ticket.team_at(solve.at), severity=ticket.severity_at(solve.at),
            value=0, until=solve.reopened_at,
        )  # fmt: skip
        yield fact
        if solve.reopened_at is not None:
            yield from _reopened(fact, next(reopens).kinds)


def _reopened(fact: Observation, kinds: tuple[tuple[int, str], ...]) -> Iterator[Observation]:
    ends = [since for since, _ in kinds[1:]]
    for (since, kind), until in zip(kinds, [*ends, None], strict=True):
        yield Observation(
            at=fact.at, agent=fact.agent, team=fact.team, severity=fact.severity, facet=kind, value=1, since=since,
            until=until,
        )  # fmt: skip


@kpi(
    "Backlog",
    unit="tickets",
    better="lower",
    statistic=Stock(),
    anchor="instant",
    needs={"status.history"},
    revision=1,
    facet="kind",
    pair="solved_tickets",
    dimension="speed",
    level="team",
)
def backlog(ticket: Timeline) -> Iterator[Observation]:
    """Tickets that are not solved at the end of the period, by severity and state."""
    for start, end, state, severity, team, assignee in ticket.spans():
        yield Observation(
            at=start, start=start, end=end, agent=assignee, team=team, severity=severity, facet=state, value=1
        )
