"""A question to the metric store, and the rows that answer it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.measure.metrics.columns import Columns, Floats
from helpdesk_kpi.measure.metrics.contract import Kpi, Statistic
from helpdesk_kpi.measure.metrics.discovery import get_kpi, get_variant
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.model import MAIN

Bools = NDArray[np.bool_]


class MetricQuery(msgspec.Struct, frozen=True):
    """One variant of a KPI over a period and a slice, as known at `as_of`."""

    kpi: Kpi
    variant: str
    period: Period | None  # None: everything up to `as_of`
    as_of: int
    where: Mapping[str, str | None] = {}  # axis -> name; None: rows without a severity, a team, an agent

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for queries with the same answer."""
        return (self.kpi.id, self.variant, self.period, self.as_of, *sorted(self.where.items()))

    @property
    def start(self) -> int:
        return 0 if self.period is None else self.period.start

    @property
    def end(self) -> int:
        return self.as_of if self.period is None else self.period.end

    @property
    def instant(self) -> int:
        """The last instant of the period that is known."""
        return min(self.end, self.as_of)

    @property
    def statistic(self) -> Statistic:
        return self.kpi.statistic_of(self.variant)

    def replace(self, **fields: Any) -> "MetricQuery":
        """The same query with other fields."""
        return msgspec.structs.replace(self, **fields)

    def narrow(self, **where: str | None) -> "MetricQuery":
        """The same query over a smaller slice."""
        return self.replace(where={**self.where, **where})

    def without_sub_dimensions(self) -> "MetricQuery":
        """The same query over the answers to the main question, unless it names a sub-dimension."""
        return self.replace(where={"facet": MAIN, **self.where}) if self.kpi.facet == "dimension" else self

    def value(self, **fields: Any) -> MetricValue:
        """A value of this KPI."""
        return MetricValue(kpi=self.kpi.id, variant=self.variant, unit=self.kpi.unit, **fields)


def build_query(
    kpi: str, period: Period | None, as_of: int, variant: str = "strict", **where: str | None
) -> MetricQuery:
    """A query for a KPI by its id. UsageError for an unknown KPI or variant."""
    spec = get_kpi(kpi)
    get_variant(spec, variant)
    return MetricQuery(spec, variant, period, as_of, where)


class Contributions(NamedTuple):
    """What each row of a slice adds to a value, which is sum(adds) / sum(counts), or sum(adds) where it is a sum."""

    counts: Floats
    adds: Floats

    @property
    def n(self) -> float:
        return float(self.counts.sum())

    @property
    def x(self) -> float:
        return float(self.adds.sum())

    @property
    def share(self) -> float | None:
        return self.x / self.n if self.n else None


def select_rows(query: MetricQuery, rows: Columns) -> tuple[Columns, Bools]:
    """The rows of the period, and which of them exist at `as_of`. KPIs of an instant take what is open at its end."""
    if query.period is None:
        return rows, rows.exist(query.as_of)
    if query.kpi.is_instant:
        return rows, (rows.at <= query.instant) & (rows.end > query.instant) & rows.exist(query.as_of)
    here = rows.between(query.start, query.end)
    return here, here.exist(query.as_of)


def count_stop_reasons(rows: Columns, reasons: frozenset[str], among: Bools) -> tuple[Bools, dict[str, int]]:
    """Rows that stopped for one of the reasons, and how many `among` the rows for each."""
    codes = {code: word for code, word in enumerate(rows.words) if word in reasons}
    return rows.has_stop_reason(reasons), {
        str(word): int((among & (rows.stop == code)).sum()) for code, word in codes.items()
    }


def group_by_facet(rows: Columns, amounts: Floats, whole: float) -> dict[str, float]:
    """Sums of the amounts by facet, as parts of `whole`."""
    found = {}
    for code, word in enumerate(rows.words):
        mask = rows.facet == code
        if word is not None and mask.any():
            found[word] = float(amounts[mask].sum()) / whole
    return found
