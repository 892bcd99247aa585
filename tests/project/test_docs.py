"""The documents say what is so: pages made by the code are fresh, examples run, commands and files are there."""

import doctest
import importlib
import os
import pkgutil
import re
import subprocess
import tomllib
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docs_fixtures as docs
import pytest

import connectors
import helpdesk_kpi
import kpi
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.simulator.server import faults
from helpdesk_kpi.simulator.world import plan
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.simulator.zendesk import app
from helpdesk_kpi.simulator.zendesk.api import ZendeskApi
from helpdesk_kpi.store import open_store

ROOT = docs.ROOT
README = (ROOT / "README.md").read_text(encoding="utf-8")
WRITTEN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


# --- pages that the code writes


@pytest.mark.parametrize("name", docs.PAGES)
def test_a_generated_page_is_what_the_code_says(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(ROOT / "docs" / name, docs.PAGES[name]())


@pytest.mark.parametrize("table", docs.TABLES)
def test_every_key_of_the_configuration_is_in_the_example(table: str) -> None:
    shown = {key for place, key in docs.example_keys() if place == table}
    assert {key.name for key in docs.keys(docs.TABLES[table][1])} - shown == set()


def test_every_key_of_the_configuration_has_a_type_a_default_and_a_meaning() -> None:
    page = docs.configuration_page().partition("```toml")[0]
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) > 70
    assert [row for row in rows if any(not cell.strip() for cell in row.strip("|").split(" | "))] == []


@pytest.mark.parametrize("name", docs.PAGES)
def test_a_generated_page_has_no_empty_table(name: str) -> None:
    lines = (ROOT / "docs" / name).read_text(encoding="utf-8").splitlines()
    assert [lines[i - 1] for i, line in enumerate(lines[:-1])
            if re.fullmatch(r"\|( --- \|)+", line) and not lines[i + 1].startswith("|")] == []  # fmt: skip


def test_the_page_of_the_configuration_has_no_python_expressions() -> None:
    page = docs.configuration_page().partition("```toml")[0]
    words = "None|True|False|NoneType|frozenset|lambda|msgspec|dict|tuple|str|int|float|bool|Literal|default_factory"
    assert re.findall(rf"\b(?:{words})\b|\w\[\w|\w\(", page) == []


def test_no_table_of_the_store_is_left_out(tmp_path: Path) -> None:
    with open_store(tmp_path / "s.db") as store:
        names = [name for (name,) in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        own = [name for name in names if not name.startswith(("sqlite_", "_"))]  # SQLite's, and the migrations'
        there = {name: store.rows(f"PRAGMA table_info({name})") for name in own}
    found = {table.name: [column for column, _, _ in table.columns] for table in docs.tables(docs.store_schema())}
    assert found == {name: [column[1] for column in columns] for name, columns in there.items()}


# --- the written ones


@pytest.mark.parametrize("command", docs.command_names())
def test_every_command_is_in_the_readme_and_in_the_docs(command: str) -> None:
    assert f"| `{command}` " in README
    assert f"### helpdesk-kpi {command}\n" in (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "line",
    [
        "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/helpdesk-kpi demo",
        "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest",
    ],
)
def test_the_readme_has_each_line_that_ci_runs_once(line: str) -> None:
    assert README.splitlines().count(line) == 1


def test_ci_is_a_script_that_bash_understands() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: path.name)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_leads_to_every_page_and_the_folders_that_it_names_are_there() -> None:
    for page in WRITTEN:
        assert page.name == "README.md" or f"]({page.relative_to(ROOT)})" in README, page
    folders = re.findall(
        r"^\| `([\w./-]+)`(?:, `([\w./-]+)`)? ", README.partition("## Where to find what")[2], re.MULTILINE
    )
    assert len(folders) >= 8
    assert [name for pair in folders for name in pair if name and not (ROOT / name).exists()] == []


