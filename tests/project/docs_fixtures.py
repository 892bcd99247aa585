"""The pages of `docs/` that are written by the code itself; and the tables of keys, options and columns behind them."""

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

import click
import docs_connectors
import docs_kpis
import docs_registers
import msgspec
from docs_pages import GENERATED
from docs_pages import cell as _cell
from project_paths import ROOT

from helpdesk_kpi import config
from helpdesk_kpi.cli import COMMANDS, cli
from helpdesk_kpi.deliver import ledger, slots
from helpdesk_kpi.deliver.discovery import channel_type, kinds
from helpdesk_kpi.pull.discovery import connector_names, find_connector

__all__ = ["GENERATED", "ROOT"]


# --- docs/cli.md


def cli_page() -> str:
    """The help of every command."""
    parts = ["# Commands", "", GENERATED, *_help(cli, "helpdesk-kpi", 2)]
    return "\n".join(parts)


def _help(command: click.Command, name: str, level: int, parent: click.Context | None = None) -> Iterator[str]:
    wide = {"terminal_width": 100, "max_content_width": 100}
    context = click.Context(command, parent, info_name=name, **wide, **command.context_settings)  # type: ignore[arg-type]
    yield from [f"{'#' * level} {context.command_path}", "", "```text", command.get_help(context), "```", ""]
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None, f"{child} is listed and not there"
            yield from _help(found, child, min(level + 1, 4), context)


def command_names() -> list[str]:
    return list(COMMANDS)


# --- docs/configuration.md


class Key(NamedTuple):
    """One key of a table: as it is declared, and what its comment says."""

    name: str
    type: str
    default: str  # "" where it must be given
    comment: str


#: table -> (heading, the Struct that it is)
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
#: Keys that `sync` puts in place; nobody writes them.
SET_BY_SYNC = frozenset({"sketch_key", "thanks", "include_ratings_comment", "config_folder"})
#: Keys of [sources.NAME] that belong to the core and so are in no Struct.
CORE_KEYS = [
    Key("connector", "str", "", f'{", ".join(connector_names())}, or "package.module:Class"'),
    Key("since", "date", "", "the first day to read from"),
    Key("severity", "dict[str, str]", "{}", "native priority -> level"),
    Key("category", "str", "as [tickets]", "what the category is on this helpdesk: as `category` of [tickets]"),
]


def configuration_page() -> str:
    """Every key with type, default and a word on it; then the example."""
    parts = ["# Configuration", "", GENERATED, _INTRODUCTION]
    for table, (heading, struct) in TABLES.items():
        if heading == _FIRST_CONNECTOR:
            parts += _table("[sources.NAME], of every connector", config.Config, CORE_KEYS, "sources")
        parts += _table(heading, struct, keys(struct), table)
    for kind in kinds():
        parts += _table(
            f'[channels.NAME] with type = "{kind}"', channel_type(kind), keys(channel_type(kind)), "channels"
        )
    parts += ["## All of it, as `helpdesk-kpi init` writes it", "", "```toml"]
    return "\n".join([*parts, (ROOT / "config.example.toml").read_text(encoding="utf-8").rstrip(), "```", ""])


_INTRODUCTION = """One TOML file, `helpdesk-kpi.toml` in the current folder unless `--config` names another. Relative \
paths start at its folder. An unknown key is an error that names its neighbours. `helpdesk-kpi check` reads it all.

Durations are written `90s`, `15m`, `4h`, `2d` or `1h30m`. Secrets never stand in the file: `{ env = "NAME" }` takes
an environment variable, `{ file = "path" }` the content of a file, `{ keyring = "name" }` the password of service
`helpdesk-kpi` in the system's keyring (needs the package `keyring`).

When a report is due (`every`): `monday 08:00`, `weekdays 08:00`, `day 07:30`, `1st workday 09:00`, `2nd day 09:00`,
`last workday 17:00`, `1st workday of quarter 09:00`, `every 15 minutes`, `every 2 hours`; local time.
"""


