"""Broken values of three helpdesks, from the wire to the figures: one bad row costs one row, and no stream after it."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from small_account import SmallAccount, at

from helpdesk_kpi.pull.sync import StreamResult, exit_status

NOW = at("2026-03-10 12:00")
ENDED: dict[str, Any] = {"end_of_stream": True, "after_cursor": "MQ==", "count": 0, "next_page": None}
#: The broken text, and how it may end up: as JSON text with half a character, and as a body whose byte is no UTF-8.
CUT_EMOJI = (rb"Printer \ud83d broken", "Printer \ufffd broken")
BAD_BYTE = (b"caf\xe9", "caf\ufffd")
MARK = b"THE BROKEN TEXT"


@pytest.fixture(autouse=True)
def acme_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "k3y")


def iso(moment: str) -> str:
    return f"2026-03-02T{moment}:00Z"


def comment(number: int, author: int, body: str = "words") -> dict[str, Any]:
    return {"id": number, "event_type": "Comment", "author_id": author, "body": body, "public": True}


def audit(number: int, ticket: int, moment: str, child: dict[str, Any]) -> dict[str, Any]:
    stamp = at(f"2026-03-02 {moment}") // 1000
    return {"id": number, "ticket_id": ticket, "timestamp": stamp, "updater_id": child["author_id"],
            "via": "Web form", "child_events": [child]}  # fmt: skip


class Zendesk:
    """Three tickets on one page: asked at 09:00, answered at 10:00. Of the middle one a text is broken."""

    def __init__(self, where: str, broken: bytes) -> None:
        self.where, self.broken = where, broken

    def __call__(self, request: httpx.Request) -> Any:
        subject, body = (MARK.decode() if self.where == place else "fine" for place in ("subject", "body"))
        numbers = {9901: ("fine", "fine"), 9902: (subject, body), 9903: ("fine", "fine")}
        people = [{"id": 501, "name": "Agent One", "role": "agent"}, {"id": 601, "name": "C", "role": "end-user"}]
        stamps = {"created_at": iso("00:00"), "updated_at": iso("00:00"), "active": True}
        lists = {
            "incremental/users/cursor": {"users": [person | stamps for person in people], **ENDED},
            "incremental/tickets/cursor": {"tickets": [self._ticket(n, s) for n, (s, _) in numbers.items()], **ENDED},
            "incremental/ticket_events": {
                "ticket_events": [
                    one
                    for n, (_, b) in numbers.items()
                    for one in (
                        audit(n * 10, n, "09:00", comment(1, 601, b)), audit(n * 10 + 1, n, "10:00", comment(2, 501)),
                    )
                ],
                **ENDED, "end_time": NOW // 1000 - 60,
            },
            "satisfaction_ratings": {"satisfaction_ratings": [], "meta": {"has_more": False}},
        }  # fmt: skip
        found = lists.get(request.url.path.removeprefix("/api/v2/"))
        if found is None:
            return None
        text = msgspec.json.encode(found).replace(MARK, self.broken)
        return httpx.Response(200, content=text, headers={"content-type": "application/json"})

    def _ticket(self, number: int, subject: str) -> dict[str, Any]:
        return {"id": number, "status": "open", "requester_id": 601, "submitter_id": 601, "assignee_id": 501,
                "created_at": iso("09:00"), "updated_at": iso("10:00"), "via": {"channel": "web"},
                "generated_timestamp": at("2026-03-02 10:00") // 1000, "subject": subject}  # fmt: skip


def outcomes(results: Sequence[StreamResult]) -> dict[str, str]:
    return {r.stream: r.outcome for r in results}


@pytest.mark.parametrize(("broken", "kept"), [CUT_EMOJI, BAD_BYTE], ids=["cut_emoji", "bad_byte"])
@pytest.mark.parametrize("where", ["subject", "body"])
@pytest.mark.trap("zendesk 91")
def test_a_broken_text_costs_a_character(tmp_path: Path, where: str, broken: bytes, kept: str) -> None:
    """From 09:00 to 10:00 are 3,600 s, for the ticket with the broken text too."""
    account = SmallAccount(tmp_path, "zendesk", Zendesk(where, broken))
    results = account.sync(NOW)
    assert account.by_ticket("first_reply_time", "value", as_of=NOW) == {"9901": 3600, "9902": 3600, "9903": 3600}
    ended = outcomes(results)
    assert {ended[name] for name in ("tickets", "ticket_events", "satisfaction_ratings")} == {"ok"}
    assert [r.stream for r in results if r.rejected] == []
    places = ("/tickets/cursor", "/ticket_events")
    requested = Counter(str(request.url) for request in account.requests if request.url.path.endswith(places))
    assert set(requested.values()) == {1}  # the same bytes are not asked for again
    with account.store() as store:
        assert store.one("SELECT subject FROM tickets WHERE native = '9902'") == (
            kept if where == "subject" else "fine"
        )


POISON: dict[str, Any] = {
    "status": {"no": "text"},
    "created_at": "9999-12-31T23:59:59Z",
    "updated_at": "0001-01-01T00:00:00Z",
    "requester_id": 2**70,
    "generated_timestamp": 2**62,
    "id": None,
    "tags": [None],
}


@pytest.mark.parametrize("key", POISON)
def test_a_bad_value_costs_its_ticket_or_its_field(tmp_path: Path, key: str) -> None:
    """An account's id is kept as text, so that its size does no harm; everything else costs the row."""
    desk = Zendesk("nowhere", b"")

    def answers(request: httpx.Request) -> Any:
        given = desk(request)
        if not request.url.path.endswith("/tickets/cursor"):
            return given
        page = msgspec.json.decode(given.content)
        page["tickets"][1][key] = POISON[key]
        return page

    account = SmallAccount(tmp_path, "zendesk", answers)
    results = account.sync(NOW)
    reported = outcomes(results)
    assert {reported[name] for name in ("tickets", "ticket_events", "satisfaction_ratings")} == {"ok"}
    assert {r.stream: r.rejected for r in results if r.rejected} == ({} if key == "requester_id" else {"tickets": 1})
    found = account.by_ticket("first_reply_time", "value", as_of=NOW)
    assert (found["9901"], found["9903"]) == (3600, 3600)
    assert exit_status(results) == 3  # streams that this small account does not have are not available


