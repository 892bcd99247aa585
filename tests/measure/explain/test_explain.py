"""Any number opens down to its tickets, and is made of them: worked out again from what `explain` lists."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

import pytest
from synced_fixtures import SyncedDesk

from helpdesk_kpi.calendar.periods import Period, parse_period
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.explain.explain import explain_metric, format_explanation
from helpdesk_kpi.measure.metrics.contract import Duration, Mix, Ratio, Share, Stock, Total
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.store import Store

REQUESTED = 100
PERIODS = ("2026-W47", "2026-W46", "2026-W45", "2026-10", "2026-11", "2026-Q3", "2026-Q4", "2026-H2", "2026")
OF_TICKETS = {name: kpi for name, kpi in find_kpis().items() if kpi.subject != "entry"}


class Opened:
    def __init__(self, desk: SyncedDesk, store: Store) -> None:
        self.desk, self.store = desk, store
        self.config = desk.loaded.config
        self.reader = MetricStore(store, self.config)
        self.now = desk.world.now

    def of(self, kpi: str, period: Period, **where: str | None) -> dict[str, Any]:
        return explain_metric(
            self.store, self.config, build_query(kpi, period, min(self.now, period.end + 1), "strict", **where)
        )


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    world = generate(8, tickets=400, weeks=20)
    desk = SyncedDesk(tmp_path_factory.mktemp("explain"), world)
    end = world.now
    for world.now in (end - 14 * 86_400_000, end):
        desk.sync()
    with desk.store() as store:
        build_stale(store, desk.loaded.config)
        yield Opened(desk, store)


def again(kpi: str, rows: Sequence[Mapping[str, Any]], sides: Sequence[Mapping[str, Any]]) -> float | None:
    """The figure, from the listed rows alone."""
    reported = find_kpis()[kpi].statistic
    if isinstance(reported, Ratio):
        above, below = (again(s["kpi"], [r for r in rows if r["kpi"] == s["kpi"]], ()) for s in sides)
        return None if above is None or not below else above / below
    if isinstance(reported, Duration):
        return _kaplan_meier([(r["value"] * 1000, r["censored"] == "false") for r in rows if r["value"] is not None])
    if isinstance(reported, Stock) and reported.of == "age":
        ages = sorted(r["value"] * 1000 for r in rows if r["value"] is not None)
        return ages[(len(ages) - 1) // 2] if ages else None
    counts, adds = (sum(r[name] for r in rows) for name in ("counts", "adds"))
    if isinstance(reported, Total | Mix | Stock):
        return float(adds)
    return adds / counts if counts else None


def _kaplan_meier(spans: Sequence[tuple[float, bool]]) -> float | None:
    """The smallest time at which no more than half are left (Kaplan and Meier 1958): events before censored ones."""
    alive, survival = len(spans), 1.0
    for took, is_over in sorted(spans, key=lambda span: (span[0], not span[1])):
        survival *= 1 - is_over / alive
        alive -= 1
        if survival <= 0.5 + 1e-12:
            return took
    return None


def test_a_hundred_numbers_are_made_of_what_is_shown(opened: Opened) -> None:
    """Random (agent, KPI, period): recomputed from the rows, each is the same to 1e-9."""
    random, checked, kinds = Random(5), 0, set()
    agents = [*opened.reader.agent_names, None, None]
    while checked < REQUESTED:
        kpi, agent, label = random.choice(sorted(OF_TICKETS)), random.choice(agents), random.choice(PERIODS)
        period = parse_period(label, opened.config.timezone, opened.now)
        found = opened.of(kpi, period, **({} if agent is None else {"agent": agent}))
        value, rows = found["value"]["value"], found["observations"]
        if find_kpis()[kpi].statistic == Share("low"):  # a lower bound has no parts; the share that it is of has
            value = found["value"]["mean"]
        if not rows:
            continue
        assert again(kpi, rows, found["sides"]) == (None if value is None else pytest.approx(value, abs=1e-9, rel=1e-9))
        checked += 1
        kinds.add(kpi)
    assert len(kinds) > 15


@pytest.mark.parametrize("kpi", sorted(OF_TICKETS))
def test_every_kpi_opens(opened: Opened, kpi: str) -> None:
    """Over all that there is, and with a formula that says how."""
    found = opened.of(kpi, parse_period("2026", opened.config.timezone, opened.now))
    assert found["formula"]
    assert kpi in format_explanation(found)
    assert all(row["kpi"] in {kpi, *(side["kpi"] for side in found["sides"])} for row in found["observations"])


def test_what_is_left_out_adds_nothing(opened: Opened) -> None:
    rows = opened.of("solved_tickets", parse_period("2026", opened.config.timezone, opened.now))["observations"]
    left_out = [row for row in rows if row["reason"] in {"spam", "merged", "deleted", "internal", "outbound", "test"}]
    assert left_out
    assert {(row["counts"], row["adds"]) for row in left_out} == {(0, 0)}
