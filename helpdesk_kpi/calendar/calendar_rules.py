"""Which calendar a clock runs on: by severity, then team, then source, then the helpdesk's own, then the default."""

import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from helpdesk_kpi import config as settings
from helpdesk_kpi.calendar.business_hours import BusinessCalendar
from helpdesk_kpi.store import Store


class ScheduleVersion(NamedTuple):
    """A helpdesk's schedule as it was from `since` on; the first one seen also before."""

    since: int
    calendar: BusinessCalendar
    without_holidays: BusinessCalendar
    is_default: bool | None = None  # as the helpdesk said then; None: it did not


class VendorSchedule(NamedTuple):
    """One of a helpdesk's schedules, with all versions that were seen, in order of time."""

    native: str
    name: str
    zone: str  # IANA, of the latest version
    versions: Sequence[ScheduleVersion]
    calendar: BusinessCalendar  # each version in its time
    created_at: int | None
    gone_at: int | None

    @property
    def is_gone(self) -> bool:
        return self.gone_at is not None

    @property
    def is_default(self) -> bool | None:
        """As the helpdesk says now; None: it does not."""
        return self.versions[-1].is_default

    def was_default(self, at: int) -> bool:
        """Whether the helpdesk had said so by then."""
        return bool(next((v.is_default for v in reversed(self.versions) if v.since <= at), False))

    def in_force(self, at: int) -> ScheduleVersion:
        return next((v for v in reversed(self.versions) if v.since <= at), self.versions[0])


class CalendarRules:
    """The calendars of a configuration and of the helpdesks' schedules."""

    def __init__(self, store: Store, config: settings.Config) -> None:
        self.store = store
        self.config = config
        self._made: dict[str, BusinessCalendar] = {}

    def calendar(self, severity: str | None, team: str | None, source: str) -> BusinessCalendar:
        """The calendar in force where no ticket says on which of the helpdesk's schedules it runs."""
        return self.configured(severity, team, source) or self.schedules.get(source) or self.default

    def configured(self, severity: str | None, team: str | None, source: str) -> BusinessCalendar | None:
        """What the configuration says of a severity, a team or a source; None: it leaves it to the helpdesk."""
        level = self.config.severity.get(severity or "")
        if level is not None and level.hours is not None:
            return self.get(level.hours)
        for name, hours in self.config.hours.items():
            if team in hours.teams or source in hours.sources:
                return self.get(name)
        return None

    def get(self, name: str) -> BusinessCalendar:
        if name not in self._made:
            self._made[name] = (
                self._always
                if name == "always"
                else BusinessCalendar.of_hours(self.config.hours[name], self.config.timezone)
            )
        return self._made[name]

    @cached_property
    def default(self) -> BusinessCalendar:
        """`[hours.default]`, else day and night."""
        return self.get("default") if "default" in self.config.hours else self._always

    @cached_property
    def _always(self) -> BusinessCalendar:
        return BusinessCalendar.always(self.config.timezone)

    @cached_property
    def schedules(self) -> Mapping[str, BusinessCalendar]:
        """Of each source that has a default schedule, the calendar of what names no other."""
        return {name: schedule.calendar for name, schedule in self._unnamed.items()}

    def unnamed(self, source: str) -> VendorSchedule | None:
        """What everything runs on that names no schedule: the default one of each time, with its versions."""
        return self._unnamed.get(source)

    @cached_property
    def _unnamed(self) -> Mapping[str, VendorSchedule]:
        return {name: found for name, all_of in self.known.items() if (found := _over_time(list(all_of.values())))}

    def default_of(self, source: str) -> VendorSchedule | None:
        """The default schedule of today."""
        return _default([s for s in self.known.get(source, {}).values() if not s.is_gone])

    def versions(self, source: str) -> Sequence[Sequence[ScheduleVersion]]:
        """The versions of what names no schedule, and of each other schedule that is there."""
        unnamed, today = self.unnamed(source), self.default_of(source)
        others = [s for s in self.known.get(source, {}).values() if not s.is_gone and s is not today]
        return [schedule.versions for schedule in ([unnamed] if unnamed else []) + others]

    @cached_property
    def known(self) -> Mapping[str, Mapping[str, VendorSchedule]]:
        """Every schedule that was ever seen: source -> native id -> schedule."""
        found: dict[str, dict[str, VendorSchedule]] = {}
        rows = self.store.rows(
            "SELECT s.name, d.source, d.native, d.first_seen, d.name, d.zone, d.weekly, d.is_default, d.created_at,"
            " d.gone_at FROM schedules d JOIN sources s ON s.id = d.source ORDER BY d.source, d.native, d.first_seen"
        )
        for source, key, native, first_seen, name, zone, weekly, is_default, created_at, gone_at in rows:
            week = [tuple(i) for i in json.loads(weekly)]
            hours = BusinessCalendar.of_schedule(week, zone, self._days_off(key, native))
            earlier = found.setdefault(source, {}).get(native)
            versions = [
                *(earlier.versions if earlier else ()),
                ScheduleVersion(
                    first_seen,
                    hours,
                    BusinessCalendar.of_schedule(week, zone),
                    None if is_default is None else bool(is_default),
                ),
            ]
            found[source][native] = VendorSchedule(
                native, name, zone, versions, _changing(versions), created_at, gone_at
            )
        return found

    def _days_off(self, source: int, schedule: str) -> list[tuple[dt.date, dt.date]]:
        # A day off that was taken out when it was long past stays one.
        sql = (
            "SELECT first, last FROM holidays WHERE source = ? AND schedule = ?"
            " AND (gone_at IS NULL OR last < date(gone_at / 1000, 'unixepoch'))"
        )
        rows = self.store.rows(sql, source, schedule)
        return [(dt.date.fromisoformat(first), dt.date.fromisoformat(last)) for first, last in rows]

    def is_always(self, calendar: BusinessCalendar) -> bool:
        return calendar is self._always


