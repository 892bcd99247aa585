"""Email over SMTP: one transaction for each recipient, so that one refused address stops no other."""

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from helpdesk_kpi.deliver.addresses import bare, is_address, needs_utf8, with_ascii_domain
from helpdesk_kpi.deliver.contract import Channel, Message, Part, Sent
from helpdesk_kpi.deliver.mime import Letterhead, build, message_id
from helpdesk_kpi.deliver.sasl import SIGNED_IN, sign_in
from helpdesk_kpi.deliver.smtp import end_mail, name_envelope, nothing_sent, own_name, refused, start_mail, words_of
from helpdesk_kpi.errors import DeliveryError
from helpdesk_kpi.secret import Secret

PORTS = {"starttls": 587, "tls": 465, "none": 25}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[float, Meta(gt=0, le=600)]


class Email(Channel, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mail to each of `to`, `cc` and `bcc`. The headers name all of `to` and `cc`, as in any mail."""

    kind: ClassVar[str] = "email"

    host: str
    sender: str = field(name="from")
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    reply_to: str | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    port: Port | None = None  # None: 587, 465 or 25, by security
    username: str | None = None
    password: Secret | None = None
    timeout: Seconds = 30.0  # for each step of the conversation
    ca_file: Path | None = None  # PEM of a company's own authority; None: those of the system
    max_mb: Annotated[float, Meta(gt=0)] = 10.0  # of the whole mail, encoded; many servers take no more

    def __post_init__(self) -> None:
        _check_addresses("from", (self.sender,))
        _check_addresses("reply_to", (self.reply_to,) if self.reply_to else ())
        for key, addresses in {"to": self.to, "cc": self.cc, "bcc": self.bcc}.items():
            _check_addresses(key, addresses)
        if not self.recipients():
            raise ValueError("needs an address in to, cc or bcc")
        if (self.username is None) != (self.password is None):
            raise ValueError("needs both username and password, or neither")
        if self.password and self.security == "none" and self.host not in LOOPBACK:
            raise ValueError("sends no password unencrypted: security must be starttls or tls")
        if self.ca_file and not self.ca_file.is_file():
            raise ValueError(f"ca_file: there is no file {self.ca_file}")

    def recipients(self) -> Sequence[str]:
        return list(dict.fromkeys(bare(address) for address in (*self.to, *self.cc, *self.bcc)))

    def preview(self, message: Message, recipient: str) -> Sequence[Part]:
        return [(f"{recipient}.eml", self._mail(message, utf8=self._needs_utf8(recipient)))]

    def send(self, message: Message, recipient: str) -> Sent:
        with nothing_sent("before the mail"):
            self._check_size(self._mail(message, utf8=False))
        with self._smtp_session() as server:
            with nothing_sent(f"{self.host} before the mail"):
                utf8 = self._needs_utf8(recipient) and server.has_extn("smtputf8")
                self._check_addresses_can_be_said(recipient, utf8=utf8)
                name_envelope(server, bare(with_ascii_domain(self.sender)), with_ascii_domain(recipient), utf8=utf8)
                start_mail(server, self._mail(message, utf8=utf8))
            answer = end_mail(server)
        return Sent("sent", message_id(message, self._letterhead(utf8=True)), answer)

    def _mail(self, message: Message, *, utf8: bool) -> bytes:
        return build(message, self._letterhead(utf8=utf8)).as_bytes()

    def _letterhead(self, *, utf8: bool) -> Letterhead:
        return Letterhead(
            sender=self.sender, to=self.to, cc=self.cc, reply_to=self.reply_to, channel=self.name, utf8=utf8
        )

    def _needs_utf8(self, recipient: str) -> bool:
        """Whether the envelope or a header names an address beyond ASCII; its domain never counts."""
        addresses = (self.sender, self.reply_to or "", recipient, *self.to, *self.cc)
        return any(map(needs_utf8, addresses))

    def _check_addresses_can_be_said(self, recipient: str, *, utf8: bool) -> None:
        """A server without SMTPUTF8 reaches everybody else: their mails leave such addresses out of the headers."""
        for address in () if utf8 else (bare(self.sender), recipient):
            if needs_utf8(address):
                raise DeliveryError(
                    f"{self.host} does not offer SMTPUTF8, so no mail with {address} can be sent through it; "
                    "use an address in ASCII, or another server",
                    permanent=True,
                )

    def _check_size(self, mail: bytes) -> None:
        if len(mail) > self.max_mb * 1_000_000:
            raise DeliveryError(
                f"the mail has {len(mail) / 1_000_000:.1f} MB; max_mb of channel {self.name!r} is {self.max_mb:g}",
                permanent=True,
            )

    @contextmanager
    def _smtp_session(self) -> Iterator[smtplib.SMTP]:
        """A server that has greeted, is encrypted as configured and knows who we are; nothing is sent yet."""
        try:
            server = self._connect()
        except (OSError, UnicodeError) as error:  # smtplib's own errors are OSErrors; UnicodeError: a host no DNS knows
            raise DeliveryError(f"{self.host}: no connection: {words_of(error)}", permanent=False) from error
        try:
            with nothing_sent(f"{self.host} before the mail"):
                self._greet(server)
            yield server
        finally:
            with suppress(OSError, ValueError):
                server.quit()  # the outcome is decided before
            server.close()

    def _connect(self) -> smtplib.SMTP:
        port = self.port or PORTS[self.security]
        if self.security == "tls":
            return smtplib.SMTP_SSL(
                self.host, port, local_hostname=own_name(), timeout=self.timeout, context=self._trust()
            )
        return smtplib.SMTP(self.host, port, local_hostname=own_name(), timeout=self.timeout)

    def _trust(self) -> ssl.SSLContext:
        """Certificate and host name are verified; smtplib does neither when it is given no context."""
        return ssl.create_default_context(cafile=self.ca_file)

    def _greet(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if self.security == "starttls":
            self._encrypt(server)
        if self.username and self.password:
            self._sign_in(server, self.username, self.password.reveal())

    def _encrypt(self, server: smtplib.SMTP) -> None:
        if not server.has_extn("starttls"):
            raise DeliveryError(
                f"{self.host} offers no STARTTLS, so nothing was sent; security may be tls, or none in a network "
                "that you trust",
                permanent=True,
            )
        server.starttls(context=self._trust())
        server.ehlo()

    def _sign_in(self, server: smtplib.SMTP, username: str, password: str) -> None:
        code, words = sign_in(server, username, password)
        if code not in SIGNED_IN:
            where = f"{self.host} before the mail"
            if not (username + password).isascii():
                where += " (username or password has characters outside ASCII, which not every server takes)"
            raise refused(code, words, where)


def _check_addresses(key: str, addresses: tuple[str, ...]) -> None:
    for address in addresses:
        if not is_address(address):
            raise ValueError(f"{key}: {address!r} is not one address (name@domain or Name <name@domain>)")
