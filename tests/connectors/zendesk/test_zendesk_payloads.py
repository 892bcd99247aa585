"""Every public recording and example of Zendesk's payloads that is at hand goes through the mappers.

They are other people's and not part of this repository; HELPDESK_KPI_PAYLOADS names the folder that holds `zendesk/`.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.zendesk import payloads as zd
from connectors.zendesk.mapping import articles, surveys
from connectors.zendesk.mapping.contacts import map_call, map_engagement
from connectors.zendesk.mapping.events import map_events
from connectors.zendesk.mapping.names import (
    map_brand,
    map_custom_status,
    map_field,
    map_form,
    map_organization,
    map_schedule,
    map_sla_policy,
)
from connectors.zendesk.mapping.people import map_person, map_team, map_team_member
from connectors.zendesk.mapping.tickets import ZendeskFields, map_deletion, map_native_metrics, map_ticket
from connectors.zendesk.streams import sla_events
from helpdesk_kpi import model

ROOT = os.environ.get("HELPDESK_KPI_PAYLOADS")
pytestmark = pytest.mark.skipif(not ROOT, reason="HELPDESK_KPI_PAYLOADS names no folder of recorded payloads")

KEEP = ZendeskFields("https://acme.zendesk.com", 0, {}, b"key")
#: Resource -> payload type, and what makes records of it.
KINDS: dict[str, tuple[type[Any], Callable[[Any], Any]]] = {
    "tickets": (zd.Ticket, lambda row: map_ticket(row, KEEP)),
    "ticket_events": (zd.TicketEvent, lambda row: map_events(row, {}, ())),
    "audits": (zd.Audit, lambda row: map_events(row.as_event(), {}, ())),
    "ticket_metrics": (zd.MetricSet, lambda row: list(map_native_metrics("1", row))),
    "users": (zd.User, map_person),
    "groups": (zd.Group, map_team),
    "group_memberships": (zd.GroupMembership, map_team_member),
    "brands": (zd.Brand, map_brand),
    "ticket_forms": (zd.NameRecord, map_form),
    "ticket_fields": (zd.TicketField, map_field),
    "custom_statuses": (zd.CustomStatus, map_custom_status),
    "organizations": (zd.NameRecord, map_organization),
    "satisfaction_ratings": (
        zd.SatisfactionRating,
        lambda row: surveys.map_satisfaction_rating(row, comments=True),
    ),
    "survey_responses": (zd.SurveyResponse, lambda row: surveys.map_survey_response(row, comments=True)),
    "schedules": (zd.Schedule, map_schedule),
    "sla_policies": (zd.SlaPolicy, lambda row: map_sla_policy(row, b"{}")),
    "calls": (zd.Call, map_call),
    "agent_engagement_data": (zd.Engagement, map_engagement),
    "articles": (zd.Article, articles.map_article),
    "translations": (zd.Translation, lambda row: row),
    "ticket_metric_events": (sla_events.MetricEvent, sla_events.map_sla_event),
    "deleted_tickets": (zd.DeletedTicket, lambda row: map_deletion(row, "https://acme.zendesk.com")),
}
#: What the collections call these resources.
OTHER_NAMES = {
    "custom_ticket_statuses": "custom_statuses", "ticket_audits": "audits", "ticket": "tickets",
    "ticket_form": "ticket_forms", "ticket_event": "ticket_events", "audit": "audits", "user": "users",
    "group": "groups", "organization": "organizations", "custom_status": "custom_statuses",
    "ticket_field": "ticket_fields", "ticket_metric": "ticket_metrics", "schedule": "schedules",
    "sla_policy": "sla_policies", "satisfaction_rating": "satisfaction_ratings", "article": "articles",
    "translation": "translations", "results": "tickets",
}  # fmt: skip


def unredacted(value: Any, key: str = "") -> Any:
    """Recordings with what changes from day to day blacked out: something of the right type in its place."""
    if value == "redacted":
        return [] if key.endswith("fields") else 0 if key == "generated_timestamp" else "2026-01-01T00:00:00Z"
    if isinstance(value, dict):
        return {k: unredacted(v, k) for k, v in value.items()}
    return [unredacted(v) for v in value] if isinstance(value, list) else value


def get_resource_name(name: str) -> str:
    return OTHER_NAMES.get(name, name)


def objects() -> Iterator[tuple[str, Any]]:
    """(resource, one object) of every file."""
    folder = Path(ROOT or "") / "zendesk"
    for path in sorted(folder.rglob("*.json*")):
        if path.suffix == ".jsonl":
            for line in path.read_text().splitlines():
                result = json.loads(line)
                yield get_resource_name(result["stream"]), result["data"]
            continue
        body = json.loads(path.read_text())
        if path.parent.name == "zenpy_specification":
            yield get_resource_name(path.stem.partition("__")[2]), body
        elif path.parent.name == "estuary" and isinstance(body, list):
            yield from ((get_resource_name(stream.partition("/")[2]), document) for stream, document in body)
        else:
            yield from inside(body)


def inside(body: Any) -> Iterator[tuple[str, Any]]:
    """Objects under their resource's name, however deep a recording holds them."""
    if isinstance(body, list):
        for part in body:
            yield from inside(part)
    elif isinstance(body, dict):
        for key, part in body.items():
            if get_resource_name(key) in KINDS and isinstance(part, list | dict):
                yield from ((get_resource_name(key), row) for row in (part if isinstance(part, list) else [part]))
            else:
                yield from inside(part)


