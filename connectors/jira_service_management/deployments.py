"""Access to Jira: Cloud, Cloud's gateway for scoped tokens, and Data Center. All give the same rows."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import quote

import msgspec

from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.settings import Settings
from helpdesk_kpi.errors import BrokenError, MissingError, UnavailableError
from helpdesk_kpi.pull.contract import RejectedRow
from helpdesk_kpi.pull.lenient_decode import decode_rows, get_reason, split_rows
from helpdesk_kpi.pull.paging import PageWalk, cursor_error, has_rows
from helpdesk_kpi.pull.transport import Transport

MAX_IDS = 5000  # ids of a page, if only ids are requested
MAX_CHANGES = 10_000  # histories a page
MAX_COMMENTS = 100
MAX_ISSUES_BY_ID = 100  # issues by id in one call
MAX_WORKLOGS = 1000  # worklogs of one call, and of a page of the feed
CHANNEL_PROPERTY = "request.channel.type"


class SearchPage(msgspec.Struct, frozen=True):
    """A page of a search."""

    issues: list[js.Issue]
    rejected: list[RejectedRow]


class Histories(msgspec.Struct, frozen=True):
    """A page of histories, by issue."""

    found: list[js.IssueChanges]
    rejected: list[RejectedRow]


class Site(Protocol):
    """Addresses and pagination of one kind of Jira."""

    embeds_history: bool  # a search has complete histories
    ids_a_call: int  # issues in one request for histories

    async def api(self, path: str) -> str:
        """The address of a resource of the platform."""
        ...

    async def service_desk_url(self, path: str) -> str:
        """The address of a resource of the service desk."""
        ...

    async def wiki(self, path: str) -> str: ...

    def search(self, jql: str, fields: Sequence[str], size: int, *, endpoint: str) -> AsyncIterator[SearchPage]: ...

    def changes(self, ids: Sequence[str], fields: Sequence[str]) -> AsyncIterator[Histories]: ...

    async def by_id(self, ids: Sequence[str], fields: Sequence[str]) -> tuple[list[js.Issue], list[RejectedRow]]:
        """Issues in any project. Deleted and hidden issues are missing."""
        ...

    async def projects(self, *, service_only: bool) -> list[js.Project]: ...

    async def priorities(self) -> list[js.NameRecord]: ...

    async def count(self, jql: str) -> int: ...


def has_more(page: js.ListPage, start: int) -> bool | None:
    """Whether an offset list continues after `start`: by `isLast`, else by the total; None: neither is given."""
    if page.is_last is not None:
        return not page.is_last and has_rows(page.values)
    return None if page.total is None else has_rows(page.values) and start < page.total


class Cloud:
    """https://developer.atlassian.com/cloud/jira/platform/rest/v3/"""

    embeds_history = False
    ids_a_call = 1000

    def __init__(self, http: Transport, settings: Settings) -> None:
        self.http, self.settings = http, settings
        self._cloud_id = settings.cloud_id

    async def api(self, path: str) -> str:
        return f"{await self._product('jira')}/rest/api/3/{path}"

    async def service_desk_url(self, path: str) -> str:
        return f"{await self._product('jira')}/rest/servicedeskapi/{path}"

    async def wiki(self, path: str) -> str:
        return f"{await self._product('confluence')}/wiki/{path}"

    async def _product(self, name: str) -> str:
        """Address of a product. At the gateway it contains the site's id, which needs no sign-in."""
        gateway = self.settings.gateway_url
        if gateway is None:
            return self.settings.url.rstrip("/")
        if self._cloud_id is None:
            url = f"{self.settings.url.rstrip('/')}/_edge/tenant_info"
            self._cloud_id = (await self.http.download(url, type=js.Tenant, endpoint="tenant_info")).cloud_id
        return f"{gateway}/ex/{name}/{quote(self._cloud_id, safe='')}"

    async def search(self, jql: str, fields: Sequence[str], size: int, *, endpoint: str) -> AsyncIterator[SearchPage]:
        """Search by page tokens. A page without a token is the last, whatever `isLast` says.

        Tokens expire after seven days, so none is stored: the next run starts at the last issue.
        """
        path, token, walk = await self.api("search/jql"), None, PageWalk(endpoint)
        query: dict[str, Any] = {"jql": jql, "fields": list(fields), "maxResults": size}
        if len(fields) > 1:
            query["properties"] = [CHANNEL_PROPERTY]
        while True:
            body = query if token is None else {**query, "nextPageToken": token}
            page = await self.http.post(path, body, type=js.SearchPage, endpoint=endpoint, missing="resource")
            found, rejected = decode_rows(page.issues, js.Issue)
            yield SearchPage(found, rejected)
            token = page.next_page_token or None
            if token and not (found or rejected):
                raise cursor_error(endpoint, token)
            # A proxy may answer like the older search, which has a total and no tokens.
            is_older = page.is_last is None and (page.total or 0) > len(found) + len(rejected)
            more = True if token else None if is_older else False
            if not walk.advance(more=more, to=token, has_rows=bool(found or rejected)):
                return

    async def changes(self, ids: Sequence[str], fields: Sequence[str]) -> AsyncIterator[Histories]:
        """Fetch histories of up to 1,000 issues, of some fields. One issue may span several pages.

        A page without a token is the last.
        """
        path, token, walk = await self.api("changelog/bulkfetch"), None, PageWalk("changes")
        query: dict[str, Any] = {
            "issueIdsOrKeys": list(ids), "fieldIds": list(fields), "maxResults": MAX_CHANGES,
        }  # fmt: skip
        while True:
            body = query if token is None else {**query, "nextPageToken": token}
            page = await self.http.post(path, body, type=js.ChangesPage, endpoint="changes", missing="resource")
            histories = Histories(*decode_rows(page.issue_change_logs, js.IssueChanges, "issueId"))
            yield histories
            token = page.next_page_token or None
            if token and not (histories.found or histories.rejected):
                raise cursor_error("changes", token)
            if not walk.advance(more=token is not None, to=token, has_rows=True):
                return

    async def by_id(self, ids: Sequence[str], fields: Sequence[str]) -> tuple[list[js.Issue], list[RejectedRow]]:
        """Up to 100 a call. https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-bulkfetch-post"""
        path = await self.api("issue/bulkfetch")
        found: list[js.Issue] = []
        rejected: list[RejectedRow] = []
        for place in range(0, len(ids), MAX_ISSUES_BY_ID):
            batch = list(ids[place : place + MAX_ISSUES_BY_ID])
            query: dict[str, Any] = {"issueIdsOrKeys": batch, "fields": list(fields), "properties": [CHANNEL_PROPERTY]}
            page = await self.http.post(path, query, type=js.Fetched, endpoint="issues by id", missing="resource")
            good, bad = decode_rows(page.issues, js.Issue)
            found += good
            rejected += bad
        return found, rejected

    async def projects(self, *, service_only: bool) -> list[js.Project]:
        """Active projects that the account may see."""
        query: dict[str, str | int] = {"status": "live"}
        if service_only:
            query["typeKey"] = "service_desk"
        return await self._fetch_list("project/search", query, js.Project, "projects")

    async def priorities(self) -> list[js.NameRecord]:
        return await self._fetch_list("priority/search", {}, js.NameRecord, "priorities")

    async def _fetch_list(self, path: str, query: dict[str, str | int], kind: type[Any], endpoint: str) -> list[Any]:
        """Fetch all pages of a list. The server may return fewer rows than requested."""
        found: dict[str, Any] = {}
        start, walk = 0, PageWalk(endpoint, 0)
        address = await self.api(path)
        while True:
            params = {**query, "startAt": start, "maxResults": 100}
            page = await self.http.get(address, params, type=js.ListPage, endpoint=endpoint, missing="resource")
            good, rejected = decode_rows(page.values, kind)
            found |= {row.id: row for row in good}
            start += len(good) + len(rejected)
            if not walk.advance(more=has_more(page, start), to=start, has_rows=bool(good or rejected)):
                return list(found.values())

    async def count(self, jql: str) -> int:
        path = await self.api("search/approximate-count")
        return (await self.http.post(path, {"jql": jql}, type=js.Count, endpoint="count", missing="resource")).count