def _table(heading: str, struct: type, rows: list[Key], table: str) -> list[str]:
    said = " ".join((struct.__doc__ or "").split()) if table and not table.startswith("sources") else ""
    doc = [re.sub(r"^`\[[^`]*`: (.)", lambda found: found[1].upper(), said), ""] if said else []
    lines = [f"| `{k.name}` | {plain_type(k.type)} | {_default(k)} | {_cell(comment(k, table))} |" for k in rows]
    return [f"## {heading}", "", *doc, "| key | | default | |", "| --- | --- | --- | --- |", *lines, ""]


def _default(k: Key) -> str:
    if not k.default:
        return "must be given"
    return "-" if k.default in {"none", "[]", "{}", '""'} else f"`{_cell(k.default)}`"


def comment(k: Key, table: str) -> str:
    """The example's words, which are written for people who configure; else those in the code; else those here."""
    return example_keys().get((table, k.name)) or k.comment or WORDS.get(f"{table}.{k.name}", "")


#: What neither the example nor the code says in a comment beside the key.
WORDS = {
    ".sources": "see [sources.NAME]",
    ".severity": "see [severity.LEVEL]",
    ".hours": "see [hours.NAME]",
    ".tickets": "see [tickets]",
    ".csat": "see [csat]",
    ".recurrence": "see [recurrence]",
    ".text": "see [text]",
    ".registers": "see [registers]",
    "registers.quality_review": "of `quality_review`",
    "registers.article_review": "of `article_review`",
    "registers.collaboration": "of `collaboration_satisfaction`",
    "registers.behaviour": "of `manager_rating`, `peer_rating` and `self_rating`",
    ".weights": "see [weights]",
    ".people": "see [people.NAME]",
    ".channels": "see [channels.NAME]",
    ".reports": "see [reports.NAME]",
    "sources.jira_service_management.auth": "`{ email, token }` on Cloud, `{ personal_token }` on Data Center",
    "sources.zendesk.auth": "`{ client_id, client_secret }` of an OAuth client, or `{ email, token }` until 2027-04-30",
    "severity.title": "what people call the level",
    "severity.definition": "when a ticket is of this level, for readers of reports",
    "hours.teams": "the teams whose clock this is",
    "hours.sources": "the sources whose clock this is",
    "tickets.exclude": "see [tickets.exclude]",
    "tickets.valid": "see [tickets.valid]",
    "tickets.keep_fields": "custom fields to keep, of every source",
    "tickets.exclude.tags": "a ticket with one of these",
    "tickets.exclude.forms": "ids of ticket forms",
    "tickets.exclude.brands": "ids of brands",
    "tickets.exclude.channels": "as the helpdesk calls them",
    "tickets.valid.tags": "a ticket with one of these",
    "tickets.valid.forms": "ids of ticket forms",
    "tickets.valid.categories": "as `category` has them",
    "tickets.valid.channels": "as the helpdesk calls them",
    "reports.template": "`weekly_digest`, `monthly_summary`, `process_review`, `data_quality`, or a folder of your own",
    "reports.to": "names of [channels]",
    "reports.locale": "if another than the file's",
    "channels.host": "the mail server",
    "channels.from": "who sends",
    "channels.to": "addresses; each gets a mail of its own",
    "channels.cc": "addresses",
    "channels.bcc": "addresses",
    "channels.reply_to": "where answers go",
    "channels.username": "if the server asks for it",
    "channels.password": "a secret",
    "channels.folder": "where the files go",
    "channels.url": "the address of the incoming webhook, which is a secret",
    "channels.timeout": "seconds",
}
_PLAIN = {
    "str": "text", "int": "whole number", "float": "number", "bool": "true or false", "dt.date": "date", "date": "date",
    "DatedText": "text, or list of `{ value, since }`", "DatedNumber": "whole number, or list of `{ value, since }`",
    "Secret": "secret", "Path": "path", "Port": "whole number", "Seconds": "number",
}  # fmt: skip


def plain_type(annotation: str) -> str:
    """ "list[str] | None" -> "list of text", for people who write TOML."""
    text = annotation.removesuffix(" | None")
    if found := re.fullmatch(r"Annotated\[(\w+), .*\]", text):
        text = found[1]
    if found := re.fullmatch(r"(?:list|tuple)\[([\w.]+)(?:, \.\.\.)?\]", text):
        return f"list of {plain_type(found[1])}"
    if found := re.fullmatch(r"Literal\[(.*)\]", text):
        return " or ".join(f"`{choice}`" for choice in found[1].replace("'", '"').split(", "))
    return _PLAIN.get(text, "table")


