"""Syncing again and again: from where the last one stopped, as often as one likes, with the same result."""

import datetime as dt
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from oracle.truth import truth
from synced_fixtures import VOLATILE_COLUMNS, Cli, SyncedDesk, canonical, differences

from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.explain.observation_export import export_observations
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.pull.sync import exit_status
from helpdesk_kpi.report.report_data import complete_until
from helpdesk_kpi.simulator.world.world import World, generate

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
#: What only who looked in between can tell: roles that were, edits of articles, votes, what had to be asked later.
OF_WORK = frozenset({"stale_subjects"})
OF_STEPS = frozenset({"person_roles", "article_edits", "article_votes", "todo", "stale_subjects"})


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(capfd, monkeypatch)


def desk_in(folder: Path, world: World, **options: int) -> SyncedDesk:
    folder.mkdir(exist_ok=True)
    return SyncedDesk(folder, world, **options)  # type: ignore[arg-type]  # page_size


def describe(desk: SyncedDesk, *, without: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    with desk.store() as store:
        return canonical(store.conn, skip=VOLATILE_COLUMNS, without=without)


@pytest.mark.trap("zendesk 2", "zendesk 14")
def test_a_sync_with_nothing_new_asks_little_and_makes_nothing_stale(tmp_path: Path) -> None:
    """Ten minutes later, on a desk where nothing happens: one request for each stream that is due, brands and fields.

    Calls take two: that export never says that it is over, and what overlaps is told again.
    """
    desk = desk_in(tmp_path, generate(4, tickets=60, weeks=4))
    desk.world.now += DAY  # the desk has gone quiet
    assert exit_status(desk.sync()) == 0
    before = describe(desk)
    with desk.store() as store:
        build_stale(store, desk.loaded.config)
    desk.world.now += 10 * MINUTE
    results = desk.sync()
    assert exit_status(results) == 0
    assert desk.requests == {
        "oauth": 1, "brands": 1, "ticket_fields": 1, "organizations": 1, "users": 1, "groups": 1,
        "group_memberships": 1, "tickets": 1, "ticket_events": 1, "ticket_metric_events": 1, "calls": 2,
        "engagements": 1, "satisfaction_ratings": 1, "survey_responses": 1,
    }  # fmt: skip
    assert {r.stream for r in results if r.outcome == "not_due"} == {
        "brands", "ticket_forms", "ticket_fields", "custom_statuses", "schedules", "sla_policies", "articles",
        "article_census", "survey_questions",
    }  # fmt: skip
    assert differences(describe(desk), before | {"stale_subjects": []}) == {}
    with desk.store() as store:
        assert build_stale(store, desk.loaded.config) == 0


def test_what_is_known_is_not_read_again_and_full_reads_all(tmp_path: Path) -> None:
    """A day of 30: the second sync brings a fraction of the records; `full` brings all and changes nothing."""
    world = generate(4, tickets=150, weeks=8)
    end, world.now = world.now, world.now - DAY
    desk = desk_in(tmp_path, world)
    first = {r.stream: r.records for r in desk.sync()}
    world.now = end
    second = {r.stream: r.records for r in desk.sync()}
    assert 0 < second["tickets"] < first["tickets"] / 4
    assert 0 < second["ticket_events"] < first["ticket_events"] / 4
    before = describe(desk)
    full = desk.sync(full=True)
    assert "not_due" not in {r.outcome for r in full}
    assert {r.stream: r.records for r in full}["ticket_events"] > first["ticket_events"]
    separate = frozenset({"stale_subjects", "article_edits", "article_votes"})  # looked at once more
    before = {table: rows for table, rows in before.items() if table not in separate}
    after = describe(desk, without=separate)
    assert differences(after, before) == {}


class Stepwise:
    """The same desk synced in five steps, and once at the end: what each store says."""

    def __init__(self, folder: Path) -> None:
        world = generate(6, tickets=120, weeks=6, lossless=True)
        end = world.now
        steps = desk_in(folder / "steps", world, page_size=100)
        for now in [*_amid_bustle(world), end]:
            world.now = now
            assert exit_status(steps.sync()) == 0
        once = desk_in(folder / "once", generate(6, tickets=120, weeks=6, lossless=True))
        assert exit_status(once.sync()) == 0
        self.found, self.wanted = describe(steps, without=OF_STEPS), describe(once, without=OF_STEPS)


@pytest.fixture(scope="module")
def stepwise(tmp_path_factory: pytest.TempPathFactory) -> Stepwise:
    return Stepwise(tmp_path_factory.mktemp("stepwise"))


def test_a_sync_in_steps_equals_one_at_the_end(stepwise: Stepwise) -> None:
    found, wanted = (
        {table: rows for table, rows in side.items() if table not in {"articles", "native_metrics"}}
        for side in (stepwise.found, stepwise.wanted)
    )
    assert len(wanted["events"]) > 1000
    assert differences(found, wanted) == {}
    # An archived article was still there at first.
    assert {*stepwise.found["articles"]} >= {*stepwise.wanted["articles"]}


@pytest.mark.trap("zendesk 23", "zendesk 28")
def test_the_helpdesks_own_metrics_are_complete_too(stepwise: Stepwise) -> None:
    assert stepwise.found["native_metrics"] == stepwise.wanted["native_metrics"]


def _amid_bustle(world: World) -> list[int]:
    """Four instants, weeks apart, right between two things that happen within five minutes: the last that exports
    tell is close before the first that they hold back.
    """
    reported = [fact.at for fact in world.facts]
    busy = [a + 62_000 for a, b in pairwise(reported) if 62_000 < b - a < 5 * MINUTE and b < world.now - DAY]
    assert len(busy) > 50
    return [busy[len(busy) * part // 5] for part in range(1, 5)]


class Leaving:
    """A desk where somebody leaves, seen before and after, and once only afterwards."""

    def __init__(self, folder: Path) -> None:
        self.world = generate(1, tickets=200, weeks=10)
        leaver = self.world.leaver
        assert leaver
        self.leaver = leaver
        self.left_at = leaver.roles[-1][0]
        end = self.world.now
        self.seen = desk_in(folder / "seen", self.world)
        self.world.now = self.left_at - DAY
        self.seen.sync()
        self.world.now = end
        self.seen.sync()
        self.missed = desk_in(folder / "missed", self.world)
        self.missed.sync()


@pytest.fixture(scope="module")
def leaving(tmp_path_factory: pytest.TempPathFactory) -> Leaving:
    return Leaving(tmp_path_factory.mktemp("leaving"))


@pytest.mark.trap("zendesk 20", "zendesk 22")
def test_a_leaver_who_was_seen_before_has_both_roles_and_keeps_the_name(leaving: Leaving) -> None:
    native = str(leaving.leaver.id)
    with leaving.seen.store() as store:
        roles = store.rows(
            "SELECT r.at, r.kind FROM person_roles r JOIN people p ON p.id = r.person WHERE p.native = ?", native
        )
        assert store.rows("SELECT name, kind FROM people WHERE native = ?", native) == [
            (leaving.leaver.name, "customer")
        ]
    assert [kind for _, kind in roles] == ["agent", "customer"]
    assert roles[1][0] == leaving.left_at


@pytest.mark.parametrize("seen", [True, False], ids=["seen_before_and_after", "seen_only_afterwards"])
@pytest.mark.trap("zendesk 22")
def test_a_leavers_work_stays_theirs(leaving: Leaving, seen: bool) -> None:
    """Their first replies and their solves are counted under them, as the world recorded it, whatever they are now."""
    native = str(leaving.leaver.id)
    desk = leaving.seen if seen else leaving.missed
    as_of = leaving.world.now - 2 * MINUTE
    with desk.store() as store:
        build_stale(store, desk.loaded.config)
        for kpi in ("first_reply_time", "solved_tickets"):
            wanted = {r.ticket for r in truth(leaving.world, kpi, "strict", as_of) if r.agent == native}
            rows = export_observations(store, desk.loaded.config, build_query(kpi, None, as_of))
            shown = leaving.leaver.name if seen else native  # the name went away with the role
            assert len(wanted) > 3
            assert {r["ticket"] for r in rows if r["agent"] == shown and r["reason"] in {"", "running"}} >= wanted


def beginning(day: dt.date) -> Callable[[str], str]:
    """A configuration with another first day."""
    return lambda text: re.sub(r"since = \S+", f"since = {day}", text)


@pytest.mark.trap("zendesk 6")
def test_tickets_from_before_the_first_day_are_counted_as_unknown_and_never_as_unanswered(
    tmp_path: Path, cli: Cli
) -> None:
    """With `since` in the middle, older tickets that changed later arrive without the beginning of their history."""
    world = generate(4, tickets=150, weeks=8)
    first = dt.datetime.fromtimestamp((world.now - 14 * DAY) / 1000, dt.UTC).date()
    desk = SyncedDesk(tmp_path, world, edit=beginning(first))
    assert exit_status(desk.sync()) == 0
    with desk.store() as store:
        start = store.one("SELECT since FROM sources")
        assert store.one("SELECT min(at) FROM events") >= start  # nothing older was read
        old = {native for (native,) in store.rows("SELECT native FROM tickets WHERE created_at < ?", start)}
        assert len(old) > 10
        build_stale(store, desk.loaded.config)
        for kpi in ("first_reply_time", "full_resolution_time", "accepted_resolution_time"):
            rows = [
                r
                for r in export_observations(store, desk.loaded.config, build_query(kpi, None, world.now))
                if r["ticket"] in old
            ]
            assert {r["ticket"] for r in rows} <= old
            assert len(rows) > 5
            assert {r["reason"] for r in rows} <= {"history_unknown", "internal", "no_chat_data", "outbound", "test"}
            assert {r["value"] for r in rows} == {None}
    cli.at(world.now)
    text = cli("report", "weekly", "--format", "text", "--config", desk.path).out
    waiting = re.findall(r"no first reply yet .*#(\d+)", text)
    assert not old & set(waiting)
    assert "History starts" in text or "history" in text.casefold()


def test_since_can_move_back_and_full_then_brings_the_rest(tmp_path: Path, cli: Cli) -> None:
    world = generate(4, tickets=150, weeks=8)
    late = dt.datetime.fromtimestamp((world.now - 14 * DAY) / 1000, dt.UTC).date()
    desk = SyncedDesk(tmp_path / "a", world, edit=beginning(late))
    desk.folder.mkdir()
    desk.sync()
    with desk.store() as store:
        build_stale(store, desk.loaded.config)
    desk.edit = str
    cli.at(world.now + HOUR)
    with desk.served():
        ran = cli("sync", "--config", desk.path)
    assert ran.status == 0
    assert "demo: `since` has moved back: `helpdesk-kpi sync --full demo`" in ran.err
    assert exit_status(desk.sync(full=True)) == 0
    whole = desk_in(tmp_path / "b", world)
    whole.sync()
    found, wanted = (
        describe(desk, without=OF_STEPS | OF_WORK),
        describe(whole, without=OF_STEPS | OF_WORK),
    )
    assert differences(found, wanted) == {}
    with desk.store() as store:
        build_stale(store, desk.loaded.config)
        rows = export_observations(store, desk.loaded.config, build_query("first_reply_time", None, world.now))
        assert "history_unknown" not in {row["reason"] for row in rows}


def test_data_are_fresh_when_tickets_and_their_history_are(tmp_path: Path) -> None:
    """Streams that run every six hours or seven days say nothing of the freshness of tickets."""
    world = generate(4, tickets=60, weeks=4)
    end, world.now = world.now, world.now - 5 * DAY
    desk = desk_in(tmp_path, world)
    desk.sync()
    world.now = end - 5 * DAY + 5 * HOUR
    desk.sync()
    with desk.store() as store:
        assert complete_until(store, desk.loaded.config)["demo"] == world.now - 75_000  # exports lag behind by 75 s


def test_a_desk_of_which_history_never_arrived_is_not_fresh(tmp_path: Path) -> None:
    """Tickets came, their events failed with 500: nobody may read that as "never replied"."""
    desk = SyncedDesk(tmp_path, generate(4, tickets=60, weeks=4), faults="missing:ticket_events")
    assert exit_status(desk.sync()) == 3
    with desk.store() as store, store.transaction() as conn:  # as a lasting server error leaves it
        conn.execute("UPDATE cursors SET state = 'failed' WHERE stream = 'ticket_events'")
    with desk.store() as store:
        assert complete_until(store, desk.loaded.config)["demo"] is None
