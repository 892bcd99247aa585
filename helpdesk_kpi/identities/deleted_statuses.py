"""What statuses meant that no list of the helpdesk has any more: only histories still name them.

When a status is deleted, its tickets are moved to the one that takes its place. That move says what the old status
meant, and is no work of anybody on those tickets.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from helpdesk_kpi.milliseconds import DAY
from helpdesk_kpi.store import Store

#: Names that mean the same everywhere, whole. Anything else is left to a person.
_NAMES = (
    ("solved", re.compile(r"solved|resolved|done|completed?|fixed|finished|erledigt|gelöst|已解决|已完成|完成")),
    ("closed", re.compile(r"closed|cancell?ed|declined|geschlossen|已关闭|关闭|已取消")),
    ("pending", re.compile(r"pending|(wait|await)ing.*(customer|reporter|user|reply|info).*|等待客户|等待用户|待用户")),
    ("hold", re.compile(r"on.?hold|paused|挂起|暂停")),
    ("new", re.compile(r"new|to.?do|新建|待受理")),
    ("open", re.compile(r"open|reopened|in.?progress|处理中|进行中|重新打开")),
)  # fmt: skip
#: When a ticket of a source left a status for the last time.
_LAST = (
    "SELECT e.at FROM events e JOIN tickets t ON t.id = e.ticket WHERE e.kind = 'change' AND e.field = 'status'"
    " AND e.before = ? AND t.source = ? ORDER BY e.at DESC LIMIT 1"
)
#: Where tickets went from a status, from an instant on, and whether anything else happened within a day, or whoever did
#: it had anything else to do with the ticket.
_LEFT = f"""
SELECT e.after, EXISTS (
    SELECT 1 FROM events o WHERE o.ticket = e.ticket AND o.at != e.at AND o.id != 'created'
    AND (o.at BETWEEN e.at - {DAY} AND e.at + {DAY} OR o.actor = e.actor)
) OR t.created_at > e.at - {DAY} OR e.actor IS t.assignee AS is_work
FROM events e JOIN tickets t ON t.id = e.ticket
WHERE e.kind = 'change' AND e.field = 'status' AND e.before = ? AND t.source = ? AND e.at >= ? ORDER BY e.at
"""


class Meaning(NamedTuple):
    """What a status meant that is gone."""

    native: str
    name: str
    state: str  # "": nothing tells
    successor: str = ""  # native id of the status that took its place; "": not known


def meanings(store: Store, source: int, gone: Mapping[str, str], states: Mapping[str, str]) -> Iterator[Meaning]:
    """By what took their places, else by their names. `gone`: native -> name."""
    if not gone:
        return
    heirs = successors(store, source, list(gone))
    for native, name in gone.items():
        heir, seen = heirs.get(native, ""), {native}
        while heir in gone and heir in heirs and heir not in seen:
            seen.add(heir)
            heir = heirs[heir]
        known = states.get(heir.casefold(), "") if heir and heir not in gone else ""
        yield Meaning(native, name, known or by_name(name), heir if known else "")


def by_name(name: str) -> str:
    """
    >>> by_name("Done"), by_name("已解决"), by_name("Done by vendor")
    ('solved', 'solved', '')
    """
    word = " ".join(name.split()).casefold()
    return next((state for state, words in _NAMES if words.fullmatch(word)), "")


def successors(store: Store, source: int, gone: Sequence[str]) -> dict[str, str]:
    """Which status took the place of each: where all that was left in it was moved at the end, by hands that had
    nothing else to do with those tickets.
    """
    found = {}
    for native in gone:
        last = store.one(_LAST, native, source)
        if last is None:
            continue
        rows = store.rows(_LEFT, native, source, last - DAY)
        heirs = Counter(after for after, is_work in rows if not is_work and after)
        if heirs and 2 * heirs.total() > len(rows):
            found[native] = heirs.most_common(1)[0][0]
    return found
