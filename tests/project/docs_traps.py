"""The survival checklists: what helpdesks do that breaks connectors, and the tests that show that ours survive it.

`tests/traps/HELPDESK.toml` has a table for each line. A test that shows one carries `@pytest.mark.trap("HELPDESK 12")`;
tests of the contract, which every connector passes, are named in the line itself (`shown_by`). A line that no test can
show says why.
"""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
from project_paths import ROOT

from helpdesk_kpi import testing

TRAPS = ROOT / "tests" / "traps"


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a checklist."""

    says: str  # the symptom, and what we do
    source: str = ""  # thread or page
    why_not: str = ""  # why no test can show it here
    shown_by: tuple[str, ...] = ()  # "test_connector_contract.py::TestZendesk::test_..."


class Shown(NamedTuple):
    """A test that shows a line."""

    file: str
    test: str

    @property
    def sentence(self) -> str:
        return f"{self.test.removeprefix('test_').replace('_', ' ')} (`{self.file}`)"


def checklists(folder: Path = TRAPS) -> dict[str, dict[str, Line]]:
    """Helpdesk -> number -> line, in order of the numbers."""
    return {
        path.stem: dict(sorted(_lines(path).items(), key=lambda one: (len(one[0]), one[0])))
        for path in sorted(folder.glob("*.toml"))
    }


def _lines(path: Path) -> Mapping[str, Line]:
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    return msgspec.convert(found["traps"], dict[str, Line])


def marked(folder: Path = ROOT / "tests") -> dict[tuple[str, str], list[Shown]]:
    """(helpdesk, number) -> the tests that are marked with it."""
    found: dict[tuple[str, str], list[Shown]] = defaultdict(list)
    for path in sorted(folder.rglob("test_*.py"), key=lambda path: path.name):
        for test, words in _marks(ast.parse(path.read_text(encoding="utf-8"))):
            helpdesk, _, number = words.partition(" ")
            found[helpdesk, number].append(Shown(path.name, test))
    return dict(found)


def _marks(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(test, words) of each mark on a function, its parameters, or a class of tests."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for call in (inner for decorator in node.decorator_list for inner in ast.walk(decorator)):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "trap":
                    yield from ((node.name, word.value) for word in call.args if isinstance(word, ast.Constant)
                               and isinstance(word.value, str))  # fmt: skip


def shown(
    lists: Mapping[str, Mapping[str, Line]], marks: Mapping[tuple[str, str], list[Shown]]
) -> dict[tuple[str, str], list[Shown]]:
    """Every line with the tests that show it, marked or named."""
    return {
        (helpdesk, number): [*dict.fromkeys([*marks.get((helpdesk, number), ()), *map(_find_test, line.shown_by)])]
        for helpdesk, lines in lists.items()
        for number, line in lines.items()
    }


def _find_test(test: str) -> Shown:
    file, _, name = test.partition("::")
    return Shown(file, name.rpartition("::")[2])


def faults(
    lists: Mapping[str, Mapping[str, Line]], marks: Mapping[tuple[str, str], list[Shown]], folder: Path
) -> list[str]:
    """What is wrong between the checklists and the tests in `folder`."""
    tests = shown(lists, marks)
    found = [f"{h} {n}: no test shows it, and nothing says why not" for (h, n), by in tests.items()
             if not by and not lists[h][n].why_not]  # fmt: skip
    found += [f"{h} {n}: a test shows it, and something says that none can" for (h, n), by in tests.items()
              if by and lists[h][n].why_not]  # fmt: skip
    found += [f"{one.file}: {one.test} is marked with {h} {n}, which no checklist has" for (h, n), by in marks.items()
              if (h, n) not in tests for one in by]  # fmt: skip
    references = [(h, n, test) for h, lines in lists.items() for n, line in lines.items() for test in line.shown_by]
    return found + [f"{h} {n}: there is no test {test}" for h, n, test in references if not _is_there(test, folder)]


def _is_there(test: str, folder: Path) -> bool:
    """Whether a class of the file has the test, by itself or from the contract."""
    file, *names = test.split("::")
    path = next(folder.rglob(file), None)
    if path is None:
        return False
    tree = ast.parse(path.read_text(encoding="utf-8"))
    here = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return all(name in here or hasattr(testing.HttpContract, name) for name in names)
