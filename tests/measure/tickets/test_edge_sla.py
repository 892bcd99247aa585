"""Promises: who never answers, what is told late, what runs several times. By the helpdesk's clocks (strict) and by the
targets of the configuration (own), as (how many are decided, the share that was kept). Office hours nine to five.

`edge_cases.toml` says which case each test is about.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from edge_fixtures import OFFICE, answered, cycle, figures, kept, medians, put, read, solve
from metric_store_fixtures import HOUR, MONDAY, reply, ticket
from timeline_fixtures import by_variant
from variant_fixtures import variants_give

from helpdesk_kpi.config import Hours, Severity
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.model import Event, SlaEvent
from helpdesk_kpi.store import Store, open_store

FRT, SLA, HELD = "first_reply_time", "sla_attainment", "held_time"
NINE = MONDAY + 9 * HOUR
DAY = 24 * HOUR


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


def reading(store: Store, **targets: str) -> MetricStore:
    return read(store, hours={"default": Hours(weekly=OFFICE)}, severity={"P2": Severity(targets=targets)})


def opened(number: str = "1", **more: Any) -> Any:
    return ticket(number, NINE, **{"priority": "normal", **more})


def test_who_is_never_answered_is_a_broken_promise_from_the_deadline_on_and_not_before(store: Store) -> None:
    # Created Monday 09:00 and never answered. The helpdesk promised until 13:00, we four hours: the same instant.
    put(store, opened(), cycle("1", NINE, None, NINE + 4 * HOUR))
    of = reading(store, first_reply_time="4h")
    running, late = kept(of, NINE, as_of=NINE + 4 * HOUR), kept(of, NINE, as_of=NINE + 4 * HOUR + 1)
    variants_give(SLA, running, strict=(0, None), own=(0, None))
    variants_give(SLA, late, strict=(1, 0), own=(1, 0))
    for as_of, counts in ((NINE + 4 * HOUR, (1, 0)), (NINE + 4 * HOUR + 1, (0, 1))):
        for variant in ("strict", "own"):
            value = figures(of, NINE, as_of=as_of)(SLA, variant)
            assert (value.running, value.overdue) == counts


def test_a_solve_without_a_reply_ends_the_promise_of_a_reply(store: Store) -> None:
    # Two tickets, promised until 13:00: solved without a word at 11:00, which keeps it, and at 15:00, which does not.
    for number, hours in (("1", 2), ("2", 6)):
        end = NINE + hours * HOUR
        put(store, opened(number, status="solved"), solve(number, end, "a"),
            cycle(number, NINE, end, NINE + 4 * HOUR))  # fmt: skip
    variants_give(SLA, kept(reading(store, first_reply_time="4h"), NINE), strict=(2, 0.5), own=(2, 0.5))


def event(minute: float, kind: str) -> SlaEvent:
    return SlaEvent("1", f"{kind}", "reply_time", 1, kind, NINE + int(minute * 60_000))


def test_a_promise_that_is_made_later_is_the_helpdesks_and_none_by_our_targets(store: Store) -> None:
    # Without a priority at 09:00, made normal at 11:00, when Zendesk applies its policy: late from 14:00 on.
    # Answered at 13:30. Our targets are those of the level at the start, and there was none.
    priority = Event("1", "p", NINE + 2 * HOUR, 1, "change", actor="a", field="priority", before=None, after="normal")
    put(store, *answered("1", NINE, NINE + 270 * 60_000), priority, event(0, "activate"), event(120, "apply_sla"),
        event(270, "fulfill"))  # fmt: skip
    of = reading(store, first_reply_time="4h")
    variants_give(SLA, kept(of, NINE), strict=(1, 1), own=(0, None))


def test_a_reopened_ticket_has_two_promises_of_the_helpdesk_and_one_of_ours(store: Store) -> None:
    # Solved within an hour, promised until 13:00. Opened again on Tuesday 09:00, promised until 13:00, solved at 15:00.
    # Ours: four hours from creation to the last solve, which were 480 + 360 minutes.
    back, again = NINE + DAY, NINE + DAY + 6 * HOUR
    put(store, *answered("1", NINE, NINE + HOUR), Event("1", "back", back, 3, "change", actor="c", field="status",
        before="solved", after="open"), solve("1", again, "a"),
        cycle("1", NINE, NINE + HOUR, NINE + 4 * HOUR, promise="resolution"),
        cycle("1", back, again, back + 4 * HOUR, promise="resolution", run=1))  # fmt: skip
    of = reading(store, full_resolution_time="4h")
    variants_give(SLA, kept(of, NINE), strict=(2, 0.5), own=(1, 0))


def test_where_the_helpdesks_clock_stood_ours_went_on(store: Store) -> None:
    # From 10:00 on the customer is asked, who answers on Tuesday at 10:00; solved at 11:00. The helpdesk's clock counts
    # two hours of its four and moves the deadline to Tuesday 13:00; ours counts 480 + 120 minutes.
    end = NINE + 26 * HOUR
    states = [
        Event("1", f"s{n}", at, 1, "change", actor="a", field="status", before=before, after=after)
        for n, (at, before, after) in enumerate(
            [(NINE + HOUR, "open", "pending"), (NINE + 25 * HOUR, "pending", "open")]
        )
    ]
    put(store, *answered("1", NINE, end), reply("1", NINE + HOUR, "a"), *states,
        cycle("1", NINE, end, NINE + 28 * HOUR, promise="resolution"))  # fmt: skip
    of = reading(store, full_resolution_time="4h")
    variants_give(SLA, kept(of, NINE), strict=(1, 1), own=(1, 0))
    # Ann had it in hand for an hour before and one after.
    held = figures(of, NINE)
    variants_give(HELD, lambda kpi, variant: held(kpi, variant).median / HOUR, strict=2, rostered=2)


def test_a_helpdesk_without_promises_is_held_to_our_targets_by_both(store: Store) -> None:
    # Answered after an hour, and the next one after three: promised in two.
    put(store, *answered("1", NINE, NINE + HOUR), *answered("2", NINE, NINE + 3 * HOUR))
    of = reading(store, first_reply_time="2h")
    variants_give(SLA, kept(of, NINE), strict=(2, 0.5), own=(2, 0.5))


def test_a_ticket_without_a_priority_is_a_level_of_its_own_and_promised_nothing_by_our_targets(store: Store) -> None:
    # Answered and solved after an hour, twice: with a priority and without. Of a P2 both promises are kept.
    put(store, *answered("1", NINE, NINE + HOUR), *answered("2", NINE, NINE + HOUR, priority=None))
    of = reading(store, first_reply_time="2h", full_resolution_time="2h")
    variants_give(SLA, kept(of, NINE), strict=(2, 1), own=(2, 1))
    variants_give(SLA, kept(of, NINE, severity=None), strict=(0, None), own=(0, None))
    variants_give(FRT, medians(of, NINE, severity=None), **by_variant(FRT, 60))


def test_what_is_gone_is_promised_to_nobody(store: Store) -> None:
    # Answered too late, at 15:00 instead of 13:00, and deleted on Tuesday: broken until then, left out from then on. A
    # spam ticket of the same length was never promised anything.
    end = NINE + 6 * HOUR
    for number, more in (("1", {"deleted_at": NINE + DAY}), ("2", {"is_spam": True})):
        put(store, *answered(number, NINE, end, **more), cycle(number, NINE, end, NINE + 4 * HOUR))
    of = reading(store, first_reply_time="4h")
    variants_give(SLA, kept(of, NINE, as_of=NINE + DAY - 1), strict=(1, 0), own=(1, 0))
    variants_give(SLA, kept(of, NINE), strict=(0, None), own=(0, None))
