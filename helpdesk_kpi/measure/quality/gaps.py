"""What in the store keeps figures from being right: gaps, strangers, roles that nobody told, rows set aside."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.bot_detection import find_suspected_bots
from helpdesk_kpi.measure.quality.conflicts import ending_elsewhere, strange_channels, unread, without_first_words
from helpdesk_kpi.measure.query.limiting_defaults import TEXTS, defaults
from helpdesk_kpi.milliseconds import DAY
from helpdesk_kpi.store import Store


class DataGap(NamedTuple):
    """One thing that figures lack, with how much of it there is."""

    source: str
    about: str  # stream, or what it is about
    text: str
    how_many: int
    is_bad: bool  # figures are wrong or missing because of it, not merely less fine
    code: str  # what it is, for other languages than `text`'s
    detail: str = ""  # in the helpdesk's own words


def _doubted(store: Store, config: Config) -> Iterator[DataGap]:
    """Tickets that contradict themselves, and words of which nothing is known."""
    for source, count in sorted(without_first_words(store, config).items()):
        yield DataGap(source, "replies", WORDLESS, count, is_bad=True, code="no_words")
    for source, count in sorted(ending_elsewhere(store, config).items()):
        yield DataGap(source, "history", ENDS, count, is_bad=True, code="ends_elsewhere")
    for code, about, text, found in (
        ("unread", "events", "tickets with parts that no rule reads", unread(store)),
        ("strange_channels", "channels", "tickets of channels of which nothing is known", strange_channels(store)),
    ):
        for source, count, words in found:
            yield DataGap(source, about, f"{text}: {words}", count, is_bad=False, code=code, detail=words)


def find_data_gaps(store: Store, config: Config, now: int) -> Iterator[DataGap]:
    """Everything that an examination of the store finds, source by source."""
    yield from _streams(store, now)
    for code, about, text, is_bad, sql in COUNTS:
        for source, count in store.rows(sql):
            if count:
                yield DataGap(source, about, text, count, is_bad, code)
    yield from _doubted(store, config)
    for one in defaults(store, config):
        yield DataGap(one.source, "settings", one.text, one.how_many, is_bad=True, code=one.code, detail=one.detail)
    for source, count in Counter(one.source for one in find_suspected_bots(store, config)).items():
        yield DataGap(source, "people", ROBOTS, count, is_bad=False, code="perhaps_robots")


def _streams(store: Store, now: int) -> Iterator[DataGap]:
    for source, stream, state, reason, until, ran_at in store.rows(
        "SELECT s.name, c.stream, c.state, c.reason, c.complete_until, c.ran_at FROM cursors c"
        " JOIN sources s ON s.id = c.source ORDER BY 1, 2"
    ):
        if state == "failed":
            yield DataGap(
                source, stream, f"the last sync failed: {reason}", 1, is_bad=True, code="failed", detail=reason or ""
            )
        elif state == "unavailable":
            yield DataGap(
                source,
                stream,
                f"not given to this account: {reason}",
                1,
                is_bad=False,
                code="unavailable",
                detail=reason or "",
            )
        elif ran_at is None or (until is not None and now - until > 2 * DAY):
            yield DataGap(source, stream, "not read for more than two days", 1, is_bad=True, code="stale")


ENDS = "tickets whose history ends at another value than they have now; their own value holds from their last update on"
WORDLESS = "tickets without a first message: what was said on them is not known"
ROBOTS = "accounts of agents that answer within a minute nearly always: robots, perhaps; `check` names them"
_OF_SOURCE = "SELECT s.name, count(*) FROM {} JOIN sources s ON s.id = {}.source WHERE {} GROUP BY 1 ORDER BY 1"
_HERE = "t.created_at IS NOT NULL AND t.deleted_at IS NULL"
_OWN = (
    "SELECT lower(substr(email, instr(email, '@') + 1)) FROM people"
    " WHERE kind IN ('agent', 'light_agent') AND email LIKE '%@%'"
)
#: (code, about, what it means, whether figures are wrong for it, (source, count))
COUNTS = (
    ("replies_pending", "replies",
     "tickets whose replies are still to be fetched; they are left out, and never count as unanswered", True,
     _OF_SOURCE.format("tickets t", "t", f"t.replies_known = 'pending' AND {_HERE}")),
    ("replies_unreadable", "replies", "tickets whose replies these rights do not show", True,
     _OF_SOURCE.format("tickets t", "t", f"t.replies_known = 'unreadable' AND {_HERE}")),
    ("history_pending", "history", "tickets whose changes are still to be fetched", True,
     _OF_SOURCE.format("tickets t", "t", f"t.changes_known = 'pending' AND {_HERE}")),
    ("before_history", "history", "tickets made before the history that is kept begins", False,
     _OF_SOURCE.format("tickets t", "t", f"t.created_at < s.since AND {_HERE}")),
    ("no_priority", "priority", "tickets without a priority: a row of their own in every table", False,
     _OF_SOURCE.format("tickets t", "t", f"t.priority IS NULL AND {_HERE}")),
    ("strangers", "people", "accounts that act on tickets and of which only the id is known", True,
     _OF_SOURCE.format("people p", "p", "p.kind IS NULL AND EXISTS (SELECT 1 FROM events e WHERE e.actor = p.id)")),
    ("no_role", "roles",
     "accounts that were given tickets, and no role of theirs was ever seen: they left before we came", False,
     _OF_SOURCE.format("people p", "p", "p.id IN (SELECT person FROM standings WHERE has_worked)")),
    ("set_aside", "rows", "rows that could not be read and were set aside; `status` names them", True,
     _OF_SOURCE.format("set_aside a", "a", "true")),
    ("not_by_customers", "ratings",
     "ratings that nobody gave: set by default, by a time-out, or by the team itself", False,
     _OF_SOURCE.format("ratings r", "r", "r.origin != 'customer'")),
    ("own_domain", "ratings", "ratings by customers with an address of the team's own domain: friends, perhaps", False,
     _OF_SOURCE.format(
         "ratings r JOIN people p ON p.id = r.rater", "r",
         f"r.answered_at IS NOT NULL AND p.kind = 'customer' AND p.domain IN ({_OWN})",
     )),
)  # fmt: skip
#: Every code of a gap.
CODES = frozenset({
    "failed", "unavailable", "stale", "perhaps_robots", "ends_elsewhere", "unread", "strange_channels",
    "left_out_outbound", "no_words", *TEXTS, *(code for code, *_ in COUNTS),
})  # fmt: skip
