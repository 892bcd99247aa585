"""The streams of a Jira site against small servers with their oddities: what they ask, and what they keep."""

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from jira_source import (
    CLOUD,
    DAY,
    FIELDS,
    HOUR,
    NOW,
    PROJECT,
    SINCE,
    comment,
    decode_body,
    is_probe,
    issue,
    kept,
    pull,
    records,
    searches,
    usual,
)
from msgspec.structs import replace

from helpdesk_kpi.errors import PullError, UnavailableError
from helpdesk_kpi.model import Changes, Event, Rating, SlaCycle, Ticket
from helpdesk_kpi.pull.contract import Finding, Todo


@pytest.mark.trap("jira 5", "jira 9")
def test_where_epochs_are_not_taken_minutes_of_the_accounts_zone_lose_nothing() -> None:
    """2026-06-01T09:50Z is 15:20 in Kolkata."""
    pages, requests = pull("issues", lambda _: {"issues": []}, cursor='{"at":1780307400000,"by":"zone"}')
    assert searches(requests)[0]["jql"].startswith('project in ("SUP") AND updated >= "2026-06-01 15:20"')
    assert kept(pages) == f'{{"at":{NOW - 600_000},"by":"zone","projects":["10001"]}}'


@pytest.mark.trap("jira 5", "jira 12")
@pytest.mark.parametrize(
    ("future", "past", "by"),
    [([], ["1"], "epoch"), ([], [], "zone"), (["1"], ["1"], "zone"), (None, None, "zone")],
    ids=["taken", "read_as_nothing", "ignored", "refused"],
)
def test_a_first_run_tries_whether_epoch_milliseconds_mean_what_they_should(
    future: list[str] | None, past: list[str] | None, by: str
) -> None:
    """An unread literal must not look like a quiet site."""
    refused = httpx.Response(400, json={"errorMessages": ["Date value is invalid"]})

    def answers(request: httpx.Request) -> Any:
        text = decode_body(request)["jql"]
        if not is_probe(request):
            return {"issues": []}
        given = future if "4102444800000" in text else past if "updated >= 0 " in text else ["1"]
        return refused if given is None else {"issues": [{"id": own} for own in given]}

    pages, requests = pull("issues", answers, probes=True)
    literal = f"{SINCE}" if by == "epoch" else '"2026-05-02 15:30"'
    assert f"updated >= {literal} ORDER" in searches(requests)[0]["jql"]
    assert ('"by":"zone"' in (kept(pages) or "")) == (by == "zone")


def test_a_later_run_remembers_how_times_are_written() -> None:
    _, requests = pull("issues", lambda _: {"issues": []}, cursor='{"at":5}')
    assert not [r for r in requests if is_probe(r)]
    assert searches(requests)[0]["jql"] == 'project in ("SUP") AND updated >= 5 ORDER BY updated ASC, id ASC'


@pytest.mark.trap("jira 6", "jira 7", "jira 33")
def test_a_run_that_stops_half_way_goes_on_a_minute_before_the_last_issue_it_saw() -> None:
    first = [issue(1, "2026-05-20T10:00:00.000+0000"), issue(2, "2026-05-20T10:07:00.000+0000")]

    def answers(request: httpx.Request) -> Any:
        if "nextPageToken" in decode_body(request):
            raise httpx.ReadError("cut")
        return {"issues": first, "nextPageToken": "a"}

    pages: list[Any] = []
    with pytest.raises(PullError):
        pull("issues", answers, cursor='{"at":5}', into=pages)
    assert kept(pages) == '{"at":1779271560000,"projects":["10001"]}'  # 10:06
    assert pages[-1].complete_until == 1_779_271_560_000


