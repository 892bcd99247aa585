"""The list of odd lives, `edge_cases.toml`, and their tests are one, and each says what every variant gives."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import msgspec
import pytest
import variant_fixtures
from project_paths import TESTS

from helpdesk_kpi.measure.metrics.discovery import find_kpis

SEVERAL = {kpi.id for kpi in find_kpis().values() if len(kpi.variants) > 1}


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    says: str
    kpis: tuple[str, ...]
    tests: tuple[str, ...]


CASES = msgspec.convert(tomllib.loads((TESTS / "edge_cases.toml").read_text(encoding="utf-8")), dict[str, Case])


def path_of(file: str) -> Path:
    """The file of a test, in whichever folder it lies: names of files are unique."""
    return next(TESTS.rglob(file))


@cache
def functions_of(file: str) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(path_of(file).read_text(encoding="utf-8"))
    return {f.name: f for f in tree.body if isinstance(f, ast.FunctionDef) and f.name.startswith("test_")}


def found(name: str) -> ast.FunctionDef:
    file, _, test = name.partition("::")
    return functions_of(file)[test]


def worked_out(name: str) -> Iterator[str]:
    """The KPIs of which a test holds every variant to a value: those that it gives to `variants_give`."""
    file = path_of(name.partition("::")[0])
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    names = vars(import_module(file.stem))
    for call in ast.walk(found(name)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "variants_give":
            assert names["variants_give"] is variant_fixtures.variants_give, name
            kpi = call.args[0]
            yield names[kpi.id] if isinstance(kpi, ast.Name) else ast.literal_eval(kpi)


@pytest.mark.parametrize("case", CASES)
def test_a_case_has_its_tests_and_concerns_kpis_that_there_are(case: str) -> None:
    assert CASES[case].tests
    assert set(CASES[case].kpis) <= set(find_kpis())
    for name in CASES[case].tests:
        assert found(name).body, name


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_worked_out_for_every_variant_of_what_it_concerns(case: str) -> None:
    done = {kpi for name in CASES[case].tests for kpi in worked_out(name)}
    assert SEVERAL.intersection(CASES[case].kpis) <= done


@pytest.mark.parametrize("case", CASES)
def test_what_the_tests_of_a_case_work_out_is_in_the_list(case: str) -> None:
    done = {kpi for name in CASES[case].tests if name.startswith("test_edge_") for kpi in worked_out(name)}
    assert done <= set(CASES[case].kpis)


def test_every_kpi_with_variants_is_falsified_by_some_case() -> None:
    assert SEVERAL - {kpi for case in CASES.values() for kpi in case.kpis} == set()


def test_a_variant_that_is_not_worked_out_fails() -> None:
    with pytest.raises(AssertionError, match="valid"):
        variant_fixtures.variants_give("solved_tickets", lambda *_: [], strict=[])
    with pytest.raises(AssertionError, match="valid"):
        variant_fixtures.variants_give("solved_tickets", lambda _, variant: variant, strict="strict", valid="strict")


def test_every_test_of_an_odd_life_is_in_the_list() -> None:
    covered = {name for case in CASES.values() for name in case.tests}
    files = [path.name for path in TESTS.rglob("test_edge_*.py") if path.name != Path(__file__).name]
    assert len(files) >= 8
    assert {f"{file}::{test}" for file in files for test in functions_of(file)} <= covered
