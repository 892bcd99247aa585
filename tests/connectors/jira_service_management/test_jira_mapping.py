"""From Jira's payloads to records, on small bodies of its shapes; values worked out by hand."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jira_source import CSAT, PROJECT, comment, issue

from connectors.jira_service_management import jql
from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.mapping import changelog, people, rich_text, satisfaction, sla
from connectors.jira_service_management.mapping.comments import is_public
from connectors.jira_service_management.mapping.custom_fields import to_text
from connectors.jira_service_management.mapping.issues import IssueRecords, map_issue
from connectors.jira_service_management.mapping.labels import NameIndex
from connectors.jira_service_management.mapping.selection import JiraFields
from connectors.jira_service_management.payloads import ms
from helpdesk_kpi.model import Event, Name, NativeMetric, Rating, SlaCycle, Team, Ticket, TicketLink

T0 = 1_779_267_600_000  # 2026-05-20T09:00:00Z
KEEP = JiraFields(
    url="https://acme.atlassian.net", hosts=frozenset({"acme.atlassian.net"}), read_at=5, sketch_key=b"a key",
    team="customfield_10200", request_type="customfield_10010", organizations="customfield_10042",
    participants="customfield_10043", rating="customfield_10040", rated_at="customfield_10041",
    fields={"customfield_10201": "Category"}, slas={"customfield_10030": "Reaction"},
    roles={"10030": "first_response"}, duplicates=frozenset({"duplicate"}), problems=frozenset({"10007"}),
)  # fmt: skip


def raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def read(row: dict[str, Any], keep: JiraFields = KEEP) -> IssueRecords:
    return map_issue(msgspec.json.decode(msgspec.json.encode(row), type=js.Issue), keep)


def of(found: IssueRecords, kind: type[Any]) -> list[Any]:
    return [record for record in found.records if isinstance(record, kind)]


def user(number: int, kind: str = "atlassian", **more: Any) -> dict[str, Any]:
    return {"accountId": f"712020:{number}", "accountType": kind, "displayName": f"P{number}", **more}


def doc(*content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": list(content)}


def paragraph(*parts: str | dict[str, Any]) -> dict[str, Any]:
    texts = [{"type": "text", "text": p} if isinstance(p, str) else p for p in parts]
    return {"type": "paragraph", "content": texts}


# issues


def test_an_issue_is_a_ticket_with_native_ids() -> None:
    request = {"requestType": {"id": "25", "name": "Get help"}}
    found = read(
        issue(
            7, description=doc(paragraph("It does not start after the update")), reporter=user(1, "customer"),
            creator=user(2), assignee=user(3), priority={"id": "2", "name": "Hoch"},
            issuetype={"id": "10101", "name": "Service request"}, labels=["vip"], customfield_10010=request,
            customfield_10042=[{"id": "5", "name": "Acme"}], customfield_10043=[user(4)],
            customfield_10200={"id": "10300", "value": "Billing"}, customfield_10201={"id": "1", "value": "login"},
        )
    )  # fmt: skip
    ticket = found.ticket
    assert (ticket.id, ticket.number, ticket.url) == ("7", "SUP-7", "https://acme.atlassian.net/browse/SUP-7")
    assert (ticket.created_at, ticket.updated_at, ticket.version) == (T0, T0 + 3_600_000, T0 + 3_600_000)
    assert (ticket.status, ticket.priority, ticket.brand, ticket.form) == ("10101", "2", "10001", "25")
    assert (ticket.requester, ticket.submitter, ticket.assignee) == ("712020:1", "712020:2", "712020:3")
    assert (ticket.participants, ticket.organization, ticket.team) == (("712020:4",), "5", "10300")
    assert (ticket.type, ticket.tags, ticket.fields) == ("Service request", ("vip",), {"Category": "login"})
    assert ticket.sketch is not None
    assert Team("10300", "Billing") in found.records
    assert {Name("form", "25", "Get help"), Name("organization", "5", "Acme")} <= set(of(found, Name))


@pytest.mark.trap("jira 14")
def test_a_moved_issue_keeps_its_id_and_tells_its_new_key() -> None:
    before, after = read(issue(7)).ticket, read({**issue(7), "key": "HELP-3"}).ticket
    assert (before.id, after.id) == ("7", "7")
    assert (before.number, after.number) == ("SUP-7", "HELP-3")


@pytest.mark.trap("jira 18")
@pytest.mark.parametrize(
    "fields", [{}, {"customfield_10010": None, "customfield_10200": None, "customfield_10042": None, "priority": None}]
)
def test_a_field_that_is_null_and_one_that_is_absent_say_the_same(fields: dict[str, Any]) -> None:
    found = read(issue(7, **fields))
    assert (found.ticket.form, found.ticket.team, found.ticket.organization, found.ticket.priority) == (None,) * 4
    assert found.ticket.fields == {}
    assert of(found, Rating) == of(found, SlaCycle) == []


@pytest.mark.trap("jira 18")
def test_fields_of_another_type_than_last_week_and_unknown_words_are_no_error() -> None:
    odd = issue(
        7, customfield_10010="text", customfield_10042={"id": 1}, customfield_10043=[{"accountId": 5}],
        customfield_10200=["Billing", "x"], customfield_10201=[{"value": "a"}, {"name": "b"}],
        customfield_10030="2h", reporter=user(1, "robot"),
        project={**PROJECT, "projectTypeKey": "customer_service"},
    )  # fmt: skip
    found = read({**odd, "expand": "customfield_10010.requestTypePractice", "unheard": 1})
    assert (found.ticket.form, found.ticket.organization, found.ticket.participants) == (None, None, ())
    assert (found.ticket.team, found.ticket.fields) == ("Billing", {"Category": "a, b"})


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (["a", "b"], "a, b"), (True, "true"), (7, "7"), ("x", "x"), ({"value": "A", "child": {"value": "B"}}, "A / B"),
        ({"displayName": "Ann"}, "Ann"), ({"x": 1}, '{"x":1}'), ("", None), ([], None), (None, None),
    ],
)  # fmt: skip
def test_values_of_custom_fields_become_text(value: Any, kept: str | None) -> None:
    assert to_text(value) == kept


@pytest.mark.trap("jira 28")
def test_an_open_issue_has_no_resolution_and_a_closed_one_may_lose_its_date() -> None:
    """The history tells when something was solved, so neither a null nor a cleared date loses it."""
    for date in (None, "2026-05-21T09:00:00.000+0000"):
        assert read(issue(7, resolutiondate=date, resolution=None)).ticket.status == "10101"


def test_the_channel_is_a_property_of_the_request() -> None:
    assert read({**issue(7), "properties": {"request.channel.type": {"value": "Portal"}}}).ticket.channel == "portal"
    assert read({**issue(7), "properties": {}}).ticket.channel is None


def test_a_done_duplicate_is_merged_into_the_other_and_an_open_one_is_only_linked() -> None:
    link = {"type": {"id": "10002", "name": "Duplicate"}, "outwardIssue": {"id": "6", "key": "SUP-6"}}
    assert read(issue(7, issuelinks=[link])).ticket.merged_into is None
    done = read(issue(7, issuelinks=[link], status={"id": "5", "statusCategory": {"key": "done"}}))
    assert done.ticket.merged_into == "6"
    assert of(done, TicketLink) == [TicketLink("7", "6", "merge")]
    backwards = {"type": {"id": "10002", "name": "Duplicate"}, "inwardIssue": {"id": "6"}}
    assert of(read(issue(7, issuelinks=[backwards])), TicketLink) == []


def test_development_issues_are_found_by_configured_links_in_both_directions() -> None:
    keep = msgspec.structs.replace(KEEP, development=frozenset({"escalation"}))
    links = [
        {"type": {"id": "10020", "name": "Escalation"}, "outwardIssue": {"id": "81"}},
        {"type": {"id": "10020", "name": "Escalation"}, "inwardIssue": {"id": "82"}},
        {"type": {"id": "10003", "name": "Relates"}, "outwardIssue": {"id": "83"}},
    ]
    found = read(issue(7, issuelinks=links), keep)
    assert of(found, TicketLink) == [TicketLink("7", number, "development") for number in ("81", "82")]
    assert of(read(issue(7, issuelinks=links)), TicketLink) == []


def test_a_link_type_may_be_configured_by_its_id() -> None:
    link = {"type": {"id": "10007", "name": "Störung"}, "inwardIssue": {"id": "3"}}
    assert read(issue(7, issuelinks=[link])).ticket.problem == "3"


@pytest.mark.trap("jira 17")
def test_a_year_that_nobody_lives_to_see_sets_its_row_aside_and_no_other() -> None:
    assert read(issue(7, customfield_10300="51502-10-05T02:00:00.000+0200")).ticket.id == "7"
    with pytest.raises(ValueError, match="51502"):
        read(issue(7, created="51502-10-05T02:00:00.000+0200"))


@pytest.mark.trap("jira 17", "jira 31")
@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-05-20T18:00:00.000+0900", T0), ("2026-05-20T09:00:00.000Z", T0), ("2026-05-20T14:30:00.000+0530", T0),
        (1_779_267_600, T0), (1_779_267_600_123, T0 + 123), ("1779267600000", T0), (1_779_267_600.0, T0),
    ],
)  # fmt: skip
def test_times_come_as_text_with_an_offset_and_as_seconds_or_milliseconds(written: Any, at: int) -> None:
    assert ms(written) == at


# people


@pytest.mark.trap("jira 16")
@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        ({"accountId": "712020:1", "accountType": "atlassian"}, "member"),
        ({"accountId": "557058:x", "accountType": "app"}, "bot"),
        ({"accountId": "712020:2", "accountType": "customer"}, "customer"),
        ({"accountId": "qm:a713c8ea:5"}, "customer"),
        ({"accountId": "712020:9", "accountType": "atlassian"}, "agent"),  # named in the configuration
        ({"key": "JIRAUSER10100", "name": "ann"}, "member"),  # Data Center has no account types
        ({"accountId": "unknown", "accountType": "unknown"}, "nobody"),  # stands for everybody who cannot be named
    ],
)
def test_who_somebody_is_follows_from_the_account_and_the_configuration(shown: dict[str, Any], kind: str) -> None:
    team = people.TeamMapping(agents=frozenset({"712020:9"}))
    person = people.map_person(msgspec.convert(shown, js.User), team)
    assert person is not None
    assert person.kind == kind
    assert person.id == shown.get("accountId", "JIRAUSER10100")


@pytest.mark.trap("jira 15")
def test_inactive_deleted_and_anonymous_people_are_read() -> None:
    gone = msgspec.convert({"accountId": "712020:1", "displayName": "Former user", "active": False}, js.User)
    person = people.map_person(gone, people.TeamMapping())
    assert person is not None
    assert (person.active, person.email, person.name) == (False, None, None)  # the store keeps the name of before
    assert people.map_person(msgspec.convert({"displayName": "Anonymous"}, js.User), people.TeamMapping()) is None
    found = read(issue(7, reporter=None, creator=None, assignee=None))
    assert (found.ticket.requester, found.ticket.submitter, found.ticket.assignee) == (None, None, None)
    assert [e.actor for e in of(found, Event)] == [None]
    assert found.people == []


# words


def test_a_description_is_the_comment_that_made_the_ticket() -> None:
    found = read(
        issue(
            7,
            reporter=user(1, "customer"),
            creator=user(9),
            description=doc(paragraph("Can you help? It says ERR-1042.")),
        )
    )
    [first] = of(found, Event)
    assert (first.id, first.at, first.kind, first.public, first.actor) == ("created", T0, "comment", True, "712020:1")
    assert (first.is_question, first.codes) == (True, ("ERR-1042",))


@pytest.mark.trap("jira 31")
@pytest.mark.parametrize(
    ("body", "text"),
    [
        (None, ""),
        ("h1. Hello\n* one\n{quote}mine{quote}\n[here|https://x.example] {code:java}x{code}", "Hello\none\n\nhere x"),
        ("{quote}all of it{quote}", "{quote}all of it{quote}"),
        (doc(paragraph("a ", {"type": "mention", "attrs": {"text": "@Bo"}}, {"type": "hardBreak"}, "b")), "a @Bo\nb"),
        (doc({"type": "blockquote", "content": [paragraph("yours")]}, paragraph("mine")), "mine"),
        (doc({"type": "bulletList", "content": [{"type": "listItem", "content": [paragraph("x")]}]}), "x"),
        (doc({"type": "unheardOf", "content": [paragraph("y"), "odd"]}), "y"),
        (doc(paragraph({"type": "emoji", "attrs": {"shortName": ":thumbsup:"}})), ":thumbsup:"),
    ],
)
def test_bodies_are_documents_wiki_text_or_nothing(body: Any, text: str) -> None:
    assert rich_text.parse_rich_text(body).text == text


def test_articles_are_found_in_links_and_cards_of_our_own_site() -> None:
    link = {"type": "text", "text": "here", "marks": [{"type": "link", "attrs": {"href": _page("acme", 12)}}]}
    card = {"type": "inlineCard", "attrs": {"url": _page("acme", 34)}}
    other = {"type": "text", "text": "there", "marks": [{"type": "link", "attrs": {"href": _page("other", 56)}}]}
    found = read(issue(7, comment={"total": 1, "comments": [comment(1, body=doc(paragraph(link, card, other)))]}))
    assert of(found, Event)[-1].articles == ("12", "34")


def _page(site: str, number: int) -> str:
    return f"https://{site}.atlassian.net/wiki/spaces/KB/pages/{number}/How"


@pytest.mark.parametrize(
    ("more", "public"),
    [
        ({"jsdPublic": True}, True),
        ({"jsdPublic": False}, False),
        ({"jsdPublic": True, "visibility": {"type": "role", "value": "Administrators"}}, False),
        ({"jsdPublic": None}, True),
        ({"jsdPublic": None, "properties": [{"key": "sd.public.comment", "value": {"internal": True}}]}, False),
        ({"jsdPublic": None, "properties": [{"key": "sd.public.comment", "value": {"internal": False}}]}, True),
    ],
)
def test_the_customer_sees_what_nothing_says_is_internal(more: dict[str, Any], public: bool) -> None:
    assert is_public(msgspec.convert(comment(1, **more), js.Comment)) is public


def test_outside_of_service_projects_no_customer_sees_anything() -> None:
    """Jira says jsdPublic there too."""
    page = {"total": 1, "comments": [comment(1)]}
    software = {**PROJECT, "projectTypeKey": "software"}
    assert of(read(issue(7, comment=page)), Event)[-1].public is True
    assert of(read(issue(7, comment=page, project=software)), Event)[-1].public is False


@pytest.mark.trap("jira 3")
def test_a_cut_conversation_is_pending_until_it_is_fetched_separately() -> None:
    whole, cut = {"total": 1, "comments": [comment(1)]}, {"total": 21, "comments": [comment(1)]}
    assert not read(issue(7, comment=whole)).lacks_comments
    assert read(issue(7, comment=cut)).ticket.replies_known == "pending"
    assert read(issue(7, comment=None)).lacks_comments
    silent = {"total": 1, "comments": [comment(1, jsdPublic=None)]}  # Data Center: nobody says who sees it
    found = read(issue(7, comment=silent))
    assert found.lacks_comments
    assert [e.id for e in of(found, Event)] == ["created"]


def test_a_comment_that_cannot_be_read_is_set_aside_and_the_others_are_kept() -> None:
    page = {"total": 2, "comments": [comment(1), {"id": "2"}]}
    found = read(issue(7, comment=page))
    assert [e.id for e in of(found, Event)] == ["created", "comment:1"]
    assert [a.id for a in found.rejected] == ["7 comment 2"]
    assert found.lacks_comments  # they are asked for apart, which tells whether all can be read


# histories


def read_events(*items: dict[str, Any], **more: Any) -> list[Event]:
    whole = {"id": "500", "created": "2026-05-20T09:00:00.123+0000", "author": user(9), "items": list(items), **more}
    row = msgspec.convert(whole, js.History)
    return changelog.read_history("42", [row], KEEP.words, {"Category": "customfield_10201"}, NameIndex()).events


def item(field: str, before: Any, after: Any, **more: Any) -> dict[str, Any]:
    return {
        "field": field, "fieldId": field, "fieldtype": "jira", "from": before, "fromString": f"was {before}",
        "to": after, "toString": f"is {after}", **more,
    }  # fmt: skip


@pytest.mark.trap("jira 4")
def test_a_change_carries_its_issue_and_native_ids() -> None:
    [found] = read_events(item("status", "10100", "10101"))
    assert found == Event(
        ticket="42", id="500:status", at=T0 + 123, seq=50_000, kind="change", actor="712020:9", field="status",
        before="10100", after="10101",
    )  # fmt: skip


def test_noise_is_left_out_and_does_not_move_the_ids_of_the_rest() -> None:
    """Asked for some fields, Jira leaves the other items out, so an item's place is no name."""
    noisy = read_events(item("RemoteIssueLink", None, "1"), item("environment", None, "1"), item("status", "1", "2"))
    assert [e.id for e in noisy] == [e.id for e in read_events(item("status", "1", "2"))] == ["500:status"]


