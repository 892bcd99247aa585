"""The three ways to a Jira: how pages are turned, where they end, and what refusals mean."""

import json
import re
from typing import Any

import httpx
import msgspec
import pytest
from jira_source import (
    CLOUD,
    DATA_CENTER,
    NOW,
    Answers,
    comment,
    decode_body,
    issue,
    kept,
    pull,
    records,
    searches,
)

from connectors.jira_service_management import JiraServiceManagement
from connectors.jira_service_management.errors import classify_response, read_limits
from connectors.jira_service_management.payloads import ms
from connectors.jira_service_management.settings import GATEWAY, Credentials, Settings
from helpdesk_kpi.errors import AccessError, ConfigError, PullError, UnavailableError
from helpdesk_kpi.model import Event, Replies, Ticket
from helpdesk_kpi.pull.contract import Todo
from helpdesk_kpi.pull.rate_limits import Allowance

SCOPED = msgspec.structs.replace(CLOUD, gateway=True)


def pages_of(*pages: dict[str, Any]) -> Answers:
    """A search in pages: each after the first is asked for by the token of the one before."""

    def answers(request: httpx.Request) -> Any:
        token = decode_body(request).get("nextPageToken")
        place = 0 if token is None else next(i for i, p in enumerate(pages, 1) if p.get("nextPageToken") == token)
        return pages[place]

    return answers


# Cloud


@pytest.mark.trap("jira 2")
def test_a_search_names_its_fields_and_is_a_post() -> None:
    _, requests = pull("issues", lambda _: {"issues": []})
    [body] = searches(requests)
    assert requests[-1].method == "POST"
    assert requests[-1].url.path == "/rest/api/3/search/jql"
    assert {"updated", "status", "comment", "customfield_10030", "customfield_10040"} <= set(body["fields"])
    assert "*all" not in body["fields"]
    assert body["properties"] == ["request.channel.type"]
    assert "expand" not in body


@pytest.mark.trap("jira 10", "jira 11")
def test_only_a_missing_token_ends_a_search() -> None:
    """`isLast` is wrong at times, absent at others, and pages are shorter than asked for."""
    pages, requests = pull(
        "issues",
        pages_of(
            {"issues": [issue(1)], "nextPageToken": "a", "isLast": True},
            {"issues": [issue(2)], "nextPageToken": "b"},
            {"issues": [issue(3)], "isLast": False},
        ),
    )
    assert [t.id for t in records(pages, Ticket)] == ["1", "2", "3"]
    assert [b.get("nextPageToken") for b in searches(requests)] == [None, "a", "b"]


@pytest.mark.trap("jira 30")
def test_the_query_stays_the_same_over_all_pages() -> None:
    _, requests = pull("issues", pages_of({"issues": [issue(1)], "nextPageToken": "a"}, {"issues": [issue(2)]}))
    first, second = searches(requests)
    assert second.pop("nextPageToken") == "a"
    assert first == second


@pytest.mark.trap("jira 10")
@pytest.mark.parametrize("rows", [[issue(1)], []], ids=["with_rows", "empty"])
def test_a_token_that_leads_nowhere_is_an_error_and_no_loop(rows: list[Any]) -> None:
    with pytest.raises(PullError, match="does not move on"):
        pull("issues", lambda _: {"issues": rows, "nextPageToken": "a"})


@pytest.mark.trap("jira 33")
def test_no_token_is_kept_since_they_end_after_a_week() -> None:
    pages, _ = pull("issues", pages_of({"issues": [issue(1)], "nextPageToken": "tok3n"}, {"issues": []}))
    assert all("tok3n" not in (page.cursor or "") for page in pages)


def test_projects_are_read_to_the_last_page_whatever_the_server_gives_at_once() -> None:
    def answers(request: httpx.Request) -> Any:
        start = int(request.url.params["startAt"])
        rows = [{"id": str(n), "name": f"P{n}"} for n in range(start, min(start + 2, 5))]
        return {"values": rows, "total": 5}

    pages, requests = pull(
        "priorities", lambda _: None, odd=lambda r: answers(r) if "/priority" in r.url.path else None
    )
    assert [r.id for page in pages for r in page.records] == ["0", "1", "2", "3", "4"]  # type: ignore[union-attr]
    assert [r.url.params["startAt"] for r in requests if r.url.path.endswith("/priority/search")] == ["0", "2", "4"]


# comments


