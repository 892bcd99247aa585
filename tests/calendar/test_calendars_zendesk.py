"""Zendesk: a ticket runs on the schedule that its audits name, else on the default one. Times are UTC."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from small_account import SmallAccount, at

from helpdesk_kpi.cli.checks.calendars import calendar_findings
from helpdesk_kpi.measure.quality.calendar_usage import assumed_schedules

NOW = at("2026-11-16 12:00")
DAY = "2026-11-10"


def schedule(number: int, name: str, opens: int, closes: int, created: str) -> dict[str, Any]:
    """Open from one hour to another on each day of the week."""
    spans = [{"start_time": d * 1440 + opens * 60, "end_time": d * 1440 + closes * 60} for d in range(7)]
    return {"id": number, "name": name, "time_zone": "UTC", "intervals": spans, "created_at": f"{created}T00:00:00Z"}


EARLY = schedule(9, "Early", 6, 14, "2020-01-01")  # made first: the default, whatever its id
LATE = schedule(2, "Late", 12, 20, "2024-01-01")


def audit(number: int, ticket: int, moment: str, *children: dict[str, Any], by: int = 501) -> dict[str, Any]:
    stamp = at(f"{DAY} {moment}") // 1000
    return {
        "id": number, "ticket_id": ticket, "timestamp": stamp, "created_at": f"{DAY}T{moment}:00Z", "updater_id": by,
        "via": "Web form", "event_type": "Audit", "child_events": list(children),
    }  # fmt: skip


def comment(number: int, author: int) -> dict[str, Any]:
    body = {"body": "words", "html_body": "<p>words</p>", "public": True}
    return {"id": number, "event_type": "Comment", "author_id": author, **body}


def assigned(before: int | None, after: int) -> dict[str, Any]:
    return {"id": 1, "type": "ScheduleAssignment", "previous_schedule_id": before, "new_schedule_id": after}


def life(ticket: int, reply: str, *more: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Asked at 10:00, answered later; `more` are audits in between, as (time, child)."""
    first = ticket * 100
    audits = [audit(first, ticket, "10:00", comment(first, 601), {"id": 1, "type": "Create", "status": "new"}, by=601)]
    audits += [audit(first + n, ticket, moment, child) for n, (moment, child) in enumerate(more, 1)]
    return [*audits, audit(first + 50, ticket, reply, comment(first + 50, 501))]


class Desk:
    def __init__(self, schedules: list[dict[str, Any]], *lives: list[dict[str, Any]]) -> None:
        self.schedules = schedules
        self.events = [one for life in lives for one in life]
        self.tickets = [
            {
                "id": life[0]["ticket_id"], "status": "open", "requester_id": 601, "submitter_id": 601,
                "created_at": f"{DAY}T10:00:00Z", "updated_at": life[-1]["created_at"], "assignee_id": None,
                "generated_timestamp": life[-1]["timestamp"], "via": {"channel": "web"}, "subject": "Invoice",
            }
            for life in lives
        ]  # fmt: skip

    def __call__(self, request: httpx.Request) -> Any:
        path = request.url.path.removeprefix("/api/v2/").removesuffix(".json")
        ended = {"end_of_stream": True, "after_cursor": "MQ==", "count": 0, "next_page": None}
        people = [{"id": 501, "name": "Agent One", "role": "agent"}, {"id": 601, "name": "C", "role": "end-user"}]
        updated = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "active": True}
        lists = {
            "incremental/users/cursor": {"users": [person | updated for person in people], **ended},
            "incremental/tickets/cursor": {"tickets": self.tickets, **ended},
            "incremental/ticket_events": {"ticket_events": self.events, **ended, "end_time": NOW // 1000 - 60},
            "business_hours/schedules": {"schedules": self.schedules},
        }
        if path.endswith("/holidays"):
            return {"holidays": []}
        return lists.get(path)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "a-key-of-the-account")


def account(folder: Path, *lives: list[dict[str, Any]], schedules: Any = (LATE, EARLY)) -> SmallAccount:
    made = SmallAccount(folder, "zendesk", Desk(list(schedules), *lives))
    made.sync(NOW)
    return made


def business(made: SmallAccount, variant: str) -> Any:
    return made.by_ticket("first_reply_time", "business_seconds", as_of=NOW, variant=variant)


def test_what_names_no_schedule_runs_on_the_one_that_was_made_first(tmp_path: Path) -> None:
    """10:00 to 18:00 by Early (6 to 14) is 4 h. By Late (12 to 20), which has the smaller id, it would be 6 h."""
    made = account(tmp_path, life(91, "18:00"))
    assert business(made, "strict") == {"91": 4 * 3600}
    assert business(made, "zendesk") == {"91": 4 * 3600}


def test_a_schedule_that_a_trigger_sets_at_creation_holds_from_the_start(tmp_path: Path) -> None:
    """10:00 to 18:00 by Late is 12:00 to 18:00: 6 h."""
    made = account(tmp_path, life(92, "18:00", ("10:00", assigned(None, 2))))
    assert business(made, "strict") == {"92": 6 * 3600}
    assert business(made, "zendesk") == {"92": 6 * 3600}


@pytest.mark.trap("zendesk 71")
def test_a_ticket_that_changes_its_schedule_counts_each_in_turn_and_zendesk_the_last_one(tmp_path: Path) -> None:
    """Early until 13:00, Late from then on, answered at 18:00. strict: 10:00 to 13:00 of Early (3 h) and 13:00 to 18:00
    of Late (5 h), 8 h. zendesk: Late over the whole span, 12:00 to 18:00, 6 h.
    https://support.zendesk.com/hc/en-us/articles/4408834848154
    """
    made = account(tmp_path, life(93, "18:00", ("13:00", assigned(9, 2))))
    assert business(made, "strict") == {"93": 8 * 3600}
    assert business(made, "zendesk") == {"93": 6 * 3600}


def test_a_schedule_that_the_account_no_longer_has_is_not_guessed(tmp_path: Path) -> None:
    made = account(tmp_path, life(94, "18:00", ("10:00", assigned(None, 777))), life(95, "18:00"))
    reported = made.by_ticket("first_reply_time", "reason", as_of=NOW)
    assert reported == {"94": "schedule_unknown", "95": ""}


@pytest.mark.trap("zendesk 71")
def test_how_many_tickets_run_on_an_assumption_is_counted_with_the_line_to_write(tmp_path: Path) -> None:
    made = account(tmp_path, life(91, "18:00"), life(92, "18:00", ("10:00", assigned(None, 2))), life(95, "18:00"))
    with made.store() as store:
        [assumed] = assumed_schedules(store, made.config)
        texts = [f.text for f in calendar_findings(store, made.config)]
    assert (assumed.tickets, assumed.default, assumed.schedules) == (2, "Early", ["Early", "Late"])
    assert "calendar 'Early' (Etc/UTC), used by everything that names no other calendar" in texts[0]
    assert "calendar 'Late' (Etc/UTC), used by 1 ticket by their own history" in texts[1]
    assert "2 tickets do not say which one is theirs; their business time assumes 'Early'" in texts[2]
    assert "[hours.NAME]" in texts[2]


def test_one_schedule_is_no_assumption(tmp_path: Path) -> None:
    made = account(tmp_path, life(91, "18:00"), schedules=[EARLY])
    with made.store() as store:
        assert not assumed_schedules(store, made.config)
