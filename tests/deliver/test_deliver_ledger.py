"""The ledger: nothing twice, nothing lost, and nothing again by itself that may have arrived."""

import hashlib
import sqlite3
from typing import Any, ClassVar

import msgspec
import pytest
from deliver_fixtures import MONDAY, Clock, Script, message, open_ledger
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_kpi.deliver import ledger
from helpdesk_kpi.deliver.contract import Channel, Sent
from helpdesk_kpi.deliver.delivery import LEASE, PATIENCE, Outcome, deliver, dry_run, retry_pending, wait
from helpdesk_kpi.errors import DeliveryError, UsageError
from helpdesk_kpi.milliseconds import MINUTE

IN_PASSING = DeliveryError("451 later", permanent=False)
FINAL = DeliveryError("550 no such user", permanent=True)
PERHAPS = DeliveryError("the server left", permanent=False, ambiguous=True)
ANN, BO, CY = "ann@example.com", "bo@example.com", "cy@example.com"


@pytest.fixture
def db() -> sqlite3.Connection:
    return open_ledger()


def script(*steps: Any, **settings: Any) -> Script:
    return Script(name="leads", script=list(steps), log=[], **settings)


def send(db: sqlite3.Connection, channel: Channel, clock: Clock, **changes: Any) -> list[Outcome]:
    return deliver(db, message(**changes), [channel], clock, jitter=lambda: 0.0)


def again(db: sqlite3.Connection, channel: Channel, clock: Clock) -> list[Outcome]:
    return retry_pending(db, [channel], clock, jitter=lambda: 0.0)


def states(db: sqlite3.Connection) -> list[str]:
    return [row.state for row in sorted(ledger.list_deliveries(db), key=lambda row: row.id)]


# Once


def test_each_recipient_has_a_row_and_gets_the_message_once(db: sqlite3.Connection) -> None:
    leads = script(Sent("sent", "<1@x>"), Sent("accepted"), to=(ANN, BO))
    outcomes = send(db, leads, Clock())
    assert [(out.delivery.recipient, out.delivery.state, out.delivery.ref) for out in outcomes] == [
        (ANN, "sent", "<1@x>"),
        (BO, "accepted", None),
    ]
    assert all(out.tried and out.is_delivered for out in outcomes)


def test_delivering_again_sends_nothing_and_says_what_was_sent(db: sqlite3.Connection) -> None:
    leads, clock = script(), Clock()
    send(db, leads, clock)
    [out] = send(db, leads, clock)
    assert (out.tried, out.is_delivered, len(leads.log)) == (False, True, 1)


def test_a_recipient_who_is_added_gets_the_frozen_message(db: sqlite3.Connection) -> None:
    leads, clock = script(), Clock()
    send(db, leads, clock, text="first rendering")
    more = msgspec.structs.replace(leads, to=(ANN, BO))
    send(db, more, clock, text="second rendering")
    assert [(to, text.text) for to, text in more.log] == [(ANN, "first rendering"), (BO, "first rendering")]


@pytest.mark.parametrize("change", [{"variant": "corrected"}, {"start": 0}, {"report": "weekly:EMEA"}])
def test_a_correction_another_period_and_another_slice_are_sent(db: sqlite3.Connection, change: dict[str, Any]) -> None:
    leads, clock = script(), Clock()
    send(db, leads, clock)
    send(db, leads, clock, **change)
    assert len(leads.log) == 2


def test_variants_of_a_report_are_those_of_its_period_and_of_its_teams(db: sqlite3.Connection) -> None:
    leads, clock = script(), Clock()
    sent = message()
    others: list[dict[str, Any]] = [
        {}, {"report": f"{sent.report}:EMEA", "variant": "of EMEA"}, {"report": f"{sent.report}2", "variant": "of 2"},
        {"start": 0, "variant": "of another period"},
    ]  # fmt: skip
    for changes in others:
        send(db, leads, clock, **changes)
    found = ledger.variants_of(db, sent.report, sent.start, sent.end)
    assert sorted(found) == sorted([sent.variant, "of EMEA"])