# --- Freshdesk


class Ratings:
    """Six answers to a survey with two questions, as the surveys of this helpdesk may come."""

    given: dict[int, dict[str, Any]] = {  # noqa: RUF012 - only read
        741: {"default_question": 103, "question_12": -103},
        742: {"default_question": -103, "question_12": None},
        743: {"default_question": 103},
        744: {"default_question": "100"},
        745: {"default_question": 103, "question_12": "n/a"},
        746: {"default_question": None, "question_12": 103},
    }

    def __call__(self, request: httpx.Request) -> Any:
        path = request.url.path.removeprefix("/api/v2/")
        requested = [("default_question", "Overall"), ("question_12", "Clear words")]
        questions = [{"id": own, "label": label, "accepted_ratings": [103, 100, -103]} for own, label in requested]
        made = {"created_at": iso("14:00"), "updated_at": iso("14:00"), "survey_id": 9, "agent_id": 101}
        lists: dict[str, Any] = {
            "agents": [{"id": 101, "contact": {"name": "Agent One"}, "updated_at": iso("00:00")}],
            "groups": [], "ticket_fields": [], "business_hours": [], "sla_policies": [], "time_entries": [],
            "tickets": [] if request.url.params.get("filter") else [self._ticket(number) for number in self.given],
            "surveys": [{"id": 9, "title": "After closing", "questions": questions}],
            "surveys/satisfaction_ratings": [
                {"id": ticket * 10 + 1, "ticket_id": ticket, "user_id": ticket + 5000, "ratings": points, **made}
                for ticket, points in self.given.items()
            ],
            "solutions/categories": [],
        }  # fmt: skip
        return [] if path.endswith("/conversations") else lists.get(path)

    def _ticket(self, number: int) -> dict[str, Any]:
        return {"id": number, "status": 4, "priority": 1, "source": 1, "subject": "x", "requester_id": number + 5000,
                "responder_id": 101, "created_at": iso("08:00"), "updated_at": iso("14:00"),
                "stats": {"resolved_at": iso("12:00"), "status_updated_at": iso("12:00")}}  # fmt: skip


@pytest.mark.trap("freshdesk 91")
def test_parts_of_an_answer_stand_on_their_own(tmp_path: Path) -> None:
    """100 is neutral, also as text; null and "n/a" are no answer. The other question of the same row stays."""
    account = SmallAccount(tmp_path, "freshdesk", Ratings())
    results = account.sync(NOW)
    with account.store() as store:
        sql = (
            "SELECT t.native, r.category FROM ratings r JOIN tickets t ON t.id = r.ticket WHERE question = ? ORDER BY 1"
        )
        overall, clear = dict(store.rows(sql, "")), dict(store.rows(sql, "12"))
        aside = store.rows("SELECT stream, id, reason FROM rejected_rows")
    assert overall == {"741": "good", "742": "bad", "743": "good", "744": "neutral", "745": "good"}
    assert clear == {"741": "bad", "746": "good"}
    assert aside == [("satisfaction_ratings", "7451 question_12", "the answer is no point of a scale")]
    assert {r.outcome for r in results} <= {"ok", "unavailable"}


def test_a_ticket_of_which_conversation_cannot_be_read_is_not_called_unanswered(tmp_path: Path) -> None:
    """Of six, one conversation comes as no JSON and one with a row that cannot be read: the others are read."""
    desk = Ratings()
    row = {
        "created_at": iso("09:00"),
        "incoming": False,
        "private": False,
        "user_id": 101,
        "body_text": "Hello",
        "source": 0,
    }

    def answers(request: httpx.Request) -> Any:
        if not request.url.path.endswith("/conversations"):
            return desk(request)
        if "/742/" in request.url.path:
            return httpx.Response(200, content=b'{"not', headers={"content-type": "application/json"})
        if "/743/" in request.url.path:
            return [row | {"id": 1}, row | {"id": {"no": "id"}}]
        return [row | {"id": 1}]

    account = SmallAccount(tmp_path, "freshdesk", answers)
    results = {r.stream: r for r in account.sync(NOW)}
    assert results["conversations"].outcome == "ok"
    assert results["conversations"].rejected == 2
    with account.store() as store:
        known = dict(store.rows("SELECT native, replies_known FROM tickets WHERE native BETWEEN '741' AND '744'"))
    assert known == {"741": "yes", "742": "unreadable", "743": "unreadable", "744": "yes"}
    found = account.list_observations("first_reply_time", as_of=NOW)
    values = {row["ticket"]: row["value"] for row in found if row["value"] is not None}
    assert values["741"] == values["744"] == dt.timedelta(hours=1).total_seconds()
    assert "742" not in values
