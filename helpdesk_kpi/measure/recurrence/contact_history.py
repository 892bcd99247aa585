"""Contact history: a customer's tickets on all helpdesks, and repeat contacts about an earlier problem."""

import fnmatch
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.customer_identity import CustomerIdentities, load_customer_identities
from helpdesk_kpi.measure.metrics.dimensions import TicketDimensions
from helpdesk_kpi.measure.recurrence.evidence import (
    CONFIDENCE,
    LABEL_EVIDENCE,
    Contact,
    Evidence,
    candidate_pairs,
    evidence,
)
from helpdesk_kpi.measure.tickets.requester_history import find_original_requesters
from helpdesk_kpi.measure.tickets.timeline import Tickets, Timeline
from helpdesk_kpi.store import Store
from helpdesk_kpi.text import comment

#: Kinds of links between two tickets about the same problem.
SAME = frozenset({"follow_up", "duplicate", "clone", "relates"})
PROBLEM = frozenset({"problem", "issue", "development"})
DEVELOPMENT = frozenset(
    {"issue", "development"}
)  # issues of a tracker; their keys, but not their numbers, are unique across helpdesks


class RepeatContact(msgspec.Struct, frozen=True, gc=False):
    """A later ticket of the same customer with evidence that it is about the same problem."""

    earlier: int
    later: int
    at: int  # creation of the later one
    reason: str
    value: float
    since: int | None = None  # when the evidence appeared; None: with the later ticket
    until: int | None = None  # when the later ticket stopped counting


class CustomerContacts(msgspec.Struct, frozen=True):
    """One customer's tickets in order of time, and their repeat contacts."""

    key: int
    contacts: Sequence[Contact]
    repeats: Sequence[RepeatContact]


