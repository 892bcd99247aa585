"""Writing a page: its records, its cursor and what it makes stale, in one transaction.

Writing the same page twice changes nothing, and an older state of a thing never overwrites a newer one; so pages may
come repeated, overlapping or out of order.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from helpdesk_kpi import model
from helpdesk_kpi.store.file import Store
from helpdesk_kpi.store.page import Page

Row = tuple[Any, ...]


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
        writer = _Writer(conn, source, now, store.hash_key)
        for parent in page.replaces:
            writer.replace(parent, page.records)
        for kind, write in writer.by_kind.items():
            rows = [r for r in page.records if type(r) is kind]
            if rows:
                write(rows)
        writer.census(page.present)
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


class _Writer:
    """Writes the records of one page. Keys of people, teams and tickets are looked up once per page."""

    def __init__(self, conn: sqlite3.Connection, source: int, now: int, hash_key: bytes) -> None:
        self.conn = conn
        self.source = source
        self.now = now
        self.hash_key = hash_key
        self.by_kind: dict[type, Callable[[list[Any]], None]] = {
            model.Name: self.names,
            model.Team: self.teams,
            model.Person: self.people,
            model.TeamMember: self.team_members,
            model.Schedule: self.schedules,
            model.Holiday: self.holidays,
            model.SlaPolicy: self.sla_policies,
            model.Ticket: self.tickets,
            model.Event: self.events,
            model.Engagement: self.engagements,
            model.TicketLink: self.ticket_links,
            model.NativeMetric: self.native_metrics,
            model.Rating: self.ratings,
            model.Article: self.articles,
        }

    def keys(self, table: str, natives: Iterable[str | None]) -> dict[str | None, int]:
        """The integer keys of native ids; an id that was not met before gets a row that says no more than the id."""
        wanted = {n for n in natives if n is not None}
        found = self._known(table, wanted)
        missing = sorted(wanted - found.keys())
        if missing:
            self.conn.executemany(
                f"INSERT INTO {table} (source, native) VALUES (?, ?)",
                ((self.source, native) for native in missing),
            )
            found |= self._known(table, set(missing))
        return dict[str | None, int](found.items())

    def _known(self, table: str, natives: set[str]) -> dict[str, int]:
        return dict(
            self.conn.execute(
                f"SELECT native, id FROM {table} WHERE source = ? AND native IN (SELECT value FROM json_each(?))",
                (self.source, json.dumps(list(natives))),
            )
        )

    def names(self, rows: list[model.Name]) -> None:
        self.conn.executemany(
            "INSERT INTO names VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET name = excluded.name, detail = excluded.detail",
            ((self.source, r.kind, r.id, r.name, r.detail) for r in rows),
        )

    def teams(self, rows: list[model.Team]) -> None:
        self.conn.executemany(
            "INSERT INTO teams (source, native, name, deleted) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET name = excluded.name, deleted = excluded.deleted",
            ((self.source, r.id, r.name, r.deleted) for r in rows),
        )

    def people(self, rows: list[model.Person]) -> None:
        self.conn.executemany(
            "INSERT INTO people (source, native, kind, role, name, email, email_hash, domain, email_verified, active,"
            " zone, organization, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET kind = excluded.kind, role = excluded.role,"
            " name = coalesce(excluded.name, name), email = coalesce(excluded.email, email),"
            " email_hash = excluded.email_hash, domain = excluded.domain, email_verified = excluded.email_verified,"
            " active = excluded.active, zone = excluded.zone, organization = excluded.organization,"
            " version = excluded.version WHERE excluded.version >= version",
            (self._person(r) for r in rows),
        )
        self.conn.executemany(
            # Whoever was of the team keeps the name, however late we hear of it.
            "UPDATE people SET name = coalesce(name, ?), email = coalesce(email, ?) WHERE source = ? AND native = ?",
            ((r.name, r.email, self.source, r.id) for r in rows if r.kind != "customer"),
        )
        self._roles(rows)

    def _person(self, r: model.Person) -> Row:
        internal = r.kind != "customer"
        address = (r.email or "").strip().casefold()
        hashed = hashlib.blake2b(address.encode(), key=self.hash_key, digest_size=16).digest() if address else None
        return (
            self.source, r.id, r.kind, r.role, r.name if internal else None, r.email if internal else None,
            hashed, address.rpartition("@")[2] or None,
            r.email_verified, r.active, r.zone, r.organization, r.version,
        )  # fmt: skip

    def _roles(self, rows: list[model.Person]) -> None:
        """Keep a role's span: the first one seen reaches back to the beginning, a change starts where it was seen."""
        keys = self.keys("people", (r.id for r in rows))
        last = dict(
            self.conn.execute(
                "SELECT person, kind FROM (SELECT person, kind, max(at) FROM person_roles"
                " WHERE person IN (SELECT value FROM json_each(?)) GROUP BY person)",
                (json.dumps(list(keys.values())),),
            )
        )
        for row in sorted(rows, key=lambda r: r.version):
            person = keys[row.id]
            before = last.get(person)
            if before == row.kind:
                continue
            at = row.version if before else 0
            written = self.conn.execute(
                "INSERT INTO person_roles SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS"
                " (SELECT 1 FROM person_roles WHERE person = ?1 AND at >= ?2)",
                (person, at, row.kind, row.role),
            ).rowcount
            last[person] = row.kind
            if written:
                self._stale_tickets_of(person, everywhere=before is not None)

    def _stale_tickets_of(self, person: int, *, everywhere: bool) -> None:
        self.conn.execute("INSERT OR IGNORE INTO stale SELECT id FROM tickets WHERE requester = ?", (person,))
        if everywhere:  # rare: a role changed; worth a walk over the events
            told = "INSERT OR IGNORE INTO stale SELECT DISTINCT ticket FROM events WHERE actor = ?"
            self.conn.execute(told, (person,))

    def team_members(self, rows: list[model.TeamMember]) -> None:
        teams, people = self.keys("teams", (r.team for r in rows)), self.keys("people", (r.person for r in rows))
        self.conn.executemany(
            "INSERT INTO team_members (team, person, first_seen) SELECT ?1, ?2, ?3 WHERE NOT EXISTS"
            " (SELECT 1 FROM team_members WHERE team = ?1 AND person = ?2 AND gone_at IS NULL)",
            ((teams[r.team], people[r.person], self.now) for r in rows),
        )

    def schedules(self, rows: list[model.Schedule]) -> None:
        self.conn.executemany(
            "INSERT INTO schedules SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS"
            " (SELECT 1 FROM (SELECT name, zone, weekly FROM schedules WHERE source = ?1 AND native = ?2"
            " ORDER BY first_seen DESC LIMIT 1) WHERE name = ?4 AND zone = ?5 AND weekly = ?6)",
            ((self.source, r.id, self.now, r.name, r.zone, json.dumps(r.weekly)) for r in rows),
        )

    def holidays(self, rows: list[model.Holiday]) -> None:
        self.conn.executemany(
            "INSERT INTO holidays VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET name = excluded.name, first = excluded.first, last = excluded.last",
            ((self.source, r.schedule, r.id, r.name, r.first, r.last) for r in rows),
        )

    def sla_policies(self, rows: list[model.SlaPolicy]) -> None:
        self.conn.executemany(
            "INSERT INTO sla_policies VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET title = excluded.title, position = excluded.position, body = excluded.body",
            ((self.source, r.id, r.title, r.position, r.body) for r in rows),
        )

    def tickets(self, rows: list[model.Ticket]) -> None:
        people = self.keys("people", (p for r in rows for p in (r.requester, r.submitter, r.assignee)))
        teams = self.keys("teams", (r.team for r in rows))
        self.conn.executemany(_TICKET, (self._ticket(r, people, teams) for r in rows if not r.is_scrubbed))
        self.conn.executemany(
            # What was scrubbed still happened: only its words are taken away.
            "UPDATE tickets SET subject = NULL, sketch = NULL, version = ?, deleted_at = coalesce(deleted_at, ?)"
            " WHERE source = ? AND native = ? AND version < ?",
            ((r.version, r.deleted_at, self.source, r.id, r.version) for r in rows if r.is_scrubbed),
        )
        self._were_assigned([people[r.assignee] for r in rows if r.assignee])

    def _ticket(self, r: model.Ticket, people: dict[str | None, int], teams: dict[str | None, int]) -> Row:
        return (
            self.source, r.id, r.number, r.url, r.created_at, r.updated_at, r.version, r.status, r.subject, r.channel,
            r.form, r.type, r.brand, json.dumps(r.tags), json.dumps(r.fields, sort_keys=True), r.priority,
            people.get(r.requester), people.get(r.submitter), r.organization, teams.get(r.team),
            people.get(r.assignee), r.follow_up_of, r.problem, r.merged_into, r.deleted_at, r.is_spam,
            r.replies_known, r.changes_known_from, r.sketch,
        )  # fmt: skip

    def _were_assigned(self, people: list[int]) -> None:
        self.conn.executemany(
            "UPDATE people SET was_assigned = 1 WHERE id = ? AND was_assigned = 0", ((p,) for p in sorted(set(people)))
        )

    def events(self, rows: list[model.Event]) -> None:
        tickets = self.keys("tickets", (r.ticket for r in rows))
        people = self.keys("people", (r.actor for r in rows))
        self.conn.executemany(_EVENT, (self._event(r, tickets, people) for r in rows))
        self.conn.executemany(
            "INSERT OR IGNORE INTO article_links VALUES (?, ?, ?, ?, ?)",
            ((tickets[r.ticket], r.id, a, r.at, people.get(r.actor)) for r in rows if r.public for a in r.articles),
        )
        assignees = {r.after for r in rows if r.field == "assignee" and r.after}
        self._were_assigned(list(self.keys("people", assignees).values()))

    def _event(self, r: model.Event, tickets: dict[str | None, int], people: dict[str | None, int]) -> Row:
        return (
            tickets[r.ticket], r.id, r.at, r.seq, r.kind, people.get(r.actor), r.via, r.rule, r.field, r.before,
            r.after, r.public, r.precision == "exact", r.length, r.is_thanks, r.is_question, r.text_rule,
            json.dumps(r.articles) if r.articles else None, json.dumps(r.codes) if r.codes else None,
        )  # fmt: skip

    def engagements(self, rows: list[model.Engagement]) -> None:
        tickets, people = self.keys("tickets", (r.ticket for r in rows)), self.keys("people", (r.agent for r in rows))
        self.conn.executemany(
            "INSERT INTO engagements VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " answered_at = excluded.answered_at, ended_at = excluded.ended_at, agent = excluded.agent",
            (
                (
                    self.source, r.id, tickets[r.ticket], r.kind, r.started_at, people.get(r.agent), r.answered_at,
                    r.ended_at,
                )
                for r in rows
            ),
        )  # fmt: skip

    def ticket_links(self, rows: list[model.TicketLink]) -> None:
        tickets = self.keys("tickets", (r.ticket for r in rows))
        self.conn.executemany(
            "INSERT OR IGNORE INTO ticket_links VALUES (?, ?, ?)", ((tickets[r.ticket], r.other, r.kind) for r in rows)
        )

    def native_metrics(self, rows: list[model.NativeMetric]) -> None:
        tickets = self.keys("tickets", (r.ticket for r in rows))
        self.conn.executemany(
            "INSERT INTO native_metrics VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " calendar = excluded.calendar, business = excluded.business, count = excluded.count",
            ((tickets[r.ticket], r.metric, r.calendar, r.business, r.count) for r in rows),
        )

    def ratings(self, rows: list[model.Rating]) -> None:
        tickets = self.keys("tickets", (r.ticket for r in rows))
        people = self.keys("people", (p for r in rows for p in (r.agent, r.rater)))
        self.conn.executemany(
            _RATING,
            (
                (
                    self.source, r.id, r.question, tickets[r.ticket], r.offered_at, r.version, r.value, r.scale,
                    r.category, r.score, r.answered_at, r.changed_at, r.expires_at, people.get(r.agent),
                    people.get(r.rater), r.reason, r.comment,
                )
                for r in rows
            ),
        )  # fmt: skip

    def articles(self, rows: list[model.Article]) -> None:
        people = self.keys("people", (p for r in rows for p in (r.author, r.editor)))
        self.conn.executemany(
            _ARTICLE,
            (
                (
                    self.source, r.id, r.title, r.url, r.kind, r.created_at, r.updated_at, r.edited_at,
                    people.get(r.author), people.get(r.editor), r.locale, r.draft, r.digest, r.length, r.version,
                )
                for r in rows
            ),
        )  # fmt: skip
        keys = self._known("articles", {r.id for r in rows})
        self._article_snapshots(rows, keys, people)

    def _article_snapshots(
        self, rows: list[model.Article], keys: Mapping[str, int], people: Mapping[str | None, int]
    ) -> None:
        """An edit is a body that differs from the last one seen; votes are kept whenever their sums move."""
        self.conn.executemany(
            "INSERT OR IGNORE INTO article_edits SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS"
            " (SELECT 1 FROM article_edits WHERE article = ?1 AND digest IS ?4)",
            ((keys[r.id], r.edited_at or r.updated_at, people.get(r.editor), r.digest, r.length) for r in rows),
        )
        self.conn.executemany(
            "INSERT OR IGNORE INTO article_votes SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS"
            " (SELECT 1 FROM (SELECT up, down FROM article_votes WHERE article = ?1 ORDER BY seen_at DESC LIMIT 1)"
            " WHERE up = ?3 AND down = ?4)",
            ((keys[r.id], self.now, r.votes_up, r.votes_down) for r in rows if r.votes_up is not None),
        )

    def replace(self, parent: tuple[str, str], records: Sequence[model.AnyRecord]) -> None:
        """The page gives every child of this parent; what it does not name is gone. Only events are replaced."""
        kind, native = parent
        if kind != "event":
            raise ValueError(f"a page can replace a ticket's events, not {kind!r}")
        kept = [r.id for r in records if isinstance(r, model.Event) and r.ticket == native]
        self.conn.execute(
            "DELETE FROM events WHERE ticket = ? AND id NOT IN (SELECT value FROM json_each(?))",
            (self.keys("tickets", [native])[native], json.dumps(kept)),
        )

    def census(self, present: Mapping[str, Sequence[str]]) -> None:
        """What a census does not meet is gone. Articles and memberships can vanish without a word."""
        for kind, ids in present.items():
            if kind == "article":
                self.conn.execute(
                    "UPDATE articles SET gone_at = CASE WHEN native IN (SELECT value FROM json_each(?2)) THEN NULL"
                    " ELSE coalesce(gone_at, ?3) END WHERE source = ?1",
                    (self.source, json.dumps(list(ids)), self.now),
                )
            elif kind == "team_member":  # ids are "team/person"
                self.conn.execute(
                    "UPDATE team_members SET gone_at = ?3 WHERE gone_at IS NULL AND person IN"
                    " (SELECT id FROM people WHERE source = ?1) AND (SELECT t.native || '/' || p.native FROM teams t,"
                    " people p WHERE t.id = team AND p.id = person) NOT IN (SELECT value FROM json_each(?2))",
                    (self.source, json.dumps(list(ids)), self.now),
                )
            else:
                raise ValueError(f"a census tells of article or team_member, not {kind!r}")