@pytest.mark.parametrize(
    ("projects", "searched"),
    [
        ('["10001"]', [('"SUP"', 5)]),
        ('["10002"]', [('"SUP"', SINCE), ('"SUP"', 5)]),  # and of one that is out of sight now, nothing
        ("[]", [('"SUP"', 5)]),
    ],
    ids=["as_before", "one_has_come_into_sight", "not_known"],
)
def test_a_project_that_comes_into_sight_later_is_read_from_the_first_day_on(
    projects: str, searched: list[tuple[str, int]]
) -> None:
    old = {"issues": [issue(1, "2026-05-10T10:00:00.000+0000")]}
    pages, requests = pull("issues", lambda _: old, cursor=f'{{"at":5,"projects":{projects}}}')
    texts = [f"project in ({keys}) AND updated >= {since} ORDER BY updated ASC, id ASC" for keys, since in searched]
    assert [one["jql"] for one in searches(requests)] == texts
    assert [page.cursor is None for page in pages[: len(searched) - 1]] == [True] * (len(searched) - 1)
    assert (kept(pages) or "").endswith('"projects":["10001"]}')


@pytest.mark.parametrize(("behind", "less"), [(0.9, 0), (90, 90_000), (40 * 86_400, 40 * 86_400_000)])
def test_a_site_with_a_slow_clock_is_searched_again_from_its_own_time(behind: float, less: int) -> None:
    """Dates come in whole seconds, so a second says nothing. Of what lies after its own time a site knows nothing."""
    date = format_datetime(datetime.fromtimestamp(NOW / 1000 - behind, UTC), usegmt=True)

    def dated(request: httpx.Request) -> Any:
        is_first = request.url.path.endswith("/myself")
        return httpx.Response(200, json=usual(request), headers={"date": date}) if is_first else None

    pages, _ = pull("issues", lambda _: {"issues": []}, cursor='{"at":5}', odd=dated, clock=lambda: NOW / 1000)
    assert (kept(pages) or "").startswith(f'{{"at":{NOW - 600_000 - less},')


def test_a_cursor_never_goes_back() -> None:
    pages, _ = pull("issues", lambda _: {"issues": []}, cursor=f'{{"at":{NOW - 1}}}')
    assert (kept(pages) or "").startswith(f'{{"at":{NOW - 1},')


@pytest.mark.trap("jira 25")
def test_issues_are_stored_page_by_page_and_never_all_in_one_list() -> None:
    """While page n is stored, page n + 1 has not been asked for."""
    stored: list[int] = []

    def answers(request: httpx.Request) -> Any:
        number = int(decode_body(request).get("nextPageToken", 0))
        assert len(stored) == number
        more = {"nextPageToken": str(number + 1)} if number < 20 else {}
        return {"issues": [issue(number)], **more}

    pull("issues", answers, cursor='{"at":5}', store=lambda page: stored.append(len(page.records)))
    assert len(stored) == 22


def late_site(request: httpx.Request) -> Any:
    return {"issues": [issue(1), issue(2), issue(3, "2026-06-01T09:59:00.000+0000")]}


@pytest.mark.trap("jira 8")
def test_only_what_the_store_lacks_is_read_again_and_how_late_it_was_is_said() -> None:
    at = 1_779_271_200_000  # 2026-05-20T10:00Z, 288 hours ago
    found: list[Finding] = []
    pages, requests = pull("look_back", late_site, cursor=str(NOW - HOUR), versions={"1": at, "2": at - 5}, found=found)
    assert [t.id for t in records(pages, Ticket)] == ["2", "3"]
    assert f"updated >= {NOW - 13 * HOUR} " in searches(requests)[0]["jql"]
    [finding] = found
    assert finding.text == "1 issues appeared late: Jira's search index was behind by up to 288.0 hours"


def test_looking_back_reaches_behind_a_pause() -> None:
    _, requests = pull("look_back", lambda _: {"issues": []}, cursor=str(NOW - 5 * DAY))
    assert f"updated >= {NOW - 5 * DAY - 12 * HOUR} " in searches(requests)[0]["jql"]


def test_after_a_first_sync_there_is_nothing_to_look_back_at() -> None:
    pages, requests = pull("look_back", late_site)
    assert (requests, kept(pages)) == ([], str(NOW))


