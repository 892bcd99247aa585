"""A Jira source against the simulated site, with its planned oddities: nothing is lost, whatever goes wrong."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jira_source import (
    DAY,
    HOUR,
    Site,
    records,
)
from synced_fixtures import canonical, differences

from helpdesk_kpi.model import NativeMetric
from helpdesk_kpi.pull.contract import Finding
from helpdesk_kpi.simulator.jira import sla
from helpdesk_kpi.simulator.jira.history import FIRST_OF_SOFTWARE, SimulatedIssueHistory
from helpdesk_kpi.simulator.jira.issue_view import FIRST_ISSUE
from helpdesk_kpi.simulator.jira.issues import Issues
from helpdesk_kpi.simulator.jira.site import SimulatedSite as Shown
from helpdesk_kpi.simulator.jira.vocabulary import RESOLUTION
from helpdesk_kpi.simulator.world.ticket_history import TicketHistory
from helpdesk_kpi.simulator.world.world import World, generate

OF_TIME = frozenset({("sla_cycles", "read_at"), ("todo", "wanted"), ("todo", "got"), ("tickets", "missing_since"),
                     ("sla_cycles", "changed_at")})  # fmt: skip
OF_RUNS = frozenset({"cursors", "limited_capabilities", "rejected_rows", "stale_subjects"})


EVENTS = "events e JOIN tickets t ON t.id = e.ticket"


CYCLES = "sla_cycles c JOIN tickets t ON t.id = c.ticket"


def made(seed: int = 5, tickets: int = 150) -> World:
    return generate(seed, tickets=tickets)


def read_store(site: Site) -> dict[str, list[str]]:
    with site.store() as store:
        return canonical(store.conn, skip=OF_TIME, without=OF_RUNS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Everything, read at once at the end."""
    site = Site(tmp_path_factory.mktemp("whole"), made())
    results = site.sync()
    assert {r.outcome for r in results.values()} == {"ok"}
    return site


def seen_by(world: World) -> set[str]:
    """Ids of the issues of our projects that can be seen now."""
    return {str(FIRST_ISSUE + n) for n, track in tracks(world).items() if track.there(world.now)}


def tracks(world: World) -> dict[int, SimulatedIssueHistory]:
    """What the site knows of each issue of our projects."""
    shown = Issues(Shown(world, "cloud", None, "http://x"))
    return {number: track for number, track in shown.tracks.items() if number < FIRST_OF_SOFTWARE}


def test_every_issue_arrives_whole_with_few_requests(whole: Site) -> None:
    ids = {row[0] for row in whole.rows("SELECT native FROM tickets WHERE created_at IS NOT NULL")}
    assert ids == seen_by(whole.world)
    assert whole.rows("SELECT DISTINCT replies_known, changes_known FROM tickets") == [("yes", "yes")]
    assert whole.rows("SELECT id, reason FROM rejected_rows") == []


@pytest.mark.trap("jira 27")
def test_reading_everything_again_changes_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path, made(tickets=80))
    site.sync()
    before = read_store(site)
    with site.store() as store, store.transaction() as conn:
        conn.execute("DELETE FROM stale_subjects")
    site.sync(full=True)
    assert differences(read_store(site), before) == {}
    assert site.rows("SELECT count(*) FROM stale_subjects WHERE kind = 'ticket'") == [(0,)]


def test_a_second_run_with_nothing_new_asks_only_what_it_needs(tmp_path: Path) -> None:
    site = Site(tmp_path, made(tickets=60))
    site.sync()
    site.world.now += 20 * 60_000
    site.sync()
    requests = dict(site.app.state.requests)
    # who asks, projects, fields and the group of agents; a search for what changed, one for what was rated, and one
    # for the ids of what is open
    assert requests == {"myself": 1, "projects": 1, "fields": 1, "members": 1, "search": 3}


@pytest.mark.parametrize("tickets", [40, 400])
def test_requests_stay_near_full_pages(tmp_path: Path, tickets: int) -> None:
    """Rows by the most that a page may hold, and a fixed number of passes."""
    site = Site(tmp_path, made(3, tickets))
    site.sync()
    requests = site.app.state.requests
    with site.store() as store:
        issues = store.one("SELECT count(*) FROM tickets WHERE created_at IS NOT NULL")
        rated = store.one("SELECT count(*) FROM ratings")
        long = store.one("SELECT count(*) FROM todo WHERE stream = 'comments'")
        versions = store.one("SELECT count(*) FROM todo WHERE stream = 'article_versions'")
    full = math.ceil(issues / 100) + math.ceil(rated / 100) + math.ceil(issues / 5000) * 2
    assert requests["search"] <= 1.1 * full + 2 + 1  # two probes, one page that the server gave short
    assert requests["changelogs"] == math.ceil(issues / 1000)
    assert requests["comments"] == long  # none of them is longer than a page
    passes = {"myself", "statuses", "priorities", "projects", "fields", "members", "spaces"}
    assert sum(requests[name] for name in passes) <= len(passes) + 1
    assert requests["versions"] == versions
    assert requests["pages"] == 2
    assert requests.total() <= 1.1 * (full + requests["changelogs"] + long + versions + 2) + 12


