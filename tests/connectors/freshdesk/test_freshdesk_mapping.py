"""What one row of Freshdesk's says, in our records."""

from typing import Any

import msgspec
import pytest
from freshdesk_fixtures import AGENT, CUSTOMER, DAY, HOUR, MINUTE, NOW, SINCE, iso, said, ticket

from connectors.freshdesk import activity_export, map_surveys, map_tickets, schedules
from connectors.freshdesk import payloads as fd
from connectors.freshdesk.conversations import Authors, map_conversation
from helpdesk_kpi.model import Event, Name, NativeMetric, Person, SlaCycle, Ticket
from helpdesk_kpi.pull.time_zones import to_iana
from helpdesk_kpi.text.comment import similarity

KEEP = map_tickets.FreshdeskFields(url="https://acme.freshdesk.com", sketch_key=b"key")


def mapped(keep: map_tickets.FreshdeskFields = KEEP, *, removed_by: str = "", **given: Any) -> list[Any]:
    row = msgspec.convert(ticket(7, **{"updated": NOW, "created": SINCE, **given}), fd.Ticket)
    return map_tickets.map_ticket(row, keep, removed_by=removed_by)


def only(records: list[Any], kind: type[Any]) -> list[Any]:
    return [record for record in records if type(record) is kind]


def changes(**stats: int | None) -> list[tuple[str | None, str | None, int]]:
    """(before, after, when) of the changes of status that a row's times prove, in order."""
    status = stats.pop("status", 2)
    times = {name: None if at is None else iso(at) for name, at in stats.items()}
    found = [e for e in only(mapped(status=status, stats=times), Event) if e.field == "status"]
    return [(e.before, e.after, e.at) for e in sorted(found, key=lambda e: (e.at, e.seq))]


# tickets


def test_a_ticket_has_native_codes_an_address_and_a_first_comment_by_the_customer() -> None:
    records = mapped(custom_fields={"cf_a": "x"})
    [found] = only(records, Ticket)
    assert (found.status, found.priority, found.channel, found.team) == ("2", "2", "email", "77")
    assert found.url == "https://acme.freshdesk.com/a/tickets/7"
    assert (found.created_at, found.updated_at, found.version) == (SINCE, NOW, NOW)
    assert (found.replies_known, found.changes_known_from) == ("pending", None)
    [first] = [e for e in only(records, Event) if e.kind == "comment"]
    assert (first.id, first.at, first.actor, first.public, first.length) == ("created", SINCE, str(CUSTOMER), True, 17)
    assert only(records, Person) == [
        Person(str(CUSTOMER), "customer", "contact", NOW, "Carol", "carol@customer.example")
    ]


def test_two_reports_of_one_problem_have_like_sketches() -> None:
    one, other = (
        only(mapped(subject="Printer", description_text=text), Ticket)[0].sketch
        for text in ("The label printer in the hall stays black", "Hello, the label printer in the hall stays black!")
    )
    assert similarity(one, other) > 0.6


@pytest.mark.parametrize(("source", "channel"), [(10, "outbound_email"), (14, "internal_task")])
def test_what_the_team_began_is_by_the_agent_and_no_request_of_the_customer(source: int, channel: str) -> None:
    records = mapped(source=source)
    [found] = only(records, Ticket)
    assert (found.channel, found.submitter, found.requester) == (channel, str(AGENT), str(CUSTOMER))
    assert next(e for e in only(records, Event) if e.id == "created").actor == str(AGENT)


def test_the_agent_who_recorded_a_call_is_unknown() -> None:
    assert only(mapped(source=3), Ticket)[0].submitter is None


@pytest.mark.trap("freshdesk 32")
@pytest.mark.parametrize(
    ("source", "channel"), [(13, "whatsapp"), (15, "web_chat"), (22, "sms"), (777, "source 777"), (None, None)]
)
def test_every_source_passes(source: int | None, channel: str | None) -> None:
    assert only(mapped(source=source), Ticket)[0].channel == channel


def test_a_company_has_a_name_and_none_has_none() -> None:
    assert only(mapped(company={"id": 5, "name": "Acme"}, company_id=5), Name) == [Name("organization", "5", "Acme")]
    assert only(mapped(company=None), Name) == []


