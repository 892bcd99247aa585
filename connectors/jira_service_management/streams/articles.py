"""The knowledge base: pages of Confluence, their edits and their views.

https://developer.atlassian.com/cloud/confluence/rest/v2/
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import msgspec

from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.account import SiteState
from connectors.jira_service_management.mapping.people import SHARED_IDS, TeamMapping, map_person
from connectors.jira_service_management.payloads import ms
from helpdesk_kpi.errors import BrokenError, MissingError, UnavailableError
from helpdesk_kpi.milliseconds import DAY
from helpdesk_kpi.model import AnyRecord, Article, ArticleEdit, ArticleViews, Person
from helpdesk_kpi.pull.contract import Finding, Page, RejectedRow, Start, Todo, no
from helpdesk_kpi.pull.lenient_decode import decode_rows, get_reason, map_rows, read_each
from helpdesk_kpi.pull.paging import PageWalk, has_rows

MAX_ROWS = 250  # rows a page
MAX_SPACES = 100  # spaces a call
MAX_PEOPLE = 50  # accounts of a call: each takes up to 128 characters of the address
OVERLAP = DAY  # changes may become visible late
Query = Sequence[tuple[str, str]]


async def fetch_list(account: SiteState, path: str, query: Query, *, endpoint: str) -> AsyncIterator[js.WikiPage]:
    """Fetch pages of a list while `_links` has a `next`. Only its cursor is used, as its base is wrong."""
    address, cursor, walk = await account.site.wiki(path), "", PageWalk(endpoint, "")
    while True:
        parameters = [*query, *([("cursor", cursor)] if cursor else [])]
        page = await account.http.get(
            f"{address}?{urlencode(parameters)}", type=js.WikiPage, endpoint=endpoint, missing="child"
        )
        yield page
        following = None if page.links is None else _parse_cursor(str(page.links.get("next") or ""))
        more = None if following is None else bool(following)
        if not walk.advance(more=more, to=following, has_rows=has_rows(page.results)):
            return
        cursor = following or ""


def _parse_cursor(address: str) -> str:
    """The cursor in the address of a next page; empty where there is none."""
    try:
        return parse_qs(urlsplit(address).query).get("cursor", [""])[0]
    except ValueError:
        return ""


async def fetch_spaces(account: SiteState) -> list[js.Space]:
    """Those that are configured, else those that Confluence itself calls a knowledge base; requested once a run."""
    if account.spaces is None:
        account.spaces = await _request_spaces(account)
    return account.spaces


async def _request_spaces(account: SiteState) -> list[js.Space]:
    keys = account.settings.spaces
    chosen = [("keys", key) for key in keys] or [("type", "knowledge_base")]
    query = [*chosen, ("limit", str(MAX_ROWS))]
    found: list[js.Space] = []
    try:
        async for page in fetch_list(account, "api/v2/spaces", query, endpoint="spaces"):
            found += decode_rows(page.results, js.Space)[0]
    except MissingError as error:
        raise UnavailableError(f"no Confluence on this site: {error}") from None
    for key in sorted({k.upper() for k in keys} - {space.key.upper() for space in found}):
        text = f"space {key} cannot be seen; the others go on"
        account.findings.append(Finding(level="warning", about="articles", text=text))
    return found


async def fetch_articles(account: SiteState, start: Start) -> AsyncIterator[Page]:
    """Pages, newest change first, down to where the last run was: there is no filter by time.

    If the version of a page moved by one, the list itself gives the edit; otherwise its versions are read.
    """
    await account.me()
    found = await fetch_spaces(account)
    if not found:
        gap = no("no space is a knowledge base; set `spaces`")
        account.findings.append(Finding(level="note", about="articles", text=gap.reason, need="articles", provides=gap))
    until = max(0, int(start.cursor) - OVERLAP) if start.cursor else 0
    for some in split_spaces(found):
        async for good, rejected in fetch_pages(account, some, "-modified-date", endpoint="articles"):
            dated, undated = read_each(good, get_edit_time)
            new = [row for row, at in dated if at >= until]
            yield await _add_editors(account, start, _map_changed_pages(account, start, new, [*rejected, *undated]))
            if len(new) < len(dated):
                break
    yield Page(cursor=str(account.until(start.now, 0)), complete_until=account.until(start.now, 0))


async def _add_editors(account: SiteState, start: Start, page: Page) -> Page:
    """The page with what its authors and editors are, of whom nothing is known yet: an app that edits pages may never
    appear on an issue.
    """
    ids = {editors for record in page.records if (editors := getattr(record, "editor", None))}
    ids |= {editors for record in page.records if (editors := getattr(record, "author", None))}
    people = start.accounts(sorted(ids)).items()
    known_ids = {account_id for account_id, one in people if one.has_name or one.kind in {"customer", "nobody"}}
    unknown = sorted(ids - known_ids - account.requested_editors)
    account.requested_editors.update(unknown)
    found = [record for some in _split_people(unknown) for record in await _fetch_people(account, some)]
    return msgspec.structs.replace(page, records=[*found, *page.records]) if found else page


def _split_people(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[place : place + MAX_PEOPLE] for place in range(0, len(ids), MAX_PEOPLE))


async def _fetch_people(account: SiteState, ids: Sequence[str]) -> list[Person]:
    """Ids that stand for many people belong to no account, and are not requested.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-users/#api-rest-api-3-user-bulk-get
    """
    many = [
        one
        for account_id in ids
        if account_id.casefold() in SHARED_IDS and (one := map_person(js.User(account_id=account_id), TeamMapping()))
    ]
    ids = [account_id for account_id in ids if account_id.casefold() not in SHARED_IDS]
    return [*many, *(await _request_accounts(account, ids) if ids else [])]


async def _request_accounts(account: SiteState, ids: Sequence[str]) -> list[Person]:
    query = urlencode([*(("accountId", one) for one in ids), ("maxResults", str(MAX_PEOPLE))])
    try:
        page = await account.http.get(
            f"{await account.site.api('user/bulk')}?{query}", type=js.ListPage, endpoint="user/bulk", missing="resource"
        )
    except (MissingError, UnavailableError) as error:
        text = f"it is unknown whether editors of pages are people or apps: {error}"
        account.findings.append(Finding(level="note", about="articles", text=text))
        return []
    try:
        team = await account.team()
    except UnavailableError:  # no service project is in sight
        team = TeamMapping()
    return [one for row in decode_rows(page.values, js.User, "accountId")[0] if (one := map_person(row, team))]


def split_spaces(found: Sequence[js.Space]) -> Iterator[Sequence[js.Space]]:
    """Split spaces into groups of one list each; each list has its own order."""
    return (found[place : place + MAX_SPACES] for place in range(0, len(found), MAX_SPACES))


def _map_changed_pages(
    account: SiteState, start: Start, new: Sequence[js.PageRow], rejected: list[RejectedRow]
) -> Page:
    versions = start.versions("article", [row.id for row in new])
    moved = [row for row in new if versions.get(row.id, -1) < row.version.number]
    todos = [Todo(row.version.number, row.id) for row in moved if _has_gap(row, versions.get(row.id), start.since)]
    records, unmapped = map_rows(moved, lambda row: [*map_article(account.url, row)])
    return Page(records=records, rejected=[*rejected, *unmapped], todo={"article_versions": todos} if todos else {})


def _has_gap(row: js.PageRow, version: int | None, since: int) -> bool:
    """Whether there are versions between the stored one and this one."""
    if version is None:
        return row.version.number > 1 and get_edit_time(row) >= since
    return row.version.number > version + 1


async def fetch_pages(
    account: SiteState, found: Sequence[js.Space], sort: str, *, endpoint: str
) -> AsyncIterator[tuple[list[js.PageRow], list[RejectedRow]]]:
    for some in split_spaces(found):
        ids = [("space-id", space.id) for space in some]
        query = [*ids, ("status", "current"), ("sort", sort), ("limit", str(MAX_ROWS))]
        async for page in fetch_list(account, "api/v2/pages", query, endpoint=endpoint):
            yield decode_rows(page.results, js.PageRow)


def get_edit_time(row: js.PageRow) -> int:
    """Time of the last edit, epoch ms.

    Raises:
        ValueError: The page has no time.
    """
    return ms(row.version.created_at or row.created_at or 0)


def map_article(url: str, row: js.PageRow) -> Iterator[AnyRecord]:
    """Map a page and its last edit."""
    at = get_edit_time(row)
    yield Article(
        id=row.id,
        title=row.title,
        url=f"{url}/wiki{row.links.get('webui') or f'/pages/viewpage.action?pageId={row.id}'}",
        created_at=ms(row.created_at) if row.created_at else at,
        updated_at=at,
        version=row.version.number,
        author=row.author_id or (row.version.author_id if row.version.number == 1 else None),
        author_known=row.author_id
        is not None,  # authorId is the creator: https://developer.atlassian.com/cloud/confluence/rest/v2/
        editor=row.version.author_id,
        edited_at=at,
        draft=row.status == "draft",
    )
    if row.version.created_at:
        yield map_edit(row.id, row.version)


def map_edit(page: str, row: js.Version) -> ArticleEdit:
    return ArticleEdit(page, ms(row.created_at or 0), editor=row.author_id, is_minor=row.minor_edit)


async def fetch_versions(account: SiteState, start: Start) -> AsyncIterator[Page]:
    """Fetch edits of pages with several edits since the last run, from the first day on."""
    if start.todo:
        await account.me()
    for place, todo in enumerate(start.todo, 1):
        edits: list[ArticleEdit] = []
        rejected: list[RejectedRow] = []
        path = f"api/v2/pages/{quote(todo.key, safe='')}/versions"
        query = [("sort", "-modified-date"), ("limit", str(MAX_ROWS))]
        try:
            async for page in fetch_list(account, path, query, endpoint="article_versions"):
                good, bad = decode_rows(page.results, js.Version, "number")
                found, undated = read_each([row for row in good if row.created_at], _get_version_time, id="number")
                new = [row for row, at in found if at >= start.since]
                edits += [map_edit(todo.key, row) for row in new]
                rejected += [RejectedRow(f"{todo.key} version {b.id}", b.reason) for b in (*bad, *undated)]
                if len(new) < len(found):
                    break
        except MissingError:  # deleted meanwhile
            edits = []
        except BrokenError as error:
            rejected.append(RejectedRow(f"versions of {todo.key}", get_reason(error)))
        complete_until = start.now if place == len(start.todo) else None
        version_page = Page(records=edits, done=[todo], rejected=rejected, complete_until=complete_until)
        yield await _add_editors(account, start, version_page)
    if not start.todo:
        yield Page(complete_until=start.now)


def _get_version_time(row: js.Version) -> int:
    return ms(row.created_at or 0)


async def fetch_article_census(account: SiteState, start: Start) -> AsyncIterator[Page]:
    """Fetch the ids of all present pages, as deletions and archiving are not reported elsewhere.

    Pages that moved into a space or became visible have no edit, so unknown pages are mapped here.
    """
    await account.me()
    present: list[str] = []
    found = await fetch_spaces(account)
    async for good, rejected in fetch_pages(account, found, "id", endpoint="article_census"):
        present += [*(row.id for row in good), *(bad.id for bad in rejected)]
        versions = start.versions("article", [row.id for row in good])
        if new := [row for row in good if row.id not in versions]:
            yield await _add_editors(account, start, _map_changed_pages(account, start, new, rejected))
    yield Page(present={"article": present} if found else {}, complete_until=start.now)


async def fetch_views(account: SiteState, start: Start) -> AsyncIterator[Page]:
    """Fetch views of each page, one request each. Needs Premium or Enterprise."""
    await account.me()
    async for good, _ in fetch_pages(account, await fetch_spaces(account), "id", endpoint="article_views"):
        counted = [(row.id, await fetch_view_count(account, row.id)) for row in good]
        yield Page(records=[ArticleViews(page_id, count) for page_id, count in counted if count is not None])
    yield Page(complete_until=start.now)


async def fetch_view_count(account: SiteState, page: str) -> int | None:
    """Views of a page; None: deleted or unreadable. https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-analytics/"""
    path = await account.site.wiki(f"rest/api/analytics/content/{quote(page, safe='')}/views")
    try:
        return (await account.http.get(path, type=js.Views, endpoint="analytics/views")).count
    except (MissingError, BrokenError):
        return None
