"""docs/connectors.md and docs/files.md: what each connector gives, what it survives, and how files are laid out."""

from collections.abc import Iterator, Mapping

from docs_pages import GENERATED, table
from docs_traps import checklists, marked, shown

from connectors.files import cell_values, fivetran
from connectors.files.cell_values import Column, OneOf, ReadCell
from connectors.files.own_layout import TABLES
from helpdesk_kpi.pull.contract import FURTHER_NEEDS, NEEDS, Provides, no
from helpdesk_kpi.pull.discovery import connector_names, find_connector

#: What the traps' files call a connector, where that differs.
TITLES = {"zendesk": "Zendesk", "jira": "Jira Service Management", "freshdesk": "Freshdesk"}


def connectors_page() -> str:
    provides = {name: find_connector(name).provides for name in connector_names()}
    parts = ["# Connectors", "", GENERATED, _GIVES, *_capabilities(provides), *_reasons(provides)]
    return "\n".join([*parts, "## What they survive", "", _SURVIVE, *_survived()])


_GIVES = """## What they give

`partly` and `no` have their reasons below; reports print them where a KPI needs what is missing. `helpdesk-kpi check`
says what your own account lacks.
"""
_SURVIVE = """Each connector is held against [a contract](../helpdesk_kpi/testing/__init__.py): refused credentials,
forbidden and missing things, rate limits, errors of every kind, foreign addresses, secrets that a helpdesk repeats,
fields and words that nobody knows yet, and being killed at any moment. What is known to break connectors of one
helpdesk is listed here, with the tests that show it.
"""


def _capabilities(provides: Mapping[str, Mapping[str, Provides]]) -> list[str]:
    rows = [
        [f"`{need}`", says, *(given.get(need, no("")).answer for given in provides.values())]
        for need, says in {**NEEDS, **FURTHER_NEEDS}.items()
    ]
    return table(["", "", *(f"`{name}`" for name in provides)], rows)


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
        yield from table(["", "what happens, and what we do", "shown by, or why not"], rows)


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
    return table(["column", "", "must be there", ""], rows)


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
_FILES = """A folder of files that another program has written: for history that an API no longer gives, and for
helpdesks without a connector.

```toml
[sources.archive]
connector = "files"
path = "export"                # the folder; a relative one starts at the configuration's folder
since = 2020-01-01
# timezone = "Europe/Berlin"   # of times that have none
# layout = "fivetran"
```

- **Files.** CSV (separated by commas, semicolons or tabs) or JSON lines, UTF-8, with or without `.gz`. A table may be
  in several files: `tickets.csv`, `tickets-2025.csv.gz`, `tickets-b.jsonl`. Only `tickets` has to be there; what a
  folder has no file for is said in reports.
- **Times** are ISO 8601 with `Z` or an offset: `2026-01-05T09:30:00Z`. Without one, `timezone` says whose clock it was;
  if that isn't configured, such a time is an error. Times and ids that a spreadsheet has rewritten (`05/01/2026`,
  `3.6E+11`) are refused, since nobody can say what they were.
- **Ids** are text and the same in all files: a ticket's `assignee` is the `id` of a person.
- **Other columns** are not used; `helpdesk-kpi check` lists them. `keep_fields` names those of `tickets` to keep.
- **What is wrong** with a line is told with file, line and column; the line is set aside and the rest is read. What
  happened on the ticket that it names (of `ratings`: its rating) is not known until the line is mended, or until its
  file is gone from the folder. A file without a column that must be there ends its own reading and that of no other.
- **What is read again.** A file is read again when its size or its time of change and then its content differ. Whatever
  was read before is brought up to date; what a file no longer has stays in the store. A sync counts the folder as whole
  up to now: whoever keeps reports of the present from files has to keep the files up to date.

## Our own layout
"""
_FIVETRAN = """With `layout = "fivetran"`, tables of
[Fivetran's Zendesk connector](https://fivetran.com/docs/connectors/applications/zendesk) are read, exported from the
warehouse with their column names, and mapped by the rules of the Zendesk connector. Times without a zone are UTC. The
tables do not tell what an automation did in a person's name or what came through the API, nor of calls, messaging and
the newer surveys. Columns in bold must be there.
"""

PAGES = {"connectors.md": connectors_page, "files.md": files_page}
