"""The generated pages of `docs/`."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import click
import docs_connectors
import docs_kpis
import docs_registers
from docs_configuration import TABLES, configuration_page, example_keys, keys
from docs_pages import GENERATED
from docs_pages import cell as _cell
from project_paths import ROOT

from helpdesk_kpi.cli import COMMANDS, cli
from helpdesk_kpi.deliver import ledger, slots

__all__ = ["GENERATED", "ROOT", "TABLES", "configuration_page", "example_keys", "keys"]


# --- docs/cli.md


def cli_page() -> str:
    """The help of every command."""
    parts = ["# Commands", "", GENERATED, _CLI, *_help(cli, "helpdesk-kpi", 2)]
    return "\n".join(parts)


_CLI = """`--config` and `--verbose` work with every command. Results go to standard output, progress and messages to
standard error. Exit status: 0 success, 1 failure, 2 wrong usage or configuration, 3 partial success (some sources or
deliveries failed).
"""


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


_STORE = """One SQLite file (WAL mode, file mode 0600). Any SQLite tool may read it while the program runs. Write to
it only through the program.

- Times are UTC epoch milliseconds.
- Comments say what null means. A ticket that is known only by a reference from another record has nothing but its
  ids.
- `native` is the helpdesk's own id. The integer ids have no meaning outside the file.
- Severity, state and bots are not stored. They come from the configuration when tickets are measured.

## Concurrent processes

One process can sync a store while another one measures it. Each holds a lock of the operating system on a file next
to the store (`helpdesk.db.sync.lock`, `helpdesk.db.build.lock`; `.holder` names the process and the machine). A lock
ends with its process, so the files need no care.

- `sync` and `measure` stop at once if another process does the same, and name it. `run` tries again after fifteen
  minutes.
- `report`, `explain`, `observations` and `doctor` measure what is not up to date before they read. They print how much
  that is and how long it takes on standard error. If another process measures, they read what is stored, and say so.
- `send`, `record draw` and the reports of `run` measure before they read. If another process measures, they say so and
  wait, at most ten minutes.
- A store with two names (a link) has one lock. On a network drive, machines see each other's locks only if the drive
  supports `flock`, as NFS 4 and SMB do unless they are mounted without locks. SQLite itself is [not made for network
  drives](https://www.sqlite.org/useovernet.html): keep the store on a local disk of the machine that syncs.
"""
_VIEWS = """Views show names and ISO times, for your own SQL: `SELECT * FROM v_observations WHERE kpi = 'csat'`."""
#: The schema's comments are part of the stores that exist, so their wording changes here only.
_WORDING = {
    "not told yet": "not reported yet", "not told": "not reported", "nobody set one": "none set",
    "whom the helpdesk names; null: it names nobody": "as the helpdesk reports; null: none",
    "of nobody in particular": "about no particular person", "stands on its own": "none",
    "is told in advance": "is reported in advance", "nothing tells it beside the status": "only the status says so",
    "somebody named it, so it tells of no others": "chosen by a person, so it represents no others",
    "versions of tickets whose changes nobody tells, as they were seen":
        "snapshots of tickets without a change history",
    "tickets that tell nothing of how well somebody's problem was solved, as the latest `measure` found":
        "tickets that recurrence metrics exclude, as of the latest `measure`",
    "the promise's own clock": "the SLA's clock",
}  # fmt: skip


def _reword(comment: str) -> str:
    for old, new in _WORDING.items():
        comment = comment.replace(old, new)
    return comment


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
    rows = [f"| `{name}` | `{_cell(kind)}` | {_cell(_reword(comment))} |" for name, kind, comment in table.columns]
    words = _reword(table.note)
    note = [f"{words[0].upper()}{words[1:]}.", ""] if words else []
    return [f"### {table.name}", "", *note, "| column | type | meaning |", "| --- | --- | --- |", *rows, ""]


PAGES = {
    "kpis.md": docs_kpis.kpis_page,
    "cli.md": cli_page,
    "configuration.md": configuration_page,
    "store.md": store_page,
    "registers.md": lambda: docs_registers.registers_page(keys),
    **docs_connectors.PAGES,
}
