"""Names: no forbidden word in an identifier, one class per name, small folders, tests in the folder of a package.

Folders that still have such names are in REMAINING with their number, which may only be lowered.
"""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from project_paths import ROOT

#: Words that say nothing about a value; they must not be a part of a name.
FORBIDDEN = frozenset({
    "told", "asked", "beside", "apart", "whose", "thing", "things", "judged", "named", "listed", "stands",
})  # fmt: skip
#: Names that are not ours: of the standard library, and of vendors' fields.
FOREIGN = frozenset({"NamedTuple", "NamedTemporaryFile", "NamedExpr", "namedtuple"})
CODE = ("helpdesk_kpi", "connectors", "kpi", "scheduler.py", "tests", "benchmarks")
PRODUCT = ("helpdesk_kpi", "connectors", "kpi")
MAX_MODULES = 20  # in one folder

#: Folders under tests/ that test no single package.
TEST_FOLDERS = frozenset({
    "across", "end_to_end", "fixtures", "golden", "oracle", "project", "recurrence_pairs", "samples", "traps",
})  # fmt: skip
#: Connector plug-ins define these names by contract; modules `payloads` repeat the vendor's own names.
CONTRACT_CLASSES = frozenset({"Settings", "Credentials"})


def find_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The identifiers of a module, with their lines: definitions, uses, attributes, arguments, keywords, imports."""
    for node in ast.walk(tree):
        match node:
            case ast.Name():
                yield node.lineno, node.id
            case ast.Attribute():
                yield node.lineno, node.attr
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg() | ast.keyword() if node.arg:
                yield node.lineno, node.arg
            case ast.alias():
                yield node.lineno, node.asname or node.name


def split_words(name: str) -> list[str]:
    """
    >>> split_words("NamedTold"), split_words("_who_ASKED")
    (['named', 'told'], ['', 'who', 'asked'])
    """
    return re.split(r"[_.]", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower())


def find_forbidden(root: Path, places: tuple[str, ...] = CODE) -> list[str]:
    """Lines "file:line name" of identifiers with a forbidden word."""
    found = []
    for path in list_modules(root, places):
        here = path.relative_to(root)
        for line, name in find_names(ast.parse(path.read_text("utf-8"))):
            if name not in FOREIGN and FORBIDDEN.intersection(split_words(name)):
                found.append(f"{here}:{line} {name}")
    return found


def find_repeated_classes(root: Path, places: tuple[str, ...] = PRODUCT) -> dict[str, list[str]]:
    """Public class name -> the modules that define it, if several do. Payload modules repeat the vendor's names."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in list_modules(root, places):
        if path.name == "payloads.py" or "payloads" in path.parent.name:
            continue
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and node.name not in CONTRACT_CLASSES:
                found[node.name].append(str(path.relative_to(root)))
    return {name: modules for name, modules in found.items() if len(modules) > 1}


def list_modules(root: Path, places: tuple[str, ...]) -> list[Path]:
    found: list[Path] = []
    for place in places:
        path = root / place
        found += [path] if path.suffix == ".py" else sorted(path.rglob("*.py"))
    return [path for path in found if "__pycache__" not in path.parts]


def test_no_identifier_has_a_forbidden_word() -> None:
    assert find_forbidden(ROOT) == []


def test_a_public_class_name_is_defined_once() -> None:
    assert find_repeated_classes(ROOT) == {}


def test_no_folder_has_too_many_modules() -> None:
    counts = Counter(str(path.parent.relative_to(ROOT)) for path in list_modules(ROOT, PRODUCT))
    assert {folder: n for folder, n in counts.items() if n > MAX_MODULES} == {}


def test_a_folder_of_tests_names_a_package() -> None:
    tests = ROOT / "tests"
    folders = {path.parent.relative_to(tests) for path in tests.rglob("test_*.py")} - {Path()}
    ours = {folder for folder in folders if folder.parts[0] not in TEST_FOLDERS}
    missing = [f for f in ours if not ((ROOT / "helpdesk_kpi" / f).is_dir() or (ROOT / f).is_dir())]
    assert sorted(map(str, missing)) == []
    assert len(ours) > 10  # they were found at all


def test_forbidden_words_and_repeated_classes_are_found(tmp_path: Path) -> None:
    """On a small tree, so that the tests above can fail."""
    (tmp_path / "kpi").mkdir()
    (tmp_path / "kpi" / "one.py").write_text(
        "class Row:\n    was_told: bool\ndef read(asked, *, named=1):\n"
        "    thing = asked\n    return f(whose=x.stands)\n"
        "renamed = NamedTuple\nclass _Private: ...\n"
    )
    (tmp_path / "kpi" / "two.py").write_text("import x as listed\nclass Row: ...\nclass _Private: ...\n")
    (tmp_path / "kpi" / "payloads.py").write_text("class Row: ...\n")
    names = [line.rpartition(" ")[2] for line in find_forbidden(tmp_path, ("kpi",))]
    assert Counter(names) == Counter(["was_told", "asked", "asked", "named", "thing", "whose", "stands", "listed"])
    assert find_repeated_classes(tmp_path, ("kpi",)) == {"Row": ["kpi/one.py", "kpi/two.py"]}
