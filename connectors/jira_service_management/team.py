"""The team: configured accounts, else accounts with the agents' role or permission in the projects.

Without the right to read those, the team is a guess.

https://support.atlassian.com/jira-service-management-cloud/docs/what-service-desk-users-are-there/
"""

import logging
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.deployments import Site, has_more
from connectors.jira_service_management.mapping.people import TeamMapping, user_id
from connectors.jira_service_management.settings import Settings
from helpdesk_kpi.errors import MissingError, UnavailableError
from helpdesk_kpi.pull.lenient_decode import decode_rows
from helpdesk_kpi.pull.paging import PageWalk
from helpdesk_kpi.pull.transport import Transport

ROLES = frozenset({"service desk team", "customer service team"})
PERMISSION = "SERVICEDESK_AGENT"
_MAX_USERS = 1000  # users that the permission search covers; further users are silently missing
SERVICE = "service_desk"
log = logging.getLogger(__name__)


class _ProjectAgents(NamedTuple):
    """Agents of one project."""

    agents: list[js.User]
    because: str
    guess: str  # why there may be more agents; "": complete


class TeamQuery(NamedTuple):
    """Access to the site."""

    http: Transport
    site: Site
    settings: Settings


async def find_team(query: TeamQuery, projects: Sequence[js.Project]) -> TeamMapping:
    if query.settings.agents:
        return await _read_configured(query)
    found = [await _find_project_agents(query, project) for project in projects]
    agents = [user for one in found for user in one.agents]
    guesses = list(dict.fromkeys(one.guess for one in found if one.guess))
    return TeamMapping(
        agents=_list_ids(agents),
        is_whole=not guesses,
        members=tuple(agents),
        because=tuple(one.because for one in found if one.because),
        guess="; ".join(guesses),
        of_project={p.id: _list_ids(one.agents) for p, one in zip(projects, found, strict=True) if not one.guess},
    )


def _list_ids(users: Sequence[js.User]) -> frozenset[str]:
    return frozenset(own for user in users if (own := user_id(user)))


async def _read_configured(query: TeamQuery) -> TeamMapping:
    """The configured accounts and members of groups. Such a team is complete."""
    groups = [one.removeprefix("group:") for one in query.settings.agents if one.startswith("group:")]
    accounts = frozenset(one for one in query.settings.agents if not one.startswith("group:"))
    members, because = list[js.User](), []
    for group in groups:
        found = await _fetch_group(query, group)
        members += found
        because.append(f"{len(found)} in group {group}, by `agents`")
    for address in sorted(one for one in accounts if "@" in one):
        found = await _find_by_address(query, address)
        members += found
        accounts = (accounts - {address}) | _list_ids(found)
        because += [] if found else [f"nobody found as {address}: write the account's id"]
    because += [f"{len(accounts)} named in `agents`"] if accounts else []
    return TeamMapping(
        agents=accounts | _list_ids(members), always=accounts, is_whole=True, members=tuple(members),
        because=tuple(because),
    )  # fmt: skip


async def _fetch_group(query: TeamQuery, group: str) -> list[js.User]:
    """Members of a group by its id, else by its name."""
    try:
        return await fetch_group_members(query, group)
    except (MissingError, UnavailableError):
        if query.settings.auth.is_personal:
            raise
        return await fetch_group_members(query, group, by_name=True)


async def _find_by_address(query: TeamQuery, address: str) -> list[js.User]:
    """Accounts with a mail address. Hidden addresses are searched too, so a single hit is the account.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-user-search/#api-rest-api-3-user-search-get
    """
    key = "username" if query.settings.auth.is_personal else "query"
    path = await query.site.api("user/search")
    raw = await query.http.get(path, {key: address}, type=msgspec.Raw, endpoint="user search", missing="resource")
    found = [user for user in decode_rows(raw, js.User, "accountId")[0] if user_id(user)]
    exact = [user for user in found if (user.email_address or "").casefold() == address.casefold()]
    return exact or (found if len(found) == 1 and not found[0].email_address else [])


async def fetch_group_members(query: TeamQuery, group: str, *, by_name: bool = False) -> list[js.User]:
    """Members of a group, with inactive ones: their replies stay replies of an agent."""
    key = "groupname" if by_name or query.settings.auth.is_personal else "groupId"
    path, found, start = await query.site.api("group/member"), list[js.User](), 0
    walk = PageWalk("group/member", 0)
    while True:
        params: dict[str, str | int | bool] = {key: group, "includeInactiveUsers": "true", "startAt": start}
        page = await query.http.get(path, params, type=js.ListPage, endpoint="group/member", missing="resource")
        good, rejected = decode_rows(page.values, js.User, "accountId")
        found += good
        start += len(good) + len(rejected)
        if not walk.advance(more=has_more(page, start), to=start, has_rows=bool(good or rejected)):
            return found


