"""One metric of one ticket: the vendor's value compared with ours."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from helpdesk_kpi.calendar.business_hours import BusinessCalendar
from helpdesk_kpi.calendar.calendar_rules import CalendarRules
from helpdesk_kpi.measure.metrics.contract import Observation
from helpdesk_kpi.measure.reconcile.causes import (
    AGREE,
    UNEXPLAINED,
    DifferenceCase,
    explain_by_definition,
    explain_by_ticket,
    is_paused,
)
from helpdesk_kpi.measure.reconcile.vendor_calendar import VendorCalendar, elapsed_ms
from helpdesk_kpi.measure.reconcile.vendor_metrics import Piece, VendorMetric, own_observation
from helpdesk_kpi.measure.tickets.timeline import Timeline

ClockName = Literal["calendar", "business", "count"]


class TicketDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of one ticket on one clock. Amounts are ms or a count; None: that side has no value."""

    source: str
    metric: str
    kpi: str  # our metric; "": no KPI corresponds
    clock: ClockName
    ticket: str
    url: str
    native: int | None
    same: int | None  # vendor's definition applied to our history
    ours: int | None  # what reports print
    reason: str

    @property
    def difference(self) -> int | None:
        """Ours minus theirs; without a value of ours, that by their definition."""
        ours = self.same if self.ours is None else self.ours
        return None if ours is None or self.native is None else ours - self.native


class Native(NamedTuple):
    """A vendor's own value: calendar ms, business ms, or a count."""

    calendar: int | None = None
    business: int | None = None
    number: int | None = None


class VendorCycle(NamedTuple):
    """One finished run of an SLA clock. `elapsed`: working ms as reported."""

    sla: str
    start: int
    stop: int
    elapsed: int


class VendorTicket(NamedTuple):
    """What the vendor reports about one ticket."""

    source: str
    ticket: str
    url: str
    figures: Mapping[str, Native]
    cycles: Sequence[VendorCycle]


