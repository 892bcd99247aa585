"""One conversation with a mail server, step by step, and what each way of failing means for a second try.

| step                         | the connection fails     | the server refuses         | anything else       |
| ---------------------------- | ------------------------ | -------------------------- | ------------------- |
| connect, TLS, EHLO           | again later              | 4xx again later, 5xx final | final               |
| STARTTLS, AUTH               | again later              | 4xx again later, 5xx final | final               |
| MAIL FROM, RCPT TO, DATA     | again later              | 4xx again later, 5xx final | final               |
| the mail, before its last dot | again later             | -                          | final               |
| the last dot and its answer  | it may have arrived      | 4xx again later, 5xx final | it may have arrived |
| QUIT                         | the mail has arrived     | the mail has arrived       | -                   |

A server must not deliver a mail whose end it has not seen (RFC 5321, sections 3.8 and 4.1.1.4), so nothing before the
last dot leaves it open whether the mail arrived.
"""

import re
import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from helpdesk_kpi.errors import DeliveryError

SEND_MAIL = 354


@contextmanager
def nothing_sent(where: str) -> Iterator[None]:
    """Whatever fails inside is a DeliveryError that is not ambiguous."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise refused(error.smtp_code, error.smtp_error, where) from error
    except OSError as error:  # smtplib's own errors are OSErrors; most say what this server cannot do
        final = isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected)
        raise DeliveryError(f"{where}: {words_of(error)}; nothing was sent", permanent=final) from error
    except DeliveryError:
        raise
    except Exception as error:
        text = f"{where}: unexpected {type(error).__name__}; nothing was sent"
        raise DeliveryError(text, permanent=True) from error


def own_name() -> str | None:
    """What this machine calls itself in EHLO; None leaves it to smtplib, which cannot say names beyond ASCII."""
    return None if socket.getfqdn().isascii() else "[127.0.0.1]"


def name_envelope(server: smtplib.SMTP, sender: str, recipient: str, *, utf8: bool) -> None:
    """MAIL FROM and RCPT TO. `utf8`: one of the addresses of the mail is beyond ASCII."""
    body = ["BODY=8BITMIME"] if utf8 and server.has_extn("8bitmime") else []
    options = ["SMTPUTF8", *body] if utf8 else []
    _expect(server.mail(sender, options), f"sender {sender}")
    _expect(server.rcpt(recipient), recipient)


def _expect(answer: tuple[int, bytes], what: str) -> None:
    code, words = answer
    if code not in {250, 251}:
        raise refused(code, words, what)


def start_mail(server: smtplib.SMTP, mail: bytes) -> None:
    """DATA, and the mail without its end."""
    code, words = server.docmd("DATA")
    if code != SEND_MAIL:
        raise refused(code, words, "the mail")
    doubled = re.sub(rb"(?m)^\.", b"..", mail)  # RFC 5321, section 4.5.2
    server.send(doubled if doubled.endswith(b"\r\n") else doubled + b"\r\n")


def end_mail(server: smtplib.SMTP) -> str:
    """The last dot. An answer is an answer, but silence may mean that the server has the mail."""
    try:
        server.send(b".\r\n")
        code, words = server.getreply()
    except Exception as error:
        raise _maybe(f"the server left while it took the mail: {words_of(error)}") from error
    if code >= 400:
        raise refused(code, words, "the mail")
    if code != 250:
        raise _maybe(f"the server answered {code} {line(words)} to the mail")
    return line(words)


def refused(code: int, words: bytes | str, what: str) -> DeliveryError:
    """4xx asks to come back later, everything else is final (RFC 5321, section 4.2.1); no code is no answer."""
    final = code > 0 and not 400 <= code < 500
    return DeliveryError(f"the server refused {what}: {code} {line(words)}", permanent=final)


def line(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(text.split())[:300]


def words_of(error: Exception) -> str:
    return line(str(error)) or type(error).__name__


def _maybe(what: str) -> DeliveryError:
    return DeliveryError(f"{what}; it may have arrived", permanent=False, ambiguous=True)
