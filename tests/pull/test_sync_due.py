"""When a stream is due: by when its source's turn began, not by when the last one ended."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synced_fixtures import SyncedDesk, impatient, open_test_store

from connectors.zendesk.streams.export import WHOLE_AFTER
from helpdesk_kpi.calendar.schedule_rules import find_missed_runs
from helpdesk_kpi.cli.app_context import AppContext
from helpdesk_kpi.cli.jobs import jobs_of
from helpdesk_kpi.pull.source_config import load_sources
from helpdesk_kpi.pull.sync import TURN_KEY, StreamResult, is_due, sync, synced_until
from helpdesk_kpi.report.report_data import complete_until
from helpdesk_kpi.simulator.world.world import generate

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 1_795_392_000_000  # 2026-11-23T00:00:00Z


def runs(pace: int, every: int, hours: int, jitter: list[int] | None = None) -> list[int]:
    """When a stream runs whose source syncs every `pace` ms, give or take `jitter`: minutes from the start."""
    ran: list[int] = []
    for number in range(hours * HOUR // pace):
        late = jitter[number % len(jitter)] if jitter else 0
        now = START + number * pace + late
        if not ran or is_due(ran[-1], now, every):
            ran.append(now)
    return [(at - START) // MINUTE for at in ran]


def test_an_hourly_stream_runs_each_hour_when_syncs_come_every_half_hour() -> None:
    assert runs(30 * MINUTE, HOUR, 6) == [0, 60, 120, 180, 240, 300]


@given(st.lists(st.integers(0, 90_000), min_size=1, max_size=9))
def test_syncs_that_begin_a_little_late_change_nothing(jitter: list[int]) -> None:
    assert len(runs(30 * MINUTE, HOUR, 24, jitter)) == 24


def test_an_hour_less_some_seconds_is_an_hour_though_the_clock_shows_the_same_one() -> None:
    # It ran at 00:00:30, and the sync of 00:59:50 is in time. That of 01:30 is the one of the clock's next hour.
    assert runs(30 * MINUTE, HOUR, 2, [30_000, 0, -10_000, 0]) == [0, 59, 90]


@pytest.mark.parametrize(
    ("pace", "most_separate"),
    [(20, 60), (30, 60), (40, 80), (45, 90), (50, 100), (60, 60)],  # minutes
)
def test_where_hours_and_syncs_do_not_fit_it_does_not_drift(pace: int, most_separate: int) -> None:
    found = runs(pace * MINUTE, HOUR, 240)
    separate = [later - earlier for earlier, later in pairwise(found)]
    assert max(separate) <= most_separate
    assert min(separate) >= 30
    assert len(found) >= 240 * 0.95  # once in each hour in the long run


def test_a_daily_stream_of_a_daily_sync_runs_every_day_whatever_minute_it_begins() -> None:
    """At 23:58 and 23:52 by turns, around the end of the day."""
    assert len(runs(DAY, DAY, 240, [-2 * MINUTE, -8 * MINUTE])) == 10


@pytest.mark.parametrize(
    ("pace", "length", "outcomes"),
    [
        (30, 1, ["ok", "not_due", "ok", "not_due"]),  # at 0:00, 0:30, 1:00, 1:30
        (60, 40, ["ok", "ok", "ok"]),  # the second one begins 20 minutes after the first has ended
    ],
)
def test_the_length_of_a_sync_does_not_move_the_next(
    tmp_path: Path, pace: int, length: int, outcomes: list[str]
) -> None:
    """A real sync every `pace` minutes that takes `length` minutes: the stream `articles` is hourly."""
    desk = SyncedDesk(tmp_path, generate(4, tickets=20, weeks=4))
    begun = (desk.world.now // HOUR + 24) * HOUR
    found = []
    for number in range(len(outcomes)):
        desk.world.now = begun + number * pace * MINUTE
        requested = [0]

        def slow(begins: int = desk.world.now, query: list[int] = requested) -> int:
            """The first question is the beginning; the last stream's answer comes `length` minutes later."""
            query[0] += 1
            return begins if query[0] == 1 else begins + length * MINUTE

        results = desk_sync(desk, slow)
        found.append(next(r.outcome for r in results if r.stream == "articles"))
    assert found == outcomes


def desk_sync(desk: SyncedDesk, now: Callable[[], int]) -> list[StreamResult]:
    with desk.served(), open_test_store(desk.loaded.store_path) as store:
        return sync(store, load_sources(desk.loaded, (), store.hash_key), now=now, connect=impatient)


def test_a_sync_that_took_longer_than_its_pace_is_due_again_at_once(tmp_path: Path) -> None:
    """Begun at 10:00, ended at 10:31: the one of 10:30 is due."""
    desk = SyncedDesk(tmp_path, generate(4, tickets=20, weeks=4))
    begun = (desk.world.now // HOUR + 24) * HOUR
    desk.world.now = begun
    requested = [0]

    def slow() -> int:
        requested[0] += 1
        return begun if requested[0] == 1 else begun + 31 * MINUTE

    desk_sync(desk, slow)
    job = jobs_of(AppContext(desk.path))[0]
    with desk.store() as store:
        assert synced_until(store, ["demo"], begun + 31 * MINUTE) == begun
    assert find_missed_runs(job.rule, begun, begun + 31 * MINUTE, job.policy) == [begun + 30 * MINUTE]


def test_a_turn_counts_only_when_every_source_had_it_and_none_of_the_future(tmp_path: Path) -> None:
    desk = SyncedDesk(tmp_path, generate(4, tickets=20, weeks=4))
    desk.sync()
    now = desk.world.now
    with desk.store() as store:
        assert synced_until(store, ["demo"], now) == now
        assert synced_until(store, ["demo", "other"], now) is None
        with store.transaction() as conn:
            conn.execute("UPDATE meta SET value = CAST(? AS BLOB) WHERE key = ?", (str(now + DAY), f"{TURN_KEY}demo"))
        assert synced_until(store, ["demo"], now) is None


def test_what_a_wrong_clock_wrote_of_streams_holds_nothing_up(tmp_path: Path) -> None:
    desk = SyncedDesk(tmp_path, generate(4, tickets=20, weeks=4))
    desk.sync()
    with desk.store() as store, store.transaction() as conn:
        conn.execute("UPDATE cursors SET ran_at = ran_at + ?, complete_until = complete_until + ?", (999 * DAY,) * 2)
    desk.world.now += HOUR
    results = desk.sync()
    assert {r.outcome for r in results} == {"ok"}
    with desk.store() as store:
        assert store.one("SELECT max(ran_at) FROM cursors") == desk.world.now
        assert complete_until(store, desk.loaded.config)["demo"] == desk.world.now - WHOLE_AFTER
