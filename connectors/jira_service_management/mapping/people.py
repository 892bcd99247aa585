"""From Jira's accounts to people: of the team, customers, robots, and accounts that are no single person's."""

from collections.abc import Mapping, Sequence

import msgspec

from connectors.jira_service_management import payloads as js
from helpdesk_kpi import model
from helpdesk_kpi.model import AnyRecord

#: Ids that stand for everybody who cannot be named: two comments by them need not be by one hand.
#: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-users/ (accountId)
SHARED_IDS = frozenset({"unknown", "anonymous"})
DELETED_NAME = "former user"  # the name of every account that was deleted; ids stay


class Team(msgspec.Struct, frozen=True):
    """Who is known to be of the team."""

    agents: frozenset[str] = frozenset()
    always: frozenset[str] = frozenset()  # of the agents those whom the configuration names one by one
    is_whole: bool = False  # whoever else is licensed has no role of the team
    members: tuple[js.User, ...] = ()  # as far as lists tell more than an id
    because: tuple[str, ...] = ()  # how many are taken for the team, and why
    guess: str = ""  # why the team is guessed; "": it is known
    of_project: Mapping[str, frozenset[str]] = {}  # a project's id -> who may answer in it, where a role says so


def user_id(user: js.User | None) -> str | None:
    """Null: no account is named, as with rules and accounts that are gone for good."""
    return None if user is None else user.account_id or user.key or user.name or None


def map_person(user: js.User, team: Team, at: int = 0) -> model.Person | None:
    """None for who has no id. `at`: when the account was seen. A deleted account keeps the name that it had.

    That somebody is no agent is only known where the list of agents is whole; else nothing is told of any time.
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


def _get_kind(user: js.User, account_id: str, team: Team) -> model.PersonKind:
    """A licence makes no agent. Portal-only customers have an accountType of their own on Cloud, and ids that begin
    with `qm:`.
    """
    if account_id.casefold() in SHARED_IDS:
        return "nobody"
    if account_id in team.agents:
        return "agent"
    if user.account_type == "app":
        return "bot"
    return "customer" if user.account_type == "customer" or account_id.startswith("qm:") else "member"


def map_people(users: Sequence[js.User], team: Team, mapped_ids: set[str], at: int = 0) -> list[model.Person]:
    """Each once in a run. An account that the configuration names was always of the team."""
    found = {p.id: p for user in users if (p := map_person(user, team, at)) and p.id not in mapped_ids}
    mapped_ids |= found.keys()
    always = [msgspec.structs.replace(p, version=0) for p in found.values() if at and p.id in team.always]
    return [*always, *found.values()]


# one person under two ids, on Data Center


def list_person_ids(records: Sequence[AnyRecord]) -> set[str]:
    """Every id of a person that the records hold."""
    found: set[str | None] = set()
    for record in records:
        for field in _PERSON_FIELDS.get(type(record), ()):
            value = getattr(record, field)
            found |= set(value) if isinstance(value, tuple) else {value}
        if isinstance(record, model.Event) and record.field in {"assignee", "requester"}:
            found |= {record.before, record.after}
    return {one for one in found if one}


def replace_names(records: Sequence[AnyRecord], keys: Mapping[str, str]) -> list[AnyRecord]:
    """The same records with every person under their key, which stays when the name changes."""
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
