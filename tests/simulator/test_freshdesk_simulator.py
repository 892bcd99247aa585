"""The connector against the simulated account: what arrives is what happened there, whatever goes wrong on the way."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from simulator_fixtures import ANN, at, opened, said
from simulator_fixtures import world as by_hand
from synced_fixtures import SyncedDesk, differences
from truth_fixtures import Measured, merely_opened, true_rows, without

from connectors.freshdesk import pagination
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.pull.sync import Progress, StreamResult
from helpdesk_kpi.report.capability import capabilities
from helpdesk_kpi.simulator.world.facts import Deleted
from helpdesk_kpi.simulator.world.world import World, generate

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
#: What Freshdesk cannot tell as the world knows it: calls, chats, tickets without a priority, replies by a script, and
#: what an answer was before it was changed.
TELLABLE: dict[str, Any] = {"call": 0.0, "missed_call": 0.0, "voicemail": 0.0, "messaging": 0.0, "unanswered_chat": 0.0,
            "no_priority": 0.0, "api_reply": 0.0, "ai_agent": 0.0, "changed_answer": 0.0}  # fmt: skip


def made(tickets: int = 200, weeks: int = 4, **more: Any) -> World:
    return generate(5, tickets=tickets, weeks=weeks, **more)


def desk_of(folder: Path, world: World, **more: Any) -> SyncedDesk:
    folder.mkdir(exist_ok=True)
    return SyncedDesk(folder, world, helpdesk="freshdesk", **more)


def well(results: list[StreamResult]) -> None:
    assert [r for r in results if r.outcome not in {"ok", "not_due"} or r.rejected] == []


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> SyncedDesk:
    """A desk after one undisturbed sync."""
    desk = desk_of(tmp_path_factory.mktemp("whole") / "a", made())
    well(desk.sync())
    return desk


def test_every_row_of_the_lists_arrives(synced: SyncedDesk) -> None:
    world = synced.world
    with synced.store() as store:
        sql = "SELECT native, is_spam * 2 + (deleted_at IS NOT NULL) FROM tickets WHERE association IS NOT 'tracker'"
        found = dict(store.rows(sql))
        merged = dict(store.rows("SELECT native, merged_into FROM tickets WHERE merged_into IS NOT NULL"))
    gone = {n: s for n, s in world.stories.items() if s.deleted_at is not None and s.deleted_at <= world.now}
    scrubbed = {n for n, s in gone.items() if s.scrubbed_at is not None and s.scrubbed_at <= world.now}
    assert found == {
        str(n): (2 if s.created.spam else 1) if n in gone else 0 for n, s in world.stories.items() if n not in scrubbed
    }
    assert merged == {
        str(n): str(into)
        for n, s in world.stories.items()
        for fact in s.facts
        if n not in gone and fact.at <= world.now and (into := getattr(fact, "merged_into", None))
    }
    assert merged


def test_a_first_sync_asks_hardly_more_than_full_pages_and_once_for_each_ticket(tmp_path: Path) -> None:
    world = made(600, 6)
    world.plan_without = {"activities"}
    desk = desk_of(tmp_path / "a", world)
    well(desk.sync())
    with desk.store() as store:
        gone = store.one("SELECT count(*) FROM tickets WHERE is_spam OR deleted_at IS NOT NULL")
        expected = store.one("SELECT count(*) FROM tickets") - gone
        rated = store.one("SELECT count(DISTINCT native) FROM ratings")
    passes = 2  # deleted and spam, each a page of its own
    assert desk.requests["tickets"] <= 1.1 * expected / 100 + 1 + passes
    assert desk.requests["conversations"] <= 1.01 * expected  # a second page of very long ones
    assert desk.requests["satisfaction_ratings"] <= 1.1 * rated / 100 + 1
    fixed = {"agents", "groups", "ticket_fields", "business_hours", "sla_policies", "surveys", "categories", "folders",
             "time_entries", "activities"}  # fmt: skip
    assert {name: desk.requests[name] for name in fixed} == dict.fromkeys(fixed, 1)


def test_a_second_sync_changes_nothing_and_asks_for_no_conversation_again(tmp_path: Path) -> None:
    desk = desk_of(tmp_path / "a", made())
    well(desk.sync())
    before = desk.canonical()
    well(desk.sync())
    assert differences(desk.canonical(), before) == {}
    assert desk.requests["conversations"] == 0
    well(desk.sync(full=True))
    assert differences(desk.canonical(), before) == {}


@pytest.mark.parametrize("faults", ["every:7", "wrong-host", "every:3:429-0"])
def test_faults_on_the_way_change_nothing(tmp_path: Path, synced: SyncedDesk, faults: str) -> None:
    desk = desk_of(tmp_path / "a", synced.world, faults=faults)
    well(desk.sync())
    assert differences(desk.canonical(), synced.canonical()) == {}


class KilledError(Exception):
    """The process ends here."""


@pytest.mark.parametrize("after", [1, 9])
def test_killed_after_any_page_it_goes_on_and_ends_with_the_same_store(
    tmp_path: Path, synced: SyncedDesk, after: int
) -> None:
    desk = desk_of(tmp_path / "a", synced.world)
    left = [after]

    def killed(_: Progress) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KilledError

    for _ in range(2):
        left[0] = after
        with pytest.raises(KilledError):
            desk.sync(progress=killed)
    well(desk.sync())
    assert differences(desk.canonical(), synced.canonical()) == {}


def test_tickets_that_change_during_paging_end_in_their_last_state(tmp_path: Path) -> None:
    world, still = made(400, 4), made(400, 4)
    world.now -= 5 * DAY
    world.plan_without = still.plan_without = {"activities"}
    desk = desk_of(tmp_path / "a", world, faults="move:2h")
    well(desk.sync())
    desk.faults, still.now = None, world.now
    well(desk.sync())
    calm = desk_of(tmp_path / "b", still)
    well(calm.sync())
    columns = "native, status, updated_at, priority, merged_into, deleted_at, replies_known"
    with desk.store() as one, calm.store() as other:
        sql = f"SELECT {columns} FROM tickets WHERE deleted_at IS NULL AND is_spam = 0 ORDER BY 1"
        assert one.rows(sql) == other.rows(sql)
        sql = "SELECT t.native, e.id FROM events e JOIN tickets t ON t.id = e.ticket WHERE e.kind = 'comment'"
        assert set(one.rows(sql)) >= set(other.rows(sql))


# what a plan or a role lacks


@pytest.mark.trap("freshdesk 6", "freshdesk 7")
@pytest.mark.parametrize("how", ["plan", "missing"])
def test_what_a_plan_lacks_ends_that_stream_only_and_comes_when_the_plan_has_it(tmp_path: Path, how: str) -> None:
    world = made()
    desk = desk_of(tmp_path / "a", world, faults="missing:satisfaction_ratings" if how == "missing" else None)
    if how == "plan":
        world.plan_without = {"surveys"}
    first = {r.stream: r.outcome for r in desk.sync()}
    lost = {"satisfaction_ratings"} | ({"surveys"} if how == "plan" else set())
    assert {stream for stream, outcome in first.items() if outcome != "ok"} == lost
    assert {first[stream] for stream in lost} == {"unavailable"}
    with desk.store() as store:
        unmet = capabilities(store, desk.loaded.config)["csat"]["demo"]
    assert [need for need, given in unmet if given.answer == "no"] == ["survey.answers"]
    world.plan_without, desk.faults = set(), None
    well(desk.sync())
    with desk.store() as store:
        assert store.one("SELECT count(*) FROM ratings") > 5


def test_refused_credentials_stop_at_the_first_request(tmp_path: Path) -> None:
    desk = desk_of(tmp_path / "a", made(30), faults="refuse")
    results = desk.sync()
    assert {r.outcome for r in results} == {"failed"}
    assert sum(desk.requests.values()) == 1
    assert "simulated-api-key" not in repr(results)


@pytest.mark.trap("freshdesk 2")
def test_an_import_too_large_for_one_second_fails_its_stream_with_a_clear_reason(
    tmp_path: Path, full_size: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = 300 if full_size else 20
    monkeypatch.setattr(pagination, "DEEPEST", pages)
    desk = desk_of(tmp_path / "a", made(30), bulk=100 * pages + 1, edit=lambda t: t.replace(
        "conversations_per_run = 0", "conversations_per_run = 10"
    ))  # fmt: skip
    results = {r.stream: r for r in desk.sync()}
    assert results["tickets"].outcome == "failed"
    assert f"more than {pages} pages were last updated in the second" in results["tickets"].reason
    assert results["satisfaction_ratings"].outcome == "ok"
    assert desk.requests["tickets"] < pages + 20


# what is measured


def measured(desk: SyncedDesk) -> Measured:
    found = Measured.__new__(Measured)
    found.world, found.store, found.config = desk.world, desk.store(), desk.loaded.config
    build_stale(found.store, found.config)
    found.reader = MetricStore(found.store, found.config)
    found.native = dict(found.store.rows("SELECT id, native FROM tickets"))
    found.people = dict(found.store.rows("SELECT id, native FROM people"))
    found.teams = dict(found.store.rows("SELECT id, native FROM teams"))
    return found


KPIS = ("first_reply_time", "next_reply_time", "first_resolution_time", "full_resolution_time",
        "accepted_resolution_time", "solved_tickets", "reopen_rate", "backlog", "csat")  # fmt: skip


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory, full_size: bool) -> Iterator[Measured]:
    """An account that still has the export of activities, read once. Much of what it is sent is spam."""
    world = generate(3, tickets=1500 if full_size else 200, weeks=4, spam=0.06, **TELLABLE)
    world.tells_spam = True
    desk = desk_of(tmp_path_factory.mktemp("exact") / "a", world)
    well(desk.sync())
    found = measured(desk)
    yield found
    found.store.close()


def readable(world: World, rows: Counter[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    """Without tickets that were deleted: their conversations cannot be read any more. Spam stays."""
    gone = {str(number) for number, s in world.stories.items() if s.deleted_at is not None and not s.created.spam}
    return without(gone, rows)


def plain(rows: Counter[tuple[Any, ...]], kpi: str) -> Counter[tuple[Any, ...]]:
    """Freshdesk has no "new" beside "open", and names a survey's further questions by number."""
    if kpi == "csat":
        return Counter({row: n for row, n in rows.items() if row[8] == "overall"})
    renamed: Counter[tuple[Any, ...]] = Counter()
    for row, n in rows.items():
        renamed[(*row[:8], "open" if row[8] == "new" else row[8], *row[9:])] += n
    return renamed


