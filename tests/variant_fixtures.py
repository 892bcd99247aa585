"""Holding every variant of a KPI to values worked out by hand."""

from collections.abc import Callable, Sequence
from typing import Any

from story_fixtures import CREATED, MINUTE, measured, minutes

from helpdesk_kpi.measure.metrics.contract import Followup, Observation, Statistic
from helpdesk_kpi.measure.metrics.discovery import get_kpi
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.milliseconds import DAY

#: What a variant of a KPI gives: (kpi, variant) -> anything that compares.
Told = Callable[[str, str], Any]


def variants_give(kpi: str, told: Told, **by_hand: Any) -> None:
    """Each variant gives what was worked out for it by hand, and none of the catalogue's is left out.

    `test_edge_cases.py` looks for calls of this, so the KPI stands there by its id or under a name of the module.
    """
    assert set(by_hand) == set(get_kpi(kpi).variants)
    given = {variant: told(kpi, variant) for variant in by_hand}
    assert given == by_hand


def alike(value: Any, *variants: str) -> dict[str, Any]:
    """The same by several variants."""
    return dict.fromkeys(variants, value)


def lengths(ticket: Timeline, *, as_of: float | None = None) -> Told:
    """Of lengths of time: minutes, as `minutes` tells them."""
    return lambda kpi, variant: minutes(ticket, kpi, variant, as_of=as_of)


def of_solves(ticket: Timeline, *, as_of: float | None = None) -> Told:
    """Of what counts solves: (minute of the solve, whose, how much) of each; or why it is left out.

    How much: of tickets and points, the credit; of shares, 1 or 0 when all days in which something could follow are
    over. `as_of` is what was known when.
    """

    def told(kpi: str, variant: str) -> list[tuple[float, int | None, Any]]:
        rows = measured(ticket, kpi, variant, as_of=as_of)
        statistic = get_kpi(kpi).statistic_of(variant)
        return [
            ((row.at - CREATED) / MINUTE, row.agent, row.stop or _counts(row, rows, statistic))
            for row in rows
            if row.end is None
        ]

    return told


def _counts(row: Observation, rows: Sequence[Observation], statistic: Statistic) -> float:
    assert row.value is not None
    if not isinstance(statistic, Followup):
        return row.value * row.share
    followed = any(row.at < f.end <= row.at + statistic.days * DAY for f in rows if f.end is not None)
    return int(followed) if statistic.of == "followed" else int(row.value == 1 and not followed)
