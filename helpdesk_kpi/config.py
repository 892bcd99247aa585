"""The configuration: one TOML file, decoded into Structs. Every error names the file, the key and what is allowed.

The core's tables are decoded here. `[sources.*]` and `[channels.*]` are passed to their owners, which decode them with
`decode`. Secrets are references (`{ env = "NAME" }`, `{ file = "path" }` or `{ keyring = "name" }`) until their owner
needs them.
"""

import datetime as dt
import difflib
import math
import os
import re
import tomllib
import types
import typing
import zoneinfo
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from helpdesk_kpi.errors import ConfigError
from helpdesk_kpi.secret import Secret
from helpdesk_kpi.translations import list_languages, match_language

DEFAULT_NAME = "helpdesk-kpi.toml"
SHIFTS = {"early": "06:00-14:00", "late": "14:00-22:00", "night": "22:00-06:00"}
T = TypeVar("T")
_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the tables a person writes: an unknown key is an error."""


class Severity(Table, frozen=True, kw_only=True):
    """`[severity.P0]`: what a severity means, its clock and its targets."""

    title: str = ""
    definition: str = ""
    hours: str | None = None  # "always" or the name of an [hours] table; null: as the team or source
    targets: dict[str, str] = {}  # KPI id -> duration like "15m", "4h", "2d"

    def target_ms(self, kpi: str) -> int | None:
        text = self.targets.get(kpi)
        return None if text is None else duration(text)


class Hours(Table, frozen=True, kw_only=True):
    """`[hours.NAME]`: business hours in local time. `default` applies where the helpdesk provides none."""

    weekly: Mapping[str, tuple[str, ...]]  # { mon-fri = ["09:00-12:00", "13:00-18:00"], sat = ["22:00-06:00"] }
    holidays: str | None = None  # "DE", "DE-BE", "CN": codes of the `holidays` library
    closed: tuple[dt.date, ...] = ()  # own days off
    workdays: tuple[dt.date, ...] = ()  # own make-up workdays; they win over everything else
    makeup: tuple[str, ...] | None = None  # hours of make-up workdays; null: Monday's
    timezone: str | None = None  # null: the file's
    teams: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class Exclude(Table, frozen=True, kw_only=True):
    """`[tickets.exclude]`: tickets that are not support work. The footer of reports shows how many."""

    tags: list[str] = []
    forms: list[str] = []
    brands: list[str] = []
    domains: list[str] = []  # of the requester's address
    channels: list[str] = []
    issue_types: list[str] = []  # names of kinds of issues
    #: Relations to other tickets. Parts of the work on a request are not requests of a customer.
    associations: tuple[Literal["subtask", "child", "parent", "tracker", "related"], ...] = (
        "subtask", "child", "tracker",
    )  # fmt: skip


class Valid(Table, frozen=True, kw_only=True):
    """`[tickets.valid]`: support work that does not count as a valid ticket, such as tickets that a script opens or
    that a standard answer solves. The variants `valid` exclude it and report how many.
    """

    tags: list[str] = []
    forms: list[str] = []
    categories: list[str] = []
    channels: list[str] = []


class Tickets(Table, frozen=True, kw_only=True):
    """`[tickets]`: what tickets mean."""

    bots: list[str] = []  # accounts that are not a person: addresses, ids or names
    intake: list[str] = []  # accounts that only create requests (a form, a chat app): addresses, ids or names
    api_comments: Literal["bot", "agent"] = "bot"  # how comments through the API count
    exclude: Exclude = Exclude()
    statuses: dict[str, Literal["new", "open", "pending", "hold", "solved", "closed"]] = {}
    category: str = "type"  # "type", "form", "brand", or the key of a kept custom field
    escalation_teams: list[str] = []  # names or ids of the teams that the first level escalates to
    escalate_within: str = "1d"  # an escalation with a reason is in time so long after the sender got the ticket
    valid: Valid = Valid()
    keep_fields: list[str] = []


class TextSince(Table, frozen=True, kw_only=True):
    """One entry of a dated list of texts."""

    value: str
    since: dt.date | None = None  # first day; None, in the first entry only: always


class NumberSince(Table, frozen=True, kw_only=True):
    """One entry of a dated list of numbers."""

    value: int
    since: dt.date | None = None


#: A value, or a dated list: "EMEA", or [{ value = "EMEA" }, { value = "APAC", since = ... }].
DatedText = str | tuple[TextSince, ...]
DatedNumber = int | tuple[NumberSince, ...]


class Away(Table, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    """Days of absence, both included."""

    first: dt.date
    last: dt.date


class PersonConfig(Table, frozen=True, kw_only=True):
    """`[people.NAME]`: a person with all of their accounts. `manager`, `team`, `tier` and `role` are a value or a dated
    list, oldest first: `tier = [{ value = 1 }, { value = 2, since = 2026-07-01 }]`. Only the first entry may have no
    `since`; it then applies to all earlier times. If `check` suggests that two accounts are one person and they are
    not, give each account an entry of its own.
    """

    accounts: list[str]  # "ann@acme.com", or "source:id"
    name: str | None = None
    manager: DatedText | None = None  # the NAME of another
    team: DatedText | None = None
    tier: DatedNumber | None = None
    role: DatedText | None = None
    joined: dt.date | None = None
    left: dt.date | None = None
    hours: str | None = None
    away: tuple[Away, ...] = ()  # leave, training


class Weights(Table, frozen=True, kw_only=True):
    """`[weights]`: how much work a kind of ticket is, until weights are learned."""

    severity: dict[str, float] = {}  # level -> points; a level that is not there counts 1
    category: dict[str, float] = {}  # category -> factor


class ReportConfig(Table, frozen=True, kw_only=True):
    """`[reports.NAME]`: which template is sent when, and to whom."""

    template: str
    to: list[str] = []
    every: str | None = None  # "monday 08:00"; None: only on request
    where: dict[str, str] = {}  # { team = "EMEA" }
    each: Literal["team"] | None = None
    locale: str | None = None  # a language that has a catalogue: en, zh
    catch_up: Literal["latest", "all", "none"] = "latest"
    wait: str = "6h"  # how long to wait for complete data; then the report says how far the data reach
    link_base: str | None = None


class Csat(Table, frozen=True, kw_only=True):
    """`[csat]`: what survey answers mean. Write a question as its id, its alias or its text, with `source:` before it
    if it concerns one source only. A dimension is `overall`, `expertise`, `attitude` or a word of your own. A question
    that is not mapped is a dimension of its own; reports list it.
    """

    keep_comments: bool = False
    dimensions: dict[str, str] = {}  # question: its id, alias or text, or "source:" and one of them -> its dimension


class Recurrence(Table, frozen=True, kw_only=True):
    """`[recurrence]`: when a later ticket of a customer counts as the same problem, and which tickets are ignored for
    that. Both thresholds are between 0.2 and 1. Without them, those found by `recurrence label` apply, else the
    built-in ones.
    """

    same_category: float | None = None  # least similarity of two tickets of one category
    any_category: float | None = None  # least similarity of any two tickets; not less than same_category
    key_fields: list[str] = []  # kept custom fields that identify an object: an order number, an asset
    ignore_codes: list[str] = []  # codes that do not identify a problem, such as "KD-*" for customer numbers
    expected: list[str] = []  # categories that recur by design: a monthly report
    senders: list[str] = []  # shared mailboxes and monitoring: addresses, "@domain", or "source:id"
    sender_week: int = 20  # a sender with more tickets per week counts as shared
    incident_customers: int = 5  # this many customers with one fault are an incident
    incident_hours: int = 24  # before and after each of their tickets


class Text(Table, frozen=True, kw_only=True):
    """`[text]`: how comments are read. Comment texts are not stored, so a changed list needs `sync --full`."""

    thanks: list[str] = []  # more phrases of thanks; whole words, upper or lower case


class Aspect(Table, frozen=True, kw_only=True):
    """One aspect of a form."""

    weight: float = 1  # relative to the other aspects of the form
    critical: bool = False  # a negative answer (below the middle of the scale) fails the whole form


class Form(Table, frozen=True, kw_only=True):
    """`[registers.FORM]`: the aspects that people rate, and the scale. An entry keeps the scale and the weights of the
    day on which it was recorded, so a change does not affect older entries.
    """

    scale: tuple[float, float] = (1, 5)  # the worst and the best mark
    aspects: dict[str, Aspect]  # name -> { weight, critical }; the columns of its files


class Registers(Table, frozen=True, kw_only=True):
    """`[registers]`: the forms of the registers; see docs/registers.md."""

    quality_review: Form = Form(
        aspects={"solution": Aspect(weight=3, critical=True), "clarity": Aspect(weight=2), "tone": Aspect(weight=2),
                 "record": Aspect()}
    )  # fmt: skip
    article_review: Form = Form(
        scale=(0, 1),
        aspects={a: Aspect() for a in ("title", "complete", "one_issue", "up_to_date", "no_duplicate")},
    )
    collaboration: Form = Form(aspects={a: Aspect() for a in ("speed", "handover", "completeness", "attitude")})
    behaviour: Form = Form(aspects={a: Aspect() for a in ("initiative", "cooperation", "learning", "reliability")})


class Config(Table, frozen=True, kw_only=True):
    """The configuration file."""

    timezone: str = "UTC"
    locale: str = "en"  # a language that has a catalogue: en, zh
    store: str = "helpdesk.db"
    privacy: Literal["full", "pseudonymous", "team_only"] = "full"
    sync_every: str = "every 30 minutes"
    sources: dict[str, dict[str, Any]] = {}
    severity: dict[str, Severity] = {}
    hours: dict[str, Hours] = {}
    shifts: dict[str, str] = msgspec.field(default_factory=lambda: dict(SHIFTS))  # name -> hours, in the file's zone
    tickets: Tickets = Tickets()
    csat: Csat = Csat()
    recurrence: Recurrence = Recurrence()
    text: Text = Text()
    registers: Registers = Registers()
    weights: Weights = Weights()
    people: dict[str, PersonConfig] = {}
    channels: dict[str, dict[str, Any]] = {}
    reports: dict[str, ReportConfig] = {}
    annotations: dict[str, str] = {}  # "2026-11-17" -> "release 4.2"


class LoadedConfig(msgspec.Struct, frozen=True):
    """A configuration and its file. Relative paths start at the file's folder."""

    config: Config
    path: Path
    text: str

    @property
    def store_path(self) -> Path:
        return self.path.parent / self.config.store

    def error(self, key: str, message: str) -> ConfigError:
        return ConfigError(f"{self.path}: {key}: {message}")