@pytest.mark.trap("jira 32", "jira 11", "jira 3")
def test_a_comment_that_is_met_twice_while_somebody_writes_counts_once() -> None:
    """One is deleted and one is written while pages are turned: numbers shift, and the total with them."""

    def answers(request: httpx.Request) -> Any:
        start = int(request.url.params["startAt"])
        rows = {0: [1, 2, 3], 3: [3, 4], 5: []}[start]
        return {"comments": [comment(n) for n in rows], "total": 5 + (start == 3), "maxResults": 3}

    pages, _ = pull("comments", answers, todo=(Todo(5, "7"),))
    assert [e.id for e in records(pages, Event)] == [f"comment:{n}" for n in (1, 2, 3, 4)]
    assert records(pages, Replies) == [Replies("7", 5)]
    assert (pages[0].replaces, pages[0].done) == ([("comment", "7")], [Todo(5, "7")])


def test_an_issue_that_is_gone_settles_its_place_in_the_queue() -> None:
    pages, _ = pull("comments", lambda _: httpx.Response(404, json={"errorMessages": ["gone"]}), todo=(Todo(5, "7"),))
    assert records(pages, Replies) == [Replies("7", 5, "unreadable")]
    assert pages[0].done == [Todo(5, "7")]
    assert pages[0].replaces == ()


# the gateway


def test_scoped_tokens_use_the_gateway_and_the_site_id_is_requested_without_credentials() -> None:
    def answers(request: httpx.Request) -> Any:
        if request.url.path == "/_edge/tenant_info":
            return {"cloudId": "1a-2b"}
        return {"issues": []}

    _, requests = pull("issues", answers, settings=SCOPED)
    tenant = next(r for r in requests if r.url.path == "/_edge/tenant_info")
    assert tenant.url.host == "acme.atlassian.net"
    assert "authorization" not in tenant.headers
    others = [r for r in requests if r is not tenant]
    assert {r.url.host for r in others} == {"api.atlassian.com"}
    assert all(r.url.path.startswith("/ex/jira/1a-2b/rest/api/3/") for r in others)
    assert all("authorization" in r.headers for r in others)


def test_a_configured_site_id_is_not_requested() -> None:
    given = msgspec.structs.replace(SCOPED, cloud_id="x/../y")
    _, requests = pull("statuses", lambda _: [], settings=given)
    assert requests[-1].url.raw_path == b"/ex/jira/x%2F..%2Fy/rest/api/3/status"


# Data Center


def dc(rows: list[dict[str, Any]], size: int) -> Answers:
    """A search by number: rows from the asked instant on, by their change, cut by the server at `size`."""

    def answers(request: httpx.Request) -> Any:
        body = decode_body(request)
        since = int(re.findall(r"updated >= (\d+)", body["jql"])[0])
        later = sorted((r for r in rows if _at(r) >= since), key=lambda r: (_at(r), int(r["id"])))
        start = body["startAt"]
        return {"issues": later[start : start + size], "startAt": start, "total": len(later)}

    return answers


def _at(row: dict[str, Any]) -> int:
    return ms(row["fields"]["updated"])


def minute(number: int) -> str:
    return f"2026-05-20T10:{number:02}:00.000+0000"


@pytest.mark.trap("jira 11")
def test_data_center_uses_a_token_and_page_numbers_and_restarts_each_page() -> None:
    rows = [issue(n, minute(n)) for n in range(7)]
    pages, requests = pull("issues", dc(rows, 3), settings=DATA_CENTER)
    assert [t.id for t in records(pages, Ticket)] == [str(n) for n in range(7)]
    assert {r.url.path for r in requests if r.method == "POST"} == {"/rest/api/2/search"}
    assert all(r.headers["authorization"] == "Bearer pat-t0ken" for r in requests)
    bodies = searches(requests)
    assert all(b["expand"] == ["changelog"] for b in bodies)
    assert len(bodies) == 4


@pytest.mark.trap("jira 7")
def test_many_issues_of_one_instant_are_read_by_number_within_it() -> None:
    rows = [issue(n, minute(1 if n < 8 else 2)) for n in range(10)]
    pages, _ = pull("issues", dc(rows, 3), settings=DATA_CENTER)
    assert sorted({t.id for t in records(pages, Ticket)}, key=int) == [str(n) for n in range(10)]


@pytest.mark.trap("jira 32")
def test_an_issue_that_moves_while_pages_are_turned_pushes_no_other_over_the_edge() -> None:
    """The first one is changed after the first page: everything else moves up by one."""
    rows = [issue(n, minute(n)) for n in range(6)]
    inner, seen = dc(rows, 3), [0]

    def answers(request: httpx.Request) -> Any:
        given = inner(request)
        seen[0] += 1
        if seen[0] == 1:
            rows[0] = issue(0, minute(50))
        return given

    pages, _ = pull("issues", answers, settings=DATA_CENTER)
    assert {t.id for t in records(pages, Ticket)} == {str(n) for n in range(6)}
    assert records(pages, Ticket)[-1].id == "0"


