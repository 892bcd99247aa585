"""Made-up desks: one seed, one desk; everything that can go wrong is in it; knobs do what they say."""

import ast
import os
import subprocess
import sys
from collections import Counter
from statistics import mean, median
from typing import Any

import pytest
from oracle.truth import truth, truth_excluded, truth_summary
from project_paths import ROOT

from helpdesk_kpi.simulator.world.clock import DAY, HOUR, MINUTE, WEEK, instant, iso, local_date
from helpdesk_kpi.simulator.world.facts import SYSTEM, Answered, Created, Deleted, Offered, Redacted, Update, Viewed
from helpdesk_kpi.simulator.world.scenarios import TRICKY
from helpdesk_kpi.simulator.world.ticket_history import DONE
from helpdesk_kpi.simulator.world.world import World, generate


@pytest.fixture(scope="module", params=["en", "zh"])
def world(request: pytest.FixtureRequest) -> World:
    return generate(1, locale=request.param)


_DIGEST = """
import hashlib, msgspec
from helpdesk_kpi.simulator.world.world import generate
made = generate({seed}, tickets=60)
told = [made.facts, made.desk.accounts, made.desk.articles, made.hours.windows]
print(hashlib.sha256(msgspec.json.encode(told)).hexdigest())
"""


def _digest(seed: int, hash_seed: str) -> str:
    command = [sys.executable, "-c", _DIGEST.format(seed=seed)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
    )  # fmt: skip
    return done.stdout


def test_the_same_seed_gives_the_same_bytes_in_every_process_and_another_one_does_not() -> None:
    assert _digest(1, "1") == _digest(1, "2")
    assert _digest(1, "1") != _digest(2, "1")


def test_there_are_as_many_tickets_as_requested_and_all_before_the_end(world: World) -> None:
    assert len(world.stories) == 600
    first = min(story.created.at for story in world.stories.values())
    assert world.desk.end - 30 * WEEK <= first
    assert all(story.created.at < world.desk.end for story in world.stories.values())
    assert iso(generate(1, tickets=5).desk.end) == "2026-11-23T05:00:00Z"  # Monday 6:00 in Berlin


def test_every_kind_is_there_at_least_three_times(world: World) -> None:
    stories = list(world.stories.values())
    channels = Counter(story.created.channel for story in stories)
    assert all(channels[channel] >= 3 for channel in ("web", "email", "voice", "native_messaging", "api"))
    priorities = Counter(story.created.priority for story in stories)
    assert all(priorities[priority] >= 3 for priority in ("urgent", "high", "normal", "low", None))
    facts = Counter(type(fact) for fact in world.facts)
    assert all(facts[kind] >= 3 for kind in (Deleted, Redacted, Viewed, Offered, Answered))
    counts = {
        "spam": sum(story.created.spam for story in stories),
        "merged": sum(story.merged_at is not None for story in stories),
        "follow-ups": sum(story.created.follow_up_of is not None for story in stories),
        "AI agent's": sum(story.created.ai_agent for story in stories),
        "incidents": sum(story.created.problem is not None for story in stories),
        "answered calls": sum(call.answered_at is not None for s in stories for call in s.calls),
        "voicemails": sum(call.voicemail for s in stories for call in s.calls),
        "missed calls": sum(call.answered_at is None and not call.voicemail for s in stories for call in s.calls),
        "answered chats": sum(chat.replied_at is not None for s in stories for chat in s.chats),
        "unanswered chats": sum(chat.replied_at is None for s in stories for chat in s.chats),
        "new surveys": sum(offered.new for s in stories for offered in s.offered),
        "old surveys": sum(not offered.new for s in stories for offered in s.offered),
        "changed answers": sum(n > 1 for n in Counter(a.survey for s in stories for a in s.answered).values()),
        "forgotten": sum(len(s.facts) <= 2 and s.created.at < world.now - 30 * DAY for s in stories),
    }
    assert {kind: n for kind, n in counts.items() if n < 3} == {}
    left_out = truth_excluded(world)
    assert all(left_out[reason] >= 3 for reason in ("internal", "outbound", "test", "deleted", "merged"))


