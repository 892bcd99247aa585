"""The same simulated desk out of files: what is measured is what happened, in whatever form the files are."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from files_fixtures import write_fivetran, write_world
from synced_fixtures import open_test_store
from truth_fixtures import DAY, WORLD_KPIS, Measured, true_rows

from helpdesk_kpi.cli.demo_config import config_text
from helpdesk_kpi.config import LoadedConfig, load
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.pull.source_config import load_sources
from helpdesk_kpi.pull.sync import sync
from helpdesk_kpi.simulator.world.facts import SYSTEM, Created, Update
from helpdesk_kpi.simulator.world.world import World, generate

#: The files written here have edits without their texts, counts as they are now, and no clocks of promises.
NOT_IN_FILES = {kpi for kpi in WORLD_KPIS if find_kpis()[kpi].subject == "article"} | {"sla_attainment"}


def configured(world: World, folder: Path, more: str = "") -> LoadedConfig:
    """The desk's configuration, with files in place of its account."""
    text = config_text(world, "http://127.0.0.1:9", "en", own_folder=True)
    text = re.sub(r"(?m)^(url|auth|rate_share) = .*\n", "", text).replace(
        '"zendesk"', f'"files"\npath = "export"\n{more}'
    )
    path = folder / "helpdesk-kpi.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


class FromFiles(Measured):
    """One world, written, read and measured once."""

    def __init__(self, world: World, loaded: LoadedConfig) -> None:  # not by way of an account
        self.world, self.helpdesk = world, "files"
        self.store, self.config = open_test_store(loaded.store_path), loaded.config
        results = sync(self.store, load_sources(loaded, (), self.store.hash_key), now=lambda: self.world.now)
        assert {r.outcome for r in results} == {"ok"}, results
        assert not sum(r.rejected for r in results)
        self.confirm()
        build_stale(self.store, self.config)
        self.reader = MetricStore(self.store, self.config)
        self.native, self.people, self.teams = (
            self._world_ids("tickets"),
            self._world_ids("people"),
            self._world_ids("teams"),
        )
        self.articles = dict(self.store.rows("SELECT id, native FROM articles"))


@pytest.fixture(scope="module", params=[(1, "csv"), (2, "jsonl"), (3, "semicolons"), (4, "gz")], ids=lambda p: p[1])
def measured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, full_size: bool
) -> Iterator[FromFiles]:
    seed, form = request.param
    folder = tmp_path_factory.mktemp("files")
    world = generate(seed, tickets=3000 if full_size else 250, weeks=12)
    write_world(world, folder / "export", form)
    read = FromFiles(world, configured(world, folder))
    yield read
    read.store.close()


@pytest.mark.parametrize("days", [0, 9], ids=lambda d: f"{d}_days_before_the_end")
@pytest.mark.parametrize("kpi", [kpi for kpi in WORLD_KPIS if kpi not in NOT_IN_FILES])
def test_what_is_measured_out_of_files_is_what_happened(measured: Any, kpi: str, days: int) -> None:
    as_of = measured.world.now - 120_000 - days * DAY
    found, true = measured.rows(kpi, "strict", as_of), true_rows(measured.world, kpi, "strict", as_of)
    assert sum(true.values()) > 5
    assert found - true == Counter()
    assert true - found == Counter()


# --- out of Fivetran's tables


@pytest.fixture(scope="module")
def warehoused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FromFiles]:
    folder = tmp_path_factory.mktemp("fivetran")
    world = generate(6, tickets=500, weeks=12)
    write_fivetran(world, folder / "export")
    loaded = configured(world, folder, 'layout = "fivetran"')
    read = FromFiles(world, loaded)
    yield read
    read.store.close()


def list_complete_tickets(world: World) -> set[str]:
    """Tickets of which the tables tell everything: no call, no chat, and no robot under a person's name."""
    return {
        str(story.ticket)
        for story in world.stories.values()
        if not (story.calls or story.chats) and not any(_hidden(save.fact) for save in story.saves)
    }


def _hidden(fact: Created | Update) -> bool:
    if isinstance(fact, Created):
        return fact.channel == "api"
    return fact.via == "api" or (fact.rule is not None and fact.actor != SYSTEM)


@pytest.mark.parametrize(
    "kpi",
    [kpi for kpi in WORLD_KPIS if kpi not in NOT_IN_FILES and not any("survey" in n for n in find_kpis()[kpi].needs)],
)
def test_what_fivetrans_tables_tell_is_measured_as_it_happened(warehoused: Any, kpi: str) -> None:
    """Of the tickets of which they tell everything, which are most."""
    as_of, world = warehoused.world.now - 120_000, warehoused.world
    whole = list_complete_tickets(world)
    if kpi == "confirmed_resolution_time":  # the tables have no newer surveys, and of an answer the last state only
        whole -= {str(s.ticket) for s in world.stories.values() if len(s.answered) > 1 or any(o.new for o in s.offered)}
    found, true = (
        {row: n for row, n in rows.items() if row[0] in whole}
        for rows in (warehoused.rows(kpi, "strict", as_of), true_rows(world, kpi, "strict", as_of))
    )
    assert len(true) > 5
    assert found == true


def test_surveys_of_the_older_kind_are_in_fivetrans_tables(warehoused: Any) -> None:
    as_of = warehoused.world.now - 120_000
    found = warehoused.rows("csat_response_rate", "strict", as_of)
    assert sum(found.values()) > 100
    assert found - true_rows(warehoused.world, "csat_response_rate", "strict", as_of) == Counter()
