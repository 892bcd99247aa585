"""The house: imports go one way, the wheel adds one name, nothing is loaded twice."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import hatchling.build
import pytest
from project_paths import ROOT

BIN = str(Path(sys.executable).parent)


def test_imports_go_one_way() -> None:
    """The contracts of pyproject.toml."""
    done = subprocess.run([shutil.which("lint-imports", path=BIN) or "lint-imports"], capture_output=True, text=True,
                          cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_a_wheel_adds_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    wheel = tmp_path / hatchling.build.build_wheel(str(tmp_path))
    names = [n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n]
    assert {n.split("/")[0] for n in names} == {"helpdesk_kpi"}
    assert {"helpdesk_kpi/_app/scheduler.py", "helpdesk_kpi/_app/config.example.toml"} <= set(names)
    assert {"helpdesk_kpi/store/schema.sql", "helpdesk_kpi/locale/zh/LC_MESSAGES/helpdesk_kpi.po"} <= set(names)
    for folder in ("connectors", "kpi", "report_templates"):
        here = {str(p.relative_to(ROOT)) for p in (ROOT / folder).rglob("*") if p.suffix in {".py", ".j2"}}
        assert {f"helpdesk_kpi/_app/{name}" for name in here} <= set(names)


def test_everything_is_found_once() -> None:
    code = (
        "import sys; from helpdesk_kpi.measure.metrics.discovery import find_kpis;"
        "from helpdesk_kpi.pull.discovery import *;"
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
