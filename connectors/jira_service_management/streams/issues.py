"""Changed issues, by search."""

from collections.abc import AsyncIterator, Sequence

import msgspec

from connectors.jira_service_management import jql
from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.account import SiteState
from connectors.jira_service_management.deployments import SearchPage
from connectors.jira_service_management.jql import TimeFormat
from connectors.jira_service_management.mapping import people
from connectors.jira_service_management.mapping.issues import IssueRecords, map_issue
from connectors.jira_service_management.mapping.selection import JiraFields
from connectors.jira_service_management.payloads import ms
from connectors.jira_service_management.streams import worklogs
from connectors.jira_service_management.streams.per_issue import INTERNAL
from helpdesk_kpi.milliseconds import DAY, MINUTE
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.contract import Finding, Page, RejectedRow, Start, Todo
from helpdesk_kpi.pull.lenient_decode import UNREADABLE_ERRORS, get_reason
from helpdesk_kpi.store.unread import refused_tickets

OVERLAP = 10 * MINUTE  # that a search is repeated, because changes become visible late
_SYSTEM = (
    "summary", "description", "created", "updated", "status", "priority", "issuetype", "project", "reporter",
    "creator", "assignee", "labels", "issuelinks", "comment", "worklog", "statuscategorychangedate", "resolution",
    "resolutiondate", "parent",
)  # fmt: skip


class IssueCursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Start of the next search, the format of times, and the ids of projects that were read.

    It has no key of an issue, because issues move and are deleted.
    """

    at: int
    by: str = "epoch"  # or "zone"
    projects: tuple[str, ...] = ()  # empty: a cursor of an older version


def list_fields(keep: JiraFields) -> list[str]:
    """Ids of all fields that are read; a search returns only requested fields."""
    found = (
        keep.team, keep.request_type, keep.organizations, keep.participants, keep.approvals, keep.rating, keep.rated_at,
    )  # fmt: skip
    return list(dict.fromkeys([*_SYSTEM, *(f for f in found if f), *keep.fields, *keep.slas]))


async def fetch_issues(account: SiteState, start: Start) -> AsyncIterator[Page]:
    """Fetch changed issues, longest unchanged first.

    Between pages the cursor is a minute before the last issue. After the last page it is the start of the search, less
    the overlap.
    """
    await account.me()
    keep = await account.keep(start.now)
    stored = msgspec.json.decode(start.cursor, type=IssueCursor) if start.cursor else None
    instants = await account.instants(stored.by if stored else None)
    by = "epoch" if instants.zone is None else "zone"
    async for page in _fetch_newly_visible(account, keep, instants, start, stored):
        yield page
    project_ids = tuple(sorted(project.id for project in await account.projects()))
    since = last = stored.at if stored else start.since
    complete_until = account.until(start.now, OVERLAP)
    async for found in fetch_changed(account, keep, instants, since, endpoint="issues"):
        page = map_page(account, found, keep)
        last = max(last, min(get_position([get_update_time(issue) for issue in found.issues]), start.now + DAY))
        cursor = _encode_cursor(IssueCursor(max(since, last - MINUTE), by, project_ids))
        yield msgspec.structs.replace(page, cursor=cursor, complete_until=min(last - MINUTE, complete_until))
    yield Page(
        cursor=_encode_cursor(IssueCursor(max(since, complete_until), by, project_ids)), complete_until=complete_until
    )


def _encode_cursor(place: IssueCursor) -> str:
    return msgspec.json.encode(place).decode()


async def _fetch_newly_visible(
    account: SiteState, keep: JiraFields, instants: TimeFormat, start: Start, stored: IssueCursor | None
) -> AsyncIterator[Page]:
    """Fetch issues of newly visible projects from the first day on: newly configured, or hidden until now.

    The cursor has these projects only after they were read.
    """
    if stored is None or not stored.projects:
        return
    new = [project.key for project in await account.projects() if project.id not in stored.projects]
    if not new:
        return
    text = f"project {', '.join(new)} is visible now: its issues are read from the first day on"
    account.findings.append(Finding(level="note", about="projects", text=text))
    async for found in fetch_changed(account, keep, instants, start.since, keys=new, endpoint="issues"):
        yield map_page(account, found, keep)


async def fetch_changed(
    account: SiteState,
    keep: JiraFields,
    instants: TimeFormat,
    since: int,
    *,
    endpoint: str,
    keys: Sequence[str] | None = None,
) -> AsyncIterator[SearchPage]:
    """Fetch issues that changed since an instant.

    With offset pages, changing issues shift others between pages. So there each page is a new search from the last
    instant on.

    Args:
        keep: Selected fields.
        instants: How the site reads times.
        since: Epoch ms.
        endpoint: Named in errors.
        keys: Keys of projects; None: all selected ones.
    """
    keys, fields, size = keys or await account.keys(), list_fields(keep), account.settings.page_size
    if not account.site.embeds_history:
        text = jql.build_query(keys, instants.since("updated", since))
        async for found in account.site.search(text, fields, size, endpoint=endpoint):
            yield found
        return
    seen: dict[str, int] = {}
    going = True
    while going:
        going = False
        condition = instants.since("updated", since)
        async for found in account.site.search(jql.build_query(keys, condition), fields, size, endpoint=endpoint):
            times = {issue.id: get_update_time(issue) for issue in found.issues}
            yield SearchPage([i for i in found.issues if seen.get(i.id) != times[i.id]], found.rejected)
            latest = max(since, get_position(list(times.values())))
            seen = {issue_id: at for issue_id, at in (seen | times).items() if at >= latest - MINUTE}
            if instants.since("updated", latest) != condition:
                since, going = latest, True
                break


def get_position(times: Sequence[int]) -> int:
    """Instant that a page in order of change has reached, epoch ms; 0: unknown.

    A row may have a change that the index does not have yet, and is then too early in the order. So the minimum of the
    last few rows counts.
    """
    valid = [at for at in times if at]
    return min(valid[-max(1, min(5, len(valid) // 4)) :], default=0)


class _Updated(js.Camel):
    updated: str | int = ""


def get_update_time(issue: js.Issue) -> int:
    """Last update of an issue, epoch ms; 0: unreadable."""
    try:
        return ms(msgspec.json.decode(issue.fields, type=_Updated).updated)
    except UNREADABLE_ERRORS:
        return 0


def map_page(account: SiteState, found: SearchPage, keep: JiraFields) -> Page:
    """Map a page of issues, and queue the parts that need separate requests."""
    mapped: list[IssueRecords] = []
    rejected = list(found.rejected)
    for issue in found.issues:
        try:
            mapped.append(map_issue(issue, keep, account.called))
        except UNREADABLE_ERRORS as error:
            rejected.append(RejectedRow(issue.id, get_reason(error)))
    return build_page(account, mapped, keep, rejected)


def build_page(
    account: SiteState, mapped: Sequence[IssueRecords], keep: JiraFields, rejected: Sequence[RejectedRow] = ()
) -> Page:
    """`rejected`: issues that cannot be read; what was kept of them may be out of date."""
    records: list[AnyRecord] = [*refused_tickets(rejected)]
    replaces: list[tuple[str, str]] = []
    todo: dict[str, list[Todo]] = {"changes": [], "comments": [], worklogs.QUEUE: []}
    users: list[js.User] = []
    for one in mapped:
        records += one.records
        rejected = [*rejected, *one.rejected]
        users += one.people
        version, issue_id = one.ticket.version, one.ticket.id
        todo["changes"] += [Todo(version, issue_id)] if one.lacks_changes else []
        key = issue_id + ("" if one.is_service else INTERNAL)
        todo["comments"] += [Todo(version, key)] if one.lacks_comments else []
        todo[worklogs.QUEUE] += [Todo(version, issue_id)] if one.has_worklogs is False else []
        replaces += [] if one.lacks_comments else [("comment", issue_id)]
        replaces += [("time_entry", issue_id)] if one.has_worklogs else []
        replaces += [("refused_rating", issue_id)]
    account.meet(users)
    people_records = people.map_people(users, keep.team_of, account.met, keep.read_at)
    queued = {stream: todos for stream, todos in todo.items() if todos}
    return Page(records=[*people_records, *records], rejected=rejected, replaces=replaces, todo=queued)
