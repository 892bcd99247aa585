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
    rejected: list[RejectedRow]

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


def select_history_fields(team: str | None, custom: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Fields whose histories are asked for, most important first, and those for which there is no room."""
    fields = [*REQUESTED, *([team] if team else []), *custom, *REQUESTED_LAST]
    unique = list(dict.fromkeys(fields))
    return unique[:MAX_FIELDS], unique[MAX_FIELDS:]


def read_history(
    issue_id: str, rows: Iterable[js.History], fields: Mapping[str, str], ids: Mapping[str, str], names: NameIndex
) -> IssueHistory:
    """One event a field. A history that cannot be read is set aside alone."""
    rows = list(rows)
    names = msgspec.structs.replace(names, own={**_pair_names_with_ids(rows, fields, ids), **names.own})
    context = HistoryContext(fields, ids, names)
    history = IssueHistory([], [], [], [row.author for row in rows if row.author], [])
    for row in rows:
        try:
            _add_events(issue_id, row, context, history)
        except UNREADABLE as error:
            history.rejected.append(RejectedRow(f"{issue_id} history {row.id}", reason_of(error)))
    return history


class HistoryContext(NamedTuple):
    """How the histories of one issue are read."""

    words: Mapping[str, str]  # Jira's field -> our word
    ids: Mapping[str, str]  # names of custom fields -> their ids
    known: NameIndex


def _add_events(issue_id: str, row: js.History, context: HistoryContext, history: IssueHistory) -> None:
    """The id of an event holds the field and not its place: asked for some fields, Jira leaves others out."""
    at, actor = ms(row.created), _get_actor(row)
    counts: dict[str, int] = {}
    for place, item in enumerate(row.items):
        field = get_field_id(item, context.ids)
        name_of_field = context.words.get(field)
        if name_of_field is None:
            continue
        again = counts[field] = counts.get(field, 0) + 1
        event_id = f"{row.id}:{field}" + (f":{again}" if again > 1 else "")
        values = []
        for value, name, side in ((item.before, item.before_name, "from"), (item.after, item.after_name, "to")):
            found, is_read = _resolve_value(name_of_field, value, name, context.known)
            values.append(found)
            history.names.extend(n for n in context.known.gone(name_of_field, value, name) if n not in history.names)
            if not is_read:
                history.unread.append(Unread(issue_id, f"{event_id}:{side}", name_of_field, name or "", at))
        history.events.append(
            Event(
                ticket=issue_id,
                id=event_id,
                at=at,
                seq=get_order(row.id) + place,
                kind="change",
                actor=actor,
                field=name_of_field,
                before=values[0],
                after=values[1],
            )
        )


def _pair_names_with_ids(
    rows: Sequence[js.History], fields: Mapping[str, str], ids: Mapping[str, str]
) -> dict[tuple[str, str], frozenset[str]]:
    """What the issue's own histories call by a name and an id at once."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in (item for row in rows for item in row.items):
        name_of_field = fields.get(get_field_id(item, ids))
        for value, name in ((item.before, item.before_name), (item.after, item.after_name)):
            if name_of_field in _BY_ID and value and name:
                found[name_of_field, name.casefold()].add(value)
    return {key: frozenset(values) for key, values in found.items()}


def _get_actor(row: js.History) -> str | None:
    """Null for rules of Jira's own, which often have no author."""
    return None if row.author is None else row.author.account_id or row.author.key or row.author.name


def get_field_id(item: js.Item, field_ids: Mapping[str, str]) -> str:
    """Data Center tells fields by their names; `field_ids` are those of custom ones. A key's is "Key" everywhere."""
    if item.field_id:
        return item.field_id
    return field_ids.get(item.field, item.field) if item.fieldtype == "custom" else item.field.lower()


def _resolve_value(field: str, value_id: str | None, name: str | None, names: NameIndex) -> tuple[str | None, bool]:
    """The id where the ticket has one too, else what people see; and whether it could be read. A name without an id
    stands for what has that name.
    """
    if field == "resolution" and (name or "").casefold() in NO_RESOLUTION:
        return None, True
    if field not in _BY_ID:
        return name or value_id or None, True
    if value_id:
        return value_id, True
    if not name:
        return None, field not in _NEVER_NONE
    found = names.id_of(field, name)
    # A resolution counts whatever it is called; a project that is read has a name that is listed.
    return found or name, found is not None or field in {"resolution", "brand"}


def get_order(row_id: str) -> int:
    """Jira's ids count up, which orders what happened within one millisecond."""
    return int(row_id) % 10**15 * 100 if row_id.isdecimal() else 0
