"""Agents' accounts that answer as robots do. Suggested to a person, and never decided: a robot that nobody names makes
first replies look fast.
"""

from collections.abc import Iterator
from typing import NamedTuple

from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.source_rules import find_configured_bots
from helpdesk_kpi.identities.vocabulary import MESSAGING, VOICE
from helpdesk_kpi.milliseconds import DAY, MINUTE
from helpdesk_kpi.store import Store

FEWEST = 30  # replies
AT_ONCE = 0.9  # of them within a minute of what they answer: no person keeps that up in writing
LATELY = 90 * DAY  # before the last thing that is known


class SuspectedBot(NamedTuple):
    """An account that is perhaps nobody's."""

    source: str
    native: str
    name: str
    replies: int
    at_once: float  # the share that came within a minute


_REPLIES = f"""
SELECT s.id, s.name, p.id, p.native, coalesce(p.name, p.native), count(*) AS replies, avg(e.at - coalesce(
    (SELECT max(c.at) FROM events c WHERE c.ticket = e.ticket AND c.kind = 'comment' AND c.public
     AND c.actor IS NOT e.actor AND c.at <= e.at), t.created_at) <= {MINUTE}) AS at_once
FROM events e JOIN tickets t ON t.id = e.ticket JOIN people p ON p.id = e.actor JOIN sources s ON s.id = p.source
WHERE e.kind = 'comment' AND e.public AND e.rule IS NULL AND e.via IS NOT 'api' AND p.kind = 'agent'
AND e.at > t.created_at AND e.at >= (SELECT max(at) FROM events) - {LATELY}
AND coalesce(t.channel, '') NOT IN (SELECT value FROM json_each(?)) AND NOT coalesce(t.is_messaging, 0)
GROUP BY p.id HAVING replies >= {FEWEST} AND at_once >= {AT_ONCE} ORDER BY s.name, p.native
"""


def find_suspected_bots(store: Store, config: Config) -> Iterator[SuspectedBot]:
    """Agents who answer in writing within a minute nearly always, and whom the configuration does not call robots."""
    for source, helpdesk, person, native, name, replies, at_once in store.rows(_REPLIES, sorted(MESSAGING | VOICE)):
        if person not in find_configured_bots(store, source, config.tickets.bots):
            yield SuspectedBot(helpdesk, native, name, replies, at_once)