# one project


async def _find_project_agents(query: TeamQuery, project: js.Project) -> _ProjectAgents:
    if project.project_type_key != SERVICE:
        return _ProjectAgents([], "", f"{project.key} is no service project: it has no agents")
    try:
        found = await _fetch_by_role(query, project)
    except (UnavailableError, MissingError) as error:
        found = _ProjectAgents([], "", f"the roles of {project.key} cannot be read ({error})")
    return await _fetch_by_permission(query, project, found) if found.guess else found


async def _fetch_by_role(query: TeamQuery, project: js.Project) -> _ProjectAgents:
    path = await query.site.api(f"project/{project.key}/role")
    roles = await query.http.get(path, type=dict[str, msgspec.Raw], endpoint="project roles", missing="resource")
    team_roles = [(name, _decode_address(address)) for name, address in roles.items() if name.casefold() in ROLES]
    if not team_roles:
        names = ", ".join(sorted(roles)) or "none"
        return _ProjectAgents([], "", f"{project.key} has no role {' or '.join(sorted(ROLES))!r}, only: {names}")
    agents = [user for _, address in team_roles for user in await _fetch_role_members(query, project, address)]
    guess = "" if agents else f"no account has the role {team_roles[0][0]} in {project.key}"
    return _ProjectAgents(agents, f"{len(_list_ids(agents))} with the role {team_roles[0][0]} in {project.key}", guess)


def _decode_address(raw: msgspec.Raw) -> str:
    """An address; "" if it is not a text."""
    try:
        return msgspec.json.decode(raw, type=str)
    except msgspec.MsgspecError:
        return ""


async def _fetch_role_members(query: TeamQuery, project: js.Project, address: str) -> list[js.User]:
    """Accounts of a role, and members of its groups."""
    role_id = address.rstrip("/").rpartition("/")[2]  # never the address itself: it may have another host
    path = await query.site.api(f"project/{project.key}/role/{role_id}")
    role = await query.http.get(path, type=js.ProjectRole, endpoint="project role", missing="resource")
    found: list[js.User] = []
    for actor in decode_rows(role.actors, js.Actor)[0]:
        if "group" in actor.type:
            group = actor.actor_group or {}
            by_id = group.get("groupId")
            name = str(by_id or group.get("name") or actor.name or "")
            found += await fetch_group_members(query, name, by_name=not by_id)
        else:
            user = {"name": actor.name, "displayName": actor.display_name, **(actor.actor_user or {})}
            found.append(msgspec.convert(user, js.User))
    return found


async def _fetch_by_permission(query: TeamQuery, project: js.Project, before: _ProjectAgents) -> _ProjectAgents:
    """Agents by permission, on Cloud only. The search covers the first 1,000 users; a second request looks for more."""
    if query.settings.auth.is_personal:
        return before
    path = await query.site.api("user/permission/search")
    params: dict[str, str | int | bool] = {
        "permissions": PERMISSION, "projectKey": project.key, "startAt": 0, "maxResults": _MAX_USERS,
    }  # fmt: skip
    try:
        raw = await query.http.get(path, params, type=msgspec.Raw, endpoint="permission search", missing="resource")
        agents = decode_rows(raw, js.User, "accountId")[0]
        more = await _has_more_users(query)
    except (UnavailableError, MissingError) as error:
        return before._replace(guess=f"{before.guess}, nor who has the permission {PERMISSION} ({error})")
    if not agents:
        return before._replace(guess=f"{before.guess}, and no account is found with the permission {PERMISSION}")
    guess = f"of more than {_MAX_USERS:,} users only the first are searched for agents of {project.key}" if more else ""
    return _ProjectAgents(agents, f"{len(agents)} with the permission {PERMISSION} in {project.key}", guess)


async def _has_more_users(query: TeamQuery) -> bool:
    path = await query.site.api("users/search")
    params: dict[str, str | int | bool] = {"startAt": _MAX_USERS, "maxResults": 1}
    raw = await query.http.get(path, params, type=msgspec.Raw, endpoint="users", missing="resource")
    return bool(decode_rows(raw, js.User, "accountId")[0])