def test_a_row_that_is_newer_than_its_place_in_the_index_does_not_move_the_cursor() -> None:
    """Order is the index's, values are the database's."""
    rows = [issue(n, minute(n)) for n in range(8)]
    rows[3] = issue(3, "2026-05-31T23:00:00.000+0000")
    pages, _ = pull("issues", pages_of({"issues": rows[:7], "nextPageToken": "a"}, {"issues": rows[7:]}))
    assert json.loads(pages[0].cursor or "")["at"] == ms(minute(5))  # a minute before the last
    assert len(records(pages, Ticket)) == 8


def test_a_search_of_data_center_brings_whole_histories() -> None:
    changed = {"id": "5", "created": minute(3), "items": [{"field": "status", "from": "1", "to": "2"}]}
    row = {**issue(1, minute(3)), "changelog": {"total": 1, "histories": [changed]}}
    pages, _ = pull("issues", dc([row], 3), settings=DATA_CENTER)
    assert records(pages, Ticket)[0].changes_known == "yes"
    assert "5:status" in [e.id for e in records(pages, Event)]
    assert "changes" not in pages[0].todo


def test_a_history_that_data_center_cut_is_requested_alone() -> None:
    changed = {"id": "5", "created": minute(3), "items": [{"field": "status", "from": "1", "to": "2"}]}
    whole = {**issue(1), "changelog": {"total": 1, "histories": [changed]}}
    pages, requests = pull("changes", lambda _: whole, settings=DATA_CENTER, todo=(Todo(5, "1"),))
    assert [e.id for e in records(pages, Event)] == ["5:status"]
    assert requests[-1].url.params["expand"] == "changelog"


# refusals


@pytest.mark.trap("jira 1")
def test_a_removed_resource_names_the_change_that_removed_it() -> None:
    gone = httpx.Response(410, json={"errorMessages": ["The requested API has been removed."], "errors": {}})
    with pytest.raises(PullError, match=r"410 Gone: The requested API has been removed\. .*CHANGE-2046"):
        pull("issues", lambda _: gone)


@pytest.mark.trap("jira 12", "jira 23")
@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (httpx.Response(400, json={"errorMessages": ["The value 'X' does not exist"]}), PullError, "does not exist"),
        (httpx.Response(400, json={"errorMessages": [], "errors": {"jql": "unbounded"}}), PullError, "unbounded"),
        (httpx.Response(401, json={"errorMessage": "no", "i18nErrorMessage": {}}), AccessError, "401 Unauthorized: no"),
        (httpx.Response(403, json={"statusCode": 403, "message": "no Jira"}), UnavailableError, "no Jira"),
        (httpx.Response(200, headers={"x-seraph-loginreason": "AUTHENTICATED_FAILED"}), AccessError, "login failed"),
        (
            httpx.Response(403, headers={"x-authentication-denied-reason": "CAPTCHA_CHALLENGE; login-url=x"}),
            AccessError, "log in once with a browser",
        ),
    ],
    ids=["400", "400_of_a_field", "401", "403", "disguised", "captcha"],
)  # fmt: skip
def test_a_refusal_is_never_nothing_new(answer: httpx.Response, kind: type[PullError], says: str) -> None:
    with pytest.raises(kind, match=re.escape(says)):
        pull("issues", lambda _: answer, cursor='{"at":5}')


@pytest.mark.trap("jira 12")
def test_who_asks_is_the_first_question_since_an_open_site_finds_nothing_for_a_bad_token() -> None:
    _, requests = pull("issues", lambda _: {"issues": []})
    assert requests[0].url.path == "/rest/api/3/myself"


@pytest.mark.trap("jira 21")
@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"x-ratelimit-reset": "2026-06-01T11:00Z"}, "resets at 2026-06-01 11:00 UTC"),
        ({"retry-after": "1740"}, "resets in 29 minutes"),
        ({"retry-after": "inf"}, "resets at the next full hour"),
        ({}, "resets at the next full hour"),
    ],
)
def test_a_used_up_quota_ends_the_run_at_once_and_says_when_it_starts_anew(headers: dict[str, str], says: str) -> None:
    answer = httpx.Response(429, headers={"ratelimit-reason": "jira-quota-tenant-based", **headers})
    requests = [0]

    def answers(_: httpx.Request) -> httpx.Response:
        requests[0] += 1
        return answer

    with pytest.raises(PullError, match=says) as caught:
        pull("issues", answers, cursor='{"at":5}', attempts=8)
    assert caught.value.permanent
    assert requests == [1]


