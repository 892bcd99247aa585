"""How long it takes until a ticket is solved."""

from collections.abc import Iterator

from helpdesk_kpi.measure.contract import Duration, Observation, kpi
from helpdesk_kpi.measure.moments import Solve
from helpdesk_kpi.measure.timeline import Timeline


@kpi(
    "First resolution time",
    unit="ms",
    better="lower",
    statistic=Duration(),
    anchor="created",
    needs={"status.history"},
    revision=2,
    pair="reopen_rate",
    dimension="speed",
    level="team",
)
def first_resolution_time(ticket: Timeline) -> Iterator[Observation]:
    """From creation to the first time that the ticket was solved. Tickets that are still open are counted as waiting
    at least as long as they have.
    """
    first = ticket.solves[0] if ticket.solves else None
    if first is None or first.at > ticket.created_at:
        yield _span(ticket, ticket.created_at, None, until=first.at if first else None)
    if first is not None:
        yield _span(ticket, ticket.created_at, first, since=first.at)


@first_resolution_time.variant("zendesk", population="native")
def _first_zendesk(ticket: Timeline) -> Iterator[Observation]:
    """As Zendesk's native metric: from creation to the first solve (or to closing, if it was never solved); open
    tickets have no value.
    """
    for solve in ticket.solves[:1]:
        yield _span(ticket, ticket.created_at, solve, since=solve.at)


@first_resolution_time.variant("fivetran", population="native")
def _first_fivetran(ticket: Timeline) -> Iterator[Observation]:
    """As the dbt package fivetran/dbt_zendesk: from creation to the first solved status; open tickets have no value."""
    yield from _first_zendesk.variants["zendesk"].function(ticket)


@kpi(
    "Full resolution time",
    unit="ms",
    better="lower",
    statistic=Duration(),
    anchor="created",
    needs={"status.history"},
    revision=2,
    pair="reopen_rate",
    dimension="speed",
    level="team",
)
def full_resolution_time(ticket: Timeline) -> Iterator[Observation]:
    """From creation to the last time that the ticket was solved. A reopened ticket runs on until it is solved again;
    open tickets are counted as waiting at least as long as they have.
    """
    yield from _to_last_solve(ticket, ticket.created_at)


@full_resolution_time.variant("zendesk", population="native")
def _full_zendesk(ticket: Timeline) -> Iterator[Observation]:
    """As Zendesk's native metric: from creation to the last solve; no value while the ticket is open or reopened."""
    for solve in ticket.solves:
        yield _span(ticket, ticket.created_at, solve, since=solve.at, until=solve.reopened_at)


@full_resolution_time.variant("freshdesk", population="native")
def _full_freshdesk(ticket: Timeline) -> Iterator[Observation]:
    """As Freshdesk's analytics: from creation to the last time that the ticket was resolved (or closed, if it never
    was); no value while the ticket is open or reopened.
    """
    yield from _full_zendesk.variants["zendesk"].function(ticket)


@full_resolution_time.variant("fivetran", population="native")
def _full_fivetran(ticket: Timeline) -> Iterator[Observation]:
    """As the dbt package fivetran/dbt_zendesk: from creation to the last solved status; open tickets have no value."""
    yield from _full_zendesk.variants["zendesk"].function(ticket)


@kpi(
    "Resolution time since acceptance",
    unit="ms",
    better="lower",
    statistic=Duration(),
    anchor="created",
    needs={"status.history", "comments.public", "comments.private"},
    revision=2,
    pair="reopen_rate",
    dimension="speed",
    level="team",
)
def accepted_resolution_time(ticket: Timeline) -> Iterator[Observation]:
    """From acceptance, which is the first thing that a person of the team did with the ticket (reply, internal note,
    change of status, taking it over; automatic assignment does not count), to the last time that it was solved.
    """
    if ticket.accepted_at is not None:
        yield from _to_last_solve(ticket, ticket.accepted_at)


def _to_last_solve(ticket: Timeline, start: int) -> Iterator[Observation]:
    """One row per state of knowledge: running until solved, again after a reopen; each takes the place of the last."""
    running_since: int | None = start
    for solve in ticket.solves:
        if solve.at < start:
            continue
        if running_since is not None and running_since < solve.at:
            yield _span(ticket, start, None, since=running_since, until=solve.at)
        yield _span(ticket, start, solve, since=solve.at, until=solve.reopened_at)
        running_since = solve.reopened_at
    if running_since is not None:
        yield _span(ticket, start, None, since=running_since)


def _span(
    ticket: Timeline, start: int, solve: Solve | None, *, since: int | None = None, until: int | None = None
) -> Observation:
    created = ticket.created_at
    return Observation(
        at=created, start=start, end=solve.at if solve else None, agent=solve.agent if solve else None,
        team=ticket.team_at(created), severity=ticket.severity_at(start), since=since, until=until,
    )  # fmt: skip
