"""Jira's reference data: fields, statuses, priorities, projects, people."""

from typing import Any

from helpdesk_kpi.simulator.jira import sla
from helpdesk_kpi.simulator.jira.history import old_statuses_until
from helpdesk_kpi.simulator.jira.issues import Issues
from helpdesk_kpi.simulator.jira.payload_shapes import project, status
from helpdesk_kpi.simulator.jira.site import SimulatedSite
from helpdesk_kpi.simulator.jira.vocabulary import (
    CATEGORY,
    DAYS_LAST_COMMENTED,
    DONE,
    DUPLICATE,
    FIRST_RESPONSE_DATE,
    GO_LIVE,
    INTAKE,
    OLD_STATUSES,
    ORGANIZATIONS,
    PARTICIPANTS,
    PRIORITIES,
    PROJECTS,
    REPORTS,
    REQUEST_TYPE,
    SATISFACTION,
    SATISFACTION_DATE,
    STATUSES,
    SUPPORT,
    TASK,
    TEAM,
    TYPES,
)
from helpdesk_kpi.simulator.world.facts import Account

Rows = list[dict[str, Any]]
_SYSTEM = {
    "summary": "string", "description": "string", "created": "datetime", "updated": "datetime", "status": "status",
    "statuscategorychangedate": "datetime", "resolution": "resolution", "resolutiondate": "datetime",
    "priority": "priority", "issuetype": "issuetype", "project": "project", "reporter": "user", "creator": "user",
    "assignee": "user", "labels": "array", "issuelinks": "array", "comment": "comments-page",
}  # fmt: skip
_DESK, _PLATFORM = "com.atlassian.servicedesk", "com.atlassian.jira"
#: Field -> its kind and the type of its values. A field is known by its kind; names are translated and not unique.
_CUSTOM = {
    REQUEST_TYPE: (f"{_DESK}:vp-origin", "sd-customerrequesttype", None),
    **dict.fromkeys(sla.SLAS, (f"{_DESK}:sd-sla-field", "sd-servicelevelagreement", None)),
    DAYS_LAST_COMMENTED: (f"{_PLATFORM}.toolkit:dayslastcommented", "string", None),
    FIRST_RESPONSE_DATE: (f"{_PLATFORM}.ext.charting:firstresponsedate", "datetime", None),
    SATISFACTION: (f"{_DESK}:sd-request-feedback", "sd-feedback", None),
    SATISFACTION_DATE: (f"{_DESK}:sd-request-feedback-date", "datetime", None),
    ORGANIZATIONS: (f"{_DESK}:sd-customer-organizations", "array", "sd-customerorganization"),
    PARTICIPANTS: (f"{_DESK}:sd-request-participants", "array", "user"),
    TEAM: (f"{_PLATFORM}.plugin.system.customfieldtypes:select", "option", None),
    CATEGORY: (f"{_PLATFORM}.plugin.system.customfieldtypes:select", "option", None),
    GO_LIVE: (f"{_PLATFORM}.plugin.system.customfieldtypes:datetime", "datetime", None),
}  # fmt: skip


def fields(site: SimulatedSite) -> Rows:
    """https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-fields/"""
    able = {"orderable": True, "navigable": True, "searchable": True}
    rows: Rows = []
    for name, kind in _SYSTEM.items():
        schema: dict[str, Any] = {"type": kind, "system": name} | ({"items": "string"} if kind == "array" else {})
        rows.append({"id": name, "key": name, "name": name.capitalize(), "custom": False, **able,
                     "clauseNames": [name], "schema": schema})  # fmt: skip
    for name, (custom, kind, items) in _CUSTOM.items():
        number = int(name.removeprefix("customfield_"))
        schema = {"type": kind, "custom": custom, "customId": number} | ({"items": items} if items else {})
        clauses = [f"cf[{number}]", site.names[name]]
        rows.append({"id": name, "key": name, "name": site.names[name], "untranslatedName": name, "custom": True,
                     **able, "clauseNames": clauses, "schema": schema})  # fmt: skip
    return rows


