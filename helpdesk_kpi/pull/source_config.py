"""A configured source: its connector, its settings with the secrets in place, its first day."""

import datetime as dt
import re
import zoneinfo
from collections.abc import Mapping
from typing import Any

import msgspec

from helpdesk_kpi.config import LoadedConfig, decode, resolve_secrets, suggest
from helpdesk_kpi.errors import ConfigError, UsageError
from helpdesk_kpi.pull.contract import Connector
from helpdesk_kpi.pull.discovery import find_connector
from helpdesk_kpi.text.rules_version import custom_gratitude

#: Keys of `[sources.NAME]` that belong to the core; everything else is the connector's.
OURS = frozenset({"connector", "since", "severity", "category"})


class SourceConfig(msgspec.Struct, frozen=True):
    name: str
    connector: type[Connector]
    settings: Any
    url: str
    since: int  # UTC epoch ms


def load_sources(loaded: LoadedConfig, names: tuple[str, ...], hash_key: bytes) -> list[SourceConfig]:
    """The named sources, or all; raises ConfigError or UsageError."""
    known = loaded.config.sources
    for name in names:
        if name not in known:
            raise UsageError(f"no source named {name!r} in {loaded.path}{suggest(name, known)}")
    if not known:
        raise loaded.error("sources", "none are configured: add a table [sources.NAME]")
    return [_source(loaded, name, table, hash_key) for name, table in known.items() if not names or name in names]


def _source(loaded: LoadedConfig, name: str, table: Mapping[str, Any], hash_key: bytes) -> SourceConfig:
    key = f"sources.{name}"
    try:
        connector = find_connector(table["connector"])
    except UsageError as error:
        raise loaded.error(f"{key}.connector", str(error)) from None
    own = {k: resolve_secrets(v, str(loaded.path), f"{key}.{k}") for k, v in table.items() if k not in OURS}
    known = set(connector.Settings.__struct_fields__)
    settings = _decode_settings(loaded, connector, own, key)
    fixed: dict[str, Any] = {"sketch_key": hash_key, "keep_fields": _fields_to_keep(loaded, table)}
    fixed["config_folder"] = str(loaded.path.parent)
    fixed["thanks"] = custom_gratitude(loaded.config)
    fixed["include_ratings_comment"] = loaded.config.csat.keep_comments
    settings = msgspec.structs.replace(settings, **{k: v for k, v in fixed.items() if k in known})
    return SourceConfig(name, connector, settings, str(own.get("url", "")), _since(loaded, key, table.get("since")))


def _decode_settings(loaded: LoadedConfig, connector: type[Connector], own: Mapping[str, Any], key: str) -> Any:
    """The connector's settings. An error about the whole table quotes it, and the secrets are in there already."""
    try:
        return decode(own, connector.Settings, str(loaded.path), key)
    except ConfigError as error:
        text = re.sub(r" \(it is \{.*\}\)", "", str(error), flags=re.DOTALL)
        for secret in _texts(own.get("auth")):
            text = text.replace(secret, "***")
        raise ConfigError(text) from None


def _texts(value: object) -> list[str]:
    """Every text inside a table that is long enough to be a secret, and not a part of other words."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    return [value] if isinstance(value, str) and len(value) > 5 else []


def _fields_to_keep(loaded: LoadedConfig, table: Mapping[str, Any]) -> tuple[str, ...]:
    """Custom fields to keep: those of the source, those of [tickets], and the one that holds the category."""
    tickets = loaded.config.tickets
    category = str(table.get("category", tickets.category))
    also = [] if category in {"type", "form", "brand", "channel"} else [category]
    return tuple(dict.fromkeys([*table.get("keep_fields", ()), *tickets.keep_fields, *also]))


def _since(loaded: LoadedConfig, key: str, day: object) -> int:
    """The configured first day at local midnight; a year before any store by default."""
    if day is None:
        raise loaded.error(f"{key}.since", "missing: the first day to read from, like 2025-01-01")
    if not isinstance(day, dt.date) or isinstance(day, dt.datetime):
        raise ConfigError(f"{loaded.path}: {key}.since: {day!r} is no date; write it like 2025-01-01, without quotes")
    midnight = dt.datetime.combine(day, dt.time(), zoneinfo.ZoneInfo(loaded.config.timezone))
    return int(midnight.timestamp() * 1000)
