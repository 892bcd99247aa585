"""Sending what the ledger has planned: one try for each recipient, none of whom stops another."""

import logging
import os
import random
import socket
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import msgspec

from helpdesk_kpi.deliver import ledger
from helpdesk_kpi.deliver.contract import Channel, Message, Part, Sent, refuse_group
from helpdesk_kpi.deliver.ledger import Delivery
from helpdesk_kpi.errors import DeliveryError
from helpdesk_kpi.milliseconds import MINUTE

Now = Callable[[], int]  # UTC epoch ms

log = logging.getLogger(__name__)

FIRST_WAIT = MINUTE
LONGEST_WAIT = 30 * MINUTE
PATIENCE = 120 * MINUTE  # from the plan to the last try
LEASE = 15 * MINUTE  # longer than any channel takes for one message


class Outcome(msgspec.Struct, frozen=True):
    """What stands in the ledger after a call. `tried`: this call sent it; otherwise the row was settled or waits."""

    delivery: Delivery
    tried: bool

    @property
    def is_delivered(self) -> bool:
        return self.delivery.state in {"sent", "accepted"}


class Preview(msgspec.Struct, frozen=True):
    """What a dry run shows for one recipient."""

    channel: str
    recipient: str
    parts: Sequence[Part]  # empty when refused
    refused: str = ""  # why it would not be sent


class DeliveryContext(msgspec.Struct, frozen=True):
    """What one call of `deliver` works with."""

    db: sqlite3.Connection
    channels: Mapping[str, Channel]
    now: Now
    owner: str
    jitter: Callable[[], float]  # 0..1


class Problem(NamedTuple):
    """Something that no channel foresaw: a bug, ours or of a package. It stops nothing else, and is not hidden."""

    where: str  # "weekly: leads -> ann@example.com"
    error: Exception


def deliver(
    db: sqlite3.Connection, message: Message, channels: Iterable[Channel], now: Now, *,
    patience: int = PATIENCE, jitter: Callable[[], float] = random.random, problems: list[Problem] | None = None,
) -> list[Outcome]:  # fmt: skip
    """Send a message to every recipient that has not had it; called again, it does what is still to do.

    One try each: what failed in passing waits in the ledger for `retry_pending`, until `patience` (ms) is over. A
    test message is tried once, under a variant of its own. Errors that are no DeliveryError leave their row unknown;
    they are added to `problems`, or raised together after all others were tried.
    """
    begun = now()
    if message.is_test:
        message = msgspec.structs.replace(message, variant=f"test {begun}")
        patience = FIRST_WAIT - 1  # over before a second try
    desk = _build_context(db, channels, now, jitter)
    ledger.sweep(db, begun)
    with _collected(problems) as found:
        targets = reached(desk.channels.values(), found, message.report)
        return _try_all(desk, ledger.plan_deliveries(db, message, targets, now=begun, deadline=begun + patience), found)


def retry_pending(
    db: sqlite3.Connection, channels: Iterable[Channel], now: Now, *,
    jitter: Callable[[], float] = random.random, problems: list[Problem] | None = None,
) -> list[Outcome]:  # fmt: skip
    """Try again what is due, and what a dead process had planned. `channels` are all that are configured."""
    desk = _build_context(db, channels, now, jitter)
    ledger.sweep(db, now())
    with _collected(problems) as found:
        return _try_all(desk, ledger.list_due(db, now()), found)


def reached(channels: Iterable[Channel], problems: list[Problem], report: str) -> list[tuple[str, str]]:
    """Channel and recipient of everybody whom these channels reach."""
    found: list[tuple[str, str]] = []
    for channel in channels:
        try:
            found += [(channel.name, recipient) for recipient in channel.recipients()]
        except Exception as error:  # noqa: BLE001 - one channel's bug stops no other
            problems.append(Problem(f"{report}: {channel.name}", error))
    return found


@contextmanager
def _collected(problems: list[Problem] | None) -> Iterator[list[Problem]]:
    """The caller's list, or one whose errors are raised at the end."""
    found = [] if problems is None else problems
    yield found
    if problems is None and found:
        raise ExceptionGroup("sending failed in ways that no channel foresaw", [one.error for one in found])