_TICKET_COLUMNS = (
    "source, native, number, url, created_at, updated_at, version, status, subject, channel, form, type, brand, tags,"
    " fields, priority, requester, submitter, organization, team, assignee, follow_up_of, problem, merged_into,"
    " deleted_at, is_spam, replies_known, changes_known_from, sketch"
)
_MERGE = "CASE WHEN length(coalesce(merged_into, '')) > 0 THEN merged_into ELSE excluded.merged_into END"


def _upsert(table: str, columns: str, where: str, special: Mapping[str, str] | None = None) -> str:
    names = [c.strip() for c in columns.split(",")]
    assignments = ", ".join(f"{n} = {(special or {}).get(n, f'excluded.{n}')}" for n in names if n not in _KEY)
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT DO UPDATE SET {assignments} WHERE {where}"


def _differs(columns: str) -> str:
    return " OR ".join(f"{n.strip()} IS NOT excluded.{n.strip()}" for n in columns.split(",") if n.strip() not in _KEY)


_KEY = {"source", "native", "question", "ticket", "id"}
_TICKET = _upsert(
    "tickets",
    _TICKET_COLUMNS,
    f"excluded.version >= version AND ({_differs(_TICKET_COLUMNS)})",
    {
        "deleted_at": "iif(excluded.deleted_at IS NULL, NULL, coalesce(deleted_at, excluded.deleted_at))",
        "merged_into": _MERGE,
    },
)
_EVENT_COLUMNS = (
    "ticket, id, at, seq, kind, actor, via, rule, field, before, after, public, exact, length, is_thanks, is_question,"
    " text_rule, articles, codes"
)
_EVENT = _upsert("events", _EVENT_COLUMNS, _differs(_EVENT_COLUMNS))
_RATING_COLUMNS = (
    "source, native, question, ticket, offered_at, version, value, scale, category, score, answered_at, changed_at,"
    " expires_at, agent, rater, reason, comment"
)
_RATING = _upsert("ratings", _RATING_COLUMNS, f"excluded.version >= version AND ({_differs(_RATING_COLUMNS)})")
_ARTICLE_COLUMNS = (
    "source, native, title, url, kind, created_at, updated_at, edited_at, author, editor, locale, draft, digest,"
    " length, version"
)
_ARTICLE = _upsert("articles", _ARTICLE_COLUMNS, "excluded.version >= version")
