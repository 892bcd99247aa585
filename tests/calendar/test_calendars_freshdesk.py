"""Freshdesk: a ticket runs on its group's calendar, else on the default one. All times are of Monday 2 March 2026."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from small_account import SmallAccount, at

from helpdesk_kpi.measure.quality.calendar_usage import calendars_in_use, unclear_calendars

NOW = at("2026-03-09 12:00")
WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


def calendar(number: str, name: str, zone: str, *, default: bool | None) -> dict[str, Any]:
    """Open from 8 to 16 on workdays."""
    day = {"start_time": "08:00:00 am", "end_time": "04:00:00 pm"}
    return {
        "id": number, "name": name, "is_default": default, "time_zone": zone,
        "business_hours": dict.fromkeys(WORKDAYS, day),
    }  # fmt: skip


def desk(head: str, west: str) -> list[dict[str, Any]]:
    return [
        calendar(head, "Head office", "UTC", default=True),
        calendar(west, "West desk", "Pacific Time (US & Canada)", default=False),  # 16:00 to 24:00 UTC in winter
    ]


def ticket(number: int, group: int | None, created: str, updated: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "requester_id": 5000 + number, "responder_id": 101, "group_id": group, "status": 2,
        "priority": 1, "source": 1, "created_at": f"2026-03-02T{created}:00Z",
        "updated_at": f"2026-03-02T{updated}:00Z",
        "association_type": None, "spam": False, "subject": "Invoice", **more,
    }  # fmt: skip


def reply(number: int, moment: str) -> dict[str, Any]:
    return {
        "id": number * 10, "user_id": 101, "incoming": False, "private": False, "source": 0, "body_text": "hello",
        "created_at": f"2026-03-02T{moment}:00Z", "automation_id": None, "auto_response": False,
    }  # fmt: skip


class Desk:
    """What the account answers; a test may change it between two syncs."""

    def __init__(self, calendars: list[dict[str, Any]], west: Any = None, **more: Any) -> None:
        self.calendars = calendars
        self.groups = [
            {"id": 41, "name": "East", "business_hour_id": None, "agent_ids": [101]},
            {"id": 42, "name": "West", "business_hour_id": west, "agent_ids": [101]},
        ]
        self.tickets = [
            ticket(731, 41, "13:00", "15:00"), ticket(732, 42, "15:00", "18:00"), ticket(733, None, "13:00", "15:00"),
        ]  # fmt: skip
        self.replies = {731: reply(731, "15:00"), 732: reply(732, "18:00"), 733: reply(733, "15:00")}
        for name, value in more.items():
            setattr(self, name, value)

    def __call__(self, request: httpx.Request) -> Any:
        path = request.url.path.removeprefix("/api/v2/")
        agents = [{"id": 101, "contact": {"name": "Agent One", "email": "one@desk.example"}, "type": "support_agent"}]
        lists = {"agents": agents, "groups": self.groups, "business_hours": self.calendars}
        if path == "tickets" and "filter" not in request.url.params:
            since = request.url.params["updated_since"]
            return sorted((r for r in self.tickets if r["updated_at"] >= since), key=lambda r: r["updated_at"])
        if path.endswith("/conversations"):
            found = self.replies.get(int(path.split("/")[1]))
            return [found] if found else []
        return None if path.startswith("export") else lists.get(path, [])


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "a-key-of-the-account")


@pytest.mark.trap("freshdesk 71")
@pytest.mark.parametrize(("head", "west"), [("158000900001", "158000000021"), ("67000039282", "158000900002")])
def test_each_group_has_its_calendar_and_the_rest_the_default_one(tmp_path: Path, head: str, west: str) -> None:
    """731 and 733 by Head office: 13:00 to 15:00 is open, 7,200 s. 732 by West desk: of 15:00 to 18:00 it is open from
    16:00 on, 7,200 s; by the clock 10,800 s. Ids come as text in the list and as a number in the group, and neither
    their order nor that of the list says which one is the default.
    """
    account = SmallAccount(tmp_path, "freshdesk", Desk(desk(head, west), int(west)))
    account.sync(NOW)
    reported = account.by_ticket("first_reply_time", "business_seconds", as_of=NOW)
    assert reported == {"731": 7200, "732": 7200, "733": 7200}
    by_clock = account.by_ticket("first_reply_time", "calendar_seconds", as_of=NOW)
    assert by_clock == {"731": 7200, "732": 10_800, "733": 7200}


def test_the_list_says_what_runs_on_each_calendar(tmp_path: Path) -> None:
    account = SmallAccount(tmp_path, "freshdesk", Desk(desk("2", "1"), 1))
    account.sync(NOW)
    with account.store() as store:
        reported = [(one.name, one.is_default, one.teams) for one in calendars_in_use(store, account.config)]
        assert reported == [("Head office", True, []), ("West desk", False, ["West"])]
        assert not unclear_calendars(store, account.config)


def test_a_ticket_that_changes_its_group_counts_each_calendar_in_its_time(tmp_path: Path) -> None:
    """734 waits from 13:00 in East (open until 16:00) and moves to West at 15:30 (open from 16:00): until the reply at
    18:00 that are 2.5 h of Head office and 2 h of West desk, 16,200 s.
    """
    the_desk = Desk(desk("2", "1"), 1, tickets=[ticket(734, 41, "13:00", "13:00")], replies={})
    account = SmallAccount(tmp_path, "freshdesk", the_desk)
    account.sync(at("2026-03-02 13:10"))
    the_desk.tickets = [ticket(734, 42, "13:00", "15:30")]
    account.sync(at("2026-03-02 15:40"))
    the_desk.tickets, the_desk.replies = [ticket(734, 42, "13:00", "18:00")], {734: reply(734, "18:00")}
    account.sync(NOW)
    assert account.by_ticket("first_reply_time", "business_seconds", as_of=NOW) == {"734": 16_200}


def test_a_group_of_which_calendar_changes_keeps_the_old_one_for_what_was(tmp_path: Path) -> None:
    """732 was answered while West ran on West desk; that West runs on the default calendar since does not move it."""
    the_desk = Desk(desk("2", "1"), 1)
    account = SmallAccount(tmp_path, "freshdesk", the_desk)
    account.sync(at("2026-03-03 12:00"))
    the_desk.groups[1]["business_hour_id"] = None
    account.sync(NOW)
    assert account.by_ticket("first_reply_time", "business_seconds", as_of=NOW)["732"] == 7200


def test_the_first_own_calendar_of_a_group_is_not_that_of_its_past(tmp_path: Path) -> None:
    """West had no calendar when 732 was answered: Head office is open until 16:00, so 15:00 to 18:00 are 3,600 s. The
    calendar that it gets later counts for 735, which waits on 10 March from 15:00 to 18:00: by West desk, open from
    15:00 on (the United States have summer time since 8 March), 10,800 s.
    """
    the_desk = Desk(desk("2", "1"), None)
    account = SmallAccount(tmp_path, "freshdesk", the_desk)
    account.sync(NOW)
    the_desk.groups[1]["business_hour_id"] = 1
    later = {**ticket(735, 42, "", ""), "created_at": "2026-03-10T15:00:00Z", "updated_at": "2026-03-10T18:00:00Z"}
    the_desk.tickets.append(later)
    the_desk.replies[735] = {**reply(735, ""), "created_at": "2026-03-10T18:00:00Z"}
    account.sync(at("2026-03-09 13:00"))
    account.sync(at("2026-03-11 12:00"))
    reported = account.by_ticket("first_reply_time", "business_seconds", as_of=at("2026-03-11 12:00"))
    assert (reported["732"], reported["735"]) == (3600, 10_800)


@pytest.mark.parametrize("variant", ["strict", "zendesk"])
def test_another_default_calendar_counts_from_then_on_only(tmp_path: Path, variant: str) -> None:
    """733 was answered on 2 March, 13:00 to 15:00, by Head office, the default one then: 7,200 s. Since 9 March West
    desk is the default: 736 waits on 10 March from 13:00 to 18:00, of which it is open from 15:00 on: 10,800 s.
    """
    the_desk = Desk(desk("2", "1"), None)
    account = SmallAccount(tmp_path, "freshdesk", the_desk)
    account.sync(NOW)
    the_desk.calendars = [
        calendar("2", "Head office", "UTC", default=False),
        calendar("1", "West desk", "Pacific Time (US & Canada)", default=True),
    ]
    later = {**ticket(736, None, "", ""), "created_at": "2026-03-10T13:00:00Z", "updated_at": "2026-03-10T18:00:00Z"}
    the_desk.tickets.append(later)
    the_desk.replies[736] = {**reply(736, ""), "created_at": "2026-03-10T18:00:00Z"}
    account.sync(at("2026-03-09 13:00"))
    account.sync(at("2026-03-11 12:00"))
    reported = account.by_ticket("first_reply_time", "business_seconds", as_of=at("2026-03-11 12:00"), variant=variant)
    assert (reported["733"], reported["736"]) == (7200, 10_800)


def test_a_default_calendar_that_is_deleted_keeps_what_was(tmp_path: Path) -> None:
    """As before: 733 took 7,200 s by Head office, whatever has taken its place."""
    the_desk = Desk(desk("2", "1"), None)
    account = SmallAccount(tmp_path, "freshdesk", the_desk)
    account.sync(NOW)
    the_desk.calendars = [calendar("1", "West desk", "Pacific Time (US & Canada)", default=True)]
    account.sync(at("2026-03-11 12:00"))
    reported = account.by_ticket("first_reply_time", "business_seconds", as_of=at("2026-03-11 12:00"))
    assert reported["733"] == 7200


@pytest.mark.trap("freshdesk 71")
def test_a_calendar_that_no_list_has_leaves_the_duration_out_by_name(tmp_path: Path) -> None:
    account = SmallAccount(tmp_path, "freshdesk", Desk(desk("2", "1"), 77))
    account.sync(NOW)
    reported = account.by_ticket("first_reply_time", "reason", as_of=NOW)
    assert reported == {"731": "", "732": "schedule_unknown", "733": ""}
    with account.store() as store:
        [doubt] = unclear_calendars(store, account.config)
    assert (doubt.kind, doubt.names) == ("missing", ["West"])


def test_hours_of_the_configuration_go_before_the_helpdesks(tmp_path: Path) -> None:
    """West works from 17:00 to 18:00 by the configuration: 3,600 s of the wait from 15:00 to 18:00."""
    more = '[hours.west]\nweekly = { mon-fri = ["17:00-18:00"] }\nteams = ["West"]\n'
    account = SmallAccount(tmp_path, "freshdesk", Desk(desk("2", "1"), 1), more=more)
    account.sync(NOW)
    reported = account.by_ticket("first_reply_time", "business_seconds", as_of=NOW)
    assert reported == {"731": 7200, "732": 3600, "733": 7200}


@pytest.mark.parametrize(("defaults", "kind"), [((False, False), "no_default"), ((True, True), "several_defaults")])
def test_no_default_calendar_or_two_of_them_is_said(tmp_path: Path, defaults: tuple[bool, bool], kind: str) -> None:
    calendars = desk("2", "1")
    for one, is_default in zip(calendars, defaults, strict=True):
        one["is_default"] = is_default
    account = SmallAccount(tmp_path, "freshdesk", Desk(calendars, 1))
    account.sync(NOW)
    with account.store() as store:
        [doubt] = unclear_calendars(store, account.config)
    assert doubt.kind == kind
