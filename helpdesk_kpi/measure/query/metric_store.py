"""Any KPI over any slice of any period, as of any instant."""

from functools import cached_property

import msgspec
import numpy as np

from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.metrics.columns import Columns, load_columns
from helpdesk_kpi.measure.metrics.contract import (
    Attainment,
    Followup,
    Freshness,
    Kpi,
    Ratio,
    Score,
    Share,
    Total,
    hides_answers,
)
from helpdesk_kpi.measure.metrics.discovery import get_kpi, load_kpis
from helpdesk_kpi.measure.metrics.metric_value import MetricValue, Point
from helpdesk_kpi.measure.query.aggregate import aggregate
from helpdesk_kpi.measure.query.confidential import SPANS, Confidential
from helpdesk_kpi.measure.query.limiting_defaults import Default, defaults
from helpdesk_kpi.measure.query.metric_query import MetricQuery, select_rows
from helpdesk_kpi.measure.query.observation_store import ObservationStore
from helpdesk_kpi.measure.statistics.control_chart import Kind, Signal, detect_signal
from helpdesk_kpi.milliseconds import DAY
from helpdesk_kpi.store import Store

HISTORY_PERIODS = 26  # periods behind the usual range


class MetricStore(ObservationStore):
    """Answers a MetricQuery with a MetricValue. Each answer is computed once."""

    def __init__(self, store: Store, config: Config, *, back_to: int = 0) -> None:
        super().__init__(store, config, back_to=back_to)
        self._values: dict[tuple[object, ...], MetricValue] = {}
        self._without_history: dict[tuple[object, ...], MetricValue] = {}
        self._groups: dict[tuple[str, str], Confidential] = {}

    def get(self, query: MetricQuery) -> MetricValue:
        """The value with its history, each earlier period read at the same age, and whether it is a signal.

        Raises UsageError if the variant is not measured yet. An empty slice gives n = 0 and value None.
        """
        if query.key not in self._values:
            self._values[query.key] = self._with_history(query)
        return self._values[query.key]

    def _with_history(self, query: MetricQuery) -> MetricValue:
        period, known_from = query.period, self.history_from
        assert period is not None
        present = self.compute(query)
        lag = query.as_of - period.end
        earlier = [period.shift_back(n) for n in range(HISTORY_PERIODS, 0, -1)] if known_from is not None else []
        earlier = [p for p in earlier if p.start >= (known_from or 0)]
        values = [self.compute(query.replace(period=p, as_of=p.end + lag)) for p in earlier]
        history = tuple(Point(p.label, v.value, v.n) for p, v in zip(earlier, values, strict=True))
        return msgspec.structs.replace(
            present,
            previous=values[-1] if values else None,
            history=history,
            signal=_detect_signal(query.kpi, history, present),
            provisional=query.as_of < period.end + query.kpi.matures_of(query.variant) * DAY,
        )

    def compute(self, query: MetricQuery) -> MetricValue:
        """The value without history. The histories of successive periods share most of their values."""
        if query.key not in self._without_history:
            self._without_history[query.key] = self._compute(query)
        return self._without_history[query.key]

    def _compute(self, query: MetricQuery) -> MetricValue:
        statistic = query.statistic
        if isinstance(statistic, Ratio):
            sides = (query.replace(kpi=get_kpi(part), variant="strict") for part in (statistic.a, statistic.b))
            return self._ratio(query, *map(self.compute, sides))
        query = query.without_sub_dimensions()
        if hides_answers(statistic):
            return self._confidential(query)
        found = aggregate(query, self.query_slice(query), self)
        if isinstance(statistic, Total) and statistic.weighted:
            return msgspec.structs.replace(found, basis=self.complexity_weights.bases(query.start, query.instant))
        return found

    def _ratio(self, query: MetricQuery, above: MetricValue, below: MetricValue) -> MetricValue:
        value = above.value / below.value if above.n and above.value is not None and below.value else None
        return query.value(n=below.n, value=value)

    def _confidential(self, query: MetricQuery) -> MetricValue:
        """A score of answers that are shown in groups only.

        The number of hidden answers appears for months and longer; for days and weeks it would give away when a person
        answered.
        """
        here, exists = select_rows(query, self.query_slice(query))
        shown = self.shown(query, here.take(exists))
        found = aggregate(query, shown, self)
        found = msgspec.structs.replace(found, sd=None, p90=None)  # with these and the mean, few answers are known
        hidden = len(here) - len(shown)
        if not hidden or query.period is None or query.period.kind not in SPANS:
            return found
        reason = "too_few_raters" if query.end <= query.as_of else "period_open"
        n = found.n or (float(hidden) if reason == "too_few_raters" else 0.0)
        return msgspec.structs.replace(found, n=n, excluded={**found.excluded, reason: hidden})

    def shown(self, query: MetricQuery, rows: Columns) -> Columns:
        """The rows that may be shown. Of scores that hide answers: whole groups of closed periods."""
        statistic = query.statistic
        if not hides_answers(statistic):
            return rows
        if query.end > query.as_of:
            return rows.take(slice(0, 0))
        key = (query.kpi.id, query.variant)
        if key not in self._groups:
            known = self._all_rows(*key)
            about = (self.labels(known, "agent"), self.labels(known, "team"))
            self._groups[key] = Confidential(
                self.store, known, about, fewest=statistic.min_raters, zone=self.config.timezone
            )
        return rows.take(self._groups[key].shown(rows, query.as_of))

    def _all_rows(self, kpi: str, variant: str) -> Columns:
        """As `columns`, but from the first instant on, whatever `back_to` says."""
        metric = self.store.one("SELECT id FROM metrics WHERE kpi = ? AND variant = ?", kpi, variant)
        return load_columns(self.store, load_kpis()[kpi].subject, [metric], 0)[metric]

    def names(self, query: MetricQuery, axis: str) -> list[str | None]:
        """The names that occur on an axis, sorted; None last."""
        rows, exists = select_rows(query, self.query_slice(query))
        codes = np.unique(self.labels(rows, axis)[exists])
        found = {self.label_name(rows, axis, int(c)) for c in codes}
        return [*sorted(n for n in found if n is not None), *([None] if None in found else [])]

    @cached_property
    def history_from(self) -> int | None:
        """The first instant from which the store has complete histories (UTC epoch ms); None: it has no ticket."""
        first = "(SELECT min(created_at) FROM tickets WHERE source = s.id)"
        found = self.store.one(f"SELECT max(max({first}, s.since)) FROM sources s")  # before, one source is unknown
        return None if found is None else int(found)

    @cached_property
    def defaults(self) -> list[Default]:
        """Settings that can void a KPI."""
        return defaults(self.store, self.config)


def filter_team(team: str | None) -> dict[str, str | None]:
    """The slice of one team, or the whole."""
    return {} if team is None else {"team": team}


def _detect_signal(kpi: Kpi, history: tuple[Point, ...], present: MetricValue) -> Signal:
    return detect_signal(history, Point("", present.value, present.n), _kind(kpi), kpi.better)


def _kind(kpi: Kpi) -> Kind:
    if isinstance(kpi.statistic, Share | Attainment | Followup | Freshness):
        return "share"
    if isinstance(kpi.statistic, Score | Ratio):
        return "level"
    if isinstance(kpi.statistic, Total) and kpi.statistic.signed:
        return "difference"
    return "count" if kpi.unit == "tickets" or isinstance(kpi.statistic, Total) else "duration"
