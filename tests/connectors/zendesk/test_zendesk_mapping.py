"""From Zendesk's payloads to records, on small bodies of its shapes; values worked out by hand."""

from typing import Any

import msgspec
import pytest

from connectors.zendesk import payloads as zd
from connectors.zendesk.mapping import articles, surveys
from connectors.zendesk.mapping.contacts import map_call, map_engagement
from connectors.zendesk.mapping.events import map_events
from connectors.zendesk.mapping.names import map_schedule
from connectors.zendesk.mapping.people import map_person
from connectors.zendesk.mapping.tickets import ZendeskFields, map_ticket
from helpdesk_kpi.errors import PullError
from helpdesk_kpi.model import Article, Engagement, Event, NativeMetric, Rating, Replies, Ticket, TicketLink, Unread
from helpdesk_kpi.pull.time_zones import RAILS, to_iana
from helpdesk_kpi.text.comment import RULES_VERSION

T0 = 1_780_308_000_000  # 2026-06-01T10:00:00Z
KEEP = ZendeskFields("https://acme.zendesk.com", T0 - 1, {360001: "Category"}, b"a key")


def row(kind: type[Any], **given: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(given), type=kind)


def ticket(**given: Any) -> list[Any]:
    whole = {
        "id": 42, "created_at": "2026-06-01T10:00:00Z", "updated_at": "2026-06-02T10:00:00Z", "status": "open",
        "generated_timestamp": 1_780_394_405, "subject": "No light", "description": "It is dark",
        "requester_id": 7, "submitter_id": 7, "tags": [], "via": {"channel": "email", "source": {"rel": None}},
    }  # fmt: skip
    return map_ticket(row(zd.Ticket, **{**whole, **given}), KEEP)


