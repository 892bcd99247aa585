"""Every line of the survival checklists has a test that shows it, or says why none can; every mark names a line."""

from pathlib import Path

import pytest
from docs_traps import Shown, checklists, faults, marked, shown
from project_paths import ROOT


def test_each_line_has_its_test_or_its_reason_and_each_mark_its_line() -> None:
    assert faults(checklists(), marked(), ROOT / "tests") == []


LINES = """
[traps."2"]
says = "The last page repeats; rows are told apart by id."
source = "a thread"
[traps."10"]
says = "Nobody knows why."
why_not = "It needs a real account."
[traps."3"]
says = "Limits are told in no header."
shown_by = ["test_one.py::TestBarn::test_too_many_requests_are_repeated_no_sooner_than_the_server_says"]
"""
TESTS = """
import pytest
@pytest.mark.trap("barn 2", "shed 1")
@pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.trap("barn 2"))])
def test_a_page_that_repeats(n): ...
class TestBarn: ...
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "barn.toml").write_text(LINES)
    (tmp_path / "test_one.py").write_text(TESTS)
    return tmp_path


def test_lines_are_in_order_and_know_their_tests(folder: Path) -> None:
    lists = checklists(folder)
    assert list(lists["barn"]) == ["2", "3", "10"]
    tests = shown(lists, marked(folder))
    assert tests["barn", "2"] == [Shown("test_one.py", "test_a_page_that_repeats")]
    assert tests["barn", "2"][0].sentence == "a page that repeats (`test_one.py`)"
    assert [one.test for one in tests["barn", "3"]] == [
        "test_too_many_requests_are_repeated_no_sooner_than_the_server_says"
    ]
    assert tests["barn", "10"] == []


def test_a_mark_without_a_line_is_found(folder: Path) -> None:
    assert faults(checklists(folder), marked(folder), folder) == [
        "test_one.py: test_a_page_that_repeats is marked with shed 1, which no checklist has"
    ]


TEST = "test_too_many_requests_are_repeated_no_sooner_than_the_server_says"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('why_not = "It needs a real account."', "", "barn 10: no test shows it, and nothing says why not"),
        ('source = "a thread"', 'why_not = "x"', "barn 2: a test shows it, and something says that none can"),
        (TEST, "test_nothing", "barn 3: there is no test test_one.py::TestBarn::test_nothing"),
        ("test_one.py::", "test_two.py::", f"barn 3: there is no test test_two.py::TestBarn::{TEST}"),
        ("TestBarn", "TestByre", f"barn 3: there is no test test_one.py::TestByre::{TEST}"),
    ],
)
def test_what_is_wrong_with_a_line_is_found(folder: Path, old: str, new: str, says: str) -> None:
    (folder / "barn.toml").write_text(LINES.replace(old, new))
    assert says in faults(checklists(folder), marked(folder), folder)
