"""The rows behind a figure as things to compare: what each came to, and how much of it is whose."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.asked import Bools, Policy
from helpdesk_kpi.measure.columns import NEVER, Columns, Floats
from helpdesk_kpi.measure.contract import CENSORED, EXCLUDED, Duration, Kpi, Met, Mix, Score, Share, Total, Within
from helpdesk_kpi.measure.durations import verdicts
from helpdesk_kpi.measure.windows import DAY, first_followers

Kind = Literal["share", "duration", "score", "count"]


class Counted(NamedTuple):
    """The rows that count. `value`: 1 or 0, a score, an amount, or ms so far."""

    rows: Columns
    value: Floats
    weight: Floats
    running: Bools  # durations that have not ended

    def take(self, mask: Bools) -> "Counted":
        return Counted(self.rows.take(mask), self.value[mask], self.weight[mask], self.running[mask])


class Told(NamedTuple):
    """What is asked of a variant's rows: those with `at` in [start, end), as known at `as_of`."""

    kpi: Kpi
    variant: str
    start: int
    end: int
    as_of: int
    policy: Policy


def kind_of(kpi: Kpi, variant: str) -> Kind:
    """UsageError where no row stands for a thing: what is alive at an instant, and ratios of figures."""
    statistic = kpi.statistic_of(variant)
    for found, kinds in _KINDS.items():
        if isinstance(statistic, kinds):
            return found
    raise UsageError(
        f"{kpi.id} ({variant}) cannot be compared: it is no share, duration, score or sum of single things"
    )


def things(told: Told, rows: Columns) -> Counted:
    """By the same rules as the figure itself."""
    here = rows.between(told.start, told.end)
    counts = here.exist(told.as_of) & ~here.stopped(EXCLUDED)
    return _MAKERS[type(told.kpi.statistic_of(told.variant))](told, here.take(counts))


def _plain(_told: Told, rows: Columns) -> Counted:
    return Counted(rows, rows.value, rows.share, np.zeros(len(rows), np.bool_))


def _duration(told: Told, rows: Columns) -> Counted:
    over = rows.end <= told.as_of
    took = told.policy.between(rows, rows.start, np.minimum(rows.end, told.as_of))
    return Counted(rows, took.astype(np.float64), np.ones(len(rows)), ~over | rows.stopped(CENSORED))


def _met(told: Told, rows: Columns) -> Counted:
    """Promises that were kept or missed; what runs within its deadline is neither."""
    kept, missed, _, _ = verdicts(told.as_of, rows, told.policy)
    judged = kept | missed
    n = int(judged.sum())
    return Counted(rows.take(judged), kept[judged].astype(np.float64), np.ones(n), np.zeros(n, np.bool_))


def _within(told: Told, rows: Columns) -> Counted:
    """Things whose window is over, and whether something followed."""
    window = told.kpi.statistic_of(told.variant)
    assert isinstance(window, Within)
    rows = rows.take((rows.end == NEVER) & (rows.at + window.days * DAY <= told.as_of))
    when, _ = first_followers(rows, told.policy.followers(), told.as_of)
    came = (when != NEVER) & (when - rows.at <= window.days * DAY)
    counts = came if window.of == "followed" else (rows.value == 1) & ~came
    return Counted(rows, counts.astype(np.float64), rows.share, np.zeros(len(rows), np.bool_))


def _total(told: Told, rows: Columns) -> Counted:
    total = told.kpi.statistic_of(told.variant)
    weights = np.ones(len(rows))
    if isinstance(total, Total):
        if total.within is not None:
            rows = rows.take((rows.end == NEVER) | (rows.end - rows.at <= total.within * DAY))
        weights = told.policy.weights(rows) if total.weighted else np.ones(len(rows))
    return Counted(rows, rows.value * weights, rows.share, np.zeros(len(rows), np.bool_))


_KINDS: dict[Kind, tuple[type, ...]] = {
    "share": (Share, Met, Within),
    "duration": (Duration,),
    "score": (Score,),
    "count": (Total, Mix),
}
_MAKERS: dict[type, Callable[[Told, Columns], Counted]] = {
    Share: _plain,
    Score: _plain,
    Duration: _duration,
    Met: _met,
    Within: _within,
    Total: _total,
    Mix: _total,
}
