"""Which subjects become stale when something changes. No other module decides it.

A subject is what a KPI reads: a ticket, a customer (by an account), an article, an entry of a register. A stale one has
a row in the table `stale_subjects`, until a build has stored its observations again. `CAUSES` covers changed rows:
triggers are generated from it, so a row and its marks commit together. `SETTINGS` covers the configuration,
`DEPENDENTS` what follows from a stale ticket, and `mark_metrics` KPIs that are new.

Calendars, targets, windows, thresholds and weights make nothing stale: they are applied when a number is read.
"""

import hashlib
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from helpdesk_kpi.model import TITLED


class Cause(NamedTuple):
    """Changes of a table's rows, and the subjects that they make stale."""

    name: str
    table: str
    on: Sequence[str]  # INSERT, UPDATE, DELETE
    stale: Mapping[str, Sequence[str]]  # kind -> columns or queries of keys; {row}: the new row, or the deleted one
    columns: Sequence[str] = ()  # an UPDATE counts if one of these changes; (): always
    condition: str = ""  # of the rows; "": none


CHANGE = ("INSERT", "UPDATE")
ANY = (*CHANGE, "DELETE")
_OF_TICKET = {"ticket": ["{row}.ticket"]}
_OF_ARTICLE = {"article": ["{row}.article"]}
#: Copies whose original may be this ticket: of the same second, in another helpdesk (tickets/related_tickets.py).
_NEARBY = (
    "SELECT t.id FROM sources s CROSS JOIN tickets t ON t.source = s.id WHERE s.id != new.source"
    " AND t.created_at BETWEEN new.created_at - 1000 AND new.created_at + 1000"
    " AND t.is_imported AND t.external_id IS NULL"
)
#: A ticket that is merged into another counts by what is known of that one, and a copy by its original.
_MERGED = "SELECT id FROM tickets WHERE source = new.source AND merged_into = new.native"
_BY_NATIVE = "SELECT t.id FROM sources s CROSS JOIN tickets t ON t.source = s.id WHERE t.native IN"
_COPIES_OF_CUSTOMER = (
    "SELECT t.id FROM tickets o CROSS JOIN tickets t ON t.external_id = o.native"
    " WHERE o.requester = new.id AND t.is_imported"
)
_NEARBY_COPIES_OF_CUSTOMER = (
    "SELECT t.id FROM tickets o CROSS JOIN sources s ON s.id != o.source"
    " CROSS JOIN tickets t ON t.source = s.id AND t.created_at BETWEEN o.created_at - 1000 AND o.created_at + 1000"
    " WHERE o.requester = new.id AND t.is_imported AND t.external_id IS NULL"
)
_LINK_TARGET = "SELECT a.id FROM tickets t JOIN articles a ON a.source = t.source WHERE t.id = {row}.ticket AND "
_LINKED_ARTICLES = [
    _LINK_TARGET + "a.native = {row}.article",
    _LINK_TARGET + f"{{row}}.article LIKE '{TITLED}%' AND '{TITLED}' || a.title = {{row}}.article",
]

CAUSES = (
    Cause("tickets", "tickets", CHANGE, {"ticket": ["{row}.id"]}),
    Cause("events", "events", ANY, _OF_TICKET),
    Cause("ratings", "ratings", CHANGE, _OF_TICKET),
    Cause("ticket_links", "ticket_links", ["INSERT"], _OF_TICKET),
    Cause("sla_events", "sla_events", ANY, _OF_TICKET),
    Cause(
        "sla_cycles", "sla_cycles", CHANGE, _OF_TICKET,
        columns=["started_at", "stopped_at", "breach_at", "goal", "is_breached", "is_paused"],
    ),
    Cause("unread", "unread", ["INSERT", "DELETE"], _OF_TICKET),
    Cause("labels", "repeat_labels", ["INSERT"], {"ticket": ["new.earlier", "new.later"]}),
    Cause(
        "read_further_back", "sources", ["UPDATE"],
        {"ticket": ["SELECT id FROM tickets WHERE source = new.id AND created_at < old.since"]},
        condition="new.since < old.since",
    ),
    Cause(
        "previous_requester", "tickets", ["UPDATE"], {"customer": ["old.requester"]},
        columns=["requester"], condition="old.requester IS NOT NULL",
    ),
    Cause(
        "related_to_new", "tickets", ["INSERT"],
        {"ticket": [
            _MERGED, "SELECT id FROM tickets WHERE external_id IN (new.native, new.external_id)",
            f"{_BY_NATIVE} (new.external_id)", _NEARBY,
        ]},
        condition="new.created_at IS NOT NULL",
    ),
    Cause(
        "related_to_changed", "tickets", ["UPDATE"],
        {"ticket": [
            _MERGED, "SELECT id FROM tickets WHERE external_id IN (new.native, old.external_id, new.external_id)",
            f"{_BY_NATIVE} (old.external_id, new.external_id)", _NEARBY,
        ]},
        columns=["created_at", "merged_into", "external_id", "requester", "deleted_at", "is_spam", "is_imported"],
    ),
    Cause(
        "customer_address", "people", ["UPDATE"],
        {"ticket": [
            _COPIES_OF_CUSTOMER, _NEARBY_COPIES_OF_CUSTOMER,
            "SELECT id FROM tickets WHERE requester = new.id AND is_imported",
        ]},
        columns=["email_hash"],
    ),
    Cause(
        "articles", "articles", CHANGE, {"article": ["{row}.id"]},
        columns=[
            "kind", "title", "created_at", "edited_at", "author", "editor", "locale", "draft", "drafted_at", "digest",
            "length", "gone_at",
        ],
    ),
    Cause("article_edits", "article_edits", CHANGE, _OF_ARTICLE),
    Cause("article_votes", "article_votes", ["INSERT"], _OF_ARTICLE),
    Cause("article_views", "article_views", ["INSERT"], _OF_ARTICLE),
    Cause("article_links", "article_links", ["INSERT", "DELETE"], {**_OF_TICKET, "article": _LINKED_ARTICLES}),
    Cause(
        "registers", "registers", CHANGE,
        {
            "entry": ["{row}.subject"],
            "article": ["SELECT {row}.article WHERE {row}.article IS NOT NULL"],
        },
    ),
    Cause("moved_entries", "registers", ["UPDATE"], {"entry": ["old.subject"]}, columns=["subject"]),
)  # fmt: skip

