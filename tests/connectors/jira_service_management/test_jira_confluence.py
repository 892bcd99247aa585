"""The knowledge base of Confluence: which pages are read, who edited them, and what a plan does not tell."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from jira_source import CLOUD, DATA_CENTER, DAY, HERE, NOW, SINCE, Site, kept, pull, records
from msgspec.structs import replace

from connectors.jira_service_management import JiraServiceManagement
from connectors.jira_service_management.payloads import ms
from helpdesk_kpi.errors import PullError, UnavailableError
from helpdesk_kpi.model import Article, ArticleEdit, ArticleViews
from helpdesk_kpi.pull.contract import Finding, Todo
from helpdesk_kpi.simulator.world.world import generate

SPACES = {"results": [{"id": "65537", "key": "KB", "type": "knowledge_base"}], "_links": {}}


def page(number: int, edited: str, version: int = 1, **more: Any) -> dict[str, Any]:
    result = {"number": version, "createdAt": edited, "authorId": "712020:7", "minorEdit": version % 2 == 0}
    return {"id": str(number), "title": f"How {number}", "status": "current", "authorId": "712020:1",
            "createdAt": "2026-01-01T00:00:00.000Z", "version": result,
            "_links": {"webui": f"/spaces/KB/pages/{number}/How"}, **more}  # fmt: skip


def wiki(*rows: dict[str, Any]) -> Any:
    """One space, and these pages."""

    def answers(request: httpx.Request) -> Any:
        return SPACES if request.url.path.endswith("/spaces") else {"results": list(rows), "_links": {}}

    return answers


def test_a_page_is_an_article_and_its_version_an_edit() -> None:
    pages, requests = pull("articles", wiki(page(5, "2026-05-31T10:00:00.000Z", 2)))
    [article], [edit] = records(pages, Article), records(pages, ArticleEdit)
    at = ms("2026-05-31T10:00:00.000Z")
    assert (article.url, article.version) == ("https://acme.atlassian.net/wiki/spaces/KB/pages/5/How", 2)
    assert (article.author, article.editor, article.edited_at, article.digest) == ("712020:1", "712020:7", at, None)
    assert edit == ArticleEdit("5", at, editor="712020:7", is_minor=True)
    [rows] = [one for one in requests if one.url.path.endswith("/pages")]
    assert str(rows.url.query, "ascii") == "space-id=65537&status=current&sort=-modified-date&limit=250"


@pytest.mark.parametrize(
    ("known", "is_requested"),
    [({}, True), ({"5": 4}, False), ({"5": 3}, True), ({"5": 5}, False)],
    ids=["new", "moved_by_one", "moved_by_two", "as_it_was"],
)
def test_versions_are_read_only_where_the_number_moved_by_more_than_one(
    known: dict[str, int], is_requested: bool
) -> None:
    row = page(5, "2026-05-31T10:00:00.000Z", 5)
    pages, _ = pull("articles", wiki(row), cursor=str(NOW - DAY), versions=known)
    assert [todo for p in pages for todo in p.todo.get("article_versions", ())] == (
        [Todo(5, "5")] if is_requested else []
    )
    assert len(records(pages, Article)) == (known != {"5": 5})


def test_of_more_spaces_than_one_list_takes_each_list_is_read_down_to_the_last_run() -> None:
    """Whatever is old in the first hundred spaces, there may be something new in the others."""
    spaces = {"results": [{"id": str(n), "key": f"K{n}", "type": "knowledge_base"} for n in range(150)], "_links": {}}
    old, new = page(1, "2026-01-02T00:00:00.000Z"), page(2, "2026-06-01T09:00:00.000Z")

    def answers(request: httpx.Request) -> Any:
        if request.url.path.endswith("/spaces"):
            return spaces
        return {"results": [old if "0" in request.url.params.get_list("space-id") else new], "_links": {}}

    pages, _ = pull("articles", answers, cursor=str(NOW - DAY))
    assert [article.id for article in records(pages, Article)] == ["2"]


def test_a_page_that_was_last_edited_before_the_first_day_needs_no_versions() -> None:
    pages, _ = pull("articles", wiki(page(5, "2026-01-02T00:00:00.000Z", 9)))
    assert [p.todo for p in pages] == [{}, {}]


def test_reading_ends_at_what_the_last_run_knew() -> None:
    """Newest first: behind a page that is older than the last run none can be newer."""
    rows = [page(1, "2026-06-01T09:00:00.000Z"), page(2, "2026-05-01T09:00:00.000Z")]

    def answers(request: httpx.Request) -> Any:
        assert "cursor" not in request.url.params
        given = wiki(*rows)(request)
        return given if given is SPACES else given | {"_links": {"next": "/wiki/api/v2/pages?cursor=more"}}

    pages, _ = pull("articles", answers, cursor=str(NOW - DAY))
    assert [a.id for a in records(pages, Article)] == ["1"]
    assert kept(pages) == str(NOW)


@pytest.mark.trap("jira 30")
def test_only_the_cursor_is_taken_from_the_address_of_the_next_page() -> None:
    """Joined with its base, the address would have /wiki twice; and it may name another host."""

    def answers(request: httpx.Request) -> Any:
        if request.url.path.endswith("/spaces"):
            return SPACES
        last = request.url.params.get("cursor") == "c2"
        links = {} if last else {"next": "/wiki/api/v2/pages?cursor=c2&limit=9", "base": "https://evil.example/wiki"}
        return {"results": [page(2 if last else 1, "2026-05-31T10:00:00.000Z")], "_links": links}

    pages, requests = pull("articles", answers)
    assert [a.id for a in records(pages, Article)] == ["1", "2"]
    first, second = [r.url for r in requests if r.url.path.endswith("/pages")]
    assert second.host == "acme.atlassian.net"
    assert second.path == first.path == "/wiki/api/v2/pages"
    assert str(second.query, "ascii") == f"{str(first.query, 'ascii')}&cursor=c2"


@pytest.mark.trap("jira 30")
def test_a_cursor_that_repeats_is_an_error_and_no_loop() -> None:
    def answers(request: httpx.Request) -> Any:
        given = wiki(page(1, "2026-05-31T10:00:00.000Z"))(request)
        return given if given is SPACES else given | {"_links": {"next": "/wiki/api/v2/pages?cursor=same"}}

    with pytest.raises(PullError, match="does not move on"):
        pull("articles", answers)


@pytest.mark.trap("jira 30")
def test_a_page_that_is_gone_meanwhile_is_skipped() -> None:
    pages, _ = pull("article_versions", lambda _: httpx.Response(404, json={"message": "gone"}), todo=(Todo(5, "5"),))
    assert (pages[0].records, pages[0].done, pages[0].complete_until) == ([], [Todo(5, "5")], NOW)


def test_versions_are_edits_from_the_first_day_on() -> None:
    result = [
        {"number": 3, "createdAt": "2026-05-31T10:00:00.000Z", "authorId": "a", "minorEdit": False},
        {"number": 2, "createdAt": "2026-05-20T10:00:00.000Z", "authorId": "b", "minorEdit": True},
        {"number": 1, "createdAt": "2026-01-01T10:00:00.000Z", "authorId": "c"},
    ]
    assert ms(str(result[2]["createdAt"])) < SINCE
    pages, _ = pull("article_versions", lambda _: {"results": result}, todo=(Todo(3, "5"),))
    assert [(e.editor, e.is_minor) for e in records(pages, ArticleEdit)] == [("a", False), ("b", True)]


def test_configured_spaces_are_read_and_a_hidden_one_is_reported() -> None:
    found: list[Finding] = []
    _, requests = pull("articles", wiki(), settings=replace(CLOUD, spaces=("KB", "OLD")), found=found)
    assert requests[1].url.params.multi_items() == [("keys", "KB"), ("keys", "OLD"), ("limit", "250")]
    assert [f.text for f in found] == ["space OLD cannot be seen; the others go on"]


def test_a_missing_knowledge_base_is_reported() -> None:
    found: list[Finding] = []
    pull("articles", lambda _: {"results": []}, found=found)
    assert [(f.need, f.provides.answer if f.provides else "") for f in found] == [("articles", "no")]


def test_a_site_without_confluence_lacks_articles_and_nothing_else() -> None:
    with pytest.raises(UnavailableError, match="no Confluence on this site"):
        pull("articles", lambda _: httpx.Response(404, json={"message": "x"}))


def test_a_census_names_all_pages_and_none_where_no_space_is_seen() -> None:
    pages, _ = pull("article_census", wiki(page(1, "2026-05-31T10:00:00.000Z"), page(2, "2026-01-01T10:00:00.000Z")))
    assert pages[-1].present == {"article": ["1", "2"]}
    pages, _ = pull("article_census", lambda _: {"results": []})
    assert pages[-1].present == {}


def test_views_are_counted_where_the_plan_tells_them() -> None:
    wants = replace(CLOUD, views=True)

    def answers(request: httpx.Request) -> Any:
        if "/analytics/" in request.url.path:
            return {"id": 5, "count": 7}
        return wiki(page(5, "2026-05-31T10:00:00.000Z"))(request)

    pages, requests = pull("article_views", answers, settings=wants)
    assert records(pages, ArticleViews) == [ArticleViews("5", 7)]
    assert requests[-1].url.path == "/wiki/rest/api/analytics/content/5/views"

    def restricted(request: httpx.Request) -> Any:
        refused = httpx.Response(403, json={"statusCode": 403, "reason": "ViewAnalyticsRestricted"})
        return refused if "/analytics/" in request.url.path else answers(request)

    with pytest.raises(UnavailableError, match="ViewAnalyticsRestricted"):
        pull("article_views", restricted, settings=wants)


def test_confluence_is_requested_only_if_configured_and_supported() -> None:
    for settings in (replace(CLOUD, confluence=False), DATA_CENTER):
        connector = JiraServiceManagement(JiraServiceManagement.transport(settings), settings)
        assert not [s.name for s in connector.streams() if "article" in s.name]
        assert [f.need for f in connector.findings] == ["articles"]


def test_the_simulated_knowledge_base_arrives_with_every_edit(tmp_path: Path) -> None:
    site = Site(tmp_path, generate(5, tickets=40))
    site.sync()
    world, start = site.world, site.world.desk.start
    here = [a for a in world.desk.articles if not a.draft and a.created_at <= world.now]
    seen = {str(a.id) for a in here if a.archived_at is None or a.archived_at > world.now}
    assert {native for (native,) in site.rows("SELECT native FROM articles")} == seen
    edited = {(str(a.id), at) for a in here if str(a.id) in seen for at, _ in a.edits if start <= at <= world.now}
    sql = "SELECT a.native, e.at FROM article_edits e JOIN articles a ON a.id = e.article"
    assert edited <= set(site.rows(sql))
    assert HERE in site.rows("SELECT url FROM articles")[0][0]
