"""From an issue's changelog to events.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-changelog-bulkfetch-post
"""

from collections.abc import Iterator, Mapping

from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.payloads import ms
from helpdesk_kpi.model import Event

#: Jira's field -> our word. Everything else is noise, unless the configuration keeps it.
FIELDS = {
    "status": "status", "assignee": "assignee", "priority": "priority", "issuetype": "type", "project": "brand",
    "reporter": "requester", "key": "key",
}  # fmt: skip
ASKED = ("status", "assignee", "priority")  # what is always asked for
ASKED_LAST = ("issuetype", "project", "reporter")
MOST_ASKED = 10  # fields whose histories one call may ask for
_BY_ID = frozenset({"status", "assignee", "priority", "brand", "requester", "team"})


def asked(team: str | None, kept: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Fields whose histories are asked for, most important first, and those for which there is no room."""
    wanted = [*ASKED, *([team] if team else []), *kept, *ASKED_LAST]
    unique = list(dict.fromkeys(wanted))
    return unique[:MOST_ASKED], unique[MOST_ASKED:]


def events(
    issue_id: str, row: js.History, words: Mapping[str, str], ids: Mapping[str, str] | None = None
) -> Iterator[Event]:
    """One event a field. The id holds the field and not its place: asked for some fields, Jira leaves others out."""
    at, actor = ms(row.created), _actor(row)
    seen: dict[str, int] = {}
    for place, item in enumerate(row.items):
        field = field_of(item, ids or {})
        word = words.get(field)
        if word is None:
            continue
        before, after = _values(item, word)
        again = seen[field] = seen.get(field, 0) + 1
        yield Event(
            ticket=issue_id,
            id=f"{row.id}:{field}" + (f":{again}" if again > 1 else ""),
            at=at,
            seq=order(row.id) + place,
            kind="change",
            actor=actor,
            field=word,
            before=before,
            after=after,
        )


def _actor(row: js.History) -> str | None:
    """Null for rules of Jira's own, which often have no author."""
    return None if row.author is None else row.author.account_id or row.author.key or row.author.name


def field_of(item: js.Item, ids: Mapping[str, str]) -> str:
    """Data Center tells fields by their names; `ids` are those of custom ones. A key's is "Key" everywhere."""
    if item.field_id:
        return item.field_id
    return ids.get(item.field, item.field) if item.fieldtype == "custom" else item.field.lower()


def _values(item: js.Item, word: str) -> tuple[str | None, str | None]:
    """Ids where the ticket has ids too, else what people see."""
    if word in _BY_ID:
        return item.before or item.before_name or None, item.after or item.after_name or None
    return item.before_name or item.before or None, item.after_name or item.after or None


def order(own: str) -> int:
    """Jira's ids count up, which orders what happened within one millisecond."""
    return int(own) % 10**15 * 100 if own.isdecimal() else 0
