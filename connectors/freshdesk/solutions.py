"""The knowledge base: categories, nested folders, articles. Read completely each time, as no list has changes.

The editor is unknown: `agent_id` is the author and can be set freely. An edit is a text that differs from the last
sync. Missing articles count as deleted only after a complete crawl.
https://developers.freshdesk.com/api/#solutions
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import TypeVar

from connectors.freshdesk import payloads as fd
from connectors.freshdesk.account import FreshdeskAccountState
from connectors.freshdesk.pagination import fetch_pages
from connectors.freshdesk.payloads import ms, text_id
from helpdesk_kpi.errors import BrokenError, MissingError, UnavailableError
from helpdesk_kpi.model import AnyRecord, Article, ArticleEdit, ArticleViews
from helpdesk_kpi.pull.contract import Finding, Page, RejectedRow, Start
from helpdesk_kpi.pull.lenient_decode import map_rows
from helpdesk_kpi.text.comment import length

T = TypeVar("T")
_SOLUTIONS = "/api/v2/solutions"
_DRAFT = 1


async def fetch_articles(account: FreshdeskAccountState, start: Start) -> AsyncIterator[Page]:
    crawl = _Crawl(account)
    present: list[str] = []
    async for folder in crawl.folders():
        seen = 0
        async for good, rejected in crawl.children(f"folders/{folder.id}/articles", fd.Article):
            records, unmapped = map_rows(good, lambda row: map_article(row, account.url))
            seen += len(good) + len(rejected)
            crawl.lost += len(rejected) + len(unmapped)
            present += [str(row.id) for row in good]
            yield Page(records=records, rejected=[*rejected, *unmapped])
        crawl.lost += max(0, (folder.articles_count or 0) - seen)
    if crawl.lost:
        text = "not everything in the knowledge base could be read, so nothing is taken for deleted meanwhile"
        account.findings.append(Finding(level="note", about="articles", text=text))
    yield Page(present={} if crawl.lost else {"article": present}, complete_until=start.now)


async def fetch_translations(account: FreshdeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch the texts of the other languages, each with its own edits."""
    for language in account.settings.languages:
        crawl = _Crawl(account)
        try:
            async for folder in crawl.folders():
                async for good, rejected in crawl.children(f"folders/{folder.id}/articles/{language}", fd.Article):
                    records, unmapped = map_rows(good, partial(map_translation, language=language))
                    yield Page(records=records, rejected=[*rejected, *unmapped])
        except UnavailableError as error:
            crawl.lost, crawl.reason = 1, str(error)
        if crawl.lost:
            text = f"not all articles can be read in {language!r}: {crawl.reason}"
            account.findings.append(Finding(level="note", about="articles", text=text))
    yield Page(complete_until=start.now)


class _Crawl:
    """One crawl of the knowledge base; `lost` counts unreadable parts."""

    def __init__(self, account: FreshdeskAccountState) -> None:
        self.account = account
        self.lost, self.reason = 0, ""

    async def folders(self) -> AsyncIterator[fd.Folder]:
        """Fetch each folder once. A category has its top folders only; the others are found through their parents."""
        visited: set[str] = set()
        http = self.account.http
        categories = fetch_pages(http, f"{_SOLUTIONS}/categories", kind=fd.Category, endpoint="categories")
        places = [(f"categories/{row.id}/folders", True) async for good, _, _ in categories for row in good]
        while places:
            path, is_known = places.pop(0)
            found: list[fd.Folder] = []
            async for good, rejected in self.children(path, fd.Folder, is_known=is_known):
                found += good
                self.lost += len(rejected)
            for row in found:
                if str(row.id) not in visited:
                    visited.add(str(row.id))
                    if row.sub_folders_count != 0:
                        places.append((f"folders/{row.id}/subfolders", bool(row.sub_folders_count)))
                    yield row

    async def children(
        self, path: str, kind: type[T], *, is_known: bool = True
    ) -> AsyncIterator[tuple[list[T], list[RejectedRow]]]:
        """Fetch folders or articles of one parent, which may be deleted meanwhile.

        Args:
            is_known: The parent says that it has some. Accounts without nested folders do not have their resource.
        """
        endpoint = "folders" if kind is fd.Folder else "articles"
        try:
            pages = fetch_pages(
                self.account.http, f"{_SOLUTIONS}/{path}", kind=kind, endpoint=endpoint, missing="child"
            )
            async for good, rejected, _ in pages:
                yield good, rejected
        except MissingError as error:
            self.lost, self.reason = self.lost + is_known, str(error)
        except BrokenError as error:
            self.lost, self.reason = self.lost + 1, str(error)


def map_article(row: fd.Article, url: str) -> list[AnyRecord]:
    created, updated = _get_times(row)
    record = Article(
        id=str(row.id),
        title=row.title,
        url=f"{url}/support/solutions/articles/{row.id}",
        created_at=created,
        updated_at=updated,
        version=updated,
        author=text_id(row.agent_id),
        draft=row.status == _DRAFT,
        digest=_digest(row),
        length=None if row.description is None else length(row.description),
        votes_up=row.thumbs_up,
        votes_down=row.thumbs_down if row.thumbs_down is not None else 0 if row.thumbs_up is not None else None,
    )
    return [record, *([] if row.hits is None else [ArticleViews(record.id, row.hits)])]


def map_translation(row: fd.Article, language: str) -> Sequence[AnyRecord]:
    _, updated = _get_times(row)
    digest = _digest(row)
    body = None if row.description is None else length(row.description)
    return [] if digest is None else [ArticleEdit(str(row.id), updated, language, digest=digest, length=body)]


def _digest(row: fd.Article) -> str | None:
    """Hash of title and text, because tags, order and votes change `updated_at` too."""
    if row.description is None:
        return None
    return hashlib.blake2b(f"{row.title}\n{row.description}".encode(), digest_size=16).hexdigest()


def _get_times(row: fd.Article) -> tuple[int, int]:
    created, updated = ms(row.created_at), ms(row.updated_at)
    if created is None or updated is None:
        raise ValueError(f"created_at {row.created_at!r}, updated_at {row.updated_at!r}: no times")
    return created, updated
