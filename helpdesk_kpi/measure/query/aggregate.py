"""One value out of a slice of observations: the statistic that a KPI declares, as of one instant."""

from collections.abc import Callable

import msgspec

from helpdesk_kpi.measure.metrics.columns import NO_INSTANT, Columns
from helpdesk_kpi.measure.metrics.contract import (
    EXCLUDED,
    Attainment,
    Duration,
    Followup,
    Freshness,
    Mix,
    Ratio,
    Score,
    Share,
    Stock,
    Total,
    hides_answers,
)
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.query.aggregations import amounts, durations, followups, stock
from helpdesk_kpi.measure.query.metric_query import Contributions, MetricQuery, count_stop_reasons, select_rows
from helpdesk_kpi.measure.query.observation_store import ObservationStore


def aggregate(query: MetricQuery, rows: Columns, store: ObservationStore) -> MetricValue:
    """The KPI's statistic over `rows`."""
    here, exists = select_rows(query, rows)
    if isinstance(query.statistic, Followup):
        is_base = here.end == NO_INSTANT  # followers do not count
        here, exists = here.take(is_base), exists[is_base]
    left_out, excluded = count_stop_reasons(here, EXCLUDED, exists)
    value = _MAKERS[type(query.statistic)](query, here.take(exists & ~left_out), store)
    reasons = {reason: n for reason, n in excluded.items() if n}
    return msgspec.structs.replace(value, excluded={**reasons, **value.excluded})


_MAKERS: dict[type, Callable[[MetricQuery, Columns, ObservationStore], MetricValue]] = {
    Duration: durations.aggregate_duration,
    Attainment: durations.aggregate_attainment,
    Share: amounts.aggregate_share,
    Total: amounts.aggregate_total,
    Mix: amounts.aggregate_mix,
    Score: amounts.aggregate_score,
    Stock: stock.aggregate_stock,
    Freshness: stock.aggregate_freshness,
    Followup: followups.aggregate_followup,
}


def list_contributions(query: MetricQuery, rows: Columns, store: ObservationStore) -> Contributions | None:
    """What each row adds to the value. None for quantiles, ratios and confidential answers, which have no parts.

    `rows` exist at `as_of` and are not excluded, as `aggregate` takes them.
    """
    statistic = query.statistic
    is_age = isinstance(statistic, Stock) and statistic.of == "age"
    if hides_answers(statistic) or isinstance(statistic, Duration | Ratio) or is_age:
        return None
    return CONTRIBUTIONS[type(statistic)](query, rows, store)


#: What each row adds, for statistics that add up.
CONTRIBUTIONS: dict[type, Callable[[MetricQuery, Columns, ObservationStore], Contributions]] = {
    Attainment: durations.attainment_contributions,
    Share: amounts.share_contributions,
    Total: amounts.total_contributions,
    Mix: amounts.share_contributions,
    Score: amounts.share_contributions,
    Stock: stock.stock_contributions,
    Freshness: stock.freshness_contributions,
    Followup: followups.followup_contributions,
}
