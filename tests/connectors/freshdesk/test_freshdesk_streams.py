"""Freshdesk's lists against small servers with their oddities: where they stop, what they ask, what they keep."""

from typing import Any

import httpx
import msgspec
import pytest
from freshdesk_fixtures import (
    AGENT,
    CUSTOMER,
    DAY,
    HOUR,
    KEY,
    MINUTE,
    NOW,
    SINCE,
    Answers,
    Pulled,
    iso,
    paged,
    pull,
    refused,
    said,
    ticket,
    tickets_list,
    with_settings,
)

from connectors.freshdesk import Freshdesk
from connectors.freshdesk.settings import Credentials, Settings
from helpdesk_kpi.errors import AccessError, PullError, UnavailableError
from helpdesk_kpi.milliseconds import SECOND
from helpdesk_kpi.model import (
    Article,
    ArticleEdit,
    ArticleViews,
    Event,
    Name,
    Person,
    Rating,
    Replies,
    Schedule,
    SlaPolicy,
    Team,
    TeamMember,
    Ticket,
    TicketLink,
    TimeEntry,
)
from helpdesk_kpi.pull.contract import Todo


def numbers(result: Pulled) -> set[str]:
    return {t.id for t in result.of(Ticket)}


# tickets in order of their updates


@pytest.mark.trap("freshdesk 4", "freshdesk 9", "freshdesk 27", "freshdesk 30")
def test_tickets_are_requested_since_the_first_day_by_update_with_all_includes() -> None:
    result = pull("tickets", tickets_list([ticket(1)]))
    assert result.queries() == [{
        "updated_since": iso(SINCE), "order_by": "updated_at", "order_type": "asc", "per_page": "100", "page": "1",
        "include": "stats,requester,description,company",
    }]  # fmt: skip
    assert result.cursor == str(NOW - DAY)
    assert result.pages[-1].complete_until == NOW - MINUTE


@pytest.mark.trap("freshdesk 1")
def test_a_list_longer_than_300_pages_is_read_to_its_end_with_hardly_a_row_twice(full_size: bool) -> None:
    count = 100_000 if full_size else 31_000
    rows = [ticket(n, SINCE + n * SECOND) for n in range(count)]
    result = pull("tickets", tickets_list(rows))
    assert len(numbers(result)) == count
    assert len(result.queries()) <= 1.1 * count / 100
    assert max(int(q["page"]) for q in result.queries()) == 1


