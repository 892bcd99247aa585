"""Every KPI, measured through HTTP, store and fold, equals what the world recorded."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from oracle.truth import truth, truth_summary
from truth_fixtures import DAY, TRUE, Measured, calm, true_rows

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.measure.metrics.contract import Total
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.simulator.world.world import generate

#: What Zendesk does not tell at all; tests/across/test_truth_across.py has those who do.
UNSUPPORTED = {("article_views", "strict")}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "measured" in metafunc.fixturenames:
        seeds = [1, 2, 3] if metafunc.config.getoption("--size") == "full" else [1]
        metafunc.parametrize("measured", seeds, indirect=True, scope="module")


@pytest.fixture(scope="module")
def measured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, full_size: bool
) -> Iterator[Measured]:
    world = calm(generate(request.param, tickets=3000 if full_size else 700, weeks=12))
    # What is scrubbed loses its history, and who leaves their role: somebody who syncs only once cannot know them.
    syncs = (world.now - 35 * DAY, world.now - 15 * DAY, world.now)
    measured = Measured(tmp_path_factory.mktemp("truth"), world, syncs)
    yield measured
    measured.store.close()


@pytest.mark.parametrize("days", [0, 9, 31], ids=lambda d: f"{d}_days_before_the_end")
@pytest.mark.parametrize(("kpi", "variant"), [one for one in TRUE if one not in UNSUPPORTED])
def test_what_is_measured_is_what_happened(measured: Measured, kpi: str, variant: str, days: int) -> None:
    as_of = measured.world.now - 120_000 - days * DAY  # the last minute is not given away yet
    found, true = measured.rows(kpi, variant, as_of), true_rows(measured.world, kpi, variant, as_of)
    # Votes are known to be new from the second sync on, which is later than the earliest of these instants.
    assert sum(true.values()) > 5 or (kpi, days) == ("article_quality", 31)
    assert found - true == Counter()
    assert true - found == Counter()


AXES = ("severity", "team", "agent")


SLICED = (
    "first_reply_time", "full_resolution_time", "solved_tickets", "reopen_rate", "csat", "weighted_volume", "transfers",
    "replies_per_ticket", "escalations",
)  # fmt: skip


@pytest.mark.parametrize("kpi", SLICED)
@pytest.mark.parametrize("axis", AXES)
def test_figures_by_severity_team_and_agent_are_the_worlds(measured: Measured, kpi: str, axis: Any) -> None:
    """n, and mean or share, of every slice over the world's whole time."""
    as_of = measured.world.now - 120_000
    desk = measured.world.desk
    whole = Period("year", desk.start - DAY, desk.end + DAY, "2026", "UTC")
    true = [r for r in truth(measured.world, kpi, "strict", as_of) if kpi != "csat" or r.facet == "overall"]
    names = measured.names(axis)
    spec = find_kpis()[kpi]
    checked = 0
    for key, summary in truth_summary(true, axis).items():
        name = names.get(key) if axis != "severity" else key
        value = measured.reader.compute(build_query(spec.id, whole, as_of, "strict", **{axis: name}))
        if spec.unit == "ms":
            running = 0 if axis == "agent" else summary.running  # a running span is nobody's yet
            assert (value.n, value.running) == (summary.rows, running) or axis == "agent"
            assert value.mean == pytest.approx(summary.mean_business_ms)
        else:
            assert value.n == pytest.approx(summary.credit)
            assert (value.value or 0) * (1 if isinstance(spec.statistic, Total) else value.n) == pytest.approx(
                summary.total
            )
        checked += 1
    assert checked >= 3


@pytest.mark.parametrize("variant", ["strict", "valid"])
def test_the_parts_of_each_ticket_sum_to_one(measured: Measured, variant: str) -> None:
    rows = measured.rows("weighted_volume", variant, measured.world.now - 120_000)
    parts: Counter[str] = Counter()
    for (ticket, *_, share, _value, _took, _article), count in rows.items():
        parts[ticket] += share * count
    assert len(parts) > 100
    assert all(whole == pytest.approx(1) for whole in parts.values())
