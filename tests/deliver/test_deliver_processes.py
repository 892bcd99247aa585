"""Real processes: one that is killed while it sends, and two that want to send the same."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from deliver_fixtures import Clock, Mailbox, message, open_ledger, smtp_server
from project_paths import ROOT, TESTS

from helpdesk_kpi.deliver import ledger
from helpdesk_kpi.deliver.channels.email import Email
from helpdesk_kpi.deliver.delivery import LEASE, Outcome, deliver, retry_pending

RECIPIENTS = tuple(f"lead{number}@example.com" for number in range(12))

#: Says "ready", waits for a line, and delivers: arguments are the store, the port and the recipients.
SENDER = """
import sys
from deliver_fixtures import Clock, message, open_ledger
from helpdesk_kpi.deliver.channels.email import Email
from helpdesk_kpi.deliver.delivery import deliver

store, port, *recipients = sys.argv[1:]
channel = Email(name="leads", host="127.0.0.1", port=int(port), security="none",
                sender="desk@example.com", to=tuple(recipients))
db = open_ledger(store)
print("ready", flush=True)
sys.stdin.readline()
print(sum(outcome.tried for outcome in deliver(db, message(), [channel], Clock())), flush=True)
"""


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port(mailbox: Mailbox) -> Iterator[int]:
    with smtp_server(mailbox) as port:
        yield port


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    open_ledger(path).close()
    return path


def start_sender(store: Path, port: int, recipients: tuple[str, ...]) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(ROOT), str(TESTS / "fixtures")])
    child = subprocess.Popen(
        [sys.executable, "-c", SENDER, str(store), str(port), *recipients],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def go(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def deliver_here(store: Path, port: int, clock: Clock) -> list[Outcome]:
    channel = Email(
        name="leads", host="127.0.0.1", port=port, security="none", sender="desk@example.com", to=RECIPIENTS[:1]
    )
    db = open_ledger(store)
    try:
        return [*deliver(db, message(), [channel], clock), *retry_pending(db, [channel], clock)]
    finally:
        db.close()


def test_a_process_killed_while_it_sends_leaves_unknown_and_no_second_mail(
    mailbox: Mailbox, port: int, store: Path
) -> None:
    mailbox.holds = threading.Event()
    child = start_sender(store, port, RECIPIENTS[:1])
    go(child)
    assert mailbox.has_data.wait(30)  # the server has the mail and has not answered
    child.send_signal(signal.SIGKILL)
    child.communicate()
    mailbox.holds.set()
    clock = Clock()

    [early] = deliver_here(store, port, clock)
    assert (early.delivery.state, early.tried) == ("sending", False)  # its owner might be alive

    clock.at += LEASE + 1
    [late] = deliver_here(store, port, clock)
    assert (late.delivery.state, late.tried) == ("unknown", False)
    assert "may have arrived" in str(late.delivery.detail)
    assert len(mailbox.mails) == 1


def test_a_process_killed_before_it_sends_loses_nothing(mailbox: Mailbox, port: int, store: Path) -> None:
    child = start_sender(store, port, RECIPIENTS[:1])
    child.kill()
    child.communicate()
    [outcome] = deliver_here(store, port, Clock())
    assert outcome.is_delivered
    assert len(mailbox.mails) == 1


def test_two_processes_that_race_send_each_mail_once(mailbox: Mailbox, port: int, store: Path) -> None:
    children = [start_sender(store, port, RECIPIENTS) for _ in range(2)]
    for child in children:
        go(child)
    tried = [int(child.communicate(timeout=60)[0]) for child in children]
    assert sorted(recipient for recipient, _ in mailbox.mails) == sorted(RECIPIENTS)
    assert sum(tried) == len(RECIPIENTS)
    db = open_ledger(store)
    assert {row.state for row in ledger.list_deliveries(db)} == {"sent"}
    db.close()