def whole(kind: str, row: Any) -> bool:
    """Some probes were cut down to the fields that mattered; those are no rows."""
    needed = {
        "tickets": "created_at",
        "sla_policies": "title",
        "audits": "events",
        "ticket_metrics": "reopens",
        "agent_engagement_data": "engagement_id",
    }
    is_column = kind in {"groups", "users"} and not isinstance(row.get("id"), int)  # a view groups by "status"
    return isinstance(row, dict) and needed.get(kind, "id") in row and not is_column


def test_every_recorded_payload_is_mapped_without_a_complaint() -> None:
    met: dict[str, int] = {}
    complaints = []
    for kind, row in objects():
        if kind not in KINDS or not whole(kind, row):
            continue
        payload, make = KINDS[kind]
        try:
            make(msgspec.json.decode(json.dumps(unredacted(row)), type=payload))
        except (msgspec.ValidationError, ValueError, TypeError, KeyError) as error:
            complaints.append(f"{kind} {row.get('id')}: {error}")
        met[kind] = met.get(kind, 0) + 1
    # An example of a specification was changed by 138,561,439 s, which is in May 1974.
    assert complaints == ["ticket_events 1717: a time outside of the years 1990 to 2100"]
    # The collections hold at least these; fewer would say that this test no longer finds them.
    assert {
        "tickets", "audits", "ticket_events", "users", "survey_responses", "satisfaction_ratings",
        "ticket_metric_events", "deleted_tickets", "agent_engagement_data",
    } <= met.keys()  # fmt: skip
    assert sum(met.values()) > 60


def test_the_vendors_survey_example_has_one_bad_rating() -> None:
    path = Path(ROOT or "") / "zendesk/official_docs_examples/csat_survey_responses_list.json"
    row = msgspec.convert(json.loads(path.read_text())["survey_responses"][0], zd.SurveyResponse, strict=False)
    [rating] = surveys.map_survey_response(row, comments=True)
    assert isinstance(rating, model.Rating)
    # Its answers: rating 1 "bad", one closed question, one text, one skipped text.
    assert (rating.ticket, rating.question, rating.value, rating.category) == ("99", "", "1", "bad")
    assert rating.comment == "I had to repeatedly answer the same questions."
    assert rating.answered_at == 1_723_636_800_000  # 2024-08-14T12:00:00Z


def test_the_recorded_cursor_page_ends_with_its_cursor() -> None:
    path = Path(ROOT or "") / "zendesk/official_docs_examples/incremental_tickets_cursor_200.json"
    page = msgspec.json.decode(path.read_bytes(), type=zd.TicketsPage)
    assert (page.after_cursor, page.end_of_stream) == ("MTU3NjYxMzUzOS4wfHw0Njd8", True)


def probed(name: str) -> Any:
    path = Path(ROOT or "") / "zendesk/estuary/bruno_live_probes_2026-10-07.json"
    return json.loads(path.read_text())[name]


def by_metric(result: dict[str, Any]) -> Any:
    return sla_events._map_metric_lists({key: msgspec.Raw(msgspec.json.encode(value)) for key, value in result.items()})


def test_recorded_metric_events_of_one_ticket_are_read_metric_by_metric() -> None:
    events, aside = by_metric(probed("metric_events_ticket_1")["body"])
    assert aside == []
    assert {"reply_time", "requester_wait_time"} <= {event.metric for event in events}
    [spent] = [e for e in events if e.metric == "reply_time" and e.kind == "update_status"]
    assert (spent.calendar, spent.business) == (8584 * 60_000, 1864 * 60_000)


def test_a_recorded_breach_is_announced_before_it_happens() -> None:
    result = probed("metric_events_ticket_52_future_breach")
    events, _ = by_metric(result)
    [breach] = [e for e in events if e.kind == "breach"]
    [applied] = [e for e in events if e.kind == "apply_sla"]
    # Read at 20:28:26; due a minute after the promise began at 20:28:14.
    assert breach.at == 1_791_404_954_000  # 2026-10-07T20:29:14Z
    assert (applied.target, breach.at - applied.at) == (60_000, 60_000)


def test_in_no_recorded_session_did_an_agent_reply_though_all_have_a_time_of_0() -> None:
    rows = [row for kind, row in objects() if kind == "agent_engagement_data"]
    assert len(rows) >= 25
    assert {row["assignment_to_first_reply_time_seconds"] for row in rows} == {0}
    for row in rows:
        session, link = map_engagement(msgspec.convert(row, zd.Engagement))
        assert isinstance(session, model.Engagement)
        assert isinstance(link, model.Event)
        assert (session.answered_at, link.kind) == (None, "link")
