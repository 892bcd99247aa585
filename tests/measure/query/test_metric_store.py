"""Reading figures: whose clock, whose account, which source; on a few records each, with values worked out by hand."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from metric_store_fixtures import HOUR, MONDAY, WEEK, Source, agent, period_of, reader, reply, ticket, value

from helpdesk_kpi.config import Config, PersonConfig
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.model import Event, Holiday, Person, Rating, Schedule, Team
from helpdesk_kpi.report.report_data import complete_until
from helpdesk_kpi.store import Store, open_store

NINE_TO_FIVE = tuple((day * 1440 + 540, day * 1440 + 1020) for day in range(1, 6))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


def test_the_helpdesks_own_hours_and_holidays_are_the_clock(store: Store) -> None:
    source = Source(store)
    source.put(
        Schedule("s", "Office", "Europe/Berlin", NINE_TO_FIVE), Holiday("s", "h", "Off", "2026-11-17", "2026-11-17"),
        agent("a", "Ann"), ticket("1", MONDAY + 16 * HOUR), reply("1", MONDAY + 58 * HOUR, "a"),
    )  # fmt: skip
    # Monday 16:00 to 17:00, Tuesday is off, Wednesday 9:00 to 10:00
    assert value(reader(store), "first_reply_time").value == 2 * HOUR


def test_hours_that_changed_count_in_their_own_time(store: Store) -> None:
    source = Source(store)
    always = ((0, 7 * 1440),)
    source.put(Schedule("s", "Office", "Europe/Berlin", NINE_TO_FIVE), now=MONDAY - WEEK)
    source.put(Schedule("s", "Office", "Europe/Berlin", always), now=MONDAY + 2 * WEEK)
    source.put(agent("a", "Ann"), ticket("1", MONDAY + 9 * HOUR), reply("1", MONDAY + 34 * HOUR, "a"))
    # Monday 9:00 to 17:00 and Tuesday 9:00 to 10:00, whatever the hours are two weeks later
    assert value(reader(store), "first_reply_time").value == 9 * HOUR


def test_a_holiday_that_was_taken_out_is_none_from_then_on(store: Store) -> None:
    source = Source(store)
    days = [
        Holiday("s", "old", "Past", "2026-11-10", "2026-11-10"),
        Holiday("s", "new", "Coming", "2026-11-17", "2026-11-17"),
    ]
    source.put(Schedule("s", "Office", "Europe/Berlin", NINE_TO_FIVE), *days, now=MONDAY - 2 * WEEK)
    source.put(present={"schedule": ["s"], "holiday": []}, now=MONDAY)
    off = reader(store).clocks.schedules["acme"].is_workday
    assert [off(dt.date(2026, 11, 10)), off(dt.date(2026, 11, 17))] == [False, True]


def test_two_surveys_of_one_ticket_are_two_answers(store: Store) -> None:
    source = Source(store)
    source.put(agent("a", "Ann"), ticket("1", MONDAY), reply("1", MONDAY + HOUR, "a"))
    for survey, offered, score, by_name in (("r1", MONDAY, "bad", None), ("r2", MONDAY + WEEK, "good", "a")):
        source.put(
            Rating(survey, "1", offered, 1, category=score, answered_at=offered + 2 * HOUR, agent=by_name)  # type: ignore[arg-type]
        )
    of = reader(store)
    assert [(value(of, "csat", w).n, value(of, "csat", w).value) for w in ("2026-W47", "2026-W48")] == [(1, 0), (1, 1)]
    assert [value(of, "csat_response_rate", w).value for w in ("2026-W47", "2026-W48")] == [1, 1]


def test_an_agent_who_is_introduced_late_gets_the_replies_written_before(store: Store) -> None:
    source = Source(store)
    source.put(ticket("1", MONDAY), reply("1", MONDAY + HOUR, "a"))
    assert value(reader(store), "first_reply_time").running == 1
    source.put(agent("a", "Ann"))
    of = reader(store)
    assert value(of, "first_reply_time").ended == 1
    assert of.names(build_query("first_reply_time", *period_of()), "agent") == ["Ann"]


def test_a_customer_who_is_hired_was_a_customer_before(store: Store) -> None:
    source = Source(store)
    source.put(
        agent("a", "Ann"), Person("c", "customer", "end-user", 1), ticket("1", MONDAY), reply("1", MONDAY + HOUR, "a")
    )
    source.put(Person("c", "agent", "agent", MONDAY + 2 * WEEK, name="Carl"))
    found = value(reader(store), "first_reply_time")
    assert (found.n, dict(found.excluded)) == (1, {})


def test_roles_may_be_reported_in_any_order(store: Store) -> None:
    Source(store).put(agent("a", "Ann", 10), Person("a", "customer", "end-user", 5))
    assert store.rows("SELECT at, kind FROM person_roles ORDER BY at") == [(5, "customer"), (10, "agent")]


def test_two_people_of_one_name_are_two_and_one_address_is_one(store: Store) -> None:
    first, second = Source(store), Source(store, "beta")
    first.put(
        agent("a", "Anna Schmidt", email="a@x.org", email_verified=True),
        agent("b", "Anna Schmidt", email="b@x.org", email_verified=True),
    )
    second.put(
        agent("z", "A. Schmidt", email="A@x.org", email_verified=True), agent("y", "Anna Schmidt", email="y@x.org")
    )
    assert sorted(reader(store).agent_by_account.values()) == [
        "Anna Schmidt (1)",
        "Anna Schmidt (1)",
        "Anna Schmidt (2)",
        "Anna Schmidt (3)",
    ]


def test_the_configuration_says_who_is_one(store: Store) -> None:
    Source(store).put(agent("a", "Support Hero 3"), agent("b", "Marta", email="m@x.org"))
    people = {"marta": PersonConfig(name="Marta Kowalska", accounts=["acme:a", "m@x.org"])}
    assert set(reader(store, people=people).agent_by_account.values()) == {"Marta Kowalska"}


def test_a_retired_source_holds_no_report_up(store: Store) -> None:
    old, _ = Source(store, "old"), Source(store)
    with store.transaction() as conn:
        conn.execute("UPDATE cursors SET complete_until = 1000 WHERE source = ?", (old.key,))
    assert complete_until(store, reader(store).config) == {"acme": MONDAY + 2 * WEEK}


def test_before_the_first_event_nothing_is_never_replied(store: Store) -> None:
    source = Source(store)
    source.put(ticket("1", MONDAY))
    with store.transaction() as conn:
        conn.execute("UPDATE cursors SET gives = '[\"tickets\"]'")
    of = reader(store)
    assert dict(value(of, "first_reply_time").excluded) == {"replies_unreadable": 1}
    assert complete_until(store, of.config) == {"acme": None}


def test_a_source_that_came_later_begins_the_history_of_all(store: Store) -> None:
    first, second = Source(store), Source(store, "beta")
    first.put(ticket("1", MONDAY - 30 * WEEK))
    second.put(ticket("1", MONDAY - 2 * WEEK))
    assert value(reader(store), "first_reply_time").history[0].period == "2026-W45"


def test_a_call_that_was_answered_before_the_ticket_was_made_is_no_negative_time(store: Store) -> None:
    source = Source(store)
    call = Event("1", "call", MONDAY - 5000, 0, "call", actor="a", public=True)
    opening = Event("1", "c0", MONDAY, 0, "comment", actor="a", public=True)
    source.put(agent("a", "Ann"), ticket("1", MONDAY, channel="voice", submitter="a"), call, opening)
    assert value(reader(store), "first_reply_time").value == 0


def test_a_bot_is_found_by_its_name_whatever_its_letters(store: Store) -> None:
    from helpdesk_kpi.config import Tickets

    source = Source(store)
    source.put(agent("a", "Ann"), agent("b", "ÖKO-Bot"), ticket("1", MONDAY), reply("1", MONDAY + 1000, "b"))
    assert value(reader(store, tickets=Tickets(bots=["öko-bot"])), "first_reply_time").running == 1


def test_a_done_ticket_without_any_history_is_not_open_for_ever(store: Store) -> None:
    source = Source(store)
    source.put(Team("t", "T"), ticket("1", MONDAY, status="closed"))
    assert dict(value(reader(store), "full_resolution_time").excluded) == {"history_unknown": 1}


def test_the_category_may_lie_in_another_field_on_each_helpdesk(store: Store) -> None:
    first, second = Source(store, "acme"), Source(store, "other")
    first.put(ticket("1", MONDAY + HOUR, fields={"360001": "billing"}, type="incident"))
    second.put(ticket("2", MONDAY + HOUR, fields={"cf_topic": "login"}, type="incident"))
    config = Config(sources={"acme": {"category": "360001"}, "other": {"category": "cf_topic"}})
    build_stale(store, config)
    reader = MetricStore(store, config)
    stories = dict(store.rows("SELECT native, id FROM tickets"))
    assert [reader.dimension_label("category", stories[n]) for n in "12"] == ["billing", "login"]
    plain = MetricStore(store, Config(sources={"acme": {"category": "360001"}, "other": {}}))
    assert [plain.dimension_label("category", stories[n]) for n in "12"] == ["billing", "incident"]