def load(path: Path) -> LoadedConfig:
    """Read and check a configuration file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"there is no configuration at {path}: write one with `helpdesk-kpi init`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    loaded = LoadedConfig(decode(raw, Config, str(path)), path, text)
    _check(loaded)
    return loaded


def decode(raw: Any, kind: type[T], file: str, key: str = "") -> T:
    """Decode one table.

    Fields may be `Secret`, which never appears in messages, and `Path`, which starts at the file's folder.

    Raises:
        ConfigError: names file, key, value and what is allowed.
    """
    _unknown_keys(raw, kind, file, key)
    try:
        return msgspec.convert(raw, kind, dec_hook=_hook(file))
    except msgspec.ValidationError as error:
        raise ConfigError(f"{file}: {_blame(raw, kind, file, key) or error}") from None


def _hook(file: str) -> Callable[[type, Any], Any]:
    def made(kind: type, value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError(f"Expected text, got {type(value).__name__}")  # noqa: TRY004 - msgspec adds the path to this one
        if kind is Secret:
            return Secret(value)
        if kind is Path:
            return Path(file).parent / Path(value).expanduser()
        raise NotImplementedError(kind)

    return made


def resolve_secrets(raw: Any, file: str, key: str) -> Any:
    """Replace every `{ env = ... }`, `{ file = ... }` and `{ keyring = ... }` in a table by the secret it names."""
    if isinstance(raw, dict):
        where, name = next(iter(raw.items()), ("", None))
        if len(raw) == 1 and where in {"env", "file", "keyring"} and isinstance(name, str):
            return _secret(where, name, file, key)
        return {k: resolve_secrets(v, file, f"{key}.{k}") for k, v in raw.items()}
    if isinstance(raw, list):
        return [resolve_secrets(v, file, key) for v in raw]
    return raw


def duration(text: str) -> int:
    """Milliseconds of "90s", "15m", "4h", "2d" or a sequence like "1h30m".

    >>> duration("1h30m")
    5400000
    """
    parts = re.findall(r"(\d+)\s*([smhd])", text)
    if not parts or re.sub(r"(\d+)\s*([smhd])", "", text).strip():
        raise ConfigError(f"{text!r} is no duration: write it like 90s, 15m, 4h, 2d or 1h30m")
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


def suggest(word: str, allowed: typing.Iterable[str]) -> str:
    """ "; did you mean X?" or the list of what is allowed."""
    names = sorted(allowed)
    close = difflib.get_close_matches(word, names, n=1)
    return f"; did you mean {close[0]}?" if close else f"; allowed are {', '.join(names) or 'none'}"


def _secret(where: str, name: str, file: str, key: str) -> str:
    if where == "env":
        value = os.environ.get(name)
        if not value:
            raise ConfigError(f"{file}: {key}: the environment variable {name} is not set")
        return value
    if where == "file":
        try:
            return (Path(file).parent / name).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(f"{file}: {key}: the secret's file {name} cannot be read: {error.strerror}") from None
    try:
        import keyring  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigError(f"{file}: {key}: keyring needs the extra helpdesk-kpi[keyring]") from None
    value = keyring.get_password("helpdesk-kpi", name)
    if not value:
        raise ConfigError(f"{file}: {key}: the keyring has no password helpdesk-kpi/{name}")
    return str(value)


def _unknown_keys(raw: Any, kind: Any, file: str, key: str) -> None:
    """Raise ConfigError for an unknown key, with the closest known key."""
    if isinstance(raw, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        allowed = set(_hints(kind))
        for name in raw:
            if name not in allowed and kind.__struct_config__.forbid_unknown_fields:
                raise ConfigError(f"{file}: unknown key {f'{key}.{name}'.strip('.')}{suggest(name, allowed)}")
    for name, value, hint in _parts(raw, kind):
        _unknown_keys(value, hint, file, f"{key}.{name}".strip("."))


def _blame(raw: Any, kind: Any, file: str, key: str) -> str | None:
    """Describe the innermost value that does not fit its type; None: all fit."""
    try:
        msgspec.convert(raw, kind, dec_hook=_hook(file))
    except msgspec.ValidationError as error:
        inner = (_blame(value, hint, file, f"{key}.{name}".strip(".")) for name, value, hint in _parts(raw, kind))
        return next(filter(None, inner), None) or f"{key or 'file'}: {_words(error, raw, kind)}"
    return None


def _parts(raw: Any, kind: Any) -> list[tuple[str, Any, Any]]:
    """List (key, value, expected type) of the values inside a value."""
    kind = _member(raw, kind)
    args = typing.get_args(kind)
    if isinstance(raw, dict) and typing.get_origin(kind) in {dict, Mapping}:
        return [(str(name), value, args[1]) for name, value in raw.items()]
    if isinstance(raw, list) and typing.get_origin(kind) in {list, tuple}:
        return [(str(place), value, args[0]) for place, value in enumerate(raw, 1)]
    if isinstance(raw, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = _hints(kind)
        return [(name, value, hints[name]) for name, value in raw.items() if name in hints]
    return []


def _hints(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Types by key, as written in the file."""
    types_of = typing.get_type_hints(kind)
    return {
        key: types_of[field] for key, field in zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True)
    }


