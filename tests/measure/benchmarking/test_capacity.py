"""Work per available hour, adjusted for leave, part-time, joining and leaving. Values by hand."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from metric_store_fixtures import BERLIN, HOUR, Source, agent
from weights_fixtures import DAY, LEVELS, solved

from helpdesk_kpi.calendar.periods import Period, parse_period
from helpdesk_kpi.cli.checks.config_people import validate_people
from helpdesk_kpi.config import Away, Config, Hours, LoadedConfig, PersonConfig, load
from helpdesk_kpi.errors import ConfigError
from helpdesk_kpi.measure.benchmarking.capacity import is_at_work, workload_per_hour
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.store import Store, open_store

NINE_TO_FIVE = Hours(weekly={"mon-fri": ("09:00-17:00",)})
MORNINGS = Hours(weekly={"mon-fri": ("09:00-13:00",)})
ACCOUNTS = ["acme:a"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "h.db") as opened:
        Source(opened).put(agent("a", "Ann"), agent("b", "Bob"), agent("e", "Eve"))
        yield opened


def reader(store: Store, *, hours: dict[str, Hours] | None = None, **people: PersonConfig) -> MetricStore:
    given = {"default": NINE_TO_FIVE, "mornings": MORNINGS} if hours is None else hours
    sources: dict[str, Any] = {"acme": {"connector": "zendesk", "severity": LEVELS}}
    settings = Config(timezone="Europe/Berlin", sources=sources, hours=given, people=people)
    build_stale(store, settings)
    return MetricStore(store, settings)


def november() -> Period:
    """Of 2026: from a Sunday to a Monday, 21 working days."""
    return parse_period("2026-11", "Europe/Berlin", 0)


def there(store: Store, person: PersonConfig | None = None, **more: Any) -> tuple[float | None, int]:
    people: dict[str, Any] = {} if person is None else {"ann": person}
    of = reader(store, **people, **more)
    [ann] = [human for human in of.people.all if human.accounts[0].native == "a"]
    month = november()
    return is_at_work(ann, of.clocks, month.start, month.end)


def test_a_month_of_full_days(store: Store) -> None:
    assert there(store) == (21 * 8, 21)


def test_part_time_is_a_calendar_of_ones_own(store: Store) -> None:
    assert there(store, PersonConfig(accounts=ACCOUNTS, hours="mornings")) == (21 * 4, 21)


def test_leave_is_not_at_work_from_its_first_day_to_its_last(store: Store) -> None:
    # Thursday 5 to Monday 9: three working days; the 30th: one.
    away = (Away(first=dt.date(2026, 11, 5), last=dt.date(2026, 11, 9)),
            Away(first=dt.date(2026, 11, 30), last=dt.date(2026, 12, 4)))  # fmt: skip
    assert there(store, PersonConfig(accounts=ACCOUNTS, away=away)) == (17 * 8, 17)


def test_who_joins_or_leaves_in_the_month_was_there_for_a_part_of_it(store: Store) -> None:
    # From Monday 16 to Friday 20.
    ann = PersonConfig(accounts=ACCOUNTS, joined=dt.date(2026, 11, 16), left=dt.date(2026, 11, 20))
    assert there(store, ann) == (5 * 8, 5)


def test_holidays_are_nobodys_working_days(store: Store) -> None:
    closed = Hours(weekly={"mon-fri": ("09:00-17:00",)}, closed=(dt.date(2026, 11, 18),))
    assert there(store, hours={"default": closed}) == (20 * 8, 20)


def test_where_nothing_tells_when_somebody_works_there_are_no_hours(store: Store) -> None:
    assert there(store, hours={}) == (None, 0)


def test_the_hours_of_a_persons_team_are_theirs(store: Store) -> None:
    hours = {"default": NINE_TO_FIVE, "early": Hours(weekly={"mon-fri": ("06:00-12:00",)}, teams=("Early",))}
    assert there(store, PersonConfig(accounts=ACCOUNTS, team="Early"), hours=hours) == (21 * 6, 21)


def test_half_the_tickets_in_half_the_time_are_as_many(store: Store) -> None:
    source = Source(store)
    month = november()
    for number, who in enumerate("aaaa" + "bb" + "e" * 8):
        solved(source, number, month.start + 2 * DAY + number * HOUR, who)
    people: dict[str, Any] = {"bob": PersonConfig(name="Bob", accounts=["acme:b"], hours="mornings")}
    found, middle = workload_per_hour(reader(store, **people), month, month.end + HOUR)
    # Ann 4 in 168 h, Bob 2 in 84 h, Eve 8 in 168 h: the middle is 1/42.
    assert middle == pytest.approx(1 / 42)
    assert [(one.name, one.points, one.hours, one.band) for one in found] == [
        ("Ann", 4, 168, "within"),
        ("Bob", 2, 84, "within"),
        ("Eve", 8, 168, "above"),
    ]


def test_a_person_with_less_than_twenty_days_gets_no_verdict(store: Store) -> None:
    source = Source(store)
    month = november()
    for number, who in enumerate("ab"):
        solved(source, number, month.start + 2 * DAY, who)
    away = (Away(first=dt.date(2026, 11, 5), last=dt.date(2026, 11, 6)),)
    found, middle = workload_per_hour(
        reader(store, bob=PersonConfig(name="Bob", accounts=["acme:b"], away=away)), month, month.end
    )
    assert middle == pytest.approx(1 / 168)
    assert [(one.name, one.days, one.band) for one in found] == [("Ann", 21, "within"), ("Bob", 19, "too few days")]


def loaded(folder: Path, text: str) -> LoadedConfig:
    path = folder / "helpdesk-kpi.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_leave_is_written_from_and_to(tmp_path: Path) -> None:
    said = '[people.ann]\naccounts = ["acme:a"]\naway = [{ from = 2026-08-03, to = 2026-08-14 }]\n'
    [away] = loaded(tmp_path, said).config.people["ann"].away
    assert (away.first, away.last) == (dt.date(2026, 8, 3), dt.date(2026, 8, 14))
    with pytest.raises(ConfigError, match=r"people\.ann\.away\.1\.first.*allowed are from, to"):
        loaded(tmp_path, said.replace("from", "first"))
    with pytest.raises(ConfigError, match=r"people\.ann\.away\.1\.to: 2026-08-01 is before from = 2026-08-03"):
        validate_people(loaded(tmp_path, said.replace("08-14", "08-01")))


def test_points_below_nothing_and_words_that_are_no_time_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"weights\.severity\.P0: -1 is not allowed: 0 or more"):
        loaded(tmp_path, "[weights]\nseverity = { P0 = -1 }\n")
    with pytest.raises(ConfigError, match=r"tickets\.escalate_within.*soon"):
        loaded(tmp_path, '[tickets]\nescalate_within = "soon"\n')


def test_the_months_midnight_is_berlins() -> None:
    assert november().start == int(dt.datetime(2026, 11, 1, tzinfo=BERLIN).timestamp() * 1000)
