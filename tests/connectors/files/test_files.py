"""The connector of files: what a cell may hold, what is said of one that is wrong, what is read again and when."""

import asyncio
import gzip
import os
import tracemalloc
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from files_fixtures import write_table

from connectors.files import Files
from connectors.files.own_layout import get_category
from connectors.files.settings import Settings
from helpdesk_kpi.errors import PullError
from helpdesk_kpi.milliseconds import HOUR
from helpdesk_kpi.model import Article, ArticleEdit, Event, Name, Person, Rating, Ticket
from helpdesk_kpi.pull.contract import Finding, Page, Start
from helpdesk_kpi.pull.transport import offline

MONDAY_9 = 1_767_603_600_000  # 2026-01-05T09:00:00Z
TICKET = {"id": "1", "created_at": "2026-01-05T09:00:00Z", "status": "open"}


class Pulled:
    """What one turn over a folder brings."""

    def __init__(self, folder: Path, cursors: Mapping[str, str] | None = None, **settings: Any) -> None:
        self.cursors = dict(cursors or {})
        self.pages: dict[str, list[Page]] = {}
        self.failed: dict[str, str] = {}
        self.connector = Files(offline(), Settings(path=folder, **settings))
        asyncio.run(self._turn())

    async def _turn(self) -> None:
        for stream in self.connector.streams():
            found = self.pages.setdefault(stream.name, [])
            try:
                async for page in stream.pages(Start(cursor=self.cursors.get(stream.name), since=0, now=MONDAY_9)):
                    found.append(page)
                    self.cursors |= {stream.name: page.cursor} if page.cursor else {}
            except PullError as error:
                self.failed[stream.name] = str(error)

    def of(self, kind: type[Any]) -> list[Any]:
        return [r for pages in self.pages.values() for page in pages for r in page.records if type(r) is kind]

    @property
    def aside(self) -> dict[str, str]:
        return {a.id: a.reason for pages in self.pages.values() for page in pages for a in page.rejected}


def put(folder: Path, name: str, text: str, encoding: str = "utf-8") -> None:
    (folder / name).write_bytes(text.encode(encoding))


# --- what is read


def test_a_ticket_with_its_first_message_becomes_a_ticket_and_a_comment(tmp_path: Path) -> None:
    put(
        tmp_path, "tickets.csv",
        "id,created_at,status,subject,description,channel,requester,tags,priority,Product\n"
        '17,2026-01-05T09:00:00Z,open,"Cannot, at all","It ""stops"".\nWhy?",email,u1,"vip, eu",high,Pump\n',
    )  # fmt: skip
    found = Pulled(tmp_path, keep_fields=("Product",))
    (ticket,), (comment,) = found.of(Ticket), found.of(Event)
    assert (ticket.id, ticket.number, ticket.created_at, ticket.updated_at) == ("17", "17", MONDAY_9, MONDAY_9)
    assert (ticket.subject, ticket.tags, ticket.priority) == ("Cannot, at all", ("vip", "eu"), "high")
    assert ticket.fields == {"Product": "Pump"}
    assert (comment.ticket, comment.at, comment.kind, comment.actor) == ("17", MONDAY_9, "comment", "u1")
    assert comment.public
    assert comment.is_question
    assert comment.length == len('It "stops".\nWhy?')


@pytest.mark.parametrize(
    ("name", "encoding", "separator"),
    [("tickets.csv", "utf-8", ","), ("tickets.csv", "utf-8-sig", ";"), ("tickets-2025.tsv", "utf-8", "\t")],
)
def test_separators_and_byte_order_marks_are_seen(tmp_path: Path, name: str, encoding: str, separator: str) -> None:
    rows = [["id", "created_at", "status", "subject"], ["1", "2026-01-05T10:00:00+01:00", "open", "Grüße"]]
    put(tmp_path, name, "\r\n".join(separator.join(row) for row in rows), encoding)
    (ticket,) = Pulled(tmp_path).of(Ticket)
    assert (ticket.id, ticket.created_at, ticket.subject) == ("1", MONDAY_9, "Grüße")


