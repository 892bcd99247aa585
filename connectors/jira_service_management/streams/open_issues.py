"""SLA clocks of open issues."""

from collections.abc import AsyncIterator, Iterator

import msgspec

from connectors.jira_service_management import jql
from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.account import SiteState
from connectors.jira_service_management.mapping import sla
from connectors.jira_service_management.mapping.selection import JiraFields
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.contract import Page, Start
from helpdesk_kpi.pull.lenient_decode import map_rows


async def fetch_open_issues(account: SiteState, start: Start) -> AsyncIterator[Page]:
    """Fetch SLA clocks of open issues: they run and breach without a change of the issue."""
    await account.me()
    keep = await account.keep(start.now)
    if start.cursor is not None and keep.slas:
        text = jql.build_query(await account.keys(), jql.OPEN, order=jql.BY_ID)
        fields = ["updated", *keep.slas]
        async for found in account.site.search(text, fields, account.settings.page_size, endpoint="open_issues"):
            records, unmapped = map_rows(found.issues, lambda issue: _map_clocks(issue, keep))
            yield Page(records=records, rejected=[*found.rejected, *unmapped])
    yield Page(cursor=str(start.now), complete_until=start.now)


def _map_clocks(issue: js.Issue, keep: JiraFields) -> Iterator[AnyRecord]:
    custom = msgspec.json.decode(issue.fields, type=dict[str, msgspec.Raw])
    yield from sla.map_sla(issue.id, custom, keep.slas, keep.roles, keep.read_at)
