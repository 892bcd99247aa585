"""What truly came back: which ticket repeats which is known since the problems were made up.

Windows are over when their days are: a ticket that was solved less than 14 days before is in no row.
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
        for told in _alike(world).values()
        for a in told
        for b in told
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
    """Whether so many customers had written about the same by `as_of`, within a day around it. Only a fault of the
    service itself hits many: what else is asked twice on one day is chance.
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


def _came_back(told: ObservedTicket, since: int) -> bool:
    """Whether the customer wrote about the same problem again in the days after."""
    created = told.created
    later = (s for s in _alike(told.world).get(created.about, ()) if since < s.created.at <= since + WINDOW)
    return any(s.created.requester == created.requester and _counts(told, s) for s in later)


def _counts(told: ObservedTicket, story: TicketHistory) -> bool:
    """Whether a later ticket is a contact of its own, or was one that now lies in the earlier ticket."""
    if not exists(story, told.as_of) or is_of_incident(told.world, story, told.as_of):
        return False
    reason = ObservedTicket(told.world, story, told.as_of).excluded()
    into = next((save.fact.merged_into for save in story.saves[1:] if getattr(save.fact, "merged_into", None)), None)  # type: ignore[union-attr]
    return reason is None or (reason == "merged" and into == told.story.ticket)


def _recurrence(told: ObservedTicket) -> Rows:
    if told.done:
        yield from _rows(told, told.solves[-1:], lambda solve: _came_back(told, solve.at))


def _recurrence_or_reopen(told: ObservedTicket) -> Rows:
    def came(solve: StatusTurn) -> bool:
        return _came_back(told, solve.at) or any(_is_near(r, solve) for r in _reopened(told))

    yield from _rows(told, told.solves, came)


def _first_contact(told: ObservedTicket) -> Rows:
    accepted = told.accepted_at()
    for solve in told.solves[:1]:
        escalated = any(e["at"] <= solve.at and e["reason"] and e["timely"] for e in escalations(told))
        if accepted is not None and accepted <= solve.at and not escalated:
            yield from _rows(told, [solve], lambda solve: _was_first(told, solve))


def _was_first(told: ObservedTicket, solve: StatusTurn) -> bool:
    wrote = [said for said in told.said if said.by == "customer" and not said.is_thanks]
    answers = [(said.at, said.place) for said in told.replies()] + [(at, -1) for at, _ in told.contacts()]
    answered = min((a for a in answers if a[0] <= solve.at), default=None)
    if answered is None or any(answered[0] < said.at <= solve.at for said in wrote):
        return False
    asked = any(_is_soon(said, solve) for said in wrote)
    return not asked and not any(_is_near(r, solve) for r in _reopened(told)) and not _came_back(told, solve.at)


def _is_soon(said: ObservedMessage, solve: StatusTurn) -> bool:
    return solve.at < said.at <= solve.at + WINDOW


def _is_near(turn: StatusTurn, solve: StatusTurn) -> bool:
    return solve.at < turn.at <= solve.at + WINDOW


def _reopened(told: ObservedTicket) -> Iterator[StatusTurn]:
    """Reopenings after which something was still to be done."""
    for turn in told.reopens:
        following = next((s.place for s in told.solves if s.place > turn.place), len(told.saves))
        if reopen_kind(told, turn, following) in {"not_fixed", "followup_question"}:
            yield turn


def _rows(told: ObservedTicket, solves: list[StatusTurn], holds: Callable[[StatusTurn], bool]) -> Rows:
    if is_of_incident(told.world, told.story, told.as_of):
        return
    for solve in solves:
        if solve.at + WINDOW <= told.as_of:
            yield true_observation(told, solve.at, agent=told.solver(solve), value=1.0 if holds(solve) else 0.0)


KPIS: dict[tuple[str, str], tuple[Callable[[ObservedTicket], Rows], bool]] = {
    ("recurrence_rate", "strict"): (_recurrence, False),
    ("recurrence_rate", "incl_reopen"): (_recurrence_or_reopen, False),
    ("first_contact_resolution", "strict"): (_first_contact, False),
}
"""See `truth.KPIS`; given that whoever looks knows which pairs are repeats."""
