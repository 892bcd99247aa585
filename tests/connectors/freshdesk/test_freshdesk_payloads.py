"""Every public recording and sample of Freshdesk's payloads that is at hand goes through the mappers.

They are other people's and not part of this repository; HELPDESK_KPI_PAYLOADS names the folder that holds
`freshdesk/`.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from connectors.freshdesk import activity_export, map_people, map_surveys, map_tickets, schedules, solutions, streams
from connectors.freshdesk import payloads as fd
from connectors.freshdesk.conversations import map_conversation
from connectors.freshdesk.errors import classify_response
from helpdesk_kpi.model import Event, Rating, Ticket, TimeEntry
from helpdesk_kpi.pull.error_text import describe_error
from helpdesk_kpi.pull.time_zones import to_iana

ROOT = os.environ.get("HELPDESK_KPI_PAYLOADS")
pytestmark = pytest.mark.skipif(not ROOT, reason="HELPDESK_KPI_PAYLOADS names no folder of recorded payloads")
FOLDER = Path(ROOT or "") / "freshdesk"

KEEP = map_tickets.FreshdeskFields(url="https://acme.freshdesk.com", sketch_key=b"key")
Make = Callable[[Any], Any]
#: Word of a file's name -> payload type, and what makes records of it; the first that fits counts.
KINDS: list[tuple[str, type[Any], Make]] = [
    ("ticket_fields", fd.TicketField, lambda row: row),
    ("conversation", fd.Conversation, lambda row: map_conversation(row, "1", 1)),
    ("note_1", fd.Conversation, lambda row: map_conversation(row, "1", 1)),
    ("reply_1", fd.Conversation, lambda row: map_conversation(row, "1", 1)),
    ("time_entr", fd.TimeEntry, streams.map_time_entry),
    ("satisfaction_rating", fd.SatisfactionRating, lambda row: map_surveys.map_ratings(row, {}, comments=True)),
    ("surveys", fd.Survey, map_surveys.map_questions),
    ("ticket", fd.Ticket, lambda row: map_tickets.map_ticket(row, KEEP)),
    ("outbound_email", fd.Ticket, lambda row: map_tickets.map_ticket(row, KEEP)),
    ("business_hours", fd.BusinessHours, schedules.map_schedule),
    ("sla_polic", fd.SlaPolicy, lambda row: schedules.map_sla_policy(row, b"{}")),
    ("solution_articles", fd.Article, lambda row: solutions.map_article(row, "https://acme.freshdesk.com")),
    ("folders", fd.Folder, lambda row: row),
    ("categories", fd.Category, lambda row: row),
    ("group", fd.Group, lambda row: (map_people.map_team(row), map_people.map_members(row))),
    ("agents", fd.Agent, map_people.map_person),
    ("agent_1", fd.Agent, map_people.map_person),
]
#: Two times of a documented rating that are none, and an id of another that is none: such a row is set aside.
BROKEN = {("satisfaction_ratings_list", 112), ("satisfaction_rating_created", False)}
NO_ROWS = ("availability", "admin_ticket_fields", "ticket_activities", "search_", "contact", "error", "settings")


def rows(path: Path) -> Iterator[Any]:
    body = json.loads(path.read_text())
    body = next(iter(body.values())) if isinstance(body, dict) and len(body) == 1 else body
    yield from body if isinstance(body, list) else [body]


def recorded() -> Iterator[tuple[str, Any]]:
    for path in sorted(FOLDER.glob("[aop][!c]*/*.json")):
        if "schemas" not in path.parent.name and not any(word in path.stem for word in NO_ROWS):
            yield from ((path.stem, row) for row in rows(path))


def test_every_recorded_payload_is_mapped_without_a_complaint() -> None:
    met: dict[str, int] = {}
    complaints, aside = [], set()
    for name, row in recorded():
        found = next(((t, make) for word, t, make in KINDS if word in name), None)
        if found is None or not isinstance(row, dict) or "id" not in row:
            continue
        payload, make = found
        try:
            make(msgspec.json.decode(json.dumps(row), type=payload))
        except ValueError as error:
            if (name, row["id"]) in BROKEN:
                aside.add((name, row["id"]))
            else:
                complaints.append(f"{name} {row['id']}: {error}")
        met[payload.__name__] = met.get(payload.__name__, 0) + 1
    assert complaints == []
    assert aside == BROKEN
    # The collections hold at least these; fewer would say that this test no longer finds them.
    assert {"Ticket", "Conversation", "SatisfactionRating", "Survey", "TimeEntry", "Agent", "Group", "Article",
            "BusinessHours", "SlaPolicy", "TicketField", "Folder", "Category"} <= met.keys()  # fmt: skip
    assert sum(met.values()) > 60


def real(name: str, kind: type[Any]) -> list[Any]:
    body = (FOLDER / "airbyte_recorded_2022" / f"{name}.json").read_bytes()
    return [msgspec.convert(row, kind) for row in json.loads(body)]


def test_recorded_outbound_and_seeded_tickets_are_distinguished() -> None:
    found = {str(row.id): row for row in real("tickets", fd.Ticket)}
    made = {key: map_tickets.map_ticket(row, KEEP)[0] for key, row in found.items()}
    assert {key for key, t in made.items() if isinstance(t, Ticket) and t.channel == "outbound_email"} == {"21", "23"}
    assert {key for key, row in found.items() if map_tickets.is_sample(row)} == {"18", "19"}


def test_the_recorded_feedback_is_a_survey_and_the_note_is_private() -> None:
    made = [map_conversation(row, "1", 1)[0] for row in real("conversations", fd.Conversation)]
    assert [(e.kind, e.public) for e in made if isinstance(e, Event)] == [
        ("comment", True), ("comment", False), ("comment", True), ("survey", True),
    ]  # fmt: skip


def test_the_recorded_rating_has_four_questions_on_three_points() -> None:
    known = {str(survey.id): survey for survey in real("surveys", fd.Survey)}
    [row] = real("satisfaction_ratings", fd.SatisfactionRating)
    made: list[Rating] = map_surveys.map_ratings(row, known, comments=False)
    assert [(r.question, r.category, r.score, r.scale) for r in made] == [
        ("", "good", 1.0, "3 points"), ("67000084816", "good", 1.0, "3 points"),
        ("67000084817", "neutral", 0.5, "3 points"), ("67000084818", "neutral", 0.5, "3 points"),
    ]  # fmt: skip


def test_recorded_time_is_counted_in_seconds() -> None:
    made: list[TimeEntry] = [streams.map_time_entry(row) for row in real("time_entries", fd.TimeEntry)]
    assert [e.spent for e in made] == [5_400_000, 103_000]


@pytest.mark.trap("freshdesk 15", "freshdesk 39")
def test_the_sample_of_the_activities_export_is_read() -> None:
    for name in ("export_list", "export_single"):
        body = (FOLDER / "activities_export" / f"{name}.json").read_bytes()
        assert activity_export.get_file_address(msgspec.json.decode(body, type=activity_export.Export)) is not None
    body = (FOLDER / "activities_export" / "activities_file.json").read_bytes()
    [row] = msgspec.json.decode(body, type=_File).activities_data
    made = list(activity_export.map_changes(row, activity_export.ActivityLabels({"open": "2"})))
    assert [(e.ticket, e.field, e.after, e.actor) for e in made] == [
        ("600", "status", "2", "149018"), ("600", "priority", "4", "149018"),
    ]  # fmt: skip
    assert made[0].at == 1_641_029_618_000  # 2022-01-01T09:33:38Z


class _File(msgspec.Struct):
    activities_data: list[fd.Activity]


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [("access_denied", 403, "unavailable"), ("require_feature_surveys", 403, "unavailable"),
     ("invalid_credentials", 401, "access")],
)  # fmt: skip
def test_recorded_refusals_mean_what_they_say(name: str, status: int, kind: str) -> None:
    verdict = classify_response(status, {}, (FOLDER / "errors" / f"{name}.json").read_bytes())
    assert verdict is not None
    assert verdict.kind == kind


def test_the_recorded_end_of_a_list_is_recognised() -> None:
    content = (FOLDER / "errors" / "page_over_300.json").read_bytes()
    assert classify_response(400, {}, content) is None
    assert "beyond the 300th page" in describe_error(httpx.codes.BAD_REQUEST, content)


def test_every_time_zone_of_rails_is_the_one_that_rails_says() -> None:
    table = json.loads((FOLDER / "rails_time_zones.json").read_text())
    assert len(table) > 150
    assert {name: to_iana(name) for name in table} == table
