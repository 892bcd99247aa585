"""Writing people, their roles over time, and teams."""

import hashlib
import json

from helpdesk_kpi import model
from helpdesk_kpi.store.writing import Row, Writing


def write_people(page: Writing, rows: list[model.Person]) -> None:
    page.conn.executemany(
        "INSERT INTO people (source, native, kind, role, name, email, email_hash, domain, email_verified, active,"
        " zone, organization, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET kind = excluded.kind, role = excluded.role,"
        " name = coalesce(excluded.name, name), email = coalesce(excluded.email, email),"
        " email_hash = excluded.email_hash, domain = excluded.domain, email_verified = excluded.email_verified,"
        " active = excluded.active, zone = excluded.zone, organization = excluded.organization,"
        " version = excluded.version WHERE excluded.version >= version",
        (_person(page, r) for r in rows),
    )
    page.conn.executemany(
        # Whoever was of the team keeps the name, however late we hear of it.
        "UPDATE people SET name = coalesce(name, ?), email = coalesce(email, ?) WHERE source = ? AND native = ?",
        ((r.name, r.email, page.source, r.id) for r in rows if r.kind != "customer"),
    )
    _roles(page, rows)


def _person(page: Writing, r: model.Person) -> Row:
    internal = r.kind != "customer"
    address = (r.email or "").strip().casefold()
    hashed = hashlib.blake2b(address.encode(), key=page.hash_key, digest_size=16).digest() if address else None
    return (
        page.source, r.id, r.kind, r.role, r.name if internal else None, r.email if internal else None,
        hashed, address.rpartition("@")[2] or None,
        r.email_verified, r.active, r.zone, r.organization, r.version,
    )  # fmt: skip


def _roles(page: Writing, rows: list[model.Person]) -> None:
    """Keep a role's span: the first one seen reaches back to the beginning, a change starts where it was seen."""
    keys = page.keys("people", (r.id for r in rows))
    last = dict(
        page.conn.execute(
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
        written = page.conn.execute(
            "INSERT INTO person_roles SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS"
            " (SELECT 1 FROM person_roles WHERE person = ?1 AND at >= ?2)",
            (person, at, row.kind, row.role),
        ).rowcount
        last[person] = row.kind
        if written:
            _stale_tickets_of(page, person, everywhere=before is not None)


def _stale_tickets_of(page: Writing, person: int, *, everywhere: bool) -> None:
    page.conn.execute("INSERT OR IGNORE INTO stale SELECT id FROM tickets WHERE requester = ?", (person,))
    if everywhere:  # rare: a role changed; worth a walk over the events
        told = "INSERT OR IGNORE INTO stale SELECT DISTINCT ticket FROM events WHERE actor = ?"
        page.conn.execute(told, (person,))


def write_teams(page: Writing, rows: list[model.Team]) -> None:
    page.conn.executemany(
        "INSERT INTO teams (source, native, name, deleted) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET name = excluded.name, deleted = excluded.deleted",
        ((page.source, r.id, r.name, r.deleted) for r in rows),
    )


def write_team_members(page: Writing, rows: list[model.TeamMember]) -> None:
    teams, people = page.keys("teams", (r.team for r in rows)), page.keys("people", (r.person for r in rows))
    page.conn.executemany(
        "INSERT INTO team_members (team, person, first_seen) SELECT ?1, ?2, ?3 WHERE NOT EXISTS"
        " (SELECT 1 FROM team_members WHERE team = ?1 AND person = ?2 AND gone_at IS NULL)",
        ((teams[r.team], people[r.person], page.now) for r in rows),
    )
