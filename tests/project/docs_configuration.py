"""docs/configuration.md: every key with its type, default and meaning, in words for people who write TOML."""

import ast
import datetime as dt
import inspect
import io
import re
import tokenize
import types
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from docs_pages import GENERATED, table
from project_paths import ROOT

from helpdesk_kpi import config
from helpdesk_kpi.deliver.discovery import channel_type, kinds
from helpdesk_kpi.pull.discovery import connector_names, find_connector
from helpdesk_kpi.secret import Secret


class Key(NamedTuple):
    """One key of a table."""

    name: str
    type: str  # in words: "list of texts"
    default: str  # as TOML, or "none", "empty", "see below"; "": required
    comment: str


#: table -> (heading, its Struct)
TABLES: dict[str, tuple[str, type]] = {
    "": ("The top of the file", config.Config),
    **{
        f"sources.{name}": (f'[sources.NAME] with connector = "{name}"', find_connector(name).Settings)
        for name in connector_names()
    },
    "severity": ("[severity.LEVEL]", config.Severity),
    "hours": ("[hours.NAME]", config.Hours),
    "tickets": ("[tickets]", config.Tickets),
    "tickets.exclude": ("[tickets.exclude]", config.Exclude),
    "tickets.valid": ("[tickets.valid]", config.Valid),
    "csat": ("[csat]", config.Csat),
    "recurrence": ("[recurrence]", config.Recurrence),
    "text": ("[text]", config.Text),
    "registers": ("[registers]", config.Registers),
    "registers.FORM": ("[registers.FORM]", config.Form),
    "weights": ("[weights]", config.Weights),
    "people": ("[people.NAME]", config.PersonConfig),
    "reports": ("[reports.NAME]", config.ReportConfig),
}  # fmt: skip
_FIRST_CONNECTOR = next(heading for table, (heading, _) in TABLES.items() if table.startswith("sources."))
#: Fields of a connector's settings that `sync` fills in; they are no keys.
SET_BY_SYNC = frozenset({"sketch_key", "thanks", "include_ratings_comment", "config_folder"})
#: Keys of [sources.NAME] that belong to the core and so are in no Struct.
CORE_KEYS = [
    Key("connector", "text", "", f'{", ".join(connector_names())}, or "package.module:Class" of your own'),
    Key("since", "day", "", "the first day to read"),
    Key("severity", "table of texts", "empty", "the helpdesk's priority -> severity"),
    Key("category", "text", "that of [tickets]", "the category on this helpdesk, if it differs from [tickets]"),
]


def configuration_page() -> str:
    """Every key with type, default and meaning; then the example."""
    parts = ["# Configuration", "", GENERATED, _INTRODUCTION]
    for name, (heading, struct) in TABLES.items():
        if heading == _FIRST_CONNECTOR:
            parts += _section("[sources.NAME], for every connector", config.Config, CORE_KEYS, "sources")
        parts += _section(heading, struct, keys(struct), name)
    for kind in kinds():
        struct = channel_type(kind)
        parts += _section(f'[channels.NAME] with type = "{kind}"', struct, keys(struct), "channels")
    parts += ["## The whole file, as `helpdesk-kpi init` writes it", "", "```toml"]
    return "\n".join([*parts, (ROOT / "config.example.toml").read_text(encoding="utf-8").rstrip(), "```", ""])


_INTRODUCTION = """The configuration is one TOML file: `helpdesk-kpi.toml` in the current folder, or the one that
`--config` names. Relative paths start at its folder. An unknown key is an error. `helpdesk-kpi check` reads the whole
file.

- **Durations** are written `90s`, `15m`, `4h`, `2d` or `1h30m`.
- **Secrets** are never in the file. `{ env = "NAME" }` reads an environment variable, `{ file = "path" }` a file, and
  `{ keyring = "name" }` the password of the service `helpdesk-kpi` in the system's keyring (needs the
  extra `keyring`).
- **Times** of reports (`every`) are local: `monday 08:00`, `weekdays 08:00`, `day 07:30`, `1st workday 09:00`,
  `2nd day 09:00`, `last workday 17:00`, `1st workday of quarter 09:00`, `every 15 minutes`, `every 2 hours`.
"""


def _section(heading: str, struct: type, rows: list[Key], name: str) -> list[str]:
    has_doc = name and not name.startswith("sources")
    doc = " ".join((struct.__doc__ or "").split()) if has_doc else ""
    doc = re.sub(r"^`\[[^`]*`: (.)", lambda found: found[1].upper(), doc)
    lines = [[f"`{k.name}`", _type(k, name), _default(k), comment(k, name)] for k in rows]
    return [f"## {heading}", "", *([doc, ""] if doc else []), *table(["key", "type", "default", "meaning"], lines)]


