"""Organizations: by the export, or by list where the export is denied."""

from collections.abc import AsyncIterator

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.mapping.names import map_organization
from connectors.zendesk.pagination import fetch_list
from connectors.zendesk.streams.export_or_list import LISTS, list_cursor
from helpdesk_kpi.milliseconds import HOUR
from helpdesk_kpi.pull.contract import Page, Start
from helpdesk_kpi.pull.lenient_decode import decode_rows


async def fetch_organizations_list(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch all organizations every six hours."""
    read_at = list_cursor(start)
    if read_at is None or start.now - int(read_at) >= 6 * HOUR:
        async for page in fetch_list(account.http, "/api/v2/organizations", endpoint="organizations"):
            good, rejected = decode_rows(page.organizations, zd.NameRecord)
            yield Page(records=[map_organization(row) for row in good], rejected=rejected)
        yield Page(cursor=f"{LISTS}{start.now}")
    yield Page(complete_until=start.now)