class DataCenter:
    """https://docs.atlassian.com/software/jira/docs/api/REST/9.12.0/"""

    embeds_history = True
    ids_a_call = 1

    def __init__(self, http: Transport, settings: Settings) -> None:
        self.http, self.url = http, settings.url.rstrip("/")

    async def api(self, path: str) -> str:
        return f"{self.url}/rest/api/2/{path}"

    async def service_desk_url(self, path: str) -> str:
        return f"{self.url}/rest/servicedeskapi/{path}"

    async def wiki(self, path: str) -> str:
        return f"{self.url}/wiki/{path}"

    async def search(self, jql: str, fields: Sequence[str], size: int, *, endpoint: str) -> AsyncIterator[SearchPage]:
        """Search by offset. The server may return fewer rows than requested, so the next page starts after them.

        Issues that change meanwhile move between pages. `fetch_changed` therefore restarts the search for each page.
        """
        path, start, walk = await self.api("search"), 0, PageWalk(endpoint, 0)
        query: dict[str, Any] = {"jql": jql, "fields": list(fields), "maxResults": size}
        if len(fields) > 1:
            query |= {"expand": ["changelog"], "properties": [CHANNEL_PROPERTY]}
        while True:
            body = {**query, "startAt": start}
            page = await self.http.post(path, body, type=js.OffsetPage, endpoint=endpoint, missing="resource")
            found, rejected = decode_rows(page.issues, js.Issue)
            yield SearchPage(found, rejected)
            start += len(found) + len(rejected)
            is_more = None if page.total is None else bool(found or rejected) and start < page.total
            if not walk.advance(more=is_more, to=start, has_rows=bool(found or rejected)):
                return

    async def changes(self, ids: Sequence[str], fields: Sequence[str]) -> AsyncIterator[Histories]:  # noqa: ARG002 - Site
        """Fetch histories of single issues that a search cut. A history that is cut here too is rejected."""
        for issue in ids:
            path = await self.api(f"issue/{quote(issue, safe='')}")
            query: dict[str, str | int | bool] = {"fields": "updated", "expand": "changelog"}
            row = await self.http.get(path, query, type=js.Issue, endpoint="changes")
            log = row.changelog or js.Changelog(total=1)
            is_cut = log.total is not None and log.total > len(split_rows(log.histories))
            rejected = [RejectedRow(f"{issue} history", "the server gives a part of it only")] if is_cut else []
            yield Histories([js.IssueChanges(issue, log.histories)], rejected)

    async def by_id(self, ids: Sequence[str], fields: Sequence[str]) -> tuple[list[js.Issue], list[RejectedRow]]:
        found: list[js.Issue] = []
        rejected: list[RejectedRow] = []
        for issue_id in ids:
            path = await self.api(f"issue/{quote(issue_id, safe='')}")
            query: dict[str, str | int | bool] = {
                "fields": ",".join(fields), "expand": "changelog", "properties": CHANNEL_PROPERTY,
            }  # fmt: skip
            try:
                found.append(await self.http.get(path, query, type=js.Issue, endpoint="issues by id"))
            except (MissingError, UnavailableError):
                continue
            except BrokenError as error:
                rejected.append(RejectedRow(issue_id, get_reason(error)))
        return found, rejected

    async def projects(self, *, service_only: bool) -> list[js.Project]:
        path = await self.api("project")
        raw = await self.http.get(path, type=msgspec.Raw, endpoint="projects", missing="resource")
        found, _ = decode_rows(raw, js.Project)
        return [p for p in found if not p.archived and (not service_only or p.project_type_key == "service_desk")]

    async def priorities(self) -> list[js.NameRecord]:
        path = await self.api("priority")
        return decode_rows(
            await self.http.get(path, type=msgspec.Raw, endpoint="priorities", missing="resource"), js.NameRecord
        )[0]

    async def count(self, jql: str) -> int:
        query = {"jql": jql, "fields": ["updated"], "maxResults": 1}
        path = await self.api("search")
        page = await self.http.post(path, query, type=js.OffsetPage, endpoint="count", missing="resource")
        return page.total or 0