@pytest.mark.trap("freshdesk 10")
@pytest.mark.parametrize("text", ["2026-05-02T10:00:00Z", "2026-05-02T15:30:00+05:30", "2026-05-02T10:00:00.000Z"])
def test_times_come_in_three_shapes(text: str) -> None:
    assert fd.ms(text) == SINCE
    assert fd.ms("2015-08-28T010:08:16Z") is None  # as a sample of Freshdesk's own has it


# what a row's times prove


@pytest.mark.trap("freshdesk 16")
def test_a_solved_ticket_tells_when_it_was_solved_and_closed() -> None:
    solved, closed = SINCE + HOUR, SINCE + DAY
    assert changes(status=5, status_updated_at=closed, resolved_at=solved, closed_at=closed) == [
        (None, "4", solved), (None, "5", closed),
    ]  # fmt: skip


def test_a_ticket_closed_at_once_was_solved_then() -> None:
    assert changes(status=5, status_updated_at=SINCE, resolved_at=SINCE, closed_at=SINCE) == [
        (None, "4", SINCE), (None, "5", SINCE),
    ]  # fmt: skip


def test_a_ticket_that_waits_tells_since_when() -> None:
    assert changes(status=3, status_updated_at=NOW, pending_since=NOW) == [(None, "3", NOW)]
    assert changes(status=2, status_updated_at=NOW, pending_since=SINCE) == [(None, "3", SINCE), (None, "2", NOW)]


def test_a_reopening_proves_a_solve_before_it_even_where_its_time_was_taken_away() -> None:
    reopened = SINCE + DAY
    assert changes(status=2, status_updated_at=reopened, reopened_at=reopened) == [
        (None, "4", reopened - 1), ("4", "2", reopened), (None, "2", reopened),
    ]  # fmt: skip


def test_what_is_only_concluded_is_marked_as_such() -> None:
    result = only(mapped(stats={"reopened_at": iso(NOW)}), Event)
    assert {e.id.partition(":")[0] for e in result if e.precision == "between"} == {"solved-before"}


def test_a_later_row_gives_the_same_ids_as_an_earlier_one() -> None:
    solved, reopened = SINCE + HOUR, SINCE + DAY
    rows = [
        {"status": 4, "status_updated_at": solved, "resolved_at": solved},
        {"status": 2, "status_updated_at": reopened, "reopened_at": reopened},
        {"status": 4, "status_updated_at": NOW, "reopened_at": reopened, "resolved_at": NOW},
    ]
    result: dict[str, Any] = {}
    for row in rows:
        times = {name: iso(at) for name, at in row.items() if name != "status"}
        for event in only(mapped(status=row["status"], stats=times), Event):
            assert result.setdefault(event.id, event) == event
    assert [e.after for e in sorted(result.values(), key=lambda e: (e.at, e.seq)) if e.field == "status"] == [
        "4", "4", "2", "2", "4",
    ]  # fmt: skip


def test_without_its_times_the_store_is_to_watch_the_status_too() -> None:
    assert only(mapped(stats={"status_updated_at": None}), Ticket)[0].tracks[0] == "status"
    assert only(mapped(), Ticket)[0].tracks == ("priority", "team", "assignee", "requester")


# promises and figures


def test_due_times_are_promises_and_a_flag_only_says_that_one_was_missed() -> None:
    replied, solved = SINCE + HOUR, SINCE + 5 * DAY
    late: dict[str, Any] = {"fr_escalated": True, "status": 4}
    times = {"first_responded_at": iso(replied), "resolved_at": iso(solved), "status_updated_at": iso(solved)}
    assert only(mapped(stats=times, **late), SlaCycle) == [
        SlaCycle("7", "first_response", 0, "First response", NOW, SINCE, replied, SINCE + DAY, is_breached=True),
        SlaCycle("7", "resolution", 0, "Resolution", NOW, SINCE, solved, SINCE + 3 * DAY),
    ]
    assert [c.stopped_at for c in only(mapped(), SlaCycle)] == [None, None]


