"""The row type of true values, shaped like the export of observations, and its constructors."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from oracle.observed_ticket import ObservedTicket


class TrueObservation(msgspec.Struct, frozen=True, kw_only=True):
    """One true observation. Ids are the helpdesk's, as text; times in epoch ms.

    `end` None: the span still runs at as_of; its lengths are then those up to as_of. No span: start and lengths None.
    """

    ticket: str
    at: int
    start: int | None = None
    end: int | None = None
    stop: str = ""
    agent: str | None = None
    team: str | None = None
    severity: str | None = None
    facet: str = ""
    value: float | None = None
    share: float = 1.0
    calendar_ms: int | None = None
    business_ms: int | None = None
    article: str = ""  # id, for a row per article


Rows = Iterator[TrueObservation]


def true_observation(ticket: ObservedTicket, at: int, **more: Any) -> TrueObservation:
    """Build a row with team and severity at `at` unless `more` gives them; ids become text."""
    agent = more.pop("agent", None)
    team = more.pop("team", ticket.team(at))
    severity = more.pop("severity", ticket.severity(at))
    return TrueObservation(
        ticket=str(ticket.story.ticket), at=at, agent=text(agent), team=text(team), severity=severity, **more
    )


def span(
    ticket: ObservedTicket, at: int, start: int, end: int | None, *, agent: int | None = None, stop: str = ""
) -> TrueObservation:
    """A span whose severity is that of its start and whose team is that of `at`."""
    return spans(ticket, at, start, end, [(start, end)], agent=agent, stop=stop)


def spans(
    ticket: ObservedTicket, at: int, start: int, end: int | None, pieces: Sequence[tuple[int, int | None]], **more: Any
) -> TrueObservation:
    """A span of which only some pieces count; a piece without an end lasts as long as it does."""
    until, severity = ticket.as_of if end is None else end, ticket.severity(start)
    cut = [(a, until if b is None else min(b, until)) for a, b in pieces if a < until]
    calendar = sum(b - a for a, b in cut)
    business = calendar if severity in ticket.world.desk.always else sum(ticket.worked(a, b) for a, b in cut)
    return true_observation(
        ticket, at, start=start, end=end, severity=severity, calendar_ms=calendar, business_ms=business, **more
    )


def text(number: int | None) -> str | None:
    return None if number is None else str(number)
