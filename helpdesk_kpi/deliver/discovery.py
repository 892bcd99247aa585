"""From a table `[channels.NAME]` to a channel."""

import importlib
import pkgutil
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeGuard, get_args, get_origin

import msgspec

from helpdesk_kpi.deliver import channels
from helpdesk_kpi.deliver.contract import Channel
from helpdesk_kpi.errors import ConfigError
from helpdesk_kpi.paths import find_entry_points
from helpdesk_kpi.secret import Secret

ENTRY_POINTS = "helpdesk_kpi.channels"


def kinds() -> list[str]:
    """Every `type` that a channel's table may name; nothing is imported."""
    return sorted({*_builtin(), *_foreign()})


def channel_type(kind: str) -> type[Channel]:
    """The class behind a `type`. Raises ConfigError when there is none or it does not load."""
    if kind in _builtin():
        module = importlib.import_module(f"{channels.__name__}.{kind}")
        return _of_kind(module, kind)
    if kind in (foreign := _foreign()):
        return _load(foreign[kind])
    raise ConfigError(f"no channel type {kind!r}{_hint(kind, kinds())}; there are {', '.join(kinds())}")


def decode(name: str, table: Mapping[str, Any], *, file: Path | None = None) -> Channel:
    """The channel of a table whose secrets are already resolved to plain strings.

    `file` is where the table stands: it is named in errors, and relative paths start at its folder.
    """
    place = f"{file.name}: [channels.{name}]" if file else f"[channels.{name}]"
    settings = dict(table)
    kind = settings.pop("type", None)
    if not isinstance(kind, str):
        raise ConfigError(f"{place} needs type, one of {', '.join(kinds())}")
    try:
        wanted = channel_type(kind)
    except ConfigError as error:
        raise ConfigError(f"{place} type: {error}") from None
    _refuse_unknown(place, wanted, settings)
    try:
        return msgspec.convert({**settings, "name": name}, wanted, dec_hook=_hook(file))
    except msgspec.ValidationError as error:
        raise ConfigError(f"{place} {_plain(str(error), wanted)}") from None


def allowed_keys(kind: type[Channel]) -> list[str]:
    """The keys of a channel's table, without `type`."""
    return [key for key in kind.__struct_encode_fields__ if key != "name"]


def _builtin() -> list[str]:
    return [found.name for found in pkgutil.iter_modules(channels.__path__)]


def _foreign() -> dict[str, EntryPoint]:
    return {found.name: found for found in find_entry_points(ENTRY_POINTS)}


def _of_kind(module: ModuleType, kind: str) -> type[Channel]:
    found: list[type[Channel]] = [value for value in vars(module).values() if _is_channel(value)]
    return next(channel for channel in found if channel.kind == kind)


def _load(entry: EntryPoint) -> type[Channel]:
    try:
        found = entry.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"{entry.name!r} ({entry.value}) does not load: {error}") from error
    if not _is_channel(found):
        raise ConfigError(f"{entry.name!r} ({entry.value}) is not a Channel")
    return found


def _is_channel(found: object) -> TypeGuard[type[Channel]]:
    return isinstance(found, type) and issubclass(found, Channel) and found is not Channel


def _refuse_unknown(place: str, kind: type[Channel], settings: Mapping[str, Any]) -> None:
    allowed = allowed_keys(kind)
    for key in settings:
        if key not in allowed:
            raise ConfigError(f"{place} has no key {key!r}{_hint(key, allowed)}; allowed: {', '.join(sorted(allowed))}")


def _hint(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f", did you mean {near[0]!r}?" if near else ""


def _hook(file: Path | None) -> Any:
    folder = file.parent if file else Path()

    def hook(kind: type, value: object) -> object:
        if not isinstance(value, str):
            raise ValueError(f"Expected `str`, got `{type(value).__name__}`")  # noqa: TRY004 - msgspec adds the path to this one
        if kind is Secret:
            return Secret(value)
        if kind is Path:
            return folder / Path(value).expanduser()
        raise NotImplementedError(kind)

    return hook


def _plain(error: str, kind: type[Channel]) -> str:
    """ "Expected `int | null`, got `str` - at `$.port`" -> "port: expected int, got str"."""
    text, _, path = error.replace("Object missing required field", "needs").partition(" - at `$.")
    text = text.replace("`", "").replace(" | null", "")  # TOML has no null
    if not path:
        return text
    key = path.rstrip("`")
    return f"{key}: {text[0].lower()}{text[1:]}{_choices(kind, key)}"


def _choices(kind: type[Channel], key: str) -> str:
    """ "; allowed: ..." for a key that takes one of a few words."""
    types = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    return f"; allowed: {', '.join(get_args(types[key]))}" if get_origin(types.get(key)) is Literal else ""