#: Settings -> the kinds of which every subject is stale when they change. Customers follow from their tickets.
SETTINGS: dict[str, Sequence[str]] = {
    "ticket_rules": ("ticket", "article", "entry"),
    "people_and_teams": ("article", "entry"),
}

#: Kind -> a query of all its subjects. An account may have been a customer's if the history of a ticket names it.
SUBJECTS = {
    "ticket": "SELECT id FROM tickets",
    "customer": (
        "SELECT requester AS id FROM tickets WHERE requester IS NOT NULL UNION"
        " SELECT p.id FROM events e CROSS JOIN tickets t ON t.id = e.ticket"
        " CROSS JOIN people p ON p.source = t.source AND p.native IN (e.before, e.after)"
        " WHERE e.field = 'requester' AND e.kind = 'change'"
    ),
    "article": "SELECT id FROM articles",
    "entry": "SELECT DISTINCT subject AS id FROM registers",
}

#: Kind -> a query of the subjects that follow from the tickets of a build. CROSS JOIN keeps the order, in which the
#: index on links serves: https://www.sqlite.org/optoverview.html#crossjoin
_QUEUED = "build_queue q CROSS JOIN {} ON q.kind = 'ticket' AND q.metric IS NULL AND {} = q.subject"
_QUEUED_LINK = _QUEUED.format("article_links l", "l.ticket")
DEPENDENTS = {
    "customer": (
        f"SELECT DISTINCT t.requester FROM {_QUEUED.format('tickets t', 't.id')} WHERE t.requester IS NOT NULL UNION"
        " SELECT DISTINCT p.id FROM events e"
        " CROSS JOIN build_queue q ON q.kind = 'ticket' AND q.metric IS NULL AND q.subject = e.ticket"
        " CROSS JOIN tickets t ON t.id = e.ticket"
        " CROSS JOIN people p ON p.source = t.source AND p.native IN (e.before, e.after)"
        " WHERE e.field = 'requester' AND e.kind = 'change'"
    ),
    "article": (
        f"SELECT a.id FROM {_QUEUED_LINK} CROSS JOIN tickets t ON t.id = l.ticket"
        " CROSS JOIN articles a ON a.source = t.source AND a.native = l.article UNION"
        f" SELECT a.id FROM {_QUEUED_LINK} AND l.article LIKE '{TITLED}%' CROSS JOIN tickets t ON t.id = l.ticket"
        f" CROSS JOIN articles a ON a.source = t.source AND '{TITLED}' || a.title = l.article"
    ),
}


def create_triggers(conn: sqlite3.Connection) -> None:
    """Create the triggers of `CAUSES`, in place of those that an earlier version created.

    A migration calls it. Changed causes need a further migration.
    """
    drop_triggers(conn)
    for statement in trigger_statements():
        conn.execute(statement)


def drop_triggers(conn: sqlite3.Connection) -> None:
    """Drop every trigger that marks a subject."""
    sql = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%INSERT INTO stale%'"
    for (name,) in conn.execute(sql).fetchall():
        conn.execute(f"DROP TRIGGER {name}")


