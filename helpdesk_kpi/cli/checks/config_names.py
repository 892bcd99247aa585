"""What a configuration names has to be there: KPIs, templates, connectors, channels, schedules, calendars, days.

The core decodes the file without knowing any of them; every command asks here before it begins.
"""

import datetime as dt
import typing
from collections.abc import Iterator
from contextlib import contextmanager

from helpdesk_kpi.calendar.business_hours import BusinessCalendar
from helpdesk_kpi.calendar.periods import get_zone
from helpdesk_kpi.calendar.schedule_rules import ScheduleRule
from helpdesk_kpi.calendar.shifts import Shifts
from helpdesk_kpi.cli.checks.config_people import validate_people
from helpdesk_kpi.config import LoadedConfig, suggest
from helpdesk_kpi.deliver.discovery import channel_type, kinds
from helpdesk_kpi.errors import ConfigError, UsageError
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.pull.discovery import connector_names, find_connector
from helpdesk_kpi.registers.parser import get_form
from helpdesk_kpi.registers.register_types import REGISTERS
from helpdesk_kpi.report.templates import get_user_templates, list_templates
from helpdesk_kpi.secret import Secret

SLICES = ("team",)  # what a report's `where` takes


def validate_references(loaded: LoadedConfig) -> None:
    """Raise ConfigError for the first name that nothing answers to."""
    _targets(loaded)
    _sources(loaded)
    _channels(loaded)
    _hours(loaded)
    _reports(loaded)
    _annotations(loaded)
    validate_people(loaded)
    _dimensions(loaded)
    _forms(loaded)


@contextmanager
def _error_context(loaded: LoadedConfig, key: str) -> Iterator[None]:
    """An error inside is told with the file and the key."""
    try:
        yield
    except UsageError as error:
        raise loaded.error(key, str(error)) from None


def _check_exists(loaded: LoadedConfig, key: str, what: str, name: object, known: list[str]) -> None:
    if name not in known:
        raise loaded.error(key, f"no {what} named {name!r}{suggest(str(name), known)}")


def _targets(loaded: LoadedConfig) -> None:
    timed = sorted(name for name, kpi in find_kpis().items() if kpi.unit == "ms" and not kpi.is_instant)
    mapped = [source.get("severity") for source in loaded.config.sources.values()]
    levels = {str(level) for table in mapped if isinstance(table, dict) for level in table.values()}
    for level, severity in loaded.config.severity.items():
        # A helpdesk's own word may be a level too; one that differs by its capitals alone is none that anybody meant.
        meant = next((known for known in levels - {level} if known.casefold() == level.casefold()), None)
        if meant is not None and level not in levels:
            raise loaded.error(f"severity.{level}", f"no source has a severity {level!r}; did you mean {meant}?")
        for kpi in severity.targets:
            _check_exists(loaded, f"severity.{level}.targets", "KPI", kpi, list(find_kpis()))
            if kpi not in timed:
                said = f"{kpi!r} takes no time, so it has no target; allowed are {', '.join(timed)}"
                raise loaded.error(f"severity.{level}.targets", said)


#: Keys of sources that hold secrets, in `auth` or beside it; others, and those of channels, are marked by their type.
SECRETS = frozenset({"client_secret", "token", "password", "secret", "api_key"})


def _sources(loaded: LoadedConfig) -> None:
    for name, source in loaded.config.sources.items():
        auth = source.get("auth")
        for place, table in (("", source), ("auth.", auth if isinstance(auth, dict) else {})):
            for key in sorted(SECRETS & set(table)):
                _check_not_plain_text(loaded, f"sources.{name}.{place}{key}", table[key])
        if ":" not in source["connector"]:  # else it is "package.module:Class"
            _check_exists(loaded, f"sources.{name}.connector", "connector", source["connector"], connector_names())
        settings = find_connector(source["connector"]).Settings
        for key in _secret_keys(settings):
            _check_not_plain_text(loaded, f"sources.{name}.{key}", source.get(key))


def _channels(loaded: LoadedConfig) -> None:
    for name, channel in loaded.config.channels.items():
        _check_exists(loaded, f"channels.{name}.type", "channel type", channel.get("type"), kinds())
        for key in _secret_keys(channel_type(channel["type"])):
            _check_not_plain_text(loaded, f"channels.{name}.{key}", channel.get(key))


def _secret_keys(struct: type) -> list[str]:
    hints = typing.get_type_hints(struct).items()
    return [key for key, hint in hints if Secret in (hint, *typing.get_args(hint))]


def _check_not_plain_text(loaded: LoadedConfig, key: str, value: object) -> None:
    """A secret in the file is read by whoever reads the file, its backups and its history."""
    if isinstance(value, str):
        allowed = '{ env = "NAME" }, { file = "path" } or { keyring = "name" }'
        raise loaded.error(key, f"a secret is not written here; say where it is: {allowed}")


def _hours(loaded: LoadedConfig) -> None:
    try:
        Shifts(loaded.config.shifts, get_zone(loaded.config.timezone))
    except ConfigError as error:  # names its key
        raise ConfigError(f"{loaded.path}: {error}") from None
    for name, hours in loaded.config.hours.items():
        with _error_context(loaded, f"hours.{name}"):
            BusinessCalendar.of_hours(hours, loaded.config.timezone)


def _reports(loaded: LoadedConfig) -> None:
    config = loaded.config
    with _error_context(loaded, "sync_every"):
        ScheduleRule.parse(config.sync_every, config.timezone)
    for name, report in config.reports.items():
        known = list(list_templates(get_user_templates(loaded)))
        _check_exists(loaded, f"reports.{name}.template", "report template", report.template, known)
        for axis in report.where:
            _check_exists(loaded, f"reports.{name}.where", "slice", axis, list(SLICES))
        if report.every is not None:
            with _error_context(loaded, f"reports.{name}.every"):
                ScheduleRule.parse(report.every, config.timezone)


def _annotations(loaded: LoadedConfig) -> None:
    for day in loaded.config.annotations:
        try:
            dt.date.fromisoformat(day)
        except ValueError:
            raise ConfigError(f"{loaded.path}: annotations: {day!r} is no day; write it like 2026-11-17") from None


def _forms(loaded: LoadedConfig) -> None:
    """An aspect is a column beside those that the register has anyway."""
    for kind in REGISTERS.values():
        form = get_form(loaded.config, kind)
        for aspect in form.aspects if form is not None else ():
            if aspect in (*kind.__struct_fields__, "register"):
                said = f"{aspect!r} is a column of {kind.register} already; call it something else"
                raise loaded.error(f"registers.{kind.form}.aspects", said)


def _dimensions(loaded: LoadedConfig) -> None:
    for question, dimension in loaded.config.csat.dimensions.items():
        if not dimension.strip():
            said = f"{question!r} is given no dimension: overall, expertise, attitude, or a word of your own"
            raise loaded.error("csat.dimensions", said)
