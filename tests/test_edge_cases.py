"""The list of odd lives, `edge_cases.toml`, and their tests are one, and each says what every variant gives."""

import ast
import tomllib
from functools import cache
from pathlib import Path

import msgspec
import pytest

from helpdesk_kpi.measure.discovery import find_kpis

HERE = Path(__file__).parent
#: By these a test speaks of every variant that the catalogue has; one that only names some would miss the next.
OF_EVERY_VARIANT = {"each", "every", "resolved", "medians", "variants"}
#: KPIs whose variants stand beside each other as definitions of one length of time.
LENGTHS = {"first_reply_time", "next_reply_time", "first_resolution_time", "full_resolution_time"}
#: Cases that concern one variant by their nature, or what never comes to a figure of any.
ONE_BY_NATURE = {"owner_of_a_wait", "unknown", "acceptance", "kinds_of_reopen"}


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    says: str
    kpis: tuple[str, ...]
    tests: tuple[str, ...]


CASES = msgspec.convert(tomllib.loads((HERE / "edge_cases.toml").read_text(encoding="utf-8")), dict[str, Case])


@cache
def functions_of(file: str) -> dict[str, ast.FunctionDef]:
    tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
    return {f.name: f for f in tree.body if isinstance(f, ast.FunctionDef) and f.name.startswith("test_")}


def found(name: str) -> ast.FunctionDef:
    file, _, test = name.partition("::")
    return functions_of(file)[test]


@pytest.mark.parametrize("case", CASES)
def test_a_case_has_its_tests_and_concerns_kpis_that_there_are(case: str) -> None:
    assert CASES[case].tests
    assert set(CASES[case].kpis) <= set(find_kpis())
    for name in CASES[case].tests:
        assert found(name).body, name


@pytest.mark.parametrize("case", sorted(set(CASES) - ONE_BY_NATURE))
def test_a_case_is_worked_out_for_every_variant(case: str) -> None:
    """At least one test of the case goes through all of them."""
    if LENGTHS.isdisjoint(CASES[case].kpis):
        return
    used = {
        part.attr if isinstance(part, ast.Attribute) else part.id
        for name in CASES[case].tests
        for part in ast.walk(found(name))
        if isinstance(part, ast.Name | ast.Attribute)
    }
    assert used & OF_EVERY_VARIANT


def test_every_test_of_an_odd_life_is_in_the_list() -> None:
    listed = {name for case in CASES.values() for name in case.tests}
    files = [path.name for path in HERE.glob("test_edge_*.py") if path.name != Path(__file__).name]
    assert len(files) >= 2
    assert {f"{file}::{test}" for file in files for test in functions_of(file)} <= listed