def clock(elapsed: int, **more: Any) -> dict[str, Any]:
    run = {"startTime": {"epochMillis": 10}, "elapsedTime": {"millis": elapsed}, "goalDuration": {"millis": 90}, **more}
    return {"id": "10030", "completedCycles": [], "ongoingCycle": run}


def test_clocks_of_open_issues_are_read_without_a_change_of_the_issue() -> None:
    rows = [issue(1, customfield_10030=clock(100, breached=True)), issue(2, customfield_10030=None)]
    pages, requests = pull("open_issues", lambda _: {"issues": rows}, cursor="5")
    assert searches(requests)[0]["jql"] == 'project in ("SUP") AND statusCategory != Done ORDER BY id ASC'
    assert searches(requests)[0]["fields"] == ["updated", "customfield_10030"]
    [cycle] = records(pages, SlaCycle)
    assert (cycle.ticket, cycle.is_breached, cycle.elapsed, cycle.read_at) == ("1", True, 100, NOW)
    assert records(pages, Ticket) == []


def test_ratings_are_found_by_their_own_date() -> None:
    rows = [issue(1, customfield_10040={"rating": 5, "scale": 5}, customfield_10041="2026-05-30T10:00:00.000+0000")]
    pages, requests = pull("ratings", lambda _: {"issues": rows}, cursor=str(NOW - DAY))
    assert f"cf[10041] >= {NOW - DAY - 12 * HOUR} " in searches(requests)[0]["jql"]
    assert [(r.ticket, r.category) for r in records(pages, Rating)] == [("1", "good")]
    assert kept(pages) == str(NOW - 600_000)


def test_a_site_without_ratings_is_reported_and_not_searched() -> None:
    found: list[Finding] = []
    pages, requests = pull("ratings", lambda _: {"issues": []}, fields=FIELDS[:2], found=found)
    assert searches(requests) == []
    assert pages[-1].complete_until == NOW
    assert [(f.need, f.provides.answer if f.provides else "") for f in found] == [("survey.answers", "no")]


def test_rating_comments_are_read_only_if_they_are_kept() -> None:
    rows = [issue(1, customfield_10040=5), issue(2, customfield_10040=1)]

    def answers(request: httpx.Request) -> Any:
        if request.url.path == "/rest/servicedeskapi/request/1/feedback":
            return {"type": "csat", "rating": 5, "comment": {"body": "Great"}}
        if request.url.path.endswith("/feedback"):
            return httpx.Response(404, json={"errorMessage": "none"})
        return {"issues": rows}

    pages, requests = pull("ratings", answers, cursor="5")
    assert not [r for r in requests if r.url.path.endswith("/feedback")]
    wants = replace(CLOUD, include_ratings_comment=True)
    pages, _ = pull("ratings", answers, cursor="5", settings=wants)
    assert [(r.ticket, r.comment) for r in records(pages, Rating)] == [("1", "Great"), ("2", None)]
    pages, _ = pull("issues", answers, cursor='{"at":5}', settings=wants)
    # Without words, which leave those alone that are there; a rating of an issue that was out of sight comes so.
    assert [(r.ticket, r.comment) for r in records(pages, Rating)] == [("1", None), ("2", None)]


@pytest.mark.trap("jira 13", "jira 23")
def test_a_project_that_cannot_be_seen_is_not_counted_and_the_others_go_on() -> None:
    """Its issues are out of sight, which is not deleted."""
    found: list[Finding] = []
    both = replace(CLOUD, projects=("SUP", "OLD"))
    pages, requests = pull(
        "issue_census", lambda _: {"issues": [{"id": "1"}]}, settings=both, found=found, versions={"1": 5}
    )
    assert [(p.present, p.within) for p in pages] == [({"ticket": ["1"]}, "10001"), ({}, None)]
    assert searches(requests) == [{"jql": 'project in ("SUP") ORDER BY id ASC', "fields": ["id"], "maxResults": 5000}]
    assert "project OLD is not visible" in found[0].text


