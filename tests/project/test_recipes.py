"""The recipes of CONTRIBUTING.md work as they are, and name exactly the files that they touch."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import docs_fixtures as docs
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from helpdesk_kpi.simulator.server.serve import serve

ROOT = docs.ROOT
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

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
