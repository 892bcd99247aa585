"""On which of the helpdesk's schedules a ticket runs, and from when on.

Zendesk says so in a ticket's audits, where a trigger has set one; Freshdesk by the group that has the ticket. What
neither of them names runs on the helpdesk's default schedule.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from helpdesk_kpi.store import Store
from helpdesk_kpi.store.change_order import in_turn

AT_CREATION = 5_000  # ms after a ticket's creation within which its first schedule is taken to hold from the start
#: (from when on, native id of the schedule; None: the default one), in order; the first one also holds before.
Segments = tuple[tuple[int, str | None], ...]
DEFAULT: Segments = ((0, None),)


class _Change(NamedTuple):
    at: int
    seq: int
    field: str
    before: str | None
    after: str | None


def segments_of(store: Store, tickets: Sequence[int]) -> dict[int, Segments]:
    """The schedules of those of some tickets (keys) that do not run on the default one for all of their life."""
    found = {ticket: _by_changes(*changes) for ticket, changes in _schedule_changes(store, tickets).items()}
    of_teams = _team_schedules(store)
    if of_teams:
        without_changes = [ticket for ticket in tickets if ticket not in found]
        found |= {ticket: _by_teams(teams, of_teams) for ticket, teams in _teams(store, without_changes).items()}
    return {ticket: segments for ticket, segments in found.items() if segments != DEFAULT}


def with_own_schedule(store: Store, source: int) -> int:
    """Of how many tickets of a source audits say on which schedule they run."""
    sql = (
        "SELECT count(DISTINCT e.ticket) FROM events e JOIN tickets t ON t.id = e.ticket"
        " WHERE e.field = 'schedule' AND t.source = ?"
    )
    return int(store.one(sql, source))


def _schedule_changes(store: Store, tickets: Sequence[int]) -> dict[int, tuple[int, list[_Change]]]:
    """Ticket -> its creation, and the changes of its schedule in order."""
    sql = (
        "SELECT e.ticket, t.created_at, e.at, e.seq, e.field, e.before, e.after FROM json_each(?) j"
        " JOIN events e ON e.ticket = j.value JOIN tickets t ON t.id = e.ticket"
        " WHERE e.field = 'schedule' AND t.created_at IS NOT NULL"
    )
    found: dict[int, tuple[int, list[_Change]]] = {}
    for ticket, created_at, *change in store.rows(sql, list(tickets)):
        found.setdefault(ticket, (created_at, []))[1].append(_Change(*change))
    return {ticket: (created_at, in_turn(changes)) for ticket, (created_at, changes) in found.items()}


def _by_changes(created_at: int, changes: Sequence[_Change]) -> Segments:
    first = changes[0]
    begun = first.at - created_at <= AT_CREATION
    parts = [(0, first.after if begun else first.before)]
    return _merged([*parts, *((change.at, change.after) for change in changes[begun:])])


def _team_schedules(store: Store) -> dict[int, list[tuple[int, str | None]]]:
    """Team -> its schedules in order of time; empty where no team has one of its own."""
    found: dict[int, list[tuple[int, str | None]]] = defaultdict(list)
    for team, since, schedule in store.rows("SELECT team, since, schedule FROM team_schedules ORDER BY team, since"):
        found[team].append((since, schedule))
    return {team: schedules for team, schedules in found.items() if any(schedule for _, schedule in schedules)}


def _teams(store: Store, tickets: Sequence[int]) -> dict[int, list[tuple[int, int | None]]]:
    """Ticket -> the teams that had it: (from when on, team), the first one from the start."""
    keys = {(source, native): key for source, native, key in store.rows("SELECT source, native, id FROM teams")}
    sql = (
        "SELECT e.ticket, e.at, e.seq, e.field, e.before, e.after FROM json_each(?) j JOIN events e"
        " ON e.ticket = j.value WHERE e.kind = 'change' AND e.field = 'team'"
    )
    changes: dict[int, list[_Change]] = defaultdict(list)
    for ticket, *change in store.rows(sql, list(tickets)):
        changes[ticket].append(_Change(*change))
    found = {}
    sql = "SELECT t.id, t.source, t.team FROM json_each(?) j JOIN tickets t ON t.id = j.value"
    for ticket, source, team in store.rows(sql, list(tickets)):
        team_changes = in_turn(changes[ticket])
        first = keys.get((source, team_changes[0].before)) if team_changes else team
        found[ticket] = [(0, first), *((c.at, keys.get((source, c.after))) for c in team_changes)]
    return found


def _by_teams(teams: Sequence[tuple[int, int | None]], schedules: dict[int, list[tuple[int, str | None]]]) -> Segments:
    parts: list[tuple[int, str | None]] = []
    for (since, team), following in zip(teams, [*(at for at, _ in teams[1:]), None], strict=True):
        own = schedules.get(team or 0, [(0, None)])
        in_force = next((schedule for at, schedule in reversed(own) if at <= since), own[0][1])
        parts.append((since, in_force))
        parts += [(at, schedule) for at, schedule in own[1:] if at > since and (following is None or at < following)]
    return _merged(parts)


def _merged(parts: Sequence[tuple[int, str | None]]) -> Segments:
    """Without those that change nothing, and without those that end in the instant in which they begin."""
    merged: list[tuple[int, str | None]] = []
    for since, schedule in parts:
        if merged and merged[-1][0] == since:
            merged.pop()
        if not merged or merged[-1][1] != schedule:
            merged.append((since, schedule))
    return ((0, merged[0][1]), *merged[1:])
