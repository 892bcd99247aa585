"""The stories that KPIs are told, and which of them are to be told again: of tickets, customers, articles, entries."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import groupby, starmap
from typing import Any, NamedTuple

import msgspec

from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.source_rules import SourceRules, load_source_rules
from helpdesk_kpi.measure.build.register_subjects import RegisterSubjectLoader
from helpdesk_kpi.measure.metrics.contract import SubjectKind
from helpdesk_kpi.measure.recurrence.contact_history import ContactHistory
from helpdesk_kpi.measure.tickets import related_tickets
from helpdesk_kpi.measure.tickets.article_loader import CITED, load_articles
from helpdesk_kpi.measure.tickets.requester_history import accounts
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.registers.checklists import checklists
from helpdesk_kpi.registers.lookup import RegisterLookup
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.ticket_records import EVENT, RECORD_QUERIES, TICKET, EventRecord, TicketRecord, TicketRecords

AT_ONCE = 2000  # tickets


class Subject(NamedTuple):
    """A story with the key under which it is folded."""

    key: int
    began: int  # its times are kept relative to this instant
    story: Any


class BuildContext:
    """What stories are read with; one per process."""

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
    """Of accounts: one customer may have several, and is folded under the first."""
    tickets = partial(load_timelines, reading.store, reading.source_rules)
    for customer in reading.contact_history.customers_of(keys, tickets):
        if customer.repeats:
            yield Subject(customer.key, customer.contacts[0].at, customer)


def load_timelines(store: Store, desks: dict[int, SourceRules], tickets: Sequence[int]) -> Iterator[Timeline]:
    """The timelines of some tickets, in order of their keys; ids known only by name have none."""
    wanted = msgspec.json.encode(tickets).decode()
    events = _group_by_ticket(store, EVENT, EventRecord, wanted)
    beside: dict[str, Mapping[int, Any]] = {
        name: _group_by_ticket(store, sql, kind, wanted) for name, (sql, kind) in RECORD_QUERIES.items()
    }
    named = accounts(store, events.values())
    beside |= {"merges": related_tickets.merges(store, wanted), "copies": related_tickets.copies(store, tickets)}
    sql = f"{TICKET} WHERE id IN (SELECT value FROM json_each(?)) AND created_at IS NOT NULL ORDER BY id"
    for row in starmap(TicketRecord, store.rows(sql, wanted)):
        rows = TicketRecords(
            accounts=named, **{name: found[row.id] for name, found in beside.items() if row.id in found}
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


#: How the stories of each kind are read by their keys. A key without a story (a ticket known by its id) gives none.
SUBJECT_LOADERS: dict[SubjectKind, Callable[[BuildContext, Sequence[int]], Iterator[Subject]]] = {
    "ticket": _tickets,
    "customer": _customers,
    "article": _articles,
    "entry": _entries,
}


class Taken(NamedTuple):
    """The stories of one kind that the build in progress has to fold: the marks that it has taken."""

    kind: SubjectKind

    def count(self, store: Store) -> int:
        return int(store.one("SELECT count(*) FROM measuring WHERE kind = ?", self.kind))

    def chunks(self, store: Store, size: int) -> Iterator[list[int]]:
        after = -1
        while True:
            sql = "SELECT story FROM measuring WHERE kind = ? AND story > ? ORDER BY 1 LIMIT ?"
            keys = [key for (key,) in store.rows(sql, self.kind, after, size)]
            if not keys:
                return
            yield keys
            after = keys[-1]

    def done(self, store: Store, keys: Sequence[int]) -> None:
        """Remove their marks. One that was set since stands in `stale` or `stale_stories`, and stays. Runs inside the
        caller's transaction.
        """
        sql = "DELETE FROM measuring WHERE kind = ? AND story = ?"
        store.conn.executemany(sql, ((self.kind, key) for key in keys))


def take_marks(store: Store, kinds: Sequence[SubjectKind]) -> None:
    """Take every mark, before anything of its story is read: a change from now on sets a new one, for the next build.

    Marks that a killed build has left are there already. Of a kind that no KPI speaks of, none is kept.
    """
    with store.transaction() as conn:
        conn.execute("INSERT OR IGNORE INTO measuring SELECT 'ticket', ticket FROM stale")
        conn.execute("INSERT OR IGNORE INTO measuring SELECT kind, story FROM stale_stories")
        conn.execute("DELETE FROM stale")
        conn.execute("DELETE FROM stale_stories")
        conn.execute(
            "DELETE FROM measuring WHERE kind NOT IN (SELECT value FROM json_each(?))",
            (msgspec.json.encode(["ticket", *kinds]).decode(),),
        )


def unmeasured(store: Store) -> int:
    """How many tickets are to be measured: marked, or taken by a build that is not over."""
    return int(
        store.one(
            "SELECT count(*) FROM (SELECT ticket FROM stale UNION SELECT story FROM measuring WHERE kind = 'ticket')"
        )
    )


def mark_all(store: Store) -> None:
    """Every story is stale; runs inside the caller's transaction."""
    store.conn.execute("INSERT OR IGNORE INTO stale SELECT id FROM tickets")
    store.conn.execute("INSERT OR IGNORE INTO stale_stories SELECT 'article', id FROM articles")
    mark_entries(store)


def mark_entries(store: Store) -> None:
    """Every register entry is stale; runs inside the caller's transaction."""
    store.conn.execute("INSERT OR IGNORE INTO stale_stories SELECT DISTINCT 'entry', story FROM registers")


def mark_others(store: Store, kinds: Sequence[SubjectKind]) -> None:
    """Take the stories of customers and articles too that hang on the tickets that were taken. Runs inside the caller's
    transaction.
    """
    if "customer" in kinds:
        store.conn.execute(
            "INSERT OR IGNORE INTO measuring SELECT DISTINCT 'customer', t.requester FROM measuring m"
            " JOIN tickets t ON t.id = m.story WHERE m.kind = 'ticket' AND t.requester IS NOT NULL"
        )
        store.conn.execute(  # whoever the history names may have asked
            "INSERT OR IGNORE INTO measuring SELECT DISTINCT 'customer', p.id FROM events e"
            " CROSS JOIN measuring m ON m.kind = 'ticket' AND m.story = e.ticket"
            " CROSS JOIN tickets t ON t.id = e.ticket"
            " CROSS JOIN people p ON p.source = t.source AND p.native IN (e.before, e.after)"
            " WHERE e.field = 'requester' AND e.kind = 'change'"
        )
    if "article" in kinds:
        store.conn.execute(f"INSERT OR IGNORE INTO measuring {CITED}")