@pytest.mark.parametrize("kpi", KPIS)
@pytest.mark.parametrize("days", [0, 9, 16])
def test_with_activities_what_is_measured_is_what_happened(exact: Measured, kpi: str, days: int) -> None:
    as_of = exact.world.now - 2 * MINUTE - days * DAY
    both = exact.rows(kpi, "strict", as_of), true_rows(exact.world, kpi, "strict", as_of)
    found, true = (readable(exact.world, plain(rows, kpi)) for rows in both)
    if kpi == "accepted_resolution_time":
        found, true = (without(merely_opened(exact.world), rows) for rows in (found, true))
    assert sum(true.values()) > 5
    assert found - true == Counter()
    assert true - found == Counter()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    """An account without that export, synced twice a day."""
    world = generate(3, tickets=150, weeks=2, **TELLABLE)
    world.plan_without = {"activities"}
    desk = desk_of(tmp_path_factory.mktemp("watched") / "a", world)
    end = world.now
    for now in [*range(world.desk.start + 9 * HOUR, end, 12 * HOUR), end]:
        world.now = now
        well(desk.sync())
    found = measured(desk)
    yield found
    found.store.close()


def when(rows: Counter[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    """Ticket, at, end and start: not who had it and how urgent it was, which only two syncs tell."""
    bare: Counter[tuple[Any, ...]] = Counter()
    for row, n in rows.items():
        bare[(*row[:5], row[8] if row[8] not in {"agent", "automation"} else "")] += n
    return bare


@pytest.mark.parametrize("kpi", ["solved_tickets", "full_resolution_time", "first_resolution_time", "first_reply_time"])
def test_synced_often_the_times_of_solves_are_right_without_any_history(watched: Measured, kpi: str) -> None:
    as_of = watched.world.now - 2 * MINUTE
    found, true = when(watched.rows(kpi, "strict", as_of)), when(true_rows(watched.world, kpi, "strict", as_of))
    assert sum(true.values()) > 20
    wrong = (found - true) + (true - found)
    first = kpi in {"first_resolution_time", "first_reply_time"}  # a first solve that was undone between two syncs
    most = 0.03 * sum(true.values()) if first else 0
    assert sum(wrong.values()) / 2 <= most, wrong


def test_histories_that_are_put_together_say_so(watched: Measured) -> None:
    unmet = capabilities(watched.store, watched.config)
    [(need, given)] = unmet["full_resolution_time"]["demo"]
    assert (need, given.answer) == ("status.history", "partly")
    assert [(n, g.answer) for n, g in unmet["csat_response_rate"]["demo"]] == [("survey.offered", "no")]
    as_of = watched.world.now
    assert sum(watched.rows("csat_response_rate", "strict", as_of).values()) == 0


@pytest.mark.trap("freshdesk 12")
@pytest.mark.parametrize(("synced_at", "is_read"), [("mon 11:00", False), ("mon 13:00", True)])
def test_what_was_deleted_before_its_reply_could_be_read_does_not_count_as_not_replied(
    tmp_path: Path, synced_at: str, is_read: bool
) -> None:
    gone = Deleted(ticket=1, at=at("mon 15:00"), actor=ANN)
    world = by_hand(opened("mon 10:00"), said("mon 12:00", ANN, status="open"), gone)
    desk = desk_of(tmp_path / "a", world)
    for world.now in (at(synced_at), at("tue 12:00")):
        well(desk.sync())
    found = measured(desk)
    rows = found.reader.columns("first_reply_time", "strict")
    assert ("replies_unreadable" in {rows.words[code] for code in rows.stop}) != is_read
    replied = found.rows("first_reply_time", "strict", at("mon 14:00"))
    assert [row[2] for row in replied] == ([at("mon 12:00")] if is_read else [])
    found.store.close()


def test_a_queue_that_is_not_worked_off_is_pending_and_never_not_replied(tmp_path: Path) -> None:
    world = generate(3, tickets=120, weeks=2, **TELLABLE)
    desk = desk_of(tmp_path / "a", world, edit=lambda text: text.replace(
        "conversations_per_run = 0", "conversations_per_run = 40"
    ))  # fmt: skip
    well(desk.sync())
    assert desk.requests["conversations"] == 40
    found = measured(desk)
    true = true_rows(world, "first_reply_time", "strict", world.now - 2 * MINUTE)
    rows = found.rows("first_reply_time", "strict", world.now - 2 * MINUTE)
    assert rows - true == Counter()  # nothing that is not true
    stops = found.reader.columns("first_reply_time", "strict")
    pending = Counter(stops.words[code] for code in stops.stop)["replies_pending"]
    assert pending > 40
    found.store.close()
    for _ in range(3):
        well(desk.sync())
    found = measured(desk)
    assert found.rows("first_reply_time", "strict", world.now - 2 * MINUTE) == true
    found.store.close()
