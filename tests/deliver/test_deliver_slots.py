"""Slots: what is due is recorded, and finished only when everybody has an outcome. And clocks that were wrong."""

import hashlib
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest
from deliver_fixtures import MONDAY, WEEK, Clock, Script, message, open_ledger
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from helpdesk_kpi.deliver import ledger, ledger_migrations, slots, variants
from helpdesk_kpi.deliver.contract import Sent
from helpdesk_kpi.deliver.delivery import LEASE, PATIENCE, Problem, deliver, retry_pending
from helpdesk_kpi.deliver.mime import Letterhead, message_id
from helpdesk_kpi.errors import DeliveryError
from helpdesk_kpi.milliseconds import DAY, HOUR, MINUTE

ANN, BO, CY = "ann@example.com", "bo@example.com", "cy@example.com"
DUE = MONDAY + HOUR
YEAR = 365 * DAY


@pytest.fixture
def db() -> sqlite3.Connection:
    return open_ledger()


def record(db: sqlite3.Connection, **changes: Any) -> slots.Slot:
    given_: dict[str, Any] = {"due": DUE, "now": DUE, **changes}
    return slots.record(db, "weekly", MONDAY - WEEK, MONDAY, **given_)


def script(*steps: Any, to: tuple[str, ...] = (ANN, BO, CY)) -> Script:
    return Script(name="leads", script=list(steps), log=[], to=to)


def parts(*recipients: str, slice_: str = "weekly") -> list[slots.Part]:
    return [(slice_, "leads", recipient) for recipient in recipients]


def state(db: sqlite3.Connection) -> str:
    [slot] = slots.list_slots(db, "weekly")
    return slot.state


# Done means that everything due was done


def test_a_slot_is_done_when_every_part_has_an_outcome(db: sqlite3.Connection) -> None:
    slot = record(db)
    slots.expect(db, slot, parts(ANN, BO, CY))
    assert not slots.finish(db, slot, now=DUE)
    final, perhaps = DeliveryError("550", permanent=True), DeliveryError("left", permanent=False, ambiguous=True)
    deliver(db, message(), [script(Sent(), final, perhaps)], Clock(DUE))
    assert slots.unfinished(db, slot) == []
    assert slots.finish(db, slot, now=DUE)
    assert state(db) == "done"
    assert slots.open_slots(db, "weekly", DUE + YEAR) == []


def test_a_team_of_which_rows_never_came_leaves_its_slot_open(db: sqlite3.Connection) -> None:
    slot = record(db)
    slots.expect(db, slot, [*parts(ANN, slice_="weekly:EMEA"), *parts(ANN, slice_="weekly:APAC")])
    deliver(db, message(report="weekly:EMEA"), [script(to=(ANN,))], Clock(DUE))
    assert not slots.finish(db, slot, now=DUE)
    assert slots.unfinished(db, slot) == parts(ANN, slice_="weekly:APAC")
    assert [one.state for one in slots.open_slots(db, "weekly", DUE + HOUR)] == ["open"]


@pytest.mark.parametrize("variant", ["preliminary", "preliminary 2", "preliminary team_only", "test 17"])
def test_what_is_not_the_complete_report_finishes_nothing(db: sqlite3.Connection, variant: str) -> None:
    slot = record(db)
    slots.expect(db, slot, parts(ANN))
    deliver(db, message(variant=variant), [script(to=(ANN,))], Clock(DUE))
    assert slots.unfinished(db, slot) == parts(ANN)


def test_a_retry_that_waits_keeps_the_slot_open(db: sqlite3.Connection) -> None:
    slot, clock = record(db), Clock(DUE)
    slots.expect(db, slot, parts(ANN))
    leads = script(DeliveryError("451", permanent=False), to=(ANN,))
    deliver(db, message(), [leads], clock, jitter=lambda: 0.0)
    assert slots.unfinished(db, slot) == parts(ANN)
    clock.at += MINUTE
    retry_pending(db, [leads], clock)
    assert slots.unfinished(db, slot) == []


def test_a_recipient_who_comes_is_expected_and_one_who_goes_is_not(db: sqlite3.Connection) -> None:
    slot = record(db)
    slots.expect(db, slot, parts(ANN, BO))
    deliver(db, message(), [script(to=(ANN,))], Clock(DUE))
    slots.expect(db, slot, parts(ANN, CY))
    assert slots.unfinished(db, slot) == parts(CY)
    slots.expect(db, slot, parts(ANN, BO, CY))  # and comes back
    assert slots.unfinished(db, slot) == parts(BO, CY)


