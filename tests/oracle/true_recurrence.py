"""True repeat contacts, from the problems that the world labels.

A ticket enters the rows when its window is over: 14 days after its solve.
"""

from collections.abc import Callable, Iterator
from functools import cache

from helpdesk_kpi.simulator.world.clock import DAY, HOUR
from helpdesk_kpi.simulator.world.ticket_history import TicketHistory
from helpdesk_kpi.simulator.world.world import World
from oracle.observed_ticket import ObservedMessage, ObservedTicket, StatusTurn, exists
from oracle.true_kpis import reopen_kind
from oracle.true_observations import Rows, true_observation
from oracle.true_volume import escalations

WINDOW = 14 * DAY
INCIDENT = 5  # customers with one fault within a day: it is an incident


def true_pairs(world: World) -> set[tuple[int, int]]:
    """(earlier, later): tickets of one customer about one problem."""
    return {
        (a.ticket, b.ticket)
        for tickets in _alike(world).values()
        for a in tickets
        for b in tickets
        if a.created.requester == b.created.requester and a.created.at < b.created.at
    }


@cache
def _alike(world: World) -> dict[str, list[TicketHistory]]:
    """Problem -> the tickets about it, in order of time."""
    found: dict[str, list[TicketHistory]] = {}
    for story in sorted(world.stories.values(), key=lambda s: s.created.at):
        if story.created.about:
            found.setdefault(story.created.about, []).append(story)
    return found


def is_of_incident(world: World, story: TicketHistory, as_of: int) -> bool:
    """Whether at least INCIDENT customers wrote about the same problem by `as_of`, within a day around the ticket.

    Only a fault of the service counts: other problems that several customers report on one day are coincidence.
    """
    about = story.created.about
    if not about.startswith(("outage", "a fault")):
        return False
    customers = {
        other.created.requester
        for other in _alike(world)[about]
        if other.created.at <= as_of and abs(other.created.at - story.created.at) <= 24 * HOUR
    }
    return len(customers) >= INCIDENT


def _came_back(ticket: ObservedTicket, since: int) -> bool:
    """Whether the customer wrote about the same problem again within WINDOW."""
    created = ticket.created
    later = (s for s in _alike(ticket.world).get(created.about, ()) if since < s.created.at <= since + WINDOW)
    return any(s.created.requester == created.requester and _counts(ticket, s) for s in later)


def _counts(ticket: ObservedTicket, story: TicketHistory) -> bool:
    """Whether a later ticket is a contact of its own, or was one that now lies in the earlier ticket."""
    if not exists(story, ticket.as_of) or is_of_incident(ticket.world, story, ticket.as_of):
        return False
    reason = ObservedTicket(ticket.world, story, ticket.as_of).excluded()
    into = next((save.fact.merged_into for save in story.saves[1:] if getattr(save.fact, "merged_into", None)), None)  # type: ignore[union-attr]
    return reason is None or (reason == "merged" and into == ticket.story.ticket)


def _recurrence(ticket: ObservedTicket) -> Rows:
    if ticket.done:
        yield from _rows(ticket, ticket.solves[-1:], lambda solve: _came_back(ticket, solve.at))


def _recurrence_or_reopen(ticket: ObservedTicket) -> Rows:
    def came(solve: StatusTurn) -> bool:
        return _came_back(ticket, solve.at) or any(_is_near(r, solve) for r in _reopened(ticket))

    yield from _rows(ticket, ticket.solves, came)


def _first_contact(ticket: ObservedTicket) -> Rows:
    accepted = ticket.accepted_at()
    for solve in ticket.solves[:1]:
        escalated = any(e["at"] <= solve.at and e["reason"] and e["timely"] for e in escalations(ticket))
        if accepted is not None and accepted <= solve.at and not escalated:
            yield from _rows(ticket, [solve], lambda solve: _was_first(ticket, solve))


def _was_first(ticket: ObservedTicket, solve: StatusTurn) -> bool:
    wrote = [said for said in ticket.said if said.by == "customer" and not said.is_thanks]
    answers = [(said.at, said.place) for said in ticket.replies()] + [(at, -1) for at, _ in ticket.contacts()]
    answered = min((a for a in answers if a[0] <= solve.at), default=None)
    if answered is None or any(answered[0] < said.at <= solve.at for said in wrote):
        return False
    has_question = any(_is_soon(said, solve) for said in wrote)
    return (
        not has_question and not any(_is_near(r, solve) for r in _reopened(ticket)) and not _came_back(ticket, solve.at)
    )


def _is_soon(said: ObservedMessage, solve: StatusTurn) -> bool:
    return solve.at < said.at <= solve.at + WINDOW


def _is_near(turn: StatusTurn, solve: StatusTurn) -> bool:
    return solve.at < turn.at <= solve.at + WINDOW


def _reopened(ticket: ObservedTicket) -> Iterator[StatusTurn]:
    """Reopens that needed more work."""
    for turn in ticket.reopens:
        following = next((s.place for s in ticket.solves if s.place > turn.place), len(ticket.saves))
        if reopen_kind(ticket, turn, following) in {"not_fixed", "followup_question"}:
            yield turn


def _rows(ticket: ObservedTicket, solves: list[StatusTurn], holds: Callable[[StatusTurn], bool]) -> Rows:
    if is_of_incident(ticket.world, ticket.story, ticket.as_of):
        return
    for solve in solves:
        if solve.at + WINDOW <= ticket.as_of:
            yield true_observation(ticket, solve.at, agent=ticket.solver(solve), value=1.0 if holds(solve) else 0.0)


KPIS: dict[tuple[str, str], tuple[Callable[[ObservedTicket], Rows], bool]] = {
    ("recurrence_rate", "strict"): (_recurrence, False),
    ("recurrence_rate", "incl_reopen"): (_recurrence_or_reopen, False),
    ("first_contact_resolution", "strict"): (_first_contact, False),
}
"""As `truth.KPIS`, for an observer who knows which pairs are repeat contacts."""
