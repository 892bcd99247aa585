"""The same simulated desk out of files: what is measured is what happened, in whatever form the files are."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk_fixtures import known_store
from files_fixtures import Form, write_world
from test_truth import DAY, Measured, true_rows

from helpdesk_kpi.cli.demo import config_text
from helpdesk_kpi.config import Loaded, load
from helpdesk_kpi.measure.discovery import find_kpis
from helpdesk_kpi.measure.fold import measure
from helpdesk_kpi.measure.reader import Reader
from helpdesk_kpi.pull.source import sources_of
from helpdesk_kpi.pull.sync import sync
from helpdesk_kpi.simulator.world import World, generate


def configured(world: World, folder: Path) -> Loaded:
    """The desk's configuration, with files in place of its account."""
    text = config_text(world, "http://127.0.0.1:9", "en", own_folder=True)
    text = re.sub(r"(?m)^(url|auth|rate_share) = .*\n", "", text).replace('"zendesk"', '"files"\npath = "export"')
    path = folder / "helpdesk-kpi.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


class FromFiles(Measured):
    """One world, written, read and measured once."""

    def __init__(self, folder: Path, seed: int, tickets: int, form: Form) -> None:  # not by way of an account
        self.world = generate(seed, tickets=tickets, weeks=12)
        loaded = configured(self.world, folder)
        write_world(self.world, folder / "export", form)
        self.store, self.config = known_store(loaded.store_path), loaded.config
        results = sync(self.store, sources_of(loaded, (), self.store.hash_key), now=lambda: self.world.now)
        assert {r.outcome for r in results} == {"ok"}, results
        assert not sum(r.set_aside for r in results)
        measure(self.store, self.config)
        self.reader = Reader(self.store, self.config)
        self.native = dict(self.store.rows("SELECT id, native FROM tickets"))
        self.people = dict(self.store.rows("SELECT id, native FROM people"))
        self.teams = dict(self.store.rows("SELECT id, native FROM teams"))


@pytest.fixture(scope="module", params=[(1, "csv"), (2, "jsonl"), (3, "semicolons"), (4, "gz")], ids=lambda p: p[1])
def measured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, full_size: bool
) -> Iterator[FromFiles]:
    world = FromFiles(tmp_path_factory.mktemp("files"), request.param[0], 3000 if full_size else 500, request.param[1])
    yield world
    world.store.close()


@pytest.mark.parametrize("days", [0, 9], ids=lambda d: f"{d}_days_before_the_end")
@pytest.mark.parametrize("kpi", find_kpis())
def test_what_is_measured_out_of_files_is_what_happened(measured: Any, kpi: str, days: int) -> None:
    as_of = measured.world.now - 120_000 - days * DAY
    found, true = measured.rows(kpi, "strict", as_of), true_rows(measured.world, kpi, "strict", as_of)
    assert sum(true.values()) > 5
    assert found - true == Counter()
    assert true - found == Counter()
