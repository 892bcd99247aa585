"""Shed: a helpdesk with one endpoint, GET /tickets?after=N: up to 100 tickets, the oldest change first."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import ClassVar, Literal

import msgspec

from helpdesk_kpi.errors import PullError
from helpdesk_kpi.model import AnyRecord, Event, Person, Ticket
from helpdesk_kpi.text import comment
from helpdesk_kpi.pull.auth import Basic
from helpdesk_kpi.pull.contract import NEEDS, YES, Connector, Finding, Page, Provides, Start, Stream, no
from helpdesk_kpi.pull.paging import PageWalk
from helpdesk_kpi.pull.lenient_decode import decode_rows, map_rows
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.secret import Secret


GIVEN = frozenset({"tickets", "comments.public", "status.history"})


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table [sources.NAME]. Secrets arrive resolved and never show in messages."""

    url: str
    key: Secret


class Message(msgspec.Struct):
    """The fields of a payload that are in use; other fields are ignored."""

    id: int
    at: int  # epoch seconds, as all times of Shed
    author: str
    staff: bool
    words: str


class Row(msgspec.Struct):
    number: int
    change: int  # increases over all tickets
    created: int
    changed: int
    title: str
    messages: list[Message]
    solved: int | None = None


class Tickets(msgspec.Struct):
    tickets: msgspec.Raw  # decoded row by row, so that a broken row loses no other


class Shed(Connector):
    name: ClassVar[str] = "shed"
    Settings: ClassVar[type[msgspec.Struct]] = Account
    provides: ClassVar[Mapping[str, Provides]] = {
        **dict.fromkeys(NEEDS, no("Shed does not have it")),
        **dict.fromkeys(GIVEN, YES),
    }

    @classmethod
    def transport(cls, settings: Account) -> Transport:
        return Transport(settings.url, auth=Basic(settings.key.reveal(), Secret("")))

    def streams(self) -> Sequence[Stream]:
        return [Stream(name="tickets", kind="cursor", pages=self.fetch_tickets, gives=GIVEN)]

    async def check(self) -> Sequence[Finding]:
        try:
            await self.http.get("/tickets", {"after": 0}, type=Tickets)
        except PullError as error:
            return [Finding(level="error", about="tickets", text=str(error))]
        return [Finding(level="ok", about="tickets", text="readable")]

    async def fetch_tickets(self, start: Start) -> AsyncIterator[Page]:
        """Each page is stored together with its cursor, so an interrupted sync continues here."""
        cursor = int(start.cursor or 0)
        walk = PageWalk("/tickets", cursor)
        while True:
            page = await self.http.get("/tickets", {"after": cursor}, type=Tickets)
            rows, rejected = decode_rows(page.tickets, Row, "number")
            last = max((row.change for row in rows), default=None)
            if not walk.advance(more=bool(rows or rejected), to=last, has_rows=bool(rows or rejected)):
                break  # Shed's list ends with an empty page
            cursor = last or cursor
            wanted = [row for row in rows if row.changed * 1000 >= start.since]
            found, unmapped = map_rows(wanted, map_ticket, id="number")
            yield Page(records=found, cursor=str(cursor), rejected=[*rejected, *unmapped])
        yield Page(complete_until=start.now)


def map_ticket(row: Row) -> Iterator[AnyRecord]:
    """Map a ticket, its history and its people."""
    number = str(row.number)
    yield Ticket(
        id=number, number=number, url=f"https://shed.example/{number}", subject=row.title, version=row.change,
        created_at=row.created * 1000, updated_at=row.changed * 1000, requester=row.messages[0].author,
        submitter=row.messages[0].author, status="open" if row.solved is None else "solved",
    )  # fmt: skip
    for place, message in enumerate(row.messages):
        role = "staff" if message.staff else "guest"
        kind: Literal["agent", "customer"] = "agent" if message.staff else "customer"
        yield Person(id=message.author, kind=kind, role=role, version=1, name=message.author)
        features = comment.extract_features(message.words)  # the text is not stored
        yield Event(
            ticket=number, id=str(message.id), at=message.at * 1000, seq=place, kind="comment", actor=message.author,
            public=True, **comment.feature_fields(features),
        )  # fmt: skip
    if row.solved is not None:
        yield Event(
            ticket=number, id=f"{number}-solved", at=row.solved * 1000, seq=len(row.messages), kind="change",
            field="status", before="open", after="solved",
        )  # fmt: skip
