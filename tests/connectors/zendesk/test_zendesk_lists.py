"""Where Zendesk denies its exports, its lists give the same store; every honest difference is named here."""

import ast
from pathlib import Path
from typing import Any

import pytest
from synced_fixtures import VOLATILE_COLUMNS, SyncedDesk, canonical, differences

from helpdesk_kpi.milliseconds import DAY, HOUR, MINUTE
from helpdesk_kpi.pull.sync import StreamResult, exit_status
from helpdesk_kpi.simulator.world.world import World, generate

#: A list may repeat an old generated_timestamp, so versions differ; nothing is decided by their values.
OF_VERSIONS = VOLATILE_COLUMNS | {("tickets", "version")}
#: What runs leave behind: which way was taken, what was queued.
OF_WAYS = frozenset({"todo", "cursors", "narrowed"})
WITHOUT_EXPORTS = "forbid:incremental"


def quiet(seed: int = 5, **more: object) -> World:
    """A desk where nothing happens any more, so that both ways see the same moment."""
    world = generate(seed, tickets=90, weeks=26, **more)  # type: ignore[arg-type]
    world.now += HOUR
    return world


def synced(folder: Path, world: World, *, faults: str | None = None) -> tuple[SyncedDesk, list[StreamResult]]:
    folder.mkdir()
    desk = SyncedDesk(folder, world, faults=faults)
    return desk, desk.sync()


def read_store(desk: SyncedDesk) -> dict[str, list[str]]:
    with desk.store() as store:
        found = canonical(store.conn, skip=OF_VERSIONS, without=OF_WAYS)
    return found | {"events": sorted(repr(row) for row in map(as_exported, found["events"]) if row)}


def as_exported(row: str) -> tuple[Any, ...] | None:
    """Exports of older accounts leave out what a field was before: so they can't tell a null that a creation writes
    from a field that was emptied.
    """
    ticket, number, at, seq, kind, actor, via, rule, field, _, after, *rest = ast.literal_eval(row)
    if kind == "change" and after is None:
        return None
    return (ticket, number, at, seq, kind, actor, via, rule, field, after, *rest)


class Both:
    """One desk, read by its exports and by its lists. `lossless`: nothing was deleted before anybody looked."""

    def __init__(self, folder: Path) -> None:
        self.world = quiet(deleted=0, spam=0, lossless=True)
        exported, results = synced(folder / "exports", self.world)
        assert exit_status(results) == 0
        self.by_lists, self.results = synced(
            folder / "lists", quiet(deleted=0, spam=0, lossless=True), faults=WITHOUT_EXPORTS
        )
        assert exit_status(self.results) == 0, self.results
        self.wanted, self.found = read_store(exported), read_store(self.by_lists)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(tmp_path_factory.mktemp("both"))


@pytest.mark.parametrize("missing", [WITHOUT_EXPORTS, "missing:incremental"])
def test_lists_are_read_where_exports_are_refused_or_unknown(tmp_path: Path, missing: str) -> None:
    _, results = synced(tmp_path / "desk", generate(4, tickets=40, weeks=4), faults=missing)
    assert {r.outcome for r in results} == {"ok"}
    assert {r.stream: r.records > 0 for r in results}["ticket_events"]


@pytest.mark.trap("zendesk 3", "zendesk 4")
def test_both_ways_give_the_same_store(both: Both) -> None:
    for table in ("tickets", "events", "ratings", "ticket_links", "native_metrics", "people", "names", "sla_events"):
        assert len(both.wanted[table]) > (1 if table == "ticket_links" else 10), table
    assert differences(both.found, both.wanted) == {}


@pytest.mark.trap("zendesk 3", "zendesk 21")
def test_archived_tickets_come_by_search(both: Both) -> None:
    """A quarter of the desk was closed for 120 days and is in no list."""
    old = both.world.now - 121 * DAY
    archived = [
        story for story in both.world.stories.values()
        if story.state(both.world.now)["status"] == "closed" and story.saves[-1].at < old
    ]  # fmt: skip
    assert len(archived) > 10
    with both.by_lists.store() as store:
        here = {number for (number,) in store.rows("SELECT native FROM tickets WHERE created_at IS NOT NULL")}
    assert {str(story.ticket) for story in archived} <= here
    assert both.by_lists.requests["search"] > 1


def test_the_transport_is_chosen_once_and_reported(both: Both) -> None:
    found = [finding for result in both.results for finding in result.findings if finding.about == "transport"]
    assert [finding.level for finding in found] == ["warning"]
    assert "read by lists" in found[0].text
    assert "Access to this resource is restricted" in found[0].text
    # One stream of exports was refused and the probe of tickets; nothing else asked for an export.
    assert both.by_lists.requests["organizations"] == 1
    assert both.by_lists.requests["tickets"] == 1
    assert {name: both.by_lists.requests[name] for name in ("users", "ticket_events", "ticket_metric_events")} == {
        "users": 0, "ticket_events": 0, "ticket_metric_events": 0,
    }  # fmt: skip