def keys(struct: type) -> list[Key]:
    """The fields that a Struct declares itself, in their order, with types and defaults as they are written."""
    source = inspect.getsource(struct)
    comments = _trailing_comments(source)
    (declared,) = ast.parse(source).body
    assert isinstance(declared, ast.ClassDef)
    return [
        Key(
            _encoded(struct, one.target.id), ast.unparse(one.annotation), _written(one.value),
            comments.get(one.end_lineno or one.lineno, ""),
        )
        for one in declared.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        and not ast.unparse(one.annotation).startswith("ClassVar") and one.target.id not in SET_BY_SYNC
    ]  # fmt: skip


def _encoded(struct: type, name: str) -> str:
    """The key as people write it: `from`, where Python needs `sender`."""
    return next(f.encode_name for f in msgspec.structs.fields(struct) if f.name == name)


def _written(value: ast.expr | None) -> str:
    """A default as TOML has it; "" where there is none."""
    if value is None:
        return ""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        given = {k.arg: k.value for k in value.keywords}
        return _written(given.get("default")) if value.func.id == "field" else "{}"
    text = ast.unparse(value)
    return {"None": "none", "True": "true", "False": "false", "()": "[]"}.get(text, text.replace("'", '"'))


def _trailing_comments(source: str) -> dict[int, str]:
    """Line -> the comment at its end."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ") for t in tokens if t.type == tokenize.COMMENT and "fmt:" not in t.string}


@cache
def example_keys() -> Mapping[tuple[str, str], str]:
    """(table, key) -> comment, of every key in config.example.toml, commented ones and those of inline tables too."""
    found: dict[tuple[str, str], str] = {}
    table = ""
    for line in (ROOT / "config.example.toml").read_text(encoding="utf-8").splitlines():
        bare = line.removeprefix("# ")
        if header := re.match(r"\[([\w.]+)\](?:\s+#|$)", bare):
            table = _table_of(header[1])
            for place in (table, header[1], header[1].partition(".")[0]):
                parent, _, name = place.rpartition(".")
                found.setdefault((parent, name), "")
        elif table == "sources" and (named := re.match(r'connector = "(\w+)"', bare)):
            found.setdefault((table, "connector"), CORE_KEYS[0].comment)
            table = f"sources.{named[1]}"
        elif given := re.match(r"([a-z_]+) = (.*)", bare):
            said = re.search(r"\s#\s(.*)$", given[2])
            core = table.startswith("sources.") and given[1] in {key.name for key in CORE_KEYS}
            found.setdefault(("sources" if core else table, given[1]), said[1] if said else "")
    return found


def _table_of(header: str) -> str:
    """ "severity.P0" -> "severity": the second part is a name, except in the tables of [tickets]."""
    if header.startswith("registers."):
        return "registers.FORM"
    return header if header.startswith("tickets.") else header.partition(".")[0]
    """ "severity.P0" -> "severity": the second part is a name, except in tables of [tickets]."""
    return header if header in {"tickets.exclude", "tickets.valid"} else header.partition(".")[0]


# --- docs/store.md


class Table(NamedTuple):
    """A CREATE TABLE as it is written."""

    name: str
    note: str
    columns: list[tuple[str, str, str]]  # name, the rest of its line, comment


def store_schema() -> str:
    """The schema as all migrations leave it, with its comments."""
    schema = ""
    for script in sorted((ROOT / "helpdesk_kpi" / "store").glob("schema*.sql")):
        schema = _migrated(schema, script.read_text(encoding="utf-8"))
    return schema


def _migrated(schema: str, script: str) -> str:
    """One more script on top: its new tables and views, its columns in their tables, without what it drops."""
    for name in re.findall(r"DROP TABLE (\w+);", script):
        schema = re.sub(rf"CREATE TABLE {name} \(.*?\) STRICT[^;]*;", "", schema, flags=re.DOTALL)
    for old, _ in re.findall(r"ALTER TABLE (\w+) RENAME TO (\w+);", script):
        schema = re.sub(rf"CREATE TABLE {old} \(.*?\) STRICT[^;]*;", "", schema, flags=re.DOTALL)
    for name in re.findall(r"DROP VIEW (\w+);", script):
        schema = re.sub(rf"CREATE VIEW {name} .*?;", "", schema, flags=re.DOTALL)
    for table, column, comment in re.findall(r"ALTER TABLE (\w+) ADD COLUMN ([^;]+);(.*)", script):
        schema = re.sub(
            rf"(CREATE TABLE {table} \(.*?)\n\) STRICT",
            rf"\1\n    {column},{comment}\n) STRICT",
            schema,
            flags=re.DOTALL,
        )
    return f"{schema}\n{script}"


def store_page() -> str:
    """The tables and views of the store."""
    schema = store_schema()
    parts = ["# The store", "", GENERATED, _STORE]
    for heading, sql in (("Tables", schema), ("The ledger of deliveries", ledger.DDL + slots.DDL)):
        parts += [f"## {heading}", "", *(line for table in tables(sql) for line in _shown(table))]
    views = re.findall(r"CREATE VIEW (\w+)", schema)
    return "\n".join([*parts, "## Views", "", _VIEWS, "", *(f"- `{view}`" for view in views), ""])


_STORE = """One SQLite file (WAL mode, mode 0600), which any SQLite tool may read while the program runs. Write to it \
only through the program.

