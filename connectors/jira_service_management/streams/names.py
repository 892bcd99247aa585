"""Names of statuses, priorities, projects and fields, and the team."""

from collections.abc import AsyncIterator

import msgspec

from connectors.jira_service_management.account import SiteState
from connectors.jira_service_management.mapping import people
from connectors.jira_service_management.mapping.issues import map_status
from helpdesk_kpi.model import Name
from helpdesk_kpi.pull.contract import Finding, Page, Start, partly


async def fetch_statuses(account: SiteState, start: Start) -> AsyncIterator[Page]:
    await account.me()
    found = await account.statuses()
    names = [map_status(row) for row in found]
    yield Page(records=names, rejected=account.unread_statuses, complete_until=start.now)


async def fetch_priorities(account: SiteState, start: Start) -> AsyncIterator[Page]:
    await account.me()
    found = await account.priorities()
    yield Page(records=[Name("priority", row.id, row.name) for row in found], complete_until=start.now)


async def fetch_projects(account: SiteState, start: Start) -> AsyncIterator[Page]:
    await account.me()
    found = await account.projects()
    yield Page(records=[Name("brand", row.id, row.name or row.key) for row in found], complete_until=start.now)


async def fetch_fields(account: SiteState, start: Start) -> AsyncIterator[Page]:
    await account.me()
    found = [row for row in await account.fields() if row.custom]
    yield Page(records=[Name("field", row.id, row.name or row.id) for row in found], complete_until=start.now)


async def fetch_agents(account: SiteState, start: Start) -> AsyncIterator[Page]:
    """Fetch the known members of the team, active or not."""
    await account.me()
    team = await account.team()
    account.meet(team.members)
    if team.guess:
        gap = partly(f"who is of the team is guessed: {team.guess}")
        account.findings.append(Finding(level="ok", about="team", text=gap.reason, need="roles", provides=gap))
    found = people.map_people(team.members, team, account.met, start.now)
    yield Page(records=[*found, *await _map_project_agents(account)], complete_until=start.now)


async def _map_project_agents(account: SiteState) -> list[Name]:
    """Agents of each project, if there are several: in other projects they are customers."""
    team, projects = await account.team(), await account.projects()
    if len(projects) < 2:
        return []
    agents_by_project = {
        project_id: msgspec.json.encode(sorted(ids)).decode() for project_id, ids in team.of_project.items()
    }
    return [Name("agents", project.id, project.key, agents_by_project.get(project.id)) for project in projects]