def test_the_three_ways_bring_the_same(tmp_path: Path, whole: Site) -> None:
    gateway = Site(_made(tmp_path / "gateway"), made(), kind="gateway")
    gateway.sync()
    assert differences(read_store(gateway), read_store(whole)) == {}
    server = Site(_made(tmp_path / "server"), made(), kind="datacenter")
    server.sync()
    for sql in (
        f"SELECT t.native, e.id, e.at, e.kind, e.public FROM {EVENTS} WHERE e.field IS NOT 'key' ORDER BY 1, 2",
        "SELECT native, number, status, priority, version, replies_known, changes_known FROM tickets ORDER BY 1",
        f"SELECT t.native, c.sla, c.number, c.elapsed FROM {CYCLES} ORDER BY 1, 2, 3",
    ):
        assert server.rows(sql) == whole.rows(sql)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def steps(world: World, days: int, every: int) -> Iterator[None]:
    """The world's last days, from one sync to the next."""
    end = world.now
    for world.now in range(end - days * DAY, end + 1, every):
        yield


@pytest.mark.trap("jira 8", "jira 5")
@pytest.mark.parametrize("faults", ["lag:2h", "zone:Asia/Kolkata"])
def test_neither_a_late_index_nor_a_far_zone_loses_an_issue(tmp_path: Path, faults: str) -> None:
    site = Site(_made(tmp_path / "a"), made(), faults=faults)
    late: list[Finding] = []
    for _ in steps(site.world, 2, 3 * HOUR):
        results = site.sync()
        assert {r.outcome for r in results.values()} <= {"ok", "not_due"}
        late += results["look_back"].findings
    assert differences(_story(site), _story(at_once(site, tmp_path / "b"))) == {}
    assert bool(late) == ("lag" in faults)
    if late:
        assert "issues appeared late: Jira's search index was behind by up to" in late[0].text


def at_once(site: Site, folder: Path) -> Site:
    """The same, read at once at the end."""
    other = Site(_made(folder), site.world, faults="lag:2h" if "lag" in (site.faults or "") else None)
    other.sync()
    return other


def _story(site: Site) -> dict[str, list[str]]:
    """What happened. Who syncs only once cannot know of what was deleted before."""
    shown = seen_by(site.world)
    requests = {
        "tickets": "SELECT native, status, priority, version, replies_known, changes_known FROM tickets t",
        "events": f"SELECT t.native, e.id, e.at, e.kind, e.after FROM {EVENTS}",
        "ratings": "SELECT t.native, r.category, r.answered_at FROM ratings r JOIN tickets t ON t.id = r.ticket",
    }
    rows = {name: site.rows(f"{sql} WHERE t.created_at IS NOT NULL") for name, sql in requests.items()}
    return {name: sorted(repr(row) for row in found if row[0] in shown) for name, found in rows.items()}


@pytest.mark.trap("jira 8")
def test_without_looking_back_a_late_index_would_lose_issues(tmp_path: Path) -> None:
    """That the test above can fail."""
    site = Site(_made(tmp_path / "a"), made(), faults="lag:2h", look_back=0)
    for _ in steps(site.world, 2, 3 * HOUR):
        site.sync()
    assert differences(_story(site), _story(at_once(site, tmp_path / "b"))) != {}


@pytest.mark.trap("jira 26")
def test_the_state_of_a_stream_is_a_few_bytes_however_much_it_read(whole: Site) -> None:
    assert max(len(cursor or "") for (cursor,) in whole.rows("SELECT cursor FROM cursors")) < 60


@pytest.mark.trap("jira 29")
def test_a_broken_promise_is_known_though_the_issue_did_not_change(tmp_path: Path) -> None:
    world = made()
    site = Site(tmp_path, world)
    number, at = next(breaking(world))
    ours = f"c.stopped_at IS NULL AND t.native = '{FIRST_ISSUE + number}' AND c.sla = '10031'"
    seen = []
    for world.now in (at - HOUR, at + 5 * HOUR):
        site.sync()
        seen += site.rows(f"SELECT t.version, c.is_breached FROM {CYCLES} WHERE {ours}")
    assert seen == [(seen[0][0], 0), (seen[0][0], 1)]


