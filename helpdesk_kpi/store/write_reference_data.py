"""Writing what surrounds tickets: names, hours, articles; and what a census no longer meets."""

import json
from collections.abc import Mapping, Sequence

from helpdesk_kpi import model
from helpdesk_kpi.store.page_writer import PageWriter, upsert


def write_names(page: PageWriter, rows: list[model.Name]) -> None:
    page.conn.executemany(
        # What a status meant while a list had it stays known: a history tells its name only.
        "INSERT INTO names VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name,"
        " detail = excluded.detail WHERE kind != 'status' OR excluded.detail IS NOT NULL OR detail IS NULL",
        ((page.source, r.kind, r.id, r.name, r.detail) for r in rows),
    )


def write_schedules(page: PageWriter, rows: list[model.Schedule]) -> None:
    """A schedule that differs from its latest version begins a new one. So does a change of the default one. One that
    comes twice on a page is kept as it came last.
    """
    rows = list({r.id: r for r in rows}.values())
    page.conn.executemany(
        "INSERT INTO schedules (source, native, first_seen, name, zone, weekly, is_default, created_at)"
        " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE NOT EXISTS"
        " (SELECT 1 FROM (SELECT name, zone, weekly, is_default FROM schedules WHERE source = ?1 AND native = ?2"
        " ORDER BY first_seen DESC LIMIT 1) WHERE name = ?4 AND zone = ?5 AND weekly = ?6"
        " AND (is_default IS ?7 OR is_default IS NULL))",
        ((page.source, r.id, page.now, r.name, r.zone, json.dumps(r.weekly), r.is_default, r.created_at) for r in rows),
    )
    page.conn.executemany(  # versions that were kept before these were read
        "UPDATE schedules SET is_default = coalesce(is_default, ?3), created_at = coalesce(created_at, ?4)"
        " WHERE source = ?1 AND native = ?2",
        ((page.source, r.id, r.is_default, r.created_at) for r in rows),
    )


def write_holidays(page: PageWriter, rows: list[model.Holiday]) -> None:
    page.conn.executemany(
        "INSERT INTO holidays VALUES (?, ?, ?, ?, ?, ?, NULL)"
        " ON CONFLICT DO UPDATE SET name = excluded.name, first = excluded.first, last = excluded.last, gone_at = NULL",
        ((page.source, r.schedule, r.id, r.name, r.first, r.last) for r in rows),
    )


def write_articles(page: PageWriter, rows: list[model.Article]) -> None:
    people = page.keys("people", (p for r in rows for p in (r.author, r.editor)))
    page.conn.executemany(
        _ARTICLE,
        (
            (
                page.source, r.id, r.title, r.url, r.kind, r.created_at, r.updated_at, r.edited_at,
                people.get(r.author), people.get(r.editor), r.locale, r.draft, r.digest, r.length, r.version,
                r.author_known, None,
            )
            for r in rows
        ),
    )  # fmt: skip
    keys = page.find_keys("articles", {r.id for r in rows})
    _article_snapshots(page, rows, keys, people)


def _article_snapshots(
    page: PageWriter, rows: list[model.Article], keys: Mapping[str, int], people: Mapping[str | None, int]
) -> None:
    """The text as it is, perhaps edited; votes are kept whenever their sums move."""
    page.conn.executemany(
        _EDIT,
        (
            (keys[r.id], r.locale or "", r.edited_at or r.updated_at, people.get(r.editor), r.digest, r.length, None)
            for r in rows
            if r.digest is not None
        ),
    )
    page.conn.executemany(
        "INSERT OR IGNORE INTO article_votes SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS"
        " (SELECT 1 FROM (SELECT up, down FROM article_votes WHERE article = ?1 ORDER BY seen_at DESC LIMIT 1)"
        " WHERE up = ?3 AND down = ?4)",
        ((keys[r.id], page.now, r.votes_up, r.votes_down) for r in rows if r.votes_up is not None),
    )


def write_article_edits(page: PageWriter, rows: list[model.ArticleEdit]) -> None:
    keys = page.find_keys("articles", {r.article for r in rows})
    people = page.keys("people", (r.editor for r in rows))
    page.conn.executemany(
        _EDIT,
        (
            (keys[r.article], r.locale, r.at, people.get(r.editor), r.digest, r.length, r.is_minor)
            for r in sorted(rows, key=lambda r: r.at)
            if r.article in keys
        ),
    )


