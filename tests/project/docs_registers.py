"""docs/registers.md: the layout of the files of each register."""

import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from docs_pages import GENERATED, table

from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.metrics.discovery import load_kpis
from helpdesk_kpi.registers.entry import Entry
from helpdesk_kpi.registers.parser import get_form, list_columns, list_hints
from helpdesk_kpi.registers.register_types import REGISTERS
from helpdesk_kpi.report.formatting import Formatter

#: An example file of each register; a test imports them all.
EXAMPLES = {
    "training": """\
subject,on,title,role,hours,rating,attendees,evidence,approved_by
ann,2026-10-14,Reading traces,lead,,4.6,8,https://intranet.acme.com/traces,bob
ann,2026-10-20,First weeks of a new colleague,mentor,6,,,https://intranet.acme.com/plan,bob
""",
    "improvement": """\
id,title,authors,proposed,accepted,accepted_by,shipped,measured,verified_by,effect,evidence,duplicate_of
IMP-1,Ask for the order number,ann,2026-07-02,2026-07-09,bob,2026-08-03,2026-10-05,bob,a third fewer,https://acme.com/1,
IMP-2,A field for the order,cem,2026-07-20,,,,,,,,IMP-1
""",
    "quality_review": """\
ticket,subject,by,on,solution,clarity,tone,record,root_cause
17,ann,bob,2026-10-15,5,4,5,3,
""",
    "collaboration_satisfaction": """\
by,team,on,ticket,speed,handover,completeness,attitude
a developer's name,First line,2026-10-15,17,4,5,4,5
""",
    "manager_rating": """\
subject,by,period,initiative,cooperation,learning,reliability
ann,bob,2026-Q3,4,4,3,5
""",
    "peer_rating": """\
subject,by,period,initiative,cooperation,learning,reliability
ann,cem,2026-Q3,4,5,4,4
""",
    "self_rating": """\
subject,period,initiative,cooperation,learning,reliability
ann,2026-Q3,4,4,4,4
""",
    "article_review": """\
article,by,on,title,complete,one_issue,up_to_date,no_duplicate
https://help.acme.com/articles/1,bob,2026-10-15,1,1,0,1,1
""",
    "cost": """\
period,amount,note
2026-10,31000,salaries and licences and rooms
""",
    "help_centre_visits": """\
period,visitors
2026-10,620
""",
}

_KINDS: Mapping[Any, str] = {
    "person": "person", "people": "people, separated by `;`", "rater": "name", "ticket": "ticket", "article": "article",
    "link": "link", "period": "period", "month": "month", "positive": "number above 0", "count": "whole number",
    "one to five": "1 to 5", str: "text", bool: "yes or no",
}  # fmt: skip
Keys = Callable[[type], list[Any]]


def registers_page(keys: Keys) -> str:
    parts = ["# Registers", "", GENERATED, _INTRODUCTION]
    for name, kind in REGISTERS.items():
        parts += [*_heading(name, kind), *table(["column", "value", "required", "meaning"], list(_columns(kind, keys)))]
        parts += ["```csv", EXAMPLES[name].rstrip(), "```", ""]
    return "\n".join([*parts, _AFTER])


def _heading(name: str, kind: type[Entry]) -> list[str]:
    metric = load_kpis().get(name)
    chinese = f"（{Formatter('zh', 'UTC').title(metric)}）" if metric else ""
    return [f"## {name}{chinese}", "", " ".join((kind.__doc__ or "").split()), ""]


def _columns(kind: type[Entry], keys: Keys) -> Iterator[list[str]]:
    known = {key.name: key for base in reversed(kind.__mro__) if issubclass(base, Entry) for key in keys(base)}
    hints, form = list_hints(kind), get_form(Config(), kind)
    for name in list_columns(Config(), kind):
        if name in hints:
            yield [f"`{name}`", _kind(hints[name]), "" if known[name].default else "yes", known[name].comment]
        else:
            assert form is not None
            low, high = form.scale
            yield [f"`{name}`", f"{low:g} to {high:g}", "", f"an aspect of `[registers.{kind.form}]`"]


def _kind(hint: Any) -> str:
    inner = next((arg for arg in typing.get_args(hint) if arg is not type(None)), hint) if _optional(hint) else hint
    if typing.get_origin(inner) is typing.Literal:
        return ", ".join(typing.get_args(inner))
    return _KINDS.get(inner.__metadata__[0] if hasattr(inner, "__metadata__") else inner, "day")


