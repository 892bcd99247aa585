"""Which calendar a clock runs on: by severity, then team, then source, then the helpdesk's own, then the default."""

import json
from collections.abc import Mapping
from functools import cached_property

from helpdesk_kpi import config as settings
from helpdesk_kpi.measure.clock import Calendar
from helpdesk_kpi.store import Store


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
        """The helpdesks' own business hours by source; of several, the first made."""
        found: dict[str, Calendar] = {}
        rows = self.store.rows(
            "SELECT s.name, d.source, d.native, d.zone, d.weekly FROM schedules d JOIN sources s ON s.id = d.source"
            " ORDER BY d.source, length(d.native), d.native, d.first_seen DESC"
        )
        for name, source, native, zone, weekly in rows:
            if name not in found:
                holidays = self.store.rows(
                    "SELECT first, last FROM holidays WHERE source = ? AND schedule = ?", source, native
                )
                found[name] = Calendar.of_schedule([tuple(i) for i in json.loads(weekly)], zone, holidays)
        return found

    def is_always(self, calendar: Calendar) -> bool:
        return calendar is self._always