def test_without_projects_nothing_is_requested_and_nothing_deleted() -> None:
    with pytest.raises(UnavailableError, match="no service project is visible"):
        pull("issue_census", lambda _: {"issues": []}, settings=replace(CLOUD, projects=("OLD",)))


def test_histories_of_a_thousand_issues_are_one_request_and_done_with_the_last_page() -> None:
    def answers(request: httpx.Request) -> Any:
        body = decode_body(request)
        assert len(body["issueIdsOrKeys"]) <= 1000
        assert len(body["fieldIds"]) <= 10
        history = {"id": "5", "created": 1_779_271_200, "items": [{"fieldId": "status", "from": "1", "to": "2"}]}
        log = {"issueId": body["issueIdsOrKeys"][0], "changeHistories": [history]}
        last = {"issueChangeLogs": [log]}
        return last if "nextPageToken" in body else {**last, "nextPageToken": "a"}

    todo = tuple(Todo(number, str(number)) for number in range(1, 1502))
    pages, requests = pull("changes", answers, todo=todo)
    assert len([r for r in requests if r.url.path.endswith("/changelog/bulkfetch")]) == 4
    assert [len(p.done) for p in pages] == [0, 0, 1000, 0, 0, 501]
    assert [p.complete_until for p in pages if p.done] == [1000, NOW]
    assert len(records(pages, Changes)) == 1501
    assert {e.ticket for e in records(pages, Event)} == {"1", "1001"}


def test_a_queue_that_is_empty_is_whole_without_a_request() -> None:
    for stream in ("changes", "comments", "article_versions"):
        pages, requests = pull(stream, lambda _: {})
        assert (requests, pages[-1].complete_until) == ([], NOW)


def test_a_broken_history_is_set_aside_and_the_rest_is_read() -> None:
    good = {"id": "5", "created": 1_779_271_200, "items": [{"fieldId": "status", "from": "1", "to": "2"}]}
    odd = [{"id": "6"}, {**good, "id": "7", "created": "51502-10-05T02:00:00.000+0200"}]
    answer = {"issueChangeLogs": [{"issueId": "1", "changeHistories": [good, *odd]}]}
    pages, _ = pull("changes", lambda _: answer, todo=(Todo(5, "1"),))
    assert [e.id for e in records(pages, Event)] == ["5:status"]
    assert [a.id for p in pages for a in p.rejected] == ["1 history 6", "1 history 7"]


def test_an_issue_that_cannot_be_read_is_set_aside_and_the_page_goes_on() -> None:
    rows = [issue(1), issue(2, created="yesterday"), {"key": "SUP-3"}, issue(4)]
    pages, _ = pull("issues", lambda _: {"issues": rows}, cursor='{"at":5}')
    assert [t.id for t in records(pages, Ticket)] == ["1", "4"]
    assert [a.id for a in pages[0].rejected] == ["row 2", "2"]


@pytest.mark.trap("jira 24")
def test_an_issue_of_a_service_project_that_is_no_request_is_a_ticket_all_the_same() -> None:
    """The service desk's own API answers 404 for it; the search does not."""
    task = issue(1, issuetype={"id": "1", "name": "Task"}, customfield_10010=None, customfield_10030=None)
    pages, requests = pull("issues", lambda _: {"issues": [task]}, cursor='{"at":5}')
    assert records(pages, Ticket)[0].form is None
    assert not [r for r in requests if "servicedeskapi" in r.url.path]


def test_comments_of_a_software_project_are_never_public_even_if_fetched_separately() -> None:
    software = {**PROJECT, "projectTypeKey": "software"}
    row = issue(1, project=software, comment={"total": 30, "comments": []})
    pages, _ = pull("issues", lambda _: {"issues": [row]}, cursor='{"at":5}')
    [todo] = pages[0].todo["comments"]
    pages, requests = pull("comments", lambda _: {"comments": [comment(1)], "total": 1}, todo=(todo,))
    assert [(e.ticket, e.public) for e in records(pages, Event)] == [("1", False)]
    assert requests[-1].url.path == "/rest/api/3/issue/1/comment"
