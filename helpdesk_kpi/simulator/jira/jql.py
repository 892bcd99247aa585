"""The little of JQL that a connector needs, read as strictly as Jira reads it. Anything else is refused.

https://support.atlassian.com/jira-software-cloud/docs/what-is-advanced-search-in-jira-cloud/
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from helpdesk_kpi.simulator.jira.site import SimulatedSite
from helpdesk_kpi.simulator.jira.vocabulary import PROJECTS, SATISFACTION_DATE
from helpdesk_kpi.simulator.server.paging import BadRequestError
from helpdesk_kpi.simulator.world.clock import DAY, HOUR, MINUTE, SECOND, WEEK

_RESERVED = (
    "access add after alter and any as asc audit before begin between boolean by byte catch char check column commit "
    "connect continue count create current date decimal declare default delete desc distinct divide do double drop "
    "else empty end equals escape exclusive execute exists false fetch field file first float for from function go "
    "goto grant greater group having identified if immediate in increment index initial inner input insert int "
    "integer intersect into is isempty isnull join last left less like limit lock long max min minus mode modify "
    "modulo more multiply next noaudit not notin nowait null number object of on option or order outer output power "
    "previous prior privileges public raise raw remove rename resource return returns revoke right row rowid rownum "
    "rows select session set share size sqrt start strict string subtract sum synonym table then to trans transaction "
    "trigger true uid union unique update user validate values view when whenever where while with"
)
RESERVED = frozenset(_RESERVED.split())
_TOKEN = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|(>=|<=|!=|=|>|<|\(|\)|,)|([^\s"'=!<>(),]+))""")
_UNITS = {"m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
_CATEGORIES = {"to do": "new", "new": "new", "in progress": "indeterminate", "indeterminate": "indeterminate",
               "done": "done"}  # fmt: skip
SATISFIED = f"cf[{SATISFACTION_DATE.removeprefix('customfield_')}]"
_MOST_SORTED = 7


class Clause(msgspec.Struct, frozen=True):
    """`values`: project ids, epoch ms, category keys, or issue ids and keys."""

    field: str
    operator: str
    values: tuple[Any, ...]


class Query(msgspec.Struct, frozen=True):
    clauses: tuple[Clause, ...]
    order: tuple[tuple[str, bool], ...]
    """Fields to sort by, and whether the newest or highest comes first."""


class Word(msgspec.Struct, frozen=True):
    text: str
    quoted: bool
    place: int

    def means(self, *words: str) -> bool:
        return not self.quoted and self.text.lower() in words


def read(jql: str, site: SimulatedSite) -> Query:
    """BadRequestError says in Jira's words what it does not understand."""
    words = list(_words(jql))
    cut = next((i for i in range(len(words) - 1) if words[i].means("order") and words[i + 1].means("by")), len(words))
    clauses = tuple(_clauses(words[:cut], site))
    if not clauses:
        raise BadRequestError("", "Unbounded JQL queries are not allowed here. Please add a search restriction to "
                              "your query.")  # fmt: skip
    return Query(clauses, tuple(_order(words[cut + 2 :])))


def _words(jql: str) -> Iterator[Word]:
    place = 0
    while jql[place:].strip():
        match = _TOKEN.match(jql, place)
        if match is None:
            raise _wrong("cannot be read", Word(jql[place:].strip(), False, place))
        double, single, sign, plain = match.groups()
        text = next(part for part in (double, single, sign, plain) if part is not None)
        yield Word(text, double is not None or single is not None, match.end() - len(text))
        place = match.end()


def _clauses(words: list[Word], site: SimulatedSite) -> Iterator[Clause]:
    i = 0
    while i < len(words):
        if i and not words[i].means("and"):
            raise _wrong("Expecting 'AND' or 'ORDER BY' but got", words[i])
        i += bool(i)
        field, operator = (words + [Word("", False, 0)] * 2)[i : i + 2]
        if operator.means("in"):
            end = next((n for n in range(i, len(words)) if words[n].means(")")), len(words))
            given = [word for word in words[i + 3 : end] if not word.means(",")]
            if end == len(words) or not words[i + 2].means("(") or not given:
                raise _wrong("Expecting a list in parentheses near", operator)
            i = end + 1
        else:
            given, i = words[i + 2 : i + 3], i + 3
            if not given:
                raise _wrong("Expecting either a value, list or function near", operator)
        yield _clause(field, operator, given, site)


def _clause(field: Word, operator: Word, given: list[Word], site: SimulatedSite) -> Clause:
    name, sign = field.text.lower(), operator.text.lower()
    for word in given:
        if word.means(*RESERVED):
            says = "is a reserved JQL word. You must surround it in quotation marks to use it in a query."
            place = f"(line 1, character {word.place + 1})"
            raise BadRequestError("", f"Error in the JQL Query: '{word.text}' {says} {place}")
    match name, sign:
        case "project", "=" | "in":
            return Clause("project", sign, tuple(_project(word) for word in given))
        case "updated" | "created", ">=" | ">":
            return Clause(name, sign, (_time(name, given[0], site),))
        case _ if name == SATISFIED and sign in {">=", ">"}:
            return Clause("rated", sign, (_time(name, given[0], site),))
        case "statuscategory", "=" | "!=" | "in" if all(word.text.lower() in _CATEGORIES for word in given):
            return Clause("category", sign, tuple(_CATEGORIES[word.text.lower()] for word in given))
        case "id" | "key" | "issue" | "issuekey", "=" | "in":
            return Clause("id", sign, tuple(word.text for word in given))
    known = {"project", "updated", "created", SATISFIED, "statuscategory", "id", "key", "issue", "issuekey"}
    if name not in known:
        raise BadRequestError("", f"Field '{field.text}' does not exist or you do not have permission to view it.")
    raise _wrong(f"Field '{field.text}' does not take", Word(f"{operator.text} {given[0].text}", False, operator.place))


def _project(word: Word) -> str:
    """Archived projects are not found by a search."""
    for project in PROJECTS:
        if word.text.upper() in {project.key, project.id, project.name.upper()} and not project.archived:
            return project.id
    raise BadRequestError("", f"The value '{word.text}' does not exist for the field 'project'.")


def _time(field: str, word: Word, site: SimulatedSite) -> int:
    """Epoch milliseconds, a span back from now, or a time to the minute in the zone of the account that asks.

    No page says whether Data Center takes epochs; here it does not.
    """
    text = word.text
    if text.isdigit() and site.cloud:
        return int(text)
    if span := re.fullmatch(r"-(\d+)([mhdw])", text):
        return site.world.now - int(span[1]) * _UNITS[span[2]]
    for shape in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d"):
        try:
            return int(datetime.strptime(text, shape).replace(tzinfo=site.zone).timestamp()) * SECOND
        except ValueError:
            continue
    raise BadRequestError("", f"Date value '{text}' for field '{field}' is invalid. Valid formats include: "
                          "'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format "
                          "e.g. '-5d', '4w 2d'.")  # fmt: skip


def _order(words: list[Word]) -> Iterator[tuple[str, bool]]:
    parts: list[list[Word]] = [[]]
    for word in words:
        parts = [*parts, []] if word.means(",") else [*parts[:-1], [*parts[-1], word]]
    if len(parts) > _MOST_SORTED:
        raise BadRequestError("", f"The query cannot be sorted by more than {_MOST_SORTED} fields.")
    for part in parts if words else []:
        name = part[0].text.lower() if part else ""
        if name not in {"updated", "created", "id", "key"} or len(part) > 2:
            raise BadRequestError("", f"Not able to sort using field '{name}'.")
        if part[1:] and not part[1].means("asc", "desc"):
            raise _wrong("Expecting 'ASC' or 'DESC' but got", part[1])
        yield "id" if name == "key" else name, bool(part[1:]) and part[1].means("desc")


def _wrong(what: str, word: Word) -> BadRequestError:
    place = f"(line 1, character {word.place + 1})"
    return BadRequestError("", f"Error in the JQL Query: {what} '{word.text}'. {place}")
