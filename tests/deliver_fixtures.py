"""Mail and chat servers on loopback, and a message to send them."""
# ruff: noqa: ARG002, N802 - aiosmtpd calls these methods with these names

import asyncio
import shutil
import socket
import sqlite3
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
import uvicorn
from aiosmtpd.smtp import SMTP, AuthResult
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from helpdesk_kpi.deliver import ledger, slots
from helpdesk_kpi.deliver.contract import Channel, Message, Part, Sent

MONDAY = 1_795_420_800_000  # 2026-11-23T08:00:00Z
WEEK = 7 * 86_400_000

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def message(**changes: Any) -> Message:
    plain = Message(
        report="weekly",
        title="Support weekly",
        period="2026-W47",
        start=MONDAY - WEEK,
        end=MONDAY,
        made_at=MONDAY,
        subject="Support week 47: first reply 38 min",
        text="First reply: 38 min (n=61)\n",
        html='<p>First reply: 38 min (n=61) <img src="cid:trend" alt="38 min"></p>',
        images={"trend": PNG},
    )
    return msgspec.structs.replace(plain, **changes)


class Clock:
    """Now, moved by hand."""

    def __init__(self, at: int = MONDAY) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


def open_ledger(path: Path | str = ":memory:") -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=30)
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'deliveries'").fetchone():
        db.executescript(ledger.DDL + slots.DDL)
    return db


class Script(Channel, frozen=True, kw_only=True):
    """A channel that does what it is told: each send takes the next entry, an exception is raised."""

    kind: ClassVar[str] = "script"

    to: tuple[str, ...] = ("ann@example.com",)
    script: list[Any] = msgspec.field(default_factory=list)
    log: list[tuple[str, Message]] = msgspec.field(default_factory=list)

    def recipients(self) -> Sequence[str]:
        return self.to

    def preview(self, message: Message, recipient: str) -> Sequence[Part]:
        return [(recipient, message.text.encode())]

    def send(self, message: Message, recipient: str) -> Sent:
        self.log.append((recipient, message))
        step = self.script.pop(0) if self.script else Sent()
        if isinstance(step, BaseException):
            raise step
        assert isinstance(step, Sent)
        return step


class Mailbox:
    """An aiosmtpd handler that keeps what it takes. Answers can be set for a step or for a recipient."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []  # (recipient, mail)
        self.logins: list[str] = []
        self.password = b"right"
        self.senders: list[str] = []
        self.encrypted: list[bool] = []
        self.at_mail = "250 OK"
        self.at_rcpt: dict[str, str] = {}
        self.at_data = "250 OK queued as 17"
        self.drops_after_data = False
        self.holds: threading.Event | None = None  # DATA is not answered before it is set
        self.has_data = threading.Event()

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.at_mail.startswith("250"):
            envelope.mail_from = address
            self.senders.append(address)
        return self.at_mail

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self.at_rcpt.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.encrypted.append(session.ssl is not None)
        parsed = message_from_bytes(envelope.content, policy=SMTP_POLICY)
        assert isinstance(parsed, EmailMessage)
        self.mails += [(address, parsed) for address in envelope.rcpt_tos]
        self.has_data.set()
        if self.holds:
            await asyncio.to_thread(self.holds.wait, 30)
        if self.drops_after_data:
            server.transport.abort()
        return self.at_data

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.logins.append(data.login.decode())
        return AuthResult(success=data.password == self.password, handled=False)


@contextmanager
def smtp_server(
    mailbox: Mailbox, *, context: ssl.SSLContext | None = None, wrapped: bool = False, login: bool = False,
    utf8: bool = False, hidden_ways: Sequence[str] = (),
) -> Iterator[int]:  # fmt: skip
    """A mail server on loopback; yields its port. `context` offers STARTTLS, or TLS from the start when `wrapped`.
    `utf8` offers SMTPUTF8, `hidden_ways` are ways to sign in that it does not offer.
    """

    def protocol() -> SMTP:
        return SMTP(
            mailbox, hostname="mail.test", loop=loop, tls_context=None if wrapped else context,
            authenticator=mailbox.authenticate if login else None, auth_require_tls=context is not None and not wrapped,
            enable_SMTPUTF8=utf8, auth_exclude_mechanism=hidden_ways,
        )  # fmt: skip

    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(
        loop.create_server(protocol, "127.0.0.1", 0, ssl=context if wrapped else None)
    )  # fmt: skip
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_end(listening), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def _end(listening: asyncio.Server) -> None:
    """Inside the loop's own thread: a server is not to be closed from another."""
    listening.close()
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


class Certificate(msgspec.Struct, frozen=True):
    file: Path
    context: ssl.SSLContext


def make_certificate(folder: Path, subject: str) -> Certificate:
    """A self-signed server certificate for one name or address: "IP:127.0.0.1", "DNS:other.test"."""
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificates of this test, and is not installed")
    file, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", file, "-days", "2", "-subj", "/CN=mail.test", "-addext", f"subjectAltName={subject}"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    return Certificate(file, context)


class Chat:
    """A small Slack: answers each post with the next of `answers` (then "ok"), and keeps the bodies."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.answers: list[tuple[int, str, dict[str, str]]] = []
        self.holds = threading.Event()
        self.holds.set()

    async def take(self, request: Request) -> Response:
        self.posts.append(await request.json())
        await asyncio.to_thread(self.holds.wait, 30)
        status, text, headers = self.answers.pop(0) if self.answers else (200, "ok", {})
        return Response(text, status, headers)


@contextmanager
def chat_server(chat: Chat) -> Iterator[str]:
    """A chat service on loopback; yields the webhook's address."""
    app = Starlette(routes=[Route("/services/T0/B0/s3cr3t", chat.take, methods=["POST"])])
    config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", http="h11")
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))  # connections queue from now on: nobody waits for the start
    port = listening.getsockname()[1]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}/services/T0/B0/s3cr3t"
    finally:
        chat.holds.set()
        server.should_exit = True
        thread.join()
        listening.close()


@contextmanager
def scripted_server(*answers: bytes | None) -> Iterator[tuple[int, list[bytes]]]:
    """A server that greets with the first answer and gives the next one for every line (for every DATA: the mail's
    last dot) that it reads; None closes the connection. Yields its port and what it has read.
    """
    heard: list[bytes] = []

    def talk() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as lines:
            in_mail = False
            for answer in answers:
                if answer is None:
                    return
                connection.sendall(answer)
                in_mail = answer.startswith(b"354")
                while line := lines.readline():
                    heard.append(line)
                    if not in_mail or line == b".\r\n":
                        break

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield listening.getsockname()[1], heard
        finally:
            thread.join(timeout=20)


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port