def breaking(world: World) -> Iterator[tuple[int, int]]:
    """Issues whose time to resolution ran out while nothing was done to them, and when."""
    shown = Shown(world, "cloud", None, "http://x")
    for number, track in tracks(world).items():
        for cycle in sla.cycles(shown, track.story, RESOLUTION) or ():
            quiet = not [b for b in track.bumps if cycle.breach_at - HOUR <= b <= cycle.breach_at + 5 * HOUR]
            if cycle.stop and cycle.elapsed > cycle.goal and quiet:
                yield number, cycle.breach_at


@pytest.mark.trap("jira 13")
def test_what_two_censuses_do_not_meet_is_deleted_and_what_comes_back_is_not(tmp_path: Path) -> None:
    world = made()
    site = Site(tmp_path, world)
    number, gone_at = next((n, s.deleted_at) for n, s in world.stories.items() if s.deleted_at and _lived(s) > DAY)
    sql = f"SELECT deleted_at, missing_since FROM tickets WHERE native = '{FIRST_ISSUE + number}'"
    seen = []
    for world.now in (gone_at - HOUR, gone_at + 7 * DAY, gone_at + 14 * DAY):
        site.sync()
        seen += site.rows(sql)
    assert seen == [(None, None), (None, gone_at + 7 * DAY), (gone_at + 7 * DAY, gone_at + 7 * DAY)]
    deleted = {native for (native,) in site.rows("SELECT native FROM tickets WHERE deleted_at IS NOT NULL")}
    assert not deleted & seen_by(world)


def _lived(story: TicketHistory) -> int:
    return (story.deleted_at or 0) - story.created.at


@pytest.mark.trap("jira 13")
def test_an_issue_that_was_out_of_sight_for_a_census_is_there_again(tmp_path: Path) -> None:
    """A security level hides it, and shows it again."""
    world = made()
    site = Site(tmp_path, world)
    number, (since, until) = next((n, t.hidden) for n, t in tracks(world).items() if t.hidden)
    sql = f"SELECT deleted_at, missing_since FROM tickets WHERE native = '{FIRST_ISSUE + number}'"
    seen = []
    for world.now in (since - HOUR, since + DAY, until + HOUR):
        site.sync(full=True)
        seen += site.rows(sql)
    assert seen == [(None, None), (None, since + DAY), (None, None)]


@pytest.mark.trap("jira 13")
def test_a_comment_that_was_deleted_goes_with_the_next_reading(tmp_path: Path) -> None:
    site = Site(tmp_path, made(tickets=40))
    site.sync()
    with site.store() as store, store.transaction() as conn:
        conn.execute(
            "INSERT INTO events (ticket, id, at, seq, kind, exact) SELECT ticket, 'comment:1', at, 0, 'comment', 1"
            " FROM events WHERE id = 'created'"
        )
    assert site.rows("SELECT count(*) FROM events WHERE id = 'comment:1'")[0][0] > 30
    site.sync(full=True)
    assert site.rows("SELECT count(*) FROM events WHERE id = 'comment:1'") == [(0,)]
    assert site.rows("SELECT count(*) FROM events WHERE id = 'created'")[0][0] > 30


@pytest.mark.trap("jira 14")
def test_a_moved_issue_is_one_ticket_with_its_new_key_and_project(tmp_path: Path) -> None:
    world = made()
    site = Site(tmp_path, world)
    number, moved_at = next((n, track.moved_at) for n, track in tracks(world).items() if track.moved_at)
    native = FIRST_ISSUE + number
    seen = []
    for world.now in (moved_at - 1, moved_at + HOUR):
        site.sync()
        seen += site.rows(f"SELECT number, brand FROM tickets WHERE native = '{native}'")
    assert seen == [(f"ORDER-{number}", "10002"), (f"SUP-{number}", "10001")]
    change = f"SELECT e.before, e.after FROM {EVENTS} WHERE e.field = 'brand' AND t.native = '{native}'"
    assert site.rows(change) == [("10002", "10001")]