def test_a_test_message_is_sent_each_time_and_never_again_by_itself(db: sqlite3.Connection) -> None:
    leads, clock = script(Sent(), IN_PASSING), Clock()
    send(db, leads, clock, is_test=True)
    clock.at += 1
    [out] = send(db, leads, clock, is_test=True)
    assert (out.delivery.state, out.delivery.next_try) == ("failed", None)
    assert send(db, leads, clock)[0].tried  # the real one is not taken for sent


# Failures


def test_one_recipient_failing_stops_no_other(db: sqlite3.Connection) -> None:
    outcomes = send(db, script(FINAL, PERHAPS, Sent(), to=(ANN, BO, CY)), Clock())
    assert [out.delivery.state for out in outcomes] == ["failed", "unknown", "sent"]
    assert outcomes[0].delivery.detail == "550 no such user"


def test_one_channel_failing_stops_no_other(db: sqlite3.Connection) -> None:
    first, second = script(FINAL), Script(name="second", log=[])
    outcomes = deliver(db, message(), [first, second], Clock())
    assert [(out.delivery.channel, out.delivery.state) for out in outcomes] == [("leads", "failed"), ("second", "sent")]


def test_what_fails_in_passing_is_sent_later_with_the_same_bytes(db: sqlite3.Connection) -> None:
    leads, clock = script(IN_PASSING), Clock()
    [out] = send(db, leads, clock)
    assert (out.delivery.state, out.delivery.next_try) == ("failed", MONDAY + MINUTE)
    assert ledger.next_due(db) == MONDAY + MINUTE
    clock.at += MINUTE
    assert [out.is_delivered for out in again(db, leads, clock)] == [True]
    assert leads.log[0] == leads.log[1]
    assert ledger.next_due(db) is None


def test_nothing_is_tried_before_its_time(db: sqlite3.Connection) -> None:
    leads, clock = script(DeliveryError("429", permanent=False, retry_after=300)), Clock()
    send(db, leads, clock)
    clock.at += 300_000 - 1
    assert again(db, leads, clock) == []
    assert [out.tried for out in send(db, leads, clock)] == [False]
    clock.at += 1
    assert [out.is_delivered for out in again(db, leads, clock)] == [True]