def map_children(*children: dict[str, Any], **given: Any) -> list[Any]:
    """Records of one audit with these children."""
    whole = {"id": 500, "ticket_id": 42, "timestamp": T0 // 1000, "updater_id": 9, "via": "Web form"}
    return map_events(
        row(zd.TicketEvent, **{**whole, "child_events": list(children), **given}), {360001: "Category"}, ()
    )


# tickets


def test_a_ticket_is_read_with_its_version_and_address() -> None:
    [found] = ticket(priority="high", group_id=3, assignee_id=9, custom_fields=[{"id": 360001, "value": "login"}])
    assert isinstance(found, Ticket)
    assert (found.id, found.url) == ("42", "https://acme.zendesk.com/agent/tickets/42")
    assert (found.created_at, found.updated_at, found.version) == (T0, T0 + 86_400_000, 1_780_394_405_000)
    assert (found.channel, found.priority, found.team, found.assignee) == ("email", "high", "3", "9")
    assert found.fields == {"Category": "login"}
    assert found.sketch is not None
    assert found.deleted_at is None
    assert found.changes_known_from is None


def test_a_ticket_from_before_the_first_day_says_from_when_its_history_is_known() -> None:
    [found] = ticket(created_at="2026-05-01T10:00:00Z")
    assert found.changes_known_from == T0 - 1


@pytest.mark.parametrize(
    ("value", "kept"),
    [(["a", "b"], "a, b"), (True, "true"), (False, "false"), (7, "7"), (1.5, "1.5"), ({"id": 1}, '{"id":1}')],
)
@pytest.mark.trap("zendesk 15")
def test_values_of_custom_fields_become_text(value: Any, kept: str) -> None:
    assert ticket(custom_fields=[{"id": 360001, "value": value}])[0].fields == {"Category": kept}


@pytest.mark.parametrize("value", [None, "", []])
def test_empty_custom_fields_and_others_are_not_kept(value: Any) -> None:
    fields = [{"id": 360001, "value": value}, {"id": 5, "value": "x"}]
    assert ticket(custom_fields=fields)[0].fields == {}


@pytest.mark.trap("zendesk 31")
def test_a_ticket_of_an_ai_agent_is_marked() -> None:
    assert ticket(support_type="ai_agent")[0].fields == {"support_type": "ai_agent"}
    assert ticket(support_type="agent")[0].fields == {}


@pytest.mark.trap("zendesk 29")
def test_a_deleted_ticket_was_deleted_when_its_row_last_changed() -> None:
    [found] = ticket(status="deleted")
    assert (found.deleted_at, found.is_scrubbed, found.subject) == (T0 + 86_400_000, False, "No light")


@pytest.mark.trap("zendesk 29")
def test_a_scrubbed_ticket_keeps_nothing_of_its_texts() -> None:
    [found] = ticket(status="deleted", subject="SCRUBBED", raw_subject="SCRUBBED", description="X")
    assert found.is_scrubbed
    assert (found.subject, found.sketch, found.fields) == (None, None, {})


def test_a_subject_that_only_looks_scrubbed_is_a_subject() -> None:
    [found] = ticket(subject="SCRUBBED")
    assert (found.is_scrubbed, found.subject) == (False, "SCRUBBED")


def test_a_merged_ticket_is_known_by_its_tag() -> None:
    assert ticket(tags=["closed_by_merge"], status="closed")[0].merged_into == ""
    assert ticket(tags=["merge"])[0].merged_into is None


def test_a_follow_up_and_an_incident_are_linked() -> None:
    via = {"channel": "email", "source": {"rel": "follow_up", "from": {"ticket_id": 40, "subject": "x"}, "to": {}}}
    found, *links = ticket(via=via, problem_id=41)
    assert (found.follow_up_of, found.problem) == ("40", "41")
    assert links == [TicketLink("42", "41", "problem"), TicketLink("42", "40", "follow_up")]


@pytest.mark.trap("zendesk 23", "zendesk 28")
def test_a_metric_set_is_read_in_milliseconds_and_null_is_not_zero() -> None:
    none = {"calendar": None, "business": None}
    metric_set = {
        "reply_time_in_minutes": {"calendar": 90, "business": 30}, "full_resolution_time_in_minutes": none,
        "on_hold_time_in_minutes": {"calendar": 0, "business": 0}, "reopens": 0, "replies": 2,
    }  # fmt: skip
    assert ticket(metric_set=metric_set)[1:] == [
        NativeMetric("42", "reply_time", 5_400_000, 1_800_000),
        NativeMetric("42", "on_hold_time", 0, 0),
        NativeMetric("42", "reopens", count=0),
        NativeMetric("42", "replies", count=2),
    ]
    assert ticket(metric_set=None)[1:] == []


def test_a_reopen_takes_the_full_resolution_back() -> None:
    metric_set = {"full_resolution_time_in_minutes": {"calendar": None, "business": None}, "reopens": 1}
    assert NativeMetric("42", "full_resolution_time") in ticket(metric_set=metric_set)


# events


def test_a_change_has_the_field_as_its_key() -> None:
    [found] = map_children(
        {"id": 1, "via": "Mail", "event_type": "Change", "status": "solved", "previous_value": "open"}
    )
    assert found == Event(
        ticket="42", id="500:status", at=T0, seq=500_000, kind="change", actor="9", via="email", field="status",
        before="open", after="solved",
    )  # fmt: skip


def test_the_plain_shape_of_older_accounts_is_a_change_from_something_unknown() -> None:
    [found] = map_children({"via": "Email", "via_reference_id": 2, "status": "solved"})
    assert (found.id, found.before, found.after, found.via, found.rule) == ("500:status", None, "solved", "email", None)


def test_a_creation_starts_from_nothing_and_what_was_not_set_says_nothing() -> None:
    found = map_children(
        {"event_type": "Create", "status": "new"},
        {"event_type": "Create", "priority": None},
        {"event_type": "Create", "group_id": "3"},
        {"event_type": "Create", "assignee_id": None},
        {"event_type": "Create", "subject": "No light"},
        {"event_type": "Create", "tags": ["a"]},
    )
    assert [(e.field, e.before, e.after) for e in found] == [("status", None, "new"), ("team", None, "3")]


@pytest.mark.parametrize(
    ("key", "value", "field", "after"),
    [
        ("assignee_id", "9", "assignee", "9"), ("group_id", 3, "team", "3"), ("priority", "low", "priority", "low"),
        ("type", "incident", "type", "incident"), ("ticket_form_id", 4, "form", "4"), ("brand_id", 5, "brand", "5"),
        ("custom_status_id", "6", "custom_status", "6"), ("requester_id", 7, "requester", "7"),
        ("organization_id", 8, "organization", "8"), ("problem_id", 40, "problem", "40"),
        ("360001", "login", "Category", "login"),
    ],
)  # fmt: skip
def test_every_field_that_counts_has_our_word(key: str, value: Any, field: str, after: str) -> None:
    [found] = map_children({"event_type": "Change", key: value, "previous_value": None})
    assert (found.field, found.after) == (field, after)


def test_custom_fields_may_come_in_an_object_of_their_own() -> None:
    child = {"event_type": "Change", "custom_ticket_fields": {"360001": "billing", "9": "x"}, "previous_value": "login"}
    [found] = map_children(child)
    assert (found.id, found.field, found.before, found.after) == ("500:360001", "Category", "login", "billing")


@pytest.mark.trap("zendesk 9")
@pytest.mark.parametrize(
    ("value", "after"),
    [("login", "login"), (["a", "b"], "a, b"), ({"id": 1}, '{"id":1}'), (7, "7"), (True, "true"), (None, None)],
)
def test_an_audits_value_may_be_of_any_type(value: Any, after: str | None) -> None:
    for child in ({"360001": value}, {"field_name": "360001", "value": value}):
        [found] = map_children({"event_type": "Change", "previous_value": "x", **child})
        assert (found.before, found.after) == ("x", after)


def test_an_unassignment_is_a_change_to_nobody() -> None:
    [found] = map_children({"event_type": "Change", "assignee_id": None, "previous_value": "9"})
    assert (found.before, found.after) == ("9", None)


def test_the_helpdesk_is_no_actor_and_a_rule_is_recorded() -> None:
    child = {
        "event_type": "Change",
        "via": "Rule",
        "via_reference_id": 77,
        "status": "closed",
        "previous_value": "solved",
    }
    [found] = map_children(child, updater_id=-1, via="Rule")
    assert (found.actor, found.via, found.rule) == (None, "rule", "77")


def test_a_rule_in_an_object_has_its_id_as_in_exports() -> None:
    via = {"channel": "rule", "source": {"rel": "trigger", "from": {"id": 77, "title": "Route"}, "to": {}}}
    [found] = map_children({"event_type": "Change", "via": via, "group_id": 3, "previous_value": None})
    assert (found.via, found.rule) == ("rule", "77")


def test_two_changes_of_one_field_in_one_update_are_two_events_in_order() -> None:
    found = map_children(
        {"event_type": "Create", "status": "new"},
        {"event_type": "Change", "status": "open", "previous_value": "new", "via": "Rule", "via_reference_id": 1},
    )
    assert [(e.id, e.after) for e in found] == [("500:status", "new"), ("500:status:2", "open")]
    assert found[0].seq < found[1].seq


def test_events_of_one_second_are_ordered_over_audits() -> None:
    later = map_children({"event_type": "Change", "status": "open", "previous_value": "new"}, id=501)[0]
    earlier = [
        *map_children({"event_type": "Change", "priority": "low"}),
        *map_children({"event_type": "Change", "priority": "high"}),
    ]
    assert all(e.seq < later.seq for e in earlier)


def test_deletion_and_restoring_come_from_the_ticket_not_its_status() -> None:
    assert map_children({"event_type": "Change", "status": "deleted", "previous_value": "open"}) == []
    assert map_children({"event_type": "Change", "status": "open", "previous_value": "deleted"}) == []


def test_a_comment_is_kept_as_its_features() -> None:
    child = {
        "id": 600, "type": "Comment", "event_type": "Comment", "author_id": 11, "public": True, "audit_id": 500,
        "body": "Thanks, that solved it!\n\n-- \nAnn", "html_body": '<p><a href="/hc/en-us/articles/77-x">x</a></p>',
        "via": {"channel": "email", "source": {"rel": None, "from": {}, "to": {}}},
    }  # fmt: skip
    [found] = map_children(child, {"event_type": "Notification", "body": "We have got it", "recipients": [1]})
    assert (found.id, found.kind, found.actor, found.via, found.public) == ("500:c0", "comment", "11", "email", True)
    assert (found.length, found.is_thanks, found.is_question, found.articles) == (23, True, False, ("77",))
    assert found.text_rule == RULES_VERSION


def test_a_comment_says_which_macro_was_applied_with_it() -> None:
    comment = {"event_type": "Comment", "type": "Comment", "body": "One", "public": True}
    macro = {"type": "AgentMacroReference", "macro_id": "360002", "macro_title": "Reset", "via": "Web form"}
    [found] = map_children(comment, macro)
    assert (found.kind, found.field, found.after) == ("comment", "macro", "360002")
    [typed] = map_children(comment)
    assert typed.field is None


def test_a_comment_without_the_side_load_is_known_to_have_happened() -> None:
    [found] = map_children({"event_type": "Comment", "comment_present": True, "comment_public": False})
    assert (found.kind, found.actor, found.public, found.length, found.is_thanks) == ("comment", "9", False, None, None)


def test_comments_of_one_update_are_counted() -> None:
    comments = [{"event_type": "Comment", "type": "Comment", "body": text, "public": True} for text in ("One", "Two")]
    found = map_children(comments[0], {"event_type": "Change", "status": "open", "previous_value": "new"}, comments[1])
    assert [e.id for e in found] == ["500:c0", "500:status", "500:c1"]


def test_a_merge_on_both_sides_makes_one_link() -> None:
    def comment(**source: Any) -> dict[str, Any]:
        via = {"channel": "web", "source": {"rel": "merge", **source}}
        return {"type": "Comment", "event_type": "Comment", "body": "Merged", "public": False, "via": via}

    loser = map_children(comment(**{"from": {}, "to": {"ticket_id": 43}}))
    assert TicketLink("42", "43", "merge") in loser
    [link] = [e for e in loser if isinstance(e, Event) and e.kind == "link"]
    assert (link.field, link.after, link.at) == ("merge", "43", T0)
    winner = map_children(comment(**{"from": {"ticket_id": 42}, "to": {}}), ticket_id=43)
    merge_of_42 = [TicketLink("42", "43", "merge"), Replies("42", 0, merged_into="43")]
    assert [r for r in winner if not isinstance(r, Event)] == merge_of_42
    context = map_children({"event_type": "Change", "status": "open"}, ticket_id=43, merged_ticket_ids=[42, 43, None])
    assert [r for r in context if not isinstance(r, Event)] == merge_of_42


def test_a_merge_without_a_target_closes_the_loser() -> None:
    note = {"type": "Comment", "event_type": "Comment", "body": "Merged", "public": True}
    closed = {"event_type": "Change", "status": "closed", "previous_value": "open"}
    loser = map_children(note, closed, via="Merge")
    assert [r for r in loser if not isinstance(r, Event)] == [Replies("42", 0, merged_into="")]
    assert [(e.kind, e.after) for e in loser if isinstance(e, Event) and e.kind == "link"] == [("link", None)]
    winner = map_children(note, via="Merge")
    assert [(r.kind, r.via) for r in winner] == [("comment", "merge")]
    unrelated = map_children({**note, "body": "This was merged into #43"}, closed)
    assert [(r.kind, r.field) for r in unrelated] == [("comment", None), ("change", "status")]


@pytest.mark.trap("zendesk 40")
@pytest.mark.parametrize(
    ("child", "via", "kinds"),
    [
        ({"type": "VoiceComment"}, "Phone call (incoming)", [("comment", "voice")]),
        ({"type": "TpeVoiceComment", "data": {"answered_by_id": 9}}, "Phone call (incoming)",
         [("comment", "voice"), ("call", "voice")]),
        ({"type": "VoiceComment", "data": {"answered_by_id": 9, "outbound": True}}, "Web form",
         [("comment", "outbound_call")]),
        ({"type": "HologramCall", "data": {"call_id": 5}}, "Web form", [("comment", "voice")]),
        ({"type": "Comment"}, "Phone call (outbound)", [("comment", "outbound_call")]),
        ({"type": "Comment"}, 35, [("comment", "outbound_call")]),
        ({"type": "Comment"}, 34, [("comment", "voice")]),
        ({"type": "Comment"}, "Mail", [("comment", "email")]),
    ],
)  # fmt: skip
def test_a_call_is_known_by_its_kind_its_data_or_its_way(
    child: dict[str, Any], via: Any, kinds: list[tuple[str, str]]
) -> None:
    words = {"event_type": child["type"], "author_id": 9, "body": "Words", "public": True}
    assert [(e.kind, e.via) for e in map_children({**words, **child}, via=via)] == kinds


def test_a_comment_without_a_shape_of_its_own_is_counted_as_unread() -> None:
    """A text without a public flag may be anything."""
    [found] = map_children({"event_type": "Whisper", "author_id": 9, "body": "Words"})
    assert found == Unread("42", "500:unread0", "event", "Whisper", T0)
    assert map_children({"event_type": "BulkUpdate", "status": "open", "previous_value": "new"})[0].after == "open"


def test_an_answered_survey_is_in_the_history() -> None:
    rated = {"type": "SatisfactionRating", "event_type": "SatisfactionRating", "score": "good", "assignee_id": 9}
    [found] = map_children(rated, updater_id=7)
    assert (found.id, found.kind, found.after, found.actor) == ("500:csat", "survey", "good", "7")
    [offered] = map_children({"event_type": "Change", "satisfaction_score": "offered", "previous_value": "unoffered"})
    assert (offered.kind, offered.before, offered.after) == ("survey", "unoffered", "offered")


def test_an_audit_of_one_ticket_gives_the_same_events_as_the_export() -> None:
    audit = row(
        zd.Audit, id=500, ticket_id=42, created_at="2026-06-01T10:00:00Z", author_id=9,
        via={"channel": "web", "source": {"rel": None, "from": {}, "to": {}}},
        events=[
            {"id": 1, "type": "Comment", "author_id": 9, "body": "Done", "public": True},
            {"id": 2, "type": "Change", "field_name": "status", "value": "solved", "previous_value": "open"},
            {"id": 3, "type": "Change", "field_name": "360001", "value": "login", "previous_value": None},
            {"id": 4, "type": "Notification", "subject": "x", "body": "y", "recipients": [7]},
        ],
    )  # fmt: skip
    export = map_children(
        {"id": 1, "type": "Comment", "event_type": "Comment", "author_id": 9, "body": "Done", "public": True},
        {"id": 2, "event_type": "Change", "status": "solved", "previous_value": "open"},
        {"id": 3, "event_type": "Change", "custom_ticket_fields": {"360001": "login"}, "previous_value": None},
    )
    assert map_events(audit.as_event(), {360001: "Category"}, ()) == export


@pytest.mark.parametrize(
    "child",
    [{}, {"event_type": "Cc", "recipients": [1]}, {"via": 5, "status": ["x"]}],
)
def test_what_nobody_knows_yet_does_no_harm(child: dict[str, Any]) -> None:
    assert all(isinstance(e, Event) for e in map_children(child))


# people


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"role": "end-user"}, "customer"),
        ({"role": "agent", "role_type": 0}, "agent"),
        ({"role": "admin", "role_type": 4}, "agent"),
        ({"role": "agent", "role_type": 1}, "light_agent"),
        ({"role": "agent", "role_type": None, "only_private_comments": True}, "light_agent"),
        ({"role": "admin", "only_private_comments": True}, "agent"),
    ],
)
def test_people_are_distinguished_by_role(given: dict[str, Any], kind: str) -> None:
    assert map_person(row(zd.User, id=1, updated_at="2026-06-01T10:00:00Z", **given)).kind == kind


