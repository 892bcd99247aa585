"""The simulated Jira API: Confluence, on Cloud and on Data Center."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jira_client import ask, client, search
from simulator_fixtures import ANN, at
from simulator_fixtures import world as by_hand

from helpdesk_kpi.simulator.jira.auth import PERSONAL_TOKEN
from helpdesk_kpi.simulator.world.facts import ArticleFact
from helpdesk_kpi.simulator.world.world import World, generate

WIKI = "/wiki/api/v2"


@pytest.fixture(scope="module")
def world() -> World:
    return generate(3, tickets=200)


@pytest.fixture(scope="module")
def api(world: World) -> Iterator[httpx.Client]:
    with client(world) as made:
        yield made


def fetch_list(api: httpx.Client, path: str) -> list[Any]:
    """All pages; the next address is relative to the site."""
    rows: list[Any] = []
    while path:
        answer = api.get(path)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        rows, path = rows + page["results"], page["_links"].get("next", "")
        assert (f'<{path}>; rel="next"' in answer.headers["link"]) is bool(path)
        assert path.startswith("/wiki/") or not path
        assert page["_links"]["base"].endswith("/wiki")  # joined with the next address, it would be there twice
    return rows


def shown(world: World) -> list[ArticleFact]:
    """Drafts are their authors' only; some articles ended before they began."""
    here = [article for article in world.desk.articles if not article.draft and article.created_at <= world.now]
    return [article for article in here if article.archived_at is None or article.archived_at > article.created_at]


def test_the_knowledge_base_tells_its_kind_and_its_pages_go_by_cursor(api: httpx.Client, world: World) -> None:
    (space,) = ask(api, f"{WIKI}/spaces", type="knowledge_base")["results"]
    assert len(ask(api, f"{WIKI}/spaces")["results"]) == 2
    rows = fetch_list(api, f"{WIKI}/pages?space-id={space['id']}&sort=-modified-date&limit=3")
    times = [row["version"]["createdAt"] for row in rows]
    assert times == sorted(times, reverse=True)
    there = [article for article in shown(world) if article.archived_at is None]
    assert {row["id"] for row in rows} == {str(article.id) for article in there}
    assert len(rows) == len(there)
    assert fetch_list(api, f"{WIKI}/pages?space-id=1") == []


def test_a_page_names_its_first_and_its_last_author_and_versions_name_all(api: httpx.Client, world: World) -> None:
    article = next(a for a in shown(world) if len(a.edits) > 1 and a.archived_at is None)
    row = ask(api, f"{WIKI}/pages/{article.id}")
    editors = [article.author, *(who for _, who in article.edits)]
    assert row["authorId"] == f"712020:{editors[0]}"
    assert (row["version"]["number"], row["version"]["authorId"]) == (len(editors), f"712020:{editors[-1]}")
    versions = fetch_list(api, f"{WIKI}/pages/{article.id}/versions?limit=1")
    assert [(v["number"], v["authorId"]) for v in versions] == [(i, f"712020:{w}") for i, w in enumerate(editors, 1)]
    assert fetch_list(api, f"{WIKI}/pages/{article.id}/versions?sort=-modified-date") == versions[::-1]
    assert ask(api, f"{WIKI}/pages/{article.id}", **{"body-format": "storage"})["body"]["storage"]["value"]
    likes = ask(api, f"{WIKI}/pages/{article.id}/likes/count")["count"]
    assert likes == sum(vote > 0 for _, _, vote in article.votes)
    users = api.post(f"{WIKI}/users-bulk", json={"accountIds": [row["authorId"], "712020:1"]}).json()["results"]
    assert [user["accountId"] for user in users] == [row["authorId"]]


def test_a_deleted_page_appears_in_the_bin_only() -> None:
    article = ArticleFact(id=77, title="Old", body="Text", author=ANN, created_at=at("mon 10:00"), section=1,
                      archived_at=at("wed 10:00"))  # fmt: skip
    made = by_hand(articles=(article,))
    with client(made) as api:
        for now, current, trashed in (("mon 09:00", 0, 0), ("tue 10:00", 1, 0), ("thu 10:00", 0, 1)):
            made.now = at(now)
            assert len(fetch_list(api, f"{WIKI}/pages")) == current
            assert len(fetch_list(api, f"{WIKI}/pages?status=trashed")) == trashed
            assert api.get(f"{WIKI}/pages/77/versions").status_code == (200 if current or trashed else 404)


def test_a_cursor_goes_with_its_query(api: httpx.Client) -> None:
    path = ask(api, f"{WIKI}/pages", sort="-modified-date", limit=2)["_links"]["next"]
    assert api.get(path).status_code == 200
    for wrong in (path.replace("-modified-date", "title"), f"{WIKI}/pages?cursor=no", f"{WIKI}/pages?limit=251",
                  f"{WIKI}/pages?sort=nonsense"):  # fmt: skip
        refused = api.get(wrong)
        assert (refused.status_code, refused.json()["statusCode"]) == (400, 400)


def test_only_expensive_plans_report_views(api: httpx.Client, world: World) -> None:
    article = max(shown(world), key=lambda a: len(a.votes))
    path = f"/wiki/rest/api/analytics/content/{article.id}/views"
    refused = api.get(path)
    assert (refused.status_code, refused.json()["reason"]) == (403, "ViewAnalyticsRestricted")
    with client(world, analytics=True) as dearer:
        assert ask(dearer, path) == {"id": article.id, "count": len(article.votes)}
        assert ask(dearer, path, fromDate="2999-01-01T00:00:00.000Z")["count"] == 0


def test_without_a_help_centre_in_the_plan_everything_is_forbidden(api: httpx.Client, world: World) -> None:
    try:
        world.plan_without = {"guide"}
        refused = api.get(f"{WIKI}/spaces")
        assert (refused.status_code, refused.json()["statusCode"]) == (403, 403)
    finally:
        world.plan_without = set()


def test_links_in_comments_lead_to_pages(api: httpx.Client, world: World) -> None:
    bodies = str([issue["fields"]["comment"] for issue in search(api, fields=["comment"])])
    pages = {str(article.id) for article in world.desk.articles}
    linked = {part.split("/")[0] for part in bodies.split("/wiki/spaces/KB/pages/")[1:]}
    assert linked
    assert linked <= pages
    assert "inlineCard" in bodies
    assert "'type': 'link'" in bodies


def test_data_center_lists_content_by_offset(world: World) -> None:
    article = next(a for a in shown(world) if a.edits and a.archived_at is None)
    with client(world, kind="datacenter", auth=None) as api:
        api.headers["authorization"] = f"Bearer {PERSONAL_TOKEN}"
        first = ask(api, "/rest/api/content", expand="version,history", limit=4)
        rows = list(first["results"])
        while "next" in first["_links"]:
            first = api.get(first["_links"]["next"]).json()
            rows += first["results"]
        there = [one for one in shown(world) if one.archived_at is None]
        assert [row["id"] for row in rows] == [str(one.id) for one in there]
        row = next(row for row in rows if row["id"] == str(article.id))
        names = {account.id: account.name for account in world.desk.accounts}
        assert row["version"]["by"]["displayName"] == names[article.edits[-1][1]]
        assert row["history"]["createdBy"]["displayName"] == names[article.author]
        versions = ask(api, f"/rest/api/content/{article.id}/version")["results"]
        assert [version["number"] for version in versions] == list(range(len(article.edits) + 1, 0, -1))
        assert ask(api, "/rest/api/content", spaceKey="TEAM")["results"] == []
        assert [space["key"] for space in ask(api, "/rest/api/space")["results"]] == ["KB", "TEAM"]
