"""Issues that Jira's search index showed late."""

from collections.abc import AsyncIterator

from connectors.jira_service_management.account import SiteState
from connectors.jira_service_management.deployments import SearchPage
from connectors.jira_service_management.streams.issues import OVERLAP, fetch_changed, get_update_time, map_page
from helpdesk_kpi.milliseconds import HOUR
from helpdesk_kpi.pull.contract import Finding, Page, Start


async def fetch_look_back(account: SiteState, start: Start) -> AsyncIterator[Page]:
    """Search the hours before the last run again: Jira's index may show a change much later.

    Only issues that the store does not have are mapped. The cursor is the time of the last run, so a pause leaves no
    gap.
    https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/
    """
    if start.cursor is None:  # first run: all issues were just read
        yield Page(cursor=str(start.now), complete_until=start.now)
        return
    await account.me()
    keep, instants = await account.keep(start.now), await account.instants()
    since = max(start.since, min(int(start.cursor), start.now) - account.settings.look_back * HOUR)
    late_times: list[int] = []
    async for found in fetch_changed(account, keep, instants, since, endpoint="look_back"):
        versions = start.versions("ticket", [issue.id for issue in found.issues])
        times = {issue.id: get_update_time(issue) for issue in found.issues}
        new = [issue for issue in found.issues if versions.get(issue.id, -1) < times[issue.id] or not times[issue.id]]
        late_times += [times[i.id] for i in new if 0 < times[i.id] < start.now - OVERLAP]
        if new or found.rejected:
            yield map_page(account, SearchPage(new, found.rejected), keep)
    if late_times:
        delay = (start.now - min(late_times)) / HOUR
        text = f"{len(late_times)} issues appeared late: Jira's search index was behind by up to {delay:.1f} hours"
        account.findings.append(Finding(level="note", about="search index", text=text))
    yield Page(cursor=str(start.now), complete_until=account.until(start.now, OVERLAP))
