"""Whole desks, synced: every figure of the helpdesk's is ours, or differs for a reason that can be shown."""

from collections import Counter

import pytest
from synced_fixtures import SyncedDesk

from helpdesk_kpi.measure.reconcile.causes import AGREE, EXCLUDED_HERE, ONE_SIDED_REASONS, SENTENCES, UNEXPLAINED
from helpdesk_kpi.measure.reconcile.reconciler import Reconciler, Summary, summarise
from helpdesk_kpi.measure.reconcile.ticket_diff import TicketDifference
from helpdesk_kpi.measure.reconcile.vendor_metrics import VENDOR_METRICS
from helpdesk_kpi.pull.discovery import connector_names
from helpdesk_kpi.simulator.world.world import generate

DAY = 86_400_000
CONNECTORS = {"zendesk": "zendesk", "jira": "jira_service_management", "freshdesk": "freshdesk"}
HERE = [helpdesk for helpdesk, connector in CONNECTORS.items() if connector in connector_names()]
CLOCKS = {"zendesk": {"calendar", "business"}, "jira": {"calendar", "business"}, "freshdesk": {"calendar"}}
#: Zendesk rounds to minutes, and every wait by itself: a ticket of these desks has fewer than twenty.
ROUNDED = {"zendesk": 60_000, "jira": 1_000, "freshdesk": 1_000}
WAITS = {"requester_wait_time", "agent_wait_time", "on_hold_time"}
#: The helpdesk's figure is not that of the whole ticket as it is now.
OF_ANOTHER_SPAN = {"not_computed_yet", "reopened_since", "first_cycle_of_many"}
#: Jira tells neither the hours nor the pauses of a promise.
BY_ITS_HOURS = {"paused_time", "calendar_differs"}
#: What the desks' robots and roles make a helpdesk count that is no reply of ours.
COUNTED_THERE = {"bot_reply_counted", "demoted_agent", "we_have_none"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    seeds = (1, 2, 3) if metafunc.config.getoption("--size") == "full" else (1,)
    worlds = [(helpdesk, seed) for helpdesk in HERE for seed in seeds]
    metafunc.parametrize("world", worlds, indirect=True, scope="module", ids=lambda one: f"{one[0]}-{one[1]}")


@pytest.fixture(scope="module")
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, full_size: bool
) -> tuple[str, list[TicketDifference]]:
    helpdesk, seed = request.param
    desk = SyncedDesk(
        tmp_path_factory.mktemp("reconcile"), generate(seed, tickets=3000 if full_size else 250, weeks=8),
        helpdesk=helpdesk,
    )  # fmt: skip
    end = desk.world.now
    for desk.world.now in (end - 15 * DAY, end):
        desk.sync()
    with desk.store() as store:
        return helpdesk, list(Reconciler(store, desk.loaded.config).rows())


def test_no_difference_is_unexplained(world: tuple[str, list[TicketDifference]]) -> None:
    assert [row for row in world[1] if row.reason == UNEXPLAINED] == []


def test_every_metric_is_compared_on_every_clock_that_the_helpdesk_has(
    world: tuple[str, list[TicketDifference]],
) -> None:
    helpdesk, rows = world
    found: dict[tuple[str, str], Summary] = {(s.metric, s.clock): s for s in summarise(rows)}
    for metric in VENDOR_METRICS[CONNECTORS[helpdesk]]:
        for clock in {"count"} if metric.is_count else CLOCKS[helpdesk]:
            summary = found[metric.name, clock]
            assert summary.compared > 50, (metric.name, clock)
            assert summary.agree > 0.4 * summary.compared, (metric.name, clock)


def test_by_the_helpdesks_own_definition_every_figure_that_it_has_is_ours(
    world: tuple[str, list[TicketDifference]],
) -> None:
    """What reports print may leave a ticket out or count a call; the arithmetic agrees to the rounding."""
    helpdesk, rows = world
    odd = OF_ANOTHER_SPAN | (BY_ITS_HOURS if helpdesk == "jira" else set()) | COUNTED_THERE
    compared = [row for row in rows if row.native is not None and row.reason not in odd | EXCLUDED_HERE]
    assert len(compared) > 300
    assert [row for row in compared if not _is_ours(row, ROUNDED[helpdesk])] == []


def _is_ours(row: TicketDifference, rounding: int) -> bool:
    assert row.native is not None
    limit = 0 if row.clock == "count" else rounding * (20 if row.metric in WAITS else 1)
    return row.same is not None and abs(row.same - row.native) <= limit


def test_what_ours_excludes_and_counts_otherwise_has_a_reason(world: tuple[str, list[TicketDifference]]) -> None:
    helpdesk, rows = world
    reasons = Counter(row.reason for row in rows)
    assert {*reasons} <= {*SENTENCES}
    # What an agent raises in Jira is its reporter's request, whoever typed it.
    assert {"internal", "merged"} | ({"agent_created"} if helpdesk != "jira" else set()) <= {*reasons}
    assert all(row.ours is None for row in rows if row.reason in EXCLUDED_HERE)
    assert all(row.native is not None for row in rows if row.reason in AGREE)
    assert all(row.native is None for row in rows if row.reason in ONE_SIDED_REASONS - {"not_computed_yet"})
