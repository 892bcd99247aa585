"""Knowledge bases on real accounts: who wrote an article then, what became visible without an edit, which apps write.

Small accounts of three helpdesks, synced and measured whole.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from small_account import SmallAccount, at

DAY = 86_400_000
FIRST, LATER = at("2026-03-09 12:00"), at("2026-03-18 12:00")
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "a-key-of-the-account")


def written(account: SmallAccount, now: int) -> list[tuple[str, str | None, str]]:
    """(article, by whom, kind) of everything that was written, robots left out."""
    rows = account.observations("article_activity", as_of=now)
    return sorted(((row["url"].rpartition("/")[2], row["agent"], row["facet"]) for row in rows), key=str)


# --- Confluence


class Site:
    """A site with one knowledge base. Who may edit is not on any issue."""

    def __init__(self, pages: Sequence[Row]) -> None:
        self.pages = list(pages)
        self.users = [
            {"accountId": "ann", "accountType": "atlassian", "displayName": "Agent One"},
            {"accountId": "sync-app", "accountType": "app", "displayName": "Page Sync"},
        ]

    def __call__(self, request: httpx.Request) -> Any:
        path = request.url.path
        desk = {"id": "10001", "key": "SUP", "name": "Support", "projectTypeKey": "service_desk"}
        fixed = {
            "/project/search": {"values": [desk], "isLast": True, "total": 1},
            "/spaces": {"results": [{"id": "1", "key": "KB", "type": "knowledge_base"}], "_links": {}},
            "/myself": {"accountId": "me", "accountType": "atlassian", "timeZone": "UTC"},
        }
        if found := next((answer for end, answer in fixed.items() if path.endswith(end)), None):
            return found
        if path.endswith("/user/bulk"):
            wanted = request.url.params.get_list("accountId")
            return {"values": [user for user in self.users if user["accountId"] in wanted], "isLast": True}
        if path.endswith("/versions"):
            [own] = [page for page in self.pages if page["id"] == path.split("/")[-2]]
            return {"results": own["versions"], "_links": {}}
        if path.endswith("/pages"):
            newest = sorted(self.pages, key=lambda page: page["version"]["createdAt"], reverse=True)
            return {"results": newest, "_links": {}}
        return None


def page(number: int, *versions: tuple[str, str], made_by: str = "ann") -> Row:
    """`versions`: (day, by whom), oldest first; the page was made with the first one."""
    told = [
        {"number": n, "createdAt": f"{day}T10:00:00.000Z", "authorId": who, "minorEdit": False}
        for n, (day, who) in enumerate(versions, 1)
    ]
    return {
        "id": str(number), "title": f"How {number}", "status": "current", "spaceId": "1", "authorId": made_by,
        "createdAt": told[0]["createdAt"], "version": told[-1], "versions": told[::-1],
        "_links": {"webui": f"/spaces/KB/pages/{number}"},
    }  # fmt: skip


@pytest.mark.trap("jira 72")
def test_an_app_that_edits_pages_and_is_on_no_issue_is_a_robot(tmp_path: Path) -> None:
    """Page 1 was made by a person and edited by an app; page 2 is the app's alone."""
    site = Site([page(1, ("2026-03-02", "ann"), ("2026-03-03", "sync-app")),
                 page(2, ("2026-03-04", "sync-app"), made_by="sync-app")])  # fmt: skip
    account = SmallAccount(tmp_path, "jira_service_management", site, own='agents = ["ann"]')
    account.sync(FIRST)
    assert written(account, FIRST) == [("1", "Agent One", "created")]
    with account.store() as store:
        assert store.rows("SELECT native, kind FROM people WHERE native IN ('ann', 'sync-app') ORDER BY 1") == [
            ("ann", "agent"), ("sync-app", "bot"),
        ]  # fmt: skip


@pytest.mark.trap("jira 73")
def test_a_page_that_is_moved_into_the_knowledge_base_is_read_though_nobody_edited_it(tmp_path: Path) -> None:
    """It was last edited in January, and lies in the space since March: the list of newest changes never reaches it."""
    site = Site([page(1, ("2026-03-02", "ann"))])
    account = SmallAccount(tmp_path, "jira_service_management", site, own='agents = ["ann"]')
    account.sync(FIRST)
    site.pages.append(page(7, ("2026-01-12", "ann"), ("2026-01-13", "ann")))
    account.sync(LATER)  # more than a week later, so that the census is due
    assert written(account, LATER) == [
        ("1", "Agent One", "created"), ("7", "Agent One", "created"), ("7", "Agent One", "substantive"),
    ]  # fmt: skip


