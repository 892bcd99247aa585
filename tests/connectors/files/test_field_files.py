"""Small exports as they come in the field, with values worked out by hand.

Everything is asked on 2 March 2026 at 08:00 UTC, and solved at 11:00.
"""

import json
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
    rows = desk.list_observations("first_reply_time", as_of=NOW)
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
    took = folder.account.list_observations("full_resolution_time", as_of=NOW)
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
        assert store.rows("SELECT id FROM rejected_rows") == [("events.csv:2",)]


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


# lines that are refused


def unread(desk: SmallAccount) -> list[tuple[str, str, str]]:
    """(ticket, line, kind) of what could not be read."""
    with desk.store() as store:
        sql = "SELECT t.native, u.id, u.kind FROM unread u JOIN tickets t ON t.id = u.ticket ORDER BY 2, 1"
        return store.rows(sql)


REPLY = (
    b'{"ticket": "1", "at": "2026-03-02T09:00:00Z", "kind": "comment", "actor": "ann", "public": true, "body": "%s"}\n'
)
REFUSED_LINES = {
    "no UTF-8": REPLY % b"caf\xe9",
    "NUL": REPLY % b"a\x00b",
    "no UTF-8 and no JSON": (REPLY % b"caf\xe9").replace(b"}", b""),
    "cut": (REPLY % b"words")[:-12],
    "NaN": (REPLY % b"words").replace(b'"words"', b"NaN"),
    "deep": (REPLY % b"words").replace(b'"words"', b"[" * 5000 + b"]" * 5000),
    "nested": b'{"ticket": "1", "more": {"ticket": "2"}, "body": "wor',
    "ticket last": b'{"body": "caf\xe9", "at": 7, "ticket": 1}\n',
}


@pytest.mark.parametrize("line", REFUSED_LINES.values(), ids=REFUSED_LINES)
def test_a_line_of_json_that_cannot_be_read_leaves_its_ticket_unknown(folder: Folder, line: bytes) -> None:
    """It may have been the reply on 1; 2 was answered at 10:00, and is not touched. Then the line is mended."""
    others = [json.dumps(row | ({"public": True} if "public" in row else {})).encode() + b"\n" for row in EVENTS[1:]]
    path = folder.path / "events.jsonl"
    path.write_bytes(line.rstrip(b"\n") + b"\n" + b"".join(others))
    folder.sync()
    assert unread(folder.account) == [("1", "events.jsonl:1", "row")]
    assert reasons(folder.account, "first_reply_time") == {"1": "history_unknown", "2": ""}
    path.write_bytes(REPLY % b"words" + b"".join(others))
    folder.sync()
    assert (unread(folder.account), replied(folder.account)) == ([], RIGHT)


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ("ticket,at,kind,actor,public,body", "1,2026-03-02T09:00:00Z,comment,ann,true,Well, yes"),
        ("ticket,at,kind,actor,public,body", "1,2026-03-02T09:00:00Z,comment,ann,true,Well, yes,,,"),
        ("at,kind,actor,public,body,ticket", "2026-03-02T09:00:00Z,comment,ann,true,Well, yes,1"),
        ("at,kind,actor,public,body,ticket", "2026-03-02T09:00:00Z,comment,ann,true,Well, yes, indeed,1,,"),
    ],
    ids=["in front", "empty cells behind", "behind the text", "two too many"],
)
def test_a_line_with_cells_too_many_leaves_its_ticket_unknown(folder: Folder, columns: str, line: str) -> None:
    """A comma in a text that is not in quotes moves what stands behind it."""
    folder.text("events", f"{columns}\n{line}\n")
    known = [row for row in unread(folder.account) if row[0] in {"1", "2"}]
    assert known == [("1", "events.csv:2", "row")]


def test_a_rating_with_cells_too_many_leaves_the_rating_unknown(folder: Folder) -> None:
    folder.write("events", EVENTS)
    folder.text("ratings", "id,ticket,offered_at,value,comment\nr1,1,2026-03-02T12:00:00Z,good,Well, yes\n")
    assert unread(folder.account) == [("1", "ratings.csv:2", "rating")]
    assert replied(folder.account) == RIGHT