def dry_run(message: Message, channels: Iterable[Channel]) -> list[Preview]:
    """What `deliver` would send. Nothing leaves, nothing is written."""
    return [_preview(message, channel, recipient) for channel in channels for recipient in channel.recipients()]


def _preview(message: Message, channel: Channel, recipient: str) -> Preview:
    try:
        refuse_group(channel, message)
        return Preview(channel.name, recipient, channel.preview(message, recipient))
    except DeliveryError as error:
        return Preview(channel.name, recipient, (), str(error))


def _build_context(
    db: sqlite3.Connection, channels: Iterable[Channel], now: Now, jitter: Callable[[], float]
) -> DeliveryContext:
    owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    return DeliveryContext(db, {channel.name: channel for channel in channels}, now, owner, jitter)


def _try_all(desk: DeliveryContext, rows: Sequence[Delivery], problems: list[Problem]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for row in rows:
        try:
            outcomes.append(_try(desk, row))
        except Exception as error:  # noqa: BLE001 - one recipient's bug stops no other
            problems.append(Problem(f"{row.report}: {row.channel} -> {row.recipient}", error))
    return outcomes


def _try(desk: DeliveryContext, row: Delivery) -> Outcome:
    now = desk.now()
    claimed = ledger.claim(desk.db, row, desk.owner, now=now, lease_until=now + LEASE)
    if claimed is None:
        return Outcome(ledger.get_delivery(desk.db, row.id), tried=False)
    channel = desk.channels.get(row.channel)
    if channel is None or row.recipient not in channel.recipients():
        gone = "its channel is no longer configured" if channel is None else "no longer a recipient of the channel"
        return Outcome(
            ledger.record_outcome(desk.db, claimed, desk.owner, "skipped", now=now, detail=gone), tried=False
        )
    try:
        return _send(desk, claimed, channel)
    except DeliveryError as error:
        log.info("%s: %s -> %s", row.report, row.channel, row.recipient, exc_info=error)
        return Outcome(_settle_failure(desk, claimed, error), tried=True)


def _send(desk: DeliveryContext, row: Delivery, channel: Channel) -> Outcome:
    message = ledger.get_frozen_message(desk.db, row)
    refuse_group(channel, message)
    now = desk.now()
    if not ledger.start(desk.db, row, desk.owner, now=now, lease_until=now + LEASE):
        return Outcome(ledger.get_delivery(desk.db, row.id), tried=False)
    try:
        sent = channel.send(message, row.recipient)
    except DeliveryError:
        raise
    except Exception as error:
        words = f"unexpected {type(error).__name__} while sending; it may have arrived"
        ledger.record_outcome(desk.db, row, desk.owner, "unknown", now=desk.now(), detail=words)
        raise
    return Outcome(_settle_success(desk, row, sent), tried=True)


def _settle_success(desk: DeliveryContext, row: Delivery, sent: Sent) -> Delivery:
    ref = sent.ref or None
    return ledger.record_outcome(desk.db, row, desk.owner, sent.state, now=desk.now(), ref=ref, detail=sent.detail)


def _settle_failure(desk: DeliveryContext, row: Delivery, error: DeliveryError) -> Delivery:
    now = desk.now()
    if error.ambiguous:
        return ledger.record_outcome(desk.db, row, desk.owner, "unknown", now=now, detail=str(error))
    next_try = None if error.permanent else now + wait(row.attempt, error.retry_after, desk.jitter())
    detail = str(error)
    if next_try is not None and next_try > row.deadline:
        next_try, detail = None, f"{detail}; given up after {row.attempt} tries"
    return ledger.record_outcome(desk.db, row, desk.owner, "failed", now=now, next_try=next_try, detail=detail)


def wait(attempt: int, retry_after: float | None, jitter: float) -> int:
    """Milliseconds to the next try: 1, 2, 4 ... 30 minutes, or what the service asked for; plus up to a quarter."""
    doubled = min(FIRST_WAIT * 2 ** min(attempt - 1, 10), LONGEST_WAIT)
    requested_wait = int((retry_after or 0) * 1000)
    return int(max(doubled, requested_wait) * (1 + jitter / 4))
