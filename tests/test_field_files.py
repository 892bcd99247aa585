"""Small exports as they come in the field, with values worked out by hand.

Everything is asked on 2 March 2026 at 08:00 UTC, and solved at 11:00.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from small_account import SmallAccount, at
from test_files_accounts import EVENTS, Folder, Row, reply, solved

NOW = at("2026-03-09 12:00")
HOUR = 3600
#: Ticket -> seconds until the first reply, and why it is left out.
RIGHT = {"1": (HOUR, ""), "2": (2 * HOUR, "")}
UNKNOWN = {"1": "replies_unreadable", "2": "replies_unreadable"}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def replied(desk: SmallAccount) -> dict[str, tuple[Any, str]]:
    rows = desk.observations("first_reply_time", as_of=NOW)
    return {row["ticket"]: (row["calendar_seconds"], row["reason"]) for row in rows}


def reasons(desk: SmallAccount, kpi: str) -> dict[str, str]:
    return dict(desk.by_ticket(kpi, "reason", as_of=NOW))


def without(rows: Sequence[Row], *columns: str) -> list[Row]:
    return [{name: cell for name, cell in row.items() if name not in columns} for row in rows]


@pytest.mark.parametrize(
    "events",
    [
        without(EVENTS, "actor"),
        without(EVENTS, "public"),
        [solved("1", "11:00"), solved("2", "11:00")],
        [row | {"actor": ""} for row in EVENTS],
    ],
    ids=["nobody wrote", "not who saw it", "no comment at all", "empty column"],
)
def test_an_export_that_does_not_say_who_answered_says_nothing_of_replies(folder: Folder, events: list[Row]) -> None:
    """Neither was left without an answer: the export has no such column. What took how long is known all the same."""
    folder.events(events)
    assert reasons(folder.account, "first_reply_time") == UNKNOWN
    assert reasons(folder.account, "replies_per_ticket") == UNKNOWN
    took = folder.account.by_ticket("full_resolution_time", "calendar_seconds", as_of=NOW)
    assert took == {"1": 3 * HOUR, "2": 3 * HOUR}


def test_a_quiet_day_in_the_latest_file_takes_nothing_from_what_was_read(folder: Folder) -> None:
    """Yesterday's file with the replies is gone from the folder, and today's holds a change of the status only."""
    folder.events(EVENTS)
    assert replied(folder.account) == RIGHT
    folder.events([solved("2", "11:00")])
    assert replied(folder.account) == RIGHT


def test_a_ticket_that_was_refused_counts_once_its_row_is_mended(folder: Folder) -> None:
    tickets = (folder.path / "tickets.csv").read_text(encoding="utf-8")
    (folder.path / "tickets.csv").write_text(tickets.replace("2026-03-02T08:00:00Z", "yesterday", 1), encoding="utf-8")
    folder.events(EVENTS)
    assert replied(folder.account) == {"2": RIGHT["2"]}
    folder.text("tickets", tickets)
    assert replied(folder.account) == RIGHT


def test_files_that_overlap_tell_each_event_once(folder: Folder) -> None:
    """Both months have the reply of 09:00, and the first of them another one of that instant."""
    folder.write("events-2026-02", [reply("1", "09:00"), reply("1", "09:00", body="more"), solved("1", "11:00")])
    folder.write("events-2026-03", [reply("1", "09:00"), solved("1", "11:00"), *EVENTS[2:]])
    folder.sync()
    counts = folder.account.by_ticket("replies_per_ticket", "value", as_of=NOW)
    assert (replied(folder.account), counts) == (RIGHT, {"1": 2, "2": 1})