def test_a_suspended_or_deleted_user_is_not_active() -> None:
    base = {"id": 1, "role": "end-user", "updated_at": "2026-06-01T10:00:00Z"}
    assert map_person(row(zd.User, **base)).active
    assert not map_person(row(zd.User, **base, suspended=True)).active
    assert not map_person(row(zd.User, **base, active=False)).active


# hours


def test_rails_zones_become_iana_zones_and_an_unknown_one_is_an_error() -> None:
    assert len(RAILS) == 151
    assert to_iana("New Caledonia") == "Pacific/Noumea"
    assert to_iana("Beijing") == "Asia/Shanghai"
    assert to_iana("Europe/Berlin") == "Europe/Berlin"
    with pytest.raises(PullError, match="no time zone named 'Middle Earth'"):
        to_iana("Middle Earth")


def test_a_schedule_is_minutes_since_sunday() -> None:
    found = map_schedule(
        row(zd.Schedule, id=1, name="Office", time_zone="Berlin", intervals=[{"start_time": 1980, "end_time": 2460}])
    )
    assert (found.zone, found.weekly) == ("Europe/Berlin", ((1980, 2460),))  # Monday 9:00 to 17:00


# calls and messaging


def call(**given: Any) -> list[Any]:
    whole = {"id": 5, "ticket_id": 42, "created_at": "2026-06-01T10:00:00Z", "direction": "inbound", "duration": 300}
    return map_call(row(zd.Call, **{**whole, **given}))


