"""How long it takes until a ticket is solved."""

from collections.abc import Iterator

from helpdesk_kpi.measure.metrics.contract import Observation
from helpdesk_kpi.measure.metrics.families import speed
from helpdesk_kpi.measure.tickets.resolution_spans import (
    spans_until_accepted_solve,
    spans_until_last_solve,
    spans_until_solve,
)
from helpdesk_kpi.measure.tickets.timeline import Timeline


@speed(
    "First resolution time", short="First resolution", needs={"status.history"}, pair="reopen_rate", revision=3,
    headlines={"worse": "solving{who} takes longer", "better": "solving{who} got faster"},
)  # fmt: skip
def first_resolution_time(ticket: Timeline) -> Iterator[Observation]:
    """From creation to the first time that the ticket was solved. Tickets that are still open are counted as waiting
    at least as long as they have.
    """
    first = ticket.solves[0] if ticket.solves else None
    if first is None or first.at > ticket.created_at:
        yield spans_until_solve(ticket, ticket.created_at, None, until=first.at if first else None)
    if first is not None:
        yield spans_until_solve(ticket, ticket.created_at, first, since=first.at)


@first_resolution_time.variant("zendesk", population="native", hours="at_end")
def _first_zendesk(ticket: Timeline) -> Iterator[Observation]:
    """As Zendesk's native metric: from creation to the first solve (or to closing, if it was never solved); open
    tickets have no value.
    """
    for solve in ticket.solves[:1]:
        yield spans_until_solve(ticket, ticket.created_at, solve, since=solve.at)


@first_resolution_time.variant("fivetran", population="native")
def _first_fivetran(ticket: Timeline) -> Iterator[Observation]:
    """As the dbt package fivetran/dbt_zendesk: from creation to the first solved status; open tickets have no value."""
    yield from _first_zendesk.variants["zendesk"].function(ticket)


@speed(
    "Full resolution time", short="Resolution", needs={"status.history"}, pair="reopen_rate", revision=3,
    headlines={"worse": "solving{who} takes longer", "better": "solving{who} got faster"},
    sentence="Half of {owner} took {value} or longer to be solved",
)  # fmt: skip
def full_resolution_time(ticket: Timeline) -> Iterator[Observation]:
    """From creation to the last time that the ticket was solved. A reopened ticket runs on until it is solved again;
    open tickets are counted as waiting at least as long as they have.
    """
    yield from spans_until_last_solve(ticket, ticket.created_at)


@full_resolution_time.variant("zendesk", population="native", hours="at_end")
def _full_zendesk(ticket: Timeline) -> Iterator[Observation]:
    """As Zendesk's native metric: from creation to the last solve; no value while the ticket is open or reopened."""
    for solve in ticket.solves:
        yield spans_until_solve(ticket, ticket.created_at, solve, since=solve.at, until=solve.reopened_at)


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


@speed(
    "Resolution time since acceptance", short="Resolution since accepted",
    needs={"status.history", "comments.public", "comments.private"}, facet="kind", pair="reopen_rate", revision=4,
    headlines={"worse": "solving{who} takes longer", "better": "solving{who} got faster"},
)  # fmt: skip
def accepted_resolution_time(ticket: Timeline) -> Iterator[Observation]:
    """From acceptance, which is the first thing that a person of the team did with the ticket (reply, internal note,
    change of status, taking it over; automatic assignment does not count), to the last time that it was solved.
    """
    if not ticket.knows_acceptance:
        yield _not_describe(ticket)
    elif ticket.accepted_at is not None:
        yield from spans_until_last_solve(ticket, ticket.accepted_at)


def _not_describe(ticket: Timeline) -> Observation:
    """It may have been accepted in a call or a chat that is not told."""
    return ticket.fact(ticket.created_at, start=ticket.created_at, stop=ticket.missing_contact_data)


@accepted_resolution_time.variant("confirmed", matures=7, awaits="acceptance")
def _from_acceptance(ticket: Timeline) -> Iterator[Observation]:
    """From acceptance, as strict, to the solve that the customer accepted (see confirmed_resolution_time)."""
    if not ticket.knows_acceptance:
        yield _not_describe(ticket)
    elif ticket.accepted_at is not None:
        yield from spans_until_accepted_solve(ticket, ticket.accepted_at)


@accepted_resolution_time.variant("at_confirmation", matures=7, awaits="acceptance")
def _at_confirmation(ticket: Timeline) -> Iterator[Observation]:
    """From acceptance, as strict, to the moment in which the customer's acceptance of a solve was known (see
    confirmed_resolution_time): with the answer or message that says so, or seven days after the solve.
    """
    if not ticket.knows_acceptance:
        yield _not_describe(ticket)
    elif ticket.accepted_at is not None:
        yield from spans_until_accepted_solve(ticket, ticket.accepted_at, until_known=True)


@speed(
    "Resolution time, confirmed", short="Confirmed resolution", awaits="acceptance",
    needs={"status.history", "comments.public"}, facet="kind", pair="reopen_rate", matures=7, revision=2,
)  # fmt: skip
def confirmed_resolution_time(ticket: Timeline) -> Iterator[Observation]:
    """From creation to the solve that the customer accepted: they closed or confirmed it, rated it good, wrote nothing
    but thanks, or did not have it opened again for seven days, which is called tacit; the first of these counts. The
    figure tells how many were accepted in which way. Until it is known, a ticket counts as waiting. Who comes back
    after having accepted changes nothing here; reopen_rate counts that.
    """
    yield from spans_until_accepted_solve(ticket, ticket.created_at)
