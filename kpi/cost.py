"""What support costs, and how many help themselves. Only where somebody writes down what no helpdesk has."""

from collections.abc import Iterator
from functools import partial

from helpdesk_kpi.measure.build.register_subjects import RegisterSubject
from helpdesk_kpi.measure.metrics.contract import Observation, Ratio, Total, kpi
from helpdesk_kpi.measure.metrics.families import volume
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.registers.register_types import CostEntry, HelpCentreVisits

#: What somebody writes down of a month.
written = partial(
    kpi, better="neither", statistic=Total(), anchor="recorded", needs=(), revision=1, subject="entry",
    dimension="cost", role="evidence",
)  # fmt: skip


@written("Operating cost", unit="money")
def operating_cost(reported: RegisterSubject) -> Iterator[Observation]:
    """What running the team costs, from the register `cost`; a month's amount is spread evenly over its days."""
    for cost in reported.of(CostEntry):
        yield from _by_day(reported, cost.period, cost.amount, team=cost.team)


@volume("Contacts", anchor="created", needs={"tickets"}, dimension="cost", role="evidence", revision=1)
def contacts(ticket: Timeline) -> Iterator[Observation]:
    """Tickets that customers opened in the period, by telephone too."""
    yield ticket.fact(ticket.created_at, value=1)


@kpi(
    "Cost per contact", unit="money", better="lower", statistic=Ratio("operating_cost", "contacts"),
    anchor="recorded", needs=(), subject="entry", pair="first_contact_resolution", dimension="cost", level="team",
    splits=(), revision=1,
)  # fmt: skip
def cost_per_contact(reported: RegisterSubject) -> Iterator[Observation]:  # noqa: ARG001 - it is made of the figures of two others
    """All that running the team costs in the period (register `cost`), divided by the tickets that customers opened in
    it, by telephone too. Of the team only. Without an amount for the period there is no value.
    """
    return iter(())


@written("Visitors of the help centre", unit="count")
def help_centre_visitors(reported: RegisterSubject) -> Iterator[Observation]:
    """People who visited the help centre, from the register `help_centre_visits`; spread evenly over a month's days."""
    for visits in reported.of(HelpCentreVisits):
        yield from _by_day(reported, visits.period, visits.visitors)


def _by_day(reported: RegisterSubject, month: str, amount: float, *, team: str | None = None) -> Iterator[Observation]:
    days = reported.days(month)
    for day in days:
        yield reported.fact(day.start, team=team, value=amount / len(days))


@kpi(
    "Customers who wrote", unit="count", better="neither", statistic=Total(cap=1, cap_of="rater"), anchor="created",
    needs={"tickets"}, dimension="cost", role="evidence", revision=1,
)  # fmt: skip
def customers_writing(ticket: Timeline) -> Iterator[Observation]:
    """Customers who opened tickets in the period, each once however many there were."""
    yield Observation(at=ticket.created_at, value=1, rater=ticket.row.requester)


@kpi(
    "Self-service ratio", unit="count", better="neither",
    statistic=Ratio("help_centre_visitors", "customers_writing"), anchor="recorded", needs=(), subject="entry",
    dimension="cost", splits=(), revision=1,
)  # fmt: skip
def self_service_ratio(reported: RegisterSubject) -> Iterator[Observation]:  # noqa: ARG001 - as above
    """How many people visit the help centre for each customer who opens a ticket (register `help_centre_visits`). Read
    it by month: over longer periods, visitors of several months count several times. Fewer tickets are not more
    self-service, so it is never scored. Without a number of visitors for the period there is no value.
    """
    return iter(())


@self_service_ratio.variant("views", statistic=Ratio("article_views", "contacts"))
def _views(reported: RegisterSubject) -> Iterator[Observation]:  # noqa: ARG001 - as above
    """Views of articles for each ticket that customers opened, where the helpdesk tells views: of pages and not of
    people, so it is much larger and says how it changes at best.
    """
    return iter(())
