"""Users and groups as people and teams."""

import msgspec

from connectors.zendesk import payloads as zd
from connectors.zendesk.mapping.tickets import text_id
from connectors.zendesk.payloads import ms
from helpdesk_kpi import model
from helpdesk_kpi.pull import time_zones


def map_person(row: zd.User) -> model.Person:
    return model.Person(
        id=str(row.id),
        kind=_get_person_kind(row),
        role=row.role or "custom role",
        version=ms(row.updated_at),
        name=row.name,
        email=row.email,
        email_verified=bool(row.verified),
        active=row.active is not False and not row.suspended,
        zone=row.iana_time_zone or time_zones.find_iana(row.time_zone),
        organization=text_id(row.organization_id),
    )


def map_deleted_person(row: zd.User) -> model.Person:
    """Map a row of /deleted_users: the account is inactive, whatever the row says."""
    return msgspec.structs.replace(map_person(row), active=False)


def _get_person_kind(row: zd.User) -> model.PersonKind:
    """Kind of a user.

    Role type 1 is a light agent, 3 a contributor; both only comment privately. Agents of another account that shares
    tickets are not in the team.

    https://developer.zendesk.com/api-reference/ticketing/users/users/
    """
    role = row.role or ("agent" if row.custom_role_id else None)
    if role is None:
        raise ValueError("the role is not given")
    if row.shared_agent or (role not in {"agent", "admin"} and not row.custom_role_id):
        return "customer"
    light = role == "agent" and (row.role_type in {1, 3} or bool(row.only_private_comments))
    return "light_agent" if light else "agent"


def map_team(row: zd.Group) -> model.Team:
    return model.Team(str(row.id), row.name, row.deleted)


def map_team_member(row: zd.GroupMembership) -> model.TeamMember:
    return model.TeamMember(str(row.group_id), str(row.user_id))
