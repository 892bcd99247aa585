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
    took = folder.account.observations("full_resolution_time", as_of=NOW)
    assert [(row["calendar_seconds"], row["reason"]) for row in took] == [(3 * HOUR, "")] * 2


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


def test_a_comment_that_does_not_say_who_saw_it_leaves_its_ticket_unknown(folder: Folder) -> None:
    """Of the reply on 1 the cell is empty, where other lines say it; the line is named, and 2 is not touched."""
    folder.events([reply("1", "09:00") | {"public": ""}, *EVENTS[1:]])
    assert reasons(folder.account, "first_reply_time") == {"1": "history_unknown", "2": ""}
    with folder.account.store() as store:
        assert store.rows("SELECT id FROM set_aside") == [("events.csv:2",)]


@pytest.mark.parametrize("cells", ["TRUE,1,", ",1,31"], ids=["nobody wrote it", "not who saw it"])
def test_a_comment_of_a_warehouse_without_its_author_leaves_its_ticket_unknown(tmp_path: Path, cells: str) -> None:
    """Fivetran's tables. Ticket 1 was answered at 09:00, by whom or for whom is not told; ticket 2 by Agent One."""
    path = tmp_path / "export"
    path.mkdir()
    ticket = "{n},2026-03-02 08:00:00,Off,41,solved,41,2026-03-02 11:00:00,email\n"
    tables = {
        "ticket": "id,created_at,description,requester_id,status,submitter_id,updated_at,via_channel\n"
        + "".join(ticket.format(n=n) for n in (1, 2)),
        "user": "id,role,name,updated_at\n31,agent,Agent One,2026-01-01 00:00:00\n"
        "41,end-user,Kim,2026-01-01 00:00:00\n",
        "ticket_comment": "id,body,created,public,ticket_id,user_id\n"
        + "".join(f"{n}0,words,2026-03-02 08:00:00,TRUE,{n},41\n" for n in (1, 2))
        + f"11,words,2026-03-02 09:00:00,{cells}\n21,words,2026-03-02 10:00:00,TRUE,2,31\n",
        "ticket_field_history": "field_name,ticket_id,updated,user_id,value\n"
        + "".join(f"status,{n},2026-03-02 {at},31,{v}\n" for n in (1, 2) for at, v in (("08:00:00", "new"),
                                                                                     ("11:00:00", "solved"))),
    }  # fmt: skip
    for name, text in tables.items():
        (path / f"{name}.csv").write_text(text, encoding="utf-8")
    account = SmallAccount(tmp_path, "files", lambda _: None, own='layout = "fivetran"')
    account.sync(NOW)
    assert reasons(account, "first_reply_time") == {"1": "history_unknown", "2": ""}
    assert replied(account)["2"] == RIGHT["2"]
