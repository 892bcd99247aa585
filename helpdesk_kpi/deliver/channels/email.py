"""Email over SMTP: one transaction for each recipient, so that one refused address stops no other."""

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import getaddresses, parseaddr
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from helpdesk_kpi.deliver.contract import Channel, Message, Part, Sent
from helpdesk_kpi.deliver.mime import Letterhead, build, message_id
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
        return list(dict.fromkeys(parseaddr(address)[1] for address in (*self.to, *self.cc, *self.bcc)))

    def preview(self, message: Message, recipient: str) -> Sequence[Part]:
        return [(f"{recipient}.eml", build(message, self._letterhead()).as_bytes())]

    def send(self, message: Message, recipient: str) -> Sent:
        mail = build(message, self._letterhead()).as_bytes()
        self._check_size(mail)
        with self._connected() as server:
            _envelope(server, parseaddr(self.sender)[1], recipient)
            answer = _hand_over(server, mail)
        return Sent("sent", message_id(message, self._letterhead()), answer)

    def _letterhead(self) -> Letterhead:
        return Letterhead(sender=self.sender, to=self.to, cc=self.cc, reply_to=self.reply_to, channel=self.name)

    def _check_size(self, mail: bytes) -> None:
        if len(mail) > self.max_mb * 1_000_000:
            raise DeliveryError(
                f"the mail has {len(mail) / 1_000_000:.1f} MB; max_mb of channel {self.name!r} is {self.max_mb:g}",
                permanent=True,
            )

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """A server that has greeted, is encrypted as configured and knows who we are; nothing is sent yet."""
        try:
            server = self._connect()
        except (OSError, UnicodeError) as error:  # smtplib's own errors are OSErrors; UnicodeError: a host no DNS knows
            raise DeliveryError(f"{self.host}: no connection: {_words(error)}", permanent=False) from error
        try:
            self._greet(server)
            yield server
        finally:
            with suppress(OSError):
                server.quit()  # the outcome is decided before
            server.close()

    def _connect(self) -> smtplib.SMTP:
        port = self.port or PORTS[self.security]
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, port, timeout=self.timeout, context=self._trust())
        return smtplib.SMTP(self.host, port, timeout=self.timeout)

    def _trust(self) -> ssl.SSLContext:
        """Certificate and host name are verified; smtplib does neither when it is given no context."""
        return ssl.create_default_context(cafile=self.ca_file)

    def _greet(self, server: smtplib.SMTP) -> None:
        try:
            server.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                self._encrypt(server)
            if self.username and self.password:
                server.login(self.username, self.password.reveal())
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error, f"{self.host} before the mail") from error
        except OSError as error:  # the rest of smtplib's own errors say what this server cannot do
            final = isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected)
            raise DeliveryError(f"{self.host} before the mail: {_words(error)}", permanent=final) from error

    def _encrypt(self, server: smtplib.SMTP) -> None:
        if not server.has_extn("starttls"):
            raise DeliveryError(
                f"{self.host} offers no STARTTLS, so nothing was sent; security may be tls, or none in a network "
                "that you trust",
                permanent=True,
            )
        server.starttls(context=self._trust())
        server.ehlo()


def _envelope(server: smtplib.SMTP, sender: str, recipient: str) -> None:
    """MAIL and RCPT: whatever goes wrong here, nothing has been sent."""
    try:
        for answer, step in ((server.mail(sender), f"sender {sender}"), (server.rcpt(recipient), recipient)):
            code, words = answer
            if code not in {250, 251}:
                raise _refused(code, words, step)
    except OSError as error:
        raise DeliveryError(f"the server left before the mail: {_words(error)}", permanent=False) from error


def _hand_over(server: smtplib.SMTP, mail: bytes) -> str:
    """DATA: an answer is an answer, but silence may mean that the server has the mail."""
    try:
        code, words = server.data(mail)
    except smtplib.SMTPDataError as error:
        raise _refused(error.smtp_code, error.smtp_error, "the mail") from error
    except OSError as error:
        raise _maybe(f"the server left while it took the mail: {_words(error)}") from error
    if code >= 400:
        raise _refused(code, words, "the mail")
    if code != 250:
        raise _maybe(f"the server answered {code} {_line(words)} to the mail")
    return _line(words)


def _maybe(what: str) -> DeliveryError:
    return DeliveryError(f"{what}; it may have arrived", permanent=False, ambiguous=True)


def _refused(code: int, words: bytes | str, what: str) -> DeliveryError:
    """4xx asks to come back later, everything else is final (RFC 5321, section 4.2.1)."""
    return DeliveryError(f"the server refused {what}: {code} {_line(words)}", permanent=not 400 <= code < 500)


def _line(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(text.split())[:300]


def _words(error: Exception) -> str:
    return _line(str(error)) or type(error).__name__


def _check_addresses(key: str, addresses: tuple[str, ...]) -> None:
    for address in addresses:
        if not _is_address(address):
            raise ValueError(f"{key}: {address!r} is not one address (name@domain or Name <name@domain>, in ASCII)")


def _is_address(address: str) -> bool:
    found = getaddresses([address])
    plain = found[0][1] if len(found) == 1 else ""
    try:
        Address(addr_spec=plain)
    except (ValueError, IndexError, HeaderParseError):
        return False
    return "@" in plain[1:-1] and plain.isascii() and address.isprintable()
