"""Data gaps in the store: missing histories, unknown accounts and roles, rejected rows."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.bot_detection import find_suspected_bots
from helpdesk_kpi.measure.quality.conflicts import ending_elsewhere, strange_channels, unread, without_first_words
from helpdesk_kpi.measure.query import limiting_defaults
from helpdesk_kpi.milliseconds import DAY
from helpdesk_kpi.store import Store


class DataGap(NamedTuple):
    """One kind of missing data of a source, with its count."""

    source: str
    about: str  # stream, or what it is about
    how_many: int
    is_bad: bool  # values are wrong or missing because of it, not only less detailed
    code: str  # what it is: a key of TEXTS
    detail: str = ""  # in the helpdesk's own words

    @property
    def text(self) -> str:
        """In English."""
        return TEXTS[self.code].format(detail=self.detail).strip()

    def to_dict(self) -> dict[str, str | int | bool]:
        """For JSON."""
        return {
            "source": self.source, "about": self.about, "text": self.text, "how_many": self.how_many,
            "is_bad": self.is_bad, "code": self.code, "detail": self.detail,
        }  # fmt: skip


def _doubted(store: Store, config: Config) -> Iterator[DataGap]:
    """Contradictory tickets, and unknown words."""
    for source, count in sorted(without_first_words(store, config).items()):
        yield DataGap(source, "replies", count, is_bad=True, code="no_words")
    for source, count in sorted(ending_elsewhere(store, config).items()):
        yield DataGap(source, "history", count, is_bad=True, code="ends_elsewhere")
    for code, about, found in (
        ("unread", "events", unread(store)),
        ("strange_channels", "channels", strange_channels(store)),
    ):
        for source, count, words in found:
            yield DataGap(source, about, count, is_bad=False, code=code, detail=words)


def find_data_gaps(store: Store, config: Config, now: int) -> Iterator[DataGap]:
    """Find all data gaps of the store."""
    yield from _streams(store, now)
    for code, about, is_bad, sql in COUNTS:
        for source, count in store.rows(sql):
            if count:
                yield DataGap(source, about, count, is_bad, code)
    yield from _doubted(store, config)
    for one in limiting_defaults.defaults(store, config):
        yield DataGap(one.source, "settings", one.how_many, is_bad=True, code=one.code, detail=one.detail)
    for source, count in Counter(one.source for one in find_suspected_bots(store, config)).items():
        yield DataGap(source, "people", count, is_bad=False, code="perhaps_robots")


def _streams(store: Store, now: int) -> Iterator[DataGap]:
    for source, stream, state, reason, until, ran_at in store.rows(
        "SELECT s.name, c.stream, c.state, c.reason, c.complete_until, c.ran_at FROM cursors c"
        " JOIN sources s ON s.id = c.source ORDER BY 1, 2"
    ):
        if state == "failed":
            yield DataGap(source, stream, 1, is_bad=True, code=state, detail=reason or "None")
        elif state == "unavailable":
            yield DataGap(source, stream, 1, is_bad=False, code=state, detail=reason or "None")
        elif ran_at is None or (until is not None and now - until > 2 * DAY):
            yield DataGap(source, stream, 1, is_bad=True, code="stale")


#: By code: what it means, after the count. Translated under the context "gap".
TEXTS = {
    "failed": "the last sync failed: {detail}",
    "unavailable": "not given to this account: {detail}",
    "stale": "not read for more than two days",
    "no_words": "tickets without a first message: their content is not known",
    "ends_elsewhere": "tickets whose history ends at another value than they have now; their own value holds from their"
    " last update on",
    "unread": "tickets with parts that no rule reads: {detail}",
    "strange_channels": "tickets of channels of which nothing is known: {detail}",
    "left_out_outbound": "tickets left out since the team wrote first: {detail}",
    "perhaps_robots": "accounts of agents that nearly always answer within a minute: possibly bots; `check` lists them",
    "replies_pending": "tickets whose replies are still to be fetched; they are left out, and never count as"
    " unanswered",
    "replies_unreadable": "tickets whose replies these rights do not show",
    "history_pending": "tickets whose changes are still to be fetched",
    "before_history": "tickets made before the history that is kept begins",
    "no_priority": "tickets without a priority: a row of their own in every table",
    "strangers": "accounts that act on tickets and of which only the id is known",
    "no_role": "accounts that were assigned tickets but whose role is not known: they left before the first sync",
    "set_aside": "rows that could not be read and were set aside; `status` lists them",
    "not_by_customers": "ratings not given by customers: set by default, by a time-out, or by the team itself",
    "own_domain": "ratings by customers with an address of the team's own domain: possibly colleagues",
    **limiting_defaults.TEXTS,
}
_OF_SOURCE = "SELECT s.name, count(*) FROM {} JOIN sources s ON s.id = {}.source WHERE {} GROUP BY 1 ORDER BY 1"
_HERE = "t.created_at IS NOT NULL AND t.deleted_at IS NULL"
_OWN = (
    "SELECT lower(substr(email, instr(email, '@') + 1)) FROM people"
    " WHERE kind IN ('agent', 'light_agent') AND email LIKE '%@%'"
)
#: (code, about, whether figures are wrong for it, (source, count))
COUNTS = (
    ("replies_pending", "replies", True,
     _OF_SOURCE.format("tickets t", "t", f"t.replies_known = 'pending' AND {_HERE}")),
    ("replies_unreadable", "replies", True,
     _OF_SOURCE.format("tickets t", "t", f"t.replies_known = 'unreadable' AND {_HERE}")),
    ("history_pending", "history", True,
     _OF_SOURCE.format("tickets t", "t", f"t.changes_known = 'pending' AND {_HERE}")),
    ("before_history", "history", False,
     _OF_SOURCE.format("tickets t", "t", f"t.created_at < s.since AND {_HERE}")),
    ("no_priority", "priority", False,
     _OF_SOURCE.format("tickets t", "t", f"t.priority IS NULL AND {_HERE}")),
    ("strangers", "people", True,
     _OF_SOURCE.format("people p", "p", "p.kind IS NULL AND EXISTS (SELECT 1 FROM events e WHERE e.actor = p.id)")),
    ("no_role", "roles", False,
     _OF_SOURCE.format("people p", "p", "p.id IN (SELECT person FROM standings WHERE has_worked)")),
    ("set_aside", "rows", True,
     _OF_SOURCE.format("rejected_rows a", "a", "true")),
    ("not_by_customers", "ratings", False,
     _OF_SOURCE.format("ratings r", "r", "r.origin != 'customer'")),
    ("own_domain", "ratings", False,
     _OF_SOURCE.format(
         "ratings r JOIN people p ON p.id = r.rater", "r",
         f"r.answered_at IS NOT NULL AND p.kind = 'customer' AND p.domain IN ({_OWN})",
     )),
)  # fmt: skip
