"""One figure out of a slice of observations: the statistic that a KPI declares, as of one instant."""

from collections.abc import Callable

import msgspec

from helpdesk_kpi.measure.metrics.columns import NEVER, Columns
from helpdesk_kpi.measure.metrics.contract import (
    EXCLUDED,
    Duration,
    Fresh,
    Met,
    Mix,
    Ratio,
    Score,
    Share,
    Stock,
    Total,
    Within,
    hides_answers,
)
from helpdesk_kpi.measure.metrics.metric_value import Value
from helpdesk_kpi.measure.query.aggregations import amounts, durations, followups, stock
from helpdesk_kpi.measure.query.metric_query import Asked, Parts, Policy, counted, existing


def figure(asked: Asked, rows: Columns, policy: Policy) -> Value:
    """The KPI's statistic over `rows`."""
    here, exists = existing(asked, rows)
    if isinstance(asked.statistic, Within):
        here, exists = here.take(here.end == NEVER), exists[here.end == NEVER]  # followers are no things to count
    left_out, excluded = counted(here, EXCLUDED, exists)
    value = _MAKERS[type(asked.statistic)](asked, here.take(exists & ~left_out), policy)
    reasons = {reason: n for reason, n in excluded.items() if n}
    return msgspec.structs.replace(value, excluded={**reasons, **value.excluded})


_MAKERS: dict[type, Callable[[Asked, Columns, Policy], Value]] = {
    Duration: durations.duration,
    Met: durations.met,
    Share: amounts.share,
    Total: amounts.total,
    Mix: amounts.mix,
    Score: amounts.score,
    Stock: stock.stock,
    Fresh: stock.fresh,
    Within: followups.within,
}


def parts(asked: Asked, rows: Columns, policy: Policy) -> Parts | None:
    """What each of the rows is of the figure; None where it is a quantile or a ratio of two figures, which have no
    parts, or a mean of answers that are not shown one by one.

    `rows` are those that exist and are not left out, as `figure` takes them.
    """
    told = asked.statistic
    if hides_answers(told) or isinstance(told, Duration | Ratio) or (isinstance(told, Stock) and told.of == "age"):
        return None
    return PARTS[type(told)](asked, rows, policy)


#: What each row is, of figures that are made of their rows one by one.
PARTS: dict[type, Callable[[Asked, Columns, Policy], Parts]] = {
    Met: durations.met_parts,
    Share: amounts.share_parts,
    Total: amounts.total_parts,
    Mix: amounts.share_parts,
    Score: amounts.share_parts,
    Stock: stock.count_parts,
    Fresh: stock.fresh_parts,
    Within: followups.within_parts,
}
