"""Evidence for the review of the process: where tickets spend their time, and which ways they go."""

from collections.abc import Iterator
from functools import partial

from helpdesk_kpi.measure.metrics.contract import Duration, Observation, Total, kpi
from helpdesk_kpi.measure.tickets.stage_durations import list_stage_intervals
from helpdesk_kpi.measure.tickets.timeline import Timeline

evidence = partial(
    kpi, better="neither", anchor="created", needs={"status.history", "assignee.history"}, revision=2, role="evidence"
)


@evidence("Time by stage", unit="ms", statistic=Duration(), facet="kind")
def time_in_stage(ticket: Timeline) -> Iterator[Observation]:
    """Where tickets spend their time until they are solved: in the queue, with an agent, being handed over (from when
    somebody gives it away until somebody else does something with it), escalated, with a third party, or with the
    customer.
    """
    for stay in list_stage_intervals(ticket):
        yield Observation(
            at=stay.start, start=stay.start, end=stay.end, agent=stay.assignee, team=stay.team,
            severity=stay.severity, facet=stay.stage,
        )  # fmt: skip


@evidence("Ways between teams", unit="tickets", statistic=Total())
def team_moves(ticket: Timeline) -> Iterator[Observation]:
    """Every time that a ticket went from one team to another before it was solved; whether it went back to a team that
    had had it. The facet names both teams by their keys.
    """
    had: list[int] = []
    for stay in list_stage_intervals(ticket):
        if stay.team is None or (had and had[-1] == stay.team):
            continue
        if had:
            yield Observation(
                at=stay.start, team=had[-1], severity=stay.severity, facet=f"{had[-1]}>{stay.team}",
                value=1 if stay.team in had else 0,
            )  # fmt: skip
        had.append(stay.team)