def test_an_answered_call_is_a_contact_when_the_agent_picked_up() -> None:
    engagement, event = call(agent_id=9, time_to_answer=25, wait_time=30, talk_time=200)
    assert engagement == Engagement("call5", "42", "call", T0, "9", T0 + 25_000, T0 + 300_000)
    assert (event.id, event.kind, event.at, event.actor, event.public) == ("call5", "call", T0 + 25_000, "9", True)
    assert call(agent_id=9, time_to_answer=None, wait_time=30, talk_time=200)[1].at == T0 + 30_000


@pytest.mark.parametrize(
    "given",
    [
        {"agent_id": None, "wait_time": 30},
        {"agent_id": 9, "voicemail": True, "talk_time": 10},
        {"agent_id": 9, "talk_time": 0, "time_to_answer": None},
        {"agent_id": 9, "talk_time": 60, "time_to_answer": 3, "direction": "outbound"},
    ],
)
def test_a_missed_call_a_voicemail_and_a_call_of_ours_are_no_answered_calls(given: dict[str, Any]) -> None:
    [engagement] = call(**given)
    assert engagement.answered_at is None


def test_a_call_without_a_ticket_is_left_out() -> None:
    assert call(ticket_id=None) == []


def test_a_messaging_session_starts_in_utc_though_it_does_not_say_so() -> None:
    session = row(
        zd.Engagement, engagement_id="e1", ticket_id=42, agent_id=9, engagement_start_time="2026-06-01T10:00:00",
        engagement_end_time="2026-06-01T10:30:00", assignment_to_first_reply_time_seconds=40, agent_messages_count=3,
    )  # fmt: skip
    engagement, event = map_engagement(session)
    assert isinstance(event, Event)
    assert engagement == Engagement("chate1", "42", "chat", T0, "9", T0 + 40_000, T0 + 1_800_000)
    assert (event.kind, event.at, event.actor) == ("chat", T0 + 40_000, "9")