@pytest.mark.trap("freshdesk 1")
def test_imports_of_many_tickets_a_second_are_read_by_page_and_still_within_the_300() -> None:
    rows = [ticket(n, SINCE + n // 12 * SECOND) for n in range(6_600)]
    result = pull("tickets", tickets_list(rows), settings=with_settings(page_size=20))
    assert len(numbers(result)) == 6_600
    assert len(result.queries()) <= 1.1 * 330
    assert 1 < max(int(q["page"]) for q in result.queries()) <= 50


@pytest.mark.trap("freshdesk 2")
def test_30001_tickets_of_one_second_are_a_clear_error_and_no_loop() -> None:
    at = SINCE + HOUR
    with pytest.raises(PullError, match=f"more than 300 pages were last updated in the second {iso(at)}"):
        pull("tickets", tickets_list([ticket(n, at) for n in range(30_001)]))


@pytest.mark.trap("freshdesk 2")
def test_a_second_that_just_fits_is_read_whole_and_one_more_is_an_error_whatever_lies_before_it() -> None:
    at, small = SINCE + HOUR, with_settings(page_size=10)
    rows = [ticket(n, SINCE + n * SECOND) for n in range(5)] + [ticket(100 + n, at) for n in range(3_000)]
    assert len(numbers(pull("tickets", tickets_list(rows), settings=small))) == 3_005
    with pytest.raises(PullError, match=iso(at)):
        pull("tickets", tickets_list([*rows, ticket(9999, at)]), settings=small)


class Slipping:
    """A list in which one second fills several pages. Once its first page was read, tickets of that page are updated:
    those behind them move up, onto the page that is read already. `later` stand behind that second.
    """

    def __init__(self, later: dict[int, dict[str, Any]]) -> None:
        self.at = SINCE + HOUR
        self.rows = {n: ticket(n, self.at) for n in range(250)} | later
        self.cut_after: int | None = None

    def __call__(self, request: httpx.Request) -> Any:
        since, page = request.url.params.get("updated_since", ""), request.url.params.get("page")
        if self.cut_after is not None and since > iso(self.cut_after):
            return httpx.Response(400)
        given = tickets_list(list(self.rows.values()))(request)
        if (since, page) == (iso(self.at), "1"):
            for number in range(3):
                self.rows[number] = ticket(number, NOW - MINUTE)
        return given


@pytest.mark.parametrize(
    "later",
    [{900: ticket(900, SINCE + 2 * HOUR)}, {900 + n: ticket(900 + n, SINCE + DAY + n * SECOND) for n in range(300)}],
    ids=["the_list_ends_there", "the_list_goes_on"],
)
def test_a_ticket_that_slips_onto_a_page_that_is_read_already_is_not_lost(later: dict[int, Any]) -> None:
    result = pull("tickets", slipping := Slipping(later))
    assert numbers(result) == {str(n) for n in slipping.rows}
    again = [q for q in result.queries() if (q["updated_since"], q["page"]) == (iso(slipping.at), "1")]
    assert len(again) == 2
    assert len(result.queries()) <= 12  # what lies behind that second is not read again


def test_a_ticket_that_slipped_is_not_lost_when_the_walk_ends_before_anybody_knows() -> None:
    later = SINCE + DAY
    slipping = Slipping({900 + n: ticket(900 + n, later + n * SECOND) for n in range(99)})
    slipping.cut_after = later
    first = pull("tickets", slipping, is_whole=False)
    assert (first.cursor or "").endswith(f"+{slipping.at}")
    lost = {"100", "101", "102"}
    assert numbers(first).isdisjoint(lost)
    slipping.cut_after = None
    second = pull("tickets", slipping, cursor=first.cursor)
    assert lost <= numbers(second)
    assert numbers(first) | numbers(second) == {str(n) for n in slipping.rows}
    assert second.cursor == str(NOW - MINUTE)


@pytest.mark.parametrize(
    ("since", "rows", "says"),
    [
        (SINCE, [ticket(1, SINCE - DAY)], "before"),
        (SINCE, [ticket(1, SINCE + DAY), ticket(2, SINCE + HOUR)], "out of order"),
    ],
    ids=["the_filter_is_ignored", "the_order_is_ignored"],
)
def test_rows_that_were_not_requested_are_an_error(since: int, rows: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(PullError, match=says):
        pull("tickets", lambda r: rows if r.url.path == "/api/v2/tickets" else [], since=since)


def times(*hours: int) -> list[dict[str, Any]]:
    """Tickets 1, 2, ... in the order in which they come, each with the hour of its update."""
    return [ticket(number, SINCE + hour * HOUR) for number, hour in enumerate(hours, 1)]


@pytest.mark.parametrize(
    ("hours", "odd"),
    [((1, 9, 3, 4, 5), "2"), ((1, 2, 3, 0, 5), "4"), ((9, 1, 2, 3, 4), "1"), ((1, 2, 9, 9, 4, 5), None),
     ((1, 2, 9, 4), None), ((1, 2, 4, 3, 5), None)],
)  # fmt: skip
def test_one_time_that_does_not_fit_costs_its_row_and_where_two_may_be_wrong_none_is_chosen(
    hours: tuple[int, ...], odd: str | None
) -> None:
    """Of 1, 2, 9, 4 either the third or the fourth may be wrong: to set one aside could lose the right one."""
    rows = times(*hours)

    def answers(request: httpx.Request) -> Any:
        return rows if request.url.path == "/api/v2/tickets" else []

    if odd is None:
        with pytest.raises(PullError, match="out of order"):
            pull("tickets", answers)
        return
    result = pull("tickets", answers)
    assert result.aside == [odd]
    assert numbers(result) == {str(row["id"]) for row in rows} - {odd}


@pytest.mark.trap("freshdesk 24")
def test_a_short_page_in_the_middle_is_not_the_end_and_a_full_one_may_be_the_last() -> None:
    def answers(request: httpx.Request) -> Any:
        if request.url.path != "/api/v2/tickets":
            return []
        if request.url.params["updated_since"] == iso(SINCE):
            return httpx.Response(200, json=[ticket(1, SINCE + HOUR)], headers={"link": '<x>; rel="next"'})
        return [ticket(n, SINCE + DAY) for n in range(2, 102)]

    result = pull("tickets", answers)
    assert len(numbers(result)) == 101
    assert len(result.queries()) == 2


@pytest.mark.trap("freshdesk 38")
def test_a_next_page_on_another_host_never_gets_the_key() -> None:
    result = pull("agents", lambda r: paged(r, [{"id": n} for n in range(250)]))
    assert {r.url.host for r in result.requests} == {"acme.freshdesk.com"}
    assert [r.url.params["page"] for r in result.requests] == ["1", "2", "3"]
    assert len(result.of(Person)) == 250


def test_a_second_run_reads_ten_minutes_again_and_the_cursor_never_goes_back() -> None:
    cursor = str(NOW - HOUR)
    result = pull("tickets", tickets_list([ticket(1, NOW - HOUR - 5 * MINUTE)]), cursor=cursor)
    assert result.queries()[0]["updated_since"] == iso(NOW - HOUR - 10 * MINUTE)
    assert result.cursor == cursor
    assert numbers(result) == {"1"}


def test_before_the_first_ticket_there_is_no_cursor_to_keep() -> None:
    assert pull("tickets", lambda _: []).cursor is None


@pytest.mark.trap("freshdesk 12", "freshdesk 22")
def test_deleted_and_spam_tickets_are_read_from_their_own_lists_from_where_each_was_left() -> None:
    def answers(request: httpx.Request) -> Any:
        return {"deleted": [ticket(1, deleted=True)], "spam": [ticket(2, spam=True)]}.get(
            request.url.params.get("filter", ""), []
        )

    deleted = pull("deleted", answers, cursor=str(NOW - 2 * DAY))
    spam = pull("spam", answers)
    alive = pull("tickets", answers)
    assert [(t.id, t.deleted_at, t.is_spam) for t in deleted.of(Ticket)] == [("1", NOW - DAY, False)]
    assert [(t.id, t.deleted_at, t.is_spam) for t in spam.of(Ticket)] == [("2", None, True)]
    assert [q["filter"] for q in deleted.queries() + spam.queries()] == ["deleted", "spam"]
    assert deleted.queries()[0]["updated_since"] != spam.queries()[0]["updated_since"]
    assert "filter" not in alive.queries()[0]
    assert [page.todo for page in deleted.pages + spam.pages] == [{}, {}]  # their conversations are refused
    assert {t.replies_known for t in deleted.of(Ticket) + spam.of(Ticket)} == {"unreadable"}


@pytest.mark.parametrize("who", ["agent", "requester"])
def test_a_deleted_ticket_with_later_replies_is_unreadable(who: str) -> None:
    rows = [ticket(n, stats={f"{who}_responded_at": iso(NOW - 3 * HOUR)}) for n in (1, 2, 3)]
    known = {"1": NOW - 4 * HOUR, "2": NOW - 2 * HOUR}  # the third was never met
    result = pull("deleted", lambda r: rows if "filter" in r.url.params else [], versions=known)
    assert result.of(Replies) == [Replies("1", NOW - DAY, "unreadable")]


def test_tickets_that_a_new_account_is_filled_with_are_left_out_unless_they_are_wanted() -> None:
    matt = {"id": 5, "name": "Matt", "email": "matt.rogers@freshdesk.com"}
    rows = [ticket(1, requester=matt), ticket(2), ticket(900, requester=matt)]
    assert numbers(pull("tickets", tickets_list(rows))) == {"2", "900"}
    assert numbers(pull("tickets", tickets_list(rows), settings=with_settings(keep_samples=True))) == {"1", "2", "900"}


def test_a_first_run_that_reaches_back_beyond_the_archive_says_where_history_starts() -> None:
    result = pull("tickets", lambda _: [], since=NOW - 400 * DAY)
    assert [f.about for f in result.found] == ["history"]
    assert "2026-02-01" in result.found[0].text  # 120 days before 2026-06-01


@pytest.mark.trap("freshdesk 10", "freshdesk 32")
def test_ids_as_text_and_codes_that_nobody_knows_cost_no_row() -> None:
    odd = ticket(1, id="1", requester_id=str(CUSTOMER), group_id="77", source=104, priority=9, status=9000)
    choices = {"Kiosk": 104}
    fields = [{"id": 1, "name": "source", "type": "default_source", "choices": choices}]

    def answers(request: httpx.Request) -> Any:
        return fields if request.url.path.endswith("ticket_fields") else tickets_list([odd])(request)

    result = pull("tickets", answers)
    [found] = result.of(Ticket)
    assert (found.requester, found.team, found.channel) == (str(CUSTOMER), "77", "kiosk")
    assert (found.priority, found.status) == ("9", "9000")
    assert result.aside == []


def test_a_broken_row_is_set_aside_and_the_page_goes_on() -> None:
    rows = [ticket(1), ticket(2, created_at="2026-05-28T010:08:16Z"), ticket(3, subject=5)]
    result = pull("tickets", tickets_list(rows))
    assert (numbers(result), result.aside) == ({"1"}, ["3", "2"])


@pytest.mark.trap("freshdesk 25")
def test_custom_fields_are_kept_by_name_or_label_and_none_is_no_word() -> None:
    values = {"cf_category": "login", "cf_urgent": True, "cf_empty": None, "cf_other": "x", "cf_count": 3}
    fields = [{"id": 1, "name": "cf_category", "label": "Category", "type": "custom_dropdown"}]

    def answers(request: httpx.Request) -> Any:
        return (
            fields
            if request.url.path.endswith("ticket_fields")
            else tickets_list([ticket(1, custom_fields=values)])(request)
        )

    wanted = with_settings(keep_fields=("category", "cf_urgent", "cf_empty", "cf_count"))
    [found] = pull("tickets", answers, settings=wanted).of(Ticket)
    assert found.fields == {"category": "login", "cf_urgent": "true", "cf_count": "3"}


# conversations


def queued(*versions: int) -> list[Todo]:
    return [Todo(version, str(n)) for n, version in enumerate(versions, 1)]


@pytest.mark.trap("freshdesk 5", "freshdesk 23")
def test_conversations_stop_at_their_budget_and_say_what_is_left() -> None:
    todo = queued(*range(NOW - 100 * SECOND, NOW - 50 * SECOND, SECOND))
    result = pull("conversations", lambda _: [], todo=todo, settings=with_settings(conversations_per_run=30))
    assert len([r for r in result.requests if "conversations" in r.url.path]) == 30
    assert [one for page in result.pages for one in page.done] == todo[:30]
    assert result.pages[-1].complete_until == todo[30].version - 1
    assert [page.complete_until for page in result.pages] == [todo[20].version - 1, todo[30].version - 1]
    assert "20 tickets have conversations left" in result.found[0].text


def test_an_empty_queue_is_whole() -> None:
    assert [page.complete_until for page in pull("conversations", lambda _: []).pages] == [NOW]


@pytest.mark.trap("freshdesk 29", "freshdesk 33")
def test_all_conversations_of_a_ticket_are_read_and_stored_at_once() -> None:
    rows = [said(n, SINCE + n * MINUTE) for n in range(250)]
    result = pull("conversations", lambda r: paged(r, rows) if "conv" in r.url.path else [], todo=queued(NOW))
    assert len(result.of(Event)) == 250
    assert [len(page.records) for page in result.pages] == [251 + 250]  # and each author, who is no agent of today
    assert result.of(Replies) == [Replies("1", NOW, "yes")]
    assert [q["per_page"] for q in result.queries("/tickets/1/conversations")] == ["100", "100", "100"]


@pytest.mark.trap("freshdesk 18")
@pytest.mark.parametrize("status", [403, 404])
def test_a_ticket_with_refused_conversations_is_unreadable_and_others_continue(status: int) -> None:
    def answers(request: httpx.Request) -> Any:
        if "/1/" in request.url.path:
            return httpx.Response(status)
        return [said(5, SINCE)] if "conversations" in request.url.path else []

    result = pull("conversations", answers, todo=queued(NOW, NOW))
    assert [(r.ticket, r.known) for r in result.of(Replies)] == [("1", "unreadable"), ("2", "yes")]
    assert len(result.pages[0].done) == 2


def test_what_was_archived_meanwhile_is_read_from_the_archive() -> None:
    def answers(request: httpx.Request) -> Any:
        if request.url.path == "/api/v2/tickets/1/conversations":
            return httpx.Response(404)
        return [said(5, SINCE)] if request.url.path == "/api/v2/tickets/archived/1/conversations" else []

    result = pull("conversations", answers, todo=queued(NOW))
    assert result.of(Replies) == [Replies("1", NOW, "yes")]
    assert [e.id for e in result.of(Event)] == ["5"]


def test_a_key_that_may_read_no_conversation_at_all_ends_the_stream_and_marks_no_ticket() -> None:
    def answers(request: httpx.Request) -> Any:
        return refused(403, "access_denied") if "conversations" in request.url.path else []

    with pytest.raises(UnavailableError, match="none of 20 tickets'"):
        pull("conversations", answers, todo=queued(*[NOW] * 25))


def test_many_tickets_that_are_not_there_any_more_do_not_hold_up_the_queue() -> None:
    """All of the first twenty were deleted for good since they were queued."""

    def answers(request: httpx.Request) -> Any:
        number = next((part for part in request.url.path.split("/") if part.isdecimal()), "0")
        return httpx.Response(404) if int(number) <= 20 else []

    result = pull("conversations", answers, todo=queued(*[NOW] * 22))
    assert [r.known for r in result.of(Replies)] == ["unreadable"] * 20 + ["yes"] * 2
    assert sum(len(page.done) for page in result.pages) == 22


def test_complete_conversations_remove_deleted_ones_unless_one_is_unreadable() -> None:
    def answers(request: httpx.Request) -> Any:
        rows = {"1": [said(5, SINCE)], "2": [said(6, SINCE), {"id": 7}], "3": [said(8, SINCE) | {"created_at": "?"}]}
        return next((result for number, result in rows.items() if f"/tickets/{number}/" in request.url.path), [])

    result = pull("conversations", answers, todo=queued(NOW, NOW, NOW))
    assert [parent for page in result.pages for parent in page.replaces] == [("comment", "1")]
    assert len(result.aside) == 2


@pytest.mark.trap("freshdesk 28")
def test_what_was_read_before_a_failure_is_kept() -> None:
    def answers(request: httpx.Request) -> Any:
        return httpx.Response(400) if "/9/" in request.url.path else []

    result = pull("conversations", answers, todo=queued(*[NOW] * 15), is_whole=False)
    done = {one.key for page in result.pages for one in page.done}
    assert {str(n) for n in range(1, 9)} <= done  # what was asked before it
    assert done < {str(n) for n in range(1, 16)} - {"9"}  # what had not been asked yet is not asked any more


@pytest.mark.trap("freshdesk 35")
def test_the_first_message_of_a_web_chat_is_not_counted_twice() -> None:
    chat = ticket(1, source=15, description="<p>Hi there, it is broken</p>", description_text="Hi there, it is broken")
    mail = ticket(2)
    rows = pull("tickets", tickets_list([chat, mail]))
    todo = [one for page in rows.pages for one in page.todo["conversations"]]
    first = said(5, SINCE, incoming=True, user_id=CUSTOMER, body_text="Hi there, it  is broken", body="")
    result = pull("conversations", lambda r: [first, said(6, NOW)] if "conv" in r.url.path else [], todo=todo)
    assert sorted((e.ticket, e.id) for e in result.of(Event)) == [("1", "6"), ("2", "5"), ("2", "6")]
    assert {r.ticket for r in result.of(Replies)} == {"1", "2"}


def test_a_note_that_says_so_marks_a_merged_ticket() -> None:
    notes = {
        "1": said(5, NOW, source=2, private=True, body_text="This ticket is closed and merged into ticket 4711"),
        "2": said(6, NOW, source=2, body_text="Ticket 4712 is merged into this ticket"),
        "3": said(7, NOW, incoming=True, body_text="I was merged into ticket 4711, you said"),
        "4": said(8, NOW, source=2, private=True, body_text="Zusammengelegt mit Nr. 4711"),
    }
    own = with_settings(merged_note=r"zusammengelegt mit nr\. (\d+)")

    def answers(request: httpx.Request) -> Any:
        return [notes[request.url.path.split("/")[4]]] if "conversations" in request.url.path else []

    usual, german = (
        pull("conversations", answers, todo=queued(*[NOW] * 4), settings=s) for s in (with_settings(), own)
    )
    assert {r.ticket: r.merged_into for r in usual.of(Replies)} == {"1": "4711", "2": None, "3": None, "4": None}
    assert usual.of(TicketLink) == [TicketLink("1", "4711", "merge")]
    assert {r.ticket for r in german.of(Replies) if r.merged_into} == {"4"}


# names, people, hours, policies


def test_who_is_an_agent_is_never_taken_for_a_customer() -> None:
    agents = [{"id": str(CUSTOMER), "updated_at": iso(SINCE), "type": "collaborator", "contact": {"name": "Leo"}}]

    def answers(request: httpx.Request) -> Any:
        return agents if request.url.path.endswith("/agents") else tickets_list([ticket(1)])(request)

    assert pull("tickets", answers).of(Person) == []
    [found] = pull("agents", answers).of(Person)
    assert (found.id, found.kind, found.name) == (str(CUSTOMER), "light_agent", "Leo")


@pytest.mark.trap("freshdesk 26")
@pytest.mark.parametrize("assign", [False, True, 0, 12, None])
def test_groups_are_read_whatever_their_way_of_assignment_is(assign: Any) -> None:
    row = {"id": 77, "name": "Billing", "agent_ids": [AGENT], "auto_ticket_assign": assign, "business_hour_id": None}
    result = pull("groups", lambda _: [row])
    assert result.of(Team) == [Team("77", "Billing")]
    assert result.of(TeamMember) == [TeamMember("77", str(AGENT))]
    assert result.pages[-1].present == {"team_member": [f"77/{AGENT}"]}


def test_statuses_have_the_accounts_labels_and_ours_where_fields_cannot_be_read() -> None:
    status = {"2": ["Offen", "Wird bearbeitet"], "9000": ["Assigned to AI Agent", "x"]}
    fields = [
        {"id": 1, "name": "status", "type": "default_status", "choices": status},
        {"id": 2, "name": "priority", "type": "default_priority", "choices": {"Dringend": 4}},
        {"id": 3, "name": "product", "type": "default_product", "choices": {"Cloud": 501}},
        {"id": 4, "name": "cf_a", "label": "Category", "type": "nested_field", "choices": [{"x": [{"y": []}]}]},
    ]
    result = pull("ticket_fields", lambda _: fields)
    names = {(n.kind, n.id): (n.name, n.detail) for n in result.of(Name)}
    assert names["status", "2"] == ("Offen", "open")
    assert names["status", "4"] == ("Resolved", "solved")
    assert names["status", "9000"] == ("Assigned to AI Agent", "open")
    assert names["priority", "4"] == ("Dringend", None)
    assert names["brand", "501"] == ("Cloud", None)
    forbidden = pull("ticket_fields", lambda _: refused(403, "access_denied"))
    assert {n.id for n in forbidden.of(Name) if n.kind == "status"} == {"2", "3", "4", "5", "6", "7"}
    assert forbidden.found[0].level == "warning"


@pytest.mark.trap("freshdesk 14", "freshdesk 37")
def test_business_hours_of_both_shapes_are_one_schedule_whatever_their_ids_are() -> None:
    days = ("monday", "tuesday")
    older = {
        "id": 158,
        "name": "Default",
        "time_zone": "Chennai",
        "is_default": True,
        "business_hours": {d: {"start_time": "8:00 am", "end_time": "5:00 pm"} for d in days},
    }
    slots = [{"start_time": "08:00", "end_time": "17:00"}]
    newer = older | {
        "id": "158", "business_hours": {d: {"start_time": "08:00:00 am", "end_time": "05:00:00 pm"} for d in days},
        "source_business_hours": [{"business_hours_type": "custom", "is_default": True, "sources": [],
                                   "business_hours": [{"day": d, "time_slots": slots} for d in days]}],
    }  # fmt: skip
    wanted = [
        Schedule(
            "158", "Default", "Asia/Kolkata", ((1440 + 480, 1440 + 1020), (2880 + 480, 2880 + 1020)), is_default=True
        )
    ]
    for row in (older, newer):
        result = pull("business_hours", lambda _, row=row: [row])  # type: ignore[misc]
        assert result.of(Schedule) == wanted
        assert result.pages[-1].present == {"schedule": ["158"]}


def test_hours_in_a_zone_that_nobody_knows_are_set_aside() -> None:
    result = pull("business_hours", lambda _: [{"id": 1, "name": "x", "time_zone": "Atlantis", "business_hours": {}}])
    assert (result.of(Schedule), result.aside) == ([], ["1"])


@pytest.mark.trap("freshdesk 37")
def test_policies_keep_their_json_whatever_their_ids_are() -> None:
    rows = [
        {"id": "9", "name": "Default", "position": 1, "sla_target": {"priority_4": {"respond_within": 30}}},
        {"id": 10, "name": "Live", "position": None},
    ]
    found = pull("sla_policies", lambda _: rows).of(SlaPolicy)
    assert [(p.id, p.title, p.position) for p in found] == [("9", "Default", 1), ("10", "Live", 0)]
    assert msgspec.json.decode(found[0].body)["sla_target"]["priority_4"]["respond_within"] == 30


# ratings and time


@pytest.mark.trap("freshdesk 13")
def test_ratings_of_the_last_35_days_are_read_again_since_a_change_does_not_show_otherwise() -> None:
    row = {"id": 1, "ticket_id": 1, "survey_id": 5, "created_at": iso(NOW - 20 * DAY), "updated_at": iso(NOW - DAY),
           "ratings": {"default_question": -103}, "user_id": CUSTOMER, "agent_id": AGENT}  # fmt: skip

    def answers(request: httpx.Request) -> Any:
        return [row] if request.url.path.endswith("satisfaction_ratings") else []

    result = pull("satisfaction_ratings", answers, cursor=str(NOW - HOUR), since=NOW - 400 * DAY)
    assert result.queries("/surveys/satisfaction_ratings")[0]["created_since"] == iso(NOW - HOUR - 35 * DAY)
    [found] = result.of(Rating)
    assert (found.answered_at, found.changed_at, found.version) == (NOW - 20 * DAY, NOW - DAY, NOW - DAY)
    assert (result.cursor, result.pages[-1].complete_until) == (str(NOW), NOW - MINUTE)


def test_unused_surveys_are_requested_too() -> None:
    result = pull("surveys", lambda _: [{"id": 5, "questions": [{"id": "question_8", "label": " How  fast? "}]}])
    assert "state" not in result.queries("/surveys")[0]
    assert result.of(Name) == [Name("question", "8", "How fast?")]


def test_time_entries_are_taken_by_their_seconds() -> None:
    rows = [
        {"id": 1, "ticket_id": 1, "time_spent": "00:01", "time_spent_in_seconds": 103, "executed_at": iso(NOW - DAY)},
        {"id": 2, "ticket_id": 1, "time_spent": "30:15", "start_time": iso(NOW), "timer_running": True},
    ]
    result = pull("time_entries", lambda _: rows)
    assert [(e.spent, e.is_running) for e in result.of(TimeEntry)] == [
        (103_000, False), ((30 * 3600 + 15 * 60) * 1000, True),
    ]  # fmt: skip


# activities

DAY_FILE = {"metadata": {}, "activities_data": [
    {"performed_at": "31-05-2026 09:33:38 +0000", "ticket_id": 600, "performer_type": "user", "performer_id": 149,
     "activity": {"status": "Resolved", "priority": 4, "note": {"id": 5}}},
]}  # fmt: skip
FIELDS = [{"id": 1, "name": "status", "type": "default_status", "choices": {"4": ["Resolved", "x"]}}]


@pytest.mark.trap("freshdesk 15", "freshdesk 39")
@pytest.mark.parametrize("shape", ["object", "list"])
def test_activities_are_exact_changes_by_whom_whatever_shape_their_address_comes_in(shape: str) -> None:
    place = {"url": "https://files.example/day.json"}

    def answers(request: httpx.Request) -> Any:
        if request.url.host == "files.example":
            assert "authorization" not in request.headers
            return httpx.Response(200, content=msgspec.json.encode(DAY_FILE), headers={"content-type": "text/plain"})
        if request.url.path.endswith("ticket_fields"):
            return FIELDS
        return {"export": place if shape == "object" else [{"created_at": "31-5-2026", **place}]}

    result = pull("activities", answers, cursor=str(NOW // DAY - 1))
    at = NOW // DAY * DAY - DAY + (9 * 3600 + 33 * 60 + 38) * SECOND  # 2026-05-31T09:33:38Z
    assert [(e.ticket, e.at, e.actor, e.field, e.after, e.precision) for e in result.of(Event)] == [
        ("600", at, "149", "status", "4", "exact"), ("600", at, "149", "priority", "4", "exact"),
    ]  # fmt: skip
    assert result.queries("/export/ticket_activities") == [{"created_at": "2026-05-31"}]
    assert (result.cursor, result.pages[-1].complete_until) == (str(NOW // DAY - 1), NOW // DAY * DAY)


def test_an_account_without_the_export_loses_nothing_but_that() -> None:
    result = pull("activities", lambda _: refused(403, "require_feature"))
    assert (result.of(Event), [f.level for f in result.found]) == ([], ["note"])
    assert len(result.requests) == 1


# articles


def base(**places: Any) -> Answers:
    """A category 1 with folder 2; in it folder 3, that is told of as lying in itself too. Each has one article."""
    result = {
        "categories": [{"id": 1}],
        "categories/1/folders": [{"id": 2, "sub_folders_count": 1, "articles_count": 1}],
        "folders/2/subfolders": [{"id": 3, "sub_folders_count": 1, "articles_count": 1}],
        "folders/3/subfolders": [{"id": 3, "sub_folders_count": 1, "articles_count": 1}],
        "folders/2/articles": [text(20)],
        "folders/3/articles": [text(30, hits=7, thumbs_up=2)],
        **{name.replace("_", "/"): rows for name, rows in places.items()},
    }

    def answers(request: httpx.Request) -> Any:
        return result.get(request.url.path.removeprefix("/api/v2/solutions/"), httpx.Response(404))

    return answers


def text(number: int, **given: Any) -> dict[str, Any]:
    return {"id": number, "title": "Printing", "description": "<p>Turn it on.</p>", "agent_id": AGENT, "status": 2,
            "created_at": iso(SINCE), "updated_at": iso(NOW - DAY), "thumbs_up": 0, "thumbs_down": 0, "hits": 0,
            **given}  # fmt: skip


def test_articles_in_folders_of_folders_are_found_each_once() -> None:
    result = pull("articles", base())
    assert [a.id for a in result.of(Article)] == ["20", "30"]
    assert result.of(ArticleViews) == [ArticleViews("20", 0), ArticleViews("30", 7)]
    assert result.pages[-1].present == {"article": ["20", "30"]}
    assert result.found == []


def test_an_article_that_only_moved_is_the_same_text_and_nobody_is_said_to_have_edited_it() -> None:
    old, touched, edited = (
        pull("articles", base(folders_2_articles=[row])).of(Article)[0]
        for row in (text(20), text(20, updated_at=iso(NOW), hits=9, thumbs_up=3), text(20, description="<p>Off.</p>"))
    )
    assert (old.digest == touched.digest, old.digest == edited.digest) == (True, False)
    assert (old.editor, old.author, touched.votes_up) == (None, str(AGENT), 3)


@pytest.mark.parametrize(
    "places",
    [
        {"folders_3_articles": []},
        {"folders_3_articles": httpx.Response(404)},
        {"folders_2_subfolders": httpx.Response(404)},
        {"folders_2_articles": [text(20), text(21, created_at="never")], "categories_1_folders": [{"id": 2}]},
    ],
    ids=["fewer_than_counted", "folder_gone", "no_subfolders", "broken_row"],
)
def test_a_crawl_that_missed_something_takes_nothing_for_deleted(places: dict[str, Any]) -> None:
    result = pull("articles", base(**places))
    assert result.pages[-1].present == {}
    assert result.pages[-1].complete_until == NOW
    assert "nothing is taken for deleted" in result.found[-1].text


def test_accounts_without_folders_in_folders_are_read_whole() -> None:
    result = pull("articles", base(categories_1_folders=[{"id": 2, "articles_count": 1}], folders_2_subfolders=None))
    assert result.pages[-1].present == {"article": ["20"]}


def test_other_languages_have_edits_of_their_own_and_one_that_is_not_there_is_a_note() -> None:
    german = {"folders_2_articles_de": [text(20, title="Drucken")], "folders_3_articles_de": []}
    result = pull("translations", base(**german), settings=with_settings(languages=("de", "fr")))
    assert [(e.article, e.locale, e.at) for e in result.of(ArticleEdit)] == [("20", "de", NOW - DAY)]
    assert ["'fr'" in f.text for f in result.found] == [True]


# refusals


@pytest.mark.trap("freshdesk 7", "freshdesk 17", "freshdesk 21")
@pytest.mark.parametrize(
    ("code", "says"),
    [("require_feature", "not in this account's plan: no"), ("access_denied", "the key of an admin")],
)
def test_a_403_says_whether_the_plan_or_the_role_is_the_reason(code: str, says: str) -> None:
    with pytest.raises(UnavailableError, match=says):
        pull("surveys", lambda _: refused(403, code))


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "invalid_credentials"), (403, "account_suspended"), (403, "password_lockout"), (403, "invalid_credentials")],
)
def test_credentials_that_are_refused_or_locked_stop_everything_after_one_request(status: int, code: str) -> None:
    result: list[int] = []

    def answers(_: httpx.Request) -> httpx.Response:
        result.append(1)
        return refused(status, code)

    with pytest.raises(AccessError, match=code if status == 403 else "401") as error:
        pull("groups", answers)
    assert (KEY in str(error.value), len(result)) == (False, 1)


@pytest.mark.trap("freshdesk 21", "freshdesk 40")
def test_a_refused_value_is_reported_with_its_field() -> None:
    wrong = {
        "description": "Validation failed",
        "errors": [{"field": "page", "message": "300 is the last", "code": "x"}],
    }
    with pytest.raises(PullError, match="Validation failed; 300 is the last"):
        pull("groups", lambda _: httpx.Response(400, json=wrong))


@pytest.mark.trap("freshdesk 8", "freshdesk 31")
@pytest.mark.parametrize(
    "first",
    [
        httpx.Response(502, html="<html>Bad gateway</html>"),
        httpx.Response(500),
        httpx.Response(200, html="<html>Maintenance</html>"),
        httpx.Response(503, content=b"{"),
    ],
    ids=["html", "an_empty_500", "html_with_200", "broken"],
)
def test_errors_that_are_no_json_are_tried_again(first: httpx.Response) -> None:
    given = [first]
    result = pull("groups", lambda _: given.pop() if given else [{"id": 1, "name": "A"}])
    assert [t.id for t in result.of(Team)] == ["1"]


@pytest.mark.trap("freshdesk 20", "freshdesk 28")
def test_a_429_in_the_middle_of_a_list_is_waited_for_as_long_as_it_says_and_nothing_is_lost() -> None:
    given = [httpx.Response(429, headers={"retry-after": "57"})]

    def answers(request: httpx.Request) -> Any:
        if request.url.params["page"] == "2" and given:
            return given.pop()
        return paged(request, [{"id": n, "name": "x"} for n in range(150)])

    result = pull("groups", answers)
    assert len(result.of(Team)) == 150
    assert sum(result.slept) >= 57


@pytest.mark.trap("freshdesk 19", "freshdesk 36")
def test_limits_come_as_floats_in_text_and_what_is_included_counts_too() -> None:
    """Half of 50 a minute are ours; a page that costs 9 of them leaves room for two more a minute."""
    rows = [ticket(n, SINCE + n * HOUR) for n in range(500)]

    def answers(request: httpx.Request) -> httpx.Response:
        given: Any = tickets_list(rows)(request)
        is_list = request.url.path.endswith("/tickets")
        result = {"x-ratelimit-total": "50.0", "x-ratelimit-remaining": "40.0",
                "x-ratelimit-used-currentrequest": "9" if is_list else "1"}  # fmt: skip
        return (
            httpx.Response(200, json=given)
            if isinstance(given, list)
            else httpx.Response(given.status_code, content=given.content, headers={**given.headers, **result})
        )

    result = pull("tickets", answers)
    pages = len(result.queries())
    assert pages == 6
    assert sum(result.slept) >= 60 * (pages // 3 - 1)


@pytest.mark.trap("freshdesk 3", "freshdesk 34")
def test_only_lists_are_requested_and_nothing_is_written(full_size: bool) -> None:
    """Contacts come with their tickets, so their own list, which ends at 50,000, is not needed."""
    names = [s.name for s in Freshdesk(Freshdesk.transport(with_settings()), with_settings()).streams()]
    requests = []
    for name in names:
        answers = base() if name == "articles" else lambda r: {"export": None} if "export" in r.url.path else []
        requests += pull(name, answers, todo=queued(NOW) if name == "conversations" else ()).requests
    assert {r.method for r in requests} == {"GET"}
    assert not [r.url.path for r in requests if "contacts" in r.url.path or "skills" in r.url.path]
    assert len(names) == 14


# settings


@pytest.mark.parametrize(
    "url", ["acme", "acme.freshdesk.com", "https://acme.freshdesk.com", "https://acme.freshdesk.com/a/tickets/5?x=1"]
)
def test_an_account_may_be_configured_in_any_form(url: str) -> None:
    assert Settings(url=url, auth=Credentials(key="k")).address == "https://acme.freshdesk.com"


@pytest.mark.parametrize(
    "given",
    [
        {"url": "https://support.acme.com"},
        {"url": "https://freshdesk.com.evil.example"},
        {"url": "http://acme.freshdesk.com"},
        {"auth": {}},
        {"auth": {"key": ""}},
        {"auth": {"key": "k", "password": "X"}},
        {"rate_share": 0},
        {"rate_share": 1.5},
        {"page_size": 101},
        {"conversations_per_run": -1},
        {"merged_note": "("},
        {"merged_note": "merged"},
        {"pagesize": 50},
    ],
)
def test_wrong_settings_are_refused(given: dict[str, Any]) -> None:
    good = {"url": "https://acme.freshdesk.com", "auth": {"key": "k"}}
    assert msgspec.convert(good, Settings)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**good, **given}, Settings)


def test_settings_do_not_show_the_key_and_errors_keep_their_letters() -> None:
    assert KEY not in repr(with_settings())
    with pytest.raises(UnavailableError, match="EXACTLY X"):
        pull("groups", lambda _: refused(403, "access_denied", "EXACTLY X"))