def test_json_lines_and_gzip_are_read_like_csv(tmp_path: Path) -> None:
    line = '{"id": 2, "created_at": "2026-01-05T09:00:00Z", "status": "open", "tags": ["a", "b"], "is_spam": true}\n'
    (tmp_path / "tickets-b.jsonl.gz").write_bytes(gzip.compress(line.encode()))
    write_table(tmp_path, "tickets", [TICKET])
    assert [(t.id, t.tags, t.is_spam) for t in Pulled(tmp_path).of(Ticket)] == [
        ("2", ("a", "b"), True),
        ("1", (), False),
    ]


def test_local_times_need_a_configured_zone(tmp_path: Path) -> None:
    write_table(tmp_path, "tickets", [TICKET | {"created_at": "2026-01-05 10:00:00"}])
    assert "has no time zone" in Pulled(tmp_path).aside["tickets.csv:2"]
    assert Pulled(tmp_path, timezone="Europe/Berlin").of(Ticket)[0].created_at == MONDAY_9


def test_a_person_with_two_rows_has_had_two_roles(tmp_path: Path) -> None:
    write_table(tmp_path, "tickets", [TICKET])
    people = [{"id": "u", "kind": "agent", "updated_at": "2026-01-05T09:00:00Z"},
              {"id": "u", "kind": "customer", "updated_at": "2026-01-05T10:00:00Z"}]  # fmt: skip
    write_table(tmp_path, "people", people)
    assert [(p.kind, p.role, p.version - MONDAY_9) for p in Pulled(tmp_path).of(Person)] == [
        ("agent", "agent", 0),
        ("customer", "customer", HOUR),
    ]


def test_an_event_without_an_id_is_the_same_when_it_is_read_again_elsewhere_in_the_file(tmp_path: Path) -> None:
    write_table(tmp_path, "tickets", [TICKET])
    one = {"ticket": "1", "at": "2026-01-05T09:00:00Z", "kind": "comment", "body": "One", "public": "true"}
    write_table(tmp_path, "events", [one, one | {"body": "Two"}])
    first = {e.id for e in Pulled(tmp_path).of(Event)}
    write_table(tmp_path, "events", [one | {"body": "Two"}, one | {"body": "Three"}, one])
    assert len(first) == 2
    assert len(first & {e.id for e in Pulled(tmp_path).of(Event)}) == 2


RATED = {"id": "r", "ticket": "1", "offered_at": "2026-01-05T09:00:00Z", "answered_at": "2026-01-05T10:00:00Z"}


@pytest.mark.parametrize("origin", ["customer", "default", "timeout", "internal"])
def test_where_an_answer_comes_from_is_kept(tmp_path: Path, origin: str) -> None:
    write_table(tmp_path, "tickets", [TICKET])
    write_table(tmp_path, "ratings", [RATED | {"value": "4", "scale": "1-5", "origin": origin, "comment": "Nice"}])
    (rating,) = Pulled(tmp_path).of(Rating)
    assert (rating.origin, rating.category, rating.score, rating.value) == (origin, "good", 1.0, "4")
    assert (rating.answered_at, rating.version) == (MONDAY_9 + HOUR, MONDAY_9 + HOUR)
    assert rating.comment is None
    assert Pulled(tmp_path, include_ratings_comment=True).of(Rating)[0].comment == "Nice"


@pytest.mark.parametrize(
    ("value", "scale", "category"),
    [
        ("5", "1-5", "good"), ("4", "1-5", "good"), ("3", "1-5", "neutral"), ("2", "1-5", "bad"), ("1", "1-5", "bad"),
        ("3", "1-3", "good"), ("2", "1-3", "neutral"), ("1", "1-3", "bad"), ("8", "0-10", "good"),
        ("5", "0-10", "neutral"),
        ("Good", None, "good"), ("bad", "good/bad", "bad"), (None, None, None),
    ],
)  # fmt: skip
def test_an_answer_is_good_in_the_upper_quarter_of_its_scale(
    value: str | None, scale: str | None, category: str | None
) -> None:
    assert get_category(value, scale) == category


