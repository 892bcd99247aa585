"""One figure out of a slice of observations: the statistic that a KPI declares, as of one instant."""

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
from helpdesk_kpi.measure.query.metric_query import Contributions, MetricQuery, Policy, count_stop_reasons, select_rows


def aggregate(asked: MetricQuery, rows: Columns, policy: Policy) -> MetricValue:
    """The KPI's statistic over `rows`."""
    here, exists = select_rows(asked, rows)
    if isinstance(asked.statistic, Followup):
        here, exists = (
            here.take(here.end == NO_INSTANT),
            exists[here.end == NO_INSTANT],
        )  # followers are no things to count
    left_out, excluded = count_stop_reasons(here, EXCLUDED, exists)
    value = _MAKERS[type(asked.statistic)](asked, here.take(exists & ~left_out), policy)
    reasons = {reason: n for reason, n in excluded.items() if n}
    return msgspec.structs.replace(value, excluded={**reasons, **value.excluded})


_MAKERS: dict[type, Callable[[MetricQuery, Columns, Policy], MetricValue]] = {
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


def list_contributions(asked: MetricQuery, rows: Columns, policy: Policy) -> Contributions | None:
    """What each of the rows is of the figure; None where it is a quantile or a ratio of two figures, which have no
    parts, or a mean of answers that are not shown one by one.

    `rows` are those that exist and are not left out, as `aggregate` takes them.
    """
    told = asked.statistic
    if hides_answers(told) or isinstance(told, Duration | Ratio) or (isinstance(told, Stock) and told.of == "age"):
        return None
    return CONTRIBUTIONS[type(told)](asked, rows, policy)


#: What each row is, of figures that are made of their rows one by one.
CONTRIBUTIONS: dict[type, Callable[[MetricQuery, Columns, Policy], Contributions]] = {
    Attainment: durations.attainment_contributions,
    Share: amounts.share_contributions,
    Total: amounts.total_contributions,
    Mix: amounts.share_contributions,
    Score: amounts.share_contributions,
    Stock: stock.stock_contributions,
    Freshness: stock.freshness_contributions,
    Followup: followups.followup_contributions,
}
