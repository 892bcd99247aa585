"""Zendesk's lists and exports against small servers with their oddities: where they stop, and what cursor they keep."""

import base64
from typing import Any

import httpx
import msgspec
import pytest
from zendesk_fixtures import NOW, SETTINGS, SINCE, Answers, kept, pull, records, ticket

from connectors.zendesk.settings import Settings
from helpdesk_kpi.errors import AccessError, ConfigError, PullError, UnavailableError
from helpdesk_kpi.model import Event, Name, NativeMetric, Rating, Schedule, SlaPolicy, Ticket


def event(number: int, stamp: int) -> dict[str, Any]:
    child = {"event_type": "Change", "status": "solved", "previous_value": "open"}
    return {
        "id": number,
        "ticket_id": 1,
        "timestamp": stamp,
        "updater_id": 9,
        "via": "Web form",
        "child_events": [child],
    }


# exports by cursor


@pytest.mark.trap("zendesk 3", "zendesk 6", "zendesk 21", "zendesk 31")
def test_tickets_are_requested_with_all_optional_parts() -> None:
    pages, requests = pull("tickets", lambda _: {"tickets": [ticket(1)], "after_cursor": "a", "end_of_stream": True})
    assert dict(requests[-1].url.params) == {
        "per_page": "1000", "include": "metric_sets", "exclude_deleted": "false", "support_type_scope": "all",
        "start_time": str(SINCE // 1000),
    }  # fmt: skip
    assert kept(pages) == "a"
    assert pages[-1].complete_until == (NOW - 75) * 1000


@pytest.mark.trap("zendesk 8", "zendesk 32")
def test_pages_follow_the_cursor_to_the_end_of_the_stream_and_never_an_address() -> None:
    def answers(request: httpx.Request) -> dict[str, Any]:
        last = request.url.params.get("cursor") == "a"
        return {"tickets": [ticket(2 if last else 1)], "after_cursor": "b" if last else "a", "end_of_stream": last,
                "after_url": "https://evil.example.org/api/v2/incremental/tickets/cursor?cursor=x"}  # fmt: skip

    pages, requests = pull("tickets", answers)
    assert [r.id for r in records(pages, Ticket)] == ["1", "2"]
    assert [r.url.params.get("cursor") for r in requests] == [None, "a"]
    assert {r.url.host for r in requests} == {"acme.zendesk.com"}
    assert requests[1].url.params["support_type_scope"] == "all"
    assert [page.cursor for page in pages] == ["a", "b"]


@pytest.mark.trap("zendesk 1", "zendesk 25")
def test_a_poll_that_finds_nothing_keeps_the_cursor() -> None:
    pages, requests = pull(
        "tickets", lambda _: {"tickets": [], "after_cursor": None, "end_of_stream": True}, cursor="where-we-were"
    )
    assert requests[-1].url.params["cursor"] == "where-we-were"
    assert "start_time" not in requests[-1].url.params
    assert kept(pages) is None
    assert pages[-1].complete_until == (NOW - 75) * 1000


@pytest.mark.parametrize("after", ["same", None, ""])
@pytest.mark.trap("zendesk 12")
def test_a_cursor_that_does_not_move_is_an_error_and_no_loop(after: str | None) -> None:
    with pytest.raises(PullError, match="the cursor does not move on"):
        pull(
            "tickets", lambda _: {"tickets": [ticket(1)], "after_cursor": after, "end_of_stream": False}, cursor="same"
        )


@pytest.mark.trap("zendesk 28")
def test_sideloaded_and_null_metric_sets_are_read() -> None:
    context = {"ticket_id": 1, "reopens": 2, "replies": 3, "reply_time_in_minutes": {"calendar": 1, "business": None}}
    rows = [ticket(1), ticket(2, metric_set=None)]
    pages, _ = pull(
        "tickets", lambda _: {"tickets": rows, "metric_sets": [context], "after_cursor": "a", "end_of_stream": True}
    )
    assert sorted((r.ticket, r.metric) for r in records(pages, NativeMetric)) == [
        ("1", "reopens"), ("1", "replies"), ("1", "reply_time"),
    ]  # fmt: skip


def test_a_broken_row_is_set_aside_and_the_page_goes_on() -> None:
    rows = [ticket(1), ticket(2, created_at="yesterday"), ticket(3)]
    pages, _ = pull("tickets", lambda _: {"tickets": rows, "after_cursor": "a", "end_of_stream": True})
    assert [r.id for r in records(pages, Ticket)] == ["1", "3"]
    [aside] = pages[0].rejected
    assert aside.id == "2"
    assert "$.created_at" in aside.reason


@pytest.mark.trap("zendesk 20")
def test_everyone_is_read_from_the_beginning() -> None:
    _, requests = pull("users", lambda _: {"users": [], "after_cursor": None, "end_of_stream": True})
    assert requests[-1].url.params["start_time"] == "0"


def test_a_page_size_can_be_requested() -> None:
    small = msgspec.structs.replace(SETTINGS, page_size=50)
    _, requests = pull("tickets", lambda _: {"tickets": [], "end_of_stream": True}, settings=small)
    assert requests[-1].url.params["per_page"] == "50"


@pytest.mark.trap("zendesk 5")
def test_a_change_that_leaves_updated_at_alone_is_a_newer_state() -> None:
    """Only what makes an audit moves updated_at; generated_timestamp moves with every write."""
    settings = msgspec.structs.replace(SETTINGS, keep_fields=("360001",))
    states = [("old", NOW - 1000), ("new", NOW - 500)]
    rows = [ticket(1, stamp, custom_fields=[{"id": 360001, "value": value}]) for value, stamp in states]
    pages, _ = pull(
        "tickets", lambda _: {"tickets": rows, "after_cursor": "a", "end_of_stream": True}, settings=settings
    )
    old, new = records(pages, Ticket)
    assert old.updated_at == new.updated_at
    assert old.version < new.version
    assert (old.fields["360001"], new.fields["360001"]) == ("old", "new")


@pytest.mark.trap("zendesk 13")
def test_a_page_with_an_unchanged_cursor_is_used_once() -> None:
    requests: list[httpx.Request] = []

    def answers(request: httpx.Request) -> dict[str, Any]:
        requests.append(request)
        return {"tickets": [ticket(1)], "after_cursor": "same", "end_of_stream": False}

    with pytest.raises(PullError, match="the cursor does not move on"):
        pull("tickets", answers, cursor="same")
    assert len(requests) == 1


# exports by time


def timed(rows: list[dict[str, Any]], size: int) -> Answers:
    """Ticket events in pages of `size`, of which a last second is given again by the next one, as Zendesk does."""

    def answers(request: httpx.Request) -> dict[str, Any]:
        if request.url.path == "/api/v2/brands":
            return {"brands": [], "meta": {"has_more": False}}
        start = int(request.url.params["start_time"])
        later = [row for row in rows if row["timestamp"] >= start]
        page = later[:size]
        end = page[-1]["timestamp"] if page else start
        return {"ticket_events": page, "end_time": end, "end_of_stream": len(page) == len(later),
                "next_page": "https://elsewhere.example/next"}  # fmt: skip

    return answers


@pytest.mark.trap("zendesk 2", "zendesk 12")
def test_events_repeat_no_second_and_end_with_the_stream_despite_a_next_page() -> None:
    rows = [event(n, NOW - 5000 + n // 2 * 10) for n in range(7)]  # two in a second
    pages, requests = pull("ticket_events", timed(rows, 3))
    assert [e.id for e in records(pages, Event)] == [f"{n}:status" for n in range(7)]
    assert kept(pages) == str(rows[-1]["timestamp"])
    assert {r.url.host for r in requests} == {"acme.zendesk.com"}


@pytest.mark.trap("zendesk 1")
def test_events_are_read_again_for_ten_minutes_and_the_cursor_never_goes_back() -> None:
    cursor = str(NOW - 3000)
    pages, requests = pull("ticket_events", timed([event(1, NOW - 3500)], 1000), cursor=cursor)
    assert int(requests[-1].url.params["start_time"]) == NOW - 3000 - 600
    assert kept(pages) == cursor
    assert [e.id for e in records(pages, Event)] == ["1:status"]


@pytest.mark.trap("zendesk 12")
def test_a_second_too_full_for_a_page_is_an_error_and_no_loop() -> None:
    rows = [event(n, NOW - 5000) for n in range(5)]
    with pytest.raises(PullError, match="the cursor does not move on"):
        pull("ticket_events", timed(rows, 2))


def test_the_last_minute_is_not_requested() -> None:
    _, requests = pull("ticket_events", timed([], 1000), cursor=str(NOW + 5000))
    assert int(requests[-1].url.params["start_time"]) == NOW - 61


@pytest.mark.trap("zendesk 12")
def test_calls_never_end_by_themselves_and_stop_when_nothing_newer_comes() -> None:
    call = {"id": 5, "ticket_id": 1, "created_at": "2026-05-20T10:00:00Z", "direction": "inbound"}

    def answers(request: httpx.Request) -> dict[str, Any]:
        start = int(request.url.params["start_time"])
        return {"calls": [call], "end_time": max(start, NOW - 5000), "next_page": "https://x.example/next"}

    pages, requests = pull("calls", answers)
    assert len(requests) == 2
    assert kept(pages) == str(NOW - 5000)


@pytest.mark.trap("zendesk 12", "zendesk 20")
def test_organizations_without_an_end_of_stream_stop_at_the_repeated_row() -> None:
    def answers(request: httpx.Request) -> dict[str, Any]:
        return {"organizations": [{"id": 1, "name": "ACME"}], "end_time": 1000, "count": 1,
                "next_page": str(request.url.copy_set_param("start_time", "1000"))}  # fmt: skip

    pages, requests = pull("organizations", answers)
    assert len(requests) == 2
    assert records(pages, Name)[0].name == "ACME"


# lists


def test_cursor_lists_stop_at_has_more_despite_a_next_link() -> None:
    def answers(request: httpx.Request) -> dict[str, Any]:
        more = "page[after]" not in request.url.params
        meta = {"has_more": more, "after_cursor": "next"}
        row = {"id": 1 if more else 2, "name": "B"}
        return {"brands": [row], "meta": meta, "links": {"next": "https://x.example/"}}

    pages, requests = pull("brands", answers)
    assert [r.id for r in records(pages, Name)] == ["1", "2"]
    assert dict(requests[1].url.params) == {"page[size]": "100", "page[after]": "next"}


def test_lists_by_page_number_do_not_mix_the_two_ways_of_paging() -> None:
    def answers(request: httpx.Request) -> dict[str, Any]:
        last = request.url.params.get("page") == "2"
        return {"sla_policies": [{"id": 2 if last else 1, "title": "S", "position": 1, "filter": {"all": []}}],
                "next_page": None if last else "https://x.example/?page=2", "count": 2}  # fmt: skip

    pages, requests = pull("sla_policies", answers)
    assert dict(requests[1].url.params) == {"per_page": "100", "page": "2"}
    assert records(pages, SlaPolicy)[0].body.startswith('{"id":1,')


@pytest.mark.trap("zendesk 8")
def test_more_pages_than_zendesk_gives_are_an_error_and_no_silent_loss() -> None:
    row = {"id": 1, "title": "S", "position": 1}
    with pytest.raises(PullError, match="more than 100 pages"):
        pull("sla_policies", lambda _: {"sla_policies": [row], "next_page": "https://x.example/?page=2"}, most=101)


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.trap("zendesk 17")
def test_what_a_plan_lacks_is_unavailable(status: int) -> None:
    with pytest.raises(UnavailableError):
        pull("schedules", lambda _: httpx.Response(status, json={"error": {"title": "Forbidden"}}))


def test_a_schedule_in_an_unknown_zone_is_set_aside() -> None:
    rows = [{"id": 1, "name": "A", "time_zone": "Middle Earth"}, {"id": 2, "name": "B", "time_zone": "Tokyo"}]

    def answers(request: httpx.Request) -> dict[str, Any]:
        return {"holidays": []} if "holidays" in request.url.path else {"schedules": rows}

    pages, _ = pull("schedules", answers)
    assert [s.zone for s in records(pages, Schedule)] == ["Asia/Tokyo"]
    assert pages[0].rejected[0].id == "1"


@pytest.mark.trap("zendesk 19")
def test_memberships_give_a_census_over_all_pages() -> None:
    def answers(request: httpx.Request) -> dict[str, Any]:
        more = "page[after]" not in request.url.params
        return {"group_memberships": [{"id": 1, "group_id": 3, "user_id": 1 if more else 2}],
                "meta": {"has_more": more, "after_cursor": "next"}}  # fmt: skip

    pages, _ = pull("group_memberships", answers)
    assert [dict(page.present) for page in pages] == [{}, {}, {"team_member": ["3/1", "3/2"]}]


# surveys


def test_older_surveys_are_read_again_for_35_days() -> None:
    empty = {"satisfaction_ratings": [], "meta": {"has_more": False}}
    first, requests = pull("satisfaction_ratings", lambda _: empty)
    assert requests[-1].url.params["start_time"] == str(SINCE // 1000)
    assert kept(first) == str(NOW * 1000)
    later = str((NOW + 50 * 86_400) * 1000)
    _, requests = pull("satisfaction_ratings", lambda _: empty, cursor=later)
    assert requests[-1].url.params["start_time"] == str(NOW + 15 * 86_400)


def test_newer_surveys_are_filtered_in_milliseconds_and_read_again_while_one_may_change() -> None:
    # Offered on 2026-05-02 at 12:15:03.680: 1777724103680 is 01KQM9T700 in Crockford's base 32.
    old = {"id": "01KQM9T7000000000000000000", "expires_at": "2026-06-02T00:00:00.000Z",
           "subjects": [{"id": "1", "type": "ticket"}], "answers": []}  # fmt: skip
    pages, requests = pull("survey_responses", lambda _: {"survey_responses": [old], "meta": {"has_more": False}})
    assert requests[-1].url.params["filter[created_at_start]"] == str(SINCE)
    # 28 days before now is 2026-05-04; the survey above is older, and open for another day.
    assert kept(pages) == "1777724103680"
    assert [r.answered_at for r in records(pages, Rating)] == [None]


# links


def test_links_to_our_help_centres_are_found_in_comments() -> None:
    def answers(request: httpx.Request) -> dict[str, Any]:
        if request.url.path == "/api/v2/brands":
            return {
                "brands": [{"id": 2, "name": "Two", "subdomain": "two", "host_mapping": "help.acme.com"}],
                "meta": {"has_more": False},
            }
        text = " ".join(
            f"https://{h}/hc/articles/{n}" for n, h in enumerate(("two.zendesk.com", "help.acme.com", "x.org"))
        )
        comment = {"event_type": "Comment", "type": "Comment", "body": text, "public": True}
        return {"ticket_events": [{**event(1, NOW - 5000), "child_events": [comment]}], "end_of_stream": True}

    pages, _ = pull("ticket_events", answers)
    assert records(pages, Event)[0].articles == ("0", "1")


# kept fields


def test_fields_are_kept_by_title_or_id_under_their_configured_name() -> None:
    settings = msgspec.structs.replace(SETTINGS, keep_fields=("category", "360002"))
    values = [{"id": 360001, "value": "login"}, {"id": 360002, "value": "eu"}, {"id": 360003, "value": "x"}]

    def answers(request: httpx.Request) -> dict[str, Any]:
        if request.url.path == "/api/v2/ticket_fields":
            return {"ticket_fields": [{"id": 360001, "title": "Category"}], "meta": {"has_more": False}}
        return {"tickets": [ticket(1, custom_fields=values)], "after_cursor": "a", "end_of_stream": True}

    pages, _ = pull("tickets", answers, settings=settings)
    assert records(pages, Ticket)[0].fields == {"category": "login", "360002": "eu"}


# settings


@pytest.mark.parametrize(
    "given",
    [
        {"url": "http://acme.zendesk.com"},
        {"auth": {"email": "ann@example.com"}},
        {"auth": {"email": "a@b.c", "token": "t", "client_id": "i", "client_secret": "s"}},
        {"auth": {}},
        {"rate_share": 0},
        {"rate_share": 1.5},
        {"page_size": 5000},
        {"pagesize": 50},
    ],
)
def test_wrong_settings_are_refused(given: dict[str, Any]) -> None:
    good = {"url": "https://acme.zendesk.com", "auth": {"client_id": "i", "client_secret": "s"}}
    assert msgspec.convert(good, Settings)
    with pytest.raises((msgspec.ValidationError, ConfigError)):
        msgspec.convert({**good, **given}, Settings)


def test_settings_do_not_show_their_secrets() -> None:
    assert "t0ken" not in repr(SETTINGS)


@pytest.mark.trap("zendesk 30")
def test_a_refused_token_may_have_been_turned_off_since_nobody_used_it() -> None:
    refused = httpx.Response(401, json={"error": "Couldn't authenticate you"})
    with pytest.raises(AccessError, match="stop working after 30 days without use") as raised:
        pull("tickets", lambda _: refused)
    assert "t0ken" not in str(raised.value)


def test_a_token_is_sent_as_zendesk_wants_it() -> None:
    _, requests = pull("tickets", lambda _: {"tickets": [], "end_of_stream": True})
    pair = base64.b64encode(b"ann@example.com/token:t0ken").decode()
    assert requests[0].headers["authorization"] == f"Basic {pair}"


def test_events_are_requested_in_the_scope_of_tickets() -> None:
    _, requests = pull(
        "ticket_events", lambda _: {"ticket_events": [], "end_of_stream": True, "end_time": SINCE // 1000}
    )
    scopes = [one.url.params.get("support_type_scope") for one in requests if "ticket_events" in one.url.path]
    assert scopes == ["all"]