@pytest.mark.trap("zendesk 24")
def test_a_messaging_session_in_which_nobody_wrote_is_no_contact() -> None:
    session = row(zd.Engagement, engagement_id="e1", ticket_id=42, engagement_start_time="2026-06-01T10:00:00",
                  agent_messages_count=0)  # fmt: skip
    result, there_was_one = map_engagement(session)
    assert isinstance(result, Engagement)
    assert isinstance(there_was_one, Event)
    assert (there_was_one.kind, there_was_one.field) == ("link", "session")


# surveys


def legacy(score: str, **given: Any) -> list[Rating]:
    whole = {"id": 8, "ticket_id": 42, "created_at": "2026-06-01T10:00:00Z", "updated_at": "2026-06-01T11:00:00Z"}
    found = row(zd.SatisfactionRating, **{**whole, "score": score, "assignee_id": 9, "comment": "ok", **given})
    return surveys.map_satisfaction_rating(found, comments=False)


def test_an_older_survey_goes_from_offered_to_answered() -> None:
    [offered], [good] = legacy("offered"), legacy("good")
    assert (offered.offered_at, offered.answered_at, offered.category, offered.score) == (T0, None, None, None)
    assert (good.answered_at, good.category, good.score, good.agent) == (T0 + 3_600_000, "good", 1.0, "9")
    assert (good.comment, good.id, good.version) == (None, offered.id, offered.version)
    assert legacy("bad_with_comment")[0].score == 0.0
    assert legacy("unoffered") == []