async def fetch_comments(http: Transport, site: Site, issue: str) -> tuple[list[js.Comment], list[RejectedRow]]:
    """Fetch all comments of an issue, oldest first.

    On Data Center the visibility is in a property, which needs `expand`.
    """
    path = await site.api(f"issue/{quote(issue, safe='')}/comment")

    async def fetch_from(start: int) -> tuple[msgspec.Raw, int | None]:
        query: dict[str, str | int | bool] = {"startAt": start, "maxResults": MAX_COMMENTS, "orderBy": "created"}
        page = await http.get(path, {**query, "expand": "properties"}, type=js.CommentPage, endpoint="comments")
        return page.comments, page.total

    return await _fetch_unique(fetch_from, js.Comment, "comments")


async def fetch_worklogs(http: Transport, site: Site, issue: str) -> tuple[list[js.Worklog], list[RejectedRow]]:
    """Fetch all worklogs of an issue. Data Center returns them in one response."""
    path = await site.api(f"issue/{quote(issue, safe='')}/worklog")

    async def fetch_from(start: int) -> tuple[msgspec.Raw, int | None]:
        page = await http.get(path, {"startAt": start}, type=js.WorklogPage, endpoint="issue worklogs")
        return page.worklogs, page.total

    return await _fetch_unique(fetch_from, js.Worklog, "issue worklogs")


