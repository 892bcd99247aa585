"""Changes that no helpdesk told: what two versions of a ticket differ in, as far as nothing exact explains it.

Every version that was seen is kept, so that the differences are the same in whatever order the versions came.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from helpdesk_kpi import model
from helpdesk_kpi.store.page_writer import PageWriter

_SEEN = "seen:"


class _Snapshot(NamedTuple):
    version: int
    at: int
    fields: dict[str, str | None]


class _Difference(NamedTuple):
    id: str
    at: int
    field: str
    before: str | None
    after: str | None


def save_snapshots(page: PageWriter, rows: Sequence[model.Ticket]) -> None:
    """Keep what was seen of tickets whose changes nobody tells, and say what differs from what was seen before."""
    tracked = [r for r in rows if r.tracks]
    if not tracked:
        return
    keys = page.find_keys("tickets", {r.id for r in tracked})
    page.conn.executemany(
        "INSERT INTO ticket_snapshots VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET at = excluded.at, fields = excluded.fields"
        " WHERE fields != excluded.fields OR at != excluded.at",
        ((keys[r.id], r.version, r.updated_at, _describe(r)) for r in tracked),
    )
    write_differences(page, keys.values())


def _describe(ticket: model.Ticket) -> str:
    return json.dumps({field: getattr(ticket, field) for field in sorted(ticket.tracks)})


def write_differences(page: PageWriter, tickets: Collection[int]) -> None:
    """Of these tickets (keys): one change for each difference of two ticket_snapshots that no exact change explains."""
    sql = (
        "SELECT ticket FROM ticket_snapshots WHERE ticket IN (SELECT value FROM json_each(?)) GROUP BY ticket"
        " HAVING count(*) > 1"
    )
    for (ticket,) in page.conn.execute(sql, (json.dumps(list(tickets)),)).fetchall():
        found = list(_find_unexplained(page, ticket))
        page.conn.execute(
            "DELETE FROM events WHERE ticket = ? AND id GLOB ? AND id NOT IN (SELECT value FROM json_each(?))",
            (ticket, f"{_SEEN}*", json.dumps([one.id for one in found])),
        )
        page.conn.executemany(
            "INSERT INTO events (ticket, id, at, seq, kind, field, before, after, exact)"
            " VALUES (?1, ?2, ?3, 1000, 'change', ?4, ?5, ?6, 0) ON CONFLICT DO UPDATE SET at = excluded.at,"
            " before = excluded.before, after = excluded.after WHERE at IS NOT excluded.at"
            " OR before IS NOT excluded.before OR after IS NOT excluded.after",
            ((ticket, *one) for one in found),
        )


def _find_unexplained(page: PageWriter, ticket: int) -> Iterator[_Difference]:
    sql = "SELECT version, at, fields FROM ticket_snapshots WHERE ticket = ? ORDER BY version"
    sights = [_Snapshot(version, at, json.loads(fields)) for version, at, fields in page.conn.execute(sql, (ticket,))]
    sql = f"SELECT field, after, at FROM events WHERE ticket = ? AND kind = 'change' AND id NOT GLOB '{_SEEN}*'"
    exact = page.conn.execute(sql, (ticket,)).fetchall()
    for earlier, later in pairwise(sights):
        for field, after in later.fields.items():
            before = earlier.fields.get(field)
            if field not in earlier.fields or before == after:
                continue
            if not any(f == field and a == after and earlier.at <= at <= later.at for f, a, at in exact):
                yield _Difference(f"{_SEEN}{field}:{later.version}", later.at, field, before, after)
