"""Changelogs of issues as events.

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
from helpdesk_kpi.pull.lenient_decode import UNREADABLE_ERRORS, get_reason

#: Field of Jira -> field of an event. Other fields are skipped unless configured.
FIELDS = {
    "status": "status", "assignee": "assignee", "priority": "priority", "issuetype": "type", "project": "brand",
    "reporter": "requester", "key": "key", "resolution": "resolution",
}  # fmt: skip
REQUESTED = ("status", "assignee", "priority", "resolution", "project")  # always requested
REQUESTED_LAST = ("issuetype", "reporter")
AWAY = "away"  # field of an event: in no selected project
MAX_FIELDS = 10  # fields in one request for histories
_BY_ID = frozenset({"status", "assignee", "priority", "brand", "requester", "team", "resolution"})
_NEVER_NONE = frozenset({"status", "brand"})
#: Names of resolutions that mean "unresolved": some sites have added one. https://confluence.atlassian.com/jirakb/best-practices-on-using-the-resolution-field-959286742.html
NO_RESOLUTION = frozenset({"unresolved", "未解决"})


class Move(msgspec.Struct, frozen=True):
    """A move of an issue between projects (ids)."""

    at: int
    before: str | None
    after: str | None


class IssueHistory(msgspec.Struct, frozen=True):
    """Events of the histories of one issue."""

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
    """Map the times in which an issue was in no selected project."""
    found = []
    for e in events:
        was_here, is_here = e.before in projects, e.after in projects
        if e.field == "brand" and was_here != is_here and e.before is not None:
            after = None if is_here else e.after
            found.append(msgspec.structs.replace(e, id=f"{e.id}:{AWAY}", field=AWAY, before=None, after=after))
    return found


def select_history_fields(team: str | None, custom: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Fields to request histories of, most important first, and fields above the limit."""
    fields = [*REQUESTED, *([team] if team else []), *custom, *REQUESTED_LAST]
    unique = list(dict.fromkeys(fields))
    return unique[:MAX_FIELDS], unique[MAX_FIELDS:]


def read_history(
    issue_id: str, rows: Iterable[js.History], fields: Mapping[str, str], ids: Mapping[str, str], names: NameIndex
) -> IssueHistory:
    """Read histories: one event for each field. An unreadable history is rejected alone."""
    rows = list(rows)
    names = msgspec.structs.replace(names, own={**_pair_names_with_ids(rows, fields, ids), **names.own})
    context = HistoryContext(fields, ids, names)
    history = IssueHistory([], [], [], [row.author for row in rows if row.author], [])
    for row in rows:
        try:
            _add_events(issue_id, row, context, history)
        except UNREADABLE_ERRORS as error:
            history.rejected.append(RejectedRow(f"{issue_id} history {row.id}", get_reason(error)))
    return history


class HistoryContext(NamedTuple):
    """Context for the histories of one issue."""

    words: Mapping[str, str]  # field of Jira -> field of an event
    ids: Mapping[str, str]  # names of custom fields -> their ids
    known: NameIndex


def _add_events(issue_id: str, row: js.History, context: HistoryContext, history: IssueHistory) -> None:
    """Add events of one history. Ids have the field and not its place, as Jira omits fields that are not requested."""
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
    """(field, name) -> ids, from items of the histories that have both."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in (item for row in rows for item in row.items):
        name_of_field = fields.get(get_field_id(item, ids))
        for value, name in ((item.before, item.before_name), (item.after, item.after_name)):
            if name_of_field in _BY_ID and value and name:
                found[name_of_field, name.casefold()].add(value)
    return {key: frozenset(values) for key, values in found.items()}


def _get_actor(row: js.History) -> str | None:
    """Id of the author; None: a rule without an author."""
    return None if row.author is None else row.author.account_id or row.author.key or row.author.name


def get_field_id(item: js.Item, field_ids: Mapping[str, str]) -> str:
    """Id of the changed field. Data Center has names only; `field_ids` maps names of custom fields. A key is "Key"."""
    if item.field_id:
        return item.field_id
    return field_ids.get(item.field, item.field) if item.fieldtype == "custom" else item.field.lower()


def _resolve_value(field: str, value_id: str | None, name: str | None, names: NameIndex) -> tuple[str | None, bool]:
    """Value of a side of a change: the id if tickets have ids, else the name.

    Returns: The value, and whether it could be resolved. A name without an id is looked up.
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
    # Any resolution counts; a selected project has a known name.
    return found or name, found is not None or field in {"resolution", "brand"}


def get_order(row_id: str) -> int:
    """Order within a millisecond: Jira's ids increase."""
    return int(row_id) % 10**15 * 100 if row_id.isdecimal() else 0
