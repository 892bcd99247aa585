"""Whose request a ticket is: theirs who asked, whoever is named as the requester today."""

from collections.abc import Collection, Mapping, Sequence
from itertools import starmap

import msgspec

from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.source_rules import SourceRules, load_source_rules
from helpdesk_kpi.measure.tickets.moves import since_it_came
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.change_order import in_turn
from helpdesk_kpi.store.ticket_records import EVENT, TICKET, EventRecord, RatingRecord, TicketRecord


def with_asker(
    desk: SourceRules, row: TicketRecord, events: Sequence[EventRecord], accounts: Mapping[tuple[int, str], int]
) -> tuple[TicketRecord, Sequence[EventRecord]]:
    """The row and its events with the first requester that the history tells, where it tells of changes.

    A colleague who wrote down what somebody else wants and named them later is not the one who asks: then the first
    requester outside the team counts. First words that stand under today's requester are by who asked.
    """
    changes = _changes(events)
    if not changes:
        return row, events
    ordered = in_turn(changes)
    natives = [ordered[0].before, *(e.after for e in ordered)]
    requesters = [accounts.get((row.source, native or "")) for native in natives]
    known = [key for key in [*requesters, row.requester] if key is not None]
    first = _first_outside(desk, known, row.created_at)
    if first == row.requester:
        return row, events
    words = [e for e in events if e.kind == "comment" and e.at <= row.created_at and e.actor == row.requester]
    corrected = {id(e): msgspec.structs.replace(e, actor=first) for e in words}
    return msgspec.structs.replace(row, requester=first), [corrected.get(id(e), e) for e in events]


def find_original_requesters(store: Store, config: Config) -> dict[int, int]:
    """Tickets (keys) that name somebody else as the requester today than who asked, with the account that did."""
    events: dict[int, list[EventRecord]] = {}
    for e in starmap(EventRecord, store.rows(f"{EVENT} WHERE field = 'requester' AND kind = 'change'")):
        events.setdefault(e.ticket, []).append(e)
    if not events:
        return {}
    desks, keys = load_source_rules(store, config), accounts(store, events.values())
    sql = f"{TICKET} WHERE id IN (SELECT value FROM json_each(?)) AND created_at IS NOT NULL"
    found = {}
    for row in starmap(TicketRecord, store.rows(sql, sorted(events))):
        original, _ = with_asker(desks[row.source], row, since_it_came(row, events[row.id]), keys)
        if original.requester is not None and original.requester != row.requester:
            found[row.id] = original.requester
    return found


def _first_outside(desk: SourceRules, known: Sequence[int], at: int) -> int | None:
    """Who was never of the team, else who was not at that time, else whoever is named first."""
    never = (key for key in known if not desk.was_of_the_team(key))
    then = (key for key in known if not desk.is_internal(key, at))
    return next(never, None) or next(then, None) or next(iter(known), None)


def as_rated(now: TicketRecord, original: TicketRecord, ratings: Sequence[RatingRecord]) -> Sequence[RatingRecord]:
    """Answers that stand under today's requester are by who asked."""
    if now.requester == original.requester:
        return ratings
    return [
        msgspec.structs.replace(one, rater=original.requester) if one.rater == now.requester else one for one in ratings
    ]


def _changes(events: Sequence[EventRecord]) -> list[EventRecord]:
    """Of the requester. What a ticket was made with is no change."""
    return [e for e in events if e.field == "requester" and e.kind == "change" and e.before is not None]


def accounts(store: Store, events: Collection[Sequence[EventRecord]]) -> dict[tuple[int, str], int]:
    """The accounts that histories name as requesters: (source, id there) -> our key."""
    changes = (e for rows in events for e in rows if e.field == "requester" and e.kind == "change")
    natives = {native for e in changes for native in (e.before, e.after) if native}
    if not natives:
        return {}
    sql = "SELECT source, native, id FROM people WHERE native IN (SELECT value FROM json_each(?))"
    return {(source, native): key for source, native, key in store.rows(sql, sorted(natives))}


def askers(
    desk: SourceRules, row: TicketRecord, events: Sequence[EventRecord], accounts: Mapping[tuple[int, str], int]
) -> tuple[int | None, ...]:
    """The requester, those whom the history names as requesters, and who takes part with them.

    An account that was merged into another one since still wrote as the one who asks.
    """
    changes = [e for e in events if e.field == "requester" and e.kind == "change"]
    before = {accounts.get((row.source, native)) for e in changes for native in (e.before, e.after) if native}
    found = (row.requester, *(before - {None, row.requester}))
    if row.participants == "[]":
        return found
    return (*found, *(desk.person_keys.get(native) for native in msgspec.json.decode(row.participants)))
