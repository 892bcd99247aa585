"""How tickets change hands, and which ones need more than the first level."""

from collections.abc import Iterator

from helpdesk_kpi.measure.metrics.contract import Observation
from helpdesk_kpi.measure.metrics.families import rate
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.measure.tickets.timeline_events import Solve

DEVELOPMENT = "development"  # the kind of a link to an issue of those who make the product


@rate(
    "Transfers", counts=("station", "stations"), outcomes=("passed on", "kept"), better="lower", anchor="assigned",
    needs={"status.history", "assignee.history", "comments.private"}, facet="kind", pair="escalations",
    dimension="volume", min_n=50, revision=2,
)  # fmt: skip
def transfers(ticket: Timeline) -> Iterator[Observation]:
    """A ticket's stations are the times that one person has it in one team. Of the stations that began in the period,
    the share that was passed on to another person or team before the ticket was solved: to its right team within the
    ticket's first hour (routing), back to somebody who had it before (ping-pong), or otherwise (handover). It counts
    for the person who passed it on, never for who gets it; where a rule did, or where the next one took it over, for
    who had it. An escalation in time with a reason is none: to a team of `escalation_teams`, within `escalate_within`
    of getting it, with a note of the sender in the ten minutes around it.
    """
    for assignment in ticket.assignment_history.assignments:
        handover = assignment.handover
        yield ticket.fact(assignment.start, assignment.person, value=0, until=handover.at if handover else None)
        if handover is not None:
            kind = ticket.assignment_history.handover_kind(handover)
            value = int(kind != "escalation")
            yield ticket.fact(assignment.start, handover.sender, value=value, facet=kind, since=handover.at)


@rate(
    "Escalation rate", outcomes=("escalated", "not escalated"), better="neither", anchor="solved",
    needs={"status.history", "assignee.history", "comments.private"}, facet="kind", pair="transfers",
    dimension="volume", level="team", min_n=50, revision=2,
)  # fmt: skip
def escalations(ticket: Timeline) -> Iterator[Observation]:
    """Of the tickets whose last solve lies in the period, the share that the first level escalated: to a team of
    `escalation_teams`, with a reason (a note of the sender in the ten minutes around it) or without, or that was linked
    to an issue of development. It counts for who escalated it, else for the solver. Tickets that begin in such a team
    are not the first level's and are not counted.
    """
    if not ticket.assignment_history.started_at_second_level:
        for solve in ticket.solves:
            yield _observe_escalation(ticket, solve)


def _observe_escalation(ticket: Timeline, solve: Solve) -> Observation:
    first = next((e for e in ticket.assignment_history.escalations if e.at <= solve.at), None)
    facet = DEVELOPMENT if any(link.kind == DEVELOPMENT for link in ticket.links) else ""
    if first is not None:
        facet = "with_reason" if first.has_reason else "without_reason"
    agent = first.sender if first is not None and first.sender is not None else solve.agent
    return ticket.fact(solve.at, agent, facet=facet, value=int(bool(facet)), until=solve.reopened_at)
