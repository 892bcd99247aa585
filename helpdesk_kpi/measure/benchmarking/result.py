"""The result of a comparison."""

from typing import Literal

import msgspec

from helpdesk_kpi.measure.benchmarking.publication_rules import PublicationStatus
from helpdesk_kpi.measure.benchmarking.units import UnitKind
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.statistics.funnel import Verdict


class CellResult(msgspec.Struct, frozen=True):
    """One kind of work of one person. Observed and expected are sums, of durations geometric means in ms."""

    severity: str | None
    category: str | None
    channel: str | None
    shift: str | None
    n: float
    observed: float
    expected: float
    gap: float  # its part of the difference: observed - expected, of durations the sum of log ratios


class PersonResult(msgspec.Struct, frozen=True, kw_only=True):
    """One person or team. Hidden values are None or empty. Values are in the unit of the KPI."""

    name: str
    n: float
    value: float | None = None  # as every report prints it
    low: float | None = None  # 95 %
    high: float | None = None
    by_customer: tuple[float | None, float | None] = (
        None,
        None,
    )  # bootstrap interval over customers; None: not requested
    standing: PublicationStatus
    reliability: float | None = None  # 0..1, of the adjusted value; None: nothing to compare with
    observed: float | None = None  # sums; of durations geometric means
    expected: float | None = None  # the same work with the others' results
    ratio: float | None = None  # observed/expected
    ratio_low: float | None = None
    ratio_high: float | None = None
    adjusted: float | None = None  # for the same mix of work: ratio x the team's value without this person's difference
    adjusted_low: float | None = None
    adjusted_high: float | None = None
    shrunken: float | None = None  # the adjusted value, shrunk toward the team's by the part that is chance
    look: tuple[float | None, float | None] = (None, None)  # ratios of 95 % of equals: the inner funnel
    signal: tuple[float | None, float | None] = (None, None)  # of 99.8 %: the outer one
    verdict: Verdict | None = None  # within expected variation; look; signal: review the tickets
    direction: Literal["better", "worse", "more", "less", ""] = ""  # of a verdict other than within
    chance: float | None = None  # p value, for corrections across many KPIs
    #: Also by all comparisons together (Benjamini-Hochberg, 10 %). The JSON key is older than the name.
    is_outlier: bool = msgspec.field(default=False, name="stands_out")
    overlap: float = 0.0  # share of units in cells that are nearly theirs alone
    no_like_work: bool = False  # overlap is above 30 %: the ratio means little
    mix: tuple[CellResult, ...] = ()  # most frequent first
    driving: tuple[CellResult, ...] = ()  # the cells that make the difference, at most three


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The comparison of all people or teams with rows in a period."""

    kpi: str
    variant: str
    axis: str
    period: str
    as_of: int
    kind: UnitKind
    team: MetricValue  # the value of all together
    centre: float | None  # a person's value if all were equal and had the same mix of work
    between: (
        float | None
    )  # standard deviation of what people truly come to: a share, a log duration, points, a day's count
    dispersion: float  # phi: limits are wider by its root
    reference: tuple[int, int]  # [from, to): the work of others that expectations come from
    subjects: tuple[PersonResult, ...]  # by name