def test_the_next_response_is_a_promise_of_its_own_each_time() -> None:
    times = {"requester_responded_at": iso(SINCE + DAY), "agent_responded_at": iso(SINCE + HOUR)}
    [_, found, _] = only(mapped(nr_due_by=iso(NOW), stats=times), SlaCycle)
    assert (found.sla, found.started_at, found.stopped_at, found.breach_at) == (
        "next_response", SINCE + DAY, None, NOW,
    )  # fmt: skip
    answered = {**times, "agent_responded_at": iso(SINCE + 2 * DAY)}
    assert only(mapped(nr_due_by=iso(NOW), stats=answered), SlaCycle)[1].stopped_at == SINCE + 2 * DAY
    again = only(mapped(nr_due_by=iso(NOW), stats={"requester_responded_at": iso(NOW)}), SlaCycle)[1]
    assert again.number > found.number  # one that is over is not written over


def test_freshdesks_own_figures_are_kept_but_no_response_before_the_creation() -> None:
    times = {"first_responded_at": iso(SINCE + HOUR), "resolved_at": iso(SINCE + DAY)}
    assert only(mapped(status=4, stats=times), NativeMetric) == [
        NativeMetric("7", "reply_time", HOUR), NativeMetric("7", "full_resolution_time", DAY),
    ]  # fmt: skip
    merged = {"first_responded_at": iso(SINCE - HOUR)}  # when an older ticket was merged into this one
    assert only(mapped(stats=merged), NativeMetric) == []


def test_a_reopened_ticket_takes_its_figure_back() -> None:
    times = {"resolved_at": iso(SINCE + HOUR), "reopened_at": iso(SINCE + DAY)}
    assert only(mapped(status=2, stats=times), NativeMetric) == [NativeMetric("7", "full_resolution_time")]


# conversations


def spoken(**given: Any) -> list[Any]:
    row = msgspec.convert(said(5, NOW, **given), fd.Conversation)
    return map_conversation(row, "1", 3, Authors(agents={str(AGENT)}))


def test_a_reply_a_note_and_a_customers_message_are_distinguished() -> None:
    [reply], [note] = spoken(), spoken(private=True, source=2, category=2)
    [message, author] = spoken(incoming=True, user_id=CUSTOMER, body_text="Does not work. Error 0x80070005?")
    assert [(e.actor, e.public, e.via, e.rule) for e in (reply, note, message)] == [
        (str(AGENT), True, "email", None), (str(AGENT), False, "note", None), (str(CUSTOMER), True, "email", None),
    ]  # fmt: skip
    assert (message.is_question, message.codes, message.seq) == (True, ("0x80070005",), 3)
    assert (author.id, author.kind, author.version) == (str(CUSTOMER), "customer", NOW - 1)


def test_who_answered_and_is_no_agent_today_was_one_then() -> None:
    [_, author] = spoken(user_id=5)
    assert (author.id, author.kind) == ("5", "agent")


def test_a_surveys_feedback_is_no_word_to_the_team() -> None:
    for mark in ({"source": 6}, {"category": 7}):
        [feedback] = spoken(incoming=True, user_id=CUSTOMER, **mark)
        assert (feedback.kind, feedback.actor) == ("survey", str(CUSTOMER))


@pytest.mark.parametrize("mark", [{"automation_id": 67000123}, {"auto_response": True}])
def test_what_an_automation_wrote_is_nobodys_answer(mark: dict[str, Any]) -> None:
    [event] = spoken(**mark)
    assert (event.via, event.rule) == ("rule", str(mark.get("automation_id", "auto_response")))


def test_what_was_forwarded_to_others_is_no_answer_to_the_customer() -> None:
    [event] = spoken(source=8, private=False)
    assert (event.public, event.via) == (False, "forward")


@pytest.mark.trap("freshdesk 11")
def test_a_conversation_may_lack_all_but_its_id_and_time() -> None:
    row = msgspec.convert({"id": "5", "created_at": iso(NOW), "brand_new": {"deep": [1]}}, fd.Conversation)
    [event] = map_conversation(row, "1", 1)
    assert isinstance(event, Event)
    assert (event.kind, event.length, event.is_thanks) == ("comment", 0, None)


# hours


