"""Accounts as people: agents, customers, members, bots, and shared accounts."""

from collections.abc import Mapping, Sequence

import msgspec

from connectors.jira_service_management import payloads as js
from helpdesk_kpi import model
from helpdesk_kpi.model import AnyRecord

#: Ids of unknown accounts: two comments with such an id may be by different people.
#: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-users/ (accountId)
SHARED_IDS = frozenset({"unknown", "anonymous"})
DELETED_NAME = "former user"  # name of deleted accounts; their ids stay


class TeamMapping(msgspec.Struct, frozen=True):
    """The known team."""

    agents: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()  # agents that the configuration has one by one
    is_whole: bool = False  # the list is complete
    members: tuple[js.User, ...] = ()  # accounts with more than an id
    because: tuple[str, ...] = ()  # how the team was found
    guess: str = ""  # why the team is a guess; "": it is known
    of_project: Mapping[str, frozenset[str]] = {}  # id of a project -> its agents, if known


def user_id(user: js.User | None) -> str | None:
    """Id of an account; None: a rule, or a permanently deleted account."""
    return None if user is None else user.account_id or user.key or user.name or None


def map_person(user: js.User, team: TeamMapping, at: int = 0) -> model.Person | None:
    """Map an account; None: it has no id. A deleted account keeps its stored name.

    Args:
        at: When the account was seen, epoch ms. An incomplete list of agents does not show that an account is no agent,
            so the record has version 0 then.
    """
    account_id = user_id(user)
    if account_id is None:
        return None
    kind = _get_kind(user, account_id, team)
    return model.Person(
        id=account_id,
        kind=kind,
        role=user.account_type or "user",
        version=0 if kind == "member" and not team.is_whole else at,
        name=None if (user.display_name or "").casefold() == DELETED_NAME else user.display_name,
        email=user.email_address,
        active=user.active,
        zone=user.time_zone,
    )


def _get_kind(user: js.User, account_id: str, team: TeamMapping) -> model.PersonKind:
    """Kind of a person. A licence makes no agent.

    On Cloud, portal-only customers have the account type "customer" or an id with `qm:`.
    """
    if account_id.casefold() in SHARED_IDS:
        return "nobody"
    if account_id in team.agents:
        return "agent"
    if user.account_type == "app":
        return "bot"
    return "customer" if user.account_type == "customer" or account_id.startswith("qm:") else "member"


def map_people(users: Sequence[js.User], team: TeamMapping, mapped_ids: set[str], at: int = 0) -> list[model.Person]:
    """Map accounts, each once a run. A configured account was always in the team."""
    found = {p.id: p for user in users if (p := map_person(user, team, at)) and p.id not in mapped_ids}
    mapped_ids |= found.keys()
    always = [msgspec.structs.replace(p, version=0) for p in found.values() if at and p.id in team.always]
    return [*always, *found.values()]


# Data Center: one person with a user name and a key


def list_person_ids(records: Sequence[AnyRecord]) -> set[str]:
    """All ids of people in the records."""
    found: set[str | None] = set()
    for record in records:
        for field in _PERSON_FIELDS.get(type(record), ()):
            value = getattr(record, field)
            found |= set(value) if isinstance(value, tuple) else {value}
        if isinstance(record, model.Event) and record.field in {"assignee", "requester"}:
            found |= {record.before, record.after}
    return {one for one in found if one}


def replace_names(records: Sequence[AnyRecord], keys: Mapping[str, str]) -> list[AnyRecord]:
    """Replace user names by keys, which stay when a user is renamed."""
    return [_replace_names_in(record, keys) for record in records]


def _replace_names_in(record: AnyRecord, keys: Mapping[str, str]) -> AnyRecord:
    new: dict[str, object] = {}
    for field in _PERSON_FIELDS.get(type(record), ()):
        value = getattr(record, field)
        new[field] = tuple(keys.get(v, v) for v in value) if isinstance(value, tuple) else keys.get(value, value)
    if isinstance(record, model.Event) and record.field in {"assignee", "requester"}:
        new |= {side: keys.get(v, v) if (v := getattr(record, side)) else None for side in ("before", "after")}
    return msgspec.structs.replace(record, **new) if new else record


_PERSON_FIELDS: Mapping[type, tuple[str, ...]] = {
    model.Person: ("id",),
    model.Ticket: ("requester", "participants", "submitter", "assignee"),
    model.Event: ("actor",),
    model.Rating: ("rater", "agent"),
    model.TimeEntry: ("agent",),
}
