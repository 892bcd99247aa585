"""Outliers by questions of data quality, and data gaps of a store."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from metric_store_fixtures import HOUR, MONDAY, Source, agent, customer, period_of, ticket
from synced_fixtures import SyncedDesk

from helpdesk_kpi.cli import main
from helpdesk_kpi.cli.app_context import iso
from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.quality.gaps import DataGap, find_data_gaps
from helpdesk_kpi.measure.quality.outlier_questions import (
    OutlierQuestion,
    find_outliers,
    list_outlier_kpis,
    share_solved_at_end,
)
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.model import Article, Event, TicketLink
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.store import Store, open_store

MINUTE = 60_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "helpdesk.db") as store:
        yield store


def change(number: str, at: int, who: str, field: str, *values: Any) -> Event:
    """`values`: before and after."""
    before, after = values
    return Event(number, f"{number}-{field}-{at}", at, 2, "change", actor=who, field=field, before=before, after=after)


def questions(store: Store, **config: Any) -> dict[str, OutlierQuestion]:
    settings = Config(timezone="Europe/Berlin", sources={"acme": {"connector": "zendesk"}}, **config)
    build_stale(store, settings, extra=[(name, "strict") for name in list_outlier_kpis()])
    return {doubt.kpi.id: doubt for doubt in find_outliers(MetricStore(store, settings), *period_of())}


def solved_by(who: str, first: int, count: int, *, reopened: int) -> list[Any]:
    """Solved tickets of one person, some of them reopened after ten minutes."""
    found: list[Any] = []
    for i in range(first, first + count):
        at, number = MONDAY + i * HOUR // 10, str(i)
        state = "open" if i - first < reopened else "solved"
        found += [ticket(number, at, status=state), change(number, at + MINUTE, who, "status", "open", "solved")]
        if state == "open":
            found.append(change(number, at + 11 * MINUTE, "c", "status", "solved", "open"))
    return found


def test_a_person_is_reported_only_where_chance_does_not_explain_it(store: Store) -> None:
    """Ann: 12 of 30 against 2 of 60 of the others; Bob's 1 of 30 is as Cara's."""
    source = Source(store)
    source.put(agent("a", "Ann"), agent("b", "Bob"), agent("d", "Cara"), customer("c", None))
    source.put(*solved_by("a", 1, 30, reopened=12), *solved_by("b", 101, 30, reopened=1))
    source.put(*solved_by("d", 201, 30, reopened=1))
    doubt = questions(store)["reopened_within_the_hour"]
    assert doubt.n == 90
    assert doubt.share == pytest.approx(14 / 90)
    [ann] = doubt.people
    assert (ann.agent, ann.share, ann.n) == ("Ann", 0.4, 30)
    assert ann.others == pytest.approx(2 / 60)
    assert len(ann.tickets) == 12


def test_nobody_is_reported_for_a_few_tickets_or_for_less_than_the_others(store: Store) -> None:
    """Nine of nine are too few to say anything."""
    source = Source(store)
    source.put(agent("a", "Ann"), agent("b", "Bob"), customer("c", None))
    source.put(*solved_by("a", 1, 9, reopened=9), *solved_by("b", 101, 30, reopened=0))
    assert questions(store)["reopened_within_the_hour"].people == []


def test_a_ticket_was_picked_over_an_older_one_of_its_severity_in_its_queue(store: Store) -> None:
    """Ann takes 4. Before it waited: 1, as urgent, in the same queue; 2 is in another one, 3 is less urgent. Then she
    takes 5, when nothing older is left but 3, which is less urgent.
    """
    source = Source(store)
    source.put(agent("a", "Ann"), customer("c", None))
    rows = [("1", "high", "t1"), ("2", "high", "t2"), ("3", "low", "t1"), ("4", "high", "t1"), ("5", "high", "t1")]
    source.put(*(ticket(n, MONDAY + int(n) * MINUTE, priority=p, team=t) for n, p, t in rows))
    taken = [("4", 60), ("1", 61), ("5", 62)]
    source.put(*(change(n, MONDAY + m * MINUTE, "a", "assignee", None, "a") for n, m in taken))
    doubt = questions(store)["taken_from_queue"]
    assert doubt.n == 3
    assert doubt.share == pytest.approx(1 / 3)


def test_a_request_that_was_split_is_one_that_repeats_within_the_hour(store: Store) -> None:
    """Ann opens 2 fifty minutes after 1, 3 two hours after; both linked to 1 as the same. 4 is about other things."""
    source = Source(store)
    source.put(agent("a", "Ann"), customer("c", None))
    opened = [("1", 0, "c"), ("2", 50, "a"), ("3", 120, "a"), ("4", 55, "a")]
    source.put(*(ticket(n, MONDAY + m * MINUTE, submitter=who) for n, m, who in opened))
    source.put(*(Event(n, "created", MONDAY + m * MINUTE, 0, "comment", actor=who) for n, m, who in opened))  # notes
    source.put(*(TicketLink(n, "1", "duplicate") for n in ("2", "3")))
    doubt = questions(store)["opened_for_customer"]
    assert doubt.n == 3
    assert doubt.share == pytest.approx(1 / 3)


def test_authors_who_cite_themselves_are_seen(store: Store) -> None:
    """Ann wrote it; she and Bob answer with it."""
    source = Source(store)
    source.put(agent("a", "Ann"), agent("b", "Bob"), customer("c", None))
    made = MONDAY - HOUR
    source.put(Article("kb", "How to", "http://x/kb", made, made, 1, author="a", digest="d", length=900))
    for number, who in (("1", "a"), ("2", "b")):
        said = Event(number, f"{number}-r", MONDAY + HOUR, 1, "comment", actor=who, public=True, articles=("kb",))
        source.put(ticket(number, MONDAY), said)
    doubt = questions(store)["own_articles_cited"]
    assert (doubt.n, doubt.share) == (2, 0.5)


def written(number: int, at: int, who: str) -> Article:
    return Article(f"kb{number}", f"How to {number}", f"http://x/kb{number}", at, at, 1, author=who, locale="en")


def test_articles_that_crowd_at_the_end_of_a_period_are_shown_with_their_titles(store: Store) -> None:
    """The last tenth of a week, 16.8 hours of 168, begins on Sunday at 7:12. All twelve of Ann's articles are of Sunday
    evening; of Bob's thirty, one every fifth hour from 0 to 145, none is. The one of before the period is not.
    """
    source = Source(store)
    source.put(agent("a", "Ann"), agent("b", "Bob"))
    source.put(*(written(i, MONDAY + (164 * 60 + i) * MINUTE, "a") for i in range(12)))
    source.put(*(written(100 + i, MONDAY + 5 * i * HOUR, "b") for i in range(30)))
    source.put(written(200, MONDAY - 24 * HOUR, "a"))
    doubt = questions(store)["written_at_the_end"]
    assert doubt.n == 42
    assert doubt.share == pytest.approx(12 / 42)
    [ann] = doubt.people
    assert (ann.agent, ann.share, ann.others, ann.tickets, len(ann.articles)) == ("Ann", 1, 0, [], 12)


def test_solves_that_crowd_into_the_last_hours_are_seen(store: Store) -> None:
    """Usually every tenth solve falls into the last four hours of a week; this time it is every second one."""
    source = Source(store)
    source.put(agent("a", "Ann"), customer("c", None))
    records: list[Any] = []
    for week in range(28):
        start = MONDAY - (27 - week) * 7 * 24 * HOUR
        late = 20 if week == 27 else 4 + week % 2
        for i in range(40):
            at = start + (165 * HOUR if i < late else (i + 1) * HOUR)
            number = f"{week}-{i}"
            records += [ticket(number, at, status="solved"), change(number, at + HOUR, "a", "status", "open", "solved")]
    source.put(*records)
    questions(store)
    reader = MetricStore(store, Config(timezone="UTC", sources={"acme": {"connector": "zendesk"}}))
    found = share_solved_at_end(reader, *period_of())
    assert found is not None
    assert (found[0], found[1]) == (20, 40)
    period, _ = period_of()
    before = period.shift_back(1)
    assert share_solved_at_end(reader, before, before.end + HOUR) is None


# --- the store


def found(store: Store) -> dict[str, DataGap]:
    return {gap.text: gap for gap in find_data_gaps(store, Config(), MONDAY + 14 * 24 * HOUR)}


def test_a_healthy_store_has_nothing_to_tell(store: Store) -> None:
    source = Source(store)
    source.put(customer("c", None), ticket("1", MONDAY, priority="high", replies_known="yes"))
    with store.transaction() as conn:
        conn.execute("UPDATE cursors SET ran_at = ?", (MONDAY + 13 * 24 * HOUR,))
    assert found(store) == {}


#: The customer's domain is that of an agent, and they rated.
OF_A_FRIEND = (
    "INSERT INTO ratings (source, native, question, ticket, offered_at, version, answered_at, rater)"
    " SELECT 1, 'r', '', t.id, 1, 1, 2, t.requester FROM tickets t"
)


#: The customer was given tickets.
AT_WORK = "INSERT INTO standings SELECT id, 1, NULL, NULL FROM people WHERE native = 'c'"


@pytest.mark.parametrize(("sql", "text", "is_bad"), [
    ("UPDATE tickets SET replies_known = 'pending'", "replies are still to be fetched", True),
    ("UPDATE tickets SET replies_known = 'unreadable'", "rights do not show", True),
    ("UPDATE tickets SET changes_known = 'pending'", "changes are still to be fetched", True),
    ("UPDATE tickets SET priority = NULL", "without a priority", False),
    ("UPDATE sources SET since = created_at + 1 FROM tickets", "before the history", False),
    (AT_WORK, "whose role is not known", False),
    ("INSERT INTO rejected_rows VALUES (1, 'tickets', '7', 'no id')", "were set aside", True),
    ("UPDATE cursors SET state = 'failed', reason = '500'", "the last sync failed: 500", True),
    ("UPDATE cursors SET state = 'unavailable', reason = 'plan'", "not given to this account: plan", False),
    ("UPDATE cursors SET complete_until = 1", "not read for more than two days", True),
    (OF_A_FRIEND, "address of the team's own domain", False),
])  # fmt: skip
def test_every_gap_is_found(store: Store, sql: str, text: str, *, is_bad: bool) -> None:
    source = Source(store)
    source.put(customer("c", "c@acme.com"), ticket("1", MONDAY, priority="high", replies_known="yes"))
    source.put(agent("a", "Ann", email="ann@ACME.com"))
    with store.transaction() as conn:
        conn.execute("UPDATE cursors SET ran_at = ?", (MONDAY + 13 * 24 * HOUR,))
        conn.execute(sql)
    [gap] = [gap for gap_text, gap in found(store).items() if text in gap_text]
    assert (gap.source, gap.how_many, gap.is_bad) == ("acme", 1, is_bad)


# --- the command


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> SyncedDesk:
    made = SyncedDesk(tmp_path_factory.mktemp("doctor"), generate(4, tickets=200, weeks=14))
    made.sync()
    return made


@pytest.fixture
def today(desk: SyncedDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line is used at the end of the desk's last week."""
    monkeypatch.setenv("HELPDESK_KPI_NOW", iso(desk.world.now))


