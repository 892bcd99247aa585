"""Small accounts: a row that cannot be read leaves its ticket unknown, until that row is read well."""

from pathlib import Path
from typing import Any

import pytest
from small_account import Asking, ServedAccount
from zendesk_account import (
    AGENT,
    CUSTOMER,
    ZendeskRows,
    as_audit,
    change,
    event,
    ordinary,
    session,
    ticket,
    user,
)

PEOPLE = [user(AGENT, "agent"), user(CUSTOMER)]
NOW = [f"2026-11-{20 + n}T00:00:00Z" for n in range(6)]  # of the syncs, a day apart
EXPORTS = ("/guide/", "/slas/", "/business_hours/", "/help_center/")
LISTS = ("/incremental/", "/guide/", "/slas/", "/business_hours/", "/engagements/", "/calls/")


def day(clock: str) -> str:
    return f"2026-11-10T{clock}:00Z"


def lives(*numbers: int) -> list[dict[str, Any]]:
    """Asked at 09:00, answered at 09:20, solved at 10:00."""
    return [e for n in numbers for e in ordinary(n, opened=day("09:00"), answered=day("09:20"), solved=day("10:00"))]


def rows_of(*numbers: int, **given: Any) -> ZendeskRows:
    return ZendeskRows(
        users=PEOPLE, tickets=[ticket(n, day("09:00"), day("10:00")) for n in numbers], ticket_events=lives(*numbers),
        audits={n: [as_audit(e) for e in lives(n)] for n in numbers}, **given,
    )  # fmt: skip


def written_again(number: int, now: str, **given: Any) -> dict[str, Any]:
    return {**ticket(number, day("09:00"), now), **given}


def unread(desk: ServedAccount) -> list[tuple[Any, ...]]:
    sql = "SELECT t.native, u.id, u.kind FROM unread u JOIN tickets t ON t.id = u.ticket ORDER BY 1, 2"
    return desk.rows(sql)


# tickets


@pytest.mark.trap("zendesk 93")
@pytest.mark.parametrize("way", [EXPORTS, LISTS])
@pytest.mark.parametrize("odd", [{"status": 5}, {"created_at": "0001-01-01T00:00:00Z"}, {"updated_at": "soon"}])
def test_a_ticket_with_an_unreadable_newer_row_is_unknown(
    tmp_path: Path, odd: dict[str, Any], way: tuple[str, ...]
) -> None:
    """Three tickets, each answered after 1,200 s. Of ticket 1 a newer row is odd: who asked, or whether it counts at
    all, may be another today. Ticket 12 is read well on the same page, and changes nothing about it.
    """
    rows = rows_of(1, 11, 12, refused=way)
    desk = ServedAccount(tmp_path, rows)
    desk.sync(NOW[0])
    assert desk.list_values("first_reply_time", NOW[0]) == {"1": [1200], "11": [1200], "12": [1200]}
    rows.tickets[0] = written_again(1, day("11:00"), **odd)
    rows.tickets[2] = written_again(12, day("11:00"))
    for now in NOW[1:3]:
        desk.sync(now)
        assert desk.list_values("first_reply_time", now) == {"1": ["history_unknown"], "11": [1200], "12": [1200]}
    assert unread(desk) == [("1", "ticket:1:row", "row")]
    rows.tickets[2] = written_again(12, day("12:00"))  # another one that is read well
    desk.sync(NOW[3])
    assert desk.list_values("first_reply_time", NOW[3])["1"] == ["history_unknown"]
    rows.tickets[0] = written_again(1, day("13:00"))
    desk.sync(NOW[4])
    assert desk.list_values("first_reply_time", NOW[4]) == {"1": [1200], "11": [1200], "12": [1200]}
    assert unread(desk) == []


def test_a_history_that_is_read_whole_does_not_make_a_refused_row_known(tmp_path: Path) -> None:
    """The audits tell all that happened, and are asked for no better reason than a row that is odd."""
    rows = rows_of(1)
    desk = ServedAccount(tmp_path, rows)
    desk.sync(NOW[0])
    rows.tickets[0] = written_again(1, day("11:00"), status=5)
    desk.sync(NOW[1])
    desk.sync(NOW[2], full=True)
    assert [a.path for a in desk.requests if a.path.endswith("/audits")] == []
    assert desk.list_values("first_reply_time", NOW[2]) == {"1": ["history_unknown"]}


@pytest.mark.trap("zendesk 93")
def test_a_deletion_that_cannot_be_read_leaves_the_ticket_unknown(tmp_path: Path) -> None:
    """Without exports: ticket 1 is in the list of deleted ones, and nobody can say since when."""
    rows = rows_of(1, 12, refused=LISTS)
    desk = ServedAccount(tmp_path, rows)
    desk.sync(NOW[0])
    rows.tickets = rows.tickets[1:]
    rows.lists["deleted_tickets"] = [{"id": 1, "deleted_at": "lately"}, {"id": 13, "deleted_at": day("12:00")}]
    desk.sync(NOW[1])
    assert desk.list_values("first_reply_time", NOW[1]) == {"1": ["history_unknown"], "12": [1200]}
    rows.lists["deleted_tickets"] = [{"id": 1, "deleted_at": day("12:00")}]
    desk.sync(NOW[2])
    assert desk.list_values("first_reply_time", NOW[2]) == {"1": ["deleted"], "12": [1200]}


