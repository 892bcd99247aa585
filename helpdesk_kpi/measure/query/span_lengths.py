"""The calendars of rows of observations, and how long their spans are on them. Interrupted spans count by pieces."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from helpdesk_kpi.calendar.business_hours import BusinessCalendar
from helpdesk_kpi.calendar.calendar_rules import CalendarRules, VendorSchedule
from helpdesk_kpi.calendar.ticket_schedules import Segments
from helpdesk_kpi.measure.metrics.columns import NO_PERSON, Columns, Ints


class SpanLengths:
    """Every calendar that some row needs, by its code."""

    def __init__(self, clocks: CalendarRules) -> None:
        self.clocks = clocks
        self.known: list[BusinessCalendar] = []
        self._codes: dict[int, int] = {}  # by id() of the calendars in `known`
        self._of_segments: dict[tuple[str, Segments], int] = {}

    def configured(self, severity: str | None, team: str | None, source: str) -> int:
        """What the configuration says; NOBODY: it leaves it to the helpdesk."""
        calendar = self.clocks.configured(severity, team, source)
        return NO_PERSON if calendar is None else self._code(calendar)

    def default(self, source: str) -> int:
        """Of what names no schedule of its own."""
        return self._code(self.clocks.schedules.get(source) or self.clocks.default)

    def of_segments(self, source: str, segments: Segments) -> int:
        """Each schedule in its time; NOBODY: one of them is not known."""
        key = (source, segments)
        if key not in self._of_segments:
            schedules = [(since, self._schedule(source, native)) for since, native in segments]
            parts = [(since, schedule.calendar) for since, schedule in schedules if schedule is not None]
            is_known = len(parts) == len(segments)
            self._of_segments[key] = self._code(BusinessCalendar.from_versions(parts)) if is_known else NO_PERSON
        return self._of_segments[key]

    def in_force(self, source: str, segments: Segments, at: int) -> int:
        """The one schedule, in the one version, that is in force at an instant, for whole spans; NOBODY: not known."""
        native = next((native for since, native in reversed(segments) if since <= at), segments[0][1])
        schedule = self._schedule(source, native)
        return NO_PERSON if schedule is None else self._code(schedule.in_force(at).calendar)

    def _schedule(self, source: str, native: str | None) -> VendorSchedule | None:
        return self.clocks.unnamed(source) if native is None else self.clocks.known.get(source, {}).get(native)

    def get(self, hours: str) -> int:
        """Of "always" or an `[hours]` table."""
        return self._code(self.clocks.get(hours))

    def _code(self, calendar: BusinessCalendar) -> int:
        """There may be one for each ticket. What is kept in `known` keeps its id."""
        code = self._codes.setdefault(id(calendar), len(self.known))
        if code == len(self.known):
            self.known.append(calendar)
        return code

    def kind(self, rows: Columns) -> str:
        """What the rows' calendars have in common: calendar, business or mixed."""
        always = {self.clocks.is_always(self.known[code]) for code in np.unique(rows.clock)}
        return "mixed" if len(always) > 1 else "calendar" if True in always else "business"

    def business_ms(self, rows: Columns, starts: Ints, ends: Ints) -> Ints:
        """Milliseconds of each span on the clock of its row."""
        took = np.zeros(len(rows), np.int64)
        pieces, whole, of = _pieces(rows, starts, ends)
        alone = np.flatnonzero(whole)
        for calendar, places in self._by_calendar(rows.clock[alone]):
            mine = alone[places]
            took[mine] = calendar.between(starts[mine], ends[mine])
        for calendar, places in self._by_calendar(rows.clock[of]):
            np.add.at(took, of[places], calendar.between(pieces[places, 0], pieces[places, 1]))
        return took

    def _by_calendar(self, codes: Ints) -> Iterator[tuple[BusinessCalendar, Ints]]:
        """Each calendar that occurs, with its places; there may be one for each ticket."""
        order = np.argsort(codes, kind="stable")
        found, firsts = np.unique(codes[order], return_index=True)
        parts = np.split(order, firsts[1:]) if len(found) else []
        for code, places in zip(found.tolist(), parts, strict=True):
            if code != NO_PERSON:
                yield self.known[code], places


def elapsed_ms(rows: Columns, starts: Ints, ends: Ints) -> Ints:
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
