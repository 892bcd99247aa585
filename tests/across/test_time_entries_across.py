"""Hours that one desk wrote down, through three helpdesks: the same time on each ticket, and the same weights of it."""

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from synced_fixtures import Cli, SyncedDesk
from truth_fixtures import requested_before_working

from helpdesk_kpi.measure.query.complexity_weights import load_weight_versions
from helpdesk_kpi.simulator.jira.issue_view import FIRST_ISSUE
from helpdesk_kpi.simulator.server.vendors import NAMES
from helpdesk_kpi.simulator.world.clock import DAY
from helpdesk_kpi.simulator.world.facts import Created
from helpdesk_kpi.simulator.world.time_entries import entries
from helpdesk_kpi.simulator.world.world import World, generate

#: What some helpdesk cannot tell does not happen here.
REPORTED_BY_ALL: dict[str, Any] = dict.fromkeys(
    ("api_reply", "call", "missed_call", "voicemail", "messaging", "unanswered_chat", "ai_agent", "no_priority",
     "light_note", "outbound"), 0.0,
) | {"csat": "legacy"}  # fmt: skip


WEB = {"portal": "web"}  # as Jira and Freshdesk call it


def made() -> World:
    """Freshdesk does not tell what came by its API from what came by the portal, so all of that came by the portal.
    Nor do Jira and Freshdesk date roles, so nobody asks before they do something for the team.
    """
    drawn = generate(7, tickets=240, weeks=10, hours=0.8, amended=0.15, **REPORTED_BY_ALL)
    facts = [
        msgspec.structs.replace(f, channel="web") if isinstance(f, Created) and f.channel == "api" else f
        for f in drawn.facts
    ]
    early = requested_before_working(drawn)
    return World(drawn.desk, [f for f in facts if str(getattr(f, "ticket", None)) not in early], plan=drawn.plan)


class Kept:
    """The desk behind one helpdesk, read twice, over HTTP."""

    def __init__(self, folder: Path, helpdesk: str) -> None:
        self.world, self.helpdesk = made(), helpdesk
        if helpdesk != "zendesk":
            self.world.plan_without |= {"calls", "engagements"}
        options: dict[str, Any] = {"archives": False} if helpdesk == "freshdesk" else {}
        self.desk = SyncedDesk(folder, self.world, helpdesk=helpdesk, **options)
        end = self.world.now
        for self.world.now in (end - 20 * DAY, end):
            results = self.desk.sync()
            assert {r.outcome for r in results} <= {"ok", "not_due"}, results
            assert not sum(r.rejected for r in results)

    def number(self, native: str, first: int = 0) -> int:
        """The world's own number of a ticket or person."""
        return int(native.rpartition(":")[2]) - (first if self.helpdesk == "jira" else 0)

    def people(self) -> dict[int, int]:
        with self.desk.store() as store:
            rows = store.rows("SELECT id, native FROM people")
        return {key: self.number(native) for key, native in rows if native.rpartition(":")[2].isdecimal()}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Kept]:
    return {name: Kept(tmp_path_factory.mktemp(name), name) for name in NAMES}


def test_another_knob_of_the_world_leaves_everything_else_as_it_is() -> None:
    plain, timed = generate(7, tickets=60), generate(7, tickets=60, hours=0.8)
    assert [f for f in timed.facts if type(f).__name__ not in {"Spent", "Amended"}] == plain.facts
    assert len(timed.facts) > len(plain.facts) + 50


@pytest.mark.parametrize("helpdesk", NAMES)
def test_the_time_of_each_ticket_and_person_is_what_they_wrote_down(kept: dict[str, Kept], helpdesk: str) -> None:
    """Whether a correction replaced an entry or came as one of its own. Freshdesk tells no entry that was deleted after
    it was read; here nobody deletes between the two syncs.
    """
    one = kept[helpdesk]
    with one.desk.store() as store:
        rows = store.rows(
            "SELECT t.native, p.native, sum(e.spent) FROM time_entries e JOIN tickets t ON t.id = e.ticket"
            " JOIN people p ON p.id = e.agent GROUP BY 1, 2 HAVING sum(e.spent) != 0"
        )
    found = {(one.number(ticket, FIRST_ISSUE), one.number(person)): spent for ticket, person, spent in rows}
    true: Counter[tuple[int, int]] = Counter()
    for number, story in one.world.stories.items():
        for entry in entries(story, one.world.now):
            if entry.seconds and story.deleted_at is None:
                true[number, entry.agent] += entry.seconds * 1000
    gone = {number for number, story in one.world.stories.items() if story.deleted_at is not None}
    assert {pair: spent for pair, spent in found.items() if pair[0] not in gone} == true
    assert len(true) > 150


def learned(one: Kept, cli: Cli) -> dict[Any, Any]:
    """What `weights learn` makes of it: kind -> tickets, hours, and those of each person."""
    cli.at(one.world.now)
    ran = cli("weights", "learn", "--from", "2026-09-21", "--to", "2026-11-15", "--since", "2026-11-16",
              "--config", one.desk.path)  # fmt: skip
    assert ran.status == 0, ran.err
    assert "by time" in ran.out.splitlines()[0]
    people, topics = one.people(), one.world.desk.words.topics
    keys = {topic.title: key for key, topic in topics.items()}  # Jira and Freshdesk show what people read
    with one.desk.store() as store:
        [version] = load_weight_versions(store)
    return {
        (cell.severity, keys.get(cell.category or "", cell.category), WEB.get(cell.channel or "", cell.channel)): (
            cell.n, round(cell.sum, 9), {people[p]: (n, round(s, 9)) for p, (n, s) in cell.people.items()}
        )
        for cell in version.cells
    }  # fmt: skip


def test_weights_learned_of_hours_are_the_same_whatever_helpdesk_reported_them(
    kept: dict[str, Kept], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = Cli(capfd, monkeypatch)
    reported = {name: learned(one, cli) for name, one in kept.items()}
    assert reported["jira"] == reported["zendesk"]
    assert reported["freshdesk"] == reported["zendesk"]
    assert sum(tickets for tickets, _, _ in reported["zendesk"].values()) > 100