@pytest.mark.trap("jira 3", "jira 4")
def test_no_history_and_no_conversation_is_cut(whole: Site) -> None:
    """Some have more than a search embeds: 20 comments, 40 histories."""
    shown = tracks(whole.world)
    said = {str(FIRST_ISSUE + n): 1 + len([s for s in shown[n].comments if s.at <= whole.world.now]) for n in shown}
    sql = f"SELECT t.native, count(*) FROM {EVENTS} WHERE e.kind = 'comment' GROUP BY 1"
    found = dict(whole.rows(sql))
    assert found == {own: said[own] for own in found}
    assert max(found.values()) > 20
    assert whole.rows("SELECT count(*) FROM todo WHERE got IS NULL OR got < wanted") == [(0,)]


@pytest.mark.trap("jira 19")
def test_in_another_language_the_same_is_read(tmp_path: Path) -> None:
    chinese = Site(tmp_path, generate(5, tickets=60, locale="zh"))
    chinese.sync()
    states = chinese.rows("SELECT DISTINCT name, detail FROM names WHERE kind = 'status'")
    assert ("已解决", "solved") in states
    assert ("处理中", "open") in states
    with chinese.store() as store:
        assert store.one("SELECT count(*) FROM sla_cycles") > 20
        assert store.one("SELECT count(*) FROM ratings") > 5


def test_members_of_the_configured_group_are_agents_and_other_licensed_people_are_members(whole: Site) -> None:
    kinds = dict(whole.rows("SELECT kind, count(*) FROM people GROUP BY 1"))
    assert kinds["agent"] >= 5
    assert kinds["bot"] >= 1
    assert kinds["customer"] > 10


def test_jiras_own_metrics_are_stored_next_to_ours(whole: Site) -> None:
    metrics = dict(whole.rows("SELECT metric, count(*) FROM native_metrics GROUP BY 1"))
    assert set(metrics) == {"sla_first_response", "sla_resolution"}
    assert records([], NativeMetric) == []


@pytest.mark.trap("jira 21", "jira 22")
def test_faults_on_the_way_change_nothing(tmp_path: Path, whole: Site) -> None:
    site = Site(tmp_path, made(), faults="every:4")
    results = site.sync()
    assert {r.outcome for r in results.values()} == {"ok"}
    assert differences(read_store(site), read_store(whole)) == {}


@pytest.mark.trap("jira 21")
def test_after_a_used_up_quota_no_request_is_sent_and_the_next_run_continues(tmp_path: Path, whole: Site) -> None:
    site = Site(tmp_path, made(), faults="quota:12", page_size=20)
    results = site.sync()
    failed = [r for r in results.values() if r.outcome == "failed"]
    assert failed
    assert all("the hourly quota of this site is used up" in r.reason for r in failed)
    assert sum(r.requests for r in failed[1:]) == 0
    got = re.findall(r"\d+", site.rows("SELECT cursor FROM cursors WHERE stream = 'issues'")[0][0])
    assert got
    site.faults = None
    results = site.sync()
    assert {r.outcome for r in results.values()} <= {"ok", "not_due"}
    assert differences(read_store(site), read_store(whole)) == {}


@pytest.mark.trap("jira 12")
@pytest.mark.parametrize("faults", ["disguise", "refuse", "expire:3"])
def test_refused_credentials_end_the_source_and_say_so(tmp_path: Path, faults: str) -> None:
    results = list(Site(tmp_path, made(tickets=40), faults=faults).sync().values())
    assert "credentials refused" in results[-1].reason
    assert "simulated" not in results[-1].reason
    assert results[-1].outcome == "failed"


@pytest.mark.trap("jira 23")
def test_what_the_account_may_not_see_ends_its_own_stream_only(tmp_path: Path) -> None:
    results = Site(tmp_path, made(tickets=40), faults="forbid:statuses forbid:changelogs").sync()
    assert results["statuses"].outcome == results["changes"].outcome == "unavailable"
    assert results["issues"].outcome == results["comments"].outcome == "ok"
    assert {r.outcome for r in results.values()} == {"ok", "unavailable"}


def test_a_history_that_is_not_read_yet_is_unknown_and_not_empty(tmp_path: Path) -> None:
    site = Site(tmp_path, made(tickets=40), faults="forbid:changelogs")
    site.sync()
    assert site.rows("SELECT DISTINCT changes_known FROM tickets") == [("pending",)]


@pytest.mark.trap("jira 22")
def test_a_world_that_goes_on_while_pages_are_turned_is_whole_after_the_next_run(tmp_path: Path) -> None:
    world = made()
    world.now -= 3 * DAY
    site = Site(tmp_path, world, faults="move:600s", page_size=20)
    site.sync()
    site.faults = None
    world.now += 20 * 60_000
    site.sync()
    again = Site(_made(tmp_path / "again"), world)
    again.sync()
    assert differences(_story(site), _story(again)) == {}