class TicketDiff:
    """One metric of one ticket."""

    def __init__(self, clocks: CalendarRules, ticket: Timeline, metric: VendorMetric, vendor: VendorTicket) -> None:
        self.clocks, self.ticket, self.metric, self.vendor = clocks, ticket, metric, vendor
        self.native = vendor.figures.get(metric.name, Native())
        self.same = metric.read(ticket)
        self.now = self.same.at()
        self.cycle = self._cycle() if metric.is_sla else None
        self.ours = own_observation(ticket, metric.kpi) if metric.kpi else None
        self.tolerance = 0 if metric.is_count else metric.unit * max(1, len(self.now) if metric.is_sum else 1)
        self.case = DifferenceCase(ticket, metric, self._calendar(), self.same, self.ours, self.tolerance)

    def _cycle(self) -> VendorCycle | None:
        """The run behind the vendor's value: of the runs with that duration, the one that ends nearest to ours.

        A run of another SLA may have the same duration.
        """
        elapsed = self.native.calendar if self.native.business is None else self.native.business
        ends = [p.end for p in self.same.pieces] or [self.ticket.created_at]
        runs = [c for c in self.vendor.cycles if c.elapsed == elapsed]
        return min(runs, key=lambda c: min(abs(c.stop - end) for end in ends), default=None)

    def _calendar(self) -> int | None:
        """The vendor's value in calendar time. Of an SLA: from start to end of the run, with pauses."""
        if self.metric.is_count:
            return self.native.number
        return self.native.calendar if self.cycle is None else self.cycle.stop - self.cycle.start

    def rows(self) -> Iterator[TicketDifference]:
        """The comparison in calendar time (or of a count), and in business time if the vendor reports it."""
        same = None if self.metric.is_count and self.same.unknown else self.case.amount(self.now)
        ours = next((p.end - p.start for p in _span(self.ours)), None)
        reason = self._reason(same, ours)
        if not reason:
            return
        row = TicketDifference(
            source=self.vendor.source, metric=self.metric.name, kpi=self.metric.kpi,
            clock="count" if self.metric.is_count else "calendar", ticket=self.vendor.ticket, url=self.vendor.url,
            native=self.case.native, same=same, ours=ours, reason=reason,
        )  # fmt: skip
        yield row
        if self.native.business is not None:
            yield self._business(row, self.native.business)

    def _reason(self, same: int | None, ours: int | None) -> str:
        """ "" if there is nothing to compare."""
        if self.case.native is None and same is None and ours is None:
            return ""
        if self.metric.is_late and not self.vendor.figures:  # no values at all: not computed yet
            return "deleted" if self.ticket.deleted_at is not None else "not_computed_yet"
        if self.cycle is not None and (reason := self._start_shift_reason(self.cycle)):
            return reason
        shown = ours if self.metric.kpi else same
        if self.case.fits(shown):
            return self._agreement(shown, self.case.native)
        return explain_by_definition(self.case) if self.case.fits(same) else explain_by_ticket(self.case)

    def _agreement(self, ours: int | None, native: int | None) -> str:
        return "agrees" if 2 * abs((ours or 0) - (native or 0)) <= self.metric.unit else "rounding"

    def _start_shift_reason(self, cycle: VendorCycle) -> str:
        """Why an SLA run does not start with the ticket; "" if it does."""
        if abs(cycle.start - self.ticket.created_at) <= self.tolerance:
            return ""
        runs = sum(c.sla == cycle.sla for c in self.vendor.cycles)
        return "first_cycle_of_many" if runs > 1 else "clock_started_elsewhere"

    # Business time

    def _business(self, row: TicketDifference, native: int) -> TicketDifference:
        span = _span(self.ours)
        pieces = self.now or span
        same, ours = self._business_ms(pieces), self._business_ms(span)
        reason = row.reason
        if reason in AGREE or self.case.fits(row.same):
            hours = self._by_hours(pieces, native, same)
            reason = hours if reason in AGREE or hours == UNEXPLAINED else reason
        return msgspec.structs.replace(
            row, clock="business", native=native, same=same, ours=ours if span else None, reason=reason
        )

    def _by_hours(self, pieces: Sequence[Piece], native: int, same: int | None) -> str:
        if same is None:
            is_always = self.native.calendar is not None and abs(native - self.native.calendar) <= self.tolerance
            return "no_schedule" if is_always else "hours_not_known"
        if abs(same - native) <= self.tolerance:
            return self._agreement(same, native)
        if self.metric.is_sla:
            return self._pause_reason(pieces, native, same)
        return VendorCalendar(self.clocks, self.vendor.source).why(pieces, native, self.tolerance) or UNEXPLAINED

    def _business_ms(self, pieces: Sequence[Piece]) -> int | None:
        """Business ms; SLA calendars are not reported, so the configured hours are used for them."""
        if self.metric.is_sla:
            return sum(elapsed_ms(self._configured_calendar, p.start, p.end) for p in pieces)
        return VendorCalendar(self.clocks, self.vendor.source).business_ms(pieces)

    def _pause_reason(self, pieces: Sequence[Piece], native: int, same: int) -> str:
        for spans in is_paused(self.ticket, pieces[0].start, pieces[-1].end) if pieces else ():
            rested = sum(elapsed_ms(self._configured_calendar, *span) for span in spans)
            if spans and abs(same - rested - native) <= self.tolerance * (len(spans) + 1):
                return "paused_time"
        return "calendar_differs"

    @property
    def _configured_calendar(self) -> BusinessCalendar:
        severity = self.ticket.severity_at(self.ticket.created_at)
        return self.clocks.calendar(severity, None, self.vendor.source)


def _span(o: Observation | None) -> list[Piece]:
    """The span of an observation that ended by the awaited event; else empty."""
    ended = o is not None and o.start is not None and o.end is not None and not o.stop
    return [Piece(o.start, o.end, o.end)] if ended else []  # type: ignore[union-attr,arg-type]  # so it is not None