def trigger_statements() -> Iterator[str]:
    """One CREATE TRIGGER for each kind of change of each cause."""
    for cause in CAUSES:
        for event in cause.on:
            conditions = [cause.condition] if cause.condition else []
            if cause.columns and event == "UPDATE":
                before, after = (", ".join(f"{row}.{name}" for name in cause.columns) for row in ("old", "new"))
                conditions.append(f"({before}) IS NOT ({after})")
            when = f"\nWHEN {' AND '.join(conditions)}" if conditions else ""
            row = "old" if event == "DELETE" else "new"
            marks = [_mark(kind, q.format(row=row)) for kind, queries in cause.stale.items() for q in queries]
            name = f"stale_{cause.name}_{event.lower()}"
            yield f"CREATE TRIGGER {name} AFTER {event} ON {cause.table}{when}\nBEGIN\n{''.join(marks)}END"


def _mark(kind: str, keys: str) -> str:
    """One mark of a trigger. OR IGNORE would not do: the statement that fires the trigger overrides it.

    https://www.sqlite.org/lang_createtrigger.html
    """
    found = _select(kind, keys) if keys.startswith("SELECT") else f"VALUES ('{kind}', {keys})"
    return f"    INSERT INTO stale_subjects (kind, subject) {found} ON CONFLICT DO NOTHING;\n"


def _select(kind: str, query: str) -> str:
    """WHERE keeps the parser from taking ON CONFLICT for a join's ON: https://www.sqlite.org/lang_upsert.html"""
    return f"SELECT '{kind}', * FROM ({query}) WHERE true"


def mark_subjects(conn: sqlite3.Connection, kinds: Collection[str]) -> None:
    """Mark every subject of some kinds; runs inside the caller's transaction."""
    for kind in kinds:
        conn.execute(
            f"INSERT INTO stale_subjects (kind, subject) {_select(kind, SUBJECTS[kind])} ON CONFLICT DO NOTHING"
        )


def mark_everything(conn: sqlite3.Connection) -> None:
    """Mark every subject of every kind; runs inside the caller's transaction."""
    mark_subjects(conn, SETTINGS["ticket_rules"])


def mark_metrics(conn: sqlite3.Connection, kind: str, metrics: Collection[int]) -> None:
    """Mark every subject of a kind for some metrics only, unless it is stale for all of them.

    Runs inside the caller's transaction.
    """
    if metrics:
        conn.execute(
            f"INSERT INTO stale_subjects SELECT ?1, s.id, m.value FROM ({SUBJECTS[kind]}) s CROSS JOIN json_each(?2) m"
            " WHERE NOT EXISTS (SELECT 1 FROM stale_subjects WHERE kind = ?1 AND subject = s.id AND metric IS NULL)"
            " ON CONFLICT DO NOTHING",
            (kind, msgspec.json.encode(sorted(metrics)).decode()),
        )


def mark_one(conn: sqlite3.Connection, kind: str, subject: int) -> None:
    """Mark a subject for all metrics; runs inside the caller's transaction."""
    conn.execute("INSERT INTO stale_subjects (kind, subject) VALUES (?, ?) ON CONFLICT DO NOTHING", (kind, subject))


def has_stale_tickets(conn: sqlite3.Connection) -> bool:
    """Whether any ticket is stale for all metrics."""
    sql = "SELECT EXISTS (SELECT 1 FROM stale_subjects WHERE kind = 'ticket' AND metric IS NULL)"
    return bool(conn.execute(sql).fetchone()[0])


def mark_people(conn: sqlite3.Connection, people: Sequence[int]) -> None:
    """Mark the tickets and articles of accounts whose role has changed. It is rare, and worth a scan of the events.

    Runs inside the caller's transaction.
    """
    if not people:
        return
    queries = {
        "ticket": (
            "SELECT id FROM tickets WHERE requester", "SELECT id FROM tickets WHERE assignee",
            "SELECT DISTINCT ticket FROM events WHERE actor",
        ),
        "article": ("SELECT id FROM articles WHERE author", "SELECT DISTINCT article FROM article_edits WHERE editor"),
    }  # fmt: skip
    keys = msgspec.json.encode(list(people)).decode()
    for kind, of_kind in queries.items():
        for query in of_kind:
            found = f"{query} IN (SELECT value FROM json_each(?))"
            conn.execute(
                f"INSERT INTO stale_subjects (kind, subject) {_select(kind, found)} ON CONFLICT DO NOTHING", (keys,)
            )


def mark_changed_settings(conn: sqlite3.Connection, name: str, settings: Any) -> bool:
    """Mark the subjects of `SETTINGS[name]` if the settings differ from those of the last build.

    Runs inside the caller's transaction.

    Returns:
        Whether they differ. False at the first build, which marks them too.
    """
    digest = hashlib.sha256(msgspec.json.encode(settings, order="sorted")).digest()
    before = conn.execute("SELECT value FROM meta WHERE key = ?", (name,)).fetchone()
    if before == (digest,):
        return False
    conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, digest))
    mark_subjects(conn, SETTINGS[name])
    return before is not None