def _changing(versions: Sequence[ScheduleVersion]) -> BusinessCalendar:
    """Each version in its time."""
    return BusinessCalendar.from_versions([(version.since, version.calendar) for version in versions])


def _default(schedules: Iterable[VendorSchedule], at: int | None = None) -> VendorSchedule | None:
    """Of the schedules that are there, the one of everything that names none: the one that the helpdesk calls so, else
    its oldest one. `at`: by what was said then; None: now.

    Zendesk does not say which one is the default; it is taken to be the one that was created first, as dbt_zendesk
    does: https://github.com/fivetran/dbt_zendesk/blob/main/DECISIONLOG.md
    """
    live = list(schedules)
    defaults = [s for s in live if (s.is_default if at is None else s.was_default(at))]
    return min(defaults or live, key=_oldest, default=None)


def _over_time(schedules: Sequence[VendorSchedule]) -> VendorSchedule | None:
    """The default schedule of each time as one, the first one seen also before; None: there was never any.

    That another one is the default today moves nothing of what was.
    """
    found: list[tuple[int, VendorSchedule]] = []
    for at in _turns(schedules):
        default = _default([s for s in schedules if s.gone_at is None or s.gone_at > at], at)
        if default is not None and (not found or found[-1][1] is not default):
            found.append((at, default))
    if not found:
        return None
    versions: list[ScheduleVersion] = []
    for (since, one), until in zip(found, [*(at for at, _ in found[1:]), math.inf], strict=True):
        first = one.in_force(since)._replace(since=since) if versions else one.versions[0]
        versions += [first, *(v for v in one.versions if max(since, first.since) < v.since < until)]
    return found[-1][1]._replace(versions=versions, calendar=_changing(versions))


def _turns(schedules: Sequence[VendorSchedule]) -> list[int]:
    """The instants at which the default schedule may be another one. Before the helpdesk has named one, which it names
    first is not known: lists come in pages.
    """
    said = [v.since for s in schedules for v in s.versions if v.is_default]
    seen = [v.since for s in schedules for v in s.versions]
    begun = min(said or seen, default=0)
    return sorted({begun, *(at for at in (*seen, *(s.gone_at for s in schedules)) if at is not None and at > begun)})


def _oldest(schedule: VendorSchedule) -> tuple[float, int, str]:
    """Order of creation; where that is not known, ids count up."""
    created = math.inf if schedule.created_at is None else schedule.created_at
    return created, len(schedule.native), schedule.native
