"""Knowledge bases on real accounts: who wrote an article then, what became visible without an edit, which apps write.

Small accounts of three helpdesks, synced and measured whole.
"""

from pathlib import Path

import pytest
from knowledge_fixtures import FIRST, LATER, HelpCenter, Site, Solutions, article, page, written
from small_account import SmallAccount


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "a-key-of-the-account")


# --- Confluence


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
    fresh = account.list_observations("article_freshness", as_of=LATER)
    assert [row["url"].rpartition("/")[2] for row in fresh if row["end"] is None or row["censored"] == "true"] == ["1"]


# --- Zendesk


@pytest.mark.trap("zendesk 72")
def test_an_article_stays_of_which_it_was_when_somebody_else_is_set_as_its_author(tmp_path: Path) -> None:
    """Agent One wrote it on 2 March; on 12 March an admin names Agent Two as the author of all articles."""
    center = HelpCenter(article(1, 501))
    account = SmallAccount(tmp_path, "zendesk", center)
    account.sync(FIRST)
    center.articles = center.exported = [article(1, 502, day="2026-03-12")]
    account.sync(LATER)
    assert ("1", "Agent One", "created") in written(account, LATER)
    assert not [who for _, who, kind in written(account, LATER) if who == "Agent Two" and kind == "created"]


def test_who_made_the_text_is_the_author_whoever_is_identified_by_the_time_of_the_first_sync(tmp_path: Path) -> None:
    """`author_id` says Agent Two since before we came; the text itself was created by Agent One."""
    center = HelpCenter(article(1, 502, made_by=501))
    account = SmallAccount(tmp_path, "zendesk", center)
    account.sync(FIRST)
    assert written(account, FIRST)[0] == ("1", "Agent One", "created")


@pytest.mark.trap("zendesk 73")
def test_an_article_of_which_restriction_is_lifted_is_read_by_the_census(tmp_path: Path) -> None:
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
    [there] = account.list_observations("article_freshness", as_of=LATER)
    assert there["end"] == "2026-03-12T10:00:00Z"


def test_what_was_never_published_counts_as_nothing(tmp_path: Path) -> None:
    account = SmallAccount(tmp_path, "zendesk", HelpCenter(article(1, 501, draft=True)))
    account.sync(FIRST)
    assert written(account, FIRST) == []


# --- Freshdesk


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
    [row] = account.list_observations("article_activity", as_of=LATER)
    assert (row["agent"], row["at"][:10]) == ("Agent One", "2026-03-02")


@pytest.mark.trap("freshdesk 54")
def test_a_freshdesk_article_that_vanished_keeps_who_wrote_it(tmp_path: Path) -> None:
    solutions = Solutions(101)
    account = SmallAccount(tmp_path, "freshdesk", solutions)
    account.sync(FIRST)
    solutions.hidden = True
    account.sync(LATER)
    assert written(account, LATER) == [("9", "Agent One", "created")]
    fresh = account.list_observations("article_freshness", as_of=LATER)
    assert [row for row in fresh if row["end"] is None or row["censored"] == "true"] == []


@pytest.mark.trap("freshdesk 54")
@pytest.mark.parametrize("bot", ["Page Sync", "103"])
def test_a_robot_that_writes_freshdesk_articles_and_is_on_no_ticket_is_a_robot(tmp_path: Path, bot: str) -> None:
    account = SmallAccount(tmp_path, "freshdesk", Solutions(103), more=f'[tickets]\nbots = ["{bot}"]')
    account.sync(FIRST)
    assert written(account, FIRST) == []