# calls and sessions


def call(number: int, on: int | None, **given: Any) -> dict[str, Any]:
    return {"id": number, "created_at": day("09:00"), "updated_at": day("09:30"), "agent_id": AGENT,
            "direction": "inbound", "time_to_answer": 30, "talk_time": 60, "duration": 100, "voicemail": False,
            "ticket_id": on, **given}  # fmt: skip


@pytest.mark.trap("zendesk 93")
@pytest.mark.parametrize("kind", ["calls", "engagements"])
def test_a_call_or_session_that_cannot_be_read_leaves_its_ticket_unknown(tmp_path: Path, kind: str) -> None:
    """Both tickets were answered in writing after 1,200 s; on ticket 1 an agent took a call after 30 s, or was in a
    session after 20 s, whose row is odd. Good rows with other ids, of the same ticket and of ticket 12, and audits that
    are whole do not make it known. The same row, read well, does.
    """
    odd = {"time_to_answer": "half a minute"} if kind == "calls" else {"agent_replies_count": "two"}
    good, took = (call(7, 1), 30) if kind == "calls" else (_chat("A7", 1), 20)
    later = (
        [call(77, 12), call(8, 1, time_to_answer=600)] if kind == "calls" else [_chat("A77", 12), _chat("A8", 1, 600)]
    )
    rows = rows_of(1, 12)
    getattr(rows, kind).append({**good, **odd})
    desk = ServedAccount(tmp_path, rows)
    assert desk.sync(NOW[0])[kind].rejected
    assert desk.list_values("first_reply_time", NOW[0]) == {"1": ["history_unknown"], "12": [1200]}
    getattr(rows, kind).extend(later)
    desk.sync(NOW[1], full=True)
    assert desk.list_values("first_reply_time", NOW[1]) == {"1": ["history_unknown"], "12": [took]}
    assert not any(a.path.endswith("/audits") for a in desk.requests)
    getattr(rows, kind)[0] = good
    desk.sync(NOW[2], full=True)
    assert desk.list_values("first_reply_time", NOW[2]) == {"1": [took], "12": [took]}


def _chat(name: str, on: int, took: int = 20) -> dict[str, Any]:
    return session(name, on, day("09:00"), assignment_to_first_reply_time_seconds=took)


def test_a_call_that_turns_out_to_be_on_no_ticket_makes_its_ticket_known(tmp_path: Path) -> None:
    rows = rows_of(1, calls=[call(7, 1, time_to_answer="half a minute"), call(77, None)])
    desk = ServedAccount(tmp_path, rows)
    desk.sync(NOW[0])
    assert unread(desk) == [("1", "contact:call7:row", "row")]
    rows.calls[0] = call(7, None)
    desk.sync(NOW[1], full=True)
    assert desk.list_values("first_reply_time", NOW[1]) == {"1": [1200]}


# surveys


def rating(number: int, score: Any, **given: Any) -> dict[str, Any]:
    return {"id": 80 + number, "ticket_id": number, "assignee_id": AGENT, "group_id": None, "requester_id": CUSTOMER,
            "reason": None, "comment": None, "score": score, "created_at": day("11:00"), "updated_at": day("12:00"),
            **given}  # fmt: skip


@pytest.mark.trap("zendesk 94")
@pytest.mark.parametrize("odd", [{"score": 1}, {"score": "splendid"}, {"updated_at": "soon"}, {"comment": {}}])
def test_an_answer_to_the_older_survey_that_cannot_be_read_is_not_none(tmp_path: Path, odd: dict[str, Any]) -> None:
    """Surveys of tickets 1 and 12 were offered at 11:00; at 12:00 both answered, and the row of 1 is odd. Of the two
    offers, one answer is known and one is not: of one survey, one answer.
    """
    rows = rows_of(1, 12, satisfaction_ratings=[rating(1, "offered"), rating(12, "offered")])
    desk = ServedAccount(tmp_path, rows)
    desk.sync(NOW[0])
    assert desk.list_values("csat_response_rate", NOW[0]) == {"1": [0], "12": [0]}
    rows.lists["satisfaction_ratings"] = [{**rating(1, "good"), **odd}, rating(12, "good")]
    desk.sync(NOW[1])
    assert desk.list_values("csat_response_rate", NOW[1]) == {"1": ["rating_unreadable"], "12": [1]}
    assert desk.list_values("csat", NOW[1]) == {"12": [1]}
    assert desk.list_values("first_reply_time", NOW[1]) == {"1": [1200], "12": [1200]}  # that is known
    rows.lists["satisfaction_ratings"][0] = rating(1, "bad")
    desk.sync(NOW[2])
    assert desk.list_values("csat", NOW[2]) == {"1": [0], "12": [1]}
    assert desk.list_values("csat_response_rate", NOW[2]) == {"1": [1], "12": [1]}


