"""Small Freshdesk accounts: what could not be read is not known, until it is read well; it is never none, nor old.

Times are of Monday 2 March 2026, UTC, unless a test says otherwise. Values are worked out by hand.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from freshdesk_account import NOW, ONE, Desk, Exporting, Row, activity, answer, list_values, on, synced, ticket, words
from small_account import SmallAccount, at

EARLY = at("2026-03-03 12:00")
HOUR = 3600


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "a-key-of-the-account")


def unread(account: SmallAccount) -> list[tuple[str, str, str]]:
    """(ticket, id, kind) of what could not be read."""
    with account.store() as store:
        sql = "SELECT t.native, u.id, u.kind FROM unread u JOIN tickets t ON t.id = u.ticket ORDER BY 1, 2"
        return store.rows(sql)


def aside(account: SmallAccount) -> list[str]:
    with account.store() as store:
        return [one for (one,) in store.rows("SELECT id FROM rejected_rows ORDER BY 1")]


# rows of tickets


def changed(number: int, day: int, **more: Any) -> Row:
    return ticket(number, updated_at=on("12:00", day), **more)


REFUSED: Mapping[str, Mapping[str, Any]] = {
    "another kind": {"status": {"code": 2}},
    "no creation": {"created_at": "yesterday"},
    "no tags": {"tags": "vip"},
}


@pytest.mark.trap("freshdesk 44")
@pytest.mark.parametrize("bad", REFUSED.values(), ids=REFUSED)
def test_a_ticket_with_a_refused_newest_row_is_not_shown_as_before(tmp_path: Path, bad: Mapping[str, Any]) -> None:
    """1 and 12 were answered at 09:00 and solved at 11:00. On the 4th both change, and 1's row cannot be read: nobody
    knows whether it was opened again. On the 5th it can be.
    """
    said = {number: [words("09:00", ONE)] for number in (1, 12)}
    desk = Desk([ticket(1), ticket(12)], said)
    account = synced(tmp_path, desk, EARLY)
    solved = list_values(account, "full_resolution_time", EARLY)
    assert solved == {"1": [3 * HOUR], "12": [3 * HOUR]}
    desk.tickets = [{**changed(1, 4), **bad}, changed(12, 4)]
    account.sync(NOW)
    assert aside(account) == ["1"]
    assert unread(account) == [("1", "ticket:1:row", "row")]
    assert list_values(account, "full_resolution_time") == {"1": ["history_unknown"], "12": [3 * HOUR]}
    assert list_values(account, "first_reply_time") == {"1": ["history_unknown"], "12": [HOUR]}
    desk.tickets = [changed(12, 5)]
    account.sync(NOW)
    assert unread(account) == [("1", "ticket:1:row", "row")]  # another ticket that begins alike was read
    desk.tickets = [changed(1, 5)]
    account.sync(NOW)
    assert (unread(account), list_values(account, "full_resolution_time")) == ([], solved)


def test_a_ticket_that_one_page_has_twice_stays_unknown_if_one_row_is_refused(tmp_path: Path) -> None:
    desk = Desk([ticket(1), changed(1, 4, status=None)], {1: [words("09:00", ONE)]})
    account = synced(tmp_path, desk)
    assert list_values(account, "full_resolution_time") == {"1": ["history_unknown"]}


def test_a_deleted_ticket_with_a_refused_row_is_unknown_until_it_is_read(tmp_path: Path) -> None:
    desk = Desk([ticket(1)], {1: [words("09:00", ONE)]})
    account = synced(tmp_path, desk, EARLY)
    desk.tickets, desk.gone = [], [changed(1, 4, status=None)]
    account.sync(NOW)
    assert list_values(account, "full_resolution_time") == {"1": ["history_unknown"]}
    desk.tickets, desk.gone = [changed(1, 5)], []
    account.sync(NOW)
    assert list_values(account, "full_resolution_time") == {"1": [3 * HOUR]}


def test_a_row_without_an_id_is_set_aside_and_is_no_ticket(tmp_path: Path) -> None:
    account = synced(tmp_path, Desk([ticket(1), changed(2, 4) | {"id": None}], {1: [words("09:00", ONE)]}))
    assert (aside(account), unread(account)) == (["row 1"], [])
    assert list_values(account, "full_resolution_time") == {"1": [3 * HOUR]}


# answers to surveys

UNREADABLE: Mapping[str, Mapping[str, Any]] = {
    "one answer": {"ratings": {"default_question": "n/a"}},
    "all answers": {"ratings": [103]},
    "its time": {"created_at": "12 o'clock"},
}


@pytest.mark.trap("freshdesk 45")
@pytest.mark.parametrize("bad", UNREADABLE.values(), ids=UNREADABLE)
def test_an_answer_that_cannot_be_read_is_not_known_and_not_none(tmp_path: Path, bad: Mapping[str, Any]) -> None:
    """1 is rated good twice and 2 once; of the first one it cannot be read. Nothing but ratings is in doubt."""
    good = [answer(1, 103, on("12:00", 2)), answer(3, 103, on("12:00", 5)),
            answer(12, 103, on("12:00", 2), ticket_id=2, user_id=5002)]  # fmt: skip
    said = {1: [words("09:00", ONE)], 2: [words("09:00", ONE)]}
    desk = Desk([ticket(1), ticket(2)], said, satisfaction_ratings=[{**good[0], **bad}, *good[1:]])
    account = synced(tmp_path, desk)
    assert unread(account) == [("1", "rating:1:row", "rating")]
    assert list_values(account, "csat") == {"1": ["rating_unreadable"], "2": [1]}
    assert list_values(account, "first_reply_time") == {"1": [HOUR], "2": [HOUR]}
    desk.lists["satisfaction_ratings"] = good[1:]
    account.sync(NOW)
    assert unread(account) == [("1", "rating:1:row", "rating")]  # 3 and 12 were read, and 1 was not
    desk.lists["satisfaction_ratings"] = good
    account.sync(NOW)
    assert (unread(account), list_values(account, "csat")) == ([], {"1": [1, 1], "2": [1]})


def test_one_question_that_cannot_be_read_costs_neither_the_other_nor_the_ticket(tmp_path: Path) -> None:
    """Of 1 the main question has a point and a further one has none; of 2 it is the other way round. Each part stands
    on its own, and `doctor` counts what could not be read.
    """
    points = {1: {"default_question": 103, "question_7": "n/a"}, 2: {"default_question": "n/a", "question_7": -103}}
    odd = [answer(n, None, on("12:00", 2), ratings=given, ticket_id=n, user_id=5000 + n) for n, given in points.items()]
    said = {1: [words("09:00", ONE)], 2: [words("09:00", ONE)]}
    account = synced(tmp_path, Desk([ticket(1), ticket(2)], said, satisfaction_ratings=odd))
    assert aside(account) == ["1 question_7", "2 default_question"]
    assert unread(account) == [("1", "rating:1:answer", "answer"), ("2", "rating:2:answer", "answer")]
    assert list_values(account, "csat") == {"1": [1], "2": [0]}


def test_an_answer_of_which_a_part_is_mended_counts_with_that_part(tmp_path: Path) -> None:
    """First nothing of it can be read, then one of its two questions, then both."""
    whole = answer(1, None, on("12:00", 2), ratings={"default_question": 103, "question_7": -103})
    desk = Desk([ticket(1)], {1: [words("09:00", ONE)]}, satisfaction_ratings=[whole | {"ratings": "none"}])
    account = synced(tmp_path, desk)
    assert unread(account) == [("1", "rating:1:row", "rating")]
    desk.lists["satisfaction_ratings"] = [whole | {"ratings": {"default_question": 103, "question_7": []}}]
    account.sync(NOW)
    assert (unread(account), list_values(account, "csat")) == ([("1", "rating:1:answer", "answer")], {"1": [1]})
    desk.lists["satisfaction_ratings"] = [whole]
    account.sync(NOW)
    assert (unread(account), list_values(account, "csat")) == ([], {"1": [1, 0]})


# the export of activities


def exported(account: SmallAccount) -> list[tuple[str, str]]:
    with account.store() as store:
        sql = "SELECT t.native, e.after FROM events e JOIN tickets t ON t.id = e.ticket WHERE e.id LIKE 'activity:%'"
        return sorted(store.rows(sql))


@pytest.mark.trap("freshdesk 46")
def test_an_unreadable_activity_is_reported_by_day_and_its_ticket_is_unknown(tmp_path: Path) -> None:
    """The file of 2 March has two rows; what changed on 1 has no time. The next sync reads that day again, mended."""
    said = {1: [words("09:00", ONE)], 2: [words("09:00", ONE)]}
    desk = Exporting([ticket(1), ticket(2)], said)
    desk.days["2026-03-02"] = [activity(2), activity(1, performed_at="2 March")]
    account = synced(tmp_path, desk, EARLY)
    names = "activities of 2026-03-02: row 2"
    assert (aside(account), unread(account)) == ([names], [("1", names, "row")])
    assert list_values(account, "first_reply_time", EARLY) == {"1": ["history_unknown"], "2": [HOUR]}
    desk.days["2026-03-02"] = [activity(2), activity(1)]
    account.sync(NOW)
    assert (unread(account), exported(account)) == ([], [("1", "4"), ("2", "4")])


BROKEN = {
    "no list": httpx.Response(200, json={"activities_data": {"rows": 0}}),
    "no file": httpx.Response(404),
    "no JSON": httpx.Response(200, content=b'{"activities_data": [', headers={"content-type": "application/json"}),
}


@pytest.mark.trap("freshdesk 46")
@pytest.mark.parametrize("bad", BROKEN.values(), ids=BROKEN)
def test_a_day_with_a_broken_file_is_requested_again_and_later_days_are_read(
    tmp_path: Path, bad: httpx.Response
) -> None:
    desk = Exporting([ticket(1), ticket(2)], {})
    desk.days |= {"2026-03-01": [], "2026-03-02": bad, "2026-03-03": [activity(2)]}
    account = synced(tmp_path, desk, at("2026-03-05 12:00"))
    assert (aside(account), exported(account)) == (["activities of 2026-03-02"], [("2", "4")])
    with account.store() as store:
        until = store.one("SELECT complete_until FROM cursors WHERE stream = 'activities'")
    assert until == at("2026-03-02 00:00")
    desk.days["2026-03-02"] = [activity(1)]
    account.sync(at("2026-03-06 12:00"))
    assert exported(account) == [("1", "4"), ("2", "4")]
    with account.store() as store:
        until = store.one("SELECT complete_until FROM cursors WHERE stream = 'activities'")
    assert until == at("2026-03-06 00:00")
