"""Writing a page: its records, its cursor and what it makes stale, in one transaction.

Writing the same page twice changes nothing, and an older state of a thing never overwrites a newer one; so pages may
come repeated, overlapping or out of order.
"""

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

from helpdesk_kpi import model
from helpdesk_kpi.store.file import Store
from helpdesk_kpi.store.page import Page
from helpdesk_kpi.store.people import write_people, write_team_members, write_teams
from helpdesk_kpi.store.surroundings import (
    take_census,
    write_articles,
    write_holidays,
    write_names,
    write_schedules,
    write_sla_policies,
)
from helpdesk_kpi.store.tickets import (
    replace_events,
    write_engagements,
    write_events,
    write_native_metrics,
    write_ratings,
    write_ticket_links,
    write_tickets,
)
from helpdesk_kpi.store.writing import Writing

#: How each kind of record is written, in an order in which people come before what they do.
BY_KIND: dict[type, Callable[[Writing, list[Any]], None]] = {
    model.Name: write_names,
    model.Team: write_teams,
    model.Person: write_people,
    model.TeamMember: write_team_members,
    model.Schedule: write_schedules,
    model.Holiday: write_holidays,
    model.SlaPolicy: write_sla_policies,
    model.Ticket: write_tickets,
    model.Event: write_events,
    model.Engagement: write_engagements,
    model.TicketLink: write_ticket_links,
    model.NativeMetric: write_native_metrics,
    model.Rating: write_ratings,
    model.Article: write_articles,
}


def source_key(store: Store, name: str, connector: str, url: str, since: int) -> int:
    """The key of a source, made at its first sync. Its `since` stays until a full sync has read from an earlier day."""
    with store.writing() as conn:
        conn.execute(
            "INSERT INTO sources (name, connector, url, since) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET connector = excluded.connector, url = excluded.url",
            (name, connector, url, since),
        )
    return int(store.one("SELECT id FROM sources WHERE name = ?", name))


def reach_back(store: Store, source: int, since: int) -> None:
    """A full sync has read everything from `since` on: older histories than before are known now."""
    with store.writing() as conn:
        conn.execute(
            "INSERT OR IGNORE INTO stale SELECT t.id FROM tickets t JOIN sources s ON s.id = t.source"
            " WHERE s.id = ?1 AND s.since > ?2 AND t.created_at < s.since",
            (source, since),
        )
        conn.execute("UPDATE sources SET since = ?2 WHERE id = ?1 AND since > ?2", (source, since))


def write_page(store: Store, source: int, stream: str, page: Page, *, now: int, done: Iterable[str] = ()) -> None:
    """Store one page of `stream`; `done` are the queue's keys that it settles."""
    with store.writing() as conn:
        writing = Writing(conn, source, now, store.hash_key)
        for parent in page.replaces:
            replace_events(writing, parent, page.records)
        for kind, write in BY_KIND.items():
            rows = [r for r in page.records if type(r) is kind]
            if rows:
                write(writing, rows)
        take_census(writing, page.present)
        _bookkeeping(conn, source, stream, page, done)


def _bookkeeping(conn: sqlite3.Connection, source: int, stream: str, page: Page, done: Iterable[str]) -> None:
    conn.execute(
        "INSERT INTO cursors (source, stream, cursor, complete_until) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET cursor = coalesce(excluded.cursor, cursor),"
        " complete_until = max(coalesce(excluded.complete_until, complete_until),"
        " coalesce(complete_until, excluded.complete_until))",
        (source, stream, page.cursor, page.complete_until),
    )
    settled = ((source, stream, key) for key in done)
    conn.executemany("DELETE FROM todo WHERE source = ? AND stream = ? AND key = ?", settled)
    for queue, keys in page.todo.items():
        conn.executemany("INSERT OR IGNORE INTO todo VALUES (?, ?, ?)", ((source, queue, key) for key in keys))
    conn.executemany(
        "INSERT INTO set_aside VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET reason = excluded.reason",
        ((source, stream, row.id, row.reason) for row in page.set_aside),
    )
