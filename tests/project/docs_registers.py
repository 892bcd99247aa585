"""docs/registers.md: how the files of each register are laid out."""

import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from docs_pages import GENERATED, table

from helpdesk_kpi.config import Config
from helpdesk_kpi.registers.entry import Entry
from helpdesk_kpi.registers.parser import get_form, list_columns, list_hints
from helpdesk_kpi.registers.register_types import REGISTERS
from helpdesk_kpi.report.languages import zh

#: One file of each register, as somebody would write it; a test imports them all.
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
        parts += [*_heading(name, kind), *table(["column", "", "must be there", ""], list(_columns(kind, keys)))]
        parts += ["```csv", EXAMPLES[name].rstrip(), "```", ""]
    return "\n".join([*parts, _AFTER])


def _heading(name: str, kind: type[Entry]) -> list[str]:
    chinese = f"（{zh.TITLES[name]}）" if name in zh.TITLES else ""
    return [f"## {name}{chinese}", "", " ".join((kind.__doc__ or "").split()), ""]


def _columns(kind: type[Entry], keys: Keys) -> Iterator[list[str]]:
    told = {key.name: key for base in reversed(kind.__mro__) if issubclass(base, Entry) for key in keys(base)}
    hints, form = list_hints(kind), get_form(Config(), kind)
    for name in list_columns(Config(), kind):
        if name in hints:
            yield [f"`{name}`", _kind(hints[name]), "" if told[name].default else "yes", told[name].comment]
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


_INTRODUCTION = """What no helpdesk has, and a fair appraisal needs: training, improvements of how the work is done,
reviews, what people say of working together, and cost. It is written down by people, one entry at a time or from a
file:

```text
helpdesk-kpi record training subject=ann on=2026-10-14 title="Reading traces" role=lead rating=4.6 \\
    evidence=https://intranet.acme.com/traces approved_by=bob
helpdesk-kpi import training-2026-Q4.csv --dry-run      # checks it all, keeps nothing
helpdesk-kpi import training-2026-Q4.csv
helpdesk-kpi record list training                       # --all: what was corrected and withdrawn too
helpdesk-kpi record withdraw 12 --why "it was called off"
helpdesk-kpi record draw --period 2026-Q4 > quality_review-2026-Q4.csv     # tickets to review, ten of each person
```

- **Files** are CSV (commas, semicolons or tabs; UTF-8, in a spreadsheet "CSV UTF-8") or TOML with a `[[training]]`
  above each entry. Whose register it is says the file's name (`training-2026-Q4.csv`), `--register`, or a column
  `register`. Column names are those below; other columns are errors, empty cells are as good as absent.
- **All or nothing.** If anything is wrong with any row, everything that is wrong is told with its line, and nothing
  is kept.
- **Twice is once.** A file may be imported again: rows that are known change nothing, rows that say something else
  about the same thing correct it. So one file may grow over the year. What was withdrawn does not come back with its
  file.
- **Nothing is deleted.** A correction takes the place of an entry, which is kept; so is what is withdrawn, with the
  reason. Each entry says who wrote it down on which account of the machine, and when. `--corrects 12` replaces an entry
  that was about the wrong day or person.
- **People** are named as `[people.NAME]`, as reports call them, by an address of theirs, or by an account
  (`source:id`). Who judges, approves or verifies has to be somebody of the team or of `[people]`, and somebody else.
- **Days** are written 2026-10-14, **months** 2026-10, **periods** 2026-Q4, 2026-H2, 2026-10 or 2026; numbers have a
  point. Nothing can be of a day to come.
- **Who answered** in `peer_rating` and `collaboration_satisfaction` is kept as a keyed hash, enough to know that two
  answers are of two people. No command and no report shows it, nor a single answer: only a mean of three people or
  more, of a period that is over. So that subtracting one figure from another gives nothing away, the answers about each
  person are put into groups of three people or more once: those of a month, else of its quarter, half-year or year. A
  figure counts the groups that lie in its period and slice as a whole, and says how many answers it leaves out. What is
  written down after the period is over waits until it is of three more people: import all answers together, or before
  the end. Single aspects are shown where the answers of a group fall into three people or more for each choice of
  aspects: let everyone answer the same ones. `record` and `import` do not say whether an answer is new or known.
- **What stays open.** When all give the same mark, its mean says so. Who has answered knows one answer of the group.
  Who may write into a register can correct an entry and watch the mean; the entry says who did so. Who can read the
  store's file with other programs, or has a copy of it from before, reads all that is in it.
- **Privacy.** With `privacy = "pseudonymous"` or `"team_only"`, entries about people are taken, counted, and not shown.
- **Which tickets are reviewed** is drawn, so that nobody picks them: of each person, out of what they solved in the
  period, of every severity in proportion. Drawn again, the same tickets come.
- **Forms** (`[registers.quality_review]` and so on in the [configuration](configuration.md)) have a scale and aspects
  with weights. An entry keeps those of the day on which it was written down.
"""
_AFTER = """## What becomes of them

The KPIs `training`, `improvement`, `quality_review`, `collaboration_satisfaction`, `manager_rating`, `peer_rating`,
`self_rating`, `cost_per_contact` and `self_service_ratio` are described in [kpis.md](kpis.md). In SQL the entries are
in the table `registers` of the [store](store.md).

- A quality review with a critical aspect below the middle of its scale counts 0. Calibration reviews count for nobody.
- Improvements earn 1 point once accepted, 3 once shipped, 5 once measured, shared by all authors, those of duplicates
  too.
- Checklists of articles are the variant `checklist` of `article_quality`.
- A session of training counts 1 for its lead and 0.5 for a co-lead, an hour of mentoring 0.1; below a mean rating of 4
  in proportion.
- A month's cost is spread evenly over its days, so that a week has its part of it.
"""
