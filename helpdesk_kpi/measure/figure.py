"""One figure out of a slice of observations: the statistic that a KPI declares, as of one instant."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from helpdesk_kpi.measure.columns import Columns, Ints
from helpdesk_kpi.measure.contract import CENSORED, EXCLUDED, Duration, Kpi, Share, Stock, Total
from helpdesk_kpi.measure.statistics.mean import mean
from helpdesk_kpi.measure.statistics.proportion import wilson
from helpdesk_kpi.measure.statistics.quantile import interval, quantile
from helpdesk_kpi.measure.statistics.survival import kaplan_meier
from helpdesk_kpi.measure.value import Value

Bools = NDArray[np.bool_]


class Asked(NamedTuple):
    """What is asked for: a variant of a KPI, over the period [start, end), as known at `as_of`."""

    kpi: Kpi
    variant: str
    start: int
    end: int
    as_of: int

    @property
    def instant(self) -> int:
        """The last instant of the period that is known."""
        return min(self.end, self.as_of)


class Timing(NamedTuple):
    """How durations are measured: working ms of spans, and each row's own target (ms, -1: none)."""

    between: Callable[[Columns, Ints, Ints], Ints]
    targets: Callable[[Columns], Ints]
    clock: Callable[[Columns], str]  # calendar, business or mixed


def figure(asked: Asked, rows: Columns, timing: Timing) -> Value:
    """The KPI's statistic over `rows`."""
    if isinstance(asked.kpi.statistic, Stock):
        # Whatever is alive at the instant, whenever it began.
        here = rows
        exists = (rows.at <= asked.instant) & (rows.end > asked.instant) & (rows.known <= asked.as_of)
    else:
        first, last = np.searchsorted(rows.at, [asked.start, asked.end])
        here = rows.take(slice(int(first), int(last)))
        exists = (here.known <= asked.as_of) & (here.until > asked.as_of)
    left_out, excluded = _counted(here, EXCLUDED, exists)
    value = _MAKERS[type(asked.kpi.statistic)](asked, here.take(exists & ~left_out), timing)
    return msgspec.structs.replace(value, excluded={reason: n for reason, n in excluded.items() if n})


def _counted(rows: Columns, reasons: frozenset[str], among: Bools) -> tuple[Bools, dict[str, int]]:
    """Rows that stopped for one of the reasons, and how many `among` the rows for each."""
    codes = {code: word for code, word in enumerate(rows.words) if word in reasons}
    mask = np.isin(rows.stop, list(codes))
    return mask, {str(word): int((among & (rows.stop == code)).sum()) for code, word in codes.items()}


def _duration(asked: Asked, rows: Columns, timing: Timing) -> Value:
    over = rows.end <= asked.as_of
    stopped, censored = _counted(rows, CENSORED, over)
    ended, stopped = over & ~stopped, over & stopped
    running = ~over
    took = timing.between(rows, rows.start, np.minimum(rows.end, asked.as_of))
    low = high = median = p90 = None
    if ended.all():
        median, p90 = quantile(took, 0.5), quantile(took, 0.9)
        low, high = interval(took, 0.5)
    elif len(rows):
        curve = kaplan_meier(took, ended)
        median, p90 = curve.quantile(0.5), curve.quantile(0.9)
        low, high = curve.quantile_interval(0.5)
    target, within, n_within, overdue = _within(took, timing.targets(rows), ended, running)
    bounds = wilson(within, n_within) if n_within else (None, None)
    return Value(
        kpi=asked.kpi.id, variant=asked.variant, unit=asked.kpi.unit, n=float(len(rows)), value=median, low=low,
        high=high,
        median=median, p90=p90, mean=mean(took[ended])[0], ended=int(ended.sum()), running=int(running.sum()),
        censored={r: n for r, n in censored.items() if n}, target=target,
        within=within / n_within if n_within else None, within_low=bounds[0], within_high=bounds[1], overdue=overdue,
        clock=timing.clock(rows),  # type: ignore[arg-type]
    )  # fmt: skip


def _within(took: Ints, targets: Ints, ended: Bools, running: Bools) -> tuple[float | None, int, int, int]:
    """(the common target, met, met + missed, running past target).

    Missed: ended late, or not answered by the target. Still running within target, or ended otherwise before it: not
    known, so in neither.
    """
    has = targets >= 0
    common = float(targets[0]) if len(targets) and has.all() and (targets == targets[0]).all() else None
    met = has & ended & (took <= targets)
    missed = has & (took > targets)
    return common, int(met.sum()), int((met | missed).sum()), int((running & missed).sum())


def _share(asked: Asked, rows: Columns, _timing: Timing) -> Value:
    n, x = float(rows.share.sum()), float((rows.share * rows.value).sum())
    low, high = wilson(x, n) if n else (None, None)
    return Value(
        kpi=asked.kpi.id, variant=asked.variant, unit=asked.kpi.unit, n=n, value=x / n if n else None, low=low,
        high=high,
        facets=_facets(rows, n) if asked.kpi.facet == "kind" and n else {},
    )  # fmt: skip


def _facets(rows: Columns, n: float) -> dict[str, float]:
    found = {}
    for code, word in enumerate(rows.words):
        mask = rows.facet == code
        if word is not None and mask.any():
            found[word] = float((rows.share * rows.value)[mask].sum()) / n
    return found


def _total(asked: Asked, rows: Columns, _timing: Timing) -> Value:
    n, x = float(rows.share.sum()), float((rows.share * rows.value).sum())
    return Value(kpi=asked.kpi.id, variant=asked.variant, unit=asked.kpi.unit, n=n, value=x)


def _stock(asked: Asked, rows: Columns, timing: Timing) -> Value:
    ages = timing.between(rows, rows.created, np.full(len(rows), asked.instant))
    targets = timing.targets(rows)
    return Value(
        kpi=asked.kpi.id, variant=asked.variant, unit=asked.kpi.unit, n=float(len(rows)), value=float(len(rows)),
        median=quantile(ages, 0.5), p90=quantile(ages, 0.9), running=len(rows),
        overdue=int(((targets >= 0) & (ages > targets)).sum()), facets=_facets(rows, 1.0),
        clock=timing.clock(rows),  # type: ignore[arg-type]
    )  # fmt: skip


_MAKERS: dict[type, Callable[[Asked, Columns, Timing], Value]] = {
    Duration: _duration,
    Share: _share,
    Total: _total,
    Stock: _stock,
}
