"""Stores to measure with: made once by `making`, kept in the temporary folder (or in HELPDESK_KPI_BENCH)."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpdesk_kpi.measure.metrics.discovery import load_kpis

HERE = Path(__file__).parent
MAKING = HERE / "making.py"
SCHEMA = HERE.parent / "helpdesk_kpi" / "store" / "schema.sql"


def desk(tickets: int) -> Path:
    """A folder with a configuration and a synced, measured store of about `tickets` tickets, by the KPIs of today."""
    revisions = "".join(f"{kpi.id} {kpi.revision}" for kpi in load_kpis().values()).encode()
    mark = hashlib.sha256(SCHEMA.read_bytes() + MAKING.read_bytes() + revisions).hexdigest()[:8]
    folder = _home() / f"desk-{tickets}-{mark}"
    if not folder.exists():
        making = Path(tempfile.mkdtemp(dir=_home()))
        subprocess.run([sys.executable, MAKING, making, str(tickets)], check=True)
        making.rename(folder)
    return folder


@contextmanager
def copied(folder: Path) -> Iterator[Path]:
    """A copy to write into."""
    with tempfile.TemporaryDirectory(dir=_home()) as copy:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        yield Path(copy)


def _home() -> Path:
    folder = Path(os.environ.get("HELPDESK_KPI_BENCH") or Path(tempfile.gettempdir()) / "helpdesk-kpi-benchmarks")
    folder.mkdir(exist_ok=True)
    return folder