def _member(raw: Any, kind: Any) -> Any:
    """Choose the member of a union that a list or a table is meant for."""
    if typing.get_origin(kind) not in {typing.Union, types.UnionType}:
        return kind
    for one in typing.get_args(kind):
        made_of = typing.get_origin(one) or one
        if isinstance(raw, list) and made_of in {list, tuple}:
            return one
        if isinstance(raw, dict) and (made_of in {dict, Mapping} or issubclass(made_of, msgspec.Struct)):
            return one
    return kind


def _words(error: msgspec.ValidationError, raw: Any, kind: Any) -> str:
    choices = [c for c in (kind, *typing.get_args(kind)) if typing.get_origin(c) is Literal]
    if choices:
        return f"{raw!r} is not allowed{suggest(str(raw), map(str, typing.get_args(choices[0])))}"
    text = str(error).partition(" - at ")[0].replace("`", "")
    if "encoded date" in text:
        return f"{raw!r} is no date; write it like 2026-02-14"
    if text.startswith("Object missing required field"):
        return text.replace("Object missing required field", "missing key")
    return f"{text} (it is {raw!r})"


def _check(loaded: LoadedConfig) -> None:
    """Check what types cannot express: time zones, references to other tables, durations."""
    config = loaded.config
    _check_zone(loaded, "timezone", config.timezone)
    _check_locale(loaded, "locale", config.locale)
    for name, report in config.reports.items():
        _check_locale(loaded, f"reports.{name}.locale", report.locale or config.locale)
    for name, hours in config.hours.items():
        _check_zone(loaded, f"hours.{name}.timezone", hours.timezone or config.timezone)
    for level, severity in config.severity.items():
        _check_severity(loaded, level, severity)
    for phrase in config.text.thanks:
        if not any(letter.isalpha() for letter in phrase):
            raise loaded.error("text.thanks", f"{phrase!r} is no word; write what customers write, such as 'dank je'")
    for name in config.registers.__struct_fields__:
        _check_form(loaded, f"registers.{name}", getattr(config.registers, name))
    _check_duration(loaded, "tickets.escalate_within", config.tickets.escalate_within)
    _check_weights(loaded, "severity", config.weights.severity)
    _check_weights(loaded, "category", config.weights.category)
    _check_reports(loaded)
    _check_recurrence(loaded, config.recurrence)
    for name, source in config.sources.items():
        _check_source(loaded, name, source)