def test_kept_fields_have_labels_and_the_team_has_its_id() -> None:
    category = item("Category", "1", "2", fieldId="customfield_10201", fieldtype="custom")
    team = item("Support team", "10300", "10301", fieldId="customfield_10200", fieldtype="custom")
    assert [(e.field, e.before, e.after) for e in read_events(category, team)] == [
        ("Category", "was 1", "is 2"), ("team", "10300", "10301"),
    ]  # fmt: skip


def test_data_center_tells_fields_by_name() -> None:
    names = {"field": "Category", "fieldtype": "custom", "toString": "login"}
    key = {"field": "Key", "fieldtype": "jira", "fromString": "A-1", "toString": "B-1"}
    status = {"field": "status", "fieldtype": "jira", "from": "1", "to": "2"}
    assert [(e.id, e.field, e.after) for e in read_events(names, key, status)] == [
        ("500:customfield_10201", "Category", "login"), ("500:key", "key", "B-1"), ("500:status", "status", "2"),
    ]  # fmt: skip


@pytest.mark.trap("jira 15")
def test_a_history_without_an_author_was_made_by_a_rule() -> None:
    assert read_events(item("status", "1", "2"), author=None)[0].actor is None


@pytest.mark.trap("jira 31")
def test_a_histories_time_may_be_a_number_of_seconds() -> None:
    assert read_events(item("status", "1", "2"), created=T0 // 1000)[0].at == T0


def test_at_most_ten_fields_are_requested_important_ones_first() -> None:
    requests, left = changelog.select_history_fields("customfield_1", {f"customfield_{i}": str(i) for i in range(2, 9)})
    assert requests[:6] == ["status", "assignee", "priority", "resolution", "project", "customfield_1"]
    assert len(requests) == 10
    assert left == ["customfield_6", "customfield_7", "customfield_8", "issuetype", "reporter"]


# SLA


def moment(at: int) -> dict[str, Any]:
    return {"epochMillis": at, "jira": "2026-05-20T18:00:00.000+0900", "friendly": "오늘 10:01"}


def span(amount: int) -> dict[str, Any]:
    return {"millis": amount, "friendly": "1시간 1분"}


def run(start: int, stop: int | None = None, **more: Any) -> dict[str, Any]:
    shown = {"startTime": moment(start), "breachTime": moment(start + 9), "breached": False, "goalDuration": span(100)}
    return {**shown, **({"stopTime": moment(stop)} if stop else {}), "elapsedTime": span(40), **more}


@pytest.mark.trap("jira 29")
def test_runs_are_counted_from_the_first_completed_to_the_one_that_goes_on() -> None:
    value = {"id": "59", "name": "초기", "completedCycles": [run(30, 40), run(10, 20)],
             "ongoingCycle": run(50, paused=True, breachTime=None)}  # fmt: skip
    found = list(sla.map_sla("7", {"customfield_10030": raw(value)}, KEEP.slas, {"59": "resolution"}, 5))
    cycles = [r for r in found if isinstance(r, SlaCycle)]
    assert [(c.sla, c.number, c.started_at, c.stopped_at) for c in cycles] == [
        ("59", 0, 10, 20), ("59", 1, 30, 40), ("59", 2, 50, None),
    ]  # fmt: skip
    assert (cycles[0].breach_at, cycles[0].goal, cycles[0].elapsed, cycles[0].is_breached) == (19, 100, 40, False)
    assert (cycles[2].is_paused, cycles[2].breach_at, cycles[2].read_at) == (True, None, 5)


def test_the_first_response_is_the_first_run_and_the_resolution_the_last() -> None:
    value = {"id": "59", "completedCycles": [run(10, 20, elapsedTime=span(7)), run(30, 40, elapsedTime=span(8))]}
    for role, took in (("first_response", 7), ("resolution", 8)):
        found = list(sla.map_sla("7", {"customfield_10030": raw(value)}, KEEP.slas, {"10030": role}, 5))
        assert found[-1] == NativeMetric("7", f"sla_{role}", business=took)
    assert not [r for r in sla.map_sla("7", {"customfield_10030": raw(value)}, KEEP.slas, {}, 5)
                if isinstance(r, NativeMetric)]  # fmt: skip


@pytest.mark.trap("jira 31")
@pytest.mark.parametrize(
    ("value", "own"),
    [
        ({"id": "59"}, "59"),
        ({"id": 59}, "59"),
        ({"_links": {"self": "https://x/rest/servicedeskapi/request/1/sla/10030"}}, "10030"),
        ({}, "10030"),
        ({"_links": {"self": "https://x/odd"}}, "10030"),
    ],
)
def test_an_sla_without_an_id_has_it_in_its_link_or_its_fields_number(value: dict[str, Any], own: str) -> None:
    assert sla.get_sla_id(msgspec.convert(value, js.Sla), "customfield_10030") == own


def test_an_instant_is_read_from_whatever_a_site_leaves_of_it() -> None:
    at = {"jira": "2026-05-20T18:00:00.000+0900", "friendly": "어제"}
    assert msgspec.convert(at, js.Moment).ms == T0
    assert msgspec.convert({"iso8601": "2026-05-20T18:00:00+0900"}, js.Moment).ms == T0
    assert msgspec.convert({"friendly": "yesterday"}, js.Moment).ms is None


@pytest.mark.parametrize("value", [None, {"completedCycles": []}, 5, "2h"])
def test_an_sla_that_never_ran_or_does_not_apply_says_nothing(value: Any) -> None:
    assert list(sla.map_sla("7", {"customfield_10030": raw(value)}, KEEP.slas, KEEP.roles, 5)) == []
    assert list(sla.map_sla("7", {}, KEEP.slas, KEEP.roles, 5)) == []


# satisfaction


@pytest.mark.parametrize(
    ("value", "stars"),
    [
        (4, 4), ("3", 3), ({"rating": 2}, 2), ({"rating": 5, "scale": 5}, 5), ({"rating": 10, "scale": 10}, 5),
        (2.0, 2), (0, None), (6, None), ({"stars": 4}, None), ("great", None), (True, None), ([4], None),
        ({"rating": 3, "scale": 0}, None), ("nan", None),
    ],
)  # fmt: skip
def test_a_rating_is_a_number_or_an_object_with_one(value: Any, stars: float | None) -> None:
    assert satisfaction.parse_stars(value) == stars


@pytest.mark.parametrize(
    ("stars", "category", "score"),
    [(5, "good", 1.0), (4, "good", 0.75), (3, "neutral", 0.5), (2, "bad", 0.25), (1, "bad", 0)],
)
def test_four_and_five_stars_are_good_and_one_and_two_bad(stars: int, category: str, score: float) -> None:
    [rating] = of(read(issue(7, reporter=user(1), customfield_10040=stars, customfield_10041=T0 + 5)), Rating)
    assert (rating.id, rating.value, rating.scale) == ("csat-7", str(stars), "1-5")
    assert (rating.category, rating.score, rating.rater) == (category, score, "712020:1")
    assert (rating.answered_at, rating.version) == (T0 + 5, T0 + 5)


def test_a_shape_that_nobody_has_seen_is_set_aside_with_what_it_was() -> None:
    found = read(issue(7, customfield_10040={"smiley": "sad"}))
    assert of(found, Rating) == []
    [aside] = found.rejected
    assert aside.id == "7 satisfaction"
    assert "smiley" in aside.reason


@pytest.mark.parametrize("date", [None, "51502-10-05T02:00:00.000+0200", "soon", {}])
def test_a_rating_without_a_date_is_as_old_as_the_issues_last_change(date: Any) -> None:
    [rating] = of(read(issue(7, customfield_10040=4, customfield_10041=date)), Rating)
    assert rating.answered_at == T0 + 3_600_000


def test_satisfaction_fields_are_known_by_their_kind() -> None:
    assert (CSAT, f"{CSAT}-date") == (satisfaction.SCORE, satisfaction.DATE)


# JQL


@pytest.mark.trap("jira 20")
def test_keys_that_are_words_of_jql_are_quoted() -> None:
    text = jql.build_query(["SUP", "ORDER", "AND", "A1"], "updated >= 5")
    assert text == 'project in ("SUP", "ORDER", "AND", "A1") AND updated >= 5 ORDER BY updated ASC, id ASC'


@pytest.mark.trap("jira 6")
def test_a_search_is_by_the_time_of_change_and_open_to_the_future() -> None:
    text = jql.build_query(["SUP"], jql.TimeFormat().since("updated", 5))
    assert "created" not in text
    assert "<" not in text


@pytest.mark.trap("jira 5")
def test_a_minute_is_written_in_the_accounts_zone() -> None:
    at = T0 + 59_999
    assert jql.TimeFormat(ZoneInfo("Asia/Kolkata")).since("updated", at) == 'updated >= "2026-05-20 14:30"'
    assert jql.TimeFormat().since("updated", at) == f"updated >= {at}"


ZONES = ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "Africa/Casablanca"]


@pytest.mark.trap("jira 9", "jira 5")
@given(at=st.integers(1_700_000_000_000, 1_900_000_000_000), zone=st.sampled_from(ZONES))
def test_a_minute_never_means_a_later_instant_whichever_autumn_hour_is_meant(at: int, zone: str) -> None:
    place = ZoneInfo(zone)
    written = jql.TimeFormat(place).since("updated", at).split('"')[1]
    wall = dt.datetime.strptime(written, "%Y-%m-%d %H:%M").replace(tzinfo=place)
    for fold in (0, 1):
        assert at - 2 * 3_600_000 - 60_000 <= wall.replace(fold=fold).timestamp() * 1000 <= at


@pytest.mark.trap("jira 9")
def test_in_the_first_autumn_hour_the_query_starts_an_hour_earlier() -> None:
    at = ms("2026-10-25T02:30:00+02:00")  # Berlin: 02:30 comes again an hour later
    assert jql.TimeFormat(ZoneInfo("Europe/Berlin")).since("updated", at) == 'updated >= "2026-10-25 01:30"'


def test_an_issue_alone_is_a_ticket() -> None:
    assert isinstance(read(issue(7)).records[0], Ticket)
