"""Every KPI of an invented desk: it is compared by the same rules, or it says why it is not."""

from collections.abc import Iterator

import numpy as np
import pytest
from truth_fixtures import DAY, Measured

from helpdesk_kpi.calendar.periods import Period, get_zone
from helpdesk_kpi.calendar.shifts import Shifts
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.benchmarking.comparison import compare_people
from helpdesk_kpi.measure.benchmarking.result import Comparison
from helpdesk_kpi.measure.metrics.contract import Freshness, Ratio, Stock
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.simulator.world.world import generate

KPIS = sorted(find_kpis())


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    world = generate(4, tickets=600, weeks=12)
    found = Measured(tmp_path_factory.mktemp("compared"), world, (world.now,))
    yield found
    found.store.close()


def half(measured: Measured) -> Period:
    """The second one of the world's time."""
    end = measured.world.desk.end
    return Period("quarter", end - 42 * DAY, end, "second half", "UTC")


def compared(measured: Measured, kpi: str, axis: str = "agent") -> Comparison | None:
    """None where the KPI says that it cannot be compared."""
    try:
        return compare_people(measured.reader, build_query(kpi, half(measured), measured.world.now), axis)
    except UsageError:
        return None


@pytest.mark.parametrize("kpi", KPIS)
def test_a_kpi_is_compared_by_its_own_figures_or_says_why_not(measured: Measured, kpi: str) -> None:
    found = compared(measured, kpi)
    if found is None:
        spec = find_kpis()[kpi]
        assert isinstance(spec.statistic, Stock | Freshness | Ratio) or kpi == "net_flow"
        return
    period = half(measured)
    names = measured.reader.names(build_query(kpi, period, measured.world.now), "agent")
    assert {one.name for one in found.subjects} <= set(names)
    for one in found.subjects:
        figure = measured.reader.compute(build_query(kpi, period, measured.world.now, agent=one.name))
        assert one.n == pytest.approx(figure.n)
        if one.standing.verdict == "hidden":
            assert one.n < 5
            assert (one.value, one.ratio, one.mix) == (None, None, ())
            continue
        assert one.value == figure.value
        if one.expected is None:
            continue
        assert sum(cell.n for cell in one.mix) == pytest.approx(one.n)
        if found.kind != "duration":
            assert sum(cell.observed for cell in one.mix) == pytest.approx(one.observed)
            assert sum(cell.expected for cell in one.mix) == pytest.approx(one.expected)
        if one.ratio is not None:
            assert one.look[0] is not None
            assert one.look[1] is not None
            assert (one.verdict == "within") == (one.look[0] - 1e-9 <= one.ratio <= one.look[1] + 1e-9)
        assert one.reliability is None or 0 <= one.reliability <= 1


def test_the_parts_of_all_people_are_the_whole(measured: Measured) -> None:
    people = compared(measured, "csat")
    assert people is not None
    assert sum(one.n for one in people.subjects) == pytest.approx(people.team.n)
    teams = compared(measured, "first_reply_time", "team")
    assert teams is not None
    assert sum(one.n for one in teams.subjects) == teams.team.n


def test_shifts_follow_the_wall_clock_when_clocks_change() -> None:
    # In Berlin the clock goes back on 2026-10-25. The day before, 04:30 UTC is 06:30; on the day it is 05:30, still
    # night, 05:30 UTC is 06:30, and 14:00 UTC, 15:00, is nobody's.
    shifts = Shifts({"early": "06:00-14:00", "night": "22:00-06:00"}, get_zone("Europe/Berlin"))
    day = 86_400_000
    sunday = 1_792_886_400_000  # 2026-10-25T00:00Z
    hour = 3_600_000
    instants = [sunday - day + hour * 9 // 2, sunday + hour * 9 // 2, sunday + hour * 11 // 2, sunday + 14 * hour]
    codes = shifts.codes(np.array(instants))
    assert codes.tolist() == [0, 1, 0, -1]
