"""Zendesk's help centres: each brand's own, translations as edits, and what vanishes without a word."""

from collections.abc import Mapping
from typing import Any

import httpx
import msgspec
import pytest
from zendesk_fixtures import NOW, Answers, kept, pull, records

from connectors.zendesk import payloads as zd
from connectors.zendesk.mapping import articles
from helpdesk_kpi.errors import UnavailableError
from helpdesk_kpi.model import Article, ArticleEdit

ARTICLE = {"id": 7, "title": "Reset", "created_at": "2026-05-01T10:00:00Z", "updated_at": "2026-05-20T10:00:00Z",
           "locale": "en-us", "body": "<p>Hello</p>"}  # fmt: skip


def guide(brands: list[dict[str, Any]], lists: Mapping[str, Any]) -> Answers:
    def answers(request: httpx.Request) -> Any:
        if request.url.path == "/api/v2/brands":
            return {"brands": brands, "meta": {"has_more": False}}
        return next(body for end, body in lists.items() if request.url.path.endswith(end))

    return answers


BRANDS = [
    {"id": 1, "name": "One", "subdomain": "acme", "has_help_center": True},
    {"id": 2, "name": "Two", "subdomain": "two", "has_help_center": True},
    {"id": 3, "name": "None", "subdomain": "three", "has_help_center": False},
    {"id": 4, "name": "Evil", "subdomain": "evil.example.org/", "has_help_center": True},
]


def test_every_brands_help_centre_is_read_on_its_own_host_and_no_other() -> None:
    page = {"articles": [ARTICLE], "count": 1, "end_time": NOW - 9000, "next_page": None}
    pages, requests = pull("articles", guide(BRANDS, {"articles": page}))
    assert [r.url.host for r in requests if "articles" in r.url.path] == ["acme.zendesk.com", "two.zendesk.com"]
    assert msgspec.json.decode(kept(pages) or "") == {
        "": NOW - 9000, "https://two.zendesk.com": NOW - 9000,
    }  # fmt: skip
    assert [a.editor for a in records(pages, Article)] == [None, None]


def test_later_runs_ask_who_edited_what_changed() -> None:
    page = {"articles": [ARTICLE], "count": 1, "end_time": NOW - 9000, "next_page": None}
    editors = {"translations": [{"locale": "en-us", "updated_by_id": 9}], "meta": {"has_more": False}}
    cursor = msgspec.json.encode({"https://acme.zendesk.com": NOW - 10_000}).decode()
    answers = guide(BRANDS[:1], {"/translations": editors, "articles": page})
    pages, requests = pull("articles", answers, cursor=cursor)
    assert [a.editor for a in records(pages, Article)] == ["9"]
    assert requests[-1].url.path == "/api/v2/help_center/articles/7/translations"


def test_a_census_names_all_articles_and_takes_no_known_editor_away() -> None:
    result = {**ARTICLE, "id": 8, "translations": [{"locale": "en-us", "updated_by_id": 9}]}
    page = {"articles": [ARTICLE, result], "meta": {"has_more": False}}
    pages, _ = pull("article_census", guide(BRANDS[:1], {"articles": page}), versions={"7": 1, "8": 1})
    assert pages[-1].present == {"article": ["7", "8"]}
    assert [(a.id, a.editor) for a in records(pages, Article)] == [("8", "9")]


# translations


LOCALES = [
    {
        "locale": "en-us",
        "title": "Reset",
        "body": "<p>Hello</p>",
        "updated_by_id": 9,
        "updated_at": "2026-05-20T10:00:00Z",
    },
    {"locale": "de", "title": "Neu", "body": "<p>Hallo</p>", "updated_by_id": 8, "updated_at": "2026-05-21T10:00:00Z"},
]
WITH_LOCALES = {**ARTICLE, "edited_at": "2026-05-20T09:00:00Z", "translations": LOCALES}


def edits(**changed: Any) -> list[ArticleEdit]:
    row = msgspec.convert({**WITH_LOCALES, **changed}, zd.Article, strict=False)
    return [record for record in articles.map_article(row) if isinstance(record, ArticleEdit)]


def test_every_languages_text_is_a_snapshot_with_its_editor() -> None:
    """The article's own language comes with the article, at the instant of its last edit."""
    row = msgspec.convert(WITH_LOCALES, zd.Article, strict=False)
    article, german = articles.map_article(row)
    assert isinstance(article, Article)
    assert (article.editor, article.edited_at, article.locale) == ("9", 1_779_267_600_000, "en-us")
    assert isinstance(german, ArticleEdit)
    assert (german.article, german.locale, german.editor, german.length) == ("7", "de", "8", 5)
    assert german.at == 1_779_357_600_000  # 2026-05-21T10:00:00Z


