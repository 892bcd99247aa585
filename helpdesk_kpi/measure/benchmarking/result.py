"""What a comparison tells."""

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
    """One person, or team. What is hidden is None or empty. Values are in the unit of the KPI."""

    name: str
    n: float
    value: float | None = None  # as every report prints it
    low: float | None = None  # 95 %
    high: float | None = None
    by_customer: tuple[float | None, float | None] = (None, None)  # the interval by drawing customers, if asked for
    standing: PublicationStatus
    reliability: float | None = None  # 0..1, of the adjusted value; None: nothing to compare with
    observed: float | None = None  # sums; of durations geometric means
    expected: float | None = None  # what the others would have made of the same work
    ratio: float | None = None  # observed/expected
    ratio_low: float | None = None
    ratio_high: float | None = None
    adjusted: float | None = None  # of the team without their difference, times the ratio: as if all had the same mix
    adjusted_low: float | None = None
    adjusted_high: float | None = None
    shrunken: float | None = None  # the adjusted value, drawn to the team's by the part that is chance
    look: tuple[float | None, float | None] = (None, None)  # ratios of 95 % of equals: the inner funnel
    signal: tuple[float | None, float | None] = (None, None)  # of 99.8 %: the outer one
    verdict: Verdict | None = None  # within expected variation; look; signal: review the tickets
    direction: Literal["better", "worse", "more", "less", ""] = ""  # of what is not within
    chance: float | None = None  # how often equals are so far off; for seeing the comparisons of many KPIs together
    #: Also by all comparisons together (Benjamini-Hochberg, 10 %). The JSON key is older than the name.
    is_outlier: bool = msgspec.field(default=False, name="stands_out")
    overlap: float = 0.0  # the part of the things in cells that are nearly theirs alone
    no_like_work: bool = False  # that is more than 30 %: the ratio says little
    mix: tuple[CellResult, ...] = ()  # most frequent first
    driving: tuple[CellResult, ...] = ()  # the cells that make the difference, at most three


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All who have anything in a period."""

    kpi: str
    variant: str
    axis: str
    period: str
    as_of: int
    kind: UnitKind
    team: MetricValue  # the figure of all together
    centre: float | None  # what a person's value would be if all were equal and had the same mix of work
    between: (
        float | None
    )  # standard deviation of what people truly come to: a share, a log duration, points, a day's count
    dispersion: float  # phi: limits are wider by its root
    reference: tuple[int, int]  # [from, to): the work of others that expectations come from
    subjects: tuple[PersonResult, ...]  # by name