#: An edit is a text that differs from the one before it in its language; told again, it may bring an editor.
_EDIT = (
    "INSERT INTO article_edits SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE ?5 IS NULL OR ?5 IS NOT (SELECT digest"
    " FROM article_edits WHERE article = ?1 AND locale = ?2 AND at < ?3 ORDER BY at DESC LIMIT 1)"
    " ON CONFLICT DO UPDATE SET editor = coalesce(excluded.editor, editor), digest = coalesce(excluded.digest, digest),"
    " length = coalesce(excluded.length, length), is_minor = coalesce(excluded.is_minor, is_minor)"
)


def write_article_views(page: PageWriter, rows: list[model.ArticleViews]) -> None:
    """Counters are kept whenever they move."""
    keys = page.find_keys("articles", {r.article for r in rows})
    page.conn.executemany(
        "INSERT OR IGNORE INTO article_views SELECT ?1, ?2, ?3 WHERE ?3 IS NOT"
        " (SELECT views FROM article_views WHERE article = ?1 ORDER BY seen_at DESC LIMIT 1)",
        ((keys[r.article], page.now, r.views) for r in rows if r.article in keys),
    )


def take_census(page: PageWriter, present: Mapping[str, Sequence[str]], within: str | None = None) -> None:
    """What a census does not meet is gone. These things vanish without a word, and may come back."""
    for kind, ids in present.items():
        if kind == "ticket":
            _count_tickets(page, ids, within)
            continue
        if kind not in _CENSUS:
            raise ValueError(f"a census tells of ticket, {', '.join(_CENSUS)}, not {kind!r}")
        page.conn.execute(_CENSUS[kind], (page.source, json.dumps(list(ids)), page.now))


def _count_tickets(page: PageWriter, ids: Sequence[str], within: str | None) -> None:
    """A ticket that two censuses in a row don't meet counts as deleted since the first; once may be a passing right."""
    page.conn.execute(
        "UPDATE tickets SET deleted_at = iif(missing_since < ?3, coalesce(deleted_at, missing_since), deleted_at),"
        " missing_since = coalesce(missing_since, ?3) WHERE source = ?1 AND created_at IS NOT NULL"
        " AND deleted_at IS NULL AND left_at IS NULL AND (?4 IS NULL OR brand = ?4)"
        " AND native NOT IN (SELECT value FROM json_each(?2))",
        (page.source, json.dumps(list(ids)), page.now, within),
    )
    page.conn.execute(
        "UPDATE tickets SET missing_since = NULL, deleted_at = iif(deleted_at = missing_since, NULL, deleted_at)"
        " WHERE source = ?1 AND missing_since IS NOT NULL AND native IN (SELECT value FROM json_each(?2))",
        (page.source, json.dumps(list(ids))),
    )


#: (source, ids that are there, now); ids of members are "team/person", of holidays "schedule/holiday".
_GONE = "SET gone_at = iif({} IN (SELECT value FROM json_each(?2)), NULL, coalesce(gone_at, ?3)) WHERE source = ?1"
_CENSUS = {
    "article": f"UPDATE articles {_GONE.format('native')}",
    "schedule": f"UPDATE schedules {_GONE.format('native')}",
    "holiday": f"UPDATE holidays {_GONE.format('schedule || char(47) || native')}",
    "team_member": (
        "UPDATE team_members SET gone_at = ?3 WHERE gone_at IS NULL AND person IN"
        " (SELECT id FROM people WHERE source = ?1) AND (SELECT t.native || '/' || p.native FROM teams t,"
        " people p WHERE t.id = team AND p.id = person) NOT IN (SELECT value FROM json_each(?2))"
    ),
}
_ARTICLE_COLUMNS = (
    "source, native, title, url, kind, created_at, updated_at, edited_at, author, editor, locale, draft, digest,"
    " length, version, author_known, drafted_at"
)
_ARTICLE = upsert(
    "articles",
    _ARTICLE_COLUMNS,
    "excluded.version >= version",
    {
        # Not every list names the editor; of one version it is whatever was told once.
        "editor": "coalesce(excluded.editor, iif(excluded.version = version, editor, NULL))",
        # Who is named as the author can be changed at will: it is who was named first, unless a record says who it was.
        # The first such record stays too: of accounts that are deleted, helpdesks name another one later.
        "author": "iif(excluded.author_known AND NOT author_known, excluded.author, coalesce(author, excluded.author))",
        "author_known": "max(author_known, excluded.author_known)",
        # What is taken back into a draft was there until then.
        "drafted_at": "iif(NOT excluded.draft, NULL, iif(draft, drafted_at, max(excluded.updated_at, updated_at)))",
    },
)
