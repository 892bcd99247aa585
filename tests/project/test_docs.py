"""The documents say what is so: pages made by the code are fresh, examples run, commands and files are there."""

import doctest
import importlib
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import docs_fixtures as docs
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import connectors
import helpdesk_kpi
import kpi
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.simulator.server import faults
from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.simulator.world import plan
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.simulator.zendesk import app
from helpdesk_kpi.simulator.zendesk.api import ZendeskApi
from helpdesk_kpi.store import open_store

ROOT = docs.ROOT
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WRITTEN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


# --- pages that the code writes


@pytest.mark.parametrize("name", docs.PAGES)
def test_a_generated_page_is_what_the_code_says(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(ROOT / "docs" / name, docs.PAGES[name]())


@pytest.mark.parametrize("table", docs.TABLES)
def test_every_key_of_the_configuration_stands_in_the_example(table: str) -> None:
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
    told = {table.name: [column for column, _, _ in table.columns] for table in docs.tables(docs.store_schema())}
    assert told == {name: [column[1] for column in columns] for name, columns in there.items()}


# --- the written ones


@pytest.mark.parametrize("command", docs.command_names())
def test_every_command_is_named_in_the_readme_and_in_the_docs(command: str) -> None:
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
    named = re.findall(
        r"^\| `([\w./-]+)`(?:, `([\w./-]+)`)? ", README.partition("## Where to find what")[2], re.MULTILINE
    )
    assert len(named) >= 8
    assert [name for pair in named for name in pair if name and not (ROOT / name).exists()] == []


def test_the_readme_names_kpis_that_exist_of_every_dimension() -> None:
    named = re.findall(r"`(\w+)`", README.partition("## What it measures")[2].partition("Each by severity")[0])
    kpis = find_kpis()
    assert set(named) <= set(kpis)
    assert len(named) == len(set(named))
    assert {kpis[name].dimension for name in named} == {kpi.dimension for kpi in kpis.values()}


def test_the_changelog_begins_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", text, re.MULTILINE)
    assert released[0][0] == helpdesk_kpi.__version__
    assert re.findall(r"^### (.*)$", text, re.MULTILINE)[0] in {"Added", "Changed", "Deprecated", "Removed", "Fixed"}


def test_the_simulator_page_names_every_fault_and_endpoint_and_no_knob_that_is_not_there() -> None:
    page = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
    for word in faults.KNOWN.replace("[:WAY]", "").split(", "):
        assert f"| `{word.partition(':')[0]}" in page, word
    told = re.findall(r"`(\w+)`", page.partition("NAME is what the endpoint is counted under:")[2])
    endpoints = app._endpoints(ZendeskApi(generate(1, empty=True), faults.Faults()))
    assert set(told) == {name for name, *_ in endpoints}
    knobs = re.findall(r"`(\w+)=", page.partition("## Knobs")[2].partition("## The face")[0])
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


# --- the recipes of CONTRIBUTING.md, installed as a package and run

NOW = "2026-11-23T06:00:00Z"
MONDAY = 1_794_819_600  # 2026-11-16 09:00 UTC, in week 47
HOUR = 3_600
#: Three tickets: Ann asks the first customer something, answers and solves the second, and the third is still waiting.
TICKETS = [
    {
        "number": 1, "change": 11, "created": MONDAY, "changed": MONDAY + HOUR, "title": "Export fails",
        "messages": [
            {"id": 101, "at": MONDAY, "author": "carol", "staff": False, "words": "The export fails."},
            {"id": 102, "at": MONDAY + HOUR, "author": "Ann", "staff": True, "words": "Which version do you have?"},
        ],
    },
    {
        "number": 2, "change": 12, "created": MONDAY + 24 * HOUR, "changed": MONDAY + 25 * HOUR, "title": "Login",
        "messages": [
            {"id": 103, "at": MONDAY + 24 * HOUR, "author": "dave", "staff": False, "words": "I am locked out."},
            {"id": 104, "at": MONDAY + 25 * HOUR, "author": "Ann", "staff": True, "words": "Your account is open."},
        ],
        "solved": MONDAY + 25 * HOUR,
    },
    {
        "number": 3, "change": 13, "created": MONDAY + 48 * HOUR, "changed": MONDAY + 48 * HOUR, "title": "Invoice",
        "messages": [{"id": 105, "at": MONDAY + 48 * HOUR, "author": "erin", "staff": False, "words": "No invoice."}],
    },
]  # fmt: skip
CONFIG = """
[sources.garden]
connector = "shed"
url = "{url}"
since = 2026-01-01
key = {{ env = "SHED_KEY" }}
[channels.hall]
type = "board"
url = {{ env = "BOARD" }}
seconds = 5
[reports.morning]
template = "standup"
to = ["hall"]
"""
ENTRY_POINTS = """[helpdesk_kpi.connectors]
shed = shed
[helpdesk_kpi.kpis]
asking = asking
[helpdesk_kpi.channels]
board = board:Board
"""


class Recipes:
    """A folder with the examples of CONTRIBUTING.md, installed, and a configuration that uses them."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.env = {
            **os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]), "HELPDESK_KPI_NOW": NOW,
            "SHED_KEY": "sesame", "BOARD": f"{url}/board",
        }  # fmt: skip
        for path, text in _examples().items():
            place = folder / (path if path.endswith(".j2") else Path(path).name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        installed = folder / "recipes-1.dist-info"
        installed.mkdir()
        (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: recipes\nVersion: 1\n")
        (installed / "entry_points.txt").write_text(ENTRY_POINTS)
        (folder / "helpdesk-kpi.toml").write_text(CONFIG.format(url=url))

    def run(self, *words: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-m", "helpdesk_kpi", *words], cwd=self.folder, env=self.env, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


def _examples() -> dict[str, str]:
    """Path -> text of every code block of CONTRIBUTING.md that names its file in the first line."""
    blocks = re.findall(r"```(?:python|jinja)\n((?:# |\{# )(\S+).*?)```", CONTRIBUTING, re.DOTALL)
    return {path: body for body, path in blocks}


@pytest.fixture
def shed() -> Iterator[tuple[str, list[object]]]:
    """A Shed with three tickets, and a board; its address, and what was posted to the board."""
    posted: list[object] = []

    async def tickets(request: Request) -> Response:
        if request.headers.get("authorization") != "Basic c2VzYW1lOg==":  # "sesame:"
            return JSONResponse({"error": "who are you?"}, 401)
        after = int(request.query_params["after"])
        return JSONResponse({"tickets": [t for t in TICKETS if int(str(t["change"])) > after]})

    async def board(request: Request) -> Response:
        posted.append(await request.json())
        return Response()

    routes = [Route("/tickets", tickets), Route("/board", board, methods=["POST"])]
    with serve(Starlette(routes=routes)) as server:
        yield server.url, posted


def test_the_recipes_work_as_they_stand(tmp_path: Path, shed: tuple[str, list[object]]) -> None:
    url, posted = shed
    recipes = Recipes(tmp_path, url)
    assert "tickets: readable" in recipes.run("check")

    recipes.run("sync")
    opened = json.loads(recipes.run("explain", "asked_back", "--period", "2026-W47", "--json"))
    # Two tickets have a first reply; one of the two asks something.
    assert (opened["value"]["n"], opened["value"]["value"]) == (2, 0.5)
    assert [(row["ticket"], row["value"], row["agent"]) for row in opened["observations"]] == [
        ("1", 1, "Ann"),
        ("2", 0, "Ann"),
    ]

    said = recipes.run("report", "morning", "--period", "2026-W47", "--format", "text")
    assert "Asked back: 1 of 2 (n 2)" in said
    assert "#3 Invoice, no first reply yet" in said

    recipes.run("send", "morning", "--period", "2026-W47")
    # The first and the third ticket are not solved.
    assert posted == [{"title": "Week 47: 2 tickets open", "text": said, "seconds": 5}]
    recipes.run("send", "morning", "--period", "2026-W47")
    assert len(posted) == 1


def test_each_recipe_has_its_example() -> None:
    assert set(_examples()) == {file for recipe in RECIPES.values() for file in recipe.examples}
    assert set(RECIPES) <= set(re.findall(r"^## (.*)$", CONTRIBUTING, re.MULTILINE))


class Recipe(NamedTuple):
    name: str  # of the example, where the recipe says NAME or FAMILY
    examples: list[str]
    by_hand: list[str]  # files that it touches without an example here


RECIPES = {
    "A KPI": Recipe("asking", ["kpi/asking.py"], ["tests/kpi/test_kpi_asking.py", "tests/golden/world.json"]),
    "A connector": Recipe(
        "shed", ["connectors/shed.py"],
        ["tests/connectors/shed/test_shed.py", "tests/testing/test_connector_contract.py", "config.example.toml"],
    ),
    "A report": Recipe(
        "standup", ["report_templates/standup/subject.txt.j2", "report_templates/standup/body.txt.j2"],
        ["report_templates/standup/body.html.j2"],
    ),
    "A channel": Recipe(
        "board", ["helpdesk_kpi/deliver/channels/board.py"],
        ["tests/deliver/test_deliver_board.py", "config.example.toml"],
    ),
}  # fmt: skip
WRITE_PAGES = """
import sys
sys.path[:0] = [f"tests/{folder}" for folder in ("project", "fixtures")]
import docs_fixtures as docs
for name, page in docs.PAGES.items():
    (docs.ROOT / "docs" / name).write_text(page(), encoding="utf-8")
"""


@pytest.fixture(scope="module")
def copy_of_the_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    parts = ("helpdesk_kpi", "connectors", "kpi", "report_templates", "docs", "tests/project", "tests/fixtures",
             "tests/traps")  # fmt: skip
    for part in parts:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("scheduler.py", "config.example.toml", "pyproject.toml"):
        shutil.copy(ROOT / file, folder / file)
    _write_pages(folder)
    return folder


def _write_pages(folder: Path) -> None:
    """Write the generated pages anew, as `pytest --update` does."""
    env = {**os.environ, "PYTHONPATH": str(folder)}
    subprocess.run([sys.executable, "-c", WRITE_PAGES], check=True, cwd=folder, env=env)


def _texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in (folder / "docs").glob("*.md")}


@pytest.mark.parametrize("heading", RECIPES)
def test_a_recipe_names_exactly_the_files_that_it_touches(heading: str, copy_of_the_repository: Path) -> None:
    folder, recipe = copy_of_the_repository, RECIPES[heading]
    numbered = re.findall(r"^\d\. (.*(?:\n   .*)*)", CONTRIBUTING.partition(f"## {heading}\n")[2].partition("\n## ")[0],
                          re.MULTILINE)  # fmt: skip
    lists = [re.sub(r"NAME|FAMILY", recipe.name, entry.partition(":")[0]) for entry in numbered]
    files = {file for entry in lists for file in re.findall(r"`([\w/.]+\.\w+)`", entry)}
    before = _texts(folder)
    for path in recipe.examples:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(_examples()[path], encoding="utf-8")
    try:
        _write_pages(folder)
        written = {f"docs/{name}" for name, text in _texts(folder).items() if text != before[name]}
    finally:
        for path in recipe.examples:
            (folder / path).unlink()
        for name, text in before.items():
            (folder / "docs" / name).write_text(text, encoding="utf-8")
    assert files == {*recipe.examples, *recipe.by_hand, *written}