def response(*answers: dict[str, Any], id: str = "01J1WB51MG6HXTYWE6Q0C93RNW") -> list[Rating]:  # noqa: A002
    subject = {"id": "42", "type": "ticket", "zrn": "zen:ticket:42"}
    found = row(zd.SurveyResponse, id=id, expires_at="2024-07-28T00:00:00.000Z", responder_id=7, subjects=[subject],
                answers=list(answers))  # fmt: skip
    return surveys.map_survey_response(found, comments=True)


def answer(question: dict[str, Any], **given: Any) -> dict[str, Any]:
    times = {"created_at": "2024-07-02T00:00:00.000Z", "updated_at": "2024-07-03T00:00:00.000Z"}
    return {
        "type": "rating_scale",
        "question": {"id": "Q1", "type": "rating_scale_numeric", **question},
        **times,
        **given,
    }


@pytest.mark.trap("zendesk 26")
def test_a_newer_survey_gives_a_rating_for_each_question() -> None:
    main, attitude = response(
        answer({"sub_type": "customer_satisfaction"}, rating=5, rating_category="good"),
        answer({"id": "Q2", "sub_type": "other", "alias": "attitude"}, rating=3, rating_category="neutral"),
        {"type": "open_ended", "question": {"id": "Q3", "type": "open_ended"}, "value": "Great"},
    )
    july = 1_719_878_400_000  # 2024-07-02T00:00:00Z
    assert (main.question, main.value, main.category, main.score, main.comment) == ("", "5", "good", 1.0, "Great")
    assert (main.answered_at, main.changed_at) == (july, july + 86_400_000)
    assert (attitude.question, attitude.category, attitude.score, attitude.comment) == (
        "attitude",
        "neutral",
        0.5,
        None,
    )
    assert main.ticket == attitude.ticket == "42"