def test_replies_are_known_once_the_audits_were_read(both: Both) -> None:
    with both.by_lists.store() as store:
        assert store.rows("SELECT DISTINCT replies_known FROM tickets WHERE created_at IS NOT NULL") == [("yes",)]


@pytest.mark.trap("zendesk 4", "zendesk 14")
def test_a_second_sync_asks_only_for_what_changed(both: Both) -> None:
    both.world.now += 10 * MINUTE
    both.by_lists.world.now = both.world.now
    before = read_store(both.by_lists)
    assert exit_status(both.by_lists.sync()) == 0
    assert differences(read_store(both.by_lists), before) == {}
    requests = both.by_lists.requests
    assert (requests["tickets_list"], requests["search"], requests["audits"], requests["metric_events"]) == (2, 0, 0, 0)
    assert requests["users_list"] == 2  # agents and admins; everybody once a day


@pytest.mark.trap("zendesk 21")
def test_a_deletion_between_two_syncs_is_known_by_the_list_of_deleted_tickets(tmp_path: Path) -> None:
    world = generate(5, tickets=90, weeks=8, deleted=0.1)
    gone = max((s for s in world.stories.values() if s.deleted_at), key=lambda s: s.deleted_at or 0)
    assert gone.deleted_at is not None
    world.now = gone.deleted_at - MINUTE
    desk, results = synced(tmp_path / "desk", world, faults=WITHOUT_EXPORTS)
    assert exit_status(results) == 0
    sql = "SELECT deleted_at, subject, requester FROM tickets WHERE native = ?"
    with desk.store() as store:
        assert store.rows(sql, str(gone.ticket))[0][0] is None
    world.now = gone.deleted_at + HOUR
    assert exit_status(desk.sync()) == 0
    with desk.store() as store:
        [(deleted_at, subject, requester)] = store.rows(sql, str(gone.ticket))
    assert deleted_at == gone.deleted_at
    assert subject is None  # nothing will tell when it is scrubbed, so its words go at once
    assert requester is not None


def test_what_was_deleted_before_the_first_sync_stays_unknown(tmp_path: Path) -> None:
    world = quiet(deleted=0.1)
    gone = {str(s.ticket) for s in world.stories.values() if s.deleted_at}
    desk, _ = synced(tmp_path / "desk", world, faults=WITHOUT_EXPORTS)
    with desk.store() as store:
        here = {number for (number,) in store.rows("SELECT native FROM tickets WHERE created_at IS NOT NULL")}
    assert gone
    assert not gone & here


def changing_ways(folder: Path, first: str | None, then: str | None) -> tuple[dict[str, list[str]], SyncedDesk]:
    world = quiet(6, deleted=0, spam=0, lossless=True)
    end, world.now = world.now, world.now - 20 * DAY
    desk, results = synced(folder, world, faults=first)
    assert exit_status(results) == 0
    world.now, desk.faults = end, then
    assert exit_status(desk.sync()) == 0
    found = read_store(desk)
    return {table: rows for table, rows in found.items() if table not in {"article_votes", "article_edits"}}, desk


@pytest.mark.parametrize("first", [None, WITHOUT_EXPORTS], ids=["exports_end", "exports_come"])
def test_a_change_of_way_in_between_ends_in_the_same_store(tmp_path: Path, first: str | None) -> None:
    found, desk = changing_ways(tmp_path / "a", first, None if first else WITHOUT_EXPORTS)
    wanted, _ = changing_ways(tmp_path / "b", None, None)
    assert differences(found, wanted) == {}
    if first is None:  # what the export had told is not asked again, ticket by ticket
        assert 0 < desk.requests["audits"] < len(wanted["tickets"]) / 2


def test_a_sync_that_is_cut_off_goes_on_where_it_was(tmp_path: Path) -> None:
    """Audits fail from the first to the last: the tickets wait, count as pending, and are asked next time."""
    desk, results = synced(tmp_path / "desk", quiet(), faults=f"{WITHOUT_EXPORTS} forbid:audits")
    assert {r.outcome for r in results if r.stream == "ticket_events"} == {"unavailable"}
    with desk.store() as store:
        assert store.rows("SELECT DISTINCT replies_known FROM tickets WHERE created_at IS NOT NULL") == [("pending",)]
    desk.faults = WITHOUT_EXPORTS
    desk.world.now += DAY
    assert exit_status(desk.sync()) == 0
    with desk.store() as store:
        assert store.rows("SELECT DISTINCT replies_known FROM tickets WHERE created_at IS NOT NULL") == [("yes",)]
