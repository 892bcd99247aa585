"""Priorities and statuses of the helpdesks that the configuration says nothing of, with what it could say."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, Literal, NamedTuple

from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.deleted_statuses import meanings
from helpdesk_kpi.identities.source_rules import DONE_STATES, STATES, SourceRules, desks_by_name
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.change_order import in_turn

# What the words of a status or priority suggest. A suggestion only: a person decides.
_CUSTOMER = r"(wait|await|pending).*(customer|client|requester|reporter|user|reply|info)|待用户|等待客户|等待用户"
_STATES = (
    ("pending", re.compile(_CUSTOMER, re.IGNORECASE)),
    ("hold", re.compile(r"on.?hold|third.?part|vendor|supplier|paus|挂起|第三方|供应商|暂停", re.IGNORECASE)),
    ("solved", re.compile(r"resolved|solved|done|completed|fixed|已解决|已完成", re.IGNORECASE)),
    ("closed", re.compile(r"closed|cancel|declin|已关闭|已取消", re.IGNORECASE)),
    ("new", re.compile(r"^(new|to.?do|submitted)$|新建|待受理", re.IGNORECASE)),
)  # fmt: skip
_LEVELS = (
    ("P0", re.compile(r"urgent|critical|highest|blocker|紧急|最高", re.IGNORECASE)),
    ("P3", re.compile(r"low|minor|trivial|低", re.IGNORECASE)),
    ("P1", re.compile(r"high|major|高", re.IGNORECASE)),
    ("P2", re.compile(r"normal|medium|中|一般", re.IGNORECASE)),
)
_TICKETS = (
    "SELECT s.name, {0}, n.name, n.detail, count(*) FROM tickets t JOIN sources s ON s.id = t.source"
    " LEFT JOIN names n ON n.source = s.id AND n.kind = '{1}' AND n.native = {0}"
    " WHERE {0} IS NOT NULL AND t.created_at IS NOT NULL AND t.deleted_at IS NULL GROUP BY 1, 2 UNION ALL"
    " SELECT s.name, n.native, n.name, n.detail, 0 FROM names n JOIN sources s ON s.id = n.source WHERE n.kind = '{1}'"
    " AND NOT EXISTS (SELECT 1 FROM tickets t WHERE t.source = n.source AND {0} = n.native) ORDER BY 1, 5 DESC, 2"
)


class UnmappedValue(NamedTuple):
    """A priority or status that the configuration is silent about."""

    source: str
    kind: Literal["priority", "status"]
    name: str
    tickets: int
    counts_as: str  # the state that a status counts as; "" for a priority: it is a level of its own
    is_reported: bool  # whether the helpdesk itself says what the status means
    suggested: str  # level or state that its name suggests; "": none
    why: str = ""  # what else makes it doubtful, with how it is read now

    @property
    def is_bad(self) -> bool:
        """Whether tickets have it and nobody says what it means."""
        return self.tickets > 0 and not self.is_reported

    @property
    def line(self) -> str:
        """What the configuration could say."""
        key = self.name if re.fullmatch(r"[A-Za-z0-9_-]+", self.name) else f'"{self.name}"'  # as TOML wants it
        return f'{key} = "{self.suggested}"' if self.suggested else ""


def find_unmapped_values(store: Store, config: Config) -> Iterator[UnmappedValue]:
    yield from _find_priorities(store, config)
    yield from _find_statuses(store, config)
    yield from _gone(store, config)
    yield from _resolved_in(store, config)


def _find_priorities(store: Store, config: Config) -> Iterator[UnmappedValue]:
    """Those that no severity is given for."""
    for source, native, label, _, count in store.rows(_TICKETS.format("t.priority", "priority")):
        severity = config.sources.get(source, {}).get("severity", {})
        name = label or native
        if source in config.sources and _is_unmapped(name, native, severity):
            hint = next((level for level, words in _LEVELS if words.search(name) and level in config.severity), "")
            yield UnmappedValue(source, "priority", name, count, "", is_reported=False, suggested=hint)


def _gone(store: Store, config: Config) -> Iterator[UnmappedValue]:
    """Statuses that only histories name: no list has them any more."""
    for desk, name, rows in _by_source(store, config, _ONLY_IN_HISTORIES):
        found = {native: (label, count) for native, label, count in rows if count}
        called = {native: label for native, (label, _) in found.items()}
        labels = dict(store.rows("SELECT native, name FROM names WHERE source = ? AND kind = 'status'", desk.source))
        for one in meanings(store, desk.source, called, desk.states):
            if desk.is_decided(one.native):
                continue
            state, count = desk.state(one.native), found[one.native][1]
            how = "nothing says what it meant" if not one.state else "by its name"
            how = (
                f"since its tickets were moved to {labels.get(one.successor, one.successor)!r}"
                if one.successor
                else how
            )
            many = f"{count:,} ticket{'s' * (count != 1)}"
            why = f"is in the histories of {many} and in no list any more (deleted?): it counts as {state}, {how}"
            yield UnmappedValue(
                name, "status", one.name, count, state, is_reported=bool(one.state), suggested=state, why=why,
            )  # fmt: skip


def _resolved_in(store: Store, config: Config) -> Iterator[UnmappedValue]:
    """Statuses that are not done, in which resolutions are set: tickets count as solved from then on."""
    for name, desk in desks_by_name(store, config).items():
        if name not in config.sources:
            continue
        labels = dict(store.rows("SELECT native, name FROM names WHERE source = ? AND kind = 'status'", desk.source))
        for native, count in sorted(_resolved(store, desk.source).items(), key=lambda one: (-one[1], one[0])):
            state = desk.state(native)
            if state in DONE_STATES or desk.is_decided(native):
                continue
            why = f"is not done ({state}), but a resolution was set in it {count:,} times: solved counts from then on"
            label = labels.get(native) or native
            yield UnmappedValue(name, "status", label, count, state, is_reported=True, suggested="solved", why=why)


def _by_source(store: Store, config: Config, sql: str) -> Iterator[tuple[SourceRules, str, list[tuple[Any, ...]]]]:
    for name, desk in desks_by_name(store, config).items():
        if name in config.sources:
            yield desk, name, store.rows(sql, desk.source)


#: (id, name, tickets in whose histories it is)
_ONLY_IN_HISTORIES = """
SELECT n.native, n.name, (
    SELECT count(DISTINCT e.ticket) FROM events e JOIN tickets t ON t.id = e.ticket WHERE e.kind = 'change'
    AND e.field = 'status' AND e.before = n.native AND t.source = n.source
) FROM names n WHERE n.source = ? AND n.kind = 'status' AND n.detail IS NULL ORDER BY 3 DESC, 1
"""
#: Statuses and resolutions of the tickets that were resolved while they had some status.
_RESOLVED = """
SELECT e.ticket, e.at, e.seq, e.field, e.before, e.after FROM events e WHERE e.kind = 'change'
AND e.field IN ('status', 'resolution') AND e.ticket IN (
    SELECT r.ticket FROM events r JOIN tickets t ON t.id = r.ticket WHERE t.source = ? AND r.kind = 'change'
    AND r.field = 'resolution' AND r.after IS NOT NULL
) ORDER BY e.ticket
"""


class _Change(NamedTuple):
    ticket: int
    at: int
    seq: int
    field: str
    before: str | None
    after: str | None


def _resolved(store: Store, source: int) -> Counter[str]:
    """Status -> how often a resolution was set while a ticket had it."""
    counts: Counter[str] = Counter()
    changes = (_Change(*row) for row in store.conn.execute(_RESOLVED, (source,)))
    for _, mine in groupby(changes, key=lambda change: change.ticket):
        ordered = in_turn(mine)
        moves = [change for change in ordered if change.field == "status"]
        for change in ordered:
            if change.field == "resolution" and change.after is not None:
                status = next((move.after for move in reversed(moves) if move.at <= change.at), None)
                counts.update([status] if status else [])
    return counts


def _find_statuses(store: Store, config: Config) -> Iterator[UnmappedValue]:
    """Those of which nobody says what they mean, and those whose name says something else than the helpdesk does."""
    own = config.tickets.statuses
    for source, native, label, detail, count in store.rows(_TICKETS.format("t.status", "status")):
        name = label or native
        if not _is_unmapped(name, native, own) or (not count and detail is None):
            continue
        state = detail or STATES.get(native.casefold()) or STATES.get(name.casefold())
        suggested = next((state for state, words in _STATES if words.search(name)), None)
        if state is not None and suggested in {None, state}:
            continue
        if state is not None and not (state == "open" and suggested in {"pending", "hold"}):
            continue  # the helpdesk's own word on what is done is better than a guess
        hint = suggested or "pending"
        yield UnmappedValue(
            source, "status", name, count, state or "open", is_reported=state is not None, suggested=hint
        )


def _is_unmapped(name: str, native: str, mapped: Mapping[str, object]) -> bool:
    """Whether neither the label nor the id is in the configuration."""
    return {str(key).casefold() for key in mapped}.isdisjoint({native.casefold(), name.casefold()})
