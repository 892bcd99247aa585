"""Contradictory or unreadable data: histories that end at another value, missing messages, unknown words."""

from collections import Counter
from collections.abc import Callable, Iterator

from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.source_rules import load_source_rules
from helpdesk_kpi.identities.vocabulary import KNOWN_CHANNELS
from helpdesk_kpi.measure.build.subjects import all_timelines
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.write_page import WITHOUT_FIRST_WORDS

MOST = 8  # words that are shown
#: Tickets with a last change to another value than the row has.
_CANDIDATES = """
SELECT DISTINCT l.ticket FROM (
    SELECT ticket, field, max(at) AS at FROM events
    WHERE kind = 'change' AND field IN ('status', 'priority', 'team', 'assignee') GROUP BY ticket, field
) l JOIN tickets t ON t.id = l.ticket
LEFT JOIN people a ON a.id = t.assignee LEFT JOIN teams g ON g.id = t.team
WHERE t.created_at IS NOT NULL AND t.deleted_at IS NULL AND t.left_at IS NULL AND t.changes_known = 'yes'
AND l.at <= t.updated_at AND NOT EXISTS (
    SELECT 1 FROM events e WHERE e.ticket = l.ticket AND e.field = l.field AND e.kind = 'change' AND e.at = l.at
    AND e.after IS CASE l.field WHEN 'status' THEN t.status WHEN 'priority' THEN t.priority
        WHEN 'assignee' THEN a.native ELSE g.native END
)
"""


def ending_elsewhere(store: Store, config: Config) -> Counter[str]:
    """Source -> number of tickets with a history that ends at another value than they have now."""
    return _by_source(store, config, _CANDIDATES, lambda ticket: bool(ticket.ends))


def without_first_words(store: Store, config: Config) -> Counter[str]:
    """Source -> number of tickets without a first message or call."""
    sql = (
        "SELECT t.id FROM tickets t WHERE t.replies_known = 'yes' AND t.created_at IS NOT NULL"
        f" AND t.deleted_at IS NULL AND {WITHOUT_FIRST_WORDS}"
    )
    return _by_source(store, config, sql, lambda ticket: not ticket.knows_first_message)


def _by_source(store: Store, config: Config, candidates: str, counts: Callable[[Timeline], bool]) -> Counter[str]:
    found = [ticket for (ticket,) in store.rows(candidates)]
    names = dict(store.rows("SELECT id, name FROM sources"))
    timelines = all_timelines(store, load_source_rules(store, config), found)
    return Counter(names[ticket.row.source] for ticket in timelines if counts(ticket))


def unread(store: Store) -> Iterator[tuple[str, int, str]]:
    """(source, number of tickets, words) of parts that no rule reads."""
    sql = (
        "SELECT s.name, u.kind || ' ' || u.word, u.ticket FROM unread u JOIN tickets t ON t.id = u.ticket"
        " JOIN sources s ON s.id = t.source ORDER BY 1"
    )
    yield from _summarise(store.rows(sql))


def strange_channels(store: Store) -> Iterator[tuple[str, int, str]]:
    """(source, number of tickets, words) of unknown channels."""
    sql = (
        "SELECT s.name, t.channel, t.id FROM tickets t JOIN sources s ON s.id = t.source WHERE t.channel IS NOT NULL"
        " AND t.created_at IS NOT NULL AND t.is_messaging IS NULL"
        " AND lower(t.channel) NOT IN (SELECT value FROM json_each(?)) ORDER BY 1"
    )
    yield from _summarise(store.rows(sql, sorted(KNOWN_CHANNELS)))


def _summarise(rows: list[tuple[str, str, int]]) -> Iterator[tuple[str, int, str]]:
    tickets: dict[str, set[int]] = {}
    words: dict[str, Counter[str]] = {}
    for source, word, ticket in rows:
        tickets.setdefault(source, set()).add(ticket)
        words.setdefault(source, Counter())[word] += 1
    for source, counts in words.items():
        listing = ", ".join(f"{word} ({n:,})" for word, n in counts.most_common(MOST))
        yield source, len(tickets[source]), listing if len(counts) <= MOST else f"{listing}, ..."
