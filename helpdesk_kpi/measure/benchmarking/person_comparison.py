"""The comparison of one person with the others."""

import math
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np

from helpdesk_kpi.measure.benchmarking.censored_imputation import from_log_scale
from helpdesk_kpi.measure.benchmarking.observed_expected import ObservedExpected, control_limits
from helpdesk_kpi.measure.benchmarking.population_effects import Population, difference
from helpdesk_kpi.measure.benchmarking.publication_rules import PublicationStatus, publication_status
from helpdesk_kpi.measure.benchmarking.result import CellResult, PersonResult
from helpdesk_kpi.measure.metrics.contract import UNBOUNDED, Kpi
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.statistics import funnel
from helpdesk_kpi.measure.statistics.indirect_standardisation import Expected

OVERLAP = 0.3  # share of a person's units in cells that are nearly theirs alone; above it nobody is comparable
DRIVING = 3
_ROUNDING = 1e-9


class PersonContext(NamedTuple):
    """What a comparison has in common for all its people."""

    kpi: Kpi
    axis: str
    population: Population
    centre: float | None  # a person's value if all were equal and had the same mix of work
    labels: list[tuple[str | None, ...]]  # by cell
    scale: tuple[float, float] = UNBOUNDED  # (minimum, maximum) of a value


def compare_person(context: PersonContext, subject: int, name: str, value: MetricValue) -> PersonResult:
    """Compare one person with the others. `value`: the unadjusted value, as every report prints it."""
    reliability = context.population.reliability(subject)
    found = _publication_status(context, value.n, reliability)
    if found.verdict == "hidden":
        return PersonResult(name=name, n=value.n, standing=found)
    person = PersonResult(
        name=name, n=value.n, value=value.value, low=value.low, high=value.high, standing=found,
        reliability=reliability,
    )  # fmt: skip
    if subject not in context.population.compared:
        return person
    expected, comparison = context.population.compared[subject]
    overlap = context.population.peers.share_without_peers(subject)
    values = {
        **_sums(context, expected), **_adjusted(context, expected, comparison, reliability),
        **_verdict(context, subject),
        "is_outlier": subject in context.population.outliers, "overlap": overlap, "no_like_work": overlap > OVERLAP,
        **_mix(context, expected),
    }  # fmt: skip
    return msgspec.structs.replace(person, **values)


def _publication_status(context: PersonContext, n: float, reliability: float | None) -> PublicationStatus:
    """Publication status by sample size and reliability, and by the level at which the KPI may be scored."""
    found = publication_status(n, reliability, context.kpi.min_n if context.axis == "agent" else 0)
    if (
        found.verdict == "hidden"
        or context.kpi.level == "agent"
        or (context.kpi.level, context.axis) == ("team", "team")
    ):
        return found
    return PublicationStatus("not_scored", "only_shown" if context.kpi.level == "shown" else "only_for_teams")


def _sums(context: PersonContext, expected: Expected) -> dict[str, Any]:
    n, observed, due = (float(part.sum()) for part in expected[:3])
    if context.population.peers.kind == "duration":
        observed, due = from_log_scale(observed / n), from_log_scale(due / n)
    return {"observed": observed, "expected": due}


def _adjusted(
    context: PersonContext, expected: Expected, comparison: ObservedExpected, reliability: float | None
) -> dict[str, Any]:
    """Adjusted value: the ratio times the team's value without the person's own difference.

    With the plain team value the own difference would count twice, which matters in small teams.
    """
    ratios = {"ratio": comparison.ratio, "ratio_low": comparison.low, "ratio_high": comparison.high}
    if comparison.ratio is None or comparison.low is None or comparison.high is None or context.centre is None:
        return ratios
    kind, without = context.population.peers.kind, context.population.without(context.centre, expected)
    least, most = context.scale
    ratios_found = (comparison.ratio, comparison.low, comparison.high)
    adjusted, low, high = (min(max(without * ratio, least), most) for ratio in ratios_found)
    shrunken = None
    if reliability is not None and kind == "duration":
        shrunken = context.centre * (adjusted / context.centre) ** reliability if context.centre else 0.0
    elif reliability is not None:
        shrunken = context.centre + reliability * (adjusted - context.centre)
    return {**ratios, "adjusted": adjusted, "adjusted_low": low, "adjusted_high": high, "shrunken": shrunken}


def _verdict(context: PersonContext, subject: int) -> dict[str, Any]:
    population = context.population
    deviation = population.deviation(subject)
    verdict = funnel.verdict(deviation)
    look, signal = (
        control_limits(population.peers.kind, *population.compared[subject], confidence, population.dispersion)
        for confidence in (funnel.LOOK, funnel.REVIEW)
    )
    return {
        "look": look,
        "signal": signal,
        "chance": funnel.chance(deviation),
        "verdict": verdict,
        "direction": "" if verdict == "within" else _direction(context.kpi, up=deviation > 0),
    }


def _direction(kpi: Kpi, *, up: bool) -> Literal["better", "worse", "more", "less"]:
    if kpi.better == "neither":
        return "more" if up else "less"
    return "better" if up == (kpi.better == "higher") else "worse"


def _mix(context: PersonContext, expected: Expected) -> dict[str, Any]:
    mix = [_cell(context, expected, int(place)) for place in np.flatnonzero((expected.n > 0) | (expected.expected > 0))]
    whole = difference(expected)
    driving = sorted(
        (cell for cell in mix if cell.gap * math.copysign(1, whole) > _ROUNDING), key=lambda cell: -abs(cell.gap)
    )
    return {"mix": tuple(sorted(mix, key=lambda cell: -cell.n)), "driving": tuple(driving[:DRIVING])}


def _cell(context: PersonContext, expected: Expected, place: int) -> CellResult:
    n, observed, due = (float(part[place]) for part in expected[:3])
    difference = observed - due
    if context.population.peers.kind == "duration":
        observed, due = from_log_scale(observed / n), from_log_scale(due / n)
    severity, category, channel, shift = context.labels[place]
    return CellResult(severity, category, channel, shift, n, observed, due, difference)