def test_the_readme_names_kpis_that_exist_of_every_dimension() -> None:
    ids = re.findall(r"`(\w+)`", README.partition("## What it measures")[2].partition("Each by severity")[0])
    kpis = find_kpis()
    assert set(ids) <= set(kpis)
    assert len(ids) == len(set(ids))
    assert {kpis[name].dimension for name in ids} == {kpi.dimension for kpi in kpis.values()}


def test_the_changelog_begins_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", text, re.MULTILINE)
    assert released[0][0] == helpdesk_kpi.__version__
    assert re.findall(r"^### (.*)$", text, re.MULTILINE)[0] in {"Added", "Changed", "Deprecated", "Removed", "Fixed"}


def test_the_simulator_page_names_every_fault_and_endpoint_and_no_knob_that_is_not_there() -> None:
    page = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
    for word in faults.KNOWN.replace("[:WAY]", "").split(", "):
        assert f"| `{word.partition(':')[0]}" in page, word
    found = re.findall(r"`(\w+)`", page.partition("NAME is what the endpoint is counted under:")[2])
    endpoints = app._endpoints(ZendeskApi(generate(1, empty=True), faults.Faults()))
    assert set(found) == {name for name, *_ in endpoints}
    knobs = re.findall(r"`(\w+)=", page.partition("## Knobs")[2].partition("## The Zendesk API")[0])
    assert set(knobs) - {"weeks", "end", "locale"} <= set(plan.Plan.__struct_fields__)


def _modules() -> Iterator[str]:
    yield "scheduler"
    for package in (helpdesk_kpi, connectors, kpi):
        found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        yield from (one.name for one in found if not one.name.endswith("__main__"))


def test_examples_in_docstrings_are_true() -> None:
    modules: list[types.ModuleType] = [importlib.import_module(name) for name in _modules()]
    results = {module.__name__: doctest.testmod(module) for module in modules}
    assert [name for name, result in results.items() if result.failed] == []
    assert sum(result.attempted for result in results.values()) > 40


# --- docs/architecture.md: a short path from the vendor's JSON to the digest, with functions that exist

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
STEPS = ARCHITECTURE.partition("## The path of one ticket")[2].partition("\n## ")[0]
#: A function or class, and the file that the page links it to.
LINKED_CODE = sorted(set(re.findall(r"\[`([\w.]+)`\]\(\.\./([\w/.]+\.py)\)", ARCHITECTURE)))


@pytest.mark.parametrize(("name", "file"), LINKED_CODE, ids=lambda part: part)
def test_a_function_on_the_page_is_defined_in_the_file_that_it_links_to(name: str, file: str) -> None:
    assert (ROOT / file).is_file()
    module = importlib.import_module(file.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    assert found is not None, f"docs/architecture.md names {name}, which is not in {file}: name the new place there"
    if isinstance(found, type | types.FunctionType):
        assert found.__module__ == module.__name__, f"{name} is only imported there"


def test_the_path_of_a_ticket_has_at_most_25_steps_and_each_leads_to_its_code() -> None:
    steps = re.split(r"^\d+\. ", STEPS, flags=re.MULTILINE)[1:]
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", STEPS, re.MULTILINE)]
    assert numbers == list(range(1, len(steps) + 1))
    assert 10 <= len(steps) <= 25
    assert [step for step in steps if not re.search(r"\]\(\.\./[\w/.]+\.py\)", step)] == []


def test_the_package_diagram_has_the_layers_of_the_import_contracts() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = [one for one in config["tool"]["importlinter"]["contracts"] if one["type"] == "layers"]
    diagram = ARCHITECTURE.partition("```text")[2].partition("```")[0]
    assert len(contracts) == 2
    for contract in contracts:
        layers = [layer for layer in contract["layers"] if not layer.startswith("(")]  # "(portal)" need not exist
        found = [re.search(rf"(?<=  ){re.escape(layer)}(?=\s)", diagram) for layer in layers]
        places = [match.start() if match else -1 for match in found]
        assert -1 not in places, layers[places.index(-1)]
        assert places == sorted(places)
