"""The formula of a value, in words and with its numbers."""

from collections.abc import Sequence

from helpdesk_kpi.measure.metrics.contract import Followup, Ratio, Share, Statistic, Stock
from helpdesk_kpi.measure.metrics.metric_value import MetricValue

#: {n}: of how many; {x}: how many of them, or the sum; {running}: not over yet; {days}: of the window.
FORMULAS = {
    "Duration": "median over {n:g} spans; {running} that still run count as at least so long (Kaplan-Meier)",
    "Share": "sum of value x share / sum of share = {x:g} / {n:g}",
    "Share, low": "lower end of the 95 % interval (Wilson) of {good:g} / {n:g}",
    "Attainment": "kept / (kept + missed) = {x:g} / {n:g}; {running} still run within their deadline",
    "Followup, followed": "followed within {days} days / all whose days are over = {x:g} / {n:g}; {running} to come",
    "Followup, unfollowed": "good and alone for {days} days / all whose days are over = {x:g} / {n:g};"
    " {running} to come",
    "Score": "sum of value x share / sum of share = {x:g} / {n:g}",
    "Freshness": "sum of share of what began at most {days} days before / sum of share = {x:g} / {n:g}",
    "Stock": "count of what is open at the end of the period = {n:g}",
    "Stock, age": "median age of the {n:g} that are open at the end of the period",
    "Total": "sum of value x share = {value:g}",
    "Mix": "sum of value x share = {value:g}",
}


def format_formula(value: MetricValue, statistic: Statistic, sides: Sequence[float | None] = ()) -> str:
    """`sides`: the two values that a ratio divides."""
    if isinstance(statistic, Ratio):
        above, below = ("-" if side is None else f"{side:g}" for side in sides)
        return f"{statistic.a} / {statistic.b} = {above} / {below}"
    return FORMULAS[_kind(statistic)].format(
        n=value.n, x=(value.value or 0) * value.n, value=value.value or 0, good=(value.mean or 0) * value.n,
        running=value.running, days=getattr(statistic, "days", ""),
    )  # fmt: skip


def _kind(statistic: Statistic) -> str:
    name = type(statistic).__name__
    if isinstance(statistic, Followup):
        return f"{name}, {statistic.of}"
    if (isinstance(statistic, Stock) and statistic.of == "age") or (
        isinstance(statistic, Share) and statistic.headline == "low"
    ):
        return f"{name}, {statistic.of if isinstance(statistic, Stock) else statistic.headline}"
    return name