def test_every_kind_of_save_is_there_at_least_three_times(world: World) -> None:
    updates = [fact for fact in world.facts if isinstance(fact, Update)]
    bots = {account.id for account in world.desk.accounts if account.bot}
    agents = {worker.account for worker in world.desk.workers}
    light = {account.id for account in world.desk.accounts if account.roles[0][1] == "light_agent"}
    public = [u for u in updates if u.comment and u.comment.public]
    created = {story.ticket: story.created.at for story in world.stories.values()}
    counts = {
        "automatic answers": sum(u.actor in bots for u in public),
        "at the second of creation": sum(u.actor in bots and u.at == created[u.ticket] for u in public),
        "agents through the interface": sum(u.actor in agents and u.via == "api" for u in public),
        "private notes": sum(u.comment is not None and not u.comment.public and u.actor in agents for u in updates),
        "light agent's notes": sum(u.actor in light for u in updates),
        "holding replies": sum(u.actor in agents and len(u.comment.text) < 80 for u in public if u.comment),
        "reply and solve": sum(u.actor in agents and u.changes.get("status") == "solved" for u in public),
        "solve by a rule": sum(u.actor == SYSTEM and u.changes.get("status") == "solved" for u in updates),
        "closed by a rule": sum(u.actor == SYSTEM and u.changes.get("status") == "closed" for u in updates),
        "pending": sum(u.changes.get("status") == "pending" for u in updates),
        "hold": sum(u.changes.get("status") == "hold" for u in updates),
        "transfers": sum("team" in u.changes and u.actor in agents for u in updates),
        "raised": sum("priority" in u.changes for u in updates),
        "links to articles": sum(u.comment.article is not None for u in public if u.comment),
        "thanks": sum(u.comment.is_thanks for u in public if u.comment),
        "quoted": sum(bool(u.comment.dressing) for u in public if u.comment),
    }
    assert {kind: n for kind, n in counts.items() if n < 3} == {}
    assert not any(u.actor in light for u in public)


def test_reopenings_of_every_kind_are_there(world: World) -> None:
    kinds = Counter(row.facet for row in truth(world, "reopen_rate"))
    assert all(kinds[kind] >= 3 for kind in ("thanks", "followup_question", "not_fixed", "agent", "automation"))
    stops = Counter(row.stop for kpi in ("first_reply_time", "next_reply_time") for row in truth(world, kpi))
    assert stops["solved_without_reply"] >= 10
    differ = [
        (a.end, b.end)
        for a, b in zip(truth(world, "first_reply_time"), truth(world, "first_reply_time", "substantive"), strict=True)
        if a.end != b.end
    ]
    assert len(differ) >= 10


def test_the_leavers_replies_vanish_for_who_goes_by_todays_role(world: World) -> None:
    assert world.leaver is not None
    left = world.leaver.roles[1][0]
    wrote = [fact for fact in world.facts if isinstance(fact, Update) and fact.actor == world.leaver.id]
    assert wrote
    assert max(fact.at for fact in wrote) < left
    by_role = {row.agent for row in truth(world, "first_reply_time", "fivetran")}
    assert str(world.leaver.id) not in by_role
    assert str(world.leaver.id) in {row.agent for row in truth(world, "first_reply_time", "zendesk")}


def test_lives_are_without_contradiction(world: World) -> None:
    left = {worker.account: worker.left_at for worker in world.desk.workers if worker.left_at is not None}
    for story in world.stories.values():
        times = [fact.at for fact in story.facts]
        assert times == sorted(times)
        assert times[0] == story.created.at
        assert all(at % 1000 == 0 for at in times)
        closed = [save.at for save in story.saves if save.changes.get("status") == "closed"]
        assert all(
            isinstance(fact, Viewed | Answered | Deleted | Redacted)
            for fact in story.facts
            if closed and fact.at > closed[0]
        )
        for save in story.saves:
            fact = save.fact
            assert not isinstance(fact, Update) or fact.at < left.get(fact.actor, fact.at + 1)
            assert "status" not in save.before or save.changes["status"] != "new"
        if story.deleted_at is not None:
            assert all(save.at <= story.deleted_at for save in story.saves)


