"""Accounts behind tickets that are excluded as outbound, and accounts that may be intake forms."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.source_rules import find_accounts
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.store import Store

MOST = 8  # accounts that are shown
FEWEST = 10  # tickets of an account that may be a form
OTHERS = 0.95  # share of them with another requester


def outbound(reader: MetricStore) -> Iterator[tuple[str, int, str]]:
    """(source, number of tickets excluded as outbound, accounts: "Ann (12), Bob (3)")."""
    rows = reader.columns("first_reply_time")
    left_out = np.unique(rows.story[rows.has_stop_reason({"outbound"})]).tolist()
    sql = (
        "SELECT s.name, t.id, coalesce(p.name, p.native, t.channel, '-') FROM tickets t"
        " JOIN sources s ON s.id = t.source"
        " LEFT JOIN events e ON e.ticket = t.id AND e.kind = 'comment' AND e.public AND e.at <= t.created_at"
        " LEFT JOIN people p ON p.id = e.actor WHERE t.id IN (SELECT value FROM json_each(?)) GROUP BY t.id ORDER BY 1"
    )
    counts: dict[str, Counter[str]] = {}
    for source, _, name in reader.store.rows(sql, left_out):
        counts.setdefault(source, Counter())[name] += 1
    for source, by in counts.items():
        accounts = ", ".join(f"{name} ({n:,})" for name, n in by.most_common(MOST))
        yield source, by.total(), accounts if len(by) <= MOST else f"{accounts}, ..."


class Intake(NamedTuple):
    """An account that may be an intake form."""

    source: str
    native: str
    name: str
    tickets: int
    others: int  # of them with another requester


_SUBMITTERS = """
SELECT s.id, s.name, p.id, p.native, coalesce(p.name, p.native), count(*) AS tickets,
    sum(t.requester IS NOT t.submitter) AS others
FROM tickets t JOIN people p ON p.id = t.submitter JOIN sources s ON s.id = t.source
WHERE t.created_at IS NOT NULL AND p.kind IS NOT 'customer' AND p.kind IS NOT 'nobody'
GROUP BY p.id HAVING tickets >= ? AND others >= ? * tickets ORDER BY s.name, tickets DESC
"""
#: Accounts that answer tickets; one scan of the events for all of them.
_ANSWERING = (
    "SELECT DISTINCT e.actor FROM events e JOIN tickets t ON t.id = e.ticket"
    " WHERE e.actor IN (SELECT value FROM json_each(?)) AND e.public"
    " AND e.kind = 'comment' AND e.at > t.created_at AND e.rule IS NULL"
)


def intake(store: Store, config: Config) -> Iterator[Intake]:
    """Accounts that submitted many tickets, nearly all for others, never answer, and are not configured."""
    found = store.rows(_SUBMITTERS, FEWEST, OTHERS)
    words = [*config.tickets.intake, *config.tickets.bots]
    known = {source: find_accounts(store, source, words) for source in {row[0] for row in found}}
    unknown = [row[2] for row in found if row[2] not in known[row[0]]]
    answering = {person for (person,) in store.rows(_ANSWERING, unknown)} if unknown else set()
    for _, helpdesk, person, native, name, tickets, others in found:
        if person in unknown and person not in answering:
            yield Intake(helpdesk, native, name, tickets, others)
