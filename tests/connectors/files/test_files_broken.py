"""Files with bad bytes and values: each costs its own line, which is named, and the lines beside it are read."""

import gzip
from pathlib import Path

import pytest
from test_files import Pulled

from helpdesk_kpi.model import Event, Ticket

HEADER = "id,created_at,status,subject\n"
GOOD = b"1,2026-01-05T09:00:00Z,open,One\n"
LAST = b"3,2026-01-05T09:00:00Z,open,Three\n"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"2,2026-01-05T09:00:00Z,open,caf\xe9\n", "holds bytes that are not UTF-8: save the file as UTF-8"),
        (b"2,2026-01-05T09:00:00Z,open,a\x00b\n", "holds bytes that are not UTF-8: save the file as UTF-8"),
        (b"2,9999-12-31T09:00:00Z,open,Two\n", "not between the years 1990 and 2100"),
        (b"2,0001-01-01T00:00:00+14:00,open,Two\n", "not between the years 1990 and 2100"),
        (b"2,1790000000,open,Two\n", "is not an ISO 8601 time"),
    ],
    ids=["latin", "nul", "never", "year_1", "seconds"],
)
def test_an_unreadable_line_of_a_table_is_reported(tmp_path: Path, line: bytes, says: str) -> None:
    (tmp_path / "tickets.csv").write_bytes(HEADER.encode() + GOOD + line + LAST)
    found = Pulled(tmp_path)
    assert [t.id for t in found.of(Ticket)] == ["1", "3"]
    assert says in found.aside["tickets.csv:3"]
    assert found.failed == {}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b'{"id": "2", "subject": "caf\xe9"}\n', "not UTF-8"),
        (b'{"id": "2", "subject": NaN}\n', "no JSON"),
        (b'{"id": "2", "subject": ' + b"[" * 5000 + b"]" * 5000 + b"}\n", "nested too deep"),
        (b'{"id": "2"\n', "no JSON"),
        (b'{"id": "2", "created_at": "2026-01-05T09:00:00Z", "status": "open", "version": 99999999999999999999}\n',
         "too large for the store"),
    ],
    ids=["latin", "nan", "deep", "cut", "huge"],
)  # fmt: skip
def test_an_unreadable_json_line_is_reported(tmp_path: Path, line: bytes, says: str) -> None:
    good = b'{"id": "%d", "created_at": "2026-01-05T09:00:00Z", "status": "open"}\n'
    (tmp_path / "tickets.jsonl").write_bytes(good % 1 + line + good % 3)
    found = Pulled(tmp_path)
    assert [t.id for t in found.of(Ticket)] == ["1", "3"]
    assert says in found.aside["tickets.jsonl:2"]
    assert found.failed == {}


def test_half_a_character_in_json_lines_is_replaced(tmp_path: Path) -> None:
    line = rb'{"id": "1", "created_at": "2026-01-05T09:00:00Z", "status": "open", "subject": "Printer \ud83d \u0000"}'
    (tmp_path / "tickets.jsonl").write_bytes(line)
    assert [t.subject for t in Pulled(tmp_path).of(Ticket)] == ["Printer \ufffd \ufffd"]


def test_a_packed_file_that_ends_early_keeps_what_it_gave_and_stops_no_other(tmp_path: Path) -> None:
    packed = gzip.compress(HEADER.encode() + GOOD * 3)
    (tmp_path / "tickets.csv.gz").write_bytes(packed[:-8])
    (tmp_path / "events.csv").write_text("ticket,at,kind\n1,2026-01-05T09:00:00Z,comment\n")
    found = Pulled(tmp_path)
    assert list(found.failed) == ["tickets"]
    assert len(found.of(Event)) == 1


def test_a_huge_id_in_an_exported_history_costs_its_line(tmp_path: Path) -> None:
    (tmp_path / "ticket.csv").write_text(
        "id,created_at,updated_at,status\n7,2026-01-05T09:00:00Z,2026-01-05T09:00:00Z,open\n"
    )
    rows = [f"{ticket},status,2026-01-05T09:00:00Z,open" for ticket in ("7", "9" * 20)]
    history = "\n".join(["ticket_id,field_name,updated,value", *rows, ""])
    (tmp_path / "ticket_field_history.csv").write_text(history)
    found = Pulled(tmp_path, layout="fivetran")
    assert found.failed == {}
    assert "too large for the store" in found.aside["ticket_field_history.csv:3"]
    assert [(e.ticket, e.after) for e in found.of(Event)] == [("7", "open")]
