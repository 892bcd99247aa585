"""From an issue's changelog to events.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-changelog-bulkfetch-post
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.mapping.labels import NameIndex
from connectors.jira_service_management.payloads import ms
from helpdesk_kpi.model import Event, Name, Unread
from helpdesk_kpi.pull.contract import RejectedRow
from helpdesk_kpi.pull.lenient_decode import UNREADABLE, reason_of

#: Jira's field -> our word. Everything else is noise, unless the configuration keeps it.
FIELDS = {
    "status": "status", "assignee": "assignee", "priority": "priority", "issuetype": "type", "project": "brand",
    "reporter": "requester", "key": "key", "resolution": "resolution",
}  # fmt: skip
REQUESTED = ("status", "assignee", "priority", "resolution", "project")  # what is always asked for
REQUESTED_LAST = ("issuetype", "reporter")
AWAY = "away"  # our word for what was in no project that is read
MAX_FIELDS = 10  # fields whose histories one call may ask for
_BY_ID = frozenset({"status", "assignee", "priority", "brand", "requester", "team", "resolution"})
_NEVER_NONE = frozenset({"status", "brand"})
#: Resolutions that say that there is none: some sites have made one. https://confluence.atlassian.com/jirakb/best-practices-on-using-the-resolution-field-959286742.html
NO_RESOLUTION = frozenset({"unresolved", "未解决"})


class Move(msgspec.Struct, frozen=True):
    """An issue went from one project to another."""

    at: int
    before: str | None
    after: str | None


class IssueHistory(msgspec.Struct, frozen=True):
    """What one issue's histories tell."""

    events: list[Event]
    names: list[Name]
    unread: list[Unread]
    people: list[js.User]
    aside: list[RejectedRow]

    @property
    def moves(self) -> list[Move]:
        found = [Move(e.at, e.before, e.after) for e in self.events if e.field == "brand"]
        return sorted(found, key=lambda move: move.at)


def map_absences(events: Sequence[Event], projects: Collection[str]) -> list[Event]:
    """Events that say when an issue was not in a project that is read."""
    found = []
    for e in events:
        was_here, is_here = e.before in projects, e.after in projects
        if e.field == "brand" and was_here != is_here and e.before is not None:
            after = None if is_here else e.after
            found.append(msgspec.structs.replace(e, id=f"{e.id}:{AWAY}", field=AWAY, before=None, after=after))
    return found


def select_history_fields(team: str | None, kept: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Fields whose histories are asked for, most important first, and those for which there is no room."""
    wanted = [*REQUESTED, *([team] if team else []), *kept, *REQUESTED_LAST]
    unique = list(dict.fromkeys(wanted))
    return unique[:MAX_FIELDS], unique[MAX_FIELDS:]


def read_history(
    issue_id: str, rows: Iterable[js.History], words: Mapping[str, str], ids: Mapping[str, str], known: NameIndex
) -> IssueHistory:
    """One event a field. A history that cannot be read is set aside alone."""
    rows = list(rows)
    known = msgspec.structs.replace(known, own={**_pair_names_with_ids(rows, words, ids), **known.own})
    how = HistoryContext(words, ids, known)
    told = IssueHistory([], [], [], [row.author for row in rows if row.author], [])
    for row in rows:
        try:
            _add_events(issue_id, row, how, told)
        except UNREADABLE as error:
            told.aside.append(RejectedRow(f"{issue_id} history {row.id}", reason_of(error)))
    return told


class HistoryContext(NamedTuple):
    """How the histories of one issue are read."""

    words: Mapping[str, str]  # Jira's field -> our word
    ids: Mapping[str, str]  # names of custom fields -> their ids
    known: NameIndex


def _add_events(issue_id: str, row: js.History, how: HistoryContext, told: IssueHistory) -> None:
    """The id of an event holds the field and not its place: asked for some fields, Jira leaves others out."""
    at, actor = ms(row.created), _get_actor(row)
    seen: dict[str, int] = {}
    for place, item in enumerate(row.items):
        field = get_field_id(item, how.ids)
        word = how.words.get(field)
        if word is None:
            continue
        again = seen[field] = seen.get(field, 0) + 1
        own = f"{row.id}:{field}" + (f":{again}" if again > 1 else "")
        values = []
        for value, name, side in ((item.before, item.before_name, "from"), (item.after, item.after_name, "to")):
            found, is_read = _resolve_value(word, value, name, how.known)
            values.append(found)
            told.names.extend(n for n in how.known.gone(word, value, name) if n not in told.names)
            if not is_read:
                told.unread.append(Unread(issue_id, f"{own}:{side}", word, name or "", at))
        told.events.append(
            Event(
                ticket=issue_id, id=own, at=at, seq=get_order(row.id) + place, kind="change", actor=actor, field=word,
                before=values[0], after=values[1],
            )
        )  # fmt: skip


def _pair_names_with_ids(
    rows: Sequence[js.History], words: Mapping[str, str], ids: Mapping[str, str]
) -> dict[tuple[str, str], frozenset[str]]:
    """What the issue's own histories call by a name and an id at once."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in (item for row in rows for item in row.items):
        word = words.get(get_field_id(item, ids))
        for value, name in ((item.before, item.before_name), (item.after, item.after_name)):
            if word in _BY_ID and value and name:
                found[word, name.casefold()].add(value)
    return {key: frozenset(values) for key, values in found.items()}


def _get_actor(row: js.History) -> str | None:
    """Null for rules of Jira's own, which often have no author."""
    return None if row.author is None else row.author.account_id or row.author.key or row.author.name


def get_field_id(item: js.Item, ids: Mapping[str, str]) -> str:
    """Data Center tells fields by their names; `ids` are those of custom ones. A key's is "Key" everywhere."""
    if item.field_id:
        return item.field_id
    return ids.get(item.field, item.field) if item.fieldtype == "custom" else item.field.lower()


def _resolve_value(word: str, own: str | None, name: str | None, known: NameIndex) -> tuple[str | None, bool]:
    """The id where the ticket has one too, else what people see; and whether it could be read. A name without an id
    stands for what has that name.
    """
    if word == "resolution" and (name or "").casefold() in NO_RESOLUTION:
        return None, True
    if word not in _BY_ID:
        return name or own or None, True
    if own:
        return own, True
    if not name:
        return None, word not in _NEVER_NONE
    found = known.id_of(word, name)
    # A resolution counts whatever it is called; a project that is read has a name that is listed.
    return found or name, found is not None or word in {"resolution", "brand"}


def get_order(own: str) -> int:
    """Jira's ids count up, which orders what happened within one millisecond."""
    return int(own) % 10**15 * 100 if own.isdecimal() else 0
