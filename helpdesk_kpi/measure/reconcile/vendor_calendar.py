"""Business time by the vendor's schedules, and which other schedule explains a difference."""

from collections.abc import Sequence

from helpdesk_kpi.calendar.business_hours import BusinessCalendar
from helpdesk_kpi.calendar.calendar_rules import CalendarRules, ScheduleVersion
from helpdesk_kpi.measure.reconcile.vendor_metrics import Piece


class VendorCalendar:
    """The schedules of one source."""

    def __init__(self, clocks: CalendarRules, source: str) -> None:
        self.schedules: list[Sequence[ScheduleVersion]] = list(clocks.versions(source))

    def business_ms(self, pieces: Sequence[Piece]) -> int | None:
        """Business ms; the schedule in force at the end of a span applies to all of it. None: no known schedule.

        https://support.zendesk.com/hc/en-us/articles/4408834848154
        """
        if not self.schedules:
            return None
        return sum(elapsed_ms(_in_force(self.schedules[0], p.end), p.start, p.end) for p in pieces)

    def why(self, pieces: Sequence[Piece], native: int, tolerance: int) -> str:
        """Which other hours give the vendor's value; "": no known ones."""

        def fits(*calendars: BusinessCalendar) -> bool:
            return any(abs(sum(elapsed_ms(c, p.start, p.end) for p in pieces) - native) <= tolerance for c in calendars)

        own, *others = self.schedules
        if fits(*(v.calendar for v in own)):
            return "schedule_changed"
        if fits(*(v.calendar for versions in others for v in versions)):
            return "several_schedules"
        if fits(*(v.without_holidays for versions in self.schedules for v in versions)):
            return "holidays_differ"
        if fits(BusinessCalendar.always()):
            return "no_schedule"
        return "hours_not_known" if max(p.end for p in pieces) < own[0].since else ""


def elapsed_ms(calendar: BusinessCalendar, start: int, end: int) -> int:
    return int(calendar.between(start, end))


def _in_force(versions: Sequence[ScheduleVersion], at: int) -> BusinessCalendar:
    return next((v.calendar for v in reversed(versions) if v.since <= at), versions[0].calendar)
