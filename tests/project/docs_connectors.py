"""docs/connectors.md and docs/files.md: what each connector provides, its tested traps, and the layout of files."""

from collections.abc import Iterator, Mapping

from docs_pages import GENERATED, table
from docs_traps import checklists, marked, shown

from connectors.files import cell_values, fivetran
from connectors.files.cell_values import Column, OneOf, ReadCell
from connectors.files.own_layout import TABLES
from helpdesk_kpi.pull.contract import FURTHER_NEEDS, NEEDS, Provides, no
from helpdesk_kpi.pull.discovery import connector_names, find_connector

#: Titles of helpdesks by the names that the traps' files use.
TITLES = {"zendesk": "Zendesk", "jira": "Jira Service Management", "freshdesk": "Freshdesk"}


def connectors_page() -> str:
    provides = {name: find_connector(name).provides for name in connector_names()}
    parts = ["# Connectors", "", GENERATED, _GIVES, *_capabilities(provides), *_reasons(provides)]
    return "\n".join([*parts, "## Tested traps", "", _SURVIVE, *_survived()])


_GIVES = """## What they provide

The reasons for `partly` and `no` are below the table. Reports show them if a KPI needs the missing data.
`helpdesk-kpi check` shows what your own account provides.
"""
_SURVIVE = """Each connector passes [contract tests](../helpdesk_kpi/testing/__init__.py): refused credentials,
forbidden and missing endpoints, rate limits, errors of every kind, foreign addresses, secrets in responses, unknown
fields and values, and a kill at any moment. The tables list the known traps of each helpdesk, with the tests that
cover them.
"""


def _capabilities(provides: Mapping[str, Mapping[str, Provides]]) -> list[str]:
    rows = [
        [f"`{need}`", says, *(given.get(need, no("")).answer for given in provides.values())]
        for need, says in {**NEEDS, **FURTHER_NEEDS}.items()
    ]
    return table(["need", "meaning", *(f"`{name}`" for name in provides)], rows)


def _reasons(provides: Mapping[str, Mapping[str, Provides]]) -> Iterator[str]:
    for name, given in provides.items():
        yield from (f"**`{name}`**", "")
        yield from (f"- `{need}`: {p.answer}, {p.reason}" for need, p in given.items() if p.answer != "yes")
        yield ""


def _survived() -> Iterator[str]:
    lists = checklists()
    tests = shown(lists, marked())
    for helpdesk, lines in lists.items():
        yield from (f"### {TITLES.get(helpdesk, helpdesk)}", "")
        rows = [
            [number, line.says + (f" ({line.source})" if line.source else ""),
             line.why_not or "; ".join(one.sentence for one in tests[helpdesk, number])]
            for number, line in lines.items()
        ]  # fmt: skip
        yield from table(["no.", "trap and behaviour", "tests, or why none"], rows)


# --- docs/files.md


def files_page() -> str:
    parts = ["# Files as a source", "", GENERATED, _FILES]
    for name, kind in TABLES.items():
        parts += [f"### {name}", "", kind.says, "", *_columns(kind.columns)]
    parts += ["## Fivetran's layout", "", _FIVETRAN]
    for name, columns in FIVETRAN.items():
        needed = ", ".join(f"**`{one}`**" if c.required else f"`{one}`" for one, c in columns.items())
        parts += [f"- `{name}`: {needed}"]
    return "\n".join([*parts, ""])


FIVETRAN: dict[str, Mapping[str, Column]] = {
    "ticket": fivetran.TICKET, "ticket_comment": fivetran.COMMENT, "ticket_field_history": fivetran.HISTORY,
    "ticket_tag": fivetran.TAG, "user": fivetran.USER, "group": fivetran.GROUP,
    "satisfaction_rating": fivetran.RATING, "organization": fivetran.NAME_ROW, "brand": fivetran.NAME_ROW,
    "ticket_form_history": fivetran.NAME_ROW,
}  # fmt: skip


def _columns(columns: Mapping[str, Column]) -> list[str]:
    rows = [
        [f"`{name}`", _kind(column), "yes" if column.required else "", column.says] for name, column in columns.items()
    ]
    return table(["column", "value", "required", "meaning"], rows)


def _kind(column: Column) -> str:
    return ", ".join(column.read.allowed) if isinstance(column.read, OneOf) else _KINDS[column.read]


_KINDS: dict[ReadCell, str] = {
    cell_values.read_text: "text",
    cell_values.read_id: "id",
    cell_values.read_time: "time",
    cell_values.read_boolean: "true or false",
    cell_values.read_integer: "whole number",
    cell_values.read_share: "0 to 1",
    cell_values.read_list: "list",
}
_FILES = """A folder with files of another program: for history that an API no longer provides, and for helpdesks
without a connector.

```toml
[sources.archive]
connector = "files"
path = "export"                # the folder; a relative one starts at the configuration's folder
since = 2020-01-01
# timezone = "Europe/Berlin"   # for times without a zone
# layout = "fivetran"
```

- **Files.** CSV (separated by commas, semicolons or tabs) or JSON lines, UTF-8, with or without `.gz`. A table may
  consist of several files: `tickets.csv`, `tickets-2025.csv.gz`, `tickets-b.jsonl`. Only `tickets` is required.
  Reports say which tables are missing.
- **Times** are ISO 8601 with `Z` or an offset: `2026-01-05T09:30:00Z`. Times without one use `timezone`; without that
  setting they are an error. Times and ids that a spreadsheet has rewritten (`05/01/2026`, `3.6E+11`) are rejected.
- **Ids** are text and the same in all files: a ticket's `assignee` is the `id` of a person.
- **Other columns** are ignored; `helpdesk-kpi check` lists them. `keep_fields` lists columns of `tickets` to keep.
- **Errors** name file, line and column. The line is rejected and the rest is read. What happened on its ticket (for
  `ratings`: its rating) is unknown until the line is corrected, or until its file is gone. A file without a required
  column is not read; other files are.
- **Repeated reading.** A file is read again if its size, or its time of change and then its content, differ. Existing
  rows are updated. Rows that a file no longer has stay in the store. A sync counts the folder as complete up to now,
  so keep the files up to date if your reports depend on them.

## Our own layout
"""
_FIVETRAN = """With `layout = "fivetran"`, the source reads tables of [Fivetran's Zendesk
connector](https://fivetran.com/docs/connectors/applications/zendesk), exported from the warehouse with their column
names, and maps them like the Zendesk connector. Times without a zone are UTC. The tables do not contain what an
automation did in a person's name, what came through the API, calls, messaging, or the newer surveys. Columns in bold
are required.
"""

PAGES = {"connectors.md": connectors_page, "files.md": files_page}