def test_a_newer_survey_that_nobody_answered_was_offered_when_its_id_was_made() -> None:
    [offered] = response()
    # "01J1WB51MG" in Crockford's base 32 is 0,1,18,1,28,11,5,1,20,16: 2024-07-03T13:04:44.176Z
    assert (offered.offered_at, offered.answered_at, offered.question) == (1_720_011_884_176, None, "")
    [other] = response(id="not-a-ulid")
    assert other.offered_at == 1_719_705_600_000  # 28 days before it expires: 2024-06-30


def test_a_skipped_question_is_offered_and_not_answered() -> None:
    main, skipped = response(answer({"id": "Q2", "sub_type": "other"}, type="skipped"))
    assert (main.question, main.answered_at) == ("", None)
    assert (skipped.question, skipped.value, skipped.answered_at) == ("Q2", None, None)


# articles


def test_an_article_knows_its_votes_and_its_editor_from_the_translation() -> None:
    found, *_ = articles.map_article(
        row(zd.Article, id=1, title="Reset", created_at="2026-06-01T10:00:00Z", updated_at="2026-06-01T11:00:00Z",
            locale="de", author_id=9, body="<p>Hello</p>", vote_sum=4, vote_count=10),
        [zd.Translation(locale="en-us", updated_by_id=1), zd.Translation(locale="de", updated_by_id=2)],
    )  # fmt: skip
    assert isinstance(found, Article)
    assert (found.votes_up, found.votes_down) == (7, 3)  # 7 + 3 = 10, 7 - 3 = 4
    assert (found.author, found.editor, found.length) == ("9", "2", 5)


def test_the_author_of_an_article_is_not_taken_for_its_editor() -> None:
    times = {"created_at": "2026-06-01T10:00:00Z", "updated_at": "2026-06-01T11:00:00Z"}
    [found] = articles.map_article(row(zd.Article, id=1, title="x", author_id=9, locale="de", **times))
    assert isinstance(found, Article)
    assert found.editor is None
