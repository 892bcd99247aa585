"""The example of a connector in a package of its own: installed, found by its entry point, and tested as it stands."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from project_paths import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "shed"


def test_it_is_the_recipe_of_contributing() -> None:
    recipes = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n# connectors/shed\.py\n(.*?)```", recipes, re.DOTALL)
    assert found
    assert found[1] == (EXAMPLE / "helpdesk_kpi_shed.py").read_text(encoding="utf-8")


def test_installed_it_passes_the_contract_with_the_few_lines_of_its_author(tmp_path: Path) -> None:
    package, installed = tmp_path / "shed", tmp_path / "installed"
    shutil.copytree(EXAMPLE, package)
    pip = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*pip, "--target", installed, package], check=True, cwd=tmp_path)
    (package / "helpdesk_kpi_shed.py").unlink()  # so that only the installed one is there
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "-ra", package],
        cwd=package, env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (installed, ROOT)))},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-2000:]
    passed = re.search(r"(\d+) passed", ran.stdout)
    assert passed
    assert int(passed[1]) > 30
    assert ran.stdout.count("SKIPPED") == 1, ran.stdout  # Shed has nothing that is asked one by one