def test_a_digest_tells_a_changed_title_or_text_and_nothing_else() -> None:
    [before] = edits()
    touched = [LOCALES[0], {**LOCALES[1], "updated_at": "2026-05-22T10:00:00Z"}]
    titled = [LOCALES[0], {**LOCALES[1], "title": "Anders"}]
    worded = [LOCALES[0], {**LOCALES[1], "body": "<p>Tag</p>"}]
    assert edits(translations=touched)[0].digest == before.digest
    assert edits(translations=titled)[0].digest != before.digest
    assert edits(translations=worded)[0].digest != before.digest


def test_a_translation_without_its_text_is_no_edit() -> None:
    assert edits(translations=[LOCALES[0], {**LOCALES[1], "body": None}]) == []


def test_the_census_brings_the_translations_of_all_articles_without_a_request_for_each() -> None:
    page = {"articles": [WITH_LOCALES], "meta": {"has_more": False}}
    pages, requests = pull("article_census", guide(BRANDS[:1], {"articles": page}))
    assert [(e.locale, e.editor) for e in records(pages, ArticleEdit)] == [("de", "8")]
    assert [r.url.path for r in requests] == ["/api/v2/brands", "/api/v2/help_center/articles"]
    assert requests[-1].url.params["include"] == "translations"


def test_an_article_archived_while_it_is_read_is_no_error() -> None:
    page = {"articles": [ARTICLE], "count": 1, "end_time": NOW - 9000, "next_page": None}
    gone = httpx.Response(404, json={"error": "RecordNotFound"})
    cursor = msgspec.json.encode({"": NOW - 10_000}).decode()
    pages, _ = pull("articles", guide(BRANDS[:1], {"/translations": gone, "articles": page}), cursor=cursor)
    assert [(a.id, a.editor) for a in records(pages, Article)] == [("7", None)]


# closed help centres


def closed_at(*hosts: str) -> Answers:
    """Two help centres, of which some are closed to us."""
    page = {"articles": [WITH_LOCALES], "count": 1, "end_time": NOW - 9000, "next_page": None,
            "meta": {"has_more": False}}  # fmt: skip
    result = guide(BRANDS[:2], {"articles": page})
    refused = httpx.Response(403, json={"error": {"title": "Forbidden"}})
    return lambda request: (
        refused if request.url.host in hosts and "help_center" in request.url.path else result(request)
    )


@pytest.mark.parametrize("stream", ["articles", "article_census"])
@pytest.mark.parametrize("closed", ["acme.zendesk.com", "two.zendesk.com"])
def test_a_closed_help_centre_leaves_the_others(stream: str, closed: str) -> None:
    pages, _ = pull(stream, closed_at(closed))
    assert [a.id for a in records(pages, Article)] == ["7"]
    assert dict(pages[-1].present) == {}  # what could not be looked at is not gone


@pytest.mark.parametrize("stream", ["articles", "article_census"])
def test_without_any_open_help_centre_there_are_no_articles(stream: str) -> None:
    with pytest.raises(UnavailableError):
        pull(stream, closed_at("acme.zendesk.com", "two.zendesk.com"))


# without the export


def test_where_the_export_of_articles_is_denied_the_list_is_read_newest_first_to_what_is_known() -> None:
    def article(number: int, day: int) -> dict[str, Any]:
        return {**ARTICLE, "id": number, "updated_at": f"2026-05-{day:02}T10:00:00Z"}

    def answers(request: httpx.Request) -> Any:
        if request.url.path == "/api/v2/brands":
            return {"brands": BRANDS[:1], "meta": {"has_more": False}}
        if "incremental" in request.url.path:
            return httpx.Response(403, json={"error": {"title": "Forbidden"}})
        if "/translations" in request.url.path:
            return {"translations": [], "meta": {"has_more": False}}
        later = "page[after]" in request.url.params
        rows = [article(2, 10), article(1, 5)] if later else [article(4, 20), article(3, 15)]
        return {"articles": rows, "meta": {"has_more": True, "after_cursor": "b" if later else "a"}}

    known = 1_778_580_000  # 2026-05-12T10:00:00Z
    pages, requests = pull("articles", answers, cursor=msgspec.json.encode({"": known}).decode())
    assert [a.id for a in records(pages, Article)] == ["4", "3", "2", "1"]
    lists = [r for r in requests if r.url.path == "/api/v2/help_center/articles"]
    assert len(lists) == 2
    assert lists[0].url.params["sort_order"] == "desc"
    assert msgspec.json.decode(kept(pages) or "") == {"": 1_779_271_200}  # 2026-05-20T10:00:00Z
    # The place moves only once all is read: newest first, a run that is cut off would lose the rest.
    assert [p.cursor and msgspec.json.decode(p.cursor)[""] for p in pages[:2]] == [known, known]
