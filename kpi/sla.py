"""Whether the team keeps what it promises."""

from collections.abc import Iterator

import msgspec

from helpdesk_kpi.measure.metrics.contract import Attainment, Observation
from helpdesk_kpi.measure.metrics.families import rate
from helpdesk_kpi.measure.tickets.sla_clocks import SlaRun
from helpdesk_kpi.measure.tickets.timeline import Timeline
from kpi.reply import first_reply_time, next_reply_time
from kpi.resolution import full_resolution_time

OWN = (first_reply_time, next_reply_time, full_resolution_time)


@rate(
    "SLA attainment", counts=("promise", "promises"), statistic=Attainment(), anchor="created",
    needs={"comments.public", "status.history"}, facet="kind", pair="full_resolution_time", dimension="speed",
    level="agent", min_n=50, revision=3,
)  # fmt: skip
def sla_attainment(ticket: Timeline) -> Iterator[Observation]:
    """Of the promises whose outcome is known, the share that was kept. What is still open past its deadline counts as
    broken, also if nobody ever replied; what runs within its deadline does not count yet. The deadlines are the
    helpdesk's own where it tells them, each as it was set when its clock began; else the targets of the configuration.
    A reply counts for its author, a solution for who solved it, a promise broken while it runs for the assignee then.
    """
    if not ticket.source_rules.has_sla:
        yield from sla_attainment.variants["own"].function(ticket)
        return
    for run in ticket.sla_runs:
        yield from _observe_run(ticket, run)


@sla_attainment.variant("own")
def _own(ticket: Timeline) -> Iterator[Observation]:
    """As strict, by the targets of the configuration alone: for the first reply, later replies, and the resolution."""
    for spec in OWN:
        for row in spec.variants["strict"].function(ticket):
            yield msgspec.structs.replace(row, facet=spec.id)


def _observe_run(ticket: Timeline, run: SlaRun) -> Iterator[Observation]:
    row = ticket.fact(run.start, start=run.start, end=run.end, due=run.due, facet=run.metric)
    running = msgspec.structs.replace(row, agent=ticket.assignee_at(run.due))
    if run.end is None or run.end > run.due:
        yield msgspec.structs.replace(running, until=run.end)
    else:
        yield msgspec.structs.replace(row, until=run.end)
    if run.end is not None:
        yield msgspec.structs.replace(row, agent=_attribute(ticket, run.end), since=run.end)


def _attribute(ticket: Timeline, end: int) -> int | None:
    """Who did what ended it: a second is as exact as helpdesks tell it."""
    acts = [(t.at, t.person) for t in ticket.contacts] + [(s.at, s.agent) for s in ticket.solves]
    return next((who for at, who in acts if abs(at - end) < 1000), ticket.assignee_at(end))