def test_ids_go_up_with_time_and_refer_to_what_is_there(world: World) -> None:
    created = [fact for fact in world.facts if isinstance(fact, Created)]
    assert [fact.ticket for fact in created] == sorted(fact.ticket for fact in created)
    for fact in created:
        assert fact.requester in world.accounts
        assert world.accounts[fact.requester].created_at <= fact.at
        if fact.follow_up_of is not None:
            old = world.stories[fact.follow_up_of]
            assert old.state(fact.at)["status"] == "closed"
            assert old.created.requester == fact.requester


def test_subjects_and_names_that_break_reports_are_on_recent_tickets(world: World) -> None:
    recent = [story.created for story in world.stories.values() if story.created.at > world.now - 2 * WEEK]
    assert {*TRICKY} <= {created.subject for created in recent}
    assert any(len(world.accounts[created.requester].name) == 200 for created in recent)


def test_texts_are_labelled_as_they_read(world: World) -> None:
    said = [fact.comment for fact in world.facts if isinstance(fact, Update) and fact.comment]
    assert all(comment.is_question == ("?" in comment.text or "？" in comment.text) for comment in said)
    grateful = {comment.text for comment in said if comment.is_thanks}
    assert grateful <= {*world.desk.words.thanks}
    # no text lies where a different way of counting characters would turn a reply into a holding one
    assert not [comment.text for comment in said if 60 <= len(comment.text) < 100 and comment.text in _agents(world)]


def _agents(world: World) -> set[str]:
    words = world.desk.words
    solutions = [text for topic in words.topics.values() for text in topic.solutions]
    return {*words.holding, *words.asks, *words.closing, *words.on_hold, words.merged_away, *solutions}


def test_the_chinese_desk_speaks_chinese_and_works_made_up_days() -> None:
    made = generate(2, tickets=120, locale="zh")
    latin = [a.name for a in made.desk.accounts if a.name.isascii()]
    assert latin == []
    said = [fact.comment.text for fact in made.facts if isinstance(fact, Created | Update) and fact.comment]
    assert all(any("\u4e00" <= c <= "\u9fff" for c in text) for text in said)
    hours = made.hours
    # 2026-05-09 is a Saturday, worked to make up for the first of May: 3 + 4.5 hours; 2026-10-01 is a holiday
    for day, worked in (("2026-05-09", 7.5), ("2026-10-01", 0), ("2026-05-08", 7.5), ("2026-05-10", 0)):
        start = instant(day, "Asia/Shanghai")
        assert hours.between(start, start + DAY) / HOUR == worked
    config = made.for_config()
    assert (config["timezone"], config["since"]) == ("Asia/Shanghai", "2026-04-27")
    assert config["weekly"] == {"mon-fri": ["09:00-12:00", "13:30-18:00"]}
    assert "2026-05-09" in config["workdays"]


def test_the_config_has_the_settings_that_a_program_needs() -> None:
    config = generate(1, tickets=5).for_config()
    assert config["weekly"] == {"mon-fri": ["09:00-17:30"]}
    assert config["severity"] == {"urgent": "P0", "high": "P1", "normal": "P2", "low": "P3"}
    assert [bot["email"] for bot in config["bots"]] == ["bot@northwind.example"]
    assert config["exclude"] == {"tags": ["test"], "forms": [], "brands": []}
    assert {"first": "2026-12-25", "last": "2026-12-26", "name": "Christmas"} in config["holidays"]


def test_business_time_keeps_its_hours_over_the_change_of_the_clocks() -> None:
    hours = generate(1, tickets=5).hours
    start, end = instant("2026-10-23 12:00", "Europe/Berlin"), instant("2026-10-26 12:00", "Europe/Berlin")
    # Friday 12:00-17:30 and Monday 9:00-12:00: 8.5 hours, though the weekend had an hour more
    assert (end - start) / HOUR == 73
    assert hours.between(start, end) / HOUR == 8.5
    assert hours.after(start, 6 * HOUR) == instant("2026-10-26 09:30", "Europe/Berlin")


