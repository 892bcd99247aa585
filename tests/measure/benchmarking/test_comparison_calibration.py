"""Whole comparisons of people who are equal, or are not: how often each is called different."""

import numpy as np
import pytest
from numpy.typing import NDArray

from helpdesk_kpi.measure.benchmarking.censored_imputation import log_durations
from helpdesk_kpi.measure.benchmarking.observed_expected import control_limits
from helpdesk_kpi.measure.benchmarking.peer_group import PeerGroup
from helpdesk_kpi.measure.benchmarking.population_effects import Population
from helpdesk_kpi.measure.benchmarking.strata import Strata
from helpdesk_kpi.measure.benchmarking.units import UnitKind, UnitRows
from helpdesk_kpi.measure.metrics.columns import Columns
from helpdesk_kpi.measure.statistics import funnel
from helpdesk_kpi.measure.statistics.indirect_standardisation import Units

DAY = 86_400_000
YEAR, QUARTER = 365 * DAY, 91 * DAY
CELLS = 8  # of four severities, two each
PARENT = np.arange(CELLS) // 2
RATES = np.array([0.35, 0.25, 0.2, 0.15, 0.12, 0.08, 0.05, 0.02])
PEOPLE = 12


class Work:
    """Of twelve people, each with a mix of work of their own: a year, and the quarter after it."""

    def __init__(self, rng: np.random.Generator, units: int) -> None:
        self.subject = rng.integers(0, PEOPLE, units)
        mixes = rng.dirichlet(np.full(CELLS, 0.5), PEOPLE)
        chosen = rng.random(units)[:, None] < np.cumsum(mixes, axis=1)[self.subject]
        self.cell = np.where(chosen.any(axis=1), chosen.argmax(axis=1), CELLS - 1)
        self.at = np.sort(rng.integers(-YEAR, QUARTER, units))

    def peers(self, kind: UnitKind, values: NDArray[np.float64]) -> PeerGroup:
        units = Units(self.subject, self.cell, values, np.ones(len(values)))
        return PeerGroup(kind, units, self.at, PARENT, -YEAR, 0, QUARTER)


def verdicts(bench: PeerGroup) -> list[funnel.Verdict]:
    found = Population(bench, range(PEOPLE))
    for subject, (expected, compared) in found.compared.items():
        low, high = control_limits(bench.kind, expected, compared, funnel.REVIEW, found.dispersion)
        assert low is not None
        assert high is not None
        assert compared.ratio is not None
        is_signal = not low - 1e-9 <= compared.ratio <= high + 1e-9
        assert is_signal == (funnel.verdict(found.deviation(subject)) == "signal")  # the drawn funnel says the same
    return [funnel.verdict(found.deviation(subject)) for subject in found.compared]


def no_rows(n: int) -> Columns:
    none = {name: np.zeros(n, np.int64) for name in Columns.__struct_fields__[:-1]}
    return Columns(**none, words=(None,))  # type: ignore[arg-type]


@pytest.mark.parametrize("units", [1500, 8000])
def test_equals_with_unequal_work_are_within_expected_variation(units: int) -> None:
    rng = np.random.default_rng(1)
    found: list[funnel.Verdict] = []
    for _ in range(60):
        work = Work(rng, units)
        found += verdicts(work.peers("share", (rng.random(units) < RATES[work.cell]).astype(np.float64)))
    assert found.count("signal") / len(found) < 0.005
    assert found.count("look") / len(found) < 0.06


def test_equals_are_within_expected_variation_by_their_durations_of_which_some_still_run() -> None:
    rng = np.random.default_rng(2)
    found: list[funnel.Verdict] = []
    for _ in range(40):
        work = Work(rng, 3000)
        took = np.exp(rng.normal(np.log(3.6e6) + 8 * (0.4 - RATES[work.cell]), 1.2))
        age = QUARTER - work.at + 1.0
        running = took > age / 60  # about a tenth, also of those from long ago
        values = np.where(running, age / 60, took)
        counted = UnitRows(no_rows(3000), values, np.ones(3000), running)
        strata = Strata(work.cell, [(None,) * 4] * CELLS, PARENT)
        assert 0.05 < running.mean() < 0.15
        found += verdicts(work.peers("duration", log_durations(counted, strata)))
    assert found.count("signal") / len(found) < 0.005
    assert found.count("look") / len(found) < 0.06


def test_one_who_is_truly_worse_is_found_and_the_others_are_not() -> None:
    rng = np.random.default_rng(3)
    worse: list[funnel.Verdict] = []
    others: list[funnel.Verdict] = []
    for _ in range(40):
        work = Work(rng, 8000)
        chance = RATES[work.cell] * np.where(work.subject == 0, 2.2, 1)
        first, *rest = verdicts(work.peers("share", (rng.random(8000) < chance).astype(np.float64)))
        worse.append(first)
        others += rest
    assert worse.count("signal") > 0.6 * len(worse)
    assert others.count("signal") / len(others) < 0.005


def test_people_who_differ_are_found_to_differ_by_as_much() -> None:
    # True log times differ by a standard deviation of 0.3 beyond the mix.
    rng = np.random.default_rng(4)
    found = []
    for _ in range(40):
        work = Work(rng, 4000)
        own = rng.normal(0, 0.3, PEOPLE)
        logs = rng.normal(10 - 3 * RATES[work.cell] + own[work.subject], 1.0)
        between = Population(work.peers("duration", logs), range(PEOPLE)).between
        assert between is not None
        found.append(between)
    assert np.mean(found) == pytest.approx(0.09, rel=0.15)


# What must not change anything


def drawn(seed: int, units: int = 2000) -> tuple[Work, NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    work = Work(rng, units)
    return work, (rng.random(units) < RATES[work.cell]).astype(np.float64)


def test_renaming_people_renames_the_results() -> None:
    work, values = drawn(5)
    before = Population(work.peers("share", values), range(PEOPLE))
    other = np.random.default_rng(6).permutation(PEOPLE)
    work.subject = other[work.subject]
    after = Population(work.peers("share", values), range(PEOPLE))
    for subject, (_, compared) in before.compared.items():
        assert after.compared[int(other[subject])][1] == pytest.approx(compared)
    assert after.between == pytest.approx(before.between)


def test_everything_twice_has_the_same_ratios_and_narrower_limits() -> None:
    work, values = drawn(7, 12_000)
    once = Population(work.peers("share", values), range(PEOPLE))
    for name in ("subject", "cell", "at"):
        setattr(work, name, np.repeat(getattr(work, name), 2))
    twice = Population(work.peers("share", np.repeat(values, 2)), range(PEOPLE))
    for subject, (_, compared) in once.compared.items():
        again = twice.compared[subject][1]
        assert (compared.low, compared.ratio, compared.high) != (None, None, None)
        assert again.ratio == pytest.approx(
            compared.ratio, rel=0.02
        )  # a cell of fewer than 30 leans less on its parent
        assert (again.high or 0) - (again.low or 0) < (compared.high or 0) - (compared.low or 0)


def test_another_scale_of_time_changes_no_ratio() -> None:
    work, _ = drawn(8)
    logs = np.random.default_rng(9).normal(10, 1, 2000)
    before = Population(work.peers("duration", logs), range(PEOPLE))
    after = Population(work.peers("duration", logs + 3), range(PEOPLE))
    for subject, (_, compared) in before.compared.items():
        assert after.compared[subject][1].ratio == pytest.approx(compared.ratio)
