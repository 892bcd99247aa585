"""Why the helpdesk's figure is not ours: every reason on a story of a few minutes, worked out by hand."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from timeline_fixtures import (
    ANN,
    BOB,
    CUSTOMER,
    LEAVER,
    LIGHT,
    MINUTE,
    ROBOT,
    at,
    desk,
    did,
    said,
    story,
    talked,
)

from helpdesk_kpi.calendar.calendar_rules import CalendarRules
from helpdesk_kpi.config import Config, Exclude, Hours
from helpdesk_kpi.measure.reconcile.causes import SENTENCES
from helpdesk_kpi.measure.reconcile.reconciler import summarise
from helpdesk_kpi.measure.reconcile.ticket_diff import Native, TicketDiff, TicketDifference, VendorCycle, VendorTicket
from helpdesk_kpi.measure.reconcile.vendor_metrics import VENDOR_METRICS
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.store.ticket_records import CopyRow, TicketRecords

HOUR, DAY = 60, 1440  # minutes, as everything here
#: Tickets are created on Monday 2026-09-21, 14:13:20 UTC.
ALWAYS = [[0, 7 * DAY]]
OFFICE = [[day * DAY + 9 * HOUR, day * DAY + 17 * HOUR] for day in range(1, 6)]  # Monday to Friday, 9 to 17
MORNING = [[day * DAY + 9 * HOUR, day * DAY + 12 * HOUR] for day in range(1, 6)]
TO_FIVE = 166 + 40 / 60  # from the creation to 17:00


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "helpdesk.db") as made:
        with made.transaction() as conn:
            conn.execute("INSERT INTO sources (id, name, connector, url) VALUES (1, 'acme', 'zendesk', '')")
        yield made


def scheduled(store: Store, *versions: tuple[str, int, list[list[int]]], off: Sequence[str] = ()) -> None:
    """Schedules as (id, in force since, week); days off of the first one."""
    with store.transaction() as conn:
        for native, since, week in versions:
            conn.execute(
                "INSERT INTO schedules (source, native, first_seen, name, zone, weekly) VALUES (1, ?, ?, ?, 'UTC', ?)",
                (native, since, native, json.dumps(week)),
            )
        for day in off:
            conn.execute("INSERT INTO holidays VALUES (1, '1', ?, 'Holiday', ?, ?, NULL)", (day, day, day))


def compared(
    store: Store, ticket: Timeline, *, connector: str = "zendesk", metric: str = "reply_time",
    cycles: Sequence[tuple[float, float, float]] = (), config: Config | None = None, figures: Any = None,
    **native: float,
) -> list[TicketDifference]:  # fmt: skip
    """`native`: calendar and business in minutes, or a number. `cycles`: (start, stop, elapsed) in minutes."""
    own = {
        k: Native(**{c: int(x) if c == "number" else int(x * MINUTE) for c, x in v.items()})
        for k, v in {**(figures or {}), **({metric: native} if native else {})}.items()
    }
    runs = [VendorCycle("sla", at(start), at(stop), int(elapsed * MINUTE)) for start, stop, elapsed in cycles]
    one = next(m for m in VENDOR_METRICS[connector] if m.name == metric)
    vendor = VendorTicket("acme", "77", "https://acme.example.com/77", own, runs)
    return list(TicketDiff(CalendarRules(store, config or Config()), ticket, one, vendor).rows())


def why(store: Store, ticket: Timeline, **how: Any) -> list[str]:
    """The reasons by the calendar (or of a count) and by working hours."""
    return [row.reason for row in compared(store, ticket, **how)]


REPLIED = (said(30, ANN),)
OTHERS = {"replies": {"number": 0}}  # Zendesk has worked figures out
JIRA = {"connector": "jira_service_management"}
FRESH = {"connector": "freshdesk"}
SOLVED = (did(0, None, "status", None, "new"), did(60, ANN, "status", "new", "solved"))
REOPENED = (*SOLVED, did(90, CUSTOMER, "status", "solved", "open"))

#: reason -> the ticket and what the helpdesk says, by the calendar
BY_HAND: dict[str, list[tuple[Timeline, dict[str, Any]]]] = {
    "agrees": [
        (story(*REPLIED), {"calendar": 30}),
        (story(said(30.4, ANN)), {"calendar": 30}),  # the nearest minute
        (story(*REPLIED), {"metric": "replies", "number": 1}),
        (story(*SOLVED), {"metric": "on_hold_time", "calendar": 0}),
        (story(*SOLVED), {"metric": "requester_wait_time", "calendar": 60}),
        (story(*REOPENED), {"metric": "requester_wait_time", "calendar": 90}),  # solved counts once it is reopened
        (story(*REOPENED), {"metric": "reopens", "number": 1}),
        (story(*REPLIED), {**FRESH, "calendar": 30}),
    ],
    "rounding": [
        (story(said(30.9, ANN)), {"calendar": 30}),  # cut off instead
        (story(said(30 + 0.9 / 60, ANN)), {**FRESH, "calendar": 30}),
    ],
    "not_computed_yet": [
        (story(*REPLIED), {}),
        (story(said(30, ANN), said(40, ANN)), {"metric": "replies", "number": 1}),
        (
            story(did(0, None, "status", None, "new"), did(9, ANN, "status", "new", "hold"),
                  did(20, ANN, "status", "hold", "open"), did(30, ANN, "status", "open", "hold"),
                  did(70, ANN, "status", "hold", "open")),
            {"metric": "on_hold_time", "calendar": 11},
        ),
    ],
    "no_native_value": [(story(*REPLIED), {"figures": OTHERS}), (story(*REPLIED), FRESH)],
    "deleted": [(story(*REPLIED, deleted_at=at(50)), {"metric": "replies"})],
    "we_have_none": [
        (story(*REPLIED, replies_known="pending"), {"calendar": 30}),
        (story(*REPLIED, changes_known_from=at(20)), {"calendar": 30}),
        (story(*REPLIED, the=desk(lacks=["comments.public"])), {"calendar": 30}),
        (story(status="closed"), {"metric": "full_resolution_time", "calendar": 30}),
    ],
    "merged": [
        (story(*REPLIED, did(50, ANN, "status", "new", "closed"), merged_into=""), {"calendar": 30}),
        (story(*REPLIED, did(50, ANN, "status", "new", "closed"), merged_into="9"), {"calendar": 11}),
    ],
    "spam": [(story(*REPLIED, is_spam=1), {"calendar": 30})],
    "internal": [
        (story(*REPLIED, requester=BOB, submitter=BOB), {"calendar": 30}),
        (  # who asked answers, which stops no clock there
            story(said(30, BOB), did(60, BOB, "status", "new", "solved"), requester=BOB, submitter=BOB),
            {**JIRA, "metric": "sla_first_response", "business": 60, "cycles": [(0, 60, 60)]},
        ),
    ],
    "moved": [(story(*REPLIED, left_at=at(20)), {"calendar": 30})],
    "imported_copy": [(story(*REPLIED, related=TicketRecords(copies=[CopyRow(1, 2)])), {"calendar": 30})],
    "test": [(story(*REPLIED, tags='["test"]', the=desk(exclude=Exclude(tags=["test"]))), {"calendar": 30}),
             (story(*REPLIED, association="child"), {"calendar": 30})],
    "agent_created": [
        (story(said(0, ANN, via="web"), said(30, ANN), submitter=ANN), {"calendar": 30}),
        (story(said(0, ANN, via="web"), said(30, ANN), said(55, ANN), submitter=ANN), {"calendar": 55}),
    ],
    "solved_before_reply": [(story(*SOLVED, said(80, ANN)), {"calendar": 80})],
    "phone_or_chat": [
        (story(talked(1, ANN, "call"), said(30, ANN)), {"calendar": 30}),
        (story(talked(1, ANN, "call"), channel="voice"), {"figures": OTHERS}),
        (story(said(30, ANN), talked(44, ANN, "chat")), {"calendar": 44}),
    ],
    "no_call_data": [(story(*REPLIED, channel="voice", the=desk(lacks=["calls"])), {"calendar": 30})],
    "no_chat_data": [(story(*REPLIED, is_messaging=1, the=desk(lacks=["chats"])), {"calendar": 30})],
    "bot_reply_counted": [
        (story(said(1, ROBOT), said(30, ANN)), {"calendar": 1}),
        (story(said(1, None, via="rule", rule="received"), said(30, ANN)), {"calendar": 1}),
        (story(said(5, ANN, via="api"), said(30, ANN)), {"calendar": 5}),  # a human's account, which we take for a bot
    ],
    "private_first": [(story(said(4, ANN, public=False), said(30, ANN)), {"calendar": 4})],
    "light_agent": [(story(said(4, LIGHT), said(30, ANN)), {"calendar": 4})],
    "demoted_agent": [
        (story(said(30, LEAVER), said(75, ANN)), {"calendar": 75}),  # an agent then, a customer for Zendesk today
        (story(said(70, LEAVER), said(90, ANN)), {"calendar": 70}),
    ],
    "reopened_since": [
        (story(*REOPENED), {"metric": "full_resolution_time", "calendar": 60}),
        (story(*REOPENED, did(120, ANN, "status", "open", "solved")), {**FRESH, "metric": "full_resolution_time",
                                                                       "calendar": 60}),
    ],
    "before_creation": [(story(*REPLIED), {**FRESH, "calendar": -15})],
    "clock_started_elsewhere": [
        (story(did(12, None, "assignee", None, ANN), said(30, ANN)), {**FRESH, "calendar": 18}),  # since assigned
        (story(*REPLIED), {**JIRA, "metric": "sla_first_response", "business": 18, "cycles": [(12, 30, 18)]}),
    ],
    "first_cycle_of_many": [
        (
            story(*REOPENED, did(120, ANN, "status", "open", "solved")),
            {**JIRA, "metric": "sla_resolution", "business": 30, "cycles": [(0, 60, 60), (90, 120, 30)]},
        )
    ],
    "unexplained": [
        (story(*REPLIED), {"calendar": 17}),
        (story(*REPLIED), {"metric": "replies", "number": 5}),
        (story(*SOLVED), {"metric": "full_resolution_time", "calendar": 33}),
    ],
}  # fmt: skip
BY_HOURS = frozenset({
    "paused_time", "calendar_differs", "holidays_differ", "no_schedule", "several_schedules", "schedule_changed",
    "hours_not_known",
})  # fmt: skip
CASES = [(reason, place) for reason, cases in BY_HAND.items() for place in range(len(cases))]


@pytest.mark.parametrize(("reason", "place"), CASES)
def test_every_difference_has_its_reason(store: Store, reason: str, place: int) -> None:
    ticket, native = BY_HAND[reason][place]
    assert why(store, ticket, **native)[:1] == [reason]


def test_every_reason_is_shown_here_and_has_a_sentence() -> None:
    assert {*BY_HAND} | BY_HOURS == {*SENTENCES}
    assert all(text and text[-1] != "." for text in SENTENCES.values())


def test_where_neither_side_has_a_figure_there_is_nothing_to_compare(store: Store) -> None:
    assert why(store, story()) == []
    assert why(store, story(), figures=OTHERS) == []
    assert why(store, story(), **FRESH) == []


# by working hours


def test_the_helpdesks_own_hours_agree(store: Store) -> None:
    scheduled(store, ("1", 0, OFFICE))
    ticket = story(said(DAY, ANN))  # Tuesday, the same time: 2 h 46 min 40 s on Monday, and 5 h 13 min 20 s on Tuesday
    assert why(store, ticket, calendar=DAY, business=8 * HOUR) == ["agrees", "agrees"]
    assert why(store, ticket, calendar=DAY, business=8 * HOUR - 1) == ["agrees", "rounding"]


def test_of_a_changed_schedule_the_one_in_force_at_the_end_holds_for_all(store: Store) -> None:
    """Known from 60 minutes after the creation on: mornings only. The reply on Tuesday at 14:13 has three hours."""
    scheduled(store, ("1", 0, OFFICE), ("1", at(60), MORNING))
    ticket = story(said(DAY, ANN))
    assert why(store, ticket, calendar=DAY, business=3 * HOUR) == ["agrees", "agrees"]
    assert why(store, ticket, calendar=DAY, business=8 * HOUR) == ["agrees", "schedule_changed"]


def test_another_schedule_of_the_helpdesk_is_recognised(store: Store) -> None:
    scheduled(store, ("1", 0, OFFICE), ("2", 0, MORNING))
    assert why(store, story(said(DAY, ANN)), calendar=DAY, business=3 * HOUR) == ["agrees", "several_schedules"]


def test_holidays_that_the_helpdesk_did_not_leave_out_are_recognised(store: Store) -> None:
    scheduled(store, ("1", 0, OFFICE), off=["2026-09-22"])
    ticket = story(said(DAY, ANN))
    assert why(store, ticket, calendar=DAY, business=TO_FIVE) == ["agrees", "agrees"]
    assert why(store, ticket, calendar=DAY, business=8 * HOUR) == ["agrees", "holidays_differ"]


def test_a_helpdesk_that_counts_around_the_clock_is_recognised(store: Store) -> None:
    assert why(store, story(said(DAY, ANN)), calendar=DAY, business=DAY) == ["agrees", "no_schedule"]
    scheduled(store, ("1", 0, OFFICE))
    assert why(store, story(said(DAY, ANN)), calendar=DAY, business=DAY) == ["agrees", "no_schedule"]


def test_hours_of_before_the_first_sync_are_not_known(store: Store) -> None:
    assert why(store, story(said(DAY, ANN)), calendar=DAY, business=77) == ["agrees", "hours_not_known"]
    scheduled(store, ("1", at(2 * DAY), OFFICE))
    assert why(store, story(said(DAY, ANN)), calendar=DAY, business=77) == ["agrees", "hours_not_known"]


def test_hours_that_nothing_accounts_for_are_unexplained(store: Store) -> None:
    scheduled(store, ("1", 0, OFFICE))
    assert why(store, story(said(DAY, ANN)), calendar=DAY, business=77) == ["agrees", "unexplained"]


def test_what_differs_by_definition_differs_by_hours_too_unless_the_hours_are_odd(store: Store) -> None:
    scheduled(store, ("1", 0, OFFICE))
    ticket = story(talked(1, ANN, "call"), said(DAY, ANN))
    assert why(store, ticket, calendar=DAY, business=8 * HOUR) == ["phone_or_chat", "phone_or_chat"]
    assert why(store, ticket, calendar=DAY, business=77) == ["phone_or_chat", "unexplained"]


OWN = Config(timezone="UTC", hours={"default": Hours(weekly={"mon-fri": ("09:00-17:00",)})})


def test_a_promise_counts_by_hours_that_jira_does_not_tell(store: Store) -> None:
    ticket = story(said(DAY, ANN))
    runs = {**JIRA, "metric": "sla_first_response", "config": OWN}
    assert why(store, ticket, business=8 * HOUR, cycles=[(0, DAY, 8 * HOUR)], **runs) == ["agrees", "agrees"]
    assert why(store, ticket, business=3 * HOUR, cycles=[(0, DAY, 3 * HOUR)], **runs) == ["agrees", "calendar_differs"]


def test_a_promise_rests_while_it_waits_for_the_customer(store: Store) -> None:
    """Solved after two hours, of which the customer had one and a half."""
    ticket = story(
        did(0, None, "status", None, "new"), did(10, ANN, "status", "new", "pending"),
        did(100, CUSTOMER, "status", "pending", "open"), did(120, ANN, "status", "open", "solved"),
    )  # fmt: skip
    runs = {**JIRA, "metric": "sla_resolution", "config": OWN}
    assert why(store, ticket, business=30, cycles=[(0, 120, 30)], **runs) == ["agrees", "paused_time"]
    assert why(store, ticket, business=50, cycles=[(0, 120, 50)], **runs) == ["agrees", "calendar_differs"]


def test_a_promise_that_still_runs_is_not_compared(store: Store) -> None:
    assert why(store, story(), **JIRA, metric="sla_first_response") == []


# rows and summaries


def test_a_row_holds_both_figures_and_ours_by_both_definitions(store: Store) -> None:
    scheduled(store, ("1", 0, ALWAYS))
    calendar, business = compared(store, story(talked(1, ANN, "call"), said(30, ANN)), calendar=30, business=30)
    assert (calendar.native, calendar.same, calendar.ours) == (30 * MINUTE, 30 * MINUTE, MINUTE)
    assert (business.native, business.same, business.ours) == (30 * MINUTE, 30 * MINUTE, MINUTE)
    assert calendar.difference == -29 * MINUTE
    assert (calendar.clock, business.clock, calendar.kpi) == ("calendar", "business", "first_reply_time")
    assert calendar.url == "https://acme.example.com/77"


def test_a_summary_counts_reasons_and_shows_the_largest_unexplained_difference(store: Store) -> None:
    rows = [
        row
        for ticket, minutes in [
            (story(*REPLIED), 30),
            (story(said(30.9, ANN)), 30),
            (story(talked(1, ANN, "call"), said(900, ANN)), 900),
            (story(*REPLIED), 17),
            (story(*REPLIED), 19),
            (story(*REPLIED), None),
        ]
        for row in compared(store, ticket, figures={} if minutes is None else {"reply_time": {"calendar": minutes}})
    ]
    (summary,) = summarise(rows)
    assert (summary.source, summary.metric, summary.clock) == ("acme", "reply_time", "calendar")
    assert (summary.compared, summary.agree, summary.unexplained) == (5, 2, 2)
    assert summary.reasons == {"unexplained": 2, "not_computed_yet": 1, "phone_or_chat": 1}
    assert summary.largest is not None
    assert summary.largest.difference == 13 * MINUTE
    assert summary.compared == summary.agree + sum(n for r, n in summary.reasons.items() if r != "not_computed_yet")
