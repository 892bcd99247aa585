"""Streams of the help centres' articles: changes, and now and then a census, since archived ones vanish silently."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import msgspec

from connectors.zendesk import mapping
from connectors.zendesk import payloads as zd
from connectors.zendesk.account import Account
from connectors.zendesk.fetching import SECOND, by_list, by_time
from connectors.zendesk.tickets import map_rows
from helpdesk_kpi.errors import MissingError
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.contract import Page, Start
from helpdesk_kpi.pull.rows import rows

_MOST_EDITORS = 100  # articles of one page whose editor is asked for; the census names the rest

Ends = dict[str, int]  # help centre -> UNIX second up to which it was read


async def articles(account: Account, start: Start) -> AsyncIterator[Page]:
    """Changed articles of every help centre. The last editor of each is asked for, but not on the first run."""
    ends: Ends = msgspec.json.decode(start.cursor, type=Ends) if start.cursor else {}
    for site in await account.help_centers():
        path, now = f"{site}/api/v2/help_center/incremental/articles", start.now // SECOND
        first = ends.get(site, 0)
        pages = by_time(account.http, path, {}, start=first, now=now, endpoint="help_center/articles", rows="articles")
        async for page, end in pages:
            good, aside = rows(page.articles, zd.Article)
            edited = await _editors(account, site, good) if first and len(good) <= _MOST_EDITORS else {}

            def make(row: zd.Article, edited: dict[int, list[zd.Translation]] = edited) -> Sequence[AnyRecord]:
                return [mapping.article(row, edited.get(row.id, ()))]

            records, worse = map_rows(good, make)
            ends[site] = max(ends.get(site, 0), end)
            cursor = msgspec.json.encode(ends, order="sorted").decode()
            yield Page(records=records, cursor=cursor, set_aside=[*aside, *worse])
    yield Page(complete_until=start.now)


async def _editors(account: Account, site: str, changed: Sequence[zd.Article]) -> dict[int, list[zd.Translation]]:
    """Translations by article; only they tell who edited. The transport bounds how many are asked at once."""

    async def ask(row: zd.Article) -> list[zd.Translation]:
        path = f"{site}/api/v2/help_center/articles/{row.id}/translations"
        try:
            page = await account.http.get(path, type=zd.ListPage, endpoint="help_center/translations")
        except MissingError:  # archived meanwhile
            return []
        return rows(page.translations, zd.Translation, "locale")[0]

    found = await asyncio.gather(*(ask(row) for row in changed))
    return {row.id: translations for row, translations in zip(changed, found, strict=True)}


async def article_census(account: Account, start: Start) -> AsyncIterator[Page]:
    """All articles that are there. Where the translations come along, so do the editors."""
    present: list[str] = []
    for site in await account.help_centers():
        path = f"{site}/api/v2/help_center/articles"
        async for page in by_list(account.http, path, {"include": "translations"}, endpoint="help_center/census"):
            good, aside = rows(page.articles, zd.Article)
            beside: dict[int, list[zd.Translation]] = {}
            for translation in rows(page.translations, zd.Translation, "locale")[0]:
                beside.setdefault(translation.source_id or 0, []).append(translation)
            present += [str(row.id) for row in good]
            # A row without its translations would take away an editor who is known already.
            records = [
                mapping.article(row, beside.get(row.id, ())) for row in good if row.translations or row.id in beside
            ]
            yield Page(records=records, set_aside=aside)
    yield Page(present={"article": present}, complete_until=start.now)
