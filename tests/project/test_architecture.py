"""docs/architecture.md: a short path from the vendor's JSON to the digest, with functions that exist."""

import importlib
import re
import tomllib
import types
from typing import Any

import docs_fixtures as docs
import pytest

PAGE = (docs.ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PATH = PAGE.partition("## The path of one ticket")[2].partition("\n## ")[0]
#: A function or class, and the file that the page links it to.
CODE = sorted(set(re.findall(r"\[`([\w.]+)`\]\(\.\./([\w/.]+\.py)\)", PAGE)))


@pytest.mark.parametrize(("name", "file"), CODE, ids=lambda part: part)
def test_a_function_on_the_page_is_defined_in_the_file_that_it_links_to(name: str, file: str) -> None:
    assert (docs.ROOT / file).is_file()
    module = importlib.import_module(file.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    assert found is not None, f"docs/architecture.md names {name}, which is not in {file}: name the new place there"
    if isinstance(found, type | types.FunctionType):
        assert found.__module__ == module.__name__, f"{name} is only imported there"


def test_the_path_of_a_ticket_has_at_most_25_steps_and_each_leads_to_its_code() -> None:
    steps = re.split(r"^\d+\. ", PATH, flags=re.MULTILINE)[1:]
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", PATH, re.MULTILINE)]
    assert numbers == list(range(1, len(steps) + 1))
    assert 10 <= len(steps) <= 25
    assert [step for step in steps if not re.search(r"\]\(\.\./[\w/.]+\.py\)", step)] == []


def test_the_package_diagram_has_the_layers_of_the_import_contracts() -> None:
    config = tomllib.loads((docs.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = [one for one in config["tool"]["importlinter"]["contracts"] if one["type"] == "layers"]
    diagram = PAGE.partition("```text")[2].partition("```")[0]
    assert len(contracts) == 2
    for contract in contracts:
        layers = [layer for layer in contract["layers"] if not layer.startswith("(")]  # "(portal)" need not exist
        found = [re.search(rf"(?<=  ){re.escape(layer)}(?=\s)", diagram) for layer in layers]
        places = [match.start() if match else -1 for match in found]
        assert -1 not in places, layers[places.index(-1)]
        assert places == sorted(places)
