"""What comes in, what goes out, and how old it grows in between."""

from collections.abc import Iterator

from helpdesk_kpi.identities.source_rules import DONE_STATES
from helpdesk_kpi.measure.metrics.contract import Observation, Stock, Total, kpi
from helpdesk_kpi.measure.metrics.families import volume
from helpdesk_kpi.measure.tickets.timeline import Timeline


@kpi(
    "Age of the backlog", short="Backlog's age", unit="ms", better="lower", statistic=Stock(of="age"),
    anchor="instant", needs={"status.history"}, pair="backlog", target_of="full_resolution_time", dimension="speed",
    level="team", revision=2,
)  # fmt: skip
def backlog_age(ticket: Timeline) -> Iterator[Observation]:
    """How long ago the tickets that are not solved at the end of the period were created: the median, and the oldest.
    A ticket that was reopened is as old as it is, and one that waits for the customer ages too.
    """
    for start, end, _, severity, team, assignee in ticket.spans():
        yield Observation(at=start, start=start, end=end, agent=assignee, team=team, severity=severity, value=1)


@volume(
    "Net flow", short="Net flow", statistic=Total(signed=True), anchor="happened", needs={"status.history"},
    facet="kind", pair="backlog", dimension="speed", level="team", revision=2,
)  # fmt: skip
def net_flow(ticket: Timeline) -> Iterator[Observation]:
    """Tickets created and reopened in the period, less those solved in it: by how much the backlog grew. Above zero,
    more comes in than goes out. Merged, deleted and other tickets that are left out count on neither side.
    """
    solvers = {solve.at: solve.agent for solve in ticket.solves}
    for at, which in _turnings(ticket):
        is_out = which == "solved"
        yield ticket.fact(at, solvers.get(at) if is_out else None, facet=which, value=-1 if is_out else 1)


def _turnings(ticket: Timeline) -> Iterator[tuple[int, str]]:
    """When it came in, went out and came back; what is solved as it is created does both at once."""
    yield ticket.created_at, "created"
    done = False
    instants = {ticket.created_at, *(c.at for c in ticket.changes if c.field == "status")}
    for at in sorted(instants):
        if (ticket.state_at(at) in DONE_STATES) != done:
            done = not done
            yield at, "solved" if done else "reopened"
