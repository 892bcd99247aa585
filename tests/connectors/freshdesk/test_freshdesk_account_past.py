"""Small Freshdesk accounts: what is now never rewrites what was, and what is gone was there.

Times are of Monday 2 March 2026, UTC, unless a test says otherwise. Values are worked out by hand.
"""

from pathlib import Path
from typing import Any

import pytest
from freshdesk_account import (
    NOW,
    ONE,
    TWO,
    Desk,
    Exporting,
    activity,
    answer,
    first_replies,
    later,
    list_values,
    on,
    synced,
    team,
    ticket,
    words,
)
from small_account import at

from helpdesk_kpi.measure.quality.gaps import find_data_gaps

EARLY = at("2026-03-03 12:00")
HOUR = 3600
NO_TIMES: dict[str, Any] = {"resolved_at": None, "status_updated_at": None}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "a-key-of-the-account")


# what a ticket is now, and what its history says


@pytest.mark.trap("freshdesk 49")
def test_a_status_that_no_time_tells_holds_from_the_last_update_on(tmp_path: Path) -> None:
    """Open on the first sync. On the 4th at 12:00 the row says resolved, and has no times: 52 hours after 08:00."""
    said = {1: [words("09:00", ONE)]}
    account = synced(tmp_path, desk := Desk([ticket(1, status=2, stats=NO_TIMES)], said), EARLY)
    assert list_values(account, "backlog", EARLY) == {"1": ["running"]}
    desk.tickets = [ticket(1, stats=NO_TIMES, updated_at=on("12:00", 4))]
    account.sync(NOW)
    assert list_values(account, "backlog") == {"1": [52 * HOUR]}


@pytest.mark.trap("freshdesk 49")
def test_a_history_that_ends_elsewhere_gives_way_to_the_tickets_own_status(tmp_path: Path) -> None:
    """The export has it resolved at 10:00. The row is open, and was last updated at 12:00 on the 4th."""
    desk = Exporting([ticket(1, status=2, stats=NO_TIMES, updated_at=on("12:00", 4))], {1: [words("09:00", ONE)]})
    desk.days["2026-03-02"] = [activity(1, activity={"status": "Resolved"})]
    account = synced(tmp_path, desk)
    assert list_values(account, "backlog") == {"1": [2 * HOUR, "running"]}
    with account.store() as store:
        found = [gap for gap in find_data_gaps(store, account.config, NOW) if gap.code == "ends_elsewhere"]
    assert [gap.how_many for gap in found] == [1]


# who was what


@pytest.mark.trap("freshdesk 51")
def test_a_contact_who_became_an_agent_was_a_customer_before(tmp_path: Path) -> None:
    """5001 asks 1 on 2 March. They are an agent from the 5th on, answer 2 on the 6th, and ask 3 then."""
    said = {1: [words("09:00", ONE)], 2: [], 3: []}
    account = synced(tmp_path, desk := Desk([ticket(1)], said), EARLY)
    new = {"id": 5001, "type": "support_agent", "created_at": on("08:00", 5), "updated_at": on("08:00", 5)}
    desk.agents.append(new | {"contact": {"name": "Agent New", "email": "new@desk.example"}})
    desk.said = {
        1: said[1],
        2: [later("09:00", 5001, day=6)],
        3: [later("09:00", ONE, day=6)],
    }
    requests: dict[str, Any] = {
        "created_at": on("08:00", 6),
        "updated_at": on("11:00", 6),
        "stats": NO_TIMES,
        "status": 2,
    }
    desk.tickets = [ticket(1, updated_at=on("12:00", 6)), ticket(2, **requests), ticket(3, requester=5001, **requests)]
    account.sync(NOW)
    found = first_replies(account)
    assert found["1"] == (HOUR, "Agent One", "")
    assert found["2"] == (HOUR, "Agent New", "")
    assert found["3"][2] == "internal"


@pytest.mark.trap("freshdesk 51")
def test_a_survey_that_is_answered_late_is_of_who_had_answered_the_customer_by_then(tmp_path: Path) -> None:
    """Agent One answers on 2 March; the customer rates on the 6th, and Agent Two has the ticket since the 7th."""
    given = answer(1, 103, on("12:00", 6))
    account = synced(tmp_path, desk := Desk([ticket(1)], {1: [words("09:00", ONE)]}), EARLY)
    assert list_values(account, "csat", EARLY) == {}
    desk.said = {1: [words("09:00", ONE), later("10:00", TWO, day=7)]}
    desk.tickets = [ticket(1, agent=TWO, updated_at=on("12:00", 7))]
    desk.lists["satisfaction_ratings"] = [given | {"agent_id": TWO}]
    account.sync(NOW)
    [row] = account.list_observations("csat", as_of=NOW)
    assert (row["agent"], row["at"][:16], row["value"]) == ("Agent One", "2026-03-06T12:00", 1)


# gone is not deleted


def without_two(desk: Desk) -> None:
    desk.agents = desk.agents[:1]


def deactivated(desk: Desk) -> None:
    desk.agents[1]["deactivated"] = True


def nameless(desk: Desk) -> None:
    desk.agents[1]["contact"] = {"name": None, "email": None}


@pytest.mark.trap("freshdesk 52")
@pytest.mark.parametrize("leave", [without_two, deactivated, nameless])
def test_an_agent_who_is_gone_keeps_what_they_did(tmp_path: Path, leave: Any) -> None:
    """Agent Two answers 1 at 09:00. They are gone on the 4th, and the ticket gets another note."""
    account = synced(tmp_path, desk := Desk([ticket(1, agent=TWO)], {1: [words("09:00", TWO)]}), EARLY)
    leave(desk)
    desk.tickets = [ticket(1, agent=TWO, updated_at=on("12:00", 4))]
    for full in (False, True):
        account.sync(NOW, full=full)
        assert first_replies(account) == {"1": (HOUR, "Agent Two", "")}
        assert team(account) == {"Agent One", "Agent Two"}


@pytest.mark.trap("freshdesk 52")
@pytest.mark.parametrize("who", [None, {"id": 5001, "name": None, "email": None}], ids=["nobody", "without a name"])
def test_a_deleted_requester_stays_the_requester(tmp_path: Path, who: Any) -> None:
    """The contact of 1 is deleted: the row names nobody any more, or an id without a name. It stays their request."""
    account = synced(tmp_path, desk := Desk([ticket(1)], {1: [words("09:00", ONE)]}), EARLY)
    number = who and who["id"]
    desk.tickets = [ticket(1, updated_at=on("12:00", 4)) | {"requester_id": number, "requester": who}]
    account.sync(NOW)
    assert first_replies(account) == {"1": (HOUR, "Agent One", "")}


@pytest.mark.trap("freshdesk 52")
def test_a_ticket_that_moves_to_the_archive_keeps_its_figures(tmp_path: Path) -> None:
    """Closed and untouched for 120 days, it is on no list any more."""
    account = synced(tmp_path, desk := Desk([ticket(1)], {1: [words("09:00", ONE)]}), EARLY)
    desk.tickets = []
    late = at("2026-08-01 12:00")
    for full in (False, True):
        account.sync(late, full=full)
        assert list_values(account, "first_reply_time", late) == {"1": [HOUR]}
        assert list_values(account, "backlog", late) == {"1": [3 * HOUR]}
