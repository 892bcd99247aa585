"""Articles of the help centres: changes, and a regular census, because archived articles disappear silently.

The help centre of each brand has its own host. It may be closed to the credentials while others are open.
"""

from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.mapping import articles as mapping
from connectors.zendesk.pagination import fetch_by_time, fetch_list
from helpdesk_kpi.errors import BrokenError, MissingError, UnavailableError
from helpdesk_kpi.milliseconds import SECOND
from helpdesk_kpi.pull.concurrency import gather_all
from helpdesk_kpi.pull.contract import Finding, Page, Start
from helpdesk_kpi.pull.lenient_decode import decode_rows, map_rows, read_each

_MOST_EDITORS = 100  # articles of a page with a request for their editor; the census has the rest

SiteEnds = dict[str, int]  # help centre ("": the account's own) -> UNIX second up to which it was read
Translations = dict[int, list[zd.Translation]]  # article -> its languages


async def fetch_articles(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch changed articles of all help centres, with the last editor of each except on the first run."""
    ends: SiteEnds = msgspec.json.decode(start.cursor, type=SiteEnds) if start.cursor else {}

    async def fetch_site(site: str) -> AsyncIterator[Page]:
        name = site.removeprefix(account.url)
        first = ends.get(name, ends.get(site, 0))
        async for found, end in _fetch_changed(account, site, first, start.now // SECOND):
            good, rejected = decode_rows(found, zd.Article)
            edited = await _fetch_translations(account, site, good) if first and len(good) <= _MOST_EDITORS else {}
            records, unmapped = map_rows(good, lambda row: mapping.map_article(row, edited.get(row.id, ())))  # noqa: B023 - used at once
            ends[name] = max(ends.get(name, 0), end)
            cursor = msgspec.json.encode(ends, order="sorted").decode()
            yield Page(records=records, cursor=cursor, rejected=[*rejected, *unmapped])

    async for page in _fetch_each_site(account, fetch_site, []):
        yield page
    yield Page(complete_until=start.now)


async def _fetch_changed(
    account: ZendeskAccountState, site: str, first: int, now: int
) -> AsyncIterator[tuple[msgspec.Raw, int]]:
    """Fetch changed articles by the export, or by the list if it is closed. Each page has the next start in seconds."""
    path, is_begun = f"{site}/api/v2/help_center/incremental/articles", False
    try:
        async for page, end in fetch_by_time(
            account.http,
            path,
            {},
            start=first,
            now=now,
            endpoint="help_center/articles",
            rows="articles",
            ends_without_next=True,
        ):
            is_begun = True
            yield page.articles, end
    except UnavailableError:
        if is_begun:
            raise
    else:
        return
    newest = first
    order = {"sort_by": "updated_at", "sort_order": "desc"}  # so the first known article ends it
    async for page_of_list in fetch_list(
        account.http, f"{site}/api/v2/help_center/articles", order, endpoint="help_center/list"
    ):
        found, _ = read_each(
            decode_rows(page_of_list.articles, zd.Article)[0], lambda row: zd.ms(row.updated_at) // SECOND
        )
        changed = [at for _, at in found if at <= now]
        newest = max([newest, *changed])
        yield page_of_list.articles, first
        if min(changed, default=first) < first:
            break
    yield zd.NOTHING, newest


async def _fetch_each_site(
    account: ZendeskAccountState, fetch_site: Callable[[str], AsyncIterator[Page]], closed: list[str]
) -> AsyncIterator[Page]:
    """Fetch pages of all help centres. A closed one is reported; if all are closed, the last error is raised."""
    sites = await account.help_centers()
    for site in sites:
        try:
            async for page in fetch_site(site):
                yield page
        except UnavailableError as error:
            closed.append(site)
            if len(closed) == len(sites):
                raise
            account.findings.append(Finding(level="note", about="articles", text=f"{site} is skipped: {error}"))


async def _fetch_translations(account: ZendeskAccountState, site: str, changed: Sequence[zd.Article]) -> Translations:
    """Fetch translations by article, which have the editor. The transport limits parallel requests."""

    async def fetch(row: zd.Article) -> list[zd.Translation]:
        path = f"{site}/api/v2/help_center/articles/{row.id}/translations"
        try:
            return [
                translation
                async for page in fetch_list(account.http, path, endpoint="help_center/translations", missing="child")
                for translation in decode_rows(page.translations, zd.Translation, "locale")[0]
            ]
        except (MissingError, BrokenError):  # archived meanwhile, or unreadable: the census gives the editor
            return []

    found = await gather_all(fetch(row) for row in changed)
    return {row.id: translations for row, translations in zip(changed, found, strict=True)}


async def fetch_article_ids(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch the ids of all present articles, and the editors of those with sideloaded translations."""
    present: list[str] = []
    closed: list[str] = []

    async def fetch_site(site: str) -> AsyncIterator[Page]:
        path = f"{site}/api/v2/help_center/articles"
        async for page in fetch_list(account.http, path, {"include": "translations"}, endpoint="help_center/census"):
            good, rejected = decode_rows(page.articles, zd.Article)
            translations = _decode_sideloaded(page)
            present.extend([*(str(row.id) for row in good), *(row.id for row in rejected)])
            # A row without translations would remove a stored editor. An unknown article became visible without a
            # change, so it is mapped too.
            versions = start.versions("article", [str(row.id) for row in good])
            complete_rows = [
                row for row in good if row.translations or row.id in translations or str(row.id) not in versions
            ]
            records, unmapped = map_rows(
                complete_rows,
                lambda row: mapping.map_article(row, translations.get(row.id, ())),  # noqa: B023 - used at once
            )
            yield Page(records=records, rejected=[*rejected, *unmapped])

    async for page in _fetch_each_site(account, fetch_site, closed):
        yield page
    # Articles of a closed help centre are not deleted.
    yield Page(present={} if closed else {"article": present}, complete_until=start.now)


def _decode_sideloaded(page: zd.ListPage) -> Translations:
    found: Translations = {}
    for translation in decode_rows(page.translations, zd.Translation, "locale")[0]:
        found.setdefault(translation.source_id or 0, []).append(translation)
    return found
