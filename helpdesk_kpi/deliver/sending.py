"""Sending what the ledger has planned: one try for each recipient, none of whom stops another."""

import os
import random
import socket
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from helpdesk_kpi.deliver import ledger
from helpdesk_kpi.deliver.contract import Channel, Message, Part, Sent, refuse_group
from helpdesk_kpi.deliver.ledger import Delivery
from helpdesk_kpi.errors import DeliveryError
from helpdesk_kpi.milliseconds import MINUTE

Now = Callable[[], int]  # UTC epoch ms

FIRST_WAIT = MINUTE
LONGEST_WAIT = 30 * MINUTE
PATIENCE = 120 * MINUTE  # from the plan to the last try
LEASE = 15 * MINUTE  # longer than any channel takes for one message


class Outcome(msgspec.Struct, frozen=True):
    """What stands in the ledger after a call. `tried`: this call sent it; otherwise the row was settled or waits."""

    delivery: Delivery
    tried: bool

    @property
    def arrived(self) -> bool:
        return self.delivery.state in {"sent", "accepted"}


class Preview(msgspec.Struct, frozen=True):
    """What a dry run shows for one recipient."""

    channel: str
    recipient: str
    parts: Sequence[Part]  # empty when refused
    refused: str = ""  # why it would not be sent


class Desk(msgspec.Struct, frozen=True):
    """What one call of `deliver` works with."""

    db: sqlite3.Connection
    channels: Mapping[str, Channel]
    now: Now
    owner: str
    jitter: Callable[[], float]  # 0..1


def deliver(
    db: sqlite3.Connection, message: Message, channels: Iterable[Channel], now: Now, *,
    patience: int = PATIENCE, jitter: Callable[[], float] = random.random,
) -> list[Outcome]:  # fmt: skip
    """Send a message to every recipient that has not had it; called again, it does what is still to do.

    One try each: what failed in passing waits in the ledger for `deliver_pending`, until `patience` (ms) is over. A
    test message is tried once, under a variant of its own. Errors that are no DeliveryError leave their row unknown
    and are raised together, after all others were tried.
    """
    begun = now()
    if message.is_test:
        message = msgspec.structs.replace(message, variant=f"test {begun}")
        patience = FIRST_WAIT - 1  # over before a second try
    desk = _desk(db, channels, now, jitter)
    targets = [(channel.name, recipient) for channel in desk.channels.values() for recipient in channel.recipients()]
    ledger.sweep(db, begun)
    return _try_all(desk, ledger.plan(db, message, targets, now=begun, deadline=begun + patience))


def deliver_pending(
    db: sqlite3.Connection, channels: Iterable[Channel], now: Now, *, jitter: Callable[[], float] = random.random
) -> list[Outcome]:
    """Try again what is due, and what a dead process had planned. `channels` are all that are configured."""
    desk = _desk(db, channels, now, jitter)
    ledger.sweep(db, now())
    return _try_all(desk, ledger.due(db, now()))


def dry_run(message: Message, channels: Iterable[Channel]) -> list[Preview]:
    """What `deliver` would send. Nothing leaves, nothing is written."""
    return [_preview(message, channel, recipient) for channel in channels for recipient in channel.recipients()]


def _preview(message: Message, channel: Channel, recipient: str) -> Preview:
    try:
        refuse_group(channel, message)
        return Preview(channel.name, recipient, channel.preview(message, recipient))
    except DeliveryError as error:
        return Preview(channel.name, recipient, (), str(error))


def _desk(db: sqlite3.Connection, channels: Iterable[Channel], now: Now, jitter: Callable[[], float]) -> Desk:
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    return Desk(db, {channel.name: channel for channel in channels}, now, owner, jitter)


def _try_all(desk: Desk, rows: Sequence[Delivery]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    unexpected: list[Exception] = []
    for row in rows:
        try:
            outcomes.append(_try(desk, row))
        except Exception as error:  # noqa: BLE001 - raised below, once the others have had their turn
            unexpected.append(error)
    if unexpected:
        raise ExceptionGroup("sending failed in ways that no channel foresaw", unexpected)
    return outcomes


def _try(desk: Desk, row: Delivery) -> Outcome:
    now = desk.now()
    claimed = ledger.claim(desk.db, row, desk.owner, now=now, lease_until=now + LEASE)
    if claimed is None:
        return Outcome(ledger.one(desk.db, row.id), tried=False)
    channel = desk.channels.get(row.channel)
    if channel is None or row.recipient not in channel.recipients():
        gone = "its channel is no longer configured" if channel is None else "no longer a recipient of the channel"
        return Outcome(ledger.settle(desk.db, claimed, desk.owner, "skipped", now=now, detail=gone), tried=False)
    try:
        return _send(desk, claimed, channel)
    except DeliveryError as error:
        return Outcome(_settle_failure(desk, claimed, error), tried=True)


def _send(desk: Desk, row: Delivery, channel: Channel) -> Outcome:
    message = ledger.frozen(desk.db, row)
    refuse_group(channel, message)
    now = desk.now()
    if not ledger.start(desk.db, row, desk.owner, now=now, lease_until=now + LEASE):
        return Outcome(ledger.one(desk.db, row.id), tried=False)
    try:
        sent = channel.send(message, row.recipient)
    except DeliveryError:
        raise
    except Exception as error:
        words = f"unexpected {type(error).__name__} while sending; it may have arrived"
        ledger.settle(desk.db, row, desk.owner, "unknown", now=desk.now(), detail=words)
        raise
    return Outcome(_settle_success(desk, row, sent), tried=True)


def _settle_success(desk: Desk, row: Delivery, sent: Sent) -> Delivery:
    ref = sent.ref or None
    return ledger.settle(desk.db, row, desk.owner, sent.state, now=desk.now(), ref=ref, detail=sent.detail)


def _settle_failure(desk: Desk, row: Delivery, error: DeliveryError) -> Delivery:
    now = desk.now()
    if error.ambiguous:
        return ledger.settle(desk.db, row, desk.owner, "unknown", now=now, detail=str(error))
    next_try = None if error.permanent else now + wait(row.attempt, error.retry_after, desk.jitter())
    detail = str(error)
    if next_try is not None and next_try > row.deadline:
        next_try, detail = None, f"{detail}; given up after {row.attempt} tries"
    return ledger.settle(desk.db, row, desk.owner, "failed", now=now, next_try=next_try, detail=detail)


def wait(attempt: int, retry_after: float | None, jitter: float) -> int:
    """Milliseconds to the next try: 1, 2, 4 ... 30 minutes, or what the service asked for; plus up to a quarter."""
    doubled = min(FIRST_WAIT * 2 ** min(attempt - 1, 10), LONGEST_WAIT)
    asked = int((retry_after or 0) * 1000)
    return int(max(doubled, asked) * (1 + jitter / 4))
