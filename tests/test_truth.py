"""Every KPI, measured through HTTP, store and fold, equals what the world recorded."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk_fixtures import SyncedDesk

from helpdesk_kpi.measure.contract import EXCLUDED, Duration, Stock
from helpdesk_kpi.measure.discovery import find_kpis
from helpdesk_kpi.measure.fold import measure
from helpdesk_kpi.measure.periods import Period
from helpdesk_kpi.measure.reader import Reader
from helpdesk_kpi.simulator.truth import truth, truth_summary
from helpdesk_kpi.simulator.world import generate

DAY = 86_400_000
VARIANTS = [(kpi.id, variant) for kpi in find_kpis().values() for variant in kpi.variants]


class Measured:
    """One world, synced and measured once."""

    def __init__(self, folder: Path, seed: int, tickets: int) -> None:
        self.world = generate(seed, tickets=tickets, weeks=12)
        desk = SyncedDesk(folder, self.world)
        # What is scrubbed loses its history, and who leaves their role: somebody who syncs only once cannot know them.
        end = self.world.now
        for self.world.now in (end - 35 * DAY, end - 15 * DAY, end):
            results = desk.sync()
            assert {r.outcome for r in results} <= {"ok", "not_due"}, results
            assert not sum(r.set_aside for r in results)
        self.store = desk.store()
        self.config = desk.loaded.config
        measure(self.store, self.config, extra=VARIANTS)
        self.reader = Reader(self.store, self.config)
        self.native = dict(self.store.rows("SELECT id, native FROM tickets"))
        self.people = dict(self.store.rows("SELECT id, native FROM people"))
        self.teams = dict(self.store.rows("SELECT id, native FROM teams"))

    def names(self, axis: str) -> dict[str | None, str | None]:
        """What readers call a native id."""
        table = {"team": "teams", "agent": "people"}.get(axis)
        if table is None:
            return {}
        keys = dict(self.store.rows(f"SELECT native, id FROM {table}"))
        shown = self.reader.humans if axis == "agent" else dict(self.store.rows("SELECT id, name FROM teams"))
        return {native: shown.get(key) for native, key in keys.items()} | {None: None}

    def rows(self, kpi: str, variant: str, as_of: int) -> Counter[tuple[Any, ...]]:
        """Observations that count at as_of, as the world would put them."""
        rows = self.reader.columns(kpi, variant)
        rows = rows.take((rows.known <= as_of) & (rows.until > as_of))
        spec = find_kpis()[kpi]
        if isinstance(spec.statistic, Stock):
            rows = rows.take((rows.at <= as_of) & (rows.end > as_of))
        spans = isinstance(spec.statistic, Duration)
        ends = rows.end.clip(max=as_of)
        took = self.reader.worked(rows, rows.start, ends) if spans else rows.start
        found: Counter[tuple[Any, ...]] = Counter()
        for i in range(len(rows)):
            stop = rows.words[rows.stop[i]] or ""
            if stop in EXCLUDED:
                continue
            running = rows.end[i] > as_of
            found[
                (
                    self.native[int(rows.story[i])],
                    int(rows.at[i]) if not isinstance(spec.statistic, Stock) else None,
                    (None if running else int(rows.end[i])) if spans else None,
                    int(rows.start[i]) if spans else None,
                    "" if running else stop,
                    None if running and spans else self.people.get(int(rows.agent[i])),
                    self.teams.get(int(rows.team[i])),
                    rows.words[rows.severity[i]],
                    rows.words[rows.facet[i]] or "",
                    round(float(rows.share[i]), 9),
                    float(rows.value[i]) if not spans else None,
                    int(took[i]) if spans else None,
                )
            ] += 1
        return found


def true_rows(world: Any, kpi: str, variant: str, as_of: int) -> Counter[tuple[Any, ...]]:
    spec = find_kpis()[kpi]
    spans, stock = isinstance(spec.statistic, Duration), isinstance(spec.statistic, Stock)
    return Counter(
        (
            r.ticket, None if stock else r.at, r.end if spans else None, r.start if spans else None, r.stop,
            r.agent, r.team, r.severity, r.facet, round(r.share, 9), None if spans else float(r.value or 0),
            r.business_ms if spans else None,
        )
        for r in truth(world, kpi, variant, as_of)
    )  # fmt: skip


@pytest.fixture(scope="module", params=[1, 2, 3])
def measured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, full_size: bool
) -> Iterator[Measured]:
    world = Measured(tmp_path_factory.mktemp("truth"), request.param, 3000 if full_size else 700)
    yield world
    world.store.close()


@pytest.mark.parametrize("days", [0, 9, 31], ids=lambda d: f"{d}_days_before_the_end")
@pytest.mark.parametrize(("kpi", "variant"), VARIANTS)
def test_what_is_measured_is_what_happened(measured: Measured, kpi: str, variant: str, days: int) -> None:
    as_of = measured.world.now - 120_000 - days * DAY  # the last minute is not given away yet
    found, true = measured.rows(kpi, variant, as_of), true_rows(measured.world, kpi, variant, as_of)
    assert sum(true.values()) > 5
    assert found - true == Counter()
    assert true - found == Counter()


AXES = ("severity", "team", "agent")


@pytest.mark.parametrize("kpi", ["first_reply_time", "full_resolution_time", "solved_tickets", "reopen_rate", "csat"])
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
        value = measured.reader.figure(spec, whole, as_of, "strict", **{axis: name})
        if spec.unit == "ms":
            running = 0 if axis == "agent" else summary.running  # a running span is nobody's yet
            assert (value.n, value.running) == (summary.rows, running) or axis == "agent"
            assert value.mean == pytest.approx(summary.mean_business_ms)
        else:
            assert value.n == pytest.approx(summary.credit)
            assert (value.value or 0) * (1 if spec.unit == "tickets" else value.n) == pytest.approx(summary.total)
        checked += 1
    assert checked >= 3
