"""Strata of similar work: cells of severity, category, channel and shift."""

from typing import NamedTuple

import numpy as np

from helpdesk_kpi.calendar.periods import get_zone
from helpdesk_kpi.calendar.shifts import NO_SHIFT, Shifts
from helpdesk_kpi.measure.metrics.columns import Columns, Ints
from helpdesk_kpi.measure.query.metric_store import MetricStore

#: Properties that agents do not choose. Replies and transfers are their choice, and seniority is theirs: no strata.
AXES = ("severity", "category", "channel")


class Strata(NamedTuple):
    """The cells that occur, and the cell of each row."""

    cell: Ints  # by row
    labels: list[tuple[str | None, ...]]  # by cell: severity, category, channel, shift
    parent: Ints  # by cell: its severity, as a code from 0 on


def build_strata(reader: MetricStore, rows: Columns, *, of_tickets: bool) -> Strata:
    """Assign rows to cells. The shift is that of a span's start, else of the ticket's creation.

    `of_tickets`: the rows belong to tickets.
    """
    shifts = Shifts(reader.config.shifts, get_zone(reader.config.timezone))
    came = np.where(rows.start > 0, rows.start, rows.created if of_tickets else rows.at)
    codes = np.stack([*(reader.labels(rows, axis) for axis in AXES), shifts.codes(came)], axis=1)
    _, first, cell = np.unique(_combine_codes(codes), return_index=True, return_inverse=True)
    distinct = codes[first]
    labels = [
        (
            *(reader.label_name(rows, axis, int(c)) for axis, c in zip(AXES, found, strict=False)),
            _shift(shifts, found[3]),
        )
        for found in distinct
    ]
    _, parent = np.unique(distinct[:, 0], return_inverse=True)
    return Strata(cell.reshape(-1), labels, parent.reshape(-1))


def _combine_codes(codes: Ints) -> Ints:
    """One number for each row of codes, in the same order."""
    joined = np.zeros(len(codes), np.int64)
    for column in codes.T:
        joined = joined * (int(column.max(initial=0)) + 2) + column + 1  # NOBODY is -1
    return joined


def _shift(shifts: Shifts, code: int) -> str | None:
    return None if code == NO_SHIFT else shifts.names[code]