def _check_locale(loaded: LoadedConfig, key: str, locale: str) -> None:
    if match_language(locale) is None:
        raise loaded.error(key, f"{locale!r} is not allowed{suggest(locale, list_languages())}")


def _check_severity(loaded: LoadedConfig, level: str, severity: Severity) -> None:
    hours = {"always", *loaded.config.hours}
    _check_name(loaded, f"severity.{level}.hours", "hours", severity.hours or "always", hours)
    for kpi, text in severity.targets.items():
        key = f"severity.{level}.targets.{kpi}"
        _check_duration(loaded, key, text)
        if not duration(text):
            raise loaded.error(key, f"{text!r} is not possible; a target is more than 0")


def _check_source(loaded: LoadedConfig, name: str, source: Mapping[str, Any]) -> None:
    if not isinstance(source.get("connector"), str):
        raise loaded.error(f"sources.{name}.connector", "missing: name a connector, such as zendesk")
    severity = source.get("severity", {})
    if not isinstance(severity, dict):
        raise loaded.error(f"sources.{name}.severity", f'{severity!r} is no table; write it like {{ high = "P1" }}')


def _check_recurrence(loaded: LoadedConfig, rules: Recurrence) -> None:
    for name in ("same_category", "any_category"):
        value = getattr(rules, name)
        if value is not None and not 0.2 <= value <= 1:
            raise loaded.error(f"recurrence.{name}", f"{value} is no similarity; allowed is 0.2 to 1")
    if rules.same_category and rules.any_category and rules.any_category < rules.same_category:
        raise loaded.error("recurrence.any_category", f"{rules.any_category} is less than same_category")
    for name in ("sender_week", "incident_customers", "incident_hours"):
        if getattr(rules, name) < 1:
            raise loaded.error(f"recurrence.{name}", f"{getattr(rules, name)} is not allowed; it is at least 1")


