"""Write the golden store of this version: `python tests/golden_store.py`, once, before a version is released.

A small invented desk behind all three helpdesks, synced and measured by this version. Later versions have to open the
store and, for every KPI whose revision has not moved, give the same figures (see `test_golden.py`).
"""

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from desk_fixtures import HASH_KEY, impatient

from helpdesk_kpi import __version__
from helpdesk_kpi.calendar.periods import Period, parse_period
from helpdesk_kpi.cli.demo_config import DemoSource, build_demo_config
from helpdesk_kpi.config import Config, load
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.explain.observation_export import Asked, export_observations
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.pull.source_config import load_sources
from helpdesk_kpi.pull.sync import sync
from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.simulator.server.vendors import get_vendor
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.store import Store
from helpdesk_kpi.testing.store_snapshot import open_test_store

GOLDEN = Path(__file__).parent / "golden"
HELPDESKS = ("zendesk", "jira", "freshdesk")
END = 1_795_392_000_000  # the world's now: 2026-11-23 00:00 UTC
VARIANTS = [(kpi.id, variant) for kpi in find_kpis().values() if kpi.subject != "entry" for variant in kpi.variants]
PERIOD = "2026-10"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = _synced(folder)
        (GOLDEN / f"store-{__version__}.toml").write_text((folder / "helpdesk-kpi.toml").read_text())
        with open_test_store(folder / "helpdesk.db") as store:
            build_stale(store, config, extra=VARIANTS)
            figures = figures_of(store, config)
            store.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            store.conn.execute("VACUUM")
        (GOLDEN / f"store-{__version__}.db").write_bytes((folder / "helpdesk.db").read_bytes())
    (GOLDEN / f"store-{__version__}.json").write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")


def _synced(folder: Path) -> Config:
    worlds = {helpdesk: generate(seed, tickets=50, weeks=8, end=END) for seed, helpdesk in enumerate(HELPDESKS, 31)}
    with ExitStack() as stack:
        shown = []
        for helpdesk, world in worlds.items():
            server = stack.enter_context(serve(get_vendor(helpdesk).app(world, limits=False)))
            shown.append(DemoSource(helpdesk, helpdesk, world, server.url))
            (folder / shown[-1].key_file).write_text(shown[-1].secret)
        path = folder / "helpdesk-kpi.toml"
        path.write_text(build_demo_config(shown, "en", own_folder=True), encoding="utf-8")
        loaded = load(path)
        with open_test_store(loaded.store_path) as store:
            results = sync(store, load_sources(loaded, (), HASH_KEY), now=lambda: END, connect=impatient)
    assert not [result for result in results if result.outcome == "failed"], results
    return loaded.config


def figures_of(store: Store, config: Config) -> dict[str, Any]:
    """KPI/variant -> its revision, its number of observations, and its figure for October 2026."""
    reader = MetricStore(store, config)
    period: Period = parse_period(PERIOD, config.timezone, END)
    return {f"{kpi}/{variant}": _figure(reader, period, kpi, variant) for kpi, variant in VARIANTS}


def _figure(reader: MetricStore, period: Period, kpi: str, variant: str) -> dict[str, Any]:
    spec = find_kpis()[kpi]
    rows = sum(1 for _ in export_observations(reader.store, reader.config, Asked(kpi, variant, END)))
    found = reader.compute(spec, period, END, variant)
    value = None if found.value is None else float(f"{found.value:.9g}")
    return {"revision": spec.revision, "rows": rows, "n": found.n, "value": value}


if __name__ == "__main__":
    main()