@pytest.mark.trap("jira 21", "jira 22")
@pytest.mark.parametrize(
    "first",
    [
        httpx.Response(429, headers={"retry-after": "3", "ratelimit-reason": "jira-burst-based"}),
        httpx.Response(429, headers={"retry-after": "Mon, 01 Jun 2026 10:00:05 GMT"}),
        httpx.Response(429, headers={"retry-after": "inf"}, text="<html>Too Many Requests</html>"),
        httpx.Response(429, text="<html>Too Many Requests</html>"),
        httpx.Response(503, headers={"retry-after": "5"}),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
    ],
    ids=["seconds", "date", "inf", "html", "503", "timeout", "reset"],
)
def test_what_passes_is_waited_for_and_tried_again(first: httpx.Response | Exception) -> None:
    given = [first]

    def answers(_: httpx.Request) -> Any:
        one = given.pop() if given else {"issues": [issue(1)]}
        if isinstance(one, Exception):
            raise one
        return one

    pages, _ = pull("issues", answers, cursor='{"at":5}', attempts=3)
    assert [t.id for t in records(pages, Ticket)] == ["1"]


def test_a_judge_leaves_ordinary_answers_alone() -> None:
    assert classify_response(200, {"x-seraph-loginreason": "OK"}, b"{}") is None
    assert classify_response(404, {}, b"{}") is None
    assert classify_response(429, {"ratelimit-reason": "jira-burst-based"}, b"") is None


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"x-ratelimit-limit": "350", "x-ratelimit-remaining": "349"}, [Allowance("burst", 350, 349, 1.0)]),
        (
            {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "9", "x-ratelimit-reset": "2026-06-01T10:00:40Z",
             "date": "Mon, 01 Jun 2026 10:00:10 GMT"}, [Allowance("burst", 100, 9, 30.0)],
        ),
        (
            {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "9", "x-ratelimit-reset": "2026-06-01T09:00Z",
             "date": "Mon, 01 Jun 2026 10:00:10 GMT"}, [Allowance("burst", 100, 9, 1.0)],
        ),
        (
            {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "3", "x-ratelimit-interval-seconds": "60"},
            [Allowance("burst", 10, 3, 60.0)],
        ),
        ({"x-ratelimit-limit": "soon", "x-ratelimit-remaining": "9"}, []),
        ({"x-ratelimit-limit": "0", "x-ratelimit-remaining": "0"}, []),
        ({}, []),
    ],
    ids=["bare", "reset", "passed", "data_center", "odd", "none_at_all", "nothing"],
)  # fmt: skip
def test_limits_are_read_from_any_header_that_is_present(headers: dict[str, str], allowed: list[Allowance]) -> None:
    assert list(read_limits(headers)) == allowed


@pytest.mark.trap("jira 19")
def test_every_request_asks_for_english_names_and_says_who_asks() -> None:
    http = JiraServiceManagement.transport(SCOPED)
    assert http._headers["X-Force-Accept-Language"] == "true"
    assert http._headers["Accept-Language"] == "en"
    assert http._headers["User-Agent"].startswith("helpdesk-kpi/")
    assert {str(site) for site in http._hosts} == {"https://acme.atlassian.net", GATEWAY}


# settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "a@b.c"}, {"token": "x"}, {}, {"email": "a@b.c", "token": "x", "personal_token": "y"},
    ],
    ids=["no_token", "no_address", "nothing", "both"],
)  # fmt: skip
def test_credentials_are_of_cloud_or_of_data_center(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="email, token"):
        Credentials(**wrong)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"page_size": 101}, "between 1 and 100"), ({"rate_share": 0}, "above 0"), ({"look_back": -1}, "between 0"),
        ({"url": "http://acme.example"}, "loopback"), ({"gateway": "ftp://x"}, "no address"),
        ({"auth": Credentials(personal_token="x"), "gateway": True}, "gateway is for Cloud"),
    ],
    ids=["page_size", "rate_share", "look_back", "url", "gateway", "gateway_of_data_center"],
)  # fmt: skip
def test_wrong_settings_say_what_is_allowed(more: dict[str, Any], says: str) -> None:
    with pytest.raises((ValueError, ConfigError), match=says):
        Settings(**{"url": CLOUD.url, "auth": CLOUD.auth, **more})


def test_secrets_are_not_shown() -> None:
    assert "t0ken" not in repr(CLOUD)
    assert "t0ken" not in repr(DATA_CENTER)


def test_the_last_page_moves_the_cursor_to_when_the_search_began() -> None:
    pages, _ = pull("issues", lambda _: {"issues": [issue(1)]})
    assert json.loads(kept(pages) or "")["at"] == NOW - 600_000
