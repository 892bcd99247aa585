"""Which calendar a clock runs on: by severity, then team, then source, then the helpdesk's own, then the default."""

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from helpdesk_kpi import config as settings
from helpdesk_kpi.measure.clock import Calendar
from helpdesk_kpi.store import Store


class Version(NamedTuple):
    """A helpdesk's schedule as it was from `since` on; the first one seen also before."""

    since: int
    calendar: Calendar
    without_holidays: Calendar


class Schedule(NamedTuple):
    """One of a helpdesk's schedules, with all versions that were seen, in order of time."""

    native: str
    name: str
    zone: str  # IANA, of the latest version
    versions: Sequence[Version]
    is_default: bool | None  # as the helpdesk says; None: it does not
    created_at: int | None
    is_gone: bool

    @property
    def calendar(self) -> Calendar:
        """Each version in its time."""
        return Calendar.changing([(version.since, version.calendar) for version in self.versions])

    def in_force(self, at: int) -> Version:
        return next((v for v in reversed(self.versions) if v.since <= at), self.versions[0])


class Clocks:
    """The calendars of a configuration and of the helpdesks' schedules."""

    def __init__(self, store: Store, config: settings.Config) -> None:
        self.store = store
        self.config = config
        self._made: dict[str, Calendar] = {}

    def calendar(self, severity: str | None, team: str | None, source: str) -> Calendar:
        """The calendar in force where no ticket says on which of the helpdesk's schedules it runs."""
        return self.configured(severity, team, source) or self.schedules.get(source) or self.default

    def configured(self, severity: str | None, team: str | None, source: str) -> Calendar | None:
        """What the configuration says of a severity, a team or a source; None: it leaves it to the helpdesk."""
        level = self.config.severity.get(severity or "")
        if level is not None and level.hours is not None:
            return self.named(level.hours)
        for name, hours in self.config.hours.items():
            if team in hours.teams or source in hours.sources:
                return self.named(name)
        return None

    def named(self, name: str) -> Calendar:
        if name not in self._made:
            self._made[name] = (
                self._always if name == "always" else Calendar.of_hours(self.config.hours[name], self.config.timezone)
            )
        return self._made[name]

    @cached_property
    def default(self) -> Calendar:
        """`[hours.default]`, else day and night."""
        return self.named("default") if "default" in self.config.hours else self._always

    @cached_property
    def _always(self) -> Calendar:
        return Calendar.always(self.config.timezone)

    @cached_property
    def schedules(self) -> Mapping[str, Calendar]:
        """The default schedule of each source that has one."""
        return {name: schedule.calendar for name in self.known if (schedule := self.default_of(name))}

    def default_of(self, source: str) -> Schedule | None:
        """The schedule of everything that names no other: the one that the helpdesk calls so, else its oldest one.

        Zendesk does not say which one is the default; it is taken to be the one that was created first, as dbt_zendesk
        does: https://github.com/fivetran/dbt_zendesk/blob/main/DECISIONLOG.md
        """
        live = [schedule for schedule in self.known.get(source, {}).values() if not schedule.is_gone]
        named = [schedule for schedule in live if schedule.is_default]
        return min(named or live, key=_oldest, default=None)

    def versions(self, source: str) -> Sequence[Sequence[Version]]:
        """The versions of each schedule that is there, the default one first."""
        first = self.default_of(source)
        live = [schedule for schedule in self.known.get(source, {}).values() if not schedule.is_gone]
        return [schedule.versions for schedule in sorted(live, key=lambda schedule: schedule is not first)]

    @cached_property
    def known(self) -> Mapping[str, Mapping[str, Schedule]]:
        """Every schedule that was ever seen: source -> native id -> schedule."""
        found: dict[str, dict[str, Schedule]] = {}
        rows = self.store.rows(
            "SELECT s.name, d.source, d.native, d.first_seen, d.name, d.zone, d.weekly, d.is_default, d.created_at,"
            " d.gone_at FROM schedules d JOIN sources s ON s.id = d.source ORDER BY d.source, d.native, d.first_seen"
        )
        for source, key, native, first_seen, name, zone, weekly, is_default, created_at, gone_at in rows:
            week = [tuple(i) for i in json.loads(weekly)]
            hours = Calendar.of_schedule(week, zone, self._days_off(key, native))
            earlier = found.setdefault(source, {}).get(native)
            versions = [
                *(earlier.versions if earlier else ()),
                Version(first_seen, hours, Calendar.of_schedule(week, zone)),
            ]
            said = None if is_default is None else bool(is_default)
            found[source][native] = Schedule(native, name, zone, versions, said, created_at, gone_at is not None)
        return found

    def _days_off(self, source: int, schedule: str) -> list[tuple[dt.date, dt.date]]:
        # A day off that was taken out when it was long past stays one.
        sql = (
            "SELECT first, last FROM holidays WHERE source = ? AND schedule = ?"
            " AND (gone_at IS NULL OR last < date(gone_at / 1000, 'unixepoch'))"
        )
        rows = self.store.rows(sql, source, schedule)
        return [(dt.date.fromisoformat(first), dt.date.fromisoformat(last)) for first, last in rows]

    def is_always(self, calendar: Calendar) -> bool:
        return calendar is self._always


def _oldest(schedule: Schedule) -> tuple[float, int, str]:
    """Order of creation; where that is not known, ids count up."""
    created = math.inf if schedule.created_at is None else schedule.created_at
    return created, len(schedule.native), schedule.native
