"""Files in a folder: the report as HTML, text and mail, its pictures and what else was rendered of it."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import ClassVar

from msgspec import field

from helpdesk_kpi.deliver.contract import Channel, Message, Part, Sent
from helpdesk_kpi.deliver.file_names import safe
from helpdesk_kpi.deliver.file_names import stem as format_stem
from helpdesk_kpi.deliver.mime import Letterhead, build, whole
from helpdesk_kpi.errors import DeliveryError

#: Payloads that are files of their own; any other kind becomes `.KIND.json`.
SUFFIXES = {"json": ".json", "page": ".html"}


class FolderChannel(Channel, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`weekly-2026-W47.html`, `.txt`, `.eml`, `.json` and so on. A file appears whole, readable by its owner only."""

    kind: ClassVar[str] = "files"
    is_archive: ClassVar[bool] = True

    folder: Path
    sender: str = field(name="from", default="helpdesk-kpi <helpdesk-kpi@localhost>")  # of the .eml

    def recipients(self) -> Sequence[str]:
        return [str(self.folder.resolve())]  # the same folder, wherever it is named from

    def preview(self, message: Message, recipient: str) -> Sequence[Part]:  # noqa: ARG002 - a folder is one
        return list(parts(message, self.sender))

    def send(self, message: Message, recipient: str) -> Sent:
        made = self.preview(message, recipient)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name, content in made:
                _write(self.folder / name, content)
        except OSError as error:  # what stands half-way is written over by the next try
            raise DeliveryError(f"{self.folder}: {error.strerror or error}", permanent=False) from error
        return Sent(
            "sent",
            str(self.folder / stem(message)),
            ", ".join(name for name, _ in made),
        )


def stem(message: Message) -> str:
    """The beginning of every file's name."""
    return format_stem(message.report, message.period, message.variant)


def parts(message: Message, sender: str) -> Iterator[Part]:
    """Every file of a message. The HTML is the browser page where there is one, else the mail with its pictures."""
    begin = stem(message)
    pictures = {cid: f"{begin}-{safe(cid)}.png" for cid in message.images}
    yield f"{begin}.txt", whole(message.text).encode()
    if message.html is not None and "page" not in message.payloads:
        yield f"{begin}.html", _with_files(message.html, pictures).encode()
    yield f"{begin}.eml", build(message, Letterhead(sender=sender)).as_bytes()
    for cid, name in pictures.items():
        yield name, message.images[cid]
    for kind, payload in message.payloads.items():
        yield begin + SUFFIXES.get(kind, f".{safe(kind)}.json"), payload
    own = [a for a in message.attachments if a[2] not in message.payloads.values()]  # what is here once is enough
    for number, (name, _, content) in enumerate(own, 1):
        yield f"{begin}-{number}-{safe(name)}", content


def _with_files(html: str, pictures: dict[str, str]) -> str:
    """A browser knows no Content-IDs: point to the files beside the page."""
    return re.sub(r'(?<=["\'])cid:([^"\']+)', lambda found: pictures.get(found[1], found[0]), whole(html))


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: a reader of the folder never meets half a file. Mode 0600 comes with a temporary file."""
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