@pytest.mark.parametrize(
    ("rails", "zone"),
    [("Chennai", "Asia/Kolkata"), ("Magadan", "Asia/Magadan"), ("Astana", "Asia/Dhaka"), ("Kyiv", "Europe/Kiev"),
     ("Greenland", "America/Godthab"), ("Canberra", "Australia/Melbourne"),
     ("Eastern Time (US & Canada)", "America/New_York")],
)  # fmt: skip
def test_zones_have_rails_names(rails: str, zone: str) -> None:
    assert to_iana(rails) == zone


def test_a_day_may_have_several_spans_and_end_at_midnight() -> None:
    slots = [("09:00", "12:00"), ("13:00", "24:00")]
    day = fd.DaySlots("Sunday", [fd.Slot(*slot) for slot in slots])
    row = fd.BusinessHours(1, "x", "UTC", source_business_hours=[fd.SourceHours("custom", None, [day])])
    assert schedules.map_schedule(row).weekly == ((540, 720), (780, 1440))
    late = fd.BusinessHours(1, "x", "UTC", business_hours={"saturday": fd.Slot("10:00 pm", "2:00 am")})
    assert schedules.map_schedule(late).weekly == ((0, 120), (10_080 - 120, 10_080))  # over midnight into Sunday
    docs = fd.BusinessHours(1, "x", "UTC", business_hours={"sunday": fd.Slot("08:00:00 am", "11:59:59 pm")})
    assert schedules.map_schedule(docs).weekly == ((480, 1440),)


def test_a_calendar_around_the_clock_never_closes() -> None:
    always = fd.BusinessHours(1, "x", "UTC", source_business_hours=[fd.SourceHours("24x7", True)])
    assert schedules.map_schedule(always).weekly == ((0, 10_080),)


# ratings


SURVEY = fd.Survey(5, "x", [fd.Question("default_question", "?", [-103, 103, 100], True),
                            fd.Question("question_8", "Polite?", [103, 102, 100, -102, -103])])  # fmt: skip


def rated(**ratings: int) -> dict[str, tuple[Any, ...]]:
    row = fd.SatisfactionRating(1, 7, iso(NOW), 5, CUSTOMER, AGENT, iso(NOW), "well", ratings)
    found = map_surveys.map_ratings(row, {"5": SURVEY}, comments=True)
    return {r.question: (r.category, r.score, r.scale, r.comment) for r in found}


def test_each_question_is_rated_on_its_own_scale() -> None:
    assert rated(default_question=100, question_8=102) == {
        "": ("neutral", 0.5, "3 points", "well"), "8": ("good", 0.75, "5 points", None),
    }  # fmt: skip
    assert rated(default_question=-103) == {"": ("bad", 0.0, "3 points", "well")}


def test_ratings_of_surveys_that_are_not_known_use_all_seven_points_and_classic_ones_three() -> None:
    assert map_surveys.score_rating(-101, ()) == ("bad", 1 / 3)
    assert [map_surveys.score_rating(n, ()) for n in (1, 2, 3)] == [("good", 1.0), ("neutral", 0.5), ("bad", 0.0)]
    assert map_surveys.score_rating(4711, [103, 100]) == (None, None)


# activities


@pytest.mark.trap("freshdesk 39")
def test_activities_name_the_day_first_and_statuses_by_their_labels() -> None:
    names = activity_export.ActivityLabels({"offen": "2"}, {"billing": "77"})
    result = {"status": "Offen", "group": "Billing", "agent_id": None, "priority": 3, "automation": {"rule": "Routing"}}
    row = fd.Activity(7, "02-05-2026 10:00:00 +0000", "user", AGENT, result)
    assert [(e.field, e.after, e.rule, e.at) for e in activity_export.map_changes(row, names)] == [
        ("status", "2", "Routing", SINCE), ("priority", "3", "Routing", SINCE), ("team", "77", "Routing", SINCE),
        ("assignee", None, "Routing", SINCE),
    ]  # fmt: skip
    unknown = fd.Activity(7, "02-05-2026 10:01:00 +0000", "system", None, {"status": "Parked"})
    [event] = activity_export.map_changes(unknown, names)
    assert (event.after, event.actor, event.at) == ("Parked", None, SINCE + MINUTE)
