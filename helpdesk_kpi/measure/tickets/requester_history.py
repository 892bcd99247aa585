"""The original requester of a ticket, where the helpdesk names another one today."""

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
    """The row and its events with the original requester, if the history has changes of the requester.

    A colleague may have recorded another person's request and corrected the requester later: then the first requester
    outside the team counts. Opening messages attributed to today's requester go to the original one.
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
    """Ticket -> account of the original requester, for tickets with another requester today."""
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
    """The first account that was never in the team, else that was not at that time, else the first one."""
    never = (key for key in known if not desk.was_of_the_team(key))
    then = (key for key in known if not desk.is_internal(key, at))
    return next(never, None) or next(then, None) or next(iter(known), None)


def as_rated(now: TicketRecord, original: TicketRecord, ratings: Sequence[RatingRecord]) -> Sequence[RatingRecord]:
    """Attribute answers of today's requester to the original one."""
    if now.requester == original.requester:
        return ratings
    return [
        msgspec.structs.replace(one, rater=original.requester) if one.rater == now.requester else one for one in ratings
    ]


def _changes(events: Sequence[EventRecord]) -> list[EventRecord]:
    """Changes of the requester. The initial value is no change."""
    return [e for e in events if e.field == "requester" and e.kind == "change" and e.before is not None]


def accounts(store: Store, events: Collection[Sequence[EventRecord]]) -> dict[tuple[int, str], int]:
    """(source, native id) -> key of accounts that occur as requesters in histories."""
    changes = (e for rows in events for e in rows if e.field == "requester" and e.kind == "change")
    natives = {native for e in changes for native in (e.before, e.after) if native}
    if not natives:
        return {}
    sql = "SELECT source, native, id FROM people WHERE native IN (SELECT value FROM json_each(?))"
    return {(source, native): key for source, native, key in store.rows(sql, sorted(natives))}


def askers(
    desk: SourceRules, row: TicketRecord, events: Sequence[EventRecord], accounts: Mapping[tuple[int, str], int]
) -> tuple[int | None, ...]:
    """Accounts on the customer's side: today's requester, earlier requesters and participants.

    Earlier requesters include accounts that were merged into another one since.
    """
    changes = [e for e in events if e.field == "requester" and e.kind == "change"]
    before = {accounts.get((row.source, native)) for e in changes for native in (e.before, e.after) if native}
    found = (row.requester, *(before - {None, row.requester}))
    if row.participants == "[]":
        return found
    return (*found, *(desk.person_keys.get(native) for native in msgspec.json.decode(row.participants)))
