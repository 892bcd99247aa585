"""CSV that a spreadsheet may open: no cell of it is a formula, and what is read back is what was written."""

import ast
import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from project_paths import ROOT
from synced_fixtures import Cli, SyncedDesk, rows_of

from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.spreadsheet import guarded, unguarded, write_records, write_table

DANGEROUS = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]


@pytest.mark.parametrize("sign", DANGEROUS)
def test_a_text_that_would_be_a_formula_is_marked_as_a_text(sign: str) -> None:
    assert guarded(f"{sign}cmd|' /C calc'!A0") == f"'{sign}cmd|' /C calc'!A0"


@pytest.mark.parametrize(
    "number", [-5, -5.25, "-5", "+5.25", "-1e5", "-.5", 0, None, "", "5-3", "a=b", "'tis"], ids=repr
)
def test_numbers_and_other_texts_stay_as_they_are(number: object) -> None:
    assert guarded(number) == number


@pytest.mark.parametrize("formula", ["-1+1", "-5 ", "+49 30 123", "-", "=5", "-5\n=1", "-１"])
def test_what_only_begins_like_a_number_is_marked(formula: str) -> None:
    assert guarded(formula) == f"'{formula}"


@given(st.lists(st.text(alphabet=[*DANGEROUS, "'", "1", "a", ",", '"'], min_size=1), min_size=1))
def test_what_is_read_back_is_what_was_written(cells: list[str]) -> None:
    out = io.StringIO(newline="")
    write_table(out, [cells])
    [row] = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert [unguarded(cell) for cell in row] == cells
    assert {cell[1:].strip("1") for cell in row if cell[0] in DANGEROUS} <= {""}  # numbers: "-11"


def test_records_have_a_line_of_names() -> None:
    out = io.StringIO()
    write_records(out, ("a", "b"), [{"b": -1, "a": "=x", "c": 3}])
    assert out.getvalue() == "a,b\n'=x,-1\n"


def test_there_is_one_writer() -> None:
    found = set()
    for top in ("helpdesk_kpi", "connectors", "kpi", "report_templates"):
        for path in (ROOT / top).rglob("*.py"):
            names = {
                ast.unparse(node) for node in ast.walk(ast.parse(path.read_text("utf-8"))) if hasattr(node, "attr")
            }
            if not names.isdisjoint({"csv.writer", "csv.DictWriter"}) or "from csv" in path.read_text("utf-8"):
                found.add(path.name)
    assert found == {"spreadsheet.py"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> SyncedDesk:
    """A desk whose categories, channels, addresses and people are what a stranger would write."""
    made = SyncedDesk(tmp_path_factory.mktemp("formulas"), generate(5, tickets=60, weeks=5))
    made.sync()
    with made.store() as store, store.transaction() as conn:
        conn.execute("UPDATE tickets SET channel = '=cmd', url = '@' || url, priority = '+1+1'")
        conn.execute("UPDATE people SET name = '-' || name WHERE name IS NOT NULL")
        conn.execute("UPDATE teams SET name = '＝' || name")
    return made


@pytest.mark.parametrize(
    "words",
    [
        ["observations", "solved_tickets"],
        ["observations", "full_resolution_time"],
        ["reconcile", "--differences", "--format", "csv"],
        ["reconcile", "--format", "csv"],
        ["record", "draw", "--period", "2026-11"],
    ],
    ids=" ".join,
)
def test_no_command_prints_a_formula(cli: Cli, desk: SyncedDesk, words: list[str]) -> None:
    cli.at(desk.world.now)
    ran = cli(*words, "--config", desk.path)
    assert ran.status == 0, ran.err
    cells = [cell for row in csv.reader(io.StringIO(ran.out)) for cell in row]
    assert len(cells) > 10
    for cell in cells:
        assert cell[:1] not in DANGEROUS or float(cell) < 0


def test_names_are_there_with_their_guard(cli: Cli, desk: SyncedDesk) -> None:
    cli.at(desk.world.now)
    rows = rows_of(cli("observations", "solved_tickets", "--config", desk.path).out)
    assert {row["channel"] for row in rows} == {"'=cmd"}
    assert {row["url"][:6] for row in rows} == {"'@http"}
    assert "'-" in {row["agent"][:2] for row in rows}  # of one who left, only a number is known


def test_a_drawn_sheet_comes_back_through_import(cli: Cli, desk: SyncedDesk, tmp_path: Path) -> None:
    """Its people and notes are read without the guard: `-Ann` is somebody of the team, and '=x' is the note."""
    cli.at(desk.world.now)
    drawn = cli("record", "draw", "--period", "2026-11", "--each", "1", "--config", desk.path)
    rows = list(csv.DictReader(io.StringIO(drawn.out)))
    assert rows[0]["subject"].startswith("'-")
    people = [row["subject"] for row in rows]
    aspects = list(rows[0])[list(rows[0]).index("note") + 1 :]
    filled = [
        row
        | {"by": next(name for name in people if name != row["subject"]), "note": "'=x", "on": "2026-11-20"}
        | dict.fromkeys(aspects, "3")
        for row in rows[:2]
    ]
    sheet = tmp_path / "quality_review-1.csv"
    with sheet.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(filled[0]))
        writer.writeheader()
        writer.writerows(filled)
    ran = cli("import", sheet, "--config", desk.path)
    assert ran.status == 0, ran.err
    with desk.store() as store:
        notes = store.rows("SELECT json_extract(body, '$.note') FROM registers")
    assert notes == [("=x",)] * len(filled)
