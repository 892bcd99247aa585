"""A message as a mail: the tree of parts that Outlook, Gmail and Apple Mail read, the same bytes each time.

mixed
├── alternative
│   ├── text/plain
│   └── related
│       ├── text/html
│       └── image/png, inline, by Content-ID
└── attachments
"""

import hashlib
import re
import unicodedata
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import msgspec

from helpdesk_kpi.deliver.addresses import bare, only_ascii, with_ascii_domain
from helpdesk_kpi.deliver.contract import Message

#: 7-bit transfer encodings only: a body in 8 bits needs a server that offers 8BITMIME.
POLICY = SMTP.clone(cte_type="7bit")
SUBJECT_LENGTH = 200


class Letterhead(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail says besides its report. Addresses are as a person writes them: "Ann <ann@example.com>"."""

    sender: str
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    reply_to: str | None = None
    channel: str = ""  # part of the Message-ID: two channels with the same report send two mails
    utf8: bool = True  # False: for servers without SMTPUTF8, which cannot be told of addresses beyond ASCII


def build(message: Message, letterhead: Letterhead) -> EmailMessage:
    """The mail. Pure: its Date, Message-ID and boundaries come from the message, so a retry is byte for byte equal."""
    mail = EmailMessage(policy=POLICY.clone(utf8=_has_utf8(letterhead)))
    _address(mail, letterhead)
    _label(mail, message, letterhead)
    _fill(mail, message)
    for number, part in enumerate(mail.walk()):
        if part.is_multipart():
            part.set_boundary(f"={_key(message, letterhead)}={number}")
    return mail


def message_id(message: Message, letterhead: Letterhead) -> str:
    """The same for the same report, period, variant and channel, so that mailboxes may recognise a repetition."""
    return f"<{_key(message, letterhead)}@{_domain(letterhead.sender)}>"


def one_line(words: str, limit: int = SUBJECT_LENGTH) -> str:
    """What fits a header: ticket texts may hold line breaks, control characters and half characters."""
    line = "".join(" " if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} else letter for letter in words)
    line = " ".join(whole(line).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def whole(text: str) -> str:
    """The text with lone surrogates, which have no bytes in UTF-8, as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _address(mail: EmailMessage, letterhead: Letterhead) -> None:
    to, cc, reply_to = map(_said, (letterhead.to, letterhead.cc, (letterhead.reply_to or "",)), [letterhead.utf8] * 3)
    mail["From"] = with_ascii_domain(letterhead.sender)
    mail["To"] = to or "undisclosed-recipients:;"
    if cc:
        mail["Cc"] = cc
    if reply_to:
        mail["Reply-To"] = reply_to


def _said(addresses: tuple[str, ...], utf8: bool) -> str:
    return ", ".join(map(with_ascii_domain, addresses if utf8 else only_ascii(addresses)))


def _has_utf8(letterhead: Letterhead) -> bool:
    """Whether headers name addresses beyond ASCII: only then they are written in UTF-8."""
    addresses = (letterhead.sender, letterhead.reply_to or "", *letterhead.to, *letterhead.cc)
    return letterhead.utf8 and len(only_ascii(addresses)) < len(addresses)


def _label(mail: EmailMessage, message: Message, letterhead: Letterhead) -> None:
    mail["Subject"] = one_line(message.subject)
    mail["Date"] = format_datetime(datetime.fromtimestamp(message.made_at / 1000, UTC))
    mail["Message-ID"] = message_id(message, letterhead)
    # An out-of-office answer to a report would open a ticket in the helpdesk that it is about.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    slug = re.sub(r"[^a-z0-9]+", "-", message.report.lower()).strip("-") or "report"
    mail["List-Id"] = f"<{slug}.helpdesk-kpi.{_domain(letterhead.sender)}>"


def _fill(mail: EmailMessage, message: Message) -> None:
    mail.set_content(whole(message.text))
    if message.html is not None:
        mail.add_alternative(whole(message.html), subtype="html")
        html = next(part for part in mail.iter_parts() if part.get_content_type() == "text/html")
        for cid, png in message.images.items():
            html.add_related(png, "image", "png", cid=f"<{cid}>", disposition="inline", filename=f"{cid}.png")
    for filename, media_type, content in message.attachments:
        maintype, _, subtype = media_type.partition("/")
        mail.add_attachment(content, maintype=maintype, subtype=subtype, filename=one_line(filename))


def _key(message: Message, letterhead: Letterhead) -> str:
    # Before version 0.5 a mail sent within its period had the complete one's Message-ID; a mailbox that knows it would
    # take the complete one for a repetition. Hence the word at the end.
    parts = (message.report, str(message.start), str(message.end), message.variant, letterhead.channel, "0.5")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _domain(address: str) -> str:
    return bare(with_ascii_domain(address)).rpartition("@")[2] or "localhost"
