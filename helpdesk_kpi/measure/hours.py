"""Which calendar a clock runs on: by severity, then team, then source, then the helpdesk's own, then the default."""

import datetime as dt
import json
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


class Clocks:
    """The calendars of a configuration and of the helpdesks' schedules."""

    def __init__(self, store: Store, config: settings.Config) -> None:
        self.store = store
        self.config = config
        self._made: dict[str, Calendar] = {}

    def calendar(self, severity: str | None, team: str | None, source: str) -> Calendar:
        """The calendar in force for one observation."""
        level = self.config.severity.get(severity or "")
        if level is not None and level.hours is not None:
            return self.named(level.hours)
        for name, hours in self.config.hours.items():
            if team in hours.teams or source in hours.sources:
                return self.named(name)
        return self.schedules.get(source) or self.default

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
        """The helpdesks' own business hours by source, each version in its time; of several schedules, the first."""
        return {
            name: Calendar.changing([(version.since, version.calendar) for version in next(iter(schedules.values()))])
            for name, schedules in self.versions.items()
        }

    @cached_property
    def versions(self) -> Mapping[str, Mapping[str, Sequence[Version]]]:
        """The helpdesks' own business hours by source and schedule, versions in order of time."""
        found: dict[str, dict[str, list[Version]]] = {}
        rows = self.store.rows(
            "SELECT s.name, d.source, d.native, d.first_seen, d.zone, d.weekly FROM schedules d"
            " JOIN sources s ON s.id = d.source WHERE d.gone_at IS NULL"
            " ORDER BY d.source, length(d.native), d.native, d.first_seen"
        )
        for name, source, native, first_seen, zone, weekly in rows:
            week = [tuple(i) for i in json.loads(weekly)]
            hours = Calendar.of_schedule(week, zone, self._days_off(source, native))
            version = Version(first_seen, hours, Calendar.of_schedule(week, zone))
            found.setdefault(name, {}).setdefault(native, []).append(version)
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