class _HasId(Protocol):
    """A row with an id."""

    id: str


R = TypeVar("R", bound=_HasId)


async def _fetch_unique(
    fetch_from: Callable[[int], Awaitable[tuple[msgspec.Raw, int | None]]], kind: type[R], endpoint: str
) -> tuple[list[R], list[RejectedRow]]:
    """All rows of a list, each once. Pages shift while people write, so ids are compared.

    Args:
        fetch_from: Fetches the rows from a place on, and the total; None: the total is not given.
        kind: What the rows are decoded as.
        endpoint: Named in errors.

    Returns: The rows, and those that could not be decoded.
    """
    found: dict[str, R] = {}
    rejected: list[RejectedRow] = []
    start, walk = 0, PageWalk(endpoint, 0)
    while True:
        raw_rows, total = await fetch_from(start)
        good, bad = decode_rows(raw_rows, kind)
        found |= {row.id: row for row in good}
        rejected += bad
        start += len(good) + len(bad)
        is_more = None if total is None else bool(good or bad) and start < total
        if not walk.advance(more=is_more, to=start, has_rows=bool(good or bad)):
            return list(found.values()), rejected


async def fetch_changed_worklogs(
    http: Transport, site: Site, kind: Literal["updated", "deleted"], since: int
) -> AsyncIterator[list[js.ChangedWorklog]]:
    """Ids of the whole site's worklogs that were changed, or deleted, since then. An example has the address of a next
    page on the last one too, so `lastPage` ends it.
    """
    path, endpoint = await site.api(f"worklog/{kind}"), f"{kind} worklogs"
    walk = PageWalk(endpoint, since)
    while True:
        page = await http.get(path, {"since": since}, type=js.ChangedWorklogs, endpoint=endpoint, missing="resource")
        found, _ = decode_rows(page.values, js.ChangedWorklog, "worklogId")
        if found:
            yield found
        following = page.until or max((one.updated_time for one in found), default=since)
        is_more = None if page.last_page is None else not page.last_page and bool(found)
        if not walk.advance(more=is_more, to=following, has_rows=has_rows(page.values)):
            return
        if following < since:
            raise cursor_error(endpoint, since)
        since = following


async def fetch_worklogs_by_id(http: Transport, site: Site, ids: Sequence[int | str]) -> list[js.Worklog]:
    """Fetch worklogs by id. Hidden ones are missing."""
    path = await site.api("worklog/list")
    found: list[js.Worklog] = []
    for place in range(0, len(ids), MAX_WORKLOGS):
        query = {
            "ids": [int(worklog_id) for worklog_id in ids[place : place + MAX_WORKLOGS] if str(worklog_id).isdecimal()]
        }
        raw_rows = await http.post(path, query, type=msgspec.Raw, endpoint="worklogs by id", missing="resource")
        found += decode_rows(raw_rows, js.Worklog)[0]
    return found
