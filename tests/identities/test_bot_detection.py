"""Accounts of agents that answer as robots do: told to a person, who decides."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from metric_store_fixtures import HOUR, MONDAY, Source, agent, customer, ticket
from synced_fixtures import Cli, SyncedDesk

from helpdesk_kpi.config import Config, Tickets
from helpdesk_kpi.identities.bot_detection import find_suspected_bots
from helpdesk_kpi.measure.quality.gaps import find_data_gaps
from helpdesk_kpi.model import Event
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.store import Store, open_store

SECOND = 1000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "helpdesk.db") as opened:
        Source(opened).put(agent("a", "Ann"), customer("c", None))
        yield opened


def said(number: str, after: int, who: str, **more: Any) -> Event:
    at = MONDAY + int(number) * HOUR + after
    return Event(number, f"{number}-{after}", at, 1, "comment", actor=who, public=True, **more)


def answered(store: Store, *seconds: int, by: str = "a", first: int = 0, channel: str = "email", **more: Any) -> None:
    """A ticket for each, which the customer opened so many seconds before the answer."""
    for i, after in enumerate(seconds, first):
        number = str(i)
        made = ticket(number, MONDAY + i * HOUR, channel=channel)
        Source(store).put(made, said(number, 0, "c"), said(number, after * SECOND, by, **more))


def found(store: Store, **tickets: Any) -> list[tuple[Any, ...]]:
    return [tuple(one) for one in find_suspected_bots(store, Config(tickets=Tickets(**tickets)))]


def test_who_answers_within_a_minute_nine_times_of_ten_is_perhaps_a_robot(store: Store) -> None:
    """27 of 30 after 20 seconds, three after two minutes."""
    answered(store, *[20] * 27, *[120] * 3)
    assert found(store) == [("acme", "a", "Ann", 30, 0.9)]


def test_a_quick_person_is_none(store: Store) -> None:
    """26 of 30 are fewer than nine of ten."""
    answered(store, *[20] * 26, *[120] * 4)
    assert found(store) == []


def test_a_few_answers_say_nothing(store: Store) -> None:
    answered(store, *[20] * 29)
    assert found(store) == []


def test_what_counts_is_the_time_since_the_customers_latest_word(store: Store) -> None:
    """An hour after the creation, and 30 seconds after what the customer wrote then."""
    answered(store, *[3600] * 30)
    assert found(store) == []
    Source(store).put(*(said(str(i), 3570 * SECOND, "c") for i in range(30)))
    assert found(store) == [("acme", "a", "Ann", 30, 1.0)]


def test_chats_are_quick_and_rules_and_the_api_are_known_to_be_nobody(store: Store) -> None:
    answered(store, *[20] * 30, channel="chat")
    answered(store, *[20] * 30, first=100, rule="Auto-reply")
    answered(store, *[20] * 30, first=200, via="api")
    assert found(store) == []


def test_whom_the_configuration_calls_a_robot_is_reported_no_more(store: Store) -> None:
    answered(store, *[20] * 30)
    assert found(store, bots=["acme:a"]) == []


def test_they_are_counted_among_what_the_data_lack(store: Store) -> None:
    answered(store, *[20] * 30)
    [gap] = [gap for gap in find_data_gaps(store, Config(), MONDAY) if gap.code == "perhaps_robots"]
    assert (gap.source, gap.how_many, gap.is_bad) == ("acme", 1, False)


WORLD = generate(5, tickets=1200, weeks=12)
(BOT,) = WORLD.for_config()["bots"]


@pytest.fixture
def desk(tmp_path: Path) -> SyncedDesk:
    """Whose configuration names no robot."""
    made = SyncedDesk(tmp_path, WORLD, edit=lambda text: text.replace(f'bots = ["{BOT["id"]}"]', "bots = []"))
    made.sync()
    return made


def test_check_names_the_robot_of_a_desk_that_nobody_configured(desk: SyncedDesk, cli: Cli) -> None:
    """The world has one, with an agent's role; nobody else of its team is suspected."""
    with desk.served():
        reported = " ".join(cli("check", "--config", desk.path).out.split())
    assert reported.count("tickets.bots") == 1
    assert f'bots = ["demo:{BOT["id"]}"]' in reported