def test_articles_and_their_edits_keep_a_hash_of_the_text_and_not_the_text(tmp_path: Path) -> None:
    write_table(tmp_path, "tickets", [TICKET])
    at = {"locale": "en", "body": "Turn it off and on."}
    write_table(tmp_path, "articles", [at | {"id": "9", "title": "Help", "created_at": "2026-01-05T09:00:00Z"}])
    write_table(tmp_path, "article_edits", [at | {"article": "9", "at": "2026-01-05T10:00:00Z", "editor": "u"}])
    found = Pulled(tmp_path)
    (article,), (edit,) = found.of(Article), found.of(ArticleEdit)
    assert article.digest == edit.digest
    assert article.length == len("Turn it off and on.")
    assert (edit.article, edit.at, edit.editor) == ("9", MONDAY_9 + HOUR, "u")


# --- what is wrong is told with its line, and stops nothing else


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ({"created_at": "05/01/2026 9:00"}, "created_at: '05/01/2026 9:00' is an ambiguous time of a spreadsheet"),
        ({"created_at": "45662.375"}, "created_at: '45662.375' is an ambiguous time of a spreadsheet"),
        ({"created_at": "5.1.2026"}, "created_at: '5.1.2026' is an ambiguous time of a spreadsheet"),
        ({"created_at": "soon"}, "created_at: 'soon' is not an ISO 8601 time"),
        ({"created_at": ""}, "created_at is empty"),
        ({"id": "3.6E+11"}, "id: '3.6E+11' is an id that a spreadsheet has rounded"),
        ({"is_spam": "perhaps"}, "is_spam: 'perhaps' is neither true nor false"),
        ({"version": "x"}, "version: 'x' is not a whole number"),
        ({"replies_known": "maybe"}, "replies_known: 'maybe' is not one of yes, pending, unreadable"),
    ],
)
def test_a_bad_cell_is_reported_with_file_line_and_column(tmp_path: Path, cell: Mapping[str, str], says: str) -> None:
    columns = {"is_spam": "", "version": "", "replies_known": "", "subject": "two\nlines"}
    write_table(tmp_path, "tickets", [columns | TICKET, columns | TICKET | {"id": "2", **cell}, columns | TICKET])
    found = Pulled(tmp_path)
    assert list(found.aside) == ["tickets.csv:4"]  # each row is two lines
    assert found.aside["tickets.csv:4"].startswith(says)
    assert len(found.of(Ticket)) == 2