def test_an_answer_that_the_events_tell_is_known_whatever_its_own_row_says(tmp_path: Path) -> None:
    rows = rows_of(1, satisfaction_ratings=[rating(1, "offered")])
    desk = ServedAccount(tmp_path, rows)
    desk.sync(NOW[0])
    rows.ticket_events.append(event(1, day("12:00"), CUSTOMER, change("satisfaction_score", "offered", "bad")))
    rows.lists["satisfaction_ratings"] = [rating(1, "splendid")]
    desk.sync(NOW[1], full=True)
    assert unread(desk) == [("1", "rating:81:row", "rating")]
    assert desk.list_values("csat", NOW[1]) == {"1": [0]}


@pytest.mark.trap("zendesk 94")
def test_an_unreadable_answer_fetched_by_id_is_unknown(tmp_path: Path) -> None:
    """Offered in July and answered in November: the list begins with October, and the ticket's row knows of it."""
    offered = rating(1, "offered", created_at="2026-07-03T09:00:00Z", updated_at="2026-07-03T09:00:00Z")
    rows = rows_of(1, satisfaction_ratings=[offered])
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-11-11T00:00:00Z")
    assert desk.list_values("csat_response_rate", NOW[0]) == {"1": [0]}
    rows.tickets[0] = written_again(1, day("12:00"), satisfaction_rating={"id": 81, "score": "good"})
    rows.lists["satisfaction_ratings"] = [{**offered, "score": "good", "updated_at": "soon"}]
    desk.sync(NOW[1])
    assert any(a.path.endswith("/satisfaction_ratings/81") for a in desk.requests)
    assert desk.list_values("csat_response_rate", NOW[1]) == {"1": ["rating_unreadable"]}


class Newer(ZendeskRows):
    """An account with the newer survey."""

    def __init__(self, responses: list[dict[str, Any]], **rows: Any) -> None:
        super().__init__(**rows, refused=("/guide/surveys/", "/slas/", "/business_hours/", "/help_center/"))
        self.responses = responses

    def answer(self, asking: Asking) -> Any:
        if asking.path.endswith("/guide/survey_responses"):
            return self._list("survey_responses", self.responses)
        return super().answer(asking)


def response(on: int, *answers: Any, **given: Any) -> dict[str, Any]:
    """Offered 28 days before it expires: on 10 November at 11:00."""
    return {"id": f"R{on}", "expires_at": "2026-12-08T11:00:00Z", "responder_id": CUSTOMER,
            "subjects": [{"id": str(on), "type": "ticket", "zrn": f"zen:ticket:{on}"}],
            "answers": list(answers), **given}  # fmt: skip


def answered(stars: Any, category: str | None, sub_type: str = "customer_satisfaction") -> dict[str, Any]:
    return {"type": "rating_scale", "question": {"id": sub_type, "type": "rating_scale", "sub_type": sub_type},
            "created_at": day("12:00"), "updated_at": day("12:00"), "rating": stars,
            "rating_category": category}  # fmt: skip


@pytest.mark.trap("zendesk 94")
@pytest.mark.parametrize(
    "odd",
    [
        response(1, answered("five", "good")), response(1, None), response(1, answered(5, "good"), answers="many"),
        response(1, answered(5, "good"), responder_id="x"), response(1, answered(5, "good"), expires_at="soon"),
        response(1, {"type": "rating_scale", "question": None}, {"type": "open_ended", "question": {"id": "Q2"}}),
    ],
)  # fmt: skip
def test_an_answer_to_the_newer_survey_that_cannot_be_read_is_not_none(tmp_path: Path, odd: dict[str, Any]) -> None:
    rows = Newer([response(1), response(12)], **_given(1, 12))
    desk = ServedAccount(tmp_path, rows)
    desk.sync(NOW[0])
    assert desk.list_values("csat_response_rate", NOW[0]) == {"1": [0], "12": [0]}
    rows.responses = [odd, response(12, answered(1, "bad"))]
    desk.sync(NOW[1])
    assert desk.list_values("csat_response_rate", NOW[1]) == {"1": ["rating_unreadable"], "12": [1]}
    assert "1" not in {t for t, said in desk.list_values("csat", NOW[1]).items() if said != ["rating_unreadable"]}
    rows.responses[0] = response(1, answered(5, "good"))
    desk.sync(NOW[2])
    assert desk.list_values("csat", NOW[2]) == {"1": [1], "12": [0]}


def test_an_odd_answer_to_another_question_leaves_satisfaction_known(tmp_path: Path) -> None:
    given = response(1, answered(5, "good"), {"type": "open_ended", "question": None})
    desk = ServedAccount(tmp_path, Newer([given], **_given(1)))
    assert desk.sync(NOW[0])["survey_responses"].rejected == 1
    assert desk.list_values("csat", NOW[0]) == {"1": [1]}
    assert unread(desk) == []


def _given(*numbers: int) -> dict[str, Any]:
    rows = rows_of(*numbers)
    return {"users": rows.users, "tickets": rows.tickets, "ticket_events": rows.ticket_events}