class ContactHistory:
    """Loads the contacts of customers from a store; one per process."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store = store
        self.settings = config.recurrence
        self.labels = TicketDimensions(store, config)
        self.customers: CustomerIdentities = load_customer_identities(store)
        self.original_requesters = find_original_requesters(store, config)
        self.accounts: dict[int, list[int]] = defaultdict(list)
        for account, customer in self.customers.items():
            self.accounts[customer].append(account)

    def contacts(self, accounts: Iterable[int]) -> dict[int, list[Contact]]:
        """Customer -> tickets, for the customers of these accounts with at least two tickets."""
        wanted = {self.customers[account] for account in accounts}
        wanted |= {account for customer in wanted for account in self.accounts.get(customer, ())}
        rows = self._several(wanted)
        parts = _LinkData(self.store, self.settings.ignore_codes, [row.id for row in rows])
        found: dict[int, list[Contact]] = defaultdict(list)
        for row, category in zip(rows, self.labels.of("category", [row.id for row in rows]), strict=True):
            found[self.customers[row.requester]].append(self._contact(row, category, parts))
        return found

    def _several(self, accounts: set[int]) -> list["_ContactRow"]:
        moved = [ticket for ticket, asker in self.original_requesters.items() if asker in accounts]
        light = [_ContactRow(*r) for r in self.store.rows(_LIGHT, sorted(accounts), moved)]
        rows = [row._replace(requester=self.original_requesters.get(row.id, row.requester)) for row in light]
        rows = [row for row in rows if row.requester in accounts]
        counts: dict[int, int] = defaultdict(int)
        for row in rows:
            counts[self.customers[row.requester]] += 1
        return sorted((row for row in rows if counts[self.customers[row.requester]] > 1), key=lambda row: row.id)

    def _contact(self, row: "_ContactRow", category: str | None, parts: "_LinkData") -> Contact:
        def ticket_name(native: str | None) -> str | None:
            return f"{row.source}:{native}" if native else None

        links = parts.links.get(row.id, ())
        problems = {
            other if kind in DEVELOPMENT and not other.isdecimal() else str(ticket_name(other))
            for other, kind in links
            if kind in PROBLEM
        }
        fields = json.loads(row.fields) if self.settings.key_fields and row.fields != "{}" else {}
        return Contact(
            ticket=row.id, at=row.created_at, last=max(row.updated_at, row.created_at),
            name=str(ticket_name(row.native)), category=category,
            follows=ticket_name(row.follow_up_of), merged_into=ticket_name(row.merged_into),
            tied=frozenset(str(ticket_name(other)) for other, kind in links if kind in SAME),
            problems=frozenset(problems | ({str(ticket_name(row.problem))} if row.problem else set())),
            keys=frozenset((f, fields[f]) for f in self.settings.key_fields if fields.get(f)),
            codes=parts.codes(row), sketch=row.sketch or b"",
        )  # fmt: skip

    def customers_of(self, accounts: Sequence[int], tickets: Tickets) -> Iterator[CustomerContacts]:
        """Repeat contacts of the customers of these accounts; customers with one ticket are skipped.

        `tickets`: loads timelines by key.
        """
        found = self.contacts(accounts)
        pairs = {customer: list(_pairs_with_evidence(self.store, contacts)) for customer, contacts in found.items()}
        later = {pair.later.ticket for chosen in pairs.values() for pair in chosen}
        resolutions = {ticket.row.id: _find_resolution(ticket) for ticket in tickets(sorted(later))}
        for customer, contacts in found.items():
            repeats = [r for pair in pairs[customer] for r in _repeats(pair, resolutions[pair.later.ticket])]
            yield CustomerContacts(customer, sorted(contacts, key=lambda c: c.at), repeats)


class _ContactRow(NamedTuple):
    """The columns of a ticket that are needed."""

    id: int
    source: int
    native: str
    created_at: int
    updated_at: int
    requester: int  # original requester
    subject: str | None
    fields: str
    follow_up_of: str | None
    problem: str | None
    merged_into: str | None
    sketch: bytes | None


_LIGHT = (
    f"SELECT {', '.join(_ContactRow._fields)} FROM tickets"
    " WHERE (requester IN (SELECT value FROM json_each(?)) OR id IN (SELECT value FROM json_each(?)))"
    " AND created_at IS NOT NULL"
)


class _LinkData:
    """Links of some tickets, and codes (errors, products) in their opening messages."""

    def __init__(self, store: Store, ignored: Sequence[str], tickets: list[int]) -> None:
        self.ignored = ignored
        among = "IN (SELECT value FROM json_each(?))"
        self.links: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for ticket, other, kind in store.rows(
            f"SELECT ticket, other, kind FROM ticket_links WHERE ticket {among}", tickets
        ):
            self.links[ticket].append((other, kind))
        # Later messages are not used: an agent may list other errors, and they were unknown at the start.
        sql = (
            f"SELECT e.ticket, e.codes FROM events e JOIN tickets t ON t.id = e.ticket WHERE e.ticket {among}"
            " AND e.codes IS NOT NULL AND e.kind = 'comment' AND e.at <= t.created_at"
        )
        self.opening: dict[int, list[str]] = defaultdict(list)
        for ticket, codes in store.rows(sql, tickets):
            self.opening[ticket] += json.loads(codes)

    def codes(self, row: _ContactRow) -> frozenset[str]:
        """Codes in the opening messages and the subject, without ignored ones."""
        codes = [*self.opening.get(row.id, ()), *comment.find_codes(row.subject or "")]
        return frozenset(c for c in codes if not any(fnmatch.fnmatchcase(c, pattern) for pattern in self.ignored))


class _Pair(NamedTuple):
    """Two tickets with evidence of one problem."""

    earlier: Contact
    later: Contact
    evidence: Evidence


def _pairs_with_evidence(store: Store, contacts: Sequence[Contact]) -> Iterator[_Pair]:
    """Pairs with evidence; a human label overrides the evidence."""
    labels = load_labels(store, [c.ticket for c in contacts])
    for earlier, later in candidate_pairs(contacts):
        label = labels.get((earlier.ticket, later.ticket))
        found = LABEL_EVIDENCE[label] if label else evidence(earlier, later)
        if found:
            yield _Pair(earlier, later, found)


def load_labels(store: Store, tickets: Sequence[int]) -> dict[tuple[int, int], str]:
    """(earlier, later) -> `yes` or `no`: the latest label of each pair."""
    sql = (
        "SELECT earlier, later, verdict FROM repeat_labels WHERE verdict != 'skip'"
        " AND earlier IN (SELECT value FROM json_each(?)) ORDER BY id"
    )
    return {(a, b): label for a, b, label in store.rows(sql, list(tickets))}


class _Resolution(NamedTuple):
    """What became of a later ticket."""

    exclusion: str  # why it is no contact; "": it is one
    merged: int | None  # when it was merged into another ticket
    gone: int | None  # when it was deleted or flagged


def _find_resolution(ticket: Timeline) -> _Resolution:
    flagged_at = None if ticket.flag is None else ticket.flag.since
    gone = [at for at in (ticket.deleted_at, flagged_at) if at is not None]
    return _Resolution(ticket.exclusion_reason, ticket.merged_at, min(gone, default=None))


def _repeats(pair: _Pair, resolution: _Resolution) -> Iterator[RepeatContact]:
    """Repeat contacts of a pair over time: until the later ticket is gone, or from its merge on."""
    earlier, later = pair.earlier, pair.later
    found: Evidence | None = pair.evidence
    if resolution.exclusion:
        return
    if pair.evidence.reason == "merged" and resolution.merged is None:  # an unproven merge is no evidence
        found = evidence(earlier, msgspec.structs.replace(later, merged_into=None))
    rows: list[tuple[Evidence | None, int | None, int | None]] = [(found, None, resolution.gone)]
    if resolution.merged is not None:
        here = later.merged_into == earlier.name
        if pair.evidence.reason == "merged":
            found = evidence(earlier, msgspec.structs.replace(later, merged_into=None))
        merging = Evidence("merged", CONFIDENCE["merged"]) if here and (found is None or found.value) else None
        rows = [
            (found, None, _earliest(resolution.gone, resolution.merged)),
            (merging, resolution.merged, resolution.gone),
        ]
    for shown, since, until in rows:
        start = max(later.at, since or 0)
        if shown is not None and (until is None or until > start):
            yield RepeatContact(earlier.ticket, later.ticket, later.at, *shown, since=since and start, until=until)


def _earliest(*instants: int | None) -> int | None:
    return min((at for at in instants if at is not None), default=None)
