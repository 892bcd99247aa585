"""Files on real accounts: exports that are written again, what a spreadsheet makes of them, and refused lines."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from small_account import SmallAccount, at

NOW = at("2026-03-09 12:00")
PEOPLE = [
    {"id": "ann", "kind": "agent", "name": "Agent One"}, {"id": "bob", "kind": "agent", "name": "Agent Two"},
    {"id": "c1", "kind": "customer"}, {"id": "c2", "kind": "customer"},
]  # fmt: skip
TICKETS = [
    {"id": n, "created_at": "2026-03-02T08:00:00Z", "updated_at": "2026-03-02T11:00:00Z", "status": "solved",
     "requester": f"c{n}", "submitter": f"c{n}", "description": "A question"}
    for n in ("1", "2")
]  # fmt: skip
Row = dict[str, str]


def reply(ticket: str, moment: str, actor: str = "ann", **more: str) -> Row:
    stamp = f"2026-03-02T{moment}:00Z"
    return {"ticket": ticket, "at": stamp, "kind": "comment", "actor": actor, "public": "true", "body": "words", **more}


def solved(ticket: str, moment: str, actor: str = "ann") -> Row:
    change = {"field": "status", "before": "open", "after": "solved"}
    return {"ticket": ticket, "at": f"2026-03-02T{moment}:00Z", "kind": "change", "actor": actor, **change}


EVENTS = [reply("1", "09:00"), solved("1", "11:00"), reply("2", "10:00"), solved("2", "11:00")]


class Folder:
    """A folder of exports, one of which a test writes again."""

    def __init__(self, path: Path) -> None:
        self.path = path / "export"
        self.path.mkdir()
        self.write("people", PEOPLE)
        self.write("tickets", TICKETS)
        self.account = SmallAccount(path, "files", lambda _: None)

    def write(self, name: str, rows: Sequence[Row]) -> None:
        columns = list(dict.fromkeys(key for row in rows for key in row))
        with (self.path / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, columns)
            writer.writeheader()
            writer.writerows(rows)

    def events(self, rows: Sequence[Row]) -> None:
        self.write("events", rows)
        self.sync()

    def text(self, name: str, text: str) -> None:
        (self.path / f"{name}.csv").write_text(text, encoding="utf-8")
        self.sync()

    def sync(self) -> None:
        assert {r.outcome for r in self.account.sync(NOW)} == {"ok"}

    def replies(self) -> dict[str, tuple[Any, Any, Any]]:
        """Ticket -> (replies, by whom the first one, why it is left out)."""
        counts = self.account.by_ticket("replies_per_ticket", "value", as_of=NOW)
        rows = self.account.list_observations("first_reply_time", as_of=NOW)
        return {row["ticket"]: (counts[row["ticket"]], row["agent"], row["reason"]) for row in rows}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


ONCE = {"1": (1, "Agent One", ""), "2": (1, "Agent One", "")}


def with_column(rows: Sequence[Row]) -> list[Row]:
    return [row | {"via": "web"} for row in rows]


def other_order(rows: Sequence[Row]) -> list[Row]:
    return list(reversed(rows))


@pytest.mark.parametrize("again", [with_column, other_order, list])
def test_an_event_without_an_id_stays_one_when_the_export_is_written_again(
    folder: Folder, again: Callable[[Sequence[Row]], list[Row]]
) -> None:
    folder.events(EVENTS)
    assert folder.replies() == ONCE
    folder.events(again(EVENTS))
    assert folder.replies() == ONCE


def test_a_cell_that_is_corrected_corrects_the_event(folder: Folder) -> None:
    """The reply on 1 was Agent Two's, and not Agent One's: there is one reply, and it is theirs."""
    folder.events(EVENTS)
    folder.events([reply("1", "09:00", "bob"), *EVENTS[1:]])
    assert folder.replies() == ONCE | {"1": (1, "Agent Two", "")}


def test_two_comments_of_one_instant_stay_two(folder: Folder) -> None:
    """Some exports round times to minutes."""
    folder.events([reply("1", "09:00", body="One"), reply("1", "09:00", body="Two"), *EVENTS[1:]])
    assert folder.replies()["1"][0] == 2
    folder.events([reply("1", "09:00", body="Two"), reply("1", "09:00", body="One"), *EVENTS[1:]])
    assert folder.replies()["1"][0] == 2


def test_events_that_an_earlier_version_kept_under_a_hash_are_not_counted_twice(folder: Folder) -> None:
    """Versions before 0.5.0 made the id of the whole row. The same row, read again, takes the place of that one."""
    folder.events(EVENTS)
    with folder.account.store() as store, store.transaction() as conn:
        from connectors.files.own_layout import hash_content

        row = {"ticket": "1", "at": at("2026-03-02 09:00"), "kind": "comment", "actor": "ann", "public": True}
        conn.execute("UPDATE events SET id = ? WHERE id GLOB 'comment:*' AND ticket ="
                     " (SELECT id FROM tickets WHERE native = '1')", (hash_content(row, "words"),))  # fmt: skip
    folder.events([*EVENTS, reply("2", "10:30")])
    assert folder.replies() == {"1": (1, "Agent One", ""), "2": (2, "Agent One", "")}


def test_a_line_that_is_refused_leaves_its_tickets_history_unknown_until_it_is_mended(folder: Folder) -> None:
    """Line 2 of events.csv may have been the reply on 1: nothing is known of it, and 2 is not touched."""
    folder.events([reply("1", "09:00") | {"public": "perhaps"}, *EVENTS[1:]])
    with folder.account.store() as store:
        assert store.rows("SELECT id FROM rejected_rows") == [("events.csv:2",)]
    assert folder.replies()["1"][2] == "history_unknown"
    assert folder.replies()["2"] == (1, "Agent One", "")
    folder.events(EVENTS)
    assert folder.replies() == ONCE


def test_a_rating_that_is_refused_is_not_an_answer_that_was_never_given(folder: Folder) -> None:
    """r1 was offered and perhaps answered, which its second row would have said: "9" on a scale to 5 is refused."""
    requests = {"offered_at": "2026-03-02T12:00:00Z"}
    answered = {"answered_at": "2026-03-02T13:00:00Z", "scale": "1-5"}
    folder.write("ratings", [
        {"id": "r1", "ticket": "1", **requests, "answered_at": "", "scale": "", "value": ""},
        {"id": "r2", "ticket": "2", **requests, **answered, "value": "5"},
        {"id": "r1", "ticket": "1", **requests, **answered, "value": "9"},
    ])  # fmt: skip
    folder.events(EVENTS)
    reasons = folder.account.by_ticket("csat_response_rate", "reason", as_of=NOW)
    assert reasons == {"1": "rating_unreadable", "2": ""}


def test_what_a_spreadsheet_writes_is_read(folder: Folder) -> None:
    """Its own first line, separators cut or added at the end of a line, an empty row as separators, a German TRUE."""
    folder.text("events", (
        "sep=;\n"
        "ticket;at;kind;actor;public;field;before;after\n"
        "1;2026-03-02T09:00:00Z;comment;ann;WAHR\n"
        ";;;;;;;\n"
        "1;2026-03-02T11:00:00Z;change;ann;;status;open;solved;;\n"
        "2;2026-03-02T10:00:00Z;comment;ann;WAHR;;;\n"
        "2;2026-03-02T10:30:00Z;comment;ann;FALSCH;;;\n"
        "2;2026-03-02T11:00:00Z;change;ann;;status;open;solved\n"
    ))  # fmt: skip
    assert folder.replies() == ONCE
    with folder.account.store() as store:
        assert not store.rows("SELECT * FROM rejected_rows")


@pytest.mark.parametrize(("yes", "no"), [
    ("TRUE", "FALSE"), ("WAHR", "FALSCH"), ("VRAI", "FAUX"), ("VERDADERO", "FALSO"), ("VERO", "FALSO"),
    ("WAAR", "ONWAAR"), ("SANT", "FALSKT"), ("PRAWDA", "FAŁSZ"), ("ИСТИНА", "ЛОЖЬ"), ("是", "否"), ("1", "0"),
])  # fmt: skip
def test_true_in_the_language_of_a_spreadsheet(folder: Folder, yes: str, no: str) -> None:
    """One public reply, and one note that is none."""
    folder.events([reply("1", "09:00") | {"public": yes}, reply("1", "09:30") | {"public": no}, *EVENTS[1:]])
    assert folder.replies() == ONCE
