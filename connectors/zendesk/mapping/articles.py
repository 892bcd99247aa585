"""Articles and their translations as records."""

import hashlib
from collections.abc import Iterable

from connectors.zendesk import payloads as zd
from connectors.zendesk.mapping.tickets import text_id
from connectors.zendesk.payloads import ms
from helpdesk_kpi import model
from helpdesk_kpi.text.comment import length


def map_article(row: zd.Article, translations: Iterable[zd.Translation] = ()) -> list[model.AnyRecord]:
    """Map an article, and the current texts of its other languages if translations are given.

    `author_id` can be set freely and is not the editor. Only `created_by_id` and `updated_by_id` of a translation say
    who created and who last edited it.
    """
    up, down = _split_votes(row)
    all_translations = [*row.translations, *translations]
    main = next((t for t in all_translations if t.locale == row.locale), None)
    creator = main.created_by_id if main else None
    record = model.Article(
        id=str(row.id),
        title=row.title,
        url=row.html_url or "",
        created_at=ms(row.created_at),
        updated_at=ms(row.updated_at),
        version=ms(row.updated_at),
        author=text_id(creator if creator is not None else row.author_id),
        author_known=creator is not None,
        editor=text_id(main.updated_by_id) if main else None,
        edited_at=ms(row.edited_at) if row.edited_at else None,
        locale=row.locale,
        draft=row.draft,
        digest=_digest(row.title, row.body) if row.body is not None else None,
        length=length(row.body) if row.body is not None else None,
        votes_up=up,
        votes_down=down,
    )
    return [
        record,
        *(_map_edit(record.id, t, t.body) for t in all_translations if t is not main and t.body is not None),
    ]


def _map_edit(article_id: str, row: zd.Translation, body: str) -> model.ArticleEdit:
    """Map the text of another language. Whether it is an edit shows a comparison with the stored text."""
    if row.updated_at is None:
        raise ValueError(f"the translation {row.locale!r} has no updated_at")
    return model.ArticleEdit(
        article=article_id, at=ms(row.updated_at), locale=row.locale or "", editor=text_id(row.updated_by_id),
        digest=_digest(row.title, body), length=length(body),
    )  # fmt: skip


def _digest(title: str | None, body: str) -> str:
    return hashlib.blake2b(f"{title or ''}\0{body}".encode(), digest_size=16).hexdigest()


def _split_votes(row: zd.Article) -> tuple[int | None, int | None]:
    """(up, down). vote_sum is up minus down, vote_count is up plus down."""
    if row.vote_sum is None or row.vote_count is None:
        return None, None
    return (row.vote_count + row.vote_sum) // 2, (row.vote_count - row.vote_sum) // 2