def _type(k: Key, name: str) -> str:
    """The type; of a table with an example."""
    example = _examples().get((name, k.name), "")
    return f"{k.type}, like `{example}`" if k.type.startswith("table") and example.startswith("{") else k.type


def _default(k: Key) -> str:
    return k.default if k.default in _WORDS_FOR_DEFAULTS else f"`{k.default}`" if k.default else "required"


_WORDS_FOR_DEFAULTS = frozenset({"none", "empty", "see below", "that of [tickets]"})


def comment(k: Key, name: str) -> str:
    """The comment in the example, else the one in WORDS, else the one in the code."""
    return example_keys().get((name, k.name)) or WORDS.get(f"{name}.{k.name}") or k.comment


#: Meanings that are not in the example.
WORDS = {
    **{f".{name}": f"see [{name}]" for name in ("tickets", "csat", "recurrence", "text", "registers", "weights")},
    **{f".{name}": f"see [{name}.NAME]" for name in ("sources", "hours", "people", "channels", "reports")},
    ".severity": "see [severity.LEVEL]",
    ".annotations": 'a day -> an event that trends show: `2026-11-17 = "release 4.2"`',
    "registers.quality_review": "of `quality_review`",
    "registers.article_review": "of `article_review`",
    "registers.collaboration": "of `collaboration_satisfaction`",
    "registers.behaviour": "of `manager_rating`, `peer_rating` and `self_rating`",
    "sources.jira_service_management.auth": "`{ email, token }` on Cloud, `{ personal_token }` on Data Center",
    "sources.zendesk.auth": "`{ client_id, client_secret }` of an OAuth client, or `{ email, token }` until 2027-04-30",
    "severity.targets": 'KPI id -> duration like "15m", "4h", "2d"',
    "severity.title": "the name of the severity",
    "severity.definition": "when a ticket has this severity; reports show it",
    "hours.teams": "the teams that these hours apply to",
    "hours.sources": "the sources that these hours apply to",
    "tickets.exclude": "see [tickets.exclude]",
    "tickets.valid": "see [tickets.valid]",
    "tickets.keep_fields": "custom fields to keep, of every source",
    "tickets.exclude.tags": "tickets with one of these tags",
    "tickets.exclude.forms": "ids of ticket forms",
    "tickets.exclude.brands": "ids of brands",
    "tickets.exclude.channels": "names of channels in the helpdesk",
    "tickets.valid.tags": "tickets with one of these tags",
    "tickets.valid.forms": "ids of ticket forms",
    "tickets.valid.categories": "values of `category`",
    "tickets.valid.channels": "names of channels in the helpdesk",
    "reports.every": "when it is due; without it, the report is made on request only",
    "reports.template": "`weekly_digest`, `monthly_summary`, `process_review`, `data_quality`, or a folder of your own",
    "reports.to": "names of [channels]",
    "reports.locale": "if it differs from the file's",
    "channels.host": "the mail server",
    "channels.port": "587 with starttls, 465 with tls, 25 without encryption",
    "channels.from": "the sender",
    "channels.to": "addresses; each gets a mail of its own",
    "channels.cc": "addresses",
    "channels.bcc": "addresses",
    "channels.reply_to": "the address for answers",
    "channels.username": "if the server requires it",
    "channels.password": "if the server requires it",
    "channels.folder": "the folder for the files",
    "channels.url": "the address of the incoming webhook",
    "channels.timeout": "seconds",
}


# --- The keys of a Struct


def keys(struct: type) -> list[Key]:
    """The fields that a Struct declares itself, in their order."""
    comments = _trailing_comments(struct)
    own = inspect.get_annotations(struct)
    return [
        Key(field.encode_name, plain_type(field.type), _plain_default(field), comments.get(field.name, ""))
        for field in msgspec.structs.fields(struct)
        if field.name in own and not (field.name in SET_BY_SYNC and not issubclass(struct, config.Table))
    ]


