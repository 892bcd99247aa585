"""Where the folders that people extend lie: beside the package in a checkout, in `_app` in a wheel.

Discovery calls this before it looks for `connectors`, `kpi` or `scheduler`, so that the command, a notebook, a worker
process and a plug-in's tests all find the same single copy.
"""

import sys
from pathlib import Path


def extend_path() -> Path:
    """Put the folder that holds `connectors/`, `kpi/` and `report_templates/` on the path, and return it."""
    here = Path(__file__).parent
    app = here / "_app"
    root = app if app.is_dir() else here.parent
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))  # first: a foreign `kpi` in site-packages must not shadow ours
    return root
