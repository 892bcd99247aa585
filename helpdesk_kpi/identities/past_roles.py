"""What tickets tell of people whose role was not known at the time: the table `standings`.

A helpdesk tells what somebody is now. Who lost the role before the first sync was of the team all the same, if more
tickets were given to them than they asked for: one assignment makes no agent of a customer. Who got the role later
asked as a customer before, if nothing shows them at work for the team by then.
"""

from helpdesk_kpi.config import Config
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.staleness import has_stale_tickets, mark_people

#: People who were given tickets and have no role of the team, as far as any was seen.
_UNSEEN = """
SELECT p.id, p.source, p.native FROM people p JOIN sources s ON s.id = p.source WHERE p.was_assigned
AND (p.kind IS NULL OR p.kind = 'customer'
    OR (p.kind = 'member' AND s.name NOT IN (SELECT value FROM json_each(?))))
AND NOT EXISTS (SELECT 1 FROM person_roles r WHERE r.person = p.id AND r.kind IN ('agent', 'light_agent', 'bot'))
"""
#: Those of them to whom more tickets of others were given than they asked for; and the last thing they did on them.
_WORKED = f"""
WITH unseen AS ({_UNSEEN}),
given AS (
    SELECT u.id AS person, t.id AS ticket FROM tickets t CROSS JOIN unseen u ON u.id = t.assignee
    WHERE t.requester IS NOT u.id
    UNION
    SELECT u.id, t.id FROM events e CROSS JOIN tickets t ON t.id = e.ticket
    CROSS JOIN unseen u ON u.source = t.source AND u.native = e.after
    WHERE e.kind = 'change' AND e.field = 'assignee' AND t.requester IS NOT u.id
)
SELECT g.person, (
    SELECT max(e.at) FROM given h JOIN unseen u ON u.id = h.person JOIN events e ON e.ticket = h.ticket
    WHERE h.person = g.person AND (e.actor = u.id OR (e.field = 'assignee' AND u.native IN (e.before, e.after)))
) FROM given g GROUP BY g.person
HAVING count(*) > (SELECT count(*) FROM tickets t WHERE t.requester = g.person AND t.created_at IS NOT NULL)
"""
#: People who asked something before their first role was seen, which is one of the team.
_EARLY = """
SELECT p.id, p.source, p.native FROM people p
JOIN (SELECT person, min(at) AS at, kind FROM person_roles GROUP BY person) r ON r.person = p.id
WHERE r.kind IN ('agent', 'light_agent') AND r.at > 0
AND EXISTS (SELECT 1 FROM tickets t WHERE t.requester = p.id AND t.created_at < r.at)
"""
#: Their first act for it: anything that they did on a ticket of others, or that was given to them.
_FIRST_ACT = f"""
WITH early AS ({_EARLY}),
acts AS (
    SELECT y.id, y.native, e.ticket, e.at FROM events e CROSS JOIN early y ON y.id = e.actor
    UNION ALL
    SELECT y.id, y.native, e.ticket, e.at FROM events e CROSS JOIN early y ON y.native = e.after
    WHERE e.kind = 'change' AND e.field = 'assignee'
    AND y.source = (SELECT t.source FROM tickets t WHERE t.id = e.ticket)
)
SELECT a.id, min(a.at) FROM acts a JOIN tickets t ON t.id = a.ticket WHERE t.requester IS NOT a.id
AND NOT EXISTS (SELECT 1 FROM json_each(t.participants) j WHERE j.value = a.native)
GROUP BY a.id
"""


def keep_standings(store: Store, config: Config) -> None:
    """Bring the table up to date; the tickets of those of whom it says something else become stale.

    Where the configuration lists the team, no licensed colleague beside it is of the team for their work.
    """
    if not has_stale_tickets(store.conn):
        return
    sources = [name for name, table in config.sources.items() if table.get("agents")]
    found: dict[int, tuple[int | None, ...]] = {}
    if store.one(f"SELECT EXISTS ({_UNSEEN})", sources):  # walk over all events only if there is anyone to find
        found |= {person: (1, None, until) for person, until in store.rows(_WORKED, sources)}
    if store.one(f"SELECT EXISTS ({_EARLY})"):
        found |= {person: (0, first, None) for person, first in store.rows(_FIRST_ACT)}
    before = {person: tuple(columns) for person, *columns in store.rows("SELECT * FROM standings")}
    changed = sorted({p for p in found.keys() | before.keys() if found.get(p) != before.get(p)})
    if not changed:
        return
    with store.transaction() as conn:
        conn.executemany("DELETE FROM standings WHERE person = ?", ((p,) for p in changed))
        conn.executemany("INSERT INTO standings VALUES (?, ?, ?, ?)", ((p, *found[p]) for p in changed if p in found))
        mark_people(conn, changed)
