"""True observations of one ticket for the KPIs of waiting, holding, acceptance and flow."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from helpdesk_kpi.simulator.world.clock import DAY
from helpdesk_kpi.simulator.world.ticket_history import DONE
from oracle.observed_ticket import ObservedTicket, StatusTurn
from oracle.true_observations import Rows, TrueObservation, span, spans, true_observation

PATIENCE = 7 * DAY  # a solve without a reopen for so long is accepted tacitly


class Stretch(NamedTuple):
    """An interval between two saves of a ticket."""

    start: int
    end: int | None  # None: it still runs
    status: str
    assignee: int | None


def _stretches(ticket: ObservedTicket) -> list[Stretch]:
    """From the creation to as_of, one after the other."""
    starts = sorted({save.at for save in ticket.saves})
    found = []
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        now = ticket.story.state(start)
        found.append(Stretch(start, end, now["status"], now["assignee"]))
    return found


def _wait(ticket: ObservedTicket) -> Rows:
    """New, open and on hold, up to the last solve."""
    last = ticket.solves[-1] if ticket.done and ticket.solves else None
    ours = [(s.start, s.end) for s in _stretches(ticket) if s.status in {"new", "open", "hold"}]
    agent = ticket.solver(last) if last else None
    yield spans(ticket, ticket.created.at, ticket.created.at, last.at if last else None, ours, agent=agent)


def _held(ticket: ObservedTicket) -> Rows:
    stretches = _stretches(ticket)
    for agent in {s.assignee for s in stretches} - {None}:
        assert agent is not None
        theirs = [s for s in stretches if s.assignee == agent and s.status in {"new", "open"}]
        account = ticket.world.accounts.get(agent)
        if theirs and not (account and account.bot):
            start, now = theirs[0].start, stretches[-1]
            has_it = now.assignee == agent and now.status not in DONE
            yield spans(
                ticket, ticket.created.at, start, ticket.moved_at if has_it else theirs[-1].end,
                [(s.start, s.end) for s in theirs], agent=agent, team=ticket.team(start),
            )  # fmt: skip


def _confirmed(ticket: ObservedTicket) -> Rows:
    yield _to_acceptance(ticket, ticket.created.at)


def _accepted_confirmed(ticket: ObservedTicket) -> Rows:
    accepted = ticket.accepted_at()
    if accepted is not None:
        yield _to_acceptance(ticket, accepted)


def _accepted_at_confirmation(ticket: ObservedTicket) -> Rows:
    accepted = ticket.accepted_at()
    if accepted is not None:
        yield _to_acceptance(ticket, accepted, until_known=True)


def _to_acceptance(ticket: ObservedTicket, start: int, *, until_known: bool = False) -> TrueObservation:
    for solve in ticket.solves:
        if solve.at >= start and (sign := _acceptance(ticket, solve)):
            end = sign[0] if until_known else solve.at
            found = span(ticket, ticket.created.at, start, end, agent=ticket.solver(solve))
            return msgspec.structs.replace(found, facet=sign[1])
    return span(ticket, ticket.created.at, start, None)


def _acceptance(ticket: ObservedTicket, solve: StatusTurn) -> tuple[int, str] | None:
    """The first sign after a solve; None: it was opened again before, or it is not known yet."""
    back = next((turn for turn in ticket.reopens if turn.place > solve.place), None)
    place = back.place if back else len(ticket.saves)
    end = back.at if back else ticket.as_of + 1
    later = [(i, s) for i, s in enumerate(ticket.saves) if solve.place <= i < place]
    signs = [
        (save.at, "confirmed_by_customer")
        for _, save in later
        if ticket.by(save) == "customer" and save.changes.get("status") in DONE
    ]
    signs += [
        (said.at, "thanked") for said in ticket.said if said.by == "customer" and said.is_thanks
        and solve.place < said.place <= place
    ]  # fmt: skip
    signs += [(at, "rated_good") for at in _good_ratings(ticket) if solve.at < at < end]
    if solve.at + PATIENCE < end:
        signs.append((solve.at + PATIENCE, "tacit"))
    return min(signs, key=lambda sign: sign[0], default=None)


def _good_ratings(ticket: ObservedTicket) -> Iterator[int]:
    """When customers said that the service as a whole was good, in surveys that the helpdesk's plan provides."""
    missing, new = ticket.world.plan_without, {offered.survey for offered in ticket.story.offered if offered.new}
    for answered in ticket.story.answered:
        is_hidden = "csat" in missing or ("surveys" in missing and answered.survey in new)
        if answered.at <= ticket.as_of and not is_hidden and answered.ratings.get("overall", 0) > 3:
            yield answered.at


def _age(ticket: ObservedTicket) -> Rows:
    if not ticket.done:
        yield true_observation(ticket, ticket.as_of, agent=ticket.story.state(ticket.as_of)["assignee"], value=1.0)


def _flow(ticket: ObservedTicket) -> Rows:
    """In at the creation, out with every solve, in again with every reopening."""
    yield true_observation(ticket, ticket.created.at, facet="created", value=1.0)
    for solve in ticket.solves:
        yield true_observation(ticket, solve.at, agent=ticket.solver(solve), facet="solved", value=-1.0)
    for reopen in ticket.reopens:
        yield true_observation(ticket, reopen.at, facet="reopened", value=1.0)


KPIS: dict[tuple[str, str], tuple[Callable[[ObservedTicket], Rows], bool]] = {
    ("requester_wait_time", "strict"): (_wait, False),
    ("held_time", "strict"): (_held, False),
    ("held_time", "rostered"): (_held, False),  # no person of a world has personal hours
    ("confirmed_resolution_time", "strict"): (_confirmed, False),
    ("accepted_resolution_time", "confirmed"): (_accepted_confirmed, False),
    ("accepted_resolution_time", "at_confirmation"): (_accepted_at_confirmation, False),
    ("backlog_age", "strict"): (_age, False),
    ("net_flow", "strict"): (_flow, False),
}
