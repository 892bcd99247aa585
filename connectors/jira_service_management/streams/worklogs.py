"""Worklogs: long lists that a search cuts, and Jira's feed of changed and deleted worklogs.

A search embeds the oldest worklogs of an issue, and a worklog changes `updated` of its issue. So changed issues include
changed and deleted worklogs without further requests. That is undocumented, so the feed is compared every hour. The
feed alone would read the worklogs of the whole site.
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-worklogs/
"""

from collections.abc import AsyncIterator, Sequence

from connectors.jira_service_management import deployments
from connectors.jira_service_management.account import SiteState
from connectors.jira_service_management.mapping import people
from connectors.jira_service_management.mapping.custom_fields import label_rejected
from connectors.jira_service_management.mapping.worklogs import map_worklogs
from connectors.jira_service_management.payloads import ms
from connectors.jira_service_management.streams.per_issue import get_complete_until
from helpdesk_kpi.errors import BrokenError, MissingError, UnavailableError
from helpdesk_kpi.milliseconds import MINUTE, SECOND
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.contract import Finding, Page, RejectedRow, Start, Todo, no
from helpdesk_kpi.pull.lenient_decode import get_reason, read_each

SETTLED = 10 * MINUTE  # the feed excludes the last minute, and the issue may become visible later
QUEUE = "worklogs"
SWITCHED_OFF = no("time tracking is off on this site")


async def fetch_worklogs(account: SiteState, start: Start) -> AsyncIterator[Page]:
    """Fetch worklogs of queued issues: long lists, and issues from the feed; one page for each issue."""
    if not start.todo:
        yield Page(complete_until=start.now)
        return
    await account.me()
    team = await account.team()
    for place, todo in enumerate(start.todo, 1):
        complete_until = get_complete_until(start, place)
        try:
            found, rejected = await deployments.fetch_worklogs(account.http, account.site, todo.key)
        except MissingError:  # deleted, hidden, or time tracking was switched off: stored worklogs stay
            yield Page(done=[todo], complete_until=complete_until)
            continue
        except BrokenError as error:
            unread = [RejectedRow(f"worklogs of {todo.key}", get_reason(error))]
            yield Page(done=[todo], rejected=unread, complete_until=complete_until)
            continue
        entries, unread, writers = map_worklogs(todo.key, found, label_rejected(todo.key, "worklog", rejected))
        records: list[AnyRecord] = [*people.map_people(writers, team, account.met, start.now), *entries]
        yield Page(
            records=records, replaces=[] if unread else [("time_entry", todo.key)], done=[todo], rejected=unread,
            complete_until=complete_until,
        )  # fmt: skip


async def fetch_worklog_feed(account: SiteState, start: Start) -> AsyncIterator[Page]:
    """Compare Jira's feed of changed and deleted worklogs with the stored issues."""
    await account.me()
    if not await account.keeps_time():
        account.findings.append(
            Finding(level="ok", about="time", text=SWITCHED_OFF.reason, need="time.entries", provides=SWITCHED_OFF)
        )
        yield Page(complete_until=start.now)
        return
    until = account.until(start.now, SETTLED)
    if start.cursor is None:  # first run: all issues were just read
        yield Page(cursor=str(until), complete_until=until)
        return
    since = int(start.cursor)
    try:
        missed: list[Todo] = []
        async for changed in deployments.fetch_changed_worklogs(account.http, account.site, "updated", since):
            ids = [one.worklog_id for one in changed if one.updated_time <= until]
            missed += await _find_missed(account, start, ids)
        if missed:
            text = f"{len(missed)} issues did not change with their worklogs: their worklogs are read separately"
            account.findings.append(Finding(level="note", about="time", text=text))
            yield Page(todo={QUEUE: missed})
        async for changed in deployments.fetch_changed_worklogs(account.http, account.site, "deleted", since):
            yield Page(gone={"time_entry": [str(one.worklog_id) for one in changed]})
    except UnavailableError as error:
        text = f"worklogs are read with their issues only, so some may be missing: {error}"
        account.findings.append(Finding(level="note", about="time", text=text))
    yield Page(cursor=str(max(since, until)), complete_until=until)


async def _find_missed(account: SiteState, start: Start, ids: Sequence[int | str]) -> list[Todo]:
    """Stored issues that are older than one of their worklogs. Most issues of a site are not selected."""
    if not ids:
        return []
    found = await deployments.fetch_worklogs_by_id(account.http, account.site, ids)
    newest: dict[str, int] = {}
    for row, at in read_each([row for row in found if row.updated], lambda row: ms(row.updated or 0))[0]:
        newest[row.issue_id] = max(newest.get(row.issue_id, 0), at)
    versions = start.versions("ticket", list(newest))
    return [
        Todo(at, issue_id)
        for issue_id, at in newest.items()
        if issue_id in versions and versions[issue_id] + SECOND < at
    ]
