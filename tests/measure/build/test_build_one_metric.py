"""A KPI that is new builds itself alone, and to the same observations as a build of all."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from synced_fixtures import SyncedDesk

from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.build import build, local, stored_metrics
from helpdesk_kpi.measure.build.build import RATES, StaleCounts, build_stale
from helpdesk_kpi.measure.metrics.contract import Kpi, Observation, Variant
from helpdesk_kpi.measure.metrics.discovery import find_kpis, load_kpis
from helpdesk_kpi.measure.tickets.exclusions import apply_exclusions
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.store.build_queue import count_stale

VARIANTS = [(kpi.id, variant) for kpi in find_kpis().values() for variant in kpi.variants]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> SyncedDesk:
    desk = SyncedDesk(tmp_path_factory.mktemp("desk"), generate(5, tickets=60, weeks=4))
    desk.sync()
    return desk


@pytest.fixture
def store(desk: SyncedDesk, tmp_path: Path) -> Iterator[Store]:

    path = tmp_path / "helpdesk.db"
    path.write_bytes(desk.loaded.store_path.read_bytes())
    with open_store(path) as store:
        yield store


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """KPI -> how often its function was called."""
    found: Counter[str] = Counter()

    def counted(subject: Any, kpi: Kpi, variant: Variant) -> Iterable[Observation]:
        found[kpi.id] += 1
        return apply_exclusions(subject, kpi, variant)

    monkeypatch.setattr(local, "apply_exclusions", counted)
    return found


def only(monkeypatch: pytest.MonkeyPatch, *kpis: str) -> None:
    monkeypatch.setattr(stored_metrics, "list_default_metrics", lambda: list(kpis))


def observations(store: Store) -> list[tuple[object, ...]]:
    return store.rows('SELECT * FROM v_observations ORDER BY kpi, variant, story_kind, story, at, start, "end", stop')


def spans(store: Store) -> list[tuple[object, ...]]:
    return store.rows("SELECT kind, subject, base, last FROM stored_observations ORDER BY 1, 2")


def test_one_kpi_after_the_other_is_the_same_as_all_at_once(
    desk: SyncedDesk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    config: Config = desk.loaded.config
    only(monkeypatch, "first_reply_time")
    for variant in VARIANTS:
        build_stale(store, config, extra=[variant])
    one_by_one, spans_one_by_one = observations(store), spans(store)
    assert {row[0] for row in one_by_one} > {"first_reply_time", "recurrence_rate", "csat"}
    build_stale(store, config, everything=True)
    assert observations(store) == one_by_one
    assert spans(store) == spans_one_by_one


def test_a_requested_kpi_calls_its_own_function_only_and_keeps_the_others(
    desk: SyncedDesk, store: Store, monkeypatch: pytest.MonkeyPatch, calls: Counter[str]
) -> None:
    only(monkeypatch, "first_reply_time", "csat")
    tickets = build_stale(store, desk.loaded.config)
    assert set(calls) == {"first_reply_time", "csat"}
    before = observations(store)
    calls.clear()
    build_stale(store, desk.loaded.config, extra=[("reopen_rate", "strict")])
    assert set(calls) == {"reopen_rate"}
    assert calls["reopen_rate"] <= tickets
    assert [row for row in observations(store) if row[0] != "reopen_rate"] == before
    calls.clear()
    assert build_stale(store, desk.loaded.config, extra=[("reopen_rate", "strict")]) == 0
    assert not calls


def test_a_new_revision_replaces_its_own_observations_only(
    desk: SyncedDesk, store: Store, monkeypatch: pytest.MonkeyPatch, calls: Counter[str]
) -> None:
    only(monkeypatch, "first_reply_time", "csat")
    build_stale(store, desk.loaded.config)
    before = observations(store)
    with store.transaction() as conn:
        conn.execute("UPDATE metrics SET revision = revision - 1 WHERE kpi = 'csat'")
    calls.clear()
    build_stale(store, desk.loaded.config)
    assert set(calls) == {"csat"}
    assert observations(store) == before


def test_a_kpi_that_comes_back_is_new(
    desk: SyncedDesk, store: Store, monkeypatch: pytest.MonkeyPatch, calls: Counter[str]
) -> None:
    """A plug-in is removed, a ticket changes, the plug-in is back."""
    only(monkeypatch, "first_reply_time", "csat")
    build_stale(store, desk.loaded.config)
    before = observations(store)
    kpis = load_kpis()
    with monkeypatch.context() as without:
        without.setattr(stored_metrics, "load_kpis", lambda: {k: v for k, v in kpis.items() if k != "csat"})
        only(without, "first_reply_time")
        build_stale(store, desk.loaded.config, everything=True)
    calls.clear()
    build_stale(store, desk.loaded.config)
    assert set(calls) == {"csat"}
    assert observations(store) == before


def test_a_subject_that_began_otherwise_than_stored_stays_stale_for_all(
    desk: SyncedDesk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if it had changed between the marks and the reading: times of both bases would not go together."""
    only(monkeypatch, "first_reply_time")
    build_stale(store, desk.loaded.config)
    with store.transaction() as conn:
        conn.execute("UPDATE stored_observations SET base = base + 1 WHERE kind = 'ticket' AND subject = 1")
    build_stale(store, desk.loaded.config, extra=[("csat", "strict")])
    assert store.rows("SELECT * FROM stale_subjects") == [("ticket", 1, None)]
    build_stale(store, desk.loaded.config)
    both = observations(store)
    build_stale(store, desk.loaded.config, everything=True)
    assert observations(store) == both


def test_a_build_announces_what_is_stale_and_estimates_its_time(desk: SyncedDesk, store: Store) -> None:
    said: list[StaleCounts] = []
    build_stale(store, desk.loaded.config, announce=said.append)
    assert said[0].seconds is None
    assert said[0].subjects["ticket"] == store.one("SELECT count(*) FROM tickets")
    build_stale(store, desk.loaded.config, announce=said.append)
    assert len(said) == 1  # nothing was stale
    with store.transaction() as conn:
        conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (RATES, b'{"ticket": 2.0}'))
        conn.execute("UPDATE tickets SET subject = 'new' WHERE id <= 10")
    assert count_stale(store) == 10
    build_stale(store, desk.loaded.config, announce=said.append)
    assert said[1].subjects["ticket"] == 10
    # No rate is known of customers and articles: they count at that of tickets, not as nothing.
    assert said[1].seconds == sum(said[1].subjects.values()) / 2 > 5


def test_where_most_metrics_are_new_each_subject_is_marked_once_for_all(desk: SyncedDesk, store: Store) -> None:
    build_stale(store, desk.loaded.config)
    with store.transaction() as conn:
        conn.execute("UPDATE metrics SET revision = 0")
    stored_metrics.register_metrics(store)
    marks = store.rows("SELECT count(*), count(metric) FROM stale_subjects WHERE kind = 'ticket'")
    assert marks == [(store.one("SELECT count(*) FROM tickets"), 0)]


def test_the_time_of_one_metric_is_no_rate_of_all(
    desk: SyncedDesk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "MIN_TIMED", 1)
    build_stale(store, desk.loaded.config)
    rates = store.one("SELECT value FROM meta WHERE key = ?", RATES)
    assert rates
    build_stale(store, desk.loaded.config, extra=[("first_reply_time", "zendesk")])
    assert store.one("SELECT count(*) FROM metrics WHERE variant = 'zendesk'") == 1
    assert store.one("SELECT value FROM meta WHERE key = ?", RATES) == rates
