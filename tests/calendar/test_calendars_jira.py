"""Jira gives the working time of an SLA's runs and no calendar: `check` says how far our hours fit them."""

from pathlib import Path

import pytest
from small_account import at

from helpdesk_kpi.cli.checks.calendars import calendar_findings
from helpdesk_kpi.config import Config, Hours
from helpdesk_kpi.measure.quality.calendar_usage import sla_clocks
from helpdesk_kpi.store import Store, open_store

HOUR = 3_600_000
DESK = Config(
    hours={"desk": Hours(weekly={"mon-fri": ("09:00-17:00",)}, sources=("acme",))}, sources={"acme": {"connector": "x"}}
)


def with_runs(store: Store, runs: list[tuple[str, str, float]]) -> None:
    """Finished runs of one SLA, as (started, stopped, hours by Jira's own calendar)."""
    with store.transaction() as conn:
        conn.execute("INSERT INTO sources (id, name, connector, url) VALUES (1, 'acme', 'x', '')")
        for number, (start, stop, hours) in enumerate(runs, 1):
            conn.execute(
                "INSERT INTO tickets (id, source, native, created_at) VALUES (?, 1, ?, 0)", (number, str(number))
            )
            conn.execute(
                "INSERT INTO sla_cycles (ticket, sla, number, name, read_at, started_at, stopped_at, elapsed,"
                " is_paused) VALUES (?, '1', 0, 'Time to resolution', 0, ?, ?, ?, 0)",
                (number, at(start), at(stop), round(hours * HOUR)),
            )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "helpdesk.db")


@pytest.mark.trap("jira 71")
def test_runs_that_fit_our_hours_are_counted(store: Store) -> None:
    """Monday 2 March 2026, desk open 9 to 17. Run 1: 08:00 to 12:00 is 3 h. Run 2: 16:00 to Tuesday 10:00 is 2 h. Run 3
    says 1.5 h for 10:00 to 12:00, which is 2 h by our hours: it was paused for half an hour.
    """
    runs = [("2026-03-02 08:00", "2026-03-02 12:00", 3.0), ("2026-03-02 16:00", "2026-03-03 10:00", 2.0)]
    with_runs(store, [*runs, ("2026-03-02 10:00", "2026-03-02 12:00", 1.5)])
    assert [(one.sla, one.runs, one.same) for one in sla_clocks(store, DESK)] == [("Time to resolution", 3, 2)]


@pytest.mark.parametrize(("fitting", "level"), [(9, "note"), (2, "warning")])
def test_hours_that_fit_less_than_half_of_the_runs_are_a_warning(store: Store, fitting: int, level: str) -> None:
    """10:00 to 12:00 is 2 h of ours; the others say 4 h."""
    with_runs(store, [("2026-03-02 10:00", "2026-03-02 12:00", 2.0 if n < fitting else 4.0) for n in range(12)])
    [finding] = calendar_findings(store, DESK)
    assert finding.level == level
    assert f"{fitting} of 12 finished runs of 'Time to resolution'" in finding.text