def plain_type(kind: Any) -> str:
    """A type in words: `list[str] | None` is "list of texts"."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return plain_type(args[0])
    if origin in {typing.Union, types.UnionType}:
        return ", or ".join(dict.fromkeys(plain_type(arg) for arg in args if arg is not type(None)))
    if origin is Literal:
        first, last = args[:-1], args[-1]
        return f"{', '.join(map(_quoted, first))} or {_quoted(last)}" if first else _quoted(last)
    if origin in {list, tuple}:
        return "two numbers" if args == (float, float) else f"list of {_plural(args[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"table of {_plural(args[1])}"
    return _PLAIN.get(kind, "table")


_PLAIN: dict[Any, str] = {
    str: "text", int: "whole number", float: "number", bool: "true or false", dt.date: "day", Secret: "secret",
    Path: "path",
    config.TextSince: "`{ value, since }`", config.NumberSince: "`{ value, since }`", config.Away: "`{ from, to }`",
}  # fmt: skip


def _plural(kind: Any) -> str:
    words = "text" if typing.get_origin(kind) is Literal else plain_type(kind)
    if found := re.match(r"(list|table) of ", words):
        return f"{found[1]}s of {words.removeprefix(found[0])}" if found[1] == "list" else "tables"
    return words if words.startswith("`") else f"{words}s"


def _quoted(choice: str) -> str:
    return f'`"{choice}"`'


def _plain_default(field: Any) -> str:
    return "" if field.required else _toml(_default_of(field))


def _toml(value: Any) -> str:
    """A default as TOML has it."""
    if value is None or value == "":
        return "none"
    if isinstance(value, msgspec.Struct):
        return _inline(_without_defaults(value)) or "see below"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]" if value else "empty"
    if isinstance(value, Mapping):
        return _inline(value) or "empty"
    return msgspec.json.encode(value).decode().removesuffix(".0")


def _inline(values: Mapping[str, Any]) -> str:
    """An inline table; "" if it has no entries."""
    entries = (f"{key} = {'{}' if _is_default(value) else _toml(value)}" for key, value in values.items())
    return f"{{ {', '.join(entries)} }}" if values else ""


def _is_default(value: Any) -> bool:
    return isinstance(value, msgspec.Struct) and not _without_defaults(value)


def _without_defaults(value: msgspec.Struct) -> dict[str, Any]:
    fields = msgspec.structs.fields(value)
    return {f.encode_name: given for f in fields if (given := getattr(value, f.name)) != _default_of(f)}


def _default_of(field: Any) -> Any:
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def _trailing_comments(struct: type) -> dict[str, str]:
    """Field -> the comment at the end of its declaration."""
    source = inspect.getsource(struct)
    (declared,) = ast.parse(source).body
    assert isinstance(declared, ast.ClassDef)
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {t.start[0]: t.string.lstrip("# ") for t in tokens if t.type == tokenize.COMMENT and "fmt:" not in t.string}
    return {
        one.target.id: lines.get(one.end_lineno or one.lineno, "")
        for one in declared.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    }


# --- The keys of the example


class Example(NamedTuple):
    """One key of config.example.toml, commented or not."""

    table: str
    key: str
    value: str
    comment: str


@cache
def example_keys() -> Mapping[tuple[str, str], str]:
    """(table, key) -> comment, also of the tables themselves."""
    found: dict[tuple[str, str], str] = {}
    for one in _read_example():
        found.setdefault((one.table, one.key), one.comment)
    return found


@cache
def _examples() -> Mapping[tuple[str, str], str]:
    """(table, key) -> the first value."""
    found: dict[tuple[str, str], str] = {}
    for one in _read_example():
        found.setdefault((one.table, one.key), one.value)
    return found


def _read_example() -> Iterator[Example]:
    name = ""
    for line in (ROOT / "config.example.toml").read_text(encoding="utf-8").splitlines():
        bare = line.removeprefix("# ")
        if header := re.match(r"\[([\w.]+)\](?:\s+#|$)", bare):
            name = _table_of(header[1])
            for place in (name, header[1], header[1].partition(".")[0]):
                parent, _, key = place.rpartition(".")
                yield Example(parent, key, "", "")
        elif name == "sources" and (connector := re.match(r'connector = "(\w+)"', bare)):
            yield Example(name, "connector", connector[1], CORE_KEYS[0].comment)
            name = f"sources.{connector[1]}"
        elif given := re.match(r"([a-z_]+) = (.*)", bare):
            value, _, words = re.sub(r"\s+#\s", " # ", given[2]).partition(" # ")
            is_core = name.startswith("sources.") and given[1] in {key.name for key in CORE_KEYS}
            yield Example("sources" if is_core else name, given[1], value.strip(), words)


def _table_of(header: str) -> str:
    """ "severity.P0" -> "severity": the second part is a name, except in the tables of [tickets]."""
    if header.startswith("registers."):
        return "registers.FORM"
    return header if header.startswith("tickets.") else header.partition(".")[0]