def test_pauses_grow_to_six_hours() -> None:
    # 15, 30, 60, 120, 240 minutes; then 480 is more than the longest pause
    assert [slots.pause(tries) // MINUTE for tries in range(1, 8)] == [15, 30, 60, 120, 240, 360, 360]


def test_a_slot_that_failed_is_tried_again_after_its_pause(db: sqlite3.Connection) -> None:
    slots.finish(db, record(db), now=DUE, detail="the template has a mistake")
    [slot] = slots.list_slots(db, "weekly")
    assert (slot.tries, slot.next_try, slot.detail) == (1, DUE + 15 * MINUTE, "the template has a mistake")
    assert slots.open_slots(db, "weekly", DUE + 15 * MINUTE - 1) == []
    assert slots.open_slots(db, "weekly", DUE + 15 * MINUTE) == [slot]
    assert slots.give_up(db, slot, now=DUE) == "the template has a mistake"
    assert state(db) == "missed"


def test_a_period_that_is_due_again_is_the_same_slot(db: sqlite3.Connection) -> None:
    first = record(db)
    slots.finish(db, first, now=DUE)
    again = record(db, due=DUE + WEEK)
    assert (again.id, again.state, again.due_at) == (first.id, "done", DUE + WEEK)
    assert slots.recorded_until(db, "weekly", DUE + WEEK) == DUE + WEEK


# One failure stops no other


class Torn(Script, frozen=True, kw_only=True):
    """A channel whose recipients cannot be read."""

    def recipients(self) -> list[str]:
        raise KeyError("a bug")


def test_a_channel_with_a_bug_stops_no_other(db: sqlite3.Connection) -> None:
    problems: list[Problem] = []
    torn, leads = Torn(name="torn"), script(ZeroDivisionError("a bug"), to=(ANN, BO))
    outcomes = deliver(db, message(), [torn, leads], Clock(DUE), problems=problems)
    assert [(out.delivery.recipient, out.delivery.state) for out in outcomes] == [(BO, "sent")]
    assert [(one.where, type(one.error)) for one in problems] == [
        ("weekly: torn", KeyError), ("weekly: leads -> ann@example.com", ZeroDivisionError),
    ]  # fmt: skip


# Clocks


def test_a_slot_of_a_wrong_clock_blocks_nothing(db: sqlite3.Connection) -> None:
    record(db, due=DUE + 4 * YEAR, now=DUE + 4 * YEAR)
    assert slots.recorded_until(db, "weekly", DUE) is None
    assert slots.open_slots(db, "weekly", DUE) == []
    ledger.sweep(db, DUE)
    assert slots.list_slots(db, "weekly") == []


def test_a_retry_of_a_wrong_clock_is_tried_at_once(db: sqlite3.Connection) -> None:
    clock = Clock(DUE + 4 * YEAR)
    leads = script(DeliveryError("451", permanent=False), to=(ANN,))
    deliver(db, message(), [leads], clock)
    clock.at = DUE
    assert [out.is_delivered for out in retry_pending(db, [leads], clock)] == [True]


@pytest.mark.parametrize(("step", "becomes"), [(False, "sent"), (True, "unknown")])
def test_a_lease_of_a_wrong_clock_is_over(db: sqlite3.Connection, step: bool, becomes: str) -> None:
    """Claimed in 2030 and not begun: sent now. Begun: it may have arrived."""
    late = DUE + 4 * YEAR
    [row] = ledger.plan_deliveries(db, message(), [("leads", ANN)], now=late, deadline=late + PATIENCE)
    claimed = ledger.claim(db, row, "me", now=late, lease_until=late + LEASE)
    assert claimed is not None
    if step:
        ledger.start(db, claimed, "me", now=late, lease_until=late + LEASE)
    retry_pending(db, [script(to=(ANN,))], Clock(DUE))
    assert [one.state for one in ledger.list_deliveries(db)] == [becomes]


def test_what_a_wrong_clock_sent_of_a_later_period_does_not_count_as_sent(db: sqlite3.Connection) -> None:
    """In 2030 by the clock, week 47 of 2030 "was over" and went out. It is 2026, and in 2030 it is due."""
    later = {"start": MONDAY + 4 * YEAR - WEEK, "end": MONDAY + 4 * YEAR}
    leads, clock = script(to=(ANN,)), Clock(DUE + 4 * YEAR)
    deliver(db, message(**later), [leads], clock)
    clock.at = DUE
    retry_pending(db, [leads], clock)
    [row] = ledger.list_deliveries(db)
    assert (row.variant, row.sent_at, row.updated_at) == ("preliminary", DUE, DUE)
    assert ledger.get_frozen_message(db, row).variant == "preliminary"
    clock.at = DUE + 4 * YEAR
    assert [out.tried for out in deliver(db, message(**later), [leads], clock)] == [True]


@given(st.lists(st.integers(-2 * YEAR, 2 * YEAR), min_size=1, max_size=6))
def test_whatever_the_clock_did_nothing_in_the_ledger_lies_in_the_future(jumps: list[int]) -> None:
    db, clock = open_ledger(), Clock()
    leads = script(*[DeliveryError("451", permanent=False)] * 3)
    for jump in jumps:
        clock.at = DUE + jump
        slots.record(db, "weekly", MONDAY - WEEK, MONDAY, due=clock.at, now=clock.at)
        deliver(db, message(), [leads], clock)
    clock.at = DUE - 2 * YEAR
    retry_pending(db, [leads], clock)
    late = clock.at + 2 * MINUTE
    rows, kept = ledger.list_deliveries(db), slots.list_slots(db, "weekly")  # what is due in the future is forgotten
    assert rows
    for row in rows:
        assert max(row.updated_at, row.sent_at or 0) <= late
        assert row.next_try is None or row.next_try <= late + HOUR
    assert all(max(slot.due_at, slot.created_at) <= late for slot in kept)
    db.close()


# The tables of earlier versions

#: A ledger as version 0.4.0 wrote it: period, when it was frozen, when each row was sent, its state.
EARLIER: list[tuple[str, int, list[tuple[str, int | None, str]], int]] = [
    # in the middle of its period: preliminary, though one recipient got it later
    ("weekly", MONDAY, [(ANN, MONDAY + DAY, "sent"), (BO, MONDAY + 8 * DAY, "sent")], MONDAY + DAY),
    # after its period: the complete one
    ("weekly", MONDAY - WEEK, [(ANN, MONDAY + HOUR, "sent"), (BO, None, "failed")], MONDAY + HOUR),
    # two teams, one of which still waits
    ("monthly:EMEA", MONDAY - WEEK, [(ANN, MONDAY + HOUR, "sent")], MONDAY + HOUR),
    ("monthly:APAC", MONDAY - WEEK, [(ANN, None, "planned")], MONDAY + HOUR),
]


def earlier_ledger(path: Path) -> Database:
    db = Database(path)
    for migration in ledger_migrations.migrations.pending(db)[:1]:
        assert migration.name == "m0001_first"
    ledger_migrations.migrations.apply(db, stop_before="m0002_slots")
    for report, start, rows, frozen_at in EARLIER:
        body = message(report=report, start=start, end=start + WEEK)
        with db.conn:
            ledger._freeze(db.conn, body, frozen_at)
            for recipient, sent_at, state in rows:
                db.conn.execute(
                    "INSERT INTO deliveries (report, period_start, period_end, channel, recipient, variant, state,"
                    " deadline, created_at, updated_at, sent_at)"
                    " VALUES (?, ?, ?, 'leads', ?, 'original', ?, 0, ?, ?, ?)",
                    (report, start, start + WEEK, recipient, state, frozen_at, sent_at or frozen_at, sent_at),
                )
    return db


def test_earlier_rows_are_kept_and_those_sent_within_their_period_are_preliminary(tmp_path: Path) -> None:
    db = earlier_ledger(tmp_path / "store.db")
    before = db.conn.execute("SELECT id, report, recipient, state, sent_at FROM deliveries ORDER BY id").fetchall()
    ledger_migrations.migrate_ledger(db)
    after = db.conn.execute("SELECT id, report, recipient, state, sent_at FROM deliveries ORDER BY id").fetchall()
    assert after == before
    variants_ = db.conn.execute("SELECT variant FROM deliveries ORDER BY id").fetchall()
    assert [variant for (variant,) in variants_] == ["preliminary"] * 2 + ["original"] * 4
    for row in ledger.list_deliveries(db.conn):
        assert ledger.get_frozen_message(db.conn, row).variant == row.variant  # the frozen bytes are whole
    leads = script(to=(ANN,))
    outcomes = deliver(db.conn, message(start=MONDAY, end=MONDAY + WEEK), [leads], Clock(MONDAY + WEEK + HOUR))
    assert [out.tried for out in outcomes] == [True]  # the complete one goes out


def test_what_was_sent_before_there_were_slots_is_done_unless_it_waits(tmp_path: Path) -> None:
    db = earlier_ledger(tmp_path / "store.db")
    ledger_migrations.migrate_ledger(db)
    found = [
        (one.report, one.start, one.state) for name in ("weekly", "monthly") for one in slots.list_slots(db.conn, name)
    ]
    assert found == [("weekly", MONDAY - WEEK, "done"), ("monthly", MONDAY - WEEK, "open")]


def test_the_complete_report_has_another_message_id_than_one_that_an_earlier_version_sent_too_early() -> None:
    """Mailboxes that know a Message-ID drop the second mail. The value is what version 0.4.0 gave this message:
    sha256 of report, start, end, variant and channel, joined by NUL.
    """
    words = ("weekly", str(MONDAY - WEEK), str(MONDAY), "original", "leads")
    old = hashlib.sha256("\0".join(words).encode()).hexdigest()[:32]
    assert old not in message_id(message(), Letterhead(sender=ANN, channel="leads"))


# Variants


def test_variants_are_identified_and_read_back() -> None:
    assert variants.complete("full") == "original"
    assert variants.complete("team_only") == "team_only"
    assert variants.preliminary(1, "full") == "preliminary"
    assert variants.preliminary(2, "team_only") == "preliminary 2 team_only"
    assert variants.newest_number([]) == 0
    assert variants.newest_number(["original", "preliminary", "preliminary 3 pseudonymous", "preliminary 2"]) == 3
    assert [variants.is_complete(one) for one in ("original", "team_only", "corrected", "preliminary 2", "test 5")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert msgspec.structs.replace(message(), variant="preliminary") != message()
