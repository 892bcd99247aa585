"""The house: imports go one way, the wheel adds one name, nothing is loaded twice."""

import ast
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import hatchling.build
import pytest

ROOT = Path(__file__).parent.parent
#: Each may import what stands left of it.
FLOW = [
    "milliseconds",
    "model",
    "errors",
    "private",
    "spreadsheet",
    "secret",
    "paths",
    "config",
    "store",
    "pull",
    "measure",
    "appraise",
    "report",
    "schedule",
    "deliver",
    "cli",
    "testing",
]
OUTERMOST = {"cli", "testing"}  # they may use the simulator
OUTER = {"connectors", "kpi", "report_templates", "scheduler"}


def modules() -> list[Path]:
    return sorted((ROOT / "helpdesk_kpi").rglob("*.py"))


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room(name: str) -> str:
    parts = name.split(".")
    return parts[1] if parts[0] == "helpdesk_kpi" and len(parts) > 1 else ""


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    mine = path.relative_to(ROOT / "helpdesk_kpi").parts[0].removesuffix(".py")
    rooms = {r for r in map(room, imported(path)) if r in FLOW or r == "simulator"}
    if mine == "simulator":
        assert rooms <= {"simulator"}
    elif mine in FLOW and mine not in OUTERMOST:
        later = {r for r in rooms if r == "simulator" or FLOW.index(r) > FLOW.index(mine)}
        assert not later, f"{mine} imports {later}"
    if mine != "cli":
        assert not {name.split(".")[0] for name in imported(path)} & OUTER


def test_a_wheel_adds_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    wheel = tmp_path / hatchling.build.build_wheel(str(tmp_path))
    names = [n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n]
    assert {n.split("/")[0] for n in names} == {"helpdesk_kpi"}
    assert {"helpdesk_kpi/_app/scheduler.py", "helpdesk_kpi/_app/config.example.toml"} <= set(names)
    assert "helpdesk_kpi/store/schema.sql" in names
    for folder in ("connectors", "kpi", "report_templates"):
        here = {str(p.relative_to(ROOT)) for p in (ROOT / folder).rglob("*") if p.suffix in {".py", ".j2"}}
        assert {f"helpdesk_kpi/_app/{name}" for name in here} <= set(names)


def test_everything_is_found_once() -> None:
    code = (
        "import sys; from helpdesk_kpi.measure.discovery import find_kpis; from helpdesk_kpi.pull.discovery import *;"
        "find_kpis(); find_connector('zendesk'); assert 'kpi.reply' in sys.modules;"
        "assert not [m for m in sys.modules if m.startswith('helpdesk_kpi._app')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd="/", env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_help_needs_nothing_heavy() -> None:
    code = (
        "import sys; from helpdesk_kpi.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print({m for m in sys.modules} & {'numpy', 'matplotlib', 'httpx', 'jinja2', 'sqlite_utils', 'starlette'})"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.rstrip().endswith("set()")