def test_rows_of_the_wrong_length_and_lines_that_are_no_json_are_set_aside(tmp_path: Path) -> None:
    put(
        tmp_path,
        "tickets.csv",
        "id,created_at,status\n1,2026-01-05T09:00:00Z,open,more\n\n2,2026-01-05T09:00:00Z,open\n",
    )
    put(
        tmp_path, "events.jsonl", '{"ticket": "1"\n[1]\n{"ticket": "1", "at": "2026-01-05T09:00:00Z", "kind": "call"}\n'
    )
    found = Pulled(tmp_path)
    assert found.aside["tickets.csv:2"] == "4 cells, and the header has 3"
    assert set(found.aside) == {"tickets.csv:2", "events.jsonl:1", "events.jsonl:2"}
    assert [t.id for t in found.of(Ticket)] == ["2"]
    assert [e.kind for e in found.of(Event)] == ["call"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("tickets-b.csv", b"id,creatd_at,status\n", "tickets-b.csv:1: no column 'created_at'; did you mean creatd_at?"),
        ("tickets-b.csv", b"", "tickets-b.csv:1: is empty"),
        ("tickets-b.csv", b"id,id,status\n", "tickets-b.csv:1: two columns are called 'id'"),
        ("tickets-b.csv", "id,created_at,stätus\n".encode("latin-1"), "tickets-b.csv: is not UTF-8"),
        ("tickets-b.csv", "id,created_at,status\n".encode("utf-16"), "tickets-b.csv: is not UTF-8"),
        ("tickets-b.csv.gz", b"no gzip", "tickets-b.csv.gz: cannot be read"),
    ],
)
def test_a_broken_file_fails_its_stream_and_the_other_files_are_read(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    write_table(tmp_path, "tickets", [TICKET])
    write_table(tmp_path, "tickets-c", [TICKET | {"id": "3"}])
    write_table(tmp_path, "names", [{"kind": "status", "id": "7", "name": "Parked", "detail": "hold"}])
    (tmp_path / name).write_bytes(content)
    found = Pulled(tmp_path)
    assert {stream: text.startswith(says) for stream, text in found.failed.items()} == {"tickets": True}, found.failed
    assert {t.id for t in found.of(Ticket)} == {"1", "3"}
    assert found.of(Name) == [Name("status", "7", "Parked", "hold")]
    assert found.pages["tickets"][-1].complete_until is None


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_without_tickets_or_no_folder_at_all_is_said(tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "export"
    if there:
        folder.mkdir()
    assert Pulled(folder).failed == {
        "tickets": f"{folder} has no tickets.csv or tickets.jsonl"
        " (further names: tickets-2025.csv.gz and the like)"
    }  # fmt: skip


# --- what is read again


def test_only_what_has_changed_is_read_again(tmp_path: Path) -> None:
    path = write_table(tmp_path, "tickets", [TICKET])
    write_table(tmp_path, "tickets-b", [TICKET | {"id": "2"}])
    first = Pulled(tmp_path)
    assert {t.id for t in first.of(Ticket)} == {"1", "2"}
    again = Pulled(tmp_path, first.cursors)
    assert (again.of(Ticket), again.cursors) == ([], first.cursors)
    assert [page.complete_until for page in again.pages["tickets"]] == [MONDAY_9]

    os.utime(path, (1, 1))  # touched, and the same
    touched = Pulled(tmp_path, again.cursors)
    assert touched.of(Ticket) == []
    assert touched.cursors != again.cursors

    write_table(tmp_path, "tickets", [TICKET | {"status": "solved"}])
    assert [(t.id, t.status) for t in Pulled(tmp_path, touched.cursors).of(Ticket)] == [("1", "solved")]


def test_with_other_settings_everything_is_read_again(tmp_path: Path) -> None:
    write_table(tmp_path, "tickets", [TICKET | {"Product": "Pump"}])
    first = Pulled(tmp_path)
    (ticket,) = Pulled(tmp_path, first.cursors, keep_fields=("Product",)).of(Ticket)
    assert ticket.fields == {"Product": "Pump"}


def test_a_large_file_is_read_in_flat_memory(tmp_path: Path) -> None:
    """Its 30,000 tickets would weigh 20 MB."""
    with (tmp_path / "tickets.csv").open("w") as stream:
        stream.write("id,created_at,status,subject\n")
        stream.writelines(f"{n},2026-01-05T09:00:00Z,open,{'x' * 50}\n" for n in range(30_000))
    stream_of = Files(offline(), Settings(path=tmp_path)).streams()[0]

    async def count() -> int:
        start = Start(cursor=None, since=0, now=MONDAY_9)
        return sum([len(page.records) async for page in stream_of.pages(start)])

    tracemalloc.start()
    assert asyncio.run(count()) == 30_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


# --- check


def checked(folder: Path, **settings: Any) -> Sequence[Finding]:
    return asyncio.run(Files(offline(), Settings(path=folder, **settings)).check())


def test_check_names_unused_columns_bad_lines_and_what_no_file_gives(tmp_path: Path) -> None:
    write_table(tmp_path, "tickets", [TICKET | {"Mood": "blue"}, TICKET | {"created_at": "5/1/2026"}])
    found = checked(tmp_path)
    assert [f.text.partition(";")[0] for f in found if f.level == "note" and f.about == "tickets.csv"] == [
        "unused columns: Mood"
    ]
    assert [f.about for f in found if f.level == "warning"] == ["tickets.csv:3"]
    lost = {f.need: f.provides.reason for f in found if f.provides}
    assert set(lost) >= {"comments.public", "survey.answers", "articles"}
    assert "tickets" not in lost
    assert "when a ticket was opened" in lost["status.history"]


def test_check_says_when_the_folder_is_not_there(tmp_path: Path) -> None:
    (found,) = checked(tmp_path / "nowhere")
    assert (found.level, found.text) == ("error", f"there is no folder {tmp_path / 'nowhere'}")


def test_files_send_no_http_request() -> None:
    async def ask() -> None:
        await offline().get("/", type=dict)

    with pytest.raises(PullError, match="this source asks nobody"):
        asyncio.run(ask())
