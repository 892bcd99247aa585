"""Compare people on similar work: values adjusted for case mix and chance, and whether they may be published.

Reports and score cards call `compare_people`. It gives no ranks: each person is compared with all others together.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from helpdesk_kpi.calendar.periods import Period, get_period_at
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.benchmarking.censored_imputation import log_durations
from helpdesk_kpi.measure.benchmarking.customer_clusters import cluster_bootstrap, load_clusters
from helpdesk_kpi.measure.benchmarking.peer_group import PeerGroup
from helpdesk_kpi.measure.benchmarking.person_comparison import PersonContext, compare_person
from helpdesk_kpi.measure.benchmarking.population_effects import Population
from helpdesk_kpi.measure.benchmarking.result import Comparison
from helpdesk_kpi.measure.benchmarking.strata import Strata, build_strata
from helpdesk_kpi.measure.benchmarking.units import UnitKind, UnitRows, get_unit_kind, select_units
from helpdesk_kpi.measure.metrics.columns import NO_PERSON
from helpdesk_kpi.measure.metrics.contract import Kpi, hides_answers
from helpdesk_kpi.measure.metrics.discovery import get_kpi, get_variant
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.query.metric_query import MetricQuery, select_rows
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.measure.statistics.bootstrap import derive_seed
from helpdesk_kpi.measure.statistics.indirect_standardisation import Units
from helpdesk_kpi.model import MAIN

AXES = ("agent", "team")
MONTHS = 12  # before the period: the reference window


def compare_people(
    reader: MetricStore,
    kpi: str,
    period: Period,
    as_of: int,
    axis: str = "agent",
    *,
    variant: str = "strict",
    report: str | None = None,
    **where: str | None,
) -> Comparison:
    """Compare all people, or teams, with rows in the period.

    Expectations come from the work of all others in the twelve months before the period (or as far back as `reader`
    goes), and if that is fewer than 30 units, also from their work in the period.

    Args:
        axis: `agent` or `team`.
        report: id of the report; with it, bootstrap intervals by customer are computed too.
        where: further dimensions to select, such as `severity`.

    Raises:
        UsageError: the KPI is no share, duration, score or sum, or may be negative.
    """
    inputs = _ComparisonInput(reader, _comparable(kpi, variant, axis), variant, period, as_of, axis, where)
    counted, found = inputs.rows()
    peers = inputs.peers(counted, found)
    present = peers.present
    names = inputs.names(counted.take(present))
    team = inputs.compute()
    population = Population(peers, names)
    values = {code: inputs.compute(name) for code, name in names.items()}
    centre = _population_centre(peers, team, [compute.value or 0.0 for compute in values.values()])
    context = PersonContext(inputs.kpi, axis, population, centre, found.labels, inputs.scale(peers.kind))
    people = [compare_person(context, code, name, values[code]) for code, name in names.items()]
    if report is not None:
        clusters = load_clusters(reader.store, counted.rows)
        for place, (code, person) in enumerate(zip(names, people, strict=True)):
            if person.standing.verdict != "hidden":
                mine = present & (peers.units.subject == code)
                drawn = cluster_bootstrap(
                    peers.kind, counted.take(mine), clusters[mine], derive_seed(report, kpi, person.name)
                )
                people[place] = msgspec.structs.replace(person, by_customer=drawn)
    return Comparison(
        kpi=kpi, variant=variant, axis=axis, period=period.label, as_of=as_of, kind=peers.kind, team=team,
        centre=centre, between=None if population.between is None else population.between**0.5,
        dispersion=population.dispersion,
        reference=(peers.first, peers.last if peers.with_period else peers.start), subjects=tuple(people),
    )  # fmt: skip


def _comparable(kpi: str, variant: str, axis: str) -> Kpi:
    spec = get_kpi(kpi)
    get_variant(spec, variant)
    get_unit_kind(spec, variant)
    if axis not in AXES:
        raise UsageError(f"no comparison by {axis!r}; allowed are {', '.join(AXES)}")
    return spec


class _ComparisonInput(NamedTuple):
    """What is compared, and the rows and names for it."""

    reader: MetricStore
    kpi: Kpi
    variant: str
    period: Period
    as_of: int
    axis: str
    where: dict[str, str | None]

    def rows(self) -> tuple[UnitRows, Strata]:
        """Rows that belong to a person, of the reference window and the period, with their strata."""
        where = dict(self.where)
        if self.kpi.facet == "dimension":
            where.setdefault("facet", MAIN)
        query = MetricQuery(self.kpi, self.variant, self._first(), self.period.end, self.as_of)
        rows = self.reader.slice(self.kpi.id, self.variant, **where)
        if hides_answers(query.statistic):
            here, exists = select_rows(query, rows)
            rows = self.reader.shown(query, here.take(exists))
        counted = select_units(query, rows, self.reader.policy(self.kpi, self.variant))
        counted = counted.take(self.reader.labels(counted.rows, self.axis) != NO_PERSON)
        return counted, build_strata(self.reader, counted.rows, of_tickets=self.kpi.subject == "ticket")

    def _first(self) -> int:
        """Start of the reference window. Before `back_to` only tickets that stayed open are stored: the slow ones."""
        month = get_period_at("month", self.period.start, self.period.zone)
        return max(month.shift_back(MONTHS).start, self.reader.back_to)

    def peers(self, counted: UnitRows, found: Strata) -> PeerGroup:
        kind = get_unit_kind(self.kpi, self.variant)
        if kind == "count" and (counted.value < 0).any():
            raise UsageError(f"{self.kpi.id} cannot be compared: its amounts are positive and negative")
        values = log_durations(counted, found) if kind == "duration" else counted.value
        subject = self.reader.labels(counted.rows, self.axis)
        return PeerGroup(
            kind, Units(subject, found.cell, values, counted.weight), counted.rows.at, found.parent, self._first(),
            self.period.start, min(self.period.end, self.as_of),
        )  # fmt: skip

    def scale(self, kind: UnitKind) -> tuple[float, float]:
        """(minimum, maximum) of a value."""
        return (0.0, 1.0) if kind == "share" else self.reader.policy(self.kpi, self.variant).scale

    def names(self, counted: UnitRows) -> dict[int, str]:
        """Code -> name of each person with rows, in order of names."""
        codes = np.unique(self.reader.labels(counted.rows, self.axis))
        labels = {int(code): str(self.reader.label_name(counted.rows, self.axis, int(code))) for code in codes}
        return dict(sorted(labels.items(), key=lambda known: known[1]))

    def compute(self, name: str | None = None) -> MetricValue:
        only = {} if name is None else {self.axis: name}
        return self.reader.compute(self.kpi, self.period, self.as_of, self.variant, **self.where, **only)


def _population_centre(peers: PeerGroup, team: MetricValue, counts: Sequence[float]) -> float | None:
    """The team's rate, mean score or median; for counts the mean per person, without unattributed work."""
    if peers.kind == "duration" or team.value is None:
        return team.value
    if peers.kind == "count":
        return sum(counts) / len(counts) if counts else None
    weight = peers.units.weight[peers.present]
    whole = float(weight.sum())
    return float((weight * peers.units.value[peers.present]).sum()) / whole if whole else None
