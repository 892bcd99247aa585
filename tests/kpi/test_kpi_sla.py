"""SLA attainment, by hand: what each form of a helpdesk's promise means. Minutes since the ticket's creation."""

from typing import Any

import pytest
from timeline_fixtures import ANN, BOB, CUSTOMER, at, cycle, desk, did, measured, said, story

from helpdesk_kpi.measure.metrics.contract import Observation
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.store.ticket_records import SlaCycleRecord, SlaEventRecord, TicketRecords


def event(minute: float, kind: str, metric: str = "reply_time", instance: int = 1) -> SlaEventRecord:
    fields: dict[str, Any] = dict.fromkeys(SlaEventRecord.__struct_fields__)
    values = {"ticket": 1, "id": f"{kind}{minute}", "metric": metric, "instance": instance, "kind": kind}
    return SlaEventRecord(**fields | values | {"at": at(minute)})


def promised(
    *events: Any, cycles: tuple[SlaCycleRecord, ...] = (), promises: tuple[SlaEventRecord, ...] = ()
) -> Timeline:
    return story(*events, the=desk(has_sla=True), related=TicketRecords(cycles=cycles, promises=promises), assignee=BOB)


def one(ticket: Timeline, *, as_of: float | None = None) -> Observation:
    [row] = measured(ticket, "sla_attainment", as_of=as_of)
    return row


def verdict(ticket: Timeline, as_of: float) -> str:
    """As the statistic judges it."""
    row = one(ticket, as_of=as_of)
    assert row.due is not None
    over = row.end is not None and row.end <= at(as_of)
    late = min(row.end if row.end is not None else at(as_of), at(as_of)) > row.due
    return "missed" if late else "kept" if over else "running"


@pytest.mark.parametrize(
    ("run", "then"),
    [
        (cycle(0, 50, 60, is_breached=0), "kept"),
        (cycle(0, 70, 60, is_breached=1), "missed"),
        (cycle(0, 70, 60, is_breached=0), "kept"),  # the clock stood for a while: the helpdesk's verdict holds
        (cycle(0, 50, None, is_breached=1), "missed"),  # some sites tell no instant
        (cycle(0, 50, 60), "kept"),  # no verdict, but an instant
        (cycle(0, 50, None, goal=60_000, elapsed=60_001), "missed"),  # neither: its own clock says
        (cycle(0, 50, None, goal=60_000, elapsed=60_000), "kept"),
        (cycle(0, None, 60, is_breached=0), "missed"),  # open, and at minute 100 past its deadline
        (cycle(0, None, 160, is_breached=0), "running"),
        (cycle(0, None, None, is_breached=0, is_paused=1), "running"),  # nobody knows when it will be late
        (cycle(0, None, None, is_breached=1, is_paused=1, read_at=at(90)), "missed"),  # late before the clock stood
        (cycle(0, None, 60, is_paused=1, read_at=at(90)), "running"),  # it stands: its old deadline means nothing
    ],
)
def test_a_run_from_jira_or_freshdesk_is_evaluated_at_minute_100(run: SlaCycleRecord, then: str) -> None:
    assert verdict(promised(cycles=(run,)), 100) == then


def test_a_run_of_before_its_end_was_running_then() -> None:
    run = promised(cycles=(cycle(0, 50, 60, is_breached=0),))
    assert [verdict(run, minute) for minute in (0, 49, 50)] == ["running", "running", "kept"]
    late = promised(cycles=(cycle(0, 70, 60, is_breached=1),))
    assert [verdict(late, minute) for minute in (60, 61, 71)] == ["running", "missed", "missed"]


def test_an_event_of_zendesk_begins_ends_and_breaks_a_promise() -> None:
    """Zendesk reports a breach in advance and withdraws it when the target is met: then none is left."""
    kept = promised(promises=(event(0, "activate"), event(0, "apply_sla"), event(30, "fulfill")))
    assert [verdict(kept, minute) for minute in (29, 30)] == ["running", "kept"]
    missed = promised(promises=(event(0, "activate"), event(0, "apply_sla"), event(60, "breach"), event(70, "fulfill")))
    assert [verdict(missed, minute) for minute in (60, 61)] == ["running", "missed"]
    open_still = promised(promises=(event(0, "activate"), event(0, "apply_sla"), event(60, "breach")))
    assert [verdict(open_still, minute) for minute in (59, 5000)] == ["running", "missed"]


def test_a_clock_without_a_target_is_no_promise() -> None:
    assert not measured(promised(promises=(event(0, "activate"), event(30, "fulfill"))), "sla_attainment")


def test_a_second_run_of_zendesks_reply_time_is_about_the_next_reply() -> None:
    ticket = promised(
        promises=(
            event(0, "activate"), event(0, "apply_sla"), event(30, "fulfill"), event(60, "activate", instance=2),
            event(60, "apply_sla", instance=2), event(90, "fulfill", instance=2),
            event(0, "activate", "agent_work_time"), event(0, "apply_sla", "agent_work_time"),
        )
    )  # fmt: skip
    found = {(o.facet, o.start) for o in measured(ticket, "sla_attainment")}
    assert found == {("first_reply_time", at(0)), ("next_reply_time", at(60)), ("agent_work_time", at(0))}


def test_a_promise_counts_for_who_kept_it_and_while_it_runs_for_who_has_it_then() -> None:
    """Ann replies at 70 to what Bob had when it became late at 60."""
    ticket = promised(said(70, ANN), cycles=(cycle(0, 70, 60, sla="first_response", is_breached=1),))
    assert one(ticket, as_of=65).agent == BOB
    assert one(ticket, as_of=70).agent == ANN


@pytest.mark.parametrize("key", ["7", "customfield_10030", "10030", "Time until somebody looks"])
def test_an_sla_is_configured_by_its_id_its_field_or_its_name(key: str) -> None:
    from helpdesk_kpi.identities.source_rules import _build_sla_names

    run = cycle(0, 50, 60, is_breached=0, name="Time until somebody looks", field="customfield_10030")
    the = desk(has_sla=True, sla_names=_build_sla_names({key: "first_response"}))
    assert one(story(the=the, related=TicketRecords(cycles=(run,)))).facet == "first_reply_time"


def test_what_nobody_names_keeps_the_helpdesks_own_name() -> None:
    run = cycle(0, 50, 60, is_breached=0, name="Vendor answers")
    assert one(promised(cycles=(run,))).facet == "Vendor answers"


def test_without_promises_of_the_helpdesk_the_targets_of_the_configuration_count() -> None:
    """First reply at 10 by Ann, the customer again at 20, Bob at 50, who solves it at 90: three spans."""
    ticket = story(said(10, ANN), said(20, CUSTOMER), said(50, BOB), did(90, BOB, "status", "open", "solved"))
    for variant in ("strict", "own"):
        assert {(o.facet, o.start, o.end, o.agent) for o in measured(ticket, "sla_attainment", variant)} == {
            ("first_reply_time", at(0), at(10), ANN),
            ("next_reply_time", at(20), at(50), BOB),
            ("full_resolution_time", at(0), at(90), BOB),
        }


def test_own_targets_count_also_where_the_helpdesk_promises() -> None:
    ticket = promised(said(10, ANN), cycles=(cycle(0, 10, 60, is_breached=0),))
    assert {o.facet for o in measured(ticket, "sla_attainment", "own")} == {"first_reply_time", "full_resolution_time"}