def test_a_slowdown_makes_first_replies_slower_from_then_on_and_changes_nothing_else() -> None:
    usual = generate(5, tickets=1500, stable=True)
    since = usual.desk.end - 8 * WEEK
    slow = generate(5, tickets=1500, stable=True, slowdown=(since, 1.5, None))
    before: list[float] = []
    after: list[float] = []
    for a, b in zip(_first_replies(usual), _first_replies(slow), strict=True):
        (before if a[0] < since else after).append(b[1] / a[1] if a[1] else 1.0)
    assert set(before) == {1.0}
    assert 1.3 < median(after) < 1.7
    assert [s.created.at for s in usual.stories.values()] == [s.created.at for s in slow.stories.values()]


def _first_replies(made: World) -> list[tuple[int, int]]:
    rows = truth(made, "first_reply_time", as_of=made.now + 4 * WEEK)
    return [(row.at, row.business_ms or 0) for row in rows if not made.stories[int(row.ticket)].calls]


def test_a_stable_desk_has_no_trend() -> None:
    made = generate(7, tickets=3000, weeks=40, stable=True)
    rows = truth(made, "first_reply_time")
    middle = made.desk.end - 20 * WEEK
    halves = [[row for row in rows if made.desk.start <= row.at < middle], [row for row in rows if row.at >= middle]]
    counts = [len(half) for half in halves]
    # about 1,500 in each half with a standard deviation of about 27; a trend of 20 % would be 270 more
    assert abs(counts[0] - counts[1]) < 160
    early, late = (mean(row.business_ms or 0 for row in half) for half in halves)
    assert abs(early - late) / early < 0.12
    open_at = [len(truth(made, "backlog", as_of=made.desk.start + week * WEEK)) for week in range(1, 40)]
    assert abs(mean(open_at[:19]) - mean(open_at[19:])) < 0.2 * mean(open_at)
    assert made.leaver is None
    assert made.desk.holidays == ()


def test_an_empty_desk_has_people_but_no_tickets() -> None:
    made = generate(1, empty=True)
    assert (made.facts, len(made.desk.workers)) == ([], 10)
    assert truth(made, "first_reply_time") == []
    assert truth_summary([]) == {}


def test_a_lossless_desk_loses_nothing_to_who_looks_once() -> None:
    made = generate(1, lossless=True)
    assert made.leaver is None
    assert not any(isinstance(fact, Redacted) for fact in made.facts)
    assert any(isinstance(fact, Deleted) for fact in made.facts)


def test_late_deletions_come_weeks_after_the_close() -> None:
    made = generate(1, deleted=0.1, late_deletion=1.0)
    late = [story for story in made.stories.values() if story.deleted and not story.created.spam]
    assert len(late) >= 50
    assert all(story.deleted and story.deleted.at - story.saves[-1].at >= 5 * DAY for story in late)


def test_knobs_that_do_not_exist_are_refused() -> None:
    with pytest.raises(TypeError, match="slowness"):
        generate(1, slowness=2)


def test_rates_may_be_changed() -> None:
    calls = generate(1, tickets=300, call=0.5)
    assert sum(story.created.channel == "voice" for story in calls.stories.values()) >= 150


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_most_solves_and_replies_are_at_work(locale: Any) -> None:
    made = generate(4, locale=locale)
    agents = {worker.account for worker in made.desk.workers}
    acts = [fact.at for fact in made.facts if isinstance(fact, Update) and fact.actor in agents]
    at_work = sum(made.hours.between(at - 2 * HOUR, at + 2 * HOUR) > 0 for at in acts)
    assert at_work > 0.9 * len(acts)
    assert all(story.state(made.now + WEEK * 8)["status"] is not None for story in made.stories.values())
    solved = sum(story.state(made.now + WEEK * 8)["status"] in DONE for story in made.stories.values())
    assert solved > 0.93 * len(made.stories)
    assert local_date(made.desk.end, made.desk.zone).isoformat() == "2026-11-23"
    assert min(at - acts[0] for at in acts) >= -MINUTE


def test_the_simulator_imports_nothing_of_the_program() -> None:
    folder = ROOT / "helpdesk_kpi" / "simulator"
    imported = {
        name
        for file in folder.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for name in _names(node)
    }
    foreign = {name for name in imported if name.startswith(("helpdesk_kpi", "connectors", "kpi"))}
    assert {name for name in foreign if not name.startswith("helpdesk_kpi.simulator")} == set()


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
