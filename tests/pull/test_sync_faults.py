"""A helpdesk that misbehaves: what can be had arrives, whole, and the rest is said in one clear line."""

from pathlib import Path

import pytest
from synced_fixtures import VOLATILE_COLUMNS, Cli, SyncedDesk, canonical, differences

from helpdesk_kpi.pull.sync import exit_status
from helpdesk_kpi.simulator.server.faults import ROTATION
from helpdesk_kpi.simulator.world.world import World, generate

HOUR = 3_600_000
SECRET = "client_secret"


def small(seed: int = 4, *, lossless: bool = False) -> World:
    return generate(seed, tickets=60, weeks=4, lossless=lossless)


def describe(desk: SyncedDesk) -> dict[str, list[str]]:
    with desk.store() as store:
        return canonical(store.conn, skip=VOLATILE_COLUMNS)


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(capfd, monkeypatch)


@pytest.fixture(scope="module")
def untroubled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What an undisturbed sync of the small world stores."""
    desk = SyncedDesk(tmp_path_factory.mktemp("untroubled"), small(), page_size=60)
    assert exit_status(desk.sync()) == 0
    return describe(desk)


def test_with_every_tenth_request_failing_the_store_is_the_same(
    tmp_path: Path, untroubled: dict[str, list[str]]
) -> None:
    """429 with a wait, without one, 500, 503, a cut body, an error page: in turn, over more than 70 requests."""
    desk = SyncedDesk(tmp_path, small(), faults="every:10", page_size=10)
    results = desk.sync()
    assert {r.outcome for r in results} == {"ok"}, results
    assert sum(desk.requests.values()) > 10 * len(ROTATION)  # every way of failing had its turn
    assert differences(describe(desk), untroubled) == {}


@pytest.mark.parametrize("way", ROTATION)
@pytest.mark.trap("zendesk 7", "zendesk 16")
def test_each_way_of_failing_is_survived_even_at_every_other_request(
    tmp_path: Path, untroubled: dict[str, list[str]], way: str
) -> None:
    desk = SyncedDesk(tmp_path, small(), faults=f"every:2:{way}", page_size=200)
    assert {r.outcome for r in desk.sync()} == {"ok"}
    assert differences(describe(desk), untroubled) == {}


def test_tokens_that_end_early_are_renewed(tmp_path: Path, untroubled: dict[str, list[str]]) -> None:
    desk = SyncedDesk(tmp_path, small(), faults="expire:3", page_size=60)
    assert {r.outcome for r in desk.sync()} == {"ok"}
    assert desk.requests["oauth"] > 5
    assert differences(describe(desk), untroubled) == {}


def test_credentials_that_are_refused_end_it_at_once_with_one_clear_line(tmp_path: Path, cli: Cli) -> None:
    desk = SyncedDesk(tmp_path, small(), faults="refuse")
    cli.at(desk.world.now)
    with desk.served() as api:
        ran = cli("sync", "--config", desk.path)
    assert ran.status == 1
    assert ran.out == ""
    (line,) = ran.err.splitlines()
    assert "demo" in line
    assert "credentials refused" in line
    assert "OAuth client must be confidential" in line  # what to do about it
    assert desk.world.for_config()[SECRET] not in ran.err
    assert api.state.requests.total() == 1  # nothing else was asked


def test_a_revoked_secret_ends_a_later_sync_and_keeps_what_is_there(tmp_path: Path, cli: Cli) -> None:
    desk = SyncedDesk(tmp_path, small())
    desk.sync()
    before = describe(desk)
    desk.faults = "refuse"
    cli.at(desk.world.now + HOUR)
    with desk.served():
        ran = cli("sync", "--config", desk.path)
        status = cli("status", "--config", desk.path)
    assert ran.status == 1
    assert len(ran.err.splitlines()) == 1
    assert "credentials refused" in status.out
    after = describe(desk)
    assert differences(after | {"cursors": []}, before | {"cursors": []}) == {}


@pytest.mark.trap("zendesk 17")
def test_one_forbidden_stream_leaves_the_others_and_the_report_names_the_gap(tmp_path: Path, cli: Cli) -> None:
    forbidden = (
        "satisfaction_ratings",
        "satisfaction_rating",
        "survey_responses",
    )  # a right covers the list and each one
    desk = SyncedDesk(tmp_path, small(), faults=" ".join(f"forbid:{name}" for name in forbidden))
    cli.at(desk.world.now)
    with desk.served():
        ran = cli("sync", "--config", desk.path)
        assert ran.status == 3
        assert "satisfaction_ratings is not available" in ran.err
        assert "Access to this resource is restricted" in ran.err  # the vendor's own words
        text = cli("report", "weekly", "--format", "text", "--config", desk.path)
    assert text.status == 0, text.err
    _, _, unknown = text.out.partition("Not known")
    assert "Customer satisfaction" in unknown
    assert "Access to this resource is restricted" in unknown
    with desk.store() as store:
        assert store.one("SELECT count(*) FROM tickets WHERE created_at IS NOT NULL") > 50
        assert store.one("SELECT count(*) FROM ratings") == 0
        states = dict(store.rows("SELECT stream, state FROM cursors"))
    missing = {s for s, state in states.items() if state != "ok"}
    assert missing == {"satisfaction_ratings", "rating_answers", "survey_responses"}


def test_without_the_events_no_ticket_counts_as_never_replied(tmp_path: Path, cli: Cli) -> None:
    desk = SyncedDesk(tmp_path, small(), faults="forbid:ticket_events")
    cli.at(desk.world.now)
    with desk.served():
        assert cli("sync", "--config", desk.path).status == 3
    ran = cli("report", "weekly", "--format", "text", "--config", desk.path)
    assert ran.status == 0, ran.err
    assert "no first reply yet" not in ran.out
    assert "not answered yet" not in ran.out
    _, _, unknown = ran.out.partition("Not known")
    assert "First reply time" in unknown


def test_a_stream_that_fails_leaves_the_others_and_is_whole_at_the_next_sync(
    tmp_path: Path, untroubled: dict[str, list[str]]
) -> None:
    """A server error that lasts, unlike a refusal, makes no gap: it is tried again next time."""
    desk = SyncedDesk(tmp_path, small(), faults="every:1:500")
    results = desk.sync()
    assert {r.outcome for r in results if r.requests} == {"failed"}
    assert exit_status(results) == 1
    desk.faults = None
    assert exit_status(desk.sync()) == 0
    assert differences(describe(desk), untroubled) == {}


@pytest.mark.trap("zendesk 32")
def test_addresses_that_lead_to_another_host_are_not_followed(tmp_path: Path, untroubled: dict[str, list[str]]) -> None:
    """The next pages' addresses name other.example; credentials stay where they belong and all pages arrive."""
    desk = SyncedDesk(tmp_path, small(), faults="wrong-host", page_size=20)
    results = desk.sync()
    assert {r.outcome for r in results} == {"ok"}, results
    assert desk.requests["ticket_events"] > 10
    assert differences(describe(desk), untroubled) == {}


def test_a_desk_that_goes_on_while_it_is_read_loses_nothing(tmp_path: Path) -> None:
    """With each page of tickets or events the desk goes on by an hour; then a sync of the quiet desk."""
    world = small(seed=6, lossless=True)
    end = world.now
    world.now = end - 60 * HOUR
    moving = SyncedDesk(tmp_path / "moving", world, faults="move:3600s", page_size=50)
    moving.folder.mkdir()
    assert exit_status(moving.sync()) == 0
    assert end - 60 * HOUR < world.now < end
    moving.faults = None
    world.now = end
    assert exit_status(moving.sync()) == 0
    quiet = SyncedDesk(tmp_path / "quiet", small(seed=6, lossless=True), page_size=50)
    quiet.folder.mkdir()
    assert exit_status(quiet.sync()) == 0
    found, wanted = describe(moving), describe(quiet)
    assert len(wanted["events"]) > 500
    assert {*found.pop("article_edits")} >= {*wanted.pop("article_edits")}  # who looks more often sees more of them
    del found["article_votes"], wanted["article_votes"]  # sums as they were at each look
    assert differences(found, wanted) == {}
