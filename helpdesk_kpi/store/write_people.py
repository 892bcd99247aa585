"""Writing people, their roles over time, and teams."""

import hashlib
import json

from helpdesk_kpi import model
from helpdesk_kpi.store.page_writer import PageWriter, Row
from helpdesk_kpi.store.staleness import mark_people

#: A row of somebody known that only says that they are gone: as what they were, it no longer says.
_IS_GONE = "NOT excluded.active AND excluded.kind = 'customer' AND kind IS NOT NULL"


def write_people(page: PageWriter, rows: list[model.Person]) -> None:
    unknown = _find_placeholder_accounts(page, rows)
    page.conn.executemany(
        "INSERT INTO people (source, native, kind, role, name, email, email_hash, domain, email_verified, active,"
        " zone, organization, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        # Who is deleted or suspended stays who they were, and what a helpdesk calls them then is no name.
        f" ON CONFLICT DO UPDATE SET kind = iif({_IS_GONE}, kind, excluded.kind),"
        f" role = iif({_IS_GONE}, role, excluded.role),"
        f" name = iif({_IS_GONE}, coalesce(name, excluded.name), coalesce(excluded.name, name)),"
        " email = coalesce(excluded.email, email),"
        " email_hash = coalesce(excluded.email_hash, email_hash), domain = coalesce(excluded.domain, domain),"
        # Who is told of without an address has not lost it.
        " email_verified = iif(excluded.email_hash IS NULL, email_verified, excluded.email_verified),"
        " active = excluded.active, zone = coalesce(excluded.zone, zone), organization = excluded.organization,"
        " version = excluded.version WHERE excluded.version >= version",
        (_person(page, r) for r in rows),
    )
    page.conn.executemany(
        # Whoever was of the team keeps the name, however late we hear of it.
        "UPDATE people SET name = coalesce(name, ?), email = coalesce(email, ?) WHERE source = ? AND native = ?",
        ((r.name, r.email, page.source, r.id) for r in rows if r.kind != "customer"),
    )
    page.conn.executemany(
        "UPDATE people SET kind = ?, role = ? WHERE source = ? AND native = ? AND kind = 'customer' AND NOT active"
        " AND version >= ?",
        ((r.kind, r.role, page.source, r.id, r.version) for r in rows if r.kind != "customer"),
    )
    mark_people(page.conn, unknown + _roles(page, rows))


def _find_placeholder_accounts(page: PageWriter, rows: list[model.Person]) -> list[int]:
    """Keys of those who acted or asked before anything was known of them."""
    sql = "SELECT id FROM people WHERE source = ? AND kind IS NULL AND native IN (SELECT value FROM json_each(?))"
    return [key for (key,) in page.conn.execute(sql, (page.source, json.dumps([r.id for r in rows])))]


def _person(page: PageWriter, r: model.Person) -> Row:
    internal = r.kind != "customer"
    address = (r.email or "").strip().casefold()
    hashed = hashlib.blake2b(address.encode(), key=page.hash_key, digest_size=16).digest() if address else None
    return (
        page.source, r.id, r.kind, r.role, r.name if internal else None, r.email if internal else None,
        hashed, address.rpartition("@")[2] or None,
        r.email_verified, r.active, r.zone, r.organization, r.version,
    )  # fmt: skip


def _roles(page: PageWriter, rows: list[model.Person]) -> list[int]:
    """Keep the spans of roles, in whatever order they are told; returns the keys of those whose spans changed.

    A span begins where the role was first seen; the first one also holds before, unless the tickets tell otherwise
    (see `measure.standings`). Being deleted or suspended is no role.
    """
    keys = page.keys("people", (r.id for r in rows))
    changed = []
    for row in rows:
        if not row.active and row.kind == "customer":
            continue
        person = keys[row.id]
        before, after = _neighbours(page, person, row.version)
        if before == row.kind or (row.kind == "member" and not row.version and (before or after)):
            continue  # that nothing is known of a role takes nothing away
        if before == "member" and row.kind != "member" and _know_now(page, person, row):
            changed.append(person)
            continue
        page.conn.execute(
            "INSERT OR REPLACE INTO person_roles VALUES (?, ?, ?, ?)", (person, row.version, row.kind, row.role)
        )
        if after is not None and after[1] == row.kind:  # the same span, known to begin earlier
            page.conn.execute("DELETE FROM person_roles WHERE person = ? AND at = ?", (person, after[0]))
        elif before is not None or after is not None:
            changed.append(person)
    return changed


def _know_now(page: PageWriter, person: int, row: model.Person) -> bool:
    """Where nothing was known of a role until now, what is seen holds for before; so it does for who has worked for the
    team without a role that was seen. Else it begins now.
    """
    sql = "SELECT max(at) FROM person_roles WHERE person = ? AND at <= ?"
    at = page.conn.execute(sql, (person, row.version)).fetchone()[0]
    sql = "SELECT 1 FROM standings WHERE person = ? AND has_worked"
    if at and not (row.kind == "agent" and page.conn.execute(sql, (person,)).fetchone()):
        return False
    sql = "UPDATE person_roles SET kind = ?, role = ? WHERE person = ? AND at = ?"
    page.conn.execute(sql, (row.kind, row.role, person, at))
    return True


def _neighbours(page: PageWriter, person: int, at: int) -> tuple[str | None, tuple[int, str] | None]:
    """The kind in force at an instant, and where the next span begins."""
    sql = "SELECT kind FROM person_roles WHERE person = ? AND at <= ? ORDER BY at DESC LIMIT 1"
    before = page.conn.execute(sql, (person, at)).fetchone()
    sql = "SELECT at, kind FROM person_roles WHERE person = ? AND at > ? ORDER BY at LIMIT 1"
    return before[0] if before else None, page.conn.execute(sql, (person, at)).fetchone()


def write_teams(page: PageWriter, rows: list[model.Team]) -> None:
    page.conn.executemany(
        "INSERT INTO teams (source, native, name, deleted) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET name = excluded.name, deleted = excluded.deleted",
        ((page.source, r.id, r.name, r.deleted) for r in rows),
    )
    keys = page.keys("teams", (r.id for r in rows))
    page.conn.executemany(
        # That a team has no schedule of its own is kept too: the first one that it gets is not that of its past.
        "INSERT OR REPLACE INTO team_schedules SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM (SELECT schedule"
        " FROM team_schedules WHERE team = ?1 ORDER BY since DESC LIMIT 1) WHERE schedule IS ?3)",
        ((keys[r.id], page.now, r.schedule) for r in rows if not r.deleted),
    )


def write_team_members(page: PageWriter, rows: list[model.TeamMember]) -> None:
    teams, people = page.keys("teams", (r.team for r in rows)), page.keys("people", (r.person for r in rows))
    page.conn.executemany(
        "INSERT INTO team_members (team, person, first_seen) SELECT ?1, ?2, ?3 WHERE NOT EXISTS"
        " (SELECT 1 FROM team_members WHERE team = ?1 AND person = ?2 AND gone_at IS NULL)",
        ((teams[r.team], people[r.person], page.now) for r in rows),
    )
