"""What the KPIs of waiting, holding, acceptance and flow truly count on one ticket."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from helpdesk_kpi.simulator.world.clock import DAY
from helpdesk_kpi.simulator.world.ticket_history import DONE
from oracle.observed_ticket import ObservedTicket, StatusTurn
from oracle.true_observations import Rows, TrueObservation, span, spans, true_observation

PATIENCE = 7 * DAY  # a solve that is not taken back for so long is accepted in silence


class Stretch(NamedTuple):
    """Between two saves of a ticket nothing changes."""

    start: int
    end: int | None  # None: it lasts
    status: str
    assignee: int | None


def _stretches(told: ObservedTicket) -> list[Stretch]:
    """From the creation to as_of, one after the other."""
    starts = sorted({save.at for save in told.saves})
    found = []
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        now = told.story.state(start)
        found.append(Stretch(start, end, now["status"], now["assignee"]))
    return found


def _wait(told: ObservedTicket) -> Rows:
    """New, open and on hold, up to the last solve."""
    last = told.solves[-1] if told.done and told.solves else None
    ours = [(s.start, s.end) for s in _stretches(told) if s.status in {"new", "open", "hold"}]
    agent = told.solver(last) if last else None
    yield spans(told, told.created.at, told.created.at, last.at if last else None, ours, agent=agent)


def _held(told: ObservedTicket) -> Rows:
    stretches = _stretches(told)
    for agent in {s.assignee for s in stretches} - {None}:
        assert agent is not None
        theirs = [s for s in stretches if s.assignee == agent and s.status in {"new", "open"}]
        account = told.world.accounts.get(agent)
        if theirs and not (account and account.bot):
            start, now = theirs[0].start, stretches[-1]
            has_it = now.assignee == agent and now.status not in DONE
            yield spans(
                told, told.created.at, start, told.moved_at if has_it else theirs[-1].end,
                [(s.start, s.end) for s in theirs], agent=agent, team=told.team(start),
            )  # fmt: skip


def _confirmed(told: ObservedTicket) -> Rows:
    yield _to_acceptance(told, told.created.at)


def _accepted_confirmed(told: ObservedTicket) -> Rows:
    accepted = told.accepted_at()
    if accepted is not None:
        yield _to_acceptance(told, accepted)


def _accepted_at_confirmation(told: ObservedTicket) -> Rows:
    accepted = told.accepted_at()
    if accepted is not None:
        yield _to_acceptance(told, accepted, until_known=True)


def _to_acceptance(told: ObservedTicket, start: int, *, until_known: bool = False) -> TrueObservation:
    for solve in told.solves:
        if solve.at >= start and (sign := _acceptance(told, solve)):
            end = sign[0] if until_known else solve.at
            found = span(told, told.created.at, start, end, agent=told.solver(solve))
            return msgspec.structs.replace(found, facet=sign[1])
    return span(told, told.created.at, start, None)


def _acceptance(told: ObservedTicket, solve: StatusTurn) -> tuple[int, str] | None:
    """The first sign after a solve; None: it was opened again before, or it is not known yet."""
    back = next((turn for turn in told.reopens if turn.place > solve.place), None)
    place = back.place if back else len(told.saves)
    end = back.at if back else told.as_of + 1
    later = [(i, s) for i, s in enumerate(told.saves) if solve.place <= i < place]
    signs = [
        (save.at, "confirmed_by_customer")
        for _, save in later
        if told.by(save) == "customer" and save.changes.get("status") in DONE
    ]
    signs += [
        (said.at, "thanked") for said in told.said if said.by == "customer" and said.is_thanks
        and solve.place < said.place <= place
    ]  # fmt: skip
    signs += [(at, "rated_good") for at in _good_ratings(told) if solve.at < at < end]
    if solve.at + PATIENCE < end:
        signs.append((solve.at + PATIENCE, "tacit"))
    return min(signs, key=lambda sign: sign[0], default=None)


def _good_ratings(told: ObservedTicket) -> Iterator[int]:
    """When customers said that the service as a whole was good, of the surveys that the helpdesk's plan tells."""
    missing, new = told.world.plan_without, {offered.survey for offered in told.story.offered if offered.new}
    for answered in told.story.answered:
        untold = "csat" in missing or ("surveys" in missing and answered.survey in new)
        if answered.at <= told.as_of and not untold and answered.ratings.get("overall", 0) > 3:
            yield answered.at


def _age(told: ObservedTicket) -> Rows:
    if not told.done:
        yield true_observation(told, told.as_of, agent=told.story.state(told.as_of)["assignee"], value=1.0)


def _flow(told: ObservedTicket) -> Rows:
    """In at the creation, out with every solve, in again with every reopening."""
    yield true_observation(told, told.created.at, facet="created", value=1.0)
    for solve in told.solves:
        yield true_observation(told, solve.at, agent=told.solver(solve), facet="solved", value=-1.0)
    for reopen in told.reopens:
        yield true_observation(told, reopen.at, facet="reopened", value=1.0)


KPIS: dict[tuple[str, str], tuple[Callable[[ObservedTicket], Rows], bool]] = {
    ("requester_wait_time", "strict"): (_wait, False),
    ("held_time", "strict"): (_held, False),
    ("held_time", "rostered"): (_held, False),  # nobody in a world has hours of their own
    ("confirmed_resolution_time", "strict"): (_confirmed, False),
    ("accepted_resolution_time", "confirmed"): (_accepted_confirmed, False),
    ("accepted_resolution_time", "at_confirmation"): (_accepted_at_confirmation, False),
    ("backlog_age", "strict"): (_age, False),
    ("net_flow", "strict"): (_flow, False),
}
