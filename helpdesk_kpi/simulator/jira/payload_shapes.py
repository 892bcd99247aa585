"""Shapes that several of Jira's answers have in common."""

from typing import Any

from helpdesk_kpi.simulator.jira.site import SimulatedSite
from helpdesk_kpi.simulator.jira.vocabulary import INTAKE, Project, category, form_type, status_id, type_id
from helpdesk_kpi.simulator.world.support_desk import BASE


def status(site: SimulatedSite, name: str, where: Project) -> dict[str, Any]:
    number, key, label, colour = category(name)
    own = status_id(name, where)
    shown = {
        "self": f"{site.api}/status/{own}", "description": "", "iconUrl": f"{site.base}/", "name": site.names[name],
        "id": own,
        "statusCategory": {"self": f"{site.api}/statuscategory/{number}", "id": number, "key": key,
                           "colorName": colour, "name": label},
    }  # fmt: skip
    return shown | ({"scope": {"type": "PROJECT", "project": {"id": INTAKE.id}}} if where.own_statuses else {})


def project(site: SimulatedSite, given: Project) -> dict[str, Any]:
    return {"self": f"{site.api}/project/{given.id}", "id": given.id, "key": given.key, "name": given.name,
            "projectTypeKey": given.kind, "simplified": given.own_statuses, "avatarUrls": {}}  # fmt: skip


def organization(site: SimulatedSite, number: int) -> dict[str, Any]:
    place = (number - BASE - 601) // 4
    known = 0 <= place < len(site.words.organizations)
    name = site.words.organizations[place][0] if known else f"Organization {number}"
    own = str(place + 1 if known else number)
    link = f"{site.base}/rest/servicedeskapi/organization/{own}"
    return {"id": own, "name": name, "_links": {"self": link}}


def request_type(site: SimulatedSite, form: int | None, kind: str | None, where: Project) -> dict[str, Any]:
    own, name = form_type(site.words, form)
    link = f"{site.base}/rest/servicedeskapi/servicedesk/{where.desk}/requesttype/{own}"
    return {"_expands": ["field"], "id": own, "_links": {"self": link}, "name": name, "description": "", "helpText": "",
            "defaultName": name, "issueTypeId": type_id(kind), "serviceDeskId": where.desk, "portalId": where.desk,
            "groupIds": []}  # fmt: skip


def name_object(site: SimulatedSite, what: str, own: str) -> dict[str, Any]:
    """As an issue shows it: priorities have no description there, resolutions no icon."""
    shown: dict[str, Any] = {"self": f"{site.api}/{what}/{own}", "id": own, "name": site.names[own]}
    shown |= {} if what == "priority" else {"description": ""}
    return shown | ({} if what == "resolution" else {"iconUrl": f"{site.base}/images/icons/{what}/{own}.svg"})
