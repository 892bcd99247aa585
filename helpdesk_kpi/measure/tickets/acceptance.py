"""When a customer accepted a solve, and by which sign."""

from collections.abc import Iterator
from typing import NamedTuple

from helpdesk_kpi.identities.source_rules import DONE_STATES
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.measure.tickets.timeline_events import Solve
from helpdesk_kpi.milliseconds import DAY
from helpdesk_kpi.model import MAIN

TACIT = 7 * DAY  # a solve without a reopen for this long counts as accepted


class Acceptance(NamedTuple):
    """A solve that the customer accepted."""

    solve: Solve
    at: int  # when the acceptance was known
    how: str  # confirmed_by_customer, rated_good, thanked, tacit


def find_acceptance(ticket: Timeline, start: int) -> Acceptance | None:
    """Find the first accepted solve from `start` on.

    An acceptance is final: a later message of the customer is about a new problem.

    Returns:
        None: no solve has been accepted.
    """
    found = (_first_sign(ticket, solve) for solve in ticket.solves if solve.at >= start)
    return next(filter(None, found), None)


def _first_sign(ticket: Timeline, solve: Solve) -> Acceptance | None:
    """Return the acceptance by its first sign; None if the ticket was reopened for more than thanks before."""
    reopened = _reopened_at(ticket, solve)
    signs = [*_closed_by_customer(ticket, solve), *_rated_good(ticket, solve), *_gratitude_messages(ticket, solve)]
    signs.append((solve.at + TACIT, "tacit"))
    at, how = min(signs, key=lambda sign: sign[0])
    return None if reopened is not None and at >= reopened else Acceptance(solve, at, how)


def _reopened_at(ticket: Timeline, solve: Solve) -> int | None:
    """When the solve was undone; None: it was not. A reopen by a message of mere thanks does not undo it."""
    reopen = next((r for r in ticket.reopens if r.at == solve.reopened_at), None)
    return None if reopen is None or reopen.kinds[0][1] == "thanks" else reopen.at


def _closed_by_customer(ticket: Timeline, solve: Solve) -> Iterator[tuple[int, str]]:
    """Status changes of the customer to a done state, at the solve or after it."""
    for change in ticket.changes:
        own = (
            change.field == "status"
            and change.who == "customer"
            and ticket.source_rules.state(change.after) in DONE_STATES
        )
        if own and change.at >= solve.at:
            yield change.at, "confirmed_by_customer"


def _rated_good(ticket: Timeline, solve: Solve) -> Iterator[tuple[int, str]]:
    """Good overall ratings after the solve; questions about one aspect of the service are no acceptance."""
    for rated in ticket.answers():
        if rated.dimension == MAIN:
            yield from ((a.at, "rated_good") for a in rated.answers if a.category == "good" and a.at > solve.at)


def _gratitude_messages(ticket: Timeline, solve: Solve) -> Iterator[tuple[int, str]]:
    """Public messages of mere thanks from the customer after the solve."""
    for message in ticket.messages:
        if (
            message.kind == "comment"
            and message.public
            and message.who == "customer"
            and message.is_thanks
            and message.at > solve.at
        ):
            yield message.at, "thanked"