def test_a_page_that_vanished_keeps_what_was_written_on_it(tmp_path: Path) -> None:
    site = Site([page(1, ("2026-03-02", "ann")), page(2, ("2026-03-03", "ann"))])
    account = SmallAccount(tmp_path, "jira_service_management", site, own='agents = ["ann"]')
    account.sync(FIRST)
    del site.pages[1]
    account.sync(LATER)
    assert written(account, LATER) == [("1", "Agent One", "created"), ("2", "Agent One", "created")]
    fresh = account.observations("article_freshness", as_of=LATER)
    assert [row["url"].rpartition("/")[2] for row in fresh if row["end"] is None or row["censored"] == "true"] == ["1"]


# --- Zendesk


class HelpCenter:
    def __init__(self, *articles: Row) -> None:
        self.articles = list(articles)
        self.exported = list(articles)  # what the incremental export gives; it knows nothing of restrictions

    def __call__(self, request: httpx.Request) -> Any:
        path = request.url.path.removeprefix("/api/v2/").removesuffix(".json")
        ended = {"end_of_stream": True, "after_cursor": "MQ==", "count": 0, "next_page": None}
        if path == "incremental/users/cursor":
            times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "active": True}
            people = [(501, "Agent One"), (502, "Agent Two")]
            return {"users": [{"id": n, "name": name, "role": "agent", **times} for n, name in people], **ended}
        if path == "brands":
            return {"brands": [], "meta": {"has_more": False}}
        if path == "help_center/incremental/articles":
            start = int(request.url.params["start_time"])
            found = [a for a in self.exported if at(a["updated_at"][:16].replace("T", " ")) // 1000 > start]
            end = max((at(a["updated_at"][:16].replace("T", " ")) // 1000 for a in found), default=start)
            return {
                "articles": [self._plain(a) for a in found],
                "count": len(found),
                "end_time": end,
                "next_page": None,
            }
        if path == "help_center/articles":
            beside = [t for a in self.articles for t in a["beside"]]
            shown = [self._plain(a) for a in self.articles]
            return {"articles": shown, "translations": beside, "meta": {"has_more": False}, "links": {}}
        if path.endswith("/translations"):
            [own] = [a for a in self.articles if str(a["id"]) == path.split("/")[-2]]
            return {"translations": own["beside"], "meta": {"has_more": False}}
        return None

    @staticmethod
    def _plain(article: Row) -> Row:
        return {key: value for key, value in article.items() if key != "beside"}


def article(
    number: int, author: int, *, made_by: int | None = None, day: str = "2026-03-02", draft: bool = False
) -> Row:
    moment = f"{day}T10:00:00Z"
    told = {"locale": "en-us", "title": f"How {number}", "body": "<p>So.</p>", "source_id": number, "draft": draft}
    made = {"created_by_id": made_by, "updated_by_id": made_by, "updated_at": moment, "created_at": moment}
    return {
        "id": number, "title": f"How {number}", "body": "<p>So.</p>", "html_url": f"https://acme.zendesk.com/{number}",
        "author_id": author, "created_at": "2026-03-02T10:00:00Z", "updated_at": moment, "edited_at": moment,
        "locale": "en-us", "draft": draft, "vote_sum": 0, "vote_count": 0,
        "beside": [] if made_by is None else [told | made],
    }  # fmt: skip


@pytest.mark.trap("zendesk 72")
def test_an_article_stays_whose_it_was_when_somebody_else_is_set_as_its_author(tmp_path: Path) -> None:
    """Agent One wrote it on 2 March; on 12 March an admin names Agent Two as the author of all articles."""
    center = HelpCenter(article(1, 501))
    account = SmallAccount(tmp_path, "zendesk", center)
    account.sync(FIRST)
    center.articles = center.exported = [article(1, 502, day="2026-03-12")]
    account.sync(LATER)
    assert ("1", "Agent One", "created") in written(account, LATER)
    assert not [who for _, who, kind in written(account, LATER) if who == "Agent Two" and kind == "created"]


def test_who_made_the_text_is_the_author_whoever_is_named_by_the_time_of_the_first_sync(tmp_path: Path) -> None:
    """`author_id` says Agent Two since before we came; the text itself was created by Agent One."""
    center = HelpCenter(article(1, 502, made_by=501))
    account = SmallAccount(tmp_path, "zendesk", center)
    account.sync(FIRST)
    assert written(account, FIRST)[0] == ("1", "Agent One", "created")


@pytest.mark.trap("zendesk 73")
def test_an_article_whose_restriction_is_lifted_is_read_by_the_census(tmp_path: Path) -> None:
    center = HelpCenter(article(1, 501))
    account = SmallAccount(tmp_path, "zendesk", center)
    account.sync(FIRST)
    center.articles.append(article(2, 502, day="2026-03-03"))  # older than the export's end: it is never exported
    account.sync(LATER)
    assert ("2", "Agent Two", "created") in written(account, LATER)


def test_an_article_that_becomes_a_draft_again_keeps_what_was_written_until_then(tmp_path: Path) -> None:
    """Taken back on 12 March: its creation on 2 March stays, and from then on it is not among those that are there."""
    center = HelpCenter(article(1, 501))
    account = SmallAccount(tmp_path, "zendesk", center)
    account.sync(FIRST)
    center.articles = center.exported = [article(1, 501, day="2026-03-12", draft=True)]
    account.sync(LATER)
    assert written(account, LATER) == [("1", "Agent One", "created")]
    [there] = account.observations("article_freshness", as_of=LATER)
    assert there["end"] == "2026-03-12T10:00:00Z"


def test_what_was_never_published_counts_as_nothing(tmp_path: Path) -> None:
    account = SmallAccount(tmp_path, "zendesk", HelpCenter(article(1, 501, draft=True)))
    account.sync(FIRST)
    assert written(account, FIRST) == []


# --- Freshdesk


class Solutions:
    def __init__(self, author: int) -> None:
        self.author = author
        self.hidden = False  # the article lies where the key sees nothing

    def __call__(self, request: httpx.Request) -> Any:
        path = request.url.path.removeprefix("/api/v2/")
        if path == "agents":
            names = [(101, "Agent One"), (102, "Agent Two"), (103, "Page Sync")]
            return [{"id": n, "type": "support_agent", "contact": {"name": name}} for n, name in names]
        lists: dict[str, Any] = {
            "solutions/categories": [{"id": 1, "name": "All"}],
            "solutions/categories/1/folders": [{"id": 2, "name": "All", "sub_folders_count": 0,
                                               "articles_count": 0 if self.hidden else 1}],
            "solutions/folders/2/articles": [] if self.hidden else [{
                "id": 9, "title": "How", "description": "So.", "agent_id": self.author, "status": 2,
                "created_at": "2026-03-02T10:00:00Z", "updated_at": "2026-03-02T10:00:00Z", "type": 1,
            }],
        }  # fmt: skip
        return None if path.startswith("export") else lists.get(path, [])


@pytest.mark.trap("freshdesk 72")
def test_another_agent_id_on_an_article_does_not_change_who_wrote_it(tmp_path: Path) -> None:
    solutions = Solutions(101)
    account = SmallAccount(tmp_path, "freshdesk", solutions)
    account.sync(FIRST)
    solutions.author = 102
    account.sync(LATER)
    assert written(account, LATER) == [("9", "Agent One", "created")]


@pytest.mark.trap("freshdesk 54")
def test_a_freshdesk_article_that_becomes_visible_counts_from_when_it_was_made(tmp_path: Path) -> None:
    """It is moved from a folder that the key cannot see, and has no new date; it was made on 2 March."""
    solutions = Solutions(101)
    solutions.hidden = True
    account = SmallAccount(tmp_path, "freshdesk", solutions)
    account.sync(FIRST)
    assert written(account, FIRST) == []
    solutions.hidden = False
    account.sync(LATER)
    [row] = account.observations("article_activity", as_of=LATER)
    assert (row["agent"], row["at"][:10]) == ("Agent One", "2026-03-02")


@pytest.mark.trap("freshdesk 54")
def test_a_freshdesk_article_that_vanished_keeps_who_wrote_it(tmp_path: Path) -> None:
    solutions = Solutions(101)
    account = SmallAccount(tmp_path, "freshdesk", solutions)
    account.sync(FIRST)
    solutions.hidden = True
    account.sync(LATER)
    assert written(account, LATER) == [("9", "Agent One", "created")]
    fresh = account.observations("article_freshness", as_of=LATER)
    assert [row for row in fresh if row["end"] is None or row["censored"] == "true"] == []


@pytest.mark.trap("freshdesk 54")
@pytest.mark.parametrize("bot", ["Page Sync", "103"])
def test_a_robot_that_writes_freshdesk_articles_and_is_on_no_ticket_is_a_robot(tmp_path: Path, bot: str) -> None:
    account = SmallAccount(tmp_path, "freshdesk", Solutions(103), more=f'[tickets]\nbots = ["{bot}"]')
    account.sync(FIRST)
    assert written(account, FIRST) == []
