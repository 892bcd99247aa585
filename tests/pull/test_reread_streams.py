"""What an earlier version read of a source, this one asks for again by name until a full sync has ended well."""

from pathlib import Path

import pytest
from synced_fixtures import Cli, SyncedDesk

from helpdesk_kpi.pull.reading_version import find_sources_read_by_earlier_versions
from helpdesk_kpi.simulator.world.world import generate

ASKS = "`helpdesk-kpi sync --full demo` reads it again"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> SyncedDesk:
    made = SyncedDesk(tmp_path_factory.mktemp("desk"), generate(5, tickets=20, weeks=4))
    made.sync()
    return made


@pytest.fixture
def earlier(desk: SyncedDesk) -> SyncedDesk:
    """The store as version 0.4.0 left it, which did not note how it read."""
    with desk.store() as store, store.transaction() as conn:
        conn.execute("DELETE FROM meta WHERE key = 'reading:demo'")
    return desk


def request(desk: SyncedDesk) -> list[str]:
    with desk.store() as store:
        return list(find_sources_read_by_earlier_versions(store, desk.loaded.config).values())


def test_a_source_that_was_read_by_this_version_asks_for_nothing(desk: SyncedDesk) -> None:
    assert request(desk) == []


def test_a_source_of_an_earlier_version_asks_until_a_full_sync(earlier: SyncedDesk) -> None:
    [text] = request(earlier)
    assert text.startswith("demo: what was read before version 0.5.0 lacks events of AI agents' tickets")
    assert text.endswith(ASKS)
    earlier.sync()  # goes on where the last one ended, and so mends nothing
    assert request(earlier) == [text]
    earlier.sync(full=True)
    assert request(earlier) == []


@pytest.mark.parametrize("command", ["status", "check", "doctor"])
def test_commands_ask_for_it_by_name(earlier: SyncedDesk, cli: Cli, command: str) -> None:
    with earlier.served():
        ran = cli(command, "--config", earlier.path)
    assert ASKS in " ".join(ran.out.split())


def test_sync_itself_asks_for_it(earlier: SyncedDesk, cli: Cli) -> None:
    with earlier.served():
        ran = cli("sync", "--config", earlier.path)
    assert ASKS in ran.err


def test_no_store_yet_asks_for_nothing(tmp_path: Path) -> None:
    fresh = SyncedDesk(tmp_path, generate(5, tickets=20, weeks=4))
    with fresh.served():
        pass
    from helpdesk_kpi.store import open_store

    with open_store(fresh.loaded.store_path) as store:
        assert find_sources_read_by_earlier_versions(store, fresh.loaded.config) == {}
