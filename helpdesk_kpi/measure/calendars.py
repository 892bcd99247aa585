"""The calendars of rows of observations, and how long their spans are on them. Interrupted spans count by pieces."""

import numpy as np
from numpy.typing import NDArray

from helpdesk_kpi.measure.clock import Calendar
from helpdesk_kpi.measure.columns import Columns, Ints
from helpdesk_kpi.measure.hours import Clocks


class Calendars:
    """Every calendar that some row needs, by its code."""

    def __init__(self, clocks: Clocks) -> None:
        self.clocks = clocks
        self.known: list[Calendar] = []

    def code(self, severity: str | None, team: str | None, source: str) -> int:
        return self._code(self.clocks.calendar(severity, team, source))

    def named(self, hours: str) -> int:
        """Of "always" or an `[hours]` table."""
        return self._code(self.clocks.named(hours))

    def _code(self, calendar: Calendar) -> int:
        if calendar not in self.known:
            self.known.append(calendar)
        return self.known.index(calendar)

    def kind(self, rows: Columns) -> str:
        """What the rows' calendars have in common: calendar, business or mixed."""
        always = {self.clocks.is_always(self.known[code]) for code in np.unique(rows.clock)}
        return "mixed" if len(always) > 1 else "calendar" if True in always else "business"

    def worked(self, rows: Columns, starts: Ints, ends: Ints) -> Ints:
        """Milliseconds of each span on the clock of its row."""
        took = np.zeros(len(rows), np.int64)
        pieces, whole, of = _pieces(rows, starts, ends)
        for code, calendar in enumerate(self.known):
            mask = whole & (rows.clock == code)
            took[mask] = calendar.between(starts[mask], ends[mask])
            if len(of) and (cut := rows.clock[of] == code).any():
                np.add.at(took, of[cut], calendar.between(pieces[cut, 0], pieces[cut, 1]))
        return took


def elapsed(rows: Columns, starts: Ints, ends: Ints) -> Ints:
    """Milliseconds of each span by the wall clock."""
    pieces, whole, of = _pieces(rows, starts, ends)
    took = np.where(whole, ends - starts, 0)
    np.add.at(took, of, pieces[:, 1] - pieces[:, 0])
    return took


def _pieces(rows: Columns, starts: Ints, ends: Ints) -> tuple[Ints, NDArray[np.bool_], Ints]:
    """(pieces [from, to] of interrupted spans, cut to [start, end); which rows are whole; the row of each piece)."""
    whole = np.array([p is None for p in rows.pieces], bool)
    if whole.all():
        return np.empty((0, 2), np.int64), whole, np.empty(0, np.int64)
    found = [(i, a, b) for i in np.flatnonzero(~whole) for a, b in rows.pieces[i]]
    of, spans = np.array([i for i, _, _ in found], np.int64), np.array([[a, b] for _, a, b in found], np.int64)
    spans += rows.created[of, None]
    spans = np.clip(spans, starts[of, None], np.maximum(ends[of, None], starts[of, None]))
    return spans, whole, of
