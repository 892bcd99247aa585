"""Loads the subjects that KPI functions read: tickets, customers, articles, register entries."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import groupby, starmap
from typing import Any, NamedTuple

import msgspec

from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.source_rules import SourceRules, load_source_rules
from helpdesk_kpi.measure.build.register_subjects import RegisterSubjectLoader
from helpdesk_kpi.measure.recurrence.contact_history import ContactHistory
from helpdesk_kpi.measure.tickets import related_tickets
from helpdesk_kpi.measure.tickets.article_loader import load_articles
from helpdesk_kpi.measure.tickets.requester_history import accounts
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.model import SubjectKind
from helpdesk_kpi.registers.checklists import checklists
from helpdesk_kpi.registers.lookup import RegisterLookup
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.ticket_records import EVENT, RECORD_QUERIES, TICKET, EventRecord, TicketRecord, TicketRecords

AT_ONCE = 2000  # tickets


class Subject(NamedTuple):
    """What a KPI function reads, with its key in the store."""

    key: int
    began: int  # its times are stored relative to this instant
    value: Any  # Timeline, Customer, Article or RegisterSubject


class BuildContext:
    """What subjects are loaded with; one per process."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store = store
        self.config = config

    @cached_property
    def source_rules(self) -> dict[int, SourceRules]:
        return load_source_rules(self.store, self.config)

    @cached_property
    def contact_history(self) -> ContactHistory:
        return ContactHistory(self.store, self.config)

    @cached_property
    def register_loader(self) -> RegisterSubjectLoader:
        return RegisterSubjectLoader(RegisterLookup(self.store, self.config))


def _tickets(reading: BuildContext, keys: Sequence[int]) -> Iterator[Subject]:
    for ticket in load_timelines(reading.store, reading.source_rules, keys):
        yield Subject(ticket.row.id, ticket.created_at, ticket)


def _customers(reading: BuildContext, keys: Sequence[int]) -> Iterator[Subject]:
    """The customers of accounts. A customer may have several, and is stored under the first."""
    tickets = partial(load_timelines, reading.store, reading.source_rules)
    for customer in reading.contact_history.customers_of(keys, tickets):
        if customer.repeats:
            yield Subject(customer.key, customer.contacts[0].at, customer)


def load_timelines(store: Store, desks: dict[int, SourceRules], tickets: Sequence[int]) -> Iterator[Timeline]:
    """The timelines of some tickets, in order of their keys. A ticket of which only the id is known has none."""
    wanted = msgspec.json.encode(tickets).decode()
    events = _group_by_ticket(store, EVENT, EventRecord, wanted)
    related: dict[str, Mapping[int, Any]] = {
        name: _group_by_ticket(store, sql, kind, wanted) for name, (sql, kind) in RECORD_QUERIES.items()
    }
    by_native = accounts(store, events.values())
    related |= {"merges": related_tickets.merges(store, wanted), "copies": related_tickets.copies(store, tickets)}
    sql = f"{TICKET} WHERE id IN (SELECT value FROM json_each(?)) AND created_at IS NOT NULL ORDER BY id"
    for row in starmap(TicketRecord, store.rows(sql, wanted)):
        rows = TicketRecords(
            accounts=by_native, **{name: found[row.id] for name, found in related.items() if row.id in found}
        )
        yield Timeline(desks[row.source], row, events.get(row.id, ()), rows)


def all_timelines(store: Store, desks: dict[int, SourceRules], tickets: Sequence[int]) -> Iterator[Timeline]:
    """As `load_timelines`, of any number of tickets: their events are held in memory for some of them at a time."""
    for first in range(0, len(tickets), AT_ONCE):
        yield from load_timelines(store, desks, tickets[first : first + AT_ONCE])


def _group_by_ticket(store: Store, sql: str, kind: Any, wanted: str) -> dict[int, list[Any]]:
    rows = store.conn.execute(f"{sql} WHERE ticket IN (SELECT value FROM json_each(?)) ORDER BY ticket", (wanted,))
    return {ticket: list(starmap(kind, group)) for ticket, group in groupby(rows, key=lambda r: r[0])}


def _articles(reading: BuildContext, keys: Sequence[int]) -> Iterator[Subject]:
    tickets = partial(load_timelines, reading.store, reading.source_rules)
    reviews = checklists(reading.register_loader.names, keys)
    for article in load_articles(reading.store, reading.source_rules, keys, tickets, reviews):
        yield Subject(article.row.id, article.created_at, article)


def _entries(reading: BuildContext, keys: Sequence[int]) -> Iterator[Subject]:
    return starmap(Subject, reading.register_loader.load(keys))


#: Loads the subjects of a kind by their keys. A ticket of which only the id is known gives none.
SUBJECT_LOADERS: dict[SubjectKind, Callable[[BuildContext, Sequence[int]], Iterator[Subject]]] = {
    "ticket": _tickets,
    "customer": _customers,
    "article": _articles,
    "entry": _entries,
}
