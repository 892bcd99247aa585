"""Agents and groups as people and teams. Agents who left are no longer in the list."""

from connectors.freshdesk import payloads as fd
from connectors.freshdesk.payloads import ms, text_id
from helpdesk_kpi import model
from helpdesk_kpi.pull import time_zones

TYPES = frozenset({"support_agent", "field_agent", "collaborator"})


def map_person(row: fd.Agent) -> model.Person:
    """Map an agent. Collaborators write private notes only: https://support.freshdesk.com/support/solutions/articles/50000003713"""
    contact = row.contact or fd.Contact()
    return model.Person(
        id=str(row.id),
        kind="light_agent" if row.type == "collaborator" else "agent",
        role=row.type or "support_agent",
        version=ms(row.updated_at) or ms(row.created_at) or 0,
        name=contact.name,
        email=contact.email,
        email_verified=contact.active is not False,  # agents confirm their address before they can sign in
        active=not row.deactivated,
        zone=time_zones.find_iana(contact.time_zone),
    )


def map_team(row: fd.Group) -> model.Team:
    """Map a group. Its tickets use its business hours, else the default ones of the account."""
    return model.Team(str(row.id), row.name, schedule=text_id(row.business_hour_id))


def map_members(row: fd.Group) -> list[model.TeamMember]:
    return [model.TeamMember(str(row.id), str(agent)) for agent in row.agent_ids or ()]
