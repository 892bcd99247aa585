"""What a connector is.

A connector is one module in `connectors/` (or a package's entry point `helpdesk_kpi.connectors`). It names its streams;
`sync` asks each stream for pages and stores each page, its cursor and what it makes stale in one transaction. Fetching
(async generators) and mapping (pure functions from the vendor's payload to records) stay apart.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any, ClassVar, Literal, Protocol

import msgspec

from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.store.page import Page, RejectedRow, Todo

__all__ = [
    "FURTHER_NEEDS",
    "NEEDS",
    "YES",
    "Connector",
    "Finding",
    "KnownAccount",
    "Page",
    "Provides",
    "RejectedRow",
    "Start",
    "Stream",
    "Todo",
    "no",
    "partly",
]


class Provides(msgspec.Struct, frozen=True):
    """Whether a source can give something that a KPI needs, and why not or only in part."""

    answer: Literal["yes", "partly", "no"]
    reason: str = ""


YES = Provides("yes")


def partly(reason: str) -> Provides:
    return Provides("partly", reason)


def no(reason: str) -> Provides:
    return Provides("no", reason)


#: What a KPI may need of a source, in the words of the documentation. A connector's `provides` answers each.
NEEDS: Mapping[str, str] = {
    "tickets": "tickets with their present state",
    "comments.public": "replies: when, by whom",
    "comments.private": "internal notes: when, by whom",
    "status.history": "when a ticket was opened, solved, reopened",
    "assignee.history": "who had a ticket when, in which team",
    "priority.history": "how urgent a ticket was when",
    "calls": "calls and who answered them",
    "chats": "messaging sessions and who answered them",
    "survey.answers": "what customers answered",
    "survey.offered": "whom a survey was sent to",
    "survey.dimensions": "surveys with several questions",
    "schedules": "business hours",
    "sla.policies": "what the helpdesk was told to promise",
    "articles": "texts of the knowledge base and their edits",
    "roles": "who was of the team when",
}
#: What only some helpdesks have at all; a connector that says nothing of it does not give it.
FURTHER_NEEDS: Mapping[str, str] = {
    "team.history": "which team had a ticket when, apart from who had it",
    "sla.cycles": "runs of promises' clocks, as the helpdesk keeps them",
    "sla.events": "what happened to promises' clocks",
    "time.entries": "time that agents wrote down",
    "article.edits": "who edited which text when",
    "article.votes": "votes for and against texts",
    "article.views": "how often texts were looked at",
}


#: ("ticket" or "article", ids) -> the versions that the store has of them; unknown ones are left out.
FindVersions = Callable[[Literal["ticket", "article"], Collection[str]], Mapping[str, int]]


class KnownAccount(msgspec.Struct, frozen=True):
    """What the store knows of an account beside its role."""

    kind: str | None = None  # null: only the id is known
    is_requester: bool = False  # is the requester of some ticket
    was_assigned: bool = False  # was given some ticket
    has_name: bool = False  # customers never are


#: Ids of accounts -> what the store knows of them; unknown ones are left out.
FindAccounts = Callable[[Collection[str]], Mapping[str, KnownAccount]]
#: Ids of tickets -> ids of their requesters; tickets without one are left out.
FindRequesters = Callable[[Collection[str]], Mapping[str, str]]


def _no_rows(ids: Collection[str]) -> Mapping[str, Any]:  # noqa: ARG001 - Accounts and Requesters
    return {}


class FindPresentTickets(Protocol):
    """Ids of the tickets that are kept and, as far as is known, still there."""

    def __call__(self, brand: str | None = None, *, unsolved: bool = False) -> Collection[str]:
        """Of one brand, or of all. `unsolved`: only those of which the helpdesk does not say that they are done."""
        ...


def _no_ids(brand: str | None = None, *, unsolved: bool = False) -> Collection[str]:  # noqa: ARG001 - Present
    return frozenset()


def _no_versions(kind: Literal["ticket", "article"], ids: Collection[str]) -> Mapping[str, int]:  # noqa: ARG001 - Versions
    return {}


#: (version, queue) -> tickets of that version or newer, of which no words have arrived or a record could not be read,
#: and which that queue has not settled.
FindTicketsWithoutComments = Callable[[int, str], Sequence[Todo]]


def _no_tickets(after: int, queue: str) -> Sequence[Todo]:  # noqa: ARG001 - Wordless
    return ()


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream is told when it starts."""

    cursor: str | None  # null on the first run
    since: int  # the configured first day
    now: int
    todo: Sequence[Todo] = ()  # queue streams: what is to be fetched, longest unchanged first
    full: bool = False  # `sync --full`: everything is asked for again
    versions: FindVersions = _no_versions  # which versions of things are kept already
    accounts: FindAccounts = _no_rows
    requesters: FindRequesters = _no_rows
    present: FindPresentTickets = _no_ids  # which tickets are kept as being there
    without_comments: FindTicketsWithoutComments = _no_tickets  # tickets whose words did not arrive


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of thing that a source gives.

    cursor: goes on where it stopped.  queue: works off what other streams named in `Page.todo`, and says in
    `Page.done` what it has settled; what it leaves is there again in the next run.
    census: walks everything, and what it does not meet is gone.  snapshot: small, read whole every time.
    """

    name: str
    kind: Literal["cursor", "queue", "census", "snapshot"]
    pages: Callable[[Start], AsyncIterator[Page]]
    every: int = 0  # ms; a stream that ran more recently than this is not asked again, except by `sync --full`
    gives: frozenset[str] = frozenset()  # needs that fail with this stream: "comments.public", "survey.answers", ...


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `check`."""

    level: Literal["ok", "note", "warning", "error"]
    about: str  # "credentials", "rate limit", "schedules", ...
    text: str
    need: str | None = None  # narrows `provides` when the plan or the rights lack it
    provides: Provides | None = None
    zone: str | None = None  # IANA; in which the helpdesk's own reports count days


class Connector(ABC):
    """A helpdesk. `sync` makes one per source and per run; it holds no state that must outlive the run."""

    name: ClassVar[str]
    Settings: ClassVar[type[msgspec.Struct]]
    """Its config table without `connector`, `since`, `severity`; a Struct with forbid_unknown_fields."""
    provides: ClassVar[Mapping[str, Provides]]
    reading: ClassVar[int] = 1
    """Counts up when the same rows give more than before, so that users are asked for a full sync."""
    reading_since: ClassVar[str] = ""
    """The version of helpdesk-kpi, or of the connector's package, that reads as `reading` says."""
    reading_adds: ClassVar[str] = ""
    """What rows that were read before lack, as it is put into a sentence."""

    @classmethod
    @abstractmethod
    def transport(cls, settings: Any) -> Transport:
        """The HTTP side for these settings: base address, pinned hosts, authentication.

        A connector that reads files returns `transport.offline()`.
        """

    def __init__(self, http: Transport, settings: Any) -> None:
        self.http = http
        self.settings = settings
        self.findings: list[Finding] = []
        """What a run came upon and people should know (another way of reading had to be taken, this account lacks
        something): streams append to it, `sync` tells it unless its level is "ok", and those with a `need` narrow what
        reports promise."""

    @abstractmethod
    def streams(self) -> Sequence[Stream]:
        """Its streams, in the order in which they run: people before tickets, tickets before their events."""

    @abstractmethod
    async def check(self) -> Sequence[Finding]:
        """Ask the vendor what these credentials can reach; expected failures are findings, not exceptions."""
