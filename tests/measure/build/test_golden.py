"""Meaning never changes under a name: a change of code that moves a KPI's values has to bump its revision."""

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from golden_store import figures_of
from project_paths import TESTS
from synced_fixtures import SyncedDesk

from helpdesk_kpi.config import load
from helpdesk_kpi.deliver.ledger_migrations import migrate_ledger
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.explain.observation_export import export_observations
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.store import open_store

HERE = TESTS
STORES = sorted((HERE / "golden").glob("store-*.db"))
WITH_FIGURES = [path for path in STORES if path.with_suffix(".json").exists()]
MOVED = sorted(
    (HERE / "golden").glob("moved-*.toml"),
    key=lambda path: [int(part) for part in path.stem.removeprefix("moved-").split(".")],
)
VARIANTS = [(kpi.id, variant) for kpi in find_kpis().values() if kpi.subject != "entry" for variant in kpi.variants]


def test_values_of_a_golden_world_move_only_with_a_revision(
    tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    """After an intended change: bump the KPI's `revision`, then `pytest --update`, and review the diff."""
    world = generate(11, tickets=250, weeks=8, end=1_795_392_000_000)
    desk = SyncedDesk(tmp_path, world)
    desk.sync()
    with desk.store() as store:
        build_stale(store, desk.loaded.config, extra=VARIANTS)
        said = {}
        for kpi, variant in VARIANTS:
            rows = [
                {k: v for k, v in row.items() if k != "url"}
                for row in export_observations(
                    store, desk.loaded.config, build_query(kpi, None, world.now - 120_000, variant)
                )
            ]
            digest = hashlib.sha256(json.dumps(sorted(rows, key=json.dumps), sort_keys=True).encode()).hexdigest()
            said[f"{kpi}/{variant}"] = f"revision {find_kpis()[kpi].revision}, {len(rows)} rows, {digest[:16]}"
    golden(HERE / "golden" / "world.json", json.dumps(said, indent=1, sort_keys=True) + "\n")


def test_a_store_of_version_0_1_0_opens_and_reads(tmp_path: Path) -> None:
    """The file was written by 0.1.0; every later version has to bring it up to date."""
    path = tmp_path / "old.db"
    path.write_bytes((HERE / "golden" / "store-0.1.0.db").read_bytes())
    with open_store(path) as store:
        assert store.one("SELECT count(*) FROM v_tickets") == 40
        assert store.one("SELECT count(*) FROM v_observations WHERE kpi = 'first_reply_time'") >= 40
        assert store.one("SELECT count(*) FROM deliveries") == 1


@pytest.mark.parametrize("kept", STORES, ids=lambda path: path.stem)
def test_a_store_of_an_older_version_ends_up_like_a_new_one(tmp_path: Path, kept: Path) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    old.write_bytes(kept.read_bytes())
    made = {}
    for path in (old, new):
        with open_store(path) as store:
            migrate_ledger(store.db)
            made[path] = store.rows("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")
    assert made[old] == made[new]


@pytest.mark.parametrize("kept", WITH_FIGURES, ids=lambda path: path.stem)
def test_a_store_of_an_older_version_gives_the_same_figures(tmp_path: Path, kept: Path) -> None:
    """Written by `golden_store.py`. A figure may differ only where a `moved-*.toml` says from what, to what and why,
    and where its KPI's revision has moved. Whatever else has a new revision is compared all the same.
    """
    before = json.loads(kept.with_suffix(".json").read_text())
    config = load(kept.with_suffix(".toml")).config
    path = tmp_path / "old.db"
    path.write_bytes(kept.read_bytes())
    with open_store(path) as store:
        build_stale(store, config, everything=True, extra=VARIANTS)
        now = figures_of(store, config)
    expected = {name: _parts(figure) for name, figure in before.items()}
    moved = {}
    for one in _moves(kept.stem.removeprefix("store-")):
        assert one["from"] == expected[one["figure"]]
        assert one["from"] != one["to"]
        expected[one["figure"]] = moved[one["figure"]] = one["to"]
    assert {name: _parts(now[name]) for name in before} == expected
    assert {name for name in moved if now[name]["revision"] == before[name]["revision"]} == set()
    assert [name for name in before.keys() - moved.keys() if before[name]["value"]]  # those that were held


def test_every_move_of_a_figure_has_its_reason() -> None:
    reasons = [group["reason"] for path in MOVED for group in tomllib.loads(path.read_text())["moved"]]
    assert reasons
    assert all(len(reason.split()) > 5 for reason in reasons)


def _parts(figure: dict[str, Any]) -> list[Any]:
    return [figure["rows"], figure["n"], figure["value"]]


def _moves(version: str) -> Iterator[dict[str, Any]]:
    """What later versions moved on this version's store, oldest first."""
    for path in MOVED:
        for group in tomllib.loads(path.read_text())["moved"]:
            if group["store"] == version:
                yield from group["figures"]