def test_waits_double_up_to_half_an_hour_and_honour_the_service() -> None:
    # 1, 2, 4, 8, 16 minutes, then 32 is more than the longest wait
    assert [wait(attempt, None, 0) // MINUTE for attempt in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
    assert wait(1, 90, 0) == 90_000
    assert wait(1, 30, 0) == 60_000  # sooner than our own wait
    assert wait(1, None, 1.0) == 75_000  # a quarter on top


def test_tries_end_at_the_deadline(db: sqlite3.Connection) -> None:
    leads, clock = script(*[IN_PASSING] * 50), Clock()
    send(db, leads, clock)
    while (at := ledger.next_due(db)) is not None:
        clock.at = at
        again(db, leads, clock)
    # tries after 0, 1, 3, 7, 15, 31, 61, 91 minutes; the next would be after 121, past two hours
    assert len(leads.log) == 8
    [row] = ledger.list_deliveries(db)
    assert (row.state, row.next_try, row.attempt) == ("failed", None, 8)
    assert row.detail == "451 later; given up after 8 tries"


def test_a_machine_that_slept_past_the_deadline_sends_nothing_stale(db: sqlite3.Connection) -> None:
    leads, clock = script(IN_PASSING), Clock()
    send(db, leads, clock)
    clock.at += PATIENCE + 1
    assert again(db, leads, clock) == []
    [row] = ledger.list_deliveries(db)
    assert (row.state, row.detail) == ("failed", "451 later; given up at its deadline")


def test_an_error_that_no_channel_foresaw_is_raised_after_the_others_were_sent(db: sqlite3.Connection) -> None:
    leads = script(ZeroDivisionError("bug"), Sent(), to=(ANN, BO))
    with pytest.raises(ExceptionGroup) as caught:
        send(db, leads, Clock())
    assert [type(error) for error in caught.value.exceptions] == [ZeroDivisionError]
    assert states(db) == ["unknown", "sent"]


# Unknown


@pytest.mark.parametrize("steps", [PERHAPS, KeyboardInterrupt()])
def test_what_may_have_arrived_is_never_sent_again_by_itself(db: sqlite3.Connection, steps: BaseException) -> None:
    leads, clock = script(steps), Clock()
    try:
        send(db, leads, clock)
    except KeyboardInterrupt:
        assert states(db) == ["sending"]
    for _ in range(3):
        clock.at += LEASE + 1
        send(db, leads, clock)
        again(db, leads, clock)
    assert len(leads.log) == 1
    assert states(db) == ["unknown"]


def test_a_person_sends_again_what_is_unknown(db: sqlite3.Connection) -> None:
    leads, clock = script(PERHAPS), Clock()
    [out] = send(db, leads, clock)
    row = ledger.resend(db, out.delivery.id, now=clock(), deadline=clock() + PATIENCE)
    assert (row.state, row.detail) == ("planned", "sent again by hand; before: the server left")
    assert [out.is_delivered for out in again(db, leads, clock)] == [True]


def test_a_person_resolves_what_is_unknown(db: sqlite3.Connection) -> None:
    leads, clock = script(PERHAPS, PERHAPS, to=(ANN, BO)), Clock()
    first, second = send(db, leads, clock)
    assert ledger.resolve(db, first.delivery.id, "sent", now=clock()).sent_at == MONDAY
    assert ledger.resolve(db, second.delivery.id, "failed", now=clock()).sent_at is None
    assert states(db) == ["sent", "failed"]
    assert again(db, leads, clock) == []


def test_what_arrived_is_neither_sent_again_nor_resolved(db: sqlite3.Connection) -> None:
    [out] = send(db, script(), Clock())
    with pytest.raises(UsageError, match="delivery 1 is sent; this is for deliveries that are failed or unknown"):
        ledger.resend(db, out.delivery.id, now=MONDAY, deadline=MONDAY)
    with pytest.raises(UsageError, match="delivery 1 is sent"):
        ledger.resolve(db, out.delivery.id, "failed", now=MONDAY)
    with pytest.raises(UsageError, match="no delivery 99"):
        ledger.resolve(db, 99, "sent", now=MONDAY)


def test_an_outcome_that_comes_after_its_lease_still_counts(db: sqlite3.Connection) -> None:
    row = _sending(db)
    ledger.sweep(db, MONDAY + LEASE + 1)
    assert states(db) == ["unknown"]
    ledger.record_outcome(db, row, "me", "sent", now=MONDAY + LEASE + 2)
    assert states(db) == ["sent"]


def test_an_outcome_does_not_overrule_a_person(db: sqlite3.Connection) -> None:
    row = _sending(db)
    ledger.sweep(db, MONDAY + LEASE + 1)
    ledger.resolve(db, row.id, "failed", now=MONDAY + LEASE + 1)
    ledger.record_outcome(db, row, "me", "sent", now=MONDAY + LEASE + 2)
    assert states(db) == ["failed"]


def _sending(db: sqlite3.Connection) -> ledger.Delivery:
    [planned] = ledger.plan_deliveries(db, message(), [("leads", ANN)], now=MONDAY, deadline=MONDAY + PATIENCE)
    row = ledger.claim(db, planned, "me", now=MONDAY, lease_until=MONDAY + LEASE)
    assert row is not None
    assert ledger.start(db, row, "me", now=MONDAY, lease_until=MONDAY + LEASE)
    return row


# Claims


def test_a_claim_is_taken_by_one_and_free_again_when_its_owner_died(db: sqlite3.Connection) -> None:
    [row] = ledger.plan_deliveries(db, message(), [("leads", ANN)], now=MONDAY, deadline=MONDAY + PATIENCE)
    mine = ledger.claim(db, row, "me", now=MONDAY, lease_until=MONDAY + LEASE)
    assert ledger.claim(db, row, "you", now=MONDAY, lease_until=MONDAY + LEASE) is None
    ledger.sweep(db, MONDAY + LEASE + 1)
    assert ledger.claim(db, row, "you", now=MONDAY + LEASE + 1, lease_until=MONDAY + 2 * LEASE) is not None
    assert mine is not None
    assert not ledger.start(db, mine, "me", now=MONDAY + LEASE + 1, lease_until=MONDAY + 2 * LEASE)


def test_what_a_dead_process_had_planned_is_sent_by_the_next(db: sqlite3.Connection) -> None:
    leads, clock = script(), Clock()
    ledger.plan_deliveries(db, message(), [("leads", ANN)], now=MONDAY, deadline=MONDAY + PATIENCE)
    assert [out.is_delivered for out in again(db, leads, clock)] == [True]


def test_who_is_no_longer_a_recipient_gets_nothing(db: sqlite3.Connection) -> None:
    leads, clock = script(IN_PASSING, IN_PASSING, to=(ANN, BO)), Clock()
    send(db, leads, clock)
    clock.at += MINUTE
    again(db, msgspec.structs.replace(leads, to=(BO,)), clock)
    assert states(db) == ["skipped", "sent"]


def test_a_channel_that_is_no_longer_configured_gets_nothing(db: sqlite3.Connection) -> None:
    clock = Clock()
    send(db, script(IN_PASSING), clock)
    clock.at += MINUTE
    retry_pending(db, [], clock)
    assert [(row.state, row.detail) for row in ledger.list_deliveries(db)] == [
        ("skipped", "its channel is no longer configured")
    ]


# Privacy, integrity, dry runs


class Room(Script, frozen=True, kw_only=True):
    """A channel that several people read."""

    is_group: ClassVar[bool] = True


def test_a_report_about_one_person_never_goes_to_a_group(db: sqlite3.Connection) -> None:
    room = Room(name="team", log=[])
    [out] = send(db, room, Clock(), about_person=True)
    assert (out.delivery.state, out.delivery.next_try, room.log) == ("failed", None, [])
    assert "read by a group" in str(out.delivery.detail)
    assert send(db, room, Clock(), report="other")[0].is_delivered


def test_a_frozen_message_that_was_changed_is_not_sent(db: sqlite3.Connection) -> None:
    leads, clock = script(IN_PASSING), Clock()
    send(db, leads, clock)
    db.execute("UPDATE frozen_messages SET body = ?", (msgspec.msgpack.encode(message(text="forged")),))
    db.commit()
    clock.at += MINUTE
    [out] = again(db, leads, clock)
    assert (out.delivery.state, out.delivery.next_try, len(leads.log)) == ("failed", None, 1)


def test_the_frozen_bytes_are_identified_by_their_hash(db: sqlite3.Connection) -> None:
    send(db, script(), Clock())
    [(name, body)] = db.execute("SELECT hash, body FROM frozen_messages").fetchall()
    assert name == hashlib.sha256(body).hexdigest()


def test_a_dry_run_shows_all_and_sends_nothing() -> None:
    leads, room = script(to=(ANN, BO)), Room(name="team", log=[])
    shown = dry_run(message(about_person=True), [leads, room])
    assert [(preview.channel, preview.recipient, bool(preview.parts)) for preview in shown] == [
        ("leads", ANN, True),
        ("leads", BO, True),
        ("team", ANN, False),
    ]
    assert "read by a group" in shown[2].refused
    assert leads.log == room.log == []


def test_the_ledger_is_shown_by_state_and_report(db: sqlite3.Connection) -> None:
    leads, clock = script(Sent(), FINAL), Clock()
    send(db, leads, clock)
    send(db, leads, clock, report="monthly")
    assert [row.report for row in ledger.list_deliveries(db, state="failed")] == ["monthly"]
    assert [row.state for row in ledger.list_deliveries(db, report="weekly")] == ["sent"]
    assert len(ledger.list_deliveries(db)) == 2


STEPS = st.sampled_from([Sent(), IN_PASSING, FINAL, PERHAPS, KeyboardInterrupt()])


@given(st.lists(st.tuples(STEPS, st.integers(0, 40)), min_size=1, max_size=12))
def test_whatever_happens_nothing_is_sent_after_it_arrived_or_may_have(steps: list[tuple[Any, int]]) -> None:
    """Each step is what the next send does, and the minutes that pass before it."""
    db, clock = open_ledger(), Clock()
    leads = script(*[step for step, _ in steps])
    for _, minutes in steps:
        clock.at += minutes * MINUTE
        try:
            send(db, leads, clock)
            again(db, leads, clock)
        except KeyboardInterrupt:
            pass
    happened = [step for step, _ in steps][: len(leads.log)]
    assert all(step is IN_PASSING for step in happened[:-1])
    db.close()
