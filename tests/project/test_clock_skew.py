"""The helpdesk's clock is not ours: a machine that is fast or slow, and a simulated desk on whatever day it is."""

import json
import socket
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest
from deliver_fixtures import unused_port
from synced_fixtures import Cli, Ran, SyncedDesk, finished, start

from helpdesk_kpi.simulator.server.serve import Aging, serve
from helpdesk_kpi.simulator.server.vendors import NAMES
from helpdesk_kpi.simulator.world.world import generate

MINUTE, DAY = 60_000, 86_400_000
#: How far our clock is ahead of the helpdesk's, and what `check` says of it.
SEPARATE = {
    "same": (0, "ok"),
    "minutes fast": (10 * MINUTE, "warning"),
    "minutes slow": (-10 * MINUTE, "warning"),
    "a year fast": (365 * DAY, "warning"),
}


@pytest.fixture(scope="module", params=NAMES)
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SyncedDesk]:
    """Served by each helpdesk, at the end of its last week."""
    made = SyncedDesk(tmp_path_factory.mktemp("clocks"), generate(3, tickets=60, weeks=4), helpdesk=request.param)
    with made.served():
        yield made


def findings(ran: Ran) -> list[tuple[str, str]]:
    """(level, about) of what `check --json` says of the helpdesk."""
    (source,) = json.loads(ran.out)["sources"].values()
    return [(one["level"], one["about"]) for one in source["findings"]]


@pytest.mark.parametrize("separate", SEPARATE)
def test_a_clock_that_is_off_stops_neither_check_nor_sync_and_is_identified(
    cli: Cli, desk: SyncedDesk, separate: str
) -> None:
    ahead, level = SEPARATE[separate]
    cli.at(desk.world.now + ahead)
    found = findings(cli("check", "--json", "--config", desk.path))
    assert [about for level, about in found if level == "error"] == []
    assert (level, "clock") in found
    for more in (["--full"], []):  # the second one begins where the first one ended
        ran = cli("sync", *more, "--config", desk.path)
        assert ran.status == 0, ran.out + ran.err


@pytest.mark.parametrize("ahead", [10 * MINUTE, 365 * DAY])
def test_nothing_is_known_before_the_helpdesk_itself_has_come_there(cli: Cli, desk: SyncedDesk, ahead: int) -> None:
    """A report of a period that is not over by the helpdesk's clock would go out without its last changes."""
    cli.at(desk.world.now + ahead)
    assert cli("sync", "--full", "--config", desk.path).status == 0
    with desk.store() as store:
        known = [at for (at,) in store.rows("SELECT complete_until FROM cursors WHERE complete_until IS NOT NULL")]
    assert len(known) > 5
    assert max(known) <= desk.world.now


@pytest.mark.parametrize("helpdesk", NAMES)
@pytest.mark.parametrize("years", [1, 10])
def test_a_desk_that_is_served_long_after_it_was_made_is_checked_and_synced(
    alone: Cli, tmp_path: Path, helpdesk: str, years: int
) -> None:
    """Its clock has moved on with ours: the desk has grown quiet, not foreign."""
    desk = SyncedDesk(tmp_path, generate(3, tickets=40, weeks=4), helpdesk=helpdesk)
    now = desk.world.now + years * 365 * DAY + 3 * MINUTE
    with serve(Aging(desk.app(), lambda: now / 1000)) as server:
        desk.configure(server.url)
        alone.at(now)
        found = findings(alone("check", "--json", "--config", desk.path))
        ran = [alone("sync", "--config", desk.path), alone("sync", "--config", desk.path)]
    assert [about for level, about in found if level == "error"] == []
    assert ("ok", "clock") in found
    assert [one.status for one in ran] == [0, 0], ran


def test_before_its_end_a_desk_does_not_age(tmp_path: Path) -> None:
    """On a machine whose clock is far behind, it is shown as of its end."""
    desk = SyncedDesk(tmp_path, generate(3, tickets=20, weeks=4))
    end = desk.world.desk.end
    with serve(Aging(desk.app(), lambda: end / 1000 - 1e7)) as server:
        assert date_of(server.url) == end


def test_simulate_tells_the_time_of_this_machine() -> None:
    now = generate(5, tickets=20).now + 400 * DAY
    port = unused_port()
    process = start("simulate", "zendesk", "--port", str(port), "--tickets", "20", "--seed", "5", now=now)
    try:
        listening(port)
        assert date_of(f"http://127.0.0.1:{port}") == now
    finally:
        process.kill()
        finished(process)


def date_of(url: str) -> int:
    """The Date header of a simulated Zendesk's answer, as epoch ms."""
    answer = httpx.get(f"{url}/api/v2/brands", trust_env=False)
    return int(parsedate_to_datetime(answer.headers["date"]).timestamp()) * 1000


def listening(port: int) -> None:
    """Wait until connections are taken there."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            continue
        return
    raise AssertionError(f"nothing listens on port {port}")


@pytest.fixture
def alone(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line without a desk of this module."""
    return Cli(capfd, monkeypatch)
