"""Compare people on similar work: values adjusted for case mix and chance, and whether they may be published.

Reports and score cards call `compare_people`. It gives no ranks: each person is compared with all others together.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from helpdesk_kpi.calendar.periods import get_period_at
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.benchmarking.censored_imputation import log_durations
from helpdesk_kpi.measure.benchmarking.customer_clusters import cluster_bootstrap, load_clusters
from helpdesk_kpi.measure.benchmarking.peer_group import PeerGroup
from helpdesk_kpi.measure.benchmarking.person_comparison import PersonContext, compare_person
from helpdesk_kpi.measure.benchmarking.population_effects import Population
from helpdesk_kpi.measure.benchmarking.result import Comparison
from helpdesk_kpi.measure.benchmarking.strata import Strata, build_strata
from helpdesk_kpi.measure.benchmarking.units import UnitRows, get_unit_kind, select_units
from helpdesk_kpi.measure.metrics.columns import NO_PERSON
from helpdesk_kpi.measure.metrics.contract import hides_answers
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.query.metric_query import MetricQuery, select_rows
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.measure.statistics.bootstrap import derive_seed
from helpdesk_kpi.measure.statistics.indirect_standardisation import Units

AXES = ("agent", "team")
MONTHS = 12  # before the period: the reference window


def compare_people(
    reader: MetricStore, query: MetricQuery, axis: str = "agent", *, report: str | None = None
) -> Comparison:
    """Compare all people, or teams, with rows in the period.

    Expectations come from the work of all others in the twelve months before the period (or as far back as `reader`
    goes), and if that is fewer than 30 units, also from their work in the period.

    Args:
        axis: `agent` or `team`.
        report: id of the report; with it, bootstrap intervals by customer are computed too.

    Raises:
        UsageError: the KPI is no share, duration, score or sum, or may be negative.
    """
    if axis not in AXES:
        raise UsageError(f"no comparison by {axis!r}; allowed are {', '.join(AXES)}")
    kind = get_unit_kind(query.kpi, query.variant)
    assert query.period is not None
    period = query.period
    reference = _reference_query(reader, query.without_sub_dimensions())
    units, strata = _select_units(reader, reference, axis)
    if kind == "count" and (units.value < 0).any():
        raise UsageError(f"{query.kpi.id} cannot be compared: its amounts are positive and negative")
    amounts = log_durations(units, strata) if kind == "duration" else units.value
    peers = PeerGroup(
        kind, Units(reader.labels(units.rows, axis), strata.cell, amounts, units.weight), units.rows.at, strata.parent,
        reference.start, query.start, query.instant,
    )  # fmt: skip
    present = peers.present
    names = _names(reader, axis, units.take(present))
    team = reader.compute(query)
    population = Population(peers, names)
    values = {code: reader.compute(query.narrow(**{axis: name})) for code, name in names.items()}
    centre = _population_centre(peers, team, [value.value or 0.0 for value in values.values()])
    scale = (0.0, 1.0) if kind == "share" else reader.score_scale(query)
    context = PersonContext(query.kpi, axis, population, centre, strata.labels, scale)
    people = [compare_person(context, code, name, values[code]) for code, name in names.items()]
    if report is not None:
        clusters = load_clusters(reader.store, units.rows)
        for place, (code, person) in enumerate(zip(names, people, strict=True)):
            if person.standing.verdict != "hidden":
                mine = present & (peers.units.subject == code)
                seed = derive_seed(report, query.kpi.id, person.name)
                drawn = cluster_bootstrap(kind, units.take(mine), clusters[mine], seed)
                people[place] = msgspec.structs.replace(person, by_customer=drawn)
    return Comparison(
        kpi=query.kpi.id, variant=query.variant, axis=axis, period=period.label, as_of=query.as_of, kind=kind,
        team=team, centre=centre, between=None if population.between is None else population.between**0.5,
        dispersion=population.dispersion,
        reference=(peers.first, peers.last if peers.with_period else peers.start), subjects=tuple(people),
    )  # fmt: skip


def _reference_query(reader: MetricStore, query: MetricQuery) -> MetricQuery:
    """The query from twelve months before the period on.

    Before `back_to` only tickets that stayed open are stored: the slow ones.
    """
    assert query.period is not None
    month = get_period_at("month", query.start, query.period.zone)
    first = max(month.shift_back(MONTHS).start, reader.back_to)
    return query.replace(period=msgspec.structs.replace(query.period, start=first))


def _select_units(reader: MetricStore, query: MetricQuery, axis: str) -> tuple[UnitRows, Strata]:
    """What belongs to a person (or team), of the reference window and the period."""
    rows = reader.query_slice(query)
    if hides_answers(query.statistic):
        here, exists = select_rows(query, rows)
        rows = reader.shown(query, here.take(exists))
    units = select_units(query, rows, reader)
    units = units.take(reader.labels(units.rows, axis) != NO_PERSON)
    return units, build_strata(reader, units.rows, of_tickets=query.kpi.subject == "ticket")


def _names(reader: MetricStore, axis: str, units: UnitRows) -> dict[int, str]:
    """Code -> name of each person with rows, in order of names."""
    codes = np.unique(reader.labels(units.rows, axis))
    by_code = {int(code): str(reader.label_name(units.rows, axis, int(code))) for code in codes}
    return dict(sorted(by_code.items(), key=lambda item: item[1]))


def _population_centre(peers: PeerGroup, team: MetricValue, counts: Sequence[float]) -> float | None:
    """The team's rate, mean score or median; for counts the mean per person, without unattributed work."""
    if peers.kind == "duration" or team.value is None:
        return team.value
    if peers.kind == "count":
        return sum(counts) / len(counts) if counts else None
    weight = peers.units.weight[peers.present]
    whole = float(weight.sum())
    return float((weight * peers.units.value[peers.present]).sum()) / whole if whole else None