def statuses(site: SimulatedSite) -> Rows:
    """Of both desks: a project that is managed by its team has its own, with the same names."""
    old = OLD_STATUSES.values() if site.world.now < old_statuses_until(site.world) else ()
    now = [status(site, name, where) for where in (SUPPORT, INTAKE) for name in STATUSES]
    return [*now, *(status(site, name, SUPPORT) for name in old)]


def priorities(site: SimulatedSite) -> Rows:
    return [
        {"self": f"{site.api}/priority/{own}", "statusColor": "#d04437", "description": "", "id": own,
         "iconUrl": f"{site.base}/images/icons/priorities/{own}.svg", "name": site.names[own], "isDefault": own == "3"}
        for own in (*PRIORITIES.values(), "5")
    ]  # fmt: skip


def resolutions(site: SimulatedSite) -> Rows:
    return [
        {"self": f"{site.api}/resolution/{own}", "id": own, "description": "", "name": site.names[own],
         "isDefault": own == DONE}
        for own in (DONE, "10001", DUPLICATE)
    ]  # fmt: skip


def plain_resolutions(site: SimulatedSite) -> Rows:
    """All at once, which do not say which is the default one."""
    return [{name: value for name, value in row.items() if name != "isDefault"} for row in resolutions(site)]


def issue_types(site: SimulatedSite) -> Rows:
    return [
        {"self": f"{site.api}/issuetype/{own}", "id": own, "description": "", "name": site.names[own],
         "iconUrl": f"{site.base}/images/icons/issuetype/{own}.svg", "subtask": False, "hierarchyLevel": 0}
        for own in (*TYPES.values(), TASK)
    ]  # fmt: skip


def projects(issues: Issues, *, insight: bool = False) -> Rows:
    rows = []
    for given in PROJECTS:
        row = project(issues.site, given) | {"style": "next-gen" if given.own_statuses else "classic",
                                             "isPrivate": False, "entityId": f"sim-{given.id}"}  # fmt: skip
        if insight:
            row["insight"] = _insight(issues, given.id)
        rows.append(row | ({"archived": True} if given.archived else {}))
    return rows


def _insight(issues: Issues, project_id: str) -> dict[str, Any]:
    now = issues.world.now
    here = [track for track in issues.tracks.values() if track.there(now) and track.project(now).id == project_id]
    last = max((track.updated(now) for track in here), default=None)
    return {"totalIssueCount": len(here)} | ({} if last is None else {"lastIssueUpdateTime": issues.site.when(last)})


def people(site: SimulatedSite) -> Rows:
    """Everybody who has an account by now, whether active or not."""
    now = site.world.now
    here = [account.id for account in site.world.accounts.values() if account.created_at <= now]
    return [site.person(number) for number in (REPORTS, site.automation.id, *here)]


def agents(site: SimulatedSite) -> list[int]:
    """Who has, or had, an agent's licence; a light agent has none, and looks like any other colleague."""
    here = [account for account in site.world.accounts.values() if account.created_at <= site.world.now]
    return [account.id for account in here if _is_agents(account)]


def _is_agents(account: Account) -> bool:
    return not account.bot and not account.intake and account.roles[0][1] in {"agent", "admin"}


def myself(site: SimulatedSite) -> dict[str, Any]:
    me = site.person(REPORTS) | {"emailAddress": site.reports.email, "timeZone": str(site.zone), "locale": "en_US"}
    empty = {"size": 1, "items": []}
    return me | {"groups": empty, "applicationRoles": empty}


def server_info(site: SimulatedSite) -> dict[str, Any]:
    now = site.world.now
    version = "1001.0.0-SNAPSHOT" if site.cloud else "9.12.4"
    return {
        "baseUrl": site.base, "displayUrl": site.base, "displayUrlServicedeskHelpCenter": site.base, "version": version,
        "displayUrlConfluence": site.base, "versionNumbers": [1001, 0, 0] if site.cloud else [9, 12, 4],
        "deploymentType": "Cloud" if site.cloud else "Server", "buildNumber": 100_300, "serverTime": site.when(now),
        "buildDate": site.when(site.world.desk.start), "scmInfo": "0" * 40, "serverTitle": "Jira",
        "defaultLocale": {"locale": "en_US"}, "serverTimeZone": site.world.desk.zone,
    }  # fmt: skip
