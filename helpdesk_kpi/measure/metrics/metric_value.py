"""The value of a metric with its context: interval, counts, exclusions, history. Returned by the metric store."""

from collections.abc import Mapping

import msgspec

from helpdesk_kpi.measure.statistics.control_chart import Signal


class Point(msgspec.Struct, frozen=True):
    """One earlier period, at the same age as the present one."""

    period: str  # "2026-W47"
    value: float | None
    n: float


class MetricValue(msgspec.Struct, frozen=True, kw_only=True):
    """One KPI over one slice of one period, as of one instant. Durations are in ms, shares 0..1."""

    kpi: str
    variant: str
    unit: str
    n: float  # units of the population (sum of credit)
    value: float | None  # headline: median, share, total or count; None: nothing to measure, or not reached yet
    low: float | None = None  # 95 % interval
    high: float | None = None
    median: float | None = None  # Kaplan-Meier where spans still run; None with n > 0: not reached
    p90: float | None = None
    mean: float | None = None  # of the spans that ended; of scores; the share whose lower end is the headline
    sd: float | None = None  # of scores
    oldest: float | None = None  # of what is open
    ended: int = 0
    running: int = 0  # still waiting at as_of
    censored: Mapping[str, int] = {}  # ended without the awaited event, by reason
    excluded: Mapping[str, int] = {}  # excluded, by reason
    target: float | None = None
    within: float | None = None  # share within target
    within_low: float | None = None
    within_high: float | None = None
    overdue: int = 0  # still waiting and past target
    facets: Mapping[str, float] = {}  # share or count by facet
    also: Mapping[str, float | None] = {}  # the same over other windows: "7 d"
    clock: str = ""  # calendar, business, mixed; "": no clock runs
    basis: str = ""  # of a weighted sum: "effort v2", "time v3", configured, equal
    provisional: bool = False
    previous: "MetricValue | None" = None  # the period before, at the same age
    history: tuple[Point, ...] = ()
    signal: Signal | None = None
