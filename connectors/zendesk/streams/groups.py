"""Groups and who is in them."""

from collections.abc import AsyncIterator

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.mapping.people import map_team, map_team_member
from connectors.zendesk.pagination import fetch_list
from helpdesk_kpi.model import TeamMember
from helpdesk_kpi.pull.contract import Page, Start
from helpdesk_kpi.pull.lenient_decode import decode_rows


async def fetch_groups(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch groups, with deleted ones: old tickets refer to them."""
    params = {"exclude_deleted": "false"}
    async for page in fetch_list(account.http, "/api/v2/groups", params, endpoint="groups"):
        good, rejected = decode_rows(page.groups, zd.Group)
        yield Page(records=[map_team(row) for row in good], rejected=rejected)
    yield Page(complete_until=start.now)


async def fetch_group_memberships(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch the current members of groups. There is no history; a missing row means that the member left."""
    present: list[str] = []
    unread_rows = 0  # unreadable rows: their members are unknown, so no member is removed
    async for page in fetch_list(account.http, "/api/v2/group_memberships", endpoint="group_memberships"):
        good, rejected = decode_rows(page.group_memberships, zd.GroupMembership)
        members: list[TeamMember] = [map_team_member(row) for row in good]
        present += [f"{m.team}/{m.person}" for m in members]
        unread_rows += len(rejected)
        yield Page(records=members, rejected=rejected)
    yield Page(present={} if unread_rows else {"team_member": present}, complete_until=start.now)
