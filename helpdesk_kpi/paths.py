"""Where the folders that people extend lie, and which entry points installed packages declare.

The folders lie next to the package in a checkout, in `_app` in a wheel.

Discovery calls this before it looks for `connectors`, `kpi` or `scheduler`, so that the command, a notebook, a worker
process and a plug-in's tests all find the same single copy.
"""

import sys
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path


def extend_path() -> Path:
    """Put the folder that holds `connectors/`, `kpi/` and `report_templates/` on the path, and return it."""
    here = Path(__file__).parent
    app = here / "_app"
    root = app if app.is_dir() else here.parent
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))  # first: a foreign `kpi` in site-packages must not shadow ours
    return root


def find_entry_points(group: str) -> EntryPoints:
    """Return the entry points of one group that the packages on `sys.path` declare."""
    return _read_entry_points(group, tuple(sys.path))


@cache
def _read_entry_points(group: str, path: tuple[str, ...]) -> EntryPoints:  # noqa: ARG001  # another path, other packages
    """Reading the metadata of all packages takes 20 ms, and one command needs some groups several times."""
    return entry_points(group=group)
