"""Priorities and statuses of the helpdesks that the configuration says nothing of, with what it could say."""

import re
from collections.abc import Iterator, Mapping

from helpdesk_kpi.cli.desk import Desk
from helpdesk_kpi.measure.desk import STATES
from helpdesk_kpi.pull.contract import Finding
from helpdesk_kpi.store import Store

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


def unmapped(desk: Desk, store: Store) -> Iterator[Finding]:
    yield from _priorities(desk, store)
    yield from _statuses(desk, store)


def _priorities(desk: Desk, store: Store) -> Iterator[Finding]:
    """Those that no severity is given for; a warning where tickets have them."""
    config = desk.loaded.config
    for source, native, label, _, count in store.rows(_TICKETS.format("t.priority", "priority")):
        severity = config.sources.get(source, {}).get("severity", {})
        name = label or native
        if source not in config.sources or not _apart(name, native, severity):
            continue
        text = f"{_tickets(count)} priority {name!r}, which maps to no severity: it is a row of its own"
        if level := next((level for level, words in _LEVELS if words.search(name) and level in config.severity), None):
            text += f"; perhaps {_key(name)} = {level!r}".replace("'", '"')
        yield Finding(level="warning" if count else "note", about=f"sources.{source}.severity", text=text)


def _statuses(desk: Desk, store: Store) -> Iterator[Finding]:
    """Those of which nobody says what they mean, and those whose name says something else than the helpdesk does."""
    own = desk.loaded.config.tickets.statuses
    for source, native, label, detail, count in store.rows(_TICKETS.format("t.status", "status")):
        name = label or native
        if not _apart(name, native, own):
            continue
        state = detail or STATES.get(native.casefold()) or STATES.get(name.casefold())
        suggested = next((state for state, words in _STATES if words.search(name)), None)
        if state is not None and suggested in {None, state}:
            continue
        if state is not None and not (state == "open" and suggested in {"pending", "hold"}):
            continue  # the helpdesk's own word on what is done is better than a guess
        text = f"{_tickets(count)} status {name!r}, which counts as {state or 'open'}"
        text += "" if state else ", since nothing says what it means"
        key, hint = _key(name), suggested or "pending"
        text += f'; if that is wrong: {key} = "{hint}"'
        level = "warning" if state is None and count else "note"
        yield Finding(level=level, about="tickets.statuses", text=f"{source}: {text}")  # type: ignore[arg-type]  # one of the two


def _apart(name: str, native: str, mapped: Mapping[str, object]) -> bool:
    """Whether neither the label nor the id is in the configuration."""
    return {str(key).casefold() for key in mapped}.isdisjoint({native.casefold(), name.casefold()})


def _tickets(count: int) -> str:
    return "no ticket so far has" if not count else f"{count:,} ticket{' has' if count == 1 else 's have'}"


def _key(name: str) -> str:
    """As TOML wants it."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'