def run(desk: SyncedDesk, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    main(["--config", str(desk.path), "doctor", *arguments])
    return capsys.readouterr().out


@pytest.mark.usefixtures("today")
def test_the_command_tells_gaps_and_questions(desk: SyncedDesk, capsys: pytest.CaptureFixture[str]) -> None:
    output = json.loads(run(desk, capsys, "--period", "2026-Q4", "--json"))
    assert {one["id"] for one in output["questions"]} == set(list_outlier_kpis())
    assert all(one["means"] for one in output["questions"])
    assert any("without a priority" in gap["text"] for gap in output["gaps"])
    text = run(desk, capsys, "--period", "2026-Q4")
    assert "Questions to look at, 2026-Q4 (starting points, not judgements)" in text
    assert "Was it solved without a word?" in text


@pytest.mark.usefixtures("today")
def test_the_command_names_urgent_tickets_that_were_overtaken(
    desk: SyncedDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(run(desk, capsys, "--json"))["overtaken"]
    assert found
    assert {one["severity"] for one in found} <= {"P0", "P1"}
    assert found == sorted(found, key=lambda one: -len(one["before"]))
    text = run(desk, capsys)
    assert f"{len(found)} P0 or P1 waited for a first reply" in text
    assert f"{found[0]['severity']} {found[0]['url']}: {len(found[0]['before'])}\n" in text


@pytest.mark.usefixtures("today")
def test_without_persons_the_questions_name_nobody(desk: SyncedDesk, capsys: pytest.CaptureFixture[str]) -> None:
    closed = desk.path.with_name("closed.toml")
    closed.write_text('privacy = "team_only"\n' + desk.path.read_text(encoding="utf-8"), encoding="utf-8")
    main(["--config", str(closed), "doctor", "--period", "2026-Q4", "--json"])
    output = json.loads(capsys.readouterr().out)
    assert all(one["people"] == [] for one in output["questions"])
    assert not any(account.name in json.dumps(output) for account in desk.world.desk.accounts)
