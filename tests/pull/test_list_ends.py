"""A list ends only by its endpoint's own documented end: rows without a word on what follows are an error.

Each simulated helpdesk answers here without the keys by which its lists go on. Before, such an answer read as "that was
all", and its stream was called whole.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import test_connector_contract as benches
from small_account import SmallAccount, at

from helpdesk_kpi.errors import PullError
from helpdesk_kpi.pull.paging import PageWalk
from helpdesk_kpi.testing.http_faults import FakeResponse, RecordedRequest

NO_WORD = "rows came, and no word on whether more follow"
#: What tells of further pages, wherever it stands. Of Jira, `nextPageToken` is absent on the last page as documented.
WORDS = {
    "zendesk": {"meta", "next_page", "end_of_stream", "end_time", "after_cursor"},
    "jira": {"total", "isLast", "lastPage", "_links"},
}
#: The streams whose lists have pages and, in the simulated desk, rows. The schedules, policies, custom statuses and
#: forms of Zendesk have no pages at all; the search of Jira ends where no token is, whatever else is told.
PAGED = {
    "zendesk": {
        "brands", "ticket_fields", "organizations", "users", "groups", "group_memberships", "tickets", "ticket_events",
        "sla_events", "calls", "satisfaction_ratings",
    },
    "jira": {"priorities", "projects", "articles", "article_census"},
}  # fmt: skip
DESKS = {"zendesk": benches.TestZendesk, "jira": benches.TestJira}


def without(words: Collection[str], requested: RecordedRequest, answer: FakeResponse) -> FakeResponse:
    """The answer without these keys at its top; rows keep theirs."""
    if not requested.credentials or answer.status != 200 or "json" not in answer.headers.get("content-type", ""):
        return answer
    reported = msgspec.json.decode(answer.body)
    if not isinstance(reported, dict):
        return answer
    return answer._replace(body=msgspec.json.encode({k: v for k, v in reported.items() if k not in words}))


@pytest.mark.parametrize("name", DESKS)
@pytest.mark.trap("zendesk 92", "jira 92")
def test_rows_without_a_word_on_what_follows_fail_their_stream(name: str, tmp_path: Path) -> None:
    with DESKS[name]().under(tmp_path, change=lambda requested, answer: without(WORDS[name], requested, answer)) as (
        account,
        _,
    ):
        results = {r.stream: r for r in account.sync()}
    silent = {stream for stream, r in results.items() if r.outcome == "failed" and NO_WORD in r.reason}
    assert PAGED[name] <= silent, PAGED[name] - silent
    whole = account.rows(f"SELECT stream FROM cursors WHERE complete_until >= {account.ms - 80_000}")
    assert not {stream for (stream,) in whole} & PAGED[name]  # and nothing says that they are whole up to now


#: Path -> the endpoint that the error names (sessions have an error of their own). One at a time: a list that fails
#: takes streams with it that need it.
ONE_BY_ONE = [
    ("zendesk", path, name)
    for path, name in {
        "brands": "brands", "ticket_fields": "ticket_fields", "incremental/organizations": "incremental/organizations",
        "incremental/users/cursor": "incremental/users", "groups": "groups", "group_memberships": "group_memberships",
        "incremental/tickets/cursor": "incremental/tickets", "incremental/ticket_events": "incremental/ticket_events",
        "incremental/ticket_metric_events": "incremental/ticket_metric_events",
        "channels/voice/stats/incremental/calls": "channels/voice/stats/incremental/calls",
        "satisfaction_ratings": "satisfaction_ratings",
        "guide/survey_responses": "guide/survey_responses",
        "help_center/incremental/articles": "help_center/articles", "help_center/articles": "help_center/census",
    }.items()
] + [
    ("jira", path, name)
    for path, name in {
        "project/search": "projects", "priority/search": "priorities", "spaces": "spaces", "pages": "articles",
        "group/member": "group/member",
    }.items()
]  # fmt: skip


@pytest.mark.parametrize(("desk", "path", "endpoint"), ONE_BY_ONE, ids=lambda value: value)
def test_a_list_without_a_word_on_what_follows_fails_and_is_identified(
    desk: str, path: str, endpoint: str, tmp_path: Path
) -> None:
    def change(query: RecordedRequest, answer: FakeResponse) -> FakeResponse:
        return without(WORDS[desk], query, answer) if query.path.endswith(f"/{path}") else answer

    with DESKS[desk]().under(tmp_path, change=change) as (account, sky):
        results = account.sync()
    assert any(requested.path.endswith(f"/{path}") for requested in sky.requests), "the path is not requested"
    failed = {r.stream: r.reason for r in results if r.outcome == "failed"}
    assert [reason for reason in failed.values() if reason.startswith(f"{endpoint}: {NO_WORD}")]


@pytest.mark.parametrize(
    ("page", "ends"),
    [
        ({"comments": [{"id": "1", "created": "2026-03-02T09:00:00.000+0000"}], "total": 1}, "ok"),
        ({"comments": [{"id": "1", "created": "2026-03-02T09:00:00.000+0000"}]}, NO_WORD),
        ({"comments": []}, "ok"),
    ],
    ids=["with_total", "without", "empty"],
)
def test_comments_of_an_issue_end_by_their_total(
    page: dict[str, Any], ends: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_KEY", "k3y")
    status = {"id": "1", "name": "Open", "statusCategory": {"key": "new"}}
    project = {"id": "10", "key": "SUP", "name": "Support", "projectTypeKey": "service_desk"}
    fields = {"created": "2026-03-02T08:00:00.000+0000", "updated": "2026-03-02T08:00:00.000+0000", "status": status,
              "project": project, "summary": "x"}  # fmt: skip

    def answers(request: httpx.Request) -> Any:
        path = request.url.path.removeprefix("/rest/api/3/")
        lists: dict[str, Any] = {
            "myself": {"accountId": "a"}, "field": [], "status": [status],
            "project/search": {"values": [project], "isLast": True}, "priority/search": {"values": [], "isLast": True},
            "search/jql": {"issues": [{"id": "7", "key": "SUP-7", "fields": fields}], "isLast": True},
            "changelog/bulkfetch": {"issueChangeLogs": []}, "issue/7/comment": page,
        }  # fmt: skip
        return lists.get(path)

    results = {
        r.stream: r for r in SmallAccount(tmp_path, "jira_service_management", answers).sync(at("2026-03-10 12:00"))
    }
    assert results["comments"].outcome == "ok" if ends == "ok" else ends in results["comments"].reason


def test_a_walk_follows_each_place_once() -> None:
    walk = PageWalk("things", "a")
    assert walk.advance(more=True, to="b", has_rows=True)
    assert not walk.advance(more=False, to=None, has_rows=True)
    assert not walk.advance(more=None, has_rows=False)
    with pytest.raises(PullError, match="things: the cursor does not move on from b"):
        walk.advance(more=True, to="a", has_rows=True)
    with pytest.raises(PullError, match=f"things: {NO_WORD}"):
        walk.advance(more=None, to="c", has_rows=True)
    with pytest.raises(PullError, match="does not move on"):
        walk.advance(more=True, to=None, has_rows=True)