def _optional(hint: Any) -> bool:
    return type(None) in typing.get_args(hint)


_INTRODUCTION = """Registers hold what no helpdesk has and a fair appraisal needs: training, improvements, reviews,
ratings by colleagues, and cost. People record entries one at a time or import a file:

```text
helpdesk-kpi record training subject=ann on=2026-10-14 title="Reading traces" role=lead rating=4.6 \\
    evidence=https://intranet.acme.com/traces approved_by=bob
helpdesk-kpi import training-2026-Q4.csv --dry-run      # checks everything, stores nothing
helpdesk-kpi import training-2026-Q4.csv
helpdesk-kpi record list training                       # --all: also corrected and withdrawn entries
helpdesk-kpi record withdraw 12 --why "it was cancelled"
helpdesk-kpi record draw --period 2026-Q4 > quality_review-2026-Q4.csv     # tickets to review, ten per person
```

- **Files** are CSV (commas, semicolons or tabs; UTF-8, in a spreadsheet "CSV UTF-8") or TOML with a `[[training]]`
  above each entry. The register is taken from the file's name (`training-2026-Q4.csv`), from `--register`, or from a
  column `register`. The columns are listed below; other columns are errors. Empty cells count as absent.
- **All or nothing.** If any row is wrong, every error is reported with its line, and nothing is stored.
- **Importing twice changes nothing.** Known rows are skipped; rows that differ correct the known entry. So one file
  can grow over the year. A withdrawn entry does not return with its file.
- **Nothing is deleted.** Corrected and withdrawn entries are kept, with the reason. Each entry records when, and by
  which account of the machine, it was written. `--corrects 12` replaces an entry that was about the wrong day or
  person.
- **People** are written as the NAME of `[people.NAME]`, as in reports, as an address, or as an account (`source:id`).
  The person who rates, approves or verifies must be in the team or in `[people]`, and another person.
- **Days** are written 2026-10-14, **months** 2026-10, **periods** 2026-Q4, 2026-H2, 2026-10 or 2026. Numbers use a
  decimal point. No date may be in the future.
- **Confidential answers.** `peer_rating` and `collaboration_satisfaction` store raters as a keyed hash. No command
  and no report shows a rater or a single answer: only a mean of at least three raters, for a period that is over. The
  answers about a person are put into groups of at least three raters once: those of a month, else of its quarter,
  half-year or year. A value counts whole groups in its period and slice, and says how many answers it excludes. So
  subtracting two values reveals nothing. Answers that arrive after the period wait until there are three more raters:
  import all answers together, or before the end. Single aspects appear if every choice of aspects in a group has at
  least three raters: let everyone answer the same ones. `record` and `import` do not say whether an answer is new or
  known.
- **Limits of confidentiality.** If all raters give the same mark, the mean reveals it. A rater knows one answer of
  the group. A person who may write into a register can correct an entry and watch the mean; the entry records this. A
  person who can read the store's file with other programs, or has an old copy, can read everything in it.
- **Privacy.** With `privacy = "pseudonymous"` or `"team_only"`, entries about people are stored and counted, but not
  shown.
- **Tickets to review** are drawn at random, the same for every draw: from the tickets that each person solved in the
  period, of every severity in proportion. So nobody can choose them.
- **Forms** (`[registers.quality_review]` and so on in the [configuration](configuration.md)) have a scale and
  weighted aspects. An entry keeps the form of the day on which it was recorded.
"""
_AFTER = """## KPIs from registers

[kpis.md](kpis.md) describes `training`, `improvement`, `quality_review`, `collaboration_satisfaction`,
`manager_rating`, `peer_rating`, `self_rating`, `cost_per_contact` and `self_service_ratio`. In SQL, the entries are
in the table `registers` of the [store](store.md).

- A quality review with a critical aspect below the middle of its scale counts 0. Calibration reviews do not count.
- An improvement earns 1 point once accepted, 3 once shipped and 5 once measured, shared by all authors, including
  those of duplicates.
- Checklists of articles are the variant `checklist` of `article_quality`.
- A training session counts 1 for its lead and 0.5 for a co-lead, an hour of mentoring 0.1; with a mean rating below 4
  proportionally less.
- A month's cost is spread evenly over its days.
"""