Times are UTC epoch milliseconds. Comments say what null means; of a ticket that is known only because another record
names it, all but the ids is null. `native` is the helpdesk's
own id; the integer ids are the store's and mean nothing outside the file. Meaning (severity, state, who is a robot) is
not in here: it is decided from the configuration when tickets are measured.

## Who may write at the same time

One process syncs a store and one measures it; the two may be at work at the same time. Each holds a lock of the
operating system on a file next to the store (`helpdesk.db.sync.lock`, `helpdesk.db.build.lock`; `.holder` says which
process on which machine). The lock ends with its process, however that ends, so the files may stay and need no care.

- `sync` and `measure` refuse at once while another process does the same, and name it. `run` tries again after a
  quarter of an hour.
- `report`, `send`, `explain`, `observations`, `doctor`, `record draw` and the reports of `run` measure before they
  read. While another process measures, they say so and wait for it, ten minutes at most.
- A store that is reached by two names (a link) has one lock. Of two machines that share a network drive, each sees the
  other's lock only where the drive passes `flock` on, as NFS 4 and SMB do unless they are mounted without locks. SQLite
  itself is not made for that (https://www.sqlite.org/useovernet.html): keep the store on a disk of the machine that
  syncs.
"""
_VIEWS = """Views show names and ISO times, for SQL by hand: `SELECT * FROM v_observations WHERE kpi = 'csat'`."""


def tables(sql: str) -> list[Table]:
    """Every table of a schema, with the comments on its columns."""
    found = re.findall(r"CREATE TABLE (\w+) \([ ]*(?:--\s*([^\n]*))?\n(.*?)\n\) STRICT", sql, re.DOTALL)
    return [Table(name, note.strip(), list(_columns(body))) for name, note, body in found]


def _columns(body: str) -> Iterator[tuple[str, str, str]]:
    for line in body.splitlines():
        declared, _, comment = line.strip().partition("--")
        name, _, rest = declared.strip().rstrip(",").partition(" ")
        if re.fullmatch(r"[a-z_]+", name):
            yield name, " ".join(rest.split()), comment.strip()


def _shown(table: Table) -> list[str]:
    rows = [f"| `{name}` | `{_cell(kind)}` | {_cell(comment)} |" for name, kind, comment in table.columns]
    note = [f"{table.note[0].upper()}{table.note[1:]}.", ""] if table.note else []
    return [f"### {table.name}", "", *note, "| column | type | |", "| --- | --- | --- |", *rows, ""]


PAGES = {
    "kpis.md": docs_kpis.kpis_page,
    "cli.md": cli_page,
    "configuration.md": configuration_page,
    "store.md": store_page,
    "registers.md": lambda: docs_registers.registers_page(keys),
    **docs_connectors.PAGES,
}
