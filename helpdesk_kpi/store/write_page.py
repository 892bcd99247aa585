"""Writing a page: its records, its cursor and what it makes stale, in one transaction.

Writing the same page twice changes nothing, and an older state of a thing never overwrites a newer one; so pages may
come repeated, overlapping or out of order.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

import msgspec

from helpdesk_kpi import model
from helpdesk_kpi.errors import PullError
from helpdesk_kpi.milliseconds import A_MOMENT
from helpdesk_kpi.store.database import Store
from helpdesk_kpi.store.page import Page, RejectedRow, Todo
from helpdesk_kpi.store.page_writer import PageWriter
from helpdesk_kpi.store.row_validation import MOST, fitting, name_of, without
from helpdesk_kpi.store.unread import OF_HISTORY
from helpdesk_kpi.store.write_people import write_people, write_team_members, write_teams
from helpdesk_kpi.store.write_reference_data import (
    take_census,
    write_article_edits,
    write_article_views,
    write_articles,
    write_holidays,
    write_names,
    write_schedules,
)
from helpdesk_kpi.store.write_sla import write_sla_cycles, write_sla_events, write_sla_policies
from helpdesk_kpi.store.write_tickets import (
    delete_tickets,
    replace_children,
    write_changes,
    write_engagements,
    write_events,
    write_native_metrics,
    write_ratings,
    write_replies,
    write_ticket_links,
    write_tickets,
    write_time_entries,
    write_unread,
)

#: How each kind of record is written, in an order in which people come before what they do.
BY_KIND: dict[type, Callable[[PageWriter, list[Any]], None]] = {
    model.Name: write_names,
    model.Team: write_teams,
    model.Person: write_people,
    model.TeamMember: write_team_members,
    model.Schedule: write_schedules,
    model.Holiday: write_holidays,
    model.SlaPolicy: write_sla_policies,
    model.Ticket: write_tickets,
    model.Replies: write_replies,
    model.Changes: write_changes,
    model.Event: write_events,
    model.Engagement: write_engagements,
    model.TicketLink: write_ticket_links,
    model.NativeMetric: write_native_metrics,
    model.SlaCycle: write_sla_cycles,
    model.SlaEvent: write_sla_events,
    model.TimeEntry: write_time_entries,
    model.Rating: write_ratings,
    model.Article: write_articles,
    model.ArticleEdit: write_article_edits,
    model.ArticleViews: write_article_views,
    model.Unread: write_unread,  # after what is read well of the same page, which takes earlier ones away
}


def get_source_key(store: Store, name: str, connector: str, url: str, since: int) -> int:
    """The key of a source, made at its first sync. Its `since` stays until a full sync has read from an earlier day."""
    with store.transaction() as conn:
        conn.execute(
            "INSERT INTO sources (name, connector, url, since) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET connector = excluded.connector, url = excluded.url",
            (name, connector, url, since),
        )
    return int(store.one("SELECT id FROM sources WHERE name = ?", name))


def extend_backfill(store: Store, source: int, since: int) -> None:
    """A full sync has read everything from `since` on: older histories than before are known now."""
    with store.transaction() as conn:
        conn.execute("UPDATE sources SET since = ?2 WHERE id = ?1 AND since > ?2", (source, since))


def load_todo(store: Store, source: int, stream: str) -> list[Todo]:
    """What a queue stream has to fetch, longest unchanged first."""
    sql = "SELECT wanted, key FROM todo WHERE source = ? AND stream = ? AND (got IS NULL OR got < wanted) ORDER BY 1, 2"
    return [Todo(version, key) for version, key in store.rows(sql, source, stream)]


def load_versions(
    store: Store, source: int, kind: Literal["ticket", "article"], natives: Collection[str]
) -> dict[str, int]:
    """Which version of each of these things is kept; those that are not known are left out."""
    sql = (
        f"SELECT native, version FROM {kind}s WHERE source = ? AND version IS NOT NULL"
        " AND native IN (SELECT value FROM json_each(?))"
    )
    return dict(store.rows(sql, source, list(natives)))


def load_known_accounts(
    store: Store, source: int, natives: Collection[str]
) -> list[tuple[str, str | None, bool, bool, bool]]:
    """(id, kind, is the requester of some ticket, was given some, has a name) of these accounts that are known."""
    sql = (
        "SELECT native, kind, EXISTS (SELECT 1 FROM tickets WHERE requester = p.id), was_assigned,"
        " name IS NOT NULL FROM people p WHERE source = ? AND native IN (SELECT value FROM json_each(?))"
    )
    rows = store.rows(sql, source, list(natives))
    return [
        (native, kind, bool(asks), bool(assigned), bool(has_name)) for native, kind, asks, assigned, has_name in rows
    ]


def load_requesters(store: Store, source: int, tickets: Collection[str]) -> dict[str, str]:
    """The accounts that ask, of those of these tickets that name one."""
    sql = (
        "SELECT t.native, p.native FROM tickets t JOIN people p ON p.id = t.requester"
        " WHERE t.source = ? AND t.native IN (SELECT value FROM json_each(?))"
    )
    return dict(store.rows(sql, source, list(tickets)))


def load_present_tickets(
    store: Store, source: int, brand: str | None = None, *, unsolved: bool = False
) -> frozenset[str]:
    """Ids of the tickets that are there as far as is known; see `pull.contract.FindPresentTickets`."""
    sql = (
        "SELECT t.native FROM tickets t LEFT JOIN names n ON n.source = t.source AND n.kind = 'status'"
        " AND n.native = t.status WHERE t.source = ?1 AND t.created_at IS NOT NULL AND t.deleted_at IS NULL"
        " AND t.left_at IS NULL AND (?2 IS NULL OR t.brand = ?2)"
        " AND NOT (?3 AND coalesce(n.detail, 'open') IN ('solved', 'closed'))"
    )
    return frozenset(native for (native,) in store.rows(sql, source, brand, unsolved))


#: A ticket `t` has neither the words nor the call that made it. Some helpdesks write the words a moment after the
#: ticket; what an agent says then is an answer. Conversations of messaging may have their words elsewhere.
WITHOUT_FIRST_WORDS = (
    "NOT EXISTS (SELECT 1 FROM events e LEFT JOIN people p ON p.id = e.actor WHERE e.ticket = t.id"
    " AND (e.kind IN ('call', 'chat') OR (e.kind = 'comment' AND (e.at <= t.created_at OR ("
    f"e.at <= t.created_at + {A_MOMENT} AND coalesce(p.kind, '') NOT IN ('agent', 'light_agent'))))))"
)


def find_tickets_without_comments(store: Store, source: int, after: int, queue: str) -> list[Todo]:
    """Tickets whose history is said to be known, and that have neither the words nor the call that made them, or of
    which a record could not be read.

    Conversations of messaging are left out, since their words are elsewhere. `after`: of these versions on. `queue`:
    the stream that asks for them; what it has settled of a version is left out.
    """
    sql = (
        "SELECT version, native FROM tickets t WHERE source = ?1 AND version >= ?2 AND created_at IS NOT NULL"
        " AND deleted_at IS NULL AND replies_known = 'yes' AND NOT is_imported AND ((changes_known_from IS NULL"
        " AND is_messaging IS NOT 1"
        f" AND {WITHOUT_FIRST_WORDS})"
        f" OR EXISTS (SELECT 1 FROM unread WHERE ticket = t.id AND {OF_HISTORY}))"
        " AND NOT EXISTS (SELECT 1 FROM todo q"
        " WHERE q.source = ?1 AND q.stream = ?3 AND q.key = t.native AND q.got >= t.version) ORDER BY 1, 2"
    )
    return [Todo(version, native) for version, native in store.rows(sql, source, after, queue)]


def requeue(store: Store, source: int) -> None:
    """A full sync fetches everything that was ever queued once more."""
    with store.transaction() as conn:
        conn.execute("UPDATE todo SET got = NULL WHERE source = ?", (source,))


def record_limited_capability(
    store: Store, source: int, found: Mapping[str, Any], *, keeping: Collection[str] = ()
) -> None:
    """Keep what the latest sync found that an account cannot give: need -> an answer with its reason. `keeping`: needs
    of which a stream tells that brought no news this time.
    """
    with store.transaction() as conn:
        conn.execute(
            "DELETE FROM limited_capabilities WHERE source = ? AND need NOT IN (SELECT value FROM json_each(?))",
            (source, json.dumps(sorted(keeping))),
        )
        conn.executemany(
            "INSERT OR REPLACE INTO limited_capabilities VALUES (?, ?, ?, ?)",
            ((source, n, p.answer, p.reason) for n, p in found.items()),
        )


def write_page(store: Store, source: int, stream: str, page: Page, *, now: int) -> Page:
    """Store one page of `stream`. A record that SQLite refuses is set aside by name, and the rest is kept.

    Returns the page as it was stored. PullError where it cannot be kept even so.
    """
    try:
        with store.transaction() as conn:
            _write(conn, store, source, page, now)
            _write_sync_state(conn, source, stream, page)
    except Exception as error:
        if not _is_refusal(error, page):
            raise
    else:
        return page
    left = _without_refused(store, source, page, now)
    try:
        with store.transaction() as conn:
            _write(conn, store, source, left, now)
            _write_sync_state(conn, source, stream, left)
    except Exception as error:
        if not _is_refusal(error, left):
            raise
        raise PullError(f"{stream}: a page cannot be stored: {_refusal(error)}", permanent=True) from None
    return left


def _write(conn: sqlite3.Connection, store: Store, source: int, page: Page, now: int) -> None:
    writing = PageWriter(conn, source, now, store.hash_key)
    replace_children(writing, page.replaces, page.records)
    for kind, write in BY_KIND.items():
        rows = [r for r in page.records if type(r) is kind]
        if rows:
            write(writing, rows)
    delete_tickets(writing, page.gone)
    take_census(writing, page.present, page.within)


class _Trial(Exception):  # noqa: N818 - no error: it ends a transaction that is not to be kept
    pass


def _without_refused(store: Store, source: int, page: Page, now: int) -> Page:
    """The page without the records that SQLite refuses when each is written alone."""
    kept, aside = [], []
    for record in page.records:
        alone = Page(records=[record])
        try:
            with store.transaction() as conn:
                _write(conn, store, source, alone, now)
                raise _Trial  # noqa: TRY301 - see there
        except _Trial:
            kept.append(record)
        except Exception as error:
            if not _is_refusal(error, alone):
                raise
            aside.append(RejectedRow(name_of(record), _refusal(error)))
    left = without(page, kept, aside)
    whole = page.complete_until
    return msgspec.structs.replace(
        left,
        todo={queue: fitting(wanted) for queue, wanted in page.todo.items()},
        done=fitting(page.done),
        complete_until=None if whole is None or abs(whole) > MOST else whole,
    )


def _is_refusal(error: Exception, page: Page) -> bool:
    """Whether a value is to blame. A key that SQLite cuts off at a NUL is not found again."""
    if isinstance(error, KeyError):
        return b"\\u0000" in msgspec.json.encode(page.records)
    if isinstance(error, sqlite3.OperationalError):
        return str(error).startswith(("Could not decode", "malformed JSON"))
    refusals = (
        OverflowError, UnicodeError, sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError,
        sqlite3.ProgrammingError,
    )  # fmt: skip
    return isinstance(error, refusals)


def _refusal(error: Exception) -> str:
    """Why, without what stands in the record."""
    match error:
        case OverflowError():
            return "a number is larger than the store can keep"
        case UnicodeError() | KeyError() | sqlite3.OperationalError():
            return "a text or an id holds characters that are none"
        case sqlite3.IntegrityError():
            return f"the store refuses it: {str(error)[:100]}"
    return "a value is of a kind that the store cannot keep"


def _write_sync_state(conn: sqlite3.Connection, source: int, stream: str, page: Page) -> None:
    conn.execute(
        "INSERT INTO cursors (source, stream, cursor, complete_until) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET cursor = coalesce(excluded.cursor, cursor),"
        " complete_until = max(coalesce(excluded.complete_until, complete_until),"
        " coalesce(complete_until, excluded.complete_until))",
        (source, stream, page.cursor, page.complete_until),
    )
    for queue, wanted in page.todo.items():
        conn.executemany(
            "INSERT INTO todo VALUES (?, ?, ?, ?, NULL)"
            " ON CONFLICT DO UPDATE SET wanted = excluded.wanted WHERE excluded.wanted > wanted",
            ((source, queue, one.key, one.version) for one in wanted),
        )
    conn.executemany(
        "UPDATE todo SET got = max(coalesce(got, ?1), ?1) WHERE source = ?2 AND stream = ?3 AND key = ?4",
        ((one.version, source, stream, one.key) for one in page.done),
    )
    conn.executemany(
        "INSERT INTO rejected_rows VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET reason = excluded.reason",
        ((source, stream, row.id, row.reason) for row in page.rejected),
    )