def _check_form(loaded: LoadedConfig, key: str, form: Form) -> None:
    if not -math.inf < form.scale[0] < form.scale[1] < math.inf:
        raise loaded.error(f"{key}.scale", f"{list(form.scale)} is no scale: the worst answer first, like [1, 5]")
    if not form.aspects:
        raise loaded.error(f"{key}.aspects", "is empty: at least one aspect is required")
    for name, aspect in form.aspects.items():
        if not re.fullmatch(r"\w+", name):
            raise loaded.error(f"{key}.aspects", f"{name!r} heads a column: letters, digits and _ are allowed")
        if not 0 < aspect.weight < math.inf:  # TOML has nan and inf
            raise loaded.error(f"{key}.aspects.{name}.weight", f"{aspect.weight:g} is not allowed: more than 0")


def _check_reports(loaded: LoadedConfig) -> None:
    for name, report in loaded.config.reports.items():
        for channel in report.to:
            _check_name(loaded, f"reports.{name}.to", "channel", channel, loaded.config.channels)
        _check_duration(loaded, f"reports.{name}.wait", report.wait)


def _check_weights(loaded: LoadedConfig, table: str, given: dict[str, float]) -> None:
    for name, points in given.items():
        if not 0 <= points < math.inf:
            problem = f"{points:g} is not allowed: 0 or more; 1 is an ordinary ticket"
            raise loaded.error(f"weights.{table}.{name}", problem)


@cache
def list_time_zones() -> frozenset[str]:
    """The IANA names that this machine knows. Finding them opens each of its 600 files."""
    return frozenset(zoneinfo.available_timezones())


def _check_zone(loaded: LoadedConfig, key: str, zone: str) -> None:
    _check_name(loaded, key, "time zone", zone, list_time_zones())


def _check_name(loaded: LoadedConfig, key: str, what: str, name: str, allowed: typing.Collection[str]) -> None:
    if name not in allowed:
        raise loaded.error(key, f"no {what} named {name!r}{suggest(name, allowed)}")


def _check_duration(loaded: LoadedConfig, key: str, text: str) -> None:
    try:
        duration(text)
    except ConfigError as error:
        raise loaded.error(key, str(error)) from None
