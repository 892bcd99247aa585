"""What a channel is, what it is given, and what it gives back.

A channel is a frozen Struct whose fields are its configuration table. A new one is one module in `channels/`, or a
package's entry point `helpdesk_kpi.channels`; it says who receives (`recipients`), what would go out (`preview`, which
touches no network) and sends one message to one recipient (`send`).
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import msgspec

from helpdesk_kpi.errors import DeliveryError

Part = tuple[str, bytes]  # (file name, content)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One rendered report of one period. The ledger freezes it, so that a retry sends the same bytes.

    Together report, start, end and variant say which message this is. `report` is the name that the ledger keeps, with
    the slice where a report is repeated ("weekly:EMEA"). A correction is a variant of its own.
    """

    report: str
    title: str
    period: str  # "2026-W47"
    start: int  # the period, half-open [start, end), UTC epoch ms
    end: int
    made_at: int  # when it was rendered (ms): the Date of a mail
    subject: str
    text: str
    html: str | None = None  # None: a text mail
    images: Mapping[str, bytes] = {}  # Content-ID as it stands after "cid:" in the html -> PNG
    attachments: tuple[tuple[str, str, bytes], ...] = ()  # (file name, media type, content)
    payloads: Mapping[str, bytes] = {}  # other renditions: "slack" (Block Kit JSON), "page" (HTML), "json", ...
    variant: str = "original"
    about_person: bool = False  # then it never goes to a group channel
    is_test: bool = False  # tried once, never again by itself


class Sent(msgspec.Struct, frozen=True):
    """How a send ended well. `accepted`: a queue took it, which is not yet a proof that it was posted."""

    state: Literal["sent", "accepted"] = "sent"
    ref: str = ""  # the service's name for it: Message-ID, timestamp, path
    detail: str = ""


class Channel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every channel. Raise ValueError in `__post_init__` for settings that do not go together."""

    kind: ClassVar[str]  # the `type` of its configuration table
    is_group: ClassVar[bool] = False  # several people read it, so nothing about one person goes there
    is_archive: ClassVar[bool] = False  # what others link to lies there, so it comes first

    name: str  # from [channels.NAME]

    def recipients(self) -> Sequence[str]:
        """Whom it reaches: one row of the ledger, and one `send`, for each. A group channel returns one."""
        raise NotImplementedError

    def preview(self, message: Message, recipient: str) -> Sequence[Part]:
        """What `send` would give away, byte for byte, without any network."""
        raise NotImplementedError

    def send(self, message: Message, recipient: str) -> Sent:
        """Send once, without retrying. A refusal or a failure is a DeliveryError, whose flags decide what follows."""
        raise NotImplementedError


def refuse_group(channel: Channel, message: Message) -> None:
    """Raise when a message about one person is on its way to a channel that several people read."""
    if message.about_person and channel.is_group:
        raise DeliveryError(
            f"channel {channel.name!r} ({channel.kind}) is read by a group, and {message.report!r} is about one "
            "person: send it by email or to files",
            permanent=True,
        )
