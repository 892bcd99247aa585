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
