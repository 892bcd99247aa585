"""A fault that hits two hundred customers in one day moves no agent's recurrence and no agent's first contacts."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from synced_fixtures import SyncedDesk

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.config import Recurrence
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.simulator.world.situations import ABOUT
from helpdesk_kpi.simulator.world.world import World, generate

DAY = 86_400_000
WORLD = {"tickets": 620, "weeks": 8}  # two hundred customers and some
KPIS = ["recurrence_rate", "first_contact_resolution"]


def read(folder: Path, world: World) -> MetricStore:
    desk = SyncedDesk(folder, world)
    desk.sync()
    store = desk.store()
    build_stale(store, desk.loaded.config, extra=[("recurrence_rate", "incl_reopen")])
    return MetricStore(store, desk.loaded.config)


@pytest.fixture(scope="module")
def worlds() -> tuple[World, World]:
    """The same desk without and with the fault; it comes five weeks after the start."""
    return generate(4, **WORLD), generate(4, hit=200, **WORLD)  # type: ignore[arg-type]  # counts


@pytest.fixture(scope="module")
def readers(
    tmp_path_factory: pytest.TempPathFactory, worlds: tuple[World, World]
) -> Iterator[tuple[MetricStore, MetricStore]]:
    quiet, loud = (read(tmp_path_factory.mktemp("hit"), world) for world in worlds)
    yield quiet, loud
    for reader in (quiet, loud):
        reader.store.close()


def parts(value: MetricValue) -> tuple[object, ...]:
    return value.n, value.value, dict(value.also), value.facets


def test_the_fault_hits_two_hundred_of_whom_some_write_again(worlds: tuple[World, World]) -> None:
    quiet, loud = worlds
    hit = [story for story in loud.stories.values() if story.created.about == ABOUT]
    assert len({story.created.requester for story in hit}) == 200
    assert len(hit) > 240
    assert len(loud.stories) == len(quiet.stories) + len(hit)


@pytest.mark.parametrize("kpi", KPIS)
def test_no_agents_number_moves(
    readers: tuple[MetricStore, MetricStore], worlds: tuple[World, World], kpi: str
) -> None:
    desk = worlds[0].desk
    whole = Period("year", desk.start - DAY, desk.end + DAY, "all", "UTC")
    quiet, loud = readers
    agents = quiet.names(build_query(kpi, whole, desk.end), "agent")
    assert len([a for a in agents if a]) > 5
    for agent in agents:
        before = quiet.compute(build_query(kpi, whole, desk.end, agent=agent))
        assert parts(loud.compute(build_query(kpi, whole, desk.end, agent=agent))) == parts(before)


def test_the_incident_is_counted_where_it_is_left_out(
    readers: tuple[MetricStore, MetricStore], worlds: tuple[World, World]
) -> None:
    desk = worlds[1].desk
    whole = Period("year", desk.start - DAY, desk.end + DAY, "all", "UTC")
    before, after = (r.compute(build_query("recurrence_rate", whole, desk.end)).excluded["incident"] for r in readers)
    hit = sum(story.created.about == ABOUT for story in worlds[1].stories.values())
    assert after == before + hit


def test_without_leaving_it_out_numbers_would_move(
    readers: tuple[MetricStore, MetricStore], worlds: tuple[World, World]
) -> None:
    """Otherwise the tests above could not fail."""
    _, loud = readers
    config = msgspec.structs.replace(loud.config, recurrence=Recurrence(incident_customers=10_000))
    build_stale(loud.store, config)
    desk = worlds[1].desk
    whole = Period("year", desk.start - DAY, desk.end + DAY, "all", "UTC")
    value = MetricStore(loud.store, config).compute(build_query("recurrence_rate", whole, desk.end))
    assert value.n > readers[0].compute(build_query("recurrence_rate", whole, desk.end)).n + 200
    assert (value.value or 0) > (readers[0].compute(build_query("recurrence_rate", whole, desk.end)).value or 0)
