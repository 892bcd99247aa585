"""A desk with a helpdesk, a mail server and a chat service on loopback, and what a reader sees of its mails."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

from deliver_fixtures import Chat, Mailbox, chat_server, smtp_server
from desk_fixtures import Cli, Ran, SyncedDesk

from helpdesk_kpi.simulator.world.world import generate

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


class Office:
    """A desk with its helpdesk, a mail server and a chat service, and commands typed at its clock."""

    def __init__(self, folder: Path, cli: Cli, more: str = "") -> None:
        self.cli, self.mailbox, self.chat, self.more = cli, Mailbox(), Chat(), more
        self.desk = SyncedDesk(folder, generate(3, tickets=200, weeks=8), edit=self._edit)
        self.monday = self.desk.world.now  # 06:00 in Berlin: two hours before the digest is due
        self.smtp_port, self.webhook = 0, ""
        cli.at(self.monday)

    def _edit(self, text: str) -> str:
        (self.desk.folder / "webhook.txt").write_text(self.webhook)
        text = text.replace('to = ["outbox"]', f'to = ["outbox", "leads", "room"]\n{self.more}')
        return (
            text
            + f"""
[channels.leads]
type = "email"
host = "127.0.0.1"
port = {self.smtp_port}
security = "none"
from = "Support reports <reports@acme.example>"
to = ["lead@acme.example", "head@acme.example"]

[channels.room]
type = "slack"
url = {{ file = "webhook.txt" }}
"""
        )

    @contextmanager
    def open(self) -> Iterator["Office"]:
        with smtp_server(self.mailbox) as self.smtp_port, chat_server(self.chat) as self.webhook, self.desk.served():
            yield self

    def at(self, later: int) -> None:
        """So long after Monday 06:00, for the program and for the helpdesk."""
        self.desk.world.now = self.monday + later
        self.cli.at(self.monday + later)

    def __call__(self, *words: str) -> Ran:
        return self.cli(*words, "--config", self.desk.path)

    def files(self) -> list[str]:
        return sorted(path.name for path in (self.desk.folder / "reports").glob("*"))


class Visible(HTMLParser):
    """What a reader sees of a mail."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.hidden, self.words = 0, [""]
        self.feed(text)
        self.text = re.sub(r"[ \u00a0\u202f]+", " ", "".join(self.words))

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser's signature
        self.hidden += tag in {"style", "title"}
        self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in {"style", "title"}
        self.words.append(" ")

    def handle_data(self, data: str) -> None:
        self.words.append("" if self.hidden else data.replace("\n", " "))


def parts(mail: EmailMessage) -> tuple[str, str]:
    """Text and HTML."""
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text
    assert html
    return text.get_content().replace("\r\n", "\n"), html.get_content()


def sent(office: Office) -> list[str]:
    """The weeks whose digest has been mailed to one of the two, in order."""
    mails = [mail for to, mail in office.mailbox.mails if to == "lead@acme.example"]
    return [found[0] for mail in mails if (found := re.search(r"[Ww]eek (\d+)", str(mail["Subject"])))]