def bad(line: Row) -> Row:
    return line | {"at": "yesterday"}


def renamed(folder: Folder) -> None:
    (folder.path / "events.csv").unlink()
    folder.write("events-2026", EVENTS)


def taken_away(folder: Folder) -> None:
    (folder.path / "events.csv").unlink()


@pytest.mark.parametrize("full", [False, True], ids=["next sync", "full sync"])
@pytest.mark.parametrize("change", [renamed, taken_away])
def test_what_a_file_that_is_gone_left_unread_is_forgotten(folder: Folder, change: Any, full: bool) -> None:
    """Nobody can mend a line of it any more. A file beside it has a bad line too, which stays."""
    folder.write("people-2026", [{"id": "c9", "kind": "nobody at all"}])
    folder.write("events-b", [bad(reply("2", "09:30"))])
    folder.events([bad(EVENTS[0]), *EVENTS[1:]])
    assert unread(folder.account) == [("2", "events-b.csv:2", "row"), ("1", "events.csv:2", "row")]
    change(folder)
    assert {r.outcome for r in folder.account.sync(NOW, full=full)} == {"ok"}
    assert unread(folder.account) == [("2", "events-b.csv:2", "row")]


def test_a_table_that_is_gone_leaves_nothing_unread(folder: Folder) -> None:
    folder.write("ratings", [{"id": "r1", "ticket": "1", "offered_at": "yesterday"}])
    folder.events(EVENTS)
    assert unread(folder.account) == [("1", "ratings.csv:2", "rating")]
    (folder.path / "ratings.csv").unlink()
    folder.sync()
    assert unread(folder.account) == []


# the same in a warehouse's tables


WAREHOUSE = {
    "ticket": "id,created_at,description,requester_id,status,submitter_id,updated_at,via_channel\n"
    "1,2026-03-02 08:00:00,Off,41,solved,41,2026-03-02 11:00:00,email\n",
    "ticket_comment": "id,body,created,public,ticket_id,user_id\n10,words,2026-03-02 08:00:00,TRUE,1,41\n",
    "ticket_field_history": "field_name,ticket_id,updated,user_id,value\nstatus,1,2026-03-02 11:00:00,31,solved\n",
    "satisfaction_rating": "id,ticket_id,score,updated_at\n7,1,good,2026-03-02 12:00:00\n",
    "ticket_tag": "index,ticket_id,tag\n0,1,vip\n",
}


@pytest.mark.parametrize(
    ("table", "old", "new", "kind"),
    [
        ("ticket", "1,2026-03-02 08:00:00", "1,yesterday", "row"),
        ("ticket_comment", "10,words", "ten,words", "row"),
        ("ticket_comment", "10,words", "10,w,ords", "row"),
        ("ticket_field_history", "2026-03-02", "yesterday", "row"),
        ("satisfaction_rating", "7,1,good", "seven,1,good", "rating"),
        ("satisfaction_rating", "good", "", "rating"),
        ("ticket_tag", "vip", "", "row"),
    ],
)
def test_a_refused_line_of_a_warehouse_leaves_its_ticket_unknown(
    tmp_path: Path, table: str, old: str, new: str, kind: str
) -> None:
    """Whatever of the line cannot be read, also its own id; once it is mended, nothing is in doubt."""
    path = tmp_path / "export"
    path.mkdir()
    for name, text in WAREHOUSE.items():
        (path / f"{name}.csv").write_text(text.replace(old, new) if name == table else text, encoding="utf-8")
    account = SmallAccount(tmp_path, "files", lambda _: None, own='layout = "fivetran"')
    account.sync(NOW)
    assert [row for row in unread(account) if row[0] == "1"] == [("1", f"{table}.csv:2", kind)]
    (path / f"{table}.csv").write_text(WAREHOUSE[table], encoding="utf-8")
    account.sync(NOW)
    assert unread(account) == []
