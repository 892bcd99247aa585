"""Issues that became hidden or visible, which Jira does not report.

An issue that moved to another project is missing from searches of the old one, and still has its id. An issue that its
id does not find is deleted, archived or hidden; these cases look alike.
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-bulkfetch-post
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence

import msgspec

from connectors.jira_service_management import jql
from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.account import SiteState
from connectors.jira_service_management.deployments import MAX_IDS, SearchPage
from connectors.jira_service_management.mapping import changelog
from connectors.jira_service_management.mapping.issues import IssueRecords, map_history, map_issue
from connectors.jira_service_management.mapping.labels import NameIndex
from connectors.jira_service_management.mapping.selection import JiraFields
from connectors.jira_service_management.payloads import ms
from connectors.jira_service_management.streams.issues import build_page, list_fields, map_page
from helpdesk_kpi.errors import BrokenError, MissingError
from helpdesk_kpi.model import Changes, Event, Ticket
from helpdesk_kpi.pull.contract import Finding, Page, RejectedRow, Start
from helpdesk_kpi.pull.lenient_decode import UNREADABLE_ERRORS, decode_rows, get_reason

ARCHIVED = "archiveddate"  # of Data Center; Cloud ignores unknown fields


async def fetch_out_of_sight(account: SiteState, start: Start) -> AsyncIterator[Page]:
    """Fetch open issues that no search brings any more by id, so that what moved away leaves the backlog at once."""
    await account.me()
    if start.cursor is not None:
        shown = await _fetch_ids(account, await account.keys(), jql.OPEN, endpoint="open ids")
        stored = [start.present(project.id, unsolved=True) for project in await account.projects()]
        if missing := sorted(frozenset().union(*stored) - shown):
            keep = await account.keep(start.now, with_labels=True)
            async for page, _ in fetch_by_id(account, keep, missing):
                yield page
    yield Page(cursor=str(start.now), complete_until=start.now)


async def fetch_issue_census(account: SiteState, start: Start) -> AsyncIterator[Page]:
    """Fetch the ids of all issues of each project, as deletions are not reported elsewhere.

    Unknown issues became visible without a new date, and are mapped. Stored issues that are missing are fetched by id.
    Hidden projects are skipped: their issues are hidden, not deleted.
    """
    await account.me()
    keep = await account.keep(start.now, with_labels=True)
    missing_count = 0
    for project in await account.projects():
        shown = await _fetch_ids(account, [project.key], endpoint="census")
        versions = start.versions("ticket", shown)
        missing = frozenset(start.present(project.id)) - shown
        new_ids = sorted(shown - versions.keys())
        async for page, _ in fetch_by_id(account, keep, new_ids):
            yield page
        found: set[str] = set()
        async for page, there in fetch_by_id(account, keep, sorted(missing)):
            found.update(there)
            yield page
        missing_count += len(missing - found)
        yield Page(present={"ticket": sorted(shown | found)}, within=project.id)
    if missing_count:
        text = f"{missing_count} issues are not found by search or id: deleted, archived or hidden from this account"
        account.findings.append(Finding(level="note", about="issues", text=text))
    yield Page(complete_until=start.now)


async def _fetch_ids(account: SiteState, keys: Sequence[str], *conditions: str, endpoint: str) -> frozenset[str]:
    text = jql.build_query(keys, *conditions, order=jql.BY_ID)
    found: list[str] = []
    async for page in account.site.search(text, ["id"], MAX_IDS, endpoint=endpoint):
        found += [*(issue.id for issue in page.issues), *(bad.id for bad in page.rejected)]
    return frozenset(found)


_AT_ONCE = 100


async def fetch_by_id(
    account: SiteState, keep: JiraFields, ids: Sequence[str]
) -> AsyncIterator[tuple[Page, Collection[str]]]:
    """Fetch issues by id. Each page has the ids that were found. Issues in other projects have left."""
    for place in range(0, len(ids), _AT_ONCE):
        found, rejected = await account.site.by_id(ids[place : place + _AT_ONCE], [*list_fields(keep), ARCHIVED])
        there = {issue.id for issue in found} | {bad.id for bad in rejected}
        here = [issue for issue in found if _find_new_place(issue, keep) is None]
        yield map_page(account, SearchPage(here, rejected), keep), there
        away = [issue for issue in found if _find_new_place(issue, keep) is not None]
        if away:
            yield await _map_left_issues(account, away, keep), there


class _IssuePlace(js.Camel):
    project: js.Project
    archiveddate: str | int | None = None


def _find_new_place(issue: js.Issue, keep: JiraFields) -> _IssuePlace | None:
    """The place of an issue outside the selected projects; None: it is inside, or unreadable."""
    try:
        found = msgspec.json.decode(issue.fields, type=_IssuePlace)
    except UNREADABLE_ERRORS:
        return None
    return found if found.project.id not in keep.projects or found.archiveddate else None


async def _map_left_issues(account: SiteState, issues: Sequence[js.Issue], keep: JiraFields) -> Page:
    """Map issues that moved away or were archived, in their state at that time."""
    past = await _fetch_histories(account, [issue.id for issue in issues], keep)
    found: list[IssueRecords] = []
    rejected: list[RejectedRow] = []
    for issue in issues:
        try:
            one = map_issue(issue, keep, account.called, has_left=True)
            found.append(_restore_state(one, issue, past.get(issue.id), keep))
        except UNREADABLE_ERRORS as error:
            rejected.append(RejectedRow(issue.id, get_reason(error)))
    return build_page(account, found, keep, rejected)


async def _fetch_histories(
    account: SiteState, ids: Sequence[str], keep: JiraFields
) -> Mapping[str, changelog.IssueHistory]:
    fields, _ = changelog.select_history_fields(keep.team, keep.fields)
    raw: dict[str, list[js.History]] = {}
    size = account.site.ids_a_call
    for place in range(0, len(ids), size):
        try:
            async for page in account.site.changes(ids[place : place + size], fields):
                for one in page.found:
                    raw.setdefault(one.issue_id, []).extend(decode_rows(one.change_histories, js.History)[0])
        except (MissingError, BrokenError):
            continue
    names = NameIndex(keep.labels, people=account.called)
    return {
        issue_id: changelog.read_history(issue_id, histories, keep.words, keep.field_ids, names)
        for issue_id, histories in raw.items()
    }


def _restore_state(
    one: IssueRecords, issue: js.Issue, past: changelog.IssueHistory | None, keep: JiraFields
) -> IssueRecords:
    """Restore the state of an issue when it left its project. Without a move in the history, that is now."""
    place = _find_new_place(issue, keep)
    moves = past.moves if past else []
    last = next((move for move in reversed(moves) if move.before in keep.projects), None)
    left_at, brand = (last.at, last.before) if last else (keep.read_at, None)
    if place is not None and place.archiveddate:
        left_at, brand = ms(place.archiveddate), place.project.id
    events = past.events if past else []
    ticket = msgspec.structs.replace(
        one.ticket,
        left_at=left_at,
        brand=brand or one.ticket.brand,
        changes_known="yes" if past else one.ticket.changes_known,
        **{field: _get_value_before(events, field, left_at, getattr(one.ticket, field)) for field in _STATE},
    )
    others = [
        record for record in one.records if not isinstance(record, Ticket | Event | Changes) or _is_comment(record)
    ]
    history = map_history(issue.id, past, ticket, keep) if past else []
    return msgspec.structs.replace(one, ticket=ticket, records=[*others, ticket, *history])


_STATE = ("status", "priority", "assignee", "resolution")


def _is_comment(record: object) -> bool:
    return isinstance(record, Event) and record.kind == "comment"


def _get_value_before(events: Sequence[Event], field: str, at: int, now: str | None) -> str | None:
    """Value of a field just before an instant (epoch ms)."""
    mine = sorted((e for e in events if e.field == field), key=lambda e: (e.at, e.seq))
    before = [e for e in mine if e.at < at]
    if before:
        return before[-1].after
    return mine[0].before if mine else now
