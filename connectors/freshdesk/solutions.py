"""The knowledge base: categories, folders in folders, articles. Read whole each time, since no list tells changes.

Who edited is not told: `agent_id` is the author and can be set at will. An edit is a text that differs from the one of
the last sync; what vanished is known to be gone only after a crawl that missed nothing.
https://developers.freshdesk.com/api/#solutions
"""

import hashlib
from collections.abc import AsyncIterator, Sequence

from connectors.freshdesk import payloads as fd
from connectors.freshdesk.account import Account
from connectors.freshdesk.fetching import by_page, map_rows
from connectors.freshdesk.payloads import ms, text_id
from helpdesk_kpi.errors import MissingError, UnavailableError
from helpdesk_kpi.model import AnyRecord, Article, ArticleEdit, ArticleViews
from helpdesk_kpi.pull.contract import Finding, Page, Start
from helpdesk_kpi.pull.text import length

_DRAFT = 1


async def articles(account: Account, start: Start) -> AsyncIterator[Page]:
    present: list[str] = []
    lost = 0
    async for folder in _folders(account):
        met = 0
        pages = by_page(
            account.http, f"/api/v2/solutions/folders/{folder.id}/articles", kind=fd.Article, endpoint="articles",
        )  # fmt: skip
        async for good, aside, _ in pages:
            records, worse = map_rows(good, lambda row: article(row, account.url))
            met += len(good) + len(aside)
            lost += len(aside) + len(worse)
            present += [str(row.id) for row in good]
            yield Page(records=records, set_aside=[*aside, *worse])
        lost += max(0, (folder.articles_count or 0) - met)
    if lost:
        text = f"{lost} articles were counted and could not be read; none is taken for deleted meanwhile"
        account.found.append(Finding(level="note", about="articles", text=text))
    yield Page(present={} if lost else {"article": present}, complete_until=start.now)


async def translations(account: Account, start: Start) -> AsyncIterator[Page]:
    """The texts of the other languages, each with its own edits."""
    for language in account.settings.languages:
        try:
            async for folder in _folders(account):
                path = f"/api/v2/solutions/folders/{folder.id}/articles/{language}"
                pages = by_page(account.http, path, kind=fd.Article, endpoint="translations", missing="child")
                async for good, aside, _ in pages:
                    records, worse = map_rows(good, lambda row, language=language: translation(row, language))  # type: ignore[misc]
                    yield Page(records=records, set_aside=[*aside, *worse])
        except (MissingError, UnavailableError) as error:
            text = f"no articles in {language!r}: {error}"
            account.found.append(Finding(level="note", about="articles", text=text))
    yield Page(complete_until=start.now)


async def _folders(account: Account) -> AsyncIterator[fd.Folder]:
    """Every folder once. A category lists those at its top only: the others are found through their parents."""
    visited: set[str] = set()
    categories = by_page(account.http, "/api/v2/solutions/categories", kind=fd.Category, endpoint="categories")
    paths = [
        f"/api/v2/solutions/categories/{row.id}/folders" async for good, _, _ in categories for row in good
    ]  # fmt: skip
    while paths:
        path = paths.pop(0)
        try:
            found = [
                row
                async for good, _, _ in by_page(
                    account.http, path, kind=fd.Folder, endpoint="folders", missing="child"
                )
                for row in good
            ]  # fmt: skip
        except (MissingError, UnavailableError):
            if path.endswith("/subfolders"):  # accounts without folders in folders
                continue
            raise
        for row in found:
            if str(row.id) not in visited:
                visited.add(str(row.id))
                if row.sub_folders_count != 0:
                    paths.append(f"/api/v2/solutions/folders/{row.id}/subfolders")
                yield row


def article(row: fd.Article, url: str) -> list[AnyRecord]:
    created, updated = _times(row)
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


def translation(row: fd.Article, language: str) -> Sequence[AnyRecord]:
    _, updated = _times(row)
    digest = _digest(row)
    words = None if row.description is None else length(row.description)
    return [] if digest is None else [ArticleEdit(str(row.id), updated, language, digest=digest, length=words)]


def _digest(row: fd.Article) -> str | None:
    """Of title and text: tags, order and votes move `updated_at` too."""
    if row.description is None:
        return None
    return hashlib.blake2b(f"{row.title}\n{row.description}".encode(), digest_size=16).hexdigest()


def _times(row: fd.Article) -> tuple[int, int]:
    created, updated = ms(row.created_at), ms(row.updated_at)
    if created is None or updated is None:
        raise ValueError(f"created_at {row.created_at!r}, updated_at {row.updated_at!r}: no times")
    return created, updated
